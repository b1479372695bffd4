// SPDX-License-Identifier: BSD-2-Clause
#include "model/peer_table.hpp"

#include <algorithm>

namespace acceptscope {

void PeerTable::Peer::count(const ConnectionFacts& connection, Nanoseconds age) {
  ++connections;
  if (connection.preexisting) ++preexisting;
  time += std::max(age, Nanoseconds::zero());
}

void PeerTable::add(const ServiceKey& service, const ClosedConnection& connection) {
  const Key key{service, connection.peer.address};
  auto peer = closed_.find(key);
  if (peer == closed_.end()) {
    if (closed_.size() >= kMaxAddresses) return;
    peer = closed_.try_emplace(key).first;
  }
  peer->second.count(connection, connection.lifetime());
  if (links_ < kMaxLinks && peer->second.workers.insert(connection.worker).second) ++links_;
}

void PeerTable::replace_open(std::span<const OpenConnection> open, MonotonicTime at,
                             const std::function<std::optional<ServiceKey>(const Owner&)>& place) {
  std::map<Owner, std::optional<ServiceKey>> placed;
  open_.clear();
  for (const OpenConnection& connection : open) {
    const auto [service, is_new] = placed.try_emplace(owner_of(connection));
    if (is_new) service->second = place(service->first);
    if (!service->second) continue;
    Peer& peer = open_[{*service->second, connection.peer.address}];
    peer.count(connection, at - connection.accepted_at);
    peer.workers.insert(connection.worker);
  }
  if (open_.size() <= kMaxAddresses) return;

  std::vector<Peers::iterator> by_count;  // not a threshold: most addresses may have a single connection each
  for (auto peer = open_.begin(); peer != open_.end(); ++peer) by_count.push_back(peer);
  const auto first_left_out = by_count.begin() + static_cast<std::ptrdiff_t>(kMaxAddresses);
  std::nth_element(by_count.begin(), first_left_out, by_count.end(),
                   [](const auto& a, const auto& b) { return a->second.connections > b->second.connections; });
  std::for_each(first_left_out, by_count.end(), [this](const auto& peer) { open_.erase(peer); });
}

std::uint32_t PeerTable::workers_of(const Key& key) const {
  std::set<WorkerKey> workers;
  for (const Peers* const peers : {&closed_, &open_}) {
    const auto peer = peers->find(key);
    if (peer != peers->end()) workers.insert(peer->second.workers.begin(), peer->second.workers.end());
  }
  return static_cast<std::uint32_t>(workers.size());
}

std::vector<PeerRow> PeerTable::rows(const ServiceKey& service) const {
  std::map<IpAddress, PeerRow> by_address;
  for (const Peers* const peers : {&closed_, &open_}) {
    for (auto peer = peers->lower_bound({service, {}}); peer != peers->end() && peer->first.service == service;
         ++peer) {
      PeerRow& row = by_address[peer->first.address];
      row.connections += peer->second.connections;
      row.preexisting += peer->second.preexisting;
      row.connection_time += peer->second.time;
      if (peers == &open_) row.open = peer->second.connections;
    }
  }
  std::vector<PeerRow> rows;
  for (auto& [address, row] : by_address) {
    row.address = address;
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const PeerRow& a, const PeerRow& b) { return a.connections > b.connections; });
  if (rows.size() > kListed) rows.resize(kListed);
  for (PeerRow& row : rows) row.workers = workers_of({service, row.address});
  return rows;
}

}  // namespace acceptscope
