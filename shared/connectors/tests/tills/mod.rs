//! A wire that answers as told, and documents as registers are sent them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use connectors::http::{Http, HttpError, Request, Response};
use connectors::till::{Failed, FailureClass, Question, Till, TillAnswer, TillError, Tokens, open};
use domain::acquiring::Credentials;
use domain::money::Money;
use domain::receipt::register::{Register, RegisterKind};
use domain::receipt::{
    Agent, AgentSign, Buyer, Ffd, Item, Measure, Payments, Principal, ReceiptDocument, ReceiptKind, Settlement,
    Subject, Supplier,
};
use domain::tax::{Taxation, VatRate};

/// Answers in order and remembers what it was asked.
pub struct Wire {
    answers: Mutex<VecDeque<Result<(u16, String), HttpError>>>,
    asked: Mutex<Vec<Request>>,
}

impl Wire {
    pub fn answering(answers: &[(u16, &str)]) -> Self {
        let answers = answers.iter().map(|(status, body)| Ok((*status, (*body).to_owned()))).collect();
        Self { answers: Mutex::new(answers), asked: Mutex::default() }
    }

    /// The last answer does not come.
    pub fn silent_after(answers: &[(u16, &str)]) -> Self {
        let wire = Self::answering(answers);
        wire.answers.lock().unwrap().push_back(Err(HttpError::Unknown("silence".into())));
        wire
    }

    pub fn asked(&self) -> Vec<Request> {
        assert!(self.answers.lock().unwrap().is_empty(), "not everything was asked for");
        self.asked.lock().unwrap().clone()
    }

    /// The body of the last request.
    pub fn said(&self) -> String {
        String::from_utf8(self.asked().last().unwrap().body.to_vec()).unwrap()
    }
}

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        assert!(!request.partner_given);
        self.asked.lock().unwrap().push(request);
        let (status, body) = self.answers.lock().unwrap().pop_front().unwrap()?;
        Ok(Response { status, headers: Vec::new(), body: Bytes::from(body) })
    }
}

pub fn till(kind: RegisterKind, credentials: &[(&str, &str)]) -> Box<dyn Till> {
    let named = credentials.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let register = Register {
        id: "one".into(),
        kind,
        ffd: Ffd::V1_2,
        priority: 0,
        enabled: true,
        owner: None,
        group: None,
        address: None,
        credentials: Credentials(named.collect()),
    };
    let now = "2025-11-21T09:00:00Z".parse().unwrap();
    open(&register, &Arc::new(Tokens::default()), now).unwrap()
}

pub async fn print(till: &dyn Till, wire: &Wire, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
    till.print(wire, document, "https://pay.test/x").await
}

pub async fn ask(till: &dyn Till, wire: &Wire, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
    till.ask(wire, Question { document, callback_url: "https://pay.test/x" }).await
}

/// How a document failed.
pub fn class(answer: TillAnswer) -> (FailureClass, String) {
    match answer {
        TillAnswer::Failed(Failed { class, code, .. }) => (class, code),
        other => panic!("{other:?}"),
    }
}

/// A sale of one and a half services for 150.02 on behalf of a principal.
pub fn document() -> ReceiptDocument {
    let agent = Agent {
        name: "АО «Агент»".into(),
        inn: "7700000016".into(),
        address: "Москва".into(),
        email: "agent@pay.test".into(),
        phone: "+74950000000".into(),
        taxation: Taxation::UsnIncomeOutcome,
    };
    let supplier =
        Supplier {
            name: "ООО «Справка»".into(), inn: "7727401209".into(), phones: vec!["+74951234567".into()]
        };
    let item = Item {
        name: "Выписка ЕГРН 1/2".into(),
        price: Money::rub(10_001),
        quantity: "1.50".parse().unwrap(),
        measure: Measure::PIECE,
        amount: Money::rub(15_002),
        vat: VatRate::Vat22,
        calculated: false,
        subject: Subject::Service,
        settlement: Settlement::FullPayment,
        principal: Some(Principal { sign: AgentSign::Agent, supplier }),
        mark: None,
        fraction: None,
    };
    ReceiptDocument {
        external_id: "ord_t_shop_01k-r1".into(),
        kind: ReceiptKind::Sale,
        ffd: Ffd::V1_2,
        taxation: agent.taxation,
        agent,
        place: "https://pay.test".into(),
        internet: true,
        cashier: None,
        buyer: Buyer { contact: "+79261234567".into(), name: None, inn: None },
        items: vec![item],
        payments: Payments { cash: Money::rub(5_002), ..Payments::electronic(Money::rub(10_000)) },
        total: Money::rub(15_002),
        correction: None,
        wrong_sign: None,
        sell_unchecked: false,
    }
}
