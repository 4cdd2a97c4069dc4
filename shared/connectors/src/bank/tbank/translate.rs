//! Both languages: ours and T-Bank's.

use std::collections::BTreeMap;

use domain::acquiring::{Method, SavedMeans, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::{MOSCOW, Timestamp};

use super::wire::{Answer, Card, Init, Loose, OrderPayment};
use crate::bank::PaymentRequest;
use crate::peer::Malformed;

/// Who starts a payment, and whether means are saved or used (1.80, «Передача признака инициатора операции»).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initiator {
    /// The buyer; nothing is kept.
    Buyer,
    /// The buyer, who lets the means be kept.
    BuyerSaves,
    /// The buyer, by means kept before.
    BuyerWithSaved,
    /// The shop, by means kept before.
    Shop,
}

impl Initiator {
    const fn code(self) -> &'static str {
        match self {
            Self::Buyer => "0",
            Self::BuyerSaves => "1",
            Self::BuyerWithSaved => "2",
            Self::Shop => "R",
        }
    }
}

/// A payment in the bank's words.
pub fn init(terminal_key: &str, request: &PaymentRequest, initiator: Initiator) -> Init {
    let sbp = request.method == Method::Sbp;
    let charged = matches!(initiator, Initiator::BuyerWithSaved | Initiator::Shop);
    let saves = initiator == Initiator::BuyerSaves;
    let mut data = BTreeMap::new();
    if sbp {
        // «Для привязки и одновременной оплаты по СБП»; the same is wanted of what `ChargeQr` is to take.
        if saves || charged {
            data.insert("QR", "true".to_owned());
        }
    } else {
        data.insert("OperationInitiatorType", initiator.code().to_owned());
    }
    let contacts = [("Email", &request.email), ("Phone", &request.phone)];
    for (name, value) in contacts {
        if let Some(value) = value.as_ref().filter(|value| value.chars().count() <= 100) {
            data.insert(name, value.clone());
        }
    }
    let description: String = request.description.chars().take(140).collect();
    Init {
        terminal_key: terminal_key.to_owned(),
        amount: request.amount.minor(),
        order_id: request.number.clone(),
        description: Some(description).filter(|text| !text.is_empty()),
        customer_key: request.customer.clone().filter(|_| saves),
        recurrent: (saves || (sbp && charged)).then_some("Y"),
        pay_type: match request.stages {
            Stages::One => "O",
            Stages::Two => "T",
        },
        language: match request.language {
            Language::Ru => "ru",
            Language::En => "en",
        },
        notification_url: request.callback_url.clone(),
        success_url: request.return_url.clone(),
        fail_url: request.return_url.clone(),
        redirect_due_date: moscow(request.expires_at),
        data,
    }
}

/// `2016-08-31T12:28:00+03:00`.
fn moscow(at: Timestamp) -> String {
    at.display_with_offset(MOSCOW).to_string()
}

/// Why a request was not carried out, as far as it matters what is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    /// There is such an `OrderId` already, or the payment is in no state for it: it is looked at.
    State,
    /// There is no such payment.
    NotFound,
    /// It may have been done.
    Unknown,
    /// The buyer's bank, or ours, does not let the money go.
    Declined(DeclineReason),
    /// Ours to fix.
    Refused,
}

/// What an error code says (1.80, «Коды ошибок»).
pub fn no(code: &str) -> No {
    match code {
        "4" | "8" | "20" => No::State,
        "255" | "325" | "335" => No::NotFound,
        "3" | "5" | "21" | "96" | "97" | "98" | "401" | "402" | "515" | "1018" | "9001" | "9999" => No::Unknown,
        _ => match code.parse::<u32>() {
            // Initiator and saved means that do not go together.
            Ok(1126) => No::Refused,
            Ok(76..=79 | 99..=125 | 504..=513 | 600..=649 | 1000..=1999 | 3002..=3010 | 3028..=3036 | 3040..=3042) => {
                No::Declined(reason(code))
            }
            _ => No::Refused,
        },
    }
}

/// Why money does not move (1.80, «Коды ошибок»).
pub fn reason(code: &str) -> DeclineReason {
    match code {
        "103" | "116" | "1051" => DeclineReason::InsufficientFunds,
        // Lost, stolen, suspected, expired, closed by its holder.
        "506" | "600" | "1004" | "1007" | "1014" | "1033" | "1041" | "1043" | "1054" | "1057" | "1058" | "1059"
        | "1063" => DeclineReason::CardBlocked,
        "54" | "101" | "106" | "108" | "109" | "110" | "111" | "507" | "511" | "512" | "513" => {
            DeclineReason::AuthenticationFailed
        }
        _ => DeclineReason::Other,
    }
}

/// How a payment stands, of what the bank says of it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its state.
    pub status: &'a str,
    /// What it is over now.
    pub amount: Option<&'a Loose>,
    /// Why it was declined.
    pub error_code: Option<&'a Loose>,
}

impl<'a> Seen<'a> {
    /// Of an answer or a notification.
    ///
    /// # Errors
    /// It names no state.
    pub fn of(answer: &'a Answer) -> Result<Self, Malformed> {
        let status = answer.status.as_deref().ok_or_else(|| Malformed::at("/Status", "the payment's state"))?;
        Ok(Self { status, amount: answer.amount.as_ref(), error_code: Some(&answer.error_code) })
    }

    /// Of one payment of an order.
    pub fn in_order(payment: &'a OrderPayment) -> Self {
        Self { status: &payment.status, amount: payment.amount.as_ref(), error_code: payment.error_code.as_ref() }
    }

    /// What is left of the money now.
    ///
    /// # Errors
    /// It is not told, or is no sum.
    pub fn left(self) -> Result<Money, Malformed> {
        let minor = self.amount.and_then(Loose::minor);
        Ok(Money::rub(minor.ok_or_else(|| Malformed::at("/Amount", "whole kopecks"))?))
    }

    /// In our words (1.8, table 2.11.3; 1.80, «Статусная модель платежа»).
    ///
    /// `whole` is what the payment was to be over. Without it nothing is said of a state that names only what is left; neither is
    /// of a state we do not know.
    ///
    /// # Errors
    /// The sum makes no sense.
    pub fn state(self, whole: Option<Money>) -> Result<Option<BankState>, Malformed> {
        let zero = Money::rub(0);
        let stands = |held, captured, refunded| Ok(Some(BankState::Stands(Standing { held, captured, refunded })));
        let declined = |reason| Ok(Some(BankState::Declined(reason)));
        match self.status {
            "NEW" | "FORM_SHOWED" | "PREAUTHORIZING" | "AUTHORIZING" | "3DS_CHECKING" | "3DS_CHECKED"
            | "PAY_CHECKING" | "CONFIRMING" | "CONFIRM_CHECKING" | "REVERSING" | "REFUNDING" | "ASYNC_REFUNDING"
            | "CANCEL_CHECKING" => Ok(Some(BankState::Pending)),
            "AUTHORIZED" => stands(self.left()?, zero, zero),
            "PARTIAL_REVERSED" => stands(self.part(whole)?, zero, zero),
            "REVERSED" => stands(zero, zero, zero),
            "CONFIRMED" => stands(zero, self.left()?, zero),
            "PARTIAL_REFUNDED" => {
                let Some(whole) = whole else { return Ok(None) };
                let left = self.part(Some(whole))?;
                let back = whole.minus(left).map_err(|_| Malformed::at("/Amount", "whole kopecks"))?;
                stands(zero, whole, back)
            }
            "REFUNDED" => match whole {
                Some(whole) => stands(zero, whole, whole),
                None => Ok(None),
            },
            "REJECTED" => declined(self.error_code.map_or(DeclineReason::Other, |code| reason(&code.text()))),
            "AUTH_FAIL" => {
                let told = self.error_code.map_or(DeclineReason::Other, |code| reason(&code.text()));
                declined(if told == DeclineReason::Other { DeclineReason::AuthenticationFailed } else { told })
            }
            "DEADLINE_EXPIRED" => declined(DeclineReason::TimedOut),
            "CANCELED" | "ATTEMPTS_EXPIRED" => declined(DeclineReason::Other),
            _ => Ok(None),
        }
    }

    /// What is left, when it is a part: more than nothing and less than the whole.
    fn part(self, whole: Option<Money>) -> Result<Money, Malformed> {
        let left = self.left()?;
        let is_part = left.is_positive() && whole.is_none_or(|whole| left.minor() < whole.minor());
        if is_part { Ok(left) } else { Err(Malformed::at("/Amount", "a part of the payment's amount")) }
    }
}

/// The means a notification says were kept: nothing, when nothing was asked to be kept (1.8, table 4.2.1).
pub fn saved(notification: &Answer) -> Option<SavedMeans> {
    let Answer { rebill_id, card_id, pan, exp_date, .. } = notification;
    means(rebill_id.as_ref(), card_id.as_ref(), pan.as_ref(), exp_date.as_ref())
}

/// The means a card in the bank's list is: nothing where it can not be charged any more, or never could (1.8, table 5.7.2).
pub fn listed(card: &Card) -> Option<SavedMeans> {
    let Card { card_id, status, rebill_id, pan, exp_date } = card;
    means(rebill_id.as_ref(), Some(card_id), pan.as_ref(), exp_date.as_ref()).filter(|_| status == "A")
}

fn means(
    rebill: Option<&Loose>,
    card: Option<&Loose>,
    pan: Option<&Loose>,
    expires: Option<&Loose>,
) -> Option<SavedMeans> {
    let rebill = rebill.map(Loose::text).filter(|id| !id.is_empty())?;
    let token = match card.map(Loose::text).filter(|id| !id.is_empty()) {
        Some(card) => format!("{rebill}.{card}"),
        None => rebill,
    };
    let pan = pan.map(Loose::text).unwrap_or_default();
    let valid_until = expires.and_then(|date| valid_until(&date.text()));
    Some(SavedMeans { token, label: label(&pan), valid_until })
}

/// The bound account a notification tells of (1.8, table 4.6.2).
pub fn bound(notification: &Answer) -> Option<SavedMeans> {
    let token = notification.account_token.clone().filter(|token| !token.is_empty())?;
    let label = notification.bank_member_name.clone().filter(|name| !name.is_empty());
    Some(SavedMeans { token, label: label.unwrap_or_else(|| "СБП".to_owned()), valid_until: None })
}

/// `MMYY` as `yyyy-mm`.
fn valid_until(date: &str) -> Option<String> {
    let (month, year) = date.split_at_checked(2)?;
    let digits = date.len() == 4 && date.bytes().all(|byte| byte.is_ascii_digit());
    (digits && ("01"..="12").contains(&month)).then(|| format!("20{year}-{month}"))
}

/// `Мир •• 0777`. Which system a card is of is told by its first digits.
fn label(pan: &str) -> String {
    let system = match pan.as_bytes() {
        [b'2', b'2', b'0', b'0'..=b'4', ..] => "Мир",
        [b'4', ..] => "Visa",
        [b'5' | b'2', ..] => "Mastercard",
        [b'6', b'2', ..] => "UnionPay",
        _ => "Карта",
    };
    let tail: String = pan.chars().rev().take_while(char::is_ascii_digit).take(4).collect();
    let tail: String = tail.chars().rev().collect();
    if tail.is_empty() { system.to_owned() } else { format!("{system} •• {tail}") }
}

/// The two halves of a saved card's token: what is charged, and what is removed.
pub fn halves(token: &str) -> (&str, Option<&str>) {
    match token.split_once('.') {
        Some((rebill, card)) => (rebill, Some(card)),
        None => (token, None),
    }
}

/// The card a saved token names, in the bank's list.
pub fn named<'a>(cards: &'a [Card], token: &str) -> Option<&'a Card> {
    let (rebill, card) = halves(token);
    cards.iter().find(|found| match card {
        Some(card) => found.card_id.text() == card,
        None => found.rebill_id.as_ref().is_some_and(|id| id.text() == rebill),
    })
}

/// A report of a payment the bank knows by this id.
pub fn report(payment_id: &str, state: BankState) -> BankReport {
    BankReport::new(Some(payment_id.to_owned()), state)
}
