// SPDX-License-Identifier: BSD-2-Clause
#include "model/container.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace acceptscope {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kUid = "2f8e91aa-77c1-4b0c-9f57-0a1b2c3d4e5f";
const std::string kUidInSlice = "2f8e91aa_77c1_4b0c_9f57_0a1b2c3d4e5f";

std::string label(const std::string& cgroup) {
  const std::optional<Container> container = container_of(cgroup);
  return container ? label_of(*container).raw() : "";
}

TEST(Container, IsReadFromThePathsThatRuntimesMake) {
  const std::vector<std::pair<std::string, std::string>> paths = {
      {"/system.slice/docker-" + kId + ".scope", "docker 0123456789ab"},
      {"/docker/" + kId, "docker 0123456789ab"},
      {"/docker/" + kId + "/init.scope", "docker 0123456789ab"},
      {"/../docker-" + kId + ".scope", "docker 0123456789ab"},
      {"/machine.slice/libpod-" + kId + ".scope/container", "podman 0123456789ab"},
      {"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope", "podman 0123456789ab"},
      {"/libpod_parent/libpod-" + kId, "podman 0123456789ab"},
      {"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + kUidInSlice + ".slice/cri-containerd-" +
           kId + ".scope",
       "pod " + kUid + " container 0123456789ab"},
      {"/kubepods.slice/kubepods-pod" + kUidInSlice + ".slice/crio-" + kId + ".scope",
       "pod " + kUid + " container 0123456789ab"},
      {"/kubepods/burstable/pod" + kUid + "/" + kId, "pod " + kUid + " container 0123456789ab"},
      {"/ecs/task/" + kId, "container 0123456789ab"},
      {"/lxc.payload.mail/system.slice/nginx.service", "lxc mail"},
      {"/lxc/mail", "lxc mail"},
      {"/machine.slice/machine-build.scope/payload", "machine build"},
      {"/machine.slice/systemd-nspawn@build.service/payload", "machine build"},
      {"/system.slice/nginx.service", "nginx.service"},
      {"/system.slice/system-postgresql.slice/postgresql@15-main.service", "postgresql@15-main.service"},
      {"/user.slice/user-1000.slice/user@1000.service/app.slice/app-web.service", "app-web.service"},
  };
  for (const auto& [path, expected] : paths) EXPECT_EQ(label(path), expected) << path;
}

TEST(Container, OtherPathsTellNone) {
  for (const std::string path : {"", "/", "/init.scope", "/user.slice/user-1000.slice/session-3.scope",
                                 "/user.slice/user-1000.slice/user@1000.service", "/docker/short", "/a/b/c",
                                 "/podlike/x", "/machine.slice/machine-.slice"})
    EXPECT_EQ(label(path), "") << path;
}

TEST(Container, OfNestedOnesTheInnermostCounts) {
  const std::string other(64, 'f');
  EXPECT_EQ(label("/docker/" + kId + "/docker/" + other), "docker ffffffffffff");
  EXPECT_EQ(label("/lxc.payload.mail/docker/" + kId), "docker 0123456789ab");
}

TEST(Container, ANameOfTheRuntimeIsShownInsteadOfTheId) {
  Container docker = *container_of("/docker/" + kId);
  docker.name = "web";
  EXPECT_EQ(label_of(docker), "docker web");
  Container pod = *container_of("/kubepods/burstable/pod" + kUid + "/" + kId);
  pod.name = "shop/cart-7d9f/app";
  EXPECT_EQ(label_of(pod), "pod shop/cart-7d9f/app");
}

TEST(Container, IsSelectedByTheBeginningOfAnIdAndByGlobsOfNames) {
  Container docker = *container_of("/docker/" + kId);
  docker.name = "web-1";
  for (const std::string pattern : {"0123", "0123456789ab", "web-1", "web-*", "*"})
    EXPECT_TRUE(matches(docker, pattern)) << pattern;
  for (const std::string pattern : {"012", "1234", "web", "app", ""}) EXPECT_FALSE(matches(docker, pattern)) << pattern;
  Container pod = *container_of("/kubepods/burstable/pod" + kUid + "/" + kId);
  pod.name = "shop/cart-7d9f/app";
  for (const std::string pattern : {"2f8e91aa", "0123", "cart-*", "shop", "app", "shop/*"})
    EXPECT_TRUE(matches(pod, pattern)) << pattern;
  const Container unit = *container_of("/system.slice/nginx.service");
  EXPECT_TRUE(matches(unit, "nginx.*"));
  EXPECT_FALSE(matches(unit, "ngin"));
}

}  // namespace
}  // namespace acceptscope
