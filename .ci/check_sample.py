#!/usr/bin/env python3
"""Compares an output sample of the README with a real run: the same lines, whatever their order, once times, ports,
ids, seeds and paths are taken out."""

import re
import sys


def normal(line):
    line = line.rstrip()
    line = re.sub(r"ND_\w+", "ND", line)
    line = re.sub(r"^run      \w{5}", "run      ID", line)
    line = re.sub(r"(report   ).*", r"\1FILES", line)
    line = re.sub(r" +\d+ ms", " N ms", line)
    # How a cut connection looks depends on where the cut is noticed.
    line = re.sub(r"the connection (broke|was closed) after .*", "the connection was cut", line)
    line = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:N", line)
    line = re.sub(r"seed \d+", "seed N", line)
    return line


readme, number, actual = sys.argv[1:]
text = open(readme, encoding="utf-8").read()
sample = re.findall(r"^```text\n(.*?)^```", text, re.M | re.S)[int(number)]
lines = [normal(line) for line in open(actual, encoding="utf-8")]
wanted = [normal(line) for line in sample.splitlines()]
# A sample from the first finding on begins where the README begins.
start = lines.index(wanted[0]) if wanted and wanted[0] in lines else 0
missing = sorted(set(wanted) - set(lines))
extra = sorted(set(lines[start:]) - set(wanted))
for line in missing:
    print(f"only in {readme}: {line}", file=sys.stderr)
for line in extra:
    print(f"only in the run: {line}", file=sys.stderr)
sys.exit(1 if missing or extra or not wanted else 0)
