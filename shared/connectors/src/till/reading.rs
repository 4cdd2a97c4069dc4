//! What the vendors of registers have in common: numbers that come as text, moments in Moscow time, fiscal attributes, and the
//! words a register refuses with.

use domain::time::{MOSCOW, Timestamp};
use serde::{Deserialize, Deserializer};

use super::{Failed, FailureClass, TillAnswer, TillError};
use crate::http::{Http, HttpError, Request, Response};
use crate::peer::Malformed;

/// Text, a number or nothing, as text.
///
/// # Errors
/// Anything else.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Number(serde_json::Number),
        Nothing(()),
    }
    Ok(match Word::deserialize(deserializer)? {
        Word::Text(text) => text,
        Word::Number(number) => number.to_string(),
        Word::Nothing(()) => String::new(),
    })
}

/// A decimal as a JSON number without zeros behind the point: whole ones are written whole. No arithmetic is done on it.
pub fn number(value: impl std::fmt::Display) -> serde_json::Number {
    let text = value.to_string();
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.parse().unwrap_or_else(|_| serde_json::Number::from(0))
}

/// Tags 1041 and 1037: 16 digits; registers that tell them as numbers lose the zeros in front.
///
/// # Errors
/// Nothing, more than 16 characters, or something else than digits.
pub fn sixteen(pointer: &str, text: &str) -> Result<String, Malformed> {
    digits(text, 16).ok_or_else(|| Malformed::at(pointer, "16 digits"))
}

/// Tag 1077: 10 digits.
///
/// # Errors
/// Nothing, more than 10 characters, or something else than digits.
pub fn sign(pointer: &str, text: &str) -> Result<String, Malformed> {
    digits(text, 10).ok_or_else(|| Malformed::at(pointer, "up to 10 digits"))
}

fn digits(text: &str, many: usize) -> Option<String> {
    let text = text.trim();
    let fits = (1..=many).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| format!("{text:0>many$}"))
}

/// A count: a document's, a shift's, a receipt's number.
///
/// # Errors
/// Not digits, or too many.
pub fn count<T: std::str::FromStr>(pointer: &str, text: &str) -> Result<T, Malformed> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| Malformed::at(pointer, "a whole number"))
}

/// The same where a register may keep silent: 0.
///
/// # Errors
/// Not digits, or too many.
pub fn count_or_none<T: std::str::FromStr + Default>(pointer: &str, text: &str) -> Result<T, Malformed> {
    if text.is_empty() { Ok(T::default()) } else { count(pointer, text) }
}

/// A moment of the register's clock, Moscow's, in the first of `forms` that fits.
///
/// # Errors
/// None fits.
pub fn moment(pointer: &str, text: &str, forms: &[&str]) -> Result<Timestamp, Malformed> {
    let read = |form: &&str| jiff::civil::DateTime::strptime(form, text.trim()).ok();
    let at = forms.iter().find_map(read).and_then(|at| MOSCOW.to_timestamp(at).ok());
    at.ok_or_else(|| Malformed::at(pointer, "a date with a time"))
}

/// A document that is surely not printed.
pub fn failed(class: FailureClass, code: impl Into<String>, text: &str) -> TillAnswer {
    let text = text.chars().filter(|c| !c.is_control()).take(300).collect();
    TillAnswer::Failed(Failed { class, code: code.into(), text })
}

/// What this register's protocol has no words for; nothing was sent, and another register is tried.
pub fn unsupported(what: &str) -> TillAnswer {
    failed(FailureClass::Register, "unsupported", what)
}

/// What a refusal means, by its words: for vendors that publish no codes. What is not understood is the document's fault, so that
/// it is looked at and nothing is tried twice.
pub fn class_of(words: &str) -> FailureClass {
    let words = words.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if has(&["маркиров"]) {
        FailureClass::Mark
    } else if has(&["просроч"]) {
        FailureClass::Expired
    } else if has(&["время ожидания", "тайм-аут", "таймаут", "timeout", "нет связи", "не отвечает", "очеред"])
    {
        FailureClass::Passing
    } else if has(&["накопител", "заблокирован", "аренд", "тариф", "лицензи", "касса не ", "ккт не "])
    {
        FailureClass::Register
    } else {
        FailureClass::Document
    }
}

/// One exchange; redirections and refusals are the caller's to read.
///
/// # Errors
/// There was no answer.
pub async fn send(http: &dyn Http, request: Request) -> Result<Response, TillError> {
    http.send(request).await.map_err(|error| match error {
        HttpError::NotSent(_) => TillError::NotSent(Box::new(error)),
        HttpError::Unknown(_) => TillError::Unknown(Box::new(error)),
    })
}

/// An exchange before the document itself: whatever became of it, no document was sent.
pub fn before(error: TillError) -> TillError {
    match error {
        TillError::Unknown(_) | TillError::Unreadable { .. } => TillError::NotSent(Box::new(error)),
        TillError::NotSent(_) | TillError::Refused { .. } => error,
    }
}

/// Words that were said, cut to what is kept.
pub fn refused(status: u16, code: &str, message: &str) -> TillError {
    let message = message.chars().filter(|c| !c.is_control()).take(300).collect();
    TillError::Refused { status, code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_their_zeros_back_and_nonsense_is_refused() {
        assert_eq!(sixteen("", "9999078902018961").unwrap(), "9999078902018961");
        assert_eq!(sixteen("", "1234567").unwrap(), "0000000001234567");
        assert_eq!(sign("", "512313478").unwrap(), "0512313478");
        for text in ["", "12345678901234567", "12a", "-1", "1.0"] {
            assert!(sixteen("", text).is_err(), "{text}");
        }
        assert_eq!(count::<u32>("", "7").unwrap(), 7);
        assert!(count::<u32>("", "").is_err() && count::<u32>("", "+7").is_err() && count::<u8>("", "256").is_err());
        assert_eq!(count_or_none::<u32>("", "").unwrap(), 0);
    }

    #[test]
    fn words_of_registers_fall_into_classes() {
        let cases = [
            ("Код маркировки не прошёл проверку", FailureClass::Mark),
            ("Команда просрочена", FailureClass::Expired),
            ("Истекло время ожидания ответа ККТ", FailureClass::Passing),
            ("Закончился срок эксплуатации фискального накопителя", FailureClass::Register),
            ("Сумма позиций не равна сумме чека", FailureClass::Document),
        ];
        for (words, class) in cases {
            assert_eq!(class_of(words), class, "{words}");
        }
    }

    #[test]
    fn whole_amounts_are_written_whole() {
        let cases =
            [("1000.00", "1000"), ("150.10", "150.1"), ("0.5", "0.5"), ("100", "100"), ("99999999.99", "99999999.99")];
        for (value, written) in cases {
            assert_eq!(number(value).to_string(), written);
        }
    }
}
