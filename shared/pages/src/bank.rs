//! The sandbox bank: looks like a bank's page, says on every screen that it is not one, and never takes a card number.

use askama::Template;

use crate::{
    Lang, Page, icons,
    page::{Shell, finish},
    words::{Words, words},
};

/// A card the tester may choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCard {
    /// The value of the field `card`.
    pub id: String,
    /// `Успешная оплата`.
    pub title: String,
    /// `•••• 0004`.
    pub pan_masked: String,
    /// What this card makes happen.
    pub what_happens: String,
}

/// The sandbox bank's payment page. The form posts `csrf`, `card` and `decision` = `pay` or `refuse`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankView {
    /// The page's language.
    pub lang: Lang,
    /// Where the form posts.
    pub action_url: String,
    /// Against cross-site forms.
    pub csrf: String,
    /// The shop as the bank knows it.
    pub merchant: String,
    /// The order number the bank was told.
    pub order: String,
    /// Kopecks.
    pub amount_minor: i64,
    /// The choices; the first is chosen.
    pub cards: Vec<TestCard>,
}

/// The sandbox bank's 3-D Secure page. The form posts `csrf`, `code` and `decision` = `confirm` or `refuse`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankChallengeView {
    /// The page's language.
    pub lang: Lang,
    /// Where the form posts.
    pub action_url: String,
    /// Against cross-site forms.
    pub csrf: String,
    /// The shop as the bank knows it.
    pub merchant: String,
    /// The order number the bank was told.
    pub order: String,
    /// Kopecks.
    pub amount_minor: i64,
    /// `•••• 0004`.
    pub pan_masked: String,
    /// The code that is right; the page tells it.
    pub test_code: String,
    /// The code typed before was wrong, and so many tries are left.
    pub tries_left: Option<u32>,
}

/// The sandbox bank thinks; the page asks again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankWaitingView {
    /// The page's language.
    pub lang: Lang,
    /// The shop as the bank knows it.
    pub merchant: String,
    /// The order number the bank was told.
    pub order: String,
    /// Kopecks.
    pub amount_minor: i64,
    /// Seconds until the page asks again.
    pub refresh_seconds: u32,
    /// Back to the shop without waiting.
    pub return_url: Option<String>,
}

/// The payment is already final at the sandbox bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankClosedView {
    /// The page's language.
    pub lang: Lang,
    /// The shop as the bank knows it.
    pub merchant: String,
    /// The order number the bank was told.
    pub order: String,
    /// Kopecks.
    pub amount_minor: i64,
    /// How it ended, in the page's language; `None`: only that it has ended.
    pub outcome: Option<String>,
    /// Back to the shop.
    pub return_url: Option<String>,
}

enum Step<'a> {
    Pay { action_url: &'a str, csrf: &'a str, cards: &'a [TestCard] },
    Challenge { action_url: &'a str, csrf: &'a str, pan_masked: &'a str, test_code: &'a str, tries_left: Option<u32> },
    Message { icon: &'static str, text: &'a str, return_url: Option<&'a str> },
}

#[derive(Template)]
#[template(path = "bank.html")]
struct BankTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    title: &'static str,
    merchant: &'a str,
    order: &'a str,
    amount_minor: i64,
    step: Step<'a>,
}

fn shell(lang: Lang, title: &str) -> Shell {
    let w = words(lang);
    let mut shell = Shell::new(
        lang,
        format!("{title} · {}", w.bank_name),
        &[include_str!("../styles/form.css"), include_str!("../styles/note.css"), include_str!("../styles/bank.css")],
    );
    shell.test_mode = true;
    shell
}

/// Choose a test card and pay, or refuse.
pub fn bank_payment(view: &BankView) -> Page {
    let w = words(view.lang);
    let shell = shell(view.lang, w.bank_pay_title);
    let step = Step::Pay { action_url: &view.action_url, csrf: &view.csrf, cards: &view.cards };
    finish(
        &shell,
        &BankTemplate {
            shell: &shell,
            w,
            title: w.bank_pay_title,
            merchant: &view.merchant,
            order: &view.order,
            amount_minor: view.amount_minor,
            step,
        },
    )
}

/// Enter the code of 3-D Secure.
pub fn bank_challenge(view: &BankChallengeView) -> Page {
    let w = words(view.lang);
    let shell = shell(view.lang, w.bank_challenge_title);
    let step = Step::Challenge {
        action_url: &view.action_url,
        csrf: &view.csrf,
        pan_masked: &view.pan_masked,
        test_code: &view.test_code,
        tries_left: view.tries_left,
    };
    finish(
        &shell,
        &BankTemplate {
            shell: &shell,
            w,
            title: w.bank_challenge_title,
            merchant: &view.merchant,
            order: &view.order,
            amount_minor: view.amount_minor,
            step,
        },
    )
}

/// The bank has not decided yet.
pub fn bank_waiting(view: &BankWaitingView) -> Page {
    let w = words(view.lang);
    let shell = shell(view.lang, w.bank_waiting_title).with_refresh(Some(view.refresh_seconds), None);
    let step = Step::Message { icon: icons::CLOCK, text: w.bank_waiting_text, return_url: view.return_url.as_deref() };
    finish(
        &shell,
        &BankTemplate {
            shell: &shell,
            w,
            title: w.bank_waiting_title,
            merchant: &view.merchant,
            order: &view.order,
            amount_minor: view.amount_minor,
            step,
        },
    )
}

/// Nothing can be done any more.
pub fn bank_closed(view: &BankClosedView) -> Page {
    let w = words(view.lang);
    let shell = shell(view.lang, w.bank_closed_title);
    let text = view.outcome.as_deref().unwrap_or(w.bank_closed_text);
    let step = Step::Message { icon: icons::LOCK, text, return_url: view.return_url.as_deref() };
    finish(
        &shell,
        &BankTemplate {
            shell: &shell,
            w,
            title: w.bank_closed_title,
            merchant: &view.merchant,
            order: &view.order,
            amount_minor: view.amount_minor,
            step,
        },
    )
}
