//! The sandbox's signature, in both directions: `X-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "{t}.{raw body}">`.
//!
//! Verified over the bytes as they were received, never over what was read from them: whoever signs may add fields.

use domain::id::Tenant;
use domain::time::Timestamp;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The header's name.
pub const HEADER: &str = "x-signature";
/// Seconds a signature may be old (or ahead of our clock): as Standard Webhooks and the large gateways have it.
pub const TOLERANCE_SECONDS: i64 = 300;

/// Why a signature is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none, or it is not of the form `t=…,v1=…`.
    #[error("the request carries no signature of the form t=…,v1=…")]
    Unsigned,
    /// It is not of these bytes and this secret.
    #[error("the signature does not fit the body")]
    Wrong,
    /// It was made too long ago, or ahead of our clock.
    #[error("the signature was made at {signed_at}, more than {TOLERANCE_SECONDS} s from now")]
    Stale {
        /// When it was made, Unix seconds.
        signed_at: i64,
    },
}

/// A secret of the platform's own for one purpose and one tenant: HMAC-SHA256 of `purpose`, a line feed and the tenant.
/// Nothing is stored, and no secret opens more than its one door.
pub fn derive(master: &[u8], purpose: &str, tenant: &Tenant) -> Vec<u8> {
    let tenant = tenant.to_string();
    mac(master, &[purpose.as_bytes(), b"\n", tenant.as_bytes()]).finalize().into_bytes().to_vec()
}

/// The header's value for a body that is sent at `now` (the real clock).
pub fn sign(secret: &[u8], now: Timestamp, body: &[u8]) -> String {
    let seconds = now.as_second().to_string();
    let code = mac(secret, &[seconds.as_bytes(), b".", body]).finalize().into_bytes();
    format!("t={seconds},v1={}", hex::encode(code))
}

/// Holds a received body to its signature. `now` is the real clock: how old a request is has nothing to do with a test
/// partner's own time.
///
/// # Errors
/// There is no signature, it is wrong, or it is stale.
pub fn verify(secret: &[u8], now: Timestamp, header: Option<&str>, body: &[u8]) -> Result<(), SignatureError> {
    let (seconds, code) = header.and_then(parts).ok_or(SignatureError::Unsigned)?;
    let signed_at: i64 = seconds.parse().map_err(|_| SignatureError::Unsigned)?;
    let code = hex::decode(code).map_err(|_| SignatureError::Wrong)?;
    // Constant time, and before the age is looked at: a stranger learns nothing from which of the two is named.
    mac(secret, &[seconds.as_bytes(), b".", body]).verify_slice(&code).map_err(|_| SignatureError::Wrong)?;
    let age = now.as_second().saturating_sub(signed_at);
    if (-TOLERANCE_SECONDS..=TOLERANCE_SECONDS).contains(&age) {
        Ok(())
    } else {
        Err(SignatureError::Stale { signed_at })
    }
}

/// `t` and `v1`, each once and in this order; anything else is not our form.
fn parts(header: &str) -> Option<(&str, &str)> {
    let (time, code) = header.strip_prefix("t=")?.split_once(",v1=")?;
    let plain = !time.is_empty()
        && time.len() <= 12
        && time.bytes().all(|b| b.is_ascii_digit())
        && code.len() == 64
        && code.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    plain.then_some((time, code))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC takes keys of any length; the library's error is for other algorithms.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use domain::id::Mode;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn the_code_is_plain_hmac_sha256() {
        // RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?".
        let code = mac(b"Jefe", &[b"what do ya want ", b"for nothing?"]).finalize().into_bytes();
        assert_eq!(hex::encode(code), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn what_was_signed_is_believed_for_five_minutes() {
        let header = sign(b"secret", at(1_000), b"{}");
        for now in [700, 1_000, 1_300] {
            assert_eq!(verify(b"secret", at(now), Some(&header), b"{}"), Ok(()), "{now}");
        }
        for now in [699, 1_301, 100_000] {
            let stale = Err(SignatureError::Stale { signed_at: 1_000 });
            assert_eq!(verify(b"secret", at(now), Some(&header), b"{}"), stale, "{now}");
        }
        assert_eq!(verify(b"other", at(1_000), Some(&header), b"{}"), Err(SignatureError::Wrong));
    }

    #[test]
    fn what_is_not_a_signature_is_none() {
        let good = sign(b"secret", at(1_000), b"{}");
        let code = good.split_once("v1=").unwrap().1.to_owned();
        let forms = [
            String::new(),
            code.clone(),
            format!("v1={code}"),
            format!("v1={code},t=1000"),
            format!("t=1000,v1={}", &code[1..]),
            format!("t=+1000,v1={code}"),
            format!("t=,v1={code}"),
            format!("t=1000,v1={}", code.to_uppercase()),
            format!("t=1000,v1={code},v1={code}"),
            format!("t=99999999999999,v1={code}"),
        ];
        for form in forms {
            assert_eq!(verify(b"secret", at(1_000), Some(&form), b"{}"), Err(SignatureError::Unsigned), "{form}");
        }
        assert_eq!(verify(b"secret", at(1_000), None, b"{}"), Err(SignatureError::Unsigned));
    }

    #[test]
    fn every_purpose_and_tenant_has_its_own_secret() {
        let (shop, store) =
            (Tenant::try_new("shop", Mode::Test).unwrap(), Tenant::try_new("store", Mode::Test).unwrap());
        let live = Tenant::try_new("shop", Mode::Live).unwrap();
        let secrets = [
            derive(b"m", "bank", &shop),
            derive(b"m", "till", &shop),
            derive(b"m", "bank", &store),
            derive(b"m", "bank", &live),
        ];
        for (index, one) in secrets.iter().enumerate() {
            assert!(secrets[index + 1..].iter().all(|other| other != one));
        }
        assert_eq!(derive(b"m", "bank", &shop), secrets[0]);
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_refused(body in proptest::collection::vec(any::<u8>(), 1..300), index: prop::sample::Index, flip in 1_u8..=255) {
            let header = sign(b"secret", at(1_000), &body);
            prop_assert_eq!(verify(b"secret", at(1_000), Some(&header), &body), Ok(()));
            let mut changed = body;
            let index = index.index(changed.len());
            changed[index] ^= flip;
            prop_assert_eq!(verify(b"secret", at(1_000), Some(&header), &changed), Err(SignatureError::Wrong));
        }

        #[test]
        fn any_changed_byte_of_the_header_is_refused(index: prop::sample::Index, to in 0x20_u8..0x7f) {
            let header = sign(b"secret", at(1_000), b"{}");
            let mut changed = header.clone().into_bytes();
            let index = index.index(changed.len());
            prop_assume!(changed[index] != to);
            changed[index] = to;
            let changed = String::from_utf8(changed).unwrap();
            let believed = verify(b"secret", at(1_000), Some(&changed), b"{}");
            prop_assert!(believed.is_err());
        }
    }
}
