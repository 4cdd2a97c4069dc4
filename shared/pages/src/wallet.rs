//! «Мои карты»: the means a buyer has saved at one shop, switched off and on, deleted.

use askama::Template;

use crate::{
    Agent, Lang, Page, Partner, icons,
    page::{Shell, finish},
    words::{Words, words},
};

/// Saved means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletMeans {
    /// The field `means`.
    pub id: String,
    /// `Мир •• 1234`.
    pub label: String,
    /// By what they pay, where that is no card.
    pub method: Option<String>,
    /// Until when they are valid: `08/2027`.
    pub valid_until: Option<String>,
    /// When they were saved, Unix milliseconds.
    pub saved_at_ms: i64,
    /// They may be charged.
    pub enabled: bool,
}

/// The page of a buyer's saved means.
///
/// Its forms post `csrf`, `means` and `do`: `on`, `off` or `delete`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletView {
    /// The page's language.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: String,
    /// The shop.
    pub partner: Partner,
    /// Who takes the money.
    pub agent: Agent,
    /// Where the forms are posted.
    pub action_url: String,
    /// Against cross-site forms.
    pub csrf: String,
    /// The means, the oldest first.
    pub means: Vec<WalletMeans>,
    /// The page where another card is added, if the shop has prepared one.
    pub add_url: Option<String>,
    /// Until when the page can be opened, Unix milliseconds.
    pub until_ms: i64,
    /// Nothing is charged.
    pub test_mode: bool,
}

/// A link to a buyer's saved means that can not be opened any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletExpiredView {
    /// The page's language.
    pub lang: Lang,
    /// The shop.
    pub partner: Partner,
    /// Who takes the money.
    pub agent: Agent,
}

#[derive(Template)]
#[template(path = "wallet.html")]
struct WalletTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    partner: &'a Partner,
    agent: &'a Agent,
    open: Option<&'a WalletView>,
}

fn shell(lang: Lang, title: &str, partner: &Partner) -> Shell {
    Shell::new(lang, format!("{title} · {}", partner.name), &[include_str!("../styles/wallet.css")])
        .with_accent(partner.accent.as_deref())
}

/// The buyer's saved means.
pub fn wallet(view: &WalletView) -> Page {
    let w = words(view.lang);
    let shell = shell(view.lang, w.wallet, &view.partner)
        .with_language_url(Some(&view.language_url))
        .with_test_mode(view.test_mode);
    finish(&shell, &WalletTemplate { shell: &shell, w, partner: &view.partner, agent: &view.agent, open: Some(view) })
}

/// The link is too old.
pub fn wallet_expired(view: &WalletExpiredView) -> Page {
    let w = words(view.lang);
    let shell = shell(view.lang, w.wallet_expired, &view.partner);
    finish(&shell, &WalletTemplate { shell: &shell, w, partner: &view.partner, agent: &view.agent, open: None })
}
