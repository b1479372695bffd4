// SPDX-License-Identifier: BSD-2-Clause
// mix [--seed S] [--scenes N] [--only I] [--scene NAME] [--without NAME,...] [--first-port P]
//
// A random but repeatable mix of scenes between servers and clients, in network namespaces of its own. Prints its ports
// as JSON and waits for a line; plays; prints the truth as JSON and waits for a line, while what is still open stays
// open.
// --only plays a single scene of the seed, --scene only scenes of one kind.
#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <optional>
#include <string>

#include "../failure.hpp"
#include "scenes.hpp"

namespace workload::mix {
namespace {

struct Settings {
  std::uint64_t seed = 1;
  std::uint32_t scenes = 20;
  std::uint16_t first_port = 18000;
  std::optional<std::uint32_t> only;
  std::string scene;
  std::vector<std::string> without;
};

/// For each connection, not only when the queue of handshakes is full: in this process's network namespace.
void use_syn_cookies() {
  const UniqueFd file{open("/proc/sys/net/ipv4/tcp_syncookies", O_WRONLY | O_CLOEXEC)};
  if (file && write(file.get(), "2", 1) != 1) fail_with_errno("tcp_syncookies");
}

/// A network namespace with nothing but loopback; this process is in it then.
Net new_network(bool with_cookies) {
  if (unshare(CLONE_NEWNET) != 0) fail_with_errno("a network namespace");
  const UniqueFd any{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_UP;
  if (ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) fail_with_errno("loopback");
  if (with_cookies) use_syn_cookies();
  return {open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), network_namespace_inode()};
}

const Scene& choose(Chance& chance, const Settings& settings) {
  std::vector<const Scene*> bag;
  for (const Scene& scene : scenes()) {
    const bool is_out = std::ranges::find(settings.without, scene.name) != settings.without.end();
    if (settings.scene.empty() ? !is_out : settings.scene == scene.name) bag.insert(bag.end(), scene.weight, &scene);
  }
  if (bag.empty()) throw Failure("no scene '" + settings.scene + "'");
  return *chance.pick(bag);
}

void tell(const nlohmann::json& document) {
  fmt::print("{}\n", document.dump());
  std::fflush(stdout);
}

class Mix {
 public:
  explicit Mix(const Settings& settings) : settings_(settings), chance_(settings.seed) {
    nets_.push_back(new_network(false));
    nets_.push_back(new_network(chance_.one_in(2)));
    at_once_ = chance_.between(1, 4);
    for (std::uint32_t i = 0; i < settings.scenes; ++i) cast_.push_back({&choose(chance_, settings), chance_.next()});
  }

  [[nodiscard]] nlohmann::json ports() const {
    const std::uint32_t last = settings_.first_port + settings_.scenes * Stage::kPorts - 1;
    return {{"seed", settings_.seed}, {"ports", fmt::format("{}-{}", settings_.first_port, last)}};
  }

  void play() {
    std::uint32_t begun = 0;
    for (std::uint32_t i = 0; i < cast_.size(); ++i) {
      std::snprintf(part(i).name.data(), part(i).name.size(), "%s", cast_[i].scene->name);
      if (settings_.only.value_or(i) != i) continue;
      wait_until([&] { return begun - played() < at_once_; });
      begin(i);
      ++begun;
    }
    wait_until([&] { return played() == begun; });
  }

  [[nodiscard]] nlohmann::json truth() {
    nlohmann::json document = ledger_.document();
    document["netns"] = nlohmann::json::array();
    for (const Net& net : nets_) document["netns"].push_back(net.inode);
    return document;
  }

  /// Ends the processes of all scenes.
  void end() {
    for (const pid_t pid : processes_) kill(pid, SIGTERM);
    for (const pid_t pid : processes_) waitpid(pid, nullptr, 0);
  }

 private:
  struct Role {
    const Scene* scene;
    std::uint64_t seed;
  };

  Part& part(std::size_t index) { return ledger_.parts()[index]; }

  [[nodiscard]] std::uint32_t played() {
    return static_cast<std::uint32_t>(
        std::ranges::count_if(ledger_.parts(), [](const Part& p) { return p.played.load(); }));
  }

  template <class Condition>
  void wait_until(const Condition& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 5 * patience();
    for (std::uint32_t news = ledger_.news().get(); !holds(); news = ledger_.news().get()) {
      for (; told_ < played(); ++told_) tell({{"played", told_ + 1}});
      if (std::chrono::steady_clock::now() > deadline) throw Failure("a scene does not end");
      ledger_.news().wait_for_change(news);
    }
  }

  void begin(std::uint32_t index) {
    const pid_t pid = fork();
    if (pid < 0) fail_with_errno("fork");
    if (pid == 0) act(index);
    processes_.push_back(pid);
  }

  /// Plays a scene; then stays until it is told to end, because connections may be open.
  [[noreturn]] void act(std::uint32_t index) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, nullptr);
    const auto port = static_cast<std::uint16_t>(settings_.first_port + index * Stage::kPorts);
    try {
      Stage stage(ledger_, index, cast_[index].seed, port, nets_);
      try {
        stage.enter(cast_[index].seed % 4 == 0 ? 1 : 0);
        stage.leave_out(settings_.without);
        cast_[index].scene->play(stage);
      } catch (const std::exception& error) {
        stage.note_failure(error.what());
      }
      part(index).played = true;
      ledger_.news().advance();
      int received = 0;
      sigwait(&end, &received);
    } catch (const std::exception& error) {
      fmt::print(stderr, "mix: {}\n", error.what());
    }
    _exit(0);
  }

  Settings settings_;
  Chance chance_;
  Ledger ledger_;
  std::vector<Net> nets_;
  std::uint32_t at_once_ = 1;
  std::uint32_t told_ = 0;
  std::vector<Role> cast_;
  std::vector<pid_t> processes_;
};

void tell_and_wait(const nlohmann::json& document) {
  tell(document);
  std::string line;
  if (!std::getline(std::cin, line)) throw Failure("standard input ended");
}

void run(const Settings& settings) {
  Mix mix(settings);
  tell_and_wait(mix.ports());
  mix.play();
  tell_and_wait(mix.truth());
  mix.end();
}

/// A program executed by a scene: mix --serve MEMORY LINK FD
int serve_executed(char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Ledger ledger(std::atoi(argv[2]));
  serve_after_exec(ledger, std::strtoul(argv[3], nullptr, 10), std::atoi(argv[4]));
  return 0;
}

Settings parse(int argc, char** argv) {
  Settings settings;
  CLI::App app{"A random but repeatable mix of servers and clients that prints the truth about every connection."};
  app.add_option("--seed", settings.seed, "what to play");
  app.add_option("--scenes", settings.scenes, "number of scenes")->check(CLI::Range(1, 250));
  app.add_option("--only", settings.only, "play only the scene of this number");
  app.add_option("--scene", settings.scene, "play only scenes of this name");
  app.add_option("--without", settings.without, "leave out these scenes and ends")->delimiter(',');
  app.add_option("--first-port", settings.first_port, "the scenes use this port and those above");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return settings;
}

}  // namespace
}  // namespace workload::mix

int main(int argc, char** argv) {
  using namespace workload::mix;
  std::signal(SIGPIPE, SIG_IGN);  // a write to a connection that is gone returns EPIPE
  try {
    if (argc == 5 && std::string_view(argv[1]) == "--serve") return serve_executed(argv);
    run(parse(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "mix: {}\n", error.what());
    return 1;
  }
  return 0;
}
