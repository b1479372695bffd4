// SPDX-License-Identifier: BSD-2-Clause
/// The descriptions of output/json/fields.hpp, for programs and for people.
#pragma once

#include <string>

namespace acceptscope {

/// JSON Schema (draft 2020-12) of the dump; "#/$defs/log_line" in it is the schema of a line of --log.
[[nodiscard]] std::string json_schema();

/// JSON Schema of the output of diff --json.
[[nodiscard]] std::string diff_schema();

/// Markdown table of every field of the dump: path, type, meaning.
[[nodiscard]] std::string dump_fields_markdown();

/// Markdown table of the fields of diff --json.
[[nodiscard]] std::string diff_fields_markdown();

/// Markdown table of the fields of a line of --log.
[[nodiscard]] std::string log_fields_markdown();

}  // namespace acceptscope
