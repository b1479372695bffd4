// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>

#include "model/losses.hpp"
#include "model/snapshot.hpp"
#include "model/spread.hpp"

namespace acceptscope {

/// All that a rule knows: the finished figures of one service (everything but its findings) over a run of `duration`.
struct Subject {
  const ServiceRow& service;
  Nanoseconds duration;  ///< of the run so far
  const Losses& losses;  ///< of the whole run: most kinds cannot be told apart by service
  Spreads& spreads;      ///< each computed when a rule first asks for it
};

/// One rule: what it found, or nothing. Pure, and independent of the other rules. Sets all of the finding but its code,
/// which is that of the rule's row in the table.
using Rule = std::optional<Finding> (*)(const Subject&);

}  // namespace acceptscope
