# SPDX-License-Identifier: BSD-2-Clause
"""Manual, completions, schemas, and the commands of the README: in man, in shells, with a validator, by doing them."""

import glob
import json
import os
import pathlib
import re
import shutil
import subprocess

import harness
import servers
import test_tui

ROOT = pathlib.Path(__file__).resolve().parents[2]
GENERATED = ROOT / "userspace/manual/generated"
USAGE = 2


class Texts(harness.TestCase):
    needs_root = False

    def test_man_pages_are_clean(self):
        harness.need("mandoc", "man", "groff")
        for page in sorted(glob.glob(f"{GENERATED}/*.[58]")):
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "style", page], capture_output=True, text=True)
            self.assertEqual((lint.returncode, lint.stdout), (0, ""), page)
            man = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True,
                                 text=True, env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
            self.assertEqual((man.returncode, man.stderr), (0, ""), page)

    def test_help_shows_each_part_of_the_manual(self):
        listed = self.run_program("help").stdout.rsplit("shows more about: ", 1)[1].rstrip(".\n").split(", ")
        self.assertGreater(len(listed), 10)
        for topic in listed:
            shown = self.run_program("help", topic)
            self.assertEqual((shown.process.returncode, shown.stderr), (0, ""))
            self.assertGreater(len(shown.stdout.splitlines()), 3, topic)
        self.assertIn("keepalive_pinning", self.run_program("help", "findings").stdout)
        wrong = self.run_program("help", "nothing")
        self.assertEqual((wrong.process.returncode, wrong.stdout), (USAGE, ""))
        self.assertIn("one of commands, options", wrong.stderr)

    def test_a_diagnosis_is_json_and_names_no_host(self):
        doctor = self.run_program("doctor", "--json")
        found = json.loads(doctor.stdout)
        self.assertEqual([backend["name"] for backend in found["backends"]], ["fentry", "kprobe", "tracepoint"])
        self.assertEqual(doctor.process.returncode, 0 if found["chosen"] else 3)
        self.assertEqual(found["kernel"], os.uname().release)
        self.assertNotIn(os.uname().nodename, re.findall(r"[^\"\s]+", doctor.stdout))


class Schemas(harness.TestCase):
    def test_real_files_validate(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        for kind in ("pinned", "spread"):
            run = self.run_program("demo", f"--{kind}", "-d", "2", "--view", "none", "-o", self.path(kind + ".json"),
                                   "--log", self.path(kind + ".jsonl"))
            self.assertEqual(run.process.returncode, 0, run.stderr)
        diff = self.run_program("diff", self.path("pinned.json"), self.path("spread.json"), "--json", "--fail-if",
                                "workers<0")
        documents = {"dump": [self.read_json("pinned.json"), self.read_json("spread.json")],
                     "diff": [json.loads(diff.stdout)], "log": []}
        for kind in ("pinned", "spread"):
            with open(self.path(kind + ".jsonl")) as file:
                documents["log"] += map(json.loads, file)
        for kind, found in documents.items():
            schema = json.loads(self.run_program("schema", kind).stdout)
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            self.assertTrue(found, kind)
            for document in found:
                validator.validate(document)
            self.assertFalse(validator.is_valid({"schema_version": 2}), kind)


class Completion(harness.TestCase):
    """In the shells themselves: Tab in a terminal."""

    needs_root = False

    def terminal(self, shell):
        harness.need("tmux", shell)
        os.symlink(shutil.which(harness.PROGRAM), self.path("acceptscope"))
        terminal = test_tui.Terminal(self, self.directory, width=140)
        terminal.type(f"export PATH={self.directory}:$PATH")
        return terminal

    def expect_completed(self, terminal, typed, pattern, tabs=2):
        terminal.press("C-u")
        terminal.tmux("send-keys", "-l", typed)
        terminal.press(*["Tab"] * tabs)
        terminal.wait_for(pattern)

    def expect_words(self, terminal):
        server = harness.socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        port = server.getsockname()[1]
        self.expect_completed(terminal, "acceptscope rep", r"acceptscope report\b", tabs=1)
        self.expect_completed(terminal, "acceptscope --backend t", r"acceptscope --backend tracepoint", tabs=1)
        self.expect_completed(terminal, "acceptscope --no", r"acceptscope --no-requests", tabs=1)
        self.expect_completed(terminal, "acceptscope demo --pin", r"acceptscope demo --pinned", tabs=1)
        self.expect_completed(terminal, f"acceptscope -p {str(port)[:-1]}", rf"\b{port}\b")
        self.expect_completed(terminal, "acceptscope help fig", r"acceptscope help figures", tabs=1)
        self.expect_completed(terminal, "acceptscope --pid 1", r"\b1\b")

    def test_bash(self):
        terminal = self.terminal("bash")
        terminal.type("exec bash --norc -i")
        terminal.type(f"PS1='ready> '; source {GENERATED}/acceptscope.bash")
        terminal.wait_for(r"^ready>\s*$")
        self.expect_words(terminal)

    def test_zsh(self):
        terminal = self.terminal("zsh")
        terminal.type("exec zsh -f -i")
        terminal.type(f"PS1='ready> '; fpath+=({GENERATED}); autoload -U compinit; compinit -u -D")
        terminal.wait_for(r"^ready>\s*$")
        self.expect_words(terminal)

    def test_fish(self):
        harness.need("fish")
        os.symlink(shutil.which(harness.PROGRAM), self.path("acceptscope"))
        environment = {**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}", "HOME": self.directory}

        def complete(line):
            script = f"source {GENERATED}/acceptscope.fish; complete -C '{line}'"
            return subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True,
                                  env=environment).stdout
        self.assertRegex(complete("acceptscope rep"), r"(?m)^report\t")
        self.assertRegex(complete("acceptscope --backend t"), r"(?m)^tracepoint\b")
        self.assertRegex(complete("acceptscope --no"), r"(?m)^--no-requests\t")
        self.assertRegex(complete("acceptscope demo --pin"), r"(?m)^--pinned\t")
        self.assertNotIn("--fail-if", complete("acceptscope demo --"))
        self.assertRegex(complete("acceptscope help fig"), r"(?m)^figures$")
        self.assertRegex(complete("acceptscope --pid "), r"(?m)^1\t")
        with harness.socket.create_server(("127.0.0.1", 0)) as server:
            self.assertRegex(complete("acceptscope -p "), rf"(?m)^{server.getsockname()[1]}\t")


class Readme(servers.UvicornServer, harness.TestCase):
    """Every command of README.md, as it stands there but for the port and shorter."""

    WORKERS = 4
    # What CI itself does, and what the tests of the packages do.
    ELSEWHERE = ("scripts/", "cmake ", "tar ", "apt ", "acceptscope-")

    def commands(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        for block in re.findall(r"^ *```sh\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                if line.strip():
                    yield re.sub(r" {2,}#.*", "", line.strip())

    def adapted(self, command):
        """Without sudo (the test is root); bounded in time; this test's server and cgroup."""
        command = command.removeprefix("sudo ").replace("8000", str(self.port)).replace("-d 60", "-d 1")
        command = command.replace("--pid 4242", f"--pid {self.server.process.pid}").replace("-n 10000", "-n 100")
        with open("/proc/self/cgroup") as file:
            cgroup = next((line.rstrip("\n").split("::")[1] for line in file if line.startswith("0::")), "/")
        command = command.replace("/system.slice/nginx.service", cgroup)
        traces = command.startswith("acceptscope -")
        return command + " -d 1" if traces and " -d " not in command and " -- " not in command else command

    def test_every_command_works(self):
        harness.need("ab", "jq")
        os.symlink(shutil.which(harness.PROGRAM), self.path("acceptscope"))
        environment = {**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        done = 0
        for command in self.commands():
            if command.removeprefix("sudo ").startswith(self.ELSEWHERE):
                continue
            with self.subTest(command=command):
                adapted = self.adapted(command)
                if " -d 1" in adapted:  # some traffic: connections that close
                    traffic = subprocess.Popen(["ab", "-q", "-t", "1", "-c", "4", f"http://127.0.0.1:{self.port}/"],
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    self.addCleanup(traffic.wait)
                result = subprocess.run(adapted, shell=True, cwd=self.directory, env=environment, capture_output=True,
                                        text=True, timeout=60 * harness.TIME_FACTOR, stdin=subprocess.DEVNULL)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertNotIn("No such file", result.stderr)
            done += 1
        self.assertGreaterEqual(done, 15)


if __name__ == "__main__":
    harness.run_tests()
