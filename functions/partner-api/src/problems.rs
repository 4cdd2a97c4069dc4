//! Every refusal of this API: which error is which problem, and all problems by their codes.

use http::StatusCode;
use runtime::caller::RETRY_AFTER_SECONDS;
pub use runtime::caller::{Answer, Refused, bank_not_connected, courier_key, payout_ended};
pub use runtime::papers::{report_in_parts, report_too_large, upd_negative, upd_no_service, upd_requisites};
use runtime::{FieldError, Problem, outcome};
use workflows::orders::Invalid;
use workflows::prepaid::Shortage;

/// Nothing is here.
pub async fn nowhere() -> Problem {
    Problem::not_found()
}

/// 422 from what a workflow found wrong.
pub fn invalid(found: Vec<Invalid>) -> Problem {
    let errors = found.into_iter().map(|one| FieldError::new(one.pointer, one.code, one.ru, one.en));
    Problem::unprocessable(errors.collect())
}

/// 422 with one fault.
pub fn fault(pointer: &str, code: &'static str, ru: &str, en: &str) -> Problem {
    Problem::unprocessable(vec![FieldError::new(pointer, code, ru, en)])
}

/// 400: the body is not JSON.
pub const fn json_malformed() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "json_malformed", "The body is not JSON", "Тело запроса — не JSON")
}

/// 400: the idempotency key cannot be one.
pub const fn idempotency_key_malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "idempotency_key_malformed",
        "Idempotency-Key must be 1 to 200 printable ASCII characters, sent once",
        "Idempotency-Key — от 1 до 200 печатных символов ASCII, один раз",
    )
}

/// 409: the number belongs to another order.
pub const fn order_number_taken() -> Problem {
    Problem::conflict(
        "order_number_taken",
        "The number has been used for a different order",
        "Этот номер уже использован для другого заказа",
    )
}

/// 422: the idempotency key belongs to another request.
pub const fn idempotency_key_reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        "The Idempotency-Key has been used with a different body",
        "Этот Idempotency-Key уже использован с другим телом запроса",
    )
}

/// 409: the number belongs to another subscription.
pub const fn subscription_number_taken() -> Problem {
    Problem::conflict(
        "subscription_number_taken",
        "The number has been used for a different subscription",
        "Этот номер уже использован для другой подписки",
    )
}

/// 409: the tenant has as many keys as it can.
pub const fn keys_full() -> Problem {
    Problem::conflict(
        "keys_full",
        "There are five keys with names already, or a hundred of couriers; revoke one first",
        "Пять ключей с именами или сто ключей курьеров уже есть; сначала отзовите один из них",
    )
}

/// 409: a day's registry does not fit into one file.
pub const fn clearing_too_large() -> Problem {
    Problem::conflict(
        "clearing_too_large",
        "The day has too many transactions for one file; read /v1/clearing page by page",
        "За день слишком много операций для одного файла; читайте /v1/clearing постранично",
    )
}

/// 409: statistics are of too many orders for one file.
pub const fn statistics_too_large() -> Problem {
    Problem::conflict(
        "statistics_too_large",
        "There are too many orders for one file; read /v1/statistics page by page",
        "Слишком много заказов для одного файла; читайте /v1/statistics постранично",
    )
}

/// 402: the account of what is paid ahead does not cover the order.
pub fn prepaid_too_low(shortage: &Shortage) -> Problem {
    let Shortage { balance, credit, need, month } = shortage;
    if *month {
        return TARIFF_UNPAID.detail(format!("a month costs {need}, there is {balance} paid ahead"));
    }
    let credit = if credit.is_zero() { String::new() } else { format!(", the credit limit is {credit}") };
    PREPAID_TOO_LOW.detail(format!("the order needs {need}, there is {balance}{credit}"))
}

/// 402: the account of what is paid ahead does not cover the order.
pub const PREPAID_TOO_LOW: Problem = Problem::new(
    StatusCode::PAYMENT_REQUIRED,
    "prepaid_too_low",
    "What is paid ahead does not cover the order; top the account up (POST /v1/prepaid), and ask again",
    "На лицевом счёте не хватает средств на заказ; пополните его (POST /v1/prepaid) и повторите запрос",
);

/// 402: the month of the API is not paid.
pub const TARIFF_UNPAID: Problem = Problem::new(
    StatusCode::PAYMENT_REQUIRED,
    "tariff_unpaid",
    "The API is not paid for this month; pay for it (POST /v1/partner/tariff/month), and ask again",
    "API не оплачен на этот месяц; оплатите его (POST /v1/partner/tariff/month) и повторите запрос",
);

/// 409: there is no month to be paid now.
pub const fn no_month_to_pay() -> Problem {
    Problem::conflict(
        "no_month_to_pay",
        "Your tariff asks for no month of the API, or the next one is paid already",
        "По вашему тарифу месяц API не оплачивается, или следующий месяц уже оплачен",
    )
}

/// 409: there is not so much to take from.
pub const fn available_too_low() -> Problem {
    Problem::conflict(
        "available_too_low",
        "There is not so much available for payout",
        "К выплате доступно меньше этой суммы",
    )
}

/// 409: the reference is another top-up's.
pub const fn reference_taken() -> Problem {
    Problem::conflict(
        "reference_taken",
        "The reference has been used for another sum or day",
        "Этот номер уже использован для другой суммы или даты",
    )
}

/// 409: orders are priced by the version.
pub const fn version_in_force() -> Problem {
    Problem::conflict(
        "version_in_force",
        "The version is in force or about to be: put the next one, from a later moment",
        "Редакция действует или вот-вот вступит в силу: задайте следующую, с более поздней даты",
    )
}

/// 409: the number is not the next one.
pub const fn version_number() -> Problem {
    Problem::conflict("version_number", "Versions are numbered without gaps", "Редакции нумеруются без пропусков")
}

/// 409: the promo code is another.
pub const fn promo_taken() -> Problem {
    Problem::conflict(
        "promo_taken",
        "The promo code gives something else already",
        "Такой промокод уже есть, с другими условиями",
    )
}

/// 409: the partner has had the promo code.
pub const fn promo_used() -> Problem {
    Problem::conflict("promo_used", "The promo code has been activated before", "Промокод уже был активирован")
}

/// 409: the promo code's last day is over.
pub const fn promo_over() -> Problem {
    Problem::conflict("promo_over", "The promo code can not be activated any more", "Срок активации промокода истёк")
}

/// 409: there is nothing mature.
pub const fn nothing_to_pay_out() -> Problem {
    Problem::conflict(
        "nothing_to_pay_out",
        "No fulfilled order is three days past payment and hand-over",
        "Нет исполненных заказов, с оплаты и передачи которых прошло три дня",
    )
}

/// 409: no day of the books is over yet.
pub const fn nothing_sealed() -> Problem {
    Problem::conflict(
        "nothing_sealed",
        "No day of the books is sealed yet; the first is an hour after its end",
        "Ни один день учёта ещё не закрыт; первый закроется через час после своего конца",
    )
}

/// 409: nobody has said how such papers are written.
pub const fn not_reconciled() -> Problem {
    Problem::conflict(
        "not_reconciled",
        "Nobody has said how papers of this account or register are written; PUT …/reconciliation first",
        "Не задано, как читать файлы этого счёта или кассы; сначала PUT …/reconciliation",
    )
}

/// 409: the discrepancy is closed.
pub const fn discrepancy_closed() -> Problem {
    Problem::conflict("discrepancy_closed", "The discrepancy is closed", "Расхождение уже закрыто")
}

/// 409: the discrepancy is open.
pub const fn discrepancy_open() -> Problem {
    Problem::conflict("discrepancy_open", "The discrepancy is open", "Расхождение открыто")
}

/// 409: there is nowhere to send webhooks.
pub const fn webhook_not_set() -> Problem {
    Problem::conflict(
        "webhook_not_set",
        "No webhook address is set; PUT /v1/webhook first",
        "Адрес вебхуков не задан; сначала PUT /v1/webhook",
    )
}

/// 409: the job is on record as printed.
pub const fn job_printed() -> Problem {
    Problem::conflict("job_printed", "The register has printed it", "Касса напечатала этот чек")
}

/// 409: the job was given out.
pub const fn job_unconfirmed() -> Problem {
    Problem::conflict(
        "job_unconfirmed",
        "An agent has had the job; look at the register and confirm that it has not printed it",
        "Задание побывало у агента; проверьте кассу и подтвердите, что чек не напечатан",
    )
}

/// 409: an agent has the job now.
pub const fn job_leased() -> Problem {
    Problem::conflict(
        "job_leased",
        "An agent has the job at this moment; wait until its lease is over",
        "Задание сейчас у агента; дождитесь, пока истечёт его срок",
    )
}

/// All problems of the API, in the order of their statuses, for the documentation.
pub fn all() -> Vec<Problem> {
    let mut all = vec![
        Problem::malformed(),
        json_malformed(),
        idempotency_key_malformed(),
        Problem::unauthorized(),
        courier_key(),
        Problem::not_found(),
        Problem::method_not_allowed(),
        available_too_low(),
        bank_not_connected(),
        clearing_too_large(),
        statistics_too_large(),
        discrepancy_closed(),
        discrepancy_open(),
        job_leased(),
        job_printed(),
        job_unconfirmed(),
        keys_full(),
        no_month_to_pay(),
        not_reconciled(),
        nothing_sealed(),
        nothing_to_pay_out(),
        order_number_taken(),
        payout_ended(),
        PREPAID_TOO_LOW,
        promo_over(),
        promo_taken(),
        promo_used(),
        reference_taken(),
        report_in_parts(),
        report_too_large(),
        subscription_number_taken(),
        TARIFF_UNPAID,
        upd_negative(),
        upd_no_service(),
        upd_requisites(),
        version_in_force(),
        version_number(),
        webhook_not_set(),
    ];
    all.extend(outcome::refusals());
    all.extend([
        Problem::too_large(),
        Problem::unsupported_media_type(),
        Problem::unprocessable(Vec::new()),
        idempotency_key_reused(),
        Problem::internal_logged(),
        Problem { retry_after_seconds: Some(RETRY_AFTER_SECONDS), ..unavailable() },
    ]);
    all
}

/// Refusals of the domain's by their codes: those an operation may come to.
pub fn refusals(codes: &[&str]) -> impl Iterator<Item = Problem> {
    outcome::refusals().into_iter().filter(|problem| codes.contains(&problem.code))
}

/// 503 as the documentation shows it.
pub fn unavailable() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "Temporarily unavailable, try again",
        "Временно недоступно, попробуйте ещё раз",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use workflows::error::WorkflowError;

    use super::*;

    #[test]
    fn codes_are_unique_and_the_documented_503_is_the_real_one() {
        let codes: BTreeSet<_> = all().iter().map(|problem| problem.code).collect();
        assert_eq!(codes.len(), all().len());
        let real = Problem::unavailable(&std::io::Error::other("x"), RETRY_AFTER_SECONDS);
        assert_eq!(all().pop().unwrap(), real);
    }

    #[test]
    fn whose_an_error_is_sets_its_status() {
        let status = |error: WorkflowError| Refused::from(error).0.status.as_u16();
        let tenant = "demoshop.l".parse().unwrap();
        assert_eq!(status(WorkflowError::NotFound), 404);
        assert_eq!(status(WorkflowError::NotConnected(tenant, "bank")), 409);
        assert_eq!(status(WorkflowError::Busy), 503);
        assert_eq!(status(WorkflowError::Money(domain::money::MoneyError::Overflow)), 500);
    }

    #[test]
    fn what_the_domain_refuses_is_told_by_its_own_code() {
        let refused = |refusal: domain::order::Refusal| Refused::from(WorkflowError::Refused(refusal)).0;
        let held = refused(domain::order::Refusal::NothingHeld);
        assert_eq!((held.status.as_u16(), held.code), (409, "nothing_held"));
        assert_eq!(refused(domain::order::Refusal::PaidOut).code, "paid_out");
        assert!(refused(domain::order::Refusal::OperationUnderWay(3)).detail.contains('3'));
        let known: BTreeSet<_> = all().iter().map(|problem| problem.code).collect();
        assert!(outcome::refusals().iter().all(|problem| known.contains(problem.code)));
    }
}
