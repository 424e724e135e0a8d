//! What happens in a store, live: Server-Sent Events that resume without a gap or a duplicate, and the same by polling.
//!
//! Owns no table; reads `events`. Invariant: a stream sends each event of its store once, in the order of `seq`.

pub mod hub;
mod polling;
mod sse;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(polling::list_order_events)
        .service(sse::stream_order)
        .service(polling::list_store_events)
        .service(sse::stream_store)
        .service(sse::stream_menu);
}
