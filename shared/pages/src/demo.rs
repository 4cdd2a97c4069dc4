//! The one-machine stack's own pages: a demo shop, a mailbox, a time machine, an executor, and the list of them all.

use askama::Template;

use crate::{
    Lang, Page,
    page::{Shell, finish},
    words::{Words, words},
};

/// Something the demo shop sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Good {
    /// The value of the field `good`.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What the buyer gets.
    pub text: String,
    /// Kopecks.
    pub price_minor: i64,
}

/// The demo shop. Each good's form posts `good` and `csrf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopView {
    /// The page's language.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: Option<String>,
    /// Where the forms post.
    pub action_url: String,
    /// Against cross-site forms; may be empty.
    pub csrf: String,
    /// What is sold.
    pub goods: Vec<Good>,
    /// What went wrong with the last try to buy.
    pub problem: Option<String>,
}

/// The demo shop's page the buyer returns to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopReturnView {
    /// The page's language.
    pub lang: Lang,
    /// The signature over the parameters is ours.
    pub signature_valid: bool,
    /// The parameters as they came.
    pub params: Vec<(String, String)>,
    /// What the API says of the order, which alone counts.
    pub api_status: Option<String>,
    /// The order's page at Apikassa.
    pub order_url: Option<String>,
    /// Back to the goods.
    pub shop_url: String,
}

/// A message in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxItem {
    /// Its own page.
    pub url: String,
    /// `E-mail`, `SMS`.
    pub channel: String,
    /// To whom.
    pub to: String,
    /// The subject, or an SMS's text.
    pub subject: String,
    /// When it was sent, Unix milliseconds.
    pub at_ms: i64,
}

/// All messages, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxView {
    /// The page's language.
    pub lang: Lang,
    /// The messages.
    pub items: Vec<MailboxItem>,
    /// Back to the list of everything.
    pub index_url: Option<String>,
}

/// A message's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageBody {
    /// Text only: an SMS, or a mail's text part.
    Text(String),
    /// A mail with both parts; the HTML part has its own address, because its inline styles need another policy.
    Mail {
        /// The text part.
        text: String,
        /// Where the HTML part is.
        html_url: String,
    },
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxMessageView {
    /// The page's language.
    pub lang: Lang,
    /// What the list says of it.
    pub item: MailboxItem,
    /// What it says.
    pub body: MessageBody,
    /// Names and addresses of what is attached.
    pub attachments: Vec<(String, String)>,
    /// Back to the list.
    pub mailbox_url: String,
}

/// The test partner's clock. The form posts `csrf` and `hours` (a button's 1, 24, 72, or `hours_custom` when `hours` is `custom`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeMachineView {
    /// The page's language.
    pub lang: Lang,
    /// What the test partner's clock shows, Unix milliseconds.
    pub now_ms: i64,
    /// What a real clock shows, Unix milliseconds.
    pub real_now_ms: i64,
    /// Where the form posts.
    pub action_url: String,
    /// Against cross-site forms; may be empty.
    pub csrf: String,
    /// What the last jump made happen.
    pub notice: Option<String>,
    /// Back to the list of everything.
    pub index_url: Option<String>,
}

/// A link worth following.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexLink {
    /// Where.
    pub url: String,
    /// What is there.
    pub title: String,
    /// Why go.
    pub text: String,
}

/// Everything the one-machine stack shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalIndexView {
    /// The page's language.
    pub lang: Lang,
    /// The links.
    pub links: Vec<IndexLink>,
    /// Keys, passwords, addresses of the sandbox, if they may be shown.
    pub facts: Vec<(String, String)>,
}

/// An order waiting for execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionJob {
    /// The value of the field `job`.
    pub id: String,
    /// Our order number.
    pub bill: String,
    /// The merchant's order number.
    pub number: String,
    /// What is to be done.
    pub title: String,
    /// Kopecks.
    pub amount_minor: i64,
    /// When it was handed over, Unix milliseconds.
    pub handed_at_ms: i64,
    /// How it ended, in the page's language; `None`: it waits.
    pub outcome: Option<String>,
}

/// The sandbox executor. Each job's form posts `csrf`, `job` and `decision` = `fulfil` or `refuse`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorView {
    /// The page's language.
    pub lang: Lang,
    /// Where the forms post.
    pub action_url: String,
    /// Against cross-site forms; may be empty.
    pub csrf: String,
    /// The jobs, newest first.
    pub jobs: Vec<ExecutionJob>,
    /// Back to the list of everything.
    pub index_url: Option<String>,
}

enum Room<'a> {
    Shop(&'a ShopView),
    ShopReturn(&'a ShopReturnView),
    Mailbox(&'a MailboxView),
    Message(&'a MailboxMessageView),
    TimeMachine(&'a TimeMachineView),
    Index(&'a LocalIndexView),
    Executor(&'a ExecutorView),
}

#[derive(Template)]
#[template(path = "demo.html")]
struct DemoTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    brand: &'static str,
    room: Room<'a>,
    back: Option<(&'a str, &'static str)>,
}

fn render<'a>(
    lang: Lang,
    title: &str,
    room: Room<'a>,
    back: Option<(&'a str, &'static str)>,
    language_url: Option<&str>,
) -> Page {
    let w = words(lang);
    let mut shell = Shell::new(
        lang,
        title,
        &[include_str!("../styles/form.css"), include_str!("../styles/note.css"), include_str!("../styles/demo.css")],
    )
    .with_language_url(language_url);
    shell.test_mode = matches!(room, Room::Shop(_) | Room::ShopReturn(_));
    let brand = if shell.test_mode { w.shop_brand } else { w.local_brand };
    finish(&shell, &DemoTemplate { shell: &shell, w, brand, room, back })
}

/// The demo shop's goods.
pub fn shop(view: &ShopView) -> Page {
    render(view.lang, words(view.lang).shop_title, Room::Shop(view), None, view.language_url.as_deref())
}

/// The demo shop after the payment.
pub fn shop_return(view: &ShopReturnView) -> Page {
    let w = words(view.lang);
    render(view.lang, w.shop_return_title, Room::ShopReturn(view), Some((&view.shop_url, w.back_to_shop)), None)
}

/// All messages the sandbox sent.
pub fn mailbox(view: &MailboxView) -> Page {
    let w = words(view.lang);
    render(
        view.lang,
        w.mailbox_title,
        Room::Mailbox(view),
        view.index_url.as_deref().map(|url| (url, w.local_back)),
        None,
    )
}

/// One message.
pub fn mailbox_message(view: &MailboxMessageView) -> Page {
    let w = words(view.lang);
    render(view.lang, &view.item.subject, Room::Message(view), Some((&view.mailbox_url, w.mailbox_back)), None)
}

/// The test partner's clock.
pub fn time_machine(view: &TimeMachineView) -> Page {
    let w = words(view.lang);
    render(
        view.lang,
        w.time_title,
        Room::TimeMachine(view),
        view.index_url.as_deref().map(|url| (url, w.local_back)),
        None,
    )
}

/// What there is on this machine.
pub fn local_index(view: &LocalIndexView) -> Page {
    render(view.lang, words(view.lang).local_title, Room::Index(view), None, None)
}

/// What waits for execution.
pub fn executor_page(view: &ExecutorView) -> Page {
    let w = words(view.lang);
    render(
        view.lang,
        w.executor_title,
        Room::Executor(view),
        view.index_url.as_deref().map(|url| (url, w.local_back)),
        None,
    )
}
