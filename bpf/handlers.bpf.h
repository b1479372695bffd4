/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One handler per event, shared by all backends. */
#pragma once

#include "requests.bpf.h"

/* Walks skip more recent connections: their accept may still be returning to the application. */
#define WALK_PATIENCE_NS 100000000ULL

static __always_inline __u64 ring_flags(void)
{
	/* The reader polls on its tick; only a ring buffer that fills up is worth a wake-up. */
	return bpf_ringbuf_query(&closed, BPF_RB_AVAIL_DATA) >= ring_wakeup_bytes ? BPF_RB_FORCE_WAKEUP
	                                                                          : BPF_RB_NO_WAKEUP;
}

/* The close of a connection that has no worker. */
static __always_inline void finish_ignored(__u64 key, const struct connection *conn)
{
	struct service_counters *service = NULL;
	__u32 *row = NULL;

	if (conn->ignored == IGNORED_UNATTRIBUTED) /* which has counted for it already */
		row = bpf_map_lookup_elem(&services, &conn->worker.service);
	if (row)
		service = bpf_map_lookup_elem(&service_rows, row);
	if (!untrack(key, conn->uid) || !service)
		return;
	add(&service->closes, 1);
	add(&service->ownerless_closes, 1);
	add(&service->unattributed_open, -1);
}

/*
 * Counts the close of an accepted connection, sends its record to the ring buffer and deletes it. `flags`: FINISH_*. What
 * begin_close() noted comes first.
 */
static __noinline int finish(struct sock *sk, struct connection *conn, __u32 reason, __u32 closer_tgid, __u32 flags)
{
	struct closed_connection *record;
	struct last_request last = {};
	struct ending ending = {};
	__u64 key = (__u64)sk, now = bpf_ktime_get_ns();

	if (!conn)
		return 0;
	if (conn->ignored) {
		finish_ignored(key, conn);
		return 0;
	}
	if (conn->closed_ns) {
		now = conn->closed_ns;
		reason = conn->close_reason;
		closer_tgid = conn->closer_tgid;
		if (!(flags & FINISH_SOCKET_REUSED))
			flags &= ~FINISH_MISSED;
	}
	if (flags & FINISH_SOCKET_REUSED)
		ending.bytes = (struct bytes){conn->bytes_received, conn->bytes_sent, conn->bytes_unacked};
	else
		ending.bytes = read_bytes(conn, sk);
	ending.rows = conn->rows;
	ending.holder = conn->server_id ? conn->server : conn->rows;
	ending.lifetime_ns = now - conn->accepted_ns;
	ending.preexisting = conn->preexisting;
	copy_last_request(&last, conn);
	/* Two separate paths: the verifier before 6.2 loses track of a record that may be NULL. */
	record = bpf_ringbuf_reserve(&closed, sizeof(*record), 0);
	if (!record) {
		if (untrack(key, conn->uid)) {
			count_close(&ending, reason, flags);
			end_last_request(&last, sk, now, flags & FINISH_MISSED);
			count_loss(LOSS_RING_FULL);
		}
		return 0;
	}
	record->sock = key;
	record->closed_ns = now;
	record->accepted_ns = conn->accepted_ns;
	record->enqueued_ns = conn->enqueued_ns;
	record->worker = conn->worker;
	record->local = conn->local;
	record->remote = conn->remote;
	record->bytes_received = ending.bytes.received;
	record->bytes_sent = ending.bytes.sent;
	record->accept_tid = conn->accept_tid;
	record->closer_tgid = closer_tgid;
	record->remote_port = conn->remote_port;
	record->reason = reason;
	record->preexisting = conn->preexisting;
	record->found = conn->found;
	__builtin_memset(record->pad, 0, sizeof(record->pad));
	record->turns = conn->turns;
	record->top_id = conn->top_id;
	record->served_set = conn->served_set;
	record->bytes_unacked = ending.bytes.unacked;
	record->pad2 = 0;
	if (!untrack(key, conn->uid)) { /* another program ended it first: `conn` may be a different entry by now */
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 0;
	}
	count_close(&ending, reason, flags);
	end_last_request(&last, sk, now, flags & FINISH_MISSED);
	bpf_ringbuf_submit(record, ring_flags());
	return 0;
}

/* Two sockets cannot share an address: a new socket there implies that the end of the former one was not seen. */
static __always_inline void finish_former(struct sock *sk, struct connection *conn)
{
	finish(sk, conn, CLOSE_UNKNOWN, 0, FINISH_MISSED | FINISH_SOCKET_REUSED);
}

/*
 * Whether `sk` is still the socket of `conn`. If programs were skipped at both its close and its end, the memory may
 * belong to another socket. `port` = local_port(sk). A disconnected socket has no ports and is assumed to match.
 */
static __always_inline bool is_socket_of(struct sock *sk, __u16 port, const struct connection *conn)
{
	__u16 remote = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));

	return (!port || port == conn->worker.service.port) && (!remote || remote == conn->remote_port);
}

/* Finds the service of a connection, whose local address `service` has: a socket listens there, else on the wildcard. */
static __always_inline bool find_listener(struct service_key *service)
{
	bool is_ipv4 = service->address.bytes[10] == 0xff && service->address.bytes[11] == 0xff;

	if (bpf_map_lookup_elem(&listening, service))
		return true;
	if (is_ipv4) {
		map_ipv4(&service->address, 0);
		if (bpf_map_lookup_elem(&listening, service))
			return true;
	}
	__builtin_memset(&service->address, 0, sizeof(service->address));
	return bpf_map_lookup_elem(&listening, service) != NULL;
}

/*
 * Whether a connection that nobody is known to have accepted concerns the traced processes: with --pid and --cgroup, if
 * one of them holds a listening socket on its address.
 */
static __always_inline bool is_selected(struct connection *conn)
{
	if (!filter_pids && !filter_cgroups)
		return true;
	if (conn->listener_known)
		return bpf_map_lookup_elem(&listening, &conn->worker.service) != NULL;
	conn->listener_known = find_listener(&conn->worker.service);
	return conn->listener_known;
}

/*
 * With --address: `conn` came in at another one. With --pid and --cgroup: none of their processes listens where it came in.
 */
static __noinline bool is_foreign(const struct connection *conn)
{
	struct service_key service;

	if (!conn)
		return false;
	if (conn->listener_known && !address_traced(&conn->worker.service.address))
		return true;
	if (!filter_pids && !filter_cgroups)
		return false;
	service = conn->worker.service;
	return !find_listener(&service);
}

static __always_inline struct closing *closing_slot(__u64 thread)
{
	__u32 slot = thread;

	barrier_var(slot);
	return &closing[slot % CLOSING_SLOTS];
}

/* The listening socket that is throwing `conn` out of its queue because the current thread is closing it; else NULL. */
static __always_inline struct listener *closing_listener(const struct connection *conn)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct closing *slot = closing_slot(thread);
	__u64 key = slot->listener;
	struct listener *listener;

	if (slot->thread != thread)
		return NULL;
	listener = bpf_map_lookup_elem(&listeners, &key);
	return listener && listener->service.port == conn->worker.service.port ? listener : NULL;
}

/* The connection left the accept queue without an accept. */
static __noinline int drop_queued(__u64 key, struct connection *conn)
{
	struct service_counters *service = NULL;
	struct listener *listener;
	__u64 waited_ns;
	__u32 depth;

	if (!conn)
		return 0;
	/* All that is needed of `conn` is read before the entry is deleted. */
	waited_ns = bpf_ktime_get_ns() - conn->enqueued_ns;
	depth = conn->queue_depth;
	listener = closing_listener(conn);
	if (listener)
		service = get_service(&listener->service, 1, listener->uid);
	else if (is_selected(conn))
		service = get_service(&conn->worker.service, conn->listener_known, conn->uid);
	if (!untrack(key, conn->uid))
		return 0;
	if (listener)
		add(&listener->never_accepted, 1);
	if (!service)
		return 0;
	add(&service->never_accepted, 1);
	raise(&service->never_accepted_max_ns, waited_ns);
	if (depth > service->depth_max)
		service->depth_max = depth;
	return 0;
}

static __always_inline __u64 connection_identity(const struct connection *conn)
{
	return conn->accepted_ns ? conn->accepted_ns : conn->enqueued_ns;
}

static __always_inline void end_dead(__u64 key, struct connection *conn, bool same)
{
	if (bpf_map_lookup_elem(&connections, &key) != conn)
		return; /* it is gone, and the address belongs to another connection */
	if (conn->accepted_ns)
		finish((struct sock *)key, conn, CLOSE_UNKNOWN, 0, FINISH_MISSED | (same ? 0 : FINISH_SOCKET_REUSED));
	else
		drop_queued(key, conn);
}

/*
 * Updates the byte counts of an open connection, and ends one whose socket is gone without any program having seen its
 * end: the memory belongs to another socket, or no application holds the socket any more (SOCK_DEAD). This may run
 * concurrently with a close, so such a socket must be seen by two passes: a close that a program sees removes the entry
 * before the socket is dead. The memory of an entry can become another entry at any time, so the check compares the
 * connection's identity. `may_end`: the caller's context allows deletion.
 */
/*
 * A connection gets a socket of the application when it leaves the accept queue. No program saw the accept; a walk finds
 * who has a file descriptor of it. If that walk has not, it has none: it is counted for its service, and for no worker.
 */
static __always_inline void refresh_unseen(__u64 key)
{
	/* Looked up, because helpers before 5.16 take no pointer into the entry that an iterator is at. */
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);
	struct service_counters *service;
	__u64 now = bpf_ktime_get_ns();

	if (!conn || (now - conn->enqueued_ns < WALK_PATIENCE_NS && !walk_last) || !is_selected(conn))
		return; /* as a walk */
	if (!conn->left_walk) {
		conn->left_walk = walk_number + 1;
		return;
	}
	if (walks_done < conn->left_walk)
		return;
	service = get_service(&conn->worker.service, conn->listener_known, conn->uid);
	if (service) {
		add(&service->accepts, 1);
		add(&service->ownerless_accepts, 1);
		add(&service->unattributed_open, 1);
	}
	count_loss(LOSS_UNATTRIBUTED_ACCEPT);
	conn->ignored = IGNORED_UNATTRIBUTED;
	conn->accepted_ns = now;
}

static __always_inline void refresh(__u64 key, struct connection *conn, bool may_end)
{
	struct sock *sk = (struct sock *)key;
	__u16 port = local_port(sk), remote = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	bool same = conn->bytes_final ? is_socket_of(sk, port, conn)
	                              : port == conn->worker.service.port && remote == conn->remote_port;
	struct bytes bytes;

	if (!same || is_dead(BPF_CORE_READ(sk, __sk_common.skc_flags))) {
		if (conn->dead_ns != connection_identity(conn)) {
			conn->dead_ns = connection_identity(conn);
			found_dead = 1;
		} else if (may_end && recording) {
			end_dead(key, conn, same);
		}
		return;
	}
	if (!conn->accepted_ns) {
		if (BPF_CORE_READ(sk, sk_socket))
			refresh_unseen(key);
		return;
	}
	bytes = read_bytes(conn, sk);
	conn->active = conn->bytes_received != bytes.received || conn->bytes_sent != bytes.sent;
	keep_bytes(conn, &bytes);
	read_unread(conn, sk);
}

/* Looks at the head of the accept queue. A queue is emptied from there, so its head has waited longest. */
static __always_inline void read_head(struct listener *listener, struct inet_connection_sock *icsk)
{
	struct request_sock *request = BPF_CORE_READ(icsk, icsk_accept_queue.rskq_accept_head);
	__u64 child = request ? (__u64)BPF_CORE_READ(request, sk) : 0;
	struct connection *conn = bpf_map_lookup_elem(&connections, &child);
	__u64 since = conn && !conn->accepted_ns ? conn->enqueued_ns : 0;

	if (!child || child != listener->head || since != listener->head_ns)
		listener->head_seen_ns = child ? bpf_ktime_get_ns() : 0;
	listener->head = child;
	listener->head_ns = since;
}

static __always_inline void refresh_listener(__u64 key, struct listener *listener)
{
	struct inet_connection_sock *icsk = (struct inet_connection_sock *)key;
	struct sock *sk = (struct sock *)key;

	if (listener->closed || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN ||
	    local_port(sk) != listener->service.port)
		return; /* its end was not seen, or listen() has not set these yet */
	listener->depth = BPF_CORE_READ(sk, sk_ack_backlog);
	if (listener->depth > listener->depth_max)
		listener->depth_max = listener->depth;
	read_head(listener, icsk);
	listener->backlog = BPF_CORE_READ(sk, sk_max_ack_backlog);
	listener->defers = BPF_CORE_READ(icsk, icsk_accept_queue.rskq_defer_accept) != 0;
	listener->drops = (__u32)BPF_CORE_READ(sk, sk_drops.counter);
	if (drops_begin)
		listener->drops_before = listener->drops;
}

static __always_inline void enter_address(const struct service_key *service)
{
	__u8 one = 1;

	if (!bpf_map_lookup_elem(&listening,
	                         service)) /* an update would replace the entry, for each visit of each walk */
		bpf_map_update_elem(&listening, service, &one, BPF_ANY);
}

/*
 * A listening socket that was not known; its port is set. `begins`: its drops count from now; else from its creation. False
 * if it gets no entry.
 */
static __always_inline bool enter_listener(struct sock *sk, struct listener *listener, __u64 inode, bool begins)
{
	struct listener *former;
	__u64 key = (__u64)sk;

	read_local(sk, &listener->service.address);
	listener->service.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	listener->inode = inode;
	listener->uid = BPF_CORE_READ(sk, sk_uid.val);
	listener->reuseport = BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuseport);
	listener->drops = (__u32)BPF_CORE_READ(sk, sk_drops.counter);
	listener->drops_before = begins ? listener->drops : 0;
	refresh_listener(key, listener);
	/* A former socket of this memory, whose figures nobody has read yet: its service is kept, which connections count for. */
	former = bpf_map_lookup_elem(&listeners, &key);
	if (former)
		get_service(&former->service, 1, former->uid);
	if (!admit(SHARE_LISTENERS, listener->uid) || bpf_map_update_elem(&listeners, &key, listener, BPF_ANY)) {
		count_loss(LOSS_LISTENER_MAP_FULL);
		return false;
	}
	enter_address(&listener->service);
	return true;
}

/* The connection was accepted, but its accept was not seen: counted for its service, but for no worker. */
static __always_inline void drop_unattributed(__u64 key, struct connection *conn)
{
	struct service_counters *service;

	if (!is_selected(conn)) {
		untrack(key, conn->uid);
		return;
	}
	service = get_service(&conn->worker.service, conn->listener_known, conn->uid);
	if (service) {
		add(&service->accepts, 1);
		add(&service->ownerless_accepts, 1);
		add(&service->closes, 1);
		add(&service->ownerless_closes, 1);
	}
	count_loss(LOSS_UNATTRIBUTED_ACCEPT);
	untrack(key, conn->uid);
}

/* Enters a connection into the map as one in the accept queue of `listener`. Returns what track() does. */
static __always_inline int enter_queued(struct sock *listener, struct sock *child, __u16 port, bool replace, bool typed)
{
	struct connection conn = {};
	__u64 key = (__u64)child;

	conn.enqueued_ns = bpf_ktime_get_ns();
	read_tuple(&conn, child, port, listener, typed);
	/* If a selected process accepts it nevertheless, on_accept() enters it. */
	if (is_foreign(&conn))
		return 0;
	read_listener(&conn, listener, 1); /* this connection is about to be added */
	if (replace)
		return replace_tracked(key, &conn);
	forget_untracked(key);
	return track(key, &conn);
}

/* Two programs of one function: not inlined, because the BPF stack has no room for a connection and a nested call. */
static __noinline int enter_queued_typed(struct sock *listener, struct sock *child, __u16 port, bool replace)
{
	return enter_queued(listener, child, port, replace, true);
}

static __noinline int enter_queued_probed(struct sock *listener, struct sock *child, __u16 port, bool replace)
{
	return enter_queued(listener, child, port, replace, false);
}

/*
 * A completed handshake put `child` into the accept queue of `listener` (NULL if the hook does not know it); `typed`
 * refers to `child`. Usually runs in softirq context, where the current task is unrelated.
 */
static __always_inline int on_enqueue(struct sock *listener, struct sock *child, bool typed)
{
	struct connection *former;
	__u64 key = (__u64)child;
	bool replace;
	int error;
	__u16 port;

	if (!recording)
		return 0;
	port = typed ? local_port_of_typed(child) : local_port(child);
	if (!is_known_port(port)) {
		if (!port_traced(port))
			return 0;
		note_known_port(port);
	}
	error = typed ? enter_queued_typed(listener, child, port, false)
	              : enter_queued_probed(listener, child, port, false);
	if (error != -EEXIST)
		return 0; /* full: on_accept() tries again and counts the loss */
	former = bpf_map_lookup_elem(&connections, &key);
	replace = !former || !former->accepted_ns; /* a second hook on the same path */
	if (!replace && enqueue_from_state)
		return 0; /* TCP Fast Open: accepted before the handshake was complete */
	if (!replace)
		finish_former(child, former);
	if (typed)
		enter_queued_typed(listener, child, port, replace);
	else
		enter_queued_probed(listener, child, port, replace);
	return 0;
}

/*
 * The current task accepted `conn`, which is already in the map. It is modified in place, because packets from the peer
 * may modify it concurrently. accepted_ns is set last, so that a reader that sees it also sees the other fields.
 */
static __always_inline void accept_tracked(struct sock *child, struct connection *conn)
{
	if (conn->queued_before)
		conn->enqueued_ns = 0; /* it waited longer than is known */
	read_current_worker(conn);
	begin_turns(conn, child);
	conn->ignored = !task_traced();
	if (!conn->ignored)
		read_rows(conn, (void *)bpf_get_current_task());
	barrier();
	conn->accepted_ns = bpf_ktime_get_ns();
	if (!conn->ignored)
		count_owned(conn, true);
}

static __noinline int accept_queued(struct sock *listener, struct sock *child, struct connection *conn)
{
	if (!conn)
		return 0;
	if (listener && !conn->listener_known)
		read_service_address(conn, listener);
	if (!conn->queue_depth)
		read_listener(conn, listener, 1); /* this connection was already dequeued */
	accept_tracked(child, conn);
	return 0;
}

/* Sets `rows` to those of the current task, which accepted `child`. */
static __noinline int rows_of_current(struct worker_place *rows, struct sock *listener, struct sock *child, __u16 port)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct worker_key key = {};

	if (!rows)
		return 0;
	read_local(listener ? listener : child, &key.service.address);
	key.service.netns = BPF_CORE_READ(child, __sk_common.skc_net.net, ns.inum);
	key.service.port = port;
	read_worker_key(&key, task, false);
	find_rows(rows, &key, listener != NULL, BPF_CORE_READ(child, sk_uid.val), task);
	return 0;
}

/*
 * The accept of a connection whose entry into the accept queue was not seen; false if it is in the map by now. `rows`: of
 * the current task, NULL if it is not traced.
 */
static __noinline int accept_unseen(struct sock *listener, struct sock *child, __u16 port,
                                    const struct worker_place *rows)
{
	__u64 key = (__u64)child;
	struct connection conn = {};
	int error;

	read_tuple(&conn, child, port, listener, false);
	read_listener(&conn, listener, 1); /* this connection was already dequeued */
	read_current_worker(&conn);
	begin_turns(&conn, child);
	conn.ignored = !rows;
	if (rows)
		conn.rows = *rows;
	else if (is_foreign(&conn))
		return true;
	conn.accepted_ns = bpf_ktime_get_ns();
	note_known_port(port);
	error = track(key, &conn);
	if (error == -EEXIST)
		return false;
	if (error)
		enter_untracked(key);
	if (!conn.ignored)
		count_owned(&conn, !error);
	return true;
}

/*
 * inet_csk_accept() returned `child` to a process. `again`: called from a second hook further down the same path, which
 * matters only if the first hook was skipped.
 */
static __noinline int on_accept(struct sock *listener, struct sock *child, bool again)
{
	__u64 key = (__u64)child;
	struct worker_place rows = {NO_ROW, NO_ROW};
	struct connection *conn;
	bool traced;
	__u16 port;

	if (!recording || !child)
		return 0;
	conn = bpf_map_lookup_elem(&connections, &key);
	if (conn && conn->accepted_ns && !again && !conn->found && !conn->preexisting) {
		/* Two system calls may return for one accept: that of a seccomp supervisor, and that of its target. */
		if (is_socket_of(child, local_port(child), conn))
			return 0;
		finish_former(child, conn);
		conn = NULL;
	}
	if (!conn) {
		port = local_port(child);
		if (!is_tcp(child) || !port_traced(port) || (listener && !listens_on_traced_address(listener)))
			return 0;
		if (is_untracked(key, again))
			return 0; /* counted by the first hook, or by a walk that ran earlier */
		traced = task_traced();
		if (traced)
			rows_of_current(&rows, listener, child, port);
		if (accept_unseen(listener, child, port, traced ? &rows : NULL))
			return 0;
		conn = bpf_map_lookup_elem(&connections, &key); /* a walk has inserted it meanwhile */
		if (!conn)
			return 0;
	}
	if (conn->accepted_ns) {
		if (again)
			return 0;
		take_back(conn);
	}
	return accept_queued(listener, child, conn);
}

/*
 * The current task got a file descriptor for `sk` from an accept that is not a system call: an accept only if the
 * connection is in the queue.
 */
static __always_inline int on_uring_accept(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);

	if (!recording || !conn)
		return 0;
	if (conn->accepted_ns && !conn->found && !conn->preexisting)
		return 0; /* another operation on an accepted connection */
	if (conn->accepted_ns && bpf_ktime_get_ns() - conn->accepted_ns > WALK_PATIENCE_NS)
		return 0; /* likewise, on a connection that a walk found */
	if (conn->accepted_ns)
		take_back(conn);
	accept_tracked(sk, conn);
	return 0;
}

/* ---- walks: over every file descriptor of every task; `task` is the holder, the current task is the walker */

static __always_inline void describe_holder(struct descriptor *out, struct task_struct *task, __u32 fd)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	out->fd = fd;
	out->tgid = BPF_CORE_READ(task, tgid);
	out->start_ns = BPF_CORE_READ(leader, start_boottime);
	out->parent_tgid = BPF_CORE_READ(leader, real_parent, tgid);
	out->ns_pid = innermost_pid(leader);
	BPF_CORE_READ_STR_INTO(&out->comm, leader, comm);
}

/* The connection that a walk inserts. Not on its stack, which has no room for it: there is only one walker. */
static struct connection walked;

/* The first walk finds at most so many connections in each accept queue. */
#define MAX_QUEUED_BEFORE 256

/* The connections that wait in the accept queue when tracing begins, from the head of the queue. */
static __noinline int on_queue_before(struct sock *listener)
{
	struct inet_connection_sock *icsk = (struct inet_connection_sock *)listener;
	struct request_sock *request = BPF_CORE_READ(icsk, icsk_accept_queue.rskq_accept_head);
	struct connection *conn = &walked;
	struct sock *child;
	__u32 i;

	for (i = 0; i < MAX_QUEUED_BEFORE && request; i++) {
		child = BPF_CORE_READ(request, sk);
		request = BPF_CORE_READ(request, dl_next);
		if (!child)
			break;
		__builtin_memset(conn, 0, sizeof(*conn));
		read_tuple(conn, child, local_port(child), listener, false);
		conn->queued_before = 1;
		conn->enqueued_ns = bpf_ktime_get_ns();
		note_known_port(conn->worker.service.port);
		track((__u64)child, conn); /* if it is there already, it was accepted meanwhile */
	}
	return 0;
}

/* `task` holds the listening socket `sk`: fills `out`; false if the socket is not traced. */
static __noinline int on_listener(struct task_struct *task, struct sock *sk, struct descriptor *out, __u64 inode)
{
	__u64 key = (__u64)sk;
	struct listener listener = {}, *known;
	struct life_key life = {};

	listener.service.port = local_port(sk);
	if (!out || !port_traced(listener.service.port) || !holder_traced(task))
		return false;
	known = bpf_map_lookup_elem(&listeners, &key);
	if (known && !known->closed) {
		known->inode = inode;
		refresh_listener(key, known);
		enter_address(&known->service); /* userspace may have deleted it with another socket's */
		out->service = known->service;
	} else if (enter_listener(sk, &listener, inode, walk_first)) {
		out->service = listener.service;
	} else {
		return false;
	}
	life.tgid = BPF_CORE_READ(task, tgid);
	life.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	follow_life(&life, task);
	out->kind = WALK_LISTENER;
	out->object = key;
	return true;
}

/* listen(): the current task made `sk` a listening socket; its port may not be known before bind() or this call ends. */
static __noinline int on_listen(struct sock *sk)
{
	struct listener listener = {};

	if (!sk || !is_tcp(sk))
		return 0;
	listener.service.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (!listener.service.port || !port_traced(listener.service.port) || !task_traced())
		return 0; /* a walk will look at its holders */
	enter_listener(sk, &listener, BPF_CORE_READ(sk, sk_socket, file, f_inode, i_ino), true);
	return 0;
}

/* The current thread takes `sk` out of LISTEN: its last figures, and what its service keeps of them. */
static __noinline int on_unlisten(struct sock *sk)
{
	__u64 key = (__u64)sk, thread = bpf_get_current_pid_tgid(), drops;
	struct listener *listener = bpf_map_lookup_elem(&listeners, &key);
	struct closing *slot = closing_slot(thread);
	struct service_counters *service;

	if (!listener || listener->closed)
		return 0;
	refresh_listener(key, listener);
	listener->closed = 1;
	slot->listener = key;
	slot->thread = thread;
	drops = listener->drops - listener->drops_before;
	if (!drops && !listener->depth_max)
		return 0;
	service = get_service(&listener->service, 1, listener->uid);
	if (!service)
		return 0;
	add(&service->closed_drops, drops);
	if (listener->defers)
		add(&service->closed_drops_deferring, drops);
	if (listener->depth_max > service->depth_max)
		service->depth_max = listener->depth_max;
	return 0;
}

/* `task` holds an unknown connection: a pre-existing one, or one whose accept was not seen at all. */
static __noinline int on_unknown(struct task_struct *task, struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct connection *conn = &walked, *entered;
	struct bytes bytes;
	bool in_flight_now;
	int error;

	if (is_untracked(key, !walk_first))
		return 0;
	__builtin_memset(conn, 0, sizeof(*conn));
	read_tuple(conn, sk, local_port(sk), NULL, false);
	if (!conn->remote_port || !was_accepted(sk))
		return 0;
	conn->listener_known = find_listener(&conn->worker.service);
	if (!conn->listener_known) {
		if (!BPF_CORE_READ(sk, sk_max_ack_backlog))
			return 0; /* this host's own connections are many, so only the surest sign counts */
		conn->worker.service.address = conn->local;
	}
	if (!address_traced(&conn->worker.service.address))
		return 0;
	conn->holder_task = (__u64)task;
	conn->holder_tgid = BPF_CORE_READ(task, tgid);
	read_worker(conn, task, false);
	conn->owner_walk = walk_number;
	conn->ignored = !holder_traced(task);
	conn->preexisting = walk_first;
	conn->found = !walk_first;
	conn->accepted_ns = bpf_ktime_get_ns();
	begin_turns(conn, sk);
	conn->first_seq = first_seq_of(sk);
	bytes = read_bytes(conn, sk);
	if (conn->preexisting) {
		conn->bytes_received_before = bytes.received;
		conn->bytes_sent_before = bytes.sent;
		conn->bytes_unacked = bytes.unacked;
	} else {
		keep_bytes(conn, &bytes);
	}
	read_unread(conn, sk);
	in_flight_now = count_requests && in_flight_before(sk, &bytes, conn->unread_bytes);
	if (!conn->ignored)
		read_rows(conn, task);
	note_known_port(conn->worker.service.port);
	/* The file descriptor keeps the socket open meanwhile: no close can precede the insertion. */
	error = track(key, conn);
	if (error == -EEXIST)
		return 0; /* its accept has just been seen */
	if (error && !enter_untracked(key))
		return 0; /* it would be counted again for every other holder and in every other walk */
	if (conn->ignored)
		return 0;
	if (conn->found)
		count_loss(LOSS_MISSED_ACCEPT);
	count_owned(conn, !error);
	if (!in_flight_now)
		return 0;
	entered = bpf_map_lookup_elem(&connections, &key);
	if (entered)
		begin_found(entered, key, conn->accepted_ns);
	return 0;
}

/* `task` holds the connection `sk`. */
static __noinline int on_held(struct task_struct *task, struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct connection *conn;
	__u32 tgid = BPF_CORE_READ(task, tgid);

	walker_tgid = bpf_get_current_pid_tgid() >> 32;
	if (!recording || !port_traced(local_port(sk)) || BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_SYN_SENT)
		return 0;
	conn = bpf_map_lookup_elem(&connections, &key);
	if (!conn)
		return on_unknown(task, sk);
	conn->holder_task = (__u64)task;
	conn->holder_tgid = tgid;
	if (!conn->accepted_ns) {
		if (bpf_ktime_get_ns() - conn->enqueued_ns < WALK_PATIENCE_NS && !walk_last)
			return 0;
		read_worker(conn, task, false);
		conn->ignored = !holder_traced(task);
		conn->found = 1;
		conn->owner_walk = walk_number;
		conn->first_seq = first_seq_of(sk);
		if (!conn->ignored)
			read_rows(conn, task);
		conn->accepted_ns = bpf_ktime_get_ns();
		if (conn->ignored)
			return 0;
		count_loss(LOSS_MISSED_ACCEPT);
		count_owned(conn, true);
	} else if (conn->worker.tgid == tgid) {
		conn->owner_walk = walk_number;
	} else {
		conn->other_tgid = tgid;
		conn->other_start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
		conn->other_walk = walk_number;
	}
	return 0;
}

static __always_inline __u32 close_reason_of(const struct connection *conn, __u32 state, bool exiting)
{
	if (conn->first_end != CLOSE_UNKNOWN)
		return conn->first_end;
	switch (state) {
	case TCP_ESTABLISHED:
	case TCP_SYN_RECV: /* TCP Fast Open */
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

/*
 * Sets `tgid` to the process that closed `conn`; true if that process is exiting. A walk takes a reference to each file
 * that it visits. If that turns out to be the last reference, the application closed its file descriptor meanwhile, and
 * the close runs in acceptscope itself on behalf of the holder that the walk saw. A holder that is gone has exited.
 */
static __always_inline bool closer_exits(const struct connection *conn, struct task_struct *task, __u32 *tgid)
{
	*tgid = BPF_CORE_READ(task, tgid);
	if (*tgid == walker_tgid && conn->holder_tgid) {
		*tgid = conn->holder_tgid;
		task = (struct task_struct *)conn->holder_task;
		if ((__u32)BPF_CORE_READ(task, tgid) != *tgid)
			return true;
	}
	return BPF_CORE_READ(task, flags) & PF_EXITING;
}

/*
 * Nobody has read a request from `conn`: then the task that closes it has had it. Not if that task only happens to drop the
 * last reference: a kernel thread, a walk; with --by thread, the last thread of an exiting process.
 */
static __always_inline void note_closer(struct connection *conn, struct task_struct *task)
{
	__u32 flags = BPF_CORE_READ(task, flags), tgid = BPF_CORE_READ(task, tgid);
	__u32 owner = by_thread ? conn->worker.tid : conn->worker.tgid;

	if (conn->server_id || conn->ignored || tgid == walker_tgid || flags & PF_KTHREAD ||
	    (by_thread && flags & PF_EXITING) || owner == current_server_id())
		return;
	note_server(conn, holder_traced(task)); /* task_traced() calls what a cgroup program may not */
	conn->server_id = current_server_id();
}

/* The close of a connection that is not tracked: counted if it may have been accepted. */
static __always_inline int on_unknown_close(struct sock *sk, __u32 port)
{
	forget_untracked((__u64)sk);
	/* A listening socket has no peer in any state; shutdown() takes it out of LISTEN. */
	/* Before the first walk ends, this is a pre-existing connection that closed before the walk reached it. */
	if (*by_port(accepted_ports, port) && !walk_first && BPF_CORE_READ(sk, __sk_common.skc_dport) && is_tcp(sk) &&
	    was_accepted(sk))
		count_loss(LOSS_UNKNOWN_CLOSE);
	return 0;
}

/*
 * The application closes `conn`. Its bytes are counted when the close has the lock of the socket: it then changes the state,
 * if only to the one it has (tcp_close_state() in net/ipv4/tcp.c). A socket that is no longer connected does not.
 */
static __always_inline int begin_close(struct sock *sk, struct connection *conn, bool is_mptcp)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	bool exits;

	if (conn->closed_ns)
		return 0;
	note_closer(conn, task);
	exits = closer_exits(conn, task, &conn->closer_tgid);
	conn->close_reason = close_reason_of(conn, state, exits);
	conn->closed_ns = bpf_ktime_get_ns();
	if (is_mptcp || state == TCP_CLOSE || state == TCP_LISTEN)
		return finish(sk, conn, conn->close_reason, conn->closer_tgid, 0);
	return 0;
}

/*
 * The application closed `sk`. Also called for listening, client and never-connected sockets, which are ignored. `is_mptcp`:
 * it closed the MPTCP socket of which `sk` is a subflow; the kernel closes that later.
 */
static __always_inline int on_close(struct sock *sk, bool is_mptcp)
{
	__u64 key = (__u64)sk;
	struct connection *conn;
	__u16 port;

	if (!recording)
		return 0;
	port = local_port(sk);
	if (!may_be_known(port))
		return 0;
	conn = bpf_map_lookup_elem(&connections, &key);
	if (!conn)
		return on_unknown_close(sk, port);
	if (!conn->accepted_ns) {
		drop_unattributed(key, conn);
		return 0;
	}
	if (!is_socket_of(sk, port, conn)) {
		finish_former(sk, conn);
		return on_unknown_close(sk, port);
	}
	return begin_close(sk, conn, is_mptcp);
}

/*
 * A socket that was disconnected (connect() with AF_UNSPEC) connects or listens again: its former connection, if it was an
 * accepted one, is closed.
 */
static __noinline int on_reuse(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);

	if (conn && conn->accepted_ns && conn->bytes_final)
		finish(sk, conn, conn->first_end, bpf_get_current_pid_tgid() >> 32, 0);
	return 0;
}

/* The socket of `conn` leaves its connection: for good, or by a disconnection, which resets what it has counted. */
static __always_inline void leave_connection(struct sock *sk, struct connection *conn)
{
	struct bytes bytes = read_bytes(conn, sk);

	keep_bytes(conn, &bytes);
	conn->bytes_final = 1;
}

/* Whether a change to the state `to` may be that of a close that has the lock of the socket. */
static __always_inline bool may_be_closing(int to)
{
	return to == TCP_FIN_WAIT1 || to == TCP_FIN_WAIT2 || to == TCP_LAST_ACK || to == TCP_CLOSING || to == TCP_CLOSE;
}

/* Records which side leaves ESTABLISHED first and whether our FIN is out; replaces hooks that a backend lacks. */
static __always_inline int on_state(struct sock *sk, int from, int to)
{
	__u64 key = (__u64)sk;
	struct connection *conn;

	bool is_enqueue = from == TCP_SYN_RECV && to == TCP_ESTABLISHED;
	bool is_end = from == TCP_ESTABLISHED || to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK || to == TCP_CLOSE ||
	              from == to; /* tcp_close() after shutdown() */

	/* In this order: most state changes are neither, and need no memory access. */
	if (!(is_enqueue || is_end || from == TCP_CLOSE) || !recording)
		return 0;
	if (from == TCP_CLOSE && sk->sk_max_ack_backlog && (to == TCP_SYN_SENT || to == TCP_LISTEN))
		on_reuse(sk); /* it was accepted or listened before */
	if (to == TCP_LISTEN)
		return on_listen(sk);
	/* A simultaneous open takes the same step; but that socket is the application's, and was never in a queue. */
	if (is_enqueue)
		return enqueue_from_state && !sk->sk_socket ? on_enqueue(NULL, sk, true) : 0;
	if (from == TCP_LISTEN)
		return on_unlisten(sk);
	if (from == TCP_CLOSE)
		return 0;
	/* The application has closed it before: what remains is the kernel's. */
	if (to == TCP_CLOSE && from != TCP_ESTABLISHED && is_dead(sk->__sk_common.skc_flags))
		return 0;
	if (!may_be_known(local_port_of_typed(sk)))
		return 0;
	conn = bpf_map_lookup_elem(&connections, &key);
	if (!conn)
		return 0;
	if (conn->closed_ns && may_be_closing(to))
		return finish(sk, conn, 0, 0, 0);
	if (close_from_state && conn->accepted_ns && (to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK || to == TCP_CLOSE))
		return finish(sk, conn, close_reason_of(conn, to == TCP_CLOSE ? to : from, false), 0, 0);
	if (from == TCP_ESTABLISHED)
		conn->first_end = to == TCP_CLOSE_WAIT ? CLOSE_PEER : to == TCP_CLOSE ? CLOSE_RESET : CLOSE_LOCAL;
	if (to == TCP_CLOSE && conn->accepted_ns)
		leave_connection(sk, conn);
	if (conn->fin_sent || (to != TCP_FIN_WAIT1 && to != TCP_LAST_ACK))
		return 0;
	conn->fin_seq = BPF_CORE_READ((struct tcp_sock *)sk, write_seq);
	conn->fin_sent = 1;
	return 0;
}

/* The socket is about to be destroyed, before its memory can be reused: ends anything that is still tracked. */
static __always_inline int on_destroy(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct connection *conn;
	__u16 port;

	if (!recording)
		return 0;
	port = local_port_of_typed(sk);
	if (!may_be_known(port))
		return 0;
	conn = bpf_map_lookup_elem(&connections, &key);
	if (conn && conn->accepted_ns)
		finish(sk, conn, CLOSE_UNKNOWN, 0,
		       FINISH_MISSED | (is_socket_of(sk, port, conn) ? 0 : FINISH_SOCKET_REUSED));
	else if (conn)
		drop_queued(key, conn);
	else
		forget_untracked(key);
	return 0;
}

/* A thread of a process is already included. --pid follows descendants. */
static __always_inline int on_fork(struct task_struct *parent, struct task_struct *child)
{
	__u32 from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid);
	struct life_key life = {from, 0, BPF_CORE_READ(parent, group_leader, start_boottime)};
	__u8 one = 1;

	if (from == to)
		return 0;
	if (recording && bpf_map_lookup_elem(&lives, &life))
		births++;
	if (!filter_pids || !bpf_map_lookup_elem(&pids, &from))
		return 0;
	if (bpf_map_update_elem(&pids, &to, &one, BPF_ANY))
		count_loss(LOSS_PID_FILTER_FULL);
	return 0;
}

static __always_inline void end_life(const struct life_key *life)
{
	struct life *entry = bpf_map_lookup_elem(&lives, life);

	if (entry)
		entry->exited_ns = bpf_ktime_get_ns();
}

/* `task` exits; its process does with its last thread. */
static __always_inline int on_exit(struct task_struct *task)
{
	struct life_key life = {BPF_CORE_READ(task, tgid), 0, 0};

	if (!recording)
		return 0;
	if (by_thread) {
		life.tid = BPF_CORE_READ(task, pid);
		life.start_ns = BPF_CORE_READ(task, start_boottime);
		end_life(&life);
	}
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	life.tid = 0;
	life.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	end_life(&life);
	return 0;
}

/* sched_process_free of the group leader: the pid can be reused from now on. */
static __always_inline int on_free(struct task_struct *task)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);

	if (BPF_CORE_READ(task, pid) == (int)tgid)
		bpf_map_delete_elem(&pids, &tgid);
	return 0;
}
