// SPDX-License-Identifier: BSD-2-Clause
/// Files that the program writes: the dump, which appears complete or not at all, and the log, which grows line by
/// line. Both are opened before tracing starts, so that a bad path fails immediately. Writing to a closed pipe returns
/// an error value only if SIGPIPE is ignored, which the program does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

struct OutputPlace;

/// A file that appears under its name, complete, at commit(). Until then the bytes are in an unnamed file in the same
/// directory (O_TMPFILE), or in a hidden file if the file system does not support unnamed files. An existing file is
/// replaced. A symbolic link is followed, unless another user may have planted it: see find_place(). Likewise, a FIFO
/// or device that another user may have placed is not written. Mode 0600, because dumps contain peer addresses. Under
/// sudo, a new file belongs to the user who called it (SUDO_UID, SUDO_GID), who can then read what he asked for. "-",
/// /dev/stdout, devices, FIFOs and sockets are written directly.
class OutputFile {
 public:
  /// Where the bytes are until commit().
  enum class Staging : std::uint8_t { unnamed_if_possible, hidden_name };
  /// What happens to an existing file of the same name.
  enum class Existing : std::uint8_t { replace, keep };

  /// Opens `path` for `purpose` ("the dump"); `purpose` appears only in error messages.
  [[nodiscard]] static Result<OutputFile> open(const std::string& path, std::string purpose,
                                               Staging staging = Staging::unnamed_if_possible);
  /// Likewise, but an existing file, now or at commit(), is an error and stays unchanged.
  [[nodiscard]] static Result<OutputFile> create(const std::string& path, std::string purpose,
                                                 Staging staging = Staging::unnamed_if_possible);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  /// Without a prior commit(), leaves no file behind.
  ~OutputFile();

  /// Writes all of `bytes`. After an error the file can only be abandoned.
  [[nodiscard]] Result<void> write(std::string_view bytes);
  /// Gives the file its name and closes it; no write() may follow.
  [[nodiscard]] Result<void> commit();

  /// The path as the user typed it.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Whether the file appears at commit(), so that the same path can be opened and replaced again; false for files that
  /// are written directly.
  [[nodiscard]] bool appears_at_commit() const { return static_cast<bool>(directory_); }
  /// The file descriptor, for checks whether this is the terminal or a file that another output writes.
  [[nodiscard]] int descriptor() const { return fd_.get(); }

 private:
  OutputFile() = default;
  [[nodiscard]] Result<void> open_staged(OutputPlace place, Staging staging);
  template <class Create>
  [[nodiscard]] Result<void> create_temporary(Create create);
  [[nodiscard]] Result<void> give_name();
  [[nodiscard]] tl::unexpected<Error> failed(const char* action, int errno_value, std::string_view hint = {}) const;
  void forget_temporary(bool unlink);

  std::string path_;
  std::string purpose_;
  UniqueFd fd_;
  UniqueFd directory_;     ///< of `name_`; none for files written directly
  std::string name_;       ///< last component of the target
  std::string temporary_;  ///< name in `directory_` that must be removed; empty if there is none
  Existing existing_ = Existing::replace;
  int cleanup_slot_ = -1;  ///< of `temporary_`, for remove_temporary_files()
};

/// A file that exists from the start and grows by appended lines; previous content is discarded. Links are followed as
/// by OutputFile. Where another user may put files, theirs and files with several hard links are refused, and others
/// are replaced by a new file. Lines are buffered and reach the file complete, at flush() or when the buffer is full.
class LogFile {
 public:
  /// Creates or empties `path` for `purpose` ("the log"); "-" is standard output.
  [[nodiscard]] static Result<LogFile> open(const std::string& path, std::string purpose);

  /// Adds `line`, which must not end with a newline.
  void append(std::string_view line);
  /// Writes the buffered lines. Returns the first failure, once. After a failure, lines are only counted as lost, so
  /// that the file stays a complete prefix of the log. Never waits for the reader of a pipe, FIFO, socket or terminal:
  /// what it does not take stays buffered, and further lines are lost once the buffer is full.
  [[nodiscard]] Result<void> flush();
  /// Opens the path again: a file that was moved away (logrotate) gets a successor, and what was buffered goes to the
  /// old one. Nothing happens while the path still names the same file, or if it is no file. After an error, the old
  /// file is written further.
  [[nodiscard]] Result<void> reopen();
  /// Whether it is a file.
  [[nodiscard]] bool is_file() const { return !has_reader_; }
  /// As flush(), at the end: gives such a reader a second, and then counts the rest as lost.
  [[nodiscard]] Result<void> finish();
  /// Lines that were appended but did not reach the file.
  [[nodiscard]] std::uint64_t lines_lost() const { return lines_lost_; }
  [[nodiscard]] std::uint64_t lines_written() const { return lines_written_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  LogFile() = default;
  void write_collected();
  /// Takes `bytes` of the buffer as written.
  void take_written(std::size_t bytes);

  std::string path_;
  std::string purpose_;
  UniqueFd fd_;
  bool has_reader_ = false;  ///< who may not read: no file
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
