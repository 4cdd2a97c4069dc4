//! JSON, also when it is cut off or not quite JSON.

use super::names::{self, Kind};
use super::{by_name, text};

/// An object or a list that is open.
struct Open {
    object: bool,
    /// The name it stands under.
    name: String,
    /// What everything in it is, when its name says so.
    kind: Kind,
    /// The name whose value comes next.
    key: Option<String>,
}

/// JSON text, value by value; values with nothing in them to hide stay as they were written.
pub(super) fn masked(json: &str, depth: u8) -> String {
    let mut out = String::with_capacity(json.len());
    let mut open: Vec<Open> = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        match first {
            '{' | '[' => {
                let outer = open.last();
                let name = outer.map(|outer| outer.key.clone().unwrap_or_else(|| outer.name.clone()));
                let kind = kind_here(outer);
                open.push(Open { object: first == '{', name: name.unwrap_or_default(), kind, key: None });
            }
            '}' | ']' => {
                open.pop();
                if let Some(outer) = open.last_mut() {
                    outer.key = None;
                }
            }
            ',' => {
                if let Some(inner) = open.last_mut() {
                    inner.key = None;
                }
            }
            '"' => {
                let (raw, after) = string(rest);
                let read = unescaped(raw);
                if is_key(open.last()) {
                    out.push_str(&kept(raw, &read, &text::plain(&read)));
                    name(open.last_mut(), read);
                } else {
                    let kind = kind_here(open.last());
                    out.push_str(&kept(raw, &read, &by_name(kind, &read, depth)));
                }
                rest = after;
                continue;
            }
            _ if first.is_whitespace() || first == ':' => {}
            _ => {
                // Not quite JSON may have words with spaces between them.
                let end = rest.find([',', ':', '}', ']', '{', '[', '"', '\n']).unwrap_or(rest.len());
                let (word, after) = rest.split_at(rest[..end].trim_end().len().max(first.len_utf8()));
                if is_key(open.last()) {
                    out.push_str(&text::plain(word));
                    name(open.last_mut(), word.to_owned());
                } else if matches!(word, "true" | "false" | "null") {
                    out.push_str(word);
                } else {
                    match by_name(kind_here(open.last()), word, depth) {
                        masked if masked == word => out.push_str(word),
                        masked => out.push_str(&quoted(&masked)),
                    }
                }
                rest = after;
                continue;
            }
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    out
}

fn is_key(open: Option<&Open>) -> bool {
    open.is_some_and(|open| open.object && open.key.is_none())
}

fn name(open: Option<&mut Open>, key: String) {
    if let Some(open) = open {
        open.key = Some(key);
    }
}

/// What the next value is. Whatever lies in a secret is secret; a list hands on what it is to what is in it.
fn kind_here(open: Option<&Open>) -> Kind {
    match open {
        None => Kind::Free,
        Some(open) if !open.object || open.kind == Kind::Secret => open.kind,
        Some(open) => names::kind(&open.name, open.key.as_deref().unwrap_or_default()),
    }
}

fn kept(raw: &str, read: &str, masked: &str) -> String {
    if masked == read { raw.to_owned() } else { quoted(masked) }
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// A string with its quotes, and what comes after it; one that is cut off ends with the text.
fn string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.split_at(at + 1),
            _ => {}
        }
    }
    (text, "")
}

/// What a string says; what is no escape stands for itself.
fn unescaped(raw: &str) -> String {
    if let Ok(read) = serde_json::from_str(raw) {
        return read;
    }
    let inner = raw.strip_prefix('"').unwrap_or(raw);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(escape) = rest.chars().next() else { break };
        rest = &rest[escape.len_utf8()..];
        match escape {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' | 'b' | 'f' => out.push(' '),
            'u' => {
                let code = rest.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                rest = code.and_then(|_| rest.get(4..)).unwrap_or(rest);
                out.push(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_by_their_names_and_what_is_left_is_untouched() {
        for (json, expected) in [
            (r#"{ "Amount": 100.50, "Token":"abc" , "ok":true}"#, r#"{ "Amount": 100.50, "Token":"***" , "ok":true}"#),
            (r#"{"card":{"number":4111111111111111}}"#, r#"{"card":{"number":"411111******1111"}}"#),
            (r#"{"phones":["+79161234567","89161234567"]}"#, r#"{"phones":["***67","***67"]}"#),
            (r#"{"token":{"a":"x","b":[1]}}"#, r#"{"token":{"a":"***","b":["***"]}}"#),
            (
                r#"{"payment_method":{"id":"2a","type":"bank_card"}}"#,
                r#"{"payment_method":{"id":"***","type":"bank_card"}}"#,
            ),
            (r#"{"n":"4\u0031\u0031111111111111\u0031"}"#, r#"{"n":"411111******1111"}"#),
            (r#"{"inner":"{\"password\":\"x\"}"}"#, r#"{"inner":"{\"password\":\"***\"}"}"#),
            (r#"["ivanova@example.com", 7]"#, r#"["i***@example.com", 7]"#),
        ] {
            assert_eq!(masked(json, 0), expected, "{json}");
        }
    }

    #[test]
    fn what_is_cut_off_or_broken_is_masked_all_the_same() {
        for json in [
            r#"{"password":"hidden"#,
            r#"{"password":"hidden\"#,
            r#"{"a":1,"token": hidden"#,
            "{password:hidden,x:1}",
            r#"{"password" "hidden"}"#,
            r#"{"cardholderName":"hidden\u00"#,
        ] {
            let masked = masked(json, 0);
            assert!(!masked.contains("hidden"), "{json}: {masked}");
        }
    }
}
