//! Cash registers: the one trait every register's dialect is translated to.
//!
//! A register prints one document per external id, ever; an unknown outcome is asked about by that id, never printed again, and
//! never tried at another register.
//!
//! | family | authentication | external id | told or asked |
//! |---|---|---|---|
//! | [`atol`] | session token | `external_id` | asked; told without proof |
//! | [`business_kassa`] | token, MD5 of the parameters | `c_num` | asked |
//! | [`kit_online`] | MD5 of company, password and id | `CheckId` | asked |
//! | [`orange_data`] | client certificate, RSA of the raw body | `id` | asked; told that it is worth asking |
//! | [`paykeeper`] | Basic, token | `receipt_key` | asked; told without proof |
//! | [`sandbox`] | HMAC of the raw body | `external_id` | both |
//! | [`device`] | device key, bearer | `external_id` | told by its agent, asked at our own desk |

pub mod atol;
pub mod business_kassa;
pub mod device;
pub mod kit_online;
pub mod orange_data;
pub mod paykeeper;
mod reading;
pub mod sandbox;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::money::Money;
use domain::order::Difference;
use domain::receipt::register::{Register, RegisterKind};
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
    Printed(Box<Printed>),
    /// Surely not printed.
    Failed(Failed),
    /// The register has never seen the id.
    NotFound,
}

/// What a register printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The fiscal attributes.
    pub fiscal: Fiscal,
    /// What else it tells of what it printed, to be compared with what was sent.
    pub echo: Echo,
}

/// What a register says it printed, as far as its protocol tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echo {
    /// Tax or, without any, turnover by the rate of tag 1199.
    pub vats: Option<BTreeMap<u8, Money>>,
    /// Tag 1199 of each item.
    pub rates: Option<Vec<u8>>,
    /// Results of the checks of marking codes (tag 2106) by item, from 0.
    pub marks: Vec<(u8, u8)>,
}

/// Why a register has not printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What it means for the receipt.
    pub class: FailureClass,
    /// The register's code.
    pub code: String,
    /// Its words; a refused document names field and tag here.
    pub text: String,
}

/// What a failure means for the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// It passes: the same document may be sent again under the same id.
    Passing,
    /// The id is spent at this register: the same document goes there again under a new one.
    Expired,
    /// This register can not print, whatever it is sent: its drive is full, it is blocked, its contract has ended.
    Register,
    /// No register may print this document: it breaks a rule.
    Document,
    /// A marking code did not pass its check.
    Mark,
}

/// What a register is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The document. Registers that know it only by an id of their own are sent it again: the external id makes that a question.
    pub document: &'a ReceiptDocument,
    /// Where it calls back.
    pub callback_url: &'a str,
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
    async fn ask(&self, http: &dyn Http, question: Question<'_>) -> Result<TillAnswer, TillError>;
    /// Verifies and translates what the register told by itself. `now` is the real clock.
    fn callback(
        &self,
        now: Timestamp,
        headers: &::http::HeaderMap,
        raw_body: &[u8],
    ) -> Result<TillCallback, CallbackError>;
}

/// The connector of a register; nothing for the sandbox's own, which is opened with a derived secret. `now` is the real clock.
pub fn open(register: &Register, tokens: &Arc<Tokens>, now: Timestamp) -> Option<Box<dyn Till>> {
    match register.kind {
        RegisterKind::AtolV4 | RegisterKind::AtolV5 | RegisterKind::BusinessKassaV4 => {
            Some(Box::new(atol::AtolTill::new(register, Arc::clone(tokens), now)))
        }
        RegisterKind::OrangeData => Some(Box::new(orange_data::OrangeDataTill::new(register))),
        RegisterKind::Paykeeper => Some(Box::new(paykeeper::PaykeeperTill::new(register, Arc::clone(tokens), now))),
        RegisterKind::KitOnline => Some(Box::new(kit_online::KitOnlineTill::new(register, now))),
        RegisterKind::BusinessKassa => {
            Some(Box::new(business_kassa::BusinessKassaTill::new(register, Arc::clone(tokens), now)))
        }
        RegisterKind::Sandbox | RegisterKind::Device => None,
    }
}

/// What a register told by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TillCallback {
    /// The document.
    pub external_id: String,
    /// How it stands; nothing where the protocol proves nothing, so that the register must be asked.
    pub answer: Option<TillAnswer>,
}

/// Session tokens of registers that have them, kept while a function lives.
#[derive(Debug, Default)]
pub struct Tokens(Mutex<BTreeMap<String, String>>);

impl Tokens {
    /// The token of a login at an address, if one is known.
    pub fn get(&self, key: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Keeps a token.
    pub fn put(&self, key: &str, token: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), token);
    }

    /// Forgets a token that is refused.
    pub fn forget(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// How what was printed differs from what was sent, as far as the register tells.
pub fn difference(sent: &ReceiptDocument, printed: &Printed) -> Option<Difference> {
    let (mut texts, mut rates) = (Vec::new(), Vec::new());
    if printed.fiscal.total != sent.total {
        texts.push(format!("total (1020): sent {}, printed {}", sent.total, printed.fiscal.total));
    }
    if let Some(told) = &printed.echo.rates {
        let wanted: Vec<u8> = sent.items.iter().map(domain::receipt::Item::tag_1199).collect();
        if *told != wanted {
            texts.push(format!("VAT rates (1199): sent {wanted:?}, printed {told:?}"));
            rates.extend(wanted.iter().copied().zip(told.iter().copied()).filter(|(wanted, told)| wanted != told));
        }
    }
    if let (Some(told), Ok(wanted)) = (&printed.echo.vats, sent.vats())
        && *told != wanted
    {
        texts.push(format!("VAT (1102 to 1107) by rate: sent {}, printed {}", by_rate(&wanted), by_rate(told)));
        // Where one rate stands for one other, the items' rates are known too.
        let gone: Vec<u8> = wanted.keys().filter(|rate| !told.contains_key(rate)).copied().collect();
        let come: Vec<u8> = told.keys().filter(|rate| !wanted.contains_key(rate)).copied().collect();
        if let ([gone], [come], true) = (gone.as_slice(), come.as_slice(), rates.is_empty()) {
            rates.push((*gone, *come));
        }
    }
    rates.sort_unstable();
    rates.dedup();
    (!texts.is_empty()).then(|| Difference { text: texts.join("; "), rates })
}

fn by_rate(vats: &BTreeMap<u8, Money>) -> String {
    vats.iter().map(|(rate, amount)| format!("{rate}: {amount}")).collect::<Vec<_>>().join(", ")
}
