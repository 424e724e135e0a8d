//! Where the chain sells: addresses, opening hours, services.
//!
//! Owns `stores` and `store_hours`. Invariant: hours are wall-clock times of the store's own zone.

pub mod queries;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod stores;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(stores::list_stores).service(stores::find_store);
}
