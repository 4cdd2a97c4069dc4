//! КИТ Онлайн: its double and the platform's connector, and the vendor's words as its public client writes them.

use axum::body::Body;
use connectors::till::kit_online::translate::sign;
use connectors::till::{FailureClass, TillAnswer, difference};
use domain::money::Money;
use domain::receipt::register::RegisterKind;
use domain::receipt::{Item, Payments, ReceiptDocument, Settlement};
use domain::tax::VatRate;
use serde_json::{Value, json};

use crate::documents::{advance, closing, correction, document, item, marked, prepayment, refund, sale};
use crate::spoken::{Spoken, failed};
use crate::support::BASE;

const KIND: RegisterKind = RegisterKind::KitOnline;

#[tokio::test]
async fn what_is_said_is_understood() {
    let spoken = Spoken::new(KIND).await;
    let (world, ffd) = (&spoken.world, spoken.register.ffd);
    let sale = sale(world, "sale", ffd);
    let first = spoken.says_all(&sale).await;
    let second = spoken.says_all(&refund(&sale, "refund")).await;
    assert_eq!((first.fiscal.document + 1, &first.fiscal.drive), (second.fiscal.document, &second.fiscal.drive));
    spoken.says_all(&prepayment(&sale, "prepayment")).await;
    spoken.says_all(&closing(&sale, "closing")).await;
    spoken.says_all(&advance(world, "advance", ffd)).await;
    let own = Item { principal: None, ..item(2_000, VatRate::Vat10) };
    let mut mixed = document(world, "mixed", ffd, vec![item(1_000, VatRate::None), own, item(3_000, VatRate::Vat0)]);
    mixed.payments = Payments { cash: Money::rub(1_000), ..Payments::electronic(Money::rub(5_000)) };
    mixed.buyer.contact = "+79261234567".into();
    spoken.says_all(&mixed).await;
    let credit = Item { settlement: Settlement::Credit, ..item(700, VatRate::Vat5) };
    let mut credit = document(world, "credit", ffd, vec![credit]);
    credit.payments = Payments { credit: credit.total, ..Payments::none(credit.total.zero()) };
    spoken.says_all(&credit).await;
}

#[tokio::test]
async fn what_it_has_no_words_for_goes_elsewhere() {
    let spoken = Spoken::new(KIND).await;
    let (world, ffd) = (&spoken.world, spoken.register.ffd);
    spoken.has_no_words_for(&document(world, "marked", ffd, vec![marked(1_000)])).await;
    spoken.has_no_words_for(&correction(&sale(world, "s", ffd), "correction")).await;
    let mut abroad = sale(world, "abroad", ffd);
    abroad.buyer.contact = "+375291234567".into();
    spoken.has_no_words_for(&abroad).await;
}

#[tokio::test]
async fn an_answer_that_got_lost_prints_nothing_twice() {
    let spoken = Spoken::new(KIND).await;
    let sale = sale(&spoken.world, "sale", spoken.register.ffd);
    assert_eq!(spoken.ask(&sale).await, TillAnswer::NotFound, "asking prints nothing");
    spoken.spoil(&["lost_answer"]).await;
    assert!(spoken.print(&sale).await.unwrap_err().may_have_happened());
    assert_eq!(spoken.print(&sale).await.unwrap(), TillAnswer::Waiting, "45, then its state");
    spoken.world.pass(2).await;
    let TillAnswer::Printed(first) = spoken.print(&sale).await.unwrap() else { panic!("not printed") };
    spoken.world.lose_answers(1);
    assert!(spoken.print(&sale).await.unwrap_err().may_have_happened());
    let TillAnswer::Printed(again) = spoken.print(&sale).await.unwrap() else { panic!("not printed") };
    assert_eq!(first, again);
}

#[tokio::test]
async fn failures_are_told_apart() {
    let spoken = Spoken::new(KIND).await;
    let of = |id: &str| sale(&spoken.world, id, spoken.register.ffd);
    spoken.spoil(&["failing_once", "expiring", "broken", "other_rate"]).await;
    let mut told = Vec::new();
    for id in ["a", "b", "c"] {
        let failed = spoken.fails(&of(id)).await;
        told.push((failed.class, failed.code));
    }
    let [passing, expired, broken] = ["55", "51", "5"].map(str::to_owned);
    let classes =
        [(FailureClass::Expired, passing), (FailureClass::Expired, expired), (FailureClass::Register, broken)];
    assert_eq!(told, classes, "an id is taken once: what passes goes under a new one");
    let other = spoken.printed(&of("d")).await;
    assert_eq!(difference(&of("d"), &other), None, "the protocol tells no rates");
    spoken.printed(&of("aa1")).await;
    let wrong = ReceiptDocument { total: Money::rub(1), ..of("e") };
    let refused = failed(spoken.print(&wrong).await.unwrap());
    assert_eq!((refused.class, refused.code.as_str()), (FailureClass::Document, "38"));
    for (name, value, code) in [("password", "x", "37"), ("login", "x", "33"), ("company_id", "1", "31")] {
        let refused = spoken.with(name, value).print(spoken.world.http(), &of("f"), "").await.unwrap();
        let refused = failed(refused);
        assert_eq!((refused.class, refused.code.as_str()), (FailureClass::Register, code));
    }
    assert_eq!(spoken.kept("f").await, None);
}

/// The check of the public client's own tests, as that client writes it.
#[tokio::test]
async fn the_public_clients_check_is_printed() {
    let spoken = Spoken::new(KIND).await;
    let credentials = &spoken.register.credentials;
    let company: u64 = credentials.of("company_id").parse().unwrap();
    let request = |id: &str| {
        let sign = sign(credentials.of("company_id"), credentials.of("password"), id);
        json!({ "CompanyId": company, "UserLogin": credentials.of("login"), "Sign": sign, "FiscalData": "1", "Link": "1" })
    };
    let subject = |name: &str, price: i64, quantity: Value, goods: u8| json!({ "SubjectName": name, "Price": price, "Quantity": quantity, "Tax": 6, "PayAttribute": 4, "GoodsAttribute": goods });
    let check = |id: &str, sum: i64| {
        json!({ "Request": request(id), "Check": {
            "CheckId": id, "CalculationType": 1, "TaxSystemType": 1, "Sum": sum, "Email": "noreply@yandex.ru",
            "Pay": { "CashSum": sum },
            "Subjects": [
                subject("Маракуйя", 2_500, json!(2.0), 1),
                subject("Курьерская доставка", 3_734, json!(1.0), 4),
            ],
        } })
    };
    let post = async |method: &str, body: Value| {
        let path = format!("{}/WebService.svc/{method}", spoken.register.address.as_ref().unwrap());
        let path = path.strip_prefix(BASE).unwrap().to_owned();
        let headers = [("content-type", "application/json; charset=utf-8")];
        spoken.world.ask("POST", &path, &headers, Body::from(body.to_string())).await.json()
    };
    let taken = post("SendCheck", check("bd1d4b71-4b3e-4c4e", 8_734)).await;
    assert_eq!((&taken["ResultCode"], taken["CheckQueueId"].is_u64()), (&json!(0), true));
    assert_eq!(post("SendCheck", check("bd1d4b71-4b3e-4c4e", 8_734)).await["ResultCode"], 45);
    assert_eq!(post("SendCheck", check("other", 8_735)).await["ResultCode"], 38);
    spoken.world.pass(2).await;
    let ask = json!({ "Request": request("bd1d4b71-4b3e-4c4e"), "CheckNumber": "bd1d4b71-4b3e-4c4e" });
    let state = post("StateCheck", ask).await;
    assert_eq!(
        (&state["CheckState"]["State"], state["FiscalData"]["Date"].as_str().unwrap().len()),
        (&json!(1000), 14)
    );
    let ask = json!({ "Request": request("bd1d4b71-4b3e-4c4e"), "CheckNumber": "other" });
    assert_eq!(post("StateCheck", ask).await["ResultCode"], 37, "signed for another check");
}
