//! The buyer's side: see the order, agree, go to pay, come back, cancel.

use std::collections::BTreeMap;
use std::sync::Arc;

use connectors::bank::BankError;
use connectors::nspk;
use domain::acquiring::{Method, MethodTerms, Stages, Wish};
use domain::consent::{AgreedText, ConsentEvidence};
use domain::details::{Contact, Details, Language, Purpose, Source};
use domain::id::OrderId;
use domain::order::{
    BankReport, BankState, Cancellation, Command, DeclineReason, Event, Initiator, Operation, OperationKind, Order,
    Refusal, Start, Status, TransactionState,
};
use domain::partner::{Channel, Partner};
use domain::time::Timestamp;
use domain::wallet::Kept;
use storage::store::StoreError;
use storage::table::Freshness;

use crate::access::sha256_hex;
use crate::error::WorkflowError;
use crate::orders::{self, Invalid};
use crate::perform::{self, apply, apply_knowing};
use crate::ports::{Ports, Settings};
use crate::{bank, clock, connect, links, wallet};

/// Where links of the СБП lead that bind an account.
const BINDING_LINKS: &str = "https://sub.nspk.ru/";
/// Seconds after which an agreement nobody acted on may be replaced by a newer one.
const AGREEMENT_SECONDS: i64 = 60;

/// Looks and accounts tried with one press of the button, at most.
const TRIES_MAX: usize = 6;

/// All a page of an order shows.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The order.
    pub order: Order,
    /// Its details.
    pub details: Details,
    /// Its partner.
    pub partner: Arc<Partner>,
    /// Now, in the order's own time.
    pub now: Timestamp,
    /// Version of the agreement's row; 0 while there is none.
    pub agreement_version: u64,
}

/// What the buyer sent with the button.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// E-mail as typed.
    pub email: String,
    /// Telephone as typed.
    pub phone: String,
    /// Channels as ticked; nothing when the page did not ask.
    pub channels: Vec<String>,
    /// First box.
    pub consent_personal_data: bool,
    /// Second box.
    pub consent_terms: bool,
    /// The box that lets the means be kept.
    pub consent_means: bool,
    /// Code of the method chosen; nothing when there was no choice.
    pub method: Option<String>,
    /// Saved means chosen.
    pub means: Option<String>,
    /// Token of the form.
    pub csrf: String,
    /// The buyer's network address.
    pub address: String,
    /// The browser's `User-Agent`.
    pub user_agent: String,
    /// Language the page was shown in; the texts agreed to are in it.
    pub language: Language,
}

/// What becomes of it.
#[derive(Debug)]
pub enum Submitted {
    /// Send the buyer to the bank's page.
    GoToBank(String),
    /// Show the СБП's code and link, both in the order's open payment.
    PayBySbp(Box<Seen>),
    /// Show the page again with what is wrong.
    Again(Box<Seen>, Vec<Invalid>),
    /// Nothing to pay now: show how the order stands.
    Look(Box<Seen>),
    /// The bank can not be reached; the buyer may try again.
    BankSilent(Box<Seen>),
}

/// What becomes of the wish to pay another way.
#[derive(Debug)]
pub enum GivenUp {
    /// Show how the order stands: where nothing has come of the payment under way, with all ways to pay.
    Look(Box<Seen>),
    /// Nobody knows what became of the payment under way: no other may begin.
    BankSilent(Box<Seen>),
}

/// Looks at an order by its checkout token.
pub async fn see(ports: &Ports, token: &str) -> Result<Seen, WorkflowError> {
    let id = links::open_checkout(&ports.settings, token).ok_or(WorkflowError::NotFound)?;
    let loaded = ports.store.load(&id, Freshness::Eventual).await?;
    let loaded = match loaded {
        Some(loaded) => loaded,
        // A replica may not have heard of an order made a moment ago.
        None => ports.store.load(&id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?,
    };
    seen(ports, loaded.order, loaded.details, loaded.agreement_version).await
}

async fn seen(ports: &Ports, order: Order, details: Details, agreement_version: u64) -> Result<Seen, WorkflowError> {
    let partner = perform::partner(ports, order.id.tenant()).await?;
    let now = clock::now(ports, order.id.tenant()).await?;
    Ok(Seen { order, details, partner, now, agreement_version })
}

/// Looks at an order whose buyer comes back from the bank or waits: when the outcome is not known, the bank is asked.
pub async fn see_after_bank(ports: &Ports, token: &str) -> Result<Seen, WorkflowError> {
    let before = see(ports, token).await?;
    let Some(operation) = before.order.open_payment().map(|operation| operation.no) else {
        return Ok(before);
    };
    match bank::ask(ports, &before.order.id, operation).await {
        Ok(applied) => seen(ports, applied.order, applied.details, before.agreement_version).await,
        Err(error) => {
            tracing::warn!(order = %before.order.id, error = %error.chain(), "the bank could not be asked");
            Ok(before)
        }
    }
}

/// Channels the buyer can choose among on the page: nothing when the partner has chosen.
pub fn channels_asked(details: &Details, partner: &Partner) -> Vec<Channel> {
    if details.channels.is_empty() { partner.channels.clone() } else { Vec::new() }
}

/// Whether the page asks for an e-mail or a telephone, in this order.
pub fn contacts_asked(details: &Details) -> (bool, bool) {
    (details.email.is_none(), details.phone.is_none())
}

/// What the buyer can pay by.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    /// Methods, each with what its first account can do.
    pub methods: Vec<(Method, MethodTerms)>,
    /// Means the buyer has saved at this shop and lets be used.
    pub saved: Vec<Kept>,
    /// The means are to be saved: there is nothing to pay now, or several payments to make.
    pub must_save: bool,
}

impl Offers {
    /// The method that is taken where none was chosen: the card, where it is offered.
    pub fn preselected(&self) -> Option<Method> {
        let card = self.methods.iter().find(|(method, _)| *method == Method::Card);
        card.or(self.methods.first()).map(|(method, _)| *method)
    }

    /// Whether the buyer may have the means of this method saved.
    pub fn may_save(&self, method: Method) -> bool {
        self.methods.iter().any(|(offered, terms)| *offered == method && terms.save.is_on())
    }
}

/// What the buyer of an order can pay by: only what will work.
pub async fn offers(ports: &Ports, seen: &Seen) -> Result<Offers, WorkflowError> {
    let tenant = seen.order.id.tenant();
    let saved = match &seen.details.payment.customer {
        Some(customer) if seen.details.payment.purpose != Purpose::SaveMeans => {
            wallet::list(ports, tenant, customer).await?
        }
        _ => Vec::new(),
    };
    let must_save = must_save(&seen.details);
    let wanted = &seen.details.payment.methods;
    let mut methods: Vec<(Method, MethodTerms)> = Vec::new();
    for method in Method::ALL {
        if !wanted.is_empty() && !wanted.contains(&method) || method.is_collected() {
            continue;
        }
        let first = routes(seen, method, must_save).into_iter().next();
        methods.extend(first.map(|route| (method, route.terms)));
    }
    let usable = |kept: &Kept| {
        let known = |route: &connect::Route| route.account == kept.account;
        kept.is_usable() && routes(seen, kept.method, false).iter().any(known)
    };
    let saved = saved.into_iter().filter(usable).collect();
    Ok(Offers { methods, saved, must_save })
}

fn must_save(details: &Details) -> bool {
    details.payment.purpose != Purpose::Pay || !details.payment.children.is_empty()
}

/// What a payment of the order needs: a verification is held, whatever the order's own stages are.
fn wish(seen: &Seen, method: Method, verify: bool) -> Wish<'_> {
    let stages = if verify { Stages::Two } else { seen.details.payment.stages };
    Wish { method, amount: seen.order.amount, stages, save: verify, entity: None }
}

/// The accounts that can take a payment of the order, the first choice first. Means that are saved with it pay the legal entities of
/// its children, too: only the bank that they have their accounts at will do.
fn routes(seen: &Seen, method: Method, verify: bool) -> Vec<connect::Route> {
    let terms = &seen.details.payment;
    let accounts = &seen.partner.accounts;
    let mut found = connect::routes(seen.order.id.tenant(), &seen.partner, &wish(seen, method, verify));
    found.retain(|route| terms.serves_children(accounts, route.account.as_deref(), method));
    found
}

/// How the payment is to be taken: by saved means, or by the method that was chosen through the first account that can.
fn choose(
    seen: &Seen,
    offers: &Offers,
    submission: &Submission,
    tried: &[Option<String>],
) -> Result<Option<Start>, Vec<Invalid>> {
    if let Some(id) = submission.means.as_deref().filter(|id| !id.is_empty()) {
        let Some(kept) = offers.saved.iter().find(|kept| kept.id == id) else {
            return Err(vec![missing(
                "/means",
                "Этот способ больше недоступен.",
                "These means are not available any more.",
            )]);
        };
        let route = routes(seen, kept.method, false).into_iter().find(|route| route.account == kept.account);
        return Ok(route.map(|route| start(kept.method, route, Some(kept.id.clone()), false)));
    }
    let chosen = submission.method.as_deref().filter(|code| !code.is_empty());
    let method = if let Some(code) = chosen {
        Method::parse(code).filter(|method| offers.methods.iter().any(|(offered, _)| offered == method))
    } else {
        offers.preselected()
    };
    let Some(method) = method else {
        return Err(vec![missing("/method", "Выберите способ оплаты.", "Choose how to pay.")]);
    };
    if offers.must_save && !submission.consent_means {
        let (ru, en) =
            ("Без согласия сохранить карту заказ не оформить.", "The order needs your consent to keep the card.");
        return Err(vec![missing("/consent_means", ru, en)]);
    }
    let save = submission.consent_means && offers.may_save(method) && seen.details.payment.customer.is_some();
    let mut found = routes(seen, method, offers.must_save);
    if save && !offers.must_save {
        found.retain(|route| route.terms.save.is_on());
    }
    let route = found.into_iter().find(|route| !tried.contains(&route.account));
    Ok(route.map(|route| start(method, route, None, save || offers.must_save)))
}

fn start(method: Method, route: connect::Route, means: Option<String>, save: bool) -> Start {
    Start {
        account: route.account,
        method,
        nominal: route.nominal,
        hold_seconds: route.terms.hold_seconds,
        hold_counts_today: route.terms.hold_counts_today,
        means,
        save,
        ..Start::default()
    }
}

/// The button was pressed: keep what was agreed, have the bank know, and send the buyer there. Pressing twice pays once.
///
/// `before` is the order as the door has just seen it: the first, cheap look.
pub async fn submit(ports: &Ports, before: Seen, submission: &Submission) -> Result<Submitted, WorkflowError> {
    let id = before.order.id.clone();
    if !links::form_token_holds(&ports.settings, &id, "pay", &submission.csrf) {
        return Err(WorkflowError::NotFound);
    }
    let mut before = Some(before);
    let mut tried: Vec<Option<String>> = Vec::new();
    for attempt in 0..TRIES_MAX {
        let seen = match before.take() {
            Some(before) => before,
            None => self::look(ports, &id).await?,
        };
        let agreement_version = seen.agreement_version;
        match seen.order.status() {
            Status::Awaiting if seen.now < seen.order.expires_at => {}
            Status::Checking => return resume(ports, seen).await,
            _ if attempt == 0 => continue,
            _ => return Ok(Submitted::Look(Box::new(seen))),
        }
        let mut agreed = match agree(&ports.settings, &seen, submission) {
            Ok(agreed) => agreed,
            Err(invalid) => return Ok(Submitted::Again(Box::new(seen), invalid)),
        };
        let offers = offers(ports, &seen).await?;
        let start = match choose(&seen, &offers, submission, &tried) {
            Ok(Some(start)) => start,
            Ok(None) => return Ok(Submitted::BankSilent(Box::new(seen))),
            Err(invalid) => return Ok(Submitted::Again(Box::new(seen), invalid)),
        };
        if seen.order.offer.is_some() {
            let fresh = seen
                .details
                .consent
                .as_ref()
                .is_some_and(|consent| seen.now.as_second() - consent.at.as_second() < AGREEMENT_SECONDS);
            // Another press of the button a moment ago has left its agreement: this press goes on with it.
            if fresh && agreement_version > 0 {
                agreed = seen.details.clone();
            } else {
                match ports.store.put_agreement(&id, &agreed, agreement_version + 1).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict) => continue,
                    Err(other) => return Err(other.into()),
                }
            }
        }
        if seen.order.offer.is_none() && agreed != seen.details {
            match ports.store.put_agreement(&id, &agreed, agreement_version + 1).await {
                Ok(()) => {}
                Err(StoreError::Conflict) => continue,
                Err(other) => return Err(other.into()),
            }
        }
        let known = (seen.order.clone(), agreed);
        let account = start.account.clone();
        let started = match apply_knowing(ports, known.0, known.1, &Command::StartPayment(start)).await {
            Ok(applied) => applied,
            Err(WorkflowError::Refused(Refusal::PaymentUnderWay(_) | Refusal::NotPayable(_) | Refusal::Expired(_))) => {
                continue;
            }
            Err(other) => return Err(other),
        };
        let seen = Seen { order: started.order, details: started.details, ..seen };
        match go_on(ports, seen).await? {
            // It surely did not happen: the payment may go another way. It never goes two.
            Went::NotReached(seen, operation) if connects_elsewhere(&seen, account.as_deref()) => {
                let report = BankReport::new(None, BankState::Declined(DeclineReason::NotReached));
                let command = Command::BankReported { operation, report, asked: true };
                let applied = apply_knowing(ports, seen.order.clone(), seen.details.clone(), &command).await?;
                tried.push(account);
                before = Some(Seen { order: applied.order, details: applied.details, ..*seen });
            }
            // The bank said no, and that is an outcome.
            Went::Refused(seen, operation) => {
                let elsewhere = connects_elsewhere(&seen, account.as_deref());
                let report = BankReport::new(None, BankState::Declined(DeclineReason::Other));
                let command = Command::BankReported { operation, report, asked: true };
                let applied = apply_knowing(ports, seen.order.clone(), seen.details.clone(), &command).await?;
                let seen = Seen { order: applied.order, details: applied.details, ..*seen };
                if !elsewhere || tried.len() + 1 >= TRIES_MAX {
                    return Ok(Submitted::Look(Box::new(seen)));
                }
                tried.push(account);
                before = Some(seen);
            }
            went => return Ok(went.submitted()),
        }
    }
    Err(WorkflowError::Busy)
}

/// Whether another account could take what this one could not be told of.
fn connects_elsewhere(seen: &Seen, account: Option<&str>) -> bool {
    let Some(open) = seen.order.open_payment() else { return false };
    let found = routes(seen, open.method, open.kind == OperationKind::Verification);
    open.means.is_none() && found.iter().any(|route| route.account.as_deref() != account)
}

/// Goes on with a payment that was under way before. A bank that refuses it now may have taken it before: it is asked.
async fn resume(ports: &Ports, seen: Seen) -> Result<Submitted, WorkflowError> {
    let (seen, operation) = match go_on(ports, seen).await? {
        Went::Refused(seen, operation) => (seen, operation),
        went => return Ok(went.submitted()),
    };
    match bank::ask(ports, &seen.order.id, operation).await {
        Ok(applied) => Ok(Submitted::Look(Box::new(Seen { order: applied.order, details: applied.details, ..*seen }))),
        Err(WorkflowError::Bank(error)) => {
            tracing::warn!(order = %seen.order.id, %error, "a payment that was refused could not be asked about");
            Ok(Submitted::BankSilent(seen))
        }
        Err(other) => Err(other),
    }
}

/// Where the buyer goes on.
enum Went {
    To(Submitted),
    /// The bank has surely not heard of the payment.
    NotReached(Box<Seen>, u8),
    /// The bank has refused it.
    Refused(Box<Seen>, u8),
}

impl Went {
    fn submitted(self) -> Submitted {
        match self {
            Self::To(submitted) => submitted,
            Self::NotReached(seen, _) | Self::Refused(seen, _) => Submitted::BankSilent(seen),
        }
    }
}

/// Sends the buyer to the page of the payment under way. A payment the bank may not know yet is told to it (again).
async fn go_on(ports: &Ports, seen: Seen) -> Result<Went, WorkflowError> {
    let Some(open) = seen.order.open_payment().filter(|open| open.by == Initiator::Buyer) else {
        return Ok(Went::To(Submitted::Look(Box::new(seen))));
    };
    if open.sbp_link().is_some() {
        return Ok(Went::To(Submitted::PayBySbp(Box::new(seen))));
    }
    if let Some(url) = open.url() {
        return Ok(Went::To(Submitted::GoToBank(url.to_owned())));
    }
    let operation = open.no;
    match Box::pin(bank::register(ports, &seen.order, &seen.details, &seen.partner, operation)).await {
        Ok(bank::Next::Page(url)) => Ok(Went::To(Submitted::GoToBank(url))),
        Ok(bank::Next::Sbp) => Ok(Went::To(Submitted::PayBySbp(Box::new(look(ports, &seen.order.id).await?)))),
        Ok(bank::Next::Look) => Ok(Went::To(Submitted::Look(Box::new(look(ports, &seen.order.id).await?)))),
        Err(WorkflowError::Bank(error)) => {
            tracing::warn!(order = %seen.order.id, %error, "a payment could not be registered");
            Ok(match error {
                BankError::Refused { .. } => Went::Refused(Box::new(seen), operation),
                BankError::NotSent(_) => Went::NotReached(Box::new(seen), operation),
                BankError::Unknown(_) | BankError::Unreadable { .. } => Went::To(Submitted::BankSilent(Box::new(seen))),
            })
        }
        Err(other) => Err(other),
    }
}

/// The texts a buyer agrees to, in a language: personal data, terms.
pub fn texts(settings: &Settings, language: Language) -> (pages::LegalText, pages::LegalText) {
    let (lang, agent) = (page_language(language), page_agent(settings));
    (
        pages::legal_text(pages::LegalKind::PersonalData, lang, &agent),
        pages::legal_text(pages::LegalKind::Terms, lang, &agent),
    )
}

/// What a buyer agrees to who lets their means be kept.
#[derive(Debug, Clone, Copy)]
pub struct MeansText {
    /// Version, with the language.
    pub version: &'static str,
    /// The words beside the box.
    pub plain: &'static str,
}

/// The words beside the box that lets the means be kept, in a language.
pub const fn means_text(language: Language) -> MeansText {
    match language {
        Language::Ru => MeansText {
            version: "2026-11-21.ru",
            plain: "Сохранить карту или счёт у банка и списывать по ним оплату моих заказов в этом магазине. Я могу отключить или удалить их в любой момент.",
        },
        Language::En => MeansText {
            version: "2026-11-21.en",
            plain: "Let the bank keep this card or account and charge it for my orders at this shop. I can switch it off or delete it at any time.",
        },
    }
}

/// A language as pages name it.
pub const fn page_language(language: Language) -> pages::Lang {
    match language {
        Language::Ru => pages::Lang::Ru,
        Language::En => pages::Lang::En,
    }
}

/// The agent as pages show it.
pub fn page_agent(settings: &Settings) -> pages::Agent {
    let agent = &settings.agent;
    pages::Agent {
        name: agent.name.clone(),
        inn: agent.inn.clone(),
        ogrn: None,
        address: agent.address.clone(),
        support_email: agent.email.clone(),
        support_phone: agent.phone.clone(),
    }
}

/// The partner as pages show it.
pub fn page_partner(partner: &Partner) -> pages::Partner {
    pages::Partner {
        name: partner.name.clone(),
        inn: partner.inn.clone(),
        site: partner.site.clone(),
        support_email: Some(partner.support_email.clone()),
        support_phone: Some(partner.phone.clone()),
        logo: None,
        accent: None,
    }
}

/// Whether the buyer has agreed before. Who is charged without being there has not: what they agreed to then is on record with
/// the means.
pub fn has_agreed(seen: &Seen) -> bool {
    seen.order.offer.is_none() && seen.details.consent.is_some()
}

/// Checks what the buyer entered and makes the agreement of it.
fn agree(settings: &Settings, seen: &Seen, submission: &Submission) -> Result<Details, Vec<Invalid>> {
    if has_agreed(seen) {
        // Another attempt: agreed already, but perhaps not to having the means kept.
        let mut details = seen.details.clone();
        if let Some(consent) = details.consent.as_mut().filter(|consent| consent.means.is_none()) {
            consent.means = agreed_means(submission);
        }
        return Ok(details);
    }
    let mut details = seen.order.offer.as_deref().cloned().unwrap_or_else(|| seen.details.clone());
    let mut invalid = Vec::new();
    let mut say = |pointer: &str, code: &'static str, ru: &str, en: &str| {
        invalid.push(Invalid { pointer: pointer.to_owned(), code, ru: ru.to_owned(), en: en.to_owned() });
    };
    if !submission.consent_personal_data {
        say(
            "/consent_personal_data",
            "consent_required",
            "Без согласия на обработку данных мы не можем принять оплату.",
            "We cannot take the payment without consent to process your data.",
        );
    }
    if !submission.consent_terms {
        say("/consent_terms", "consent_required", "Примите условия, чтобы оплатить.", "Accept the terms to pay.");
    }
    if details.channels.is_empty() {
        let offered = &seen.partner.channels;
        let known = |name: &String| match name.as_str() {
            "email" => Some(Channel::Email),
            "sms" => Some(Channel::Sms),
            _ => None,
        };
        details.channels = submission.channels.iter().filter_map(known).filter(|c| offered.contains(c)).collect();
        details.channels.dedup();
    }
    let entered = |value| Contact { value, source: Source::Buyer };
    if details.email.is_none() && !submission.email.trim().is_empty() {
        details.email = orders::email(&submission.email).map(entered);
        if details.email.is_none() {
            say(
                "/email",
                "email",
                "Проверьте адрес: например, name@example.ru.",
                "Check the address, e.g. name@example.com.",
            );
        }
    }
    if details.phone.is_none() && !submission.phone.trim().is_empty() {
        details.phone = orders::phone(&submission.phone).map(entered);
        if details.phone.is_none() {
            say(
                "/phone",
                "phone",
                "Проверьте номер: например, +7 916 123-45-67.",
                "Check the number, e.g. +7 916 123-45-67.",
            );
        }
    }
    // Where nothing was chosen, the buyer is told through what can be reached.
    if details.channels.is_empty() {
        let reachable = [(Channel::Email, details.email.is_some()), (Channel::Sms, details.phone.is_some())];
        let open = reachable.iter().find(|(channel, has)| *has && seen.partner.channels.contains(channel));
        details.channels = open.map(|(channel, _)| *channel).into_iter().collect();
    }
    let wants = |channel: Channel| details.channels.contains(&channel);
    let told = invalid_has(&invalid, "/email") || invalid_has(&invalid, "/phone");
    if wants(Channel::Email) && details.email.is_none() && !told {
        invalid.push(missing("/email", "Укажите почту: на неё придёт чек.", "Enter an e-mail for the receipt."));
    } else if wants(Channel::Sms) && details.phone.is_none() && !told {
        invalid.push(missing("/phone", "Укажите телефон для SMS.", "Enter a telephone number for SMS."));
    } else if details.receipt_contact().is_none() && !told {
        invalid.push(missing("/email", "Укажите почту: на неё придёт чек.", "Enter an e-mail for the receipt."));
    }
    if !invalid.is_empty() {
        return Err(invalid);
    }
    let (personal_data, terms) = texts(settings, submission.language);
    let agreed = |text: &pages::LegalText| AgreedText {
        version: format!("{}.{}", text.version, page_language(submission.language).code()),
        sha256: sha256_hex(&text.plain),
    };
    details.language = submission.language;
    details.consent = Some(ConsentEvidence {
        personal_data: agreed(&personal_data),
        terms: agreed(&terms),
        means: submission
            .consent_means
            .then(|| means_text(submission.language))
            .map(|text| AgreedText { version: text.version.to_owned(), sha256: sha256_hex(text.plain) }),
        at: seen.now,
        address: submission.address.chars().take(64).collect(),
        user_agent: submission.user_agent.chars().take(300).collect(),
    });
    Ok(details)
}

fn agreed_means(submission: &Submission) -> Option<AgreedText> {
    let text = means_text(submission.language);
    let agreed = AgreedText { version: text.version.to_owned(), sha256: sha256_hex(text.plain) };
    submission.consent_means.then_some(agreed)
}

fn invalid_has(invalid: &[Invalid], pointer: &str) -> bool {
    invalid.iter().any(|found| found.pointer == pointer)
}

fn missing(pointer: &str, ru: &str, en: &str) -> Invalid {
    Invalid { pointer: pointer.to_owned(), code: "required", ru: ru.to_owned(), en: en.to_owned() }
}

/// The buyer cancels. Pressing twice refunds once; a late execution is decided against it by whichever is on record first.
pub async fn cancel(ports: &Ports, token: &str, csrf: &str) -> Result<Seen, WorkflowError> {
    let id = links::open_checkout(&ports.settings, token).ok_or(WorkflowError::NotFound)?;
    if !links::form_token_holds(&ports.settings, &id, "cancel", csrf) {
        return Err(WorkflowError::NotFound);
    }
    let applied = match apply(ports, &id, &Command::Cancel(Cancellation::BUYER)).await {
        Ok(applied) => applied,
        Err(WorkflowError::Refused(_)) => return see(ports, token).await,
        Err(other) => return Err(other),
    };
    seen(ports, applied.order, applied.details, 0).await
}

/// The buyer gives up the payment under way, to pay another way. Pressing twice gives up once.
pub async fn give_up(ports: &Ports, token: &str, csrf: &str) -> Result<GivenUp, WorkflowError> {
    let id = links::open_checkout(&ports.settings, token).ok_or(WorkflowError::NotFound)?;
    if !links::form_token_holds(&ports.settings, &id, "another", csrf) {
        return Err(WorkflowError::NotFound);
    }
    let before = look(ports, &id).await?;
    let Some(open) = to_give_up(&before).map(|open| open.no) else {
        return Ok(GivenUp::Look(Box::new(before)));
    };
    match Box::pin(bank::give_up(ports, &id, open)).await {
        Ok(applied) => Ok(GivenUp::Look(Box::new(Seen { order: applied.order, details: applied.details, ..before }))),
        // Paid, refused or begun anew in this moment.
        Err(WorkflowError::Refused(_)) => Ok(GivenUp::Look(Box::new(look(ports, &id).await?))),
        Err(WorkflowError::Bank(error)) => {
            tracing::warn!(order = %id, %error, "a payment could not be given up");
            Ok(GivenUp::BankSilent(Box::new(before)))
        }
        Err(other) => Err(other),
    }
}

/// The payment under way, where its buyer may give it up to pay another way.
pub fn to_give_up(seen: &Seen) -> Option<&Operation> {
    let open = seen.order.open_payment().filter(|open| open.may_be_given_up());
    open.filter(|_| seen.now < seen.order.expires_at && !seen.order.is_splitting())
}

/// Where the buyer goes back to, with signed parameters that tell how the order stands. What they say is confirmed by the
/// API and webhooks only. Nothing when the partner has named no address.
pub fn return_url(seen: &Seen) -> Option<String> {
    let order = &seen.order;
    let done = matches!(order.status(), Status::Ordered | Status::MeansSaved);
    let paid = done || order.standing_payment().is_some();
    let (own, general) = (&seen.details.returns, &seen.partner.returns);
    let url = if paid {
        own.success.as_ref().or(general.success.as_ref())
    } else {
        own.failure.as_ref().or(own.success.as_ref()).or(general.failure.as_ref()).or(general.success.as_ref())
    }?;
    let mut fields = BTreeMap::from([
        ("order".to_owned(), order.id.to_string()),
        ("number".to_owned(), order.number.clone()),
        ("status".to_owned(), order.status().code().to_owned()),
        ("amount".to_owned(), order.amount.to_decimal().to_string()),
        ("at".to_owned(), seen.now.as_second().to_string()),
    ]);
    for (name, contact) in [("email", &seen.details.email), ("phone", &seen.details.phone)] {
        if let Some(contact) = contact.as_ref().filter(|contact| contact.source == Source::Buyer) {
            fields.insert(name.to_owned(), contact.value.clone());
        }
    }
    let signature = links::fields_signature(&seen.partner.form_secret, &fields);
    fields.insert("signature".to_owned(), signature);
    Some(links::with_query(url, &fields))
}

/// The link of the СБП a payment under way is waiting at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbpLink<'a> {
    /// The link.
    pub url: &'a str,
    /// Its id.
    pub id: String,
}

/// The link by which the buyer can pay the order now. A link that is not whole, or is over another amount, is shown to nobody.
pub fn sbp_link(order: &Order) -> Option<SbpLink<'_>> {
    let open = order.open_payment().filter(|open| open.by == Initiator::Buyer)?;
    let url = open.sbp_link()?;
    if let Some(rest) = url.strip_prefix(BINDING_LINKS) {
        // Links that bind an account have no published checksum.
        let id = rest.split(['?', '/']).next().unwrap_or_default().to_owned();
        return Some(SbpLink { url, id });
    }
    match nspk::read(url) {
        Ok(link) if link.sum.is_none_or(|sum| sum == open.amount) => Some(SbpLink { url, id: link.id }),
        Ok(_) => {
            tracing::error!(order = %order.id, "a link of the СБП is over another amount");
            None
        }
        Err(error) => {
            tracing::error!(order = %order.id, %error, "a link of the СБП can not be shown");
            None
        }
    }
}

/// What the means are called that the order is to be charged to, or that were saved with it.
pub async fn means_label(ports: &Ports, seen: &Seen) -> Result<Option<String>, WorkflowError> {
    let order = &seen.order;
    match order.status() {
        Status::Ordered => match &order.means {
            Some(means) => wallet::label(ports, order, &seen.details, &means.id).await,
            None => Ok(None),
        },
        Status::MeansSaved => {
            let saved = order.attempts().filter_map(|attempt| attempt.saved.as_ref()).next_back();
            Ok(saved.map(|saved| saved.label.clone()))
        }
        _ => Ok(None),
    }
}

/// The attempt after which the page offers another one: the latest, where it was declined, or its means were not saved.
pub fn last_failure(order: &Order) -> Option<(&Operation, Failure)> {
    let last = order.attempts().next_back()?;
    match last.state() {
        TransactionState::Declined(reason) => Some((last, Failure::Declined(reason))),
        TransactionState::Succeeded
            if last.saved.is_none() && order.happened(Event::MeansNotSaved, last.no).is_some() =>
        {
            Some((last, Failure::NotSaved))
        }
        _ => None,
    }
}

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The bank declined.
    Declined(DeclineReason),
    /// The means that were to be saved were not.
    NotSaved,
}

/// Why the latest attempt was declined.
pub fn last_decline(order: &Order) -> Option<DeclineReason> {
    match last_failure(order)?.1 {
        Failure::Declined(reason) => Some(reason),
        Failure::NotSaved => None,
    }
}

/// An order by its id, for those who may see it, as it is now.
pub async fn look(ports: &Ports, id: &OrderId) -> Result<Seen, WorkflowError> {
    let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    seen(ports, loaded.order, loaded.details, loaded.agreement_version).await
}
