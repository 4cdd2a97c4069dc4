//! Links nobody can guess, and parameters nobody can change: everything the platform signs for itself and for partners.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{OrderId, Tenant};
use domain::report::Period;
use domain::time::Timestamp;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::ports::{MasterSecret, Random, Settings};

/// HMAC-SHA256.
pub fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so this arm is never taken; an all-zero digest would match nothing that is signed.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn tag(secret: &MasterSecret, purpose: &str, text: &str) -> String {
    let digest = mac(&secret.0, format!("{purpose}\n{text}").as_bytes());
    URL_SAFE_NO_PAD.encode(&digest[..16])
}

fn untag<'a>(secret: &MasterSecret, purpose: &str, token: &'a str) -> Option<&'a str> {
    let (text, given) = token.rsplit_once('~')?;
    bool::from(tag(secret, purpose, text).as_bytes().ct_eq(given.as_bytes())).then_some(text)
}

fn token(secret: &MasterSecret, purpose: &str, text: &str) -> String {
    format!("{text}~{}", tag(secret, purpose, text))
}

/// The token of an order's checkout page.
pub fn checkout_token(settings: &Settings, id: &OrderId) -> String {
    token(&settings.master_secret, "checkout", &id.to_string())
}

/// The order a checkout token opens; nothing when the token was not made here.
pub fn open_checkout(settings: &Settings, token: &str) -> Option<OrderId> {
    untag(&settings.master_secret, "checkout", token)?.parse().ok()
}

/// Address of an order's checkout page, which is its status page afterwards.
pub fn checkout_url(settings: &Settings, id: &OrderId) -> String {
    format!("{}/c/{}", settings.base_url, checkout_token(settings, id))
}

/// Address of the page where the buyer cancels.
pub fn cancel_url(settings: &Settings, id: &OrderId) -> String {
    format!("{}/cancel", checkout_url(settings, id))
}

/// Address of a receipt's page.
pub fn receipt_url(settings: &Settings, id: &OrderId, no: u8) -> String {
    let token = token(&settings.master_secret, "receipt", &format!("{id}~{no}"));
    format!("{}/r/{token}", settings.base_url)
}

/// The receipt a token opens.
pub fn open_receipt(settings: &Settings, token: &str) -> Option<(OrderId, u8)> {
    let (id, no) = untag(&settings.master_secret, "receipt", token)?.rsplit_once('~')?;
    Some((id.parse().ok()?, no.parse().ok()?))
}

/// Address of an order's result, good until `until`.
pub fn result_url(settings: &Settings, id: &OrderId, until: Timestamp) -> String {
    let token = token(&settings.master_secret, "result", &format!("{id}~{}", until.as_second()));
    format!("{}/d/{token}", settings.base_url)
}

/// The result a token opens, and until when.
pub fn open_result(settings: &Settings, token: &str) -> Option<(OrderId, Timestamp)> {
    let (id, until) = untag(&settings.master_secret, "result", token)?.rsplit_once('~')?;
    Some((id.parse().ok()?, Timestamp::from_second(until.parse().ok()?).ok()?))
}

/// Address of a month's report and its papers, good until `until`; `/act.pdf` and the like follow.
pub fn report_url(settings: &Settings, tenant: &Tenant, period: Period, until: Timestamp) -> String {
    let token = token(&settings.master_secret, "report", &format!("{tenant}~{period}~{}", until.as_second()));
    format!("{}/a/{token}", settings.base_url)
}

/// The report a token opens, and until when.
pub fn open_report(settings: &Settings, token: &str) -> Option<(Tenant, Period, Timestamp)> {
    let (text, until) = untag(&settings.master_secret, "report", token)?.rsplit_once('~')?;
    let (tenant, period) = text.split_once('~')?;
    let period = Period::try_from(period.to_owned()).ok()?;
    Some((tenant.parse().ok()?, period, Timestamp::from_second(until.parse().ok()?).ok()?))
}

/// Seconds a link to a buyer's wallet is good for: a day.
pub const WALLET_SECONDS: i64 = 24 * 3_600;

/// Address of the page where a buyer of a shop's sees their saved means, good until `until`.
pub fn wallet_url(settings: &Settings, tenant: &Tenant, customer: &str, until: Timestamp) -> String {
    // The shop's own id of its buyer may have any character in it.
    let customer = URL_SAFE_NO_PAD.encode(customer);
    let token = token(&settings.master_secret, "wallet", &format!("{tenant}~{customer}~{}", until.as_second()));
    format!("{}/w/{token}", settings.base_url)
}

/// The buyer whose saved means a token opens, and until when.
pub fn open_wallet(settings: &Settings, token: &str) -> Option<(Tenant, String, Timestamp)> {
    let (text, until) = untag(&settings.master_secret, "wallet", token)?.rsplit_once('~')?;
    let (tenant, customer) = text.split_once('~')?;
    let customer = String::from_utf8(URL_SAFE_NO_PAD.decode(customer).ok()?).ok()?;
    Some((tenant.parse().ok()?, customer, Timestamp::from_second(until.parse().ok()?).ok()?))
}

/// Address of the page where the buyer ends a subscription.
pub fn subscription_url(settings: &Settings, tenant: &Tenant, id: &str) -> String {
    let token = token(&settings.master_secret, "subscription", &format!("{tenant}~{id}"));
    format!("{}/s/{token}", settings.base_url)
}

/// The subscription a token opens.
pub fn open_subscription(settings: &Settings, token: &str) -> Option<(Tenant, String)> {
    let (tenant, id) = untag(&settings.master_secret, "subscription", token)?.split_once('~')?;
    Some((tenant.parse().ok()?, id.to_owned()))
}

/// A token that proves a form was made by this platform for this subscription.
pub fn subscription_form_token(settings: &Settings, tenant: &Tenant, id: &str) -> String {
    tag(&settings.master_secret, "subscription-form", &format!("{tenant}\n{id}"))
}

/// Whether such a form's token is right.
pub fn subscription_form_token_holds(settings: &Settings, tenant: &Tenant, id: &str, given: &str) -> bool {
    bool::from(subscription_form_token(settings, tenant, id).as_bytes().ct_eq(given.as_bytes()))
}

/// A token that proves a form was made by this platform for this buyer's saved means.
pub fn wallet_form_token(settings: &Settings, tenant: &Tenant, customer: &str) -> String {
    tag(&settings.master_secret, "wallet-form", &format!("{tenant}\n{customer}"))
}

/// Whether such a form's token is right.
pub fn wallet_form_token_holds(settings: &Settings, tenant: &Tenant, customer: &str, given: &str) -> bool {
    bool::from(wallet_form_token(settings, tenant, customer).as_bytes().ct_eq(given.as_bytes()))
}

/// A token that proves a form was made by this platform for this order and this purpose.
pub fn form_token(settings: &Settings, id: &OrderId, purpose: &str) -> String {
    tag(&settings.master_secret, purpose, &id.to_string())
}

/// Whether a form's token is right.
pub fn form_token_holds(settings: &Settings, id: &OrderId, purpose: &str, given: &str) -> bool {
    bool::from(form_token(settings, id, purpose).as_bytes().ct_eq(given.as_bytes()))
}

/// Signature over named values, as redirect forms and return parameters carry it: hex HMAC-SHA256, keyed with the partner's
/// form secret, over the lines `name=value` in the order of the names, each ended by a line feed. `signature` is left out.
pub fn fields_signature(secret: &str, fields: &BTreeMap<String, String>) -> String {
    let signed = fields.iter().filter(|(name, _)| name.as_str() != "signature");
    let mut text = String::new();
    for (name, value) in signed {
        text.push_str(name);
        text.push('=');
        text.push_str(value);
        text.push('\n');
    }
    hex::encode(mac(secret.as_bytes(), text.as_bytes()))
}

/// Whether the `signature` among named values is right, over the values as they were received. A line feed in a name or value
/// could be read as the next field, so nothing that has one is rightly signed.
pub fn fields_signature_holds(secret: &str, fields: &BTreeMap<String, String>) -> bool {
    if fields.iter().any(|(name, value)| name.contains(['\n', '=']) || value.contains('\n')) {
        return false;
    }
    let given = fields.get("signature").map(|text| text.to_ascii_lowercase()).unwrap_or_default();
    bool::from(fields_signature(secret, fields).as_bytes().ct_eq(given.as_bytes()))
}

/// A URL with query parameters added.
pub fn with_query(url: &str, parameters: &BTreeMap<String, String>) -> String {
    let (before, fragment) = url.split_once('#').map_or((url, None), |(before, fragment)| (before, Some(fragment)));
    let mut text = before.to_owned();
    for (name, value) in parameters {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.push_str(&percent(name));
        text.push('=');
        text.push_str(&percent(value));
    }
    if let Some(fragment) = fragment {
        text.push('#');
        text.push_str(fragment);
    }
    text
}

fn percent(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A random text of Latin letters and digits, about six bits a character.
pub fn random_text(random: &dyn Random, length: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789xY";
    let mut bytes = vec![0_u8; length];
    random.fill(&mut bytes);
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_changed_field_breaks_the_signature() {
        let mut form = fields(&[("amount", "3000.00"), ("number", "A-1")]);
        // printf 'amount=3000.00\nnumber=A-1\n' | openssl dgst -sha256 -hmac secret
        let signature = fields_signature("secret", &form);
        form.insert("signature".into(), signature);
        assert!(fields_signature_holds("secret", &form));
        form.insert("amount".into(), "1.00".into());
        assert!(!fields_signature_holds("secret", &form));
        form.insert("amount".into(), "3000.00\nnumber=A-1".into());
        form.remove("number");
        assert!(!fields_signature_holds("secret", &form), "one field that looks like two");
        form.remove("signature");
        assert!(!fields_signature_holds("secret", &form));
    }

    #[test]
    fn a_line_feed_in_a_value_is_not_the_end_of_a_field() {
        // Both read `metadata=a` and `number=A-1` when they are signed: so only the one without a line feed is taken.
        let mut joined = fields(&[("metadata", "a\nnumber=A-1")]);
        let mut split = fields(&[("metadata", "a"), ("number", "A-1")]);
        for form in [&mut joined, &mut split] {
            let signature = fields_signature("secret", form);
            form.insert("signature".into(), signature);
        }
        assert!(fields_signature_holds("secret", &split));
        assert!(!fields_signature_holds("secret", &joined));
    }

    #[test]
    fn parameters_are_added_before_the_fragment() {
        let url = with_query("https://shop.example/back?x=1#top", &fields(&[("status", "оплачен"), ("a", "b&c")]));
        assert_eq!(url, "https://shop.example/back?x=1&a=b%26c&status=%D0%BE%D0%BF%D0%BB%D0%B0%D1%87%D0%B5%D0%BD#top");
    }
}
