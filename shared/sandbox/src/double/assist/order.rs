//! How a deal stands, in Assist's words: an order, its state, its operations.

use connectors::bank::assist::wire::{self, DONE, OperationType, OrderState, UNDER_WAY};
use domain::acquiring::{Method, Stages};
use domain::money::Money;
use domain::order::DeclineReason;
use domain::time::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::double::{Deal, DealState, Facts, RefundState, Terminal};

/// Response code of what was declined, for no reason that is told.
const FAILED: &str = "AS100";

/// A field as it is written.
pub type Field = (&'static str, String);

/// An order as it is shown.
pub struct View {
    /// Its fields, in the order of the manual's DTD.
    pub fields: Vec<Field>,
    /// Its operations, the earliest first.
    pub operations: Vec<Operation>,
    /// Who it is shown to, and the word they share with Assist.
    merchant: String,
    secret: String,
}

/// An operation as it is shown.
#[derive(Debug, Clone)]
pub struct Operation {
    kind: OperationType,
    refund: Option<String>,
    /// Its fields, in the order of the manual's DTD.
    pub fields: Vec<Field>,
}

/// One thing that was done, before it is put in words.
struct Deed {
    kind: OperationType,
    amount: Money,
    response: &'static str,
    at: Timestamp,
    refund: Option<String>,
    points: bool,
}

/// A time in GMT, as Assist writes it.
pub fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%d.%m.%Y %H:%M:%S").to_string()
}

/// The state of an order.
pub fn state(deal: &Deal, facts: &Facts) -> OrderState {
    match facts.state {
        DealState::Open | DealState::Challenge | DealState::Processing => OrderState::InProcess,
        DealState::Held => OrderState::Delayed,
        DealState::Captured if facts.captured != deal.amount => OrderState::PartialDelayed,
        DealState::Captured => OrderState::Approved,
        DealState::PartlyRefunded => OrderState::PartialCanceled,
        DealState::Voided | DealState::Refunded => OrderState::Canceled,
        DealState::Declined if facts.reason == Some(DeclineReason::TimedOut) => OrderState::Timeout,
        DealState::Declined => OrderState::Declined,
    }
}

const fn response(reason: Option<DeclineReason>) -> &'static str {
    match reason {
        Some(DeclineReason::InsufficientFunds) => "AS102",
        Some(DeclineReason::CardBlocked) => "AS108",
        _ => FAILED,
    }
}

fn deeds(deal: &Deal, facts: &Facts) -> Vec<Deed> {
    let deed = |kind, amount, response, at| Deed { kind, amount, response, at, refund: None, points: false };
    let mut found = Vec::new();
    match (facts.state, facts.authorized_at) {
        (DealState::Processing, _) => {
            found.push(deed(OperationType::Payment, deal.amount, UNDER_WAY, facts.changed_at));
        }
        (DealState::Declined, _) if facts.reason != Some(DeclineReason::TimedOut) => {
            found.push(deed(OperationType::Payment, deal.amount, response(facts.reason), facts.changed_at));
        }
        (_, Some(at)) => {
            let money = deal.amount.minus(facts.points).unwrap_or(deal.amount);
            found.push(deed(OperationType::Payment, money, DONE, at));
            if facts.points.is_positive() {
                found.push(Deed { points: true, ..deed(OperationType::Payment, facts.points, DONE, at) });
            }
        }
        _ => {}
    }
    if let Some(at) = facts.captured_at.filter(|_| deal.stages == Stages::Two) {
        // Of points nothing is confirmed: they were taken with the hold.
        let money = facts.captured.minus(facts.points).unwrap_or(facts.captured);
        found.push(deed(OperationType::Charge, money, DONE, at));
    }
    // Money goes back before points do.
    let mut money = deal.amount.minus(facts.points).unwrap_or(deal.amount);
    let mut back = |amount: Money, response, at, refund: Option<String>| {
        let moved = amount.at_most(money).unwrap_or(amount);
        let points = amount.minus(moved).unwrap_or_else(|_| amount.zero());
        if response != FAILED {
            money = money.minus(moved).unwrap_or(money);
        }
        if moved.is_positive() || !points.is_positive() {
            found.push(Deed { refund: refund.clone(), ..deed(OperationType::Cancel, moved, response, at) });
        }
        if points.is_positive() {
            found.push(Deed { refund, points: true, ..deed(OperationType::Cancel, points, response, at) });
        }
    };
    if facts.state == DealState::Voided {
        back(deal.amount, DONE, facts.changed_at, None);
    }
    for refund in &facts.refunds {
        let response = match refund.state {
            RefundState::Done => DONE,
            RefundState::Pending => UNDER_WAY,
            RefundState::Declined | RefundState::Cancelled => FAILED,
        };
        back(refund.amount, response, refund.at, Some(refund.id.clone()));
    }
    found
}

/// What a response code means, to the shop and to the buyer.
fn words(response: &str, english: bool) -> (&'static str, &'static str) {
    match (response, english) {
        (DONE, true) => ("Completed", "Completed"),
        (DONE, false) => ("Выполнено", "Выполнено"),
        (UNDER_WAY, true) => ("In progress", "Please wait"),
        (UNDER_WAY, false) => ("Выполняется", "Подождите"),
        ("AS102", true) => ("Declined: not enough money", "Your bank declined the payment"),
        ("AS102", false) => ("Отказ: недостаточно средств", "Ваш банк отклонил платёж"),
        (_, true) => ("Declined", "Your bank declined the payment"),
        (_, false) => ("Отказ", "Ваш банк отклонил платёж"),
    }
}

impl View {
    /// An order as it stands. `at`: when it is told.
    pub fn new(terminal: &Terminal, deal: &Deal, at: Timestamp, english: bool) -> Self {
        let facts = deal.facts();
        let amount = deal.amount.to_decimal().to_string();
        let currency = deal.amount.currency().code().to_owned();
        let state = state(deal, &facts).word();
        let merchant = terminal.credentials.of("merchant_id").to_owned();
        let secret = terminal.credentials.of("secret").to_owned();
        let text = wire::result_text(&merchant, &deal.number, &amount, &currency, state);
        let word = |name: &str| deal.words.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let fields = vec![
            ("ordernumber", deal.number.clone()),
            ("billnumber", deal.reference.clone()),
            ("testmode", "1".to_owned()),
            ("ordercomment", deal.description.clone()),
            ("orderamount", amount),
            ("ordercurrency", currency),
            ("firstname", word("firstname")),
            ("lastname", word("lastname")),
            ("middlename", word("middlename")),
            ("email", word("email")),
            ("orderdate", moment(deal.created_at)),
            ("orderstate", state.to_owned()),
            ("packetdate", moment(at)),
            ("signature", String::new()),
            ("checkvalue", wire::check_value(&secret, &text)),
        ];
        let deeds = deeds(deal, &facts).into_iter().enumerate();
        let operations = deeds.map(|(index, deed)| operation(deal, &facts, index, deed, english)).collect();
        Self { fields, operations, merchant, secret }
    }

    /// The first operation of a kind.
    pub fn first(&self, kind: OperationType) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.kind == kind)
    }

    /// The last operation of a kind.
    pub fn last(&self, kind: OperationType) -> Option<&Operation> {
        self.operations.iter().rev().find(|operation| operation.kind == kind)
    }

    /// The operation of a refund.
    pub fn refund(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.refund.as_deref() == Some(id))
    }

    /// The order and one of its operations as one list: what answers to commands and notifications are.
    pub fn flat(&self, operation: &Operation) -> Vec<Field> {
        let own = |name: &&'static str| operation.fields.iter().all(|(found, _)| found != name);
        let order = self.fields.iter().filter(|(name, _)| own(name));
        order.chain(&operation.fields).cloned().collect()
    }

    /// A notification of an operation by POST: its check value is over the operation's amount, not the order's.
    pub fn notification(&self, operation: &Operation) -> Vec<Field> {
        let mut fields = vec![("merchant_id", self.merchant.clone())];
        fields.extend(self.flat(operation));
        let of = |name: &str| fields.iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value.as_str());
        let text = wire::result_text(&self.merchant, of("ordernumber"), of("amount"), of("currency"), of("orderstate"));
        let sum = wire::check_value(&self.secret, &text);
        if let Some((_, found)) = fields.iter_mut().find(|(found, _)| *found == "checkvalue") {
            *found = sum;
        }
        fields
    }
}

fn operation(deal: &Deal, facts: &Facts, index: usize, deed: Deed, english: bool) -> Operation {
    let (message, customer) = words(deed.response, english);
    let done = deed.response == DONE;
    let card = facts.card.as_ref().filter(|_| !deed.points);
    let checked = facts.reason == Some(DeclineReason::AuthenticationFailed);
    let mean = match (deed.points, deal.method) {
        (true, _) => "Discount",
        (false, Method::Sbp) => "FastPay",
        (false, _) => card.map_or("", |card| card.scheme),
    };
    let expiry = card.and_then(|card| card.expiry.split_once('/'));
    let expiry = expiry.map(|(year, month)| format!("{month}/{}", year.get(2..).unwrap_or_default()));
    let state = if done {
        "Success"
    } else if deed.response == UNDER_WAY {
        "In Process"
    } else {
        "Declined"
    };
    let fields = vec![
        ("billnumber", format!("{}.{}", deal.reference, index.saturating_add(1))),
        ("operationtype", deed.kind.number().to_owned()),
        ("operationstate", state.to_owned()),
        ("amount", deed.amount.to_decimal().to_string()),
        ("currency", deed.amount.currency().code().to_owned()),
        ("rate", "1".to_owned()),
        ("clientip", "127.0.0.1".to_owned()),
        ("ipaddress", "127.0.0.1".to_owned()),
        ("meantypename", mean.to_owned()),
        ("meansubtype", String::new()),
        ("meannumber", card.map(|card| card.pan_masked.clone()).unwrap_or_default()),
        ("cardholder", card.map(|card| card.holder.to_owned()).unwrap_or_default()),
        ("cardexpirationdate", expiry.unwrap_or_default()),
        ("issuebank", "TEST BANK".to_owned()),
        ("bankcountry", if english { "Russia" } else { "Россия" }.to_owned()),
        ("responsecode", deed.response.to_owned()),
        ("message", message.to_owned()),
        ("customermessage", customer.to_owned()),
        ("recommendation", String::new()),
        ("approvalcode", if done { "000001" } else { "" }.to_owned()),
        ("protocoltypename", "NET".to_owned()),
        ("processingname", "Fake".to_owned()),
        ("operationdate", moment(deed.at)),
        ("authresult", if checked { "N" } else { "" }.to_owned()),
        ("authrequired", if checked { "1" } else { "0" }.to_owned()),
        ("slipno", String::new()),
    ];
    Operation { kind: deed.kind, refund: deed.refund, fields }
}
