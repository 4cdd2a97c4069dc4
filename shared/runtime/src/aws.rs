//! Amazon's services: one HTTP client under all of them, made to be ready soon.
//!
//! What makes a cold start short: *ring* instead of AWS-LC, six embedded roots instead of the system's bundle, keys taken from
//! Lambda's variables instead of a chain of providers, and the first TLS handshake made during init, which runs at full CPU.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_types::SdkConfig;
use base64::Engine;

use crate::config::Cloud;

/// The authorities that sign Amazon's endpoints (Amazon Trust Services, "Root CAs"), as Mozilla's programme has them. Only these are
/// embedded: all of the web's weigh 190 kB, in every function.
const AMAZON_ROOTS: &str = include_str!("amazon_roots.pem");

/// Attempts of one call, the first included. All calls of DynamoDB and SQS may be made twice: writes carry a condition or a
/// token, and consumers of a queue expect a message twice.
const ATTEMPTS_MAX: u32 = 3;

/// The services.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The queues.
    pub sqs: aws_sdk_sqs::Client,
    /// E-mail. Never tries again by itself: a letter whose answer was lost would be sent twice.
    pub ses: aws_sdk_ses::Client,
    /// Text messages. Never tries again by itself.
    pub sns: aws_sdk_sns::Client,
}

/// The cloud's TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("the TLS context cannot be built")]
pub struct CloudError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Clients {
    /// Clients for a cloud; `extra_roots` (DER) are trusted beside Amazon's. Nothing is sent yet.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn try_new<R: AsRef<[u8]>>(cloud: &Cloud, extra_roots: &[R]) -> Result<Self, CloudError> {
        let keys = Credentials::new(
            &cloud.access_key_id,
            &cloud.secret_access_key,
            cloud.session_token.clone(),
            None,
            "environment",
        );
        // An attempt that takes three seconds is lost; eight leave the caller of a ten-second door an answer.
        let patience = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(3))
            .operation_timeout(Duration::from_secs(8))
            .build();
        let mut shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(cloud.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http_client(extra_roots)?)
            .timeout_config(patience)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX));
        shared.set_endpoint_url(cloud.endpoint_url.clone());
        let shared = shared.build();
        let once = shared.to_builder().retry_config(RetryConfig::disabled()).build();
        Ok(Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&shared),
            sqs: aws_sdk_sqs::Client::new(&shared),
            ses: aws_sdk_ses::Client::new(&once),
            sns: aws_sdk_sns::Client::new(&once),
        })
    }

    /// Makes the first connection to the table's service, by asking for an item that is not there.
    pub async fn warm(&self, table_name: &str) {
        let absent = || AttributeValue::S("warm".to_owned());
        let asked = self.dynamodb.get_item().table_name(table_name).key("pk", absent()).key("sk", absent());
        if let Err(error) = asked.send().await {
            tracing::debug!(error = crate::log::chain(&error), "the first connection was not made");
        }
    }
}

fn http_client<R: AsRef<[u8]>>(extra_roots: &[R]) -> Result<SharedHttpClient, CloudError> {
    let mut trust = TrustStore::empty();
    for root in amazon_roots() {
        trust.add_pem_certificate(root);
    }
    for root in extra_roots {
        trust.add_pem_certificate(pem(root.as_ref()));
    }
    let context = TlsContext::builder().with_trust_store(trust).build().map_err(|error| CloudError(error.into()))?;
    Ok(aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https())
}

/// One certificate each, in PEM.
fn amazon_roots() -> impl Iterator<Item = &'static str> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----\n";
    AMAZON_ROOTS.split_inclusive(END).filter_map(|part| part.find(BEGIN).map(|at| &part[at..]))
}

fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(endpoint_url: Option<String>) -> Cloud {
        Cloud {
            region: "eu-central-1".into(),
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
            session_token: None,
            endpoint_url,
            extra_roots_file: None,
        }
    }

    #[test]
    fn amazons_authorities_are_those_the_web_trusts() {
        let webs: Vec<_> = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|root| pem_text(root)).collect();
        let ours: Vec<_> = amazon_roots().map(|root| root.replace('\n', "")).collect();
        assert_eq!(ours.len(), 5);
        assert!(ours.iter().all(|root| webs.contains(root)));
    }

    fn pem_text(der: &[u8]) -> String {
        pem(der).replace('\n', "")
    }

    #[tokio::test]
    async fn clients_are_made_and_a_cloud_that_is_not_there_does_not_stop_a_start() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let extra = [webpki_root_certs::TLS_SERVER_ROOT_CERTS[0].as_ref()];
        Clients::try_new(&cloud(Some(endpoint)), &extra).unwrap().warm("apikassa").await;
    }
}
