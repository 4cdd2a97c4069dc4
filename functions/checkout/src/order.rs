//! An order's page in all its states, and its two buttons: pay and cancel.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::header::USER_AGENT;
use http::{HeaderMap, StatusCode};
use pages::Lang;
use runtime::{ClientAddress, Path};
use workflows::checkout::{self, GivenUp, Seen, Submission, Submitted};
use workflows::error::WorkflowError;
use workflows::links;
use workflows::orders::Invalid;
use workflows::ports::Ports;

use crate::answer::{self, Pairs, Reader, form_action, page, see_other, value};
use crate::payment::{self, Typed};
use crate::view::{self, Shown};

/// `GET /c/{token}`.
pub(crate) async fn see(State(ports): State<Ports>, Path(token): Path<String>, reader: Reader) -> Response {
    reader.answer(Box::pin(shown(&ports, &token, &reader, false)).await)
}

/// `GET /c/{token}/return`: from the bank.
pub(crate) async fn come_back(State(ports): State<Ports>, Path(token): Path<String>, reader: Reader) -> Response {
    reader.answer(Box::pin(shown(&ports, &token, &reader, true)).await)
}

/// A GET where only a form is posted: the reader reloaded, or the page asked for itself again.
pub(crate) async fn back_to_order(Path(token): Path<String>, reader: Reader) -> Response {
    see_other(&order_path(&token, &reader))
}

async fn shown(ports: &Ports, token: &str, reader: &Reader, from_bank: bool) -> Result<Response, WorkflowError> {
    let seen = Box::pin(checkout::see_after_bank(ports, token)).await?;
    let lang = reader.language(seen.details.language);
    as_it_stands(ports, &seen, lang, from_bank).await
}

/// The page that fits how the order stands.
async fn as_it_stands(ports: &Ports, seen: &Seen, lang: Lang, from_bank: bool) -> Result<Response, WorkflowError> {
    let means = checkout::means_label(ports, seen).await?;
    Ok(match view::shown(ports, seen, lang, from_bank, means) {
        Shown::State(view) => {
            page(StatusCode::OK, &pages::order_state(&view), &form_action(&ports.settings, &seen.partner))
        }
        Shown::Sbp(view) => page(StatusCode::OK, &pages::sbp(&view), &form_action(&ports.settings, &seen.partner)),
        Shown::Payable => return payment_page(ports, seen, lang, StatusCode::OK, &Typed::default()).await,
    })
}

async fn payment_page(
    ports: &Ports,
    seen: &Seen,
    lang: Lang,
    status: StatusCode,
    typed: &Typed,
) -> Result<Response, WorkflowError> {
    let offers = checkout::offers(ports, seen).await?;
    let view = payment::payment(ports, seen, &offers, lang, typed);
    Ok(page(status, &pages::checkout(&view), &form_action(&ports.settings, &seen.partner)))
}

/// `POST /c/{token}/pay`.
pub(crate) async fn pay(
    State(ports): State<Ports>,
    Path(token): Path<String>,
    reader: Reader,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = match answer::form(&headers, &body) {
        Ok(form) => form,
        Err(status) => return reader.failure(status),
    };
    let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    reader.answer(Box::pin(paid(&ports, &token, &reader, &form, address, user_agent)).await)
}

async fn paid(
    ports: &Ports,
    token: &str,
    reader: &Reader,
    form: &Pairs,
    address: String,
    user_agent: &str,
) -> Result<Response, WorkflowError> {
    let before = checkout::see(ports, token).await?;
    let csrf = value(form, "csrf").unwrap_or_default();
    if !links::form_token_holds(&ports.settings, &before.order.id, "pay", csrf) {
        return Ok(reader.failure(StatusCode::FORBIDDEN));
    }
    let lang = value(form, "lang").and_then(Lang::parse).unwrap_or_else(|| reader.language(before.details.language));
    let language = view::language(lang);
    let mut typed = Typed::of(form);
    // What was ticked must be the text that is put on record as agreed to.
    if value(form, "version").is_some_and(|version| version != payment::texts_version(&ports.settings, language)) {
        typed.problem = Some(payment::texts_changed(lang).to_owned());
        return payment_page(ports, &before, lang, StatusCode::CONFLICT, &typed).await;
    }
    let submission = Submission {
        email: typed.email.clone(),
        phone: typed.phone.clone(),
        channels: typed.channels.clone(),
        consent_personal_data: typed.consents.personal_data,
        consent_terms: typed.consents.terms,
        consent_means: typed.consents.means,
        method: typed.method.clone(),
        means: typed.means.clone(),
        csrf: csrf.to_owned(),
        address,
        user_agent: user_agent.to_owned(),
        language,
    };
    Ok(match Box::pin(checkout::submit(ports, before, &submission)).await? {
        Submitted::GoToBank(url) => see_other(&url),
        Submitted::Again(seen, invalid) => {
            typed.invalid = invalid
                .into_iter()
                .map(|Invalid { pointer, ru, en, .. }| (pointer, if lang == Lang::Ru { ru } else { en }))
                .collect();
            payment_page(ports, &seen, lang, StatusCode::UNPROCESSABLE_ENTITY, &typed).await?
        }
        Submitted::Look(_) | Submitted::PayBySbp(_) => see_other(&order_path(token, reader)),
        Submitted::BankSilent(_) => {
            let onward =
                (order_path(token, reader), view::pick(lang, "Вернуться к заказу", "Back to the order").to_owned());
            let words = view::pick(
                lang,
                (
                    "Банк сейчас не отвечает",
                    "Деньги не списаны, ваши данные сохранены. Вернитесь к заказу и попробуйте ещё раз через минуту: второй раз мы не спишем.",
                ),
                (
                    "The bank is not answering now",
                    "Nothing was charged and what you entered is kept. Go back to the order and try again in a minute: you will not be charged twice.",
                ),
            );
            reader.failure_in_words(StatusCode::SERVICE_UNAVAILABLE, lang, Some(words), Some(onward))
        }
    })
}

/// `POST /c/{token}/another`: the payment under way is given up, to pay another way.
pub(crate) async fn pay_another_way(
    State(ports): State<Ports>,
    Path(token): Path<String>,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = match answer::form(&headers, &body) {
        Ok(form) => form,
        Err(status) => return reader.failure(status),
    };
    let given_up = async {
        let before = checkout::see(&ports, &token).await?;
        let csrf = value(&form, "csrf").unwrap_or_default();
        if !links::form_token_holds(&ports.settings, &before.order.id, "another", csrf) {
            return Ok(reader.failure(StatusCode::FORBIDDEN));
        }
        Ok(match Box::pin(checkout::give_up(&ports, &token, csrf)).await? {
            GivenUp::Look(_) => see_other(&order_path(&token, &reader)),
            GivenUp::BankSilent(seen) => {
                let lang = reader.language(seen.details.language);
                let onward =
                    (order_path(&token, &reader), view::pick(lang, "Вернуться к оплате", "Back to the payment"));
                let words = view::pick(
                    lang,
                    (
                        "Банк сейчас не отвечает",
                        "Мы не знаем, прошёл ли уже начатый платёж, и второго не начинаем. Вернитесь к оплате и попробуйте ещё раз через минуту.",
                    ),
                    (
                        "The bank is not answering now",
                        "We do not know whether the payment under way has gone through, and begin no second one. Go back to the payment and try again in a minute.",
                    ),
                );
                let onward = (onward.0, onward.1.to_owned());
                reader.failure_in_words(StatusCode::SERVICE_UNAVAILABLE, lang, Some(words), Some(onward))
            }
        })
    };
    reader.answer(Box::pin(given_up).await)
}

/// `GET /c/{token}/cancel`: the last question.
pub(crate) async fn confirm_cancel(State(ports): State<Ports>, Path(token): Path<String>, reader: Reader) -> Response {
    let asked = async {
        let seen = checkout::see(&ports, &token).await?;
        if !seen.order.may_cancel() {
            return Ok(see_other(&order_path(&token, &reader)));
        }
        let lang = reader.language(seen.details.language);
        let view = view::cancel_question(&ports, &seen, lang, &order_path(&token, &reader));
        Ok(page(StatusCode::OK, &pages::order_state(&view), &form_action(&ports.settings, &seen.partner)))
    };
    reader.answer(asked.await)
}

/// `POST /c/{token}/cancel/ask`: the button «Отменить заказ» of the order's page leads to the last question.
pub(crate) async fn ask_cancel(Path(token): Path<String>, reader: Reader) -> Response {
    see_other(&with_language(&format!("{}/cancel", view::order_path(&token)), &reader))
}

/// `POST /c/{token}/cancel`.
pub(crate) async fn cancel(
    State(ports): State<Ports>,
    Path(token): Path<String>,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = match answer::form(&headers, &body) {
        Ok(form) => form,
        Err(status) => return reader.failure(status),
    };
    let cancelled = async {
        let before = checkout::see(&ports, &token).await?;
        let csrf = value(&form, "csrf").unwrap_or_default();
        if !links::form_token_holds(&ports.settings, &before.order.id, "cancel", csrf) {
            return Ok(reader.failure(StatusCode::FORBIDDEN));
        }
        checkout::cancel(&ports, &token, csrf).await?;
        Ok(see_other(&order_path(&token, &reader)))
    };
    reader.answer(cancelled.await)
}

/// The order's own page, in the language chosen before. Relative: the reader stays under the name they came by.
fn order_path(token: &str, reader: &Reader) -> String {
    with_language(&view::order_path(token), reader)
}

fn with_language(path: &str, reader: &Reader) -> String {
    reader.chosen.map_or_else(|| path.to_owned(), |lang| format!("{path}?lang={}", lang.code()))
}
