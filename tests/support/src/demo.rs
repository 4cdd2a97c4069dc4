//! The people of the world: the agent, the demo partner, the buyer.

use connectors::client_bank::Payer;
use domain::commission::CommissionTerms;
use domain::partner::{
    BankAccount, Button, Channel, Legal, Partner, PaymentSettings, PayoutTerms, ReceiptSettings, Returns,
    WebhookEndpoint,
};
use domain::receipt::Agent;
use domain::tariff::Tariffs;
use domain::tax::{Taxation, VatRate};
use workflows::access::sha256_hex;
use workflows::orders::{LineRequest, OrderRequest};
use workflows::ports::{MasterSecret, Settings};

/// The agent.
pub const AGENT_NAME: &str = "ООО «Апикасса»";
/// The buyer's e-mail.
pub const BUYER_EMAIL: &str = "ivanova@mail.example";
/// The buyer's telephone.
pub const BUYER_PHONE: &str = "+79161234567";
/// The demo partner's secret for redirect forms.
pub const FORM_SECRET: &str = "form_secret_of_the_demo_shop";
/// Where the demo partner wants webhooks.
pub const WEBHOOK_URL: &str = "https://shop.example/webhook";
/// The secret of the demo partner's webhooks.
pub const WEBHOOK_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// The operator's token.
pub const OPERATOR_TOKEN: &str = "operator-token-of-the-world";

pub(crate) fn settings(base_url: &str) -> Settings {
    Settings {
        base_url: base_url.to_owned(),
        master_secret: MasterSecret(b"the master secret of the world".to_vec()),
        agent: Agent {
            name: AGENT_NAME.to_owned(),
            inn: "7700000023".to_owned(),
            address: "101000, Москва, ул. Примерная, 1".to_owned(),
            email: "help@apikassa.example".to_owned(),
            phone: "+74950000000".to_owned(),
            taxation: Taxation::UsnIncome,
        },
        payer: Payer {
            name: AGENT_NAME.to_owned(),
            inn: "7700000023".to_owned(),
            account: "40702810700000000001".to_owned(),
            bic: "044525901".to_owned(),
            bank: "АО «Тестовый банк»".to_owned(),
            correspondent: "30101810300000000901".to_owned(),
        },
        operator_token_sha256: sha256_hex(OPERATOR_TOKEN),
        allow_private_hosts: false,
        exchange_days: Settings::EXCHANGE_DAYS,
    }
}

/// The demo partner's settings: 3.5 %, twenty minutes to pay, automatic payouts, a webhook, e-mail and SMS.
pub fn partner() -> Partner {
    Partner {
        name: "ООО «Справка»".to_owned(),
        inn: "7700000016".to_owned(),
        kpp: Some("770001001".to_owned()),
        phone: "+74950000001".to_owned(),
        support_email: "help@shop.example".to_owned(),
        site: Some("https://shop.example".to_owned()),
        vat: VatRate::None,
        commission: CommissionTerms {
            percent: rust_decimal::Decimal::new(35, 1),
            fixed_minor: 0,
            least_minor: 0,
            greatest_minor: None,
            vat_percent: rust_decimal::Decimal::ZERO,
        },
        tariffs: Tariffs::default(),
        returns: Returns {
            success: Some("https://shop.example/paid".to_owned()),
            failure: Some("https://shop.example/failed".to_owned()),
        },
        return_origins: Vec::new(),
        form_secret: FORM_SECRET.to_owned(),
        webhook: Some(WebhookEndpoint { url: WEBHOOK_URL.to_owned(), secret: WEBHOOK_SECRET.to_owned(), gone: false }),
        payout: PayoutTerms::new(
            true,
            BankAccount {
                number: "40702810700000000001".to_owned(),
                bic: "044525901".to_owned(),
                bank: "АО «Тестовый банк»".to_owned(),
                correspondent: "30101810300000000901".to_owned(),
            },
        ),
        payment_timeout_seconds: 1_200,
        channels: vec![Channel::Email, Channel::Sms],
        button: Button::Pay,
        accounts: Vec::new(),
        payment: PaymentSettings::default(),
        receipts: ReceiptSettings::default(),
        legal: Legal::default(),
    }
}

/// A wish for an order of 3 000 ₽, with everything else left out.
pub fn wish(number: &str) -> OrderRequest {
    OrderRequest {
        number: number.to_owned(),
        lines: vec![LineRequest {
            name: "Выписка ЕГРН".to_owned(),
            price: "3000.00".to_owned(),
            ..LineRequest::default()
        }],
        ..OrderRequest::default()
    }
}
