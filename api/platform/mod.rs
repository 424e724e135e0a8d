//! What operators and newcomers see of the service itself: health, the document, the docs pages, the audit log.
//!
//! Owns no table. Invariant: liveness needs nothing but the process; readiness says what is missing.

mod audit;
mod docs;
mod health;

use utoipa_actix_web::service_config::ServiceConfig;

pub use docs::Published;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(health::check_liveness)
        .service(health::check_readiness)
        .service(docs::find_openapi)
        .service(docs::find_problem_page)
        .service(audit::list_audit_entries);
}
