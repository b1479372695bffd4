// SPDX-License-Identifier: BSD-2-Clause
/// Where the description of a terminal comes from. ncurses would look in the directories that it was built for, which
/// are other ones on other distributions, and in those that TERMINFO, TERMINFO_DIRS and HOME name, which are no place
/// for root to read from. Here, only directories of the system count, and the usual terminals are built in.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace acceptscope {

/// Where distributions keep their descriptions; those of the machine's administrator come first.
extern const std::span<const char* const> kTerminfoDirectories;

/// The description of the terminal `name`, as ncurses takes it in TERMINFO: "hex:" and the compiled entry
/// (terminfo(5)). From the first of `directories` that has one, or built in; empty if there is none.
[[nodiscard]] std::optional<std::string> terminal_entry(
    const std::string& name, std::span<const char* const> directories = kTerminfoDirectories);

/// While it lives, ncurses finds `entry`, and looks nowhere else: it is in TERMINFO, written to no file.
class EntryForCurses {
 public:
  explicit EntryForCurses(const std::string& entry);
  EntryForCurses(const EntryForCurses&) = delete;
  EntryForCurses& operator=(const EntryForCurses&) = delete;
  ~EntryForCurses();

 private:
  std::optional<std::string> before_;
};

}  // namespace acceptscope
