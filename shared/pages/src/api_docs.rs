//! The API reference as a calm page.

use askama::Template;

use crate::{
    Lang, Page,
    page::{Shell, finish},
    words::{Words, words},
};

/// The whole reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiDocsView {
    /// The page's language.
    pub lang: Lang,
    /// The API's name.
    pub title: String,
    /// Its version.
    pub version: String,
    /// What to know first; an empty line starts a paragraph.
    pub intro: String,
    /// Where the machine-readable document is.
    pub openapi_url: String,
    /// The operations, in reading order.
    pub operations: Vec<ApiOperation>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiOperation {
    /// `POST`.
    pub method: String,
    /// `/v1/orders/{id}`.
    pub path: String,
    /// One line.
    pub summary: String,
    /// More; an empty line starts a paragraph.
    pub description: String,
    /// Its parameters and the fields of its body.
    pub params: Vec<ApiParameter>,
    /// A request worth copying.
    pub request_example: Option<String>,
    /// What comes back.
    pub responses: Vec<ApiResponse>,
}

/// One parameter or body field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiParameter {
    /// Its name.
    pub name: String,
    /// `path`, `query`, `header`, `body`.
    pub location: String,
    /// Must be there.
    pub required: bool,
    /// `string`, `integer`, …
    pub kind: String,
    /// What it means.
    pub description: String,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiResponse {
    /// `201`.
    pub status: String,
    /// What it means.
    pub description: String,
    /// What it looks like.
    pub example: Option<String>,
}

#[derive(Template)]
#[template(path = "api_docs.html")]
struct ApiDocsTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    v: &'a ApiDocsView,
}

fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty())
}

/// The API reference.
pub fn api_docs(view: &ApiDocsView) -> Page {
    let shell = Shell::new(view.lang, view.title.clone(), &[include_str!("../styles/api_docs.css")]);
    finish(&shell, &ApiDocsTemplate { shell: &shell, w: words(view.lang), v: view })
}
