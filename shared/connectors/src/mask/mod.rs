//! Takes out of what goes between a bank and us all that nobody may read later: cards, secrets, tokens, people.
//!
//! Pure and total: any text goes in, and what comes out can be kept. The forms are read leniently (JSON, XML, HTML, forms,
//! queries, each inside the other; cut off or broken), because an exchange is looked at above all when something in it is not as
//! it should be. Where a field's name says what it is, its whole value goes; everything else is looked through for what gives
//! itself away by its shape.
//!
//! | what | what is left of it |
//! |---|---|
//! | card numbers: 13 to 19 digits that pass Luhn's check, also with spaces and dashes; fields named so | first six, last four |
//! | passwords, tokens, signatures, CVC, expiry, tokens of saved means, what opens links of ours | `***` |
//! | names and postal addresses of people | first letter |
//! | e-mail addresses | first letter and domain |
//! | telephones | last two digits |

mod form;
mod json;
mod markup;
mod names;
mod text;

use ::http::HeaderMap;
use domain::exchange::Passage;

use names::Kind;

/// Bytes of a body that are kept, at most.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a body that are read beyond that, so that what lies across the cut is still recognised.
const SLACK_BYTES: usize = 4 * 1024;
/// Bytes of an address that are kept, at most.
const URL_BYTES_MAX: usize = 2 * 1024;
/// Headers that are kept, at most.
const HEADERS_MAX: usize = 40;
/// Bytes of a header that are kept, at most.
const HEADER_BYTES_MAX: usize = 200;
/// Forms inside forms that are looked into.
const DEPTH_MAX: u8 = 4;

/// A body, masked and cut to [`BODY_BYTES_MAX`].
pub fn body(bytes: &[u8]) -> String {
    cut_body(bytes, BODY_BYTES_MAX)
}

/// A body, masked and cut to `max` bytes.
pub fn cut_body(bytes: &[u8], max: usize) -> String {
    if bytes.iter().take(1_024).any(|byte| *byte == 0) {
        return "(not text)".to_owned();
    }
    let read = &bytes[..bytes.len().min(max.saturating_add(SLACK_BYTES))];
    let text = String::from_utf8_lossy(read);
    let text = if read.len() < bytes.len() { whole(&text) } else { &text };
    cut(text::without_cards(&any(text, 0)), max)
}

/// What was read of a longer text, without the last piece, of which there may have been more.
fn whole(text: &str) -> &str {
    let ends = |c: char| matches!(c, ',' | ';' | '&' | '"' | '<' | '>' | '{' | '}' | '\n');
    let end = text.rfind(ends).filter(|end| text.len() - end <= 1_024);
    end.map_or_else(
        || text.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | '-')),
        |end| &text[..end],
    )
}

fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        let end = (0..=max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// An address: its query and fragment are masked like forms.
pub fn url(address: &str) -> String {
    cut(text::without_cards(&form::url(address, 0)), URL_BYTES_MAX)
}

/// A free text, such as why no answer came.
pub fn note(words: &str) -> String {
    cut(text::without_cards(&any(words, 0)), URL_BYTES_MAX)
}

/// A header's value.
pub fn header(name: &str, value: &str) -> String {
    let masked = match names::kind("", name) {
        Kind::Free | Kind::Plain => any(value, 0),
        kind => by_name(kind, value, 0),
    };
    cut(text::without_cards(&masked), HEADER_BYTES_MAX)
}

/// One direction of an exchange.
pub fn passage<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>, raw_body: &[u8], max: usize) -> Passage {
    let headers = headers.into_iter().take(HEADERS_MAX);
    Passage {
        headers: headers.map(|(name, value)| (cut(name.to_owned(), HEADER_BYTES_MAX), header(name, value))).collect(),
        body: cut_body(raw_body, max),
        bytes: u64::try_from(raw_body.len()).unwrap_or(u64::MAX),
    }
}

/// Headers as they come in; those that are no text are left out.
pub fn readable(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}

/// Any text, read as what it looks like.
fn any(value: &str, depth: u8) -> String {
    let begins = value.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if depth >= DEPTH_MAX {
        text::free(value)
    } else if begins.starts_with(['{', '[']) {
        json::masked(value, depth)
    } else if begins.starts_with('<') {
        markup::masked(value, depth)
    } else if form::is_url(begins) {
        form::url(value, depth)
    } else if form::is_form(value) {
        form::masked(value, depth)
    } else {
        text::free(value)
    }
}

/// A value whose field says what it is.
fn by_name(kind: Kind, value: &str, depth: u8) -> String {
    match kind {
        Kind::Free => any(value, depth.saturating_add(1)),
        Kind::Plain => text::plain(value),
        _ if value.trim().is_empty() => value.to_owned(),
        Kind::Secret => "***".to_owned(),
        Kind::Card => text::card(value),
        Kind::Person => text::first_letter(value),
        Kind::Email => text::email(value),
        Kind::Phone => text::phone(value),
    }
}
