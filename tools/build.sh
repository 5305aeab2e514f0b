#!/usr/bin/env bash
# Builds the program and says how far it is: tools/build.sh BINARY
# The first build compiles everything it links, which takes minutes; later ones
# take seconds and say nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?binary}
go=${GO:-go}
command -v "$go" >/dev/null || { echo "Go is missing; install Go 1.26 or later from https://go.dev/dl" >&2; exit 1; }
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
if [ -t 2 ]; then all="\r"; else all="\n"; fi
packages=$("$go" list -deps ./cmd/warder | wc -l)
# With -v the compiler names each package that it compiles.
CGO_ENABLED=0 "$go" build -v -trimpath -o "$bin" ./cmd/warder 2>&1 | {
  n=0
  while IFS= read -r line; do
    case $line in
    *" "* | *:*) printf '%s\n' "$line" >>"$errors" ;;
    *)
      n=$((n + 1))
      if [ "$all" = "\r" ] || [ $((n % 50)) = 0 ]; then
        printf "building: %d of at most %d packages%b" "$n" "$packages" "$all" >&2
      fi
      ;;
    esac
  done
  if [ $n -gt 0 ]; then printf '\n' >&2; fi
} || { cat "$errors" >&2; exit 1; }
