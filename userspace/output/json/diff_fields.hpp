// SPDX-License-Identifier: BSD-2-Clause
/// The fields of `diff --json`, described like the dump's fields in output/json/fields.hpp.
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
      field("started_at", &DiffSide::started_at, "time at which tracing began"),
      field("duration_seconds", &DiffSide::duration, "length of the run"));
};

template <>
struct Described<FixVerdict> {
  static constexpr std::string_view name = "fix_verdict";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field(
          "code", &FixVerdict::code,
          "change of the spread over the workers; fixed: better, and as even as a fair draw or balanced; worse also if clients "
          "wait longer or are refused, whatever the spread did"),
      field("summary", &FixVerdict::summary, "the change in one sentence, with its numbers"));
};

template <>
struct Described<FigureChange> {
  static constexpr std::string_view name = "figure_change";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields = std::make_tuple(
      field("figure", &FigureChange::figure, "name of the figure"),
      field("unit", &FigureChange::unit, "unit of the values; shares are 0 to 1"),
      field("before", &FigureChange::before, "value of the figure in BEFORE; null if unknown"),
      field("after", &FigureChange::after, "value of the figure in AFTER; null if unknown"),
      field("change", &FigureChange::change, "the difference after - before"),
      field(
          "p_value", &FigureChange::p_value,
          "probability that chance alone changes the figure as much, two-sided; null if there is no test or too little "
          "to test"),
      field("test", &FigureChange::test, "name of the test that p_value comes from"),
      field("kind", &FigureChange::kind,
            "kind of change; same: within chance (p_value 0.01 or more) or less than 12.5 %; unknown: not tested"));
};

template <>
struct Described<ServiceDiff> {
  static constexpr std::string_view name = "service_diff";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("address", &ServiceDiff::endpoint, &Endpoint::address, "local listening address, in AFTER"),
      field("port", &ServiceDiff::endpoint, &Endpoint::port, "local listening port, in AFTER"),
      field("before", &ServiceDiff::endpoint_before,
            "local listening address and port in BEFORE; differ only if each dump has a single service and these two "
            "are compared, or by --pair"),
      field("label", &ServiceDiff::label,
            "container of the service in AFTER, or else the name of its network namespace; null without either",
            kLater),
      field("label_before", &ServiceDiff::label_before, "the same in BEFORE", kLater),
      field(
          "paired_by", &ServiceDiff::paired_by,
          "what says that the two are one service; address: no other has it; processes: one belongs to both; name: of "
          "namespace, container, unit or cgroup; command: command lines of the workers, a guess; rest: the only one "
          "left, a guess; user: --pair",
          kLater),
      field("before_index", &ServiceDiff::before_index, "index into the services of BEFORE"),
      field("after_index", &ServiceDiff::after_index, "index into the services of AFTER"),
      field("verdict", &ServiceDiff::verdict, "verdict on the change of the service"),
      field("figures", &ServiceDiff::figures, "figures of the service, before and after"));
};

template <>
struct Described<LoneService> {
  static constexpr std::string_view name = "lone_service";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields = std::make_tuple(
      field("address", &LoneService::endpoint, &Endpoint::address, "local listening address"),
      field("port", &LoneService::endpoint, &Endpoint::port, "local listening port"),
      field("connections", &LoneService::connections, "connections of the service, accepted and pre-existing"),
      field("label", &LoneService::label,
            "container of the service, or else the name of its network namespace; null without either", kLater),
      field("ambiguous", &LoneService::ambiguous,
            "whether the other dump has services that may be it, and which one cannot be told: --pair says it",
            kLater));
};

template <>
struct Described<ConditionOutcome> {
  static constexpr std::string_view name = "condition";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields = std::make_tuple(
      field("condition", &ConditionOutcome::condition, "the condition as given to --fail-if"),
      field("service", &ConditionOutcome::endpoint, "service of AFTER that the condition was checked on"),
      field("holds", &ConditionOutcome::holds, "whether it holds; null if one of its figures is unknown"),
      field("figures", &ConditionOutcome::figures, "the figures in the condition, as text"));
};

template <>
struct Described<Diff> {
  static constexpr std::string_view name = "diff";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("schema_version", &Diff::schema_version,
            "version of the format: 1; fields may be added without a new number"),
      field("tool", &Diff::tool, "program that compared the dumps"),
      field("before", &Diff::before, "the run of BEFORE"), field("after", &Diff::after, "the run of AFTER"),
      field("services", &Diff::services, "services that both dumps have, in the order of AFTER"),
      field("only_before", &Diff::only_before, "services that only BEFORE has"),
      field("only_after", &Diff::only_after, "services that only AFTER has"),
      field("conditions", &Diff::conditions, "the conditions of --fail-if, on each service of AFTER"));
};

}  // namespace acceptscope
