// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "model/records.hpp"

namespace acceptscope::testing {

/// A process in a FakeProc.
struct FakeProcess {
  std::uint32_t pid = 1;
  std::uint32_t parent = 0;
  std::uint32_t task = 0;  ///< thread of `pid`; 0: the process
  std::uint64_t start_ticks = 100;
  std::string comm = "worker";
  std::uint64_t cpu_ticks = 0;
  char state = 'S';
  std::string cmdline = {};  ///< arguments ended by NUL
  std::string cgroup = "0::/\n";
};

/// A fake /proc in a temporary directory.
class FakeProc {
 public:
  FakeProc() {
    std::string name = std::filesystem::temp_directory_path() / "fake-proc-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;
  ~FakeProc() { std::filesystem::remove_all(root_); }

  [[nodiscard]] const std::string& root() const { return root_; }

  void add(const FakeProcess& process) {
    const std::string directory = directory_of(process.pid, process.task);
    std::filesystem::create_directories(directory);
    std::string stat =
        std::to_string(process.pid) + " (" + process.comm + ") " + process.state + " " + std::to_string(process.parent);
    for (int field = 5; field < 22; ++field) stat += field == 14 ? " " + std::to_string(process.cpu_ticks) : " 0";
    put(directory + "/stat", stat + " " + std::to_string(process.start_ticks) + " 0 0\n");
    put(directory + "/cmdline", process.cmdline);
    put(directory + "/cgroup", process.cgroup);
  }
  /// A process of which only the command name and the sockets it holds are known, by inode. Returns its directory.
  [[nodiscard]] std::string add_holder(std::uint32_t pid, const std::string& comm,
                                       const std::vector<int>& sockets) const {
    const std::string directory = directory_of(pid, 0);
    std::filesystem::create_directories(directory + "/fd");
    put(directory + "/comm", comm + "\n");
    std::filesystem::create_symlink("/dev/null", directory + "/fd/0");
    int fd = 3;
    for (const int inode : sockets)
      std::filesystem::create_symlink("socket:[" + std::to_string(inode) + "]",
                                      directory + "/fd/" + std::to_string(fd++));
    return directory;
  }
  void remove(std::uint32_t pid, std::uint32_t task = 0) { std::filesystem::remove_all(directory_of(pid, task)); }

  /// The key of such a process in the kernel.
  [[nodiscard]] static WorkerKey key_of(const FakeProcess& process) {
    const std::int64_t ns_per_tick = 1'000'000'000 / sysconf(_SC_CLK_TCK);
    return {process.pid, process.task, static_cast<std::int64_t>(process.start_ticks) * ns_per_tick + ns_per_tick / 2};
  }

 private:
  static void put(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

  [[nodiscard]] std::string directory_of(std::uint32_t pid, std::uint32_t task) const {
    const std::string process = root_ + "/" + std::to_string(pid);
    return task == 0 ? process : process + "/task/" + std::to_string(task);
  }

  std::string root_;
};

}  // namespace acceptscope::testing
