#!/usr/bin/env bash
# FHIR clients that others wrote, unpatched, against a running demonstration:  bash clients/run.sh
#
# One in Python (fhirpy) plays the liaison and diversion service, one in JavaScript (fhir-kit-client) the community
# mental health team; two verifiers in Python (aics-tlog, pymerkle) check the audit log of it. Needs node 20, python 3.11 and
# the package indexes of both; what is installed goes into a cache outside the checkout. Exit 3: the packages cannot be had here, so nothing was shown.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache="${KEYWAY_CLIENTS_CACHE:-$HOME/.cache/keyway-clients}"
python="$cache/python/bin/python"
mkdir -p "$cache"

install() {
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' &&
    cp clients/javascript/package.json clients/javascript/package-lock.json clients/javascript/.npmrc "$cache/" &&
    npm ci --prefix "$cache" --no-audit --no-fund --silent &&
    python3 -m venv --clear "$cache/python" &&
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r clients/python/requirements.txt &&
    # Its metadata asks for Python 3.12; what is used of it runs on 3.11.
    python3 -m venv --clear "$cache/audit" &&
    "$cache/audit/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
      --ignore-requires-python -r clients/python/audit-requirements.txt
}
# The registries are given a minute between them; where nothing answers, nothing is waited for any longer.
export npm_config_fetch_timeout=20000 npm_config_fetch_retries=1 PIP_DEFAULT_TIMEOUT=20 PIP_RETRIES=1
# Again only when a pin changed.
pins=$(cat clients/javascript/package-lock.json clients/python/requirements.txt clients/python/audit-requirements.txt | sha256sum | cut -d' ' -f1)
if [ "$(cat "$cache/pins" 2>/dev/null)" != "$pins" ]; then
  if ! install; then
    echo "The clients' packages cannot be installed here." >&2
    exit 3
  fi
  printf '%s' "$pins" >"$cache/pins"
fi
# Node looks for packages beside the script, and these must not lie in the checkout.
cp clients/javascript/*.mjs "$cache/"

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/keyway-ci/target}"
keyway="${KEYWAY:-$CARGO_TARGET_DIR/release/keyway}"
[ -x "$keyway" ] || cargo build --locked --release

work=$(mktemp -d)
demo=
finish() {
  [ -z "$demo" ] || { kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; }
  rm -rf "$work"
}
trap finish EXIT

# The ten people's stories first: they leave something to be found.
"$keyway" demo --data "$work/demo" >"$work/demo.log" 2>&1 &
demo=$!
for _ in $(seq 600); do
  grep -q 'keep running' "$work/demo.log" && break
  kill -0 "$demo" 2>/dev/null || { tail -n 40 "$work/demo.log" >&2; exit 1; }
  sleep 0.1
done

# Both register a key of their own, as SMART Backend Services has it, and from then on prove themselves with it.
"$keyway" audit export --config "$work/demo/keyway.toml" --to "$work/earlier" >"$work/export.log"
"$python" clients/python/register.py "$work/demo" "$keyway" ld-riverside cmht-riverside
"$python" clients/python/service.py "$work/demo" "$work/referrals"
node "$cache/team.mjs" "$work/demo" "$work/referrals"

# The log of all this, with verifiers that others wrote.
sleep 1
"$keyway" audit export --config "$work/demo/keyway.toml" --to "$work/later" >>"$work/export.log"
"$keyway" audit verify --bundle "$work/later" --checkpoint "$work/earlier/checkpoint" >>"$work/export.log"
"$cache/audit/bin/python" clients/python/audit.py "$work/earlier" "$work/later"
