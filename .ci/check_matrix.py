#!/usr/bin/env python3
"""Holds the matrix that was just run against the recorded one, row by row, and demands that every check of a run was
seen to fail now. The record names every pair of a fault and a check that there is."""

import json
import re
import sys

recorded_file, table, fresh_file, listed_file, report_file = sys.argv[1:]


def read(name):
    return json.load(open(name, encoding="utf-8"))


recorded, fresh, report = read(recorded_file), read(fresh_file), read(report_file)
listed = [json.loads(line) for line in open(listed_file, encoding="utf-8")]
problems = []


def rows(all_rows):
    # Whether a consequence fails or can't find out any more may depend on the moment; what is red may not.
    return {(row["fault"], row["check"], row["root"]) for row in all_rows}


for row in sorted(rows(listed) ^ rows(recorded["rows"])):
    problems.append(f"in the record or among the faults, and not in both: {row}; run `cargo xtask matrix` and commit docs/")
planted = {row["fault"] for row in fresh["rows"]}
of_planted = rows(row for row in recorded["rows"] if row["fault"] in planted)
for row in sorted(of_planted - rows(fresh["rows"])):
    problems.append(f"recorded and not seen now: {row}")
for row in sorted(rows(fresh["rows"]) - of_planted):
    problems.append(f"seen now and not recorded: {row}; run `cargo xtask matrix` and commit docs/")
failed = {row["check"] for row in fresh["rows"] if row["outcome"] == "failed"}
checks = {result["id"] for result in report["results"]}
for check in sorted(checks - failed):
    problems.append(f"{check} was not seen to fail")
faults = {row["fault"]: row["lands"] for row in recorded["rows"]}
real = [fault for fault, lands in faults.items() if lands not in ("mutant proxy", "a file not loaded yet")]
print(f"  {len(checks)} checks seen to fail now, under {len(planted)} of {len(faults)} faults")
print(f"  {len(real)} of all faults on real containers")
for lands in ("livekit-server", "Redis", "balancer/TLS"):
    count = sum(1 for place in faults.values() if place == lands)
    print(f"  {lands}: {count}")
    if count < 8:
        problems.append(f"only {count} faults land on {lands}")
if len(faults) < 60 or len(real) < 40:
    problems.append("fewer than 60 faults, or fewer than 40 on real containers")
said = re.search(r"^(\d+) checks, (\d+) faults", open(table, encoding="utf-8").read(), re.M)
if not said or (int(said[1]), int(said[2])) != (len({row["check"] for row in recorded["rows"]}), len(faults)):
    problems.append(f"{table} is not the table of {recorded_file}; run `cargo xtask matrix` and commit docs/")
for problem in problems:
    print(f"WRONG: {problem}", file=sys.stderr)
sys.exit(1 if problems else 0)
