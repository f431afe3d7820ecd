"""Holds docs/invariants.md and docs/security.md against the code: every invariant of the law has a test
named after it, and every defence names a test that exists.

Fails when a number from 1 to 22 has no row, when a row names no test, or when a named test does not exist.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
page = (root / "docs" / "invariants.md").read_text(encoding="utf-8")
rows = [line for line in page.splitlines() if re.match(r"\|\s*\d+\s*\|", line)]
tests = set()
functions = set()
for path in root.rglob("*.rs"):
    if "target" in path.relative_to(root).parts:
        continue
    text = path.read_text(encoding="utf-8")
    functions.update(re.findall(r"\bfn (\w+)", text))
    tests.update(re.findall(r"#\[(?:tokio::)?test\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (invariant_\w+)", text))
    tests.update(re.findall(r"^\s*fn (invariant_\w+)\([^)]* in ", text, re.M))  # proptest

faults = []
seen = set()
for row in rows:
    number = int(re.match(r"\|\s*(\d+)", row).group(1))
    seen.add(number)
    names = re.findall(r"`(invariant_\w+)`", row)
    if not names:
        faults.append(f"invariant {number}: its row names no test")
    faults += [f"invariant {number}: there is no test {name}" for name in names if name not in tests]
faults += [f"invariant {n}: no row" for n in range(1, 23) if n not in seen]
unlisted = sorted(tests - set(re.findall(r"`(invariant_\w+)`", page)))
faults += [f"{name} is not listed" for name in unlisted]
security = (root / "docs" / "security.md").read_text(encoding="utf-8")
shown = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){3,})`", security))
faults += [f"docs/security.md: there is no test {name}" for name in sorted(shown - functions)]
for fault in faults:
    print("docs/invariants.md:" if "security.md" not in fault else "", fault)
print(f"{len(rows)} rows, {len(tests)} tests, {len(faults)} faults")
sys.exit(1 if faults else 0)
