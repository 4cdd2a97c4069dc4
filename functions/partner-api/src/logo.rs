//! A partner's logo as it is sent: a small picture, whole, and nothing in it that does more than be looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::web::Fault;

/// Characters of the whole `data:` address, at most: it is kept in the partner's own row and goes into every receipt's page.
pub const CHARACTERS_MAX: usize = 8_192;

const FAULT: Fault = (
    "logo",
    "Картинка data:image/png;base64,… или data:image/svg+xml;base64,…, всего не длиннее 8192 символов.",
    "A picture as data:image/png;base64,… or data:image/svg+xml;base64,…, at most 8192 characters in all.",
);
const ACTIVE: Fault = (
    "logo_active",
    "SVG без скриптов, обработчиков, ссылок наружу и вложенных документов.",
    "An SVG without scripts, handlers, links to elsewhere and documents inside.",
);

/// What an SVG may not have: all that runs, that is loaded from elsewhere, or that is another document.
const REFUSED: [&str; 14] = [
    "<script",
    "<foreignobject",
    "<iframe",
    "<embed",
    "<object",
    "<image",
    "<animate",
    "<set",
    "<!doctype",
    "<!entity",
    "<?xml-stylesheet",
    "@import",
    "javascript:",
    "data:",
];

/// Whether a logo can be shown.
///
/// # Errors
/// Why not.
pub fn check(logo: &str) -> Result<(), Fault> {
    if logo.len() > CHARACTERS_MAX {
        return Err(FAULT);
    }
    let bytes = |encoded: &str| STANDARD.decode(encoded).map_err(|_| FAULT);
    if let Some(encoded) = logo.strip_prefix("data:image/png;base64,") {
        return if bytes(encoded)?.starts_with(b"\x89PNG\r\n\x1a\n") { Ok(()) } else { Err(FAULT) };
    }
    let encoded = logo.strip_prefix("data:image/svg+xml;base64,").ok_or(FAULT)?;
    let text = String::from_utf8(bytes(encoded)?).map_err(|_| FAULT)?.to_lowercase();
    if !text.contains("<svg") || !text.trim_end().ends_with("</svg>") {
        return Err(FAULT);
    }
    if is_still(&text) { Ok(()) } else { Err(ACTIVE) }
}

/// Whether nothing in an SVG, in lower case, runs or is fetched.
fn is_still(text: &str) -> bool {
    // Attributes are read with whatever white space stands around their names; entities may spell anything.
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" =", "=").replace("= ", "=");
    let pieces = || plain.split([' ', '"', '\'', '/']);
    let handler = pieces().any(|piece| piece.starts_with("on") && piece.contains('='));
    // Within the picture itself (`#gradient`) is no elsewhere.
    let elsewhere = plain.match_indices("href=").any(|(at, _)| {
        let value = plain[at + "href=".len()..].trim_start_matches(['"', '\'']);
        !value.starts_with('#')
    });
    let fetched = plain.match_indices("url(").any(|(at, _)| {
        let value = plain[at + "url(".len()..].trim_start_matches(['"', '\'', ' ']);
        !value.starts_with('#')
    });
    let spelled = plain.contains("&#");
    !handler && !elsewhere && !fetched && !spelled && REFUSED.iter().all(|refused| !plain.contains(refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> String {
        let text = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">{inside}</svg>");
        format!("data:image/svg+xml;base64,{}", STANDARD.encode(text))
    }

    fn code(logo: &str) -> &'static str {
        check(logo).err().map_or("", |(code, _, _)| code)
    }

    #[test]
    fn small_pictures_are_taken() {
        let png = format!("data:image/png;base64,{}", STANDARD.encode(b"\x89PNG\r\n\x1a\nIHDR"));
        let circle =
            "<linearGradient id=\"g\"/><circle r=\"4\" fill=\"url(#g)\"/><use href=\"#g\"/><text>only one</text>";
        for logo in [png, svg(circle)] {
            assert_eq!(check(&logo), Ok(()), "{logo}");
        }
    }

    #[test]
    fn what_is_no_small_picture_is_not_taken() {
        let gif = format!("data:image/gif;base64,{}", STANDARD.encode("GIF89a"));
        let not_png = format!("data:image/png;base64,{}", STANDARD.encode("<svg></svg>"));
        let large = svg(&"<g/>".repeat(1_600));
        let no_svg = format!("data:image/svg+xml;base64,{}", STANDARD.encode("<html></html>"));
        for logo in ["", "https://shop.example/logo.png", "data:image/png;base64,%", &gif, &not_png, &large, &no_svg] {
            assert_eq!(code(logo), "logo", "{logo}");
        }
    }

    #[test]
    fn a_picture_that_does_something_is_not_taken() {
        for inside in [
            "<script>alert(1)</script>",
            "<SCRIPT/>",
            "<g onload=\"alert(1)\"/>",
            "<g\nonLoad\t=\n'alert(1)'/>",
            "<g id=\"a\"onclick=\"x\"/>",
            "<a href=\"https://evil.example\"><g/></a>",
            "<a xlink:href = 'javascript:alert(1)'/>",
            "<a href=\"&#106;avascript:alert(1)\"/>",
            "<use href=\"other.svg#a\"/>",
            "<image href=\"#a\"/>",
            "<foreignObject/>",
            "<style>@import 'https://evil.example';</style>",
            "<rect fill=\"url( https://evil.example/x)\"/>",
            "<set attributeName=\"href\" to=\"x\"/>",
        ] {
            assert_eq!(code(&svg(inside)), "logo_active", "{inside}");
        }
    }
}
