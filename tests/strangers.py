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
    """Every word in order: no white space, no rules, no stand-ins for signatures and codes."""
    text = re.sub(r"\[(手写签名|签名处|二维码)[^\]]*\]|-{4,}", "", text)
    return re.sub(r"\s+", "", text)


for slip in summary["slips"]:
    base = out / "slips" / slip["file"]
    text = words(base.with_suffix(".txt").read_text(encoding="utf-8"))
    pdf = subprocess.run(["pdftotext", "-raw", str(base.with_suffix(".pdf")), "-"], capture_output=True, check=True).stdout.decode()
    if words(pdf) != text:
        at = next((i for i, (a, b) in enumerate(zip(words(pdf), text)) if a != b), min(len(text), len(words(pdf))))
        faults.append(f"{slip['number']}: the PDF says {words(pdf)[at:at + 20]!r} where the text says {text[at:at + 20]!r}")
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
