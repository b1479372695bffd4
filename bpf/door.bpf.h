/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Who stands at the door: the wait queue of a listening socket lists, in the order in which the kernel wakes them, the
 * epoll sets that watch it and the tasks that block in accept(), poll() or select() on it; the queue of an epoll set lists
 * the threads that sleep in epoll_wait(). Read in the walk over file descriptors, without any lock: the number of steps is
 * bounded, each step checks that the list is still linked both ways, and each task that it is one. /proc/PID/fdinfo of an epoll
 * set tells less, takes a lock of the set for it, and can block for as long as whoever holds that lock.
 */
#pragma once

#include "handlers.bpf.h"

/* All of a queue must fit into the buffer of the iterator (32 KiB). */
#define MAX_WAITERS 512

/* Without bpf_loop() the verifier follows every step, and loading takes milliseconds for each. */
#define MAX_WAITERS_VERIFIED 128

/* Whether `task` is one, as far as its memory tells: it may have been freed meanwhile, or never have been one. */
static __always_inline bool is_task(struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	int tgid = BPF_CORE_READ(task, tgid);

	return tgid > 0 && BPF_CORE_READ(task, pid) > 0 && BPF_CORE_READ(leader, pid) == tgid &&
	       BPF_CORE_READ(leader, group_leader) == leader;
}

/* The task that submitted a request to io_uring; the low bits of the pointer are flags (io_uring/poll.c). */
static __always_inline struct task_struct *task_of_request(__u64 request)
{
	struct io_kiocb *req = (void *)(request & ~3ULL);

	if (bpf_core_field_exists(req->tctx))
		return BPF_CORE_READ(req, tctx, task);
	if (bpf_core_field_exists(req->task))
		return BPF_CORE_READ(req, task);
	return NULL;
}

static __always_inline __u64 set_of_entry(struct wait_queue_entry *entry)
{
	struct eppoll_entry *watch = (void *)entry - bpf_core_field_offset(struct eppoll_entry, wait);

	return (__u64)BPF_CORE_READ(watch, base, ep);
}

/* Sets how `entry` waits; returns the task that waits, if there is one. */
static __always_inline struct task_struct *read_way(struct waiter *out, struct wait_queue_entry *entry)
{
	__u64 wakes = (__u64)BPF_CORE_READ(entry, func);
	struct task_struct *task = BPF_CORE_READ(entry, private);

	out->way = WAIT_CALL;
	if (!wakes) {
		out->way = WAIT_UNKNOWN;
	} else if (wakes == epoll_wakes) {
		out->way = WAIT_EPOLL;
		out->set = set_of_entry(entry);
		return NULL;
	} else if (wakes == poll_wakes) {
		out->way = WAIT_POLL;
		task = BPF_CORE_READ((struct poll_wqueues *)task, polling_task);
	} else if (wakes == uring_wakes[0] || wakes == uring_wakes[1]) {
		out->way = WAIT_URING;
		task = task_of_request((__u64)task);
	}
	if (is_task(task))
		return task;
	out->way = WAIT_UNKNOWN;
	return NULL;
}

static __noinline int tell_waiter(struct seq_file *seq, struct wait_queue_entry *entry, __u64 object)
{
	struct waiter told = {.kind = WALK_WAITER, .object = object};
	struct task_struct *task;

	told.exclusive = BPF_CORE_READ(entry, flags) & WQ_FLAG_EXCLUSIVE;
	task = read_way(&told, entry);
	if (task) {
		told.tgid = BPF_CORE_READ(task, tgid);
		told.tid = BPF_CORE_READ(task, pid);
		told.start_ns = BPF_CORE_READ(task, start_boottime);
		BPF_CORE_READ_STR_INTO(&told.comm, task, comm);
	}
	bpf_seq_write(seq, &told, sizeof(told));
	return 0;
}

struct queue_walk {
	struct seq_file *seq;
	struct list_head *head, *before, *link;
	__u64 object;
};

/* A step along a wait queue; true at its end, or where the list is no longer linked both ways. */
static long tell_next(__u32 index, struct queue_walk *walk)
{
	struct list_head *link = walk->link;

	/* An entry that was taken out meanwhile points to itself, or its memory to anywhere. */
	if (!link || link == walk->head || BPF_CORE_READ(link, prev) != walk->before)
		return 1;
	tell_waiter(walk->seq, (void *)link - bpf_core_field_offset(struct wait_queue_entry, entry), walk->object);
	walk->before = link;
	walk->link = BPF_CORE_READ(link, next);
	return 0;
}

static __always_inline struct queue_walk begin_queue(struct seq_file *seq, struct list_head *head, __u64 object)
{
	struct queue_walk walk = {seq, head, head, BPF_CORE_READ(head, next), object};

	return walk;
}

static __always_inline int end_queue(const struct queue_walk *walk)
{
	struct waiter rest = {.kind = WALK_WAITER, .way = WAIT_REST, .object = walk->object};

	if (walk->link != walk->head)
		bpf_seq_write(walk->seq, &rest, sizeof(rest));
	return 0;
}

/* Tells the entries of the wait queue that begins at `head`, which wait for `object`. */
static __noinline int tell_queue(struct seq_file *seq, struct list_head *head, __u64 object)
{
	struct queue_walk walk = begin_queue(seq, head, object);

	bpf_loop(MAX_WAITERS, tell_next, &walk, 0);
	return end_queue(&walk);
}

/* The same before 5.17. Kernels before 5.13 load no program that has a callback, whether it is called or not. */
static __noinline int tell_short_queue(struct seq_file *seq, struct list_head *head, __u64 object)
{
	struct queue_walk walk = begin_queue(seq, head, object);
	__u32 i;

	for (i = 0; i < MAX_WAITERS_VERIFIED; i++)
		if (tell_next(i, &walk))
			break;
	return end_queue(&walk);
}

/*
 * Whether this visit to a file descriptor of the listening socket tells its queue: one per walk does. The kernel repeats a visit
 * for which its buffer had no room.
 */
static __always_inline bool tells_queue(__u64 sock, __u32 tgid, __u32 fd)
{
	struct listener *listener = bpf_map_lookup_elem(&listeners, &sock);

	if (!listener ||
	    (listener->told_walk == walk_number && (listener->told_tgid != tgid || listener->told_fd != fd)))
		return false;
	listener->told_walk = walk_number;
	listener->told_tgid = tgid;
	listener->told_fd = fd;
	return true;
}
