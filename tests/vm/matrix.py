#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""matrix.py OUT: evaluates the results of run-matrix in OUT, prints the table, writes matrix.md and matrix.json.

Exit status 1 if anything failed. Every entry is a directory OUT/guests/* with the files of run-matrix and guest-suite;
a missing file means that the guest did not get that far.
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

BACKENDS = ("fentry", "kprobe", "tracepoint")
PARTS = (*BACKENDS, "other")
TIMED_OUT = (124, 137)  # timeout(1): by SIGTERM, by SIGKILL


def text(path):
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def number(path):
    """The number in a file; None if the file does not exist."""
    content = text(path)
    return int(content) if content else None


def message_of(element):
    """(location, text) of a <failure> or <skipped>: GoogleTest puts file:line on the first line."""
    where, _, what = (element.get("message") or "").partition("\n")
    return where, what.strip()


def read_tests(path):
    """name -> (passed | failed | skipped, message) from GoogleTest's XML; None if there is no readable file."""
    try:
        root = xml.parse(path).getroot()
    except (OSError, xml.ParseError):
        return None
    tests = {}
    for case in root.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        failures = [": ".join(message_of(f)) for f in case.findall("failure")]
        skipped = case.find("skipped")
        if failures:
            tests[name] = ("failed", "\n".join(failures))
        elif skipped is not None:
            tests[name] = ("skipped", message_of(skipped)[1])
        elif case.get("status") == "notrun":
            tests[name] = ("skipped", "")  # DISABLED_ does not count as a reason
        else:
            tests[name] = ("passed", "")
    return tests


def tests_from_log(log):
    """The results of a test program that died before it wrote its XML; the test that was running has failed."""
    tests = {}
    for tag, name in re.findall(r"^\[ *(RUN|OK|FAILED|SKIPPED) *\] (\S+?),?(?: .*)?$", log, re.M):
        if "." not in name:
            continue  # a count of the summary
        outcome = {"RUN": "failed", "OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[tag]
        tests[name] = (outcome, "did not end" if tag == "RUN" else "see the log")
    return tests


def read_part(directory, part):
    """(tests, problems) of one backend, or of the tests without a backend."""
    planned = text(directory / f"{part}.tests").split()
    status = number(directory / f"{part}.status")
    if not planned:
        return {}, [f"{part}: there is no test for it"] if part in BACKENDS else []
    if status is None:
        return {}, [f"{part}: did not run"]
    log = text(directory / f"{part}.log")
    tests = read_tests(directory / f"{part}.xml")
    problems = []
    if tests is None:
        end = "killed at its time limit" if status in TIMED_OUT else f"ended with status {status} and no result"
        problems.append(f"{part}: {end}; its last words: {log[-300:]}")
        tests = tests_from_log(log)
    for name, (outcome, message) in tests.items():
        if outcome == "failed":
            problems.append(f"{part}: {name} failed: {message}")
        elif outcome == "skipped" and not message:
            problems.append(f"{part}: {name} skipped without a reason")
    if status != 0 and not problems:
        problems.append(f"{part}: exit status {status} although no test failed: {log[-300:]}")
    problems += [f"{part}: {name} never ran" for name in planned if name not in tests]
    return tests, problems


def count(tests, outcome):
    return sum(1 for result, _ in tests.values() if result == outcome)


def read_doctor(directory):
    """The output of doctor: {status, choice, backends: name -> None if possible, else the reason}."""
    said = text(directory / "doctor.txt")
    choice = re.search(r"--backend auto would run (\w+)", said)
    rows = re.findall(rf"^({'|'.join(BACKENDS)}) +(?:yes|no: (.*))$", said, re.M)
    return {"status": number(directory / "doctor.status"), "choice": choice and choice.group(1),
            "backends": {backend: reason or None for backend, reason in rows}}


def contradictions(doctor, parts):
    """The contradictions between doctor and the test results."""
    if doctor["status"] not in (0, 3):
        yield f"doctor: exit status {doctor['status']}"
    for backend in BACKENDS:
        if backend not in doctor["backends"]:
            yield f"doctor: says nothing of {backend}"
        elif doctor["backends"][backend] is not None and count(parts[backend], "passed"):
            yield f"doctor: says that {backend} is not possible ({doctor['backends'][backend]}), yet its tests pass"
        elif doctor["backends"][backend] is None and parts[backend] and not count(parts[backend], "passed"):
            yield f"doctor: says that {backend} is possible, yet not one of its tests passes"


def read_entry(directory):
    status = number(directory / "status")
    problems = []
    if status == 124:
        problems.append("guest: killed at its time limit")
    elif status != 0:
        problems.append(f"guest: ended with status {status}; its console: {directory / 'console.txt'}")
    parts = {}
    for part in PARTS:
        parts[part], found = read_part(directory, part)
        problems += found
    parameter, preemption = text(directory / "parameter"), text(directory / "preemption")
    if parameter.startswith("preempt=") and f"({parameter.partition('=')[2]})" not in preemption:
        problems.append(f"guest: {parameter} had no effect; preemption is '{preemption}'")
    if text(directory / "release") != text(directory / "expected"):
        problems.append(f"guest: runs '{text(directory / 'release')}', not '{text(directory / 'expected')}'")
    doctor = read_doctor(directory)
    problems += contradictions(doctor, parts)
    return {"debian": text(directory / "debian"), "parameter": parameter, "kernel": text(directory / "expected"),
            "preemption": preemption, "seconds": number(directory / "seconds"), "doctor": doctor,
            "parts": parts, "problems": problems}


def cell(entry, part):
    """"12/14, 2 skipped": passed/all tests."""
    if part in BACKENDS and entry["doctor"]["backends"].get(part):
        return "not possible"
    tests = entry["parts"][part]
    if not tests:
        return "no result"
    parts = [f"{count(tests, 'passed')}/{len(tests)}"]
    for outcome in ("failed", "skipped"):
        if count(tests, outcome):
            parts.append(f"{count(tests, outcome)} {outcome}")
    return ", ".join(parts)


def name_of(entry):
    return f"{entry['kernel']} ({entry['debian']}{', ' + entry['parameter'] if entry['parameter'] else ''})"


def rows(entries):
    yield ["kernel", *PARTS, "doctor chooses"]
    for entry in entries:
        yield [name_of(entry), *(cell(entry, part) for part in PARTS), entry["doctor"]["choice"] or "nothing"]


def reasons(entries):
    """reason -> the entries where it applies; for backends that are not possible and for skipped tests."""
    found = {}
    for entry in entries:
        for backend, reason in entry["doctor"]["backends"].items():
            if reason:
                found.setdefault(f"{backend} not possible: {reason}", {}).setdefault(name_of(entry), 1)
        for part in PARTS:
            for outcome, message in entry["parts"][part].values():
                if outcome == "skipped" and message:
                    where = found.setdefault(f"skipped: {' '.join(message.split())}", {})
                    where[name_of(entry)] = where.get(name_of(entry), 0) + 1
    return found


def skipped_everywhere(entries):
    """Tests that every guest skipped, if there were several guests."""
    outcomes = {}
    for entry in entries:
        for tests in entry["parts"].values():
            for name, (outcome, _) in tests.items():
                outcomes.setdefault(name, set()).add(outcome)
    return [name for name, found in outcomes.items() if found == {"skipped"}] if len(entries) > 1 else []


def as_text(table):
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join("  ".join(value.ljust(width) for value, width in zip(row, widths)).rstrip() for row in table)


def as_markdown(table, notes):
    escaped = [[value.replace("|", "\\|") for value in row] for row in table]
    lines = ["| " + " | ".join(row) + " |" for row in escaped]
    lines.insert(1, "|" + " --- |" * len(table[0]))
    lines += ["", "passed/all tests."] + [f"- {note}" for note in notes]
    return "\n".join(lines) + "\n"


def as_json(entries):
    def plain(entry):
        tests = {part: [{"name": name, "outcome": outcome, "message": message or None}
                        for name, (outcome, message) in entry["parts"][part].items()] for part in PARTS}
        return {**entry, "parts": tests}

    return json.dumps({"entries": [plain(entry) for entry in entries]}, indent=2) + "\n"


def shortened(problem):
    """Shortens a problem for display; matrix.json and the log of its part have the full text."""
    lines = [line[:300] for line in problem.splitlines()]
    return "\n  ".join(lines[:6] + (["..."] if len(lines) > 6 else []))


def main():
    out = pathlib.Path(sys.argv[1])
    entries = [read_entry(directory) for directory in sorted((out / "guests").iterdir())]
    table = list(rows(entries))
    notes = [f"{reason} ({'; '.join(f'{name}: {times}' if times > 1 else name for name, times in where.items())})"
             for reason, where in reasons(entries).items()]
    (out / "matrix.md").write_text(as_markdown(table, notes))
    (out / "matrix.json").write_text(as_json(entries))
    print("\n" + as_text(table) + "\n")
    for note in notes:
        print(note)
    problems = [f"{name_of(entry)}: {problem}" for entry in entries for problem in entry["problems"]]
    problems += [f"{name} was skipped in every guest" for name in skipped_everywhere(entries)]
    for problem in problems:
        print(f"FAILED: {shortened(problem)}")
    seconds = sum(entry["seconds"] or 0 for entry in entries)
    print(f"{len(entries)} guests, {seconds} s: {f'{len(problems)} problems' if problems else 'all passed'}; {out}")
    return 1 if problems or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
