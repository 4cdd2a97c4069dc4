//! What gives itself away in any text by its shape: e-mail addresses, cards, telephones, secrets with their names.

use super::names::{self, Kind};

/// Digits of a card's number (ISO/IEC 7812-1).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Digits of a telephone with its country's code (E.164).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 10..=15;
/// Characters of what opens a link of ours, at least.
const LINK_TAG_CHARACTERS_MIN: usize = 16;
/// Characters of a name before `=` or `:`.
const NAME_CHARACTERS_MAX: usize = 60;

/// A text of which nothing is known.
pub(super) fn free(text: &str) -> String {
    digits(&emails(&pairs(&links(text))), Phones::Bare)
}

/// A number, an amount, a moment: a telephone only where it begins with `+`.
pub(super) fn plain(text: &str) -> String {
    digits(&emails(&links(text)), Phones::WithPlus)
}

/// A text already masked, looked through once more as it is written: what reads as a number only before it is decoded, such as
/// the digits behind a `%20` that was no space, is a number to whoever reads it later.
pub(super) fn without_cards(masked: &str) -> String {
    digits(masked, Phones::Left)
}

/// Which runs of digits are telephones.
#[derive(Clone, Copy, PartialEq)]
enum Phones {
    /// None.
    Left,
    /// Those that begin with `+`.
    WithPlus,
    /// Russian ones without it, too.
    Bare,
}

/// Our own links, such as the buyer's page a bank sends the buyer back to, without what opens them.
fn links(text: &str) -> String {
    let opens = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut parts = text.split('~');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.trim_start_matches(opens);
        out.push('~');
        out.push_str(if part.len() - after.len() >= LINK_TAG_CHARACTERS_MIN {
            "***"
        } else {
            &part[..part.len() - after.len()]
        });
        out.push_str(after);
    }
    out
}

/// First six, last four.
pub(super) fn card(value: &str) -> String {
    let signs: Vec<char> = value.chars().filter(|c| c.is_alphanumeric() || *c == '*').collect();
    if !CARD_DIGITS.contains(&signs.len()) {
        // A shortened number has its end at most; what is no number at all has nothing.
        let end: String = signs.iter().rev().take(4).rev().collect();
        let short = signs.len() <= 12 && signs.len() > 4 && end.chars().all(|c| c.is_ascii_digit());
        return if short { format!("***{end}") } else { "***".to_owned() };
    }
    let end = signs.len() - 4;
    signs.iter().enumerate().map(|(at, c)| if (6..end).contains(&at) { '*' } else { *c }).collect()
}

/// First letter.
pub(super) fn first_letter(value: &str) -> String {
    let first: String = value.trim_start().chars().take(1).collect();
    format!("{first}***")
}

/// First letter and domain; of what is no address, the first letter.
pub(super) fn email(value: &str) -> String {
    let masked = emails(value);
    if masked == value && !value.contains("***@") { first_letter(value) } else { masked }
}

/// Last two digits.
pub(super) fn phone(value: &str) -> String {
    let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
    let shown = if digits.len() > 4 { 2 } else { 0 };
    let end: String = digits.iter().skip(digits.len() - shown).collect();
    format!("***{end}")
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '[' | ']' | '.')
}

/// Values that stand behind their names: `password=…`, `"token": "…"`, `Authorization: Bearer …`; tokens that show what they are.
fn pairs(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        if !in_name(chars[at]) {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        let word_end = end_of(&chars, at, in_name);
        let word: String = chars[at..word_end].iter().collect();
        at = word_end;
        let scheme = matches!(word.to_ascii_lowercase().as_str(), "bearer" | "basic");
        if scheme && chars.get(at) == Some(&' ') && chars.get(at + 1).is_some_and(char::is_ascii_alphanumeric) {
            out.push_str(&word);
            out.push_str(" ***");
            at = end_of(&chars, at + 1, |c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '<' | ','));
            continue;
        }
        if word.starts_with("eyJ") && word.len() > 20 {
            // A JSON object in base64: a token of RFC 7519.
            out.push_str("***");
            at = end_of(&chars, at, |c| in_name(c) || c == '=');
            continue;
        }
        out.push_str(&word);
        let Some(value_at) = value_of(&chars, at).filter(|_| word.chars().count() <= NAME_CHARACTERS_MAX) else {
            continue;
        };
        let kind = names::kind("", &word);
        if matches!(kind, Kind::Free | Kind::Plain) {
            continue;
        }
        let quote = value_at.checked_sub(1).map(|before| chars[before]).filter(|c| matches!(c, '"' | '\''));
        let wide =
            quote.is_some() || !matches!(kind, Kind::Secret | Kind::Card) || word.to_lowercase().contains("auth");
        let value_end = end_of(&chars, value_at, |c| match quote {
            Some(quote) => c != quote && c != '\n',
            None => {
                !matches!(c, '&' | ';' | ',' | '"' | '\'' | '<' | '>' | '{' | '}' | '\n')
                    && (wide || !c.is_whitespace())
            }
        });
        out.extend(&chars[at..value_at]);
        let value: String = chars[value_at..value_end].iter().collect();
        out.push_str(&super::by_name(kind, &value, u8::MAX));
        at = value_end;
    }
    out
}

fn end_of(chars: &[char], from: usize, within: impl Fn(char) -> bool) -> usize {
    let from = from.min(chars.len());
    chars[from..].iter().position(|c| !within(*c)).map_or(chars.len(), |length| from + length)
}

/// Where the value begins, when a name ends at `at`.
fn value_of(chars: &[char], at: usize) -> Option<usize> {
    let skip = |from: usize| end_of(chars, from, |c| matches!(c, ' ' | '"' | '\'' | '\\'));
    let sign = skip(at);
    // A name's quote may close before the sign, and the value's open after it.
    if sign - at > 4 || !matches!(chars.get(sign), Some('=' | ':')) {
        return None;
    }
    let value = skip(sign + 1);
    (value < chars.len() && value - sign <= 6).then_some(value)
}

/// E-mail addresses: first letter and domain; `%40` is an `@` too.
fn emails(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, sign)) = at_sign(rest) {
        let (before, after) = (&rest[..at], &rest[at + sign..]);
        let local =
            |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '!' | '#' | '$' | '^' | '~');
        let begins = before.trim_end_matches(local).len();
        let name = &before[begins..];
        // User and password in an address go whole.
        let secret = before.rfind("://").filter(|scheme| !before[scheme + 3..].contains(['/', ' ', '"', '<']));
        // Where the text is cut off, the domain may be what is missing.
        let host = after.is_empty() || after.starts_with(|c: char| c.is_alphanumeric() || c == '[');
        match secret {
            Some(scheme) if host => {
                out.push_str(&before[..scheme + 3]);
                out.push_str("***");
            }
            _ if host && !name.is_empty() => {
                out.push_str(&before[..begins]);
                out.push_str(&first_letter(name));
            }
            _ => out.push_str(before),
        }
        out.push_str(&rest[at..at + sign]);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The next `@`, and how many bytes it is written with.
fn at_sign(text: &str) -> Option<(usize, usize)> {
    let mut signs = text.match_indices(['@', '%']);
    signs.find_map(|(at, sign)| match sign {
        "@" => Some((at, 1)),
        _ => text[at..].starts_with("%40").then_some((at, 3)),
    })
}

/// A run of digits with what may stand between them.
struct Run {
    /// Where each digit stands.
    at: Vec<usize>,
    /// Which digits begin a group.
    groups: Vec<usize>,
    end: usize,
}

fn run(chars: &[char], from: usize) -> Run {
    let between = |c: char| matches!(c, ' ' | '-' | '\u{a0}' | '(' | ')' | '\u{2011}' | '\u{2013}');
    let mut found = Run { at: Vec::new(), groups: vec![0], end: from };
    let mut at = from;
    while at < chars.len() {
        if chars[at].is_ascii_digit() {
            found.at.push(at);
            at += 1;
            found.end = at;
            continue;
        }
        // At most two signs between two digits: `+7 (495) 123-45-67`.
        let next = end_of(chars, at, between);
        if next == at || next - at > 2 || !chars.get(next).is_some_and(char::is_ascii_digit) {
            break;
        }
        found.groups.push(found.at.len());
        at = next;
    }
    found.groups.push(found.at.len());
    found
}

/// Cards and telephones.
fn digits(text: &str, telephones: Phones) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let run = run(&chars, at);
        let values: Vec<u32> = run.at.iter().filter_map(|at| chars[*at].to_digit(10)).collect();
        let mut hidden = cards(&values, &run.groups);
        if hidden.is_empty() && telephones != Phones::Left {
            let plus =
                at > 0 && chars[at - 1] == '+' || at > 2 && chars[at - 3..at].iter().collect::<String>() == "%2B";
            hidden = phones(&values, &run.groups, plus, telephones == Phones::Bare);
        }
        for digit in hidden {
            chars[run.at[digit]] = '*';
        }
        at = run.end;
    }
    chars.into_iter().collect()
}

/// The digits to be hidden of every card in a run. A number begins and ends where a group does.
fn cards(values: &[u32], groups: &[usize]) -> Vec<usize> {
    let mut hidden = Vec::new();
    for (first, from) in groups.iter().enumerate() {
        for to in &groups[first + 1..] {
            let length = to - from;
            if length > *CARD_DIGITS.end() {
                break;
            }
            let number = &values[*from..*to];
            // No bank's card begins with 1 (ISO/IEC 7812-1 gives it to airlines, whose cards have fifteen digits); our bill
            // numbers do, with their sixteen and a check digit of the same kind, and milliseconds of this century with thirteen.
            let ours = matches!(length, 13 | 16) && number.first() == Some(&1);
            if CARD_DIGITS.contains(&length) && luhn(number) && !ours {
                hidden.extend(from + 6..to - 4);
            }
        }
    }
    hidden
}

/// The check digit of ISO/IEC 7812-1, annex B. Zeros only are no card.
pub(super) fn luhn(number: &[u32]) -> bool {
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum > 0 && sum.is_multiple_of(10)
}

/// The digits to be hidden of a telephone: all but two.
fn phones(values: &[u32], groups: &[usize], plus: bool, bare: bool) -> Vec<usize> {
    let last = values.len();
    if plus && last >= *PHONE_DIGITS.start() {
        // More digits than a telephone has: something else stands behind it, after one of the groups.
        let end = groups.iter().rev().copied().find(|end| *end <= *PHONE_DIGITS.end() && *end >= 10).unwrap_or(last);
        return (0..end.saturating_sub(2)).collect();
    }
    let mut hidden = Vec::new();
    for (first, from) in groups.iter().enumerate().filter(|_| bare) {
        for to in &groups[first + 1..] {
            // A Russian number in any of its spellings: 7 or 8, and a code that exists.
            let number = &values[*from..*to];
            let russian = matches!(number, [7 | 8, 3 | 4 | 8 | 9, ..]);
            if number.len() == 11 && russian {
                hidden.extend(*from..to - 2);
            }
            if number.len() >= 11 {
                break;
            }
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_keep_six_and_four() {
        for (text, masked) in [
            ("4111111111111111", "411111******1111"),
            ("card 4111 1111 1111 1111.", "card 4111 11** **** 1111."),
            ("4111-1111-1111-1111", "4111-11**-****-1111"),
            ("x4111111111111111y", "x411111******1111y"),
            ("2201382000000013", "220138******0013"),
            ("378282246310005", "378282*****0005"),
            ("4111111111111112", "4111111111111112"),
            ("1764000000002", "1764000000002"),
            ("1271828182845903.1", "1271828182845903.1"),
            ("12 4111 1111 1111 1111", "12 4111 11** **** 1111"),
        ] {
            assert_eq!(free(text), masked);
        }
    }

    #[test]
    fn telephones_keep_two() {
        for (text, masked) in [
            ("+79161234567", "+*********67"),
            ("call 8 (495) 123-45-67 now", "call * (***) ***-**-67 now"),
            ("89161234567", "*********67"),
            ("+375 29 123-45-67", "+*** ** ***-**-67"),
            ("7000123456", "7000123456"),
        ] {
            assert_eq!(free(text), masked);
        }
        assert_eq!(plain("79161234567"), "79161234567");
        assert_eq!(phone("+7 916 123-45-67"), "***67");
        assert_eq!(phone("123"), "***");
    }

    #[test]
    fn addresses_keep_a_letter_and_the_domain() {
        for (text, masked) in [
            ("ivanova@example.com", "i***@example.com"),
            ("<a.b+c@x.ru>, d@y.ru", "<a***@x.ru>, d***@y.ru"),
            ("to=ivanova%40example.com", "to=i***%40example.com"),
            ("https://user:hidden@host.ru/x", "https://***@host.ru/x"),
            ("почта@пример.рф", "п***@пример.рф"),
            ("i***@example.com", "i***@example.com"),
            ("@ alone", "@ alone"),
        ] {
            assert_eq!(free(text), masked);
        }
    }

    #[test]
    fn links_of_ours_are_shut() {
        let page = "https://pay.example/c/ord_t_shop_01kavx~u1Vh0v9cC2cG5e8mYb0R6A/return";
        assert_eq!(plain(page), "https://pay.example/c/ord_t_shop_01kavx~***/return");
        assert_eq!(free("a ~ b~c"), "a ~ b~c");
    }

    #[test]
    fn what_is_named_a_secret_goes() {
        for (text, masked) in [
            ("wrong password=qwerty for shop", "wrong password=*** for shop"),
            ("Authorization: Bearer abc.def", "Authorization: ***"),
            ("sent with Basic dXNlcjpwYXNz", "sent with Basic ***"),
            ("var x = {\"token\": \"abc def\", \"n\": 1}", "var x = {\"token\": \"***\", \"n\": 1}"),
            ("cardholder: IVAN IVANOV; ok", "cardholder: I***; ok"),
            ("at 12:30 ok", "at 12:30 ok"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc x", "*** x"),
        ] {
            assert_eq!(free(text), masked);
        }
    }

    #[test]
    fn fields_of_cards_show_no_more_whatever_stands_in_them() {
        for (text, masked) in [
            ("4300 **** **** 0777", "4300********0777"),
            ("411111**1111", "***1111"),
            ("5555", "***"),
            ("4111111111111112", "411111******1112"),
            ("41111111111111111111111", "***"),
        ] {
            assert_eq!(card(text), masked);
        }
    }
}
