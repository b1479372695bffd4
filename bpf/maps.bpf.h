/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once

#include "capacity.h"
#include "kernel_types.h"
#include "wire.h"

/*
 * connections: address of the struct sock -> the connection. The address is unique while the socket lives, and the
 *   tcp_destroy_sock tracepoint deletes entries that tcp_close() left behind before the kernel can reuse the memory.
 *   inserted: track(); read: on_*(), refresh(), userspace; deleted: untrack(). Full, or more than its
 *   user's share: the accept is counted, but the connection is not tracked, LOSS_CONNECTION_MAP_FULL.
 *   Size: --max-connections.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEFAULT_CONNECTIONS);
	__type(key, __u64);
	__type(value, struct connection);
} connections SEC(".maps");

/*
 * workers: (service, process or thread, start time) -> the rows of its totals. A lookup by such a large key costs more
 *   than all the counting, so connections cache the rows.
 *   inserted: new_worker(); read: read_rows(), userspace on the tick; deleted: never, rows outlive the worker.
 *   Full, no row left, or more than the user's share: the service still counts, LOSS_WORKER_MAP_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEFAULT_WORKERS);
	__type(key, struct worker_key);
	__type(value, struct worker_place);
} workers SEC(".maps");

/* worker_rows: row -> totals of a worker. Zero until its first use. Read by userspace on the tick. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFAULT_WORKERS);
	__type(key, __u32);
	__type(value, struct worker_counters);
} worker_rows SEC(".maps");

/*
 * free_worker_rows: unused rows -> 1. Filled by userspace before attaching; see take_row(). Not a queue map: the
 *   sleepable program refresh_syscall could not use one.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEFAULT_WORKERS);
	__type(key, __u32);
	__type(value, __u8);
} free_worker_rows SEC(".maps");

/*
 * services: the address that a listening socket is bound to -> the row of the service's totals.
 *   inserted: new_service(), by the first program that counts; read: service_row(), userspace on the tick;
 *   deleted: never.
 *   Full, no row left, or more than the user's share: LOSS_SERVICE_MAP_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEFAULT_SERVICES);
	__type(key, struct service_key);
	__type(value, __u32);
} services SEC(".maps");

/* service_rows: row -> totals of a service; see worker_rows. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFAULT_SERVICES);
	__type(key, __u32);
	__type(value, struct service_counters);
} service_rows SEC(".maps");

/*
 * shares: a user's part of a map that all users' sockets fill -> its entries. See admit().
 *   inserted: admit(); read: admit(); written: admit(), userspace on the tick (listeners, lives);
 *   deleted: never.
 *   Full: users that come later get no entry of those maps, and the losses of those maps say so.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct share_key);
	__type(value, __u64);
} shares SEC(".maps");

/* free_service_rows: see free_worker_rows. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEFAULT_SERVICES);
	__type(key, __u32);
	__type(value, __u8);
} free_service_rows SEC(".maps");

/* request_rows: row of a worker -> the requests that it served. Rows as in worker_rows; one row with --no-requests. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct request_counters);
} request_rows SEC(".maps");

/* service_loads: row of a service -> its requests, whichever worker serves. One row with --no-requests. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct request_load);
} service_loads SEC(".maps");

/*
 * listeners: address of the struct sock of a listening socket on a traced port, held by a traced process -> its state.
 *   inserted: on_listen(), and on_listener() by walks; refreshed: refresh_listener(); read: userspace on the tick;
 *   deleted: userspace, once it has read the final figures. Full, or more than its user's share: its figures and its
 *   holders are missing, LOSS_LISTENER_MAP_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WITH_ROOM_FOR_OTHERS(LISTENERS_OF_A_USER));
	__type(key, __u64);
	__type(value, struct listener);
} listeners SEC(".maps");

/*
 * listening: an address that a listening socket in `listeners` is bound to -> 1. Finds the service of a connection that was
 *   not seen in an accept queue; with --pid and --cgroup, tells whether an address concerns the selected processes.
 *   inserted: enter_listener(), on_listener(); read: find_listener(); deleted: userspace, when no socket has it any more.
 *   Full: cannot be, it is as large as `listeners`. Without an entry, a connection counts for its own local address.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WITH_ROOM_FOR_OTHERS(LISTENERS_OF_A_USER));
	__type(key, struct service_key);
	__type(value, __u8);
} listening SEC(".maps");

/*
 * members: tgid -> 1 for the processes in the subtrees of --cgroup. Used by walks, in which the current task is not the
 *   task being examined. inserted and deleted: userspace, before a walk. Full: the run reports an error.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} members SEC(".maps");

/*
 * lives: a process that holds a listening socket, a worker -> when it exited; 0 = it is alive.
 *   inserted: follow_life(), by walks and for new workers; read: userspace on the tick; written: on_exit();
 *   deleted: userspace, once it has read the exit. Full, or more than its user's share: the exit is noticed on the tick
 *   after it, LOSS_LIFE_MAP_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WITH_ROOM_FOR_OTHERS(LIVES_OF_A_USER));
	__type(key, struct life_key);
	__type(value, struct life);
} lives SEC(".maps");

/* addresses: those of --address -> 1. Userspace writes it before attaching, and it has room for all. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct ip_address);
	__type(value, __u8);
} addresses SEC(".maps");

/* closed: struct closed_connection, one per close. Full: LOSS_RING_FULL; totals are unaffected. Size: --ring-bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, DEFAULT_RING_BYTES);
} closed SEC(".maps");

/* losses: enum loss -> count per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_KINDS);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

/*
 * untracked: struct sock * -> 1 for connections that were counted while `connections` was full. Keeps a second hook on
 *   the same accept, or a walk, from counting them again. inserted: on_accept(), on_unknown(); deleted: on_close(),
 *   on_destroy(), on_enqueue(). Full: untracked_full; from then on walks no longer recover missed accepts. It only fills when
 *   `connections` is full, so LOSS_CONNECTION_MAP_FULL tells.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u8);
} untracked SEC(".maps");

/* cgroups: the subtrees of --cgroup, as file descriptors of their directories. Userspace writes it before attaching. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u32);
	__type(value, __u32);
} cgroups SEC(".maps");

/*
 * pids: tgid -> 1 for the processes of --pid and their descendants.
 *   inserted: userspace at start, on_fork(); deleted: on_free() of the group leader. Full: LOSS_PID_FILTER_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} pids SEC(".maps");
