//! Who sells, who takes the money, and what is bought: shared by most views.

/// The partner: the seller in whose name the payment is taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partner {
    /// The name buyers know, e.g. `ООО «Справки онлайн»`.
    pub name: String,
    /// ИНН, 10 or 12 digits.
    pub inn: String,
    /// The shop's address, `https://…`.
    pub site: Option<String>,
    /// Where questions about the goods go.
    pub support_email: Option<String>,
    /// Where questions about the goods go, by phone.
    pub support_phone: Option<String>,
    /// The logo as a `data:image/…` address (nothing else is shown); on the state and receipt pages.
    pub logo: Option<String>,
    /// The partner's own accent, `#rrggbb`; replaces the button's colour. Anything else is ignored.
    pub accent: Option<String>,
}

/// The payment agent: Apikassa's own legal entity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agent {
    /// Full name of the legal entity.
    pub name: String,
    /// ИНН.
    pub inn: String,
    /// ОГРН.
    pub ogrn: Option<String>,
    /// Postal address.
    pub address: String,
    /// Where questions about the payment go.
    pub support_email: String,
    /// Where questions about the payment go, by phone.
    pub support_phone: String,
}

/// One line of what is bought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// How many, as text with its unit if there is one: `2`, `1,5 кг`.
    pub quantity: String,
    /// Price of one, kopecks.
    pub price_minor: i64,
    /// Price of all, kopecks.
    pub amount_minor: i64,
    /// How VAT applies: `без НДС`, `НДС 22%`.
    pub vat: String,
}

/// A phone number as `tel:` wants it: digits and a leading plus.
pub(crate) fn dial(phone: &str) -> String {
    phone.chars().filter(|character| character.is_ascii_digit() || *character == '+').collect()
}

/// The address as people say it: `shop.example` of `https://shop.example/`.
pub(crate) fn host(url: &str) -> &str {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    bare.trim_end_matches('/')
}
