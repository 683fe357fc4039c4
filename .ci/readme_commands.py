#!/usr/bin/env python3
"""Prints the commands of the README's console blocks (the lines that start with `$ `), each once, in order."""

import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
seen = []
for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
    seen += [line[2:].strip() for line in block.splitlines() if line.startswith("$ ")]
print("\n".join(dict.fromkeys(seen)))
