//! Who is paid and where to: tax numbers, banks, accounts and wallets, held to the check digits their issuers publish.
//!
//! Nothing here asks a directory. A number that passes is well formed and was not mistyped by one digit; whether the bank, the
//! account or the taxpayer exists, only the bank and the tax service know.

use serde::{Deserialize, Serialize};

use crate::receipt::laws::Rule;

/// Who a payee is. It decides which accounts can be theirs, which numbers they have, and whether tax is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayeeKind {
    /// A legal entity.
    Company,
    /// A sole proprietor (ИП).
    Entrepreneur,
    /// A natural person who pays the tax on professional income (НПД).
    SelfEmployed,
    /// Any other natural person: НДФЛ is withheld.
    Person,
}

/// What a payee gave of themselves. An absent field is an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requisites<'a> {
    /// Who they are.
    pub kind: PayeeKind,
    /// Name.
    pub name: &'a str,
    /// ИНН.
    pub inn: &'a str,
    /// КПП.
    pub kpp: Option<&'a str>,
    /// ОГРН or ОГРНИП.
    pub ogrn: Option<&'a str>,
    /// Where the money goes.
    pub destination: Destination<'a>,
}

/// Where money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination<'a> {
    /// An account with a bank.
    Account {
        /// БИК.
        bic: &'a str,
        /// Account number.
        number: &'a str,
        /// The bank's correspondent account; empty for a unit of the Bank of Russia, which has none.
        correspondent: &'a str,
    },
    /// An e-wallet.
    Wallet {
        /// Whose.
        operator: WalletOperator,
        /// Its number.
        number: &'a str,
    },
}

/// Whose wallets money can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalletOperator {
    /// `ЮMoney`.
    Yoomoney,
}

impl WalletOperator {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Yoomoney];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Yoomoney => "yoomoney",
        }
    }
}

impl PayeeKind {
    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Entrepreneur => "entrepreneur",
            Self::SelfEmployed => "self_employed",
            Self::Person => "person",
        }
    }
}

/// A rule a payee's requisites break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which field, as a JSON pointer: `/account`.
    pub field: &'static str,
    /// What is wanted.
    pub rule: &'static Rule,
}

/// The rules by name.
pub mod rule {
    use super::Rule;
    use crate::receipt::laws::rules;

    rules! {
        NAME "payee_name" "Наименование получателя от 1 до 160 символов, без управляющих." "The payee's name has 1 to 160 characters, none of them control characters."
        INN_COMPANY "inn_company" "ИНН организации: 10 цифр с верной контрольной." "The ИНН of a legal entity: 10 digits with a right check digit."
        INN_PERSON "inn_person" "ИНН физического лица или ИП: 12 цифр с верными контрольными." "The ИНН of a person: 12 digits with right check digits."
        KPP "kpp" "КПП организации: 9 знаков, 4 цифры, 2 цифры или латинские заглавные буквы, 3 цифры." "The КПП of a legal entity: 9 characters, 4 digits, 2 digits or capital Latin letters, 3 digits."
        KPP_UNWANTED "kpp_unwanted" "КПП есть только у организаций." "Only legal entities have a КПП."
        OGRN "ogrn" "ОГРН: 13 цифр, первая 1 или 5, последняя контрольная." "An ОГРН: 13 digits, the first 1 or 5, the last a check digit."
        OGRNIP "ogrnip" "ОГРНИП: 15 цифр, первая 3, последняя контрольная." "An ОГРНИП: 15 digits, the first 3, the last a check digit."
        OGRN_UNWANTED "ogrn_unwanted" "ОГРН есть только у организаций и индивидуальных предпринимателей." "Only legal entities and sole proprietors have an ОГРН."
        BIC "bic" "БИК российского банка: 9 цифр, первые 04, последние три 050–999 либо 000–002." "The БИК of a Russian bank: 9 digits, the first 04, the last three 050 to 999 or 000 to 002."
        ACCOUNT "account" "Номер счёта: 20 цифр." "An account number: 20 digits."
        ACCOUNT_CURRENCY "account_currency" "Счёт в рублях: 6–8-я цифры 810." "An account in roubles: the 6th to 8th digits are 810."
        ACCOUNT_KEY "account_key" "Контрольный ключ (9-я цифра) не подходит к БИК: проверьте счёт и БИК." "The check digit (the 9th) does not fit the БИК: check both the account and the БИК."
        ACCOUNT_CLASS "account_class" "Такой счёт не может принадлежать получателю этого вида: организациям 405–407 и 40807, ИП 40802, физическим лицам 40817, 40820, 423 и 426." "A payee of this kind can not own such an account: legal entities 405 to 407 and 40807, sole proprietors 40802, persons 40817, 40820, 423 and 426."
        CORRESPONDENT "correspondent" "Корреспондентский счёт: 20 цифр, первые 301, последние три как у БИК." "A correspondent account: 20 digits, the first 301, the last three as in the БИК."
        CORRESPONDENT_KEY "correspondent_key" "Контрольный ключ корреспондентского счёта не подходит к БИК." "The correspondent account's check digit does not fit the БИК."
        CORRESPONDENT_UNWANTED "correspondent_unwanted" "У подразделения Банка России нет корреспондентского счёта." "A unit of the Bank of Russia has no correspondent account."
        WALLET "wallet" "Номер кошелька ЮMoney: от 11 до 20 цифр." "The number of the wallet: 11 to 20 digits."
        WALLET_OWNER "wallet_owner" "На кошелёк выплачивают только физическим лицам." "Only natural persons are paid to a wallet."
    }
}

/// Every rule a payee's requisites break, field by field.
pub fn breaches(of: &Requisites) -> Vec<Breach> {
    let mut found = own_breaches(of);
    found.extend(destination_breaches(of.kind, &of.destination));
    found
}

/// Every rule broken by where the money of a payee of this kind goes.
pub fn destination_breaches(kind: PayeeKind, destination: &Destination) -> Vec<Breach> {
    match *destination {
        Destination::Account { bic, number, correspondent } => account_breaches(kind, bic, number, correspondent),
        Destination::Wallet { operator: WalletOperator::Yoomoney, number } => {
            let mut found = Vec::new();
            let mut must = |holds: bool, rule| {
                if !holds {
                    found.push(Breach { field: "/wallet", rule });
                }
            };
            must(matches!(kind, PayeeKind::SelfEmployed | PayeeKind::Person), &rule::WALLET_OWNER);
            // yookassa.ru/docs/payouts/api/make-deposition/wallet, `dstAccount`: 11 to 20 digits. Their check digit is not published.
            must(is_digits(number) && (11..=20).contains(&number.len()), &rule::WALLET);
            found
        }
    }
}

/// Every rule broken by what a payee gave of themselves, wherever the money goes.
pub fn own_breaches(of: &Requisites) -> Vec<Breach> {
    let mut found = Vec::new();
    let mut must = |holds: bool, field, rule| {
        if !holds {
            found.push(Breach { field, rule });
        }
    };
    must(crate::receipt::laws::is_text(of.name, 160), "/name", &rule::NAME);
    let inn = is_inn(of.inn);
    match of.kind {
        PayeeKind::Company => {
            must(inn && of.inn.len() == 10, "/inn", &rule::INN_COMPANY);
            must(of.kpp.is_some_and(is_kpp), "/kpp", &rule::KPP);
            must(of.ogrn.is_none_or(is_ogrn), "/ogrn", &rule::OGRN);
        }
        PayeeKind::Entrepreneur => {
            must(inn && of.inn.len() == 12, "/inn", &rule::INN_PERSON);
            must(of.kpp.is_none(), "/kpp", &rule::KPP_UNWANTED);
            must(of.ogrn.is_none_or(is_ogrnip), "/ogrn", &rule::OGRNIP);
        }
        PayeeKind::SelfEmployed | PayeeKind::Person => {
            must(inn && of.inn.len() == 12, "/inn", &rule::INN_PERSON);
            must(of.kpp.is_none(), "/kpp", &rule::KPP_UNWANTED);
            must(of.ogrn.is_none(), "/ogrn", &rule::OGRN_UNWANTED);
        }
    }
    found
}

/// The rules an account breaks. Keys are checked only against a БИК that is one.
fn account_breaches(kind: PayeeKind, bic: &str, number: &str, correspondent: &str) -> Vec<Breach> {
    let mut found = Vec::new();
    let mut must = |holds: bool, field, rule| {
        if !holds {
            found.push(Breach { field, rule });
        }
        holds
    };
    let bic = Some(bic).filter(|bic| must(is_bic(bic), "/bic", &rule::BIC));
    if must(is_digits(number) && number.len() == 20, "/account", &rule::ACCOUNT) {
        must(&number[5..8] == "810", "/account", &rule::ACCOUNT_CURRENCY);
        must(may_own(kind, number), "/account", &rule::ACCOUNT_CLASS);
        must(bic.is_none_or(|bic| key_fits(bic, number)), "/account", &rule::ACCOUNT_KEY);
    }
    match bic {
        Some(bic) if is_of_central_bank(bic) => {
            must(correspondent.is_empty(), "/correspondent", &rule::CORRESPONDENT_UNWANTED);
        }
        Some(bic) => {
            let shaped = is_digits(correspondent) && correspondent.len() == 20;
            let shaped = shaped && correspondent.starts_with("301") && correspondent[17..] == bic[6..];
            if must(shaped, "/correspondent", &rule::CORRESPONDENT) {
                must(correspondent_key_fits(bic, correspondent), "/correspondent", &rule::CORRESPONDENT_KEY);
            }
        }
        None => {}
    }
    found
}

/// Accounts by the first digits of their number, as the chart of accounts of credit institutions names them (Положение Банка
/// России № 809-П): 405 to 407 legal entities, 40802 sole proprietors, 40807 legal entities from abroad, 40817 and 40820
/// residents and non-residents, 423 and 426 their deposits.
fn may_own(kind: PayeeKind, account: &str) -> bool {
    let starts = |classes: &[&str]| classes.iter().any(|class| account.starts_with(class));
    match kind {
        PayeeKind::Company => starts(&["405", "406", "407", "40807"]),
        PayeeKind::Entrepreneur => starts(&["40802"]),
        PayeeKind::SelfEmployed | PayeeKind::Person => starts(&["40817", "40820", "423", "426"]),
    }
}

/// Whether a text is the БИК of a Russian bank: `04`, the region, the Bank of Russia's unit there, and the bank's number 050 to
/// 999, or 000 to 002 for a unit of the Bank of Russia itself. БИК of the Treasury begin with 00 and 01: nobody is paid there.
pub fn is_bic(text: &str) -> bool {
    let shaped = is_digits(text) && text.len() == 9 && text.starts_with("04");
    shaped && text[6..].parse::<u16>().is_ok_and(|bank| bank <= 2 || bank >= 50)
}

/// Whether accounts at this БИК are kept by the Bank of Russia itself.
fn is_of_central_bank(bic: &str) -> bool {
    bic[6..].starts_with("00")
}

/// Whether an account's check digit (its ninth) fits the bank (Порядок расчета контрольного ключа в номере лицевого счета,
/// Банк России, 08.09.1997 № 515): each digit of the bank's three and of the account's twenty is multiplied by 7, 1, 3 in turn,
/// and the last digits of the products add up to a multiple of ten. The three are the last of the БИК, and for accounts kept by
/// the Bank of Russia a zero and its fifth and sixth digits.
///
/// False for anything that is not a БИК and an account number.
pub fn key_fits(bic: &str, account: &str) -> bool {
    if !is_bic(bic) {
        return false;
    }
    let unit = if is_of_central_bank(bic) { format!("0{}", &bic[4..6]) } else { bic[6..].to_owned() };
    weighs_out(&unit, account)
}

/// Whether a bank's correspondent account, kept by the Bank of Russia, fits its БИК: see [`key_fits`].
pub fn correspondent_key_fits(bic: &str, account: &str) -> bool {
    is_bic(bic) && weighs_out(&format!("0{}", &bic[4..6]), account)
}

fn weighs_out(unit: &str, account: &str) -> bool {
    if !is_digits(account) || account.len() != 20 {
        return false;
    }
    let weights = [7, 1, 3].into_iter().cycle();
    let products = digits(unit).chain(digits(account)).zip(weights).map(|(digit, weight)| digit * weight % 10);
    products.sum::<u32>().is_multiple_of(10)
}

/// Check digits of an ИНН (приказ ФНС ММВ-7-6/435, weights as published there).
pub fn is_inn(text: &str) -> bool {
    const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    if !is_digits(text) || text.bytes().all(|byte| byte == b'0') {
        return false;
    }
    let digits: Vec<u32> = digits(text).collect();
    let control = |many: usize| {
        let weights = &WEIGHTS[WEIGHTS.len() - many..];
        digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 % 10
    };
    match digits.len() {
        10 => control(9) == digits[9],
        12 => control(10) == digits[10] && control(11) == digits[11],
        _ => false,
    }
}

/// A КПП: the tax office's four digits, the reason's two digits or capital Latin letters, and three digits (приказ ФНС
/// ММВ-7-6/435).
pub fn is_kpp(text: &str) -> bool {
    let wanted =
        |(place, byte): (usize, u8)| byte.is_ascii_digit() || (matches!(place, 4 | 5) && byte.is_ascii_uppercase());
    text.len() == 9 && text.bytes().enumerate().all(wanted) && !text.starts_with("0000")
}

/// An ОГРН of a legal entity: 13 digits beginning with 1 or 5, the last of them what is left of the others by 11 (and its last
/// digit): приказ Минфина 30.10.2017 № 165н, item 5.
pub fn is_ogrn(text: &str) -> bool {
    text.len() == 13 && text.starts_with(['1', '5']) && remainder_fits(text, 11)
}

/// An ОГРНИП of a sole proprietor: 15 digits beginning with 3, the last of them what is left of the others by 13 (and its last
/// digit): приказ Минфина 30.10.2017 № 165н, item 5.
pub fn is_ogrnip(text: &str) -> bool {
    text.len() == 15 && text.starts_with('3') && remainder_fits(text, 13)
}

fn remainder_fits(text: &str, divisor: u64) -> bool {
    let Some((number, check)) = text.split_at_checked(text.len() - 1).filter(|_| is_digits(text)) else { return false };
    let left = number.parse::<u64>().map(|number| number % divisor % 10);
    left.is_ok_and(|left| check.parse() == Ok(left))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(text: &str) -> impl Iterator<Item = u32> {
    text.bytes().map(|byte| u32::from(byte.wrapping_sub(b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn check_digits_of_published_numbers() {
        // OrangeData's and ATOL's public test companies, Сбербанк, and the tax service's own sample of a person.
        for inn in ["7727401209", "5544332219", "7707083893", "500100732259"] {
            assert!(is_inn(inn), "{inn}");
        }
        for inn in ["", "7707083894", "500100732258", "770708389", "0000000000", "7707083893 ", "77070838٩3"] {
            assert!(!is_inn(inn), "{inn}");
        }
        // Сбербанк, Банк России, ФНС России; an ОГРНИП made by the published rule.
        for ogrn in ["1027700132195", "1037700013020", "1047707030513"] {
            assert!(is_ogrn(ogrn), "{ogrn}");
        }
        for ogrn in ["", "1027700132196", "102770013219", "3027700132195", "10277001321950"] {
            assert!(!is_ogrn(ogrn), "{ogrn}");
        }
        assert!(is_ogrnip("304500116000157") && !is_ogrnip("304500116000158") && !is_ogrnip("104500116000157"));
        assert!(is_kpp("773601001") && is_kpp("7736AZ001"));
        assert!(!is_kpp("77360100") && !is_kpp("7736az001") && !is_kpp("A73601001") && !is_kpp("000001001"));
    }

    /// Examples 1 to 3 of the annex to the Bank of Russia's order 515 (consultant.ru `LAW_16053`), and the banks of today.
    #[test]
    fn account_keys_of_published_examples() {
        assert!(correspondent_key_fits("049805000", "30101810800000000746"));
        assert!(key_fits("040305000", "40102810100000010001"));
        assert!(key_fits("049805746", "40602810700000000025"));
        assert!(key_fits("044525225", "40702810200000000001"));
        for (bic, correspondent) in [("044525225", "30101810400000000225"), ("044525974", "30101810145250000974")] {
            assert!(correspondent_key_fits(bic, correspondent), "{bic}");
            // Accounts with the Bank of Russia go by its unit, not by the bank's own number.
            assert!(!key_fits(bic, correspondent), "{bic}");
        }
        for account in ["40702810300000000001", "4070281020000000000", "40702810200000000O01", ""] {
            assert!(!key_fits("044525225", account), "{account}");
        }
        assert!(!key_fits("0445252", "40702810200000000001") && !key_fits("044525é5", "40702810200000000001"));
    }

    #[test]
    fn a_bic_is_a_russian_bank() {
        for bic in ["044525225", "044525974", "049805000", "046577964", "044525050", "044525002"] {
            assert!(is_bic(bic), "{bic}");
        }
        for bic in ["", "017003983", "004525988", "44525225", "0445252255", "04452522x", "044525049", "044525003"] {
            assert!(!is_bic(bic), "{bic}");
        }
    }

    const BANK: Destination = Destination::Account {
        bic: "044525225",
        number: "40702810200000000001",
        correspondent: "30101810400000000225",
    };

    fn company() -> Requisites<'static> {
        Requisites {
            kind: PayeeKind::Company,
            name: "ПАО Сбербанк",
            inn: "7707083893",
            kpp: Some("773601001"),
            ogrn: Some("1027700132195"),
            destination: BANK,
        }
    }

    fn broken(of: &Requisites) -> Vec<(&'static str, &'static str)> {
        breaches(of).iter().map(|breach| (breach.field, breach.rule.code)).collect()
    }

    #[test]
    fn every_field_says_what_is_wrong_with_it() {
        assert_eq!(broken(&company()), []);
        let account = |bic, number, correspondent| Requisites {
            destination: Destination::Account { bic, number, correspondent },
            ..company()
        };
        let (bic, number, corr) = ("044525225", "40702810200000000001", "30101810400000000225");
        let table = [
            (account(bic, "40702810900000000001", corr), vec![("/account", "account_key")]),
            (account(bic, "40702840500000000001", corr), vec![("/account", "account_currency")]),
            (account(bic, "4070281020000000000", corr), vec![("/account", "account")]),
            (account(bic, "", corr), vec![("/account", "account")]),
            (account(bic, number, ""), vec![("/correspondent", "correspondent")]),
            (account(bic, number, "30101810145250000974"), vec![("/correspondent", "correspondent")]),
            (account(bic, number, "30101810500000000225"), vec![("/correspondent", "correspondent_key")]),
            (account("04452522", number, corr), vec![("/bic", "bic")]),
            (account("017003983", number, corr), vec![("/bic", "bic")]),
            (
                account("049805000", number, corr),
                vec![("/account", "account_key"), ("/correspondent", "correspondent_unwanted")],
            ),
            (Requisites { inn: "500100732259", ..company() }, vec![("/inn", "inn_company")]),
            (Requisites { kpp: None, ..company() }, vec![("/kpp", "kpp")]),
            (Requisites { ogrn: Some("1027700132196"), ..company() }, vec![("/ogrn", "ogrn")]),
            (Requisites { name: " ", ..company() }, vec![("/name", "payee_name")]),
        ];
        for (of, wanted) in table {
            // 40702840… differs from the valid one by its currency, which the key covers as well.
            let found: Vec<_> = broken(&of)
                .into_iter()
                .filter(|(_, code)| wanted[0].1 != "account_currency" || *code != "account_key")
                .collect();
            assert_eq!(found, wanted, "{of:?}");
        }
    }

    #[test]
    fn an_account_fits_its_owner() {
        // Any account with the key put right, at Сбербанк.
        let keyed = |class: &str| {
            (0..10)
                .map(|key| format!("{class}810{key}00000000001"))
                .find(|account| key_fits("044525225", account))
                .unwrap()
        };
        let fits = |kind, class: &str| {
            let number = keyed(class);
            account_breaches(kind, "044525225", &number, "30101810400000000225").is_empty()
        };
        for (kind, own) in [
            (PayeeKind::Company, ["40502", "40602", "40702", "40703", "40807"].as_slice()),
            (PayeeKind::Entrepreneur, &["40802"]),
            (PayeeKind::SelfEmployed, &["40817", "40820", "42301", "42606"]),
            (PayeeKind::Person, &["40817", "40820", "42301", "42606"]),
        ] {
            let all = [
                "40502", "40602", "40702", "40703", "40807", "40802", "40817", "40820", "42301", "42606", "47422",
                "30232",
            ];
            for class in all {
                assert_eq!(fits(kind, class), own.contains(&class), "{kind:?} {class}");
            }
        }
    }

    #[test]
    fn persons_have_wallets_and_no_company_numbers() {
        let wallet = |number| Destination::Wallet { operator: WalletOperator::Yoomoney, number };
        let person = |number| Requisites {
            kind: PayeeKind::Person,
            name: "Иванова Мария Петровна",
            inn: "500100732259",
            kpp: None,
            ogrn: None,
            destination: wallet(number),
        };
        // The example of the vendor's own page.
        assert_eq!(broken(&person("4100116075156746")), []);
        for number in ["4100116075", "410011607515674612345", "41001160751567x6", ""] {
            assert_eq!(broken(&person(number)), [("/wallet", "wallet")], "{number}");
        }
        let firm = Requisites { destination: wallet("4100116075156746"), ..company() };
        assert_eq!(broken(&firm), [("/wallet", "wallet_owner")]);
        let odd = Requisites { kpp: Some("773601001"), ogrn: Some("1027700132195"), ..person("4100116075156746") };
        assert_eq!(broken(&odd), [("/kpp", "kpp_unwanted"), ("/ogrn", "ogrn_unwanted")]);
        let proprietor =
            Requisites { kind: PayeeKind::Entrepreneur, ogrn: Some("1027700132195"), destination: BANK, ..odd };
        assert_eq!(broken(&proprietor), [("/kpp", "kpp_unwanted"), ("/ogrn", "ogrnip"), ("/account", "account_class")]);
    }

    #[test]
    fn every_rule_has_a_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> = rule::ALL.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), rule::ALL.len());
    }

    proptest! {
        #[test]
        fn one_wrong_digit_never_passes(bank in 50_u16..=999, tail in 0_u64..1_000_000_000_000, place in 0_usize..20, by in 1_u8..10) {
            let bic = format!("044525{bank:03}");
            let account = |key: u8| format!("40702810{key}{:011}", tail % 100_000_000_000);
            let right: Vec<_> = (0..10).map(account).filter(|account| key_fits(&bic, account)).collect();
            prop_assert_eq!(right.len(), 1, "one key fits");
            let mut changed = right[0].clone().into_bytes();
            changed[place] = b'0' + (changed[place] - b'0' + by) % 10;
            prop_assert!(!key_fits(&bic, std::str::from_utf8(&changed).unwrap()));
        }

        #[test]
        fn nothing_typed_panics(text in "\\PC{0,24}", other in "[0-9]{0,22}") {
            for kind in [PayeeKind::Company, PayeeKind::Entrepreneur, PayeeKind::SelfEmployed, PayeeKind::Person] {
                for (bic, number, correspondent) in [(&text, &other, &text), (&other, &text, &other), (&text, &text, &text)] {
                    let destination = Destination::Account { bic, number, correspondent };
                    let of = Requisites { kind, name: &text, inn: &other, kpp: Some(&text), ogrn: Some(&other), destination };
                    prop_assert!(!breaches(&of).is_empty());
                }
            }
        }
    }
}
