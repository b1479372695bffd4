// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/service_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/losses.hpp"
#include "model/serving.hpp"
#include "model/worker_names.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kFilterWidth = 60;
constexpr std::size_t kLabelWidth = 48;  // of a container in a service's name

void append_item(std::string& list, std::string_view item, std::string_view separator = ", ") {
  if (!list.empty()) list += separator;
  list += item;
}

/// Appends "port 8000" or "ports 80, 443"; nothing for an empty list.
void append_filter(std::string& list, std::string_view singular, std::string_view plural,
                   const std::vector<OutsideText>& values, bool ascii) {
  std::string joined;
  for (const OutsideText& value : values) append_item(joined, escape_text(value, {kFilterWidth, ascii}));
  if (!joined.empty()) append_item(list, fmt::format("{} {}", values.size() == 1 ? singular : plural, joined), "; ");
}

bool is_foreign(const ServiceRow& service, const Snapshot& snapshot, std::uint32_t host_netns) {
  if (host_netns != 0) return service.netns != host_netns;
  return std::any_of(snapshot.services.begin(), snapshot.services.end(),
                     [&](const ServiceRow& other) { return other.netns != service.netns; });
}

/// The parts of requests_lines(), between which a line may end.
std::vector<std::string> requests_parts(const ServiceRow& service, const Snapshot& snapshot,
                                        const TextOptions& options) {
  const RequestStats& requests = *service.requests;
  const auto duration = [&](const std::optional<Nanoseconds>& time) { return duration_text(time, options.ascii); };
  const Nanoseconds time = options.final ? snapshot.run.duration : snapshot.recent_interval;
  const std::string rate = rate_text(options.final ? requests.load.count : service.recent_requests, time);
  const std::uint32_t serving = workers_serving(service);
  std::vector<std::string> parts = {
      fmt::format("requests: {}{}", count_text(requests.load.count), rate == "-" ? "" : fmt::format(" ({}/s)", rate)),
      fmt::format("in flight {} (peak {})", count_text(requests.load.in_flight),
                  count_text(requests.load.in_flight_peak)),
      fmt::format("response p50 {} p95 {}", duration(requests.response.p50), duration(requests.response.p95)),
      "unread wait p95 " + duration(requests.unread_wait.p95),
      fmt::format("{} of {} {}", count_text(serving), count_of(service.workers_eligible, "worker"),
                  serving == 1 ? "serves" : "serve")};
  if (!snapshot.run.worker_limit) return parts;
  const Places places = places_of(service, *snapshot.run.worker_limit, !options.final);
  parts.push_back(fmt::format("{} of {} places in reach", count_text(places.in_reach), count_text(places.total)));
  parts.push_back(fmt::format("{}{} taken", options.final ? "at most " : "", count_text(places.taken)));
  return parts;
}

}  // namespace

std::string describe_filters(const Filters& filters, bool ascii) {
  std::vector<OutsideText> pids;
  for (const std::uint32_t pid : filters.pids) pids.push_back(std::to_string(pid));
  std::string text;
  append_filter(text, "port", "ports", filters.ports, ascii);
  if (text.empty()) text = "any port";
  append_filter(text, "address", "addresses", filters.addresses, ascii);
  append_filter(text, "PID", "PIDs", pids, ascii);
  append_filter(text, "command", "commands", filters.comms, ascii);
  append_filter(text, "container", "containers", filters.containers, ascii);
  append_filter(text, "cgroup", "cgroups", filters.cgroups, ascii);
  return text;
}

std::string holders_text(const ListeningPort& port, bool ascii) {
  return fmt::format("{}, {} {}", escape_text(port.comm, {.ascii = ascii}), count_text(port.processes),
                     port.processes == 1 ? "process" : "processes");
}

/// Why nothing is seen although nobody named a port.
std::string nobody_selected_text(const Filters& filters) {
  const bool selects =
      !filters.pids.empty() || !filters.comms.empty() || !filters.cgroups.empty() || !filters.containers.empty();
  if (!selects) return {};
  return fmt::format("None of the selected processes listens {}, or has a connection that it accepted.",
                     filters.ports.empty() && filters.addresses.empty() ? "on a TCP port" : "there");
}

std::string nobody_listens_text(const Snapshot& snapshot, bool ascii) {
  constexpr std::size_t most = 5;
  const RunInfo& run = snapshot.run;
  const bool somebody = std::ranges::any_of(snapshot.services, [](const ServiceRow& service) {
    return service.listen_sockets > 0 || service.counts.connections() > 0 || service.open > 0;
  });
  if (somebody) return {};
  if (!run.listening_instead) return nobody_selected_text(run.filters);
  const std::vector<ListeningPort>& others = *run.listening_instead;
  std::string places;
  append_filter(places, "port", "ports", run.filters.ports, ascii);
  append_filter(places, "address", "addresses", run.filters.addresses, ascii);
  std::string text = "Nobody listens on " + places;
  if (others.empty()) return text + ", and on no other TCP port here.";
  text += "; listening here: ";
  for (std::size_t i = 0; i < std::min(most, others.size()); ++i) {
    const ListeningPort& other = others[i];
    text += fmt::format("{}{}", i == 0 ? "" : ", ", other.port);
    if (!run.filters.addresses.empty() && !other.addresses.empty())
      text += " on " + escape_text(joined(other.addresses, ", "), {.ascii = ascii});
    if (other.processes > 0) text += fmt::format(" ({})", holders_text(other, ascii));
  }
  return text + (others.size() > most ? ", and others." : ".");
}

std::string nothing_yet_text(const Snapshot& snapshot, bool ascii) {
  std::string nobody = nobody_listens_text(snapshot, ascii);
  if (snapshot.run.listening_instead && !nobody.empty()) return nobody;
  return fmt::format("Nothing accepted yet ({}; since {}).{}{}", describe_filters(snapshot.run.filters, ascii),
                     instant_text(snapshot.run.started_at), nobody.empty() ? "" : " ", nobody);
}

TextOptions with_common_netns(const Snapshot& snapshot, TextOptions options) {
  if (options.host_netns != 0 || snapshot.services.empty()) return options;
  const std::uint32_t first = snapshot.services.front().netns;
  const bool is_common =
      std::ranges::all_of(snapshot.services, [first](const ServiceRow& service) { return service.netns == first; });
  if (is_common) options.host_netns = first;
  return options;
}

std::string service_name(const ServiceRow& service, const Snapshot& snapshot, const TextOptions& options) {
  const std::string name = service.endpoint.to_string();
  const std::optional<OutsideText> container = common_container(service);
  if (container && !is_unit_label(*container))
    return fmt::format("{} ({})", name, escape_text(*container, {kLabelWidth, options.ascii}));
  if (!is_foreign(service, snapshot, options.host_netns)) return name;
  if (service.netns_name)
    return fmt::format("{} (netns {})", name, escape_text(*service.netns_name, {kLabelWidth, options.ascii}));
  if (container) return fmt::format("{} ({})", name, escape_text(*container, {kLabelWidth, options.ascii}));
  return fmt::format("{} (netns {})", name, service.netns);
}

StyledLine service_headline(const ServiceRow& service, const Snapshot& snapshot, const TextOptions& options) {
  const Nanoseconds time = options.final ? snapshot.run.duration : snapshot.recent_interval;
  const std::string rate = rate_text(options.final ? service.counts.accepts : service.recent_accepts, time);
  std::string numbers = "  " + count_of(service.counts.accepts, "accept");
  if (rate != "-") numbers += fmt::format("  {}/s", rate);
  if (service.counts.preexisting > 0)
    numbers += fmt::format("  {} from before", count_text(service.counts.preexisting));
  if (options.final) numbers += fmt::format("  {} closed", count_text(service.counts.closed()));
  numbers += fmt::format("  {} open", count_text(service.open));
  if (service.counts.peak_open > 0) numbers += fmt::format(" (peak {})", count_text(service.counts.peak_open));
  if (service.never_accepted > 0) numbers += fmt::format("  {} never accepted", count_text(service.never_accepted));
  return StyledLine(service_name(service, snapshot, options), Style::strong).add(numbers);
}

std::vector<StyledLine> requests_lines(const ServiceRow& service, const Snapshot& snapshot, const TextOptions& options,
                                       std::size_t indent) {
  if (!counts_requests(service)) return {};
  std::vector<StyledLine> lines;
  for (const std::string& part : requests_parts(service, snapshot, options)) {
    if (!lines.empty()) lines.back().add(",");
    const bool fits = !lines.empty() && lines.back().width() + 2 + display_width(part) <= options.width;
    if (!fits) lines.emplace_back().add_spaces(indent);
    lines.back().add((fits ? " " : "") + part);
  }
  return lines;
}

std::string other_drops_text(const AcceptQueue& queue) {
  if (!queue.overflows && queue.drops != 0)
    return count_of(queue.drops, "drop") + ", some of which may be deferred handshakes";
  const std::uint64_t others = queue.drops - std::min(queue.drops, queue.overflows.value_or(0));
  return others == 0 ? "" : count_of(others, "other drop") + " (deferred handshakes, resets)";
}

std::vector<StyledLine> trouble_lines(const Snapshot& snapshot, bool ascii) {
  std::vector<StyledLine> lines;
  for (const LossKind& kind : kLossKinds) {
    const std::uint64_t count = snapshot.losses.*kind.count;
    if (count == 0) continue;
    lines.push_back(StyledLine(fmt::format("LOST {} {}", kind.name, count_text(count)), Style::warning)
                        .add(fmt::format(": {}", kind.help)));
  }
  for (const OutsideText& sentence : snapshot.consistency.broken)
    lines.push_back(StyledLine("INCONSISTENT", Style::warning).add(": " + escape_text(sentence, {.ascii = ascii})));
  return lines;
}

std::string trouble_in_short(const Snapshot& snapshot) {
  std::string losses;
  for (const LossKind& kind : kLossKinds) {
    const std::uint64_t count = snapshot.losses.*kind.count;
    if (count > 0) append_item(losses, fmt::format("{} {}", kind.name, count_text(count)));
  }
  if (!losses.empty()) losses = "LOST " + losses;
  const std::size_t broken = snapshot.consistency.broken.size();
  if (broken > 0) append_item(losses, fmt::format("INCONSISTENT: {}", count_of(broken, "total")));
  return losses;
}

}  // namespace acceptscope
