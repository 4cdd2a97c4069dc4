# the buyer leaves: nobody pays, and the order expires
create 900.00 automatic
unseen=$order
create 900.00 automatic
agree
card abandoned
call GET "$bank"
want 200
shows 'Банк проверяет оплату'
becomes checking_payment
call GET "$checkout"
want 200
shows 'Не платите ещё раз'
say "the buyer leaves at the bank's page; until its outcome is known nobody is asked to pay again"

advance 1201
webhook order.expired
check "o['status'] == 'expired'"
becomes expired
call GET "$checkout"
want 200
shows 'Время на оплату вышло' 'Деньги не списаны'
grep -q 'http-equiv="refresh" content="[0-9]*; *url=' "$body" || fail "the page does not send the buyer back by itself"
link=$(look link "$body" 'shop\.example/basket') || fail "no way back to the shop"
look signed "$form_secret" "$link" >"$work/parameters" || fail "$link"
cp "$work/parameters" "$body"
check "v['order'] == '$order'" "v['status'] == 'expired'"
say "twenty minutes later: order.expired; the page sends the buyer back to the shop with signed parameters"

call POST "$checkout/pay" --data csrf=x
want 403
call POST "$bank" --data card=success
want 303
order=$unseen
webhook order.expired
becomes expired
check "v['operations'] == []" "v['receipts'] == []"
say "an order nobody has even looked at expires too; the bank's old page takes no money"
