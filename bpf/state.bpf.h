/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* State that all programs share: settings, filters, the connection map and loss counters. */
#pragma once

#include "maps.bpf.h"

#define KNOWN_PORT_SLOTS 1024
#define SEVERAL_PORTS    0xffff

/*
 * Half of the cost per connection is cache misses, because the server's own work evicts our data. All settings that
 * every program checks therefore share one cache line. Constants (.rodata) would take a second one.
 *
 * 1 while all programs are attached and count: they attach one by one, but start and stop counting together.
 */
volatile __u32 recording __attribute__((aligned(64))) = 0;

/* Set before load. */
volatile __u8 by_thread = 0;          /* workers are threads */
volatile __u8 filter_pids = 0;        /* only processes in `pids` */
volatile __u8 filter_addresses = 0;   /* only listening sockets that are bound to one of `addresses` */
volatile __u8 filter_cgroups = 0;     /* number of entries in `cgroups`; 0 = tasks of any cgroup */
volatile __u8 enqueue_from_state = 0; /* no accept queue hook: SYN_RECV -> ESTABLISHED counts as the enqueue */
volatile __u8 close_from_state = 0;   /* no close hook: the first change to FIN_WAIT1, LAST_ACK or CLOSE counts */
volatile __u8 count_requests = 0;     /* arrivals, reads and writes are traced */
volatile __u32 jiffy_ns = 0;          /* of the kernel's timer tick, where arrivals are not traced */
volatile __u32 ring_wakeup_bytes = 0; /* wake the reader when this much data is pending */

volatile __u32 any_tracked = 0;       /* a connection was inserted since userspace reset this */
volatile __u32 untracked_entered = 0; /* `untracked` has or had an entry; while 0, lookups in it are skipped */
volatile __u32 untracked_full = 0;    /* `untracked` had no room for an entry */

/* Set before a walk. */
volatile __u32 walk_listeners = 0;   /* report listening sockets and epoll file descriptors */
volatile __u32 walk_connections = 0; /* look for the holders of connections */
volatile __u32 walk_first = 0;       /* the first walk: unknown open connections are pre-existing */
volatile __u32 walk_last = 0;        /* the last walk: tracing ends, no later event will follow */
volatile __u32 proc_levels_up = 0;   /* /proc's pid namespace is so many levels above the reader's */
volatile __u32 walk_number = 0;      /* 1, 2, ... */
volatile __u32 walks_done = 0;       /* number of the last one that came to its end */
volatile __u64 walk_deadline_ns = 0; /* CLOCK_MONOTONIC: it pauses then, and its next read goes on */
volatile __u32 walk_paused = 0;      /* it has said so; reset before each read */
volatile __u32 walker_tgid = 0;      /* process that runs the walk: acceptscope itself; set by the walk */
volatile __u32 drops_begin = 0;      /* drops of listening sockets count from now; set around a refresh */

/*
 * Set before load: addresses of the kernel functions by which an entry of a wait queue tells what waits: an epoll set,
 * poll() or select(), io_uring (two, until 5.17). 0 where /proc/kallsyms does not tell.
 */
volatile __u64 epoll_wakes = 0;
volatile __u64 poll_wakes = 0;
volatile __u64 uring_wakes[2];

/* Set before a refresh: iterating an empty map of the default size costs more than the rest of an idle tick. */
volatile __u32 refresh_connections = 0;

/* Set if refresh() found a dead connection for the first time; reset by userspace. */
volatile __u32 found_dead = 0;

/* Processes born to those in `lives`: they may hold the listening socket, too. */
volatile __u32 births = 0;

/*
 * Filter for the local ports that have tracked connections, indexed by the low bits of the port. A slot holds 0, its
 * only such port, or SEVERAL_PORTS, and is never cleared. The host's client sockets run through the same programs. This
 * table is in the cache and on the same page as the settings above; a client socket's bucket in `connections` is not.
 */
volatile __u16 known_ports[KNOWN_PORT_SLOTS];

/*
 * The listening socket that a thread closed last, in the slot of its tid. What is in the queue leaves it within the same
 * call, each connection by itself.
 */
#define CLOSING_SLOTS 256
static struct closing {
	__u64 listener; /* its struct sock, key of `listeners` */
	__u64 thread;   /* bpf_get_current_pid_tgid() */
} closing[CLOSING_SLOTS];

/* First row that may be free, and number of rows (set before load). */
volatile __u32 next_worker_row = 0;
volatile __u32 next_service_row = 0;
volatile __u32 worker_rows_end = 0;
volatile __u32 service_rows_end = 0;

/*
 * Entries of `connections`: of all users, and of each, by slots; users whose slots are the same share a share. Counted here,
 * not in `shares`, because a look-up for each connection would cost too much. The size of the map is set before load.
 */
#define USER_SLOT_BITS 12
volatile __u32 connections_room = 0;
volatile __u64 connections_given = 0;
volatile __u64 connections_of_users[1 << USER_SLOT_BITS];

/* What admit() gives out, by enum share_kind: to all users, to one at most, and so far. The first two are set before load. */
volatile __u32 share_room[SHARE_KINDS];
volatile __u32 share_limit[SHARE_KINDS];
volatile __u64 shares_given[SHARE_KINDS];

/* Indexed by local port: 1 if it is traced. Set before attaching. */
volatile __u8 traced_ports[65536];

/*
 * Indexed by local port: 1 once a connection was accepted there. Distinguishes the close of an untracked accepted
 * connection from the close of a client socket. Never cleared.
 */
volatile __u8 accepted_ports[65536];

static __always_inline void change_loss(__u32 kind, __u64 difference)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &kind);

	if (count)
		*count += difference; /* per CPU: only the sum is meaningful */
}

static __always_inline void count_loss(__u32 kind)
{
	change_loss(kind, 1);
}

static __always_inline void add(__u64 *counter, __u64 amount)
{
	__sync_fetch_and_add(counter, amount);
}

/* How many connections of `uid` are in the map. */
static __always_inline __u64 *connections_of(__u32 uid)
{
	__u32 slot = uid * 2654435761U >> (32 - USER_SLOT_BITS); /* multiplicative hashing: Knuth, volume 3, 6.4 */

	barrier_var(slot);
	return (__u64 *)&connections_of_users[slot & ((1 << USER_SLOT_BITS) - 1)];
}

/*
 * Inserts a connection. Returns 0, -EEXIST if its key exists, or any other error if the map is full, or the user has
 * SHARE_OF_THE_REST times what is left, as in admit(). As everywhere, the error is an int: kernels whose verifier puts the
 * map's own function in place of the helper extend no sign.
 */
static __always_inline int track(__u64 key, const struct connection *conn)
{
	__u64 *of_user = connections_of(conn->uid), given = connections_given;
	int error;

	if (given >= connections_room || *of_user > SHARE_OF_THE_REST * (connections_room - given))
		return bpf_map_lookup_elem(&connections, &key) ? -EEXIST : -E2BIG;
	error = bpf_map_update_elem(&connections, &key, conn, BPF_NOEXIST);
	if (error)
		return error;
	add((__u64 *)&connections_given, 1);
	add(of_user, 1);
	if (!any_tracked) /* avoid the write: an unmodified line stays shared in all CPUs' caches */
		any_tracked = 1;
	return 0;
}

/* Puts a connection in the place of one that waits in an accept queue. Returns an error if that is gone. */
static __always_inline int replace_tracked(__u64 key, const struct connection *conn)
{
	struct connection *former = bpf_map_lookup_elem(&connections, &key);
	__u32 uid = former ? former->uid : conn->uid;
	int error = bpf_map_update_elem(&connections, &key, conn, BPF_EXIST);

	if (!error && uid != conn->uid) {
		add(connections_of(uid), -1);
		add(connections_of(conn->uid), 1);
	}
	return error;
}

/* Deletes a connection of `uid`. False if it was already gone: another program has counted its end. */
static __always_inline bool untrack(__u64 key, __u32 uid)
{
	if (bpf_map_delete_elem(&connections, &key))
		return false;
	add((__u64 *)&connections_given, -1);
	add(connections_of(uid), -1);
	return true;
}

/* Notes that `key`, which is not in `connections`, is about to be counted; false if it was noted before or on error. */
static __always_inline bool enter_untracked(__u64 key)
{
	__u8 one = 1;
	int error;

	untracked_entered = 1;
	error = bpf_map_update_elem(&untracked, &key, &one, BPF_NOEXIST);
	if (error && error != -EEXIST)
		untracked_full = 1;
	return !error;
}

/*
 * Whether a socket that is not in `connections` has been counted anyway. Once `untracked` was full, callers that only
 * check a second time (`if_full`) assume that every such socket was counted.
 */
static __always_inline bool is_untracked(__u64 key, bool if_full)
{
	return untracked_entered && ((if_full && untracked_full) || bpf_map_lookup_elem(&untracked, &key));
}

/* The socket was destroyed, or its address now belongs to another socket. */
static __always_inline void forget_untracked(__u64 key)
{
	if (untracked_entered)
		bpf_map_delete_elem(&untracked, &key);
}

static __always_inline volatile __u8 *by_port(volatile __u8 *table, __u32 port)
{
	/* The verifier of 5.10 loses the 16-bit bound of a byte-swapped port, and the compiler removes the mask. */
	barrier_var(port);
	return &table[port & 0xffff];
}

static __always_inline bool port_traced(__u16 port)
{
	return *by_port(traced_ports, port);
}

/* The slot of `port` in `known_ports`. */
static __always_inline volatile __u16 *known_port_slot(__u32 port)
{
	barrier_var(port);
	return &known_ports[port % KNOWN_PORT_SLOTS];
}

/* `port` is traced. */
static __always_inline void note_known_port(__u16 port)
{
	volatile __u16 *slot = known_port_slot(port);
	__u16 noted = *slot;

	if (noted != port && noted != SEVERAL_PORTS) /* avoid the write: an unmodified line stays shared */
		*slot = noted ? SEVERAL_PORTS : port;
}

/* False if `port` is not traced, was not noted yet, or shares its slot with another port. */
static __always_inline bool is_known_port(__u16 port)
{
	__u16 noted = *known_port_slot(port);

	return noted && noted == port && noted != SEVERAL_PORTS;
}

/*
 * Whether a socket with this local port may be in `connections`, or may have been counted without an entry. Also true
 * for a socket that lost its port (0). False may be wrong for a socket whose memory belonged to another socket with an
 * unseen end; refresh() and the next enqueue at that address clean up such an entry.
 */
static __always_inline bool may_be_known(__u16 port)
{
	__u16 noted = *known_port_slot(port);

	return !port || noted == port || noted == SEVERAL_PORTS;
}

/* As may_be_known(), for sockets of any kind: those of Unix have no port. */
static __always_inline bool may_have_requests(__u16 port)
{
	__u16 noted = *known_port_slot(port);

	return port && (noted == port || noted == SEVERAL_PORTS);
}

/* Whether a listening socket that is bound to `address` is traced, as far as --address says. */
static __always_inline bool address_traced(const struct ip_address *address)
{
	return !filter_addresses || bpf_map_lookup_elem(&addresses, address);
}

static __always_inline bool task_traced(void)
{
	__u32 tgid, i;

	if (filter_pids) {
		tgid = bpf_get_current_pid_tgid() >> 32;
		if (!bpf_map_lookup_elem(&pids, &tgid))
			return false;
	}
	if (!filter_cgroups)
		return true;
	for (i = 0; i < MAX_CGROUPS && i < filter_cgroups; i++)
		if (bpf_current_task_under_cgroup(&cgroups, i) == 1)
			return true;
	return false;
}

static __always_inline bool holder_traced(struct task_struct *task)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);

	return !(filter_pids && !bpf_map_lookup_elem(&pids, &tgid)) &&
	       !(filter_cgroups && !bpf_map_lookup_elem(&members, &tgid));
}
