//! What a month's documents say of the contract and its sides, as the operator enters it.

use domain::partner::{Legal, Participants};
use domain::report::{Contract, Person, Signatory};
use serde::Deserialize;
use utoipa::ToSchema;
use workflows::orders;

use crate::operator::Check;

/// What documents say of the contract and its sides. What is not there is left out of them; the УПД needs address, contract, agent's
/// signatory and participants.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalRequest {
    /// Registered address in one line, at most 255 characters.
    #[schema(example = "117312, г. Москва, пр-кт Образцовый, д. 5")]
    pub address: Option<String>,
    /// ОГРН (13 digits) or ОГРНИП (15).
    #[schema(example = "1027700132195")]
    pub ogrn: Option<String>,
    /// Who signs for the partner.
    pub signatory: Option<SignatoryRequest>,
    /// Who signs for the agent.
    pub agent_signatory: Option<SignatoryRequest>,
    /// The agency contract.
    pub contract: Option<ContractRequest>,
    /// Ids in electronic document exchange.
    pub exchange: Option<ParticipantsRequest>,
    /// The accountant's e-mail address: where closed months are told, with links to their papers.
    #[schema(example = "buh@shop.example")]
    pub accountant: Option<String>,
}

/// Who signs.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatoryRequest {
    /// Position, at most 255 characters.
    #[schema(example = "Генеральный директор")]
    pub position: String,
    /// Surname, at most 60 characters.
    #[schema(example = "Иванов")]
    pub surname: String,
    /// Name, at most 60 characters.
    #[schema(example = "Иван")]
    pub name: String,
    /// Patronymic, at most 60 characters.
    #[schema(example = "Иванович")]
    pub patronymic: Option<String>,
    /// On what grounds (genitive), at most 255 characters.
    #[schema(example = "Устава")]
    pub basis: String,
}

/// The agency contract.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractRequest {
    /// Its number, at most 100 characters.
    #[schema(example = "А-1")]
    pub number: String,
    /// Its date.
    #[schema(example = "2026-01-15")]
    pub date: String,
}

/// Ids of the sides as participants of electronic document exchange: Latin letters, digits and hyphens.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParticipantsRequest {
    /// The agent's.
    #[schema(example = "2BM-7700000023-770101001-202601010000000000001")]
    pub agent: String,
    /// The partner's.
    #[schema(example = "2BM-7728168971-772801001-202601010000000000002")]
    pub partner: String,
}

/// Reads what was asked for, and says what is wrong with it.
pub(crate) fn read(check: &mut Check, asked: &LegalRequest) -> Legal {
    let address = asked.address.as_ref().map(|address| check.text("/legal/address", address, 255));
    let signatory = asked.signatory.as_ref().map(|asked| signs(check, "/legal/signatory", asked));
    let agent_signatory = asked.agent_signatory.as_ref().map(|asked| signs(check, "/legal/agent_signatory", asked));
    let contract = asked.contract.as_ref().and_then(|asked| {
        let number = check.text("/legal/contract/number", &asked.number, 100);
        let date = asked.date.parse().ok();
        if date.is_none() {
            check.say("/legal/contract/date", "date", "День вида 2026-11-21.", "A day such as 2026-11-21.");
        }
        Some(Contract { number, date: date? })
    });
    let exchange = asked.exchange.as_ref().map(|asked| Participants {
        agent: participant(check, "/legal/exchange/agent", &asked.agent),
        partner: participant(check, "/legal/exchange/partner", &asked.partner),
    });
    let accountant = asked.accountant.as_ref().map(|asked| orders::email(asked));
    if accountant == Some(None) {
        check.say("/legal/accountant", "email", "Это не похоже на адрес электронной почты.", "Not an e-mail address.");
    }
    let accountant = accountant.flatten();
    Legal { accountant, address, ogrn: asked.ogrn.clone(), signatory, agent_signatory, contract, exchange }
}

fn signs(check: &mut Check, pointer: &str, asked: &SignatoryRequest) -> Signatory {
    let mut text = |name: &str, text: &str, max| check.text(&format!("{pointer}/{name}"), text, max);
    Signatory {
        position: text("position", &asked.position, 255),
        person: Person {
            surname: text("surname", &asked.surname, 60),
            name: text("name", &asked.name, 60),
            patronymic: asked.patronymic.as_ref().map(|patronymic| text("patronymic", patronymic, 60)),
        },
        basis: text("basis", &asked.basis, 255),
    }
}

fn participant(check: &mut Check, pointer: &str, asked: &str) -> String {
    let fits =
        (1..=80).contains(&asked.len()) && asked.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !fits {
        let (ru, en) = ("До 80 латинских букв, цифр и дефисов.", "At most 80 Latin letters, digits and hyphens.");
        check.say(pointer, "participant", ru, en);
    }
    asked.to_owned()
}
