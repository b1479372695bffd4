// SPDX-License-Identifier: BSD-2-Clause
/// Where an output goes. A path is resolved here and not by the kernel: root writes into directories of other users,
/// and a link that one of them planted there would give access to any file. fs.protected_symlinks (proc_sys_fs(5)) is
/// about sticky directories only, and may be disabled.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// The end of a path. What was checked and what is used are the same: file descriptors hold both.
struct OutputPlace {
  UniqueFd directory;      ///< holds the entry `name`; none for a descriptor and for what a link of procfs refers to
  std::string name;        ///< one component
  UniqueFd entry;          ///< what is there (O_PATH); none if nothing is. Not a directory
  struct stat status {};   ///< of `entry`
  int descriptor = -1;     ///< of this process, if the path names one; then the place has nothing else
  bool is_shared = false;  ///< another user may put entries into `directory`, or may exchange it
  std::string doubt;       ///< why another user may have placed `entry`, a whole sentence; empty if nobody may have

  /// Opens `entry` itself, whatever has its name by now. Returns -1 and sets errno on failure.
  [[nodiscard]] int reopen(int flags) const;
};

enum class LastLink : bool { follow, keep };

/// Finds the place that `path` names. Other users are all but root and the user of this process. A link is followed
/// unless another user owns it, or may write to its directory or to one that was passed before; in a sticky directory
/// of root's, such as /tmp, it is enough that the link is not theirs. An error tells what was not found or not
/// followed, but not for what: `what` is empty or a sentence.
[[nodiscard]] Result<OutputPlace> find_place(const std::string& path, LastLink last_link);

/// The file descriptor that `path` names: "-" (1), /dev/stdout, /dev/stderr, /dev/fd/N or /proc/self/fd/N; -1 for other
/// paths. Callers duplicate it: opening the path would truncate a redirected file, and fails for sockets.
[[nodiscard]] int descriptor_named_by(std::string_view path);

}  // namespace acceptscope
