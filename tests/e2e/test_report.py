# SPDX-License-Identifier: BSD-2-Clause
"""report: a dump says again what the run ended with."""

import harness

FAILED = 1


class Report(harness.TestCase):
    def demo(self, kind, name):
        run = self.run_program("demo", kind, "-d", "2", "--view", "plain", "-o", self.path(name))
        self.assertEqual(run.process.returncode, 0, run.stderr)
        return run

    def test_the_closing_summary_again(self):
        run = self.demo("--pinned", "pinned.json")
        report = self.run_program("report", self.path("pinned.json"))
        self.assertEqual(report.process.returncode, 0, report.stderr)
        self.assertIn("keepalive_pinning", report.stdout)
        self.assertTrue(run.stdout.endswith(report.stdout), report.stdout)

    def test_what_is_no_dump_is_one_line(self):
        with open(self.path("x.json"), "w") as file:
            file.write('{"schema_version": 2}')
        for name, why in (("nowhere.json", "No such file"), ("x.json", "not a dump of acceptscope"), (".", "directory")):
            report = self.run_program("report", self.path(name))
            self.assertEqual(report.process.returncode, FAILED)
            self.assertEqual(report.stdout, "")
            self.assertEqual(len(report.stderr.splitlines()), 1, report.stderr)
            self.assertIn(why, report.stderr)


if __name__ == "__main__":
    harness.run_tests()
