// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/badge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "model/names.hpp"

namespace acceptscope {

std::string_view severity_sign(Severity severity) {
  switch (severity) {
    case Severity::ok: return "✔";
    case Severity::info: return "i";
    case Severity::warning: return "▲";
    case Severity::critical: return "✖";
  }
  return {};
}

std::string severity_badge(Severity severity) {
  const std::string_view name = enum_name(severity);
  std::string word(name);
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return fmt::format("<span class=\"badge {}\">{} {}</span>", name, severity_sign(severity), word);
}

}  // namespace acceptscope
