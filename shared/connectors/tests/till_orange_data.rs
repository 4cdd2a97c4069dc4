//! Wire: what the `OrangeData` connector says, what it understands, and what it does not believe.
//!
//! The key is the one the vendor publishes for its test stand; bodies and answers are the manual's (2.31.3).

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use connectors::http::{Http, HttpError, Identity, Request, Response};
use connectors::till::orange_data::{BYTES_MAX, Key, OrangeDataTill, bytes};
use connectors::till::{
    CallbackError, Echo, FailureClass, Question, Till, TillAnswer, TillError, Tokens, difference, open,
};
use domain::acquiring::Credentials;
use domain::money::Money;
use domain::receipt::register::{Register, RegisterKind};
use domain::receipt::{
    Agent, AgentSign, Buyer, Cashier, Correction, Ffd, Item, Measure, Payments, Principal, ReceiptDocument,
    ReceiptKind, Settlement, Subject, Supplier, laws,
};
use domain::tax::{Taxation, VatRate};
use serde_json::{Value, json};

const XML: &str = include_str!("wire/orange_data_key.xml");
const PEM: &str = include_str!("wire/orange_data_key.pem");
const ID: &str = "ord_t_demoshop_01kaj0000000000000000000000-r1";
const CALLBACK: &str = "https://pay.test/callbacks/till/t_demoshop/orange-data";
const STATUS: &str = "GET documents/7727401209/status/ord_t_demoshop_01kaj0000000000000000000000-r1";
/// A marking code with its group separators, the manual's example of 2.7.1.
const MARK: &str = "010460406000600021N4N57RSCBUZTQ\u{1d}2403004002910161218\u{1d}1724010191ffd0\u{1d}92tIAF/YvoU4roQS3M/m4z78yFq0fc/WsSmLeX5QkF/YVWwy8IMYAeiQ91Xa2z/fFSJcOkb2N+uUUmfr4n0mOX0Q==";

type Reply = Result<(u16, Vec<(String, String)>, String), HttpError>;

/// Answers in turn as told and remembers what it was asked. Every command's signature is verified over its raw body.
struct Wire {
    answers: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<(String, Value)>>,
    identities: Mutex<Vec<Option<Identity>>>,
}

impl Wire {
    fn answering(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let text = |body: Value| if body.is_null() { String::new() } else { body.to_string() };
        Self::replying(answers.into_iter().map(|(status, body)| Ok((status, Vec::new(), text(body)))))
    }

    fn replying(answers: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
            identities: Mutex::default(),
        }
    }

    fn asked(&self) -> Vec<(String, Value)> {
        assert!(self.answers.lock().unwrap().is_empty(), "an answer was not asked for");
        self.asked.lock().unwrap().clone()
    }

    fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|(path, _)| path).collect()
    }

    fn exchange(&self, request: &Request, identity: Option<Identity>) -> Result<Response, HttpError> {
        assert!(!request.partner_given);
        let header =
            |name: &str| request.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str());
        let body = if request.method == http::Method::POST {
            assert!(Key::parse(XML).unwrap().verifies(&request.body, header("x-signature").unwrap()));
            assert_eq!(header("content-type"), Some("application/json; charset=utf-8"));
            serde_json::from_slice(&request.body).unwrap()
        } else {
            assert_eq!((header("x-signature"), request.body.len()), (None, 0), "a question is not signed");
            Value::Null
        };
        let path = format!("{} {}", request.method, request.url.strip_prefix("https://orange.test/api/v2/").unwrap());
        self.asked.lock().unwrap().push((path.clone(), body));
        self.identities.lock().unwrap().push(identity);
        let answer = self.answers.lock().unwrap().pop_front();
        let (status, headers, body) = answer.unwrap_or_else(|| panic!("{path} is not expected"))?;
        Ok(Response { status, headers, body: Bytes::from(body) })
    }
}

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.exchange(&request, None)
    }

    async fn send_as(&self, request: Request, identity: &Identity) -> Result<Response, HttpError> {
        self.exchange(&request, Some(identity.clone()))
    }
}

fn register(ffd: Ffd, more: &[(&str, &str)]) -> Register {
    let mut credentials: BTreeMap<_, _> =
        [("inn", "7727401209"), ("private_key", PEM)].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    credentials.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Register {
        id: "orange-data".into(),
        kind: RegisterKind::OrangeData,
        ffd,
        priority: 0,
        enabled: true,
        owner: None,
        group: Some("Main_2".into()),
        address: Some("https://orange.test/".into()),
        credentials: Credentials(credentials),
    }
}

fn till() -> OrangeDataTill {
    OrangeDataTill::new(&register(Ffd::V1_2, &[]))
}

fn principal(inn: &str) -> Principal {
    let supplier =
        Supplier {
            name: "ООО «Справка — Плюс»".into(), inn: inn.into(), phones: vec!["+74951234567".into()]
        };
    Principal { sign: AgentSign::Agent, supplier }
}

fn item(name: &str, price: i64, vat: VatRate) -> Item {
    Item {
        name: name.into(),
        price: Money::rub(price),
        quantity: 1.into(),
        measure: Measure::PIECE,
        amount: Money::rub(price),
        vat,
        calculated: false,
        subject: Subject::Service,
        settlement: Settlement::FullPayment,
        principal: Some(principal("7707083893")),
        mark: None,
        fraction: None,
    }
}

fn document(items: Vec<Item>) -> ReceiptDocument {
    let total = ReceiptDocument::items_sum(&items).unwrap();
    ReceiptDocument {
        external_id: ID.into(),
        kind: ReceiptKind::Sale,
        ffd: Ffd::V1_2,
        agent: Agent {
            name: "ООО «Агент»".into(),
            inn: "7727401209".into(),
            address: "127000, Москва, ул. Первая, д. 1".into(),
            email: "agent@pay.test".into(),
            phone: "+74950000000".into(),
            taxation: Taxation::UsnIncomeOutcome,
        },
        taxation: Taxation::UsnIncomeOutcome,
        place: "https://pay.test".into(),
        internet: true,
        cashier: None,
        buyer: Buyer { contact: "buyer@mail.test".into(), name: None, inn: None },
        items,
        payments: Payments::electronic(total),
        total,
        correction: None,
        wrong_sign: None,
        sell_unchecked: false,
    }
}

fn sale() -> ReceiptDocument {
    let extract = Item {
        quantity: "1.5".parse().unwrap(),
        amount: Money::rub(15_002),
        ..item("Выписка «ЕГРН» №1", 10_001, VatRate::Vat22)
    };
    let own = Item { principal: None, ..item("Доставка", 5_000, VatRate::None) };
    document(vec![extract, own])
}

fn marked() -> ReceiptDocument {
    let boots =
        Item {
            subject: Subject::GoodsMarked, mark: Some(MARK.into()), ..item("Сапоги", 500_000, VatRate::Vat10)
        };
    document(vec![boots])
}

/// What the register is told, having taken it.
async fn told(till: &OrangeDataTill, document: &ReceiptDocument, path: &str) -> Value {
    let wire = Wire::answering([(201, Value::Null)]);
    assert_eq!(till.print(&wire, document, CALLBACK).await.unwrap(), TillAnswer::Waiting);
    let (asked, body) = wire.asked().remove(0);
    assert_eq!(asked, format!("POST {path}/"));
    assert_eq!(body["id"], ID);
    assert_eq!(body["callbackUrl"], CALLBACK);
    body
}

fn done(content: &Value) -> Value {
    json!({
        "id": ID, "deviceSN": "0000000000001358", "deviceRN": "0000000400054952", "fsNumber": "9999078900001341",
        "ofdName": "ООО \"Ярус\"(\"ОФД-Я\")", "companyINN": "7727401209", "documentNumber": 117, "shiftNumber": 20,
        "documentIndex": 5, "processedAt": "2026-11-21T14:16:00", "change": 0.0, "fp": "364009522", "content": content,
    })
}

async fn asked(document: &ReceiptDocument, status: u16, body: Value) -> Result<TillAnswer, TillError> {
    let wire = Wire::answering([(status, body)]);
    let answer = till().ask(&wire, Question { document, callback_url: CALLBACK }).await;
    assert_eq!(wire.paths(), [STATUS]);
    answer
}

async fn printed(document: &ReceiptDocument, content: &Value) -> connectors::till::Printed {
    let TillAnswer::Printed(printed) = asked(document, 200, done(content)).await.unwrap() else {
        panic!("not printed")
    };
    *printed
}

fn class(answer: &TillAnswer) -> (FailureClass, &str) {
    let TillAnswer::Failed(failed) = answer else { panic!("{answer:?} is no failure") };
    (failed.class, &failed.code)
}

#[test]
fn a_signature_is_the_published_keys_over_the_raw_body() {
    // Made with another program from the vendor's published key: RSA PKCS#1 v1.5 has no randomness in it.
    let expected = "HT1Cs8Z/KYKJ8Z8vIpIe3PfDLTMhZfzc+5bePVxrbUIDfbQsD5QUBGcoqSkh5CyLcvPiFPYVf8xT1qqm52A6HRUHn/rqB3qbao/isIiZtmZNUkoUs8wpi5aocP+Aya+wb5tks37Mh51Tup5DdCw4nWWXbZyxTCkVxUKIiulQXFc6CUIzeNBEWntvSk5HGjSIYuBxEb7IGS1GBB28orVsVazH2A7+8mOJZxaDzFtQopi1nV9IABZnTWQUn6mb5Ypm8xhMiygeH5T9imTFCrKrXifNyAcoCT1rk6oVtOQa9p7TVPFIR22jSNplK3g3IduFq6RhLZpMNQi/CqWdgO/N6g==";
    let body = br#"{"some":"data"}"#;
    // PKCS#8 wraps PKCS#1 into 26 bytes.
    let base64: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    let inner = STANDARD.encode(&STANDARD.decode(base64).unwrap()[26..]);
    let older = format!("-----BEGIN RSA PRIVATE KEY-----\n{inner}\n-----END RSA PRIVATE KEY-----\n");
    for text in [XML, PEM, &older] {
        let key = Key::parse(text).unwrap();
        assert_eq!(key.sign(body).unwrap(), expected);
        assert!(key.verifies(body, expected));
        assert!(!key.verifies(br#"{"some": "data"}"#, expected));
        assert!(!key.verifies(body, &expected.replace("HT1C", "HT1D")));
    }
    for broken in ["", "7727401209", "<RSAKeyValue></RSAKeyValue>", &PEM[..200], &XML.replace("<P>", "<X>")] {
        Key::parse(broken).unwrap_err();
    }
}

#[tokio::test]
async fn a_sale_is_told_tag_by_tag() {
    let body = told(&till(), &sale(), "documents").await;
    let expected: Value = serde_json::from_str(include_str!("wire/orange_data_sale.json")).unwrap();
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_older_format_has_its_own_fields() {
    let till = OrangeDataTill::new(&register(Ffd::V1_05, &[("key", "7727401209_42")]));
    let mut sale = marked();
    sale.ffd = Ffd::V1_05;
    sale.buyer =
        Buyer {
            contact: "+79000000000".into(), name: Some("ООО «Рога»".into()), inn: Some("7707083893".into())
        };
    let body = told(&till, &sale, "documents").await;
    let (content, position) = (&body["content"], &body["content"]["positions"][0]);
    assert_eq!(body["key"], "7727401209_42");
    assert_eq!(content["ffdVersion"], 2);
    assert_eq!((&content["agentType"], &content["supplierPhoneNumbers"]), (&json!(64), &json!(["+74951234567"])));
    assert_eq!((&content["customer"], &content["customerINN"]), (&json!("ООО \"Рога\""), &json!("7707083893")));
    assert_eq!(position["paymentSubjectType"], 1, "33 came with 1.2");
    assert_eq!(position["unitOfMeasurement"], "шт.");
    // 44 4D, 04604060006000 in six bytes, then the serial number.
    let code = STANDARD.decode(position["nomenclatureCode"].as_str().unwrap()).unwrap();
    assert_eq!(code[..8], [0x44, 0x4d, 0x04, 0x2f, 0xf7, 0x5c, 0x76, 0x70]);
    assert_eq!(&code[8..], b"N4N57RSCBUZTQ");
    for absent in ["itemCode", "plannedStatus", "quantityMeasurementUnit"] {
        assert!(position.get(absent).is_none(), "{absent}");
    }
    // Two principals have no sign in common.
    sale.items.push(Item { principal: None, ..item("Доставка", 5_000, VatRate::None) });
    sale.total = ReceiptDocument::items_sum(&sale.items).unwrap();
    sale.payments = Payments::electronic(sale.total);
    assert!(told(&till, &sale, "documents").await["content"].get("agentType").is_none());
}

#[tokio::test]
async fn a_marking_code_keeps_its_separators_and_says_what_becomes_of_the_unit() {
    let mut sale = marked();
    let body = told(&till(), &sale, "documents").await;
    let position = &body["content"]["positions"][0];
    assert_eq!((position["itemCode"].as_str(), &position["plannedStatus"]), (Some(MARK), &json!(1)));
    assert_eq!(position["paymentSubjectType"], 33);
    assert!(body.get("ignoreItemCodeCheck").is_none());
    sale.kind = ReceiptKind::SaleRefund;
    sale.sell_unchecked = true;
    sale.items[0].fraction = Some((1, 2));
    let body = told(&till(), &sale, "documents").await;
    assert_eq!((&body["content"]["type"], &body["ignoreItemCodeCheck"]), (&json!(2), &json!(true)));
    let position = &body["content"]["positions"][0];
    assert_eq!(position["plannedStatus"], 4);
    assert_eq!(position["fractionalQuantity"], json!({ "numerator": 1, "denominator": 2 }));
}

#[tokio::test]
async fn every_rate_has_its_number_and_its_sum() {
    let cases = [
        (VatRate::Vat22, false, 1, "vat1Sum", None, "18.03"),
        (VatRate::Vat22, true, 3, "vat5Sum", None, "18.03"),
        (VatRate::Vat20, false, 1, "vat1Sum", Some(true), "16.67"),
        (VatRate::Vat20, true, 3, "vat5Sum", Some(true), "16.67"),
        (VatRate::Vat10, false, 2, "vat2Sum", None, "9.09"),
        (VatRate::Vat10, true, 4, "vat6Sum", None, "9.09"),
        (VatRate::Vat0, false, 5, "vat3Sum", None, "100.0"),
        (VatRate::None, false, 6, "vat4Sum", None, "100.0"),
        (VatRate::Vat5, false, 7, "vat7Sum", None, "4.76"),
        (VatRate::Vat7, false, 8, "vat8Sum", None, "6.54"),
        (VatRate::Vat5, true, 9, "vat9Sum", None, "4.76"),
        (VatRate::Vat7, true, 10, "vat10Sum", None, "6.54"),
    ];
    for (vat, calculated, tax, sum, flag, amount) in cases {
        let sent = document(vec![Item { calculated, ..item("Услуга", 10_000, vat) }]);
        let content = told(&till(), &sent, "documents").await["content"].clone();
        assert_eq!(content["positions"][0]["tax"], tax, "{vat:?}");
        assert_eq!(content[sum].to_string(), amount, "{vat:?}");
        assert_eq!(content.get("useTax20").and_then(Value::as_bool), flag, "{vat:?}");
        let taxed = vat.percent().is_some_and(|percent| percent > 0);
        assert_eq!(content["positions"][0].get("taxSum").map(Value::to_string), taxed.then(|| amount.to_owned()));
        // Given back as it was sent, it is what was sent.
        assert_eq!(difference(&sent, &printed(&sent, &content).await), None, "{vat:?}");
    }
}

#[tokio::test]
async fn another_rate_than_sent_is_seen() {
    let sent = document(vec![item("Услуга", 10_000, VatRate::Vat22)]);
    let mut content = told(&till(), &sent, "documents").await["content"].clone();
    content["useTax20"] = json!(true);
    let found = difference(&sent, &printed(&sent, &content).await).unwrap();
    assert_eq!(found.rates, [(11, 1)]);
    content["useTax20"] = json!(false);
    content["vat1Sum"] = json!(16.67);
    assert!(difference(&sent, &printed(&sent, &content).await).unwrap().text.contains("11: "));
    content["vat1Sum"] = json!(18.03);
    content["totalSum"] = json!(99.0);
    assert!(difference(&sent, &printed(&sent, &content).await).unwrap().text.contains("1020"));
}

#[tokio::test]
async fn two_rates_under_one_number_go_to_another_register() {
    let sent = document(vec![item("Старое", 10_000, VatRate::Vat20), item("Новое", 10_000, VatRate::Vat22)]);
    let wire = Wire::answering([]);
    let answer = till().print(&wire, &sent, CALLBACK).await.unwrap();
    assert_eq!(class(&answer), (FailureClass::Register, "useTax20"));
    assert!(wire.asked().is_empty());
}

#[tokio::test]
async fn corrections_of_both_formats() {
    let mut fix = sale();
    fix.correction = Some(Correction {
        order: Some("ФЗ-54 № 7".into()),
        date: jiff::civil::date(2026, 8, 10),
        wrong_sign: Some("2364009522".into()),
    });
    let content = told(&till(), &fix, "correction12").await["content"].clone();
    assert_eq!(content["correctionType"], 1);
    assert_eq!(content["causeDocumentDate"], "2026-08-10T00:00:00");
    assert_eq!(content["causeDocumentNumber"], "ФЗ-54 № 7");
    assert_eq!(content["additionalAttribute"], "2364009522");
    assert_eq!(content["positions"].as_array().unwrap().len(), 2);

    fix.ffd = Ffd::V1_05;
    fix.correction.as_mut().unwrap().order = None;
    let body = told(&till(), &fix, "corrections").await;
    let expected: Value = serde_json::from_str(include_str!("wire/orange_data_correction.json")).unwrap();
    assert_eq!(body["content"], expected);
    let wire = Wire::answering([(200, done(&body["content"]))]);
    let answer = till().ask(&wire, Question { document: &fix, callback_url: CALLBACK }).await.unwrap();
    assert_eq!(wire.paths(), [STATUS.replace("documents", "corrections")]);
    let TillAnswer::Printed(printed) = answer else { panic!("{answer:?}") };
    assert_eq!(difference(&fix, &printed), None);

    fix.kind = ReceiptKind::SaleRefund;
    let nobody = Wire::answering([]);
    let answer = till().print(&nobody, &fix, CALLBACK).await.unwrap();
    assert_eq!(class(&answer), (FailureClass::Document, "1054"));
}

#[tokio::test]
async fn only_a_couriers_group_is_told_of_cashier_and_place() {
    let mut sale = sale();
    sale.cashier = Some(Cashier { name: "Иванова А. Б.".into(), inn: Some("500100732259".into()) });
    let content = told(&till(), &sale, "documents").await["content"].clone();
    for absent in ["cashier", "cashierINN", "settlementAddress", "settlementPlace"] {
        assert!(content.get(absent).is_none(), "{absent}");
    }
    let courier = OrangeDataTill::new(&register(Ffd::V1_2, &[("courier", "yes")]));
    let content = told(&courier, &sale, "documents").await["content"].clone();
    assert_eq!((&content["cashier"], &content["cashierINN"]), (&json!("Иванова А. Б."), &json!("500100732259")));
    assert_eq!(content["settlementAddress"], "127000, Москва, ул. Первая, д. 1");
    assert_eq!(content["settlementPlace"], "https://pay.test");
}

#[tokio::test]
async fn every_kind_of_payment_has_its_number() {
    let mut sale = sale();
    let part = |kopecks| Money::rub(kopecks);
    sale.payments =
        Payments { cash: part(1), electronic: part(2), prepaid: part(3), credit: part(4), counter: part(19_992) };
    let content = told(&till(), &sale, "documents").await["content"].clone();
    let kinds: Vec<_> =
        content["checkClose"]["payments"].as_array().unwrap().iter().map(|paid| paid["type"].clone()).collect();
    assert_eq!(kinds, [1, 2, 14, 15, 16]);
}

#[tokio::test]
async fn a_document_larger_than_a_drive_takes_is_not_sent() {
    let name = "Я".repeat(128);
    let mut long = principal("7707083893");
    long.supplier.name = "Ю".repeat(200);
    let one = Item { principal: Some(long), ..item(&name, 100, VatRate::Vat22) };
    let many = vec![one; 100];
    let sent = document(many);
    assert!(laws::breaches(&sent, jiff::civil::date(2026, 11, 21)).is_empty(), "it breaks no other rule");
    assert!(bytes(&sent) > BYTES_MAX);
    let wire = Wire::answering([]);
    let answer = till().print(&wire, &sent, CALLBACK).await.unwrap();
    assert_eq!(class(&answer), (FailureClass::Document, "size"));
    assert!(wire.asked().is_empty());
    assert!(bytes(&sale()) < 4_000);
}

#[tokio::test]
async fn the_manuals_answer_is_read() {
    // 2.2.1, with our id.
    let mut answer: Value = serde_json::from_str(include_str!("wire/orange_data_done.json")).unwrap();
    answer["id"] = json!(ID);
    let TillAnswer::Printed(printed) = asked(&sale(), 200, answer.clone()).await.unwrap() else {
        panic!("not printed")
    };
    let fiscal = &printed.fiscal;
    assert_eq!((fiscal.drive.as_str(), fiscal.document, fiscal.sign.as_str()), ("9999078900001341", 117, "2364009522"));
    assert_eq!((fiscal.register.as_str(), fiscal.shift, fiscal.number), ("0000000400054952", 20, 5));
    assert_eq!(fiscal.total, Money::rub(13_235), "123.45 and twice 4.45");
    assert_eq!(fiscal.qr(ReceiptKind::Sale), "t=20170214T1416&s=132.35&fn=9999078900001341&i=117&fp=2364009522&n=1");
    assert_eq!(printed.echo, Echo { rates: Some(vec![6, 4]), ..Echo::default() });
    // Somebody else's document, or an attribute that is none.
    for (field, value) in [
        ("id", json!("12345678990")),
        ("fsNumber", json!("999907890000134")),
        ("fp", json!("")),
        ("fp", json!("12345678901")),
        ("deviceRN", json!("A")),
        ("processedAt", json!("yesterday")),
        ("content", Value::Null),
        ("documentNumber", json!(-1)),
    ] {
        let mut broken = answer.clone();
        broken[field] = value;
        let error = asked(&sale(), 200, broken).await.unwrap_err();
        assert!(matches!(error, TillError::Unreadable { .. }) && error.may_have_happened(), "{field}: {error:?}");
    }
}

#[tokio::test]
async fn every_status_of_a_question_has_its_meaning() {
    let errors = json!({ "errors": ["Чек не найден"] });
    let one = json!({ "position": 0, "itemCode": "123", "checkResult": { "fsCheckStatus": 2, "checkResult": 1, "oismCheckResultCode": 5, "oismResponse": { "resultCode": 1 } } });
    let ask = |status, body| async move { asked(&sale(), status, body).await.unwrap() };
    assert_eq!(ask(202, Value::Null).await, TillAnswer::Waiting);
    assert_eq!(ask(400, Value::Null).await, TillAnswer::NotFound);
    assert_eq!(ask(400, errors).await, TillAnswer::NotFound);
    assert_eq!(class(&ask(524, Value::Null).await), (FailureClass::Expired, "524"));
    for body in [json!([one]), json!({ "errors": [one] })] {
        let answer = ask(422, body).await;
        assert_eq!(class(&answer), (FailureClass::Mark, "422"));
        let TillAnswer::Failed(failed) = answer else { panic!() };
        assert_eq!(failed.text, "item 0: check (2106) 1, 2004 2");
    }
}

#[tokio::test]
async fn what_does_not_come_from_the_register_decides_nothing() {
    let page = "<html><body>A timeout occurred</body></html>";
    for status in [500, 502, 503, 504, 524] {
        let error = asked_text(status, page).await.unwrap_err();
        assert!(matches!(error, TillError::Unknown(_)), "{status}: {error:?}");
    }
    for status in [301, 400, 401, 403, 404] {
        let error = asked_text(status, page).await.unwrap_err();
        assert!(matches!(error, TillError::Refused { .. }), "{status}: {error:?}");
    }
    for (status, body) in [(200, page), (200, ""), (204, ""), (422, page), (201, "")] {
        let error = asked_text(status, body).await.unwrap_err();
        assert!(matches!(error, TillError::Unreadable { .. }), "{status}: {error:?}");
    }
}

async fn asked_text(status: u16, body: &str) -> Result<TillAnswer, TillError> {
    let wire = Wire::replying([Ok((status, Vec::new(), body.to_owned()))]);
    till().ask(&wire, Question { document: &sale(), callback_url: CALLBACK }).await
}

#[tokio::test]
async fn a_known_id_is_asked_about() {
    let content = told(&till(), &sale(), "documents").await["content"].clone();
    let cases = [
        ((200, done(&content)), "printed"),
        ((202, Value::Null), "waiting"),
        ((524, Value::Null), "expired"),
        ((400, Value::Null), "waiting"), // it said that it knows the id: an instant later it will find it
    ];
    for (second, expected) in cases {
        let wire = Wire::answering([(409, Value::Null), second]);
        let answer = till().print(&wire, &sale(), CALLBACK).await.unwrap();
        let found = match &answer {
            TillAnswer::Printed(_) => "printed",
            TillAnswer::Waiting => "waiting",
            TillAnswer::Failed(failed) if failed.class == FailureClass::Expired => "expired",
            other => panic!("{other:?}"),
        };
        assert_eq!((found, wire.paths()), (expected, vec!["POST documents/".into(), STATUS.into()]));
    }
}

#[tokio::test]
async fn what_is_refused_is_asked_about_before_it_counts() {
    let refusal = |text: &str| (400, json!({ "errors": [text] }));
    let cases = [
        ("Подпись не прошла проверку", FailureClass::Register),
        ("Группа не найдена", FailureClass::Register),
        ("Организация не найдена", FailureClass::Register),
        ("Не указан ИНН организации 'INN'", FailureClass::Document),
        ("Отсутствует содержимое документа 'Content'", FailureClass::Document),
        ("Сумма всех типов оплаты меньше итога чека", FailureClass::Document),
    ];
    for (text, expected) in cases {
        let wire = Wire::answering([refusal(text), (400, Value::Null)]);
        let answer = till().print(&wire, &sale(), CALLBACK).await.unwrap();
        assert_eq!(class(&answer), (expected, "400"), "{text}");
        assert_eq!(wire.paths(), ["POST documents/", STATUS]);
    }
    // The command before it was taken, and its answer lost.
    let wire = Wire::answering([refusal("Подпись не прошла проверку"), (202, Value::Null)]);
    assert_eq!(till().print(&wire, &sale(), CALLBACK).await.unwrap(), TillAnswer::Waiting);
    let wire = Wire::replying([
        Ok((400, Vec::new(), json!({ "errors": ["Группа не найдена"] }).to_string())),
        Err(HttpError::Unknown("silence".into())),
    ]);
    assert!(matches!(till().print(&wire, &sale(), CALLBACK).await, Err(TillError::Unknown(_))));
    // A key nobody can sign with.
    let keyless = OrangeDataTill::new(&register(Ffd::V1_2, &[("private_key", "none")]));
    let wire = Wire::answering([(400, Value::Null)]);
    let answer = keyless.print(&wire, &sale(), CALLBACK).await.unwrap();
    assert_eq!((class(&answer), wire.paths()), ((FailureClass::Register, "private_key"), vec![STATUS.to_owned()]));
}

#[tokio::test]
async fn a_command_that_is_not_taken_is_told_from_one_that_may_have_been() {
    let reply = |status, header: Option<&str>, body: &str| {
        let headers = header.map(|seconds| ("retry-after".to_owned(), seconds.to_owned())).into_iter().collect();
        Wire::replying([Ok((status, headers, body.to_owned()))])
    };
    let print = |wire: Wire| async move { till().print(&wire, &sale(), CALLBACK).await };
    assert_eq!(class(&print(reply(503, Some("30"), "{\"errors\":[]}")).await.unwrap()), (FailureClass::Passing, "503"));
    assert_eq!(class(&print(reply(401, None, "")).await.unwrap()), (FailureClass::Register, "401"));
    let page = "<html><head><title>400 The SSL certificate error</title></head></html>";
    assert_eq!(class(&print(reply(400, None, page)).await.unwrap()), (FailureClass::Register, "401"));
    for status in [500, 502, 503, 504, 524] {
        assert!(matches!(print(reply(status, None, "<html>")).await, Err(TillError::Unknown(_))), "{status}");
    }
    for status in [200, 202, 204] {
        assert!(matches!(print(reply(status, None, "")).await, Err(TillError::Unreadable { .. })), "{status}");
    }
    assert!(matches!(print(reply(404, None, "")).await, Err(TillError::Refused { status: 404, .. })));
    assert!(matches!(print(reply(429, None, "")).await, Err(TillError::NotSent(_))));
    let lost = Wire::replying([Err(HttpError::NotSent("refused".into()))]);
    assert!(matches!(print(lost).await, Err(TillError::NotSent(_))));
    let silent = Wire::replying([Err(HttpError::Unknown("silence".into()))]);
    assert!(matches!(print(silent).await, Err(TillError::Unknown(_))));
}

#[test]
fn a_callback_is_a_reason_to_ask() {
    let callback = |body: &str| {
        let now = "2026-11-21T11:16:00Z".parse().unwrap();
        till().callback(now, &http::HeaderMap::new(), body.as_bytes())
    };
    let told = callback(&done(&json!({})).to_string()).unwrap();
    assert_eq!((told.external_id.as_str(), told.answer), (ID, None));
    for nonsense in ["", "{}", "[]", "{\"id\": 7}"] {
        assert!(matches!(callback(nonsense), Err(CallbackError::Malformed { .. })), "{nonsense}");
    }
}

#[tokio::test]
async fn the_identity_goes_along_with_everything_and_no_secret_is_shown() {
    let pairs = [("certificate", "CERTIFICATE-PEM"), ("certificate_key", "KEY-PEM")];
    let register = register(Ffd::V1_2, &pairs);
    let till = open(&register, &Arc::new(Tokens::default()), "2026-11-21T11:16:00Z".parse().unwrap()).unwrap();
    let wire = Wire::answering([(409, Value::Null), (202, Value::Null)]);
    assert_eq!(till.print(&wire, &sale(), CALLBACK).await.unwrap(), TillAnswer::Waiting);
    let identity = Identity::new("CERTIFICATE-PEM", "KEY-PEM");
    assert_eq!(*wire.identities.lock().unwrap(), [Some(identity.clone()), Some(identity.clone())]);
    let shown = format!("{:?} {identity:?}", OrangeDataTill::new(&register));
    assert!(!shown.contains("PEM") && !shown.contains("PRIVATE"), "{shown}");
    // Without a certificate, as at a double, nobody is shown.
    let wire = Wire::answering([(202, Value::Null)]);
    self::till().ask(&wire, Question { document: &sale(), callback_url: CALLBACK }).await.unwrap();
    assert_eq!(*wire.identities.lock().unwrap(), [None]);
}
