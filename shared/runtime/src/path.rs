//! Parts of an address. What no part can be names nothing there is: not found, as any other name of nothing.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The variable parts of a route's path, as axum reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(request: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::from_request_parts(request, state).await;
        read.map(|axum::extract::Path(parts)| Self(parts)).map_err(|_| Problem::not_found())
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use http::Request;
    use http::header::CONTENT_TYPE;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_is_no_part_is_not_found() {
        let years = Router::new()
            .route("/{shop}/{year}", get(async |Path((shop, year)): Path<(String, u16)>| format!("{shop} {year}")));
        let ask = async |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            years.clone().oneshot(request).await.unwrap()
        };
        assert_eq!(ask("/a/2026").await.status(), 200);
        for path in ["/a/-1", "/a/70000", "/a/x", "/%FF/2026"] {
            let answer = ask(path).await;
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()[CONTENT_TYPE]),
                (404, &"application/problem+json".parse().unwrap()),
                "{path}"
            );
        }
    }
}
