# Targets of bench.sh: direct, the floor, and Warder in rows that differ in one
# thing each. WORK is a folder that run.sh has prepared.
TARGETS=(direct baseline bare-os bare-group bare-each exact-os full-os full-group)
U=/v1/chat/completions
args_direct()    { echo "-url http://127.0.0.1:9000$U"; }
start_baseline() { $GWPIN "$B"/baseline -addr 127.0.0.1:9100 >/dev/null 2>&1 & PID=$!; wait_up 9100; }
args_baseline()  { echo "-url http://127.0.0.1:9100$U"; }
warder()         { $GWPIN "$B"/warder serve --config "$WORK/$1.yaml" >/dev/null 2>"$WORK/$1.log" & PID=$!; wait_up 9200; }
wargs()          { echo "-url http://127.0.0.1:9200$U -H 'Authorization: Bearer $(cat "$WORK/$1.key")'"; }
for t in bare-os bare-group bare-each exact-os full-os full-group; do
  eval "start_$t() { warder $t; }; args_$t() { wargs $t; }"
done
