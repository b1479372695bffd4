// SPDX-License-Identifier: BSD-2-Clause
/// Files that the program writes: the dump, which appears complete or not at all, and the log, which grows line by
/// line. Both are opened before tracing starts, so that a bad path fails at once. Writing to a closed pipe is an error
/// value only where SIGPIPE is ignored: the program does that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

/// A file that appears under its name, complete, at commit(). Until then the bytes are in an unnamed file of the same
/// directory (O_TMPFILE), or in a hidden one where the file system has no unnamed files. A file that was there is
/// replaced; a symbolic link to one is followed, but not one that somebody else put into a directory where everybody
/// may write, such as /tmp: as root that would be a way to any file. Nor is a FIFO of somebody else's written there.
/// Mode 0600: dumps name peers. "-", /dev/stdout, devices, FIFOs and sockets are written directly.
class OutputFile {
 public:
  /// Where the bytes are until commit().
  enum class Staging : std::uint8_t { unnamed_if_possible, hidden_name };
  /// What becomes of a file that has the name already.
  enum class Existing : std::uint8_t { replace, keep };

  /// Opens `path` for `purpose` ("the dump"), which only error messages use.
  [[nodiscard]] static Result<OutputFile> open(const std::string& path, std::string purpose,
                                               Staging staging = Staging::unnamed_if_possible);
  /// Likewise, but what has the name already, now or at commit(), is an error and stays as it is.
  [[nodiscard]] static Result<OutputFile> create(const std::string& path, std::string purpose,
                                                 Staging staging = Staging::unnamed_if_possible);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  /// Without commit() nothing is left behind.
  ~OutputFile();

  /// Writes all of `bytes`. After an error the file can only be abandoned.
  [[nodiscard]] Result<void> write(std::string_view bytes);
  /// Gives the file its name and closes it; no write() may follow.
  [[nodiscard]] Result<void> commit();

  /// Where the bytes go, as typed.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// It appears at commit(), and can do so more than once; false for what is written directly.
  [[nodiscard]] bool appears_at_commit() const { return static_cast<bool>(directory_); }
  /// A descriptor of its own, to tell whether this is the terminal or the file that something else writes.
  [[nodiscard]] int descriptor() const { return fd_.get(); }

 private:
  OutputFile() = default;
  [[nodiscard]] Result<void> open_staged(const std::string& target, Staging staging);
  template <class Create>
  [[nodiscard]] Result<void> create_temporary(Create create);
  [[nodiscard]] Result<void> give_name();
  [[nodiscard]] tl::unexpected<Error> failed(const char* action, int errno_value, std::string_view hint = {}) const;
  void forget_temporary(bool unlink);

  std::string path_;
  std::string purpose_;
  UniqueFd fd_;
  UniqueFd directory_;     ///< of `name_`; none for what is written directly
  std::string name_;       ///< last component of the target
  std::string temporary_;  ///< name in `directory_` that must not survive; empty if there is none
  Existing existing_ = Existing::replace;
  int cleanup_slot_ = -1;  ///< of `temporary_`, for remove_temporary_files()
};

/// Lines appended to a file that exists from the start; what was there before is discarded. Where everybody may write,
/// a file of somebody else's, or one with several names, is refused, as is a link. Lines are collected and reach the
/// file whole at flush(), or when many have been collected.
class LogFile {
 public:
  /// Creates or empties `path` for `purpose` ("the log"); "-" is standard output.
  [[nodiscard]] static Result<LogFile> open(const std::string& path, std::string purpose);

  /// Adds `line`, which has no newline at its end yet.
  void append(std::string_view line);
  /// Writes what was collected. The first failure is returned, once; from then on lines are only counted as lost, so
  /// that the file stays a complete beginning of the whole.
  [[nodiscard]] Result<void> flush();
  /// Lines that were appended and are not in the file.
  [[nodiscard]] std::uint64_t lines_lost() const { return lines_lost_; }
  [[nodiscard]] std::uint64_t lines_written() const { return lines_written_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  LogFile() = default;
  void write_collected();

  std::string path_;
  std::string purpose_;
  UniqueFd fd_;
  std::string collected_;
  std::uint64_t lines_collected_ = 0;
  std::uint64_t lines_written_ = 0;
  std::uint64_t lines_lost_ = 0;
  bool failed_ = false;
  std::optional<Error> unreported_;
};

/// Whether `path` means standard output: "-", /dev/stdout, /dev/fd/1, /proc/self/fd/1.
[[nodiscard]] bool is_standard_output(std::string_view path);

/// Unlinks the temporary names of all uncommitted OutputFiles of this process. Async-signal-safe: for the handler of
/// a second Ctrl-C, just before _exit(). A forked child must not call it.
void remove_temporary_files() noexcept;

}  // namespace acceptscope
