//! Orders as files for other programs: `CommerceML` and a table, page by page.

use domain::id::{Mode, Tenant};
use serde_json::json;

use crate::orders::wish;
use crate::{Answer, Api};

const DAY: i64 = 24 * 3_600;

pub(crate) fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    String::from_utf8(answer.body.clone()).unwrap()
}

/// Texts of an element, wherever it stands.
fn all(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
}

/// The value of a requisite of a document.
fn requisite(document: &str, name: &str) -> Option<String> {
    let rest = document.split(&format!("<Наименование>{name}</Наименование><Значение>")).nth(1)?;
    Some(rest.split("</Значение>").next().unwrap().to_owned())
}

/// The address of the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.headers.get("link")?.to_str().unwrap();
    let address = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    Some(address.strip_prefix(support::BASE_URL).unwrap().to_owned())
}

#[tokio::test]
async fn an_order_is_a_document_with_its_buyer_lines_and_payment() {
    let api = Api::new().await; // 21 November, noon in Moscow
    let mut wished = wish("A-1");
    wished["lines"] = json!([
        { "name": "Чай «Ё» <1\u{fffe}", "price": "110.00", "quantity": "2.5", "measure": 11, "subject": "goods", "vat": "vat10", "product": "tea-1" },
        { "name": "Доставка", "price": "300.00", "vat": "vat22", "delivery": "courier" },
    ]);
    let path = api.paid(&wished, "success").await;
    let answer = api.get("/v1/orders.xml").await;
    let xml = text(&answer);
    assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"orders-2026-11-01-2026-11-21.xml\"");
    assert_eq!(next(&answer), None);
    let root = "<?xml version=\"1.0\" encoding=\"utf-8\"?><КоммерческаяИнформация xmlns=\"urn:1C.ru:commerceml_2\" ВерсияСхемы=\"2.10\" ДатаФормирования=\"2026-11-21T12:";
    assert!(xml.starts_with(root), "{xml}");
    let document = all(&xml, "Документ").remove(0);
    let head = "<Номер>A-1</Номер><Дата>2026-11-21</Дата><ХозОперация>Заказ товара</ХозОперация><Роль>Продавец</Роль><Валюта>RUB</Валюта><Курс>1</Курс><Сумма>575.00</Сумма>";
    assert!(document.contains(head), "{document}");
    let buyer = all(&document, "Контрагент").remove(0);
    assert!(buyer.ends_with("<Роль>Покупатель</Роль>"), "{buyer}");
    assert!(buyer.contains(&format!("<Тип>Почта</Тип><Значение>{}</Значение>", support::BUYER_EMAIL)), "{buyer}");
    let goods = all(&document, "Товар");
    // What XML 1.0 can not carry is a space.
    assert!(goods[0].starts_with("<Ид>tea-1</Ид><Артикул>tea-1</Артикул><Наименование>Чай «Ё» &lt;1 </Наименование><БазоваяЕдиница Код=\"166\" НаименованиеПолное=\"Килограмм\">кг</БазоваяЕдиница>"), "{}", goods[0]);
    assert!(
        goods[0].contains("<ЦенаЗаЕдиницу>110.00</ЦенаЗаЕдиницу><Количество>2.5</Количество><Сумма>275.00</Сумма>")
    );
    assert!(
        goods[0].contains("<УчтеноВСумме>true</УчтеноВСумме><Сумма>25.00</Сумма><Ставка>10</Ставка>"),
        "{}",
        goods[0]
    );
    assert_eq!(requisite(&goods[0], "ТипНоменклатуры").as_deref(), Some("Товар"));
    assert!(goods[1].starts_with("<Ид>ORDER_DELIVERY</Ид>"));
    assert_eq!(requisite(&goods[1], "ВидНоменклатуры").as_deref(), Some("Услуга"));
    let own = document.rsplit_once("</Товары>").unwrap().1;
    let order = api.order_at(&path).await;
    let reference = order.payments().next().unwrap().reference().unwrap().to_owned();
    for (name, value) in [
        ("Статус заказа", "Исполнен"),
        ("Заказ оплачен", "true"),
        ("Отменен", "false"),
        ("Доставка разрешена", "true"),
        ("ПометкаУдаления", "false"),
        ("Метод оплаты", "Банковская карта"),
        ("Номер платежного документа", reference.as_str()),
        ("Получено", "575.00"),
        ("Возвращено", "0.00"),
    ] {
        assert_eq!(requisite(own, name).as_deref(), Some(value), "{name}: {own}");
    }
    assert!(requisite(own, "Дата оплаты").unwrap().starts_with("2026-11-21 12:"));
}

#[tokio::test]
async fn pages_have_every_order_of_the_days_once() {
    let api = Api::new().await;
    for no in 1..=3 {
        api.order(&wish(&format!("A-{no}"))).await;
    }
    api.world.pass(DAY, DAY).await;
    for no in 4..=8 {
        api.order(&wish(&format!("A-{no}"))).await;
        api.world.pass(60, 60).await;
    }
    api.world.pass(9 * DAY, 3 * DAY).await; // 1 December
    api.order(&wish("A-9")).await;
    for (asked, numbers) in [
        ("from=2026-11-21&until=2026-12-31", vec![9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("from=2026-11-22&until=2026-11-22", vec![8, 7, 6, 5, 4]),
        ("until=2026-11-21", vec![3, 2, 1]),
        ("until=2026-10-31", vec![]),
        ("", vec![9]),
    ] {
        for file in ["orders.xml", "orders.csv"] {
            let (mut path, mut found, mut pages) = (Some(format!("/v1/{file}?{asked}&limit=2")), Vec::new(), 0);
            while let Some(asked) = path {
                let answer = api.get(&asked).await;
                let body = text(&answer);
                let own: Vec<String> = match file {
                    "orders.xml" => all(&body, "Номер"),
                    _ => body.lines().skip(1).map(|row| row.split(';').next().unwrap().to_owned()).collect(),
                };
                assert!(own.len() <= 2);
                found.extend(own);
                (path, pages) = (next(&answer), pages + 1);
                assert!(pages < 20);
            }
            let mut wanted: Vec<_> = numbers.iter().map(|no| format!("A-{no}")).collect();
            // Those made in one second have an order of their own.
            wanted.sort();
            found.sort();
            assert_eq!(found, wanted, "{file} {asked}");
        }
    }
}

#[tokio::test]
async fn a_row_says_what_the_books_say() {
    let api = Api::new().await;
    let mut named = wish("=1+1");
    named["number"] = json!("=1+1");
    let path = api.paid(&named, "success").await;
    let gone = api.paid(&wish("A-2"), "success").await;
    assert_eq!(api.post(&format!("{gone}/cancel"), &json!({})).await.status, 200);
    api.world.settle().await;
    api.order(&wish("A-3")).await;
    api.world.pass(4 * DAY, 3_600).await;
    let bill = |order: &domain::order::Order| order.bill.to_string();
    let (paid, refunded) = (api.order_at(&path).await, api.order_at(&gone).await);
    let answer = api.get("/v1/orders.csv").await;
    let csv = text(&answer);
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"orders-2026-11-01-2026-11-25.csv\"");
    let rows: Vec<Vec<&str>> =
        csv.strip_prefix('\u{feff}').unwrap().split_terminator("\r\n").map(|row| row.split(';').collect()).collect();
    let row = |number: &str| rows.iter().find(|row| row[0] == number).unwrap();
    let sums = ["3000,00", "3000,00", "0,00", "105,00", "0,00", "2895,00"];
    let first = row("'=1+1");
    assert_eq!(first[1], bill(&paid));
    assert!(first[2].starts_with("21.11.2026 12:00") && first[3].starts_with("21.11.2026 12:0"), "{first:?}");
    assert_eq!(&first[4..6], ["Исполнен и перечислен", "Банковская карта"]);
    assert_eq!(&first[6..12], sums);
    assert_eq!(&first[12..], ["21.11.2026", "24.11.2026", "24.11.2026", "1"]);
    let second = row("A-2");
    assert_eq!(second[1], bill(&refunded));
    assert_eq!(second[4], "Деньги возвращены");
    assert_eq!(&second[7..12], ["3000,00", "3000,00", "0,00", "0,00", "0,00"]);
    let third = row("A-3");
    assert_eq!(&third[3..6], ["", "Срок оплаты истёк", ""]);
    assert_eq!(&third[7..], ["0,00", "0,00", "0,00", "0,00", "0,00", "", "", "", ""]);
}

#[tokio::test]
async fn a_long_document_ends_before_an_answer_may() {
    let api = Api::new().await;
    let mut wished = wish("L");
    let line = json!({ "name": "Ё".repeat(128), "price": "1.00", "vat": "vat22" });
    wished["lines"] = json!(vec![line; 100]);
    for no in 0..60 {
        wished["number"] = json!(format!("L-{no}"));
        api.order(&wished).await;
    }
    let (mut path, mut found, mut pages) = (Some("/v1/orders.xml".to_owned()), 0, 0);
    while let Some(asked) = path {
        let answer = api.get(&asked).await;
        // As a JSON string, which is what a function answers, quotes take two bytes.
        assert!(serde_json::to_string(&text(&answer)).unwrap().len() < 6_000_000, "{} bytes", answer.body.len());
        found += all(&text(&answer), "Номер").len();
        (path, pages) = (next(&answer), pages + 1);
    }
    assert_eq!(found, 60);
    assert!(pages > 1, "{pages}");
}

#[tokio::test]
async fn what_can_not_be_asked_for_is_pointed_to() {
    let api = Api::new().await;
    api.order(&wish("A-1")).await;
    api.order(&wish("A-2")).await;
    for file in ["orders.xml", "orders.csv"] {
        for (asked, pointer, code) in [
            ("from=2026-11-22&until=2026-11-21", "/until", "before_from"),
            ("from=2025-11-20&until=2026-11-21", "/from", "period"),
            ("from=2026-11-31", "/from", "date"),
            ("until=yesterday", "/until", "date"),
            ("limit=0", "/limit", "range"),
            ("limit=2001", "/limit", "range"),
            ("cursor=AAAA", "/cursor", "cursor"),
            ("month=2026-11", "/month", "unknown"),
        ] {
            let faults = api.get(&format!("/v1/{file}?{asked}")).await.faults();
            assert_eq!(faults, [(pointer.to_owned(), code.to_owned())], "{file}?{asked}");
        }
        // 366 days are a leap year, and the day after is too much.
        assert_eq!(api.get(&format!("/v1/{file}?from=2028-01-01&until=2028-12-31")).await.status, 200);
        assert_eq!(api.get(&format!("/v1/{file}?from=2028-01-01&until=2029-01-01")).await.status, 422);

        // A cursor is good for its list, its days and its tenant.
        let link = next(&api.get(&format!("/v1/{file}?limit=1")).await).unwrap();
        assert_eq!(api.get(&link).await.status, 200);
        let other = Tenant::try_new("othershop", Mode::Test).unwrap();
        let key = api.world.enrol(&other, &support::partner()).await;
        assert_eq!(api.call("GET", &link, &key, None).await.faults()[0].0, "/cursor");
        for (one, other) in
            [("orders.xml", "orders.csv"), ("orders.csv", "orders.xml"), ("until=2026-11-21", "until=2026-11-22")]
        {
            if link.contains(one) {
                assert_eq!(api.get(&link.replace(one, other)).await.faults()[0].0, "/cursor", "{other}");
            }
        }
        // Another tenant sees nothing of it.
        let seen = text(&api.call("GET", &format!("/v1/{file}"), &key, None).await);
        assert!(!seen.contains("A-1"), "{seen}");
        assert_eq!(api.call("GET", &format!("/v1/{file}"), "", None).await.problem().0, 401);
        // A courier's key opens orders given to it, and no lists.
        let courier = api.post("/v1/partner/keys", &json!({ "name": format!("Курьер {file}") })).await.json();
        let courier = courier["api_key"].as_str().unwrap().to_owned();
        let refused = api.call("GET", &format!("/v1/{file}"), &courier, None).await.problem();
        assert_eq!(refused, (403, "courier_key".to_owned()));
    }
}
