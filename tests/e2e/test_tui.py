# SPDX-License-Identifier: BSD-2-Clause
"""The full-screen view in a real terminal (tmux): the screen, the keys, and the restored terminal on every exit
path."""

import os
import pathlib
import re
import signal
import subprocess

import harness

PROMPT = "back here"


class Terminal:
    """A private tmux server with one window that runs a shell; killed when the test ends. The shell is dash: it has no
    line editor that changes terminal settings, and does not repair the settings that a crashed program left behind."""

    def __init__(self, test, directory, width=100, height=30):
        self.socket = os.path.join(directory, "tmux")
        # LINES and COLUMNS are wrong: the terminal knows better.
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "PS1": "$ ", "LINES": "99",
                            "COLUMNS": "240"}
        self.environment.pop("TMUX", None)
        self.environment.pop("NO_COLOR", None)
        test.addCleanup(self.tmux, "kill-server", check=False)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "-c", directory,
                  "dash", "-i")
        harness.eventually(lambda: "$" in self.text(), "the shell's prompt")

    def tmux(self, *arguments, check=True):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], env=self.environment, check=check,
                              capture_output=True, text=True).stdout

    def text(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def show(self, what):
        return self.tmux("display-message", "-p", f"#{{{what}}}").strip()

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, line):
        self.tmux("send-keys", "-l", line)
        self.press("Enter")

    def wait_for(self, pattern):
        """The screen, once it matches."""
        def seen():
            text = self.text()
            return text if re.search(pattern, text, re.MULTILINE) else None
        try:
            return harness.eventually(seen, pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen:\n{self.text()}") from None

    def settings(self):
        """The terminal settings according to stty, read from outside."""
        tty = self.show("pane_tty")
        return subprocess.run(["stty", "-a", "-F", tty], check=True, capture_output=True, text=True).stdout


class TuiTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        harness.need("tmux", "stty", "dash")
        self.terminal = Terminal(self, self.directory)

    def run_demo(self, *arguments, seconds=60, workers="●"):
        """Starts the pinned demo in the terminal; waits until workers with the mark `workers` are on the screen.
        Returns its pid."""
        self.before = self.terminal.settings()
        program = " ".join([harness.PROGRAM, "demo", "--pinned", "-d", str(seconds), *arguments])
        self.terminal.type(f"{program}; echo {PROMPT[:4]}'{PROMPT[4:]}' $?")
        self.terminal.wait_for(workers + r".*demo-worker")
        return self.pid_of_program()

    def pid_of_program(self):
        shell = self.terminal.show("pane_pid")
        children = subprocess.run(["pgrep", "-P", shell, "-x", "acceptscope"], capture_output=True, text=True).stdout
        return int(children.split()[0])

    def expect_given_back(self, status):
        """Expects that the shell has the terminal back in its original state."""
        text = self.terminal.wait_for(rf"^{PROMPT} {status}$")
        self.assertEqual(self.terminal.show("alternate_on"), "0")
        self.assertEqual(self.terminal.show("cursor_flag"), "1")
        self.assertEqual(self.terminal.settings(), self.before)
        return text


class Screens(TuiTest):
    def test_the_first_screen_answers_at_a_glance(self):
        self.run_demo()
        text = self.terminal.wait_for("keepalive_pinning")
        self.assertEqual(self.terminal.show("alternate_on"), "1")
        self.assertEqual(self.terminal.show("cursor_flag"), "0")
        self.assertRegex(text, r"Effective workers .* of 8")
        self.assertRegex(text, r"Accepts/s \d")
        rows = re.findall(r"^ [●○ ]  *\d+ demo-worker", text, re.MULTILINE)
        self.assertEqual(len(rows), 8, text)
        self.assertTrue(any("●" in row for row in rows), text)  # whether a worker stays idle (○) is random
        self.terminal.press("q")
        self.expect_given_back(0)

    def test_keys(self):
        self.run_demo()
        self.terminal.press("Tab")
        self.terminal.wait_for("Accept wait of 40 accepts")
        self.terminal.press("Tab")
        self.terminal.wait_for(r"127\.0\.0\.1 +40 ")
        self.terminal.press("BTab", "BTab")
        self.terminal.wait_for(r"\[workers\]")
        self.terminal.press("Enter")
        self.terminal.wait_for(r"Open connections of \d+: [1-9]")
        self.terminal.wait_for(r"^ 127\.0\.0\.1:\d+ +[\d.]+ s ")
        self.terminal.press("Escape")
        self.terminal.wait_for(r"\[workers\]")
        self.terminal.press("F4", "z")
        self.terminal.wait_for("Filter: z_.* 0 of 8")
        self.terminal.press("Escape")
        self.terminal.wait_for("F3 Search")
        self.terminal.press("?")
        self.terminal.wait_for("Shift-Tab")
        self.terminal.press("?", "Down")
        self.terminal.wait_for(r"in, .* out; 0 closed")
        self.terminal.press("m")
        self.terminal.wait_for("CPU, last")
        self.terminal.press("p")
        self.terminal.wait_for("PAUSED")
        self.terminal.press("p")
        harness.eventually(lambda: "PAUSED" not in self.terminal.text(), "the end of the pause")
        self.terminal.press("q")
        text = self.expect_given_back(0)
        self.assertIn("No losses", text)  # the closing summary is on the normal screen

    def test_other_sizes_are_followed_at_once(self):
        # No tick follows: the screen shows the start, before or after the first connection.
        self.run_demo("-i", "30s", workers="[●○]")
        for width, height in (80, 24), (160, 50), (40, 10), (20, 4), (100, 30):
            self.terminal.tmux("resize-window", "-x", str(width), "-y", str(height))

            def follows():
                lines = self.terminal.text().splitlines()
                return (len(lines) == height and "acceptscope" in lines[0] and "Quit" in lines[-1]
                        and (height < 24 or width < 80 or len(re.findall("demo-worker|idle", self.terminal.text())) >= 8))
            harness.eventually(follows, f"a screen of {width}x{height}")
        self.terminal.press("q")
        self.expect_given_back(0)

    def test_no_color_and_ascii(self):
        self.terminal.type("export NO_COLOR=1 LC_ALL=C")
        self.before = self.terminal.settings()
        self.terminal.type(f"{harness.PROGRAM} demo --pinned -d 60; echo {PROMPT[:4]}'{PROMPT[4:]}' $?")
        text = self.terminal.wait_for(r"\* .*#####")
        self.assertTrue(text.isascii(), text)
        self.assertIsNone(re.search(r"\x1b\[[0-9;]*[34][0-7]", self.terminal.text("-e")))
        self.terminal.press("q")
        self.expect_given_back(0)

    def test_a_dump_in_between_never_replaces_a_file_of_another_name(self):
        self.run_demo()
        self.terminal.wait_for(r"Accepts 40\b")
        self.terminal.press("w")
        text = self.terminal.wait_for(r"Wrote acceptscope-\d{8}T\d{6}Z\.json")
        name = re.search(r"acceptscope-\d{8}T\d{6}Z\.json", text).group()
        dump = self.read_json(name)
        self.assertEqual(os.stat(self.path(name)).st_mode & 0o777, 0o600)
        self.assertIsNone(dump["run"]["end_reason"])
        self.assertEqual(dump["totals"]["accepts"], 40)
        self.assertEqual(len(dump["connections"]), 40)
        self.terminal.press("q")
        self.expect_given_back(0)

    def test_a_dump_in_between_goes_to_the_file_of_output(self):
        self.run_demo("-o", "hot.json")
        self.terminal.press("w")
        self.terminal.wait_for("Wrote hot.json")
        self.assertIsNone(self.read_json("hot.json")["run"]["end_reason"])
        self.terminal.press("q")
        self.expect_given_back(0)
        self.assertEqual(self.read_json("hot.json")["run"]["end_reason"], "signal")


class WaysOut(TuiTest):
    def test_the_end_of_the_run(self):
        self.run_demo(seconds=4)
        self.expect_given_back(0)

    def test_ctrl_c(self):
        self.run_demo()
        self.terminal.press("C-c")
        self.assertIn("No losses", self.expect_given_back("(0|130)"))

    def test_sigterm(self):
        os.kill(self.run_demo(), signal.SIGTERM)
        self.assertIn("No losses", self.expect_given_back(0))

    def test_a_crash(self):
        for number in (signal.SIGSEGV, signal.SIGABRT):
            with self.subTest(number.name):
                self.terminal.type("clear; ulimit -c 0")
                os.kill(self.run_demo(), number)
                self.expect_given_back(128 + number)

    def test_stopped_and_continued(self):
        self.run_demo()
        self.terminal.press("C-z")
        self.terminal.wait_for("Stopped")
        self.assertEqual(self.terminal.show("alternate_on"), "0")
        self.assertEqual(self.terminal.show("cursor_flag"), "1")
        self.terminal.type("fg")
        self.terminal.wait_for(r"●.*demo-worker")
        self.assertEqual(self.terminal.show("alternate_on"), "1")
        self.assertEqual(self.terminal.show("cursor_flag"), "0")
        self.terminal.press("q")
        self.terminal.wait_for("No losses")
        harness.eventually(lambda: self.terminal.show("alternate_on") == "0", "the normal screen")
        harness.eventually(lambda: self.terminal.settings() == self.before, "the terminal's settings")

    def test_what_a_command_writes_comes_after_the_view(self):
        self.before = self.terminal.settings()
        self.terminal.type(f"{harness.PROGRAM} --view tui -- sh -c 'echo fr''om the command; read x; sleep 2'"
                           f"; echo {PROMPT[:4]}'{PROMPT[4:]}' $?")
        text = self.terminal.wait_for(r"\[(workers|overview)\]")  # whatever listens on this machine
        self.assertNotIn("from the command", text)
        self.assertIn("from the command", self.expect_given_back(0))

    def test_auto_leaves_the_terminal_to_a_command(self):
        self.before = self.terminal.settings()
        self.terminal.type(f"{harness.PROGRAM} -- sh -c 'sleep 1'; echo {PROMPT[:4]}'{PROMPT[4:]}' $?")
        self.expect_given_back(0)
        self.assertRegex(self.terminal.text("-S", "-100"), "(?m)^acceptscope  ")


class Filtered(TuiTest):
    """The demo has no filter of system calls, any other run has: the screen works under it as well."""

    def run_filtered(self, *arguments):
        """Starts a run of its own in the terminal; waits for the filter. Returns its pid."""
        self.before = self.terminal.settings()
        program = " ".join([harness.PROGRAM, "--view", "tui", "--port", str(harness.free_port()), *arguments])
        self.terminal.type(f"{program}; echo {PROMPT[:4]}'{PROMPT[4:]}' $?")
        self.terminal.wait_for(r"\[workers\]")
        pid = self.pid_of_program()
        harness.eventually(lambda: "Seccomp:\t2\n" in pathlib.Path(f"/proc/{pid}/status").read_text(), "the filter")
        return pid

    def setUp(self):
        super().setUp()
        harness.need_plain_build("the leak detector traces its own process")

    def test_sizes_a_dump_in_between_and_the_summary(self):
        self.run_filtered("-o", "hot.json", "--html", "hot.html", "--log", "hot.jsonl")
        for width, height in (80, 24), (100, 30):
            self.terminal.tmux("resize-window", "-x", str(width), "-y", str(height))
            harness.eventually(lambda: "Quit" in (self.terminal.text().splitlines()[height - 1:] or [""])[0],
                               f"a screen of {width}x{height}")
        self.terminal.press("w")
        self.terminal.wait_for("Wrote hot.json")
        self.terminal.press("q")
        self.assertIn("No losses", self.expect_given_back(0))
        self.assertGreater(self.read_json("hot.json")["run"]["system_calls"], 50)

    def test_a_dump_gets_a_name_of_its_own(self):
        self.run_filtered()
        self.terminal.press("w")
        self.terminal.wait_for(r"Wrote acceptscope-\d{8}T\d{6}Z\.json")
        self.terminal.press("C-c")
        self.expect_given_back("(0|130)")

    def test_a_crash(self):
        for number in (signal.SIGSEGV, signal.SIGABRT):
            with self.subTest(number.name):
                self.terminal.type("clear; ulimit -c 0")
                os.kill(self.run_filtered(), number)
                self.expect_given_back(128 + number)

    def test_stopped_and_continued(self):
        self.run_filtered()
        self.terminal.press("C-z")
        self.terminal.wait_for("Stopped")
        self.assertEqual(self.terminal.show("alternate_on"), "0")
        self.terminal.type("fg")
        self.terminal.wait_for(r"\[workers\]")
        self.terminal.press("q")
        self.terminal.wait_for("No losses")
        harness.eventually(lambda: self.terminal.settings() == self.before, "the terminal's settings")


if __name__ == "__main__":
    harness.run_tests()
