/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Every kind of loss, in the order of the dump. This list alone defines enum loss, the model's struct Losses, the
 * dump's fields and the texts of the views. A new kind is a row here and the place that counts it.
 *
 * KERNEL(ENUMERATOR, member, later, help)   counted by the BPF programs: count_loss(LOSS_ENUMERATOR)
 * USERSPACE(member, later, help)            counted by capture/reading
 *
 * later: true for kinds that dumps of version 0.1.0 do not have. The views also show the help with a count above 0.
 */
#pragma once

#define LOSS_LIST(KERNEL, USERSPACE)                                                                                    \
	KERNEL(RING_FULL, ring_full, false,                                                                             \
	       "closed connections whose detail record found the ring buffer full; they are in every total, only "      \
	       "their line is missing")                                                                                 \
	KERNEL(CONNECTION_MAP_FULL, connection_map_full, false,                                                         \
	       "connections that found the connection map full: counted when they were accepted or found, but not "     \
	       "followed to their close (raise --max-connections)")                                                     \
	KERNEL(WORKER_MAP_FULL, worker_map_full, false,                                                                 \
	       "accepted or pre-existing connections that found the worker map full: counted for their service, for "   \
	       "no worker")                                                                                             \
	KERNEL(SERVICE_MAP_FULL, service_map_full, false,                                                               \
	       "accepted or pre-existing connections that found the service map full: counted for no service")          \
	USERSPACE(program_skipped, false,                                                                               \
	          "times the kernel skipped a tracing program, so an accept or close may be missing from the totals")   \
	KERNEL(UNKNOWN_CLOSE, unknown_close, false,                                                                     \
	       "closes, on a port with accepts, of connections whose accept was not seen")                              \
	KERNEL(UNATTRIBUTED_ACCEPT, unattributed_accept, false,                                                         \
	       "connections whose accept no program saw, and no walk over the file descriptors: the worker is unknown") \
	KERNEL(MISSED_ACCEPT, missed_accept, false,                                                                     \
	       "accepts noticed late, by the process that holds the connection: counted, with a time up to a tick "     \
	       "too late")                                                                                              \
	KERNEL(MISSED_CLOSE, missed_close, false,                                                                       \
	       "closes noticed only afterwards, on the tick or when the kernel destroyed the socket: their lifetime "   \
	       "is too long, their reason unknown")                                                                     \
	KERNEL(LISTENER_MAP_FULL, listener_map_full, true,                                                              \
	       "times that a listening socket found no room in the map of listening sockets: its queue and holders "    \
	       "are not known, its connections are")                                                                    \
	KERNEL(LIFE_MAP_FULL, life_map_full, true,                                                                      \
	       "times that a process could not be followed to its exit: that is noticed on the tick after it")          \
	KERNEL(PID_FILTER_FULL, pid_filter_full, false,                                                                 \
	       "descendants of --pid that could not be remembered: their connections are missing")                      \
	KERNEL(REQUEST, request_lost, true,                                                                             \
	       "requests not counted: too many were in flight (kernels before 5.12), or nobody knows who read them "    \
	       "(Multipath TCP before 6.3, tracepoint backend)")                                                        \
	KERNEL(REQUEST_WORKER, request_worker_map_full, true,                                                           \
	       "connections whose serving worker found the worker map full: their requests are counted for their "      \
	       "service, for no worker")                                                                                \
	USERSPACE(                                                                                                      \
		walk_unfinished, true,                                                                                  \
		"walks over the host's file descriptors that the end of the run cut short: pre-existing connections "   \
		"or holders may be missing")                                                                            \
	USERSPACE(process_unread, true,                                                                                 \
	          "processes whose command line and cgroup were not read, because reading them did not come back")      \
	USERSPACE(log_lines, true, "lines that --log did not take: its reader did not read, or writing failed")
