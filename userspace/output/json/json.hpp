// SPDX-License-Identifier: BSD-2-Clause
/// Writes the dump of --output and the lines of --log, as output/json/fields.hpp describes them; reads a dump back.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "model/diagnosis.hpp"
#include "model/diff.hpp"
#include "output/json/fields.hpp"
#include "util/result.hpp"
#include "util/text_sink.hpp"

namespace acceptscope {

/// Writes the dump in pieces of about 64 KiB: nothing of the dump's size is held in memory.
/// All of it is ASCII: other characters are \u escapes, invalid UTF-8 becomes U+FFFD.
[[nodiscard]] Result<void> write_dump(const TextSink& sink, const Snapshot& snapshot);

/// Writes the dump; the state of `out` shows whether this worked.
void write_dump(std::ostream& out, const Snapshot& snapshot);

/// The output of diff --json, as output/json/diff_fields.hpp describes it.
[[nodiscard]] std::string diff_json(const Diff& diff);

/// The output of doctor --json, as output/json/doctor_fields.hpp describes it.
[[nodiscard]] std::string doctor_json(const Diagnosis& diagnosis);

/// Appends one line of --log to `out`, newline included: a closed connection, or at the end of the run an open one.
void write_connection_line(std::string& out, const ConnectionLine& line);

/// Takes a connection as it is read.
using ConnectionSink = std::function<void(ConnectionRow&&)>;

/// Reads a dump back. Members marked [live] stay empty, and so do its connections: `connections` gets each of them in
/// the order of the file, and connections that it does not keep cost no memory. Without `connections` they are skipped,
/// and only their syntax is checked. `name` names the input in errors, such as the file's name in quotes. Reading a
/// dump of any size and layout takes some hundred KiB besides the Snapshot.
[[nodiscard]] Result<Snapshot> read_dump(std::istream& in, std::string_view name,
                                         const ConnectionSink& connections = {});

}  // namespace acceptscope
