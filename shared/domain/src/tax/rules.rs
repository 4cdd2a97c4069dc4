//! A seller's VAT rates by product, category and delivery, and which of them a line gets.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::VatRate;

/// Rules of each kind, at most: they are kept in the partner's own row.
pub const RULES_MAX: usize = 500;
/// Characters of a product code, a category or a way of delivery, at most.
pub const KEY_CHARACTERS_MAX: usize = 64;

/// Which rule gave a line its VAT rate, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateSource {
    /// The order's line names it.
    Line,
    /// The rule for the delivery's method and region.
    Delivery,
    /// The rule for the product.
    Product,
    /// The rule for its category.
    Category,
    /// The seller's default.
    #[default]
    Seller,
}

impl RateSource {
    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Delivery => "delivery",
            Self::Product => "product",
            Self::Category => "category",
            Self::Seller => "seller",
        }
    }

    /// Which rule it was, in Russian and in English.
    pub const fn explain(self) -> (&'static str, &'static str) {
        match self {
            Self::Line => ("ставка указана в строке заказа", "the order's line names the rate"),
            Self::Delivery => {
                ("ставка по правилу доставки: способ и регион", "by the delivery rule for the method and the region")
            }
            Self::Product => ("ставка по правилу товара", "by the rule for the product"),
            Self::Category => ("ставка по правилу категории", "by the rule for the category"),
            Self::Seller => ("ставка продавца по умолчанию", "the seller's default"),
        }
    }
}

/// A seller's VAT rates by product, category and delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRules {
    /// By the shop's product code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub products: BTreeMap<String, VatRate>,
    /// By the shop's category.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, VatRate>,
    /// Of delivery, the first rule that fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<DeliveryRate>,
}

/// The VAT rate of a way of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRate {
    /// The shop's name of the way; every way where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The region, ISO 3166-2 such as `RU-MOW`; every region where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The rate.
    pub vat: VatRate,
}

/// How an order is delivered, where a line is its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shipment<'a> {
    /// The shop's name of the way.
    pub method: Option<&'a str>,
    /// The region, ISO 3166-2.
    pub region: Option<&'a str>,
}

impl DeliveryRate {
    /// Whether the rule is for a shipment. A rule that names something needs it to be known.
    fn fits(&self, shipment: Shipment<'_>) -> bool {
        let fits = |wanted: &Option<String>, given: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| given.is_some_and(|given| given == wanted))
        };
        fits(&self.method, shipment.method) && fits(&self.region, shipment.region)
    }

    /// Whether all that another rule is for is for this one already.
    fn covers(&self, other: &Self) -> bool {
        self.fits(Shipment { method: other.method.as_deref(), region: other.region.as_deref() })
    }
}

impl RateRules {
    /// The rate of a line, and what gave it: the line itself, the rule for its delivery (of a delivery's line), for its product,
    /// for its category, else the seller's default.
    pub fn resolve(
        &self,
        named: Option<VatRate>,
        product: Option<&str>,
        category: Option<&str>,
        delivery: Option<Shipment<'_>>,
        seller_default: VatRate,
    ) -> (VatRate, RateSource) {
        let by_delivery = || {
            let shipment = delivery?;
            self.delivery.iter().find(|rule| rule.fits(shipment)).map(|rule| rule.vat)
        };
        let of = |rules: &BTreeMap<String, VatRate>, key: Option<&str>| rules.get(key?).copied();
        named
            .map(|rate| (rate, RateSource::Line))
            .or_else(|| by_delivery().map(|rate| (rate, RateSource::Delivery)))
            .or_else(|| of(&self.products, product).map(|rate| (rate, RateSource::Product)))
            .or_else(|| of(&self.categories, category).map(|rate| (rate, RateSource::Category)))
            .unwrap_or((seller_default, RateSource::Seller))
    }

    /// Everything that is wrong with the rules on a day. That no rate is missing is seen to where they are read: every rule has one.
    pub fn faults(&self, on: Date) -> Vec<RateFault> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, pointer: String, kind: RateFaultKind| {
            if !holds {
                faults.push(RateFault { pointer, kind });
            }
        };
        for (name, rules) in [("products", &self.products), ("categories", &self.categories)] {
            must(rules.len() <= RULES_MAX, format!("/{name}"), RateFaultKind::TooMany);
            for (key, rate) in rules {
                let at = format!("/{name}/{}", key.replace('~', "~0").replace('/', "~1"));
                must(is_key(key), at.clone(), RateFaultKind::Key);
                must(rate.in_force(on), at, RateFaultKind::NotInForce);
            }
        }
        must(self.delivery.len() <= RULES_MAX, "/delivery".into(), RateFaultKind::TooMany);
        for (index, rule) in self.delivery.iter().enumerate() {
            let at = format!("/delivery/{index}");
            must(rule.method.as_deref().is_none_or(is_key), format!("{at}/method"), RateFaultKind::Key);
            must(rule.region.as_deref().is_none_or(is_region), format!("{at}/region"), RateFaultKind::Region);
            must(rule.vat.in_force(on), format!("{at}/vat"), RateFaultKind::NotInForce);
            let covered = self.delivery.iter().take(index).any(|earlier| earlier.covers(rule));
            must(!covered, at, RateFaultKind::NeverReached);
        }
        faults
    }

    /// The rates the rules can give.
    pub fn rates(&self) -> BTreeSet<VatRate> {
        let named = self.products.values().chain(self.categories.values()).copied();
        named.chain(self.delivery.iter().map(|rule| rule.vat)).collect()
    }
}

fn is_key(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= KEY_CHARACTERS_MAX && !text.contains(char::is_control)
}

/// ISO 3166-2: a country, a hyphen, one to three letters or digits.
fn is_region(text: &str) -> bool {
    text.split_once('-').is_some_and(|(country, part)| {
        let upper = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        country.len() == 2 && upper(country) && (1..=3).contains(&part.len()) && upper(part)
    })
}

/// Something wrong with a seller's rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateFault {
    /// Where, as a JSON pointer into the rules: `/delivery/0/vat`.
    pub pointer: String,
    /// What.
    pub kind: RateFaultKind,
}

/// What is wrong with a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateFaultKind {
    /// More rules than are kept.
    TooMany,
    /// A product code, a category or a way of delivery that is empty, too long, or unprintable.
    Key,
    /// No region of ISO 3166-2.
    Region,
    /// A rate that is not in force.
    NotInForce,
    /// An earlier rule is for everything this one is for.
    NeverReached,
}

impl RateFaultKind {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::Key => "key",
            Self::Region => "region",
            Self::NotInForce => "vat_not_in_force",
            Self::NeverReached => "never_reached",
        }
    }

    /// What is wanted, in Russian and in English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::TooMany => ("Не более 500 правил.", "At most 500 rules."),
            Self::Key => {
                ("От 1 до 64 символов, без управляющих.", "1 to 64 characters, none of them control characters.")
            }
            Self::Region => ("Регион по ISO 3166-2, например RU-MOW.", "A region of ISO 3166-2 such as RU-MOW."),
            Self::NotInForce => ("Ставка НДС, действующая сегодня.", "A VAT rate in force today."),
            Self::NeverReached => (
                "Правило не сработает: всё его забирает более раннее.",
                "The rule never applies: an earlier one takes all of it.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn rules() -> RateRules {
        let text = r#"{
            "products": {"book-1": "vat10", "export": "vat0"},
            "categories": {"books": "vat10"},
            "delivery": [
                {"method": "courier", "region": "RU-MOW", "vat": "vat22"},
                {"method": "post", "vat": "vat10"},
                {"region": "KZ-75", "vat": "vat0"}
            ]
        }"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_nearest_rule_wins() {
        let rules = rules();
        let to = |method, region| Some(Shipment { method, region });
        let cases = [
            (Some(VatRate::Vat7), Some("book-1"), Some("books"), None, VatRate::Vat7, RateSource::Line),
            (None, Some("book-1"), Some("toys"), None, VatRate::Vat10, RateSource::Product),
            (None, Some("export"), Some("books"), None, VatRate::Vat0, RateSource::Product),
            (None, Some("book-2"), Some("books"), None, VatRate::Vat10, RateSource::Category),
            (None, Some("toy"), None, None, VatRate::None, RateSource::Seller),
            (None, None, None, to(Some("courier"), Some("RU-MOW")), VatRate::Vat22, RateSource::Delivery),
            (None, None, None, to(Some("courier"), Some("RU-SPE")), VatRate::None, RateSource::Seller),
            (None, None, None, to(Some("courier"), None), VatRate::None, RateSource::Seller),
            (None, None, None, to(Some("post"), None), VatRate::Vat10, RateSource::Delivery),
            (None, Some("book-1"), None, to(None, Some("KZ-75")), VatRate::Vat0, RateSource::Delivery),
            (None, Some("book-1"), None, to(None, None), VatRate::Vat10, RateSource::Product),
            (Some(VatRate::None), None, None, to(Some("post"), None), VatRate::None, RateSource::Line),
        ];
        for (named, product, category, delivery, rate, source) in cases {
            let found = rules.resolve(named, product, category, delivery, VatRate::None);
            assert_eq!(found, (rate, source), "{product:?} {category:?} {delivery:?}");
        }
    }

    #[test]
    fn a_rule_without_a_rate_is_not_read() {
        for text in [
            r#"{"products": {"a": null}}"#,
            r#"{"products": {"a": ""}}"#,
            r#"{"categories": {"a": "vat18"}}"#,
            r#"{"delivery": [{"method": "post"}]}"#,
            r#"{"delivery": [{"method": "post", "vat": null}]}"#,
            r#"{"delivery": [{"methods": "post", "vat": "vat0"}]}"#,
        ] {
            assert!(serde_json::from_str::<RateRules>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_fault_has_its_place() {
        let rule = |method: Option<&str>, region: Option<&str>, vat| DeliveryRate {
            method: method.map(str::to_owned),
            region: region.map(str::to_owned),
            vat,
        };
        let wrong = RateRules {
            products: BTreeMap::from([(" ".into(), VatRate::Vat22), ("a/b~c".into(), VatRate::Vat20)]),
            categories: BTreeMap::from([("x".repeat(65), VatRate::Vat0)]),
            delivery: vec![
                rule(Some("post"), None, VatRate::Vat20),
                rule(Some("post"), Some("RU-MOW"), VatRate::Vat22),
                rule(None, Some("Moscow"), VatRate::None),
                rule(None, None, VatRate::None),
                rule(None, None, VatRate::Vat0),
            ],
        };
        let found: Vec<_> =
            wrong.faults(date(2026, 3, 1)).into_iter().map(|fault| (fault.pointer, fault.kind.code())).collect();
        let category = format!("/categories/{}", "x".repeat(65));
        let wanted = [
            ("/products/ ", "key"),
            ("/products/a~1b~0c", "vat_not_in_force"),
            (category.as_str(), "key"),
            ("/delivery/0/vat", "vat_not_in_force"),
            ("/delivery/1", "never_reached"),
            ("/delivery/2/region", "region"),
            ("/delivery/4", "never_reached"),
        ];
        assert_eq!(found, wanted.map(|(pointer, code)| (pointer.to_owned(), code)));
        assert_eq!(rules().faults(date(2026, 3, 1)), []);
        // The standard rate of 2026 in rules of 2025.
        assert_eq!(rules().faults(date(2025, 12, 31)).len(), 1);
    }

    #[test]
    fn every_source_and_every_fault_is_explained_in_words_of_its_own() {
        use {RateFaultKind as F, RateSource as S};
        let sources = [S::Line, S::Delivery, S::Product, S::Category, S::Seller].map(S::explain);
        let faults = [F::TooMany, F::Key, F::Region, F::NotInForce, F::NeverReached].map(F::words);
        let words: BTreeSet<_> = sources.iter().chain(&faults).flat_map(|(ru, en)| [ru, en]).collect();
        assert_eq!(words.len(), 20);
    }

    fn rate() -> impl Strategy<Value = VatRate> {
        prop::sample::select(VatRate::ALL.to_vec())
    }

    fn key() -> impl Strategy<Value = Option<String>> {
        prop::option::of("[ab]")
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_line_always_has_a_rate_and_its_source_tells_where_from(
            products in prop::collection::btree_map("[ab]", rate(), 0..3),
            categories in prop::collection::btree_map("[ab]", rate(), 0..3),
            delivery in prop::collection::vec((key(), key(), rate()), 0..4),
            named in prop::option::of(rate()), product in key(), category in key(),
            shipment in prop::option::of((key(), key())), default in rate(),
        ) {
            let delivery = delivery.into_iter().map(|(method, region, vat)| DeliveryRate { method, region, vat });
            let rules = RateRules { products, categories, delivery: delivery.collect() };
            let to = shipment.as_ref().map(|(method, region)| {
                Shipment { method: method.as_deref(), region: region.as_deref() }
            });
            let (rate, source) = rules.resolve(named, product.as_deref(), category.as_deref(), to, default);
            match source {
                RateSource::Line => prop_assert_eq!(Some(rate), named),
                RateSource::Delivery => prop_assert!(to.is_some() && rules.delivery.iter().any(|rule| rule.vat == rate)),
                RateSource::Product => prop_assert_eq!(rules.products.get(&product.unwrap()), Some(&rate)),
                RateSource::Category => prop_assert_eq!(rules.categories.get(&category.unwrap()), Some(&rate)),
                RateSource::Seller => prop_assert_eq!(rate, default),
            }
            prop_assert!(source == RateSource::Line || named.is_none());
            if source == RateSource::Seller {
                prop_assert!(rules.resolve(None, None, None, to, default).1 == RateSource::Seller);
            } else if source != RateSource::Line {
                prop_assert!(rules.rates().contains(&rate));
            }
        }

        #[test]
        fn a_rule_that_is_never_reached_never_wins(
            delivery in prop::collection::vec((key(), key()), 1..6), method in key(), region in key(),
        ) {
            let delivery = delivery.into_iter().map(|(method, region)| DeliveryRate { method, region, vat: VatRate::Vat0 });
            let rules = RateRules { delivery: delivery.collect(), ..RateRules::default() };
            let dead: Vec<_> = rules.faults(date(2026, 1, 1)).into_iter()
                .filter(|fault| fault.kind == RateFaultKind::NeverReached).map(|fault| fault.pointer).collect();
            let shipment = Shipment { method: method.as_deref(), region: region.as_deref() };
            if let Some(first) = rules.delivery.iter().position(|rule| rule.fits(shipment)) {
                let pointer = format!("/delivery/{first}");
                prop_assert!(!dead.contains(&pointer), "{}", pointer);
            }
        }
    }
}
