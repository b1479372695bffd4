// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <utility>

#include "capture/bpf_handles.hpp"
#include "capture/proc_view.hpp"
#include "model/records.hpp"
#include "util/result.hpp"

struct acceptscope_bpf;

namespace acceptscope {

/// Reads, in the kernel, the pids of every task that this process's pid namespace has.
class ProcPidReader {
 public:
  /// \param skeleton with the program tell_pids loaded
  [[nodiscard]] static Result<ProcPidReader> attach(acceptscope_bpf& skeleton, const ProcView& view);
  [[nodiscard]] Result<ProcPids> read() const;

 private:
  explicit ProcPidReader(Link link) : link_(std::move(link)) {}
  Link link_;
};

}  // namespace acceptscope
