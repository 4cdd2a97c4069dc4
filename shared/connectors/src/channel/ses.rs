//! E-mail by SES version 1, `SendRawEmail` (Amazon SES API Reference, 2010-12-01).

use aws_sdk_ses::primitives::Blob;
use aws_sdk_ses::types::RawMessage;
use lettre::message::header::{ContentType, Date, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::aws::unconfirmed;
use super::{ChannelError, Email};

/// Codes that mean: not to this recipient, however often it is tried.
const REFUSALS: [&str; 2] = ["MessageRejected", "InvalidParameterValue"];

/// The header that carries [`Email::reference`].
pub const REFERENCE_HEADER: &str = "X-Apikassa-Reference";

/// Hands an e-mail over and answers with SES's id of it.
///
/// # Errors
/// SES refuses it, did not take it now, or did not answer.
pub async fn send(client: &aws_sdk_ses::Client, from: &str, email: &Email) -> Result<String, ChannelError> {
    let message = RawMessage::builder()
        .data(Blob::new(mime(from, email)?))
        .build()
        .map_err(|error| ChannelError::NotSent(error.to_string()))?;
    match client.send_raw_email().raw_message(message).send().await {
        Ok(answer) => Ok(answer.message_id),
        Err(error) => Err(unconfirmed(&error, &REFUSALS)),
    }
}

/// The e-mail as it goes over the wire (RFC 5322, RFC 2046): text beside HTML, pictures related to the HTML. The same e-mail
/// gives the same bytes: boundaries come from the reference, and the date is left to SES, which writes its own in any case.
///
/// # Errors
/// The recipient is not an address; or ours is not.
pub fn mime(from: &str, email: &Email) -> Result<Vec<u8>, ChannelError> {
    let from: Mailbox =
        from.parse().map_err(|error| ChannelError::NotSent(format!("the sender is not an address: {error}")))?;
    let to: Mailbox =
        email.to.parse().map_err(|error| ChannelError::Refused(format!("the recipient is not an address: {error}")))?;
    let boundary = |part: &str| hex::encode(&Sha256::digest(format!("{part} {}", email.reference))[..16]);

    let html = SinglePart::html(email.html.clone());
    let mut body =
        MultiPart::alternative().boundary(boundary("body")).singlepart(SinglePart::plain(email.text.clone()));
    if email.inline.is_empty() {
        body = body.singlepart(html);
    } else {
        let png = ContentType::parse("image/png").map_err(|error| ChannelError::NotSent(error.to_string()))?;
        let mut related = MultiPart::related().boundary(boundary("html")).singlepart(html);
        for picture in &email.inline {
            let name = format!("{}.png", picture.content_id);
            related = related.singlepart(
                Attachment::new_inline_with_name(picture.content_id.clone(), name)
                    .body(picture.bytes.clone(), png.clone()),
            );
        }
        body = body.multipart(related);
    }

    let mut message = Message::builder()
        .from(from)
        .to(to)
        .subject(email.subject.as_str())
        .multipart(body)
        .map_err(|error| ChannelError::NotSent(format!("the e-mail cannot be built: {error}")))?;
    let headers = message.headers_mut();
    headers.remove::<Date>();
    headers.insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(REFERENCE_HEADER), one_line(&email.reference)));
    Ok(message.formatted())
}

/// A header's value: what would end the line is left out.
fn one_line(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::InlinePng;
    use super::*;

    fn email() -> Email {
        Email {
            to: "buyer@example.com".into(),
            subject: "Чек на 3 000,00 ₽".into(),
            text: "Спасибо за покупку.\n".into(),
            html: "<p>Спасибо <img src=\"cid:qr\"></p>".into(),
            inline: vec![InlinePng { content_id: "qr".into(), bytes: b"\x89PNG\r\n\x1a\n".to_vec() }],
            reference: "ord_1/receipt/1".into(),
        }
    }

    #[test]
    fn an_email_is_an_alternative_of_text_and_html_with_its_pictures() {
        let wire = String::from_utf8(mime("Apikassa <pay@example.com>", &email()).unwrap()).unwrap();
        let expected = [
            "From: Apikassa <pay@example.com>",
            "To: buyer@example.com",
            "Subject: =?utf-8?b?0KfQtdC6INC90LA=?= 3 000,00 =?utf-8?b?4oK9?=",
            "MIME-Version: 1.0",
            "X-Apikassa-Reference: ord_1/receipt/1",
            "Content-Type: multipart/alternative;",
            " boundary=\"b4259fe467cc44f0c9e1780dad739cdd\"",
            "",
            "--b4259fe467cc44f0c9e1780dad739cdd",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "",
            "0KHQv9Cw0YHQuNCx0L4g0LfQsCDQv9C+0LrRg9C/0LrRgy4NCg==",
            "--b4259fe467cc44f0c9e1780dad739cdd",
            "Content-Type: multipart/related; boundary=\"600e12bcbd5c5e64528c4e6904b2f9a5\"",
            "",
            "--600e12bcbd5c5e64528c4e6904b2f9a5",
            "Content-Type: text/html; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "",
            "PHA+0KHQv9Cw0YHQuNCx0L4gPGltZyBzcmM9ImNpZDpxciI+PC9wPg==",
            "--600e12bcbd5c5e64528c4e6904b2f9a5",
            "Content-ID: <qr>",
            "Content-Disposition: inline; filename=\"qr.png\"",
            "Content-Type: image/png",
            "Content-Transfer-Encoding: base64",
            "",
            "iVBORw0KGgo=",
            "--600e12bcbd5c5e64528c4e6904b2f9a5--",
            "--b4259fe467cc44f0c9e1780dad739cdd--",
            "",
        ];
        assert_eq!(wire, expected.join("\r\n"));
    }

    #[test]
    fn an_email_without_pictures_has_no_related_part() {
        let wire =
            String::from_utf8(mime("pay@example.com", &Email { inline: Vec::new(), ..email() }).unwrap()).unwrap();
        assert!(wire.contains("multipart/alternative") && !wire.contains("multipart/related"), "{wire}");
    }

    #[test]
    fn nothing_can_add_a_header() {
        let sly = Email { subject: "a\r\nBcc: x@y.z".into(), reference: "r\r\nBcc: x@y.z".into(), ..email() };
        let wire = String::from_utf8(mime("pay@example.com", &sly).unwrap()).unwrap();
        assert!(!wire.lines().any(|line| line.starts_with("Bcc")), "{wire}");
        let sly = Email { to: "a@b.c\r\nBcc: x@y.z".into(), ..email() };
        assert!(matches!(mime("pay@example.com", &sly), Err(ChannelError::Refused(_))));
    }

    #[test]
    fn a_wrong_recipient_is_refused_and_a_wrong_sender_is_our_fault() {
        let nobody = Email { to: "nobody".into(), ..email() };
        let refused = mime("pay@example.com", &nobody);
        assert!(matches!(refused, Err(ChannelError::Refused(text)) if !text.contains("nobody")));
        assert!(matches!(mime("us", &email()), Err(ChannelError::NotSent(_))));
    }
}
