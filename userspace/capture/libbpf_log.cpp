// SPDX-License-Identifier: BSD-2-Clause
#include "capture/libbpf_log.hpp"

#include <bpf/libbpf.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>
#include <vector>

namespace acceptscope {
namespace {

LibbpfLog* current = nullptr;  // libbpf's callback takes no user argument

/// The line that contains position `at`.
std::string_view line_at(std::string_view text, std::size_t at) {
  const std::size_t begin = text.rfind('\n', at) + 1;
  return text.substr(begin, text.find('\n', at) - begin);
}

/// The verifier's last message, just before its statistics ("processed 12 insns ..."); empty if there is none.
std::string_view verdict_of_verifier(std::string_view text) {
  const std::size_t statistics = text.find("\nprocessed ");
  if (statistics == std::string_view::npos || statistics == 0) return {};
  const std::string_view line = line_at(text, statistics - 1);
  return line.find("BEGIN PROG LOAD LOG") == std::string_view::npos ? line : std::string_view();
}

/// The first of libbpf's own lines that explains a failure.
std::string_view telling_line(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTelling{"failed to resolve", "not supported", "failed to find",
                                                     "load failed",       "cannot",        "failed"};
  for (const std::string_view word : kTelling)
    if (const std::size_t at = text.find(word); at != std::string_view::npos) return line_at(text, at);
  return {};
}

}  // namespace

struct LibbpfPrint {
  static int print(libbpf_print_level level, const char* format, va_list arguments) {
    if (current == nullptr || level == LIBBPF_DEBUG) return 0;
    va_list again;
    va_copy(again, arguments);
    const int length = std::vsnprintf(nullptr, 0, format, arguments);
    if (length > 0) {
      std::vector<char> line(static_cast<std::size_t>(length) + 1);
      std::vsnprintf(line.data(), line.size(), format, again);
      current->text_.append(line.data(), static_cast<std::size_t>(length));
    }
    va_end(again);
    return length;
  }
};

LibbpfLog::LibbpfLog() : outer_(current) {
  current = this;
  libbpf_set_print(&LibbpfPrint::print);
}

LibbpfLog::~LibbpfLog() { current = outer_; }

std::string LibbpfLog::reason() const {
  std::string_view found = verdict_of_verifier(text_);
  if (found.empty()) found = telling_line(text_);
  if (found.starts_with("libbpf: ")) found.remove_prefix(8);
  return std::string(found);
}

std::string libbpf_in_use() { return libbpf_version_string(); }

}  // namespace acceptscope
