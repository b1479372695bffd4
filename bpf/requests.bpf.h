/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Requests: the turns of a connection, known by direction alone. The server reads at least one byte, then writes at least
 * one; the next read after a write begins another request. The content is never looked at.
 *
 * Three events: data arrives (ready), the server reads (receive), the server writes (send). A connection's turn says which
 * comes next. Reads and writes of one connection may run on several CPUs at once, so a turn is taken by compare-and-swap.
 * At the last close no call on the socket is under way any more: each holds a reference to its file.
 *
 * Atomic operations with a result are 5.12's (bpf: 5ffa25502b5a). For older kernels this source is compiled a second time
 * without ATOMIC_FETCH; maps stand in there, whose inserts and deletes have results.
 */
#pragma once

#include "totals.bpf.h"

#ifdef ATOMIC_FETCH

static __always_inline bool take_turn(struct connection *conn, __u64 key, __u32 from, __u32 to)
{
	return __sync_val_compare_and_swap(&conn->turn, from, to) == from;
}

static __always_inline void forget_turn(__u64 key)
{
}

static __always_inline void raise_in_flight_peak(struct request_load *load, __u64 now_in_flight)
{
	__u64 peak = load->in_flight_peak, seen;
	int tries;

	for (tries = 0; tries < 4 && now_in_flight > peak; tries++) {
		seen = __sync_val_compare_and_swap(&load->in_flight_peak, peak, now_in_flight);
		if (seen == peak)
			return;
		peak = seen;
	}
}

/*
 * Busy time is the sum of the ends minus the sum of the beginnings of the times with a request in flight: sums come out
 * right in whatever order the CPUs add to them. While a request is in flight, the reader adds the time of its look.
 */
static __always_inline void begin_busy(struct request_load *load, __u64 now)
{
	__u64 before = __sync_fetch_and_add(&load->in_flight, 1);

	if (!before)
		add(&load->busy_ns, -now);
	raise_in_flight_peak(load, before + 1);
}

static __always_inline void end_busy(struct request_load *load, __u64 now)
{
	if (__sync_fetch_and_add(&load->in_flight, -1) == 1)
		add(&load->busy_ns, now);
}

#else

/*
 * in_flight: struct sock's address -> 1 while a request of it is in flight. Only before 5.12.
 *   inserted and deleted: take_turn(); deleted: end_requests(). Full: the request is not counted, LOSS_REQUEST.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u8);
} in_flight SEC(".maps");

/* busy_rows: address of counters -> 1 while they are busy. Only before 5.12. Full: its busy time is not counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u8);
} busy_rows SEC(".maps");

static __always_inline bool take_turn(struct connection *conn, __u64 key, __u32 from, __u32 to)
{
	__u8 one = 1;
	long error;

	if (conn->turn != from)
		return false;
	if (from == TURN_IN_FLIGHT) {
		error = bpf_map_delete_elem(&in_flight, &key);
	} else {
		error = bpf_map_update_elem(&in_flight, &key, &one, BPF_NOEXIST);
		if (error && error != -EEXIST)
			count_loss(LOSS_REQUEST);
	}
	if (error)
		return false;
	conn->turn = to;
	return true;
}

static __always_inline void forget_turn(__u64 key)
{
	bpf_map_delete_elem(&in_flight, &key);
}

static __always_inline void begin_busy(struct request_load *load, __u64 now)
{
	__u64 key = (__u64)load;
	__u8 one = 1;

	add(&load->in_flight, 1);
	raise(&load->in_flight_peak, load->in_flight);
	if (!bpf_map_update_elem(&busy_rows, &key, &one, BPF_NOEXIST))
		add(&load->busy_ns, -now);
}

static __always_inline void end_busy(struct request_load *load, __u64 now)
{
	__u64 key = (__u64)load;
	__u8 one = 1;

	add(&load->in_flight, -1);
	if (load->in_flight || bpf_map_delete_elem(&busy_rows, &key))
		return;
	add(&load->busy_ns, now);
	if (load->in_flight && !bpf_map_update_elem(&busy_rows, &key, &one, BPF_NOEXIST)) /* one began meanwhile */
		add(&load->busy_ns, -now);
}

#endif

static __always_inline void begin_load(struct request_load *load, __u64 now)
{
	add(&load->requests, 1);
	begin_busy(load, now);
}

static __always_inline void add_duration(struct histogram *hist, __u64 *sum_ns, __u64 *max_ns, __u64 duration_ns)
{
	add(sum_ns, duration_ns);
	raise(max_ns, duration_ns);
	hist_add(hist, duration_ns);
}

/* The last request that `server` served is complete: nothing more was written before the next read, or the close. */
static __always_inline void complete_request(const struct worker_place *server, __u64 read_ns, __u64 wrote_ns)
{
	struct request_counters *worker = bpf_map_lookup_elem(&request_rows, &server->worker);

	if (worker && read_ns)
		add_duration(&worker->complete, &worker->complete_sum_ns, &worker->complete_max_ns, wrote_ns - read_ns);
}

/* A request is not in flight any more. `answered`: a byte was written; else the connection ends. */
static __always_inline void end_request(const struct worker_place *server, __u64 read_ns, __u64 now, bool answered)
{
	struct request_counters *worker = bpf_map_lookup_elem(&request_rows, &server->worker);
	struct request_load *service = bpf_map_lookup_elem(&service_loads, &server->service);

	if (worker) {
		if (!answered)
			add(&worker->load.aborted, 1);
		else if (read_ns)
			add_duration(&worker->response, &worker->response_sum_ns, &worker->response_max_ns,
			             now - read_ns);
		end_busy(&worker->load, now);
	}
	if (service) {
		if (!answered)
			add(&service->aborted, 1);
		end_busy(service, now);
	}
}

/* A request begins at `server`. */
static __always_inline struct request_counters *begin_loads(const struct worker_place *server, __u64 now)
{
	struct request_counters *worker = bpf_map_lookup_elem(&request_rows, &server->worker);
	struct request_load *service = bpf_map_lookup_elem(&service_loads, &server->service);

	if (worker)
		begin_load(&worker->load, now);
	if (service)
		begin_load(service, now);
	return worker;
}

/* Notes the rows of the current task, which reads from `conn` for the first time. No rows: it is not selected. */
static __noinline int note_server(struct connection *conn)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct worker_place *known;
	struct worker_key key = {};

	if (!conn)
		return 0;
	conn->server.worker = conn->server.service = NO_ROW;
	if (!task_traced())
		return 0;
	key.service = conn->worker.service;
	key.tgid = BPF_CORE_READ(task, tgid);
	if (by_thread)
		key.tid = BPF_CORE_READ(task, pid);
	key.start_ns =
		by_thread ? BPF_CORE_READ(task, start_boottime) : BPF_CORE_READ(task, group_leader, start_boottime);
	known = bpf_map_lookup_elem(&workers, &key);
	if (known) {
		conn->server = *known;
		return 0;
	}
	conn->server.service = service_row(conn);
	conn->server.worker = new_worker(&key, task, conn->server.service);
	if (conn->server.worker == NO_ROW)
		count_loss(LOSS_REQUEST_WORKER);
	return 0;
}

static __always_inline __u32 current_server_id(void)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	return by_thread ? (__u32)pid_tgid : pid_tgid >> 32;
}

static __always_inline void vote_for_server(struct connection *conn, __u32 id)
{
	conn->served_set |= 1ULL << (conn->server.worker & 63);
	if (conn->top_id == id) {
		conn->top_lead++;
	} else if (conn->top_lead) {
		conn->top_lead--;
	} else {
		conn->top_id = id;
		conn->top_lead = 1;
	}
}

/* The current task read the first byte of a request of `conn`. */
static __always_inline void begin_request(struct connection *conn, __u64 now)
{
	struct request_counters *worker;
	__u32 id = current_server_id();

	if (conn->server_id != id) {
		note_server(conn);
		conn->server_id = id;
	}
	conn->read_ns = now;
	conn->requests++;
	vote_for_server(conn, id);
	worker = begin_loads(&conn->server, now);
	if (worker && conn->ready_ns)
		add_duration(&worker->unread, &worker->unread_sum_ns, &worker->unread_max_ns, now - conn->ready_ns);
}

/*
 * Whether a request of `sk`, with `bytes` so far and `unread` bytes in its receive buffer, is in flight as tracing begins:
 * all is read, and the last data came later than the last was sent. The kernel knows these moments to a jiffy (lrcvtime,
 * lsndtime): of a request that came within the jiffy of the answer before it, this is not known, and it is left out.
 */
static __always_inline bool in_flight_before(struct sock *sk, const struct bytes *bytes, __u32 unread)
{
	__u32 received = BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_ack.lrcvtime);
	__u32 sent = BPF_CORE_READ((struct tcp_sock *)sk, lsndtime);

	return bytes->received && !unread && (!bytes->sent || (__s32)(received - sent) > 0);
}

/* A walk found `conn` with a request in flight at its holder: entered in `connections` by now. */
static __always_inline void begin_found(struct connection *conn, __u64 key, __u64 now)
{
	if (!take_turn(conn, key, TURN_NONE, TURN_IN_FLIGHT))
		return;
	conn->server = conn->rows;
	conn->server_id = by_thread ? conn->accept_tid : conn->worker.tgid;
	conn->requests = 1;
	vote_for_server(conn, conn->server_id);
	begin_loads(&conn->server, now);
}

/* What the end of a connection needs to know of its requests: copied before its entry is deleted. */
struct last_request {
	struct worker_place server;
	__u64 read_ns;
	__u64 wrote_ns;
	__u32 turn;
};

static __always_inline void copy_last_request(struct last_request *last, const struct connection *conn)
{
	last->server = conn->server;
	last->read_ns = conn->read_ns;
	last->wrote_ns = conn->wrote_ns;
	last->turn = conn->turn;
}

/* The connection is closed: no call on its socket is under way any more. */
static __always_inline void end_last_request(const struct last_request *last, __u64 key, __u64 now)
{
	if (last->turn == TURN_IN_FLIGHT) {
		forget_turn(key);
		end_request(&last->server, last->read_ns, now, false);
	} else if (last->turn == TURN_ANSWERED) {
		complete_request(&last->server, last->read_ns, last->wrote_ns);
	}
}

/* The connection with this key, if its requests are to be counted. */
static __always_inline struct connection *served_connection(__u64 key)
{
	struct connection *conn;

	if (!recording)
		return NULL;
	conn = bpf_map_lookup_elem(&connections, &key);
	return conn && !conn->ignored ? conn : NULL;
}

/* Data lies in the receive buffer of `sk`. Runs in softirq as a rule. */
static __always_inline int on_ready(struct sock *sk)
{
	struct connection *conn;

	if (!may_have_requests(sk->__sk_common.skc_num) || sk->__sk_common.skc_state == TCP_LISTEN)
		return 0;
	conn = served_connection((__u64)sk);
	if (conn && !conn->ready_ns)
		conn->ready_ns = bpf_ktime_get_ns();
	return 0;
}

#define MSG_OOB      0x01 /* include/linux/socket.h */
#define MSG_PEEK     0x02
#define MSG_ERRQUEUE 0x2000

/* A look ahead is no read, and neither is urgent data or what the error queue tells. */
static __always_inline bool is_read(long bytes, int flags)
{
	return bytes > 0 && !(flags & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE));
}

/* The current task read from the socket with this key. `more`: its receive buffer is not empty. */
static __always_inline int on_read(__u64 key, bool more)
{
	struct connection *conn = served_connection(key);
	__u64 now;
	__u32 turn;

	if (!conn || !conn->accepted_ns)
		return 0;
	now = bpf_ktime_get_ns();
	turn = conn->turn;
	if (turn != TURN_IN_FLIGHT && take_turn(conn, key, turn, TURN_IN_FLIGHT)) {
		if (turn == TURN_ANSWERED)
			complete_request(&conn->server, conn->read_ns, conn->wrote_ns);
		begin_request(conn, now);
	}
	/* What is left arrived when the rest did, or during this very call. */
	conn->ready_ns = more ? now : 0;
	return 0;
}

/* The current task wrote to the socket with this key. */
static __always_inline int on_write(__u64 key)
{
	struct connection *conn = served_connection(key);
	__u64 now;

	if (!conn || conn->turn == TURN_NONE)
		return 0;
	now = bpf_ktime_get_ns();
	conn->wrote_ns = now;
	if (conn->turn == TURN_IN_FLIGHT && take_turn(conn, key, TURN_IN_FLIGHT, TURN_ANSWERED))
		end_request(&conn->server, conn->read_ns, now, true);
	return 0;
}

/* An MPTCP connection is known by its first subflow. */
static __noinline int on_mptcp_read(__u64 key)
{
	return on_read(key, false);
}

static __noinline int on_mptcp_write(__u64 key)
{
	return on_write(key);
}

/* The current task received `bytes` from `sk`, or got an error. */
static __always_inline int on_receive(struct sock *sk, long bytes, int flags)
{
	struct tcp_sock *tp;

	if (!may_have_requests(sk->__sk_common.skc_num) || !is_read(bytes, flags))
		return 0;
	if (sk->sk_protocol == IPPROTO_MPTCP)
		return on_mptcp_read((__u64)tcp_of(sk));
	tp = bpf_skc_to_tcp_sock(sk);
	return on_read((__u64)sk, tp && tp->rcv_nxt != tp->copied_seq);
}

/* The current task sent `bytes` on `sk`, or got an error. */
static __always_inline int on_send(struct sock *sk, long bytes)
{
	if (!may_have_requests(sk->__sk_common.skc_num) || bytes <= 0)
		return 0;
	return sk->sk_protocol == IPPROTO_MPTCP ? on_mptcp_write((__u64)tcp_of(sk)) : on_write((__u64)sk);
}
