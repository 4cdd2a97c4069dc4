//! A bank's statement read from a file: all of it, or nothing and the line that is wrong.
//!
//! Strict about what money depends on: sections, amounts, dates, accounts, balances, the end of the file. Tolerant of what banks
//! do differently: the encoding, line ends, the order of keys, keys of their own, decimal commas and grouped digits, a text that
//! runs over several lines.

use std::collections::{BTreeMap, BTreeSet};

use domain::bank_exchange::{AccountPeriod, Direction, Line, Side, Statement};
use domain::money::{Currency, Money};
use jiff::civil::Date;

use super::text::{self, Charset};

/// Bytes of a statement, at most.
const BYTES_MAX: usize = 32 << 20;
/// First line of every file.
const SIGN: &str = "1CClientBankExchange";

/// Why a file is no statement, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {wrong}", key.as_ref().map(|key| format!(", {key}")).unwrap_or_default())]
pub struct ReadError {
    /// The line, counted from 1; the last one where the file ends too early.
    pub line: usize,
    /// The key.
    pub key: Option<String>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// More than is read at once.
    #[error("larger than {} MiB", BYTES_MAX >> 20)]
    TooLarge,
    /// Neither CP1251 nor CP866 nor UTF-8, or not this format.
    #[error("no text in CP1251, CP866 or UTF-8 with the keys of the format")]
    Encoding,
    /// The first line is another.
    #[error("does not begin with `{SIGN}`")]
    Sign,
    /// A version of the format that is not known.
    #[error("version `{0}` of the format is not known")]
    Version(String),
    /// The file ends within a section or without its end mark.
    #[error("the file is cut off: its end mark is missing")]
    CutOff,
    /// Something after the end mark.
    #[error("something follows the end mark")]
    AfterEnd,
    /// A section begins or ends where it can not.
    #[error("`{0}` can not stand here")]
    Misplaced(String),
    /// Neither a mark nor `Key=value`.
    #[error("`{0}` is no `Key=value`")]
    Shape(String),
    /// A key comes again with another value.
    #[error("comes twice, as `{0}` and `{1}`")]
    Twice(String, String),
    /// A key that is needed is missing or empty.
    #[error("is missing")]
    Missing,
    /// No amount of money.
    #[error("`{0}` is no amount")]
    Amount(String),
    /// No date.
    #[error("`{0}` is no date of the form dd.mm.yyyy")]
    Date(String),
    /// No account number.
    #[error("`{0}` is no account number")]
    Account(String),
    /// Dates the wrong way round.
    #[error("the last day is before the first")]
    Days,
    /// Neither side is an account of the file, and the document does not say which way it went.
    #[error("neither side is an account of the statement")]
    Direction,
    /// The balances and turnovers do not fit.
    #[error("opening balance {opening}, received {received}, spent {spent}, but closing balance {closing}")]
    Balance {
        /// Before.
        opening: Money,
        /// Came in.
        received: Money,
        /// Went out.
        spent: Money,
        /// After.
        closing: Money,
    },
}

impl ReadError {
    /// What to tell people in Russian.
    pub fn ru(&self) -> String {
        let key = self.key.as_ref().map(|key| format!(", {key}")).unwrap_or_default();
        let wrong = match &self.wrong {
            Wrong::TooLarge => format!("файл больше {} МиБ", BYTES_MAX >> 20),
            Wrong::Encoding => "это не текст в кодировке Windows, DOS или UTF-8 с реквизитами формата".to_owned(),
            Wrong::Sign => format!("файл не начинается с «{SIGN}»"),
            Wrong::Version(of) => format!("версия формата «{of}» неизвестна"),
            Wrong::CutOff => "файл обрывается: нет отметки о его конце".to_owned(),
            Wrong::AfterEnd => "после конца файла есть ещё строки".to_owned(),
            Wrong::Misplaced(mark) => format!("«{mark}» здесь стоять не может"),
            Wrong::Shape(text) => format!("«{text}» — не «Реквизит=значение»"),
            Wrong::Twice(one, other) => format!("указан дважды: «{one}» и «{other}»"),
            Wrong::Missing => "не указан".to_owned(),
            Wrong::Amount(text) => format!("«{text}» — не сумма"),
            Wrong::Date(text) => format!("«{text}» — не дата вида дд.мм.гггг"),
            Wrong::Account(text) => format!("«{text}» — не номер счёта"),
            Wrong::Days => "последний день раньше первого".to_owned(),
            Wrong::Direction => "ни плательщик, ни получатель не из счетов выписки".to_owned(),
            Wrong::Balance { opening, received, spent, closing } => {
                format!("остаток {opening}, поступило {received}, списано {spent}, но остаток на конец {closing}")
            }
        };
        format!("Строка {}{key}: {wrong}.", self.line)
    }
}

/// Reads a statement.
///
/// # Errors
/// Anything that is wrong with the file: then nothing of it was read.
pub fn read(bytes: &[u8]) -> Result<Statement, ReadError> {
    let whole = |wrong| ReadError { line: 1, key: None, wrong };
    if bytes.len() > BYTES_MAX {
        return Err(whole(Wrong::TooLarge));
    }
    let text = text::decode(bytes).ok_or_else(|| whole(Wrong::Encoding))?;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = text.split('\n').map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    if lines.next().is_none_or(|(_, line)| line != SIGN) {
        return Err(whole(Wrong::Sign));
    }
    let mut reader = Reader::default();
    let mut last = 1;
    for (index, line) in lines {
        last = index + 1;
        reader.line(last, line)?;
    }
    if !reader.ended {
        return Err(ReadError { line: last, key: None, wrong: Wrong::CutOff });
    }
    reader.statement()
}

/// The values of a section by key, with the line each stands in.
struct Section {
    begins: usize,
    kind: String,
    values: BTreeMap<String, (usize, String)>,
}

enum Place {
    Header,
    Account(Section),
    Document(Section),
}

struct Reader {
    place: Place,
    header: Section,
    accounts: Vec<Section>,
    documents: Vec<Section>,
    /// `РасчСчет` of the header, which may come several times.
    listed: Vec<(usize, String)>,
    /// The key whose text the next line may go on with.
    running: Option<String>,
    ended: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            place: Place::Header,
            header: Section::new(1, ""),
            accounts: Vec::new(),
            documents: Vec::new(),
            listed: Vec::new(),
            running: None,
            ended: false,
        }
    }
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), ReadError> {
        let at = |wrong| ReadError { line: number, key: None, wrong };
        if self.ended {
            return Err(at(Wrong::AfterEnd));
        }
        let (key, value) = line.split_once('=').map_or((line, None), |(key, value)| (key.trim(), Some(value.trim())));
        let misplaced = || at(Wrong::Misplaced(cut(line)));
        match (key, &self.place) {
            ("СекцияРасчСчет", Place::Header) => self.place = Place::Account(Section::new(number, "")),
            ("СекцияДокумент", Place::Header) => {
                self.place = Place::Document(Section::new(number, value.unwrap_or_default()));
            }
            ("КонецРасчСчет", Place::Account(_)) | ("КонецДокумента", Place::Document(_)) => {
                self.close();
            }
            ("КонецФайла", Place::Header) => self.ended = true,
            ("СекцияРасчСчет" | "СекцияДокумент" | "КонецРасчСчет" | "КонецДокумента" | "КонецФайла", _) =>
            {
                return Err(misplaced());
            }
            _ => return self.value(number, line, key, value),
        }
        self.running = None;
        Ok(())
    }

    fn close(&mut self) {
        match std::mem::replace(&mut self.place, Place::Header) {
            Place::Account(section) => self.accounts.push(section),
            Place::Document(section) => self.documents.push(section),
            Place::Header => {}
        }
    }

    fn value(&mut self, number: usize, line: &str, key: &str, value: Option<&str>) -> Result<(), ReadError> {
        let header = matches!(self.place, Place::Header);
        let section = match &mut self.place {
            Place::Header => &mut self.header,
            Place::Account(section) | Place::Document(section) => section,
        };
        let Some(value) = value.filter(|_| is_key(key)) else {
            // A text with a line end in it: the bank wrote it as it was.
            let goes_on = self.running.as_ref().and_then(|key| section.values.get_mut(key));
            let Some((_, text)) = goes_on else {
                return Err(ReadError { line: number, key: None, wrong: Wrong::Shape(cut(line)) });
            };
            text.push(' ');
            text.push_str(line);
            return Ok(());
        };
        self.running = is_text(key).then(|| key.to_owned());
        if header && key == "РасчСчет" {
            self.listed.push((number, value.to_owned()));
        } else if header && key == "Документ" {
            // A list of kinds: nothing depends on it.
        } else if let Some((_, before)) = section.values.get(key) {
            if before != value {
                let wrong = Wrong::Twice(cut(before), cut(value));
                return Err(ReadError { line: number, key: Some(key.to_owned()), wrong });
            }
        } else {
            section.values.insert(key.to_owned(), (number, value.to_owned()));
        }
        Ok(())
    }

    fn statement(self) -> Result<Statement, ReadError> {
        let header = &self.header;
        let (version, named) = (header.needed("ВерсияФормата")?, header.value("Кодировка"));
        if !version.1.starts_with("1.") {
            return Err(header.wrong("ВерсияФормата", Wrong::Version(cut(version.1))));
        }
        if named.is_some_and(|(_, name)| !Charset::any_called(name)) {
            return Err(header.wrong("Кодировка", Wrong::Encoding));
        }
        let (since, until) = header.days()?;
        let accounts = self.accounts.iter().map(Section::account).collect::<Result<Vec<_>, _>>()?;
        let mut own: BTreeSet<&str> = accounts.iter().map(|of| of.account.as_str()).collect();
        for (line, account) in &self.listed {
            if !is_account(account) {
                let wrong = Wrong::Account(cut(account));
                return Err(ReadError { line: *line, key: Some("РасчСчет".to_owned()), wrong });
            }
            own.insert(account);
        }
        let lines = self.documents.iter().map(|section| section.document(&own)).collect::<Result<_, _>>()?;
        Ok(Statement { since, until, accounts, lines })
    }
}

impl Section {
    fn new(begins: usize, kind: &str) -> Self {
        Self { begins, kind: kind.to_owned(), values: BTreeMap::new() }
    }

    /// A value that is not empty.
    fn value(&self, key: &str) -> Option<(usize, &str)> {
        self.values.get(key).filter(|(_, value)| !value.is_empty()).map(|(line, value)| (*line, value.as_str()))
    }

    fn text(&self, key: &str) -> String {
        self.value(key).map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    fn wrong(&self, key: &str, wrong: Wrong) -> ReadError {
        let line = self.values.get(key).map_or(self.begins, |(line, _)| *line);
        ReadError { line, key: Some(key.to_owned()), wrong }
    }

    fn needed(&self, key: &str) -> Result<(usize, &str), ReadError> {
        self.value(key).ok_or_else(|| self.wrong(key, Wrong::Missing))
    }

    fn date(&self, key: &str) -> Result<Option<Date>, ReadError> {
        let Some((_, value)) = self.value(key) else { return Ok(None) };
        parse_date(value).map(Some).ok_or_else(|| self.wrong(key, Wrong::Date(cut(value))))
    }

    fn needed_date(&self, key: &str) -> Result<Date, ReadError> {
        self.date(key)?.ok_or_else(|| self.wrong(key, Wrong::Missing))
    }

    fn days(&self) -> Result<(Date, Date), ReadError> {
        let since = self.needed_date("ДатаНачала")?;
        let until = self.date("ДатаКонца")?.unwrap_or(since);
        if until < since { Err(self.wrong("ДатаКонца", Wrong::Days)) } else { Ok((since, until)) }
    }

    /// An amount; a balance may be below nothing.
    fn amount(&self, key: &str) -> Result<Option<Money>, ReadError> {
        let Some((_, value)) = self.value(key) else { return Ok(None) };
        parse_amount(value).map(Some).ok_or_else(|| self.wrong(key, Wrong::Amount(cut(value))))
    }

    fn turnover(&self, key: &str) -> Result<Option<Money>, ReadError> {
        let amount = self.amount(key)?;
        if amount.is_some_and(|amount| amount.minor() < 0) {
            return Err(self.wrong(key, Wrong::Amount(cut(&self.text(key)))));
        }
        Ok(amount)
    }

    fn account(&self) -> Result<AccountPeriod, ReadError> {
        let (_, account) = self.needed("РасчСчет")?;
        if !is_account(account) {
            return Err(self.wrong("РасчСчет", Wrong::Account(cut(account))));
        }
        let (since, until) = self.days()?;
        let (opening, closing) = (self.amount("НачальныйОстаток")?, self.amount("КонечныйОстаток")?);
        let (received, spent) = (self.turnover("ВсегоПоступило")?, self.turnover("ВсегоСписано")?);
        if let (Some(opening), Some(received), Some(spent), Some(closing)) = (opening, received, spent, closing) {
            let fits = opening.plus(received).and_then(|sum| sum.minus(spent)) == Ok(closing);
            if !fits {
                return Err(self.wrong("КонечныйОстаток", Wrong::Balance { opening, received, spent, closing }));
            }
        }
        Ok(AccountPeriod { account: account.to_owned(), since, until, opening, received, spent, closing })
    }

    fn document(&self, own: &BTreeSet<&str>) -> Result<Line, ReadError> {
        let (_, number) = self.needed("Номер")?;
        let date = self.needed_date("Дата")?;
        let amount = self.amount("Сумма")?.ok_or_else(|| self.wrong("Сумма", Wrong::Missing))?;
        if !amount.is_positive() {
            return Err(self.wrong("Сумма", Wrong::Amount(cut(&self.text("Сумма")))));
        }
        let (spent_on, received_on) = (self.date("ДатаСписано")?, self.date("ДатаПоступило")?);
        let (from, to) = (self.side("Плательщик", own), self.side("Получатель", own));
        let ours = |side: &Side| own.contains(side.account.as_str());
        let direction = match (ours(&from), ours(&to)) {
            (true, true) => Direction::Between,
            (true, false) => Direction::Out,
            (false, true) => Direction::In,
            // Some banks leave our own account out: then only one account can be meant, and one of the days tells the way.
            (false, false) if own.len() == 1 => match (spent_on, received_on) {
                (Some(_), None) if from.account.is_empty() => Direction::Out,
                (None, Some(_)) if to.account.is_empty() => Direction::In,
                _ => return Err(self.wrong("ПлательщикСчет", Wrong::Direction)),
            },
            (false, false) => return Err(self.wrong("ПлательщикСчет", Wrong::Direction)),
        };
        let ours = if direction == Direction::In { &to.account } else { &from.account };
        let account = if own.contains(ours.as_str()) { ours.clone() } else { own.iter().copied().collect() };
        let booked = match direction {
            Direction::Out => spent_on,
            Direction::In => received_on,
            Direction::Between => spent_on.or(received_on),
        };
        Ok(Line {
            account,
            direction,
            kind: self.kind.clone(),
            number: number.to_owned(),
            date,
            booked,
            amount,
            payer: from,
            payee: to,
            purpose: self.joined("НазначениеПлатежа"),
        })
    }

    /// A text in one line, or in up to six (`Key1` to `Key6`).
    fn joined(&self, key: &str) -> String {
        let whole = self.text(key);
        if !whole.is_empty() {
            return whole;
        }
        let parts: Vec<_> = (1..=6).filter_map(|at| self.value(&format!("{key}{at}"))).map(|(_, part)| part).collect();
        parts.join(" ")
    }

    /// One side. Its account stands in two keys, one of which may be the bank's: ours is known, and of a stranger's the one that
    /// is said to be for settlement counts.
    fn side(&self, prefix: &str, own: &BTreeSet<&str>) -> Side {
        let key = |end: &str| self.text(&format!("{prefix}{end}"));
        let (short, settled) = (key("Счет"), key("РасчСчет"));
        let account = if own.contains(short.as_str()) || settled.is_empty() { short } else { settled };
        let named = key("1");
        let inn = key("ИНН");
        let name = if named.is_empty() {
            let whole = key("");
            // «ИНН 7707083893 ПАО Сбербанк» in one text.
            let rest = whole
                .strip_prefix("ИНН ")
                .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '));
            rest.filter(|rest| !rest.is_empty()).unwrap_or(&whole).to_owned()
        } else {
            named
        };
        Side {
            name, inn, kpp: key("КПП"), account, bic: key("БИК"), bank: key("Банк1"), correspondent: key("Корсчет")
        }
    }
}

/// `РасчСчет`, `НазначениеПлатежа1`: letters, then digits.
fn is_key(key: &str) -> bool {
    let letters = key.trim_end_matches(|c: char| c.is_ascii_digit());
    !letters.is_empty() && key.chars().count() <= 40 && letters.chars().all(|c| c.is_alphabetic() || c == '_')
}

/// Keys whose text may go on in the next line.
fn is_text(key: &str) -> bool {
    let stem = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let texts =
        ["НазначениеПлатежа", "Плательщик", "Получатель", "КвитанцияСодержание", "УсловиеОплаты", "ДополнУсловия"];
    texts.contains(&stem)
}

fn is_account(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_date(text: &str) -> Option<Date> {
    let digits = |part: &str, many: usize| part.len() == many && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !digits(day, 2) || !digits(month, 2) || !digits(year, 4) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `1234.56`, `1234,56`, `1 234.56`, `1'234.56`, `-1234.56`: at most two decimals, and groups of three where there are any.
fn parse_amount(text: &str) -> Option<Money> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (whole, decimals) = text.rsplit_once(['.', ',']).unwrap_or((text, ""));
    if decimals.len() > 2 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut groups = whole.split([' ', '\u{a0}', '\'']);
    let first = groups.next()?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !(1..=3).contains(&first.len()) {
            return None;
        }
        digits.push_str(group);
    }
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let plain = if decimals.is_empty() { digits } else { format!("{digits}.{decimals}") };
    let amount = Money::parse_major(&plain, Currency::RUB).ok()?;
    if negative { amount.zero().minus(amount).ok() } else { Some(amount) }
}

/// As much of a text as fits in a message.
fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
