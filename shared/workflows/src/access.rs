//! Who is asking: partners by API key, operators by token.

use domain::id::{Mode, Tenant};
use domain::time::whole_seconds;
use sha2::{Digest, Sha256};
use storage::store::StoreError;
use subtle::ConstantTimeEq;

use crate::links::random_text;
use crate::ports::Ports;

/// The tenant whose API key an `Authorization` header bears. Nothing when it bears none that is known.
///
/// A key looks like `ak_test_demoshop_…` or `ak_live_demoshop_…`; only its SHA-256 is stored.
pub async fn tenant(ports: &Ports, authorization: Option<&str>) -> Result<Option<Tenant>, StoreError> {
    let Some(key) = bearer(authorization).filter(|key| key.starts_with("ak_") && key.len() <= 100) else {
        return Ok(None);
    };
    ports.store.key_owner(&sha256_hex(key), whole_seconds(ports.clock.now())).await
}

/// Whether an `Authorization` header bears the operator's token.
pub fn is_operator(ports: &Ports, authorization: Option<&str>) -> bool {
    let expected = ports.settings.operator_token_sha256.as_bytes();
    let given = bearer(authorization).map(sha256_hex).unwrap_or_default();
    !expected.is_empty() && bool::from(given.as_bytes().ct_eq(expected))
}

/// Makes a key for a tenant; it is shown once and can not be read again.
pub async fn issue_key(ports: &Ports, tenant: &Tenant) -> Result<String, StoreError> {
    let mode = match tenant.mode() {
        Mode::Test => "test",
        Mode::Live => "live",
    };
    let key = format!("ak_{mode}_{}_{}", tenant.partner(), random_text(ports.random.as_ref(), 32));
    ports.store.put_key(&sha256_hex(&key), tenant).await?;
    Ok(key)
}

fn bearer(authorization: Option<&str>) -> Option<&str> {
    let (scheme, token) = authorization?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// SHA-256 of a text, lower-case hex.
pub fn sha256_hex(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
