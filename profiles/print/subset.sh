#!/usr/bin/env bash
# Makes the fonts of the printed sheets again: `bash profiles/print/subset.sh FOLDER`, where FOLDER holds
# NotoSans-Regular.ttf and NotoSans-Bold.ttf, version 2.004, as the Debian package fonts-noto-core 20201225-1 installs
# them. Needs pyftsubset of fonttools 4.68.0; another version may order tables otherwise.
set -euo pipefail
from="${1:?the folder of the whole fonts}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

sha256sum --check --quiet - <<SUMS
89c3c497f618fdaa0b2d1e98fef93582f28c71debd2c4a8cdf41f190ced2909d  $from/NotoSans-Regular.ttf
e83493c945848ecd4a9ad0f6d19164541a0d3e23a9c952304a00a46e00272ac5  $from/NotoSans-Bold.ttf
SUMS

# Latin with all its extensions for names, marks that are set over letters, Greek, Cyrillic, and signs of texts.
letters="U+0020-007E,U+00A0-024F,U+02B0-02FF,U+0300-036F,U+0370-03FF,U+0400-052F,U+1E00-1EFF"
signs="U+2010-2015,U+2018-201E,U+2020-2022,U+2026,U+202F,U+2030,U+2032-2033,U+2039-203A,U+2044"
signs="$signs,U+20A0-20BF,U+2116,U+2122,U+2212,U+FB00-FB06"
for weight in Regular Bold; do
  pyftsubset "$from/NotoSans-$weight.ttf" --output-file="$here/NotoSans-$weight.ttf" --unicodes="$letters,$signs" \
    --layout-features=ccmp,kern,mark,mkmk,locl --no-hinting --name-IDs='*' --notdef-outline --drop-tables+=DSIG
done
