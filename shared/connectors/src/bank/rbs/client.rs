//! The conversation with a gateway.
//!
//! Old gateways know no id of a repetition for `deposit.do`, `reverse.do` and `refund.do`. So the bank is asked how the payment
//! stands before it is told to move money: what is done already is answered as done, and what stands otherwise than expected
//! is told as it stands. `refund.do` carries `externalRefundId` and `expectedDepositedAmount` as well, which newer gateways
//! hold a repetition to even when it crosses the first on the way.

use async_trait::async_trait;
use bytes::Bytes;
use domain::acquiring::{Credentials, Method, Return};
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::Timestamp;
use serde::de::DeserializeOwned;

use super::sign::Key;
use super::translate::{self, Composite, Words};
use super::wire::{
    DoneAnswer, PayBindingAnswer, QrAnswer, RegisterAnswer, StatusAnswer, Verdict, code, composite, method, read_form,
    write_form,
};
use crate::bank::{
    Bank, BankError, Callback, CallbackAnswer, CallbackError, CaptureRequest, ChargeRequest, Charged, Incoming, Known,
    PaymentRequest, Question, Registered, ReturnRequest, Show,
};
use crate::http::{Http, HttpError, Request};
use crate::peer::{self, Malformed};

/// A gateway, as one account speaks to it.
#[derive(Clone)]
pub struct RbsBank {
    /// Address and base path, without a trailing slash.
    base: String,
    /// Address prefix of the payment page by language, where it is configured.
    page: String,
    login: Words,
    key: Key,
}

impl std::fmt::Debug for RbsBank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RbsBank").field("base", &self.base).finish_non_exhaustive()
    }
}

/// A method said no: nothing was done, unless its code says otherwise.
#[derive(Debug)]
struct Fault {
    code: i64,
    message: String,
}

impl From<Fault> for BankError {
    fn from(fault: Fault) -> Self {
        Self::Refused { status: 200, code: fault.code.to_string(), message: fault.message }
    }
}

/// What a command came to at the bank before it was sent, or because it was.
enum Before {
    /// Not done: the order's id to do it with, and how it stands.
    Open(String, Box<StatusAnswer>),
    /// Done, or not to be done: how it stands.
    Report(BankReport),
}

/// The words of a command over money and points together.
fn together(id: String, names: &[&'static str], sum: i64) -> Words {
    let sums = names.iter().map(|name| (*name, sum.to_string()));
    [("orderId", id)].into_iter().chain(sums).chain([("language", "ru".to_owned())]).collect()
}

impl RbsBank {
    /// The gateway at `address`. See [`super`] for the credentials' names. Nothing here depends on the time.
    pub fn new(address: &str, credentials: &Credentials, _now: Timestamp) -> Self {
        let path = match credentials.of("base_path") {
            "" => "/payment/rest",
            path => path,
        };
        let base = format!("{}/{}", address.trim_end_matches('/'), path.trim_matches('/'));
        let field = |name, value: &str| (name, value.to_owned());
        let login = match credentials.of("user") {
            "" => vec![field("token", credentials.of("token"))],
            user => vec![field("userName", user), field("password", credentials.of("password"))],
        };
        let key = Key::new(credentials.of("callback_key"), credentials.of("callback_public_key"));
        let page = match credentials.of("page") {
            "" => {
                let root = base.strip_suffix("/rest").unwrap_or(&base);
                let user = credentials.of("user");
                let merchant = user.strip_suffix("-api").unwrap_or(user);
                format!("{root}/merchants/{merchant}/payment_{{language}}.html?mdOrder=")
            }
            page => page.to_owned(),
        };
        Self { base: base.trim_end_matches('/').to_owned(), page, login, key }
    }

    /// One call. What is no JSON may have been done all the same.
    async fn call<T: DeserializeOwned>(
        &self,
        http: &dyn Http,
        method: &str,
        words: Words,
    ) -> Result<Result<T, Fault>, BankError> {
        let request = Request {
            method: ::http::Method::POST,
            url: format!("{}/{method}", self.base),
            headers: vec![
                ("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: Bytes::from(write_form(self.login.iter().chain(&words))),
            partner_given: false,
        };
        let response = http.send(request).await.map_err(|error| match error {
            HttpError::NotSent(_) => BankError::NotSent(Box::new(error)),
            HttpError::Unknown(_) => BankError::Unknown(Box::new(error)),
        })?;
        peer::accepted(&response)?;
        // A page of some proxy's, or half an answer: what stands behind it is not known.
        let json: serde_json::Value =
            serde_json::from_slice(&response.body).map_err(|error| BankError::Unknown(Box::new(error)))?;
        let verdict: Verdict = peer::read(&response.body)?;
        let error = verdict.error_code.map_or(code::NONE, |number| number.0);
        if error != code::NONE {
            let message = verdict.error_message.unwrap_or_default();
            let message = message.chars().filter(|c| !c.is_control()).take(300).collect();
            return Ok(Err(Fault { code: error, message }));
        }
        if !json.is_object() {
            return Err(Malformed::at("", "an object").into());
        }
        Ok(Ok(peer::read(&response.body)?))
    }

    /// How an order stands; nothing when the bank does not know it.
    async fn status(
        &self,
        http: &dyn Http,
        number: &str,
        reference: Option<&str>,
        amount: Money,
    ) -> Result<Option<StatusAnswer>, BankError> {
        let by = match reference {
            Some(id) => ("orderId", id.to_owned()),
            None => ("orderNumber", number.to_owned()),
        };
        match self.call::<StatusAnswer>(http, method::STATUS, vec![by, ("language", "ru".to_owned())]).await? {
            Ok(answer) => {
                translate::of(&answer, number, amount)?;
                Ok(Some(answer))
            }
            Err(fault) if fault.code == code::NOT_FOUND => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// How a payment stands, in our words.
    async fn look(&self, http: &dyn Http, payment: &Known) -> Result<BankReport, BankError> {
        let reference = payment.reference.as_deref();
        let Some(answer) = self.status(http, &payment.number, reference, payment.amount).await? else {
            return Ok(BankReport::new(None, BankState::NotFound));
        };
        let mut report = translate::report(&answer, payment.amount)?;
        report.reference = report.reference.or_else(|| payment.reference.clone());
        Ok(report)
    }

    /// Looks whether a command has been done. `open` tells by how the payment stands that it has not, `done` that it has.
    async fn before(
        &self,
        http: &dyn Http,
        payment: &Known,
        amount: Money,
        open: impl Fn(BankState) -> bool + Send,
        done: impl Fn(BankState, &StatusAnswer) -> bool + Send,
    ) -> Result<Before, BankError> {
        let reference = payment.reference.as_deref();
        let Some(answer) = self.status(http, &payment.number, reference, payment.amount).await? else {
            return Ok(Before::Report(BankReport::new(None, BankState::NotFound)));
        };
        let mut report = translate::report(&answer, payment.amount)?;
        let id = report.reference.clone().or_else(|| payment.reference.clone());
        report.reference.clone_from(&id);
        if done(report.state, &answer) {
            report.state = BankState::Succeeded(amount);
            return Ok(Before::Report(report));
        }
        if !open(report.state) {
            return Ok(Before::Report(report));
        }
        let id = id.ok_or_else(|| Malformed::at("/attributes", "the order's id under `mdOrder`"))?;
        Ok(Before::Open(id, Box::new(answer)))
    }

    /// Sends a command that was found not done, and looks what came of it: what moved otherwise than `done` is told as it stands.
    async fn command(
        &self,
        http: &dyn Http,
        (payment, amount): (&Known, Money),
        (method, words): (&str, Words),
        open: impl Fn(BankState) -> bool + Send,
        done: impl Fn(BankState) -> bool + Send,
    ) -> Result<BankReport, BankError> {
        let id = words.iter().find(|(name, _)| *name == "orderId").map(|(_, id)| id.clone());
        match self.call::<DoneAnswer>(http, method, words).await? {
            // "If the request is processed successfully, it does not mean that the payment was" (REST API, every command): a
            // refund may still be under way, by СБП it always is for a while.
            Ok(DoneAnswer {}) => match self.look(http, payment).await {
                Ok(report) if done(report.state) => Ok(BankReport::new(id, BankState::Succeeded(amount))),
                Ok(report) if !open(report.state) => Ok(report),
                _ => Ok(BankReport::new(id, BankState::Pending)),
            },
            // 7 is said of an order in another state, which a repetition that crossed this one may have made so, and of any
            // error inside. Only what stands is to be believed.
            Err(fault) if fault.code == code::STATE => match self.look(http, payment).await {
                Ok(report) if open(report.state) => Err(fault.into()),
                Ok(report) => Ok(report),
                Err(error) => Err(BankError::Unknown(Box::new(error))),
            },
            Err(fault) => Err(fault.into()),
        }
    }

    /// Makes an order known. Nothing but its id and page; `None` when its number was registered before.
    async fn open(
        &self,
        http: &dyn Http,
        (method, words): (&'static str, Words),
    ) -> Result<Result<RegisterAnswer, Fault>, BankError> {
        let answer = self.call::<RegisterAnswer>(http, method, words).await?;
        let Ok(registered) = answer else { return Ok(answer) };
        if registered.order_id.is_empty() || registered.order_id.len() > 36 {
            return Err(Malformed::at("/orderId", "1 to 36 characters").into());
        }
        if !(registered.form_url.starts_with("https://") || registered.form_url.starts_with("http://")) {
            return Err(Malformed::at("/formUrl", "an absolute http(s) URL").into());
        }
        Ok(Ok(registered))
    }

    /// The page of an order registered before.
    fn page(&self, request: &PaymentRequest, id: &str) -> String {
        format!("{}{id}", self.page.replace("{language}", translate::language(request.language)))
    }

    /// An order registered before: its id and how it stands.
    async fn known(
        &self,
        http: &dyn Http,
        request: &PaymentRequest,
        fault: Fault,
    ) -> Result<(String, StatusAnswer), BankError> {
        let answer = match self.status(http, &request.number, None, request.amount).await {
            Ok(Some(answer)) => answer,
            // The number is another payment's, or was refused for another reason.
            Ok(None) | Err(BankError::Unreadable { .. }) => return Err(fault.into()),
            Err(error) => return Err(error),
        };
        let id = translate::order_id(&answer).map(str::to_owned);
        let id = id.ok_or_else(|| Malformed::at("/attributes", "the order's id under `mdOrder`"))?;
        Ok((id, answer))
    }

    async fn show(
        &self,
        http: &dyn Http,
        request: &PaymentRequest,
        id: String,
        page: String,
    ) -> Result<Registered, BankError> {
        if request.method != Method::Sbp {
            return Ok(Registered { reference: id, show: Show::Page(page) });
        }
        let words = vec![("mdOrder", id.clone()), ("redirectUrl", request.return_url.clone())];
        let answer = self.call::<QrAnswer>(http, method::QR_GET, words).await?;
        let answer = answer.map_err(BankError::from)?;
        if !answer.payload.starts_with("https://") {
            return Err(Malformed::at("/payload", "a link of the СБП").into());
        }
        Ok(Registered { reference: id, show: Show::Sbp(answer.payload) })
    }
}

#[async_trait]
impl Bank for RbsBank {
    async fn register(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Registered, BankError> {
        translate::can(request)?;
        let (id, page) = match self.open(http, translate::registration(request)).await? {
            Ok(answer) => (answer.order_id, answer.form_url),
            Err(fault) if fault.code == code::DUPLICATE => {
                let (id, _) = self.known(http, request, fault).await?;
                let page = self.page(request, &id);
                (id, page)
            }
            Err(fault) => return Err(fault.into()),
        };
        self.show(http, request, id, page).await
    }

    async fn charge(&self, http: &dyn Http, request: &ChargeRequest) -> Result<Charged, BankError> {
        let payment = &request.payment;
        translate::can(payment)?;
        if payment.method == Method::Sbp {
            return Err(translate::unsupported("charge by СБП"));
        }
        if payment.customer.is_none() {
            return Err(translate::unsupported("charge without the buyer's id"));
        }
        let (id, page) = match self.open(http, translate::charge_registration(request)).await? {
            Ok(answer) => (answer.order_id, answer.form_url),
            Err(fault) if fault.code == code::DUPLICATE => {
                let (id, answer) = self.known(http, payment, fault).await?;
                let report = translate::report(&answer, payment.amount)?;
                if report.state != BankState::Pending {
                    return Ok(Charged { report, page: None });
                }
                let page = self.page(payment, &id);
                (id, page)
            }
            // The credential is forgotten, or another buyer's: nothing was registered.
            Err(fault) if fault.code == code::BINDING => {
                let report = BankReport::new(None, BankState::Declined(DeclineReason::Other));
                return Ok(Charged { report, page: None });
            }
            Err(fault) => return Err(fault.into()),
        };
        // An order is paid once, so telling it again to be paid takes nothing twice.
        let answer = self.call::<PayBindingAnswer>(http, method::PAY_BINDING, translate::charge(request, &id)).await?;
        let status = self.status(http, &payment.number, Some(&id), payment.amount).await?;
        let status = status.ok_or_else(|| Malformed::at("/errorCode", "an order that was just registered"))?;
        let mut report = translate::report(&status, payment.amount)?;
        report.reference = report.reference.or(Some(id));
        if report.state != BankState::Pending {
            return Ok(Charged { report, page: None });
        }
        match answer {
            Ok(PayBindingAnswer { acs_url: Some(_) }) => Ok(Charged { report, page: Some(page) }),
            Ok(PayBindingAnswer { acs_url: None }) => {
                // Tries may be left to a buyer at the page; there is none. What came of this one is what came of it.
                if let Some(reason) = translate::failed_try(&status) {
                    report.state = BankState::Declined(reason);
                }
                Ok(Charged { report, page: None })
            }
            Err(fault) if fault.code == code::BINDING => {
                report.state = BankState::Declined(DeclineReason::Other);
                Ok(Charged { report, page: None })
            }
            Err(fault) => Err(fault.into()),
        }
    }

    async fn ask(&self, http: &dyn Http, question: &Question) -> Result<BankReport, BankError> {
        self.look(http, &question.payment).await
    }

    async fn capture(&self, http: &dyn Http, request: &CaptureRequest) -> Result<BankReport, BankError> {
        translate::positive(request.amount)?;
        let held = request.held;
        let open = move |state| matches!(state, BankState::Stands(standing) if standing.held == held);
        let amount = request.amount;
        let captured =
            move |state| matches!(state, BankState::Stands(now) if now.held.is_zero() && now.captured == amount);
        let done = |state, _: &StatusAnswer| captured(state);
        match self.before(http, &request.payment, amount, open, done).await? {
            Before::Report(report) => Ok(report),
            Before::Open(id, answer) => {
                let paid = Composite::of(&answer, request.payment.amount);
                let told = match paid {
                    Some(paid) => {
                        (method::AUTO_COMPLETION, together(id, &composite::COMPLETION, paid.sum(amount, held)?))
                    }
                    None => (method::DEPOSIT, vec![("orderId", id), ("amount", amount.minor().to_string())]),
                };
                let done = move |state| if paid.is_some() { captured(state) } else { !open(state) };
                self.command(http, (&request.payment, amount), told, open, done).await
            }
        }
    }

    async fn give_back(&self, http: &dyn Http, request: &ReturnRequest) -> Result<BankReport, BankError> {
        translate::positive(request.amount)?;
        translate::numbered(&request.number)?;
        let (amount, standing) = (request.amount, request.standing);
        let rest = standing.minus(amount).ok().filter(|rest| rest.minor() >= 0);
        let rest = rest.ok_or_else(|| translate::unsupported("return of more than stands"))?;
        let whole = rest.is_zero();
        if request.kind == Return::Reversal && !whole {
            return Err(translate::unsupported("reversal of a part"));
        }
        let stands = move |state, this: Money| match state {
            BankState::Stands(now) => match request.kind {
                Return::Void => now.held == this && now.captured.is_zero(),
                Return::Reversal | Return::Refund => {
                    now.held.is_zero() && now.captured.minus(now.refunded).is_ok_and(|left| left == this)
                }
            },
            _ => false,
        };
        let open = move |state| stands(state, standing);
        let done = |state, answer: &StatusAnswer| {
            stands(state, rest) || (request.kind == Return::Refund && translate::has_refund(answer, &request.number))
        };
        let (id, answer) = match self.before(http, &request.payment, amount, open, done).await? {
            Before::Report(report) => return Ok(report),
            Before::Open(id, answer) => (id, answer),
        };
        let paid = Composite::of(&answer, request.payment.amount).filter(|_| request.kind == Return::Refund);
        let mut words = vec![("orderId", id.clone())];
        let method = match (request.kind, paid) {
            (Return::Refund, Some(paid)) => {
                // Points go back beside the money; this method knows no id of a repetition.
                words = together(id, &composite::REFUND, paid.sum(amount, standing)?);
                method::AUTO_REFUND
            }
            (Return::Refund, None) => {
                words.push(("amount", amount.minor().to_string()));
                words.push(("externalRefundId", request.number.clone()));
                let info = answer.payment_amount_info.unwrap_or_default();
                words.extend(info.deposited_amount.map(|now| ("expectedDepositedAmount", now.0.to_string())));
                method::REFUND
            }
            (Return::Void | Return::Reversal, _) => {
                if !whole {
                    words.push(("amount", amount.minor().to_string()));
                }
                method::REVERSE
            }
        };
        // What the gateway makes of a sum of money and points is its own arithmetic.
        let done = move |state| if paid.is_some() { stands(state, rest) } else { !open(state) };
        self.command(http, (&request.payment, amount), (method, words), open, done).await
    }

    async fn withdraw(&self, http: &dyn Http, payment: &Known) -> Result<BankReport, BankError> {
        let before = self.look(http, payment).await?;
        let (BankState::Pending, Some(id)) = (before.state, before.reference.clone()) else { return Ok(before) };
        // Whatever it says: how the order stands then is what became of it.
        let said = self.call::<DoneAnswer>(http, method::DECLINE, vec![("orderId", id)]).await?;
        let after = self.look(http, payment).await?;
        match said {
            Err(fault) if after.state == BankState::Pending => Err(fault.into()),
            _ => Ok(after),
        }
    }

    async fn forget(&self, http: &dyn Http, _customer: &str, token: &str) -> Result<(), BankError> {
        match self.call::<DoneAnswer>(http, method::UNBIND, vec![("bindingId", token.to_owned())]).await? {
            Ok(DoneAnswer {}) => Ok(()),
            Err(fault) if fault.code == code::BINDING => Ok(()), // not active: forgotten already
            Err(fault) => Err(fault.into()),
        }
    }

    fn callback(&self, _now: Timestamp, incoming: &Incoming) -> Result<Option<Callback>, CallbackError> {
        // GET with a query, or POST with a form, as the account is set.
        let parameters = read_form(if incoming.body.is_empty() { incoming.query.as_bytes() } else { &incoming.body });
        let proven = self.key.proves(&parameters)?;
        let one = |name: &str| -> Result<Option<&str>, CallbackError> {
            let mut found = parameters.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
            let first = found.next();
            if found.next().is_some() {
                return Err(Malformed::at(&format!("/{name}"), "given once").into());
            }
            Ok(first)
        };
        let wanted = |name: &str, value: Option<&str>| {
            value.map(str::to_owned).ok_or_else(|| Malformed::at(&format!("/{name}"), "present"))
        };
        let operation = wanted("operation", one("operation")?)?;
        let status = wanted("status", one("status")?)?;
        let expired = match (operation.as_str(), status.as_str()) {
            ("declinedByTimeout", "1") => true,
            ("approved" | "deposited" | "reversed" | "refunded" | "declinedByTimeout", "0" | "1") => false,
            ("approved" | "deposited" | "reversed" | "refunded" | "declinedByTimeout", _) => {
                return Err(Malformed::at("/status", "0 or 1").into());
            }
            _ => return Ok(None), // a credential stored or deactivated, a terminal beside the buyer, or news of tomorrow
        };
        let number = wanted("orderNumber", one("orderNumber")?)?;
        // The amounts are told on application only, and a callback may come late and out of its order: the bank is asked how
        // the payment stands. Even a failed try is not the end of an order the buyer may try again. Only its time is.
        let state = if expired { BankState::Declined(DeclineReason::TimedOut) } else { BankState::Pending };
        let report = BankReport::new(one("mdOrder")?.map(str::to_owned), state);
        Ok(Some(Callback { number, report, proven: proven && expired, answer: CallbackAnswer::EMPTY }))
    }
}
