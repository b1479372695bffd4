# SPDX-License-Identifier: BSD-2-Clause
"""Hardening of a program that runs as root among hostile users: names, links, environments, remaining privileges."""

import ctypes
import errno
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys

import faults
import harness
from faults import FAILED

NOBODY = 65534
HOSTILE = "\x1b[2J\x1b]0;owned\x07\r\n\t\"'<script>alert(1)</script>&\\\x7f\u202e\u009b31m"

SERVER = """
import ctypes, os, socket, sys
ctypes.CDLL(None).prctl(15, os.environb[b"COMM"], 0, 0, 0)
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    server.accept()[0].close()
"""


class HostileNames(faults.FaultTest):
    """A worker with a hostile command name."""

    def serve(self, comm, arguments, connections=3):
        server = subprocess.Popen([b"python3", b"-c", SERVER.encode(), *arguments], executable=sys.executable,
                                  env={b"COMM": comm}, stdout=subprocess.PIPE)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        port = int(server.stdout.readline())
        tracer = self.start_tracing("--port", port, "--output", self.path("dump.json"), "--log", self.path("log.jsonl"))
        for _ in range(connections):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.recv(1)
        self.finish(tracer)
        self.expect_sane(tracer.stdout + tracer.stderr)
        return server.pid

    def outputs(self):
        for name in ("dump.json", "log.jsonl"):
            with open(self.path(name), "rb") as file:
                yield file.read()

    def expect_told(self, pid, comm, argument):
        for raw in self.outputs():
            raw.decode("ascii")  # nothing but ASCII, so valid UTF-8
            self.assertEqual([byte for byte in raw if byte < 0x20 and byte != 0x0a], [])
        dump = self.dump()
        worker = next(worker for worker in dump["services"][0]["workers"] if worker["pid"] == pid)
        self.assertEqual(worker["comm"], comm)
        self.assertTrue(worker["cmdline"].endswith(argument), worker["cmdline"])
        with open(self.path("log.jsonl")) as log:
            self.assertEqual([json.loads(line)["comm"] for line in log], [comm] * 3)

    def expect_tame_report(self):
        page = self.path("page.html")
        report = self.run_program("report", self.path("dump.json"), "--html", page)
        self.assertEqual(report.process.returncode, 0, report.stderr)
        self.expect_sane(report.stdout)
        with open(page, encoding="utf-8") as file:
            self.assertNotIn("<script>alert", file.read())

    def test_escape_sequences_newlines_quotes_and_markup(self):
        comm = "\x1b[2J\n<b>\"'&\\\u009b"
        self.assertLessEqual(len(comm.encode()), 15)
        pid = self.serve(comm.encode(), [HOSTILE.encode()])
        self.expect_told(pid, comm, HOSTILE)
        self.expect_tame_report()

    def test_invalid_utf8(self):
        pid = self.serve(b"\xff\xfe\xc3(\xed\xa0\x80x", [b"\xf5\x80\x80end"])
        worker = next(worker for worker in self.dump()["services"][0]["workers"] if worker["pid"] == pid)
        self.expect_told(pid, worker["comm"], "end")
        self.assertIn("\ufffd", worker["comm"])
        self.assertTrue(worker["comm"].endswith("x"))
        self.expect_tame_report()

    def test_a_control_group_with_an_escape_sequence_in_its_name(self):
        root = self.cgroup2()
        group = self.control_group(os.path.join(root, f"acceptscope-{os.getpid()}-\x1b[2J<script>alert(1)\u202e"))
        home = next(line[3:].strip() for line in open("/proc/self/cgroup") if line.startswith("0::"))
        with open(f"{group}/cgroup.procs", "w") as file:
            file.write(str(os.getpid()))
        try:
            pid = self.serve(b"worker", [b"x"])
        finally:
            with open(f"{root}{home}/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))
        self.expect_told(pid, "worker", "x")
        worker = next(worker for worker in self.dump()["services"][0]["workers"] if worker["pid"] == pid)
        self.assertEqual(os.path.basename(worker["cgroup"]), os.path.basename(group))
        self.expect_tame_report()


class OutputPath(faults.FaultTest):
    """Files that other users may have placed in a world-writable directory."""

    def setUp(self):
        super().setUp()
        self.shared = self.path("tmp")
        os.mkdir(self.shared)
        os.chmod(self.shared, 0o1777)
        os.chmod(self.directory, 0o755)
        self.precious = self.path("precious")
        with open(self.precious, "w") as file:
            file.write("precious")
        # The kernel's own protection may be enabled: with the program's copy of the rule, disabling it shows more.
        self.planted = os.path.join(self.shared, "hot.json")

    def expect_refusal(self, option):
        child = self.run_program("--duration", "100ms", option, self.planted)
        self.assertEqual(child.process.returncode, FAILED, child.stderr)
        self.expect_one_error(child.stderr, self.planted, "another user may have placed it")
        self.expect_untouched()

    def expect_untouched(self):
        with open(self.precious) as file:
            self.assertEqual(file.read(), "precious")

    def plant_link(self, owner):
        os.symlink(self.precious, self.planted)
        os.lchown(self.planted, owner, owner)

    def test_a_link_that_somebody_planted_is_not_followed(self):
        self.plant_link(NOBODY)
        for option in ("--output", "--log"):
            with self.subTest(option):
                self.expect_refusal(option)

    def test_a_link_to_nothing_that_somebody_planted_is_not_followed(self):
        os.remove(self.precious)
        self.plant_link(NOBODY)
        for option in ("--output", "--log"):
            child = self.run_program("--duration", "100ms", option, self.planted)
            self.assertEqual(child.process.returncode, FAILED, child.stderr)
        self.assertFalse(os.path.exists(self.precious))

    def test_a_link_of_ones_own_is_followed(self):
        self.plant_link(os.geteuid())
        for option in ("--output", "--log"):
            child = self.run_program("--duration", "100ms", option, self.planted)
            self.assertEqual(child.process.returncode, 0, child.stderr)
            self.assertTrue(os.path.islink(self.planted))
        self.assertNotEqual(os.path.getsize(self.precious), len("precious"))

    def test_a_link_in_a_chain_is_looked_at_as_well(self):
        self.plant_link(NOBODY)
        own, self.planted = self.planted, self.path("own.json")
        os.symlink(own, self.planted)
        self.expect_refusal("--output")

    def test_a_second_name_of_a_file_is_no_log(self):
        os.link(self.precious, self.planted)
        self.expect_refusal("--log")

    def test_a_second_name_of_a_file_is_replaced_by_a_dump(self):
        os.link(self.precious, self.planted)
        child = self.run_program("--duration", "100ms", "--output", self.planted)
        self.assertEqual(child.process.returncode, 0, child.stderr)
        self.expect_untouched()

    def test_a_file_or_pipe_of_somebody_else_is_not_written_to(self):
        with open(self.planted, "w"):
            pass
        os.chown(self.planted, NOBODY, NOBODY)
        self.expect_refusal("--log")
        os.remove(self.planted)
        os.mkfifo(self.planted)
        os.chown(self.planted, NOBODY, NOBODY)
        reader = os.open(self.planted, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        for option in ("--output", "--log"):
            self.expect_refusal(option)

    def test_what_is_written_is_for_the_owner_only(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        child = self.run_program("--duration", "100ms", "--output", self.path("dump.json"), "--log",
                                 self.path("log.jsonl"))
        self.assertEqual(child.process.returncode, 0, child.stderr)
        for name in ("dump.json", "log.jsonl"):
            self.assertEqual(os.stat(self.path(name)).st_mode & 0o7777, 0o600)


class Attack(faults.FaultTest):
    """Another user waits in a directory for root's output, with a link to a file that only root may write."""

    OPTIONS = ("--output", "--html", "--log")

    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o755)
        os.mkdir(self.path("etc"))
        self.precious = self.path("etc/precious")
        with open(self.precious, "w") as file:
            file.write("precious")
        os.chmod(self.precious, 0o600)
        self.inode = os.stat(self.precious).st_ino

    def directory_of(self, name, mode, owner=0, group=0):
        path = self.path(name)
        os.mkdir(path)
        os.chown(path, owner, group)
        os.chmod(path, mode)
        return path

    def attack(self, action, *arguments):
        """`action` in a process of the other user, and of nobody else's group."""
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
                action(*arguments)
                status = 0
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(child, 0)[1], 0, "the other user could not prepare the attack")

    def expect_refusals(self, target, link, *words):
        for option in self.OPTIONS:
            with self.subTest(option):
                child = self.run_program("--view", "none", "--duration", "100ms", option, target)
                self.assertEqual(child.process.returncode, FAILED, child.stderr)
                self.expect_one_error(child.stderr, f"'{target}'",
                                      f"'{link}' is a link, and another user may have placed it", *words)
                self.expect_untouched()

    def expect_untouched(self):
        with open(self.precious) as file:
            self.assertEqual(file.read(), "precious")
        self.assertEqual(os.stat(self.precious).st_ino, self.inode)
        self.assertEqual(os.listdir(self.path("etc")), ["precious"])

    def test_a_link_in_the_other_users_own_directory(self):
        home = self.directory_of("bob", 0o755, NOBODY, NOBODY)
        self.attack(os.symlink, self.precious, f"{home}/hot")
        self.expect_refusals(f"{home}/hot", f"{home}/hot", f"it belongs to user {NOBODY}")

    def test_a_link_in_a_directory_that_the_group_may_write_to(self):
        team = self.directory_of("team", 0o775, 0, NOBODY)
        self.attack(os.symlink, self.precious, f"{team}/hot")
        self.expect_refusals(f"{team}/hot", f"{team}/hot", f"it belongs to user {NOBODY}")

    def test_a_link_to_a_directory_in_a_sticky_one(self):
        shared = self.directory_of("tmp", 0o1777)
        self.attack(os.symlink, self.path("etc"), f"{shared}/out")
        self.expect_refusals(f"{shared}/out/precious", f"{shared}/out", f"it belongs to user {NOBODY}")
        self.expect_refusals(f"{shared}/out/new", f"{shared}/out")

    def test_a_link_to_a_directory_in_the_other_users_own_directory(self):
        home = self.directory_of("bob", 0o755, NOBODY, NOBODY)
        self.attack(os.symlink, "../etc", f"{home}/out")
        self.expect_refusals(f"{home}/out/precious", f"{home}/out")

    def test_a_link_of_roots_that_the_other_user_moved(self):
        """The owner of a link does not tell who gave it its name."""
        team = self.directory_of("team", 0o770, 0, NOBODY)
        os.symlink(self.precious, f"{team}/backup")
        self.attack(os.rename, f"{team}/backup", f"{team}/hot")
        self.expect_refusals(f"{team}/hot", f"{team}/hot", f"group {NOBODY} may write to '{team}'")

    def test_a_link_in_a_directory_of_roots_that_the_other_user_moved(self):
        team = self.directory_of("team", 0o770, 0, NOBODY)
        os.mkdir(f"{team}/backup")
        os.symlink(self.precious, f"{team}/backup/hot")
        self.attack(os.rename, f"{team}/backup", f"{team}/out")
        self.expect_refusals(f"{team}/out/hot", f"{team}/out/hot", f"group {NOBODY} may write to '{team}'")

    def test_a_report_follows_no_such_link_either(self):
        home = self.directory_of("bob", 0o755, NOBODY, NOBODY)
        self.attack(os.symlink, self.precious, f"{home}/page.html")
        child = self.run_program("--view", "none", "--duration", "100ms", "--output", self.path("dump.json"))
        self.assertEqual(child.process.returncode, 0, child.stderr)
        child = self.run_program("report", self.path("dump.json"), "--html", f"{home}/page.html")
        self.assertEqual(child.process.returncode, FAILED, child.stderr)
        self.expect_untouched()

    def test_a_file_of_the_other_user_becomes_no_log_but_a_dump_replaces_it(self):
        home = self.directory_of("bob", 0o755, NOBODY, NOBODY)
        self.attack(os.mknod, f"{home}/hot")
        child = self.run_program("--view", "none", "--duration", "100ms", "--log", f"{home}/hot")
        self.assertEqual(child.process.returncode, FAILED, child.stderr)
        self.expect_one_error(child.stderr, f"'{home}/hot' exists, and another user may have placed it",
                              f"it belongs to user {NOBODY}")
        child = self.run_program("--view", "none", "--duration", "100ms", "--output", f"{home}/hot")
        self.assertEqual(child.process.returncode, 0, child.stderr)
        self.assertEqual(os.stat(f"{home}/hot").st_uid, 0)

    def test_links_that_swap_with_a_directory_all_the_time(self):
        """Whatever the moment of the check: what was checked is what is used."""
        home = self.directory_of("bob", 0o755, NOBODY, NOBODY)
        self.attack(os.mkdir, f"{home}/real")
        self.attack(os.symlink, self.path("etc"), f"{home}/link")
        swapper = os.fork()
        if swapper == 0:
            try:
                os.setuid(NOBODY)
                exchange_for_ever(f"{home}/real", f"{home}/link")
            finally:
                os._exit(1)
        self.addCleanup(os.waitpid, swapper, 0)
        self.addCleanup(os.kill, swapper, signal.SIGKILL)
        for option in ("--output", "--log") * 4:
            child = self.run_program("--view", "none", "--duration", "1ms", option, f"{home}/real/precious")
            self.assertIn(child.process.returncode, (0, FAILED), child.stderr)
            self.expect_untouched()

    def test_a_log_of_ones_own_is_a_new_file_where_others_may_write(self):
        """An old one is not emptied: by then its name may be that of any file."""
        for shared in (self.directory_of("tmp", 0o1777), self.directory_of("team", 0o775, 0, NOBODY)):
            with open(f"{shared}/log", "w") as old:
                old.write("from an earlier run")
                old.flush()
                child = self.run_program("--view", "none", "--duration", "100ms", "--log", f"{shared}/log")
                self.assertEqual(child.process.returncode, 0, child.stderr)
                self.assertEqual(os.fstat(old.fileno()).st_size, len("from an earlier run"))
            self.assertEqual(os.listdir(shared), ["log"])
            with open(f"{shared}/log") as log:
                self.assertNotIn("from an earlier run", log.read())


RENAME_EXCHANGE, AT_FDCWD = 2, -100


def exchange_for_ever(one, other):
    renameat2 = ctypes.CDLL(None).renameat2
    while True:
        renameat2(AT_FDCWD, one.encode(), AT_FDCWD, other.encode(), RENAME_EXCHANGE)


class Environment(faults.FaultTest):
    def test_neither_environment_nor_working_directory_matters(self):
        """Planted programs have the names that a tracer might execute; the working directory is gone."""
        trap, marker = self.path("trap"), self.path("marker")
        os.mkdir(trap)
        for name in ("sh", "bpftool", "ip", "ss", "uname", "modprobe", "clang", "mount", "ps"):
            with open(f"{trap}/{name}", "w") as file:
                file.write(f"#!/bin/sh\ntouch {marker}\n")
            os.chmod(f"{trap}/{name}", 0o755)
        program = os.path.abspath(shutil.which(harness.PROGRAM))
        gone = self.path("gone")
        os.mkdir(gone)

        def leave():
            os.chdir(gone)
            os.rmdir(gone)
        child = harness.Child(self, [program, "--duration", "1s", "--view", "plain", "--output",
                                     self.path("dump.json")],
                              env={"PATH": trap, "HOME": trap, "TERMINFO": trap, "TMPDIR": trap, "LANG": "x" * 4000,
                                   "LIBBPF_LOG_LEVEL": "debug", "COLUMNS": "-1", "TERM": "../../etc"}, preexec=leave)
        self.assertEqual(child.wait(), 0, child.stderr)
        self.assertEqual(child.stderr, "")
        self.assertFalse(os.path.exists(marker))
        self.assertEqual(self.dump()["run"]["end_reason"], "duration")


class Privileges(faults.FaultTest):
    """Capabilities by their numbers in linux/capability.h."""
    IN_FORCE = {2: "DAC_READ_SEARCH", 19: "SYS_PTRACE", 38: "PERFMON", 39: "BPF"}
    IN_RESERVE = {0: "CHOWN", 1: "DAC_OVERRIDE", 3: "FOWNER", 5: "KILL", 21: "SYS_ADMIN"}

    @staticmethod
    def bits(names):
        return sum(1 << number for number in names)

    def test_a_run_keeps_what_it_needs(self):
        tracer = self.start_tracing("--port", harness.free_port())
        status = harness.status_of(tracer.process.pid)
        self.finish(tracer)
        own = harness.status_of(os.getpid())
        possible = int(own["CapPrm"], 16)
        self.assertEqual(int(status["CapEff"], 16), self.bits(self.IN_FORCE) & possible)
        self.assertEqual(int(status["CapPrm"], 16), self.bits({**self.IN_FORCE, **self.IN_RESERVE}) & possible)
        self.assertEqual(int(status["CapInh"], 16), 0)
        self.assertEqual(int(status["CapAmb"], 16), 0)
        self.assertEqual(status["NoNewPrivs"], "1")

    def expect_filter(self, pid):
        """Expects that the program soon has a filter of system calls; it shows its first picture before."""
        harness.eventually(lambda: harness.status_of(pid)["Seccomp"] == "2", "the filter of system calls")
        self.assertEqual(harness.status_of(pid)["NoNewPrivs"], "1")

    def test_a_run_keeps_the_system_calls_it_needs(self):
        harness.need_plain_build("the leak detector traces its own process")
        tracer = self.start_tracing("--port", harness.free_port(), "--output", self.path("dump.json"))
        self.expect_filter(tracer.process.pid)
        self.finish(tracer)
        self.assertEqual(tracer.stderr, "")
        self.assertIn(f"seccomp filter of {self.dump()['run']['system_calls']} system calls, no_new_privs",
                      self.run_program("doctor").stdout)

    def test_the_filter_is_not_for_a_command_but_also_while_one_runs(self):
        harness.need_plain_build("the leak detector traces its own process")
        child = self.start("--view", "plain", "--", "cat", "/proc/self/status", "/dev/stdin", stdin=subprocess.PIPE)
        self.expect_filter(child.process.pid)
        child.process.stdin.close()
        self.assertEqual(child.wait(), 0, child.stderr)
        self.assertRegex(child.stdout, r"(?m)^Seccomp:\t0$")

    def test_a_kernel_without_filters_traces_without_one(self):
        harness.need_plain_build("it has no filter anyhow")
        child = self.run_program("--view", "none", "--duration", "100ms", "--output", self.path("dump.json"),
                                 preexec=refuse_further_filters)
        self.assertEqual((child.process.returncode, child.stderr), (0, ""))
        self.assertIsNone(self.dump()["run"]["system_calls"])
        doctor = self.run_program("doctor", preexec=refuse_further_filters)
        self.assertIn("no filter of system calls (the kernel takes no seccomp filter), no_new_privs", doctor.stdout)

    def test_it_has_one_thread(self):
        """A single thread cannot have data races: ThreadSanitizer is not needed."""
        tracer = self.start_tracing("--port", harness.free_port())
        self.assertEqual(harness.status_of(tracer.process.pid)["Threads"], "1")
        self.finish(tracer)

    def test_a_command_keeps_the_privileges_of_the_caller(self):
        child = self.run_program("--view", "none", "--", "cat", "/proc/self/status")
        self.assertEqual(child.process.returncode, 0, child.stderr)
        status = dict(line.split(":\t", 1) for line in child.stdout.splitlines() if ":\t" in line)
        own = harness.status_of(os.getpid())
        for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Uid"):
            self.assertEqual(status[key], own[key], key)

    def test_everything_works_to_the_end_where_only_root_and_where_only_others_may(self):
        """Walks see workers of other users, cost is measured, and dumps reach directories of other users."""
        theirs = self.path("theirs")
        os.mkdir(theirs, 0o700)
        os.chown(theirs, NOBODY, NOBODY)
        with open(f"{theirs}/dump.json", "w"):
            pass
        os.chown(f"{theirs}/dump.json", NOBODY, NOBODY)
        port = harness.free_port()
        tracer = self.start_tracing("--port", port, "--interval", "100ms", "--output", f"{theirs}/dump.json")
        harness.need("setpriv")
        server = subprocess.Popen(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--",
                                   sys.executable, "-c", POLLING_SERVER, str(port)], stdout=subprocess.PIPE)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        server.stdout.readline()
        blocks = tracer.stdout.count("\n\n")
        connections = 0
        while tracer.stdout.count("\n\n") < blocks + 25:  # one walk and several ticks with timing
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.recv(1)
            connections += 1
        self.finish(tracer)
        self.assertEqual(tracer.stderr, "")
        with open(f"{theirs}/dump.json") as file:
            dump = json.load(file)
        self.expect_exact(dump, connections)
        self.assertEqual(os.stat(f"{theirs}/dump.json").st_uid, os.geteuid())
        worker = next(worker for worker in dump["services"][0]["workers"] if worker["accepts"])
        self.assertIn("python3", worker["cmdline"])
        self.assertGreater(dump["overhead"]["bpf_ns_per_accept"], 0)

    def test_a_command_that_became_somebody_else_can_be_ended(self):
        harness.need("setpriv")
        child = self.start("--view", "plain", "--", "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                           "--clear-groups", "--", "sleep", "1000")
        harness.eventually(lambda: child.stdout or child.process.poll() is not None, "the live view")
        # The program has helpers, too, which have its name.
        name = harness.status_of(child.process.pid)["Name"]
        command = next(pid for pid in harness.children(child.process.pid) if harness.status_of(pid)["Name"] != name)
        harness.eventually(lambda: harness.status_of(command)["Uid"].startswith(str(NOBODY)), "another user")
        self.finish(child)
        self.assertFalse(os.path.exists(f"/proc/{command}"))


def refuse_further_filters():
    """As in a kernel without CONFIG_SECCOMP_FILTER: a filter in which seccomp() and prctl(PR_SET_SECCOMP) fail."""
    seccomp, prctl = {"x86_64": (317, 157), "aarch64": (277, 167)}[os.uname().machine]
    number, first_argument = 0, 16  # offsets in struct seccomp_data
    load, equal, answer = 0x20, 0x15, 0x06
    allow, not_implemented = 0x7fff0000, 0x00050000 | errno.ENOSYS
    program = [(load, 0, 0, number), (equal, 4, 0, seccomp), (equal, 0, 2, prctl), (load, 0, 0, first_argument),
               (equal, 1, 0, PR_SET_SECCOMP), (answer, 0, 0, allow), (answer, 0, 0, not_implemented)]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    text = ctypes.create_string_buffer(code)
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(text))
    if ctypes.CDLL(None).prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        raise OSError("prctl(PR_SET_SECCOMP)")


PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
POLLING_SERVER = """
import select, socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
poll = select.epoll()
poll.register(server, select.EPOLLIN)
print(flush=True)
while poll.poll():
    server.accept()[0].close()
"""


class Binary(harness.TestCase):
    """Options of the compiler and the linker, read from the program itself."""

    needs_root = False

    def readelf(self, *arguments):
        harness.need("readelf")
        program = shutil.which(harness.PROGRAM)
        return subprocess.run(["readelf", "--wide", *arguments, program], check=True, capture_output=True,
                              text=True).stdout

    def setUp(self):
        super().setUp()
        harness.need_plain_build("built with sanitizers instead")

    def test_it_is_loaded_anywhere_and_its_relocations_are_read_only(self):
        self.assertRegex(self.readelf("--file-header"), r"Type: +DYN")
        segments = self.readelf("--program-headers")
        self.assertIn("GNU_RELRO", segments)
        self.assertRegex(segments, r"GNU_STACK .* RW +0x")
        dynamic = self.readelf("--dynamic")
        self.assertRegex(dynamic, r"BIND_NOW|FLAGS_1.*NOW")
        self.assertNotRegex(dynamic, r"R(UN)?PATH|TEXTREL")

    def test_stack_and_buffers_are_checked(self):
        symbols = self.readelf("--dyn-syms")
        self.assertIn("__stack_chk_fail", symbols)
        self.assertRegex(symbols, r"__(read|snprintf|memcpy|vsnprintf|fprintf|realpath)_chk")


if __name__ == "__main__":
    harness.run_tests()
