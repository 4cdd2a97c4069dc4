//! The token: SHA-256 of the values of a body's own scalars and the password, in the order of their names, nothing between them.
//!
//! 1.8, section 4.2 «Проверка токенов»; 1.80, «Токен». Objects and lists take no part, nor does the token itself. What is
//! received is signed as it was written: a number by its digits, `true` and `false` by these words, and fields nobody knew of
//! yet count like all others.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::peer::{CallbackError, Malformed};

/// The field that carries it.
pub const FIELD: &str = "Token";
/// The name under which the password is sorted in.
const PASSWORD: &str = "Password";

/// Signs a body and writes it down.
///
/// # Errors
/// It can not be written as a JSON object.
pub fn signed(body: &impl Serialize, password: &str) -> Result<Vec<u8>, serde_json::Error> {
    let Value::Object(mut fields) = serde_json::to_value(body)? else {
        return Err(serde::ser::Error::custom("a signed body is an object"));
    };
    let scalars = fields.iter().filter_map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((name.clone(), text))
    });
    let token = digest(scalars.collect(), password);
    fields.insert(FIELD.to_owned(), Value::String(token));
    serde_json::to_vec(&fields)
}

/// Holds a received body to its token.
///
/// # Errors
/// It is no JSON object, has no token, or another one.
pub fn verify(body: &[u8], password: &str) -> Result<(), CallbackError> {
    let fields: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(body).map_err(|_| Malformed::at("", "a JSON object"))?;
    let mut scalars = BTreeMap::new();
    for (name, raw) in &fields {
        if let Some(text) = scalar(raw.get())? {
            scalars.insert(name.clone(), text);
        }
    }
    let token = scalars.remove(FIELD).filter(|token| !token.is_empty()).ok_or(CallbackError::Unsigned)?;
    let expected = digest(scalars, password);
    // The bank writes lower case; 1.8 does not say that it always will.
    let same = token.to_ascii_lowercase().as_bytes().ct_eq(expected.as_bytes());
    // Without a password anybody can make the token.
    if bool::from(same) && !password.is_empty() { Ok(()) } else { Err(CallbackError::WrongSignature) }
}

/// A scalar as it is signed; nothing for what takes no part.
fn scalar(raw: &str) -> Result<Option<String>, Malformed> {
    match raw.trim().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw).map(Some).map_err(|_| Malformed::at("", "a JSON object")),
        Some(b'{' | b'[' | b'n') | None => Ok(None),
        Some(_) => Ok(Some(raw.trim().to_owned())),
    }
}

fn digest(mut scalars: BTreeMap<String, String>, password: &str) -> String {
    scalars.remove(FIELD);
    scalars.insert(PASSWORD.to_owned(), password.to_owned());
    let mut hash = Sha256::new();
    for text in scalars.values() {
        hash.update(text.as_bytes());
    }
    hex::encode(hash.finalize())
}
