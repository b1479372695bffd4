# SPDX-License-Identifier: BSD-2-Clause
"""Steady churn: the program's resources do not grow, and its final figures are exact. scripts/soak runs it longer."""

import os
import time

import faults
import harness

MINUTES = float(os.environ.get("ACCEPTSCOPE_SOAK_MINUTES", "2"))


class Soak(faults.FaultTest):
    ROUND = 5000  # connections
    WARM_ROUNDS = 80  # memory has been observed to grow for 45 rounds and 50 s
    GROWTH_KIB = 1024  # resident memory after the warm-up: nothing per connection, some for heap fragmentation

    def measure(self, pid):
        """(resident KiB, file descriptors)"""
        with open(f"/proc/{pid}/status") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
        return resident, len(os.listdir(f"/proc/{pid}/fd"))

    def most_kib(self, dump):
        """The limit that the README states."""
        timelines = addresses = owners = 8192
        workers = sum(len(service["workers"]) for service in dump["services"])
        return 32 * 1024 + 0.8 * len(dump["connections"]) + 4 * workers + timelines + addresses + owners

    def test_memory_and_descriptors_do_not_grow(self):
        """After the warm-up everything bounded is full: connection rows, worker rows, the data about workers that found
        no row, and the list of processes that left without an accept."""
        storm = faults.Storm(self, 66000)
        port = harness.free_port()
        tracer = self.start_tracing("--port", f"{storm.port},{port}", "--interval", "100ms", "--dump-connections", 1000,
                                    "--max-workers", 512, "--log", self.path("log.jsonl"), "--output",
                                    self.path("dump.json"))
        pid = tracer.process.pid
        accepts, rounds, warm, last = len(storm.rage()), 0, None, None
        began = time.monotonic()

        def passed(halves):
            return rounds >= self.WARM_ROUNDS * halves and time.monotonic() - began >= 60 * MINUTES / 2 * halves

        while not passed(2):
            self.churn(port, self.ROUND, workers=64)
            rounds += 1
            last = self.measure(pid)
            if warm is None and passed(1):
                warm = last
        accepts += rounds * self.ROUND
        harness.eventually(lambda: len(os.listdir(f"/proc/{pid}/fd")) == warm[1], "the descriptors of the warm state")
        self.finish(tracer)
        print(f"{accepts} connections in {MINUTES:g} minutes or more; resident {warm[0]} KiB half way, {last[0]} KiB at the end; "
              f"{warm[1]} and {last[1]} descriptors")
        dump = self.dump()
        if harness.is_plain_build():
            self.assertLessEqual(last[0], warm[0] + self.GROWTH_KIB)
            self.assertLessEqual(last[0], self.most_kib(dump))
        self.expect_exact(dump, accepts)
        told = sum(worker["accepts"] for service in dump["services"] for worker in service["workers"])
        self.assertEqual(told + dump["losses"]["worker_map_full"], accepts)
        with open(self.path("log.jsonl")) as log:
            self.assertEqual(sum(1 for _ in log) + dump["losses"]["ring_full"], accepts)


if __name__ == "__main__":
    harness.run_tests()
