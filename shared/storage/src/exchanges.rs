//! Exchanges with banks, packed: many in one row, deflated, so that keeping one costs next to nothing.
//!
//! A row holds exchanges of one tenant and one slot of five minutes (and so of one UTC day). All copies of an exchange carry the
//! same moment, so however often a queue brings it, and in whatever company, it lies in its slot: who reads a slot whole and goes
//! by ids sees each exchange once. Deflated JSON lines in base64; about a third of a kilobyte an exchange.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::exchange::{Exchange, Place};
use domain::id::Tenant;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys;
use crate::table::Key;

/// Characters of a packed row, at most: a quarter of what an item may have.
pub const ROW_BYTES_MAX: usize = 96 * 1024;
/// Bytes that are deflated together, at most: what a reader has to hold.
const PLAIN_BYTES_MAX: usize = 4 * 1024 * 1024;
/// As miniz counts: 6 is usual, 9 much slower for one per cent.
const DEFLATE_LEVEL: u8 = 7;

/// A row is not what this program packs.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Not JSON, or not of this shape.
    #[error("exchanges are not readable")]
    Json(#[from] serde_json::Error),
    /// Not base64.
    #[error("packed exchanges are not base64")]
    Base64(#[from] base64::DecodeError),
    /// Not deflated, or too much.
    #[error("packed exchanges can not be inflated: {0}")]
    Inflate(String),
}

/// The body of a row.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    /// How many, for whoever looks at the table.
    #[serde(rename = "n")]
    count: usize,
    /// Deflated (RFC 1951) JSON lines, base64.
    #[serde(rename = "z")]
    deflated: String,
}

/// A row to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key, which follows from what is in it.
    pub key: Key,
    /// What is in it.
    pub ids: Vec<String>,
    /// The latest moment in it.
    pub latest: Timestamp,
    /// JSON text.
    pub body: String,
}

/// Packs exchanges into as few rows as tenants and slots allow. The same exchanges, in whatever order, make the same rows.
///
/// # Errors
/// An exchange can not be written as JSON.
pub fn pack(exchanges: impl IntoIterator<Item = Exchange>) -> Result<Vec<Row>, PackError> {
    let mut slots: BTreeMap<(Tenant, Timestamp), BTreeMap<Place, Exchange>> = BTreeMap::new();
    for exchange in exchanges {
        slots.entry((exchange.tenant.clone(), exchange.slot())).or_default().insert(exchange.place(), exchange);
    }
    let mut rows = Vec::new();
    for ((tenant, slot), exchanges) in slots {
        let mut lines = Vec::with_capacity(exchanges.len());
        for exchange in exchanges.values() {
            lines.push(Line { id: &exchange.id, at: exchange.at, json: serde_json::to_string(exchange)? });
        }
        pack_slot(&tenant, slot, &lines, &mut rows)?;
    }
    Ok(rows)
}

struct Line<'a> {
    id: &'a str,
    at: Timestamp,
    json: String,
}

/// One row, if all fits; else as many parts as its size asks for.
fn pack_slot(tenant: &Tenant, slot: Timestamp, lines: &[Line<'_>], rows: &mut Vec<Row>) -> Result<(), PackError> {
    let plain: usize = lines.iter().map(|line| line.json.len() + 1).sum();
    let mut parts = plain.div_ceil(PLAIN_BYTES_MAX).max(1);
    if parts == 1 {
        let body = deflated(lines)?;
        if body.len() <= ROW_BYTES_MAX || lines.len() <= 1 {
            rows.push(Row {
                key: keys::exchanges(tenant, slot, lines.iter().map(|line| line.id)),
                ids: lines.iter().map(|line| line.id.to_owned()).collect(),
                latest: lines.last().map_or(slot, |line| line.at),
                body,
            });
            return Ok(());
        }
        // A part deflates a little worse than the whole.
        parts = (body.len() + body.len() / 16).div_ceil(ROW_BYTES_MAX).max(2);
    }
    for part in lines.chunks(lines.len().div_ceil(parts).max(1)) {
        pack_slot(tenant, slot, part, rows)?;
    }
    Ok(())
}

fn deflated(lines: &[Line<'_>]) -> Result<String, PackError> {
    let mut plain = String::new();
    for line in lines {
        plain.push_str(&line.json);
        plain.push('\n');
    }
    let deflated = STANDARD.encode(miniz_oxide::deflate::compress_to_vec(plain.as_bytes(), DEFLATE_LEVEL));
    Ok(serde_json::to_string(&Body { count: lines.len(), deflated })?)
}

/// Reads a row's body.
///
/// # Errors
/// It is none.
pub fn unpack(body: &str) -> Result<Vec<Exchange>, PackError> {
    let plain = lines(body)?;
    plain
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| Ok(serde_json::from_slice(line)?))
        .collect()
}

/// The JSON lines in a row's body.
///
/// # Errors
/// It is none.
pub fn lines(body: &str) -> Result<Vec<u8>, PackError> {
    let Body { deflated, .. } = serde_json::from_str(body)?;
    let deflated = STANDARD.decode(deflated)?;
    // One exchange alone may be longer than the rest may be together; nothing is as long as this.
    miniz_oxide::inflate::decompress_to_vec_with_limit(&deflated, 4 * PLAIN_BYTES_MAX)
        .map_err(|error| PackError::Inflate(error.to_string()))
}

#[cfg(test)]
mod tests {
    use domain::exchange::{Outcome, Passage, Purpose};
    use domain::id::Mode;
    use proptest::prelude::*;

    use super::*;

    /// An exchange as long as `noise`, which does not deflate well.
    fn exchange(no: u32, tenant: &str, second: i64, noise: usize) -> Exchange {
        let mut state = u64::from(no) * 2_654_435_761 + 1;
        let body: String = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
        })
        .take(noise)
        .collect();
        Exchange {
            id: format!("{no:020x}"),
            at: Timestamp::from_millisecond((1_795_000_000 + second) * 1_000 + i64::from(no % 1_000)).unwrap(),
            tenant: Tenant::try_new(tenant, Mode::Live).unwrap(),
            account: Some("main".into()),
            order: None,
            operation: Some(1),
            purpose: Purpose::Ask,
            method: "POST".into(),
            url: "https://bank.example/rest/getOrderStatusExtended.do".into(),
            request: Passage::default(),
            status: Some(200),
            answer: Some(Passage { headers: Vec::new(), body, bytes: 7 }),
            outcome: Outcome::Answered,
            note: String::new(),
            milliseconds: 5,
        }
    }

    fn sorted(mut exchanges: Vec<Exchange>) -> Vec<Exchange> {
        exchanges.sort_by_key(|exchange| (exchange.tenant.clone(), exchange.place()));
        exchanges
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_packed_is_what_is_unpacked_whatever_the_order(
            drawn in proptest::collection::vec((0_u32..500, prop_oneof!["one".prop_map(String::from), Just("two".to_owned())], 0_i64..2_000, 0_usize..30_000), 0..40),
            turn in 0_usize..40,
        ) {
            let mut all: Vec<Exchange> = Vec::new();
            for (no, (_, tenant, second, noise)) in drawn.iter().enumerate() {
                all.push(exchange(u32::try_from(no).unwrap(), tenant, *second, *noise));
            }
            let rows = pack(all.clone()).unwrap();
            let mut other = all.clone();
            other.extend(all.first().cloned()); // brought twice
            let length = other.len().max(1);
            other.rotate_left(turn % length);
            prop_assert_eq!(&pack(other).unwrap(), &rows);
            let mut read = Vec::new();
            for row in &rows {
                prop_assert!(row.body.len() <= ROW_BYTES_MAX);
                let exchanges = unpack(&row.body).unwrap();
                prop_assert_eq!(exchanges.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), row.ids.clone());
                prop_assert!(exchanges.iter().all(|one| keys::slot_of(&row.key) == Some(one.slot())));
                prop_assert!(exchanges.iter().all(|one| one.at <= row.latest));
                read.extend(exchanges);
            }
            prop_assert_eq!(sorted(read), sorted(all));
        }
    }

    #[test]
    fn a_busy_slot_is_parted_no_more_than_it_must_be() {
        let all: Vec<_> = (0..200).map(|no| exchange(no, "one", 0, 2_000)).collect();
        let rows = pack(all).unwrap();
        let bytes: usize = rows.iter().map(|row| row.body.len()).sum();
        assert!(rows.len() <= bytes.div_ceil(ROW_BYTES_MAX) + 1, "{} rows for {bytes} bytes", rows.len());
    }

    #[test]
    fn what_is_no_row_is_told() {
        assert!(matches!(unpack("{}"), Err(PackError::Json(_))));
        assert!(matches!(unpack(r#"{"n":1,"z":"%"}"#), Err(PackError::Base64(_))));
        assert!(matches!(unpack(r#"{"n":1,"z":"AAAA"}"#), Err(PackError::Inflate(_))));
    }
}
