//! `1CClientBankExchange`: payment orders as a file an accountant loads into the bank's client program, and the bank's statement
//! as a file it gives back.
//!
//! Format 1.03 of the exchange standard "1С:Предприятие – Клиент банка" (`v8.1c.ru/edi/edi_stnd/100/101.htm`): CP1251, lines
//! `Name=value` ended by CR LF, one section per account and per document.

mod read;
#[cfg(test)]
mod tests;
mod text;
mod write;

use domain::bank_exchange::{PaymentOrder, Side};
use domain::payout::Payout;

pub use read::{ReadError, Wrong, read};

/// Who pays: the agent, from this account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// Name.
    pub name: String,
    /// ИНН.
    pub inn: String,
    /// Account number, 20 digits.
    pub account: String,
    /// БИК, 9 digits.
    pub bic: String,
    /// The bank's name.
    pub bank: String,
    /// Correspondent account, 20 digits.
    pub correspondent: String,
}

impl Payer {
    /// As a side of a payment.
    pub fn side(&self) -> Side {
        Side {
            name: self.name.clone(),
            inn: self.inn.clone(),
            kpp: String::new(),
            account: self.account.clone(),
            bic: self.bic.clone(),
            bank: self.bank.clone(),
            correspondent: self.correspondent.clone(),
        }
    }
}

/// The file of some payouts: CP1251, CR LF. Characters CP1251 lacks become their plain cousins or `?`; line ends within values
/// become spaces.
pub fn payment_orders(payer: &Payer, payouts: &[Payout]) -> Vec<u8> {
    let side = payer.side();
    let orders: Vec<_> = payouts.iter().filter_map(|payout| PaymentOrder::of(payout, &side)).collect();
    write::file(&orders, orders.first().map_or(&payer.bank, |order| &order.payer.bank))
}

/// The file of some payment orders, for the bank of that name.
pub fn orders_file(orders: &[PaymentOrder], bank: &str) -> Vec<u8> {
    write::file(orders, bank)
}
