/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Everything that can go missing, by kind, in the order of the dump: the one list from which enum loss, the model's
 * struct Losses, the dump's fields and what the views say come. A new kind is a row here and the place that counts it.
 *
 * KERNEL(ENUMERATOR, member, later, help)   counted by the BPF programs: count_loss(LOSS_ENUMERATOR)
 * USERSPACE(member, later, help)            counted by capture/reading
 *
 * later: true for what dumps of version 0.1.0 do not have. The help is also what the views say of a count that is not 0.
 */
#pragma once

#define LOSS_LIST(KERNEL, USERSPACE)                                                                                  \
	KERNEL(RING_FULL, ring_full, false,                                                                           \
	       "closed connections whose detail record found the ring buffer full; they are in every total, only "    \
	       "their line is missing")                                                                               \
	KERNEL(CONNECTION_MAP_FULL, connection_map_full, false,                                                       \
	       "connections that found the connection map full: counted when they were accepted or found, but not "   \
	       "followed to their close (raise --max-connections)")                                                   \
	KERNEL(WORKER_MAP_FULL, worker_map_full, false,                                                               \
	       "accepted or pre-existing connections that found the worker map full: counted for their service, for " \
	       "no worker")                                                                                           \
	KERNEL(SERVICE_MAP_FULL, service_map_full, false,                                                             \
	       "accepted or pre-existing connections that found the service map full: counted for no service")        \
	USERSPACE(program_skipped, false,                                                                             \
	          "times the kernel skipped a tracing program, so an accept or close may be missing from the totals") \
	KERNEL(UNKNOWN_CLOSE, unknown_close, false,                                                                   \
	       "closes, on a port with accepts, of connections whose accept was not seen")                            \
	KERNEL(UNATTRIBUTED_ACCEPT, unattributed_accept, false,                                                       \
	       "connections found accepted only when they closed: by which worker is not known")                      \
	KERNEL(MISSED_ACCEPT, missed_accept, false,                                                                   \
	       "accepts seen late, by who holds the connection: counted, their time is up to a tick too late")        \
	KERNEL(MISSED_CLOSE, missed_close, false,                                                                     \
	       "closes noticed only afterwards, on the tick or when the kernel destroyed the socket: their lifetime " \
	       "is too long, their reason unknown")                                                                   \
	KERNEL(PID_FILTER_FULL, pid_filter_full, false,                                                               \
	       "descendants of --pid that could not be remembered: their connections are missing")
