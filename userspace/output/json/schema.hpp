// SPDX-License-Identifier: BSD-2-Clause
/// The descriptions of output/json/fields.hpp, for programs and for people.
#pragma once

#include <string>
#include <vector>

namespace acceptscope {

/// JSON Schema (draft 2020-12) of the dump; "#/$defs/log_line" in it is the schema of a line of --log.
[[nodiscard]] std::string json_schema();

/// JSON Schema of the output of diff --json.
[[nodiscard]] std::string diff_schema();

/// JSON Schema of a line of --log.
[[nodiscard]] std::string log_schema();

/// A field, for people.
struct FieldText {
  std::string path;  ///< "services[].workers[].pid"
  std::string type;  ///< "integer or null", "`ok`, `info`"
  std::string help;
};

/// Every field of the dump, of the output of diff --json, of a line of --log.
[[nodiscard]] std::vector<FieldText> dump_fields();
[[nodiscard]] std::vector<FieldText> diff_fields();
[[nodiscard]] std::vector<FieldText> log_fields();

}  // namespace acceptscope
