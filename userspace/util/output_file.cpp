// SPDX-License-Identifier: BSD-2-Clause
#include "util/output_file.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "util/output_place.hpp"

namespace acceptscope {
namespace {

constexpr mode_t kMode = 0600;
constexpr int kTemporaryNameTries = 100;
constexpr std::size_t kCollectAtMost = 1 << 20;  // bounds the memory of a log that is never flushed
constexpr std::size_t kHoldAtMost = 8 << 20;     // ... and of one whose reader does not read
constexpr int kLastPatienceMs = 1000;

/// Temporary names that currently exist. A signal handler can only reach static storage: this is the only global.
struct CleanupSlot {
  std::atomic<int> state{0};  ///< free, being filled, armed
  int directory = -1;
  char name[NAME_MAX + 1] = {};
};
enum : int { kFree, kFilling, kArmed };
std::array<CleanupSlot, 8> cleanup_slots;
static_assert(std::atomic<int>::is_always_lock_free);  // required for access from a signal handler

/// Index of the slot. -1 if none is free: then a second Ctrl-C leaves the file behind; every other path removes it.
int arm_cleanup(int directory, const std::string& name) {
  for (std::size_t i = 0; i < cleanup_slots.size(); ++i) {
    CleanupSlot& slot = cleanup_slots[i];
    int expected = kFree;
    if (!slot.state.compare_exchange_strong(expected, kFilling)) continue;
    slot.directory = directory;
    std::snprintf(slot.name, sizeof slot.name, "%s", name.c_str());
    slot.state.store(kArmed);
    return static_cast<int>(i);
  }
  return -1;
}

void disarm_cleanup(int slot) {
  if (slot >= 0) cleanup_slots[static_cast<std::size_t>(slot)].state.store(kFree);
}

std::string cannot(const char* action, const std::string& path, const std::string& purpose) {
  return std::string("cannot ") + action + " '" + path + "' for " + purpose;
}

/// Writes all of `bytes`; `written` counts them, also on error. Returns 0 or the errno value.
int write_all(int fd, std::string_view bytes, std::size_t& written) {
  written = 0;
  while (written < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {  // standard output may be non-blocking; the flag is shared with other processes
      pollfd ready{fd, POLLOUT, 0};
      static_cast<void>(::poll(&ready, 1, -1));
      continue;
    }
    if (n < 0) return errno;
    written += static_cast<std::size_t>(n);
  }
  return 0;
}

/// Writes what the reader of a pipe or socket takes without waiting, and waits up to `patience_ms` for it to take more.
/// A pipe that is ready has room for PIPE_BUF bytes (pipe(7)). Not O_NONBLOCK, which is shared with other processes.
int write_ready(int fd, std::string_view bytes, int patience_ms, std::size_t& written) {
  written = 0;
  while (written < bytes.size()) {
    pollfd ready{fd, POLLOUT, 0};
    const int polled = ::poll(&ready, 1, patience_ms);
    if (polled < 0 && errno == EINTR) continue;
    if (polled < 0) return errno;
    if (polled == 0) return 0;
    const ssize_t n = ::write(fd, bytes.data() + written, std::min<std::size_t>(bytes.size() - written, PIPE_BUF));
    if (n < 0 && errno == EAGAIN) return 0;
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) written += static_cast<std::size_t>(n);
  }
  return 0;
}

std::string hint_for(int errno_value) {
  switch (errno_value) {
    case ENOENT: return "its directory does not exist; create it first";
    case ENOTDIR: return "a part of the path is not a directory";
    case EISDIR: return "it is a directory; name a file in it";
    case EACCES: return "choose a directory that this user may write to";
    case EPERM: return "another user may have placed it there, or it is immutable; choose another place";
    case EROFS: return "choose a place on a writable file system";
    case ENOSPC: return "free some space or choose another file system";
    case EDQUOT: return "the disk quota is used up; choose another file system";
    case ENXIO: return "no process reads from this pipe; start its reader first";
    case EPIPE: return "its reader has exited";
    default: return {};
  }
}

/// `problem` of find_place(), as one of the whole `action`.
tl::unexpected<Error> blocked(std::string action, const Error& problem) {
  if (!problem.what.empty()) return failure(action + ": " + problem.what, problem.hint);
  return system_failure(problem.code.value(), std::move(action), hint_for(problem.code.value()));
}

/// Why what is at `place` is not written to.
Error doubt_of(const OutputPlace& place) { return {place.doubt, {}, "choose another place"}; }

/// Opens what is at `place`, or duplicates the file descriptor that it names. Returns -1 and sets errno on failure.
/// Does not wait for the reader of a FIFO: that would block the program, and Ctrl-C would have no effect.
int open_direct(const OutputPlace& place, int flags) {
  if (place.descriptor >= 0) return ::fcntl(place.descriptor, F_DUPFD_CLOEXEC, 3);
  const int fd = place.reopen(flags | O_WRONLY | O_NONBLOCK);
  const int status = fd < 0 ? -1 : ::fcntl(fd, F_GETFL);
  if (status >= 0) static_cast<void>(::fcntl(fd, F_SETFL, status & ~O_NONBLOCK));
  return fd;
}

/// SUDO_UID and SUDO_GID, if root runs this for somebody else.
std::optional<std::pair<uid_t, gid_t>> caller_of_sudo() {
  const auto id_in = [](const char* name) -> std::optional<unsigned> {
    const char* const text = ::geteuid() == 0 ? std::getenv(name) : nullptr;
    if (text == nullptr) return std::nullopt;
    unsigned id = 0;
    const char* const end = text + std::strlen(text);
    const auto [rest, error] = std::from_chars(text, end, id);
    return error == std::errc{} && rest == end ? std::optional(id) : std::nullopt;
  };
  const std::optional<unsigned> user = id_in("SUDO_UID"), group = id_in("SUDO_GID");
  if (!user || !group) return std::nullopt;
  return std::pair{uid_t{*user}, gid_t{*group}};
}

/// Gives a new file to the user who called sudo. Where the file system does not let us (NFS), it stays root's.
void give_to_caller(int fd) {
  if (const auto caller = caller_of_sudo(); fd >= 0 && caller)
    static_cast<void>(!::fchown(fd, caller->first, caller->second));
}

/// Opens an empty file at `place`. Where others may exchange an entry after every check, a new file replaces the old
/// one, which is not emptied: it may be any file by now. Returns -1 and sets errno on failure.
int open_empty(const OutputPlace& place) {
  const bool has_file = place.entry && !place.is_shared;
  if (place.entry && !has_file && ::unlinkat(place.directory.get(), place.name.c_str(), 0) != 0) return -1;
  const int fd = has_file ? place.reopen(O_WRONLY | O_APPEND)
                          : ::openat(place.directory.get(), place.name.c_str(),
                                     O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, kMode);
  if (fd >= 0) static_cast<void>(!::ftruncate(fd, 0));
  if (!has_file) give_to_caller(fd);
  return fd;
}

}  // namespace

bool is_standard_output(std::string_view path) { return descriptor_named_by(path) == STDOUT_FILENO; }

void remove_temporary_files() noexcept {
  for (CleanupSlot& slot : cleanup_slots) {
    if (slot.state.load() == kArmed) ::unlinkat(slot.directory, slot.name, 0);
  }
}

Result<OutputFile> OutputFile::open(const std::string& path, std::string purpose, Staging staging) {
  OutputFile file;
  file.path_ = path;
  file.purpose_ = std::move(purpose);
  if (path.empty() || path.back() == '/') return file.failed("open", path.empty() ? ENOENT : EISDIR, "name a file");
  Result<OutputPlace> place = find_place(path, LastLink::follow);
  if (!place) return blocked(cannot("open", path, file.purpose_), place.error());
  if (place->descriptor >= 0 || (place->entry && !S_ISREG(place->status.st_mode))) {
    if (!place->doubt.empty()) return blocked(cannot("open", path, file.purpose_), doubt_of(*place));
    file.fd_ = UniqueFd(open_direct(*place, 0));
    if (!file.fd_) return file.failed("open", errno);
    return file;
  }
  if (!place->directory) return file.failed("replace", EOPNOTSUPP);  // procfs has told no name of the file
  if (place->entry && ::faccessat(place->directory.get(), place->name.c_str(), W_OK, 0) != 0)
    return file.failed("replace", errno);
  if (auto opened = file.open_staged(*std::move(place), staging); !opened) return tl::unexpected(opened.error());
  return file;
}

Result<OutputFile> OutputFile::create(const std::string& path, std::string purpose, Staging staging) {
  OutputFile file;
  file.path_ = path;
  file.purpose_ = std::move(purpose);
  file.existing_ = Existing::keep;
  if (path.empty() || path.back() == '/') return file.failed("create", path.empty() ? ENOENT : EISDIR, "name a file");
  Result<OutputPlace> place = find_place(path, LastLink::keep);
  if (!place) return blocked(cannot("create", path, file.purpose_), place.error());
  if (place->entry || place->descriptor >= 0) return file.failed("create", EEXIST);
  if (auto opened = file.open_staged(*std::move(place), staging); !opened) return tl::unexpected(opened.error());
  return file;
}

Result<void> OutputFile::open_staged(OutputPlace place, Staging staging) {
  directory_ = std::move(place.directory);
  name_ = std::move(place.name);
  if (staging == Staging::unnamed_if_possible) {
    fd_ = UniqueFd(::openat(directory_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kMode));
    give_to_caller(fd_.get());
    if (fd_) return {};
    // EOPNOTSUPP: the file system (NFS, FUSE, overlayfs before 6.3) lacks unnamed files; EISDIR: the kernel does.
    if (errno != EOPNOTSUPP && errno != EISDIR) return failed("open", errno);
  }
  return create_temporary([this](const char* name) {
    fd_ = UniqueFd(::openat(directory_.get(), name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, kMode));
    give_to_caller(fd_.get());
    return fd_.get();
  });
}

/// Picks a hidden name in the target's directory and passes it to `create`, which returns -1 and sets errno on failure.
/// The name is registered for removal before the file exists, so that no signal can arrive in between.
template <class Create>
Result<void> OutputFile::create_temporary(Create create) {
  for (int i = 0; i < kTemporaryNameTries; ++i) {
    temporary_ = ".acceptscope-" + std::to_string(::getpid()) + "-" + std::to_string(i) + ".tmp";
    cleanup_slot_ = arm_cleanup(directory_.get(), temporary_);
    if (create(temporary_.c_str()) >= 0) return {};
    const int error = errno;
    forget_temporary(false);
    if (error != EEXIST) return failed("create", error);
  }
  return failed("create", EEXIST);
}

Result<void> OutputFile::write(std::string_view bytes) {
  std::size_t written = 0;
  const int error = write_all(fd_.get(), bytes, written);
  if (error != 0) return failed("write", error);
  return {};
}

Result<void> OutputFile::commit() {
  if (directory_) {
    // Delayed allocation failures (no space) surface here at the latest, before the file gets its name.
    if (::fsync(fd_.get()) != 0 && errno != EINVAL && errno != ENOSYS) return failed("write", errno);
    if (auto named = give_name(); !named) return named;
  }
  if (::close(fd_.release()) != 0 && errno != EINTR) return failed("close", errno);
  directory_.reset();
  return {};
}

/// linkat() cannot replace a file, but rename() can: link under a temporary name, then rename.
Result<void> OutputFile::give_name() {
  if (temporary_.empty()) {
    const std::string self = "/proc/self/fd/" + std::to_string(fd_.get());
    auto linked = create_temporary(
        [&](const char* name) { return ::linkat(AT_FDCWD, self.c_str(), directory_.get(), name, AT_SYMLINK_FOLLOW); });
    if (!linked) return linked;
  }
  const bool keep = existing_ == Existing::keep;
  if (keep ? ::linkat(directory_.get(), temporary_.c_str(), directory_.get(), name_.c_str(), 0) != 0
           : ::renameat(directory_.get(), temporary_.c_str(), directory_.get(), name_.c_str()) != 0) {
    return failed("create", errno);
  }
  forget_temporary(keep);
  return {};
}

tl::unexpected<Error> OutputFile::failed(const char* action, int errno_value, std::string_view hint) const {
  return system_failure(errno_value, cannot(action, path_, purpose_),
                        hint.empty() ? hint_for(errno_value) : std::string(hint));
}

void OutputFile::forget_temporary(bool unlink) {
  if (unlink && !temporary_.empty()) ::unlinkat(directory_.get(), temporary_.c_str(), 0);
  disarm_cleanup(cleanup_slot_);
  cleanup_slot_ = -1;
  temporary_.clear();
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      purpose_(std::move(other.purpose_)),
      fd_(std::move(other.fd_)),
      directory_(std::move(other.directory_)),
      name_(std::move(other.name_)),
      temporary_(std::exchange(other.temporary_, {})),
      existing_(other.existing_),
      cleanup_slot_(std::exchange(other.cleanup_slot_, -1)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this == &other) return *this;
  forget_temporary(true);
  path_ = std::move(other.path_);
  purpose_ = std::move(other.purpose_);
  fd_ = std::move(other.fd_);
  directory_ = std::move(other.directory_);
  name_ = std::move(other.name_);
  temporary_ = std::exchange(other.temporary_, {});
  existing_ = other.existing_;
  cleanup_slot_ = std::exchange(other.cleanup_slot_, -1);
  return *this;
}

OutputFile::~OutputFile() { forget_temporary(true); }

Result<LogFile> LogFile::open(const std::string& path, std::string purpose) {
  LogFile log;
  log.path_ = path;
  log.purpose_ = std::move(purpose);
  const auto failed = [&](const Error& problem) { return blocked(cannot("open", path, log.purpose_), problem); };
  const Result<OutputPlace> place = find_place(path, LastLink::follow);
  if (!place) return failed(place.error());
  if (!place->doubt.empty()) return failed(doubt_of(*place));
  const bool is_file = place->descriptor < 0 && (!place->entry || S_ISREG(place->status.st_mode));
  log.fd_ = UniqueFd(is_file ? open_empty(*place) : open_direct(*place, O_APPEND));
  if (!log.fd_) return failed({{}, std::error_code(errno, std::generic_category()), {}});
  struct stat status {};
  log.has_reader_ = ::fstat(log.fd_.get(), &status) == 0 && !S_ISREG(status.st_mode);
  return log;
}

Result<void> LogFile::reopen() {
  struct stat own {};
  if (has_reader_ || ::fstat(fd_.get(), &own) != 0) return {};
  const Result<OutputPlace> place = find_place(path_, LastLink::follow);
  if (place && place->entry && place->status.st_dev == own.st_dev && place->status.st_ino == own.st_ino) return {};
  Result<LogFile> successor = open(path_, purpose_);
  if (!successor) return tl::unexpected(successor.error());
  write_collected();
  fd_ = std::move(successor->fd_);
  has_reader_ = successor->has_reader_;
  failed_ = false;
  return {};
}

void LogFile::append(std::string_view line) {
  if (failed_ || collected_.size() + line.size() >= kHoldAtMost) {
    ++lines_lost_;
    return;
  }
  collected_.append(line).push_back('\n');
  ++lines_collected_;
  if (collected_.size() >= kCollectAtMost) write_collected();
}

Result<void> LogFile::finish() {
  if (has_reader_ && !failed_) {
    std::size_t written = 0;
    if (write_ready(fd_.get(), collected_, kLastPatienceMs, written) == 0) take_written(written);
    lines_lost_ += std::exchange(lines_collected_, 0);
    collected_.clear();
  }
  return flush();
}

void LogFile::take_written(std::size_t bytes) {
  const auto end = collected_.begin() + static_cast<std::ptrdiff_t>(bytes);
  const auto complete = static_cast<std::uint64_t>(std::count(collected_.begin(), end, '\n'));
  lines_written_ += complete;
  lines_collected_ -= complete;
  collected_.erase(collected_.begin(), end);
}

Result<void> LogFile::flush() {
  write_collected();
  if (!unreported_) return {};
  tl::unexpected<Error> error(std::move(*unreported_));
  unreported_.reset();
  return error;
}

void LogFile::write_collected() {
  if (failed_ || collected_.empty()) return;
  std::size_t written = 0;
  const int error =
      has_reader_ ? write_ready(fd_.get(), collected_, 0, written) : write_all(fd_.get(), collected_, written);
  if (error == 0) return take_written(written);
  failed_ = true;
  unreported_ =
      Error{cannot("write", path_, purpose_), std::error_code(error, std::generic_category()), hint_for(error)};
  const std::string_view arrived = std::string_view(collected_).substr(0, written);
  const auto complete = static_cast<std::uint64_t>(std::count(arrived.begin(), arrived.end(), '\n'));
  const std::size_t torn = arrived.size() - (arrived.rfind('\n') + 1);  // bytes of an incomplete line
  struct stat status {};
  if (torn > 0 && ::fstat(fd_.get(), &status) == 0 && S_ISREG(status.st_mode)) {
    static_cast<void>(!::ftruncate(fd_.get(), status.st_size - static_cast<off_t>(torn)));
  }
  lines_written_ += complete;
  lines_lost_ += lines_collected_ - complete;
  lines_collected_ = 0;
  collected_.clear();
}

}  // namespace acceptscope
