//! Links of the СБП: `https://qr.nspk.ru/<id>?type=02&bank=…&sum=…&cur=RUB&crc=…`, built and checked.
//!
//! The checksum is CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF, nothing reflected) over everything before `&crc=`, as
//! four upper-case hexadecimal digits: a link that was cut or mistyped opens no payment.

use domain::money::Money;

/// Where every link of the СБП leads.
const ORIGIN: &str = "https://qr.nspk.ru/";
/// Characters of an id.
const ID_CHARACTERS: usize = 32;
/// Digits of a bank's id among the members of the СБП.
const BANK_DIGITS: usize = 12;

/// Whether a link serves one payment or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One link for many payments, `type=01`; its id starts with `AS`.
    Static,
    /// A link for one payment, `type=02`; its id starts with `AD`.
    Dynamic,
}

impl Kind {
    const fn code(self) -> &'static str {
        match self {
            Self::Static => "01",
            Self::Dynamic => "02",
        }
    }
}

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The id of the СБП: 32 of `A-Z 0-9`.
    pub id: String,
    /// For one payment or for many.
    pub kind: Kind,
    /// The receiving bank's id, 12 digits.
    pub bank: String,
    /// The amount, where it is fixed.
    pub sum: Option<Money>,
}

/// Why a text is no link of the СБП.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Another address, or not of the form.
    #[error("not a link of the form https://qr.nspk.ru/<id>?type=…&bank=…&crc=…")]
    Form,
    /// Its checksum is of another text.
    #[error("the link's checksum does not fit")]
    Checksum,
}

/// CRC-16/CCITT-FALSE.
pub fn crc(text: &str) -> u16 {
    text.bytes().fold(0xFFFF, |crc, byte| {
        (0..8).fold(
            crc ^ (u16::from(byte) << 8),
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            },
        )
    })
}

/// Writes a link.
pub fn write(link: &Link) -> String {
    let Link { id, kind, bank, sum } = link;
    let sum = sum.map(|sum| format!("&sum={}&cur={}", sum.minor(), sum.currency().code())).unwrap_or_default();
    let text = format!("{ORIGIN}{id}?type={}&bank={bank}{sum}", kind.code());
    let crc = crc(&text);
    format!("{text}&crc={crc:04X}")
}

/// Reads a link and holds it to its checksum.
///
/// # Errors
/// Not a link of the СБП, or not a whole one.
pub fn read(text: &str) -> Result<Link, LinkError> {
    let (body, given) = text.rsplit_once("&crc=").ok_or(LinkError::Form)?;
    let four = given.len() == 4 && given.bytes().all(|b| b.is_ascii_hexdigit());
    if !four || !u16::from_str_radix(given, 16).is_ok_and(|given| given == crc(body)) {
        return Err(LinkError::Checksum);
    }
    let (id, query) = body.strip_prefix(ORIGIN).and_then(|rest| rest.split_once('?')).ok_or(LinkError::Form)?;
    let value = |name: &str| query.split('&').filter_map(|pair| pair.split_once('=')).find(|(found, _)| *found == name);
    let of = |name: &str| value(name).map(|(_, value)| value);
    let kind = match of("type") {
        Some("01") => Kind::Static,
        Some("02") => Kind::Dynamic,
        _ => return Err(LinkError::Form),
    };
    let bank = of("bank").filter(|bank| bank.len() == BANK_DIGITS && bank.bytes().all(|b| b.is_ascii_digit()));
    let plain = id.len() == ID_CHARACTERS && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let (true, Some(bank)) = (plain, bank) else { return Err(LinkError::Form) };
    let sum = match (of("sum"), of("cur")) {
        (None, _) => None,
        (Some(sum), Some("RUB")) => Some(sum.parse().map(Money::rub).map_err(|_| LinkError::Form)?),
        _ => return Err(LinkError::Form),
    };
    Ok(Link { id: id.to_owned(), kind, bank: bank.to_owned(), sum })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Links published by banks and by the operator of the СБП.
    const PUBLISHED: [&str; 4] = [
        "https://qr.nspk.ru/AD100004BAL7227F9BNP6KNE007J9B3K?type=02&bank=100000000007&sum=1&cur=RUB&crc=AB75",
        "https://qr.nspk.ru/AS10003P3RH0LJ2A9ROO038L6NT5RU1M?type=01&bank=000000000001&sum=10000&cur=RUB&crc=F3D0",
        "https://qr.nspk.ru/AD10001246OADML79D5OP9279JLPI2V6?type=02&bank=100000000001&sum=253&cur=RUB&crc=D959",
        "https://qr.nspk.ru/AD20003FNSGB5S1G8IJPACMUOLTR9SOJ?type=02&bank=100000000001&sum=10700&cur=RUB&crc=B770",
    ];

    #[test]
    fn published_links_are_read_and_written_to_the_character() {
        assert_eq!(crc("123456789"), 0x29B1, "the check value of CRC-16/CCITT-FALSE");
        for text in PUBLISHED {
            let link = read(text).unwrap();
            assert_eq!(write(&link), text);
        }
        let first = read(PUBLISHED[0]).unwrap();
        assert_eq!((first.kind, first.bank.as_str(), first.sum), (Kind::Dynamic, "100000000007", Some(Money::rub(1))));
        assert_eq!(read(PUBLISHED[1]).unwrap().kind, Kind::Static);
    }

    #[test]
    fn what_is_not_a_link_is_none() {
        let signed = |body: &str| format!("{body}&crc={:04X}", crc(body));
        let good = "https://qr.nspk.ru/AD100004BAL7227F9BNP6KNE007J9B3K?type=02&bank=100000000007";
        assert_eq!(read(&signed(good)).unwrap().sum, None);
        for body in [
            good.replace("https", "http"),
            good.replace("9B3K", "9B3"),
            good.replace("9B3K", "9b3k"),
            good.replace("type=02", "type=03"),
            good.replace("100000000007", "7"),
            format!("{good}&sum=1"),
            format!("{good}&sum=1.0&cur=RUB"),
            format!("{good}&sum=1&cur=USD"),
        ] {
            assert_eq!(read(&signed(&body)), Err(LinkError::Form), "{body}");
        }
        assert_eq!(read(good), Err(LinkError::Form));
    }

    proptest! {
        #[test]
        fn one_changed_character_is_noticed(index in 0..95_usize, to in "[A-Z0-9]") {
            let text = PUBLISHED[0];
            let end = text.len() - 9;
            let index = index % end;
            prop_assume!(text[index..=index] != to);
            let changed = format!("{}{to}{}", &text[..index], &text[index + 1..]);
            prop_assert_eq!(read(&changed), Err(LinkError::Checksum));
        }
    }
}
