//! The two languages people are spoken to in.

/// Russian first, English by choice or by `Accept-Language`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Russian, the default.
    #[default]
    Ru,
    /// English.
    En,
}

impl Lang {
    /// The value of the `lang` attribute: `ru` or `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// Reads a choice such as `?lang=en`; anything else is no choice.
    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "ru" => Some(Self::Ru),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The first language of an `Accept-Language` header that we speak. Weights are read; a tie goes to the earlier one.
    /// Neither Russian nor English named: Russian.
    pub fn from_accept_language(header: &str) -> Self {
        let mut best: Option<(u32, Self)> = None;
        for part in header.split(',') {
            let mut pieces = part.split(';');
            let tag = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
            let Some(lang) = Self::parse(tag.split('-').next().unwrap_or_default()) else {
                continue;
            };
            let weight = pieces.find_map(|piece| piece.trim().strip_prefix("q=")).map_or(1000, thousandths);
            if weight > 0 && best.is_none_or(|(seen, _)| weight > seen) {
                best = Some((weight, lang));
            }
        }
        best.map_or(Self::Ru, |(_, lang)| lang)
    }
}

/// A weight such as `0.8` as thousandths; what cannot be read weighs nothing.
fn thousandths(weight: &str) -> u32 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let fraction = format!("{fraction:0<3}");
    let digits = fraction.get(..3).unwrap_or("000");
    match (whole.parse::<u32>(), digits.parse::<u32>()) {
        (Ok(0), Ok(thousandths)) => thousandths,
        (Ok(1), _) => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn the_header_decides_by_weight_then_by_order() {
        assert_eq!(Lang::from_accept_language("en-GB,en;q=0.9,ru;q=0.8"), Lang::En);
        assert_eq!(Lang::from_accept_language("de, ru-RU;q=0.7, en;q=0.3"), Lang::Ru);
        assert_eq!(Lang::from_accept_language("en;q=0.2, ru;q=0.85"), Lang::Ru);
        assert_eq!(Lang::from_accept_language("en;q=0"), Lang::Ru);
        assert_eq!(Lang::from_accept_language(""), Lang::Ru);
        assert_eq!(Lang::from_accept_language("fr-CA"), Lang::Ru);
    }
}
