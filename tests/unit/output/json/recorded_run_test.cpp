// SPDX-License-Identifier: BSD-2-Clause
/// A whole run, from the records of the capture side to the bytes of its dump and its log. The records are made up but
/// always the same; the next version must write the same dump and the same log, byte for byte.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "output/json/json.hpp"
#include "unit/model/builders.hpp"
#include "unit/output/golden.hpp"

namespace acceptscope {
namespace {

using namespace acceptscope::testing;

/// Numbers that look random and are the same everywhere (Park and Miller's "minimal standard").
class Numbers {
 public:
  std::uint64_t below(std::uint64_t bound) {
    state_ = state_ * 48'271 % 2'147'483'647;
    return state_ % bound;
  }

 private:
  std::uint64_t state_ = 20'261'126;
};

enum class Story { pinned, spread, queue, reloaded, handed_over };

struct Server {
  Story story;
  ServiceKey key;
  std::uint32_t first_pid;
  std::uint32_t workers;
  bool reuseport;
};

const std::array<Server, 5> kServers{{
    {Story::pinned, service("0.0.0.0:8000"), 1000, 32, false},
    {Story::spread, service("[::]:443"), 2000, 8, true},
    {Story::queue, service("127.0.0.1:9000"), 3000, 2, false},
    {Story::reloaded, service("10.0.0.5:8080", 4026532177), 4000, 8, false},
    {Story::handed_over, service("127.0.0.1:5432"), 5000, 5, false},
}};

struct Connection {
  std::size_t server;
  std::uint32_t pid;
  Nanoseconds accepted;
  Nanoseconds closed;  ///< later than the run: open at its end
  Nanoseconds wait;
  std::string peer;
  std::uint64_t bytes;
  bool preexisting;
};

constexpr std::int64_t kSeconds = 12;

/// The worker that accepts a connection at `second`: one of the few winners, each in turn, or one alive after a reload.
std::uint32_t acceptor(const Server& server, std::int64_t second, Numbers& numbers) {
  const auto any = static_cast<std::uint32_t>(numbers.below(server.workers));
  switch (server.story) {
    case Story::pinned: return server.first_pid + any % 3;
    case Story::reloaded:
      return server.first_pid + (second < 6 ? 100 + static_cast<std::uint32_t>(numbers.below(20)) : any);
    case Story::handed_over: return server.first_pid;
    default: return server.first_pid + any;
  }
}

/// After the reload of a server: its workers were born then, and those from before are gone.
constexpr Nanoseconds kReload = 6s;

WorkerKey key_of(const Server& server, std::uint32_t pid) {
  const bool is_new = server.story == Story::reloaded && pid >= server.first_pid && pid < server.first_pid + 100;
  return is_new ? worker(pid, 1050s + kReload) : worker(pid);
}

/// Who has the connections that this server's acceptor hands over.
WorkerKey taker_of(const Connection& connection) { return worker(connection.pid + 1 + connection.bytes % 4); }

std::vector<Connection> connections() {
  Numbers numbers;
  std::vector<Connection> all;
  for (std::int64_t second = 0; second < kSeconds; ++second) {
    for (std::size_t i = 0; i < kServers.size(); ++i) {
      const Server& server = kServers[i];
      const bool pool = server.story == Story::pinned;
      const std::uint64_t arrivals = pool ? (second == 1 ? 40 : 0) : 2 + numbers.below(4);
      for (std::uint64_t n = 0; n < arrivals; ++n) {
        Connection connection{};
        connection.server = i;
        connection.pid = acceptor(server, second, numbers);
        connection.preexisting = second == 0 && n == 0;
        connection.accepted =
            connection.preexisting ? 0ms : 1s * second + 1ms * static_cast<std::int64_t>(numbers.below(900));
        const std::int64_t life = pool ? 3'600'000 : 1 + static_cast<std::int64_t>(numbers.below(4'000));
        connection.closed = connection.accepted + 1ms * life;
        connection.wait =
            (server.story == Story::queue ? 200ms : 30us) + 1us * static_cast<std::int64_t>(numbers.below(5'000));
        connection.peer = "192.0.2." + std::to_string(1 + numbers.below(5)) + ":" + std::to_string(20'000 + all.size());
        connection.bytes = 100 + numbers.below(1'000'000);
        all.push_back(connection);
      }
    }
  }
  return all;
}

ClosedConnection closed_record(const Connection& connection) {
  const Server& server = kServers[connection.server];
  auto record = closed_connection().on(server.key).by(key_of(server, connection.pid)).from(connection.peer);
  connection.preexisting ? record.found_at(connection.accepted)
                         : record.accepted_at(connection.accepted).waited(connection.wait);
  const auto reason = static_cast<CloseReason>(1 + connection.bytes % 4);
  return record.closed_at(connection.closed)
      .bytes(connection.bytes / 3, connection.bytes)
      .because(reason)
      .closed_by(server.story == Story::handed_over ? taker_of(connection).pid : connection.pid);
}

OpenConnection open_record(const Connection& connection, Nanoseconds now) {
  const Server& server = kServers[connection.server];
  auto record = open_connection().on(server.key).by(key_of(server, connection.pid)).from(connection.peer);
  connection.preexisting ? record.found_at(connection.accepted)
                         : record.accepted_at(connection.accepted).waited(connection.wait);
  const auto seconds = static_cast<std::uint64_t>((now - connection.accepted) / 1s);
  record.bytes(100 * seconds, 1'000 * seconds);
  if (connection.pid % 2 == 0) record.active();
  if (connection.bytes % 7 == 0) record.unread(connection.bytes % 4'096);
  if (server.story == Story::handed_over) record.held_by(taker_of(connection));
  return record;
}

/// Counters of everything up to `now`, as the kernel would have them.
void add_counters(TickBuilder& tick, const std::vector<Connection>& all, Nanoseconds now) {
  struct Counted {
    std::uint64_t accepts = 0, closes = 0, preexisting = 0, preexisting_closes = 0, peak = 0;
  };
  std::map<std::size_t, Counted> services;
  std::map<std::pair<std::size_t, std::uint32_t>, std::pair<Counted, WorkerCountersBuilder>> workers;
  std::map<std::pair<std::size_t, std::uint32_t>, HandedOver> given, taken;
  for (const Connection& connection : all) {
    if (connection.accepted >= now) continue;
    const auto worker_of = std::pair(connection.server, connection.pid);
    auto found = workers
                     .try_emplace(worker_of, Counted{},
                                  counters_of(key_of(kServers[connection.server], connection.pid))
                                      .on(kServers[connection.server].key)
                                      .named("server"))
                     .first;
    auto& [counted, builder] = found->second;
    const bool closed = connection.closed < now;
    for (Counted* const count : {&counted, &services[connection.server]}) {
      ++(connection.preexisting ? count->preexisting : count->accepts);
      if (closed) ++(connection.preexisting ? count->preexisting_closes : count->closes);
      count->peak =
          std::max(count->peak, count->accepts + count->preexisting - count->closes - count->preexisting_closes);
    }
    if (!connection.preexisting) builder.waited({connection.wait});
    if (!closed) continue;
    if (kServers[connection.server].story == Story::handed_over) {
      const HandedOver one{1, connection.closed - connection.accepted, 31'000};
      given[worker_of] += one;
      taken[{connection.server, taker_of(connection).pid}] += one;
    }
    if (connection.preexisting)
      builder.preexisting_closed_after({connection.closed - connection.accepted});
    else
      builder.closed_after({connection.closed - connection.accepted},
                           static_cast<CloseReason>(1 + connection.bytes % 4));
  }
  for (const auto& [key, held] : taken)
    workers.try_emplace(
        key, Counted{},
        counters_of(key_of(kServers[key.first], key.second)).on(kServers[key.first].key).named("server"));
  for (auto& [key, worker] : workers) {
    auto& [counted, builder] = worker;
    builder.accepts(counted.accepts).preexisting(counted.preexisting).peak(counted.peak).ns_pid(key.second % 100);
    builder.bytes(1'000 * counted.closes, 30'000 * counted.closes);
    WorkerCounters counters(builder);
    counters.given = given[key];
    counters.taken = taken[key];
    tick.with(counters);
  }
  for (const auto& [index, counted] : services) {
    const Server& server = kServers[index];
    auto counters = counters_of(server.key).accepts(counted.accepts).closes(counted.closes).peak(counted.peak);
    counters.preexisting(counted.preexisting, counted.preexisting_closes)
        .never_accepted(server.story == Story::queue ? 3 : 0, 1500ms);
    counters.queue(server.story == Story::queue ? 120 : 2, 128);
    if (server.reuseport) counters.reuseport();
    tick.with(ServiceCounters(counters));
  }
}

/// The listeners: a supervisor and its workers; the workers from before the reload exit after half the run.
void add_roll_call(TickBuilder& tick, Nanoseconds now) {
  for (const Server& server : kServers) {
    Listeners sockets = listeners(server.reuseport ? server.workers : 1, server.key);
    sockets.reuseport = server.reuseport;
    sockets.queue_depth = server.story == Story::queue ? 100 : 0;
    sockets.drops.all = server.story == Story::queue && now > 5s ? 17 : 0;
    tick.with(sockets);
    const std::uint32_t parent = server.first_pid - 1;
    tick.with(Holder(holder(worker(parent)).on(server.key).named("master").child_of(1).waiting(false)));
    const auto add = [&](std::uint32_t pid) {
      tick.with(Holder(holder(key_of(server, pid))
                           .on(server.key)
                           .named("server")
                           .child_of(parent)
                           .waiting(true, server.story == Story::spread)));
    };
    const bool before = server.story == Story::reloaded && now < kReload;
    for (std::uint32_t i = 0; i < (before ? 20 : server.workers); ++i) add(server.first_pid + (before ? 100 : 0) + i);
  }
}

ProcessInfo exit_of(const WorkerKey& worker, Nanoseconds at) {
  ProcessInfo exit;
  exit.worker = worker;
  exit.exited = true;
  exit.exited_at = kStart + at;
  return exit;
}

struct Written {
  std::string dump;
  std::string log;
};

void add_line(std::string& log, const Run& run, const ConnectionFacts& connection, std::optional<ConnectionRow> row) {
  if (row) write_connection_line(log, {run.service_of(connection), *std::move(row)});
}

Written write_run(RunOptions options) {
  const std::vector<Connection> all = connections();
  RunInfo info;
  info.backend = "kprobe";
  info.backends_refused = {{"fentry", "Operation not permitted", "cannot load: Operation not permitted"}};
  info.interval = 1s;
  info.window = 2s;
  info.filters.ports = {"443", "5000-9999"};
  info.command = CommandInfo{{"ab", "-k"}, std::nullopt};
  Run run(info, {"acceptscope", "0.0.0"}, {"host", "6.1.0-test", 2}, kClock, std::move(options));
  Written written;
  Nanoseconds before{0};
  for (std::int64_t second = 0; second <= kSeconds; ++second) {
    const Nanoseconds now = 1s * second + 1ms;
    TickBuilder at = tick(now);
    add_counters(at, all, now);
    add_roll_call(at, now);
    for (const Connection& connection : all)
      if (connection.accepted < now && connection.closed >= now) at.with(open_record(connection, now));
    if (second == 3)
      at.with(ProcessInfo{
          .worker = worker(1000), .cmdline = "uvicorn app:app --workers 32", .cgroup = "/system.slice/app.service"});
    if (second == 9) at.with(exit_of(worker(2001), 8500ms));
    for (std::uint32_t pid = 4100; 1s * second == kReload && pid < 4120; ++pid) at.with(exit_of(worker(pid), kReload));
    at.counted_in_namespace(service().netns, {.overflows = second > 5 ? 17U : 0U, .deferred = 0});
    Losses losses;
    losses.ring_full = second > 4 ? 2 : 0;
    losses.missed_close = second > 6 ? 1 : 0;
    run.apply(Tick(at.losing(losses)));
    for (const Connection& connection : all) {
      if (connection.closed < before || connection.closed >= now) continue;
      const ClosedConnection record = closed_record(connection);
      run.apply(record);
      add_line(written.log, run, record, run.row_of(record));
    }
    before = now;
  }
  for (const Connection& connection : all) {
    if (connection.closed < before) continue;
    const OpenConnection record = open_record(connection, before);
    add_line(written.log, run, record, run.row_of(record, kStart + before));
  }
  std::ostringstream out;
  write_dump(out, run.finish(kStart + 12'250ms, EndReason::command, 3));
  written.dump = out.str();
  return written;
}

TEST(RecordedRun, DumpAndLogStayTheSameBytes) {
  RunOptions options;
  options.max_connection_rows = 150;
  const Written written = write_run(options);

  expect_golden("recorded_run.json", written.dump);
  expect_golden("recorded_run.log", written.log);
}

TEST(RecordedRun, FilteredDumpAndLogStayTheSameBytes) {
  RunOptions options;
  options.max_connection_rows = 20;
  options.comms = {"serv*"};
  options.addresses = {address("10.0.0.5"), address("127.0.0.1")};
  options.show_idle_services = true;
  const Written written = write_run(options);

  expect_golden("recorded_run_filtered.json", written.dump);
  expect_golden("recorded_run_filtered.log", written.log);
}

}  // namespace
}  // namespace acceptscope
