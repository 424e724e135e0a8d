//! What somebody wants, before it is priced.

use chrono::{DateTime, Utc};
use domain::money::Cents;
use domain::order::{Channel, ServiceType};
use uuid::Uuid;

use crate::carts::address::Address;
use crate::carts::queries::{CartRow, WantedLine};
use crate::error::Result;

/// What somebody wants, stored in a cart or not.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub store_id: Uuid,
    pub service_type: ServiceType,
    pub channel: Channel,
    pub address: Option<Address>,
    /// None: as soon as possible.
    pub requested_at: Option<DateTime<Utc>>,
    pub coupons: Vec<String>,
    pub tip: Cents,
    pub age_confirmed: bool,
    pub lines: Vec<WantedLine>,
    /// Who would use coupons, as far as it is known: see `promotions::ledger::identities`.
    pub identities: Vec<String>,
}

impl Wanted {
    pub fn of(cart: &CartRow, lines: Vec<WantedLine>, identities: Vec<String>) -> Result<Wanted> {
        Ok(Wanted {
            store_id: cart.store_id,
            service_type: cart.service_type,
            channel: cart.channel,
            address: cart.address()?,
            requested_at: cart.requested_at,
            coupons: cart.coupons(),
            tip: Cents(cart.tip_cents),
            age_confirmed: cart.age_confirmed,
            lines,
            identities,
        })
    }
}
