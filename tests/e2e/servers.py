# SPDX-License-Identifier: BSD-2-Clause
"""Real servers whose own logs say which process served which client. Mix-ins of harness.TestCase."""

import asyncio
import contextlib
import glob
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap

import harness

HERE = os.path.dirname(os.path.abspath(__file__))


class LoggingServer:
    """A server with WORKERS processes whose application logs as asgi_app does; self.argv() returns its command line."""

    WORKERS = 8
    MODULES = ()
    PROGRAMS = ()
    ENVIRONMENT = {}

    def setUp(self):
        super().setUp()
        harness.need(*self.PROGRAMS)
        for module in self.MODULES:
            if importlib.util.find_spec(module) is None:
                self.skipTest(f"Python has no {module} (Debian: python3-{module})")
        self.port = harness.free_port()
        self.log = self.path("requests.log")
        self.server = harness.Child(self, self.argv(), env={
            "E2E_LOG": self.log, "PYTHONPATH": os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH")])),
            **self.ENVIRONMENT})
        harness.eventually(lambda: self.started() == self.WORKERS or self.server.process.poll() is not None,
                           "the workers")
        self.assertIsNone(self.server.process.poll(), self.server.stderr)

    def lines(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as log:
            return [line.split() for line in log]

    def worker_pids(self):
        return {int(line[0]) for line in self.lines() if line[1] == "started"}

    def started(self):
        return len(self.worker_pids())

    @contextlib.asynccontextmanager
    async def pinned_pool(self, size, winners, slow="/slow"):
        """A client with `size` keep-alive connections, all accepted by the same `winners` workers. A request for `slow`
        takes long enough for all of them to be open at once."""
        import httpx
        limits = httpx.Limits(max_connections=size, max_keepalive_connections=size, keepalive_expiry=None)
        losers = sorted(self.worker_pids())[winners:]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", limits=limits,
                                     timeout=harness.PATIENCE) as client:
            for pid in losers:
                os.kill(pid, signal.SIGSTOP)  # a stopped worker accepts no connection
            try:
                # Slow responses, so that no request reuses the connection of another one and the pool fills up.
                await asyncio.gather(*(client.get(slow) for _ in range(size)))
            finally:
                for pid in losers:
                    os.kill(pid, signal.SIGCONT)
            yield client

    def served(self):
        """(client port, pid) of each request."""
        return [(int(what), int(pid)) for pid, what in self.lines() if what != "started"]


class UvicornServer(LoggingServer):
    MODULES = ("uvicorn", "httpx")
    APPLICATION = "asgi_app:app"
    HTTP = "auto"  # the parser: h11, httptools, or the faster one that is installed

    def argv(self):
        return [sys.executable, "-m", "uvicorn", self.APPLICATION, "--workers", str(self.WORKERS),
                "--port", str(self.port), "--http", self.HTTP, "--timeout-keep-alive", "120", "--log-level", "warning"]


class GunicornServer(LoggingServer):
    """Workers under gunicorn's arbiter; sync ones without other OPTIONS."""

    MODULES = ("gunicorn",)
    OPTIONS = ()

    def argv(self):
        return [sys.executable, "-m", "gunicorn", "--workers", str(self.WORKERS), "--bind", f"127.0.0.1:{self.port}",
                "--log-level", "warning", *self.OPTIONS, "wsgi_app:app"]


class NodeCluster(LoggingServer):
    PROGRAMS = ("node",)
    WORKERS = 4

    def argv(self):
        return ["node", os.path.join(HERE, "node_app.js"), str(self.port), str(self.WORKERS)]


class PassingServer(LoggingServer):
    """passing_server.py: the parent accepts and passes the connections on, in the way HOW."""

    WORKERS = 4
    HOW = "even"

    def argv(self):
        return [sys.executable, os.path.join(HERE, "passing_server.py"), str(self.port), str(self.WORKERS), self.log,
                self.HOW]

    def connect(self):
        harness.eventually(lambda: harness.is_listening(self.port), "the listening socket")
        return socket.create_connection(("127.0.0.1", self.port), timeout=harness.PATIENCE)

    @staticmethod
    def talk(connection, times=1):
        for _ in range(times):
            connection.sendall(b"x" * 10)
            received = 0
            while received < 10:
                received += len(connection.recv(64))


class JavaServer(LoggingServer):
    """One process with a pool of threads."""

    PROGRAMS = ("java",)
    WORKERS = 1

    def argv(self):
        # Answers as any server does: without waiting for the client's acknowledgement between header and body.
        return ["java", "-Dsun.net.httpserver.nodelay=true", os.path.join(HERE, "ThreadedServer.java"), str(self.port)]


class NginxServer:
    WORKERS = 4
    LISTEN = ""  # parameters of the listen directive
    DIRECTIVES = ""  # more of the server block
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
            {directives}
            location / {{ return 200 "ok"; }}
          }}
        }}
    """

    def setUp(self):
        super().setUp()
        harness.need("nginx", "ab")
        self.port = harness.free_port()
        self.prepare()
        with open(self.path("nginx.conf"), "w") as file:
            file.write(self.CONFIGURATION.format(workers=self.WORKERS, directory=self.directory, port=self.port,
                                                 parameters=self.LISTEN and " " + self.LISTEN,
                                                 directives=self.DIRECTIVES.format(directory=self.directory)))
        self.server = harness.Child(self, ["nginx", "-c", self.path("nginx.conf"), "-e", self.path("error.log")])
        harness.eventually(lambda: len(self.worker_pids()) == self.WORKERS or self.server.process.poll() is not None,
                           "nginx's workers")
        self.assertIsNone(self.server.process.poll(), self.server.stderr)

    def prepare(self):
        """Creates what DIRECTIVES refer to."""

    def worker_pids(self):
        """The child processes that have set a worker's process title: these accept."""
        workers = set()
        for child in harness.children(self.server.process.pid):
            with open(f"/proc/{child}/cmdline") as file:
                if "worker process" in file.read():
                    workers.add(child)
        return workers

    def served(self):
        with open(self.path("access.log")) as log:
            return [(int(port), int(pid)) for pid, port in map(str.split, log)]


class PhpServer(NginxServer):
    """PHP-FPM over TCP at `fpm_port`, behind nginx: /wait/SECONDS is answered after so long."""

    CHILDREN = 4  # workers of FPM
    CONFIGURATION_OF_FPM = """
        [global]
        daemonize = no
        error_log = {directory}/fpm.log
        [www]
        user = nobody
        group = nogroup
        listen = 127.0.0.1:{port}
        pm = static
        pm.max_children = {children}
    """

    def prepare(self):
        programs = glob.glob("/usr/sbin/php-fpm*")
        if not programs:
            self.skipTest("php-fpm is not installed")
        self.fpm_port = harness.free_port()
        os.chmod(self.directory, 0o711)  # the workers are nobody's
        with open(self.path("wait.php"), "w") as file:
            file.write('<?php usleep((int) (1e6 * (float) explode("/", $_SERVER["REQUEST_URI"])[2])); echo "ok";')
        with open(self.path("fpm.conf"), "w") as file:
            file.write(textwrap.dedent(self.CONFIGURATION_OF_FPM.format(
                directory=self.directory, port=self.fpm_port, children=self.CHILDREN)))
        self.fpm = harness.Child(self, [programs[-1], "--nodaemonize", "--allow-to-run-as-root", "--fpm-config",
                                        self.path("fpm.conf")])
        harness.eventually(lambda: harness.is_listening(self.fpm_port) and
                           len(harness.children(self.fpm.process.pid)) == self.CHILDREN or
                           self.fpm.process.poll() is not None, "FPM's workers")
        self.assertIsNone(self.fpm.process.poll(), self.fpm.stderr)
        self.DIRECTIVES = f"""
            location /wait/ {{{{
              fastcgi_pass 127.0.0.1:{self.fpm_port};
              fastcgi_param SCRIPT_FILENAME {self.path("wait.php")};
              fastcgi_param REQUEST_METHOD $request_method;
              fastcgi_param REQUEST_URI $request_uri;
            }}}}"""


class HaproxyServer:
    """One process with THREADS threads, which pass accepted connections on to one another."""

    THREADS = 4
    CONFIGURATION = """
        global
          nbthread {threads}
          stats socket {directory}/stats mode 600 level admin
        defaults
          mode http
          timeout client 30s
          timeout server 30s
          timeout connect 3s
          timeout http-keep-alive 30s
        frontend only
          bind 127.0.0.1:{port}
          http-request return status 200 content-type text/plain string ok
    """

    def setUp(self):
        super().setUp()
        harness.need("haproxy")
        self.port = harness.free_port()
        with open(self.path("haproxy.conf"), "w") as file:
            file.write(textwrap.dedent(self.CONFIGURATION.format(
                threads=self.THREADS, directory=self.directory, port=self.port)))
        self.server = harness.Child(self, ["haproxy", "-db", "-f", self.path("haproxy.conf")])
        harness.eventually(lambda: harness.is_listening(self.port) or self.server.process.poll() is not None, "HAProxy")
        self.assertIsNone(self.server.process.poll(), self.server.stderr)

    def activity(self, counter):
        """One of HAProxy's own counters, for each thread."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.path("stats"))
            connection.sendall(b"show activity\n")
            with connection.makefile() as answer:
                [line] = [line for line in answer if line.startswith(counter + ":")]
        return [int(count) for count in re.search(r"\[(.*)\]", line)[1].split()]


class ApacheServer:
    """Apache with a fixed number of processes. MPM: prefork (a connection each) or event (a pool of threads each)."""

    MPM = "prefork"
    WORKERS = 16
    THREADS = 1  # of each process
    CONFIGURATION = """
        ServerName localhost
        DefaultRuntimeDir {directory}
        PidFile {directory}/apache.pid
        ErrorLog {directory}/error.log
        LoadModule mpm_{mpm}_module {modules}/mod_mpm_{mpm}.so
        LoadModule authz_core_module {modules}/mod_authz_core.so
        User nobody
        Group nogroup
        Listen 127.0.0.1:{port}
        StartServers {workers}
        ServerLimit {workers}
        MaxRequestWorkers {connections}
        {spare}
        KeepAliveTimeout 100
        MaxKeepAliveRequests 0
        DocumentRoot {directory}/www
        LogFormat "%P %{{remote}}p" owner
        CustomLog {directory}/access.log owner
    """

    def setUp(self):
        super().setUp()
        harness.need("apache2")
        self.port = harness.free_port()
        os.chmod(self.directory, 0o711)  # the workers are nobody's
        os.mkdir(self.path("www"))
        with open(self.path("www/index"), "w") as file:
            file.write("ok")
        connections = self.WORKERS * self.THREADS
        # Nothing is ever spare: to end a spare process, Apache sends itself a request.
        unit = "Servers" if self.MPM == "prefork" else "Threads"
        spare = f"MinSpare{unit} {connections}\nMaxSpare{unit} {2 * connections}"
        if self.MPM != "prefork":
            spare += f"\nThreadsPerChild {self.THREADS}"
        modules = os.path.join(os.path.dirname(shutil.which("apache2")), "../lib/apache2/modules")
        with open(self.path("apache.conf"), "w") as file:
            file.write(self.CONFIGURATION.format(
                directory=self.directory, mpm=self.MPM, modules=modules, port=self.port, workers=self.WORKERS,
                connections=connections, spare=spare))
        self.server = harness.Child(self, ["apache2", "-f", self.path("apache.conf"), "-DFOREGROUND"])
        harness.eventually(lambda: len(harness.children(self.server.process.pid)) == self.WORKERS and
                           harness.is_listening(self.port) or self.server.process.poll() is not None,
                           "Apache's processes")
        self.assertIsNone(self.server.process.poll(), self.server.stderr)

    def served(self):
        with open(self.path("access.log")) as log:
            return [(int(port), int(pid)) for pid, port in map(str.split, log)]


class RedisServer:
    def setUp(self):
        super().setUp()
        harness.need("redis-server", "redis-benchmark")
        self.port = harness.free_port()
        self.server = harness.Child(self, ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
                                           "--save", "", "--dir", self.directory])
        harness.eventually(lambda: harness.is_listening(self.port) or self.server.process.poll() is not None, "redis")
        self.assertIsNone(self.server.process.poll(), self.server.stdout)

    def command(self, text):
        """Sends a command and returns the answer, a status or a bulk string."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection, connection.makefile("rwb") as stream:
            stream.write(text.encode() + b"\r\n")
            stream.flush()
            first = stream.readline().decode().strip()
            return stream.read(int(first[1:])).decode() if first[0] == "$" else first

    def commands(self):
        """The number of commands since CONFIG RESETSTAT, without these two."""
        calls = re.findall(r"cmdstat_(\S+):calls=(\d+)", self.command("INFO commandstats"))
        return sum(int(count) for name, count in calls if name not in ("info", "config|resetstat"))


class PostgresServer:
    """A process per connection, forked by the postmaster, which accepts. Runs as nobody: it refuses to run as root."""

    def setUp(self):
        super().setUp()
        programs = glob.glob("/usr/lib/postgresql/*/bin")
        if not programs:
            self.skipTest("postgres is not installed")
        harness.need("pgbench")
        self.port = harness.free_port()
        os.chmod(self.directory, 0o711)
        data = self.path("data")
        os.mkdir(data)
        shutil.chown(data, "nobody")
        subprocess.run([programs[-1] + "/initdb", "--pgdata", data, "--username", "test", "--auth", "trust",
                        "--no-sync"], user="nobody", cwd="/", check=True, stdout=subprocess.DEVNULL)
        settings = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off",
            "autovacuum": "off", "max_connections": 50, "log_line_prefix": "%p ", "log_statement": "all",
            "log_connections": "on"}
        self.server = harness.Child(
            self, [programs[-1] + "/postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())],
            user="nobody", cwd="/")
        harness.eventually(lambda: "ready to accept connections" in self.server.stderr or
                           self.server.process.poll() is not None, "postgres")
        self.assertIsNone(self.server.process.poll(), self.server.stderr)

    def logged(self, what):
        """The process of each line of the log with this message."""
        return [int(pid) for pid in re.findall(rf"^(\d+) LOG:  {what}", self.server.stderr, re.MULTILINE)]
