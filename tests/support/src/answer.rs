//! What a door answered, read whole.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    pub(crate) async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where the browser is sent.
    pub fn location(&self) -> String {
        let location = self.header("location");
        assert!(!location.is_empty(), "no redirect but {}: {}", self.status, self.text());
        location.to_owned()
    }

    /// Where the page goes by itself, and after how many seconds; its own address is empty.
    pub fn refresh(&self) -> Option<(u32, String)> {
        let page = self.text();
        let (_, rest) = page
            .split_once("http-equiv=\"refresh\" content=\"")
            .or_else(|| page.split_once("http-equiv=refresh content=\""))?;
        let content = plain(rest.split('"').next()?);
        let (seconds, url) = content.split_once(";url=").unwrap_or((&content, ""));
        Some((seconds.parse().ok()?, url.to_owned()))
    }

    /// Names and values of a page's inputs, unticked boxes left out: what a browser would send.
    pub fn inputs(&self) -> Vec<(String, String)> {
        let page = self.text();
        let tags = page.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
        tags.filter_map(|tag| {
            let attribute = |name: &str| {
                let (_, rest) = tag.split_once(&format!("{name}=\""))?;
                rest.split('"').next().map(plain)
            };
            let box_like = tag.contains("type=\"checkbox\"") || tag.contains("type=\"radio\"");
            let sent = !box_like || tag.split_whitespace().any(|word| word == "checked");
            sent.then(|| Some((attribute("name")?, attribute("value").unwrap_or_default())))?
        })
        .collect()
    }

    /// The value of one of a page's inputs.
    pub fn input(&self, name: &str) -> Option<String> {
        self.inputs().into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }
}

/// Text of an attribute.
fn plain(text: &str) -> String {
    let pairs = [
        ("&#38;", "&"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (escaped, meant)| text.replace(escaped, meant))
}
