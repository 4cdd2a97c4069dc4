//! Nothing of a card, a secret or a person survives masking, in the shapes all five families of banks speak in, cut anywhere.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use connectors::mask;
use proptest::prelude::*;

/// What is hidden in a body.
#[derive(Debug, Clone)]
struct Person {
    card: String,
    cvc: String,
    secret: String,
    token: String,
    name: String,
    email: String,
    phone: String,
}

fn person() -> Person {
    Person {
        card: "2201382000000013".into(),
        cvc: "907".into(),
        secret: "Qw7pLkz0tRe".into(),
        token: "9d1e4f0a-55aa-4c1d".into(),
        name: "ZINAIDA KUZNETSOVA".into(),
        email: "zinaida.k@post.example".into(),
        phone: "79161234589".into(),
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Requests, answers and callbacks of every family.
fn bodies(p: &Person) -> Vec<(&'static str, String)> {
    let Person { card, cvc, secret, token, name, email, phone } = p;
    let spaced = card.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap()).collect::<Vec<_>>().join(" ");
    let form = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        pairs.collect::<Vec<_>>().join("&")
    };
    let json_in_form = format!(r#"{{"email":"{email}","phone":"+{phone}","cardholder":"{name}"}}"#);
    vec![
        // RBS: forms out, JSON in, callbacks as queries.
        (
            "rbs register.do",
            form(&[
                ("userName", "shop-api"),
                ("password", secret),
                ("orderNumber", "01KAVXA3HS8G5XV6QT7MH3V2KCo1"),
                ("amount", "300000"),
                ("jsonParams", &json_in_form),
                ("bindingId", token),
            ]),
        ),
        (
            "rbs paymentorder.do",
            form(&[("token", secret), ("$PAN", card), ("$CVC", cvc), ("TEXT", name), ("email", email), ("cvc", cvc)])
                .replace("TEXT", "cardholderName"),
        ),
        (
            "rbs getOrderStatusExtended.do",
            format!(
                r#"{{"errorCode":"0","orderStatus":2,"date":1764000000123,"cardAuthInfo":{{"maskedPan":"{card}","expiration":"203012","cardholderName":"{name}","approvalCode":"123456","pan":"{card}"}},"bindingInfo":{{"clientId":"c7","bindingId":"{token}"}},"merchantOrderParams":[{{"name":"note","value":"call +{phone}"}}],"payerData":{{"email":"{email}","phone":"{phone}"}},"attributes":[{{"name":"mdOrder","value":"70906e55-7114-41d6-8332-4609dc6590f4"}}]}}"#
            ),
        ),
        (
            "rbs callback",
            form(&[("mdOrder", "70906e55"), ("checksum", secret), ("sign_alias", "a"), ("bindingId", token)]),
        ),
        (
            "rbs html",
            format!(
                r#"<html><form><input type="hidden" name="PaReq" value="{secret}"><input value="{card}" name="x"/><input name="TOKEN" value='{token}'></form>{email} {spaced}</html>"#
            ),
        ),
        // T-Bank: JSON both ways.
        (
            "tbank Init",
            format!(
                r#"{{"TerminalKey":"TinkoffBankTest","Amount":140000,"OrderId":"o1","Token":"{secret}","DATA":{{"Phone":"+{phone}","Email":"{email}"}},"Receipt":{{"Email":"{email}","Phone":"+{phone}","Items":[{{"Name":"Выписка","Price":140000,"SupplierInfo":{{"Phones":["+{phone}"],"Name":"ООО"}}}}]}}}}"#
            ),
        ),
        (
            "tbank notification",
            format!(
                r#"{{"TerminalKey":"T","OrderId":"o1","Success":true,"Status":"CONFIRMED","PaymentId":13660,"Pan":"{card}","ExpDate":"1230","CardId":4750,"RebillId":"{token}","Token":"{secret}"}}"#
            ),
        ),
        (
            "tbank FinishAuthorize",
            format!(r#"{{"CardData":"PAN={card};ExpDate=0519;CardHolder={name};CVV={cvc}","Token":"{secret}"}}"#),
        ),
        // PayKeeper: forms, JSON answers, JSON inside a form.
        (
            "paykeeper preview",
            form(&[
                ("pay_amount", "3000.00"),
                ("clientid", name),
                ("orderid", "o1"),
                ("client_email", email),
                ("client_phone", &format!("8 ({}) {}-{}-{}", &phone[1..4], &phone[4..7], &phone[7..9], &phone[9..])),
                (
                    "service_name",
                    &format!(r#"{{"user_result_callback":"https://x.example/?email={email}","lang":"ru"}}"#),
                ),
                ("token", secret),
            ]),
        ),
        (
            "paykeeper callback",
            form(&[
                ("id", "8812"),
                ("sum", "3000.00"),
                ("clientid", name),
                ("key", secret),
                ("client_email", email),
                ("client_phone", phone),
                ("bank_id", token),
                ("card_number", card),
                ("card_holder", name),
                ("card_expiry", "12/30"),
            ]),
        ),
        ("paykeeper token", format!(r#"{{"token":"{secret}"}}"#)),
        (
            "paykeeper info",
            format!(
                r#"[{{"id":"8812","client_email":"{email}","clientid":"{name}","options":[{{"client_phone":"{phone}","card_number":"{card}"}}],"bank_id":"{token}","key":"{secret}"}}]"#
            ),
        ),
        // Assist: forms out, XML, SOAP and CSV in.
        (
            "assist payrequest.cfm",
            form(&[
                ("Merchant_ID", "700100"),
                ("Login", "shoplogin"),
                ("Password", secret),
                ("OrderNumber", "o1"),
                ("Lastname", name),
                ("Email", email),
                ("MobilePhone", phone),
                ("Checkvalue", token),
                ("Signature", token),
            ]),
        ),
        (
            "assist xml",
            format!(
                r#"<?xml version="1.0" encoding="utf-8"?><result><order><ordernumber>o1</ordernumber><lastname>{name}</lastname><email>{email}</email><cardnumber>{card}</cardnumber><cardholder>{name}</cardholder><customer phone="+{phone}"/><operation><billnumber>511000000000000.1</billnumber><meannumber>{spaced}</meannumber></operation><checkvalue>{token}</checkvalue><signature>{secret}</signature></order></result>"#
            ),
        ),
        (
            "assist soap",
            format!(
                r#"<SOAP-ENV:Envelope><SOAP-ENV:Body><ns1:r><password xsi:type="xsd:string">{secret}</password><ns1:email><![CDATA[{email}]]></ns1:email><ns1:mobilephone>{phone}</ns1:mobilephone><ns1:CardHolder>{name}</ns1:CardHolder><token>{token}</token><ns1:cardnumber>{card}</ns1:cardnumber></ns1:r></SOAP-ENV:Body></SOAP-ENV:Envelope>"#
            ),
        ),
        (
            "assist csv",
            format!(
                "ordernumber:o1;lastname:{name};email:{email};cardnumber:{card};mobilephone:{phone};checkvalue:{secret};token:{token}\n"
            ),
        ),
        // YooKassa: JSON both ways, also inside notifications.
        (
            "yookassa payment",
            format!(
                r#"{{"amount":{{"value":"3000.00","currency":"RUB"}},"capture":false,"payment_method_id":"{token}","confirmation":{{"type":"redirect","return_url":"https://shop.example/back?e={}"}},"receipt":{{"customer":{{"full_name":"{name}","email":"{email}","phone":"{phone}"}},"items":[]}},"payment_method_data":{{"type":"bank_card","card":{{"number":"{card}","csc":"x","cvc":"{cvc}","cardholder":"{name}"}}}}}}"#,
                encoded(email)
            ),
        ),
        (
            "yookassa notification",
            format!(
                r#"{{"type":"notification","event":"payment.succeeded","object":{{"id":"23d93cac-000f","status":"succeeded","payment_method":{{"type":"bank_card","id":"{token}","saved":true,"card":{{"first6":"220138","last4":"0013","expiry_month":"12","expiry_year":"2030"}},"title":"Bank card *0013"}},"metadata":{{"phone":"{phone}","note":"{email} {spaced}"}},"confirmation":{{"confirmation_token":"{secret}"}}}}}}"#
            ),
        ),
    ]
}

/// Whether a card can still be read: 13 to 19 digits in a row that pass the check, whatever white space or dash is between them.
fn has_card(text: &str, card: &str) -> bool {
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '+')).collect();
    bare.contains(card)
}

fn survivors(masked: &str, p: &Person) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut look = |what, survives: bool| {
        if survives {
            found.push(what);
        }
    };
    let local = p.email.split('@').next().unwrap();
    look("card", has_card(masked, &p.card));
    look("secret", masked.contains(&p.secret));
    look("token", masked.contains(&p.token));
    look(
        "name",
        masked.contains(&p.name)
            || masked.contains(&encoded(&p.name))
            || masked.contains(p.name.split(' ').nth(1).unwrap()),
    );
    look("email", masked.contains(local));
    let digits: String = masked.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '+')).collect();
    look("phone", digits.contains(&p.phone[1..]));
    look(
        "cvc",
        masked.to_lowercase().contains(&format!("cvc\":\"{}", p.cvc)) || masked.contains(&format!("CVV={}", p.cvc)),
    );
    found
}

#[test]
fn nothing_survives_in_any_familys_words() {
    let p = person();
    for (what, body) in bodies(&p) {
        let masked = mask::body(body.as_bytes());
        assert_eq!(survivors(&masked, &p), [""; 0], "{what}: {masked}");
        let (in_url, in_note) = (mask::url(&format!("https://bank.example/x.do?{body}")), mask::note(&body));
        if !body.contains(['<', '{', '[', ':']) {
            assert_eq!(survivors(&in_url, &p), [""; 0], "{what} in an address: {in_url}");
        }
        assert_eq!(survivors(&in_note, &p), [""; 0], "{what} in a note: {in_note}");
    }
}

#[test]
fn what_is_needed_to_understand_stays() {
    let p = person();
    let all: String = bodies(&p).iter().map(|(_, body)| mask::body(body.as_bytes())).collect();
    for kept in [
        "userName=shop-api",
        "orderNumber=01KAVXA3HS8G5XV6QT7MH3V2KCo1",
        "amount=300000",
        "\"orderStatus\":2",
        "\"date\":1764000000123",
        "\"approvalCode\":\"123456\"",
        "70906e55-7114-41d6-8332-4609dc6590f4",
        "220138******0013",
        "z***@post.example",
        "***89",
        "\"TerminalKey\":\"TinkoffBankTest\"",
        "\"PaymentId\":13660",
        "<ordernumber>o1</ordernumber>",
        "<billnumber>511000000000000.1</billnumber>",
        "\"event\":\"payment.succeeded\"",
        "\"value\":\"3000.00\"",
        "\"id\":\"23d93cac-000f\"",
        "Merchant_ID=700100",
    ] {
        assert!(all.contains(kept), "{kept}: {all}");
    }
}

#[test]
fn headers_show_who_but_not_with_what() {
    for (name, value, masked) in [
        ("Authorization", "Basic dXNlcjpwYXNz", "***"),
        ("x-signature", "t=1,v1=abc", "***"),
        ("Set-Cookie", "JSESSIONID=abc; Path=/", "***"),
        ("content-type", "application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("Idempotence-Key", "01KAVXA3HS8G5XV6QT7MH3V2KCo1", "01KAVXA3HS8G5XV6QT7MH3V2KCo1"),
        ("location", "https://b.example/p?token=x&n=1", "https://b.example/p?token=***&n=1"),
    ] {
        assert_eq!(mask::header(name, value), masked, "{name}");
    }
}

#[test]
fn long_bodies_are_cut_and_what_lies_across_the_cut_does_not_show() {
    let p = person();
    for shift in 0..400 {
        let page = format!(
            "<html>{}<p>card: {}</p>{}",
            "x".repeat(mask::BODY_BYTES_MAX - 200 + shift),
            p.card,
            "y ".repeat(20_000)
        );
        let masked = mask::body(page.as_bytes());
        assert!(masked.len() <= mask::BODY_BYTES_MAX + '…'.len_utf8());
        assert!(!masked.contains(&p.card[..8]), "{shift}");
        assert!(masked.starts_with("<html>x"));
    }
    // A secret longer than all that is read.
    let long = format!("{{\"n\":1,\"token\":\"{}\",\"card\":\"{}\"}}", "s".repeat(100_000), p.card);
    assert_eq!(mask::body(long.as_bytes()), "{\"n\":1,\"token\":\"***\"");
    assert_eq!(mask::body(&[0x89, b'P', b'N', b'G', 0, 0]), "(not text)");
}

#[test]
fn masking_takes_no_longer_than_reading() {
    // What would take minutes if anything here were looked at again and again.
    for piece in ["@", "%", "%40", "<a \"", "{\"", "[", "1 ", "a=", "&", "\\", "<![CDATA[", "</", "+7", "a:", "eyJ"] {
        let text = piece.repeat(40_000);
        assert!(mask::body(text.as_bytes()).len() <= mask::BODY_BYTES_MAX + 3);
    }
}

#[test]
fn a_card_is_found_where_decoding_would_take_it_apart() {
    assert_eq!(mask::note("¹=%2000000000008"), "¹=%200000***0008");
    assert_eq!(mask::note("a=%4111111111111111&b=1"), "a=%411111******1111&b=1");
}

fn luhn_end(digits: &str) -> String {
    let sum = |last: u32| -> u32 {
        let all = digits.chars().filter_map(|c| c.to_digit(10)).chain([last]).collect::<Vec<_>>();
        let doubled = |(at, digit): (usize, &u32)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit };
        all.iter().rev().enumerate().map(doubled).sum()
    };
    let last = (0..10).find(|last| sum(*last) % 10 == 0).unwrap();
    format!("{digits}{last}")
}

prop_compose! {
    fn people()(
        card in "[2-6][0-9]{11,17}",
        cvc in "[0-9]{3}",
        secret in "[A-Za-z0-9]{10,40}",
        token in "[a-z][0-9a-f]{15}",
        first in "[A-Z]{3,12}",
        last in "[A-Z]{5,12}",
        local in "[a-z][a-z0-9.]{4,18}[a-z]",
        phone in "79[0-9]{9}",
    ) -> Person {
        Person { card: luhn_end(&card), cvc, secret, token, name: format!("{first} {last}"), email: format!("{local}@post.example"), phone }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_anybody_survives(p in people(), which in 0_usize..18) {
        let bodies = bodies(&p);
        let (what, body) = &bodies[which % bodies.len()];
        let masked = mask::body(body.as_bytes());
        prop_assert_eq!(survivors(&masked, &p), [""; 0], "{}: {}", what, masked);
        // Cut off by the bank, or by the line: whatever was there whole is masked.
        for end in (0..body.len()).step_by(23).filter(|end| body.is_char_boundary(*end)) {
            let masked = mask::body(&body.as_bytes()[..end]);
            let mut found = survivors(&masked, &p);
            // Without its domain nobody knows an address for one.
            let there = [p.email.clone(), encoded(&p.email), encoded(&encoded(&p.email))].iter().any(|whole| body[..end].contains(whole));
            found.retain(|what| *what != "email" || there);
            prop_assert_eq!(found, [""; 0], "{} cut at {}: {}", what, end, masked);
        }
    }

    #[test]
    fn a_card_in_any_text_is_found(card in "[2-6][0-9]{11,17}", before in "[^0-9 \\-()\u{a0}\u{2011}\u{2013}]{0,40}", after in "[^0-9 \\-()\u{a0}\u{2011}\u{2013}]{0,40}", gap in "[ -]?") {
        let card = luhn_end(&card);
        let parted = card.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap()).collect::<Vec<_>>().join(&gap);
        let text = format!("{before}{parted}{after}");
        let masked = mask::note(&text);
        prop_assert!(!has_card(&masked, &card), "{}: {}", text, masked);
    }

    #[test]
    fn any_bytes_can_be_masked(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = mask::body(&bytes);
    }

    #[test]
    fn any_text_of_signs_that_mean_something_can_be_masked(text in "[<>{}\\[\\]\"'&=;:%@+\\\\/! a1é…-]{0,200}") {
        let _ = (mask::body(text.as_bytes()), mask::url(&text), mask::header(&text, &text));
    }
}
