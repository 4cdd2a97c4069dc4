//! What stands behind the `?` of the partners' API: named values, each at most once and none unknown, and cursors nobody can change.

use std::collections::BTreeMap;

use axum::extract::Query;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::Tenant;
use http::Uri;
use jiff::civil::Date;
use subtle::ConstantTimeEq;
use workflows::exports::Days;
use workflows::links;
use workflows::ports::{Ports, Settings};

use crate::problem::{FieldError, Problem};

/// Things on a page when no `limit` is given.
pub const LIMIT: usize = 50;
/// Things on a page, at most.
pub const LIMIT_MAX: usize = 100;

/// Days one request may be about, at most.
const DAYS_MAX: i64 = 366;

/// Bytes of a cursor's tag.
const TAG_BYTES: usize = 16;

/// The parameters of a request. In a problem, `/name` points to the parameter `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

/// 422: what is wrong with a value of the query.
pub fn wrong(name: &str, code: &'static str, ru: &str, en: &str) -> Problem {
    Problem::unprocessable(vec![FieldError::new(format!("/{name}"), code, ru, en)])
}

impl Parameters {
    /// Reads a request's query, in which only `known` names may stand.
    ///
    /// # Errors
    /// An unknown or a repeated name.
    pub fn read(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| Problem::malformed())?;
        let mut values = BTreeMap::new();
        let mut errors = Vec::new();
        for (name, value) in pairs {
            let shown: String = name.chars().take(60).collect::<String>().replace('~', "~0").replace('/', "~1");
            if !known.contains(&name.as_str()) {
                errors.push(FieldError::new(
                    format!("/{shown}"),
                    "unknown",
                    "неизвестный параметр",
                    "unknown parameter",
                ));
            } else if values.insert(name, value).is_some() {
                errors.push(FieldError::new(format!("/{shown}"), "repeated", "параметр указан дважды", "given twice"));
            }
        }
        if errors.is_empty() { Ok(Self(values)) } else { Err(Problem::unprocessable(errors)) }
    }

    /// A parameter as it was sent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// `limit`: 1 to 100, 50 when left out.
    ///
    /// # Errors
    /// Something else.
    pub fn limit(&self) -> Result<usize, Problem> {
        self.limit_of(LIMIT, LIMIT_MAX)
    }

    /// `limit` where pages are of another size: 1 to `most`, `usual` when left out.
    ///
    /// # Errors
    /// Something else.
    pub fn limit_of(&self, usual: usize, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.text("limit") else { return Ok(usual) };
        let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = text.parse().ok().filter(|limit| plain && (1..=most).contains(limit));
        limit.ok_or_else(|| wrong("limit", "range", &format!("От 1 до {most}."), &format!("1 to {most}.")))
    }

    /// `month`: `YYYY-MM`.
    ///
    /// # Errors
    /// Something else.
    pub fn month(&self) -> Result<Option<Month>, Problem> {
        let Some(text) = self.text("month") else { return Ok(None) };
        let month = Month::parse(text);
        month.map(Some).ok_or_else(|| wrong("month", "month", "Месяц вида 2026-11.", "A month such as 2026-11."))
    }

    /// `date`: `YYYY-MM-DD`.
    ///
    /// # Errors
    /// Something else.
    pub fn date(&self) -> Result<Option<Date>, Problem> {
        self.day("date")
    }

    /// A day: `YYYY-MM-DD`.
    ///
    /// # Errors
    /// Something else.
    pub fn day(&self, name: &str) -> Result<Option<Date>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let date = text.parse::<Date>().ok().filter(|date| plain && (2000..=2199).contains(&date.year()));
        date.map(Some).ok_or_else(|| wrong(name, "date", "День вида 2026-11-21.", "A day such as 2026-11-21."))
    }

    /// The place a `cursor` stands for, which must have been given out for the same list.
    ///
    /// # Errors
    /// It was not.
    pub fn place(&self, ports: &Ports, list: &List<'_>) -> Result<Option<String>, Problem> {
        let Some(text) = self.text("cursor") else { return Ok(None) };
        let place = list.open(&ports.settings, text);
        place.map(Some).ok_or_else(|| {
            wrong(
                "cursor",
                "cursor",
                "Курсор выдан не для этого списка.",
                "The cursor was not given out for this list.",
            )
        })
    }
}

/// `from` and `until`: days of Moscow, both counted in. `until` is today when left out, `from` the first of that month.
///
/// # Errors
/// Something that is no day; an end before the beginning; more than a year.
pub fn days(parameters: &Parameters, today: Date) -> Result<Days, Problem> {
    let until = parameters.day("until")?.unwrap_or(today);
    let from = parameters.day("from")?.unwrap_or_else(|| until.first_of_month());
    if from > until {
        return Err(wrong(
            "until",
            "before_from",
            "Последний день раньше первого.",
            "The last day is before the first.",
        ));
    }
    let longest = from.saturating_add(jiff::Span::new().days(DAYS_MAX - 1));
    if until > longest {
        return Err(wrong("from", "period", "Не больше 366 дней.", "366 days at most."));
    }
    Ok(Days { from, until })
}

/// A month of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Year.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
}

impl Month {
    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (year, month) = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
        if !digits(year) || !digits(month) {
            return None;
        }
        let found = Self { year: year.parse().ok()?, month: month.parse().ok()? };
        ((2000..=2199).contains(&found.year) && (1..=12).contains(&found.month)).then_some(found)
    }

    /// The month a date lies in.
    pub fn of(date: jiff::civil::Date) -> Self {
        Self { year: date.year(), month: date.month() }
    }

    /// The month before.
    #[must_use]
    pub const fn before(self) -> Self {
        if self.month == 1 {
            Self { year: self.year - 1, month: 12 }
        } else {
            Self { year: self.year, month: self.month - 1 }
        }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What a cursor goes through: a tenant's list with its filters.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// Whose.
    pub tenant: &'a Tenant,
    /// Which, such as `orders`.
    pub name: &'static str,
    /// What else must stay the same from page to page.
    pub filter: &'a str,
}

impl List<'_> {
    fn tag(&self, settings: &Settings, place: &str) -> [u8; 32] {
        let Self { tenant, name, filter } = self;
        links::mac(&settings.master_secret.0, format!("cursor\n{tenant}\n{name}\n{filter}\n{place}").as_bytes())
    }

    /// A cursor that stands for a place in the list.
    pub fn cursor(&self, settings: &Settings, place: &str) -> String {
        let mut bytes = self.tag(settings, place)[..TAG_BYTES].to_vec();
        bytes.extend_from_slice(place.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place a cursor stands for; nothing when it is not one of this list.
    pub fn open(&self, settings: &Settings, cursor: &str) -> Option<String> {
        if cursor.len() > 300 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, place) = bytes.split_at_checked(TAG_BYTES)?;
        let place = std::str::from_utf8(place).ok()?;
        let right = self.tag(settings, place);
        bool::from(right[..TAG_BYTES].ct_eq(tag)).then(|| place.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Parameters, Problem> {
        let uri = format!("https://pay.example/v1/orders?{query}").parse().unwrap();
        Parameters::read(&uri, &["limit", "month"])
    }

    #[test]
    fn months_and_limits_are_read_strictly() {
        assert_eq!(read("month=2026-11").unwrap().month().unwrap(), Some(Month { year: 2026, month: 11 }));
        for text in ["2026-13", "2026-00", "26-11", "2026-1", "2026/11", "+026-11", "2026-+1", "1999-12", ""] {
            assert!(read(&format!("month={text}")).unwrap().month().is_err(), "{text}");
        }
        assert_eq!(read("limit=100").unwrap().limit().unwrap(), 100);
        for text in ["0", "101", "-1", "+5", "1e1", "", "9999999999999999999999"] {
            assert!(read(&format!("limit={text}")).unwrap().limit().is_err(), "{text}");
        }
        assert_eq!(read("").unwrap().limit().unwrap(), LIMIT);
    }

    #[test]
    fn days_are_read_strictly() {
        let read = |text: &str| {
            let uri = format!("https://pay.example/v1/clearing?date={text}").parse().unwrap();
            Parameters::read(&uri, &["date"]).unwrap().date()
        };
        assert_eq!(read("2028-02-29").unwrap(), Some(Date::constant(2028, 2, 29)));
        for text in ["2027-02-29", "2026-13-01", "2026-1-1", "20261121", "2026-11-21T00", "1999-12-31", ""] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unknown_and_repeated_names_are_pointed_to() {
        assert_eq!(read("monht=1").unwrap_err().errors[0].pointer, "/monht");
        assert_eq!(read("a/b=1").unwrap_err().errors[0].pointer, "/a~1b");
        assert_eq!(read("limit=1&limit=2").unwrap_err().errors[0].code, "repeated");
    }

    #[test]
    fn the_month_before_january_is_december() {
        let month = Month::parse("2026-01").unwrap();
        assert_eq!(month.before().to_string(), "2025-12");
        assert_eq!(month.before().before().to_string(), "2025-11");
    }
}
