//! The stack as a whole, in memory, spoken to over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

use std::path::Path;

use local::{Options, Running, start};
use serde_json::json;
use support::{Caller, field, location, text};

async fn stack() -> (Running, Caller) {
    let running = start(Options::in_memory()).await.unwrap();
    let caller = Caller::new(&running.base_url, &running.keys.test_key);
    (running, caller)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_from_its_link_to_the_payout() {
    let (running, caller) = stack().await;
    let order = caller.create("A-1", "automatic").await.unwrap();
    let id = order["id"].as_str().unwrap();
    caller.pay(order["checkout_url"].as_str().unwrap(), "success").await.unwrap();
    caller.quiet().await;
    assert_eq!(caller.order(id).await["status"], "fulfilled");

    let mail = caller.json("/local/mailbox.json?to=ivanova@example.com&channel=email").await;
    let messages = mail["messages"].as_array().unwrap();
    let with_receipt =
        messages.iter().find(|letter| letter["inline"].is_array()).expect("a letter with the receipt's QR");
    let no = &with_receipt["no"];
    let content_id = with_receipt["inline"][0]["content_id"].as_str().unwrap();
    let html = caller.page(&format!("/local/mailbox/{no}/html")).await.unwrap();
    assert!(!text(&html).contains("cid:") && text(&html).contains(&format!("/local/mailbox/{no}/inline/{content_id}")));
    let policy = html.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox") && !policy.contains("script"),
        "{policy}"
    );
    let picture = caller.page(&format!("/local/mailbox/{no}/inline/{content_id}")).await.unwrap();
    assert_eq!((picture.header("content-type"), &picture.body[1..4]), (Some("image/png"), &b"PNG"[..]));

    let heard = caller.json(&format!("/shop/webhooks.json?order={id}")).await;
    let events: Vec<_> = heard["webhooks"].as_array().unwrap().iter().map(|heard| &heard["body"]["type"]).collect();
    assert!(events.contains(&&json!("order.paid")) && events.contains(&&json!("order.fulfilled")), "{events:?}");

    caller.advance(3 * 24 * 3_600).await;
    caller.quiet().await;
    let order = caller.order(id).await;
    assert_eq!(order["status"], "paid_out", "{order}");
    let audited = caller.page("/local/audit.json").await.unwrap();
    assert_eq!(audited.status, 200, "{}", text(&audited));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buyer_buys_in_the_demo_shop_and_comes_back() {
    let (running, caller) = stack().await;
    assert!(text(&caller.page("/shop").await.unwrap()).contains("/shop/buy"));
    let bought = caller.form("/shop/buy", &[("good", "egrn"), ("csrf", "")]).await.unwrap();
    let checkout = location(&bought).unwrap_or_else(|| panic!("{} {}", bought.status, text(&bought)));
    assert!(field(&text(&caller.page(&checkout).await.unwrap()), "csrf").is_some(), "the checkout page");
    caller.pay(&checkout, "success").await.unwrap();
    caller.quiet().await;

    let seen = running.ports.clone();
    let order = workflows::links::open_checkout(&seen.settings, checkout.rsplit('/').next().unwrap()).unwrap();
    let seen = workflows::checkout::look(&seen, &order).await.unwrap();
    let back = workflows::checkout::return_url(&seen).unwrap();
    assert!(back.starts_with(&format!("{}/shop/return?", running.base_url)), "{back}");
    let returned = text(&caller.page(&back).await.unwrap());
    assert!(returned.contains("sign ok") && returned.contains("ivanova@example.com"), "{returned}");
    let forged = text(&caller.page(&back.replace("3000.00", "1.00")).await.unwrap());
    assert!(forged.contains("sign no"), "{forged}");
    assert_eq!(caller.form("/shop/webhook", &[("type", "order.paid")]).await.unwrap().status, 401);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_this_machine_opens_and_only_for_this_machine() {
    let (running, caller) = stack().await;
    for path in [
        "/",
        "/?lang=en",
        "/shop",
        "/shop/webhooks",
        "/local/mailbox",
        "/local/time",
        "/docs",
        "/openapi.json",
        "/docs/operator",
        "/openapi-operator.json",
        "/legal/terms",
    ] {
        let shown = caller.page(path).await.unwrap();
        assert_eq!(shown.status, 200, "{path}: {}", text(&shown));
        assert_eq!(shown.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    let executor = caller.page("/local/executions").await.unwrap();
    assert_eq!(caller.page(&location(&executor).unwrap()).await.unwrap().status, 200);
    for path in ["/nowhere", "/v1/nowhere", "/local/mailbox/1", "/callbacks/bank/sandbox/x"] {
        assert!(matches!(caller.page(path).await.unwrap().status, 401 | 404 | 405), "{path}");
    }
    let elsewhere = [("host", "evil.example")];
    let refused = caller.send(http::Method::GET, "/", &elsewhere, String::new()).await.unwrap();
    assert_eq!(refused.status, 421);
    assert!(!text(&refused).contains(&caller.key));
    for header in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let headers = [header, ("content-type", "application/x-www-form-urlencoded")];
        for (path, form) in [("/shop/buy", "good=egrn"), ("/local/time", "hours=1")] {
            let refused = caller.send(http::Method::POST, path, &headers, form.to_owned()).await.unwrap();
            assert_eq!(refused.status, 403, "{path} {header:?}");
        }
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_machine_moves_the_demo_shops_clock() {
    let (running, caller) = stack().await;
    let order = caller.create("A-1", "automatic").await.unwrap();
    let moved = caller.form("/local/time", &[("csrf", ""), ("hours", "1"), ("hours_custom", "12")]).await.unwrap();
    assert_eq!((moved.status, location(&moved).as_deref()), (303, Some("/local/time?moved=1")), "{}", text(&moved));
    assert_eq!(caller.order(order["id"].as_str().unwrap()).await["status"], "expired");
    let moved = caller.form("/local/time", &[("hours", "custom"), ("hours_custom", "12")]).await.unwrap();
    assert_eq!(location(&moved).as_deref(), Some("/local/time?moved=12"));
    assert_eq!(caller.form("/local/time", &[("hours", "-1")]).await.unwrap().status, 400);
    let (_, clock) = caller.api(http::Method::GET, "/sandbox/clock", None).await.unwrap();
    assert!((13 * 3_600 - 2..=13 * 3_600).contains(&clock["ahead_seconds"].as_i64().unwrap()), "{clock}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_has_one_stack_and_the_next_one_finds_everything() {
    let temporary = tempfile::tempdir().unwrap();
    let options = Options { data: Some(temporary.path().to_owned()), ..Options::in_memory() };
    let running = start(options.clone()).await.unwrap();
    assert!(matches!(start(options.clone()).await, Err(local::StartError::Taken(_))));
    let caller = Caller::new(&running.base_url, &running.keys.test_key);
    let order = caller.create("A-1", "manual").await.unwrap();
    caller.pay(order["checkout_url"].as_str().unwrap(), "success").await.unwrap();
    caller.quiet().await;
    let (letters, base_url) = (running.mailbox.letters().len(), running.base_url.clone());
    assert!(letters > 0);
    clean(temporary.path()).await; // while the stack runs
    running.stop().await;
    clean(temporary.path()).await;

    let again = start(options).await.unwrap();
    assert_eq!(
        (&again.base_url, again.mailbox.letters().len()),
        (&base_url, letters),
        "the port had last, the same mail"
    );
    assert_eq!(again.resumed, 0, "nothing was left");
    assert_eq!(caller.order(order["id"].as_str().unwrap()).await["status"], "executing");
    again.stop().await;
}

async fn clean(folder: &Path) {
    let report = local::audit::audit(folder, &indicatif::ProgressBar::hidden()).await.unwrap();
    assert!(report.is_clean() && report.orders == 1, "{report:?}");
}
