//! Requisites that carry their own check digits: ИНН, КПП, БИК, account numbers.

/// A partner's kind, told by the length of the ИНН. Natural persons without a business are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A legal entity: 10 digits.
    LegalEntity,
    /// A sole proprietor: 12 digits.
    SoleProprietor,
}

/// The digits of a text, when it consists of just `count` of them.
fn digits<const COUNT: usize>(text: &str) -> Option<[u32; COUNT]> {
    let mut values = [0; COUNT];
    if text.len() != COUNT {
        return None;
    }
    for (value, character) in values.iter_mut().zip(text.chars()) {
        *value = character.to_digit(10)?;
    }
    Some(values)
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Reads an ИНН with its check digits (order of the Federal Tax Service ЕД-7-14/559@: sums modulo 11, then modulo 10).
pub fn inn(text: &str) -> Option<Kind> {
    const TENTH: [u32; 9] = [2, 4, 10, 3, 5, 9, 4, 6, 8];
    const ELEVENTH: [u32; 10] = [7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    const TWELFTH: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    let check = |digits: &[u32], weights: &[u32]| weighted(digits, weights) % 11 % 10;
    if let Some(digits) = digits::<10>(text) {
        let right = digits[9] == check(&digits, &TENTH) && digits.iter().any(|digit| *digit > 0);
        return right.then_some(Kind::LegalEntity);
    }
    let digits = digits::<12>(text)?;
    let right = digits[10] == check(&digits, &ELEVENTH) && digits[11] == check(&digits, &TWELFTH);
    (right && digits.iter().any(|digit| *digit > 0)).then_some(Kind::SoleProprietor)
}

/// Whether a text is a КПП: four digits of the tax office, two signs of the reason, three digits. It has no check digit.
pub fn is_kpp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let reason = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    bytes.len() == 9
        && bytes[..4].iter().chain(&bytes[6..]).all(u8::is_ascii_digit)
        && bytes[4..6].iter().all(reason)
        && bytes[..4] != *b"0000"
}

/// Whether a text is a БИК of a Russian bank: nine digits that begin with the country's 04.
pub fn is_bic(text: &str) -> bool {
    digits::<9>(text).is_some() && text.starts_with("04")
}

/// Whether the control key of an account at a bank is right (Bank of Russia, 08.09.1997 № 515: weights 7, 1, 3 over the last three
/// digits of the БИК and the account).
pub fn is_account(account: &str, bic: &str) -> bool {
    is_bic(bic) && key_holds(&bic[6..], account)
}

/// Whether the control key of a bank's correspondent account at the Bank of Russia is right: the same with 0 and the fifth and sixth
/// digits of the БИК. The last three digits of both are the same.
pub fn is_correspondent(account: &str, bic: &str) -> bool {
    is_bic(bic)
        && account.starts_with("301")
        && account.ends_with(&bic[6..])
        && key_holds(&format!("0{}", &bic[4..6]), account)
}

fn key_holds(bank: &str, account: &str) -> bool {
    let Some(digits) = digits::<23>(&format!("{bank}{account}")).filter(|_| account.len() == 20) else { return false };
    let sum: u32 = digits.iter().zip([7, 1, 3].iter().cycle()).map(|(digit, weight)| digit * weight % 10).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_hold_and_each_wrong_digit_is_found() {
        // Sberbank and Yandex; the example of the Federal Tax Service's order for individuals.
        for text in ["7707083893", "7736207543", "7728168971"] {
            assert_eq!(inn(text), Some(Kind::LegalEntity), "{text}");
        }
        assert_eq!(inn("500100732259"), Some(Kind::SoleProprietor));
        for (at, _) in "7707083893".char_indices() {
            let mut wrong = "7707083893".as_bytes().to_vec();
            wrong[at] = b'0' + (wrong[at] - b'0' + 1) % 10;
            assert_eq!(inn(std::str::from_utf8(&wrong).unwrap()), None);
        }
        for text in [
            "",
            "77",
            "770708389",
            "77070838931",
            "7707083893a",
            "٧٧٠٧٠٨٣٨٩٣",
            "0000000000",
            "000000000000",
            "500100732258",
        ] {
            assert_eq!(inn(text), None, "{text}");
        }
    }

    #[test]
    fn a_kpp_has_a_form() {
        assert!(is_kpp("773601001") && is_kpp("7736AZ001"));
        for text in ["", "77360100", "7736010011", "7736az001", "77360100я", "000001001"] {
            assert!(!is_kpp(text), "{text}");
        }
    }

    #[test]
    fn accounts_agree_with_the_examples_of_the_bank_of_russia() {
        // Examples 1 and 3 of the annex to № 515.
        assert!(is_account("40602810700000000025", "049805746"));
        assert!(key_holds("005", "30101810800000000746"));
        // Published requisites of Sberbank and T-Bank.
        assert!(is_correspondent("30101810400000000225", "044525225"));
        assert!(is_correspondent("30101810145250000974", "044525974"));
        for (account, bic) in [
            ("40602810700000000026", "049805746"),
            ("40602810800000000025", "049805746"),
            ("40602810700000000025", "049805747"),
            ("4060281070000000002", "049805746"),
            ("406028107000000000250", "049805746"),
            ("40602810700000000025", "49805746"),
            ("4060281070000000002я", "049805746"),
        ] {
            assert!(!is_account(account, bic), "{account} {bic}");
        }
        assert!(!is_correspondent("30101810400000000225", "044525974"));
    }
}
