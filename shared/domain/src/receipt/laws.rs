//! What every receipt must satisfy: the rules of 54-ФЗ and of FFD 1.05 and 1.2, and the tightest limits of the registers we speak
//! to, so that any of them can print it. Order creation, the sandbox's registers and the tests all ask here.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Ffd, Item, ReceiptDocument, ReceiptKind, Settlement, Subject};
use crate::marking;
use crate::money::Money;
pub use crate::requisites::is_inn;

/// Characters of an item's name (tag 1030), at most.
pub const NAME_CHARACTERS_MAX: usize = 128;
/// Items of a receipt, at most (АТОЛ Онлайн).
pub const ITEMS_MAX: usize = 100;
/// Kopecks of a price, an amount or a total, at most: 99 999 999.99 (OrangeData manual, limits).
pub const AMOUNT_MINOR_MAX: i64 = 9_999_999_999;
/// Decimals of a quantity (tag 1023), at most.
pub const QUANTITY_DECIMALS_MAX: u32 = 6;
/// Bytes of tag 1224 in a register's one-byte code page, at most.
pub const SUPPLIER_BYTES_MAX: usize = 243;
/// Characters of an address (tags 1009 and 1187), at most.
pub const PLACE_CHARACTERS_MAX: usize = 256;
/// Characters of the buyer's contact (tag 1008), at most.
pub const CONTACT_CHARACTERS_MAX: usize = 64;

/// A rule, and how it is said.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable code.
    pub code: &'static str,
    /// In Russian.
    pub ru: &'static str,
    /// In English.
    pub en: &'static str,
}

/// A rule a receipt breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Where, as a JSON pointer into the document: `/items/0/name`.
    pub pointer: String,
    /// The FFD tag.
    pub tag: u16,
    /// What is wanted.
    pub rule: &'static Rule,
}

macro_rules! rules {
    ($($name:ident $code:literal $ru:literal $en:literal)*) => {
        $(#[doc = $en] pub const $name: Rule = Rule { code: $code, ru: $ru, en: $en };)*

        /// All rules.
        pub const ALL: &[&Rule] = &[$(&$name),*];
    };
}
pub(crate) use rules;

/// The rules by name.
pub mod rule {
    use super::Rule;

    rules! {
        NAME "name" "От 1 до 128 символов, без управляющих." "1 to 128 characters, none of them control characters."
        PRICE "price" "Цена больше нуля и не больше 99 999 999,99." "A price above zero and up to 99,999,999.99."
        QUANTITY "quantity" "Количество больше нуля, не более 6 знаков после запятой." "A quantity above zero with at most 6 decimals."
        PIECES "pieces" "Штучный товар считается целыми единицами." "Goods counted in pieces have a whole quantity."
        AMOUNT "amount" "Цена, умноженная на количество, с округлением до копейки." "The price times the quantity, rounded to the kopeck."
        VAT_IN_FORCE "vat_not_in_force" "Ставка НДС, действующая в день расчёта." "A VAT rate in force on the day of the settlement."
        CALCULATED "vat_calculated" "До передачи товара НДС указывается расчётной ставкой (22/122), при передаче — обычной." "Before the hand-over VAT is named by the calculated rate (22/122), at the hand-over by the usual one."
        SUPPLIER "supplier_without_agent" "Поставщик указывается только вместе с признаком агента, признак агента — только вместе с поставщиком." "A supplier only with an agent sign, and an agent sign only with a supplier."
        SUPPLIER_NAME "supplier_name" "Наименование поставщика от 1 до 239 символов." "The supplier's name has 1 to 239 characters."
        SUPPLIER_SIZE "supplier_size" "Наименование и телефоны поставщика вместе не длиннее 243 байт." "The supplier's name and telephones take at most 243 bytes together."
        INN "inn" "ИНН из 10 или 12 цифр с верными контрольными цифрами." "An ИНН of 10 or 12 digits with right check digits."
        PHONE "phone" "Телефон в виде + и 10–15 цифр, без пробелов." "A telephone as + and 10 to 15 digits, without spaces."
        CONTACT "contact" "Электронная почта или телефон (+ и 10–15 цифр), не длиннее 64 символов." "An e-mail address or a telephone (+ and 10 to 15 digits) of at most 64 characters."
        SENDER "sender" "Электронная почта отправителя чека." "The e-mail address receipts are sent from."
        PLACE "place" "От 1 до 256 символов." "1 to 256 characters."
        ITEMS "items" "От 1 до 100 предметов расчёта." "1 to 100 items."
        TOTAL "total" "Сумма всех предметов расчёта, не больше 99 999 999,99." "The sum of all items, up to 99,999,999.99."
        PAYMENTS "payments" "Суммы по видам оплаты вместе равны итогу." "The kinds of payment together are the total."
        OFFSET "offset" "Зачёт предоплаты — только в чеке полного расчёта." "A prepayment is offset only in a receipt of full settlement."
        ADVANCE "advance" "Аванс — только с предметом расчёта «платёж»." "An advance is for the subject payment only."
        MARK_MISSING "mark_missing" "Маркированный товар продаётся с кодом маркировки." "Marked goods are sold with their code."
        MARK_UNWANTED "mark_unwanted" "Код маркировки — только у маркированного товара." "A marking code belongs to marked goods only."
        MARK_BROKEN "mark_broken" "Код маркировки не разобран: проверьте разделители групп (0x1D) и символы." "The marking code can not be read: check its group separators (0x1D) and characters."
        MARK_ONE "mark_one" "Один код маркировки — одна единица товара; часть единицы задаётся дробью." "One marking code is one unit; a part of a unit is a fraction."
        FRACTION "fraction" "Дробное количество: числитель меньше знаменателя, только у маркированного товара." "A fraction has a numerator below its denominator and is for marked goods only."
        MARK_VERSION "mark_version" "Код маркировки в чеке предоплаты не указывается." "A receipt of prepayment names no marking code."
        CASHIER "cashier" "Имя кассира от 1 до 64 символов." "The cashier's name has 1 to 64 characters."
    }
}

/// Every rule a document breaks, first to last. `on` is the Moscow day of the settlement.
pub fn breaches(document: &ReceiptDocument, on: Date) -> Vec<Breach> {
    let mut check = Check::default();
    let agent = &document.agent;
    check.must(is_inn(&agent.inn), "/agent/inn", 1018, &rule::INN);
    check.must(is_email(&agent.email), "/agent/email", 1117, &rule::SENDER);
    check.must(is_text(&document.place, PLACE_CHARACTERS_MAX), "/place", 1187, &rule::PLACE);
    let contact = &document.buyer.contact;
    check.must(is_email(contact) || is_phone(contact), "/buyer/contact", 1008, &rule::CONTACT);
    if let Some(inn) = &document.buyer.inn {
        check.must(is_inn(inn), "/buyer/inn", 1228, &rule::INN);
    }
    if let Some(cashier) = &document.cashier {
        check.must(is_text(&cashier.name, 64), "/cashier/name", 1021, &rule::CASHIER);
        check.must(cashier.inn.as_deref().is_none_or(is_inn), "/cashier/inn", 1203, &rule::INN);
    }
    check.must((1..=ITEMS_MAX).contains(&document.items.len()), "/items", 1059, &rule::ITEMS);
    for (index, item) in document.items.iter().enumerate() {
        check.item(&format!("/items/{index}"), item, document, on);
    }
    let sum = ReceiptDocument::items_sum(&document.items);
    let fits = document.total.minor() <= AMOUNT_MINOR_MAX && document.total.is_positive();
    check.must(sum == Ok(document.total) && fits, "/total", 1020, &rule::TOTAL);
    let paid = document.payments;
    let whole = paid.tagged().all(|(_, amount)| amount.is_positive());
    check.must(whole && paid.sum() == Ok(document.total), "/payments", 1081, &rule::PAYMENTS);
    let before = document.items.iter().any(|item| item.settlement.is_before());
    check.must(paid.prepaid.is_zero() || !before, "/payments/prepaid", 1215, &rule::OFFSET);
    check.breaches
}

#[derive(Default)]
struct Check {
    breaches: Vec<Breach>,
}

impl Check {
    fn must(&mut self, holds: bool, pointer: impl Into<String>, tag: u16, rule: &'static Rule) {
        if !holds {
            self.breaches.push(Breach { pointer: pointer.into(), tag, rule });
        }
    }

    fn item(&mut self, at: &str, item: &Item, document: &ReceiptDocument, on: Date) {
        self.must(is_text(&item.name, NAME_CHARACTERS_MAX), format!("{at}/name"), 1030, &rule::NAME);
        let price = (1..=AMOUNT_MINOR_MAX).contains(&item.price.minor());
        self.must(price, format!("{at}/price"), 1079, &rule::PRICE);
        let quantity = item.quantity.normalize();
        let counted = quantity > Decimal::ZERO && quantity.scale() <= QUANTITY_DECIMALS_MAX;
        self.must(counted, format!("{at}/quantity"), 1023, &rule::QUANTITY);
        let pieces = item.subject.is_goods() && item.measure == super::Measure::PIECE && item.fraction.is_none();
        self.must(!pieces || quantity.is_integer(), format!("{at}/quantity"), 1023, &rule::PIECES);
        let amount = item.price.times(quantity) == Ok(item.amount) && item.amount.minor() <= AMOUNT_MINOR_MAX;
        self.must(amount, format!("{at}/amount"), 1043, &rule::AMOUNT);
        // What is given back or corrected carries the rate of its sale, whenever that was.
        let dated = document.kind == ReceiptKind::SaleRefund || document.correction.is_some();
        // In FFD 1.05 a plain receipt corrects, and names the wrong one (1192).
        let dated = dated || document.wrong_sign.is_some();
        // An offset closes a prepayment that may be older than the rate.
        let dated = dated || document.payments.prepaid.is_positive();
        self.must(dated || item.vat.in_force(on), format!("{at}/vat"), 1199, &rule::VAT_IN_FORCE);
        let calculated = item.settlement.is_before() && item.vat.percent().is_some_and(|percent| percent > 0);
        self.must(item.calculated == calculated, format!("{at}/vat"), 1199, &rule::CALCULATED);
        let advance = item.settlement == Settlement::Advance;
        self.must(advance == (item.subject == Subject::Payment), format!("{at}/settlement"), 1214, &rule::ADVANCE);
        self.principal(at, item);
        self.mark(at, item, document.ffd);
    }

    fn principal(&mut self, at: &str, item: &Item) {
        let Some(principal) = &item.principal else { return };
        let supplier = &principal.supplier;
        self.must(is_inn(&supplier.inn), format!("{at}/supplier/inn"), 1226, &rule::INN);
        self.must(is_text(&supplier.name, 239), format!("{at}/supplier/name"), 1225, &rule::SUPPLIER_NAME);
        let phones = !supplier.phones.is_empty() && supplier.phones.iter().all(|phone| is_phone(phone));
        self.must(phones, format!("{at}/supplier/phones"), 1171, &rule::PHONE);
        let phones: usize = supplier.phones.iter().map(|phone| phone.len() + 4).sum();
        let bytes = supplier.name.chars().count() + 4 + phones;
        self.must(bytes <= SUPPLIER_BYTES_MAX, format!("{at}/supplier"), 1224, &rule::SUPPLIER_SIZE);
    }

    fn mark(&mut self, at: &str, item: &Item, _ffd: Ffd) {
        let tag = 2000;
        if item.settlement.is_before() {
            // Which unit is handed over is known at the hand-over.
            return self.must(item.mark.is_none(), format!("{at}/mark"), tag, &rule::MARK_VERSION);
        }
        self.must(item.mark.is_none() || item.subject.is_marked(), format!("{at}/mark"), tag, &rule::MARK_UNWANTED);
        self.must(item.mark.is_some() || !item.subject.is_marked(), format!("{at}/mark"), tag, &rule::MARK_MISSING);
        if let Some(mark) = &item.mark {
            // A barcode says what is sold, and not which one of them.
            let read = marking::parse(mark).is_ok_and(|mark| mark.names_a_unit());
            self.must(read, format!("{at}/mark"), tag, &rule::MARK_BROKEN);
            self.must(item.quantity == Decimal::ONE, format!("{at}/quantity"), 1023, &rule::MARK_ONE);
        }
        if let Some((part, whole)) = item.fraction {
            let fits = item.mark.is_some() && part > 0 && part < whole;
            self.must(fits, format!("{at}/fraction"), 1291, &rule::FRACTION);
        }
    }
}

/// Not empty, not too long, and nothing a printer stumbles over.
pub fn is_text(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.contains(char::is_control)
}

/// An e-mail address as tag 1008 or 1117 takes it.
pub fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    let named = parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'));
    let long = text.chars().count() > CONTACT_CHARACTERS_MAX;
    named && !long && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// `+` and 10 to 15 digits (E.164).
pub fn is_phone(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (10..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether an amount can stand in a receipt.
pub const fn is_amount(amount: Money) -> bool {
    amount.is_positive() && amount.minor() <= AMOUNT_MINOR_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::{Agent, AgentSign, Buyer, Measure, Payments, Principal, Supplier};

    fn marked(mark: &str) -> ReceiptDocument {
        let (amount, supplier) = (Money::rub(100), "7707083893".to_owned());
        let agent = Agent {
            name: "ООО «Агент»".into(),
            inn: "7727401209".into(),
            address: "Москва".into(),
            email: "receipts@agent.example".into(),
            phone: "+74950000000".into(),
            taxation: crate::tax::Taxation::Osn,
        };
        let phones = vec!["+74950000001".to_owned()];
        let item = Item {
            name: "Ботинки".into(),
            price: amount,
            quantity: Decimal::ONE,
            measure: Measure::PIECE,
            amount,
            vat: crate::tax::VatRate::Vat22,
            calculated: false,
            subject: Subject::GoodsMarked,
            settlement: Settlement::FullPayment,
            principal: Some(Principal {
                sign: AgentSign::Agent,
                supplier: Supplier { name: "ООО «Обувь»".into(), inn: supplier, phones },
            }),
            mark: Some(mark.to_owned()),
            fraction: None,
        };
        ReceiptDocument {
            external_id: "1-r1".into(),
            kind: ReceiptKind::Sale,
            ffd: Ffd::V1_2,
            taxation: agent.taxation,
            agent,
            place: "https://pay.example".into(),
            internet: true,
            cashier: None,
            buyer: Buyer { contact: "buyer@example.com".into(), name: None, inn: None },
            items: vec![item],
            payments: Payments::electronic(amount),
            total: amount,
            correction: None,
            wrong_sign: None,
            sell_unchecked: false,
        }
    }

    #[test]
    fn a_marking_code_must_be_readable_and_name_one_unit() {
        let on = jiff::civil::date(2026, 3, 1);
        let good = "010460193600546421SERIAL0000013\u{1d}91EE05\u{1d}92dGVzdA==";
        assert_eq!(breaches(&marked(good), on), []);
        let lost = good.replace('\u{1d}', "");
        let written = good.replace('\u{1d}', "\\u001d");
        for text in [lost.as_str(), &written, "4606203090785", "number one", ""] {
            let found = breaches(&marked(text), on);
            let place: Vec<_> = found.iter().map(|b| (b.pointer.as_str(), b.tag, b.rule.code)).collect();
            assert_eq!(place, [("/items/0/mark", 2000, "mark_broken")], "{text}");
        }
    }

    #[test]
    fn every_rule_has_a_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> = rule::ALL.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), rule::ALL.len());
    }
}
