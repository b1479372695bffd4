/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Readers of sockets and tasks. They use probe reads, so that the same code passes the verifier in fentry, kprobe,
 * tracepoint and cgroup programs. A probe read is a helper call of about 25 ns, and a connection needs dozens of them.
 * Where the hot path has an object whose type the verifier knows (`typed`, a compile-time constant), reads are plain
 * loads.
 */
#pragma once

#include "state.bpf.h"

/* Reads a field of `object`. */
#define READ(typed, object, field) ((typed) ? (object)->field : BPF_CORE_READ(object, field))

/* Whether the kernel has bpf_get_current_task_btf() (5.11). Check at every use: old verifiers lose the result. */
#define CURRENT_TASK_IS_TYPED bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

static __always_inline __u16 local_port(struct sock *sk)
{
	/* inet_sport, not skc_num: skc_num is 0 after a reset, once the port has been released. */
	return bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

/* local_port() of a socket that the program received as a typed argument: usually needs no helper call. */
static __always_inline __u16 local_port_of_typed(struct sock *sk)
{
	__u16 port = sk->__sk_common.skc_num;

	return port ? port : local_port(sk);
}

/* The same of a socket of any family: 0 if it has no port. */
static __always_inline __u16 port_of_any(struct sock *sk)
{
	__u16 port = sk->__sk_common.skc_num, family = sk->__sk_common.skc_family;

	return port ? port : family == AF_INET || family == AF_INET6 ? local_port(sk) : 0;
}

static __always_inline bool is_tcp(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
}

/* Of an MPTCP socket its first subflow, which is what was accepted (or listens); any other socket itself. */
static __always_inline struct sock *tcp_of(struct sock *sk)
{
	if (sk && bpf_core_type_exists(struct mptcp_sock) && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_MPTCP)
		return BPF_CORE_READ((struct mptcp_sock *)sk, first);
	return sk;
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

/* address_traced() of a listening socket. */
static __always_inline bool listens_on_traced_address(struct sock *listener)
{
	struct ip_address address;

	if (!filter_addresses)
		return true;
	read_local(listener, &address);
	return address_traced(&address);
}

/* The service of a connection: the bound address of the listener if the hook knows the listener. */
static __always_inline void read_service_address(struct connection *conn, struct sock *listener)
{
	conn->listener_known = listener != NULL;
	if (listener)
		read_local(listener, &conn->worker.service.address);
	else
		conn->worker.service.address = conn->local;
}

/* `port` = local_port(sk); `typed` refers to `sk`. */
static __always_inline void read_tuple(struct connection *conn, struct sock *sk, __u16 port, struct sock *listener,
                                       bool typed)
{
	struct net *net = READ(typed, sk, __sk_common.skc_net.net);

	if (READ(typed, sk, __sk_common.skc_family) == AF_INET) {
		map_ipv4(&conn->local, READ(typed, sk, __sk_common.skc_rcv_saddr));
		map_ipv4(&conn->remote, READ(typed, sk, __sk_common.skc_daddr));
	} else {
		BPF_CORE_READ_INTO(&conn->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&conn->remote, sk, __sk_common.skc_v6_daddr);
	}
	conn->remote_port = bpf_ntohs(READ(typed, sk, __sk_common.skc_dport));
	conn->uid = READ(typed, sk, sk_uid.val);
	conn->worker.service.port = port;
	conn->worker.service.netns = READ(typed, net, ns.inum);
	read_service_address(conn, listener);
}

/* Whether the peer's FIN has come, which takes a sequence number. `flags`: skc_flags. */
static __always_inline bool fin_received(__u64 flags)
{
	return flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1;
}

/* Whether no application holds the socket any more. `flags`: skc_flags. */
static __always_inline bool is_dead(__u64 flags)
{
	return flags >> bpf_core_enum_value(enum sock_flags, SOCK_DEAD) & 1;
}

struct bytes {
	__u64 received;
	__u64 sent;
	__u32 unacked; /* the part of `sent` that the peer has not acknowledged */
};

/*
 * Bytes of a connection: received = the peer's bytes that the kernel has in order, read by the application or not; sent =
 * handed over by the application, acknowledged or not. For a pre-existing connection, since it was found.
 *
 * A FIN takes one sequence number in either direction, and the kernel counts it as a byte, so it is subtracted
 * (tcp_rcv_nxt_update(), tcp_snd_una_update(), tcp_fin(), tcp_send_fin() in net/ipv4). The peer's is counted before it is
 * noted: only under the lock of the socket do both agree.
 *
 * Packets may arrive while this reads. An acknowledgement changes two fields, bytes_acked and snd_una, of which only the first
 * is read: it begins at 0 where write_seq begins at first_seq. What is acknowledged was written before, so write_seq, read
 * after it, is never behind.
 */
static __always_inline struct bytes read_bytes(const struct connection *conn, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct bytes bytes = {conn->bytes_received, conn->bytes_sent, conn->bytes_unacked};
	__u32 write_seq, fin;
	__u64 acked;

	if (conn->bytes_final)
		return bytes;
	bytes.received = BPF_CORE_READ(tp, bytes_received);
	if (bytes.received)
		bytes.received -= fin_received(BPF_CORE_READ(sk, __sk_common.skc_flags));
	acked = BPF_CORE_READ(tp, bytes_acked);
	barrier();
	write_seq = BPF_CORE_READ(tp, write_seq);
	fin = conn->fin_sent && write_seq != conn->fin_seq;
	bytes.unacked = write_seq - conn->first_seq - (__u32)acked;
	bytes.sent = acked + bytes.unacked - fin;
	if (bytes.unacked)
		bytes.unacked -= fin;
	if (conn->preexisting) {
		bytes.received -= conn->bytes_received_before;
		bytes.sent -= conn->bytes_sent_before;
	}
	return bytes;
}

static __always_inline void keep_bytes(struct connection *conn, const struct bytes *bytes)
{
	conn->bytes_received = bytes->received;
	conn->bytes_sent = bytes->sent;
	conn->bytes_unacked = bytes->unacked;
}

/*
 * first_seq of a connection that may have written: where write_seq stood when bytes_acked was 0. An acknowledgement changes
 * snd_una and bytes_acked one after the other, so both must be found unchanged.
 */
static __always_inline __u32 first_seq_of(struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u32 una, acked, tries;

	for (tries = 0; tries < 4; tries++) {
		una = BPF_CORE_READ(tp, snd_una);
		acked = (__u32)BPF_CORE_READ(tp, bytes_acked);
		barrier();
		if (una == BPF_CORE_READ(tp, snd_una) && acked == (__u32)BPF_CORE_READ(tp, bytes_acked))
			break;
	}
	return una - acked;
}

/*
 * Whether `sk`, which has a peer, came out of an accept queue; else this host connected it, from a port that listens or did.
 *
 * - A child inherits the backlog of its listening socket, and is never bound by bind() itself (sk_clone_lock() in
 *   net/core/sock.c).
 * - The side that connects has its SYN acknowledged, which bytes_acked counts as a byte and bytes_sent does not.
 */
static __always_inline bool was_accepted(struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u32 numbers, bytes, fin;
	__u8 state;

	if (BPF_CORE_READ(sk, sk_max_ack_backlog))
		return true;
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & SOCK_BINDPORT_LOCK)
		return false;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (state == TCP_CLOSE)
		return true; /* listen() with a backlog of 0, and reset: it is not known */
	fin = state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT && state != TCP_SYN_RECV;
	numbers = BPF_CORE_READ(tp, snd_nxt) - first_seq_of(sk);
	bytes = BPF_CORE_READ(tp, bytes_sent) - BPF_CORE_READ(tp, bytes_retrans);
	return numbers - fin == bytes;
}

/* Bytes of an open connection that the application has not read yet; excludes the sequence number of a FIN. */
static __always_inline void read_unread(struct connection *conn, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u32 unread = BPF_CORE_READ(tp, rcv_nxt) - BPF_CORE_READ(tp, copied_seq);
	bool fin = fin_received(BPF_CORE_READ(sk, __sk_common.skc_flags));

	conn->unread_bytes = unread - (fin && unread);
}

/* The accept queue of `listener` was `depth` deep. */
static __always_inline void raise_depth(struct sock *listener, __u32 depth)
{
	__u64 key = (__u64)listener;
	struct listener *known = bpf_map_lookup_elem(&listeners, &key);

	if (known && depth > known->depth_max)
		known->depth_max = depth;
}

/* The accept queue has `waiting` connections in addition to those that the listening socket counts itself. */
static __always_inline void read_listener(struct connection *conn, struct sock *listener, __u32 waiting)
{
	if (!listener)
		return;
	conn->queue_depth = BPF_CORE_READ(listener, sk_ack_backlog) + waiting;
	conn->backlog = BPF_CORE_READ(listener, sk_max_ack_backlog);
	conn->reuseport = BPF_CORE_READ_BITFIELD_PROBED(listener, __sk_common.skc_reuseport);
	if (conn->queue_depth > 1) /* refresh_listener() knows of one; this lookup is for queues that build up */
		raise_depth(listener, conn->queue_depth);
}

/* The pid in the namespace of `level`: 0 is the initial one. */
static __always_inline __u32 pid_at_level(struct pid *pid, __u32 level)
{
	void *entry = (void *)pid + bpf_core_field_offset(pid->numbers) + level * bpf_core_type_size(struct upid);

	return BPF_CORE_READ((struct upid *)entry, nr);
}

static __always_inline __u32 pid_level(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread_pid, level);
}

static __always_inline __u32 innermost_pid(struct task_struct *task)
{
	return pid_at_level(BPF_CORE_READ(task, thread_pid), pid_level(task));
}

/* Sets all of `key` but the service. `typed` refers to `task`. */
static __always_inline void read_worker_key(struct worker_key *key, struct task_struct *task, bool typed)
{
	key->tgid = READ(typed, task, tgid);
	key->tid = by_thread ? READ(typed, task, pid) : 0;
	if (!by_thread)
		task = READ(typed, task, group_leader);
	key->start_ns = READ(typed, task, start_boottime);
}

static __always_inline void read_worker(struct connection *conn, struct task_struct *task, bool typed)
{
	conn->accept_tid = READ(typed, task, pid);
	read_worker_key(&conn->worker, task, typed);
}

static __always_inline void read_current_worker(struct connection *conn)
{
	if (CURRENT_TASK_IS_TYPED)
		read_worker(conn, bpf_get_current_task_btf(), true);
	else
		read_worker(conn, (void *)bpf_get_current_task(), false);
}
