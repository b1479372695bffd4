/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What all programs share: settings, filters, the connection map and what went missing. */
#pragma once

#include "maps.bpf.h"

#define KNOWN_PORT_SLOTS 1024
#define SEVERAL_PORTS    0xffff

/*
 * Of what a connection costs, half is waiting for memory that the server's own work has pushed out of the caches: so what
 * every program asks for lies together, in one cache line. Constants (.rodata) would be a second.
 *
 * 1 while everything is attached and counting: programs attach one by one, but begin and end together.
 */
volatile __u32 recording __attribute__((aligned(64))) = 0;

/* Set before load. */
volatile __u8 by_thread = 0;          /* workers are threads */
volatile __u8 filter_pids = 0;        /* only processes in `pids` */
volatile __u8 filter_cgroups = 0;     /* number of entries in `cgroups`; 0 = tasks of any cgroup */
volatile __u8 enqueue_from_state = 0; /* no hook on the accept queue: SYN_RECV -> ESTABLISHED is the enqueue */
volatile __u8 close_from_state = 0;   /* no hook on close: the first step to FIN_WAIT1, LAST_ACK, CLOSE */
volatile __u32 ring_wakeup_bytes = 0; /* wake the reader when so much is waiting */

volatile __u32 any_tracked = 0;       /* a connection was entered since userspace reset this */
volatile __u32 untracked_entered = 0; /* `untracked` has or had an entry: until then it is not asked */
volatile __u32 untracked_full = 0;    /* it had no room for one */

/* Set before a walk. */
volatile __u32 walk_listeners = 0;   /* tell of listening sockets and epoll descriptors */
volatile __u32 walk_connections = 0; /* look for the holders of connections */
volatile __u32 walk_first = 0;       /* what is open and unknown was open before tracing began */
volatile __u32 walk_last = 0;        /* tracing ends: nothing will be reported later */
volatile __u32 walk_number = 0;      /* 1, 2, ... */
volatile __u32 walker_tgid = 0;      /* the process that walks: ourselves; set by the walk */

/* Set before a refresh: an empty map of the usual size costs more to walk than the rest of an idle tick. */
volatile __u32 refresh_connections = 0;

/* Connections that refresh() found dead for the first time; reset by userspace. */
volatile __u32 found_dead = 0;

/*
 * The local ports with connections that were to be tracked, by their lower bits: 0, the only such port, or SEVERAL_PORTS;
 * nothing is ever taken out. A host's own client sockets run through the same programs: this is in the cache, and in the
 * same page as the above, where their place in `connections` is not.
 */
volatile __u16 known_ports[KNOWN_PORT_SLOTS];

/* The first row that may be free, and how many there are. The latter is set before load. */
volatile __u32 next_worker_row = 0;
volatile __u32 next_service_row = 0;
volatile __u32 worker_rows_end = 0;
volatile __u32 service_rows_end = 0;

/* By local port: 1 if it is traced. Set before attaching. */
volatile __u8 traced_ports[65536];

/*
 * By local port: 1 once a connection was accepted there: tells the close of an untracked accepted connection from that
 * of a client socket. Never cleared.
 */
volatile __u8 accepted_ports[65536];

static __always_inline void change_loss(__u32 kind, __u64 difference)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &kind);

	if (count)
		*count += difference; /* per CPU: only the sum means something */
}

static __always_inline void count_loss(__u32 kind)
{
	change_loss(kind, 1);
}

/* Enters a connection: 0; -EEXIST if its key is taken; any other error: there is no room for it. */
static __always_inline long track(__u64 key, const struct connection *conn)
{
	long error = bpf_map_update_elem(&connections, &key, conn, BPF_NOEXIST);

	if (!error && !any_tracked) /* a line that is not written stays in every processor's cache */
		any_tracked = 1;
	return error;
}

/* False if the connection was not there any more: somebody else has counted its end. */
static __always_inline bool untrack(__u64 key)
{
	return !bpf_map_delete_elem(&connections, &key);
}

/* Remembers that `key`, which is not in `connections`, is about to be counted; false if it cannot, or has been already. */
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
 * Whether a socket that is not in `connections` has been counted all the same. Once `untracked` was full, every one is
 * taken for counted by those who only look again (`if_full`).
 */
static __always_inline bool is_untracked(__u64 key, bool if_full)
{
	return untracked_entered && ((if_full && untracked_full) || bpf_map_lookup_elem(&untracked, &key));
}

/* The socket has ended, or its address is another one's by now. */
static __always_inline void forget_untracked(__u64 key)
{
	if (untracked_entered)
		bpf_map_delete_elem(&untracked, &key);
}

static __always_inline volatile __u8 *by_port(volatile __u8 *table, __u32 port)
{
	/* The verifier of 5.10 forgets that a port read from the wire's order has 16 bits, and the compiler drops the mask. */
	barrier_var(port);
	return &table[port & 0xffff];
}

static __always_inline bool port_traced(__u16 port)
{
	return *by_port(traced_ports, port);
}

/* What `known_ports` holds in the place of `port`. */
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

	if (noted != port && noted != SEVERAL_PORTS) /* a line that is not written stays in every processor's cache */
		*slot = noted ? SEVERAL_PORTS : port;
}

/* False: `port` is not traced, was not noted yet, or shares its slot. */
static __always_inline bool is_known_port(__u16 port)
{
	__u16 noted = *known_port_slot(port);

	return noted && noted == port && noted != SEVERAL_PORTS;
}

/*
 * Whether a socket with this local port may be in `connections`, or counted without being there. A socket whose port is
 * gone (0) may; so may one whose memory was another socket's, if that one's end was missed: refresh() and the next enqueue
 * there end it too.
 */
static __always_inline bool may_be_known(__u16 port)
{
	__u16 noted = *known_port_slot(port);

	return !port || noted == port || noted == SEVERAL_PORTS;
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
