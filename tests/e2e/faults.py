# SPDX-License-Identifier: BSD-2-Clause
"""Shared code of the fault tests: companion processes that know the ground truth, and checks that a run's totals are
exact or that its losses are reported."""

import ctypes
import errno
import json
import os
import subprocess

import harness

WORKLOAD = os.environ.get("ACCEPTSCOPE_WORKLOAD", "workload")
STORM = os.environ.get("ACCEPTSCOPE_STORM", "storm")
FAILED, NOT_POSSIBLE = 1, 3


class Companion:
    """A process that reports the ground truth line by line and continues on request."""

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
    """Forked workers that each accept one connection and exit."""

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
        """Makes connections to workers on `port`; returns {pid: accepts}."""
        companion = subprocess.run([WORKLOAD, "--port", str(port), "--workers", str(workers), "--connections",
                                    str(connections)], check=True, capture_output=True, text=True)
        truth = json.loads(companion.stdout)
        return {worker["pid"]: worker["accepts"] for worker in truth["workers"]}

    def dump(self):
        return self.read_json("dump.json")

    def expect_exact(self, dump, accepts, closes=None):
        """Expects that the totals include every accept and close, and that the report is consistent."""
        self.assertEqual(dump["totals"]["accepts"], accepts, dump["losses"])
        self.assertEqual(dump["totals"]["closes"], accepts if closes is None else closes, dump["losses"])
        self.assertEqual(dump["consistency"]["broken"], [])

    def expect_true_workers(self, dump, truth):
        """`truth`: {pid: accepts} over all services; no pid is used twice."""
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
        """Expects no control character except newline: nothing that disturbs a terminal."""
        self.assertEqual([c for c in text if ord(c) < 0x20 and c != "\n" or 0x7f <= ord(c) < 0xa0], [])

    def control_group(self, path):
        """Creates a cgroup at `path` and returns the path; deletes it after the test."""
        try:
            os.mkdir(path)
        except OSError as error:
            self.skipTest(f"no control group: {error}")
        self.addCleanup(harness.eventually, lambda: self.removes(path), f"the end of the processes in {path}")
        return path

    def memory_limit(self, size):
        """A function for a new process that enters a control group with this limit of memory, in bytes."""
        root = "/sys/fs/cgroup/memory"  # v1; without v1, the memory controller of v2
        limit_file, base = "memory.limit_in_bytes", root
        if not os.path.exists(f"{root}/{limit_file}"):
            limit_file, base = "memory.max", "/sys/fs/cgroup"
        group = self.control_group(os.path.join(base, f"acceptscope-test-{os.getpid()}"))
        if not os.path.exists(f"{group}/{limit_file}"):
            self.skipTest("no memory controller")
        with open(f"{group}/{limit_file}", "w") as file:
            file.write(str(size))

        def enter():
            with open(f"{group}/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))
        return enter

    @staticmethod
    def removes(path):
        try:
            os.rmdir(path)
        except OSError as error:
            return error.errno != errno.EBUSY
        return True

    def cgroup2(self):
        """Where the cgroup v2 hierarchy is mounted."""
        with open("/proc/mounts") as mounts:
            for mount in map(str.split, mounts):
                if mount[2] == "cgroup2":
                    return mount[1]
        return self.skipTest("no cgroup v2 is mounted")

    def own_mounts(self):
        """Makes the mounts of this process (one process per test) private from here on."""
        libc = ctypes.CDLL(None, use_errno=True)
        clone_newns, ms_rec, ms_private = 0x20000, 0x4000, 1 << 18
        if libc.unshare(clone_newns) != 0 or libc.mount(None, b"/", None, ms_rec | ms_private, None) != 0:
            self.skipTest(f"no mount namespace: {os.strerror(ctypes.get_errno())}")

    def small_disk(self, size):
        """Mounts a private file system of `size` bytes; returns its directory."""
        self.own_mounts()
        disk = self.path("disk")
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        return disk
