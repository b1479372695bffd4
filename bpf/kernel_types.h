/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The kernel structures that the programs read, reduced to the members that they use. CO-RE resolves the actual offsets
 * on the running kernel, so the order and completeness of members do not matter. Each structure names the kernel file
 * that defines it.
 */
#pragma once

/* A table: one structure per line, its source file beside it. */
/* clang-format off */

#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/ptrace.h>
#include <linux/types.h>
#include <stdbool.h>

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
#define PF_EXITING 0x00000004 /* include/linux/sched.h */
#define PF_KTHREAD 0x00200000 /* likewise */
#define S_IFMT 00170000
#define S_IFSOCK 0140000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common { unsigned int inum; };                        /* include/linux/ns_common.h */
struct net { struct ns_common ns; };                            /* include/net/net_namespace.h */
typedef struct { struct net *net; } possible_net_t;             /* include/net/net_namespace.h */

struct sock_common {                                            /* include/net/sock.h */
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_reuse : 4;
	unsigned char skc_reuseport : 1;
	possible_net_t skc_net;
	unsigned long skc_flags; /* sk_flags */
	struct { __u8 in6_u[16]; } skc_v6_daddr;
	struct { __u8 in6_u[16]; } skc_v6_rcv_saddr;
};

typedef struct { int counter; } atomic_t;                       /* include/linux/types.h */
typedef struct { __u32 val; } kuid_t;                           /* include/linux/uidgid.h */
struct sock {                                                   /* include/net/sock.h */
	struct sock_common __sk_common;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	__u16 sk_protocol;
	atomic_t sk_drops;
	struct socket *sk_socket;
	unsigned char sk_userlocks : 4;
	kuid_t sk_uid;
};
#define SOCK_BINDPORT_LOCK 8 /* include/net/sock.h: bound to a port by bind() */

enum sock_flags { SOCK_DEAD, SOCK_DONE };                       /* include/net/sock.h */

struct inet_sock { struct sock sk; __be16 inet_sport; };        /* include/net/inet_sock.h */

struct tcp_sock {                                               /* include/linux/tcp.h */
	__u64 bytes_received;
	__u64 bytes_acked;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 write_seq;
	__u32 rcv_nxt;
	__u32 copied_seq;
	__u32 lsndtime;
	__u64 tcp_clock_cache;
};
struct request_sock {                                           /* include/net/request_sock.h */
	struct request_sock *dl_next;
	struct sock *sk;
};
struct request_sock_queue {                                     /* include/net/request_sock.h */
	__u8 rskq_defer_accept;
	struct request_sock *rskq_accept_head;
};
struct inet_connection_sock {                                   /* include/net/inet_connection_sock.h */
	struct request_sock_queue icsk_accept_queue;
	struct { __u32 lrcvtime; } icsk_ack;
};

struct proto_accept_arg {};                                     /* include/net/sock.h, since 6.10 (92ef0fd55ac8) */

struct list_head { struct list_head *next, *prev; };            /* include/linux/types.h */
struct wait_queue_entry {                                       /* include/linux/wait.h */
	unsigned int flags;
	void *private;
	void *func;
	struct list_head entry;
};
#define WQ_FLAG_EXCLUSIVE 0x01
struct wait_queue_head { struct list_head head; };              /* include/linux/wait.h */
struct socket_wq { struct wait_queue_head wait; };              /* include/linux/net.h */
struct socket {                                                 /* include/linux/net.h */
	struct file *file;
	struct sock *sk;
	struct socket_wq wq;
};
struct eventpoll { struct wait_queue_head wq; };                /* fs/eventpoll.c */
struct epitem { struct eventpoll *ep; };                        /* fs/eventpoll.c */
struct eppoll_entry {                                           /* fs/eventpoll.c */
	struct epitem *base;
	struct wait_queue_entry wait;
};
struct inode { unsigned short i_mode; unsigned long i_ino; };   /* include/linux/fs.h */
struct qstr { const unsigned char *name; };                     /* include/linux/dcache.h */
struct dentry { struct qstr d_name; };                          /* include/linux/dcache.h */
struct path { struct dentry *dentry; };                         /* include/linux/path.h */
struct file {                                                   /* include/linux/fs.h */
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
};
struct fdtable { unsigned int max_fds; struct file **fd; };     /* include/linux/fdtable.h */
struct files_struct { struct fdtable *fdt; };                   /* include/linux/fdtable.h */

struct pid_namespace;
struct upid { int nr; struct pid_namespace *ns; };              /* include/linux/pid.h */
struct pid { unsigned int level; struct upid numbers[1]; };     /* include/linux/pid.h */

struct cred { struct { __u32 val; } uid; };                     /* include/linux/cred.h */
struct signal_struct { struct { int counter; } live; };         /* include/linux/sched/signal.h; threads not yet exiting */

struct task_struct {                                            /* include/linux/sched.h */
	unsigned int flags;
	int pid;
	int tgid;
	__u64 start_boottime;   /* since 5.5; real_start_time before */
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct pid *thread_pid;
	struct cred *real_cred;
	struct files_struct *files;
	struct signal_struct *signal;
	char comm[16];
};

struct poll_wqueues { struct task_struct *polling_task; };      /* include/linux/poll.h */
struct io_uring_task { struct task_struct *task; };             /* include/linux/io_uring_types.h */
struct io_kiocb {                                               /* include/linux/io_uring_types.h */
	__u8 opcode;
	struct task_struct *task;   /* before 6.13 */
	struct io_uring_task *tctx; /* since then */
};
struct io_accept { __u32 file_slot; };                          /* io_uring/net.c; begins where its request does */
struct io_fixed_file { unsigned long file_ptr; };               /* include/linux/io_uring_types.h; before 6.13 */
struct io_rsrc_node { unsigned long file_ptr; };                /* io_uring/rsrc.h; since 6.13 */
struct io_rsrc_data { unsigned int nr; struct io_rsrc_node **nodes; };
struct io_file_table {                                          /* include/linux/io_uring_types.h */
	struct io_fixed_file *files; /* before 6.13 */
	struct io_rsrc_data data;    /* since then */
};
struct io_ring_ctx {                                            /* include/linux/io_uring_types.h */
	struct io_file_table file_table;
	unsigned int nr_user_files; /* before 6.13 */
};

struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; };                 /* include/linux/bpf.h */
struct bpf_iter__bpf_map_elem {                                 /* kernel/bpf/map_iter.c */
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};

struct bpf_iter__task {                                         /* kernel/bpf/task_iter.c */
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {                                    /* kernel/bpf/task_iter.c */
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct mptcp_sock { struct sock *first; };                      /* net/mptcp/protocol.h */
struct io_uring_cqe { __s32 res; };                             /* include/uapi/linux/io_uring.h */

#pragma clang attribute pop

/* Program context that perf passes on syscalls:sys_exit_*; struct syscall_tp_t in kernel/trace/trace_syscalls.c. */
struct sys_exit_record {
	__u64 common;
	__s32 nr;
	__u32 pad;
	__s64 ret;
};

/* include/net/tcp_states.h */
enum {
	TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSE,
	TCP_CLOSE_WAIT, TCP_LAST_ACK, TCP_LISTEN, TCP_CLOSING,
};
