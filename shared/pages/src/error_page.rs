//! A page for what went wrong at the door.

use askama::Template;

use crate::{
    Lang, Page, icons,
    page::{Shell, finish},
    words::{Words, words},
};

/// What went wrong, what it means for the money, what to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorView {
    /// The page's language.
    pub lang: Lang,
    /// The HTTP status, shown small.
    pub status: u16,
    /// What happened; `None`: the common words for this status.
    pub title: Option<String>,
    /// What it means and what to do; `None`: the common words for this status.
    pub text: Option<String>,
    /// What to name when asking support.
    pub reference: Option<String>,
    /// A way onward, and its label.
    pub onward: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    v: &'a ErrorView,
    title: &'a str,
    text: &'a str,
    icon: &'static str,
}

/// The error's page.
pub fn error_page(view: &ErrorView) -> Page {
    let w = words(view.lang);
    let (title, text) = match view.status {
        403 => (w.error_403, w.error_403_text),
        404 | 410 => (w.error_404, w.error_404_text),
        409 => (w.error_409, w.error_409_text),
        429 => (w.error_429, w.error_429_text),
        400..=499 => (w.error_400, w.error_400_text),
        503 => (w.error_503, w.error_503_text),
        _ => (w.error_500, w.error_500_text),
    };
    let title = view.title.as_deref().unwrap_or(title);
    let text = view.text.as_deref().unwrap_or(text);
    let shell = Shell::new(view.lang, title, &[include_str!("../styles/state.css")]);
    finish(&shell, &ErrorTemplate { shell: &shell, w, v: view, title, text, icon: icons::ALERT })
}
