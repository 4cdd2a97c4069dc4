//! Writes the tables and compares them with `docs/`. `UPDATE=1 cargo test -p domain --test matrix` rewrites the documents.

use std::collections::BTreeMap;
use std::fmt::Write;

use domain::order::Receipt;
use domain::receipt::{AgentSign, Ffd, Measure, ReceiptDocument, ReceiptKind, Settlement, Subject};
use domain::tax::Taxation;

use crate::laws::in_both;
use crate::paths::{Chapter, Path, chapters};
use crate::tags::{self, HEAD, ITEM, Tagged, kind_words, rate_words, settlement_words};
use crate::tale::Tale;
use crate::written;

/// Items of a long receipt that are shown: the first ones and the last.
const SHOWN: usize = 6;

/// What two versions say of one tag: once where they agree, else `FFD 1.05 / FFD 1.2`.
fn merged(old: &[Tagged], new: &[Tagged]) -> BTreeMap<&'static str, String> {
    let said = |tags: &[Tagged], column| tags.iter().find(|(of, _)| *of == column).map(|(_, value)| value.clone());
    let columns = old.iter().chain(new).map(|(column, _)| *column);
    columns
        .map(|column| {
            let value = match (said(old, column), said(new, column)) {
                (Some(old), Some(new)) if old == new => old,
                (old, new) => {
                    let or_none = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
                    format!("{} / {}", or_none(old), or_none(new))
                }
            };
            (column, value)
        })
        .collect()
}

fn table(text: &mut String, order: &[&'static str], rows: &[BTreeMap<&'static str, String>], first: usize) {
    for row in rows {
        assert!(row.keys().all(|column| order.contains(column)), "{row:?} has a tag without a column");
    }
    let columns: Vec<_> = order.iter().filter(|column| rows.iter().any(|row| row.contains_key(*column))).collect();
    let cells = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push_str(&cells(columns.iter().map(|column| (**column).to_owned()).collect()));
    let _ = writeln!(text, "|{}", "---|".repeat(columns.len()));
    for (at, row) in rows.iter().enumerate() {
        if rows.len() > first && at == first - 1 {
            let more = format!("… {} more …", rows.len() - first);
            let empty = std::iter::repeat_n(String::new(), columns.len() - 1);
            text.push_str(&cells(std::iter::once(more).chain(empty).collect()));
        }
        if rows.len() <= first || at < first - 1 || at == rows.len() - 1 {
            let row = columns.iter().map(|column| row.get(**column).cloned().unwrap_or_default()).collect();
            text.push_str(&cells(row));
        }
    }
    text.push('\n');
}

/// What a receipt is for.
fn purpose(tale: &Tale, receipt: &Receipt, document: &ReceiptDocument) -> String {
    let mut words = vec![kind_words(document.kind).to_owned()];
    words.push(settlement_words(receipt.stage.settlement()).to_owned());
    if document.payments.prepaid.is_positive() {
        words.push("зачёт предоплаты".to_owned());
    }
    if let Some(wrong) = receipt.corrects {
        let undoes = tale.receipt(wrong).kind != receipt.kind;
        words.push(if undoes { format!("undoes receipt {wrong}") } else { format!("replaces receipt {wrong}") });
    }
    if let Some(differs) = &receipt.differs {
        words.push(format!("printed otherwise: {}", differs.text));
    }
    let alone = |other: &&Receipt| other.operation == receipt.operation && other.share > 0;
    if tale.order.receipts.iter().any(|other| alone(&other)) {
        words.push(format!("part {} of the operation", receipt.share + 1));
    }
    let register = receipt.register.as_deref().unwrap_or_default();
    if register != "first" || receipt.attempt > 0 {
        let id = document.external_id.rsplit('-').next().unwrap_or_default();
        words.push(format!("by register `{register}`, id `…-{id}`"));
    }
    words.join(" · ")
}

fn section(path: &Path) -> String {
    let [old, new] = in_both(path);
    let mut text = format!("## {}\n\n{}\n\n", path.name, path.told);
    if new.sent.is_empty() {
        text.push_str("No receipt.\n\n");
    }
    for ((no, old, _), (_, document, _)) in old.sent.iter().zip(&new.sent) {
        let _ = writeln!(text, "**{no}.** {}\n", purpose(&new, new.receipt(*no), document));
        table(&mut text, HEAD, &[merged(&tags::head(old), &tags::head(document))], SHOWN);
        let items = old.items.iter().zip(&document.items);
        let items: Vec<_> = items.map(|(a, b)| merged(&tags::item(old, a), &tags::item(document, b))).collect();
        table(&mut text, ITEM, &items, SHOWN);
    }
    text
}

fn document(chapter: &Chapter) -> String {
    written::document("matrix", chapter.title, "RECEIPTS.md", chapter.paths.iter().map(section))
}

/// A receipt in one line: which way, how much by what, and of its items what they are, how far settled, at which rates.
fn brief(no: u8, document: &ReceiptDocument) -> String {
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for item in &document.items {
        let (settlement, subject) = (item.settlement.tag_1214(), item.subject.tag_1212_in(document.ffd));
        let code = match (&item.mark, document.ffd) {
            (None, _) => "",
            (Some(_), Ffd::V1_05) => ", 1162",
            (Some(_), Ffd::V1_2) => ", 2000",
        };
        let (head, rate) = (format!("1214 = {settlement}{code}, 1212 = {subject}"), item.tag_1199().to_string());
        match said.iter_mut().find(|(known, _)| *known == head) {
            Some((_, rates)) if rates.contains(&rate) => {}
            Some((_, rates)) => rates.push(rate),
            None => said.push((head, vec![rate])),
        }
    }
    let items: Vec<String> =
        said.into_iter().map(|(head, rates)| format!("{head}, 1199 = {}", rates.join(" and "))).collect();
    let paid: Vec<String> =
        document.payments.tagged().map(|(tag, paid)| format!("{tag} = {}", paid.to_decimal())).collect();
    let form = if document.correction.is_some() { " (чек коррекции)" } else { "" };
    format!("{no}. {}{form}: {}; {}", kind_words(document.kind), paid.join(", "), items.join("; "))
}

fn briefly(tale: &Tale) -> String {
    let list: Vec<String> = tale.sent.iter().map(|(no, document, _)| brief(*no, document)).collect();
    if list.is_empty() { "–".to_owned() } else { list.join("<br>") }
}

fn contents(chapters: &[Chapter]) -> String {
    let mut text = legend();
    for chapter in chapters {
        let _ = writeln!(text, "\n### {}\n\n| way | receipts in FFD 1.05 | in FFD 1.2 |\n|---|---|---|", chapter.title);
        for path in &chapter.paths {
            let [old, new] = in_both(path);
            let (old, new) = (briefly(&old), briefly(&new));
            let new = if old == new { "the same".to_owned() } else { new };
            let _ = writeln!(
                text,
                "| [{}](receipts/{}#{}) | {old} | {new} |",
                path.name,
                chapter.file,
                written::anchor(path.name)
            );
        }
    }
    text
}

/// The values of tags that are codes.
fn legend() -> String {
    let list = |values: Vec<String>| values.join(", ");
    let kinds =
        [ReceiptKind::Sale, ReceiptKind::SaleRefund].map(|kind| format!("{} {}", kind.tag_1054(), kind_words(kind)));
    let subject = |subject: &Subject| match [Ffd::V1_05, Ffd::V1_2].map(|ffd| subject.tag_1212_in(ffd)) {
        [old, new] if old == new => format!("{new} {}", subject.code()),
        [old, new] => format!("{old} / {new} {}", subject.code()),
    };
    let rates = (1..=12).filter_map(|tag| Some(format!("{tag} {}", rate_words(tag)?)));
    let measures = (0..=255).filter_map(Measure::of);
    let rows = [
        ("1054", list(kinds.to_vec())),
        ("1209", list([Ffd::V1_05, Ffd::V1_2].map(|ffd| format!("{} FFD {}", ffd.tag_1209(), ffd.text())).to_vec())),
        ("1055", list(Taxation::ALL.map(|of| format!("{} {}", of.tag_1055(), of.code())).to_vec())),
        ("1197 / 2108", list(measures.map(|of| format!("{} / {}", of.text(), of.tag_2108())).collect())),
        ("1199", list(rates.collect())),
        ("1212", list(Subject::ALL.iter().map(subject).collect())),
        ("1214", list(Settlement::ALL.map(|of| format!("{} {}", of.tag_1214(), settlement_words(of))).to_vec())),
        ("1222", list(AgentSign::ALL.map(|of| format!("{} {}", of.tag_1222(), of.code())).to_vec())),
    ];
    let mut text = "\n| tag | values |\n|---|---|\n".to_owned();
    for (tag, values) in rows {
        let _ = writeln!(text, "| {tag} | {values} |");
    }
    text.push_str("\n## The matrix\n");
    text
}

#[test]
fn the_tables_of_the_receipts_are_as_written() {
    let chapters = chapters();
    let documents = chapters.iter().map(|chapter| (chapter.file, document(chapter)));
    written::compare("matrix", "receipts", documents, "RECEIPTS.md", &contents(&chapters));
}
