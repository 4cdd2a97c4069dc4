//! From an offer to the page where it is paid: what is asked, what can be paid by, what was typed before.

use domain::acquiring::{Method, MethodTerms, Stages};
use domain::details::{Contact, Language, Original, Purpose};
use domain::money::Money;
use domain::order::Operation;
use domain::partner::{Button, Channel};
use domain::time::Timestamp;
use domain::wallet::Kept;
use pages::{
    ButtonLabel, CheckoutView, ConsentField, Decline, FieldError, Lang, OrderPart, OriginalPrice, SaveField,
    SavedMeans, Taking,
};
use workflows::checkout::{self, Failure, Offers, Seen};
use workflows::links;
use workflows::notification::{is_account, page_reason};
use workflows::ports::{Ports, Settings};

use crate::answer::{Pairs, value};
use crate::view::{chosen, language, lines, order_path, other_language, pick};

/// What the buyer had typed, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    pub email: String,
    pub phone: String,
    pub channels: Vec<String>,
    pub consents: Consents,
    pub method: Option<String>,
    pub means: Option<String>,
    /// A form came in.
    pub posted: bool,
    /// By JSON pointer, in the page's language.
    pub invalid: Vec<(String, String)>,
    /// What belongs to no field, in the page's language.
    pub problem: Option<String>,
}

/// The boxes the buyer had ticked.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Consents {
    pub personal_data: bool,
    pub terms: bool,
    pub means: bool,
}

impl Typed {
    /// Of the payment page's form.
    pub(crate) fn of(form: &Pairs) -> Self {
        let text = |name| value(form, name).unwrap_or_default().chars().take(200).collect();
        let ticked = |name| value(form, name).is_some_and(|value| !matches!(value, "" | "0" | "false"));
        let channels = form.iter().filter_map(|(name, value)| match name.strip_prefix("channel_") {
            Some(id) => Some(id.to_owned()),
            None => (name == "channels").then(|| value.clone()),
        });
        Self {
            email: text("email"),
            phone: text("phone"),
            channels: channels.collect(),
            consents: Consents {
                personal_data: ticked("consent_personal_data"),
                terms: ticked("consent_terms"),
                means: ticked("consent_means"),
            },
            method: value(form, "method").map(|_| text("method")),
            means: value(form, "means").map(|_| text("means")),
            posted: true,
            invalid: Vec::new(),
            problem: None,
        }
    }

    fn error(&self, pointer: &str) -> Option<FieldError> {
        let found = self.invalid.iter().find(|(at, _)| at == pointer);
        found.map(|(_, text)| FieldError::Other(text.clone()))
    }
}

/// The version of the texts a form is filled for.
pub(crate) fn texts_version(settings: &Settings, language: Language) -> String {
    let (personal_data, terms) = checkout::texts(settings, language);
    let means = checkout::means_text(language).version;
    if personal_data.version == terms.version {
        format!("{}~{means}", terms.version)
    } else {
        format!("{}.{}~{means}", personal_data.version, terms.version)
    }
}

/// What is said when the texts have changed while the page was open.
pub(crate) fn texts_changed(lang: Lang) -> &'static str {
    pick(
        lang,
        "Пока страница была открыта, тексты соглашений обновились. Деньги не списаны: посмотрите их и нажмите кнопку ещё раз.",
        "The texts you agree to were updated while the page was open. Nothing was charged: look at them and press the button again.",
    )
}

/// The payment page.
pub(crate) fn payment(ports: &Ports, seen: &Seen, offers: &Offers, lang: Lang, typed: &Typed) -> CheckoutView {
    let Seen { order, details, partner, now, .. } = seen;
    let settings = &ports.settings;
    let language = language(lang);
    let version = texts_version(settings, language);
    let failure = checkout::last_failure(order);
    let terms = &details.payment;
    // Another attempt: agreed already, and on record.
    let agreed = checkout::has_agreed(seen);
    let consent = |path: &str, ticked: bool, pointer: &str| ConsentField {
        url: format!("/legal/{path}?lang={}", lang.code()),
        ticked: ticked || (agreed && !typed.posted),
        error: typed.error(pointer),
    };
    let offered = checkout::channels_asked(details, partner);
    let wanted = |channel| details.channels.contains(&channel) || offered.contains(&channel);
    let sms_only = details.channels == [Channel::Sms];
    let email = Some(contact(details.email.as_ref(), mask_email, &typed.email, !sms_only, typed.error("/email")));
    // Asked for only where something could be sent to it.
    let phone = (details.phone.is_some() || wanted(Channel::Sms)).then(|| {
        let required = details.channels.contains(&Channel::Sms);
        contact(details.phone.as_ref(), mask_phone, &typed.phone, required, typed.error("/phone"))
    });
    let seconds_left = order.expires_at.as_second() - now.as_second();
    let path = order_path(&links::checkout_token(settings, &order.id));
    CheckoutView {
        lang,
        action_url: format!("{path}/pay{}", chosen(seen, lang)),
        language_url: other_language(lang).to_owned(),
        partner: checkout::page_partner(partner),
        agent: checkout::page_agent(settings),
        bill: order.bill.to_string(),
        number: order.number.clone(),
        description: details.description.clone(),
        lines: lines(seen, lang),
        total_minor: order.amount.minor(),
        parts: terms
            .children
            .iter()
            .map(|child| OrderPart { name: child.name.clone(), amount_minor: child.amount.minor() })
            .collect(),
        original: terms.original.as_ref().map(original),
        points_max_minor: terms.points_max.map(Money::minor),
        button: match (terms.purpose, details.button) {
            (Purpose::SaveMeans, _) => ButtonLabel::SaveMeans,
            (Purpose::Order, _) | (Purpose::Pay, Button::Order) => ButtonLabel::Order,
            (Purpose::Pay, Button::Pay) => ButtonLabel::Pay,
        },
        taking: match (terms.purpose, terms.stages) {
            (Purpose::SaveMeans, _) => Taking::Check { check_minor: terms.verification.minor() },
            (Purpose::Order, _) => Taking::Later { check_minor: terms.verification.minor() },
            (Purpose::Pay, Stages::Two) => Taking::Held,
            (Purpose::Pay, Stages::One) => Taking::Now,
        },
        email,
        phone,
        channels: channels(&offered, lang, typed),
        consent_personal_data: consent("personal-data", typed.consents.personal_data, "/consent_personal_data"),
        consent_terms: consent("terms", typed.consents.terms, "/consent_terms"),
        expires_at_ms: order.expires_at.as_millisecond(),
        now_ms: now.as_millisecond(),
        // One second more than is left, so that the time is over when the page asks.
        refresh_seconds: u32::try_from(seconds_left.saturating_add(1)).ok(),
        test_mode: order.id.tenant().is_test(),
        version,
        csrf: links::form_token(settings, &order.id, "pay"),
        saved: offers.saved.iter().map(|kept| saved(kept, lang)).collect(),
        means_chosen: typed.means.clone().or_else(|| {
            // What has just failed is not what is tried next; a page nobody has pressed the button of leaves it to the first.
            let failed = failure.and_then(|(attempt, _)| attempt.means.as_deref())?;
            let other = offers.saved.iter().find(|kept| kept.id != failed);
            Some(other.map(|kept| kept.id.clone()).unwrap_or_default())
        }),
        means_error: typed.error("/means"),
        methods: offers.methods.iter().map(|(method, terms)| way(*method, terms, lang)).collect(),
        method_chosen: typed.method.clone().or_else(|| offers.preselected().map(|method| method.code().to_owned())),
        method_error: typed.error("/method"),
        save: save_field(offers, terms.customer.is_some(), language, typed),
        problem: typed.problem.clone().or_else(|| {
            let nothing = offers.methods.is_empty() && offers.saved.is_empty();
            nothing.then(|| no_way(lang).to_owned())
        }),
        declined: failure.map(|(attempt, failure)| decline(attempt, failure, offers, lang)),
    }
}

const fn no_way(lang: Lang) -> &'static str {
    pick(
        lang,
        "Магазин сейчас не может принять эту оплату. Деньги не списаны: попробуйте позже или напишите в магазин.",
        "The shop can not take this payment now. Nothing was charged: try again later or write to the shop.",
    )
}

fn save_field(offers: &Offers, has_customer: bool, language: Language, typed: &Typed) -> Option<SaveField> {
    let can = has_customer && offers.methods.iter().any(|(_, terms)| terms.save.is_on());
    (can || offers.must_save).then(|| SaveField {
        text: checkout::means_text(language).plain.to_owned(),
        required: offers.must_save,
        ticked: typed.consents.means,
        error: typed.error("/consent_means"),
    })
}

fn way(method: Method, terms: &MethodTerms, lang: Lang) -> pages::Method {
    let (title, subtitle) = method_words(method, lang);
    pages::Method {
        id: method.code().to_owned(),
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        saves: terms.save.is_on(),
    }
}

/// What a way to pay is called, and a word more.
pub(crate) const fn method_words(method: Method, lang: Lang) -> (&'static str, &'static str) {
    match method {
        Method::Card => pick(
            lang,
            ("Банковская карта", "МИР, Visa, Mastercard, UnionPay"),
            ("Bank card", "MIR, Visa, Mastercard, UnionPay"),
        ),
        Method::Sbp => {
            pick(lang, ("СБП", "По QR-коду или в приложении банка"), ("SBP", "By QR code or in your bank’s app"))
        }
        Method::MirPay => ("Mir Pay", ""),
        Method::YandexPay => ("Yandex Pay", ""),
        Method::SberPay => ("SberPay", ""),
        Method::TPay => ("T‑Pay", ""),
        Method::MtsPay => ("MTS Pay", ""),
        Method::Dolyami => pick(lang, ("Долями", "Четыре платежа"), ("Dolyami", "Four payments")),
        Method::Terminal => pick(lang, ("Терминал", ""), ("Terminal", "")),
        Method::Cash => pick(lang, ("Наличные", ""), ("Cash", "")),
    }
}

/// `2030-12` as people read it on a card: `12/2030`.
pub(crate) fn card_month(valid_until: &str) -> String {
    valid_until.split_once('-').map_or_else(|| valid_until.to_owned(), |(year, month)| format!("{month}/{year}"))
}

fn saved(kept: &Kept, lang: Lang) -> SavedMeans {
    let until = kept.means.valid_until.as_deref().map(card_month);
    let note = match (kept.method, until) {
        (Method::Card, Some(until)) => format!("{} {until}", pick(lang, "до", "valid until")),
        (Method::Card, None) => String::new(),
        (method, _) => method_words(method, lang).0.to_owned(),
    };
    SavedMeans { id: kept.id.clone(), label: kept.means.label.clone(), note }
}

fn original(original: &Original) -> OriginalPrice {
    let since = domain::time::MOSCOW.to_timestamp(original.since.at(12, 0, 0, 0));
    OriginalPrice {
        amount: original.amount.to_decimal().to_string(),
        currency: original.amount.currency().code().to_owned(),
        rate: original.rate.normalize().to_string(),
        since_ms: since.map(Timestamp::as_millisecond).unwrap_or_default(),
    }
}

fn decline(attempt: &Operation, failure: Failure, offers: &Offers, lang: Lang) -> Decline {
    let means = attempt.means.as_ref().and_then(|id| offers.saved.iter().find(|kept| kept.id == *id));
    let by = match (means, attempt.method) {
        (Some(kept), _) => Some(kept.means.label.clone()),
        (None, Method::Card) => None,
        (None, method) => Some(method_words(method, lang).0.to_owned()),
    };
    let reason = match failure {
        Failure::Declined(reason) => page_reason(reason),
        Failure::NotSaved => pages::DeclineReason::NotSaved,
    };
    Decline { reason, by, is_account: is_account(attempt) }
}

fn channels(offered: &[Channel], lang: Lang, typed: &Typed) -> Vec<pages::Channel> {
    let shown = |(at, channel): (usize, &Channel)| {
        let (id, label) = match channel {
            Channel::Email => ("email", pick(lang, "Электронная почта", "E-mail")),
            Channel::Sms => ("sms", "SMS"),
        };
        let ticked = typed.channels.iter().any(|ticked| ticked == id);
        pages::Channel {
            id: id.to_owned(),
            label: label.to_owned(),
            checked: if typed.posted { ticked } else { at == 0 },
            enabled: true,
        }
    };
    offered.iter().enumerate().map(shown).collect()
}

fn contact(
    known: Option<&Contact>,
    mask: fn(&str) -> String,
    typed: &str,
    required: bool,
    error: Option<FieldError>,
) -> pages::Contact {
    match known {
        Some(contact) => pages::Contact::Passed { value: mask(&contact.value) },
        None => pages::Contact::Ask { value: typed.to_owned(), required, error },
    }
}

/// `iv•••@example.com`: enough for its owner, too little for who found the link.
fn mask_email(email: &str) -> String {
    let (name, host) = email.rsplit_once('@').unwrap_or((email, ""));
    let shown: String = name.chars().take(if name.chars().count() > 3 { 2 } else { 1 }).collect();
    format!("{shown}•••@{host}")
}

/// `+7916•••4567`: the country, the operator and the last four digits.
fn mask_phone(phone: &str) -> String {
    let digits = phone.chars().count();
    let first: String = phone.chars().take(digits.saturating_sub(7).min(5)).collect();
    let last: String = phone.chars().skip(digits.saturating_sub(4)).collect();
    format!("{first} ••• {last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_shown_to_who_knows_it() {
        assert_eq!(mask_email("ivanova@example.com"), "iv•••@example.com");
        assert_eq!(mask_email("i@example.com"), "i•••@example.com");
        assert_eq!(mask_phone("+79161234567"), "+7916 ••• 4567");
    }

    #[test]
    fn a_cards_month_is_read_as_on_the_card() {
        assert_eq!((card_month("2030-12"), card_month("soon")), ("12/2030".to_owned(), "soon".to_owned()));
    }
}
