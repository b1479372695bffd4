# SPDX-License-Identifier: BSD-2-Clause
"""A headless Chromium that loads a page as a user does: at a given width, light or dark; and audits it."""

import base64
import os
import re
import shutil
import tempfile
import unittest

import harness

PHONE, TABLET, DESKTOP, WIDE = WIDTHS = (360, 768, 1280, 1920)
SCHEMES = ("light", "dark")

SHEET = 1040  # pixels of A4, landscape, between the margins

# The checks of a page, run in the browser, where styles are resolved to colors. Each finding is a sentence.
AUDIT = """
const found = [];
const say = (what, element) => found.push(what + ': ' + element.outerHTML.slice(0, 160));
const all = selector => [...document.querySelectorAll(selector)];
for (const details of all('details')) details.open = true;  // what is closed has no size

// Contrast (WCAG 2.2, 1.4.3) of every text against its painted background.
const parse = text => { const n = text.match(/[0-9.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
const behind = element => {
  const layers = [];
  for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
};
let texts = 0, least = 99;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walker.nextNode());) {
  const element = node.parentElement;
  if (!node.data.trim() || element.closest('title, desc, style')) continue;
  const style = getComputedStyle(element);
  if (style.visibility === 'hidden' || style.display === 'none') continue;
  const color = parse(element.closest('svg') ? style.fill : style.color);
  const got = ratio(over(color, behind(element)), behind(element));
  texts++;
  least = Math.min(least, got);
  if (got < 4.5) say('contrast ' + got.toFixed(2), element);
}

for (const svg of all('svg:not([aria-hidden])')) {
  const words = (svg.getAttribute('aria-labelledby') || '').split(' ').map(id => document.getElementById(id));
  if (svg.getAttribute('role') !== 'img') say('svg without role img', svg);
  if (words.length < 2 || words.some(word => !word || !word.textContent.trim())) say('svg without title and description', svg);
}
// Every text of a drawing lies inside of it, clear of every other, and is large enough to read.
const LEAST_TEXT = 11, SLACK = 0.5;
for (const svg of all('svg[role=img]')) {
  const box = svg.getBoundingClientRect();
  const scale = box.width / svg.viewBox.baseVal.width;
  const labels = [...svg.querySelectorAll('text')].map(e => [e, e.getBoundingClientRect()]);
  labels.forEach(([e, r], i) => {
    if (r.left < box.left - SLACK || r.right > box.right + SLACK || r.top < box.top - SLACK || r.bottom > box.bottom + SLACK)
      say('text outside of its drawing', e);
    if (parseFloat(getComputedStyle(e).fontSize) * scale < LEAST_TEXT) say('text below ' + LEAST_TEXT + ' pixels', e);
    for (const [other, o] of labels.slice(0, i))
      if (Math.min(r.right, o.right) - Math.max(r.left, o.left) > SLACK && Math.min(r.bottom, o.bottom) - Math.max(r.top, o.top) > SLACK)
        say('text over "' + other.textContent + '"', e);
  });
}
for (const img of all('img')) if (!img.hasAttribute('alt')) say('img without alt', img);
let level = 0;
for (const heading of all('h1, h2, h3, h4, h5, h6')) {
  const its = Number(heading.tagName[1]);
  if (its > level + 1) say('heading skips a level', heading);
  level = its;
}
if (all('h1').length !== 1) found.push('not exactly one h1');
for (const landmark of ['header', 'main', 'footer']) if (all('body > ' + landmark).length !== 1) found.push('not one ' + landmark);
if (!document.documentElement.lang || !document.title) found.push('no language or no title');
const ids = all('[id]').map(e => e.id);
if (new Set(ids).size !== ids.length) found.push('an id twice');
for (const table of all('table')) {
  if (!table.caption || !table.caption.textContent.trim()) say('table without caption', table);
  for (const th of table.querySelectorAll('th')) if (!th.scope) say('th without scope', th);
}
for (const box of all('.scroll'))
  if (box.tabIndex !== 0 || !box.getAttribute('aria-label')) say('scrolling box that the keyboard does not reach', box);
const labels = all('[role=region]').map(e => e.getAttribute('aria-label'));
if (new Set(labels).size !== labels.length) found.push('two regions of the same name');
const root = document.scrollingElement;
if (root.scrollWidth > root.clientWidth) found.push('wider than the window: ' + root.scrollWidth + ' of ' + root.clientWidth);
return {found, texts, least, drawings: all('svg[role=img]').length, height: root.scrollHeight};
"""

PRINT_AUDIT = """
const found = [];
for (const table of document.querySelectorAll('table')) {
  if (!table.checkVisibility()) continue;
  const name = table.caption.textContent;
  if (getComputedStyle(table.tHead).display !== 'table-header-group') found.push('head does not repeat: ' + name);
  if (table.scrollWidth > table.parentElement.clientWidth + 1) found.push('wider than the sheet: ' + name);
  for (const cell of table.tBodies[0].querySelectorAll('td, th'))
    if (/[0-9]/.test(cell.textContent) && cell.checkVisibility() && !cell.matches('.wrap, .print td')
        && getComputedStyle(cell).whiteSpace !== 'nowrap') found.push('may wrap: ' + cell.outerHTML.slice(0, 100));
}
return found;
"""


class Browser:
    """Exits and deletes its profile when the test ends."""

    def __init__(self, test):
        harness.need("chromium", "chromedriver")
        try:
            from selenium import webdriver
            from selenium.webdriver.chrome.service import Service
        except ImportError:
            raise unittest.SkipTest("Python has no selenium (Debian: python3-selenium)") from None
        profile = tempfile.mkdtemp(prefix="acceptscope-browser-")
        test.addCleanup(shutil.rmtree, profile, ignore_errors=True)
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + profile):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        test.addCleanup(self.driver.quit)

    def look(self, path, width, scheme, height=900):
        """Opens the file; returns the findings of the audit and the console messages."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self.driver.get("file://" + os.path.abspath(path))
        return self.driver.execute_script(AUDIT), [entry["message"] for entry in self.driver.get_log("browser")]

    def screenshot(self, path, width, height):
        """A screenshot of the upper `height` pixels of the page."""
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}})
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def look_at_print(self, path):
        """Sentences about what is wrong with the tables of the page as printed: their heads have to be ones that repeat
        on each sheet, their numbers on one line, and they have to fit on a sheet."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": SHEET, "height": 700, "deviceScaleFactor": 1, "mobile": False})
        self.driver.get("file://" + os.path.abspath(path))
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        try:
            return self.driver.execute_script(PRINT_AUDIT)
        finally:
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    def sheets(self):
        """The number of sheets on which the page is printed."""
        return len(re.findall(rb"/Type\s*/Page\b", self.printed()))

    def printed(self):
        """The page printed as PDF."""
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})["data"])
