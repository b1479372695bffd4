// SPDX-License-Identifier: BSD-2-Clause
#include "model/open_connections.hpp"

#include <algorithm>
#include <vector>

namespace acceptscope {
namespace {

struct Group {
  OpenPlacement placement;
  OpenSummary summary;
  std::vector<Nanoseconds> ages;
};

/// A request waits for the owner, as far as is known: nobody else holds the connection, or served it before. If another
/// one has it for sure, it waits for that one.
bool waits_for_owner(const OpenConnection& connection) {
  const WorkerKey& owner = connection.worker;
  const bool is_served_by_owner =
      !connection.served_by || *connection.served_by == (owner.tid != 0 ? owner.tid : owner.pid);
  return connection.waiting_request && !connection.held_by && is_served_by_owner;
}

/// A request that lies unread, for the one who has the connection.
void add_waiting(OpenSummary& summary, const OpenConnection& connection, MonotonicTime at) {
  ++summary.waiting;
  if (!connection.ready_at) return;
  const Nanoseconds waited = std::max(at - *connection.ready_at, Nanoseconds::zero());
  summary.oldest_waiting = std::max(summary.oldest_waiting, std::optional(waited));
}

void add(Group& group, const OpenConnection& connection, MonotonicTime at) {
  // The accept may fall between the reading of the tick's time and the walk: the age is at least 0.
  const Nanoseconds age = std::max(at - connection.accepted_at, Nanoseconds::zero());
  ++group.summary.count;
  if (!group.placement.counted) ++group.summary.without_counters;
  group.summary.age_sum += age;
  group.summary.bytes_received += connection.bytes_received;
  group.summary.bytes_sent += connection.bytes_sent;
  if (connection.active) ++group.summary.active;
  if (connection.unread_bytes > 0) ++group.summary.unread;
  group.summary.unread_bytes += connection.unread_bytes;
  if (waits_for_owner(connection)) add_waiting(group.summary, connection, at);
  group.ages.push_back(age);
}

void append(Group& to, const Group& from) {
  to.summary.count += from.summary.count;
  to.summary.without_counters += from.summary.without_counters;
  to.summary.age_sum += from.summary.age_sum;
  to.summary.bytes_received += from.summary.bytes_received;
  to.summary.bytes_sent += from.summary.bytes_sent;
  to.summary.active += from.summary.active;
  to.summary.unread += from.summary.unread;
  to.summary.unread_bytes += from.summary.unread_bytes;
  to.summary.waiting += from.summary.waiting;
  to.summary.oldest_waiting = std::max(to.summary.oldest_waiting, from.summary.oldest_waiting);
  to.summary.given += from.summary.given;
  to.ages.insert(to.ages.end(), from.ages.begin(), from.ages.end());
}

OpenSummary finished(Group& group) {
  if (group.ages.empty()) return group.summary;  // only others' connections
  const auto median = group.ages.begin() + static_cast<std::ptrdiff_t>((group.ages.size() - 1) / 2);
  std::nth_element(group.ages.begin(), median, group.ages.end());
  group.summary.age_p50 = *median;
  group.summary.age_max = *std::max_element(median, group.ages.end());
  for (const Nanoseconds age : group.ages) group.summary.ages.add(age);
  return group.summary;
}

template <class Key>
std::map<Key, OpenSummary> finished(std::map<Key, Group>& groups) {
  std::map<Key, OpenSummary> summaries;
  for (auto& [key, group] : groups) summaries.emplace(key, finished(group));
  return summaries;
}

}  // namespace

OpenSummaries summarize(std::span<const OpenConnection> open, MonotonicTime at,
                        const std::function<OpenPlacement(const Owner&)>& place, const HolderOf& holder_of) {
  std::map<Owner, Group> as_recorded;
  std::map<Owner, OpenSummary> taken;  // by resolved services: what is counted for the holder
  for (const OpenConnection& connection : open) {
    const auto [group, is_new] = as_recorded.try_emplace(owner_of(connection));
    if (is_new) group->second.placement = place(group->first);
    if (!group->second.placement.shown) continue;
    add(group->second, connection, at);
    const std::optional<WorkerKey> holder = holder_of(connection);
    if (!holder) continue;
    const HandedOver one{1, group->second.ages.back(), connection.bytes_received + connection.bytes_sent};
    group->second.summary.given += one;
    OpenSummary& of_holder = taken[{group->second.placement.service, *holder}];
    of_holder.taken += one;
    if (connection.waiting_request) add_waiting(of_holder, connection, at);
  }

  std::map<Owner, Group> owners;
  std::map<ServiceKey, Group> services;
  for (const auto& [owner, group] : as_recorded) {
    if (!group.placement.shown) continue;
    append(owners[{group.placement.service, owner.worker}], group);
    append(services[group.placement.service], group);
  }
  for (const auto& [holder, of_holder] : taken) {
    OpenSummary& summary = owners[holder].summary;
    summary.taken = of_holder.taken;
    summary.waiting += of_holder.waiting;
    summary.oldest_waiting = std::max(summary.oldest_waiting, of_holder.oldest_waiting);
  }
  return {finished(owners), finished(services)};
}

}  // namespace acceptscope
