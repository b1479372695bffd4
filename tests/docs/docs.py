#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares the stored documents with what the program and the results of earlier runs make of them.

docs.py check GENERATE ROOT    prints a diff and exits with status 1 if they differ
docs.py update GENERATE ROOT   writes them

GENERATE is the program that writes manual, completions and schemas; ROOT is the project's directory. In README.md, each
generated part is between `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
"""
import difflib
import json
import pathlib
import subprocess
import sys
import tempfile

GENERATED = "userspace/manual/generated"  # beside what makes it
MOST_LINES = 300  # of README.md


def differences(root):
    """The differences between backends and kernels, from the list that the equivalence test reads."""
    rows = ["# Differences between backends and kernels", "", "| backend | kernels | difference |", "| --- | --- | --- |"]
    listed = json.loads((root / "tests/data/kernel/differences.json").read_text(encoding="utf-8"))
    return "\n".join(rows + [f"| {row['backend']} | {row['kernels']} | {row['difference']} |" for row in listed]) + "\n"


def parts(root):
    """The parts of README.md that are too slow to make with every build: the last results, as committed."""
    yield "kernels", (root / "tests/vm/results/matrix.md").read_text(encoding="utf-8").strip()
    screen = (root / "scripts/screens/pinned.txt").read_text(encoding="utf-8").rstrip()
    yield "screen pinned", f"```text\n{screen}\n```"


def filled(readme, root):
    for name, body in parts(root):
        begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        if begin not in readme or end not in readme:
            sys.exit(f"README.md has no place for the generated part '{name}'")
        head, rest = readme.split(begin, 1)
        readme = head + begin + "\n" + body + "\n" + end + rest.split(end, 1)[1]
    return readme


def documents(program, root):
    """Each generated document by its path below ROOT, with the text that it should have."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([program, directory], check=True)
        for file in sorted(pathlib.Path(directory).iterdir()):
            yield f"{GENERATED}/{file.name}", file.read_text(encoding="utf-8")
    yield "tests/data/kernel/differences.md", differences(root)
    yield "README.md", filled((root / "README.md").read_text(encoding="utf-8"), root)


def main():
    mode, program, root = sys.argv[1:]
    root = pathlib.Path(root)
    made = dict(documents(program, root))
    stale = False
    for path, text in made.items():
        file = root / path
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if before == text:
            continue
        stale = True
        if mode == "update":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        else:
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), text.splitlines(True), path, "generated"))
    unknown = {f"{GENERATED}/{file.name}" for file in (root / GENERATED).iterdir()} - made.keys()
    if unknown:
        sys.exit(f"nothing makes {', '.join(sorted(unknown))}")
    if (lines := len(made["README.md"].splitlines())) > MOST_LINES:
        sys.exit(f"README.md has {lines} lines; reference belongs into the manual")
    if stale and mode == "check":
        sys.exit("documents are out of date; run scripts/update-docs")


main()
