# SPDX-License-Identifier: BSD-2-Clause
"""Shared code of the end-to-end tests: the program and servers as child processes, the outcome of a test."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.environ.get("ACCEPTSCOPE", "acceptscope")
# Slow machines, such as guests with emulated processors, multiply every deadline.
TIME_FACTOR = max(1.0, float(os.environ.get("ACCEPTSCOPE_TIME_FACTOR", "1")))
PATIENCE = 20 * TIME_FACTOR
# Text that goes to a file is wide, so that tests find its sentences whole; Widths in test_report.py are of its layout.
os.environ["COLUMNS"] = "240"
SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def eventually(condition, what):
    """Polls until `condition()` is true and returns its value."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out waiting for {what}")
        time.sleep(0.01)
    return value


def need(*programs):
    """Skips the test unless these programs are installed."""
    for program in programs:
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"{program} is not installed")


def is_plain_build():
    """Whether this is a build without sanitizers, which cost additional time and memory."""
    return not os.environ.get("ACCEPTSCOPE_SANITIZE")


def need_plain_build(why):
    """Skips the test in a build with sanitizers, where its expectations do not hold."""
    if not is_plain_build():
        raise unittest.SkipTest(why)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port):
    with open("/proc/net/tcp") as file:
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in file)


def losses_of(dump):
    """What a dump says was lost. Not program_skipped: a kernel that preempts BPF programs skips one now and then, which
    is told; a skip that matters shows up in another counter, or in the numbers, which each test checks."""
    return {kind: count for kind, count in dump["losses"].items() if count and kind != "program_skipped"}


def children(pid):
    """The child processes of a process with one thread."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def status_of(pid):
    """The fields of /proc/PID/status."""
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def open_sockets(pid):
    """The number of sockets that a process and its descendants hold; what ends meanwhile holds none."""
    count = 0
    with contextlib.suppress(OSError):
        count += sum(map(open_sockets, children(pid)))
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                count += os.readlink(entry).startswith("socket:")
    return count


class Child:
    """A process whose output is collected in files; killed with its process group when the test ends."""

    def __init__(self, test, argv, env=None, stdin=subprocess.DEVNULL, stdout=None, preexec=None, **options):
        self.stdout_file = tempfile.TemporaryFile()
        self.stderr_file = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            argv, stdin=stdin, stdout=self.stdout_file if stdout is None else stdout,
            stderr=self.stderr_file, env={**os.environ, **(env or {})}, start_new_session=True, preexec_fn=preexec,
            **options)
        test.addCleanup(self._end)

    def _end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.stdout_file.close()
        self.stderr_file.close()

    @staticmethod
    def _text(file):
        return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode()

    @property
    def stdout(self):
        return self._text(self.stdout_file)

    @property
    def stderr(self):
        return self._text(self.stderr_file)

    def send(self, number):
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(PATIENCE)


class TestCase(unittest.TestCase):
    """A test case with a temporary directory and the program's path."""

    needs_root = True
    may_skip = False  # whether the kernel may skip a program: where processes start and end all the time

    def setUp(self):
        if self.needs_root and os.geteuid() != 0:
            self.skipTest("needs root")
        if shutil.which(PROGRAM) is None:
            self.fail(f"no program '{PROGRAM}'; ACCEPTSCOPE names it")
        directory = tempfile.TemporaryDirectory(prefix="acceptscope-e2e-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, *arguments, **options):
        return Child(self, [PROGRAM, *map(str, arguments)], **options)

    def start_tracing(self, *arguments):
        """Starts the program and waits until tracing has begun, which the first output of the live view shows."""
        child = self.start("--view", "plain", *arguments)
        eventually(lambda: child.stdout or child.process.poll() is not None, "the live view")
        self.assertIsNone(child.process.poll(), child.stderr)
        return child

    def run_program(self, *arguments, **options):
        child = self.start(*arguments, **options)
        child.wait()
        return child

    def finish(self, child, number=signal.SIGINT, status=0):
        child.send(number)
        self.assertEqual(child.wait(), status, child.stderr)

    def read_json(self, name):
        with open(self.path(name)) as file:
            return json.load(file)

    def trace_for(self, port, duration, *arguments):
        """Traces `port` for the given time; returns the dump, which has lost nothing."""
        child = self.run_program("--port", port, "--view", "plain", "--duration", duration, "--output",
                                 self.path("dump.json"), *arguments)
        self.assertEqual(child.process.returncode, 0, child.stderr)
        self.output = child.stdout
        dump = self.read_json("dump.json")
        lost = losses_of(dump) if self.may_skip else dump["losses"]
        self.assertLessEqual(set(lost.values()), {0}, dump["losses"])
        self.assertEqual(dump["consistency"]["broken"], [])
        return dump


def run_tests():
    """unittest.main() with a separate exit status for "everything was skipped"."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.testsRun == len(result.skipped) else 0)
