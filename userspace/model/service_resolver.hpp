// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <set>

#include "model/records.hpp"

namespace acceptscope {

/// Finds the service of a connection whose listening socket the kernel side did not see, from the connection's local
/// address and the listeners known so far.
class ServiceResolver {
 public:
  void add_listener(const ServiceKey& listener) { listeners_.insert(listener); }

  /// The listener that such a connection belongs to, on the same port and in the same network namespace: on exactly
  /// this address, else on 0.0.0.0 (for IPv4), else on ::, which takes IPv4 connections as well. `key` itself if there
  /// is none.
  [[nodiscard]] ServiceKey resolve(const ServiceKey& key) const;

 private:
  std::set<ServiceKey> listeners_;
};

}  // namespace acceptscope
