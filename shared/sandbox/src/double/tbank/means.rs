//! Buyers, their cards, and accounts bound by the СБП.

use connectors::nspk::{Kind, Link, write};
use domain::acquiring::{Lapse, Method, Stages};
use domain::details::Language;
use domain::money::Money;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::door::{Desk, due, object};
use super::words::{Fault, Said};
use super::{EXPIRES, card_id, masked, outgoing};
use crate::SandboxError;
use crate::double::{self, Binding, Deal, DealState, Family, NewDeal, Outgoing, Terminal};
use crate::rows::{self, Next, Thing};

/// Under this name the machine keeps what the СБП has bound: accounts are the shop's, and have no customer.
pub const ACCOUNTS: &str = "accounts of the terminal";
/// What every account token begins with; the machine's own token follows.
const TOKEN: &str = "SANDBOXACCOUNT00";
/// The bank of every buyer: no member of the СБП has this number.
pub const BANK: (&str, &str) = ("100000000000", "Банк песочницы");

/// A buyer who was made known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Customer {
    email: Option<String>,
    phone: Option<String>,
    removed: bool,
}

impl Thing for Customer {
    const KIND: &'static str = "tbank-customer";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// What the machine keeps an account under.
pub fn token_of(account: &str) -> Option<&str> {
    account.strip_prefix(TOKEN)
}

/// The name of a binding while it is made.
pub fn request_key(deal: &Deal) -> String {
    format!("AB{}", deal.qr_id().get(2..).unwrap_or_default())
}

/// Has a link of the СБП lead to its deal.
pub async fn keep_link(desk: &Desk<'_>, deal: &Deal) -> Result<(), SandboxError> {
    let ids = double::ids(desk.ports, &desk.terminal.tenant, Family::Tbank, &deal.number);
    double::keep_qr(desk.ports, &desk.terminal.tenant, &ids).await
}

/// What is told of a bound account (1.8, section 4.4).
pub fn told(terminal: &Terminal, deal: &Deal, status: &str) -> Vec<Outgoing> {
    let mut fields = account(deal, status);
    fields.insert("TerminalKey".to_owned(), json!(terminal.credentials.of("terminal_key")));
    fields.insert("NotificationType".to_owned(), json!("LINKACCOUNT"));
    fields.extend(ok());
    outgoing(terminal, deal, &fields).into_iter().collect()
}

fn account(deal: &Deal, status: &str) -> Map<String, Value> {
    let mut said = object(json!({ "RequestKey": request_key(deal), "Status": status }));
    if matches!(status, "ACTIVE" | "INACTIVE") {
        said.insert("AccountToken".to_owned(), json!(format!("{TOKEN}{}", deal.token())));
        said.insert("BankMemberId".to_owned(), json!(BANK.0));
        said.insert("BankMemberName".to_owned(), json!(BANK.1));
    }
    said
}

fn ok() -> Map<String, Value> {
    object(json!({ "Success": true, "ErrorCode": "0", "Message": "OK" }))
}

/// The methods of this room.
pub async fn carried_out(desk: &Desk<'_>, method: &str) -> Result<Value, Fault> {
    let Desk { asked, .. } = *desk;
    let said = match method {
        "AddAccountQr" => add_account(desk).await?,
        "GetAddAccountQrState" => account_state(desk).await?,
        "GetAccountQrList" => account_list(desk).await?,
        "AddCustomer" | "GetCustomer" | "RemoveCustomer" | "GetCardList" | "RemoveCard" => {
            let key = asked.sized("CustomerKey", "216", 36)?;
            match method {
                "AddCustomer" => add_customer(desk, &key).await?,
                "GetCustomer" => customer(desk, &key).await?,
                "RemoveCustomer" => remove_customer(desk, &key).await?,
                "RemoveCard" => remove_card(desk, &key).await?,
                _ => return card_list(desk, &key).await,
            }
        }
        _ => return Err(Fault::NoMethod),
    };
    let mut said = said;
    said.extend(ok());
    said.insert("TerminalKey".to_owned(), json!(desk.terminal.credentials.of("terminal_key")));
    Ok(Value::Object(said))
}

/// 1.8, section 3.4. To the machine it is a payment of nothing whose means are saved.
async fn add_account(desk: &Desk<'_>) -> Result<Map<String, Value>, Fault> {
    let Desk { ports, terminal, asked } = *desk;
    let description = asked.sized("Description", "213", 140)?;
    let now = workflows::clock::now(ports, &terminal.tenant).await.map_err(SandboxError::from)?;
    let expires_at = due(asked, now)?;
    // Every request binds another account: nothing in it tells two of them apart.
    let mut random = [0; 12];
    ports.random.fill(&mut random);
    let new = NewDeal {
        family: Family::Tbank,
        number: format!("account {} {now}", hex::encode(random)),
        amount: Money::rub(0),
        stages: Stages::One,
        method: Method::Sbp,
        description,
        return_success: terminal.address.clone(),
        return_failure: terminal.address.clone(),
        callback_url: None,
        expires_at,
        language: Language::Ru,
        merchant: terminal.credentials.of("terminal_key").to_owned(),
        customer: Some(ACCOUNTS.to_owned()),
        save: true,
        points_max: None,
        hold_seconds: 0,
        lapse: Lapse::Released,
        words: json!({ "AccountQr": asked.words() }),
    };
    let deal = double::open(ports, &terminal.tenant, new).await?.deal;
    let link = Link { id: deal.qr_id().to_owned(), kind: Kind::Dynamic, bank: BANK.0.to_owned(), sum: None };
    Ok(object(json!({ "Data": desk.shown(&write(&link))?, "RequestKey": request_key(&deal) })))
}

/// 1.8, section 3.6.
async fn account_state(desk: &Desk<'_>) -> Result<Map<String, Value>, Fault> {
    let Desk { ports, terminal, asked } = *desk;
    let unknown = || Said::new("3012", "Привязка счета не найдена", "");
    let key = asked.text("RequestKey").ok_or_else(unknown)?;
    let qr = key.strip_prefix("AB").map(|rest| format!("AD{rest}")).ok_or_else(unknown)?;
    let plain = qr.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain {
        return Err(unknown().into());
    }
    let reference = double::deal_of_qr(ports, &terminal.tenant, &qr).await.map_err(SandboxError::from)?;
    let reference = reference.ok_or_else(unknown)?;
    let deal = double::find_by_reference(ports, &terminal.tenant, Family::Tbank, &reference).await?;
    let deal = deal.filter(|deal| deal.save).ok_or_else(unknown)?;
    let status = match deal.facts().state {
        DealState::Open => "NEW",
        DealState::Challenge | DealState::Processing => "PROCESSING",
        DealState::Declined => "INACTIVE",
        _ => {
            let known = double::binding(ports, &terminal.tenant, Family::Tbank, deal.token()).await?;
            if known.is_some() { "ACTIVE" } else { "INACTIVE" }
        }
    };
    Ok(account(&deal, status))
}

/// 1.8, section 3.7.
async fn account_list(desk: &Desk<'_>) -> Result<Map<String, Value>, Fault> {
    let Desk { ports, terminal, .. } = *desk;
    let mut list = Vec::new();
    for Binding { deal, .. } in double::bindings(ports, &terminal.tenant, Family::Tbank, ACCOUNTS).await? {
        let deal = double::find_by_reference(ports, &terminal.tenant, Family::Tbank, &deal).await?;
        list.extend(deal.map(|deal| account(&deal, "ACTIVE")));
    }
    Ok(object(json!({ "AccountTokens": list })))
}

fn row(key: &str) -> String {
    workflows::access::sha256_hex(key)
}

async fn known(desk: &Desk<'_>, key: &str) -> Result<Option<Customer>, SandboxError> {
    let found: Option<Customer> = rows::load(desk.ports, &desk.terminal.tenant, &row(key)).await?;
    Ok(found.filter(|customer| !customer.removed))
}

async fn cards(desk: &Desk<'_>, key: &str) -> Result<Vec<Binding>, SandboxError> {
    double::bindings(desk.ports, &desk.terminal.tenant, Family::Tbank, key).await
}

fn no_customer() -> Said {
    Said::new("7", "Неверный статус покупателя.", "Покупатель не найден.")
}

/// 1.8, section 5.1.
async fn add_customer(desk: &Desk<'_>, key: &str) -> Result<Map<String, Value>, Fault> {
    let new = Customer { email: desk.asked.text("Email"), phone: desk.asked.text("Phone"), removed: false };
    let is_new = rows::change(desk.ports, &desk.terminal.tenant, &row(key), |before: Option<Customer>| match before {
        Some(before) if !before.removed => Next::Keep(false),
        _ => Next::Put(new.clone(), true),
    })
    .await?;
    if !is_new {
        return Err(Said::new("7", "Неверный статус покупателя.", "Покупатель уже существует.").into());
    }
    Ok(object(json!({ "CustomerKey": key })))
}

/// 1.8, section 5.2.
async fn customer(desk: &Desk<'_>, key: &str) -> Result<Map<String, Value>, Fault> {
    let known = known(desk, key).await?;
    if known.is_none() && cards(desk, key).await?.is_empty() {
        return Err(no_customer().into());
    }
    let mut said = object(json!({ "CustomerKey": key }));
    let known = known.map(|known| [("Email", known.email), ("Phone", known.phone)]);
    for (name, value) in known.into_iter().flatten() {
        said.extend(value.map(|value| (name.to_owned(), json!(value))));
    }
    Ok(said)
}

/// 1.8, section 5.3.
async fn remove_customer(desk: &Desk<'_>, key: &str) -> Result<Map<String, Value>, Fault> {
    let kept = cards(desk, key).await?;
    let was = rows::change(desk.ports, &desk.terminal.tenant, &row(key), |before: Option<Customer>| match before {
        Some(before) if !before.removed => Next::Put(Customer { removed: true, ..before }, true),
        _ => Next::Keep(false),
    })
    .await?;
    if !was && kept.is_empty() {
        return Err(no_customer().into());
    }
    for binding in kept {
        double::unbind(desk.ports, &desk.terminal.tenant, Family::Tbank, &binding.token).await?;
    }
    Ok(object(json!({ "CustomerKey": key })))
}

/// 1.8, section 5.7: a list and nothing around it.
async fn card_list(desk: &Desk<'_>, key: &str) -> Result<Value, Fault> {
    let kept = cards(desk, key).await?;
    if kept.is_empty() && known(desk, key).await?.is_none() {
        return Err(no_customer().into());
    }
    let shown = |binding: &Binding| {
        json!({
            "CardId": card_id(&binding.token), "Pan": masked(binding.card), "Status": "A", "RebillId": binding.token,
            "CardType": 0, "ExpDate": EXPIRES,
        })
    };
    Ok(Value::Array(kept.iter().map(shown).collect()))
}

/// 1.8, section 5.8.
async fn remove_card(desk: &Desk<'_>, key: &str) -> Result<Map<String, Value>, Fault> {
    let id = desk.asked.sized("CardId", "233", 40)?;
    let kept = cards(desk, key).await?;
    let Some(binding) = kept.into_iter().find(|binding| card_id(&binding.token) == id) else {
        let details = "Не удалось удалить карту клиента, для данного клиента такая карта не существует.";
        return Err(Said::wrong("107", details).into());
    };
    double::unbind(desk.ports, &desk.terminal.tenant, Family::Tbank, &binding.token).await?;
    Ok(object(json!({ "CustomerKey": key, "CardId": id, "Status": "D", "CardType": 0 })))
}
