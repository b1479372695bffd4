// SPDX-License-Identifier: BSD-2-Clause
/// Prints the generated parts of README.md, each after a line "== NAME".
#include <cstdio>
#include <string>

#include "cli/options.hpp"
#include "model/figures.hpp"
#include "model/findings/table.hpp"
#include "output/json/schema.hpp"
#include "output/tui/tui.hpp"
#include "output/words/worker_columns.hpp"

int main() {
  using namespace acceptscope;
  const auto print = [](const char* name, const std::string& table) { std::printf("== %s\n%s", name, table.c_str()); };
  print("options", cli::options_markdown());
  print("keys", tui_keys_markdown());
  print("columns", worker_columns_markdown());
  print("findings", finding_kinds_markdown());
  print("dump fields", dump_fields_markdown());
  print("figures", figures_markdown());
  print("diff fields", diff_fields_markdown());
  print("log fields", log_fields_markdown());
  print("end", "");
}
