//! The page where the buyer pays through the СБП: a code to scan on a wide screen, the bank's app on a narrow one.

use askama::Template;

use crate::{
    Agent, Lang, Page, Partner, format,
    page::{Shell, finish},
    qr::qr_svg,
    words::{Words, words},
};

/// Everything the page of a payment through the СБП shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbpView {
    /// The page's language.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: String,
    /// The seller.
    pub partner: Partner,
    /// Who takes the money.
    pub agent: Agent,
    /// Our order number, 16 digits.
    pub bill: String,
    /// The merchant's order number.
    pub number: String,
    /// What is to be paid, kopecks.
    pub amount_minor: i64,
    /// The link of the СБП: in the code, and opened by the bank's app.
    pub link: String,
    /// When the order expires, Unix milliseconds.
    pub expires_at_ms: i64,
    /// The moment of rendering, Unix milliseconds.
    pub now_ms: i64,
    /// The page asks how the payment stands after so many seconds.
    pub refresh_seconds: u32,
    /// Where it asks.
    pub refresh_url: String,
    /// The form that gives this payment up.
    pub other_way: Option<OtherWay>,
    /// The page of the buyer's bank in the sandbox.
    pub test_url: Option<String>,
    /// Nothing is charged.
    pub test_mode: bool,
}

/// The form by which the buyer gives a payment up to pay another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherWay {
    /// Where the button posts.
    pub action_url: String,
    /// Against cross-site forms, field `csrf`.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "sbp.html")]
struct SbpTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    v: &'a SbpView,
    qr: Option<String>,
    left: String,
}

/// The page of a payment through the СБП. Both ways are in it; the screen's width says which is shown.
pub fn sbp(view: &SbpView) -> Page {
    let w = words(view.lang);
    let title = format!("{} · {} {} · {}", w.sbp_h1, w.order_word, view.number, view.partner.name);
    let shell = Shell::new(view.lang, title, &[include_str!("../styles/sbp.css")])
        .with_accent(view.partner.accent.as_deref())
        .with_refresh(Some(view.refresh_seconds), Some(&view.refresh_url))
        .with_language_url(Some(&view.language_url))
        .with_test_mode(view.test_mode);
    let template = SbpTemplate {
        shell: &shell,
        w,
        v: view,
        qr: qr_svg(&view.link, w.sbp_qr),
        left: format::left(view.expires_at_ms.saturating_sub(view.now_ms) / 1000),
    };
    finish(&shell, &template)
}
