//! What becomes of a marked unit by a receipt, and what the checks of its code have shown.

use crate::receipt::ReceiptKind;

/// Tag 2003: what becomes of the unit by the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedStatus {
    /// The whole unit is sold.
    Sold,
    /// A part of it is sold.
    PartSold,
    /// The whole unit comes back.
    Returned,
    /// A part of it comes back.
    PartReturned,
}

impl PlannedStatus {
    /// What a receipt makes of a unit; `part` where the item is a fraction of it.
    pub const fn of(kind: ReceiptKind, part: bool) -> Self {
        match (kind, part) {
            (ReceiptKind::Sale, false) => Self::Sold,
            (ReceiptKind::Sale, true) => Self::PartSold,
            (ReceiptKind::SaleRefund, false) => Self::Returned,
            (ReceiptKind::SaleRefund, true) => Self::PartReturned,
        }
    }

    /// Tag 2003.
    pub const fn tag_2003(self) -> u8 {
        match self {
            Self::Sold => 1,
            Self::PartSold => 2,
            Self::Returned => 3,
            Self::PartReturned => 4,
        }
    }
}

/// Tag 2106: what the checks of a code have shown, by bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckResult(pub u8);

/// What the bits of tag 2106 come to, as a receipt prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `[М+]`: checked, and all is well.
    Good,
    /// `[М-]`: a check has failed.
    Bad,
    /// `[М]`: not checked, or not to the end.
    Unchecked,
}

impl Verdict {
    /// As a receipt prints it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Good => "[М+]",
            Self::Bad => "[М-]",
            Self::Unchecked => "[М]",
        }
    }
}

impl CheckResult {
    /// All checks were made and went well.
    pub const GOOD: Self = Self(0b1111);

    const fn bit(self, bit: u8) -> bool {
        self.0 & (1 << bit) != 0
    }

    /// What it comes to. A negative result counts only of a check that was made.
    pub const fn verdict(self) -> Verdict {
        if (self.bit(0) && !self.bit(1)) || (self.bit(2) && !self.bit(3)) {
            Verdict::Bad
        } else if self.bit(0) && self.bit(2) {
            Verdict::Good
        } else {
            Verdict::Unchecked
        }
    }

    /// Each check in words, Russian and English.
    pub fn words(self) -> (String, String) {
        let code = match (self.bit(0), self.bit(1)) {
            (false, _) => ("код проверки не проверен", "the check code was not checked"),
            (true, true) => ("код проверки верен", "the check code is right"),
            (true, false) => ("код проверки неверен", "the check code is wrong"),
        };
        let status = match (self.bit(2), self.bit(3)) {
            (false, _) => ("сведения о товаре не получены", "the status of the goods is not known"),
            (true, true) => ("статус товара позволяет операцию", "the status of the goods allows it"),
            (true, false) => ("статус товара не позволяет операцию", "the status of the goods does not allow it"),
        };
        let alone = if self.bit(4) {
            ("; касса работала автономно", "; the register was offline")
        } else {
            ("", "")
        };
        (format!("{}, {}{}", code.0, status.0, alone.0), format!("{}, {}{}", code.1, status.1, alone.1))
    }
}
