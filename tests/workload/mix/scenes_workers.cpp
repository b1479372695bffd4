// SPDX-License-Identifier: BSD-2-Clause
#include <liburing.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "../failure.hpp"
#include "scenes.hpp"
#include "worker.hpp"

namespace workload::mix {
namespace {

/// Calls and waits until the servers are done with them.
void call_and_settle(Stage& stage, const std::vector<Link*>& links) {
  stage.call_all(links, stage.chance().between(1, 6));
  Stage::settle(links);
}

/// Connections with any end; some of them are held.
std::vector<Link*> any_links(Stage& stage, std::uint32_t service, std::uint32_t count) {
  static constexpr std::array<std::string_view, 3> kHolds{"hold", "hold-after-peer", "hold-full"};
  std::vector<Link*> links;
  for (std::uint32_t i = 0; i < count; ++i) {
    links.push_back(&stage.plan(service, stage.chance().one_in(6) ? stage.chance().pick(kHolds) : std::string_view{}));
  }
  return links;
}

/// Of two processors; if there is only one, on that.
void work_on(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

void prefork(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  Staff staff(stage);
  for (std::uint32_t i = stage.chance().between(1, 5); i > 0; --i) staff.hire(door, any_waiting(stage.chance()));
  call_and_settle(stage, any_links(stage, door.service, stage.chance().between(5, 40)));
  staff.end_all();
}

void threads(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  Staff staff(stage);
  for (std::uint32_t i = stage.chance().between(1, 2); i > 0; --i) {
    staff.hire(door, any_waiting(stage.chance()), stage.chance().between(2, 5));
  }
  call_and_settle(stage, any_links(stage, door.service, stage.chance().between(5, 40)));
  staff.end_all();
}

/// Workers with a listening socket each come and go between the connections.
void reuseport_group(Stage& stage) {
  const std::string address = stage.listening_address();
  const std::uint32_t service = stage.service(address, stage.port());
  Staff staff(stage);
  for (std::uint32_t round = stage.chance().between(2, 5); round > 0; --round) {
    while (staff.size() > 1 && stage.chance().one_in(2)) staff.just_exit(0);
    for (std::uint32_t i = stage.chance().between(1, 3); i > 0; --i) {
      staff.hire_with_own_door(address, stage.port(), any_waiting(stage.chance()));
    }
    call_and_settle(stage, any_links(stage, service, stage.chance().between(3, 12)));
  }
  staff.end_all();
}

/// Many short-lived workers, each with one connection.
void fork_storm(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  for (std::uint32_t round = stage.chance().between(1, 3); round > 0; --round) {
    const std::uint32_t count = stage.chance().between(4, 16);
    const std::vector<Link*> links = any_links(stage, door.service, count);
    const std::uint64_t from_ns = now_ns();
    std::vector<pid_t> workers;
    for (std::uint32_t i = 0; i < count; ++i) {
      workers.push_back(stage.hire([&] {
        const Accepted accepted = accept_one(stage.ledger(), door.fd.get(), door.service);
        Side side(*accepted.link, accepted.fd, Side::Role::kServer);
        if (!serve(side)) accepted.link->closing_ns = now_ns();
        static_cast<void>(side.release());
      }));
    }
    stage.call_all(links, stage.chance().between(1, 6));
    for (const pid_t worker : workers) stage.see_off(worker, from_ns);
  }
}

/// Nobody knows what a killed worker had accepted and not yet written down, nor how its connections would have ended.
void killed_in_traffic(Stage& stage) {
  static constexpr std::array<std::string_view, 6> kEnds{"peer",           "local", "half-close-peer",
                                                         "send-and-close", "hold",  "reset"};
  Door door = stage.listen(stage.listening_address(), stage.port());
  std::vector<Link*> links;
  for (std::uint32_t i = stage.chance().between(20, 60); i > 0; --i) {
    links.push_back(&stage.plan(door.service, stage.chance().pick(kEnds)));
    links.back()->fate = Fate::kDoubtful;
    // Before a reset after turns, a client waits for a word of the server, which may be dead.
    if (ends().at(links.back()->script.end).breaks) links.back()->script.turns = 0;
  }
  Staff staff(stage);
  for (std::uint32_t i = stage.chance().between(2, 4); i > 0; --i) staff.hire(door, any_waiting(stage.chance()));
  std::thread callers([&, count = stage.chance().between(2, 6)] { stage.call_all(links, count, true); });
  const auto accepted = [&] { return std::ranges::count_if(links, [](const Link* link) { return link->pid != 0; }); };
  const auto deadline = std::chrono::steady_clock::now() + patience();
  while (staff.size() > 0) {
    const auto before = accepted();
    while (accepted() < before + 4 && accepted() + 10 < std::ssize(links) &&
           std::chrono::steady_clock::now() < deadline)
      sched_yield();
    staff.kill(0);
  }
  door.fd.reset();  // what is still in the queue is reset
  callers.join();
  for (Link* link : links) {
    if (link->settled.get() == 0) link->reasons = kLocal | kPeer | kReset | kWorkerExit;
  }
}

/// Clients that are killed while they write, at any byte.
void killed_clients(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  Staff staff(stage);
  for (std::uint32_t i = stage.chance().between(1, 3); i > 0; --i) staff.hire(door, any_waiting(stage.chance()));
  for (std::uint32_t i = stage.chance().between(2, 12); i > 0; --i) {
    Link& link = stage.plan(door.service, "client-dies");
    link.script.turns = 0;
    const std::uint64_t enough = stage.chance().size(3'000'000);
    const pid_t client = stage.hire([&] { stage.call(link); });
    const auto deadline = std::chrono::steady_clock::now() + patience();
    while (link.client_sent <= enough && std::chrono::steady_clock::now() < deadline) sched_yield();
    stage.kill(client);
    Stage::settle({&link});
  }
  staff.end_all();
}

/// Workers that accept with io_uring; where this kernel has none, nothing.
void io_uring_workers(Stage& stage) {
  io_uring ring;
  if (io_uring_queue_init(1, &ring, 0) != 0) return;
  io_uring_queue_exit(&ring);
  const Door door = stage.listen(stage.listening_address(), stage.port());
  Staff staff(stage);
  for (std::uint32_t i = stage.chance().between(1, 4); i > 0; --i) staff.hire(door, Waiting::kUring);
  call_and_settle(stage, any_links(stage, door.service, stage.chance().between(5, 40)));
  staff.end_all();
}

/// Everything that is held stays open.
void open_at_end(Stage& stage) {
  const Door door = stage.listen(stage.listening_address(), stage.port());
  Staff staff(stage);
  for (std::uint32_t i = stage.chance().between(1, 3); i > 0; --i) {
    staff.hire(door, any_waiting(stage.chance()), stage.chance().between(1, 3));
  }
  call_and_settle(stage, any_links(stage, door.service, stage.chance().between(10, 30)));
}

/// Both sides close at the same moment, often.
void closing_together(Stage& stage) {
  static constexpr std::array<std::string_view, 3> kEnds{"both-close", "both-shut-down", "both-reset"};
  const Door door = stage.listen(stage.listening_address(), stage.port());
  Staff staff(stage);
  work_on(0);  // so does the worker
  staff.hire(door, any_waiting(stage.chance()));
  work_on(1);
  std::vector<Link*> links;
  for (std::uint32_t i = stage.chance().between(100, 300); i > 0; --i) {
    Link& link = stage.plan(door.service, stage.chance().pick(kEnds));
    link.script.turns = static_cast<std::uint8_t>(stage.chance().below(2));
    links.push_back(&link);
  }
  stage.call_all(links, 1);
  Stage::settle(links);
  staff.end_all();
}

/// The server closes while most of its answer is on its way, as in HTTP/1.0.
void sending_and_closing(Stage& stage) {
  static constexpr std::array<std::string_view, 4> kEnds{"send-and-close", "send-and-close", "half-close-local",
                                                         "send-and-linger"};
  const Door door = stage.listen(stage.listening_address(), stage.port());
  Staff staff(stage);
  work_on(0);  // so does the worker: its close and the client's acknowledgements are to meet
  staff.hire(door, any_waiting(stage.chance()));
  work_on(1);
  std::vector<Link*> links;
  for (std::uint32_t i = stage.chance().between(100, 250); i > 0; --i) {
    Link& link = stage.plan(door.service, stage.chance().pick(kEnds));
    link.script.turns = 0;
    link.script.last = stage.chance().between(60'000, 120'000);
    links.push_back(&link);
  }
  call_and_settle(stage, links);
  staff.end_all();
}

}  // namespace workload::mix
