# SPDX-License-Identifier: BSD-2-Clause
"""A minimal ASGI application that logs which process served which client: a line "PID PORT" per request, "PID started"
per worker. A request for /slow is answered after a second."""

import asyncio

import app_log


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await app_log.lifespan(receive, send)
    app_log.write(scope["client"][1])
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
