# what is wrong is refused clearly, and changes nothing
api POST /v1/orders '{"number":"A-1"'
problem 400 json_malformed
call POST /v1/orders -H "authorization: Bearer $key" --data 'number=A-1'
problem 415 unsupported_media_type
api POST /v1/orders '{"number":"A-1","lines":[{"name":"x","price":"1.00","colour":"red"}]}'
problem 422 invalid
check "v['errors'][0]['pointer'] == '/lines/0/colour'" "v['errors'][0]['code'] == 'unknown'"
api POST /v1/orders '{"number":"","lines":[{"name":"x","price":"-1"}],"currency":"USD","buyer":{"email":"nobody"}}'
problem 422 invalid
check "{e['pointer'] for e in v['errors']} == {'/number', '/currency', '/lines/0/price', '/buyer/email'}" \
    "all(e['messages']['ru'] and e['messages']['en'] for e in v['errors'])"
say "not JSON: 400; not said to be JSON: 415; unknown and wrong fields: 422, each with its pointer, in two languages"

head -c 70000 /dev/zero | tr '\0' ' ' >"$work/big"
api POST /v1/orders "@$work/big"
problem 413 too_large
say "a body of 70 kB: 413"

call GET /v1/orders
problem 401 unauthorized
call GET /v1/orders -H "authorization: Bearer ${key}x"
problem 401 unauthorized
call POST /v1/operator/partners -H "authorization: Bearer $key" -H 'content-type: application/json' --data '{}'
problem 404 not_found
api DELETE /v1/orders
problem 405 method_not_allowed
say "no key, a wrong key: 401; the operator's door is not there for a partner: 404"

create 100.00 automatic
request="{\"number\":\"$number\",\"lines\":[{\"name\":\"Выписка ЕГРН\",\"price\":\"100.00\"}],\"channels\":[\"email\"],\"metadata\":\"cart 7\",\"scenario\":{\"execution\":\"automatic\"}}"
api POST /v1/orders "$request" -H "idempotency-key: $partner-$number"
want 200
check "v['id'] == '$order'"
[[ $(header idempotent-replayed) == true ]] || fail "not said to be a repetition"
api POST /v1/orders "${request/100.00/200.00}" -H "idempotency-key: $partner-$number"
problem 422 idempotency_key_reused
api POST /v1/orders "${request/100.00/200.00}"
problem 409 order_number_taken
api GET /v1/orders
check "len(v['orders']) == 1"
say "the same Idempotency-Key and body: the same order; another body: 422; the number again: 409; there is one order"

mine=$order my_key=$key my_live=$live_key my_secret=$form_secret my_partner=$partner my_checkout=$checkout
enrol
api GET "/v1/orders/$mine"
problem 404 not_found
cp "$body" "$work/foreign"
api GET "/v1/orders/${mine%?????}00000"
problem 404 not_found
diff <(look get "$work/foreign" '{k: x for k, x in v.items() if k != "instance"}') <(get '{k: x for k, x in v.items() if k != "instance"}') ||
    fail "a foreign order is answered otherwise than one that never was"
for path in "/v1/orders/$mine/ledger" "/v1/orders/$mine/deliveries" "/v1/payouts/po_01kavxa3hs8g5xv6qt7mh3v2kc"; do
    api GET "$path"
    problem 404 not_found
done
api POST "/sandbox/executions/$mine/fulfil"
problem 404 not_found
call GET "/v1/orders/$mine" -H "authorization: Bearer $my_live"
problem 404 not_found
call POST /sandbox/clock -H "authorization: Bearer $my_live" -H 'content-type: application/json' --data '{"advance_seconds":1}'
problem 403 live-key
key=$my_live
api POST /v1/orders "$request"
problem 409 bank_not_connected
say "another partner's order is answered just as one that never was; live and test keys see nothing of each other"

key=$my_key partner=$my_partner
call GET "${my_checkout%?}_"
want 404
for door in bank till execution; do
    call POST "/callbacks/$door/sandbox/$mine" -H 'content-type: application/json' --data '{"state":"succeeded"}'
    ((status >= 400 && status < 500)) || fail "an unsigned callback of the $door is not refused"
    call POST "/callbacks/$door/sandbox/$mine" -H 'content-type: application/json' -H "x-signature: t=$(date +%s),v1=$(printf '%064d' 0)" --data '{"state":"succeeded"}'
    ((status >= 400 && status < 500)) || fail "a forged callback of the $door is not refused"
done
api GET "/v1/orders/$mine"
check "v['status'] == 'awaiting_payment'" "events == ['order.created']"
say "a checkout link with one letter changed opens nothing; unsigned and forged callbacks change nothing"

now=$(date +%s)
fields=("partner=$my_partner" mode=test number=F-1 amount=250.00 'name=Справка по форме' email=form@example.com "at=$now")
call POST /pay --data "$(look sign wrong-secret "${fields[@]}")"
want 401
shows 'Подпись не подошла' 'деньги не списаны'
signed=$(look sign "$my_secret" "${fields[@]}")
call POST /pay --data "${signed/250.00/1.00}"
want 401
call POST /pay --data "$signed&language=ru"
want 401
call POST /pay --data "$(look sign "$my_secret" "${fields[@]}" utm=1)"
want 422
call POST /pay --data "$(look sign "$my_secret" "${fields[@]/at=$now/at=$((now - 90000))}")"
want 400
shows 'Ссылка устарела'
api GET '/v1/orders?number=F-1'
check "v['orders'] == []"
call POST /pay --data "$signed"
want 303
first=$(header location)
call GET "/pay?$signed"
want 303
[[ $(header location) == "$first" ]] || fail "the same form makes another order"
call GET "$first"
want 200
shows '250,00 ₽' 'Справка по форме' 'fo•••@example.com'
say "a form with a wrong signature, a changed, added or unknown field, or of yesterday makes no order; a right one makes one, once"
