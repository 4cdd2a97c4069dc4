//! Wire: what the connector of КИТ Онлайн says and understands, held to the vendor's tables and signature as public clients have
//! them.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod tills;

use connectors::till::kit_online::translate::{failure_class, refusal_class, sign};
use connectors::till::{CallbackError, FailureClass, Till, TillAnswer, TillError};
use domain::money::Money;
use domain::receipt::register::RegisterKind;
use serde_json::json;

use tills::{Wire, ask, class, document, print, till};

const PRINTED: &str = r#"{"ResultCode":0,"CheckState":{"State":1000},"FiscalData":{"Date":"21.11.25 12:01",
"Rnm":"0000000001234567","StorageNumber":9289000100123456,"Session":12,"CheckNumber":3,"Document":871,
"Sign":470707772,"FactoryNumber":199036000001},"Link":"https://check.test/1"}"#;

fn kit() -> Box<dyn Till> {
    till(RegisterKind::KitOnline, &[("company_id", "7"), ("login", "tlogin"), ("password", "tpass42")])
}

#[test]
fn the_published_signature() {
    // rodion-m/KitOnline-NET, KitOnline.Test/Tests.cs, TestSign.
    assert_eq!(sign("7", "tpass42", "101"), "A8F447DB87C96957B60F0996AF16A086");
}

#[tokio::test]
async fn a_document_in_the_vendors_words() {
    let wire = Wire::answering(&[(200, r#"{"ResultCode":0,"CheckQueueId":2714}"#)]);
    assert_eq!(print(kit().as_ref(), &wire, &document()).await.unwrap(), TillAnswer::Waiting);
    assert_eq!(wire.asked()[0].url, "https://api.kit-invest.ru/WebService.svc/SendCheck");
    let said: serde_json::Value = serde_json::from_str(&wire.said()).unwrap();
    let sign = sign("7", "tpass42", "ord_t_shop_01k-r1");
    let wanted = json!({
        "Request": { "CompanyId": 7, "UserLogin": "tlogin", "Sign": sign, "FiscalData": "1", "Link": "1" },
        "Check": {
            "CheckId": "ord_t_shop_01k-r1", "CalculationType": 1, "TaxSystemType": 4, "Sum": 15_002,
            "Phone": "9261234567", "Pay": { "CashSum": 5_002, "EMoneySum": 10_000 },
            "Subjects": [{
                "SubjectName": "Выписка ЕГРН 1/2", "Price": 10_001, "Quantity": 1.5, "Tax": 11, "PayAttribute": 4,
                "GoodsAttribute": 4, "unitOfMeasurement": "шт.", "agentType": 64, "supplierINN": "7727401209",
                "supplierInfo": { "name": "ООО «Справка»", "phoneNumbers": ["+74951234567"] },
            }],
        },
    });
    assert_eq!(said, wanted, "{said:#}");
}

#[tokio::test]
async fn states_in_our_words() {
    for state in [0, 10, 20, 30] {
        let body = format!(r#"{{"ResultCode":0,"CheckState":{{"State":{state}}}}}"#);
        let wire = Wire::answering(&[(200, &body)]);
        assert_eq!(ask(kit().as_ref(), &wire, &document()).await.unwrap(), TillAnswer::Waiting, "{state}");
    }
    let known = r#"{"ResultCode":45,"ErrorMessage":"Чек с таким CheckId уже существует"}"#;
    let wire = Wire::answering(&[(200, known), (200, PRINTED)]);
    let TillAnswer::Printed(printed) = print(kit().as_ref(), &wire, &document()).await.unwrap() else { panic!() };
    let fiscal = &printed.fiscal;
    assert_eq!((fiscal.drive.as_str(), fiscal.document, fiscal.sign.as_str()), ("9289000100123456", 871, "0470707772"));
    assert_eq!((fiscal.register.as_str(), fiscal.shift, fiscal.number), ("0000000001234567", 12, 3));
    assert_eq!((fiscal.at.to_string().as_str(), fiscal.total), ("2025-11-21T09:01:00Z", Money::rub(15_002)));
    assert_eq!((&printed.echo.rates, &printed.echo.vats), (&None, &None), "nothing of rates is told");
    let wire = Wire::answering(&[(200, r#"{"ResultCode":43,"ErrorMessage":"Чек с таким id не найден"}"#)]);
    assert_eq!(ask(kit().as_ref(), &wire, &document()).await.unwrap(), TillAnswer::NotFound);
}

#[tokio::test]
async fn failures_by_the_vendors_tables() {
    let tables: [(&[u32], FailureClass); 3] = [
        (&[1, 9, 20, 27, 28, 30, 36, 39], FailureClass::Document),
        (&[3, 4, 5, 6, 12, 13, 29, 50, 52, 53], FailureClass::Register),
        (&[14, 21, 31, 51, 55], FailureClass::Expired),
    ];
    for (codes, wanted) in tables {
        for code in codes {
            assert_eq!(failure_class(*code), Some(wanted), "{code}");
        }
    }
    // Handed over before, or a failure of the device that says not when: nobody says it was not printed.
    for code in [0, 25, 26, 45, 46, 999] {
        assert_eq!(failure_class(code), None, "{code}");
        let body = format!(r#"{{"ResultCode":0,"CheckState":{{"State":1010,"ErrorCode":{code}}}}}"#);
        let wire = Wire::answering(&[(200, &body)]);
        assert!(ask(kit().as_ref(), &wire, &document()).await.unwrap_err().may_have_happened(), "{code}");
    }
    for code in [31, 32, 33, 34, 35, 37, 41, 48, 49] {
        assert_eq!(refusal_class(code), Some(FailureClass::Register), "{code}");
    }
    let wire = Wire::answering(&[(200, r#"{"ResultCode":39,"ErrorMessage":"Сумма оплат(ы) не равна итогу чека"}"#)]);
    let refused = print(kit().as_ref(), &wire, &document()).await.unwrap();
    assert_eq!(class(refused), (FailureClass::Document, "39".into()));
    let wire = Wire::answering(&[(200, r#"{"ResultCode":1}"#)]);
    assert!(print(kit().as_ref(), &wire, &document()).await.unwrap_err().may_have_happened());
    let wire = Wire::answering(&[(200, r#"{"ResultCode":115,"ErrorMessage":"x"}"#)]);
    assert!(matches!(print(kit().as_ref(), &wire, &document()).await, Err(TillError::Refused { .. })));
}

#[tokio::test]
async fn nonsense_is_not_believed() {
    let no_number = r#"{"ResultCode":0,"CheckState":{"State":1000},"FiscalData":{"Date":"21.11.25 12:01"}}"#;
    for (status, body) in [
        (502, "<html></html>"),
        (200, "<html></html>"),
        (200, r#"{"ResultCode":0,"CheckSta"#),
        (200, r#"{"ResultCode":0,"CheckState":{"State":1000}}"#),
        (200, r#"{"ResultCode":0,"CheckState":{"State":1010}}"#),
        (200, r#"{"ResultCode":0,"CheckState":{"State":31}}"#),
        (200, no_number),
    ] {
        let wire = Wire::answering(&[(status, body)]);
        assert!(ask(kit().as_ref(), &wire, &document()).await.unwrap_err().may_have_happened(), "{body}");
    }
    let wire = Wire::silent_after(&[]);
    assert!(print(kit().as_ref(), &wire, &document()).await.unwrap_err().may_have_happened());
    let wire = Wire::answering(&[]);
    let nobody = till(RegisterKind::KitOnline, &[("company_id", "seven")]);
    let unset = print(nobody.as_ref(), &wire, &document()).await.unwrap();
    assert_eq!(class(unset), (FailureClass::Register, "credentials".into()));
    let stranger = kit().callback("2025-11-21T09:00:00Z".parse().unwrap(), &http::HeaderMap::new(), PRINTED.as_bytes());
    assert_eq!(stranger, Err(CallbackError::Unsigned));
}
