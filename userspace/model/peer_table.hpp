// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "model/owner.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// Counts connections and workers per client address. Closed connections are counted by their records, for the first
/// kMaxAddresses addresses of the run; open connections are counted again at each tick, for the kMaxAddresses addresses
/// with the most. So an address that pins connections is seen even if it appears late. Memory beyond one tick:
/// 2 * kMaxAddresses rows and kMaxLinks pairs of address and worker, some 8 MiB.
class PeerTable {
 public:
  static constexpr std::size_t kMaxAddresses = 4096;
  static constexpr std::size_t kMaxLinks = 65536;  ///< beyond them PeerRow::workers is a lower bound
  static constexpr std::size_t kListed = 20;

  void add(const ServiceKey& service, const ClosedConnection& connection);
  /// `place` returns the service of an owner's connections, nothing for hidden ones.
  void replace_open(std::span<const OpenConnection> open, MonotonicTime at,
                    const std::function<std::optional<ServiceKey>(const Owner&)>& place);

  /// The kListed addresses with the most connections, most first, then by address.
  [[nodiscard]] std::vector<PeerRow> rows(const ServiceKey& service) const;

 private:
  struct Key {
    ServiceKey service;
    IpAddress address;
    auto operator<=>(const Key&) const = default;
  };
  struct Peer {
    std::uint64_t connections = 0;
    std::uint64_t preexisting = 0;
    Nanoseconds time{0};
    std::set<WorkerKey> workers;

    void count(const ConnectionFacts& connection, Nanoseconds age);
  };
  using Peers = std::map<Key, Peer>;

  [[nodiscard]] std::uint32_t workers_of(const Key& key) const;

  Peers closed_;
  std::size_t links_ = 0;  ///< of the closed connections
  Peers open_;
};

}  // namespace acceptscope
