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
 * workers: (service, process or thread, start time) -> totals.
 *   inserted: on_accept(), on_holder(); updated: those, finish(); read: userspace on the tick; deleted: never, rows stay
 *   after the worker's exit. Full: the service still counts, LOSS_WORKER_MAP_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct worker_key);
	__type(value, struct worker_counters);
} workers SEC(".maps");

/*
 * services: where a listening socket is bound -> totals.
 *   inserted: get_service(), by whoever counts; read: userspace on the tick; deleted: never. Full: LOSS_SERVICE_MAP_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct service_key);
	__type(value, struct service_counters);
} services SEC(".maps");

/*
 * listeners: struct sock's address of a listening socket on a traced port -> the socket.
 *   inserted: on_listener(), by walks; refreshed: refresh_listener(); read: userspace on the tick; deleted: on_destroy().
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

/* tracked: entries in `connections`, per CPU as a difference; only the sum means something. An empty map is not walked. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} tracked SEC(".maps");

/* zero_worker: the value of a new worker; too large for the stack. Never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct worker_counters);
} zero_worker SEC(".maps");

/* zero_service: the value of a new service; the stack has no room for it. Never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct service_counters);
} zero_service SEC(".maps");

/* ports: bit n of word n / 64 set = local port n is traced. Written by userspace before the programs are attached. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536 / 64);
	__type(key, __u32);
	__type(value, __u64);
} ports SEC(".maps");

/* accepted_ports: [port] = 1 once a connection was accepted there: tells the close of an untracked accepted
 *   connection from that of a client socket. Never cleared. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} accepted_ports SEC(".maps");

/* cgroups: the subtrees of --cgroup, as descriptors of their directories. Written by userspace before attaching. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u32);
	__type(value, __u32);
} cgroups SEC(".maps");

/*
 * pids: tgid -> 1 for --pid's processes and their descendants.
 *   inserted: userspace at start, on_fork(); deleted: on_exit() of the group leader. Full: LOSS_PID_FILTER_FULL.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} pids SEC(".maps");
