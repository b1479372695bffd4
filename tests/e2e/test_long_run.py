# SPDX-License-Identifier: BSD-2-Clause
"""What a run that goes on answers to: signals that ask for its files, and whose these are."""

import os
import signal
import socket

from harness import TestCase, eventually, run_tests

NOBODY = 65534


class LongRun(TestCase):
    def setUp(self):
        super().setUp()
        self.server = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.addCleanup(self.server.close)
        self.port = self.server.getsockname()[1]

    def connect(self, times):
        for _ in range(times):
            client = socket.create_connection(self.server.getsockname())
            self.server.accept()[0].close()
            client.close()

    def lines(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().count("\n")

    def trace(self, *arguments):
        return self.start_tracing("--port", self.port, "--interval", "100ms", *arguments)

    def test_a_log_that_was_moved_away_gets_a_successor_and_no_line_is_lost(self):
        child = self.trace("--log", self.path("log"), "--output", self.path("dump.json"))
        self.connect(3)
        eventually(lambda: self.lines("log") == 3, "the first lines")
        child.process.send_signal(signal.SIGHUP)  # nobody has moved it: it goes on
        self.connect(2)
        eventually(lambda: self.lines("log") == 5, "lines after a needless SIGHUP")
        os.rename(self.path("log"), self.path("log.1"))
        child.process.send_signal(signal.SIGHUP)
        eventually(lambda: os.path.exists(self.path("log")), "a new log")
        self.connect(4)
        eventually(lambda: self.lines("log") == 4, "lines of the new log")
        self.finish(child)
        self.assertEqual((self.lines("log.1"), self.lines("log")), (5, 4))
        self.assertEqual(self.read_json("dump.json")["losses"]["log_lines"], 0)

    def test_sigusr1_writes_the_dump_so_far_and_the_run_goes_on(self):
        child = self.trace("--output", self.path("dump.json"))
        self.connect(3)
        child.process.send_signal(signal.SIGUSR1)
        eventually(lambda: os.path.exists(self.path("dump.json")), "the dump so far")
        so_far = self.read_json("dump.json")
        self.assertEqual((so_far["totals"]["accepts"], so_far["run"]["end_reason"]), (3, None))
        self.connect(2)
        self.finish(child)
        self.assertEqual(self.read_json("dump.json")["totals"]["accepts"], 5)

    def test_without_a_log_sighup_ends_the_run(self):
        child = self.trace("--output", self.path("dump.json"))
        child.process.send_signal(signal.SIGHUP)
        self.assertEqual(child.wait(), 0)
        self.assertEqual(self.read_json("dump.json")["run"]["end_reason"], "signal")

    def test_files_belong_to_who_called_sudo(self):
        os.environ["SUDO_UID"] = os.environ["SUDO_GID"] = str(NOBODY)
        self.addCleanup(os.environ.pop, "SUDO_UID")
        self.addCleanup(os.environ.pop, "SUDO_GID")
        child = self.trace("--log", self.path("log"), "--output", self.path("dump.json"), "--html", self.path("a.html"))
        os.rename(self.path("log"), self.path("log.1"))
        child.process.send_signal(signal.SIGHUP)  # by now it has few privileges
        eventually(lambda: os.path.exists(self.path("log")), "a new log")
        self.finish(child)
        for name in ("log", "log.1", "dump.json", "a.html"):
            status = os.stat(self.path(name))
            self.assertEqual((status.st_uid, status.st_gid, status.st_mode & 0o777), (NOBODY, NOBODY, 0o600), name)


if __name__ == "__main__":
    run_tests()
