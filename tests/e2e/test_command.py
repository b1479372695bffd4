# SPDX-License-Identifier: BSD-2-Clause
"""The program as a command: messages and exit status when a request is invalid."""

import os
import shutil
import signal

import harness

FAILED, USAGE, NOT_POSSIBLE = 1, 2, 3


class Refusal(harness.TestCase):
    def expect_refusal(self, child, status, *words):
        """Expects one clear line, the right exit status, and nothing else."""
        self.assertEqual(child.process.returncode, status, child.stderr)
        lines = child.stderr.splitlines()
        self.assertEqual(len(lines), 1, child.stderr)
        self.assertTrue(lines[0].startswith("acceptscope: "), lines[0])
        for word in words:
            self.assertIn(word, lines[0])
        self.assertEqual(child.stdout, "")


class BadInput(Refusal):
    needs_root = False

    def expect_usage_error(self, *arguments, words=()):
        self.expect_refusal(self.run_program(*arguments), USAGE, *words)

    def test_an_unknown_option(self):
        self.expect_usage_error("--prot", "80", words=["--prot"])

    def test_an_unexpected_argument(self):
        self.expect_usage_error("8000", words=["8000"])

    def test_port_zero(self):
        self.expect_usage_error("--port", "0", words=["--port", "0"])

    def test_a_port_that_is_too_large(self):
        self.expect_usage_error("--port", "70000", words=["70000"])

    def test_a_port_range_without_an_end(self):
        self.expect_usage_error("--port", "8000-", words=["8000-"])

    def test_a_port_range_backwards(self):
        self.expect_usage_error("--port", "8010-8000", words=["8010-8000"])

    def test_a_port_that_is_no_number(self):
        self.expect_usage_error("--port", "a", words=["'a'"])

    def test_a_negative_duration(self):
        self.expect_usage_error("--duration", "-1", words=["-1"])
        self.expect_usage_error("--duration=-1", words=["-1"])

    def test_an_unknown_backend(self):
        self.expect_usage_error("--backend", "magic", words=["magic"])

    def test_an_address_that_is_none(self):
        self.expect_usage_error("--address", "127.0.0.256", words=["127.0.0.256"])

    def test_an_option_without_its_value(self):
        self.expect_usage_error("--port", words=["--port"])

    def test_a_control_character_does_not_reach_the_terminal(self):
        self.expect_usage_error("--bad\x1b[2J\n", words=["\\x1b"])


class BadSurroundings(Refusal):
    def test_not_root(self):
        harness.need("setpriv")
        # A copy, because the user nobody may lack access to the build directory.
        program = self.path("acceptscope")
        shutil.copy(shutil.which(harness.PROGRAM), program)
        os.chmod(self.directory, 0o755)
        child = harness.Child(self, ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", program,
                                     "--duration", "1"])
        child.wait()
        self.expect_refusal(child, NOT_POSSIBLE)
        self.assertRegex(child.stderr, "root|sudo|CAP_", "what is missing and what to do about it")

    def test_a_kernel_without_type_information(self):
        self.expect_refusal(self.run_program("--duration", "1", "--simulate-missing", "btf"), NOT_POSSIBLE, "BTF")

    def test_an_output_in_a_directory_that_does_not_exist(self):
        self.expect_refusal(self.run_program("--duration", "1", "--output", self.path("none/dump.json")), FAILED,
                            self.path("none/dump.json"), "No such file or directory")

    def test_an_output_that_cannot_be_written(self):
        self.expect_refusal(self.run_program("--duration", "1", "--output", "/proc/dump.json"), FAILED,
                            "/proc/dump.json")

    def test_an_output_that_is_a_directory(self):
        self.expect_refusal(self.run_program("--duration", "1", "--output", self.directory), FAILED, self.directory,
                            "directory")

    def test_a_log_that_is_a_directory(self):
        self.expect_refusal(self.run_program("--duration", "1", "--log", self.directory), FAILED, self.directory,
                            "directory")

    def test_a_command_that_does_not_exist(self):
        self.expect_refusal(self.run_program("--", "no-such-command-here"), FAILED, "no-such-command-here",
                            "No such file or directory")

    def test_a_command_that_is_not_executable(self):
        with open(self.path("script"), "w"):
            pass
        self.expect_refusal(self.run_program("--", self.path("script")), FAILED, self.path("script"),
                            "Permission denied")

    def test_a_cgroup_that_does_not_exist(self):
        child = self.run_program("--duration", "1", "--cgroup", "/sys/fs/cgroup/no-such-cgroup")
        self.assertIn(child.process.returncode, (FAILED, USAGE, NOT_POSSIBLE))
        self.expect_refusal(child, child.process.returncode, "no-such-cgroup")

    def test_a_process_that_does_not_exist(self):
        child = self.run_program("--duration", "1", "--pid", "4194303")
        self.assertIn(child.process.returncode, (FAILED, USAGE, NOT_POSSIBLE))
        self.expect_refusal(child, child.process.returncode, "4194303")


class Command(harness.TestCase):
    def test_its_exit_status_is_in_the_dump_and_in_the_summary_and_not_passed_on(self):
        child = self.run_program("--view", "plain", "--output", self.path("dump.json"), "--", "sh", "-c", "exit 7")
        self.assertEqual(child.process.returncode, 0, child.stderr)
        run = self.read_json("dump.json")["run"]
        self.assertEqual(run["end_reason"], "command")
        self.assertEqual(run["command"], {"argv": ["sh", "-c", "exit 7"], "exit_status": 7})
        self.assertIn("exit status 7", child.stdout)

    def test_a_killed_command_ends_the_run(self):
        child = self.run_program("--view", "none", "--output", self.path("dump.json"), "--", "sh", "-c", "kill -9 $$")
        self.assertEqual(child.process.returncode, 0, child.stderr)
        self.assertEqual(self.read_json("dump.json")["run"]["command"]["exit_status"], 128 + signal.SIGKILL)

    def test_its_signals_are_not_blocked(self):
        # A program that blocks signals for itself must not pass that on to its children.
        child = self.run_program("--view", "none", "--", "sh", "-c", "grep SigBlk /proc/self/status")
        self.assertEqual(child.stdout.split(), ["SigBlk:", "0000000000000000"], child.stderr)

    def test_its_output_is_its_own_when_the_dump_goes_elsewhere(self):
        child = self.run_program("--view", "none", "--output", self.path("dump.json"), "--", "echo", "mine")
        self.assertEqual(child.stdout, "mine\n")

    def test_it_ends_with_the_duration_if_that_comes_first(self):
        child = self.run_program("--view", "none", "--duration", "500ms", "--output", self.path("dump.json"), "--",
                                 "sh", "-c", f"echo $$ >{self.path('pid')}; exec sleep 1000")
        self.assertEqual(child.process.returncode, 0, child.stderr)
        self.assertEqual(self.read_json("dump.json")["run"]["end_reason"], "duration")
        with open(self.path("pid")) as file:
            pid = int(file.read())
        harness.eventually(lambda: not os.path.exists(f"/proc/{pid}"), "the end of the command")


class Help(harness.TestCase):
    needs_root = False

    def test_help_goes_to_standard_output(self):
        child = self.run_program("--help")
        self.assertEqual(child.process.returncode, 0)
        self.assertIn("--port", child.stdout)
        self.assertEqual(child.stderr, "")

    def test_version(self):
        child = self.run_program("--version")
        self.assertEqual(child.process.returncode, 0)
        self.assertRegex(child.stdout, r"^acceptscope \d+\.\d+\.\d+ \((commit [0-9a-f]{12}(-dirty)?|commit not known), \w+\)\n$")


if __name__ == "__main__":
    harness.run_tests()
