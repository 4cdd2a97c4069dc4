//! Icons as inline SVG, drawn with `currentColor`; decorative, so hidden from screen readers.

/// A tick.
pub(crate) const CHECK: &str =
    r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="m5 12.5 4.5 4.5L19 7.5"/></svg>"#;
/// A clock face.
pub(crate) const CLOCK: &str = r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/></svg>"#;
/// An exclamation mark.
pub(crate) const ALERT: &str =
    r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 6v8M12 17.5v.5"/></svg>"#;
/// A cross.
pub(crate) const CROSS: &str =
    r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="m7 7 10 10M17 7 7 17"/></svg>"#;
/// Money on its way back.
pub(crate) const BACK: &str =
    r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="M9 6 5 10l4 4M5 10h9a5 5 0 0 1 0 10h-3"/></svg>"#;
/// A padlock.
pub(crate) const LOCK: &str = r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/></svg>"#;
/// A bank card.
pub(crate) const CARD: &str = r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><rect x="3" y="5" width="18" height="14" rx="3"/><path d="M3 10h18M7 15h3"/></svg>"#;
/// A magnifying glass.
pub(crate) const SEARCH: &str = r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><circle cx="11" cy="11" r="6"/><path d="m15.5 15.5 4 4"/></svg>"#;
/// A sheet of paper.
pub(crate) const SHEET: &str = r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5"/></svg>"#;
/// A code to be scanned.
const CODE: &str = r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2m4 4h-6"/></svg>"#;
/// A telephone.
const PHONE: &str = r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="M7 3h10v18H7zM11 18h2"/></svg>"#;
/// A circle in quarters.
const QUARTERS: &str = r#"<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="8.5"/><path d="M12 3v18M3 12h18"/></svg>"#;

/// The picture beside a way to pay.
pub(crate) fn method(id: &str) -> &'static str {
    match id {
        "card" => CARD,
        "sbp" => CODE,
        "dolyami" => QUARTERS,
        _ => PHONE,
    }
}
