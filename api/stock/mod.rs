//! What each store has, has promised and has used.
//!
//! Owns `stock_levels`, `stock_reservations`, `stock_movements`; only `ledger` writes them. Invariants: on hand is the sum of
//! the movements, reserved is the sum of the held reservations, and a customer's order never takes what is not available.

pub mod ledger;
mod levels;
mod movements;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(levels::list_stock).service(movements::list_stock_movements);
}
