# an executor that delivers after the cancellation is refused
pay 1500.00 manual
cancel_late
api POST "/sandbox/executions/$order/fulfil?force=1" '{"result":{"kind":"text","text":"слишком поздно"}}'
want 200
say "cancelled and refunded; the executor reports success all the same (answered $(get 'v["report_status"]'))"
becomes refunded
check "'order.fulfilled' not in events" "events.count('order.refunded') == 1" "v['payout'] is None" "v['payable_at'] is None"
call GET "$checkout"
shows 'Деньги возвращены'
grep -q 'слишком поздно' "$body" && fail "the result is shown"
undone 1500.00 52.50
advance 604800
becomes refunded
api GET /v1/payouts
check "v['payouts'] == []"
say "the order stays refunded; a week later nothing has been paid out"

pay 1500.00 manual
webhook order.handed_over
advance 259260
webhook order.overdue
api POST "/sandbox/executions/$order/fulfil"
want 200
webhook order.fulfilled
call GET "$checkout/cancel"
want 303
becomes 'fulfilled|paid_out'
check "'order.cancelled' not in events"
say "the other way round, late but delivered before anyone cancels: it stays fulfilled"
