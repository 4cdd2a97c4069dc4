//! The buyer's wallet at one shop: means they have allowed to be kept and charged again.

use serde::{Deserialize, Serialize};

use crate::acquiring::{Method, SavedMeans};
use crate::consent::AgreedText;
use crate::id::OrderId;
use crate::time::Timestamp;

/// Means in the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// `mns_…`, see [`crate::order::means_id`].
    pub id: String,
    /// The account whose bank knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// By what means they pay.
    pub method: Method,
    /// What the bank calls them.
    pub means: SavedMeans,
    /// The buyer lets them be used. Switched off and on again by the buyer; deleting forgets them at the bank, too.
    pub enabled: bool,
    /// They were deleted: never to be switched on again. While their token is still here, their bank may not have forgotten them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// When they were saved.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// The order they were saved with: its agreement proves the buyer's consent.
    pub order: OrderId,
    /// The text the buyer agreed to when they let the means be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<AgreedText>,
}

impl Kept {
    /// Whether these are the same means as others, saved twice: under the same token, or the same card under two. Banks make a
    /// new token whenever a card is saved; a card is known by its kind, last digits and month.
    pub fn is_the_same(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.means, &other.means);
        let card = self.method == other.method
            && mine.label == theirs.label
            && mine.valid_until.is_some()
            && mine.valid_until == theirs.valid_until;
        self.account == other.account && (mine.token == theirs.token || card)
    }

    /// Whether nothing is left of them: they were deleted, and their bank has forgotten them.
    pub const fn is_gone(&self) -> bool {
        self.deleted && self.means.token.is_empty()
    }

    /// Whether they can be charged.
    pub const fn is_usable(&self) -> bool {
        self.enabled && !self.deleted
    }
}
