//! The buyer's page of every double. Its address is a secret nobody can guess, and carries everything: there is no cookie, so a
//! form of another site has nothing to ride on.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State as Given};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::id::Tenant;
use domain::order::DeclineReason;
use domain::partner::origin;
use pages::{
    BankChallengeView, BankClosedView, BankView, BankWaitingView, Lang, TestCard, bank_challenge, bank_closed,
    bank_payment, bank_waiting,
};
use serde::Deserialize;

use super::machine::CODES_MAX;
use super::{Card, Deal, DealState, Go, RIGHT_CODE, act, deal_of_qr, tenant};
use crate::door::{self, Refusal, see_other};
use crate::{Shared, rows};

/// Seconds until the waiting page asks again.
const REFRESH_SECONDS: u32 = 5;

/// The page's forms. Everything but `refuse` may be left out: then the card or the code decides, as with curl.
#[derive(Debug, Deserialize)]
pub struct Choice {
    /// A test card.
    card: Option<String>,
    /// The code of the check; an empty one is a wrong one.
    code: Option<String>,
    /// `refuse`, by a machine.
    #[serde(default)]
    action: String,
    /// `refuse`, by the page's button.
    #[serde(default)]
    decision: String,
}

/// A form as it was received, or why not.
pub type Chosen = Result<Form<Choice>, FormRejection>;

/// `GET /sandbox/deal/{partner}/{reference}`.
pub async fn show(
    Given(shared): Given<Shared>,
    Path((partner, reference)): Path<(String, String)>,
    here: Uri,
) -> Response {
    match tenant(&partner) {
        Some(tenant) => show_deal(&shared, &tenant, &reference, here.path()).await,
        None => not_here(),
    }
}

/// `POST /sandbox/deal/{partner}/{reference}` with `card`, `code` or `action`.
pub async fn decide(
    Given(shared): Given<Shared>,
    Path((partner, reference)): Path<(String, String)>,
    here: Uri,
    chosen: Chosen,
) -> Response {
    match tenant(&partner) {
        Some(tenant) => decide_deal(&shared, &tenant, &reference, here.path(), chosen).await,
        None => not_here(),
    }
}

/// `GET /sandbox/sbp/{partner}/{qr_id}`: what the buyer's bank would open; here it leads a tester to the deal's page.
pub async fn sbp(
    Given(Shared { ports, .. }): Given<Shared>,
    Path((partner, qr_id)): Path<(String, String)>,
) -> Response {
    let Some(tenant) = tenant(&partner) else { return not_here() };
    match deal_of_qr(&ports, &tenant, &qr_id).await {
        Ok(Some(reference)) => see_other(&format!("/sandbox/deal/{partner}/{reference}")),
        Ok(None) => not_here(),
        Err(error) => Refusal::from(error).page(),
    }
}

/// The page of a deal; `here` is its address.
pub async fn show_deal(shared: &Shared, tenant: &Tenant, reference: &str, here: &str) -> Response {
    let found = async {
        let now = workflows::clock::now(&shared.ports, tenant).await?;
        let deal: Option<Deal> = rows::load(&shared.ports, tenant, reference).await?;
        Ok::<_, crate::SandboxError>(deal.map(|deal| super::advanced(deal, now)))
    };
    match found.await {
        Ok(Some(deal)) => stand(&deal, here, StatusCode::OK),
        Ok(None) => not_here(),
        Err(error) => Refusal::from(error).page(),
    }
}

/// What the buyer decided at a deal's page.
pub async fn decide_deal(shared: &Shared, tenant: &Tenant, reference: &str, here: &str, chosen: Chosen) -> Response {
    let Ok(Form(choice)) = chosen else { return unreadable() };
    let refused = choice.decision == "refuse" || choice.action == "refuse";
    let card = choice.card.as_deref().map(Card::parse);
    if !refused && (card == Some(None) || (card.is_none() && choice.code.is_none())) {
        return unreadable();
    }
    let acted = act(&shared.ports, tenant, reference, |deal, now| match card.flatten() {
        _ if refused => deal.refuse(now),
        Some(card) => deal.pay(card, now),
        None => deal.confirm(choice.code.as_deref().unwrap_or_default(), now),
    });
    match acted.await {
        Ok(None) => not_here(),
        Ok(Some((Go::Shop, deal))) => see_other(&deal.family.back(&deal)),
        Ok(Some((Go::WrongCode, deal))) => stand(&deal, here, StatusCode::UNPROCESSABLE_ENTITY),
        // Shown by a GET of its own, so that a reload repeats no form.
        Ok(Some((Go::Page | Go::Past, _))) => see_other(here),
        Err(error) => Refusal::from(error).page(),
    }
}

/// The page that fits how the deal stands.
fn stand(deal: &Deal, here: &str, status: StatusCode) -> Response {
    let lang = match deal.language {
        domain::details::Language::Ru => Lang::Ru,
        domain::details::Language::En => Lang::En,
    };
    let (merchant, order) = (deal.merchant.clone(), deal.family.order(deal));
    let amount_minor = deal.amount.minor();
    let csrf = String::new(); // see the file's first lines
    let action_url = here.to_owned();
    let back = deal.family.back(deal);
    let return_url = origin(&back).map(|_| back.clone());
    let facts = deal.facts();
    let page = match facts.state {
        DealState::Open => {
            let cards = Card::ALL.into_iter().map(|card| test_card(card, lang)).collect();
            bank_payment(&BankView { lang, action_url, csrf, merchant, order, amount_minor, cards })
        }
        DealState::Challenge => bank_challenge(&BankChallengeView {
            lang,
            action_url,
            csrf,
            merchant,
            order,
            amount_minor,
            pan_masked: test_card(Card::Challenge, lang).pan_masked,
            test_code: RIGHT_CODE.to_owned(),
            tries_left: deal.wrong_codes().filter(|wrong| *wrong > 0).map(|wrong| u32::from(CODES_MAX - wrong)),
        }),
        DealState::Processing => bank_waiting(&BankWaitingView {
            lang,
            merchant,
            order,
            amount_minor,
            refresh_seconds: REFRESH_SECONDS,
            return_url,
        }),
        state => {
            let outcome = Some(closed_words(state, facts.reason, lang).to_owned());
            bank_closed(&BankClosedView { lang, merchant, order, amount_minor, outcome, return_url })
        }
    };
    // The forms' answers redirect to the platform, and it perhaps on to the shop: Chromium holds every redirect after a form to
    // this list. The page has no form but its own, so the width costs nothing.
    let form_action = match origin(&back) {
        Some(origin) => format!("'self' {origin} https:"),
        None => "'self' https:".to_owned(),
    };
    door::page(status, page, &form_action)
}

fn closed_words(state: DealState, reason: Option<DeclineReason>, lang: Lang) -> &'static str {
    let (russian, english) = match (state, reason) {
        (DealState::Held, _) => ("Деньги заморожены до решения магазина.", "The money is held until the shop decides."),
        (DealState::Voided, _) => ("Деньги разморожены.", "The hold was let go."),
        (DealState::Refunded, _) => ("Деньги возвращены.", "The money went back."),
        (DealState::PartlyRefunded, _) => ("Часть денег возвращена.", "A part of the money went back."),
        (DealState::Declined, Some(reason)) => decline_words(reason),
        (DealState::Declined, None) => decline_words(DeclineReason::Other),
        _ => ("Оплата прошла.", "The payment went through."),
    };
    match lang {
        Lang::Ru => russian,
        Lang::En => english,
    }
}

const fn decline_words(reason: DeclineReason) -> (&'static str, &'static str) {
    use DeclineReason as Why;
    match reason {
        Why::InsufficientFunds => ("Отказ: на карте недостаточно средств.", "Declined: not enough money on the card."),
        Why::CardBlocked => ("Отказ: карта заблокирована.", "Declined: the card is blocked."),
        Why::AuthenticationFailed => {
            ("Отказ: код подтверждения не подошёл.", "Declined: the confirmation code was wrong.")
        }
        Why::CancelledByBuyer => ("Вы отказались от оплаты.", "You refused to pay."),
        Why::TimedOut | Why::NotReached => ("Время на оплату вышло.", "The time to pay is over."),
        Why::Other => ("Отказ банка.", "Declined by the bank."),
    }
}

fn test_card(card: Card, lang: Lang) -> TestCard {
    let (russian, english) = match card {
        Card::Success => (("Успешная оплата", "Деньги списываются сразу"), ("Success", "The money is taken at once")),
        Card::InsufficientFunds => {
            (("Недостаточно средств", "Банк отказывает"), ("Insufficient funds", "The bank declines"))
        }
        Card::Blocked => (("Карта заблокирована", "Банк отказывает"), ("Blocked card", "The bank declines")),
        Card::Challenge => {
            (("Проверка 3-D Secure", "Банк спрашивает код из SMS"), ("3-D Secure", "The bank asks for a code"))
        }
        Card::Abandoned => (
            ("Покупатель ушёл", "Ничего не происходит, пока не выйдет время"),
            ("The buyer leaves", "Nothing happens until the time is over"),
        ),
        Card::Late => (
            ("Поздний ответ", "Банк отвечает через три минуты"),
            ("Late answer", "The bank answers three minutes later"),
        ),
        Card::Silent => (
            ("Молчание", "Деньги списаны, но банк скажет об этом, только если спросить"),
            ("Silence", "The money is taken, and the bank tells only who asks"),
        ),
        Card::AfterExpiry => (
            ("Деньги после срока", "Банк отказывает по времени, а через десять минут деньги приходят"),
            ("Money after expiry", "The bank says timed out, and ten minutes later the money arrives"),
        ),
        Card::Doubled => {
            (("Двойной ответ", "Оплата проходит, банк сообщает дважды"), ("Doubled answer", "The bank tells twice"))
        }
        Card::OutOfOrder => (
            ("Ответы не по порядку", "После «оплачено» приходит устаревшее «в обработке»"),
            ("Out of order", "A stale `pending` follows the success"),
        ),
        Card::RefundSlow => (
            ("Медленный возврат", "Возврат исполняется через десять минут"),
            ("Slow refund", "A refund is done ten minutes later"),
        ),
        Card::RefundCancelled => (
            ("Отменённый возврат", "Возврат исполнен, а через час его молча отменяют"),
            ("Cancelled refund", "A refund is done, and an hour later silently taken back"),
        ),
        Card::RefundRefused => (
            ("Отказ в возврате", "Первый возврат банк отклоняет"),
            ("Refused refund", "The bank declines the first refund"),
        ),
        Card::HoldDropped => (
            ("Снятый холд", "Через сутки банк сам размораживает деньги"),
            ("Dropped hold", "The bank lets the hold go after a day by itself"),
        ),
        Card::Points => (
            ("Оплата баллами", "Половина суммы списывается баллами, если магазин их принимает"),
            ("Points", "Half is paid with points, where the shop takes them"),
        ),
        Card::ChargeDeclined => (
            ("Отказ в автоплатеже", "Оплата проходит, но списание с сохранённой карты банк отклонит"),
            ("Declined charge", "Pays now; a later charge of the saved card is declined"),
        ),
    };
    let (title, what_happens) = match lang {
        Lang::Ru => russian,
        Lang::En => english,
    };
    TestCard {
        id: card.id().to_owned(),
        title: title.to_owned(),
        pan_masked: format!("•••• {}", card.last_four()),
        what_happens: what_happens.to_owned(),
    }
}

fn not_here() -> Response {
    Refusal::not_found().page()
}

fn unreadable() -> Response {
    let rule = (
        "/card".to_owned(),
        "одна из тестовых карт на странице".to_owned(),
        "one of the test cards on the page".to_owned(),
    );
    Refusal::invalid(vec![rule]).page()
}
