#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds README.md against the tables that the program describes itself with, and against what was run.

readme.py check TABLES KERNELS README    exit 1 and a diff where they differ
readme.py update TABLES KERNELS README   writes them into README

TABLES is the program that prints them, KERNELS the matrix.md of a run of tests/vm/run-matrix, which becomes the table
"kernels" (left alone while no run is kept). Beside README, scripts/screens has the screens "screen NAME" and
tests/bench/results the table "bench", of the last scripts/bench --keep. README has each between `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
"""
import difflib
import glob
import os
import re
import subprocess
import sys


def tables(program):
    text = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    parts = re.split(r"^== (.*)\n", text, flags=re.M)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2]) if name != "end"}


def filled(readme, generated):
    for name, body in generated.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        if begin not in readme or end not in readme:
            sys.exit(f"README.md has no place for the generated table '{name}'")
        head, rest = readme.split(begin, 1)
        readme = head + begin + "\n" + body + "\n" + end + rest.split(end, 1)[1]
    return readme


def main():
    mode, program, kernels, path = sys.argv[1:]
    generated = tables(program)
    if os.path.exists(kernels):
        with open(kernels, encoding="utf-8") as file:
            generated["kernels"] = file.read().strip()
    with open(os.path.join(os.path.dirname(path), "tests/bench/results/bench.md"), encoding="utf-8") as file:
        generated["bench"] = file.read().strip()
    for screen in sorted(glob.glob(os.path.join(os.path.dirname(path), "scripts/screens/*.txt"))):
        with open(screen, encoding="utf-8") as file:
            name = os.path.splitext(os.path.basename(screen))[0]
            generated[f"screen {name}"] = f"```text\n{file.read().rstrip()}\n```"
    with open(path, encoding="utf-8") as file:
        before = file.read()
    after = filled(before, generated)
    if mode == "update":
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
    elif before != after:
        sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "README.md", "generated"))
        sys.exit("README.md is not what was generated; scripts/update-readme mends it")


main()
