// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "capture/attach_plan.hpp"
#include "capture/environment.hpp"
#include "capture/tracer_options.hpp"
#include "model/records.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// What became of trying one backend.
struct Attempt {
  Backend backend = Backend::fentry;
  AttachPlan plan;
  std::optional<Error> problem;  ///< empty: loaded and attached
};

/// The BPF side, loaded and attached. All of it leaves the kernel with this object, or with the process: nothing is
/// pinned, every attachment is a descriptor.
class Tracer {
 public:
  /// Tries the backends and attaches the first that works; nothing is counted before begin().
  /// \param attempts receives what was tried, in order, the one that worked last
  [[nodiscard]] static Result<Tracer> attach(const TracerOptions& options, const Environment& environment,
                                             std::vector<Attempt>& attempts);
  Tracer(Tracer&&) noexcept;
  Tracer& operator=(Tracer&&) noexcept;
  ~Tracer();

  /// From here on every program counts; then finds who listens and what is open already. Call once.
  Result<void> begin();
  /// Nothing is counted any more after the moment that it returns, and no program is still running then. The totals
  /// stay readable.
  MonotonicTime end();

  /// Readable when the ring fills; for epoll. Owned by the tracer.
  [[nodiscard]] int ring_fd() const;
  /// Hands every record in the ring to `sink`, oldest first. Returns their number.
  Result<std::size_t> drain(const std::function<void(const ClosedConnection&)>& sink);
  /// Counters, open connections, losses and cost now. The processes are left empty.
  [[nodiscard]] Result<Tick> read(MonotonicTime now);

 private:
  struct Parts;
  explicit Tracer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace acceptscope
