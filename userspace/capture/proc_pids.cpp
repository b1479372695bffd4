// SPDX-License-Identifier: BSD-2-Clause
#include "capture/proc_pids.hpp"

#include <linux/types.h>

#include <cstring>
#include <span>
#include <vector>

#include "acceptscope_bpf.skel.h"
#include "bpf/wire.h"

namespace acceptscope {

Result<ProcPidReader> ProcPidReader::attach(acceptscope_bpf& skeleton, const ProcView& view) {
  skeleton.bss->proc_levels_up = view.levels_up;
  return attach_iterator(skeleton.progs.tell_pids, nullptr).map([](Link link) {
    return ProcPidReader(std::move(link));
  });
}

Result<ProcPids> ProcPidReader::read() const {
  Result<IteratorPass> pass = IteratorPass::begin(link_);
  if (!pass) return tl::unexpected(pass.error());
  std::vector<char> told;
  for (bool more = true; more;) {
    const Result<bool> read =
        pass->read([&told](std::span<const char> piece) { told.insert(told.end(), piece.begin(), piece.end()); });
    if (!read) return tl::unexpected(read.error());
    more = *read;
  }
  ProcPids pids;
  wire::task_pid task;
  for (std::size_t at = 0; at + sizeof task <= told.size(); at += sizeof task) {
    std::memcpy(&task, told.data() + at, sizeof task);
    pids.emplace(task.pid, task.proc_pid);
  }
  return pids;
}

}  // namespace acceptscope
