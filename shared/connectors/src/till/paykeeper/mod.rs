//! Касса `PayKeeper`: receipts through the cabinet's JSON API, with the same Basic authorization and security token as payments.
//!
//! Documents: «JSON API», 6 «Токен безопасности» and 8 «Работа с чеками 54-ФЗ» (8.4 `/info/receipts/byid/`, 8.11
//! `/change/receipt/print/`, 8.13 «Callback о статусе чека»), «API для выдачи чека 54-ФЗ с перечнем товаров», «Пример формирования
//! произвольного чека по API» at docs.paykeeper.ru; the fields of both as public clients send them.
//!
//! Credentials of a register:
//! - `server`: the cabinet, as `https://name.server.paykeeper.ru`, unless the contract names an address;
//! - `user`, `password`: a user of the cabinet;
//! - `taxation` (optional): the taxation system the register is set to (`osn`, `usn_income`, …). No request carries it; a document
//!   of another one goes to another register.
//!
//! A receipt is known by `receipt_key`, our external id: a repeated print answers with the receipt that is there. Receipts are
//! asked about by the cabinet's own number only, so that asking is printing again with the same key, then looking at the number.
//!
//! Where the documents are silent, chosen is: `type` of a refund is `refund`; `is_post_sale` is true where a prepayment is offset;
//! the sign of an agent and the supplier stand in the item's `agent.type` and `supplier.{name, inn, phones}`, what a correction
//! rests on in `receipt_properties.correction.{type, date, number}`; a measure is the code of tag 2108; a receipt shows its fiscal
//! attributes as `fn`, `fnd`, `fpd`, `rnkkt`, `ts`, `shift_number` and `receipt_number`, as those of payments do; a failed one says
//! why in `msg`, in words. A callback is believed in nothing but the key: the cabinet is asked.
//!
//! What it can not do: deposits (no word of `item_type` is known); the buyer's name and ИНН, the cashier and the place of
//! settlement are the cabinet's.

mod client;
pub mod translate;
pub mod wire;

pub use client::PaykeeperTill;
