#!/usr/bin/env python3
"""Instructions of one piece of work, against tests/instructions.json.

usage: tests/instructions.py PROGRAM [--write]

PROGRAM is the example `instructions` of tests/; valgrind counts it. A work may take ten per cent more than
its entry; --write takes the counts of this run as the new entries. Counts hardly differ from machine to
machine, times do: that is why a regression is looked for here and not with a clock.
"""
import json
import os
import re
import subprocess
import sys

TURNS = (5, 25)
SLACK = 1.10


def instructions(program, work, turns):
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, work, str(turns)],
        capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr)[1])


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 2
    program, write = sys.argv[1], "--write" in sys.argv
    path = os.path.join(os.path.dirname(__file__), "instructions.json")
    limits = json.load(open(path)) if os.path.exists(path) else {}
    works = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    counts, worse = {}, []
    for work in works:
        few, many = (instructions(program, work, turns) for turns in TURNS)
        counts[work] = round((many - few) / (TURNS[1] - TURNS[0]))
        limit = limits.get(work)
        note = f"{counts[work] / limit:6.1%} of its entry" if limit else "no entry"
        print(f"{work:20} {counts[work]:>12,} instructions, {note}", flush=True)
        if not write and (limit is None or counts[work] > limit * SLACK):
            worse.append(work)
    if write:
        json.dump(counts, open(path, "w"), indent=2)
        open(path, "a").write("\n")
    if worse:
        print("more than ten per cent above the entry, or without one: " + ", ".join(worse))
        print("if the work is worth it: tests/instructions.py PROGRAM --write, and say why in the commit")
    return 1 if worse else 0


sys.exit(main())
