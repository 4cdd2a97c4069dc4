//! The chart of accounts. Every tenant has all of them.

use serde::{Deserialize, Serialize};

/// What an account is: on which side it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nature {
    /// What the agent has; grows by debits.
    Asset,
    /// What the agent owes; grows by credits.
    Liability,
    /// What the agent earns; grows by credits.
    Income,
    /// What the agent spends; grows by debits.
    Expense,
}

impl Nature {
    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Liability => "liability",
            Self::Income => "income",
            Self::Expense => "expense",
        }
    }
}

/// Accounts of the agent's books, each kept per tenant. The principal's money is never revenue: only the fee is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// Money of captured payments at the acquiring bank.
    #[serde(rename = "bank")]
    BankClearing,
    /// Money that landed on a nominal account, past the settlement account.
    #[serde(rename = "nominal")]
    Nominal,
    /// Money on the agent's settlement account, as its statement says.
    #[serde(rename = "settlement")]
    Settlement,
    /// Cash the partner's own people took and keep: it is set off against what the partner is owed.
    #[serde(rename = "cash")]
    PartnerCash,
    /// What a partner owes after more went back than they were owed, and was invoiced.
    #[serde(rename = "debt")]
    PartnerDebt,
    /// What the agent owes the partner for orders that are not fulfilled, or not for three days.
    #[serde(rename = "partner")]
    PartnerPending,
    /// What the agent owes the partner and pays out when asked, or by itself.
    #[serde(rename = "available")]
    PartnerAvailable,
    /// What a partner has paid ahead for services of the platform.
    #[serde(rename = "prepaid")]
    Prepaid,
    /// What of it is reserved for orders that are under way.
    #[serde(rename = "reserved")]
    Reserved,
    /// Money on its way to partners by payment order, until the bank's statement confirms it.
    #[serde(rename = "payout")]
    PayoutInTransit,
    /// VAT on the agent's fee.
    #[serde(rename = "vat")]
    CommissionVat,
    /// Income tax withheld from payees who are natural persons (НДФЛ), owed to the budget.
    #[serde(rename = "ndfl")]
    IncomeTax,
    /// What the platform owes those who print its receipts and carry its messages.
    #[serde(rename = "suppliers")]
    Suppliers,
    /// The agent's fee.
    #[serde(rename = "fee")]
    Commission,
    /// Services of the platform a partner has paid for.
    #[serde(rename = "service")]
    Services,
    /// What banks charge for taking money.
    #[serde(rename = "acquirer")]
    Acquiring,
    /// What receipts and messages cost the platform; partners pay nothing for them.
    #[serde(rename = "messaging")]
    Messaging,
    /// Differences an accountant has written off, with a reason.
    #[serde(rename = "adjust")]
    Adjustment,
}

impl Account {
    /// All accounts, in the order a trial balance lists them.
    pub const ALL: [Self; 18] = [
        Self::BankClearing,
        Self::Nominal,
        Self::Settlement,
        Self::PartnerCash,
        Self::PartnerDebt,
        Self::PartnerPending,
        Self::PartnerAvailable,
        Self::Prepaid,
        Self::Reserved,
        Self::PayoutInTransit,
        Self::CommissionVat,
        Self::IncomeTax,
        Self::Suppliers,
        Self::Commission,
        Self::Services,
        Self::Acquiring,
        Self::Messaging,
        Self::Adjustment,
    ];

    /// The code used in rows and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BankClearing => "bank",
            Self::Nominal => "nominal",
            Self::Settlement => "settlement",
            Self::PartnerCash => "cash",
            Self::PartnerDebt => "debt",
            Self::PartnerPending => "partner",
            Self::PartnerAvailable => "available",
            Self::Prepaid => "prepaid",
            Self::Reserved => "reserved",
            Self::PayoutInTransit => "payout",
            Self::CommissionVat => "vat",
            Self::IncomeTax => "ndfl",
            Self::Suppliers => "suppliers",
            Self::Commission => "fee",
            Self::Services => "service",
            Self::Acquiring => "acquirer",
            Self::Messaging => "messaging",
            Self::Adjustment => "adjust",
        }
    }

    /// What it is.
    pub const fn nature(self) -> Nature {
        match self {
            Self::BankClearing | Self::Nominal | Self::Settlement | Self::PartnerCash | Self::PartnerDebt => {
                Nature::Asset
            }
            Self::PartnerPending
            | Self::PartnerAvailable
            | Self::Prepaid
            | Self::Reserved
            | Self::PayoutInTransit
            | Self::CommissionVat
            | Self::IncomeTax
            | Self::Suppliers => Nature::Liability,
            Self::Commission | Self::Services => Nature::Income,
            Self::Acquiring | Self::Messaging | Self::Adjustment => Nature::Expense,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_those_of_the_rows_and_no_two_are_alike() {
        let codes: BTreeSet<_> = Account::ALL.iter().map(|account| account.code()).collect();
        assert_eq!(codes.len(), Account::ALL.len());
        for account in Account::ALL {
            assert_eq!(serde_json::to_string(&account).unwrap(), format!("\"{}\"", account.code()));
        }
    }
}
