//! The conversation with T-Bank.

use async_trait::async_trait;
use bytes::Bytes;
use domain::acquiring::{Credentials, Method, Return, SavedMeans, Stages, Standing};
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::Timestamp;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::token;
use super::translate::{self, Initiator, No, Seen};
use super::wire::{Answer, Card, Cards, CheckOrder, Loose, OfCustomer, OfPayment, Order, OrderPayment};
use crate::bank::{
    Bank, BankError, Callback, CallbackAnswer, CallbackError, CaptureRequest, ChargeRequest, Charged, Incoming, Known,
    PaymentRequest, Question, Registered, ReturnRequest, Show,
};
use crate::http::{Http, HttpError, Request, Response};
use crate::nspk;
use crate::peer::{Malformed, accepted, read};

/// What the bank wants to hear: exactly this, or it tells again (1.8, section 4.2).
const HEARD: &str = "OK";
/// Names the payment in the address of its notifications: one of a bound account names no payment.
const PAYMENT: &str = "payment=";

/// T-Bank, as one terminal speaks to it.
#[derive(Clone)]
pub struct TbankBank {
    address: String,
    terminal_key: String,
    password: String,
}

impl std::fmt::Debug for TbankBank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TbankBank")
            .field("address", &self.address)
            .field("terminal_key", &self.terminal_key)
            .finish_non_exhaustive()
    }
}

/// What the bank says instead of an outcome.
#[derive(Debug, thiserror::Error)]
enum Said {
    #[error("the bank answered with its error {0}")]
    Error(String),
    #[error("the answer is no JSON")]
    NoJson,
    #[error("the payment is known already, and the address of its form was told once only")]
    NoForm,
}

/// A payment after `Init`.
enum Opened {
    /// Made now.
    New { id: String, form: Option<String> },
    /// Made before, under the same number.
    Before(OrderPayment),
}

impl TbankBank {
    /// The bank at `address`; no request carries the time, so `_now` is not looked at.
    pub fn new(address: &str, credentials: &Credentials, _now: Timestamp) -> Self {
        Self {
            address: address.trim_end_matches('/').to_owned(),
            terminal_key: credentials.of("terminal_key").to_owned(),
            password: credentials.of("password").to_owned(),
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        http: &dyn Http,
        method: &str,
        body: &impl Serialize,
    ) -> Result<T, BankError> {
        let body = token::signed(body, &self.password).map_err(|error| BankError::NotSent(Box::new(error)))?;
        let request = Request {
            method: ::http::Method::POST,
            url: format!("{}/v2/{method}", self.address),
            headers: vec![("content-type", "application/json".to_owned())],
            body: Bytes::from(body),
            partner_given: false,
        };
        let response = http.send(request).await.map_err(|error| match error {
            HttpError::NotSent(_) => BankError::NotSent(Box::new(error)),
            HttpError::Unknown(_) => BankError::Unknown(Box::new(error)),
        })?;
        // Errors come with 200; whoever answers otherwise stands before the bank, unless the body speaks for itself.
        let Response { status, body, .. } = &response;
        if !(400..500).contains(status) || read::<Answer>(body).is_err() {
            accepted(&response)?;
        }
        if serde_json::from_slice::<IgnoredAny>(body).is_err() {
            return Err(BankError::Unknown(Box::new(Said::NoJson)));
        }
        Ok(read(body)?)
    }

    fn of_payment(&self, payment_id: &str) -> OfPayment {
        OfPayment { terminal_key: self.terminal_key.clone(), payment_id: payment_id.to_owned(), ..OfPayment::default() }
    }

    fn of_customer(&self, customer: &str, card_id: Option<String>) -> OfCustomer {
        OfCustomer { terminal_key: self.terminal_key.clone(), customer_key: customer.to_owned(), card_id }
    }

    /// A buyer's cards, removed ones too (1.8, section 5.7).
    async fn cards(&self, http: &dyn Http, customer: &str) -> Result<Vec<Card>, BankError> {
        match self.call(http, "GetCardList", &self.of_customer(customer, None)).await? {
            Cards::List(cards) => Ok(cards),
            // The bank knows no such buyer: then it keeps nothing of theirs.
            Cards::No(answer) if matches!(answer.error_code.text().as_str(), "7" | "503") => Ok(Vec::new()),
            Cards::No(answer) => Err(said(&answer).map_or_else(no_list, |(_, error)| error)),
        }
    }

    /// Holds an answer to what it must be about.
    fn about(&self, answer: &Answer, number: &str, payment_id: Option<&str>) -> Result<(), Malformed> {
        let wrong = |found: Option<&Loose>, wanted: &str| found.is_some_and(|found| found.text() != wanted);
        if answer.terminal_key.as_ref().is_some_and(|key| *key != self.terminal_key) {
            return Err(Malformed::at("/TerminalKey", "the terminal that asked"));
        }
        if wrong(answer.order_id.as_ref(), number) {
            return Err(Malformed::at("/OrderId", "the number that was asked about"));
        }
        if payment_id.is_some_and(|id| wrong(answer.payment_id.as_ref(), id)) {
            return Err(Malformed::at("/PaymentId", "the payment that was asked about"));
        }
        Ok(())
    }

    /// The payments under a number come down to one: that which took money, else the last that still may, else the last.
    async fn find(&self, http: &dyn Http, number: &str) -> Result<Option<OrderPayment>, BankError> {
        let body = CheckOrder { terminal_key: self.terminal_key.clone(), order_id: number.to_owned() };
        let Order { answer, payments } = self.call(http, "CheckOrder", &body).await?;
        match said(&answer) {
            None => {}
            // «Заказ не найден» is said with 7 as well, which otherwise is about customers.
            Some((No::NotFound, _)) => return Ok(None),
            Some((_, BankError::Refused { code, .. })) if code == "7" => return Ok(None),
            Some((_, error)) => return Err(error),
        }
        self.about(&answer, number, None)?;
        let rank = |payment: &OrderPayment| match Seen::in_order(payment).state(None) {
            Ok(Some(BankState::Declined(_))) => 0,
            Ok(Some(BankState::Pending)) => 1,
            _ => 2,
        };
        if payments.iter().filter(|payment| rank(payment) == 2).count() > 1 {
            return Err(Malformed::at("/Payments", "one payment that took money").into());
        }
        Ok(payments.into_iter().max_by_key(rank))
    }

    /// The bank's own id of a payment.
    async fn id(&self, http: &dyn Http, payment: &Known) -> Result<String, BankError> {
        match &payment.reference {
            Some(id) => Ok(id.clone()),
            None => match self.find(http, &payment.number).await? {
                Some(found) => Ok(found.payment_id.text()),
                None => Err(refused("255", "the bank knows no payment of this number")),
            },
        }
    }

    /// Looks a payment up; nothing where the bank has never heard of it.
    async fn look(&self, http: &dyn Http, number: &str, payment_id: &str) -> Result<Option<Answer>, BankError> {
        let answer: Answer = self.call(http, "GetState", &self.of_payment(payment_id)).await?;
        match said(&answer) {
            None => {}
            Some((No::NotFound, _)) => return Ok(None),
            // A declined payment is looked up well, though its own error is told.
            Some(_) if answer.status.is_some() => {}
            Some((_, error)) => return Err(error),
        }
        self.about(&answer, number, Some(payment_id))?;
        Ok(Some(answer))
    }

    /// How a payment stands, after a command that it was in no state for.
    async fn stands(&self, http: &dyn Http, payment: &Known, payment_id: &str) -> Result<BankReport, BankError> {
        let Some(answer) = self.look(http, &payment.number, payment_id).await? else {
            return Ok(translate::report(payment_id, BankState::NotFound));
        };
        let seen = Seen::of(&answer)?;
        let mut state = known_state(seen, whole(payment))?;
        // `GetState` tells that a payment was declined, `CheckOrder` tells why.
        if seen.status == "REJECTED"
            && state == BankState::Declined(DeclineReason::Other)
            && let Some(found) = self.find(http, &payment.number).await?
            && found.payment_id.text() == payment_id
            && let told @ BankState::Declined(_) = known_state(Seen::in_order(&found), whole(payment))?
        {
            state = told;
        }
        Ok(translate::report(payment_id, state))
    }

    async fn open(&self, http: &dyn Http, request: &PaymentRequest, initiator: Initiator) -> Result<Opened, BankError> {
        let mut body = translate::init(&self.terminal_key, request, initiator);
        if request.save && request.method == Method::Sbp {
            let joint = if body.notification_url.contains('?') { '&' } else { '?' };
            body.notification_url = format!("{}{joint}{PAYMENT}{}", body.notification_url, request.number);
        }
        let answer: Answer = self.call(http, "Init", &body).await?;
        match said(&answer) {
            None => {}
            Some((No::State, error)) => {
                let before = self.find(http, &request.number).await?;
                let same = |found: &OrderPayment| {
                    found.amount.as_ref().is_none_or(|amount| amount.minor() == Some(request.amount.minor()))
                };
                // What went back changes the amount, so it is only held against what has not been paid yet.
                let unpaid = |found: &OrderPayment| matches!(found.status.as_str(), "NEW" | "FORM_SHOWED");
                return match before {
                    Some(found) if !unpaid(&found) || same(&found) => Ok(Opened::Before(found)),
                    _ => Err(error),
                };
            }
            Some((_, error)) => return Err(error),
        }
        self.about(&answer, &request.number, None)?;
        if answer.amount.as_ref().is_some_and(|amount| amount.minor() != Some(request.amount.minor())) {
            return Err(Malformed::at("/Amount", "the amount that was registered").into());
        }
        let id = answer.payment_id.as_ref().map(Loose::text).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Malformed::at("/PaymentId", "the payment's id"))?;
        Ok(Opened::New { id, form: answer.payment_url })
    }

    /// The link of a payment by the СБП (1.8, section 3.2).
    async fn link(&self, http: &dyn Http, number: &str, payment_id: String) -> Result<Registered, BankError> {
        let body = OfPayment { data_type: Some("PAYLOAD"), ..self.of_payment(&payment_id) };
        let answer: Answer = self.call(http, "GetQr", &body).await?;
        if let Some((_, error)) = said(&answer) {
            return Err(error);
        }
        self.about(&answer, number, Some(&payment_id))?;
        match answer.data.as_ref().and_then(serde_json::Value::as_str) {
            Some(link) if nspk::read(link).is_ok() => {
                Ok(Registered { reference: payment_id, show: Show::Sbp(link.to_owned()) })
            }
            _ => Err(Malformed::at("/Data", "a link of the СБП, whole").into()),
        }
    }

    /// A card payment of this number is there, and the address of its form was told once. While nobody has seen the form it is
    /// cancelled, so that no second one stays open beside the next; otherwise it is left to be asked about.
    async fn shut(&self, http: &dyn Http, number: &str, found: &OrderPayment) -> Result<Registered, BankError> {
        let id = found.payment_id.text();
        let gone = match found.status.as_str() {
            "NEW" => {
                let answer: Answer = self.call(http, "Cancel", &self.of_payment(&id)).await?;
                if let Some((_, error)) = said(&answer) {
                    return Err(error);
                }
                self.about(&answer, number, Some(&id))?;
                answer.status.as_deref() == Some("CANCELED")
            }
            "CANCELED" | "REJECTED" | "AUTH_FAIL" | "DEADLINE_EXPIRED" | "ATTEMPTS_EXPIRED" => true,
            _ => false,
        };
        if gone {
            return Err(refused("8", "the number was used before, and that payment was not paid"));
        }
        Err(BankError::Unknown(Box::new(Said::NoForm)))
    }

    /// What is already known of a return by the СБП, which the bank does not recognise when it is repeated. Nothing while all
    /// that stood before still stands.
    async fn returned(
        &self,
        http: &dyn Http,
        request: &ReturnRequest,
        payment_id: &str,
    ) -> Result<Option<BankReport>, BankError> {
        let number = &request.payment.number;
        let Some(answer) = self.look(http, number, payment_id).await? else {
            return Err(refused("255", "the bank knows no such payment"));
        };
        let seen = Seen::of(&answer)?;
        let left = match seen.status {
            "CONFIRMED" | "PARTIAL_REFUNDED" => seen.left()?,
            "REFUNDED" => Money::rub(0),
            _ => return Ok(Some(translate::report(payment_id, known_state(seen, whole(&request.payment))?))),
        };
        if left == request.standing {
            return Ok(None);
        }
        let state = if request.standing.minus(request.amount) == Ok(left) {
            BankState::Succeeded(request.amount)
        } else {
            known_state(seen, whole(&request.payment))?
        };
        Ok(Some(translate::report(payment_id, state)))
    }

    /// What came of a `Cancel` (1.8, tables 2.10.1 and 2.10.3).
    fn cancelled(answer: &Answer, request: &ReturnRequest) -> Result<BankState, Malformed> {
        let seen = Seen::of(answer)?;
        let (original, left) = (answer.original_amount.as_ref(), answer.new_amount.as_ref());
        let minor = |field: Option<&Loose>| field.and_then(Loose::minor);
        let voided = match seen.status {
            "REVERSED" | "PARTIAL_REVERSED" => true,
            "REFUNDED" | "PARTIAL_REFUNDED" => false,
            "CANCELED" => return Ok(BankState::Declined(DeclineReason::Other)),
            // The same request again, and nothing went back or is about to: it is told below what that means.
            "CONFIRMED" if request.kind != Return::Void && left.is_some() && minor(original) == minor(left) => false,
            // The same request again, and it is not through.
            _ => return Ok(BankState::Pending),
        };
        if voided != (request.kind == Return::Void) {
            // The payment was captured, or let go, in between: what the bank did was another thing than we meant.
            let zero = Money::rub(0);
            if voided {
                let held = Money::rub(minor(left).unwrap_or(0));
                return Ok(BankState::Stands(Standing { held, captured: zero, refunded: zero }));
            }
            let (Some(original), Some(left)) = (minor(original), minor(left)) else {
                return Err(Malformed::at("/NewAmount", "whole kopecks"));
            };
            let (captured, refunded) = (Money::rub(original), Money::rub(original.saturating_sub(left)));
            return Ok(BankState::Stands(Standing { held: zero, captured, refunded }));
        }
        let wanted = request.standing.minor().saturating_sub(request.amount.minor());
        let moved = minor(original).zip(minor(left)).map(|(original, left)| original.saturating_sub(left));
        if moved == Some(request.amount.minor()) || minor(left).is_none_or(|left| left <= wanted) {
            return Ok(BankState::Succeeded(request.amount));
        }
        // A repeated request is answered with how the payment stands: an earlier return's state is not this one's. Of a refund
        // under way the state would say so (1.8, table 2.11.3).
        let repeated = request.kind != Return::Void && moved.is_none_or(|moved| moved == 0);
        match minor(left).map(Money::rub) {
            Some(left) if repeated && left == request.standing => {
                // The bank has taken it back, and under this number will do nothing more.
                Ok(BankState::Declined(DeclineReason::Other))
            }
            Some(left) if repeated => {
                let captured = whole(&request.payment);
                let refunded = captured.minus(left).map_err(|_| Malformed::at("/NewAmount", "roubles"))?;
                Ok(BankState::Stands(Standing { held: left.zero(), captured, refunded }))
            }
            _ => Ok(BankState::Pending),
        }
    }
}

#[async_trait]
impl Bank for TbankBank {
    async fn register(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Registered, BankError> {
        let sbp = request.method == Method::Sbp;
        can_take(request)?;
        let initiator = if request.save { Initiator::BuyerSaves } else { Initiator::Buyer };
        match self.open(http, request, initiator).await? {
            Opened::New { id, .. } if sbp => self.link(http, &request.number, id).await,
            Opened::New { id, form: Some(form) } if form.starts_with("https://") || form.starts_with("http://") => {
                Ok(Registered { reference: id, show: Show::Page(form) })
            }
            Opened::New { .. } => Err(Malformed::at("/PaymentURL", "an absolute http(s) URL").into()),
            Opened::Before(found) if sbp && matches!(found.status.as_str(), "NEW" | "FORM_SHOWED") => {
                self.link(http, &request.number, found.payment_id.text()).await
            }
            Opened::Before(found) => self.shut(http, &request.number, &found).await,
        }
    }

    async fn charge(&self, http: &dyn Http, request: &ChargeRequest) -> Result<Charged, BankError> {
        let payment = &request.payment;
        can_take(payment)?;
        let initiator = if request.buyer_present { Initiator::BuyerWithSaved } else { Initiator::Shop };
        let whole = payment.amount;
        let charged = |id: &str, state| {
            // In one stage a charge is held for a moment before it is captured.
            let held = matches!(state, BankState::Stands(standing) if standing.held.is_positive());
            let state = if held && payment.stages == Stages::One { BankState::Pending } else { state };
            Ok(Charged { report: translate::report(id, state), page: None })
        };
        let id = match self.open(http, payment, initiator).await? {
            Opened::New { id, .. } => id,
            // Told before, and never charged.
            Opened::Before(found) if found.status == "NEW" => found.payment_id.text(),
            Opened::Before(found) => {
                return charged(&found.payment_id.text(), known_state(Seen::in_order(&found), whole)?);
            }
        };
        let (method, body) = if payment.method == Method::Sbp {
            ("ChargeQr", OfPayment { account_token: Some(request.token.clone()), ..self.of_payment(&id) })
        } else {
            let (rebill, _) = translate::halves(&request.token);
            ("Charge", OfPayment { rebill_id: Some(rebill.to_owned()), ..self.of_payment(&id) })
        };
        let answer: Answer = self.call(http, method, &body).await?;
        match said(&answer) {
            None => {}
            Some((No::Declined(reason), _)) => return charged(&id, BankState::Declined(reason)),
            Some((No::State, _)) => {
                let known = Known {
                    number: payment.number.clone(),
                    reference: Some(id.clone()),
                    amount: whole,
                    captured: None,
                    method: payment.method,
                    stages: payment.stages,
                };
                return charged(&id, self.stands(http, &known, &id).await?.state);
            }
            Some((_, error)) => return Err(error),
        }
        self.about(&answer, &payment.number, Some(&id))?;
        // `ChargeQr` says that it is under way in words of its own.
        let state = Seen::of(&answer)?.state(Some(whole))?.unwrap_or(BankState::Pending);
        charged(&id, state)
    }

    async fn ask(&self, http: &dyn Http, question: &Question) -> Result<BankReport, BankError> {
        let payment = &question.payment;
        match &payment.reference {
            Some(id) => self.stands(http, payment, id).await,
            None => match self.find(http, &payment.number).await? {
                None => Ok(BankReport::new(None, BankState::NotFound)),
                Some(found) => {
                    let state = known_state(Seen::in_order(&found), whole(payment))?;
                    Ok(translate::report(&found.payment_id.text(), state))
                }
            },
        }
    }

    async fn capture(&self, http: &dyn Http, request: &CaptureRequest) -> Result<BankReport, BankError> {
        let id = self.id(http, &request.payment).await?;
        let body = OfPayment { amount: Some(request.amount.minor()), ..self.of_payment(&id) };
        let answer: Answer = self.call(http, "Confirm", &body).await?;
        let state = match said(&answer) {
            None => {
                self.about(&answer, &request.payment.number, Some(&id))?;
                match answer.status.as_deref() {
                    Some("CONFIRMED") => BankState::Succeeded(request.amount),
                    _ => BankState::Pending,
                }
            }
            Some((No::Declined(reason), _)) => BankState::Declined(reason),
            Some((No::State, refusal)) => {
                let report = self.stands(http, &request.payment, &id).await?;
                match report.state {
                    BankState::Stands(standing) if standing.captured == request.amount => {
                        BankState::Succeeded(request.amount)
                    }
                    // Still held, and yet not to be captured: the hold has lapsed at the buyer's bank.
                    BankState::Stands(standing) if standing.held.is_positive() => return Err(refusal),
                    other => other,
                }
            }
            Some((_, error)) => return Err(error),
        };
        Ok(translate::report(&id, state))
    }

    async fn give_back(&self, http: &dyn Http, request: &ReturnRequest) -> Result<BankReport, BankError> {
        let id = self.id(http, &request.payment).await?;
        let sbp = request.payment.method == Method::Sbp;
        if sbp && let Some(report) = self.returned(http, request, &id).await? {
            return Ok(report);
        }
        let body = OfPayment {
            amount: Some(request.amount.minor()),
            external_request_id: (!sbp).then(|| request.number.clone()),
            ..self.of_payment(&id)
        };
        let answer: Answer = self.call(http, "Cancel", &body).await?;
        let state = match said(&answer) {
            None => {
                self.about(&answer, &request.payment.number, Some(&id))?;
                Self::cancelled(&answer, request)?
            }
            Some((No::Declined(reason), _)) => BankState::Declined(reason),
            Some((No::State, refusal)) => {
                let report = self.stands(http, &request.payment, &id).await?;
                // Nothing has moved, and nothing will.
                let same = match report.state {
                    BankState::Stands(Standing { held, captured, refunded }) => {
                        let standing = if request.kind == Return::Void { Ok(held) } else { captured.minus(refunded) };
                        standing == Ok(request.standing)
                    }
                    _ => false,
                };
                if same {
                    return Err(refusal);
                }
                report.state
            }
            Some((_, error)) => return Err(error),
        };
        Ok(translate::report(&id, state))
    }

    async fn forget(&self, http: &dyn Http, customer: &str, token: &str) -> Result<(), BankError> {
        let (rebill, _) = translate::halves(token);
        if rebill.is_empty() || !rebill.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused("unsupported", "a bound account can not be unbound by the shop"));
        }
        let cards = self.cards(http, customer).await?;
        let Some(card) = translate::named(&cards, token).filter(|card| card.status != "D") else {
            return Ok(());
        };
        let body = self.of_customer(customer, Some(card.card_id.text()));
        let answer: Answer = self.call(http, "RemoveCard", &body).await?;
        match said(&answer) {
            None => Ok(()),
            Some((_, error)) => Err(error),
        }
    }

    async fn kept(&self, http: &dyn Http, customer: &str) -> Result<Vec<SavedMeans>, BankError> {
        Ok(self.cards(http, customer).await?.iter().filter_map(translate::listed).collect())
    }

    fn answer_to_nothing(&self) -> CallbackAnswer {
        // Anything but this is repeated for a month.
        CallbackAnswer { content_type: Some("text/plain"), body: "OK".to_owned() }
    }

    fn callback(&self, _now: Timestamp, incoming: &Incoming) -> Result<Option<Callback>, CallbackError> {
        token::verify(&incoming.body, &self.password)?;
        let told: Answer = read(&incoming.body)?;
        if told.terminal_key.as_deref() != Some(self.terminal_key.as_str()) {
            return Err(Malformed::at("/TerminalKey", "this terminal").into());
        }
        let answer = CallbackAnswer { content_type: Some("text/plain"), body: HEARD.to_owned() };
        match told.notification_type.as_deref() {
            None => {}
            Some("LINKACCOUNT") => {
                // Signed, but the address it came to is not: all it can do is to attach this account to a payment of ours.
                let number = incoming.query.split('&').find_map(|pair| pair.strip_prefix(PAYMENT));
                let saved = translate::bound(&told).filter(|_| told.status.as_deref() == Some("ACTIVE"));
                return Ok(number.map(|number| Callback {
                    number: number.to_owned(),
                    report: BankReport { saved, ..BankReport::new(None, BankState::Pending) },
                    proven: true,
                    answer,
                }));
            }
            Some(_) => return Ok(None),
        }
        let number = told.order_id.as_ref().map(Loose::text).filter(|number| !number.is_empty());
        let number = number.ok_or_else(|| Malformed::at("/OrderId", "the payment's number"))?;
        let id = told.payment_id.as_ref().map(Loose::text).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Malformed::at("/PaymentId", "the payment's id"))?;
        let seen = Seen::of(&told)?;
        let state = seen.state(None)?;
        // A state that names what is left and not what went back, or none we know: the bank is asked.
        let proven = state.is_some();
        let report = BankReport {
            saved: translate::saved(&told),
            ..translate::report(&id, state.unwrap_or(BankState::Pending))
        };
        Ok(Some(Callback { number, report, proven, answer }))
    }
}

/// Refuses what the bank has no way for.
fn can_take(request: &PaymentRequest) -> Result<(), BankError> {
    let ways = [Method::Card, Method::Sbp, Method::TPay, Method::MirPay, Method::SberPay];
    if !ways.contains(&request.method) {
        return Err(refused("unsupported", "the bank has no such means"));
    }
    if request.method == Method::Sbp && request.stages == Stages::Two {
        return Err(refused("unsupported", "the СБП is paid in one stage"));
    }
    if request.amount.currency() != domain::money::Currency::RUB {
        return Err(refused("unsupported", "the bank takes roubles"));
    }
    Ok(())
}

/// What of a payment's money can be left: what is not left any more went back. The bank does not say what was captured.
fn whole(payment: &Known) -> Money {
    payment.captured.filter(|captured| captured.is_positive()).unwrap_or(payment.amount)
}

/// The state of a payment whose amount is known; one nobody has told us of is not an outcome.
fn known_state(seen: Seen<'_>, whole: Money) -> Result<BankState, Malformed> {
    seen.state(Some(whole))?.ok_or_else(|| Malformed::at("/Status", "a state of the protocol"))
}

/// What an answer says instead of an outcome: what it means, and the error it is where nothing else is known.
fn said(answer: &Answer) -> Option<(No, BankError)> {
    let code = answer.error_code.text();
    if answer.success.is_true() && code == "0" {
        return None;
    }
    let words = [&answer.message, &answer.details].map(|words| words.as_deref().unwrap_or_default());
    let no = translate::no(&code);
    let error = match no {
        No::Unknown => BankError::Unknown(Box::new(Said::Error(code))),
        _ => refused(&code, &words.join(" ")),
    };
    Some((no, error))
}

fn refused(code: &str, message: &str) -> BankError {
    let cut = |text: &str, most: usize| text.trim().chars().filter(|c| !c.is_control()).take(most).collect();
    BankError::Refused { status: 200, code: cut(code, 60), message: cut(message, 300) }
}

fn no_list() -> BankError {
    Malformed::at("", "a list of cards").into()
}
