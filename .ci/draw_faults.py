#!/usr/bin/env python3
"""Prints the faults that this commit plants: by the record the fewest that turn every check red, and some more. Which
ones of those that would do is drawn by the commit, so that nobody has chosen them and over time it is every one."""

import hashlib
import json
import sys

MORE = 8

recorded, commit = json.load(open(sys.argv[1], encoding="utf-8")), sys.argv[2]
turns_red = {}
for row in recorded["rows"]:
    checks = turns_red.setdefault(row["fault"], set())
    if row["outcome"] == "failed":
        checks.add(row["check"])
drawn = sorted(turns_red, key=lambda fault: hashlib.sha256(f"{commit} {fault}".encode()).hexdigest())
chosen, left = [], set().union(*turns_red.values())
while left:
    chosen.append(max(drawn, key=lambda fault: len(turns_red[fault] & left)))
    left -= turns_red[chosen[-1]]
chosen += [fault for fault in drawn if fault not in chosen][:MORE]
print(f"{len(chosen)} of {len(turns_red)} faults are planted", file=sys.stderr)
print("\n".join(sorted(chosen)))
