//! What a store sells now and what can still be made of it: the menu ready to be sent, live availability, snoozes.
//!
//! Owns `snoozes`. Invariants: a variant is available when every ingredient of its recipe is; no process shows a menu that is
//! more than a second older than the stock and the catalogue (ten, while its line to PostgreSQL is broken).

pub mod announce;
mod availability;
pub mod board;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod menu;
mod queries;
mod snoozes;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use snoozes::end_snooze;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(menu::find_menu)
        .service(availability::find_availability)
        .service(snoozes::list_snoozes)
        .service(snoozes::create_snooze)
        .service(snoozes::delete_snooze);
}
