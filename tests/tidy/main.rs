//! Is everyone in their room? A test over the sources: what the compiler and clippy can not see about the house.
//!
//! Each rule names the place, what is wrong there and how to mend it; all findings are printed at once.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test can not go on without ends it, and says where")]

mod crates;
mod docs;
mod source;
mod template;
mod tree;

use std::fmt::Write as _;

/// Something that is not in its room.
struct Finding {
    /// `path` or `path:line`.
    place: String,
    what: String,
}

/// Fails with all findings and how to mend them.
fn all_in_order(findings: &[Finding], mend: &str) {
    if findings.is_empty() {
        return;
    }
    let mut text = String::new();
    for Finding { place, what } in findings {
        let _ = writeln!(text, "  {place}: {what}");
    }
    panic!("\n{} not in order:\n{text}\nhow to mend it: {mend}\n", findings.len());
}

fn finding(place: impl Into<String>, what: impl Into<String>) -> Finding {
    Finding { place: place.into(), what: what.into() }
}
