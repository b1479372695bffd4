// SPDX-License-Identifier: BSD-2-Clause
/// What a search and a filter of the user look at: the rows as escaped text, the case of ASCII letters apart.
#include <fmt/format.h>

#include <algorithm>

#include "output/tui/parts.hpp"
#include "output/words/worker_cells.hpp"
#include "text/escape.hpp"

namespace acceptscope {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::string utf8(std::u32string_view typed) {
  std::string text;
  const auto put = [&text](char32_t bits) { text.push_back(static_cast<char>(bits)); };
  for (const char32_t c : typed) {
    if (c < 0x80) {
      put(c);
      continue;
    }
    put(c < 0x800 ? 0xc0 | c >> 6 : c < 0x10000 ? 0xe0 | c >> 12 : 0xf0 | c >> 18);
    if (c >= 0x10000) put(0x80 | (c >> 12 & 0x3f));
    if (c >= 0x800) put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
  return text;
}

std::string text_of(const ServiceRow& service) {
  return service.endpoint.to_string() + " " + escape_text(service.verdict.summary);
}

std::string text_of(const ServiceRow& service, const WorkerRow& worker) {
  return pid_text(worker) + " " + command_text(service, worker, false) + " " +
         escape_text(worker.cmdline.value_or(OutsideText()));
}

std::string text_of(const ConnectionRow& row) { return row.peer.to_string(); }

template <class... Rows>
bool has_text(std::u32string_view typed, const Rows&... rows) {
  return typed.empty() || lower(text_of(rows...)).find(lower(typed_text(typed, false))) != std::string::npos;
}

}  // namespace

std::string typed_text(std::u32string_view typed, bool ascii) { return escape_text(utf8(typed), {.ascii = ascii}); }

bool is_match(const ServiceRow& row, std::u32string_view typed) { return has_text(typed, row); }
bool is_match(const ServiceRow& service, const WorkerRow& row, std::u32string_view typed) {
  return has_text(typed, service, row);
}
bool is_match(const ConnectionRow& row, std::u32string_view typed) { return has_text(typed, row); }

}  // namespace acceptscope
