#!/usr/bin/env bash
# Compares Keyway's verdicts with those of validators that others wrote, on our own fixtures, and writes the table of
# docs/validator-comparison.md:  bash compare/run.sh [--check] [FILE…]
#
# With --check nothing is written: exit 1 when the page is out of date. With FILEs: only prints what each says of them.
# Needs node 20, python 3.11 and the package indexes of both; everything is installed into a cache outside the checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. compare/install.sh

check=()
[ "${1:-}" = --check ] && { check=(--check); shift; }
files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  while IFS= read -r file; do files+=("$file"); done < <(git ls-files "fixtures/fhir/valid/*.json" "fixtures/fhir/invalid/*.json" | grep -v /expected.json)
fi

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/keyway-ci/target}"
[ -n "${KEYWAY:-}" ] || cargo build --locked --release --quiet
keyway=$(realpath "${KEYWAY:-$CARGO_TARGET_DIR/release/keyway}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
verdicts="$work/verdicts"
# Exit 1 says that some file is wrong, which is expected here; what it said is read below.
"$keyway" validate --json "${files[@]}" >"$work/keyway" || [ $? = 1 ]
"$python" compare/alone.py "$work/alone" "${files[@]}"
(cd "$work/alone" && "$keyway" validate --json "${files[@]}") >"$work/keyway-alone" || [ $? = 1 ]
"$python" compare/keyway.py "$work/keyway" "$work/keyway-alone" >"$verdicts"
node "$cache/verdicts.mjs" "$definitions" "${files[@]}" >>"$verdicts"
"$python" compare/verdicts.py "$definitions" "${files[@]}" >>"$verdicts"

if [ $# -gt 0 ]; then
  jq -r '"\(.file)\t\(.validator)\t\(if .errors == [] then "accepts" else "rejects" end)",
    (.errors[] | "    \(.at)\t\(.text)")' "$verdicts"
else
  "$python" compare/table.py "$verdicts" compare/explanations.toml docs/validator-comparison.md "${check[@]}"
fi
