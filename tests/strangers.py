"""Reads the shift's paper with tools that nobody here wrote.

For every slip: the PDF's words (pdftotext) are the words of the .txt, and the code on the paper that
the virtual printer drew (zbarimg on the PNG) is the code that summary.json names.
"""
import json
import pathlib
import re
import subprocess
import sys

out = pathlib.Path(sys.argv[1])
summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
faults = []


def words(text):
    """Everything but white space; paper breaks lines where it must."""
    return re.sub(r"\s+", "", text)


for slip in summary["slips"]:
    base = out / "slips" / slip["file"]
    text = words(base.with_suffix(".txt").read_text(encoding="utf-8"))
    pdf = subprocess.run(["pdftotext", "-raw", str(base.with_suffix(".pdf")), "-"], capture_output=True, check=True).stdout.decode()
    missing = [c for c in set(text) - set(words(pdf)) if c.isalnum()]
    if missing:
        faults.append(f"{slip['number']}: the PDF lacks {''.join(sorted(missing))}")
    for must in (slip["number"], slip["check_code"]):
        if words(must) not in words(pdf):
            faults.append(f"{slip['number']}: the PDF does not say {must}")
    found = subprocess.run(["zbarimg", "-q", "--raw", str(base.with_suffix(".png"))], capture_output=True).stdout.decode().split()
    if slip["code"] not in found:
        faults.append(f"{slip['number']}: zbar does not read the code off the paper (it read {len(found)} codes)")
for fault in faults:
    print(fault)
print(f"{len(summary['slips'])} slips, {len(faults)} faults")
sys.exit(1 if faults or not summary["slips"] else 0)
