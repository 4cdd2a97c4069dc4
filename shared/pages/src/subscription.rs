//! A buyer's subscription at one shop: what is charged next, and the button that ends it.

use askama::Template;

use crate::{
    Agent, Lang, Page, Partner,
    page::{Shell, finish},
    words::{Words, words},
};

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// It goes on.
    Active,
    /// Nothing is charged until the shop goes on with it.
    Paused,
    /// It was ended.
    Cancelled,
    /// All charges have been made.
    Completed,
}

/// A charge, made or to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionCharge {
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// How much, kopecks.
    pub amount_minor: i64,
}

/// The page of a subscription.
///
/// Its form posts `csrf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionView {
    /// The page's language.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: String,
    /// The shop.
    pub partner: Partner,
    /// Who takes the money.
    pub agent: Agent,
    /// What it is for.
    pub description: String,
    /// How it stands.
    pub state: SubscriptionState,
    /// The next charge.
    pub next: Option<SubscriptionCharge>,
    /// What was charged, oldest first.
    pub paid: Vec<SubscriptionCharge>,
    /// Where the form is posted.
    pub action_url: String,
    /// Against cross-site forms.
    pub csrf: String,
    /// Nothing is charged.
    pub test_mode: bool,
}

/// What the page says in a language.
struct Says {
    title: &'static str,
    state: &'static str,
    next: &'static str,
    paid: &'static str,
    end: &'static str,
    sure: &'static str,
    yes: &'static str,
}

const fn says(lang: Lang, state: SubscriptionState) -> Says {
    match lang {
        Lang::Ru => Says {
            title: "Подписка",
            state: match state {
                SubscriptionState::Active => "Действует",
                SubscriptionState::Paused => "Приостановлена: ничего не списывается",
                SubscriptionState::Cancelled => "Отменена: больше ничего не спишется",
                SubscriptionState::Completed => "Завершена: больше ничего не спишется",
            },
            next: "Следующее списание",
            paid: "Списано",
            end: "Отменить подписку",
            sure: "Больше ничего не спишется. Уже оплаченное останется оплаченным.",
            yes: "Да, отменить",
        },
        Lang::En => Says {
            title: "Subscription",
            state: match state {
                SubscriptionState::Active => "Active",
                SubscriptionState::Paused => "Paused: nothing is charged",
                SubscriptionState::Cancelled => "Ended: nothing more will be charged",
                SubscriptionState::Completed => "Completed: nothing more will be charged",
            },
            next: "Next charge",
            paid: "Charged",
            end: "End the subscription",
            sure: "Nothing more will be charged. What is paid stays paid.",
            yes: "Yes, end it",
        },
    }
}

#[derive(Template)]
#[template(path = "subscription.html")]
struct SubscriptionTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    s: Says,
    v: &'a SubscriptionView,
    partner: &'a Partner,
    agent: &'a Agent,
    open: bool,
}

/// A buyer's subscription.
pub fn subscription(view: &SubscriptionView) -> Page {
    let (w, s) = (words(view.lang), says(view.lang, view.state));
    let title = format!("{} · {}", s.title, view.partner.name);
    let shell = Shell::new(view.lang, title, &[include_str!("../styles/wallet.css")])
        .with_accent(view.partner.accent.as_deref())
        .with_language_url(Some(&view.language_url))
        .with_test_mode(view.test_mode);
    let open = matches!(view.state, SubscriptionState::Active | SubscriptionState::Paused);
    let (partner, agent) = (&view.partner, &view.agent);
    finish(&shell, &SubscriptionTemplate { shell: &shell, w, s, v: view, partner, agent, open })
}
