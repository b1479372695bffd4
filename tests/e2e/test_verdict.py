# SPDX-License-Identifier: BSD-2-Clause
"""The verdict on real servers: none for those that are well, and the right one for those made ill on purpose."""

import asyncio
import collections
import contextlib
import http.client
import os
import signal
import socket
import threading

import harness
import servers
import test_door
import test_picture

SEVERITIES = ("ok", "info", "warning", "critical")
LOAD = "2.5s"  # how long a server is traced under load


class Client:
    """A thread that asks for `path` again and again, each time on a new connection unless `kept`. It gives an answer up
    that takes longer than `patience`."""

    def __init__(self, port, path, kept, patience):
        self.port, self.path, self.kept, self.patience = port, path, kept, patience
        self.answers = 0
        self.stopped = False
        self.connection = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def ask(self):
        self.connection.request("GET", self.path, headers={} if self.kept else {"Connection": "close"})
        if self.connection.getresponse().read() == b"ok":
            self.answers += 1

    def run(self):
        while not self.stopped:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(self.connection):
                self.ask()
                while self.kept and not self.stopped:
                    self.ask()

    def stop(self):
        self.stopped = True
        with contextlib.suppress(OSError, AttributeError):  # not connected, or not any more
            self.connection.sock.shutdown(socket.SHUT_RDWR)  # wakes a client that waits for an answer


class VerdictTest(harness.TestCase):
    @contextlib.contextmanager
    def clients(self, count, path="/", kept=False, patience=harness.PATIENCE, port=None):
        clients = [Client(port or self.port, path, kept, patience) for _ in range(count)]
        try:
            yield clients
        finally:
            for client in clients:
                client.stop()
            for client in clients:
                client.thread.join()

    def judge(self, *options, port=None):
        """The service after LOAD of tracing."""
        [self.service] = self.trace_for(port or self.port, LOAD, *options)["services"]
        return self.service

    @contextlib.contextmanager
    def judged_from_the_start(self, *options):
        """As judge(), for what begins after tracing did."""
        tracer = self.start_tracing("--port", self.port, "--duration", LOAD, "--output", self.path("dump.json"),
                                    *options)
        yield
        self.assertEqual(tracer.wait(), 0, tracer.stderr)
        [self.service] = self.read_json("dump.json")["services"]

    def codes(self):
        return {finding["code"] for finding in self.service["findings"]}

    def severity(self, finding):
        return SEVERITIES.index(finding["severity"])

    def expect_well(self, workers, *facts):
        """Nothing that would wake anybody, no findings but these, and the number of workers that could do the work."""
        for finding in (self.service["verdict"], *self.service["findings"]):
            self.assertLessEqual(self.severity(finding), SEVERITIES.index("info"), finding)
        self.assertEqual(self.service["workers_eligible"], workers)
        self.assertEqual(self.codes(), set(facts), self.service["findings"])
        self.assertEqual(self.service["verdict"]["code"], *facts or ("balanced",))

    def expect_verdict(self, *codes):
        """The verdict is one of these, and somebody is harmed or will be."""
        self.assertIn(self.service["verdict"]["code"], codes, self.service["verdict"])
        self.assertGreaterEqual(self.severity(self.service["verdict"]), SEVERITIES.index("warning"))

    def stop_process(self, pid):
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(os.kill, pid, signal.SIGCONT)


# ---- Servers that are well ------------------------------------------------------------------------------------------


class HealthyServer(VerdictTest):
    CLIENTS = 16
    KEPT = False
    PATH = "/"

    def expect_well_under_load(self, workers, *options, port=None):
        with self.clients(self.CLIENTS, self.PATH, self.KEPT) as clients:
            self.judge(*options, port=port)
        self.assertTrue(all(client.answers for client in clients), "not all clients had an answer")
        self.expect_well(workers)


class HealthyNginx(servers.NginxServer, HealthyServer):
    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyNginxReuseport(servers.NginxServer, HealthyServer):
    LISTEN = "reuseport"

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyNginxDeferred(servers.NginxServer, HealthyServer):
    LISTEN = "deferred"

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyApache(servers.ApacheServer, HealthyServer):
    PATH = "/index"

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyApacheEvent(servers.ApacheServer, HealthyServer):
    PATH = "/index"
    MPM = "event"
    WORKERS = 2
    THREADS = 16

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyUvicorn(servers.UvicornServer, HealthyServer):
    WORKERS = 4

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyGunicorn(servers.GunicornServer, HealthyServer):
    WORKERS = 4

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyGunicornThreads(servers.GunicornServer, HealthyServer):
    WORKERS = 4
    OPTIONS = ("--worker-class", "gthread", "--threads", "4")

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyNode(servers.NodeCluster, HealthyServer):
    """The parent accepts, and passes the connections on."""

    ENVIRONMENT = {"NODE_CLUSTER_SCHED_POLICY": "rr"}

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyNodePool(servers.NodeCluster, HealthyServer):
    """Connections from before: nobody has seen who accepted them."""

    ENVIRONMENT = {"NODE_CLUSTER_SCHED_POLICY": "rr"}
    KEPT = True

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyNodeShared(servers.NodeCluster, HealthyServer):
    """The workers accept."""

    ENVIRONMENT = {"NODE_CLUSTER_SCHED_POLICY": "none"}

    def test_is_well(self):
        self.expect_well_under_load(self.WORKERS)


class HealthyHaproxy(servers.HaproxyServer, HealthyServer):
    """The threads accept unevenly, and even it out among themselves."""

    KEPT = True
    CLIENTS = 40

    def test_has_as_many_connections_per_thread_as_it_counts(self):
        with contextlib.ExitStack() as stack:
            with self.judged_from_the_start("--by", "thread"):
                stack.enter_context(self.clients(self.CLIENTS, kept=True))
        self.expect_well(self.THREADS)
        counted = self.activity("accq_pushed")  # with the connection that asks for it
        rows = sorted(self.service["workers"], key=lambda row: row["tid"])
        ours = [row["held"]["connections"] for row in rows]
        self.assertEqual(sum(ours), self.CLIENTS)
        self.assertLessEqual(sum(abs(a - b) for a, b in zip(ours, counted, strict=True)), 1, (ours, counted))

    def test_as_one_process_is_not_told_and_names_the_option(self):
        with self.clients(self.CLIENTS, kept=True):
            self.judge()
        self.expect_well(1, "not_told")
        self.assertIn("--by thread", " ".join(self.output.split()))


class HealthyPhp(servers.PhpServer, HealthyServer):
    CHILDREN = 8
    CLIENTS = 3
    PATH = "/wait/0.01"

    def test_with_room_is_well(self):
        self.expect_well_under_load(self.CHILDREN, port=self.fpm_port)


class HealthyRedis(servers.RedisServer, VerdictTest):
    def test_is_well(self):
        load = harness.Child(self, ["redis-benchmark", "-p", str(self.port), "-n", "10000000", "-c", "16", "-t", "get"])
        self.judge()
        self.assertIsNone(load.process.poll(), "the load ended too early")
        self.expect_well(1)


class HealthyPostgres(servers.PostgresServer, VerdictTest):
    """The postmaster accepts, and forks a worker for each connection."""

    CLIENTS = 8
    may_skip = True  # a process per connection

    def backends(self):
        return len(harness.children(self.server.process.pid)) - self.others

    @contextlib.contextmanager
    def load(self, *options):
        self.others = len(harness.children(self.server.process.pid))  # writers and so on
        with open(self.path("script"), "w") as file:
            file.write("SELECT 1;\n")
        load = harness.Child(self, ["pgbench", "-h", "127.0.0.1", "-p", str(self.port), "-U", "test", "-n",
                                    "-f", self.path("script"), "-c", str(self.CLIENTS), "-j", str(self.CLIENTS),
                                    "-T", "60", *options, "postgres"])
        harness.eventually(lambda: len(self.logged("statement:")) >= self.CLIENTS, "queries")
        yield
        self.assertIsNone(load.process.poll(), load.stderr)

    def test_with_a_pool_is_well(self):
        with self.load():
            self.judge()
        self.expect_well(self.CLIENTS)

    def test_with_a_connection_per_transaction_is_well(self):
        counts = []
        with self.load("-C"):
            tracing = threading.Thread(target=self.judge)
            tracing.start()
            while tracing.is_alive():
                counts.append(self.backends())
                tracing.join(0.01)  # the pace of the counting
        self.expect_well(self.service["workers_eligible"])
        # A backend takes its time to end, meanwhile the client has another one. N is a median. Between two counts there
        # may be more than at either, but not twice as many.
        self.assertLess(self.service["workers_at_once"]["max"], 2 * max(counts))
        self.assertLessEqual(self.service["workers_eligible"], max(counts))
        self.assertGreaterEqual(self.service["workers_eligible"], min(counts))


# ---- Servers made ill -----------------------------------------------------------------------------------------------


class StoppedNginxWorker(servers.NginxServer, VerdictTest):
    LISTEN = "reuseport"

    def test_leaves_its_queue_stuck(self):
        self.stop_process(min(self.worker_pids()))
        with self.clients(16, patience=0.5):
            self.judge()
        self.expect_verdict("queue_stuck")
        self.assertEqual(self.service["verdict"]["severity"], "critical")
        self.assertEqual(self.service["workers_eligible"], self.WORKERS)


class StoppedNginxWorkerOfKeptConnections(servers.NginxServer, VerdictTest):
    def test_is_stalled(self):
        with self.clients(40, kept=True) as clients:
            harness.eventually(lambda: all(client.answers for client in clients), "the connections")
            stopped = self.served()[-1][1]
            self.stop_process(stopped)
            self.judge()
        self.expect_verdict("worker_stalled")
        self.assertIn(f"pid {stopped}", self.service["verdict"]["summary"])


class StoppedUvicornWorker(servers.UvicornServer, VerdictTest):
    WORKERS = 4

    def test_is_stalled(self):
        with self.clients(40, kept=True) as clients:
            harness.eventually(lambda: all(client.answers for client in clients), "the connections")
            stopped = self.served()[-1][1]
            self.stop_process(stopped)
            self.judge()
        self.expect_verdict("worker_stalled")
        self.assertIn(f"pid {stopped}", self.service["verdict"]["summary"])


class StoppedNginxWorkerOfASharedSocket(servers.NginxServer, VerdictTest):
    """The others accept what it does not: nobody waits."""

    def test_harms_nobody(self):
        self.stop_process(min(self.worker_pids()))
        with self.clients(16) as clients:
            self.judge()
        self.assertTrue(all(client.answers for client in clients))
        self.assertLessEqual(self.codes(), {"accept_skew"})  # one of four workers has nothing: no harm, but a fact
        self.assertEqual(self.service["workers_eligible"], self.WORKERS)


class PinnedUvicornPool(servers.UvicornServer, VerdictTest):
    """Requests that block the loops of the two workers that have all connections."""

    APPLICATION = "counting_app:app"
    POOL = 40
    WINNERS = 2

    async def trace(self):
        async with self.pinned_pool(self.POOL, self.WINNERS, slow="/wait/1") as client:
            tracing = asyncio.create_task(asyncio.to_thread(self.judge))
            while not tracing.done():
                await asyncio.gather(*(client.get("/block/0.02") for _ in range(self.POOL)))
            await tracing

    def test_is_told(self):
        asyncio.run(self.trace())
        self.expect_verdict("keepalive_pinning", "worker_saturated")
        self.assertEqual(self.service["verdict"]["severity"], "critical")
        self.assertIn("2 own all 40 connections", self.service["verdict"]["summary"])
        self.assertEqual(self.service["workers_eligible"], self.WORKERS)


class FullApache(servers.ApacheServer, VerdictTest):
    """Kept connections occupy all workers; the other clients wait. Nothing is stuck: those that have a worker are
    answered."""

    WORKERS = 8

    def expect_full(self):
        self.expect_verdict("all_busy", "accept_queue_saturated")
        self.assertNotIn("queue_stuck", self.codes())
        self.assertEqual(self.service["workers_eligible"], self.WORKERS)

    def test_before_tracing(self):
        with self.clients(20, "/index", kept=True) as clients:
            harness.eventually(lambda: sum(client.answers > 0 for client in clients) == self.WORKERS, "the first")
            self.judge()
        self.expect_full()

    def test_while_tracing(self):
        with contextlib.ExitStack() as stack:
            with self.judged_from_the_start():
                stack.enter_context(self.clients(20, "/index", kept=True))
        self.expect_full()


class FullPhp(servers.PhpServer, VerdictTest):
    CHILDREN = 2

    def test_is_busy(self):
        with self.clients(20, "/wait/0.2"):
            self.judge(port=self.fpm_port)
        self.expect_verdict("all_busy", "accept_queue_saturated")
        self.assertEqual(self.service["workers_eligible"], self.CHILDREN)


class FullGunicorn(servers.GunicornServer, VerdictTest):
    WORKERS = 2

    def test_is_busy(self):
        with self.clients(20, "/wait/0.05"):
            self.judge()
        self.expect_verdict("all_busy")
        self.assertEqual(self.service["workers_eligible"], self.WORKERS)


# ---- Servers whose connections are not where their work is ----------------------------------------------------------


class DeadAcceptor(servers.PassingServer, VerdictTest):
    """The parent has passed the connections on evenly, and dies: the workers live on."""

    HOW = "orphans"

    def test_leaves_its_connections_to_those_that_have_them(self):
        tracer = self.start_tracing("--port", self.port, "--output", self.path("dump.json"))
        with contextlib.ExitStack() as stack:
            pool = [stack.enter_context(self.connect()) for _ in range(40)]
            for connection in pool:
                self.talk(connection)
            for pid in self.worker_pids():
                self.addCleanup(os.kill, pid, signal.SIGKILL)
            self.server.send(signal.SIGKILL)
            self.server.wait()
            ticks = tracer.stdout.count("\n\n")
            while tracer.stdout.count("\n\n") < ticks + 3:
                for connection in pool:
                    self.talk(connection)
            self.finish(tracer)
        [self.service] = self.read_json("dump.json")["services"]
        self.expect_well(self.WORKERS)
        rows = {row["pid"]: row for row in self.service["workers"]}
        self.assertEqual({pid for pid, row in rows.items() if row["role"] == "worker"}, self.worker_pids())
        self.assertEqual({rows[pid]["held"]["open"] for pid in self.worker_pids()}, {10})
        self.assertEqual(rows[self.server.process.pid]["role"], "acceptor")


class UnevenTraffic(test_door.DoorTest, test_picture.PictureTest, VerdictTest):
    """Four workers with ten connections each. All requests are on those of one worker."""

    WORKERS = 4
    EACH = 10

    def setUp(self):
        super().setUp()
        first = self.listener(reuse=True)
        self.port = first.getsockname()[1]
        listeners = [first] + [self.listener(self.port, reuse=True) for _ in range(self.WORKERS - 1)]

        def worker(own):
            for listener in listeners:
                if listener is not own:
                    listener.close()
            test_door.serve(own)

        for listener in listeners:
            self.fork(worker, listener)
        for listener in listeners:
            listener.close()

    def even_connections(self):
        """{worker: its clients}; more than EACH are closed again."""
        clients = []
        while True:
            clients += [self.connect(self.port) for _ in range(20)]
            for client in clients:
                self.ask(client)
            owners = self.owners_by_ss(self.port)
            by_worker = collections.defaultdict(list)
            for client in clients:
                by_worker[owners[client.getsockname()[1]]].append(client)
            if len(by_worker) == self.WORKERS and min(map(len, by_worker.values())) >= self.EACH:
                break
        for owned in by_worker.values():
            for client in owned[self.EACH:]:
                client.close()
        return {worker: owned[:self.EACH] for worker, owned in by_worker.items()}

    def test_is_told_though_the_connections_are_even(self):
        by_worker = self.even_connections()
        busy = min(by_worker)
        tracing = threading.Thread(target=self.judge)
        tracing.start()
        while tracing.is_alive():
            for client in by_worker[busy]:
                self.ask(client)
        tracing.join()
        self.assertEqual(self.service["verdict"]["code"], "uneven_traffic")
        self.assertIn(f"pid {busy}", self.output)
        self.assertEqual(self.service["workers_eligible"], self.WORKERS)
        self.assertEqual({row["open"] for row in self.service["workers"] if row["role"] == "worker"}, {self.EACH})


if __name__ == "__main__":
    harness.run_tests()
