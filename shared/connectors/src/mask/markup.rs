//! XML and HTML, also when they are cut off.

use std::borrow::Cow;

use super::names::{self, Kind};
use super::{any, by_name, text};

/// Elements whose names are remembered, one inside the other.
const NESTED_MAX: usize = 100;
/// Characters of a tag that is looked at as one.
const TAG_CHARACTERS_MAX: usize = 4_096;

/// Markup: texts and attributes with nothing in them to hide stay as they were written.
pub(super) fn masked(markup: &str, depth: u8) -> String {
    let mut out = String::with_capacity(markup.len());
    // Each open element with the name it goes by: its own, or its attribute `name`.
    let mut open: Vec<(String, Option<String>)> = Vec::new();
    let mut rest = markup;
    while !rest.is_empty() {
        if let Some(comment) = rest.strip_prefix("<!--") {
            let (inside, after) = comment.split_at(comment.find("-->").unwrap_or(comment.len()));
            out.push_str("<!--");
            out.push_str(&any(inside, depth.saturating_add(1)));
            rest = after;
        } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let (inside, after) = data.split_at(data.find("]]>").unwrap_or(data.len()));
            out.push_str("<![CDATA[");
            out.push_str(&by_name(kind_of(&open), inside, depth));
            rest = after.strip_prefix("]]>").unwrap_or(after);
            if rest.len() < after.len() {
                out.push_str("]]>");
            }
        } else if rest.starts_with('<')
            && rest[1..].starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '?' | '!'))
        {
            let (tag, after) = rest.split_at(tag_end(rest));
            rest = after;
            element(tag, &mut open, &mut out, depth);
        } else {
            let first = rest.chars().next().map_or(1, char::len_utf8);
            let end = rest[first..].find('<').map_or(rest.len(), |end| end + first);
            let (words, after) = rest.split_at(end);
            rest = after;
            out.push_str(&kept(words, kind_of(&open), depth));
        }
    }
    out
}

fn kind_of(open: &[(String, Option<String>)]) -> Kind {
    let Some((own, named)) = open.last() else { return Kind::Free };
    let parent = open.iter().rev().nth(1).map_or("", |(name, _)| name);
    match names::kind(parent, own) {
        Kind::Free | Kind::Plain if named.is_some() => names::kind(parent, named.as_deref().unwrap_or_default()),
        kind => kind,
    }
}

/// Where a tag ends; `>` in quotes does not end it.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices().take(TAG_CHARACTERS_MAX) {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '>') => return at + 1,
            _ => {}
        }
    }
    // A quote that never closes: the tag ends where it would without it.
    text.find('>').map_or(text.len(), |end| end + 1)
}

fn element(tag: &str, open: &mut Vec<(String, Option<String>)>, out: &mut String, depth: u8) {
    if let Some(closed) = tag.strip_prefix("</") {
        let name = closed.trim_end_matches('>').trim();
        if let Some(at) = open.iter().rposition(|(found, _)| found == name) {
            open.truncate(at);
        }
        out.push_str(&text::free(tag));
        return;
    }
    let inside = tag.trim_start_matches('<');
    let name_end = inside.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(inside.len());
    let name = &inside[..name_end];
    let attributes = attributes(tag);
    let value = |wanted: &str| {
        let found = attributes.iter().find(|(found, _)| found.eq_ignore_ascii_case(wanted));
        found.map(|(_, span)| tag[span.clone()].to_owned())
    };
    let called = value("name").or_else(|| value("id"));
    let mut from = 0;
    for (attribute, span) in &attributes {
        out.push_str(&text::plain(&tag[from..span.start]));
        // `<input name="password" value="…">`: the value goes by the name.
        let kind = match called.as_deref() {
            Some(called) if matches!(attribute.to_lowercase().as_str(), "value" | "content") => {
                names::kind(name, called)
            }
            _ => names::kind(name, attribute),
        };
        out.push_str(&kept(&tag[span.clone()], kind, depth));
        from = span.end;
    }
    out.push_str(&text::plain(&tag[from..]));
    if !tag.ends_with("/>") && !tag.starts_with(['?', '!']) && open.len() < NESTED_MAX {
        open.push((name.to_owned(), called));
    }
}

/// Names of attributes, and where their values stand.
fn attributes(tag: &str) -> Vec<(String, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(sign) = tag[from..].find('=').map(|at| at + from) {
        let before = tag[from..sign].trim_end();
        let name =
            before.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<')).next().unwrap_or_default();
        let rest = &tag[sign + 1..];
        let start = sign + 1 + (rest.len() - rest.trim_start().len());
        let value = &tag[start..];
        let span = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inside = &value[1..];
                start + 1..start + 1 + inside.find(quote).unwrap_or(inside.trim_end_matches('>').len())
            }
            _ => start..start + value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len()),
        };
        from = span.end;
        found.push((name.to_owned(), span));
    }
    found
}

fn kept(raw: &str, kind: Kind, depth: u8) -> String {
    let read = unescaped(raw);
    let bare = read.trim();
    // The white space around a value is the markup's.
    let masked = by_name(kind, bare, depth);
    if masked == bare {
        return raw.to_owned();
    }
    let escaped = masked.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let space = |text: &str| text.chars().take_while(|c| c.is_whitespace()).collect::<String>();
    let end: String =
        raw.chars().rev().take_while(|c| c.is_whitespace()).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{}{escaped}{end}", space(raw))
}

/// Entities read: the five of XML, and numbers.
fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let named = after.split_once(';').filter(|(name, _)| name.len() <= 8);
        let read = named.and_then(|(name, after)| Some((entity(name)?, after)));
        if let Some((c, after)) = read {
            out.push(c);
            rest = after;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_attributes_go_by_their_names() {
        for (markup, expected) in [
            ("<a><password>x</password><n>1</n></a>", "<a><password>***</password><n>1</n></a>"),
            ("<ns:cardholder> IVAN\n</ns:cardholder>", "<ns:cardholder> I***\n</ns:cardholder>"),
            ("<card><number>4111111111111111</number></card>", "<card><number>411111******1111</number></card>"),
            ("<p token='x' n=\"1\">t</p>", "<p token='***' n=\"1\">t</p>"),
            ("<input type=hidden name=\"PaReq\" value=\"eJxV\">", "<input type=hidden name=\"PaReq\" value=\"***\">"),
            ("<param name=\"email\">a@b.ru</param>", "<param name=\"email\">a***@b.ru</param>"),
            ("<e>ivanova&#64;example.com</e>", "<e>i***@example.com</e>"),
            ("<password><![CDATA[x]]></password>", "<password><![CDATA[***]]></password>"),
            ("<!-- token=abc --><b>1 &lt; 2</b>", "<!-- token=*** --><b>1 &lt; 2</b>"),
            ("<a href=\"https://b.ru/?token=x&amp;n=1\">go</a>", "<a href=\"https://b.ru/?token=***&amp;n=1\">go</a>"),
        ] {
            assert_eq!(masked(markup, 0), expected, "{markup}");
        }
    }

    #[test]
    fn what_is_cut_off_is_masked_all_the_same() {
        for markup in [
            "<password>hidden",
            "<a token=\"hidden",
            "<a token=hidden",
            "<password><![CDATA[hidden",
            "<!-- token=hidden",
        ] {
            let masked = masked(markup, 0);
            assert!(!masked.contains("hidden"), "{markup}: {masked}");
        }
    }
}
