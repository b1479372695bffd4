// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "options.hpp"
#include "sockets.hpp"

namespace workload {

enum class ClosedBy : std::uint8_t { kNobody, kLocal, kPeer, kReset, kWorkerExit };

/// One accepted connection. Written by the worker that accepted it (or the child that closes it), read by the
/// conductor once close_returned_ns is set, or after the writer's death.
struct ConnectionRecord {
  std::uint32_t worker;
  std::uint32_t service;
  Endpoint peer;
  Endpoint local;
  std::uint64_t connect_started_ns;  ///< on the client; 0 = the request never arrived
  std::uint64_t connected_ns;        ///< connect() had returned
  std::uint64_t accept_entered_ns;
  std::uint64_t accepted_ns;  ///< taken right after accept() returned
  std::uint64_t closing_ns;   ///< taken right before close()
  std::atomic<std::uint64_t> close_returned_ns;
  std::uint64_t bytes_received;
  std::uint64_t bytes_sent;
  pid_t closer;
  std::atomic<ClosedBy> closed_by;
};

/// A worker process, or one of its threads.
struct WorkerRecord {
  std::atomic<pid_t> pid;
  std::atomic<pid_t> tid;  ///< set once the thread is ready to accept
  std::array<char, 16> comm;
};

/// Shared memory of the processes of a run: it survives their death, even by SIGKILL.
class Truth {
 public:
  explicit Truth(const Options& options);

  struct Counters {
    std::atomic<std::uint32_t> records;  ///< connections accepted
    std::atomic<std::uint32_t> closed;   ///< orderly closes by the servers
    std::atomic<std::uint32_t> client_opened;
    std::atomic<std::uint32_t> client_settled;  ///< ended, or held until the finish
    std::atomic<std::uint32_t> client_failures;
    std::atomic<bool> broken;  ///< a worker failed
  };
  [[nodiscard]] Counters& counters() { return *counters_; }
  [[nodiscard]] std::span<WorkerRecord> workers() { return workers_; }
  [[nodiscard]] std::span<ConnectionRecord> records();

  /// Allocates the record of an accepted connection.
  [[nodiscard]] ConnectionRecord& add(std::uint32_t worker, std::uint32_t service);

  /// The workers with their connections, as JSON.
  [[nodiscard]] nlohmann::json workers_json();

 private:
  struct Unmap {
    std::size_t size;
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Unmap> memory_;
  Counters* counters_ = nullptr;
  std::span<WorkerRecord> workers_;
  std::span<ConnectionRecord> records_;
};

}  // namespace workload
