//! Bodies and addresses as partners send them: JSON told from what is not, and URLs that lead to the public web.

use axum::extract::{FromRequest, Request};
use domain::partner::origin;
use runtime::{JsonBody, Problem};
use serde::de::DeserializeOwned;
use url::{Host, Url};

use crate::problems::{self, Refused};

/// Characters of an address, at most.
pub const URL_CHARACTERS_MAX: usize = 500;

/// Last labels of names that are nobody's on the public web (RFC 6761, RFC 6762, RFC 8375, and what networks use inside).
const INNER_SUFFIXES: [&str; 9] =
    [".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".test", ".home.arpa"];

/// A JSON body. What is not JSON at all has a code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        match JsonBody::from_request(request, state).await {
            Ok(JsonBody(value)) => Ok(Self(value)),
            Err(problem) if problem.code == Problem::malformed().code => {
                Err(Problem { detail: problem.detail, ..problems::json_malformed() }.into())
            }
            Err(problem) => Err(problem.into()),
        }
    }
}

/// Why an address is not taken: a stable code, Russian, English.
pub type Fault = (&'static str, &'static str, &'static str);

/// Whether people's browsers may be sent to an address: `https` and well-formed; plain `http` too where `lenient`.
///
/// # Errors
/// Why not.
pub fn address(text: &str, lenient: bool) -> Result<Url, Fault> {
    const FAULT: Fault =
        ("url", "Нужен адрес https://…, не длиннее 500 символов.", "An https URL of at most 500 characters.");
    let plain =
        text.chars().count() <= URL_CHARACTERS_MAX && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let url = Url::parse(text).ok().filter(|_| plain && origin(text).is_some()).ok_or(FAULT)?;
    let scheme = url.scheme() == "https" || (lenient && url.scheme() == "http");
    let anonymous = url.username().is_empty() && url.password().is_none();
    if scheme && anonymous { Ok(url) } else { Err(FAULT) }
}

/// Whether webhooks may be sent to an address: an `https` address of a public name; any web address where `lenient`. Where the
/// name leads to is looked at again with every webhook.
///
/// # Errors
/// Why not.
pub fn endpoint(text: &str, lenient: bool) -> Result<(), Fault> {
    let url = address(text, lenient)?;
    let public = match url.host() {
        Some(Host::Domain(name)) => is_public_name(name),
        // No certificate authority a receiver would use vouches for a bare address.
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => false,
    };
    if public || lenient {
        Ok(())
    } else {
        Err(("private_host", "Нужно публичное доменное имя.", "The host must be a public domain name."))
    }
}

fn is_public_name(name: &str) -> bool {
    let bare = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    bare.contains('.') && !INNER_SUFFIXES.iter().any(|suffix| bare.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_go_to_public_names_only() {
        for text in ["https://shop.example/hook", "https://shop.example:8443/hook?a=1", "https://магазин.рф/hook"]
        {
            // A name outside ASCII must be sent in its xn-- form: everybody reads that the same way.
            assert_eq!(endpoint(text, false).is_ok(), text.is_ascii(), "{text}");
        }
        for text in [
            "http://shop.example/hook",
            "https://localhost/hook",
            "https://10.0.0.1/hook",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/hook",
            "https://8.8.8.8/",
            "https://printer.local/",
            "https://x.localhost./",
            "https://metadata.google.internal/",
            "https://user:pass@shop.example/",
            "https://shop.example/a b",
            "ftp://shop.example/",
            "javascript:alert(1)",
            "",
            "https://",
        ] {
            assert!(endpoint(text, false).is_err(), "{text}");
        }
        assert!(endpoint(&format!("https://shop.example/{}", "a".repeat(500)), false).is_err());
        assert!(endpoint("http://127.0.0.1:9000/hook", true).is_ok());
        assert!(endpoint("ftp://127.0.0.1/", true).is_err());
    }
}
