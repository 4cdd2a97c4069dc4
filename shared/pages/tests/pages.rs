//! What is true of every page, mail and SMS.

#[path = "../examples/samples/mod.rs"]
mod samples;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pages::{CheckoutView, Contact, FieldError, Lang, LegalKind, MailKind, Page, StateKind};
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
        ("nothing to pay now", CheckoutView { save: samples::checkout_ways().save, ..samples::checkout_order() }),
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

#[test]
fn saved_means_come_first_and_the_ways_follow() {
    let html = pages::checkout(&samples::checkout_ways()).html;
    let at = |what: &str| html.find(what).unwrap_or_else(|| panic!("{what}"));
    assert!(at("Мир •• 0004") < at("Другой способ") && at("Другой способ") < at("value=\"sbp\""));
    let tag = |what: &str| tags(&html).into_iter().find(|tag| tag.contains(what)).unwrap();
    assert!(tag("value=\"card\"").contains(" checked") && !tag("value=\"sbp\"").contains(" checked"));
    assert!(!tag("name=\"consent_means\"").contains("checked"), "a box is not ticked beforehand");
    // A way that can not be saved hides the box without a script.
    assert!(
        tag("value=\"dolyami\"").contains("class=\"n\"") && html.contains("form:has(.n:checked) .save{display:none}")
    );
}

#[test]
fn a_declined_saved_card_is_named_with_a_way_on() {
    let html = pages::checkout(&samples::checkout_rich()).html;
    for said in [
        "На карте не хватает денег (Мир •• 0004)",
        "Деньги не списаны. Пополните карту или оплатите другой. Ниже есть и другие способы оплаты.",
        "Цена магазина 13,35 USD по курсу 92,4719 ₽ на 21\u{a0}ноября 2026",
        "Склад Химки 900,00\u{a0}₽; Склад Тверь 334,50\u{a0}₽",
        "Бонусами банка можно оплатить до 500,00\u{a0}₽",
        "Деньги удержим на карте",
    ] {
        assert!(html.contains(said), "{said}");
    }
    let mut view = samples::checkout_declined();
    for (reason, title, advice) in [
        (
            pages::DeclineReason::CardBlocked,
            "Банк отклонил оплату (СБП)",
            "Попробуйте ещё раз или позвоните в свой банк.",
        ),
        (pages::DeclineReason::InsufficientFunds, "На счёте не хватает денег (СБП)", "Пополните счёт"),
        (pages::DeclineReason::Abandoned, "Вы не завершили оплату (СБП)", "Заказ ждёт"),
        (pages::DeclineReason::NotSaved, "Банк не сохранил карту (СБП)", "Удержание снято"),
    ] {
        view.declined = Some(pages::Decline { reason, by: Some("СБП".to_owned()), is_account: true });
        let html = pages::checkout(&view).html;
        assert!(html.contains(title) && html.contains(advice) && html.contains("Деньги не списаны"), "{title}");
    }
}

#[test]
fn the_button_says_what_the_buyer_came_for() {
    let html = pages::checkout(&samples::checkout_order()).html;
    assert!(html.contains("<button class=\"go\">Заказать</button>") && html.contains("Сейчас ничего не спишем"));
    assert!(html.contains("href=\"#consent_means\"") && html.contains("id=\"consent_means-e\""));
    let mut view = samples::checkout_ways();
    view.button = pages::ButtonLabel::SaveMeans;
    view.taking = pages::Taking::Check { check_minor: 100 };
    let html = pages::checkout(&view).html;
    assert!(html.contains("<button class=\"go\">Привязать карту</button>") && html.contains("отпустит 1,00\u{a0}₽."));
    assert!(!html.contains("<button class=\"go\">Оплатить"));
}

#[test]
fn the_sbp_page_has_the_code_and_the_link_and_asks_by_itself() {
    for lang in [Lang::Ru, Lang::En] {
        let view = samples::sbp(lang);
        let html = pages::sbp(&view).html;
        let href = format!("href=\"{}\"", view.link.replace('&', "&#38;"));
        assert_eq!(html.matches(&href).count(), 2, "by a scan's side and by a tap");
        assert!(html.contains("<svg class=\"qr\"") && html.contains("<b>14:59</b>"));
        assert!(html.contains("http-equiv=\"refresh\" content=\"5;url=/c/1/return\""));
        assert!(!html.contains("<script") && html.matches("<form").count() == 1);
        assert!(html.contains("method=\"post\" action=\"/order/1/another\""), "another way is one press away: {html}");
        assert!(html.len() <= 16_000, "{} bytes", html.len());
    }
    let mut live = samples::sbp(Lang::Ru);
    (live.test_url, live.other_way) = (None, None);
    let html = pages::sbp(&live).html;
    assert!(!html.contains("/sandbox/") && !html.contains("<form"));
}

#[test]
fn what_of_the_money_is_where_is_said_once_it_is_not_simple() {
    let html = pages::order_state(&samples::part_refunded()).html;
    for (label, amount) in [("Списано", "900,00"), ("Возвращено", "100,00"), ("Возвращаем", "50,00")]
    {
        assert!(html.contains(&format!("<dt>{label}</dt><dd>{amount}\u{a0}₽</dd>")), "{label}");
    }
    assert!(
        html.contains("<small class=\"good\">оплачено</small>") && html.contains("<small class=\"bad\">банк отклонил")
    );
    let (_, paid) = samples::states().into_iter().find(|(name, _)| *name == "paid").unwrap();
    let html = pages::order_state(&samples::state(Lang::Ru, paid)).html;
    assert!(!html.contains("Списано") && !html.contains("Возвращено"));
    for (name, not_said) in [("held", "Заказ оплачен"), ("ordered", "Заказ оплачен"), ("released", "Вернём")]
    {
        let (_, kind) = samples::states().into_iter().find(|(state, _)| *state == name).unwrap();
        assert!(!pages::order_state(&samples::state(Lang::Ru, kind)).html.contains(not_said), "{name}");
    }
}

#[test]
fn a_letter_of_a_charge_says_who_why_and_how_to_stop_it() {
    for (lang, parts) in [
        (Lang::Ru, ["без вашего участия", "продавец", "заказ собран", "Мир •• 0004", "отключите или удалите"]),
        (Lang::En, ["without you", "the seller", "заказ собран", "Мир •• 0004", "switch the card off"]),
    ] {
        let mail = samples::mail_charged(lang);
        for part in parts {
            assert!(mail.text.contains(part) && mail.html.contains(part), "{part}");
        }
    }
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
    checkout.parts = vec![pages::OrderPart { name: hostile(), amount_minor: 1 }];
    checkout.saved = vec![pages::SavedMeans { id: hostile(), label: hostile(), note: hostile() }];
    let mut sbp = samples::sbp(Lang::Ru);
    sbp.partner.name = hostile();
    "javascript:alert(1)".clone_into(&mut sbp.link);
    sbp.test_url = Some("javascript:alert(1)".to_owned());
    let mut wallet = samples::wallet(Lang::Ru);
    wallet.means[0].label = hostile();
    wallet.means[0].id = hostile();
    wallet.add_url = Some("javascript:alert(1)".to_owned());
    let mut subscription = samples::subscription(Lang::Ru, pages::SubscriptionState::Active);
    subscription.description = hostile();
    "javascript:alert(1)".clone_into(&mut subscription.action_url);
    vec![
        pages::checkout(&checkout),
        pages::order_state(&state),
        pages::receipt(&receipt),
        pages::sbp(&sbp),
        pages::wallet(&wallet),
        pages::subscription(&subscription),
    ]
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
        let html = pages::order_state(&samples::state(
            lang,
            StateKind::Checking { refresh_seconds: 5, resume_url: None, other_way: None },
        ))
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
            "СУММА БЕЗ НДС",
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
fn a_receipt_shows_who_took_the_money_how_it_was_paid_and_what_was_marked() {
    let view = samples::receipt_handed_over();
    let receipt_url = "https://pay.example/r".to_owned();
    let kind = MailKind::ClosingReceipt { receipt: Box::new(view.clone()), receipt_url };
    let mail = pages::mail(&samples::mail_view(Lang::Ru, kind));
    let page = pages::receipt(&view).html;
    for text in [&page, &mail.html, &mail.text] {
        for shown in [
            "[М] Выписка из ЕГРН",
            "0,5 кг",
            "ПОЛНЫЙ РАСЧЕТ",
            "НАЛИЧНЫМИ",
            "234,50",
            "ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА (АВАНС)",
            "1\u{a0}000,00",
            "Кассир",
            "Петрова А. И.",
            "500100732259",
            "ООО «Покупатель»",
            "7727401209",
        ] {
            assert!(text.contains(shown), "{shown} is missing");
        }
        assert!(!text.contains("БЕЗНАЛИЧНЫМИ") && !text.contains("[М] Доставка") && !text.contains("коррекции"));
    }
    assert!(mail.subject.starts_with("Чек на выдачу: предоплата зачтена"));
    assert!(page.contains("<img src=\"data:image/svg+xml;base64,PHN2Zy8+\" alt=\"ООО «Справки онлайн»\">"));
    assert!(pages::receipt(&view).content_security_policy("").contains("img-src data:;"));
    let unpaid = pages::ReceiptView { cash_minor: 0, prepaid_minor: 0, ..view };
    assert!(pages::receipt(&unpaid).html.contains("БЕЗНАЛИЧНЫМИ"), "one kind of payment is always named");
}

#[test]
fn a_correction_says_what_it_corrects_and_why() {
    let view = samples::receipt_correction();
    let page = pages::receipt(&view).html;
    for shown in ["Кассовый чек коррекции", "Возврат прихода", "самостоятельно", "21.11.2026", "2964560251"]
    {
        assert!(page.contains(shown), "{shown} is missing");
    }
    assert!(pages::receipt_text(&view).starts_with("КАССОВЫЙ ЧЕК КОРРЕКЦИИ\n"));
    let ordered = pages::Correction { order: Some("17-04/2".to_owned()), ..view.correction.clone().unwrap() };
    let page = pages::receipt(&pages::ReceiptView { correction: Some(ordered), ..view }).html;
    assert!(page.contains("по предписанию") && page.contains("17-04/2"));
}

#[test]
fn a_receipt_that_may_puzzle_is_explained_on_its_page_and_in_its_letter() {
    let all = samples::receipts();
    let named = |name: &str| all.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    for (name, said) in [
        ("prepayment", "придёт второй чек, платить по нему не нужно"),
        ("advance", "придёт второй чек, платить по нему не нужно"),
        ("closing", "деньги второй раз не списаны"),
        ("undoing", "Этот чек отменяет его, верный чек придёт отдельно"),
        ("ordered", "Этот чек верный"),
    ] {
        let view = named(name);
        let mail = pages::mail(&samples::receipt_mail(view.clone()));
        for text in [pages::receipt(&view).html, mail.html, mail.text] {
            assert!(text.contains(said), "{name}: {said}");
        }
    }
    for name in ["sale", "refund", "prepayment-refund", "cash"] {
        let page = pages::receipt(&named(name)).html;
        assert!(!page.contains("второй"), "{name}");
    }
}

#[test]
fn a_long_value_stands_below_its_label_in_a_letter_and_a_short_one_beside_it() {
    let html = pages::mail(&samples::receipt_mail(samples::receipt_long())).html;
    let address = "konstantin.konstantinovich.konstantinopolskij@mail.example</div>";
    assert!(html.contains(address), "a long address breaks beside its label");
    assert!(html.contains("<td align=\"right\" nowrap>9960440300123456</td>"), "a number breaks");
}

#[test]
fn the_letters_of_a_prepayment_and_of_its_closing_say_what_they_are() {
    let mails = samples::mails();
    let named = |name: &str| &mails.iter().find(|(known, _)| known == name).unwrap().1;
    for (name, subject, said) in [
        ("mail-paid", "Заказ оплачен, чек ·", "Деньги получены, чек ниже"),
        ("mail-prepaid", "Заказ оплачен, чек предоплаты ·", "При выдаче заказа придёт второй чек"),
        ("mail-closing", "Чек на выдачу: предоплата зачтена ·", "деньги второй раз не списаны"),
        ("mail-corrected", "Исправлен чек ·", "не списываются и не возвращаются"),
        ("mail-prepaid-en", "Order paid, receipt of prepayment ·", "nothing to pay by it"),
    ] {
        let mail = named(name);
        assert!(mail.subject.starts_with(subject), "{name}: {}", mail.subject);
        assert!(mail.html.contains(said) && mail.text.contains(said), "{name}");
    }
    let texts = samples::messages();
    assert!(texts.iter().any(|text| text.contains("Чек предоплаты:")));
    assert!(texts.iter().any(|text| text.contains("выдан, предоплата зачтена. Чек:")));
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
