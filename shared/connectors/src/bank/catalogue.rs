//! The banks by name: which protocol each speaks, where, and which of them are gone.
//!
//! A bank is configuration: its key stands in an account, the account's credentials and address do the rest. Banks without a
//! protocol of their own here are reached through `PayKeeper`, which connects them under its one.

use domain::acquiring::{Account, Credentials, Method, MethodTerms};
use domain::time::Timestamp;

use super::Bank;
use super::assist::{self, AssistBank};
use super::paykeeper::{self, PaykeeperBank};
use super::rbs::{self, RbsBank};
use super::tbank::{self, TbankBank};
use super::yookassa::{self, YookassaBank};

/// A family of protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// RBS/BPC.
    Rbs,
    /// T-Bank EACQ.
    Tbank,
    /// `PayKeeper`.
    Paykeeper,
    /// Assist.
    Assist,
    /// `YooKassa`.
    Yookassa,
}

impl Family {
    /// All.
    pub const ALL: [Self; 5] = [Self::Rbs, Self::Tbank, Self::Paykeeper, Self::Assist, Self::Yookassa];

    /// The code used in the API and in the sandbox's addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rbs => "rbs",
            Self::Tbank => "tbank",
            Self::Paykeeper => "paykeeper",
            Self::Assist => "assist",
            Self::Yookassa => "yookassa",
        }
    }

    /// What an account of the family can do where nothing else was agreed with the bank.
    pub fn terms(self) -> Vec<MethodTerms> {
        match self {
            Self::Rbs => rbs::terms(),
            Self::Tbank => tbank::terms(),
            Self::Yookassa => yookassa::terms(),
            Self::Assist => assist::terms(),
            Self::Paykeeper => paykeeper::terms(),
        }
    }
}

impl Family {
    /// The credentials an account can not do without, by name: nothing is asked of the bank without them, and nothing it tells can
    /// be believed.
    pub const fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Rbs => &["user", "password"],
            Self::Tbank => &["terminal_key", "password"],
            Self::Paykeeper => &["user", "password", "secret"],
            Self::Assist => &["merchant_id", "login", "password"],
            Self::Yookassa => &["shop_id", "secret_key"],
        }
    }

    /// Those it may have besides; a name that ends with `_` begins many.
    const fn possible(self) -> &'static [&'static str] {
        match self {
            Self::Rbs => &["token", "base_path", "page", "callback_key", "callback_public_key"],
            Self::Tbank => &[],
            Self::Paykeeper => &["hold_systems", "pstype_"],
            Self::Assist => &["secret", "test"],
            Self::Yookassa => &["networks"],
        }
    }

    /// Whether nothing that is needed is missing or empty. RBS takes a token instead of a user.
    pub fn is_complete(self, credentials: &Credentials) -> bool {
        let by_token = self == Self::Rbs && credentials.of("user").is_empty() && !credentials.of("token").is_empty();
        by_token || self.needed().iter().all(|name| !credentials.of(name).is_empty())
    }

    /// Whether a payment by these means can be asked for at all. `PayKeeper` leads to whatever its cabinet has under a `pstype`.
    pub fn speaks(self, method: Method, credentials: &Credentials) -> bool {
        let named = self == Self::Paykeeper && !credentials.of(&format!("pstype_{}", method.code())).is_empty();
        named || self.terms().iter().any(|terms| terms.method == method)
    }

    /// Names that mean nothing to it: what was meant by them would be missing without a word.
    pub fn unknown(self, credentials: &Credentials) -> Option<&str> {
        let known = |name: &str| {
            let begins = |many: &str| many.ends_with('_') && name.starts_with(many);
            self.needed().contains(&name) || self.possible().iter().any(|one| *one == name || begins(one))
        };
        credentials.0.keys().map(String::as_str).find(|name| !known(name))
    }
}

/// A bank, or a provider that speaks for banks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The protocol it is spoken to in.
    pub family: Family,
    /// Address of its API; nothing where every contract has its own.
    pub address: Option<&'static str>,
    /// Why no contract can be made with it any more.
    pub gone: Option<&'static str>,
}

const fn bank(key: &'static str, name: &'static str, family: Family, address: Option<&'static str>) -> Listed {
    Listed { key, name, family, address, gone: None }
}

const fn via_paykeeper(key: &'static str, name: &'static str) -> Listed {
    bank(key, name, Family::Paykeeper, None)
}

const fn gone(key: &'static str, name: &'static str, why: &'static str) -> Listed {
    Listed { gone: Some(why), ..bank(key, name, Family::Paykeeper, None) }
}

/// All of them.
pub const BANKS: [Listed; 28] = [
    bank("sberbank", "Сбербанк", Family::Rbs, Some("https://securepayments.sberbank.ru")),
    bank("alfabank", "Альфа-Банк", Family::Rbs, Some("https://payment.alfabank.ru")),
    bank("psb", "Промсвязьбанк", Family::Rbs, None),
    bank("tbank", "Т-Банк (Тинькофф)", Family::Tbank, Some("https://securepay.tinkoff.ru")),
    via_paykeeper("vtb", "ВТБ"),
    via_paykeeper("raiffeisen", "Райффайзенбанк"),
    via_paykeeper("ubrir", "УБРиР"),
    via_paykeeper("tochka", "Точка"),
    via_paykeeper("rsb", "Русский Стандарт"),
    via_paykeeper("mkb", "МКБ"),
    via_paykeeper("gazprombank", "Газпромбанк"),
    via_paykeeper("uralsib", "Уралсиб"),
    via_paykeeper("bspb", "Банк «Санкт-Петербург»"),
    via_paykeeper("moskommertsbank", "Москоммерцбанк"),
    via_paykeeper("pochtabank", "Почта Банк"),
    via_paykeeper("mts", "МТС Банк"),
    via_paykeeper("sovcombank", "Совкомбанк"),
    gone("otkritie", "Открытие", "merged into ВТБ"),
    gone("minb", "МИнБ", "merged into Промсвязьбанк"),
    gone("qiwi", "КИВИ Банк", "licence revoked in 2024"),
    bank("paykeeper", "PayKeeper", Family::Paykeeper, None),
    bank("assist", "Assist", Family::Assist, Some("https://payments.paysecure.ru")),
    bank("yookassa", "ЮKassa", Family::Yookassa, Some("https://api.yookassa.ru")),
    bank("rbs-test", "RBS, протокольный двойник", Family::Rbs, None),
    bank("tbank-test", "Т-Банк, протокольный двойник", Family::Tbank, None),
    bank("paykeeper-test", "PayKeeper, протокольный двойник", Family::Paykeeper, None),
    bank("assist-test", "Assist, протокольный двойник", Family::Assist, None),
    bank("yookassa-test", "ЮKassa, протокольный двойник", Family::Yookassa, None),
];

/// A bank by its key.
pub fn find(key: &str) -> Option<&'static Listed> {
    BANKS.iter().find(|bank| bank.key == key)
}

/// The bank of an account, speaking its protocol; nothing for a bank that is not in the catalogue or has no address.
pub fn open(account: &Account, now: Timestamp) -> Option<Box<dyn Bank>> {
    let listed = find(&account.bank)?;
    let address = account.address.as_deref().or(listed.address)?;
    let credentials = &account.credentials;
    match listed.family {
        Family::Rbs => Some(Box::new(RbsBank::new(address, credentials, now))),
        Family::Tbank => Some(Box::new(TbankBank::new(address, credentials, now))),
        Family::Yookassa => Some(Box::new(YookassaBank::new(address, credentials, now))),
        Family::Assist => Some(Box::new(AssistBank::new(address, credentials, now))),
        Family::Paykeeper => Some(Box::new(PaykeeperBank::new(address, credentials, now))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_account_needs_is_known_by_its_familys_own_names() {
        let given =
            |names: &[&str]| Credentials(names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect());
        for family in Family::ALL {
            let all = given(family.needed());
            assert!(family.is_complete(&all) && family.unknown(&all).is_none(), "{}", family.code());
            for missing in family.needed() {
                let mut less = all.clone();
                less.0.insert((*missing).to_owned(), String::new());
                assert!(!family.is_complete(&less), "{} without {missing}", family.code());
            }
            assert_eq!(family.unknown(&given(&["userName"])), Some("userName"));
        }
        assert!(Family::Rbs.is_complete(&given(&["token"])));
        assert!(Family::Paykeeper.speaks(Method::Dolyami, &given(&["pstype_dolyami"])));
        assert!(!Family::Paykeeper.speaks(Method::Dolyami, &given(&["pstype_card"])));
        assert!(!Family::Tbank.speaks(Method::Dolyami, &given(&["pstype_dolyami"])));
        assert_eq!(Family::Paykeeper.unknown(&given(&["pstype_card", "hold_systems"])), None);
    }

    #[test]
    fn every_bank_has_a_key_of_its_own_and_the_gone_ones_say_why() {
        for (at, bank) in BANKS.iter().enumerate() {
            assert!(BANKS[..at].iter().all(|other| other.key != bank.key), "{}", bank.key);
            assert!(bank.address.is_none_or(|address| address.starts_with("https://") && !address.ends_with('/')));
        }
        let gone: Vec<_> = BANKS.iter().filter(|bank| bank.gone.is_some()).map(|bank| bank.key).collect();
        assert_eq!(gone, ["otkritie", "minb", "qiwi"]);
    }
}
