// SPDX-License-Identifier: BSD-2-Clause
#include "model/container.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "model/selection.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kShownDigits = 12;  // as docker ps and crictl show
constexpr std::size_t kUidLength = 36;    // of a pod, with dashes
constexpr std::size_t kFewestDigits = 4;  // of a prefix: fewer match by chance

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view text) { return text.size() == kIdDigits && is_hexadecimal(text); }

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end != 0) parts.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

/// Takes `begin` and `end` off `text`, if it has both.
bool strip(std::string_view& text, std::string_view begin, std::string_view end = {}) {
  if (text.size() < begin.size() + end.size() || !text.starts_with(begin) || !text.ends_with(end)) return false;
  text.remove_prefix(begin.size());
  text.remove_suffix(end.size());
  return true;
}

/// The scopes that runtimes make under systemd: NAME-<id>.scope.
constexpr std::array<std::pair<std::string_view, Runtime>, 4> kScopes{{{"docker-", Runtime::docker},
                                                                       {"libpod-", Runtime::podman},
                                                                       {"cri-containerd-", Runtime::containerd},
                                                                       {"crio-", Runtime::crio}}};

std::optional<Container> container_in(std::string_view part, std::string_view parent) {
  for (const auto& [begin, runtime] : kScopes) {
    std::string_view id = part;
    if ((strip(id, begin, ".scope") || strip(id, begin)) && is_id(id)) return Container{runtime, id, {}, {}};
  }
  // Without systemd: docker/<id>, libpod_parent/<id>, kubepods/.../pod<uid>/<id>.
  if (is_id(part))
    return Container{parent == "docker"          ? Runtime::docker
                     : parent.starts_with("pod") ? Runtime::containerd
                                                 : Runtime::other,
                     part,
                     {},
                     {}};
  for (const std::string_view begin : {"lxc.payload.", "lxc.monitor."})
    if (std::string_view name = part; strip(name, begin)) return Container{Runtime::lxc, name, {}, {}};
  if (parent == "lxc" || parent == "lxc.payload") return Container{Runtime::lxc, part, {}, {}};
  if (std::string_view name = part; parent == "machine.slice" && strip(name, "machine-", ".scope"))
    return Container{Runtime::nspawn, name, {}, {}};
  if (std::string_view name = part; strip(name, "systemd-nspawn@", ".service"))
    return Container{Runtime::nspawn, name, {}, {}};
  return std::nullopt;
}

/// "kubepods-besteffort-pod<uid with underscores>.slice", "pod<uid>": the uid with dashes, else empty.
std::string pod_uid_in(std::string_view part) {
  std::string_view uid = part;
  if (strip(uid, "kubepods", ".slice")) {
    const std::size_t at = uid.find("-pod");
    if (at == std::string_view::npos) return {};
    uid.remove_prefix(at + 4);
  } else if (!strip(uid, "pod")) {
    return {};
  }
  std::string text(uid);
  std::ranges::replace(text, '_', '-');
  // Static pods have a hash of 32 digits.
  const bool is_uid = text.size() == kUidLength && text[8] == '-';
  return is_uid || (text.size() == 32 && is_hexadecimal(text)) ? text : std::string();
}

bool is_unit(std::string_view part) {
  const bool has_kind = part.ends_with(".service") || part.ends_with(".scope");
  return has_kind && !part.starts_with("user@") && !part.starts_with("session-") && part != "init.scope";
}

std::string shortened(const OutsideText& id) { return id.raw().substr(0, kShownDigits); }

std::string_view noun_of(Runtime runtime) {
  switch (runtime) {
    case Runtime::docker: return "docker";
    case Runtime::podman: return "podman";
    case Runtime::containerd: return "containerd";
    case Runtime::crio: return "crio";
    case Runtime::lxc: return "lxc";
    case Runtime::nspawn: return "machine";
    case Runtime::unit:
    case Runtime::other: break;
  }
  return "container";
}

}  // namespace

std::optional<Container> container_of(std::string_view cgroup) {
  std::optional<Container> container, unit;
  std::string pod_uid;
  std::string_view parent;
  for (const std::string_view part : parts_of(cgroup)) {
    if (std::string uid = pod_uid_in(part); !uid.empty()) pod_uid = std::move(uid);
    if (std::optional<Container> found = container_in(part, parent))
      container = std::move(found);
    else if (is_unit(part))
      unit = Container{Runtime::unit, part, {}, {}};
    parent = part;
  }
  if (!container) return unit;
  container->pod_uid = pod_uid;
  return container;
}

OutsideText label_of(const Container& container) {
  if (container.runtime == Runtime::unit) return container.id;
  const bool is_named = container.runtime == Runtime::lxc || container.runtime == Runtime::nspawn;
  const std::string noun(container.pod_uid.empty() ? noun_of(container.runtime) : "pod");
  if (!container.name.empty()) return noun + " " + container.name;
  if (is_named) return noun + " " + container.id;
  std::string text = noun + " ";
  if (!container.pod_uid.empty()) text += container.pod_uid.raw() + " container ";
  return text + shortened(container.id);
}

bool matches(const Container& container, const std::string& pattern) {
  const bool may_be_id = pattern.size() >= kFewestDigits && container.runtime != Runtime::unit;
  if (may_be_id && (container.id.raw().starts_with(pattern) || container.pod_uid.raw().starts_with(pattern)))
    return true;
  if (container.id.raw().size() != kIdDigits && matches_glob(pattern, container.id.raw())) return true;
  if (matches_glob(pattern, container.name.raw())) return true;
  const std::vector<std::string_view> parts = parts_of(container.name.raw());
  return std::ranges::any_of(parts, [&](std::string_view part) { return matches_glob(pattern, std::string(part)); });
}

}  // namespace acceptscope
