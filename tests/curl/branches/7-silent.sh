# a bank that tells nobody: whoever wants to know asks
create 400.00 automatic
agree
card silent
call GET "$back"
want 200
shows 'Заказ оплачен|Заказ исполнен'
webhook order.paid
becomes fulfilled
say "the buyer comes back, the page asks the bank, and the order is paid"

create 410.00 automatic
agree
card silent
becomes checking_payment
say "this buyer does not come back"
advance 1201
webhook order.paid
becomes fulfilled
check "'order.expired' not in events"
say "when the time to pay is over the bank is asked before anything is decided: paid, not expired"

create 420.00 automatic
agree
card late
becomes checking_payment
advance 181
webhook order.paid
becomes fulfilled
say "a bank that takes three minutes is waited for"
