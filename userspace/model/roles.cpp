// SPDX-License-Identifier: BSD-2-Clause
#include "model/roles.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace acceptscope {
namespace {

/// The command name without digits: "worker-1" and "worker-2" are one program.
std::string program_of(std::string_view comm) {
  std::string program(comm);
  std::erase_if(program, [](unsigned char c) { return std::isdigit(c) != 0; });
  return program;
}

bool holds(const Candidate& c) { return c.member != nullptr && c.member->present; }
bool waited(const Candidate& c) { return c.member != nullptr && c.member->waited; }

class Roles {
 public:
  Roles(std::span<Candidate> candidates, std::uint32_t looks) : candidates_(candidates), looks_(looks) {}

  void assign() {
    for (Candidate& c : candidates_) decide(c);
    find_draining();
    find_acceptors();
    if (looks_ < 2 && std::ranges::none_of(candidates_, [&](const Candidate& c) { return is(c, Role::worker); }))
      take_all_but_parents();
    find_siblings();
    find_supervisors();
    for (Candidate& c : candidates_)
      if (!decided(c)) set(c, Role::holder);
  }

 private:
  [[nodiscard]] bool decided(const Candidate& c) const { return decided_.contains(c.row); }
  [[nodiscard]] bool is(const Candidate& c, Role role) const { return decided(c) && c.row->role == role; }
  void set(const Candidate& c, Role role) {
    c.row->role = role;
    decided_.insert(c.row);
  }

  /// What can be told from the row alone.
  void decide(Candidate& c) {
    const bool left = c.member != nullptr && !c.member->present;
    const bool could_see = looks_ > 0 && c.looked_at;
    const bool gave_up = (left && std::ranges::any_of(candidates_, holds)) ||
                         (c.member == nullptr && c.row->counts.accepts > 0 && could_see);
    if (!c.row->exited && c.row->open > 0 && gave_up && !c.receives) return set(c, Role::draining);
    if (left && !c.receives) c.row->exited = true;
    const bool works = c.took_part || c.member == nullptr || waited(c);
    if (works || (c.member->may_wait() && !c.member->is_parent)) set(c, Role::worker);
  }

  void take_all_but_parents() {
    std::set<std::uint32_t> parents;
    for (const Candidate& c : candidates_) parents.insert(c.parent_pid);
    for (const Candidate& c : candidates_)
      if (!decided(c) && !parents.contains(c.row->pid)) set(c, Role::worker);
  }

  /// A process that had connections when tracing began, accepted none, and never held the socket: from before a reload,
  /// if younger processes of its program wait on it now. Not the child of one that accepts: that was handed its
  /// connections.
  void find_draining() {
    std::map<std::string, Instant> youngest;
    std::set<std::uint32_t> acceptors;
    for (const Candidate& c : candidates_) {
      if (!is(c, Role::worker) || !holds(c)) continue;
      acceptors.insert(c.row->pid);
      if (!c.row->start_time) continue;
      Instant& start = youngest[program_of(c.row->comm.raw())];
      start = std::max(start, *c.row->start_time);
    }
    for (const Candidate& c : candidates_) {
      const bool from_before = c.member == nullptr && c.row->counts.preexisting > 0 && c.row->counts.accepts == 0;
      if (!from_before || c.receives || !c.looked_at || c.parent_pid == 0 || acceptors.contains(c.parent_pid)) continue;
      const auto successor = youngest.find(program_of(c.row->comm.raw()));
      if (successor != youngest.end() && c.row->start_time && *c.row->start_time < successor->second)
        set(c, Role::draining);
    }
  }

  /// A worker without any connection, whose children have some from before and never had the socket: it accepted them.
  void find_acceptors() {
    std::set<std::uint32_t> parents;
    for (const Candidate& c : candidates_)
      if (c.member == nullptr && c.row->counts.preexisting > 0) parents.insert(c.parent_pid);
    for (const Candidate& c : candidates_)
      if (is(c, Role::worker) && waited(c) && !c.took_part && parents.contains(c.row->pid)) set(c, Role::acceptor);
  }

  /// A worker that blocks in accept() stands in no queue while it is busy; one that polls does, unless its program
  /// takes the socket out of its epoll set while busy, which other looks show.
  void find_siblings() {
    std::set<std::pair<std::uint32_t, std::string>> families;
    const auto family_of = [](const Candidate& c) { return std::pair(c.parent_pid, program_of(c.row->comm.raw())); };
    for (const Candidate& c : candidates_) {
      const bool comes_and_goes = c.member != nullptr && (c.member->blocked || (c.member->waited && c.member->missed));
      if (is(c, Role::worker) && c.parent_pid != 0 && comes_and_goes) families.insert(family_of(c));
    }
    for (const Candidate& c : candidates_)
      if (!decided(c) && families.contains(family_of(c))) set(c, Role::worker);
  }

  void find_supervisors() {
    std::set<std::uint32_t> parents;
    const auto add_parent = [&](const Candidate& c) { return parents.insert(c.parent_pid).second; };
    for (const Candidate& c : candidates_)
      if (is(c, Role::worker)) add_parent(c);
    for (bool more = true; std::exchange(more, false);)
      for (const Candidate& c : candidates_) {
        if (decided(c) || !(c.member->is_parent || parents.contains(c.row->pid))) continue;
        set(c, Role::supervisor);
        add_parent(c);
        more = true;
      }
  }

  std::span<Candidate> candidates_;
  std::uint32_t looks_;
  std::set<const WorkerRow*> decided_;
};

}  // namespace

void assign_roles(std::span<Candidate> candidates, std::uint32_t looks) { Roles(candidates, looks).assign(); }

}  // namespace acceptscope
