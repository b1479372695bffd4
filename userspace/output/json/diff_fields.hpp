// SPDX-License-Identifier: BSD-2-Clause
/// The fields of `diff --json`, described as those of the dump are in output/json/fields.hpp.
#pragma once

#include "model/diff.hpp"
#include "output/json/fields.hpp"

namespace acceptscope {

template <>
struct Described<DiffSide> {
  static constexpr std::string_view name = "diff_side";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(  //
      field("hostname", &DiffSide::hostname, "name of the host"),
      field("started_at", &DiffSide::started_at, "when tracing began"),
      field("duration_seconds", &DiffSide::duration, "length of the run"));
};

template <>
struct Described<FixVerdict> {
  static constexpr std::string_view name = "fix_verdict";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("code", &FixVerdict::code,
            "what became of the spread over the workers; fixed: better, and as even as a fair draw or balanced"),
      field("summary", &FixVerdict::summary, "one sentence with the numbers"));
};

template <>
struct Described<FigureChange> {
  static constexpr std::string_view name = "figure_change";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields = std::make_tuple(
      field("figure", &FigureChange::figure, "name of the figure"),
      field("unit", &FigureChange::unit, "what the values are in; shares are 0 to 1"),
      field("before", &FigureChange::before, "its value in BEFORE; null if not known"),
      field("after", &FigureChange::after, "its value in AFTER; null if not known"),
      field("change", &FigureChange::change, "after - before"),
      field("p_value", &FigureChange::p_value,
            "how often chance alone changes as much, two-sided; null where there is no test or too little to test"),
      field("test", &FigureChange::test, "the test that p_value is of"),
      field("kind", &FigureChange::kind,
            "same: within chance (p_value 0.01 or more) or less than 12.5 %; unknown: not tested"));
};

template <>
struct Described<ServiceDiff> {
  static constexpr std::string_view name = "service_diff";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("address", &ServiceDiff::endpoint, &Endpoint::address, "local listening address, in AFTER"),
      field("port", &ServiceDiff::endpoint, &Endpoint::port, "local listening port, in AFTER"),
      field("before", &ServiceDiff::endpoint_before,
            "the same in BEFORE; differs only where each dump has one service and these two were compared"),
      field("before_index", &ServiceDiff::before_index, "index into the services of BEFORE"),
      field("after_index", &ServiceDiff::after_index, "index into the services of AFTER"),
      field("verdict", &ServiceDiff::verdict, "what became of it"),
      field("figures", &ServiceDiff::figures, "its figures, before and after"));
};

template <>
struct Described<LoneService> {
  static constexpr std::string_view name = "lone_service";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields =
      std::make_tuple(field("address", &LoneService::endpoint, &Endpoint::address, "local listening address"),
                      field("port", &LoneService::endpoint, &Endpoint::port, "local listening port"),
                      field("connections", &LoneService::connections, "its connections, accepted and pre-existing"));
};

template <>
struct Described<ConditionOutcome> {
  static constexpr std::string_view name = "condition";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields =
      std::make_tuple(field("condition", &ConditionOutcome::condition, "as given to --fail-if"),
                      field("service", &ConditionOutcome::endpoint, "the service of AFTER that it was held against"),
                      field("holds", &ConditionOutcome::holds, "null if a figure in it is not known"),
                      field("figures", &ConditionOutcome::figures, "the figures in it, as text"));
};

template <>
struct Described<Diff> {
  static constexpr std::string_view name = "diff";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("schema_version", &Diff::schema_version, "1; fields may be added without a new number"),
      field("tool", &Diff::tool, "what compared the dumps"), field("before", &Diff::before, "the run of BEFORE"),
      field("after", &Diff::after, "the run of AFTER"),
      field("services", &Diff::services, "services that both dumps have, in the order of AFTER"),
      field("only_before", &Diff::only_before, "services that only BEFORE has"),
      field("only_after", &Diff::only_after, "services that only AFTER has"),
      field("conditions", &Diff::conditions, "the conditions of --fail-if, on each service of AFTER"));
};

}  // namespace acceptscope
