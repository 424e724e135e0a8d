//! SQL of the menu: what a store has, and which services it offers. The catalogue itself is in memory.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::order::ServiceType;
use domain::stock::Quantity;
use uuid::Uuid;

use crate::error::{Error, Result};
use schema::{snoozes, stock_levels, stores};

/// What a store could still promise, by ingredient.
pub(super) fn available(conn: &mut PgConnection, store_id: Uuid) -> Result<BTreeMap<Uuid, Quantity>> {
    let left = stock_levels::on_hand_milli - stock_levels::reserved_milli - stock_levels::safety_milli;
    let rows = stock_levels::table
        .filter(stock_levels::store_id.eq(store_id))
        .select((stock_levels::ingredient_id, left))
        .load::<(Uuid, i64)>(conn)?;
    Ok(rows.into_iter().map(|(id, milli)| (id, Quantity(milli))).collect())
}

/// A store's zone and services.
pub(super) fn store(conn: &mut PgConnection, store_id: Uuid) -> Result<(chrono_tz::Tz, Vec<ServiceType>)> {
    let (zone, words) = stores::table
        .find(store_id)
        .select((stores::time_zone, stores::service_types))
        .first::<(String, Vec<Option<String>>)>(conn)?;
    let services = words.into_iter().flatten().map(ServiceType::try_from).collect::<std::result::Result<_, _>>();
    let zone = zone.parse().map_err(|_| Error::internal(format!("«{zone}» is no time zone")))?;
    Ok((zone, services.map_err(Error::internal)?))
}

/// When the next snooze of a store ends by itself.
pub(super) fn next_end(conn: &mut PgConnection, store_id: Uuid, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let ends = snoozes::table.filter(snoozes::store_id.eq(store_id).and(snoozes::until.gt(now)));
    Ok(ends.select(diesel::dsl::min(snoozes::until)).first(conn)?)
}
