# SPDX-License-Identifier: BSD-2-Clause
"""The full report on real servers: eligible workers, holders of pre-existing connections, idle workers, verdict."""

import asyncio
import os
import re
import signal
import socket
import subprocess

import harness
import servers


class PictureTest(harness.TestCase):
    def owners_by_ss(self, port):
        """{peer port: pid} of the established connections to `port`, according to ss."""
        harness.need("ss")
        text = subprocess.run(["ss", "-tnpH", "state", "established", f"sport = :{port}"], check=True,
                              capture_output=True, text=True).stdout
        owners = {}
        for line in text.splitlines():
            pids = set(re.findall(r"pid=(\d+)", line))  # several during a fork, none before the accept
            if len(pids) == 1:
                owners[int(line.split()[3].rpartition(":")[2])] = int(pids.pop())
        return owners

    @staticmethod
    def rows(service, role):
        return {worker["pid"]: worker for worker in service["workers"] if worker["role"] == role}


class PinnedUvicorn(servers.UvicornServer, PictureTest):
    POOL = 40
    WINNERS = 2

    async def with_a_pool(self, then):
        """Opens a keep-alive pool, accepted by WINNERS workers, and runs `then` in another thread meanwhile."""
        async with self.pinned_pool(self.POOL, self.WINNERS) as client:
            tracing = asyncio.create_task(asyncio.to_thread(then))
            while not tracing.done():
                await asyncio.gather(*(client.get("/") for _ in range(self.POOL)))
            await tracing

    def test_a_pool_from_before_shows_its_owners_and_the_idle_workers(self):
        def trace():
            self.dump = self.trace_for(self.port, "2s")
            self.owners = self.owners_by_ss(self.port)

        asyncio.run(self.with_a_pool(trace))
        dump, [service] = self.dump, self.dump["services"]
        self.assertEqual(dump["totals"]["accepts"], 0)
        self.assertEqual(dump["totals"]["preexisting"], len(self.owners))
        self.assertEqual(dump["totals"]["open"], len(self.owners))
        self.assertEqual({c["peer"]["port"]: c["pid"] for c in dump["connections"]}, self.owners)
        for connection in dump["connections"]:
            self.assertTrue(connection["preexisting"])
            self.assertIsNone(connection["accepted_at"])
            self.assertGreaterEqual(connection["age_seconds_min"], 1)
        workers = self.rows(service, "worker")
        self.assertEqual(set(workers), self.worker_pids())
        self.assertEqual(set(self.rows(service, "supervisor")), {self.server.process.pid})
        self.assertEqual(service["workers_eligible"], self.WORKERS)
        idle = {pid for pid, worker in workers.items() if worker["preexisting"] == 0}
        self.assertEqual(idle, self.worker_pids() - set(self.owners.values()))
        self.assertEqual(service["workers_idle"], len(idle))
        self.assertEqual(service["active_workers"]["serving"]["max"], len(set(self.owners.values())))
        self.assertEqual(service["active_workers"]["accepting"]["max"], 0)
        self.assertEqual(service["verdict"]["code"], "keepalive_pinning", service["verdict"])
        self.assertIn(service["verdict"]["severity"], ("warning", "critical"))
        for pid in workers:
            self.assertIn(str(pid), self.output)
        self.assertIn(service["verdict"]["summary"], " ".join(self.output.split()))

    def test_without_keep_alive_it_is_never_called_pinning(self):
        import httpx
        limits = httpx.Limits(max_connections=self.POOL, max_keepalive_connections=0)

        async def requests(rounds):
            async with httpx.AsyncClient(limits=limits, headers={"connection": "close"},
                                         timeout=harness.PATIENCE) as client:
                for _ in range(rounds):
                    await asyncio.gather(*(client.get(f"http://127.0.0.1:{self.port}/") for _ in range(self.POOL)))

        child = self.start_tracing("--port", self.port, "--output", self.path("dump.json"))
        asyncio.run(requests(5))
        self.finish(child)
        self.dump = self.read_json("dump.json")
        self.assertEqual(set(self.dump["losses"].values()), {0}, self.dump["losses"])
        [service] = self.dump["services"]
        self.assertEqual(service["accepts"], 5 * self.POOL)
        accepts = [worker["accepts"] for worker in self.rows(service, "worker").values()]
        effective = sum(accepts) ** 2 / sum(count ** 2 for count in accepts)
        self.assertAlmostEqual(service["effective_workers"]["accepts"], effective, places=6)
        expected = {"balanced", "accept_skew", "too_early"}  # the latter in less than a second
        if effective >= service["effective_workers"]["fair_p01"]:
            expected = {"balanced"}
        self.assertIn(service["verdict"]["code"], expected, service["verdict"])


class Supervised(PictureTest):
    """Workers and their parent: N counts only the workers, and the parent is not idle."""

    def expect_picture(self, service, workers):
        self.assertEqual(service["workers_eligible"], len(workers))
        self.assertEqual(set(self.rows(service, "worker")), workers)
        self.assertEqual(set(self.rows(service, "supervisor")), {self.server.process.pid})
        self.assertEqual(service["workers_idle"],
                         sum(w["accepts"] == w["preexisting"] == 0 for w in self.rows(service, "worker").values()))


class NginxPicture(servers.NginxServer, Supervised):
    def test_the_master_is_a_supervisor(self):
        dump = self.trace_for(self.port, "1s")
        self.expect_picture(dump["services"][0], self.worker_pids())
        self.assertEqual(dump["services"][0]["listen_sockets"], 1)
        self.assertEqual(dump["services"][0]["verdict"]["code"], "no_traffic")


class NginxReuseport(servers.NginxServer, Supervised):
    LISTEN = "reuseport"

    def test_four_sockets_are_one_service(self):
        tracer = self.start_tracing("--port", self.port, "--output", self.path("dump.json"))
        subprocess.run(["ab", "-q", "-n", "400", "-c", "20", f"http://127.0.0.1:{self.port}/"], check=True,
                       timeout=harness.PATIENCE, stdout=subprocess.DEVNULL)
        self.finish(tracer)
        [service] = self.read_json("dump.json")["services"]
        self.assertEqual(service["listen_sockets"], self.WORKERS)
        self.assertEqual(service["reuseport"], True)
        self.expect_picture(service, self.worker_pids())


class GunicornPicture(servers.GunicornServer, Supervised):
    WORKERS = 4

    def test_the_arbiter_is_a_supervisor(self):
        dump = self.trace_for(self.port, "1s")
        self.expect_picture(dump["services"][0], self.worker_pids())

    def test_workers_replaced_by_a_reload_keep_their_rows(self):
        before = self.worker_pids()
        tracer = self.start_tracing("--port", self.port, "--output", self.path("dump.json"))
        for pid in before:
            self.assertIn(str(pid), tracer.stdout)
        self.server.send(signal.SIGHUP)
        harness.eventually(lambda: len(self.worker_pids()) == 2 * self.WORKERS, "the new workers")
        harness.eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in before), "the old workers' end")
        new = self.worker_pids() - before
        blocks = tracer.stdout.count("\n\n")
        harness.eventually(lambda: all(str(pid) in tracer.stdout for pid in new), "the new workers in the view")
        harness.eventually(lambda: tracer.stdout.count("\n\n") > blocks + 3, "some ticks more")
        self.finish(tracer)
        [service] = self.read_json("dump.json")["services"]
        workers = self.rows(service, "worker")
        self.assertEqual({pid for pid, worker in workers.items() if worker["exited"]}, before)
        self.assertEqual({pid for pid, worker in workers.items() if not worker["exited"]}, new)
        self.assertEqual(service["workers_eligible"], self.WORKERS)


class HandedOver(PictureTest):
    def test_after_a_fork_the_children_are_the_workers(self):
        """Like postgres: the parent accepts, and then only a child holds the connection."""
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        parent = os.fork()
        if parent == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            while True:
                connection, _ = listener.accept()
                if os.fork() == 0:
                    listener.close()
                    while connection.recv(100):
                        pass
                    os._exit(0)
                connection.close()
        self.addCleanup(lambda: (os.kill(parent, signal.SIGKILL), os.waitpid(parent, 0)))
        listener.close()
        tracer = self.start_tracing("--port", port, "--output", self.path("dump.json"))
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(12)]
        for client in clients:
            self.addCleanup(client.close)
        harness.eventually(lambda: self.owners_by_ss(port).keys() == {c.getsockname()[1] for c in clients} and
                           parent not in self.owners_by_ss(port).values(), "the children")
        harness.eventually(lambda: "handed" in tracer.stdout, "the verdict in the view")
        owners = self.owners_by_ss(port)
        self.finish(tracer)
        dump = self.read_json("dump.json")
        self.assertEqual({c["pid"] for c in dump["connections"]}, {parent})
        self.assertEqual({c["peer"]["port"]: c["held_by_pid"] for c in dump["connections"]}, owners)
        [service] = dump["services"]
        self.assertEqual(service["handed_over"], 12)
        self.assertEqual(service["verdict"]["severity"], "ok", service["verdict"])
        self.assertEqual({row["pid"]: row["held"]["connections"] for row in service["workers"] if row["role"] == "worker"},
                         {child: 1 for child in owners.values()})
        self.assertEqual([row["pid"] for row in service["workers"] if row["role"] == "acceptor"], [parent])


class Unread(PictureTest):
    def test_requests_that_nobody_reads_are_counted(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        self.addCleanup(client.close)
        accepted, _ = listener.accept()
        self.addCleanup(accepted.close)
        client.sendall(b"x" * 1234)
        tracer = self.start_tracing("--port", port)
        harness.eventually(lambda: "1 connection unread" in tracer.stdout, "the unread connection in the view")
        self.finish(tracer)


if __name__ == "__main__":
    harness.run_tests()
