// SPDX-License-Identifier: BSD-2-Clause
#include "util/version.hpp"

namespace acceptscope {

std::string_view version() { return ACCEPTSCOPE_VERSION; }

}  // namespace acceptscope
