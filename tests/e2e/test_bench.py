# SPDX-License-Identifier: BSD-2-Clause
"""The bench runs to its end, and the totals that it compares with the churn's own counts are exact. Timings are not
judged."""

import os
import pathlib
import subprocess
import sys

import harness

BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench" / "bench.py"


class Bench(harness.TestCase):
    def test_every_figure_is_there_and_the_totals_are_exact(self):
        harness.need("bpftool")
        build = os.path.dirname(os.path.realpath(harness.PROGRAM))
        churn = pathlib.Path(build) / "tests/bench/churn"
        if not churn.exists():
            self.skipTest("the program is not in a build directory with the tests")
        done = subprocess.run([sys.executable, "-B", str(BENCH), "--build", build, "--check-only"], text=True,
                              capture_output=True, timeout=harness.PATIENCE * 5, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("no record lost at full churn | 0 lost | met", "untraced", "acceptscope --log", "tcplife",
                     "100 other connections open", "`close_", "keep-alive on loopback", "record to model", "dump writing", "full screen"):
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    harness.run_tests()
