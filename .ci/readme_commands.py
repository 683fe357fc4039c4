#!/usr/bin/env python3
"""Prints the commands of the README's console blocks, one a line: the lines that start with `$ `."""

import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
    for line in block.splitlines():
        if line.startswith("$ "):
            print(line[2:].split("   #")[0].strip())
