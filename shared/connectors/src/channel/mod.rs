//! Channels to the buyer: e-mail and SMS.

pub mod aws;
pub mod ses;
pub mod sns;

use async_trait::async_trait;

/// A message ready to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// Recipient.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// Pictures the HTML part refers to by `cid:`.
    pub inline: Vec<InlinePng>,
    /// Stable id of the notification, sent as a header: the same notification twice can be told.
    pub reference: String,
}

/// A PNG within an e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlinePng {
    /// Content id.
    pub content_id: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A text message ready to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// Recipient, E.164.
    pub to: String,
    /// Text.
    pub text: String,
    /// Stable id of the notification.
    pub reference: String,
}

/// Why a channel did not take a message.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// It will never take it: the address is wrong or blocked.
    #[error("the channel refuses the message: {0}")]
    Refused(String),
    /// It did not take it now.
    #[error("the channel is not available: {0}")]
    NotSent(String),
    /// It may have taken it.
    #[error("the channel did not answer: {0}")]
    Unknown(String),
}

/// Channels to the buyer. Each answers with the provider's id of the message.
#[async_trait]
pub trait Channels: Send + Sync {
    /// Hands an e-mail over.
    async fn email(&self, email: Email) -> Result<String, ChannelError>;
    /// Hands a text message over.
    async fn sms(&self, sms: Sms) -> Result<String, ChannelError>;
}
