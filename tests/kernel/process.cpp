// SPDX-License-Identifier: BSD-2-Clause
#include "process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace acceptscope::test {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kPipeBytes = 1 << 20;  // holds the output of one process while the test reads from another

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

/// Reads the available output; closes the pipe at end of file.
void read_available(UniqueFd& pipe, std::string& text) {
  std::array<char, 65536> buffer;
  while (pipe) {
    const ssize_t count = read(pipe.get(), buffer.data(), buffer.size());
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0) {
      pipe.reset();
    } else if (errno != EINTR) {
      return;
    }
  }
}

[[noreturn]] void become(const ProcessSetup& setup, const Pipe& input, const Pipe& output, const Pipe& errors) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!setup.cgroup.empty()) {
    const UniqueFd procs{open((setup.cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC)};
    if (!procs || write(procs.get(), "0", 1) != 1) _exit(126);
  }
  dup2(input.reader.get(), STDIN_FILENO);
  dup2(output.writer.get(), STDOUT_FILENO);
  dup2(errors.writer.get(), STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : setup.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

}  // namespace

double time_factor() {
  const char* text = std::getenv("ACCEPTSCOPE_TIME_FACTOR");
  return text == nullptr ? 1.0 : std::max(1.0, std::strtod(text, nullptr));
}

std::chrono::milliseconds patience() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(20s * time_factor());
}

Process::Process(const ProcessSetup& setup) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Pipe errors = make_pipe();
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) become(setup, input, output, errors);
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  input_ = std::move(input.writer);
  output_pipe_ = std::move(output.reader);
  errors_pipe_ = std::move(errors.reader);
  for (const UniqueFd* pipe : {&output_pipe_, &errors_pipe_}) {
    fcntl(pipe->get(), F_SETFL, O_NONBLOCK);
    fcntl(pipe->get(), F_SETPIPE_SZ, kPipeBytes);
  }
}

Process::~Process() {
  if (exit_status_) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const {
  if (!exit_status_) kill(pid_, number);
}

void Process::write_line(const std::string& text) const {
  const std::string line = text + "\n";
  if (write(input_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::system_error(errno, std::generic_category(), "write to a child");
  }
}

bool Process::collect_until(const std::function<bool()>& done) {
  const auto deadline = Clock::now() + patience();
  for (;;) {
    drain();
    if (done()) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (exit_status_ || left <= 0ms) return false;
    std::array<pollfd, 3> entries{pollfd{output_pipe_.get(), POLLIN, 0}, pollfd{errors_pipe_.get(), POLLIN, 0},
                                  pollfd{pidfd_.get(), POLLIN, 0}};
    poll(entries.data(), entries.size(), static_cast<int>(left.count()));
    if (entries[2].revents != 0) reap();
  }
}

std::string Process::read_line() {
  std::size_t end = std::string::npos;
  collect_until([&] { return (end = output_.find('\n', lines_read_to_)) != std::string::npos; });
  if (end == std::string::npos) {
    throw std::runtime_error(fmt::format("no line from process {} (exit status {}): {}", pid_,
                                         exit_status_ ? std::to_string(*exit_status_) : "none", errors_));
  }
  std::string line = output_.substr(lines_read_to_, end - lines_read_to_);
  lines_read_to_ = end + 1;
  return line;
}

int Process::wait() {
  collect_until([&] { return exit_status_.has_value(); });
  if (!exit_status_) throw std::runtime_error(fmt::format("process {} does not end: {}", pid_, errors_));
  return *exit_status_;
}

void Process::drain() {
  read_available(output_pipe_, output_);
  read_available(errors_pipe_, errors_);
}

void Process::reap() {
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Finished run(const std::vector<std::string>& argv) {
  Process process({.argv = argv});
  const int status = process.wait();
  return {status, process.output(), process.errors()};
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + patience();
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

}  // namespace acceptscope::test
