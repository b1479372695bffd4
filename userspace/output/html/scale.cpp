// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/scale.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "text/time_text.hpp"

namespace acceptscope {
namespace {

using namespace std::chrono_literals;

/// Steps as on a clock face.
constexpr std::array<Nanoseconds, 23> kClockSteps = {100ms, 200ms, 500ms, 1s, 2s, 5s, 10s, 15s, 30s, 1min, 2min, 5min,
                                                     10min, 15min, 30min, 1h, 2h, 3h, 6h,  12h, 24h, 48h,  168h};

double difference_ns(Instant a, Instant b) { return static_cast<double>(a.unix_ns) - static_cast<double>(b.unix_ns); }

}  // namespace

std::vector<double> count_marks(double max, std::size_t most) {
  const double intervals = static_cast<double>(std::max<std::size_t>(most, 1));
  double step = 1;
  for (int i = 0; step * intervals < max && i < 120; ++i) step *= i % 3 == 1 ? 2.5 : 2;
  std::vector<double> marks{0};
  do marks.push_back(step * static_cast<double>(marks.size()));
  while (marks.back() < max && marks.size() <= most);
  return marks;
}

std::vector<Nanoseconds> duration_marks(Nanoseconds from, Nanoseconds to) {
  const bool narrow = static_cast<double>(to.count()) <= 100 * static_cast<double>(from.count());
  std::vector<Nanoseconds> marks;
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max() / 10;
  for (std::int64_t decade = 1; decade <= to.count(); decade *= 10) {
    for (const std::int64_t factor : {1, 2, 5})
      if ((narrow || factor == 1) && decade * factor >= from.count() && decade * factor <= to.count())
        marks.emplace_back(decade * factor);
    if (decade > kLast) break;
  }
  return marks;
}

std::string clock_text(Instant instant, bool tenths) {
  std::string text;
  InstantText{}.append(text, instant);  // 2024-05-01T14:02:11.000000042Z
  return text.substr(11, tenths ? 10 : 8);
}

TimeAxis::TimeAxis(Instant from, Instant to) : from_(from), span_ns_(std::max(1.0, difference_ns(to, from))) {}

double TimeAxis::place(Instant instant) const { return std::clamp(difference_ns(instant, from_) / span_ns_, 0.0, 1.0); }

std::vector<Instant> TimeAxis::marks(std::size_t most) const {
  const auto fits = [&](std::int64_t step) {
    return span_ns_ / static_cast<double>(step) <= static_cast<double>(most);
  };
  const auto found =
      std::find_if(kClockSteps.begin(), kClockSteps.end(), [&](Nanoseconds s) { return fits(s.count()); });
  constexpr std::int64_t kFarthest = std::numeric_limits<std::int64_t>::max() / 2;
  std::int64_t step = found == kClockSteps.end() ? kClockSteps.back().count() : found->count();
  while (!fits(step) && step < kFarthest) step *= 2;
  std::vector<Instant> marks;
  std::int64_t at = from_.unix_ns - from_.unix_ns % step;
  if (at < from_.unix_ns) at += std::min(step, std::numeric_limits<std::int64_t>::max() - at);
  for (; difference_ns({at}, from_) <= span_ns_ && marks.size() <= most; at += step) {
    marks.push_back({at});
    if (at > std::numeric_limits<std::int64_t>::max() - step) break;
  }
  return marks;
}

ColourSteps::ColourSteps(double least, double most) {
  least = std::max(least, std::numeric_limits<double>::min());
  most = std::max(most, least);
  const bool grows = most > 50 * least;
  for (std::size_t i = 1; i <= kLevels; ++i) {
    const double part = static_cast<double>(i) / kLevels;
    const double bound = grows ? least * std::pow(most / least, part) : most * part;
    const double upper = i == kLevels ? most : std::ceil(bound);
    if (upper_.empty() || upper > upper_.back()) upper_.push_back(std::min(upper, most));
  }
  upper_.erase(std::unique(upper_.begin(), upper_.end()), upper_.end());
}

std::size_t ColourSteps::level(double value) const {
  if (!(value > 0)) return 0;
  const auto found = std::lower_bound(upper_.begin(), upper_.end(), value);
  return std::min(static_cast<std::size_t>(found - upper_.begin()) + 1, upper_.size());
}

std::size_t ColourSteps::colour(std::size_t level) const {
  if (level == 0 || upper_.size() == 1) return level == 0 ? 0 : kLevels - 2;
  return 1 + (level - 1) * (kLevels - 1) / (upper_.size() - 1);
}

}  // namespace acceptscope
