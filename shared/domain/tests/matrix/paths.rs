//! The ways money is taken, given back and receipted.

use domain::acquiring::{Method, Stages};
use domain::details::{CaptureRule, PaymentTerms, Subject};
use domain::order::{NotPrinted, ReceiptScheme, What};
use domain::receipt::Ffd;
use domain::tax::{Taxation, VatRate};
use rust_decimal::Decimal;

use crate::baskets::{amount, goods, line, many, marked, of_another, of_line, service, two_sellers, under, weighed};
use crate::tale::{Plan, Tale};

/// A way, told with registers of one version.
pub struct Path {
    /// Heading.
    pub name: &'static str,
    /// What happens.
    pub told: &'static str,
    /// The tale itself.
    pub tale: fn(Ffd) -> Tale,
}

/// Ways that belong together, in one document.
pub struct Chapter {
    pub file: &'static str,
    pub title: &'static str,
    pub paths: Vec<Path>,
}

const fn path(name: &'static str, told: &'static str, tale: fn(Ffd) -> Tale) -> Path {
    Path { name, told, tale }
}

fn shop(ffd: Ffd) -> Plan {
    Plan::new(ffd, goods())
}

fn two_stages() -> PaymentTerms {
    PaymentTerms { stages: Stages::Two, ..PaymentTerms::default() }
}

fn held(ffd: Ffd) -> Tale {
    shop(ffd).terms(two_stages()).begin().paid()
}

fn prepaid(ffd: Ffd) -> Tale {
    shop(ffd).scheme(ReceiptScheme::Prepayment).begin().paid()
}

/// Every chapter of `docs/receipts`.
pub fn chapters() -> Vec<Chapter> {
    let chapter = |file, title, paths| Chapter { file, title, paths };
    vec![
        chapter("one-stage.md", "One stage", one_stage()),
        chapter("two-stages.md", "Two stages", held_and_captured()),
        chapter("before.md", "Paid before the hand-over", before()),
        chapter("people.md", "Money a person takes", people()),
        chapter("baskets.md", "Baskets", baskets()),
        chapter("registers.md", "Registers that err or fail", registers()),
    ]
}

fn one_stage() -> Vec<Path> {
    vec![
        path("Sale", "The buyer pays at once; goods of the partner's, at 22 % and 10 %.", |ffd| {
            shop(ffd).begin().paid()
        }),
        path("Sale to a firm", "A firm buys; a service without VAT.", |ffd| {
            Plan::new(ffd, service()).for_a_firm().begin().paid()
        }),
        path("Part refund by lines", "One of the two tables goes back the next day.", |ffd| {
            shop(ffd).begin().paid().a_day_later().gives_back(of_line(1, Decimal::ONE))
        }),
        path(
            "Part refund by amount",
            "100.01 goes back, spread over the lines in proportion; no quantity goes back.",
            |ffd| shop(ffd).begin().paid().a_day_later().gives_back(amount(10_001)),
        ),
        path("Refunds until nothing is left", "One table, then 100.01, then the rest.", |ffd| {
            let paid = shop(ffd).begin().paid().a_day_later();
            paid.gives_back(of_line(1, Decimal::ONE)).gives_back(amount(10_001)).gives_back(What::Whole)
        }),
        path("Reversal", "The order is cancelled on the day of its payment: the bank undoes the purchase.", |ffd| {
            shop(ffd).begin().paid().gives_back(What::Whole)
        }),
        path("Whole refund before the hand-over", "The order is cancelled a day later.", |ffd| {
            shop(ffd).begin().paid().a_day_later().gives_back(What::Whole)
        }),
        path("Whole refund after the hand-over", "The order was fulfilled; all of it comes back.", |ffd| {
            shop(ffd).begin().paid().fulfilled().a_day_later().gives_back(What::Whole)
        }),
        path(
            "Bonus points",
            "330.00 of 1330.00 are paid with points of the bank's: they are no money, and no receipt names them.",
            |ffd| shop(ffd).begin().paid_with_points(330),
        ),
        path("Bonus points, part refund", "330.00 of 1330.00 are paid with points; 500.00 go back.", |ffd| {
            shop(ffd).begin().paid_with_points(330).a_day_later().gives_back(amount(50_000))
        }),
    ]
}

fn held_and_captured() -> Vec<Path> {
    vec![
        path("Hold and capture", "The money is held, then taken whole. A hold has no receipt.", |ffd| {
            held(ffd).a_day_later().captured(What::Whole)
        }),
        path("Part capture by lines", "One of the two tables is taken, the rest of the hold let go.", |ffd| {
            held(ffd).captured(of_line(1, Decimal::ONE))
        }),
        path("Part capture by amount", "1000.00 of 1330.00 are taken, spread over the lines in proportion.", |ffd| {
            held(ffd).captured(amount(100_000))
        }),
        path(
            "Part capture, part refund, whole refund",
            "The tables are taken; one goes back, then the other.",
            |ffd| {
                let captured = held(ffd).captured(of_line(1, Decimal::TWO)).a_day_later();
                captured.gives_back(of_line(1, Decimal::ONE)).gives_back(What::Whole)
            },
        ),
        path("Capture undone", "The order is cancelled on the day of the capture: the bank undoes it.", |ffd| {
            held(ffd).a_day_later().captured(What::Whole).gives_back(What::Whole)
        }),
        path("Part of a hold let go", "The book is let go before the capture: there is no receipt of it.", |ffd| {
            held(ffd).gives_back(of_line(2, Decimal::ONE)).captured(What::Whole)
        }),
        path("Hold let go", "All of the hold is let go.", |ffd| held(ffd).gives_back(What::Whole)),
        path(
            "Edit",
            "The basket is cut down to one table and a cheaper book while its money is held, then captured.",
            |ffd| {
                let mut lines = goods();
                lines[0].quantity = Decimal::ONE;
                lines[0].amount = lines[0].price;
                lines[1] = line("Книга с уценкой", Decimal::ONE, 8_800, VatRate::Vat10, Subject::Goods);
                held(ffd).edited(lines).captured(What::Whole)
            },
        ),
        path("Split", "Each line is a child order with a payment of its own, and of a seller of its own.", |ffd| {
            Plan::new(ffd, two_sellers()).terms(two_stages()).split().begin().paid().captured(What::Whole)
        }),
        path("Split, a child goes back", "The other seller's line goes back.", |ffd| {
            let split = Plan::new(ffd, two_sellers()).terms(two_stages()).split().begin().paid();
            split.captured(What::Whole).a_day_later().gives_back(of_line(2, Decimal::ONE))
        }),
    ]
}

fn before() -> Vec<Path> {
    vec![
        path("Prepayment", "The buyer pays for known goods; they are handed over a day later.", |ffd| {
            prepaid(ffd).a_day_later().fulfilled()
        }),
        path(
            "Prepayment, a part back before the closing and after it",
            "One table goes back before the hand-over, the book after it: the closing is over what was left.",
            |ffd| {
                let fulfilled = prepaid(ffd).a_day_later().gives_back(of_line(1, Decimal::ONE)).fulfilled();
                fulfilled.a_day_later().gives_back(of_line(2, Decimal::ONE))
            },
        ),
        path("Prepayment, whole refund before the closing", "Nothing is handed over, and nothing is closed.", |ffd| {
            prepaid(ffd).a_day_later().gives_back(What::Whole)
        }),
        path("Prepayment, whole refund after the closing", "All that was handed over comes back.", |ffd| {
            prepaid(ffd).a_day_later().fulfilled().a_day_later().gives_back(What::Whole)
        }),
        path("Prepayment in two stages", "One of the two tables is captured, and handed over.", |ffd| {
            let plan = shop(ffd).scheme(ReceiptScheme::Prepayment).terms(two_stages());
            plan.begin().paid().captured(of_line(1, Decimal::ONE)).a_day_later().fulfilled()
        }),
        path(
            "Fulfilled before the capture",
            "The money is taken when the order is fulfilled: nothing was paid before, so one receipt of full settlement is all.",
            |ffd| {
                let terms = PaymentTerms { capture: CaptureRule::Fulfilled, ..two_stages() };
                shop(ffd).scheme(ReceiptScheme::Prepayment).terms(terms).begin().paid().a_day_later().fulfilled()
            },
        ),
        path(
            "Prepayment with bonus points",
            "330.00 of 1330.00 are points: prepayment and closing are over the money.",
            |ffd| shop(ffd).scheme(ReceiptScheme::Prepayment).begin().paid_with_points(330).a_day_later().fulfilled(),
        ),
        path("Prepayment of a split order", "Each child's payment has its prepayment and its closing.", |ffd| {
            let plan = Plan::new(ffd, two_sellers()).scheme(ReceiptScheme::Prepayment).split();
            plan.begin().paid().a_day_later().fulfilled()
        }),
        path("Advance", "It is not said for what: one item for each rate and seller.", |ffd| {
            shop(ffd).scheme(ReceiptScheme::Advance).begin().paid().a_day_later().fulfilled()
        }),
        path(
            "Advance, a part back before the closing and after it",
            "Two sellers. One table goes back before the hand-over, the book after it.",
            |ffd| {
                let plan = Plan::new(ffd, two_sellers()).scheme(ReceiptScheme::Advance);
                let paid = plan.begin().paid().a_day_later();
                let fulfilled = paid.gives_back(of_line(1, Decimal::ONE)).fulfilled();
                fulfilled.a_day_later().gives_back(of_line(2, Decimal::ONE))
            },
        ),
    ]
}

fn people() -> Vec<Path> {
    vec![
        path("Cash in a shop", "A cashier takes cash at a point of sale.", |ffd| {
            shop(ffd).begin().collected(Method::Cash)
        }),
        path(
            "Cash, part refund",
            "A table comes back, and its price is given back in cash, at the same place.",
            |ffd| shop(ffd).begin().collected(Method::Cash).fulfilled().gives_back(of_line(1, Decimal::ONE)),
        ),
        path("Cash before the hand-over", "A prepayment in cash, closed at the hand-over.", |ffd| {
            shop(ffd).scheme(ReceiptScheme::Prepayment).begin().collected(Method::Cash).fulfilled()
        }),
        path("Terminal in a shop", "The card is read by a terminal beside the platform.", |ffd| {
            shop(ffd).begin().collected(Method::Terminal)
        }),
        path("Terminal, whole refund", "The terminal gives it all back.", |ffd| {
            shop(ffd).begin().collected(Method::Terminal).gives_back(What::Whole)
        }),
    ]
}

fn baskets() -> Vec<Path> {
    vec![
        path(
            "Own goods and others'",
            "The register is the partner's: their own goods have no supplier, another's are sold as an agent.",
            |ffd| {
                let mut lines = goods();
                lines[1] = of_another(lines[1].clone(), None);
                Plan::new(ffd, lines).own_register(Taxation::Osn).begin().paid()
            },
        ),
        path(
            "УСН with 5 percent VAT",
            "The register is the partner's, who is on УСН; paid before the hand-over.",
            |ffd| {
                let lines = vec![line("Курс", Decimal::ONE, 105_000, VatRate::Vat5, Subject::Service)];
                let plan = Plan::new(ffd, lines).own_register(Taxation::UsnIncome).scheme(ReceiptScheme::Prepayment);
                plan.begin().paid().a_day_later().fulfilled()
            },
        ),
        path(
            "Two taxation systems",
            "A receipt has one of them: there are two receipts, of the sale and of the refund.",
            |ffd| {
                let mut lines = goods();
                lines.push(under(line("Ремонт", Decimal::ONE, 50_000, VatRate::None, Subject::Work), Taxation::Patent));
                let plan = Plan::new(ffd, lines).own_register(Taxation::Osn);
                plan.begin().paid().a_day_later().gives_back(What::Whole)
            },
        ),
        path(
            "More than 100 items",
            "No receipt has more than 100; 120 lines are divided sooner, as they might have too many bytes.",
            |ffd| Plan::new(ffd, many(120, false)).begin().paid(),
        ),
        path("Too many bytes", "50 lines with names of 128 letters: fewer of them fit.", |ffd| {
            Plan::new(ffd, many(50, true)).begin().paid()
        }),
        path("Goods by weight and their delivery", "0.355 kg, and a service line for the delivery.", |ffd| {
            Plan::new(ffd, weighed()).begin().paid()
        }),
        path(
            "Goods by weight, part of the price back",
            "100.00 go back: a part of a price is counted in pieces, not in kilograms.",
            |ffd| Plan::new(ffd, weighed()).begin().paid().a_day_later().gives_back(amount(10_000)),
        ),
        path(
            "Half of a piece",
            "Half of one table's price goes back: half a piece is not counted, so the item is one part of its price.",
            |ffd| shop(ffd).begin().paid().a_day_later().gives_back(of_line(1, Decimal::new(5, 1))),
        ),
        path("Marked goods", "A pair of boots, and a third of a pack, each with its code.", |ffd| {
            Plan::new(ffd, marked()).begin().paid()
        }),
        path(
            "Marked goods, prepayment",
            "Which unit it is becomes known at the hand-over: the prepayment names no code, the closing does; then the boots come back.",
            |ffd| {
                let plan = Plan::new(ffd, marked()).scheme(ReceiptScheme::Prepayment);
                plan.begin().paid().a_day_later().fulfilled().a_day_later().gives_back(of_line(1, Decimal::ONE))
            },
        ),
        path(
            "Marked goods, part of the price back",
            "1000.00 go back, spread over the lines in proportion; each item is a part of a price, with the code of its unit.",
            |ffd| Plan::new(ffd, marked()).begin().paid().a_day_later().gives_back(amount(100_000)),
        ),
    ]
}

fn registers() -> Vec<Path> {
    vec![
        path(
            "Another rate printed",
            "The register printed 20 % where 22 % was sent: what it printed is undone, and printed anew.",
            |ffd| shop(ffd).begin().paid_unprinted().misprinted(11, 1).printed(),
        ),
        path("Another rate printed of a prepayment", "20/120 for 22/122; then the goods are handed over.", |ffd| {
            let paid = shop(ffd).scheme(ReceiptScheme::Prepayment).begin().paid_unprinted();
            paid.misprinted(12, 3).printed().a_day_later().fulfilled()
        }),
        path(
            "Another rate printed, then a refund",
            "The refund carries the rate of the sale as it was corrected.",
            |ffd| {
                let corrected = shop(ffd).begin().paid_unprinted().misprinted(11, 1).printed();
                corrected.a_day_later().gives_back(of_line(1, Decimal::ONE))
            },
        ),
        path(
            "Another rate printed of a refund",
            "The refund of a table came out with 20 %. What undoes it is a sale at a rate that is no longer in force: FFD 1.2 says whose correction it is, FFD 1.05 can not.",
            |ffd| {
                let owed = shop(ffd).begin().paid().a_day_later().gives_back_unprinted(of_line(1, Decimal::ONE));
                owed.misprinted(11, 1).printed()
            },
        ),
        path(
            "Another rate printed, and again",
            "What was printed anew was printed wrong again: that is undone and printed anew in its turn.",
            |ffd| shop(ffd).begin().paid_unprinted().misprinted(11, 1).printed_one().misprinted(11, 1).printed(),
        ),
        path(
            "Failover",
            "The first register has surely not printed it and will not: the second one prints it, under the same id.",
            |ffd| shop(ffd).begin().paid_unprinted().not_printed(NotPrinted::Register).printed(),
        ),
        path(
            "Expired id",
            "The register has forgotten the id without printing: the receipt goes there again under a new one.",
            |ffd| shop(ffd).begin().paid_unprinted().not_printed(NotPrinted::Expired).printed(),
        ),
    ]
}
