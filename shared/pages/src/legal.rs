//! The two texts a buyer agrees to, and the page that shows them.
//!
//! A text that was ever agreed to is evidence: a change of words is a new version, never an edit in place.

use askama::Template;

use crate::{
    Agent, Lang, Page,
    page::{Shell, finish},
    words::{Words, words},
};

/// The version of both texts.
const VERSION: &str = "2026-11-01";

/// Which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalKind {
    /// Consent to personal data processing and transfer (152-ФЗ, article 9).
    PersonalData,
    /// The terms on which the agent takes a payment (offer).
    Terms,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegalBlock {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
}

/// A whole text with the agent's details in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalText {
    /// Its version, a day.
    pub version: &'static str,
    /// Its title.
    pub title: String,
    /// Its body.
    pub blocks: Vec<LegalBlock>,
    /// Title, version and body as plain text: what the evidence of consent hashes.
    pub plain: String,
}

/// The page of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalView {
    /// The page's language.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: Option<String>,
    /// The text.
    pub text: LegalText,
    /// Who takes the money.
    pub agent: Agent,
}

/// The text of a kind, in a language, naming the agent. The Russian text is the one that binds; the English one says so.
pub fn legal_text(kind: LegalKind, lang: Lang, agent: &Agent) -> LegalText {
    let source = match (kind, lang) {
        (LegalKind::PersonalData, Lang::Ru) => include_str!("../legal/personal-data.ru.txt"),
        (LegalKind::PersonalData, Lang::En) => include_str!("../legal/personal-data.en.txt"),
        (LegalKind::Terms, Lang::Ru) => include_str!("../legal/terms.ru.txt"),
        (LegalKind::Terms, Lang::En) => include_str!("../legal/terms.en.txt"),
    };
    let w = words(lang);
    let ogrn = agent.ogrn.as_ref().map(|ogrn| format!(", {} {ogrn}", w.ogrn)).unwrap_or_default();
    let details = format!("{}, {} {}{ogrn}, {}", agent.name, w.inn, agent.inn, agent.address);
    let body = source
        .replace("{agent}", &details)
        .replace("{email}", &agent.support_email)
        .replace("{phone}", &agent.support_phone);
    let mut pieces = body.split("\n\n").map(str::trim).filter(|piece| !piece.is_empty());
    let title = pieces.next().unwrap_or_default().to_owned();
    let blocks: Vec<_> = pieces
        .map(|piece| match piece.strip_prefix("## ") {
            Some(heading) => LegalBlock::Heading(heading.to_owned()),
            None => LegalBlock::Paragraph(piece.replace('\n', " ")),
        })
        .collect();
    let mut plain = format!("{title}\n{VERSION}\n");
    for block in &blocks {
        let (LegalBlock::Heading(text) | LegalBlock::Paragraph(text)) = block;
        plain.push('\n');
        plain.push_str(text);
        plain.push('\n');
    }
    LegalText { version: VERSION, title, blocks, plain }
}

#[derive(Template)]
#[template(path = "legal.html")]
struct LegalTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    v: &'a LegalView,
}

/// The page of a legal text.
pub fn legal(view: &LegalView) -> Page {
    const STYLE: &str = ".legal{max-width:720px;padding-bottom:40px}h1{font-size:28px;line-height:1.25;margin-bottom:8px}h2{font-size:19px;margin-top:32px}.legal p{margin-top:12px}";
    let shell =
        Shell::new(view.lang, view.text.title.clone(), &[STYLE]).with_language_url(view.language_url.as_deref());
    finish(&shell, &LegalTemplate { shell: &shell, w: words(view.lang), v: view })
}
