# SPDX-License-Identifier: BSD-2-Clause
"""Requests per worker with real servers: each number is the one that the server's own log, or its application, has."""

import asyncio
import collections
import concurrent.futures
import contextlib
import datetime
import os
import random
import re
import select
import signal
import socket
import ssl
import statistics
import subprocess
import time
import typing

import harness
import servers

REQUESTS = 10_000
CONNECTIONS = 16


class RequestTest(harness.TestCase):
    def run_client(self, *argv, **environment):
        client = subprocess.run(list(map(str, argv)), timeout=4 * harness.PATIENCE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment})
        self.assertEqual(client.returncode, 0, client.stdout)

    def ab(self, *options):
        harness.need("ab")
        self.run_client("ab", "-q", "-n", REQUESTS, "-c", CONNECTIONS, *options, f"http://127.0.0.1:{self.port}/index")

    def wrk(self):
        """Kept connections for clients of HTTP/1.1: ab speaks 1.0. Its last requests may be aborted by itself."""
        harness.need("wrk")
        self.run_client("wrk", "-t", 1, "-c", CONNECTIONS, "-d", int(3 * harness.PATIENCE), "-s",
                        os.path.join(servers.HERE, "stop_after.lua"), f"http://127.0.0.1:{self.port}/", "--", REQUESTS)

    def traced(self, traffic):
        """Traces while `traffic()` runs and until the server has closed its connections; returns the dump."""
        before = harness.open_sockets(self.server.process.pid)
        tracer = self.start_tracing("--port", self.port, "--output", self.path("dump.json"))
        traffic()
        harness.eventually(lambda: harness.open_sockets(self.server.process.pid) <= before,
                           "the server to close its connections")
        self.finish(tracer)
        dump = self.read_json("dump.json")
        self.assertEqual(set(dump["losses"].values()), {0}, dump["losses"])
        self.assertEqual(dump["consistency"]["broken"], [])
        return dump

    def expect_counts(self, dump, expected, aborted=0):
        """`expected` counts the requests of each process. `aborted` None: some, the client ended too early."""
        [service] = dump["services"]
        total = service["requests"]
        rows = {worker["pid"]: worker["requests"] for worker in service["workers"] if worker["requests"]}
        self.assertEqual({pid: row["count"] for pid, row in rows.items() if row["count"]}, dict(expected))
        self.assertEqual(total["count"], sum(expected.values()))
        self.assertEqual({row["in_flight"] for row in (*rows.values(), total)}, {0})
        if aborted is not None:
            self.assertEqual(total["aborted"], aborted)
        self.assertEqual(total["response_seconds"]["count"], total["count"] - total["aborted"])
        self.assertEqual(total["unread_wait_seconds"]["count"], total["count"])

    def expect_served(self, traffic, kept, aborted=0, handshake=0):
        """Requests per connection and process, and per process, are those of the server's log. `handshake`: the turns
        before the first request of each connection."""
        dump = self.traced(traffic)
        served = self.served()
        self.assertGreaterEqual(len(served), REQUESTS)
        connections, handshakes = collections.Counter(), collections.Counter()
        for c in dump["connections"]:  # ab opens a few more than it needs, and does not use them
            if c["requests"] > handshake:
                connections[c["peer"]["port"], c["served_by_pid"]] += c["requests"] - handshake
            if c["requests"] and handshake:
                handshakes[c["served_by_pid"]] += min(c["requests"], handshake)
        self.assertEqual(connections, collections.Counter(served))
        self.expect_counts(dump, collections.Counter(pid for _, pid in served) + handshakes, aborted)
        # As many connections as the client has, and one more for each that the server closes; or one per request.
        accepts = dump["totals"]["accepts"]
        self.assertTrue(accepts < 10 * CONNECTIONS if kept else accepts >= REQUESTS, accepts)


class UvicornRequests(servers.UvicornServer, RequestTest):
    HTTP = "h11"

    def test_of_kept_connections_are_those_of_the_log(self):
        self.expect_served(self.wrk, kept=True, aborted=None)

    def test_of_a_connection_each_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class UvicornHttptoolsRequests(servers.UvicornServer, RequestTest):
    MODULES = (*servers.UvicornServer.MODULES, "httptools")
    HTTP = "httptools"

    def test_of_kept_connections_are_those_of_the_log(self):
        self.expect_served(self.wrk, kept=True, aborted=None)

    def test_of_a_connection_each_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class GunicornRequests(servers.GunicornServer, RequestTest):
    def test_of_sync_workers_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class GunicornThreadsRequests(servers.GunicornServer, RequestTest):
    OPTIONS = ("--worker-class", "gthread", "--threads", "4", "--keep-alive", "60")

    def test_of_kept_connections_are_those_of_the_log(self):
        self.expect_served(lambda: self.ab("-k"), kept=True)

    def test_of_a_connection_each_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class NginxRequests(servers.NginxServer, RequestTest):
    def test_of_kept_connections_are_those_of_the_log(self):
        self.expect_served(lambda: self.ab("-k"), kept=True)

    def test_of_connections_kept_by_wrk_are_those_of_the_log(self):
        self.expect_served(self.wrk, kept=True, aborted=None)

    def test_of_a_connection_each_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class NginxTlsRequests(servers.NginxServer, RequestTest):
    LISTEN = "ssl"
    DIRECTIVES = """
        ssl_certificate {directory}/certificate.pem;
        ssl_certificate_key {directory}/key.pem;
        ssl_protocols TLSv1.3;
    """

    def setUp(self):
        harness.need("openssl")
        super().setUp()

    def prepare(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", self.path("key.pem"),
                        "-out", self.path("certificate.pem")], check=True, stderr=subprocess.DEVNULL)

    # TLS 1.3: the client's hello, which the server's first flight answers, and its Finished, which two tickets answer.
    HANDSHAKE = 2

    def connect(self, context):
        """Returns a connection whose handshake is over: nginx reads ahead, so a request that is sent too early can be
        read together with Finished."""
        connection = context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=harness.PATIENCE))
        connection.setblocking(False)
        select.select([connection], [], [], harness.PATIENCE)  # for the tickets
        with contextlib.suppress(ssl.SSLWantReadError):
            connection.recv(1)
        connection.settimeout(harness.PATIENCE)
        return connection

    def request(self, connections, requests):
        """`connections` with so many `requests` each, CONNECTIONS at once; the last one of each asks to close it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE

        def use_connection(_):
            with self.connect(context) as connection:
                for left in reversed(range(requests)):
                    option = "" if left else "Connection: close\r\n"
                    connection.sendall(f"GET / HTTP/1.1\r\nHost: localhost\r\n{option}\r\n".encode())
                    answer = b""
                    while not answer.endswith(b"\r\n\r\nok"):
                        answer += connection.recv(4096)
                self.assertEqual(connection.recv(1), b"")

        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(use_connection, range(connections)))

    def test_of_kept_connections_are_those_of_the_log_and_the_handshakes(self):
        self.expect_served(lambda: self.request(CONNECTIONS, REQUESTS // CONNECTIONS), kept=True,
                           handshake=self.HANDSHAKE)

    def test_of_a_connection_each_are_those_of_the_log_and_the_handshakes(self):
        self.expect_served(lambda: self.request(REQUESTS, 1), kept=False, handshake=self.HANDSHAKE)


class ApacheRequests(servers.ApacheServer, RequestTest):
    def test_of_kept_connections_are_those_of_the_log(self):
        self.expect_served(lambda: self.ab("-k"), kept=True)

    def test_of_a_connection_each_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class ApacheThreadsRequests(servers.ApacheServer, RequestTest):
    MPM = "event"
    WORKERS = 2
    THREADS = 16

    def test_of_kept_connections_are_those_of_the_log(self):
        self.expect_served(lambda: self.ab("-k"), kept=True)

    def test_of_a_connection_each_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class NodeRequests(servers.NodeCluster, RequestTest):
    """The primary accepts and hands the connections over: who accepted served nothing."""

    ENVIRONMENT = {"NODE_CLUSTER_SCHED_POLICY": "rr"}

    def test_of_kept_connections_are_those_of_the_log(self):
        self.expect_served(lambda: self.ab("-k"), kept=True)

    def test_of_a_connection_each_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class NodeSharedRequests(servers.NodeCluster, RequestTest):
    """The workers accept."""

    ENVIRONMENT = {"NODE_CLUSTER_SCHED_POLICY": "none"}

    def test_of_kept_connections_are_those_of_the_log(self):
        self.expect_served(lambda: self.ab("-k"), kept=True)

    def test_of_a_connection_each_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class JavaRequests(servers.JavaServer, RequestTest):
    def test_of_kept_connections_are_those_of_the_log(self):
        self.expect_served(lambda: self.ab("-k"), kept=True)

    def test_of_a_connection_each_are_those_of_the_log(self):
        self.expect_served(self.ab, kept=False)


class RedisRequests(servers.RedisServer, RequestTest):
    def expect_commands(self, *options):
        self.command("CONFIG RESETSTAT")
        dump = self.traced(lambda: self.run_client("redis-benchmark", "-p", self.port, "-P", 1, "-n", REQUESTS, "-c",
                                                   CONNECTIONS, "-t", "get", *options))
        commands = self.commands()
        self.assertGreaterEqual(commands, REQUESTS)
        # redis-benchmark asks first for two settings in one burst: one turn.
        self.expect_counts(dump, {self.server.process.pid: commands - 1})

    def test_of_kept_connections_are_the_commands(self):
        self.expect_commands()

    def test_of_a_connection_each_are_the_commands(self):
        self.expect_commands("-k", "0")


class PostgresRequests(servers.PostgresServer, RequestTest):
    """A backend reads and answers the request for encryption (one turn, unless it is disabled) and the startup packet
    (one turn: `trust` needs no more), then the queries; the last message, Terminate, has no answer."""

    def expect_queries(self, script, transactions, startup_turns, *options, **environment):
        with open(self.path("script"), "w") as file:
            file.write(script)
        dump = self.traced(lambda: self.run_client(
            "pgbench", "-h", "127.0.0.1", "-p", self.port, "-U", "test", "-n", "-M", "simple",
            "-f", self.path("script"), "-c", 10, "-t", transactions, *options, "postgres", **environment))
        queries = collections.Counter(self.logged("statement:"))
        connections = collections.Counter(self.logged("connection authorized:"))
        self.assertGreaterEqual(sum(queries.values()), REQUESTS)
        other_turns = collections.Counter({pid: count * (startup_turns + 1) for pid, count in connections.items()})
        self.expect_counts(dump, queries + other_turns, aborted=sum(connections.values()))

    def test_of_kept_connections_are_the_queries(self):
        self.expect_queries("SELECT 1;\n", 1000, 1, PGSSLMODE="disable")

    def test_of_many_connections_are_the_queries_and_three_turns_each(self):
        self.expect_queries("SELECT 1;\n" * 20, 50, 2, "-C", PGSSLMODE="prefer")


class Counted(typing.NamedTuple):
    """A request as the application counted it; times in seconds since the epoch."""

    begin: float
    end: float
    in_flight: int


def busy_seconds(requests):
    """The time during which at least one of the requests was in flight."""
    total, until = 0.0, 0.0
    for request in sorted(requests):
        total += max(0.0, request.end - max(until, request.begin))
        until = max(until, request.end)
    return total


class CountingUvicorn(servers.UvicornServer):
    APPLICATION = "counting_app:app"

    def counted(self):
        """The requests of each process, as its application counted them."""
        requests = collections.defaultdict(list)
        for pid, *figures in self.lines():
            if len(figures) == 3:
                begin, end, in_flight = map(int, figures)
                requests[int(pid)].append(Counted(begin / 1e9, end / 1e9, in_flight))
        return requests


class CountingApplication(CountingUvicorn, RequestTest):
    WORKERS = 4
    HTTP = "h11"
    POOL = 16
    ROUNDS = 8

    async def load(self):
        """All connections of a pool at once; then each at its own pace, with requests of 50 to 200 ms."""
        import httpx
        paces = random.Random(1)
        limits = httpx.Limits(max_connections=self.POOL, max_keepalive_connections=self.POOL)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", limits=limits,
                                     timeout=harness.PATIENCE) as client:
            async def at_its_own_pace(delay):
                await asyncio.sleep(delay)
                await client.get("/wait/0.2")
                for _ in range(self.ROUNDS):
                    await asyncio.sleep(paces.uniform(0.01, 0.2))
                    await client.get(f"/wait/{paces.uniform(0.05, 0.2)}")
            await asyncio.gather(*(at_its_own_pace(number * 0.005) for number in range(self.POOL)))

    def test_sees_the_same_peaks_busy_and_response_times(self):
        dump = self.traced(lambda: asyncio.run(self.load()))
        counted = self.counted()
        self.expect_counts(dump, {pid: len(requests) for pid, requests in counted.items()})
        for worker in dump["services"][0]["workers"]:
            requests, ours = counted[worker["pid"]], worker["requests"]
            if not requests:
                continue
            durations = [request.end - request.begin for request in requests]
            # The application's time begins after the read and ends before the write.
            self.assertEqual(ours["in_flight_peak"], max(request.in_flight for request in requests))
            self.expect_close(ours["busy_seconds"], busy_seconds(requests), 0.01)
            self.expect_close(ours["response_seconds"]["mean"], statistics.mean(durations), 0.001)
            self.expect_close(ours["response_seconds"]["max"], max(durations), 0.005)
            self.expect_each(ours["response_seconds"]["buckets"], sorted(durations))

    def expect_each(self, buckets, durations):
        """Each response time lies in its bucket (12.5 % wide) within 1 % and 1 ms; one in twenty, up to 5 ms: a process
        that loses the processor between its clock and the call. `durations` are the application's, in order."""
        bounds = [(bucket["le"] / 1.125, bucket["le"]) for bucket in buckets for _ in range(bucket["count"])]
        self.assertEqual(len(bounds), len(durations))
        off = [max(low - 1.01 * counted, 0.99 * counted - high) for (low, high), counted in zip(bounds, durations)]
        self.assertLess(max(off), 0.005 * harness.TIME_FACTOR)
        self.assertLessEqual(sum(one > 0.001 * harness.TIME_FACTOR for one in off), len(off) / 20)

    def expect_close(self, ours, counted, tolerance):
        """Within 1 % and `tolerance` seconds."""
        self.assertLess(abs(ours - counted), 0.01 * counted + tolerance * harness.TIME_FACTOR, (ours, counted))


class Incident(CountingUvicorn, RequestTest):
    """32 workers behind a pool of 32 kept connections, which at most three accepted: the others serve nothing."""

    WORKERS = 32
    POOL = 32
    WINNERS = 3

    async def load(self, client, until):
        """Requests of 2 s on all connections, again and again until the event is set."""
        async def one_connection():
            while not until.is_set():
                self.assertEqual((await client.get("/wait/2")).status_code, 200)
        await asyncio.gather(*(one_connection() for _ in range(self.POOL)))

    async def under_load(self, watch):
        """`watch()` runs in a thread while the requests of the pinned pool are in flight, before and after."""
        async with self.pinned_pool(self.POOL, self.WINNERS, slow="/wait/1") as client:
            until = asyncio.Event()
            load = asyncio.create_task(self.load(client, until))
            await asyncio.sleep(0.5)  # the requests begin before tracing does
            try:
                return await asyncio.to_thread(watch)
            finally:
                until.set()
                await load

    def serving(self):
        """The workers that served, as the application counted them: a winner can be left without a connection."""
        pids = sorted(self.counted())
        self.assertLessEqual(len(pids), self.WINNERS)
        return pids

    def test_is_seen_within_two_ticks(self):
        child = asyncio.run(self.under_load(lambda: self.run_program(
            "--port", self.port, "--interval", "1s", "--duration", "2s", "--view", "plain", "--output",
            self.path("dump.json"))))
        self.assertEqual(child.process.returncode, 0, child.stderr)
        [service] = self.read_json("dump.json")["services"]
        rows = {worker["pid"]: worker["requests"] for worker in service["workers"] if worker["requests"]}
        serving = {pid: row for pid, row in rows.items() if row["count"]}
        self.assertEqual(sorted(serving), self.serving())
        self.assertEqual(service["requests"]["in_flight_peak"], self.POOL)
        for row in serving.values():
            self.assertGreater(row["busy_seconds"], 1.5)
        # The live view: a row for each that serves, with the requests in flight and how busy it is.
        rows = {int(pid): (int(peak), float(busy)) for pid, peak, busy in re.findall(
            r"^ *(\d+)  \S.* \d+ \((\d+)\) +([\d.]+) %", child.stdout, re.MULTILINE)}
        rows = {pid: row for pid, row in rows.items() if row[0]}  # the first block may list the idle ones, too
        self.assertEqual(sorted(rows), self.serving(), child.stdout)
        self.assertEqual(sum(peak for peak, _ in rows.values()), self.POOL)
        self.assertGreater(min(busy for _, busy in rows.values()), 75)

    def test_windows_have_as_many_serving_workers_as_the_application_counted(self):
        window, windows = 3.0, 3  # longer than a request: each worker that serves begins one in each window
        asyncio.run(self.under_load(lambda: self.run_program(
            "--port", self.port, "--window", f"{window}s", "--duration", f"{window * windows + 0.5}s", "--output",
            self.path("dump.json"))))
        dump = self.read_json("dump.json")
        began = datetime.datetime.fromisoformat(dump["run"]["started_at"]).timestamp()
        serving = [set() for _ in range(windows)]
        for pid, requests in self.counted().items():
            for request in requests:
                if 0 <= request.begin - began < window * windows:
                    serving[int((request.begin - began) / window)].add(pid)
        ours, counts = dump["services"][0]["active_workers"]["requests"], sorted(map(len, serving))
        self.assertEqual(ours, {"min": counts[0], "p50": counts[1], "p95": counts[2], "max": counts[2],
                                "windows": windows})
        self.assertEqual(counts, [len(self.serving())] * windows)


class BlockedWorker(CountingUvicorn, RequestTest):
    WORKERS = 1
    BLOCKED = 3.0

    def block(self):
        """A request that blocks the only worker, and another one meanwhile on a connection that is already accepted."""
        with contextlib.ExitStack() as stack:
            blocker, waiting = (stack.enter_context(socket.create_connection(
                ("127.0.0.1", self.port), timeout=harness.PATIENCE)) for _ in range(2))

            def ask(connection, path):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

            def take(connection):
                answer = b""
                while not answer.endswith(b"\r\n\r\nok"):
                    answer += connection.recv(4096)

            for connection in (blocker, waiting):
                ask(connection, "/wait/0")
                take(connection)
            ask(blocker, f"/block/{self.BLOCKED}")
            time.sleep(0.2)  # by then the worker has read it; it cannot tell that it is blocked
            ask(waiting, "/wait/0")
            take(waiting)
            take(blocker)

    def test_shows_in_the_unread_wait_and_in_the_response_time(self):
        dump = self.traced(self.block)
        [pid] = self.worker_pids()
        self.expect_counts(dump, {pid: 4})
        requests = dump["services"][0]["requests"]
        self.assertGreaterEqual(requests["unread_wait_seconds"]["max"], 2.5)
        self.assertGreaterEqual(requests["response_seconds"]["max"], self.BLOCKED)
        self.assertEqual(requests["in_flight_peak"], 1)


class StalledWorker(CountingUvicorn, RequestTest):
    """One of four workers is blocked while a request lies unread on another connection of it, and the others serve."""

    WORKERS = 4
    BLOCKED = 5.0

    def ask(self, connection, path):
        """The pid of the worker that answers: the last one to write a line."""
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\nok"):
            answer += connection.recv(4096)
        return int(self.lines()[-1][0])

    def stall(self):
        """Returns the pid of the blocked worker."""
        with contextlib.ExitStack() as stack:
            def connect():
                connection = stack.enter_context(
                    socket.create_connection(("127.0.0.1", self.port), timeout=harness.PATIENCE))
                return self.ask(connection, "/wait/0"), connection

            connections = collections.defaultdict(list)
            while max(map(len, connections.values()), default=0) < 2:  # after five at the latest
                pid, connection = connect()
                connections[pid].append(connection)
            blocked = max(connections, key=lambda pid: len(connections[pid]))
            blocker, waiting = connections[blocked]
            os.kill(blocked, signal.SIGSTOP)  # a stopped worker accepts no connection
            try:
                _, other = connect()
            finally:
                os.kill(blocked, signal.SIGCONT)
            with concurrent.futures.ThreadPoolExecutor() as pool:
                first = pool.submit(self.ask, blocker, f"/block/{self.BLOCKED}")
                time.sleep(0.2)  # by then the worker has read it; it cannot tell that it is blocked
                second = pool.submit(self.ask, waiting, "/wait/0")
                while not first.done():
                    self.ask(other, "/wait/0.05")
                second.result()
            return blocked

    def test_is_named_with_what_waits(self):
        pids = []
        dump = self.traced(lambda: pids.append(self.stall()))
        [finding] = [found for found in dump["services"][0]["findings"] if found["code"] == "worker_stalled"]
        self.assertIn(f"1 of {self.WORKERS} workers", finding["summary"])
        self.assertIn("1 request waited unread", finding["summary"])
        self.assertIn(f"pid {pids[0]}", finding["summary"])
        self.assertRegex(finding["evidence"][0], r"the other workers began \d+ requests meanwhile")


if __name__ == "__main__":
    harness.run_tests()
