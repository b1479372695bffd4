// SPDX-License-Identifier: BSD-2-Clause
/// The strips of the last ticks: what they show, and in which scale.
#include <fmt/format.h>

#include <algorithm>

#include "model/serving.hpp"
#include "output/tui/parts.hpp"
#include "text/bar.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

std::uint64_t value_of(const TickSample& sample, TuiHeat heat) {
  switch (heat) {
    case TuiHeat::busy: return static_cast<std::uint64_t>(sample.busy.count());
    case TuiHeat::cpu: return static_cast<std::uint64_t>(sample.cpu.count());
    case TuiHeat::traffic: return sample.bytes;
    case TuiHeat::accepts: return sample.accepts;
    case TuiHeat::open: return sample.open;
  }
  return 0;
}

Style heat_style(std::size_t level) {
  if (level == 0) return Style::faint;
  return level <= 3 ? Style::heat_low : level <= 6 ? Style::heat_mid : Style::heat_high;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

/// The ticks that a strip of this width has.
std::size_t ticks_of(const TuiScene& scene, std::size_t width) { return std::min(scene.history.ticks(), width); }

}  // namespace

TuiHeat shown_heat(const ServiceRow& service, TuiHeat chosen) {
  const auto is_known = [](const WorkerRow& worker) { return worker.cpu_time.has_value(); };
  if (chosen == TuiHeat::busy && !counts_requests(service)) return TuiHeat::traffic;
  if (chosen == TuiHeat::cpu && std::ranges::none_of(service.workers, is_known)) return TuiHeat::traffic;
  return chosen;
}

std::uint64_t most_of(const TuiScene& scene, const History::Ticks& samples, TuiHeat heat, std::size_t width) {
  std::uint64_t most = 0;
  for (std::size_t i = samples.size() - ticks_of(scene, width); i < samples.size(); ++i)
    most = std::max(most, value_of(samples[i], heat));
  return most;
}

StyledLine strip(const TuiScene& scene, const History::Ticks& samples, TuiHeat heat, std::size_t width,
                 std::uint64_t most) {
  const std::size_t ticks = ticks_of(scene, width);
  StyledLine line;
  line.add_spaces(width - ticks);
  for (std::size_t i = samples.size() - ticks; i < samples.size(); ++i) {
    const std::uint64_t value = value_of(samples[i], heat);
    line.add(spark(value, most, scene.options.ascii), heat_style(spark_level(value, most)));
  }
  return line;
}

StyledLine strip_header(const TuiScene& scene, TuiHeat heat, std::size_t width) {
  const Nanoseconds span = scene.snapshot.run.interval * static_cast<std::int64_t>(ticks_of(scene, width));
  const std::string name = upper(enum_name(heat));
  const std::string longer = fmt::format("{}, last {}", name, duration_text(span, scene.options.ascii));
  if (scene.history.ticks() == 0 || longer.size() > width) return StyledLine().add_right(name, width, Style::faint);
  StyledLine line(longer, Style::faint);
  return line.width() + 4 > width ? line : line.add_right("now", width - line.width(), Style::faint);
}

}  // namespace acceptscope
