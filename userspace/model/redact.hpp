// SPDX-License-Identifier: BSD-2-Clause
/// --redact-peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "model/records.hpp"

namespace acceptscope {

/// Replaces every peer address by a pseudonym. It stays the same while the address is among the kRemembered addresses
/// seen last (mostly for the whole run). Pseudonyms are numbered in order of first appearance: 2001:db8::1,
/// 2001:db8::2, … from the range that RFC 3849 reserves for documentation. They are addresses, so that every output,
/// also from a dump read back, treats them like any other address. Apply it once, to records as they leave the capture
/// side: then no output can forget to redact. Keeps ports, but not whether the peer was IPv4.
class Redactor {
 public:
  static constexpr std::size_t kRemembered = 131072;  ///< at least; memory: 80 bytes for each of twice as many

  [[nodiscard]] IpAddress pseudonym(const IpAddress& peer);
  void redact(ConnectionFacts& connection);
  /// The open connections of a tick.
  void redact(Tick& tick);

 private:
  std::uint64_t last_ = 0;
  std::map<IpAddress, std::uint64_t> recent_;  ///< at most kRemembered; then they replace `earlier_`
  std::map<IpAddress, std::uint64_t> earlier_;
};

}  // namespace acceptscope
