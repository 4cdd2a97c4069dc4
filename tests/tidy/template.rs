//! `template.yaml` and the functions say the same; every queue has somewhere for its dead letters.
//!
//! The template is read by its indentation: a resource begins two spaces in, what it says stands below.

use std::collections::{BTreeMap, BTreeSet};

use crate::crates::crates;
use crate::tree::{exists, read};
use crate::{all_in_order, finding};

/// The resources and their texts.
fn resources() -> BTreeMap<String, String> {
    let (mut found, mut inside, mut name) = (BTreeMap::<String, String>::new(), false, String::new());
    for line in read("template.yaml").lines() {
        let begins = |indent: &str| {
            line.strip_prefix(indent).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        if begins("") {
            inside = line.starts_with("Resources:");
        } else if inside && begins("  ") {
            line.trim().split(':').next().unwrap_or_default().clone_into(&mut name);
        }
        let comment = line.trim_start().starts_with('#');
        if inside && !name.is_empty() && !comment {
            let text = found.entry(name.clone()).or_default();
            text.push_str(line);
            text.push('\n');
        }
    }
    assert!(found.len() > 20, "only {} resources were found in template.yaml", found.len());
    found
}

fn of_type<'a>(
    resources: &'a BTreeMap<String, String>,
    kind: &'a str,
) -> impl Iterator<Item = (&'a String, &'a String)> {
    resources.iter().filter(move |(_, text)| text.contains(&format!("Type: {kind}\n")))
}

/// The value of the first `field: value` in a resource.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.split(" #").next().unwrap_or_default().trim())
}

fn functions() -> BTreeSet<String> {
    crates().into_iter().map(|krate| krate.folder).filter(|folder| folder.starts_with("functions/")).collect()
}

#[test]
fn the_template_and_the_functions_say_the_same() {
    let resources = resources();
    let deployed: BTreeSet<String> = of_type(&resources, "AWS::Serverless::Function")
        .map(|(_, text)| field(text, "CodeUri").unwrap_or_default().trim_end_matches('/').to_owned())
        .collect();
    let functions = functions();
    let mut findings = Vec::new();
    for missing in functions.difference(&deployed) {
        findings.push(finding("template.yaml", format!("no function has `CodeUri: {missing}`")));
    }
    for unknown in deployed.difference(&functions) {
        findings.push(finding("template.yaml", format!("`CodeUri: {unknown}` is no crate")));
    }
    all_in_order(&findings, "one trigger, one crate, one AWS::Serverless::Function");
}

#[test]
fn every_queue_has_dead_letters_an_alarm_and_answers_message_by_message() {
    let resources = resources();
    let queues: Vec<_> = of_type(&resources, "AWS::SQS::Queue").collect();
    let mappings: Vec<_> = of_type(&resources, "AWS::Lambda::EventSourceMapping").collect();
    let mut findings = Vec::new();
    for (name, text) in &queues {
        let is_dead =
            |other: &&(&String, &String)| other.1.contains(&format!("deadLetterTargetArn: !GetAtt {name}.Arn"));
        if queues.iter().any(|other| is_dead(&other)) {
            let alarm = of_type(&resources, "AWS::CloudWatch::Alarm")
                .any(|(_, alarm)| alarm.contains(&format!("!GetAtt {name}.QueueName")));
            if !alarm {
                findings.push(finding("template.yaml", format!("nobody is told when something lies in {name}")));
            }
            continue;
        }
        let target = text.split("deadLetterTargetArn: !GetAtt ").nth(1).and_then(|rest| rest.split(".Arn").next());
        if !target.is_some_and(|target| resources.contains_key(target)) {
            findings.push(finding("template.yaml", format!("{name} has no dead-letter queue")));
        }
        match mappings.iter().find(|(_, mapping)| mapping.contains(&format!("!GetAtt {name}.Arn"))) {
            None => findings.push(finding("template.yaml", format!("nobody works for {name}"))),
            Some((mapping, text)) if !text.contains("ReportBatchItemFailures") => {
                findings.push(finding("template.yaml", format!("{mapping} fails a whole batch for one message")));
            }
            Some(_) => {}
        }
    }
    assert!(!queues.is_empty(), "template.yaml has no queue");
    all_in_order(
        &findings,
        "a RedrivePolicy to a queue of its own, an alarm on that one, `FunctionResponseTypes: [ReportBatchItemFailures]`",
    );
}

#[test]
fn no_permission_is_for_everything() {
    let mut findings = Vec::new();
    for (name, text) in &resources() {
        for line in text.lines() {
            let (trimmed, value) = (line.trim(), line.split_once(':').map_or("", |(_, value)| value.trim()));
            let everything = trimmed.starts_with("Resource:") && value.trim_matches(['"', '\'']) == "*";
            let any_action = trimmed.contains("Action:")
                && (trimmed.contains(":*") || trimmed.ends_with("'*'") || trimmed.ends_with("\"*\""));
            let searching = trimmed.contains("dynamodb:Scan") || trimmed.contains("dynamodb:DeleteItem");
            if everything || any_action || searching {
                findings.push(finding("template.yaml", format!("{name}: `{trimmed}`")));
            }
        }
    }
    all_in_order(&findings, "name the actions and the one resource");
}

#[test]
fn the_readme_has_every_function_in_its_table() {
    if !exists("README.md") {
        return;
    }
    let readme = read("README.md");
    let mut findings = Vec::new();
    for folder in functions() {
        let name = folder.trim_start_matches("functions/");
        let told = readme.lines().any(|line| line.starts_with('|') && line.contains(&format!("`{name}`")));
        if !told && !readme.lines().any(|line| line.starts_with('|') && line.contains(&folder)) {
            findings.push(finding("README.md", format!("the table of functions does not have `{name}`")));
        }
    }
    all_in_order(&findings, "add a row: name, trigger, what it does");
}
