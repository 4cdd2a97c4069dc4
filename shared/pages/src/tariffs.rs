//! The public list of tariffs.

use askama::Template;

use crate::format::{amount, decimal, moment};
use crate::page::{Shell, finish};
use crate::{Lang, Page};

/// All tariffs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffsView {
    /// The page's language.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: Option<String>,
    /// Who publishes them: name and ИНН.
    pub publisher: String,
    /// The tariffs.
    pub tariffs: Vec<TariffCard>,
}

/// A tariff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffCard {
    /// Its name, in the page's language.
    pub name: String,
    /// Versions, the latest first.
    pub versions: Vec<TariffVersion>,
}

/// A version of a tariff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffVersion {
    /// 1, 2, …
    pub no: u32,
    /// Where it stands.
    pub phase: TariffPhase,
    /// Since when it is in force, Unix milliseconds.
    pub from_ms: i64,
    /// Until when, where another one follows.
    pub until_ms: Option<i64>,
    /// Fees: for what way to pay and what category, and how much. The first one is the general one.
    pub fees: Vec<TariffFee>,
    /// A refund leaves the fee.
    pub fee_kept: bool,
    /// VAT on the fee in percent.
    pub vat_percent: String,
    /// The price of the API.
    pub api: TariffApi,
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TariffPhase {
    /// It will come into force.
    Announced,
    /// It is in force.
    InForce,
    /// Another one has followed.
    Past,
}

/// A fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffFee {
    /// The code of the way to pay.
    pub method: Option<&'static str>,
    /// The category of goods.
    pub category: Option<String>,
    /// Percent of the payment.
    pub percent: String,
    /// Kopecks for each payment.
    pub fixed_minor: i64,
    /// Least fee, kopecks.
    pub least_minor: i64,
    /// Greatest fee, kopecks.
    pub greatest_minor: Option<i64>,
}

/// The price of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TariffApi {
    /// Kopecks a month.
    Month(i64),
    /// Kopecks an order, and what must be on the account for one.
    Order(i64, i64),
}

struct Shown {
    intro: &'static str,
    nothing: &'static str,
    publisher: String,
    tariffs: Vec<ShownTariff>,
}

struct ShownTariff {
    name: String,
    versions: Vec<ShownVersion>,
}

struct ShownVersion {
    title: String,
    rows: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "tariffs.html")]
struct TariffsTemplate<'a> {
    shell: &'a Shell,
    v: &'a Shown,
}

const fn pick(lang: Lang, ru: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Ru => ru,
        Lang::En => en,
    }
}

fn method(lang: Lang, code: &str) -> &'static str {
    match code {
        "card" => pick(lang, "карта", "card"),
        "sbp" => pick(lang, "СБП", "SBP"),
        "instalments" => pick(lang, "оплата частями", "instalments"),
        "terminal" => pick(lang, "терминал", "terminal"),
        "cash" => pick(lang, "наличные", "cash"),
        _ => pick(lang, "любой способ", "any method"),
    }
}

fn roubles(lang: Lang, minor: i64) -> String {
    format!("{}\u{a0}₽", amount(minor, lang))
}

fn fee(lang: Lang, fee: &TariffFee) -> (String, String) {
    let method = method(lang, fee.method.unwrap_or_default());
    let what = match &fee.category {
        Some(category) => format!("{method}, {} «{category}»", pick(lang, "категория", "category")),
        None => method.to_owned(),
    };
    let mut how = format!("{}\u{a0}%", decimal(&fee.percent, lang));
    for (minor, word) in [
        (Some(fee.fixed_minor), " + "),
        (Some(fee.least_minor), pick(lang, ", не меньше ", ", at least ")),
        (fee.greatest_minor, pick(lang, ", не больше ", ", at most ")),
    ] {
        if let Some(minor) = minor.filter(|minor| *minor > 0) {
            how.push_str(word);
            how.push_str(&roubles(lang, minor));
        }
    }
    (format!("{}: {what}", pick(lang, "Комиссия", "Fee")), how)
}

fn shown(lang: Lang, version: &TariffVersion) -> ShownVersion {
    let at = |ms| moment(ms, lang);
    let state = match version.phase {
        TariffPhase::Announced => pick(lang, "вступит в силу", "in force from"),
        TariffPhase::InForce => pick(lang, "действует с", "in force since"),
        TariffPhase::Past => pick(lang, "действовала с", "was in force since"),
    };
    let until = version.until_ms.map(|until| format!(" {} {}", pick(lang, "до", "until"), at(until)));
    let title = format!(
        "{} {}: {state} {}{}",
        pick(lang, "Редакция", "Version"),
        version.no,
        at(version.from_ms),
        until.unwrap_or_default()
    );
    let mut rows: Vec<(String, String)> = version.fees.iter().map(|one| fee(lang, one)).collect();
    let vat = match version.vat_percent.as_str() {
        "0" => pick(lang, "не облагается", "none").to_owned(),
        percent => format!("{}\u{a0}% {}", decimal(percent, lang), pick(lang, "сверх комиссии", "on top of the fee")),
    };
    rows.push((pick(lang, "НДС на комиссию", "VAT on the fee").to_owned(), vat));
    let refund = if version.fee_kept {
        pick(lang, "комиссия не возвращается", "the fee stays")
    } else {
        pick(lang, "комиссия возвращается", "the fee goes back")
    };
    rows.push((pick(lang, "При возврате покупателю", "On a refund").to_owned(), refund.to_owned()));
    let api = match version.api {
        TariffApi::Month(0) => pick(lang, "бесплатно", "free").to_owned(),
        TariffApi::Month(minor) => format!("{} {}", roubles(lang, minor), pick(lang, "в месяц", "a month")),
        TariffApi::Order(price, least) => format!(
            "{} {}; {} {}",
            roubles(lang, price),
            pick(lang, "за заказ", "an order"),
            pick(
                lang,
                "на лицевом счёте при создании заказа не меньше",
                "on the account when an order is made, at least"
            ),
            roubles(lang, price.max(least))
        ),
    };
    rows.push((pick(lang, "Стоимость API (с НДС)", "Price of the API (with VAT)").to_owned(), api));
    let free = pick(lang, "бесплатно", "free").to_owned();
    rows.push((pick(lang, "Электронный чек, e-mail, SMS", "Electronic receipt, e-mail, SMS").to_owned(), free));
    ShownVersion { title, rows }
}

/// The page of all tariffs.
pub fn tariffs(view: &TariffsView) -> Page {
    const STYLE: &str = ".tariffs{max-width:760px;padding-bottom:40px}h1{font-size:28px;line-height:1.25;margin-bottom:8px}.tariffs .card{margin-top:24px}h2{font-size:21px}h3{font-size:16px;margin:20px 0 8px}dl{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:8px 16px;margin:0}dt{color:var(--dim)}@media (max-width:520px){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}";
    let lang = view.lang;
    let title = pick(lang, "Тарифы", "Tariffs");
    let shell = Shell::new(lang, title, &[STYLE]).with_language_url(view.language_url.as_deref());
    let tariffs = view.tariffs.iter().map(|tariff| ShownTariff {
        name: tariff.name.clone(),
        versions: tariff.versions.iter().map(|version| shown(lang, version)).collect(),
    });
    let shown = Shown {
        intro: pick(
            lang,
            "Заказ оплачивается по редакции тарифа, которая действует в момент его создания. Время московское.",
            "An order is priced by the version in force when it is made. Times are Moscow's.",
        ),
        nothing: pick(lang, "Тарифы ещё не опубликованы.", "No tariffs are published yet."),
        publisher: view.publisher.clone(),
        tariffs: tariffs.collect(),
    };
    finish(&shell, &TariffsTemplate { shell: &shell, v: &shown })
}
