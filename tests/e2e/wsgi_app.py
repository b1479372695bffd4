# SPDX-License-Identifier: BSD-2-Clause
"""A minimal WSGI application that logs which process served which client: a line "PID PORT" per request, "PID started"
per worker. /wait/SECONDS keeps the worker for so long."""

import time

import app_log

app_log.write("started")


def app(environ, start_response):
    app_log.write(environ["REMOTE_PORT"])
    _, what, *seconds = environ["PATH_INFO"].split("/")
    if what == "wait":
        time.sleep(float(seconds[0]))
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
