// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>

#include "model/histogram.hpp"
#include "model/records.hpp"

namespace acceptscope {

/// The connections in the accept queues of a service at one moment. Their waits so far are right-censored.
struct WaitingSummary {
  Histogram waits;                    ///< of those whose entry into the queue is known
  std::optional<Nanoseconds> oldest;  ///< the longest of all; empty if the queue is empty or this is not known
  std::uint32_t depth_max = 0;        ///< the deepest that one of them found its queue
};

/// Sums up `queued` as of `at`, for the services that have listening sockets. Of each service only as many count as its
/// sockets say wait, the youngest: a queue is emptied from its head, so the others were accepted by a way that no
/// program saw, and a walk will find who holds them. `resolve` finds the service of a connection.
[[nodiscard]] std::map<ServiceKey, WaitingSummary> summarize_waiting(
    std::span<const QueuedConnection> queued, std::span<const Listeners> listeners, MonotonicTime at,
    const std::function<ServiceKey(const ServiceKey&)>& resolve);

/// How many of `drops` were connections that found the accept queue full, as far as is known: at least so many. Bare
/// ACKs of deferred handshakes harm nobody; `in_namespace` says how many there were at most, and how many overflows.
/// Empty if that is not known and the sockets defer handshakes.
[[nodiscard]] std::optional<std::uint64_t> overflows_of(const ListenDrops& drops,
                                                        const std::optional<NamespaceDrops>& in_namespace);

}  // namespace acceptscope
