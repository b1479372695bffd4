// SPDX-License-Identifier: BSD-2-Clause
#include "capture/kernel_facts.hpp"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <sstream>
#include <utility>

#include "capture/kernel_fs.hpp"
#include "capture/libbpf_log.hpp"

namespace acceptscope {
namespace {

struct BtfFree {
  void operator()(btf* types) const { btf__free(types); }
};

/// The form of the tracepoint io_uring_complete: (ring, request, cqe) since 6.13, before that
/// (ring, request, user_data, result, flags, extra1, extra2) since 5.19. The first parameter in BTF is the tracer's
/// own.
KernelFacts::UringTrace find_uring_trace(const btf* types) {
  using Form = KernelFacts::UringTrace;
  const int id = btf__find_by_name_kind(types, "btf_trace_io_uring_complete", BTF_KIND_TYPEDEF);
  const btf_type* type = id > 0 ? btf__type_by_id(types, static_cast<__u32>(id)) : nullptr;
  if (type != nullptr) type = btf__type_by_id(types, type->type);
  if (type != nullptr && btf_is_ptr(type)) type = btf__type_by_id(types, type->type);
  if (type == nullptr || !btf_is_func_proto(type)) return Form::none;
  if (btf_vlen(type) == 8) return Form::result;
  if (btf_vlen(type) != 4) return Form::none;
  const btf_type* last = btf__type_by_id(types, btf_params(type)[3].type);
  if (last == nullptr || !btf_is_ptr(last)) return Form::none;
  const btf_type* target = btf__type_by_id(types, last->type);
  const char* name = target == nullptr ? nullptr : btf__name_by_offset(types, target->name_off);
  return name != nullptr && std::string_view(name) == "io_uring_cqe" ? Form::cqe : Form::none;
}

/// Whether an enumerator exists. Helpers are enumerators of bpf_func_id, which a kernel has or has not.
bool has_enumerator(const btf* types, const char* type_name, std::string_view name) {
  const int id = btf__find_by_name_kind(types, type_name, BTF_KIND_ENUM);
  const btf_type* type = id > 0 ? btf__type_by_id(types, static_cast<__u32>(id)) : nullptr;
  if (type == nullptr) return false;
  const struct btf_enum* first = btf_enum(type);
  return std::any_of(first, first + btf_vlen(type), [&](const struct btf_enum& enumerator) {
    const char* found = btf__name_by_offset(types, enumerator.name_off);
    return found != nullptr && name == found;
  });
}

void read_btf(const Environment& environment, KernelFacts& facts) {
  if (environment.lacks("btf")) {
    facts.btf_problem = "simulated: no BTF";
    return;
  }
  const LibbpfLog log;
  const std::unique_ptr<btf, BtfFree> types(btf__parse(environment.btf.c_str(), nullptr));
  if (!types) {
    if (errno == ENOMEM) throw std::bad_alloc();  // says nothing about the kernel
    facts.btf_problem = environment.btf + ": " + std::strerror(errno);
    return;
  }
  const auto has = [&](const char* name, unsigned int kind) {
    return btf__find_by_name_kind(types.get(), name, kind) > 0;
  };
  facts.btf = true;
  facts.accept_takes_argument_struct = has("proto_accept_arg", BTF_KIND_STRUCT);
  if (!environment.lacks("uring_trace")) facts.uring = find_uring_trace(types.get());
  facts.has_queue_add = has("inet_csk_reqsk_queue_add", BTF_KIND_FUNC);
  facts.has_hashdance = has("inet_csk_complete_hashdance", BTF_KIND_FUNC);
  facts.atomic_fetch =
      has_enumerator(types.get(), "bpf_func_id", "BPF_FUNC_for_each_map_elem") && !environment.lacks("atomic_fetch");
  facts.allocates = has("bpf_mem_cache_alloc", BTF_KIND_FUNC) && !environment.lacks("allocation");
  facts.bpf_loop = has_enumerator(types.get(), "bpf_func_id", "BPF_FUNC_loop") && !environment.lacks("bpf_loop");
  facts.request_traces = has("btf_trace_sock_send_length", BTF_KIND_TYPEDEF) &&
                         has("btf_trace_sk_data_ready", BTF_KIND_TYPEDEF) && !environment.lacks("request_traces");
  facts.has_mptcp_close = has("mptcp_close", BTF_KIND_FUNC);
  facts.has_sock_graft = has("security_sock_graft", BTF_KIND_FUNC) && !environment.lacks("sock_graft");
}

PrivilegeRules read_privilege_rules(const std::string& proc, const std::string& release) {
  PrivilegeRules rules;
  std::istringstream text(release);
  int major = 0, minor = 0;
  char dot = 0;
  if (text >> major >> dot >> minor) rules.locks_memory = std::pair(major, minor) < std::pair(5, 11);
  int paranoid = 0;
  std::ifstream(proc + "/sys/kernel/perf_event_paranoid") >> paranoid;
  rules.restricts_events = paranoid > 2;
  return rules;
}

}  // namespace

KernelFacts read_kernel_facts(const Environment& environment) {
  KernelFacts facts;
  utsname name{};
  uname(&name);
  facts.release = name.release;
  read_btf(environment, facts);
  if (!environment.lacks("wait_functions")) facts.wait_functions = read_wait_functions(environment.proc + "/kallsyms");
  const LibbpfLog quiet;
  facts.ring_buffer = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nullptr) == 1;
  // libbpf 1.1 reports a helper as available even if the kernel does not know the program type.
  facts.syscall_programs = !environment.lacks("syscall_programs") &&
                           libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SYSCALL, nullptr) == 1 &&
                           libbpf_probe_bpf_helper(BPF_PROG_TYPE_SYSCALL, BPF_FUNC_for_each_map_elem, nullptr) == 1;
  facts.proc_view = read_proc_view(environment.proc);
  facts.privileges = read_privilege_rules(environment.proc, facts.release);
  if (environment.lacks("cgroup2")) {
    facts.cgroup2_problem = "simulated: no cgroup v2";
  } else if (const Result<UniqueFd> root = open_file_system("cgroup2"); root) {
    facts.cgroup2 = true;
  } else {
    facts.cgroup2_problem = root.error().message();
  }
  return facts;
}

std::vector<Capability> read_capabilities() {
  constexpr std::array<std::pair<const char*, int>, 7> kNames{{{"CAP_BPF", CAP_BPF},
                                                               {"CAP_PERFMON", CAP_PERFMON},
                                                               {"CAP_SYS_ADMIN", CAP_SYS_ADMIN},
                                                               {"CAP_NET_ADMIN", CAP_NET_ADMIN},
                                                               {"CAP_SYS_PTRACE", CAP_SYS_PTRACE},
                                                               {"CAP_SYS_RESOURCE", CAP_SYS_RESOURCE},
                                                               {"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH}}};
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  syscall(SYS_capget, &header, data.data());
  std::vector<Capability> capabilities;
  for (const auto& [name, number] : kNames) {
    const auto bit = static_cast<unsigned int>(number);
    capabilities.push_back({name, (data[bit / 32].effective >> (bit % 32) & 1u) != 0});
  }
  return capabilities;
}

bool has_capability(std::string_view name) {
  return std::ranges::any_of(read_capabilities(), [&](const Capability& capability) {
    return capability.name == name && capability.effective;
  });
}

std::string missing_capabilities(Backend backend, const PrivilegeRules& rules) {
  std::string missing;
  for (const std::string_view name : needed_capabilities(backend, rules)) {
    const bool is_included = name != "CAP_SYS_RESOURCE" && has_capability("CAP_SYS_ADMIN");
    if (!is_included && !has_capability(name)) missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  return missing;
}

bool may_use_bpf(const std::vector<Capability>& capabilities) {
  const auto has = [&](std::string_view name) {
    for (const Capability& capability : capabilities)
      if (capability.name == name) return capability.effective;
    return false;
  };
  return has("CAP_SYS_ADMIN") || (has("CAP_BPF") && has("CAP_PERFMON"));
}

}  // namespace acceptscope
