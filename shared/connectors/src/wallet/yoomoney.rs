//! `ЮMoney` by lists: CSV that an accountant uploads, and CSV that says what became of it.
//!
//! **Verified** (yookassa.ru/docs/payouts/list-based-payouts/csv): lists are RFC 4180 in UTF-8, a mark is recommended, fields are separated by
//! semicolons. **Not verified**: the headings and the order of a list's columns, and its decimal point. The page's table of them is not among
//! the public copies there are, and the form in the cabinet is the operator's own; `NUMBER`, `WALLET`, `SUM` and `PURPOSE` are ours. Hold a
//! file to the cabinet's template before the first upload.
//!
//! **Not the operator's own either**: one file with a column of states. What `ЮKassa` is documented to send is a daily registry of *successful*
//! payouts (…/developers/payouts/after-the-payout/reports: «Идентификатор выплаты», «Сумма выплаты», «Валюта выплаты», «Комиссия», «Время операции»,
//! «Дополнительные реквизиты» with the wallet, «Описание») and, by the older protocol, a second one of returned payouts
//! (…/docs/payouts/supplementary/registers). The accountant makes the file that is read here of those, or of the history in the cabinet; columns are
//! known by their headings, so their order does not matter, and a word or a heading that is not known ends the reading: nothing is guessed at.

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use domain::money::{Currency, Money};
use jiff::civil::Date;

use super::{Adapter, Fate, ReadError, Told, Transfer};

const MARK: &str = "\u{feff}";
const NUMBER: &str = "Номер";
const WALLET: &str = "Кошелек";
const SUM: &str = "Сумма";
const PURPOSE: &str = "Назначение";
const DAY: &str = "Дата";
const STATE: &str = "Состояние";
const REASON: &str = "Причина";

pub(super) struct Yoomoney;

impl Adapter for Yoomoney {
    fn registry(&self, transfers: &[Transfer]) -> Vec<u8> {
        let mut file = MARK.as_bytes().to_vec();
        {
            let mut out = WriterBuilder::new().delimiter(b';').terminator(Terminator::CRLF).from_writer(&mut file);
            let rows = transfers.iter().map(|transfer| {
                let purpose = transfer.purpose.replace(char::is_control, " ");
                [
                    transfer.number.to_string(),
                    transfer.wallet.clone(),
                    transfer.amount.to_decimal().to_string(),
                    purpose,
                ]
            });
            let heading = [NUMBER, WALLET, SUM, PURPOSE].map(ToOwned::to_owned);
            for row in std::iter::once(heading).chain(rows) {
                // A growing vector takes whatever is written.
                if out.write_record(&row).is_err() {
                    break;
                }
            }
        }
        file
    }

    fn outcomes(&self, file: &[u8]) -> Result<Vec<Told>, ReadError> {
        let file = file.strip_prefix(MARK.as_bytes()).unwrap_or(file);
        let mut reader = ReaderBuilder::new().delimiter(b';').trim(csv::Trim::All).from_reader(file);
        let heading = reader.headers().map_err(ReadError::Text)?.clone();
        let place = |column: &'static str| {
            let same = |name: &str| name.to_lowercase().replace('ё', "е") == column.to_lowercase();
            heading.iter().position(same).ok_or(ReadError::Column(column))
        };
        let [number, wallet, sum, day, state] =
            [place(NUMBER)?, place(WALLET)?, place(SUM)?, place(DAY)?, place(STATE)?];
        let reason = place(REASON).ok();
        let mut told = Vec::new();
        for record in reader.records() {
            let record = record.map_err(ReadError::Text)?;
            let cell = |column: &'static str, at: usize| Cell { file, record: &record, column, at };
            told.push(Told {
                number: cell(NUMBER, number).read(|text| text.parse().ok().filter(|number| *number > 0))?,
                wallet: cell(WALLET, wallet)
                    .read(|text| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.to_owned()))?,
                amount: cell(SUM, sum).read(|text| Money::parse_major(&text.replace(',', "."), Currency::RUB).ok())?,
                on: cell(DAY, day).read(day_of)?,
                fate: cell(STATE, state).read(|text| match text.to_lowercase().replace('ё', "е").as_str() {
                    "зачислено" | "зачислен" | "succeeded" => Some(Fate::Credited),
                    "возвращено" | "возвращен" | "отклонено" | "canceled" => {
                        let words = reason.and_then(|at| record.get(at)).filter(|words| !words.is_empty());
                        Some(Fate::Returned(words.unwrap_or("возвращено оператором кошелька").to_owned()))
                    }
                    _ => None,
                })?,
            });
        }
        Ok(told)
    }
}

struct Cell<'a> {
    file: &'a [u8],
    record: &'a StringRecord,
    column: &'static str,
    at: usize,
}

impl Cell<'_> {
    /// The reader stands before the line feed of a CR LF when it begins the next record: it is counted here.
    fn line(&self) -> u64 {
        let begins = self.record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
        let feeds = self.file.iter().take(begins.saturating_add(1)).filter(|byte| **byte == b'\n').count();
        u64::try_from(feeds).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn read<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<T, ReadError> {
        let text = self.record.get(self.at).filter(|text| !text.is_empty());
        text.and_then(read).ok_or_else(|| ReadError::Cell { line: self.line(), column: self.column })
    }
}

/// `21.11.2026` or `2026-11-21`, with or without the time after a blank.
fn day_of(text: &str) -> Option<Date> {
    let day = text.split_whitespace().next()?;
    Date::strptime("%d.%m.%Y", day).or_else(|_| Date::strptime("%Y-%m-%d", day)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_written_for_spreadsheets_and_machines() {
        let transfer = |number, purpose: &str| Transfer {
            number,
            wallet: "4100116075156746".into(),
            amount: Money::rub(289_500),
            purpose: purpose.into(),
        };
        let file = Yoomoney.registry(&[transfer(7, "Выплата; заказов: 1 (\"A-1\")"), transfer(8, "две\nстроки")]);
        let wanted = "\u{feff}Номер;Кошелек;Сумма;Назначение\r\n\
            7;4100116075156746;2895.00;\"Выплата; заказов: 1 (\"\"A-1\"\")\"\r\n\
            8;4100116075156746;2895.00;две строки\r\n";
        assert_eq!(String::from_utf8(file).unwrap(), wanted);
        assert_eq!(String::from_utf8(Yoomoney.registry(&[])).unwrap(), "\u{feff}Номер;Кошелек;Сумма;Назначение\r\n");
    }

    #[test]
    fn what_the_operator_tells_is_read_whole_or_not_at_all() {
        let head = "\u{feff}Номер;Кошелёк;Сумма;Назначение;Дата;Состояние;Причина\r\n";
        let read = |rows: &str| Yoomoney.outcomes(format!("{head}{rows}").as_bytes());
        let told = read("7;4100116075156746;2895.00;;24.11.2026 10:00:00;Зачислено;\r\n8;4100116075156746;1,50;;2026-11-24;возвращено;кошелёк закрыт\r\n").unwrap();
        let on = Date::constant(2026, 11, 24);
        assert_eq!((told[0].number, told[0].on, told[0].fate.clone()), (7, on, Fate::Credited));
        assert_eq!((told[1].amount, told[1].fate.clone()), (Money::rub(150), Fate::Returned("кошелёк закрыт".into())));
        for (rows, line, column) in [
            ("0;4100116075156746;1.00;;24.11.2026;зачислено;\r\n", 2, NUMBER),
            ("7;4100116075156746;1.00;;24.11.2026;зачислено;\r\n8;41001x;1.00;;24.11.2026;зачислено;\r\n", 3, WALLET),
            ("7;4100116075156746;1.001;;24.11.2026;зачислено;\r\n", 2, SUM),
            ("7;4100116075156746;1.00;;31.11.2026;зачислено;\r\n", 2, DAY),
            ("7;4100116075156746;1.00;;24.11.2026;в пути;\r\n", 2, STATE),
        ] {
            let said = read(rows).unwrap_err();
            assert!(matches!(said, ReadError::Cell { line: at, column: of } if at == line && of == column), "{said}");
        }
        assert!(matches!(Yoomoney.outcomes("Номер;Сумма\r\n".as_bytes()), Err(ReadError::Column(WALLET))));
        assert!(matches!(read("7;\u{1}\r\n"), Err(ReadError::Text(_))));
    }
}
