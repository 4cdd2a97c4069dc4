//! One view of every page state, for the gallery and the tests.

mod receipts;
mod taking;

use pages::{
    AfterDecline, Agent, ApiDocsView, ApiOperation, ApiParameter, ApiResponse, BankChallengeView, BankClosedView,
    BankView, BankWaitingView, ButtonLabel, CancelMoney, Channel, CheckoutView, ConsentField, Contact, Decline,
    DeclineReason, DeliveryContent, DeliveryExpiredView, DeliveryView, ErrorView, ExecutionJob, ExecutorView,
    FieldError, Good, HoldFate, IndexLink, Lang, LegalKind, LegalView, Line, LocalIndexView, Mail, MailButton,
    MailKind, MailView, MailboxItem, MailboxMessageView, MailboxView, MessageBody, Method, MoneyMoved, OrderSummary,
    OtherWay, Page, Partner, ReceiptKind, ReceiptState, ShopReturnView, ShopView, SmsKind, SmsView, StateKind,
    StateView, Taking, TestCard, TimeMachineView, TimelineEntry, WalletExpiredView, WalletView,
};
pub use receipts::*;
pub use taking::*;

/// 21 November 2026, 18:05 in Moscow.
pub const NOW: i64 = 1_795_273_500_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// What the logo of a mail is attached as.
pub const LOGO_CONTENT_ID: &str = "partner-logo";

fn text(value: &str) -> String {
    value.to_owned()
}

pub fn partner() -> Partner {
    Partner {
        name: text("ООО «Справки онлайн»"),
        inn: text("7707083893"),
        site: Some(text("https://spravki.example/")),
        support_email: Some(text("help@spravki.example")),
        support_phone: Some(text("8 800 555-35-35")),
        logo: None,
        accent: None,
    }
}

pub fn agent() -> Agent {
    Agent {
        name: text("ООО «Апикасса»"),
        inn: text("7725270067"),
        ogrn: Some(text("1157746734837")),
        address: text("115191, Москва, ул. Рощинская 2-я, д. 4"),
        support_email: text("pay@apikassa.example"),
        support_phone: text("+7 495 123-45-67"),
    }
}

pub fn lines() -> Vec<Line> {
    let line = |name: &str, quantity: &str, price_minor, amount_minor| Line {
        name: text(name),
        quantity: text(quantity),
        price_minor,
        amount_minor,
        vat: text("без НДС"),
    };
    vec![
        line("Выписка из ЕГРН об объекте недвижимости", "2", 45_000, 90_000),
        line("Выписка о переходе прав", "1", 29_000, 29_000),
        line("Доставка по электронной почте", "1", 4450, 4450),
    ]
}

pub fn checkout(lang: Lang) -> CheckoutView {
    let consent = |kind: &str| ConsentField { url: format!("/legal/{kind}?v=2026-11-01"), ticked: false, error: None };
    let (card, schemes, by_mail) = match lang {
        Lang::Ru => ("Банковская карта", "МИР, Visa, Mastercard", "Электронная почта"),
        Lang::En => ("Bank card", "MIR, Visa, Mastercard", "E-mail"),
    };
    let channel =
        |id: &str, label: &str, checked, enabled| Channel { id: text(id), label: text(label), checked, enabled };
    CheckoutView {
        lang,
        action_url: text("/c/ord_t_demoshop_01jd9k3v7q8x2m4n5p6r7s8t9v~Zm9vYmFyYmF6cXV4MTI/pay"),
        language_url: text("?lang=en"),
        partner: partner(),
        agent: agent(),
        bill: text("4000123412341234"),
        number: text("А-1024"),
        description: Some(text("Справки для сделки с квартирой")),
        lines: lines(),
        total_minor: 123_450,
        button: ButtonLabel::Pay,
        email: Some(Contact::Passed { value: text("iv•••@mail.example") }),
        phone: Some(Contact::Ask { value: String::new(), required: false, error: None }),
        channels: vec![channel("email", by_mail, true, true), channel("sms", "SMS", false, true)],
        consent_personal_data: consent("personal-data"),
        consent_terms: consent("terms"),
        expires_at_ms: NOW + 14 * 60_000 + 59_000,
        now_ms: NOW,
        refresh_seconds: Some(900),
        test_mode: true,
        version: text("01JD9K3V7Q8X2M4N5P6R7S8T9V-3"),
        csrf: text("n4bQgYhMfWWaL-qgxVrQFa"),
        parts: Vec::new(),
        original: None,
        points_max_minor: None,
        taking: Taking::Now,
        saved: Vec::new(),
        means_chosen: None,
        means_error: None,
        methods: vec![Method { id: text("card"), title: text(card), subtitle: text(schemes), saves: true }],
        method_chosen: None,
        method_error: None,
        save: None,
        problem: None,
        declined: None,
    }
}

pub fn checkout_errors() -> CheckoutView {
    let mut view = checkout(Lang::Ru);
    view.email =
        Some(Contact::Ask { value: text("ivan@почта"), required: true, error: Some(FieldError::Invalid) });
    view.phone = Some(Contact::Ask { value: text("+7 900"), required: false, error: Some(FieldError::Invalid) });
    view.consent_personal_data.ticked = true;
    view.consent_terms.error = Some(FieldError::Missing);
    view
}

pub fn checkout_declined() -> CheckoutView {
    let mut view = checkout(Lang::Ru);
    view.declined = Some(Decline { reason: DeclineReason::InsufficientFunds, by: None, is_account: false });
    view.phone = Some(Contact::Passed { value: text("+7 900 •••-••-17") });
    view.channels.clear();
    view.test_mode = false;
    view.methods.push(Method {
        id: text("sbp"),
        title: text("СБП"),
        subtitle: text("Система быстрых платежей, без карты"),
        saves: true,
    });
    view.partner.accent = Some(text("#ffdd2d"));
    view
}

pub fn order() -> OrderSummary {
    let entry = |at_ms, what: &str| TimelineEntry { at_ms, text: text(what) };
    OrderSummary {
        partner: partner(),
        bill: text("4000123412341234"),
        number: text("А-1024"),
        lines: lines(),
        amount_minor: 123_450,
        money: MoneyMoved::default(),
        parts: Vec::new(),
        timeline: vec![
            entry(NOW - 9 * 60_000, "Заказ создан"),
            entry(NOW - 2 * 60_000, "Банк подтвердил оплату"),
            entry(NOW, "Передан на исполнение"),
        ],
        test_mode: false,
    }
}

pub fn receipt_state() -> ReceiptState {
    ReceiptState::Issued {
        url: text("/receipt/01JD9K3V7Q8X2M4N5P6R7S8T9V"),
        at_ms: NOW,
        fiscal_drive: text("9960440300123456"),
        fiscal_document: text("12345"),
        fiscal_sign: text("1234567890"),
        qr: qr(ReceiptKind::Income, 123_450),
    }
}

pub fn state(lang: Lang, kind: StateKind) -> StateView {
    let order = (kind != StateKind::NotFound).then(order);
    StateView {
        lang,
        language_url: Some(format!("?lang={}", if lang == Lang::Ru { "en" } else { "ru" })),
        agent: agent(),
        order,
        kind,
    }
}

pub fn states() -> Vec<(&'static str, StateKind)> {
    let back = || text("https://spravki.example/return?order=1024");
    let csrf = || text("9f86d081884c7d65");
    let question = |money| StateKind::CancelConfirm {
        money,
        action_url: text("/order/1/cancel"),
        csrf: csrf(),
        back_url: text("/order/1"),
    };
    vec![
        (
            "checking",
            StateKind::Checking {
                refresh_seconds: 5,
                resume_url: Some("https://bank.example/pay/1".into()),
                other_way: Some(OtherWay { action_url: text("/order/1/another"), csrf: csrf() }),
            },
        ),
        (
            "paid-pending",
            StateKind::Paid {
                paid_at_ms: NOW,
                receipt: ReceiptState::Pending,
                next: None,
                return_url: back(),
                refresh_seconds: Some(10),
            },
        ),
        (
            "paid",
            StateKind::Paid {
                paid_at_ms: NOW,
                receipt: receipt_state(),
                next: None,
                return_url: back(),
                refresh_seconds: None,
            },
        ),
        (
            "fulfilled",
            StateKind::Fulfilled {
                fulfilled_at_ms: NOW + DAY,
                result_url: text("/result/1"),
                valid_until_ms: Some(NOW + 31 * DAY),
                receipt: receipt_state(),
            },
        ),
        (
            "held",
            StateKind::Held {
                held_at_ms: NOW,
                amount_minor: 123_450,
                until_ms: Some(NOW + 7 * DAY),
                is_taken_at_end: false,
                return_url: back(),
                refresh_seconds: None,
            },
        ),
        (
            "ordered",
            StateKind::Ordered {
                means: Some(text("Мир •• 0004")),
                until_ms: NOW + 90 * DAY,
                cancel_url: text("/order/1/cancel"),
                return_url: back(),
                refresh_seconds: None,
            },
        ),
        (
            "means-saved",
            StateKind::MeansSaved {
                means: Some(text("Мир •• 0004")),
                saved_at_ms: NOW,
                return_url: back(),
                refresh_seconds: None,
            },
        ),
        ("splitting", StateKind::Splitting { refresh_seconds: 5 }),
        ("released", StateKind::Cancelled { cancelled_at_ms: NOW, released_minor: 123_450, return_url: back() }),
        ("cancelled-unpaid", StateKind::Cancelled { cancelled_at_ms: NOW, released_minor: 0, return_url: back() }),
        ("releasing", StateKind::Releasing { cancelled_at_ms: NOW, amount_minor: 123_450 }),
        (
            "overdue",
            StateKind::Overdue {
                promised_ms: NOW - DAY,
                is_held: false,
                cancel_url: text("/order/1/cancel"),
                csrf: csrf(),
            },
        ),
        (
            "overdue-held",
            StateKind::Overdue {
                promised_ms: NOW - DAY,
                is_held: true,
                cancel_url: text("/order/1/cancel"),
                csrf: csrf(),
            },
        ),
        ("cancel-confirm", question(CancelMoney::Returned)),
        ("cancel-confirm-held", question(CancelMoney::Released)),
        ("cancel-confirm-ordered", question(CancelMoney::NotCharged)),
        ("cancelled", StateKind::CancelledRefunding { cancelled_at_ms: NOW, amount_minor: 123_450 }),
        (
            "refunded",
            StateKind::Refunded { refunded_at_ms: NOW + DAY, amount_minor: 123_450, receipt: receipt_state() },
        ),
        ("expired", StateKind::Expired { expired_at_ms: NOW, return_url: back(), refresh_seconds: Some(15) }),
        ("expired-refunding", StateKind::ExpiredRefunding { paid_at_ms: NOW, return_url: back() }),
        ("not_found", StateKind::NotFound),
    ]
}

fn delivery(content: DeliveryContent) -> DeliveryView {
    DeliveryView {
        lang: Lang::Ru,
        language_url: None,
        partner: partner(),
        agent: agent(),
        bill: text("4000123412341234"),
        number: text("А-1024"),
        title: text("Выписка из ЕГРН готова"),
        content,
        valid_until_ms: Some(NOW + 30 * DAY),
        order_url: Some(text("/order/1")),
        test_mode: false,
    }
}

fn bank(lang: Lang) -> BankView {
    let card = |id: &str, title: &str, pan_masked: &str, what_happens: &str| TestCard {
        id: text(id),
        title: text(title),
        pan_masked: text(pan_masked),
        what_happens: text(what_happens),
    };
    BankView {
        lang,
        action_url: text("/bank/pay/1"),
        csrf: text("9f86"),
        merchant: text("ООО «Апикасса» (ООО «Справки онлайн»)"),
        order: text("4000123412341234.1"),
        amount_minor: 123_450,
        cards: vec![
            card("ok", "Успешная оплата", "•••• 0004", "Деньги списываются сразу, без подтверждения."),
            card("3ds", "С подтверждением 3-D Secure", "•••• 0012", "Банк спросит код из SMS."),
            card("funds", "Не хватает денег", "•••• 0020", "Банк откажет: недостаточно средств."),
            card("blocked", "Карта заблокирована", "•••• 0038", "Банк откажет: карта заблокирована."),
            card("silent", "Банк молчит", "•••• 0046", "Банк не ответит, итог станет известен через минуту."),
        ],
    }
}

fn mailbox_items() -> Vec<MailboxItem> {
    let item = |url: &str, channel: &str, to: &str, subject: &str, at_ms| MailboxItem {
        url: text(url),
        channel: text(channel),
        to: text(to),
        subject: text(subject),
        at_ms,
    };
    vec![
        item(
            "/mailbox/3",
            "E-mail",
            "ivanov@mail.example",
            "Заказ исполнен · Заказ А-1024 · ООО «Справки онлайн»",
            NOW + DAY,
        ),
        item(
            "/mailbox/2",
            "SMS",
            "+7 900 123-45-17",
            "АПИКАССА: заказ А-1024 (Справки онлайн) оплачен: 1 234,50 ₽.",
            NOW + 1000,
        ),
        item(
            "/mailbox/1",
            "E-mail",
            "ivanov@mail.example",
            "Заказ оплачен, чек · Заказ А-1024 · ООО «Справки онлайн»",
            NOW,
        ),
    ]
}

fn api_docs() -> ApiDocsView {
    let param = |name: &str, location: &str, required, kind: &str, description: &str| ApiParameter {
        name: text(name),
        location: text(location),
        required,
        kind: text(kind),
        description: text(description),
    };
    let response = |status: &str, description: &str, example: Option<&str>| ApiResponse {
        status: text(status),
        description: text(description),
        example: example.map(text),
    };
    ApiDocsView {
        lang: Lang::Ru,
        title: text("API партнёра"),
        version: text("1.0"),
        intro: text(
            "Заказ создаёт сервер магазина. Покупатель платит на нашей странице.\n\nСуммы в копейках, время в миллисекундах Unix.",
        ),
        openapi_url: text("/openapi.json"),
        operations: vec![
            ApiOperation {
                method: text("POST"),
                path: text("/v1/orders"),
                summary: text("Создать заказ"),
                description: text(
                    "Номер заказа магазина неповторим: повтор с тем же номером и составом вернёт тот же заказ.",
                ),
                params: vec![
                    param("Idempotency-Key", "header", false, "string", "Ключ повтора, до 64 знаков."),
                    param("number", "body", true, "string", "Номер заказа магазина."),
                    param("lines[].price_minor", "body", true, "integer", "Цена одной единицы, копейки."),
                ],
                request_example: Some(text(
                    "{\n  \"number\": \"A-1024\",\n  \"lines\": [\n    { \"name\": \"Выписка\", \"quantity\": \"1\", \"price_minor\": 45000 }\n  ]\n}",
                )),
                responses: vec![
                    response(
                        "201",
                        "Заказ создан.",
                        Some(
                            "{\n  \"bill\": \"4000123412341234\",\n  \"checkout_url\": \"https://pay.apikassa.example/pay/01JD\"\n}",
                        ),
                    ),
                    response("409", "Заказ с этим номером уже есть, и состав у него другой.", None),
                ],
            },
            ApiOperation {
                method: text("GET"),
                path: text("/v1/orders/{bill}"),
                summary: text("Состояние заказа"),
                description: String::new(),
                params: vec![param("bill", "path", true, "string", "Номер в АПИКАССЕ, 16 цифр.")],
                request_example: None,
                responses: vec![response("200", "Заказ.", None), response("404", "Заказа нет.", None)],
            },
            ApiOperation {
                method: text("DELETE"),
                path: text("/v1/orders/{bill}"),
                summary: text("Отменить заказ"),
                description: String::new(),
                params: Vec::new(),
                request_example: None,
                responses: vec![response("202", "Отменяется, деньги вернутся покупателю.", None)],
            },
        ],
    }
}

/// Every page state by its file name.
pub fn pages() -> Vec<(String, Page)> {
    let mut all: Vec<(String, Page)> = Vec::new();
    let mut add = |name: &str, page: Page| all.push((name.to_owned(), page));

    add("checkout", pages::checkout(&checkout(Lang::Ru)));
    add("checkout-en", pages::checkout(&checkout(Lang::En)));
    add("checkout-errors", pages::checkout(&checkout_errors()));
    add("checkout-declined", pages::checkout(&checkout_declined()));
    add("checkout-ways", pages::checkout(&checkout_ways()));
    add("checkout-rich", pages::checkout(&checkout_rich()));
    add("checkout-order", pages::checkout(&checkout_order()));
    add("sbp", pages::sbp(&sbp(Lang::Ru)));
    add("sbp-en", pages::sbp(&sbp(Lang::En)));
    add("wallet", pages::wallet(&wallet(Lang::Ru)));
    add("wallet-en", pages::wallet(&wallet(Lang::En)));
    add("wallet-empty", pages::wallet(&WalletView { means: Vec::new(), add_url: None, ..wallet(Lang::Ru) }));
    let gone = WalletExpiredView { lang: Lang::Ru, partner: partner(), agent: agent() };
    add("wallet-expired", pages::wallet_expired(&gone));
    for state in [
        pages::SubscriptionState::Active,
        pages::SubscriptionState::Paused,
        pages::SubscriptionState::Cancelled,
        pages::SubscriptionState::Completed,
    ] {
        for lang in [Lang::Ru, Lang::En] {
            let name = format!("subscription-{}-{}", format!("{state:?}").to_lowercase(), lang.code());
            add(&name, pages::subscription(&subscription(lang, state)));
        }
    }
    for (name, kind) in states() {
        add(&format!("state-{name}"), pages::order_state(&state(Lang::Ru, kind.clone())));
        add(&format!("state-{name}-en"), pages::order_state(&state(Lang::En, kind)));
    }
    add("state-part-refunded", pages::order_state(&part_refunded()));
    for (name, view) in receipts() {
        add(&format!("receipt-{name}"), pages::receipt(&view));
    }
    add(
        "delivery-file",
        pages::delivery(&delivery(DeliveryContent::File {
            name: text("vypiska-77-01-0001001-1024.pdf"),
            size_bytes: Some(184_320),
            url: text("/file/1"),
        })),
    );
    add(
        "delivery-text",
        pages::delivery(&delivery(DeliveryContent::Text(text(
            "Кадастровый номер: 77:01:0001001:1024\nПравообладатель: Иванов И. И.\nОбременений нет.",
        )))),
    );
    add(
        "delivery-link",
        pages::delivery(&delivery(DeliveryContent::Link { url: text("https://spravki.example/r/1") })),
    );
    add(
        "delivery-expired",
        pages::delivery_expired(&DeliveryExpiredView {
            lang: Lang::Ru,
            language_url: None,
            partner: partner(),
            agent: agent(),
            bill: text("4000123412341234"),
            number: text("А-1024"),
            expired_at_ms: NOW,
            order_url: Some(text("/order/1")),
        }),
    );
    for (kind, name) in [(LegalKind::PersonalData, "personal-data"), (LegalKind::Terms, "terms")] {
        for lang in [Lang::Ru, Lang::En] {
            let view = LegalView {
                lang,
                language_url: Some(text("?lang=en")),
                text: pages::legal_text(kind, lang, &agent()),
                agent: agent(),
            };
            add(&format!("legal-{name}-{}", lang.code()), pages::legal(&view));
        }
    }
    add("bank", pages::bank_payment(&bank(Lang::Ru)));
    add("bank-en", pages::bank_payment(&bank(Lang::En)));
    for (name, tries_left) in [("bank-challenge", None), ("bank-challenge-wrong", Some(2))] {
        add(
            name,
            pages::bank_challenge(&BankChallengeView {
                lang: Lang::Ru,
                action_url: text("/bank/challenge/1"),
                csrf: text("9f86"),
                merchant: text("ООО «Апикасса»"),
                order: text("4000123412341234.1"),
                amount_minor: 123_450,
                pan_masked: text("•••• 0012"),
                test_code: text("123456"),
                tries_left,
            }),
        );
    }
    add(
        "bank-waiting",
        pages::bank_waiting(&BankWaitingView {
            lang: Lang::Ru,
            merchant: text("ООО «Апикасса»"),
            order: text("4000123412341234.1"),
            amount_minor: 123_450,
            refresh_seconds: 3,
            return_url: Some(text("/order/1")),
        }),
    );
    add(
        "bank-closed",
        pages::bank_closed(&BankClosedView {
            lang: Lang::Ru,
            merchant: text("ООО «Апикасса»"),
            order: text("4000123412341234.1"),
            amount_minor: 123_450,
            outcome: Some(text("Оплата прошла 21 ноября 2026, 18:05 МСК.")),
            return_url: Some(text("/order/1")),
        }),
    );
    let good = |id: &str, title: &str, what: &str, price_minor| Good {
        id: text(id),
        title: text(title),
        text: text(what),
        price_minor,
    };
    add(
        "shop",
        pages::shop(&ShopView {
            lang: Lang::Ru,
            language_url: Some(text("?lang=en")),
            action_url: text("/shop/buy"),
            csrf: text("9f86"),
            goods: vec![
                good("egrn", "Выписка из ЕГРН", "Кто владеет квартирой и нет ли обременений. Файл PDF за час.", 45_000),
                good("history", "История владения", "Все переходы прав с 1998 года. Файл PDF за день.", 29_000),
                good("plan", "Поэтажный план", "Чертёж БТИ с размерами комнат. Бумага и PDF, три дня.", 1_250_000),
            ],
            problem: None,
        }),
    );
    for (name, signature_valid) in [("shop-return", true), ("shop-return-forged", false)] {
        add(
            name,
            pages::shop_return(&ShopReturnView {
                lang: Lang::Ru,
                signature_valid,
                params: vec![
                    (text("billnumber"), text("4000123412341234")),
                    (text("ordernumber"), text("A-1024")),
                    (text("result"), text("paid")),
                    (text("signature"), text("v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=")),
                ],
                api_status: Some(text("paid")),
                order_url: Some(text("/order/1")),
                shop_url: text("/shop"),
            }),
        );
    }
    add("mailbox", pages::mailbox(&MailboxView { lang: Lang::Ru, items: mailbox_items(), index_url: Some(text("/")) }));
    add(
        "mailbox-empty",
        pages::mailbox(&MailboxView { lang: Lang::Ru, items: Vec::new(), index_url: Some(text("/")) }),
    );
    let mut items = mailbox_items().into_iter();
    if let (Some(mail), Some(sms)) = (items.next(), items.next()) {
        let message = |item, body, attachments| MailboxMessageView {
            lang: Lang::Ru,
            item,
            body,
            attachments,
            mailbox_url: text("/mailbox"),
        };
        let body = MessageBody::Mail {
            text: text("Заказ исполнен\n\nРезультат готов."),
            html_url: text("/mailbox/3/html"),
        };
        add(
            "mailbox-mail",
            pages::mailbox_message(&message(mail, body, vec![(text("receipt-qr.png"), text("/mailbox/3/receipt-qr"))])),
        );
        let body = MessageBody::Text(sms.subject.clone());
        add("mailbox-sms", pages::mailbox_message(&message(sms, body, Vec::new())));
    }
    add(
        "time-machine",
        pages::time_machine(&TimeMachineView {
            lang: Lang::Ru,
            now_ms: NOW + 3 * DAY,
            real_now_ms: NOW,
            action_url: text("/time"),
            csrf: text("9f86"),
            notice: Some(text("Переведено на 3 дня. Отправлено писем: 1.")),
            index_url: Some(text("/")),
        }),
    );
    let link = |url: &str, title: &str, what: &str| IndexLink { url: text(url), title: text(title), text: text(what) };
    add(
        "local-index",
        pages::local_index(&LocalIndexView {
            lang: Lang::Ru,
            links: vec![
                link("/shop", "Демо-магазин", "Купить справку и пройти оплату до чека."),
                link("/mailbox", "Почта и SMS", "Что получил покупатель."),
                link("/executor", "Исполнение", "Исполнить заказ или отказать."),
                link("/time", "Машина времени", "Дождаться сроков, не ожидая."),
                link("/docs", "API партнёра", "Справочник и примеры."),
            ],
            facts: vec![(text("API"), text("http://127.0.0.1:8080/v1")), (text("Ключ"), text("test_partner"))],
        }),
    );
    let job = |id: &str, number: &str, title: &str, outcome: Option<&str>| ExecutionJob {
        id: text(id),
        bill: text("4000123412341234"),
        number: text(number),
        title: text(title),
        amount_minor: 123_450,
        handed_at_ms: NOW,
        outcome: outcome.map(text),
    };
    add(
        "executor",
        pages::executor_page(&ExecutorView {
            lang: Lang::Ru,
            action_url: text("/executor"),
            csrf: text("9f86"),
            jobs: vec![
                job("1", "А-1025", "Поэтажный план", None),
                job("2", "А-1024", "Выписка из ЕГРН об объекте недвижимости", Some("Исполнен")),
            ],
            index_url: Some(text("/")),
        }),
    );
    for status in [400, 403, 404, 409, 429, 500, 503] {
        add(
            &format!("error-{status}"),
            pages::error_page(&ErrorView {
                lang: Lang::Ru,
                status,
                title: None,
                text: None,
                reference: Some(text("01JD9K3V7Q8X2M4N5P6R7S8T9V")),
                onward: (status == 409).then(|| (text("/order/1"), text("Открыть заказ"))),
            }),
        );
    }
    add("api-docs", pages::api_docs(&api_docs()));
    all
}

pub fn mail_view(lang: Lang, kind: MailKind) -> MailView {
    MailView {
        lang,
        partner: partner(),
        logo_content_id: None,
        agent: agent(),
        bill: text("4000123412341234"),
        number: text("А-1024"),
        amount_minor: 123_450,
        order_url: text("https://pay.apikassa.example/order/01JD9K3V7Q8X2M4N5P6R7S8T9V"),
        test_mode: false,
        charge: None,
        kind,
    }
}

fn declined(then: AfterDecline) -> MailKind {
    MailKind::ChargeDeclined {
        amount_minor: 123_450,
        reason: DeclineReason::InsufficientFunds,
        is_account: false,
        then,
    }
}

/// Every mail by its file name.
pub fn mails() -> Vec<(String, Mail)> {
    let result = || text("https://pay.apikassa.example/result/1");
    let receipt_url = || text("https://pay.apikassa.example/receipt/1");
    let kinds = [
        ("paid", MailKind::PaidReceipt { receipt: Box::new(receipt(ReceiptKind::Income)), receipt_url: receipt_url() }),
        (
            "prepaid",
            MailKind::PaidReceipt {
                receipt: Box::new(receipt_prepayment(ReceiptKind::Income)),
                receipt_url: receipt_url(),
            },
        ),
        ("closing", MailKind::ClosingReceipt { receipt: Box::new(receipt_handed_over()), receipt_url: receipt_url() }),
        (
            "corrected",
            MailKind::CorrectedReceipt { receipt: Box::new(receipt_correction()), receipt_url: receipt_url() },
        ),
        (
            "delayed",
            MailKind::ExecutionDelayed {
                promised_ms: NOW - DAY,
                cancel_url: text("https://pay.apikassa.example/order/1/cancel"),
            },
        ),
        ("fulfilled", MailKind::OrderFulfilled { result_url: result(), valid_until_ms: Some(NOW + 30 * DAY) }),
        ("reminder", MailKind::Reminder { result_url: result(), valid_until_ms: Some(NOW + 30 * DAY) }),
        (
            "refund",
            MailKind::RefundReceipt {
                receipt: Box::new(receipt(ReceiptKind::IncomeRefund)),
                receipt_url: receipt_url(),
                refund_minor: 123_450,
                rest_minor: 0,
            },
        ),
        (
            "part-refund",
            MailKind::RefundReceipt {
                receipt: Box::new(receipt(ReceiptKind::IncomeRefund)),
                receipt_url: receipt_url(),
                refund_minor: 23_450,
                rest_minor: 100_000,
            },
        ),
        ("held", held(HoldFate::Stands)),
        ("held-late", held(HoldFate::Late)),
        ("held-twice", held(HoldFate::Second)),
        ("released", MailKind::Released { released_minor: 123_450, rest_minor: 0 }),
        ("released-part", MailKind::Released { released_minor: 23_450, rest_minor: 100_000 }),
        ("declined", declined(AfterDecline::Pay { until_ms: NOW + DAY })),
        ("declined-ordered", declined(AfterDecline::ChargedAgain)),
        ("edited", edited(100_000, true)),
        ("edited-up", edited(150_000, false)),
        ("cancelled", MailKind::OrderCancelled { refund_minor: 123_450, release_minor: 0 }),
        ("cancelled-held", MailKind::OrderCancelled { refund_minor: 0, release_minor: 123_450 }),
        ("second-refund", MailKind::SecondRefund { refund_minor: 123_450 }),
        ("expired-refund", MailKind::ExpiredRefund { refund_minor: 123_450 }),
        (
            "custom",
            MailKind::Custom {
                subject: text("Ваша справка готова"),
                body: text("Здравствуйте!\n\nМы подготовили справку."),
                button: Some(MailButton { label: text("Забрать"), url: result() }),
            },
        ),
    ];
    let mut all =
        vec![(text("mail-charged"), mail_charged(Lang::Ru)), (text("mail-charged-en"), mail_charged(Lang::En))];
    for (name, view) in receipts() {
        all.push((format!("mail-receipt-{name}"), pages::mail(&receipt_mail(view))));
    }
    for (name, kind) in kinds {
        all.push((format!("mail-{name}"), pages::mail(&mail_view(Lang::Ru, kind.clone()))));
        all.push((format!("mail-{name}-en"), pages::mail(&mail_view(Lang::En, kind))));
    }
    all
}

/// Every SMS.
pub fn messages() -> Vec<String> {
    let kinds = [
        SmsKind::PaidReceipt,
        SmsKind::PrepaidReceipt,
        SmsKind::ClosingReceipt,
        SmsKind::CorrectedReceipt,
        SmsKind::ExecutionDelayed,
        SmsKind::OrderFulfilled,
        SmsKind::Reminder,
        SmsKind::RefundReceipt,
        SmsKind::OrderCancelled,
        SmsKind::OrderCancelledFree,
        SmsKind::PartRefundReceipt,
        SmsKind::ChargedReceipt,
        SmsKind::Held,
        SmsKind::HeldLate,
        SmsKind::HeldTwice,
        SmsKind::Released,
        SmsKind::ChargeDeclined,
        SmsKind::Edited { up: false },
        SmsKind::Edited { up: true },
        SmsKind::SecondRefund,
        SmsKind::ExpiredRefund,
        SmsKind::Custom(text("Ваша справка готова.")),
    ];
    let view = |lang, kind: &SmsKind| SmsView {
        lang,
        kind: kind.clone(),
        partner_name: text("Справки онлайн"),
        number: text("А-1024"),
        amount_minor: 123_450,
        link: text("https://apika.ru/o/7Q8X2M"),
    };
    [Lang::Ru, Lang::En]
        .into_iter()
        .flat_map(|lang| kinds.iter().map(move |kind| pages::sms(&view(lang, kind))))
        .collect()
}
