//! Who is asking: partners by API key, operators by token; and the keys of a partner's sites.

use domain::id::{Mode, Tenant};
use domain::time::whole_seconds;
use sha2::{Digest, Sha256};
pub use storage::store::{KeyOwner, KeyRole, ListedKey};
use storage::store::{KeyRow, StoreError};
use subtle::ConstantTimeEq;

use crate::links::random_text;
use crate::ports::Ports;

/// Keys with a name a tenant can have at once: one for each site or program that makes orders.
pub const KEYS_MAX: usize = 5;
/// Keys of couriers a tenant can have at once: the list of keys is one row.
pub const COURIER_KEYS_MAX: usize = 100;

/// The tenant whose API key an `Authorization` header bears. Nothing when it bears none that is known, or a courier's.
pub async fn tenant(ports: &Ports, authorization: Option<&str>) -> Result<Option<Tenant>, StoreError> {
    let owner = caller(ports, authorization).await?.filter(|owner| owner.role == KeyRole::Partner);
    Ok(owner.map(|owner| owner.tenant))
}

/// The SHA-256 in hex of the API key an `Authorization` header bears.
pub fn key_sha256(authorization: Option<&str>) -> Option<String> {
    bearer(authorization).map(sha256_hex)
}

/// Whose API key an `Authorization` header bears, and the name of the key. Nothing when it bears none that is known.
///
/// A key looks like `ak_test_demoshop_…` or `ak_live_demoshop_…`; only its SHA-256 is stored.
pub async fn caller(ports: &Ports, authorization: Option<&str>) -> Result<Option<KeyOwner>, StoreError> {
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

fn new_key(ports: &Ports, tenant: &Tenant) -> String {
    let mode = match tenant.mode() {
        Mode::Test => "test",
        Mode::Live => "live",
    };
    format!("ak_{mode}_{}_{}", tenant.partner(), random_text(ports.random.as_ref(), 32))
}

/// Makes a key without a name for a tenant; it is shown once and can not be read again.
pub async fn issue_key(ports: &Ports, tenant: &Tenant) -> Result<String, StoreError> {
    let key = new_key(ports, tenant);
    ports.store.put_key(&sha256_hex(&key), tenant).await?;
    Ok(key)
}

/// Makes a key for one of a tenant's sites; it is shown once and can not be read again. Nothing when there are [`KEYS_MAX`],
/// or of a courier's [`COURIER_KEYS_MAX`].
///
/// The list is written first: a key that is good for something is always on it, and one on it that never came to be can be
/// revoked like any other.
pub async fn issue_named_key(
    ports: &Ports,
    tenant: &Tenant,
    name: &str,
    role: KeyRole,
) -> Result<Option<(ListedKey, String)>, StoreError> {
    let key = new_key(ports, tenant);
    let at = whole_seconds(ports.clock.now());
    let listed = ListedKey { sha256: sha256_hex(&key), name: name.to_owned(), at, role };
    let add = |mut list: Vec<ListedKey>| {
        has_room(&list, role).then(|| {
            list.push(listed.clone());
            (list, ())
        })
    };
    if ports.store.change_listed_keys(tenant, add).await?.is_none() {
        return Ok(None);
    }
    let (tenant, name) = (tenant.clone(), name.to_owned());
    let row = match role {
        KeyRole::Partner => KeyRow::Named { tenant, name: Some(name), revoked: false },
        KeyRole::Courier => KeyRow::Courier { tenant, name },
    };
    ports.store.put_key_row(&listed.sha256, &row).await?;
    Ok(Some((listed, key)))
}

/// Whether a tenant can have one more key of a role.
pub fn has_room(list: &[ListedKey], role: KeyRole) -> bool {
    let most = match role {
        KeyRole::Partner => KEYS_MAX,
        KeyRole::Courier => COURIER_KEYS_MAX,
    };
    list.iter().filter(|key| key.role == role).count() < most
}

/// Ends a key, by its SHA-256 in hex: within a minute it is good for nothing. Keys without a name are not listed, and can be
/// ended all the same. Answers whether the tenant had such a key.
pub async fn revoke_key(ports: &Ports, tenant: &Tenant, sha256: &str) -> Result<bool, StoreError> {
    let listed = ports.store.listed_keys(tenant).await?.into_iter().any(|key| key.sha256 == sha256);
    let row = ports.store.key_row(sha256).await?;
    let (owner, name) = match row {
        Some(KeyRow::Plain(owner)) => (Some(owner), None),
        Some(KeyRow::Named { tenant, name, .. }) => (Some(tenant), name),
        Some(KeyRow::Courier { tenant, name }) => (Some(tenant), Some(name)),
        None => (None, None),
    };
    if owner.as_ref() != Some(tenant) && !listed {
        return Ok(false);
    }
    let row = KeyRow::Named { tenant: tenant.clone(), name, revoked: true };
    ports.store.put_key_row(sha256, &row).await?;
    let remove = |mut list: Vec<ListedKey>| {
        let before = list.len();
        list.retain(|key| key.sha256 != sha256);
        (list.len() != before).then_some((list, ()))
    };
    ports.store.change_listed_keys(tenant, remove).await?;
    Ok(true)
}

pub(crate) fn bearer(authorization: Option<&str>) -> Option<&str> {
    let (scheme, token) = authorization?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// SHA-256 of a text, lower-case hex.
pub fn sha256_hex(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
