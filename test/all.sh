#!/usr/bin/env bash
# Every test, the fast ones first. Stops at the first step that fails.
#
#   test/all.sh                        all steps
#   STEPS="unit race" test/all.sh      these only
#   KEEP_GOING=1 test/all.sh           all steps, whatever fails
#
# Each step prints one line when it ends; what a step prints is shown when it
# fails, or with VERBOSE=1.
set -uo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}

# The packages that share memory between goroutines.
concurrent="./guard ./guard/detect ./internal/access ./internal/admission ./internal/answercache ./internal/budget/... ./internal/event ./internal/extproc ./internal/gateway/... ./internal/ledger ./internal/node/... ./internal/practice ./internal/store ./internal/telemetry ./internal/upstream"

all="prepare format vet structure staticcheck deadcode generated unit coverage modules race e2e onnx govulncheck"

step_prepare() { test/prepare.sh; }

step_format() {
  local bad
  bad=$(gofmt -l $(find . -name '*.go' -not -path '*/node_modules/*' -not -path './shared/*')) || return 1
  if [ -n "$bad" ]; then
    echo "not formatted; gofmt -w them:"
    echo "$bad"
    return 1
  fi
}

# The project's own tools are modules of their own, so that what they need stays
# out of the program.
step_vet() {
  $go vet ./... || return 1
  local mod
  for mod in tools/*/go.mod bench/*/go.mod test/sdk/*/go.mod; do
    [ -f "$mod" ] || continue
    $go -C "${mod%/go.mod}" vet ./... || return 1
  done
}

# Imports, package comments, links, names of machines and registries.
step_structure() { $go test ./internal/structure; }

step_staticcheck() { $go tool staticcheck ./...; }

# A report and no verdict: a library has functions that only its users call.
step_deadcode() {
  local out n
  out=$($go tool deadcode -test ./... 2>&1) || { echo "$out"; return 1; }
  n=$(printf '%s' "$out" | grep -c . || true)
  note="$n functions that nothing here calls"
  echo "$out"
}

step_generated() { test/generated.sh; }

# All packages, fuzz seeds among them, with a PostgreSQL for the store; then what only
# a build with the tag extproc has.
step_unit() {
  WARDER_TEST_REQUIRE_POSTGRES=1 test/postgres.sh run $go test -timeout 15m ./... &&
    $go test -tags extproc ./internal/node -run ExtProc
}

# The modules beside the program: generators and what links the official SDK.
step_modules() {
  local mod
  for mod in tools/*/go.mod bench/*/go.mod; do
    [ -f "$mod" ] || continue
    $go -C "${mod%/go.mod}" test ./... || return 1
  done
}

step_coverage() { test/coverage.sh; }

step_race() {
  local present=""
  for p in $concurrent; do
    [ -d "${p%/...}" ] && present="$present $p"
  done
  WARDER_TEST_REQUIRE_POSTGRES=1 CGO_ENABLED=1 test/postgres.sh run $go test -race -timeout 20m $present
}

step_e2e() {
  if [ ! -x test/e2e.sh ]; then
    note="skipped: test/e2e.sh is not there"
    return 0
  fi
  test/e2e.sh
}

# A real ONNX runtime as a guard beside others.
step_onnx() { test/onnx.sh; }

# Vulnerabilities of what is linked, if the database can be reached.
step_govulncheck() {
  local out status
  out=$(timeout 300 $go tool govulncheck ./... 2>&1)
  status=$?
  echo "$out"
  case $status in
  0) return 0 ;;
  3) return 1 ;; # found some
  esac
  if echo "$out" | grep -qiE 'fetching vulnerabilities|dial tcp|no such host|timeout|forbidden|bad gateway|proxyconnect|unexpected status|HTTP GET'; then
    note="skipped: the vulnerability database cannot be reached"
    return 0
  fi
  return 1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=""
begin=$SECONDS
for step in ${STEPS:-$all}; do
  case " $all " in
  *" $step "*) ;;
  *)
    echo "test/all.sh: no step \"$step\"; expected some of: $all" >&2
    exit 2
    ;;
  esac
  note=""
  start=$SECONDS
  if [ -n "${VERBOSE:-}" ]; then
    echo "== $step"
    "step_$step"
  else
    "step_$step" >"$log" 2>&1
  fi
  status=$?
  if [ $status -eq 0 ]; then
    printf 'ok    %-12s %4ds  %s\n' "$step" $((SECONDS - start)) "$note"
    continue
  fi
  [ -n "${VERBOSE:-}" ] || cat "$log"
  printf 'FAIL  %-12s %4ds\n' "$step" $((SECONDS - start))
  failed="$failed $step"
  [ -n "${KEEP_GOING:-}" ] || break
done
if [ -n "$failed" ]; then
  echo "failed:$failed"
  exit 1
fi
echo "all passed in $((SECONDS - begin)) s"
