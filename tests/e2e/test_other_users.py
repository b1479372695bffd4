# SPDX-License-Identifier: BSD-2-Clause
"""Another user of the host neither hangs nor blinds the program, nor changes what it says of others' services."""

import os
import signal
import socket
import subprocess
import sys

from harness import TestCase, eventually, run_tests, status_of

ATTACKERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "attackers.py")
ROUNDS = 20


class Victim:
    """A server of root with connections from before, and some to come."""

    def __init__(self, test, port):
        self.server = socket.create_server(("127.0.0.1", port), backlog=64)
        self.kept = [self.connect() for _ in range(5)]
        test.addCleanup(self.close)

    def connect(self):
        client = socket.create_connection(self.server.getsockname())
        return client, self.server.accept()[0]

    def serve(self):
        for _ in range(ROUNDS):
            client, accepted = self.connect()
            client.sendall(b"hello")
            accepted.recv(5)
            accepted.sendall(b"ok")
            accepted.close()
            client.close()

    def close(self):
        for pair in self.kept:
            for end in pair:
                end.close()
        self.server.close()


class OtherUsers(TestCase):
    def attack(self, kind, port, count=0):
        """Starts an attacker and waits until it has done its worst."""
        attacker = subprocess.Popen([sys.executable, "-B", ATTACKERS, kind, str(port), str(count)],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                    start_new_session=True)

        def end():
            os.killpg(attacker.pid, signal.SIGKILL)
            attacker.wait()
            attacker.stdin.close()
            attacker.stdout.close()

        self.addCleanup(end)
        # A process of the attacker for each so many listeners says that it is ready.
        first = attacker.stdout.readline()
        if not first.startswith("ready"):
            attacker.wait()
            self.skipTest(f"the attack is not possible here: {first.strip()}")
        return attacker

    def trace_under(self, port, traffic, *arguments):
        """Traces while `traffic` runs; ends by Ctrl-C, which the program must hear. Returns the dump."""
        child = self.start_tracing("--port", port, "--output", self.path("dump.json"), *arguments)
        traffic()
        self.finish(child)
        return self.read_json("dump.json")

    def expect_victim(self, dump, port, lost_of_attacker="listener_map_full"):
        service = next(s for s in dump["services"] if s["address"] == "127.0.0.1" and s["port"] == port)
        self.assertEqual({name: service[name] for name in ("accepts", "closes", "open", "preexisting")},
                         {"accepts": ROUNDS, "closes": ROUNDS, "open": 5, "preexisting": 5})
        self.assertEqual(service["listen_sockets"], 1)
        worker = next(w for w in service["workers"] if w["accepts"])
        self.assertEqual((worker["pid"], worker["bytes_received"], worker["bytes_sent"]),
                         (os.getpid(), 5 * ROUNDS, 2 * ROUNDS))
        self.assertEqual(dump["consistency"]["broken"], [])
        lost = {name for name, count in dump["losses"].items() if count}
        self.assertLessEqual(lost, {lost_of_attacker}, dump["losses"])

    def test_fifty_thousand_listeners_of_another_user_change_nothing(self):
        port = 25_950
        victim = Victim(self, port)
        attacker = self.attack("listeners", port, 50_000)
        eventually(lambda: self.listening_on(port) >= 50_000, "the attacker's sockets")
        dump = self.trace_under(port, victim.serve)
        self.expect_victim(dump, port)
        self.assertNotEqual(dump["losses"]["listener_map_full"], 0)
        self.assertIsNone(attacker.poll())

    @staticmethod
    def listening_on(port):
        listing = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, check=True)
        return listing.stdout.count("\n")

    def test_more_connections_of_another_user_than_there_is_room_for_change_nothing(self):
        port = 25_949
        victim = Victim(self, port)
        self.attack("connections", port, 600)
        dump = self.trace_under(port, victim.serve, "--max-connections", 512)
        self.expect_victim(dump, port, "connection_map_full")
        self.assertGreaterEqual(dump["losses"]["connection_map_full"], 600 - 512)

    def test_connections_of_another_address_take_no_room(self):
        port = 25_948
        victim = Victim(self, port)
        self.attack("connections", port, 600)
        dump = self.trace_under(port, victim.serve, "--max-connections", 512, "--address", "127.0.0.1")
        self.expect_victim(dump, port, None)

    def test_a_server_that_starts_beside_them_is_seen_too(self):
        port = 25_951
        self.attack("listeners", port, 6_000)
        child = self.start_tracing("--port", port, "--output", self.path("dump.json"))
        victim = Victim(self, port)
        victim.serve()
        self.finish(child)
        service = next(s for s in self.read_json("dump.json")["services"] if s["address"] == "127.0.0.1")
        self.assertEqual((service["accepts"], service["listen_sockets"]), (ROUNDS + 5, 1))

    def test_a_million_descriptors_and_epoll_entries_change_nothing(self):
        port = 25_952
        victim = Victim(self, port)
        self.attack("descriptors", port, 1_000_000)
        dump = self.trace_under(port, victim.serve)
        self.expect_victim(dump, port)

    def test_who_ends_the_search_among_a_million_descriptors_is_heard(self):
        port = 25_953
        victim = Victim(self, port)
        self.attack("descriptors", port, 1_000_000)
        child = self.start("--port", port, "--view", "none", "--output", self.path("dump.json"))
        eventually(lambda: self.blocks_signals(child.process.pid), "signals that end the run")
        self.finish(child)
        dump = self.read_json("dump.json")
        self.assertEqual(dump["consistency"]["broken"], [])
        victim.serve()

    @staticmethod
    def blocks_signals(pid):
        return int(status_of(pid)["SigBlk"], 16) >> (signal.SIGINT - 1) & 1

    def test_a_process_whose_memory_cannot_be_read_hangs_nobody(self):
        port = 25_954
        attacker = self.attack("hanging", port)

        def traffic():
            for _ in range(ROUNDS):
                socket.create_connection(("127.0.0.1", port)).close()
            self.assertIsNone(attacker.poll())

        child = self.start_tracing("--port", port, "--output", self.path("dump.json"), "--duration", "4s")
        traffic()
        self.assertEqual(child.wait(), 0, child.stderr)
        dump = self.read_json("dump.json")
        workers = {worker["pid"]: worker for worker in dump["services"][0]["workers"]}
        self.assertIsNone(workers.pop(attacker.pid)["cmdline"])
        accepting = next(worker for worker in workers.values() if worker["accepts"])
        self.assertEqual(accepting["accepts"], ROUNDS)
        self.assertIn("attackers.py", accepting["cmdline"])
        self.assertEqual(dump["losses"]["process_unread"], 1)
        self.assertIn("process_unread", child.stdout)


if __name__ == "__main__":
    run_tests()
