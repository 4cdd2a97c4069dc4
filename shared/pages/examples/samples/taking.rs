//! Views of what is more than one payment at once: ways, saved means, holds, parts, edits, charges without the buyer.

use pages::{
    ButtonLabel, ChargeNotice, ChargedBy, CheckoutView, Decline, DeclineReason, FieldError, HoldFate, Lang, LineChange,
    Mail, MailKind, MailView, Method, MoneyMoved, OrderPart, OriginalPrice, OtherWay, PartPayment, PartState,
    ReceiptKind, SaveField, SavedMeans, SbpView, StateKind, StateView, Taking, WalletMeans, WalletView,
};

use super::{DAY, HOUR, NOW, agent, checkout, mail_view, partner, receipt, receipt_state, state, text};

/// Three lines, four ways, two saved means, and a box to save another.
pub fn checkout_ways() -> CheckoutView {
    let mut view = checkout(Lang::Ru);
    let method = |id: &str, title: &str, subtitle: &str, saves| Method {
        id: text(id),
        title: text(title),
        subtitle: text(subtitle),
        saves,
    };
    view.methods = vec![
        method("sbp", "СБП", "По QR-коду или в приложении банка", true),
        method("card", "Банковская карта", "МИР, Visa, Mastercard", true),
        method("yandex_pay", "Yandex Pay", "", false),
        method("dolyami", "Долями", "Четыре платежа", false),
    ];
    view.method_chosen = Some(text("card"));
    view.saved = vec![
        SavedMeans {
            id: text("mns_01jd9k3v7q8x2m4n5p6r7s8t9v_1"),
            label: text("Мир •• 0004"),
            note: text("до 12/2030"),
        },
        SavedMeans { id: text("mns_01jd9k3v7q8x2m4n5p6r7s8t9w_1"), label: text("Т-Банк"), note: text("СБП") },
    ];
    view.save = Some(SaveField {
        text: text(
            "Сохранить карту или счёт у банка и списывать по ним оплату моих заказов в этом магазине. Я могу отключить или удалить их в любой момент.",
        ),
        required: false,
        ticked: false,
        error: None,
    });
    view
}

/// Everything at once: two stages, parts, a foreign price, points, a declined saved card.
pub fn checkout_rich() -> CheckoutView {
    let mut view = checkout_ways();
    view.means_chosen = Some(String::new());
    view.declined =
        Some(Decline {
            reason: DeclineReason::InsufficientFunds, by: Some(text("Мир •• 0004")), is_account: false
        });
    view.taking = Taking::Held;
    view.parts = vec![
        OrderPart { name: text("Склад Химки"), amount_minor: 90_000 },
        OrderPart { name: text("Склад Тверь"), amount_minor: 33_450 },
    ];
    view.original =
        Some(OriginalPrice { amount: text("13.35"), currency: text("USD"), rate: text("92.4719"), since_ms: NOW });
    view.points_max_minor = Some(50_000);
    view
}

/// Nothing to pay now: the box must be ticked, and was not.
pub fn checkout_order() -> CheckoutView {
    let mut view = checkout_ways();
    view.saved.clear();
    view.button = ButtonLabel::Order;
    view.taking = Taking::Later { check_minor: 100 };
    if let Some(save) = &mut view.save {
        save.required = true;
        save.error = Some(FieldError::Other(text("Без согласия сохранить карту заказ не оформить.")));
    }
    view
}

pub fn sbp(lang: Lang) -> SbpView {
    SbpView {
        lang,
        language_url: text("?lang=en"),
        partner: partner(),
        agent: agent(),
        bill: text("4000123412341234"),
        number: text("А-1024"),
        amount_minor: 123_450,
        link: text(
            "https://qr.nspk.ru/AD10001246OADML79D5OP9279JLPI2V6?type=02&bank=100000000001&sum=253&cur=RUB&crc=D959",
        ),
        expires_at_ms: NOW + 14 * 60_000 + 59_000,
        now_ms: NOW,
        refresh_seconds: 5,
        refresh_url: text("/c/1/return"),
        other_way: Some(OtherWay { action_url: text("/order/1/another"), csrf: text("9f86d081884c7d65") }),
        test_url: Some(text("/sandbox/sbp/demoshop/AD10001246OADML79D5OP9279JLPI2V6")),
        test_mode: true,
    }
}

pub fn subscription(lang: Lang, state: pages::SubscriptionState) -> pages::SubscriptionView {
    let charge = |days: i64, amount_minor| pages::SubscriptionCharge { at_ms: NOW + days * DAY, amount_minor };
    pages::SubscriptionView {
        lang,
        language_url: text("?lang=en"),
        partner: partner(),
        agent: agent(),
        description: text("Подписка «Справка плюс»"),
        state,
        next: (state == pages::SubscriptionState::Active).then(|| charge(30, 100_000)),
        paid: vec![charge(-60, 100), charge(-30, 50_000)],
        action_url: text("/s/token?lang=ru"),
        csrf: text("csrf-0123456789"),
        test_mode: true,
    }
}

/// A buyer's saved means.
pub fn wallet(lang: Lang) -> WalletView {
    let means = |id: &str, label: &str, enabled| WalletMeans {
        id: text(id),
        label: text(label),
        method: None,
        valid_until: Some(text("12/2030")),
        saved_at_ms: NOW,
        enabled,
    };
    WalletView {
        lang,
        language_url: text("?lang=en"),
        partner: partner(),
        agent: agent(),
        action_url: text("/w/1"),
        csrf: text("9f86"),
        means: vec![
            means("mns_1", "Мир •• 0004", true),
            WalletMeans { method: Some(text("СБП")), valid_until: None, ..means("mns_2", "Т-Банк", false) },
        ],
        add_url: Some(text("/c/2")),
        until_ms: NOW + HOUR,
        test_mode: true,
    }
}

/// Paid in parts: one was declined, and of the other some went back.
pub fn part_refunded() -> StateView {
    let kind = StateKind::Paid {
        paid_at_ms: NOW,
        receipt: receipt_state(),
        next: None,
        return_url: text("https://spravki.example/return?order=1024"),
        refresh_seconds: None,
    };
    let mut view = state(Lang::Ru, kind);
    if let Some(order) = &mut view.order {
        order.money = MoneyMoved {
            charged_minor: 90_000,
            returned_minor: 10_000,
            returning_minor: 5_000,
            ..MoneyMoved::default()
        };
        let part = |name: &str, amount_minor, state| PartState { name: text(name), amount_minor, state };
        order.parts =
            vec![part("Склад Химки", 90_000, PartPayment::Paid), part("Склад Тверь", 33_450, PartPayment::Declined)];
    }
    view
}

pub fn held(fate: HoldFate) -> MailKind {
    MailKind::Held { held_minor: 123_450, until_ms: Some(NOW + 7 * DAY), is_taken_at_end: false, fate }
}

pub fn edited(after_minor: i64, is_held: bool) -> MailKind {
    let change = |name: &str, before: Option<(&str, i64)>, after: Option<(&str, i64)>| {
        let of = |part: Option<(&str, i64)>| part.map(|(quantity, minor)| (text(quantity), minor));
        LineChange { name: text(name), before: of(before), after: of(after) }
    };
    let changes = vec![
        change("Доставка", None, Some(("1", 5_000))),
        change("Выписка о переходе прав", Some(("1", 29_000)), None),
        change("Выписка из ЕГРН", Some(("2", 45_000)), Some(("1", 45_000))),
    ];
    MailKind::Edited { changes, before_minor: 123_450, after_minor, is_held }
}

/// A letter of a charge without the buyer.
pub fn mail_charged(lang: Lang) -> Mail {
    let kind = MailKind::PaidReceipt {
        receipt: Box::new(receipt(ReceiptKind::Income)),
        receipt_url: text("https://pay.apikassa.example/receipt/1"),
    };
    let charge =
        ChargeNotice {
            by: ChargedBy::Partner, reason: Some(text("заказ собран")), means: Some(text("Мир •• 0004"))
        };
    pages::mail(&MailView { charge: Some(charge), ..mail_view(lang, kind) })
}
