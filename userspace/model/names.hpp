// SPDX-License-Identifier: BSD-2-Clause
/// The names of enumerated values: the same words in the dump, in its schema and on every screen.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "model/diff.hpp"
#include "model/snapshot.hpp"
#include "util/enum_names.hpp"

namespace acceptscope {

template <>
struct EnumNames<WorkerUnit> {
  static constexpr std::string_view name(WorkerUnit value) {
    switch (value) {
      case WorkerUnit::process: return "process";
      case WorkerUnit::thread: return "thread";
    }
    return {};
  }
};

template <>
struct EnumNames<EndReason> {
  static constexpr std::string_view name(EndReason value) {
    switch (value) {
      case EndReason::duration: return "duration";
      case EndReason::signal: return "signal";
      case EndReason::command: return "command";
    }
    return {};
  }
};

template <>
struct EnumNames<CloseReason> {
  static constexpr std::string_view name(CloseReason value) {
    switch (value) {
      case CloseReason::unknown: return "unknown";
      case CloseReason::local: return "local";
      case CloseReason::peer: return "peer";
      case CloseReason::reset: return "reset";
      case CloseReason::worker_exit: return "worker_exit";
    }
    return {};
  }
};

static_assert(enum_values<CloseReason>.size() == kCloseReasons);

/// The counts of CloseReasonCounts, in the order in which they are shown.
inline constexpr std::array<std::pair<CloseReason, std::uint64_t CloseReasonCounts::*>, kCloseReasons>
    kCloseReasonCounts{{{CloseReason::local, &CloseReasonCounts::local},
                        {CloseReason::peer, &CloseReasonCounts::peer},
                        {CloseReason::reset, &CloseReasonCounts::reset},
                        {CloseReason::worker_exit, &CloseReasonCounts::worker_exit},
                        {CloseReason::unknown, &CloseReasonCounts::unknown}}};

template <>
struct EnumNames<Role> {
  static constexpr std::string_view name(Role value) {
    switch (value) {
      case Role::worker: return "worker";
      case Role::draining: return "draining";
      case Role::acceptor: return "acceptor";
      case Role::supervisor: return "supervisor";
      case Role::holder: return "holder";
    }
    return {};
  }
};

template <>
struct EnumNames<Severity> {
  static constexpr std::string_view name(Severity value) {
    switch (value) {
      case Severity::ok: return "ok";
      case Severity::info: return "info";
      case Severity::warning: return "warning";
      case Severity::critical: return "critical";
    }
    return {};
  }
};

template <>
struct EnumNames<FigureUnit> {
  static constexpr std::string_view name(FigureUnit value) {
    switch (value) {
      case FigureUnit::count: return "count";
      case FigureUnit::workers: return "workers";
      case FigureUnit::share: return "share";
      case FigureUnit::per_second: return "per_second";
      case FigureUnit::seconds: return "seconds";
    }
    return {};
  }
};

template <>
struct EnumNames<ChangeKind> {
  static constexpr std::string_view name(ChangeKind value) {
    switch (value) {
      case ChangeKind::same: return "same";
      case ChangeKind::better: return "better";
      case ChangeKind::worse: return "worse";
      case ChangeKind::changed: return "changed";
      case ChangeKind::unknown: return "unknown";
    }
    return {};
  }
};

template <>
struct EnumNames<FixCode> {
  static constexpr std::string_view name(FixCode value) {
    switch (value) {
      case FixCode::fixed: return "fixed";
      case FixCode::better: return "better";
      case FixCode::unchanged: return "unchanged";
      case FixCode::worse: return "worse";
      case FixCode::too_few_connections: return "too_few_connections";
    }
    return {};
  }
};

}  // namespace acceptscope
