//! Who people are: registration, log-in, sessions, the own profile, the staff and their roles.
//!
//! Owns `users`, `memberships`, `sessions`, `refresh_tokens`, `login_attempts`. Invariants: a refresh token is good once, and
//! a second use ends its session; passwords are argon2id and never leave this folder.

pub mod auth;
pub mod me;
pub mod passwords;
mod queries;
pub mod staff;

use utoipa_actix_web::service_config::ServiceConfig;

pub use auth::admit_coupon;
pub use queries::{create_superuser, grant, purge};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(auth::register_customer)
        .service(auth::log_in)
        .service(auth::refresh_session)
        .service(auth::log_out)
        .service(me::find_me)
        .service(me::update_me)
        .service(staff::list_staff)
        .service(staff::hire_staff)
        .service(staff::set_staff_roles);
}
