//! Messages to the buyer: which one a journal entry calls for, what it says, and that it is sent once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connectors::channel::{ChannelError, Email, InlinePng, Sms};
use domain::acquiring::{Lapse, Method};
use domain::delivery::{Attempt, Delivery};
use domain::details::{Details, Line};
use domain::money::{Money, MoneyError};
use domain::order::{
    Command, DeclineReason, Event, Initiator, Operation, Order, Receipt, Stage, Status, TaskId, TransactionState,
};
use domain::partner::{Channel, Partner};
use domain::receipt::{AgentSign, Item, ReceiptKind, Settlement, Subject};
use domain::tax::{Taxation, VatRate};
use domain::time::{Timestamp, plus_seconds};
use domain::usage::sms_parts;
use pages::{AfterDecline, ChargeNotice, ChargedBy, HoldFate, LineChange, MailKind, MailView, SmsKind, SmsView};

use crate::checkout::{page_agent, page_language, page_partner};
use crate::error::WorkflowError;
use crate::execution::result_link;
use crate::perform::{self, apply};
use crate::ports::{Ports, Settings};
use crate::{clock, links, months, subscriptions, wallet};

/// The content-id of the partner's logo in a mail.
const LOGO_CONTENT_ID: &str = "partner-logo";

/// What a message is about.
enum Kind<'a> {
    Paid(&'a Receipt),
    /// The money came too late, or twice, and goes back.
    Returned(&'a Receipt),
    Refund(&'a Receipt),
    /// What was paid before is handed over.
    Closing(&'a Receipt),
    /// A receipt that undoes a wrong one, or is printed in its stead.
    Corrected(&'a Receipt),
    Delayed,
    Fulfilled,
    Reminder,
    /// The order, as it was when this entry was made.
    Cancelled(u16),
    /// The payment whose money is held.
    Held(&'a Operation),
    /// The operation that let a hold go.
    Released(&'a Operation),
    Edited,
    /// The charge the bank declined.
    Declined(&'a Operation),
}

fn kind(order: &Order, entry: u16) -> Option<Kind<'_>> {
    let entry = order.journal.iter().find(|found| found.no == entry)?;
    let receipt = |no: Option<u8>| order.receipts.iter().find(|receipt| Some(receipt.no) == no);
    let operation = || entry.subject.and_then(|no| order.operation(no));
    match entry.event {
        Event::ReceiptIssued => {
            let receipt = receipt(entry.subject)?;
            Some(match receipt.kind {
                // No money has moved, whichever way the receipt goes.
                _ if receipt.corrects.is_some() => Kind::Corrected(receipt),
                ReceiptKind::Sale if receipt.stage == Stage::Closing => Kind::Closing(receipt),
                ReceiptKind::Sale if is_returned(order, receipt) => Kind::Returned(receipt),
                ReceiptKind::Sale => Kind::Paid(receipt),
                ReceiptKind::SaleRefund => Kind::Refund(receipt),
            })
        }
        Event::Overdue => Some(Kind::Delayed),
        Event::Fulfilled => Some(Kind::Fulfilled),
        Event::Reminded => Some(Kind::Reminder),
        Event::Cancelled | Event::ExecutionFailed => Some(Kind::Cancelled(entry.no)),
        Event::Held => operation().map(Kind::Held),
        Event::Released => operation().map(Kind::Released),
        Event::Edited => Some(Kind::Edited),
        Event::PaymentDeclined if order.is_told_to_buyer(entry) => operation().map(Kind::Declined),
        _ => None,
    }
}

fn is_returned(order: &Order, receipt: &Receipt) -> bool {
    let mut captures = order.journal.iter().filter(|entry| entry.event == Event::Captured);
    captures.any(|entry| entry.subject == Some(receipt.operation) && order.is_returned_capture(entry))
}

/// The payment a message tells of, where it tells of money taken, held or asked for.
fn payment<'a>(order: &'a Order, kind: &Kind<'a>) -> Option<&'a Operation> {
    match kind {
        Kind::Paid(receipt) => {
            let operation = order.operation(receipt.operation)?;
            Some(operation.kind.of().and_then(|of| order.operation(of)).unwrap_or(operation))
        }
        Kind::Held(payment) | Kind::Declined(payment) => Some(payment),
        _ => None,
    }
}

/// Who took or holds the money without the buyer, if the buyer was not there.
fn charged_by(order: &Order, kind: &Kind<'_>) -> Option<ChargedBy> {
    let payment = payment(order, kind).filter(|payment| payment.is_without_buyer())?;
    match payment.by {
        Initiator::Partner => Some(ChargedBy::Partner),
        Initiator::Rule => Some(ChargedBy::Rule),
        Initiator::Schedule => Some(ChargedBy::Schedule),
        Initiator::Buyer | Initiator::Platform | Initiator::Bank => None,
    }
}

async fn charge_notice(
    ports: &Ports,
    order: &Order,
    details: &Details,
    kind: &Kind<'_>,
) -> Result<Option<ChargeNotice>, WorkflowError> {
    let (Some(by), Some(payment)) = (charged_by(order, kind), payment(order, kind)) else { return Ok(None) };
    let means = match &payment.means {
        Some(means) => wallet::label(ports, order, details, means).await?,
        None => None,
    };
    Ok(Some(ChargeNotice { by, reason: payment.reason.clone(), means }))
}

/// What goes back of an order cancelled by an entry, and what is let go of its holds: whatever has come of that since.
fn cancelled(order: &Order, entry: u16) -> Result<(Money, Money), MoneyError> {
    let zero = order.amount.zero();
    let (mut refund, mut release) = (zero, zero);
    let before = |event, operation: &Operation| {
        let mut done = order.journal.iter().filter(|of| of.event == event && of.subject == Some(operation.no));
        done.any(|of| of.no < entry)
    };
    for payment in order.payments() {
        let figures = order.figures(payment)?;
        let gone = |event| {
            let mut done = order.returns_of(payment.no).filter(|of| before(event, of));
            done.try_fold(zero, |sum, of| sum.plus(of.amount))
        };
        if figures.captured.is_positive() {
            refund = refund.plus(figures.captured.minus(gone(Event::Refunded)?)?)?;
        } else if payment.succeeded() {
            release = release.plus(payment.money()?.minus(gone(Event::Released)?)?)?;
        }
    }
    Ok((refund, release))
}

/// What was changed of the basket the buyer had agreed to.
fn changes(agreed: &[Line], now: &[Line]) -> Vec<LineChange> {
    let part = |line: &Line| (line.quantity.normalize().to_string(), line.price.minor());
    let mut left: Vec<&Line> = now.iter().collect();
    let mut changes = Vec::new();
    for line in agreed {
        let same = left.iter().position(|other| *other == line);
        let named = same.or_else(|| left.iter().position(|other| other.name == line.name));
        let after = named.map(|at| left.remove(at));
        // What changed is a quantity or a price; which marked unit it is, is no news.
        if after.map(part) != Some(part(line)) {
            changes.push(LineChange { name: line.name.clone(), before: Some(part(line)), after: after.map(part) });
        }
    }
    changes.extend(left.into_iter().map(|line| LineChange {
        name: line.name.clone(),
        before: None,
        after: Some(part(line)),
    }));
    changes
}

fn agreed_amount(order: &Order, details: &Details) -> Result<Money, MoneyError> {
    details.lines.iter().try_fold(order.amount.zero(), |sum, line| sum.plus(line.amount))
}

/// What becomes of a hold: it is let go when its order was over, or paid for already.
fn fate(order: &Order, payment: &Operation) -> HoldFate {
    if order.stands(payment) || order.returns_of(payment.no).next().is_none() {
        return HoldFate::Stands;
    }
    if is_second(order, payment) { HoldFate::Second } else { HoldFate::Late }
}

/// Whether another payment pays for what this one was for.
fn is_second(order: &Order, payment: &Operation) -> bool {
    order.standing_payments().any(|other| other.no != payment.no && other.child == payment.child)
}

/// The same of the payment a receipt is over.
fn is_second_receipt(order: &Order, receipt: &Receipt) -> bool {
    let operation = order.operation(receipt.operation);
    let payment = operation.map(|taken| taken.kind.of().and_then(|of| order.operation(of)).unwrap_or(taken));
    payment.is_some_and(|payment| is_second(order, payment))
}

/// The worker of the queue `notification`. A record of the delivery keeps a doubled message from being a doubled letter.
pub async fn work(ports: &Ports, body: &str) -> Result<(), WorkflowError> {
    if let Ok(notice) = serde_json::from_str::<subscriptions::Notice>(body) {
        return subscriptions::tell(ports, &notice).await;
    }
    if let Ok(notice) = serde_json::from_str::<months::letters::ReportNotice>(body) {
        return months::letters::tell(ports, &notice).await;
    }
    let work = perform::work(body)?;
    let (id, task) = (work.order.clone(), work.task);
    let TaskId::Notify(entry, channel) = task else {
        return Ok(());
    };
    let earlier = ports.store.delivery(&id, task).await?;
    if earlier.as_ref().is_some_and(Delivery::is_closed) {
        return Ok(());
    }
    let Some((order, details)) = perform::subject(ports, work).await? else {
        return Ok(());
    };
    let partner = perform::partner(ports, id.tenant()).await?;
    let now = clock::now(ports, id.tenant()).await?;
    let Some(kind) = kind(&order, entry) else {
        apply(ports, &id, &Command::TaskDone(task)).await?;
        return Ok(());
    };
    let Some((_, to)) = details.reachable().find(|(reachable, _)| *reachable == channel) else {
        // Nobody has agreed to be told through it.
        apply(ports, &id, &Command::TaskDone(task)).await?;
        return Ok(());
    };
    let mut delivery = earlier.unwrap_or_else(|| Delivery::new(task, name(&kind)));
    let reference = format!("{id}-{task}");
    let sent = match channel {
        Channel::Email => {
            let mut view = mail_view(ports, &order, &details, &partner, &kind)?;
            view.charge = charge_notice(ports, &order, &details, &kind).await?;
            let logo = logo(&partner);
            view.logo_content_id = logo.as_ref().map(|logo| logo.content_id.clone());
            let mail = pages::mail(&view);
            let inline =
                mail.inline.into_iter().map(|image| InlinePng { content_id: image.content_id, bytes: image.bytes });
            let inline = inline.chain(logo);
            let email = Email {
                to: to.to_owned(),
                subject: mail.subject,
                text: mail.text,
                html: mail.html,
                inline: inline.collect(),
                reference,
            };
            ports.channels.email(email).await
        }
        Channel::Sms => {
            let text = pages::sms(&sms_view(ports, &order, &details, &partner, &kind)?);
            delivery.parts = sms_parts(&text);
            ports.channels.sms(Sms { to: to.to_owned(), text, reference }).await
        }
    };
    match sent {
        Ok(provider_id) => {
            delivery.attempt(Attempt { at: now, status: None, note: provider_id });
            delivery.done_at = Some(now);
            Ok(ports.store.put_delivery(&id, &delivery).await?)
        }
        Err(error) => {
            let forever = matches!(error, ChannelError::Refused(_));
            delivery.attempt(Attempt { at: now, status: None, note: error.to_string().chars().take(200).collect() });
            delivery.given_up = forever;
            ports.store.put_delivery(&id, &delivery).await?;
            let failed = Command::TaskFailed { task, forever, retry_after_seconds: None };
            apply(ports, &id, &failed).await.map(|_| ())
        }
    }
}

/// The partner's logo where mail programs show it: drawn ones (SVG) they do not, the name stands there instead.
fn logo(partner: &Partner) -> Option<InlinePng> {
    let encoded = partner.receipts.logo.as_deref()?.strip_prefix("data:image/png;base64,")?;
    Some(InlinePng { content_id: LOGO_CONTENT_ID.to_owned(), bytes: STANDARD.decode(encoded).ok()? })
}

fn name(kind: &Kind<'_>) -> &'static str {
    match kind {
        Kind::Paid(_) => "message.paid_receipt",
        Kind::Returned(_) => "message.payment_returned",
        Kind::Refund(_) => "message.refund_receipt",
        Kind::Closing(_) => "message.closing_receipt",
        Kind::Corrected(_) => "message.corrected_receipt",
        Kind::Delayed => "message.execution_delayed",
        Kind::Fulfilled => "message.order_fulfilled",
        Kind::Reminder => "message.reminder",
        Kind::Cancelled(_) => "message.order_cancelled",
        Kind::Held(_) => "message.payment_held",
        Kind::Released(_) => "message.hold_released",
        Kind::Edited => "message.order_edited",
        Kind::Declined(_) => "message.charge_declined",
    }
}

/// The amount of a receipt; the order's, where it names none.
fn receipt_amount(order: &Order, receipt: &Receipt) -> Money {
    receipt.fiscal.as_ref().map_or(order.amount, |fiscal| fiscal.total)
}

fn mail_view(
    ports: &Ports,
    order: &Order,
    details: &Details,
    partner: &Partner,
    kind: &Kind<'_>,
) -> Result<MailView, WorkflowError> {
    Ok(MailView {
        lang: page_language(details.language),
        partner: page_partner(partner),
        logo_content_id: None,
        agent: page_agent(&ports.settings),
        bill: order.bill.to_string(),
        number: order.number.clone(),
        amount_minor: order.amount.minor(),
        order_url: links::checkout_url(&ports.settings, &order.id),
        test_mode: order.id.tenant().is_test(),
        charge: None,
        kind: mail_kind(ports, order, details, partner, kind)?,
    })
}

fn mail_kind(
    ports: &Ports,
    order: &Order,
    details: &Details,
    partner: &Partner,
    kind: &Kind<'_>,
) -> Result<MailKind, WorkflowError> {
    let settings = &ports.settings;
    let url = |receipt: &Receipt| links::receipt_url(settings, &order.id, receipt.no);
    let result =
        || result_link(ports, order).map(|(url, until)| (url, Some(until.as_millisecond()))).unwrap_or_default();
    Ok(match kind {
        Kind::Paid(receipt) => MailKind::PaidReceipt {
            receipt: Box::new(receipt_view(settings, order, details, partner, receipt)?),
            receipt_url: url(receipt),
        },
        Kind::Closing(receipt) => MailKind::ClosingReceipt {
            receipt: Box::new(receipt_view(settings, order, details, partner, receipt)?),
            receipt_url: url(receipt),
        },
        Kind::Corrected(receipt) => MailKind::CorrectedReceipt {
            receipt: Box::new(receipt_view(settings, order, details, partner, receipt)?),
            receipt_url: url(receipt),
        },
        Kind::Returned(receipt) => {
            let refund_minor = receipt_amount(order, receipt).minor();
            if is_second_receipt(order, receipt) {
                MailKind::SecondRefund { refund_minor }
            } else {
                MailKind::ExpiredRefund { refund_minor }
            }
        }
        Kind::Refund(receipt) => MailKind::RefundReceipt {
            receipt: Box::new(receipt_view(settings, order, details, partner, receipt)?),
            receipt_url: url(receipt),
            refund_minor: receipt_amount(order, receipt).minor(),
            rest_minor: order.kept()?.minor(),
        },
        Kind::Delayed => {
            let promised = order.execution_deadline().or(order.execution.overdue_at).unwrap_or(order.created_at);
            MailKind::ExecutionDelayed {
                promised_ms: promised.as_millisecond(),
                cancel_url: links::cancel_url(settings, &order.id),
            }
        }
        Kind::Fulfilled => {
            let (result_url, valid_until_ms) = result();
            MailKind::OrderFulfilled { result_url, valid_until_ms }
        }
        Kind::Reminder => {
            let (result_url, valid_until_ms) = result();
            MailKind::Reminder { result_url, valid_until_ms }
        }
        Kind::Cancelled(entry) => {
            let (refund, release) = cancelled(order, *entry)?;
            MailKind::OrderCancelled { refund_minor: refund.minor(), release_minor: release.minor() }
        }
        Kind::Held(payment) => MailKind::Held {
            held_minor: payment.money()?.minor(),
            until_ms: payment.hold_until.map(Timestamp::as_millisecond),
            is_taken_at_end: details.payment.hold_end == Lapse::Captured,
            fate: fate(order, payment),
        },
        Kind::Released(operation) => MailKind::Released {
            released_minor: operation.amount.minor(),
            rest_minor: still_held(order, operation)?.minor(),
        },
        Kind::Edited => MailKind::Edited {
            changes: changes(&details.lines, order.basket(details)),
            before_minor: agreed_amount(order, details)?.minor(),
            after_minor: order.amount.minor(),
            is_held: order.held()?.is_positive(),
        },
        Kind::Declined(payment) => MailKind::ChargeDeclined {
            amount_minor: payment.amount.minor(),
            reason: match payment.state() {
                TransactionState::Declined(reason) => page_reason(reason),
                _ => pages::DeclineReason::Unknown,
            },
            is_account: is_account(payment),
            then: match order.status() {
                Status::Awaiting => AfterDecline::Pay { until_ms: order.expires_at.as_millisecond() },
                Status::Ordered => AfterDecline::ChargedAgain,
                _ => AfterDecline::Nothing,
            },
        },
    })
}

/// What is still held of the payment a part of whose hold was let go.
fn still_held(order: &Order, operation: &Operation) -> Result<Money, MoneyError> {
    let payment = operation.kind.of().and_then(|of| order.operation(of));
    payment.map_or(Ok(order.amount.zero()), |payment| order.figures(payment).map(|figures| figures.held))
}

fn sms_view(
    ports: &Ports,
    order: &Order,
    details: &Details,
    partner: &Partner,
    kind: &Kind<'_>,
) -> Result<SmsView, WorkflowError> {
    let settings = &ports.settings;
    let page = || links::checkout_url(settings, &order.id);
    let result = || result_link(ports, order).map_or_else(page, |(url, _)| url);
    let receipt_url = |receipt: &Receipt| links::receipt_url(settings, &order.id, receipt.no);
    let (kind, amount, link) = match kind {
        Kind::Paid(receipt) => {
            let without_buyer = charged_by(order, kind).is_some();
            let kind = match (without_buyer, receipt.stage.settlement().is_before()) {
                (true, _) => SmsKind::ChargedReceipt,
                (false, true) => SmsKind::PrepaidReceipt,
                (false, false) => SmsKind::PaidReceipt,
            };
            (kind, receipt_amount(order, receipt), receipt_url(receipt))
        }
        Kind::Closing(receipt) => (SmsKind::ClosingReceipt, receipt_amount(order, receipt), receipt_url(receipt)),
        Kind::Corrected(receipt) => (SmsKind::CorrectedReceipt, receipt_amount(order, receipt), receipt_url(receipt)),
        Kind::Returned(receipt) => {
            let kind = if is_second_receipt(order, receipt) { SmsKind::SecondRefund } else { SmsKind::ExpiredRefund };
            (kind, receipt_amount(order, receipt), receipt_url(receipt))
        }
        Kind::Refund(receipt) => {
            let part = order.kept()?.is_positive();
            let kind = if part { SmsKind::PartRefundReceipt } else { SmsKind::RefundReceipt };
            (kind, receipt_amount(order, receipt), receipt_url(receipt))
        }
        Kind::Delayed => (SmsKind::ExecutionDelayed, order.amount, links::cancel_url(settings, &order.id)),
        Kind::Fulfilled => (SmsKind::OrderFulfilled, order.amount, result()),
        Kind::Reminder => (SmsKind::Reminder, order.amount, result()),
        Kind::Cancelled(entry) => {
            let (refund, _) = cancelled(order, *entry)?;
            let kind = if refund.is_positive() { SmsKind::OrderCancelled } else { SmsKind::OrderCancelledFree };
            (kind, refund, page())
        }
        Kind::Held(payment) => {
            let kind = match fate(order, payment) {
                HoldFate::Stands => SmsKind::Held,
                HoldFate::Late => SmsKind::HeldLate,
                HoldFate::Second => SmsKind::HeldTwice,
            };
            (kind, payment.money()?, page())
        }
        Kind::Released(operation) => (SmsKind::Released, operation.amount, page()),
        Kind::Edited => {
            let up = order.amount.minus(agreed_amount(order, details)?)?.is_positive();
            (SmsKind::Edited { up }, order.amount, page())
        }
        Kind::Declined(payment) => (SmsKind::ChargeDeclined, payment.amount, page()),
    };
    Ok(SmsView {
        lang: page_language(details.language),
        kind,
        partner_name: partner.name.clone(),
        number: order.number.clone(),
        amount_minor: amount.minor(),
        link,
    })
}

/// Why a bank declined, as pages and letters say it.
pub const fn page_reason(reason: DeclineReason) -> pages::DeclineReason {
    match reason {
        DeclineReason::InsufficientFunds => pages::DeclineReason::InsufficientFunds,
        DeclineReason::CardBlocked => pages::DeclineReason::CardBlocked,
        DeclineReason::AuthenticationFailed => pages::DeclineReason::AuthenticationFailed,
        DeclineReason::CancelledByBuyer | DeclineReason::TimedOut => pages::DeclineReason::Abandoned,
        DeclineReason::NotReached => pages::DeclineReason::BankError,
        DeclineReason::Other => pages::DeclineReason::Unknown,
    }
}

/// Whether a payment is taken from an account, not from a card.
pub const fn is_account(payment: &Operation) -> bool {
    !matches!(payment.method, Method::Card | Method::MirPay)
}

/// A receipt as pages and mails show it: what was sent to the register, and what it printed.
pub fn receipt_view(
    settings: &Settings,
    order: &Order,
    details: &Details,
    partner: &Partner,
    receipt: &Receipt,
) -> Result<pages::ReceiptView, WorkflowError> {
    let fiscal = receipt.fiscal.as_ref().ok_or(WorkflowError::NotFound)?;
    let document = crate::receipt::document(settings, order, details, partner, receipt)?;
    let lines = document.items.iter().map(receipt_line).collect::<Result<Vec<_>, _>>()?;
    let vats = document.vats()?.into_iter().filter_map(|(tag, amount)| {
        let (rate, calculated) = VatRate::of_tag_1199(tag)?;
        Some(pages::VatSum { label: vat_sum_label(rate, calculated), amount_minor: amount.minor() })
    });
    let (agent, paid) = (&document.agent, &document.payments);
    Ok(pages::ReceiptView {
        lang: page_language(details.language),
        language_url: None,
        kind: match receipt.kind {
            ReceiptKind::Sale => pages::ReceiptKind::Income,
            ReceiptKind::SaleRefund => pages::ReceiptKind::IncomeRefund,
        },
        stage: match receipt.stage {
            Stage::Full => pages::ReceiptStage::Full,
            Stage::Prepayment | Stage::Advance => pages::ReceiptStage::Before,
            Stage::Closing => pages::ReceiptStage::Closing,
        },
        correction: document.correction.as_ref().map(|correction| pages::Correction {
            order: correction.order.clone(),
            date: correction.date.strftime("%d.%m.%Y").to_string(),
            wrong_sign: correction.wrong_sign.clone(),
        }),
        mends: receipt.corrects.and_then(|no| {
            let wrong = order.receipts.iter().find(|wrong| wrong.no == no)?;
            Some(if wrong.kind == receipt.kind { pages::Mends::Replaces } else { pages::Mends::Undoes })
        }),
        test_mode: order.id.tenant().is_test(),
        logo: partner.receipts.logo.clone(),
        partner_name: partner.name.clone(),
        bill: order.bill.to_string(),
        order_url: Some(links::checkout_url(settings, &order.id)),
        user_name: agent.name.clone(),
        user_inn: agent.inn.clone(),
        settlement_address: agent.address.clone(),
        settlement_place: document.place.clone(),
        tax_system: taxation(document.taxation).to_owned(),
        cashier: document
            .cashier
            .as_ref()
            .map(|cashier| pages::Cashier { name: cashier.name.clone(), inn: cashier.inn.clone() }),
        automat_number: None,
        at_ms: fiscal.at.as_millisecond(),
        shift: fiscal.shift.to_string(),
        number: fiscal.number.to_string(),
        lines,
        total_minor: fiscal.total.minor(),
        cash_minor: paid.cash.minor(),
        electronic_minor: paid.electronic.minor(),
        prepaid_minor: paid.prepaid.minor(),
        vats: vats.collect(),
        buyer_firm: details
            .firm
            .as_ref()
            .map(|firm| pages::BuyerFirm { name: Some(firm.name.clone()), inn: Some(firm.inn.clone()) }),
        buyer_contact: Some(document.buyer.contact.clone()).filter(|contact| !contact.is_empty()),
        sender_email: agent.email.clone(),
        till_registration: fiscal.register.clone(),
        fiscal_drive: fiscal.drive.clone(),
        fiscal_document: fiscal.document.to_string(),
        fiscal_sign: fiscal.sign.clone(),
        fns_site: "nalog.gov.ru".to_owned(),
        qr: fiscal.qr(receipt.kind),
    })
}

fn receipt_line(item: &Item) -> Result<pages::ReceiptLine, WorkflowError> {
    Ok(pages::ReceiptLine {
        name: item.name.clone(),
        is_marked: item.mark.is_some(),
        quantity: quantity(item),
        price_minor: item.price.minor(),
        amount_minor: item.amount.minor(),
        vat: if item.calculated { calculated(item.vat) } else { vat(item.vat) }.to_owned(),
        vat_minor: item.vat_inside()?.map(Money::minor),
        subject: subject(item.subject).to_owned(),
        method: settlement(item.settlement).to_owned(),
        agent_sign: item.principal.as_ref().map(|of| agent_sign(of.sign).to_owned()),
        supplier: item.principal.as_ref().map(|of| pages::Supplier {
            name: of.supplier.name.clone(),
            inn: of.supplier.inn.clone(),
            phone: of.supplier.phones.first().cloned(),
        }),
    })
}

/// Tag 1023 with the measure of tag 2108; of a part of a marked unit, tag 1291.
fn quantity(item: &Item) -> String {
    let measure = item.measure.text();
    match item.fraction {
        Some((part, whole)) => format!("{part}/{whole} {measure}"),
        None => format!("{} {measure}", item.quantity.normalize().to_string().replace('.', ",")),
    }
}

/// A VAT rate as receipts and pages print it.
pub const fn vat(rate: VatRate) -> &'static str {
    match rate {
        VatRate::None => "без НДС",
        VatRate::Vat0 => "НДС 0%",
        VatRate::Vat5 => "НДС 5%",
        VatRate::Vat7 => "НДС 7%",
        VatRate::Vat10 => "НДС 10%",
        VatRate::Vat20 => "НДС 20%",
        VatRate::Vat22 => "НДС 22%",
    }
}

const fn calculated(rate: VatRate) -> &'static str {
    match rate {
        VatRate::Vat5 => "НДС 5/105",
        VatRate::Vat7 => "НДС 7/107",
        VatRate::Vat10 => "НДС 10/110",
        VatRate::Vat20 => "НДС 20/120",
        VatRate::Vat22 => "НДС 22/122",
        VatRate::None | VatRate::Vat0 => vat(rate),
    }
}

fn vat_sum_label(rate: VatRate, by_calculation: bool) -> String {
    match rate {
        VatRate::None => "СУММА БЕЗ НДС".to_owned(),
        other if by_calculation => format!("СУММА {}", calculated(other)),
        other => format!("СУММА {}", vat(other)),
    }
}

/// Tag 1212 in the words of FFD.
const fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Service => "УСЛУГА",
        Subject::Goods => "ТОВАР",
        Subject::Excise => "ПОДАКЦИЗНЫЙ ТОВАР",
        Subject::Work => "РАБОТА",
        Subject::Intellectual => "РИД",
        Subject::Payment => "ПЛАТЕЖ",
        Subject::AgentFee => "АГЕНТСКОЕ ВОЗНАГРАЖДЕНИЕ",
        Subject::Other => "ИНОЙ ПРЕДМЕТ РАСЧЕТА",
        Subject::PropertyRight => "ИМУЩЕСТВЕННОЕ ПРАВО",
        Subject::Deposit => "ЗАЛОГ",
        Subject::ExciseUncoded => "АТНМ",
        Subject::ExciseMarked => "АТМ",
        Subject::GoodsUncoded => "ТНМ",
        Subject::GoodsMarked => "ТМ",
    }
}

/// Tag 1214 in the words of FFD.
const fn settlement(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::FullPrepayment => "ПРЕДОПЛАТА 100%",
        Settlement::Prepayment => "ПРЕДОПЛАТА",
        Settlement::Advance => "АВАНС",
        Settlement::FullPayment => "ПОЛНЫЙ РАСЧЕТ",
        Settlement::PartialPayment => "ЧАСТИЧНЫЙ РАСЧЕТ И КРЕДИТ",
        Settlement::Credit => "ПЕРЕДАЧА В КРЕДИТ",
        Settlement::CreditPayment => "ОПЛАТА КРЕДИТА",
    }
}

/// Tag 1222 in the words of FFD.
const fn agent_sign(sign: AgentSign) -> &'static str {
    match sign {
        AgentSign::BankPayingAgent => "БАНК. ПЛ. АГЕНТ",
        AgentSign::BankPayingSubagent => "БАНК. ПЛ. СУБАГЕНТ",
        AgentSign::PayingAgent => "ПЛ. АГЕНТ",
        AgentSign::PayingSubagent => "ПЛ. СУБАГЕНТ",
        AgentSign::Attorney => "ПОВЕРЕННЫЙ",
        AgentSign::Commissioner => "КОМИССИОНЕР",
        AgentSign::Agent => "АГЕНТ",
    }
}

const fn taxation(taxation: Taxation) -> &'static str {
    match taxation {
        Taxation::Osn => "ОСН",
        Taxation::UsnIncome => "УСН доход",
        Taxation::UsnIncomeOutcome => "УСН доход - расход",
        Taxation::Esn => "ЕСХН",
        Taxation::Patent => "Патент",
    }
}

/// When the buyer will hear of execution at the latest, for the page.
pub fn execution_promise(order: &Order) -> Option<domain::time::Timestamp> {
    let paid = order.first(Event::Captured)?;
    Some(plus_seconds(order.execution.handed_over_at.unwrap_or(paid), domain::order::THREE_DAYS_SECONDS))
}
