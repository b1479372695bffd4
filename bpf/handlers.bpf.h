/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One handler per fact, shared by every backend. Kernel memory is read with probe reads only, so that the same code
 * passes the verifier from fentry, kprobe, tracepoint and cgroup programs alike.
 */
#pragma once

#include "maps.bpf.h"

/* Set before load. */
const volatile __u8 by_thread = 0;          /* workers are threads */
const volatile __u8 filter_ports = 0;       /* only ports in `ports` */
const volatile __u8 filter_pids = 0;        /* only processes in `pids` */
const volatile __u8 filter_cgroups = 0;     /* number of entries in `cgroups`; 0 = tasks of any cgroup */
const volatile __u8 enqueue_from_state = 0; /* no hook on the accept queue: SYN_RECV -> ESTABLISHED is the enqueue */
const volatile __u8 close_from_state = 0;   /* no hook on close: the first step to FIN_WAIT1, LAST_ACK, CLOSE */
const volatile __u32 ring_wakeup_bytes = 0;     /* wake the reader when so much is waiting */

/* 1 while everything is attached and counting: programs attach one by one, but begin and end together. */
volatile __u32 recording = 0;

static __always_inline void count_loss(__u32 kind)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &kind);

	if (count)
		*count += 1; /* per CPU */
}

static __always_inline void count_tracked(__u64 difference)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&tracked, &zero);

	if (count)
		*count += difference;
}

/* Enters or replaces a connection; false if there is no room for it. */
static __always_inline bool track(__u64 key, const struct connection *conn, bool is_new)
{
	if (bpf_map_update_elem(&connections, &key, conn, BPF_ANY))
		return false;
	if (is_new)
		count_tracked(1);
	return true;
}

static __always_inline void untrack(__u64 key)
{
	if (!bpf_map_delete_elem(&connections, &key))
		count_tracked(-1);
}

static __always_inline void add(__u64 *counter, __u64 amount)
{
	__sync_fetch_and_add(counter, amount);
}

/* A plain store: two CPUs that raise it at the same moment may lose the smaller of two almost equal values. */
static __always_inline void raise(__u64 *maximum, __u64 value)
{
	if (value > *maximum)
		*maximum = value;
}

/* floor(log2(value)) without a loop; value != 0. */
static __always_inline __u32 log2_u64(__u64 value)
{
	__u32 bit = 0;

	if (value >> 32) { value >>= 32; bit += 32; }
	if (value >> 16) { value >>= 16; bit += 16; }
	if (value >> 8) { value >>= 8; bit += 8; }
	if (value >> 4) { value >>= 4; bit += 4; }
	if (value >> 2) { value >>= 2; bit += 2; }
	return bit + (value >> 1);
}

/* Index of the bucket of `value_ns`, below HIST_BUCKETS; the same function as Histogram::index_of(). */
static __always_inline __u64 hist_index(__u64 value_ns)
{
	__u64 bit, index;

	if (value_ns < HIST_FIRST_NS)
		return 0;
	bit = log2_u64(value_ns);
	index = 1 + (bit - HIST_FIRST_BIT) * HIST_SUB + ((value_ns >> (bit - HIST_SUB_BITS)) & (HIST_SUB - 1));
	return index < HIST_BUCKETS ? index : HIST_BUCKETS - 1;
}

static __always_inline void hist_add(struct histogram *hist, __u64 value_ns)
{
	__u64 index = hist_index(value_ns);

	/* The verifier must see the bound on the very register that is used, or it forgets it (6.1). */
	barrier_var(index);
	if (index < HIST_BUCKETS)
		__sync_fetch_and_add(&hist->count[index], 1);
}

static __always_inline __u16 local_port(struct sock *sk)
{
	/* inet_sport, not skc_num: that one is 0 after a reset, when the port was put back. */
	return bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

static __always_inline bool port_traced(__u16 port)
{
	__u32 word = port / 64;
	__u64 *bits;

	if (!filter_ports)
		return true;
	bits = bpf_map_lookup_elem(&ports, &word);
	return bits && (*bits >> (port % 64) & 1);
}

static __always_inline bool task_traced(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32, i;

	if (filter_pids && !bpf_map_lookup_elem(&pids, &tgid))
		return false;
	if (!filter_cgroups)
		return true;
	for (i = 0; i < MAX_CGROUPS && i < filter_cgroups; i++)
		if (bpf_current_task_under_cgroup(&cgroups, i) == 1)
			return true;
	return false;
}

static __always_inline bool is_tcp(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
}

static __always_inline void map_ipv4(struct ip_address *out, __be32 address)
{
	__builtin_memset(out, 0, 10);
	out->bytes[10] = out->bytes[11] = 0xff;
	__builtin_memcpy(&out->bytes[12], &address, 4);
}

static __always_inline void read_local(struct sock *sk, struct ip_address *out)
{
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET)
		map_ipv4(out, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
	else
		BPF_CORE_READ_INTO(out, sk, __sk_common.skc_v6_rcv_saddr);
}

static __always_inline void read_remote(struct sock *sk, struct ip_address *out)
{
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET)
		map_ipv4(out, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	else
		BPF_CORE_READ_INTO(out, sk, __sk_common.skc_v6_daddr);
}

/* The service of a connection: the listener's own address where the hook knows the listener. */
static __always_inline void read_service(struct connection *conn, struct sock *sk, struct sock *listener)
{
	struct service_key *service = &conn->worker.service;

	service->port = local_port(sk);
	service->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	conn->listener_known = listener != NULL;
	if (listener)
		read_local(listener, &service->address);
	else
		service->address = conn->local;
}

static __always_inline void read_tuple(struct connection *conn, struct sock *sk, struct sock *listener)
{
	read_local(sk, &conn->local);
	read_remote(sk, &conn->remote);
	conn->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	read_service(conn, sk, listener);
}

/*
 * Bytes at the socket API. A FIN takes one sequence number in either direction and is counted by the kernel as a byte:
 * it is taken off again. Sent = acknowledged + still queued or in flight (tcp_rcv_nxt_update(), tcp_snd_una_update(),
 * tcp_fin(), tcp_send_fin() in net/ipv4).
 */
static __always_inline void read_bytes(struct connection *conn, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u64 flags = BPF_CORE_READ(sk, __sk_common.skc_flags);
	__u32 unacked = BPF_CORE_READ(tp, write_seq) - BPF_CORE_READ(tp, snd_una);
	bool fin_received = flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1;
	__u64 received = BPF_CORE_READ(tp, bytes_received);
	__u64 sent = BPF_CORE_READ(tp, bytes_acked) + unacked;

	conn->bytes_received = received - (fin_received && received);
	conn->bytes_sent = sent - (conn->fin_sent && sent);
	conn->bytes_known = 1;
}

/* Bytes of an open connection, so far. The socket may end meanwhile and its memory be another one's: then none. */
static __always_inline void refresh(__u64 key, struct connection *conn)
{
	struct sock *sk = (struct sock *)key;

	if (conn->accepted_ns && local_port(sk) == conn->worker.service.port &&
	    bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport)) == conn->remote_port)
		read_bytes(conn, sk);
}

static __always_inline struct service_counters *get_service(const struct connection *conn)
{
	const struct service_key *key = &conn->worker.service;
	struct service_counters *service = bpf_map_lookup_elem(&services, key);
	struct service_counters zero = {};

	if (service)
		return service;
	zero.listener_known = conn->listener_known;
	bpf_map_update_elem(&services, key, &zero, BPF_NOEXIST); /* EEXIST: another CPU was first */
	service = bpf_map_lookup_elem(&services, key);
	if (!service)
		count_loss(LOSS_SERVICE_MAP_FULL);
	return service;
}

/* `waiting` connections beside those that the listening socket itself counts make up its accept queue. */
static __always_inline void read_listener(struct connection *conn, struct sock *listener, __u32 waiting)
{
	if (!listener)
		return;
	conn->queue_depth = BPF_CORE_READ(listener, sk_ack_backlog) + waiting;
	conn->backlog = BPF_CORE_READ(listener, sk_max_ack_backlog);
	conn->reuseport = BPF_CORE_READ_BITFIELD_PROBED(listener, __sk_common.skc_reuseport);
}

static __always_inline __u32 innermost_pid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	void *entry = (void *)pid + bpf_core_field_offset(pid->numbers) + level * bpf_core_type_size(struct upid);

	return BPF_CORE_READ((struct upid *)entry, nr);
}

static __noinline struct worker_counters *new_worker(const struct worker_key *key, struct task_struct *task)
{
	__u32 zero = 0;
	struct worker_counters *worker = bpf_map_lookup_elem(&zero_worker, &zero);
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	if (!worker || !key)
		return NULL;
	bpf_map_update_elem(&workers, key, worker, BPF_NOEXIST); /* EEXIST: another thread was first */
	worker = bpf_map_lookup_elem(&workers, key);
	if (!worker)
		return NULL;
	worker->ns_pid = innermost_pid(leader);
	worker->first_accept_ns = bpf_ktime_get_ns();
	BPF_CORE_READ_STR_INTO(&worker->comm, by_thread ? task : leader, comm);
	return worker;
}

static __always_inline void read_worker(struct connection *conn, struct task_struct *task)
{
	conn->accept_tid = BPF_CORE_READ(task, pid);
	conn->worker.tgid = BPF_CORE_READ(task, tgid);
	conn->worker.tid = by_thread ? conn->accept_tid : 0;
	if (!by_thread)
		task = BPF_CORE_READ(task, group_leader);
	conn->worker.start_ns = BPF_CORE_READ(task, start_boottime);
}

static __always_inline __u64 ring_flags(void)
{
	/* The reader looks on its tick; only a filling ring is worth a wake-up. */
	return bpf_ringbuf_query(&closed, BPF_RB_AVAIL_DATA) >= ring_wakeup_bytes ? BPF_RB_FORCE_WAKEUP
										: BPF_RB_NO_WAKEUP;
}

/*
 * Counts the close of an accepted connection, hands its record to the ring and forgets it. `socket_reused`: its
 * memory is another socket by now, so that the bytes cannot be read any more.
 */
static __noinline int finish(struct sock *sk, struct connection *conn, __u32 reason, __u32 closer_tgid,
			     bool socket_reused)
{
	struct closed_connection record = {}, *slot;
	struct service_counters *service;
	struct worker_counters *worker;
	__u64 key = (__u64)sk, lifetime;

	if (!conn)
		return 0;
	if (conn->ignored) {
		untrack(key);
		return 0;
	}
	record.sock = key;
	record.closed_ns = bpf_ktime_get_ns();
	record.connection = *conn;
	record.closer_tgid = closer_tgid;
	record.reason = reason;
	if (!socket_reused)
		read_bytes(&record.connection, sk);
	untrack(key); /* `conn` is no longer ours */

	service = get_service(&record.connection);
	if (service)
		add(&service->closes, 1);
	worker = bpf_map_lookup_elem(&workers, &record.connection.worker);
	if (worker) {
		lifetime = record.closed_ns - record.connection.accepted_ns;
		add(&worker->closes, 1);
		add(&worker->bytes_received, record.connection.bytes_received);
		add(&worker->bytes_sent, record.connection.bytes_sent);
		add(&worker->lifetime_sum_ns, lifetime);
		raise(&worker->lifetime_max_ns, lifetime);
		if (reason < CLOSE_REASONS)
			add(&worker->close_reasons[reason], 1);
		hist_add(&worker->lifetime, lifetime);
	}

	slot = bpf_ringbuf_reserve(&closed, sizeof(*slot), 0);
	if (!slot) {
		count_loss(LOSS_RING_FULL);
		return 0;
	}
	*slot = record;
	bpf_ringbuf_submit(slot, ring_flags());
	return 0;
}

/* Two sockets cannot share an address: a new one there tells that the former one's end was missed. */
static __always_inline void finish_former(struct sock *sk, struct connection *conn)
{
	if (!conn->ignored)
		count_loss(LOSS_MISSED_CLOSE);
	finish(sk, conn, CLOSE_UNKNOWN, 0, true);
}

/* Found accepted, though no accept of it was seen: counted for its service, guessed for nobody. */
static __always_inline void drop_unattributed(__u64 key, struct connection *conn)
{
	struct service_counters *service = get_service(conn);

	if (service) {
		add(&service->accepts, 1);
		add(&service->closes, 1);
	}
	count_loss(LOSS_UNATTRIBUTED_ACCEPT);
	untrack(key);
}

static __always_inline void count_accept(struct connection *conn, struct task_struct *task, bool is_tracked)
{
	__u64 wait = conn->accepted_ns - conn->enqueued_ns;
	struct service_counters *service = get_service(conn);
	struct worker_counters *worker = bpf_map_lookup_elem(&workers, &conn->worker);
	__u32 port = conn->worker.service.port;
	__u8 one = 1;

	bpf_map_update_elem(&accepted_ports, &port, &one, BPF_ANY);
	if (!is_tracked)
		count_loss(LOSS_CONNECTION_MAP_FULL);
	if (service) {
		add(&service->accepts, 1);
		if (!is_tracked)
			add(&service->untracked, 1);
		raise(&service->peak_open, service->accepts - service->closes - service->untracked);
		raise(&service->depth_max, conn->queue_depth);
		if (conn->backlog) {
			service->backlog = conn->backlog;
			service->reuseport = conn->reuseport;
		}
	}
	if (!worker)
		worker = new_worker(&conn->worker, task);
	if (!worker) {
		count_loss(LOSS_WORKER_MAP_FULL);
		return;
	}
	add(&worker->accepts, 1);
	if (!is_tracked)
		add(&worker->untracked, 1);
	raise(&worker->peak_open, worker->accepts - worker->closes - worker->untracked);
	if (conn->enqueued_ns && !conn->found) {
		add(&worker->wait_count, 1);
		add(&worker->wait_sum_ns, wait);
		raise(&worker->wait_max_ns, wait);
		hist_add(&worker->wait, wait);
	}
}

/*
 * A finished handshake put `child` into the accept queue of `listener` (NULL where the hook does not know it).
 * Runs in softirq as a rule: the current task means nothing here.
 */
static __always_inline int on_enqueue(struct sock *listener, struct sock *child)
{
	__u64 key = (__u64)child;
	struct connection conn = {}, *old;

	if (!recording || !port_traced(local_port(child)))
		return 0;
	old = bpf_map_lookup_elem(&connections, &key);
	if (old && old->accepted_ns) {
		if (enqueue_from_state)
			return 0; /* fast open: accepted before the handshake was complete */
		finish_former(child, old);
	}
	conn.enqueued_ns = bpf_ktime_get_ns();
	read_tuple(&conn, child, listener);
	read_listener(&conn, listener, 1); /* this one is about to be added */
	track(key, &conn, !bpf_map_lookup_elem(&connections, &key)); /* full: on_accept() tries again and counts */
	return 0;
}

/*
 * A process got `child` from inet_csk_accept(). `again` = a second look at the same accept, from a hook further down
 * its path: it serves only where the first one was not seen.
 */
static __noinline int on_accept(struct sock *listener, struct sock *child, bool again)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 key = (__u64)child;
	struct connection conn = {}, *queued;
	bool is_tracked;
	__u8 one = 1;

	if (!recording || !child || !is_tcp(child) || !port_traced(local_port(child)))
		return 0;
	queued = bpf_map_lookup_elem(&connections, &key);
	if (queued && queued->accepted_ns) {
		if (again || queued->found) /* on_holder() can be faster than the end of the system call */
			return 0;
		finish_former(child, queued);
		queued = NULL;
	}
	if (again && !queued && !bpf_map_delete_elem(&untracked, &key))
		return 0;
	if (queued)
		conn = *queued;
	else
		read_tuple(&conn, child, listener);
	if (queued && !conn.listener_known && listener)
		read_service(&conn, child, listener);
	if (!conn.queue_depth)
		read_listener(&conn, listener, 1); /* this one was taken off already */
	read_worker(&conn, task);
	conn.ignored = !task_traced();
	conn.accepted_ns = bpf_ktime_get_ns();
	is_tracked = track(key, &conn, !queued);
	if (!is_tracked)
		bpf_map_update_elem(&untracked, &key, &one, BPF_ANY);
	if (!conn.ignored)
		count_accept(&conn, task, is_tracked);
	return 0;
}

/*
 * `task` holds a descriptor of `sk`. A connection that is still noted as waiting in the accept queue has then been
 * accepted without our seeing it: its holder is its owner. `late` = found by a walk over all descriptors, some time
 * after the accept; else by an event of the accept itself.
 */
static __noinline int on_holder(struct task_struct *task, struct sock *sk, bool late)
{
	__u64 key = (__u64)sk;
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);
	__u32 tgid = BPF_CORE_READ(task, tgid);

	if (!recording || !conn || conn->accepted_ns || filter_cgroups ||
	    (filter_pids && !bpf_map_lookup_elem(&pids, &tgid)))
		return 0;
	read_worker(conn, task);
	conn->found = late;
	conn->accepted_ns = bpf_ktime_get_ns();
	if (late)
		count_loss(LOSS_MISSED_ACCEPT);
	count_accept(conn, task, true);
	return 0;
}

static __always_inline __u32 close_reason_of(const struct connection *conn, __u32 state, bool exiting)
{
	if (conn->first_end != CLOSE_UNKNOWN)
		return conn->first_end;
	switch (state) {
	case TCP_ESTABLISHED:
	case TCP_SYN_RECV: /* fast open */
		return exiting ? CLOSE_WORKER_EXIT : CLOSE_LOCAL;
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK:
		return CLOSE_PEER;
	case TCP_CLOSE:
		return CLOSE_RESET;
	default: /* shutdown() before close() */
		return CLOSE_LOCAL;
	}
}

/* The application gave `sk` up. Also runs for listeners, clients and never-connected sockets: not ours. */
static __always_inline int on_close(struct sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 key = (__u64)sk;
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);
	__u32 port;
	__u8 *accepted;

	if (!recording)
		return 0;
	if (!conn) {
		port = local_port(sk);
		accepted = bpf_map_lookup_elem(&accepted_ports, &port);
		/* A listener has no peer, in whatever state: shutdown() takes it out of LISTEN. */
		if (accepted && *accepted && BPF_CORE_READ(sk, __sk_common.skc_dport) && is_tcp(sk))
			count_loss(LOSS_UNKNOWN_CLOSE);
		return 0;
	}
	if (!conn->accepted_ns) {
		drop_unattributed(key, conn);
		return 0;
	}
	return finish(sk, conn,
		      close_reason_of(conn, BPF_CORE_READ(sk, __sk_common.skc_state),
				      BPF_CORE_READ(task, flags) & PF_EXITING),
		      BPF_CORE_READ(task, tgid), false);
}

/* Notes who leaves ESTABLISHED first and whether our FIN is out; stands in for hooks that a backend lacks. */
static __always_inline int on_state(struct sock *sk, int from, int to)
{
	__u64 key = (__u64)sk;
	struct connection *conn;

	if (!recording)
		return 0;
	if (from == TCP_SYN_RECV && to == TCP_ESTABLISHED)
		return enqueue_from_state ? on_enqueue(NULL, sk) : 0;
	if (from != TCP_ESTABLISHED && to != TCP_FIN_WAIT1 && to != TCP_LAST_ACK && !close_from_state)
		return 0;
	conn = bpf_map_lookup_elem(&connections, &key);
	if (!conn)
		return 0;
	if (close_from_state && conn->accepted_ns && (to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK || to == TCP_CLOSE))
		return finish(sk, conn, close_reason_of(conn, to == TCP_CLOSE ? to : from, false), 0, false);
	if (from == TCP_ESTABLISHED)
		conn->first_end = to == TCP_CLOSE_WAIT ? CLOSE_PEER : to == TCP_CLOSE ? CLOSE_RESET : CLOSE_LOCAL;
	if (to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK)
		conn->fin_sent = 1;
	return 0;
}

/* The socket's last moment, before its memory can become another socket: whatever is still tracked ends here. */
static __always_inline int on_destroy(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct connection *conn;
	struct service_counters *service;

	if (!recording)
		return 0;
	conn = bpf_map_lookup_elem(&connections, &key);
	if (!conn)
		return 0;
	if (conn->accepted_ns) {
		if (!conn->ignored)
			count_loss(LOSS_MISSED_CLOSE);
		return finish(sk, conn, CLOSE_UNKNOWN, 0, false);
	}
	service = get_service(conn);
	if (service)
		add(&service->never_accepted, 1);
	untrack(key);
	return 0;
}

/* --pid follows descendants. A thread of a traced process is in already. */
static __always_inline int on_fork(struct task_struct *parent, struct task_struct *child)
{
	__u32 from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid);
	__u8 one = 1;

	if (from == to || !bpf_map_lookup_elem(&pids, &from))
		return 0;
	if (bpf_map_update_elem(&pids, &to, &one, BPF_ANY))
		count_loss(LOSS_PID_FILTER_FULL);
	return 0;
}

/* sched_process_free of the group leader: the pid can be somebody else's from now on. */
static __always_inline int on_free(struct task_struct *task)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);

	if (BPF_CORE_READ(task, pid) == (int)tgid)
		bpf_map_delete_elem(&pids, &tgid);
	return 0;
}
