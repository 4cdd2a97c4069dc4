//! Cash registers: the one trait every register's dialect is translated to.
//!
//! A register prints one document per external id, ever; an unknown outcome is asked about by that id, never printed again.

pub mod sandbox;

use async_trait::async_trait;
use domain::receipt::{Fiscal, ReceiptDocument};
use domain::time::Timestamp;

use crate::http::Http;
pub use crate::peer::{CallbackError, PeerError as TillError};

/// What a register says of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TillAnswer {
    /// Taken, not yet printed.
    Waiting,
    /// Printed.
    Printed(Fiscal),
    /// Not printed.
    Failed {
        /// The register's code.
        code: i32,
        /// Its words; a refused document names field and tag here.
        text: String,
        /// Worth trying again with the same id.
        passing: bool,
    },
    /// The register has never seen the id.
    NotFound,
}

/// A cash register.
#[async_trait]
pub trait Till: Send + Sync {
    /// Asks for a document; with an external id it has seen, the register answers with what it printed then.
    async fn print(
        &self,
        http: &dyn Http,
        document: &ReceiptDocument,
        callback_url: &str,
    ) -> Result<TillAnswer, TillError>;
    /// What became of a document.
    async fn ask(&self, http: &dyn Http, external_id: &str) -> Result<TillAnswer, TillError>;
    /// Verifies and translates what the register told by itself: external id and answer. `now` is the real clock.
    fn callback(
        &self,
        now: Timestamp,
        headers: &::http::HeaderMap,
        raw_body: &[u8],
    ) -> Result<(String, TillAnswer), CallbackError>;
}
