//! Whom the money goes to: natural persons and their tax, wallets, partners who owe; and the days it takes.

use domain::income_tax::{self, Residency};
use domain::ledger::Account;
use domain::maturity::Wait;
use domain::money::Money;
use domain::order::{Order, Status};
use domain::partner::{BankAccount, Destination, Partner, Payee, WalletAccount};
use domain::payout::Payout;
use domain::requisites::{PayeeKind, WalletOperator};
use http::Method;
use serde_json::{Value, json};
use workflows::{audit, income, statements, transfers};

use crate::story::{DAY, HOUR, MINUTE, Story};

const PERSON: &str = "500100732259";
const WALLET: &str = "4100116075156746";

fn person(partner: &mut Partner, kind: PayeeKind, residency: Residency) {
    partner.webhook = None;
    partner.payout.payee =
        Some(Payee {
            kind, name: "Иванов Иван Иванович".to_owned(), inn: PERSON.to_owned(), residency
        });
    partner.payout.to = Destination::Account(BankAccount {
        number: "40817810200000000001".to_owned(),
        bic: "044525901".to_owned(),
        bank: "АО «Тестовый банк»".to_owned(),
        correspondent: "30101810300000000901".to_owned(),
    });
}

/// The newest first.
async fn payouts(story: &Story) -> Vec<Payout> {
    story.world.ports.store.payouts(&story.world.shop, None, 100).await.unwrap().0
}

/// What the audit adds up on an account, debits less credits in kopecks.
async fn stands_on(story: &Story, account: Account) -> i64 {
    let report = audit::audit(&story.world.ports, &|| ()).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    report.balances[&story.world.shop.to_string()][account.code()]
}

/// An order of so many roubles is paid and fulfilled, and its money waits no longer.
async fn earns(story: &mut Story, number: &str, roubles: i64) -> Order {
    let order = story.orders_as(number, |wish| wish.lines[0].price = format!("{roubles}.00")).await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(3 * DAY).await;
    assert_eq!(story.status(&order).await, Status::PaidOut);
    order
}

async fn outcome(story: &Story, number: u32, outcome: &str) -> Value {
    let on = domain::time::moscow_date(story.world.now().await).to_string();
    let body = json!({"outcome": outcome, "on": on, "text": "по выписке"}).to_string();
    let path = format!("/v1/operator/payment-orders/{number}/outcome");
    story.world.api(Method::POST, &path, support::OPERATOR_TOKEN, &body).await.json()
}

async fn operator(story: &Story, method: Method, path: &str) -> support::Answer {
    let path = format!("/v1/operator/{path}?tenant={}", story.world.shop);
    story.world.api(method, &path, support::OPERATOR_TOKEN, "").await
}

/// A statement of the agent's account with one line.
fn statement(line: &[(&str, &str)]) -> Vec<u8> {
    let ours = "40702810700000000001";
    let head = format!(
        "1CClientBankExchange\r\nВерсияФормата=1.03\r\nКодировка=UTF-8\r\nДатаНачала=01.12.2026\r\nДатаКонца=31.12.2026\r\n\
         РасчСчет={ours}\r\nСекцияДокумент=Платежное поручение\r\n"
    );
    let line = line.iter().fold(String::new(), |text, (name, value)| text + name + "=" + value + "\r\n");
    format!("{head}{line}КонецДокумента\r\nКонецФайла\r\n").into_bytes()
}

#[tokio::test]
async fn a_persons_tax_is_withheld_over_a_threshold_and_paid_to_the_budget() {
    let mut story = Story::begins().await;
    story.settings(|partner| person(partner, PayeeKind::Person, Residency::Resident)).await;
    earns(&mut story, "A-1", 2_000_000).await;
    earns(&mut story, "A-2", 2_000_000).await;
    let paid = payouts(&story).await;
    // 1 930 000 each: 13 % of the first; of both 312 000 up to 2.4 million and 15 % of the rest.
    let sums: Vec<_> =
        paid.iter().map(|payout| (payout.amount.minor(), payout.tax.clone().unwrap().withheld.minor())).collect();
    assert_eq!(sums, [(193_000_000 - 28_010_000, 28_010_000), (193_000_000 - 25_090_000, 25_090_000)]);
    assert_eq!((paid[0].payee.as_str(), paid[0].inn.as_str()), ("Иванов Иван Иванович", PERSON));
    let withheld = 53_100_000;
    assert_eq!(stands_on(&story, Account::IncomeTax).await, -withheld);
    outcome(&story, paid[1].number, "confirmed").await;
    outcome(&story, paid[0].number, "confirmed").await;

    let register = operator(&story, Method::GET, "income-tax/2026/register.csv").await;
    let text = register.text();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains(";1930000,00;0,00;280100,00;280100,00;0,00;07.12.2026;"), "{text}");
    let report = operator(&story, Method::GET, "income-tax/2026/quarters/4").await.json();
    let rates: Vec<_> =
        report["section_2"].as_array().unwrap().iter().map(|rate| (&rate["percent"], &rate["computed"])).collect();
    assert_eq!(rates, [(&json!(13), &json!("312000.00")), (&json!(15), &json!("219000.00"))]);

    // Withheld after the 22nd of November: due on the 5th of December, a Saturday, so on the 7th.
    assert_eq!(operator(&story, Method::POST, "income-tax/remittances").await.json()["remittances"], json!([]));
    story.passes(10 * DAY).await;
    let made = operator(&story, Method::POST, "income-tax/remittances").await.json()["remittances"].clone();
    assert_eq!(
        (made.as_array().unwrap().len(), &made[0]["amount"], &made[0]["term"]),
        (1, &json!("531000.00"), &json!("2026-12-07"))
    );
    assert_eq!(operator(&story, Method::POST, "income-tax/remittances").await.json()["remittances"], json!([]));
    let number = made[0]["number"].to_string();
    let file = operator(&story, Method::GET, &format!("income-tax/remittances/{number}/payment-order.txt")).await;
    let (file, _, _) = encoding_rs::WINDOWS_1251.decode(&file.body);
    for said in
        ["ПоказательКБК=18201061201010000510", "СтатусСоставителя=01", "Сумма=531000.00", "ПолучательБИК=017003983"]
    {
        assert!(file.contains(said), "{said}: {file}");
    }
    let line = [
        ("Номер", number.as_str()),
        ("Дата", "07.12.2026"),
        ("Сумма", "531000.00"),
        ("ДатаСписано", "07.12.2026"),
        ("ПлательщикСчет", "40702810700000000001"),
        ("ПолучательСчет", "03100643000000018500"),
        ("НазначениеПлатежа", "Единый налоговый платеж"),
    ];
    let bytes = statement(&line);
    for recorded in [1, 0] {
        let imported = statements::import(&story.world.ports, &bytes).await.unwrap();
        assert_eq!((imported.recorded, imported.others.len()), (recorded, 1));
    }
    assert_eq!(stands_on(&story, Account::IncomeTax).await, 0);
    assert_eq!(operator(&story, Method::GET, "income-tax/remittances").await.json()["remittances"][0]["state"], "paid");
    let paid_out: i64 = paid.iter().map(|payout| payout.amount.minor()).sum();
    assert_eq!(stands_on(&story, Account::Settlement).await, -paid_out - withheld);
    story.ends().await; // the audit is the point
}

#[tokio::test]
async fn a_persons_payout_that_comes_back_takes_its_tax_along() {
    let mut story = Story::begins().await;
    story.settings(|partner| person(partner, PayeeKind::Person, Residency::NonResident)).await;
    earns(&mut story, "A-1", 3_000).await;
    let first = payouts(&story).await.remove(0);
    // 30 % of 2 895.00 is 868.50, in whole roubles 869.
    assert_eq!((first.amount, first.tax.clone().unwrap().withheld), (Money::rub(202_600), Money::rub(86_900)));
    outcome(&story, first.number, "confirmed").await;
    let (ports, number) = (story.world.ports.clone(), first.number);
    let (one, other) = tokio::join!(outcome(&story, number, "returned"), outcome(&story, number, "returned"));
    assert_eq!((&one["state"], &other["state"]), (&json!("returned"), &json!("returned")));
    assert_eq!(
        (stands_on(&story, Account::IncomeTax).await, stands_on(&story, Account::PartnerAvailable).await),
        (0, -289_500)
    );
    let year = ports.store.income_year(income::scope(&story.world.shop), 2026, PERSON).await.unwrap();
    assert_eq!((year.row.totals.income, year.row.totals.stays_withheld().unwrap()), (Money::rub(0), Money::rub(0)));
    // It goes out again, and is taxed as what it is: the first income of the year.
    let made = workflows::payouts::request(&ports, &story.world.shop).await.unwrap();
    assert_eq!((made.len(), made[0].amount), (1, first.amount));
    assert_eq!(stands_on(&story, Account::IncomeTax).await, -86_900);
    story.ends().await; // the audit is the point
}

#[tokio::test]
async fn a_payout_that_comes_back_after_new_year_takes_its_tax_out_of_the_year_it_was_withheld_in() {
    let mut story = Story::begins().await;
    story.settings(|partner| person(partner, PayeeKind::Person, Residency::Resident)).await;
    story.passes(32 * DAY).await;
    earns(&mut story, "A-1", 3_000).await;
    let paid = payouts(&story).await.remove(0);
    let (ports, scope) = (story.world.ports.clone(), story.world.shop.clone());
    let year = async |year| ports.store.income_year(income::scope(&scope), year, PERSON).await.unwrap().row.totals;
    assert_eq!(year(2026).await.income, Money::rub(289_500));
    story.passes(10 * DAY).await;
    assert_eq!(domain::time::moscow_date(story.world.now().await).year(), 2027);
    outcome(&story, paid.number, "returned").await;
    assert_eq!((year(2026).await.income, year(2026).await.stays_withheld().unwrap()), (Money::rub(0), Money::rub(0)));
    assert_eq!(year(2027).await.income, Money::rub(0));
    story.ends().await; // the audit is the point
}

#[tokio::test]
async fn payouts_to_one_person_at_once_are_taxed_one_after_the_other() {
    let mut story = Story::begins().await;
    let set = |partner: &mut Partner| {
        person(partner, PayeeKind::Person, Residency::Resident);
        partner.payout.automatic = false;
    };
    story.settings(set).await;
    for number in ["A-1", "A-2", "A-3"] {
        let order = story.orders_as(number, |wish| wish.lines[0].price = "1300000.00".to_owned()).await;
        story.pays(&order, "success").await;
    }
    story.settles().await;
    story.world.advance(3 * DAY);
    let (ports, shop) = (story.world.ports.clone(), story.world.shop.clone());
    let loaded = async |number: usize| {
        let id = story.followed()[number].id.clone();
        vec![ports.store.load(&id, storage::table::Freshness::Consistent).await.unwrap().unwrap()]
    };
    let (first, second, third) = (loaded(0).await, loaded(1).await, loaded(2).await);
    let now = story.world.now().await;
    // Three payouts of one person's, none knowing of the others.
    let (one, two, three) = tokio::join!(
        workflows::payouts::pay(&ports, first, now),
        workflows::payouts::pay(&ports, second, now),
        workflows::payouts::pay(&ports, third, now),
    );
    let made = one.unwrap() + two.unwrap() + three.unwrap();
    assert!(made >= 1);
    // Whoever was refused by the table is still due, and comes next.
    workflows::payouts::request(&ports, &shop).await.unwrap();
    let paid = payouts(&story).await;
    assert!(paid.len() >= 2, "one at least was refused: {made}");
    let income = Money::rub(paid.iter().map(|payout| payout.gross().unwrap().minor()).sum());
    assert_eq!(income, Money::rub(3 * 125_450_000));
    let withheld: i64 = paid.iter().map(|payout| payout.tax.clone().unwrap().withheld.minor()).sum();
    assert_eq!(Money::rub(withheld), income_tax::tax(2026, Residency::Resident, income).unwrap());
    story.settles().await;
    story.ends().await; // the audit is the point
}

/// Lets the time pass until a moment in Moscow.
async fn until(story: &Story, moment: &str) {
    let at: domain::time::Timestamp = format!("{moment}+03:00").parse().unwrap();
    story.world.pass(at.as_second() - story.world.now().await.as_second(), 6 * HOUR).await;
}

#[tokio::test]
async fn working_days_wait_out_the_new_years_holidays() {
    let mut story = Story::begins().await;
    let set = |partner: &mut Partner| {
        partner.webhook = None;
        partner.payout.wait = Wait::WorkingDays(3);
    };
    story.settings(set).await;
    until(&story, "2026-12-30T12:00:00").await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    // Other terms are not this order's any more.
    story.settings(|partner| partner.webhook = None).await;
    let key = story.world.key.clone();
    let shown = story.api(&key, Method::GET, &format!("/v1/orders/{}", order.id), &[], "").await;
    assert_eq!(shown.body["payable_at"], "2027-01-13T21:00:00Z", "after 11, 12 and 13 January");
    until(&story, "2027-01-13T23:50:00").await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    story.passes(11 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::PaidOut);

    // Sent at one in the morning of Thursday, 14 January: taken that day, usually there on Friday, on Tuesday at the latest.
    let shown = story.api(&key, Method::GET, "/v1/payouts", &[], "").await.body["payouts"][0].clone();
    assert_eq!((&shown["expected_on"], &shown["expected_by"]), (&json!("2027-01-15"), &json!("2027-01-19")));
    let order = story.api(&key, Method::GET, &format!("/v1/orders/{}", order.id), &[], "").await;
    assert_eq!(
        (&order.body["payout_expected_on"], &order.body["payout_expected_by"]),
        (&shown["expected_on"], &shown["expected_by"])
    );
    let overdue =
        async || operator(&story, Method::GET, "payouts/overdue").await.json()["payouts"].as_array().unwrap().len();
    until(&story, "2027-01-19T23:59:00").await;
    assert_eq!(overdue().await, 0);
    until(&story, "2027-01-20T00:00:00").await;
    assert_eq!(overdue().await, 1);
    let report = audit::audit(&story.world.ports, &|| ()).await.unwrap();
    assert!(report.is_clean() && report.overdue.len() == 1 && report.overdue[0].expected_by == "2027-01-19");
    outcome(&story, 1, "confirmed").await;
    assert_eq!(overdue().await, 0);
    assert!(audit::audit(&story.world.ports, &|| ()).await.unwrap().overdue.is_empty());
    story.ends().await; // the audit is the point
}

#[tokio::test]
async fn a_wallet_is_paid_by_its_operators_registry() {
    let mut story = Story::begins().await;
    let set = |partner: &mut Partner| {
        person(partner, PayeeKind::SelfEmployed, Residency::Resident);
        let wallet = WalletAccount { operator: WalletOperator::Yoomoney, number: WALLET.to_owned() };
        partner.payout.to = Destination::Wallet(wallet);
    };
    story.settings(set).await;
    earns(&mut story, "A-1", 3_000).await;
    earns(&mut story, "A-2", 3_000).await;
    let paid = payouts(&story).await;
    assert!(
        paid.iter().all(|payout| payout.tax.is_none() && payout.amount == Money::rub(289_500)),
        "they pay their own tax"
    );
    let file = operator(&story, Method::GET, "wallets/yoomoney/registry.csv").await.text();
    let rows: Vec<_> = file.lines().skip(1).map(|row| row.split(';').take(3).collect::<Vec<_>>().join(";")).collect();
    assert_eq!(rows, [format!("1;{WALLET};2895.00"), format!("2;{WALLET};2895.00")]);
    let key = story.world.key.clone();
    let order = story.api(&key, Method::GET, &format!("/v1/payouts/{}/payment-order.txt", paid[0].id), &[], "").await;
    assert_eq!(order.status, 404, "a wallet has no payment order");

    let told = format!(
        "Номер;Кошелек;Сумма;Дата;Состояние;Причина\r\n1;{WALLET};2895.00;27.11.2026;зачислено;\r\n\
         2;{WALLET};2895.00;27.11.2026;возвращено;кошелёк закрыт\r\n1;{WALLET};2895.01;27.11.2026;зачислено;\r\n77;{WALLET};1.00;27.11.2026;зачислено;\r\n"
    );
    for outcomes in
        [["recorded", "recorded", "contradiction", "unknown"], ["repeat", "repeat", "contradiction", "unknown"]]
    {
        let imported = transfers::import(&story.world.ports, WalletOperator::Yoomoney, told.as_bytes()).await.unwrap();
        assert_eq!(imported.iter().map(|one| one.outcome).collect::<Vec<_>>(), outcomes);
    }
    let states: Vec<_> = payouts(&story).await.iter().map(|payout| payout.state.code()).collect();
    assert_eq!(states, ["returned", "confirmed"]);
    let empty = operator(&story, Method::GET, "wallets/yoomoney/registry.csv").await.text();
    assert_eq!(empty.lines().count(), 1);
    assert_eq!(stands_on(&story, Account::PartnerAvailable).await, -289_500);
    story.ends().await; // the audit is the point
}

/// An order is paid out, then refunded: the partner owes its part.
async fn comes_to_owe(story: &mut Story) {
    let set = |partner: &mut Partner| {
        partner.webhook = None;
        partner.payout.refunds_paid_out = true;
    };
    story.settings(set).await;
    let order = earns(story, "A-1", 3_000).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    story.passes(HOUR).await;
    assert_eq!(stands_on(story, Account::PartnerAvailable).await, 289_500);
}

#[tokio::test]
async fn a_debt_that_is_netted_in_time_is_not_invoiced() {
    let mut story = Story::begins().await;
    comes_to_owe(&mut story).await;
    for number in ["A-2", "A-3"] {
        let order = story.orders(number).await;
        story.pays(&order, "success").await;
    }
    story.settles().await;
    story.passes(3 * DAY).await;
    assert_eq!(payouts(&story).await[0].amount, Money::rub(289_500));
    story.passes(10 * DAY).await;
    story.world.close_days().await;
    assert!(story.world.ports.store.invoices(&story.world.shop, None, 10).await.unwrap().0.is_empty());
    assert_eq!(stands_on(&story, Account::PartnerAvailable).await, 0);
    story.ends().await; // the audit is the point
}

/// A statement with a payment by an invoice.
fn pays_by_invoice(number: &str, order: &str, amount: &str, inn: &str) -> Vec<u8> {
    let purpose = format!("Оплата по счёту № {number} НДС не облагается");
    statement(&[
        ("Номер", order),
        ("Дата", "07.12.2026"),
        ("Сумма", amount),
        ("ДатаПоступило", "07.12.2026"),
        ("ПлательщикСчет", "40702810200000000001"),
        ("ПлательщикИНН", inn),
        ("ПолучательСчет", "40702810700000000001"),
        ("НазначениеПлатежа", purpose.as_str()),
    ])
}

#[tokio::test]
async fn a_person_who_pays_back_what_they_owed_is_taxed_less() {
    let mut story = Story::begins().await;
    let set = |partner: &mut Partner| {
        person(partner, PayeeKind::Person, Residency::Resident);
        partner.payout.refunds_paid_out = true;
    };
    story.settings(set).await;
    earns(&mut story, "A-1", 2_400_000).await;
    let order = earns(&mut story, "A-2", 200_000).await;
    let year = async |story: &Story| {
        let (ports, shop) = (&story.world.ports, &story.world.shop);
        ports.store.income_year(Some(shop), 2026, PERSON).await.unwrap().row.totals
    };
    // 3.5 % of fee each: 2 316 000 and 193 000. 13 % of the first, 301 080; of both 312 000 + 15 % of 109 000 = 328 350, so 27 270 more.
    let withheld = |payout: &Payout| payout.tax.as_ref().map(|tax| tax.withheld.minor());
    assert_eq!(payouts(&story).await.iter().filter_map(withheld).collect::<Vec<_>>(), [2_727_000, 30_108_000]);
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    story.passes(11 * DAY).await;
    story.world.close_days().await;
    assert_eq!(stands_on(&story, Account::PartnerDebt).await, 19_300_000);
    let before = year(&story).await;
    assert_eq!(before.income, Money::rub(250_900_000), "nothing was paid back yet");
    let invoices = story.world.ports.store.invoices(&story.world.shop, None, 10).await.unwrap().0;
    let (number, ports) = (invoices[0].written(), story.world.ports.clone());
    // Paid in two parts, and the second with 1 000 too much; each said twice at once, and once more.
    for (order, amount) in [("15", "93000.00"), ("16", "101000.00")] {
        let bytes = pays_by_invoice(&number, order, amount, "7700000016");
        let (one, other) = tokio::join!(statements::import(&ports, &bytes), statements::import(&ports, &bytes));
        assert_eq!(one.unwrap().recorded + other.unwrap().recorded, 1);
        assert_eq!(statements::import(&ports, &bytes).await.unwrap().recorded, 0);
    }
    let after = year(&story).await;
    assert_eq!((after.income, after.computed), (Money::rub(231_600_000), Money::rub(30_108_000)));
    assert_eq!((after.withheld, after.excess().unwrap()), (before.withheld, Money::rub(2_727_000)));
    assert_eq!(
        stands_on(&story, Account::IncomeTax).await,
        -32_835_000,
        "what was withheld stays so until the next payout"
    );
    let rows = ports.store.income_register(Some(&story.world.shop), 2026).await.unwrap();
    let back: Vec<_> = rows.iter().map(|row| &row.row).filter(|row| row.income.minor() < 0).collect();
    let figures: Vec<_> =
        back.iter().map(|row| (row.income.minor(), row.computed.minor(), row.withheld.minor())).collect();
    // 2 416 000 left: 312 000 + 2 400 = 314 400, 13 950 less; then 2 316 000.
    assert_eq!(figures, [(-9_300_000, -1_395_000, 0), (-10_000_000, -1_332_000, 0)]);

    // 300 000 less fee are 289 500, and the 1 000 too much: the year's base is 2 606 500, its tax 312 000 + 30 975 = 342 975. Of that
    // 328 350 were withheld.
    earns(&mut story, "A-3", 300_000).await;
    let newest = payouts(&story).await;
    let taxed: i64 = newest.iter().filter_map(withheld).sum();
    assert_eq!((taxed, year(&story).await.income), (34_297_500, Money::rub(260_650_000)));
    story.ends().await; // the audit is the point
}

#[tokio::test]
async fn an_invoiced_debt_is_still_owed_in_the_months_report() {
    let mut story = Story::begins().await;
    comes_to_owe(&mut story).await;
    for days in [12, 33] {
        story.passes(days * DAY).await;
        story.world.close_days().await;
    }
    assert_eq!(stands_on(&story, Account::PartnerDebt).await, 289_500);
    let key = story.world.key.clone();
    let report = story.api(&key, Method::GET, "/v1/reports/2026-12", &[], "").await.body;
    assert_eq!((&report["opening"], &report["closing"]), (&json!("-2895.00"), &json!("-2895.00")), "{report:#}");
}

#[tokio::test]
async fn a_debt_nothing_nets_is_invoiced_and_paid() {
    let mut story = Story::begins().await;
    comes_to_owe(&mut story).await;
    story.passes(10 * DAY - 2 * HOUR).await;
    story.world.close_days().await;
    assert_eq!(stands_on(&story, Account::PartnerDebt).await, 0, "its term is not over");
    story.passes(2 * HOUR).await;
    let (ports, shop) = (story.world.ports.clone(), story.world.shop.clone());
    let (one, other) = tokio::join!(workflows::debts::invoice(&ports, &shop), workflows::debts::invoice(&ports, &shop));
    assert_eq!(usize::from(one.unwrap().is_some()) + usize::from(other.unwrap().is_some()), 1);
    story.world.close_days().await;
    assert_eq!(
        (stands_on(&story, Account::PartnerDebt).await, stands_on(&story, Account::PartnerAvailable).await),
        (289_500, 0)
    );
    let key = story.world.key.clone();
    let list = story.api(&key, Method::GET, "/v1/invoices", &[], "").await.body["invoices"].clone();
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["amount"], &list[0]["state"]),
        (1, &json!("2895.00"), &json!("open"))
    );

    let number = list[0]["number"].as_str().unwrap();
    let line = |order: &str, amount: &str, inn: &str| pays_by_invoice(number, order, amount, inn);
    let stranger = statements::import(&ports, &line("14", "2895.00", "7700000023")).await.unwrap();
    assert_eq!((stranger.recorded, stranger.others.len()), (0, 0), "somebody else's payment");
    for (bytes, debt) in [(line("15", "1000.00", "7700000016"), 189_500), (line("16", "2000.00", "7700000016"), 0)] {
        let (one, other) = tokio::join!(statements::import(&ports, &bytes), statements::import(&ports, &bytes));
        assert_eq!(one.unwrap().recorded + other.unwrap().recorded, 1);
        assert_eq!(statements::import(&ports, &bytes).await.unwrap().recorded, 0);
        assert_eq!(stands_on(&story, Account::PartnerDebt).await, debt);
    }
    let list = story.api(&key, Method::GET, "/v1/invoices", &[], "").await.body["invoices"].clone();
    assert_eq!(
        (&list[0]["paid"], &list[0]["state"], &list[0]["paid_on"]),
        (&json!("2895.00"), &json!("paid"), &json!("2026-12-07"))
    );
    assert_eq!(stands_on(&story, Account::PartnerAvailable).await, -10_500, "what was too much is the partner's");
    story.ends().await; // the audit is the point
}
