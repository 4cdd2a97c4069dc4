//! The tree: which files there are, and rules about files as such.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{all_in_order, finding};

/// Lines a source file may have.
const LINES_MAX: usize = 1_000;
/// Not ours, or made by machines.
const SKIPPED: [&str; 7] =
    ["target", "node_modules", "__pycache__", "snapshots", "dist", "venv", "proptest-regressions"];
/// What people write here.
const TEXTS: [&str; 16] =
    ["mjs", "rs", "toml", "yaml", "yml", "json", "md", "py", "sh", "php", "html", "css", "js", "txt", "svg", "conf"];

/// A file of the tree.
pub struct File {
    /// From the root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Whether something is at a path from the root.
pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// One file.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every text in the tree, in the order of the paths.
pub fn files() -> Vec<File> {
    let (mut files, mut folders) = (Vec::new(), vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let hidden = name.starts_with('.') && name != ".ci";
            if hidden || SKIPPED.contains(&name.as_str()) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
                continue;
            }
            let known = path.extension().is_none_or(|end| TEXTS.contains(&end.to_string_lossy().as_ref()));
            // What is no UTF-8 is a picture or a program.
            if let Some(text) =
                known.then(|| fs::read(&path).ok()).flatten().and_then(|bytes| String::from_utf8(bytes).ok())
            {
                let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                files.push(File { path, text });
            }
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(files.len() > 100, "the tree was not found: {} files", files.len());
    files
}

/// The Rust sources.
pub fn sources() -> Vec<File> {
    files().into_iter().filter(|file| file.is_a(&["rs"])).collect()
}

impl File {
    /// Whether its name ends so, after the last dot.
    pub fn is_a(&self, ends: &[&str]) -> bool {
        Path::new(&self.path).extension().is_some_and(|end| ends.iter().any(|wanted| end == *wanted))
    }

    /// The crate's folder: `shared/domain`, `functions/checkout`, `infra/local`, `tests`, `tests/support`.
    pub fn krate(&self) -> &str {
        let parts: Vec<usize> = self.path.match_indices('/').map(|(at, _)| at).collect();
        let depth = usize::from(!self.path.starts_with("tests/") || self.path.starts_with("tests/support/"));
        parts.get(depth).map_or(&self.path, |end| &self.path[..*end])
    }

    /// Whether all of it is there for tests or for looking at.
    pub fn is_for_tests(&self) -> bool {
        let inside = |folder: &str| self.path.contains(&format!("/{folder}/"));
        self.path.starts_with("tests/") || inside("tests") || inside("examples") || inside("benches")
    }
}

#[test]
fn every_source_begins_with_what_it_is_for() {
    let mut findings = Vec::new();
    for file in sources() {
        let first = file.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.len() < 12 {
            findings.push(finding(&file.path, format!("begins with `{first}`")));
        }
    }
    all_in_order(&findings, "let the first line say what the file is for: `//! The order's journal: what happened, …`");
}

#[test]
fn no_source_is_longer_than_a_sitting() {
    let mut findings = Vec::new();
    for file in files() {
        let code = file.is_a(&["rs", "py", "php", "sh", "js", "mjs"]);
        let lines = file.text.lines().count();
        if code && lines > LINES_MAX {
            findings.push(finding(&file.path, format!("{lines} lines; at most {LINES_MAX}")));
        }
    }
    all_in_order(&findings, "find the second noun in it and give it a file of its own");
}

#[test]
fn nothing_names_the_machine_or_the_workplace_it_was_written_in() {
    // Spelled in two parts, so that this list does not find itself.
    let words: Vec<String> = [
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("/home/", "ubuntu"),
        ("HOU", "SE.md"),
        ("featu", "res.md"),
        ("proto", "cols.md"),
        ("aws-", "local.md"),
        ("CLAU", "DE"),
        ("AGEN", "TS.md"),
        ("Anth", "ropic"),
        ("issues ", "show"),
        ("arti", "factory"),
    ]
    .map(|(head, tail)| format!("{head}{tail}"))
    .to_vec();
    let mut findings = Vec::new();
    for file in files() {
        for (at, line) in file.text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                findings.push(finding(format!("{}:{}", file.path, at + 1), format!("`{word}`")));
            }
        }
    }
    all_in_order(
        &findings,
        "name what everybody has: a path from the root, a document in `docs/`, a public standard and its section",
    );
}
