//! Every kind of receipt, in the words a register's answer is shown in.

use pages::{
    BuyerFirm, Cashier, Correction, Lang, MailKind, MailView, Mends, ReceiptKind, ReceiptLine, ReceiptStage,
    ReceiptView, Supplier, VatSum,
};

use super::{LOGO_CONTENT_ID, NOW, mail_view, text};

/// A partner's wide logo on a clear ground.
pub const LOGO: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAA4QAAAB4CAMAAACdKMz2AAAACVBMVEUaVtv/////tABOlLkxAAAAA3RSTlP/AP9p7B++AAACc0lEQVR42u3d3UrEMBSF0Z28/0N7K8rYn6Q9rVnrfoOc8iEjOE0DSsUJQIQgQkCEIEJAhCBCQIQgQkCEIMKtzW8OCXdFmM8cE66OMNscFK6LMPs4KVwTYfZzVJgfYY5xVpgbYY5zWJgXYc5xWpgUYaJCqIwwUSEURpgxzguDESYqhMoIExVCZYSJCqEywkSFUBlhokKojDBRIVRGmKgQKiNMVAgihIUjTFQIlREmKoTKCBMVgghh4QgTFYIIYeEIExWCCGHhCBMVgghh4Qj3BtW/UyHcHWH/SYQwKcJzCe7O0LlhRoS9n67QuWE8wv6ZCOGGCHsfqXD7pzn/4TK2ti/YbkY41uCECj0kWxGK0Nb20RH2PlihCG1FOBRh76MVitBWhH9GmMsjjAhtRTgQYe+X/yr0kGxFKEJb2+dG2PuECkVoK0IR2tqKUIS2IhShra0IRWgrQhHa2opQhLYiFKGtrQhFaCtCEdrailCEtiIUoa2tCEVoK0L/RWFrK0IR2oow4xVGhLa2AxH6jhlb24dH6NvWbG2rI/S9o7a2IvSAbf93hN5FYWv7+Ai9lQlm835CeF2E3tQLF0bonfXwjgh/ZDjy2RVEePKPQSc4NogQXhBh0yCIENaOsGkQRAhrR9g0CCKEtSNsGoTiCJsGoTjCpkEQIawdYdMgFEfYNAjFETYNQnGETYNQHGHTIBRH2DQIxRE2DUJxhE2DUBzhUIaOCzMibBqE4gibBqE4wlMZOizMjPBwhs4KsyM8lKGjwhURDr07EJgR4a4MHRSujHAjRMeEOyL8EKJDwp0RAiIEEQIiBBECIgQRAiIEEQIihPf6Anu3WJKNsw7/AAAAAElFTkSuQmCC";

/// The text of the code a register gives a receipt of this kind and total.
pub fn qr(kind: ReceiptKind, total_minor: i64) -> String {
    let (rub, kopecks) = (total_minor / 100, total_minor % 100);
    let no = if kind == ReceiptKind::Income { 1 } else { 2 };
    format!("t=20261121T1805&s={rub}.{kopecks:02}&fn=9960440300123456&i=12345&fp=1234567890&n={no}")
}

pub fn receipt(kind: ReceiptKind) -> ReceiptView {
    let line = |name: &str, quantity: &str, price_minor, amount_minor| ReceiptLine {
        name: text(name),
        is_marked: false,
        quantity: text(quantity),
        price_minor,
        amount_minor,
        vat: text("без НДС"),
        vat_minor: None,
        subject: text("УСЛУГА"),
        method: text("ПОЛНЫЙ РАСЧЕТ"),
        agent_sign: Some(text("АГЕНТ")),
        supplier: Some(Supplier {
            name: text("ООО «Справки онлайн»"),
            inn: text("7707083893"),
            phone: Some(text("+78005553535")),
        }),
    };
    ReceiptView {
        lang: Lang::Ru,
        language_url: None,
        kind,
        stage: ReceiptStage::Full,
        correction: None,
        mends: None,
        test_mode: true,
        logo: None,
        partner_name: text("ООО «Справки онлайн»"),
        bill: text("4000123412341234"),
        order_url: Some(text("/order/01JD9K3V7Q8X2M4N5P6R7S8T9V")),
        user_name: text("ООО «Апикасса»"),
        user_inn: text("7725270067"),
        settlement_address: text("115191, Москва, ул. Рощинская 2-я, д. 4"),
        settlement_place: text("https://pay.apikassa.example"),
        tax_system: text("УСН доход"),
        cashier: None,
        automat_number: Some(text("000001")),
        at_ms: NOW,
        shift: text("217"),
        number: text("38"),
        lines: vec![
            line("Выписка из ЕГРН об объекте недвижимости", "2 шт.", 45_000, 90_000),
            line("Выписка о переходе прав", "1 шт.", 29_000, 29_000),
            line("Доставка по электронной почте", "1 шт.", 4450, 4450),
        ],
        total_minor: 123_450,
        cash_minor: 0,
        electronic_minor: 123_450,
        prepaid_minor: 0,
        vats: vec![VatSum { label: text("СУММА БЕЗ НДС"), amount_minor: 123_450 }],
        buyer_contact: Some(text("ivanov@mail.example")),
        buyer_firm: None,
        sender_email: text("check@apikassa.example"),
        till_registration: text("0000123456012345"),
        fiscal_drive: text("9960440300123456"),
        fiscal_document: text("12345"),
        fiscal_sign: text("1234567890"),
        fns_site: text("www.nalog.gov.ru"),
        qr: qr(kind, 123_450),
    }
}

/// A receipt with all that a person's till and marked goods add.
pub fn receipt_handed_over() -> ReceiptView {
    let mut view = receipt(ReceiptKind::Income);
    view.stage = ReceiptStage::Closing;
    view.cashier = Some(Cashier { name: text("Петрова А. И."), inn: Some(text("500100732259")) });
    view.buyer_firm =
        Some(BuyerFirm { name: Some(text("ООО «Покупатель»")), inn: Some(text("7727401209")) });
    view.lines[0].is_marked = true;
    view.lines[0].quantity = text("0,5 кг");
    "ПОЛНЫЙ РАСЧЕТ".clone_into(&mut view.lines[0].method);
    (view.cash_minor, view.electronic_minor, view.prepaid_minor) = (23_450, 0, 100_000);
    view.logo = Some(text("data:image/svg+xml;base64,PHN2Zy8+"));
    view
}

/// What undoes a receipt that was printed wrong.
pub fn receipt_correction() -> ReceiptView {
    let correction = Correction { order: None, date: text("21.11.2026"), wrong_sign: Some(text("2964560251")) };
    ReceiptView { correction: Some(correction), mends: Some(Mends::Undoes), ..receipt(ReceiptKind::IncomeRefund) }
}

/// The receipt's goods with VAT, of this settlement and rate.
fn goods(view: &mut ReceiptView, method: &str, rate: &str) {
    for line in &mut view.lines {
        (line.method, line.vat, line.subject) = (text(method), format!("НДС {rate}"), text("ТОВАР"));
        line.vat_minor = Some((line.amount_minor * 22 * 2 + 122) / (122 * 2));
    }
    let amount_minor = view.lines.iter().filter_map(|line| line.vat_minor).sum();
    view.vats = vec![VatSum { label: format!("СУММА НДС {rate}"), amount_minor }];
    view.tax_system = text("ОСН");
}

/// Paid before known goods are handed over.
pub fn receipt_prepayment(kind: ReceiptKind) -> ReceiptView {
    let mut view = ReceiptView { stage: ReceiptStage::Before, ..receipt(kind) };
    goods(&mut view, "ПРЕДОПЛАТА 100%", "22/122");
    view
}

/// Paid before it is known for what.
pub fn receipt_advance() -> ReceiptView {
    let mut view = receipt_prepayment(ReceiptKind::Income);
    goods(&mut view, "АВАНС", "22/122");
    let mut line = view.lines.swap_remove(0);
    line.name = text("Аванс по заказу А-1024");
    (line.quantity, line.subject) = (text("1 шт."), text("ПЛАТЕЖ"));
    (line.price_minor, line.amount_minor, line.vat_minor) = (123_450, 123_450, Some(22_261));
    view.vats[0].amount_minor = 22_261;
    view.lines = vec![line];
    view
}

/// The hand-over of what was paid before: all of it by offset.
pub fn receipt_closing() -> ReceiptView {
    let mut view = ReceiptView { stage: ReceiptStage::Closing, ..receipt(ReceiptKind::Income) };
    goods(&mut view, "ПОЛНЫЙ РАСЧЕТ", "22%");
    (view.electronic_minor, view.prepaid_minor) = (0, view.total_minor);
    view
}

/// Cash a person took in a shop.
pub fn receipt_cash() -> ReceiptView {
    let mut view = receipt(ReceiptKind::Income);
    goods(&mut view, "ПОЛНЫЙ РАСЧЕТ", "22%");
    view.cashier = Some(Cashier { name: text("Петрова А. И."), inn: Some(text("500100732259")) });
    view.settlement_place = text("129090, Москва, проспект Мира, д. 12, магазин «Справки рядом», касса 2");
    (view.cash_minor, view.electronic_minor, view.automat_number) = (view.total_minor, 0, None);
    view
}

/// Marked goods: a unit, a part of a unit, and their delivery; the partner's logo above.
pub fn receipt_marked() -> ReceiptView {
    let mut view = receipt(ReceiptKind::Income);
    goods(&mut view, "ПОЛНЫЙ РАСЧЕТ", "22%");
    for (line, name) in view.lines.iter_mut().zip(["Ботинки зимние мужские, 43", "Духи, 100 мл", "Доставка"])
    {
        name.clone_into(&mut line.name);
    }
    for line in &mut view.lines[..2] {
        (line.is_marked, line.subject) = (true, text("ТМ"));
    }
    view.lines[0].quantity = text("1 шт.");
    view.lines[0].price_minor = 90_000;
    view.lines[1].quantity = text("3/100 шт.");
    view.lines[2].subject = text("УСЛУГА");
    view.logo = Some(text(LOGO));
    view
}

/// What the tax office ordered to be printed, right.
pub fn receipt_ordered() -> ReceiptView {
    let order = Some(text("17-04/2 от 20.11.2026"));
    let correction = Correction { order, date: text("19.11.2026"), wrong_sign: Some(text("2964560251")) };
    ReceiptView { correction: Some(correction), mends: Some(Mends::Replaces), ..receipt(ReceiptKind::Income) }
}

/// Names, firms and sums as long as they may be.
pub fn receipt_long() -> ReceiptView {
    let mut view = receipt_marked();
    view.lines[0].name =
        "Выписка-из-Единого-государственного-реестра-недвижимости-".repeat(3).chars().take(128).collect();
    view.lines[1].name = "Очень подробное наименование предмета расчета, ".repeat(3).chars().take(128).collect();
    view.lines[1].quantity = text("123456,123456 кв. м");
    (view.lines[1].price_minor, view.lines[1].amount_minor) = (9_999_999_999, 9_999_999_999);
    view.total_minor = 9_999_999_999;
    view.electronic_minor = 9_999_999_999;
    if let Some(supplier) = &mut view.lines[0].supplier {
        supplier.name =
            text("Общество с ограниченной ответственностью «Научно-производственное объединение „Справкаавтоматика“»");
    }
    view.settlement_place =
        text("https://pay.apikassa.example/tochka-prodazh/ochen-dlinnyj-adres-bez-edinogo-probela/stranica");
    view.buyer_contact = Some(text("konstantin.konstantinovich.konstantinopolskij@mail.example"));
    view.buyer_firm = Some(BuyerFirm {
        name: Some(text("АО «Покупатель справок и выписок»")),
        inn: Some(text("7727401209")),
    });
    view
}

/// Every kind of receipt by its name.
pub fn receipts() -> Vec<(&'static str, ReceiptView)> {
    vec![
        ("sale", receipt(ReceiptKind::Income)),
        ("sale-en", ReceiptView { lang: Lang::En, ..receipt(ReceiptKind::Income) }),
        ("refund", receipt(ReceiptKind::IncomeRefund)),
        ("prepayment", receipt_prepayment(ReceiptKind::Income)),
        ("prepayment-refund", receipt_prepayment(ReceiptKind::IncomeRefund)),
        ("advance", receipt_advance()),
        ("closing", receipt_closing()),
        ("cash", receipt_cash()),
        ("marked", receipt_marked()),
        ("handed-over", receipt_handed_over()),
        ("undoing", receipt_correction()),
        ("ordered", receipt_ordered()),
        ("long", receipt_long()),
    ]
}

/// The letter a receipt goes out in.
pub fn receipt_mail(view: ReceiptView) -> MailView {
    let receipt_url = text("https://pay.apikassa.example/receipt/1");
    let (lang, refund_minor) = (view.lang, view.total_minor);
    let logo_content_id = view.logo.as_ref().map(|_| text(LOGO_CONTENT_ID));
    let (corrects, kind, stage, receipt) = (view.correction.is_some(), view.kind, view.stage, Box::new(view));
    let kind = match (corrects, kind, stage) {
        (true, ..) => MailKind::CorrectedReceipt { receipt, receipt_url },
        (_, ReceiptKind::IncomeRefund, _) => {
            MailKind::RefundReceipt { receipt, receipt_url, refund_minor, rest_minor: 0 }
        }
        (.., ReceiptStage::Closing) => MailKind::ClosingReceipt { receipt, receipt_url },
        _ => MailKind::PaidReceipt { receipt, receipt_url },
    };
    MailView { logo_content_id, ..mail_view(lang, kind) }
}
