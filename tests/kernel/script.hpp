// SPDX-License-Identifier: BSD-2-Clause
/// One scripted run that is deterministic except for times, and its dump without the times.
#pragma once

#include <map>
#include <string>

#include "session.hpp"

namespace acceptscope::test {

/// Symbolic names for values that differ between runs: ports, processes, threads.
class Names {
 public:
  /// Adds the ports, processes and threads in `truth`, the report of the workload that plays `act`.
  void learn(const std::string& act, const json& truth);

  [[nodiscard]] json port(const json& number) const { return find(ports_, number, "a client's port"); }
  [[nodiscard]] json process(const json& pid) const { return find(processes_, pid, "another process"); }
  [[nodiscard]] json thread(const json& tid) const { return find(threads_, tid, "another thread"); }

 private:
  static json find(const std::map<int, std::string>& names, const json& number, const char* otherwise);

  std::map<int, std::string> ports_;
  std::map<int, std::string> processes_;
  std::map<int, std::string> threads_;
};

/// Traces the script: sequential accepts by processes and threads, IPv4 and IPv6, waits in the accept queue, closes by
/// either side, resets (also of queued connections), shutdowns, the death of a worker, children that close,
/// pre-existing connections, connections open at the end, and connections that are never accepted. Fills `names`.
[[nodiscard]] Outcome trace_script(const std::string& backend, Names& names);

/// The dump with symbolic names for ports, processes and threads, without fields that depend on the clock or machine.
[[nodiscard]] json without_times(const json& dump, const Names& names);

}  // namespace acceptscope::test
