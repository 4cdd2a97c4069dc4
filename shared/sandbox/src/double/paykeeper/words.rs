//! A payment in `PayKeeper`'s words.

use connectors::bank::paykeeper::translate::{form, md5_of, roubles};
use domain::acquiring::{Method, Stages};
use domain::money::{Currency, Money};
use domain::order::DeclineReason;
use domain::time::{MOSCOW, Timestamp, plus_seconds};
use serde_json::{Value, json};

use super::super::{Card, Deal, DealState, Facts, RefundState};

/// The cabinet's payment systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Cards, captured at once.
    Card,
    /// Cards, authorized only.
    CardHold,
    /// СБП.
    Sbp,
}

impl System {
    /// All.
    pub const ALL: [Self; 3] = [Self::Card, Self::CardHold, Self::Sbp];

    /// Its id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Card => "11",
            Self::CardHold => "12",
            Self::Sbp => "13",
        }
    }

    /// The `pstype` that leads to it.
    pub const fn pstype(self) -> &'static str {
        match self {
            Self::Card => "card_default",
            Self::CardHold => "card_hold",
            Self::Sbp => "sbp_default",
        }
    }

    /// By what means it takes money.
    pub const fn method(self) -> Method {
        match self {
            Self::Card | Self::CardHold => Method::Card,
            Self::Sbp => Method::Sbp,
        }
    }

    const fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Card => ("Банковские карты", "Тестовый эквайринг"),
            Self::CardHold => ("Банковские карты", "Тестовый эквайринг, два этапа"),
            Self::Sbp => ("СБП", "Тестовая СБП"),
        }
    }

    /// The system a `pstype` leads to; cards when nothing is said.
    pub fn of(pstype: &str) -> Option<Self> {
        match pstype {
            "" => Some(Self::Card),
            _ => Self::ALL.into_iter().find(|system| system.pstype() == pstype),
        }
    }

    fn of_deal(deal: &Deal) -> Self {
        let id = word(deal, "system");
        Self::ALL.into_iter().find(|system| system.id() == id).unwrap_or(Self::Card)
    }

    /// An element of `/info/systems/list/`.
    pub fn listed(self) -> Value {
        let (site, system) = self.describe();
        json!({ "id": self.id(), "site_description": site, "system_description": system })
    }
}

/// What `service_name` says: a text, or JSON with where the buyer goes afterwards and in what language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// The service's name.
    pub name: String,
    /// Where the buyer is sent afterwards.
    pub back: String,
    /// `ru` or `en`.
    pub lang: String,
}

impl Service {
    /// Reads it.
    pub fn read(text: &str) -> Self {
        let Ok(Value::Object(said)) = serde_json::from_str(text) else {
            return Self { name: text.to_owned(), ..Self::default() };
        };
        let of = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { name: of("service_name"), back: of("user_result_callback"), lang: of("lang") }
    }
}

/// One of the words a payment was asked for in.
pub fn word<'a>(deal: &'a Deal, name: &str) -> &'a str {
    deal.words.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// One field of a form.
pub fn field(form: &str, name: &str) -> String {
    let found = connectors::bank::paykeeper::translate::pairs(form.as_bytes()).find(|(found, _)| found == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// An amount somebody has written: roubles with at most two decimals, more than nothing.
pub fn amount(text: &str) -> Option<Money> {
    Money::parse_major(text.trim(), Currency::RUB).ok().filter(|amount| amount.is_positive())
}

/// A moment as it is written.
pub fn moscow(at: Timestamp) -> String {
    MOSCOW.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn moscow_or_null(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::String(moscow(at)))
}

/// Reads a moment; a day alone lasts until its end.
pub fn until(text: &str) -> Option<Timestamp> {
    let whole = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok();
    let end = || text.parse::<jiff::civil::Date>().ok().map(|date| date.at(23, 59, 59, 0));
    whole.or_else(end).and_then(|at| MOSCOW.to_timestamp(at).ok())
}

/// Whether money was taken or held, whatever became of it.
pub const fn took_money(facts: &Facts) -> bool {
    facts.authorized_at.is_some()
}

/// The state of a payment; nothing while the buyer has not begun to pay.
pub fn status(deal: &Deal, facts: &Facts) -> Option<&'static str> {
    let gone = gone(deal, facts);
    Some(match facts.state {
        DealState::Open => return None,
        DealState::Challenge | DealState::Processing => "pending",
        // Withdrawn, or nobody came.
        DealState::Declined if deal.notes.contains_key("withdrawn") => return None,
        DealState::Declined if facts.reason == Some(DeclineReason::TimedOut) && deal.card().is_none() => return None,
        DealState::Declined if facts.reason == Some(DeclineReason::CancelledByBuyer) => "canceled",
        DealState::Declined => "failed",
        DealState::Voided if !deal.notes.contains_key("let_go") => "canceled", // the bank let it go by itself
        _ if facts.refunds.iter().any(|refund| refund.state == RefundState::Pending) => "refunding",
        _ if gone == deal.amount => "refunded",
        _ if gone.is_positive() => "partially_refunded",
        // «Совершён без оповещения»: it gave up telling, or there was nobody to tell.
        _ if deal.card() == Some(Card::Silent) => "stuck",
        _ if deal.calls.due().is_some() => "obtained",
        _ => "success",
    })
}

/// What went back or was let go.
fn gone(deal: &Deal, facts: &Facts) -> Money {
    let sum = |sum: Money, back: &Back| if back.status == "done" { sum.plus(back.amount).unwrap_or(sum) } else { sum };
    backs(deal, facts).iter().fold(deal.amount.zero(), sum)
}

/// Something that went back, as `/info/refunds/bypaymentid/` names it.
struct Back {
    amount: Money,
    status: &'static str,
    at: Timestamp,
}

fn backs(deal: &Deal, facts: &Facts) -> Vec<Back> {
    let mut found = Vec::new();
    // What was let go of a hold: all of it, or what a partial reverse did not capture.
    let let_go = deal.amount.minus(facts.captured).ok().filter(|rest| rest.is_positive());
    if let (Stages::Two, Some(rest)) = (deal.stages, let_go)
        && matches!(
            facts.state,
            DealState::Voided | DealState::Captured | DealState::PartlyRefunded | DealState::Refunded
        )
    {
        let at = facts.captured_at.unwrap_or(facts.changed_at);
        found.push(Back { amount: rest, status: "done", at });
    }
    found.extend(facts.refunds.iter().map(|refund| {
        let status = match refund.state {
            RefundState::Pending => "started",
            RefundState::Done => "done",
            RefundState::Declined | RefundState::Cancelled => "failed",
        };
        Back { amount: refund.amount, status, at: refund.at }
    }));
    found
}

/// When it was captured. A whole capture is over a second before anybody can ask for a refund of it; a partial reverse captures
/// in the same moment.
fn batch_date(deal: &Deal, facts: &Facts) -> Option<Timestamp> {
    let whole = facts.captured == deal.amount;
    facts.captured_at.map(|at| plus_seconds(at, if whole { -1 } else { 0 }))
}

/// A payment as `/info/payments/…` name it; nothing while there is none.
pub fn payment(deal: &Deal, advanced: bool) -> Option<Value> {
    let facts = deal.facts();
    let status = status(deal, &facts)?;
    let system = System::of_deal(deal);
    let (site, description) = system.describe();
    let told = facts.authorized_at.filter(|_| status != "obtained");
    let mut row = json!({
        "id": deal.reference,
        "pay_amount": roubles(deal.amount),
        "refund_amount": roubles(gone(deal, &facts)),
        "clientid": word(deal, "clientid"),
        "orderid": word(deal, "orderid"),
        "payment_system_id": system.id(),
        "unique_id": format!("PK{}", deal.reference),
        "status": status,
        "repeat_counter": "0",
        "pending_datetime": moscow(deal.created_at),
        "obtain_datetime": moscow_or_null(facts.authorized_at),
        "success_datetime": moscow_or_null(told),
        "site_description": site,
        "system_description": description,
    });
    if let (true, Some(row)) = (advanced, row.as_object_mut()) {
        row.insert("BATCH_DATE".to_owned(), moscow_or_null(batch_date(deal, &facts)));
        if let Some(card) = &facts.card {
            row.insert("CARD_NUMBER".to_owned(), card.pan_masked.clone().into());
            row.insert("CARD_EXPIRY".to_owned(), card.expiry.into());
            row.insert("CARD_HOLDER".to_owned(), card.holder.into());
        }
        if let Some(binding) = &facts.binding {
            row.insert("BANK_ID".to_owned(), binding.clone().into());
        }
    }
    Some(row)
}

/// Its refunds.
pub fn refunds(deal: &Deal) -> Vec<Value> {
    let row = |(index, back): (usize, &Back)| {
        json!({
            "id": format!("{}", index + 1),
            "payment_id": deal.reference,
            "amount": roubles(back.amount),
            "status": back.status,
            "datetime": moscow(back.at),
            "user": deal.merchant,
        })
    };
    backs(deal, &deal.facts()).iter().enumerate().map(row).collect()
}

/// A notification's body.
pub fn notification(deal: &Deal, secret: &str) -> String {
    let facts = deal.facts();
    let sum = roubles(deal.amount);
    let (id, client, order) = (deal.reference.as_str(), word(deal, "clientid"), word(deal, "orderid"));
    let key = md5_of(&[id, &sum, client, order], secret);
    let batch = batch_date(deal, &facts).map(moscow).unwrap_or_default();
    // Told before the machine has written the means down; it does so before anybody hears of them.
    let saved = (deal.save && deal.customer.is_some()).then(|| deal.token().to_owned());
    let bank_id = saved.or(facts.binding).unwrap_or_default();
    let (number, expiry, holder) =
        facts.card.map_or((String::new(), "", ""), |card| (card.pan_masked, card.expiry, card.holder));
    form([
        ("id", id),
        ("sum", &sum),
        ("clientid", client),
        ("orderid", order),
        ("key", &key),
        ("service_name", word(deal, "service_name")),
        ("client_email", word(deal, "client_email")),
        ("client_phone", word(deal, "client_phone")),
        ("ps_id", System::of_deal(deal).id()),
        ("batch_date", &batch),
        ("fop_receipt_key", ""),
        ("bank_id", &bank_id),
        ("card_number", &number),
        ("card_expiry", expiry),
        ("card_holder", holder),
    ])
}

/// JSON as the vendor's server writes it: nothing beyond ASCII, slashes escaped. Clients compare its bytes.
pub fn json_text(value: &Value) -> String {
    let written = |character: char| match character {
        '/' => "\\/".to_owned(),
        c if c.is_ascii() => c.to_string(),
        c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat(),
    };
    value.to_string().chars().map(written).collect()
}

/// Whether a refund takes from what can go back.
pub const fn counts(state: RefundState) -> bool {
    matches!(state, RefundState::Pending | RefundState::Done)
}
