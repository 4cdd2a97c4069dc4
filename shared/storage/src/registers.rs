//! Registers of closed months: their pages, how far one in the making has come, and the orders they are made of, oldest first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::id::Tenant;
use domain::report::Period;
use domain::report::letters::Letters;
use domain::report::pages::{Draft, PAGE_BYTES_MAX, Page, PageSeal, opened};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::devices::Versioned;
use crate::keys;
use crate::store::{OrderPage, Store, StoreError, follows, heads, parse, shape, text};
use crate::table::{Condition, Freshness, Item, Range, Write};

/// As for exchanges with banks.
const DEFLATE_LEVEL: u8 = 7;
/// Seconds a draft is kept after its last change: a month that is not closed by then is gathered anew.
const DRAFT_SECONDS: i64 = 90 * 24 * 3_600;

/// What is on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// Movements.
    Movements,
    /// Lines.
    Lines,
}

/// The body of a page's row.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    /// Rows, for whoever looks at the table.
    #[serde(rename = "n")]
    rows: u32,
    /// Deflated (RFC 1951) JSON lines, base64.
    #[serde(rename = "z")]
    deflated: String,
}

impl Store {
    /// How far a month's register has come.
    pub async fn draft(&self, tenant: &Tenant, period: Period) -> Result<Versioned<Draft>, StoreError> {
        let item = self.table.get(&keys::report_draft(tenant, period), Freshness::Consistent).await?;
        let Some(item) = item else { return Ok(Versioned { version: 0, row: Draft::default() }) };
        Ok(Versioned { version: item.version, row: parse(&item)? })
    }

    /// Keeps how far a month's register has come, `at` a moment (Unix seconds). The pages it names are written before.
    pub async fn put_draft(
        &self,
        tenant: &Tenant,
        period: Period,
        draft: &Versioned<Draft>,
        at: i64,
    ) -> Result<Versioned<Draft>, StoreError> {
        let key = keys::report_draft(tenant, period);
        let version = draft.version + 1;
        let item = Item {
            body: text(&key, &draft.row)?,
            key,
            version,
            due: None,
            ttl: Some(at.saturating_add(DRAFT_SECONDS)),
        };
        self.table.put(Write { item, condition: follows(version) }).await?;
        Ok(Versioned { version, row: draft.row.clone() })
    }

    /// Writes a page. Whoever goes on from the same place writes the same.
    pub async fn put_page(
        &self,
        tenant: &Tenant,
        period: Period,
        sheet: Sheet,
        no: usize,
        page: &Page,
    ) -> Result<(), StoreError> {
        let key = keys::report_page(tenant, period, sheet, no);
        let deflated = miniz_oxide::deflate::compress_to_vec(page.text.as_bytes(), DEFLATE_LEVEL);
        let body = Body { rows: page.seal().rows, deflated: STANDARD.encode(deflated) };
        let item = Item { body: text(&key, &body)?, key, version: 0, due: None, ttl: None };
        Ok(self.table.put(Write { item, condition: Condition::Always }).await?)
    }

    /// The rows of a page, if it is the sealed one.
    pub async fn page<T: DeserializeOwned>(
        &self,
        tenant: &Tenant,
        period: Period,
        sheet: Sheet,
        no: usize,
        seal: &PageSeal,
    ) -> Result<Vec<T>, StoreError> {
        let key = keys::report_page(tenant, period, sheet, no);
        let item = self.table.get(&key, Freshness::Consistent).await?;
        let item = item.ok_or_else(|| shape(&key, std::io::Error::other("the page is not there")))?;
        let body: Body = parse(&item)?;
        let deflated = STANDARD.decode(body.deflated).map_err(|error| shape(&key, error))?;
        let plain = miniz_oxide::inflate::decompress_to_vec_with_limit(&deflated, 2 * PAGE_BYTES_MAX)
            .map_err(|error| shape(&key, std::io::Error::other(error.to_string())))?;
        let plain = String::from_utf8(plain).map_err(|error| shape(&key, error))?;
        opened(&plain, seal).map_err(|error| shape(&key, error))
    }

    /// What is noted of the letters about a month's report.
    pub async fn letters(&self, tenant: &Tenant, period: Period) -> Result<Versioned<Letters>, StoreError> {
        let item = self.table.get(&keys::report_letters(tenant, period), Freshness::Consistent).await?;
        let Some(item) = item else { return Ok(Versioned { version: 0, row: Letters::default() }) };
        Ok(Versioned { version: item.version, row: parse(&item)? })
    }

    /// Notes what became of the letters about a month's report, as they were read.
    pub async fn put_letters(
        &self,
        tenant: &Tenant,
        period: Period,
        letters: &Versioned<Letters>,
    ) -> Result<(), StoreError> {
        let key = keys::report_letters(tenant, period);
        let version = letters.version + 1;
        let item = Item { body: text(&key, &letters.row)?, key, version, due: None, ttl: None };
        Ok(self.table.put(Write { item, condition: follows(version) }).await?)
    }

    /// Heads of a tenant's orders of a month (UTC), part `spread` of [`keys::SPREAD`], oldest first.
    pub async fn orders_since(
        &self,
        tenant: &Tenant,
        (year, month): (i16, i8),
        spread: u8,
        after: Option<String>,
        limit: usize,
    ) -> Result<OrderPage, StoreError> {
        let pk = keys::month_partition(tenant, year, month, spread);
        let range = Range { pk, prefix: String::new(), after, descending: false, limit };
        // What is sealed is sealed for ever: no order's last entry is missed.
        let page = self.table.query(&range, Freshness::Consistent).await?;
        Ok(OrderPage { orders: heads(&page.items)?, deliveries: Vec::new(), next: page.next })
    }
}
