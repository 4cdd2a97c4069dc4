//! Laws across the wire: what we sign can not be changed, and opens only what it was signed for.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::collections::BTreeMap;

use connectors::client_bank::Payer;
use connectors::signature;
use domain::id::{Mode, OrderId, Tenant};
use domain::receipt::Agent;
use domain::tax::Taxation;
use domain::time::Timestamp;
use proptest::prelude::*;
use workflows::links;
use workflows::ports::{MasterSecret, Settings};

fn settings(secret: &[u8]) -> Settings {
    Settings {
        base_url: "https://pay.example".to_owned(),
        master_secret: MasterSecret(secret.to_vec()),
        agent: Agent {
            name: String::new(),
            inn: String::new(),
            address: String::new(),
            email: String::new(),
            phone: String::new(),
            taxation: Taxation::Osn,
        },
        payer: Payer {
            name: String::new(),
            inn: String::new(),
            account: String::new(),
            bic: String::new(),
            bank: String::new(),
            correspondent: String::new(),
        },
        operator_token_sha256: String::new(),
        allow_private_hosts: false,
        exchange_days: Settings::EXCHANGE_DAYS,
    }
}

fn orders() -> impl Strategy<Value = OrderId> {
    ("[a-z0-9]{3,20}", any::<bool>(), "[A-Z0-9-]{1,20}", 0_i64..4_000_000_000).prop_map(
        |(partner, live, number, seconds)| {
            let mode = if live { Mode::Live } else { Mode::Test };
            OrderId::new(Tenant::try_new(&partner, mode).unwrap(), &number, Timestamp::from_second(seconds).unwrap())
        },
    )
}

fn fields() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map("[a-z_]{1,8}", "[^\n]{0,12}", 1..6).prop_map(|mut fields| {
        fields.remove("signature");
        fields
    })
}

/// Fields out of few letters, those among them that the form of the signed text is made of: what can be confused, is.
fn confusing() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map("[ab=\n]{1,3}", "[ab=\n]{0,4}", 0..3)
}

/// What somebody on the way can do to signed fields.
#[derive(Debug, Clone)]
enum Change {
    Value(usize, String),
    Name(usize, String),
    Added(String, String),
    Removed(usize),
    Swapped(usize, usize),
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        (0_usize..6, "(?s).{0,12}").prop_map(|(at, value)| Change::Value(at, value)),
        (0_usize..6, "[a-z_\n=]{1,8}").prop_map(|(at, name)| Change::Name(at, name)),
        ("[a-z_\n=]{1,8}", "(?s).{0,12}").prop_map(|(name, value)| Change::Added(name, value)),
        (0_usize..6).prop_map(Change::Removed),
        (0_usize..6, 0_usize..6).prop_map(|(left, right)| Change::Swapped(left, right)),
    ]
}

fn changed(fields: &BTreeMap<String, String>, change: &Change) -> BTreeMap<String, String> {
    let mut changed = fields.clone();
    let name = |at: usize| fields.keys().nth(at % fields.len()).unwrap().clone();
    if fields.is_empty() {
        return changed;
    }
    match change {
        Change::Value(at, value) => {
            changed.insert(name(*at), value.clone());
        }
        Change::Name(at, new) => {
            let value = changed.remove(&name(*at)).unwrap();
            changed.insert(new.clone(), value);
        }
        Change::Added(name, value) => {
            changed.insert(name.clone(), value.clone());
        }
        Change::Removed(at) => {
            changed.remove(&name(*at));
        }
        Change::Swapped(left, right) => {
            changed.insert(name(*left), fields[&name(*right)].clone());
            changed.insert(name(*right), fields[&name(*left)].clone());
        }
    }
    changed.remove("signature");
    changed
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn no_signed_field_can_be_changed_renamed_added_removed_or_swapped(fields in fields(), change in changes()) {
        let other = changed(&fields, &change);
        let mut sent = fields.clone();
        sent.insert("signature".to_owned(), links::fields_signature("secret", &fields));
        prop_assert!(links::fields_signature_holds("secret", &sent));
        prop_assert!(!links::fields_signature_holds("another secret", &sent));
        let mut forged = other.clone();
        forged.insert("signature".to_owned(), sent["signature"].clone());
        prop_assert_eq!(links::fields_signature_holds("secret", &forged), other == fields, "{:?}", forged);
    }

    #[test]
    fn one_signature_is_right_for_one_form_only(left in confusing(), right in confusing()) {
        let signed = |fields: &BTreeMap<String, String>| {
            let mut signed = fields.clone();
            signed.insert("signature".to_owned(), links::fields_signature("secret", &left));
            links::fields_signature_holds("secret", &signed)
        };
        prop_assert!(left == right || !(signed(&left) && signed(&right)), "both are taken");
    }

    #[test]
    fn two_fields_can_not_be_joined_to_one(name in "[a-c]", value in "[ab]{0,3}", next in "[d-e]", rest in "[ab]{0,3}") {
        let split = BTreeMap::from([(name.clone(), value.clone()), (next.clone(), rest.clone())]);
        let signature = links::fields_signature("secret", &split);
        let mut joined = BTreeMap::from([(name, format!("{value}\n{next}={rest}"))]);
        joined.insert("signature".to_owned(), signature);
        prop_assert!(!links::fields_signature_holds("secret", &joined));
    }

    #[test]
    fn a_signature_is_whole_or_nothing(fields in fields(), cut in 0_usize..64, flip in 0_usize..64) {
        let whole = links::fields_signature("secret", &fields);
        let mut sent = fields;
        sent.insert("signature".to_owned(), whole.to_uppercase());
        prop_assert!(links::fields_signature_holds("secret", &sent), "hex is hex");
        sent.insert("signature".to_owned(), whole[..cut].to_owned());
        prop_assert!(!links::fields_signature_holds("secret", &sent));
        let mut digits: Vec<char> = whole.chars().collect();
        digits[flip] = if digits[flip] == '0' { '1' } else { '0' };
        sent.insert("signature".to_owned(), digits.into_iter().collect());
        prop_assert!(!links::fields_signature_holds("secret", &sent));
    }

    #[test]
    fn a_link_opens_what_it_was_made_for_and_nothing_else(id in orders(), no in any::<u8>(), seconds in 0_i64..4_000_000_000) {
        let ours = settings(b"ours");
        let until = Timestamp::from_second(seconds).unwrap();
        let last = |url: String| url.rsplit('/').next().unwrap().to_owned();
        let checkout = links::checkout_token(&ours, &id);
        let receipt = last(links::receipt_url(&ours, &id, no));
        let result = last(links::result_url(&ours, &id, until));
        prop_assert_eq!(links::open_checkout(&ours, &checkout), Some(id.clone()));
        prop_assert_eq!(links::open_receipt(&ours, &receipt), Some((id.clone(), no)));
        prop_assert_eq!(links::open_result(&ours, &result), Some((id.clone(), until)));
        for token in [&receipt, &result] {
            prop_assert_eq!(links::open_checkout(&ours, token), None);
        }
        for token in [&checkout, &result] {
            prop_assert_eq!(links::open_receipt(&ours, token), None);
        }
        for token in [&checkout, &receipt] {
            prop_assert_eq!(links::open_result(&ours, token), None);
        }
        let theirs = settings(b"theirs");
        prop_assert_eq!(links::open_checkout(&theirs, &checkout), None);
        prop_assert_eq!(links::open_receipt(&theirs, &receipt), None);
        prop_assert_eq!(links::open_result(&theirs, &result), None);
    }

    #[test]
    fn no_letter_of_a_link_can_be_changed(id in orders(), no in any::<u8>(), at in any::<prop::sample::Index>(), to in "[0-9A-Za-z_~-]") {
        let ours = settings(b"ours");
        for (token, opens) in [
            (links::checkout_token(&ours, &id), (|ours, token| links::open_checkout(ours, token).is_some()) as fn(&Settings, &str) -> bool),
            (links::receipt_url(&ours, &id, no).rsplit('/').next().unwrap().to_owned(), |ours, token| links::open_receipt(ours, token).is_some()),
        ] {
            let mut letters: Vec<char> = token.chars().collect();
            let at = at.index(letters.len());
            letters[at] = to.chars().next().unwrap();
            let forged: String = letters.into_iter().collect();
            prop_assert_eq!(opens(&ours, &forged), forged == token, "{}", forged);
            prop_assert!(!opens(&ours, &token[..token.len() - 1]));
            let longer = format!("{token}A");
            prop_assert!(!opens(&ours, &longer));
        }
    }

    #[test]
    fn a_forms_token_is_for_one_order_and_one_purpose(id in orders(), other in orders()) {
        let ours = settings(b"ours");
        let pay = links::form_token(&ours, &id, "pay");
        prop_assert!(links::form_token_holds(&ours, &id, "pay", &pay));
        prop_assert!(!links::form_token_holds(&ours, &id, "cancel", &pay));
        prop_assert_eq!(links::form_token_holds(&ours, &other, "pay", &pay), other == id);
        prop_assert!(!links::form_token_holds(&settings(b"theirs"), &id, "pay", &pay));
        // A form's token is no link, and what stands in the page's address is no form's token.
        prop_assert_eq!(links::open_checkout(&ours, &format!("{id}~{pay}")), None);
        let address = links::checkout_token(&ours, &id);
        let tag = address.rsplit('~').next().unwrap();
        prop_assert!(!links::form_token_holds(&ours, &id, "pay", tag) && !links::form_token_holds(&ours, &id, "cancel", tag));
    }

    #[test]
    fn a_callbacks_secret_is_for_one_peer_of_one_tenant(id in orders(), other in orders(), body in proptest::collection::vec(any::<u8>(), 0..60)) {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let secret = |purpose: &str, id: &OrderId| signature::derive(b"ours", purpose, id.tenant());
        let header = signature::sign(&secret("bank", &id), now, &body);
        let holds = |secret: &[u8], body: &[u8]| signature::verify(secret, now, Some(&header), body).is_ok();
        prop_assert!(holds(&secret("bank", &id), &body));
        prop_assert!(!holds(&secret("till", &id), &body) && !holds(&secret("executor", &id), &body));
        prop_assert_eq!(holds(&secret("bank", &other), &body), other.tenant() == id.tenant());
        let mut longer = body.clone();
        longer.push(b' ');
        prop_assert!(!holds(&secret("bank", &id), &longer));
    }
}
