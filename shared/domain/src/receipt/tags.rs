//! The values of FFD tags a receipt is made of (FFD 1.05 and 1.2, приказ ФНС ЕД-7-20/662@ with its tables).

use serde::{Deserialize, Serialize};

/// Tag 1054: which way the money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReceiptKind {
    /// Приход.
    #[serde(rename = "sale")]
    Sale,
    /// Возврат прихода.
    #[serde(rename = "refund")]
    SaleRefund,
}

impl ReceiptKind {
    /// Tag 1054.
    pub const fn tag_1054(self) -> u8 {
        match self {
            Self::Sale => 1,
            Self::SaleRefund => 2,
        }
    }

    /// The other way.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Sale => Self::SaleRefund,
            Self::SaleRefund => Self::Sale,
        }
    }
}

/// Tag 1209: the version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Ffd {
    /// 1.05: no marking codes of tag 1163, no fractions, corrections without lines.
    #[serde(rename = "1.05")]
    V1_05,
    /// 1.2.
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
}

impl Ffd {
    /// Tag 1209.
    pub const fn tag_1209(self) -> u8 {
        match self {
            Self::V1_05 => 2,
            Self::V1_2 => 4,
        }
    }

    /// As people write it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::V1_05 => "1.05",
            Self::V1_2 => "1.2",
        }
    }
}

/// Tag 1214: how far the settlement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Предоплата 100 %: all is paid before known goods are handed over.
    FullPrepayment,
    /// Предоплата: a part is paid before.
    Prepayment,
    /// Аванс: it is not known yet for what.
    Advance,
    /// Полный расчёт: paid and handed over.
    #[default]
    FullPayment,
    /// Частичный расчёт и кредит: handed over, a part is paid.
    PartialPayment,
    /// Передача в кредит: handed over, nothing is paid.
    Credit,
    /// Оплата кредита.
    CreditPayment,
}

impl Settlement {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::FullPrepayment,
        Self::Prepayment,
        Self::Advance,
        Self::FullPayment,
        Self::PartialPayment,
        Self::Credit,
        Self::CreditPayment,
    ];

    /// Tag 1214.
    pub const fn tag_1214(self) -> u8 {
        match self {
            Self::FullPrepayment => 1,
            Self::Prepayment => 2,
            Self::Advance => 3,
            Self::FullPayment => 4,
            Self::PartialPayment => 5,
            Self::Credit => 6,
            Self::CreditPayment => 7,
        }
    }

    /// Paid before the hand-over: VAT is named by the calculated rate, and a closing receipt is due.
    pub const fn is_before(self) -> bool {
        matches!(self, Self::FullPrepayment | Self::Prepayment | Self::Advance)
    }
}

/// Tag 1212: what a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Услуга.
    #[default]
    Service,
    /// Товар.
    Goods,
    /// Подакцизный товар.
    Excise,
    /// Работа.
    Work,
    /// Результаты интеллектуальной деятельности.
    Intellectual,
    /// Платёж: an advance for goods not known yet.
    Payment,
    /// Агентское вознаграждение.
    AgentFee,
    /// Иной предмет расчёта.
    Other,
    /// Имущественное право.
    PropertyRight,
    /// Залог.
    Deposit,
    /// Подакцизный товар, подлежащий маркировке, не имеющий кода.
    ExciseUncoded,
    /// Подакцизный товар, подлежащий маркировке, имеющий код.
    ExciseMarked,
    /// Товар, подлежащий маркировке, не имеющий кода.
    GoodsUncoded,
    /// Товар, подлежащий маркировке, имеющий код.
    GoodsMarked,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Service,
        Self::Goods,
        Self::Excise,
        Self::Work,
        Self::Intellectual,
        Self::Payment,
        Self::AgentFee,
        Self::Other,
        Self::PropertyRight,
        Self::Deposit,
        Self::ExciseUncoded,
        Self::ExciseMarked,
        Self::GoodsUncoded,
        Self::GoodsMarked,
    ];

    /// Tag 1212 in FFD 1.2.
    pub const fn tag_1212(self) -> u8 {
        match self {
            Self::Goods => 1,
            Self::Excise => 2,
            Self::Work => 3,
            Self::Service => 4,
            Self::Intellectual => 9,
            Self::Payment => 10,
            Self::AgentFee => 11,
            Self::Other => 13,
            Self::PropertyRight => 14,
            Self::Deposit => 19,
            Self::ExciseUncoded => 30,
            Self::ExciseMarked => 31,
            Self::GoodsUncoded => 32,
            Self::GoodsMarked => 33,
        }
    }

    /// Tag 1212 in one version: FFD 1.05 knows goods and excise goods, marked or not.
    pub const fn tag_1212_in(self, ffd: Ffd) -> u8 {
        match (ffd, self) {
            (Ffd::V1_05, Self::ExciseUncoded | Self::ExciseMarked) => 2,
            (Ffd::V1_05, Self::GoodsUncoded | Self::GoodsMarked) => 1,
            _ => self.tag_1212(),
        }
    }

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Goods => "goods",
            Self::Excise => "excise",
            Self::Work => "work",
            Self::Intellectual => "intellectual",
            Self::Payment => "payment",
            Self::AgentFee => "agent_fee",
            Self::Other => "other",
            Self::PropertyRight => "property_right",
            Self::Deposit => "deposit",
            Self::ExciseUncoded => "excise_uncoded",
            Self::ExciseMarked => "excise_marked",
            Self::GoodsUncoded => "goods_uncoded",
            Self::GoodsMarked => "goods_marked",
        }
    }

    /// The same goods where no code is named: a part of their price.
    #[must_use]
    pub const fn uncoded(self) -> Self {
        match self {
            Self::ExciseMarked => Self::ExciseUncoded,
            Self::GoodsMarked => Self::GoodsUncoded,
            other => other,
        }
    }

    /// Whether the line carries the code of one marked unit.
    pub const fn is_marked(self) -> bool {
        matches!(self, Self::ExciseMarked | Self::GoodsMarked)
    }

    /// Whether the line is goods, which are counted in pieces unless a measure says otherwise.
    pub const fn is_goods(self) -> bool {
        matches!(
            self,
            Self::Goods
                | Self::Excise
                | Self::ExciseUncoded
                | Self::ExciseMarked
                | Self::GoodsUncoded
                | Self::GoodsMarked
        )
    }
}

/// Tag 1222: as what the register's owner sells a line that is not their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentSign {
    /// Банковский платёжный агент.
    BankPayingAgent,
    /// Банковский платёжный субагент.
    BankPayingSubagent,
    /// Платёжный агент.
    PayingAgent,
    /// Платёжный субагент.
    PayingSubagent,
    /// Поверенный.
    Attorney,
    /// Комиссионер.
    Commissioner,
    /// Агент: in the principal's name and at the principal's expense (ГК 1005 п. 1).
    #[default]
    Agent,
}

impl AgentSign {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::BankPayingAgent,
        Self::BankPayingSubagent,
        Self::PayingAgent,
        Self::PayingSubagent,
        Self::Attorney,
        Self::Commissioner,
        Self::Agent,
    ];

    /// Tag 1222, one bit.
    pub const fn tag_1222(self) -> u8 {
        match self {
            Self::BankPayingAgent => 1,
            Self::BankPayingSubagent => 2,
            Self::PayingAgent => 4,
            Self::PayingSubagent => 8,
            Self::Attorney => 16,
            Self::Commissioner => 32,
            Self::Agent => 64,
        }
    }

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BankPayingAgent => "bank_paying_agent",
            Self::BankPayingSubagent => "bank_paying_subagent",
            Self::PayingAgent => "paying_agent",
            Self::PayingSubagent => "paying_subagent",
            Self::Attorney => "attorney",
            Self::Commissioner => "commissioner",
            Self::Agent => "agent",
        }
    }
}

/// Tag 2108: what a quantity counts. The value is the tag's own code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Measure(u8);

impl Measure {
    /// Pieces.
    pub const PIECE: Self = Self(0);

    /// Codes and abbreviations of tag 2108.
    const TABLE: [(u8, &'static str); 24] = [
        (0, "шт."),
        (10, "г"),
        (11, "кг"),
        (12, "т"),
        (20, "см"),
        (21, "дм"),
        (22, "м"),
        (30, "кв. см"),
        (31, "кв. дм"),
        (32, "кв. м"),
        (40, "мл"),
        (41, "л"),
        (42, "куб. м"),
        (50, "кВт·ч"),
        (51, "Гкал"),
        (70, "сут."),
        (71, "час"),
        (72, "мин"),
        (73, "с"),
        (80, "Кбайт"),
        (81, "Мбайт"),
        (82, "Гбайт"),
        (83, "Тбайт"),
        (255, "ед."),
    ];

    /// A measure by the code of tag 2108.
    pub fn of(code: u8) -> Option<Self> {
        Self::TABLE.iter().any(|(known, _)| *known == code).then_some(Self(code))
    }

    /// Tag 2108.
    pub const fn tag_2108(self) -> u8 {
        self.0
    }

    /// Its code and name in ОКЕИ (ОК 015-94), to which the table of tag 2108 (FFD 1.2) refers.
    pub const fn okei(self) -> (&'static str, &'static str) {
        match self.0 {
            0 => ("796", "Штука"),
            10 => ("163", "Грамм"),
            11 => ("166", "Килограмм"),
            12 => ("168", "Тонна"),
            20 => ("004", "Сантиметр"),
            21 => ("005", "Дециметр"),
            22 => ("006", "Метр"),
            30 => ("051", "Квадратный сантиметр"),
            31 => ("053", "Квадратный дециметр"),
            32 => ("055", "Квадратный метр"),
            40 => ("111", "Миллилитр"),
            41 => ("112", "Литр"),
            42 => ("113", "Кубический метр"),
            50 => ("245", "Киловатт-час"),
            51 => ("233", "Гигакалория"),
            70 => ("359", "Сутки"),
            71 => ("356", "Час"),
            72 => ("355", "Минута"),
            73 => ("354", "Секунда"),
            80 => ("256", "Килобайт"),
            81 => ("257", "Мегабайт"),
            82 => ("2553", "Гигабайт"),
            83 => ("2554", "Терабайт"),
            _ => ("642", "Единица"),
        }
    }

    /// Its abbreviation: tag 1197 of FFD 1.05.
    pub fn text(self) -> &'static str {
        Self::TABLE.iter().find(|(code, _)| *code == self.0).map_or("ед.", |(_, text)| text)
    }
}

/// A code that is not in the table of tag 2108.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no code of tag 2108")]
pub struct NoMeasure(u8);

impl TryFrom<u8> for Measure {
    type Error = NoMeasure;

    fn try_from(code: u8) -> Result<Self, NoMeasure> {
        Self::of(code).ok_or(NoMeasure(code))
    }
}

impl From<Measure> for u8 {
    fn from(measure: Measure) -> Self {
        measure.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_measure_has_its_own_code_of_okei() {
        let measures = || Measure::TABLE.iter().filter_map(|(code, _)| Measure::of(*code));
        let codes: BTreeSet<_> = measures().map(|measure| measure.okei().0).collect();
        let names: BTreeSet<_> = measures().map(|measure| measure.okei().1).collect();
        assert_eq!((codes.len(), names.len()), (Measure::TABLE.len(), Measure::TABLE.len()));
        assert!(codes.iter().all(|code| (3..=4).contains(&code.len())));
        assert_eq!(Measure::PIECE.okei(), ("796", "Штука"));
    }
}
