//! What a field is by its name, in the words of all the banks we speak to.

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing the name tells: looked through.
    Free,
    /// A number, an amount or a moment: no telephone, however it looks.
    Plain,
    /// Passwords, signatures, tokens, CVC, expiry.
    Secret,
    /// A card's number.
    Card,
    /// A person's name or address.
    Person,
    /// An e-mail address.
    Email,
    /// A telephone.
    Phone,
}

/// Parts of names of secrets.
const SECRET_PARTS: [&str; 27] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "authorization",
    "signature",
    "checkvalue",
    "checksum",
    "apikey",
    "privatekey",
    "cookie",
    "cryptogram",
    "hmac",
    "cvv",
    "cvc",
    "securitycode",
    "pareq",
    "pares",
    "cavv",
    // Tokens of saved means: who has one and the shop's password charges the card.
    "rebillid",
    "bindingid",
    "paymentmethodid",
    "cardid",
    "cardref",
    "recurrentid",
    "bindinghash",
];

/// Whole names of secrets.
const SECRETS: [&str; 30] = [
    "sign",
    "sig",
    "key", // `PayKeeper`'s signature
    "hash",
    "salt",
    "pin",
    "pass",
    "otp",
    "sessionid",
    "creq",
    "cres",
    "track1",
    "track2",
    "bankid", // `PayKeeper`'s token of a saved card
    "paymentdata",
    "seamless",
    "jwt",
    "auth",
    "bearer",
    "cardexpiry",
    "cardexpirydate",
    "cardexpiration",
    "expdate",
    "expiration",
    "expirymonth",
    "expiryyear",
    "expiremonth",
    "expireyear",
    "expmonth",
    "expyear",
];

/// Parts of names of people's names.
const PERSON_PARTS: [&str; 17] = [
    "cardholder",
    "holdername",
    "lastname",
    "firstname",
    "middlename",
    "surname",
    "patronymic",
    "fullname",
    "payername",
    "clientname",
    "customername",
    "buyername",
    "nameoncard",
    "cardname",
    "birth",
    "passport",
    "recipientname",
];

/// Whole names of people's names and addresses. `PayKeeper`'s `clientid` is the buyer's name as a rule.
const PEOPLE: [&str; 11] = [
    "clientid",
    "fio",
    "holder",
    "address",
    "homeaddress",
    "billingaddress",
    "deliveryaddress",
    "postaddress",
    "address1",
    "address2",
    "street",
];

/// What a field is, by its name and that of what it stands in.
pub(super) fn kind(parent: &str, name: &str) -> Kind {
    let (outer, own) = split(name);
    let parent = if outer.is_empty() { normal(parent) } else { normal(outer) };
    let name = normal(own);
    let part = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let within = |what: &str| parent.contains(what);
    let saved = matches!(parent.as_str(), "paymentmethod" | "bindinginfo" | "binding" | "bindings" | "card");
    if part(&SECRET_PARTS) || SECRETS.contains(&name.as_str()) || (saved && name == "id") {
        Kind::Secret
    } else if matches!(name.as_str(), "pan" | "maskedpan" | "cardpan" | "ccnumber" | "cc" | "cardno")
        || name.contains("cardnum")
        || (within("card") && name == "number")
    {
        Kind::Card
    } else if name.contains("email") || matches!(name.as_str(), "mail" | "ownermail") {
        Kind::Email
    } else if name.contains("phone")
        || name.contains("msisdn")
        || matches!(name.as_str(), "mobile" | "tel" | "telephone" | "fax" | "phones")
    {
        Kind::Phone
    } else if part(&PERSON_PARTS) || PEOPLE.contains(&name.as_str()) {
        Kind::Person
    } else if ["id", "number", "amount", "sum", "total", "inn", "date", "time", "at", "order", "bill"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        Kind::Plain
    } else {
        Kind::Free
    }
}

/// `receipt[customer][email]`, `ns2:email`, `customer.email` as what it stands in and its own name.
fn split(name: &str) -> (&str, &str) {
    let name = name.trim_end_matches([']', '[']);
    name.rsplit_once(['[', ':', '.', '/']).map_or(("", name), |(outer, own)| {
        let outer = outer.trim_end_matches([']', '[']);
        (outer.rsplit(['[', ':', '.', '/']).next().unwrap_or_default(), own)
    })
}

/// Lower case, letters and digits only: `Client_E-Mail` and `clientEmail` are one name.
fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_by_the_banks_own_names() {
        let of = |name| kind("", name);
        for name in [
            "password",
            "Password",
            "userPassword",
            "Token",
            "token",
            "Authorization",
            "X-Signature",
            "Checkvalue",
            "checksum",
            "sign",
            "key",
            "RebillId",
            "bindingId",
            "payment_method_id",
            "CardId",
            "ExpDate",
            "card_expiry",
            "cvc",
            "cvv2",
            "CVC2",
            "PaReq",
            "ns2:password",
            "Set-Cookie",
            "card[csc][securityCode]",
            "AccountToken",
            "confirmation_token",
        ] {
            assert_eq!(of(name), Kind::Secret, "{name}");
        }
        for name in ["pan", "maskedPan", "card_number", "CardNumber", "Pan"] {
            assert_eq!(of(name), Kind::Card, "{name}");
        }
        for name in ["email", "client_email", "Email", "receipt[customer][email]", "customer.e-mail"] {
            assert_eq!(of(name), Kind::Email, "{name}");
        }
        for name in ["phone", "MobilePhone", "client_phone", "msisdn", "Phones"] {
            assert_eq!(of(name), Kind::Phone, "{name}");
        }
        for name in ["cardholderName", "Lastname", "card_holder", "full_name", "clientid", "CardHolder"] {
            assert_eq!(of(name), Kind::Person, "{name}");
        }
        for name in ["orderNumber", "mdOrder", "PaymentId", "amount", "expires_at", "expirationDate", "inn"] {
            assert_eq!(of(name), Kind::Plain, "{name}");
        }
        for name in
            ["TerminalKey", "description", "Status", "company", "expiry", "payment_method", "CustomerKey", "panda"]
        {
            assert_eq!(of(name), Kind::Free, "{name}");
        }
        assert_eq!(kind("payment_method", "id"), Kind::Secret);
        assert_eq!(kind("card", "number"), Kind::Card);
        assert_eq!(kind("object", "id"), Kind::Plain);
    }
}
