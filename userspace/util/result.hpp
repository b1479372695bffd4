// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <tl/expected.hpp>

#include "util/outside_text.hpp"

namespace acceptscope {

/// What failed, on what, why, and what the user can do about it.
struct Error {
  OutsideText what;      ///< "cannot open '/x/hot.json' for the dump": action and object, no trailing stop
  std::error_code code;  ///< the reason; empty if `what` already includes it
  OutsideText hint;      ///< one sentence for the user; may be empty

  /// "what: why (hint)" on one line, as it is printed (escaped) after "acceptscope: ".
  [[nodiscard]] OutsideText message() const {
    OutsideText text = what;
    if (code) text += ": " + code.message();
    if (!hint.empty()) text += " (" + hint + ")";
    return text;
  }
};

/// A value, or the error that prevented it. Recoverable errors are passed as values.
template <class T>
using Result = tl::expected<T, Error>;

/// An error without a system error code.
[[nodiscard]] inline tl::unexpected<Error> failure(OutsideText what, OutsideText hint = {}) {
  return tl::unexpected<Error>(Error{std::move(what), {}, std::move(hint)});
}

/// An error whose reason is an errno value (positive; libbpf's negative ones are accepted too).
[[nodiscard]] inline tl::unexpected<Error> system_failure(int errno_value, OutsideText what, OutsideText hint = {}) {
  const int value = errno_value < 0 ? -errno_value : errno_value;
  return tl::unexpected<Error>(
      Error{std::move(what), std::error_code(value, std::generic_category()), std::move(hint)});
}

}  // namespace acceptscope
