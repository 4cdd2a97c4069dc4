//! The sandbox's own register: what it says differently from the other doubles ([`crate::registers`]), and nothing of what a
//! document goes through.

pub mod door;
mod rules;

use connectors::signature;
use connectors::till::sandbox::wire::{
    CODE_BROKEN, CODE_EXPIRED, CODE_MARK, CODE_QUEUE_TIMEOUT, ErrorBody, Report, Status,
};
use connectors::till::sandbox::{PURPOSE, translate};
use domain::acquiring::Credentials;
use domain::receipt::register::RegisterKind;
use domain::time::Timestamp;

use crate::registers::{Device, Dialect, Document, Failure, Outgoing, Seed, State};

/// Its dialect.
pub struct Own;

impl Dialect for Own {
    const KIND: RegisterKind = RegisterKind::Sandbox;
    const SEGMENT: &'static str = "till";
    const DELAY_SECONDS: Option<i64> = Some(0);
    const NET_SECONDS: i64 = 60;
    const PURPOSE: Option<&'static str> = Some(PURPOSE);

    fn credentials(secret_hex: &str, _partner: &str) -> Credentials {
        Credentials([("secret".to_owned(), secret_hex.to_owned())].into())
    }

    /// It is asked by the platform's ids: whoever looks at a row sees whose it is.
    fn reference(_seed: &Seed, external_id: &str) -> String {
        external_id.to_owned()
    }

    fn tell(device: &Device, document: &Document) -> Vec<Outgoing> {
        let report = report(document, document.ended_at.unwrap_or(document.taken_at));
        let body = serde_json::to_string(&report).unwrap_or_default();
        vec![Outgoing::post(document.callback_url(device), "application/json; charset=utf-8", body)]
    }

    fn seal(device: &Device, now: Timestamp, outgoing: &Outgoing) -> Option<(&'static str, String)> {
        let secret = hex::decode(device.credentials.of("secret")).ok()?;
        Some((signature::HEADER, signature::sign(&secret, now, outgoing.body.as_bytes())))
    }
}

/// How a document stands, in the register's words.
fn report(document: &Document, now: Timestamp) -> Report {
    let (status, error, payload) = match &document.state {
        State::Waiting => (Status::Wait, None, None),
        State::Done(printed) => {
            let payload = translate::payload(&printed.fiscal);
            let rates = Some(printed.rates.clone());
            (Status::Done, None, Some(connectors::till::sandbox::wire::Payload { rates, ..payload }))
        }
        State::Failed(failure) => (Status::Fail, Some(error(*failure)), None),
    };
    Report {
        uuid: document.words.as_str().unwrap_or_default().to_owned(),
        external_id: document.external_id.clone(),
        status,
        error,
        payload,
        timestamp: translate::moment(now),
    }
}

fn error(failure: Failure) -> ErrorBody {
    let (code, kind, text) = match failure {
        Failure::Timeout => (CODE_QUEUE_TIMEOUT, "timeout", "the register did not answer in time".to_owned()),
        Failure::Expired => {
            (CODE_EXPIRED, "system", "the external_id is spent: send the document under a new one".to_owned())
        }
        Failure::Mark { item } => {
            (CODE_MARK, "driver", format!("items[{item}].mark (2106): the code did not pass its check"))
        }
        Failure::Broken => {
            (CODE_BROKEN, "driver", "the drive is full: this register prints nothing any more".to_owned())
        }
    };
    ErrorBody { code, text, kind: kind.to_owned() }
}
