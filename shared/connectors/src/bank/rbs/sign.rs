//! The checksum of a callback (Callback notifications, Algorithm for processing): over the parameters as they were received,
//! whichever they are, because a bank may have more of them sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use ring::signature::{RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};
use sha2::Sha256;

use crate::peer::CallbackError;

/// The parameter that carries the checksum.
const CHECKSUM: &str = "checksum";
/// The parameter that names the gateway's key.
const SIGN_ALIAS: &str = "sign_alias";

/// What a checksum is held to.
#[derive(Clone)]
pub enum Key {
    /// Shared with the gateway: HMAC-SHA256.
    Shared(Vec<u8>),
    /// The gateway's public key, PKCS#1 DER: RSA, PKCS#1 v1.5, SHA-512.
    Public(Vec<u8>),
    /// A key was given and can not be read: nothing is believed.
    Unreadable,
    /// None was given: nothing is proven.
    None,
}

impl Key {
    /// The key of an account's credentials.
    pub fn new(shared: &str, public: &str) -> Self {
        match (shared, public) {
            ("", "") => Self::None,
            ("", pem) => rsa_key(pem).map_or(Self::Unreadable, Self::Public),
            (shared, _) => Self::Shared(shared.as_bytes().to_vec()),
        }
    }

    /// Whether the parameters are the gateway's own. False when there is no key to tell by.
    ///
    /// # Errors
    /// There is a key and no checksum, or a wrong one.
    pub fn proves(&self, parameters: &[(String, String)]) -> Result<bool, CallbackError> {
        if matches!(self, Self::None) {
            return Ok(false);
        }
        let given = parameters.iter().find(|(name, _)| name == CHECKSUM).ok_or(CallbackError::Unsigned)?;
        let given = hex::decode(&given.1).map_err(|_| CallbackError::WrongSignature)?;
        let text = signed_text(parameters);
        let right = match self {
            Self::Shared(key) => mac(key, &text).verify_slice(&given).is_ok(), // in constant time
            Self::Public(key) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, key).verify(text.as_bytes(), &given).is_ok()
            }
            Self::Unreadable | Self::None => false,
        };
        if right { Ok(true) } else { Err(CallbackError::WrongSignature) }
    }
}

/// What is signed: `name;value;` of every parameter but the checksum and its key's name, sorted by name.
pub fn signed_text(parameters: &[(String, String)]) -> String {
    let mut signed: Vec<_> = parameters.iter().filter(|(name, _)| name != CHECKSUM && name != SIGN_ALIAS).collect();
    signed.sort();
    signed.iter().flat_map(|(name, value)| [name, ";", value, ";"]).collect()
}

/// The checksum with a shared key: upper-case hex.
pub fn checksum(key: &str, parameters: &[(String, String)]) -> String {
    hex::encode_upper(mac(key.as_bytes(), &signed_text(parameters)).finalize().into_bytes())
}

fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    // HMAC takes keys of any length; the library's error is for other algorithms.
    Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!()).chain_update(text)
}

/// The RSA key inside a public key or a certificate, PEM: both carry it as the bit string after the algorithm's name
/// (RFC 5280, `SubjectPublicKeyInfo`).
fn rsa_key(pem: &str) -> Option<Vec<u8>> {
    /// `rsaEncryption` with its NULL, and the tag of a bit string.
    const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03];

    let body: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).ok()?;
    let at = der.windows(RSA.len()).position(|window| window == RSA)?;
    let (length, rest) = length(der.get(at + RSA.len()..)?)?;
    // The first octet says how many bits of the last are unused: a key has none.
    rest.get(..length)?.strip_prefix(&[0]).map(<[u8]>::to_vec)
}

/// A DER length and what follows it.
fn length(der: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = der.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let octets = usize::from(first & 0x7f);
    let value = rest.get(..octets).filter(|_| octets <= 3)?;
    let value = value.iter().fold(0, |value, &octet| value << 8 | usize::from(octet));
    Some((value, rest.get(octets..)?))
}
