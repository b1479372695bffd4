// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/cost_words.hpp"

#include <fmt/format.h>

#include <cmath>

#include "text/numbers.hpp"

namespace acceptscope {
namespace {

/// "850 ns": in nanoseconds throughout, because "1 µs" would be too coarse.
std::string per_event(const std::optional<double>& ns, std::string_view event) {
  return ns ? fmt::format("{} ns per {}", count_text(static_cast<std::uint64_t>(std::llround(*ns))), event) : "";
}

std::string in_the_kernel(const Overhead& overhead) {
  std::string events = per_event(overhead.bpf_ns_per_accept, "accept");
  const std::string closes = per_event(overhead.bpf_ns_per_close, "close");
  if (!events.empty() && !closes.empty()) events += ", ";
  events += closes;
  if (!overhead.bpf_cpu) return events;
  return fmt::format("{} of one CPU in the kernel{}", share_text(*overhead.bpf_cpu),
                     events.empty() ? "" : fmt::format(" ({})", events));
}

}  // namespace

std::string cost_text(const Overhead& overhead, Nanoseconds duration) {
  std::string text = in_the_kernel(overhead);
  const double seconds = std::chrono::duration<double>(duration).count();
  const double own = overhead.cpu_seconds_user + overhead.cpu_seconds_system;
  if (seconds > 0) {
    if (!text.empty()) text += ", ";
    text += share_text(own / seconds);
    text += overhead.bpf_cpu ? " in acceptscope" : " of one CPU in acceptscope";
  }
  return fmt::format("{}{}{} of memory", text, text.empty() ? "" : ", ", bytes_text(overhead.max_rss_bytes));
}

}  // namespace acceptscope
