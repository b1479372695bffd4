// SPDX-License-Identifier: BSD-2-Clause
/// Text that somebody else chose.
#pragma once

#include <compare>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace acceptscope {

/// Text from outside, hostile until escaped: command names, command lines, cgroups, and every text of a dump, which
/// somebody may have written. It can be compared, kept and extended. Nothing prints it: there is no conversion to a
/// string, no formatter and no place in a styled line or a page. escape_text() makes of it what a terminal may show.
class OutsideText {
 public:
  OutsideText() = default;
  OutsideText(std::string text) : text_(std::move(text)) {}
  OutsideText(std::string_view text) : text_(text) {}
  OutsideText(const char* text) : text_(text) {}

  /// The bytes themselves, to match and to store. scripts/check-rooms lets only the rooms have them that print nothing.
  [[nodiscard]] const std::string& raw() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  /// What is added becomes text from outside.
  OutsideText& operator+=(const OutsideText& more) {
    text_ += more.text_;
    return *this;
  }
  friend OutsideText operator+(OutsideText left, const OutsideText& right) { return left += right; }

  friend bool operator==(const OutsideText&, const OutsideText&) = default;
  friend auto operator<=>(const OutsideText&, const OutsideText&) = default;
  /// For the messages of tests.
  friend void PrintTo(const OutsideText& text, std::ostream* to) { *to << '"' << text.text_ << '"'; }

 private:
  std::string text_;
};

/// The texts one after the other, with `between` between them.
[[nodiscard]] inline OutsideText joined(std::span<const OutsideText> texts, std::string_view between) {
  OutsideText all;
  for (const OutsideText& text : texts) {
    if (&text != texts.data()) all += between;
    all += text;
  }
  return all;
}

}  // namespace acceptscope
