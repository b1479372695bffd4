// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "session.hpp"

namespace acceptscope::test {

/// A network namespace with a loopback device, deleted with the object.
class NetworkNamespace {
 public:
  explicit NetworkNamespace(const std::string& name) : name_(fmt::format("acceptscope-{}-{}", name, getpid())) {
    require({"ip", "netns", "add", name_});
    require({"ip", "-n", name_, "link", "set", "lo", "up"});
  }
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;
  ~NetworkNamespace() { static_cast<void>(run({"ip", "netns", "delete", name_})); }
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Runs a command in the namespace; throws if it fails.
  void run_inside(const Arguments& command) const {
    Arguments whole{"ip", "netns", "exec", name_};
    whole.insert(whole.end(), command.begin(), command.end());
    require(whole);
  }

 private:
  static void require(const Arguments& command) {
    if (const Finished finished = run(command); finished.exit_status != 0) {
      throw std::runtime_error(fmt::format("{}: {}", fmt::join(command, " "), finished.errors));
    }
  }
  std::string name_;
};

}  // namespace acceptscope::test
