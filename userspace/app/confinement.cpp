// SPDX-License-Identifier: BSD-2-Clause
#include "app/confinement.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <initializer_list>
#include <string_view>

#include "capture/kernel_facts.hpp"
#include "util/privileges.hpp"
#include "util/syscall_filter.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {
namespace {

/// Privileges that a tick needs: maps and iterators; /proc/PID of all processes.
constexpr std::initializer_list<int> kInForce{CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};
/// The same where CAP_SYS_ADMIN was given instead of the capabilities for BPF.
constexpr std::initializer_list<int> kInForceOfAdmin{CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};
/// Privileges needed now and then: timing BPF programs; a dump in another user's directory, or for the user who called
/// sudo; ending a command that changed its user.
constexpr std::initializer_list<int> kInReserve{CAP_SYS_ADMIN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_CHOWN, CAP_KILL};

std::string_view name_of(int capability) {
  switch (capability) {
    case CAP_BPF: return "BPF";
    case CAP_PERFMON: return "PERFMON";
    case CAP_SYS_PTRACE: return "SYS_PTRACE";
    case CAP_DAC_READ_SEARCH: return "DAC_READ_SEARCH";
    case CAP_SYS_ADMIN: return "SYS_ADMIN";
    case CAP_DAC_OVERRIDE: return "DAC_OVERRIDE";
    case CAP_FOWNER: return "FOWNER";
    case CAP_CHOWN: return "CHOWN";
    case CAP_KILL: return "KILL";
    default: return "?";
  }
}

std::string names_of(std::initializer_list<int> capabilities) {
  std::string names;
  for (const int capability : capabilities)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(capability));
  return names;
}

OutsideText in_words(const Result<Confinement>& confinement) {
  if (!confinement) return confinement.error().message();
  const OutsideText calls = confinement->system_calls
                                ? fmt::format("seccomp filter of {} system calls", *confinement->system_calls)
                                : "no filter of system calls (" + confinement->problem + ")";
  return fmt::format("capabilities {} (in reserve: {}), ", names_of(kInForce), names_of(kInReserve)) + calls +
         ", no_new_privs";
}

}  // namespace

Result<Confinement> confine() {
  const bool admin_only = !has_capability("CAP_BPF") && has_capability("CAP_SYS_ADMIN");
  const Result<void> dropped = drop_privileges(admin_only ? kInForceOfAdmin : kInForce, kInReserve);
  if (!dropped) return tl::unexpected(dropped.error());
  const Result<std::size_t> filtered = filter_system_calls();
  if (!filtered) return Confinement{std::nullopt, filtered.error().message()};
  return Confinement{*filtered, {}};
}

OutsideText confinement_here() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return in_words(system_failure(errno, "cannot try it"));
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = fork();
  if (child < 0) return in_words(system_failure(errno, "cannot try it"));
  if (child == 0) {
    const std::string words = in_words(confine()).raw();  // not printed: for our parent
    _exit(write(writing.get(), words.data(), words.size()) < 0 ? 1 : 0);
  }
  writing.reset();
  std::string words;
  std::array<char, 1024> block{};
  for (ssize_t size; (size = read(reading.get(), block.data(), block.size())) > 0;)
    words.append(block.data(), static_cast<std::size_t>(size));
  waitpid(child, nullptr, 0);
  return words.empty() ? OutsideText("the attempt ended early") : words;
}

}  // namespace acceptscope
