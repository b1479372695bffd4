# SPDX-License-Identifier: BSD-2-Clause
"""The program in the namespaces of a container, or beside servers in them."""

import json
import os
import signal
import subprocess

import faults
import harness

OWN_PIDS = "unshare", "--pid", "--fork", "--mount-proc"


class PidNamespace(faults.FaultTest):
    """In a pid namespace of its own, as in a container without the host's: the kernel tells other pids than /proc."""

    def setUp(self):
        super().setUp()
        harness.need("unshare", "nsenter")
        made = subprocess.run([*OWN_PIDS, "true"], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            self.skipTest(f"no pid namespace: {made.stderr.strip()}")

    def start_server(self, *prefix):
        """A server with three workers, and a client, which wait for a line before each phase; its port."""
        self.port = harness.free_port()
        self.server = faults.Companion(self, *prefix, faults.WORKLOAD, "--port", self.port, "--workers", 3,
                                       "--connections", 60, "--end", "peer", "hold", "--interactive")
        self.assertEqual(self.server.line()["phase"], "ready")

    def trace(self, prefix, *arguments):
        """Traces the server's traffic; the dump, and {pid: accepts} as the server knows it."""
        tracer = harness.Child(self, [*prefix, harness.PROGRAM, "--view", "plain", "--interval", "200ms", "--output",
                                      self.path("dump.json"), *map(str, arguments)])
        harness.eventually(lambda: tracer.stdout or tracer.process.poll() is not None, "the live view")
        self.assertIsNone(tracer.process.poll(), tracer.stderr)
        self.server.proceed()
        self.assertEqual(self.server.line()["phase"], "traffic_done")
        ticks = tracer.stdout.count("\n\n") + 2  # the workers live on for some ticks
        harness.eventually(lambda: tracer.stdout.count("\n\n") > ticks, "two ticks")
        os.kill(harness.children(tracer.process.pid)[0], signal.SIGINT)  # the prefix waits for it
        self.assertEqual(tracer.wait(), 0, tracer.stderr)
        self.output = tracer.stdout
        self.server.proceed()
        truth = self.server.line()
        return self.dump(), {worker["pid"]: worker["accepts"] for worker in truth["workers"]}

    def inside(self):
        """The way into the server's namespace, where its first process is pid 1."""
        init = harness.eventually(lambda: harness.children(self.server.process.pid), "the first process")[0]
        return "nsenter", "--target", str(init), "--pid", "--mount", "--"

    def expect_translated(self, dump, truth):
        (service,) = dump["services"]
        workers = [worker for worker in service["workers"] if worker["role"] == "worker"]
        self.assertEqual({worker["proc_pid"]: worker["accepts"] for worker in workers}, truth)
        for worker in workers:
            self.assertNotEqual(worker["pid"], worker["proc_pid"])
            self.assertEqual(worker["ns_pid"], worker["proc_pid"])
            self.assertIs(worker["exited"], False, worker)
            self.assertIn("--interactive", worker["cmdline"])
            self.assertIsNotNone(worker["cgroup"])
            self.assertIn(f"{worker['pid']} ({worker['proc_pid']})", self.output)
        self.assertEqual(service["workers_eligible"], 3)
        self.assertEqual(service["workers_out_of_sight"], 0)
        self.assertIn("Note: This is not the host's pid namespace", self.output)

    def test_inside_beside_the_server(self):
        self.start_server(*OWN_PIDS)
        dump, truth = self.trace(self.inside(), "--port", self.port)
        self.expect_exact(dump, 60, 30)
        self.expect_translated(dump, truth)

    def test_a_pid_that_somebody_types_is_of_this_namespace(self):
        self.start_server(*OWN_PIDS)
        dump, truth = self.trace(self.inside(), "--pid", 1)
        self.expect_exact(dump, 60, 30)
        self.expect_translated(dump, truth)

    def test_a_pid_that_is_not_there_is_an_error(self):
        self.start_server(*OWN_PIDS)
        for prefix, pid in (self.inside(), 4_000_000), ((), 4_000_000):
            tracer = harness.Child(self, [*prefix, harness.PROGRAM, "--pid", str(pid), "--duration", "1"])
            self.assertEqual(tracer.wait(), faults.FAILED, tracer.stdout)
            self.expect_one_error(tracer.stderr, f"--pid {pid}", "No such process")

    def test_a_server_outside_is_counted_and_not_judged(self):
        self.start_server()
        dump, truth = self.trace(OWN_PIDS, "--port", self.port)
        self.expect_exact(dump, 60, 30)
        (service,) = dump["services"]
        seen = {worker["pid"]: worker for worker in service["workers"]}
        self.assertEqual({pid: worker["accepts"] for pid, worker in seen.items()},
                         {pid: accepts for pid, accepts in truth.items() if accepts})
        for worker in seen.values():
            self.assertIs(worker["exited"], False, worker)
            self.assertEqual((worker["role"], worker["cmdline"], worker["proc_pid"]), ("worker", None, None))
        self.assertEqual(service["workers_out_of_sight"], len(seen))
        self.assertEqual(service["verdict"]["code"], "not_told")

    def test_doctor_says_what_cannot_be_seen(self):
        for prefix, present in (OWN_PIDS, False), ((), True):
            doctor = harness.Child(self, [*prefix, harness.PROGRAM, "doctor", "--json"])
            doctor.wait()
            found = json.loads(doctor.stdout)["processes"]
            self.assertIs(found["present"], present and os.readlink("/proc/self/ns/pid") == "pid:[4026531836]")
            self.assertEqual("--pid=host" in (found["detail"] or ""), not found["present"])


if __name__ == "__main__":
    harness.run_tests()
