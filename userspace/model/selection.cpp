// SPDX-License-Identifier: BSD-2-Clause
#include "model/selection.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace acceptscope {
namespace {

constexpr std::uint32_t kHighestPort = 65535;
constexpr auto kPortHint = "ports are 1 to 65535, such as 8000, 80,443 or 8000-8010";
constexpr auto kDurationHint = "such as 60, 60s, 2m, 1h, 500ms or 1.5";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<std::uint16_t> parse_port(std::string_view text) {
  if (!is_number(text)) return failure(fmt::format("'{}' is not a port number", text), kPortHint);
  std::uint32_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (code != std::errc{} || port == 0 || port > kHighestPort) {
    return failure(fmt::format("port {} is out of range", text), kPortHint);
  }
  return static_cast<std::uint16_t>(port);
}

/// "8000" or "8000-8010".
Result<PortRange> parse_range(std::string_view item) {
  if (item.empty()) return failure("a port list has an empty item", kPortHint);
  const auto dash = item.find('-');
  if (dash == std::string_view::npos) return parse_port(item).map([](auto port) { return PortRange{port, port}; });

  const std::string_view low = trimmed(item.substr(0, dash));
  const std::string_view high = trimmed(item.substr(dash + 1));
  if (low.empty() || high.empty()) return failure(fmt::format("port range '{}' lacks an end", item), kPortHint);
  const auto first = parse_port(low);
  if (!first) return tl::unexpected(first.error());
  const auto last = parse_port(high);
  if (!last) return tl::unexpected(last.error());
  if (*first > *last) {
    return failure(fmt::format("port range '{}' runs backwards", item),
                   fmt::format("write it as {}-{}", *last, *first));
  }
  return PortRange{*first, *last};
}

std::string text_of(const PortRange& range) {
  return range.first == range.last ? fmt::format("{}", range.first) : fmt::format("{}-{}", range.first, range.last);
}

struct DurationUnit {
  std::string_view suffix;
  double nanoseconds;
};
constexpr std::array<DurationUnit, 5> kDurationUnits{{
    {"", 1e9},
    {"ms", 1e6},
    {"s", 1e9},
    {"m", 60e9},
    {"h", 3600e9},
}};

std::optional<double> nanoseconds_per(std::string_view suffix) {
  for (const DurationUnit& unit : kDurationUnits) {
    if (unit.suffix == suffix) return unit.nanoseconds;
  }
  return std::nullopt;
}

}  // namespace

Result<PortSet> PortSet::parse(std::string_view text) {
  PortSet ports;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const auto range = parse_range(trimmed(text.substr(start, end - start)));
    if (!range) return tl::unexpected(range.error());
    ports.add(*range);
    start = end + 1;
  }
  return ports;
}

void PortSet::merge(const PortSet& other) {
  for (const PortRange& range : other.ranges_) add(range);
}

bool PortSet::contains(std::uint16_t port) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [port](const PortRange& range) { return range.first <= port && port <= range.last; });
}

std::size_t PortSet::size() const {
  std::size_t ports = 0;
  for (const PortRange& range : ranges_) ports += std::size_t{range.last} - range.first + 1;
  return ports;
}

std::vector<std::string> PortSet::items() const {
  std::vector<std::string> items;
  for (const PortRange& range : ranges_) items.push_back(text_of(range));
  return items;
}

std::string PortSet::to_string() const {
  std::string text;
  for (const PortRange& range : ranges_) {
    if (!text.empty()) text += ',';
    text += text_of(range);
  }
  return text;
}

void PortSet::add(PortRange range) {
  ranges_.push_back(range);
  std::sort(ranges_.begin(), ranges_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<PortRange> joined;
  for (const PortRange& next : ranges_) {
    if (!joined.empty() && next.first <= std::uint32_t{joined.back().last} + 1) {
      joined.back().last = std::max(joined.back().last, next.last);
    } else {
      joined.push_back(next);
    }
  }
  ranges_ = std::move(joined);
}

Result<Nanoseconds> parse_duration(std::string_view text) {
  const std::string_view number_and_unit = trimmed(text);
  if (number_and_unit.empty()) return failure("a duration is empty", kDurationHint);
  const bool negative = number_and_unit.front() == '-';
  const std::string_view magnitude = negative ? number_and_unit.substr(1) : number_and_unit;
  const bool digits_first = !magnitude.empty() && (is_number(magnitude.substr(0, 1)) || magnitude.front() == '.');
  if (!digits_first) return failure(fmt::format("'{}' is not a duration", text), kDurationHint);

  double value = 0;
  const char* const end = magnitude.data() + magnitude.size();
  const auto [rest, code] = std::from_chars(magnitude.data(), end, value, std::chars_format::fixed);
  if (code == std::errc::invalid_argument) return failure(fmt::format("'{}' is not a duration", text), kDurationHint);
  const auto unit = nanoseconds_per(trimmed({rest, static_cast<std::size_t>(end - rest)}));
  if (!unit) return failure(fmt::format("'{}' is not a duration", text), kDurationHint);

  const double longest = static_cast<double>(kLongestDuration.count());
  if (negative) return failure(fmt::format("duration '{}' is negative", text), kDurationHint);
  if (code != std::errc{} || value * *unit > longest) {
    return failure(fmt::format("duration '{}' is too long", text), "at most 8760h, one year");
  }
  const Nanoseconds duration{std::llround(value * *unit)};
  if (duration > Nanoseconds::zero()) return duration;
  return failure(fmt::format("duration '{}' is not positive", text), kDurationHint);
}

bool matches_glob(const std::string& glob, const std::string& text) {
  return !text.empty() && fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

bool selects_comm(const std::vector<std::string>& globs, const std::string& comm) {
  const auto matches = [&comm](const std::string& glob) { return fnmatch(glob.c_str(), comm.c_str(), 0) == 0; };
  return globs.empty() || std::ranges::any_of(globs, matches);
}

}  // namespace acceptscope
