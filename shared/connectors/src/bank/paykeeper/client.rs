//! The conversation with `PayKeeper`.

use async_trait::async_trait;
use base64::Engine as _;
use bytes::Bytes;
use domain::acquiring::{Credentials, Return, Stages, Standing};
use domain::money::{Currency, Money};
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::{Timestamp, plus_seconds};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use super::translate::{self, HoldSystems, Seen};
use super::wire::{Invoice, InvoiceMade, Notification, OneOrMany, PaymentRow, RefundRow, Status, Token, Verdict};
use crate::bank::{
    Bank, BankError, Callback, CallbackAnswer, CallbackError, CaptureRequest, ChargeRequest, Charged, Incoming,
    PaymentRequest, Question, Registered, ReturnRequest, Show,
};
use crate::http::{Http, HttpError, Request, Response};
use crate::peer::{Malformed, accepted, read};

/// How far back payments are searched: refunds come up to a year after, chargebacks later. As far ahead a clock may differ.
const SEARCH_SECONDS: i64 = 3 * 366 * 24 * 3_600;
/// Seconds of a day, for the day before and the day after: an invoice's date is Moscow's.
const DAY_SECONDS: i64 = 24 * 3_600;
/// The longest order number of ours.
const NUMBER_MAX: usize = 30;
/// Makes an invoice.
const INVOICE: &str = "/change/invoice/preview/";

/// `PayKeeper`, as one account speaks to it.
#[derive(Clone)]
pub struct PaykeeperBank {
    address: String,
    credentials: Credentials,
    holds: HoldSystems,
    now: Timestamp,
}

impl std::fmt::Debug for PaykeeperBank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaykeeperBank").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What became of a change.
enum Changed {
    /// Taken on.
    Done(Verdict),
    /// Refused, in these words.
    Refused(String),
}

/// A payment at `PayKeeper`, found by its order number.
struct Found {
    row: PaymentRow,
    status: Status,
    /// How it stands; nothing when it never took money.
    seen: Option<Seen>,
}

impl PaykeeperBank {
    /// The cabinet at `address`, as `https://name.server.paykeeper.ru`. `now` says which days are searched.
    pub fn new(address: &str, credentials: &Credentials, now: Timestamp) -> Self {
        let holds = HoldSystems::parse(credentials.of("hold_systems"));
        Self { address: address.trim_end_matches('/').to_owned(), credentials: credentials.clone(), holds, now }
    }

    async fn send(
        &self,
        http: &dyn Http,
        method: ::http::Method,
        path_and_query: &str,
        body: Option<String>,
    ) -> Result<Response, BankError> {
        let pair = format!("{}:{}", self.credentials.of("user"), self.credentials.of("password"));
        let basic = base64::engine::general_purpose::STANDARD.encode(pair);
        let mut headers = vec![("authorization", format!("Basic {basic}")), ("accept", "application/json".to_owned())];
        if body.is_some() {
            headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        }
        let url = format!("{}{path_and_query}", self.address);
        let body = Bytes::from(body.unwrap_or_default());
        let response = http.send(Request { method, url, headers, body, partner_given: false }).await;
        let response = response.map_err(|error| match error {
            HttpError::NotSent(_) => BankError::NotSent(Box::new(error)),
            HttpError::Unknown(_) => BankError::Unknown(Box::new(error)),
        })?;
        // Who is not let in is sent to a page to sign in.
        if matches!(response.status, 301 | 302 | 303 | 307 | 308 | 401 | 403) {
            return Err(refused(response.status, "auth", "the user or the password is not accepted"));
        }
        accepted(&response)?;
        Ok(response)
    }

    /// Asks for a list; one object is a list of one, nothing at all and what is not found are an empty one.
    async fn list<T: DeserializeOwned>(
        &self,
        http: &dyn Http,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, BankError> {
        self.list_with_time(http, path, query).await.map(|(list, _)| list)
    }

    /// The same, and what time it is there: what is planned is told from what is done by the server's clock.
    async fn list_with_time<T: DeserializeOwned>(
        &self,
        http: &dyn Http,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<(Vec<T>, Timestamp), BankError> {
        let query = translate::form(query.iter().copied());
        let response = self.send(http, ::http::Method::GET, &format!("{path}?{query}"), None).await?;
        let there = response.header("date").and_then(translate::http_date);
        let now = there.map_or(self.now, |there| there.max(self.now));
        if response.body.iter().all(u8::is_ascii_whitespace) {
            return Ok((Vec::new(), now));
        }
        let answer: serde_json::Value = read(&response.body)?;
        let first = answer.get(0).unwrap_or(&answer);
        if first.get("result").and_then(serde_json::Value::as_str) == Some("fail") {
            let msg = first.get("msg").and_then(serde_json::Value::as_str).unwrap_or_default();
            return if is_not_found(msg) { Ok((Vec::new(), now)) } else { Err(refused(200, "fail", msg)) };
        }
        Ok(match read::<OneOrMany<T>>(&response.body)? {
            OneOrMany::Many(many) => (many, now),
            OneOrMany::One(one) => (vec![one], now),
        })
    }

    /// Sends a change with a fresh token; once more with another one when the token is refused: it changes once a day, and that
    /// may be between the two requests.
    async fn change(
        &self,
        http: &dyn Http,
        path: &str,
        fields: &[(&'static str, String)],
    ) -> Result<(Response, Changed), BankError> {
        match self.change_once(http, path, fields).await? {
            (_, Changed::Refused(msg)) if is_about_token(&msg) => self.change_once(http, path, fields).await,
            changed => Ok(changed),
        }
    }

    async fn change_once(
        &self,
        http: &dyn Http,
        path: &str,
        fields: &[(&'static str, String)],
    ) -> Result<(Response, Changed), BankError> {
        let token = self.token(http).await.map_err(nothing_was_done)?;
        let pairs = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let body = translate::form(pairs.chain([("token", token.as_str())]));
        let response = self.send(http, ::http::Method::POST, path, Some(body)).await?;
        let verdict = match read::<OneOrMany<Verdict>>(&response.body)? {
            OneOrMany::One(verdict) => verdict,
            OneOrMany::Many(many) => {
                many.into_iter().next().ok_or_else(|| Malformed::at("/0", "an answer to the change"))?
            }
        };
        // An invoice comes without a word of success; any other change is done only when that is said.
        let is_done = match verdict.result.as_str() {
            "success" => true,
            "" => path == INVOICE && verdict.msg.is_empty(),
            _ => false,
        };
        if is_done {
            return Ok((response, Changed::Done(verdict)));
        }
        if verdict.result != "fail" && verdict.msg.is_empty() {
            return Err(Malformed::at("/result", "success or fail").into());
        }
        Ok((response, Changed::Refused(verdict.msg)))
    }

    async fn token(&self, http: &dyn Http) -> Result<String, BankError> {
        let response = self.send(http, ::http::Method::GET, "/info/settings/token/", None).await?;
        let token: Token = read(&response.body)?;
        Ok(token.token)
    }

    /// The payment with this order number: of several attempts the one that took money, else the one that still may, else the
    /// last.
    async fn find(&self, http: &dyn Http, number: &str) -> Result<Option<Found>, BankError> {
        let begin = translate::moscow_day(plus_seconds(self.now, -SEARCH_SECONDS));
        let end = translate::moscow_day(plus_seconds(self.now, SEARCH_SECONDS));
        let query = [("query", number), ("beg_date", begin.as_str()), ("end_date", end.as_str())];
        let rows: Vec<PaymentRow> = self.list(http, "/info/payments/search/", &query).await?;
        if rows.iter().any(|row| row.id.is_empty()) {
            return Err(Malformed::at("/0/id", "the payment's id").into());
        }
        let mut best: Option<(Status, PaymentRow)> = None;
        for row in rows.into_iter().filter(|row| row.orderid == number) {
            let status = translate::status(&row)?;
            let better = match &best {
                None => true,
                Some((known, _)) if took_money(*known) => {
                    if took_money(status) {
                        return Err(Malformed::at("/orderid", "one payment that took money").into());
                    }
                    false
                }
                Some((known, _)) => took_money(status) || *known != Status::Pending,
            };
            if better {
                best = Some((status, row));
            }
        }
        let Some((status, row)) = best else { return Ok(None) };
        self.complete(http, status, row).await.map(Some)
    }

    /// Asks for what the search does not tell.
    async fn complete(&self, http: &dyn Http, mut status: Status, mut row: PaymentRow) -> Result<Found, BankError> {
        let voided = status == Status::Canceled && !row.obtain_datetime.is_empty();
        if !took_money(status) && !voided {
            return Ok(Found { row, status, seen: None });
        }
        let query = &[("id", row.id.as_str()), ("advanced", "true")];
        let (rows, now): (Vec<PaymentRow>, _) = self.list_with_time(http, "/info/payments/byid/", query).await?;
        if let Some(full) = rows.into_iter().find(|full| full.id == row.id) {
            if full.orderid != row.orderid {
                return Err(Malformed::at("/orderid", "the number that was asked about").into());
            }
            status = translate::status(&full)?;
            row = full;
        }
        if voided {
            let none = translate::money("/pay_amount", &row.pay_amount)?.zero();
            let standing = Standing { held: none, captured: none, refunded: none };
            return Ok(Found { row, status, seen: Some(Seen { standing, returning: none }) });
        }
        let untouched = status == Status::Debited && translate::money("/refund_amount", &row.refund_amount)?.is_zero();
        let refunds: Vec<RefundRow> = if untouched {
            Vec::new()
        } else {
            self.list(http, "/info/refunds/bypaymentid/", &[("id", row.id.as_str())]).await?
        };
        let seen = translate::standing(&row, &refunds, &self.holds, now)?;
        Ok(Found { row, status, seen: Some(seen) })
    }

    /// The payment a command is about, as it stands before.
    async fn before(&self, http: &dyn Http, number: &str) -> Result<(PaymentRow, Seen), BankError> {
        let found = self.find(http, number).await.map_err(nothing_was_done)?;
        let found = found.ok_or_else(|| refused(0, "not_found", "PayKeeper knows no payment with this number"))?;
        let seen = found.seen.ok_or_else(|| refused(0, "not_paid", "the payment has taken no money"))?;
        Ok((found.row, seen))
    }

    /// An invoice for this number that is still open: repeated, a registration makes no second one. A look at the hundred
    /// latest open ones; one that is missed harms nobody, its page was never shown.
    async fn open_invoice(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Option<Invoice>, BankError> {
        let begin = translate::moscow_day(plus_seconds(self.now, -DAY_SECONDS));
        let end = translate::moscow_day(plus_seconds(self.now, DAY_SECONDS));
        let query = [
            ("start_date", begin.as_str()),
            ("end_date", end.as_str()),
            ("status[]", "created"),
            ("status[]", "sent"),
            ("limit", "100"),
            ("from", "0"),
        ];
        let invoices: Vec<Invoice> = self.list(http, "/info/invoice/list/", &query).await?;
        let amount = translate::roubles(request.amount);
        Ok(invoices.into_iter().find(|invoice| {
            invoice.orderid == request.number
                && translate::money("/pay_amount", &invoice.pay_amount).is_ok_and(|m| translate::roubles(m) == amount)
        }))
    }

    /// How a payment stands that nobody has begun to pay.
    async fn unpaid(&self, http: &dyn Http, number: &str, reference: Option<&str>) -> Result<BankState, BankError> {
        let Some(reference) = reference else { return Ok(BankState::NotFound) };
        if reference == number {
            return Ok(BankState::NotFound); // the page is the form: PayKeeper hears of it when the buyer pays
        }
        let invoices: Vec<Invoice> = self.list(http, "/info/invoice/byid/", &[("id", reference)]).await?;
        if invoices.iter().any(|invoice| invoice.id.is_empty()) {
            return Err(Malformed::at("/id", "the invoice's id").into());
        }
        let Some(invoice) = invoices.into_iter().find(|invoice| invoice.id == reference) else {
            return Ok(BankState::NotFound);
        };
        if invoice.orderid != number {
            return Err(Malformed::at("/orderid", "the number that was asked about").into());
        }
        Ok(match invoice.status.as_str() {
            "expired" => BankState::Declined(DeclineReason::TimedOut),
            // Paid, and not among the payments yet: soon it will be.
            "created" | "sent" | "paid" => BankState::Pending,
            _ => return Err(Malformed::at("/status", "a state of an invoice").into()),
        })
    }

    async fn state(
        &self,
        http: &dyn Http,
        number: &str,
        reference: Option<&str>,
    ) -> Result<(BankReport, Option<Seen>), BankError> {
        let Some(found) = self.find(http, number).await? else {
            return Ok((BankReport::new(None, self.unpaid(http, number, reference).await?), None));
        };
        if let Some(seen) = found.seen {
            let row = &found.row;
            let saved = translate::saved(&row.bank_id, &row.card_number, &row.card_expiry);
            let report = BankReport { saved, ..BankReport::new(None, BankState::Stands(seen.standing)) };
            return Ok((report, Some(seen)));
        }
        let state = match found.status {
            Status::Canceled => BankState::Declined(DeclineReason::CancelledByBuyer),
            Status::Failed => BankState::Declined(DeclineReason::Other),
            _ => BankState::Pending,
        };
        // An attempt came to nothing; while its invoice is open the buyer may make another.
        if let (BankState::Declined(_), Some(reference)) = (state, reference)
            && reference != found.row.id
            && reference != number
            && self.unpaid(http, number, Some(reference)).await? == BankState::Pending
        {
            return Ok((BankReport::new(None, BankState::Pending), None));
        }
        Ok((BankReport::new(None, state), None))
    }

    /// Asks for money back or to be let go; how the payment stands then, where that can be seen, or the words of a refusal.
    async fn reverse(
        &self,
        http: &dyn Http,
        payment: &PaymentRow,
        amount: Money,
        partial: bool,
    ) -> Result<Result<Option<Seen>, String>, BankError> {
        let amount = translate::roubles(amount);
        let fields = [("id", payment.id.clone()), ("amount", amount), ("partial", partial.to_string())];
        if let (_, Changed::Refused(msg)) = self.change(http, "/change/payment/reverse/", &fields).await? {
            return Ok(Err(msg));
        }
        // Taken on, and perhaps made later. Not to be told how far it is is no failure.
        let after = self.find(http, &payment.orderid).await;
        Ok(Ok(after.ok().flatten().and_then(|found| found.seen)))
    }
}

#[async_trait]
impl Bank for PaykeeperBank {
    async fn register(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Registered, BankError> {
        let pstype = self.way(request)?;
        if request.save {
            let fields = translate::binding_form(request, &pstype, self.credentials.of("secret"));
            let query = translate::form(fields.iter().map(|(name, value)| (*name, value.as_str())));
            let page = format!("{}/create/?{query}", self.address);
            return Ok(Registered { reference: request.number.clone(), show: Show::Page(page) });
        }
        let open = self.open_invoice(http, request).await.map_err(nothing_was_done)?;
        let (reference, page) = if let Some(invoice) = open {
            let page = format!("{}/bill/{}/", self.address, invoice.id);
            (invoice.id, page)
        } else {
            let (response, changed) = self.change(http, INVOICE, &translate::invoice(request)).await?;
            if let Changed::Refused(msg) = changed {
                return Err(refused(response.status, "fail", &msg));
            }
            let made: InvoiceMade = match read(&response.body)? {
                OneOrMany::One(made) => made,
                OneOrMany::Many(many) => {
                    many.into_iter().next().ok_or_else(|| Malformed::at("/0", "the invoice that was made"))?
                }
            };
            (made.invoice_id, made.invoice_url)
        };
        if reference.is_empty() {
            return Err(Malformed::at("/invoice_id", "the invoice's id").into());
        }
        if !(page.starts_with("https://") || page.starts_with("http://")) {
            return Err(Malformed::at("/invoice_url", "an absolute http(s) URL").into());
        }
        let page = match (pstype.is_empty(), page.contains('?')) {
            (true, _) => page,
            (false, has_query) => {
                format!("{page}{}{}", if has_query { "&" } else { "?" }, translate::form([("pstype", pstype.as_str())]))
            }
        };
        Ok(Registered { reference, show: Show::Page(page) })
    }

    async fn charge(&self, http: &dyn Http, request: &ChargeRequest) -> Result<Charged, BankError> {
        let payment = &request.payment;
        let pstype = self.way(payment)?;
        let known = self.find(http, &payment.number).await.map_err(nothing_was_done)?;
        let reference = if let Some(found) = known {
            found.row.id
        } else {
            let fields = translate::charge(payment, &request.token, &pstype, self.credentials.of("secret"));
            match self.change(http, "/change/binding/execute/", &fields).await? {
                (_, Changed::Done(verdict)) if !verdict.payment_id.is_empty() => verdict.payment_id,
                (_, Changed::Done(_)) => return Err(Malformed::at("/payment_id", "the payment's id").into()),
                (response, Changed::Refused(msg)) => {
                    // The bank's decline leaves a payment behind, a refusal of the request does not.
                    match self.find(http, &payment.number).await? {
                        Some(found) => found.row.id,
                        None => return Err(refused(response.status, "fail", &msg)),
                    }
                }
            }
        };
        let (mut report, _) = match self.state(http, &payment.number, Some(&reference)).await {
            Ok(state) => state,
            // Taken on, and not to be seen just now: asked about later.
            Err(_) => (BankReport::new(None, BankState::Pending), None),
        };
        if report.state == BankState::NotFound {
            report.state = BankState::Pending;
        }
        report.reference = Some(reference);
        Ok(Charged { report, page: None })
    }

    async fn ask(&self, http: &dyn Http, question: &Question) -> Result<BankReport, BankError> {
        let (mut report, seen) =
            self.state(http, &question.payment.number, question.payment.reference.as_deref()).await?;
        let about_a_part = question.number != question.payment.number;
        if about_a_part && seen.is_some_and(|seen| seen.returning.is_positive()) {
            report.state = BankState::Pending;
        }
        Ok(report)
    }

    async fn capture(&self, http: &dyn Http, request: &CaptureRequest) -> Result<BankReport, BankError> {
        let report = |state| Ok(BankReport::new(None, state));
        let (payment, Seen { standing, returning }) = self.before(http, &request.payment.number).await?;
        if returning.is_positive() {
            return report(BankState::Pending);
        }
        if !standing.held.is_positive() {
            return report(if standing.captured == request.amount {
                BankState::Succeeded(request.amount)
            } else {
                BankState::Stands(standing)
            });
        }
        let too_much = |_| refused(0, "amount", "another currency than the hold's");
        let rest = standing.held.minus(request.amount).map_err(too_much)?;
        if rest.minor() < 0 || !request.amount.is_positive() {
            return Err(refused(0, "amount", "not an amount within the hold"));
        }
        let refusal = if rest.is_zero() {
            match self.change(http, "/change/payment/capture/", &[("id", payment.id.clone())]).await? {
                (_, Changed::Done(_)) => return report(BankState::Succeeded(request.amount)),
                (_, Changed::Refused(msg)) => msg,
            }
        } else {
            match self.reverse(http, &payment, rest, true).await? {
                Ok(None) => return report(BankState::Pending),
                Ok(Some(after)) if after.returning.is_positive() => return report(BankState::Pending),
                Ok(Some(after)) if after.standing.captured == request.amount => {
                    return report(BankState::Succeeded(request.amount));
                }
                Ok(Some(after)) => return report(BankState::Stands(after.standing)),
                Err(msg) => msg,
            }
        };
        // Somebody was faster, or it can not be done: how it stands tells.
        let (_, Seen { standing: after, .. }) = self.before(http, &request.payment.number).await?;
        if after == standing { Err(refused(200, "fail", &refusal)) } else { report(BankState::Stands(after)) }
    }

    async fn give_back(&self, http: &dyn Http, request: &ReturnRequest) -> Result<BankReport, BankError> {
        let report = |state| Ok(BankReport::new(None, state));
        let currency = |_| refused(0, "amount", "another currency than the payment's");
        let rest = request.standing.minus(request.amount).map_err(currency)?;
        if request.kind == Return::Void && rest.is_positive() {
            return Err(unsupported("a part of a hold is let go by capturing the rest"));
        }
        if rest.minor() < 0 || !request.amount.is_positive() {
            return Err(refused(0, "amount", "not an amount within what stands"));
        }
        let (payment, seen) = self.before(http, &request.payment.number).await?;
        if stands(request.kind, &seen)? != request.standing {
            // It happened already, by this command repeated; or something else did, and then how it stands tells.
            return report(outcome(request, rest, &seen)?.unwrap_or(BankState::Stands(seen.standing)));
        }
        match self.reverse(http, &payment, request.amount, rest.is_positive()).await? {
            Ok(None) => report(BankState::Pending),
            // Taken on, and given up by the bank at once.
            Ok(Some(after)) if after == seen => report(BankState::Declined(DeclineReason::Other)),
            Ok(Some(after)) => report(outcome(request, rest, &after)?.unwrap_or(BankState::Stands(after.standing))),
            Err(msg) => {
                let (_, after) = self.before(http, &request.payment.number).await?;
                if after == seen { Err(refused(200, "fail", &msg)) } else { report(BankState::Stands(after.standing)) }
            }
        }
    }

    /// Nothing is asked of `PayKeeper`: the token is of no use to anybody who has dropped it.
    async fn forget(&self, _http: &dyn Http, _customer: &str, _token: &str) -> Result<(), BankError> {
        Ok(())
    }

    /// The amount is in the report, to be held against the order's; the client is the payment's own number unless means are
    /// saved for one, and is signed with the rest.
    fn callback(&self, _now: Timestamp, incoming: &Incoming) -> Result<Option<Callback>, CallbackError> {
        let told = Notification::read(&incoming.body)?;
        let secret = self.credentials.of("secret");
        let key = told.key.as_deref().ok_or(CallbackError::Unsigned)?.to_ascii_lowercase();
        let expected = told.expected_key(secret);
        if secret.is_empty() || !bool::from(key.as_bytes().ct_eq(expected.as_bytes())) {
            return Err(CallbackError::WrongSignature);
        }
        let digits = !told.id.is_empty() && told.id.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            return Err(Malformed::at("/id", "digits").into());
        }
        // id and sum stand side by side in what is signed: without the point the border could be moved.
        let sum = translate::money("/sum", &told.sum)?;
        if told.sum != translate::roubles(sum) || !sum.is_positive() {
            return Err(Malformed::at("/sum", "roubles with two decimals").into());
        }
        if !is_number(&told.orderid) {
            return Ok(None); // paid in the cabinet or by a link of its own: none of ours
        }
        let none = sum.zero();
        let two_stage = self.holds.contains(&told.ps_id);
        let standing = if two_stage {
            Standing { held: sum, captured: none, refunded: none }
        } else {
            Standing { held: none, captured: sum, refunded: none }
        };
        let saved = translate::saved(&told.bank_id, &told.card_number, &told.card_expiry);
        let report = BankReport { saved, ..BankReport::new(None, BankState::Stands(standing)) };
        let body = format!("OK {}", translate::md5_of(&[&told.id], secret));
        // Authorized only, as long as no date of capture is named; then it may be captured, in part even, or about to be.
        let proven = !two_stage || told.batch_date.is_empty();
        let answer = CallbackAnswer { content_type: Some("text/plain"), body };
        Ok(Some(Callback { number: told.orderid, report, proven, answer }))
    }
}

impl PaykeeperBank {
    /// The `pstype` of a payment, once it is sure that the account can take it.
    fn way(&self, request: &PaymentRequest) -> Result<String, BankError> {
        if request.amount.currency() != Currency::RUB {
            return Err(unsupported("roubles only"));
        }
        if request.save && request.customer.is_none() {
            return Err(unsupported("means are saved for a customer"));
        }
        let two = if request.stages == Stages::Two { "two stages" } else { "one stage" };
        translate::pstype(&self.credentials, &self.holds, request.method, request.stages)
            .ok_or_else(|| unsupported(&format!("the account has no {} in {two}", request.method.code())))
    }
}

/// What a payment that stands so says of a return that was to leave `rest`: made, on its way, or nothing.
fn outcome(request: &ReturnRequest, rest: Money, seen: &Seen) -> Result<Option<BankState>, Malformed> {
    // A hold that is gone may have been captured meanwhile.
    let is_made =
        stands(request.kind, seen)? == rest && (request.kind != Return::Void || seen.standing.captured.is_zero());
    Ok(match (is_made, seen.returning.is_positive()) {
        (false, _) => None,
        (true, true) => Some(BankState::Pending),
        (true, false) => Some(BankState::Succeeded(request.amount)),
    })
}

/// What a return takes from, as it stands now; what is on its way back is not there any more.
fn stands(kind: Return, seen: &Seen) -> Result<Money, Malformed> {
    let Standing { held, captured, refunded } = seen.standing;
    let whole = match kind {
        Return::Void => Ok(held),
        Return::Reversal | Return::Refund => captured.minus(refunded),
    };
    let left = whole.and_then(|whole| whole.minus(seen.returning));
    left.map_err(|_| Malformed::at("/refund_amount", "no more than the payment"))
}

const fn took_money(status: Status) -> bool {
    matches!(status, Status::Debited | Status::Refunding | Status::Refunded | Status::PartiallyRefunded)
}

fn is_number(text: &str) -> bool {
    (1..=NUMBER_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// «Токен безопасности не верен», in whatever words it comes next time.
fn is_about_token(msg: &str) -> bool {
    let msg = msg.to_lowercase();
    msg.contains("токен") || msg.contains("token")
}

fn is_not_found(msg: &str) -> bool {
    let msg = msg.to_lowercase();
    msg.contains("не найден") || msg.contains("not found")
}

/// An exchange before the command itself: whatever became of it, the command was not sent.
fn nothing_was_done(error: BankError) -> BankError {
    match error {
        BankError::Unknown(_) | BankError::Unreadable { .. } => BankError::NotSent(Box::new(error)),
        BankError::NotSent(_) | BankError::Refused { .. } => error,
    }
}

fn refused(status: u16, code: &str, message: &str) -> BankError {
    let message = message.chars().filter(|c| !c.is_control()).take(300).collect();
    BankError::Refused { status, code: code.to_owned(), message }
}

fn unsupported(what: &str) -> BankError {
    refused(0, "unsupported", what)
}
