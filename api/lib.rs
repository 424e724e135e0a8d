//! The back end of OC Pizza. Read `app` for what it serves, `worker` for what it does in the background.

pub mod accounts;
pub mod app;
pub mod carts;
pub mod clock;
pub mod command;
pub mod config;
pub mod db;
pub mod deliveries;
pub mod embedded;
pub mod error;
pub mod events;
pub mod http;
pub mod jobs;
pub mod kitchen;
pub mod load;
pub mod menu;
pub mod openapi;
pub mod orders;
pub mod payments;
pub mod platform;
pub mod recipes;
pub mod stock;
pub mod stores;
pub mod streams;
pub mod telemetry;
pub mod worker;
