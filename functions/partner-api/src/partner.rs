//! A partner's own settings, without a secret in them.

use axum::Json;
use axum::extract::State;
use domain::commission::CommissionTerms;
use domain::income_tax::Residency;
use domain::maturity::Wait;
use domain::money::Money;
use domain::partner::{BankAccount, Button, Channel, DEBT_DAYS, Partner, Payee, WalletAccount};
use serde::Serialize;
use utoipa::ToSchema;
use workflows::perform;
use workflows::ports::Ports;

use crate::access::Caller;
use crate::examples;
use crate::problems::Answer;

/// Settings of one tenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PartnerView {
    /// The partner's id.
    #[schema(example = "demoshop")]
    pub id: String,
    /// `test` or `live`: whose key asked.
    #[schema(example = "test")]
    pub mode: &'static str,
    /// Name as printed on receipts.
    pub name: String,
    /// ИНН.
    pub inn: String,
    /// КПП of a legal entity.
    pub kpp: Option<String>,
    /// Telephone on receipts, E.164.
    pub phone: String,
    /// Where buyers' questions go.
    pub support_email: String,
    /// The shop's address.
    pub site: Option<String>,
    /// VAT rate of lines that name none.
    #[schema(example = "none")]
    pub vat: String,
    /// The agent's fee.
    pub commission: CommissionView,
    /// Where buyers return to when an order names no addresses of its own.
    pub returns: ReturnsView,
    /// Origins an order's own return addresses may lie under, besides those of `returns`.
    pub return_origins: Vec<String>,
    /// Where webhooks go.
    pub webhook: Option<WebhookState>,
    /// How payouts are made.
    pub payout: PayoutTermsView,
    /// Seconds an order waits for its payment.
    pub payment_timeout_seconds: u32,
    /// Channels the buyer may be told through.
    pub channels: Vec<&'static str>,
    /// `pay` for «Оплатить», `order` for «Заказать».
    pub button: &'static str,
}

/// The agent's fee.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CommissionView {
    /// Percent of the payment.
    #[schema(example = "3.5")]
    pub percent: String,
    /// Fixed part in roubles.
    #[schema(example = "0.00")]
    pub fixed: String,
    /// Least fee in roubles.
    #[schema(example = "0.00")]
    pub least: String,
    /// Greatest fee in roubles.
    pub greatest: Option<String>,
    /// VAT in percent charged on top of the fee.
    #[schema(example = "22")]
    pub vat_percent: String,
}

/// Return addresses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReturnsView {
    /// After a payment.
    pub success: Option<String>,
    /// After a refusal, a cancellation or an expiry.
    pub failure: Option<String>,
}

/// Where webhooks go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookState {
    /// The address.
    #[schema(example = "https://shop.example/hook")]
    pub url: String,
    /// It answered 410 Gone: nothing is sent until it is set anew.
    pub gone: bool,
}

/// How payouts are made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PayoutTermsView {
    /// Available money goes out without being asked for.
    pub automatic: bool,
    /// Orders whose money was paid out may be refunded: what goes back is taken off the next payouts.
    pub refunds_paid_out: bool,
    /// The bank account it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountView>,
    /// The e-wallet it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<WalletView>,
    /// Working days the money of a fulfilled order waits; 72 hours alone when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_days: Option<u16>,
    /// The natural person who is paid instead of you.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee: Option<PayeeView>,
    /// Days what you owe is netted with your orders before it is invoiced.
    pub debt_days: u16,
}

/// An e-wallet.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WalletView {
    /// Whose.
    #[schema(example = "yoomoney")]
    pub operator: &'static str,
    /// Its number.
    #[schema(example = "4100116075156746")]
    pub number: String,
}

impl From<&WalletAccount> for WalletView {
    fn from(wallet: &WalletAccount) -> Self {
        Self { operator: wallet.operator.code(), number: wallet.number.clone() }
    }
}

/// A natural person who is paid.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PayeeView {
    /// `person` or `self_employed`.
    #[schema(example = "person")]
    pub kind: &'static str,
    /// Surname, name, patronymic.
    pub name: String,
    /// ИНН.
    #[schema(example = "500100732259")]
    pub inn: String,
    /// Whether they are a resident for income tax.
    pub resident: bool,
}

impl From<&Payee> for PayeeView {
    fn from(payee: &Payee) -> Self {
        let resident = payee.residency == Residency::Resident;
        Self { kind: payee.kind.code(), name: payee.name.clone(), inn: payee.inn.clone(), resident }
    }
}

/// Bank requisites.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountView {
    /// Account number, 20 digits.
    pub number: String,
    /// БИК, 9 digits.
    pub bic: String,
    /// The bank's name.
    pub bank: String,
    /// Correspondent account, 20 digits.
    pub correspondent: String,
}

impl From<&BankAccount> for AccountView {
    fn from(account: &BankAccount) -> Self {
        let BankAccount { number, bic, bank, correspondent } = account.clone();
        Self { number, bic, bank, correspondent }
    }
}

impl From<&CommissionTerms> for CommissionView {
    fn from(terms: &CommissionTerms) -> Self {
        let roubles = |minor| Money::rub(minor).to_decimal().to_string();
        Self {
            percent: terms.percent.normalize().to_string(),
            fixed: roubles(terms.fixed_minor),
            least: roubles(terms.least_minor),
            greatest: terms.greatest_minor.map(roubles),
            vat_percent: terms.vat_percent.normalize().to_string(),
        }
    }
}

/// Channels by the names partners use.
pub const CHANNELS: [(&str, Channel); 2] = [("email", Channel::Email), ("sms", Channel::Sms)];

/// Where a partner's webhooks go.
pub fn webhook_state(partner: &Partner) -> Option<WebhookState> {
    partner.webhook.as_ref().map(|endpoint| WebhookState { url: endpoint.url.clone(), gone: endpoint.gone })
}

/// Read your settings
///
/// As the operator has them, without secrets.
#[utoipa::path(
    get,
    path = "/v1/partner",
    operation_id = "partner",
    tag = "Settings",
    responses((status = 200, description = "The settings.", body = PartnerView, example = json!(examples::partner()))),
    security(("api_key" = [])),
)]
pub async fn read(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<PartnerView>> {
    let partner = perform::partner(&ports, &tenant).await?;
    let channels = CHANNELS.iter().filter(|(_, channel)| partner.channels.contains(channel));
    Ok(Json(PartnerView {
        id: tenant.partner().to_owned(),
        mode: tenant.mode().name(),
        name: partner.name.clone(),
        inn: partner.inn.clone(),
        kpp: partner.kpp.clone(),
        phone: partner.phone.clone(),
        support_email: partner.support_email.clone(),
        site: partner.site.clone(),
        vat: partner.vat.code().to_owned(),
        commission: CommissionView::from(&partner.commission),
        returns: ReturnsView { success: partner.returns.success.clone(), failure: partner.returns.failure.clone() },
        return_origins: partner.return_origins.clone(),
        webhook: webhook_state(&partner),
        payout: PayoutTermsView {
            automatic: partner.payout.automatic,
            refunds_paid_out: partner.payout.refunds_paid_out,
            account: partner.payout.to.account().map(AccountView::from),
            wallet: partner.payout.to.wallet().map(WalletView::from),
            working_days: match partner.payout.wait {
                Wait::Hours(_) => None,
                Wait::WorkingDays(days) => Some(days),
            },
            payee: partner.payout.payee.as_ref().map(PayeeView::from),
            debt_days: partner.payout.debt_days.unwrap_or(DEBT_DAYS),
        },
        payment_timeout_seconds: partner.payment_timeout_seconds,
        channels: channels.map(|(name, _)| *name).collect(),
        button: match partner.button {
            Button::Pay => "pay",
            Button::Order => "order",
        },
    }))
}
