#!/usr/bin/env bash
# Runs every fuzz test for FUZZTIME. A crasher is written to the testdata folder
# of its package, and is a test from then on.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
time=${FUZZTIME:-20s}

ran=0
for dir in $("$go" list -f '{{.Dir}}' ./...); do
  for name in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$dir"/*_test.go 2>/dev/null); do
    echo "== ${dir#"$PWD"/} $name"
    "$go" test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 5s "$dir"
    ran=$((ran + 1))
  done
done
echo "$ran fuzz tests ran"
[ "$ran" -gt 0 ]
