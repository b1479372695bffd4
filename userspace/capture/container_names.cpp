// SPDX-License-Identifier: BSD-2-Clause
#include "capture/container_names.hpp"

#include <rapidjson/document.h>

#include <filesystem>
#include <fstream>
#include <string_view>

namespace acceptscope {
namespace {

constexpr std::size_t kMostBytes = std::size_t{4} << 20;  // of a file
constexpr std::size_t kMostFiles = 16384;                 // of a directory
constexpr std::size_t kMostKnown = 4096;                  // names that are remembered

/// A JSON file; null if it is missing, too large or none.
rapidjson::Document json_of(const std::string& path) {
  rapidjson::Document document;
  std::string text(kMostBytes + 1, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const auto length = static_cast<std::size_t>(file.gcount());
  if (length == 0 || length > kMostBytes) return document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), length);
  if (document.HasParseError()) document.SetNull();
  return document;
}

std::string text_in(const rapidjson::Value& object, const char* key) {
  if (!object.IsObject()) return {};
  const auto member = object.FindMember(key);
  if (member == object.MemberEnd() || !member->value.IsString()) return {};
  return {member->value.GetString(), member->value.GetStringLength()};
}

std::string docker_name(const std::string& root, const std::string& id) {
  const std::string name = text_in(json_of(root + "/var/lib/docker/containers/" + id + "/config.v2.json"), "Name");
  return name.starts_with('/') ? name.substr(1) : name;
}

std::string podman_name(const std::string& root, const std::string& id) {
  const rapidjson::Document all = json_of(root + "/var/lib/containers/storage/overlay-containers/containers.json");
  if (!all.IsArray()) return {};
  for (const rapidjson::Value& container : all.GetArray()) {
    if (text_in(container, "id") != id) continue;
    const auto names = container.FindMember("names");
    if (names == container.MemberEnd() || !names->value.IsArray() || names->value.Empty()) return {};
    const rapidjson::Value& name = names->value[0];
    return name.IsString() ? std::string(name.GetString(), name.GetStringLength()) : std::string();
  }
  return {};
}

/// "cart-7d9f_shop_app-<id>.log": "shop/cart-7d9f/app".
std::string kubernetes_name(const std::string& root, const std::string& id) {
  const std::string end = "-" + id + ".log";
  std::error_code error;
  std::size_t files = 0;
  for (std::filesystem::directory_iterator entry(root + "/var/log/containers", error), last; !error && entry != last;
       entry.increment(error)) {
    if (++files > kMostFiles) break;
    std::string name = entry->path().filename();
    if (!name.ends_with(end)) continue;
    name.resize(name.size() - end.size());
    const std::size_t pod = name.find('_');
    const std::size_t space = pod == std::string::npos ? pod : name.find('_', pod + 1);
    if (space == std::string::npos) return {};
    return name.substr(pod + 1, space - pod - 1) + "/" + name.substr(0, pod) + "/" + name.substr(space + 1);
  }
  return {};
}

}  // namespace

std::string ContainerNames::name_of(const Container& container) const {
  const std::string& id = container.id.raw();
  switch (container.runtime) {
    case Runtime::docker: return docker_name(root_, id);
    case Runtime::podman: return podman_name(root_, id);
    case Runtime::containerd:
    case Runtime::crio:
    case Runtime::other: return kubernetes_name(root_, id);
    case Runtime::unit:
    case Runtime::lxc:
    case Runtime::nspawn: break;  // the id is the name
  }
  return {};
}

void ContainerNames::add_name(Container& container) {
  const auto known = known_.find(container.id);
  if (known != known_.end()) {
    container.name = known->second;
    return;
  }
  const std::string name = name_of(container);
  container.name = name;
  if (known_.size() < kMostKnown && !name.empty()) known_.emplace(container.id, name);
}

}  // namespace acceptscope
