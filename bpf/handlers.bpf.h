/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One handler per fact, shared by every backend. Kernel memory is read with probe reads only, so that the same code
 * passes the verifier from fentry, kprobe, tracepoint and cgroup programs alike.
 */
#pragma once

#include "maps.bpf.h"

#define KNOWN_PORT_SLOTS 1024
#define SEVERAL_PORTS 0xffff

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
volatile __u32 walk_listeners = 0;  /* tell of listening sockets and epoll descriptors */
volatile __u32 walk_connections = 0; /* look for the holders of connections */
volatile __u32 walk_first = 0;      /* what is open and unknown was open before tracing began */
volatile __u32 walk_last = 0;       /* tracing ends: nothing will be reported later */
volatile __u32 walk_number = 0;     /* 1, 2, ... */
volatile __u32 walker_tgid = 0;     /* the process that walks: ourselves; set by the walk */

/* Set before a refresh: an empty map of the usual size costs more to walk than the rest of an idle tick. */
volatile __u32 refresh_connections = 0;

/* Connections that refresh() found dead for the first time; reset by userspace. */
volatile __u32 found_dead = 0;

/*
 * The local ports with connections that were to be tracked, by their lower bits: 0, the only
 * such port, or SEVERAL_PORTS; nothing is ever taken out. A host's own client sockets run through the same programs: this
 * is in the cache, and in the same page as the above, where their place in `connections` is not.
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

/* Accepts younger than this may still be on their way back to the application: a walk leaves them alone. */
#define WALK_PATIENCE_NS 100000000ULL

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

static __always_inline void raise_peak(__u64 *maximum, __s64 open)
{
	if (open > 0)
		raise(maximum, open);
}

/* `width` if value has a bit at or above it, else 0; 0 < width < 64. The compiler is kept from making it a branch. */
static __always_inline __u64 width_above(__u64 value, __u32 width)
{
	__u64 negative = -(value >> width);

	barrier_var(negative);
	return (negative >> 63) * width;
}

/*
 * floor(log2(value)); value != 0. Without branches: the verifier of 6.1 walks all of their 32 combinations, ten times the
 * instructions for the whole program.
 */
static __always_inline __u64 log2_u64(__u64 value)
{
	__u64 bit = 0, width;

	width = width_above(value, 32), value >>= width, bit += width;
	width = width_above(value, 16), value >>= width, bit += width;
	width = width_above(value, 8), value >>= width, bit += width;
	width = width_above(value, 4), value >>= width, bit += width;
	width = width_above(value, 2), value >>= width, bit += width;
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

/* The same of a socket that the program got as a typed argument: most often without a helper's call. */
static __always_inline __u16 local_port_of_typed(struct sock *sk)
{
	__u16 port = sk->__sk_common.skc_num;

	return port ? port : local_port(sk);
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

/* False: `port` is not traced, or it was not noted yet. */
static __always_inline bool is_known_port(__u16 port)
{
	return *known_port_slot(port) == port;
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

/* The service of a connection: the listener's own address where the hook knows the listener. */
static __always_inline void read_service_address(struct connection *conn, struct sock *listener)
{
	conn->listener_known = listener != NULL;
	if (listener)
		read_local(listener, &conn->worker.service.address);
	else
		conn->worker.service.address = conn->local;
}

/* `port` = local_port(sk). */
static __always_inline void read_tuple(struct connection *conn, struct sock *sk, __u16 port, struct sock *listener)
{
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		map_ipv4(&conn->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		map_ipv4(&conn->remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else {
		BPF_CORE_READ_INTO(&conn->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&conn->remote, sk, __sk_common.skc_v6_daddr);
	}
	conn->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	conn->worker.service.port = port;
	conn->worker.service.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	read_service_address(conn, listener);
}

struct bytes {
	__u64 received;
	__u64 sent;
};

/*
 * Bytes at the socket API, of a pre-existing connection since it was found. A FIN takes one sequence number in either direction and is counted by the kernel as a byte:
 * it is taken off again. Sent = acknowledged + still queued or in flight (tcp_rcv_nxt_update(), tcp_snd_una_update(),
 * tcp_fin(), tcp_send_fin() in net/ipv4).
 */
static __always_inline struct bytes read_bytes(const struct connection *conn, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u64 flags = BPF_CORE_READ(sk, __sk_common.skc_flags);
	__u32 unacked = BPF_CORE_READ(tp, write_seq) - BPF_CORE_READ(tp, snd_una);
	bool fin_received = flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1;
	__u64 received = BPF_CORE_READ(tp, bytes_received);
	__u64 sent = BPF_CORE_READ(tp, bytes_acked) + unacked;
	struct bytes bytes = {received - (fin_received && received), sent - (conn->fin_sent && sent)};

	if (conn->preexisting) {
		bytes.received -= conn->bytes_received_before;
		bytes.sent -= conn->bytes_sent_before;
	}
	return bytes;
}

/* What the application has not read yet of a connection that is open; a FIN has its sequence number here too. */
static __always_inline void read_unread(struct connection *conn, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u32 unread = BPF_CORE_READ(tp, rcv_nxt) - BPF_CORE_READ(tp, copied_seq);
	bool fin_received = BPF_CORE_READ(sk, __sk_common.skc_flags) >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1;

	conn->unread_bytes = unread - (fin_received && unread);
}

/* Takes the row `*next`, or one of the next that is free. Whoever deletes it has it: a counter with a result is 5.12's. */
static __always_inline __u32 take_row(void *free_rows, volatile __u32 *next, __u32 end)
{
	__u32 row, tries;

	for (tries = 0; tries < 16; tries++) {
		row = *next;
		if (row >= end)
			break;
		*next = row + 1;
		if (!bpf_map_delete_elem(free_rows, &row))
			return row;
	}
	return NO_ROW;
}

static __always_inline void give_row_back(void *free_rows, volatile __u32 *next, __u32 row)
{
	__u8 one = 1;

	bpf_map_update_elem(free_rows, &row, &one, BPF_NOEXIST);
	*next = row;
}

/* The row of a service that has none yet; NO_ROW if there is none left. */
static __noinline __u32 new_service(const struct connection *conn)
{
	struct service_counters *service;
	__u32 row, *known;

	if (!conn)
		return NO_ROW;
	row = take_row(&free_service_rows, &next_service_row, service_rows_end);
	service = bpf_map_lookup_elem(&service_rows, &row);
	if (service) {
		service->listener_known = conn->listener_known;
		if (bpf_map_update_elem(&services, &conn->worker.service, &row, BPF_NOEXIST)) /* another CPU was first */
			give_row_back(&free_service_rows, &next_service_row, row);
	}
	known = bpf_map_lookup_elem(&services, &conn->worker.service);
	return known ? *known : NO_ROW;
}

static __always_inline __u32 service_row(const struct connection *conn)
{
	__u32 *known = bpf_map_lookup_elem(&services, &conn->worker.service);

	return known ? *known : new_service(conn);
}

/* The totals of the service of a connection that nobody has accepted. */
static __always_inline struct service_counters *get_service(const struct connection *conn)
{
	__u32 row = service_row(conn);
	struct service_counters *service = bpf_map_lookup_elem(&service_rows, &row);

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

/* The row of a worker on the service of row `service` that has none yet; NO_ROW if there is none left. */
static __noinline __u32 new_worker(const struct connection *conn, struct task_struct *task, __u32 service)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct worker_place place = {NO_ROW, service}, *known;
	struct worker_counters *worker;

	if (!conn)
		return NO_ROW;
	place.worker = take_row(&free_worker_rows, &next_worker_row, worker_rows_end);
	worker = bpf_map_lookup_elem(&worker_rows, &place.worker);
	if (worker) {
		worker->ns_pid = innermost_pid(leader);
		BPF_CORE_READ_STR_INTO(&worker->comm, by_thread ? task : leader, comm);
		if (bpf_map_update_elem(&workers, &conn->worker, &place, BPF_NOEXIST)) /* another thread was first */
			give_row_back(&free_worker_rows, &next_worker_row, place.worker);
	}
	known = bpf_map_lookup_elem(&workers, &conn->worker);
	return known ? known->worker : NO_ROW;
}

/* Notes where the owner of `conn`, which is `task`, is counted. */
static __always_inline void read_rows(struct connection *conn, struct task_struct *task)
{
	struct worker_place *known = bpf_map_lookup_elem(&workers, &conn->worker);

	if (known) {
		conn->rows = *known;
		return;
	}
	conn->rows.service = service_row(conn); /* not by new_worker(): the stack has no room for one more call in the other */
	conn->rows.worker = new_worker(conn, task, conn->rows.service);
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

#define FINISH_MISSED 1        /* no program saw the close */
#define FINISH_SOCKET_REUSED 2 /* the memory is another socket by now: the bytes cannot be read any more */

/* What is counted of a close: copied before the entry is deleted, as its memory may be another entry's at once. */
struct ending {
	struct worker_place rows;
	__u64 lifetime_ns;
	struct bytes bytes;
	__u8 preexisting;
};

static __always_inline void count_close(const struct ending *ending, __u32 reason, __u32 flags)
{
	struct service_counters *service = bpf_map_lookup_elem(&service_rows, &ending->rows.service);
	struct worker_counters *worker = bpf_map_lookup_elem(&worker_rows, &ending->rows.worker);

	if (flags & FINISH_MISSED)
		count_loss(LOSS_MISSED_CLOSE);
	if (service)
		add(ending->preexisting ? &service->preexisting_closes : &service->closes, 1);
	if (!worker)
		return;
	add(&worker->bytes_received, ending->bytes.received);
	add(&worker->bytes_sent, ending->bytes.sent);
	if (reason < CLOSE_REASONS)
		add(&worker->close_reasons[reason], 1);
	if (ending->preexisting) { /* its lifetime is not known */
		add(&worker->preexisting_closes, 1);
		add(&worker->preexisting_sum_ns, ending->lifetime_ns);
		return;
	}
	add(&worker->closes, 1);
	add(&worker->lifetime_sum_ns, ending->lifetime_ns);
	raise(&worker->lifetime_max_ns, ending->lifetime_ns);
	hist_add(&worker->lifetime, ending->lifetime_ns);
}

/*
 * Counts the close of an accepted connection, hands its record to the ring and forgets it. `flags`: FINISH_*.
 */
static __noinline int finish(struct sock *sk, struct connection *conn, __u32 reason, __u32 closer_tgid, __u32 flags)
{
	struct closed_connection *record;
	struct ending ending = {};
	__u64 key = (__u64)sk, now = bpf_ktime_get_ns();

	if (!conn)
		return 0;
	if (conn->ignored) {
		untrack(key);
		return 0;
	}
	if (flags & FINISH_SOCKET_REUSED)
		ending.bytes = (struct bytes){conn->bytes_received, conn->bytes_sent};
	else
		ending.bytes = read_bytes(conn, sk);
	ending.rows = conn->rows;
	ending.lifetime_ns = now - conn->accepted_ns;
	ending.preexisting = conn->preexisting;
	/* Two paths to the same end: before 6.2 the verifier loses track of a record that may be there or not. */
	record = bpf_ringbuf_reserve(&closed, sizeof(*record), 0);
	if (!record) {
		if (untrack(key)) {
			count_close(&ending, reason, flags);
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
	if (!untrack(key)) { /* somebody else was faster: `conn` was no longer ours */
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 0;
	}
	count_close(&ending, reason, flags);
	bpf_ringbuf_submit(record, ring_flags());
	return 0;
}

/* Two sockets cannot share an address: a new one there tells that the former one's end was missed. */
static __always_inline void finish_former(struct sock *sk, struct connection *conn)
{
	finish(sk, conn, CLOSE_UNKNOWN, 0, FINISH_MISSED | FINISH_SOCKET_REUSED);
}

/*
 * Whether `sk` is still the socket of `conn`: where both its close and its end were skipped, the memory may be another
 * socket by now. `port` = local_port(sk). A disconnected socket has no ports left and is taken for its own.
 */
static __always_inline bool is_socket_of(struct sock *sk, __u16 port, const struct connection *conn)
{
	__u16 remote = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));

	return (!port || port == conn->worker.service.port) && (!remote || remote == conn->remote_port);
}

/* It left the accept queue, and nobody had accepted it. */
static __always_inline void drop_queued(__u64 key, struct connection *conn)
{
	struct service_counters *service = get_service(conn);

	if (service)
		add(&service->never_accepted, 1);
	untrack(key);
}

static __always_inline __u64 connection_identity(const struct connection *conn)
{
	return conn->accepted_ns ? conn->accepted_ns : conn->enqueued_ns;
}

static __always_inline void end_dead(__u64 key, struct connection *conn, bool same)
{
	if (bpf_map_lookup_elem(&connections, &key) != conn)
		return; /* it is gone, and its address is another connection's */
	if (conn->accepted_ns)
		finish((struct sock *)key, conn, CLOSE_UNKNOWN, 0, FINISH_MISSED | (same ? 0 : FINISH_SOCKET_REUSED));
	else
		drop_queued(key, conn);
}

/*
 * Brings the bytes of an open connection up to date, and ends one whose socket is gone without a program having seen it:
 * its memory is another socket by now, or it has no application any more (SOCK_DEAD). As this runs beside a close that is
 * under way, such a socket must be seen twice, by two passes: a close that a program sees is gone from the map before
 * the socket is dead. The memory of an entry can become another entry's under our hands, so what was seen is told by its
 * identity. `may_end`: the caller's context allows deleting.
 */
static __always_inline void refresh(__u64 key, struct connection *conn, bool may_end)
{
	struct sock *sk = (struct sock *)key;
	bool same = local_port(sk) == conn->worker.service.port &&
		    bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport)) == conn->remote_port;
	struct bytes bytes;

	if (!same || BPF_CORE_READ(sk, __sk_common.skc_flags) >> bpf_core_enum_value(enum sock_flags, SOCK_DEAD) & 1) {
		if (conn->dead_ns != connection_identity(conn)) {
			conn->dead_ns = connection_identity(conn);
			found_dead = 1;
		} else if (may_end && recording) {
			end_dead(key, conn, same);
		}
		return;
	}
	if (!conn->accepted_ns)
		return;
	bytes = read_bytes(conn, sk);
	conn->active = conn->bytes_received != bytes.received || conn->bytes_sent != bytes.sent;
	conn->bytes_received = bytes.received;
	conn->bytes_sent = bytes.sent;
	read_unread(conn, sk);
}

static __always_inline void refresh_listener(__u64 key, struct listener *listener)
{
	struct sock *sk = (struct sock *)key;

	if (BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN || local_port(sk) != listener->service.port)
		return; /* on_state() is about to delete it */
	listener->depth = BPF_CORE_READ(sk, sk_ack_backlog);
	listener->backlog = BPF_CORE_READ(sk, sk_max_ack_backlog);
	listener->drops = (__u32)BPF_CORE_READ(sk, sk_drops.counter);
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

/* Connections in hand, as far as they are tracked; below 0 for a moment while one of them is taken back. */
static __always_inline __s64 open_of_worker(const struct worker_counters *worker)
{
	return worker->accepts - worker->closes - worker->untracked + worker->preexisting - worker->preexisting_closes;
}

static __always_inline __s64 open_of_service(const struct service_counters *service)
{
	return service->accepts - service->closes - service->untracked + service->preexisting -
	       service->preexisting_closes;
}

/* An accepted connection, or a pre-existing one. */
static __always_inline void count_owned(struct connection *conn, bool is_tracked)
{
	__u64 wait = conn->accepted_ns - conn->enqueued_ns;
	struct service_counters *service = bpf_map_lookup_elem(&service_rows, &conn->rows.service);
	struct worker_counters *worker = bpf_map_lookup_elem(&worker_rows, &conn->rows.worker);

	if (!service || !service->accepts) /* the first one: later, the byte is as good as never in the cache */
		*by_port(accepted_ports, conn->worker.service.port) = 1;
	if (!is_tracked)
		count_loss(LOSS_CONNECTION_MAP_FULL);
	if (!service) {
		count_loss(LOSS_SERVICE_MAP_FULL);
	} else {
		add(conn->preexisting ? &service->preexisting : &service->accepts, 1);
		if (!is_tracked)
			add(&service->untracked, 1);
		raise_peak(&service->peak_open, open_of_service(service));
		if (conn->queue_depth > service->depth_max)
			service->depth_max = conn->queue_depth;
		if (conn->backlog && conn->backlog != service->backlog) {
			service->backlog = conn->backlog;
			service->reuseport = conn->reuseport;
		}
	}
	if (!worker) {
		count_loss(LOSS_WORKER_MAP_FULL);
		return;
	}
	add(conn->preexisting ? &worker->preexisting : &worker->accepts, 1);
	if (!is_tracked)
		add(&worker->untracked, 1);
	raise_peak(&worker->peak_open, open_of_worker(worker));
	if (conn->enqueued_ns && !conn->found) {
		add(&worker->wait_count, 1);
		add(&worker->wait_sum_ns, wait);
		raise(&worker->wait_max_ns, wait);
		hist_add(&worker->wait, wait);
	}
}

/*
 * Its accept is reported after all: a walk was faster than the end of the system call. What the walk made of it is taken
 * back, so that it can be counted as what it is.
 */
static __noinline int take_back(struct connection *conn)
{
	struct service_counters *service;
	struct worker_counters *worker;

	if (!conn)
		return 0;
	service = bpf_map_lookup_elem(&service_rows, &conn->rows.service);
	worker = bpf_map_lookup_elem(&worker_rows, &conn->rows.worker);
	if (service && !conn->ignored)
		add(conn->preexisting ? &service->preexisting : &service->accepts, -1);
	if (worker && !conn->ignored)
		add(conn->preexisting ? &worker->preexisting : &worker->accepts, -1);
	if (!worker && !conn->ignored)
		change_loss(LOSS_WORKER_MAP_FULL, -1);
	if (!conn->preexisting && !conn->ignored)
		change_loss(LOSS_MISSED_ACCEPT, -1);
	conn->accepted_ns = 0;
	conn->preexisting = conn->found = conn->ignored = 0;
	return 0;
}

/*
 * A finished handshake put `child` into the accept queue of `listener` (NULL where the hook does not know it).
 * Runs in softirq as a rule: the current task means nothing here.
 */
static __always_inline int on_enqueue(struct sock *listener, struct sock *child)
{
	__u64 key = (__u64)child;
	struct connection conn = {}, *former;
	__u16 port;

	if (!recording)
		return 0;
	port = local_port(child);
	if (!is_known_port(port)) {
		if (!port_traced(port))
			return 0;
		note_known_port(port);
	}
	conn.enqueued_ns = bpf_ktime_get_ns();
	read_tuple(&conn, child, port, listener);
	read_listener(&conn, listener, 1); /* this one is about to be added */
	forget_untracked(key);
	if (track(key, &conn) != -EEXIST)
		return 0; /* full: on_accept() tries again and counts */
	former = bpf_map_lookup_elem(&connections, &key);
	if (!former || !former->accepted_ns) { /* two hooks on the same way */
		bpf_map_update_elem(&connections, &key, &conn, BPF_EXIST);
	} else if (!enqueue_from_state) { /* else it is fast open: accepted before the handshake was complete */
		finish_former(child, former);
		track(key, &conn);
	}
	return 0;
}

/*
 * The current task accepted `conn`, which is in the map already: changed where it is, as the peer's packets may be
 * changing it at this moment. accepted_ns comes last: whoever sees it sees the rest.
 */
static __always_inline void accept_tracked(struct connection *conn, struct task_struct *task)
{
	read_worker(conn, task);
	conn->ignored = !task_traced();
	if (!conn->ignored)
		read_rows(conn, task);
	barrier();
	conn->accepted_ns = bpf_ktime_get_ns();
	if (!conn->ignored)
		count_owned(conn, true);
}

static __noinline int accept_queued(struct sock *listener, struct connection *conn)
{
	if (!conn)
		return 0;
	if (listener && !conn->listener_known)
		read_service_address(conn, listener);
	if (!conn->queue_depth)
		read_listener(conn, listener, 1); /* this one was taken off already */
	accept_tracked(conn, (void *)bpf_get_current_task());
	return 0;
}

/* The accept of a connection that was not seen to enter the queue; false if it is in the map by now. */
static __noinline int accept_unseen(struct sock *listener, struct sock *child, __u16 port)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 key = (__u64)child;
	struct connection conn = {};
	long error;

	read_tuple(&conn, child, port, listener);
	read_listener(&conn, listener, 1); /* this one was taken off already */
	read_worker(&conn, task);
	conn.ignored = !task_traced();
	if (!conn.ignored)
		read_rows(&conn, task);
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
 * A process got `child` from inet_csk_accept(). `again` = a second look at the same accept, from a hook further down
 * its path: it serves only where the first one was not seen.
 */
static __noinline int on_accept(struct sock *listener, struct sock *child, bool again)
{
	__u64 key = (__u64)child;
	struct connection *conn;
	__u16 port;

	if (!recording || !child)
		return 0;
	conn = bpf_map_lookup_elem(&connections, &key);
	port = local_port(child);
	if (!conn) {
		if (!is_tcp(child) || !port_traced(port))
			return 0;
		if (is_untracked(key, again))
			return 0; /* by the first look, or by a walk that was faster */
		if (accept_unseen(listener, child, port))
			return 0;
		conn = bpf_map_lookup_elem(&connections, &key); /* a walk has found it meanwhile */
		if (!conn)
			return 0;
	}
	if (conn->accepted_ns) {
		if (again)
			return 0;
		if (!conn->found && !conn->preexisting) {
			finish_former(child, conn);
			accept_unseen(listener, child, port);
			return 0;
		}
		take_back(conn);
	}
	return accept_queued(listener, conn);
}

/* The current task got a descriptor of `sk` from an accept that is no system call: the connection must be in the queue. */
static __always_inline int on_uring_accept(struct sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 key = (__u64)sk;
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);

	if (!recording || !conn)
		return 0;
	if (conn->accepted_ns && !conn->found && !conn->preexisting)
		return 0; /* another operation on an accepted connection */
	if (conn->accepted_ns && bpf_ktime_get_ns() - conn->accepted_ns > WALK_PATIENCE_NS)
		return 0; /* the same, on one that a walk found */
	if (conn->accepted_ns)
		take_back(conn);
	accept_tracked(conn, task);
	return 0;
}

/* ---- walks: over every descriptor of every task; `task` is the holder, and the current task is the walker */

static __always_inline bool holder_traced(struct task_struct *task)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);

	return !(filter_pids && !bpf_map_lookup_elem(&pids, &tgid)) &&
	       !(filter_cgroups && !bpf_map_lookup_elem(&members, &tgid));
}

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

/* `task` holds the listening socket `sk`: fills `out`; false if that is of no interest. */
static __noinline int on_listener(struct task_struct *task, struct sock *sk, struct descriptor *out)
{
	__u64 key = (__u64)sk;
	struct listener listener = {}, *known;
	__u8 one = 1;

	if (!out || !port_traced(local_port(sk)) || !holder_traced(task))
		return false;
	read_local(sk, &listener.service.address);
	listener.service.port = local_port(sk);
	listener.service.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	bpf_map_update_elem(&listening, &listener.service, &one, BPF_ANY);
	known = bpf_map_lookup_elem(&listeners, &key);
	if (known) {
		refresh_listener(key, known);
	} else {
		refresh_listener(key, &listener);
		listener.reuseport = BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuseport);
		listener.drops_before = walk_first ? listener.drops : 0;
		bpf_map_update_elem(&listeners, &key, &listener, BPF_NOEXIST);
	}
	out->kind = DESCRIPTOR_LISTENER;
	out->service = listener.service;
	return true;
}

/* The listening socket that took the connection `conn` in: on its own address, else on the wildcard. */
static __always_inline bool find_listener(struct connection *conn)
{
	struct service_key *service = &conn->worker.service;
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

/* `task` holds a connection that no program has seen: one from before, or one whose accept was missed altogether. */
static __noinline int on_unknown(struct task_struct *task, struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct connection conn = {};
	struct bytes bytes;
	long error;

	if (is_untracked(key, !walk_first))
		return 0;
	read_tuple(&conn, sk, local_port(sk), NULL);
	if (!conn.remote_port || !find_listener(&conn))
		return 0;
	conn.listener_known = 1;
	conn.holder_task = (__u64)task;
	conn.holder_tgid = BPF_CORE_READ(task, tgid);
	read_worker(&conn, task);
	conn.owner_walk = walk_number;
	conn.ignored = !holder_traced(task);
	conn.preexisting = walk_first;
	conn.found = !walk_first;
	conn.accepted_ns = bpf_ktime_get_ns();
	bytes = read_bytes(&conn, sk);
	if (conn.preexisting) {
		conn.bytes_received_before = bytes.received;
		conn.bytes_sent_before = bytes.sent;
	} else {
		conn.bytes_received = bytes.received;
		conn.bytes_sent = bytes.sent;
	}
	read_unread(&conn, sk);
	if (!conn.ignored)
		read_rows(&conn, task);
	note_known_port(conn.worker.service.port);
	/* The descriptor keeps the socket open while we are here: no close can come before the entry is there. */
	error = track(key, &conn);
	if (error == -EEXIST)
		return 0; /* its accept has just been seen */
	if (error && !enter_untracked(key))
		return 0; /* it would be counted again for every other holder, and by every other walk */
	if (conn.ignored)
		return 0;
	if (conn.found)
		count_loss(LOSS_MISSED_ACCEPT);
	count_owned(&conn, !error);
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
		read_worker(conn, task);
		conn->ignored = !holder_traced(task);
		conn->found = 1;
		conn->owner_walk = walk_number;
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

/*
 * A walk takes a reference to each file that it looks at. If that turns out to be the last one, the application closed its
 * descriptor meanwhile and the close happens in our own process: `task` and `tgid` become those of whom the walk saw
 * holding it. A task that is gone by now has exited.
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

/* A close of a connection that is not tracked: counted if it may have been accepted. */
static __always_inline int on_unknown_close(struct sock *sk, __u32 port)
{
	forget_untracked((__u64)sk);
	/* A listener has no peer, in whatever state: shutdown() takes it out of LISTEN. */
	/* Until the first walk is over, it is one from before that the walk came too late for. */
	if (*by_port(accepted_ports, port) && !walk_first && BPF_CORE_READ(sk, __sk_common.skc_dport) && is_tcp(sk))
		count_loss(LOSS_UNKNOWN_CLOSE);
	return 0;
}

/* The application gave `sk` up. Also runs for listeners, clients and never-connected sockets: not ours. */
static __always_inline int on_close(struct sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 key = (__u64)sk;
	struct connection *conn;
	bool exits;
	__u32 tgid;
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
	exits = closer_exits(conn, task, &tgid);
	return finish(sk, conn, close_reason_of(conn, BPF_CORE_READ(sk, __sk_common.skc_state), exits), tgid, 0);
}

/* Notes who leaves ESTABLISHED first and whether our FIN is out; stands in for hooks that a backend lacks. */
static __always_inline int on_state(struct sock *sk, int from, int to)
{
	__u64 key = (__u64)sk;
	struct connection *conn;

	bool is_enqueue = from == TCP_SYN_RECV && to == TCP_ESTABLISHED;
	bool is_end = from == TCP_ESTABLISHED || to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK || to == TCP_CLOSE;

	if (!(is_enqueue || is_end) || !recording) /* in this order: most changes of state are neither, and need no memory */
		return 0;
	if (is_enqueue)
		return enqueue_from_state ? on_enqueue(NULL, sk) : 0;
	if (from == TCP_LISTEN) {
		bpf_map_delete_elem(&listeners, &key);
		return 0;
	}
	if (to == TCP_CLOSE && from != TCP_ESTABLISHED && !close_from_state)
		return 0;
	if (!may_be_known(local_port_of_typed(sk)))
		return 0;
	conn = bpf_map_lookup_elem(&connections, &key);
	if (!conn)
		return 0;
	if (close_from_state && conn->accepted_ns && (to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK || to == TCP_CLOSE))
		return finish(sk, conn, close_reason_of(conn, to == TCP_CLOSE ? to : from, false), 0, 0);
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
