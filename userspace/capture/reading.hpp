// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "bpf/wire.h"
#include "capture/cost.hpp"
#include "capture/holder_walk.hpp"
#include "capture/loading.hpp"
#include "capture/netns_names.hpp"
#include "capture/procfs.hpp"
#include "model/records.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

struct ring_buffer;

namespace acceptscope {

struct RingFree {
  void operator()(ring_buffer* ring) const;
};
using Ring = std::unique_ptr<ring_buffer, RingFree>;

/// Entries of a map that users share, by uid.
using EntriesOfUsers = std::map<std::uint32_t, std::uint64_t>;

/// What a reading of `listeners` found.
struct ListenerShares {
  std::vector<std::pair<std::uint64_t, wire::service_key>> closed;  ///< by struct sock
  std::set<ServiceKey> open;                                        ///< addresses where a socket listens
  EntriesOfUsers of_users;                                          ///< entries that remain
};

/// Reads the results of the programs: the ring, the maps, the holders, losses and cost.
class Reader {
 public:
  /// \param loaded must outlive this object
  [[nodiscard]] static Result<std::unique_ptr<Reader>> open(LoadedPrograms& loaded,
                                                            const std::vector<UniqueFd>& cgroups, ProcFs procfs);
  Reader(const Reader&) = delete;  // the ring stores its address
  Reader& operator=(const Reader&) = delete;

  /// Like the functions of Tracer, except that end() leaves the programs attached.
  Result<MonotonicTime> begin(const StopRequest& stop);
  MonotonicTime end();
  [[nodiscard]] int ring_fd() const;
  Result<std::size_t> drain(const std::function<void(const ClosedConnection&)>& sink);
  [[nodiscard]] Result<Tick> read(MonotonicTime now);

 private:
  /// The contents of the connection map.
  struct Entries {
    std::vector<OpenConnection> open;
    std::vector<QueuedConnection> queued;
    bool left_unseen = false;  ///< a connection left the queue, and no program saw the accept
  };

  Reader(LoadedPrograms& loaded, HolderWalk walk, ProcFs procfs);
  static int on_record(void* context, void* data, std::size_t size);
  /// Updates the map: byte counts of open connections, and entries whose socket no longer exists.
  /// `any`: there are connections in it.
  Result<void> refresh_entries(bool any) const;
  [[nodiscard]] Result<Entries> read_entries();
  /// Finds accepts that no program saw, by the process that holds the file descriptor: when a walk is due, when
  /// programs were skipped or a connection left an accept queue unseen; and new holders: when one was born.
  Result<void> walk_if_needed(const Entries& entries);
  /// The last chance to find the owner of a missed accept.
  void last_walk();
  /// Takes the figures of listening sockets that were closed out of the map.
  [[nodiscard]] Result<std::vector<Listeners>> read_listeners();
  /// Takes sockets that are closed out of the maps, and says what each user has of `listeners`.
  void forget_listeners(ListenerShares shares);
  /// Tells the programs what each user has of a map from which entries were taken.
  void set_shares(wire::share_kind kind, EntriesOfUsers of_users);
  /// Reads the pids that /proc shows, if they differ from the kernel's.
  Result<void> read_proc_pids();
  [[nodiscard]] std::map<std::uint32_t, OutsideText> read_netns_names(const Tick& tick);
  [[nodiscard]] std::optional<NamespaceDrops> count_of_namespace(std::uint32_t netns) const;
  /// Of the network namespaces with listening sockets that dropped something since tracing began. Read after the drops,
  /// as the counts at the begin are read before: no deferred handshake is taken for an overflow.
  [[nodiscard]] std::map<std::uint32_t, NamespaceDrops> read_namespace_drops(const Tick& tick) const;
  /// Fills in the requests of the services and workers that were read.
  Result<void> read_requests(std::uint32_t row, ServiceCounters& counters) const;
  Result<void> read_requests(std::uint32_t row, WorkerCounters& counters) const;
  [[nodiscard]] Result<std::uint64_t> sum_of(const bpf_map* map, std::uint32_t index) const;
  /// The workers and holders that exited since the last reading.
  [[nodiscard]] Result<std::vector<ProcessInfo>> take_exits();
  [[nodiscard]] Result<Losses> read_losses() const;
  [[nodiscard]] Overhead read_overhead();
  void sample_cost(const std::vector<ServiceCounters>& services);

  acceptscope_bpf& skeleton_;
  const Link& refresh_;
  const Link& relisten_;
  bool requests_;  ///< they are counted
  MonotonicTime begun_;
  HolderWalk walk_;
  const std::optional<ProcPidReader>& proc_pids_;
  NetnsNames netns_names_;
  std::optional<ProcPids> shown_;  ///< at the last reading; empty: /proc has the kernel's pids
  ProcFs procfs_;
  std::map<std::uint32_t, NamespaceDrops> drops_before_;                ///< of namespaces, when tracing began
  std::map<std::uint64_t, std::vector<std::uint32_t>> socket_holders_;  ///< by struct sock, at the last reading
  std::array<EntriesOfUsers, wire::SHARE_KINDS> entries_of_users_;      ///< by share_kind: likewise
  CostMeter cost_;
  Ring ring_;
  std::function<void(const ClosedConnection&)> sink_;
  std::uint64_t ticks_ = 0;
  std::size_t entries_before_ = 0;  ///< entries in the connection map at its last reading
  bool entered_ = false;            ///< an entry was added between the last two readings
  std::uint32_t births_ = 0;        ///< as of the last walk, see bpf/state.bpf.h
  std::uint64_t skipped_ = 0;       ///< program runs that the kernel had skipped by the last walk
  std::uint64_t walks_unfinished_ = 0;
};

}  // namespace acceptscope
