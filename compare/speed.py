"""How long pyfhircheck takes for each message of a file, one on each line: parsing, base R4 and our profiles.

speed.py DEFINITIONS MESSAGES    DEFINITIONS is what definitions.py wrote.
"""

import contextlib
import io
import json
import statistics
import sys
import time
from pathlib import Path

from verdicts import validator_of


def main(definitions, file):
    validator = validator_of(definitions)
    took = []
    for number, line in enumerate(Path(file).read_text().splitlines()):
        begun = time.perf_counter()
        # Its FHIRPath engine prints what trace() is given.
        with contextlib.redirect_stdout(io.StringIO()):
            validator.validate_resource(json.loads(line))
        # The first few fill its caches of expressions; they are not counted.
        if number >= 3:
            took.append((time.perf_counter() - begun) * 1e6)
    print(json.dumps({"validator": "pyfhircheck 0.2.0", "messages": len(took),
                      "both_us": {"median": round(statistics.median(took), 1)}}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
