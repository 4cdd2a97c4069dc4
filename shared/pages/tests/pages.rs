//! What is true of every page, mail and SMS.

#[path = "../examples/samples/mod.rs"]
mod samples;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pages::{Contact, FieldError, Lang, LegalKind, MailKind, Page, StateKind};
use sha2::{Digest as _, Sha256};

const HOSTILE: &str = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>";

/// The text between `<name>` and `</name>`, every time.
fn inner<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    html.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap_or_default()).collect()
}

fn hashes(sources: &[&str]) -> Vec<String> {
    sources.iter().map(|source| format!("sha256-{}", STANDARD.encode(Sha256::digest(source)))).collect()
}

/// Every tag's inside, quotes respected, styles and scripts left out.
fn tags(html: &str) -> Vec<String> {
    let mut rest = html.to_owned();
    for name in ["style", "script"] {
        for source in inner(html, name) {
            rest = rest.replace(source, "");
        }
    }
    let mut tags = Vec::new();
    let mut current: Option<(String, bool)> = None;
    for character in rest.chars() {
        match (&mut current, character) {
            (None, '<') => current = Some((String::new(), false)),
            (Some((tag, false)), '>') => {
                tags.push(tag.clone());
                current = None;
            }
            (Some((tag, quoted)), _) => {
                if character == '"' {
                    *quoted = !*quoted;
                }
                tag.push(character);
            }
            (None, _) => {}
        }
    }
    tags
}

/// Names of a tag's attributes.
fn attributes(tag: &str) -> Vec<String> {
    let outside: String = tag.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    outside.split_whitespace().skip(1).map(|piece| piece.trim_end_matches('=').to_ascii_lowercase()).collect()
}

#[test]
fn every_page_fits_a_policy_of_hashes() {
    for (name, page) in samples::pages() {
        assert_eq!(page.style_hashes, hashes(&inner(&page.html, "style")), "{name}");
        assert_eq!(page.script_hashes, hashes(&inner(&page.html, "script")), "{name}");
        for tag in tags(&page.html) {
            for attribute in attributes(&tag) {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: <{tag}>");
            }
            assert!(!tag.starts_with("link") || tag == "link rel=\"icon\" href=\"data:,\"", "{name}: <{tag}>");
            assert!(!tag.contains("src=\"http"), "{name}: <{tag}>");
        }
        let policy = page.content_security_policy("'self'");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[test]
fn every_page_says_its_language_its_title_and_one_heading() {
    for (name, page) in samples::pages() {
        let lang = if name.ends_with("-en") { "en" } else { "ru" };
        assert!(page.html.contains(&format!("<html lang=\"{lang}\">")), "{name}");
        assert!(!inner(&page.html, "title")[0].trim().is_empty(), "{name}");
        assert_eq!(page.html.matches("<h1").count(), 1, "{name}");
        assert_eq!(page.html.matches("<main").count(), 1, "{name}");
        assert!(page.html.contains("name=\"viewport\""), "{name}");
    }
}

#[test]
fn every_field_has_a_label_and_every_tag_is_closed() {
    for (name, page) in samples::pages() {
        let mut open: Vec<String> = Vec::new();
        let all = tags(&page.html);
        for tag in &all {
            let word = tag.split([' ', '/']).find(|piece| !piece.is_empty()).unwrap_or_default().to_owned();
            let void =
                ["!doctype", "meta", "link", "input", "img", "br", "path", "circle", "rect"].contains(&word.as_str());
            if tag.starts_with('/') {
                assert_eq!(open.pop().as_deref(), Some(word.as_str()), "{name}: <{tag}>");
            } else if !void {
                open.push(word.clone());
            }
            if word == "input" && !tag.contains("type=\"hidden\"") && !open.contains(&"label".to_owned()) {
                let id = tag.split(" id=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
                assert!(page.html.contains(&format!("<label for=\"{id}\"")), "{name}: <{tag}>");
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
    }
}

#[test]
fn the_checkout_is_at_most_ten_kilobytes() {
    for (what, view) in [
        ("plain", samples::checkout(Lang::Ru)),
        ("english", samples::checkout(Lang::En)),
        ("errors", samples::checkout_errors()),
        ("3 lines, 4 ways, 2 saved means", samples::checkout_ways()),
        ("nothing to pay now", samples::checkout_order()),
    ] {
        let bytes = pages::checkout(&view).html.len();
        println!("{what}: {bytes} bytes");
        assert!(bytes <= 10_000, "{what}: {bytes} bytes");
    }
}

#[test]
fn consents_are_not_ticked_beforehand() {
    let html = pages::checkout(&samples::checkout(Lang::Ru)).html;
    for field in ["consent_personal_data", "consent_terms"] {
        let tag = tags(&html).into_iter().find(|tag| tag.contains(&format!("name=\"{field}\""))).unwrap();
        assert!(!tag.contains("checked"), "{tag}");
    }
    assert!(
        html.contains("href=\"/legal/personal-data?v=2026-11-01\"")
            && html.contains("href=\"/legal/terms?v=2026-11-01\"")
    );
}

#[test]
fn what_was_typed_is_kept_and_every_error_is_linked_to_its_field() {
    let html = pages::checkout(&samples::checkout_errors()).html;
    assert!(html.contains("value=\"ivan@почта\"") && html.contains("value=\"+7 900\""));
    for field in ["email", "phone", "consent_terms"] {
        assert!(html.contains(&format!("href=\"#{field}\"")) && html.contains(&format!("id=\"{field}\"")), "{field}");
        assert!(
            html.contains(&format!("aria-describedby=\"{field}-e\"")) && html.contains(&format!("id=\"{field}-e\"")),
            "{field}"
        );
    }
    let ticked = tags(&html).into_iter().find(|tag| tag.contains("name=\"consent_personal_data\"")).unwrap();
    assert!(ticked.contains(" checked"));
}

#[test]
fn a_contact_that_was_passed_is_shown_and_not_asked() {
    let html = pages::checkout(&samples::checkout(Lang::Ru)).html;
    assert!(html.contains("iv•••@mail.example") && html.contains("Это не я"));
    assert!(!html.contains("name=\"email\""));
    assert!(html.contains("name=\"phone\"") && html.contains("autocomplete=\"tel\""));
}

#[test]
fn the_amount_is_on_the_button() {
    let mut view = samples::checkout(Lang::Ru);
    assert!(pages::checkout(&view).html.contains("<button class=\"go\">Оплатить 1\u{a0}234,50\u{a0}₽</button>"));
    view.button = pages::ButtonLabel::Order;
    assert!(pages::checkout(&view).html.contains("<button class=\"go\">Заказать</button>"));
}

fn hostile_pages() -> Vec<Page> {
    let hostile = || HOSTILE.to_owned();
    let mut checkout = samples::checkout(Lang::Ru);
    checkout.partner.name = hostile();
    checkout.partner.site = Some("javascript:alert(1)".to_owned());
    checkout.partner.accent = Some("red}body{display:none".to_owned());
    checkout.description = Some(hostile());
    checkout.number = hostile();
    checkout.csrf = hostile();
    checkout.lines[0].name = hostile();
    checkout.lines[0].vat = hostile();
    "javascript:alert(1)".clone_into(&mut checkout.action_url);
    checkout.email = Some(Contact::Ask { value: hostile(), required: true, error: Some(FieldError::Other(hostile())) });
    checkout.problem = Some(hostile());
    let expired =
        StateKind::Expired { expired_at_ms: 0, return_url: "javascript:alert(1)".to_owned(), refresh_seconds: Some(5) };
    let mut state = samples::state(Lang::Ru, expired);
    if let Some(order) = &mut state.order {
        order.partner.name = hostile();
        order.partner.logo = Some("https://evil.example/pixel.png".to_owned());
        order.number = hostile();
        order.timeline[0].text = hostile();
    }
    let mut receipt = samples::receipt(pages::ReceiptKind::Income);
    receipt.partner_name = hostile();
    receipt.lines[0].name = hostile();
    receipt.user_name = hostile();
    vec![pages::checkout(&checkout), pages::order_state(&state), pages::receipt(&receipt)]
}

#[test]
fn hostile_names_stay_text() {
    for page in hostile_pages() {
        assert!(!page.html.contains("<script>alert") && !page.html.contains("<img src=x"));
        assert!(
            !page.html.contains("=\"javascript:")
                && !page.html.contains("url=javascript:")
                && !page.html.contains("}body{display:none")
                && !page.html.contains("evil.example")
        );
        assert!(page.html.contains("&#60;script&#62;") || page.html.contains("&lt;script&gt;"));
        assert_eq!(page.html.matches("<script").count(), page.script_hashes.len());
        for tag in tags(&page.html) {
            assert!(attributes(&tag).iter().all(|attribute| !attribute.starts_with("on")), "<{tag}>");
        }
    }
    let mut view = samples::mail_view(Lang::Ru, MailKind::OrderCancelled { refund_minor: 0, release_minor: 0 });
    view.partner.name = format!("{HOSTILE}\r\nBcc: all@evil.example");
    let mail = pages::mail(&view);
    assert!(!mail.html.contains("<script>") && !mail.subject.contains(['\r', '\n']));
}

#[test]
fn pages_go_where_they_should_by_themselves() {
    let refresh = |name: &str| {
        let (_, kind) = samples::states().into_iter().find(|(state, _)| *state == name).unwrap();
        let html = pages::order_state(&samples::state(Lang::Ru, kind)).html;
        tags(&html).into_iter().find(|tag| tag.contains("http-equiv"))
    };
    assert_eq!(refresh("checking").unwrap(), "meta http-equiv=\"refresh\" content=\"5\"");
    assert_eq!(
        refresh("expired").unwrap(),
        "meta http-equiv=\"refresh\" content=\"15;url=https://spravki.example/return?order=1024\""
    );
    assert_eq!(refresh("paid"), None);
    assert!(pages::checkout(&samples::checkout(Lang::Ru)).html.contains("content=\"900\""));
}

#[test]
fn the_unknown_state_says_not_to_pay_again() {
    for (lang, words) in [(Lang::Ru, "Не платите ещё раз"), (Lang::En, "do not pay again")] {
        let html =
            pages::order_state(&samples::state(lang, StateKind::Checking { refresh_seconds: 5, resume_url: None }))
                .html;
        assert!(html.contains(words));
        assert!(!html.contains("class=\"go\""), "there is nothing to press");
    }
}

#[test]
fn a_receipt_has_every_requisite_on_the_page_in_the_mail_and_in_the_text() {
    let view = samples::receipt(pages::ReceiptKind::Income);
    let kind =
        MailKind::PaidReceipt { receipt: Box::new(view.clone()), receipt_url: "https://pay.example/r".to_owned() };
    let mail = pages::mail(&samples::mail_view(Lang::Ru, kind));
    let page = pages::receipt(&view).html;
    for text in [&page, &mail.html, &mail.text] {
        for requisite in [
            "Приход",
            "7725270067",
            "УСН доход",
            "21.11.2026 18:05",
            "217",
            "ИТОГ",
            "1\u{a0}234,50",
            "БЕЗНАЛИЧНЫМИ",
            "Сумма без НДС",
            "0000123456012345",
            "9960440300123456",
            "12345",
            "1234567890",
            "www.nalog.gov.ru",
            "check@apikassa.example",
            "ivanov@mail.example",
            "7707083893",
            "Признак агента",
            "Предмет расчета",
            "Способ расчета",
            "+78005553535",
        ] {
            assert!(text.contains(requisite), "{requisite} is missing");
        }
    }
    assert!(page.contains("<svg class=\"qr\""));
    assert!(mail.html.contains("cid:receipt-qr"));
    assert_eq!(mail.inline.len(), 1);
    assert!(mail.inline[0].bytes.starts_with(b"\x89PNG"));
}

#[test]
fn every_mail_names_seller_agent_order_amount_support_and_the_service() {
    for (name, mail) in samples::mails() {
        let mention = if name.ends_with("-en") {
            "APIKASSA"
        } else {
            "Платёж принят сервисом АПИКАССА"
        };
        let amount = if name.ends_with("-en") { "1,234.50\u{a0}₽" } else { "1\u{a0}234,50\u{a0}₽" };
        for part in [&mail.html, &mail.text] {
            for fact in [
                "ООО «Справки онлайн»",
                "7707083893",
                "ООО «Апикасса»",
                "7725270067",
                "А-1024",
                "4000123412341234",
                amount,
                "help@spravki.example",
                "pay@apikassa.example",
                mention,
            ] {
                assert!(part.contains(fact), "{name}: {fact} is missing");
            }
        }
        assert!(!mail.html.contains("src=\"http"), "{name}: a remote picture");
        assert!(!mail.subject.is_empty() && !mail.subject.contains('\n'));
    }
}

#[test]
fn every_sms_names_the_service_has_its_link_and_fits_two_parts() {
    for text in samples::messages() {
        assert!(text.contains("АПИКАССА") || text.contains("APIKASSA"), "{text}");
        assert!(text.contains("https://apika.ru/o/7Q8X2M"), "{text}");
        assert!(text.encode_utf16().count() <= 134, "{text}");
        assert!(!text.contains('\u{a0}'));
    }
}

#[test]
fn legal_texts_are_whole_and_name_the_agent() {
    for kind in [LegalKind::PersonalData, LegalKind::Terms] {
        for lang in [Lang::Ru, Lang::En] {
            let text = pages::legal_text(kind, lang, &samples::agent());
            let words = text.plain.split_whitespace().count();
            assert!((400..=750).contains(&words), "{kind:?} {lang:?}: {words} words");
            assert!(
                text.plain.contains("7725270067") && text.plain.contains(text.version) && !text.plain.contains('{')
            );
        }
    }
}

#[test]
fn the_same_view_gives_the_same_bytes() {
    assert_eq!(samples::pages(), samples::pages());
}
