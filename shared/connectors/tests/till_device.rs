//! The device protocol on the line: a receipt by its tags, and what an agent may tell.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use connectors::till::FailureClass;
use connectors::till::device::{translate, wire};
use domain::money::Money;
use domain::receipt::device::Trouble;
use domain::receipt::{
    Agent, AgentSign, Buyer, Cashier, Correction, Ffd, Item, Measure, Payments, Principal, ReceiptDocument,
    ReceiptKind, Settlement, Subject, Supplier,
};
use domain::tax::{Taxation, VatRate};
use domain::time::Timestamp;
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

fn document() -> ReceiptDocument {
    let taxation = Taxation::Osn;
    let item = |name: &str, minor, quantity: &str, subject| Item {
        name: name.into(),
        price: Money::rub(minor),
        quantity: quantity.parse().unwrap(),
        measure: Measure::PIECE,
        amount: Money::rub(minor).times(quantity.parse().unwrap()).unwrap(),
        vat: VatRate::Vat22,
        calculated: false,
        subject,
        settlement: Settlement::FullPayment,
        principal: None,
        mark: None,
        fraction: None,
    };
    let supplier =
        Supplier {
            name: "ООО «Обувь»".into(), inn: "7707083893".into(), phones: vec!["+74950000001".into()]
        };
    ReceiptDocument {
        external_id: "ord_t_demoshop_01kavxa3hs8g5xv6qt7mh3v2kc-r1".into(),
        kind: ReceiptKind::Sale,
        ffd: Ffd::V1_2,
        agent: Agent {
            name: "ООО «Агент»".into(),
            inn: "7727401209".into(),
            address: "Москва".into(),
            email: "receipts@agent.example".into(),
            phone: String::new(),
            taxation,
        },
        taxation,
        place: "https://pay.example".into(),
        internet: true,
        cashier: Some(Cashier { name: "Иванова".into(), inn: Some("500100732259".into()) }),
        buyer: Buyer {
            contact: "+79161234567".into(),
            name: Some("ООО «Ромашка»".into()),
            inn: Some("5544332219".into()),
        },
        items: vec![
            Item {
                mark: Some("010460193600546421SERIAL0000013\u{1d}91EE05\u{1d}92dGVzdA==".into()),
                fraction: Some((1, 2)),
                principal: Some(Principal { sign: AgentSign::Agent, supplier }),
                ..item("Ботинки", 122_000, "1", Subject::GoodsMarked)
            },
            Item { vat: VatRate::None, calculated: false, ..item("Доставка", 30_050, "1.5", Subject::Service) },
        ],
        payments: Payments { cash: Money::rub(67_075), ..Payments::electronic(Money::rub(100_000)) },
        total: Money::rub(167_075),
        correction: Some(Correction {
            order: Some("17/2".into()),
            date: jiff::civil::date(2026, 11, 1),
            wrong_sign: Some("1234567890".into()),
        }),
        wrong_sign: None,
        sell_unchecked: true,
    }
}

#[test]
fn every_tag_goes_over_the_line_and_comes_back() {
    let sent = document();
    let told = serde_json::to_value(translate::receipt(&sent).unwrap()).unwrap();
    for (pointer, value) in [
        ("/1054", json!(1)),
        ("/1209", json!(4)),
        ("/1055", json!(1)),
        ("/1125", json!(true)),
        ("/1021", json!("Иванова")),
        ("/1203", json!("500100732259")),
        ("/1008", json!("+79161234567")),
        ("/1228", json!("5544332219")),
        ("/1031", json!("670.75")),
        ("/1081", json!("1000.00")),
        ("/1215", json!("0.00")),
        ("/1020", json!("1670.75")),
        ("/1173", json!(1)),
        ("/1178", json!("2026-11-01")),
        ("/1179", json!("17/2")),
        ("/1192", json!("1234567890")),
        ("/1059/0/1199", json!(11)),
        ("/1059/0/1200", json!("220.00")),
        ("/1059/0/1212", json!(33)),
        ("/1059/0/1222", json!(64)),
        ("/1059/0/1224/1171/0", json!("+74950000001")),
        ("/1059/0/1226", json!("7707083893")),
        ("/1059/0/1291/1293", json!(1)),
        ("/1059/1/1023", json!("1.5")),
        ("/1059/1/1043", json!("450.75")),
        ("/1059/1/1199", json!(6)),
    ] {
        assert_eq!(told.pointer(pointer), Some(&value), "{pointer}");
    }
    assert_eq!(told.pointer("/1059/1/1200"), None);
    assert!(told.to_string().contains("\\u001d91EE05"), "group separators survive");
    let heard: wire::Receipt = serde_json::from_value(told).unwrap();
    assert_eq!(translate::document(&sent.external_id, &heard).unwrap(), sent);
}

#[test]
fn what_is_no_receipt_is_told_by_its_place() {
    let told = serde_json::to_value(translate::receipt(&document()).unwrap()).unwrap();
    for (pointer, wrong) in [
        ("/1054", json!(7)),
        ("/1209", json!(1)),
        ("/1055", json!(3)),
        ("/1020", json!("1,00")),
        ("/1059/0/1199", json!(99)),
        ("/1059/0/1214", json!(0)),
        ("/1059/0/1212", json!(99)),
        ("/1059/0/1222", json!(3)),
        ("/1059/1/1023", json!("much")),
    ] {
        let mut changed = told.clone();
        *changed.pointer_mut(pointer).unwrap() = wrong;
        let heard: wire::Receipt = serde_json::from_value(changed).unwrap();
        assert_eq!(translate::document("1-r1", &heard).unwrap_err().pointer, pointer);
    }
}

fn done() -> Value {
    json!({
        "1041": "9999078900001234", "1040": 871, "1077": "1470707772", "1037": "0000000001234567", "1038": 12,
        "1042": 3, "1012": "2026-11-21T11:59:00+03:00", "1020": "1670.75", "1199": [11, 6],
    })
}

#[test]
fn fiscal_attributes_are_read_as_they_can_be() {
    let told: wire::Done = serde_json::from_value(done()).unwrap();
    let outcome = translate::outcome(&told, now()).unwrap();
    assert_eq!((outcome.fiscal.document, outcome.fiscal.total), (871, Money::rub(167_075)));
    assert_eq!(outcome.fiscal.at, "2026-11-21T08:59:00Z".parse::<Timestamp>().unwrap());
    assert_eq!(translate::outcome(&translate::done(&outcome), now()).unwrap(), outcome);
    for (tag, wrong) in [
        ("1041", json!("0000000000000000")),
        ("1041", json!("99990789000012345")),
        ("1041", json!("99990789０００01234")),
        ("1077", json!("147070777")),
        ("1037", json!("")),
        ("1040", json!(0)),
        ("1038", json!(0)),
        ("1042", json!(0)),
        ("1012", json!("21.11.2026 12:00")),
        ("1012", json!("2026-11-22T09:00:01Z")),
        ("1020", json!("-1.00")),
    ] {
        let mut changed = done();
        changed[tag] = wrong;
        let told: wire::Done = serde_json::from_value(changed).unwrap();
        assert_eq!(translate::outcome(&told, now()).unwrap_err().pointer, format!("/{tag}"));
    }
}

#[test]
fn every_trouble_means_something_for_the_receipt() {
    let class = |code: &str| {
        let told: wire::NotDone = serde_json::from_value(json!({"lease": 1, "code": code, "text": "a\nb"})).unwrap();
        let why = translate::not_done(&told).unwrap();
        assert_eq!((why.lease, why.text.as_str()), (1, "a b"));
        translate::class(why.why)
    };
    for passing in ["paper_out", "offline", "shift_over_24h"] {
        assert_eq!(class(passing), FailureClass::Passing);
    }
    for register in ["drive_full", "drive_expired"] {
        assert_eq!(class(register), FailureClass::Register);
    }
    assert_eq!(class("marking_refused"), FailureClass::Mark);
    assert_eq!(class("document"), FailureClass::Document);
    let ours = wire::NotDone { lease: 1, code: Trouble::NotFetched, text: String::new() };
    assert_eq!(translate::not_done(&ours).unwrap_err().pointer, "/code");
}

#[test]
fn a_register_tells_what_can_be_so() {
    let told = json!({
        "model": "atol-30f", "serial": "00106107031234", "drive": "9999078900001234", "drive_until": "2027-12-20",
        "documents_left": 249_000, "shift_opened_at": "2026-11-21T06:00:00Z", "paper": true, "software": "agent 1",
    });
    let read = |told: &Value| translate::condition(&serde_json::from_value(told.clone()).unwrap(), now());
    assert_eq!(read(&told).unwrap().documents_left, 249_000);
    for (field, wrong) in [
        ("model", json!("atol-31f")),
        ("serial", json!("")),
        ("drive", json!("9999")),
        ("software", json!("a".repeat(65))),
        ("shift_opened_at", json!("today")),
        ("registration", json!("12")),
    ] {
        let mut changed = told.clone();
        changed[field] = wrong;
        assert_eq!(read(&changed).unwrap_err().pointer, format!("/{field}"));
    }
}
