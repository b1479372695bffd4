// SPDX-License-Identifier: BSD-2-Clause
/// Which service of one dump is which of another. The address does not tell it where several have the same one, in
/// network namespaces of their own: the number of a namespace is reused by the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/snapshot.hpp"
#include "util/enum_names.hpp"
#include "util/result.hpp"

namespace acceptscope {

/// What says so.
enum class PairedBy : std::uint8_t {
  address,    ///< no other service of either dump has it
  processes,  ///< a process, by pid and start time, belongs to both
  name,       ///< the name of the network namespace, the label of the container or unit, or the cgroups
  command,    ///< the command lines and names of the workers: a guess
  rest,       ///< the others of this address are paired, or both dumps have this one service only: a guess
  user,       ///< --pair
};

template <>
struct EnumNames<PairedBy> {
  static constexpr std::string_view name(PairedBy value) {
    switch (value) {
      case PairedBy::address: return "address";
      case PairedBy::processes: return "processes";
      case PairedBy::name: return "name";
      case PairedBy::command: return "command";
      case PairedBy::rest: return "rest";
      case PairedBy::user: return "user";
    }
    return {};
  }
};

/// What the user said: a service of BEFORE and one of AFTER, each by its address, the label of its container, or the
/// name or number of its network namespace.
struct AskedPair {
  std::string before, after;
};

struct Pair {
  std::size_t before = 0;  ///< index into the services of BEFORE
  PairedBy by = PairedBy::address;
  bool operator==(const Pair&) const = default;
};

struct Pairing {
  std::vector<std::optional<Pair>> of_after;  ///< of each service of AFTER
  std::vector<bool> ambiguous_before;         ///< of each service of BEFORE: which it is in AFTER cannot be told
  std::vector<bool> ambiguous_after;
};

/// Fails if a name of `asked` is that of no service or of several.
[[nodiscard]] Result<Pairing> pair_services(const Snapshot& before, const Snapshot& after,
                                            std::span<const AskedPair> asked);

}  // namespace acceptscope
