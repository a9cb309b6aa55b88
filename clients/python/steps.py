"""Steps that are told one by one, and end the run when one is not as it must be."""

import json
import sys


def step(what, held, seen=""):
    """One thing that must hold."""
    print(f"{'ok  ' if held else 'FAIL'}  fhirpy           {what}")
    if not held:
        print(f"      seen: {seen}", file=sys.stderr)
        sys.exit(1)


def refused(what, kind, ask, must_say):
    """`ask` must be refused with `kind`, and the OperationOutcome must say `must_say`: a code and part of its text."""
    try:
        answer = ask()
    except kind as error:
        outcome = getattr(error, "resource", None) or json.loads(str(error))
        issues = outcome["issue"]
        code, text = must_say
        told = any(i["code"] == code and text in json.dumps(i) for i in issues)
        step(f"{what}: {code}", told, outcome)
    else:
        step(what, False, answer)
