//! What a line of Rust may say, by the room it stands in.
//!
//! The sources are read as tokens, not as text: a word in a comment or in a string breaks no rule, one inside a macro does.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tree::{File, sources};
use crate::{Finding, all_in_order, finding};

/// A token and the line it stands in.
struct Token {
    text: String,
    line: usize,
}

/// The tokens of a file. `product` leaves out what is compiled for tests only.
fn tokens(file: &File, product: bool) -> Vec<Token> {
    let stream: TokenStream = file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path));
    let mut found = Vec::new();
    flatten(stream, product, &mut found);
    found
}

fn flatten(stream: TokenStream, product: bool, found: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        if let Some(length) = attribute(&trees[at..]) {
            let text = squeezed(&trees[at..at + length]);
            at += length;
            if text.starts_with("#[doc=") || text.starts_with("#![doc=") {
                continue;
            }
            if product && text == "#[cfg(test)]" {
                at += item(&trees[at..]);
                continue;
            }
            at -= length;
        }
        match &trees[at] {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                found.push(Token { text: open.to_owned(), line: group.span_open().start().line });
                flatten(group.stream(), product, found);
                found.push(Token { text: close.to_owned(), line: group.span_close().start().line });
            }
            other => found.push(Token { text: other.to_string(), line: other.span().start().line }),
        }
        at += 1;
    }
}

/// Tokens of the attribute that begins here, if one does.
fn attribute(trees: &[TokenTree]) -> Option<usize> {
    let is = |at: usize, sign: char| matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    if !is(0, '#') {
        return None;
    }
    let at = 1 + usize::from(is(1, '!'));
    let bracket = matches!(trees.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket);
    bracket.then_some(at + 1)
}

/// Tokens of the item that begins here: up to its block or its semicolon.
fn item(trees: &[TokenTree]) -> usize {
    let ends = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    trees.iter().position(ends).map_or(trees.len(), |end| end + 1)
}

fn squeezed(trees: &[TokenTree]) -> String {
    let text: String = trees.iter().map(ToString::to_string).collect();
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Places where these tokens follow each other, as `path:line` findings.
fn places(file: &File, tokens: &[Token], phrase: &str) -> Vec<Finding> {
    let words: Vec<&str> = phrase.split(' ').collect();
    let hits =
        tokens.windows(words.len()).filter(|window| window.iter().zip(&words).all(|(token, word)| token.text == *word));
    hits.map(|hit| finding(format!("{}:{}", file.path, hit[0].line), format!("`{}`", phrase.replace(' ', ""))))
        .collect()
}

/// Modules that are compiled for tests only, though their files do not say so: `mod laws;` under `#[cfg(test)]`.
fn is_test_module(file: &File, all: &[File]) -> bool {
    let Some((folder, name)) = file.path.rsplit_once('/') else { return false };
    let name = name.trim_end_matches(".rs");
    let parents =
        [format!("{folder}/mod.rs"), format!("{folder}/lib.rs"), format!("{folder}/main.rs"), format!("{folder}.rs")];
    let declared = format!("#[cfg(test)]\nmod {name};");
    all.iter().any(|parent| parents.contains(&parent.path) && parent.text.contains(&declared))
}

/// Runs a rule over the sources: those it is about, in what is compiled into the product.
fn rule(about: impl Fn(&File) -> bool, phrases: &[&str]) -> Vec<Finding> {
    let all = sources();
    let mut findings = Vec::new();
    for file in &all {
        if file.is_for_tests() || is_test_module(file, &all) || !about(file) {
            continue;
        }
        let tokens = tokens(file, true);
        findings.extend(phrases.iter().flat_map(|phrase| places(file, &tokens, phrase)));
    }
    findings
}

fn is_build_script(file: &File) -> bool {
    file.path.ends_with("/build.rs")
}

#[test]
fn the_product_does_not_give_up_in_the_middle() {
    let findings = rule(
        |file| file.krate() != "infra/local" && !is_build_script(file),
        &[
            ". unwrap (",
            ". expect (",
            ". unwrap_err (",
            ". expect_err (",
            "panic !",
            "todo !",
            "unimplemented !",
            "dbg !",
        ],
    );
    all_in_order(&findings, "give the failure a variant of the module's error, or make it impossible by the type");
}

#[test]
fn only_the_program_for_one_machine_prints() {
    let findings = rule(
        |file| file.krate() != "infra/local" && !is_build_script(file),
        &["println !", "print !", "eprintln !", "eprint !"],
    );
    all_in_order(&findings, "log it with `tracing`, with ids as fields; or answer it");
}

#[test]
fn time_comes_from_one_place() {
    let clocks =
        ["SystemTime : : now", "Instant : : now", "Timestamp : : now", "Zoned : : now", "Utc : : now", "Local : : now"];
    let reasoned =
        |file: &File| file.krate() == "infra/local" && file.text.contains("clippy::disallowed_methods, reason = ");
    let findings = rule(|file| file.path != "shared/runtime/src/ids.rs" && !reasoned(file), &clocks);
    all_in_order(
        &findings,
        "take `now` as an argument, or `ports.clock`; on one machine `#[expect(clippy::disallowed_methods, reason = \"…\")]`",
    );
}

#[test]
fn randomness_comes_from_one_place() {
    let findings = rule(
        |file| file.path != "shared/runtime/src/ids.rs" && file.krate() != "infra/local",
        &["getrandom : : fill", "rand : : rng", "rand : : random", "Ulid : : new", "Ulid : : generate", "thread_rng ("],
    );
    all_in_order(&findings, "take the bytes as an argument, or `ports.random`");
}

#[test]
fn the_environment_is_read_in_one_place() {
    let findings = rule(
        |file| file.path != "shared/runtime/src/config.rs" && file.krate() != "infra/local" && !is_build_script(file),
        &["std : : env", "env : : var", "env : : var_os", "env : : vars"],
    );
    all_in_order(&findings, "let `runtime::config` read it once and hand it on in `Settings`");
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    let mut findings = Vec::new();
    for file in sources() {
        let tokens = tokens(&file, false);
        for phrase in ["# [ allow (", "# ! [ allow ("] {
            findings.extend(places(&file, &tokens, phrase));
        }
        for window in tokens
            .windows(4)
            .filter(|window| window[0].text == "[" && window[1].text == "expect" && window[2].text == "(")
        {
            let line = window[0].line;
            let rest: String = file.text.lines().skip(line - 1).take(6).collect::<Vec<_>>().join(" ");
            let attribute = rest.split(']').next().unwrap_or_default();
            if !attribute.contains("reason = ") {
                findings.push(finding(format!("{}:{line}", file.path), "`#[expect(…)]` without a reason"));
            }
        }
    }
    all_in_order(
        &findings,
        "do what the lint asks, or write `#[expect(…, reason = \"…\")]`: it goes away when it is not needed",
    );
}

#[test]
fn money_is_never_a_float() {
    let rooms = ["shared/domain", "shared/connectors", "shared/workflows", "shared/sandbox"];
    let findings = rule(|file| rooms.contains(&file.krate()), &["f32", "f64"]);
    all_in_order(
        &findings,
        "use `Money` for amounts, `rust_decimal::Decimal` for rates and quantities, integers for the rest",
    );
}

#[test]
fn keys_of_the_table_are_spelled_in_one_place() {
    let mut findings = Vec::new();
    let all = sources();
    for file in &all {
        if file.is_for_tests() || file.path == "shared/storage/src/keys.rs" || is_test_module(file, &all) {
            continue;
        }
        for token in tokens(file, true) {
            if let Some(text) = literal(&token.text).filter(|text| is_key(text)) {
                findings.push(finding(
                    format!("{}:{}", file.path, token.line),
                    format!("{text:?} looks like a key of the table"),
                ));
            }
        }
    }
    all_in_order(&findings, "let `storage::keys` have a function for it");
}

fn literal(token: &str) -> Option<&str> {
    let start = token.find('"')?;
    let plain = token[..start].chars().all(|c| matches!(c, 'r' | 'b' | '#'));
    plain.then(|| token[start + 1..].trim_end_matches('#').trim_end_matches('"'))
}

/// `O#…`, `l#3`, `…#T#…`, `TENANTS`: what only keys look like.
fn is_key(text: &str) -> bool {
    let bytes = text.as_bytes();
    let prefix = bytes.len() > 1 && b"OXNIPKCYSlts".contains(&bytes[0]) && bytes[1] == b'#';
    prefix || text.contains("#T#") || text.ends_with("#A") || text == "TENANTS"
}

#[test]
fn a_functions_main_only_starts_it() {
    let mut findings = Vec::new();
    for file in
        sources().iter().filter(|file| file.path.starts_with("functions/") && file.path.ends_with("/src/main.rs"))
    {
        let lines = file.text.lines().count();
        if lines > 15 {
            findings.push(finding(&file.path, format!("{lines} lines; at most 15")));
        }
        if !file.text.contains("runtime::start(") {
            findings.push(finding(&file.path, "does not start by `runtime::start`"));
        }
    }
    all_in_order(&findings, "move it to the function's lib.rs, where tests and the stack on one machine can use it");
}

#[test]
fn no_bank_is_known_by_name_outside_the_connectors() {
    let rooms = ["shared/domain", "shared/storage", "shared/runtime"];
    let names = ["tbank", "tinkoff", "sberbank", "alfabank", "yookassa", "atol", "orangedata", "paykeeper"];
    let mut findings = Vec::new();
    let all = sources();
    // A contract with a register names the protocol it speaks.
    let contract = "shared/domain/src/receipt/register.rs";
    let in_rooms = |file: &&File| rooms.contains(&file.krate()) && !file.is_for_tests() && file.path != contract;
    for file in all.iter().filter(in_rooms) {
        for token in tokens(file, true) {
            let lower = token.text.to_lowercase();
            if names.iter().any(|name| lower.contains(name)) {
                findings.push(finding(format!("{}:{}", file.path, token.line), format!("`{}`", token.text)));
            }
        }
    }
    all_in_order(&findings, "a vendor's words stay in `connectors/…/wire.rs`; the domain has its own");
}

#[test]
fn the_reader_of_sources_sees_code_and_only_code() {
    let text = "//! x.unwrap()\nfn a() { let _ = \"b.unwrap()\"; json!(c.unwrap()); }\n#[cfg(test)]\nmod tests { fn d() { e.unwrap(); } }\n\
                #[cfg(test)]\nuse f;\nfn g() { h.unwrap() }\n";
    let file = File { path: "shared/x/src/lib.rs".into(), text: text.into() };
    let lines = |product| -> Vec<String> {
        places(&file, &tokens(&file, product), ". unwrap (").into_iter().map(|found| found.place).collect()
    };
    assert_eq!(lines(true), ["shared/x/src/lib.rs:2", "shared/x/src/lib.rs:7"]);
    assert_eq!(lines(false).len(), 3);
    assert!(is_key(literal("\"O#{tenant}\"").unwrap()) && !is_key("O"));
}
