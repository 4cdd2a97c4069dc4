//! Cash registers a tenant's receipts are printed by: contracts as configuration, and which comes first.

use serde::{Deserialize, Serialize};

use super::{Agent, Ffd};
use crate::acquiring::Credentials;
use crate::tax::Taxation;

/// The protocol a register speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisterKind {
    /// The sandbox's own.
    Sandbox,
    /// АТОЛ Онлайн, protocol v4 (FFD 1.05).
    AtolV4,
    /// АТОЛ Онлайн, protocol v5 (FFD 1.2).
    AtolV5,
    /// OrangeData.
    OrangeData,
    /// Касса PayKeeper.
    Paykeeper,
    /// КИТ Онлайн (КИТ Инвест).
    KitOnline,
    /// Бизнес.Ру Чеки (BusinessKassa), its own open API.
    BusinessKassa,
    /// Бизнес.Ру Чеки, the dialect of АТОЛ v4.
    BusinessKassaV4,
    /// A stationary register, whose device agent fetches its jobs.
    Device,
}

impl RegisterKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Sandbox,
        Self::AtolV4,
        Self::AtolV5,
        Self::OrangeData,
        Self::Paykeeper,
        Self::KitOnline,
        Self::BusinessKassa,
        Self::BusinessKassaV4,
        Self::Device,
    ];

    /// The stable code used in rows, addresses and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::AtolV4 => "atol_v4",
            Self::AtolV5 => "atol_v5",
            Self::OrangeData => "orange_data",
            Self::Paykeeper => "paykeeper",
            Self::KitOnline => "kit_online",
            Self::BusinessKassa => "business_kassa",
            Self::BusinessKassaV4 => "business_kassa_v4",
            Self::Device => "device",
        }
    }
}

/// One contract with one register, or a group of them behind one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Names it among a tenant's registers and in callback addresses: 1 to 20 of `a-z 0-9 -`.
    pub id: String,
    /// The protocol.
    pub kind: RegisterKind,
    /// Tag 1209 of what it prints.
    #[serde(default)]
    pub ffd: Ffd,
    /// Lower comes first.
    #[serde(default)]
    pub priority: u8,
    /// Takes new receipts. What it may have printed is always seen through.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Its owner, where that is not the agent: then lines without a seller are the owner's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Agent>,
    /// The group of registers (`group_code`, `group`), where the protocol has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Address of the API where it is not the vendor's: a double. Without a trailing slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Names and secrets.
    pub credentials: Credentials,
}

const fn yes() -> bool {
    true
}

/// The registers that take new receipts, the first choice first.
pub fn route(registers: &[Register]) -> Vec<&Register> {
    let mut found: Vec<_> = registers.iter().filter(|register| register.enabled).collect();
    found.sort_by_key(|register| register.priority);
    found
}

/// The taxation system (tag 1055) of lines that name none, whichever register prints them; nothing where their owners' differ.
pub fn taxation(registers: &[Register], agent: &Agent) -> Option<Taxation> {
    let mut systems = route(registers).into_iter().map(|register| register.owner.as_ref().unwrap_or(agent).taxation);
    let first = systems.next().unwrap_or(agent.taxation);
    systems.all(|other| other == first).then_some(first)
}
