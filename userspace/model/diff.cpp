// SPDX-License-Identifier: BSD-2-Clause
#include "model/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "model/findings/table.hpp"
#include "model/two_samples.hpp"
#include "model/worker_names.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

struct Side {
  const ServiceRow& service;
  Nanoseconds run;
  Nanoseconds interval;
};

/// Called only if both sides know the figure.
using Test = std::optional<double> (*)(const Side& before, const Side& after);

struct TestRow {
  std::string_view figure;
  std::string_view name;
  Test p_value;
};

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

std::optional<double> evenness(const Side& before, const Side& after) {
  const std::vector<std::uint64_t> a = connections_by_worker(before.service);
  const std::vector<std::uint64_t> b = connections_by_worker(after.service);
  return evenness_p_value({a, eligible_workers(before.service)}, {b, eligible_workers(after.service)});
}

std::optional<double> idle(const Side& before, const Side& after) {
  const std::uint32_t n = eligible_workers(before.service);
  const std::uint32_t m = eligible_workers(after.service);
  const std::uint32_t a = std::min(before.service.workers_idle, n);
  const std::uint32_t b = std::min(after.service.workers_idle, m);
  return fisher_p_value(a, n - a, b, m - b);
}

std::optional<double> accept_rate(const Side& before, const Side& after) {
  return rates_p_value(before.service.counts.accepts, seconds(before.run), after.service.counts.accepts,
                       seconds(after.run));
}

using Series = std::vector<std::uint64_t>;

/// One number per step of the timeline; the last step may be incomplete and is left out.
std::vector<std::uint32_t> zero_per_step(const TimelineRows& timeline) {
  return std::vector<std::uint32_t>(timeline.start.empty() ? 0 : timeline.start.size() - 1);
}

/// Workers with a value above 0 in each step.
std::vector<std::uint32_t> workers_per_step(const TimelineRows& timeline, const Series TimelineWorker::*series) {
  std::vector<std::uint32_t> counts = zero_per_step(timeline);
  for (const TimelineWorker& worker : timeline.workers) {
    const Series& values = worker.*series;
    for (std::size_t i = 0; i < std::min(counts.size(), values.size()); ++i) counts[i] += values[i] > 0;
  }
  return counts;
}

/// Comparable only if both dumps have the same step length (for figures per tick: the same tick length).
template <const Series TimelineWorker::*series>
std::optional<double> active(const Side& before, const Side& after) {
  const TimelineRows& a = before.service.timeline;
  const TimelineRows& b = after.service.timeline;
  const bool ticks = series == &TimelineWorker::active;
  if (ticks ? before.interval != after.interval : a.step != b.step) return std::nullopt;
  return mann_whitney_p_value(workers_per_step(a, series), workers_per_step(b, series));
}

std::vector<std::uint32_t> requests_per_step(const TimelineRows& timeline) {
  std::vector<std::uint32_t> counts = zero_per_step(timeline);
  for (const TimelineWorker& worker : timeline.workers)
    for (std::size_t i = 0; i < std::min(counts.size(), worker.requests.size()); ++i)
      counts[i] += static_cast<std::uint32_t>(worker.requests[i]);
  return counts;
}

/// Busy time in each step, in per mille of it, of the worker that was busy longest.
std::vector<std::uint32_t> busiest_per_step(const TimelineRows& timeline) {
  std::vector<std::uint32_t> parts = zero_per_step(timeline);
  const auto busy = [](const TimelineWorker& worker) {
    return std::transform_reduce(worker.busy.begin(), worker.busy.end(), 0.0, std::plus{}, seconds);
  };
  const auto busiest =
      std::max_element(timeline.workers.begin(), timeline.workers.end(),
                       [&](const TimelineWorker& a, const TimelineWorker& b) { return busy(a) < busy(b); });
  if (busiest == timeline.workers.end()) return parts;
  for (std::size_t i = 0; i < std::min(parts.size(), busiest->busy.size()); ++i)
    parts[i] = static_cast<std::uint32_t>(
        std::clamp(1'000 * seconds(busiest->busy[i]) / seconds(timeline.step), 0.0, 1'000.0));
  return parts;
}

/// Successive numbers of the timelines, whatever they depend on: requests of a client follow one another, so that their
/// rate is not tested like the one of independent events.
template <std::vector<std::uint32_t> (*per_step)(const TimelineRows&)>
std::optional<double> steps(const Side& before, const Side& after) {
  const TimelineRows& a = before.service.timeline;
  const TimelineRows& b = after.service.timeline;
  if (a.step != b.step || a.step <= Nanoseconds{0}) return std::nullopt;
  return mann_whitney_p_value(per_step(a), per_step(b));
}

template <DurationStats RequestStats::*durations>
std::optional<double> durations_p50(const Side& before, const Side& after) {
  return mann_whitney_p_value((*before.service.requests.*durations).buckets,
                              (*after.service.requests.*durations).buckets);
}
template <DurationStats RequestStats::*durations>
std::optional<double> durations_p95(const Side& before, const Side& after) {
  return quantile_p_value((*before.service.requests.*durations).buckets, (*after.service.requests.*durations).buckets,
                          0.95);
}

std::optional<double> lifetimes_p50(const Side& before, const Side& after) {
  return mann_whitney_p_value(before.service.lifetime.buckets, after.service.lifetime.buckets);
}
std::optional<double> lifetimes_p95(const Side& before, const Side& after) {
  return quantile_p_value(before.service.lifetime.buckets, after.service.lifetime.buckets, 0.95);
}
std::optional<double> waits_p50(const Side& before, const Side& after) {
  return mann_whitney_p_value(before.service.accept_wait.buckets, after.service.accept_wait.buckets);
}
std::optional<double> waits_p95(const Side& before, const Side& after) {
  return quantile_p_value(before.service.accept_wait.buckets, after.service.accept_wait.buckets, 0.95);
}

constexpr std::string_view kEvenness = "bootstrap of the deal";
constexpr std::string_view kMannWhitney = "Mann-Whitney";
constexpr std::string_view kMood = "Mood's quantile test";

/// model/two_samples.hpp has the tests and their sources.
constexpr std::array kTests{
    TestRow{"workers_idle", "Fisher's exact test", idle},
    TestRow{"effective_workers", kEvenness, evenness},
    TestRow{"top_share", kEvenness, evenness},
    TestRow{"active_accepting", kMannWhitney, active<&TimelineWorker::accepts>},
    TestRow{"active_serving", kMannWhitney, active<&TimelineWorker::active>},
    TestRow{"accepts_per_second", "conditional binomial test", accept_rate},
    TestRow{"lifetime_p50", kMannWhitney, lifetimes_p50},
    TestRow{"lifetime_p95", kMood, lifetimes_p95},
    TestRow{"accept_wait_p50", kMannWhitney, waits_p50},
    TestRow{"accept_wait_p95", kMood, waits_p95},
    TestRow{"requests_per_second", kMannWhitney, steps<requests_per_step>},
    TestRow{"active_requests", kMannWhitney, active<&TimelineWorker::requests>},
    TestRow{"busy_max", kMannWhitney, steps<busiest_per_step>},
    TestRow{"response_p50", kMannWhitney, durations_p50<&RequestStats::response>},
    TestRow{"response_p95", kMood, durations_p95<&RequestStats::response>},
    TestRow{"unread_wait_p95", kMood, durations_p95<&RequestStats::unread_wait>},
};

bool is_material(double before, double after) {
  return before == 0 ? after != 0 : std::abs(after - before) >= kMaterialChange * std::abs(before);
}

ChangeKind kind_of(const FigureChange& change, Better better) {
  if (!change.p_value || !change.change) return ChangeKind::unknown;
  if (*change.p_value >= kSignificance || !is_material(*change.before, *change.after)) return ChangeKind::same;
  if (better == Better::neither) return ChangeKind::changed;
  return (*change.change > 0) == (better == Better::higher) ? ChangeKind::better : ChangeKind::worse;
}

/// Effective workers as the test of evenness weighs them: as a part of the workers, whose number may have changed.
ChangeKind evenness_kind(const FigureChange& change, const Side& before, const Side& after) {
  FigureChange part = change;
  if (!change.change) return ChangeKind::unknown;
  part.before = *change.before / std::max(1U, eligible_workers(before.service));
  part.after = *change.after / std::max(1U, eligible_workers(after.service));
  part.change = *part.after - *part.before;
  return kind_of(part, Better::higher);
}

FigureChange compare_figure(const FigureRow& row, const Side& before, const Side& after) {
  FigureChange change;
  change.figure = row.name;
  change.unit = row.unit;
  change.before = row.of(before.service, before.run);
  change.after = row.of(after.service, after.run);
  if (!change.before || !change.after) return change;
  change.change = *change.after - *change.before;
  const auto test = std::find_if(kTests.begin(), kTests.end(), [&](const TestRow& t) { return t.figure == row.name; });
  if (test == kTests.end()) return change;
  change.p_value = test->p_value(before, after);
  if (change.p_value) change.test = test->name;
  change.kind = row.name == "effective_workers" ? evenness_kind(change, before, after) : kind_of(change, row.better);
  return change;
}

const FigureChange& figure(const std::vector<FigureChange>& figures, std::string_view name) {
  return *std::find_if(figures.begin(), figures.end(), [&](const FigureChange& f) { return f.figure == name; });
}

/// "effective workers 2.6 of 32 before, 30.1 of 32 after (a fair draw gives at least 29.0), 29 idle before, 0 after"
std::string spread_text(const ServiceRow& before, const ServiceRow& after, const std::vector<FigureChange>& figures) {
  const FigureChange& effective = figure(figures, "effective_workers");
  std::string text = fmt::format("effective workers {} of {} before, {} of {} after", decimal_text(*effective.before),
                                 count_text(eligible_workers(before)), decimal_text(*effective.after),
                                 count_text(eligible_workers(after)));
  if (after.effective_workers.fair_p01)
    text += fmt::format(" (a fair draw gives at least {})", decimal_text(*after.effective_workers.fair_p01));
  return text + fmt::format(", {} idle before, {} after", before.workers_idle, after.workers_idle);
}

/// The other figures that got worse, so that a fix of the spread does not hide them.
std::string other_losses(const std::vector<FigureChange>& figures) {
  std::string names;
  for (const FigureChange& change : figures) {
    const bool of_the_spread =
        change.figure == "effective_workers" || change.figure == "top_share" || change.figure == "workers_idle";
    if (change.kind == ChangeKind::worse && !of_the_spread) names += (names.empty() ? "" : ", ") + change.figure;
  }
  return names.empty() ? "" : "; worse than before: " + names;
}

/// Whether the spread is as even as a fair draw, or called balanced by the verdict on AFTER alone.
bool is_even(const ServiceRow& after, double effective) {
  if (after.verdict.code == VerdictCode::balanced && !after.verdict.summary.empty()) return true;
  return after.effective_workers.fair_p01 && effective >= *after.effective_workers.fair_p01;
}

/// Waits are long only from here on: a growth below it is nobody's harm.
constexpr double kFeltSeconds = 0.01;

/// How clients wait longer than before, or are refused: whatever the spread did. Empty if they do not.
OutsideText more_waits(const ServiceRow& before, const ServiceRow& after, const std::vector<FigureChange>& figures) {
  for (const char* const name : {"accept_wait_p95", "accept_wait_p50", "unread_wait_p95"}) {
    const FigureChange& wait = figure(figures, name);
    if (wait.kind == ChangeKind::worse && *wait.after >= kFeltSeconds)
      return fmt::format("{} {} before, {} after ({})", wait.figure, figure_text(wait.unit, wait.before),
                         figure_text(wait.unit, wait.after), p_value_text(*wait.p_value));
  }
  for (const Finding& finding : after.findings) {
    const bool is_new = std::ranges::none_of(before.findings, [&](const Finding& f) { return f.code == finding.code; });
    if (is_new && harm_of(finding.code) == Harm::refused_or_hanging) return finding.summary;
  }
  return {};
}

FixVerdict judge_fix(const ServiceRow& before, const ServiceRow& after, const std::vector<FigureChange>& figures) {
  const FigureChange& effective = figure(figures, "effective_workers");
  if (const OutsideText waits = more_waits(before, after, figures); !waits.empty()) {
    const bool known = effective.before && effective.after;
    return {FixCode::worse, "Worse: clients wait longer or are refused: " + waits +
                                fmt::format("{}{}{}", known ? "; " : "",
                                            known ? spread_text(before, after, figures) : "", other_losses(figures))};
  }
  if (!effective.p_value)
    return {
        FixCode::too_few_connections,
        fmt::format("Not enough to tell: {} connections on {} workers before, {} on {} after; it takes {} on 2 workers",
                    before.counts.connections(), eligible_workers(before), after.counts.connections(),
                    eligible_workers(after), kSmallestSample)};
  const std::string chance = p_value_text(*effective.p_value);
  const std::string spread = spread_text(before, after, figures);
  const std::string rest = other_losses(figures);
  switch (effective.kind) {
    case ChangeKind::better:
      if (is_even(after, *effective.after))
        return {FixCode::fixed,
                fmt::format("The load is spread now: {}; more than chance ({}){}", spread, chance, rest)};
      return {FixCode::better,
              fmt::format("Better, and still uneven: {}; more than chance ({}){}", spread, chance, rest)};
    case ChangeKind::worse:
      return {FixCode::worse, fmt::format("Worse: {}; more than chance ({}){}", spread, chance, rest)};
    default: break;
  }
  const char* why = *effective.p_value < kSignificance ? "too little to matter" : "within chance";
  return {FixCode::unchanged, fmt::format("The spread has not changed: {}; {} ({}){}", spread, why, chance, rest)};
}

/// What tells a service from others at its address.
std::optional<OutsideText> label_of(const ServiceRow& service) {
  const std::optional<OutsideText> container = common_container(service);
  if (container && !is_unit_label(*container)) return container;
  return service.netns_name;
}

ServiceDiff compare_service(const Snapshot& before, std::size_t i, const Snapshot& after, std::size_t k) {
  const Side a{before.services[i], before.run.duration, before.run.interval};
  const Side b{after.services[k], after.run.duration, after.run.interval};
  ServiceDiff diff;
  diff.endpoint = b.service.endpoint;
  diff.endpoint_before = a.service.endpoint;
  diff.label = label_of(b.service);
  diff.label_before = label_of(a.service);
  diff.before_index = static_cast<std::uint32_t>(i);
  diff.after_index = static_cast<std::uint32_t>(k);
  for (const FigureRow& row : figure_table())
    if (row.in_diff) diff.figures.push_back(compare_figure(row, a, b));
  diff.verdict = judge_fix(a.service, b.service, diff.figures);
  return diff;
}

DiffSide side_of(const Snapshot& snapshot) {
  return {snapshot.host.hostname, snapshot.run.started_at, snapshot.run.duration};
}

LoneService lone(const ServiceRow& service, bool ambiguous) {
  return {service.endpoint, service.counts.connections(), label_of(service), ambiguous};
}

}  // namespace

Diff compare(const Snapshot& before, const Snapshot& after) { return compare(before, after, {}).value(); }

Result<Diff> compare(const Snapshot& before, const Snapshot& after, std::span<const AskedPair> asked) {
  const Result<Pairing> pairing = pair_services(before, after, asked);
  if (!pairing) return tl::unexpected(pairing.error());
  Diff diff;
  diff.before = side_of(before);
  diff.after = side_of(after);
  std::vector<bool> matched(before.services.size());
  for (std::size_t k = 0; k < after.services.size(); ++k) {
    const std::optional<Pair>& pair = pairing->of_after[k];
    if (!pair) {
      diff.only_after.push_back(lone(after.services[k], pairing->ambiguous_after[k]));
      continue;
    }
    matched[pair->before] = true;
    diff.services.push_back(compare_service(before, pair->before, after, k));
    diff.services.back().paired_by = pair->by;
  }
  for (std::size_t i = 0; i < matched.size(); ++i)
    if (!matched[i]) diff.only_before.push_back(lone(before.services[i], pairing->ambiguous_before[i]));
  return diff;
}

}  // namespace acceptscope
