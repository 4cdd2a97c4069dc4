# the money arrives after the order has expired: it goes back by itself
create 1200.00 automatic
agree
card after_expiry
call GET "$back"
want 200
shows 'Проверяем оплату|Не платите ещё раз'
advance 1201
webhook order.expired
say "the bank says «timed out»: order.expired"
advance 600
webhook order.payment_returned
webhook order.refund_started
webhook order.refunded
becomes refunded
undone 1200.00 42.00
api GET "/v1/orders/$order"
check "'order.handed_over' not in events" "v['payout'] is None"
say "ten minutes later the money is there all the same: refunded by itself, with both receipts, and nobody executes it"
call GET "$checkout"
want 200
shows 'Деньги возвращены' '1 200,00 ₽'
say "the page tells the buyer so"
