#!/usr/bin/env bash
# Measures the gateway beside its floor, one core each for the gateway and for
# mock and load: bench/gateway/run.sh OUT.jsonl. Loopback only; where it may, it
# runs in a network namespace of its own. Settings: see bench.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=$(realpath -m "${1:?output file}")
export WORK; WORK=$(mktemp -d)
export BIN=$WORK/bin
trap 'rm -rf "$WORK"' EXIT
mkdir "$BIN"
(cd "$top" && CGO_ENABLED=0 go build -trimpath -o "$BIN/" ./cmd/warder ./bench/gateway/mock ./bench/gateway/load ./bench/gateway/baseline)
cat >"$WORK/exact.policy.yaml" <<YAML
$("$BIN/warder" policy show default)
detect:
  disable_model: true
YAML
config() { # name, sync, detectors, policy
  cat >"$WORK/$1.yaml" <<YAML
listen: 127.0.0.1:9200
admin: 127.0.0.1:9201
data: $WORK/$1
upstreams:
  - name: mock
    url: http://127.0.0.1:9000/v1
ledger: {sync: $2}
guard: {detectors: "$3"}
log: {level: warn}
${4:+policy: $4}
YAML
  "$BIN/warder" app create bench --data "$WORK/$1" >/dev/null 2>&1
  "$BIN/warder" key create bench --data "$WORK/$1" 2>/dev/null >"$WORK/$1.key"
}
config bare-os os off
config bare-group group off
config bare-each each off
config exact-os os on exact.policy.yaml
config full-os os on
config full-group group on
rm -f "$out"
run=("$here/bench.sh" "${TARGETS_FILE:-$here/targets.sh}" "$out")
if unshare -n true 2>/dev/null; then unshare -n "${run[@]}"; else "${run[@]}"; fi
python3 "$here/report.py" "$out"
