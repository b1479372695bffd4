// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/diff_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/figures.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

bool knows_requests(std::span<const ServiceDiff> services, std::optional<double> FigureChange::*side) {
  return std::any_of(services.begin(), services.end(), [side](const ServiceDiff& service) {
    return std::any_of(service.figures.begin(), service.figures.end(), [side](const FigureChange& change) {
      return change.figure == "requests" && (change.*side).has_value();
    });
  });
}

/// "0.0.0.0:8080 (docker web)"
std::string named(const Endpoint& endpoint, const std::optional<OutsideText>& label, bool ascii) {
  if (!label) return endpoint.to_string();
  return fmt::format("{} ({})", endpoint.to_string(), escape_text(*label, {.ascii = ascii}));
}

}  // namespace

std::string diff_name(const ServiceDiff& service, bool ascii) {
  const std::string now = named(service.endpoint, service.label, ascii);
  const std::string then = named(service.endpoint_before, service.label_before, ascii);
  return now == then ? now : fmt::format("{} (before: {})", now, then);
}

OutsideText fix_sentence(const ServiceDiff& service) {
  const OutsideText& summary = service.verdict.summary;
  switch (service.paired_by) {
    case PairedBy::command: return summary + " (paired by the commands of the workers, a guess; --pair says it)";
    case PairedBy::rest:
      if (service.endpoint != service.endpoint_before) break;  // the name says so
      return summary + " (paired because no other is left, a guess; --pair says it)";
    case PairedBy::address:
    case PairedBy::processes:
    case PairedBy::name:
    case PairedBy::user: break;
  }
  return summary;
}

std::string_view fix_word(FixCode code) {
  switch (code) {
    case FixCode::fixed: return "FIXED";
    case FixCode::better: return "BETTER";
    case FixCode::unchanged: return "UNCHANGED";
    case FixCode::worse: return "WORSE";
    case FixCode::too_few_connections: return "UNDECIDED";
  }
  return "UNDECIDED";
}

std::string side_text(const DiffSide& side, bool ascii) {
  return fmt::format("{}, {}, {}", escape_text(side.hostname, {.ascii = ascii}), instant_text(side.started_at),
                     duration_text(side.duration, ascii));
}

std::array<std::string, 6> figure_cells(const FigureChange& change, bool ascii) {
  const auto value = [&](const std::optional<double>& of) { return sentence(figure_text(change.unit, of), ascii); };
  return {change.figure,       value(change.before),    value(change.after), sentence(change_text(change), ascii),
          chance_text(change), change.test.value_or("")};
}

std::vector<std::string> lone_services(const Diff& diff, bool ascii) {
  std::vector<std::string> lines;
  const auto add = [&](const std::vector<LoneService>& services, std::string_view where) {
    for (const LoneService& service : services)
      lines.push_back(fmt::format("{} {}: {}, {}{}", service.ambiguous ? "Not paired, of" : "Only in", where,
                                  named(service.endpoint, service.label, ascii),
                                  count_of(service.connections, "connection"),
                                  service.ambiguous ? "; several at this address are alike: --pair BEFORE=AFTER" : ""));
  };
  add(diff.only_before, "BEFORE");
  add(diff.only_after, "AFTER");
  return lines;
}

std::string_view condition_word(const ConditionOutcome& outcome) {
  return !outcome.holds ? "UNDECIDED" : *outcome.holds ? "FAIL" : "ok";
}

std::string condition_text(const ConditionOutcome& outcome, bool ascii) {
  return fmt::format("{}  {}: {}", outcome.endpoint.to_string(), escape_text(outcome.condition, {.ascii = ascii}),
                     sentence(outcome.figures, ascii));
}

std::string change_text(const FigureChange& change) {
  const std::string text = figure_change_text(change.unit, change.change);
  return change.change.value_or(0) > 0 ? "+" + text : text;
}

std::string chance_text(const FigureChange& change) {
  if (!change.p_value) return {};
  const std::string p = p_value_text(*change.p_value);
  if (*change.p_value >= kSignificance) return fmt::format("no ({})", p);
  switch (change.kind) {
    case ChangeKind::better: return fmt::format("yes ({}), better", p);
    case ChangeKind::worse: return fmt::format("yes ({}), worse", p);
    case ChangeKind::changed: return fmt::format("yes ({})", p);
    default: return fmt::format("yes ({}), but little", p);
  }
}

std::vector<std::string> diff_notes(std::span<const ServiceDiff> services) {
  std::vector<std::string> notes{
      fmt::format("More than chance: p below {}, two-sided. Little: less than {} % of the figure before.",
                  kSignificance, kMaterialChange * 100),
      "Lifetimes are of closed connections; accepts and requests are taken to come independently of one another."};
  const bool before = knows_requests(services, &FigureChange::before);
  const bool after = knows_requests(services, &FigureChange::after);
  if (!before || !after)
    notes.push_back(fmt::format("Requests were not counted in {}.", before  ? "AFTER"
                                                                    : after ? "BEFORE"
                                                                            : "either dump"));
  return notes;
}

}  // namespace acceptscope
