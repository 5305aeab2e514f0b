#!/usr/bin/env bash
# Fails when a generated file is not what its generator writes. It runs every
# generator, so that afterwards the files are current.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}

sums() {
  find . -type f -not -path './.git/*' -not -path '*/node_modules/*' -not -path './bin/*' -not -path './shared/*' -print0 |
    sort -z | xargs -0 sha256sum
}

before=$(mktemp)
after=$(mktemp)
trap 'rm -f "$before" "$after"' EXIT
sums >"$before"
"$go" generate ./...
sums >"$after"
if ! cmp -s "$before" "$after"; then
  echo "generated.sh: these were not current, and are now; look at the change and commit it:"
  diff "$before" "$after" | sed -n 's/^> [0-9a-f]*  //p'
  exit 1
fi
