//! What the papers of a closed month are refused with: said by the function that makes them, and told of in the API's document.

use crate::problem::Problem;

/// 409: a report's register comes in several files.
pub const fn report_in_parts() -> Problem {
    Problem::conflict(
        "report_in_parts",
        "The month's register comes in several files; ask for them by `part`, 1 to the report's `parts`",
        "Реестр за месяц состоит из нескольких файлов; запрашивайте их параметром `part` от 1 до `parts` отчёта",
    )
}

/// 409: a paper does not fit into an answer.
pub const fn report_too_large() -> Problem {
    Problem::conflict(
        "report_too_large",
        "The paper is larger than an answer may be; ask for the register in parts, or for the file",
        "Документ больше, чем может быть ответ; запросите реестр по частям или файл",
    )
}

/// 409: the month has no service to accept.
pub const fn upd_no_service() -> Problem {
    Problem::conflict(
        "upd_no_service",
        "No fee was earned in the month: there is nothing for an electronic act to be about",
        "За месяц нет вознаграждения: составлять электронный акт не о чем",
    )
}

/// 409: more fee was given back than withheld.
pub const fn upd_negative() -> Problem {
    Problem::conflict(
        "upd_negative",
        "More fee was given back than withheld in the month: that takes a correction document (УКД)",
        "За месяц возвращено больше вознаграждения, чем удержано: нужен корректировочный документ (УКД)",
    )
}

/// 409: a requisite the format needs is not known, or does not fit.
pub const fn upd_requisites() -> Problem {
    Problem::conflict(
        "upd_requisites",
        "The УПД needs the contract, both addresses, the agent's signatory and both ids of participants; some are missing",
        "Для УПД нужны договор, адреса сторон, подписант агента и идентификаторы участников обмена; заданы не все",
    )
}
