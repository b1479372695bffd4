// SPDX-License-Identifier: BSD-2-Clause
/// What `acceptscope doctor` finds out: all that a bug report needs, and nothing that identifies the host.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/snapshot.hpp"

namespace acceptscope {

/// What the program was built from and with.
struct BuildInfo {
  OutsideText commit;  ///< empty: not known
  OutsideText architecture;
  OutsideText compiler;
  OutsideText libbpf;  ///< of the library that runs
  bool operator==(const BuildInfo&) const = default;
};

/// Something that the kernel has or not.
struct DiagnosedFact {
  std::optional<bool> present;  ///< empty: not known without root
  OutsideText detail;           ///< where it is, or why it is missing; may be empty
  bool operator==(const DiagnosedFact&) const = default;
};

struct DiagnosedCapability {
  OutsideText name;
  bool effective = false;
  bool operator==(const DiagnosedCapability&) const = default;
};

struct DiagnosedBackend {
  OutsideText name;
  DiagnosedFact works;                ///< it was loaded and attached
  std::vector<OutsideText> needs;     ///< capabilities
  std::vector<OutsideText> programs;  ///< the hooks, if it works
  std::vector<OutsideText> notes;
  bool operator==(const DiagnosedBackend&) const = default;
};

struct Diagnosis {
  std::uint32_t schema_version = 1;
  ToolInfo tool;
  BuildInfo build;
  OutsideText kernel;  ///< its release
  std::uint32_t cpus = 0;
  DiagnosedFact btf, ring_buffer, cgroup2, processes;
  std::vector<DiagnosedCapability> capabilities;
  std::vector<DiagnosedBackend> backends;  ///< in the order in which they are tried
  OutsideText after_attaching;             ///< what is left to a run once it is attached
  std::optional<OutsideText> chosen;       ///< that --backend auto takes
  bool operator==(const Diagnosis&) const = default;
};

}  // namespace acceptscope
