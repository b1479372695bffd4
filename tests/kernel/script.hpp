// SPDX-License-Identifier: BSD-2-Clause
/// One scripted run in which nothing is left to chance but time, and its dump without the times.
#pragma once

#include <map>
#include <string>

#include "session.hpp"

namespace acceptscope::test {

/// Names for what differs from run to run: ports, processes, threads.
class Names {
 public:
  /// What `truth` tells of the workload that plays `act`.
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

/// Traces the script: accepts one at a time by processes and threads, IPv4 and IPv6, waits in the accept queue, closes
/// by either side, resets (also of connections in the queue), shutdowns, the death of a worker, children that close,
/// connections from before, open ones at the end, and connections that nobody accepts. Fills `names`.
[[nodiscard]] Outcome trace_script(const std::string& backend, Names& names);

/// The dump with names for ports, processes and threads, without what follows the clock or tells where it was made.
[[nodiscard]] json without_times(const json& dump, const Names& names);

}  // namespace acceptscope::test
