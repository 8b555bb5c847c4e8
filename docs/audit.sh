#!/usr/bin/env bash
# Walks an auditor through a ledger of generated data: export, two verifiers, a tampered copy, a redaction, a rollback.
#
#   docs/audit.sh [DIR]        DIR: a folder that does not exist yet; a temporary one when absent
#
# Every command is printed before it runs, so it can be run again by hand. Needs bash, curl and python3; CHENGXIN names the
# program, `cargo run --release` otherwise. Ends with status 0 when everything came out as it must.

set -Eeuo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
DIR="${1:-$(mktemp -d)/audit}"
[[ ! -e "$DIR" ]] || { echo "audit.sh: $DIR is there already" >&2; exit 1; }
if [[ -z "${CHENGXIN:-}" ]]; then
    cargo build --release --manifest-path "$HERE/../Cargo.toml"
    CHENGXIN="$(cd "$HERE/.." && pwd)/target/release/chengxin"
fi
GATEWAY=""

step() { printf '\n## %s\n' "$*"; }

# Prints a command, runs it, and holds its status against the one it must have.
must() {
    local wanted="$1" status=0
    shift
    printf '$'; printf ' %q' "$@"; printf '\n'
    "$@" || status=$?
    [[ $status -eq $wanted ]] || { echo "audit.sh: status $status, and it must be $wanted" >&2; exit 1; }
    [[ $wanted -eq 0 ]] || echo "(exit code $status, as it must be)"
}

stop_gateway() {
    [[ -n "$GATEWAY" ]] || return 0
    kill -INT "$GATEWAY" 2>/dev/null || true
    wait "$GATEWAY" 2>/dev/null || true
    GATEWAY=""
}
trap stop_gateway EXIT

# The demo's gateway, in the background, until it answers.
start_gateway() {
    rm -f "$DIR/demo.json"
    "$CHENGXIN" demo --data "$DIR" --listen 127.0.0.1:0 >"$DIR.log" 2>&1 &
    GATEWAY=$!
    until [[ -s "$DIR/demo.json" ]]; do
        kill -0 "$GATEWAY" 2>/dev/null || { cat "$DIR.log" >&2; exit 1; }
        read -r -t 0.2 <> <(:) || true
    done
    URL="$(member url)"
}

member() { python3 -c 'import json,sys; v=json.load(open(sys.argv[1]))
for k in sys.argv[2].split("."): v=v[k]
print(v)' "$DIR/demo.json" "$1"; }

# Asks as somebody: role, document.
ask() {
    local token=()
    [[ "$1" == public ]] || token=(-H "authorization: Bearer $(member "tokens.$1")")
    curl -sS "$URL/graphql" -H 'content-type: application/json' "${token[@]}" -d "$(python3 -c \
        'import json,sys; print(json.dumps({"query": sys.argv[1]}))' "$2")"
    echo
}

export_to() { must 0 "$CHENGXIN" ledger export --config "$DIR/chengxin.toml" --by 'audit office' --reason "$1" --disclose --out "$DIR/$2"; }
both_say() {
    must "$1" "$CHENGXIN" ledger verify "$DIR/$2" --policy "$DIR/trust" "${@:3}"
    must "$1" python3 "$HERE/verify.py" "$DIR/$2" --policy "$DIR/trust" "${@:3}"
}

step "A gateway with generated data; somebody asks, and keeps the answer with its receipt"
start_gateway
ask public "{ subject(uscc: \"$(member samples.uscc)\") { name } }" | tee "$DIR/answer.json"
INDEX="$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["extensions"]["audit"]["index"])' "$DIR/answer.json")"

step "Whom the auditor trusts: the key as the city has published it. Here it comes from the gateway itself"
must 0 curl -sS "$URL/ledger/policy" -o "$DIR/trust"
cat "$DIR/trust"

step "An export, and two verifiers that share no code; the auditor keeps what was verified"
export_to 'first audit' first
both_say 0 first --state "$DIR/seen"

step "The receipt verifies offline, and its entry is proven to stand in the ledger"
must 0 curl -sS "$URL/ledger/proof/$INDEX" -o "$DIR/entry.tlog-proof"
KEY="$(curl -sS "$URL/ledger/keys" | sed -n 2p)"
must 0 "$CHENGXIN" ledger verify-receipt "$DIR/answer.json" --key "$KEY" --proof "$DIR/entry.tlog-proof" --policy "$DIR/trust"

step "A copy in which one decision was changed"
must 0 cp -r "$DIR/first" "$DIR/tampered"
must 0 sed -i '2s/,allowed,/,refused,/' "$DIR/tampered/entries.csv"
both_say 4 tampered

step "A redaction: one proposes, two others of different roles agree; then who asked is gone and every proof holds"
REDACTION='{ __typename ... on RedactionSuccess { redaction { index state } } ... on InvalidInput { problems { code message } } }'
ask system_admin "mutation { proposeRedaction(input: { index: \"$INDEX\", reason: \"asked for by the person\" }) $REDACTION }"
ask security_admin "mutation { agreeToRedaction(input: { index: \"$INDEX\" }) $REDACTION }"
ask auditor "mutation { agreeToRedaction(input: { index: \"$INDEX\" }) $REDACTION }" | tee "$DIR/redacted.json"
must 0 grep -q '"state":"DONE"' "$DIR/redacted.json"
export_to 'after the redaction' second
both_say 0 second --state "$DIR/seen"
must 0 python3 -c 'import json,sys
lines = [json.loads(line) for line in open(sys.argv[1])]
entry = next(line for line in lines if line.get("i") == int(sys.argv[2]))
assert not entry.get("d") and entry["w"], entry
print("entry", sys.argv[2], "withholds", ", ".join(entry["w"]))' "$DIR/second/entries.ndjson" "$INDEX"

step "A rollback between two exports: the first one once more, as if nothing had come after it"
both_say 3 first --state "$DIR/seen"
must 0 test -s "$DIR/fork-evidence.json"

step "A database put back from a copy: the gateway does not serve it"
stop_gateway
must 0 mkdir "$DIR/copy"
must 0 find "$DIR" -maxdepth 1 -name 'ledger.db*' -exec cp '{}' "$DIR/copy" ';'
start_gateway
ask public '{ viewer { role } }' >"$DIR/later.json"
stop_gateway
must 0 find "$DIR" -maxdepth 1 -name 'ledger.db*' -delete
must 0 find "$DIR/copy" -type f -exec cp '{}' "$DIR" ';'
must 3 "$CHENGXIN" serve --config "$DIR/chengxin.toml"

step "Everything came out as it must. The folder is $DIR"
