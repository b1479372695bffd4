// SPDX-License-Identifier: BSD-2-Clause
/// The fields of `doctor --json`, described like the dump's fields in output/json/fields.hpp.
#pragma once

#include "model/diagnosis.hpp"
#include "output/json/fields.hpp"

namespace acceptscope {

template <>
struct Described<BuildInfo> {
  static constexpr std::string_view name = "build";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(  //
      field("commit", &BuildInfo::commit, "commit of the sources; empty if not known"),
      field("architecture", &BuildInfo::architecture, "machine that it was built for"),
      field("compiler", &BuildInfo::compiler, "compiler of the program"),
      field("libbpf", &BuildInfo::libbpf, "version of libbpf that runs"));
};

template <>
struct Described<DiagnosedFact> {
  static constexpr std::string_view name = "fact";
  static constexpr Layout layout = Layout::inlined;
  static constexpr auto fields = std::make_tuple(
      field("present", &DiagnosedFact::present, "whether the kernel has it; null if that is not known without root"),
      field("detail", &DiagnosedFact::detail, "where it is, or why it is missing"));
};

template <>
struct Described<DiagnosedCapability> {
  static constexpr std::string_view name = "capability";
  static constexpr Layout layout = Layout::line;
  static constexpr auto fields =
      std::make_tuple(field("name", &DiagnosedCapability::name, "name of a capability that tracing may need"),
                      field("effective", &DiagnosedCapability::effective, "whether this process has it"));
};

template <>
struct Described<DiagnosedBackend> {
  static constexpr std::string_view name = "backend";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields =
      std::make_tuple(field("name", &DiagnosedBackend::name, "the backend"),
                      field("works", &DiagnosedBackend::works, "whether it could be loaded and attached, and why not"),
                      field("needs", &DiagnosedBackend::needs,
                            "capabilities that it needs on this kernel, where tracefs and cgroup2 are mounted"),
                      field("programs", &DiagnosedBackend::programs, "what it attached to"),
                      field("notes", &DiagnosedBackend::notes, "what it does differently on this kernel"));
};

template <>
struct Described<Diagnosis> {
  static constexpr std::string_view name = "doctor";
  static constexpr Layout layout = Layout::block;
  static constexpr auto fields = std::make_tuple(
      field("schema_version", &Diagnosis::schema_version,
            "version of the format: 1; fields may be added without a new number"),
      field("tool", &Diagnosis::tool, "the program"), field("build", &Diagnosis::build, "how it was built"),
      field("kernel", &Diagnosis::kernel, "release of the kernel, as uname -r prints it"),
      field("cpus", &Diagnosis::cpus, "number of CPUs online"),
      field("btf", &Diagnosis::btf, "type information of the kernel"),
      field("ring_buffer", &Diagnosis::ring_buffer, "BPF ring buffers (Linux 5.8)"),
      field("cgroup2", &Diagnosis::cgroup2, "a cgroup v2 hierarchy"),
      field("processes", &Diagnosis::processes, "/proc shows every process of the host"),
      field("capabilities", &Diagnosis::capabilities, "capabilities that matter to tracing"),
      field("backends", &Diagnosis::backends, "each backend, in the order in which they are tried"),
      field("after_attaching", &Diagnosis::after_attaching, "what is left to a run once it is attached"),
      field("chosen", &Diagnosis::chosen, "the backend that --backend auto takes; null if none works"));
};

}  // namespace acceptscope
