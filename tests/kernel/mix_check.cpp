// SPDX-License-Identifier: BSD-2-Clause
#include "mix_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "comparison.hpp"

namespace acceptscope::test {
namespace {

using Tuple = std::tuple<std::uint64_t, int, std::string, int>;

std::string name_of(const MixService& service) {
  return fmt::format("service {} port {} in netns {}", std::get<1>(service), std::get<2>(service),
                     std::get<0>(service));
}

std::string name_of(const json& connection) {
  return fmt::format("{}, connection {}, end {}, from port {}", connection["scene"].get<std::string>(),
                     connection["link"].dump(), connection["end"].get<std::string>(),
                     connection["client"]["port"].dump());
}

MixService key_of(const json& service) {
  return {service["netns"].get<std::uint64_t>(), service["address"].get<std::string>(), service["port"].get<int>()};
}

Range range_of(const json& pair) { return {pair[0].get<std::uint64_t>(), pair[1].get<std::uint64_t>()}; }

/// Adds an accepted connection.
void add_connection(MixSums& sums, const json& connection) {
  const bool closed = !connection["closed"].is_null();
  sums.accepts += {1, 1};
  (closed ? sums.closes : sums.open) += {1, 1};
  sums.bytes_received += range_of(connection["received"]);
  sums.bytes_sent += range_of(connection["sent"]);
  if (!closed) return;
  const json& reasons = connection["reasons"];
  for (const json& reason : reasons) sums.reasons[reason.get<std::string>()] += {reasons.size() == 1 ? 1U : 0U, 1};
}

/// Adds a connection of which nobody knows whether it was accepted; it is closed.
void add_doubtful(MixSums& sums) {
  for (Range* range : {&sums.accepts, &sums.closes, &sums.never_accepted}) *range += {0, 1};
  for (const char* reason : {"local", "peer", "reset", "worker_exit"}) sums.reasons[reason] += {0, 1};
}

/// What skipped programs can cause.
bool comes_of_skips(const std::string& loss) {
  static const std::set<std::string> kSome{"program_skipped", "missed_accept", "missed_close", "unattributed_accept",
                                           "unknown_close"};
  return kSome.contains(loss);
}

}  // namespace

Range& Range::operator+=(const Range& other) {
  low += other.low;
  high += other.high;
  return *this;
}

MixCheck::MixCheck(const json& truth, const Traced& traced, bool by_thread)
    : truth_(truth), traced_(traced), by_thread_(by_thread), skipped_(programs_skipped(traced.dump)) {
  check_scenes();
  sum_up();
  check_losses();
  check_services();
  check_workers();
  check_connections("dump", connections_of(traced.dump));
  check_connections("log", traced.log);
}

MixService MixCheck::service_of(const json& connection) const {
  return key_of(truth_["services"][connection["service"].get<std::size_t>()]);
}

bool MixCheck::is_ours(const json& service) const {
  const json& ours = truth_["netns"];
  return std::ranges::find(ours, service["netns"]) != ours.end();
}

/// A scene that could not be played is a mistake of the mix, not of the program.
void MixCheck::check_scenes() {
  for (const json& part : truth_["parts"]) {
    if (part["failure"] == "") continue;
    add(fmt::format("{} could not be played: {}", part["name"].get<std::string>(), part["failure"].get<std::string>()));
  }
  for (const json& connection : truth_["connections"]) {
    if (connection["fate"] == "unknown")
      add(name_of(connection) + ": nobody accepted it, and its scene does not say why");
  }
}

void MixCheck::sum_up() {
  for (const json& connection : truth_["connections"]) {
    const MixService service = service_of(connection);
    MixSums& sums = services_[service];
    const json& fate = connection["fate"];
    if (fate == "never_accepted") sums.never_accepted += {1, 1};
    if (fate == "doubtful") add_doubtful(sums);
    if (fate == "doubtful") ++doubtful_[service];
    if (fate != "accepted") continue;
    add_connection(sums, connection);
    const int tid = by_thread_ ? connection["tid"].get<int>() : 0;
    add_connection(workers_[{service, connection["pid"].get<int>(), tid}], connection);
  }
}

void MixCheck::check_losses() {
  for (const auto& [kind, count] : traced_.dump["losses"].items()) {
    if (count != 0 && !(skipped_ > 0 && comes_of_skips(kind))) add(fmt::format("losses.{} is {}", kind, count.dump()));
  }
  const json& broken = traced_.dump["consistency"]["broken"];
  if (!broken.empty()) add("consistency.broken: " + broken.dump());
  if (traced_.dump["connections_omitted"] != 0) add("the dump does not list every connection");
}

void MixCheck::compare(const std::string& name, const char* field, const json& actual, Range expected, bool is_count) {
  if (skipped_ > 0) {
    if (!is_count) return;
    expected.low -= std::min(expected.low, skipped_);
    expected.high += skipped_;
  }
  if (actual.is_number() && expected.contains(actual.get<std::uint64_t>())) return;
  const std::string wanted = expected.low == expected.high ? std::to_string(expected.low)
                                                           : fmt::format("{} to {}", expected.low, expected.high);
  add(fmt::format("{}: {} is {}, should be {}", name, field, actual.dump(), wanted));
}

void MixCheck::check_service(const json& service, const std::string& name, const MixSums& sums) {
  compare(name, "accepts", service["accepts"], sums.accepts);
  compare(name, "closes", service["closes"], sums.closes);
  compare(name, "open", service["open"], sums.open);
  compare(name, "never_accepted", service["never_accepted"], sums.never_accepted);
  compare(name, "preexisting", service["preexisting"], {});
  for (const char* reason : {"local", "peer", "reset", "worker_exit", "unknown"}) {
    const auto found = sums.reasons.find(reason);
    compare(name, reason, service["close_reasons"][reason], found == sums.reasons.end() ? Range{} : found->second);
  }
}

void MixCheck::check_services() {
  std::map<MixService, MixSums> missing = services_;
  for (const json& service : traced_.dump["services"]) {
    if (!is_ours(service)) continue;
    const MixService key = key_of(service);
    const auto found = services_.find(key);
    check_service(service, name_of(key), found == services_.end() ? MixSums{} : found->second);
    missing.erase(key);
  }
  for (const auto& [key, sums] : missing) {
    if (sums.accepts.low + sums.never_accepted.low > skipped_) add(name_of(key) + " is missing");
  }
}

void MixCheck::check_workers() {
  std::map<WorkerKey, MixSums> missing = workers_;
  for (const json& service : traced_.dump["services"]) {
    if (!is_ours(service) || doubtful_.contains(key_of(service))) continue;
    for (const json& worker : service["workers"]) {
      const int tid = worker["tid"].is_null() ? 0 : worker["tid"].get<int>();
      const WorkerKey key{key_of(service), worker["pid"].get<int>(), tid};
      const std::string name = fmt::format("worker {} of {}", std::get<1>(key), name_of(std::get<0>(key)));
      const auto found = workers_.find(key);
      const MixSums sums = found == workers_.end() ? MixSums{} : found->second;
      compare(name, "accepts", worker["accepts"], sums.accepts);
      compare(name, "closes", worker["closes"], sums.closes);
      compare(name, "open", worker["open"], sums.open);
      compare(name, "preexisting", worker["preexisting"], {});
      compare(name, "bytes_received", worker["bytes_received"], sums.bytes_received, false);
      compare(name, "bytes_sent", worker["bytes_sent"], sums.bytes_sent, false);
      missing.erase(key);
    }
  }
  for (const auto& [key, sums] : missing) {
    if (doubtful_.contains(std::get<0>(key)) || sums.accepts.low <= skipped_) continue;
    add(fmt::format("worker {} of {} is missing", std::get<1>(key), name_of(std::get<0>(key))));
  }
}

void MixCheck::check_connections(const char* where, const json& records) {
  std::map<Tuple, std::vector<const json*>> expected;
  std::map<Tuple, std::size_t> uncertain;
  for (const json& connection : truth_["connections"]) {
    if (connection["client"].is_null()) continue;
    const auto [netns, address, port] = service_of(connection);
    const Tuple tuple{netns, port, connection["client"]["address"].get<std::string>(),
                      connection["client"]["port"].get<int>()};
    if (connection["fate"] == "accepted") expected[tuple].push_back(&connection);
    if (connection["fate"] == "doubtful") ++uncertain[tuple];
  }
  std::map<Tuple, std::vector<const json*>> listed;
  for (const json& record : records) {
    if (!is_ours(record["service"])) continue;
    const Tuple tuple{record["service"]["netns"].get<std::uint64_t>(), record["service"]["port"].get<int>(),
                      record["peer"]["address"].get<std::string>(), record["peer"]["port"].get<int>()};
    listed[tuple].push_back(&record);
    expected[tuple];
  }
  std::vector<std::string> wrong;
  for (auto& [tuple, true_ones] : expected) {
    std::vector<const json*>& same = listed[tuple];
    if (same.size() < true_ones.size() || same.size() > true_ones.size() + uncertain[tuple]) {
      wrong.push_back(fmt::format("{}: {} records of {} connections from {} port {} to port {}{}{}", where, same.size(),
                                  true_ones.size(), std::get<2>(tuple), std::get<3>(tuple), std::get<1>(tuple),
                                  true_ones.empty() ? "" : ": ", true_ones.empty() ? "" : name_of(*true_ones.front())));
    }
    if (same.size() != true_ones.size()) continue;
    std::ranges::sort(true_ones, {}, [](const json* one) { return (*one)["accept"][1].get<std::uint64_t>(); });
    std::ranges::sort(same, {}, [](const json* one) { return (*one)["accepted_at"].dump(); });
    for (std::size_t i = 0; i < same.size(); ++i) {
      const auto found = differences_of_connection(*true_ones[i], service_of(*true_ones[i]), *same[i]);
      if (!found.empty())
        wrong.push_back(fmt::format("{}: {}: {}", where, name_of(*true_ones[i]), fmt::join(found, "; ")));
    }
  }
  if (wrong.size() > skipped_) differences_.insert(differences_.end(), wrong.begin(), wrong.end());
}

}  // namespace acceptscope::test
