// SPDX-License-Identifier: BSD-2-Clause
/// The command line as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/address.hpp"
#include "model/backend.hpp"
#include "model/capacity.hpp"
#include "model/condition.hpp"
#include "model/pairing.hpp"
#include "model/records.hpp"
#include "model/selection.hpp"
#include "util/clock.hpp"

namespace acceptscope::cli {

enum class Command : std::uint8_t { trace, demo, doctor, report, diff, help, schema, completion };
enum class DemoKind : std::uint8_t { both, pinned, spread };
enum class ViewChoice : std::uint8_t { automatic, tui, plain, none };
enum class FormatChoice : std::uint8_t { text, markdown };
enum class ColorChoice : std::uint8_t { automatic, always, never };

struct Options {
  Command command = Command::trace;
  DemoKind demo = DemoKind::both;

  // Selection; an empty list selects everything.
  PortSet ports;
  std::vector<IpAddress> addresses;
  std::vector<std::uint32_t> pids;
  std::vector<std::string> comms;             ///< glob patterns
  std::vector<std::string> cgroups;           ///< paths, as typed
  std::vector<std::string> containers;        ///< beginnings of ids, or globs of names
  bool requests = true;                       ///< count requests
  std::optional<std::uint32_t> worker_limit;  ///< requests that one worker may serve at once
  WorkerUnit by = WorkerUnit::process;

  // Time.
  std::optional<Nanoseconds> duration;  ///< empty: until Ctrl-C or the end of the command
  Nanoseconds interval = std::chrono::seconds{1};
  Nanoseconds window = std::chrono::seconds{1};

  // Output.
  std::map<std::string_view, std::string> outputs;  ///< path by option of kOutputs; "-", standard output, at most once
  std::uint64_t dump_connections = kDefaultDumpConnections;
  bool redact_peers = false;
  ViewChoice view = ViewChoice::automatic;
  FormatChoice format = FormatChoice::text;  ///< of the closing summary, and of a comparison
  ColorChoice color = ColorChoice::automatic;

  // Diff.
  bool json = false;
  std::vector<Condition> fail_if;
  std::vector<AskedPair> pairs;

  // Capture.
  std::optional<Backend> backend;  ///< empty: the first one that works
  Capacity capacity;  ///< only connections has a public option; the others are for huge hosts and for tests
  std::vector<std::string> simulate_missing;  ///< kernel features to treat as absent: "btf", "cgroup2", ...

  std::vector<std::string> argv;   ///< the command after "--"; empty if there is none
  std::vector<std::string> files;  ///< report: FILE; diff: BEFORE, AFTER; "-" is standard input, at most once
  std::string topic;               ///< help: a topic of the manual; schema, completion: of what; empty: not given
};

/// The program has nothing to run: help, version, or a usage error.
struct ExitNow {
  int status = 0;
  std::string text;  ///< ends in a newline
  bool to_stderr = false;
};

/// Reads the command line. Never throws or prints, and does not access the file system.
[[nodiscard]] std::variant<Options, ExitNow> parse(int argc, const char* const* argv);

/// The text of --help, at most 100 columns wide.
[[nodiscard]] std::string help_text();

/// The text of --help-findings: the table of findings, at most 100 columns wide.
[[nodiscard]] std::string findings_text();

}  // namespace acceptscope::cli
