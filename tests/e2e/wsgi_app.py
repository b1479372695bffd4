# SPDX-License-Identifier: BSD-2-Clause
"""A minimal WSGI application that logs which process served which client: a line "PID PORT" per request, "PID started"
per worker."""

import app_log

app_log.write("started")


def app(environ, start_response):
    app_log.write(environ["REMOTE_PORT"])
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
