//! What is bought in a world, and how it is to be paid: every kind of order there is, with what a partner asks for.

use serde_json::{Value, json};

use super::dice::Dice;

/// Kinds of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// By card, in one stage.
    OneStage,
    /// By the СБП.
    Sbp,
    /// Held, and captured by the partner.
    TwoStage,
    /// Held, and captured when the order is fulfilled.
    OnFulfilment,
    /// With bonus points.
    Points,
    /// The card is saved beside the payment.
    Saving,
    /// A card saved before is chosen at the page.
    SavedAtPage,
    /// The card is saved, and nothing else.
    SaveMeans,
    /// Agreed to now, charged by the partner later.
    Later,
    /// Made and charged at once, without the buyer.
    Charged,
    /// One buyer, several payments.
    Split,
    /// The card is saved beside the payment, and charged by a schedule from then on.
    Subscribed,
    /// Paid at a terminal beside the platform.
    Terminal,
}

/// How often each comes.
const WEIGHTED: [Kind; 26] = [
    Kind::OneStage,
    Kind::OneStage,
    Kind::OneStage,
    Kind::Sbp,
    Kind::Sbp,
    Kind::TwoStage,
    Kind::TwoStage,
    Kind::TwoStage,
    Kind::TwoStage,
    Kind::TwoStage,
    Kind::OnFulfilment,
    Kind::OnFulfilment,
    Kind::Points,
    Kind::Saving,
    Kind::Saving,
    Kind::SavedAtPage,
    Kind::SaveMeans,
    Kind::Later,
    Kind::Later,
    Kind::Charged,
    Kind::Charged,
    Kind::Split,
    Kind::Split,
    Kind::Subscribed,
    Kind::Subscribed,
    Kind::Terminal,
];

const CARDS: [&str; 24] = [
    "success",
    "success",
    "success",
    "success",
    "success",
    "success",
    "insufficient_funds",
    "blocked",
    "challenge",
    "challenge",
    "abandoned",
    "late",
    "silent",
    "after_expiry",
    "doubled",
    "out_of_order",
    "refund_slow",
    "refund_slow",
    "refund_cancelled",
    "refund_cancelled",
    "refund_refused",
    "hold_dropped",
    "points",
    "charge_declined",
];

impl Kind {
    /// One of them.
    pub fn roll(dice: &Dice) -> Self {
        dice.one_of(&WEIGHTED)
    }

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneStage => "one stage",
            Self::Sbp => "sbp",
            Self::TwoStage => "two stages",
            Self::OnFulfilment => "captured on fulfilment",
            Self::Points => "points",
            Self::Saving => "saving the card",
            Self::SavedAtPage => "saved card at the page",
            Self::SaveMeans => "save means only",
            Self::Later => "charged later",
            Self::Charged => "charged at once",
            Self::Split => "split",
            Self::Subscribed => "subscribed",
            Self::Terminal => "terminal",
        }
    }

    /// The test card its buyer takes out.
    pub fn card(self, dice: &Dice) -> &'static str {
        if self == Self::Points && dice.chance(700) { "points" } else { dice.one_of(&CARDS) }
    }

    /// Whether the buyer lets the means be kept, where the page asks.
    pub fn saves(self, dice: &Dice) -> bool {
        match self {
            Self::Saving | Self::SaveMeans | Self::Later | Self::Split | Self::Subscribed => dice.chance(900),
            _ => dice.chance(50),
        }
    }

    /// What the partner asks for; a charge's means come later.
    pub fn request(self, dice: &Dice, number: &str, customer: &str) -> Value {
        let children = if self == Self::Split { 2 + dice.below(2) } else { 0 };
        let count = children.max(1) + dice.one_of(&[0, 0, 1, 2]);
        let lines: Vec<_> = (0..count).map(|n| line(dice, &format!("Товар {}", n + 1))).collect();
        let mut request = json!({
            "number": number,
            "lines": lines,
            "payment_timeout_seconds": dice.one_of(&[1_200, 1_200, 7_200, 40_000]),
            "scenario": {
                "execution": dice.one_of(&["automatic", "automatic", "manual", "manual", "failing"]),
                "receipt": dice.one_of(&["prompt", "prompt", "silent", "failing_once", "expiring", "other_rate"]),
            },
            "receipts": dice.one_of(&["full", "full", "prepayment", "advance"]),
        });
        if matches!(self, Self::Charged | Self::Terminal) || dice.chance(500) {
            request["buyer"] = json!({ "email": "buyer@example.com", "phone": "+79161234567" });
            request["channels"] = json!(["email", "sms"]);
        }
        let stages = dice.one_of(&[1, 2]);
        let hold_end = dice.one_of(&["release", "capture"]);
        let held = |capture: &str| json!({ "stages": 2, "capture": capture, "hold_end": hold_end });
        match self {
            Self::OneStage | Self::Terminal => {}
            Self::Sbp => request["payment"] = json!({ "methods": ["sbp"] }),
            Self::TwoStage => request["payment"] = held("manual"),
            Self::OnFulfilment => request["payment"] = held("fulfilled"),
            Self::Points => request["payment"] = json!({ "stages": stages, "points_max": "300.00" }),
            Self::Saving | Self::SavedAtPage | Self::Charged | Self::Subscribed => {
                request["payment"] = json!({ "stages": stages, "hold_end": hold_end });
            }
            Self::SaveMeans => {
                request["payment"] = json!({ "purpose": "save_means" });
                if dice.chance(500) {
                    // The two sums most shops verify a card with.
                    let price = dice.one_of(&["1.00", "10.00"]);
                    request["lines"] = json!([{ "name": "Проверка карты", "price": price }]);
                }
            }
            Self::Later => {
                request["payment"] = json!({ "purpose": "order", "stages": stages, "hold_end": hold_end });
            }
            Self::Split => {
                request["payment"] = json!({ "stages": stages, "hold_end": hold_end });
                request["split"] = split(dice, children, count);
            }
        }
        if !matches!(self, Self::OneStage | Self::Sbp | Self::Terminal) || dice.chance(300) {
            request["customer"] = json!(customer);
        }
        request
    }
}

fn line(dice: &Dice, name: &str) -> Value {
    let price = format!("{}.{:02}", 1 + dice.below(dice.one_of(&[9, 900, 30_000])), dice.below(100));
    let vat = dice.one_of(&["none", "none", "vat22", "vat10", "vat5"]);
    let mut line =
        json!({ "name": name, "price": price, "quantity": dice.one_of(&["1", "1", "2", "3", "0.5"]), "vat": vat });
    if dice.chance(200) {
        line["taxation"] = json!("patent");
    }
    if dice.chance(200) {
        line["supplier"] = json!({ "name": "ООО «Продавец»", "inn": "7727401209", "phones": ["+74951234567"] });
    }
    line
}

fn split(dice: &Dice, children: usize, lines: usize) -> Value {
    let of = |child: usize| -> Vec<usize> { (1..=lines).filter(|line| (line - 1) % children == child).collect() };
    let children: Vec<_> =
        (0..children).map(|child| json!({ "name": format!("Склад {child}"), "lines": of(child) })).collect();
    let least = dice.below(children.len() + 1);
    let mut split = json!({ "children": children });
    if least > 0 {
        split["least"] = json!(least);
    }
    split
}
