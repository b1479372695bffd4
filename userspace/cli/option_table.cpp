// SPDX-License-Identifier: BSD-2-Clause
#include "cli/option_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <utility>
#include <variant>

#include "model/names.hpp"
#include "output/registry.hpp"

namespace acceptscope {

template <>
struct EnumNames<cli::ViewChoice> {
  static constexpr std::string_view name(cli::ViewChoice value) {
    switch (value) {
      case cli::ViewChoice::automatic: return "auto";
      case cli::ViewChoice::tui: return "tui";
      case cli::ViewChoice::plain: return "plain";
      case cli::ViewChoice::none: return "none";
    }
    return {};
  }
};

template <>
struct EnumNames<cli::FormatChoice> {
  static constexpr std::string_view name(cli::FormatChoice value) {
    switch (value) {
      case cli::FormatChoice::text: return "text";
      case cli::FormatChoice::markdown: return "markdown";
    }
    return {};
  }
};

template <>
struct EnumNames<cli::ColorChoice> {
  static constexpr std::string_view name(cli::ColorChoice value) {
    switch (value) {
      case cli::ColorChoice::automatic: return "auto";
      case cli::ColorChoice::always: return "always";
      case cli::ColorChoice::never: return "never";
    }
    return {};
  }
};

}  // namespace acceptscope

namespace acceptscope::cli {
namespace {

constexpr std::string_view kAuto = "auto";  // of --backend: the first one that works

constexpr std::uint32_t kHighestPid = 1U << 22;  // PID_MAX_LIMIT of 64-bit kernels, include/linux/threads.h
constexpr std::uint32_t kCommLength = 15;        // TASK_COMM_LEN - 1
constexpr Nanoseconds kShortestInterval = std::chrono::milliseconds{10};

/// A decimal number from `low` to `high`.
template <class T>
Result<T> parse_number(std::string_view text, T low, T high) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, value);
  const std::string range = "from " + std::to_string(low) + " to " + std::to_string(high);
  if (code == std::errc::result_out_of_range && rest == end) return failure("out of range", range);
  if (code != std::errc{} || rest != end) return failure("not a whole number", range);
  if (value < low || value > high) return failure("out of range", range);
  return value;
}

template <class T>
Result<void> store_number(T& number, std::string_view text, T low, T high) {
  return parse_number<T>(text, low, high).map([&](T value) { number = value; });
}

/// Calls `take` for each item of a comma-separated list until one is wrong.
template <class Take>
Result<void> for_each_item(std::string_view list, Take take) {
  for (std::size_t start = 0; start <= list.size();) {
    const std::size_t end = std::min(list.find(',', start), list.size());
    if (Result<void> taken = take(list.substr(start, end - start)); !taken) return taken;
    start = end + 1;
  }
  return {};
}

/// The value with the name `text`. `other` is another word that the option accepts, for the error's hint.
template <IsNamedEnum T>
Result<T> parse_choice(std::string_view text, std::string_view other = {}) {
  if (const std::optional<T> value = enum_named<T>(text)) return *value;
  std::string names(other);
  for (const T value : enum_values<T>) names += (names.empty() ? "" : ", ") + std::string(enum_name(value));
  return failure("no such choice", "one of " + names);
}

Result<void> set_ports(Options& options, std::string_view text) {
  return PortSet::parse(text).map([&](const PortSet& ports) { options.ports.merge(ports); });
}

Result<void> add_addresses(Options& options, std::string_view text) {
  return for_each_item(text, [&](std::string_view item) {
    return IpAddress::parse(item).map([&](const IpAddress& address) { options.addresses.push_back(address); });
  });
}

Result<void> add_pids(Options& options, std::string_view text) {
  return for_each_item(text, [&](std::string_view item) {
    return parse_number<std::uint32_t>(item, 1, kHighestPid).map([&](auto pid) { options.pids.push_back(pid); });
  });
}

Result<void> add_comm(Options& options, std::string_view text) {
  if (text.empty()) return failure("empty", "a name such as uvicorn, or a pattern such as 'php-fpm*'");
  const bool pattern = text.find_first_of("*?[") != std::string_view::npos;
  if (!pattern && text.size() > kCommLength) {
    return failure("no process has such a long name: the kernel keeps 15 bytes of it",
                   "such as '" + std::string(text.substr(0, kCommLength)) + "'");
  }
  options.comms.emplace_back(text);
  return {};
}

Result<void> add_cgroup(Options& options, std::string_view text) {
  if (text.empty()) return failure("empty", "a path such as /sys/fs/cgroup/system.slice/nginx.service");
  options.cgroups.emplace_back(text);
  return {};
}

Result<void> add_container(Options& options, std::string_view text) {
  if (text.empty()) return failure("empty", "the beginning of a container's id, or a name such as 'web-*'");
  options.containers.emplace_back(text);
  return {};
}

Result<void> set_by(Options& options, std::string_view text) {
  return parse_choice<WorkerUnit>(text).map([&](auto by) { options.by = by; });
}

Result<void> set_duration(Options& options, std::string_view text) {
  return parse_duration(text).map([&](Nanoseconds duration) { options.duration = duration; });
}

/// A duration used as a period: if it is too short, the period keeps a CPU busy for nothing.
Result<Nanoseconds> parse_period(std::string_view text) {
  Result<Nanoseconds> period = parse_duration(text);
  if (period && *period < kShortestInterval) return failure("too short", "at least 10ms");
  return period;
}

Result<void> set_interval(Options& options, std::string_view text) {
  return parse_period(text).map([&](Nanoseconds interval) { options.interval = interval; });
}

Result<void> set_window(Options& options, std::string_view text) {
  return parse_period(text).map([&](Nanoseconds window) { options.window = window; });
}

template <std::size_t index>  // of kOutputs
Result<void> set_output(Options& options, std::string_view text) {
  if (text.empty()) return failure("empty", "name a file, or - for standard output");
  options.outputs[kOutputs[index].option] = text;
  return {};
}

Result<void> set_dump_connections(Options& options, std::string_view text) {
  return store_number<std::uint64_t>(options.dump_connections, text, 0, 1'000'000'000);
}

Result<void> set_no_requests(Options& options, std::string_view) {
  options.requests = false;
  return {};
}

Result<void> set_worker_limit(Options& options, std::string_view text) {
  return parse_number<std::uint32_t>(text, 1, 1'000'000).map([&](auto limit) { options.worker_limit = limit; });
}

Result<void> set_redact_peers(Options& options, std::string_view) {
  options.redact_peers = true;
  return {};
}

Result<void> set_view(Options& options, std::string_view text) {
  return parse_choice<ViewChoice>(text).map([&](auto view) { options.view = view; });
}

Result<void> set_format(Options& options, std::string_view text) {
  return parse_choice<FormatChoice>(text).map([&](auto format) { options.format = format; });
}

Result<void> set_color(Options& options, std::string_view text) {
  return parse_choice<ColorChoice>(text).map([&](auto color) { options.color = color; });
}

Result<void> set_backend(Options& options, std::string_view text) {
  options.backend.reset();
  if (text == kAuto) return {};
  return parse_choice<Backend>(text, kAuto).map([&](auto backend) { options.backend = backend; });
}

Result<void> set_max_connections(Options& options, std::string_view text) {
  return store_number(options.capacity.connections, text, 1U, 1U << 24);
}

Result<void> set_max_workers(Options& options, std::string_view text) {
  return store_number(options.capacity.workers, text, 1U, 1U << 20);
}

Result<void> set_max_services(Options& options, std::string_view text) {
  return store_number(options.capacity.services, text, 1U, 1U << 20);
}

Result<void> set_ring_bytes(Options& options, std::string_view text) {
  Result<std::uint32_t> bytes = parse_number<std::uint32_t>(text, 4096, 1U << 30);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!std::has_single_bit(*bytes)) return failure("not a power of two", "such as 4096, 65536 or 8388608");
  options.capacity.ring_bytes = *bytes;
  return {};
}

Result<void> add_missing(Options& options, std::string_view text) {
  return for_each_item(text, [&](std::string_view feature) -> Result<void> {
    if (feature.empty()) return failure("a list of features has an empty item", "such as btf or btf,cgroup2");
    options.simulate_missing.emplace_back(feature);
    return {};
  });
}

Result<void> set_json(Options& options, std::string_view) {
  options.json = true;
  return {};
}

Result<void> add_pair(Options& options, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
    return failure("not BEFORE=AFTER", "such as 'docker web=docker web2', or 4026532177=4026532301");
  options.pairs.push_back({std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))});
  return {};
}

Result<void> add_fail_if(Options& options, std::string_view text) {
  return parse_condition(text).map([&](Condition condition) { options.fail_if.push_back(std::move(condition)); });
}

/// --pinned, --spread, --both: the only flags that exclude one another.
template <DemoKind kind>
Result<void> set_demo(Options& options, std::string_view) {
  options.demo = kind;
  return {};
}

/// A text built at compile time. A text that does not fit does not compile.
struct BuiltText {
  std::array<char, 64> characters{};
  std::size_t size = 0;

  constexpr void add(std::string_view text) {
    for (const char c : text) characters[size++] = c;
  }
  constexpr operator std::string_view() const { return {characters.data(), size}; }
};

/// "process|thread"; `other`, if not empty, comes first.
template <IsNamedEnum T>
constexpr BuiltText choices(std::string_view other = {}) {
  BuiltText text;
  text.add(other);
  for (const T value : enum_values<T>) {
    if (text.size > 0) text.add("|");
    text.add(enum_name(value));
  }
  return text;
}

constexpr BuiltText decimal(std::uint64_t number) {
  BuiltText text;
  if (number >= 10) text = decimal(number / 10);
  const char digit = static_cast<char>('0' + number % 10);
  text.add({&digit, 1});
  return text;
}

constexpr BuiltText kWorkerUnits = choices<WorkerUnit>();
constexpr BuiltText kViews = choices<ViewChoice>();
constexpr BuiltText kFormats = choices<FormatChoice>();
constexpr BuiltText kColors = choices<ColorChoice>();
constexpr BuiltText kBackends = choices<Backend>(kAuto);
constexpr BuiltText kDumpConnections = decimal(kDefaultDumpConnections);
constexpr BuiltText kMaxConnections = decimal(Capacity{}.connections);
constexpr BuiltText kMaxWorkers = decimal(Capacity{}.workers);
constexpr BuiltText kMaxServices = decimal(Capacity{}.services);
constexpr BuiltText kRingBytes = decimal(Capacity{}.ring_bytes);

// clang-format off
constexpr std::array kSelectionAndTime{
    OptionRow{Group::selection, kTrace, "-p", "--port", "LIST",
              "local ports: 8000, 80,443 or 8000-8010; repeatable", "every listening port", set_ports},
    OptionRow{Group::selection, kTrace, "-a", "--address", "ADDR",
              "local listening address, IPv4 or IPv6; repeatable", "any", add_addresses},
    OptionRow{Group::selection, kTrace, "", "--pid", "PID",
              "these processes and their descendants, including later ones; repeatable", "all", add_pids},
    OptionRow{Group::selection, kTrace, "", "--comm", "GLOB",
              "workers with this command name; repeatable", "all", add_comm},
    OptionRow{Group::selection, kTrace, "", "--cgroup", "PATH",
              "workers in this cgroup v2 subtree; repeatable", "all", add_cgroup},
    OptionRow{Group::selection, kTrace, "", "--container", "ID|GLOB",
              "workers in containers, pods or units with such an id or name; repeatable", "all", add_container},
    OptionRow{Group::selection, kTrace | kDemo, "", "--by", kWorkerUnits,
              "unit that counts as a worker", "process", set_by},

    OptionRow{Group::time, kTrace | kDemo, "-d", "--duration", "TIME",
              "how long to trace: 60, 60s, 2m", "until Ctrl-C", set_duration},
    OptionRow{Group::time, kTrace | kDemo, "-i", "--interval", "TIME",
              "refresh and sampling tick", "1s", set_interval},
    OptionRow{Group::time, kTrace | kDemo, "-w", "--window", "TIME",
              "window of the per-window statistics", "1s", set_window},
};

constexpr std::array kRest{
    OptionRow{Group::output, kTrace | kDemo, "", "--dump-connections", "N",
              "at most N connection records in the dump; the others are only counted", kDumpConnections,
              set_dump_connections},
    OptionRow{Group::output, kTrace | kDemo, "", "--worker-limit", "N",
              "how many requests one worker may serve at once: adds how many such places are in reach and taken", "none",
              set_worker_limit},
    OptionRow{Group::output, kTrace | kDemo, "", "--redact-peers", "",
              "replace peer addresses by stable pseudonyms in every output", "off", set_redact_peers},
    OptionRow{Group::output, kTrace | kDemo, "", "--view", kViews,
              "while tracing: a full screen (tui), or a block of text per tick (plain); auto: tui on a terminal, plain "
              "elsewhere, and plain with a COMMAND, to leave its output alone", "auto", set_view},
    OptionRow{Group::output, kTrace | kDemo | kReport | kDiff, "", "--format", kFormats,
              "the closing summary or comparison as text, or in Markdown for an issue or a chat; off a terminal, markdown "
              "leaves out the text per tick", "text", set_format},
    OptionRow{Group::output, kAllCommands, "", "--color", kColors,
              "colors on the terminal; auto honors NO_COLOR", "auto", set_color},

    OptionRow{Group::capture, kTrace | kDemo, "", "--no-requests", "",
              "do not trace reads and writes: no requests, in flight, busy times or response times", "", set_no_requests},
    OptionRow{Group::capture, kOnThisHost, "", "--backend", kBackends,
              "force a backend; auto loads and attaches them in this order until one works", "auto", set_backend},
    OptionRow{Group::capture, kTrace | kDemo, "", "--max-connections", "N",
              "maximum number of connections tracked at once; one user's are seven eighths of it at most", kMaxConnections, set_max_connections},

    OptionRow{Group::demo, kDemo, "", "--pinned", "", "only the client with a keep-alive pool", "",
              set_demo<DemoKind::pinned>},
    OptionRow{Group::demo, kDemo, "", "--spread", "", "only the client with a connection per request", "",
              set_demo<DemoKind::spread>},
    OptionRow{Group::demo, kDemo, "", "--both", "", "both clients, one after the other", "what demo does",
              set_demo<DemoKind::both>},

    OptionRow{Group::output, kDiff | kDoctor, "", "--json", "", "diff, doctor: print JSON instead of text", "", set_json},
    OptionRow{Group::diff, kDiff, "", "--fail-if", "COND",
              "exit with status 4 if this holds for a service of AFTER, such as effective_workers<0.5*workers or "
              "change.accept_wait_p95>10ms; repeatable", "none", add_fail_if},
    OptionRow{Group::diff, kDiff, "", "--pair", "BEFORE=AFTER",
              "compare these services, each by container, network namespace or address; repeatable", "by what is the same", add_pair},

    OptionRow{Group::hidden, kOnThisHost, "", "--ring-bytes", "N",
              "size of the ring buffer of closed connections, in bytes", kRingBytes, set_ring_bytes},
    OptionRow{Group::hidden, kOnThisHost, "", "--max-workers", "N",
              "maximum number of workers counted at once", kMaxWorkers, set_max_workers},
    OptionRow{Group::hidden, kOnThisHost, "", "--max-services", "N",
              "maximum number of services counted at once", kMaxServices, set_max_services},
    OptionRow{Group::hidden, kOnThisHost, "", "--simulate-missing", "LIST",
              "pretend that the kernel lacks a feature: btf, cgroup2, ...", "none", add_missing},
};

constexpr std::array kCommands{
    CommandRow{Command::trace, kTrace, "", "[OPTIONS] [-- COMMAND ARG...]",
               "trace; with COMMAND, run it and stop when it ends"},
    CommandRow{Command::demo, kDemo, "demo", "[--pinned|--spread|--both]",
               "trace a built-in prefork server and client"},
    CommandRow{Command::doctor, kDoctor, "doctor", "",
               "show what kernel and privileges allow, and why"},
    CommandRow{Command::report, kReport, "report", "FILE [--html OUT]",
               "show a dump's closing summary, or write it as a page", {"FILE"}},
    CommandRow{Command::diff, kDiff, "diff", "BEFORE AFTER [--html OUT]",
               "compare two dumps: did the fix work?", {"BEFORE", "AFTER"}},
    CommandRow{Command::help, kText, "help", "[TOPIC]",
               "show a part of the manual, or what parts there are", {}, "[TOPIC]"},
    CommandRow{Command::schema, kText, "schema", "[dump|log|diff]",
               "print the JSON Schema of a dump, a line of --log, or diff --json", {}, "[dump|log|diff]"},
    CommandRow{Command::completion, kText, "completion", "bash|zsh|fish",
               "print a completion script for this shell", {}, "bash|zsh|fish|ports|pids"},
};
// clang-format on

constexpr std::uint8_t commands_of(const OutputRow& output) {
  const auto* whole = std::get_if<WholeFile>(&output.form);
  const bool of_dumps = whole != nullptr && whole->write_diff != nullptr;
  return of_dumps ? kTrace | kDemo | kReport | kDiff : kTrace | kDemo;
}

template <std::size_t... index>
constexpr std::array<OptionRow, sizeof...(index)> output_options(std::index_sequence<index...>) {
  return {OptionRow{Group::output, commands_of(kOutputs[index]), kOutputs[index].short_option, kOutputs[index].option,
                    "FILE", kOutputs[index].meaning, "none", set_output<index>}...};
}

template <class T, std::size_t... sizes>
constexpr auto joined(const std::array<T, sizes>&... parts) {
  std::array<T, (sizes + ...)> all{};
  auto end = all.begin();
  ((end = std::copy(parts.begin(), parts.end(), end)), ...);
  return all;
}

constexpr auto kOptions = joined(kSelectionAndTime, output_options(std::make_index_sequence<kOutputs.size()>{}), kRest);

}  // namespace

std::span<const OptionRow> option_table() { return kOptions; }
std::span<const CommandRow> command_table() { return kCommands; }

}  // namespace acceptscope::cli
