#!/usr/bin/env bash
# bench.sh — run every target through the same loads, in rounds, in an isolated
# network namespace (only loopback exists inside: no target can call out).
#
#   sudo unshare -n ./bench.sh targets.sh out.jsonl
#
# Needs: bin/{mock,load,baseline} (go build -o bin/ ./mock ./load ./baseline).
# On a busy machine: PRIO="chrt -r 5" MOCKPRIO="chrt -r 6" (the mock must be
# able to preempt the load generator it shares a core with).
# targets.sh defines  TARGETS=(name …)  and, for each name, two functions:
#   start_<name>   start the gateway in the background, pinned with $GWPIN, set PID
#   args_<name>    print the load flags for it (one line: -url … -model … -H …)
# 'direct' needs only args_direct. Everything is stopped by pid.
set -u
here=$(cd "$(dirname "$0")" && pwd); B=${BIN:-$here/bin}
targets=${1:?targets file}; out=${2:?output jsonl}
ROUNDS=${ROUNDS:-3} DUR=${DUR:-4s} WARM=${WARM:-1s} NICE=${NICE:-0}
RATES=${RATES-"200 500 1000"} CLOSED=${CLOSED-"1 32"} SRATES=${SRATES-"20 50"} SCLOSED=${SCLOSED-"8"}
GWCPU=${GWCPU:-1} LDCPU=${LDCPU:-0}
PRIO=${PRIO:-nice -n $NICE}   # e.g. PRIO="chrt -r 5" on a busy shared machine
GWPIN="$PRIO taskset -c $GWCPU"; LDPIN="$PRIO taskset -c $LDCPU"
ip link set lo up 2>/dev/null || true
. "$targets"
${MOCKPRIO:-$PRIO} taskset -c $LDCPU $B/mock -addr 127.0.0.1:9000 ${MOCKARGS:-} 2>/dev/null & MOCK=$!
trap 'kill $MOCK 2>/dev/null; [ -n "${PID:-}" ] && kill $PID 2>/dev/null' EXIT
wait_up() { for _ in $(seq 120); do (exec 3<>/dev/tcp/127.0.0.1/$1) 2>/dev/null && return 0; sleep 0.25; done; return 1; }
wait_up 9000
for r in $(seq "$ROUNDS"); do
  for t in "${TARGETS[@]}"; do
    PID=
    if [ "$t" != direct ]; then
      "start_$t" || { echo "cannot start $t" >&2; continue; }
      sleep 0.5
    fi
    eval "A=($(args_$t))"
    P=(); [ -n "$PID" ] && P=(-pid "$PID")
    $LDPIN $B/load -name warm "${A[@]}" -conns 8 -d 1500ms -warm 0s > ${TMPDIR:-/tmp}/warm.$$ 2>&1
    grep -q '"errors":0' ${TMPDIR:-/tmp}/warm.$$ || { echo "warm-up of $t:" >&2; cut -c1-600 ${TMPDIR:-/tmp}/warm.$$ >&2; }
    run() { echo "{\"round\":$r,\"load1\":$(cut -d' ' -f1 /proc/loadavg),\"r\":$($LDPIN $B/load -name "$t" "${A[@]}" "${P[@]}" -d "$DUR" -warm "$WARM" "$@")}" >> "$out"; }
    for c in $CLOSED; do run -conns "$c"; done
    for q in $RATES;  do run -conns 256 -rate "$q"; done
    for q in $SRATES; do run -stream -conns 128 -rate "$q"; done
    for c in $SCLOSED; do run -stream -conns "$c"; done
    if [ -n "$PID" ]; then kill "$PID"; wait "$PID" 2>/dev/null; PID=; sleep 0.3; fi
  done
done
