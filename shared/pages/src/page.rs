//! A finished page: its bytes, and the hashes its policy needs.

use std::fmt::Write as _;

use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use crate::{Lang, words::Words, words::words};

/// A complete page and what a strict policy must know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The whole document.
    pub html: String,
    /// `sha256-…` of every inline style, without quotes.
    pub style_hashes: Vec<String>,
    /// `sha256-…` of every inline script, without quotes; empty for most pages.
    pub script_hashes: Vec<String>,
}

impl Page {
    /// The `Content-Security-Policy` for this page. `form_action` is what its forms may reach, e.g. `'self'`.
    ///
    /// Chromium holds redirects after a POST to `form-action` too: a form answered with a redirect to the bank needs the bank's
    /// origin in the list, e.g. `'self' https://pay.bank.example`. An empty list forbids every form.
    pub fn content_security_policy(&self, form_action: &str) -> String {
        let sources = |hashes: &[String]| {
            if hashes.is_empty() {
                return "'none'".to_owned();
            }
            hashes.iter().map(|hash| format!("'{hash}'")).collect::<Vec<_>>().join(" ")
        };
        format!(
            "default-src 'none'; style-src {}; script-src {}; img-src data:; form-action {}; base-uri 'none'; frame-ancestors 'none'",
            sources(&self.style_hashes),
            sources(&self.script_hashes),
            if form_action.is_empty() { "'none'" } else { form_action },
        )
    }
}

/// What every page's frame needs.
pub(crate) struct Shell {
    /// The document's title.
    pub title: String,
    /// The whole style, already small.
    pub css: String,
    /// The whole script, if the page has one.
    pub script: Option<&'static str>,
    /// `5` or `5;url=…`.
    pub refresh: Option<String>,
    /// Nothing is charged: say so on top.
    pub test_mode: bool,
    /// The same page in the other language.
    pub language_url: Option<String>,
    /// The page's words.
    pub w: &'static Words,
}

impl Shell {
    /// A frame with this title and these style parts after the common one and the one for paper.
    pub(crate) fn new(lang: Lang, title: impl Into<String>, parts: &[&'static str]) -> Self {
        let print = [include_str!("../styles/print.css")];
        Self::bare(lang, title, &[&print, parts].concat())
    }

    /// A frame that is not made for paper: the payment page counts its bytes.
    pub(crate) fn bare(lang: Lang, title: impl Into<String>, parts: &[&'static str]) -> Self {
        let mut css = small(include_str!("../styles/base.css"));
        for part in parts {
            css.push_str(&small(part));
        }
        Self {
            title: title.into(),
            css,
            script: None,
            refresh: None,
            test_mode: false,
            language_url: None,
            w: words(lang),
        }
    }

    /// Replaces the accent by a partner's own, with the text on it black or white, whichever reads better.
    pub(crate) fn with_accent(mut self, accent: Option<&str>) -> Self {
        if let Some(accent) = accent.and_then(Accent::parse) {
            let Accent { colour, text } = accent;
            // written last and once, so it holds in both colour schemes
            let _ = write!(self.css, ".go{{background:{colour};color:{text}}}");
        }
        self
    }

    /// The page goes to `url` (or to itself) after so many seconds.
    pub(crate) fn with_refresh(mut self, seconds: Option<u32>, url: Option<&str>) -> Self {
        self.refresh = seconds.map(|seconds| match url {
            Some(url) => format!("{seconds};url={}", link(url)),
            None => seconds.to_string(),
        });
        self
    }

    pub(crate) fn with_language_url(mut self, url: Option<&str>) -> Self {
        self.language_url = url.map(str::to_owned);
        self
    }

    pub(crate) fn with_test_mode(mut self, test_mode: bool) -> Self {
        self.test_mode = test_mode;
        self
    }

    pub(crate) fn with_script(mut self, script: Option<&'static str>) -> Self {
        self.script = script.map(str::trim_end);
        self
    }
}

/// Renders a page whose frame is `shell`.
pub(crate) fn finish(shell: &Shell, template: &impl Template) -> Page {
    Page {
        html: compact(&fill(template)),
        style_hashes: vec![hash(&shell.css)],
        script_hashes: shell.script.iter().map(|script| hash(script)).collect(),
    }
}

/// Fills a template. Writing into a string cannot fail and no template calls what can; should it ever, the reader gets a plain apology.
pub(crate) fn fill(template: &impl Template) -> String {
    template.render().unwrap_or_else(|_| "<!doctype html><html lang=ru><title>500</title><h1>500</h1>".to_owned())
}

/// `sha256-…` as a policy writes it.
fn hash(source: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(source)))
}

/// Escapes text for HTML, for the few places that are not templates.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&#34;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// An address fit for `href` and `action`: `http(s)`, `mailto`, `tel`, a path, a query or a fragment. Anything else leads nowhere:
/// addresses come from partners, and `javascript:` is an address too.
pub(crate) fn link(url: &str) -> &str {
    let lower: String = url.chars().take(8).collect::<String>().to_ascii_lowercase();
    let known = ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| lower.starts_with(scheme));
    let local = (url.starts_with('/') && !url.starts_with("//")) || url.starts_with('?') || url.starts_with('#');
    if (known || local) && !url.contains(|character: char| character.is_control()) { url } else { "#" }
}

/// A picture carried in the page itself; anything else is not shown.
pub(crate) fn picture(logo: Option<&str>) -> Option<&str> {
    logo.filter(|logo| {
        ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/webp;base64,"]
            .iter()
            .any(|kind| logo.starts_with(kind))
    })
}

/// The logo on a receipt, which may be a drawing too (SVG): it was looked through when it was set, and as an image nothing of it runs.
pub(crate) fn logo(logo: Option<&str>) -> Option<&str> {
    picture(logo).or_else(|| logo.filter(|logo| logo.starts_with("data:image/svg+xml;base64,")))
}

/// A partner's colour and the text colour that reads on it.
struct Accent {
    colour: String,
    text: &'static str,
}

impl Accent {
    fn parse(colour: &str) -> Option<Self> {
        let digits = colour
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let channel = |at: usize| digits.get(at..at + 2).and_then(|pair| u32::from_str_radix(pair, 16).ok());
        // WCAG relative luminance in ten-thousandths; white reads at 4.5:1 up to 0.183, black from 0.175
        let luminance = 2126 * linear(channel(0)?) + 7152 * linear(channel(2)?) + 722 * linear(channel(4)?);
        let text = if luminance / 10_000 < 1790 { "#fff" } else { "#000" };
        Some(Self { colour: format!("#{digits}"), text })
    }
}

/// sRGB 0..=255 to linear light in ten-thousandths, by straight lines between sixteen points of the curve.
fn linear(channel: u32) -> u32 {
    const POINTS: [u32; 17] =
        [0, 52, 144, 296, 513, 802, 1170, 1620, 2159, 2789, 3515, 4342, 5271, 6308, 7454, 8714, 10_090];
    let position = (channel / 16) as usize;
    let below = POINTS[position];
    below + (POINTS[position + 1] - below) * (channel % 16) / 16
}

/// Drops what CSS does not need: comments, line breaks, spaces around punctuation.
fn small(css: &str) -> String {
    let mut bare = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    let mut text = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    for (wide, narrow) in [
        (" {", "{"),
        ("{ ", "{"),
        ("} ", "}"),
        (" }", "}"),
        ("; ", ";"),
        (";}", "}"),
        (": ", ":"),
        (", ", ","),
        (" > ", ">"),
    ] {
        text = text.replace(wide, narrow);
    }
    text
}

/// Beginnings of blocks: the space before them is nobody's.
const BLOCKS: [&str; 10] =
    ["<li", "<p", "<div", "<ul", "<fieldset", "<section", "<form", "<label class=\"opt\"", "<header", "<main"];

/// Drops indentation and empty lines, which HTML does not see, and line breaks between blocks; `<pre>` and `<textarea>` are left as they are.
fn compact(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut kept_until: Option<&str> = None;
    for line in html.lines() {
        if let Some(end) = kept_until {
            text.push_str(line);
            text.push('\n');
            if line.contains(end) {
                kept_until = None;
            }
            continue;
        }
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if BLOCKS.iter().any(|block| line.starts_with(block)) && text.ends_with(">\n") {
            text.pop();
        }
        text.push_str(line);
        text.push('\n');
        kept_until = [("<pre", "</pre>"), ("<textarea", "</textarea>")]
            .into_iter()
            .find(|(start, end)| line.rfind(start).is_some_and(|at| !line[at..].contains(end)))
            .map(|(_, end)| end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Accent, compact, link, picture, small};

    #[test]
    fn addresses_from_outside_cannot_run_code() {
        for good in
            ["https://shop.example/x?a=1", "/pay/1", "?lang=en", "#email", "mailto:a@b.example", "tel:+79990000000"]
        {
            assert_eq!(link(good), good);
        }
        for bad in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            " javascript:x",
            "data:text/html,x",
            "//evil.example",
            "java\nscript:x",
            "/a\r\nb",
        ] {
            assert_eq!(link(bad), "#", "{bad}");
        }
        assert_eq!(picture(Some("https://x/y.png")), None);
        assert_eq!(picture(Some("data:image/svg+xml;base64,AAAA")), None);
    }

    #[test]
    fn a_partners_colour_keeps_the_button_readable() {
        for (colour, text) in [
            ("#ffdd2d", "#000"),
            ("#000000", "#fff"),
            ("#ffffff", "#000"),
            ("#1a56db", "#fff"),
            ("#777777", "#000"),
            ("#6f6f6f", "#fff"),
        ] {
            assert_eq!(Accent::parse(colour).unwrap().text, text, "{colour}");
        }
        for bad in ["red", "#fff", "#ffffff;}", "#gggggg", "#12345я"] {
            assert!(Accent::parse(bad).is_none());
        }
    }

    #[test]
    fn small_css_means_the_same() {
        assert_eq!(
            small(
                "/* x */ a b:hover , c {\n  color : red;\n  margin: 0 1px;\n}\n@media (a: b) and (c: d) { p > q { x: y; } }"
            ),
            "a b:hover ,c{color :red;margin:0 1px}@media (a:b) and (c:d){p>q{x:y}}"
        );
    }

    #[test]
    fn preformatted_text_keeps_its_shape() {
        assert_eq!(
            compact("  <p>\n\n  a</p>\n  <pre>{\n    1\n}</pre>\n   <b>x</b>\n <p>y</p>"),
            "<p>\na</p><pre>{\n    1\n}</pre>\n<b>x</b><p>y</p>\n"
        );
    }
}
