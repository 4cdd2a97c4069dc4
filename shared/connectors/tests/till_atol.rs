//! Wire: what the connector of АТОЛ Онлайн says, what it understands, and what it does not believe.
//!
//! Bodies come from «Описание протокола v4 (ФФД 1.05)», 5.23: the receipt of section 13, the answers of sections 4, 9 and 10.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use connectors::http::{Http, HttpError, Request, Response};
use connectors::till::{
    CallbackError, Failed, FailureClass, Question, Till, TillAnswer, TillCallback, TillError, Tokens, open,
};
use domain::acquiring::Credentials;
use domain::money::Money;
use domain::receipt::register::{Register, RegisterKind};
use domain::receipt::{
    Agent, AgentSign, Buyer, Correction, Ffd, Item, Measure, Payments, Principal, ReceiptDocument, ReceiptKind,
    Settlement, Subject, Supplier,
};
use domain::tax::{Taxation, VatRate};
use domain::time::Timestamp;
use serde_json::{Value, json};

const CALLBACK: &str = "http://testtest";
const UUID: &str = "2ea26f17-0884-4f08-b120-306fc096a58f";
const MARK: &str = "010460193600546421SERIAL0000013\u{1d}91EE05\u{1d}92dGVzdA==";

type Told = Result<(u16, String), HttpError>;

/// Answers in turn as told and remembers what it was asked.
struct Wire {
    answers: Mutex<VecDeque<Told>>,
    asked: Mutex<Vec<(String, String, Value)>>,
}

impl Wire {
    fn answering(answers: &[Value]) -> Self {
        Self::bodies(answers.iter().map(|answer| Ok((200, answer.to_string()))))
    }

    fn bodies(answers: impl IntoIterator<Item = Told>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    /// What was asked: method and address, token, body.
    fn asked(&self) -> Vec<(String, String, Value)> {
        assert!(self.answers.lock().unwrap().is_empty(), "an answer was not asked for");
        self.asked.lock().unwrap().clone()
    }

    fn calls(&self) -> Vec<String> {
        self.asked().into_iter().map(|(call, ..)| call).collect()
    }
}

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        assert!(!request.partner_given);
        let of = |name: &str| request.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone());
        assert_eq!(of("content-type").as_deref(), Some("application/json; charset=utf-8"));
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let call = format!("{} {}", request.method, request.url);
        self.asked.lock().unwrap().push((call, of("token").unwrap_or_default(), body));
        let (status, body) = self.answers.lock().unwrap().pop_front().unwrap()?;
        Ok(Response { status, headers: Vec::new(), body: Bytes::from(body) })
    }
}

fn now() -> Timestamp {
    "2017-02-01T10:45:00Z".parse().unwrap()
}

fn register(kind: RegisterKind) -> Register {
    let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Register {
        id: "atol".into(),
        kind,
        ffd: Ffd::V1_05,
        priority: 0,
        enabled: true,
        owner: None,
        group: Some("magazin-ru_3401".into()),
        address: None,
        credentials: Credentials(
            [of("login", "neletest"), of("password", "v2AfscRjr"), of("partner", "apikassa")].into(),
        ),
    }
}

/// A till whose token is known.
fn till(kind: RegisterKind) -> Box<dyn Till> {
    let tokens = Arc::new(Tokens::default());
    let (base, version) = match kind {
        RegisterKind::AtolV5 => ("https://online.atol.ru/possystem", "v5"),
        RegisterKind::BusinessKassaV4 => ("https://check.business.ru/api-apikassa", "v4"),
        _ => ("https://online.atol.ru/possystem", "v4"),
    };
    tokens.put(&format!("{base}/{version}\nneletest"), "fj45u923j59ju42395iu9423i59243u0".into());
    open(&register(kind), &tokens, now()).unwrap()
}

fn item(name: &str, price: i64, quantity: &str, amount: i64, vat: VatRate) -> Item {
    Item {
        name: name.into(),
        price: Money::rub(price),
        quantity: quantity.parse().unwrap(),
        measure: Measure::of(11).unwrap(),
        amount: Money::rub(amount),
        vat,
        calculated: false,
        subject: Subject::Goods,
        settlement: Settlement::FullPayment,
        principal: None,
        mark: None,
        fraction: None,
    }
}

/// The receipt of the description's example.
fn example() -> ReceiptDocument {
    let total = Money::rub(40_000);
    ReceiptDocument {
        external_id: "17052917561851307".into(),
        kind: ReceiptKind::Sale,
        ffd: Ffd::V1_05,
        agent: Agent {
            name: "ООО «Ромашка»".into(),
            inn: "1234567891".into(),
            address: "Москва".into(),
            email: "chek@romashka.ru".into(),
            phone: "+74950000000".into(),
            taxation: Taxation::Osn,
        },
        taxation: Taxation::Osn,
        place: "http://magazin.ru/".into(),
        internet: true,
        cashier: None,
        buyer: Buyer { contact: "kkt@kkt.ru".into(), name: None, inn: None },
        items: vec![
            item("колбаса Клинский Брауншвейгская с/к в/с", 100_000, "0.3", 30_000, VatRate::Vat20),
            item("яйцо Окское куриное С0 белое", 10_000, "1", 10_000, VatRate::Vat10),
        ],
        payments: Payments::electronic(total),
        total,
        correction: None,
        wrong_sign: None,
        sell_unchecked: false,
    }
}

fn taken() -> Value {
    json!({ "uuid": UUID, "timestamp": "12.04.2017 06:15:06", "error": null, "status": "wait" })
}

fn error(status: &str, code: i64, kind: &str) -> Value {
    json!({ "timestamp": "12.04.2017 06:15:06", "status": status,
        "error": { "error_id": "475d6d8d", "code": code, "text": "слова", "type": kind } })
}

/// Section 10.3.
fn done() -> Value {
    json!({
        "uuid": UUID, "error": null, "status": "done",
        "payload": {
            "total": 1598, "fns_site": "www.nalog.ru", "fn_number": "1110000100238211", "shift_number": 23,
            "receipt_datetime": "12.04.2017 20:16:00", "fiscal_receipt_number": 6, "fiscal_document_number": 133,
            "ecr_registration_number": "0000111118041361", "fiscal_document_attribute": 3_449_555_941_u32,
            "ofd_inn": "7709364346", "ofd_receipt_url": "https://consumer.1-ofd.ru/v1?fn=9288000100014915",
        },
        "timestamp": "12.04.2017 20:15:08", "group_code": "MyCompany_MyShop", "daemon_code": "prod-agent-1",
        "device_code": "KSR13.00-1-11", "external_id": "17052917561851307", "callback_url": "",
    })
}

async fn print(wire: &Wire, kind: RegisterKind, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
    till(kind).print(wire, document, CALLBACK).await
}

#[tokio::test]
async fn the_descriptions_example_is_sent_as_it_stands_there() {
    let wire = Wire::answering(&[taken(), error("wait", 34, "system")]);
    assert_eq!(print(&wire, RegisterKind::AtolV4, &example()).await.unwrap(), TillAnswer::Waiting);
    let asked = wire.asked();
    let group = "https://online.atol.ru/possystem/v4/magazin-ru_3401";
    assert_eq!(asked[0].0, format!("POST {group}/sell"));
    assert_eq!(asked[1].0, format!("GET {group}/report/{UUID}"));
    assert_eq!(asked[0].1, "fj45u923j59ju42395iu9423i59243u0");
    let line = |name: &str, price: f64, quantity: Value, sum: f64, vat: &str| {
        json!({ "name": name, "price": price, "quantity": quantity, "sum": sum, "measurement_unit": "кг",
            "payment_method": "full_payment", "payment_object": "commodity", "vat": { "type": vat } })
    };
    let wanted = json!({
        "external_id": "17052917561851307",
        "receipt": {
            "client": { "email": "kkt@kkt.ru" },
            "company": { "email": "chek@romashka.ru", "sno": "osn", "inn": "1234567891", "payment_address": "http://magazin.ru/" },
            "items": [
                line("колбаса Клинский Брауншвейгская с/к в/с", 1000.0, json!(0.3), 300.0, "vat20"),
                line("яйцо Окское куриное С0 белое", 100.0, json!(1), 100.0, "vat10"),
            ],
            "payments": [{ "type": 1, "sum": 400.0 }],
            "vats": [{ "type": "vat20", "sum": 50.0 }, { "type": "vat10", "sum": 9.09 }],
            "total": 400.0,
            "internet": true,
        },
        "service": { "callback_url": "http://testtest" },
        "timestamp": "01.02.2017 13:45:00",
    });
    assert_eq!(asked[0].2, wanted);
}

#[tokio::test]
async fn v5_numbers_subjects_and_measures_and_carries_codes() {
    let mut document = ReceiptDocument { kind: ReceiptKind::SaleRefund, ffd: Ffd::V1_2, ..example() };
    let supplier =
        Supplier {
            name: "ООО «Справка»".into(), inn: "7727401209".into(), phones: vec!["+74951234567".into()]
        };
    document.buyer.contact = "+79001234567".into();
    document.sell_unchecked = true;
    document.items = vec![Item {
        measure: Measure::PIECE,
        subject: Subject::GoodsMarked,
        principal: Some(Principal { sign: AgentSign::Agent, supplier }),
        mark: Some(MARK.into()),
        fraction: Some((1, 2)),
        ..item("Туфли", 40_000, "1", 40_000, VatRate::Vat22)
    }];
    document.correction = Some(Correction {
        order: Some("12-3".into()),
        date: jiff::civil::date(2026, 2, 1),
        wrong_sign: Some("77".into()),
    });
    let wire = Wire::answering(&[taken(), error("wait", 34, "system")]);
    print(&wire, RegisterKind::AtolV5, &document).await.unwrap();
    let (call, _, body) = &wire.asked()[0];
    assert_eq!(call, "POST https://online.atol.ru/possystem/v5/magazin-ru_3401/sell_refund_correction");
    assert_eq!((&body["receipt"], &body["ism_optional"]), (&Value::Null, &json!(true)));
    let correction = &body["correction"];
    assert_eq!(correction["client"], json!({ "phone": "+79001234567" }));
    let info = json!({ "type": "instruction", "base_date": "01.02.2026", "base_number": "12-3" });
    assert_eq!((&correction["correction_info"], &correction["additional_check_props"]), (&info, &json!("77")));
    let wanted = json!({
        "name": "Туфли", "price": 400.0, "quantity": 1, "measure": 0, "sum": 400.0, "payment_method": "full_payment",
        "payment_object": 33, "vat": { "type": "vat22", "sum": 72.13 },
        "agent_info": { "type": "another" },
        "supplier_info": { "phones": ["+74951234567"], "name": "ООО «Справка»", "inn": "7727401209" },
        "mark_code": { "gs1m": "MDEwNDYwMTkzNjAwNTQ2NDIxU0VSSUFMMDAwMDAxMx05MUVFMDUdOTJkR1Z6ZEE9PQ==" },
        "mark_processing_mode": "0", "mark_quantity": { "numerator": 1, "denominator": 2 }, "planned_status": 4,
    });
    assert_eq!(correction["items"], json!([wanted]));
}

#[tokio::test]
async fn v4_carries_codes_as_bytes_and_says_taxes_once() {
    let mut document = example();
    document.items = vec![Item { subject: Subject::GoodsMarked, mark: Some(MARK.into()), ..document.items[1].clone() }];
    let wire = Wire::answering(&[taken(), error("wait", 34, "system")]);
    print(&wire, RegisterKind::BusinessKassaV4, &document).await.unwrap();
    let (call, _, body) = &wire.asked()[0];
    assert_eq!(call, "POST https://check.business.ru/api-apikassa/v4/magazin-ru_3401/sell");
    let item = &body["receipt"]["items"][0];
    let code = "44 4D 04 2F 78 C2 C9 58 53 45 52 49 41 4C 30 30 30 30 30 31 33";
    assert_eq!((&item["nomenclature_code"], &item["payment_object"]), (&json!(code), &json!("commodity")));
    assert_eq!(item["mark_code"], Value::Null);
    // Seven rates: more than a receipt has room for.
    document.items = VatRate::ALL.map(item_of).into();
    let wire = Wire::answering(&[taken(), error("wait", 34, "system")]);
    print(&wire, RegisterKind::AtolV4, &document).await.unwrap();
    let receipt = wire.asked()[0].2["receipt"].clone();
    assert_eq!(receipt["vats"], Value::Null);
    assert_eq!(receipt["items"][0]["vat"], json!({ "type": "none", "sum": 0.0 }));
    assert_eq!(receipt["items"][6]["vat"], json!({ "type": "vat22", "sum": 18.03 }));
}

fn item_of(vat: VatRate) -> Item {
    item("Товар", 10_000, "1", 10_000, vat)
}

#[tokio::test]
async fn what_is_not_known_yet_is_never_said() {
    for document in [
        ReceiptDocument {
            correction: Some(Correction { order: None, date: jiff::civil::date(2026, 2, 1), wrong_sign: None }),
            ..example()
        },
        ReceiptDocument {
            items: vec![Item { mark: Some(MARK.replace('\u{1d}', "\\u001d")), ..item_of(VatRate::None) }],
            ..example()
        },
    ] {
        let answer = print(&Wire::answering(&[]), RegisterKind::AtolV4, &document).await.unwrap();
        assert!(matches!(answer, TillAnswer::Failed(_)), "{answer:?}");
    }
}

#[tokio::test]
async fn a_known_id_is_looked_up_and_answered_alike() {
    let known = json!({ "uuid": UUID, "status": "wait", "timestamp": "12.04.2017 06:15:06",
        "error": { "error_id": "1", "code": 33, "text": "В системе существует чек", "type": "system" } });
    for registered in [(400, known), (200, taken())] {
        let wire = Wire::bodies([Ok((registered.0, registered.1.to_string())), Ok((200, done().to_string()))]);
        let document = example();
        let question = Question { document: &document, callback_url: CALLBACK };
        let answer = till(RegisterKind::AtolV4).ask(&wire, question).await.unwrap();
        let TillAnswer::Printed(printed) = answer else { panic!("{answer:?}") };
        let fiscal = &printed.fiscal;
        assert_eq!((fiscal.document, fiscal.shift, fiscal.number), (133, 23, 6));
        assert_eq!((fiscal.sign.as_str(), fiscal.register.as_str()), ("3449555941", "0000111118041361"));
        assert_eq!((fiscal.drive.as_str(), fiscal.total), ("1110000100238211", Money::rub(159_800)));
        assert_eq!(fiscal.at, "2017-04-12T17:16:00Z".parse().unwrap());
        assert_eq!((&printed.echo.rates, &printed.echo.vats), (&None, &None));
    }
}

#[tokio::test]
async fn results_of_checks_of_codes_are_read() {
    let mut done = done();
    done["payload"]["marks_result"] = json!([{ "position": 0, "mark_code": "MDE=", "result": 15 }, { "position": 2.0, "mark_code": "MDE=", "result": 5 }]);
    let wire = Wire::answering(&[taken(), done]);
    let answer = print(&wire, RegisterKind::AtolV5, &example()).await.unwrap();
    let TillAnswer::Printed(printed) = answer else { panic!("{answer:?}") };
    assert_eq!(printed.echo.marks, [(0, 15), (2, 5)]);
}

#[tokio::test]
async fn refusals_at_the_door_say_whose_they_are() {
    let cases = [
        (400, 13, Some(FailureClass::Document)),
        (403, 14, Some(FailureClass::Register)),
        (401, 20, Some(FailureClass::Register)),
        (401, 21, Some(FailureClass::Register)),
        (400, 31, Some(FailureClass::Document)),
        (400, 32, Some(FailureClass::Document)),
        (400, 40, Some(FailureClass::Document)),
        (415, 41, Some(FailureClass::Document)),
        // Whether it was registered is not known.
        (400, 0, None),
        (400, 1, None),
        (500, 50, None),
    ];
    for (status, code, class) in cases {
        let wire = Wire::bodies([Ok((status, error("fail", code, "system").to_string()))]);
        match (print(&wire, RegisterKind::AtolV4, &example()).await, class) {
            (Ok(TillAnswer::Failed(failed)), Some(class)) => {
                assert_eq!((failed.class, failed.code), (class, format!("{code}/system")));
            }
            (Err(TillError::Unknown(_)), None) => {}
            (other, _) => panic!("{code}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_document_that_failed_says_where_it_goes_next() {
    let cases = [
        (-1, "timeout", FailureClass::Expired),
        (1, "system", FailureClass::Expired),
        (2003, "agent", FailureClass::Register),
        (2006, "agent", FailureClass::Document),
        (121, "driver", FailureClass::Register),
        (2, "driver", FailureClass::Register),
        (128, "driver", FailureClass::Document),
        (228, "driver", FailureClass::Document),
        (409, "driver", FailureClass::Mark),
        (421, "driver", FailureClass::Mark),
        (36, "driver", FailureClass::Expired),
    ];
    for (code, kind, class) in cases {
        let mut report = error("fail", code, kind);
        report["uuid"] = json!(UUID);
        let answer = print(&Wire::answering(&[taken(), report]), RegisterKind::AtolV4, &example()).await.unwrap();
        let text = "слова".to_owned();
        assert_eq!(answer, TillAnswer::Failed(Failed { class, code: format!("{code}/{kind}"), text }));
    }
}

#[tokio::test]
async fn silence_and_nonsense_are_no_outcome() {
    let html = "<html>502</html>".to_owned();
    for told in [
        Err(HttpError::Unknown("silence".into())),
        Ok((502, html.clone())),
        Ok((200, html.clone())),
        Ok((200, r#"{"uuid":"#.to_owned())),
        Ok((200, json!({ "status": "wait", "error": null }).to_string())),
        Ok((200, json!({ "uuid": "../../x", "status": "wait", "error": null }).to_string())),
    ] {
        let error = print(&Wire::bodies([told]), RegisterKind::AtolV4, &example()).await.unwrap_err();
        assert!(error.may_have_happened(), "{error:?}");
    }
    let failed = print(&Wire::bodies([Err(HttpError::NotSent("no".into()))]), RegisterKind::AtolV4, &example()).await;
    assert!(matches!(failed, Err(TillError::NotSent(_))));
    let failed = print(&Wire::bodies([Ok((429, String::new()))]), RegisterKind::AtolV4, &example()).await;
    assert!(matches!(failed, Err(TillError::NotSent(_))));
    // Registered all the same: whatever the report says or does not say.
    for report in [Err(HttpError::Unknown("silence".into())), Ok((502, html)), Ok((200, "{}".to_owned()))] {
        let wire = Wire::bodies([Ok((200, taken().to_string())), report]);
        assert_eq!(print(&wire, RegisterKind::AtolV4, &example()).await.unwrap(), TillAnswer::Waiting);
    }
    // Another's report, and one that is gone after 32 days, are no reason to print anew.
    let known = json!({ "uuid": UUID, "status": "wait",
        "error": { "code": 33, "text": "", "type": "system" } });
    for report in [
        json!({ "uuid": UUID, "status": "done", "external_id": "another" }),
        json!({ "uuid": "another", "status": "done" }),
        error("fail", 30, "system"),
    ] {
        let wire = Wire::answering(&[known.clone(), report]);
        assert!(print(&wire, RegisterKind::AtolV4, &example()).await.is_err());
    }
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_renewed_once() {
    let token =
        |text: &str| Ok((200, json!({ "error": null, "token": text, "timestamp": "30.11.2017 17:58:53" }).to_string()));
    let refused = |code: i64| Ok((401, error("fail", code, "system").to_string()));
    let ok = |body: Value| Ok((200, body.to_string()));
    let till = open(&register(RegisterKind::AtolV4), &Arc::new(Tokens::default()), now()).unwrap();
    let wire = Wire::bodies([
        token("first"),
        ok(taken()),
        refused(11),
        token("second"),
        ok(error("wait", 34, "system")),
        refused(10),
        token("third"),
        refused(11),
    ]);
    assert_eq!(till.print(&wire, &example(), CALLBACK).await.unwrap(), TillAnswer::Waiting);
    let failed = till.print(&wire, &example(), CALLBACK).await.unwrap();
    assert!(matches!(failed, TillAnswer::Failed(Failed { class: FailureClass::Passing, .. })), "{failed:?}");
    let asked = wire.asked();
    assert_eq!(asked[0].2, json!({ "login": "neletest", "pass": "v2AfscRjr" }));
    let tokens: Vec<_> = asked.iter().map(|(_, token, _)| token.as_str()).collect();
    assert_eq!(tokens, ["", "first", "first", "", "second", "second", "", "third"]);

    let cases: [(Told, Option<FailureClass>); 4] = [
        (refused(12), Some(FailureClass::Register)),
        (Ok((403, error("fail", 14, "system").to_string())), Some(FailureClass::Register)),
        (Err(HttpError::Unknown("silence".into())), None),
        (Ok((502, "<html>".to_owned())), None),
    ];
    for (told, class) in cases {
        let till = open(&register(RegisterKind::AtolV4), &Arc::new(Tokens::default()), now()).unwrap();
        let wire = Wire::bodies([told]);
        match (till.print(&wire, &example(), CALLBACK).await, class) {
            (Ok(TillAnswer::Failed(failed)), Some(class)) => assert_eq!(failed.class, class),
            // Without a token nothing was sent: that is sure.
            (Err(TillError::NotSent(_)), None) => {}
            (other, _) => panic!("{other:?}"),
        }
        assert_eq!(wire.calls(), ["POST https://online.atol.ru/possystem/v4/getToken"]);
    }
}

#[test]
fn a_callback_proves_nothing() {
    let till = till(RegisterKind::AtolV5);
    let headers = http::HeaderMap::new();
    let told = till.callback(now(), &headers, done().to_string().as_bytes()).unwrap();
    assert_eq!(told, TillCallback { external_id: "17052917561851307".into(), answer: None });
    for body in ["", "{}", r#"{"external_id":""}"#, "<html>"] {
        let wrong = till.callback(now(), &headers, body.as_bytes());
        assert!(matches!(wrong, Err(CallbackError::Malformed { .. })), "{body}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let till = connectors::till::atol::AtolTill::new(&register(RegisterKind::AtolV4), Arc::default(), now());
    assert!(!format!("{till:?}").contains("v2AfscRjr"));
}
