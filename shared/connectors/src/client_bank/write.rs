//! Payment orders as a file.

use domain::bank_exchange::{PaymentOrder, Side};
use jiff::civil::Date;

use super::text;

/// The file's bytes: CP1251, CR LF. Characters CP1251 lacks become their plain cousins or `?`; line ends and other control
/// characters within values become spaces.
///
/// Required from the sender (the standard's table of requisites, column «из 1С»): the version, the encoding, the sender, both
/// dates, the account; of a document its kind, number, date, amount, of both sides account, name, ИНН, and bank, the kind of
/// payment and its turn.
pub(super) fn file(orders: &[PaymentOrder], receiver: &str) -> Vec<u8> {
    let first = orders.iter().map(|order| order.date).min().map(day).unwrap_or_default();
    let last = orders.iter().map(|order| order.date).max().map(day).unwrap_or_default();
    let mut file = File { text: String::new() };
    file.mark("1CClientBankExchange");
    file.line("ВерсияФормата", "1.03");
    file.line("Кодировка", "Windows");
    file.line("Отправитель", "Apikassa");
    file.line("Получатель", receiver);
    file.line("ДатаСоздания", &last);
    file.line("ДатаНачала", &first);
    file.line("ДатаКонца", &last);
    let mut accounts: Vec<&str> = orders.iter().map(|order| order.payer.account.as_str()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        file.line("РасчСчет", account);
    }
    file.line("Документ", "Платежное поручение");
    for order in orders {
        file.order(order);
    }
    file.mark("КонецФайла");
    text::encode(&file.text)
}

fn day(day: Date) -> String {
    day.strftime("%d.%m.%Y").to_string()
}

struct File {
    text: String,
}

impl File {
    fn order(&mut self, order: &PaymentOrder) {
        self.line("СекцияДокумент", "Платежное поручение");
        self.line("Номер", &order.number.to_string());
        self.line("Дата", &day(order.date));
        self.line("Сумма", &order.amount.to_decimal().to_string());
        self.side("Плательщик", &order.payer);
        self.side("Получатель", &order.payee);
        self.line("ВидПлатежа", "");
        self.line("ВидОплаты", "01");
        if let Some(budget) = &order.budget {
            // Requisites 101 and 104 to 109: the single tax payment names its code alone, all others are 0.
            self.line("СтатусСоставителя", budget.status);
            self.line("ПоказательКБК", budget.kbk);
            for zero in ["ОКАТО", "ПоказательОснования", "ПоказательПериода", "ПоказательНомера", "ПоказательДаты"]
            {
                self.line(zero, "0");
            }
        }
        // Field 22, УИН: none.
        self.line("Код", "0");
        self.line("НазначениеПлатежа", &order.purpose);
        self.line("НазначениеПлатежа1", &order.purpose);
        self.line("ПлательщикКПП", or_zero(&order.payer.kpp));
        self.line("ПолучательКПП", or_zero(&order.payee.kpp));
        self.line("Очередность", "5");
        self.mark("КонецДокумента");
    }

    fn side(&mut self, prefix: &str, side: &Side) {
        self.line(&format!("{prefix}Счет"), &side.account);
        self.line(prefix, &format!("ИНН {} {}", side.inn, side.name));
        self.line(&format!("{prefix}ИНН"), &side.inn);
        self.line(&format!("{prefix}1"), &side.name);
        self.line(&format!("{prefix}РасчСчет"), &side.account);
        self.line(&format!("{prefix}Банк1"), &side.bank);
        self.line(&format!("{prefix}Банк2"), "");
        self.line(&format!("{prefix}БИК"), &side.bic);
        self.line(&format!("{prefix}Корсчет"), &side.correspondent);
    }

    fn mark(&mut self, name: &str) {
        self.text.push_str(name);
        self.text.push_str("\r\n");
    }

    fn line(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        self.text.push('=');
        let plain = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
        self.text.extend(value.chars().map(plain));
        self.text.push_str("\r\n");
    }
}

fn or_zero(kpp: &str) -> &str {
    if kpp.is_empty() { "0" } else { kpp }
}
