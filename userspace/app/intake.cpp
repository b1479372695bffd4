// SPDX-License-Identifier: BSD-2-Clause
#include "app/intake.hpp"

#include <utility>

#include "util/clock.hpp"

namespace acceptscope {
namespace {

/// Maximum number of records that wait for the next tick; more go into the model at once, so that a long interval costs
/// no memory.
constexpr std::size_t kPendingRecords = 20480;  // 4 MiB, which a run keeps

}  // namespace

Intake::Intake(Tracer& tracer, ProcessReader reader, Run& run, Outputs& outputs, WorkerUnit by, bool may_hide,
               bool redact_peers)
    : tracer_(tracer), run_(run), outputs_(outputs), processes_(std::move(reader), ProcFs("/proc"), by, may_hide) {
  if (redact_peers) redactor_.emplace();
  // Touched once: a late tick finds its memory ready, and does not make the process grow.
  pending_.resize(kPendingRecords);
  pending_.clear();
}

std::vector<Error> Intake::take_records() {
  std::vector<Error> errors;
  if (const Result<void> drained = drain(); !drained) errors.push_back(drained.error());
  if (pending_.size() < kPendingRecords) return errors;
  for (Error& error : take_totals()) errors.push_back(std::move(error));
  return errors;
}

std::vector<Error> Intake::take_all() {
  std::vector<Error> errors;
  if (const Result<void> drained = drain(); !drained) errors.push_back(drained.error());
  for (Error& error : take_totals()) errors.push_back(std::move(error));
  return errors;
}

Result<void> Intake::drain() {
  return tracer_.drain([this](const ClosedConnection& connection) { pending_.push_back(connection); })
      .map([](std::size_t) {});
}

std::vector<Error> Intake::take_totals() {
  Result<Tick> tick = tracer_.read(monotonic_now());
  if (!tick) return {tick.error()};
  tick->losses.log_lines = outputs_.lines_lost();
  tick->processes = processes_.update(*tick);
  tick->cpu = processes_.take_cpu();
  tick->losses.process_unread = processes_.unread();
  if (redactor_) redactor_->redact(*tick);
  last_tick_at_ = tick->at;
  if (outputs_.take_lines()) open_ = tick->open;
  run_.apply(*std::move(tick));
  for (ClosedConnection& connection : pending_) {
    if (redactor_) redactor_->redact(connection);
    run_.apply(connection);
    outputs_.add_line(run_, connection);
  }
  pending_.clear();
  return outputs_.flush_lines();
}

std::vector<Error> Intake::finish_lines() {
  for (const OpenConnection& connection : open_) outputs_.add_line(run_, connection, last_tick_at_);
  return outputs_.finish_lines();
}

}  // namespace acceptscope
