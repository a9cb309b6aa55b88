"""The verdict of pyfhircheck: one JSON line for each file.

verdicts.py DEFINITIONS FILES…    DEFINITIONS is what definitions.py wrote.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

from pyfhircheck.config import ValidatorConfig
from pyfhircheck.core.engine import Validator


def validator_of(definitions):
    """pyfhircheck with base R4 and our profiles."""
    config = ValidatorConfig()
    config.local_package_paths = [f"{definitions}/r4", f"{definitions}/unsliced"]
    # What it cannot know is no fault of the message: profiles and extensions of others (UK Core, BaRS) by their URLs.
    config.error_on_unknown_profile = False
    config.allow_unknown_extensions = True
    return Validator(config)


def main(definitions, files):
    validator = validator_of(definitions)
    for file in files:
        # Its FHIRPath engine prints what trace() is given.
        with contextlib.redirect_stdout(io.StringIO()):
            errors = verdict(validator, Path(file))
        print(json.dumps({"file": file, "validator": "pyfhircheck", "errors": errors}))


def verdict(validator, file):
    try:
        resource = json.loads(file.read_bytes())
    except ValueError:
        return [{"at": "", "text": "not JSON"}]
    try:
        issues = validator.validate_resource(resource).issues
    except Exception as error:  # a validator that throws has judged nothing, and the table must say so
        return [{"at": "", "text": f"threw: {type(error).__name__}"}]
    return [{"at": i.path or "", "text": f"{i.code}: {i.message}"} for i in issues if i.severity.value == "error"]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
