//! A JSON body, read with care: what is wrong with it is told by a pointer to the place.

use std::fmt::Write;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::objects::Objects;
use crate::problem::{FieldError, Problem};

/// A body of `application/json` (or `…+json`) read as `T`. A type that says `deny_unknown_fields` refuses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type());
        }
        // The door has read the body to its limit; what fails here is a body longer than axum's own.
        let body = Bytes::from_request(request, state).await.map_err(|_| Problem::too_large())?;
        parse(&body).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    essence
        .is_some_and(|kind| kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")))
}

/// Reads JSON text: 400 when it is not JSON, 422 with a pointer when it is not a `T`.
///
/// # Errors
/// The problem to answer with.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Problem::malformed().detail(format!("the body is not UTF-8 from byte {} on", error.valid_up_to()))
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(Objects(&mut reader)).map_err(|error| {
        if error.inner().is_data() {
            Problem::unprocessable(vec![fault(error.path(), &place_left_out(error.inner()))])
        } else {
            not_json(error.inner())
        }
    })?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::malformed().detail(format!("the body is not JSON: {error}"))
}

/// serde's words without the line and column: the pointer says it better.
fn place_left_out(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]).to_owned()
}

/// A fault in our words. serde tells what is missing or unknown in its text only, and points to the object around it.
fn fault(path: &Path, said: &str) -> FieldError {
    let around = pointer(path);
    let named = |prefix: &str| {
        let name = said.strip_prefix(prefix)?.split('`').next()?;
        let token = format!("/{}", escaped(name));
        Some(if around.ends_with(&token) { around.clone() } else { around.clone() + &token })
    };
    if let Some(pointer) = named("missing field `") {
        FieldError::new(pointer, "missing", "обязательное поле", "this field is required")
    } else if let Some(pointer) = named("unknown field `") {
        FieldError::new(pointer, "unknown", "неизвестное поле", "this field is not known")
    } else {
        FieldError::new(around, "invalid", "неверное значение", said)
    }
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let _ = match segment {
            Segment::Seq { index } => write!(pointer, "/{index}"),
            Segment::Map { key } => write!(pointer, "/{}", escaped(key)),
            Segment::Enum { .. } | Segment::Unknown => Ok(()),
        };
    }
    pointer
}

/// A key as a token of a JSON pointer (RFC 6901, section 3).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::body::Body;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Order {
        number: String,
        lines: Vec<Line>,
        #[serde(default)]
        extra: BTreeMap<String, u8>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Line {
        price_minor: u32,
    }

    fn fault_of(body: &str) -> (String, &'static str) {
        let problem = parse::<Order>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.status, 422, "{problem:?}");
        (problem.errors[0].pointer.clone(), problem.errors[0].code)
    }

    #[test]
    fn a_fault_is_pointed_to() {
        let at = |pointer: &str, code| (pointer.to_owned(), code);
        assert_eq!(
            fault_of(r#"{"number":"1","lines":[{"price_minor":1},{"price_minor":"x"}]}"#),
            at("/lines/1/price_minor", "invalid")
        );
        assert_eq!(fault_of(r#"{"number":"1","lines":[{"price_minor":-5}]}"#), at("/lines/0/price_minor", "invalid"));
        assert_eq!(fault_of(r#"{"number":"1","lines":[{}]}"#), at("/lines/0/price_minor", "missing"));
        assert_eq!(
            fault_of(r#"{"number":"1","lines":[{"price_minor":1,"prize":2}]}"#),
            at("/lines/0/prize", "unknown")
        );
        assert_eq!(fault_of(r#"{"number":"1","lines":[],"a/b~c":1}"#), at("/a~1b~0c", "unknown"));
        assert_eq!(fault_of(r#"{"number":"1","lines":[],"extra":{"a/b":300}}"#), at("/extra/a~1b", "invalid"));
        assert_eq!(fault_of("{}"), at("/number", "missing"));
        assert_eq!(fault_of("[1]"), at("", "invalid"));
        assert_eq!(fault_of(r#"["1",[]]"#), at("", "invalid"));
        assert_eq!(fault_of(r#"{"number":"1","lines":[{"price_minor":1},[2]]}"#), at("/lines/1", "invalid"));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in [
            &b"{"[..],
            b"",
            b"{\"number\":}",
            b"\xff\xfe",
            b"{\"number\":\"\xff\"}",
            b"{\"number\":\"1\",\"lines\":[]} x",
        ] {
            let problem = parse::<Order>(body).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code), (400, "malformed"), "{body:?}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(parse::<serde_json::Value>(deep.as_bytes()).unwrap_err().status, 400);
    }

    #[tokio::test]
    async fn only_json_is_read() {
        let read = async |kind: &str| {
            let body = Body::from(r#"{"number":"1","lines":[]}"#);
            let request = Request::builder().header(CONTENT_TYPE, kind).body(body).unwrap();
            JsonBody::<Order>::from_request(request, &()).await
        };
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert_eq!(read(kind).await.unwrap().0.number, "1");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
            assert_eq!(read(kind).await.unwrap_err().status, 415, "{kind}");
        }
    }
}
