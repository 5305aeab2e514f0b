#!/usr/bin/env bash
# Runs the guard of models in ONNX (bench/onnx) on a tiny model with the real runtime,
# also through warder eval. Usage: test/onnx.sh [path of a warder binary]
# npm fetches the runtime, some 110 MB, once.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
command -v npm >/dev/null || { echo "onnx: npm is missing; install Node.js 20 or later" >&2; exit 1; }

warder=${1:+$(realpath "$1")}
if [ -z "$warder" ]; then
  warder=$work/warder
  CGO_ENABLED=0 go build -o "$warder" ./cmd/warder
fi
mkdir "$work/onnx"
cp bench/onnx/*.js* "$work/onnx/"
cd "$work/onnx"
npm ci --ignore-scripts --no-audit --no-fund --silent
status=0
WARDER=$warder node --test >out.txt 2>&1 || status=1
ran=$(sed -nE 's/^# pass ([0-9]+).*/\1/p' out.txt)
[ "${ran:-0}" -ge 8 ] || { echo "onnx: only ${ran:-0} tests passed; expected at least 8"; status=1; }
if [ $status != 0 ]; then cat out.txt; else grep -E '^# (tests|pass)' out.txt; fi
exit $status
