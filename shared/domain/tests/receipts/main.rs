//! Receipts of whole stories: whatever is bought, however it is paid, taken and given back, every document can be printed, and
//! together they say to the kopeck what became of the money and of every line.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod basket;
mod examples;
mod laws;
mod reach;
mod story;
