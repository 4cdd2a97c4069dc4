//! A register's double, spoken to by the platform's own connector of its protocol.

use std::sync::Arc;

use axum::body::Body;
use connectors::till::{
    Failed, FailureClass, Printed, Question, Till, TillAnswer, TillError, Tokens, difference, open,
};
use domain::receipt::ReceiptDocument;
use domain::receipt::register::{Register, RegisterKind};
use sandbox::registers;
use serde_json::json;

use crate::support::World;

/// A partner's register of one kind, and the platform's end of the line.
pub struct Spoken {
    pub world: World,
    pub register: Register,
    pub till: Box<dyn Till>,
}

impl Spoken {
    pub async fn new(kind: RegisterKind) -> Self {
        let world = World::new();
        let device = registers::device(&world.ports, &world.tenant, kind).await.unwrap();
        let register = Register {
            id: kind.code().replace('_', "-"),
            kind,
            ffd: device.ffd,
            priority: 0,
            enabled: true,
            owner: None,
            group: device.group,
            address: Some(device.address),
            credentials: device.credentials,
        };
        let till = open(&register, &Arc::new(Tokens::default()), world.now()).unwrap();
        Self { world, register, till }
    }

    /// The same register with another credential.
    pub fn with(&self, name: &str, value: &str) -> Box<dyn Till> {
        let mut register = self.register.clone();
        register.credentials.0.insert(name.into(), value.into());
        open(&register, &Arc::new(Tokens::default()), self.world.now()).unwrap()
    }

    /// What goes wrong with the next documents.
    pub async fn spoil(&self, next: &[&str]) {
        let key = workflows::access::issue_key(&self.world.ports, &self.world.tenant).await.unwrap();
        let path = format!("/sandbox/registers/{}/faults", self.register.kind.code());
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let answer = self.world.ask("PUT", &path, &headers, Body::from(json!({ "next": next }).to_string())).await;
        assert_eq!(answer.status, 200);
    }

    pub async fn print(&self, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
        self.till.print(self.world.http(), document, "https://pay.test/callbacks/x").await
    }

    pub async fn ask(&self, document: &ReceiptDocument) -> TillAnswer {
        let question = Question { document, callback_url: "https://pay.test/callbacks/x" };
        self.till.ask(self.world.http(), question).await.unwrap()
    }

    /// Has a document printed and learns so.
    pub async fn printed(&self, document: &ReceiptDocument) -> Printed {
        assert_eq!(self.print(document).await.unwrap(), TillAnswer::Waiting, "{}", document.external_id);
        self.world.pass(2).await;
        match self.ask(document).await {
            TillAnswer::Printed(printed) => *printed,
            other => panic!("{}: {other:?}", document.external_id),
        }
    }

    /// Sends a document that is taken and fails.
    pub async fn fails(&self, document: &ReceiptDocument) -> Failed {
        assert_eq!(self.print(document).await.unwrap(), TillAnswer::Waiting, "{}", document.external_id);
        self.world.pass(2).await;
        failed(self.ask(document).await)
    }

    /// What the register understood.
    pub async fn kept(&self, id: &str) -> Option<ReceiptDocument> {
        let World { ports, tenant, .. } = &self.world;
        registers::find(ports, tenant, self.register.kind, id).await.unwrap().map(|document| document.content)
    }

    /// Has a document printed and holds what the register understood to what was sent; place and cashier are the cabinet's.
    pub async fn says_all(&self, document: &ReceiptDocument) -> Printed {
        let printed = self.printed(document).await;
        assert_eq!(difference(document, &printed), None, "{}", document.external_id);
        assert_eq!(printed.fiscal.total, document.total);
        let kept = self.kept(&document.external_id).await.unwrap();
        let (place, cashier) = (document.place.clone(), document.cashier.clone());
        assert_eq!(ReceiptDocument { place, cashier, ..kept }, *document);
        printed
    }

    /// A document that this register's protocol has no words for: nothing of it leaves.
    pub async fn has_no_words_for(&self, document: &ReceiptDocument) {
        let Failed { class, code, .. } = failed(self.print(document).await.unwrap());
        assert_eq!((class, code.as_str()), (FailureClass::Register, "unsupported"), "{}", document.external_id);
        assert_eq!(self.kept(&document.external_id).await, None);
    }
}

pub fn failed(answer: TillAnswer) -> Failed {
    match answer {
        TillAnswer::Failed(failed) => failed,
        other => panic!("{other:?}"),
    }
}
