#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures the cost of tracing in pairs on this machine. scripts/bench builds the programs and calls it.

bench.py --build DIR [--quick | --check-only] [--output FILE]

Between any two traced slices of churn there is an untraced one (A B A C A ...): a slice is compared with the mean of
its two neighbors, and the figures are medians over the rounds. The noise is the same figure for untraced slices. In
every traced slice the program's totals must match the totals of the churn itself, or the bench fails.
Timings are compared with the targets in the table; they never affect the exit status.
"""
import argparse
import contextlib
import ctypes
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import keepalive

PATIENCE = 60  # seconds to wait for any answer
HELD = 50_000
VERDICTS = {True: "met", False: "**missed**", None: "cannot be told: too noisy a machine"}


class Wrong(Exception):
    """The program's figures differ from those of the churn."""


# ---- processes


class Churn:
    """tests/bench/churn: answers every command with a line of JSON."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ports = self._answer()
        self.port, self.held_port = ports["port"], ports["held_port"]

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Wrong("the churn has died")
        return json.loads(line)

    def ask(self, command, number):
        self.process.stdin.write(f"{command} {number}\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise Wrong(f"timed out waiting for {what}")
        time.sleep(0.005)


class Traced:
    """A running acceptscope; after the `with` block, its dump."""

    def __init__(self, program, directory, churn, *options):
        self.dump_file = pathlib.Path(directory) / "dump.json"
        self.text_file = pathlib.Path(directory) / "view.txt"
        self.command = [program, "--view", "plain", "--port", f"{churn.port},{churn.held_port}", "--output",
                        str(self.dump_file), *options]
        self.dump = None

    def __enter__(self):
        started = time.monotonic()
        with open(self.text_file, "wb") as out:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT)
        wait_until(lambda: self.text_file.stat().st_size or self.process.poll() is not None, "the first block")
        self.seconds_to_first_block = time.monotonic() - started
        if self.process.poll() is not None:
            raise Wrong("acceptscope does not run here: " + self.text_file.read_text().strip())
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE)
        if status != 0:
            raise Wrong(f"acceptscope ended with status {status}: " + self.text_file.read_text()[-2000:])
        self.dump = json.loads(self.dump_file.read_text())

    def _proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text()

    def cpu_seconds(self):
        return int(self._proc("schedstat").split()[0]) / 1e9

    def memory_bytes(self, name="VmRSS"):
        return int(re.search(name + r":\s*(\d+) kB", self._proc("status"))[1]) * 1024

    def descriptors(self, field):
        """The values of a field of /proc/PID/fdinfo, over all file descriptors that have it."""
        values = []
        for entry in pathlib.Path(f"/proc/{self.process.pid}/fdinfo").iterdir():
            with contextlib.suppress(FileNotFoundError):
                facts = dict(re.findall(r"^(\w+):\s*(\S+)", entry.read_text(), re.M))
                if field in facts:
                    values.append(facts)
        return values

    def kernel_bytes(self):
        return sum(int(facts["memlock"]) for facts in {f["map_id"]: f for f in self.descriptors("map_id")}.values())

    def program_ids(self):
        return {int(facts["prog_id"]) for facts in self.descriptors("prog_id")}


class Tcplife:
    """tcplife of libbpf-tools; .problem is the reason why it does not run here."""

    program = shutil.which("tcplife", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

    def __init__(self, directory, churn):
        self.file = pathlib.Path(directory) / "tcplife.txt"
        # It needs tracefs: mounted privately if it is not mounted. It prints nothing before its buffer is full.
        self.command = ["unshare", "--mount", "sh", "-c", """
            mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
            exec stdbuf -oL "$0" -L "$1" """, self.program, str(churn.port)]

    @classmethod
    def problem(cls, directory, churn):
        if cls.program is None:
            return "not installed (Debian package libbpf-tools)"
        try:
            with cls(directory, churn):
                pass
        except Wrong as reason:
            return str(reason)
        return None

    def __enter__(self):
        with open(self.file, "wb") as out:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT)
        # It prints its header once it is attached, or exits.
        wait_until(lambda: b"PID" in self.file.read_bytes() or self.process.poll() is not None, "tcplife")
        if self.process.poll() is not None:
            raise Wrong(" ".join(self.file.read_text().split("\n")[0].split()))
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE)


# ---- measuring


def rate(slice_):
    return slice_["connections"] / slice_["seconds"]


def cpu(slice_):
    return slice_["cpu_seconds"] / slice_["connections"]


class Pairs:
    """Slices of one kind, each between two untraced slices."""

    def __init__(self):
        self.rates, self.cpus, self.connections = [], [], 0
        self.seen = []

    def add(self, before, traced, after):
        self.rates.append(2 * rate(traced) / (rate(before) + rate(after)))
        self.cpus.append(2 * cpu(traced) / (cpu(before) + cpu(after)))
        self.connections += traced["connections"]
        self.seen.append(rate(traced))

    def slower(self):
        return 1 - statistics.median(self.rates)

    def more_cpu(self):
        return statistics.median(self.cpus) - 1

    def spread(self):
        """Half of the interquartile range of the pairs."""
        if len(self.rates) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.rates, n=4, method="inclusive")
        return (high - low) / 2


class Bench:
    def __init__(self, arguments, directory):
        self.build = pathlib.Path(arguments.build)
        self.program = str(self.build / "acceptscope")
        self.directory = directory
        self.quick = arguments.quick
        self.check_only = arguments.check_only
        self.rounds, self.slice_ms = (2, 100) if self.check_only else (5, 500) if self.quick else (20, 1000)
        self.held = 100 if self.check_only else HELD
        self.kept = {}  # server -> its pairs; a text: why there are none
        self.churn = Churn(str(self.build / "tests/bench/churn"))
        self.pairs = {}
        self.untraced = []
        self.first_blocks, self.lost = [], 0
        self.cpu_per_1000, self.resident, self.kernel = {}, {}, {}
        self.formula = []

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def run_slice(self):
        return self.churn.ask("run", self.slice_ms)

    def untraced_slice(self):
        self.untraced.append(self.run_slice())
        return self.untraced[-1]

    def check(self, traced, connections, lines=None):
        totals, losses = traced.dump["totals"], traced.dump["losses"]
        lost = sum(losses.values())
        self.lost += lost
        if lost == 0 and (totals["accepts"] != connections or totals["closes"] != connections):
            raise Wrong(f"{connections} connections were made, and the program counted {totals}")
        if lines is not None and lost == 0 and lines != connections + totals["preexisting"]:
            raise Wrong(f"{connections} connections were made, and the log has {lines} lines")

    def acceptscope_slice(self, kind, *options):
        log = pathlib.Path(self.directory) / "log.jsonl"
        if "--log" in options:
            options = (*options, str(log))
        with Traced(self.program, self.directory, self.churn, *options) as traced:
            self.first_blocks.append(traced.seconds_to_first_block)
            cpu_before = traced.cpu_seconds()
            slice_ = self.run_slice()
            resident = traced.memory_bytes()
            self.kernel[kind] = traced.kernel_bytes()
        # Includes the last tick, so that every record is counted.
        overhead = traced.dump["overhead"]
        used = overhead["cpu_seconds_user"] + overhead["cpu_seconds_system"] - cpu_before
        self.cpu_per_1000.setdefault(kind, []).append(used / slice_["connections"] * 1000)
        self.resident[kind] = max(self.resident.get(kind, 0), resident)
        workers = sum(len(service["workers"]) for service in traced.dump["services"])
        self.formula.append(resident <= 32 * 2**20 + 0.8 * 1024 * len(traced.dump["connections"]) + 4096 * workers)
        lines = None
        if "--log" in options:
            with open(log, "rb") as file:
                lines = sum(1 for _ in file)
        self.check(traced, slice_["connections"], lines)
        return slice_

    def tcplife_slice(self):
        with Tcplife(self.directory, self.churn):
            return self.run_slice()

    def alternate(self, kinds, untraced, pairs, name):
        """Runs rounds of every kind of slice, with an untraced slice before and after each, into `pairs`."""
        before = untraced()
        for number in range(self.rounds):
            for kind, slice_of in kinds.items():
                traced = slice_of()
                after = untraced()
                pairs.setdefault(kind, Pairs()).add(before, traced, after)
                before = after
            # An untraced slice in the place of a traced one: the noise.
            middle, after = untraced(), untraced()
            pairs.setdefault("untraced", Pairs()).add(before, middle, after)
            before = after
            self.say(f"round {number + 1} of {self.rounds}: {name}")

    def measure(self, kinds):
        self.alternate(kinds, self.untraced_slice, self.pairs, ", ".join(kinds))

    def measure_kept(self, server):
        """Keep-alive requests of a real server, with requests counted and without."""
        if why := keepalive.missing(server):
            self.kept[server] = why
            return
        load = keepalive.KeepAlive(server, self.directory)

        def traced_slice(*options):
            with Traced(self.program, self.directory, load, *options) as traced:
                slice_ = load.slice(1)
            self.check_kept(traced, slice_["connections"], options)
            return slice_

        kinds = {"acceptscope": traced_slice,
                 "acceptscope --no-requests": lambda: traced_slice("--no-requests")}
        self.kept[server] = {}
        try:
            self.alternate(kinds, lambda: load.slice(1), self.kept[server], f"keep-alive, {server}")
        finally:
            load.close()

    @staticmethod
    def check_kept(traced, answered, options):
        """wrk ends with up to 16 requests that it does not count."""
        requests = traced.dump["services"][0]["requests"]
        if options:
            if requests is not None:
                raise Wrong("--no-requests has counted requests")
        elif not answered <= requests["count"] <= answered + 16:
            raise Wrong(f"wrk had {answered} answers, and the program counted {requests['count']} requests")

    def program_costs(self):
        """Nanoseconds of each BPF program per connection, from the kernel's own statistics."""
        libbpf = ctypes.CDLL("libbpf.so.1", use_errno=True)
        with Traced(self.program, self.directory, self.churn) as traced:
            mine = traced.program_ids()
            statistics_on = libbpf.bpf_enable_stats(0)  # BPF_STATS_RUN_TIME, until the file descriptor is closed
            if statistics_on < 0:
                raise Wrong("the kernel keeps no statistics of BPF programs")
            try:
                before = self.statistics_of(mine)
                slice_ = self.run_slice()
                after = self.statistics_of(mine)
            finally:
                os.close(statistics_on)
        self.check(traced, slice_["connections"])
        costs = []
        for number, (name, time_ns, runs) in after.items():
            runs -= before[number][2]
            if runs:
                spent = time_ns - before[number][1]
                costs.append((name, spent / runs, runs / slice_["connections"], spent / slice_["connections"]))
        return sorted(costs, key=lambda row: -row[3])

    @staticmethod
    def statistics_of(ids):
        bpftool = shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        shown = {}
        for number in ids:
            out = subprocess.run([bpftool, "-j", "prog", "show", "id", str(number)], check=True, capture_output=True)
            program = json.loads(out.stdout)
            shown[number] = (program["name"], program.get("run_time_ns", 0), program.get("run_cnt", 0))
        return shown

    def neighbour(self):
        """The cost of each system call of an unrelated process: untraced and traced, in pairs."""
        milliseconds = 20 if self.check_only else 150
        pairs = []
        before = self.churn.ask("neighbour", milliseconds)["ns_per_call"]
        for _ in range(self.rounds):
            with Traced(self.program, self.directory, self.churn):
                traced = self.churn.ask("neighbour", milliseconds)["ns_per_call"]
            after = self.churn.ask("neighbour", milliseconds)["ns_per_call"]
            pairs.append((min(before, after), traced))
            before = after
        return statistics.median(a for a, _ in pairs), statistics.median(b - a for a, b in pairs)

    def tick_cost(self):
        """Milliseconds of CPU time per tick while the open connections are idle."""
        seconds = 1 if self.check_only else 3
        with Traced(self.program, self.directory, self.churn, "--interval", "0.2s") as traced:
            before = traced.cpu_seconds()
            time.sleep(seconds)
            used = traced.cpu_seconds() - before
        return used / (seconds / 0.2) * 1e3

    def run(self):
        tcplife = Tcplife.problem(self.directory, self.churn)
        self.warm_up()
        kinds = {"acceptscope": lambda: self.acceptscope_slice("acceptscope"),
                 "acceptscope --log": lambda: self.acceptscope_slice("acceptscope --log", "--log")}
        if tcplife is None:
            kinds["tcplife"] = self.tcplife_slice
        self.measure(kinds)
        costs = self.program_costs()
        neighbour = self.neighbour()
        idle_tick = self.tick_cost()
        self.churn.ask("hold", self.held)
        held = f"acceptscope, {self.held:,} other connections open"
        self.measure({held: lambda: self.acceptscope_slice(held)})
        held_tick = self.tick_cost()
        self.churn.ask("hold", 0)
        self.churn.close()
        for server in ("nginx", "uvicorn"):
            self.measure_kept(server)
        return {"tcplife": tcplife, "costs": costs, "neighbour": neighbour, "ticks": (idle_tick, held_tick)}

    def warm_up(self):
        self.acceptscope_slice("warm-up")
        self.first_blocks.clear()
        self.run_slice()

    def userspace(self):
        program = self.build / "tests/bench/bench_userspace"
        argv = [str(program), "--benchmark_format=json"]
        if self.check_only:
            argv += ["--benchmark_min_time=0.001", "--benchmark_filter=/(10|500|1000|10000)$"]
        elif self.quick:
            argv += ["--benchmark_min_time=0.05"]
        out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        times = {}
        for row in json.loads(out)["benchmarks"]:
            if row.get("run_type") == "iteration":
                name, size = row["name"].split("/")[:2]
                unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[row["time_unit"]]
                times.setdefault(name, {})[int(size)] = row["cpu_time"] * unit
        return times


# ---- the table


def percent(value):
    return f"{value * 100:.1f} %"


def mib(value):
    return f"{value / 2**20:.1f} MiB"


def duration(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def machine():
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", cpuinfo)
    return f"{os.cpu_count()} × {model[1] if model else platform.machine()}, Linux {platform.release()}"


def churn_table(bench, facts):
    untraced = statistics.median(rate(s) for s in bench.untraced)
    rows = [["untraced", f"{untraced:,.0f}", f"({percent(bench.pairs['untraced'].slower())} ± {percent(bench.pairs['untraced'].spread())})",
             f"({percent(bench.pairs['untraced'].more_cpu())})", "", "", ""]]
    for kind, pairs in bench.pairs.items():
        if kind == "untraced":
            continue
        own = kind in bench.cpu_per_1000
        rows.append([kind, f"{statistics.median(pairs.seen):,.0f}", f"{percent(pairs.slower())} ± {percent(pairs.spread())}",
                     percent(pairs.more_cpu()),
                     f"{statistics.median(bench.cpu_per_1000[kind]) * 1e3:.1f} ms" if own else "",
                     mib(bench.resident[kind]) if own else "", mib(bench.kernel[kind]) if own else ""])
    if facts["tcplife"]:
        rows.append([f"tcplife: does not run here ({facts['tcplife'].replace('|', ' ')})", "", "", "", "", "", ""])
    return table(["churn on loopback", "connections/s", "slowdown", "added CPU time per connection",
                  "tracer's own CPU time per 1,000 connections", "tracer's memory", "kernel memory of the maps"], rows)


def kept_table(bench):
    rows = []
    for server, pairs in bench.kept.items():
        if isinstance(pairs, str):
            rows.append([f"{server}: {pairs}", "", "", ""])
            continue
        rows += [[f"{server}, {kind}", f"{statistics.median(of.seen):,.0f}",
                  f"{percent(of.slower())} ± {percent(of.spread())}", percent(of.more_cpu())] for kind, of in sorted(pairs.items(), key=lambda pair: pair[0] != "untraced")]
    return table(["keep-alive on loopback, one worker", "requests/s", "slowdown", "added CPU time per request"], rows)


def program_table(costs):
    return table(["BPF program", "ns per run", "runs per connection", "ns per connection"],
                 [[f"`{n}`", f"{per_run:,.0f}", f"{runs:.2f}", f"{per:,.0f}"] for n, per_run, runs, per in costs])


def userspace_table(times):
    rows = []
    for name, sizes in times.items():
        (small, _), (large, last) = min(sizes.items()), max(sizes.items())
        steps = sorted(sizes.items())
        rows.append([name.replace("_", " "), ", ".join(f"{size:,}: {duration(t)}" for size, t in steps),
                     duration(last / large), f"{(last / sizes[small]) / (large / small):.2f}"])
    return table(["userspace", "size: CPU time", "per item, largest size", "growth relative to linear (1 = linear)"], rows)


def targets(bench, facts, times):
    def largest(name):
        size = max(times[name])
        return size, times[name][size]

    def per_second(name):
        return max(size / t for size, t in times[name].items())

    pairs = bench.pairs["acceptscope"]
    noise = max(pairs.spread(), bench.pairs["untraced"].spread())
    dump_size, dump_time = largest("dump_writing")
    ticks = times["tick_with_open_connections"]
    growth = (max(ticks.values()) / min(ticks.values())) / (max(ticks) / min(ticks))
    rows = [("churn slowed by at most 5 % (median of pairs)", f"{percent(pairs.slower())} ± {percent(noise)}",
             None if noise > 0.05 else pairs.slower() <= 0.05),
            ("no record lost at full churn", f"{bench.lost} lost", bench.lost == 0),
            ("records into the model, at least 3 million/s", f"{per_second('record_to_model') / 1e6:.1f} million/s",
             per_second("record_to_model") >= 3e6),
            ("`--log`, at least 500,000 lines/s", f"{per_second('log_lines'):,.0f} lines/s", per_second("log_lines") >= 5e5),
            ("a dump of 1,000,000 connections in under 3 s", f"{dump_size:,} in {duration(dump_time)}",
             dump_time / dump_size * 1e6 < 3),
            ("memory at most 32 MiB + 0.8 KiB per open or listed connection + 4 KiB per worker",
             f"{mib(max(bench.resident.values()))} at most", all(bench.formula)),
            ("cost of a tick at most linear in open connections",
             f"{growth:.2f} times linear; {facts['ticks'][0]:.1f} ms idle, {facts['ticks'][1]:.1f} ms with {bench.held:,} open",
             growth <= 1.1)]
    for server, limit in (("nginx", 0.04), ("uvicorn", 0.01)):
        if isinstance(kept := bench.kept[server], dict):
            slower, spread = kept["acceptscope"].slower(), max(of.spread() for of in kept.values())
            rows.append((f"keep-alive requests of {server} slowed by at most {limit * 100:.0f} %",
                         f"{percent(slower)} ± {percent(spread)}", None if spread > limit else slower <= limit))
    return table(["target", "measured", ""], [[a, b, VERDICTS[met]] for a, b, met in rows])


def report(bench, facts, times, began):
    per_connection = sum(row[3] for row in facts["costs"])
    base = statistics.median(cpu(s) for s in bench.untraced)
    more = bench.pairs["acceptscope"].more_cpu() * base
    own = statistics.median(bench.cpu_per_1000["acceptscope"])
    total = max(0.0, more * 10_000) + own * 10
    call, added = facts["neighbour"]
    binary = pathlib.Path(bench.program).stat().st_size
    return "\n\n".join([
        f"{machine()}; {began:%Y-%m-%d}; {bench.rounds} rounds of {bench.slice_ms} ms; load average "
        f"{os.getloadavg()[1]:.1f}, including the bench. Slowdown: median over pairs ± half of the interquartile range; "
        "the untraced row compares untraced slices with each other: the noise.",
        targets(bench, facts, times),
        churn_table(bench, facts),
        kept_table(bench),
        f"Per 10,000 connections/s expect {total * 100:.0f} % of one CPU here: {max(0.0, more) * 1e6:.1f} µs per connection "
        f"in server and client ({base * 1e6:.0f} µs untraced; {per_connection / 1e3:.1f} µs in BPF programs) and "
        f"{own * 1e3:.1f} µs in acceptscope. A system call of an unrelated process takes {call:.0f} ns, {added:+.0f} ns during "
        f"tracing. The first block appears {duration(statistics.median(bench.first_blocks))} after the start; the size of "
        f"the binary is {mib(binary)}.",
        program_table(facts["costs"]),
        userspace_table(times)]) + "\n"


def arguments():
    parser = argparse.ArgumentParser(prog="bench", description="What tracing costs, measured in pairs.")
    parser.add_argument("--build", required=True, help="build directory")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: a minute")
    parser.add_argument("--check-only", action="store_true", help="seconds: only whether everything runs and the totals are exact")
    parser.add_argument("--output", metavar="FILE", help="write the table there as well")
    return parser.parse_args()


def main():
    options = arguments()
    began = datetime.datetime.now()
    with tempfile.TemporaryDirectory(prefix="acceptscope-bench-") as directory:
        bench = Bench(options, directory)
        try:
            facts = bench.run()
            times = bench.userspace()
            text = report(bench, facts, times, began)
        except Wrong as error:
            sys.exit(f"bench: {error}")
    print(text, end="")
    if options.output:
        pathlib.Path(options.output).write_text(text)


main()
