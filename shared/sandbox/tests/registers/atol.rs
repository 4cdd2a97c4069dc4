//! The doubles of АТОЛ Онлайн v4 and v5 and of the dialect of v4 that Бизнес.Ру Чеки speaks.

use std::sync::Arc;

use connectors::till::{
    self, Failed, FailureClass, Printed, Question, Till, TillAnswer, TillCallback, TillError, Tokens, difference,
};
use domain::acquiring::Credentials;
use domain::money::Money;
use domain::receipt::register::{Register, RegisterKind};
use domain::receipt::{Ffd, Payments, ReceiptDocument, Subject};
use domain::tax::VatRate;
use sandbox::registers::{self, State};
use serde_json::{Value, json};

use crate::documents::{advance, closing, correction, document, item, marked, prepayment, principal, refund, sale};
use crate::support::{BASE, World};

const CALLBACK: &str = "https://pay.test/callbacks/till/demoshop.t/atol";
const KINDS: [RegisterKind; 3] = [RegisterKind::AtolV4, RegisterKind::AtolV5, RegisterKind::BusinessKassaV4];

/// A partner at one of the doubles.
struct Desk {
    world: World,
    register: Register,
    till: Box<dyn Till>,
    key: String,
}

impl Desk {
    async fn new(kind: RegisterKind) -> Self {
        let world = World::new();
        let key = format!("Bearer {}", workflows::access::issue_key(&world.ports, &world.tenant).await.unwrap());
        let shown = world.ask("GET", &door(kind), &[("authorization", &key)], "").await.json();
        let register = register(kind, &shown);
        let till = till::open(&register, &Arc::new(Tokens::default()), world.now()).unwrap();
        Self { world, register, till, key }
    }

    fn ffd(&self) -> Ffd {
        self.register.ffd
    }

    async fn faults(&self, next: &[&str]) {
        let path = format!("{}/faults", door(self.register.kind));
        let headers = [("authorization", self.key.as_str()), ("content-type", "application/json")];
        assert_eq!(self.world.ask("PUT", &path, &headers, json!({ "next": next }).to_string()).await.status, 200);
    }

    async fn send(&self, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
        self.till.print(self.world.http(), document, CALLBACK).await
    }

    async fn ask(&self, document: &ReceiptDocument) -> TillAnswer {
        let question = Question { document, callback_url: CALLBACK };
        self.till.ask(self.world.http(), question).await.unwrap()
    }

    /// Sent, and seen to its end.
    async fn ends(&self, document: &ReceiptDocument) -> TillAnswer {
        assert_eq!(self.send(document).await.unwrap(), TillAnswer::Waiting, "{}", document.external_id);
        self.world.pass(1).await;
        self.ask(document).await
    }

    async fn printed(&self, document: &ReceiptDocument) -> Box<Printed> {
        match self.ends(document).await {
            TillAnswer::Printed(printed) => {
                assert_eq!(difference(document, &printed), None);
                printed
            }
            other => panic!("{}: {other:?}", document.external_id),
        }
    }

    async fn kept(&self, id: &str) -> registers::Document {
        let (ports, tenant) = (&self.world.ports, &self.world.tenant);
        registers::find_by_external(ports, tenant, self.register.kind, id).await.unwrap().unwrap()
    }

    /// What the register read is what was sent, as far as its protocol carries it.
    async fn carried(&self, document: &ReceiptDocument) {
        let mut sent = document.clone();
        let read = self.kept(&document.external_id).await.content;
        // The service knows its user by ИНН and address for receipts alone.
        sent.agent = read.agent.clone();
        assert_eq!(document.agent.inn, read.agent.inn);
        if self.ffd() == Ffd::V1_05 {
            for item in &mut sent.items {
                // Of a code v4 carries the product and the serial number.
                if item.mark.is_none() {
                    // Without its code a marked unit is goods like any other.
                    item.subject = if item.subject == Subject::GoodsMarked { Subject::Goods } else { item.subject };
                }
                item.mark = item.mark.as_deref().map(|mark| mark.split('\u{1d}').next().unwrap().to_owned());
            }
        }
        assert_eq!(read, sent);
    }

    /// A request as the vendor's own users make it: status and answer.
    async fn raw(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let at = self.register.address.as_deref().unwrap().strip_prefix(BASE).unwrap();
        let version = if self.register.kind == RegisterKind::AtolV5 { "v5" } else { "v4" };
        let headers = [("content-type", "application/json; charset=utf-8"), ("token", token)];
        let answer = self.world.ask("POST", &format!("{at}/{version}/{path}"), &headers, body.to_string()).await;
        (answer.status, answer.json())
    }

    async fn token(&self) -> String {
        let of = |name: &str| self.register.credentials.of(name).to_owned();
        let (status, told) = self.raw("getToken", "", &json!({ "login": of("login"), "pass": of("password") })).await;
        assert_eq!((status, &told["error"]), (200, &Value::Null));
        told["token"].as_str().unwrap().to_owned()
    }
}

fn door(kind: RegisterKind) -> String {
    format!("/sandbox/registers/{}", kind.code())
}

fn register(kind: RegisterKind, shown: &Value) -> Register {
    let text = |name: &str| shown[name].as_str().unwrap().to_owned();
    Register {
        id: "atol".into(),
        kind,
        ffd: serde_json::from_value(shown["ffd"].clone()).unwrap(),
        priority: 0,
        enabled: true,
        owner: None,
        group: Some(text("group")),
        address: Some(text("address")),
        credentials: serde_json::from_value(shown["credentials"].clone()).unwrap(),
    }
}

type Spoil = fn(&mut ReceiptDocument);

fn class(answer: &TillAnswer) -> Option<FailureClass> {
    match answer {
        TillAnswer::Failed(Failed { class, .. }) => Some(*class),
        _ => None,
    }
}

#[tokio::test]
async fn every_kind_of_receipt_is_printed_as_it_was_sent() {
    for kind in KINDS {
        let desk = Desk::new(kind).await;
        let (world, ffd) = (&desk.world, desk.ffd());
        let sold = sale(world, "k-1", ffd);
        let own = domain::receipt::Item { principal: None, ..item(9_900, VatRate::None) };
        let other = item(10_000, VatRate::Vat10);
        let goods =
            domain::receipt::Item { name: "Книга".into(), subject: Subject::Goods, ..item(500, VatRate::Vat0) };
        let mixed = document(world, "k-7", ffd, vec![marked(100_000), own, other, goods, sold.items[0].clone()]);
        let split = Payments {
            cash: Money::rub(2),
            credit: Money::rub(10_000),
            electronic: Money::rub(5_000),
            ..Payments::none(Money::rub(0))
        };
        let mut all = vec![
            sold.clone(),
            refund(&sold, "k-2"),
            prepayment(&sold, "k-3"),
            closing(&sold, "k-4"),
            advance(world, "k-5", ffd),
            mixed.clone(),
            prepayment(&mixed, "k-8"),
            refund(&mixed, "k-9"),
            ReceiptDocument { external_id: "k-10".into(), payments: split, ..sold.clone() },
        ];
        if ffd == Ffd::V1_2 {
            all.extend([correction(&sold, "k-6"), correction(&refund(&mixed, "k-x"), "k-11")]);
        }
        for document in all {
            let printed = desk.printed(&document).await;
            let codes = document.items.iter().filter(|item| item.mark.is_some()).count();
            assert_eq!(printed.echo.marks.len(), if ffd == Ffd::V1_2 { codes } else { 0 });
            desk.carried(&document).await;
        }
    }
}

#[tokio::test]
async fn a_part_of_a_marked_unit_and_firms_are_carried_by_v5() {
    let desk = Desk::new(RegisterKind::AtolV5).await;
    let part = domain::receipt::Item { fraction: Some((1, 2)), ..marked(50_000) };
    let mut document = document(&desk.world, "p-1", Ffd::V1_2, vec![part]);
    document.buyer.name = Some("ООО «Покупатель»".into());
    document.buyer.inn = Some("7707083893".into());
    document.cashier =
        Some(domain::receipt::Cashier { name: "Иванова А. А.".into(), inn: Some("500100732259".into()) });
    document.sell_unchecked = true;
    desk.printed(&document).await;
    desk.carried(&document).await;
}

#[tokio::test]
async fn corrections_are_not_sent_where_they_have_no_items() {
    let desk = Desk::new(RegisterKind::AtolV4).await;
    let sold = sale(&desk.world, "c-1", Ffd::V1_05);
    let answer = desk.send(&correction(&sold, "c-2")).await.unwrap();
    assert_eq!(class(&answer), Some(FailureClass::Document));
    let (status, told) = desk.raw(&group(&desk, "sell_correction"), &desk.token().await, &json!({})).await;
    assert_eq!((status, &told["error"]["code"]), (400, &json!(31)));
}

fn group(desk: &Desk, path: &str) -> String {
    format!("{}/{path}", desk.register.group.as_deref().unwrap())
}

#[tokio::test]
async fn one_document_per_id_whatever_gets_lost() {
    for kind in KINDS {
        let desk = Desk::new(kind).await;
        desk.faults(&["lost_answer"]).await;
        let sold = sale(&desk.world, "l-1", desk.ffd());
        assert!(matches!(desk.send(&sold).await, Err(TillError::Unknown(_))));
        assert_eq!(desk.send(&sold).await.unwrap(), TillAnswer::Waiting, "known, not printed yet");
        desk.world.pass(1).await;
        let first = desk.send(&sold).await.unwrap();
        assert!(matches!(first, TillAnswer::Printed(_)));
        assert_eq!(desk.ask(&sold).await, first);
        let other = document(&desk.world, "l-1", desk.ffd(), vec![item(100, VatRate::None)]);
        assert_eq!(desk.send(&other).await.unwrap(), first, "the id has its one document");
        let second = desk.printed(&sale(&desk.world, "l-2", desk.ffd())).await;
        assert_eq!(second.fiscal.document, 3, "the shift's opening, the first, the second");
    }
}

#[tokio::test]
async fn a_callback_is_a_reason_to_ask() {
    for kind in KINDS {
        let desk = Desk::new(kind).await;
        desk.faults(&["expiring", "silent"]).await;
        let documents: Vec<_> = ["t-1", "t-2", "t-3"].map(|id| sale(&desk.world, id, desk.ffd())).into();
        for document in &documents {
            desk.send(document).await.unwrap();
        }
        desk.world.pass(1).await;
        let mut told = Vec::new();
        for heard in desk.world.heard() {
            assert_eq!((heard.method.as_str(), heard.url.as_str()), ("POST", CALLBACK));
            told.push(desk.till.callback(desk.world.now(), &heard.headers, &heard.body).unwrap());
        }
        told.sort_by_key(|told| told.external_id.clone());
        let unproved = |id: &str| TillCallback { external_id: id.into(), answer: None };
        assert_eq!(told, [unproved("t-1"), unproved("t-3")], "nobody tells of the second");
        assert!(matches!(desk.ask(&documents[1]).await, TillAnswer::Printed(_)));
        assert!(matches!(desk.ask(&documents[2]).await, TillAnswer::Printed(_)));
        desk.world.pass(10_000).await;
        assert!(desk.world.heard().is_empty(), "told once");
    }
}

#[tokio::test]
async fn failures_say_where_the_receipt_goes_next() {
    for kind in KINDS {
        let desk = Desk::new(kind).await;
        desk.faults(&["failing_once", "expiring", "broken", "mark_refused", "other_rate"]).await;
        let late = sale(&desk.world, "f-1", desk.ffd());
        assert_eq!(class(&desk.ends(&late).await), Some(FailureClass::Expired), "late in the queue");
        assert_eq!(class(&desk.send(&late).await.unwrap()), Some(FailureClass::Expired), "its id is spent");
        let spent = sale(&desk.world, "f-2", desk.ffd());
        assert_eq!(class(&desk.ends(&spent).await), Some(FailureClass::Expired));
        let broken = sale(&desk.world, "f-3", desk.ffd());
        assert_eq!(class(&desk.ends(&broken).await), Some(FailureClass::Register));
        let goods = document(&desk.world, "f-4", desk.ffd(), vec![marked(100_000)]);
        assert_eq!(class(&desk.ends(&goods).await), Some(FailureClass::Mark));
        // The service tells no rates: what it printed instead is not seen.
        desk.printed(&sale(&desk.world, "f-5", desk.ffd())).await;
        let State::Done(done) = desk.kept("f-5").await.state else { panic!("not printed") };
        assert_eq!(done.rates, [1]);
        desk.printed(&ReceiptDocument { external_id: "f-1a1".into(), ..late }).await;
    }
}

#[tokio::test]
async fn a_token_is_kept_and_renewed_once() {
    let desk = Desk::new(RegisterKind::AtolV5).await;
    desk.faults(&["session"]).await;
    desk.printed(&sale(&desk.world, "s-1", Ffd::V1_2)).await;
    desk.faults(&["session", "session"]).await;
    let refused = desk.send(&sale(&desk.world, "s-2", Ffd::V1_2)).await.unwrap();
    assert_eq!(class(&refused), Some(FailureClass::Passing), "a fresh one is refused too: later");
    desk.printed(&sale(&desk.world, "s-2", Ffd::V1_2)).await;
    desk.world.pass(24 * 3_600).await;
    desk.printed(&sale(&desk.world, "s-3", Ffd::V1_2)).await;
}

#[tokio::test]
async fn wrong_credentials_and_groups_are_about_the_register() {
    for kind in KINDS {
        let desk = Desk::new(kind).await;
        let sold = sale(&desk.world, "w-1", desk.ffd());
        let with = |group: &str, credentials: Credentials| {
            let register = Register { group: Some(group.into()), credentials, ..desk.register.clone() };
            till::open(&register, &Arc::new(Tokens::default()), desk.world.now()).unwrap()
        };
        let tills = [
            (with("other_1", desk.register.credentials.clone()), "20/system"),
            (with("other_1", Credentials::default()), "12/system"),
        ];
        for (till, code) in tills {
            match till.print(desk.world.http(), &sold, CALLBACK).await.unwrap() {
                TillAnswer::Failed(failed) => {
                    assert_eq!((failed.class, failed.code.as_str()), (FailureClass::Register, code));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_document_that_breaks_a_rule_is_refused_by_field() {
    for kind in KINDS {
        let desk = Desk::new(kind).await;
        let good = sale(&desk.world, "b-1", desk.ffd());
        let cases: [(Spoil, &str); 7] = [
            (|d| d.total = Money::rub(1), "1020"),
            (|d| d.items[0].name = "я".repeat(129), "1030"),
            (|d| d.items[0].vat = VatRate::Vat20, "1199"),
            (|d| d.items[0].principal.as_mut().unwrap().supplier.phones = vec!["1".into()], "1171"),
            (|d| d.payments = Payments::electronic(Money::rub(1)), "1081"),
            (|d| d.agent.inn = "1".into(), "1018"),
            (|d| d.items = vec![d.items[0].clone(); 101], "1059"),
        ];
        for (spoil, tag) in cases {
            let mut bad = good.clone();
            spoil(&mut bad);
            match desk.send(&bad).await.unwrap() {
                TillAnswer::Failed(Failed { class: FailureClass::Document, code, text }) => {
                    assert_eq!(code, "32/system");
                    assert!(text.contains(tag), "{tag}: {text}");
                }
                other => panic!("{tag}: {other:?}"),
            }
        }
        desk.printed(&good).await;
        if desk.ffd() == Ffd::V1_05 {
            // A plain sale undoes a wrong refund at the rate of its day, and names it (1192).
            let mut undoing = ReceiptDocument { external_id: "b-2".into(), ..good };
            (undoing.items[0].vat, undoing.wrong_sign) = (VatRate::Vat20, Some("1234567890".into()));
            desk.printed(&undoing).await;
        }
    }
}

/// The description's own example (section 13), a sale of food in 2017, today as a refund: the rates of then are kept.
#[tokio::test]
async fn the_vendors_own_example_is_understood() {
    let desk = Desk::new(RegisterKind::AtolV4).await;
    let line = |name: &str, price: f64, quantity: f64, sum: f64, unit: &str, vat: &str| {
        json!({ "name": name, "price": price, "quantity": quantity, "sum": sum, "measurement_unit": unit,
            "payment_method": "full_payment", "payment_object": "commodity", "vat": { "type": vat } })
    };
    let receipt = |vats: Value| {
        json!({
            "external_id": "17052917561851307",
            "receipt": {
                "client": { "email": "kkt@kkt.ru" },
                "company": { "email": "chek@romashka.ru", "sno": "osn", "inn": "5544332219", "payment_address": "http://magazin.ru/" },
                "items": [
                    line("колбаса Клинский Брауншвейгская с/к в/с", 1000.0, 0.3, 300.0, "кг", "vat20"),
                    line("яйцо Окское куриное С0 белое", 100.0, 1.0, 100.0, "Упаковка 10 шт.", "vat10"),
                ],
                "payments": [{ "type": 1, "sum": 400.0 }],
                "vats": vats,
                "total": 400.0,
            },
            "service": { "callback_url": "http://testtest" },
            "timestamp": "01.02.2017 13:45:00",
        })
    };
    let token = desk.token().await;
    let wrong = receipt(json!([{ "type": "vat20", "sum": 60.0 }, { "type": "vat10", "sum": 9.09 }]));
    assert_eq!(desk.raw(&group(&desk, "sell_refund"), &token, &wrong).await.1["error"]["code"], 32);
    let right = receipt(json!([{ "type": "vat20", "sum": 50.0 }, { "type": "vat10", "sum": 9.09 }]));
    let (status, told) = desk.raw(&group(&desk, "sell_refund"), &token, &right).await;
    assert_eq!((status, &told["status"], &told["error"]), (200, &json!("wait"), &Value::Null));
    let (status, again) = desk.raw(&group(&desk, "sell_refund"), &token, &right).await;
    assert_eq!((status, &again["error"]["code"], &again["uuid"]), (400, &json!(33), &told["uuid"]));
    assert_eq!(desk.raw(&group(&desk, "sell"), "1.00", &right).await.0, 401);
    assert_eq!(desk.raw(&group(&desk, "buy"), &token, &right).await.1["error"]["code"], 31);
}

#[tokio::test]
async fn a_supplier_without_an_agent_sign_is_refused() {
    let desk = Desk::new(RegisterKind::AtolV5).await;
    let supplier = principal().supplier;
    let body = json!({
        "external_id": "g-1",
        "receipt": {
            "client": { "phone": "9251234567" },
            "company": { "email": "a@b.ru", "sno": "osn", "inn": "5544332219", "payment_address": "http://magazin.ru/" },
            "items": [{ "name": "Услуга", "price": 1, "quantity": 1, "measure": 0, "sum": 1, "payment_method": "full_payment",
                "payment_object": 4, "vat": { "type": "none", "sum": 0 },
                "supplier_info": { "phones": supplier.phones, "name": supplier.name, "inn": supplier.inn } }],
            "payments": [{ "type": 1, "sum": 1 }],
            "total": 1,
        },
        "timestamp": "01.02.2026 13:45:00",
    });
    let token = desk.token().await;
    let told = desk.raw(&group(&desk, "sell"), &token, &body).await.1;
    assert!(told["error"]["text"].as_str().unwrap().contains("1224"), "{told}");
    let mut whole = body.clone();
    whole["receipt"]["items"][0]["agent_info"] = json!({ "type": "another" });
    assert_eq!(desk.raw(&group(&desk, "sell"), &token, &whole).await.0, 200);
    desk.world.pass(1).await;
    assert!(desk.world.heard().is_empty(), "no address was named");
    let mut unknown = body;
    unknown["receipt"]["rain"] = json!(1);
    assert_eq!(desk.raw(&group(&desk, "sell"), &token, &unknown).await.1["error"]["code"], 32);
}
