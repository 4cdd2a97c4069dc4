//! Every key of the table, and with them the table of access paths.
//!
//! | what | `pk` | `sk` | read by |
//! |---|---|---|---|
//! | order head | `O#tenant#yyyymm#s` | ULID | id; a tenant's orders of a month |
//! | agreement | same | `ULID#A` | with the head, in one query |
//! | delivery record | same | `ULID#T#task` | with the head |
//! | result | `X#tenant#ULID` | `X` | id |
//! | order number | `N#tenant#number` | `N` | creation; search by number |
//! | idempotency key | `I#tenant#sha256(key)` | `I` | creation |
//! | partner | `P#tenant` | `P` | tenant |
//! | list of tenants | `TENANTS` | tenant | sweep, audit |
//! | API key | `K#sha256(key)` | `K` | authentication |
//! | a tenant's API keys by name | `A#tenant` | `A` | the operator |
//! | counters | `C#name` | `C` | leases of numbers |
//! | saved means | `B#tenant#sha256(customer)` | means id | a buyer's wallet; id |
//! | payout | `Y#tenant` | payout id | id; a tenant's payouts |
//! | book entry | `L#tenant` | `yyyymmdd#id` | a tenant's book since a day |
//! | claim on a book entry's id | `L#tenant#c` | id | entering the same thing again |
//! | personal account | `L#tenant#p` | `P` | payouts, what is bought from the balance |
//! | what is paid ahead | same | `S` | orders of tariffs that charge by the order |
//! | tariff | `TARIFFS` | tariff id | all of them, once a minute |
//! | promo code | `PROMOS` | code | code; all of them |
//! | number of a payment order | `Z#number` | `Z` | a bank's statement |
//! | invoice of a partner's debt | `F#tenant` | number | number; a tenant's invoices |
//! | whose invoice a number is | `Z#i#number` | `Z` | a bank's statement |
//! | a payee's year of income and tax | `U#scope#year` | ИНН | the next payment; scope `l` of live tenants, else the test tenant |
//! | row of the register of income and tax | same | `ИНН#no` | the year's register |
//! | remittance of withheld tax | `U#scope#r` | `term#n` | a term's; all of them |
//! | sealed day | `G#tenant` | `yyyy-mm-dd` | a tenant's days; the last one |
//! | a month's report | `M#tenant` | `yyyy-mm` | a tenant's reports, latest first; the last one; a month |
//! | pages of a month's register | `M#tenant#yyyy-mm` | `l00001`, `m00001` | a report's papers, page by page |
//! | how far that register has come | same | `@draft` | the closing of a month |
//! | letters about a month's report | same | `@letters` | whoever sends one |
//! | what was used on a day, a month's usage and its cost | `H#tenant` | `dyyyy-mm-dd`, `myyyy-mm` | a month; the first day, the last month |
//! | message that belongs to no order | `H#tenant#s` | `yyyy-mm-dd#reference` | the sealing of days |
//! | prices of the platform's suppliers | `PRICES` | `P` | the operator, the end of a month |
//! | subscription | `R#tenant` | subscription id | id; a tenant's subscriptions |
//! | exchanges with banks | `E#tenant#yyyymmdd` | `hhmm#digest` | a tenant's exchanges of a day, by five minutes |
//! | device key | `D#sha256(key)` | `D` | a device agent's authentication |
//! | a register's desk and state | `J#tenant#register` | `@desk`, `@state` | the agent; the operator |
//! | device job | same | external id | external id; what waits, by the due index |
//! | fiscal document of a job | same | `F#drive#number` | whether it is another job's |
//! | order with a receipt to look after | `Q#l#s`, `Q#tenant` of a test tenant | `tenant#ULID` | the operator |
//! | courier's order | `V#tenant#sha256(key)` | ULID | whether it was given to that key; what was |
//! | how a tenant is reconciled, and how far | `W#tenant` | `settings`, `state` | loading, runs |
//! | loaded paper | `W#tenant#p` | `yyyy-mm-dd#kind#name#part` | papers of some days |
//! | a paper's rows | `W#tenant#z#sha256` | page | the paper |
//! | discrepancy | `W#tenant#d` | `yyyy-mm-dd#id` | the work list, by day |
//! | the day a discrepancy lies under | `W#tenant#i` | id | id |
//! | what a run saw | `W#tenant#r` | `yyyy-mm-dd#kind#name` | runs of some days |
//! | sandbox row | `S#tenant#kind` | id | the sandbox |
//!
//! The month and the spread `s` come from the order's id, so that a key can be made from an id alone and a busy partner's
//! orders lie in several partitions. The due index has buckets `l#s` for live orders, `t#tenant` for a test tenant's (which
//! live in the tenant's own time), `s#tenant` for sandbox rows, `j#tenant#register` for jobs that wait for a device agent, `y#l` for
//! payouts nobody has confirmed yet (`y#tenant` of a test tenant), at the moment they are overdue.

use domain::id::{OrderId, Tenant};
use domain::order::TaskId;
use domain::reconcile::{Filing, Run};
use domain::report::Period;
use domain::time::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::registers::Sheet;
use crate::table::Key;

/// Partitions a tenant's month is spread over.
pub const SPREAD: u8 = 4;
/// Buckets of the due index for live orders.
pub const DUE_SPREAD: u8 = 8;
/// Length of a ULID: a sort key of just this length is an order's head.
pub const HEAD_LENGTH: usize = 26;

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// Partition of an order's rows.
pub fn order_partition(id: &OrderId) -> String {
    let date = id.created_at().to_zoned(jiff::tz::TimeZone::UTC).date();
    month_partition(id.tenant(), date.year(), date.month(), id.spread(SPREAD))
}

/// Partition of the part `spread` of a tenant's orders of a month (UTC).
pub fn month_partition(tenant: &Tenant, year: i16, month: i8, spread: u8) -> String {
    format!("O#{tenant}#{year:04}{month:02}#{spread}")
}

/// The head.
pub fn head(id: &OrderId) -> Key {
    key(order_partition(id), id.ulid())
}

/// A place in a month's orders: before those created at `at`, after those created earlier.
pub fn orders_at(at: Timestamp) -> String {
    OrderId::ulid_time(at)
}

/// The agreement.
pub fn agreement(id: &OrderId) -> Key {
    key(order_partition(id), format!("{}#A", id.ulid()))
}

/// A delivery record.
pub fn delivery(id: &OrderId, task: TaskId) -> Key {
    key(order_partition(id), format!("{}#T#{task}", id.ulid()))
}

/// Whether a key of an order's rows is a delivery record's.
pub fn is_delivery(key: &Key) -> bool {
    key.sk.get(HEAD_LENGTH..).is_some_and(|rest| rest.starts_with("#T#"))
}

/// The result of execution.
pub fn result(id: &OrderId) -> Key {
    key(format!("X#{}#{}", id.tenant(), id.ulid()), "X")
}

/// The claim on an order number.
pub fn number(tenant: &Tenant, number: &str) -> Key {
    key(format!("N#{tenant}#{number}"), "N")
}

/// The claim on an idempotency key.
pub fn idempotency(tenant: &Tenant, idempotency_key: &str) -> Key {
    key(format!("I#{tenant}#{}", hex::encode(Sha256::digest(idempotency_key))), "I")
}

/// A partner's settings.
pub fn partner(tenant: &Tenant) -> Key {
    key(format!("P#{tenant}"), "P")
}

/// Partition of the list of tenants.
pub const TENANTS: &str = "TENANTS";

/// A tenant in the list of tenants.
pub fn tenant(tenant: &Tenant) -> Key {
    key(TENANTS.to_owned(), tenant.to_string())
}

/// An API key, by its SHA-256 in hex.
pub fn api_key(sha256: &str) -> Key {
    key(format!("K#{sha256}"), "K")
}

/// A tenant's API keys by name.
pub fn api_keys(tenant: &Tenant) -> Key {
    key(format!("A#{tenant}"), "A")
}

/// A counter.
pub fn counter(name: &str) -> Key {
    key(format!("C#{name}"), "C")
}

/// Partition of a tenant's payouts.
pub fn payout_partition(tenant: &Tenant) -> String {
    format!("Y#{tenant}")
}

/// A payout.
pub fn payout(tenant: &Tenant, id: &str) -> Key {
    key(payout_partition(tenant), id)
}

/// Bucket of the due index of payouts nobody has confirmed yet.
pub fn payout_due_bucket(test: Option<&Tenant>) -> String {
    test.map_or_else(|| "y#l".to_owned(), |tenant| format!("y#{tenant}"))
}

/// Tenant and id of a payout's key.
pub fn payout_of(key: &Key) -> Option<(Tenant, String)> {
    let tenant = key.pk.strip_prefix("Y#")?.parse().ok()?;
    Some((tenant, key.sk.clone()))
}

/// Partition of a tenant's invoices.
pub fn invoice_partition(tenant: &Tenant) -> String {
    format!("F#{tenant}")
}

/// An invoice.
pub fn invoice(tenant: &Tenant, number: u32) -> Key {
    key(invoice_partition(tenant), format!("{number:08}"))
}

/// Whose invoice a number is.
pub fn invoice_number(number: u32) -> Key {
    key(format!("Z#i#{number:08}"), "Z")
}

fn income_scope(test: Option<&Tenant>) -> String {
    test.map_or_else(|| "l".to_owned(), ToString::to_string)
}

/// Partition of a year's register of income and tax: all live tenants' is one, for their agent is one.
pub fn income_partition(test: Option<&Tenant>, year: i16) -> String {
    format!("U#{}#{year:04}", income_scope(test))
}

/// A payee's year of income and tax.
pub fn income_year(test: Option<&Tenant>, year: i16, inn: &str) -> Key {
    key(income_partition(test, year), inn)
}

/// A row of the register of income and tax: the one that made the payee's year this version.
pub fn income_row(test: Option<&Tenant>, year: i16, inn: &str, version: u64) -> Key {
    key(income_partition(test, year), format!("{inn}#{version:08}"))
}

/// Whether a key of a year's register is a row's, not a payee's year.
pub fn is_income_row(key: &Key) -> bool {
    key.sk.contains('#')
}

/// Partition of remittances of withheld tax.
pub fn remittance_partition(test: Option<&Tenant>) -> String {
    format!("U#{}#r", income_scope(test))
}

/// A remittance: the `no`th of a term.
pub fn remittance(test: Option<&Tenant>, term: Date, no: u32) -> Key {
    key(remittance_partition(test), format!("{term}#{no:04}"))
}

/// Partition of a tenant's book entries.
pub fn book_partition(tenant: &Tenant) -> String {
    format!("L#{tenant}")
}

fn book_day(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// A book entry that was recorded on a day.
pub fn book_entry(tenant: &Tenant, day: Date, id: &str) -> Key {
    key(book_partition(tenant), format!("{}#{id}", book_day(day)))
}

/// A place before every entry of a day.
pub fn before_book_day(day: Date) -> String {
    book_day(day)
}

/// The id of a book entry.
pub fn book_entry_id(key: &Key) -> String {
    key.sk.split_once('#').map_or("", |(_, id)| id).to_owned()
}

/// The claim on a book entry's id.
pub fn book_claim(tenant: &Tenant, id: &str) -> Key {
    key(format!("L#{tenant}#c"), id)
}

/// A tenant's personal account.
pub fn purse(tenant: &Tenant) -> Key {
    key(format!("L#{tenant}#p"), "P")
}

/// What a tenant has paid ahead for services.
pub fn prepaid(tenant: &Tenant) -> Key {
    key(format!("L#{tenant}#p"), "S")
}

/// Partition of the tariffs.
pub const TARIFFS: &str = "TARIFFS";

/// A tariff.
pub fn tariff(id: &str) -> Key {
    key(TARIFFS.to_owned(), id)
}

/// Partition of the promo codes.
pub const PROMOS: &str = "PROMOS";

/// A promo code.
pub fn promo(code: &str) -> Key {
    key(PROMOS.to_owned(), code)
}

/// The payout that has a payment order's number.
pub fn payout_number(number: u32) -> Key {
    key(format!("Z#{number:06}"), "Z")
}

/// Partition of a tenant's sealed days.
pub fn day_book_partition(tenant: &Tenant) -> String {
    format!("G#{tenant}")
}

/// A sealed day.
pub fn day_book(tenant: &Tenant, day: Date) -> Key {
    key(day_book_partition(tenant), day.to_string())
}

/// Partition of a tenant's reports.
pub fn report_partition(tenant: &Tenant) -> String {
    format!("M#{tenant}")
}

/// The report of a month.
pub fn report(tenant: &Tenant, period: Period) -> Key {
    key(report_partition(tenant), period.to_string())
}

/// Prices of the platform's suppliers.
pub fn supplier_prices() -> Key {
    key("PRICES".to_owned(), "P")
}

/// Partition of a tenant's messages that belong to no order.
pub fn sent_partition(tenant: &Tenant) -> String {
    format!("H#{tenant}#s")
}

/// A message that belongs to no order.
pub fn sent(tenant: &Tenant, day: Date, reference: &str) -> Key {
    key(sent_partition(tenant), format!("{day}#{reference}"))
}

/// Partition of what suppliers are paid for.
pub fn usage_partition(tenant: &Tenant) -> String {
    format!("H#{tenant}")
}

/// What the sort keys of days of usage begin with.
pub const USAGE_DAY: &str = "d";
/// What the sort keys of months of usage begin with.
pub const USAGE_MONTH: &str = "m";

/// What was used on a day.
pub fn usage_day(tenant: &Tenant, day: Date) -> Key {
    key(usage_partition(tenant), format!("{USAGE_DAY}{day}"))
}

/// A place before a day and after the day before it.
pub fn before_usage_day(day: Date) -> String {
    let before = day.yesterday().unwrap_or(day);
    format!("{USAGE_DAY}{before}")
}

/// The day a row of usage is about.
pub fn day_of_usage(key: &Key) -> Option<Date> {
    key.sk.strip_prefix(USAGE_DAY)?.parse().ok()
}

/// A month's usage and its cost.
pub fn usage_month(tenant: &Tenant, period: Period) -> Key {
    key(usage_partition(tenant), format!("{USAGE_MONTH}{period}"))
}

/// The month a row of usage is about.
pub fn month_of_usage(key: &Key) -> Option<Period> {
    key.sk.strip_prefix(USAGE_MONTH)?.to_owned().try_into().ok()
}

/// How a tenant is reconciled (`settings`), and how far (`state`).
pub fn reconciliation(tenant: &Tenant, what: &str) -> Key {
    key(format!("W#{tenant}"), what)
}

/// Partition of a tenant's loaded papers.
pub fn papers_partition(tenant: &Tenant) -> String {
    format!("W#{tenant}#p")
}

/// A loaded paper.
pub fn paper(tenant: &Tenant, head: &Filing) -> Key {
    let Filing { day, kind, name, part, .. } = head;
    key(papers_partition(tenant), format!("{day}#{}#{name}#{part}", kind.code()))
}

/// A page of a paper's rows.
pub fn paper_page(tenant: &Tenant, sha256: &str, no: usize) -> Key {
    key(format!("W#{tenant}#z#{sha256}"), format!("{no:04}"))
}

/// Partition of a tenant's work list.
pub fn discrepancies_partition(tenant: &Tenant) -> String {
    format!("W#{tenant}#d")
}

/// A discrepancy, under the day it was first found to be of.
pub fn discrepancy(tenant: &Tenant, day: Date, id: &str) -> Key {
    key(discrepancies_partition(tenant), format!("{day}#{id}"))
}

/// The day a discrepancy lies under.
pub fn discrepancy_day(tenant: &Tenant, id: &str) -> Key {
    key(format!("W#{tenant}#i"), id)
}

/// Partition of what runs saw.
pub fn runs_partition(tenant: &Tenant) -> String {
    format!("W#{tenant}#r")
}

/// What a run saw of a day of one account, register or statement.
pub fn run(tenant: &Tenant, run: &Run) -> Key {
    key(runs_partition(tenant), format!("{}#{}#{}", run.day, run.kind.code(), run.name))
}

/// A place before every row of a day, where sort keys begin with days.
pub fn before_day(day: Date) -> String {
    day.to_string()
}

fn report_pages(tenant: &Tenant, period: Period) -> String {
    format!("{}#{period}", report_partition(tenant))
}

/// A page of a month's register.
pub fn report_page(tenant: &Tenant, period: Period, sheet: Sheet, no: usize) -> Key {
    let kind = match sheet {
        Sheet::Movements => 'm',
        Sheet::Lines => 'l',
    };
    key(report_pages(tenant, period), format!("{kind}{no:05}"))
}

/// How far a month's register has come.
pub fn report_draft(tenant: &Tenant, period: Period) -> Key {
    key(report_pages(tenant, period), "@draft")
}

/// Letters about a month's report.
pub fn report_letters(tenant: &Tenant, period: Period) -> Key {
    key(report_pages(tenant, period), "@letters")
}

/// Partition of a tenant's subscriptions.
pub fn subscription_partition(tenant: &Tenant) -> String {
    format!("R#{tenant}")
}

/// A subscription.
pub fn subscription(tenant: &Tenant, id: &str) -> Key {
    key(subscription_partition(tenant), id)
}

/// Bucket of the due index a subscription is listed in. Ids are digests: their last character spreads them evenly.
pub fn subscription_due_bucket(tenant: &Tenant, id: &str) -> String {
    let part = id.bytes().last().unwrap_or(0) % DUE_SPREAD;
    if tenant.is_test() { test_subscription_due_bucket(tenant) } else { live_subscription_due_bucket(part) }
}

/// Bucket of a test tenant's subscriptions.
pub fn test_subscription_due_bucket(tenant: &Tenant) -> String {
    format!("r#{tenant}")
}

/// Bucket of a part of the live subscriptions.
pub fn live_subscription_due_bucket(part: u8) -> String {
    format!("r#{part}")
}

/// Tenant and id of a subscription's key.
pub fn subscription_of(key: &Key) -> Option<(Tenant, String)> {
    let tenant = key.pk.strip_prefix("R#")?.parse().ok()?;
    Some((tenant, key.sk.clone()))
}

/// Partition of a buyer's wallet at a shop. The shop's id of the buyer is hashed: it may be anything, an e-mail too.
pub fn wallet_partition(tenant: &Tenant, customer: &str) -> String {
    format!("B#{tenant}#{}", hex::encode(Sha256::digest(customer)))
}

/// Means in a wallet.
pub fn means(tenant: &Tenant, customer: &str, id: &str) -> Key {
    key(wallet_partition(tenant, customer), id)
}

/// Partition of a tenant's exchanges with banks of the day (UTC) a moment lies in.
pub fn exchange_partition(tenant: &Tenant, at: Timestamp) -> String {
    let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    format!("E#{tenant}#{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// What the sort keys of a slot of exchanges begin with: the time of its day it begins at.
pub fn exchange_slot(slot: Timestamp) -> String {
    let time = slot.to_zoned(jiff::tz::TimeZone::UTC).time();
    format!("{:02}{:02}", time.hour(), time.minute())
}

/// A place before every row of a slot, when rows are read from the last.
pub fn before_slot(slot: Timestamp) -> String {
    format!("{}$", exchange_slot(slot)) // `$` comes after `#`
}

/// Some exchanges of one slot. Their key is made of their ids, so that the same ones written again are the same row.
pub fn exchanges<'a>(tenant: &Tenant, slot: Timestamp, ids: impl Iterator<Item = &'a str>) -> Key {
    let digest = ids.fold(Sha256::new(), |digest, id| digest.chain_update(id).chain_update("\n")).finalize();
    let digest = hex::encode(digest.get(..8).unwrap_or_default());
    key(exchange_partition(tenant, slot), format!("{}#{digest}", exchange_slot(slot)))
}

/// The beginning of the slot a row of exchanges belongs to.
pub fn slot_of(key: &Key) -> Option<Timestamp> {
    let day = key.pk.strip_prefix("E#")?.rsplit_once('#')?.1;
    let time = key.sk.get(..4)?;
    let number = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let small = |text: &str, from: usize| i8::try_from(number(text, from, from + 2)?).ok();
    let date = jiff::civil::Date::new(number(day, 0, 4)?, small(day, 4)?, small(day, 6)?).ok()?;
    let moment = date.at(small(time, 0)?, small(time, 2)?, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(moment.timestamp())
}

/// A device key, by its SHA-256 in hex.
pub fn device_key(sha256: &str) -> Key {
    key(format!("D#{sha256}"), "D")
}

fn device_partition(tenant: &Tenant, register: &str) -> String {
    format!("J#{tenant}#{register}")
}

/// A register's desk.
pub fn desk(tenant: &Tenant, register: &str) -> Key {
    key(device_partition(tenant, register), "@desk")
}

/// What a register told of itself.
pub fn device_state(tenant: &Tenant, register: &str) -> Key {
    key(device_partition(tenant, register), "@state")
}

/// A job. External ids begin with an order's id: they are never one of the other keys here.
pub fn job(tenant: &Tenant, register: &str, external_id: &str) -> Key {
    key(device_partition(tenant, register), external_id)
}

/// A fiscal document a register has printed.
pub fn device_document(tenant: &Tenant, register: &str, drive: &str, number: u64) -> Key {
    key(device_partition(tenant, register), format!("F#{drive}#{number:010}"))
}

/// Bucket of the due index of a register's waiting jobs.
pub fn job_due_bucket(tenant: &Tenant, register: &str) -> String {
    format!("j#{tenant}#{register}")
}

/// Partitions of the live orders with a receipt to look after: those of all partners, for their operator is one.
pub fn concern_partitions(test: Option<&Tenant>) -> Vec<String> {
    match test {
        Some(tenant) => vec![format!("Q#{tenant}")],
        None => (0..DUE_SPREAD).map(|part| format!("Q#l#{part}")).collect(),
    }
}

/// What the sort keys of a tenant's orders with a receipt to look after begin with.
pub fn concern_prefix(tenant: &Tenant) -> String {
    format!("{tenant}#")
}

/// An order with a receipt to look after.
pub fn concern(id: &OrderId) -> Key {
    let tenant = id.tenant();
    let pk = if tenant.is_test() { format!("Q#{tenant}") } else { format!("Q#l#{}", id.spread(DUE_SPREAD)) };
    key(pk, format!("{}{}", concern_prefix(tenant), id.ulid()))
}

/// The order a row of those with a receipt to look after is about.
pub fn concern_order(key: &Key) -> Option<OrderId> {
    let (tenant, ulid) = key.sk.split_once('#').filter(|_| key.pk.starts_with("Q#"))?;
    order_id(&tenant.parse().ok()?, ulid)
}

/// Partition of the orders given to a courier's key, by the key's SHA-256 in hex.
pub fn given_partition(tenant: &Tenant, key_sha256: &str) -> String {
    format!("V#{tenant}#{key_sha256}")
}

/// An order given to a courier's key.
pub fn given(id: &OrderId, key_sha256: &str) -> Key {
    key(given_partition(id.tenant(), key_sha256), id.ulid())
}

/// The order a row of those given to a courier's key is about.
pub fn given_order(key: &Key) -> Option<OrderId> {
    let (tenant, _) = key.pk.strip_prefix("V#")?.split_once('#')?;
    order_id(&tenant.parse().ok()?, &key.sk)
}

/// Partition of sandbox rows of a kind.
pub fn sandbox_partition(tenant: &Tenant, kind: &str) -> String {
    format!("S#{tenant}#{kind}")
}

/// A sandbox row.
pub fn sandbox(tenant: &Tenant, kind: &str, id: &str) -> Key {
    key(sandbox_partition(tenant, kind), id)
}

/// Bucket of the due index an order's head is listed in.
pub fn order_due_bucket(id: &OrderId) -> String {
    if id.tenant().is_test() { test_due_bucket(id.tenant()) } else { live_due_bucket(id.spread(DUE_SPREAD)) }
}

/// Bucket of a test tenant's orders.
pub fn test_due_bucket(tenant: &Tenant) -> String {
    format!("t#{tenant}")
}

/// Bucket of a part of the live orders.
pub fn live_due_bucket(part: u8) -> String {
    format!("l#{part}")
}

/// Bucket of a test tenant's sandbox rows.
pub fn sandbox_due_bucket(tenant: &Tenant) -> String {
    format!("s#{tenant}")
}

/// The order a head's key belongs to; nothing for keys of other rows.
pub fn order_of(key: &Key) -> Option<OrderId> {
    let mut parts = key.pk.split('#');
    let (Some("O"), Some(tenant)) = (parts.next(), parts.next()) else {
        return None;
    };
    if key.sk.len() != HEAD_LENGTH {
        return None;
    }
    order_id(&tenant.parse().ok()?, &key.sk)
}

fn order_id(tenant: &Tenant, ulid: &str) -> Option<OrderId> {
    let mode = if tenant.is_test() { "t" } else { "l" };
    format!("ord_{mode}_{}_{ulid}", tenant.partner()).parse().ok()
}

/// Kind and id of a sandbox row's key.
pub fn sandbox_of(key: &Key) -> Option<(String, String)> {
    let mut parts = key.pk.splitn(3, '#');
    let (Some("S"), Some(_), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    Some((kind.to_owned(), key.sk.clone()))
}

/// The kind of row a key belongs to, for counting.
pub fn kind(key: &Key) -> &'static str {
    match (key.pk.as_bytes().first(), key.sk.len()) {
        (Some(b'O'), HEAD_LENGTH) => "order head",
        (Some(b'O'), _) if key.sk.ends_with("#A") => "agreement",
        (Some(b'O'), _) if key.sk.contains("#T#") => "delivery record",
        (Some(b'O'), _) => "order (query)",
        (Some(b'X'), _) => "result",
        (Some(b'N'), _) => "order number",
        (Some(b'I'), _) => "idempotency key",
        (Some(b'P' | b'K' | b'T' | b'A' | b'D'), _) => "partner settings",
        (Some(b'C'), _) => "counter",
        (Some(b'Y' | b'Z'), _) => "payout",
        (Some(b'B'), _) => "saved means",
        (Some(b'R'), _) => "subscription",
        (Some(b'L'), _) => "book entry",
        (Some(b'G'), _) => "sealed day",
        (Some(b'M'), _) => "report",
        (Some(b'W'), _) => "reconciliation",
        (Some(b'H'), _) => "usage",
        (Some(b'E'), _) => "exchanges",
        (Some(b'S'), _) => "sandbox",
        (Some(b'J'), _) => "device job",
        (Some(b'Q'), _) => "receipt to look after",
        (Some(b'V'), _) => "courier's order",
        (Some(b'j' | b'l' | b't' | b's' | b'r'), _) => "due index",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use domain::id::Mode;

    use super::*;

    #[test]
    fn a_head_key_leads_back_to_its_order() {
        for mode in [Mode::Test, Mode::Live] {
            let tenant = Tenant::try_new("demoshop", mode).unwrap();
            let id = OrderId::new(tenant, "A-1", "2026-11-21T10:00:00Z".parse().unwrap());
            assert_eq!(order_of(&head(&id)), Some(id.clone()));
            assert_eq!(order_of(&agreement(&id)), None);
            assert!(head(&id).pk.contains("#202611#"));
        }
    }

    #[test]
    fn rows_about_an_order_lead_back_to_it() {
        for mode in [Mode::Test, Mode::Live] {
            let tenant = Tenant::try_new("demoshop", mode).unwrap();
            let id = OrderId::new(tenant.clone(), "A-1", "2026-11-21T10:00:00Z".parse().unwrap());
            let listed = concern(&id);
            assert!(concern_partitions(tenant.is_test().then_some(&tenant)).contains(&listed.pk));
            assert!(listed.sk.starts_with(&concern_prefix(&tenant)));
            assert_eq!(concern_order(&listed), Some(id.clone()));
            assert_eq!(given_order(&given(&id, "00ff")), Some(id.clone()));
            assert_eq!((concern_order(&head(&id)), given_order(&head(&id))), (None, None));
        }
    }

    #[test]
    fn a_subscriptions_key_leads_back_to_it() {
        for mode in [Mode::Test, Mode::Live] {
            let tenant = Tenant::try_new("demoshop", mode).unwrap();
            let id = domain::subscription::subscription_id(&tenant, "S-1");
            assert_eq!(subscription_of(&subscription(&tenant, &id)), Some((tenant.clone(), id.clone())));
            assert_eq!(subscription_of(&payout(&tenant, &id)), None);
            let bucket = subscription_due_bucket(&tenant, &id);
            let mut known = (0..DUE_SPREAD).map(live_subscription_due_bucket);
            assert_eq!(known.any(|live| live == bucket), !tenant.is_test());
            assert_ne!(bucket, test_due_bucket(&tenant));
        }
    }

    #[test]
    fn a_row_of_exchanges_tells_its_slot_and_repeats_itself() {
        let tenant = Tenant::try_new("demoshop", Mode::Live).unwrap();
        let slot: Timestamp = "2026-11-21T10:05:00Z".parse().unwrap();
        let of = |ids: &[&str]| exchanges(&tenant, slot, ids.iter().copied());
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["ab"]));
        assert_eq!(of(&["a"]).pk, "E#demoshop.l#20261121");
        assert!(of(&["a"]).sk.starts_with("1005#"));
        assert_eq!(slot_of(&of(&["a"])), Some(slot));
        assert_eq!(slot_of(&partner(&tenant)), None);
    }
}
