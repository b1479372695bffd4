// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/connection_reuse.hpp"
#include "model/snapshot.hpp"
#include "output/html/timeline.hpp"

namespace acceptscope {

/// The verdict with the four answers: which workers, how skewed, since when, what to do. `heading` is text.
[[nodiscard]] std::string verdict_box(const Snapshot& snapshot, const ServiceRow& service, std::string_view heading);

/// One line on what effective workers are, with a link to effective_meaning(); empty without connections.
[[nodiscard]] std::string effective_note(const Spread& spread);

/// The explanation that effective_note() links to: once on each page.
[[nodiscard]] std::string effective_meaning();

/// The headline numbers.
[[nodiscard]] std::string number_tiles(const Snapshot& snapshot, const ServiceRow& service);

/// The section of a page about service number `index`, whose connections were used again as `reuse` tells.
[[nodiscard]] std::string service_section(Ids& ids, const Snapshot& snapshot, std::size_t index,
                                          const LaneChoice& lanes, const Reuse& reuse);

}  // namespace acceptscope
