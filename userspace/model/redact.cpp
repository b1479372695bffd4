// SPDX-License-Identifier: BSD-2-Clause
#include "model/redact.hpp"

#include <utility>

namespace acceptscope {

IpAddress Redactor::pseudonym(const IpAddress& peer) {
  const auto [known, is_new] = recent_.try_emplace(peer);
  if (is_new) {
    const auto earlier = earlier_.find(peer);
    known->second = earlier == earlier_.end() ? ++last_ : earlier->second;
  }
  std::uint64_t number = known->second;
  if (recent_.size() >= kRemembered) earlier_ = std::exchange(recent_, {});
  IpAddress address{{0x20, 0x01, 0x0d, 0xb8}};
  for (std::size_t i = address.bytes.size(); number > 0; number >>= 8)
    address.bytes[--i] = static_cast<std::uint8_t>(number & 0xff);
  return address;
}

void Redactor::redact(ConnectionFacts& connection) { connection.peer.address = pseudonym(connection.peer.address); }

void Redactor::redact(Tick& tick) {
  for (OpenConnection& connection : tick.open) redact(connection);
}

}  // namespace acceptscope
