//! A month laid beside the papers of banks and registers: what is planted wrong is in the work list and nothing else, and once all of
//! it is closed our books hold what the statement says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use axum::body::Body;
use connectors::bank::catalogue::Family;
use domain::acquirer::{AcquirerTerms, OnRefund};
use domain::ledger::Account;
use domain::money::Money;
use domain::partner::{BankAccount, Destination};
use domain::reconcile::{Counted, Kind, Movement, PaperKind, Run, RunState, Scope, Way};
use domain::time::{MOSCOW, moscow_date};
use http::{Method, Request};
use jiff::Span;
use jiff::civil::Date;
use runtime::WorkerError;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use support::{Answer, OPERATOR_TOKEN};
use workflows::reconciliation::{facts, rules, run};

use crate::story::{DAY, HOUR, Story};

const DOORS: &str = "/v1/operator/partners/demoshop/test/reconciliation";
/// Days on which orders are made, and days the papers go on after them.
const ORDERS: i64 = 12;
const AFTER: i64 = 12;
/// The settlement account the partner's money comes to.
const OURS: &str = "40702810600000000003";
const BANK_INN: &str = "7707083893";

fn later(day: Date, days: i64) -> Date {
    day.checked_add(Span::new().days(days)).unwrap()
}

fn major(minor: i64) -> String {
    Money::rub(minor).to_decimal().to_string().replace('.', ",")
}

fn dotted(day: Date) -> String {
    day.strftime("%d.%m.%Y").to_string()
}

fn rules_of() -> Value {
    json!({
        "strangers": true, "settlement": OURS,
        "accounts": {"rbs": {
            "registry": {
                "encoding": "windows1251", "until": ["Итого"], "day_format": "%d.%m.%Y %H:%M:%S",
                "columns": {"day": "Дата", "way": "Операция", "amount": "Сумма", "fee": "Комиссия", "currency": "Валюта",
                            "reference": "Номер банка", "number": "Заказ", "operation": "Номер операции"},
                "ways": {"Оплата": "taken", "Возврат": "returned", "Чарджбек": "disputed", "Холд": null},
            },
            "deposits": {"how": "net", "payer_inn": BANK_INN, "purpose": "возмещение"},
        }},
        "registers": {"sandbox": {
            "encoding": "windows1251", "day_format": "%d.%m.%Y",
            "columns": {"day": "Дата", "kind": "Признак", "drive": "ФН", "document": "ФД", "total": "Сумма",
                        "vats": {"6": "Без НДС", "11": "НДС 22%"}},
            "kinds": {"Приход": "sale", "Возврат прихода": "refund"},
        }},
    })
}

/// A row of the bank's registry, as the bank would write it.
#[derive(Debug, Clone)]
struct Row {
    day: Date,
    way: &'static str,
    minor: i64,
    fee: i64,
    currency: &'static str,
    reference: String,
    number: String,
    operation: String,
}

/// Everything the other side says.
#[derive(Default)]
struct Papers {
    rows: BTreeMap<Date, Vec<Row>>,
    prints: BTreeMap<Date, Vec<[String; 7]>>,
    lines: Vec<(Date, i64, String, u32)>,
}

impl Papers {
    fn net(&self, day: Date) -> i64 {
        let rows = self.rows.get(&day).into_iter().flatten().filter(|row| row.currency == "RUB");
        rows.map(|row| row.minor - row.fee).sum()
    }

    fn registry(&self, day: Date) -> Vec<u8> {
        let mut text = "Дата;Операция;Сумма;Комиссия;Валюта;Номер банка;Заказ;Номер операции\r\n".to_owned();
        for row in self.rows.get(&day).into_iter().flatten() {
            let Row { day, way, minor, fee, currency, reference, number, operation } = row.clone();
            let _ = write!(
                text,
                "{} 12:00:00;{way};{};{};{currency};{reference};{number};{operation}\r\n",
                dotted(day),
                major(minor),
                major(fee)
            );
        }
        text.push_str("Итого;;;;;;;\r\n");
        encoding_rs::WINDOWS_1251.encode(&text).0.into_owned()
    }

    fn report(&self, day: Date) -> Vec<u8> {
        let mut text = "Дата;Признак;ФН;ФД;Сумма;Без НДС;НДС 22%\r\n".to_owned();
        for row in self.prints.get(&day).into_iter().flatten() {
            let _ = write!(text, "{}\r\n", row.join(";"));
        }
        encoding_rs::WINDOWS_1251.encode(&text).0.into_owned()
    }

    fn statement(&self, ours: &str, (first, last): (Date, Date)) -> Vec<u8> {
        let of: Vec<_> = self.lines.iter().filter(|(day, ..)| first <= *day && *day <= last).collect();
        let opening: i64 = self.lines.iter().filter(|(day, ..)| *day < first).map(|(_, minor, ..)| minor).sum();
        let (mut came, mut left) = (0, 0);
        let mut text = format!(
            "1CClientBankExchange\nВерсияФормата=1.03\nКодировка=Windows\nДатаНачала={0}\nДатаКонца={1}\nРасчСчет={ours}\n",
            dotted(first),
            dotted(last)
        );
        let mut documents = String::new();
        let payee = support::partner().payout.to.number().to_owned();
        for (day, minor, purpose, number) in of {
            let (from, to, inn, moved) = if *minor > 0 {
                came += minor;
                ("30233810000000000001", ours, BANK_INN, "ДатаПоступило")
            } else {
                left -= minor;
                let to = if purpose.starts_with("Вознаграждение") { OURS } else { payee.as_str() };
                (ours, to, "7700000023", "ДатаСписано")
            };
            let _ = write!(
                documents,
                "СекцияДокумент=Платежное поручение\nНомер={number}\nДата={1}\nСумма={0}\n{moved}={1}\nПлательщикСчет={from}\n\
                 ПлательщикИНН={inn}\nПолучательСчет={to}\nНазначениеПлатежа={purpose}\nКонецДокумента\n",
                major(minor.abs()),
                dotted(*day),
            );
        }
        let _ = write!(
            text,
            "СекцияРасчСчет\nДатаНачала={}\nДатаКонца={}\nРасчСчет={ours}\nНачальныйОстаток={}\nВсегоПоступило={}\n\
             ВсегоСписано={}\nКонечныйОстаток={}\nКонецРасчСчет\n{documents}КонецФайла\n",
            dotted(first),
            dotted(last),
            major(opening),
            major(came),
            major(left),
            major(opening + came - left),
        );
        encoding_rs::WINDOWS_1251.encode(&text.replace('\n', "\r\n")).0.into_owned()
    }
}

async fn operator(story: &Story, method: Method, path: &str, body: Vec<u8>, kind: &str) -> Answer {
    let request =
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {OPERATOR_TOKEN}"));
    story.world.ask(request.header("content-type", kind).body(Body::from(body)).unwrap()).await
}

async fn asks(story: &Story, method: Method, path: &str, body: &Value) -> Value {
    let text = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let answer = operator(story, method, path, text, "application/json").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

async fn loads(story: &Story, path: &str, file: Vec<u8>) -> (u16, Value) {
    let answer = operator(story, Method::POST, path, file, "text/csv").await;
    assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.text());
    (answer.status, answer.json())
}

async fn work_list(story: &Story, state: &str) -> Vec<Value> {
    let list = asks(story, Method::GET, &format!("{DOORS}/discrepancies?state={state}&limit=100"), &Value::Null).await;
    assert!(list["next_cursor"].is_null());
    list["discrepancies"].as_array().unwrap().clone()
}

/// Days of orders at a bank that charges 2.1 %, one of them refunded; then days without.
async fn month(story: &mut Story) -> Scope {
    let mut account = story.account_at(Family::Rbs).await;
    account.acquiring = vec![AcquirerTerms {
        method: None,
        since: "2026-01-01".parse().unwrap(),
        percent: Decimal::new(21, 1),
        fixed_minor: 0,
        least_minor: 0,
        greatest_minor: None,
        refunds: OnRefund::Kept,
    }];
    story
        .settings(|partner| {
            partner.accounts.push(account);
            partner.webhook = None;
        })
        .await;
    let first = moscow_date(story.world.now().await);
    for day in 0..ORDERS {
        for no in 0..2 {
            let order = story.world.order(&crate::story::with_email(&format!("M-{day}-{no}"))).await;
            let form = story.world.agree(&order).await.location();
            let page = story.world.get(&form).await.location();
            story.world.pay_at_bank(&page, "success").await;
            story.world.settle().await;
            if (day, no) == (3, 1) {
                story.world.pass(DAY, 12 * HOUR).await;
                let path = format!("/v1/orders/{}/cancel", order.id);
                let said = story.world.api(Method::POST, &path, &story.world.key, "{}").await;
                assert!(matches!(said.status, 200 | 202), "{}", said.text());
                story.world.settle().await;
            }
        }
        story.world.pass(DAY, 12 * HOUR).await;
    }
    story.world.pass(AFTER * DAY, 12 * HOUR).await;
    story.world.close_days().await;
    Scope { from: first, until: later(moscow_date(story.world.now().await), -1) }
}

fn row(movement: &Movement) -> Row {
    Row {
        day: movement.day(),
        way: if movement.way == Way::Returned { "Возврат" } else { "Оплата" },
        minor: movement.amount.minor(),
        fee: movement.bank_fee.map_or(0, Money::minor),
        currency: "RUB",
        reference: movement.reference.clone().unwrap_or_default(),
        number: movement.number.clone(),
        operation: movement.operation.clone(),
    }
}

/// The papers of the month, with one thing wrong of every kind.
async fn papers(story: &Story, scope: Scope) -> (Papers, Date) {
    let world = &story.world;
    let partner = workflows::perform::partner(&world.ports, &world.shop).await.unwrap();
    let rules = rules(&world.ports, &world.shop).await.unwrap().unwrap();
    let gathered = facts::gather(&world.ports, &world.shop, (&partner, &rules), scope, scope.until).await.unwrap();
    let mut movements = gathered.facts.movements;
    movements.sort_by_key(|movement| movement.at);
    let mut papers = Papers::default();
    let mut wrong_day = scope.from;
    let mut taken = 0;
    for movement in &movements {
        let mut row = row(movement);
        let mut rows = vec![row.clone()];
        if movement.way == Way::Returned {
            rows.clear(); // cancelled_refund
        } else {
            match taken {
                0 => rows.clear(),                                     // missing_there
                2 => rows[0].minor -= 100,                             // amount
                4 => rows[0].fee += 300,                               // fee
                6 => (rows[0].currency, wrong_day) = ("USD", row.day), // currency
                10 => rows.push(row.clone()),                          // duplicate
                12 => rows[0].day = later(row.day, 5),                 // date
                14 => {
                    row.way = "Чарджбек"; // missing_here
                    (row.minor, row.fee) = (-row.minor, 0);
                    (row.reference, row.operation) = ("chargeback-1".to_owned(), String::new());
                    rows.push(row);
                }
                _ => {}
            }
            taken += 1;
        }
        for row in rows {
            papers.rows.entry(row.day).or_default().push(row);
        }
    }
    assert_eq!((movements.len(), taken), (25, 24));
    let mut receipts = gathered.facts.receipts;
    receipts.sort_by_key(|due| due.printed.as_ref().unwrap().document);
    for (no, due) in receipts.iter().enumerate() {
        let printed = due.printed.as_ref().unwrap();
        let tax = due.vats.iter().map(|(tag, tax)| (*tag, major(tax.minor()))).collect::<BTreeMap<_, _>>();
        let mut cells = [
            dotted(printed.day),
            if due.total.minor() < 0 { "Возврат прихода".to_owned() } else { "Приход".to_owned() },
            printed.drive.clone(),
            printed.document.to_string(),
            major(due.total.minor().abs()),
            tax.get(&6).cloned().unwrap_or_default(),
            tax.get(&11).cloned().unwrap_or_default(),
        ];
        match no {
            1 => continue,         // missing_receipt
            3 => cells.swap(5, 6), // wrong_rate
            _ => {}
        }
        papers.prints.entry(printed.day).or_default().push(cells);
    }
    let mut day = scope.from;
    while day < scope.until {
        let net = papers.net(day);
        if net != 0 {
            let came = later(day, 1);
            papers.lines.push((came, net, format!("Возмещение по операциям за {}", dotted(day)), 4_411));
        }
        day = later(day, 1);
    }
    for (no, payout) in gathered.facts.payouts.iter().enumerate() {
        let more = if no == 1 { 100 } else { 0 }; // payout
        let purpose = format!("Перечисление принципалу. Выплата {}", payout.id);
        papers.lines.push((payout.day, -payout.amount.minor() - more, purpose, payout.number));
    }
    papers.lines.push((later(scope.from, 2), 12_345, "Перевод собственных средств".to_owned(), 811)); // orphan
    papers.lines.sort_by_key(|(day, minor, ..)| (*day, -minor));
    (papers, wrong_day)
}

async fn loads_all(story: &Story, papers: &Papers, scope: Scope, status: u16) {
    let mut day = scope.from;
    while day <= scope.until {
        for (kind, name, file) in
            [("registries", "rbs", papers.registry(day)), ("reports", "sandbox", papers.report(day))]
        {
            let (said, _) = loads(story, &format!("{DOORS}/{kind}/{name}?day={day}"), file).await;
            assert_eq!(said, status, "{kind} {day}");
        }
        day = later(day, 1);
    }
}

async fn loads_statement(story: &Story, papers: &Papers, scope: Scope) -> Value {
    let file = papers.statement(OURS, (scope.from, scope.until));
    loads(story, "/v1/operator/statements", file).await.1
}

async fn reconciles(story: &Story, scope: Scope) -> Value {
    let wish = json!({"from": scope.from.to_string(), "until": scope.until.to_string()});
    asks(story, Method::POST, &format!("{DOORS}/runs"), &wish).await
}

#[tokio::test]
async fn a_month_with_every_kind_of_discrepancy_is_closed_and_the_books_hold_what_the_statement_says() {
    let mut story = Story::begins().await;
    let scope = month(&mut story).await;
    asks(&story, Method::PUT, DOORS, &rules_of()).await;
    let missing = reconciles(&story, scope).await;
    assert_eq!((&missing["found"], missing["runs"][0]["state"].as_str()), (&json!(0), Some("paper_missing")));
    let (mut papers, wrong_day) = papers(&story, scope).await;
    loads_all(&story, &papers, scope, 201).await;
    let imported = loads_statement(&story, &papers, scope).await;
    assert!(imported["recorded"].as_u64().unwrap() > 10, "{imported:#}");

    // Everything that was planted is found, and nothing else; twice is once.
    let ran = reconciles(&story, scope).await;
    let open = work_list(&story, "open").await;
    let kinds: Vec<_> = open.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    let all: BTreeSet<_> = Kind::ALL.map(Kind::code).into();
    assert_eq!(kinds.iter().copied().collect::<BTreeSet<_>>(), all, "{open:#?}");
    assert_eq!((kinds.len(), &ran["opened"]), (12, &json!(12)), "{kinds:?}");
    loads_all(&story, &papers, scope, 200).await;
    assert_eq!(loads_statement(&story, &papers, scope).await["recorded"], 0);
    let again = reconciles(&story, scope).await;
    assert_eq!(
        (&again["found"], &again["opened"], &again["changed"], &again["reopened"], &again["closed"]),
        (&json!(12), &json!(0), &json!(0), &json!(0), &json!(0))
    );

    // The bank sends the registry of the day in another currency anew, and pays: it closes by itself.
    for row in papers.rows.get_mut(&wrong_day).unwrap() {
        row.currency = "RUB";
    }
    let paid: i64 = papers
        .lines
        .iter()
        .filter(|(day, minor, purpose, _)| {
            *day == later(wrong_day, 1) && *minor > 0 && purpose.contains(&dotted(wrong_day))
        })
        .map(|(_, minor, ..)| minor)
        .sum();
    let rest = papers.net(wrong_day) - paid;
    papers.lines.push((later(wrong_day, 3), rest, format!("Возмещение, доплата за {}", dotted(wrong_day)), 4_412));
    let path = format!("{DOORS}/registries/rbs?day={wrong_day}");
    assert_eq!(loads(&story, &path, papers.registry(wrong_day)).await.0, 201);
    loads_statement(&story, &papers, scope).await;
    assert_eq!(reconciles(&story, scope).await["closed"], 1);
    let closed = work_list(&story, "closed").await;
    assert_eq!((closed.len(), &closed[0]["kind"]), (1, &json!("currency")));
    let by = closed[0]["resolution"].as_str().unwrap();
    assert!(by.starts_with("resolved by ") && by.contains(&format!("registry rbs {wrong_day}")), "{by}");

    // The accountant closes the rest, each with a reason; where money is concerned, by a posting.
    let mut posted = 0;
    for one in work_list(&story, "open").await {
        let path = format!("{DOORS}/discrepancies/{}/close", one["id"].as_str().unwrap());
        let mut wish = json!({"reason": "акт сверки № 7", "by": "Иванова"});
        if !one["outstanding"].is_null() {
            // Nobody's line was a supplier's invoice.
            wish["against"] = if one["kind"] == "orphan" { json!("suppliers") } else { one["usual"].clone() };
            posted += 1;
        }
        let done = asks(&story, Method::POST, &path, &wish).await;
        assert_eq!((&done["state"], &done["resolution"]), (&json!("closed"), &json!("акт сверки № 7")));
        let twice = operator(&story, Method::POST, &path, wish.to_string().into_bytes(), "application/json").await;
        assert_eq!((twice.status, &twice.json()["code"]), (409, &json!("discrepancy_closed")));
    }
    assert_eq!(posted, 8);
    assert_eq!(work_list(&story, "open").await.len(), 0);
    let ran = reconciles(&story, scope).await;
    assert_eq!((&ran["opened"], &ran["reopened"]), (&json!(0), &json!(0)));

    // Our books hold what the papers say, to the kopeck; the corrections are in the ledger and in its proof.
    let path = format!("{DOORS}/control?from={0}&until={0}", scope.until);
    let control = asks(&story, Method::GET, &path, &Value::Null).await;
    let day = &control["days"][0];
    assert_eq!((&day["clearing"]["difference"], &day["settlement"]["difference"]), (&json!("0.00"), &json!("0.00")));
    assert_eq!(day["settlement"]["papers"], day["settlement"]["books"], "{control:#}");
    let entries = story.world.ports.store.book_entries(&story.world.shop, Date::MIN).await.unwrap();
    let fixes: Vec<_> = entries.iter().filter(|entry| entry.id.starts_with("fix/")).collect();
    assert_eq!(fixes.len(), 8);
    assert!(fixes.iter().all(|entry| entry.by == "Иванова" && !entry.reason.is_empty()));
    let touched: BTreeSet<_> =
        fixes.iter().flat_map(|entry| &entry.postings).flat_map(|one| [one.debit, one.credit]).collect();
    assert!(touched.contains(&Account::Acquiring) && touched.contains(&Account::PartnerAvailable));
    story.world.pass(DAY, 12 * HOUR).await;
    story.ends().await; // seals the day of the corrections, and audits
}

/// What is late when the days that are over have been compared.
async fn late(story: &Story) -> Vec<String> {
    let (ports, shop) = (&story.world.ports, &story.world.shop);
    workflows::books::seal(ports, shop).await.unwrap();
    run::tick(ports, shop).await.unwrap().unwrap().late
}

#[tokio::test]
async fn a_paper_that_never_comes_rings_after_five_working_days_until_it_is_here() {
    let mut story = Story::begins().await; // Saturday, 21 November
    asks(&story, Method::PUT, DOORS, &json!({"accounts": {"sandbox": rules_of()["accounts"]["rbs"]}})).await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    let day = moscow_date(story.world.now().await);
    // Monday to Friday are the five.
    story.passes(6 * DAY + 2 * HOUR).await;
    assert_eq!((later(day, 6), late(&story).await), (moscow_date(story.world.now().await), Vec::new()));
    story.passes(DAY).await;
    assert_eq!(late(&story).await, ["registry sandbox 2026-11-21"]);
    story.world.close_days().await; // a test partner's rings nowhere
    // Long after its day has been compared for the last time.
    story.passes(20 * DAY).await;
    assert!(late(&story).await.contains(&"registry sandbox 2026-11-21".to_owned()));
    // It comes, and has nothing: now what is missing there waits for the papers of the days after.
    let none = Papers::default();
    for (no, first) in [(0, "registry sandbox 2026-11-22"), (1, "statement settlement 2026-11-24")] {
        let path = format!("{DOORS}/registries/sandbox?day={}", later(day, no));
        assert_eq!(loads(&story, &path, none.registry(day)).await.0, 201);
        assert_eq!(late(&story).await.first().map(String::as_str), Some(first));
    }

    // A live partner's rings, once a day.
    let live = domain::id::Tenant::try_new("demoshop", domain::id::Mode::Live).unwrap();
    story.world.enrol(&live, &support::partner()).await;
    let ports = story.world.ports.clone();
    let rules = rules(&ports, &story.world.shop).await.unwrap().unwrap();
    workflows::reconciliation::set_rules(&ports, &live, &rules).await.unwrap();
    let today = moscow_date(domain::time::whole_seconds(ports.clock.now()));
    let missing = |day| Run {
        day,
        kind: PaperKind::Registry,
        name: "rbs".to_owned(),
        at: domain::time::whole_seconds(ports.clock.now()),
        ours: Counted::default(),
        theirs: None,
        state: RunState::PaperMissing,
        waits: Vec::new(),
        found: Vec::new(),
    };
    ports.store.put_run(&live, &missing(later(today, -2))).await.unwrap();
    month_close::tick(ports.clone()).await.unwrap();
    ports.store.put_run(&live, &missing(later(today, -30))).await.unwrap();
    month_close::tick(ports.clone()).await.unwrap(); // compared today already
    story.passes(DAY).await;
    let Err(WorkerError::Ours(rung)) = month_close::tick(ports.clone()).await else { panic!("nothing rings") };
    assert_eq!(rung.to_string(), "papers that have not come within five working days: 1");
    month_close::tick(ports.clone()).await.unwrap();
}

#[tokio::test]
async fn the_clock_names_days_without_papers_and_compares_what_is_here() {
    let mut story = Story::begins().await;
    asks(&story, Method::PUT, DOORS, &json!({"accounts": {"sandbox": rules_of()["accounts"]["rbs"]}})).await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    let day = moscow_date(story.world.now().await);
    story.passes(DAY + 2 * HOUR).await;
    story.world.close_days().await;
    let missing = format!("{DOORS}/runs?state=paper_missing");
    let runs = asks(&story, Method::GET, &missing, &Value::Null).await;
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "{runs:#}");
    assert_eq!((&runs["runs"][0]["name"], &runs["runs"][0]["day"]), (&json!("sandbox"), &json!(day.to_string())));
    // An empty registry comes, and the next one: what we have is missing there.
    let none = Papers::default();
    for no in 0..2 {
        let path = format!("{DOORS}/registries/sandbox?day={}", later(day, no));
        assert_eq!(loads(&story, &path, none.registry(day)).await.0, 201);
    }
    story.passes(DAY).await;
    story.world.close_days().await;
    let open = work_list(&story, "open").await;
    assert_eq!((open.len(), &open[0]["kind"]), (1, &json!("missing_there")));
    assert_eq!(asks(&story, Method::GET, &missing, &Value::Null).await["runs"], json!([]));
    let at = MOSCOW.to_datetime(story.world.now().await);
    assert!(at.date() > day);
    story.ends().await;
}

#[tokio::test]
async fn what_lands_on_a_nominal_account_is_compared_with_its_own_statement() {
    const NOMINAL: &str = "40702810300000000007";
    let story = Story::begins().await;
    let mut account = story.account_at(Family::Rbs).await;
    account.nominal = true;
    story
        .settings(|partner| {
            partner.accounts.push(account);
            partner.webhook = None;
            let Destination::Account(to) = partner.payout.to.clone() else { panic!("a bank account") };
            partner.payout.from = Some(BankAccount { number: NOMINAL.to_owned(), ..to });
        })
        .await;
    let mut rules = rules_of();
    rules["registers"] = json!({});
    rules["strangers"] = false.into();
    asks(&story, Method::PUT, DOORS, &rules).await;
    // Another partner's money comes to the same settlement account, and they have the strangers' lines.
    let other = crate::story::tenant("othershop.t");
    story.world.enrol(&other, &support::partner()).await;
    asks(&story, Method::PUT, &DOORS.replace("demoshop", "othershop"), &json!({"strangers": true, "settlement": OURS}))
        .await;
    let first = moscow_date(story.world.now().await);
    let order = story.world.order(&crate::story::with_email("N-1")).await;
    let form = story.world.agree(&order).await.location();
    let page = story.world.get(&form).await.location();
    story.world.pay_at_bank(&page, "success").await;
    story.world.settle().await;
    story.world.pass(10 * DAY, 12 * HOUR).await;
    story.world.close_days().await;
    let scope = Scope { from: first, until: later(first, 8) };
    let partner = workflows::perform::partner(&story.world.ports, &story.world.shop).await.unwrap();
    let known = workflows::reconciliation::rules(&story.world.ports, &story.world.shop).await.unwrap().unwrap();
    let of = (&*partner, &known);
    let gathered = facts::gather(&story.world.ports, &story.world.shop, of, scope, scope.until).await.unwrap();
    let (movement, payout) = (&gathered.facts.movements[0], &gathered.facts.payouts[0]);
    assert_eq!(movement.lands, Account::Nominal);
    let mut papers = Papers::default();
    papers.rows.entry(first).or_default().push(row(movement));
    papers.lines.push((later(first, 1), 300_000, format!("Возмещение за {}", dotted(first)), 1));
    papers.lines.push((payout.day, -payout.amount.minor(), format!("Выплата {}", payout.id), payout.number));
    let mut day = first;
    while day <= scope.until {
        loads(&story, &format!("{DOORS}/registries/rbs?day={day}"), papers.registry(day)).await;
        day = later(day, 1);
    }
    let file = papers.statement(NOMINAL, (scope.from, scope.until));
    assert_eq!(
        loads(&story, "/v1/operator/statements", file.clone()).await.1["recorded"],
        1,
        "the payout is confirmed"
    );
    assert_eq!(loads(&story, "/v1/operator/statements", file).await.1["recorded"], 0);
    let ran = reconciles(&story, scope).await;
    assert_eq!((&ran["found"], &ran["matched"]), (&json!(0), &json!(3)), "{ran:#}");
    let path = format!("{DOORS}/control?from={0}&until={0}", scope.until);
    let control = asks(&story, Method::GET, &path, &Value::Null).await;
    let nominal = &control["days"][0]["nominal"];
    // What is left there is the agent's fee.
    assert_eq!((&nominal["books"], &nominal["difference"]), (&json!("105.00"), &json!("0.00")), "{control:#}");
    assert_eq!(control["days"][0]["settlement"]["books"], "0.00");
    // It is moved to the settlement account: once, though the statements of both accounts tell of it.
    story.world.pass(2 * DAY, 12 * HOUR).await;
    story.world.close_days().await;
    let moved = later(first, 9);
    papers.lines.push((moved, -10_500, "Вознаграждение агента".to_owned(), 77));
    let of_nominal = papers.statement(NOMINAL, (moved, moved));
    papers.lines = vec![(moved, 10_500, "Вознаграждение агента".to_owned(), 77)];
    let text = encoding_rs::WINDOWS_1251.decode(&papers.statement(OURS, (moved, moved))).0.into_owned();
    let text = text.replace("30233810000000000001", NOMINAL);
    let of_settlement = encoding_rs::WINDOWS_1251.encode(&text).0.into_owned();
    for (file, recorded) in [(&of_settlement, 0), (&of_nominal, 1), (&of_nominal, 0), (&of_settlement, 0)] {
        let told = loads(&story, "/v1/operator/statements", file.clone()).await.1;
        assert_eq!(told["recorded"], recorded, "{told:#}");
    }
    let day = Scope { from: moved, until: moved };
    for tenant in [&story.world.shop, &other] {
        let ran = workflows::reconciliation::run::run(&story.world.ports, tenant, day).await.unwrap().unwrap();
        assert_eq!(ran.found, 0, "{tenant}: {ran:#?}");
    }
    let path = format!("{DOORS}/control?from={moved}&until={moved}");
    let day = &asks(&story, Method::GET, &path, &Value::Null).await["days"][0];
    for (account, books) in [("nominal", "0.00"), ("settlement", "105.00")] {
        let held = &day[account];
        assert_eq!((&held["books"], &held["difference"]), (&json!(books), &json!("0.00")), "{account}: {day:#}");
    }
    story.ends().await;
}
