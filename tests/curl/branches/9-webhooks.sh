# a partner's endpoint that fails, is slow to recover, and one that is gone
printf 503 >"$work/hooks/$partner.status"
create 600.00 manual
agree
card success
webhook order.paid
id=$(get 'v["id"]') entry=$(get 'v["payload"]["entry"]')
check "v['answered'] == 503"
# answered STATUS: the latest webhook order.paid bears the id of the first one and was answered so.
answered() { heard "$order" order.paid && look check "$work/hook" "v['id'] == '$id'" "v['answered'] == $1"; }
log() { api GET "/v1/orders/$order/deliveries" && look check "$body" "$@"; }
soon "the failed attempt is in the log" log "[d for d in v['deliveries'] if d['event'] == 'order.paid' and d['channel'] == 'webhook'][0]['attempts'][0]['status'] == 503"
check "[d for d in v['deliveries'] if d['message_id'] == '$id'][0]['state'] == 'pending'" \
    "[d for d in v['deliveries'] if d['message_id'] == '$id'][0]['next_attempt_at']"
say "the endpoint answers 503: the delivery log has the attempt, its status, and when the next one will be"

rm "$work/hooks/$partner.status"
advance 21600
soon "the webhook again" answered 204
soon "delivered" log "all(d['state'] == 'delivered' for d in v['deliveries'])"
say "hours later it answers again: the same webhook-id, and everything has been delivered"

printf 410 >"$work/hooks/$partner.status"
api POST "/v1/orders/$order/deliveries/$entry/replay"
want 202
soon "the webhook again" answered 410
gone() { api GET /v1/webhook && look check "$body" "v['gone'] is $1"; }
soon "the endpoint is known to be gone" gone True
say "it answers 410 Gone: nothing more is sent there"

rm "$work/hooks/$partner.status"
api PUT /v1/webhook "{\"url\":\"$receiver/hook/$partner\"}"
want 200
get 'v["secret"]' >>"$work/hooks/$partner.secret" # the former one may be used for about a minute more
soon "the endpoint is back" gone False
api POST "/v1/orders/$order/deliveries/$entry/replay"
want 202
soon "the webhook again" answered 204
api POST "/v1/orders/$order/deliveries/99/replay"
problem 404 not_found
api PUT /v1/webhook '{"url":"ftp://127.0.0.1/hook"}'
problem 422 invalid
say "set anew, it gets the webhook once more; a webhook that never was can not be sent"
