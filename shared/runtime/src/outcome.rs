//! What a workflow's end means at the door: an answer to a callback, the fate of a message.
//!
//! Every error says whose it is; here that one word sets status, retry and log level.

use axum::response::{IntoResponse, Response};
use connectors::bank::CallbackError;
use domain::order::Refusal;
use http::StatusCode;
use workflows::bank::{CallbackAnswer, Heard};
use workflows::error::{Whose, WorkflowError};

use crate::problem::{FieldError, Problem};
use crate::sqs_door::WorkerError;

/// Seconds after which a callback is worth repeating.
const RETRY_AFTER_SECONDS: u32 = 5;

/// The fate of a worker's message. What the caller has to answer for (there is no such order, the domain refuses) is done
/// with: bringing the message again would change nothing.
///
/// # Errors
/// The message is to be brought again.
pub fn worked(outcome: Result<(), WorkflowError>) -> Result<(), WorkerError> {
    let Err(error) = outcome else { return Ok(()) };
    match (error.whose(), &error) {
        (Whose::Caller, _) => {
            tracing::warn!(error = error.chain(), "a message asks for what can not be; it is done with");
            Ok(())
        }
        (Whose::Outside, _) => Err(WorkerError::Outside(error.into())),
        (Whose::Ours, WorkflowError::Message(_)) => Err(WorkerError::Unreadable(error.into())),
        (Whose::Ours, _) => Err(WorkerError::Ours(error.into())),
    }
}

/// The answer to a bank's callback, in the words the bank wants to hear.
///
/// # Errors
/// It is not on record, and why.
pub fn answered(outcome: Result<Result<Heard, CallbackError>, WorkflowError>) -> Result<Response, Problem> {
    match outcome {
        Ok(Ok(Heard { answer: CallbackAnswer { content_type, body }, .. })) => Ok(match content_type {
            Some(content_type) => ([(http::header::CONTENT_TYPE, content_type)], body).into_response(),
            None => body.into_response(),
        }),
        other => heard(other).map(IntoResponse::into_response),
    }
}

/// The answer to a callback: whoever told us hears whether it is on record.
///
/// # Errors
/// It is not, and why.
pub fn heard<T>(outcome: Result<Result<T, CallbackError>, WorkflowError>) -> Result<StatusCode, Problem> {
    match outcome {
        Ok(Ok(_)) => Ok(StatusCode::OK),
        Ok(Err(error)) => {
            tracing::info!(%error, "a callback is not believed");
            Err(not_believed(error))
        }
        Err(error) => Err(problem(&error)),
    }
}

fn not_believed(error: CallbackError) -> Problem {
    let unauthorized = |code, en, ru| Problem::new(StatusCode::UNAUTHORIZED, code, en, ru);
    match error {
        CallbackError::Unsigned => {
            unauthorized("callback_unsigned", "The callback is not signed", "Уведомление не подписано")
        }
        CallbackError::WrongSignature => {
            unauthorized("callback_signature", "The callback's signature is wrong", "Подпись уведомления неверна")
        }
        CallbackError::Stale => Problem::new(
            StatusCode::BAD_REQUEST,
            "callback_stale",
            "The callback was signed too long ago",
            "Уведомление подписано слишком давно",
        ),
        CallbackError::Malformed { pointer, rule } => {
            let mut problem = Problem::new(
                StatusCode::BAD_REQUEST,
                "callback_malformed",
                "The callback cannot be read",
                "Уведомление не удалось прочитать",
            );
            let ru = "не соответствует описанию протокола";
            problem.errors = vec![FieldError::new(pointer, "invalid", ru, rule)];
            problem
        }
    }
}

/// What a caller reads of a workflow that did not get to its end. Logged here, once.
pub fn problem(error: &WorkflowError) -> Problem {
    match (error.whose(), error) {
        (Whose::Caller, WorkflowError::Refused(refusal)) => {
            tracing::warn!(error = error.chain(), "refused");
            refused(refusal)
        }
        (Whose::Caller, _) => Problem::not_found(),
        (Whose::Outside, _) => Problem::unavailable(error, RETRY_AFTER_SECONDS),
        (Whose::Ours, _) => Problem::internal(error),
    }
}

/// A refusal of the domain's, by a stable code.
pub fn refused(refusal: &Refusal) -> Problem {
    let (en, ru) = match refusal {
        Refusal::Expired(_) => ("The time to pay is over", "Время на оплату вышло"),
        Refusal::NotPayable(_) => ("Nothing is to be paid any more", "Платить больше не нужно"),
        Refusal::PaymentUnderWay(_) => {
            ("The outcome of another payment is not known yet", "Исход другого платежа ещё неизвестен")
        }
        Refusal::NoOperation(_) => ("The order has no such operation", "У заказа нет такой операции"),
        Refusal::NoReceipt(_) => ("The order has no such receipt", "У заказа нет такого чека"),
        Refusal::Amount { .. } => ("The amount is not the order's", "Сумма не равна сумме заказа"),
        Refusal::Reference { .. } => ("Another transaction was named before", "Ранее была названа другая транзакция"),
        Refusal::NothingToCorrect(_) => {
            ("The receipt was printed as it was sent", "Чек напечатан верно, исправлять нечего")
        }
        Refusal::NotMarkable(_) => ("The line takes no marking code now", "Код маркировки этой строки задать нельзя"),
        Refusal::Contradiction(_) => ("The operation has already ended otherwise", "Операция уже завершилась иначе"),
        Refusal::ExecutionEnded(_) => ("Execution has already ended otherwise", "Исполнение уже завершилось иначе"),
        Refusal::NotCancellable => ("The order can not be cancelled now", "Сейчас заказ нельзя отменить"),
        Refusal::OperationUnderWay(_) => (
            "The outcome of another operation on the payment is not known yet",
            "Исход другой операции с платежом ещё неизвестен",
        ),
        Refusal::NothingHeld => ("Nothing is held", "Ничего не удержано"),
        Refusal::NothingStands => ("Nothing stands that could go back", "Возвращать нечего"),
        Refusal::Part(_) => ("There is not so much of it", "Столько нет"),
        Refusal::Unsupported(_) => ("The bank does not offer it for this payment", "Банк этого для платежа не умеет"),
        Refusal::NotEditable => ("The order can not be edited now", "Сейчас заказ нельзя изменить"),
        Refusal::AboveHold { .. } => {
            ("The new basket costs more than is held", "Новая корзина дороже удержанной суммы")
        }
        Refusal::NoMeans => ("There are no saved means to charge", "Нет сохранённого способа оплаты"),
        Refusal::PaidOut => ("The partner's part of the order has been paid out", "Деньги за заказ уже выплачены"),
        Refusal::TerminalReference => {
            ("The reference of the terminal's refund is missing", "Нужен номер операции возврата на терминале")
        }
        Refusal::NotMature => ("The order is not payable yet", "Выплата по заказу ещё не наступила"),
        Refusal::NotFulfilled => ("The order is not fulfilled", "Заказ не исполнен"),
        Refusal::Money(_) => ("The amounts do not work out", "Суммы не сходятся"),
        Refusal::KeyReused => (
            "The Idempotency-Key stands for another return of this order",
            "Этот Idempotency-Key уже у другого возврата заказа",
        ),
        Refusal::Full => ("The order has too many entries", "У заказа слишком много записей"),
    };
    Problem::conflict(refusal.code(), en, ru).detail(refusal.to_string())
}

/// Every refusal of the domain's as a problem, for documents: each code once.
pub fn refusals() -> Vec<Problem> {
    let nothing = domain::money::Money::rub(0);
    let nowhere = domain::time::Timestamp::UNIX_EPOCH;
    let all = [
        Refusal::Expired(nowhere),
        Refusal::NotPayable(domain::order::Status::Paid),
        Refusal::PaymentUnderWay(1),
        Refusal::NoOperation(1),
        Refusal::NoReceipt(1),
        Refusal::Amount { reported: nothing, expected: nothing },
        Refusal::Reference { reported: String::new(), known: String::new() },
        Refusal::NothingToCorrect(1),
        Refusal::NotMarkable(1),
        Refusal::Contradiction(1),
        Refusal::ExecutionEnded(domain::order::ExecutionEnd::Fulfilled(nowhere)),
        Refusal::NotCancellable,
        Refusal::OperationUnderWay(1),
        Refusal::NothingHeld,
        Refusal::NothingStands,
        Refusal::Part(domain::order::PartError::Nothing),
        Refusal::Unsupported("it"),
        Refusal::NotEditable,
        Refusal::AboveHold { wanted: nothing, held: nothing },
        Refusal::NoMeans,
        Refusal::PaidOut,
        Refusal::TerminalReference,
        Refusal::NotMature,
        Refusal::NotFulfilled,
        Refusal::Money(domain::money::MoneyError::Overflow),
        Refusal::KeyReused,
        Refusal::Full,
    ];
    let bare = |refusal: &Refusal| Problem { detail: String::new(), ..refused(refusal) };
    all.iter().map(bare).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::money::Money;
    use storage::store::StoreError;

    use super::*;

    #[test]
    fn every_refusal_has_a_code_of_its_own() {
        let codes: BTreeSet<_> = refusals().iter().map(|problem| problem.code).collect();
        assert_eq!(codes.len(), refusals().len());
        // As many as `refused` names: the list of examples leaves none out.
        let source = include_str!("outcome.rs");
        let arms =
            source.split("pub fn refused(").nth(1).and_then(|rest| rest.split("pub fn refusals(").next()).unwrap();
        assert_eq!(arms.matches("Refusal::").count(), codes.len());
    }

    fn told(outcome: Result<Result<(), CallbackError>, WorkflowError>) -> (u16, &'static str) {
        match heard(outcome) {
            Ok(status) => (status.as_u16(), ""),
            Err(problem) => (problem.status.as_u16(), problem.code),
        }
    }

    #[test]
    fn a_callback_hears_whether_it_is_on_record() {
        assert_eq!(told(Ok(Ok(()))), (200, ""));
        assert_eq!(told(Ok(Err(CallbackError::Unsigned))), (401, "callback_unsigned"));
        assert_eq!(told(Ok(Err(CallbackError::WrongSignature))), (401, "callback_signature"));
        assert_eq!(told(Ok(Err(CallbackError::Stale))), (400, "callback_stale"));
        let malformed = CallbackError::Malformed { pointer: "/amount".into(), rule: "an integer".into() };
        assert_eq!(told(Ok(Err(malformed))), (400, "callback_malformed"));
        assert_eq!(told(Err(WorkflowError::NotFound)), (404, "not_found"));
        let amount = Refusal::Amount { reported: Money::rub(1), expected: Money::rub(2) };
        assert_eq!(told(Err(amount.into())), (409, "amount_differs"));
        assert_eq!(told(Err(Refusal::Contradiction(1).into())), (409, "contradiction"));
        assert_eq!(told(Err(WorkflowError::Busy)), (503, "unavailable"));
        assert_eq!(told(Err(WorkflowError::Money(domain::money::MoneyError::Overflow))), (500, "internal"));
    }

    #[test]
    fn a_message_comes_again_only_when_that_can_help() {
        assert!(worked(Ok(())).is_ok());
        assert!(worked(Err(WorkflowError::NotFound)).is_ok());
        assert!(worked(Err(Refusal::NotCancellable.into())).is_ok());
        assert!(matches!(worked(Err(StoreError::Conflict.into())), Err(WorkerError::Outside(_))));
        let unreadable = serde_json::from_str::<()>("{").map_err(WorkflowError::Message);
        assert!(matches!(worked(unreadable), Err(WorkerError::Unreadable(_))));
        let ours = WorkflowError::Money(domain::money::MoneyError::Overflow);
        assert!(matches!(worked(Err(ours)), Err(WorkerError::Ours(_))));
    }
}
