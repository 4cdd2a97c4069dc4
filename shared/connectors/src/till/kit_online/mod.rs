//! КИТ Онлайн (КИТ Инвест): rented registers behind `SendCheck` and `StateCheck`, amounts in kopecks.
//!
//! What is known of the protocol is what its public clients say (rodion-m/KitOnline-NET with the vendor's tables of errors, and
//! shops' modules for agents' items); the vendor gives its document to customers only.
//!
//! Credentials of a register: `company_id` (digits), `login` and `password` of a user with the right «API».
//!
//! A check is known by its `CheckId` (tag of ours: the external id), which is never taken twice: a check that failed for a reason
//! that passes is sent again under a new id. Nothing is told by itself, and what is told on asking are the fiscal attributes: no
//! total and no rates, so that only what the tax office or the buyer sees can show that another rate was printed.
//!
//! What it can not do, because its public words end there: corrections, marking codes and parts of marked units (such documents go
//! to another register), the buyer's name and ИНН, the place of settlement and the cashier (set in the vendor's cabinet).
//! Numbers of tag 1199 above 6 are sent as the tag has them: the six published ones are the tag's own.

mod client;
pub mod translate;
pub mod wire;

pub use client::KitOnlineTill;

/// Where the vendor answers.
pub const ADDRESS: &str = "https://api.kit-invest.ru";
