#!/usr/bin/env bash
# Keyway's validator and two that others wrote, on the very same messages in one run: bash compare/speed.sh [MESSAGES]
#
# Each validator parses each message from its bytes and applies base R4 and our profiles, in its own process, one after
# the other, on messages whose values it has not seen before (benches/validate). Printed: medians, and how many times
# as long as Keyway each takes. pyfhircheck gets the first fiftieth of the messages, because it takes so long.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. compare/install.sh

messages=${1:-2000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/keyway-ci/target}"
cargo bench --locked --quiet --bench validate -- --messages "$messages" --write "$work/messages"
head -n $((messages / 50)) "$work/messages" >"$work/few"

cargo bench --locked --quiet --bench validate -- --messages "$messages" --json >"$work/times"
node "$cache/speed.mjs" "$definitions" "$work/messages" >>"$work/times"
"$python" compare/speed.py "$definitions" "$work/few" >>"$work/times"

jq -rs '
  (.[] | select(.validator == "keyway").both_us.median) as $ours
  | (.[0].bytes | "messages of \(.) bytes; microseconds for parsing and checking one, median"),
    (.[] | "\(.validator)\t\(.both_us.median)\t\(.messages) messages\t\(.both_us.median / $ours * 10 | round / 10) times Keyway")
' "$work/times" | column -t -s "$(printf '\t')"
