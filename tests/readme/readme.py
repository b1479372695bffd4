#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds README.md against the tables that the program describes itself with.

readme.py check TABLES README    exit 1 and a diff where they differ
readme.py update TABLES README   writes them into README

TABLES is the program that prints them; README has each between
`<!-- generated: NAME -->` and `<!-- end of NAME -->`.
"""
import difflib
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
    mode, program, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        before = file.read()
    after = filled(before, tables(program))
    if mode == "update":
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
    elif before != after:
        sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "README.md", "program"))
        sys.exit("README.md is not what the program says of itself; scripts/update-readme mends it")


main()
