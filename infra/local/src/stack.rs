//! The stack: everything started in the right order, and stopped in the opposite one.

use std::fs::File;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use connectors::channel::Channels;
use connectors::client::{Limits, ReqwestHttp};
use connectors::client_bank::Payer;
use domain::receipt::Agent;
use domain::tax::Taxation;
use runtime::ids::{SystemClock, SystemRandom};
use storage::store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use workflows::access::sha256_hex;
use workflows::ports::{MasterSecret, Ports, Queue, Settings};

use crate::data::{Folder, new_secret};
use crate::demo::{self, Keys};
use crate::doors::{Doors, dispatch};
use crate::lines::Lines;
use crate::local_pages::{self, Desk, only_this_machine};
use crate::mailbox::Mailbox;
use crate::queues::{Board, queues};
use crate::shop::{self, Shop};
use crate::store::{Embedded, OpenError};

/// The agent's made-up ИНН.
pub const AGENT_INN: &str = "7700000023";
/// How long a stop waits for messages being handled, and for the store.
const STOP_SECONDS_MAX: u64 = 5;

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port on loopback; 0: the one the folder's stack had last, or else a free one.
    pub port: u16,
    /// The folder; nothing: everything in memory.
    pub data: Option<PathBuf>,
    /// Time between two looks at what is due. A minute on AWS.
    pub sweep_every: Duration,
}

impl Options {
    /// In memory, on a free port.
    pub fn in_memory() -> Self {
        Self { port: 0, data: None, sweep_every: Duration::from_secs(5) }
    }
}

/// Why a stack does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another stack has the folder.
    #[error("a stack already runs on {}", .0.display())]
    Taken(PathBuf),
    /// The folder.
    #[error("the folder {} is not usable", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// The port.
    #[error("port {0} can not be listened on; choose another with --port, or 0 for a free one")]
    Port(u16, #[source] std::io::Error),
    /// The store.
    #[error("the store does not open")]
    Store(#[from] OpenError),
    /// The demo partner.
    #[error("the demo partner is not well-formed")]
    Partner(#[from] domain::id::IdError),
    /// The demo partner's rows.
    #[error("the demo partner can not be kept")]
    Keep(#[from] storage::store::StoreError),
    /// What was under way when the stack ended.
    #[error("what was under way can not be taken up again")]
    Resume(#[from] workflows::error::WorkflowError),
}

/// A stack that runs until it is stopped.
pub struct Running {
    /// `http://localhost:PORT`.
    pub base_url: String,
    /// The port.
    pub port: u16,
    /// The demo partner's keys.
    pub keys: Arc<Keys>,
    /// Everything outside, for tests that look behind the doors.
    pub ports: Ports,
    /// What was sent to buyers.
    pub mailbox: Mailbox,
    /// What is in the queues.
    pub board: Board,
    /// Tasks sent again at the start.
    pub resumed: usize,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    embedded: Embedded,
    _lock: Option<File>,
}

/// Starts a stack.
///
/// # Errors
/// Something it needs is not to be had; nothing is left running.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let folder = options.data.as_ref().map(Folder::new);
    let lock = folder.as_ref().map(take).transpose()?;
    let unusable = |folder: &Folder| {
        let path = folder.path().to_owned();
        move |error| StartError::Folder(path, error)
    };
    let (secret, mut keys) = match &folder {
        Some(folder) => (folder.secret().map_err(unusable(folder))?, folder.keys().map_err(unusable(folder))?),
        None => (new_secret(), Keys::new(&SystemRandom)),
    };
    let (letters, heard) = match &folder {
        Some(folder) => (
            Lines::open(&folder.mailbox()).map_err(unusable(folder))?,
            Lines::open(&folder.webhooks()).map_err(unusable(folder))?,
        ),
        None => (Lines::in_memory(), Lines::in_memory()),
    };
    let listener = listen(options.port, keys.port).await?;
    let port = listener.local_addr().map_err(|error| StartError::Port(options.port, error))?.port();
    let base_url = format!("http://localhost:{port}");
    let embedded = match &folder {
        Some(folder) => Embedded::open(&folder.store()).await?,
        None => Embedded::in_memory().await?,
    };

    let mailbox = Mailbox::new(letters);
    let (queue, outbox) = queues();
    let board = queue.board();
    let settings = settings(&base_url, secret, &keys.operator_token);
    let ports = ports(embedded.store.clone(), Arc::new(mailbox.clone()), Arc::new(queue), settings);
    let tenant = demo::tenant()?;
    demo::ensure(&ports, &tenant, &keys, &base_url).await?;
    keys.port = port;
    if let Some(folder) = &folder {
        folder.keep_keys(&keys).map_err(unusable(folder))?;
    }
    let keys = Arc::new(keys);

    let desk = Desk {
        ports: ports.clone(),
        doors: Doors::new(&ports),
        tenant,
        keys: Arc::clone(&keys),
        mailbox: mailbox.clone(),
        board: board.clone(),
        data: folder.as_ref().map_or_else(|| "—".to_owned(), |folder| folder.path().display().to_string()),
    };
    let demo_shop = Shop { keys: Arc::clone(&keys), base_url: base_url.clone(), http: Arc::clone(&ports.http), heard };
    let router = router(desk, demo_shop);
    let (stop, ended) = watch::channel(false);
    let mut tasks = vec![tokio::spawn(serve(listener, router, ended.clone()))];
    tokio::spawn(outbox.run(ports.clone()));

    // Queues die with the process: what was on its way is on record in its order, and is sent again.
    let mut resumed = 0;
    for tenant in ports.store.tenants().await? {
        resumed += workflows::sweep::resend_all(&ports, &tenant).await?;
    }
    tasks.push(tokio::spawn(tick(ports.clone(), options.sweep_every, ended)));
    Ok(Running { base_url, port, keys, ports, mailbox, board, resumed, stop, tasks, embedded, _lock: lock })
}

impl Running {
    /// Stops: no new requests, no more ticks, a moment for what is being handled, then the store.
    pub async fn stop(self) {
        let Self { stop, tasks, embedded, board, ports, .. } = self;
        // Nobody listens any more when all of them have ended by themselves.
        let _ = stop.send(true);
        let patience = Duration::from_secs(STOP_SECONDS_MAX);
        let orderly = async {
            for task in tasks {
                // A task that panicked has said so in the log.
                let _ = task.await;
            }
            while board.counts().values().any(|count| count.ready + count.in_flight > 0) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            drop(ports);
            embedded.close().await;
        };
        if tokio::time::timeout(patience, orderly).await.is_err() {
            tracing::warn!("not everything came to its end in time; it is taken up at the next start");
        }
    }
}

/// Everything outside, on one machine.
pub fn ports(store: Store, channels: Arc<dyn Channels>, queue: Arc<dyn Queue>, settings: Settings) -> Ports {
    Ports {
        store,
        http: Arc::new(ReqwestHttp::new(settings.allow_private_hosts, Vec::new(), Limits::STANDARD)),
        channels,
        queue,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        settings: Arc::new(settings),
        tokens: Arc::default(),
    }
}

/// Settings of one machine.
pub fn settings(base_url: &str, secret: String, operator_token: &str) -> Settings {
    Settings {
        base_url: base_url.to_owned(),
        master_secret: MasterSecret(secret.into_bytes()),
        agent: Agent {
            name: "ООО «Апикасса»".to_owned(),
            inn: AGENT_INN.to_owned(),
            address: "101000, г. Москва, ул. Мясницкая, д. 1".to_owned(),
            email: "support@apikassa.example".to_owned(),
            phone: "+74950000000".to_owned(),
            taxation: Taxation::UsnIncome,
        },
        payer: Payer {
            name: "ООО «Апикасса»".to_owned(),
            inn: AGENT_INN.to_owned(),
            account: "40702810600000000001".to_owned(),
            bic: "044525902".to_owned(),
            bank: "АО «Второй тестовый банк»".to_owned(),
            correspondent: "30101810600000000902".to_owned(),
        },
        operator_token_sha256: sha256_hex(operator_token),
        allow_private_hosts: true,
        exchange_days: Settings::EXCHANGE_DAYS,
    }
}

fn take(folder: &Folder) -> Result<File, StartError> {
    folder.take().map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => StartError::Taken(folder.path().to_owned()),
        _ => StartError::Folder(folder.path().to_owned(), error),
    })
}

/// Listens on the port asked for; when any will do, on the one had last if it is free, because letters sent then name it.
async fn listen(port: u16, before: u16) -> Result<TcpListener, StartError> {
    if port == 0
        && before != 0
        && let Ok(listener) = TcpListener::bind(("127.0.0.1", before)).await
    {
        return Ok(listener);
    }
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| StartError::Port(port, error))
}

fn router(desk: Desk, shop: Shop) -> Router {
    let functions = Router::new().fallback(dispatch).with_state(desk.doors.clone());
    runtime::door(local_pages::router(desk).merge(shop::router(shop)))
        .fallback_service(functions)
        .layer(axum::middleware::from_fn(only_this_machine))
}

async fn serve(listener: TcpListener, router: Router, stopped: watch::Receiver<bool>) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(until(stopped)).await;
    if let Err(error) = served {
        tracing::error!(%error, "the door failed");
    }
}

/// Ticks between looks at days that are over.
const BOOKS_EVERY: u64 = 60;

/// Looks at what is due, again and again: what EventBridge does on AWS.
async fn tick(ports: Ports, every: Duration, stopped: watch::Receiver<bool>) {
    let mut books = 0_u64;
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let stopped = until(stopped);
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = &mut stopped => return,
        }
        if let Err(error) = deadlines::tick(ports.clone()).await {
            tracing::warn!(error = runtime::log::chain(&error), "a tick failed; the next one looks again");
        }
        if books.is_multiple_of(BOOKS_EVERY)
            && let Err(error) = month_close::tick(ports.clone()).await
        {
            tracing::warn!(error = runtime::log::chain(&error), "days could not be sealed; the next look goes on");
        }
        books += 1;
    }
}

/// Ends when the stack is to stop, or is dropped.
async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the stack was dropped.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
