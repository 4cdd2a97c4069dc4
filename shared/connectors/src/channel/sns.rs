//! Text messages by SNS, `Publish` to a telephone number (Amazon SNS API Reference; message attributes: Developer Guide,
//! "Publishing SMS messages to a mobile phone").

use aws_sdk_sns::types::MessageAttributeValue;

use super::aws::unconfirmed;
use super::{ChannelError, Sms};

/// Codes that mean: not to this number, however often it is tried (malformed, opted out, landline).
const REFUSALS: [&str; 4] = ["InvalidParameter", "ParameterValueInvalid", "ValidationException", "OptedOut"];

/// Hands a text message over and answers with SNS's id of it. An empty `sender` leaves the choice to SNS.
///
/// # Errors
/// SNS refuses it, did not take it now, or did not answer.
pub async fn send(client: &aws_sdk_sns::Client, sender: &str, sms: &Sms) -> Result<String, ChannelError> {
    // Transactional is delivered where promotional is held back, at the higher price.
    let mut publish = client
        .publish()
        .phone_number(&sms.to)
        .message(&sms.text)
        .message_attributes("AWS.SNS.SMS.SMSType", text("Transactional")?);
    if !sender.is_empty() {
        publish = publish.message_attributes("AWS.SNS.SMS.SenderID", text(sender)?);
    }
    match publish.send().await {
        Ok(answer) => {
            answer.message_id.ok_or_else(|| ChannelError::Unknown("the answer carries no id of the message".into()))
        }
        Err(error) => Err(unconfirmed(&error, &REFUSALS)),
    }
}

fn text(value: &str) -> Result<MessageAttributeValue, ChannelError> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
        .map_err(|error| ChannelError::NotSent(error.to_string()))
}
