//! Messages to the buyer: which one a journal entry calls for, what it says, and that it is sent once.

use connectors::channel::{ChannelError, Email, InlinePng, Sms};
use domain::delivery::{Attempt, Delivery};
use domain::details::{Details, Line, Subject};
use domain::order::{Command, Event, Order, Receipt, TaskId};
use domain::partner::{Channel, Partner};
use domain::receipt::ReceiptKind;
use domain::tax::{Taxation, VatRate};
use domain::time::plus_seconds;
use pages::{MailKind, MailView, SmsKind, SmsView};

use crate::checkout::{page_agent, page_language, page_partner};
use crate::error::WorkflowError;
use crate::execution::result_link;
use crate::perform::{self, apply};
use crate::ports::{Ports, Settings};
use crate::{clock, links};

/// What a message is about.
enum Kind<'a> {
    Paid(&'a Receipt),
    /// The money came too late, or twice, and goes back.
    Returned(&'a Receipt),
    Refund(&'a Receipt),
    Delayed,
    Fulfilled,
    Reminder,
    Cancelled,
}

fn kind(order: &Order, entry: u16) -> Option<Kind<'_>> {
    let entry = order.journal.iter().find(|found| found.no == entry)?;
    let receipt = |no: Option<u8>| order.receipts.iter().find(|receipt| Some(receipt.no) == no);
    match entry.event {
        Event::ReceiptIssued => {
            let receipt = receipt(entry.subject)?;
            Some(match receipt.kind {
                ReceiptKind::Sale if is_returned(order, receipt) => Kind::Returned(receipt),
                ReceiptKind::Sale => Kind::Paid(receipt),
                ReceiptKind::SaleRefund => Kind::Refund(receipt),
            })
        }
        Event::Overdue => Some(Kind::Delayed),
        Event::Fulfilled => Some(Kind::Fulfilled),
        Event::Reminded => Some(Kind::Reminder),
        Event::Cancelled | Event::ExecutionFailed => Some(Kind::Cancelled),
        _ => None,
    }
}

fn is_returned(order: &Order, receipt: &Receipt) -> bool {
    let mut captures = order.journal.iter().filter(|entry| entry.event == Event::Captured);
    captures.any(|entry| entry.subject == Some(receipt.operation) && order.is_returned_capture(entry))
}

/// The worker of the queue `notification`. A record of the delivery keeps a doubled message from being a doubled letter.
pub async fn work(ports: &Ports, body: &str) -> Result<(), WorkflowError> {
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
        return Ok(());
    };
    let mut delivery = earlier.unwrap_or_else(|| Delivery::new(task, name(&kind)));
    let reference = format!("{id}-{task}");
    let sent = match channel {
        Channel::Email => {
            let mail = pages::mail(&mail_view(ports, &order, &details, &partner, &kind)?);
            let inline =
                mail.inline.into_iter().map(|image| InlinePng { content_id: image.content_id, bytes: image.bytes });
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
            let text = pages::sms(&sms_view(ports, &order, &details, &partner, &kind));
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

fn name(kind: &Kind<'_>) -> &'static str {
    match kind {
        Kind::Paid(_) => "message.paid_receipt",
        Kind::Returned(_) => "message.payment_returned",
        Kind::Refund(_) => "message.refund_receipt",
        Kind::Delayed => "message.execution_delayed",
        Kind::Fulfilled => "message.order_fulfilled",
        Kind::Reminder => "message.reminder",
        Kind::Cancelled => "message.order_cancelled",
    }
}

fn mail_view(
    ports: &Ports,
    order: &Order,
    details: &Details,
    partner: &Partner,
    kind: &Kind<'_>,
) -> Result<MailView, WorkflowError> {
    let settings = &ports.settings;
    let url = |receipt: &Receipt| links::receipt_url(settings, &order.id, receipt.no);
    let result =
        || result_link(ports, order).map(|(url, until)| (url, Some(until.as_millisecond()))).unwrap_or_default();
    let mail_kind = match kind {
        Kind::Paid(receipt) => MailKind::PaidReceipt {
            receipt: Box::new(receipt_view(settings, order, details, partner, receipt)?),
            receipt_url: url(receipt),
        },
        Kind::Returned(_) => MailKind::ExpiredRefund { refund_minor: order.amount.minor() },
        Kind::Refund(receipt) => MailKind::RefundReceipt {
            receipt: Box::new(receipt_view(settings, order, details, partner, receipt)?),
            receipt_url: url(receipt),
            refund_minor: order.amount.minor(),
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
        Kind::Cancelled => MailKind::OrderCancelled { refund_minor: order.amount.minor() },
    };
    Ok(MailView {
        lang: page_language(details.language),
        partner: page_partner(partner),
        logo_content_id: None,
        agent: page_agent(settings),
        bill: order.bill.to_string(),
        number: order.number.clone(),
        amount_minor: order.amount.minor(),
        order_url: links::checkout_url(settings, &order.id),
        test_mode: order.id.tenant().is_test(),
        kind: mail_kind,
    })
}

fn sms_view(ports: &Ports, order: &Order, details: &Details, partner: &Partner, kind: &Kind<'_>) -> SmsView {
    let settings = &ports.settings;
    let page = || links::checkout_url(settings, &order.id);
    let result = || result_link(ports, order).map_or_else(page, |(url, _)| url);
    let (kind, link) = match kind {
        Kind::Paid(receipt) => (SmsKind::PaidReceipt, links::receipt_url(settings, &order.id, receipt.no)),
        Kind::Returned(receipt) => (SmsKind::ExpiredRefund, links::receipt_url(settings, &order.id, receipt.no)),
        Kind::Refund(receipt) => (SmsKind::RefundReceipt, links::receipt_url(settings, &order.id, receipt.no)),
        Kind::Delayed => (SmsKind::ExecutionDelayed, links::cancel_url(settings, &order.id)),
        Kind::Fulfilled => (SmsKind::OrderFulfilled, result()),
        Kind::Reminder => (SmsKind::Reminder, result()),
        Kind::Cancelled => (SmsKind::OrderCancelled, page()),
    };
    SmsView {
        lang: page_language(details.language),
        kind,
        partner_name: partner.name.clone(),
        number: order.number.clone(),
        amount_minor: order.amount.minor(),
        link,
    }
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
    let lines = details.lines.iter().map(|line| receipt_line(partner, line)).collect::<Result<Vec<_>, _>>()?;
    let mut vats: Vec<pages::VatSum> = Vec::new();
    for (line, shown) in details.lines.iter().zip(&lines) {
        let (label, amount) = (vat_sum_label(line.vat), shown.vat_minor.unwrap_or(line.amount.minor()));
        match vats.iter_mut().find(|sum| sum.label == label) {
            Some(sum) => sum.amount_minor += amount,
            None => vats.push(pages::VatSum { label, amount_minor: amount }),
        }
    }
    let agent = &settings.agent;
    Ok(pages::ReceiptView {
        lang: page_language(details.language),
        language_url: None,
        kind: match receipt.kind {
            ReceiptKind::Sale => pages::ReceiptKind::Income,
            ReceiptKind::SaleRefund => pages::ReceiptKind::IncomeRefund,
        },
        test_mode: order.id.tenant().is_test(),
        logo: None,
        partner_name: partner.name.clone(),
        bill: order.bill.to_string(),
        order_url: Some(links::checkout_url(settings, &order.id)),
        user_name: agent.name.clone(),
        user_inn: agent.inn.clone(),
        settlement_address: agent.address.clone(),
        settlement_place: settings.base_url.clone(),
        tax_system: taxation(agent.taxation).to_owned(),
        automat_number: None,
        at_ms: fiscal.at.as_millisecond(),
        shift: fiscal.shift.to_string(),
        number: fiscal.number.to_string(),
        lines,
        total_minor: fiscal.total.minor(),
        cash_minor: 0,
        electronic_minor: fiscal.total.minor(),
        prepaid_minor: 0,
        vats,
        buyer_contact: details.receipt_contact().map(ToOwned::to_owned),
        sender_email: agent.email.clone(),
        till_registration: fiscal.register.clone(),
        fiscal_drive: fiscal.drive.clone(),
        fiscal_document: fiscal.document.to_string(),
        fiscal_sign: fiscal.sign.clone(),
        fns_site: "nalog.gov.ru".to_owned(),
        qr: fiscal.qr(receipt.kind),
    })
}

fn receipt_line(partner: &Partner, line: &Line) -> Result<pages::ReceiptLine, WorkflowError> {
    Ok(pages::ReceiptLine {
        name: line.name.clone(),
        quantity: line.quantity.to_string(),
        price_minor: line.price.minor(),
        amount_minor: line.amount.minor(),
        vat: vat(line.vat).to_owned(),
        vat_minor: line.vat.inside(line.amount)?.map(domain::money::Money::minor),
        subject: subject(line.subject).to_owned(),
        method: "ПОЛНЫЙ РАСЧЕТ".to_owned(),
        agent_sign: Some("АГЕНТ".to_owned()),
        supplier: Some(pages::Supplier {
            name: partner.name.clone(),
            inn: partner.inn.clone(),
            phone: Some(partner.phone.clone()),
        }),
    })
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

fn vat_sum_label(rate: VatRate) -> String {
    match rate {
        VatRate::None => "СУММА БЕЗ НДС".to_owned(),
        other => format!("СУММА {}", vat(other)),
    }
}

const fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Service => "УСЛУГА",
        Subject::Goods => "ТОВАР",
        Subject::Work => "РАБОТА",
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
