# an order from its creation to the partner's payout
create 3000.00 manual
say "the partner's server creates $number of 3000.00 ₽ → $order"

call GET "$checkout"
want 200
shows 'Выписка ЕГРН' '3 000,00 ₽' 'ООО «Справка»' 'ИНН 7728168971' 'Оплатить 3 000,00 ₽'
grep -q 'name="consent_terms" value="1" required checked' "$body" && fail "a consent is ticked beforehand"
grep -q 'name="consent_personal_data" value="1" required checked' "$body" && fail "a consent is ticked beforehand"
[[ $(header content-security-policy) == *"default-src 'none'"* ]] || fail "no strict policy"
bytes=$(wc -c <"$body")
((bytes <= 10240)) || fail "the page has $bytes bytes"
say "the buyer opens the page: what, how much, from whom; nothing ticked; $bytes bytes"

csrf=$(look field "$body" csrf) version=$(look field "$body" version)
call POST "$checkout/pay" --data-urlencode "csrf=$csrf" --data-urlencode "version=$version" --data-urlencode "email=$buyer"
want 422
shows 'Примите условия' 'Без согласия'
grep -q "value=\"$buyer\"" "$body" || fail "what was typed is lost"
say "without the two consents the form comes back with what is wrong, and keeps what was typed"

agree
call GET "$bank"
want 200
shows 'Тестовый банк' '3 000,00 ₽' 'недостаточно|Недостаточно средств'
say "with them the buyer is sent to the bank's page"
card success
webhook order.paid
check "o['status'] == 'paid'" "o['amount'] == '3000.00'" \
    "o['commission'] == '105.00'" "o['net'] == '2895.00'" \
    "o['metadata'] == 'cart 7'" "v['id'].startswith('msg_')"
first_id=$(get 'v["id"]') first_entry=$(get 'v["payload"]["entry"]')
say "the bank's callback: webhook order.paid, verified by the public library; commission 105.00, the partner's part 2895.00"

webhook receipt.issued
check "re.fullmatch(r'\\d{16}', receipts['sale']['fiscal_drive'])" \
    "receipts['sale']['fiscal_document'] > 0" \
    "re.fullmatch(r'\\d{1,10}', receipts['sale']['fiscal_sign'])" \
    "re.fullmatch(r't=\\d{8}T\\d{4}&s=3000\\.00&fn=%(fiscal_drive)s&i=%(fiscal_document)s&fp=%(fiscal_sign)s&n=1' % receipts['sale'], receipts['sale']['qr'])"
fiscal_sign=$(get "receipts['sale']['fiscal_sign']")
qr=$(get "receipts['sale']['qr']")
receipt=$(get "receipts['sale']['url']")
say "receipt.issued: $qr"

call GET "$back"
want 200
shows 'Заказ оплачен' '3 000,00 ₽'
link=$(look link "$body" 'shop\.example/thanks') || fail "no way back to the shop"
look signed "$form_secret" "${link/from=pay&/}" >"$work/parameters" || fail "$link"
asked="the return link $link" status='(read)'
cp "$work/parameters" "$body"
check "v['order'] == '$order'" "v['number'] == '$number'" "v['status'] in ('paid', 'executing')" "v['amount'] == '3000.00'" "v['email'] == '$buyer'"
say "the way back to the shop is signed, and brings the e-mail the buyer typed"

call GET "$receipt"
want 200
shows 'Кассовый чек' 'Приход' 'АГЕНТ' 'ООО «Справка»' '7728168971' "$fiscal_sign"
letter "$fiscal_sign"
check "'$receipt' in v['text'] or '$receipt' in v['html']" "'cid:' in v['html']"
say "the receipt has its page, and its letter with the QR code"

webhook order.handed_over
becomes executing
check "v['buyer']['email'] == {'value': '$buyer', 'source': 'buyer'}" \
    "events == ['order.created', 'order.payment_started', 'order.paid'] + [e for e in events[3:]]" "'order.handed_over' in events"
api POST "/sandbox/executions/$order/fulfil" '{"result":{"kind":"text","text":"Кадастровый номер 77:01:0001001:1"}}'
want 200
webhook order.fulfilled
letter '/d/'
result=$(look get "$body" 'v["text"]' | look link /dev/stdin '/d/') || fail "no link to the result"
call GET "$result"
want 200
shows 'Кадастровый номер 77:01:0001001:1'
becomes fulfilled
check "'result.opened' in events" "v['payable_at']"
say "the executor delivers: webhook order.fulfilled, a letter, and the result behind its link"

api GET /v1/balance
check "v['available'] == '0.00'" "v['pending'] == '2895.00'"
api POST /v1/payouts
problem 409 nothing_to_pay_out
say "the balance is 2895.00, none of it to be had before three days"

advance 259260
webhook order.paid_out
payout=$(get "o['payout']")
becomes paid_out
api GET "/v1/payouts/$payout"
want 200
check "v['amount'] == '2895.00'" "[(line['order'], line['amount']) for line in v['orders']] == [('$order', '2895.00')]"
payment_order=$(get 'v["number"]')
api GET "/v1/payouts/$payout/payment-order.txt"
want 200
[[ $(header content-type) == 'text/plain; charset=windows-1251' ]] || fail "not CP1251"
look bank "$body" >"$work/file" || fail "not a file a bank reads"
cp "$work/file" "$body"
check "v['head']['Кодировка'] == 'Windows' and v['head']['ВерсияФормата'] == '1.03'" "len(v['documents']) == 1" \
    "v['documents'][0]['Сумма'] == '2895.00'" "v['documents'][0]['Номер'] == '$payment_order'" \
    "v['documents'][0]['ПолучательСчет'] == '40702810200000000001'" "v['documents'][0]['ПолучательБИК'] == '044525225'" \
    "v['documents'][0]['ПолучательИНН'] == '7728168971'" "'ООО «Справка»' in v['documents'][0]['Получатель1']"
say "three days later: order.paid_out, payment order № $payment_order of 2895.00 as 1CClientBankExchange"

api GET "/v1/orders/$order/ledger"
want 200
check "postings == [('bank', 'partner', '3000.00'), ('partner', 'fee', '105.00'), ('partner', 'available', '2895.00'), ('available', 'payout', '2895.00')]"
month=$(get 'v["postings"][-1]["at"][:7]')
api GET "/v1/ledger?month=$month"
want 200
api GET /v1/balance
check "v['available'] == '0.00'" "v['pending'] == '0.00'"
say "the ledger: 3000.00 in, 105.00 the agent's, 2895.00 out; the balance is 0.00"

api GET "/v1/orders/$order/deliveries"
want 200
check "all(d['state'] == 'delivered' for d in v['deliveries'])" \
    "{d['event'] for d in v['deliveries'] if d['channel'] == 'webhook'} == {'order.paid', 'receipt.issued', 'order.handed_over', 'order.fulfilled', 'order.paid_out'}"
api POST "/v1/orders/$order/deliveries/$first_entry/replay"
want 202
webhook order.paid 2
check "v['id'] == '$first_id'"
say "the delivery log has it all; a webhook sent again bears the id it had"
