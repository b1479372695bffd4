// SPDX-License-Identifier: BSD-2-Clause
/// generate DIRECTORY: writes what the tables of the program make: man pages, the same in Markdown, completion scripts,
/// JSON Schemas.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "manual/completion.hpp"
#include "manual/manual.hpp"
#include "output/json/schema.hpp"

int main(int argc, char** argv) {
  using namespace acceptscope;
  if (argc != 2) return std::fputs("usage: generate DIRECTORY\n", stderr), 2;
  const std::filesystem::path directory(argv[1]);
  const auto write = [&](const std::string& name, const std::string& text) { std::ofstream(directory / name) << text; };
  for (const manual::Page& page : manual::pages()) {
    const std::string name = std::string(page.name) + "." + std::string(page.section);
    write(name, manual::roff(page));
    write(name + ".md", manual::markdown(page));
  }
  write("acceptscope.bash", manual::bash_completion());
  write("_acceptscope", manual::zsh_completion());
  write("acceptscope.fish", manual::fish_completion());
  write("dump.schema.json", json_schema());
  write("log.schema.json", log_schema());
  write("diff.schema.json", diff_schema());
  return 0;
}
