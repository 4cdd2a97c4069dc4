//! `apikassa device`: a virtual stationary register with its agent, at the doors of any stack.
//!
//! The register is a file, written after everything that changes it and before anybody is told: killed at any moment, the agent
//! finds in it what was printed. The switches (paper, reachability, the drive) are that file's fields.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use connectors::client::{Limits, ReqwestHttp};
use connectors::http::Http;
use runtime::ids::SystemClock;
use sandbox::device::{Agent, Register, Turn};
use workflows::ports::Clock;

/// Seconds between two looks for a job.
const LOOK_SECONDS: u64 = 2;
/// Looks between two words about itself: five minutes.
const LOOKS_PER_BEAT: u64 = 150;

/// `apikassa device`.
#[derive(Debug, Clone, Args)]
pub struct DeviceArgs {
    /// Address of the stack.
    #[arg(long, default_value = "http://localhost:8080")]
    pub url: String,
    /// The register's id in the partner's contracts.
    #[arg(long)]
    pub register: String,
    /// Its device key.
    #[arg(long)]
    pub key: String,
    /// Key of its model, for a register that is not there yet.
    #[arg(long, default_value = "atol-30f")]
    pub model: String,
    /// The file the register is.
    #[arg(long, value_name = "FILE", default_value = "device.json")]
    pub file: PathBuf,
    /// Come once, and end.
    #[arg(long)]
    pub once: bool,
}

/// Prints what there is to print until it is stopped.
pub async fn run(args: &DeviceArgs) -> ExitCode {
    match serve(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("apikassa: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(args: &DeviceArgs) -> std::io::Result<()> {
    let http: Arc<dyn Http> = Arc::new(ReqwestHttp::new(true, Vec::new(), Limits::STANDARD));
    for look in 0_u64.. {
        // Read anew each time: somebody may have taken the paper out.
        let mut agent = Agent::new(&args.url, &args.register, &args.key, read(args)?);
        if look % LOOKS_PER_BEAT == 0 {
            let status = agent.beat(http.as_ref()).await;
            anstream::println!("state: {status}, {} documents left", agent.register.drive.left());
        }
        match agent.fetch(http.as_ref()).await {
            Ok(None) => {}
            Err(status) => anstream::eprintln!("no job: the stack answers {status}"),
            Ok(Some(job)) => {
                let work = agent.work(job, SystemClock.now());
                write(&args.file, &agent.register)?;
                match agent.tell(http.as_ref(), work).await {
                    Turn::Done { id, found: true } => anstream::println!("{id}: had been printed, told"),
                    Turn::Done { id, found: false } => anstream::println!("{id}: printed"),
                    Turn::Failed(id, why) => anstream::println!("{id}: not printed, {}", why.code()),
                    other => anstream::println!("{other:?}"),
                }
            }
        }
        if args.once {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(LOOK_SECONDS)).await;
    }
    Ok(())
}

fn read(args: &DeviceArgs) -> std::io::Result<Register> {
    match std::fs::read(&args.file) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let unknown = || std::io::Error::other(format!("there is no model {}", args.model));
            let register = Register::new(&args.model, 1, SystemClock.now()).ok_or_else(unknown)?;
            write(&args.file, &register)?;
            Ok(register)
        }
        Err(error) => Err(error),
    }
}

/// All or nothing: a register that is half written would have forgotten.
fn write(file: &Path, register: &Register) -> std::io::Result<()> {
    let beside = file.with_extension("new");
    std::fs::write(&beside, serde_json::to_vec_pretty(register)?)?;
    std::fs::rename(beside, file)
}
