//! Papers of a month that does not fit into one file.

use domain::acquiring::Method;
use domain::money::Money;
use domain::report::pages::{Paged, Pages};
use domain::report::{Closed, Event, Line, Tally};
use jiff::civil::date;
use storage::registers::Sheet;
use support::World;
use workflows::months;

use crate::{november, over, report};

const LINES: u32 = 20_000;

fn line(no: u32) -> Line {
    Line {
        order: format!("B-{no:06}"),
        bill: format!("{:016}", 4_200_000_000_u64 + u64::from(no)),
        event: Event::Paid,
        created: date(2026, 11, 3),
        paid: Some(date(2026, 11, 3)),
        on: date(2026, 11, 3),
        method: Method::Card,
        amount: Money::rub(300_000),
        fee: Money::rub(10_500),
        vat: Money::rub(0),
        at_principal: false,
        corrects: None,
    }
}

/// A world whose November has 20,000 lines.
async fn large() -> (World, Closed) {
    let world = over().await;
    world.close_days().await;
    let closed = report(&world, november()).await;
    let mut rows = Paged::default();
    let mut tally = Tally::new(closed.head.clone()).unwrap();
    for no in 0..LINES {
        tally.line(&line(no)).unwrap();
        rows.push(&line(no)).unwrap();
    }
    let closing = closed.head.opening.plus(Money::rub(i64::from(LINES) * 289_500)).unwrap();
    let made = tally.finish(closing).unwrap();
    let mut pages = Pages::default();
    for (no, page) in rows.finish().into_iter().enumerate() {
        assert!(page.text.len() <= domain::report::pages::PAGE_BYTES_MAX);
        world.ports.store.put_page(&world.shop, november(), Sheet::Lines, no, &page).await.unwrap();
        pages.lines.push(page.seal());
    }
    let large = Closed { pages: Some(pages), ..Closed::of(1, &made, &closed.sha256).unwrap() };
    let key = storage::keys::report(&world.shop, november());
    let body = serde_json::to_string(&large).unwrap();
    let item = storage::table::Item { key, version: 1, body, due: None, ttl: None };
    let write = storage::table::Write { item, condition: storage::table::Condition::Always };
    storage::table::Table::put(&world.table, write).await.unwrap();
    (world, large)
}

async fn get(world: &World, path: &str) -> support::Answer {
    world.api(http::Method::GET, &format!("/v1/reports/2026-11{path}"), &world.key, "").await
}

#[tokio::test]
async fn a_long_register_comes_in_parts_that_are_the_whole() {
    let (world, closed) = large().await;
    let parts = months::parts(&closed);
    assert!(parts > 1);
    let seen = get(&world, "").await.json();
    assert_eq!((&seen["parts"], &seen["lines"]), (&parts.into(), &LINES.into()));
    for file in ["report.csv", "report.xlsx"] {
        let refused = get(&world, &format!("/{file}")).await;
        assert_eq!((refused.status, &refused.json()["code"]), (409, &"report_in_parts".into()), "{file}");
        assert_eq!(get(&world, &format!("/{file}?part={}", parts + 1)).await.status, 404);
        for wrong in ["0", "-1", "x", "+1", "99999"] {
            assert_eq!(get(&world, &format!("/{file}?part={wrong}")).await.status, 422, "{wrong}");
        }
    }
    let mut no = 0;
    for part in 1..=parts {
        let answer = get(&world, &format!("/report.csv?part={part}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.body.len() < 4_400_000, "{} bytes", answer.body.len());
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"report-2026-11-{part}.csv\""));
        for row in answer.text().lines().skip(1) {
            let mut cells = row.split(';');
            assert_eq!(cells.next(), Some((no + 1).to_string().as_str()));
            assert_eq!(cells.nth(1), Some(format!("B-{no:06}").as_str()));
            no += 1;
        }
        assert!(get(&world, &format!("/report.xlsx?part={part}")).await.body.starts_with(b"PK"));
    }
    assert_eq!(no, LINES);

    // The act has no room for so many, and says where they are.
    let act = get(&world, "/act.pdf").await;
    assert_eq!(act.status, 200);
    assert!(act.body.len() < 300_000, "{} bytes", act.body.len());
    assert_eq!(get(&world, "/act.pdf?part=1").await.status, 422);
}
