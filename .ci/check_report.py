#!/usr/bin/env python3
"""Reads a run's report.json and junit.xml without any code of ours and compares them with what CI demands."""

import json
import sys
import xml.etree.ElementTree as ET

VERSION = "1.13.5"


def main(folder, floor_file, skips_file):
    with open(f"{folder}/report.json", encoding="utf-8") as file:
        report = json.load(file)
    root = ET.parse(f"{folder}/junit.xml").getroot()
    with open(floor_file, encoding="utf-8") as file:
        floor = int(file.read())
    with open(skips_file, encoding="utf-8") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    expected_skips = sorted(line[0] for line in lines)

    problems = []

    def demand(what, found, expected):
        print(f"  {what}: {found}")
        if found != expected:
            problems.append(f"{what} is {found!r}, expected {expected!r}")

    results = report["results"]
    outcomes = [result["outcome"] for result in results]
    counts = {word: outcomes.count(word) for word in ("passed", "warned", "failed", "errored", "skipped", "not_run")}
    demand("target", report["header"]["target"]["kind"], "containers")
    demand("planted fault", report["header"]["target"]["planted"], None)
    demand("versions", sorted({node["version"] for node in report["subject"]["before"]["nodes"]}), [VERSION])
    demand("nodes", len({node["node_id"] for node in report["subject"]["before"]["nodes"]}), 2)
    demand("planned = ended", report["seal"]["planned"] == report["seal"]["ended"] == len(results), True)
    demand("planned ids = results", sorted(report["plan"]["ids"]) == sorted(r["id"] for r in results), True)
    demand("ids are unique", len(set(report["plan"]["ids"])) == len(results), True)
    demand("counts", {word: report["counts"][word] for word in counts}, counts)
    demand("passes with a measured value", sum(1 for r in results if r["outcome"] == "passed" and r["attempts"][-1]["measured"]), counts["passed"])
    demand("skipped ids", sorted(r["id"] for r in results if r["outcome"] == "skipped"), expected_skips)
    demand("verdict", report["verdict"], "passed")
    demand("leftovers", report["leftovers"], [])

    cases = list(root.iter("testcase"))
    demand("JUnit cases", len(cases), len(results))
    demand("JUnit tests", int(root.get("tests")), len(results))
    demand("JUnit failures", int(root.get("failures")), counts["failed"])
    demand("JUnit errors", int(root.get("errors")), counts["errored"] + counts["not_run"])
    demand("JUnit skipped", int(root.get("skipped")), counts["skipped"])
    demand("JUnit failure elements", len(list(root.iter("failure"))), counts["failed"])
    demand("JUnit names", sorted(case.get("name") for case in cases), sorted(r["id"] for r in results))
    passed = counts["passed"]
    print(f"  floor: {floor}")
    if passed < floor:
        problems.append(f"{passed} checks passed, and the floor is {floor}")

    for problem in problems:
        print(f"WRONG: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
