// SPDX-License-Identifier: BSD-2-Clause
#include "capture/holder_register.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include "fake_proc.hpp"

namespace acceptscope {
namespace {

using testing::FakeProc;
using namespace std::chrono_literals;

constexpr std::uint64_t kInode = 0x4ab9;

ServiceKey service_on(std::uint16_t port) {
  ServiceKey key;
  key.endpoint.port = port;
  return key;
}

ListeningDescriptor held_by(std::uint32_t pid, std::uint64_t inode = kInode, std::uint16_t port = 8000) {
  ListeningDescriptor descriptor;
  descriptor.holder.service = service_on(port);
  descriptor.holder.worker = {pid, 0, 5};
  descriptor.inode = inode;
  return descriptor;
}

class HolderRegisterTest : public ::testing::Test {
 protected:
  std::vector<Holder> call(const FoundDescriptors& found, Nanoseconds at = 0s) {
    return register_.holders(found, MonotonicTime{at.count()});
  }
  FakeProc proc_;
  HolderRegister register_{ProcFs{proc_.root()}};
};

TEST_F(HolderRegisterTest, AProcessWithSeveralDescriptorsOfAServiceIsOneHolder) {
  const auto holders =
      call({.listening = {held_by(7), held_by(7, kInode + 1), held_by(7, 9, 8001), held_by(8)}, .epolls = {}});

  ASSERT_EQ(holders.size(), 3u);
  EXPECT_EQ(holders[0].worker.pid, 7u);
  EXPECT_EQ(holders[1].worker.pid, 8u);
  EXPECT_EQ(holders[2].service.endpoint.port, 8001);
}

TEST_F(HolderRegisterTest, AWorkerPollsAndItsSupervisorDoesNot) {
  proc_.add_epoll(7, 4, 1, EPOLLIN);  // some other socket
  proc_.add_epoll(8, 4, kInode, EPOLLIN);

  const auto holders = call({.listening = {held_by(7), held_by(8)}, .epolls = {{7, 4}, {8, 4}}});

  EXPECT_EQ(holders[0].polls, false);
  EXPECT_EQ(holders[0].exclusive, std::nullopt);
  EXPECT_EQ(holders[1].polls, true);
  EXPECT_EQ(holders[1].exclusive, false);
}

TEST_F(HolderRegisterTest, ExclusiveMeansEverySet) {
  proc_.add_epoll(7, 4, kInode, EPOLLIN | EPOLLEXCLUSIVE);
  proc_.add_epoll(8, 4, kInode, EPOLLIN | EPOLLEXCLUSIVE);
  proc_.add_epoll(8, 5, kInode, EPOLLIN);

  const auto holders = call({.listening = {held_by(7), held_by(8)}, .epolls = {{7, 4}, {8, 4}, {8, 5}}});

  EXPECT_EQ(holders[0].exclusive, true);
  EXPECT_EQ(holders[1].exclusive, false);
}

TEST_F(HolderRegisterTest, AProcessWithoutAnyEpollSetDoesNotPoll) {
  EXPECT_EQ(call({.listening = {held_by(7)}, .epolls = {}})[0].polls, false);
}

TEST_F(HolderRegisterTest, WhatCannotBeReadIsNotKnown) {
  EXPECT_EQ(call({.listening = {held_by(7)}, .epolls = {{7, 4}}})[0].polls, std::nullopt);
}

TEST_F(HolderRegisterTest, AProcessThatEntersTheSetLateIsAskedOnceMore) {
  const FoundDescriptors found{.listening = {held_by(7)}, .epolls = {{7, 4}}};
  proc_.add_epoll(7, 4, 1, EPOLLIN);
  EXPECT_EQ(call(found)[0].polls, false);
  proc_.add_epoll(7, 4, kInode, EPOLLIN);

  EXPECT_EQ(call(found, HolderRegister::kSecondLook - 1ns)[0].polls, false)
      << "the question costs the process something";
  EXPECT_EQ(call(found, HolderRegister::kSecondLook)[0].polls, true);
}

}  // namespace
}  // namespace acceptscope
