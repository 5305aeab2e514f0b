#!/usr/bin/env bash
# Replays a corpus through a gateway that it starts for the purpose:
#
#   bench/replay/run.sh --corpus DIR [--limit N] [--seed N] [--concurrency N] [--json]
#
# Without --corpus the few rows in testdata are sent. It starts the replay's
# upstream and a gateway on free ports of loopback, with a data folder, an
# application and a key that are gone at the end, also after Ctrl-C.
#
#   WARDER=PATH    a built warder; else it is built
#   POLICY=FILE    the policy of the gateway; else the built-in one
#
# To replay through a gateway that runs already:
#   go -C bench/replay run . --corpus DIR --url http://HOST:PORT/v1 --key KEY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
policy=${POLICY:+$(realpath "$POLICY")}
warder=${WARDER:+$(realpath "$WARDER")}
work=$(mktemp -d)
pids=()
job=""
end() {
  trap - EXIT
  for p in "${pids[@]:-}"; do
    if [ -n "$p" ]; then
      kill "$p" 2>/dev/null || true
      wait "$p" 2>/dev/null || true
    fi
  done
  rm -rf "$work"
}
interrupted() {
  trap '' INT TERM
  if [ -n "$job" ]; then
    kill "$job" 2>/dev/null || true
    wait "$job" || true
  fi
  exit 130
}
trap end EXIT
trap interrupted INT TERM

[ -n "$warder" ] || { warder=$work/warder; CGO_ENABLED=0 go -C "$top" build -trimpath -o "$warder" ./cmd/warder; }
go -C "$here" build -trimpath -o "$work/replay" .

# listening FILE PATTERN PID: what PATTERN captures, once the program has said it.
listening() {
  for _ in $(seq 300); do
    local at
    at=$(sed -nE "s#$2#\\1#p" "$1")
    if [ -n "$at" ]; then echo "$at"; return 0; fi
    kill -0 "$3" 2>/dev/null || break
    sleep 0.1
  done
  echo "run.sh: a program did not start:" >&2
  cat "$1" "${1%.out}.err" >&2
  return 1
}

# Job control gives the servers process groups of their own, so that Ctrl-C
# ends the replay first and cuts no row.
set -m
"$work/replay" upstream >"$work/upstream.out" 2>"$work/upstream.err" & pids+=($!)
upstream=$(listening "$work/upstream.out" '.*upstream at (http[^ ]+).*' $!)
cat >"$work/warder.yaml" <<YAML
listen: 127.0.0.1:0
admin: 127.0.0.1:0
data: $work/data
upstreams:
  - name: replay
    url: $upstream
log: {level: error}
${policy:+policy: $policy}
YAML
"$warder" app create replay --data "$work/data" >/dev/null 2>&1
WARDER_KEY=$("$warder" key create replay --data "$work/data" 2>/dev/null)
export WARDER_KEY
"$warder" serve --config "$work/warder.yaml" >"$work/gateway.out" 2>"$work/gateway.err" & pids+=($!)
gateway=$(listening "$work/gateway.out" '.*serving on ([^ ,]+),.*' $!)
set +m

"$work/replay" --corpus "$here/testdata/corpus" --url "http://$gateway/v1" --upstream "$upstream" --data "$work/data" "$@" & job=$!
status=0
wait "$job" || status=$?
job=""
exit $status
