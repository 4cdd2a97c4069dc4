//! The conversation with `YooKassa`.

use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::acquiring::{Credentials, Return};
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::{Timestamp, plus_seconds};
use http::Method as Verb;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded::Serializer;

use super::networks::{NETWORKS, Network};
use super::wire::{ErrorBody, List, Notification, Payment, Refund};
use super::{PAYMENT, translate};
use crate::bank::{
    Bank, BankError, Callback, CallbackAnswer, CallbackError, CaptureRequest, ChargeRequest, Charged, Incoming, Known,
    PaymentRequest, Question, Registered, ReturnRequest,
};
use crate::http::{Http, HttpError, Request, Response};
use crate::peer::{Malformed, read};

/// Parts of a list that are looked through for one number, at most: 2,000 payments of the shop.
const PARTS_MAX: usize = 20;
/// Seconds the two clocks may be apart when payments are looked for since a moment.
const CLOCKS_SECONDS: i64 = 3_600;

/// `YooKassa`, as one shop speaks to it.
#[derive(Clone)]
pub struct YookassaBank {
    address: String,
    authorization: String,
    /// Who may call back; nothing: anybody.
    networks: Option<Vec<Network>>,
    now: Timestamp,
}

impl fmt::Debug for YookassaBank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YookassaBank").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What the bank answered to something that reached it.
enum Said<T> {
    /// It was done, or here it is.
    Yes(T),
    /// It was refused, and nothing happened.
    No(Refusal),
}

struct Refusal {
    status: u16,
    body: ErrorBody,
}

impl Refusal {
    /// The key was used before for a request with another body.
    fn is_key_used(&self) -> bool {
        self.status == 400 && self.body.parameter.as_deref() == Some("Idempotence-Key")
    }

    fn is_about(&self, parameter: &str) -> bool {
        self.status == 400 && self.body.parameter.as_deref() == Some(parameter)
    }
}

impl From<Refusal> for BankError {
    fn from(Refusal { status, body }: Refusal) -> Self {
        let cut = |text: &str, most: usize| text.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
        let words = match &body.parameter {
            Some(parameter) => format!("{} ({parameter})", body.description),
            None => body.description.clone(),
        };
        Self::Refused { status, code: cut(&body.code, 60), message: cut(&words, 300) }
    }
}

impl<T> Said<T> {
    fn or_refused(self) -> Result<T, BankError> {
        match self {
            Self::Yes(value) => Ok(value),
            Self::No(refusal) => Err(refusal.into()),
        }
    }

    /// What was asked for, or nothing when the bank does not know it.
    fn found(self) -> Result<Option<T>, BankError> {
        match self {
            Self::No(refusal) if refusal.status == 404 => Ok(None),
            other => other.or_refused().map(Some),
        }
    }
}

/// An answer that is not one of the bank's.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("the bank answered {0}")]
    Status(u16),
    #[error("the answer of {0} is not JSON of the bank's")]
    NotJson(u16),
    #[error("{0} payments were looked through and there are more")]
    TooMany(usize),
}

fn unknown(cause: NoAnswer) -> BankError {
    BankError::Unknown(Box::new(cause))
}

impl YookassaBank {
    /// The bank at `address` (before `/v3`), as the shop of `credentials`. `now` is the real clock.
    pub fn new(address: &str, credentials: &Credentials, now: Timestamp) -> Self {
        let pair = format!("{}:{}", credentials.of("shop_id"), credentials.of("secret_key"));
        let networks = Some(credentials.of("networks")).filter(|given| !given.is_empty()).unwrap_or(NETWORKS);
        Self {
            address: address.trim_end_matches('/').to_owned(),
            authorization: format!("Basic {}", STANDARD.encode(pair)),
            networks: (networks != "any").then(|| Network::list(networks)),
            now,
        }
    }

    async fn get<T: DeserializeOwned>(&self, http: &dyn Http, path: &str) -> Result<Said<T>, BankError> {
        self.exchange(http, Verb::GET, path, None, Bytes::new()).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        http: &dyn Http,
        path: &str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<Said<T>, BankError> {
        let body = serde_json::to_vec(body).map_err(|error| BankError::NotSent(Box::new(error)))?;
        self.exchange(http, Verb::POST, path, Some(key), Bytes::from(body)).await
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        http: &dyn Http,
        method: Verb,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> Result<Said<T>, BankError> {
        let mut headers = vec![("authorization", self.authorization.clone())];
        if let Some(key) = key {
            headers.push(("idempotence-key", key.to_owned()));
            headers.push(("content-type", "application/json".to_owned()));
        }
        let url = format!("{}/v3{path}", self.address);
        let request = Request { method, url, headers, body, partner_given: false };
        let response = http.send(request).await.map_err(|error| match error {
            HttpError::NotSent(_) => BankError::NotSent(Box::new(error)),
            HttpError::Unknown(_) => BankError::Unknown(Box::new(error)),
        })?;
        understood(&response)
    }

    /// A payment's id, looked for by our number where it was never learnt.
    async fn id_of(&self, http: &dyn Http, payment: &Known) -> Result<String, BankError> {
        if let Some(reference) = &payment.reference {
            return Ok(path_part(reference, "/payment_id")?.to_owned());
        }
        let found = self.find(http, &payment.number).await?;
        found.map(|payment| payment.id).ok_or_else(|| BankError::Refused {
            status: 404,
            code: "not_found".to_owned(),
            message: "no payment carries this number".to_owned(),
        })
    }

    async fn payment(&self, http: &dyn Http, known: &Known) -> Result<Option<Payment>, BankError> {
        let Some(reference) = &known.reference else {
            return self.find(http, &known.number).await;
        };
        let path = format!("/payments/{}", path_part(reference, "/payment_id")?);
        let found = self.get::<Payment>(http, &path).await?.found()?;
        found.map(|payment| ours(payment, &known.number)).transpose()
    }

    /// Looks through the shop's payments, the newest first, back to when the order was made.
    async fn find(&self, http: &dyn Http, number: &str) -> Result<Option<Payment>, BankError> {
        let since = translate::made_at(number).map(|at| plus_seconds(at.min(self.now), -CLOCKS_SECONDS));
        let since = since.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string());
        let found = self.search(http, "/payments", since.as_deref().map(|at| ("created_at.gte", at)), number).await?;
        found.map(|payment| ours(payment, number)).transpose()
    }

    async fn find_refund(&self, http: &dyn Http, id: &str, number: &str) -> Result<Option<Refund>, BankError> {
        let found = self.search(http, "/refunds", Some(("payment_id", id)), number).await?;
        found.map(|refund| ours_back(refund, id, number)).transpose()
    }

    async fn search<T: DeserializeOwned>(
        &self,
        http: &dyn Http,
        of: &str,
        filter: Option<(&str, &str)>,
        number: &str,
    ) -> Result<Option<T>, BankError> {
        let mut cursor: Option<String> = None;
        for _ in 0..PARTS_MAX {
            let path = part_of(of, filter, cursor.as_deref());
            let part: List = self.get(http, &path).await?.or_refused()?;
            if let Some(item) = part.items.iter().find(|item| translate::number_in(item) == Some(number)) {
                // Read again from its text, so that what is wrong is named by its place.
                return Ok(Some(read(item.to_string().as_bytes())?));
            }
            match part.next_cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(None),
            }
        }
        Err(unknown(NoAnswer::TooMany(PARTS_MAX * 100)))
    }

    /// Sends a payment's command; when it is refused because it was done, the payment tells.
    async fn command(
        &self,
        http: &dyn Http,
        payment: &Known,
        name: &str,
        number: &str,
        body: &impl Serialize,
    ) -> Result<(BankReport, bool), BankError> {
        let id = self.id_of(http, payment).await?;
        let refusal = match self.post::<Payment>(http, &format!("/payments/{id}/{name}"), number, body).await? {
            Said::Yes(answer) => {
                let answer = ours(answer, &payment.number)?;
                return Ok((translate::payment_report(&answer, payment.amount)?, true));
            }
            Said::No(refusal) => refusal,
        };
        if refusal.status != 400 {
            return Err(refusal.into());
        }
        let found = self.get::<Payment>(http, &format!("/payments/{id}")).await?.found()?;
        match found {
            Some(found) if matches!(found.status.as_str(), "succeeded" | "canceled") => {
                let found = ours(found, &payment.number)?;
                Ok((translate::payment_report(&found, payment.amount)?, false))
            }
            _ => Err(refusal.into()),
        }
    }

    async fn refund(&self, http: &dyn Http, request: &ReturnRequest) -> Result<BankReport, BankError> {
        let id = self.id_of(http, &request.payment).await?;
        // The key of idempotence is forgotten after a day; a refund that is repeated later must not be a second one.
        if let Some(before) = self.find_refund(http, &id, &request.number).await? {
            return Ok(translate::refund_report(&before)?);
        }
        let body = translate::refund(request, &id);
        match self.post::<Refund>(http, "/refunds", &request.number, &body).await? {
            Said::Yes(refund) => {
                let refund = ours_back(refund, &id, &request.number)?;
                if translate::money(&refund.amount, "/amount")? != request.amount {
                    return Err(Malformed::at("/amount", "what was to go back").into());
                }
                Ok(translate::refund_report(&refund)?)
            }
            Said::No(refusal) => Err(refusal.into()),
        }
    }

    fn known_caller(&self, incoming: &Incoming) -> Result<(), CallbackError> {
        let Some(networks) = &self.networks else { return Ok(()) };
        let peer = incoming.peer.ok_or(CallbackError::Unsigned)?;
        let known = networks.iter().any(|network| network.holds(peer));
        known.then_some(()).ok_or(CallbackError::WrongSignature)
    }
}

/// Tells an answer from a refusal, and both from what somebody else on the way may say.
fn understood<T: DeserializeOwned>(response: &Response) -> Result<Said<T>, BankError> {
    let status = response.status;
    match status {
        // 202 was "still at it" in older answers; 408 and 5xx are no answer: what was done before is not known.
        202 | 408 | 500..=599 => return Err(unknown(NoAnswer::Status(status))),
        429 => return Err(BankError::NotSent(Box::new(NoAnswer::Status(status)))),
        _ => {}
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(&response.body).is_err() {
        return Err(unknown(NoAnswer::NotJson(status)));
    }
    if status == 200 {
        return Ok(Said::Yes(read(&response.body)?));
    }
    match read::<ErrorBody>(&response.body) {
        Ok(body) if body.kind == "error" => Ok(Said::No(Refusal { status, body })),
        _ => Err(unknown(NoAnswer::NotJson(status))),
    }
}

/// The path of one part of a list.
fn part_of(list: &str, filter: Option<(&str, &str)>, cursor: Option<&str>) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", "100").extend_pairs(filter).extend_pairs(cursor.map(|at| ("cursor", at)));
    format!("{list}?{}", query.finish())
}

/// An id as it may stand in a path.
fn path_part<'a>(id: &'a str, pointer: &str) -> Result<&'a str, Malformed> {
    let plain = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then_some(id).ok_or_else(|| Malformed::at(pointer, "1 to 64 of A-Z a-z 0-9 -"))
}

fn ours(payment: Payment, number: &str) -> Result<Payment, BankError> {
    path_part(&payment.id, "/id")?;
    same_number(translate::number(payment.metadata.as_ref()), number)?;
    Ok(payment)
}

fn ours_back(refund: Refund, payment_id: &str, number: &str) -> Result<Refund, BankError> {
    path_part(&refund.id, "/id")?;
    if refund.payment_id != payment_id {
        return Err(Malformed::at("/payment_id", "the payment that was asked about").into());
    }
    same_number(translate::number(refund.metadata.as_ref()), number)?;
    Ok(refund)
}

fn same_number(found: Option<&str>, number: &str) -> Result<(), Malformed> {
    let same = found == Some(number);
    same.then_some(()).ok_or_else(|| Malformed::at("/metadata", "the number that was asked about"))
}

/// What was to be paid is what the bank took note of.
fn same_amount(payment: &Payment, asked: Money) -> Result<(), Malformed> {
    let same = translate::money(&payment.amount, "/amount")? == asked;
    same.then_some(()).ok_or_else(|| Malformed::at("/amount", "what was to be paid"))
}

#[async_trait]
impl Bank for YookassaBank {
    async fn register(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Registered, BankError> {
        let body = translate::payment(request)?;
        let payment = match self.post::<Payment>(http, "/payments", &request.number, &body).await? {
            Said::Yes(payment) => ours(payment, &request.number)?,
            Said::No(refusal) if refusal.is_key_used() => {
                self.find(http, &request.number).await?.ok_or(BankError::from(refusal))?
            }
            Said::No(refusal) => return Err(refusal.into()),
        };
        same_amount(&payment, request.amount)?;
        let show = translate::show(&payment)?;
        Ok(Registered { reference: payment.id, show })
    }

    async fn charge(&self, http: &dyn Http, request: &ChargeRequest) -> Result<Charged, BankError> {
        let asked = &request.payment;
        let payment = match self.post::<Payment>(http, "/payments", &asked.number, &translate::charge(request)).await? {
            Said::Yes(payment) => ours(payment, &asked.number)?,
            Said::No(refusal) if refusal.is_key_used() => {
                self.find(http, &asked.number).await?.ok_or(BankError::from(refusal))?
            }
            // The means are gone at the bank: nothing was taken, and nothing ever will be.
            Said::No(refusal) if refusal.is_about("payment_method_id") => {
                let state = BankState::Declined(DeclineReason::Other);
                return Ok(Charged { report: BankReport::new(None, state), page: None });
            }
            Said::No(refusal) => return Err(refusal.into()),
        };
        same_amount(&payment, asked.amount)?;
        let report = translate::payment_report(&payment, asked.amount)?;
        let page = (report.state == BankState::Pending).then(|| translate::page(&payment)).flatten();
        Ok(Charged { report, page })
    }

    async fn ask(&self, http: &dyn Http, question: &Question) -> Result<BankReport, BankError> {
        let known = &question.payment;
        let not_found = BankReport::new(None, BankState::NotFound);
        let of_payment = question.number == known.number;
        let refund_id = question.reference.as_ref().filter(|id| !of_payment && Some(*id) != known.reference.as_ref());
        if let Some(id) = refund_id {
            let path = format!("/refunds/{}", path_part(id, "/id")?);
            let Some(refund) = self.get::<Refund>(http, &path).await?.found()? else { return Ok(not_found) };
            let payment_id = known.reference.clone().unwrap_or_else(|| refund.payment_id.clone());
            return Ok(translate::refund_report(&ours_back(refund, &payment_id, &question.number)?)?);
        }
        let Some(payment) = self.payment(http, known).await? else { return Ok(not_found) };
        let report = translate::payment_report(&payment, known.amount)?;
        if of_payment {
            return Ok(report);
        }
        if payment.status == "succeeded"
            && let Some(refund) = self.find_refund(http, &payment.id, &question.number).await?
        {
            return Ok(translate::refund_report(&refund)?);
        }
        // A capture and a void have no object of their own: how the payment stands tells of them.
        Ok(BankReport { saved: None, ..BankReport::new(None, report.state) })
    }

    async fn capture(&self, http: &dyn Http, request: &CaptureRequest) -> Result<BankReport, BankError> {
        let body = translate::capture(request.amount);
        let (report, now) = self.command(http, &request.payment, "capture", &request.number, &body).await?;
        let state = match report.state {
            BankState::Stands(standing) if now && standing.captured == request.amount => {
                BankState::Succeeded(request.amount)
            }
            other => other,
        };
        Ok(BankReport::new(None, state))
    }

    async fn give_back(&self, http: &dyn Http, request: &ReturnRequest) -> Result<BankReport, BankError> {
        match request.kind {
            Return::Refund => self.refund(http, request).await,
            Return::Reversal => Err(translate::unsupported("reversal of a capture")),
            Return::Void if request.amount != request.standing => Err(translate::unsupported("void of a part")),
            Return::Void => {
                let body = serde_json::Map::new();
                let (report, now) = self.command(http, &request.payment, "cancel", &request.number, &body).await?;
                let state = match report.state {
                    BankState::Stands(standing) if now && standing.held.is_zero() && standing.captured.is_zero() => {
                        BankState::Succeeded(request.amount)
                    }
                    other => other,
                };
                Ok(BankReport::new(None, state))
            }
        }
    }

    /// The bank keeps saved means whatever the shop does, and says so: a shop forgets them by no longer using them
    /// (<https://yookassa.ru/developers/payment-acceptance/scenario-extensions/recurring-payments/pay-with-saved>).
    async fn forget(&self, _http: &dyn Http, _customer: &str, _token: &str) -> Result<(), BankError> {
        Ok(())
    }

    fn callback(&self, _now: Timestamp, incoming: &Incoming) -> Result<Option<Callback>, CallbackError> {
        self.known_caller(incoming)?;
        let told: Notification = read(&incoming.body)?;
        if told.kind != "notification" {
            return Err(Malformed::at("/type", "notification").into());
        }
        let (noun, _) =
            told.event.split_once('.').ok_or_else(|| Malformed::at("/event", "an object and its status"))?;
        let name = match noun {
            "payment" => super::NUMBER,
            "refund" => PAYMENT,
            // Saved means, payouts, deals: nothing of a payment.
            _ => return Ok(None),
        };
        let metadata = told.object.get("metadata");
        // A payment or refund that was made past us, in the shop's cabinet or by other software, carries no number.
        let Some(number) = metadata.and_then(|pairs| pairs.get(name)).and_then(|number| number.as_str()) else {
            return Ok(None);
        };
        // Nothing in it is proven, so nothing of it is believed: it says which payment to ask about.
        let id = told.object.get(if noun == "payment" { "id" } else { "payment_id" });
        let reference = id.and_then(|id| id.as_str()).filter(|id| path_part(id, "").is_ok()).map(str::to_owned);
        Ok(Some(Callback {
            number: number.to_owned(),
            report: BankReport::new(reference, BankState::Pending),
            proven: false,
            answer: CallbackAnswer::EMPTY,
        }))
    }
}
