// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "capture/attach_plan.hpp"
#include "capture/environment.hpp"
#include "capture/holder_walk.hpp"
#include "capture/tracer_options.hpp"
#include "model/records.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// The outcome of trying one backend.
struct Attempt {
  Backend backend = Backend::fentry;
  AttachPlan plan;
  std::optional<Error> problem;  ///< empty: loaded and attached
};

/// The BPF side, loaded and attached. All of it leaves the kernel with this object, or with the process: nothing is
/// pinned, and every attachment is a file descriptor.
class Tracer {
 public:
  /// Tries the backends and attaches the first one that works; nothing is counted before begin().
  /// \param attempts receives the attempts in order; the one that worked is the last
  [[nodiscard]] static Result<Tracer> attach(const TracerOptions& options, const Environment& environment,
                                             std::vector<Attempt>& attempts);
  Tracer(Tracer&&) noexcept;
  Tracer& operator=(Tracer&&) noexcept;
  ~Tracer();

  /// Makes every program count from now on, then finds the listeners and the connections already open. Returns the
  /// time when counting began. Call once. Asks `stop` now and then whether to leave off searching.
  Result<MonotonicTime> begin(const StopRequest& stop = {});
  /// Stops counting. When it returns, no program is running any more. The totals stay readable.
  MonotonicTime end();

  /// Readable when the ring fills; for epoll. Owned by the tracer.
  [[nodiscard]] int ring_fd() const;
  /// Passes every record in the ring to `sink`, oldest first. Returns their number.
  Result<std::size_t> drain(const std::function<void(const ClosedConnection&)>& sink);
  /// Current counters, open connections, losses and cost. Of the processes, only exits.
  [[nodiscard]] Result<Tick> read(MonotonicTime now);

 private:
  struct Parts;
  explicit Tracer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace acceptscope
