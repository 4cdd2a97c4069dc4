//! The room that **stands in for AWS on one machine**, and the command-line program `apikassa`.
//!
//! Invariant: no business rule lives here. The doors, workers and clocks are the functions' own; this crate only brings them
//! requests, messages and ticks, as API Gateway, SQS and EventBridge do, and keeps what they store in a folder. What AWS does
//! durably and this crate does not, the queues, is made good at the start: every task on record is sent again.

pub mod audit;
pub mod bench;
pub mod cli;
pub mod data;
pub mod demo;
pub mod device;
pub mod doors;
pub mod journal;
pub mod lines;
pub mod local_pages;
pub mod mailbox;
pub mod queues;
pub mod shop;
pub mod simulate;
pub mod stack;
pub mod store;
pub mod workers;

pub use stack::{Options, Running, StartError, start};
