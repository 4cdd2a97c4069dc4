//! A partner and a buyer who know only addresses, as curl does.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and these helpers are no test functions themselves"
)]

use std::sync::Arc;

use bytes::Bytes;
use connectors::client::{Limits, ReqwestHttp};
use connectors::http::{Http, HttpError, Request, Response};
use http::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

/// Somebody at a stack's address.
#[derive(Clone)]
pub struct Caller {
    /// `http://localhost:PORT`.
    pub base_url: String,
    /// The partner's key.
    pub key: String,
    http: Arc<ReqwestHttp>,
    /// Answers received.
    pub answers: watch::Sender<usize>,
}

impl Caller {
    pub fn new(base_url: &str, key: &str) -> Self {
        let http = Arc::new(ReqwestHttp::new(true, Vec::new(), Limits { body_bytes: 1024 * 1024, ..Limits::STANDARD }));
        Self { base_url: base_url.to_owned(), key: key.to_owned(), http, answers: watch::Sender::new(0) }
    }

    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&'static str, &str)],
        body: String,
    ) -> Result<Response, HttpError> {
        let url = if url.starts_with('/') { format!("{}{url}", self.base_url) } else { url.to_owned() };
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let request = Request { method, url, headers, body: Bytes::from(body), partner_given: false };
        let answer = self.http.send(request).await;
        self.answers.send_modify(|answers| *answers += 1);
        answer
    }

    pub async fn page(&self, url: &str) -> Result<Response, HttpError> {
        self.send(Method::GET, url, &[], String::new()).await
    }

    pub async fn form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Response, HttpError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, url, &[("content-type", "application/x-www-form-urlencoded")], body).await
    }

    /// The API, or the sandbox, with the partner's key.
    pub async fn api(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value), HttpError> {
        let bearer = format!("Bearer {}", self.key);
        let mut headers = vec![("authorization", bearer.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let response = self.send(method, path, &headers, body.map(ToString::to_string).unwrap_or_default()).await?;
        Ok((response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null)))
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.page(path).await.unwrap();
        serde_json::from_slice(&response.body).unwrap_or_else(|_| panic!("{path}: {}", text(&response)))
    }

    pub async fn create(&self, number: &str, execution: &str) -> Result<Value, HttpError> {
        let order = json!({
            "number": number,
            "lines": [{ "name": "Выписка ЕГРН", "price": "3000.00" }],
            "scenario": { "execution": execution },
        });
        let (status, answer) = self.api(Method::POST, "/v1/orders", Some(&order)).await?;
        assert!(matches!(status, 200 | 201) || status >= 500, "{status} {answer}");
        Ok(answer)
    }

    /// Pays at the checkout page with a test card; stops where an answer is not what leads on.
    pub async fn pay(&self, checkout_url: &str, card: &str) -> Result<(), HttpError> {
        let shown = self.page(checkout_url).await?;
        let Some(csrf) = field(&text(&shown), "csrf") else { return Ok(()) };
        let fields = [
            ("csrf", csrf.as_str()),
            ("email", "ivanova@example.com"),
            ("channel_email", "1"),
            ("consent_personal_data", "1"),
            ("consent_terms", "1"),
        ];
        let paid = self.form(&format!("{checkout_url}/pay"), &fields).await?;
        let Some(bank) = location(&paid).filter(|url| url.contains("/sandbox/bank/pay/")) else { return Ok(()) };
        let chosen = self.form(&bank, &[("card", card)]).await?;
        let Some(mut next) = location(&chosen) else { return Ok(()) };
        if card == "challenge" {
            let confirmed = self.form(&format!("{bank}/challenge"), &[("code", "111111")]).await?;
            next = location(&confirmed).unwrap_or(next);
        }
        self.page(&next).await.map(|_| ())
    }

    pub async fn order(&self, id: &str) -> Value {
        let (status, order) = self.api(Method::GET, &format!("/v1/orders/{id}"), None).await.unwrap();
        assert_eq!(status, 200, "{order}");
        order
    }

    pub async fn advance(&self, seconds: i64) {
        let body = json!({ "advance_seconds": seconds });
        let (status, answer) = self.api(Method::POST, "/sandbox/clock", Some(&body)).await.unwrap();
        assert_eq!(status, 200, "{answer}");
    }

    /// Waits until nothing is under way.
    pub async fn quiet(&self) {
        for _ in 0..6 {
            let now = self.json("/local/quiet.json?wait_seconds=8").await;
            if now["quiet"] == true {
                assert_eq!(now["dead_letters"], json!([]), "{now}");
                return;
            }
        }
        panic!("never quiet: {}", self.json("/local/quiet.json").await);
    }
}

pub fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// Where an answer sends the browser.
pub fn location(response: &Response) -> Option<String> {
    response.header("location").map(ToOwned::to_owned)
}

/// The value of a form's hidden field.
pub fn field(html: &str, name: &str) -> Option<String> {
    let after = html.split_once(&format!("name=\"{name}\" value=\""))?.1;
    Some(after.split_once('"')?.0.to_owned())
}
