# SPDX-License-Identifier: BSD-2-Clause
"""An ASGI application that counts its own requests in flight, per worker: a line "PID BEGIN END IN_FLIGHT" per request
as its answer begins (times in ns of CLOCK_REALTIME; IN_FLIGHT at its begin, with itself), "PID started" per worker.
/wait/SECONDS waits and lets others in; /block/SECONDS blocks the worker."""

import asyncio
import time

import app_log

_in_flight = 0


async def app(scope, receive, send):
    global _in_flight
    if scope["type"] == "lifespan":
        return await app_log.lifespan(receive, send)
    _in_flight += 1
    at_once, begin = _in_flight, time.time_ns()
    _, what, seconds = scope["path"].split("/")
    if what == "block":
        time.sleep(float(seconds))
    else:
        await asyncio.sleep(float(seconds))
    _in_flight -= 1
    app_log.write(f"{begin} {time.time_ns()} {at_once}")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
