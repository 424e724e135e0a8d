//! What is due for an order and what was taken.
//!
//! Owns `payments`; only `ledger` writes them. Invariant: an order has at most one payment that is not cancelled.

pub mod ledger;
