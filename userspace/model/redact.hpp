// SPDX-License-Identifier: BSD-2-Clause
/// --redact-peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "model/records.hpp"

namespace acceptscope {

/// Gives every peer address a pseudonym, the same one for as long as it is among the kRemembered addresses seen last
/// (for the whole run, most often), numbered in order of first appearance: 2001:db8::1, 2001:db8::2, … from the range
/// that RFC 3849 reserves for documentation. They are addresses so that every output, also those read back from a dump,
/// treats them as any other, and no output can forget to redact: apply it once, to records as they leave the capture
/// side. Ports are kept; whether the peer was IPv4 is not.
class Redactor {
 public:
  static constexpr std::size_t kRemembered = 131072;  ///< at least; memory: 80 bytes for each of twice as many

  [[nodiscard]] IpAddress pseudonym(const IpAddress& peer);
  void redact(ConnectionFacts& connection);
  /// The open connections of a tick.
  void redact(Tick& tick);

 private:
  std::uint64_t last_ = 0;
  std::map<IpAddress, std::uint64_t> recent_;  ///< kRemembered of them at most; then they take the place of `earlier_`
  std::map<IpAddress, std::uint64_t> earlier_;
};

}  // namespace acceptscope
