// SPDX-License-Identifier: BSD-2-Clause
#include "util/output_place.hpp"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace acceptscope {
namespace {

constexpr int kLinksAtMost = 40;  // the kernel's own limit (path_resolution(7))

bool is_trusted(uid_t user) { return user == 0 || user == ::geteuid(); }

/// Who else may put entries into `directory`; empty if nobody may. An access control list shows in the group's bits.
std::string other_writers(const struct stat& directory) {
  if (!is_trusted(directory.st_uid)) return "user " + std::to_string(directory.st_uid);
  if ((directory.st_mode & S_IWOTH) != 0) return "every user";
  if ((directory.st_mode & S_IWGRP) != 0) return "group " + std::to_string(directory.st_gid);
  return {};
}

/// Symbolic links in procfs can refer to objects without a path, such as pipes.
bool is_procfs(const UniqueFd& directory) {
  struct statfs info {};
  return ::fstatfs(directory.get(), &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

/// The text of the link `entry`; nullopt sets errno.
std::optional<std::string> text_of(const UniqueFd& entry) {
  std::array<char, PATH_MAX> text{};
  const ssize_t size = ::readlinkat(entry.get(), "", text.data(), text.size());
  if (size < 0) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(size));
}

tl::unexpected<Error> blocked(int errno_value) { return system_failure(errno_value, {}); }

/// One walk along a path. Each directory is opened relative to the one before, and is checked once it is held.
class Walk {
 public:
  Walk(const std::string& path, LastLink last_link) : rest_(path), keep_last_(last_link == LastLink::keep) {}

  Result<OutputPlace> go() {
    if (rest_.empty()) return blocked(ENOENT);
    if (place_.descriptor = descriptor_named_by(rest_); place_.descriptor >= 0) return std::move(place_);
    Result<void> done = begin();
    while (done && !has_arrived_) done = step();
    if (!done) return tl::unexpected(std::move(done.error()));
    return std::move(place_);
  }

 private:
  /// Holds the directory where `rest_` begins.
  Result<void> begin() {
    const bool at_root = rest_.front() == '/';
    trail_.assign(at_root ? 1 : 0, '/');
    return enter(UniqueFd(::open(at_root ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC)));
  }

  /// From here on `directory` is where the walk is. No link below a directory of others is followed any more, also
  /// where theirs is left with "..": they may have moved what is below.
  Result<void> enter(UniqueFd directory) {
    struct stat status {};
    if (!directory || ::fstat(directory.get(), &status) != 0) return blocked(errno);
    at_ = std::move(directory);
    const std::string who = other_writers(status);
    is_sticky_ = !who.empty() && is_trusted(status.st_uid) && (status.st_mode & S_ISVTX) != 0;
    if (!who.empty() && !is_sticky_ && others_.empty())
      others_ = who + " may write to '" + (trail_.empty() ? "." : trail_) + "'";
    return {};
  }

  /// Takes the next component off `rest_`.
  Result<void> step() {
    rest_.erase(0, std::min(rest_.find_first_not_of('/'), rest_.size()));
    if (rest_.empty()) return blocked(EISDIR);
    const std::string name = rest_.substr(0, rest_.find('/'));
    rest_.erase(0, name.size());
    if (name == ".") return {};
    extend_trail(name);
    if (name == "..") return enter(UniqueFd(::openat(at_.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC)));
    return look_at(name);
  }

  void extend_trail(const std::string& name) {
    if (!trail_.empty() && trail_.back() != '/') trail_ += '/';
    trail_ += name;
  }

  Result<void> look_at(const std::string& name) {
    // As a directory first: only then is a file system mounted where autofs waits for that.
    UniqueFd entry(::openat(at_.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (entry) return rest_.empty() ? blocked(EISDIR) : enter(std::move(entry));
    if (errno == ENOTDIR) entry.reset(::openat(at_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!entry) return nothing_at(name, errno);
    struct stat status {};
    if (::fstat(entry.get(), &status) != 0) return blocked(errno);
    if (S_ISLNK(status.st_mode) && !(keep_last_ && rest_.empty())) return follow(name, entry, status);
    return arrive(name, std::move(entry), status);
  }

  Result<void> nothing_at(const std::string& name, int errno_value) {
    if (errno_value != ENOENT || rest_.find_first_not_of('/') != std::string::npos) return blocked(errno_value);
    if (!rest_.empty()) return blocked(EISDIR);
    return arrive(name, {}, {});
  }

  Result<void> arrive(const std::string& name, UniqueFd entry, const struct stat& status) {
    if (!rest_.empty()) return blocked(ENOTDIR);
    if (std::string why = why_file(status); entry && !why.empty())
      place_.doubt = "'" + trail_ + "' exists, and another user may have placed it there: " + why;
    place_.is_shared = is_sticky_ || !others_.empty();
    place_.directory = std::move(at_);
    place_.name = name;
    place_.entry = std::move(entry);
    place_.status = status;
    has_arrived_ = true;
    return {};
  }

  Result<void> follow(const std::string& name, const UniqueFd& link, const struct stat& status) {
    if (const std::string why = why_link(status); !why.empty())
      return failure("'" + trail_ + "' is a link, and another user may have placed it there: " + why,
                     "name the file that it leads to, or choose another place");
    if (++links_ > kLinksAtMost) return blocked(ELOOP);
    if (is_procfs(at_)) return follow_in_procfs(name);
    const std::optional<std::string> text = text_of(link);
    if (!text) return blocked(errno);
    if (text->empty()) return blocked(ENOENT);
    rest_ = *text + rest_;
    if (text->front() != '/') {
      trail_.erase(trail_.size() - name.size());
      return {};
    }
    place_.descriptor = descriptor_named_by(rest_);
    has_arrived_ = place_.descriptor >= 0;
    return has_arrived_ ? Result<void>{} : begin();
  }

  /// The kernel follows its own link: its text can be no path.
  Result<void> follow_in_procfs(const std::string& name) {
    UniqueFd entry(::openat(at_.get(), name.c_str(), O_PATH | O_CLOEXEC));
    struct stat status {};
    if (!entry || ::fstat(entry.get(), &status) != 0) return blocked(errno);
    if (S_ISDIR(status.st_mode)) return rest_.empty() ? blocked(EISDIR) : enter(std::move(entry));
    if (auto arrived = arrive(name, std::move(entry), status); !arrived) return arrived;
    place_.directory.reset();
    return {};
  }

  [[nodiscard]] std::string why_link(const struct stat& link) const {
    if (!is_trusted(link.st_uid)) return owner_of(link);
    if (is_sticky_ && others_.empty() && link.st_nlink > 1) return names_of(link);
    return others_;
  }

  /// A second name may be one of any user's file. Where nobody else can put a file, its owner does not matter.
  [[nodiscard]] std::string why_file(const struct stat& file) const {
    if (!is_sticky_ && others_.empty()) return {};
    if (!is_trusted(file.st_uid)) return owner_of(file);
    return file.st_nlink > 1 ? names_of(file) : std::string();
  }

  static std::string owner_of(const struct stat& entry) { return "it belongs to user " + std::to_string(entry.st_uid); }
  static std::string names_of(const struct stat& entry) {
    return "it has " + std::to_string(entry.st_nlink) + " names (hard links)";
  }

  std::string rest_;  ///< of the path; begins with '/' or is empty after a component was taken
  bool keep_last_;
  UniqueFd at_;             ///< the directory that the walk has reached
  std::string trail_;       ///< its path, for messages
  bool is_sticky_ = false;  ///< others may write to it, but not to what is not theirs
  std::string others_;      ///< who else may write to it or to one before it, and to which; empty if nobody may
  int links_ = 0;
  bool has_arrived_ = false;
  OutputPlace place_;
};

}  // namespace

int OutputPlace::reopen(int flags) const {
  return ::open(("/proc/self/fd/" + std::to_string(entry.get())).c_str(), flags | O_NOCTTY | O_CLOEXEC);
}

Result<OutputPlace> find_place(const std::string& path, LastLink last_link) { return Walk(path, last_link).go(); }

int descriptor_named_by(std::string_view path) {
  if (path == "-" || path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
    const std::string_view digits = path.substr(0, prefix.size()) == prefix ? path.substr(prefix.size()) : "";
    int descriptor = -1;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), descriptor);
    if (error == std::errc{} && rest == digits.data() + digits.size() && descriptor >= 0) return descriptor;
  }
  return -1;
}

}  // namespace acceptscope
