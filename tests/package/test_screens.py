# SPDX-License-Identifier: BSD-2-Clause
"""The full screen of the static program, in tmux: each usual TERM, with the machine's terminfo and without any; and UTF-8
where no locale is installed. Each runs in a mount namespace that hides those directories."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import harness  # noqa: E402
import test_package  # noqa: E402
import test_tui  # noqa: E402

TERMINFO = "/etc/terminfo", "/lib/terminfo", "/usr/lib/terminfo", "/usr/share/terminfo"
# Also where a static C library would look for a locale, and for the conversions of its characters.
LOCALES = "/usr/lib/locale", "/usr/share/i18n", *(str(path) for path in pathlib.Path("/usr/lib").glob("*/gconv"))


class Screens(test_package.PackageTest):
    def setUp(self):
        super().setUp()
        harness.need("tmux", "stty", "dash", "unshare")
        test_package.run("tar", "-xzf", test_package.package("tar.gz"), "-C", self.directory,
                         "--strip-components=1")
        self.runs = 0
        self.terminal = test_tui.Terminal(self, self.directory)

    def shell_without(self, directories):
        """A shell in the terminal for which these directories are empty."""
        hide = "; ".join(f"mount -t tmpfs tmpfs {name}" for name in directories if os.path.isdir(name))
        self.terminal.type(f"exec unshare --mount --propagation private sh -ec '{hide}; echo hid''den; exec dash -i'")
        self.terminal.wait_for("^hidden")

    def expect_screen(self, term, environment="LC_ALL=C.UTF-8", utf8=True):
        """Expects the full screen, with colors and in UTF-8, and the terminal's settings afterwards."""
        with self.subTest(term=term, environment=environment):
            self.runs += 1
            before = self.terminal.settings()
            self.terminal.type(f"env -u LC_ALL {environment} TERM={term} {self.directory}/acceptscope demo --pinned -d 60;"
                               f" echo after' {self.runs}' $?")
            text = self.terminal.wait_for((r"●" if utf8 else r"^ \*") + r".*demo-worker")
            self.assertEqual(self.terminal.show("cursor_flag"), "0")
            self.assertEqual(len(re.findall(r"demo-worker", text)), 8, text)
            self.assertEqual(text.isascii(), not utf8, text)
            self.assertRegex(self.terminal.text("-e"), r"\x1b\[[0-9;]*3[0-7]")
            # F4, which only the description tells; tmux sends xterm's, the Linux console another one.
            self.terminal.tmux("send-keys", "-l", "\x1b[[D" if term == "linux" else "\x1bOS")
            self.terminal.wait_for("Filter: ")
            self.terminal.press("é" if utf8 else "e")
            self.terminal.wait_for("Filter: é" if utf8 else "Filter: e")
            self.terminal.press("Escape")
            self.terminal.wait_for("Quit")
            self.terminal.press("q")
            self.terminal.wait_for(f"^after {self.runs} 0$")
            self.assertEqual(self.terminal.show("cursor_flag"), "1")
            self.assertEqual(self.terminal.settings(), before)

    def test_each_terminal_of_this_machine(self):
        for term in "xterm-256color", "screen", "tmux-256color", "linux":
            self.expect_screen(term)

    def test_each_terminal_without_terminfo(self):
        self.shell_without(TERMINFO)
        for term in "xterm-256color", "xterm", "screen-256color", "screen", "tmux-256color", "tmux", "linux":
            self.expect_screen(term)

    def test_a_terminal_that_nobody_knows_gets_lines(self):
        self.shell_without(TERMINFO)
        self.terminal.type(f"TERM=vt52 {self.directory}/acceptscope demo --pinned -d 2; echo back' here' $?")
        self.terminal.wait_for("^back here 0$")
        self.assertRegex(self.terminal.text("-S", "-100"), "(?m)^acceptscope  ")

    def test_terminfo_of_the_environment_is_not_read(self):
        """Beside the environment's own entry for TERM=vt52, nobody knows that terminal."""
        for name in "terminfo", "home/.terminfo":
            place = os.path.join(self.directory, name, "v")
            os.makedirs(place)
            shutil.copy("/lib/terminfo/x/xterm-256color", os.path.join(place, "vt52"))
        self.shell_without(TERMINFO)
        for variable in "TERMINFO", "TERMINFO_DIRS", "HOME":
            value = os.path.join(self.directory, "home" if variable == "HOME" else "terminfo")
            errors = os.path.join(self.directory, "errors")
            self.terminal.type(f"{variable}={value} TERM=vt52 {self.directory}/acceptscope demo --view tui -d 2"
                               f" 2>{errors}; echo after' {variable}' $?")
            self.terminal.wait_for(f"^after {variable} 1$")
            self.assertIn("no terminal description", pathlib.Path(errors).read_text(encoding="utf-8"))

    def test_utf8_without_a_locale(self):
        self.shell_without([*TERMINFO, *LOCALES])
        for environment in "LC_ALL=C.UTF-8", "LC_ALL= LC_CTYPE=de_DE.utf8@euro LANG=C", "LANG=en_US.UTF-8":
            self.expect_screen("xterm-256color", environment)

    def test_ascii_where_the_environment_names_no_utf8(self):
        for environment in "LC_ALL=C", "LANG=de_DE.ISO-8859-1", "LC_ALL=POSIX LANG=en_US.UTF-8":
            self.expect_screen("xterm-256color", environment, utf8=False)


if __name__ == "__main__":
    harness.run_tests()
