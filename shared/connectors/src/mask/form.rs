//! Forms, queries and addresses.

use std::borrow::Cow;

use super::names::{self, Kind};
use super::{by_name, text};

/// Whether a text reads as a form: names, `=`, and nothing that would have been encoded.
pub(super) fn is_form(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else { return false };
    let named = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']' | '%' | '+' | ':');
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '<' | '>' | '"' | '{');
    // A body may end with its line.
    let text = text.trim_end_matches(['\r', '\n']);
    !name.is_empty() && name.chars().all(named) && (text.contains('&') || text.chars().all(plain))
}

/// Whether a text is one address.
pub(super) fn is_url(text: &str) -> bool {
    let scheme = ["https://", "http://"].iter().any(|scheme| text.get(..scheme.len()) == Some(scheme));
    scheme && !text.trim_end().contains(char::is_whitespace)
}

/// An address.
pub(super) fn url(address: &str, depth: u8) -> String {
    let (rest, fragment) = address.split_once('#').map_or((address, None), |(rest, part)| (rest, Some(part)));
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let mut out = text::plain(path);
    for (sign, part) in [('?', query), ('#', fragment)] {
        if let Some(part) = part {
            out.push(sign);
            out.push_str(&masked(part, depth));
        }
    }
    out
}

/// A form, pair by pair; pairs with nothing in them to hide stay as they were sent.
pub(super) fn masked(form: &str, depth: u8) -> String {
    let mut out = String::with_capacity(form.len());
    for (no, pair) in form.split('&').enumerate() {
        if no > 0 {
            out.push('&');
        }
        let Some((raw_name, raw_value)) = pair.split_once('=') else {
            let word = decoded(pair);
            out.push_str(&kept(pair, &word, text::free(&word)));
            continue;
        };
        let (name, value) = (decoded(raw_name), decoded(raw_value));
        out.push_str(&kept(raw_name, &name, text::plain(&name)));
        out.push('=');
        let kind = names::kind("", &name);
        // A name that begins a text, such as `orderStatus=2 error=…`, is not all of it.
        let masked =
            if kind == Kind::Plain && value.contains('=') { text::free(&value) } else { by_name(kind, &value, depth) };
        out.push_str(&kept(raw_value, &value, masked));
    }
    out
}

fn kept<'a>(raw: &'a str, read: &str, masked: String) -> Cow<'a, str> {
    if masked == read {
        return Cow::Borrowed(raw);
    }
    if raw == read && !masked.contains(['&', '=']) {
        return Cow::Owned(masked); // it was sent unencoded
    }
    // Stars and `@` are left readable: this is for people.
    let encoded: String = ::url::form_urlencoded::byte_serialize(masked.as_bytes()).collect();
    Cow::Owned(encoded.replace("%40", "@"))
}

/// `+` and `%xx` read; what is not UTF-8 then stays as it is written.
fn decoded(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['%', '+']) {
        return Cow::Borrowed(raw);
    }
    let spaced = raw.replace('+', " ");
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = spaced.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let read = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let read = read.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(read.unwrap_or(*first));
        rest = if read.is_some() { &after[2..] } else { after };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_hidden_is_written_anew() {
        let form = "userName=shop-api&password=s%26cret&amount=100&returnUrl=https%3A%2F%2Fx.ru%2F%3Femail%3Da%2540b.ru&jsonParams=%7B%22email%22%3A%22ivanova%40example.com%22%2C%22n%22%3A1%7D";
        let masked = masked(form, 0);
        assert!(masked.starts_with("userName=shop-api&password=***&amount=100&returnUrl="), "{masked}");
        for gone in ["s%26cret", "ivanova", "a%2540b", "a%40b"] {
            assert!(!masked.contains(gone), "{masked}");
        }
        assert!(masked.contains("i***@example.com"), "{masked}");
    }

    #[test]
    fn the_telephone_with_its_plus_is_found_in_any_field() {
        assert_eq!(masked("note=%2B79161234567&x=1", 0), "note=%2B*********67&x=1");
        assert_eq!(masked("clientPhone=79161234567", 0), "clientPhone=***67");
    }

    #[test]
    fn an_address_keeps_its_path() {
        assert_eq!(
            url("https://b.ru/rest/register.do?token=abc&n=1#x", 0),
            "https://b.ru/rest/register.do?token=***&n=1#x"
        );
    }

    #[test]
    fn a_sentence_is_no_form() {
        assert!(!is_form("error = 5 & more"));
        assert!(!is_form("no sign"));
        assert!(is_form("a=b&c=d\r\n"));
        assert!(is_form("a[b]=c"));
    }
}
