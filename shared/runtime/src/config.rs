//! The environment, read once. Everything wrong with it is said at once, each variable with its rule and never with its value.

use std::collections::BTreeMap;

use connectors::client_bank::Payer;
use domain::partner;
use domain::receipt::Agent;
use domain::requisites;
use domain::tax::Taxation;
use tracing::level_filters::LevelFilter;
use workflows::ports::{MasterSecret, QueueName, Settings};

/// What a deployment is told by its environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the workflows need to know.
    pub settings: Settings,
    /// `STAGE`.
    pub stage: Stage,
    /// `TABLE_NAME`.
    pub table_name: String,
    /// `MAIL_FROM`: sender of every e-mail.
    pub mail_from: String,
    /// `SMS_SENDER`: sender of every text message; empty lets the operator choose.
    pub sms_sender: String,
    /// `QUEUE_…_URL`. A function is told only the queues it writes to; another one is missed when something is sent to it.
    pub queues: BTreeMap<QueueName, String>,
    /// Amazon's own variables.
    pub cloud: Cloud,
}

/// Kind of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// One machine.
    Local,
    /// No real money.
    Test,
    /// Real money.
    Live,
}

/// Where Amazon's services are and who asks them.
#[derive(Clone)]
pub struct Cloud {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<String>,
    /// `AWS_ENDPOINT_URL`: an emulator instead of Amazon.
    pub endpoint_url: Option<String>,
    /// `SSL_CERT_FILE`: a PEM bundle trusted beside the embedded roots.
    pub extra_roots_file: Option<String>,
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cloud")
            .field("region", &self.region)
            .field("endpoint_url", &self.endpoint_url)
            .finish_non_exhaustive()
    }
}

/// What is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not usable: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct ConfigError(pub Vec<Fault>);

/// One variable and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} must be {rule}")]
pub struct Fault {
    /// Its name.
    pub variable: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

/// Characters of `MASTER_SECRET`, at least: 32 random letters and digits carry about 190 bits.
const MASTER_SECRET_CHARACTERS_MIN: usize = 32;

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Variables are missing or break their rules.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::parse(variable)
    }

    /// Reads an environment given as a look-up. An empty variable is one that is not set.
    ///
    /// # Errors
    /// Variables are missing or break their rules.
    pub fn parse(look_up: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader { look_up, faults: Vec::new() };
        let mut config = Self {
            stage: read.parsed("STAGE", "local, test or live", Stage::parse, Stage::Test),
            table_name: read.text("TABLE_NAME", "the name of the table", |_| true),
            mail_from: read.text("MAIL_FROM", "an e-mail address", |text| text.contains('@')),
            sms_sender: read
                .optional("SMS_SENDER", "at most 11 Latin letters and digits", |text| {
                    text.len() <= 11 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
                })
                .unwrap_or_default(),
            queues: QueueName::ALL
                .into_iter()
                .filter_map(|queue| {
                    read.optional(queue_variable(queue), "the URL of a queue", is_web).map(|url| (queue, url))
                })
                .collect(),
            settings: Settings {
                base_url: read
                    .text("BASE_URL", "a URL without a trailing slash", |text| is_web(text) && !text.ends_with('/')),
                master_secret: MasterSecret(
                    read.text("MASTER_SECRET", "a secret of at least 32 characters", |text| {
                        text.chars().count() >= MASTER_SECRET_CHARACTERS_MIN
                    })
                    .into_bytes(),
                ),
                agent: Agent {
                    name: read.text("AGENT_NAME", "the agent's legal name", |_| true),
                    inn: read.text("AGENT_INN", "10 or 12 digits with right check digits", requisites::is_inn),
                    address: read.text("AGENT_ADDRESS", "the agent's address", |_| true),
                    email: read.text("SUPPORT_EMAIL", "an e-mail address", |text| text.contains('@')),
                    phone: read.text("SUPPORT_PHONE", "a telephone number", |text| {
                        text.bytes().any(|byte| byte.is_ascii_digit())
                    }),
                    taxation: read.parsed(
                        "AGENT_TAXATION",
                        "osn, usn_income, usn_income_outcome, esn or patent",
                        |text| serde_json::from_value(serde_json::Value::String(text.to_owned())).ok(),
                        Taxation::Osn,
                    ),
                },
                payer: Payer {
                    // The agent pays: name and ИНН are the ones above, filled in below.
                    name: String::new(),
                    inn: String::new(),
                    account: read.digits("PAYER_ACCOUNT", "20 digits", 20),
                    bic: read.digits("PAYER_BIC", "9 digits", 9),
                    bank: read.optional("PAYER_BANK", "the bank's name", |_| true).unwrap_or_default(),
                    correspondent: read.digits("PAYER_CORRESPONDENT", "20 digits", 20),
                },
                operator_token_sha256: read.text("OPERATOR_TOKEN_SHA256", "64 lower-case hexadecimal digits", |text| {
                    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                }),
                allow_private_hosts: read
                    .optional("ALLOW_PRIVATE_HOSTS", "true or false", |text| matches!(text, "true" | "false"))
                    .is_some_and(|text| text == "true"),
                exchange_days: read
                    .optional("EXCHANGE_DAYS", "a number of days, 1 to 3660", |text| days(text).is_some())
                    .and_then(|text| days(&text))
                    .unwrap_or(Settings::EXCHANGE_DAYS),
            },
            cloud: Cloud::read(&mut read),
        };
        if config.stage == Stage::Live && config.settings.allow_private_hosts {
            read.fault("ALLOW_PRIVATE_HOSTS", "false where STAGE is live");
        }
        let (agent, payer) = (&config.settings.agent, &mut config.settings.payer);
        payer.name.clone_from(&agent.name);
        payer.inn.clone_from(&agent.inn);
        if config.stage == Stage::Live {
            for (variable, text, rule) in [
                ("PAYER_ACCOUNT", &payer.account, "20 digits where STAGE is live"),
                ("PAYER_BIC", &payer.bic, "9 digits where STAGE is live"),
                ("PAYER_BANK", &payer.bank, "the bank's name where STAGE is live"),
                ("PAYER_CORRESPONDENT", &payer.correspondent, "20 digits where STAGE is live"),
            ] {
                if text.is_empty() {
                    read.fault(variable, rule);
                }
            }
        }
        if read.faults.is_empty() {
            read.faults.extend(payer_faults(payer));
        }
        if read.faults.is_empty() { Ok(config) } else { Err(ConfigError(read.faults)) }
    }
}

/// Whether the agent's own account could be paid from: its keys are held to the bank's БИК.
fn payer_faults(payer: &Payer) -> Vec<Fault> {
    if payer.account.is_empty() && payer.bic.is_empty() && payer.correspondent.is_empty() {
        return Vec::new(); // only a live deployment must have one
    }
    let Payer { account, bic, correspondent, .. } = payer;
    let destination = requisites::Destination::Account { bic, number: account, correspondent };
    let found = requisites::destination_breaches(partner::own_kind(&payer.inn), &destination).into_iter();
    let mut faults: Vec<_> = found
        .map(|breach| match breach.field {
            "/bic" => Fault { variable: "PAYER_BIC", rule: "the БИК of a Russian bank" },
            "/correspondent" => Fault {
                variable: "PAYER_CORRESPONDENT",
                rule: "that bank's correspondent account, its control key fitting PAYER_BIC",
            },
            _ => Fault {
                variable: "PAYER_ACCOUNT",
                rule: "a rouble account the agent can own, its control key fitting PAYER_BIC",
            },
        })
        .collect();
    faults.dedup();
    faults
}

impl Cloud {
    /// Reads Amazon's own variables from the process's environment.
    ///
    /// # Errors
    /// Variables are missing or break their rules.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let mut read = Reader { look_up: variable, faults: Vec::new() };
        let cloud = Self::read(&mut read);
        if read.faults.is_empty() { Ok(cloud) } else { Err(ConfigError(read.faults)) }
    }

    fn read<F: Fn(&'static str) -> Option<String>>(read: &mut Reader<F>) -> Self {
        Self {
            region: read.text("AWS_REGION", "the region, set by Lambda", |_| true),
            access_key_id: read.text("AWS_ACCESS_KEY_ID", "an access key, set by Lambda", |_| true),
            secret_access_key: read.text("AWS_SECRET_ACCESS_KEY", "a secret key, set by Lambda", |_| true),
            session_token: read.optional("AWS_SESSION_TOKEN", "", |_| true),
            endpoint_url: read.optional("AWS_ENDPOINT_URL", "a URL", is_web),
            extra_roots_file: read.optional("SSL_CERT_FILE", "", |_| true),
        }
    }
}

impl Stage {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "local" => Some(Self::Local),
            "test" => Some(Self::Test),
            "live" => Some(Self::Live),
            _ => None,
        }
    }
}

/// The level of the logs: `RUST_LOG` as one word, `info` when it is absent or something else. Read apart from [`Config`],
/// because what is wrong with that one must be logged.
pub fn log_level() -> LevelFilter {
    variable("RUST_LOG").and_then(|text| text.parse().ok()).unwrap_or(LevelFilter::INFO)
}

/// The variable with a queue's URL.
pub const fn queue_variable(queue: QueueName) -> &'static str {
    match queue {
        QueueName::BankOperation => "QUEUE_BANK_OPERATION_URL",
        QueueName::Receipt => "QUEUE_RECEIPT_URL",
        QueueName::Notification => "QUEUE_NOTIFICATION_URL",
        QueueName::Webhook => "QUEUE_WEBHOOK_URL",
        QueueName::Fulfilment => "QUEUE_FULFILMENT_URL",
        QueueName::Exchange => "QUEUE_EXCHANGE_URL",
        QueueName::Sandbox => "QUEUE_SANDBOX_URL",
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &'static str) -> Option<String> {
    std::env::var(name).ok()
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn days(text: &str) -> Option<u32> {
    text.parse().ok().filter(|days| (1..=3_660).contains(days) && !text.starts_with('+'))
}

fn is_web(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// Reads variables and keeps what is wrong with them.
struct Reader<F> {
    look_up: F,
    faults: Vec<Fault>,
}

impl<F: Fn(&'static str) -> Option<String>> Reader<F> {
    fn fault(&mut self, variable: &'static str, rule: &'static str) {
        self.faults.push(Fault { variable, rule });
    }

    fn optional(&mut self, variable: &'static str, rule: &'static str, holds: impl Fn(&str) -> bool) -> Option<String> {
        let text = (self.look_up)(variable).filter(|text| !text.is_empty())?;
        if !holds(&text) {
            self.fault(variable, rule);
        }
        Some(text)
    }

    /// Exactly `count` digits, or nothing.
    fn digits(&mut self, variable: &'static str, rule: &'static str, count: usize) -> String {
        self.optional(variable, rule, |text| is_digits(text, count)).unwrap_or_default()
    }

    fn text(&mut self, variable: &'static str, rule: &'static str, holds: impl Fn(&str) -> bool) -> String {
        let found = self.optional(variable, rule, holds);
        if found.is_none() {
            self.fault(variable, rule);
        }
        found.unwrap_or_default()
    }

    /// `placeholder` stands in for what cannot be read; the fault keeps it from being used.
    fn parsed<T>(
        &mut self,
        variable: &'static str,
        rule: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        placeholder: T,
    ) -> T {
        let text = self.text(variable, rule, |text| parse(text).is_some());
        parse(&text).unwrap_or(placeholder)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An environment in which everything is in order.
    pub(crate) const SOUND: [(&str, &str); 17] = [
        ("TABLE_NAME", "apikassa"),
        ("BASE_URL", "https://pay.example"),
        ("MASTER_SECRET", "0123456789abcdef0123456789abcdef"),
        ("STAGE", "test"),
        ("MAIL_FROM", "pay@example.com"),
        ("SMS_SENDER", "Apikassa"),
        ("AGENT_NAME", "ООО «Апикасса»"),
        ("AGENT_INN", "7700000016"),
        ("AGENT_ADDRESS", "Москва"),
        ("AGENT_TAXATION", "usn_income"),
        ("SUPPORT_EMAIL", "help@example.com"),
        ("SUPPORT_PHONE", "+7 800 000-00-00"),
        ("OPERATOR_TOKEN_SHA256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("QUEUE_RECEIPT_URL", "https://sqs.eu-central-1.amazonaws.com/1/receipt"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "very-secret"),
    ];

    fn with(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let of = |name: &str, list: &[(&str, &str)]| {
            list.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Config::parse(|name| of(name, changes).or_else(|| of(name, &SOUND)))
    }

    #[test]
    fn a_sound_environment_is_read() {
        let config = with(&[]).unwrap();
        assert_eq!(config.stage, Stage::Test);
        assert_eq!(config.settings.agent.taxation, Taxation::UsnIncome);
        assert_eq!(config.queues.keys().copied().collect::<Vec<_>>(), [QueueName::Receipt]);
        assert_eq!(
            (config.settings.payer.inn.as_str(), config.settings.payer.name.as_str()),
            ("7700000016", "ООО «Апикасса»")
        );
        assert!(!config.settings.allow_private_hosts);
        let printed = format!("{config:?}");
        assert!(!printed.contains("0123456789") && !printed.contains("very-secret"), "{printed}");
    }

    #[test]
    fn everything_wrong_is_named_at_once_with_its_rule_and_without_its_value() {
        let said = with(&[
            ("TABLE_NAME", ""),
            ("MASTER_SECRET", "short-secret"),
            ("BASE_URL", "https://pay.example/"),
            ("AGENT_INN", "7700000017"),
            ("AGENT_TAXATION", "barter"),
            ("QUEUE_WEBHOOK_URL", "webhook"),
            ("STAGE", "prod"),
        ])
        .unwrap_err();
        let names: Vec<_> = said.0.iter().map(|fault| fault.variable).collect();
        let all =
            ["STAGE", "TABLE_NAME", "QUEUE_WEBHOOK_URL", "BASE_URL", "MASTER_SECRET", "AGENT_INN", "AGENT_TAXATION"];
        assert_eq!(names, all);
        let text = said.to_string();
        assert!(
            text.contains(
                "MASTER_SECRET must be a secret of at least 32 characters; AGENT_INN must be 10 or 12 digits with right check digits"
            )
        );
        assert!(!text.contains("short-secret"), "{text}");
    }

    #[test]
    fn an_empty_environment_names_every_variable_that_is_needed() {
        let said = Config::parse(|_| None).unwrap_err();
        assert_eq!(said.0.len(), 15, "{said}");
    }

    #[test]
    fn the_agent_pays_from_an_account_a_live_deployment_must_name() {
        let account = ("PAYER_ACCOUNT", "40702810900000000009");
        let bank = ("PAYER_BANK", "АО «ТБанк»");
        let rest = [("PAYER_BIC", "044525974"), ("PAYER_CORRESPONDENT", "30101810145250000974")];
        assert!(with(&[]).is_ok());
        let live = with(&[("STAGE", "live"), account, bank, rest[0], rest[1]]).unwrap();
        assert_eq!((live.settings.payer.name, live.settings.payer.inn), ("ООО «Апикасса»".into(), "7700000016".into()));
        let said = with(&[("STAGE", "live"), bank, ("PAYER_BIC", "44525974")]).unwrap_err();
        let names: Vec<_> = said.0.iter().map(|fault| fault.variable).collect();
        assert_eq!(names, ["PAYER_BIC", "PAYER_ACCOUNT", "PAYER_CORRESPONDENT"]);
    }

    #[test]
    fn an_account_whose_keys_do_not_fit_its_bank_is_no_account() {
        let sound = [
            ("PAYER_ACCOUNT", "40702810900000000009"),
            ("PAYER_BANK", "АО «ТБанк»"),
            ("PAYER_BIC", "044525974"),
            ("PAYER_CORRESPONDENT", "30101810145250000974"),
        ];
        assert!(with(&sound).is_ok());
        for (at, value) in [(0, "40702810800000000009"), (0, "40817810000000000001"), (3, "30101810145250000975")] {
            let mut wrong = sound;
            wrong[at].1 = value;
            let said = with(&wrong).unwrap_err();
            assert_eq!(said.0.iter().map(|fault| fault.variable).collect::<Vec<_>>(), [sound[at].0], "{value}");
            assert!(!said.to_string().contains(value));
        }
        let mut elsewhere = sound;
        elsewhere[2].1 = "044525225";
        let said = with(&elsewhere).unwrap_err();
        let names: Vec<_> = said.0.iter().map(|fault| fault.variable).collect();
        assert_eq!(names, ["PAYER_ACCOUNT", "PAYER_CORRESPONDENT"]);
    }

    #[test]
    fn a_live_deployment_speaks_to_no_private_host() {
        assert!(with(&[("STAGE", "local"), ("ALLOW_PRIVATE_HOSTS", "true")]).is_ok());
        let said = with(&[("STAGE", "live"), ("ALLOW_PRIVATE_HOSTS", "true")]).unwrap_err();
        assert_eq!(said.0[0].variable, "ALLOW_PRIVATE_HOSTS");
    }
}
