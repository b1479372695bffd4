// SPDX-License-Identifier: BSD-2-Clause
#include "app/environment.hpp"

#include <fmt/ranges.h>

namespace acceptscope {

Result<Environment> environment_of(const cli::Options& options) {
  Environment environment;
  for (const std::string& feature : options.simulate_missing) {
    if (std::find(kMissableFeatures.begin(), kMissableFeatures.end(), feature) == kMissableFeatures.end())
      return failure(fmt::format("--simulate-missing '{}': no such feature", feature),
                     fmt::format("one of {}", fmt::join(kMissableFeatures, ", ")));
    environment.missing.push_back(feature);
  }
  return environment;
}

}  // namespace acceptscope
