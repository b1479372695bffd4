// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <string>

#include "model/container.hpp"

namespace acceptscope {

/// Names of containers, from files that their runtimes keep on the host. No daemon is asked.
class ContainerNames {
 public:
  /// \param root the host's root directory, "" for "/": tests have a tree of their own
  explicit ContainerNames(std::string root) : root_(std::move(root)) {}

  /// Sets the name of a container, if a file tells it:
  /// - docker: Name of /var/lib/docker/containers/ID/config.v2.json
  /// - podman: names of /var/lib/containers/storage/overlay-containers/containers.json
  /// - Kubernetes: /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log, a link that the kubelet makes
  void add_name(Container& container);

 private:
  [[nodiscard]] std::string name_of(const Container& container) const;

  std::string root_;
  std::map<OutsideText, std::string> known_;  ///< by id; bounded
};

}  // namespace acceptscope
