# Sourced by the suites that need a running stack: takes the one APIKASSA_URL names, or starts one on this machine.
#
# Sets $work (a folder that goes away at the end), $python (with the public webhook library), $local_data (empty for a foreign stack).

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/apikassa-test.XXXXXX")
local_data=
started=() # ids of the processes that are ours to end

finish_stack() {
    local code=$? id
    for id in ${started[@]+"${started[@]}"}; do
        kill "$id" 2>/dev/null || true
        wait "$id" 2>/dev/null || true
    done
    if [[ $code -ne 0 && -s $work/stack.log ]]; then
        printf -- '── the last words of the stack ──\n' >&2
        tail -n 40 "$work/stack.log" >&2
    fi
    if [[ -n ${KEEP:-} ]]; then printf 'kept: %s\n' "$work" >&2; else rm -rf "$work"; fi
}
trap finish_stack EXIT
trap 'exit 130' HUP INT PIPE TERM # by way of EXIT, so that nothing is left running

# Python with `standardwebhooks`: the emulator's environment has it; else one of our own is made.
find_python() {
    local candidate
    for candidate in "$root/.venv/emulator/bin/python" "$root/.venv/curl/bin/python" python3; do
        if "$candidate" -c 'import standardwebhooks' 2>/dev/null; then
            python=$candidate
            return
        fi
    done
    python3 -m venv "$root/.venv/curl"
    "$root/.venv/curl/bin/pip" install --quiet --disable-pip-version-check "$(grep '^standardwebhooks==' "$root/infra/e2e/requirements.txt")"
    python=$root/.venv/curl/bin/python
}

# Waits for a file to have a line, and prints the first one.
first_line() {
    local file=$1 id=$2 deadline=$((SECONDS + 60))
    until grep -q . "$file" 2>/dev/null; do
        if ! kill -0 "$id" 2>/dev/null; then
            echo "it ended by itself: $(cat "${file%.out}.log" 2>/dev/null | tail -n 20)" >&2
            return 1
        fi
        if ((SECONDS >= deadline)); then
            echo "it said nothing in 60 seconds" >&2
            return 1
        fi
        sleep 0.05
    done
    head -n 1 "$file"
}

start_stack() {
    find_python
    if [[ -n ${APIKASSA_URL:-} ]]; then
        APIKASSA_URL=${APIKASSA_URL%/}
        return
    fi
    local bin=${APIKASSA_BIN:-$root/target/debug/apikassa}
    [[ -x $bin ]] || { echo "no stack: set APIKASSA_URL, or APIKASSA_BIN, or run cargo build -p local" >&2; return 1; }
    APIKASSA_BIN=$bin
    local_data=$work/data
    "$bin" local --port 0 --data "$local_data" --json >"$work/stack.out" 2>"$work/stack.log" &
    started+=($!)
    stack_id=$!
    local line
    line=$(first_line "$work/stack.out" "$stack_id")
    APIKASSA_URL=$("$python" -c 'import json, sys; print(json.loads(sys.argv[1])["base_url"].rstrip("/"))' "$line")
    APIKASSA_OPERATOR_TOKEN=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["operator_token"])' "$local_data/demo.json")
    APIKASSA_MAIL_URL=$APIKASSA_URL/local/mailbox.json
}

# Ends the local stack as Ctrl+C does, and has its books audited. Nothing to do for a foreign one.
audit_stack() {
    [[ -n $local_data ]] || return 0
    kill -TERM "$stack_id"
    wait "$stack_id" || { echo "the stack ended with $?" >&2; return 1; }
    "$APIKASSA_BIN" audit --data "$local_data"
}
