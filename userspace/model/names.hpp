// SPDX-License-Identifier: BSD-2-Clause
/// The names of enumerated values: the same words in the dump, in its schema and on every screen.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "model/diff.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// The strings of an enum in JSON: `values`, pairs of value and string.
template <class T>
struct EnumNames;

template <class T>
concept IsNamedEnum = requires {
  EnumNames<T>::values;
};

/// The JSON string of an enum value.
template <IsNamedEnum T>
constexpr std::string_view enum_name(T value) {
  for (const auto& [candidate, name] : EnumNames<T>::values)
    if (candidate == value) return name;
  return "unknown";
}

template <>
struct EnumNames<EndReason> {
  static constexpr std::array<std::pair<EndReason, std::string_view>, 3> values{
      {{EndReason::duration, "duration"}, {EndReason::signal, "signal"}, {EndReason::command, "command"}}};
};

template <>
struct EnumNames<CloseReason> {
  static constexpr std::array<std::pair<CloseReason, std::string_view>, kCloseReasons> values{
      {{CloseReason::unknown, "unknown"},
       {CloseReason::local, "local"},
       {CloseReason::peer, "peer"},
       {CloseReason::reset, "reset"},
       {CloseReason::worker_exit, "worker_exit"}}};
};

/// The counts of CloseReasonCounts, in the order in which they are shown.
inline constexpr std::array<std::pair<CloseReason, std::uint64_t CloseReasonCounts::*>, kCloseReasons>
    kCloseReasonCounts{{{CloseReason::local, &CloseReasonCounts::local},
                        {CloseReason::peer, &CloseReasonCounts::peer},
                        {CloseReason::reset, &CloseReasonCounts::reset},
                        {CloseReason::worker_exit, &CloseReasonCounts::worker_exit},
                        {CloseReason::unknown, &CloseReasonCounts::unknown}}};

template <>
struct EnumNames<Role> {
  static constexpr std::array<std::pair<Role, std::string_view>, 2> values{
      {{Role::worker, "worker"}, {Role::supervisor, "supervisor"}}};
};

template <>
struct EnumNames<VerdictCode> {
  static constexpr std::array<std::pair<VerdictCode, std::string_view>, 7> values{
      {{VerdictCode::balanced, "balanced"},
       {VerdictCode::keepalive_pinning, "keepalive_pinning"},
       {VerdictCode::accept_skew, "accept_skew"},
       {VerdictCode::too_few_connections, "too_few_connections"},
       {VerdictCode::accept_queue_saturated, "accept_queue_saturated"},
       {VerdictCode::handed_over, "handed_over"},
       {VerdictCode::no_traffic, "no_traffic"}}};
};

template <>
struct EnumNames<Severity> {
  static constexpr std::array<std::pair<Severity, std::string_view>, 4> values{{{Severity::ok, "ok"},
                                                                                {Severity::info, "info"},
                                                                                {Severity::warning, "warning"},
                                                                                {Severity::critical, "critical"}}};
};

template <>
struct EnumNames<FigureUnit> {
  static constexpr std::array<std::pair<FigureUnit, std::string_view>, 5> values{
      {{FigureUnit::count, "count"},
       {FigureUnit::workers, "workers"},
       {FigureUnit::share, "share"},
       {FigureUnit::per_second, "per_second"},
       {FigureUnit::seconds, "seconds"}}};
};

template <>
struct EnumNames<ChangeKind> {
  static constexpr std::array<std::pair<ChangeKind, std::string_view>, 5> values{{{ChangeKind::same, "same"},
                                                                                  {ChangeKind::better, "better"},
                                                                                  {ChangeKind::worse, "worse"},
                                                                                  {ChangeKind::changed, "changed"},
                                                                                  {ChangeKind::unknown, "unknown"}}};
};

template <>
struct EnumNames<FixCode> {
  static constexpr std::array<std::pair<FixCode, std::string_view>, 5> values{
      {{FixCode::fixed, "fixed"},
       {FixCode::better, "better"},
       {FixCode::unchanged, "unchanged"},
       {FixCode::worse, "worse"},
       {FixCode::too_few_connections, "too_few_connections"}}};
};

}  // namespace acceptscope
