# SPDX-License-Identifier: BSD-2-Clause
"""A minimal ASGI application that logs which process served which client: a line "PID PORT" per request, "PID started"
per worker. A request for /slow is answered after a second."""

import asyncio
import os

_log = os.open(os.environ["E2E_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def _write(text):
    os.write(_log, f"{os.getpid()} {text}\n".encode())  # one write() with O_APPEND: lines of 8 workers do not mix


async def _lifespan(receive, send):
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _write("started")
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await _lifespan(receive, send)
    _write(scope["client"][1])
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
