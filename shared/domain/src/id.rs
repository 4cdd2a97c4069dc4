//! Ids: who owns a thing (partner and mode) and which thing it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::time::Timestamp;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct IdError {
    /// The text, cut to 60 characters.
    pub text: String,
    /// What was wanted.
    pub wanted: &'static str,
}

fn refuse(text: &str, wanted: &'static str) -> IdError {
    IdError { text: text.chars().take(60).collect(), wanted }
}

/// Test or live: the two never touch each other's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Sandbox bank, register and executor; the partner's own clock.
    Test,
    /// Real money.
    Live,
}

impl Mode {
    /// `test` or `live`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    const fn letter(self) -> &'static str {
        match self {
            Self::Test => "t",
            Self::Live => "l",
        }
    }
}

/// A partner in one mode. Part of every key: what belongs to another tenant cannot be addressed.
///
/// Text form `demoshop.t`: 3 to 20 lower-case letters and digits, a dot, `t` or `l`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant {
    partner: String,
    mode: Mode,
}

impl Tenant {
    /// A partner's tenant.
    ///
    /// # Errors
    /// `partner` is not 3 to 20 lower-case Latin letters and digits.
    pub fn try_new(partner: &str, mode: Mode) -> Result<Self, IdError> {
        let good =
            (3..=20).contains(&partner.len()) && partner.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if good { Ok(Self { partner: partner.to_owned(), mode }) } else { Err(refuse(partner, "a partner id")) }
    }

    /// The partner's id.
    pub fn partner(&self) -> &str {
        &self.partner
    }

    /// Test or live.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether this is the partner's sandbox.
    pub fn is_test(&self) -> bool {
        self.mode == Mode::Test
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.partner, self.mode.letter())
    }
}

impl FromStr for Tenant {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (partner, mode) = text.split_once('.').ok_or_else(|| refuse(text, "a tenant"))?;
        Self::try_new(partner, mode_of(mode).ok_or_else(|| refuse(text, "a tenant"))?)
    }
}

fn mode_of(letter: &str) -> Option<Mode> {
    match letter {
        "t" => Some(Mode::Test),
        "l" => Some(Mode::Live),
        _ => None,
    }
}

/// Characters of a ULID that are its time.
const ULID_TIME_LENGTH: usize = 10;

/// An order's id: `ord_t_demoshop_01jd…` (mode, partner, ULID in lower case).
///
/// The ULID's random part is a digest of the tenant and the merchant's order number, so that a repeated creation with one
/// number can be recognised by key; its time part is the creation's millisecond.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderId {
    tenant: Tenant,
    ulid: ulid::Ulid,
}

impl OrderId {
    /// The id of the order that `tenant` numbered `number` and created at `at`.
    pub fn new(tenant: Tenant, number: &str, at: Timestamp) -> Self {
        let digest = Sha256::digest(format!("{tenant}\n{number}"));
        let mut random = [0_u8; 16];
        for (to, from) in random[6..].iter_mut().zip(digest.iter()) {
            *to = *from;
        }
        let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
        let ulid = ulid::Ulid::from_parts(milliseconds, u128::from_be_bytes(random));
        Self { tenant, ulid }
    }

    /// The tenant that owns the order.
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The ULID in lower case, 26 characters, sorts by creation time.
    pub fn ulid(&self) -> String {
        self.ulid.to_string().to_lowercase()
    }

    /// The order of a tenant by its ULID alone, in lower case.
    pub fn of(tenant: &Tenant, ulid: &str) -> Option<Self> {
        let mode = if tenant.is_test() { "t" } else { "l" };
        format!("ord_{mode}_{}_{ulid}", tenant.partner()).parse().ok()
    }

    /// What the ULIDs of orders created at `at` begin with; those created before sort before it.
    pub fn ulid_time(at: Timestamp) -> String {
        let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
        let mut text = ulid::Ulid::from_parts(milliseconds, 0).to_string().to_lowercase();
        text.truncate(ULID_TIME_LENGTH);
        text
    }

    /// When the order was created.
    pub fn created_at(&self) -> Timestamp {
        i64::try_from(self.ulid.timestamp_ms())
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// An even spread of a tenant's orders over `parts`.
    pub fn spread(&self, parts: u8) -> u8 {
        let part = self.ulid.random() % u128::from(parts.max(1));
        u8::try_from(part).unwrap_or(0)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ord_{}_{}_{}", self.tenant.mode.letter(), self.tenant.partner, self.ulid())
    }
}

impl FromStr for OrderId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || refuse(text, "an order id");
        let mut parts = text.splitn(4, '_');
        let (Some("ord"), Some(mode), Some(partner), Some(ulid)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let lower = ulid.len() == 26 && ulid.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
        if !lower {
            return Err(wrong());
        }
        let tenant = Tenant::try_new(partner, mode_of(mode).ok_or_else(wrong)?)?;
        let ulid = ulid::Ulid::from_string(&ulid.to_uppercase()).map_err(|_| wrong())?;
        let id = Self { tenant, ulid };
        if id.ulid() == text.rsplit('_').next().unwrap_or_default() { Ok(id) } else { Err(wrong()) }
    }
}

/// Text forms on the wire and in rows.
macro_rules! text_form {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
text_form!(Tenant, OrderId, BillNumber);

/// The system's own order number (`billnumber`): 16 digits, unique, the last one a Luhn check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BillNumber(u64);

impl BillNumber {
    /// The bill number of the `sequence`-th order of the platform (`sequence` below 10^14). Neighbours in the sequence lie
    /// far apart, so that a number tells nobody how many orders there are.
    pub fn new(sequence: u64) -> Self {
        const SPAN: u128 = 100_000_000_000_000;
        const STRIDE: u128 = 38_196_601_125_011; // odd, ends in 1: coprime to 10^14, so the map is one to one
        const START: u128 = 27_182_818_284_590;
        let spread = (u128::from(sequence) * STRIDE + START) % SPAN;
        let body = 100_000_000_000_000 + u64::try_from(spread).unwrap_or(0);
        Self(body * 10 + u64::from(luhn(body)))
    }
}

fn luhn(mut body: u64) -> u8 {
    let mut sum = 0;
    let mut double = true;
    while body > 0 {
        let digit = u8::try_from(body % 10).unwrap_or(0);
        sum += match (double, digit) {
            (true, d) if d > 4 => d * 2 - 9,
            (true, d) => d * 2,
            (false, d) => d,
        };
        double = !double;
        body /= 10;
    }
    (10 - sum % 10) % 10
}

impl fmt::Display for BillNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for BillNumber {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || refuse(text, "a bill number");
        if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let value: u64 = text.parse().map_err(|_| wrong())?;
        if u64::from(luhn(value / 10)) == value % 10 { Ok(Self(value)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn tenant() -> Tenant {
        Tenant::try_new("demoshop", Mode::Test).unwrap()
    }

    #[test]
    fn a_moment_sorts_before_its_orders_and_after_earlier_ones() {
        let at = Timestamp::from_second(1_795_000_000).unwrap();
        let earlier = Timestamp::from_millisecond(at.as_millisecond() - 1).unwrap();
        let ulid = |at: Timestamp, no: u32| OrderId::new(tenant(), &format!("A-{no}"), at).ulid();
        for no in 0..100 {
            assert!(ulid(earlier, no) < OrderId::ulid_time(at) && OrderId::ulid_time(at) < ulid(at, no));
        }
    }

    #[test]
    fn an_order_id_reads_back_and_repeats_only_its_digest() {
        let at = Timestamp::from_second(1_795_000_000).unwrap();
        let id = OrderId::new(tenant(), "A-1", at);
        assert_eq!(id.to_string().parse::<OrderId>().unwrap(), id);
        assert_eq!(id.created_at(), at);
        assert_ne!(id, OrderId::new(tenant(), "A-2", at));
        let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
        assert_ne!(id.ulid(), OrderId::new(live, "A-1", at).ulid());
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in
            ["", "ord_t_demoshop", "ord_x_demoshop_01jd", "ORD_t_demoshop_01arz3ndektsv4rrffq69g5fav", "ord_t_De_01"]
        {
            assert!(text.parse::<OrderId>().is_err(), "{text}");
        }
        assert!("ab.t".parse::<Tenant>().is_err());
        assert!("demoshop.x".parse::<Tenant>().is_err());
    }

    #[test]
    fn bill_numbers_are_unique_sixteen_digits_with_a_check_digit() {
        let bills: BTreeSet<_> = (0..100_000).map(BillNumber::new).collect();
        assert_eq!(bills.len(), 100_000);
        for bill in bills.iter().take(1_000) {
            let text = bill.to_string();
            assert_eq!(text.len(), 16);
            assert_eq!(text.parse::<BillNumber>().unwrap(), *bill);
        }
        let typo = format!("{}", BillNumber::new(7).0 + 1);
        assert!(typo.parse::<BillNumber>().is_err());
    }
}
