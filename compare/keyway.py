"""Keyway's own verdicts in the form of the others': one JSON line for each file.

keyway.py OUTCOMES ALONE    OUTCOMES is what `keyway validate --json FILES…` printed: an OperationOutcome on each line, which
says in an extension what file it is about. ALONE is what it printed of the copies that alone.py makes. Each error says in
`by` whose it is: `R4` when it is there without the profiles that the example declares, `profile` when it is not.
"""

import json
import sys

FILE = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file"


def error_of(issue):
    """The place, the rule, and the element that the rule is of (where one is missing, the place is what lacks it)."""
    rule = issue["details"]["coding"][0]["code"]
    return {"at": (issue.get("expression") or [""])[0], "element": rule.rpartition(" ")[2], "text": rule}


def read(outcomes):
    """The errors of each file."""
    errors = {}
    for line in open(outcomes, encoding="utf-8"):
        outcome = json.loads(line)
        file = next(e["valueString"] for e in outcome["extension"] if e["url"] == FILE)
        errors[file] = [error_of(issue) for issue in outcome["issue"] if issue["severity"] in ("error", "fatal")]
    return errors


def main(outcomes, alone):
    bare = read(alone)
    for file, errors in read(outcomes).items():
        for error in errors:
            error["by"] = "R4" if error in bare[file] else "profile"
        print(json.dumps({"file": file, "validator": "keyway", "errors": errors}))


if __name__ == "__main__":
    main(*sys.argv[1:])
