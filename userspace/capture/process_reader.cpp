// SPDX-License-Identifier: BSD-2-Clause
#include "capture/process_reader.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <string>
#include <type_traits>

#include "util/privileges.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kTextAtMost = std::size_t{32} * 1024;  // of each text of an answer

/// An answer is one message: this, and the texts after it.
struct AnswerHead {
  WorkerKey worker;
  std::uint32_t parent_pid = 0;
  bool exited = false;
  std::array<std::int32_t, 4> lengths{};  ///< of kTexts; -1: not known
};
static_assert(std::is_trivially_copyable_v<AnswerHead>);

using Texts = std::array<std::optional<OutsideText> ProcessInfo::*, 4>;
constexpr Texts kTexts{&ProcessInfo::cmdline, &ProcessInfo::comm, &ProcessInfo::cgroup, &ProcessInfo::container};

std::string encode(const ProcessInfo& info) {
  AnswerHead head;
  std::memset(static_cast<void*>(&head), 0, sizeof head);
  head.worker = info.worker;
  head.parent_pid = info.parent_pid;
  head.exited = info.exited;
  std::string texts;
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    const std::optional<OutsideText>& text = info.*kTexts[i];
    const std::size_t length = text ? std::min(text->raw().size(), kTextAtMost) : 0;
    head.lengths[i] = text ? static_cast<std::int32_t>(length) : -1;
    if (text) texts.append(text->raw(), 0, length);
  }
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + texts;
}

ProcessInfo decode(std::string_view message) {
  AnswerHead head;
  ProcessInfo info;
  if (message.size() < sizeof head) return info;
  std::memcpy(static_cast<void*>(&head), message.data(), sizeof head);
  message.remove_prefix(sizeof head);
  info.worker = head.worker;
  info.parent_pid = head.parent_pid;
  info.exited = head.exited;
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (head.lengths[i] < 0) continue;
    const auto length = std::min(static_cast<std::size_t>(head.lengths[i]), message.size());
    info.*kTexts[i] = std::string(message.substr(0, length));
    message.remove_prefix(length);
  }
  return info;
}

/// Gives up all but the socket, which becomes descriptor 0.
void shed(UniqueFd socket, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  // Ctrl-C is for the whole group of processes; it is the tracer that ends the run, and it may still ask.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE}) std::signal(number, SIG_IGN);
  dup2(socket.release(), STDIN_FILENO);
  const int nothing = open("/dev/null", O_WRONLY);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  const long end = sysconf(_SC_OPEN_MAX);
  if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0)
    for (int fd = STDERR_FILENO + 1; fd < end; ++fd) close(fd);
  static_cast<void>(drop_privileges({CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH}, {}));
}

int milliseconds_until(MonotonicTime time) {
  const Nanoseconds left = std::max(time - monotonic_now(), Nanoseconds{0});
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

}  // namespace

void ProcessReader::answer_all(const ProcFs& procfs) {
  ContainerNames names(procfs.first_root());
  Question question;
  while (recv(STDIN_FILENO, static_cast<void*>(&question), sizeof question, 0) == sizeof question) {
    const std::string message = encode(procfs.read(question.worker, question.task, names));
    if (::send(STDIN_FILENO, message.data(), message.size(), 0) < 0) break;
  }
  _exit(0);
}

Result<ProcessReader> ProcessReader::start(const ProcFs& procfs) {
  ProcessReader reader;
  const pid_t self = getpid();
  for (int i = 0; i < kHelpers; ++i) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
      return system_failure(errno, "cannot reach a helper process");
    UniqueFd own(ends[0]);
    UniqueFd theirs(ends[1]);
    const pid_t pid = fork();
    if (pid < 0) return system_failure(errno, "cannot start a helper process");
    if (pid == 0) {
      own.reset();
      shed(std::move(theirs), self);
      answer_all(procfs);
    }
    reader.helpers_.push_back(std::move(own));
  }
  return reader;
}

void ProcessReader::ask(const WorkerKey& worker, const ProcTask& task) {
  if (helpers_.empty()) {
    ++unread_;
    return;
  }
  asked_.push_back({worker, task});
  send();
}

void ProcessReader::send() {
  while (!helpers_.empty() && sent_ < asked_.size()) {
    const Question& question = asked_[sent_];
    if (::send(helpers_.back().get(), static_cast<const void*>(&question), sizeof question,
               MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
      return;  // no room yet, or it is gone: receive() will tell
    if (sent_++ == 0) answered_ = monotonic_now();
  }
}

bool ProcessReader::receive(std::vector<ProcessInfo>& answers) {
  message_.resize(sizeof(AnswerHead) + kTexts.size() * kTextAtMost);
  const ssize_t length = recv(helpers_.back().get(), message_.data(), message_.size(), MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (length <= 0) return false;
  answers.push_back(decode(std::string_view(message_).substr(0, static_cast<std::size_t>(length))));
  answered_ = monotonic_now();
  if (!asked_.empty()) asked_.pop_front();
  if (sent_ != 0) --sent_;
  return true;
}

void ProcessReader::abandon() {
  helpers_.pop_back();
  if (!asked_.empty()) {
    asked_.pop_front();
    ++unread_;
  }
  sent_ = 0;
  if (helpers_.empty()) {
    unread_ += asked_.size();
    asked_.clear();
  }
  send();
}

std::vector<ProcessInfo> ProcessReader::take(Nanoseconds patience) {
  std::vector<ProcessInfo> answers;
  const MonotonicTime deadline = monotonic_now() + patience;
  while (!asked_.empty()) {
    send();
    pollfd ready{helpers_.back().get(), POLLIN, 0};
    if (poll(&ready, 1, milliseconds_until(std::min(deadline, answered_ + kHang))) > 0) {
      if (!receive(answers)) abandon();
    } else if (sent_ != 0 && monotonic_now() - answered_ >= kHang) {
      abandon();
    } else if (monotonic_now() >= deadline) {
      break;
    }
  }
  return answers;
}

}  // namespace acceptscope
