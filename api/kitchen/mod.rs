//! What the kitchen has to make, in the order it is due.
//!
//! Owns `kitchen_tickets` and `kitchen_items`; `ledger` opens and voids tickets for orders, `tickets` moves them. Invariant: an
//! accepted order has one ticket, and the ticket stands where its least advanced item stands.

pub mod ledger;
mod tickets;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(tickets::list_kitchen_tickets).service(tickets::start_ticket).service(tickets::bump_ticket);
}
