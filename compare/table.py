"""Joins the verdicts and writes docs/validator-comparison.md.

table.py VERDICTS EXPLANATIONS PAGE [--check]

VERDICTS holds one JSON line for each file and validator; Keyway's own are among them. Exit 1 when a difference stands
unexplained in EXPLANATIONS, when an explanation explains nothing any more or names an example that is no difference, when
Keyway's verdict is not that of the folder that an example stands in, or, with --check, when PAGE is out of date.
"""

import fnmatch
import json
import re
import sys
import tomllib
from pathlib import Path

OTHERS = ["@medplum/core", "pyfhircheck", "fhir"]
BEGIN, END = "<!-- The table: written by compare/run.sh. -->\n", "<!-- End of the table. -->\n"
# The key of an invariant, as each of them names it somewhere in its text: per-1, kw-tsk-2.
KEY = re.compile(r"\b(?:kw-)?[a-z]{3}-\d+[a-z]?\b")


def inside(place):
    """A place relative to its resource, without indices and without the type: the only form that all of them have."""
    place = re.sub(r"\[\d+\]|\[x\]|:\w+|\.ofType\(\w+\)", "", place)
    place = re.sub(r"^Bundle\.entry\.resource\.?", "Resource.", place).rstrip(".")
    return place.split(".")[1:]


def near(one, other):
    length = min(len(one), len(other))
    return length > 0 and one[:length] == other[:length]


def same(ours, theirs):
    """Whether one of their errors is one of ours: the same invariant, or the same place, above it or below it."""
    keys = {key for error in ours for key in KEY.findall(error["text"])}
    if any(keys.intersection(KEY.findall(error["text"])) for error in theirs):
        return True
    # An extension where it may not stand: some name the extension, some what holds it.
    if any(" context " in f" {e['text']} " for e in ours) and any("extension.context" in e["text"] for e in theirs):
        return True
    places = [inside(place) for error in ours for place in (error["at"], error.get("element", ""))]
    return any(near(place, inside(error["at"])) for place in places for error in theirs)


class Causes:
    """The explanations: by what a validator says wrongly, or by what it is silent about: an example, or a kind of rule."""

    def __init__(self, file):
        self.all = tomllib.loads(Path(file).read_text())["difference"]
        self.used = set()

    def of_error(self, other, error):
        """Which of them explain that `other` says this."""
        said = f"{error['at']} {error['text']}"
        return [n for n, c in enumerate(self.all, 1)
                if other in c["validators"] and "says" in c and re.search(c["says"], said)]

    def of_silence(self, other, file):
        """Which of them explain that `other` does not find what is wrong with this example."""
        name = file.removeprefix("fixtures/fhir/")
        found = [(n, pattern) for n, c in enumerate(self.all, 1) if other in c["validators"]
                 for pattern in c.get("fixtures", []) if fnmatch.fnmatch(name, pattern)]
        self.used.update((n, other, pattern) for n, pattern in found)
        return {n for n, _ in found}

    def of_rule(self, other, error):
        """Which of them explain that `other` does not have this error of Keyway."""
        said = f"{error['by']} {error['text']}"
        return {n for n, c in enumerate(self.all, 1)
                if other in c["validators"] and "rules" in c and re.search(c["rules"], said)}

    def unused(self):
        """What explains nothing any more, of which validator."""
        for n, cause in enumerate(self.all, 1):
            for other in cause["validators"]:
                parts = cause.get("fixtures", [])
                if (n, other) not in self.used:
                    yield f"explanation {n} ({cause['about']}) explains nothing of {other}"
                elif "says" not in cause:
                    yield from (f"explanation {n} ({cause['about']}): {part} is no difference of {other}"
                                for part in parts if (n, other, part) not in self.used)


def verdict(ours, theirs, other, file, causes):
    """What a validator says of an example in a word or two, by which notes that is explained, and what is not."""
    wrongly = {n for error in theirs for n in causes.of_error(other, error)}
    rightly = [error for error in theirs if not causes.of_error(other, error)]
    if not ours:
        if not theirs:
            return "accepts", set(), None
        return "rejects", wrongly, rightly[:1]
    if rightly and same(ours, rightly):
        return "rejects", set(), None
    silence = causes.of_silence(other, file)
    # Either the example is explained, or each of our errors.
    by_rule = [causes.of_rule(other, error) for error in ours]
    unexplained = [] if silence else [error for error, found in zip(ours, by_rule) if not found]
    word = "rejects, elsewhere" if theirs else "accepts"
    return word, silence | wrongly | set().union(*by_rule), rightly[:1] or unexplained


def main(verdicts, explanations, page, check):
    files = {}
    for line in Path(verdicts).read_text().splitlines():
        one = json.loads(line)
        files.setdefault(one["file"], {})[one["validator"]] = one["errors"]
    causes = Causes(explanations)
    problems, rows, agreed = [], [], dict.fromkeys(OTHERS, 0)
    for file, by in sorted(files.items()):
        ours = by["keyway"]
        if bool(ours) != ("/invalid/" in file):
            told = "; ".join(f"{e['at']} {e['text']}" for e in ours[:3])
            problems.append(f"{file}: Keyway {'rejects' if ours else 'accepts'} it: {told}")
        row = [f"`{file.removeprefix('fixtures/fhir/').removesuffix('.json')}`", "rejects" if ours else "accepts"]
        for other in OTHERS:
            word, notes, missing = verdict(ours, by[other], other, file, causes)
            causes.used.update((n, other) for n in notes)
            if missing is None:
                agreed[other] += 1
            for error in missing or []:
                problems.append(f"{file}: {other} {word}, unexplained: {error['at']} {error['text']}")
            row.append(word + "".join(f" [{n}](#d{n})" for n in sorted(notes)))
        rows.append("| " + " | ".join(row) + " |")
    problems += causes.unused()
    for problem in problems:
        print(problem, file=sys.stderr)
    for other in OTHERS:
        print(f"{other}: agrees on {agreed[other]} of {len(files)}")
    before = page.read_text()
    head, rest = before.split(BEGIN)
    after = head + BEGIN + render(rows, causes.all, agreed, len(files)) + END + rest.split(END)[1]
    if check and after != before:
        print(f"{page} is out of date: run compare/run.sh", file=sys.stderr)
        return 1
    if not check:
        page.write_text(after)
    return 1 if problems else 0


def render(rows, causes, agreed, count):
    lines = ["", f"| example | Keyway | {' | '.join(OTHERS)} |", "|---|---|---|---|---|", *rows, ""]
    lines.append(f"Of {count} examples, the same verdict as Keyway's for the same reason: "
                 + ", ".join(f"{other} {agreed[other]}" for other in OTHERS) + ".")
    lines += ["", "## The differences", ""]
    for number, cause in enumerate(causes, 1):
        lines.append(f"{number}. <a id=\"d{number}\"></a>**{cause['about']}** ({', '.join(cause['validators'])}). "
                     + " ".join(cause["why"].split()))
    return "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), "--check" in sys.argv[4:]))
