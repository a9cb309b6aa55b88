"""Copies of our examples that declare no profile: what Keyway says of them, base R4 alone says.

alone.py FOLDER FILES…    Each copy has the path of its example, below FOLDER.
"""

import json
import sys
from pathlib import Path


def undeclared(value):
    """The same without meta.profile, wherever a resource stands."""
    if isinstance(value, list):
        return [undeclared(item) for item in value]
    if not isinstance(value, dict):
        return value
    fields = {name: undeclared(field) for name, field in value.items()}
    if isinstance(fields.get("meta"), dict):
        fields["meta"].pop("profile", None)
        if not fields["meta"]:
            del fields["meta"]
    return fields


def main(folder, files):
    for file in files:
        copy = Path(folder, file)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(json.dumps(undeclared(json.loads(Path(file).read_text()))))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
