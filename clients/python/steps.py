"""Steps that are told one by one, and end the run when one is not as it must be."""

import json
import sys
from datetime import datetime, timedelta, timezone


def ago(**span):
    return (datetime.now(timezone.utc) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ahead(**span):
    return ago(**{unit: -number for unit, number in span.items()})


def step(what, held, seen=""):
    """One thing that must hold."""
    print(f"{'ok  ' if held else 'FAIL'}  fhirpy           {what}")
    if not held:
        print(f"      seen: {seen}", file=sys.stderr)
        sys.exit(1)


def refused(what, kind, ask, must_say):
    """`ask` must be refused with `kind`, and one issue of the OperationOutcome must say all of `must_say`.

    That is a code and a part of its text, and the place if there is a third.
    """
    try:
        answer = ask()
    except kind as error:
        outcome = getattr(error, "resource", None) or json.loads(str(error))
        issues = outcome["issue"]
        code, text, *place = must_say
        told = any(i["code"] == code and text in json.dumps(i) and (not place or i.get("expression") == place)
                   for i in issues)
        step(f"{what}: {code}", told, outcome)
    else:
        step(what, False, answer)
