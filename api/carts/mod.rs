//! What a customer is about to order, priced by the server at every answer.
//!
//! Owns `carts` and `cart_lines`. Invariant: a cart becomes at most one order.

#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod carts;
mod lines;
pub mod queries;
pub mod quote;
pub mod totals;

use utoipa_actix_web::service_config::ServiceConfig;

pub use carts::CartCaller;
pub use queries::purge;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(carts::create_cart)
        .service(carts::find_cart)
        .service(lines::add_cart_line)
        .service(lines::update_cart_line)
        .service(lines::delete_cart_line);
}
