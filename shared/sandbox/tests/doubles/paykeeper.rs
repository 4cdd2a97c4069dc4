//! The double of `PayKeeper`, spoken to by the platform's own connector.

use connectors::bank::paykeeper::PaykeeperBank;
use connectors::bank::{
    Bank as _, BankError, Callback, CaptureRequest, ChargeRequest, Known, PaymentRequest, Question, Registered,
    ReturnRequest, Show,
};
use domain::acquiring::{Credentials, Method, Return, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::plus_seconds;
use sandbox::double::{self, Family, Terminal};
use serde_json::json;

use crate::support::{BASE, Heard, World};

const NUMBER: &str = "01KAVXA3HS8G5XV6QT7MH3V2KCo1";

struct Shop {
    world: World,
    terminal: Terminal,
}

impl Shop {
    async fn open() -> Self {
        let world = World::new();
        let terminal = double::terminal(&world.ports, &world.tenant, Family::Paykeeper).await.unwrap();
        Self { world, terminal }
    }

    /// The connector, at this moment.
    fn bank(&self) -> PaykeeperBank {
        PaykeeperBank::new(&self.terminal.address, &self.terminal.credentials, self.world.now())
    }

    fn payment(&self, stages: Stages) -> PaymentRequest {
        PaymentRequest {
            number: NUMBER.into(),
            bill: "1000000000000016.1".into(),
            amount: Money::rub(300_000),
            method: Method::Card,
            stages,
            description: "Выписка ЕГРН / копия".into(),
            return_url: "https://shop.test/back".into(),
            callback_url: "https://shop.test/told".into(),
            expires_at: plus_seconds(self.world.now(), 3_600),
            language: Language::Ru,
            merchant: "ООО «Справка»".into(),
            customer: None,
            save: false,
            points_max: None,
            email: Some("buyer@shop.test".into()),
            phone: None,
        }
    }

    async fn register(&self, request: &PaymentRequest) -> Registered {
        self.bank().register(self.world.http(), request).await.unwrap()
    }

    /// The page of the machine behind an address of the vendor's.
    async fn page(&self, show: &Show) -> String {
        let Show::Page(url) = show else { panic!("a page: {show:?}") };
        let answer = self.world.ask("GET", url.strip_prefix(BASE).unwrap(), &[], "").await;
        assert_eq!(answer.status, 303, "{url}");
        answer.location().to_owned()
    }

    /// Registers, opens the page and pays.
    async fn pay(&self, stages: Stages, form: &str) -> Registered {
        let registered = self.register(&self.payment(stages)).await;
        let page = self.page(&registered.show).await;
        let answer = self.world.form(&page, form).await;
        assert_eq!((answer.status, answer.location()), (303, "https://shop.test/back"));
        self.world.pass(1).await;
        registered
    }

    fn known(reference: Option<&str>) -> Known {
        let reference = reference.map(ToOwned::to_owned);
        let (amount, method, stages) = (Money::rub(300_000), Method::Card, Stages::One);
        Known { number: NUMBER.into(), reference, amount, method, stages, captured: None }
    }

    async fn ask(&self, reference: Option<&str>) -> BankReport {
        let question = Question { number: NUMBER.into(), payment: Self::known(reference), reference: None };
        self.bank().ask(self.world.http(), &question).await.unwrap()
    }

    async fn stands(&self) -> BankState {
        self.ask(None).await.state
    }

    async fn capture(&self, minor: i64) -> Result<BankState, BankError> {
        let (held, amount) = (Money::rub(300_000), Money::rub(minor));
        let request = CaptureRequest { number: format!("{NUMBER}c"), payment: Self::known(None), held, amount };
        self.bank().capture(self.world.http(), &request).await.map(|report| report.state)
    }

    async fn back(&self, kind: Return, minor: i64, standing: i64) -> Result<BankState, BankError> {
        let (amount, standing) = (Money::rub(minor), Money::rub(standing));
        let request =
            ReturnRequest { number: format!("{NUMBER}r"), payment: Self::known(None), kind, amount, standing };
        self.bank().give_back(self.world.http(), &request).await.map(|report| report.state)
    }

    fn authorization(&self) -> String {
        use base64::Engine as _;
        let of = |name| Credentials::of(&self.terminal.credentials, name);
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", of("user"), of("password")));
        format!("Basic {pair}")
    }

    /// What the cabinet's API says to words that are not the connector's.
    async fn raw(&self, path: &str, form: Option<&str>) -> serde_json::Value {
        let authorization = self.authorization();
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let at = |path: &str| format!("/sandbox/paykeeper/demoshop{path}");
        let Some(form) = form else { return self.world.ask("GET", &at(path), &headers, "").await.json() };
        let token = self.world.ask("GET", &at("/info/settings/token/"), &headers, "").await.json();
        let form = format!("{form}&token={}", token["token"].as_str().unwrap());
        self.world.ask("POST", &at(path), &headers, form).await.json()
    }

    /// The payments that took money, by their ids.
    async fn payments(&self) -> Vec<serde_json::Value> {
        let day = domain::time::moscow_date(self.world.now());
        let rows = self.raw(&format!("/info/payments/bydate/?start={day}&end={day}"), None).await;
        rows.as_array().unwrap().clone()
    }

    fn told(&self, heard: &Heard) -> Callback {
        assert_eq!(heard.url, format!("{BASE}/callbacks/bank/demoshop.t/paykeeper"));
        self.bank().callback(self.world.now(), &heard.incoming()).unwrap().unwrap()
    }
}

fn stands(held: i64, captured: i64, refunded: i64) -> BankState {
    let [held, captured, refunded] = [held, captured, refunded].map(Money::rub);
    BankState::Stands(Standing { held, captured, refunded })
}

fn succeeded(minor: i64) -> BankState {
    BankState::Succeeded(Money::rub(minor))
}

#[tokio::test]
async fn a_payment_in_one_stage_is_told_until_it_is_heard() {
    let shop = Shop::open().await;
    assert_eq!(shop.stands().await, BankState::NotFound);
    let registered = shop.register(&shop.payment(Stages::One)).await;
    assert_eq!(shop.ask(Some(&registered.reference)).await.state, BankState::Pending);
    let again = shop.register(&shop.payment(Stages::One)).await;
    assert_eq!(again, registered, "a repeated registration finds its invoice");
    let page = shop.page(&registered.show).await;
    assert_eq!(shop.page(&registered.show).await, page);
    shop.world.says("OK");
    assert_eq!(shop.world.form(&page, "card=success").await.location(), "https://shop.test/back");
    let heard = shop.world.heard();
    let callback = shop.told(&heard[0]);
    assert_eq!((callback.number.as_str(), callback.proven), (NUMBER, true));
    assert_eq!(callback.report, BankReport::new(None, stands(0, 300_000, 0)));
    assert_eq!(shop.stands().await, stands(0, 300_000, 0));
    // `OK` alone is not what it wants to hear: it says the same again, to the byte.
    shop.world.says(&callback.answer.body);
    shop.world.pass(60).await;
    assert_eq!(shop.world.heard()[0].body, heard[0].body);
    shop.world.pass(24 * 3_600).await;
    assert!(shop.world.heard().is_empty());
    assert_eq!(shop.stands().await, stands(0, 300_000, 0));
}

#[tokio::test]
async fn a_hold_is_captured_whole_once() {
    let shop = Shop::open().await;
    shop.pay(Stages::Two, "card=success").await;
    let callback = shop.told(&shop.world.heard()[0]);
    assert_eq!((callback.report.state, callback.proven), (stands(300_000, 0, 0), true));
    assert_eq!(shop.stands().await, stands(300_000, 0, 0));
    for _ in 0..2 {
        assert_eq!(shop.capture(300_000).await.unwrap(), succeeded(300_000));
        assert_eq!(shop.stands().await, stands(0, 300_000, 0));
    }
    assert!(shop.world.heard().is_empty(), "a capture is not told of");
    // In the same second as the capture, too, a refund is told from a hold let go.
    assert_eq!(shop.back(Return::Refund, 100_000, 300_000).await.unwrap(), succeeded(100_000));
    assert_eq!(shop.stands().await, stands(0, 300_000, 100_000));
}

#[tokio::test]
async fn a_hold_is_captured_in_part_and_given_back() {
    let shop = Shop::open().await;
    shop.pay(Stages::Two, "card=success").await;
    for _ in 0..2 {
        assert_eq!(shop.capture(200_000).await.unwrap(), succeeded(200_000));
        assert_eq!(shop.stands().await, stands(0, 200_000, 0));
    }
    shop.world.pass(60).await;
    for _ in 0..2 {
        assert_eq!(shop.back(Return::Refund, 50_000, 200_000).await.unwrap(), succeeded(50_000));
        assert_eq!(shop.stands().await, stands(0, 200_000, 50_000));
    }
    assert_eq!(shop.back(Return::Refund, 150_000, 150_000).await.unwrap(), succeeded(150_000));
    assert_eq!(shop.stands().await, stands(0, 200_000, 200_000));
}

#[tokio::test]
async fn a_hold_is_let_go_whole_and_lapses_into_a_capture() {
    let shop = Shop::open().await;
    shop.pay(Stages::Two, "card=success").await;
    let error = shop.back(Return::Void, 100_000, 300_000).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "unsupported"), "{error:?}");
    for _ in 0..2 {
        assert_eq!(shop.back(Return::Void, 300_000, 300_000).await.unwrap(), succeeded(300_000));
        assert_eq!(shop.stands().await, stands(0, 0, 0));
    }

    let shop = Shop::open().await;
    shop.pay(Stages::Two, "card=success").await;
    let early = shop.bank();
    shop.world.pass(7 * 24 * 3_600).await;
    assert_eq!(shop.stands().await, stands(0, 300_000, 0));
    // Whose clock is behind goes by the server's.
    let question = Question { number: NUMBER.into(), payment: Shop::known(None), reference: None };
    assert_eq!(early.ask(shop.world.http(), &question).await.unwrap().state, stands(0, 300_000, 0));
    assert_eq!(shop.back(Return::Void, 300_000, 300_000).await.unwrap(), stands(0, 300_000, 0));

    let shop = Shop::open().await;
    shop.pay(Stages::Two, "card=hold_dropped").await;
    shop.world.pass(24 * 3_600).await;
    assert_eq!(shop.stands().await, stands(0, 0, 0));
    assert_eq!(shop.capture(300_000).await.unwrap(), stands(0, 0, 0));
}

#[tokio::test]
async fn money_goes_back_once_though_answers_are_lost() {
    let shop = Shop::open().await;
    shop.pay(Stages::One, "card=success").await;
    // Of search, payment, token and reverse the last is lost.
    let bank = shop.bank();
    let (amount, standing) = (Money::rub(100_000), Money::rub(300_000));
    let number = format!("{NUMBER}r");
    let request = ReturnRequest { number, payment: Shop::known(None), kind: Return::Refund, amount, standing };
    let lossy = Lossy { shop: &shop, left: 3.into() };
    let error = bank.give_back(&lossy, &request).await.unwrap_err();
    assert!(error.may_have_happened(), "{error:?}");
    assert_eq!(shop.stands().await, stands(0, 300_000, 100_000));
    assert_eq!(shop.back(Return::Refund, 100_000, 300_000).await.unwrap(), succeeded(100_000));
    assert_eq!(shop.stands().await, stands(0, 300_000, 100_000));
}

/// Lets so many answers through; the next is lost.
struct Lossy<'a> {
    shop: &'a Shop,
    left: std::sync::atomic::AtomicUsize,
}

#[async_trait::async_trait]
impl connectors::http::Http for Lossy<'_> {
    async fn send(
        &self,
        request: connectors::http::Request,
    ) -> Result<connectors::http::Response, connectors::http::HttpError> {
        use std::sync::atomic::Ordering::SeqCst;
        if self.left.load(SeqCst) == 0 {
            self.shop.world.lose_answers(1);
        }
        self.left.fetch_sub(self.left.load(SeqCst).min(1), SeqCst);
        self.shop.world.http().send(request).await
    }
}

#[tokio::test]
async fn refunds_are_slow_taken_back_or_declined() {
    let shop = Shop::open().await;
    shop.pay(Stages::One, "card=refund_slow").await;
    for _ in 0..2 {
        assert_eq!(shop.back(Return::Refund, 300_000, 300_000).await.unwrap(), BankState::Pending);
    }
    shop.world.pass(600).await;
    assert_eq!(shop.back(Return::Refund, 300_000, 300_000).await.unwrap(), succeeded(300_000));
    assert_eq!(shop.stands().await, stands(0, 300_000, 300_000));

    let shop = Shop::open().await;
    shop.pay(Stages::One, "card=refund_cancelled").await;
    assert_eq!(shop.back(Return::Refund, 100_000, 300_000).await.unwrap(), succeeded(100_000));
    assert_eq!(shop.stands().await, stands(0, 300_000, 100_000));
    shop.world.pass(3_600).await;
    assert_eq!(shop.stands().await, stands(0, 300_000, 0), "silently taken back");

    let shop = Shop::open().await;
    shop.pay(Stages::One, "card=refund_refused").await;
    let state = shop.back(Return::Refund, 100_000, 300_000).await.unwrap();
    assert_eq!(state, BankState::Declined(DeclineReason::Other));
    assert_eq!(shop.stands().await, stands(0, 300_000, 0));
    assert_eq!(shop.back(Return::Refund, 100_000, 300_000).await.unwrap(), succeeded(100_000));
}

#[tokio::test]
async fn a_buyer_may_try_again_while_the_invoice_is_open() {
    let shop = Shop::open().await;
    for card in ["card=insufficient_funds", "card=blocked", "action=refuse"] {
        let registered = shop.pay(Stages::One, card).await;
        assert_eq!(shop.ask(Some(&registered.reference)).await.state, BankState::Pending, "{card}");
    }
    assert!(shop.world.heard().is_empty(), "what was not accepted is not told of");
    let registered = shop.pay(Stages::One, "card=success").await;
    assert_eq!(shop.ask(Some(&registered.reference)).await.state, stands(0, 300_000, 0));
    let page = shop.page(&registered.show).await;
    assert_eq!(shop.world.form(&page, "card=success").await.status, 303);
    assert_eq!(shop.stands().await, stands(0, 300_000, 0));

    let cases = [("card=insufficient_funds", DeclineReason::Other), ("action=refuse", DeclineReason::CancelledByBuyer)];
    for (form, reason) in cases {
        let shop = Shop::open().await;
        let registered = shop.pay(Stages::One, form).await;
        shop.world.pass(3_601).await;
        assert_eq!(shop.ask(Some(&registered.reference)).await.state, BankState::Declined(reason), "{form}");
    }
    let shop = Shop::open().await;
    let registered = shop.register(&shop.payment(Stages::One)).await;
    shop.page(&registered.show).await;
    shop.world.pass(3_601).await;
    let state = shop.ask(Some(&registered.reference)).await.state;
    assert_eq!(state, BankState::Declined(DeclineReason::TimedOut));
}

#[tokio::test]
async fn a_saved_card_is_charged_once_for_a_number() {
    let shop = Shop::open().await;
    let saving = PaymentRequest { customer: Some("client-7".into()), save: true, ..shop.payment(Stages::One) };
    let registered = shop.register(&saving).await;
    assert_eq!(shop.ask(Some(&registered.reference)).await.state, BankState::NotFound);
    let page = shop.page(&registered.show).await;
    shop.world.form(&page, "card=success").await;
    let saved = shop.told(&shop.world.heard()[0]).report.saved.unwrap();
    assert_eq!((saved.label.as_str(), saved.valid_until.as_deref()), ("Мир •• 0001", Some("2030-12")));
    assert_eq!(shop.ask(Some(&registered.reference)).await.saved.as_ref(), Some(&saved));

    let charge = |number: &str, stages| ChargeRequest {
        payment: PaymentRequest { number: number.into(), save: false, stages, ..saving.clone() },
        token: saved.token.clone(),
        buyer_present: false,
    };
    let bank = shop.bank();
    let first = bank.charge(shop.world.http(), &charge("n-2", Stages::One)).await.unwrap();
    assert_eq!(first.report.state, stands(0, 300_000, 0));
    let again = bank.charge(shop.world.http(), &charge("n-2", Stages::One)).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(shop.world.heard().len(), 1, "charged once, and told of");
    let held = bank.charge(shop.world.http(), &charge("n-3", Stages::Two)).await.unwrap();
    assert_eq!(held.report.state, stands(300_000, 0, 0));
    let unknown = ChargeRequest { token: "nobody".into(), ..charge("n-4", Stages::One) };
    let error = bank.charge(shop.world.http(), &unknown).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { message, .. } if message == "Привязка не найдена."), "{error:?}");
    bank.forget(shop.world.http(), "client-7", &saved.token).await.unwrap();
}

#[tokio::test]
async fn a_charge_that_is_declined_says_so() {
    let shop = Shop::open().await;
    let saving = PaymentRequest { customer: Some("client-7".into()), save: true, ..shop.payment(Stages::One) };
    let page = shop.page(&shop.register(&saving).await.show).await;
    shop.world.form(&page, "card=charge_declined").await;
    let token = shop.told(&shop.world.heard()[0]).report.saved.unwrap().token;
    let payment = PaymentRequest { number: "n-2".into(), save: false, ..saving };
    let charge = ChargeRequest { payment, token, buyer_present: true };
    for _ in 0..2 {
        let charged = shop.bank().charge(shop.world.http(), &charge).await.unwrap();
        assert_eq!(charged.report.state, BankState::Declined(DeclineReason::Other));
    }
}

#[tokio::test]
async fn sbp_has_a_page_of_its_own_and_no_hold() {
    let shop = Shop::open().await;
    let request = PaymentRequest { method: Method::Sbp, ..shop.payment(Stages::One) };
    let registered = shop.register(&request).await;
    let page = shop.page(&registered.show).await;
    shop.world.form(&page, "card=success").await;
    assert_eq!(shop.stands().await, stands(0, 300_000, 0));
    let told = shop.told(&shop.world.heard()[0]);
    assert_eq!(told.report, BankReport::new(None, stands(0, 300_000, 0)));
}

#[tokio::test]
async fn cards_that_are_late_silent_doubled_or_out_of_order() {
    let shop = Shop::open().await;
    shop.pay(Stages::One, "card=late").await;
    assert_eq!(shop.stands().await, BankState::Pending);
    shop.world.pass(180).await;
    assert_eq!(shop.stands().await, stands(0, 300_000, 0));

    let shop = Shop::open().await;
    shop.pay(Stages::One, "card=silent").await;
    assert!(shop.world.heard().is_empty());
    assert_eq!(shop.stands().await, stands(0, 300_000, 0));

    for card in ["card=doubled", "card=out_of_order"] {
        let shop = Shop::open().await;
        shop.pay(Stages::One, card).await;
        let heard = shop.world.heard();
        assert_eq!(heard.len(), 2, "{card}");
        for one in &heard {
            assert_eq!(shop.told(one).report.state, stands(0, 300_000, 0), "{card}");
        }
    }

    let shop = Shop::open().await;
    let registered = shop.register(&shop.payment(Stages::One)).await;
    let page = shop.page(&registered.show).await;
    shop.world.form(&page, "card=after_expiry").await;
    shop.world.pass(3_601).await;
    let state = shop.ask(Some(&registered.reference)).await.state;
    assert!(matches!(state, BankState::Declined(_)), "{state:?}");
    shop.world.pass(600).await;
    assert_eq!(shop.ask(Some(&registered.reference)).await.state, stands(0, 300_000, 0));
}

#[tokio::test]
async fn strangers_stay_outside_and_yesterdays_token_is_refused() {
    let shop = Shop::open().await;
    let mut wrong = shop.terminal.credentials.clone();
    wrong.0.insert("password".into(), "guessed".into());
    for (address, credentials) in
        [(&shop.terminal.address, &wrong), (&format!("{BASE}/sandbox/paykeeper/No"), &shop.terminal.credentials)]
    {
        let bank = PaykeeperBank::new(address, credentials, shop.world.now());
        let error = bank.register(shop.world.http(), &shop.payment(Stages::One)).await.unwrap_err();
        assert!(matches!(&error, BankError::Refused { code, status: 401, .. } if code == "auth"), "{error:?}");
    }
    let authorization = shop.authorization();
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let token = shop.world.ask("GET", "/sandbox/paykeeper/demoshop/info/settings/token/", &headers, "").await.json();
    shop.world.pass(24 * 3_600).await;
    let stale = token["token"].as_str().unwrap();
    let form = format!("pay_amount=10&token={stale}");
    let answer = shop.world.ask("POST", "/sandbox/paykeeper/demoshop/change/invoice/preview/", &headers, form).await;
    assert_eq!(answer.status, 200);
    // To the byte as the vendor's server escapes it: public clients look for these bytes.
    let refusal = r#"{"msg":"\u0422\u043e\u043a\u0435\u043d \u0431\u0435\u0437\u043e\u043f\u0430\u0441\u043d\u043e\u0441\u0442\u0438 \u043d\u0435 \u0432\u0435\u0440\u0435\u043d.","result":"fail"}"#;
    assert_eq!(answer.body, refusal.as_bytes());
    // Of two tokens the last counts.
    let fresh = shop.world.ask("GET", "/sandbox/paykeeper/demoshop/info/settings/token", &headers, "").await.json();
    let form = format!("pay_amount=10&token={stale}&token={}", fresh["token"].as_str().unwrap());
    let answer = shop.world.ask("POST", "/sandbox/paykeeper/demoshop/change/invoice/preview/", &headers, form).await;
    assert!(answer.json()["invoice_id"].is_string());
}

#[tokio::test]
async fn invoices_are_counted_by_their_states() {
    let shop = Shop::open().await;
    let day = domain::time::moscow_date(shop.world.now());
    let path = format!("/info/invoice/listcount/?start_date={day}&end_date={day}");
    assert_eq!(shop.raw(&path, None).await, json!({ "statuses": [], "fullcount": [{ "count": "0" }] }));
    shop.pay(Stages::One, "card=success").await;
    for _ in 0..2 {
        shop.raw("/change/invoice/preview/", Some("pay_amount=10&orderid=another")).await;
    }
    let of = |status, count| json!({ "status": status, "count": count });
    let all = json!({ "statuses": [of("created", "2"), of("paid", "1")], "fullcount": [{ "count": "3" }] });
    assert_eq!(shop.raw(&path, None).await, all);
    let paid = json!({ "statuses": [of("paid", "1")], "fullcount": [{ "count": "1" }] });
    assert_eq!(shop.raw(&format!("{path}&status[]=paid&status[]=expired"), None).await, paid);
}

#[tokio::test]
async fn the_whole_goes_back_without_an_amount_and_a_part_does_not() {
    let shop = Shop::open().await;
    shop.pay(Stages::One, "card=success").await;
    let id = shop.payments().await[0]["id"].as_str().unwrap().to_owned();
    let refused = shop.raw("/change/payment/reverse/", Some(&format!("id={id}&partial=true"))).await;
    assert_eq!(refused["result"], "fail");
    shop.raw("/change/payment/reverse/", Some(&format!("id={id}&partial=true&amount=1000"))).await;
    assert_eq!(shop.stands().await, stands(0, 300_000, 100_000));
    let done = shop.raw("/change/payment/reverse/", Some(&format!("id={id}&partial=false"))).await;
    assert_eq!(done["result"], "success");
    assert_eq!(shop.stands().await, stands(0, 300_000, 300_000), "what was left of it");
    let refused = shop.raw("/change/payment/reverse/", Some(&format!("id={id}&partial=false"))).await;
    assert_eq!(refused["result"], "fail", "nothing is left");
}

#[tokio::test]
async fn what_is_told_again_at_once_is_not_told_again_later() {
    let shop = Shop::open().await;
    let registered = shop.register(&shop.payment(Stages::One)).await;
    let page = shop.page(&registered.show).await;
    shop.world.says("no");
    shop.world.form(&page, "card=success").await;
    let first = shop.world.heard();
    let [row] = shop.payments().await.try_into().unwrap();
    assert_eq!(row["status"], "obtained", "nobody has listened");
    shop.world.says(&shop.told(&first[0]).answer.body);
    let again = format!("id={}", row["id"].as_str().unwrap());
    shop.raw("/change/payment/repeatcnt/", Some(&again)).await;
    assert_eq!(shop.world.heard().len(), 1);
    assert_eq!(shop.payments().await[0]["status"], "success");
    shop.world.pass(24 * 3_600).await;
    assert!(shop.world.heard().is_empty());
    shop.raw("/change/payment/repeatcnt/", Some(&again)).await;
    assert_eq!(shop.world.heard().len(), 1, "asked for, it is told once more");
}
