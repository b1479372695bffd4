// SPDX-License-Identifier: BSD-2-Clause
#include "script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace acceptscope::test {
namespace {

/// One server of the script. With one worker process each and one connection at a time, the order of accepts and the
/// accepting process are deterministic.
struct Act {
  std::string name;
  Arguments workload;
  bool before = false;  ///< its connections are opened before tracing begins
  bool ends_while_traced = false;
};

const std::vector<Act>& script() {
  static const std::vector<Act> acts{
      {"before", {"--connections", "3", "--end", "hold"}, true, true},
      {"ways",
       {"--listen", "127.0.0.1,::1", "--connections", "7", "--end",
        "peer,local,reset,local-reset,half-close-peer,half-close-local,shutdown-after-peer"}},
      {"mapped", {"--listen", "::", "--connect", "127.0.0.1,::1", "--connections", "2"}},
      {"threads", {"--threads", "3", "--accept", "blocking", "--connections", "4", "--hold-ms", "5"}},
      {"queue", {"--gate", "--gate-ms", "20", "--connections", "6", "--end", "peer,queue-reset,local"}},
      {"death", {"--connections", "3", "--end", "hold", "--finish", "kill"}, false, true},
      {"children", {"--accept", "blocking", "--fork-after-accept", "--connections", "3", "--end", "peer,local,reset"}},
      {"nobody", {"--backlog", "8", "--never-accept", "--gate", "--connections", "3"}, false, true},
      {"open", {"--connections", "3", "--end", "hold", "--request-bytes", "5000", "--response-bytes", "70000"}}};
  return acts;
}

/// Fields that depend on the clock, or on who waited at the moment of a look, or identify the machine.
bool follows_the_clock(std::string_view key) {
  static const std::set<std::string_view> kKeys{"timeline",
                                                "active_workers",
                                                "overhead",
                                                "host",
                                                "tool",
                                                "run",
                                                "cmdline",
                                                "cgroup",
                                                "container",
                                                "summary",
                                                "evidence",
                                                "advice",
                                                "peak_open",
                                                "netns",
                                                "netns_name",
                                                "start_time",
                                                "inode",
                                                "looks",
                                                "occupied_workers",
                                                "epoll_exclusive",
                                                "accept_blocks",
                                                "waiting_threads",
                                                "woken_first_pid",
                                                "woken_first_tid",
                                                "workers_at_once",
                                                "bytes_unacknowledged",
                                                "cpu_seconds",
                                                "median",
                                                "median_reached"};
  return kKeys.contains(key);
}

bool is_time(std::string_view key) {
  return key.ends_with("_seconds") || key.ends_with("_seconds_min") || key.ends_with("_at");
}

/// `value` without fields that depend on the clock; `within_times`: its numbers, except counts, are times.
json timeless(const json& value, bool within_times) {
  if (value.is_array()) {
    json list = json::array();
    for (const json& item : value) list.push_back(timeless(item, within_times));
    return list;
  }
  if (!value.is_object()) return value;
  json object = json::object();
  for (const auto& [key, member] : value.items()) {
    if (follows_the_clock(key)) continue;
    const bool counts = key == "closed" || key == "open" || key == "count" || key == "waiting";
    if (key == "buckets") {
      std::uint64_t total = 0;
      for (const json& bucket : member) total += bucket["count"].get<std::uint64_t>();
      object["buckets"] = total;
    } else if (member.is_object()) {
      object[key] = timeless(member, is_time(key));
    } else if (!member.is_null() && (is_time(key) || (within_times && !counts))) {
      object[key] = "a time";
    } else {
      object[key] = timeless(member, within_times);
    }
  }
  return object;
}

json named_connection(json record, const json& services, const Names& names) {
  record["service"] = services[record["service"].get<std::size_t>()]["port"];
  record["pid"] = names.process(record["pid"]);
  record["tid"] = names.thread(record["tid"]);
  record["closed_by_pid"] = names.process(record["closed_by_pid"]);
  record["served_by_pid"] = names.process(record["served_by_pid"]);
  record["held_by_pid"] = names.process(record["held_by_pid"]);
  record["local"]["port"] = names.port(record["local"]["port"]);
  record["peer"]["port"] = names.port(record["peer"]["port"]);
  return record;
}

json named_service(json service, const Names& names) {
  service["port"] = names.port(service["port"]);
  for (json& worker : service["workers"]) {
    worker["pid"] = names.process(worker["pid"]);
    worker["ns_pid"] = names.process(worker["ns_pid"]);
  }
  // One thread may read the next request before another one's answer is counted; and whether several are seen to wait,
  // which is a finding, depends on the moment of a look.
  if (service["port"] == "threads") {
    service.erase("findings");
    service.erase("verdict");
    for (json& worker : service["workers"])
      if (worker["requests"].is_object()) worker["requests"].erase("in_flight_peak");
    service["requests"].erase("in_flight_peak");
  }
  for (json& listener : service["listeners"])
    for (json& pid : listener["holders"]) pid = names.process(pid);
  return service;
}

struct Stage {
  std::vector<std::unique_ptr<Workload>> workloads;
  std::string ports;
};

Stage set_stage() {
  Stage stage;
  for (const Act& act : script()) {
    Arguments arguments{"--workers", "1", "--concurrency", "1"};
    arguments.insert(arguments.end(), act.workload.begin(), act.workload.end());
    stage.workloads.push_back(std::make_unique<Workload>(arguments));
    if (act.before) stage.workloads.back()->make_traffic();
    stage.ports.append(stage.ports.empty() ? "" : ",").append(stage.workloads.back()->ports());
  }
  return stage;
}

void play(const Stage& stage, Names& names) {
  for (std::size_t i = 0; i < script().size(); ++i) {
    if (!script()[i].before) stage.workloads[i]->make_traffic();
    if (script()[i].ends_while_traced) stage.workloads[i]->finish();
    names.learn(script()[i].name, stage.workloads[i]->truth());
  }
}

}  // namespace

void Names::learn(const std::string& act, const json& truth) {
  const json& services = truth["services"];
  const auto numbered = [&](const std::string& name, std::size_t i) {
    return services.size() == 1 ? name : fmt::format("{} {}", name, i);
  };
  for (std::size_t i = 0; i < services.size(); ++i) ports_[services[i]["port"].get<int>()] = numbered(act, i);
  processes_[truth["conductor_pid"].get<int>()] = act + ".conductor";
  std::size_t count = 0;
  for (const json& worker : truth["workers"]) {
    const int pid = worker["pid"].get<int>();
    if (processes_.emplace(pid, numbered(act + ".worker", count)).second) ++count;
    threads_[worker["tid"].get<int>()] = "a thread of " + processes_[pid];
    for (const json& connection : worker["connections"]) {
      if (connection["closer_pid"].is_number()) processes_.emplace(connection["closer_pid"].get<int>(), act + ".child");
    }
  }
}

json Names::find(const std::map<int, std::string>& names, const json& number, const char* otherwise) {
  if (!number.is_number()) return number;
  const auto found = names.find(number.get<int>());
  return found == names.end() ? std::string(otherwise) : found->second;
}

Outcome trace_script(const std::string& backend, Names& names) {
  const Stage stage = set_stage();
  Tracer tracer(backend, {"--port", stage.ports});
  if (!tracer.starts()) return {.refusal = tracer.refusal()};
  play(stage, names);
  Outcome outcome{.traced = tracer.stop()};
  for (std::size_t i = 0; i < script().size(); ++i) {
    if (!script()[i].ends_while_traced) stage.workloads[i]->finish();
  }
  return outcome;
}

json without_times(const json& dump, const Names& names) {
  json document = timeless(dump, false);
  for (json& service : document["services"]) service = named_service(service, names);
  for (json& record : document["connections"]) record = named_connection(record, document["services"], names);
  auto& services = document["services"].get_ref<json::array_t&>();
  std::ranges::sort(services, {}, [](const json& service) { return service["port"].get<std::string>(); });
  return document;
}

}  // namespace acceptscope::test
