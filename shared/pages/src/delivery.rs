//! What the buyer paid for: the result of execution.

use askama::Template;

use crate::{
    Agent, Lang, Page, Partner,
    format::file_size,
    icons,
    page::{Shell, finish},
    words::{Words, words},
};

/// The result itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryContent {
    /// A text to read; line breaks are kept.
    Text(String),
    /// A file to download.
    File {
        /// Its name.
        name: String,
        /// Its size, if known.
        size_bytes: Option<u64>,
        /// Where it is.
        url: String,
    },
    /// A page elsewhere.
    Link {
        /// Where it is.
        url: String,
    },
}

/// The page of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryView {
    /// The page's language.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: Option<String>,
    /// The seller.
    pub partner: Partner,
    /// Who took the money.
    pub agent: Agent,
    /// Our order number.
    pub bill: String,
    /// The merchant's order number.
    pub number: String,
    /// What it is.
    pub title: String,
    /// The result.
    pub content: DeliveryContent,
    /// How long it can be opened, Unix milliseconds.
    pub valid_until_ms: Option<i64>,
    /// The order's page.
    pub order_url: Option<String>,
    /// Nothing was charged.
    pub test_mode: bool,
}

/// The link's time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryExpiredView {
    /// The page's language.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: Option<String>,
    /// The seller.
    pub partner: Partner,
    /// Who took the money.
    pub agent: Agent,
    /// Our order number.
    pub bill: String,
    /// The merchant's order number.
    pub number: String,
    /// Since when, Unix milliseconds.
    pub expired_at_ms: i64,
    /// The order's page.
    pub order_url: Option<String>,
}

#[derive(Template)]
#[template(path = "delivery.html")]
struct DeliveryTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    tone: &'static str,
    icon: &'static str,
    title: &'a str,
    lead: String,
    content: Option<&'a DeliveryContent>,
    partner: &'a Partner,
    agent: &'a Agent,
    bill: &'a str,
    number: &'a str,
    order_url: Option<&'a str>,
}

impl DeliveryTemplate<'_> {
    /// `84 КБ`, with a separator, if the size is known.
    fn size(&self, size_bytes: Option<&u64>) -> String {
        size_bytes.map(|bytes| format!(" · {}", file_size(*bytes, self.w.lang))).unwrap_or_default()
    }
}

/// The result of execution.
pub fn delivery(view: &DeliveryView) -> Page {
    let w = words(view.lang);
    let shell = Shell::new(
        view.lang,
        format!("{} · {} {}", view.title, w.order_word, view.number),
        &[include_str!("../styles/state.css"), STYLE],
    )
    .with_accent(view.partner.accent.as_deref())
    .with_language_url(view.language_url.as_deref())
    .with_test_mode(view.test_mode);
    let lead = view
        .valid_until_ms
        .map(|until| format!("{} {}. {}", w.available_until, w.moment(until), w.save_it))
        .unwrap_or_default();
    finish(
        &shell,
        &DeliveryTemplate {
            shell: &shell,
            w,
            tone: "ok",
            icon: icons::SHEET,
            title: &view.title,
            lead,
            content: Some(&view.content),
            partner: &view.partner,
            agent: &view.agent,
            bill: &view.bill,
            number: &view.number,
            order_url: view.order_url.as_deref(),
        },
    )
}

/// Where the result was.
pub fn delivery_expired(view: &DeliveryExpiredView) -> Page {
    let w = words(view.lang);
    let shell = Shell::new(
        view.lang,
        format!("{} · {} {}", w.delivery_expired, w.order_word, view.number),
        &[include_str!("../styles/state.css"), STYLE],
    )
    .with_language_url(view.language_url.as_deref());
    finish(
        &shell,
        &DeliveryTemplate {
            shell: &shell,
            w,
            tone: "",
            icon: icons::CLOCK,
            title: w.delivery_expired,
            lead: format!("{} {}. {}", w.delivery_expired_at, w.moment(view.expired_at_ms), w.delivery_expired_advice),
            content: None,
            partner: &view.partner,
            agent: &view.agent,
            bill: &view.bill,
            number: &view.number,
            order_url: view.order_url.as_deref(),
        },
    )
}

const STYLE: &str = ".txt{margin-top:24px;padding:16px 20px;border:1px solid var(--line);border-radius:12px;white-space:pre-wrap;font:inherit}.file{display:flex;gap:12px;align-items:center;margin-top:24px}.file span{min-width:0}.tail{margin-top:24px}";
