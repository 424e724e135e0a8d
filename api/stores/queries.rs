//! SQL of stores.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::hours::{Opening, Weekday, is_open, next_opening};
use domain::order::ServiceType;
use uuid::Uuid;

use crate::error::{Error, Result};
use schema::{store_hours, stores};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = stores, check_for_backend(diesel::pg::Pg))]
pub struct StoreRow {
    pub id: Uuid,
    pub slug: String,
    pub code: String,
    pub name: String,
    pub line1: String,
    pub postcode: String,
    pub city: String,
    pub latitude: f64,
    pub longitude: f64,
    pub phone: String,
    pub email: String,
    pub time_zone: String,
    pub business_day_cutoff: NaiveTime,
    pub service_types: Vec<Option<String>>,
    pub preparation_minutes: i32,
    pub delivery_minutes: i32,
    pub acceptance_deadline_minutes: i32,
}

/// Weekly hours by service.
pub type Hours = BTreeMap<ServiceType, Vec<Opening>>;

impl StoreRow {
    pub fn zone(&self) -> Result<Tz> {
        self.time_zone.parse().map_err(|_| Error::internal(format!("store {} has no zone «{}»", self.slug, self.time_zone)))
    }

    /// From ready to the customer, as a rule: nothing for those who come to the counter.
    pub fn road(&self, service: ServiceType) -> TimeDelta {
        let minutes = if service == ServiceType::Delivery { self.delivery_minutes } else { 0 };
        TimeDelta::minutes(i64::from(minutes))
    }

    /// The wall clock of the store.
    pub fn local(&self, now: chrono::DateTime<chrono::Utc>) -> Result<NaiveDateTime> {
        Ok(domain::hours::local(now, self.zone()?))
    }

    pub fn services(&self) -> Vec<ServiceType> {
        self.service_types.iter().flatten().filter_map(|word| ServiceType::try_from(word.clone()).ok()).collect()
    }
}

pub fn list(conn: &mut PgConnection) -> Result<Vec<StoreRow>> {
    Ok(stores::table.order(stores::id).select(StoreRow::as_select()).load(conn)?)
}

pub fn find(conn: &mut PgConnection, id: Uuid) -> Result<StoreRow> {
    let found = stores::table.find(id).select(StoreRow::as_select()).first(conn).optional()?;
    found.ok_or_else(|| Error::not_found("store"))
}

/// The hours of these stores, by store.
pub fn hours(conn: &mut PgConnection, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Hours>> {
    let rows = store_hours::table
        .filter(store_hours::store_id.eq_any(ids))
        .order((store_hours::weekday, store_hours::opens_minute))
        .select((
            store_hours::store_id,
            store_hours::service_type,
            store_hours::weekday,
            store_hours::opens_minute,
            store_hours::closes_minute,
        ))
        .load::<(Uuid, String, i16, i16, i16)>(conn)?;
    let mut by_store: BTreeMap<Uuid, Hours> = BTreeMap::new();
    for (store_id, service, weekday, opens, closes) in rows {
        let service = ServiceType::try_from(service).map_err(Error::internal)?;
        let weekday = Weekday::from_number(weekday).ok_or_else(|| Error::internal("no such weekday"))?;
        by_store.entry(store_id).or_default().entry(service).or_default().push(Opening { weekday, opens, closes });
    }
    Ok(by_store)
}

/// Whether a store is closed for a service at a time of its wall clock; then when it opens next, if ever.
pub fn closed(
    conn: &mut PgConnection,
    store: &StoreRow,
    service: ServiceType,
    at: NaiveDateTime,
) -> Result<Option<Option<NaiveDateTime>>> {
    let mut hours = hours(conn, &[store.id])?;
    let openings = hours.remove(&store.id).and_then(|mut by_service| by_service.remove(&service)).unwrap_or_default();
    Ok(if is_open(&openings, at) { None } else { Some(next_opening(&openings, at)) })
}
