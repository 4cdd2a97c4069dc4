//! Months that are over: one report each, numbered without gaps, and never changed.

use domain::order::Status;
use domain::report::{Event, MovementKind, Period};
use http::Method;
use serde_json::json;
use workflows::months;

use crate::story::{DAY, HOUR, Story};

async fn outcome(story: &Story, number: u32, outcome: &str) {
    let on = domain::time::moscow_date(story.world.now().await).to_string();
    let body = json!({"outcome": outcome, "on": on, "text": "по выписке"}).to_string();
    let path = format!("/v1/operator/payment-orders/{number}/outcome");
    assert_eq!(story.world.api(Method::POST, &path, support::OPERATOR_TOKEN, &body).await.status, 200);
}

/// Lets the time pass until two in the morning of a day, when the day before is over for more than an hour (Moscow).
pub(crate) async fn until(story: &Story, day: &str) {
    let two: domain::time::Timestamp = format!("{day}T02:00:00+03:00").parse().unwrap();
    let seconds = two.as_second() - story.world.now().await.as_second();
    story.world.pass(seconds, 6 * HOUR).await;
}

#[tokio::test]
async fn a_month_is_closed_once_and_the_next_one_follows_it() {
    let mut story = Story::begins().await;
    let set = |partner: &mut domain::partner::Partner| {
        partner.webhook = None; // nothing is told here
        partner.payout.refunds_paid_out = true;
    };
    story.settings(set).await;
    let (ports, shop) = (story.world.ports.clone(), story.world.shop.clone());
    // One is paid and paid out, and the bank sends the payout back; one is paid and refunded; one is never paid.
    let first = story.orders("A-1").await;
    story.pays(&first, "success").await;
    let second = story.orders_by_hand("A-2").await;
    story.pays(&second, "success").await;
    story.orders("A-3").await;
    story.settles().await;
    story.asks(&second, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.status(&second).await, Status::Refunded);
    story.passes(3 * DAY).await;
    assert_eq!(story.status(&first).await, Status::PaidOut);
    outcome(&story, 1, "confirmed").await;
    outcome(&story, 1, "returned").await;
    story.world.close_days().await;
    assert!(ports.store.report_page(&shop, None, 10).await.unwrap().0.is_empty(), "the month is not over");

    until(&story, "2026-12-01").await;
    story.world.close_days().await;
    let november: Period = "2026-11".to_owned().try_into().unwrap();
    let closed = ports.store.report(&shop, november).await.unwrap().expect("closed");
    assert_eq!((closed.no, closed.head.number.as_str()), (1, "1"));
    let sum = |event| (closed.totals.of(event).count, closed.totals.of(event).amount.minor());
    assert_eq!(sum(Event::Paid), (2, 600_000));
    assert_eq!(sum(Event::Refunded), (1, 300_000));
    assert_eq!(sum(Event::Restored), (0, 0));
    assert_eq!(sum(Event::Cancelled), (1, 300_000));
    let moved = |kind| closed.movements.get(&kind).map(|sum| (sum.count, sum.amount.minor()));
    assert_eq!(moved(MovementKind::Payout), Some((1, 289_500)));
    assert_eq!(moved(MovementKind::PayoutReturned), Some((1, 289_500)));
    assert_eq!((closed.head.opening.minor(), closed.closing.minor()), (0, 289_500));

    // Again, and twice at once: nothing changes.
    let close = || months::close(&ports, &shop, months::ORDERS_MAX);
    assert_eq!(close().await.unwrap().months, 0);
    let (one, other) = tokio::join!(close(), close());
    assert_eq!((one.unwrap().months, other.unwrap().months), (0, 0));
    assert_eq!(ports.store.report(&shop, november).await.unwrap().as_ref(), Some(&closed));

    // The order of November is refunded in December: it stands in December's report, and November's lines are what they were.
    let third = story.orders("A-4").await;
    story.pays(&third, "success").await;
    story.asks(&first, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.status(&first).await, Status::Refunded);
    until(&story, "2027-01-01").await;
    let (one, other) = tokio::join!(workflows::books::seal(&ports, &shop), workflows::books::seal(&ports, &shop));
    assert!(one.unwrap() + other.unwrap() > 0);
    let (one, other) = tokio::join!(close(), close());
    assert_eq!(one.unwrap().months + other.unwrap().months, 1);
    let reports = ports.store.report_page(&shop, None, 10).await.unwrap().0;
    let numbers: Vec<_> = reports.iter().map(|one| (one.head.period.to_string(), one.no)).collect();
    assert_eq!(numbers, [("2026-12".to_owned(), 2), ("2026-11".to_owned(), 1)]);
    assert_eq!(reports[0].head.opening, closed.closing);
    assert_eq!(reports[0].totals.of(Event::Paid).count, 1);
    assert_eq!(reports[0].totals.of(Event::Refunded).amount.minor(), 300_000);
    let mut kept = months::Reading::open(&ports, &shop, &closed, None).await.unwrap();
    assert_eq!((kept.lines().await.unwrap().unwrap().len(), &kept.report.totals), (4, &closed.totals));
    // December's report names the document the refunded order was paid in.
    let mended: Vec<_> = reports[0].totals.corrections.iter().map(|sum| (&sum.corrects.number, sum.count)).collect();
    assert_eq!(mended, [(&"1".to_owned(), 1)]);

    // Months without an entry have no report, and take no number.
    until(&story, "2027-03-01").await;
    story.world.close_days().await;
    assert_eq!(ports.store.report_page(&shop, None, 10).await.unwrap().0.len(), 2);
    let fifth = story.orders("A-5").await;
    story.pays(&fifth, "success").await;
    story.settles().await;
    until(&story, "2027-04-01").await;
    story.world.close_days().await;
    let last = ports.store.report_page(&shop, None, 1).await.unwrap().0.remove(0);
    assert_eq!((last.head.period.to_string(), last.no), ("2027-03".to_owned(), 3));
    story.ends().await; // the audit is the point
}
