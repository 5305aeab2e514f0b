#!/usr/bin/env bash
# Fails when a statement of the path that decides is not covered by the tests of
# its own package.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}

# package and the files of it that decide
paths="guard/policy decide.go condition.go reach.go policy.go"

profile=$(mktemp)
trap 'rm -f "$profile"' EXIT
while read -r package files; do
  "$go" test -coverprofile="$profile" "./$package" >/dev/null
  seen=0
  for file in $files; do
    while read -r position name percent; do
      seen=$((seen + 1))
      if [ "$percent" != "100.0%" ]; then
        echo "coverage.sh: $position $name is covered to $percent; expected 100.0%"
        exit 1
      fi
    done < <("$go" tool cover -func="$profile" | grep "/$package/$file:")
  done
  if [ "$seen" -lt 20 ]; then
    echo "coverage.sh: only $seen functions of $package seen; expected at least 20"
    exit 1
  fi
  echo "$package: $seen functions of the decision path, all at 100.0%"
done <<<"$paths"
