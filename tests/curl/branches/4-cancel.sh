# three days without execution: the buyer cancels and gets the money back
pay 1500.00 manual
webhook receipt.issued
api GET /v1/balance
check "v['pending'] == '1447.50'"
call GET "$checkout/cancel"
want 303
say "paid 1500.00; before three days are over there is nothing to cancel"
cancel_late
say "three days later: order.overdue, a letter with the way to cancel, the question, «Отменить заказ»"
becomes refunded
undone 1500.00 52.50
say "refunded; the receipt of the refund is issued, the commission is reversed, the balance is 0.00"
letter "$(api GET "/v1/orders/$order" && get "receipts['refund']['fiscal_sign']")"
say "the refund's receipt came by mail"
call GET "$checkout"
want 200
shows 'Деньги возвращены' '1 500,00 ₽'

call POST "$cancel_url" --data-urlencode "csrf=$cancel_token"
want 303
call POST "$cancel_url" --data csrf=forged
want 403
becomes refunded
check "len(v['operations']) == 2" "len(v['receipts']) == 2"
api POST "/sandbox/executions/$order/fulfil"
problem 409 execution-cancelled
say "cancelling again refunds nothing more, a forged form nothing at all, and the executor has been told"

pay 1500.00 failing
webhook order.execution_failed
webhook order.refunded
becomes refunded
undone 1500.00 52.50
say "an executor that gives up brings the money back without being asked"
