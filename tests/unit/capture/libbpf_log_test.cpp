// SPDX-License-Identifier: BSD-2-Clause
#include "capture/libbpf_log.hpp"

#include <bpf/libbpf.h>
#include <gtest/gtest.h>

namespace acceptscope {
namespace {

TEST(LibbpfLog, KeepsWhatLibbpfSaysAndFindsTheTellingLine) {
  const LibbpfLog log;

  EXPECT_EQ(bpf_object__open_file("/nonexistent.bpf.o", nullptr), nullptr);

  EXPECT_NE(log.text().find("nonexistent"), std::string::npos);
  EXPECT_EQ(log.reason().find("libbpf: "), std::string::npos);
  EXPECT_NE(log.reason().find("failed"), std::string::npos);
}

TEST(LibbpfLog, SaysNothingWhenLibbpfSaidNothing) {
  const LibbpfLog log;
  EXPECT_EQ(log.reason(), "");
}

}  // namespace
}  // namespace acceptscope
