/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preload library: fails bpf(BPF_MAP_CREATE) for a ring buffer with EINVAL, as a kernel before 5.8 does. libbpf makes
 * its system calls through the C library's syscall().
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <sys/syscall.h>

long syscall(long number, ...)
{
	long (*next)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long argument[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && argument[0] == BPF_MAP_CREATE &&
	    ((const union bpf_attr *)argument[1])->map_type == BPF_MAP_TYPE_RINGBUF) {
		errno = EINVAL;
		return -1;
	}
	return next(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
