# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of faults share: companions with the truth, and whether a run's totals are exact or its loss is told."""

import ctypes
import json
import os
import subprocess

import harness

WORKLOAD = os.environ.get("ACCEPTSCOPE_WORKLOAD", "workload")
STORM = os.environ.get("ACCEPTSCOPE_STORM", "storm")
FAILED, NOT_POSSIBLE = 1, 3


class Companion:
    """A process that tells the truth line by line and goes on when it is told to."""

    def __init__(self, test, *argv):
        self.process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        test.addCleanup(self._end)

    def _end(self):
        self.process.kill()
        self.process.communicate()

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise AssertionError(f"{self.process.args}: ended with status {self.process.wait()}")
        return json.loads(text)

    def proceed(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()


class Storm(Companion):
    """Workers that are forked, accept one connection and exit."""

    def __init__(self, test, count, *arguments):
        super().__init__(test, STORM, count, *arguments)
        self.port = self.line()

    def rage(self):
        """The pid of each connection's worker."""
        self.proceed()
        truth = self.line()
        print(f"{len(truth['pids'])} workers, {truth['per_second']:.0f} per second")
        return truth["pids"]


class FaultTest(harness.TestCase):
    def churn(self, port, connections, workers=4):
        """Connections to workers of the traffic's own on `port`; {pid: accepts}."""
        companion = subprocess.run([WORKLOAD, "--port", str(port), "--workers", str(workers), "--connections",
                                    str(connections)], check=True, capture_output=True, text=True)
        truth = json.loads(companion.stdout)
        return {worker["pid"]: worker["accepts"] for worker in truth["workers"]}

    def dump(self):
        return self.read_json("dump.json")

    def expect_exact(self, dump, accepts, closes=None):
        """Every accept and close is in the totals, and what is told of them is consistent."""
        self.assertEqual(dump["totals"]["accepts"], accepts, dump["losses"])
        self.assertEqual(dump["totals"]["closes"], accepts if closes is None else closes, dump["losses"])
        self.assertEqual(dump["consistency"]["broken"], [])

    def expect_true_workers(self, dump, truth):
        """`truth`: {pid: accepts}, of all services; pids are not used twice."""
        told = {worker["pid"]: worker["accepts"] for service in dump["services"] for worker in service["workers"]
                if worker["role"] == "worker" and worker["accepts"]}
        self.assertEqual(told, {pid: accepts for pid, accepts in truth.items() if accepts})

    def expect_one_error(self, text, *words):
        lines = text.splitlines()
        self.assertEqual(len(lines), 1, text)
        self.assertTrue(lines[0].startswith("acceptscope: "), text)
        for word in words:
            self.assertIn(word, lines[0])

    def expect_sane(self, text):
        """No control character but the newline: nothing that a terminal would have to recover from."""
        self.assertEqual([c for c in text if ord(c) < 0x20 and c != "\n" or 0x7f <= ord(c) < 0xa0], [])

    def control_group(self, path):
        """A control group of this test's own at `path`, which is returned; gone with the test."""
        try:
            os.mkdir(path)
        except OSError as error:
            self.skipTest(f"no control group: {error}")
        self.addCleanup(os.rmdir, path)
        return path

    def own_mounts(self):
        """Mounts of this process (one per test) are nobody else's from here on."""
        libc = ctypes.CDLL(None, use_errno=True)
        clone_newns, ms_rec, ms_private = 0x20000, 0x4000, 1 << 18
        if libc.unshare(clone_newns) != 0 or libc.mount(None, b"/", None, ms_rec | ms_private, None) != 0:
            self.skipTest(f"no mount namespace: {os.strerror(ctypes.get_errno())}")

    def small_disk(self, size):
        """A file system of so many bytes, this test's own; its directory."""
        self.own_mounts()
        disk = self.path("disk")
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        return disk
