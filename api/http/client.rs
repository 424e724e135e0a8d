//! Where a request really comes from.

use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::{HttpRequest, web};

/// How many proxies in front of us are ours.
#[derive(Clone, Copy)]
pub struct TrustedHops(pub usize);

/// The client's address: the peer, or the entry of `X-Forwarded-For` that our outermost proxy wrote. Whatever stands left of
/// it was written by the client and is not believed; `Forwarded` is never read.
pub fn address(request: &HttpRequest) -> Option<IpAddr> {
    let hops = request.app_data::<web::Data<TrustedHops>>().map_or(0, |hops| hops.0);
    let peer = request.peer_addr().map(|peer| peer.ip());
    let Some(last) = hops.checked_sub(1) else { return peer };
    let forwarded: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    forwarded.iter().rev().nth(last).and_then(|text| text.parse().ok()).or(peer)
}

/// The request id: the caller's when it is fit for a log line (20 to 200 of `[A-Za-z0-9+/=-]`, Heroku's grammar), else ours.
pub fn request_id(request: &ServiceRequest) -> String {
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let fit = |id: &&str| (20..=200).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-".contains(&b));
    given.filter(fit).map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}
