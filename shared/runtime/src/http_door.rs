//! The door of HTTP functions: what every request brings and every answer carries, whatever is behind it.
//!
//! The same [`door`] stands on one machine, where there is no API Gateway in front.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use tower::ServiceExt;
use tracing::Instrument;
use workflows::ports::Ports;

use crate::problem::Problem;
use crate::reach::Reach;
use crate::start::StartError;

/// Bytes of a request's body, at most: the largest order has a few hundred lines.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a paper the operator's accountant loads, a bank's registry or statement: what a function may be sent, less what base64 adds.
pub const PAPER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The header that carries the request's id, in and out.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Headers of every answer that does not say otherwise. `same-origin` rather than `no-referrer`: the latter turns the `Origin`
/// of our own forms into `null`, and the cabinet compares it.
const COMMON_HEADERS: [(HeaderName, &str); 5] = [
    (STRICT_TRANSPORT_SECURITY, "max-age=63072000"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (X_FRAME_OPTIONS, "DENY"),
    (CACHE_CONTROL, "no-store"),
];

/// Serves HTTP until Lambda ends the process.
///
/// # Errors
/// The environment is not usable, or Lambda ended the conversation.
pub async fn serve_http<R: Reach>(build: impl FnOnce(Ports) -> Router) -> Result<(), StartError> {
    let router = door(build(crate::start::ports::<R>().await?));
    let service = ServiceExt::<lambda_http::Request>::map_request(router, unwrap_event);
    lambda_http::run(service.map_response(Exact)).await.map_err(StartError::Lambda)
}

/// An answer whose bytes arrive as they are. `lambda_http` by itself goes by the content type, and would send a file in CP1251 in UTF-8.
struct Exact(Response);

impl lambda_http::IntoResponse for Exact {
    fn into_response(self) -> Pin<Box<dyn Future<Output = http::Response<lambda_http::Body>> + Send>> {
        Box::pin(async move {
            let (parts, body) = self.0.into_parts();
            let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let body = match String::from_utf8(bytes.into()) {
                Ok(text) => lambda_http::Body::Text(text),
                Err(other) => lambda_http::Body::Binary(other.into_bytes()),
            };
            http::Response::from_parts(parts, body)
        })
    }
}

/// The door before a router: a request id, the caller's address, a limit to the body, common headers, problems in one form, and
/// a panic that ends one request only.
pub fn door(router: Router) -> Router {
    router.layer(axum::middleware::from_fn(pass))
}

/// Id of a request: Lambda's, or the header's, or a random one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(request_id(&parts.headers, &parts.extensions))
    }
}

/// Network address of the caller, as API Gateway saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(pub String);

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(client_address(&parts.headers, &parts.extensions)))
    }
}

/// Network address of the caller: API Gateway's word where it stands in front, and only else the header of the one-machine
/// stack, which anyone could send; `unknown` without either.
pub fn client_address(headers: &HeaderMap, extensions: &Extensions) -> String {
    if let Some(ClientAddress(address)) = extensions.get() {
        return address.clone();
    }
    headers
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(',').next())
        .and_then(|first| first.trim().parse::<std::net::IpAddr>().ok())
        .map_or_else(|| "unknown".to_owned(), |address| address.to_string())
}

fn request_id(headers: &HeaderMap, extensions: &Extensions) -> RequestId {
    if let Some(id) = extensions.get::<RequestId>() {
        return id.clone();
    }
    let given = headers.get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok()).filter(|id| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    RequestId(given.map_or_else(crate::ids::random_hex::<8>, ToOwned::to_owned))
}

/// What API Gateway wraps around a request, put where the door looks for it; and the path without the stage, which both API
/// Gateway and `lambda_http` put before it unless the stage is `$default`.
fn unwrap_event(mut request: lambda_http::Request) -> lambda_http::Request {
    let id = request.lambda_context_ref().map(|context| RequestId(context.request_id.clone()));
    let (address, stage) = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => (context.http.source_ip.clone(), context.stage.clone()),
        _ => (None, None),
    };
    if let Some(id) = id {
        request.extensions_mut().insert(id);
    }
    request.extensions_mut().insert(ClientAddress(address.unwrap_or_else(|| "unknown".to_owned())));
    if let Some(bare) = stage.and_then(|stage| without_stage(request.uri(), &stage)) {
        *request.uri_mut() = bare;
    }
    request
}

fn without_stage(uri: &Uri, stage: &str) -> Option<Uri> {
    let rest = uri.path().strip_prefix('/')?.strip_prefix(stage)?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    let path = if rest.is_empty() { "/" } else { rest };
    let bare = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(bare.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

/// One request through the door. The path is not logged, a link's secret may be in it: the route's pattern is.
async fn pass(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers(), request.extensions());
    let address = ClientAddress(client_address(request.headers(), request.extensions()));
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(address);
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!("request", request_id = id.0, method = %request.method(), route);
    let answered = async {
        let response = match limited(request).await {
            Ok(request) => AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
                tracing::error!("a request ended in a panic");
                Problem::internal_logged().into_response()
            }),
            Err(problem) => problem.into_response(),
        };
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    };
    finish(answered.instrument(span).await, &id)
}

/// The request with its whole body read, if it is not too large.
async fn limited(request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // Registries and statements are loaded as text, at the operator's doors only.
    let paper = route.starts_with("/v1/operator/") && kind.starts_with("text/");
    let most = if paper { PAPER_BYTES_MAX } else { BODY_BYTES_MAX };
    match Limited::new(body, most).collect().await {
        Ok(read) => Ok(Request::from_parts(parts, Body::from(read.to_bytes()))),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large()),
        Err(_) => Err(Problem::malformed().detail("the body broke off")),
    }
}

/// The answer as it leaves: a problem with the request's id, common headers where nothing else is said.
fn finish(mut response: Response, id: &RequestId) -> Response {
    // What axum itself answers has no body.
    let bare = !response.headers().contains_key(CONTENT_TYPE);
    let problem = match response.status() {
        StatusCode::NOT_FOUND if bare => Some(Problem::not_found()),
        StatusCode::METHOD_NOT_ALLOWED if bare => Some(Problem::method_not_allowed()),
        _ => response.extensions_mut().remove::<Problem>(),
    };
    if let Some(problem) = problem {
        let headers = std::mem::take(response.headers_mut());
        response = problem.render(Some(&id.0));
        for (name, value) in &headers {
            // `content-type` and `content-length` are of the rendered one; `allow`, cookies and others stay.
            if !response.headers().contains_key(name) && name != http::header::CONTENT_LENGTH {
                response.headers_mut().append(name, value.clone());
            }
        }
    }
    let headers = response.headers_mut();
    for (name, value) in COMMON_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID_HEADER, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use serde_json::Value;

    use super::*;
    use crate::json_body::JsonBody;
    use crate::problem::tests::body;

    fn router() -> Router {
        async fn echo(JsonBody(value): JsonBody<Value>) -> String {
            value.to_string()
        }
        async fn panics() -> &'static str {
            panic!("card 4111")
        }
        async fn who(ClientAddress(address): ClientAddress, RequestId(id): RequestId) -> String {
            format!("{address} {id}")
        }
        door(
            Router::new()
                .route("/echo", post(echo))
                .route("/who", get(who))
                .route("/panics", get(panics))
                .route("/conflict", get(|| async { Problem::conflict("taken", "Taken", "Занято") }))
                .route("/cached", get(|| async { ([(CACHE_CONTROL, "max-age=60")], "style") })),
        )
    }

    async fn ask(request: http::request::Builder, body: impl Into<Body>) -> Response {
        router().oneshot(request.body(body.into()).unwrap()).await.unwrap()
    }

    async fn text(response: Response) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_answer_carries_the_common_headers_unless_it_says_otherwise() {
        let response = ask(Request::get("/cached"), "").await;
        let headers = response.headers();
        assert_eq!(headers[CACHE_CONTROL], "max-age=60");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        let response = ask(Request::get("/nowhere"), "").await;
        let headers = response.headers();
        assert_eq!(
            (&headers[CACHE_CONTROL], &headers[X_FRAME_OPTIONS]),
            (&"no-store".parse().unwrap(), &"DENY".parse().unwrap())
        );
        assert_eq!(headers[STRICT_TRANSPORT_SECURITY], "max-age=63072000");
        assert_eq!(headers[REFERRER_POLICY], "same-origin");
    }

    #[tokio::test]
    async fn what_is_nowhere_or_not_so_is_a_problem() {
        let response = ask(Request::get("/nowhere"), "").await;
        assert_eq!(response.status(), 404);
        assert_eq!(body(response).await["code"], "not_found");
        let response = ask(Request::get("/echo"), "").await;
        assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
        assert_eq!(body(response).await["code"], "method_not_allowed");
    }

    #[tokio::test]
    async fn a_problem_carries_the_id_of_its_request() {
        let response = ask(Request::get("/conflict").header(REQUEST_ID_HEADER, "abc-1"), "").await;
        assert_eq!(response.headers()[REQUEST_ID_HEADER], "abc-1");
        let told = body(response).await;
        assert_eq!((&told["instance"], &told["code"]), (&"urn:apikassa:request:abc-1".into(), &"taken".into()));
        let response = ask(Request::get("/conflict").header(REQUEST_ID_HEADER, "a b\"c"), "").await;
        assert_eq!(response.headers()[REQUEST_ID_HEADER].len(), 16, "a random one instead of an unfit one");
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_limit() {
        let json = |size: usize| format!("\"{}\"", "x".repeat(size - 2));
        let asked = || Request::post("/echo").header(CONTENT_TYPE, "application/json");
        assert_eq!(ask(asked(), json(BODY_BYTES_MAX)).await.status(), 200);
        let response = ask(asked(), json(BODY_BYTES_MAX + 1)).await;
        assert_eq!(response.status(), 413);
        assert_eq!(body(response).await["code"], "too_large");
        assert_eq!(ask(asked(), "{").await.status(), 400);
        assert_eq!(ask(Request::post("/echo"), "{}").await.status(), 415);
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_that_tells_nothing() {
        let response = ask(Request::get("/panics"), "").await;
        assert_eq!(response.status(), 500);
        let told = text(response).await;
        assert!(told.contains("\"code\":\"internal\"") && !told.contains("4111"), "{told}");
    }

    #[tokio::test]
    async fn the_callers_address_is_the_gateways_word() {
        let asked =
            || Request::get("/who").header("x-forwarded-for", "203.0.113.5, 10.0.0.1").header(REQUEST_ID_HEADER, "r");
        assert_eq!(text(ask(asked(), "").await).await, "203.0.113.5 r");
        assert_eq!(
            text(ask(asked().extension(ClientAddress("198.51.100.1".into())), "").await).await,
            "198.51.100.1 r"
        );
        assert_eq!(
            text(
                ask(Request::get("/who").header("x-forwarded-for", "<script>").header(REQUEST_ID_HEADER, "r"), "")
                    .await
            )
            .await,
            "unknown r"
        );
    }

    /// An event of API Gateway as the Lambda runtime hands it over, payload format 2.0.
    fn event(stage: &str, path: &str) -> lambda_http::Request {
        let event = serde_json::json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "a=1&b=%20",
            "cookies": ["one=1", "two=2"],
            "headers": { "host": "pay.example", "x-forwarded-for": "10.9.9.9" },
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "pay.example", "domainPrefix": "pay", "requestId": "gw",
                "routeKey": "$default", "stage": stage, "time": "21/Nov/2026:18:00:00 +0000", "timeEpoch": 1,
                "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7", "userAgent": "t" },
            },
            "isBase64Encoded": false,
        });
        unwrap_event(lambda_http::request::from_str(&event.to_string()).unwrap())
    }

    #[tokio::test]
    async fn bytes_leave_as_they_are_whatever_their_type() {
        const CP1251: &[u8] = &[0xCF, 0xEB, 0xE0, 0xF2];
        let leaving = async |bytes: &'static [u8]| {
            let headers = [(CONTENT_TYPE, "text/plain; charset=windows-1251")];
            lambda_http::IntoResponse::into_response(Exact((headers, bytes).into_response())).await
        };
        let response = leaving(CP1251).await;
        assert_eq!(response.headers()[CONTENT_TYPE], "text/plain; charset=windows-1251");
        assert!(matches!(response.body(), lambda_http::Body::Binary(bytes) if bytes == CP1251));
        assert!(matches!(leaving("Плат".as_bytes()).await.body(), lambda_http::Body::Text(text) if text == "Плат"));
    }

    #[tokio::test]
    async fn an_event_becomes_a_request_whatever_the_stage() {
        for (stage, path) in [("$default", "/who"), ("test", "/test/who"), ("test", "/who"), ("who", "/who/who")] {
            let request = event(stage, path);
            assert_eq!((request.uri().path(), request.uri().query()), ("/who", Some("a=1&b=%20")), "{stage} {path}");
            assert_eq!(request.headers()["cookie"], "one=1; two=2");
            let answer = ServiceExt::<lambda_http::Request>::oneshot(router(), request).await.unwrap();
            assert!(text(answer).await.starts_with("198.51.100.7 "), "the gateway's word, not the header's");
        }
        assert_eq!(event("test", "/testing").uri().path(), "/testing");
        assert_eq!(event("test", "/test/").uri().path(), "/");
    }
}
