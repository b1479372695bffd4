// SPDX-License-Identifier: BSD-2-Clause
/// What the manual says that no table of the program does.
#include "manual/prose.hpp"

#include <fmt/format.h>

#include "model/backend.hpp"
#include "model/privileges_needed.hpp"

namespace acceptscope::manual {

// clang-format off
Items terms() {
  return {
      {"service",
       "network namespace, local address and port with at least one listening socket; N `SO_REUSEPORT` sockets on "
       "one address are one service"},
      {"accept",
       "`inet_csk_accept()` returned a connection to a process; empty returns do not count"},
      {"worker",
       "the process that accepted (pid and start time: a process that reuses the pid is another worker); with "
       "`--by thread`, the thread"},
      {"request",
       "one turn of a connection: the server reads at least one byte, then writes at least one; the next read "
       "after a write begins another. With pipelining, HTTP/2, WebSocket a turn is a burst"},
      {"serving worker",
       "the process whose call read the request's first byte; with `--by thread`, the thread; not always the one "
       "that accepted"},
      {"in flight",
       "read, and nothing written yet"},
      {"busy",
       "the time during which a worker had at least one request in flight"},
      {"response time",
       "first read to first write; complete: to the last write before the next read or the close"},
      {"unread wait",
       "data arrived in the socket's receive buffer, until the worker reads it: the queue inside the worker"},
      {"close",
       "the application closed the connection: entry of `tcp_close()`, not the state CLOSE, which can follow a "
       "minute later"},
      {"lifetime",
       "accept to close: how long the worker owned it"},
      {"accept wait",
       "from the entry into the accept queue (handshake complete) to the accept"},
      {"open",
       "accepted and not yet closed; the age of an open connection is not a lifetime and never enters an average "
       "of lifetimes"},
      {"pre-existing, from before",
       "open when tracing began; the owner is the process that holds the connection"},
      {"supervisor",
       "a process that holds the listening socket, is the parent of workers, and never accepted (nginx master, "
       "gunicorn arbiter); not counted as an idle worker"},
      {"holder",
       "a process that has the listening socket, but neither waits on it nor ever accepted (a child that inherited "
       "it); not counted as a worker"},
      {"draining",
       "a process that lives, gave the listening socket up and still holds connections (after `nginx -s reload`); "
       "not counted among those that could accept"},
      {"effective workers",
       "1 / sum of squared shares: the number of evenly loaded workers that the actual distribution corresponds to"},
      {"fair draw",
       "each connection assigned to a random worker: the effective workers that chance alone reaches or exceeds in "
       "99 % of draws"},
  };
}

Items backends() {
  return {
      {"fentry",
       "Accepts: fexit `inet_csk_accept`, fentry `security_sock_graft`. Closes: fentry `tcp_close`. The accept "
       "wait starts at: fentry `inet_csk_reqsk_queue_add`, `inet_csk_complete_hashdance`. Needs BTF, BPF "
       "trampolines that reach functions (x86 5.5, arm64 6.4)."},
      {"kprobe",
       "Accepts: kretprobe `inet_csk_accept`, kprobe `security_sock_graft`. Closes: kprobe `tcp_close`. The accept "
       "wait starts at: kprobe on the same two. Needs BTF, `CONFIG_KPROBES`."},
      {"tracepoint",
       "Accepts: `sys_exit_accept`, `sys_exit_accept4`, `io_uring_complete`. Closes: cgroup `sock_release`; "
       "without cgroup v2 the first FIN or reset. The accept wait starts at: `inet_sock_set_state` to ESTABLISHED. "
       "Needs BTF, `CONFIG_FTRACE_SYSCALLS`."},
  };
}

namespace {
/// From the table that the kernel tests check.
Items capabilities() {
  Items items;
  for (const Backend backend : enum_values<Backend>) {
    const std::string least = needed_capabilities_text(backend, {});
    const std::string restricted = needed_capabilities_text(backend, {.locks_memory = false, .restricts_events = true});
    std::string text = least;
    if (restricted != least)
      text += fmt::format("; {} where `kernel.perf_event_paranoid` is above 2, as in Debian and Ubuntu", restricted);
    items.push_back({std::string(enum_name(backend)), text});
  }
  return items;
}
}  // namespace

std::vector<Block> backends_further() {
  return {
      Paragraph{"All backends also use the tracepoints `inet_sock_set_state` (which side left ESTABLISHED first) and "
      "`tcp_destroy_sock` (no entry outlives its socket). They walk the file descriptors of the host "
      "(`iter/task_file`) at the start, every two seconds, and when a connection seems to wait in an accept queue "
      "for a second or more. A walk finds the processes that hold listening sockets, the owners of pre-existing "
      "connections, and the owners of connections whose accept no program saw."},
      Paragraph{"Running as root is simplest. Less is enough, where tracefs and cgroup2 are mounted (else CAP_SYS_ADMIN "
      "mounts them privately); the kernel tests do without each of these in turn, and `acceptscope doctor` says what is "
      "needed here:"},
      capabilities(),
      Paragraph{"Before Linux 5.11 CAP_SYS_RESOURCE in addition. Without CAP_SYS_PTRACE, hidden processes (hidepid) and the "
      "overflow counts of other network namespaces are not read. Where the kernel hides its addresses (`kptr_restrict` "
      "1, or `perf_event_paranoid` above 1), CAP_SYSLOG is needed to tell who waits for connections; without it, each "
      "process with the listening socket counts as a worker."},
  };
}

std::vector<Block> exactness() {
  return {
      Paragraph{"The kernel counts accepts, closes, bytes, lifetimes and waits per worker. The ring buffer only carries one "
      "detail record per close: a lost record loses a line of detail, never a total. Every place that can lose "
      "data has a counter (`losses` in the dump), which is shown if it is not zero. At every snapshot, the "
      "kernel's totals are compared with the records; `consistency.broken` describes each contradiction. Quantiles "
      "come from histograms with eight buckets per power of two: the error is at most 12.5 %; mean and maximum are "
      "exact. Nothing is pinned: when the process ends, even by SIGKILL, all its programs and maps leave the "
      "kernel."},
  };
}

Items diff_tests() {
  return {
      {"`effective_workers`, `top_share`",
       "bootstrap of the deal: the connections of both runs are dealt again, up to 1,999 times, from the combined "
       "shares (by rank); p is the fraction of deals that differ in evenness at least as much as the two runs"},
      {"`workers_idle`",
       "Fisher's exact test"},
      {"`lifetime_p50`, `accept_wait_p50`",
       "Mann-Whitney on the histograms' buckets"},
      {"`lifetime_p95`, `accept_wait_p95`",
       "Mood's test: how many values of each run exceed the 95th percentile of both runs together"},
      {"`active_accepting`, `active_serving`",
       "Mann-Whitney on the steps of the timelines, corrected for their autocorrelation; only if the steps (ticks) "
       "have the same length"},
      {"`accepts_per_second`",
       "conditional binomial test of two Poisson rates; accepts that arrive in bursts vary more than it assumes"},
  };
}

std::vector<Block> limits() {
  return {
      Paragraph{"The owner of a pre-existing connection is the process that holds its file descriptor (the lowest pid if "
      "several do). Its age is known only as \"at least\", and its bytes count from the start of the run. A "
      "pre-existing connection whose listening socket no process holds any more is not found."},
      Paragraph{"Who waits for connections is read from the wait queue of the listening socket, at the same looks as the "
      "holders of sockets. A process that blocks in `accept()` stands in no queue while it is busy: until it "
      "accepts or waits, it counts as a worker if a sibling (same parent, same program) was seen to wait. With "
      "`--by thread`, a thread that was busy at each look and never accepted is not known. Of an epoll set that "
      "several processes inherited, those count that sleep on it. A look at a queue of more than 512 waiters (128 "
      "before 5.17), or one that changes meanwhile, is incomplete: then each process with the socket counts as a "
      "worker. After a reload before tracing, `draining` is told by younger processes of the same command name "
      "that hold the socket."},
      Paragraph{"The holders of sockets are looked up every two seconds, or less often if the host has so many file "
      "descriptors that a walk takes more than 20 ms. A worker that starts and exits in between without an accept "
      "is not listed, and a handover of a connection is reported with this delay."},
      Paragraph{"`accept_queue.overflows` is the listening socket's drop counter (`ss -m` shows it as `d`): connection "
      "attempts that found the accept queue full, and the few that the kernel drops for other reasons."},
      Paragraph{"The tracepoint backend sees accepts at system call exit. Accepts of 32-bit programs, and of io_uring before "
      "5.19, are found by walking the holders of connections, up to a second late (`losses.missed_accept`); a "
      "connection that closed before counts as `losses.unattributed_accept`. While this backend traces, every "
      "system call of the host takes a slightly slower path."},
      Paragraph{"A kernel that preempts BPF programs (`preempt=full`, and by default since 7.0) skips a program while "
      "another run of it is preempted on the same CPU, and counts the skip (`losses.program_skipped`; kernels "
      "before 5.12 do not count). At the next tick, the open connections and their owners are right again: a "
      "skipped accept is found by walking the holders of connections (`losses.missed_accept`), a skipped close by "
      "the dead socket (`losses.missed_close`; its reason is unknown, its lifetime at most one tick too long). "
      "What cannot be repaired is a connection whose accept was skipped and that closed before the tick: its "
      "worker is unknown (`losses.unattributed_accept`; the totals of the service include it). If its entry into "
      "the accept queue was not seen either, no total includes it (`losses.unknown_close`). The sum of both is at "
      "most `losses.program_skipped`."},
      Paragraph{"A request is one turn, which is one request of HTTP/1, RPC, SQL or Redis without pipelining. What is "
      "written together before the answer (pipelining, HTTP/2, a body in several parts) is one; server push and a "
      "server that writes first (SMTP, MySQL) begin none. `100 Continue` answers: with the body that follows, a "
      "second request begins. Looking ahead (`MSG_PEEK`), urgent data, errors and empty reads are no reads, and "
      "what the server reads after it has shut down its side is no request. A request that nobody had answered at "
      "the close counts as `aborted`."},
      Paragraph{"Handshakes are turns too, and are not subtracted. TLS 1.3 with nginx makes two more per connection; one, if "
      "the worker reads the end of the handshake and the request together. postgres: one for the start, one if the "
      "client asks for encryption, and one, never answered, for the goodbye. redis-benchmark asks for two settings "
      "in one burst first."},
      Paragraph{"A read by `splice()` is noticed when its answer is written: the request is counted, its response time is "
      "not. The same holds for a read whose program the kernel skipped. Of an answer whose program was skipped, "
      "the time is that of the next read, or unknown."},
      Paragraph{"Of the requests in flight when tracing began, the beginning is unknown, and so is their response time; they "
      "are told by the times of the last data received and sent, which the kernel keeps to a timer tick."},
      Paragraph{"An answer is counted when the call that wrote it returns. A client that is quicker may have sent its next "
      "request by then, and another thread or worker may have read it: both are in flight for some microseconds, "
      "and a peak may be one too high."},
      Paragraph{"An MPTCP connection is represented by its first subflow. Before 6.3 its requests are counted when they are "
      "answered; the tracepoint backend counts them as lost, and the last one of a connection not at all."},
      Paragraph{"The `close_reason` of a connection that ends before either side closes it is `reset`, also if it timed out."},
      Paragraph{"At most 262,144 connections (`--max-connections`) and 4,096 workers are tracked at once; the excess is only "
      "counted. No user's sockets get more than seven times the room that is left for the others', so nobody can "
      "fill the maps. Memory does not grow with time. In the kernel: about 16 bytes per connection of "
      "`--max-connections` (4 MiB) and 400 bytes for each that is open, before Linux 6.1 376 bytes for each of "
      "`--max-connections` (94 MiB); 28 MiB for workers and their requests, 5 MiB for listening sockets and "
      "processes, and 8 MiB for the ring buffer. In the process: about 32 MiB (16 MiB of it for the ring buffer, "
      "which is mapped twice), 0.8 KiB for each connection that is open or listed in the dump, and 4 KiB for each "
      "worker. At most 64 services have a timeline, with 240 steps for 1,024 workers in total (8 MiB); 4,096 "
      "client addresses are counted separately (8 MiB); workers that found their map full take at most 8 MiB. "
      "Processes that held a listening socket, never accepted and left are listed while they are among the last "
      "1,024 of them, or among as many as ever held one at the same time; the others are counted "
      "(`services[].workers_forgotten`). With `--redact-peers`, an address gets a new pseudonym once 131,072 other "
      "addresses have been seen since its last use."},
      Paragraph{"A close that happens while a walk visits the same file descriptor is attributed to the process that held "
      "the descriptor in the walk."},
      Paragraph{"Latencies are from the kernel's point of view: an event loop that accepts at once and reads a second later "
      "has no accept wait."},
  };
}

// clang-format on

}  // namespace acceptscope::manual
