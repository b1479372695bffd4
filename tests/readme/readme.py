#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares README.md with the tables that the program generates, and with the results of earlier runs.

readme.py check TABLES ROOT    prints a diff and exits with status 1 if they differ
readme.py update TABLES ROOT   writes them into README.md

TABLES is the program that prints the tables; ROOT is the project's directory, which stores further tables: see kept().
In README.md, each table is between `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
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
    """The differences between backends and kernels, from the list that the equivalence test reads."""
    rows = ["| backend | kernels | difference |", "| --- | --- | --- |"]
    rows += [f"| {row['backend']} | {row['kernels']} | {row['difference']} |" for row in json.loads(path.read_text())]
    return "\n".join(rows)


def kept(root):
    """The tables that are too slow to generate with every build: the last results, as committed."""
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
        sys.exit("README.md is out of date; run scripts/update-readme")


main()
