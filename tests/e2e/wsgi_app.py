# SPDX-License-Identifier: BSD-2-Clause
"""A minimal WSGI application that logs which process served which client: a line "PID PORT" per request, "PID started"
per worker."""

import os

_log = os.open(os.environ["E2E_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def _write(text):
    os.write(_log, f"{os.getpid()} {text}\n".encode())  # one write() with O_APPEND: lines of several workers do not mix


_write("started")


def app(environ, start_response):
    _write(environ["REMOTE_PORT"])
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
