//! Every e-mail and SMS that was sent, instead of a provider. It repeats what it is given: a letter sent twice is there twice.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connectors::channel::{ChannelError, Channels, Email, Sms};
use domain::time::Timestamp;
use runtime::ids::SystemClock;
use serde::{Deserialize, Serialize};
use workflows::ports::Clock;

use crate::lines::Lines;

/// A message as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// 1, 2, ….
    pub no: usize,
    /// `email` or `sms`.
    pub channel: String,
    /// Recipient.
    pub to: String,
    /// Subject of an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Text of an SMS, text part of an e-mail.
    pub text: String,
    /// HTML part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Pictures of the HTML part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inline: Vec<Picture>,
    /// Stable id of the notification.
    pub reference: String,
    /// When it was sent, real time.
    pub at: Timestamp,
}

/// A PNG within an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Content id.
    pub content_id: String,
    /// The file in base64.
    pub png: String,
}

impl Picture {
    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.png).unwrap_or_default()
    }
}

/// [`Channels`] that end in a list.
#[derive(Clone)]
pub struct Mailbox {
    letters: Lines<Letter>,
}

impl Mailbox {
    /// A mailbox kept in these lines.
    pub fn new(letters: Lines<Letter>) -> Self {
        Self { letters }
    }

    /// All letters, oldest first.
    pub fn letters(&self) -> Vec<std::sync::Arc<Letter>> {
        self.letters.all()
    }

    /// A letter by its number.
    pub fn letter(&self, no: usize) -> Option<std::sync::Arc<Letter>> {
        self.letters.one(no)
    }

    fn keep(&self, letter: impl FnOnce(usize) -> Letter) -> Result<String, ChannelError> {
        let kept = self.letters.push(letter).map_err(|error| ChannelError::NotSent(error.to_string()))?;
        Ok(format!("mailbox-{kept}"))
    }
}

#[async_trait]
impl Channels for Mailbox {
    async fn email(&self, email: Email) -> Result<String, ChannelError> {
        let Email { to, subject, text, html, inline, reference } = email;
        let inline = inline
            .into_iter()
            .map(|picture| Picture { content_id: picture.content_id, png: STANDARD.encode(picture.bytes) })
            .collect();
        self.keep(|no| Letter {
            no,
            channel: "email".to_owned(),
            to,
            subject: Some(subject),
            text,
            html: Some(html),
            inline,
            reference,
            at: SystemClock.now(),
        })
    }

    async fn sms(&self, sms: Sms) -> Result<String, ChannelError> {
        let Sms { to, text, reference } = sms;
        self.keep(|no| Letter {
            no,
            channel: "sms".to_owned(),
            to,
            subject: None,
            text,
            html: None,
            inline: Vec::new(),
            reference,
            at: SystemClock.now(),
        })
    }
}
