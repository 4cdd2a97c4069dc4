//! Stands under the contract: an embedded DynamoDB on loopback, and what a network can do to its answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and these helpers are no test functions themselves"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use storage::dynamo::DynamoTable;
use storage::table::Key;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Name of the table in every test.
pub const TABLE: &str = "apikassa";

/// A key.
pub fn key(pk: &str, sk: &str) -> Key {
    Key { pk: pk.to_owned(), sk: sk.to_owned() }
}

/// A client of whoever listens on `port`.
pub fn client(port: u16) -> Client {
    client_to(&format!("http://127.0.0.1:{port}"), Duration::from_secs(20))
}

/// A client of `endpoint` that is quick to repeat and waits for `patience`.
pub fn client_to(endpoint: &str, patience: Duration) -> Client {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(patience).build();
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint)
            .timeout_config(timeouts)
            .retry_config(retries)
            .build(),
    )
}

/// An embedded DynamoDB on a loopback port, until dropped or stopped.
pub struct Served {
    /// Where it listens.
    pub port: u16,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
}

impl Served {
    /// Serves `database`.
    pub async fn start(database: dynoxide::Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
            let _dropped = stopped.await;
        }));
        Self { port, stop, server }
    }

    /// The table in it.
    pub fn table(&self) -> DynamoTable {
        DynamoTable::new(client(self.port), TABLE)
    }

    /// Returns once every request is answered and every connection closed.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        self.server.await.unwrap().unwrap();
    }
}

/// An empty table in memory.
pub async fn served() -> Served {
    let served = Served::start(dynoxide::Database::memory().unwrap()).await;
    DynamoTable::create(&client(served.port), TABLE).await.unwrap();
    served
}

/// A port on which nobody listens.
pub async fn refused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// What becomes of one request.
pub enum Script {
    /// These bytes come back.
    Answer(String),
    /// The connection ends after the request was read.
    HangUp,
    /// The same, and nobody listens any more.
    HangUpForGood,
    /// Nothing comes back.
    Silence,
}

/// An answer in DynamoDB's form.
pub fn answer(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads every request, then does as `script` says for its number.
pub async fn scripted(script: impl Fn(usize) -> Script + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        for attempt in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            match script(attempt) {
                Script::Answer(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                Script::HangUp => {}
                Script::HangUpForGood => {
                    drop(listener);
                    return;
                }
                Script::Silence => silent.push(stream),
            }
        }
    });
    port
}

async fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 8192];
        let count = stream.read(&mut chunk).await.unwrap();
        request.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        if count == 0 || body.len() >= length.unwrap_or(0) {
            return;
        }
    }
}

/// How many of the next answers are lost on their way back.
#[derive(Clone, Default)]
pub struct Loss(Arc<AtomicUsize>);

impl Loss {
    /// From now on.
    pub fn lose_next(&self, answers: usize) {
        self.0.store(answers, Ordering::SeqCst);
    }

    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

/// A way to `served` on which answers can be lost after the work was done.
pub async fn lossy(served: &Served) -> (u16, Loss) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (to, loss) = (served.port, Loss::default());
    let losing = loss.clone();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
            let losing = losing.clone();
            tokio::spawn(async move {
                let (mut asked, mut answered) = (vec![0; 65536], vec![0; 65536]);
                loop {
                    tokio::select! {
                        count = near.read(&mut asked) => match count {
                            Ok(count) if count > 0 => far.write_all(&asked[..count]).await.unwrap(),
                            _ => return,
                        },
                        count = far.read(&mut answered) => match count {
                            Ok(count) if count > 0 && !losing.take() => near.write_all(&answered[..count]).await.unwrap(),
                            _ => return,
                        },
                    }
                }
            });
        }
    });
    (port, loss)
}
