#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds README.md against the tables that the program describes itself with, and against what was run.

readme.py check TABLES ROOT    exit 1 and a diff where they differ
readme.py update TABLES ROOT   writes them into README.md

TABLES is the program that prints them, ROOT the project's directory, where some more are kept: see kept().
README.md has each between `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
"""
import difflib
import json
import pathlib
import re
import subprocess
import sys


def tables(program):
    text = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    parts = re.split(r"^== (.*)\n", text, flags=re.M)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2]) if name != "end"}


def differences(path):
    """What is not the same under every backend on every kernel, from the list that the equivalence test reads."""
    rows = ["| backend | kernels | difference |", "| --- | --- | --- |"]
    rows += [f"| {row['backend']} | {row['kernels']} | {row['difference']} |" for row in json.loads(path.read_text())]
    return "\n".join(rows)


def kept(root):
    """What is too slow to be made with every build: the last results, as they were committed."""
    for name, file in (("kernels", "tests/vm/results/matrix.md"), ("bench", "tests/bench/results/bench.md")):
        yield name, (root / file).read_text(encoding="utf-8").strip()
    yield "differences", differences(root / "tests/data/kernel/differences.json")
    for screen in sorted((root / "scripts/screens").glob("*.txt")):
        yield f"screen {screen.stem}", f"```text\n{screen.read_text(encoding='utf-8').rstrip()}\n```"


def filled(readme, generated):
    for name, body in generated.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        if begin not in readme or end not in readme:
            sys.exit(f"README.md has no place for the generated table '{name}'")
        head, rest = readme.split(begin, 1)
        readme = head + begin + "\n" + body + "\n" + end + rest.split(end, 1)[1]
    return readme


def main():
    mode, program, root = sys.argv[1:]
    path = pathlib.Path(root) / "README.md"
    generated = {**tables(program), **dict(kept(pathlib.Path(root)))}
    before = path.read_text(encoding="utf-8")
    after = filled(before, generated)
    if mode == "update":
        path.write_text(after, encoding="utf-8")
    elif before != after:
        sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "README.md", "generated"))
        sys.exit("README.md is not what was generated; scripts/update-readme mends it")


main()
