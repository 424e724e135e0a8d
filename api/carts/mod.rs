//! What a customer is about to order, priced by the server at every answer.
//!
//! Owns `carts` and `cart_lines`. Invariant: a cart becomes at most one order; what a cart says of prices and obstacles is what
//! placing it would say, but for what only placing tells: who and where the customer is.

pub mod address;
mod caller;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod carts;
mod coupons;
pub mod lines;
mod merge;
pub mod offers;
pub mod problems;
pub mod queries;
pub mod quote;
pub mod sold;
pub mod totals;
pub mod view;
pub mod wanted;

use utoipa_actix_web::service_config::ServiceConfig;

pub use caller::{CartCaller, may_use};
pub use carts::{HORIZON_DAYS, MAX_TIP_CENTS};
pub use coupons::CouponCode;
pub use queries::purge;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(carts::create_cart)
        .service(carts::find_cart)
        .service(carts::find_my_cart)
        .service(carts::update_cart)
        .service(carts::reprice_cart)
        .service(carts::delete_cart)
        .service(lines::add_cart_line)
        .service(lines::update_cart_line)
        .service(lines::delete_cart_line)
        .service(coupons::add_coupon)
        .service(coupons::remove_coupon)
        .service(merge::merge_cart);
}
