// SPDX-License-Identifier: BSD-2-Clause
#include "capture/container_names.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "capture/netns_names.hpp"

namespace acceptscope {
namespace {

/// A host's root directory with files of container runtimes.
class HostRoot : public ::testing::Test {
 protected:
  HostRoot() {
    std::string name = "/tmp/acceptscope-root-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~HostRoot() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  [[nodiscard]] std::string name_of(Container container) const {
    ContainerNames(root_).add_name(container);
    return container.name.raw();
  }

  std::string root_;
  const std::string id_ = std::string(64, 'a');
  const Container docker_{Runtime::docker, id_, {}, {}};
};

TEST_F(HostRoot, DockerKeepsTheNameInItsConfiguration) {
  write("/var/lib/docker/containers/" + id_ + "/config.v2.json", R"({"ID":"x","Config":{"Name":"no"},"Name":"/web"})");
  EXPECT_EQ(name_of(docker_), "web");
}

TEST_F(HostRoot, PodmanKeepsAListOfContainers) {
  write("/var/lib/containers/storage/overlay-containers/containers.json",
        R"([{"id":"b","names":["other"]},{"id":")" + id_ + R"(","names":["web","alias"]}])");
  EXPECT_EQ(name_of({Runtime::podman, id_, {}, {}}), "web");
}

TEST_F(HostRoot, TheKubeletLinksItsLogs) {
  write("/var/log/containers/other_shop_app-" + std::string(64, 'b') + ".log", "");
  write("/var/log/containers/cart-7d9f_shop_app-" + id_ + ".log", "");
  EXPECT_EQ(name_of({Runtime::containerd, id_, "uid", {}}), "shop/cart-7d9f/app");
  EXPECT_EQ(name_of({Runtime::crio, id_, "uid", {}}), "shop/cart-7d9f/app");
}

TEST_F(HostRoot, WhatIsMissingOrBrokenGivesNoName) {
  EXPECT_EQ(name_of(docker_), "");
  for (const std::string text : {"", "{", "[]", "{\"Name\":7}", "null"}) {
    write("/var/lib/docker/containers/" + id_ + "/config.v2.json", text);
    EXPECT_EQ(name_of(docker_), "") << text;
  }
  write("/var/lib/docker/containers/" + id_ + "/config.v2.json", std::string(5 << 20, ' ') + R"({"Name":"/web"})");
  EXPECT_EQ(name_of(docker_), "");
  write("/var/log/containers/nothing-" + id_ + ".log", "");
  EXPECT_EQ(name_of({Runtime::containerd, id_, {}, {}}), "");
}

TEST_F(HostRoot, NetworkNamespacesHaveNamesByInode) {
  write("/run/netns/blue", "");
  write("/run/netns/green", "");
  struct stat info {};
  ASSERT_EQ(stat((root_ + "/run/netns/blue").c_str(), &info), 0);
  const auto blue = static_cast<std::uint32_t>(info.st_ino);
  NetnsNames names(root_);

  EXPECT_THAT(names.of({blue, 1}), ::testing::ElementsAre(::testing::Pair(blue, OutsideText("blue"))));
  std::filesystem::remove(root_ + "/run/netns/blue");
  EXPECT_THAT(names.of({blue}), ::testing::SizeIs(1)) << "read again only for a new one";
  EXPECT_THAT(names.of({blue, 2}), ::testing::IsEmpty());
}

}  // namespace
}  // namespace acceptscope
