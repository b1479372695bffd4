// SPDX-License-Identifier: BSD-2-Clause
/// The cost of the userspace parts against the size of their input: Google Benchmark. scripts/bench runs it.
#include <benchmark/benchmark.h>

#include <cstring>
#include <sstream>

#include "capture/convert.hpp"
#include "output/html/html.hpp"
#include "output/json/json.hpp"
#include "output/plain/plain.hpp"
#include "output/tui/tui.hpp"
#include "unit/model/builders.hpp"

namespace {

using namespace acceptscope;
using namespace acceptscope::testing;

constexpr std::uint32_t kWorkers = 32;

WorkerKey worker_of(std::uint64_t connection) {
  return worker(4'000 + static_cast<std::uint32_t>(connection % kWorkers));
}

/// The kernel's record of the `number`-th connection within a minute; a client has some twenty connections.
wire::closed_connection record(std::uint64_t number) {
  wire::closed_connection record{};
  record.sock = 0xffff'8880'0000'0000 + number * 2'432;
  record.accepted_ns = static_cast<std::uint64_t>(kStart.ns) + number * 600;
  record.enqueued_ns = record.accepted_ns - 20'000;
  record.closed_ns = record.accepted_ns + 100'000 + number % 997 * 50'000;
  const auto set_ipv4 = [](wire::ip_address& address, std::uint32_t host) {
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(&address.bytes[12], &host, sizeof host);
  };
  set_ipv4(record.local, 0x0100007f);
  set_ipv4(record.remote, 0x0a000000 + static_cast<std::uint32_t>(number / 20 % 10'000));
  record.worker.service.address = record.local;
  record.worker.service.port = 8'000;
  record.worker.service.netns = 4'026'531'840;
  record.worker.tgid = worker_of(number).pid;
  record.worker.start_ns = static_cast<std::uint64_t>(worker_of(number).start_ns);
  record.accept_tid = record.worker.tgid;
  record.remote_port = static_cast<std::uint16_t>(32'768 + number % 28'000);
  record.bytes_received = 400;
  record.bytes_sent = 12'000;
  record.closer_tgid = record.worker.tgid;
  record.reason = wire::CLOSE_LOCAL;
  return record;
}

std::vector<wire::closed_connection> records(std::int64_t count) {
  std::vector<wire::closed_connection> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(record(static_cast<std::uint64_t>(i)));
  return all;
}

/// The kernel's totals after `closed` closed connections and with `open` open ones.
Tick tick(std::int64_t closed, std::int64_t open, std::uint32_t workers = kWorkers) {
  Tick tick;
  tick.at = kStart + 60s;
  ServiceCounters& total = tick.services.emplace_back();
  total.service = service("127.0.0.1:8000");
  for (std::uint32_t i = 0; i < workers; ++i) {
    WorkerCounters counters = counters_of(worker(4'000 + i)).on(total.service).named("uvicorn");
    counters.counts.closes = static_cast<std::uint64_t>((closed + workers - 1 - i) / workers);
    counters.counts.accepts = counters.counts.closes + static_cast<std::uint64_t>((open + workers - 1 - i) / workers);
    total.counts += counters.counts;
    tick.workers.push_back(std::move(counters));
  }
  for (std::int64_t i = 0; i < open; ++i) {
    OpenConnection connection = open_connection().on(total.service).accepted_at(Nanoseconds{i}).bytes(400, 12'000);
    connection.sock = static_cast<std::uint64_t>(i) + 1;
    connection.worker = worker(4'000 + static_cast<std::uint32_t>(i) % workers);
    if (i % 4 == 0) connection.active = true;
    tick.open.push_back(connection);
  }
  return tick;
}

Run make_run(std::size_t rows) {
  RunInfo info;
  info.backend = "tracepoint";
  info.by = "process";
  info.interval = info.window = 1s;
  RunOptions options;
  options.max_connection_rows = rows;
  return Run(info, {"acceptscope", "bench"}, {"bench", "6.1.0", 2}, kClock, options);
}

/// The final snapshot of a run with `connections` connections, all of them listed.
Snapshot snapshot(std::int64_t connections) {
  Run run = make_run(static_cast<std::size_t>(connections));
  run.apply(tick(connections, 0));
  for (const wire::closed_connection& closed : records(connections)) run.apply(to_closed_connection(closed));
  return run.finish(kStart + 61s, EndReason::duration);
}

void count_items(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetComplexityN(state.range(0));
}

void record_to_model(benchmark::State& state) {
  const std::vector<wire::closed_connection> all = records(state.range(0));
  Run run = make_run(100'000);
  run.apply(tick(state.range(0), 0));
  const auto take_all = [&] {
    for (const wire::closed_connection& closed : all) run.apply(to_closed_connection(closed));
  };
  for (std::int64_t taken = 0; taken < 100'000; taken += state.range(0)) take_all();  // fills the dump's list
  for (auto _ : state) take_all();
  count_items(state);
}
BENCHMARK(record_to_model)->RangeMultiplier(10)->Range(10'000, 1'000'000)->Complexity(benchmark::oN);

void log_lines(benchmark::State& state) {
  Run run = make_run(100'000);
  run.apply(tick(state.range(0), 0));
  std::vector<ClosedConnection> all;
  for (const wire::closed_connection& closed : records(state.range(0))) all.push_back(to_closed_connection(closed));
  std::string text;
  for (auto _ : state) {
    for (const ClosedConnection& closed : all) {
      write_connection_line(text, {run.service_of(closed), *run.row_of(closed)});
      if (text.size() > 65'536) text.clear();  // where the program would write
    }
    benchmark::DoNotOptimize(text.data());
  }
  count_items(state);
}
BENCHMARK(log_lines)->RangeMultiplier(10)->Range(1'000, 100'000)->Complexity(benchmark::oN);

void tick_with_open_connections(benchmark::State& state) {
  Run run = make_run(100'000);
  const Tick now = tick(1'000, state.range(0));
  std::int64_t seconds = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Tick next = now;
    next.at = now.at + std::chrono::seconds{++seconds};
    state.ResumeTiming();
    run.apply(std::move(next));
    benchmark::DoNotOptimize(run.snapshot());
  }
  count_items(state);
}
BENCHMARK(tick_with_open_connections)->Arg(500)->Arg(5'000)->Arg(50'000)->Complexity(benchmark::oN);

void dump_writing(benchmark::State& state) {
  const Snapshot shown = snapshot(state.range(0));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const Result<void> written = write_dump(
        [&bytes](std::string_view text) -> Result<void> { return bytes += text.size(), Result<void>{}; }, shown);
    if (!written) state.SkipWithError("not written");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  count_items(state);
}
BENCHMARK(dump_writing)
    ->RangeMultiplier(10)
    ->Range(10'000, 1'000'000)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

void dump_reading(benchmark::State& state) {
  std::ostringstream dump;
  write_dump(dump, snapshot(state.range(0)));
  const std::string text = dump.str();
  for (auto _ : state) {
    std::istringstream in(text);
    std::size_t connections = 0;
    if (!read_dump(in, "bench", [&connections](ConnectionRow&&) { ++connections; })) state.SkipWithError("not read");
    benchmark::DoNotOptimize(connections);
  }
  count_items(state);
}
BENCHMARK(dump_reading)
    ->RangeMultiplier(10)
    ->Range(1'000, 100'000)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

void html_report(benchmark::State& state) {
  const Snapshot shown = snapshot(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(render_html(shown));
  count_items(state);
}
BENCHMARK(html_report)
    ->RangeMultiplier(10)
    ->Range(1'000, 100'000)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

/// A live snapshot with the given number of workers.
Snapshot live(std::int64_t workers) {
  Run run = make_run(0);
  run.apply(tick(100 * workers, 10 * workers, static_cast<std::uint32_t>(workers)));
  return run.snapshot();
}

void plain_block(benchmark::State& state) {
  const Snapshot shown = live(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(render(shown, TextOptions{}));
  count_items(state);
}
BENCHMARK(plain_block)->RangeMultiplier(10)->Range(10, 1'000)->Unit(benchmark::kMicrosecond)->Complexity();

void full_screen(benchmark::State& state) {
  const Snapshot shown = live(state.range(0));
  History history;
  history.add(shown);
  for (auto _ : state) benchmark::DoNotOptimize(render_tui(shown, history, TuiState{}, TuiOptions{}));
  count_items(state);
}
BENCHMARK(full_screen)->RangeMultiplier(10)->Range(10, 1'000)->Unit(benchmark::kMicrosecond)->Complexity();

}  // namespace

BENCHMARK_MAIN();
