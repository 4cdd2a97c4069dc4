//! Which room may know which: read from every crate's `Cargo.toml`.
//!
//! ```text
//! functions ──▶ runtime ──▶ workflows ──▶ storage ────▶ domain
//!                               └───────▶ connectors ──▶ domain        one direction, no way back
//! ```

use std::collections::BTreeSet;

use crate::tree::{files, read};
use crate::{all_in_order, finding};

/// A crate of the workspace.
pub struct Crate {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: String,
    /// What it is built from, by the packages' names.
    pub dependencies: BTreeSet<String>,
    /// What only its tests are built from.
    pub dev_dependencies: BTreeSet<String>,
}

/// Every crate.
pub fn crates() -> Vec<Crate> {
    let mut crates = Vec::new();
    for file in files().iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        let manifest: toml::Table = file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path));
        let named = |section: &str| -> BTreeSet<String> {
            let table = manifest.get(section).and_then(toml::Value::as_table);
            let name = |(key, value): (&String, &toml::Value)| {
                value.get("package").and_then(toml::Value::as_str).unwrap_or(key).to_owned()
            };
            table.into_iter().flatten().map(name).collect()
        };
        let name = manifest["package"]["name"].as_str().unwrap().to_owned();
        let folder = file.path.trim_end_matches("/Cargo.toml").to_owned();
        let mut dependencies = named("dependencies");
        dependencies.extend(named("build-dependencies"));
        assert!(manifest.get("target").is_none(), "{}: dependencies by target are not looked at", file.path);
        crates.push(Crate { name, folder, dependencies, dev_dependencies: named("dev-dependencies") });
    }
    assert!(crates.len() > 15, "only {} crates were found", crates.len());
    crates
}

/// What a crate may know of the workspace; nothing when it may know all of it.
fn rooms_known(krate: &Crate) -> Option<&'static [&'static str]> {
    Some(match krate.folder.as_str() {
        "shared/domain" | "shared/pages" => &[],
        "shared/storage" | "shared/connectors" | "shared/papers" => &["domain"],
        "shared/workflows" => &["domain", "storage", "connectors", "pages", "papers"],
        "shared/runtime" => &["domain", "storage", "connectors", "workflows"],
        // The other side of the wire lives in the same table on rows of its own.
        "shared/sandbox" => &["domain", "storage", "connectors", "workflows", "runtime", "pages"],
        // Only this function lets the sandbox in, so that live doors do not even contain it.
        "functions/sandbox" | "functions/sandbox-worker" | "functions/deadlines" => {
            &["domain", "connectors", "workflows", "runtime", "pages", "sandbox"]
        }
        folder if folder.starts_with("functions/") => {
            &["domain", "connectors", "workflows", "runtime", "pages", "papers"]
        }
        "infra/local" | "tests" | "tests/support" => return None,
        other => panic!("{other} is a new room: say in tests/tidy/crates.rs what it may know"),
    })
}

/// Crates from outside that only some rooms may know.
const DOORS: [(&str, &[&str]); 14] = [
    ("aws-sdk-dynamodb", &["shared/storage", "shared/runtime", "infra/local"]),
    ("aws-sdk-sqs", &["shared/runtime", "infra/local"]),
    ("aws-sdk-ses", &["shared/connectors", "shared/runtime"]),
    ("aws-sdk-sns", &["shared/connectors", "shared/runtime"]),
    ("aws-config", &["shared/runtime"]),
    ("lambda_http", &["shared/runtime"]),
    ("lambda_runtime", &["shared/runtime"]),
    ("reqwest", &["shared/connectors"]),
    ("dynoxide-rs", &["infra/local"]),
    ("askama", &["shared/pages"]),
    ("krilla", &["shared/papers"]),
    ("rust_xlsxwriter", &["shared/papers"]),
    ("getrandom", &["shared/runtime"]),
    ("clap", &["infra/local"]),
];

/// All the domain is made of: nothing that can do I/O, tell the time or draw a number.
const DOMAIN: [&str; 9] =
    ["serde", "serde_json", "thiserror", "rust_decimal", "iso_currency", "jiff", "ulid", "sha2", "hex"];

#[test]
fn rooms_know_each_other_in_one_direction() {
    let crates = crates();
    let names: BTreeSet<&str> = crates.iter().map(|krate| krate.name.as_str()).collect();
    let mut findings = Vec::new();
    for krate in &crates {
        let Some(may) = rooms_known(krate) else { continue };
        for other in
            krate.dependencies.iter().filter(|other| names.contains(other.as_str()) && !may.contains(&other.as_str()))
        {
            findings
                .push(finding(format!("{}/Cargo.toml", krate.folder), format!("{} must not know {other}", krate.name)));
        }
    }
    all_in_order(
        &findings,
        "turn the call round: let the outer room hand in what the inner one needs (a trait in `ports`, an argument)",
    );
}

#[test]
fn each_door_to_the_outside_has_its_keeper() {
    let mut findings = Vec::new();
    for krate in crates() {
        if krate.folder.starts_with("tests") {
            continue;
        }
        for (name, keepers) in DOORS {
            if krate.dependencies.contains(name) && !keepers.contains(&krate.folder.as_str()) {
                findings.push(finding(
                    format!("{}/Cargo.toml", krate.folder),
                    format!("{name} is for {} only", keepers.join(", ")),
                ));
            }
        }
        if krate.folder == "shared/domain" {
            for other in krate.dependencies.iter().filter(|other| !DOMAIN.contains(&other.as_str())) {
                findings.push(finding("shared/domain/Cargo.toml", format!("{other} is new to the domain")));
            }
        }
    }
    all_in_order(
        &findings,
        "ask the room that keeps the door; a function never knows the table, the domain never the outside",
    );
}

#[test]
fn the_dependency_policy_says_the_same() {
    // `deny.toml` guards the whole tree of dependencies; a room named there must be one that is.
    let policy: toml::Table = read("deny.toml").parse().unwrap();
    let crates = crates();
    let names: BTreeSet<&str> = crates.iter().map(|krate| krate.name.as_str()).collect();
    let mut findings = Vec::new();
    for ban in policy["bans"]["deny"].as_array().unwrap() {
        let Some(wrappers) = ban.get("wrappers").and_then(toml::Value::as_array) else { continue };
        let banned = ban.get("crate").or_else(|| ban.get("name")).and_then(toml::Value::as_str).unwrap();
        let wrappers: BTreeSet<&str> = wrappers.iter().filter_map(toml::Value::as_str).collect();
        for wrapper in wrappers.iter().filter(|wrapper| !names.contains(**wrapper)) {
            findings.push(finding("deny.toml", format!("{banned}: there is no crate {wrapper}")));
        }
        for krate in &crates {
            let knows = krate.dependencies.contains(banned) || krate.dev_dependencies.contains(banned);
            if knows && !wrappers.contains(krate.name.as_str()) {
                findings.push(finding(
                    "deny.toml",
                    format!("{banned}: {} knows it and is not among the wrappers", krate.name),
                ));
            }
        }
    }
    all_in_order(&findings, "let deny.toml and the crates' Cargo.toml say the same");
}

#[test]
fn every_crate_lives_by_the_house_rules() {
    let mut findings = Vec::new();
    for krate in crates() {
        let path = format!("{}/Cargo.toml", krate.folder);
        let manifest: toml::Table = read(&path).parse().unwrap();
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        if lints != Some(true) {
            findings.push(finding(&path, "`[lints] workspace = true` is missing"));
        }
        for field in ["version", "edition", "rust-version", "license", "publish"] {
            if manifest["package"].get(field).and_then(|field| field.get("workspace")).is_none() {
                findings.push(finding(&path, format!("`{field}.workspace = true` is missing")));
            }
        }
    }
    all_in_order(&findings, "copy the head and the tail of any other crate's Cargo.toml");
}
