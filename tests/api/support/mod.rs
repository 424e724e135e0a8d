//! What tests stand on. Seeds may use SQL; actions go through HTTP.

pub mod app;
pub mod client;
pub mod database;
pub mod document;
pub mod ledger;

pub use app::TestApp;
pub use client::Client;
