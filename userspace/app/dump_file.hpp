// SPDX-License-Identifier: BSD-2-Clause
/// The dumps that report and diff read, and the page that they write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/snapshot.hpp"
#include "util/output_file.hpp"
#include "util/result.hpp"

namespace acceptscope {

struct LoadedDump {
  Snapshot snapshot;           ///< its connections are a ConnectionSample of the dump's
  std::uint64_t left_out = 0;  ///< connections of the dump that are not in the sample
};

/// The dump in the file at `path`; "-" is standard input. Of its connections at most `most_connections` are kept, a
/// sample; with 0 they are passed over.
[[nodiscard]] Result<LoadedDump> load_dump(const std::string& path, std::size_t most_connections);

/// The page of --html, opened before a dump is read; empty without the option.
[[nodiscard]] Result<std::optional<OutputFile>> open_page(const std::optional<std::string>& path);

/// Writes all of `html` and gives the file its name.
[[nodiscard]] Result<void> write_page(OutputFile& page, const std::string& html);

}  // namespace acceptscope
