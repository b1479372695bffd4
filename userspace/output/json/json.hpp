// SPDX-License-Identifier: BSD-2-Clause
/// The dump of --output and the lines of --log, as output/json/fields.hpp describes them; and a dump read back.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "model/diff.hpp"
#include "output/json/fields.hpp"
#include "util/result.hpp"
#include "util/text_sink.hpp"

namespace acceptscope {

/// The dump, in pieces of about 64 KiB: nothing of the size of the dump is held in memory.
/// All of it is ASCII: other characters are \u escapes, invalid UTF-8 becomes U+FFFD.
[[nodiscard]] Result<void> write_dump(const TextSink& sink, const Snapshot& snapshot);

/// The dump; the state of `out` tells whether it was written.
void write_dump(std::ostream& out, const Snapshot& snapshot);

/// What diff --json prints, as output/json/diff_fields.hpp describes it.
[[nodiscard]] std::string diff_json(const Diff& diff);

/// Appends one line of --log to `out`, newline included: a closed connection, or at the end of the run an open one.
void write_connection_line(std::string& out, const ConnectionLine& line);

/// Takes a connection as it is read.
using ConnectionSink = std::function<void(ConnectionRow&&)>;

/// A dump read back; members marked [live] stay empty, and so do its connections: `connections` gets each of them, in
/// the order of the file, and what it does not keep costs no memory. Without one they are passed over: then only their
/// syntax is looked at. `name` is what errors call the input, such as the file's name in quotes. A dump of any size and
/// layout takes some hundred KiB to read beside the Snapshot.
[[nodiscard]] Result<Snapshot> read_dump(std::istream& in, std::string_view name,
                                         const ConnectionSink& connections = {});

}  // namespace acceptscope
