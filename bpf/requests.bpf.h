/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Requests: the turns of a connection, known by direction alone. The server reads at least one byte, then writes at least
 * one; the next read after a write begins another request. The content is never looked at.
 *
 * A hook says only that the server may have read or written. Whether it did, the sequence numbers of the socket tell
 * (copied_seq, write_seq): a look ahead, urgent data, an error and a call of no bytes do not move them, and a FIN, which
 * does, is subtracted. So a read that has no hook of its own (splice), or whose program the kernel skipped, is noticed at
 * the next event of the connection. It also keeps the order where threads race: a write is reported when it returns, and
 * by then another thread may have read the next request.
 *
 * `turns` counts reads and writes that took turns: it is odd while a request is in flight. It is taken by
 * compare-and-swap, because reads and writes of one connection may run on several CPUs at once. At the last close no call
 * on the socket is under way any more: each holds a reference to its file.
 *
 * Atomic operations with a result are 5.12's (bpf: 5ffa25502b5a). For older kernels this source is compiled a second time
 * without ATOMIC_FETCH; maps stand in there, whose inserts and deletes have results.
 */
#pragma once

#include "totals.bpf.h"

static __always_inline bool is_in_flight(__u32 turns)
{
	return turns & 1;
}

#ifdef ATOMIC_FETCH

/* Ends turn number `turn` of `conn`; false if another CPU did. */
static __always_inline bool take_turn(struct connection *conn, __u64 key, __u32 turn)
{
	return __sync_val_compare_and_swap(&conn->turns, turn, turn + 1) == turn;
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
	__u64 before = __sync_fetch_and_add(&load->turns, ONE_REQUEST) & IN_FLIGHT_MASK;

	if (!before)
		add(&load->busy_ns, -now);
	raise_in_flight_peak(load, before + 1);
}

static __always_inline void end_busy(struct request_load *load, __u64 now)
{
	if ((__sync_fetch_and_add(&load->turns, -1) & IN_FLIGHT_MASK) == 1)
		add(&load->busy_ns, now);
}

#else

/*
 * in_flight: struct sock's address -> 1 while a request of it is in flight. Only before 5.12.
 *   inserted and deleted: take_turn(); deleted: forget_turn(). Full: the request is not counted, LOSS_REQUEST.
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

static __always_inline bool take_turn(struct connection *conn, __u64 key, __u32 turn)
{
	__u8 one = 1;
	int error;

	if (conn->turns != turn)
		return false;
	if (is_in_flight(turn)) {
		if (bpf_map_delete_elem(&in_flight, &key))
			return false;
	} else {
		error = bpf_map_update_elem(&in_flight, &key, &one, BPF_NOEXIST);
		if (error && error != -EEXIST)
			count_loss(LOSS_REQUEST);
		if (error)
			return false;
		if (conn->turns != turn) { /* others took this turn and the next one meanwhile */
			bpf_map_delete_elem(&in_flight, &key);
			return false;
		}
	}
	conn->turns = turn + 1;
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

	add(&load->turns, ONE_REQUEST);
	raise(&load->in_flight_peak, load->turns & IN_FLIGHT_MASK);
	if (!bpf_map_update_elem(&busy_rows, &key, &one, BPF_NOEXIST))
		add(&load->busy_ns, -now);
}

static __always_inline void end_busy(struct request_load *load, __u64 now)
{
	__u64 key = (__u64)load;
	__u8 one = 1;

	add(&load->turns, -1);
	if (load->turns & IN_FLIGHT_MASK || bpf_map_delete_elem(&busy_rows, &key))
		return;
	add(&load->busy_ns, now);
	if (load->turns & IN_FLIGHT_MASK &&
	    !bpf_map_update_elem(&busy_rows, &key, &one, BPF_NOEXIST)) /* one began meanwhile */
		add(&load->busy_ns, -now);
}

#endif

static __always_inline void add_duration(struct histogram *hist, __u64 *sum_ns, __u64 *max_ns, __u64 duration_ns)
{
	add(sum_ns, duration_ns);
	raise(max_ns, duration_ns);
	hist_add(hist, duration_ns, 1);
}

/* When a request was read, first answered and, so far, last answered. */
struct request_times {
	__u64 read_ns;
	__u64 answered_ns;
	__u64 wrote_ns;
};

static __always_inline struct request_times times_of(const struct connection *conn)
{
	struct request_times times = {conn->read_ns, conn->answered_ns, conn->wrote_ns};

	return times;
}

/* The last request that `server` served is complete: nothing more was written before the next read, or the close. */
static __always_inline void complete_request(const struct worker_place *server, const struct request_times *times)
{
	struct request_counters *worker;

	if (times->wrote_ns == times->answered_ns || !times->read_ns)
		return;
	worker = bpf_map_lookup_elem(&request_rows, &server->worker);
	if (!worker)
		return;
	add(&worker->complete_sum_ns, times->wrote_ns - times->answered_ns);
	raise(&worker->complete_max_ns, times->wrote_ns - times->read_ns);
	hist_add(&worker->complete, times->wrote_ns - times->read_ns, 1);
	hist_add(&worker->complete, times->answered_ns - times->read_ns, -1);
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
	if (!service)
		return;
	if (!answered)
		add(&service->aborted, 1);
	if (!worker)
		add(&service->ownerless_turns, -1);
	if (!worker && !answered)
		add(&service->ownerless_aborted, 1);
	end_busy(service, now);
}

/* A request begins at `server`. */
static __always_inline struct request_counters *begin_loads(const struct worker_place *server, __u64 now)
{
	struct request_counters *worker = bpf_map_lookup_elem(&request_rows, &server->worker);
	struct request_load *service = bpf_map_lookup_elem(&service_loads, &server->service);

	if (worker)
		begin_busy(&worker->load, now);
	if (service && !worker)
		add(&service->ownerless_turns, ONE_REQUEST);
	if (service)
		begin_busy(service, now);
	return worker;
}

/* Notes the rows of the current task, which reads from `conn` for the first time, or closes it. No rows: not `traced`. */
static __noinline int note_server(struct connection *conn, bool traced)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct worker_key key = {};

	if (!conn)
		return 0;
	conn->server.worker = conn->server.service = NO_ROW;
	if (!traced)
		return 0;
	key.service = conn->worker.service;
	read_worker_key(&key, task, false);
	find_rows(&conn->server, &key, conn->listener_known, conn->uid, task);
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

/*
 * The current task serves the next request of `conn`, whose first byte it read at `read_ns`; 0 = earlier, nobody knows when.
 * False if another CPU began it.
 */
static __always_inline bool begin_request(struct connection *conn, __u64 key, __u32 turn, __u64 read_ns, __u64 now)
{
	struct request_times before = times_of(conn);
	struct request_counters *worker;
	__u32 id = current_server_id();

	if (!take_turn(conn, key, turn))
		return false;
	complete_request(&conn->server, &before);
	if (conn->server_id != id) {
		note_server(conn, task_traced());
		conn->server_id = id;
	}
	conn->read_ns = read_ns;
	vote_for_server(conn, id);
	worker = begin_loads(&conn->server, now);
	if (worker && read_ns && conn->ready_ns)
		add_duration(&worker->unread, &worker->unread_sum_ns, &worker->unread_max_ns, now - conn->ready_ns);
	return true;
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
	if (!take_turn(conn, key, 0))
		return;
	conn->server = conn->rows;
	conn->server_id = by_thread ? conn->accept_tid : conn->worker.tgid;
	vote_for_server(conn, conn->server_id);
	begin_loads(&conn->server, now);
}

/* What the end of a connection needs to know of its requests: copied before its entry is deleted. */
struct last_request {
	struct worker_place server;
	struct request_times times;
	__u32 turns;
	__u32 write_seq;
	bool compare_seq; /* write_seq is that of the socket, and includes no FIN */
};

static __always_inline void copy_last_request(struct last_request *last, const struct connection *conn)
{
	last->server = conn->server;
	last->times = times_of(conn);
	last->turns = conn->turns;
	last->write_seq = conn->write_seq;
	last->compare_seq = !conn->made_up_seq && !conn->fin_sent;
}

/* The connection is closed: no call on its socket is under way any more. */
static __always_inline void end_last_request(const struct last_request *last, struct sock *sk, __u64 now, bool missed)
{
	bool answered = false;

	if (!last->turns)
		return;
	if (!is_in_flight(last->turns)) {
		complete_request(&last->server, &last->times);
		return;
	}
	forget_turn((__u64)sk);
	if (!missed && last->compare_seq)
		answered = BPF_CORE_READ((struct tcp_sock *)sk, write_seq) != last->write_seq; /* no program saw it */
	end_request(&last->server, answered ? 0 : last->times.read_ns, now, answered);
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

/* Whether requests of `conn` can begin or be answered: not once the server has shut down its side. */
static __always_inline bool has_turns(const struct connection *conn)
{
	return conn && conn->accepted_ns && !conn->fin_sent;
}

/* Data lies in the receive buffer of `sk`. Runs in softirq as a rule. */
static __always_inline int on_ready(struct sock *sk)
{
	struct connection *conn;
	struct tcp_sock *tp;

	if (!may_have_requests(sk->__sk_common.skc_num) || sk->__sk_common.skc_state == TCP_LISTEN)
		return 0;
	conn = served_connection((__u64)sk);
	if (!conn || conn->ready_ns)
		return 0;
	/* TCP has just read the clock for this packet (tcp_mstamp_refresh()), and reading it is the most of the cost here. */
	tp = bpf_skc_to_tcp_sock(sk);
	conn->ready_ns = tp ? tp->tcp_clock_cache : bpf_ktime_get_ns();
	return 0;
}

/* How far the server has read and written. */
struct progress {
	__u32 copied_seq;
	__u32 write_seq;
	bool more;     /* there is unread data */
	__u64 sent_ns; /* when all that was written was sent; 0 = some waits */
};

/* `typed`: the verifier knows the type of `sk`. */
static __always_inline bool read_progress(struct progress *progress, struct sock *sk, bool typed)
{
	struct tcp_sock *tp = typed ? (struct tcp_sock *)bpf_skc_to_tcp_sock(sk) : (struct tcp_sock *)sk;

	if (!tp)
		return false;
	progress->copied_seq = READ(typed, tp, copied_seq);
	progress->write_seq = READ(typed, tp, write_seq);
	progress->more = READ(typed, tp, rcv_nxt) != progress->copied_seq;
	/* TCP has read the clock to send (tcp_mstamp_refresh()): unless more is to be sent, within this very write. */
	progress->sent_ns = READ(typed, tp, snd_nxt) == progress->write_seq ? READ(typed, tp, tcp_clock_cache) : 0;
	if (!progress->more)
		progress->copied_seq -= fin_received(READ(typed, sk, __sk_common.skc_flags));
	return true;
}

/* The connection of `sk`, if it has turns, and how far they are. */
static __always_inline struct connection *progress_of(struct sock *sk, bool typed, struct progress *progress)
{
	struct connection *conn = served_connection((__u64)sk);

	return has_turns(conn) && read_progress(progress, sk, typed) ? conn : NULL;
}

/* Where the sequence numbers stand before the server reads or writes anything. */
static __always_inline void begin_turns(struct connection *conn, struct sock *sk)
{
	conn->first_seq = BPF_CORE_READ((struct tcp_sock *)sk, write_seq);
	if (!count_requests)
		return;
	conn->copied_seq = BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
	conn->write_seq = conn->first_seq;
}

/* Several CPUs may report: the later write stays. */
static __always_inline void note_written(struct connection *conn, __u32 write_seq)
{
	if ((__s32)(write_seq - conn->write_seq) > 0)
		conn->write_seq = write_seq;
}

static __always_inline void answer(struct connection *conn, __u64 key, __u32 turn, __u64 now)
{
	if (now < conn->read_ns) /* where threads race */
		now = conn->read_ns;
	conn->answered_ns = conn->wrote_ns = now; /* before the turn ends: the next request's reader looks at them */
	if (take_turn(conn, key, turn))
		end_request(&conn->server, conn->read_ns, now, true);
}

/* The current task may have read from the socket with this key. */
static __always_inline void on_read(struct connection *conn, __u64 key, const struct progress *progress, __u64 now)
{
	__u32 turn = conn->turns;

	if (progress->copied_seq == conn->copied_seq)
		return;
	if (is_in_flight(turn) && progress->write_seq != conn->write_seq) {
		answer(conn, key, turn, now); /* by a write whose report is still to come, or was skipped */
		turn++;
	}
	conn->copied_seq = progress->copied_seq;
	if (!is_in_flight(turn)) {
		note_written(conn, progress->write_seq);
		begin_request(conn, key, turn, now, now);
	}
	/* What is left arrived when the rest did, or during this very call. */
	conn->ready_ns = progress->more ? now : 0;
}

/* Somebody may have written to the socket with this key: the current task, if `in_task`. */
static __always_inline void on_write(struct connection *conn, __u64 key, const struct progress *progress, __u64 now,
                                     bool in_task)
{
	__u32 turn = conn->turns;

	if (progress->write_seq == conn->write_seq)
		return;
	if (!is_in_flight(turn) && progress->copied_seq != conn->copied_seq) {
		conn->copied_seq = progress->copied_seq; /* a read passed by its program */
		if (in_task)
			turn += begin_request(conn, key, turn, 0, now);
		else
			count_loss(LOSS_REQUEST); /* nobody knows who read it: MPTCP before 6.3 */
	}
	if (is_in_flight(turn))
		answer(conn, key, turn, now);
	else if (turn)
		conn->wrote_ns = now;
	note_written(conn, progress->write_seq);
}

#define MSG_OOB      0x01 /* include/linux/socket.h */
#define MSG_PEEK     0x02
#define MSG_ERRQUEUE 0x2000

/*
 * An MPTCP connection is known by its first subflow, whose sequence numbers do not tell what the application reads and
 * writes. The calls themselves do: each advances made-up numbers. A look ahead is no read, and neither is urgent data or
 * what the error queue tells.
 */
static __noinline int on_mptcp(__u64 key, bool reads)
{
	struct connection *conn = served_connection(key);
	struct progress progress = {};

	if (!has_turns(conn))
		return 0;
	conn->made_up_seq = 1;
	progress.copied_seq = conn->copied_seq + reads;
	progress.write_seq = conn->write_seq + !reads;
	if (reads)
		on_read(conn, key, &progress, bpf_ktime_get_ns());
	else
		on_write(conn, key, &progress, bpf_ktime_get_ns(), true);
	return 0;
}

/* The current task received `bytes` from `sk`, or got an error. */
static __always_inline int on_receive(struct sock *sk, long bytes, int flags)
{
	struct progress progress;
	struct connection *conn;

	if (bytes <= 0 || !may_have_requests(port_of_any(sk)))
		return 0;
	if (sk->sk_protocol == IPPROTO_MPTCP)
		return flags & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE) ? 0 : on_mptcp((__u64)tcp_of(sk), true);
	conn = progress_of(sk, true, &progress);
	if (conn)
		on_read(conn, (__u64)sk, &progress, bpf_ktime_get_ns());
	return 0;
}

/* The current task sent `bytes` on `sk`, or got an error. */
static __always_inline int on_send(struct sock *sk, long bytes)
{
	struct progress progress;
	struct connection *conn;

	if (bytes <= 0 || !may_have_requests(port_of_any(sk)))
		return 0;
	if (sk->sk_protocol == IPPROTO_MPTCP)
		return on_mptcp((__u64)tcp_of(sk), false);
	conn = progress_of(sk, true, &progress);
	if (conn)
		on_write(conn, (__u64)sk, &progress, progress.sent_ns ? progress.sent_ns : bpf_ktime_get_ns(), true);
	return 0;
}

/* When the oldest unread data arrived is not known before 6.3. The last of it did at lrcvtime, to a jiffy. */
static __always_inline void estimate_ready(struct connection *conn, struct sock *sk, __u64 now)
{
	__u32 received = BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_ack.lrcvtime);

	conn->ready_ns = now - (__u64)((__u32)bpf_jiffies64() - received) * jiffy_ns;
}

/* The current task gives the lock of `sk` back, or has just read from it, before 6.3: it may have read or written. */
static __always_inline int on_use(struct sock *sk, bool typed, bool reads, bool writes)
{
	__u16 port = typed ? port_of_any(sk) : local_port(sk);
	struct progress progress;
	struct connection *conn;
	__u64 now;

	if (!may_have_requests(port))
		return 0;
	conn = progress_of(sk, typed, &progress);
	if (!conn)
		return 0;
	now = bpf_ktime_get_ns();
	if (reads && progress.copied_seq != conn->copied_seq) {
		estimate_ready(conn, sk, now);
		on_read(conn, (__u64)sk, &progress, now);
	} else if (writes) {
		on_write(conn, (__u64)sk, &progress, now, reads);
	}
	return 0;
}
