//! Orders as a table for an accountant: what each is, what it has brought, and where its money is.

use std::io::Write;

use domain::csv::{Cell, Sheet};
use domain::order::{Event, ExecutionEnd, Order};
use domain::report::Brought;
use domain::time::{MOSCOW, Timestamp, moscow_date};

use crate::{PaperError, words};

/// Its columns.
pub const COLUMNS: [&str; 16] = [
    "Номер заказа",
    "Номер счёта",
    "Создан",
    "Оплачен",
    "Состояние",
    "Способ оплаты",
    "Сумма заказа",
    "Получено",
    "Возвращено",
    "Вознаграждение агента",
    "В том числе НДС",
    "К перечислению",
    "Исполнен",
    "Доступно с",
    "Перечислено",
    "Платёжное поручение",
];

fn moment(at: Timestamp) -> String {
    MOSCOW.to_datetime(at).strftime("%d.%m.%Y %H:%M:%S").to_string()
}

/// The table.
#[derive(Debug)]
pub struct Orders<W> {
    sheet: Sheet<W>,
}

impl<W: Write> Orders<W> {
    /// Its heading.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn start(out: W) -> Result<Self, PaperError> {
        Ok(Self { sheet: Sheet::start(out, &COLUMNS)? })
    }

    /// One order; `payment_order` is the number of the one that carried its money.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn order(&mut self, order: &Order, brought: &Brought, payment_order: Option<u32>) -> Result<(), PaperError> {
        let day = |at: Option<Timestamp>| at.map(|at| words::date(moscow_date(at))).unwrap_or_default();
        let fulfilled = match order.execution.ended {
            Some(ExecutionEnd::Fulfilled(at)) => Some(at),
            _ => None,
        };
        let texts = [
            order.number.clone(),
            order.bill.to_string(),
            moment(order.created_at),
            order.first(Event::Captured).map(moment).unwrap_or_default(),
            words::status(order.status()).into(),
            brought.method.map(words::method).unwrap_or_default().into(),
        ];
        let sums = [order.amount, brought.captured, brought.refunded, brought.fee, brought.vat, brought.net];
        let ends = [
            day(fulfilled),
            day(fulfilled.and_then(|_| order.matures_at())),
            day(order.first(Event::PaidOut)),
            payment_order.map(|number| number.to_string()).unwrap_or_default(),
        ];
        let cells = texts.into_iter().map(Cell::Text).chain(sums.map(|sum| Cell::Number(sum.to_decimal())));
        Ok(self.sheet.row(cells.chain(ends.into_iter().map(Cell::Text)))?)
    }

    /// Ends it.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn finish(self) -> Result<W, PaperError> {
        Ok(self.sheet.finish()?)
    }
}
