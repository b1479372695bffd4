# SPDX-License-Identifier: BSD-2-Clause
"""A server whose parent accepts and passes each connection on to one of its workers, as node cluster does: the truth of
who served is known to the workers, which log "PID client-port" as they take a connection over.

passing_server.py PORT WORKERS LOG HOW: HOW is `even`, `skew` for nine in ten to the first worker, or `orphans`:
even, and the workers outlive their parent."""

import array
import os
import select
import signal
import socket
import sys


def serve(channel, log, outlive_parent):
    poll = select.epoll()
    poll.register(channel, select.EPOLLIN)
    connections = {}
    while True:
        for fd, _ in poll.poll():
            if fd == channel.fileno():
                _, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(4))
                if not ancillary:  # the parent is gone
                    if not outlive_parent:
                        return
                    poll.unregister(channel)
                    continue
                [passed] = array.array("i", ancillary[0][2][:4])
                connection = socket.socket(fileno=passed)
                os.write(log, b"%d %d\n" % (os.getpid(), connection.getpeername()[1]))
                connections[passed] = connection
                poll.register(passed, select.EPOLLIN)
                continue
            data = connections[fd].recv(65536)
            if data:
                connections[fd].sendall(data)
            else:
                poll.unregister(fd)
                connections.pop(fd).close()


def main(port, workers, log_name, how):
    log = os.open(log_name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    channels = []
    for _ in range(workers):
        ours, theirs = socket.socketpair()
        if os.fork() == 0:
            for channel in [*channels, ours]:
                channel.close()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.write(log, b"%d started\n" % os.getpid())
            try:
                serve(theirs, log, how == "orphans")
            finally:
                os._exit(0)
        theirs.close()
        channels.append(ours)
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    number = 0
    while True:
        connection, _ = listener.accept()
        first = how == "skew" and number % 10
        channel = channels[0 if first else (number // 10 if how == "skew" else number) % workers]
        channel.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [connection.fileno()]))])
        connection.close()
        number += 1


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
