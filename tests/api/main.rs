//! The integration tests: one binary, a database for each test, the real server on a real socket.

mod accounts;
mod binary;
mod contract;
mod coverage;
mod edge;
mod journeys;
mod loading;
mod menu;
mod migrations;
mod orders;
mod races;
mod streams;
mod support;
