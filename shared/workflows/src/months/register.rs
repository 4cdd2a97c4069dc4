//! A month's register: gathered into pages while the month is being closed, read page by page for its papers.
//!
//! ```text
//! draft (how far) ─▶ movements: all pages ─▶ draft ─▶ lines: some pages ─▶ draft ─▶ … ─▶ all are there ─▶ the report, which names them
//! ```
//! A page is written before the draft that names it. Whoever goes on after a crash begins where the draft ends and writes the same pages.

use std::collections::VecDeque;

use domain::id::Tenant;
use domain::report::pages::{Draft, Paged, Pages};
use domain::report::{Closed, Head, Line, Movement, Period, Report, Wrong};
use storage::devices::Versioned;
use storage::registers::Sheet;
use storage::store::StoreError;

use super::lines::{Numbers, Walk, lines_of};
use super::movements::movements;
use crate::error::WorkflowError;
use crate::ports::Ports;

/// Bytes of lines that are gathered before they are written: most of a page.
const GATHERED_BYTES: usize = 280_000;
/// Pages of lines in one file, at most: 3.6 MB as they are kept, and less as CSV. An answer may have six million.
pub const PART_PAGES: usize = 12;

/// What a register is gathered from.
pub(super) struct Gathering<'a> {
    pub(super) ports: &'a Ports,
    pub(super) tenant: &'a Tenant,
    pub(super) head: &'a Head,
    pub(super) closed: &'a Numbers,
}

impl Gathering<'_> {
    async fn write(&self, sheet: Sheet, rows: Paged, pages: &mut Pages) -> Result<(), WorkflowError> {
        let seals = match sheet {
            Sheet::Movements => &mut pages.movements,
            Sheet::Lines => &mut pages.lines,
        };
        for page in rows.finish() {
            self.ports.store.put_page(self.tenant, self.head.period, sheet, seals.len(), &page).await?;
            seals.push(page.seal());
        }
        Ok(())
    }

    async fn keep(&self, draft: &Versioned<Draft>) -> Result<Versioned<Draft>, StoreError> {
        let at = self.ports.clock.now().as_second();
        self.ports.store.put_draft(self.tenant, self.head.period, draft, at).await
    }

    /// Gathers the month's register, looking at no more than `orders_max` orders (and those read with the last of them). Nothing when
    /// there are more: the next call goes on.
    pub(super) async fn gather(&self, orders_max: usize) -> Result<Option<Draft>, WorkflowError> {
        let period = self.head.period;
        let mut draft = self.ports.store.draft(self.tenant, period).await?;
        if draft.row.pages.is_none() {
            let mut rows = Paged::default();
            for movement in movements(self.ports, self.tenant, period, self.closed).await? {
                rows.push(&movement)?;
            }
            let mut pages = Pages::default();
            self.write(Sheet::Movements, rows, &mut pages).await?;
            draft.row.pages = Some(pages);
            draft = self.keep(&draft).await?;
        }
        let mut walk = Walk::new(self.ports, self.tenant, period, draft.row.month, draft.row.after.clone());
        let mut rows = Paged::default();
        loop {
            let order = walk.next().await?;
            if let Some(order) = &order {
                for (entry, line) in lines_of(order, period, self.closed)? {
                    draft.row.totals.add(self.head, &line)?;
                    let later = draft.row.percent.is_none_or(|(at, _)| at <= entry.at);
                    if later && line.vat.is_positive() {
                        draft.row.percent = Some((entry.at, order.commission.vat_percent));
                    }
                    rows.push(&line)?;
                }
            }
            let enough = walk.seen >= orders_max;
            if order.is_none() || enough || rows.bytes() >= GATHERED_BYTES {
                (draft.row.month, draft.row.after) = (walk.month, walk.after.clone());
                let pages = draft.row.pages.get_or_insert_default();
                self.write(Sheet::Lines, std::mem::take(&mut rows), pages).await?;
                draft = self.keep(&draft).await?;
            }
            if order.is_none() {
                return Ok(Some(draft.row));
            }
            if enough {
                return Ok(None);
            }
        }
    }
}

/// Movements of a register, all of them.
pub(super) async fn movements_of(
    ports: &Ports,
    tenant: &Tenant,
    period: Period,
    pages: &Pages,
) -> Result<Vec<Movement>, WorkflowError> {
    let mut movements = Vec::new();
    for (no, seal) in pages.movements.iter().enumerate() {
        movements.extend(ports.store.page(tenant, period, Sheet::Movements, no, seal).await?);
    }
    Ok(movements)
}

enum Source<'a> {
    /// Pages, from one to before another.
    Pages(VecDeque<usize>),
    /// The journals, of a month that was closed before there were pages.
    Journals(Box<Walk<'a>>),
}

/// A closed month being read for a paper.
pub struct Reading<'a> {
    /// The report with its movements.
    pub report: Report,
    /// Files its register comes in.
    pub parts: usize,
    /// Lines before the part that is read.
    pub before: u64,
    ports: &'a Ports,
    tenant: &'a Tenant,
    pages: Pages,
    source: Source<'a>,
}

/// Files a report's register comes in.
pub fn parts(closed: &Closed) -> usize {
    closed.pages.as_ref().map_or(1, |pages| pages.lines.len().div_ceil(PART_PAGES)).max(1)
}

impl<'a> Reading<'a> {
    /// Opens a closed month: the whole of it, or a part of its register (0, 1, …).
    ///
    /// # Errors
    /// What is kept does not hold; there is no such part.
    pub async fn open(
        ports: &'a Ports,
        tenant: &'a Tenant,
        closed: &Closed,
        part: Option<usize>,
    ) -> Result<Self, WorkflowError> {
        let period = closed.head.period;
        let count = parts(closed);
        let (movements, source, pages) = match &closed.pages {
            Some(pages) => {
                let (first, last) = part.map_or((0, pages.lines.len()), |part| {
                    let first = part.saturating_mul(PART_PAGES);
                    (first, first.saturating_add(PART_PAGES).min(pages.lines.len()))
                });
                if part.is_some_and(|part| part >= count) {
                    return Err(WorkflowError::NotFound);
                }
                let movements = movements_of(ports, tenant, period, pages).await?;
                (movements, Source::Pages((first..last).collect()), pages.clone())
            }
            None if part.is_some_and(|part| part > 0) => return Err(WorkflowError::NotFound),
            None => {
                let walk = Walk::new(ports, tenant, period, 0, None);
                let movements = movements(ports, tenant, period, &Numbers::new()).await?;
                (movements, Source::Journals(Box::new(walk)), Pages::default())
            }
        };
        let skipped = match &source {
            Source::Pages(left) => left.front().copied().unwrap_or_default(),
            Source::Journals(_) => 0,
        };
        let before = pages.lines.iter().take(skipped).map(|page| u64::from(page.rows)).sum();
        Ok(Self { report: closed.report(movements)?, parts: count, before, ports, tenant, pages, source })
    }

    /// The next lines; nothing when there are no more.
    ///
    /// # Errors
    /// They are not those that were sealed.
    pub async fn lines(&mut self) -> Result<Option<Vec<Line>>, WorkflowError> {
        let period = self.report.head.period;
        match &mut self.source {
            Source::Pages(left) => {
                let Some(no) = left.pop_front() else { return Ok(None) };
                let seal = self.pages.lines.get(no).ok_or_else(|| Wrong::Page("it is not there".to_owned()))?;
                Ok(Some(self.ports.store.page(self.tenant, period, Sheet::Lines, no, seal).await?))
            }
            Source::Journals(walk) => {
                let Some(order) = walk.next().await? else { return Ok(None) };
                let lines = lines_of(&order, period, &Numbers::new())?;
                Ok(Some(lines.into_iter().map(|(_, line)| line).collect()))
            }
        }
    }
}
