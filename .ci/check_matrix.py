#!/usr/bin/env python3
"""Compares the recorded matrix with the one just run, row by row, and demands that every check of a run has a row in
which it has failed."""

import json
import sys

recorded, fresh, report = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
problems = []


def rows(record):
    # Whether a consequence fails or can't find out any more may depend on the moment; what is red may not.
    return {(row["fault"], row["check"], row["root"]) for row in record["rows"]}


for row in sorted(rows(recorded) - rows(fresh)):
    problems.append(f"recorded and not seen now: {row}")
for row in sorted(rows(fresh) - rows(recorded)):
    problems.append(f"seen now and not recorded: {row}; run `cargo xtask matrix` and commit docs/")
failed = {row["check"] for row in fresh["rows"] if row["outcome"] == "failed"}
checks = {result["id"] for result in report["results"]}
for check in sorted(checks - failed):
    problems.append(f"{check} has never been seen to fail")
faults = {row["fault"]: row["lands"] for row in fresh["rows"]}
real = [fault for fault, lands in faults.items() if lands not in ("mutant proxy", "a file not loaded yet")]
print(f"  {len(checks)} checks, {len(faults)} faults, {len(real)} of them on real containers")
for lands in ("livekit-server", "Redis", "balancer/TLS"):
    count = sum(1 for place in faults.values() if place == lands)
    print(f"  {lands}: {count}")
    if count < 8:
        problems.append(f"only {count} faults land on {lands}")
if len(faults) < 60 or len(real) < 40:
    problems.append("fewer than 60 faults, or fewer than 40 on real containers")
for problem in problems:
    print(f"WRONG: {problem}", file=sys.stderr)
sys.exit(1 if problems else 0)
