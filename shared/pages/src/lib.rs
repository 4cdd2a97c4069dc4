//! What people read: pages, mails and SMS, as pure functions from a view to text.
//!
//! **Invariant**: the same view always gives the same bytes. Deliberately absent: the clock (views carry `now_ms` where it matters),
//! network and files, HTTP types, and any decision about money: a view says what is so, this room only says it well.
//!
//! Every page is complete without JavaScript, is one request (styles and icons inside), and carries no `style=` or `on…=` attribute,
//! so the door can send a policy made of hashes only: [`Page::content_security_policy`].

mod api_docs;
mod bank;
mod checkout;
mod delivery;
mod demo;
mod error_page;
mod format;
mod icons;
mod lang;
mod legal;
mod mail;
mod page;
mod parties;
mod qr;
mod receipt;
mod report_mail;
mod sbp;
mod sms;
mod state;
mod subscription;
mod tariffs;
mod wallet;
mod words;

pub use api_docs::{ApiDocsView, ApiOperation, ApiParameter, ApiResponse, api_docs};
pub use bank::{
    BankChallengeView, BankClosedView, BankView, BankWaitingView, TestCard, bank_challenge, bank_closed, bank_payment,
    bank_waiting,
};
pub use checkout::{
    ButtonLabel, Channel, CheckoutView, ConsentField, Contact, Decline, DeclineReason, FieldError, Method, OrderPart,
    OriginalPrice, SaveField, SavedMeans, Taking, checkout,
};
pub use delivery::{DeliveryContent, DeliveryExpiredView, DeliveryView, delivery, delivery_expired};
pub use demo::{
    ExecutionJob, ExecutorView, Good, IndexLink, LocalIndexView, MailboxItem, MailboxMessageView, MailboxView,
    MessageBody, ShopReturnView, ShopView, TimeMachineView, executor_page, local_index, mailbox, mailbox_message, shop,
    shop_return, time_machine,
};
pub use error_page::{ErrorView, error_page};
pub use format::{date, moment, money, time_of_day};
pub use lang::Lang;
pub use legal::{LegalBlock, LegalKind, LegalText, LegalView, legal, legal_text};
pub use mail::{
    AfterDecline, ChargeNotice, ChargedBy, HoldFate, InlineImage, LineChange, Mail, MailButton, MailKind, MailView,
    mail,
};
pub use page::Page;
pub use parties::{Agent, Line, Partner};
pub use qr::{qr_png, qr_svg};
pub use receipt::{
    BuyerFirm, Cashier, Correction, Mends, ReceiptKind, ReceiptLine, ReceiptStage, ReceiptView, Supplier, VatSum,
    receipt, receipt_text,
};
pub use report_mail::{ReportMailView, report_mail};
pub use sbp::{OtherWay, SbpView, sbp};
pub use sms::{SmsKind, SmsView, sms};
pub use state::{
    CancelMoney, MoneyMoved, OrderSummary, PartPayment, PartState, ReceiptState, StateKind, StateView, TimelineEntry,
    order_state,
};
pub use subscription::{SubscriptionCharge, SubscriptionState, SubscriptionView, subscription};
pub use tariffs::{TariffApi, TariffCard, TariffFee, TariffPhase, TariffVersion, TariffsView, tariffs};
pub use wallet::{WalletExpiredView, WalletMeans, WalletView, wallet, wallet_expired};
