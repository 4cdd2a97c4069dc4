//! The sandbox bank's page, for the buyer. Its address is a secret nobody can guess, and carries everything: there is no cookie,
//! so a form of another site has nothing to ride on.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State as Given};
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::Tenant;
use domain::partner::origin;
use pages::{
    BankChallengeView, BankClosedView, BankView, BankWaitingView, Lang, TestCard, bank_challenge, bank_closed,
    bank_payment, bank_waiting,
};
use serde::Deserialize;

use super::{CODES_MAX, Card, Go, Payment, RIGHT_CODE, State, act, tenant_of};
use crate::door::{self, Refusal, see_other};
use crate::{Shared, rows};

/// Seconds until the waiting page asks again.
const REFRESH_SECONDS: u32 = 5;

/// The bank's forms. `decision` may be left out: then the card decides, as with curl.
#[derive(Debug, Deserialize)]
pub struct Choice {
    #[serde(default)]
    card: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    decision: String,
}

/// `GET /sandbox/bank/pay/{reference}`.
pub async fn show(Given(Shared { ports, .. }): Given<Shared>, Path(reference): Path<String>) -> Response {
    let Some(tenant) = tenant_of(&reference) else {
        return not_here();
    };
    let found = async {
        let now = workflows::clock::now(&ports, &tenant).await?;
        let payment: Option<Payment> = rows::load(&ports, &tenant, &reference).await?;
        Ok::<_, crate::SandboxError>(payment.map(|mut payment| {
            payment.advance(now);
            payment
        }))
    };
    match found.await {
        Ok(Some(payment)) => stand(&payment, StatusCode::OK),
        Ok(None) => not_here(),
        Err(error) => Refusal::from(error).page(),
    }
}

/// `POST /sandbox/bank/pay/{reference}` with `card` and perhaps `decision`.
pub async fn pay(
    Given(shared): Given<Shared>,
    Path(reference): Path<String>,
    form: Result<Form<Choice>, FormRejection>,
) -> Response {
    let Some(tenant) = tenant_of(&reference) else {
        return not_here();
    };
    let Ok(Form(choice)) = form else { return unreadable() };
    if choice.decision == "refuse" {
        return acted(&shared, &tenant, &reference, Payment::refuse).await;
    }
    match Card::parse(&choice.card) {
        Some(card) => acted(&shared, &tenant, &reference, |payment, now| payment.pay(card, now)).await,
        None => unreadable(),
    }
}

/// `POST /sandbox/bank/pay/{reference}/challenge` with `code` and perhaps `decision`.
pub async fn challenge(
    Given(shared): Given<Shared>,
    Path(reference): Path<String>,
    form: Result<Form<Choice>, FormRejection>,
) -> Response {
    let Some(tenant) = tenant_of(&reference) else {
        return not_here();
    };
    let Ok(Form(choice)) = form else { return unreadable() };
    if choice.decision == "refuse" {
        return acted(&shared, &tenant, &reference, Payment::refuse).await;
    }
    acted(&shared, &tenant, &reference, |payment, now| payment.confirm(&choice.code, now)).await
}

async fn acted(
    shared: &Shared,
    tenant: &Tenant,
    reference: &str,
    what: impl FnMut(&mut Payment, domain::time::Timestamp) -> Go + Send,
) -> Response {
    match act(&shared.ports, tenant, reference, what).await {
        Ok(None) => not_here(),
        Ok(Some((Go::Shop, payment))) => see_other(&payment.request.return_url),
        Ok(Some((Go::WrongCode, payment))) => stand(&payment, StatusCode::UNPROCESSABLE_ENTITY),
        // Shown by a GET of its own, so that a reload repeats no form.
        Ok(Some((Go::Page | Go::Past, _))) => see_other(&format!("/sandbox/bank/pay/{reference}")),
        Err(error) => Refusal::from(error).page(),
    }
}

/// The page that fits how the payment stands.
fn stand(payment: &Payment, status: StatusCode) -> Response {
    let request = &payment.request;
    let lang = Lang::parse(&request.language).unwrap_or_default();
    let (merchant, order, amount_minor) = (request.merchant.clone(), request.bill.clone(), payment.amount.minor());
    let here = format!("/sandbox/bank/pay/{}", payment.reference);
    let csrf = String::new(); // see the file's first lines
    let return_url = Some(request.return_url.clone());
    let page = match payment.state {
        State::Open => {
            let cards = Card::ALL.into_iter().map(|card| test_card(card, lang)).collect();
            bank_payment(&BankView { lang, action_url: here, csrf, merchant, order, amount_minor, cards })
        }
        State::Challenge { wrong } => bank_challenge(&BankChallengeView {
            lang,
            action_url: format!("{here}/challenge"),
            csrf,
            merchant,
            order,
            amount_minor,
            pan_masked: test_card(Card::Challenge, lang).pan_masked,
            test_code: RIGHT_CODE.to_owned(),
            tries_left: (wrong > 0).then(|| u32::from(CODES_MAX - wrong.min(CODES_MAX))),
        }),
        State::Processing => bank_waiting(&BankWaitingView {
            lang,
            merchant,
            order,
            amount_minor,
            refresh_seconds: REFRESH_SECONDS,
            return_url,
        }),
        State::Declined(reason) => {
            let outcome = Some(decline_words(reason, lang).to_owned());
            bank_closed(&BankClosedView { lang, merchant, order, amount_minor, outcome, return_url })
        }
        State::Captured => {
            let outcome = match lang {
                Lang::Ru => "Оплата прошла.",
                Lang::En => "The payment went through.",
            };
            let outcome = Some(outcome.to_owned());
            bank_closed(&BankClosedView { lang, merchant, order, amount_minor, outcome, return_url })
        }
    };
    // The forms' answers redirect to the platform, and it perhaps on to the shop: Chromium holds every redirect after a form to
    // this list. The page has no form but its own, so the width costs nothing.
    let form_action = match origin(&request.return_url) {
        Some(origin) => format!("'self' {origin} https:"),
        None => "'self' https:".to_owned(),
    };
    door::page(status, page, &form_action)
}

fn decline_words(reason: domain::order::DeclineReason, lang: Lang) -> &'static str {
    use domain::order::DeclineReason as Why;
    match (reason, lang) {
        (Why::InsufficientFunds, Lang::Ru) => "Отказ: на карте недостаточно средств.",
        (Why::InsufficientFunds, Lang::En) => "Declined: not enough money on the card.",
        (Why::CardBlocked, Lang::Ru) => "Отказ: карта заблокирована.",
        (Why::CardBlocked, Lang::En) => "Declined: the card is blocked.",
        (Why::AuthenticationFailed, Lang::Ru) => "Отказ: код подтверждения не подошёл.",
        (Why::AuthenticationFailed, Lang::En) => "Declined: the confirmation code was wrong.",
        (Why::CancelledByBuyer, Lang::Ru) => "Вы отказались от оплаты.",
        (Why::CancelledByBuyer, Lang::En) => "You refused to pay.",
        (Why::TimedOut | Why::NotReached, Lang::Ru) => "Время на оплату вышло.",
        (Why::TimedOut | Why::NotReached, Lang::En) => "The time to pay is over.",
        (Why::Other, Lang::Ru) => "Отказ банка.",
        (Why::Other, Lang::En) => "Declined by the bank.",
    }
}

fn test_card(card: Card, lang: Lang) -> TestCard {
    let (pan, russian, english) = match card {
        Card::Success => {
            ("0001", ("Успешная оплата", "Деньги списываются сразу"), ("Success", "The money is taken at once"))
        }
        Card::InsufficientFunds => {
            ("0002", ("Недостаточно средств", "Банк отказывает"), ("Insufficient funds", "The bank declines"))
        }
        Card::Blocked => ("0003", ("Карта заблокирована", "Банк отказывает"), ("Blocked card", "The bank declines")),
        Card::Challenge => {
            ("0004", ("Проверка 3-D Secure", "Банк спрашивает код из SMS"), ("3-D Secure", "The bank asks for a code"))
        }
        Card::Abandoned => (
            "0005",
            ("Покупатель ушёл", "Ничего не происходит, пока не выйдет время"),
            ("The buyer leaves", "Nothing happens until the time is over"),
        ),
        Card::Late => (
            "0006",
            ("Поздний ответ", "Банк отвечает через три минуты"),
            ("Late answer", "The bank answers three minutes later"),
        ),
        Card::Silent => (
            "0007",
            ("Молчание", "Деньги списаны, но банк скажет об этом, только если спросить"),
            ("Silence", "The money is taken, and the bank tells only who asks"),
        ),
        Card::AfterExpiry => (
            "0008",
            ("Деньги после срока", "Банк отказывает по времени, а через десять минут деньги приходят"),
            ("Money after expiry", "The bank says timed out, and ten minutes later the money arrives"),
        ),
        Card::Doubled => (
            "0009",
            ("Двойной ответ", "Оплата проходит, банк сообщает дважды"),
            ("Doubled answer", "The bank tells twice"),
        ),
        Card::OutOfOrder => (
            "0010",
            ("Ответы не по порядку", "После «оплачено» приходит устаревшее «в обработке»"),
            ("Out of order", "A stale `pending` follows the success"),
        ),
    };
    let (title, what_happens) = match lang {
        Lang::Ru => russian,
        Lang::En => english,
    };
    TestCard {
        id: card.id().to_owned(),
        title: title.to_owned(),
        pan_masked: format!("•••• {pan}"),
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
