//! `OrangeData`: cloud registers of its own, FFD 1.05 and 1.2 ("Протокол взаимодействия с интернет кассой", 2.31.3 of
//! 10.09.2025; sections are named where they are used). Every connection shows a client certificate, every command carries
//! `X-Signature`: RSA over the raw body ([`Key`]).
//!
//! | credential | what it is |
//! |---|---|
//! | `inn` | the owner's ИНН, which the registers are found by |
//! | `key` | name of the signing key: the ИНН, or `ИНН_ID` for keys made since February 2025; `inn` where it is not given |
//! | `private_key` | the signing key, PEM (PKCS#8 or PKCS#1) or the XML that the vendor's own generator writes |
//! | `certificate` | the client certificate with its chain, PEM |
//! | `certificate_key` | the client certificate's key, PEM without a password |
//! | `courier` | `yes` where the group wants cashier, address and place with each receipt; any other group refuses them |
//!
//! The register's `group` is the group of devices; the vendor's own default where none is named (`Main`, and `Main_2` for FFD 1.2).
//! The address is the one before `/api/v2`: `https://api.orangedata.ru:12003`, `https://apip.orangedata.ru:2443` for tests.
//!
//! **VAT.** `tax` counts like tag 1199 up to 10, the sums of a receipt (`vatNSum`) count otherwise, and neither has a number for
//! 22 %. The manual is older than that rate. The vendor's own client got a flag beside the sums in version 1.5.0 (npm
//! `node-orangedata`, 18.12.2025), `useTax20`, and public integrations written since read it alike: since 01.01.2026 the numbers
//! of 20 % and 20/120 mean 22 % and 22/122, and with the flag the old rates. It stands once in a receipt, so a receipt
//! with both rates goes to another register. What comes back is read by the same rule and compared.
//!
//! **Ids** are unique for an owner and known for three months. Sent again, an id is answered with 409, which prints nothing, and
//! the receipt is then asked about. Whatever is refused is asked about too before it counts as not printed: a command that got
//! lost before may have been taken.
//!
//! **Callbacks** are not signed, and the manual does not say how `callbackApiKey` comes along: a callback is only a reason to ask.
//!
//! **Text** is turned into CP866, and what that lacks would silently be left out: [`printable`] puts something readable there.
//!
//! What it can not do: correct a refund in FFD 1.05 (the format itself has no such thing); name the wrong receipt (tag 1192) in
//! such a correction; say which rate or total a drive has printed otherwise than by giving back the content; carry the details of
//! tag 1223, which paying agents need and a receipt of ours does not have.

mod client;
mod key;
mod size;
mod text;
pub mod translate;
pub mod wire;

pub use client::OrangeDataTill;
pub use key::{Key, KeyError};
pub use size::{BYTES_MAX, bytes};
pub use text::printable;
