//! The edge: who calls, what they send, how often, and how failures read.

pub mod answer;
pub mod auth;
pub mod client;
pub mod contract;
pub mod edit;
mod examples;
pub mod idempotency;
pub mod page;
pub mod problem;
pub mod receive;
pub mod sentences;
pub mod store_path;
