//! What makes an order cheaper: promotions, the coupons that bring them, and who used them.
//!
//! Owns `promotions`, `coupons`, `redemptions`. Invariant: no promotion and no coupon is used more often than it may be.

mod batch;
mod check;
mod coupons;
pub mod ledger;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod promotions;
mod redemptions;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(promotions::list_promotions)
        .service(promotions::create_promotion)
        .service(promotions::find_promotion)
        .service(promotions::replace_promotion)
        .service(promotions::archive_promotion)
        .service(redemptions::list_redemptions)
        .service(batch::create_coupon_batch)
        .service(coupons::list_coupons)
        .service(coupons::create_coupon)
        .service(coupons::find_coupon)
        .service(coupons::replace_coupon)
        .service(coupons::archive_coupon);
}
