# SPDX-License-Identifier: BSD-2-Clause
"""Real prefork servers whose own logs say which process served which client. Mix-ins of harness.TestCase."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import sys

import harness

HERE = os.path.dirname(os.path.abspath(__file__))


class AsgiServer:
    """A server with WORKERS processes that run asgi_app; self.argv() returns its command line."""

    WORKERS = 8
    MODULES = ()

    def setUp(self):
        super().setUp()
        for module in self.MODULES:
            if importlib.util.find_spec(module) is None:
                self.skipTest(f"Python has no {module} (Debian: python3-{module})")
        self.port = harness.free_port()
        self.log = self.path("requests.log")
        self.server = harness.Child(self, self.argv(), env={"E2E_LOG": self.log, "PYTHONPATH": HERE})
        harness.eventually(lambda: self.started() == self.WORKERS or self.server.process.poll() is not None,
                           "the workers")
        self.assertIsNone(self.server.process.poll(), self.server.stderr)

    def lines(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as log:
            return [line.split() for line in log]

    def worker_pids(self):
        return {int(pid) for pid, what in self.lines() if what == "started"}

    def started(self):
        return len(self.worker_pids())

    @contextlib.asynccontextmanager
    async def pinned_pool(self, size, winners):
        """A client with `size` keep-alive connections, all accepted by the same `winners` workers."""
        import httpx
        limits = httpx.Limits(max_connections=size, max_keepalive_connections=size, keepalive_expiry=None)
        losers = sorted(self.worker_pids())[winners:]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", limits=limits,
                                     timeout=harness.PATIENCE) as client:
            for pid in losers:
                os.kill(pid, signal.SIGSTOP)  # a stopped worker accepts no connection
            try:
                # Slow responses, so that no request reuses the connection of another one and the pool fills up.
                await asyncio.gather(*(client.get("/slow") for _ in range(size)))
            finally:
                for pid in losers:
                    os.kill(pid, signal.SIGCONT)
            yield client

    def served(self):
        """(client port, pid) of each request."""
        return [(int(what), int(pid)) for pid, what in self.lines() if what != "started"]


class UvicornServer(AsgiServer):
    MODULES = ("uvicorn", "httpx")

    def argv(self):
        return [sys.executable, "-m", "uvicorn", "asgi_app:app", "--workers", str(self.WORKERS), "--port", str(self.port),
                "--timeout-keep-alive", "120", "--log-level", "warning"]


class GunicornServer(AsgiServer):
    """Sync workers under gunicorn's arbiter."""

    MODULES = ("gunicorn",)

    def argv(self):
        return [sys.executable, "-m", "gunicorn", "--workers", str(self.WORKERS), "--bind", f"127.0.0.1:{self.port}",
                "--log-level", "warning", "wsgi_app:app"]


class NginxServer:
    WORKERS = 4
    LISTEN = ""  # parameters of the listen directive
    CONFIGURATION = """
        daemon off;
        worker_processes {workers};
        pid {directory}/nginx.pid;
        error_log {directory}/error.log;
        events {{ worker_connections 1024; }}
        http {{
          log_format owner '$pid $remote_port';
          access_log {directory}/access.log owner;
          client_body_temp_path {directory}/body;
          proxy_temp_path {directory}/proxy;
          fastcgi_temp_path {directory}/fastcgi;
          uwsgi_temp_path {directory}/uwsgi;
          scgi_temp_path {directory}/scgi;
          server {{
            listen 127.0.0.1:{port}{parameters};
            location / {{ return 200 "ok"; }}
          }}
        }}
    """

    def setUp(self):
        super().setUp()
        harness.need("nginx", "ab")
        self.port = harness.free_port()
        with open(self.path("nginx.conf"), "w") as file:
            file.write(self.CONFIGURATION.format(workers=self.WORKERS, directory=self.directory, port=self.port,
                                                 parameters=self.LISTEN and " " + self.LISTEN))
        self.server = harness.Child(self, ["nginx", "-c", self.path("nginx.conf"), "-e", self.path("error.log")])
        harness.eventually(lambda: len(self.worker_pids()) == self.WORKERS or self.server.process.poll() is not None,
                           "nginx's workers")
        self.assertIsNone(self.server.process.poll(), self.server.stderr)

    def worker_pids(self):
        """The child processes that have set a worker's process title: these accept."""
        pid = self.server.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = file.read().split()
        workers = set()
        for child in children:
            with open(f"/proc/{child}/cmdline") as file:
                if "worker process" in file.read():
                    workers.add(int(child))
        return workers

    def served(self):
        with open(self.path("access.log")) as log:
            return [(int(port), int(pid)) for pid, port in map(str.split, log)]
