//! The bank's doors: payments, and what is done with them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::acquiring::{Lapse, Method, Stages};
use domain::details::Language;
use domain::money::Money;
use domain::partner::origin;
use domain::time::{Timestamp, plus_seconds, whole_seconds};
use runtime::problem::Problem;
use serde_json::{Map, Value, json};
use workflows::ports::Ports;

use super::means;
use super::words::{
    Asked, ENDED, Fault, QR, Said, about, ended, is_binding, is_qr, is_true, left, status, with_amount,
};
use crate::door::{Received, Refusal, answer};
use crate::double::{self, Card, Deal, DealState, Family, NewDeal, No, RefundState, Terminal};
use crate::{SandboxError, Shared};

/// «7 дней, включая день авторизации»: after the last of them the buyer's bank may let go, and here it does within a day.
const HOLD_SECONDS: u32 = 7 * 24 * 3_600;
/// A link's life, unless the shop says otherwise.
const OPEN_SECONDS: i64 = 24 * 3_600;
/// The least and greatest of what it may say.
const DUE_SECONDS: [i64; 2] = [60, 90 * 24 * 3_600];
/// Names in `DATA` that the documents give themselves, longer than they allow.
const SETTINGS: [&str; 2] = ["OperationInitiatorType", "notificationEnableSource"];
/// Amounts of the СБП, kopecks: from ten roubles to a million.
const SBP_AMOUNTS: std::ops::RangeInclusive<i64> = 1_000..=100_000_000;

/// `POST /sandbox/tbank/{partner}/v2/{method}`.
pub async fn call(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, method)): Path<(String, String)>,
    received: Received,
) -> Response {
    match carried_out(&ports, &partner, &method, received).await {
        Ok(said) => answer(StatusCode::OK, said),
        Err(Fault::Said(said)) => answer(StatusCode::OK, said.body()),
        Err(Fault::NoMethod) => Refusal::not_found().into_response(),
        Err(Fault::Sandbox(error)) => {
            // Logged by what the doors of the house have for it; said in the bank's words.
            let status =
                if error.passes() { Problem::unavailable(&error, 2) } else { Problem::internal(&error) }.status;
            answer(status, Said::new("9999", "Внутренняя ошибка системы.", "").body())
        }
    }
}

async fn carried_out(ports: &Ports, partner: &str, method: &str, received: Received) -> Result<Value, Fault> {
    let unknown = || Said::wrong("501", "Терминал не найден.");
    let tenant = double::tenant(partner).ok_or_else(unknown)?;
    let terminal = double::terminal(ports, &tenant, Family::Tbank).await?;
    let body = received.map_err(|_| Said::wrong("1", "Параметры не сопоставлены."))?;
    let asked = Asked::read(&body, &terminal)?;
    let desk = Desk { ports, terminal: &terminal, asked: &asked };
    let said = match method {
        "Init" => desk.init().await?,
        "GetState" => desk.state().await?,
        "CheckOrder" => desk.order().await?,
        "Confirm" => desk.confirm().await?,
        "Cancel" => desk.cancel().await?,
        "Charge" => desk.charge().await?,
        "ChargeQr" => desk.charge_qr().await?,
        "GetQr" => desk.qr().await?,
        "GetQrState" => desk.qr_state().await?,
        "QrMembersList" => desk.members().await?,
        "SbpPayTest" => desk.sbp_test().await?,
        _ => return means::carried_out(&desk, method).await,
    };
    Ok(Value::Object(said))
}

/// One request at one terminal.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub ports: &'a Ports,
    pub terminal: &'a Terminal,
    pub asked: &'a Asked,
}

impl Desk<'_> {
    /// The payment that is named.
    async fn payment(&self) -> Result<Deal, Fault> {
        let id =
            self.asked.text("PaymentId").ok_or_else(|| Said::wrong("201", "Поле PaymentId не должно быть пустым."))?;
        let tenant = &self.terminal.tenant;
        let found = double::find_by_reference(self.ports, tenant, Family::Tbank, &id).await?;
        let found = found.filter(|deal| !is_binding(deal));
        Ok(found.ok_or_else(|| Said::new("255", "Неверные параметры.", "Платеж не найден."))?)
    }

    /// Changes it.
    async fn act<A: Send>(
        &self,
        deal: &Deal,
        what: impl FnMut(&mut Deal, Timestamp) -> A + Send,
    ) -> Result<(A, Deal), Fault> {
        let done = double::act(self.ports, &self.terminal.tenant, &deal.reference, what).await?;
        Ok(done.ok_or_else(|| Said::new("255", "Неверные параметры.", "Платеж не найден."))?)
    }

    /// 1.8, section 2.3; 1.80, `Init`.
    async fn init(&self) -> Result<Map<String, Value>, Fault> {
        let number = self.asked.sized("OrderId", "212", 36)?;
        let tenant = &self.terminal.tenant;
        let used = || Said::state("Заказ с таким order_id уже существует.");
        // A number is refused before anything else is looked at.
        if double::find_by_number(self.ports, tenant, Family::Tbank, &number).await?.is_some() {
            return Err(used().into());
        }
        let now = workflows::clock::now(self.ports, tenant).await.map_err(SandboxError::from)?;
        let new = self.new_deal(number, now)?;
        let opened = double::open(self.ports, tenant, new).await?;
        if !opened.is_new {
            return Err(used().into());
        }
        let mut said = with_amount(self.terminal, &opened.deal);
        said.insert("PaymentURL".to_owned(), json!(self.terminal.page(&opened.deal)));
        Ok(said)
    }

    fn new_deal(&self, number: String, now: Timestamp) -> Result<NewDeal, Said> {
        let asked = self.asked;
        let amount = asked.amount(100)?.ok_or_else(|| Said::wrong("247", "Параметр Amount не сопоставлен."))?;
        let longest = |name: &str, code, most: usize| match asked.text(name) {
            Some(text) if text.chars().count() > most => {
                Err(Said::wrong(code, format!("Размер поля {name} должен быть от 0 до {most}.")))
            }
            text => Ok(text),
        };
        let description = longest("Description", "213", 140)?.unwrap_or_default();
        let customer = longest("CustomerKey", "216", 36)?;
        if asked.text("Currency").is_some_and(|currency| currency != "643") {
            return Err(Said::wrong("253", "Валюта не разрешена для данного терминала."));
        }
        let stages = match asked.text("PayType").as_deref() {
            None | Some("O") => Stages::One,
            Some("T") => Stages::Two,
            Some(_) => return Err(Said::wrong("1", "Параметры не сопоставлены.")),
        };
        let recurrent = asked.text("Recurrent").as_deref() == Some("Y");
        self.data(recurrent)?;
        self.receipt(amount)?;
        let by_qr = is_true(asked.data("QR"));
        if recurrent && !by_qr && customer.is_none() {
            return Err(Said::wrong("216", "Размер поля CustomerKey должен быть от 1 до 36."));
        }
        let home = &self.terminal.address;
        let url = |name: &str| match asked.text(name) {
            Some(url) if origin(&url).is_none() => Err(Said::wrong("9", "Переадресовываемый URL пуст.")),
            url => Ok(url),
        };
        Ok(NewDeal {
            family: Family::Tbank,
            number,
            amount,
            stages,
            method: Method::Card,
            description,
            return_success: url("SuccessURL")?.unwrap_or_else(|| home.clone()),
            return_failure: url("FailURL")?.unwrap_or_else(|| home.clone()),
            callback_url: url("NotificationURL")?,
            expires_at: due(asked, now)?,
            language: match asked.text("Language").as_deref() {
                Some("en") => Language::En,
                _ => Language::Ru,
            },
            merchant: self.terminal.credentials.of("terminal_key").to_owned(),
            // Bound accounts are the shop's, whoever they are of.
            customer: if by_qr { Some(means::ACCOUNTS.to_owned()) } else { customer },
            save: recurrent,
            points_max: None,
            hold_seconds: HOLD_SECONDS,
            lapse: Lapse::Released,
            words: asked.words(),
        })
    }

    /// `DATA`: at most 20 pairs of 20 and 100 characters, and an initiator that fits (1.80, «Передача признака инициатора операции»).
    fn data(&self, recurrent: bool) -> Result<(), Said> {
        let data = match self.asked.get("DATA") {
            None => return Ok(()),
            Some(Value::Object(data)) => data,
            Some(_) => return Err(Said::wrong("250", "Параметр DATA не сопоставлен.")),
        };
        if data.len() > 20 {
            return Err(Said::wrong("207", "Параметр DATA превышает максимально допустимый размер."));
        }
        for (name, value) in data {
            if name.chars().count() > 20 && !SETTINGS.contains(&name.as_str()) {
                let details = "Наименование ключа из параметра DATA превышает максимально допустимый размер.";
                return Err(Said::wrong("208", details));
            }
            let length = value.as_str().map_or_else(|| value.to_string().chars().count(), |text| text.chars().count());
            if length > 100 {
                let details = "Значение ключа из параметра DATA превышает максимально допустимый размер.";
                return Err(Said::wrong("209", details));
            }
        }
        let fits = match data.get("OperationInitiatorType").and_then(Value::as_str) {
            None => true,
            Some("1") => recurrent,
            Some("0" | "2" | "R" | "I") => !recurrent,
            Some(_) => false,
        };
        if fits { Ok(()) } else { Err(initiator()) }
    }

    /// `Receipt`, where one is given: somebody to send it to, and items that make up the amount.
    fn receipt(&self, amount: Money) -> Result<(), Said> {
        let Some(receipt) = self.asked.get("Receipt") else { return Ok(()) };
        if receipt.get("Email").is_none() && receipt.get("Phone").is_none() {
            return Err(Said::wrong("329", "email или Phone обязательны при передаче чека."));
        }
        let items = receipt.get("Items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let sums = items.iter().map(|item| item.get("Amount").and_then(Value::as_i64));
        let total = sums.reduce(|total, sum| total?.checked_add(sum?)).flatten();
        let fits = total == Some(amount.minor());
        if fits {
            Ok(())
        } else {
            Err(Said::wrong("334", "Суммы в чеке и в платеже не совпадают."))
        }
    }

    /// 1.8, section 2.11.
    async fn state(&self) -> Result<Map<String, Value>, Fault> {
        let deal = self.payment().await?;
        let source = if is_qr(&deal) { "qrsbp" } else { "cards" };
        let mut said = with_amount(self.terminal, &deal);
        let params = json!([{ "Key": "Route", "Value": "ACQ" }, { "Key": "Source", "Value": source }]);
        said.insert("Params".to_owned(), params);
        Ok(said)
    }

    /// 1.8, section 2.12.
    async fn order(&self) -> Result<Map<String, Value>, Fault> {
        let number = self.asked.sized("OrderId", "212", 36)?;
        let tenant = &self.terminal.tenant;
        let key = self.terminal.credentials.of("terminal_key");
        let found = double::find_by_number(self.ports, tenant, Family::Tbank, &number).await?;
        let Some(deal) = found.filter(|deal| !is_binding(deal)) else {
            let details = format!("OrderId {number} не найден для TerminalKey {key}");
            return Err(Said::wrong("335", details).into());
        };
        let (code, message) = ended(&deal);
        let said = json!({
            "Success": true, "ErrorCode": "0", "Message": "OK", "TerminalKey": key, "OrderId": number,
            "Payments": [{
                "PaymentId": deal.reference, "Amount": left(&deal).minor(), "Status": status(&deal),
                "Success": code == "0", "ErrorCode": code, "Message": message,
            }],
        });
        Ok(object(said))
    }

    /// 1.8, section 2.8.
    async fn confirm(&self) -> Result<Map<String, Value>, Fault> {
        let deal = self.payment().await?;
        let amount = self.asked.amount(1)?;
        let (done, deal) = self
            .act(&deal, |deal, now| {
                let held = deal.facts().held;
                deal.capture(amount.unwrap_or(held), now)
            })
            .await?;
        done.map_err(|no| no_of(no, &deal))?;
        Ok(about(self.terminal, &deal))
    }

    /// 1.8, section 2.10: what it means depends on the state.
    async fn cancel(&self) -> Result<Map<String, Value>, Fault> {
        let deal = self.payment().await?;
        let asked = match deal.facts().state {
            DealState::Open => None, // «в случае отмены статуса NEW поле Amount игнорируется»
            _ => self.asked.amount(100)?,
        };
        // 1.80: «Параметр не работает для операций по СБП».
        let external = self.asked.text("ExternalRequestId").filter(|_| !is_qr(&deal));
        if external.as_ref().is_some_and(|id| id.chars().count() > 256) {
            return Err(Said::wrong("1", "Параметры не сопоставлены.").into());
        }
        let seen = external.as_ref().map(|id| format!("cancel {id}"));
        let (done, deal) = self
            .act(&deal, |deal, now| {
                if seen.as_ref().is_some_and(|seen| deal.notes.contains_key(seen)) {
                    return Ok((left(deal), left(deal), status(deal)));
                }
                let done = cancelled(deal, asked, external.as_deref(), now)?;
                if let Some(seen) = &seen {
                    deal.notes.insert(seen.clone(), json!(true));
                }
                Ok(done)
            })
            .await?;
        let (original, new, status) = done.map_err(|no| no_of(no, &deal))?;
        let mut said = about(self.terminal, &deal);
        said.insert("Status".to_owned(), json!(status));
        said.insert("OriginalAmount".to_owned(), json!(original.minor()));
        said.insert("NewAmount".to_owned(), json!(new.minor()));
        if let Some(id) = external {
            said.insert("ExternalRequestId".to_owned(), json!(id));
        }
        Ok(said)
    }

    /// 1.8, section 2.9.
    async fn charge(&self) -> Result<Map<String, Value>, Fault> {
        let deal = self.payment().await?;
        let rebill = self
            .asked
            .text("RebillId")
            .ok_or_else(|| Said::wrong("235", "Размер поля RebillId должен быть от 1 до 20."))?;
        let initiator_type = deal.words.get("DATA").and_then(|data| data.get("OperationInitiatorType"));
        if matches!(initiator_type.and_then(Value::as_str), Some("0" | "1")) {
            return Err(initiator().into());
        }
        if deal.facts().state != DealState::Open || is_qr(&deal) {
            return Err(Said::state("Неверный статус транзакции.").into());
        }
        let known = double::binding(self.ports, &self.terminal.tenant, Family::Tbank, &rebill).await?;
        let no = || Said::new("104", "Ошибка выполнения рекуррента.", "RebillId не найден.");
        let known = known.filter(|binding| binding.customer != means::ACCOUNTS).ok_or_else(no)?;
        // «Обязательность аутентификации (3DS): нет», whoever starts it.
        let (done, deal) = self.act(&deal, |deal, now| deal.charge(&known, false, now)).await?;
        done.map_err(|no| no_of(no, &deal))?;
        let (code, message) = ended(&deal);
        if code == "0" {
            return Ok(with_amount(self.terminal, &deal));
        }
        Err(Said::new(code, message, message).with(with_amount(self.terminal, &deal)).into())
    }

    /// 1.8, section 3.5: the answer says only that it is under way.
    async fn charge_qr(&self) -> Result<Map<String, Value>, Fault> {
        let deal = self.payment().await?;
        let no = |code, message| Said::new(code, message, message);
        let account = self.asked.text("AccountToken").unwrap_or_default();
        if !deal.save || !is_true(deal.words.get("DATA").and_then(|data| data.get("QR"))) {
            return Err(no("3013", "Рекуррентные платежи недоступны").into());
        }
        if deal.facts().state != DealState::Open || is_qr(&deal) {
            return Err(Said::state("Неверный статус транзакции.").into());
        }
        sbp_takes(&deal)?;
        let token = means::token_of(&account).ok_or_else(|| no("3014", "AccountToken не найден"))?;
        let known = double::binding(self.ports, &self.terminal.tenant, Family::Tbank, token).await?;
        let known = known.filter(|binding| binding.customer == means::ACCOUNTS);
        let known = known.ok_or_else(|| no("3015", "Неверный статус AccountToken"))?;
        let (done, deal) = self
            .act(&deal, |deal, now| {
                deal.notes.insert(QR.to_owned(), json!(true));
                deal.charge(&known, false, now)
            })
            .await?;
        done.map_err(|no| no_of(no, &deal))?;
        let mut said = about(self.terminal, &deal);
        said.insert("Status".to_owned(), json!("FORM_SHOWED"));
        said.insert("Amount".to_owned(), json!(deal.amount.minor()));
        said.insert("Currency".to_owned(), json!(643));
        Ok(said)
    }

    /// 1.8, section 3.2.
    async fn qr(&self) -> Result<Map<String, Value>, Fault> {
        let deal = self.payment().await?;
        if deal.facts().state != DealState::Open {
            return Err(Said::state("Неверный статус транзакции.").into());
        }
        sbp_takes(&deal)?;
        means::keep_link(self, &deal).await?;
        let (_, deal) = self.act(&deal, |deal, _| deal.notes.insert(QR.to_owned(), json!(true))).await?;
        let mut said = about(self.terminal, &deal);
        said.remove("Status");
        // A number here, a string elsewhere: so it is in both documents.
        said.insert("PaymentId".to_owned(), deal.reference.parse::<u64>().map_or(Value::Null, |id| json!(id)));
        said.insert("Data".to_owned(), json!(self.shown(&deal.sbp_link())?));
        if deal.save {
            said.insert("RequestKey".to_owned(), json!(means::request_key(&deal)));
        }
        Ok(said)
    }

    /// A link, or its picture.
    pub fn shown(&self, link: &str) -> Result<String, Said> {
        let wrong = || Said::wrong("3016", "Невозможно создать QR.");
        match self.asked.text("DataType").as_deref() {
            None | Some("PAYLOAD") => Ok(link.to_owned()),
            Some("IMAGE") => pages::qr_svg(link, "QR").ok_or_else(wrong),
            Some(_) => Err(Said::wrong("1", "Параметры не сопоставлены.")),
        }
    }

    /// 1.80, `GetQrState`: how a refund by the СБП went.
    async fn qr_state(&self) -> Result<Map<String, Value>, Fault> {
        let deal = self.payment().await?;
        let mut said = with_amount(self.terminal, &deal);
        let declined = deal.facts().refunds.last().is_some_and(|refund| refund.state == RefundState::Declined);
        if declined {
            said.insert("QrCancelCode".to_owned(), json!("I05043"));
            said.insert("QrCancelMessage".to_owned(), json!(NO_ACCOUNT));
        }
        Ok(said)
    }

    /// 1.8, section 3.3: where a refund by the СБП may go.
    async fn members(&self) -> Result<Map<String, Value>, Fault> {
        let deal = self.payment().await?;
        let mut said = about(self.terminal, &deal);
        let member = json!({ "MemberId": means::BANK.0, "MemberName": means::BANK.1, "IsPayee": true });
        said.insert("Members".to_owned(), json!([member]));
        Ok(said)
    }

    /// 1.80, `SbpPayTest`: the buyer's part, played.
    async fn sbp_test(&self) -> Result<Map<String, Value>, Fault> {
        let deal = self.payment().await?;
        let (late, rejected) = (self.asked.flag("IsDeadlineExpired"), self.asked.flag("IsRejected"));
        if late && rejected {
            return Err(Said::wrong("1", "Параметры не сопоставлены.").into());
        }
        if !is_qr(&deal) || deal.facts().state != DealState::Open {
            return Err(Said::state("Неверный статус транзакции.").into());
        }
        self.act(&deal, |deal, now| {
            if late || rejected {
                let state = if late { "DEADLINE_EXPIRED" } else { "REJECTED" };
                deal.notes.insert(ENDED.to_owned(), json!(state));
                deal.cancel_open(now)
            } else {
                deal.pay(Card::Success, now);
                Ok(())
            }
        })
        .await?
        .0
        .map_err(|no| no_of(no, &deal))?;
        Ok(object(json!({ "Success": true, "ErrorCode": "0", "Message": "OK", "Details": "0" })))
    }
}

/// What the buyer's bank answers to a refund it does not take.
const NO_ACCOUNT: &str = "У клиента нет расчетного счета в этом банке";

/// `Cancel` in every state it is for: what there was, what is left, and the state that is answered.
fn cancelled(
    deal: &mut Deal,
    amount: Option<Money>,
    external: Option<&str>,
    now: Timestamp,
) -> Result<(Money, Money, &'static str), No> {
    let before = left(deal);
    let facts = deal.facts();
    let amount = amount.unwrap_or(before);
    match facts.state {
        DealState::Open => {
            deal.notes.insert(ENDED.to_owned(), json!("CANCELED"));
            deal.cancel_open(now)?;
            return Ok((before, deal.amount.zero(), status(deal)));
        }
        DealState::Held => deal.void(amount, now)?,
        DealState::Captured | DealState::PartlyRefunded => {
            if facts.refunds.iter().any(|refund| refund.state == RefundState::Pending) {
                return Err(No::Ended);
            }
            let id = external.map_or_else(|| format!("no external id {}", facts.refunds.len()), ToOwned::to_owned);
            deal.refund(&id, amount, now)?;
        }
        DealState::Challenge
        | DealState::Processing
        | DealState::Voided
        | DealState::Refunded
        | DealState::Declined => {
            return Err(No::Ended);
        }
    }
    let new = before.minus(amount).map_err(|_| No::TooMuch)?;
    // By the СБП money goes back by and by, even where it is quick.
    let by_and_by = is_qr(deal) && facts.state != DealState::Held;
    Ok((before, new, if by_and_by { "ASYNC_REFUNDING" } else { status(deal) }))
}

/// Why the machine does not do it, in the bank's words.
fn no_of(no: No, deal: &Deal) -> Said {
    match no {
        No::NotHeld | No::NotCaptured | No::Ended | No::NumberReused => Said::state("Неверный статус транзакции."),
        No::TooMuch => Said::wrong("330", "Сумма в запросе больше чем в оригинальной транзакции."),
        No::Refused(_) if is_qr(deal) => Said::new("3031", "Банк покупателя отклонил возврат.", NO_ACCOUNT),
        No::Refused(_) => {
            Said::new("99", "Попробуйте повторить попытку позже", "Банк, выпустивший карту, отклонил операцию")
        }
    }
}

fn initiator() -> Said {
    Said::wrong("1126", "Несопоставимые значения rebillId или Recurrent с переданным значением OperationInitiatorType.")
}

/// What the СБП does not take.
fn sbp_takes(deal: &Deal) -> Result<(), Said> {
    if deal.stages == Stages::Two {
        return Err(Said::new("3001", "Оплата через СБП недоступна", "По СБП нет двухстадийной оплаты."));
    }
    if !SBP_AMOUNTS.contains(&deal.amount.minor()) {
        return Err(Said::new("3016", "Невозможно создать QR", "Сумма вне диапазона возможных."));
    }
    Ok(())
}

/// `RedirectDueDate`, from a minute to 90 days from now; a day where nothing is said.
pub fn due(asked: &Asked, now: Timestamp) -> Result<Timestamp, Said> {
    let wrong = || Said::wrong("12", "Неверный параметр RedirectDueDate.");
    let Some(text) = asked.text("RedirectDueDate") else { return Ok(plus_seconds(now, OPEN_SECONDS)) };
    let at: Timestamp = text.parse().map_err(|_| wrong())?;
    let [least, most] = DUE_SECONDS.map(|seconds| plus_seconds(now, seconds));
    if (least..=most).contains(&at) { Ok(whole_seconds(at)) } else { Err(wrong()) }
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
