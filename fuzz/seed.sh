#!/usr/bin/env bash
# Lays out what fuzzing begins with: our examples, and every rule of our profiles on an example.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

mkdir -p corpus/parse corpus/check corpus/path
for file in ../fixtures/fhir/valid/*.json ../fixtures/fhir/invalid/*.json; do
  [ "$(basename "$file")" != expected.json ] || continue
  jq -c . "$file" >"corpus/check/$(basename "$file")"
done
cp corpus/check/*.json corpus/parse/
# An expression on the first line, and on the second what it is evaluated on.
number=0
while IFS= read -r expression; do
  number=$((number + 1))
  { printf '%s\n' "$expression"; cat corpus/check/patient.json; } >"corpus/path/$number"
done < <(jq -r '.differential.element[]?.constraint[]?.expression' ../profiles/fhir/structuredefinition/*.json | sort -u)

# Words that a mutation can put in.
{
  jq -r '.. | objects | keys[]' ../fixtures/fhir/valid/*.json
  jq -r '.. | strings | select(test("^[A-Za-z0-9:/.#-]{1,60}$"))' ../fixtures/fhir/valid/*.json | head -n 4000
} | sort -u | jq -R '"\"\(.)\""' -r | sed 's/^/"/; s/$/"/; s/^""/"\\"/; s/""$/\\""/' >dictionary
