//! Operators of e-wallets: payouts as the registry an accountant uploads to one, and as the registry it gives back.

mod yoomoney;

use domain::money::Money;
use domain::requisites::WalletOperator;
use jiff::civil::Date;

/// Money to a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Our number of it.
    pub number: u32,
    /// The wallet.
    pub wallet: String,
    /// How much.
    pub amount: Money,
    /// What for.
    pub purpose: String,
}

/// What an operator tells of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Our number of it.
    pub number: u32,
    /// The wallet.
    pub wallet: String,
    /// How much.
    pub amount: Money,
    /// The day.
    pub on: Date,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The wallet has it.
    Credited,
    /// It came back, and why.
    Returned(String),
}

/// Why a file was not read. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not text in UTF-8, or not delimited by semicolons.
    #[error("the file is no text delimited by semicolons in UTF-8")]
    Text(#[source] csv::Error),
    /// A column is missing.
    #[error("the file has no column {0:?}")]
    Column(&'static str),
    /// A cell can not be read.
    #[error("line {line}: {column:?} can not be read")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// The column.
        column: &'static str,
    },
}

impl ReadError {
    /// What is said of it in Russian.
    pub fn ru(&self) -> String {
        match self {
            Self::Text(_) => "Файл — не текст в UTF-8 с разделителем «;».".to_owned(),
            Self::Column(column) => format!("В файле нет столбца «{column}»."),
            Self::Cell { line, column } => format!("Строка {line}: не читается «{column}»."),
        }
    }
}

/// How an operator is spoken to.
pub trait Adapter: Sync {
    /// The file of some transfers.
    fn registry(&self, transfers: &[Transfer]) -> Vec<u8>;

    /// What a file of the operator's tells.
    ///
    /// # Errors
    /// The first thing that can not be read.
    fn outcomes(&self, file: &[u8]) -> Result<Vec<Told>, ReadError>;
}

/// The adapter of an operator.
pub const fn adapter(operator: WalletOperator) -> &'static dyn Adapter {
    match operator {
        WalletOperator::Yoomoney => &yoomoney::Yoomoney,
    }
}
