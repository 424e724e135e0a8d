//! What makes an order cheaper: promotions, the coupons that bring them, and who used them.
//!
//! Owns `promotions`, `coupons`, `redemptions`. Invariant: no promotion and no coupon is used more often than it may be.

pub mod ledger;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(_cfg: &mut ServiceConfig) {}
