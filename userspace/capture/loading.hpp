// SPDX-License-Identifier: BSD-2-Clause
/// Brings the BPF programs into the kernel: sets them up, loads and attaches them, fills the filters.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/attach_plan.hpp"
#include "capture/bpf_handles.hpp"
#include "capture/cost.hpp"
#include "capture/environment.hpp"
#include "capture/proc_pids.hpp"
#include "capture/tracer_options.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

struct acceptscope_bpf;

namespace acceptscope {

struct SkeletonDestroy {
  void operator()(acceptscope_bpf* skeleton) const;
};
using Skeleton = std::unique_ptr<acceptscope_bpf, SkeletonDestroy>;

/// All of it leaves the kernel with this object.
struct LoadedPrograms {
  Skeleton skeleton;
  std::vector<Link> links;                 ///< links of the programs that count
  bpf_program* walk = nullptr;             ///< over the file descriptors of the host; to be attached by the reader
  Link refresh, relisten;                  ///< only if the plan refreshes by iterator: connections, listening sockets
  std::optional<ProcPidReader> proc_pids;  ///< only if /proc has pids of its own
  std::vector<CostMeter::Program> metered;
  bool requests = false;  ///< they are counted
};

/// The maps that take most of the memory, made once for all attempts of `--backend auto`: the kernel frees those of a
/// refused attempt some time later, and until then two sets would count.
class LargeMaps {
 public:
  /// Lets the maps of the skeleton, which is set up and not loaded, be these; makes them the first time.
  Result<void> lend_to(acceptscope_bpf& skeleton);

 private:
  std::map<std::string, UniqueFd> maps_;
};

/// Loads and attaches the programs of `plan`. They do nothing until bss->recording is set.
[[nodiscard]] Result<LoadedPrograms> load_and_attach(const TracerOptions& options, const Environment& environment,
                                                     const AttachPlan& plan, LargeMaps& large);

}  // namespace acceptscope
