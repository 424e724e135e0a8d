//! Sales: placing them and moving them through their life.
//!
//! Owns `orders`, `order_lines`, `order_counters`; only `transition` writes `orders.status`. Invariants: an order is placed with
//! its stock reserved or not at all; its status moves along `domain::order::TRANSITIONS`; each move appends one event in the
//! same transaction; what was sold is never rewritten. Lock order everywhere: cart, order, ticket or
//! delivery, stock, order number, promotions, events.

mod commands;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod orders;
mod place;
mod price;
pub mod queries;
mod receipt;
mod tracking;
pub mod transition;
pub mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use commands::{HandOver, reject_unaccepted};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(orders::place_order)
        .service(price::price_order)
        .service(orders::list_orders)
        .service(orders::list_my_orders)
        .service(orders::find_order)
        .service(receipt::find_receipt)
        .service(commands::accept_order)
        .service(commands::reject_order)
        .service(commands::cancel_order)
        .service(commands::collect_order)
        .service(tracking::track_order);
}
