//! What the buyer sees: request in; page, rows and redirects out.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use domain::details::{Language, Source};
use domain::id::{Mode, Tenant};
use domain::order::{Event, Status};
use support::{BASE_URL, BUYER_EMAIL, Fault, World, wish};
use workflows::orders::{OrderRequest, ReturnsRequest, ScenarioRequest};

const CONSENTS: [(&str, &str); 2] = [("consent_personal_data", "1"), ("consent_terms", "1")];

fn manual(number: &str) -> OrderRequest {
    let scenario = Some(ScenarioRequest { execution: Some("manual".into()), receipt: None });
    OrderRequest { scenario, ..wish(number) }
}

async fn csrf(world: &World, page: &str) -> String {
    world.get(page).await.input("csrf").unwrap()
}

#[tokio::test]
async fn a_buyer_pays_and_is_sent_back_to_the_shop() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let page = world.get(&world.page(&order)).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for said in ["ООО «Справка»", "7700000016", "Выписка ЕГРН", "3 000,00", "Оплатить", support::AGENT_NAME]
    {
        assert!(text.replace('\u{a0}', " ").contains(said), "{said}");
    }
    assert_eq!(
        (page.input("consent_personal_data"), page.input("consent_terms")),
        (None, None),
        "not ticked beforehand"
    );
    let policy = page.header("content-security-policy");
    assert!(policy.contains(&format!("form-action 'self' {BASE_URL};")), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");

    let done = world.pay(&order, "success").await;
    assert_eq!(done.status, 200);
    let (seconds, back) = done.refresh().unwrap();
    assert_eq!(seconds, 15);
    assert!(back.starts_with("https://shop.example/paid?") && back.contains("signature="), "{back}");
    assert!(done.text().contains("Оплата") && done.text().contains("Вернуться в магазин"));

    world.settle().await;
    let record = world.load(&order.id).await;
    let consent = record.details.consent.unwrap();
    assert_eq!((consent.address.as_str(), consent.user_agent.as_str()), ("203.0.113.7", "Mozilla/5.0 (test)"));
    let email = record.details.email.unwrap();
    assert_eq!((email.value.as_str(), email.source), (BUYER_EMAIL, Source::Buyer));
    assert_eq!(record.order.status(), Status::Fulfilled);

    let page = world.get(&world.page(&order)).await.text();
    for said in ["ФПД", "Оплата получена", "Заказ выполнен", "/d/"] {
        assert!(page.contains(said), "{said}");
    }
    // Coming from the bank's page again a moment later still leads to the shop.
    let again = world.get(&format!("{}/return", world.page(&order))).await;
    assert!(again.refresh().is_some() && again.text().contains("Вернуться в магазин"));
}

#[tokio::test]
async fn without_consents_nothing_is_written_and_what_was_typed_stays() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let page = world.page(&order);
    let csrf = csrf(&world, &page).await;
    let rows = world.table.all_items();
    let typed = [("csrf", csrf.as_str()), ("email", "ivanova@mail"), ("phone", "12"), ("channel_sms", "1")];
    let answer = world.post(&format!("{page}/pay"), &typed).await;
    assert_eq!(answer.status, 422);
    let text = answer.text();
    assert!(text.contains("Без согласия") && text.contains("Примите условия"), "{text}");
    assert_eq!(answer.input("email").as_deref(), Some("ivanova@mail"));
    assert_eq!(answer.input("phone").as_deref(), Some("12"));
    assert_eq!(answer.input("channel_sms").as_deref(), Some("1"), "stays ticked");
    assert_eq!(answer.input("channel_email"), None, "stays unticked");
    assert_eq!(world.table.all_items(), rows);
    // A reload of that page is a GET, which leads back to the order.
    assert_eq!(world.get(&format!("{page}/pay?lang=en")).await.location(), format!("{page}?lang=en"));
}

#[tokio::test]
async fn pressing_twice_pays_once() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let page = world.page(&order);
    let csrf = csrf(&world, &page).await;
    let fields: Vec<_> = [("csrf", csrf.as_str()), ("email", BUYER_EMAIL)].into_iter().chain(CONSENTS).collect();
    let path = format!("{page}/pay");
    let first = world.post(&path, &fields).await;
    let second = world.post(&path, &fields).await;
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.location(), second.location());
    world.pay_at_bank(&first.location(), "success").await;
    world.settle().await;
    // The button of a page that was left open leads to how the order stands.
    assert_eq!(world.post(&path, &fields).await.location(), page);
    assert_eq!(world.load(&order.id).await.order.operations.len(), 1);
}

#[tokio::test]
async fn a_form_that_is_not_ours_does_nothing() {
    let world = World::new().await;
    let (order, other) = (world.order(&wish("A-1")).await, world.order(&wish("A-2")).await);
    let page = world.page(&order);
    let foreign = csrf(&world, &world.page(&other)).await;
    let rows = world.table.all_items();
    for csrf in ["", "x", foreign.as_str()] {
        let fields: Vec<_> = [("csrf", csrf), ("email", BUYER_EMAIL)].into_iter().chain(CONSENTS).collect();
        assert_eq!(world.post(&format!("{page}/pay"), &fields).await.status, 403);
        assert_eq!(world.post(&format!("{page}/cancel"), &[("csrf", csrf)]).await.status, 403);
    }
    let json = world.api(http::Method::POST, &format!("{page}/pay"), "", "{}").await;
    assert_eq!(json.status, 415);
    assert_eq!(world.table.all_items(), rows);
}

#[tokio::test]
async fn a_token_that_is_not_ours_opens_nothing() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let page = world.page(&order);
    let tampered = page.replace("demoshop", "demoshoq");
    let other = page.replace("/c/", "/r/");
    let empty = world.get("/c/x").await;
    for path in [tampered.clone(), format!("{page}x"), other, page.replace("/c/", "/d/"), format!("{tampered}/return")]
    {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        let same =
            |text: String| text.replace(answer.header("x-request-id"), "").replace(empty.header("x-request-id"), "");
        assert_eq!(same(answer.text()), same(empty.text()), "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
    }
    for path in ["/nowhere", "/c/", "/c/a/b/c"] {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (404, "text/html; charset=utf-8"));
    }
    assert_eq!(world.post("/legal/terms", &[]).await.status, 405);
    assert_eq!(world.get("/c/a%0D%0Ax:%20y/pay").await.location(), "/c/a%0D%0Ax%3A%20y");
    assert_eq!(world.post(&format!("{page}/pay"), &[("email", &"x".repeat(70_000))]).await.status, 413);
}

#[tokio::test]
async fn a_page_is_read_in_the_language_that_was_chosen() {
    let world = World::new().await;
    let russian = world.order(&wish("A-1")).await;
    let english = world.order(&OrderRequest { language: Some("en".into()), ..wish("A-2") }).await;
    let lang =
        |text: String| if text.contains("<html lang=\"en\"") || text.contains("<html lang=en") { "en" } else { "ru" };
    assert_eq!(lang(world.get(&world.page(&english)).await.text()), "en");
    assert_eq!(lang(world.get(&format!("{}?lang=ru", world.page(&english))).await.text()), "ru");
    assert_eq!(lang(world.get_in(&world.page(&russian), "en").await.text()), "ru", "the order's language counts first");
    assert_eq!(lang(world.get_in("/nowhere", "en-GB,ru;q=0.1").await.text()), "en");
    assert_eq!(lang(world.get("/legal/terms?lang=en").await.text()), "en");
    assert_eq!(lang(world.get("/legal/personal-data").await.text()), "ru");
    // What is agreed to in English is on record in English.
    let page = world.get(&format!("{}?lang=en", world.page(&russian))).await;
    assert!(page.text().contains("Pay ") && page.text().contains("/legal/terms?lang=en"));
    let csrf = page.input("csrf").unwrap();
    let fields: Vec<_> = [("csrf", csrf.as_str()), ("email", BUYER_EMAIL)].into_iter().chain(CONSENTS).collect();
    assert_eq!(world.post(&format!("{}/pay?lang=en", world.page(&russian)), &fields).await.status, 303);
    let details = world.load(&russian.id).await.details;
    assert_eq!(details.language, Language::En);
    assert_eq!(details.consent.unwrap().terms.version, "2026-11-01.en");
}

#[tokio::test]
async fn a_form_filled_for_older_texts_is_shown_again() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let page = world.page(&order);
    let csrf = csrf(&world, &page).await;
    let rows = world.table.all_items();
    let fields: Vec<_> = [("csrf", csrf.as_str()), ("version", "2020-01-01"), ("email", BUYER_EMAIL)]
        .into_iter()
        .chain(CONSENTS)
        .collect();
    let answer = world.post(&format!("{page}/pay"), &fields).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("обновились") && answer.input("email").as_deref() == Some(BUYER_EMAIL));
    assert_eq!(world.table.all_items(), rows);
}

#[tokio::test]
async fn known_contacts_are_shown_and_not_asked() {
    let world = World::new().await;
    let mut wish = wish("A-1");
    wish.buyer.email = Some("ivanova@mail.example".into());
    wish.buyer.phone = Some("+79161234567".into());
    wish.channels = vec!["email".into()];
    let order = world.order(&wish).await;
    let page = world.get(&world.page(&order)).await;
    assert!(page.text().contains("iv•••@mail.example") && page.text().contains("+7916 ••• 4567"));
    for asked in ["email", "phone", "channel_email", "channel_sms"] {
        assert_eq!(page.input(asked), None, "{asked}");
    }
}

#[tokio::test]
async fn a_decline_says_why_and_another_card_pays() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let declined = world.pay(&order, "insufficient_funds").await;
    assert_eq!(declined.status, 200);
    assert!(declined.text().contains("На карте не хватает денег"), "{}", declined.text());
    assert_eq!(declined.input("consent_terms").as_deref(), Some("1"), "agreed already");
    let paid = world.pay(&order, "success").await;
    assert!(paid.refresh().is_some());
    assert_eq!(world.load(&order.id).await.order.operations.len(), 2);
}

#[tokio::test]
async fn silence_of_the_bank_is_not_a_payment() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    world.net.faults(|_| Some(Fault::NotDone));
    let silent = world.agree(&order).await;
    assert_eq!(silent.status, 503);
    assert!(silent.text().contains("Деньги не списаны"), "{}", silent.text());
    assert_eq!(world.get(&world.page(&order)).await.refresh(), Some((5, String::new())), "being checked");
    world.net.no_faults();
    // The bank never heard of it: the page asks, and the buyer may try again.
    let again = world.pay(&order, "success").await;
    assert!(again.text().contains("Вернуться в магазин"));
}

#[tokio::test]
async fn a_silent_success_is_found_by_looking() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let done = world.pay(&order, "silent").await;
    assert!(done.text().contains("Вернуться в магазин"), "{}", done.text());
    assert!(world.load(&order.id).await.order.has(Event::Captured));
}

#[tokio::test]
async fn an_unpaid_order_sends_the_buyer_back_by_itself() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let page = world.page(&order);
    assert_eq!(world.get(&page).await.refresh(), Some((1_201, String::new())));
    world.advance(1_200);
    for settled in [false, true] {
        if settled {
            world.settle().await;
        }
        let expired = world.get(&page).await;
        let (seconds, back) = expired.refresh().unwrap();
        assert_eq!(seconds, 5);
        assert!(back.starts_with("https://shop.example/failed?"), "{back}");
    }
    assert_eq!(world.status(&order.id).await, Status::Expired);
}

#[tokio::test]
async fn an_overdue_order_is_cancelled_by_two_presses() {
    let world = World::new().await;
    let order = world.order(&manual("A-1")).await;
    let page = world.page(&order);
    world.pay(&order, "success").await;
    world.settle().await;
    // Too early: the question is not even asked.
    assert_eq!(world.get(&format!("{page}/cancel")).await.location(), page);
    world.advance(3 * 86_400);
    world.settle().await;
    let overdue = world.get(&page).await;
    assert!(overdue.text().contains("/cancel/ask"), "{}", overdue.text());
    assert_eq!(
        world.post(&format!("{page}/cancel/ask?lang=en"), &[]).await.location(),
        format!("{page}/cancel?lang=en")
    );
    let question = world.get(&format!("{page}/cancel")).await;
    let csrf = question.input("csrf").unwrap();
    assert_eq!(world.status(&order.id).await, Status::Overdue);
    assert_eq!(world.post(&format!("{page}/cancel"), &[("csrf", &csrf)]).await.location(), page);
    assert_eq!(world.post(&format!("{page}/cancel"), &[("csrf", &csrf)]).await.location(), page, "twice is once");
    assert!(world.get(&page).await.text().contains("Вы отменили заказ"));
    world.settle().await;
    assert_eq!(world.status(&order.id).await, Status::Refunded);
    assert!(world.get(&page).await.text().contains("Деньги возвращены"));
}

#[tokio::test]
async fn receipt_and_result_open_by_their_links_only_and_the_result_for_thirty_days() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    world.pay(&order, "success").await;
    world.settle().await;
    let record = world.load(&order.id).await.order;
    let receipt = workflows::links::receipt_url(&world.ports.settings, &order.id, 1);
    let shown = world.get(&receipt).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text().contains(&record.receipts[0].fiscal.as_ref().unwrap().sign));
    let unknown = workflows::links::receipt_url(&world.ports.settings, &order.id, 9);
    assert_eq!(world.get(&unknown).await.status, 404);

    let (result, _) = workflows::execution::result_link(&world.ports, &record).unwrap();
    assert!(!record.has(Event::ResultOpened));
    assert_eq!(world.get(&result).await.status, 200);
    assert!(world.load(&order.id).await.order.has(Event::ResultOpened));
    let file = world.get(&format!("{result}/file")).await;
    if file.status == 200 {
        assert!(file.header("content-disposition").starts_with("attachment;"));
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert!(file.header("content-security-policy").contains("sandbox"));
    } else {
        assert_eq!(file.status, 404);
    }
    world.advance(30 * 86_400);
    for path in [result.clone(), format!("{result}/file")] {
        let gone = world.get(&path).await;
        assert_eq!((gone.status, gone.header("content-type")), (410, "text/html; charset=utf-8"));
    }
}

#[tokio::test]
async fn no_order_sends_a_buyer_to_a_foreign_site() {
    let world = World::new().await;
    let foreign = ReturnsRequest { success: Some("https://evil.example/".into()), failure: None };
    let wish = OrderRequest { returns: foreign, ..wish("A-1") };
    let made = Box::pin(workflows::orders::create(&world.ports, &world.shop, &wish, None)).await.unwrap();
    assert!(matches!(made, workflows::orders::Created::Invalid(_)));
}

#[tokio::test]
async fn a_partner_who_named_no_address_has_their_site_shown() {
    let world = World::new().await;
    let tenant = Tenant::try_new("plainshop", Mode::Test).unwrap();
    let mut partner = support::partner();
    partner.returns = domain::partner::Returns::default();
    world.enrol(&tenant, &partner).await;
    let made = Box::pin(workflows::orders::create(&world.ports, &tenant, &wish("A-1"), None)).await.unwrap();
    let workflows::orders::Created::Order { order, .. } = made else { panic!("{made:?}") };
    let done = world.pay(&order, "success").await;
    assert_eq!(done.refresh(), None);
    assert!(done.text().contains("href=\"https://shop.example\""));
}

#[tokio::test]
async fn the_button_may_lead_to_the_page_of_a_bank_of_another_name() {
    let world = World::new().await;
    let account = workflows::connect::double_account(
        workflows::connect::Family::Rbs,
        "https://bank.example".to_owned(),
        domain::acquiring::Credentials::default(),
    );
    let partner = domain::partner::Partner { accounts: vec![account], ..support::partner() };
    world.ports.store.put_partner(&world.shop, &partner).await.unwrap();
    let order = world.order(&wish("A-1")).await;
    let page = world.get(&world.page(&order)).await;
    // Chromium and Safari hold the redirect after a form to this list: without the bank in it nobody could pay.
    let policy = page.header("content-security-policy");
    assert!(policy.contains(&format!("form-action 'self' {BASE_URL} https:;")), "{policy}");
}
