//! The demo partner: who they are, and the keys made for them at the first start.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::commission::CommissionTerms;
use domain::id::{IdError, Mode, Tenant};
use domain::partner::{
    BankAccount, Button, Channel, Legal, Partner, PaymentSettings, PayoutTerms, ReceiptSettings, Returns,
    WebhookEndpoint,
};
use domain::tariff::Tariffs;
use domain::tax::VatRate;
use domain::time::whole_seconds;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use storage::store::StoreError;
use workflows::access::sha256_hex;
use workflows::links::random_text;
use workflows::ports::{Ports, Random};

/// The demo partner's id.
pub const PARTNER: &str = "demoshop";
/// Seconds a demo order waits for its payment: 20 minutes.
const PAYMENT_TIMEOUT_SECONDS: u32 = 1_200;

/// Keys and secrets of a local stack. They open nothing but this machine's sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The partner's id.
    pub partner: String,
    /// API key of the partner's sandbox.
    pub test_key: String,
    /// Signs redirect forms and return parameters.
    pub form_secret: String,
    /// Signs webhooks.
    pub webhook_secret: String,
    /// The operator's token.
    pub operator_token: String,
    /// The port the stack had last.
    #[serde(default)]
    pub port: u16,
}

impl Keys {
    /// New keys.
    pub fn new(random: &dyn Random) -> Self {
        let mut webhook = [0; 24];
        random.fill(&mut webhook);
        Self {
            partner: PARTNER.to_owned(),
            test_key: format!("ak_test_{PARTNER}_{}", random_text(random, 32)),
            form_secret: random_text(random, 40),
            webhook_secret: format!("whsec_{}", STANDARD.encode(webhook)),
            operator_token: format!("op_{}", random_text(random, 40)),
            port: 0,
        }
    }
}

/// The demo partner's sandbox.
///
/// # Errors
/// Never, for the partner's id is well-formed.
pub fn tenant() -> Result<Tenant, IdError> {
    Tenant::try_new(PARTNER, Mode::Test)
}

/// Sees to it that the demo partner is in the store, has the key, and hears of changes at this address. What was changed by the
/// API since stays.
///
/// # Errors
/// The store fails.
pub async fn ensure(ports: &Ports, tenant: &Tenant, keys: &Keys, base_url: &str) -> Result<(), StoreError> {
    let now = whole_seconds(ports.clock.now());
    let partner = match ports.store.partner(tenant, now).await? {
        Some(partner) => moved((*partner).clone(), keys.port, base_url),
        None => partner(keys, base_url),
    };
    ports.store.put_partner(tenant, &partner).await?;
    ports.store.put_key(&sha256_hex(&keys.test_key), tenant).await
}

/// A partner whose addresses on this machine follow the stack to another port.
fn moved(mut partner: Partner, port: u16, base_url: &str) -> Partner {
    let before = format!("http://localhost:{port}/");
    let follow = |url: &mut String| {
        if let Some(path) = url.strip_prefix(&before) {
            *url = format!("{base_url}/{path}");
        }
    };
    if let Some(webhook) = &mut partner.webhook {
        follow(&mut webhook.url);
    }
    let returns = &mut partner.returns;
    [&mut partner.site, &mut returns.success, &mut returns.failure].into_iter().flatten().for_each(follow);
    partner
}

fn partner(keys: &Keys, base_url: &str) -> Partner {
    let returns = Some(format!("{base_url}/shop/return"));
    Partner {
        name: "ООО «Справка»".to_owned(),
        inn: "7700000016".to_owned(),
        kpp: Some("770001001".to_owned()),
        phone: "+74950000001".to_owned(),
        support_email: "help@spravka.example".to_owned(),
        site: Some(format!("{base_url}/shop")),
        vat: VatRate::None,
        commission: CommissionTerms {
            percent: Decimal::new(35, 1),
            fixed_minor: 0,
            least_minor: 0,
            greatest_minor: None,
            vat_percent: Decimal::ZERO,
        },
        tariffs: Tariffs::default(),
        returns: Returns { success: returns.clone(), failure: returns },
        return_origins: Vec::new(),
        form_secret: keys.form_secret.clone(),
        webhook: Some(WebhookEndpoint {
            url: format!("{base_url}/shop/webhook"),
            secret: keys.webhook_secret.clone(),
            gone: false,
        }),
        payout: PayoutTerms::new(
            true,
            BankAccount {
                number: "40702810700000000001".to_owned(),
                bic: "044525901".to_owned(),
                bank: "АО «Тестовый банк»".to_owned(),
                correspondent: "30101810300000000901".to_owned(),
            },
        ),
        payment_timeout_seconds: PAYMENT_TIMEOUT_SECONDS,
        channels: vec![Channel::Email, Channel::Sms],
        button: Button::Pay,
        accounts: Vec::new(),
        payment: PaymentSettings::default(),
        receipts: ReceiptSettings::default(),
        legal: Legal::default(),
    }
}

#[cfg(test)]
mod tests {
    use runtime::ids::SystemRandom;

    use super::*;

    /// Приказ ФНС ММВ-7-6/435: the tenth digit of a legal entity's ИНН.
    fn inn_holds(inn: &str) -> bool {
        let digits: Vec<u32> = inn.chars().filter_map(|digit| digit.to_digit(10)).collect();
        let sum: u32 = digits.iter().zip([2, 4, 10, 3, 5, 9, 4, 6, 8]).map(|(digit, weight)| digit * weight).sum();
        digits.len() == 10 && sum % 11 % 10 == digits[9]
    }

    /// Bank of Russia, 08.09.1997 No. 515: the key within an account's number.
    fn account_holds(prefix: &str, account: &str) -> bool {
        let all = prefix.chars().chain(account.chars()).filter_map(|digit| digit.to_digit(10));
        let sum: u32 = all.zip([7, 1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight % 10).sum();
        account.len() == 20 && sum.is_multiple_of(10)
    }

    #[test]
    fn made_up_numbers_have_right_check_digits() {
        let partner = partner(&Keys::new(&SystemRandom), "http://localhost:8080");
        assert!(inn_holds(&partner.inn) && inn_holds(crate::stack::AGENT_INN));
        let payer = crate::stack::settings("", String::new(), "").payer;
        let account = partner.payout.to.account().unwrap();
        for (bic, account, correspondent) in [
            (&account.bic, &account.number, &account.correspondent),
            (&payer.bic, &payer.account, &payer.correspondent),
        ] {
            assert!(account_holds(&bic[6..], account));
            assert!(account_holds(&format!("0{}", &bic[4..6]), correspondent));
        }
    }

    #[test]
    fn addresses_follow_the_port_and_foreign_ones_stay() {
        let keys = Keys { port: 8080, ..Keys::new(&SystemRandom) };
        let mut before = partner(&keys, "http://localhost:8080");
        before.returns.failure = Some("https://shop.example/back".to_owned());
        let after = moved(before, keys.port, "http://localhost:9000");
        assert_eq!(after.site.as_deref(), Some("http://localhost:9000/shop"));
        assert_eq!(after.webhook.unwrap().url, "http://localhost:9000/shop/webhook");
        assert_eq!(after.returns.success.as_deref(), Some("http://localhost:9000/shop/return"));
        assert_eq!(after.returns.failure.as_deref(), Some("https://shop.example/back"));
    }
}
