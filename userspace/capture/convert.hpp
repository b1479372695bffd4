// SPDX-License-Identifier: BSD-2-Clause
/// Converts the structures of the BPF side to the model's records. Pure.
#pragma once

#include "bpf/wire.h"
#include "capture/door.hpp"
#include "model/records.hpp"

namespace acceptscope {

[[nodiscard]] wire::ip_address to_wire_address(const IpAddress& address);
[[nodiscard]] ServiceKey to_service_key(const wire::service_key& key);
[[nodiscard]] WorkerKey to_worker_key(const wire::worker_key& key);
[[nodiscard]] ClosedConnection to_closed_connection(const wire::closed_connection& record);
/// \param last_walk number of the last complete walk over all file descriptors, which finds the connection's holder
[[nodiscard]] OpenConnection to_open_connection(std::uint64_t sock, const wire::connection& connection,
                                                std::uint32_t last_walk);
[[nodiscard]] QueuedConnection to_queued_connection(const wire::connection& connection);
/// Adds a listening socket, held by `holders`, to its service's listening sockets.
void add_listener(std::vector<Listeners>& services, const wire::listener& listener, std::vector<std::uint32_t> holders);
[[nodiscard]] ProcessInfo to_exit(const wire::life_key& key, std::uint64_t exited_ns);
/// Without the facts from the wait queues.
[[nodiscard]] Holder to_holder(const wire::descriptor& descriptor);
[[nodiscard]] QueueEntry to_queue_entry(const wire::waiter& waiter);
[[nodiscard]] WorkerCounters to_worker_counters(const wire::worker_key& key, const wire::worker_counters& counters);
/// \param now when `load` was read, CLOCK_MONOTONIC: its busy time is counted up to then
[[nodiscard]] RequestLoad to_request_load(const wire::request_load& load, MonotonicTime now);
/// The part of a service's `load` that is in no worker's counters, without its peak and busy time.
[[nodiscard]] RequestLoad to_ownerless_load(const wire::request_load& load);
[[nodiscard]] RequestCounters to_request_counters(const wire::request_counters& counters, MonotonicTime now);
[[nodiscard]] ServiceCounters to_service_counters(const wire::service_key& key, const wire::service_counters& counters);

}  // namespace acceptscope
