# SPDX-License-Identifier: BSD-2-Clause
"""Servers under a keep-alive load of wrk: what counting requests costs. Slices have the form of those of the churn."""
import importlib.util
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

PATIENCE = 60  # seconds to wait for a server
NGINX = """daemon off; master_process on; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "ok"; }} }}
}}
"""
ASGI = """async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
"""
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def missing(server):
    """Why the load of this server cannot run here, or None."""
    if not shutil.which("wrk"):
        return "wrk is not installed"
    if server == "nginx":
        return None if shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") else "nginx is not installed"
    return None if importlib.util.find_spec("uvicorn") else "Python has no uvicorn (Debian: python3-uvicorn)"


class KeepAlive:
    """One worker process, and wrk with 16 connections."""

    def __init__(self, server, directory):
        self.directory = pathlib.Path(directory) / server
        self.directory.mkdir()
        self.port = self.held_port = free_port()
        if server == "nginx":
            (self.directory / "nginx.conf").write_text(NGINX.format(directory=self.directory, port=self.port))
            argv = ["nginx", "-c", str(self.directory / "nginx.conf"), "-e", str(self.directory / "error.log")]
        else:
            (self.directory / "bench_app.py").write_text(ASGI)
            argv = [sys.executable, "-m", "uvicorn", "--app-dir", str(self.directory), "bench_app:app", "--port", str(self.port),
                    "--log-level", "error", "--no-access-log", "--timeout-keep-alive", "600"]
        path = os.environ.get("PATH", "") + ":/usr/sbin"
        self.process = subprocess.Popen(argv, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL)
        self._wait_for_server()

    def _wait_for_server(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def _server_seconds(self):
        """CPU time of the server and its children, the live ones."""
        pids = [self.process.pid]
        pids += map(int, pathlib.Path(f"/proc/{pids[0]}/task/{pids[0]}/children").read_text().split())
        return sum(int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9

    def slice(self, seconds):
        """{"connections": requests, "seconds": elapsed, "cpu_seconds": of server and client}"""
        server_before, client_before = self._server_seconds(), resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", f"http://127.0.0.1:{self.port}/"], check=True,
                             capture_output=True, text=True).stdout
        client = resource.getrusage(resource.RUSAGE_CHILDREN)
        requests, elapsed, unit = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m),", out).groups()
        used = client.ru_utime + client.ru_stime - client_before.ru_utime - client_before.ru_stime
        return {"connections": int(requests), "seconds": float(elapsed) * {"ms": 1e-3, "s": 1, "m": 60}[unit],
                "cpu_seconds": used + self._server_seconds() - server_before}

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
