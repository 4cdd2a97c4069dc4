//! Partners do not see each other; test and live do not either; a repeated request makes nothing twice.

use std::sync::Arc;

use domain::order::Status;
use domain::partner::Partner;
use http::Method;
use insta::assert_snapshot;
use storage::store::Store;
use workflows::orders::Created;

use crate::story::{HOUR, Story, tenant, with_email};

#[tokio::test]
async fn the_test_clock_of_one_partner_does_not_move_anothers() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let other = tenant("othershop.t");
    story.world.enrol(&other, &support::partner()).await;
    let created = workflows::orders::create(&story.world.ports, &other, &with_email("A-1"), None).await.unwrap();
    let Created::Order { order: theirs, .. } = created else { panic!("{created:?}") };
    story.tell("the demo partner moves their clock by an hour").await;
    let moved = story.world.advance_shop(HOUR).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Expired);
    assert_eq!(story.status(&theirs).await, Status::Awaiting);
    let now = workflows::clock::now(&story.world.ports, &other).await.unwrap();
    assert_eq!(now, domain::time::whole_seconds(story.world.ports.clock.now()));
    story.note("the other partner's order of the same number still awaits its payment").await;
    story.tell("the other partner's buyer pays").await;
    story.world.pay(&theirs, "success").await;
    story.settles().await;
    assert_eq!(story.status(&theirs).await, Status::Fulfilled);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn keys_see_their_own_tenants_orders_and_no_others() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let (other, live) = (tenant("othershop.t"), tenant("demoshop.l"));
    let others_key = story.world.enrol(&other, &support::partner()).await;
    let live_key = story.world.enrol(&live, &support::partner()).await;
    assert!(live_key.contains("_live_") && story.world.key.contains("_test_"));
    let never = domain::id::OrderId::new(story.world.shop.clone(), "never", story.world.ports.clock.now());
    for (whose, key) in [("another partner's", &others_key), ("the live", &live_key)] {
        for path in ["", "/deliveries", "/ledger"] {
            let theirs = story.api(key, Method::GET, &format!("/v1/orders/{}{path}", order.id), &[], "").await;
            let nobodys = story.api(key, Method::GET, &format!("/v1/orders/{never}{path}"), &[], "").await;
            assert_eq!((theirs.status, nobodys.status), (404, 404));
            assert_eq!(masked(&theirs.text, &order.id.to_string()), masked(&nobodys.text, &never.to_string()));
        }
        let found = story.api(key, Method::GET, "/v1/orders?number=A-1", &[], "").await;
        assert_eq!(found.body["orders"], serde_json::json!([]), "{}", found.text);
        let replay =
            story.api(key, Method::POST, &format!("/v1/orders/{}/deliveries/1/replay", order.id), &[], "").await;
        assert_eq!(replay.status, 404);
        story.note(format!("with {whose} key the order is not there, as if it had never been")).await;
    }
    story.tell("the partner asks for a live order, and no bank is connected").await;
    let body = serde_json::to_string(&with_email("L-1")).unwrap();
    let refused = story.api(&live_key, Method::POST, "/v1/orders", &[], &body).await;
    story.note(format!("answered {} {}", refused.status, refused.body["code"])).await;
    assert!((400..500).contains(&refused.status));
    let found = story.api(&live_key, Method::GET, "/v1/orders?number=L-1", &[], "").await;
    assert_eq!(found.body["orders"], serde_json::json!([]));
    for key in ["", "ak_test_demoshop_guess", "ak_live_demoshop_guess"] {
        assert_eq!(story.api(key, Method::GET, "/v1/orders", &[], "").await.status, 401);
    }
    assert_snapshot!(story.ends().await);
}

/// A refusal without what differs from request to request.
fn masked(text: &str, id: &str) -> String {
    let mut body: serde_json::Value = serde_json::from_str(&text.replace(id, "<id>")).unwrap();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
        body.remove("requestId");
        body.remove("instance");
    }
    body.to_string()
}

#[tokio::test]
async fn a_repeated_creation_makes_one_order() {
    let mut story = Story::begins().await;
    let key = story.world.key.clone();
    let body = serde_json::to_string(&with_email("A-1")).unwrap();
    let idempotent = [("idempotency-key", "the-partners-own-key")];
    let first = story.api(&key, Method::POST, "/v1/orders", &idempotent, &body).await;
    assert_eq!(first.status, 201, "{}", first.text);
    story.note("the first request is answered 201").await;
    let again = story.api(&key, Method::POST, "/v1/orders", &idempotent, &body).await;
    assert_eq!((again.status, &again.body["id"]), (200, &first.body["id"]));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    story.note("the same again 200, with the same order").await;
    let without = story.api(&key, Method::POST, "/v1/orders", &[], &body).await;
    assert_eq!((without.status, &without.body["id"]), (200, &first.body["id"]));
    story.note("the same without the key 200: the number says it").await;
    let other = serde_json::to_string(&with_email("A-2")).unwrap();
    let reused = story.api(&key, Method::POST, "/v1/orders", &idempotent, &other).await;
    assert_eq!(reused.status, 422, "{}", reused.text);
    story.note(format!("the key with another body {} {}", reused.status, reused.body["code"])).await;
    let mut dearer = with_email("A-1");
    dearer.lines[0].price = "1.00".to_owned();
    let taken = story.api(&key, Method::POST, "/v1/orders", &[], &serde_json::to_string(&dearer).unwrap()).await;
    assert_eq!(taken.status, 409, "{}", taken.text);
    story.note(format!("the number with another body {} {}", taken.status, taken.body["code"])).await;
    let all = story.api(&key, Method::GET, "/v1/orders", &[], "").await;
    assert_eq!(all.body["orders"].as_array().unwrap().len(), 1);
    story.tell("two servers of the partner make the same order at once").await;
    let wish = with_email("A-3");
    let (left, right) = tokio::join!(
        workflows::orders::create(&story.world.ports, &story.world.shop, &wish, Some("k")),
        workflows::orders::create(&story.world.ports, &story.world.shop, &wish, Some("k")),
    );
    let id = |created: Created| match created {
        Created::Order { order, .. } => order.id.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(id(left.unwrap()), id(right.unwrap()));
    story.note("both get the same").await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn what_an_account_leaves_out_is_what_is_stored_and_not_what_was_at_hand() {
    let story = Story::begins().await;
    let (world, shop) = (&story.world, &story.world.shop);
    let path = "/v1/operator/partners/demoshop/test/accounts";
    let set = async |credentials: &str| {
        let body = format!(r#"{{"accounts": [{{"id": "main", "bank": "sberbank"{credentials}}}]}}"#);
        world.api(Method::PUT, path, support::OPERATOR_TOKEN, &body).await.status
    };
    assert_eq!(set(r#", "credentials": {"user": "shop-api", "password": "old"}"#).await, 200);
    let now = world.ports.clock.now();
    world.ports.store.partner(shop, now).await.unwrap().unwrap();
    // Another function sets a new password; this one still has the settings of before at hand.
    let elsewhere = Store::new(Arc::new(world.table.clone()));
    let renew = |partner: Option<Partner>| {
        let mut partner = partner?;
        partner.accounts[0].credentials.0.insert("password".to_owned(), "new".to_owned());
        Some((partner, ()))
    };
    elsewhere.change_partner(shop, renew).await.unwrap().unwrap();
    assert_eq!(set("").await, 200);
    let stored = elsewhere.partner(shop, now).await.unwrap().unwrap();
    assert_eq!(stored.accounts[0].credentials.of("password"), "new");
}
