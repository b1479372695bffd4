# SPDX-License-Identifier: BSD-2-Clause
"""Real prefork servers: the owner of every connection in the dump is the process that the server's own log names."""

import asyncio
import collections
import subprocess

import harness
import servers


class ServerTest(harness.TestCase):
    def expect_owners(self, dump, expected):
        """`expected` counts the connections of each (peer port, process) in the server's log."""
        # ab opens a few more connections than it has requests for and closes them unused: no log lists these.
        used = [c for c in dump["connections"] if c["bytes_received"] > 0]
        self.assertEqual(collections.Counter((c["peer"]["port"], c["pid"]) for c in used), expected)
        self.assertEqual(dump["totals"]["accepts"], len(dump["connections"]))
        self.assertEqual(set(dump["losses"].values()), {0}, dump["losses"])
        self.assertEqual(dump["consistency"]["broken"], [])
        [service] = dump["services"]
        rows = {worker["pid"]: worker["accepts"] for worker in service["workers"] if worker["accepts"] > 0}
        self.assertEqual(rows, dict(collections.Counter(c["pid"] for c in dump["connections"])))

    def traced(self, port, traffic):
        """Traces `port` while `traffic()` runs; returns the dump."""
        tracer = self.start_tracing("--port", port, "--output", self.path("dump.json"))
        traffic()
        self.finish(tracer)
        return self.read_json("dump.json")


class Uvicorn(servers.UvicornServer, ServerTest):
    POOL = 40
    ROUNDS = 5

    async def request_in_rounds(self, limits, at_the_end=None, headers=None):
        import httpx
        async with httpx.AsyncClient(limits=limits, headers=headers, timeout=harness.PATIENCE) as client:
            for _ in range(self.ROUNDS):
                answers = await asyncio.gather(
                    *(client.get(f"http://127.0.0.1:{self.port}/") for _ in range(self.POOL)))
                self.assertTrue(all(answer.status_code == 200 for answer in answers))
            if at_the_end:
                at_the_end()

    def test_every_pooled_connection_belongs_to_the_worker_that_served_it(self):
        import httpx
        tracer = self.start_tracing("--port", self.port, "--output", self.path("dump.json"))
        limits = httpx.Limits(max_connections=self.POOL, max_keepalive_connections=self.POOL)
        # The pool is still open when tracing ends.
        asyncio.run(self.request_in_rounds(limits, at_the_end=lambda: self.finish(tracer)))
        dump = self.read_json("dump.json")
        self.expect_owners(dump, collections.Counter(set(self.served())))
        self.assertEqual(dump["totals"]["open"], dump["totals"]["accepts"])
        self.assertLessEqual(dump["totals"]["accepts"], self.POOL)

    def test_every_connection_belongs_to_the_worker_that_served_it_when_there_is_one_per_request(self):
        import httpx
        limits = httpx.Limits(max_connections=self.POOL, max_keepalive_connections=0)
        # Also in the request: even without keep-alive, the pool sometimes gives an idle connection to the next request.
        headers = {"connection": "close"}
        dump = self.traced(self.port, lambda: asyncio.run(self.request_in_rounds(limits, headers=headers)))
        self.assertEqual(len(self.served()), self.POOL * self.ROUNDS)
        self.expect_owners(dump, collections.Counter(self.served()))
        self.assertNotIn(self.server.process.pid, {c["pid"] for c in dump["connections"]}, "the supervisor")


class Nginx(servers.NginxServer, ServerTest):
    def ab(self, *options):
        subprocess.run(["ab", "-q", *options, f"http://127.0.0.1:{self.port}/"], check=True, timeout=harness.PATIENCE,
                       stdout=subprocess.DEVNULL)

    def test_every_connection_of_ab_belongs_to_the_worker_that_logged_it(self):
        dump = self.traced(self.port, lambda: self.ab("-n", "2000", "-c", "20"))
        self.assertGreaterEqual(len(self.served()), 2000)
        self.expect_owners(dump, collections.Counter(self.served()))

    def test_every_kept_connection_of_ab_belongs_to_the_worker_that_logged_it(self):
        dump = self.traced(self.port, lambda: self.ab("-n", "2000", "-c", "20", "-k"))
        # nginx closes a keep-alive connection after 1,000 requests: few connections, many requests each.
        self.expect_owners(dump, collections.Counter(set(self.served())))
        self.assertLess(dump["totals"]["accepts"], 100)


if __name__ == "__main__":
    harness.run_tests()
