// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/markup.hpp"

#include <fmt/format.h>

#include <cmath>

#include "text/escape.hpp"

namespace acceptscope {

std::string html_escape(std::string_view visible) {
  std::string text;
  for (const char c : visible) {
    switch (c) {
      case '&': text += "&amp;"; break;
      case '<': text += "&lt;"; break;
      case '>': text += "&gt;"; break;
      case '"': text += "&quot;"; break;
      case '\'': text += "&#39;"; break;
      default: text += c;
    }
  }
  return text;
}

std::string html_text(const OutsideText& raw) { return html_escape(escape_text(raw)); }

std::string folded(std::string_view summary, std::string_view content) {
  if (content.empty()) return {};
  return fmt::format("<details>\n<summary>{}</summary>\n{}</details>\n", html_escape(summary), content);
}

std::string coordinate(double value) {
  if (!std::isfinite(value)) return "0";
  const double tenths = std::round(value * 10);
  if (tenths == 0) return "0";
  std::string text = fmt::format("{:.1f}", tenths / 10);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

}  // namespace acceptscope
