# SPDX-License-Identifier: BSD-2-Clause
"""Outputs and ends of runs: all collected data is shown and written, even if one of the outputs fails."""

import json
import os
import signal
import socket
import time

import harness

FAILED = 1


class EchoServer:
    """One listening socket of this process, and connections to it."""

    def __init__(self, test):
        self.socket = socket.create_server(("127.0.0.1", 0))
        test.addCleanup(self.socket.close)
        self.port = self.socket.getsockname()[1]

    def serve(self, count):
        for _ in range(count):
            with socket.create_connection(("127.0.0.1", self.port)) as client:
                connection, _ = self.socket.accept()
                client.sendall(b"hello")
                connection.recv(5)
                client.close()
                connection.recv(1)
                connection.close()


class Output(harness.TestCase):
    CONNECTIONS = 7

    def setUp(self):
        super().setUp()
        self.server = EchoServer(self)

    def serve(self):
        self.server.serve(self.CONNECTIONS)

    def expect_complete(self, dump):
        self.assertEqual(dump["totals"]["accepts"], self.CONNECTIONS)
        self.assertEqual(len(dump["connections"]), self.CONNECTIONS)

    def expect_whole_page(self, page):
        self.assertTrue(page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>"))
        self.assertIn(f"127.0.0.1:{self.server.port}", page)
        self.assertIn(str(os.getpid()), page)

    def expect_page(self, name):
        with open(self.path(name)) as file:
            page = file.read()
        self.expect_whole_page(page)
        return page

    def expect_summary(self, text):
        """Expects the number of accepts and the accepting process in the closing summary."""
        self.assertIn(str(self.CONNECTIONS), text)
        self.assertIn(str(os.getpid()), text)

    def expect_one_line(self, text, *words):
        lines = text.splitlines()
        self.assertEqual(len(lines), 1, text)
        for word in words:
            self.assertIn(word, lines[0])

    def test_a_full_disk_is_told_and_the_summary_is_still_there(self):
        tracer = self.start_tracing("--port", self.server.port, "--output", "/dev/full")
        self.serve()
        before = len(tracer.stdout)
        self.finish(tracer, status=FAILED)
        self.expect_one_line(tracer.stderr, "/dev/full", "No space left on device")
        self.expect_summary(tracer.stdout[before:])

    def test_a_full_disk_for_the_log_costs_neither_dump_nor_summary(self):
        tracer = self.start_tracing("--port", self.server.port, "--log", "/dev/full", "--output",
                                    self.path("dump.json"))
        self.serve()
        before = len(tracer.stdout)
        self.finish(tracer, status=FAILED)
        self.expect_one_line(tracer.stderr, "/dev/full", "No space left on device")
        self.expect_summary(tracer.stdout[before:])
        self.expect_complete(self.read_json("dump.json"))

    def test_a_full_disk_for_the_dump_does_not_cost_the_page(self):
        tracer = self.start_tracing("--port", self.server.port, "--output", "/dev/full", "--html", self.path("x.html"))
        self.serve()
        self.finish(tracer, status=FAILED)
        self.expect_one_line(tracer.stderr, "/dev/full", "No space left on device")
        self.expect_page("x.html")

    def test_one_run_writes_dump_page_and_log(self):
        tracer = self.start_tracing("--port", self.server.port, "-o", self.path("x.json"), "--html",
                                    self.path("x.html"), "--log", self.path("x.log"))
        self.serve()
        self.assertEqual(os.listdir(self.directory), ["x.log"])  # the others appear complete
        self.finish(tracer)
        self.expect_complete(self.read_json("x.json"))
        with open(self.path("x.log")) as log:
            self.assertEqual(len(log.readlines()), self.CONNECTIONS)
        page = self.expect_page("x.html")
        report = self.run_program("report", self.path("x.json"), "--html", "-")
        self.assertEqual(page, report.stdout)

    def test_a_page_on_standard_output_is_all_that_goes_there(self):
        tracer = self.start("--view", "plain", "--port", self.server.port, "--html", "-")
        harness.eventually(lambda: tracer.stderr, "the live view")
        self.serve()
        self.finish(tracer)
        self.expect_whole_page(tracer.stdout)
        self.expect_summary(tracer.stderr)

    def test_a_bad_path_for_the_page_fails_before_anything_is_traced(self):
        run = self.run_program("--port", self.server.port, "--output", self.path("x.json"), "--html",
                               self.path("no/where.html"), "--", "touch", self.path("ran"))
        self.assertEqual(run.process.returncode, FAILED, run.stderr)
        self.expect_one_line(run.stderr, "no/where.html", "for the page", "No such file or directory")
        self.assertEqual(run.stdout, "")
        self.assertEqual(os.listdir(self.directory), [])

    def test_a_closed_pipe_for_the_view_does_not_cost_the_dump(self):
        reader, writer = os.pipe()
        tracer = self.start("--view", "plain", "--interval", "100ms", "--port", self.server.port, "--output",
                            self.path("dump.json"), stdout=writer)
        os.close(writer)
        self.assertTrue(os.read(reader, 1))
        self.serve()
        os.close(reader)
        self.assertEqual(tracer.wait(), FAILED, tracer.stderr)
        self.expect_one_line(tracer.stderr, "Broken pipe")
        self.expect_complete(self.read_json("dump.json"))

    def test_a_closed_pipe_for_the_dump_is_told_and_the_summary_is_still_there(self):
        reader, writer = os.pipe()
        os.close(reader)
        tracer = self.start("--view", "plain", "--port", self.server.port, "--output", "-", stdout=writer)
        os.close(writer)
        harness.eventually(lambda: tracer.stderr, "the live view")
        self.serve()
        before = len(tracer.stderr)
        self.finish(tracer, status=FAILED)
        self.expect_summary(tracer.stderr[before:])
        self.assertIn("Broken pipe", tracer.stderr[before:])

    def test_a_dash_is_standard_output_and_the_view_gives_way(self):
        tracer = self.start("--view", "plain", "--port", self.server.port, "--output", "-")
        harness.eventually(lambda: tracer.stderr, "the live view")
        self.serve()
        self.finish(tracer)
        self.expect_complete(json.loads(tracer.stdout))
        self.expect_summary(tracer.stderr)

    def test_a_log_on_standard_output_has_one_object_per_connection(self):
        tracer = self.start("--view", "plain", "--port", self.server.port, "--log", "-")
        harness.eventually(lambda: tracer.stderr, "the live view")
        self.serve()
        self.finish(tracer)
        lines = [json.loads(line) for line in tracer.stdout.splitlines()]
        self.assertEqual([line["pid"] for line in lines], [os.getpid()] * self.CONNECTIONS)

    def test_log_lines_appear_while_the_run_goes_on(self):
        log = self.path("log.jsonl")
        tracer = self.start_tracing("--port", self.server.port, "--interval", "100ms", "--log", log)
        self.serve()

        def lines():
            with open(log) as file:
                return file.read().count("\n") == self.CONNECTIONS
        harness.eventually(lines, "the log's lines")
        self.finish(tracer)

    def test_an_existing_dump_is_replaced_at_the_end_and_not_before(self):
        with open(self.path("dump.json"), "w") as file:
            file.write("old")
        tracer = self.start_tracing("--port", self.server.port, "--output", self.path("dump.json"))
        self.serve()
        with open(self.path("dump.json")) as file:
            self.assertEqual(file.read(), "old")
        self.finish(tracer)
        self.expect_complete(self.read_json("dump.json"))
        self.assertEqual(os.listdir(self.directory), ["dump.json"])

    def test_after_a_kill_the_existing_dump_is_the_old_one(self):
        with open(self.path("dump.json"), "w") as file:
            file.write("old")
        tracer = self.start_tracing("--port", self.server.port, "--output", self.path("dump.json"))
        self.serve()
        self.finish(tracer, signal.SIGKILL, -signal.SIGKILL)
        with open(self.path("dump.json")) as file:
            self.assertEqual(file.read(), "old")

    def test_after_two_interrupts_there_is_a_complete_dump_or_none(self):
        tracer = self.start_tracing("--port", self.server.port, "--output", self.path("dump.json"))
        self.serve()
        tracer.send(signal.SIGINT)
        tracer.send(signal.SIGINT)
        tracer.wait()
        if os.listdir(self.directory):
            self.assertEqual(os.listdir(self.directory), ["dump.json"])
            self.expect_complete(self.read_json("dump.json"))

    def test_every_polite_signal_ends_the_run_with_summary_and_dump(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number.name):
                tracer = self.start_tracing("--port", self.server.port, "--output", self.path("dump.json"))
                self.serve()
                before = len(tracer.stdout)
                self.finish(tracer, number)
                self.expect_summary(tracer.stdout[before:])
                dump = self.read_json("dump.json")
                self.expect_complete(dump)
                self.assertEqual(dump["run"]["end_reason"], "signal")

    def test_redacted_peers_appear_in_no_output(self):
        tracer = self.start_tracing("--redact-peers", "--port", self.server.port, "--output", self.path("dump.json"),
                                    "--log", self.path("log.jsonl"), "--html", self.path("page.html"))
        self.serve()
        self.finish(tracer)
        own = f"127.0.0.1:{self.server.port}"
        self.assertNotIn("127.0.0.1", self.expect_page("page.html").replace(own, ""))
        dump = self.read_json("dump.json")
        self.expect_complete(dump)
        with open(self.path("log.jsonl")) as log:
            records = dump["connections"] + [json.loads(line) for line in log]
        self.assertEqual(len(records), 2 * self.CONNECTIONS)
        for record in records:
            self.assertNotIn("127.0.0.1", json.dumps(record["peer"]))


class Cost(harness.TestCase):
    """Generous limits, because of other load on the machine. Load does not affect the CPU times of the process."""

    def setUp(self):
        super().setUp()
        self.port = harness.free_port()

    def test_the_first_block_comes_soon(self):
        """A loose bound; the bench measures the time: under a second on an otherwise idle machine."""
        best = min(self.time_to_first_block() for _ in range(3))
        self.assertLess(best, 5.0 * harness.TIME_FACTOR)

    def time_to_first_block(self):
        began = time.monotonic()
        tracer = self.start_tracing("--port", self.port)
        took = time.monotonic() - began
        self.finish(tracer)
        return took

    def test_an_idle_run_costs_next_to_nothing(self):
        tracer = self.start_tracing("--port", self.port)
        pid = tracer.process.pid

        def cpu_seconds():
            with open(f"/proc/{pid}/schedstat") as file:
                return int(file.read().split()[0]) * 1e-9

        def blocks():
            return tracer.stdout.count("Nobody listens on port")

        harness.eventually(lambda: blocks() >= 2, "the second block")  # excludes one-time work
        began, cpu_before = time.monotonic(), cpu_seconds()
        harness.eventually(lambda: blocks() >= 6, "four more blocks")
        share = (cpu_seconds() - cpu_before) / (time.monotonic() - began)
        with open(f"/proc/{pid}/status") as file:
            resident_kib = next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
        self.finish(tracer)
        print(f"idle: {share * 100:.2f} % of a core, {resident_kib / 1024:.1f} MiB resident")
        harness.need_plain_build("sanitizers take time and memory of their own")
        self.assertLess(share, 0.005 * harness.TIME_FACTOR)
        self.assertLess(resident_kib, 32 * 1024)


if __name__ == "__main__":
    harness.run_tests()
