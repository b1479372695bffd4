# SPDX-License-Identifier: BSD-2-Clause
"""What the test applications share: the log E2E_LOG, whose lines begin with the pid of the worker, and ASGI's lifespan,
which logs "started" per worker."""

import os

_log = os.open(os.environ["E2E_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def write(text):
    os.write(_log, f"{os.getpid()} {text}\n".encode())  # one write() with O_APPEND: lines of several workers do not mix


async def lifespan(receive, send):
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            write("started")
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
