// SPDX-License-Identifier: BSD-2-Clause
/// The container, pod, machine or systemd unit that a process runs in, as far as its cgroup path tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/outside_text.hpp"

namespace acceptscope {

/// What made the cgroup.
enum class Runtime : std::uint8_t {
  unit,  ///< systemd: a service or scope
  docker,
  podman,
  containerd,  ///< by the container runtime interface of Kubernetes (CRI)
  crio,        ///< likewise
  other,       ///< a container of a runtime that the path does not name
  lxc,
  nspawn,
};

struct Container {
  Runtime runtime = Runtime::unit;
  OutsideText id;       ///< of the container: 64 hexadecimal digits; of the others their name
  OutsideText pod_uid;  ///< of Kubernetes, with dashes; else empty
  OutsideText
      name;  ///< that the runtime keeps of the container; of Kubernetes NAMESPACE/POD/CONTAINER; empty: not known
  bool operator==(const Container&) const = default;
};

/// What the path of a cgroup says, v2 or v1: "/system.slice/docker-<id>.scope", "/kubepods/besteffort/pod<uid>/<id>".
/// The innermost container counts, else the innermost unit; empty for user sessions and paths of no known form.
[[nodiscard]] std::optional<Container> container_of(std::string_view cgroup);

/// A short label: "nginx.service", "docker 0123456789ab", "docker web", "pod shop/cart-7d9f/app".
[[nodiscard]] OutsideText label_of(const Container& container);

/// Whether `pattern` selects the container: it is the beginning of its id or of its pod's uid, at least four digits
/// long, or a glob of its name, of its unit, or of one of the parts of a name that has several.
[[nodiscard]] bool matches(const Container& container, const std::string& pattern);

}  // namespace acceptscope
