// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <string_view>

#include "util/result.hpp"

namespace acceptscope {

/// Takes the next piece of text; an error stops the writing and becomes the writer's result.
using TextSink = std::function<Result<void>(std::string_view)>;

}  // namespace acceptscope
