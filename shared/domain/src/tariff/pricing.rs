//! What an order is priced by: pinned when it is made, and never asked for again.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Group, RefundedFee, Rule};
use crate::commission::{CommissionTerms, Fee};
use crate::money::{Money, MoneyError};

/// Terms of an order beyond the general ones, and what its service costs. Orders priced by a partner's individual terms have none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pricing {
    /// The tariff; none where a promo code works on individual terms.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub tariff: Option<String>,
    /// Its version.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub version: u32,
    /// The version's rules, those of categories the basket had.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What a refund does to the fee.
    #[serde(rename = "k", default, skip_serializing_if = "is_default")]
    pub refunds: RefundedFee,
    /// Percent of the fee a promo code lets off.
    #[serde(rename = "o", default, skip_serializing_if = "Decimal::is_zero")]
    pub off: Decimal,
    /// What is reserved for the order.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// What each operation moved of which category, where the categories have terms of their own.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Moved>,
}

/// What an operation moved, by category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The operation.
    #[serde(rename = "o")]
    pub operation: u8,
    /// Kopecks by category; of lines without one, under nothing.
    #[serde(rename = "c")]
    pub shares: Vec<(Option<String>, i64)>,
}

/// What is reserved of the partner's account for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// What is reserved.
    #[serde(rename = "r")]
    pub reserved: Money,
    /// What of it is taken once the order is fulfilled.
    #[serde(rename = "p")]
    pub price: Money,
    /// What of it the partner's credit paid: it is taken off the buyer's payment.
    #[serde(rename = "o")]
    pub overdrawn: Money,
    /// VAT in percent that the price includes; none where the platform pays none.
    #[serde(rename = "v", default, skip_serializing_if = "Decimal::is_zero")]
    pub vat_percent: Decimal,
    /// What became of it.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<ServiceEnd>,
}

/// What became of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceEnd {
    /// The order was fulfilled: the price was taken, the rest went back.
    Taken,
    /// The order ended otherwise: all of it went back.
    Released,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Money that stands, by the way it was paid and by category.
pub(crate) type Cells = BTreeMap<(Group, Option<String>), i64>;

impl Pricing {
    /// Whether categories have terms of their own.
    pub fn tells_categories(&self) -> bool {
        self.rules.iter().any(|rule| rule.category.is_some())
    }

    /// The terms of a way to pay and a category: the rule that says most, else the general ones. Of two that say as much the first.
    pub fn terms<'a>(
        &'a self,
        general: &'a CommissionTerms,
        group: Group,
        category: Option<&str>,
    ) -> (usize, &'a CommissionTerms) {
        let fitting =
            self.rules.iter().enumerate().filter_map(|(at, rule)| Some((rule.fits(group, category)?, at, rule)));
        let best = fitting.max_by_key(|(weight, at, _)| (*weight, usize::MAX - at));
        best.map_or((usize::MAX, general), |(_, at, rule)| (at, &rule.terms))
    }

    /// The fee on what stands: for each way to pay, all that has the same terms is one sum.
    pub(crate) fn fee(&self, general: &CommissionTerms, stands: &Cells) -> Result<Fee, MoneyError> {
        let mut sums: BTreeMap<(Group, usize), (i64, &CommissionTerms)> = BTreeMap::new();
        for ((group, category), minor) in stands {
            let (rule, terms) = self.terms(general, *group, category.as_deref());
            let (sum, _) = sums.entry((*group, rule)).or_insert((0, terms));
            *sum = sum.checked_add(*minor).ok_or(MoneyError::Overflow)?;
        }
        let zero = Fee { net: Money::rub(0), vat: Money::rub(0) };
        sums.into_values()
            .filter(|(sum, _)| *sum > 0)
            .try_fold(zero, |fee, (sum, terms)| fee.plus(terms.discounted(Money::rub(sum), self.off)?))
    }
}
