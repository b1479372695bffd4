# SPDX-License-Identifier: BSD-2-Clause
"""report repeats the closing summary of a run from its dump; diff shows the changes between two dumps."""

import json
import os
import subprocess
import unittest.mock
import xml.etree.ElementTree

import harness

FAILED = 1
USAGE = 2
CONDITION = 4


class DumpTestCase(harness.TestCase):
    def demo(self, kind, name):
        run = self.run_program("demo", kind, "-d", "2", "--view", "plain", "-o", self.path(name))
        self.assertEqual(run.process.returncode, 0, run.stderr)
        return run


class Report(DumpTestCase):
    def test_the_closing_summary_again(self):
        run = self.demo("--pinned", "pinned.json")
        report = self.run_program("report", self.path("pinned.json"))
        self.assertEqual(report.process.returncode, 0, report.stderr)
        self.assertIn("keepalive_pinning", report.stdout)
        self.assertTrue(run.stdout.endswith(report.stdout), report.stdout)

    def test_the_text_is_as_wide_as_there_is_room(self):
        self.demo("--pinned", "pinned.json")
        for columns, width in (("60", 60), ("120", 120), ("", 80), ("many", 80), ("-5", 80)):
            for command in (["report"], ["diff", self.path("pinned.json")]):
                with unittest.mock.patch.dict(os.environ, COLUMNS=columns):
                    text = self.run_program(*command, self.path("pinned.json")).stdout
                longest = max(map(len, text.splitlines()))
                self.assertLessEqual(longest, width, text)
                self.assertGreater(longest, width * 3 / 4, text)

    def test_markdown_is_what_an_issue_shows(self):
        harness.need("cmark-gfm")
        hostile = self.path("hostile.json")
        run = self.run_program("demo", "--pinned", "-d", "2", "--format", "markdown", "-o", self.path("pinned.json"))
        self.assertTrue(run.stdout.startswith("## acceptscope: "), "off a terminal there is only the summary")
        with open(self.path("pinned.json")) as file:
            dump = json.load(file)
        names = ["<script>", "a|b|c", "*x* _y_", "[x](http://a)", "www.a.org", "http://a.org", "x@a.org", "`x`", "~~x~~"]
        for worker, name in zip(dump["services"][0]["workers"], names):
            worker["comm"], worker["cmdline"] = name, None
        dump["host"]["hostname"] = names[0]
        with open(hostile, "w") as file:
            json.dump(dump, file)
        for command, name in ((["report"], "pinned.json"), (["report"], "hostile.json"), (["diff", hostile], "hostile.json")):
            text = self.run_program(*command, self.path(name), "--format", "markdown").stdout
            page = subprocess.run(["cmark-gfm", "-e", "table", "-e", "autolink", "-e", "strikethrough", "--unsafe"],
                                  input=text, capture_output=True, text=True, check=True).stdout
            root = xml.etree.ElementTree.fromstring(f"<body>{page}</body>")
            tables = root.findall(".//table")
            self.assertEqual(len(tables), 1, page)
            head = len(tables[0].findall("thead/tr/th"))
            rows = tables[0].findall("tbody/tr")
            self.assertTrue(rows and all(len(row.findall("td")) == head for row in rows), page)
            self.assertEqual({element.tag for element in root.iter()} - {"body", "h2", "h3", "p", "strong", "ul", "li",
                             "table", "thead", "tbody", "tr", "th", "td"}, set(), page)
            if command == ["report"] and name == "hostile.json":
                cells = {"".join(cell.itertext()) for row in rows for cell in row}
                self.assertLessEqual(set(names[:8]), cells, "each as it is")

    def test_the_page_appears_complete_or_not_at_all(self):
        self.demo("--pinned", "pinned.json")
        report = self.run_program("report", self.path("pinned.json"), "--html", self.path("pinned.html"))
        self.assertEqual(report.process.returncode, 0, report.stderr)
        self.assertIn("keepalive_pinning", report.stdout)
        with open(self.path("pinned.html")) as file:
            page = file.read()
        self.assertTrue(page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>"))
        alone = self.run_program("report", self.path("pinned.json"), "--html", "-")
        self.assertEqual(alone.stdout, page)

        failed = self.run_program("report", self.path("nowhere.json"), "--html", self.path("none.html"))
        self.assertEqual(failed.process.returncode, FAILED)
        self.assertEqual(sorted(os.listdir(self.directory)), ["pinned.html", "pinned.json"])
        failed = self.run_program("report", self.path("pinned.json"), "--html", self.path("no/where.html"))
        self.assertEqual((failed.process.returncode, failed.stdout), (FAILED, ""), "opened before anything is printed")

    def test_what_is_no_dump_is_one_line(self):
        with open(self.path("x.json"), "w") as file:
            file.write('{"schema_version": 2}')
        for name, why in (("nowhere.json", "No such file"), ("x.json", "not a dump of acceptscope"), (".", "directory")):
            report = self.run_program("report", self.path(name))
            self.assertEqual(report.process.returncode, FAILED)
            self.assertEqual(report.stdout, "")
            self.assertEqual(len(report.stderr.splitlines()), 1, report.stderr)
            self.assertIn(why, report.stderr)

    def test_memory_does_not_grow_with_the_file(self):
        harness.need_plain_build("AddressSanitizer keeps what is freed")
        with open(self.path("big.json"), "wb") as file:
            subprocess.run([os.environ["BIG_DUMP"], "200000"], stdout=file, stderr=subprocess.DEVNULL, check=True)
        for command in (["report", "big.json"], ["diff", "big.json", "big.json"], ["report", "big.json", "--html", "-"]):
            child = subprocess.Popen([harness.PROGRAM, *command], cwd=self.directory, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(child.returncode, 0)
            print(f"{command[0]}: {os.path.getsize(self.path('big.json')) >> 20} MiB of dump, "
                  f"{usage.ru_utime + usage.ru_stime:.2f} s of CPU, {usage.ru_maxrss / 1024:.1f} MiB resident")
            self.assertLess(usage.ru_maxrss, 24 * 1024)


class Diff(DumpTestCase):
    def setUp(self):
        super().setUp()
        self.demo("--pinned", "pinned.json")
        self.demo("--spread", "spread.json")

    def diff(self, before, after, *arguments):
        return self.run_program("diff", self.path(before), self.path(after), *arguments)

    def test_the_pool_is_spread_then(self):
        diff = self.diff("pinned.json", "spread.json")
        self.assertEqual(diff.process.returncode, 0, diff.stderr)
        self.assertTrue(diff.stdout.startswith("FIXED 127.0.0.1:"), diff.stdout)
        back = json.loads(self.diff("spread.json", "pinned.json", "--json").stdout)
        self.assertEqual([service["verdict"]["code"] for service in back["services"]], ["worse"])

    def test_a_page_of_both(self):
        diff = self.diff("pinned.json", "spread.json", "--html", self.path("diff.html"))
        self.assertEqual(diff.process.returncode, 0, diff.stderr)
        with open(self.path("diff.html")) as file:
            self.assertIn("The load is spread now", file.read())

    def test_a_run_is_as_even_as_itself(self):
        diff = json.loads(self.diff("pinned.json", "pinned.json", "--json").stdout)
        self.assertEqual(diff["services"][0]["verdict"]["code"], "unchanged")
        self.assertTrue(all(figure["change"] in (0, None) for figure in diff["services"][0]["figures"]))

    def test_conditions_make_the_exit_status(self):
        fails = self.diff("spread.json", "pinned.json", "--fail-if", "effective_workers<0.5*workers")
        self.assertEqual(fails.process.returncode, CONDITION, fails.stderr)
        self.assertIn("FAIL  127.0.0.1:", fails.stdout)
        as_json = self.diff("spread.json", "pinned.json", "--fail-if", "change.effective_workers<-1", "--json")
        self.assertEqual(as_json.process.returncode, CONDITION)
        self.assertIn("change.effective_workers<-1 holds for 127.0.0.1:", as_json.stderr)
        passes = self.diff("pinned.json", "spread.json", "--fail-if", "effective_workers<0.5*workers")
        self.assertEqual(passes.process.returncode, 0, passes.stderr)
        self.assertEqual(self.diff("pinned.json", "spread.json", "--fail-if", "x>1").process.returncode, USAGE)
        self.assertEqual(self.diff("pinned.json", "nowhere.json").process.returncode, FAILED)


if __name__ == "__main__":
    harness.run_tests()
