// SPDX-License-Identifier: BSD-2-Clause
/// The user's selection, as text and as values: port lists and durations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/clock.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// Ports `first` to `last`, both included, 1..65535.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  bool operator==(const PortRange&) const = default;
};

/// A set of TCP ports. It is empty if the user selected none; the caller defines what that means.
class PortSet {
 public:
  PortSet() = default;

  /// From "8000", "80,443", "8000-8010" and mixtures; blanks around the items are ignored, an empty item is an error.
  [[nodiscard]] static Result<PortSet> parse(std::string_view text);

  /// Adds the ports of `other`: for an option that may be repeated.
  void merge(const PortSet& other);

  [[nodiscard]] bool contains(std::uint16_t port) const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  /// Number of ports, 0..65535.
  [[nodiscard]] std::size_t size() const;
  /// Rising, disjoint, never adjacent.
  [[nodiscard]] const std::vector<PortRange>& ranges() const { return ranges_; }
  /// One item per range: {"80", "8000-8010"}.
  [[nodiscard]] std::vector<std::string> items() const;
  /// "80,8000-8010"; parse() of it gives the same set. Empty for the empty set.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const PortSet&) const = default;

 private:
  void add(PortRange range);

  std::vector<PortRange> ranges_;
};

/// Whether a glob (fnmatch(3)) matches `text`. What is empty matches nothing.
[[nodiscard]] bool matches_glob(const std::string& glob, const std::string& text);

/// Whether --comm selects a command name: one of `globs` matches it, or there is none.
[[nodiscard]] bool selects_comm(const std::vector<std::string>& globs, const std::string& comm);

/// The longest accepted duration: one year of 365 days, far from an overflow in any sum of clock readings.
inline constexpr Nanoseconds kLongestDuration = std::chrono::hours{24 * 365};

/// From "60", "60s", "2m", "500ms", "1h", "1.5": a decimal number with an optional unit (ms, s, m, h), seconds without.
/// At least one nanosecond after rounding, at most kLongestDuration.
[[nodiscard]] Result<Nanoseconds> parse_duration(std::string_view text);

}  // namespace acceptscope
