// SPDX-License-Identifier: BSD-2-Clause
#include "ends.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <string>

#include "../failure.hpp"

namespace workload::mix {
namespace {

void just_close(Side& side) { side.close(); }

void read_and_close(Side& side) {
  side.read_to_end();
  side.close();
}

void meet_and_close(Side& side) {
  side.meet();
  side.close();
}

/// Both sides send their FIN at the same time.
void meet_and_shut(Side& side) {
  side.meet();
  side.shut(SHUT_WR);
  read_and_close(side);
}

void expect_reset_and_close(Side& side) {
  if (!side.read_to_end()) throw Failure("an end of the stream instead of a reset");
  side.close();
}

void reset(Side& side) {
  side.reset_when_closed();
  side.close();
}

void meet_and_reset(Side& side) {
  side.reset_when_closed();
  meet_and_close(side);
}

void shut_and_read(Side& side) {
  side.shut(SHUT_WR);
  read_and_close(side);
}

void read_and_shut(Side& side) {
  side.read_to_end();
  side.shut(SHUT_WR);
  side.close();
}

void read_and_answer(Side& side) {
  side.read_to_end();
  side.write(side.script().last);
  side.close();
}

void write_and_close(Side& side) {
  side.write(side.script().last);
  side.close();
}

void write_and_read(Side& side) {
  side.write(side.script().last);
  read_and_close(side);
}

/// close() waits until the other side has everything.
void write_and_linger(Side& side) {
  const linger wait{.l_onoff = 1, .l_linger = 20};
  setsockopt(side.fd(), SOL_SOCKET, SO_LINGER, &wait, sizeof wait);
  write_and_close(side);
}

void write_and_tell(Side& side) {
  side.write(side.script().last);
  side.link().step.reach(1);
  read_and_close(side);
}

/// With unread data in the socket: the kernel sends a reset.
void close_unread(Side& side) {
  side.link().step.wait(1);
  side.close();
}

/// The client has closed, and everything came before its FIN.
void close_unread_after_hangup(Side& side) {
  side.wait_for_hangup();
  side.link().all_delivered = true;
  side.close();
}

void peek_and_close(Side& side) {
  side.peek(side.script().last);
  side.link().all_delivered = true;
  side.close();
}

void peek_and_read(Side& side) {
  side.peek(side.script().last);
  read_and_close(side);
}

void shut_reading(Side& side) {
  side.shut(SHUT_RD);
  side.link().step.reach(1);
  side.link().step.wait(2);
  side.read_what_is_there();
  side.close();
}

void write_to_the_deaf(Side& side) {
  side.link().step.wait(1);
  side.write(side.script().last);
  side.link().step.reach(2);
  read_and_close(side);
}

void disconnect(Side& side) {
  side.disconnect();
  side.close();
}

/// The first write gets no error yet, if the other side closed without a reset.
void write_after_hangup(Side& side) {
  side.wait_for_hangup();
  if (side.write(side.script().last)) side.write(1);
  side.close();
}

/// A byte of urgent data is one of the stream, though read() does not return it.
void write_urgent(Side& side) {
  side.write(side.script().last);
  if (send(side.fd(), "!", 1, MSG_OOB) == 1) ++side.link().client_sent;
  side.close();
}

void read_around_urgent(Side& side) {
  side.wait_for_hangup();  // splice() returns 0 at urgent data, too
  side.read_to_end();
  side.link().all_delivered = true;
  side.close();
}

/// Until it is killed.
void pour(Side& side) {
  while (side.write(60'000)) {
  }
}

void hold(Side& /*side*/) {}

/// Held though the client has closed.
void hold_after_hangup(Side& side) {
  side.wait_for_hangup();
  side.link().all_delivered = true;
  side.link().reasons = kPeer;
}

/// Held with more data than the client's socket takes.
void fill_and_hold(Side& side) { side.write_until_full(); }

void leave_open(Side& side) { static_cast<void>(side.release()); }

/// For ends at the same moment: each side waits for a part of so many steps.
constexpr std::uint32_t kLate = 30'000;
constexpr std::uint32_t kMuch = 400'000;

/// The turns. Before a reset, both sides have all of them.
void talk(Side& side) {
  side.talk();
  side.link().talked.advance();
  if (side.script().turns > 0 && ends().at(side.script().end).breaks) side.link().talked.wait(2);
}

}  // namespace

const std::vector<End>& ends() {
  static const std::vector<End> all{
      {"peer", read_and_close, just_close, kPeer, 0},
      {"peer-then-shutdown", read_and_shut, just_close, kPeer, 0},
      {"local", just_close, read_and_close, kLocal, 0},
      {"reset", expect_reset_and_close, reset, kReset, 0, 0, true},
      {"local-reset", reset, read_and_close, kLocal, 0, 0, true},
      {"half-close-peer", read_and_answer, shut_and_read, kPeer, kMuch},
      {"half-close-local", shut_and_read, read_and_answer, kLocal, kMuch},
      {"both-close", meet_and_close, meet_and_close, kLocal | kPeer, kLate},
      {"both-shut-down", meet_and_shut, meet_and_shut, kLocal | kPeer, kLate},
      {"both-reset", meet_and_close, meet_and_reset, kLocal | kReset, kLate, 0, true},
      {"send-and-close", write_and_close, read_and_close, kLocal, kMuch},
      {"send-and-linger", write_and_linger, read_and_close, kLocal, kMuch},
      {"close-unread", close_unread, write_and_tell, kLocal, 50'000, 0, true},
      {"close-unread-after-peer", close_unread_after_hangup, write_and_close, kPeer, 50'000},
      {"peek-and-close", peek_and_close, write_and_read, kLocal, 10'000, 0, true},
      {"peek-and-read", peek_and_read, write_and_close, kPeer, 10'000},
      {"shut-rd", shut_reading, write_to_the_deaf, kLocal, 10'000, 0, true},
      {"af-unspec", disconnect, read_and_close, kLocal | kReset, 0, 0, true},
      {"peer-af-unspec", expect_reset_and_close, disconnect, kReset, 0, 0, true},
      {"write-to-closed", write_after_hangup, just_close, kPeer, 20'000, 1},
      {"write-to-reset", write_after_hangup, reset, kReset, 20'000, 1, true},
      {"urgent", read_around_urgent, write_urgent, kPeer, 1'000},
      {"hold", hold, leave_open, kLocal, 0},
      {"hold-after-peer", hold_after_hangup, write_and_close, kPeer, 20'000},
      {"client-dies", read_and_close, pour, kPeer, 0},
      {"hold-full", fill_and_hold, leave_open, kLocal, 0},
  };
  return all;
}

std::uint8_t end_named(std::string_view name) {
  const auto found = std::ranges::find(ends(), name, [](const End& end) { return std::string_view(end.name); });
  if (found == ends().end()) throw Failure("no end '" + std::string(name) + "'");
  return static_cast<std::uint8_t>(found - ends().begin());
}

bool serve(Side& side) {
  if (side.script().duplicate) side.duplicate();
  talk(side);
  ends().at(side.script().end).server(side);
  if (side.fd() < 0) return true;
  side.link().settled.reach(1);
  return false;
}

void converse(Side& side) {
  talk(side);
  ends().at(side.script().end).client(side);
}

}  // namespace workload::mix
