//! The command line.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anstyle::Style;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::json;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::local_pages::curl_order;
use crate::stack::{Options, Running, start};
use crate::{audit, bench, device, journal, simulate};

/// Our own crates, which are heard at the level asked for; all others from `warn` on.
const OURS: [&str; 22] = [
    "bank_callback",
    "bank_operation",
    "checkout",
    "connectors",
    "deadlines",
    "documents",
    "domain",
    "fulfilment",
    "fulfilment_callback",
    "local",
    "month_close",
    "notification",
    "pages",
    "partner_api",
    "receipt",
    "runtime",
    "sandbox",
    "sandbox_door",
    "sandbox_worker",
    "storage",
    "webhook",
    "workflows",
];

/// Apikassa, a payment agent: the one-machine stack, its audit, its simulation and its cost figures.
#[derive(Debug, Parser)]
#[command(
    name = "apikassa",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Without a command, `local` is run.",
    after_long_help = "Without a command, `local` is run.\n\n\
        Examples:\n  \
        apikassa                                  start the stack on http://localhost:8080, data in ./.data\n  \
        apikassa local --port 0 --memory --json   start one for a script: a free port, nothing kept\n  \
        apikassa audit --data .data               prove the books of a store; also while its stack runs\n  \
        apikassa audit --table apikassa-Table-1   prove those of a deployed stack; AWS_* say who asks\n  \
        apikassa journal --data .data             print every posting, for Beancount or as JSON\n  \
        apikassa simulate --orders 10000 --seed 7 play the whole flow with faults in virtual time\n  \
        apikassa bench                            print what an order costs"
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    local: LocalArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine: functions, table, queues, schedules, mailbox, sandbox, demo shop.
    #[command(
        after_help = "Ctrl-C stops it. What was under way then, or when the process was killed, is taken up at the next start."
    )]
    Local(LocalArgs),
    /// Prove the books, receipts, payouts and tasks of a store; name the orders that break a rule.
    #[command(after_help = "Exit code: 0 everything holds, 1 a rule is broken, 2 the store can not be read.")]
    Audit(AuditArgs),
    /// Print every posting of a store, for another program to make the books again.
    #[command(after_help = "Exit code: 0 printed, 2 the store can not be read.")]
    Journal(JournalArgs),
    /// Play the whole flow in virtual time with faults, audit it, and print a trace hash and the seed of any failure.
    Simulate(SimulateArgs),
    /// Print the cost figures: calls and capacity units per order, bytes per page.
    Bench(BenchArgs),
    /// Be a stationary register with its agent: fetch receipts, print them into a file, tell what was printed.
    Device(device::DeviceArgs),
}

/// `apikassa local`.
#[derive(Debug, Clone, Args)]
pub struct LocalArgs {
    /// Port on localhost; 0 takes a free one (the one this data folder had last, if it is free).
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Folder in which everything is kept between runs.
    #[arg(long, value_name = "DIR", default_value = ".data", conflicts_with = "memory")]
    pub data: PathBuf,
    /// Keep nothing: everything ends with the process.
    #[arg(long)]
    pub memory: bool,
    /// Print one JSON line with addresses and keys instead of text.
    #[arg(long)]
    pub json: bool,
    /// How much to log on standard error: off, error, warn, info, debug.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    pub log: LevelFilter,
}

/// `apikassa audit`.
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// The stack's folder.
    #[arg(long, value_name = "DIR", default_value = ".data")]
    pub data: PathBuf,
    /// A deployed table instead of a folder; the `AWS_*` variables say who asks, and where.
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    pub table: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `apikassa journal`.
#[derive(Debug, Clone, Args)]
pub struct JournalArgs {
    /// The stack's folder.
    #[arg(long, value_name = "DIR", default_value = ".data")]
    pub data: PathBuf,
    /// What for.
    #[arg(long, value_enum, default_value_t = JournalFormat::Beancount)]
    pub format: JournalFormat,
}

/// A form of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JournalFormat {
    /// A ledger for Beancount, with our own balances as its assertions.
    Beancount,
    /// What the seals cover, and what is sealed.
    Json,
}

/// `apikassa simulate`.
#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Orders to play.
    #[arg(long, default_value_t = 10_000)]
    pub orders: u64,
    /// Seed; the same seed plays the same history.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub json: bool,
    /// How much of what the machines log goes to standard error: off, error, warn, info, debug. For one world.
    #[arg(long, default_value = "off")]
    pub log: LevelFilter,
}

/// `apikassa bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// Print the figures as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let Cli { command, local } = Cli::parse();
    match command.unwrap_or(Command::Local(local)) {
        Command::Local(args) => {
            log(args.log);
            within(run_local(&args))
        }
        Command::Audit(args) => within(audit::run(&args)),
        Command::Journal(args) => within(Box::pin(async move { journal::run(&args).await })),
        Command::Simulate(args) => {
            log(args.log);
            simulate::run(&args)
        }
        Command::Bench(args) => bench::run(&args),
        Command::Device(args) => within(Box::pin(async move { device::run(&args).await })),
    }
}

fn within(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(executor) => {
            let code = executor.block_on(work);
            // What is still being handled has had its time; it is taken up at the next start.
            executor.shutdown_timeout(Duration::from_millis(200));
            code
        }
        Err(error) => {
            anstream::eprintln!("apikassa: {error}");
            ExitCode::FAILURE
        }
    }
}

fn log(level: LevelFilter) {
    let filter = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(OURS.into_iter().map(|crate_name| (crate_name, level)));
    let ansi = !matches!(anstream::AutoStream::choice(&std::io::stderr()), anstream::ColorChoice::Never);
    let lines = tracing_subscriber::fmt::layer().with_ansi(ansi).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(lines).init();
}

async fn run_local(args: &LocalArgs) -> ExitCode {
    let data = (!args.memory).then(|| args.data.clone());
    let options = Options { port: args.port, data: data.clone(), sweep_every: Duration::from_secs(5) };
    let running = match start(options).await {
        Ok(running) => running,
        Err(error) => {
            anstream::eprintln!("apikassa: {}", runtime::log::chain(&error));
            return ExitCode::FAILURE;
        }
    };
    let kept = data.as_ref().map(|folder| folder.display().to_string());
    let told = if args.json { tell_json(&running, kept.as_deref()) } else { tell(&running, kept.as_deref()) };
    if let Err(error) = told {
        tracing::warn!(%error, "the addresses could not be printed");
    }
    ended().await;
    if !args.json {
        anstream::eprintln!("stopping");
    }
    running.stop().await;
    ExitCode::SUCCESS
}

/// Ends with Ctrl-C or a termination signal.
async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Without signals the process is ended by being killed, which loses nothing either.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn tell_json(running: &Running, data: Option<&str>) -> std::io::Result<()> {
    let Running { base_url, port, keys, resumed, .. } = running;
    let line = json!({
        "event": "ready",
        "base_url": base_url,
        "port": port,
        "pid": std::process::id(),
        "data": data,
        "partner": keys.partner,
        "test_key": keys.test_key,
        "form_secret": keys.form_secret,
        "webhook_secret": keys.webhook_secret,
        "operator_token": keys.operator_token,
        "resumed_tasks": resumed,
    });
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    out.flush()
}

fn tell(running: &Running, data: Option<&str>) -> std::io::Result<()> {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let Running { base_url, keys, resumed, .. } = running;
    let mut out = anstream::stdout();
    writeln!(out, "\n{bold}Apikassa is running: {base_url}{bold:#}\n")?;
    for (path, what) in [
        ("/shop", "demo shop: buy and pay with a test card"),
        ("/local/mailbox", "every e-mail and SMS sent"),
        ("/local/time", "time machine: move the demo partner's clock"),
        ("/local/executions", "sandbox executor: fulfil or refuse by hand"),
        ("/shop/webhooks", "webhooks the demo shop received"),
        ("/docs", "the API; /openapi.json for programs; the operator's: /docs/operator"),
        ("/local/quiet.json", "what is under way; ?wait_seconds=20 waits for quiet"),
    ] {
        let address = format!("{base_url}{path}");
        writeln!(out, "  {address:<42} {dim}{what}{dim:#}")?;
    }
    writeln!(out, "\n  test key        {}", keys.test_key)?;
    writeln!(out, "  webhook secret  {}", keys.webhook_secret)?;
    writeln!(out, "  operator token  {}", keys.operator_token)?;
    match data {
        Some(folder) => writeln!(out, "  data            {folder}  {dim}(kept; keys are in demo.json){dim:#}")?,
        None => writeln!(out, "  data            {dim}in memory, ends with the process{dim:#}")?,
    }
    if *resumed > 0 {
        writeln!(out, "  taken up again  {resumed} tasks the last run left")?;
    }
    writeln!(out, "\n  A new order:\n  {}\n\n  Ctrl-C stops.", curl_order(base_url, keys))?;
    out.flush()
}
