"""Keyway's own verdicts in the form of the others': one JSON line for each file.

keyway.py OUTCOMES    OUTCOMES is what `keyway validate --json FILES…` printed: an OperationOutcome on each line, which
says in an extension what file it is about.
"""

import json
import sys

FILE = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file"


def error_of(issue):
    """The place, the rule, and the element that the rule is of (where one is missing, the place is what lacks it)."""
    rule = issue["details"]["coding"][0]["code"]
    return {"at": (issue.get("expression") or [""])[0], "element": rule.rpartition(" ")[2], "text": rule}


def main(outcomes):
    for line in open(outcomes, encoding="utf-8"):
        outcome = json.loads(line)
        file = next(e["valueString"] for e in outcome["extension"] if e["url"] == FILE)
        errors = [error_of(issue) for issue in outcome["issue"] if issue["severity"] in ("error", "fatal")]
        print(json.dumps({"file": file, "validator": "keyway", "errors": errors}))


if __name__ == "__main__":
    main(sys.argv[1])
