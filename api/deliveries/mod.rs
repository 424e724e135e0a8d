//! The way of an order from the shop to the door.
//!
//! Owns `deliveries`; `ledger` opens and cancels them for orders, `deliveries` moves them. Invariant: an order that is delivered
//! has one delivery, and a delivery that left the shop has a driver.

#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod deliveries;
pub mod ledger;
mod moves;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(deliveries::list_deliveries)
        .service(moves::claim_delivery)
        .service(moves::pickup_delivery)
        .service(moves::depart_delivery)
        .service(moves::complete_delivery)
        .service(moves::fail_delivery)
        .service(moves::retry_delivery);
}
