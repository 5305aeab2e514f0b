#!/usr/bin/env bash
# Drives the built program with official SDKs for Go and Node (OpenAI, Anthropic, Google), the
# Vercel AI SDK and LangChain.js: starts
# the practice target and a gateway on free ports of loopback, registers two
# applications, runs test/sdk. Usage: test/e2e.sh [path of a warder binary]
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
pids=()
stop() {
  for p in "${pids[@]:-}"; do [ -n "$p" ] && kill "$p" 2>/dev/null && wait "$p" 2>/dev/null; done
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

warder=${1:-}
if [ -z "$warder" ]; then
  warder=$work/warder
  CGO_ENABLED=0 go build -o "$warder" ./cmd/warder
fi

# wait_for FILE PATTERN: until a program has said what it listens on.
wait_for() {
  for _ in $(seq 300); do
    if grep -qE "$2" "$1" 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  echo "e2e: no \"$2\" in $1 within 30 s:" >&2
  cat "$1" >&2
  return 1
}

"$warder" practice --listen 127.0.0.1:0 --delay 1ms >"$work/practice.out" 2>"$work/practice.err" & pids+=($!)
wait_for "$work/practice.out" 'http://'
target=$(grep -oE 'http://[^ ]+' "$work/practice.out")

cat >"$work/warder.yaml" <<YAML
listen: 127.0.0.1:0
admin: 127.0.0.1:0
data: $work/data
upstreams:
  - name: practice
    url: $target
    models: [practice-*]
  - name: practice-anthropic
    family: anthropic
    url: $target
    models: [practice-*]
    aliases: {practice-fast: practice-1}
  - name: practice-gemini
    family: gemini
    url: $target
    models: [practice-*]
    aliases: {practice-fast: practice-1}
YAML
"$warder" app create helpdesk --data "$work/data" >/dev/null
"$warder" app create soft --refusal content_filter --data "$work/data" >/dev/null
WARDER_KEY=$("$warder" key create helpdesk --data "$work/data" 2>/dev/null)
WARDER_SOFT_KEY=$("$warder" key create soft --data "$work/data" 2>/dev/null)
"$warder" serve --config "$work/warder.yaml" >"$work/serve.out" 2>"$work/serve.err" & pids+=($!)
wait_for "$work/serve.out" 'serving on'
addr=$(sed -nE 's/.*serving on ([^ ,]+),.*/\1/p' "$work/serve.out")
export WARDER_KEY WARDER_SOFT_KEY WARDER_URL="http://$addr/v1"

status=0
echo "e2e: official Go SDKs"
(cd test/sdk/go && go test -count=1 -v . 2>&1 | tee "$work/go.out" | grep -E '^(---|ok|FAIL|panic)|_test.go') || true
grep -q '^ok' "$work/go.out" || status=1
ran=$(grep -c '^--- PASS' "$work/go.out" || true)
[ "$ran" -ge 19 ] || { echo "e2e: only $ran Go SDK tests passed; expected at least 19"; status=1; }

if command -v npm >/dev/null; then
  echo "e2e: official Node SDKs"
  mkdir "$work/node"
  cp test/sdk/node/* "$work/node/"
  (cd "$work/node" && npm ci --no-audit --no-fund --silent && node --test 2>&1 | tee out.txt | grep -E '^# (pass|fail|tests)|not ok') || status=1
  grep -q '^# fail 0' "$work/node/out.txt" || { cat "$work/node/out.txt"; status=1; }
  ran=$(sed -nE 's/^# pass ([0-9]+).*/\1/p' "$work/node/out.txt")
  [ "${ran:-0}" -ge 37 ] || { echo "e2e: only ${ran:-0} Node SDK tests passed; expected at least 37"; status=1; }
  echo "e2e: Vercel AI SDK and LangChain.js"
  mkdir "$work/frameworks"
  cp test/sdk/frameworks/* "$work/frameworks/"
  (cd "$work/frameworks" && npm ci --no-audit --no-fund --silent && node --test 2>&1 | tee out.txt | grep -E '^# (pass|fail|tests)|not ok') || status=1
  grep -q '^# fail 0' "$work/frameworks/out.txt" || { cat "$work/frameworks/out.txt"; status=1; }
  ran=$(sed -nE 's/^# pass ([0-9]+).*/\1/p' "$work/frameworks/out.txt")
  [ "${ran:-0}" -ge 14 ] || { echo "e2e: only ${ran:-0} framework tests passed; expected at least 14"; status=1; }
elif [ "${WARDER_TEST_REQUIRE_NODE:-}" = 1 ]; then
  echo "e2e: npm is missing; install Node.js 20 or later"; status=1
else
  echo "e2e: npm is missing, the Node SDK is not tested; install Node.js 20 or later"
fi

echo "e2e: the lines that the demonstration prints"
"$warder" demo >"$work/demo.out" 2>&1 & pids+=($!)
wait_for "$work/demo.out" 'Ctrl-C ends it'
for tool in curl node; do
  line=$(sed -nE "s/^  ($tool .*)/\1/p" "$work/demo.out" | head -1)
  [ -n "$line" ] || { echo "e2e: the demonstration prints no line for $tool"; status=1; continue; }
  command -v $tool >/dev/null || { echo "e2e: $tool is missing, its line is not run"; continue; }
  (cd "$work/node" 2>/dev/null || cd "$work"; bash -c "$line") >"$work/line.out" 2>&1 && grep -q 'Hello!' "$work/line.out" ||
    { echo "e2e: the line for $tool does not work:"; cat "$work/line.out"; status=1; }
done
kill -INT "${pids[2]}"; wait "${pids[2]}" || { echo "e2e: the demonstration ended with an error:"; tail -5 "$work/demo.out"; status=1; }
unset 'pids[2]'

kill "${pids[1]}"; wait "${pids[1]}" || { echo "e2e: the gateway ended with an error:"; cat "$work/serve.err"; status=1; }
unset 'pids[1]'
"$warder" audit verify --data "$work/data" >"$work/verify.out" || { echo "e2e: the audit log does not verify:"; cat "$work/verify.out"; status=1; }
[ $status = 0 ] || { echo "--- gateway log"; tail -40 "$work/serve.err"; }
exit $status
