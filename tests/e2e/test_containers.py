# SPDX-License-Identifier: BSD-2-Clause
"""The program in the namespaces of a container, or beside servers in them."""

import json
import os
import shutil
import signal
import socket
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


class Containers(faults.FaultTest):
    """Three servers in the namespaces, root directory and cgroup of a container each, all on 0.0.0.0:8080."""

    IDS = [digit * 64 for digit in "abc"]

    def setUp(self):
        super().setUp()
        harness.need("unshare", "chroot")
        self.slice = self.control_group(f"{self.cgroup2()}/acceptscope-{os.getpid()}.slice")
        self.containers = [self.start_container(number, id) for number, id in enumerate(self.IDS)]

    def start_container(self, number, id):
        group = self.control_group(f"{self.slice}/docker-{id}.scope")
        image = self.path(f"image{number}")
        os.makedirs(f"{image}/proc")
        shutil.copy(faults.WORKLOAD, f"{image}/server")
        script = (f'echo $$ >"{group}/cgroup.procs"; exec unshare --mount --net --pid --ipc --uts --fork --kill-child sh -ec '
                  f'\'ip link set lo up; mount -t proc proc "{image}/proc"; exec chroot "{image}" /server "$@"\' sh "$@"')
        container = faults.Companion(self, "sh", "-ec", script, "sh", "--port", 8080, "--listen", "0.0.0.0", "--connect",
                                     "127.0.0.1", "--workers", 2, "--connections", 10 * (number + 1), "--interactive")
        self.assertEqual(container.line()["phase"], "ready")
        return container

    def trace(self, *arguments):
        tracer = self.start_tracing("--interval", "200ms", "--output", self.path("dump.json"), *arguments)
        for container in self.containers:
            container.proceed()
            self.assertEqual(container.line()["phase"], "traffic_done")
        ticks = tracer.stdout.count("\n\n") + 2
        harness.eventually(lambda: tracer.stdout.count("\n\n") > ticks, "two ticks")
        self.finish(tracer)
        self.output = tracer.stdout
        return self.dump()

    def test_are_told_apart_by_their_ids(self):
        dump = self.trace("--port", 8080)
        self.expect_exact(dump, 60)
        told = {frozenset(worker["container"] for worker in service["workers"]): service["accepts"]
                for service in dump["services"]}
        labels = [f"docker {id[:12]}" for id in self.IDS]
        self.assertEqual(told, {frozenset([label]): 10 * (number + 1) for number, label in enumerate(labels)})
        for label in labels:
            self.assertIn(f"0.0.0.0:8080 ({label})", self.output)
        self.assertNotIn("(netns ", self.output)

    def test_one_is_selected_by_the_beginning_of_its_id(self):
        dump = self.trace("--container", "bbbb")
        self.expect_exact(dump, 20)
        (service,) = dump["services"]
        self.assertEqual({worker["container"] for worker in service["workers"]}, {"docker bbbbbbbbbbbb"})
        self.assertEqual(dump["run"]["filters"]["containers"], ["bbbb"])
        self.assertIn("container bbbb", self.output)

    def test_one_that_does_not_run_is_an_error_that_names_those_that_do(self):
        tracer = self.run_program("--container", "dddd", "--duration", "1")
        self.assertEqual(tracer.process.returncode, faults.FAILED, tracer.stdout)
        self.expect_one_error(tracer.stderr, "--container 'dddd'", "docker aaaaaaaaaaaa", "docker cccccccccccc")


class LittleMemory(faults.FaultTest):
    def test_a_refused_backend_takes_no_second_share(self):
        harness.need_plain_build("sanitizers take more memory")
        port = harness.free_port()
        tracer = self.start("--view", "plain", "--port", port, "--output", self.path("dump.json"),
                            preexec=self.memory_limit(112 << 20))
        harness.eventually(lambda: tracer.stdout or tracer.process.poll() is not None, "the live view")
        self.assertIsNone(tracer.process.poll(), tracer.stderr)
        self.churn(port, 1000)
        self.finish(tracer)
        self.expect_exact(self.dump(), 1000)


class UnixSocket(faults.FaultTest):
    def test_of_a_selected_process_is_told_of(self):
        path = self.path("app.sock")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen()
            tracer = self.run_program("--pid", os.getpid(), "--view", "plain", "--duration", "100ms", "--output",
                                      self.path("dump.json"))
        told = f"(pid {os.getpid()}) listens on {path}: a Unix socket, not TCP, not traced."
        (note,) = self.dump()["run"]["notes"]
        self.assertTrue(note.endswith(told), note)
        self.assertIn(told, tracer.stdout)
        self.assertIn("None of the selected processes listens on a TCP port", tracer.stdout)


class NamedNetworkNamespace(faults.FaultTest):
    def test_has_its_name_beside_the_address(self):
        harness.need("ip")
        name = f"acceptscope-{os.getpid()}"
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            self.skipTest(f"no network namespace: {made.stderr.strip()}")
        self.addCleanup(subprocess.run, ["ip", "netns", "delete", name], check=True)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        tracer = self.start_tracing("--port", 7777, "--output", self.path("dump.json"))
        subprocess.run(["ip", "netns", "exec", name, faults.WORKLOAD, "--port", "7777", "--connections", "50"],
                       check=True, capture_output=True)
        self.finish(tracer)
        (service,) = self.dump()["services"]
        self.assertEqual((service["netns_name"], service["accepts"]), (name, 50))
        self.assertIn(f"127.0.0.1:7777 (netns {name})", tracer.stdout)


if __name__ == "__main__":
    harness.run_tests()
