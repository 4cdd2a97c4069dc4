# Sourced by `run`: how the branches ask, look, wait and tell.

page=$work/page body=$work/body head=$work/head hooks=$work/hooks/hooks.jsonl
status= asked=
# Seconds until something that happens by itself must have happened. In an emulator functions start slower than a call, and each
# remembers a partner's settings for a minute.
patience=${PATIENCE:-120}

say() { printf '  ✓ %s\n' "$*"; }

exec 3>&2 # where failures are told, also from within what is repeated quietly
fail() {
    {
        printf '  ✗ %s\n' "$*"
        if [[ -n $asked ]]; then
            printf '\n    the last request: %s\n    answered %s:\n' "$asked" "$status"
            sed 's/^/    /' "$head" 2>/dev/null | head -n 20
            head -c 4000 "$body" 2>/dev/null | sed 's/^/    /'
            echo
        fi
        printf '    at %s\n' "$(caller 1)"
    } >&3
    exit 1
}

look() { "$python" "$root/tests/curl/look.py" "$@"; }

# call METHOD ADDRESS [curl options…]: the status in $status, the headers in the file $head, the body in the file $body.
call() {
    local method=$1 url=$2
    shift 2
    [[ $url == /* ]] && url=$APIKASSA_URL$url
    asked="$method $url"
    : >"$head"
    : >"$body"
    status=$(curl --silent --show-error --max-time 60 --noproxy '*' --request "$method" --dump-header "$head" --output "$body" \
        --write-out '%{http_code}' "$@" "$url") || fail "no answer"
}

# api METHOD PATH [JSON] [curl options…]: with the partner's test key.
api() {
    local method=$1 path=$2 data=${3:-}
    shift $(($# < 3 ? $# : 3))
    call "$method" "$path" -H "authorization: Bearer $key" ${data:+-H 'content-type: application/json' --data-binary "$data"} "$@"
}

want() { [[ $status == "$1" ]] || fail "wanted $1, got $status"; }
get() { look get "$body" "$1" || fail "could not read $1"; }
check() { local why; why=$(look check "$body" "$@" 2>&1) || fail "$why"; }
shows() { local why; why=$(look page "$body" "$@" 2>&1) || fail "$why"; }
header() { tr -d '\r' <"$head" | awk -v name="$1:" 'tolower($1) == tolower(name) { sub(/^[^:]*: */, ""); value = $0 } END { print value }'; }

# problem STATUS CODE: the answer is this refusal, in the form all refusals have.
problem() {
    want "$1"
    [[ $(header content-type) == application/problem+json* ]] || fail "a refusal is application/problem+json"
    check "v['code'].replace('-', '_') == '${2//-/_}'" "v['status'] == $1" "v['title']" "v['type'].endswith(v['code'])" "v['messages']['ru']" "v['messages']['en']"
}

# soon WHAT COMMAND…: repeats until it succeeds.
soon() {
    local what=$1 deadline=$((SECONDS + patience))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || fail "not within $patience s: $what"
        sleep 0.1
    done
}

heard() { look hook "$hooks" "$@" >"$work/hook"; }
# webhook TYPE [TIMES]: waits for a webhook of $order; it is in the file $body afterwards.
webhook() {
    soon "webhook $1" heard "$order" "$@"
    cp "$work/hook" "$body"
    asked="the webhook $1 of $order" status='(received)'
    : >"$head"
    [[ -s $work/hooks/refused.jsonl ]] && fail "a webhook could not be verified: $(cat "$work/hooks/refused.jsonl")"
    return 0
}

posted() {
    curl --silent --fail --max-time 30 --noproxy '*' "$APIKASSA_MAIL_URL" -o "$work/mailbox" && look letter "$work/mailbox" "$@" >"$work/letter"
}
# letter PATTERN: waits for a letter to $buyer that fits; it is in the file $body afterwards, as JSON.
letter() {
    soon "a letter to $buyer with $1" posted "$buyer" "$1"
    cp "$work/letter" "$body"
    asked="the letter to $buyer" status='(received)'
    : >"$head"
}

# becomes 'STATUS|STATUS': waits until $order has one of the statuses; the order is in $body afterwards.
has_status() {
    api GET "/v1/orders/$order"
    look check "$body" "v['status'] in '$1'.split('|')"
}
becomes() { soon "$order is $1" has_status "$1"; }

advance() { # SECONDS
    api POST /sandbox/clock "{\"advance_seconds\":$1}"
    want 200
}

# ── what most branches begin with ───────────────────────────────────────────────────────────────────────────────────

partners=0
# A partner of its own for each branch, so that none sees another's money or clock. Sets $partner, $key, $live_key, $form_secret.
enrol() {
    partners=$((partners + 1))
    partner=c$stamp$partners
    call POST /v1/operator/partners -H "authorization: Bearer $APIKASSA_OPERATOR_TOKEN" -H 'content-type: application/json' --data-binary @- <<JSON
{
  "id": "$partner", "name": "ООО «Справка»", "inn": "7728168971", "kpp": "772801001", "phone": "+74951234567",
  "support_email": "help@shop.example", "site": "https://shop.example", "vat": "none", "commission": {"percent": "3.5"},
  "returns": {"success": "https://shop.example/thanks?from=pay", "failure": "https://shop.example/basket"},
  "payout": {"automatic": true, "account": {"number": "40702810200000000001", "bic": "044525225", "bank": "ПАО СБЕРБАНК",
    "correspondent": "30101810400000000225"}},
  "payment_timeout_seconds": 1200
}
JSON
    want 201
    key=$(get 'v["test"]["api_key"]')
    live_key=$(get 'v["live"]["api_key"]')
    form_secret=$(get 'v["test"]["form_secret"]')
    api PUT /v1/webhook "{\"url\":\"$receiver/hook/$partner\"}"
    want 200
    get 'v["secret"]' >"$work/hooks/$partner.secret"
}

orders=0
# create PRICE EXECUTION: a new order without contacts. Sets $order, $number, $checkout, $buyer.
create() {
    orders=$((orders + 1))
    number=A-$orders
    buyer=buyer$orders.$stamp@example.com
    api POST /v1/orders "{\"number\":\"$number\",\"lines\":[{\"name\":\"Выписка ЕГРН\",\"price\":\"$1\"}],\"channels\":[\"email\"],\"metadata\":\"cart 7\",\"scenario\":{\"execution\":\"$2\"}}" \
        -H "idempotency-key: $partner-$number"
    want 201
    check "v['status'] == 'awaiting_payment'" "v['amount'] == '$1'" "v['mode'] == 'test'" "len(v['billnumber']) == 16"
    order=$(get 'v["id"]')
    checkout=$(get 'v["checkout_url"]')
}

# The buyer opens the page, agrees, and is sent to the bank. Sets $bank, the bank's page.
agree() {
    call GET "$checkout"
    want 200
    local token version
    token=$(look field "$body" csrf) || fail "no form"
    version=$(look field "$body" version) || fail "no form"
    call POST "$checkout/pay" --data-urlencode "csrf=$token" --data-urlencode "version=$version" --data-urlencode "email=$buyer" \
        --data-urlencode method=card --data consent_personal_data=1 --data consent_terms=1
    want 303
    bank=$(header location)
    [[ $bank == "$APIKASSA_URL"/sandbox/bank/pay/* ]] || fail "not the bank's page: $bank"
}

# card NAME: pays at the bank's page.
card() {
    call POST "$bank" --data "card=$1"
    want 303
    back=$(header location)
    [[ $back == /* ]] && back=$APIKASSA_URL$back
    return 0
}

pay() { # PRICE EXECUTION
    create "$@"
    agree
    card success
    webhook order.paid
}

# Three days pass without execution, and the buyer cancels.
cancel_late() {
    webhook order.handed_over
    advance 259260
    webhook order.overdue
    letter '/cancel'
    local url token
    url=$(look get "$body" 'v["text"]' | look link /dev/stdin '/cancel') || fail "no way to cancel in the letter"
    call GET "$url"
    want 200
    shows 'Отменить заказ\?' '1 500,00 ₽'
    token=$(look field "$body" csrf) || fail "no form"
    call POST "$url" --data-urlencode "csrf=$token"
    want 303
    webhook order.cancelled
    webhook order.refunded
    cancel_url=$url cancel_token=$token
}

# After a refund: the sale's receipt and the refund's, and books as if nothing had been.
undone() {
    soon "both receipts" both_receipts
    check "receipts['sale']['state'] == 'issued' and receipts['sale']['qr'].endswith('&n=1')" \
        "receipts['refund']['state'] == 'issued' and receipts['refund']['qr'].endswith('&n=2')" \
        "[o['kind'] for o in v['operations'] if o['state'] == 'succeeded'] in (['payment', 'refund'], ['payment', 'reversal'])"
    api GET "/v1/orders/$order/ledger"
    want 200
    check "len(postings) == 4" "('partner', 'bank', '$1') in postings" "('fee', 'partner', '$2') in postings"
    look reversed "$body" || fail "the books are not level"
    api GET /v1/balance
    check "v['available'] == '0.00' and v['pending'] == '0.00'"
}
both_receipts() { api GET "/v1/orders/$order" && look check "$body" "receipts['refund']['state'] == 'issued'"; }
