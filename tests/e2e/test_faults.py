# SPDX-License-Identifier: BSD-2-Clause
"""Faults: whatever happens to the program, totals are exact or the loss is reported, and the exit status is right."""

import datetime
import json
import os
import random
import resource
import signal
import socket
import subprocess
import time

import faults
import harness
import servers
from faults import FAILED, NOT_POSSIBLE

NEEDS_A_PIPE = "UndefinedBehaviorSanitizer checks objects through a pipe, and complains where it gets none"


class Overload(faults.FaultTest):
    def test_a_reader_that_is_stopped_for_ten_seconds_loses_details_but_no_total(self):
        port = harness.free_port()
        tracer = self.start_tracing("--port", port, "--ring-bytes", 1 << 20, "--max-workers", 16384, "--output",
                                    self.path("dump.json"), "--log", self.path("log.jsonl"))
        truth = {}
        tracer.send(signal.SIGSTOP)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            truth.update(self.churn(port, 3000))
        tracer.send(signal.SIGCONT)
        self.finish(tracer)
        dump = self.dump()
        accepts = sum(truth.values())
        self.expect_exact(dump, accepts)
        self.expect_true_workers(dump, truth)
        lost = dump["losses"]["ring_full"]
        print(f"{accepts} connections, {lost} records lost")
        self.assertGreater(lost, 0)
        self.assertEqual(lost + len(dump["connections"]) + dump["connections_omitted"], accepts)
        with open(self.path("log.jsonl")) as log:
            self.assertEqual(lost + sum(1 for _ in log), accepts)
        self.assertIn(f"{lost:,}", tracer.stdout)

    def test_ten_thousand_short_lived_workers_are_ten_thousand_rows(self):
        storm = faults.Storm(self, 10000)
        tracer = self.start_tracing("--port", storm.port, "--max-workers", 16384, "--output", self.path("dump.json"))
        pids = storm.rage()
        self.finish(tracer)
        dump = self.dump()
        self.expect_exact(dump, len(pids))
        self.assertEqual(harness.losses_of(dump), {})
        told = sorted(worker["pid"] for worker in dump["services"][0]["workers"] if worker["accepts"])
        self.assertEqual(told, sorted(pids))  # a reused pid has two rows

    def test_more_workers_than_there_is_room_for_are_told_and_no_accept_is_lost(self):
        storm = faults.Storm(self, 1500)
        tracer = self.start_tracing("--port", storm.port, "--max-workers", 256, "--output", self.path("dump.json"))
        pids = storm.rage()
        self.finish(tracer)
        dump = self.dump()
        self.expect_exact(dump, len(pids))
        lost = dump["losses"]["worker_map_full"]
        self.assertGreater(lost, 0)
        workers = dump["services"][0]["workers"]
        self.assertEqual(sum(worker["accepts"] for worker in workers) + lost, len(pids))
        self.assertLessEqual({worker["pid"] for worker in workers if worker["accepts"]}, set(pids))

    def test_workers_with_the_same_pid_stay_different_workers(self):
        try:
            storm = faults.Storm(self, 20, "--same-pid")
            tracer = self.start_tracing("--port", storm.port, "--interval", "100ms", "--output",
                                        self.path("dump.json"))
            pids = storm.rage()
        except AssertionError as error:
            if os.stat("/proc/self/ns/pid").st_ino == 0xEFFFFFFC:
                raise
            self.skipTest(f"not in the initial pid namespace: {error}")
        self.finish(tracer)
        self.assertEqual(len(set(pids)), 1)
        dump = self.dump()
        self.expect_exact(dump, len(pids))
        rows = [worker for worker in dump["services"][0]["workers"] if worker["accepts"]]
        self.assertEqual([row["pid"] for row in rows], pids)
        self.assertEqual([row["accepts"] for row in rows], [1] * len(pids))
        self.assertEqual(len({row["start_time"] for row in rows}), len(pids))


class Scarcity(faults.FaultTest):
    """A resource limit: an error that names it, or a correct run."""

    def run_limited(self, kind, value, seconds="1s"):
        limit = lambda: resource.setrlimit(kind, (value, value))  # noqa: E731
        port = harness.free_port()
        child = self.run_program("--port", port, "--duration", seconds, "--view", "plain", "--output",
                                 self.path("dump.json"), preexec=limit)
        status = child.process.returncode
        self.assertIn(status, (0, FAILED, NOT_POSSIBLE), f"{value}: {child.stderr}")
        self.expect_sane(child.stdout)
        self.assertEqual(status == 0, not child.stderr, child.stderr)
        self.assertEqual(os.listdir(self.directory), ["dump.json"] if status == 0 else [], child.stderr)
        return status, child.stderr

    def test_too_few_descriptors_from_the_start(self):
        harness.need_plain_build(NEEDS_A_PIPE)
        refused = 0
        for limit in (4, 6, 12, 24, 40, 60):
            status, errors = self.run_limited(resource.RLIMIT_NOFILE, limit)
            if status == 0:
                break
            refused += 1
            self.expect_one_error(errors, "Too many open files")
        self.assertGreater(refused, 0)
        self.assertEqual(self.run_limited(resource.RLIMIT_NOFILE, 128)[0], 0)

    def test_no_descriptors_in_the_middle_of_a_run(self):
        harness.need_plain_build(NEEDS_A_PIPE)
        port = harness.free_port()
        tracer = self.start_tracing("--port", port, "--interval", "100ms", "--output", self.path("dump.json"))
        before = resource.prlimit(tracer.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(tracer.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        truth = self.churn(port, 200)
        harness.eventually(lambda: tracer.stderr, "the complaint")
        resource.prlimit(tracer.process.pid, resource.RLIMIT_NOFILE, before)
        truth.update(self.churn(port, 200))
        self.finish(tracer, status=FAILED)
        self.assertIn("Too many open files", tracer.stderr)
        self.expect_exact(self.dump(), 400)
        self.expect_true_workers(self.dump(), truth)

    def test_too_little_memory_from_the_start(self):
        harness.need_plain_build("AddressSanitizer takes terabytes of addresses")
        refused = 0
        for mib in range(16, 65, 4):  # the lack meets the loader, libbpf's types, the maps, our own tables
            status, errors = self.run_limited(resource.RLIMIT_AS, mib << 20)
            refused += status != 0
            self.assertTrue(status == 0 or "emory" in errors or "rror while loading" in errors, errors)
        self.assertGreater(refused, 0)

    def test_no_memory_in_the_middle_of_a_run(self):
        harness.need_plain_build("AddressSanitizer takes terabytes of addresses")
        port = harness.free_port()
        tracer = self.start_tracing("--port", port, "--interval", "100ms", "--output", self.path("dump.json"))
        with open(f"/proc/{tracer.process.pid}/statm") as file:
            taken = int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")
        resource.prlimit(tracer.process.pid, resource.RLIMIT_AS, (taken + (1 << 20), taken + (1 << 20)))
        for _ in range(5):
            if tracer.process.poll() is not None:
                break
            self.churn(port, 2000)
        self.send_if_running(tracer)
        self.assertEqual(tracer.wait(), FAILED, tracer.stderr)
        self.expect_one_error(tracer.stderr, "memory")
        self.assertEqual(os.listdir(self.directory), [])

    @staticmethod
    def send_if_running(tracer):
        if tracer.process.poll() is None:
            tracer.send(signal.SIGINT)

    def test_a_memory_limit_of_the_control_group(self):
        child = self.run_program("--duration", "1s", "--view", "plain", "--output", self.path("dump.json"),
                                 preexec=self.memory_limit(24 << 20))
        # The kernel kills the program, refuses the memory of a map, or the limit is sufficient.
        self.assertIn(child.process.returncode, (0, FAILED, NOT_POSSIBLE, -signal.SIGKILL), child.stderr)
        self.assertEqual(os.listdir(self.directory), ["dump.json"] if child.process.returncode == 0 else [])


class Disk(faults.FaultTest):
    CONNECTIONS = 500  # some 300 KiB of dump, 200 KiB of log

    def trace(self, *arguments):
        port = harness.free_port()
        tracer = self.start_tracing("--port", port, *arguments)
        self.churn(port, self.CONNECTIONS)
        return tracer

    def expect_told(self, tracer, *words):
        before = len(tracer.stdout)
        self.finish(tracer, status=FAILED)
        self.expect_one_error(tracer.stderr, *words)
        self.assertIn(str(self.CONNECTIONS), tracer.stdout[before:], "the closing summary")

    def test_full_while_the_dump_is_written(self):
        disk = self.small_disk(65536)
        self.expect_told(self.trace("--output", f"{disk}/dump.json"), "dump.json", "No space left on device")
        self.assertEqual(os.listdir(disk), [])

    def test_full_while_the_log_is_written(self):
        disk = self.small_disk(65536)
        tracer = self.trace("--log", f"{disk}/log.jsonl", "--output", self.path("dump.json"))
        self.expect_told(tracer, "log.jsonl", "No space left on device")
        self.expect_exact(self.dump(), self.CONNECTIONS)
        with open(f"{disk}/log.jsonl") as log:  # a complete prefix of the log
            lines = [json.loads(line) for line in log]
        self.assertEqual([line["id"] for line in lines], list(range(1, len(lines) + 1)))
        self.assertTrue(0 < len(lines) < self.CONNECTIONS)

    def test_read_only_from_the_start(self):
        disk = self.small_disk(65536)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        for option in ("--output", "--log"):
            child = self.run_program("--duration", "1s", option, f"{disk}/file")
            self.assertEqual(child.process.returncode, FAILED)
            self.expect_one_error(child.stderr, "Read-only file system", f"{disk}/file")

    def test_a_directory_that_is_gone_at_the_end(self):
        os.mkdir(self.path("gone"))
        tracer = self.trace("--output", self.path("gone/dump.json"))
        os.rmdir(self.path("gone"))
        self.expect_told(tracer, "gone/dump.json", "No such file or directory")


class Surroundings(faults.FaultTest):
    def test_a_network_namespace_that_is_deleted_during_the_run(self):
        harness.need("ip")
        name = f"acceptscope-{os.getpid()}"
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
        if made.returncode != 0:
            self.skipTest(f"no network namespace: {made.stderr.strip()}")
        deleted = []
        self.addCleanup(lambda: deleted or subprocess.run(["ip", "netns", "delete", name], check=True))
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        tracer = self.start_tracing("--port", "7777", "--interval", "100ms", "--output", self.path("dump.json"))
        inside = subprocess.run(["ip", "netns", "exec", name, faults.WORKLOAD, "--port", "7777", "--connections", "50"],
                                check=True, capture_output=True, text=True)
        truth = json.loads(inside.stdout)
        subprocess.run(["ip", "netns", "delete", name], check=True)
        deleted.append(name)
        self.churn(7777, 30)  # the run continues, with the same port in the host's network namespace
        self.finish(tracer)
        dump = self.dump()
        self.expect_exact(dump, 80)
        accepts = {service["netns"]: service["accepts"] for service in dump["services"]}
        self.assertEqual(accepts[truth["services"][0]["netns"]], 50)
        self.assertEqual(sorted(accepts.values()), [30, 50])

    def test_the_end_leaves_a_terminal_as_it_was(self):
        port = harness.free_port()
        tracer = self.start_tracing("--port", port)
        self.churn(port, 10)
        self.finish(tracer)
        self.expect_sane(tracer.stdout + tracer.stderr)


class Killed(faults.FaultTest):
    KILLS = 100 if harness.TIME_FACTOR <= 4 else 10
    AT_ONCE = 10
    SEED = 20240501

    def test_at_random_moments_nothing_is_left_in_the_kernel(self):
        harness.need("bpftool")
        chance = random.Random(self.SEED)
        port = harness.free_port()
        seen = self.newest_program()
        for batch in range(self.KILLS // self.AT_ONCE):
            for number in range(self.AT_ONCE):
                os.makedirs(self.path(f"{batch}-{number}"), exist_ok=True)
            children = [self.start("--port", port, "--view", "none", "--output", self.path(f"{batch}-{number}/dump.json"))
                        for number in range(self.AT_ONCE)]
            self.kill_one_by_one(children, chance, port)
            for number in range(self.AT_ONCE):
                self.assertEqual(os.listdir(self.path(f"{batch}-{number}")), [], "nothing partial")
        harness.eventually(lambda: not self.orphans(seen), "the kernel to forget everything")

    def kill_one_by_one(self, children, chance, port):
        """Kills the program at moments from before the programs are loaded until after traffic."""
        victims = [(chance.uniform(0, 2.0 * harness.TIME_FACTOR), child) for child in children]
        began, traffic = time.monotonic(), False
        for at, child in sorted(victims, key=lambda victim: victim[0]):
            if at > 1.0 and not traffic:
                traffic = True
                self.churn(port, 100)
            time.sleep(max(0.0, began + at - time.monotonic()))  # the test depends on the exact moment
            child.send(signal.SIGKILL)
            self.assertEqual(child.wait(), -signal.SIGKILL)

    @staticmethod
    def bpftool(kind):
        return json.loads(subprocess.run(["bpftool", "-j", kind, "show"], check=True, capture_output=True).stdout)

    def newest_program(self):
        return max((program["id"] for program in self.bpftool("prog")), default=0)

    def orphans(self, seen):
        """Programs newer than `seen`, and their attachments, without a file descriptor in any process of this host."""
        programs = {program["id"] for program in self.bpftool("prog") if program["id"] > seen}
        links = {link["id"]: link.get("prog_id") for link in self.bpftool("link")}
        held = {"prog_id": set(), "link_id": set()}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                for fd in os.listdir(f"/proc/{pid}/fdinfo"):
                    with open(f"/proc/{pid}/fdinfo/{fd}") as file:
                        for key, _, value in (line.partition(":") for line in file):
                            if key in held:
                                held[key].add(int(value))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # the process exited meanwhile, or not even root may inspect it
        by_link = {program for link, program in links.items() if link in held["link_id"]}
        left = programs - held["prog_id"] - by_link
        return left | {program for link, program in links.items()
                       if link not in held["link_id"] and program is not None and program > seen}


class DeafReader(faults.FaultTest):
    """The reader of --log reads nothing: the tracer neither waits for it nor loses anything but lines."""

    def test_of_a_fifo_costs_lines_and_nothing_else(self):
        os.mkfifo(self.path("log"))
        reader = os.open(self.path("log"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        port = harness.free_port()
        tracer = self.start_tracing("--port", port, "--interval", "200ms", "--log", self.path("log"), "--output",
                                    self.path("dump.json"))
        accepts = sum(self.churn(port, 3000).values())
        self.finish(tracer)
        dump = self.dump()
        self.expect_exact(dump, accepts)
        lost = dump["losses"]["log_lines"]
        arrived = b""
        while piece := os.read(reader, 1 << 20):
            arrived += piece
        lines = arrived.split(b"\n")[:-1]
        self.assertEqual([json.loads(line)["id"] for line in lines], list(range(1, len(lines) + 1)))
        self.assertEqual(len(lines) + lost, accepts)
        self.assertGreater(lost, 0)
        self.assertIn(f"log_lines {lost:,}", tracer.stdout)


class TimeNamespace(servers.UvicornServer, harness.TestCase):
    """The clocks of the program are days ahead of those that the kernel's programs read."""

    WORKERS = 2

    def test_shifts_no_time_and_hides_no_process(self):
        ahead = ["unshare", "--time", "--monotonic", "100000", "--boottime", "200000"]
        made = subprocess.run([*ahead, "true"], capture_output=True, text=True)
        if made.returncode != 0:
            self.skipTest(f"no time namespace: {made.stderr.strip()}")
        tracer = harness.Child(self, [*ahead, harness.PROGRAM, "--port", str(self.port), "--view", "plain",
                                      "--interval", "200ms", "--output", self.path("dump.json")])
        harness.eventually(lambda: tracer.stdout or tracer.process.poll() is not None, "the live view")
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.port), timeout=harness.PATIENCE) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                while connection.recv(4096):
                    pass
        self.finish(tracer)
        dump = self.read_json("dump.json")
        instant = datetime.datetime.fromisoformat
        begin, end = (instant(dump["run"][key]) for key in ("started_at", "ended_at"))
        self.assertEqual(dump["totals"]["accepts"], 20)
        for connection in dump["connections"]:
            self.assertTrue(begin <= instant(connection["accepted_at"]) <= end, connection)
        for worker in dump["services"][0]["workers"]:
            self.assertLess(instant(worker["start_time"]), begin)
            self.assertIs(worker["exited"], False, worker)
            self.assertIsNotNone(worker["cmdline"], worker)


if __name__ == "__main__":
    harness.run_tests()
