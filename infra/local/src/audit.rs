//! `apikassa audit`: proves the store of a folder, also while a stack runs on it; or a deployed table.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use runtime::aws::{Clients, CloudError};
use runtime::config::{Cloud, ConfigError};
use storage::dynamo::DynamoTable;
use storage::store::Store;
use tempfile::TempDir;
use workflows::audit::Report;
use workflows::error::WorkflowError;
use workflows::ports::Ports;

use crate::cli::AuditArgs;
use crate::data::Folder;
use crate::lines::Lines;
use crate::mailbox::Mailbox;
use crate::queues::queues;
use crate::stack::{ports, settings};
use crate::store::{Embedded, OpenError, snapshot};

/// Something breaks a rule.
const BROKEN: u8 = 1;
/// The store could not be read.
const UNREADABLE: u8 = 2;

/// Why an audit did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file.
    #[error("a file is not readable")]
    File(#[from] std::io::Error),
    /// The store.
    #[error("the store does not open")]
    Store(#[from] OpenError),
    /// A row.
    #[error("the store is not readable")]
    Read(#[from] WorkflowError),
    /// The environment.
    #[error("a deployed table is asked with Amazon's own variables")]
    Environment(#[from] ConfigError),
    /// The cloud's TLS.
    #[error("the cloud can not be reached")]
    Cloud(#[from] CloudError),
}

/// Audits and prints; the exit code says what was found.
pub async fn run(args: &AuditArgs) -> ExitCode {
    let progress = ProgressBar::new_spinner();
    if !std::io::stderr().is_terminal() {
        progress.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} orders looked at ({per_sec})") {
        progress.set_style(style);
    }
    let audited = match &args.table {
        Some(name) => audit_table(name, &progress).await,
        None => audit(&args.data, &progress).await,
    };
    progress.finish_and_clear();
    let mut out = anstream::stdout();
    match audited {
        Ok(report) => {
            let printed = if args.json { print_json(&mut out, &report) } else { print(&mut out, &report) };
            match printed {
                Ok(()) if report.is_clean() => ExitCode::SUCCESS,
                Ok(()) => ExitCode::from(BROKEN),
                Err(_) => ExitCode::from(UNREADABLE),
            }
        }
        Err(error) => {
            let told = runtime::log::chain(&error);
            let subject = args.table.clone().unwrap_or_else(|| args.data.display().to_string());
            anstream::eprintln!("apikassa audit: {subject}: {told}");
            ExitCode::from(UNREADABLE)
        }
    }
}

/// A copy of a folder's store as it is at this moment, and what reads it. Nothing is sent anywhere.
pub struct Copied {
    /// Reads the copy.
    pub ports: Ports,
    embedded: Embedded,
    _folder: TempDir,
}

impl Copied {
    /// Copies the store of a folder.
    ///
    /// # Errors
    /// It is not there or does not open.
    pub async fn of(data: &Path) -> Result<Self, AuditError> {
        let folder = Folder::new(data);
        let temporary = tempfile::tempdir()?;
        let copy = temporary.path().join("apikassa.db");
        snapshot(&folder.store(), &copy)?;
        let embedded = Embedded::open(&copy).await?;
        let secret = folder.known_secret()?.unwrap_or_default();
        Ok(Self { ports: reading(embedded.store.clone(), secret), embedded, _folder: temporary })
    }

    /// Ends the copy.
    pub async fn close(self) {
        self.embedded.close().await;
    }
}

/// Audits a copy of the store as it is at this moment.
///
/// # Errors
/// The store is not there or not readable.
pub async fn audit(data: &Path, progress: &ProgressBar) -> Result<Report, AuditError> {
    let copied = Copied::of(data).await?;
    let audited = workflows::audit::audit(&copied.ports, &|| progress.inc(1)).await;
    copied.close().await;
    Ok(audited?)
}

/// Audits a table where the environment says it is. Orders under way move on meanwhile: what is found is worth a second look.
async fn audit_table(name: &str, progress: &ProgressBar) -> Result<Report, AuditError> {
    let client = Clients::try_new::<Vec<u8>>(&Cloud::from_environment()?, &[])?.dynamodb;
    let ports = reading(Store::new(Arc::new(DynamoTable::new(client, name))), String::new());
    Ok(workflows::audit::audit(&ports, &|| progress.inc(1)).await?)
}

/// Nothing is sent anywhere: an audit only reads.
fn reading(store: Store, secret: String) -> Ports {
    let (queue, _) = queues();
    let mailbox = Mailbox::new(Lines::in_memory());
    ports(store, Arc::new(mailbox), Arc::new(queue), settings("http://localhost", secret, ""))
}

fn print_json(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    let mut value = serde_json::to_value(report)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("clean".to_owned(), report.is_clean().into());
    }
    writeln!(out, "{value}")
}

fn print(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    let bold = Style::new().bold();
    let (good, bad) = (AnsiColor::Green.on_default().bold(), AnsiColor::Red.on_default().bold());
    writeln!(
        out,
        "{} orders, {} payouts, {} orders with tasks still to be done",
        report.orders, report.payouts, report.unfinished
    )?;
    for (tenant, accounts) in &report.balances {
        writeln!(out, "\n{bold}{tenant}{bold:#}  trial balance, debits less credits")?;
        for (account, minor) in accounts {
            let sign = if *minor < 0 { "-" } else { "" };
            let (roubles, kopecks) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
            let text = format!("{sign}{roubles}.{kopecks:02}");
            writeln!(out, "  {account:<20} {text:>16} RUB")?;
        }
    }
    for late in &report.overdue {
        let (roubles, kopecks) = (late.amount_minor / 100, late.amount_minor % 100);
        writeln!(
            out,
            "\n{}  {bold}overdue{bold:#}  payout {} (payment order {}) of {roubles}.{kopecks:02} RUB was expected by {}",
            late.tenant, late.payout, late.number, late.expected_by
        )?;
    }
    if report.is_clean() {
        return writeln!(out, "\n{good}Everything holds.{good:#}");
    }
    writeln!(out, "\n{bad}{} findings{bad:#}", report.findings.len())?;
    for finding in &report.findings {
        writeln!(out, "  {}  {bold}{}{bold:#}  {}", finding.subject, finding.rule, finding.text)?;
    }
    Ok(())
}
