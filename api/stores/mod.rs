//! Where the chain sells: addresses, opening hours, services.
//!
//! Owns `stores`, `store_hours` and `delivery_zones`. Invariant: hours are wall-clock times of the store's own zone.

mod delivery;
pub mod queries;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod stores;
mod zones;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(stores::list_stores)
        .service(stores::find_store)
        .service(delivery::list_store_zones)
        .service(zones::create_delivery_zone)
        .service(zones::find_delivery_zone)
        .service(zones::replace_delivery_zone)
        .service(zones::archive_delivery_zone)
        .service(delivery::quote_delivery);
}
