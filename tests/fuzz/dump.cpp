// SPDX-License-Identifier: BSD-2-Clause
// An arbitrary dump: it is refused with one line, or it becomes a snapshot that can be shown and written again.
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "model/diff.hpp"
#include "output/html/html.hpp"
#include "output/json/json.hpp"
#include "output/plain/diff.hpp"
#include "output/plain/plain.hpp"
#include "target.hpp"

using namespace acceptscope;
using fuzz::promise;

namespace {

std::string written(const Snapshot& snapshot) {
  std::ostringstream out;
  write_dump(out, snapshot);
  return std::move(out).str();
}

/// Reads the whole dump, its connections included.
Result<Snapshot> read(const std::string& text) {
  std::istringstream in(text);
  std::vector<ConnectionRow> connections;
  Result<Snapshot> snapshot =
      read_dump(in, "'x.json'", [&](ConnectionRow&& connection) { connections.push_back(std::move(connection)); });
  if (snapshot) snapshot->connections = std::move(connections);
  return snapshot;
}

void expect_tame_views(const Snapshot& snapshot) {
  for (const bool final : {false, true}) {
    TextOptions plain;
    plain.final = final;
    promise(fuzz::is_tame(render(snapshot, plain)), "a view of a dump has no control characters");
  }
  const Diff diff = compare(snapshot, snapshot);
  promise(!diff_json(diff).empty(), "a dump can be compared with itself");
  promise(fuzz::is_tame(render_html(snapshot)), "a page of a dump has no control characters");
  promise(fuzz::is_tame(render_html_diff(snapshot, snapshot, diff)), "nor has one of two dumps");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Snapshot> snapshot = read(std::string(reinterpret_cast<const char*>(data), size));
  if (!snapshot) {
    const std::string message = snapshot.error().message().raw();
    promise(!message.empty() && message.find('\n') == std::string::npos, "an error is one line");
    promise(fuzz::is_tame(message), "an error has no control characters");
    return 0;
  }
  expect_tame_views(*snapshot);
  const std::string first = written(*snapshot);
  const Result<Snapshot> again = read(first);
  promise(again.has_value(), "what was read and written can be read");
  promise(written(*again) == first, "and is the same");
  return 0;
}
