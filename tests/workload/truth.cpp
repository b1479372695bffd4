// SPDX-License-Identifier: BSD-2-Clause
#include "truth.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace workload {
namespace {

constexpr std::size_t kAlignment = 64;

constexpr std::size_t aligned(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

nlohmann::json closed_by_json(ClosedBy by) {
  switch (by) {
    case ClosedBy::kLocal: return "local";
    case ClosedBy::kPeer: return "peer";
    case ClosedBy::kReset: return "reset";
    case ClosedBy::kWorkerExit: return "worker_exit";
    case ClosedBy::kNobody: break;
  }
  return nullptr;
}

nlohmann::json known(std::uint64_t value) { return value == 0 ? nlohmann::json(nullptr) : nlohmann::json(value); }

nlohmann::json to_json(const ConnectionRecord& record) {
  const ClosedBy by = record.closed_by.load(std::memory_order_acquire);
  const bool closed = by != ClosedBy::kNobody;
  return {{"service", record.service},
          {"peer_address", record.peer.address()},
          {"peer_port", record.peer.port()},
          {"local_address", record.local.address()},
          {"local_port", record.local.port()},
          {"connect_started_monotonic_ns", known(record.connect_started_ns)},
          {"connected_monotonic_ns", known(record.connected_ns)},
          {"accept_entered_monotonic_ns", record.accept_entered_ns},
          {"accepted_at_monotonic_ns", record.accepted_ns},
          {"closed_at_monotonic_ns", known(closed ? record.closing_ns : 0)},
          {"close_returned_monotonic_ns", known(record.close_returned_ns.load(std::memory_order_acquire))},
          {"bytes_received", record.bytes_received},
          {"bytes_sent", record.bytes_sent},
          {"closed_by", closed_by_json(by)},
          {"closer_pid", closed ? nlohmann::json(record.closer) : nlohmann::json(nullptr)}};
}

}  // namespace

void Truth::Unmap::operator()(std::byte* memory) const { munmap(memory, size); }

Truth::Truth(const Options& options) {
  const std::size_t worker_count =
      std::size_t{options.workers} * options.threads * (options.share_services ? 1 : options.services);
  const std::size_t record_count = options.total_connections();
  const std::size_t workers_at = aligned(sizeof(Counters));
  const std::size_t records_at = aligned(workers_at + worker_count * sizeof(WorkerRecord));
  const std::size_t size = records_at + std::max<std::size_t>(record_count, 1) * sizeof(ConnectionRecord);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail_with_errno("cannot map shared memory");
  memory_ = {static_cast<std::byte*>(memory), Unmap{size}};
  // The mapping is zero-filled, which is the initial state of all objects in it.
  counters_ = new (memory_.get()) Counters{};
  workers_ = {reinterpret_cast<WorkerRecord*>(memory_.get() + workers_at), worker_count};
  records_ = {reinterpret_cast<ConnectionRecord*>(memory_.get() + records_at), record_count};
}

std::span<ConnectionRecord> Truth::records() {
  return records_.first(std::min<std::size_t>(counters_->records.load(std::memory_order_acquire), records_.size()));
}

ConnectionRecord& Truth::add(std::uint32_t worker, std::uint32_t service) {
  const std::uint32_t index = counters_->records.fetch_add(1, std::memory_order_acq_rel);
  if (index >= records_.size()) throw Failure("more connections than planned: someone else connects to this server");
  ConnectionRecord& record = records_[index];
  record.worker = worker;
  record.service = service;
  return record;
}

nlohmann::json Truth::workers_json() {
  nlohmann::json workers = nlohmann::json::array();
  for (const WorkerRecord& worker : workers_) {
    workers.push_back({{"pid", worker.pid.load()},
                       {"tid", worker.tid.load()},
                       {"comm", worker.comm.data()},
                       {"accepts", 0},
                       {"connections", nlohmann::json::array()}});
  }
  for (const ConnectionRecord& record : records()) {
    nlohmann::json& worker = workers[record.worker];
    worker["connections"].push_back(to_json(record));
    worker["accepts"] = worker["connections"].size();
  }
  return workers;
}

}  // namespace workload
