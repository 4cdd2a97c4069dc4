//! Amazon's channels as one: e-mail by SES, text messages by SNS.

use std::error::Error;

use async_trait::async_trait;
use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};

use super::{ChannelError, Channels, Email, Sms, ses, sns};

/// The channels of a deployment. Its clients must not try again by themselves: a message whose answer was lost would be sent twice.
pub struct AwsChannels {
    /// SES, version 1.
    pub ses: aws_sdk_ses::Client,
    /// SNS.
    pub sns: aws_sdk_sns::Client,
    /// Sender of every e-mail: `Apikassa <receipts@pay.example>` or an address.
    pub mail_from: String,
    /// Sender of every text message, at most 11 Latin letters and digits; empty where the country does not know such.
    pub sms_sender: String,
}

#[async_trait]
impl Channels for AwsChannels {
    async fn email(&self, email: Email) -> Result<String, ChannelError> {
        ses::send(&self.ses, &self.mail_from, &email).await
    }

    async fn sms(&self, sms: Sms) -> Result<String, ChannelError> {
        sns::send(&self.sns, &self.sms_sender, &sms).await
    }
}

/// What became of a message the service did not confirm. `refusals` are the codes that say: never, not to this recipient.
/// Only codes and causes are told, not the service's message: it quotes the recipient.
pub(super) fn unconfirmed<E>(error: &SdkError<E, HttpResponse>, refusals: &[&str]) -> ChannelError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => ChannelError::NotSent("the request cannot be built".into()),
        SdkError::TimeoutError(_) => ChannelError::Unknown("silence".into()),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(cause) if cause.is_user() || never_connected(cause) => ChannelError::NotSent("no connection".into()),
            _ => ChannelError::Unknown("the connection broke".into()),
        },
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or("no code");
            let status = answer.raw().status().as_u16();
            let told = format!("{code}, status {status}");
            if refusals.contains(&code) {
                ChannelError::Refused(told)
            } else if status >= 500 && status != 503 {
                ChannelError::Unknown(told)
            } else {
                ChannelError::NotSent(told)
            }
        }
        _ => ChannelError::Unknown("the answer is not readable".into()),
    }
}

/// Whether the failure came before a connection was there.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use aws_sdk_ses::config::retry::RetryConfig;
    use aws_sdk_ses::config::timeout::TimeoutConfig;
    use aws_sdk_ses::config::{BehaviorVersion, Credentials, Region};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::ChannelError::{NotSent, Refused, Unknown};
    use super::*;

    /// Amazon, answering every request so or (empty) not at all; what it was asked is kept.
    async fn amazon(status: &str, body: &str) -> (AwsChannels, Arc<Mutex<String>>) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let reply = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let (silent, asked) = (status.is_empty(), Arc::new(Mutex::new(String::new())));
        let kept = asked.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (mut buffer, mut heard) = (vec![0; 65_536], String::new());
                while !heard.contains("Action=") {
                    let read = stream.read(&mut buffer).await.unwrap();
                    heard.push_str(&String::from_utf8_lossy(&buffer[..read]));
                }
                *kept.lock().unwrap() = heard;
                if silent {
                    tokio::time::sleep(Duration::from_mins(1)).await;
                }
                let _ = stream.write_all(reply.as_bytes()).await;
            }
        });
        (channels(&endpoint), asked)
    }

    fn channels(endpoint: &str) -> AwsChannels {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let keys = Credentials::new("test", "test", None, None, "test");
        let patience = TimeoutConfig::builder().operation_timeout(Duration::from_millis(500)).build();
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(
                    $sdk::Config::builder()
                        .behavior_version(BehaviorVersion::latest())
                        .region(Region::new("us-east-1"))
                        .credentials_provider(keys.clone())
                        .endpoint_url(endpoint)
                        .retry_config(RetryConfig::disabled())
                        .timeout_config(patience.clone())
                        .http_client(http.clone())
                        .build(),
                )
            };
        }
        let (mail_from, sms_sender) = ("pay@example.com".to_owned(), "Apikassa".to_owned());
        AwsChannels { ses: client!(aws_sdk_ses), sns: client!(aws_sdk_sns), mail_from, sms_sender }
    }

    fn email() -> Email {
        let (to, reference) = ("buyer@example.com".to_owned(), "ntf_1".to_owned());
        Email { to, subject: "S".into(), text: "T".into(), html: "<p>".into(), inline: Vec::new(), reference }
    }

    fn sms() -> Sms {
        Sms { to: "+79990000001".into(), text: "Чек".into(), reference: "ntf_1".into() }
    }

    fn error(code: &str) -> String {
        format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>for buyer@example.com</Message></Error></ErrorResponse>"
        )
    }

    #[tokio::test]
    async fn the_services_answer_with_their_ids() {
        let ses = "<SendRawEmailResponse><SendRawEmailResult><MessageId>m-1</MessageId></SendRawEmailResult></SendRawEmailResponse>";
        let (channels, asked) = amazon("200 OK", ses).await;
        assert_eq!(channels.email(email()).await.unwrap(), "m-1");
        assert!(asked.lock().unwrap().contains("Action=SendRawEmail"));

        let sns = "<PublishResponse><PublishResult><MessageId>m-2</MessageId></PublishResult></PublishResponse>";
        let (channels, asked) = amazon("200 OK", sns).await;
        assert_eq!(channels.sms(sms()).await.unwrap(), "m-2");
        let asked = asked.lock().unwrap().clone();
        for said in ["PhoneNumber=%2B79990000001", "AWS.SNS.SMS.SMSType", "Transactional", "AWS.SNS.SMS.SenderID"] {
            assert!(asked.contains(said), "{said} in {asked}");
        }
    }

    #[tokio::test]
    async fn a_refusal_a_failure_to_send_and_silence_are_told_apart() {
        let outcome = async |status: &str, code: &str| {
            let (channels, _) = amazon(status, &error(code)).await;
            let (mail, text) = (channels.email(email()).await.unwrap_err(), channels.sms(sms()).await.unwrap_err());
            assert!(!format!("{mail}{text}").contains("buyer@"), "the recipient is not told");
            (mail, text)
        };
        assert!(matches!(outcome("400 Bad Request", "MessageRejected").await, (Refused(_), NotSent(_))));
        assert!(matches!(outcome("400 Bad Request", "InvalidParameter").await, (NotSent(_), Refused(_))));
        assert!(matches!(outcome("400 Bad Request", "Throttling").await, (NotSent(_), NotSent(_))));
        assert!(matches!(outcome("503 Unavailable", "ServiceUnavailable").await, (NotSent(_), NotSent(_))));
        assert!(matches!(outcome("500 Error", "InternalFailure").await, (Unknown(_), Unknown(_))));
        assert!(matches!(outcome("", "").await, (Unknown(_), Unknown(_))));

        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let nobody = channels(&format!("http://{}", listener.local_addr().unwrap()));
        drop(listener);
        assert!(matches!(nobody.email(email()).await, Err(NotSent(_))));
        assert!(matches!(nobody.sms(sms()).await, Err(NotSent(_))));
    }
}
