//! Links between documents lead somewhere.

use std::collections::BTreeSet;

use crate::tree::{File, exists, files};
use crate::{all_in_order, finding};

/// The addresses of a document's links and pictures, with their lines; code is left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut fenced) = (Vec::new(), false);
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
        for (start, _) in prose.match_indices("](") {
            let rest = &prose[start + 2..];
            let address = rest.split(')').next().unwrap_or_default();
            found.push((at + 1, address.split(" \"").next().unwrap_or_default().to_owned()));
        }
    }
    found
}

/// A heading's anchor, as code hosts make it.
fn anchors(file: &File) -> BTreeSet<String> {
    let headings = file.text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let title = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// `docs/../README.md` as `README.md`; nothing when it leads out of the tree.
fn resolved(from: &str, to: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if to.starts_with('/') {
        parts.clear();
    }
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn links_between_documents_lead_somewhere() {
    let files = files();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_a(&["md"])) {
        for (line, address) in links(&file.text) {
            if address.contains("://") || address.starts_with("mailto:") {
                continue;
            }
            let place = format!("{}:{line}", file.path);
            let (path, fragment) =
                address.split_once('#').map_or((address.as_str(), None), |(path, fragment)| (path, Some(fragment)));
            let target = if path.is_empty() { Some(file.path.clone()) } else { resolved(&file.path, path) };
            let Some(target) = target.filter(|target| exists(target)) else {
                findings.push(finding(place, format!("`{address}` leads nowhere")));
                continue;
            };
            let document = files.iter().find(|file| file.path == target && file.is_a(&["md"]));
            if let (Some(document), Some(fragment)) = (document, fragment)
                && !anchors(document).contains(fragment)
            {
                findings.push(finding(place, format!("{target} has no heading `#{fragment}`")));
            }
        }
    }
    all_in_order(&findings, "write the path from the document itself, and the heading as it is now");
}

#[test]
fn files_that_documents_name_are_there() {
    // `shared/domain/src/order/decide.rs`, in backticks: a map is worth something while it is true.
    let mut findings = Vec::new();
    for file in files()
        .iter()
        .filter(|file| file.is_a(&["md"]) && !file.path.contains("decisions/") && file.path != "CHANGELOG.md")
    {
        for (at, line) in file.text.lines().enumerate() {
            for word in line.split('`').skip(1).step_by(2) {
                let rooted =
                    ["shared/", "functions/", "infra/", "tests/", "docs/"].iter().any(|room| word.starts_with(room));
                let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
                if rooted && plain && !exists(word) {
                    findings.push(finding(format!("{}:{}", file.path, at + 1), format!("`{word}` is not there")));
                }
            }
        }
    }
    all_in_order(&findings, "name what is there now");
}

#[test]
fn the_reader_of_documents_finds_links_and_headings() {
    let text = "# Über uns & mehr\n[a](b.md#x) `[no](no.md)` ![p](../p.png \"t\")\n```\n[no](no.md)\n```\n";
    let found: Vec<_> = links(text).into_iter().map(|(_, address)| address).collect();
    assert_eq!(found, ["b.md#x", "../p.png"]);
    let file = File { path: "docs/a.md".into(), text: text.into() };
    assert!(anchors(&file).contains("über-uns--mehr"));
    assert_eq!(resolved("docs/a.md", "../p.png").as_deref(), Some("p.png"));
    assert_eq!(resolved("docs/a.md", "../../p.png"), None);
}
