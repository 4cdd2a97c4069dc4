//! A document as tags and values, in the words of each version of the format.

use domain::marking::{self, PlannedStatus};
use domain::money::Money;
use domain::receipt::{Ffd, Item, ReceiptDocument, ReceiptKind, Settlement};
use domain::tax::VatRate;

/// A tag, or several that say the same in two versions, and what it says.
pub type Tagged = (&'static str, String);

/// The columns of a receipt's head, in their order.
pub const HEAD: &[&str] = &[
    "1054",
    "1209",
    "1018",
    "1055",
    "1187",
    "1125",
    "1021",
    "1203",
    "1008",
    "1227",
    "1228",
    "1020",
    "1031",
    "1081",
    "1215",
    "1216",
    "1217",
    "1102 (20 %)",
    "1106 (20/120)",
    "1103 (10 %)",
    "1107 (10/110)",
    "НДС 5 %",
    "НДС 5/105",
    "НДС 7 %",
    "НДС 7/107",
    "НДС 22 %",
    "НДС 22/122",
    "1104 (0 %)",
    "1105 (без НДС)",
    "1173",
    "1178",
    "1192",
];

/// The columns of an item, in their order.
pub const ITEM: &[&str] = &[
    "1030",
    "1023",
    "1197 / 2108",
    "1079",
    "1043",
    "1199",
    "1200",
    "1212",
    "1214",
    "1222",
    "1225",
    "1226",
    "1171",
    "1162 / 2000",
    "1163",
    "2003",
    "1291",
];

fn money(amount: Money) -> String {
    amount.to_decimal().to_string()
}

/// The column of a rate's tax, by tag 1199. Only the rates of the format's first years have a tag of their own.
pub fn vat_column(tag_1199: u8) -> &'static str {
    match tag_1199 {
        1 => "1102 (20 %)",
        2 => "1103 (10 %)",
        3 => "1106 (20/120)",
        4 => "1107 (10/110)",
        5 => "1104 (0 %)",
        6 => "1105 (без НДС)",
        7 => "НДС 5 %",
        8 => "НДС 7 %",
        9 => "НДС 5/105",
        10 => "НДС 7/107",
        11 => "НДС 22 %",
        12 => "НДС 22/122",
        other => panic!("no column for rate {other}"),
    }
}

/// The tags of a receipt's head.
pub fn head(document: &ReceiptDocument) -> Vec<Tagged> {
    let mut tags: Vec<Tagged> = vec![
        ("1054", document.kind.tag_1054().to_string()),
        ("1209", document.ffd.tag_1209().to_string()),
        ("1018", document.agent.inn.clone()),
        ("1055", document.taxation.tag_1055().to_string()),
        ("1187", document.place.clone()),
        ("1008", document.buyer.contact.clone()),
        ("1020", money(document.total)),
    ];
    tags.extend(document.internet.then(|| ("1125", "1".to_owned())));
    if let Some(cashier) = &document.cashier {
        tags.push(("1021", cashier.name.clone()));
        tags.extend(cashier.inn.clone().map(|inn| ("1203", inn)));
    }
    tags.extend(document.buyer.name.clone().map(|name| ("1227", name)));
    tags.extend(document.buyer.inn.clone().map(|inn| ("1228", inn)));
    for (tag, paid) in document.payments.tagged() {
        let column = HEAD.iter().find(|column| **column == tag.to_string()).unwrap();
        tags.push((column, money(paid)));
    }
    for (rate, vat) in document.vats().unwrap() {
        tags.push((vat_column(rate), money(vat)));
    }
    if let Some(correction) = &document.correction {
        tags.push(("1173", u8::from(correction.order.is_some()).to_string()));
        tags.push(("1178", correction.date.to_string()));
    }
    tags.extend(document.mended().map(|sign| ("1192", sign.to_owned())));
    tags
}

/// The tags of an item.
pub fn item(document: &ReceiptDocument, item: &Item) -> Vec<Tagged> {
    let v1_2 = document.ffd == Ffd::V1_2;
    let measure = if v1_2 { item.measure.tag_2108().to_string() } else { item.measure.text().to_owned() };
    let mut tags: Vec<Tagged> = vec![
        ("1030", item.name.clone()),
        ("1023", item.quantity.normalize().to_string()),
        ("1197 / 2108", measure),
        ("1079", money(item.price)),
        ("1043", money(item.amount)),
        ("1199", item.tag_1199().to_string()),
        ("1212", item.subject.tag_1212_in(document.ffd).to_string()),
        ("1214", item.settlement.tag_1214().to_string()),
    ];
    tags.extend(item.vat_inside().unwrap().map(|vat| ("1200", money(vat))));
    if let Some(principal) = &item.principal {
        tags.push(("1222", principal.sign.tag_1222().to_string()));
        tags.push(("1225", principal.supplier.name.clone()));
        tags.push(("1226", principal.supplier.inn.clone()));
        tags.push(("1171", principal.supplier.phones.join(", ")));
    }
    if let Some(mark) = &item.mark {
        let read = marking::parse(mark).unwrap();
        if v1_2 {
            let (inner, value) = read.tag_1163();
            tags.push(("1162 / 2000", format!("`{}`", read.raw().replace('\u{1d}', "␝"))));
            tags.push(("1163", format!("{inner} = `{value}`")));
            let status = PlannedStatus::of(document.kind, item.fraction.is_some());
            tags.push(("2003", status.tag_2003().to_string()));
        } else {
            tags.push(("1162 / 2000", format!("`{}`", read.tag_1162_text())));
        }
    }
    if let Some((part, whole)) = item.fraction.filter(|_| v1_2) {
        tags.push(("1291", format!("`{part}/{whole}`")));
    }
    tags
}

/// Tag 1054 in words.
pub const fn kind_words(kind: ReceiptKind) -> &'static str {
    match kind {
        ReceiptKind::Sale => "приход",
        ReceiptKind::SaleRefund => "возврат прихода",
    }
}

/// Tag 1214 in words.
pub const fn settlement_words(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::FullPrepayment => "предоплата 100 %",
        Settlement::Prepayment => "предоплата",
        Settlement::Advance => "аванс",
        Settlement::FullPayment => "полный расчёт",
        Settlement::PartialPayment => "частичный расчёт и кредит",
        Settlement::Credit => "передача в кредит",
        Settlement::CreditPayment => "оплата кредита",
    }
}

/// A rate by tag 1199 in words.
pub fn rate_words(tag_1199: u8) -> Option<String> {
    let (rate, calculated) = VatRate::of_tag_1199(tag_1199)?;
    Some(match (rate.percent(), calculated) {
        (None, _) => "без НДС".to_owned(),
        (Some(percent), false) => format!("{percent} %"),
        (Some(percent), true) => format!("{percent}/{}", 100 + u32::from(percent)),
    })
}
