// SPDX-License-Identifier: BSD-2-Clause
#include "capture/kernel_fs.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/perf_event.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

#include "capture/mounts.hpp"

namespace acceptscope {

namespace {

UniqueFd open_directory(const char* path) { return UniqueFd(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

/// The root directory of a file system of this type that is mounted, the whole of it; empty without one.
UniqueFd open_mounted(std::string_view type) {
  for (const Mount& mount : read_mounts("/proc")) {
    if (mount.type != type || mount.root != "/") continue;
    UniqueFd root = open_directory(mount.point.c_str());
    struct statfs info {};
    const auto magic = type == "cgroup2" ? CGROUP2_SUPER_MAGIC : TRACEFS_MAGIC;
    if (root && fstatfs(root.get(), &info) == 0 && info.f_type == magic) return root;  // else another one lies over it
  }
  return {};
}

}  // namespace

Result<UniqueFd> open_file_system(const char* type) {
  if (UniqueFd mounted = open_mounted(type)) return mounted;
  const std::string what = std::string("cannot mount ") + type + " privately";
  const UniqueFd context(fsopen(type, FSOPEN_CLOEXEC));
  if (!context) return system_failure(errno, what);
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return system_failure(errno, what);
  UniqueFd root(fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV));
  if (!root) return system_failure(errno, what);
  // fsmount() returns an O_PATH file descriptor; BPF links need one that was opened.
  UniqueFd directory(openat(root.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return system_failure(errno, what);
  return directory;
}

Result<std::uint64_t> tracepoint_id(const UniqueFd& tracefs, const std::string& category, const std::string& name) {
  const std::string path = "events/" + category + "/" + name + "/id";
  const UniqueFd file(openat(tracefs.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 32> text{};
  const ssize_t length = file ? read(file.get(), text.data(), text.size()) : -1;
  if (length < 0) return system_failure(errno, "no tracepoint " + category + ":" + name);
  std::uint64_t id = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + length, id);
  if (parsed.ec != std::errc{}) return failure("tracepoint " + category + ":" + name + " has no number");
  return id;
}

Result<UniqueFd> open_tracepoint(const std::string& category, const std::string& name) {
  const Result<UniqueFd> tracefs = open_file_system("tracefs");
  if (!tracefs) return tl::unexpected(tracefs.error());
  const Result<std::uint64_t> id = tracepoint_id(*tracefs, category, name);
  if (!id) return tl::unexpected(id.error());
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.size = sizeof attributes;
  attributes.config = *id;
  UniqueFd event(static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event) return system_failure(errno, "cannot open tracepoint " + category + ":" + name);
  return event;
}

}  // namespace acceptscope
