// SPDX-License-Identifier: BSD-2-Clause
#include "output/registry.hpp"

#include "output/json/json.hpp"

namespace acceptscope::output_rows {

Result<void> write_dump(const TextSink& sink, const Picture& picture) {
  return acceptscope::write_dump(sink, picture.snapshot);
}

void append_log_line(std::string& line, const ServiceKey& service, const ConnectionRow& row) {
  write_connection_line(line, {service, row});
  line.pop_back();  // LogFile ends its lines itself
}

Result<void> write_page(const TextSink& sink, const Picture& picture) {
  HtmlOptions options;
  options.left_out = picture.left_out;
  options.reuse = picture.reuse;
  return sink(render_html(picture.snapshot, options));
}

Result<void> write_diff_page(const TextSink& sink, const Picture& before, const Picture& after, const Diff& diff) {
  HtmlOptions options;
  options.left_out_before = before.left_out;
  options.left_out = after.left_out;
  options.reuse_before = before.reuse;
  options.reuse = after.reuse;
  return sink(render_html_diff(before.snapshot, after.snapshot, diff, options));
}

}  // namespace acceptscope::output_rows
