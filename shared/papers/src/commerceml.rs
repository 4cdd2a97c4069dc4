//! Orders as 1С reads them from a shop: `CommerceML` 2.10 (1С, scheme `urn:1C.ru:commerceml_2`), a `Документ` each.
//!
//! The elements stand in the order of the scheme's sequences. The names of `ЗначенияРеквизитов` are no part of the scheme: they are those
//! 1С-Битрикс writes and the exchange of 1С:Управление торговлей looks for.

use std::collections::BTreeMap;
use std::io::{self, Write};

use domain::details::{Details, Line, Subject};
use domain::money::Money;
use domain::order::{Event, Order, Status};
use domain::report::Brought;
use domain::tax::VatRate;
use domain::time::{MOSCOW, Timestamp};
use sha2::{Digest, Sha256};

use crate::xml::{Encoding, Xml};
use crate::{PaperError, words};

/// Namespace of the scheme.
const NAMESPACE: &str = "urn:1C.ru:commerceml_2";
/// Version of the scheme.
const VERSION: &str = "2.10";
/// Characters of a name, at most (`НаименованиеТип`, `СтрокаТип`).
const NAME_MAX: usize = 255;
/// Characters of a comment, at most (`КомментарийТип`).
const COMMENT_MAX: usize = 3_000;
/// Characters of a global id, at most (`ИдентификаторГлобальныйТип`).
const ID_MAX: usize = 40;
/// By this id exchanges with 1С know the delivery for the service it is.
const DELIVERY_ID: &str = "ORDER_DELIVERY";
/// A buyer nothing is known of.
const NOBODY: &str = "Розничный покупатель";

/// One order as it is exported.
#[derive(Debug, Clone, Copy)]
pub struct Sale<'a> {
    /// Its head.
    pub order: &'a Order,
    /// What was agreed.
    pub details: &'a Details,
    /// What it has brought.
    pub brought: &'a Brought,
}

/// The document being written.
pub struct Orders<W: Write> {
    xml: Xml<W>,
}

impl<W: Write> Orders<W> {
    /// Its beginning; `at` is when it was asked for.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn start(out: W, at: Timestamp) -> Result<Self, PaperError> {
        let mut xml = Xml::start(out, Encoding::Utf8)?;
        let at = MOSCOW.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let attributes = [("xmlns", NAMESPACE), ("ВерсияСхемы", VERSION), ("ДатаФормирования", at.as_str())];
        xml.open("КоммерческаяИнформация", attributes)?;
        Ok(Self { xml })
    }

    /// One order.
    ///
    /// # Errors
    /// Its amounts do not work out, or the place it is written to fails.
    pub fn order(&mut self, sale: Sale<'_>) -> Result<(), PaperError> {
        let Sale { order, details, .. } = sale;
        let xml = &mut self.xml;
        let made = MOSCOW.to_datetime(order.created_at);
        xml.open("Документ", [])?;
        xml.text("Ид", &order.id.ulid())?;
        xml.text("Номер", &order.number)?;
        xml.text("Дата", &made.strftime("%Y-%m-%d").to_string())?;
        xml.text("ХозОперация", "Заказ товара")?;
        xml.text("Роль", "Продавец")?;
        xml.text("Валюта", order.amount.currency().code())?;
        xml.text("Курс", "1")?;
        xml.text("Сумма", &sum(order.amount))?;
        xml.open("Контрагенты", [])?;
        buyer(xml, order, details)?;
        xml.close()?;
        xml.text("Время", &made.strftime("%H:%M:%S").to_string())?;
        if let Some(description) = &details.description {
            xml.text("Комментарий", &cut(description, COMMENT_MAX))?;
        }
        let lines = order.basket(details);
        let amounts = |error| PaperError::Amounts(order.number.clone(), error);
        let mut taxes: BTreeMap<VatRate, Money> = BTreeMap::new();
        for line in lines {
            let Some(vat) = line.vat.inside(line.amount).map_err(amounts)? else { continue };
            let sum = taxes.entry(line.vat).or_insert(vat.zero());
            *sum = sum.plus(vat).map_err(amounts)?;
        }
        tax_sums(xml, &taxes)?;
        xml.open("Товары", [])?;
        for line in lines {
            let vat = line.vat.inside(line.amount).map_err(amounts)?;
            goods(xml, line, vat)?;
        }
        xml.close()?;
        xml.open("ЗначенияРеквизитов", [])?;
        for (name, value) in requisites(sale) {
            requisite(xml, name, &value)?;
        }
        xml.close()?;
        Ok(xml.close()?)
    }

    /// Ends it.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn finish(self) -> Result<W, PaperError> {
        Ok(self.xml.finish()?)
    }
}

impl Orders<Vec<u8>> {
    /// Bytes that are written.
    pub fn bytes(&self) -> usize {
        self.xml.sink().len()
    }
}

/// Roubles with a point and two decimals.
fn sum(amount: Money) -> String {
    amount.to_decimal().to_string()
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// An id the same text always has.
fn id_of(text: &str) -> String {
    hex::encode(Sha256::digest(text)).chars().take(ID_MAX).collect()
}

/// Who buys, by what is known: a firm by its name and ИНН, a person by their contacts. The same buyer has the same id in every order.
fn buyer<W: Write>(xml: &mut Xml<W>, order: &Order, details: &Details) -> io::Result<()> {
    let of = |contact: &Option<domain::details::Contact>| contact.as_ref().map(|contact| contact.value.clone());
    let (email, phone) = (of(&details.email), of(&details.phone));
    let firm = details.firm.as_ref();
    let known = firm
        .map(|firm| firm.inn.clone())
        .or_else(|| details.payment.customer.as_deref().map(|customer| id_of(&format!("customer\n{customer}"))))
        .or_else(|| email.as_ref().or(phone.as_ref()).map(|contact| id_of(&format!("contact\n{contact}"))));
    let name = firm.map(|firm| firm.name.clone()).or_else(|| email.clone()).or_else(|| phone.clone());
    let name = cut(&name.unwrap_or_else(|| NOBODY.to_owned()), NAME_MAX);
    xml.open("Контрагент", [])?;
    xml.text("Ид", &known.unwrap_or_else(|| order.id.ulid()))?;
    xml.text("Наименование", &name)?;
    // By which of the two names stands there, a reader tells a legal entity from a person or a sole proprietor (ИНН of 12 digits).
    let entity = firm.is_some_and(|firm| firm.inn.len() == 10);
    xml.text(if entity { "ОфициальноеНаименование" } else { "ПолноеНаименование" }, &name)?;
    if let Some(firm) = firm {
        xml.text("ИНН", &firm.inn)?;
    }
    let contacts = [("Телефон мобильный", phone), ("Почта", email)];
    if contacts.iter().any(|(_, value)| value.is_some()) {
        xml.open("Контакты", [])?;
        for (kind, value) in contacts {
            let Some(value) = value else { continue };
            xml.open("Контакт", [])?;
            xml.text("Тип", kind)?;
            xml.text("Значение", &cut(&value, NAME_MAX))?;
            xml.close()?;
        }
        xml.close()?;
    }
    xml.text("Роль", "Покупатель")?;
    xml.close()
}

/// VAT contained in the order, by rate.
fn tax_sums<W: Write>(xml: &mut Xml<W>, taxes: &BTreeMap<VatRate, Money>) -> io::Result<()> {
    if taxes.is_empty() {
        return Ok(());
    }
    xml.open("Налоги", [])?;
    for (rate, amount) in taxes {
        tax(xml, *rate, *amount)?;
    }
    xml.close()
}

fn tax<W: Write>(xml: &mut Xml<W>, rate: VatRate, amount: Money) -> io::Result<()> {
    xml.open("Налог", [])?;
    xml.text("Наименование", "НДС")?;
    xml.text("УчтеноВСумме", "true")?;
    xml.text("Сумма", &sum(amount))?;
    xml.text("Ставка", &rate.percent().unwrap_or_default().to_string())?;
    xml.close()
}

/// Whether a line is a service to an accountant: no stock is moved by it.
const fn is_service(line: &Line) -> bool {
    let goods = matches!(
        line.subject,
        Subject::Goods
            | Subject::Excise
            | Subject::ExciseUncoded
            | Subject::ExciseMarked
            | Subject::GoodsUncoded
            | Subject::GoodsMarked
    );
    line.particulars.delivery || !goods
}

fn goods<W: Write>(xml: &mut Xml<W>, line: &Line, vat: Option<Money>) -> io::Result<()> {
    let product = line.particulars.product.as_deref();
    let id = match product {
        _ if line.particulars.delivery => DELIVERY_ID.to_owned(),
        Some(product) => product.to_owned(),
        None => id_of(&format!("goods\n{}", line.name)),
    };
    let (code, unit) = line.particulars.measure.okei();
    let percent = line.vat.percent().map(|percent| percent.to_string());
    xml.open("Товар", [])?;
    xml.text("Ид", &id)?;
    if let Some(product) = product {
        xml.text("Артикул", product)?;
    }
    xml.text("Наименование", &cut(&line.name, NAME_MAX))?;
    let attributes = [("Код", code), ("НаименованиеПолное", unit)];
    xml.open_text("БазоваяЕдиница", attributes, line.particulars.measure.text().trim_end_matches('.'))?;
    if let Some(percent) = &percent {
        xml.open("СтавкиНалогов", [])?;
        xml.open("СтавкаНалога", [])?;
        xml.text("Наименование", "НДС")?;
        xml.text("Ставка", percent)?;
        xml.close()?;
        xml.close()?;
    }
    let kind = if is_service(line) { "Услуга" } else { "Товар" };
    xml.open("ЗначенияРеквизитов", [])?;
    requisite(xml, "ВидНоменклатуры", kind)?;
    requisite(xml, "ТипНоменклатуры", kind)?;
    xml.close()?;
    xml.text("ЦенаЗаЕдиницу", &sum(line.price))?;
    xml.text("Количество", &line.quantity.normalize().to_string())?;
    xml.text("Сумма", &sum(line.amount))?;
    xml.text("Единица", code)?;
    xml.text("Коэффициент", "1")?;
    if let Some(vat) = vat {
        xml.open("Налоги", [])?;
        tax(xml, line.vat, vat)?;
        xml.close()?;
    }
    xml.close()
}

fn requisite<W: Write>(xml: &mut Xml<W>, name: &'static str, value: &str) -> io::Result<()> {
    xml.open("ЗначениеРеквизита", [])?;
    xml.text("Наименование", name)?;
    xml.text("Значение", value)?;
    xml.close()
}

/// What else is known of an order, by the names exchanges with 1С have for it.
fn requisites(sale: Sale<'_>) -> Vec<(&'static str, String)> {
    let Sale { order, brought, .. } = sale;
    let status = order.status();
    let truth = |value: bool| if value { "true" } else { "false" }.to_owned();
    let moment = |at: Timestamp| MOSCOW.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let cancelled = matches!(status, Status::Refunding | Status::Refunded | Status::Cancelled | Status::Expired);
    let stands = matches!(
        status,
        Status::Held | Status::Paid | Status::Executing | Status::Overdue | Status::Fulfilled | Status::PaidOut
    );
    // What is only held may be executed already, and is not paid.
    let paid = stands && order.taken().is_ok_and(Money::is_positive);
    let over =
        matches!(status, Status::PaidOut | Status::Refunded | Status::Cancelled | Status::Expired | Status::MeansSaved);
    let mut found = vec![
        ("Статус заказа", words::status(status).to_owned()),
        ("Статуса заказа ИД", status.code().to_owned()),
        ("Заказ оплачен", truth(paid)),
        ("Доставка разрешена", truth(stands)),
        ("Отменен", truth(cancelled)),
        ("Финальный статус", truth(over)),
        ("ПометкаУдаления", truth(false)),
    ];
    if let Some(last) = order.journal.last() {
        found.push(("Дата изменения статуса", moment(last.at)));
    }
    if let Some(paid) = order.journal.iter().find(|entry| entry.event == Event::Captured) {
        found.push(("Дата оплаты", moment(paid.at)));
        let operation = paid.subject.and_then(|no| order.operation(no));
        let extended = operation.map(|operation| format!("{}.{}", order.bill, operation.no));
        let reference = operation.and_then(|operation| operation.reference()).map(ToOwned::to_owned);
        found.extend(reference.or(extended).map(|number| ("Номер платежного документа", number)));
    }
    if let Some(method) = brought.method.or_else(|| order.payments().next_back().map(|payment| payment.method)) {
        found.push(("Метод оплаты", words::method(method).to_owned()));
        found.push(("Метод оплаты ИД", method.code().to_owned()));
    }
    found.extend([
        ("Номер счёта", order.bill.to_string()),
        ("Получено", sum(brought.captured)),
        ("Возвращено", sum(brought.refunded)),
        ("Вознаграждение агента", sum(brought.fee)),
        ("К перечислению", sum(brought.net)),
    ]);
    found
}
