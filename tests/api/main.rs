//! The integration tests: one binary, a database for each test, the real server on a real socket.

#![expect(unreachable_pub, reason = "what support offers is for the tests beside it")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod accounts;
mod binary;
mod contract;
mod coverage;
mod demo;
mod edge;
mod journeys;
mod loading;
mod menu;
mod migrations;
mod mistakes;
mod orders;
mod races;
mod streams;
mod support;
