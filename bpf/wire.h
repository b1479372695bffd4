/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Types shared by the BPF programs (C) and userspace (C++): fixed-width types, named padding and no pointers. Host byte
 * order, except for addresses (network byte order).
 * Times are CLOCK_MONOTONIC nanoseconds (bpf_ktime_get_ns), process start times CLOCK_BOOTTIME nanoseconds.
 */
#pragma once

#include "losses.h"

#ifdef __cplusplus
#include <cstdint>
namespace acceptscope::wire {
using __u8 = std::uint8_t;
using __u16 = std::uint16_t;
using __u32 = std::uint32_t;
using __u64 = std::uint64_t;
#else
#include <linux/types.h>
#endif

/* An IPv6 address, or an IPv4 address in IPv4-mapped form (::ffff:a.b.c.d): one layout for every address family. */
struct ip_address {
	__u8 bytes[16];
};

/* A service: the address that its listening socket is bound to (wildcards kept), and the network namespace. */
struct service_key {
	struct ip_address address;
	__u32 netns; /* inode number, as in /proc/PID/ns/net */
	__u16 port;
	__u16 pad; /* zero */
};

/* A process or thread that accepts on a service. The start time distinguishes processes that reuse a pid. */
struct worker_key {
	struct service_key service;
	__u32 tgid;     /* initial pid namespace */
	__u32 tid;      /* 0 unless workers are threads (--by thread) */
	__u64 start_ns; /* CLOCK_BOOTTIME of the process's (or thread's) start */
};

/*
 * Log-linear histogram of durations: HIST_SUB buckets per power of two (12.5 % wide) from HIST_FIRST_NS up to
 * 2^(HIST_FIRST_BIT + HIST_OCTAVES) ns = 19.5 h. Bucket 0 holds shorter durations, the last bucket longer ones.
 */
#define HIST_SUB_BITS  3
#define HIST_SUB       (1 << HIST_SUB_BITS)
#define HIST_FIRST_BIT 10
#define HIST_FIRST_NS  (1ULL << HIST_FIRST_BIT)
#define HIST_OCTAVES   36
#define HIST_BUCKETS   (HIST_OCTAVES * HIST_SUB + 2)

struct histogram {
	__u32 count[HIST_BUCKETS];
};

/* Who ended a connection. */
enum close_reason {
	CLOSE_UNKNOWN = 0,     /* noticed only when the socket was destroyed, or undecidable */
	CLOSE_LOCAL = 1,       /* this side closed first: tcp_close() or shutdown() before the peer's FIN */
	CLOSE_PEER = 2,        /* the peer's FIN came first */
	CLOSE_RESET = 3,       /* reset or timed out while established */
	CLOSE_WORKER_EXIT = 4, /* still established when its process exited */
	CLOSE_REASONS = 5,
};

/* The rows in which a worker's connections are counted: its own totals and those of its service. */
struct worker_place {
	__u32 worker;
	__u32 service;
};
#define NO_ROW (~(__u32)0) /* no row left for totals */

/*
 * Closed connections that another worker had at the end than the one that accepted them: who served the last request, or
 * closed them where no request is known.
 */
struct handed_over {
	__u64 connections;
	__u64 sum_ns; /* from the accept, or from when they were found, to the close */
	__u64 bytes;  /* received and sent */
};

/* Totals of one worker on one service. Counted in the kernel, so they stay exact when ring buffer records are lost. */
struct worker_counters {
	/* The first cache line: fields that an accept changes; the second: fields that a close changes. */
	__u64 closes; /* of accepted connections; copied before what was accepted, so never more than that */
	__u64 preexisting_closes; /* of those that it held when tracing began */
	__u64 accepts;
	__u64 preexisting;
	__u64 untracked; /* accepted and pre-existing, not in the (full) connection map; their close is not counted */
	__u64 peak_open;
	__u64 wait_count; /* accepts whose entry into the accept queue was seen */
	__u64 wait_sum_ns;
	__u64 bytes_received; /* of closed connections; for pre-existing ones, since they were found */
	__u64 bytes_sent;
	__u64 lifetime_sum_ns;
	__u64 close_reasons[CLOSE_REASONS];
	/* Rarely written fields. */
	__u64 lifetime_max_ns;
	__u64 wait_max_ns;
	__u64 preexisting_sum_ns; /* of closed pre-existing connections: time from discovery to close */
	__u32 ns_pid;             /* of the process, in its innermost pid namespace */
	__u32 pad;                /* zero */
	char comm[16];
	struct handed_over given; /* of its connections, to others */
	struct handed_over taken; /* of others' connections */
	__u64 pad2[2];            /* zero */
	struct histogram lifetime;
	struct histogram wait;
};

/* Totals of one service, over all its workers. */
struct service_counters {
	/* One cache line: every CPU that accepts or closes writes it. */
	__u64 closes; /* these four as in worker_counters */
	__u64 preexisting_closes;
	__u64 accepts;
	__u64 preexisting;
	__u64 untracked; /* as in worker_counters */
	__u64 peak_open;
	__u32 depth_max;     /* deepest accept queue seen, connections */
	__u32 backlog;       /* of the listening socket seen last; 0 = none seen */
	__u8 reuseport;      /* SO_REUSEPORT is set on it */
	__u8 listener_known; /* the key has the listening socket's address; else the connection's local address */
	__u8 pad[6];         /* zero */
	/* The second cache line. */
	__u64 never_accepted;         /* left the accept queue without an accept */
	__u64 never_accepted_max_ns;  /* the longest that one of these had waited */
	__u64 closed_drops;           /* of listening sockets that were closed; see struct listener */
	__u64 closed_drops_deferring; /* the part of it from sockets with TCP_DEFER_ACCEPT */
	__u64 unattributed_open;      /* accepted by nobody known (IGNORED_UNATTRIBUTED), and not closed */
	/* The parts of the counters above that are in no worker's counters. */
	__u64 ownerless_accepts;
	__u64 ownerless_closes;
	__u64 ownerless_preexisting;
	__u64 ownerless_preexisting_closes;
	__u64 pad2[7]; /* zero */
};

/* One atomic operation counts a request and takes it in flight. Room for 16 million in flight, and 10^12 requests. */
#define IN_FLIGHT_BITS 24
#define IN_FLIGHT_MASK ((1ULL << IN_FLIGHT_BITS) - 1)
#define ONE_REQUEST    ((1ULL << IN_FLIGHT_BITS) + 1)

/*
 * Requests of one worker or service since tracing began; see bpf/requests.bpf.h. While a request is in flight, busy_ns lacks
 * the time of the look: add the clock's reading then.
 */
struct request_load {
	__u64 turns; /* requests begun, those found in flight when tracing began among them << IN_FLIGHT_BITS | in flight now */
	__u64 in_flight_peak;
	__u64 busy_ns; /* with at least one request in flight: ends minus beginnings, modulo 2^64 */
	__u64 aborted; /* closed while in flight */
	/* Of a service: the parts of `turns` and `aborted` that are in no worker's row. */
	__u64 ownerless_turns;
	__u64 ownerless_aborted;
	__u64 pad[2]; /* zero */
};

/* Requests that one worker served on one service, by the row of the worker. */
struct request_counters {
	struct request_load load;
	__u64 response_sum_ns; /* first read -> first write */
	__u64 response_max_ns;
	/*
	 * Complete: first read -> last write before the next read or the close. Most requests are answered by one write, so
	 * only differences from the response time are counted here, modulo 2^32 and 2^64, once a request is complete.
	 */
	__u64 complete_sum_ns;
	__u64 complete_max_ns;
	__u64 unread_sum_ns; /* data arrived -> first read */
	__u64 unread_max_ns;
	__u64 pad; /* zero */
	struct histogram response;
	struct histogram complete;
	struct histogram unread;
};

/*
 * A connection: in the accept queue (accepted_ns == 0), accepted, or found open when tracing began. The value of the
 * connection map.
 */
struct connection {
	__u64 accepted_ns; /* pre-existing: when it was found */
	__u64 enqueued_ns; /* entry into the accept queue; 0 = before tracing began */
	struct worker_key worker;
	struct worker_place rows; /* valid once accepted; zero before */
	struct ip_address local;
	struct ip_address remote;
	__u32 accept_tid;
	__u16 remote_port;
	__u8 first_end;      /* enum close_reason: the side that left ESTABLISHED first; 0 = neither yet */
	__u8 fin_sent;       /* our FIN is sent, or about to be */
	__u8 listener_known; /* as in service_counters */
	__u8 active;         /* bytes_* changed between the last two refresh() */
	__u8 ignored;        /* enum ignored: kept so that its close is recognized */
	__u8 found;          /* the accept was not seen: a walk found the holder later, at accepted_ns */
	__u8 reuseport;      /* SO_REUSEPORT on the listening socket */
	__u8 preexisting;    /* open before tracing began */
	__u8 made_up_seq;    /* copied_seq and write_seq are not the socket's (MPTCP) */
	__u8 queued_before;  /* in the accept queue when tracing began; enqueued_ns is when the walk found it there */
	__u8 bytes_final;    /* the socket has left the connection (TCP_CLOSE): bytes_* say what it was */
	__u8 close_reason;   /* with closed_ns: enum close_reason */
	__u8 pad[2];         /* zero */
	__u32 queue_depth;   /* length of the accept queue, this connection included; 0 = not seen */
	__u32 backlog;       /* of the listening socket; 0 = not seen */
	__u32 holder_tgid;   /* process that held a file descriptor at the last walk; 0 = no walk reached it yet */
	__u32 owner_walk;    /* number of the last walk that saw the owner hold a file descriptor; 0 = none did */
	__u32 closer_tgid;   /* with closed_ns: as in closed_connection */
	/* Cold fields: the accept and the close of a new connection do not touch these cache lines. */
	__u64 bytes_received; /* at the last refresh(): since the accept, or since a walk found it */
	__u64 bytes_sent;
	__u64 bytes_received_before; /* pre-existing: count at the time when it was found */
	__u64 bytes_sent_before;
	__u64 dead_ns;     /* connection_identity() of the connection whose socket refresh() found gone; 0 = none */
	__u64 holder_task; /* task_struct of the holder: may be stale, access by probe read only */
	__u64 other_start_ns;
	__u32 other_walk; /* as owner_walk, for a process other than the owner: other_* */
	__u32 other_tgid;
	__u32 unread_bytes; /* received, but not yet read by the application, at the last refresh() */
	/* Requests: what arrivals, reads and writes touch. */
	__u32 turns;       /* odd: a request is in flight; (turns + 1) / 2 requests began */
	__u64 ready_ns;    /* the oldest unread data arrived; 0 = all is read, or the arrival was not seen */
	__u64 read_ns;     /* first read of the current or last request; 0 = not seen */
	__u64 answered_ns; /* first write of it */
	__u64 wrote_ns;    /* last write of it */
	__u64 served_set;  /* bit (row of a worker % 64): it served a request */
	struct worker_place
		server;   /* rows of the worker that serves the current or last request; without one, of the closer */
	__u32 server_id;  /* its tgid (--by thread: tid); 0 = none yet */
	__u32 copied_seq; /* of the socket, as far as its reads and writes are accounted for */
	__u32 write_seq;
	__u32 top_id;   /* tgid or tid of the worker that served most requests, if one served over half */
	__u32 top_lead; /* by so many more than the others (Boyer and Moore's majority vote) */
	__u32 left_walk; /* it left the accept queue, though no accept was seen: the walk that should find it; 0 = not so */
	/* Bytes. */
	__u32 first_seq;     /* of the first byte that the server writes */
	__u32 fin_seq;       /* with fin_sent: of the byte after the last one */
	__u32 bytes_unacked; /* of bytes_sent, not acknowledged by the peer at the last refresh() */
	__u32 uid;           /* the user who created its listening socket */
	__u64 closed_ns;     /* the application closed it, and its bytes are counted in a moment; 0 = not yet */
};

enum ignored {
	IGNORED_NOT = 0,
	IGNORED_OTHER = 1,        /* accepted by a task outside --pid or --cgroup */
	IGNORED_UNATTRIBUTED = 2, /* no walk found who has it: counted for its service only */
};

/* A listening socket. Entered by listen() and by walks, refreshed on the tick. */
struct listener {
	struct service_key service;
	__u64 inode; /* of the socket, as in struct descriptor; 0 = not known yet */
	__u64 drops; /* sk_drops at the last refresh: queue overflows, bare ACKs of deferred handshakes, resets, ... */
	__u64 drops_before;   /* sk_drops when tracing began, or when it began to listen */
	__u64 head;           /* the struct sock of the connection at the head of its queue; 0 = empty */
	__u64 head_ns;        /* its enqueued_ns; 0 = not known */
	__u64 head_seen_ns;   /* the first refresh that found it there: nobody has accepted from this socket since */
	__u64 never_accepted; /* connections that its closing threw out of the queue */
	__u32 depth;          /* connections in its accept queue */
	__u32 depth_max;      /* the deepest that was seen */
	__u32 backlog;
	__u8 reuseport;
	__u8 defers;     /* TCP_DEFER_ACCEPT */
	__u8 closed;     /* it listens no more; the figures are final */
	__u8 pad;        /* zero */
	__u32 told_walk; /* number of the last walk that read its wait queue, */
	__u32 told_tgid; /* on the visit to this file descriptor */
	__u32 told_fd;
	__u32 uid; /* of the user who created it */
};

/* Records that a walk emits; userspace reads them from the iterator. Each begins with its kind. */
enum walk_record {
	WALK_LISTENER = 1, /* struct descriptor: a file descriptor of a listening socket */
	WALK_EPOLL = 2,    /* struct descriptor: of an epoll set; service is not set */
	WALK_WAITER = 3,   /* struct waiter */
	WALK_PAUSE = 4,    /* struct pause: the time is over, there is more */
};

struct pause {
	__u32 kind;
};

struct descriptor {
	__u32 kind; /* enum walk_record */
	__u32 fd;
	__u64 object; /* address of the struct sock or of the epoll set: the same in all records of a walk; never shown */
	struct service_key service;
	__u64 start_ns; /* CLOCK_BOOTTIME of the process's start */
	__u32 tgid;
	__u32 ns_pid;
	__u32 parent_tgid;
	__u32 pad;     /* zero */
	char comm[16]; /* of the process */
};

/* How an entry of a listening socket's or epoll set's wait queue waits. */
enum wait_way {
	WAIT_UNKNOWN = 0, /* the kernel's function of the entry is none of those known */
	WAIT_EPOLL = 1,   /* an epoll set watches the socket; no task */
	WAIT_CALL = 2,    /* a task blocks in a call: accept() on a socket, epoll_wait() on an epoll set */
	WAIT_POLL = 3,    /* a task blocks in poll() or select() */
	WAIT_URING = 4,   /* a request of io_uring, of this task */
	WAIT_REST = 5,    /* no entry: the queue changed meanwhile or is too long, so this look at it is incomplete */
};

/*
 * An entry of a wait queue, in the order in which the kernel wakes them. Read without the lock of the queue: it may be out
 * of date, but names only what was there.
 */
struct waiter {
	__u32 kind; /* WALK_WAITER */
	__u8 way;   /* enum wait_way */
	__u8 exclusive;
	__u16 pad;      /* zero */
	__u64 object;   /* as in struct descriptor: what it waits on */
	__u64 set;      /* WAIT_EPOLL: the epoll set; else 0 */
	__u64 start_ns; /* of the thread; 0 without one */
	__u32 tgid;
	__u32 tid;
	char comm[16]; /* of the thread */
};

/* A task of the reader's pid namespace: what tell_pids writes. */
struct task_pid {
	__u32 pid;      /* in the initial pid namespace */
	__u32 proc_pid; /* in that of /proc */
};

/*
 * One closed connection: the only record type in the ring buffer. Written by finish(), read by capture/. Holds only the
 * fields of struct connection that are needed after the close: every cache line of the ring buffer is a cache miss.
 */
struct closed_connection {
	__u64 sock; /* address of the struct sock; with accepted_ns it identifies the connection; never shown */
	__u64 closed_ns;
	__u64 accepted_ns; /* this and the following fields as in struct connection */
	__u64 enqueued_ns;
	struct worker_key worker;
	struct ip_address local;
	struct ip_address remote;
	__u64 bytes_received;
	__u64 bytes_sent;
	__u32 accept_tid;
	__u32 closer_tgid; /* process that dropped the last reference; may be a kernel worker */
	__u16 remote_port;
	__u8 reason; /* enum close_reason */
	__u8 preexisting;
	__u8 found;
	__u8 pad[3]; /* zero */
	__u32 turns; /* as in struct connection; likewise below */
	__u32 top_id;
	__u64 served_set;
	__u32 bytes_unacked;
	__u32 pad2; /* zero */
};

/* A process or thread that may accept; the key of `lives`. */
struct life_key {
	__u32 tgid;
	__u32 tid;      /* 0 for a process */
	__u64 start_ns; /* as in worker_key */
};

/* The value of `lives`. */
struct life {
	__u64 exited_ns; /* 0 = it is alive */
	__u32 uid;       /* whose share of `lives` it is in: the user who runs it */
	__u32 pad;       /* zero */
};

/* What users share: entries and rows of maps. Of connections, see track(). */
enum share_kind {
	SHARE_LISTENERS = 0,
	SHARE_SERVICES = 1,
	SHARE_WORKERS = 2,
	SHARE_LIVES = 3,
	SHARE_KINDS = 4,
};

/* The key of `shares`. */
struct share_key {
	__u32 kind; /* enum share_kind */
	__u32 uid; /* of the user who created the listening socket, or runs the process; in the initial user namespace */
};

/* Maximum number of --cgroup options. */
#define MAX_CGROUPS 8

/* The losses that are counted here, see losses.h: indexes of the loss counters. */
#define LOSS_INDEX(enumerator, member, later, help) LOSS_##enumerator,
#define LOSS_NO_INDEX(member, later, help)
enum loss {
	LOSS_LIST(LOSS_INDEX, LOSS_NO_INDEX) LOSS_KINDS,
};
#undef LOSS_INDEX
#undef LOSS_NO_INDEX

#ifdef __cplusplus
inline constexpr __u32 no_row = NO_ROW;

static_assert(sizeof(service_key) == 24);
static_assert(sizeof(worker_key) == 40);
static_assert(sizeof(service_counters) == 192);
static_assert(sizeof(connection) == 304);
static_assert(sizeof(closed_connection) == 160);
static_assert(sizeof(listener) == 112);
static_assert(sizeof(descriptor) == 80);
static_assert(sizeof(waiter) == 56);
static_assert(sizeof(worker_counters) % 64 == 0);
static_assert(sizeof(request_load) == 64);
} // namespace acceptscope::wire
#endif
