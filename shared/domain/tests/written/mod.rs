//! Documents a test writes: kept in `docs/`, compared with what the test would write today, rewritten when a person asks for it.

use std::path::PathBuf;

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Compares the chapters in `docs/{folder}`, and the part of `docs/{front}` after its mark, with what the test `by` makes of
/// them; with `UPDATE=1` it writes them.
#[expect(clippy::disallowed_methods, reason = "UPDATE=1 is how a person asks these tests to write")]
pub fn compare(
    by: &str,
    folder: &str,
    chapters: impl Iterator<Item = (&'static str, String)>,
    front: &str,
    contents: &str,
) {
    let mark = format!("<!-- written by `cargo test -p domain --test {by}` from here on -->\n");
    let mut files: Vec<(PathBuf, String)> =
        chapters.map(|(file, text)| (docs().join(folder).join(file), text)).collect();
    let front = docs().join(front);
    let told = std::fs::read_to_string(&front).unwrap();
    let (told, _) = told.split_once(&mark).unwrap();
    files.push((front, format!("{told}{mark}{contents}")));
    let update = std::env::var("UPDATE").is_ok_and(|value| value == "1");
    let mut stale = Vec::new();
    for (path, text) in files {
        assert!(text.lines().count() <= 1_000, "{} has {} lines", path.display(), text.lines().count());
        if std::fs::read_to_string(&path).is_ok_and(|kept| kept == text) {
            continue;
        }
        if update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        } else {
            stale.push(path);
        }
    }
    assert!(stale.is_empty(), "{stale:?} differ: UPDATE=1 cargo test -p domain --test {by}, then read what changed");
}

/// A chapter: its heading, where to read how it is read, and its sections.
pub fn document(by: &str, title: &str, front: &str, sections: impl Iterator<Item = String>) -> String {
    let mut text = format!(
        "# {title}\n\nWritten by `cargo test -p domain --test {by}`; how to read it is said in [{front}](../{front}).\n\n"
    );
    text.extend(sections);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// A heading's anchor, as code hosts make it.
pub fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
