# SPDX-License-Identifier: BSD-2-Clause
"""Who could do the work: workers, mere holders and draining processes, against servers whose processes are known."""

import os
import select
import signal
import socket
import subprocess
import threading

import harness


def serve(listener, exclusive=True):
    """An echo server of one thread, by epoll."""
    listener.setblocking(False)
    events = select.epoll()
    events.register(listener, select.EPOLLIN | (select.EPOLLEXCLUSIVE if exclusive else 0))
    connections = {}
    while True:
        for fd, _ in events.poll():
            if fd != listener.fileno():
                data = connections[fd].recv(100)
                if data:
                    connections[fd].sendall(data)
                else:
                    connections.pop(fd).close()
                continue
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                continue
            connections[connection.fileno()] = connection
            events.register(connection, select.EPOLLIN)


def serve_blocking(listener):
    """One connection after the other; blocks in accept()."""
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(connection.recv(100))


class DoorTest(harness.TestCase):
    def fork(self, act, *arguments):
        pid = os.fork()
        if pid == 0:
            try:
                act(*arguments)
            finally:
                os._exit(1)
        self.addCleanup(self.end, pid)
        return pid

    @staticmethod
    def end(pid):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def listener(self, port=0, reuse=False):
        listener = socket.create_server(("127.0.0.1", port), reuse_port=reuse)
        self.addCleanup(listener.close)
        return listener

    def connect(self, port):
        client = socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE)
        self.addCleanup(client.close)
        return client

    def ask(self, client):
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")

    def picture(self, tracer):
        """The service, once two looks were taken: a look is taken every two seconds."""
        ticks = tracer.stdout.count("\n\n")
        harness.eventually(lambda: tracer.stdout.count("\n\n") >= ticks + 5, "another look")
        self.finish(tracer)
        dump = self.read_json("dump.json")
        self.assertEqual(set(dump["losses"].values()), {0}, dump["losses"])
        [service] = dump["services"]
        return service

    @staticmethod
    def pids(service, role, key="pid"):
        return {worker[key] for worker in service["workers"] if worker["role"] == role}


class IdleWorkers(DoorTest):
    """One of eight has all connections: as threads the same story as in processes."""

    COUNT = 8

    def trace(self, port, *arguments):
        tracer = self.start_tracing("--port", port, "--output", self.path("dump.json"), *arguments)
        clients = []
        for _ in range(40):
            clients.append(self.connect(port))
            self.ask(clients[-1])
        return self.picture(tracer), tracer

    def threads(self):
        listener = self.listener()
        port = listener.getsockname()[1]

        def server():
            for _ in range(self.COUNT):
                threading.Thread(target=serve, args=(listener,)).start()
            threading.Event().wait()

        pid = self.fork(server)
        harness.eventually(lambda: len(os.listdir(f"/proc/{pid}/task")) == self.COUNT + 1, "the threads")
        listener.close()
        return port, pid

    def test_threads_that_poll_are_workers_though_they_never_accept(self):
        port, pid = self.threads()
        service, _ = self.trace(port, "--by", "thread")
        busy = {worker["tid"] for worker in service["workers"] if worker["accepts"] > 0}
        self.assertEqual(service["accepts"], 40)
        self.assertEqual(service["workers_eligible"], self.COUNT)
        self.assertEqual(service["workers_idle"], self.COUNT - len(busy))
        self.assertLessEqual(self.pids(service, "worker", "tid"), {int(t) for t in os.listdir(f"/proc/{pid}/task")})
        self.assertNotIn(pid, self.pids(service, "worker", "tid"), "the thread that does not poll")
        if len(busy) < self.COUNT / 2:
            self.assertEqual(service["verdict"]["code"], "keepalive_pinning", service["verdict"])
            self.assertRegex(service["verdict"]["summary"], rf"; [1-{len(busy)}] owns? ")
        self.assertNotIn("not_told", {finding["code"] for finding in service["findings"]})

    def test_one_process_of_several_polling_threads_names_the_option(self):
        port, pid = self.threads()
        service, tracer = self.trace(port)
        self.assertEqual(service["workers_eligible"], 1)
        self.assertEqual(self.pids(service, "worker"), {pid})
        self.assertEqual(service["waiting_threads"], self.COUNT)
        self.assertIn("8 threads of one process wait for connections: --by thread", tracer.stdout)

    def test_processes(self):
        listener = self.listener()
        workers = {self.fork(serve, listener) for _ in range(self.COUNT)}
        port = listener.getsockname()[1]
        listener.close()
        service, _ = self.trace(port)
        self.assertEqual(self.pids(service, "worker"), workers)
        self.assertEqual(service["workers_eligible"], self.COUNT)


class Holders(DoorTest):
    """Each worker has its own socket and a child that inherited it and does nothing with it."""

    WORKERS = 4

    def start_workers(self, act):
        first = self.listener(reuse=True)
        port = first.getsockname()[1]
        listeners = [first] + [self.listener(port, reuse=True) for _ in range(self.WORKERS - 1)]
        reading, writing = os.pipe()

        def worker(own):
            for listener in listeners:
                if listener is not own:
                    listener.close()
            own.set_inheritable(True)
            helper = subprocess.Popen(["sleep", "1000"], close_fds=False, stdout=subprocess.DEVNULL)
            os.write(writing, b"%d\n" % helper.pid)
            act(own, own is first)

        workers = {self.fork(worker, listener) for listener in listeners}
        with os.fdopen(reading) as lines:
            helpers = {int(lines.readline()) for _ in range(self.WORKERS)}
        for helper in helpers:
            self.addCleanup(os.kill, helper, signal.SIGKILL)
        for listener in listeners:
            listener.close()
        return port, workers, helpers

    def test_an_even_server_with_helpers_is_even(self):
        port, workers, helpers = self.start_workers(lambda listener, _: serve(listener))
        tracer = self.start_tracing("--port", port, "--output", self.path("dump.json"))
        for _ in range(400):
            with self.connect(port) as client:
                self.ask(client)
        service = self.picture(tracer)
        self.assertEqual(self.pids(service, "worker"), workers)
        self.assertEqual(self.pids(service, "holder"), helpers)
        self.assertEqual(service["workers_eligible"], self.WORKERS)
        self.assertEqual(service["verdict"]["severity"], "ok", service["verdict"])
        self.assertIn("do not wait for connections: sleep", tracer.stdout)

    def test_a_stuck_worker_with_a_helper_is_an_idle_worker_not_a_supervisor(self):
        def act(listener, stuck):
            if stuck:
                signal.pause()
            serve_blocking(listener)

        port, workers, helpers = self.start_workers(act)
        tracer = self.start_tracing("--port", port, "--output", self.path("dump.json"))
        for _ in range(60):  # some of them end up in the queue of the one that is stuck
            client = self.connect(port)
            client.sendall(b"x")
        service = self.picture(tracer)
        self.assertEqual(self.pids(service, "worker"), workers)
        self.assertEqual(self.pids(service, "holder"), helpers)
        self.assertEqual(self.pids(service, "supervisor"), set())
        self.assertEqual(service["workers_idle"], 1)


class Reload(DoorTest):
    """nginx, reloaded while its workers serve streams that never end: the same story whether tracing began before."""

    STREAMS = 30
    WORKERS = 2

    def setUp(self):
        super().setUp()
        harness.need("nginx")
        upstream = self.listener()
        self.port = harness.free_port()
        self.fork(self.stream, upstream)
        with open(self.path("nginx.conf"), "w") as file:
            file.write(f"""
                worker_processes {self.WORKERS}; daemon off; pid {self.path("pid")}; error_log stderr;
                events {{ }}
                http {{ access_log off; {"".join(f"{name}_temp_path {self.directory}; " for name in
                                                 ("client_body", "proxy", "fastcgi", "scgi", "uwsgi"))}
                        server {{ listen 127.0.0.1:{self.port};
                                 location /live {{ proxy_pass http://127.0.0.1:{upstream.getsockname()[1]};
                                                  proxy_buffering off; }}
                                 location / {{ return 200 ok; }} }} }}""")
        self.nginx = harness.Child(self, ["nginx", "-e", "stderr", "-c", self.path("nginx.conf")])
        harness.eventually(lambda: harness.is_listening(self.port), "nginx")
        harness.eventually(lambda: len(harness.children(self.nginx.process.pid)) == self.WORKERS, "nginx's workers")
        self.old = set(harness.children(self.nginx.process.pid))

    @staticmethod
    def stream(listener):
        connections = []
        while True:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
            connections.append(connection)

    def open_streams(self):
        for _ in range(self.STREAMS):
            client = self.connect(self.port)
            client.sendall(b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(client.recv(1000))

    def holders(self):
        """Which processes hold the listening socket, according to ss."""
        text = subprocess.run(["ss", "-tlnpH", f"sport = :{self.port}"], check=True, capture_output=True, text=True)
        return {int(part.split(",")[0]) for part in text.stdout.split("pid=")[1:]}

    def reload(self):
        self.nginx.send(signal.SIGHUP)
        harness.eventually(lambda: not self.old & self.holders() and len(self.holders()) == self.WORKERS + 1,
                           "the new workers")
        return self.holders() - {self.nginx.process.pid}

    def expect_draining(self, service, new):
        holding = {worker["pid"]: worker["open"] for worker in service["workers"] if worker["open"] > 0}
        self.assertEqual(sum(holding.values()), self.STREAMS)
        self.assertEqual(self.pids(service, "draining"), set(holding))
        self.assertLessEqual(set(holding), self.old)
        self.assertEqual({w["pid"] for w in service["workers"] if w["role"] == "worker" and not w["exited"]}, new)
        self.assertEqual(service["workers_eligible"], self.WORKERS)
        self.assertEqual(self.pids(service, "supervisor"), {self.nginx.process.pid})
        self.assertFalse(any(w["exited"] for w in service["workers"] if w["role"] == "draining"))

    def ask_new_ones(self):
        for _ in range(40):
            with self.connect(self.port) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                self.assertTrue(client.recv(1000))

    def test_before_tracing(self):
        harness.need("ss")
        self.open_streams()
        new = self.reload()
        tracer = self.start_tracing("--port", self.port, "--output", self.path("dump.json"))
        self.ask_new_ones()
        service = self.picture(tracer)
        self.expect_draining(service, new)
        self.assertIn("(draining)", tracer.stdout)

    def test_while_tracing(self):
        harness.need("ss")
        tracer = self.start_tracing("--port", self.port, "--output", self.path("dump.json"))
        self.open_streams()
        new = self.reload()
        self.ask_new_ones()
        self.expect_draining(self.picture(tracer), new)


if __name__ == "__main__":
    harness.run_tests()
