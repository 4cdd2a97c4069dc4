//! Examples of the documentation: what a reader copies. The door tests hold their fields to what the API really answers.

use serde_json::{Value, json};

const ORDER: &str = "ord_t_demoshop_01kavxa3hs8g5xv6qt7mh3v2kc";
const SUBSCRIPTION: &str = "sub_3zj9e2w7qd01kb51fg8s6n0y4h";
const PAYOUT: &str = "po_01kb51fg8s6n0y4h3zj9e2w7qd";

/// A request for an order.
pub fn order_request() -> Value {
    json!({
        "number": "A-1001",
        "lines": [{ "name": "Выписка ЕГРН", "price": "3000.00", "quantity": "1", "vat": "none", "subject": "service" }],
        "amount": "3000.00",
        "buyer": { "email": "ivanova@example.com" },
        "channels": ["email"],
        "returns": { "success": "https://shop.example/thanks", "failure": "https://shop.example/basket" },
        "metadata": "basket 77",
    })
}

/// An order nobody has paid yet.
pub fn new_order() -> Value {
    json!({
        "id": ORDER,
        "number": "A-1001",
        "billnumber": "1381966011250111",
        "mode": "test",
        "status": "awaiting_payment",
        "amount": "3000.00",
        "currency": "RUB",
        "commission": null,
        "net": null,
        "payment_state": "in_process",
        "held": "0.00",
        "captured": "0.00",
        "returned": "0.00",
        "hold_until": null,
        "original": null,
        "customer": null,
        "means": null,
        "origin": null,
        "children": [],
        "lines": [{ "name": "Выписка ЕГРН", "price": "3000.00", "quantity": "1", "amount": "3000.00", "vat": "none", "vat_from": "line",
            "subject": "service", "measure": 0, "supplier": null, "marked": false }],
        "checkout_url": format!("https://pay.example/c/{ORDER}~u1Vh0v9cC2cG5e8mYb0R6A"),
        "created_at": "2026-11-21T10:00:00Z",
        "expires_at": "2026-11-21T10:20:00Z",
        "payable_at": null,
        "payout": null,
        "buyer": { "email": { "value": "ivanova@example.com", "source": "partner" }, "phone": null },
        "operations": [],
        "receipts": [],
        "metadata": "basket 77",
        "timeline": [{ "no": 1, "at": "2026-11-21T10:00:00Z", "event": "order.created", "postings": [] }],
    })
}

/// A paid order.
pub fn paid_order() -> Value {
    let mut order = new_order();
    order["status"] = json!("paid");
    order["payment_state"] = json!("approved");
    order["captured"] = json!("3000.00");
    order["commission"] = json!("105.00");
    order["net"] = json!("2895.00");
    order["operations"] = json!([{
        "number": "1381966011250111.1", "kind": "payment", "transaction": "purchase", "of": null, "method": "card", "account": null,
        "by": "buyer", "reason": null, "child": null, "parts": [], "points": null, "amount": "3000.00", "state": "succeeded",
        "decline_reason": null, "bank_reference": "sb_7f3a",
    }]);
    order["receipts"] = json!([{
        "no": 1, "kind": "sale", "stage": "full", "settlement": 4, "state": "due", "operation": "1381966011250111.1", "register": null,
        "total": "3000.00", "differs": null, "corrects": null, "url": null, "fiscal_drive": null, "fiscal_document": null, "fiscal_sign": null, "qr": null,
    }]);
    order["timeline"] = json!([
        { "no": 1, "at": "2026-11-21T10:00:00Z", "event": "order.created", "postings": [] },
        { "no": 2, "at": "2026-11-21T10:02:10Z", "event": "order.payment_started", "postings": [] },
        { "no": 3, "at": "2026-11-21T10:03:00Z", "event": "order.paid", "postings": [
            { "debit": "bank", "credit": "partner", "amount": "3000.00" },
            { "debit": "partner", "credit": "fee", "amount": "105.00" },
        ] },
    ]);
    order
}

/// A request for a subscription.
pub fn subscription_request() -> Value {
    json!({
        "number": "S-17",
        "customer": "buyer-1",
        "means": "mns_01kavxa3hs8g5xv6qt7mh3v2kc_1",
        "phases": [{ "amount": "1.00", "count": 1 }, { "amount": "500.00", "count": 1 }, { "amount": "1000.00" }],
        "every": "month",
        "first_at": "2026-12-01T09:00:00Z",
        "description": "Подписка «Справка плюс»",
        "terms_version": "2026-11-01",
        "rises_agreed": true,
    })
}

/// A subscription whose first charge is to come.
pub fn subscription() -> Value {
    json!({
        "id": SUBSCRIPTION,
        "number": "S-17",
        "customer": "buyer-1",
        "means": "mns_01kavxa3hs8g5xv6qt7mh3v2kc_1",
        "description": "Подписка «Справка плюс»",
        "state": "active",
        "reason": null,
        "phases": [
            { "amount": "1.00", "count": 1 },
            { "amount": "500.00", "count": 1 },
            { "amount": "1000.00", "count": null },
        ],
        "every": "month",
        "next": { "no": 1, "amount": "1.00", "at": "2026-12-01T09:00:00Z", "noticed_at": null, "declined": 0 },
        "charges": [],
        "consent": {
            "order": ORDER,
            "text_version": "2026-11-21.ru",
            "text_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "terms_version": "2026-11-01",
            "rises_agreed": true,
        },
        "origin": null,
        "created_at": "2026-11-21T10:00:00Z",
        "cancel_url": format!("https://pay.example/s/demoshop.t~{SUBSCRIPTION}~u1Vh0v9cC2cG5e8mYb0R6A"),
    })
}

/// A list of orders.
pub fn order_list() -> Value {
    let order = paid_order();
    let fields = [
        "id",
        "number",
        "billnumber",
        "status",
        "amount",
        "currency",
        "commission",
        "net",
        "checkout_url",
        "created_at",
        "expires_at",
        "payable_at",
        "payout",
    ];
    let summary: serde_json::Map<_, _> =
        fields.iter().map(|field| ((*field).to_owned(), order[field].clone())).collect();
    json!({ "orders": [summary], "next_cursor": null })
}

/// A webhook.
pub fn webhook() -> Value {
    json!({ "type": "order.paid", "timestamp": "2026-11-21T10:03:00Z", "entry": 3, "data": paid_order() })
}

/// A delivery log.
pub fn delivery_list() -> Value {
    json!({ "deliveries": [{
        "entry": 3,
        "channel": "webhook",
        "event": "order.paid",
        "state": "delivered",
        "message_id": "msg_01kavxa3hs8g5xv6qt7mh3v2kc_3",
        "delivered_at": "2026-11-21T10:08:07Z",
        "next_attempt_at": null,
        "attempts": [
            { "at": "2026-11-21T10:03:01Z", "status": 503, "note": "" },
            { "at": "2026-11-21T10:08:07Z", "status": 204, "note": "" },
        ],
    }] })
}

/// An exchange with a bank.
pub fn exchange() -> Value {
    json!({
        "id": "8f14e45fceea167a5a36",
        "at": "2026-11-21T10:02:10.412Z",
        "order": ORDER,
        "operation": 1,
        "account": "main",
        "purpose": "register",
        "method": "POST",
        "url": "https://bank.example/payment/rest/register.do",
        "request": {
            "headers": [{ "name": "content-type", "value": "application/x-www-form-urlencoded" }],
            "body": "userName=shop-api&password=***&orderNumber=01KAVXA3HS8G5XV6QT7MH3V2KCo1&amount=300000&email=i***@example.com",
            "bytes": 131,
        },
        "status": 200,
        "answer": {
            "headers": [{ "name": "content-type", "value": "application/json" }],
            "body": "{\"orderId\":\"70906e55-7114-41d6-8332-4609dc6590f4\",\"formUrl\":\"https://bank.example/pay\"}",
            "bytes": 88,
        },
        "outcome": "answered",
        "note": null,
        "milliseconds": 240,
    })
}

/// A list of exchanges.
pub fn exchange_list() -> Value {
    json!({ "exchanges": [exchange()], "next_cursor": null })
}

/// Postings of a payment.
pub fn ledger_page() -> Value {
    let row = |debit: &str, credit: &str, amount: &str| {
        json!({
            "at": "2026-11-21T10:03:00Z", "order": ORDER, "number": "A-1001", "event": "order.paid",
            "debit": debit, "credit": credit, "amount": amount,
        })
    };
    json!({ "postings": [row("bank", "partner", "3000.00"), row("partner", "fee", "105.00")], "next_cursor": null })
}

fn account() -> Value {
    json!({
        "number": "40702810200000000001", "bic": "044525225", "bank": "ПАО СБЕРБАНК", "correspondent": "30101810400000000225",
    })
}

/// A payout.
pub fn payout() -> Value {
    json!({
        "id": PAYOUT,
        "number": 7,
        "at": "2026-11-24T10:10:00Z",
        "amount": "2895.00",
        "currency": "RUB",
        "account": account(),
        "expected_on": "2026-11-25",
        "expected_by": "2026-11-27",
        "orders": [{ "order": ORDER, "number": "A-1001", "amount": "2895.00" }],
        "state": "sent",
        "payment_order_url": format!("/v1/payouts/{PAYOUT}/payment-order.txt"),
    })
}

/// A list of payouts.
pub fn payout_list() -> Value {
    json!({ "payouts": [payout()], "next_cursor": null })
}

/// A partner's settings.
pub fn partner() -> Value {
    json!({
        "id": "demoshop",
        "mode": "test",
        "name": "ООО «Справка»",
        "inn": "7728168971",
        "kpp": "772801001",
        "phone": "+74951234567",
        "support_email": "help@shop.example",
        "site": "https://shop.example",
        "vat": "none",
        "commission": { "percent": "3.5", "fixed": "0.00", "least": "0.00", "greatest": null, "vat_percent": "0" },
        "returns": { "success": "https://shop.example/thanks", "failure": "https://shop.example/basket" },
        "return_origins": ["https://www.shop.example"],
        "webhook": { "url": "https://shop.example/hook", "gone": false },
        "payout": { "automatic": false, "refunds_paid_out": false, "account": account(), "debt_days": 10 },
        "payment_timeout_seconds": 1200,
        "channels": ["email", "sms"],
        "button": "pay",
    })
}

/// Marking codes.
pub fn marks() -> Value {
    json!([{ "line": 1, "mark": "010460193600546421SERIAL0000013\u{1d}91EE05\u{1d}92dGVzdA==" }])
}

/// A request for what is printed on receipts.
pub fn receipt_settings_request() -> Value {
    let mut settings = receipt_settings();
    if let Some(fields) = settings.as_object_mut() {
        fields.retain(|name, _| name != "agent_sign" && name != "registers");
    }
    settings
}

/// What is printed on receipts.
pub fn receipt_settings() -> Value {
    json!({
        "scheme": "prepayment",
        "closing_days": 30,
        "sell_unchecked": false,
        "rates": {
            "products": { "book-1": "vat10" },
            "categories": { "books": "vat10" },
            "delivery": [{ "method": "courier", "region": "RU-MOW", "vat": "vat22" }],
        },
        "points": [{ "id": "pvz-7", "kind": "pickup", "name": "ПВЗ на Тверской", "place": "Москва, Тверская ул., 7" }],
        "logo": null,
        "agent_sign": "agent",
        "registers": [],
    })
}

/// A request of the operator's.
pub fn partner_request() -> Value {
    json!({
        "id": "demoshop",
        "name": "ООО «Справка»",
        "inn": "7728168971",
        "kpp": "772801001",
        "phone": "+74951234567",
        "support_email": "help@shop.example",
        "site": "https://shop.example",
        "vat": "none",
        "commission": { "percent": "3.5" },
        "returns": { "success": "https://shop.example/thanks", "failure": "https://shop.example/basket" },
        "return_origins": ["https://www.shop.example"],
        "webhook_url": "https://shop.example/hook",
        "payout": { "automatic": false, "account": account() },
        "payment_timeout_seconds": 1200,
        "channels": ["email", "sms"],
        "button": "pay",
    })
}

/// What the operator is answered.
pub fn enrolled() -> Value {
    let tenant = |mode: &str| {
        json!({
            "api_key": format!("ak_{mode}_demoshop_Zk3vQ0uR7cWm2xJ9dTn5bLh8sYf4aGpE"),
            "form_secret": "r8Vb2Kq6Zt0Xw4Nc9Jm3Lp7Hs1Gd5Fy2Qa8Ub6Re",
            "webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
        })
    };
    json!({ "id": "demoshop", "test": tenant("test"), "live": tenant("live") })
}
