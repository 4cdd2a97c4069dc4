//! The payment page: what I pay beside how I pay.

use askama::Template;

use crate::{
    Agent, Lang, Line, Page, Partner,
    page::{Shell, finish},
    words::{Words, words},
};

/// What the button says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ButtonLabel {
    /// `Оплатить 1 234,50 ₽`: money is charged or held now.
    #[default]
    Pay,
    /// `Заказать`: as the seller has it, or nothing is charged now.
    Order,
    /// `Привязать карту`: nothing is bought.
    SaveMeans,
}

/// What becomes of the buyer's money when the button is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Taking {
    /// It is taken.
    #[default]
    Now,
    /// It is held, and taken when the seller says so.
    Held,
    /// The means are checked, and charged later.
    Later {
        /// What is held for the check and let go at once, kopecks.
        check_minor: i64,
    },
    /// The means are checked and saved, and that is all.
    Check {
        /// What is held for the check and let go at once, kopecks.
        check_minor: i64,
    },
}

/// One of the buyer's contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// The partner passed it: shown, not asked.
    Passed {
        /// The contact as the buyer may see it, whole or masked.
        value: String,
    },
    /// The buyer is asked.
    Ask {
        /// What was typed so far.
        value: String,
        /// Paying needs it.
        required: bool,
        /// What was wrong with it.
        error: Option<FieldError>,
    },
}

/// What was wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldError {
    /// Required and empty.
    Missing,
    /// Filled, but not an address or number that exists.
    Invalid,
    /// Anything else, in the page's language.
    Other(String),
}

/// A way to be told what happens with the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// The field is `channel_<id>`: `email`, `sms`, `viber`, `vk`, `push`.
    pub id: String,
    /// Its name.
    pub label: String,
    /// Chosen.
    pub checked: bool,
    /// May be changed.
    pub enabled: bool,
}

/// A consent checkbox. It is never ticked on the first showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentField {
    /// The full text of exactly the version agreed to, e.g. `/legal/terms?v=2026-11-01`.
    pub url: String,
    /// The buyer had ticked it, and the form came back for another reason.
    pub ticked: bool,
    /// It was not ticked, and must be.
    pub error: Option<FieldError>,
}

/// A way to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// The value of the field `method`.
    pub id: String,
    /// `Банковская карта`.
    pub title: String,
    /// `МИР, Visa, Mastercard`.
    pub subtitle: String,
    /// It can be saved; otherwise the box of [`SaveField`] is hidden while it is chosen.
    pub saves: bool,
}

/// Means the buyer has saved at this shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedMeans {
    /// The value of the field `means`.
    pub id: String,
    /// `Мир •• 1234`.
    pub label: String,
    /// A word more: until when it is valid, or by what it pays.
    pub note: String,
}

/// The box that lets the means be saved. It is never ticked on the first showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveField {
    /// Just the words that are agreed to.
    pub text: String,
    /// It must be ticked.
    pub required: bool,
    /// The buyer had ticked it, and the form came back for another reason.
    pub ticked: bool,
    /// It was not ticked, and must be.
    pub error: Option<FieldError>,
}

/// A part of the order that is paid separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPart {
    /// The shop's name of it.
    pub name: String,
    /// Its amount, kopecks.
    pub amount_minor: i64,
}

/// The price in another currency the roubles were converted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalPrice {
    /// Major units with a point: `35.00`.
    pub amount: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Roubles for one unit, with a point.
    pub rate: String,
    /// The day of the rate, any moment of it in Moscow, Unix milliseconds.
    pub since_ms: i64,
}

/// The previous attempt that did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// Why.
    pub reason: DeclineReason,
    /// By what it was tried, where that was no new card: `СБП`, `Мир •• 1234`.
    pub by: Option<String>,
    /// It was no card: words about cards would not be true.
    pub is_account: bool,
}

/// Why the previous attempt did not work, as far as the buyer can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineReason {
    /// Not enough money.
    InsufficientFunds,
    /// The card is blocked, lost, or closed.
    CardBlocked,
    /// The card's term is over.
    CardExpired,
    /// The card's own limit.
    LimitExceeded,
    /// 3-D Secure failed.
    AuthenticationFailed,
    /// The buyer left the bank's page or pressed "cancel" there.
    Abandoned,
    /// The bank could not do it now.
    BankError,
    /// The payment went well, but the means that were to be saved were not.
    NotSaved,
    /// The bank did not say.
    Unknown,
}

impl Decline {
    /// What happened and what to do now. `ways`: there is another way to pay on the page.
    fn words(&self, w: &Words, ways: bool) -> (String, String) {
        let (title, advice) = self.reason.words(w, self.is_account);
        let title = self.by.as_ref().map_or_else(|| title.to_owned(), |by| format!("{title} ({by})"));
        (title, if ways { format!("{advice} {}", w.advice_ways) } else { advice.to_owned() })
    }
}

impl DeclineReason {
    /// What happened.
    pub(crate) fn title(self, w: &Words, is_account: bool) -> &'static str {
        self.words(w, is_account).0
    }

    /// What happened and what to do now.
    fn words(self, w: &Words, is_account: bool) -> (&'static str, &'static str) {
        match self {
            Self::InsufficientFunds if is_account => (w.declined_funds_account, w.advice_account),
            Self::CardBlocked | Self::CardExpired | Self::Unknown if is_account => {
                (w.declined_unknown, w.advice_bank_again)
            }
            Self::BankError if is_account => (w.declined_bank, w.advice_bank_again),
            Self::NotSaved => (w.not_saved, w.advice_not_saved),
            Self::InsufficientFunds => (w.declined_funds, w.advice_funds),
            Self::CardBlocked => (w.declined_blocked, w.advice_other_card),
            Self::CardExpired => (w.declined_expired, w.advice_other_card),
            Self::LimitExceeded => (w.declined_limit, w.advice_limit),
            Self::AuthenticationFailed => (w.declined_3ds, w.advice_3ds),
            Self::Abandoned => (w.declined_abandoned, w.advice_abandoned),
            Self::BankError => (w.declined_bank, w.advice_bank),
            Self::Unknown => (w.declined_unknown, w.advice_other_card),
        }
    }
}

/// Everything the payment page shows.
///
/// The form posts `csrf`, `version`, `email`, `phone` (those asked), `channel_<id>=1`, `means` (an id, or empty for another way),
/// `method`, `consent_means=1`, `consent_personal_data=1`, `consent_terms=1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutView {
    /// The page's language.
    pub lang: Lang,
    /// Where the form is posted.
    pub action_url: String,
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
    /// What the order is for.
    pub description: Option<String>,
    /// What is bought.
    pub lines: Vec<Line>,
    /// The whole amount, kopecks.
    pub total_minor: i64,
    /// The parts it is paid in; empty when it is paid at once.
    pub parts: Vec<OrderPart>,
    /// The price the seller has set, in another currency.
    pub original: Option<OriginalPrice>,
    /// Most that the bank's bonus points may pay, kopecks.
    pub points_max_minor: Option<i64>,
    /// What the button says.
    pub button: ButtonLabel,
    /// What becomes of the money then.
    pub taking: Taking,
    /// E-mail; `None`: neither known nor asked.
    pub email: Option<Contact>,
    /// Phone; `None`: neither known nor asked.
    pub phone: Option<Contact>,
    /// Ways to be notified; shown when there are at least two.
    pub channels: Vec<Channel>,
    /// Consent to personal data processing.
    pub consent_personal_data: ConsentField,
    /// Acceptance of the terms.
    pub consent_terms: ConsentField,
    /// When the order expires, Unix milliseconds.
    pub expires_at_ms: i64,
    /// The moment of rendering, Unix milliseconds.
    pub now_ms: i64,
    /// After so many seconds the page asks for itself again, to show that the time is over.
    pub refresh_seconds: Option<u32>,
    /// Nothing is charged.
    pub test_mode: bool,
    /// The basket's version: the server refuses a form that was filled for another one.
    pub version: String,
    /// Against cross-site forms.
    pub csrf: String,
    /// Means the buyer has saved; listed before the ways.
    pub saved: Vec<SavedMeans>,
    /// The means chosen before, empty for another way; else the first.
    pub means_chosen: Option<String>,
    /// What was wrong with the means.
    pub means_error: Option<FieldError>,
    /// Ways to pay, the best first.
    pub methods: Vec<Method>,
    /// The method chosen before; else the first.
    pub method_chosen: Option<String>,
    /// What was wrong with the method.
    pub method_error: Option<FieldError>,
    /// The box that lets the means be saved.
    pub save: Option<SaveField>,
    /// A problem that belongs to no field, in the page's language.
    pub problem: Option<String>,
    /// Why the previous attempt failed.
    pub declined: Option<Decline>,
}

struct ContactField<'a> {
    id: &'static str,
    kind: &'static str,
    label: &'static str,
    shown: Option<&'a str>,
    value: &'a str,
    required: bool,
    error: Option<&'a str>,
}

struct ConsentBox<'a> {
    id: &'static str,
    before: &'a str,
    link: &'static str,
    url: &'a str,
    ticked: bool,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "checkout.html")]
struct CheckoutTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    v: &'a CheckoutView,
    contacts: Vec<ContactField<'a>>,
    consents: [ConsentBox<'a>; 2],
    save: Option<ConsentBox<'a>>,
    errors: Vec<(&'static str, &'a str)>,
    declined: Option<(String, String)>,
    heading: &'static str,
    original: Option<String>,
    taking: Option<String>,
    button: String,
    chosen: &'a str,
    means: &'a str,
    seconds_left: i64,
    not_me_url: String,
}

/// The payment page.
pub fn checkout<'a>(view: &'a CheckoutView) -> Page {
    let w = words(view.lang);
    let heading = if view.button == ButtonLabel::SaveMeans { w.save_h1 } else { w.checkout_h1 };
    let contacts: Vec<_> = [
        ("email", "email", w.email, &view.email, (w.email_missing, w.email_invalid)),
        ("phone", "tel", w.phone, &view.phone, (w.phone_missing, w.phone_invalid)),
    ]
    .into_iter()
    .filter_map(|(id, kind, label, contact, texts)| Some(contact_field(id, kind, label, contact.as_ref()?, texts)))
    .collect();
    let consents = [
        consent_box("consent_personal_data", w.consent_data, &view.consent_personal_data, w.consent_data_missing),
        consent_box("consent_terms", w.consent_terms, &view.consent_terms, w.consent_terms_missing),
    ];
    let save = view.save.as_ref().map(|field| ConsentBox {
        id: "consent_means",
        before: &field.text,
        link: "",
        url: "",
        ticked: field.ticked,
        error: field.error.as_ref().map(|error| error_text(error, (w.consent_terms_missing, w.consent_terms_missing))),
    });
    let way =
        |error: &'a Option<FieldError>| error.as_ref().map(|error| ("ways", error_text(error, (w.methods, w.methods))));
    let errors = view
        .problem
        .iter()
        .map(|problem| ("pay", problem.as_str()))
        .chain(contacts.iter().filter_map(|field| Some((field.id, field.error?))))
        .chain(way(&view.means_error))
        .chain(way(&view.method_error))
        .chain(save.iter().filter_map(|field| Some((field.id, field.error?))))
        .chain(consents.iter().filter_map(|field| Some((field.id, field.error?))))
        .collect::<Vec<_>>();
    let shell = styled(view, !errors.is_empty(), format!("{heading} {} · {}", view.number, view.partner.name))
        .with_accent(view.partner.accent.as_deref())
        .with_refresh(view.refresh_seconds, None)
        .with_language_url(Some(&view.language_url))
        .with_test_mode(view.test_mode)
        .with_script(Some(include_str!("../scripts/checkout.js")));
    let button = match view.button {
        ButtonLabel::Pay => format!("{} {}", w.pay, w.money(view.total_minor)),
        ButtonLabel::Order => w.order.to_owned(),
        ButtonLabel::SaveMeans => w.save_button.to_owned(),
    };
    let original = view.original.as_ref().map(|price| {
        let OriginalPrice { amount, currency, rate, since_ms } = price;
        let [amount, rate] = [amount, rate].map(|number| crate::format::decimal(number, view.lang));
        let day = crate::date(*since_ms, view.lang);
        format!("{} {amount} {currency} {} {rate} ₽ {} {day}", w.original_price, w.original_rate, w.original_since)
    });
    let check = |check_minor: i64| format!("{} {}.", w.taking_check, w.money(check_minor));
    let taking = match view.taking {
        Taking::Now => None,
        Taking::Held => Some(w.taking_held.to_owned()),
        Taking::Later { check_minor } => Some(format!("{} {}", w.taking_later, check(check_minor))),
        Taking::Check { check_minor } => Some(check(check_minor)),
    };
    let template = CheckoutTemplate {
        shell: &shell,
        w,
        v: view,
        contacts,
        consents,
        save,
        errors,
        declined: view.declined.as_ref().map(|declined| declined.words(w, view.methods.len() + view.saved.len() > 1)),
        heading,
        original,
        taking,
        button,
        means: view.means_chosen.as_deref().or(view.saved.first().map(|means| means.id.as_str())).unwrap_or_default(),
        chosen: view
            .method_chosen
            .as_deref()
            .or(view.methods.first().map(|method| method.id.as_str()))
            .unwrap_or_default(),
        seconds_left: view.expires_at_ms.saturating_sub(view.now_ms).max(0) / 1000,
        not_me_url: format!(
            "mailto:{}?subject={}",
            view.partner.support_email.as_deref().unwrap_or(&view.agent.support_email),
            view.bill
        ),
    };
    finish(&shell, &template)
}

/// The page's frame, with the styles of what is on it and no more: the page must stay small.
fn styled(view: &CheckoutView, has_errors: bool, title: String) -> Shell {
    let mut parts = vec![include_str!("../styles/form.css"), include_str!("../styles/checkout.css")];
    let mut part = |wanted: bool, css| parts.extend(wanted.then_some(css));
    part(has_errors || view.declined.is_some(), include_str!("../styles/note.css"));
    part(view.methods.len() == 1, include_str!("../styles/only.css"));
    part(view.save.is_some() || !view.saved.is_empty(), include_str!("../styles/ways.css"));
    Shell::bare(view.lang, title, &parts)
}

fn error_text<'a>(error: &'a FieldError, (missing, invalid): (&'static str, &'static str)) -> &'a str {
    match error {
        FieldError::Missing => missing,
        FieldError::Invalid => invalid,
        FieldError::Other(text) => text,
    }
}

fn contact_field<'a>(
    id: &'static str,
    kind: &'static str,
    label: &'static str,
    contact: &'a Contact,
    texts: (&'static str, &'static str),
) -> ContactField<'a> {
    let blank = ContactField { id, kind, label, shown: None, value: "", required: false, error: None };
    match contact {
        Contact::Passed { value } => ContactField { shown: Some(value), ..blank },
        Contact::Ask { value, required, error } => ContactField {
            value,
            required: *required,
            error: error.as_ref().map(|error| error_text(error, texts)),
            ..blank
        },
    }
}

fn consent_box<'a>(
    id: &'static str,
    (before, link): (&'static str, &'static str),
    field: &'a ConsentField,
    missing: &'static str,
) -> ConsentBox<'a> {
    let error = field.error.as_ref().map(|error| error_text(error, (missing, missing)));
    ConsentBox { id, before, link, url: &field.url, ticked: field.ticked, error }
}
