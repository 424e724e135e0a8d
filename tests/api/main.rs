//! The integration tests: one binary, a database for each test, the real server on a real socket.

#![expect(unreachable_pub, reason = "what support offers is for the tests beside it")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod accounts;
mod availability;
mod binary;
mod carts;
mod catalogue;
mod contract;
mod coupons;
mod coverage;
mod demo;
mod edge;
mod ingredients;
mod journeys;
mod loading;
mod menu;
mod migrations;
mod mistakes;
mod modifier_groups;
mod offers;
mod orders;
mod prices;
mod promotions;
mod races;
mod recipes;
mod redemptions;
mod streams;
mod support;
mod zones;
