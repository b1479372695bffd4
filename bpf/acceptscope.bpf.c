// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Three backends observe the same five events (enqueue, accept, close, state, destroy). userspace/capture/attach_plan
 * decides which programs a backend needs on the running kernel and enables only those (all are optional, "?").
 *
 * - accept: return of inet_csk_accept(), in the context of the accepting task. The return probe misses tasks that were
 *   already blocked in the function when it was attached, and the kernel can skip a probe. security_sock_graft(), which
 *   runs later on the same path, catches these accepts.
 * - close: entry of tcp_close(), or the release of the socket where functions cannot be probed.
 * - destroy: tcp_destroy_sock, the backstop: no entry of the connection map outlives its socket.
 */
#include "kernel_types.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "door.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* ---- fentry */

SEC("?fentry/inet_csk_reqsk_queue_add")
int BPF_PROG(enqueue_fentry, struct sock *listener, struct request_sock *req, struct sock *child)
{
	return on_enqueue(listener, child, true);
}

/* Calls inet_csk_reqsk_queue_add(), which some compilers inline: on 6.1 the hook above never fires for such calls. */
SEC("?fentry/inet_csk_complete_hashdance")
int BPF_PROG(enqueue2_fentry, struct sock *listener, struct sock *child, struct request_sock *req, bool own_req)
{
	return own_req ? on_enqueue(listener, child, true) : 0;
}

SEC("?fexit/inet_csk_accept")
int BPF_PROG(accept_fexit, struct sock *listener, int flags, int *err, bool kern, struct sock *child)
{
	return on_accept(listener, child, false);
}

SEC("?fexit/inet_csk_accept")
int BPF_PROG(accept_fexit610, struct sock *listener, struct proto_accept_arg *arg, struct sock *child)
{
	return on_accept(listener, child, false); /* 92ef0fd55ac8 (6.10): two arguments; before: accept_fexit */
}

SEC("?fentry/security_sock_graft")
int BPF_PROG(graft_fentry, struct sock *child, struct socket *parent)
{
	return on_accept(NULL, child, true);
}

SEC("?fentry/tcp_close")
int BPF_PROG(close_fentry, struct sock *sk)
{
	return on_close(sk, false);
}

/* An MPTCP socket does not close its subflows with tcp_close(). */
SEC("?fentry/mptcp_close")
int BPF_PROG(mptcp_fentry, struct sock *sk)
{
	return on_close(tcp_of(sk), true);
}

/* ---- kprobe */

SEC("?kprobe/inet_csk_reqsk_queue_add")
int BPF_KPROBE(enqueue_kprobe, struct sock *listener, struct request_sock *req, struct sock *child)
{
	return on_enqueue(listener, child, false);
}

SEC("?kprobe/inet_csk_complete_hashdance")
int BPF_KPROBE(enqueue2_kprobe, struct sock *listener, struct sock *child, struct request_sock *req, bool own_req)
{
	return own_req ? on_enqueue(listener, child, false) : 0;
}

SEC("?kretprobe/inet_csk_accept")
int BPF_KRETPROBE(accept_kprobe, struct sock *child)
{
	return on_accept(NULL, child, false);
}

SEC("?kprobe/security_sock_graft")
int BPF_KPROBE(graft_kprobe, struct sock *child)
{
	return on_accept(NULL, child, true);
}

SEC("?kprobe/tcp_close")
int BPF_KPROBE(close_kprobe, struct sock *sk)
{
	return on_close(sk, false);
}

SEC("?kprobe/mptcp_close")
int BPF_KPROBE(mptcp_kprobe, struct sock *sk)
{
	return on_close(tcp_of(sk), true);
}

/* ---- tracepoint */

/* The socket of a file, for MPTCP its TCP subflow; NULL if the file is not a socket. */
static __always_inline struct sock *sock_of_file(struct file *file)
{
	struct socket *socket;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return tcp_of(BPF_CORE_READ(socket, sk));
}

/* The file descriptor table of a task. */
struct descriptors {
	struct file **files;
	__u32 count;
};

/* `typed` refers to `task`. */
static __always_inline struct descriptors descriptors_of(struct task_struct *task, bool typed)
{
	struct files_struct *files = READ(typed, task, files);
	struct fdtable *table = READ(typed, files, fdt);
	struct descriptors descriptors = {READ(typed, table, fd), READ(typed, table, max_fds)};

	return descriptors;
}

static __always_inline struct descriptors read_descriptors(void)
{
	if (CURRENT_TASK_IS_TYPED)
		return descriptors_of(bpf_get_current_task_btf(), true);
	return descriptors_of((void *)bpf_get_current_task(), false);
}

static __always_inline struct sock *sock_of_fd(const struct descriptors *descriptors, int fd)
{
	struct file *file;

	if (fd < 0 || (__u32)fd >= descriptors->count)
		return NULL;
	if (bpf_probe_read_kernel(&file, sizeof(file), descriptors->files + fd))
		return NULL;
	return sock_of_file(file);
}

/* The first argument of the returning system call; -1 if the kernel cannot provide it (before 5.15). */
static __always_inline int syscall_fd(void)
{
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return -1;
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return PT_REGS_PARM1_SYSCALL(regs);
}

/* Attached twice: to accept and accept4. */
SEC("?tp/syscalls/sys_exit_accept4")
int accept_sysexit(struct sys_exit_record *ctx)
{
	struct descriptors descriptors;

	if (!recording || ctx->ret < 0)
		return 0;
	descriptors = read_descriptors();
	return on_accept(sock_of_fd(&descriptors, syscall_fd()), sock_of_fd(&descriptors, ctx->ret), false);
}

/* include/uapi/linux/io_uring.h */
#define IORING_OP_ACCEPT        13
#define IORING_FILE_INDEX_ALLOC (~0U)
/* io_uring keeps flags in the low bits of a pointer to a file. */
#define DIRECT_FILE(pointer) ((struct file *)((pointer) & ~7UL))

/*
 * The socket behind a direct descriptor, which is in a table of the ring and not in that of the process. The slot is the
 * result of the accept if the kernel has chosen it, else in the request. A multishot accept reports without its request.
 */
static __always_inline struct sock *direct_sock(struct io_ring_ctx *ring, struct io_kiocb *request, __u32 result)
{
	struct io_accept *accept = (struct io_accept *)request;
	struct io_fixed_file *files;
	struct io_rsrc_node **nodes, *node = NULL;
	__u32 slot = result, wanted = 0;

	if (request && BPF_CORE_READ(request, opcode) != IORING_OP_ACCEPT)
		return NULL;
	if (request && bpf_core_field_exists(accept->file_slot))
		wanted = BPF_CORE_READ(accept, file_slot);
	if (wanted && wanted != IORING_FILE_INDEX_ALLOC)
		slot = wanted - 1;
	if (bpf_core_field_exists(ring->nr_user_files)) {
		files = BPF_CORE_READ(ring, file_table.files);
		if (slot >= BPF_CORE_READ(ring, nr_user_files))
			return NULL;
		return sock_of_file(DIRECT_FILE(BPF_CORE_READ(&files[slot], file_ptr)));
	}
	if (!bpf_core_field_exists(ring->file_table.data.nodes) || slot >= BPF_CORE_READ(ring, file_table.data.nr))
		return NULL;
	nodes = BPF_CORE_READ(ring, file_table.data.nodes);
	bpf_probe_read_kernel(&node, sizeof(node), &nodes[slot]);
	return sock_of_file(DIRECT_FILE(BPF_CORE_READ(node, file_ptr)));
}

/*
 * io_uring accepts are not system calls. A completion whose result is the number of a file descriptor is an accept if
 * the socket behind it still counts as queued: a queued socket gets a file descriptor in no other way. The completion
 * queue entry is the last argument since 6.13; before, the result is a separate argument (the fourth since 5.19).
 */
static __always_inline int on_io_uring_result(struct io_ring_ctx *ring, struct io_kiocb *request, int result)
{
	struct descriptors descriptors;

	if (!recording || result < 0)
		return 0;
	if (result > 0) {
		descriptors = read_descriptors();
		on_uring_accept(sock_of_fd(&descriptors, result));
	}
	return on_uring_accept(direct_sock(ring, request, result));
}

SEC("?tp_btf/io_uring_complete")
int BPF_PROG(uring_cqe, struct io_ring_ctx *ring, struct io_kiocb *request, struct io_uring_cqe *cqe)
{
	return on_io_uring_result(ring, request, BPF_CORE_READ(cqe, res));
}

SEC("?tp_btf/io_uring_complete")
int BPF_PROG(uring_result, struct io_ring_ctx *ring, struct io_kiocb *request, __u64 user_data, int result)
{
	return on_io_uring_result(ring, request, result);
}

SEC("?cgroup/sock_release")
int close_release(struct bpf_sock *ctx)
{
	/* The kernel passes the struct sock itself (BPF_CGROUP_RUN_PROG_INET_SOCK_RELEASE); its address is used. */
	struct sock *sk = (struct sock *)ctx;

	if (ctx->protocol == IPPROTO_MPTCP)
		on_close(tcp_of(sk), true);
	else if (ctx->protocol == IPPROTO_TCP)
		on_close(sk, false);
	return 1;
}

/* ---- all backends */

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(state_tp, struct sock *sk, int from, int to)
{
	return on_state(sk, from, to);
}

SEC("?tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy_tp, struct sock *sk)
{
	return on_destroy(sk);
}

SEC("?tp_btf/sched_process_fork")
int BPF_PROG(fork_tp, struct task_struct *parent, struct task_struct *child)
{
	return on_fork(parent, child);
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(exit_tp, struct task_struct *task)
{
	return on_exit(task);
}

SEC("?tp_btf/sched_process_free")
int BPF_PROG(free_tp, struct task_struct *task)
{
	return on_free(task);
}

/* ---- requests: arrivals, reads and writes */

SEC("?tp_btf/sk_data_ready")
int BPF_PROG(ready_tp, struct sock *sk)
{
	return on_ready(sk);
}

SEC("?tp_btf/sock_recv_length")
int BPF_PROG(receive_tp, struct sock *sk, int bytes, int flags)
{
	return on_receive(sk, bytes, flags);
}

SEC("?tp_btf/sock_send_length")
int BPF_PROG(send_tp, struct sock *sk, int bytes, int flags)
{
	return on_send(sk, bytes);
}

/*
 * Before 6.3. Each call that reads or writes takes the lock of the socket, and tcp_release_cb() runs when it gives it back,
 * with softirqs off: this program is not skipped.
 */
SEC("?fentry/tcp_release_cb")
int BPF_PROG(release_fentry, struct sock *sk)
{
	return on_use(sk, true, true, true);
}

SEC("?kprobe/tcp_release_cb")
int BPF_KPROBE(release_kprobe, struct sock *sk)
{
	return on_use(sk, false, true, true);
}

/* Without trampolines and kprobes: each read fires this one. */
SEC("?tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(adjust_tp, struct sock *sk)
{
	return on_use(sk, true, true, false);
}

/* A packet from the peer, which acknowledges what was written. In softirq as a rule. */
SEC("?tp_btf/tcp_probe")
int BPF_PROG(probe_tp, struct sock *sk)
{
	return on_use(sk, true, false, true);
}

/* ---- holders: one walk over every file descriptor of the host, in all network namespaces */

/* Whether the file's anonymous inode is named "[eventpoll]". */
static __always_inline bool is_epoll(struct file *file)
{
	static const char wanted[] = "[eventpoll]";
	char name[sizeof(wanted)] = {};
	const unsigned char *from = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	__u32 i;

	bpf_probe_read_kernel(name, sizeof(name), from);
	for (i = 0; i < sizeof(wanted); i++)
		if (name[i] != wanted[i])
			return false;
	return true;
}

/* The clock is read on one visit in so many: reading it costs as much as a visit. */
#define VISITS_PER_LOOK 64
static __u32 visits;

/*
 * Whether this visit is put off because the time of the walk's present read is over. The first visit that sees it says so and
 * still takes place; the next one writes more than the buffer of the iterator holds: for that the kernel ends the read, and
 * the next read begins with the same visit (bpf_seq_read() in kernel/bpf/bpf_iter.c).
 */
static __always_inline bool puts_off(struct seq_file *seq)
{
	struct pause pause = {.kind = WALK_PAUSE};

	if (walk_paused) {
		bpf_seq_write(seq, (const void *)traced_ports, sizeof(traced_ports));
		return true;
	}
	if (++visits % VISITS_PER_LOOK || bpf_ktime_get_ns() < walk_deadline_ns)
		return false;
	walk_paused = !bpf_seq_write(seq, &pause, sizeof(pause));
	return false;
}

/* The head of the wait queue that this visit tells, of what `told` describes; NULL: none. */
static __always_inline struct list_head *walk_descriptor(struct bpf_iter__task_file *ctx, struct descriptor *told)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct sock *sk;

	if (!task || !file || puts_off(ctx->meta->seq))
		return NULL;
	sk = sock_of_file(file);
	if (!sk) {
		if (!walk_listeners || !is_epoll(file) || !holder_traced(task))
			return NULL;
		told->kind = WALK_EPOLL;
		told->object = (__u64)BPF_CORE_READ(file, private_data);
	} else if (!is_tcp(sk)) {
		return NULL;
	} else if (BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN) {
		if (walk_connections)
			on_held(task, sk);
		return NULL;
	} else if (!walk_listeners || !on_listener(task, sk, told, BPF_CORE_READ(file, f_inode, i_ino))) {
		return NULL;
	} else if (walk_first) {
		on_queue_before(sk);
	}
	describe_holder(told, task, ctx->fd);
	/* If the buffer is full, the kernel calls again for the same file descriptor. */
	bpf_seq_write(ctx->meta->seq, told, sizeof(*told));
	if (told->kind == WALK_EPOLL)
		return (void *)told->object + bpf_core_field_offset(struct eventpoll, wq.head);
	if (!tells_queue(told->object, told->tgid, ctx->fd))
		return NULL;
	/* Of an MPTCP socket its own queue, on which the application waits. */
	return BPF_CORE_READ(file, private_data) + bpf_core_field_offset(struct socket, wq.wait.head);
}

SEC("?iter/task_file")
int walk_holders(struct bpf_iter__task_file *ctx)
{
	struct descriptor told = {};
	struct list_head *head = walk_descriptor(ctx, &told);

	return head ? tell_queue(ctx->meta->seq, head, told.object) : 0;
}

SEC("?iter/task_file") /* before 5.17 */
int walk_holders510(struct bpf_iter__task_file *ctx)
{
	struct descriptor told = {};
	struct list_head *head = walk_descriptor(ctx, &told);

	return head ? tell_short_queue(ctx->meta->seq, head, told.object) : 0;
}

/* ---- pids: the iterator visits the tasks of the reader's pid namespace, and of those below it */

SEC("?iter/task")
int tell_pids(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_pid told = {};
	__u32 level;

	if (!task)
		return 0;
	level = pid_level((struct task_struct *)bpf_get_current_task()) - proc_levels_up;
	told.pid = BPF_CORE_READ(task, pid);
	told.proc_pid = pid_at_level(BPF_CORE_READ(task, thread_pid), level);
	bpf_seq_write(ctx->meta->seq, &told, sizeof(told));
	return 0;
}

/*
 * ---- refreshing: on the tick, one pass over the connection map updates the byte counts of open connections; then
 * userspace reads the map. Two program types for it, because neither is available everywhere.
 */

static long refresh_entry(struct bpf_map *map, __u64 *key, struct connection *conn, void *ctx)
{
	refresh(*key, conn, true);
	return 0;
}

static long refresh_listener_entry(struct bpf_map *map, __u64 *key, struct listener *listener, void *ctx)
{
	refresh_listener(*key, listener);
	return 0;
}

SEC("?syscall") /* with bpf_for_each_map_elem(): 5.14 */
int refresh_syscall(void *ctx)
{
	if (refresh_connections)
		bpf_for_each_map_elem(&connections, refresh_entry, NULL, 0);
	bpf_for_each_map_elem(&listeners, refresh_listener_entry, NULL, 0);
	return 0;
}

SEC("?iter/bpf_map_elem") /* 5.9, but refused by some hardened kernels */
int refresh_iter(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *key = ctx->key;
	struct connection *conn = ctx->value;

	if (key && conn)
		refresh(*key, conn, false); /* deleting would lose the iterator's position in the map */
	return 0;
}

SEC("?iter/bpf_map_elem")
int relisten_iter(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *key = ctx->key;
	struct listener *listener = ctx->value;

	if (key && listener)
		refresh_listener(*key, listener);
	return 0;
}
