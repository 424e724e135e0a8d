//! Stores and their hours.

use chrono::NaiveTime;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::upsert::excluded;
use uuid::Uuid;

use super::document::{HoursEntry, StoreEntry};
use super::{Faults, Ids, Source};
use crate::error::Result;
use schema::{store_hours, stores};

pub(super) fn ids(conn: &mut PgConnection) -> Result<Ids> {
    Ok(stores::table.select((stores::slug, stores::id)).load::<(String, Uuid)>(conn)?.into_iter().collect())
}

pub(super) fn stores(conn: &mut PgConnection, source: &Source) -> Result<()> {
    let mut faults = Faults { source: &source.name, faults: Vec::new() };
    for (index, entry) in source.document.stores.iter().enumerate() {
        let at = format!("/stores/{index}");
        if entry.time_zone.parse::<chrono_tz::Tz>().is_err() {
            faults.add(&format!("{at}/timeZone"), format!("«{}» is no IANA time zone", entry.time_zone));
        }
        let Ok(cutoff) = NaiveTime::parse_from_str(&entry.business_day_cutoff, "%H:%M") else {
            faults.add(&format!("{at}/businessDayCutoff"), "should be HH:MM");
            continue;
        };
        match upsert(conn, entry, cutoff) {
            Ok(id) => {
                hours(conn, id, &entry.hours, &at, &mut faults)?;
                zone(conn, id, entry)?;
            }
            Err(error) => {
                // The transaction is lost: what comes after could not be judged.
                faults.add(&at, error);
                return faults.done();
            }
        }
    }
    faults.done()
}

fn upsert(conn: &mut PgConnection, entry: &StoreEntry, cutoff: NaiveTime) -> QueryResult<Uuid> {
    let services: Vec<&str> = entry.service_types.iter().map(|service| service.as_str()).collect();
    let row = (
        (
            stores::slug.eq(&entry.slug),
            stores::code.eq(&entry.code),
            stores::name.eq(&entry.name),
            stores::line1.eq(&entry.line1),
            stores::postcode.eq(&entry.postcode),
            stores::city.eq(&entry.city),
            stores::latitude.eq(entry.latitude),
            stores::longitude.eq(entry.longitude),
            stores::phone.eq(&entry.phone),
            stores::email.eq(&entry.email),
            stores::time_zone.eq(&entry.time_zone),
        ),
        (
            stores::business_day_cutoff.eq(cutoff),
            stores::service_types.eq(services),
            stores::preparation_minutes.eq(entry.preparation_minutes),
            stores::delivery_minutes.eq(entry.delivery_minutes),
            stores::acceptance_deadline_minutes.eq(entry.acceptance_deadline_minutes),
        ),
    );
    let known = stores::table.filter(stores::slug.eq(&entry.slug)).select(stores::id).first::<Uuid>(conn).optional()?;
    match known {
        Some(id) => diesel::update(stores::table.find(id)).set(row).returning(stores::id).get_result(conn),
        None => diesel::insert_into(stores::table)
            .values((stores::id.eq(Uuid::now_v7()), row.0, row.1))
            .returning(stores::id)
            .get_result(conn),
    }
}

fn zone(conn: &mut PgConnection, store_id: Uuid, entry: &StoreEntry) -> Result<()> {
    use schema::delivery_zones;
    diesel::delete(delivery_zones::table.filter(delivery_zones::store_id.eq(store_id))).execute(conn)?;
    let mut tiers = vec![serde_json::json!({ "fromCents": 0, "feeCents": entry.delivery_fee_cents })];
    tiers.extend(entry.free_delivery_from_cents.map(|from| serde_json::json!({ "fromCents": from, "feeCents": 0 })));
    diesel::insert_into(delivery_zones::table)
        .values((
            delivery_zones::id.eq(Uuid::now_v7()),
            delivery_zones::store_id.eq(store_id),
            delivery_zones::name.eq("Zone 1"),
            delivery_zones::radius_metres.eq(entry.delivery_radius_metres),
            delivery_zones::tiers.eq(serde_json::Value::Array(tiers)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The file's hours replace those in the database.
fn hours(conn: &mut PgConnection, store_id: Uuid, entries: &[HoursEntry], at: &str, faults: &mut Faults<'_>) -> Result<()> {
    diesel::delete(store_hours::table.filter(store_hours::store_id.eq(store_id))).execute(conn)?;
    for (index, entry) in entries.iter().enumerate() {
        let (Some(opens), Some(closes)) = (minute(&entry.opens), minute(&entry.closes)) else {
            faults.add(&format!("{at}/hours/{index}"), "opens and closes should be HH:MM, from 00:00 to 24:00");
            continue;
        };
        let closes = if closes <= opens { closes + 1440 } else { closes };
        diesel::insert_into(store_hours::table)
            .values((
                store_hours::store_id.eq(store_id),
                store_hours::service_type.eq(entry.service_type.as_str()),
                store_hours::weekday.eq(entry.weekday.number()),
                store_hours::opens_minute.eq(opens),
                store_hours::closes_minute.eq(closes),
            ))
            .on_conflict((store_hours::store_id, store_hours::service_type, store_hours::weekday, store_hours::opens_minute))
            .do_update()
            .set(store_hours::closes_minute.eq(excluded(store_hours::closes_minute)))
            .execute(conn)?;
    }
    Ok(())
}

/// Minutes after midnight of HH:MM; 24:00 is 1440.
fn minute(text: &str) -> Option<i16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let fits = (0..24).contains(&hours) && (0..60).contains(&minutes) || (hours, minutes) == (24, 0);
    fits.then_some(hours * 60 + minutes)
}
