//! The letter to the accountant: once for each closed month, and again when the operator says so.

use connectors::channel::Email;
use domain::partner::Partner;
use http::Method;
use support::{BASE_URL, Fault, World};

use crate::{DAY, november, over};

const ACCOUNTANT: &str = "buh@shop.example";

async fn with_accountant(world: &World, accountant: Option<&str>) {
    let partner = world.ports.store.partner(&world.shop, world.now().await).await.unwrap().unwrap();
    let mut partner: Partner = (*partner).clone();
    partner.legal.accountant = accountant.map(ToOwned::to_owned);
    world.ports.store.put_partner(&world.shop, &partner).await.unwrap();
    world.advance(120); // settings are read once a minute
}

fn letters(world: &World) -> Vec<Email> {
    world.mailbox.emails().into_iter().filter(|email| email.to == ACCOUNTANT).collect()
}

async fn operator(world: &World, method: Method) -> support::Answer {
    let path = "/v1/operator/partners/demoshop/test/reports/2026-11/letters";
    world.api(method, path, support::OPERATOR_TOKEN, "").await
}

fn link(letter: &Email, file: &str) -> String {
    let at = letter.text.lines().find(|line| line.contains(file)).unwrap_or_else(|| panic!("{}", letter.text));
    at.strip_prefix(BASE_URL).unwrap().to_owned()
}

#[tokio::test]
async fn a_closed_month_is_told_once_with_links_that_open() {
    let world = over().await;
    with_accountant(&world, Some(ACCOUNTANT)).await;
    world.close_days().await;
    world.close_days().await; // the message is doubled
    world.settle().await;
    world.close_days().await;
    world.settle().await;
    let [letter] = letters(&world).try_into().unwrap_or_else(|found: Vec<_>| panic!("{} letters", found.len()));
    let counted = world.ports.store.sent_since(&world.shop, jiff::civil::Date::MIN).await.unwrap();
    assert_eq!(
        counted.iter().map(|(_, sent)| sent.kind).collect::<Vec<_>>(),
        [domain::usage::Kind::Email],
        "it counts"
    );
    assert!(letter.subject.contains("№ 1") && letter.text.contains("Оплачено за вычетом возвратов"), "{}", letter.text);

    for (file, begins) in [("act.pdf", "%PDF"), ("report.xlsx", "PK"), ("report.csv", "\u{feff}")] {
        let path = link(&letter, file);
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200, "{path} {}", answer.text());
        assert!(answer.body.starts_with(begins.as_bytes()), "{file}");
        let tampered = path.replace("2026-11", "2026-12");
        assert_eq!(world.get(&tampered).await.status, 404, "{tampered}");
    }
    let path = link(&letter, "act.pdf");
    world.advance(59 * DAY);
    assert_eq!(world.get(&path).await.status, 200);
    world.advance(2 * DAY);
    assert_eq!(world.get(&path).await.status, 404, "the link is over");
}

#[tokio::test]
async fn the_operator_has_it_sent_again_and_sees_what_went() {
    let world = over().await;
    assert_eq!(operator(&world, Method::GET).await.status, 404);
    world.close_days().await;
    world.settle().await;
    let seen = operator(&world, Method::GET).await.json();
    assert_eq!((&seen["is_due"], &seen["to"]), (&true.into(), &serde_json::Value::Null), "nobody to write to");

    with_accountant(&world, Some(ACCOUNTANT)).await;
    world.close_days().await;
    world.settle().await;
    assert_eq!(letters(&world).len(), 1);
    for _ in 0..2 {
        let asked = operator(&world, Method::POST).await;
        assert_eq!((asked.status, &asked.json()["is_due"]), (200, &true.into()));
    }
    world.settle().await;
    assert_eq!(letters(&world).len(), 2, "asked for twice before it went, it goes once");
    let seen = operator(&world, Method::GET).await.json();
    assert_eq!((seen["sent"].as_array().unwrap().len(), &seen["is_due"]), (2, &false.into()));
    assert_eq!(seen["sent"][1]["to"], ACCOUNTANT);
    let answer = world.api(Method::POST, "/v1/operator/partners/demoshop/test/reports/2026-11/letters", &world.key, "");
    assert_eq!(answer.await.status, 404, "for anybody else it is not there");
}

#[tokio::test]
async fn a_letter_that_did_not_go_out_is_tried_again_in_an_hour() {
    let world = over().await;
    with_accountant(&world, Some(ACCOUNTANT)).await;
    world.mailbox.faults(|_| Some(Fault::NotDone));
    world.close_days().await;
    world.settle().await;
    assert_eq!(letters(&world).len(), 0);
    assert!(operator(&world, Method::GET).await.json()["failure"].is_string());
    world.mailbox.no_faults();
    world.advance(3_600);
    world.close_days().await;
    world.settle().await;
    assert_eq!(letters(&world).len(), 1);
    assert!(world.ports.store.letters(&world.shop, november()).await.unwrap().row.failure.is_none());
}
