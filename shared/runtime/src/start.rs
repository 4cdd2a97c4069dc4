//! From an environment to everything a workflow needs; from a `main` to a running function.

use std::process::ExitCode;
use std::sync::Arc;

use connectors::client::{ClientError, parse_roots};
use storage::dynamo::DynamoTable;
use storage::store::Store;
use workflows::ports::Ports;

use crate::aws::{Clients, CloudError};
use crate::config::{Config, ConfigError};
use crate::ids::{SystemClock, SystemRandom};
use crate::queue::SqsQueue;
use crate::reach::Reach;

/// Why a function does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The environment.
    #[error("the environment is not usable")]
    Config(#[from] ConfigError),
    /// The file of additional trust roots cannot be read.
    #[error("the file named by SSL_CERT_FILE cannot be read")]
    RootsFile(#[source] std::io::Error),
    /// The additional trust roots are not PEM.
    #[error("the file named by SSL_CERT_FILE is not usable")]
    Roots(#[from] ClientError),
    /// The cloud's TLS.
    #[error("the cloud cannot be reached")]
    Cloud(#[from] CloudError),
    /// Lambda ended the conversation.
    #[error("the Lambda runtime ended")]
    Lambda(#[source] lambda_runtime::Error),
    /// The executor.
    #[error("the executor does not start")]
    Executor(#[source] std::io::Error),
}

/// Runs a function until Lambda ends it: logs first, then everything else, on one thread, because a function has a fraction of
/// one core and waits for others most of the time.
pub fn start(function: impl Future<Output = Result<(), StartError>>) -> ExitCode {
    crate::log::init(crate::config::log_level());
    let ran = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Executor)
        .and_then(|executor| executor.block_on(function));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = crate::log::chain(&error), "the function does not run");
            ExitCode::FAILURE
        }
    }
}

/// Everything outside, as the environment describes it, with the first connection to the table made.
///
/// # Errors
/// The environment is not usable.
pub async fn ports<R: Reach>() -> Result<Ports, StartError> {
    let config = Config::from_environment()?;
    let table_name = config.table_name.clone();
    let (ports, clients) = assemble::<R>(config)?;
    clients.warm(&table_name).await;
    Ok(ports)
}

/// Everything outside, as a configuration describes it. Nothing is sent yet.
///
/// # Errors
/// TLS cannot be set up.
pub fn assemble<R: Reach>(config: Config) -> Result<(Ports, Clients), StartError> {
    let extra_roots = match &config.cloud.extra_roots_file {
        Some(file) => parse_roots(&std::fs::read(file).map_err(StartError::RootsFile)?)?,
        None => Vec::new(),
    };
    let clients = Clients::try_new(&config.cloud, &extra_roots)?;
    let ports = Ports {
        http: R::http(&config, extra_roots),
        channels: R::channels(&config, &clients),
        store: Store::new(Arc::new(DynamoTable::new(clients.dynamodb.clone(), config.table_name))),
        queue: Arc::new(SqsQueue::new(clients.sqs.clone(), config.queues)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        settings: Arc::new(config.settings),
        tokens: Arc::default(),
    };
    Ok((ports, clients))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::config::tests::SOUND;
    use crate::reach::Web;

    fn config(changes: &[(&str, &str)]) -> Config {
        let of = |name: &str| {
            let found = changes.iter().chain(&SOUND).find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Config::parse(of).unwrap()
    }

    /// Ports of a sound environment, whose cloud is nobody's.
    pub(crate) fn ports() -> Ports {
        assemble::<Web>(config(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")])).unwrap().0
    }

    #[test]
    fn everything_outside_is_assembled_without_asking_anyone() {
        assert_eq!(ports().settings.base_url, "https://pay.example");
        let mut drawn = ([0; 16], [0; 16]);
        ports().random.fill(&mut drawn.0);
        ports().random.fill(&mut drawn.1);
        assert_ne!(drawn.0, drawn.1);
        assert!(ports().clock.now() > domain::time::Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn a_missing_bundle_of_roots_stops_the_start() {
        let lost = assemble::<Web>(config(&[("SSL_CERT_FILE", "/nowhere/roots.pem")])).map(|_| ());
        assert!(matches!(lost, Err(StartError::RootsFile(_))));
    }
}
