//! How a partner's payouts are made, as the operator enters it: who is paid, where to, how long money waits. Requisites are held to
//! their check digits here, each breach with its place and its rule.

use domain::income_tax::Residency;
use domain::maturity::Wait;
use domain::partner::{BankAccount, Destination, Payee, PayoutTerms, WalletAccount, own_kind};
use domain::requisites::{self, Breach, PayeeKind, Requisites, WalletOperator};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::operator::{Check, PartnerRequest};

/// Working days money may wait, at most.
const WORKING_DAYS_MAX: u16 = 30;
/// Days a debt may be netted in, at most: a year.
const DEBT_DAYS_MAX: u16 = 366;

/// How payouts are made. Exactly one of `account` and `wallet` is given.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayoutRequest {
    /// Available money goes out without being asked for.
    pub automatic: bool,
    /// The bank account it goes to.
    pub account: Option<AccountRequest>,
    /// The e-wallet it goes to; a natural person's only.
    pub wallet: Option<WalletRequest>,
    /// Orders whose money was paid out may be refunded: what goes back is taken off the next payouts.
    #[serde(default)]
    pub refunds_paid_out: bool,
    /// Money of orders fulfilled from now on waits until the end of so many working days by the production calendar, 1 to 30, and never
    /// less than 72 hours; 72 hours alone when left out.
    #[schema(example = 3)]
    pub working_days: Option<u16>,
    /// The nominal account payouts leave from; the agent's settlement account when left out.
    pub from: Option<AccountRequest>,
    /// A natural person who is paid instead of the partner.
    pub payee: Option<PayeeRequest>,
    /// Days what the partner owes is netted with their orders before it is invoiced, 1 to 366; 10 when left out.
    #[schema(example = 10)]
    pub debt_days: Option<u16>,
}

/// A natural person who is paid.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayeeRequest {
    /// `person` (income tax is withheld) or `self_employed` (pays the tax on professional income themselves).
    #[schema(example = "person")]
    pub kind: String,
    /// Surname, name, patronymic; at most 160 characters.
    #[schema(example = "Иванов Иван Иванович")]
    pub name: String,
    /// ИНН, 12 digits with right check digits.
    #[schema(example = "500100732259")]
    pub inn: String,
    /// Whether they are a resident for income tax (183 days in Russia within twelve months); `true` when left out. 30 % are withheld of
    /// others.
    pub resident: Option<bool>,
}

/// Bank requisites.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountRequest {
    /// Rouble account, 20 digits with the right control key.
    #[schema(example = "40702810200000000001")]
    pub number: String,
    /// БИК, 9 digits.
    #[schema(example = "044525225")]
    pub bic: String,
    /// The bank's name, at most 160 characters.
    #[schema(example = "ПАО СБЕРБАНК")]
    pub bank: String,
    /// Correspondent account, 20 digits with the right control key.
    #[schema(example = "30101810400000000225")]
    pub correspondent: String,
}

/// An e-wallet.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletRequest {
    /// Whose: `yoomoney`.
    #[schema(example = "yoomoney")]
    pub operator: String,
    /// Its number, 11 to 20 digits.
    #[schema(example = "4100116075156746")]
    pub number: String,
}

/// Operators of wallets by the names used here.
pub(crate) const OPERATORS: [(&str, WalletOperator); 1] = [("yoomoney", WalletOperator::Yoomoney)];

/// Where a breach of the partner's own requisites is said, and where one of the payee's.
fn places(field: &str) -> (&'static str, &'static str) {
    match field {
        "/inn" => ("/inn", "/payout/payee/inn"),
        "/kpp" => ("/kpp", "/payout/payee"),
        "/ogrn" => ("/legal/ogrn", "/payout/payee"),
        "/bic" => ("/payout/account/bic", "/payout/account/bic"),
        "/account" => ("/payout/account/number", "/payout/account/number"),
        "/correspondent" => ("/payout/account/correspondent", "/payout/account/correspondent"),
        "/wallet" => ("/payout/wallet/number", "/payout/wallet/number"),
        _ => ("/name", "/payout/payee/name"),
    }
}

fn say(check: &mut Check, breaches: Vec<Breach>, of_payee: bool) {
    // What is wrong with a name is said where it is read.
    for Breach { field, rule } in breaches.into_iter().filter(|breach| breach.field != "/name") {
        let (own, payees) = places(field);
        check.say(if of_payee { payees } else { own }, rule.code, rule.ru, rule.en);
    }
}

/// Reads what was asked for, and says everything that is wrong with it and with the partner's own requisites.
/// `agent` is the agent's ИНН.
pub(crate) fn terms(check: &mut Check, request: &PartnerRequest, agent: &str) -> Option<PayoutTerms> {
    let asked = &request.payout;
    let from = asked.from.as_ref().map(|from| nominal(check, from, agent));
    if from.is_some() && asked.wallet.is_some() {
        let (ru, en) = ("На кошельки платят с расчётного счёта.", "Wallets are paid from the settlement account.");
        check.say("/payout/from", "destination", ru, en);
    }
    let to = destination(check, asked);
    let payee = asked.payee.as_ref().map(|asked| payee(check, asked));
    let nowhere = requisites::Destination::Account { bic: "", number: "", correspondent: "" };
    let own = Requisites {
        kind: own_kind(&request.inn),
        name: &request.name,
        inn: &request.inn,
        kpp: request.kpp.as_deref(),
        ogrn: request.legal.as_ref().and_then(|legal| legal.ogrn.as_deref()),
        destination: to.as_ref().map_or(nowhere, Destination::requisites),
    };
    say(check, requisites::own_breaches(&own), false);
    let kind = match &payee {
        None => Some(own.kind),
        Some(None) => None,
        Some(Some(payee)) => {
            let of = Requisites {
                kind: payee.kind,
                name: &payee.name,
                inn: &payee.inn,
                kpp: None,
                ogrn: None,
                destination: own.destination,
            };
            say(check, requisites::own_breaches(&of), true);
            Some(payee.kind)
        }
    };
    if let Some((kind, to)) = kind.zip(to.as_ref()) {
        say(check, requisites::destination_breaches(kind, &to.requisites()), false);
    }
    let wait = match asked.working_days {
        None => Wait::default(),
        Some(days) => {
            if !(1..=WORKING_DAYS_MAX).contains(&days) {
                check.say("/payout/working_days", "range", "От 1 до 30 рабочих дней.", "1 to 30 working days.");
            }
            Wait::WorkingDays(days)
        }
    };
    if asked.debt_days.is_some_and(|days| !(1..=DEBT_DAYS_MAX).contains(&days)) {
        check.say("/payout/debt_days", "range", "От 1 до 366 дней.", "1 to 366 days.");
    }
    let payee = match payee {
        None => None,
        Some(read) => Some(read?),
    };
    Some(PayoutTerms {
        automatic: asked.automatic,
        to: to?,
        refunds_paid_out: asked.refunds_paid_out,
        wait,
        from,
        payee,
        debt_days: asked.debt_days,
    })
}

fn destination(check: &mut Check, asked: &PayoutRequest) -> Option<Destination> {
    match (&asked.account, &asked.wallet) {
        (Some(account), None) => {
            let AccountRequest { number, bic, bank, correspondent } = account.clone();
            let bank = check.text("/payout/account/bank", &bank, 160);
            Some(Destination::Account(BankAccount { number, bic, bank, correspondent }))
        }
        (None, Some(wallet)) => {
            let operator = check.choice("/payout/wallet/operator", &wallet.operator, &OPERATORS)?;
            Some(Destination::Wallet(WalletAccount { operator, number: wallet.number.clone() }))
        }
        _ => {
            let (ru, en) = ("Нужно одно: банковский счёт или кошелёк.", "Either a bank account or a wallet.");
            check.say("/payout/account", "destination", ru, en);
            None
        }
    }
}

/// The nominal account is the agent's.
fn nominal(check: &mut Check, asked: &AccountRequest, agent: &str) -> BankAccount {
    let AccountRequest { number, bic, bank, correspondent } = asked.clone();
    let bank = check.text("/payout/from/bank", &bank, 160);
    let of = requisites::Destination::Account { bic: &bic, number: &number, correspondent: &correspondent };
    for Breach { field, rule } in requisites::destination_breaches(own_kind(agent), &of) {
        let pointer = match field {
            "/account" => "/payout/from/number".to_owned(),
            field => format!("/payout/from{field}"),
        };
        check.say(&pointer, rule.code, rule.ru, rule.en);
    }
    BankAccount { number, bic, bank, correspondent }
}

fn payee(check: &mut Check, asked: &PayeeRequest) -> Option<Payee> {
    let kinds = [("person", PayeeKind::Person), ("self_employed", PayeeKind::SelfEmployed)];
    let kind = check.choice("/payout/payee/kind", &asked.kind, &kinds);
    let name = check.text("/payout/payee/name", &asked.name, 160);
    let residency = if asked.resident.unwrap_or(true) { Residency::Resident } else { Residency::NonResident };
    Some(Payee { kind: kind?, name, inn: asked.inn.clone(), residency })
}
