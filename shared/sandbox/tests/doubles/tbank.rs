//! The double of T-Bank (EACQ), spoken to by the platform's own connector.

use connectors::bank::tbank::{TbankBank, token};
use connectors::bank::{
    Bank, BankError, Callback, CaptureRequest, ChargeRequest, Known, PaymentRequest, Question, Registered,
    ReturnRequest, Show,
};
use domain::acquiring::{Credentials, Method, Return, SavedMeans, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::plus_seconds;
use sandbox::double::{self, Family};
use serde_json::{Value, json};

use crate::support::{BASE, World};

/// A shop at the bank: the connector, and what the bank was asked beside it.
struct Shop {
    world: World,
    bank: TbankBank,
    address: String,
    credentials: Credentials,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new();
        world.says("OK");
        let terminal = double::terminal(&world.ports, &world.tenant, Family::Tbank).await.unwrap();
        let (address, credentials) = (terminal.address, terminal.credentials);
        let bank = TbankBank::new(&address, &credentials, world.now());
        Self { world, bank, address, credentials }
    }

    fn payment(&self, number: &str) -> PaymentRequest {
        PaymentRequest {
            number: number.into(),
            bill: "1000000000000016.1".into(),
            amount: Money::rub(100_000),
            method: Method::Card,
            stages: Stages::One,
            description: "Выписка ЕГРН".into(),
            return_url: "https://shop.test/back?${Success}".into(),
            callback_url: "https://shop.test/callbacks/bank/demoshop.t/tbank".into(),
            expires_at: plus_seconds(self.world.now(), 3_600),
            language: Language::Ru,
            merchant: "ООО «Справка»".into(),
            customer: None,
            save: false,
            points_max: None,
            email: Some("buyer@mail.test".into()),
            phone: None,
        }
    }

    async fn register(&self, request: &PaymentRequest) -> Result<Registered, BankError> {
        self.bank.register(self.world.http(), request).await
    }

    /// Registers and pays; where the buyer is sent.
    async fn paid(&self, request: &PaymentRequest, form: &str) -> (Known, String) {
        let registered = self.register(request).await.unwrap();
        let page = match registered.show {
            Show::Page(page) => page,
            Show::Sbp(link) => self.followed(&link).await,
        };
        let answer = self.world.form(&page, form).await;
        let known = Known {
            number: request.number.clone(),
            reference: Some(registered.reference),
            amount: request.amount,
            captured: None,
            method: request.method,
            stages: request.stages,
        };
        (known, answer.location().to_owned())
    }

    /// Where a link of the СБП leads in the sandbox.
    async fn followed(&self, link: &str) -> String {
        let id = connectors::nspk::read(link).unwrap().id;
        let answer = self.world.ask("GET", &format!("/sandbox/sbp/demoshop/{id}"), &[], "").await;
        answer.location().to_owned()
    }

    async fn ask(&self, payment: &Known) -> BankReport {
        let question = Question { number: payment.number.clone(), payment: payment.clone(), reference: None };
        self.bank.ask(self.world.http(), &question).await.unwrap()
    }

    async fn capture(&self, payment: &Known, amount: i64) -> Result<BankState, BankError> {
        let request = CaptureRequest {
            number: "c".into(),
            payment: payment.clone(),
            held: payment.amount,
            amount: Money::rub(amount),
        };
        self.bank.capture(self.world.http(), &request).await.map(|report| report.state)
    }

    async fn back(
        &self,
        payment: &Known,
        kind: Return,
        number: &str,
        amount: i64,
        standing: i64,
    ) -> Result<BankState, BankError> {
        let request = ReturnRequest {
            number: number.into(),
            payment: payment.clone(),
            kind,
            amount: Money::rub(amount),
            standing: Money::rub(standing),
        };
        self.bank.give_back(self.world.http(), &request).await.map(|report| report.state)
    }

    /// What was told since last asked, each believed by the connector.
    fn told(&self) -> Vec<(String, Callback)> {
        let heard = self.world.heard();
        let told = heard.iter().map(|heard| {
            let fields: Value = serde_json::from_slice(&heard.body).unwrap();
            let callback = self.bank.callback(self.world.now(), &heard.incoming()).unwrap().unwrap();
            assert_eq!(callback.answer.body, "OK");
            (fields["Status"].as_str().unwrap().to_owned(), callback)
        });
        told.collect()
    }

    fn states(&self) -> Vec<String> {
        self.told().into_iter().map(|(state, _)| state).collect()
    }

    /// A request of the shop's own making.
    async fn say(&self, method: &str, fields: Value) -> Value {
        let mut fields = fields;
        fields["TerminalKey"] = json!(self.credentials.of("terminal_key"));
        let body = token::signed(&fields, self.credentials.of("password")).unwrap();
        self.sent(method, body).await
    }

    async fn sent(&self, method: &str, body: Vec<u8>) -> Value {
        let path = format!("{}/v2/{method}", self.address.strip_prefix(BASE).unwrap());
        let answer = self.world.ask("POST", &path, &[("content-type", "application/json")], body).await;
        assert_eq!(answer.status, 200);
        answer.json()
    }
}

fn stands(held: i64, captured: i64, refunded: i64) -> BankState {
    let [held, captured, refunded] = [held, captured, refunded].map(Money::rub);
    BankState::Stands(Standing { held, captured, refunded })
}

#[tokio::test]
async fn a_card_pays_in_one_stage() {
    let shop = Shop::new().await;
    let (payment, went) = shop.paid(&shop.payment("n-1"), "card=success").await;
    assert_eq!(went, "https://shop.test/back?true");
    assert_eq!(shop.ask(&payment).await.state, stands(0, 100_000, 0));
    assert_eq!(shop.ask(&Known { reference: None, ..payment.clone() }).await.reference, payment.reference);
    let told = shop.told();
    assert_eq!(told.iter().map(|(state, _)| state.as_str()).collect::<Vec<_>>(), ["AUTHORIZED", "CONFIRMED"]);
    let (_, last) = told.into_iter().last().unwrap();
    assert_eq!((last.number.as_str(), last.proven, last.report.state), ("n-1", true, stands(0, 100_000, 0)));
    assert_eq!(last.report.reference, payment.reference);
}

#[tokio::test]
async fn a_hold_is_captured_in_part_and_refunded() {
    let shop = Shop::new().await;
    let request = PaymentRequest { stages: Stages::Two, ..shop.payment("n-1") };
    let (payment, _) = shop.paid(&request, "card=success").await;
    assert_eq!(shop.ask(&payment).await.state, stands(100_000, 0, 0));
    // A part is let go, the rest stays held; a part of that is captured, and the rest let go.
    assert_eq!(
        shop.back(&payment, Return::Void, "v-1", 10_000, 100_000).await.unwrap(),
        BankState::Succeeded(Money::rub(10_000))
    );
    assert_eq!(
        shop.back(&payment, Return::Void, "v-1", 10_000, 100_000).await.unwrap(),
        BankState::Succeeded(Money::rub(10_000))
    );
    assert_eq!(shop.ask(&payment).await.state, stands(90_000, 0, 0));
    assert!(matches!(shop.capture(&payment, 90_001).await, Err(BankError::Refused { code, .. }) if code == "330"));
    for _ in 0..2 {
        assert_eq!(shop.capture(&payment, 70_000).await.unwrap(), BankState::Succeeded(Money::rub(70_000)));
    }
    assert_eq!(shop.ask(&payment).await.state, stands(0, 70_000, 0));
    let payment = Known { captured: Some(Money::rub(70_000)), ..payment };
    for _ in 0..2 {
        assert_eq!(
            shop.back(&payment, Return::Refund, "r-1", 20_000, 70_000).await.unwrap(),
            BankState::Succeeded(Money::rub(20_000))
        );
    }
    assert_eq!(shop.ask(&payment).await.state, stands(0, 70_000, 20_000));
    let too_much = shop.back(&payment, Return::Refund, "r-2", 50_001, 50_000).await;
    assert!(matches!(too_much, Err(BankError::Refused { code, .. }) if code == "330"));
    assert_eq!(
        shop.back(&payment, Return::Refund, "r-3", 50_000, 50_000).await.unwrap(),
        BankState::Succeeded(Money::rub(50_000))
    );
    assert_eq!(shop.ask(&payment).await.state, stands(0, 70_000, 70_000));
    let states = ["AUTHORIZED", "PARTIAL_REVERSED", "CONFIRMED", "PARTIAL_REFUNDED", "REFUNDED"];
    assert_eq!(shop.states(), states);
}

#[tokio::test]
async fn a_hold_is_let_go() {
    let shop = Shop::new().await;
    let request = |number| PaymentRequest { stages: Stages::Two, ..shop.payment(number) };
    let (payment, _) = shop.paid(&request("n-1"), "card=success").await;
    for _ in 0..2 {
        assert_eq!(
            shop.back(&payment, Return::Void, "v-1", 100_000, 100_000).await.unwrap(),
            BankState::Succeeded(Money::rub(100_000))
        );
    }
    assert_eq!(shop.ask(&payment).await.state, stands(0, 0, 0));
    assert_eq!(shop.capture(&payment, 100_000).await.unwrap(), stands(0, 0, 0));
    assert_eq!(shop.states(), ["AUTHORIZED", "REVERSED"]);
    // By the bank itself: as long as it may, and by a bank in a hurry.
    for (number, card, seconds) in [("n-2", "card=success", 7 * 86_400), ("n-3", "card=hold_dropped", 86_400)] {
        let (payment, _) = shop.paid(&request(number), card).await;
        shop.world.pass(seconds - 1).await;
        assert_eq!(shop.ask(&payment).await.state, stands(100_000, 0, 0));
        shop.world.pass(1).await;
        assert_eq!(shop.ask(&payment).await.state, stands(0, 0, 0));
        assert_eq!(shop.states(), ["AUTHORIZED", "REVERSED"], "{card}");
    }
}

#[tokio::test]
async fn buyers_are_declined_for_their_reasons() {
    let shop = Shop::new().await;
    let cases = [
        ("card=insufficient_funds", DeclineReason::InsufficientFunds, &["REJECTED"][..]),
        ("card=blocked", DeclineReason::CardBlocked, &["REJECTED"][..]),
        ("action=refuse", DeclineReason::Other, &["REJECTED"][..]),
    ];
    for (form, reason, states) in cases {
        let (payment, went) = shop.paid(&shop.payment(form), form).await;
        assert_eq!(went, "https://shop.test/back?false");
        assert_eq!(shop.ask(&payment).await.state, BankState::Declined(reason), "{form}");
        let told = shop.told();
        assert_eq!(told.iter().map(|(state, _)| state.as_str()).collect::<Vec<_>>(), states);
        assert!(told.iter().all(|(_, callback)| callback.report.state == BankState::Declined(reason)), "{form}");
    }
    let (payment, page) = shop.paid(&shop.payment("n-1"), "card=challenge").await;
    assert_eq!(shop.ask(&payment).await.state, BankState::Pending);
    for _ in 0..3 {
        shop.world.form(&page, "code=000000").await;
    }
    assert_eq!(shop.ask(&payment).await.state, BankState::Declined(DeclineReason::AuthenticationFailed));
    let (late, _) = shop.paid(&shop.payment("n-2"), "card=abandoned").await;
    shop.world.pass(3_600).await;
    assert_eq!(shop.ask(&late).await.state, BankState::Declined(DeclineReason::TimedOut));
    assert_eq!(shop.states(), [""; 0], "neither is told to anybody");
}

#[tokio::test]
async fn the_sbp_is_paid_by_a_link() {
    let shop = Shop::new().await;
    let request = |number| PaymentRequest { method: Method::Sbp, ..shop.payment(number) };
    let (payment, _) = shop.paid(&request("n-1"), "card=success").await;
    assert_eq!(shop.ask(&payment).await.state, stands(0, 100_000, 0));
    assert_eq!(shop.states(), ["CONFIRMED"]);
    // Money goes back by and by; asked for again it is found to be back.
    assert_eq!(shop.back(&payment, Return::Refund, "r-1", 40_000, 100_000).await.unwrap(), BankState::Pending);
    assert_eq!(
        shop.back(&payment, Return::Refund, "r-1", 40_000, 100_000).await.unwrap(),
        BankState::Succeeded(Money::rub(40_000))
    );
    assert_eq!(shop.ask(&payment).await.state, stands(0, 100_000, 40_000));
    assert_eq!(shop.back(&payment, Return::Refund, "r-2", 60_000, 60_000).await.unwrap(), BankState::Pending);
    assert_eq!(
        shop.back(&payment, Return::Refund, "r-2", 60_000, 60_000).await.unwrap(),
        BankState::Succeeded(Money::rub(60_000))
    );
    let told = shop.told();
    assert_eq!(told.iter().map(|(state, _)| state.as_str()).collect::<Vec<_>>(), ["PARTIAL_REFUNDED", "REFUNDED"]);
    assert!(told.iter().all(|(_, callback)| !callback.proven), "what went back is asked about");

    // A repetition is not recognised here, whatever number it has.
    let (twice, _) = shop.paid(&request("n-6"), "card=success").await;
    for left in [70_000, 40_000] {
        let fields = json!({"PaymentId": twice.reference, "Amount": 30_000, "ExternalRequestId": "r-6"});
        assert_eq!(shop.say("Cancel", fields).await["NewAmount"], left);
    }
    shop.world.heard();

    let (slow, _) = shop.paid(&request("n-2"), "card=refund_slow").await;
    for _ in 0..2 {
        assert_eq!(shop.back(&slow, Return::Refund, "r-3", 100_000, 100_000).await.unwrap(), BankState::Pending);
    }
    shop.world.pass(600).await;
    assert_eq!(shop.ask(&slow).await.state, stands(0, 100_000, 100_000));
    let (refused, _) = shop.paid(&request("n-3"), "card=refund_refused").await;
    let state = shop.back(&refused, Return::Refund, "r-4", 100_000, 100_000).await.unwrap();
    assert_eq!(state, BankState::Declined(DeclineReason::Other));
    assert_eq!(shop.ask(&refused).await.state, stands(0, 100_000, 0));

    let small = PaymentRequest { amount: Money::rub(999), ..request("n-4") };
    assert!(matches!(shop.register(&small).await, Err(BankError::Refused { code, .. }) if code == "3016"));
    // The answer with the link was lost: the same payment is shown again.
    let first = shop.register(&request("n-5")).await.unwrap();
    assert_eq!(shop.register(&request("n-5")).await.unwrap(), first);
}

#[tokio::test]
async fn the_buyers_part_of_the_sbp_can_be_played() {
    let shop = Shop::new().await;
    for (number, more, state) in [
        ("n-1", json!({}), "CONFIRMED"),
        ("n-2", json!({"IsDeadlineExpired": true}), "DEADLINE_EXPIRED"),
        ("n-3", json!({"IsRejected": "true"}), "REJECTED"),
    ] {
        let made = shop.say("Init", json!({"Amount": 1_000, "OrderId": number})).await;
        let id = made["PaymentId"].as_str().unwrap().to_owned();
        let mut test = more;
        test["PaymentId"] = json!(id);
        assert_eq!(shop.say("SbpPayTest", test.clone()).await["ErrorCode"], "8", "there is no code yet");
        let qr = shop.say("GetQr", json!({"PaymentId": id})).await;
        assert!(connectors::nspk::read(qr["Data"].as_str().unwrap()).is_ok());
        assert_eq!(shop.say("GetState", json!({"PaymentId": id})).await["Status"], "FORM_SHOWED");
        assert_eq!(shop.say("SbpPayTest", test).await["Success"], true);
        assert_eq!(shop.say("GetState", json!({"PaymentId": id})).await["Status"], state);
        let image = shop.say("GetQr", json!({"PaymentId": id, "DataType": "IMAGE"})).await;
        assert_eq!(image["ErrorCode"], "8", "it is over");
    }
}

#[tokio::test]
async fn a_saved_card_is_charged_and_forgotten() {
    let shop = Shop::new().await;
    let saving = PaymentRequest { save: true, customer: Some("c-1".into()), ..shop.payment("n-1") };
    shop.paid(&saving, "card=success").await;
    let told = shop.told();
    let saved: Vec<SavedMeans> = told.into_iter().filter_map(|(_, callback)| callback.report.saved).collect();
    let [before, SavedMeans { token, label, valid_until }] = saved.as_slice() else { panic!("{saved:?}") };
    assert_eq!(
        (before.token.as_str(), label.as_str(), valid_until.as_deref()),
        (token.as_str(), "Мир •• 0013", Some("2030-12"))
    );
    let charge = async |number: &str, stages, present| {
        let payment = PaymentRequest { stages, ..shop.payment(number) };
        let request = ChargeRequest { payment, token: token.clone(), buyer_present: present };
        shop.bank.charge(shop.world.http(), &request).await.map(|charged| charged.report.state)
    };
    for _ in 0..2 {
        assert_eq!(charge("n-2", Stages::One, false).await.unwrap(), stands(0, 100_000, 0));
    }
    assert_eq!(shop.states(), ["AUTHORIZED", "CONFIRMED"]);
    assert_eq!(charge("n-3", Stages::Two, true).await.unwrap(), stands(100_000, 0, 0));
    let cards = shop.say("GetCardList", json!({"CustomerKey": "c-1"})).await;
    assert_eq!((cards[0]["Pan"].as_str(), cards[0]["Status"].as_str()), (Some("220138******0013"), Some("A")));
    for _ in 0..2 {
        shop.bank.forget(shop.world.http(), "c-1", token).await.unwrap();
    }
    assert!(matches!(charge("n-4", Stages::One, true).await.unwrap(), BankState::Declined(DeclineReason::Other)));
    // The lost answer of one in two: `Charge` was done, `Init` was done.
    let saving = PaymentRequest { save: true, customer: Some("c-1".into()), ..shop.payment("n-5") };
    shop.paid(&saving, "card=charge_declined").await;
    let token = shop.told().into_iter().find_map(|(_, callback)| callback.report.saved).unwrap().token;
    let request = ChargeRequest { payment: shop.payment("n-6"), token, buyer_present: false };
    let charged = shop.bank.charge(shop.world.http(), &request).await.unwrap();
    assert_eq!(charged.report.state, BankState::Declined(DeclineReason::InsufficientFunds));
}

#[tokio::test]
async fn an_account_is_bound_by_the_sbp_and_charged() {
    let shop = Shop::new().await;
    let request =
        PaymentRequest { method: Method::Sbp, save: true, customer: Some("c-1".into()), ..shop.payment("n-1") };
    shop.paid(&request, "card=success").await;
    let told = shop.told();
    assert_eq!(told.iter().map(|(state, _)| state.as_str()).collect::<Vec<_>>(), ["CONFIRMED", "ACTIVE"]);
    assert!(told.iter().all(|(_, callback)| callback.number == "n-1"));
    let saved = told.into_iter().find_map(|(_, callback)| callback.report.saved).unwrap();
    assert_eq!(saved.label, "Банк песочницы");
    let payment = PaymentRequest { method: Method::Sbp, ..shop.payment("n-2") };
    let request = ChargeRequest { payment, token: saved.token.clone(), buyer_present: false };
    let charged = shop.bank.charge(shop.world.http(), &request).await.unwrap();
    assert_eq!(charged.report.state, BankState::Pending, "the system of the СБП decides");
    let again = shop.bank.charge(shop.world.http(), &request).await.unwrap();
    assert_eq!(again.report.state, stands(0, 100_000, 0));
    assert_eq!(shop.states(), ["CONFIRMED"]);
    // Without a payment.
    let made = shop.say("AddAccountQr", json!({"Description": "Подписка"})).await;
    let state = async || shop.say("GetAddAccountQrState", json!({"RequestKey": made["RequestKey"]})).await;
    assert_eq!(state().await["Status"], "NEW");
    let page = shop.followed(made["Data"].as_str().unwrap()).await;
    shop.world.form(&page, "card=success").await;
    let bound = state().await;
    assert_eq!(bound["Status"], "ACTIVE");
    let heard = shop.world.heard();
    assert_eq!(heard.len(), 1, "only the binding is told");
    let list = shop.say("GetAccountQrList", json!({})).await;
    let accounts: Vec<_> =
        list["AccountTokens"].as_array().unwrap().iter().map(|account| &account["AccountToken"]).collect();
    assert_eq!(accounts, [&json!(saved.token), &bound["AccountToken"]]);
}

#[tokio::test]
async fn lost_answers_change_nothing() {
    let shop = Shop::new().await;
    let lost = |error: BankError| assert!(error.may_have_happened(), "{error}");
    // `Init`: nobody has seen the form, so it is shut, and another number goes on.
    shop.world.lose_answers(1);
    lost(shop.register(&shop.payment("n-1")).await.unwrap_err());
    let known = |number: &str| Known {
        number: number.into(),
        reference: None,
        amount: Money::rub(100_000),
        captured: None,
        method: Method::Card,
        stages: Stages::One,
    };
    assert_eq!(shop.ask(&known("n-1")).await.state, BankState::Pending);
    for _ in 0..2 {
        let error = shop.register(&shop.payment("n-1")).await.unwrap_err();
        assert!(matches!(&error, BankError::Refused { code, .. } if code == "8"), "{error}");
        assert_eq!(shop.ask(&known("n-1")).await.state, BankState::Declined(DeclineReason::Other));
    }
    assert_eq!(shop.ask(&known("never")).await.state, BankState::NotFound);
    // Every command, lost and repeated.
    let request = PaymentRequest { stages: Stages::Two, ..shop.payment("n-2") };
    let (payment, _) = shop.paid(&request, "card=success").await;
    shop.world.lose_answers(1);
    lost(shop.capture(&payment, 100_000).await.unwrap_err());
    assert_eq!(shop.capture(&payment, 100_000).await.unwrap(), BankState::Succeeded(Money::rub(100_000)));
    shop.world.lose_answers(1);
    lost(shop.back(&payment, Return::Refund, "r-1", 30_000, 100_000).await.unwrap_err());
    assert_eq!(shop.ask(&payment).await.state, stands(0, 100_000, 30_000));
    assert_eq!(
        shop.back(&payment, Return::Refund, "r-1", 30_000, 100_000).await.unwrap(),
        BankState::Succeeded(Money::rub(30_000))
    );
    assert_eq!(shop.ask(&payment).await.state, stands(0, 100_000, 30_000));
    assert_eq!(shop.states(), ["CANCELED", "AUTHORIZED", "CONFIRMED", "PARTIAL_REFUNDED"]);
}

#[tokio::test]
async fn refunds_go_their_own_ways() {
    let shop = Shop::new().await;
    let (slow, _) = shop.paid(&shop.payment("n-1"), "card=refund_slow").await;
    for _ in 0..2 {
        assert_eq!(shop.back(&slow, Return::Refund, "r-1", 40_000, 100_000).await.unwrap(), BankState::Pending);
    }
    assert_eq!(shop.ask(&slow).await.state, BankState::Pending);
    shop.world.pass(600).await;
    assert_eq!(
        shop.back(&slow, Return::Refund, "r-1", 40_000, 100_000).await.unwrap(),
        BankState::Succeeded(Money::rub(40_000))
    );
    let (taken_back, _) = shop.paid(&shop.payment("n-2"), "card=refund_cancelled").await;
    shop.back(&taken_back, Return::Refund, "r-2", 40_000, 100_000).await.unwrap();
    assert_eq!(shop.ask(&taken_back).await.state, stands(0, 100_000, 40_000));
    shop.world.heard();
    shop.world.pass(3_600).await;
    assert_eq!(shop.ask(&taken_back).await.state, stands(0, 100_000, 0));
    assert_eq!(shop.states(), [""; 0], "silently");
    let (refused, _) = shop.paid(&shop.payment("n-3"), "card=refund_refused").await;
    for _ in 0..2 {
        let state = shop.back(&refused, Return::Refund, "r-3", 40_000, 100_000).await.unwrap();
        assert_eq!(state, BankState::Declined(DeclineReason::Other));
    }
    assert_eq!(
        shop.back(&refused, Return::Refund, "r-3a1", 40_000, 100_000).await.unwrap(),
        BankState::Succeeded(Money::rub(40_000))
    );
}

#[tokio::test]
async fn what_was_not_heard_is_told_again() {
    let shop = Shop::new().await;
    shop.world.says("ok");
    let request = PaymentRequest { method: Method::Sbp, ..shop.payment("n-1") };
    shop.paid(&request, "card=success").await;
    let first = shop.world.heard();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].url, "https://shop.test/callbacks/bank/demoshop.t/tbank");
    shop.world.pass(3_599).await;
    assert!(shop.world.heard().is_empty());
    // Hourly for a day, daily for a month, always the same.
    shop.world.pass(1).await;
    for wait in [3_600; 23].into_iter().chain([86_400; 29]) {
        let again = shop.world.heard();
        assert_eq!(again.iter().map(|heard| &heard.body).collect::<Vec<_>>(), [&first[0].body]);
        shop.world.pass(wait).await;
    }
    shop.world.heard();
    shop.world.says("OK");
    shop.world.pass(86_400).await;
    assert_eq!(shop.world.heard().len(), 1);
    shop.world.pass(86_400).await;
    assert!(shop.world.heard().is_empty());
    let (_, _) = shop.paid(&shop.payment("n-2"), "card=doubled").await;
    assert_eq!(shop.states(), ["AUTHORIZED", "CONFIRMED", "AUTHORIZED", "CONFIRMED"]);
    let two = PaymentRequest { stages: Stages::Two, ..shop.payment("n-3") };
    let (payment, _) = shop.paid(&two, "card=out_of_order").await;
    shop.capture(&payment, 100_000).await.unwrap();
    assert_eq!(shop.states(), ["AUTHORIZED", "CONFIRMED", "AUTHORIZED"]);
    shop.paid(&shop.payment("n-4"), "card=silent").await;
    assert!(shop.world.heard().is_empty());
}

#[tokio::test]
async fn requests_are_held_to_the_rules() {
    let shop = Shop::new().await;
    let init = |more: Value| {
        let mut fields = json!({"Amount": "15000", "OrderId": "n-1"});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    let long = |length: usize| "я".repeat(length);
    let many: Value = (0..21).map(|no| (no.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    for (more, code) in [
        (json!({"Amount": 99}), "251"),
        (json!({"Amount": 1.5}), "247"),
        (json!({"Amount": null}), "247"),
        (json!({"Amount": 10_000_000_000_i64}), "240"),
        (json!({"OrderId": ""}), "212"),
        (json!({"OrderId": long(37)}), "212"),
        (json!({"Description": long(141)}), "213"),
        (json!({"CustomerKey": long(37)}), "216"),
        (json!({"Recurrent": "Y"}), "216"),
        (json!({"Currency": 840}), "253"),
        (json!({"PayType": "X"}), "1"),
        (json!({"SuccessURL": "javascript:alert(1)"}), "9"),
        (json!({"RedirectDueDate": "2026-01-01T00:00:00+03:00"}), "12"),
        (json!({"RedirectDueDate": "tomorrow"}), "12"),
        (json!({"DATA": []}), "250"),
        (json!({"DATA": many}), "207"),
        (json!({"DATA": {long(21): "x"}}), "208"),
        (json!({"DATA": {"x": long(101)}}), "209"),
        (json!({"DATA": {"OperationInitiatorType": "1"}}), "1126"),
        (json!({"DATA": {"OperationInitiatorType": "2"}, "Recurrent": "Y", "CustomerKey": "c"}), "1126"),
        (json!({"Receipt": {"Items": [{"Amount": 15_000}]}}), "329"),
        (json!({"Receipt": {"Email": "a@test.ru", "Items": [{"Amount": 14_999}]}}), "334"),
    ] {
        let said = shop.say("Init", init(more.clone())).await;
        assert_eq!(
            (said["Success"].as_bool(), said["ErrorCode"].as_str()),
            (Some(false), Some(code)),
            "{more}: {said}"
        );
    }
    let receipt = json!({"Receipt": {"Email": "a@test.ru", "Items": [{"Amount": 15_000}]}});
    let made = shop.say("Init", init(receipt)).await;
    assert_eq!((made["Status"].as_str(), made["Amount"].as_i64()), (Some("NEW"), Some(15_000)), "{made}");
    let again = shop.say("Init", init(json!({}))).await;
    assert_eq!(
        (again["ErrorCode"].as_str(), again["Details"].as_str()),
        (Some("8"), Some("Заказ с таким order_id уже существует."))
    );
    let id = &made["PaymentId"];
    for (method, fields, code) in [
        ("GetState", json!({}), "201"),
        ("GetState", json!({"PaymentId": "1"}), "255"),
        ("GetState", json!({"PaymentId": "../x y"}), "255"),
        ("CheckOrder", json!({"OrderId": "never"}), "335"),
        ("Confirm", json!({"PaymentId": id}), "8"),
        ("Charge", json!({"PaymentId": id, "RebillId": "1"}), "104"),
        ("ChargeQr", json!({"PaymentId": id, "AccountToken": "1"}), "3013"),
        ("GetAddAccountQrState", json!({"RequestKey": "ABx"}), "3012"),
        ("GetCardList", json!({"CustomerKey": "nobody"}), "7"),
        ("RemoveCard", json!({"CustomerKey": "nobody", "CardId": "1"}), "107"),
    ] {
        let said = shop.say(method, fields.clone()).await;
        assert_eq!(said["ErrorCode"], code, "{method} {fields}: {said}");
    }
    assert_eq!(
        shop.say("Cancel", json!({"PaymentId": id, "Amount": 1})).await["Status"],
        "CANCELED",
        "whatever the amount"
    );
    assert_eq!(shop.say("Cancel", json!({"PaymentId": id})).await["ErrorCode"], "8");
    // Who asks.
    let fields = json!({"TerminalKey": shop.credentials.of("terminal_key"), "PaymentId": id});
    let signed = |fields: &Value, password| token::signed(fields, password).unwrap();
    assert_eq!(shop.sent("GetState", signed(&fields, "guess")).await["ErrorCode"], "204");
    assert_eq!(shop.sent("GetState", fields.to_string().into_bytes()).await["ErrorCode"], "204");
    let other = json!({"TerminalKey": "1DEMO", "PaymentId": id});
    assert_eq!(shop.sent("GetState", signed(&other, shop.credentials.of("password"))).await["ErrorCode"], "501");
    for body in ["", "[]", "{"] {
        assert_eq!(shop.sent("GetState", body.into()).await["ErrorCode"], "1", "{body}");
    }
    let path = format!("{}/v2/Nothing", shop.address.strip_prefix(BASE).unwrap());
    let body = signed(&fields, shop.credentials.of("password"));
    assert_eq!(shop.world.ask("POST", &path, &[], body).await.status, 404);
}

#[tokio::test]
async fn buyers_are_known_and_forgotten() {
    let shop = Shop::new().await;
    let buyer = json!({"CustomerKey": "c-1", "Email": "a@test.ru"});
    assert_eq!(shop.say("AddCustomer", buyer.clone()).await["Success"], true);
    assert_eq!(shop.say("AddCustomer", buyer.clone()).await["ErrorCode"], "7");
    assert_eq!(shop.say("GetCustomer", buyer.clone()).await["Email"], "a@test.ru");
    assert_eq!(shop.say("GetCardList", buyer.clone()).await, json!([]));
    let saving = PaymentRequest { save: true, customer: Some("c-1".into()), ..shop.payment("n-1") };
    shop.paid(&saving, "card=success").await;
    assert_eq!(shop.say("RemoveCustomer", buyer.clone()).await["Success"], true);
    for method in ["RemoveCustomer", "GetCustomer", "GetCardList"] {
        assert_eq!(shop.say(method, buyer.clone()).await["ErrorCode"], "7", "{method}");
    }
    assert_eq!(shop.say("AddCustomer", buyer).await["Success"], true);
}
