//! The buyer's consents and what proves them.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Proof that a buyer agreed to two texts before paying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentEvidence {
    /// Consent to the processing and transfer of personal data.
    #[serde(rename = "p")]
    pub personal_data: AgreedText,
    /// Acceptance of the terms of the agent's service.
    #[serde(rename = "t")]
    pub terms: AgreedText,
    /// Consent to keep the means of payment and charge them again, where the buyer gave it.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub means: Option<AgreedText>,
    /// When both boxes were ticked and the form was sent.
    #[serde(rename = "a", with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// The buyer's network address as the door saw it.
    #[serde(rename = "i")]
    pub address: String,
    /// The browser's `User-Agent`, at most 300 characters.
    #[serde(rename = "u")]
    pub user_agent: String,
}

/// One text the buyer agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedText {
    /// Version, a date such as `2026-11-01`, and language: `2026-11-01.ru`.
    #[serde(rename = "v")]
    pub version: String,
    /// SHA-256 of the text's UTF-8 bytes, lower-case hex.
    #[serde(rename = "h")]
    pub sha256: String,
}
