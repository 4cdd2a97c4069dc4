//! The sandbox executor and the test clock through their doors.

use std::sync::atomic::Ordering;

use crate::support::{BASE, World};
use connectors::fulfilment::sandbox::SandboxExecutor;
use connectors::fulfilment::{CancelAnswer, ExecutionOutcome, Executor as _, Job, ResultContent};
use domain::details::{ExecutionScenario, Line, Subject};
use domain::id::{Mode, OrderId, Tenant};
use domain::money::Money;
use domain::tax::VatRate;

fn executor(world: &World) -> SandboxExecutor {
    SandboxExecutor::new(BASE, &world.tenant, world.secret("executor"), world.now())
}

fn order(world: &World) -> OrderId {
    OrderId::new(world.tenant.clone(), "A-1", world.now())
}

async fn hand_over(world: &World, scenario: ExecutionScenario) -> bool {
    let line = Line {
        name: "Выписка ЕГРН".into(),
        price: Money::rub(300_000),
        quantity: "1".parse().unwrap(),
        amount: Money::rub(300_000),
        vat: VatRate::None,
        subject: Subject::Service,
        particulars: domain::details::Particulars::default(),
    };
    let job = Job {
        order: OrderId::new(
            world.tenant.clone(),
            "A-1",
            domain::time::Timestamp::from_second(crate::support::START).unwrap(),
        ),
        number: "A-1".into(),
        lines: vec![line],
        email: Some("buyer@mail.test".into()),
        phone: None,
        metadata: Some("{}".into()),
        scenario,
        callback_url: "https://pay.test/callbacks/execution/x".into(),
    };
    executor(world).hand_over(world.http(), &job).await.unwrap().again
}

fn told(world: &World) -> Vec<ExecutionOutcome> {
    let executor = executor(world);
    let heard = world.heard();
    heard.iter().map(|heard| executor.callback(world.now(), &heard.headers, &heard.body).unwrap().outcome).collect()
}

async fn bearer(world: &World, tenant: &Tenant) -> String {
    format!("Bearer {}", workflows::access::issue_key(&world.ports, tenant).await.unwrap())
}

async fn post(world: &World, path: &str, bearer: &str, body: &str) -> crate::support::Answer {
    world.ask("POST", path, &[("authorization", bearer)], body.to_owned()).await
}

#[tokio::test]
async fn automatic_reports_by_itself_and_once() {
    let world = World::new();
    assert!(!hand_over(&world, ExecutionScenario::Automatic).await);
    assert!(hand_over(&world, ExecutionScenario::Automatic).await);
    world.drain().await;
    world.drain().await;
    let told_now = told(&world);
    let [ExecutionOutcome::Fulfilled { result: ResultContent::Text(text) }] = told_now.as_slice() else {
        panic!("{told_now:?}")
    };
    assert!(text.contains("A-1") && text.contains("Выписка ЕГРН"), "{text}");
    world.pass(100_000).await;
    assert_eq!(told(&world), []);
    assert_eq!(executor(&world).cancel(world.http(), &order_at_start(&world)).await.unwrap(), CancelAnswer::TooLate);
}

fn order_at_start(world: &World) -> OrderId {
    OrderId::new(world.tenant.clone(), "A-1", domain::time::Timestamp::from_second(crate::support::START).unwrap())
}

#[tokio::test]
async fn a_lost_message_is_found_by_the_sweep_and_failing_fails() {
    let world = World::new();
    hand_over(&world, ExecutionScenario::Failing).await;
    world.lose_messages();
    world.pass(60).await;
    assert!(matches!(told(&world).as_slice(), [ExecutionOutcome::Failed { .. }]));
}

#[tokio::test]
async fn manual_waits_to_be_told() {
    let world = World::new();
    let bearer = bearer(&world, &world.tenant).await;
    let order = order(&world);
    let path = format!("/sandbox/executions/{order}/fulfil");
    assert_eq!(post(&world, &path, &bearer, "").await.status, 404, "not handed over yet");
    hand_over(&world, ExecutionScenario::Manual).await;
    world.pass(100_000).await;
    world.drain().await;
    assert_eq!(told(&world), []);
    let bad = r#"{"result":{"kind":"link","url":"javascript:alert(1)"}}"#;
    let answer = post(&world, &path, &bearer, bad).await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &"/result/url".into()));
    let good = r#"{"result":{"kind":"file","name":"a.pdf","media_type":"application/pdf","base64":"JVBERg=="}}"#;
    let answer = post(&world, &path, &bearer, good).await;
    assert_eq!((answer.status, &answer.json()["report_status"]), (200, &200.into()));
    let file =
        ResultContent::File { name: "a.pdf".into(), media_type: "application/pdf".into(), base64: "JVBERg==".into() };
    assert_eq!(told(&world), [ExecutionOutcome::Fulfilled { result: file }]);
    let answer = post(&world, &path, &bearer, "").await;
    assert_eq!((answer.status, &answer.json()["code"]), (409, &"execution-ended".into()));
    let list = world.ask("GET", "/sandbox/executions", &[("authorization", &bearer)], "").await.json();
    assert_eq!(list["executions"][0]["state"], "fulfilled");
}

#[tokio::test]
async fn an_executor_that_did_not_listen_reports_after_the_cancellation() {
    let world = World::new();
    let bearer = bearer(&world, &world.tenant).await;
    let order = order(&world);
    let executor = executor(&world);
    assert_eq!(executor.cancel(world.http(), &order).await.unwrap(), CancelAnswer::NotFound);
    hand_over(&world, ExecutionScenario::Manual).await;
    for _ in 0..2 {
        assert_eq!(executor.cancel(world.http(), &order).await.unwrap(), CancelAnswer::Cancelled);
    }
    let path = format!("/sandbox/executions/{order}/fulfil");
    let answer = post(&world, &path, &bearer, "").await;
    assert_eq!((answer.status, &answer.json()["code"]), (409, &"execution-cancelled".into()));
    assert_eq!(told(&world), []);
    world.answers(&[Some(409)]);
    let answer = post(&world, &format!("{path}?force=1"), &bearer, "").await;
    assert_eq!((answer.status, &answer.json()["report_status"]), (200, &409.into()));
    assert!(matches!(told(&world).as_slice(), [ExecutionOutcome::Fulfilled { .. }]));
}

#[tokio::test]
async fn only_test_keys_and_only_ones_own_orders() {
    let world = World::new();
    hand_over(&world, ExecutionScenario::Manual).await;
    let path = format!("/sandbox/executions/{}/fulfil", order(&world));
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let other = Tenant::try_new("othershop", Mode::Test).unwrap();
    assert_eq!(post(&world, &path, "Bearer ak_test_demoshop_x", "").await.status, 401);
    let live = bearer(&world, &live).await;
    assert_eq!(post(&world, &path, &live, "").await.status, 403);
    assert_eq!(post(&world, "/sandbox/clock", &live, r#"{"advance_seconds":1}"#).await.status, 403);
    let other = bearer(&world, &other).await;
    assert_eq!(post(&world, &path, &other, "").await.status, 404);
    assert_eq!(told(&world), []);
}

#[tokio::test]
async fn the_page_opens_by_its_secret_address_only() {
    let world = World::new();
    hand_over(&world, ExecutionScenario::Manual).await;
    let url = sandbox::executor_page_url(&world.ports, &world.tenant);
    let path = url.strip_prefix(BASE).unwrap();
    let page = world.ask("GET", path, &[], "").await;
    assert_eq!(page.status, 200);
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert_eq!(
        world.ask("GET", "/sandbox/executor/demoshop~00000000000000000000000000000000", &[], "").await.status,
        404
    );
    let form = format!("job={}&decision=fulfil", order(&world));
    assert_eq!(world.form(path, &form).await.status, 303);
    assert!(matches!(told(&world).as_slice(), [ExecutionOutcome::Fulfilled { .. }]));
}

#[tokio::test]
async fn the_clock_moves_forward_and_what_is_due_happens() {
    let world = World::new();
    let bearer = bearer(&world, &world.tenant).await;
    hand_over(&world, ExecutionScenario::Failing).await;
    for body in [
        "",
        "{}",
        r#"{"advance_seconds":0}"#,
        r#"{"advance_seconds":-5}"#,
        r#"{"advance_seconds":34560001}"#,
        r#"{"advance_seconds":1.5}"#,
    ] {
        assert_eq!(post(&world, "/sandbox/clock", &bearer, body).await.status, 422, "{body}");
    }
    let answer = post(&world, "/sandbox/clock", &bearer, r#"{"advance_seconds":86400}"#).await;
    assert_eq!((answer.status, &answer.json()["ahead_seconds"]), (200, &86_400.into()));
    assert_eq!(world.swept.load(Ordering::SeqCst), 1);
    assert_eq!(told(&world).len(), 1, "signed by the real clock, or it would be stale");
    let now = world.ask("GET", "/sandbox/clock", &[("authorization", &bearer)], "").await.json();
    assert_eq!(now["ahead_seconds"], 86_400);
    let other = Tenant::try_new("othershop", Mode::Test).unwrap();
    let other = self::bearer(&world, &other).await;
    let theirs = world.ask("GET", "/sandbox/clock", &[("authorization", &other)], "").await.json();
    assert_eq!(theirs["ahead_seconds"], 0);
}
