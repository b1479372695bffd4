/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Counting: rows of services and workers, histograms, accepts and closes. */
#pragma once

#include "socket.bpf.h"

/*
 * Whether one more entry of `kind` is given to `uid`. What one user's sockets fill must not push out another's, so a user
 * gets no more than SHARE_OF_THE_REST times what is left for all (the dynamic threshold of Choudhury and Hahne, 1998):
 * a newcomer always finds room. The order of CPUs that ask at the same time does not matter much. Of connections, see
 * track().
 */
static __always_inline bool admit(__u32 kind, __u32 uid)
{
	struct share_key key = {kind, uid};
	__u64 none = 0, *share;

	if (kind >= SHARE_KINDS)
		return false;
	share = bpf_map_lookup_elem(&shares, &key);
	if (!share) {
		bpf_map_update_elem(&shares, &key, &none, BPF_NOEXIST);
		share = bpf_map_lookup_elem(&shares, &key);
	}
	if (!share || *share >= share_limit[kind] || shares_given[kind] >= share_room[kind] ||
	    *share > SHARE_OF_THE_REST * (share_room[kind] - shares_given[kind]))
		return false;
	add(share, 1);
	add((__u64 *)&shares_given[kind], 1);
	return true;
}

/* Takes an admission back: another CPU has entered the same thing. */
static __always_inline void dismiss(__u32 kind, __u32 uid)
{
	struct share_key key = {kind, uid};
	__u64 *share = bpf_map_lookup_elem(&shares, &key);

	if (share)
		add(share, -1);
	add((__u64 *)&shares_given[kind], -1);
}

/* A plain store: if two CPUs race, the maximum may end up as the smaller of two almost equal values. */
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

/* `width` if `value` has a bit set at or above bit `width`, else 0; 0 < width < 64. barrier_var() prevents a branch. */
static __always_inline __u64 width_above(__u64 value, __u32 width)
{
	__u64 negative = -(value >> width);

	barrier_var(negative);
	return (negative >> 63) * width;
}

/*
 * floor(log2(value)); value != 0. Branch-free: the verifier of 6.1 would explore all 32 combinations of branches, which
 * multiplies the instructions processed for the whole program by ten.
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

/* Bucket index of `value_ns`, less than HIST_BUCKETS; must match Histogram::index_of(). */
static __always_inline __u64 hist_index(__u64 value_ns)
{
	__u64 bit, index;

	if (value_ns < HIST_FIRST_NS)
		return 0;
	bit = log2_u64(value_ns);
	index = 1 + (bit - HIST_FIRST_BIT) * HIST_SUB + ((value_ns >> (bit - HIST_SUB_BITS)) & (HIST_SUB - 1));
	return index < HIST_BUCKETS ? index : HIST_BUCKETS - 1;
}

/* Adds `times` values of `value_ns`. */
static __always_inline void hist_add(struct histogram *hist, __u64 value_ns, __s32 times)
{
	__u64 index = hist_index(value_ns);

	/* The verifier of 6.1 needs the bounds check on the same register that indexes the array. */
	barrier_var(index);
	if (index < HIST_BUCKETS)
		__sync_fetch_and_add(&hist->count[index], times);
}

/* Allocates a free row, starting at `*next`. Deleting a row claims it: atomic fetch-and-add needs 5.12. */
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

/* Allocates the row of a new service; NO_ROW if none is left. */
static __noinline __u32 new_service(const struct service_key *key, __u32 listener_known, __u32 uid)
{
	struct service_counters *service;
	__u32 row, *known;

	if (!key || !admit(SHARE_SERVICES, uid))
		return NO_ROW;
	row = take_row(&free_service_rows, &next_service_row, service_rows_end);
	service = bpf_map_lookup_elem(&service_rows, &row);
	if (service) {
		service->listener_known = listener_known;
		/* Fails if another CPU inserted the service first. */
		if (bpf_map_update_elem(&services, key, &row, BPF_NOEXIST)) {
			give_row_back(&free_service_rows, &next_service_row, row);
			dismiss(SHARE_SERVICES, uid);
		}
	} else {
		dismiss(SHARE_SERVICES, uid);
	}
	known = bpf_map_lookup_elem(&services, key);
	return known ? *known : NO_ROW;
}

/* `uid`: of the user who created the listening socket. */
static __always_inline __u32 service_row(const struct service_key *key, __u32 listener_known, __u32 uid)
{
	__u32 *known = bpf_map_lookup_elem(&services, key);

	return known ? *known : new_service(key, listener_known, uid);
}

/* The totals of a service, of which nothing may have been accepted. */
static __always_inline struct service_counters *get_service(const struct service_key *key, __u32 listener_known,
                                                            __u32 uid)
{
	__u32 row = service_row(key, listener_known, uid);
	struct service_counters *service = bpf_map_lookup_elem(&service_rows, &row);

	if (!service)
		count_loss(LOSS_SERVICE_MAP_FULL);
	return service;
}

/* From now on, `lives` tells when `life`, which is `task` or its process, exits. It may be exiting: on_exit() came first. */
static __always_inline void follow_life(const struct life_key *life, struct task_struct *task)
{
	struct life entry = {};
	int error = -E2BIG;

	if (bpf_map_lookup_elem(&lives, life))
		return;
	entry.uid = BPF_CORE_READ(task, real_cred, uid.val);
	if (admit(SHARE_LIVES, entry.uid)) {
		if (BPF_CORE_READ(task, flags) & PF_EXITING)
			entry.exited_ns = bpf_ktime_get_ns();
		error = bpf_map_update_elem(&lives, life, &entry, BPF_NOEXIST);
		if (error)
			dismiss(SHARE_LIVES, entry.uid);
	}
	if (error && error != -EEXIST)
		count_loss(LOSS_LIFE_MAP_FULL);
}

/* Allocates the row of the new worker `key`, which is `task`, on the service of row `service`; NO_ROW if none is left. */
static __noinline __u32 new_worker(const struct worker_key *key, struct task_struct *task, __u32 service, __u32 uid)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct worker_place place = {NO_ROW, service}, *known;
	struct worker_counters *worker;
	struct life_key life;

	if (!key || !admit(SHARE_WORKERS, uid))
		return NO_ROW;
	life = (struct life_key){key->tgid, key->tid, key->start_ns};
	place.worker = take_row(&free_worker_rows, &next_worker_row, worker_rows_end);
	worker = bpf_map_lookup_elem(&worker_rows, &place.worker);
	if (worker) {
		worker->ns_pid = innermost_pid(leader);
		BPF_CORE_READ_STR_INTO(&worker->comm, by_thread ? task : leader, comm);
		if (bpf_map_update_elem(&workers, key, &place, BPF_NOEXIST)) { /* another thread was first */
			give_row_back(&free_worker_rows, &next_worker_row, place.worker);
			dismiss(SHARE_WORKERS, uid);
		} else {
			follow_life(&life, task);
		}
	} else {
		dismiss(SHARE_WORKERS, uid);
	}
	known = bpf_map_lookup_elem(&workers, key);
	return known ? known->worker : NO_ROW;
}

/* Sets `rows` to those of the worker `key`, which is `task`. `listener_known` and `uid` are of its service. */
static __always_inline void find_rows(struct worker_place *rows, const struct worker_key *key, __u32 listener_known,
                                      __u32 uid, struct task_struct *task)
{
	struct worker_place *known = bpf_map_lookup_elem(&workers, key);

	if (known) {
		*rows = *known;
		return;
	}
	/* Not within new_worker(): the BPF stack has no room for another nested call. */
	rows->service = service_row(&key->service, listener_known, uid);
	rows->worker = new_worker(key, task, rows->service, uid);
}

/* Sets conn->rows, the rows that count for `task`, the owner of `conn`. */
static __always_inline void read_rows(struct connection *conn, struct task_struct *task)
{
	find_rows(&conn->rows, &conn->worker, conn->listener_known, conn->uid, task);
}

#define FINISH_MISSED        1 /* no program saw the close */
#define FINISH_SOCKET_REUSED 2 /* the memory belongs to another socket now: the bytes can no longer be read */

/* Data counted at a close. Copied before the entry is deleted, because its memory may be reused immediately. */
struct ending {
	struct worker_place rows;
	struct worker_place holder; /* of the worker that had it at the end */
	__u64 lifetime_ns;
	struct bytes bytes;
	__u8 preexisting;
};

static __always_inline void add_handed_over(struct handed_over *handed, const struct ending *ending)
{
	add(&handed->connections, 1);
	add(&handed->sum_ns, ending->lifetime_ns);
	add(&handed->bytes, ending->bytes.received + ending->bytes.sent);
}

/* `worker` accepted the connection. The holder has no row if it is not selected. */
static __always_inline void count_handed_over(struct worker_counters *worker, const struct ending *ending)
{
	struct worker_counters *holder = bpf_map_lookup_elem(&worker_rows, &ending->holder.worker);

	add_handed_over(&worker->given, ending);
	if (holder)
		add_handed_over(&holder->taken, ending);
}

static __always_inline void count_close(const struct ending *ending, __u32 reason, __u32 flags)
{
	struct service_counters *service = bpf_map_lookup_elem(&service_rows, &ending->rows.service);
	struct worker_counters *worker = bpf_map_lookup_elem(&worker_rows, &ending->rows.worker);

	if (flags & FINISH_MISSED)
		count_loss(LOSS_MISSED_CLOSE);
	if (service)
		add(ending->preexisting ? &service->preexisting_closes : &service->closes, 1);
	if (!worker) {
		if (service)
			add(ending->preexisting ? &service->ownerless_preexisting_closes : &service->ownerless_closes,
			    1);
		return;
	}
	add(&worker->bytes_received, ending->bytes.received);
	add(&worker->bytes_sent, ending->bytes.sent);
	if (reason < CLOSE_REASONS)
		add(&worker->close_reasons[reason], 1);
	if (ending->holder.worker != ending->rows.worker)
		count_handed_over(worker, ending);
	if (ending->preexisting) { /* its lifetime is unknown */
		add(&worker->preexisting_closes, 1);
		add(&worker->preexisting_sum_ns, ending->lifetime_ns);
		return;
	}
	add(&worker->closes, 1);
	add(&worker->lifetime_sum_ns, ending->lifetime_ns);
	raise(&worker->lifetime_max_ns, ending->lifetime_ns);
	hist_add(&worker->lifetime, ending->lifetime_ns, 1);
}

/* Tracked open connections. May be negative for a moment while one of them is taken back. */
static __always_inline __s64 open_of_worker(const struct worker_counters *worker)
{
	return worker->accepts - worker->closes - worker->untracked + worker->preexisting - worker->preexisting_closes;
}

static __always_inline __s64 open_of_service(const struct service_counters *service)
{
	return service->accepts - service->closes - service->untracked + service->preexisting -
	       service->preexisting_closes;
}

/* Counts an accepted or pre-existing connection. */
static __always_inline void count_owned(struct connection *conn, bool is_tracked)
{
	__u64 wait = conn->accepted_ns - conn->enqueued_ns;
	struct service_counters *service = bpf_map_lookup_elem(&service_rows, &conn->rows.service);
	struct worker_counters *worker = bpf_map_lookup_elem(&worker_rows, &conn->rows.worker);

	if (!service || !service->accepts) /* only for the first: later, writing the byte would be a cache miss */
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
		if (service)
			add(conn->preexisting ? &service->ownerless_preexisting : &service->ownerless_accepts, 1);
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
		hist_add(&worker->wait, wait, 1);
	}
}

/*
 * Undoes the counting of a connection that a walk found before the accept system call ended. Now that its accept is
 * reported, it can be counted as a regular accept.
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
	if (!worker && service && !conn->ignored)
		add(conn->preexisting ? &service->ownerless_preexisting : &service->ownerless_accepts, -1);
	if (!conn->preexisting && !conn->ignored)
		change_loss(LOSS_MISSED_ACCEPT, -1);
	conn->accepted_ns = 0;
	conn->preexisting = conn->found = conn->ignored = 0;
	return 0;
}
