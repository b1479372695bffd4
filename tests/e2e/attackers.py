# SPDX-License-Identifier: BSD-2-Clause
"""What other users of the host do to blind or to hang the program, as processes of an ordinary user.

attackers.py KIND PORT COUNT: prints "ready" once it is done, and then waits for the end of its standard input.
"""

import ctypes
import os
import resource
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

NOBODY = 65534
DESCRIPTORS = 19_000  # of one process; below the usual limit of 20,000 and more


def become_nobody():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    return min(DESCRIPTORS, hard - 100)


def fork_idle(count):
    """`count` children that hold whatever this process holds, until it ends."""
    reading, writing = os.pipe()
    for _ in range(count):
        if os.fork() == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)


def listeners(port, count):
    """`count` listening sockets on `port`, each on an address of its own."""
    room = become_nobody()
    first = 0
    while first < count:
        if count - first > room and os.fork() != 0:
            first += room
            continue
        kept = []
        for number in range(first, min(count, first + room)):
            kept.append(socket.socket())
            kept[-1].bind((f"127.{10 + number // 60_000}.{number // 250 % 240}.{1 + number % 250}", port))
            kept[-1].listen(1)
        return kept
    return []


def descriptors(port, count):
    """One listening socket, held with other things by idle processes: `count` descriptors, and as many epoll entries."""
    room = become_nobody() - 200
    kept = [socket.create_server(("127.9.0.1", port))]
    reading, _ = os.pipe()
    held = [os.dup(reading) for _ in range(room)]
    entries = 0
    while entries < count and len(kept) < 100:
        kept.append(select.epoll())
        try:
            for fd in held:
                kept[-1].register(fd, select.EPOLLIN)
        except OSError:  # fs.epoll.max_user_watches
            break
        entries += len(held)
    fork_idle(count // room)
    return kept


def connections(port, count):
    """`count` open connections to one server, both ends of which are here."""
    become_nobody()
    server = socket.create_server(("127.9.0.1", port), backlog=64)
    kept = [server]
    for _ in range(count):
        kept.append(socket.create_connection(("127.9.0.1", port)))
        kept.append(server.accept()[0])
    return kept


def answer_fuse(device):
    """Serves a file system that is one file, as far as that it can be mapped: who reads it waits for ever."""
    while True:
        request = os.read(device, 1 << 18)
        _, opcode, unique = struct.unpack_from("=IIQ", request)
        if opcode == 26:  # FUSE_INIT
            answer = struct.pack("=IIII", 7, 31, 4096, 0) + struct.pack("=HHII", 0, 0, 4096, 0) + bytes(36)
        elif opcode == 3:  # FUSE_GETATTR
            attributes = struct.pack("=6Q", 1, 1 << 20, 0, 0, 0, 0) + bytes(12)
            answer = struct.pack("=QII", 1000, 0, 0) + attributes + struct.pack("=7I", 0o100666, 1, 0, 0, 0, 4096, 0)
        elif opcode == 14:  # FUSE_OPEN
            answer = struct.pack("=QII", 1, 0, 0)
        elif opcode in (2, 15, 36):  # FUSE_FORGET needs no answer; FUSE_READ and FUSE_INTERRUPT get none
            continue
        else:
            os.write(device, struct.pack("=IiQ", 16, -38, unique))  # ENOSYS
            continue
        os.write(device, struct.pack("=IiQ", 16 + len(answer), 0, unique) + answer)


def unreadable_file(libc):
    """A file that can be mapped and not be read, in a mount namespace of this process. (An ordinary user does the same
    in a user namespace.)"""
    try:
        device = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        give_up(f"no FUSE: {error}")
    directory = tempfile.mkdtemp()
    path = os.path.join(directory, "file")
    os.close(os.open(path, os.O_CREAT | os.O_RDWR))
    options = f"fd={device},rootmode=100666,user_id=0,group_id=0"
    if libc.unshare(0x20000) != 0 or libc.mount(None, b"/", None, 0x44000, None) != 0:  # CLONE_NEWNS; MS_REC, MS_PRIVATE
        give_up("no mount namespace")
    if libc.mount(b"x", path.encode(), b"fuse", 0, options.encode()) != 0:
        give_up("no FUSE: " + os.strerror(ctypes.get_errno()))
    if os.fork() == 0:
        answer_fuse(device)
    os.close(device)  # with the process that serves it, the file system ends, and who hangs on it goes on
    file = os.open(path, os.O_RDWR)
    os.fstat(file)  # makes its size known: beyond its end, there would be an error at once
    return file


def give_up(reason):
    print(reason, flush=True)
    sys.exit()


def in_a_child(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    return pid


def accept_all(server):
    while True:
        connection, _ = server.accept()
        connection.close()


def tell_when_stuck(process):
    """Prints "ready" when a thread of `process` sleeps and cannot be interrupted."""
    def state(task):
        with open(f"/proc/{process}/task/{task}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    while all(state(task) != "D" for task in os.listdir(f"/proc/{process}/task")):
        time.sleep(0.01)
    print("ready", flush=True)


def hanging(port, _count):
    """A process that holds a listening socket, and whose memory nobody can read, while its child accepts. Another child
    reads a page of it that never comes, and holds the lock of its memory map meanwhile; a thread of it wants that lock for
    itself; and whoever comes after that waits behind the thread."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    server = socket.create_server(("127.0.0.1", port))
    page = libc.mmap(None, 4096, 1, 2, unreadable_file(libc), 0)  # PROT_READ, MAP_PRIVATE
    own = os.getpid()

    def map_until_stuck():
        while True:
            libc.mmap(None, 4096, 3, 0x22, -1, 0)  # MAP_PRIVATE | MAP_ANONYMOUS
            time.sleep(0.01)

    in_a_child(lambda: accept_all(server))
    in_a_child(lambda: tell_when_stuck(own))
    threading.Thread(target=map_until_stuck, daemon=True).start()
    in_a_child(lambda: os.pread(os.open(f"/proc/{own}/mem", os.O_RDONLY), 1, page))
    signal.pause()  # this process may do nothing any more that needs its memory map


def main():
    kind, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    kinds = {"listeners": listeners, "descriptors": descriptors, "connections": connections, "hanging": hanging}
    kept = kinds[kind](port, count)
    print("ready", len(kept), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
