//! The embedded store: DynamoDB's protocol over `SQLite`, on a loopback port, so that the table is spoken to just as on AWS.

use std::path::Path;
use std::sync::Arc;

use dynoxide::Database;
use runtime::aws::{Clients, CloudError};
use runtime::config::Cloud;
use storage::dynamo::DynamoTable;
use storage::store::Store;
use storage::table::TableError;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Name of the table.
const TABLE_NAME: &str = "apikassa";

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file.
    #[error("the store's file can not be opened: {0}")]
    File(String),
    /// The port.
    #[error("the store can not listen on a loopback port")]
    Port(#[source] std::io::Error),
    /// The client.
    #[error("the store's client can not be made")]
    Client(#[from] CloudError),
    /// The table.
    #[error("the store has no usable table")]
    Table(#[from] TableError),
}

/// A store served in this process until it is closed or dropped.
pub struct Embedded {
    /// Memory on it.
    pub store: Store,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
}

impl Embedded {
    /// A store in a file, which is made if it is not there.
    ///
    /// # Errors
    /// It can not be opened or served.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let path = path.to_str().ok_or_else(|| OpenError::File("its path is not Unicode".to_owned()))?;
        Self::serve(Database::new(path).map_err(|error| OpenError::File(error.to_string()))?).await
    }

    /// A store in memory.
    ///
    /// # Errors
    /// It can not be served.
    pub async fn in_memory() -> Result<Self, OpenError> {
        Self::serve(Database::memory().map_err(|error| OpenError::File(error.to_string()))?).await
    }

    async fn serve(database: Database) -> Result<Self, OpenError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(OpenError::Port)?;
        let endpoint = format!("http://{}", listener.local_addr().map_err(OpenError::Port)?);
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
            // Ends when it is closed, and when it is dropped too.
            let _ = stopped.await;
        }));
        let nobody = || "test".to_owned();
        let cloud = Cloud {
            region: "eu-central-1".to_owned(),
            access_key_id: nobody(),
            secret_access_key: nobody(),
            session_token: None,
            endpoint_url: Some(endpoint),
            extra_roots_file: None,
        };
        let client = Clients::try_new::<Vec<u8>>(&cloud, &[])?.dynamodb;
        DynamoTable::create(&client, TABLE_NAME).await?;
        let store = Store::new(Arc::new(DynamoTable::new(client, TABLE_NAME)));
        Ok(Self { store, stop, server })
    }

    /// Stops serving once every request is answered, and closes the file.
    pub async fn close(self) {
        let Self { store, stop, server } = self;
        drop(store);
        // A server that is gone already needs no stopping.
        let _ = stop.send(());
        if !matches!(server.await, Ok(Ok(()))) {
            tracing::warn!("the store did not stop in order");
        }
    }
}

/// Copies the store of a file as it is at this moment, also while another process uses it.
///
/// # Errors
/// The file is not a store, or the copy can not be written.
pub fn snapshot(from: &Path, to: &Path) -> Result<(), OpenError> {
    let text = |path: &Path| {
        path.to_str().map(ToOwned::to_owned).ok_or_else(|| OpenError::File("its path is not Unicode".to_owned()))
    };
    if !from.is_file() {
        return Err(OpenError::File(format!("{} is not there", from.display())));
    }
    let database = Database::new(&text(from)?).map_err(|error| OpenError::File(error.to_string()))?;
    database.vacuum_into(&text(to)?).map_err(|error| OpenError::File(error.to_string()))
}
