// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>
#include <vector>

#include "app/outputs.hpp"
#include "capture/process_watch.hpp"
#include "capture/tracer.hpp"
#include "model/records.hpp"
#include "model/redact.hpp"
#include "model/run.hpp"
#include "util/huge_page_allocator.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// Passes a run's records from the tracer to the model and to the outputs that get a line per connection. Redacts peers
/// if wanted. Tracer, model and outputs must outlive it.
class Intake {
 public:
  /// \param may_hide see ProcessWatch
  Intake(Tracer& tracer, ProcessReader reader, Run& run, Outputs& outputs, WorkerUnit by, bool may_hide,
         bool redact_peers);

  /// Takes the records in the ring; they wait for the kernel's totals, unless many are waiting already. Returns the
  /// errors.
  [[nodiscard]] std::vector<Error> take_records();
  /// Takes the records in the ring and the kernel's totals: then the model is up to date. Returns the errors.
  [[nodiscard]] std::vector<Error> take_all();
  /// Adds the lines of the connections that were open at the last reading of the totals. Returns the errors.
  [[nodiscard]] std::vector<Error> finish_lines();
  /// Time of the last reading of the totals.
  [[nodiscard]] MonotonicTime last_tick_at() const { return last_tick_at_; }

 private:
  Result<void> drain();
  [[nodiscard]] std::vector<Error> take_totals();

  Tracer& tracer_;
  Run& run_;
  Outputs& outputs_;
  ProcessWatch processes_;
  std::optional<Redactor> redactor_;                                            ///< empty: peers stay as they are
  std::vector<ClosedConnection, HugePageAllocator<ClosedConnection>> pending_;  ///< until their workers are known
  std::vector<OpenConnection> open_;                                            ///< at `last_tick_at_`; for lines only
  MonotonicTime last_tick_at_;
};

}  // namespace acceptscope
