// SPDX-License-Identifier: BSD-2-Clause
#include "model/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace acceptscope {
namespace {

using Relation = Condition::Relation;

constexpr std::array<std::pair<std::string_view, Relation>, 5> kRelations{{{"<=", Relation::at_most},
                                                                           {">=", Relation::at_least},
                                                                           {"==", Relation::equal},
                                                                           {"<", Relation::less},
                                                                           {">", Relation::more}}};

/// The dimension of a number; a figure may be compared only with numbers of its own dimension.
enum class Dimension : std::uint8_t { number, seconds, share };

struct Suffix {
  std::string_view name;
  Dimension dimension;
  double factor;
};

constexpr std::array kSuffixes{Suffix{"ns", Dimension::seconds, 1e-9}, Suffix{"us", Dimension::seconds, 1e-6},
                               Suffix{"ms", Dimension::seconds, 1e-3}, Suffix{"s", Dimension::seconds, 1},
                               Suffix{"m", Dimension::seconds, 60},    Suffix{"h", Dimension::seconds, 3'600},
                               Suffix{"%", Dimension::share, 0.01}};

constexpr auto kExample = "such as effective_workers<0.5*workers or accept_wait_p95>10ms";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Dimension dimension_of(FigureUnit unit) {
  if (unit == FigureUnit::seconds) return Dimension::seconds;
  return unit == FigureUnit::share ? Dimension::share : Dimension::number;
}

/// Removes the number at the beginning of `text` and returns it.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (code != std::errc{} || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  text = trimmed(text);
  return value;
}

std::string known_figures() {
  std::string names;
  for (const FigureRow& row : figure_table()) names += (names.empty() ? "known are " : ", ") + std::string(row.name);
  return names + "; of AFTER, or with before. or change. in front";
}

/// A term and its dimension; a bare number fits every dimension.
struct ParsedTerm {
  ConditionTerm term;
  std::optional<Dimension> dimension;
};

Result<ParsedTerm> parse_figure(std::string_view name, ConditionTerm term) {
  const std::string typed(name);
  for (const auto& [prefix, of] : {std::pair{std::string_view("before."), ConditionTerm::Of::before},
                                   std::pair{std::string_view("change."), ConditionTerm::Of::change},
                                   std::pair{std::string_view("after."), ConditionTerm::Of::after}}) {
    if (!name.starts_with(prefix)) continue;
    term.of = of;
    name.remove_prefix(prefix.size());
    break;
  }
  term.figure = find_figure(name);
  if (term.figure == nullptr) return failure("no figure is called '" + typed + "'", known_figures());
  return ParsedTerm{term, dimension_of(term.figure->unit)};
}

Result<ParsedTerm> parse_term(std::string_view text) {
  text = trimmed(text);
  ConditionTerm term;
  term.text = std::string(text);
  if (text.empty()) return failure("one side is empty", kExample);
  const std::optional<double> number = take_number(text);
  if (!number) return parse_figure(text, std::move(term));
  term.factor = *number;
  if (text.empty()) return ParsedTerm{term, std::nullopt};
  if (text.front() == '*') return parse_figure(trimmed(text.substr(1)), std::move(term));
  const auto suffix =
      std::find_if(kSuffixes.begin(), kSuffixes.end(), [&](const Suffix& candidate) { return candidate.name == text; });
  if (suffix == kSuffixes.end())
    return failure(fmt::format("'{}' is no unit", text), "units are ns, us, ms, s, m, h and %");
  term.factor *= suffix->factor;
  return ParsedTerm{term, suffix->dimension};
}

/// The data that a condition is checked on.
struct Scene {
  const ServiceRow* before = nullptr;  ///< null: only AFTER has the service
  Nanoseconds before_run{0};
  const ServiceRow* after = nullptr;
  Nanoseconds after_run{0};
};

std::optional<double> value_of(const ConditionTerm& term, const Scene& scene) {
  if (term.figure == nullptr) return term.factor;
  std::optional<double> after = term.figure->of(*scene.after, scene.after_run);
  std::optional<double> before;
  if (scene.before != nullptr) before = term.figure->of(*scene.before, scene.before_run);
  std::optional<double> value = term.of == ConditionTerm::Of::before ? before : after;
  if (term.of == ConditionTerm::Of::change && value) value = before ? std::optional(*after - *before) : std::nullopt;
  if (value) *value *= term.factor;
  return value;
}

bool compare_values(double left, Relation relation, double right) {
  switch (relation) {
    case Relation::less: return left < right;
    case Relation::at_most: return left <= right;
    case Relation::more: return left > right;
    case Relation::at_least: return left >= right;
    case Relation::equal: return left == right;
  }
  return false;
}

ConditionOutcome outcome(const Condition& condition, const Scene& scene) {
  ConditionOutcome result{condition.text, scene.after->endpoint, std::nullopt, {}};
  const std::optional<double> left = value_of(condition.left, scene);
  const std::optional<double> right = value_of(condition.right, scene);
  if (left && right) result.holds = compare_values(*left, condition.relation, *right);
  for (const auto& [term, value] : {std::pair{&condition.left, left}, std::pair{&condition.right, right}}) {
    if (term->figure == nullptr) continue;
    const auto written = term->of == ConditionTerm::Of::change ? figure_change_text : figure_text;
    result.figures += fmt::format("{}{} is {}", result.figures.empty() ? "" : ", ", term->text,
                                  value ? written(term->figure->unit, value) : "not known");
  }
  return result;
}

}  // namespace

Result<Condition> parse_condition(std::string_view text) {
  const std::size_t at = text.find_first_of("<>=");
  if (at == std::string_view::npos) return failure("no comparison in it", kExample);
  const auto relation = std::find_if(kRelations.begin(), kRelations.end(),
                                     [&](const auto& r) { return text.substr(at).starts_with(r.first); });
  if (relation == kRelations.end()) return failure("'=' is no comparison", "comparisons are < <= > >= ==");
  Result<ParsedTerm> left = parse_term(text.substr(0, at));
  if (!left) return tl::unexpected(left.error());
  Result<ParsedTerm> right = parse_term(text.substr(at + relation->first.size()));
  if (!right) return tl::unexpected(right.error());
  if (left->term.figure == nullptr && right->term.figure == nullptr) return failure("no figure in it", kExample);
  if (left->dimension && right->dimension && left->dimension != right->dimension)
    return failure("the two sides are not in the same unit",
                   "times are compared with times, shares with shares, counts with counts");
  return Condition{std::string(trimmed(text)), std::move(left->term), std::move(right->term), relation->second};
}

std::vector<ConditionOutcome> check(const std::vector<Condition>& conditions, const Snapshot& before,
                                    const Snapshot& after, const Diff& diff) {
  std::vector<ConditionOutcome> outcomes;
  for (std::size_t k = 0; k < after.services.size(); ++k) {
    Scene scene{nullptr, before.run.duration, &after.services[k], after.run.duration};
    for (const ServiceDiff& match : diff.services)
      if (match.after_index == k) scene.before = &before.services[match.before_index];
    for (const Condition& condition : conditions) outcomes.push_back(outcome(condition, scene));
  }
  return outcomes;
}

}  // namespace acceptscope
