// SPDX-License-Identifier: BSD-2-Clause
#include "comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace acceptscope::test {
namespace {

constexpr std::size_t kShownMismatches = 8;

/// Collects mismatches, so that 20,000 wrong connections do not print 20,000 messages.
class Mismatches {
 public:
  explicit Mismatches(std::string what) : what_(std::move(what)) {}
  Mismatches(const Mismatches&) = delete;
  Mismatches& operator=(const Mismatches&) = delete;
  ~Mismatches() {
    if (count_ > 0) ADD_FAILURE() << what_ << ": " << count_ << " mismatches, such as\n" << shown_;
  }

  /// Returns the number of mismatches and discards them without reporting a failure.
  [[nodiscard]] std::size_t forgive() { return std::exchange(count_, 0); }

  void add(const std::string& text) {
    if (count_++ < kShownMismatches) shown_ += "  " + text + "\n";
  }

  template <class Actual, class Expected>
  void compare(const std::string& where, const char* field, const Actual& actual, const Expected& expected) {
    if (json(actual) != json(expected)) {
      add(fmt::format("{}: {} is {}, should be {}", where, field, json(actual).dump(), json(expected).dump()));
    }
  }

  void compare_range(const std::string& where, const char* field, const json& actual, double low, double high) {
    if (!actual.is_number() || actual.get<double>() < low || actual.get<double>() > high) {
      add(fmt::format("{}: {} is {}, should be in {:.6f} to {:.6f}", where, field, actual.dump(), low, high));
    }
  }

 private:
  std::string what_;
  std::size_t count_ = 0;
  std::string shown_;
};

double seconds(std::int64_t ns) { return static_cast<double>(ns) * 1e-9; }

template <class T>
std::optional<T> known(const json& value) {
  return value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
}

/// "2026-01-31T12:00:00.123456789Z" as nanoseconds since 1970; nullopt for any other text.
std::optional<std::int64_t> parse_instant(const json& value) {
  if (!value.is_string()) return std::nullopt;
  const std::string text = value.get<std::string>();
  std::tm time{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr || *rest != '.' || text.size() < 30 || text.back() != 'Z') return std::nullopt;
  return std::int64_t{timegm(&time)} * 1'000'000'000 + std::stoll(std::string(rest + 1, 9));
}

/// Identifies a connection, unless a port is reused.
using Tuple = std::tuple<std::uint64_t, int, std::string, int>;

Tuple tuple_of(const TrueConnection& connection) {
  return {connection.netns, connection.local_port, connection.peer_address, connection.peer_port};
}

Tuple tuple_of(const json& record) {
  return {record["service"]["netns"].get<std::uint64_t>(), record["local"]["port"].get<int>(),
          record["peer"]["address"].get<std::string>(), record["peer"]["port"].get<int>()};
}

std::string name_of(const Tuple& tuple) {
  return fmt::format("netns {} port {} peer {} port {}", std::get<0>(tuple), std::get<1>(tuple), std::get<2>(tuple),
                     std::get<3>(tuple));
}

using ServiceKey = std::tuple<std::uint64_t, std::string, int>;
using WorkerKey = std::tuple<ServiceKey, int, int>;

ServiceKey service_of(const TrueConnection& connection) {
  return {connection.netns, connection.service_address, connection.service_port};
}

ServiceKey service_of(const json& service) {
  return {service["netns"].get<std::uint64_t>(), service["address"].get<std::string>(), service["port"].get<int>()};
}

std::string name_of(const ServiceKey& key) {
  return fmt::format("service {} port {} in netns {}", std::get<1>(key), std::get<2>(key), std::get<0>(key));
}

/// Totals of a worker or a service.
struct Sums {
  std::uint64_t accepts = 0;
  std::uint64_t closes = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::map<std::string, std::uint64_t> reasons;

  void add(const TrueConnection& connection) {
    ++accepts;
    bytes_received += connection.bytes_received;
    bytes_sent += connection.bytes_sent;
    if (!connection.closing_ns) return;
    ++closes;
    ++reasons[connection.closed_by];
  }
};

template <class Key, class KeyOf>
std::map<Key, Sums> sums_by(const Truth& truth, const KeyOf& key_of) {
  std::map<Key, Sums> sums;
  for (const TrueConnection& connection : truth.connections) sums[key_of(connection)].add(connection);
  return sums;
}

std::uint64_t bucket_total(const json& statistics) {
  std::uint64_t total = 0;
  for (const json& bucket : statistics["buckets"]) total += bucket["count"].get<std::uint64_t>();
  return total;
}

/// The server can only bound the moment: it cannot read the clock at the exact time of its accept or close.
void compare_lifetime(Mismatches& mismatches, const std::string& name, const TrueConnection& truth,
                      const json& record) {
  const std::int64_t earliest_accept = std::max(truth.accept_entered_ns, truth.connect_started_ns.value_or(0));
  const double shortest = seconds(*truth.closing_ns - truth.accepted_ns);
  const double longest = seconds(truth.close_returned_ns.value_or(*truth.closing_ns) - earliest_accept);
  const double tolerance = tolerance_seconds(shortest);
  // A walk over the file descriptors holds a reference to the socket that it visits: the kernel closes the socket when
  // the walk moves on, which on an emulated CPU is after the time slices of all other processes.
  const double held_by_a_walk = time_factor() > 4 ? 0.5 : 0;
  mismatches.compare_range(name, "lifetime_seconds", record["lifetime_seconds"], std::max(0.0, shortest - tolerance),
                           longest + tolerance + held_by_a_walk);
}

void compare_wait(Mismatches& mismatches, const std::string& name, const TrueConnection& truth, const json& record,
                  const Expectation& expectation) {
  const json& wait = record["accept_wait_seconds"];
  if (wait.is_null() && !expectation.waits_known) return;
  const double tolerance = tolerance_seconds(0);
  const double longest = truth.connect_started_ns ? seconds(truth.accepted_ns - *truth.connect_started_ns) : 60.0;
  const double shortest = truth.connected_ns ? seconds(truth.accept_entered_ns - *truth.connected_ns) : 0.0;
  mismatches.compare_range(name, "accept_wait_seconds", wait, std::max(0.0, shortest - tolerance), longest + tolerance);
}

void compare_close(Mismatches& mismatches, const std::string& name, const TrueConnection& truth, const json& record) {
  if (!truth.closing_ns) {
    for (const char* field : {"closed_at", "lifetime_seconds", "close_reason", "closed_by_pid"}) {
      mismatches.compare(name, field, record[field], nullptr);
    }
    mismatches.compare_range(name, "age_seconds_min", record["age_seconds_min"], 0, 3600);
    return;
  }
  mismatches.compare(name, "close_reason", record["close_reason"], truth.closed_by);
  mismatches.compare(name, "closed_by_pid", record["closed_by_pid"], truth.closer_pid);
  compare_lifetime(mismatches, name, truth, record);
}

void compare_instant(Mismatches& mismatches, const std::string& name, const TrueConnection& truth, const json& record,
                     std::int64_t offset_ns) {
  const std::optional<std::int64_t> instant = parse_instant(record["accepted_at"]);
  if (!instant) {
    mismatches.add(name + ": accepted_at is " + record["accepted_at"].dump());
    return;
  }
  // The clock may be slewed between the two readings of CLOCK_REALTIME.
  const double slack = 0.05 + tolerance_seconds(0);
  const std::int64_t earliest_accept = std::max(truth.accept_entered_ns, truth.connect_started_ns.value_or(0));
  mismatches.compare_range(name, "accepted_at (monotonic)", seconds(*instant - offset_ns - earliest_accept), -slack,
                           seconds(truth.accepted_ns - earliest_accept) + slack);
}

void compare_connection(Mismatches& mismatches, const TrueConnection& truth, const json& record,
                        const Expectation& expectation, std::int64_t offset_ns) {
  const std::string name = name_of(tuple_of(truth));
  mismatches.compare(name, "pid", record["pid"], truth.pid);
  mismatches.compare(name, "tid", record["tid"], truth.tid);
  if (expectation.comms_known || !record["comm"].is_null()) {
    mismatches.compare(name, "comm", record["comm"], truth.comm);
  }
  mismatches.compare(name, "service.address", record["service"]["address"], truth.service_address);
  mismatches.compare(name, "service.port", record["service"]["port"], truth.service_port);
  mismatches.compare(name, "local.address", record["local"]["address"], truth.local_address);
  mismatches.compare(name, "bytes_received", record["bytes_received"], truth.bytes_received);
  mismatches.compare(name, "bytes_sent", record["bytes_sent"], truth.bytes_sent);
  compare_instant(mismatches, name, truth, record, offset_ns);
  compare_wait(mismatches, name, truth, record, expectation);
  compare_close(mismatches, name, truth, record);
}

}  // namespace

double tolerance_seconds(double seconds) { return (0.001 + 0.01 * seconds) * time_factor(); }

Truth truth_of(const json& document) {
  Truth truth;
  truth.realtime_minus_monotonic_ns = document["realtime_minus_monotonic_ns"].get<std::int64_t>();
  const json& services = document["services"];
  for (const json& service : services) truth.never_accepted += service["never_accepted"].get<std::uint64_t>();
  for (const json& worker : document["workers"]) {
    for (const json& source : worker["connections"]) {
      const json& service = services[source["service"].get<std::size_t>()];
      TrueConnection connection;
      connection.netns = service["netns"].get<std::uint64_t>();
      connection.service_address = service["address"].get<std::string>();
      connection.service_port = service["port"].get<int>();
      connection.pid = worker["pid"].get<int>();
      connection.tid = worker["tid"].get<int>();
      connection.comm = worker["comm"].get<std::string>();
      connection.local_address = source["local_address"].get<std::string>();
      connection.local_port = source["local_port"].get<int>();
      connection.peer_address = source["peer_address"].get<std::string>();
      connection.peer_port = source["peer_port"].get<int>();
      connection.connect_started_ns = known<std::int64_t>(source["connect_started_monotonic_ns"]);
      connection.connected_ns = known<std::int64_t>(source["connected_monotonic_ns"]);
      connection.accept_entered_ns = source["accept_entered_monotonic_ns"].get<std::int64_t>();
      connection.accepted_ns = source["accepted_at_monotonic_ns"].get<std::int64_t>();
      connection.closing_ns = known<std::int64_t>(source["closed_at_monotonic_ns"]);
      connection.close_returned_ns = known<std::int64_t>(source["close_returned_monotonic_ns"]);
      connection.bytes_received = source["bytes_received"].get<std::uint64_t>();
      connection.bytes_sent = source["bytes_sent"].get<std::uint64_t>();
      connection.closed_by = known<std::string>(source["closed_by"]).value_or("");
      connection.closer_pid = known<int>(source["closer_pid"]).value_or(0);
      truth.connections.push_back(std::move(connection));
    }
  }
  std::ranges::sort(truth.connections, {}, &TrueConnection::accepted_ns);
  return truth;
}

Truth together(const Truth& one, const Truth& other) {
  Truth both = one;
  both.connections.insert(both.connections.end(), other.connections.begin(), other.connections.end());
  both.never_accepted += other.never_accepted;
  std::ranges::sort(both.connections, {}, &TrueConnection::accepted_ns);
  return both;
}

Truth only(Truth truth, const std::function<bool(const TrueConnection&)>& wanted) {
  std::erase_if(truth.connections, [&](const TrueConnection& connection) { return !wanted(connection); });
  return truth;
}

json connections_of(const json& dump) {
  json records = dump["connections"];
  for (json& record : records) {
    const json& service = dump["services"][record["service"].get<std::size_t>()];
    record["service"] = {{"address", service["address"]}, {"port", service["port"]}, {"netns", service["netns"]}};
  }
  return records;
}

void expect_nothing_lost(const json& dump, const std::set<std::string>& but) {
  for (const auto& [kind, count] : dump["losses"].items()) {
    if (!but.contains(kind)) {
      EXPECT_EQ(count, 0) << "losses." << kind;
    }
  }
  EXPECT_EQ(dump["consistency"]["broken"], json::array());
  EXPECT_EQ(dump["connections_omitted"], 0);
}

void expect_count(const char* what, const json& dump, const json& actual, std::uint64_t expected) {
  const std::uint64_t skipped = programs_skipped(dump);
  const auto count = actual.get<std::uint64_t>();
  EXPECT_LE(std::max(count, expected) - std::min(count, expected), skipped)
      << what << " is " << count << ", should be " << expected << ", with " << skipped << " skipped programs";
}

void expect_true_totals(const Truth& truth, const json& dump) {
  Mismatches mismatches("totals");
  Sums all;
  for (const TrueConnection& connection : truth.connections) all.add(connection);
  mismatches.compare("totals", "accepts", dump["totals"]["accepts"], all.accepts);
  mismatches.compare("totals", "closes", dump["totals"]["closes"], all.closes);
  mismatches.compare("totals", "open", dump["totals"]["open"], all.accepts - all.closes);
  mismatches.compare("totals", "never_accepted", dump["totals"]["never_accepted"], truth.never_accepted);

  std::map<ServiceKey, Sums> expected = sums_by<ServiceKey>(truth, [](const auto& c) { return service_of(c); });
  for (const json& service : dump["services"]) {
    const std::string name = name_of(service_of(service));
    const Sums sums = expected[service_of(service)];
    expected.erase(service_of(service));
    mismatches.compare(name, "accepts", service["accepts"], sums.accepts);
    mismatches.compare(name, "closes", service["closes"], sums.closes);
    mismatches.compare(name, "open", service["open"], sums.accepts - sums.closes);
    for (const char* reason : {"local", "peer", "reset", "worker_exit", "unknown"}) {
      const auto found = sums.reasons.find(reason);
      mismatches.compare(name, reason, service["close_reasons"][reason],
                         found == sums.reasons.end() ? 0 : found->second);
    }
    mismatches.compare(name, "lifetime_seconds.closed", service["lifetime_seconds"]["closed"], sums.closes);
    mismatches.compare(name, "lifetime buckets", bucket_total(service["lifetime_seconds"]), sums.closes);
  }
  for (const auto& [key, sums] : expected) mismatches.add(name_of(key) + " is missing");
}

void expect_true_workers(const Truth& truth, const json& dump, const Expectation& expectation) {
  Mismatches mismatches("workers");
  std::map<WorkerKey, Sums> expected = sums_by<WorkerKey>(truth, [&](const auto& c) {
    return WorkerKey{service_of(c), c.pid, expectation.by_thread ? c.tid : 0};
  });
  for (const json& service : dump["services"]) {
    for (const json& worker : service["workers"]) {
      const int tid = worker["tid"].is_null() ? 0 : worker["tid"].get<int>();
      const WorkerKey key{service_of(service), worker["pid"].get<int>(), tid};
      const std::string name =
          fmt::format("worker {} thread {} of {}", std::get<1>(key), tid, name_of(std::get<0>(key)));
      const auto found = expected.find(key);
      if (found == expected.end()) {  // only holds the listening socket, as the conductor does
        for (const char* field : {"accepts", "closes", "open", "preexisting"}) {
          mismatches.compare(name, field, worker[field], 0);
        }
        continue;
      }
      const Sums& sums = found->second;
      mismatches.compare(name, "accepts", worker["accepts"], sums.accepts);
      mismatches.compare(name, "closes", worker["closes"], sums.closes);
      mismatches.compare(name, "open", worker["open"], sums.accepts - sums.closes);
      mismatches.compare(name, "bytes_received", worker["bytes_received"], sums.bytes_received);
      mismatches.compare(name, "bytes_sent", worker["bytes_sent"], sums.bytes_sent);
      mismatches.compare(name, "lifetime buckets", bucket_total(worker["lifetime_seconds"]), sums.closes);
      if (expectation.waits_known) {
        mismatches.compare(name, "accept_wait_seconds.count", worker["accept_wait_seconds"]["count"], sums.accepts);
      }
      expected.erase(found);
    }
  }
  for (const auto& [key, sums] : expected) {
    mismatches.add(fmt::format("worker {} with {} accepts is missing", std::get<1>(key), sums.accepts));
  }
}

void expect_true_connections(const Truth& truth, const json& records, const Expectation& expectation) {
  Mismatches mismatches("connections");
  std::map<Tuple, std::vector<const TrueConnection*>> expected;
  for (const TrueConnection& connection : truth.connections) expected[tuple_of(connection)].push_back(&connection);

  std::map<Tuple, std::vector<const json*>> listed;
  for (const json& record : records) listed[tuple_of(record)].push_back(&record);
  for (auto& [tuple, same] : listed) {
    // A reused port: the instants sort as text.
    std::ranges::sort(same, {}, [](const json* record) { return (*record)["accepted_at"].dump(); });
    const std::vector<const TrueConnection*>& true_ones = expected[tuple];
    if (same.size() > true_ones.size() || (expectation.every_record && same.size() < true_ones.size())) {
      mismatches.add(fmt::format("{}: {} records of {} connections", name_of(tuple), same.size(), true_ones.size()));
    } else if (same.size() == true_ones.size()) {
      for (std::size_t i = 0; i < same.size(); ++i) {
        compare_connection(mismatches, *true_ones[i], *same[i], expectation, truth.realtime_minus_monotonic_ns);
      }
    }
  }
  if (!expectation.every_record) return;
  for (const auto& [tuple, connections] : expected) {
    if (!listed.contains(tuple)) mismatches.add(name_of(tuple) + ": no record");
  }
}

void TruthTest::expect_truth_of(const Plan& plan, const Expectation& expectation) {
  const auto says_something = [](const Outcome& outcome) {  // otherwise most errors would be within the bound
    const std::uint64_t skipped = programs_skipped(outcome.traced.dump);
    return skipped == 0 || skipped <= truth_of(outcome.truth).connections.size() / 4;
  };
  outcome_ = play_until(says_something, 3, [&] { return trace(backend(), plan); });
  SKIP_IF_REFUSED(outcome_.refusal, *outcome_.refusal);
  expect_truth(truth_of(outcome_.truth), outcome_.traced, expectation);
}

bool TruthTest::is_exact() const {
  return !IsSkipped() && !HasFailure() && programs_skipped(outcome_.traced.dump) == 0;
}

Traced part_of(const Traced& traced, const json& document) {
  Traced part{.exit_status = traced.exit_status, .output = traced.output, .errors = traced.errors};
  if (traced.dump.is_null()) return part;
  for (const auto& [field, value] : traced.dump.items()) {
    if (field != "services" && field != "connections") part.dump[field] = value;
  }
  std::set<ServiceKey> ours;
  for (const json& service : document["services"]) ours.insert(service_of(service));
  json services = json::array();
  constexpr std::array kSummed{"accepts", "closes", "open", "preexisting", "never_accepted"};
  json totals;
  for (const char* field : kSummed) totals[field] = 0;
  std::map<std::size_t, std::size_t> new_index;
  for (std::size_t i = 0; i < traced.dump["services"].size(); ++i) {
    const json& service = traced.dump["services"][i];
    if (!ours.contains(service_of(service))) continue;
    new_index[i] = services.size();
    services.push_back(service);
    for (const char* field : kSummed) {
      totals[field] = totals[field].get<std::uint64_t>() + service.value(field, std::uint64_t{0});
    }
  }
  json connections = json::array();
  for (const json& record : traced.dump["connections"]) {
    const auto found = new_index.find(record["service"].get<std::size_t>());
    if (found == new_index.end()) continue;
    connections.push_back(record);
    connections.back()["service"] = found->second;
  }
  part.dump["services"] = std::move(services);
  part.dump["totals"].update(totals);
  part.dump["connections"] = std::move(connections);
  std::ranges::copy_if(traced.log, std::back_inserter(part.log),
                       [&](const json& record) { return ours.contains(service_of(record["service"])); });
  return part;
}

namespace {

/// Losses that skipped programs can cause; other losses have other causes.
const std::set<std::string> kLossesOfSkippedPrograms{"program_skipped", "missed_accept", "missed_close",
                                                     "unattributed_accept", "unknown_close"};

/// Compares each record with the connection of the same addresses. Returns the number of distorted or missing records.
std::uint64_t distorted_connections(const Truth& truth, const json& records) {
  std::map<Tuple, std::vector<const TrueConnection*>> expected;
  for (const TrueConnection& connection : truth.connections) expected[tuple_of(connection)].push_back(&connection);
  std::map<Tuple, std::vector<const json*>> listed;
  for (const json& record : records) listed[tuple_of(record)].push_back(&record);

  std::uint64_t distorted = 0;
  Mismatches wrong("records that name a process or a connection that is not theirs");
  for (const auto& [tuple, same] : listed) {
    if (!expected.contains(tuple)) wrong.add(name_of(tuple) + ": no such connection");
  }
  for (const auto& [tuple, true_ones] : expected) {
    std::vector<const json*> same = listed[tuple];
    if (same.size() != true_ones.size()) {
      distorted += std::max(same.size(), true_ones.size()) - std::min(same.size(), true_ones.size());
      continue;  // a reused port: the records cannot be assigned to connections
    }
    std::ranges::sort(same, {}, [](const json* record) { return (*record)["accepted_at"].dump(); });
    for (std::size_t i = 0; i < same.size(); ++i) {
      if (const json& pid = (*same[i])["pid"]; !pid.is_null()) {
        wrong.compare(name_of(tuple), "pid", pid, true_ones[i]->pid);
      }
      Mismatches mismatches("a connection");
      compare_connection(mismatches, *true_ones[i], *same[i], {.waits_known = false, .comms_known = false},
                         truth.realtime_minus_monotonic_ns);
      distorted += mismatches.forgive() > 0 ? 1 : 0;
    }
  }
  return distorted;
}

/// The open connections must be exactly these, each with its owner.
void expect_true_open_ones(const Truth& truth, const json& records) {
  std::set<std::string> expected;
  for (const TrueConnection& connection : truth.connections) {
    if (!connection.closing_ns) expected.insert(fmt::format("{} of {}", name_of(tuple_of(connection)), connection.pid));
  }
  std::set<std::string> listed;
  for (const json& record : records) {
    if (record["closed_at"].is_null() && record["close_reason"].is_null()) {
      listed.insert(fmt::format("{} of {}", name_of(tuple_of(record)), record["pid"].dump()));
    }
  }
  EXPECT_EQ(listed, expected) << "open at the end";
}

}  // namespace

void expect_bounded_truth(const Truth& truth, const Traced& traced) {
  const json& losses = traced.dump["losses"];
  for (const auto& [kind, count] : losses.items()) {
    if (kLossesOfSkippedPrograms.contains(kind)) continue;
    EXPECT_EQ(count, 0) << "losses." << kind;
  }
  const std::uint64_t skipped = programs_skipped(traced.dump);
  EXPECT_EQ(traced.dump["consistency"]["broken"], json::array());
  Sums all;
  for (const TrueConnection& connection : truth.connections) all.add(connection);
  Mismatches mismatches(fmt::format("totals, within {} skipped programs", skipped));
  const auto compare = [&](const char* field, std::uint64_t expected) {
    const auto bound = static_cast<double>(skipped);
    const auto middle = static_cast<double>(expected);
    mismatches.compare_range("totals", field, traced.dump["totals"][field], middle - bound, middle + bound);
  };
  compare("accepts", all.accepts);
  compare("closes", all.closes);
  compare("open", all.accepts - all.closes);
  compare("never_accepted", truth.never_accepted);

  const json records = connections_of(traced.dump);
  EXPECT_LE(distorted_connections(truth, records), skipped) << "a skipped program harms one connection";
  std::uint64_t unknown = 0;
  for (const json& record : records) unknown += record["close_reason"] == "unknown" ? 1 : 0;
  EXPECT_LE(unknown, losses.value("missed_close", std::uint64_t{0})) << "closes with an unknown reason";
  expect_true_open_ones(truth, records);
}

void expect_truth(const Truth& truth, const Traced& traced, const Expectation& expectation) {
  ASSERT_EQ(traced.exit_status, 0) << traced.errors;
  ASSERT_FALSE(traced.dump.is_null()) << "no dump: " << traced.errors;
  EXPECT_EQ(traced.dump["schema_version"], 1);
  if (programs_skipped(traced.dump) > 0) return expect_bounded_truth(truth, traced);
  expect_nothing_lost(traced.dump);
  expect_true_totals(truth, traced.dump);
  expect_true_workers(truth, traced.dump, expectation);
  {
    SCOPED_TRACE("dump");
    expect_true_connections(truth, connections_of(traced.dump), expectation);
  }
  SCOPED_TRACE("log");
  expect_true_connections(truth, traced.log, expectation);
}

}  // namespace acceptscope::test
