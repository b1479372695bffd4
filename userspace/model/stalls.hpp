// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "model/owner.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// One worker at a tick, with the requests that began since tracing began.
struct WorkerLook {
  std::uint64_t waiting = 0;  ///< requests that lie unread, see OpenSummary
  std::uint64_t begun = 0;    ///< by this worker
  std::uint64_t all = 0;      ///< by all workers of its service
};

/// How long workers left requests unread without beginning any. A stall is as long as from the first to the last of the
/// looks in a row at which requests waited, with none begun between them: it lasted for at least so long.
class Stalls {
 public:
  void look(const Owner& owner, MonotonicTime at, const WorkerLook& look);

  /// The longest of the run; empty if at no two looks in a row.
  [[nodiscard]] std::optional<Stall> longest(const Owner& owner) const;

 private:
  struct Watch {
    MonotonicTime since;  ///< the first of the looks in a row
    WorkerLook first;     ///< what was seen then
    Stall longest;
  };
  std::map<Owner, Watch> watches_;  ///< of workers with requests that wait, or with a stall
};

}  // namespace acceptscope
