//! `1CClientBankExchange`: payment orders as a file an accountant loads into the bank's client program.
//!
//! Format 1.03 of the exchange standard "1С:Предприятие – Клиент банка": CP1251, lines `Name=value` ended by CR LF, one section
//! per payment order.

use domain::payout::Payout;
use domain::time::moscow_date;

/// Who pays: the agent, from this account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// Name.
    pub name: String,
    /// ИНН.
    pub inn: String,
    /// Account number, 20 digits.
    pub account: String,
    /// БИК, 9 digits.
    pub bic: String,
    /// The bank's name.
    pub bank: String,
    /// Correspondent account, 20 digits.
    pub correspondent: String,
}

/// The file's bytes in CP1251. Characters CP1251 lacks become `?`; line ends within values become spaces.
pub fn payment_orders(payer: &Payer, payouts: &[Payout]) -> Vec<u8> {
    let day = |at| moscow_date(at).strftime("%d.%m.%Y").to_string();
    let first = payouts.iter().map(|payout| payout.at).min().map(day).unwrap_or_default();
    let last = payouts.iter().map(|payout| payout.at).max().map(day).unwrap_or_default();
    let mut file = File { text: String::new() };
    file.mark("1CClientBankExchange");
    file.line("ВерсияФормата", "1.03");
    file.line("Кодировка", "Windows");
    file.line("Отправитель", "Apikassa");
    file.line("Получатель", &payer.bank);
    file.line("ДатаСоздания", &last);
    file.line("ДатаНачала", &first);
    file.line("ДатаКонца", &last);
    file.line("РасчСчет", &payer.account);
    file.line("Документ", "Платежное поручение");
    for payout in payouts {
        file.line("СекцияДокумент", "Платежное поручение");
        file.line("Номер", &payout.number.to_string());
        file.line("Дата", &day(payout.at));
        file.line("Сумма", &payout.amount.to_decimal().to_string());
        file.line("ПлательщикСчет", &payer.account);
        file.line("Плательщик", &format!("ИНН {} {}", payer.inn, payer.name));
        file.line("ПлательщикИНН", &payer.inn);
        file.line("Плательщик1", &payer.name);
        file.line("ПлательщикРасчСчет", &payer.account);
        file.line("ПлательщикБанк1", &payer.bank);
        file.line("ПлательщикБИК", &payer.bic);
        file.line("ПлательщикКорсчет", &payer.correspondent);
        file.line("ПолучательСчет", &payout.account.number);
        file.line("Получатель", &format!("ИНН {} {}", payout.inn, payout.payee));
        file.line("ПолучательИНН", &payout.inn);
        file.line("ПолучательКПП", payout.kpp.as_deref().unwrap_or("0"));
        file.line("Получатель1", &payout.payee);
        file.line("ПолучательРасчСчет", &payout.account.number);
        file.line("ПолучательБанк1", &payout.account.bank);
        file.line("ПолучательБИК", &payout.account.bic);
        file.line("ПолучательКорсчет", &payout.account.correspondent);
        file.line("ВидПлатежа", "");
        file.line("ВидОплаты", "01");
        file.line("Очередность", "5");
        file.line("НазначениеПлатежа", &purpose(payout));
        file.mark("КонецДокумента");
    }
    file.mark("КонецФайла");
    cp1251(&file.text)
}

/// What the payment is for, at most 210 characters (the length a payment order takes).
fn purpose(payout: &Payout) -> String {
    let numbers: Vec<_> = payout.orders.iter().take(5).map(|order| order.number.as_str()).collect();
    let more = if payout.orders.len() > 5 { " и др." } else { "" };
    let text = format!(
        "Перечисление принципалу по агентскому договору, исполненных заказов: {} ({}{more}). Выплата {}. НДС не облагается",
        payout.orders.len(),
        numbers.join(", "),
        payout.id,
    );
    text.chars().take(210).collect()
}

struct File {
    text: String,
}

impl File {
    fn mark(&mut self, name: &str) {
        self.text.push_str(name);
        self.text.push_str("\r\n");
    }

    fn line(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        self.text.push('=');
        self.text.extend(value.chars().map(|c| if c.is_control() { ' ' } else { c }));
        self.text.push_str("\r\n");
    }
}

fn cp1251(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        let mut buffer = [0; 4];
        let (encoded, _, unmappable) = encoding_rs::WINDOWS_1251.encode(character.encode_utf8(&mut buffer));
        bytes.extend_from_slice(if unmappable { b"?" } else { &encoded });
    }
    bytes
}

#[cfg(test)]
mod tests {
    use domain::id::{Mode, OrderId, Tenant};
    use domain::money::Money;
    use domain::partner::BankAccount;
    use domain::payout::PayoutLine;

    use super::*;

    #[test]
    fn the_file_is_what_a_bank_client_reads() {
        let at = "2026-11-21T21:30:00Z".parse().unwrap(); // already the 22nd in Moscow
        let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
        let account = BankAccount {
            number: "40702810900000000001".into(),
            bic: "044525225".into(),
            bank: "ПАО СБЕРБАНК".into(),
            correspondent: "30101810400000000225".into(),
        };
        let payer = Payer {
            name: "ООО «Апикасса»\nподдельная строка".into(),
            inn: "7700000016".into(),
            account: "40702810000000000009".into(),
            bic: "044525974".into(),
            bank: "АО «ТБанк»".into(),
            correspondent: "30101810145250000974".into(),
        };
        let order =
            PayoutLine {
                order: OrderId::new(tenant, "A-1", at), number: "A-1 ☃".into(), amount: Money::rub(289_500)
            };
        let payout = Payout {
            id: "po_1".into(),
            version: 1,
            number: 7,
            at,
            amount: Money::rub(289_500),
            payee: "ООО «Справка»".into(),
            inn: "7700000023".into(),
            kpp: None,
            account,
            orders: vec![order],
            carried: None,
            state: domain::payout::PayoutState::Sent,
        };
        let bytes = payment_orders(&payer, &[payout]);
        let (text, _, wrong) = encoding_rs::WINDOWS_1251.decode(&bytes);
        assert!(!wrong);
        assert!(text.starts_with("1CClientBankExchange\r\nВерсияФормата=1.03\r\nКодировка=Windows\r\n"));
        for line in ["Номер=7", "Дата=22.11.2026", "Сумма=2895.00", "ПолучательКПП=0", "ПолучательИНН=7700000023"]
        {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}");
        }
        assert!(text.contains("A-1 ?") && text.contains("«Апикасса» поддельная строка"));
        assert!(text.ends_with("КонецДокумента\r\nКонецФайла\r\n"));
    }
}
