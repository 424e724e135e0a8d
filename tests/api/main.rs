//! The integration tests: one binary, a database for each test, the real server on a real socket.

#![expect(unreachable_pub, reason = "what support offers is for the tests beside it")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod accounts;
mod binary;
mod catalogue;
mod contract;
mod coverage;
mod edge;
mod ingredients;
mod journeys;
mod loading;
mod menu;
mod migrations;
mod modifier_groups;
mod orders;
mod races;
mod recipes;
mod streams;
mod support;
