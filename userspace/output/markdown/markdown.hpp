// SPDX-License-Identifier: BSD-2-Clause
/// The closing summary and a comparison in Markdown (CommonMark with the tables of GitHub), for an issue or a chat.
#pragma once

#include <string>
#include <string_view>

#include "model/diff.hpp"
#include "model/snapshot.hpp"
#include "output/words/options.hpp"

namespace acceptscope {

/// What the closing summary says, without its histograms. The width of `options` does not matter: lines are as long as
/// their paragraph. The same snapshot and options always give the same text.
[[nodiscard]] std::string render_markdown(const Snapshot& snapshot, const TextOptions& options);

/// What render_diff() says.
[[nodiscard]] std::string render_markdown_diff(const Diff& diff, const TextOptions& options);

/// `text`, which escape_text() or sentence() made visible, so that Markdown shows it as it is: no emphasis, links,
/// HTML, mentions or cells of a table come of it, nor lists and headings where it `starts_line`.
[[nodiscard]] std::string markdown_escape(std::string_view text, bool starts_line = true);

}  // namespace acceptscope
