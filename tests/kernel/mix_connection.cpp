// SPDX-License-Identifier: BSD-2-Clause
// One connection of the mix against its record.
#include <fmt/format.h>

#include <algorithm>

#include "comparison.hpp"
#include "mix_check.hpp"

namespace acceptscope::test {
namespace {

double seconds(std::int64_t ns) { return static_cast<double>(ns) * 1e-9; }

/// Sentences about one record.
class Findings {
 public:
  explicit Findings(const json& record) : record_(record) {}

  void expect(const char* field, const json& actual, const json& expected) {
    if (actual != expected)
      list_.push_back(fmt::format("{} is {}, should be {}", field, actual.dump(), expected.dump()));
  }
  void expect(const char* field, const json& expected) { expect(field, record_[field], expected); }

  void expect_range(const char* field, const json& range) {
    const json& actual = record_[field];
    if (actual.is_number() && actual >= range[0] && actual <= range[1]) return;
    list_.push_back(fmt::format("{} is {}, should be in {}", field, actual.dump(), range.dump()));
  }

  /// Seconds from `low` to `high`, or a little outside. See tolerance_seconds() and compare_lifetime() in
  /// comparison.cpp.
  void expect_time(const char* field, double low, double high) {
    const json& actual = record_[field];
    const double held_by_a_walk = time_factor() > 4 ? 0.5 : 0;
    if (actual.is_number() && actual.get<double>() >= low - tolerance_seconds(low) &&
        actual.get<double>() <= high + tolerance_seconds(low) + held_by_a_walk)
      return;
    list_.push_back(fmt::format("{} is {}, should be in {:.6f} to {:.6f}", field, actual.dump(), low, high));
  }

  [[nodiscard]] std::vector<std::string> take() { return std::move(list_); }

 private:
  const json& record_;
  std::vector<std::string> list_;
};

void check_close(Findings& findings, const json& truth, const json& record) {
  if (truth["closed"].is_null()) {
    for (const char* field : {"closed_at", "lifetime_seconds", "close_reason"}) findings.expect(field, nullptr);
    return;
  }
  const json& reasons = truth["reasons"];
  if (std::ranges::find(reasons, record["close_reason"]) == reasons.end()) {
    findings.expect("close_reason", reasons.size() == 1 ? reasons[0] : reasons);
  }
  findings.expect("closed_by_pid", truth["closer"]);
  const auto at = [](const json& times, std::size_t i) { return times[i].get<std::int64_t>(); };
  const std::int64_t earliest_accept = std::max(at(truth["accept"], 0), at(truth["connect"], 0));
  findings.expect_time("lifetime_seconds",
                       seconds(std::max<std::int64_t>(0, at(truth["closed"], 0) - at(truth["accept"], 1))),
                       seconds(at(truth["closed"], 1) - earliest_accept));
}

}  // namespace

std::vector<std::string> differences_of_connection(const json& truth, const MixService& service, const json& record) {
  Findings findings(record);
  findings.expect("pid", truth["pid"]);
  findings.expect("tid", truth["tid"]);
  findings.expect("service", record["service"]["address"], std::get<1>(service));
  findings.expect("local", record["local"], truth["local"]);
  findings.expect("preexisting", false);
  findings.expect_range("bytes_received", truth["received"]);
  findings.expect_range("bytes_sent", truth["sent"]);
  findings.expect_time("accept_wait_seconds", 0,
                       seconds(truth["accept"][1].get<std::int64_t>() - truth["connect"][0].get<std::int64_t>()));
  check_close(findings, truth, record);
  return findings.take();
}

}  // namespace acceptscope::test
