# a card without enough money, then one with it
create 700.00 automatic
agree
card insufficient_funds
webhook order.payment_declined
check "o['operations'][0]['decline_reason'] == 'insufficient_funds'" "o['status'] == 'awaiting_payment'"
call GET "$back"
want 200
shows 'не хватает денег' 'Деньги не списаны' 'Оплатить 700,00 ₽'
say "the bank declines: the page says why, that nothing was charged, and lets the buyer try again"

first_bank=$bank
agree
[[ $bank != "$first_bank" ]] || fail "the second attempt has the first one's page"
card challenge
call GET "$bank"
shows 'Подтвердите оплату' '111111'
call POST "$bank/challenge" --data code=000000
want 422
shows 'Осталось попыток: 2'
call POST "$bank/challenge" --data code=111111
want 303
webhook order.paid
becomes 'paid|executing|fulfilled'
check "[(o['kind'], o['state']) for o in v['operations']] == [('payment', 'declined'), ('payment', 'succeeded')]" \
    "[o['number'][-2:] for o in v['operations']] == ['.1', '.2']"
say "another card, which asks for a code, pays"
webhook order.fulfilled
api GET "/v1/orders/$order/ledger"
check "postings == [('bank', 'partner', '700.00'), ('partner', 'fee', '24.50'), ('partner', 'available', '675.50')]"
say "the money is in the books once; the automatic executor delivers"

create 500.00 automatic
agree
card blocked
webhook order.payment_declined
check "o['operations'][0]['decline_reason'] == 'card_blocked'"
agree
call POST "$bank" --data decision=refuse
want 303
webhook order.payment_declined 2
check "o['operations'][1]['decline_reason'] == 'cancelled_by_buyer'"
agree
card doubled
webhook order.paid
becomes fulfilled
api GET "/v1/orders/$order/ledger"
check "len(postings) == 3"
say "a blocked card, a change of mind, and a bank that tells its success twice: paid once"

create 510.00 automatic
agree
card out_of_order
webhook order.paid
becomes fulfilled
say "a stale answer after the right one changes nothing"
