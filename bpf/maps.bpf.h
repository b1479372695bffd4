/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once

#include "kernel_types.h"
#include "wire.h"

/*
 * connections: struct sock's address -> the connection. The address is unique while the socket lives, and the
 *   tcp_destroy_sock tracepoint deletes what tcp_close() left behind before the memory can be used again.
 *   inserted: track(); read: on_*(), refresh(), userspace; deleted: untrack(). Full: the accept is counted, the connection is not tracked, LOSS_CONNECTION_MAP_FULL.
 *   Size: --max-connections.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__type(key, __u64);
	__type(value, struct connection);
} connections SEC(".maps");

/*
 * workers: (service, process or thread, start time) -> the rows of its totals. A look-up by such a key costs more than all
 *   the counting, so connections remember the rows.
 *   inserted: new_worker(); read: read_rows(), userspace on the tick; deleted: never, rows stay after the worker's exit.
 *   Full, as when there are no rows left: the service still counts, LOSS_WORKER_MAP_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct worker_key);
	__type(value, struct worker_place);
} workers SEC(".maps");

/* worker_rows: row -> totals of a worker. All zeros before its first use. Read by userspace on the tick. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct worker_counters);
} worker_rows SEC(".maps");

/* free_worker_rows: rows that nobody has -> 1. Filled by userspace before attaching; see take_row(). A queue would be no
 *   map for the sleepable refresh_syscall. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} free_worker_rows SEC(".maps");

/*
 * services: where a listening socket is bound -> the row of its totals.
 *   inserted: new_service(), by whoever counts; read: service_row(), userspace on the tick; deleted: never.
 *   Full, as when there are no rows left: LOSS_SERVICE_MAP_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct service_key);
	__type(value, __u32);
} services SEC(".maps");

/* service_rows: row -> totals of a service; as worker_rows. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct service_counters);
} service_rows SEC(".maps");

/* free_service_rows: as free_worker_rows. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u8);
} free_service_rows SEC(".maps");

/*
 * listeners: struct sock's address of a listening socket on a traced port -> the socket.
 *   inserted: on_listener(), by walks; refreshed: refresh_listener(); read: userspace on the tick; deleted: on_state().
 *   Full: the socket is missing in the listener facts, nowhere else.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct listener);
} listeners SEC(".maps");

/*
 * listening: where a listening socket is, or was, bound -> 1. Tells connections that were accepted from those that this
 *   host made itself. inserted: on_listener(); read: on_held(); deleted: never. Full: pre-existing connections there are not found.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct service_key);
	__type(value, __u8);
} listening SEC(".maps");

/*
 * members: tgid -> 1 for the processes in the subtrees of --cgroup, for walks: a walk's current task is not the one that
 *   it looks at. inserted and deleted: userspace, before a walk.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} members SEC(".maps");

/* closed: struct closed_connection, one per close. Full: LOSS_RING_FULL; the totals are not touched. --ring-bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} closed SEC(".maps");

/* losses: enum loss -> count per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_KINDS);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

/*
 * untracked: struct sock * -> 1 for connections that were counted while `connections` had no room for them: for whoever
 *   meets one again, a second look at the same accept or a walk. inserted: on_accept(), on_unknown(); deleted: on_close(),
 *   on_destroy(), on_enqueue(). Full: untracked_full; from then on no accept is missed and found later.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u8);
} untracked SEC(".maps");

/* cgroups: the subtrees of --cgroup, as descriptors of their directories. Written by userspace before attaching. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u32);
	__type(value, __u32);
} cgroups SEC(".maps");

/*
 * pids: tgid -> 1 for --pid's processes and their descendants.
 *   inserted: userspace at start, on_fork(); deleted: on_free() of the group leader. Full: LOSS_PID_FILTER_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} pids SEC(".maps");
