# SPDX-License-Identifier: BSD-2-Clause
"""The HTML pages of report and diff, of real servers in a real browser. ACCEPTSCOPE_KEEP_PAGES names a directory that
keeps the pages, their dumps and screenshots."""

import asyncio
import json
import os
import re
import shutil

import browser
import harness
import servers

TALLEST = 12_000  # pixels of a screenshot


class PageTestCase(harness.TestCase):
    def expect_readable(self, name, least_drawings):
        """At all widths and in both color schemes: no console message, no finding, a screenshot of plausible size."""
        chromium = browser.Browser(self)
        for scheme in browser.SCHEMES:
            for width in browser.WIDTHS:
                with self.subTest(page=name, scheme=scheme, width=width):
                    audit, console = chromium.look(self.path(name), width, scheme)
                    self.assertEqual(console, [])
                    self.assertEqual(audit["found"], [])
                    self.assertGreater(audit["texts"], 100)
                    self.assertGreaterEqual(audit["drawings"], least_drawings)
                    shot = f"{name}-{width}-{scheme}.png"
                    chromium.screenshot(self.path(shot), width, min(audit["height"], TALLEST))
                    self.assertGreater(os.path.getsize(self.path(shot)), 20_000)
                    self.keep(shot)
        self.assertTrue(chromium.printed().startswith(b"%PDF"))

    def keep(self, *names):
        if directory := os.environ.get("ACCEPTSCOPE_KEEP_PAGES"):
            for name in names:
                shutil.copy(self.path(name), directory)

    def page_of(self, *arguments, name):
        run = self.run_program(*arguments, "--html", self.path(name))
        self.assertEqual(run.process.returncode, 0, run.stderr)
        with open(self.path(name)) as file:
            return file.read()


class PinnedPool(servers.UvicornServer, PageTestCase):
    POOL = 40
    WINNERS = 2
    SHEETS = 2
    SECONDS = int(os.environ.get("ACCEPTSCOPE_PAGE_SECONDS", "6"))

    async def use_a_pool(self, tracer):
        """A second of short connections; then a keep-alive pool, accepted by WINNERS workers, until the tracer ends."""
        import httpx
        url = f"http://127.0.0.1:{self.port}/"
        async with httpx.AsyncClient(headers={"connection": "close"}, timeout=harness.PATIENCE) as client:
            for _ in range(6):
                await asyncio.gather(*(client.get(url) for _ in range(4)))
        async with self.pinned_pool(self.POOL, self.WINNERS) as client:
            while tracer.process.poll() is None:
                await asyncio.gather(*(client.get("/") for _ in range(self.POOL)))
                await asyncio.sleep(0.02)

    def expect_told_at_the_head_and_readable_everywhere(self):
        harness.need("chromium", "chromedriver")
        tracer = self.start_tracing("--port", self.port, "--duration", self.SECONDS, "--output", self.path("uvicorn.json"))
        asyncio.run(self.use_a_pool(tracer))
        self.assertEqual(tracer.wait(), 0, tracer.stderr)
        page = self.page_of("report", self.path("uvicorn.json"), name="uvicorn.html")
        self.keep("uvicorn.json", "uvicorn.html")
        [service] = self.read_json("uvicorn.json")["services"]
        self.assertEqual(service["verdict"]["code"], "keepalive_pinning", service["verdict"])
        head = page[page.index("<main>"):page.index("<figure")]
        for text in (service["verdict"]["summary"], service["verdict"]["advice"][0]):
            self.assertIn(text.replace("'", "&#39;"), head)
        named = 0
        for worker in service["workers"]:
            if named >= 0.9 * self.POOL:
                break
            self.assertIn(str(worker["pid"]), head)
            named += worker["open"]
        self.assertRegex(head, r"Since \d\d:\d\d:\d\d UTC, to the end")
        for worker in service["workers"]:
            if worker["role"] == "worker":
                self.assertIn(f">{worker['pid']} uvicorn asgi_app:", page, "not what spawned it")
        lanes = len(re.findall(r"<title>#\d+ ", page))
        self.assertEqual(lanes, service["accepts"] + service["preexisting"])
        self.expect_readable("uvicorn.html", 9)
        chromium = browser.Browser(self)
        self.assertEqual(chromium.look_at_print(self.path("uvicorn.html")), [])
        self.assertLessEqual(chromium.sheets(), self.SHEETS, f"of {self.WORKERS} workers with their requests")


class HtmlReport(PinnedPool):
    def test_a_pinned_pool_is_told_at_the_head_and_readable_everywhere(self):
        self.expect_told_at_the_head_and_readable_everywhere()


class HtmlReportOf32Workers(PinnedPool):
    WORKERS = 32
    SHEETS = 4

    def test_a_pinned_pool_is_told_at_the_head_and_readable_everywhere(self):
        self.expect_told_at_the_head_and_readable_everywhere()


class HtmlDiff(PageTestCase):
    def test_two_demos_side_by_side(self):
        harness.need("chromium", "chromedriver")
        for kind in ("pinned", "spread"):
            run = self.run_program("demo", "--" + kind, "-d", "2", "--view", "none", "-o", self.path(kind + ".json"))
            self.assertEqual(run.process.returncode, 0, run.stderr)
        page = self.page_of("diff", self.path("pinned.json"), self.path("spread.json"), name="diff.html")
        self.keep("diff.html")
        self.assertLess(page.index("✔ FIXED"), page.index("<table"))
        self.expect_readable("diff.html", 8)


class HtmlFixtures(PageTestCase):
    """The pages of the dumps that the unit tests have."""

    needs_root = False
    DUMPS = ("dump", "recorded_run", "recorded_run_filtered")

    def dump(self, name):
        return os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "output", name + ".json")

    def test_every_text_is_readable_at_every_width(self):
        harness.need("chromium", "chromedriver")
        for name in self.DUMPS:
            self.page_of("report", self.dump(name), name=name + ".html")
            self.expect_readable(name + ".html", 8)

    def test_the_contents_stay_in_sight_and_lead_to_the_sections(self):
        harness.need("chromium", "chromedriver")
        self.page_of("report", self.dump("recorded_run"), name="page.html")
        chromium = browser.Browser(self)
        for width in browser.WIDTHS:
            with self.subTest(width=width):
                chromium.look(self.path("page.html"), width, "light")
                for target in ("s2", "run"):
                    gap = chromium.driver.execute_script(
                        "document.querySelector('nav [href=\"#' + arguments[0] + '\"]').click();"
                        "return [document.querySelector('nav').getBoundingClientRect().top,"
                        " document.getElementById(arguments[0]).getBoundingClientRect().top"
                        " - document.querySelector('nav').getBoundingClientRect().bottom]", target)
                    self.assertEqual(gap[0], 0)
                    self.assertGreaterEqual(gap[1], 0)

    def dump_of(self, name, port):
        """One service of a dump, as a dump of its own."""
        with open(self.dump(name)) as file:
            whole = json.load(file)
        [index] = [i for i, service in enumerate(whole["services"]) if service["port"] == port]
        whole["connections"] = [dict(row, service=0) for row in whole["connections"] if row["service"] == index]
        whole["services"] = [whole["services"][index]]
        with open(self.path(f"{port}.json"), "w") as file:
            json.dump(whole, file)
        return self.path(f"{port}.json")

    def test_fits_on_few_sheets(self):
        harness.need("chromium", "chromedriver")
        chromium = browser.Browser(self)
        for port, workers, most in ((443, 8, 2), (8000, 32, 4)):
            with self.subTest(workers=workers):
                page = self.page_of("report", self.dump_of("recorded_run", port), name=f"{port}.html")
                self.assertIn(f"of {workers}</dd>", page)
                self.assertEqual(chromium.look_at_print(self.path(f"{port}.html")), [])
                self.assertLessEqual(chromium.sheets(), most)
        shown = chromium.driver.execute_script(
            "return [...document.querySelectorAll('tr.folds')].filter(row => row.checkVisibility()).length")
        self.assertEqual(shown, 29, "on the screen each idle worker has its row")
        for name in self.DUMPS:
            with self.subTest(dump=name):
                self.page_of("report", self.dump(name), name=name + ".html")
                self.assertEqual(chromium.look_at_print(self.path(name + ".html")), [])

    def test_two_dumps_side_by_side_too(self):
        harness.need("chromium", "chromedriver")
        self.page_of("diff", self.dump("recorded_run"), self.dump("recorded_run_filtered"), name="diff.html")
        self.expect_readable("diff.html", 8)


class HtmlHostile(PageTestCase):
    """Names in a dump that would be markup if they were not escaped."""

    NAME = "</script></style></title></svg><img src=x onerror=\"window.owned=1\">'\"<script>window.owned=1</script>\x1b[31m\x07\r\n\u202e&amp;"
    KEYS = {"hostname", "kernel", "comm", "cmdline", "cgroup", "summary", "evidence", "advice", "reason", "detail"}

    def poisoned(self, value, key=None):
        if isinstance(value, dict):
            return {name: self.poisoned(member, name) for name, member in value.items()}
        if isinstance(value, list):
            return [self.poisoned(member, key) for member in value]
        return self.NAME if isinstance(value, str) and key in self.KEYS else value

    def test_names_that_are_markup_stay_text(self):
        harness.need("chromium", "chromedriver")
        run = self.run_program("demo", "--pinned", "-d", "1", "--view", "none", "-o", self.path("demo.json"))
        self.assertEqual(run.process.returncode, 0, run.stderr)
        with open(self.path("hostile.json"), "w") as file:
            json.dump(self.poisoned(self.read_json("demo.json")), file)
        hostile = self.path("hostile.json")
        self.page_of("report", hostile, name="report.html")
        self.page_of("diff", hostile, hostile, name="diff.html")
        chromium = browser.Browser(self)
        for name in ("report.html", "diff.html"):
            with self.subTest(page=name):
                audit, console = chromium.look(self.path(name), browser.DESKTOP, "light")
                self.assertEqual(console, [])
                self.assertEqual(audit["found"], [])
                seen = chromium.driver.execute_script(
                    "return {owned: 'owned' in window, made: document.querySelectorAll('img, script, [onerror]').length,"
                    " text: document.documentElement.textContent}")
                self.assertEqual((seen["owned"], seen["made"]), (False, 0))
                self.assertIn("<img src=x onerror=", seen["text"])
                self.assertNotRegex(seen["text"], "[\x00-\x08\x0b-\x1f\x7f\u202e]")


class Audit(PageTestCase):
    """The audit of the pages finds defects."""

    needs_root = False
    PAGE = """<!DOCTYPE html><html lang="en"><head><title>page</title></head><body><header><h1>page</h1></header><main>{}</main>
<footer>end</footer></body></html>"""
    DRAWING = '<svg role="img" viewBox="0 0 100 100" width="100" height="100" style="font-size:12px">{}</svg>'
    BAD = {
        "contrast": '<p style="color:#999;background:#fff">faint</p>',
        "svg without title and description": '<svg role="img" viewBox="0 0 9 9"></svg>',
        "svg without role img": '<svg viewBox="0 0 9 9"></svg>',
        "wider than the window": '<div style="width:3000px">wide</div>',
        "heading skips a level": "<h4>deep</h4>",
        "table without caption": "<table><tr><td>1</td></tr></table>",
        "img without alt": '<img src="data:,">',
        "text outside of its drawing": DRAWING.format('<text x="90" y="50">long</text>'),
        'text over "long"': DRAWING.format('<text x="9" y="50">long</text><text x="12" y="55">long</text>'),
        "text below 11 pixels": DRAWING.format('<text x="9" y="50" style="font-size:9px">small</text>'),
    }

    def look(self, chromium, content):
        with open(self.path("page.html"), "w") as file:
            file.write(self.PAGE.format(content))
        audit, console = chromium.look(self.path("page.html"), browser.DESKTOP, "light")
        return audit["found"], console

    def test_a_bad_page_is_reported(self):
        chromium = browser.Browser(self)
        self.assertEqual(self.look(chromium, "<p>fine</p>"), ([], []))
        for finding, content in self.BAD.items():
            with self.subTest(finding=finding):
                found, _ = self.look(chromium, content)
                self.assertTrue(any(sentence.startswith(finding) for sentence in found), found)
        for content in ("<script>console.error('wrong')</script>", "<script>undefined.member</script>",
                        '<img alt="" src="missing.png">'):
            with self.subTest(console=content):
                self.assertNotEqual(self.look(chromium, content)[1], [])


if __name__ == "__main__":
    harness.run_tests()
