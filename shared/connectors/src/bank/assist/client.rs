//! The conversation with Assist: ask, then say.

use async_trait::async_trait;
use bytes::Bytes;
use domain::acquiring::{Credentials, Return, Stages, Standing};
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::Timestamp;
use url::form_urlencoded;

use super::translate::{self, Expected, Fields, Payment, Unsupported};
use super::wire::{self, Answer, DONE, Operation, OperationType, OrderState, PayRequestAnswer, UNDER_WAY};
use crate::bank::{
    Bank, BankError, Callback, CallbackAnswer, CallbackError, CaptureRequest, ChargeRequest, Charged, Incoming, Known,
    PaymentRequest, Question, Registered, ReturnRequest, Show,
};
use crate::http::{Http, HttpError, Request, Response};
use crate::peer::{self, Malformed};

/// The web services' own code for something that is not there.
const NOT_THERE: &str = "10";
/// Their codes for a failure of their own and for running out of time: what was done is not known.
const BROKEN: [&str; 2] = ["2", "16"];
/// Their code for an object that somebody else is busy with: nothing was done.
const LOCKED: &str = "12";
/// Their second code for too many requests: nothing was done.
const TOO_MANY: &str = "3";

/// Assist, as one enterprise speaks to it.
pub struct AssistBank {
    address: String,
    merchant: String,
    login: String,
    password: String,
    secret: String,
    test: bool,
    now: Timestamp,
}

impl std::fmt::Debug for AssistBank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssistBank")
            .field("address", &self.address)
            .field("merchant", &self.merchant)
            .finish_non_exhaustive()
    }
}

/// An answer that is none.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("Assist answered with HTTP status {0}")]
    Status(u16),
    #[error("Assist answered with something else than its documents")]
    Other,
    #[error("Assist answered that its own system failed")]
    Broken,
    #[error("Assist asked to come later")]
    Later,
    #[error("Assist does not yet know the order it just created")]
    NotYet,
    #[error("money has come under this number already")]
    Paid,
}

impl From<NoAnswer> for BankError {
    fn from(reason: NoAnswer) -> Self {
        Self::Unknown(Box::new(reason))
    }
}

impl From<Unsupported> for BankError {
    fn from(Unsupported(what): Unsupported) -> Self {
        refused("unsupported", format!("Assist has no {what}"))
    }
}

fn refused(code: &str, message: String) -> BankError {
    BankError::Refused { status: 0, code: code.to_owned(), message }
}

/// What came of a command that was sent.
enum Said {
    /// It was answered: this operation.
    Operation(Operation),
    /// It was answered with no, and perhaps because it had been done before.
    No(BankError),
}

impl AssistBank {
    /// Assist at `address`, with the credentials the module's page names. `now` is the real clock.
    pub fn new(address: &str, credentials: &Credentials, now: Timestamp) -> Self {
        Self {
            address: address.trim_end_matches('/').to_owned(),
            merchant: credentials.of("merchant_id").to_owned(),
            login: credentials.of("login").to_owned(),
            password: credentials.of("password").to_owned(),
            secret: credentials.of("secret").to_owned(),
            test: credentials.of("test") == "1",
            now,
        }
    }

    fn form(&self, fields: Fields) -> Bytes {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Merchant_ID", &self.merchant);
        form.append_pair("Login", &self.login);
        form.append_pair("Password", &self.password);
        form.extend_pairs(fields);
        Bytes::from(form.finish())
    }

    async fn post(&self, http: &dyn Http, path: &str, fields: Fields) -> Result<Response, BankError> {
        let request = Request {
            method: ::http::Method::POST,
            url: format!("{}{path}", self.address),
            headers: vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
            body: self.form(fields),
            partner_given: false,
        };
        let response = http.send(request).await.map_err(|error| match error {
            HttpError::NotSent(_) => BankError::NotSent(Box::new(error)),
            HttpError::Unknown(_) => BankError::Unknown(Box::new(error)),
        })?;
        match response.status {
            200..=299 => Ok(response),
            429 => Err(BankError::NotSent(Box::new(NoAnswer::Status(429)))),
            status @ (408 | 500..=599) => Err(NoAnswer::Status(status).into()),
            status => {
                let message = "the web services refused the request at the door".to_owned();
                Err(BankError::Refused { status, code: format!("http_{status}"), message })
            }
        }
    }

    /// Sends a form and reads the XML that answers it.
    async fn answer(&self, http: &dyn Http, path: &str, mut fields: Fields) -> Result<Answer, BankError> {
        fields.push(("Language", "EN".to_owned()));
        fields.push(("Format", "3".to_owned()));
        let response = self.post(http, path, fields).await?;
        wire::answer(&response.body).map_err(|_| NoAnswer::Other.into())
    }

    /// Everything Assist knows under an order number.
    async fn look(&self, http: &dyn Http, expected: &Expected<'_>) -> Result<Payment, BankError> {
        for span in translate::spans(expected.number, self.now) {
            let mut fields = vec![("Ordernumber", expected.number.to_owned())];
            fields.extend(span);
            let answer = self.answer(http, wire::ORDER_RESULT, fields).await?;
            match answer.first_code.as_str() {
                "0" if answer.orders.is_empty() => {}
                "0" => return Ok(translate::stands(answer.orders, expected)?),
                NOT_THERE => {}
                _ => return Err(failed(&answer)),
            }
        }
        Ok(translate::stands(Vec::new(), expected)?)
    }

    fn expected<'a>(&self, payment: &'a Known, stages: Stages) -> Expected<'a> {
        Expected { number: &payment.number, amount: payment.amount, stages, test: self.test }
    }

    /// Confirms, and tells a plain no from an answer; nothing as `amount` confirms all that is held.
    async fn confirm(&self, http: &dyn Http, bill: &str, amount: Option<Money>) -> Result<Said, BankError> {
        let mut fields = vec![("Billnumber", bill.to_owned())];
        if let Some(amount) = amount {
            fields.push(("Amount", translate::amount(amount)));
            fields.push(("Currency", amount.currency().code().to_owned()));
        }
        let answer = match self.answer(http, wire::CHARGE, fields).await {
            Err(no @ BankError::Refused { .. }) => return Ok(Said::No(no)),
            other => other?,
        };
        if answer.first_code != "0" {
            return match failed(&answer) {
                no @ BankError::Refused { .. } => Ok(Said::No(no)),
                other => Err(other),
            };
        }
        let order = answer.orders.into_iter().next().filter(|order| order.plain_bill() == wire::plain_bill(bill));
        let order =
            order.ok_or_else(|| Malformed::at("/result/orders/order/billnumber", "the one that was confirmed"))?;
        last(order.operations, OperationType::Charge)
    }

    /// Cancels; nothing as `amount` cancels all that is left.
    async fn cancel(
        &self,
        http: &dyn Http,
        bill: &str,
        amount: Option<Money>,
        number: &str,
    ) -> Result<Said, BankError> {
        let mut fields = vec![("Billnumber", bill.to_owned())];
        if let Some(amount) = amount {
            fields.push(("Amount", translate::amount(amount)));
            fields.push(("Currency", amount.currency().code().to_owned()));
        }
        // Shorter ids are not taken; every number of ours is longer.
        if number.len() >= 10 {
            fields.push(("Externalrefundid", number.to_owned()));
        }
        fields.push(("Language", "EN".to_owned()));
        // JSON, because only with it is the external id looked at.
        fields.push(("Format", "5".to_owned()));
        let response = match self.post(http, wire::CANCEL, fields).await {
            Err(no @ BankError::Refused { .. }) => return Ok(Said::No(no)),
            other => other?,
        };
        let order = wire::cancel_answer(&response.body).map_err(|_| BankError::from(NoAnswer::Other))?;
        if order.plain_bill() != wire::plain_bill(bill) {
            return Err(Malformed::at("/wscancel/order/billnumber", "the one that was cancelled").into());
        }
        last(order.operations, OperationType::Cancel)
    }

    /// Looks again after a no: what was wanted may have been done by an earlier attempt.
    async fn after_no(
        &self,
        http: &dyn Http,
        expected: &Expected<'_>,
        no: BankError,
        done: impl Fn(&Payment) -> Option<BankState> + Send + Sync,
    ) -> Result<BankReport, BankError> {
        let found = self.look(http, expected).await?;
        match done(&found) {
            Some(state) => Ok(BankReport::new(None, state)),
            None => Err(no),
        }
    }
}

/// What a code other than 0 means.
fn failed(answer: &Answer) -> BankError {
    if BROKEN.contains(&answer.first_code.as_str()) {
        return NoAnswer::Broken.into();
    }
    if answer.first_code == LOCKED || answer.second_code == TOO_MANY {
        return BankError::NotSent(Box::new(NoAnswer::Later));
    }
    let plain = |code: &str| code.chars().filter(char::is_ascii_digit).take(6).collect::<String>();
    let code = format!("{}/{}", plain(&answer.first_code), plain(&answer.second_code));
    BankError::Refused { status: 200, code, message: "the web services refused the request".to_owned() }
}

/// The operation a command made: the last of its kind.
fn last(operations: Vec<Operation>, kind: OperationType) -> Result<Said, BankError> {
    let found = operations.into_iter().rev().find(|operation| operation.kind == Some(kind));
    Ok(Said::Operation(found.ok_or_else(|| Malformed::at("/order/operation", "the operation that was asked for"))?))
}

/// What became of a command: this much of it, or why not.
fn outcome(operation: &Operation, wanted: Money) -> Result<BankState, BankError> {
    match operation.response.as_str() {
        DONE => {
            let amount = translate::money(&operation.amount, &operation.currency)?;
            if amount != wanted {
                return Err(Malformed::at("/order/operation/amount", "the amount that was asked for").into());
            }
            Ok(BankState::Succeeded(amount))
        }
        UNDER_WAY => Ok(BankState::Pending),
        // "Repeat" and "system error": whether it was done is not known.
        "AS200" | "AS998" | "" => Err(NoAnswer::Broken.into()),
        code => Ok(BankState::Declined(translate::declined(code, &operation.auth_result))),
    }
}

#[async_trait]
impl Bank for AssistBank {
    async fn register(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Registered, BankError> {
        let fields = translate::payment(&self.merchant, &self.secret, request, self.now)?;
        let response = self.post(http, wire::PAY_REQUEST, fields).await?;
        let answer: PayRequestAnswer = peer::read(&response.body).map_err(|_| BankError::from(NoAnswer::Other))?;
        // The answer names no billnumber. The question also finds out whether this number was paid before.
        let expected =
            Expected { number: &request.number, amount: request.amount, stages: request.stages, test: self.test };
        let found = self.look(http, &expected).await?;
        if matches!(found.state, BankState::Stands(_)) {
            return Err(NoAnswer::Paid.into());
        }
        if answer.order_state != OrderState::InProcess.word() {
            return Err(refused("declined", "Assist did not create the order".to_owned()));
        }
        if !(answer.url.starts_with("https://") || answer.url.starts_with("http://")) {
            return Err(Malformed::at("/URL", "an absolute http(s) URL").into());
        }
        match found.bill {
            Some(bill) if wire::is_bill(&bill) => {
                let reference = translate::reference(&bill, request.stages);
                Ok(Registered { reference, show: Show::Page(answer.url) })
            }
            Some(_) => Err(Malformed::at("/result/order/billnumber", "15 or 16 digits").into()),
            None => Err(NoAnswer::NotYet.into()),
        }
    }

    async fn charge(&self, http: &dyn Http, request: &ChargeRequest) -> Result<Charged, BankError> {
        let fields = translate::charge(request)?;
        let payment = &request.payment;
        let expected =
            Expected { number: &payment.number, amount: payment.amount, stages: Stages::One, test: self.test };
        let charged =
            |found: &Payment| Charged { report: BankReport { saved: None, ..found.report(Stages::One) }, page: None };
        let found = self.look(http, &expected).await?;
        if found.state != BankState::NotFound {
            return Ok(charged(&found));
        }
        let no = match self.answer(http, wire::RECURRENT, fields).await {
            Ok(answer) if answer.first_code == "0" => {
                if answer.orders.is_empty() {
                    return Err(Malformed::at("/result/orders/order", "the order that was made").into());
                }
                return Ok(charged(&translate::stands(answer.orders, &expected)?));
            }
            Ok(answer) => failed(&answer),
            Err(error) => error,
        };
        if no.may_have_happened() || matches!(no, BankError::NotSent(_)) {
            return Err(no);
        }
        let found = self.look(http, &expected).await?;
        if found.state == BankState::NotFound { Err(no) } else { Ok(charged(&found)) }
    }

    async fn ask(&self, http: &dyn Http, question: &Question) -> Result<BankReport, BankError> {
        let stages = question.payment.stages;
        let found = self.look(http, &self.expected(&question.payment, stages)).await?;
        Ok(found.report(stages))
    }

    async fn capture(&self, http: &dyn Http, request: &CaptureRequest) -> Result<BankReport, BankError> {
        let expected = self.expected(&request.payment, Stages::Two);
        let wanted = request.amount;
        // Assist confirms once: what is captured now is this capture, or another that took its place.
        let done = |found: &Payment| match found.state {
            BankState::Stands(standing) if standing.captured == wanted => Some(BankState::Succeeded(wanted)),
            BankState::Stands(standing) if standing.held.is_zero() => Some(BankState::Stands(standing)),
            BankState::Declined(reason) => Some(BankState::Declined(reason)),
            _ => None,
        };
        let found = self.look(http, &expected).await?;
        if let Some(state) = done(&found) {
            return Ok(BankReport::new(None, state));
        }
        let held = found.orders.iter().find(|(_, standing)| standing.held.is_positive());
        let Some((order, standing)) = held else {
            return Err(refused("not_held", "nothing is held under this number".to_owned()));
        };
        if wanted.minor() > standing.held.minor() {
            return Err(refused("amount", "more than is held".to_owned()));
        }
        // The money beside points is confirmed whole, and no amount said ("Payment confirmation", if the THANK YOU programme is
        // used): points were taken with the hold.
        let points = translate::done(order, OperationType::Payment).any(|paid| translate::is_points(order, paid));
        if points && wanted != standing.held {
            return Err(Unsupported("confirming a part of what is held beside points").into());
        }
        match self.confirm(http, order.plain_bill(), Some(wanted).filter(|_| !points)).await? {
            Said::Operation(operation) => Ok(BankReport::new(None, outcome(&operation, wanted)?)),
            Said::No(no) => self.after_no(http, &expected, no, done).await,
        }
    }

    async fn give_back(&self, http: &dyn Http, request: &ReturnRequest) -> Result<BankReport, BankError> {
        let void = request.kind == Return::Void;
        let stages = if void { Stages::Two } else { request.payment.stages };
        let (wanted, before) = (request.amount, request.standing);
        let after = before.minus(wanted).ok().filter(|after| after.minor() >= 0);
        let after = after.ok_or_else(|| refused("amount", "more than there is".to_owned()))?;
        if void && !after.is_zero() {
            return Err(Unsupported("letting go of a part").into());
        }
        let expected = self.expected(&request.payment, stages);
        let left = |found: &Payment| {
            let standing = found.standing(before);
            if void { Ok(standing.held) } else { standing.captured.minus(standing.refunded) }
        };
        let done = |found: &Payment| match (found.state, left(found)) {
            (BankState::Stands(standing), _) if void && !standing.captured.is_zero() => {
                Some(BankState::Stands(standing))
            }
            (BankState::Stands(_), Ok(now)) if now == after => Some(BankState::Succeeded(wanted)),
            (BankState::Stands(standing), Ok(now)) if now != before => Some(BankState::Stands(standing)),
            (BankState::Declined(reason), _) => Some(BankState::Declined(reason)),
            _ => None,
        };
        let found = self.look(http, &expected).await?;
        if let Some(state) = done(&found) {
            return Ok(BankReport::new(None, state));
        }
        let Some((bill, amount)) = which(&found, wanted, after.is_zero()) else {
            return Err(refused("nothing", "there is no one payment this much can go back from".to_owned()));
        };
        match self.cancel(http, &bill, amount, &request.number).await? {
            Said::Operation(operation) if amount.is_none() && operation.response == DONE => {
                // Two halves are cancelled by two operations: what they come to is asked.
                let found = self.look(http, &expected).await?;
                Ok(BankReport::new(None, done(&found).unwrap_or(BankState::Pending)))
            }
            Said::Operation(operation) => Ok(BankReport::new(None, outcome(&operation, wanted)?)),
            Said::No(no) => self.after_no(http, &expected, no, done).await,
        }
    }

    async fn forget(&self, _http: &dyn Http, _customer: &str, _token: &str) -> Result<(), BankError> {
        // Nothing at Assist charges by itself: a token that is not used is forgotten.
        Ok(())
    }

    fn callback(&self, _now: Timestamp, incoming: &Incoming) -> Result<Option<Callback>, CallbackError> {
        let fields: Vec<(String, String)> = form_urlencoded::parse(&incoming.body).into_owned().collect();
        let value = |name: &str| {
            let mut found = fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str());
            match (found.next(), found.next()) {
                (Some(value), None) => Ok(value),
                (None, _) => Ok(""),
                (Some(_), Some(_)) => Err(Malformed::at(&format!("/{name}"), "said once")),
            }
        };
        let (merchant, number, word) = (value("merchant_id")?, value("ordernumber")?, value("orderstate")?);
        let (amount, currency) = (value("orderamount")?, value("ordercurrency")?);
        let verified = !self.secret.is_empty() && value("signature")?.is_empty();
        if verified {
            let found = value("checkvalue")?;
            if found.is_empty() {
                return Err(CallbackError::Unsigned);
            }
            // Two rules are in force: a result sent by POST is checked over the operation's amount, an order over its own.
            let operation = wire::result_text(merchant, number, value("amount")?, value("currency")?, word);
            let order = wire::result_text(merchant, number, amount, currency, word);
            let by_operation = wire::is_checked(&self.secret, &operation, found);
            let by_order = wire::is_checked(&self.secret, &order, found);
            if !(by_operation | by_order) {
                return Err(CallbackError::WrongSignature);
            }
        }
        if merchant != self.merchant {
            return Err(Malformed::at("/merchant_id", "the enterprise's own number").into());
        }
        if number.is_empty() {
            return Err(Malformed::at("/ordernumber", "our number").into());
        }
        if value("testmode")? == "1" && !self.test {
            return Err(Malformed::at("/testmode", "0: in test mode no money moves").into());
        }
        let whole = translate::money(amount, currency)?;
        let state = OrderState::parse(word).ok_or_else(|| Malformed::at("/orderstate", "one of the nine states"))?;
        let reason = translate::declined(value("responsecode")?, value("authresult")?);
        let state = told(state, whole, reason);
        Ok(Some(Callback {
            number: number.to_owned(),
            report: BankReport::new(None, state),
            proven: verified && matches!(state, BankState::Declined(_)),
            answer: heard(value("billnumber")?, value("packetdate")?),
        }))
    }
}

/// What a notification says. Its check value covers neither the billnumber, which is the token of saved means, nor what was paid
/// with points, nor, as the case may be, the operation's or the order's amount: where there is money in it, Assist is asked.
fn told(state: OrderState, whole: Money, reason: DeclineReason) -> BankState {
    let zero = whole.zero();
    match state {
        OrderState::Delayed => BankState::Stands(Standing { held: whole, captured: zero, refunded: zero }),
        OrderState::Approved => BankState::Stands(Standing { held: zero, captured: whole, refunded: zero }),
        OrderState::Declined => BankState::Declined(reason),
        OrderState::Timeout => BankState::Declined(DeclineReason::TimedOut),
        OrderState::InProcess
        | OrderState::PartialApproved
        | OrderState::PartialDelayed
        | OrderState::Canceled
        | OrderState::PartialCanceled => BankState::Pending,
    }
}

/// The answer that ends the repetition ("Sending payment results to the merchant server", protocol POST).
fn heard(bill: &str, packet_date: &str) -> CallbackAnswer {
    use quick_xml::escape::escape;
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<pushpaymentresult firstcode=\"0\" secondcode=\"0\"><order><billnumber>{}\
         </billnumber><packetdate>{}</packetdate></order></pushpaymentresult>",
        escape(bill),
        escape(packet_date),
    );
    CallbackAnswer { content_type: Some("text/xml; charset=utf-8"), body }
}

/// Which billnumber a return names, and whether with an amount: a payment of two halves, money and points, is cancelled whole by its
/// order's billnumber without an amount, and in part by that of the money.
fn which(found: &Payment, wanted: Money, all: bool) -> Option<(String, Option<Money>)> {
    let left = |standing: &Standing| {
        let captured = standing.captured.minus(standing.refunded).ok()?;
        standing.held.plus(captured).ok()
    };
    let enough = |money: Option<Money>| money.is_some_and(|money| money.minor() >= wanted.minor());
    let (order, _) = found.orders.iter().find(|(_, standing)| enough(left(standing)))?;
    let mut paid = translate::done(order, OperationType::Payment);
    let money = paid.clone().find(|paid| !translate::is_points(order, paid));
    if !paid.any(|paid| translate::is_points(order, paid)) {
        return Some((order.plain_bill().to_owned(), Some(wanted)));
    }
    if all && found.orders.len() == 1 {
        return Some((order.plain_bill().to_owned(), None));
    }
    let half = money?;
    Some((half.bill.clone(), Some(wanted)))
}
