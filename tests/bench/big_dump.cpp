// SPDX-License-Identifier: BSD-2-Clause
/// big_dump CONNECTIONS: prints a dump with CONNECTIONS connection records, and on standard error the time that the
/// program's own writer took. The figures of its service add up; the same number always gives the same dump.
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>

#include "output/json/json.hpp"

namespace {

using namespace acceptscope;
using namespace std::chrono_literals;

constexpr std::uint32_t kWorkers = 32;
constexpr Instant kStart{1'714'572'131'000'000'000};
constexpr Nanoseconds kDuration = 60s;

ConnectionRow connection(std::uint64_t id, std::uint64_t connections, std::mt19937_64& engine) {
  ConnectionRow row;
  row.id = id;
  row.pid = 4'000 + static_cast<std::uint32_t>(engine() % kWorkers);
  row.tid = row.pid;
  row.comm = "uvicorn";
  row.local = {IpAddress::parse("10.0.0.1").value(), 8000};
  row.peer = {IpAddress::parse("10.0.1.7").value(), static_cast<std::uint16_t>(1'024 + engine() % 60'000)};
  const Nanoseconds at{
      static_cast<std::int64_t>(kDuration.count() * (static_cast<double>(id - 1) / static_cast<double>(connections)))};
  row.accepted_at = kStart + at;
  row.accept_wait = Nanoseconds{20'000 + static_cast<std::int64_t>(engine() % 1'000'000)};
  const Nanoseconds lifetime{100'000 + static_cast<std::int64_t>(engine() % 50'000'000)};
  row.bytes_received = engine() % 10'000;
  row.bytes_sent = engine() % 1'000'000;
  if (at + lifetime > kDuration) {
    row.age_min = kDuration - at;
    return row;
  }
  row.closed_at = kStart + (at + lifetime);
  row.lifetime = lifetime;
  row.close_reason = CloseReason::peer;
  row.closed_by_pid = row.pid;
  return row;
}

/// Adds the connection to the totals of its worker and its service.
void count(ServiceRow& service, const ConnectionRow& row) {
  WorkerRow& worker = service.workers[row.pid - 4'000];
  for (ConnectionCounts* counts : {&service.counts, &worker.counts}) {
    ++counts->accepts;
    counts->closes += row.lifetime ? 1 : 0;
    counts->bytes_received += row.bytes_received;
    counts->bytes_sent += row.bytes_sent;
  }
  worker.connection_time += row.lifetime.value_or(row.age_min.value_or(0ns));
  if (row.lifetime) {
    ++service.close_reasons.peer;
  } else {
    ++service.open, ++worker.open;
  }
}

Snapshot snapshot(std::uint64_t connections) {
  Snapshot s;
  s.tool.version = "bench";
  s.host = {"bench", "6.1.0", 2};
  s.run.started_at = kStart;
  s.run.ended_at = kStart + kDuration;
  s.run.duration = kDuration;
  s.run.end_reason = EndReason::duration;
  s.run.backend = "tracepoint";
  s.run.interval = s.run.window = 1s;
  s.run.by = "process";
  ServiceRow& service = s.services.emplace_back();
  service.endpoint = {IpAddress::parse("0.0.0.0").value(), 8000};
  service.listen_sockets = 1;
  service.workers_eligible = kWorkers;
  service.workers.resize(kWorkers);
  for (std::uint32_t i = 0; i < kWorkers; ++i) service.workers[i].pid = 4'000 + i, service.workers[i].comm = "uvicorn";
  std::mt19937_64 engine(1);
  s.connections.reserve(connections);
  for (std::uint64_t id = 1; id <= connections; ++id)
    count(service, s.connections.emplace_back(connection(id, connections, engine)));
  s.totals = {.counts = service.counts, .open = service.open};
  s.consistency.records_seen = service.counts.closes;
  return s;
}

Result<void> to_stdout(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
  return system_failure(errno, "cannot write");
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t connections = 0;
  const char* const end = argc == 2 ? argv[1] + std::strlen(argv[1]) : nullptr;
  if (argc != 2 || std::from_chars(argv[1], end, connections).ptr != end || connections == 0) {
    std::fputs("usage: big_dump CONNECTIONS\n", stderr);
    return 2;
  }
  const Snapshot dump = snapshot(connections);
  const auto began = std::chrono::steady_clock::now();
  const Result<void> written = write_dump(to_stdout, dump);
  if (!written || std::fflush(stdout) != 0) {
    std::perror("big_dump");
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::fprintf(stderr, "written in %.2f s\n", took.count());
}
