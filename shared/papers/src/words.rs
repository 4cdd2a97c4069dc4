//! Numbers, dates and codes as a Russian document writes them.

use domain::acquiring::Method;
use domain::money::Money;
use domain::order::Status;
use domain::report::{Corrects, Event, MovementKind, Period, Report};
use domain::tax::VatRate;
use jiff::civil::Date;

/// Between thousands: narrow, and never at the end of a line.
const THIN: char = '\u{202f}';

/// `1 234,50`: thin spaces, a decimal comma, kopecks always, a real minus.
pub fn money(amount: Money) -> String {
    let minor = amount.minor().unsigned_abs();
    let minus = if amount.minor() < 0 { "\u{2212}" } else { "" };
    format!("{minus}{},{:02}", count(minor / 100), minor % 100)
}

/// `12 345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

/// `05.11.2026`.
pub fn date(day: Date) -> String {
    format!("{:02}.{:02}.{:04}", day.day(), day.month(), day.year())
}

/// `5 ноября 2026 г.`
pub fn long_date(day: Date) -> String {
    let months = [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ];
    let month = usize::try_from(day.month() - 1).ok().and_then(|at| months.get(at)).unwrap_or(&"");
    format!("{}\u{a0}{month} {}\u{a0}г.", day.day(), day.year())
}

/// `ноябрь 2026 г.`
pub fn month(period: Period) -> String {
    let months = [
        "январь",
        "февраль",
        "март",
        "апрель",
        "май",
        "июнь",
        "июль",
        "август",
        "сентябрь",
        "октябрь",
        "ноябрь",
        "декабрь",
    ];
    let first = period.first();
    let month = usize::try_from(first.month() - 1).ok().and_then(|at| months.get(at)).unwrap_or(&"");
    format!("{month} {}\u{a0}г.", first.year())
}

/// What became of an order.
pub const fn event(event: Event) -> &'static str {
    match event {
        Event::Paid => "Оплата",
        Event::Refunded => "Возврат",
        Event::Restored => "Возврат отозван",
        Event::Cancelled => "Отмена",
    }
}

/// By what means.
pub const fn method(method: Method) -> &'static str {
    match method {
        Method::Card => "Банковская карта",
        Method::Sbp => "СБП",
        Method::MirPay => "Mir Pay",
        Method::YandexPay => "Yandex Pay",
        Method::SberPay => "SberPay",
        Method::TPay => "T-Pay",
        Method::MtsPay => "MTS Pay",
        Method::Dolyami => "Долями",
        Method::Terminal => "Терминал",
        Method::Cash => "Наличные",
    }
}

/// An order in one word.
pub const fn status(status: Status) -> &'static str {
    match status {
        Status::Awaiting => "Ожидает оплаты",
        Status::Checking => "Оплата проверяется",
        Status::Ordered => "Оформлен, ожидает списания",
        Status::Held => "Сумма удержана",
        Status::Paid => "Оплачен",
        Status::Executing => "Исполняется",
        Status::Overdue => "Исполнение просрочено",
        Status::Fulfilled => "Исполнен",
        Status::PaidOut => "Исполнен и перечислен",
        Status::Refunding => "Деньги возвращаются",
        Status::Refunded => "Деньги возвращены",
        Status::Cancelled => "Отменён",
        Status::MeansSaved => "Способ оплаты сохранён",
        Status::Expired => "Срок оплаты истёк",
    }
}

/// What moved the balance.
pub const fn movement(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Payout => "Перечислено принципалу",
        MovementKind::PayoutReturned => "Перечисление возвращено банком",
        MovementKind::Service => "Услуга платформы",
        MovementKind::Withheld => "Удержан НДФЛ",
        MovementKind::Settled => "Долг погашен принципалом",
        MovementKind::Credited => "Корректировка в пользу принципала",
        MovementKind::Debited => "Корректировка в пользу агента",
    }
}

/// `НДС 22 %`.
pub fn vat(rate: VatRate) -> String {
    rate.percent().map_or_else(|| "без НДС".to_owned(), |percent| format!("НДС {percent}\u{a0}%"))
}

/// The mended document: `№ 15 за октябрь 2026 г.`
pub fn document(corrects: &Corrects) -> String {
    format!("№\u{a0}{} за {}", corrects.number, month(corrects.period))
}

/// The forms of a noun after 1, 2 to 4, and 5 or more; and whether it is feminine.
struct Noun([&'static str; 3], bool);

/// Thousands by powers, from the largest an amount of kopecks can have.
const SCALES: [(u64, Noun); 5] = [
    (1_000_000_000_000_000, Noun(["квадриллион", "квадриллиона", "квадриллионов"], false)),
    (1_000_000_000_000, Noun(["триллион", "триллиона", "триллионов"], false)),
    (1_000_000_000, Noun(["миллиард", "миллиарда", "миллиардов"], false)),
    (1_000_000, Noun(["миллион", "миллиона", "миллионов"], false)),
    (1_000, Noun(["тысяча", "тысячи", "тысяч"], true)),
];

/// The form of a noun that goes with a number: `рубль`, `рубля`, `рублей`.
pub fn plural(number: u64, forms: [&'static str; 3]) -> &'static str {
    let [one, few, many] = forms;
    match (number % 100, number % 10) {
        (11..=14, _) => many,
        (_, 1) => one,
        (_, 2..=4) => few,
        _ => many,
    }
}

/// 1 to 999, in the nominative.
fn hundreds(number: u64, feminine: bool, words: &mut Vec<&'static str>) {
    const HUNDREDS: [&str; 10] =
        ["", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"];
    const TENS: [&str; 10] =
        ["", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"];
    const ONES: [&str; 20] = [
        "",
        "один",
        "два",
        "три",
        "четыре",
        "пять",
        "шесть",
        "семь",
        "восемь",
        "девять",
        "десять",
        "одиннадцать",
        "двенадцать",
        "тринадцать",
        "четырнадцать",
        "пятнадцать",
        "шестнадцать",
        "семнадцать",
        "восемнадцать",
        "девятнадцать",
    ];
    let word = |table: &[&'static str], at: u64| usize::try_from(at).ok().and_then(|at| table.get(at)).copied();
    let rest = number % 100;
    let (ten, one) = if rest < 20 { (0, rest) } else { (rest / 10, rest % 10) };
    let ones = match (one, feminine) {
        (1, true) => Some("одна"),
        (2, true) => Some("две"),
        _ => word(&ONES, one),
    };
    let found = [word(&HUNDREDS, number / 100), word(&TENS, ten), ones];
    words.extend(found.into_iter().flatten().filter(|word| !word.is_empty()));
}

/// The amount in words, as a primary document wants it: `Пятьсот рублей 00 копеек`.
pub fn in_words(amount: Money) -> String {
    let minor = amount.minor().unsigned_abs();
    let (roubles, kopecks) = (minor / 100, minor % 100);
    let mut words = Vec::new();
    if amount.minor() < 0 {
        words.push("минус");
    }
    let mut rest = roubles;
    for (scale, Noun(forms, feminine)) in &SCALES {
        let many = rest / scale;
        if many > 0 {
            hundreds(many, *feminine, &mut words);
            words.push(plural(many, *forms));
        }
        rest %= scale;
    }
    hundreds(rest, false, &mut words);
    if roubles == 0 {
        words.push("ноль");
    }
    words.push(plural(roubles, ["рубль", "рубля", "рублей"]));
    let text = words.join(" ");
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let kopeck = plural(kopecks, ["копейка", "копейки", "копеек"]);
    format!("{}{} {kopecks:02} {kopeck}", first.collect::<String>(), letters.as_str())
}

/// Who pays the principal's taxes: never the agent, but for what it withheld from a natural person.
pub fn taxes(report: &Report) -> String {
    let withheld = report.movements.iter().any(|movement| movement.kind == MovementKind::Withheld);
    let except = if withheld {
        ", кроме НДФЛ, удержанного агентом с выплат физическому лицу и указанного среди движений"
    } else {
        ""
    };
    format!(
        "Агент не уплачивает за принципала налоги, сборы и страховые взносы{except}: налоги с сумм, полученных агентом по поручению принципала, принципал исчисляет и уплачивает самостоятельно."
    )
}

#[cfg(test)]
mod tests {
    use domain::report::Period;
    use jiff::civil;

    use super::*;

    #[test]
    fn amounts_are_declined() {
        for (kopecks, words) in [
            (0, "Ноль рублей 00 копеек"),
            (1, "Ноль рублей 01 копейка"),
            (100, "Один рубль 00 копеек"),
            (222, "Два рубля 22 копейки"),
            (511, "Пять рублей 11 копеек"),
            (1_112, "Одиннадцать рублей 12 копеек"),
            (1_414, "Четырнадцать рублей 14 копеек"),
            (2_121, "Двадцать один рубль 21 копейка"),
            (50_000, "Пятьсот рублей 00 копеек"),
            (11_104, "Сто одиннадцать рублей 04 копейки"),
            (100_000, "Одна тысяча рублей 00 копеек"),
            (200_100, "Две тысячи один рубль 00 копеек"),
            (500_205, "Пять тысяч два рубля 05 копеек"),
            (1_100_000, "Одиннадцать тысяч рублей 00 копеек"),
            (2_100_000, "Двадцать одна тысяча рублей 00 копеек"),
            (9_999_999, "Девяносто девять тысяч девятьсот девяносто девять рублей 99 копеек"),
            (100_000_000, "Один миллион рублей 00 копеек"),
            (200_200_300, "Два миллиона две тысячи три рубля 00 копеек"),
            (1_200_000_000, "Двенадцать миллионов рублей 00 копеек"),
            (100_000_000_000, "Один миллиард рублей 00 копеек"),
            (-12_345, "Минус сто двадцать три рубля 45 копеек"),
        ] {
            assert_eq!(in_words(Money::rub(kopecks)), words);
        }
        let largest = in_words(Money::rub(i64::MAX));
        assert!(largest.starts_with("Девяносто два квадриллиона двести тридцать три триллиона"), "{largest}");
        assert!(in_words(Money::rub(i64::MIN)).starts_with("Минус девяносто два квадриллиона"));
    }

    #[test]
    fn numbers_and_dates_read_as_in_a_document() {
        assert_eq!(money(Money::rub(123_456_789)), "1\u{202f}234\u{202f}567,89");
        assert_eq!(money(Money::rub(-5)), "\u{2212}0,05");
        assert_eq!((count(0), count(999), count(1_000)), ("0".into(), "999".into(), "1\u{202f}000".into()));
        let day = civil::date(2026, 11, 5);
        assert_eq!((date(day), long_date(day)), ("05.11.2026".into(), "5\u{a0}ноября 2026\u{a0}г.".into()));
        assert_eq!(month(Period::of(day)), "ноябрь 2026\u{a0}г.");
    }
}
