// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <utility>

#include "model/fairness.hpp"

namespace acceptscope {

/// A cache of fair baselines: a simulation takes milliseconds, and most ticks need the same baselines again.
class FairDraws {
 public:
  [[nodiscard]] const FairBaseline& of(std::uint64_t connections, std::uint32_t workers) {
    if (known_.size() >= kMost) known_.clear();
    const auto [baseline, is_new] = known_.try_emplace({connections, workers});
    if (is_new) baseline->second = fair_baseline(connections, workers);
    return baseline->second;
  }

 private:
  static constexpr std::size_t kMost = 1024;
  std::map<std::pair<std::uint64_t, std::uint32_t>, FairBaseline> known_;
};

}  // namespace acceptscope
