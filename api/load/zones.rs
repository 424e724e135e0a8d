//! Where stores deliver.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Faults;
use super::document::ZoneEntry;
use crate::catalogue::StoredTier;
use crate::error::Result;
use schema::delivery_zones;

const WRITE: &str = "
  insert into delivery_zones as old
    (id, store_id, name, radius_metres, polygon, postcodes, minimum_cents, tiers, extra_minutes, position)
  select id, store_id, name, radius_metres, polygon, postcodes, minimum_cents, tiers, extra_minutes, position
  from jsonb_populate_recordset(null::delivery_zones, $1)
  on conflict (id) do update set
    radius_metres = excluded.radius_metres, polygon = excluded.polygon, postcodes = excluded.postcodes,
    minimum_cents = excluded.minimum_cents, tiers = excluded.tiers, extra_minutes = excluded.extra_minutes,
    position = excluded.position, archived_at = null, version = old.version + 1
  where old.archived_at is not null
    or (old.radius_metres, old.polygon, old.postcodes, old.minimum_cents, old.tiers, old.extra_minutes, old.position)
      is distinct from (excluded.radius_metres, excluded.polygon, excluded.postcodes, excluded.minimum_cents, excluded.tiers,
        excluded.extra_minutes, excluded.position)";

/// The file's zones, each known by its name; a zone that the file no longer has is archived.
pub(super) fn zones(
    conn: &mut PgConnection,
    store_id: Uuid,
    entries: &[ZoneEntry],
    at: &str,
    faults: &mut Faults<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let at = format!("{at}/zones");
    faults.distinct(entries.iter().enumerate().map(|(index, zone)| (&zone.name, format!("{at}/{index}/name"))));
    for (index, entry) in entries.iter().enumerate() {
        shape(entry, &format!("{at}/{index}"), faults);
    }
    if !faults.faults.is_empty() {
        // The next store may have faults as well.
        return Ok(());
    }
    // Of two with one name the last counts: the one in use, else the newest.
    let known: BTreeMap<String, Uuid> = delivery_zones::table
        .filter(delivery_zones::store_id.eq(store_id))
        .order((delivery_zones::archived_at.asc().nulls_last(), delivery_zones::id))
        .select((delivery_zones::name, delivery_zones::id))
        .load(conn)?
        .into_iter()
        .collect();
    let ids: Vec<Uuid> = entries.iter().map(|entry| known.get(&entry.name.0).copied().unwrap_or_else(Uuid::now_v7)).collect();
    let rows = entries.iter().zip(&ids).map(|(entry, id)| row(*id, store_id, entry)).collect::<Result<_>>()?;
    faults.write(conn, &at, WRITE, rows)?;
    let in_use = delivery_zones::store_id.eq(store_id).and(delivery_zones::archived_at.is_null());
    diesel::update(delivery_zones::table.filter(in_use).filter(delivery_zones::id.ne_all(&ids)))
        .set((delivery_zones::archived_at.eq(now), delivery_zones::version.eq(delivery_zones::version + 1)))
        .execute(conn)?;
    Ok(())
}

fn shape(entry: &ZoneEntry, at: &str, faults: &mut Faults<'_>) {
    if entry.radius_metres.is_some() == entry.polygon.is_some() {
        faults.add(at, "a zone has radiusMetres or a polygon");
    }
    if let Some(polygon) = &entry.polygon {
        let on_earth = |[longitude, latitude]: &[f64; 2]| longitude.abs() <= 180.0 && latitude.abs() <= 90.0;
        // A closed polygon repeats its first corner.
        let corners = polygon.len() - usize::from(polygon.len() > 1 && polygon.first() == polygon.last());
        faults.length(corners, 3..=200, &format!("{at}/polygon"));
        for (index, _) in polygon.iter().enumerate().filter(|(_, corner)| !on_earth(corner)) {
            faults.add(&format!("{at}/polygon/{index}"), "should be longitude and latitude in degrees");
        }
    }
    faults.length(entry.tiers.len(), 1..=20, &format!("{at}/tiers"));
    faults.length(entry.postcodes.len(), 0..=500, &format!("{at}/postcodes"));
    if entry.tiers.first().is_some_and(|tier| tier.from_cents.0 != 0) {
        faults.add(&format!("{at}/tiers"), "the first tier is from 0 cents");
    }
    for (index, pair) in entry.tiers.windows(2).enumerate() {
        if let [lower, upper] = pair
            && upper.from_cents <= lower.from_cents
        {
            faults.add(&format!("{at}/tiers/{}/fromCents", index + 1), "tiers ascend");
        }
    }
}

fn row(id: Uuid, store_id: Uuid, entry: &ZoneEntry) -> Result<Value> {
    let stored = entry.tiers.iter().map(|tier| StoredTier { from_cents: tier.from_cents.0, fee_cents: tier.fee_cents.0 });
    let tiers = serde_json::to_value(stored.collect::<Vec<_>>())?;
    Ok(json!({
        "id": id,
        "store_id": store_id,
        "name": entry.name,
        "radius_metres": entry.radius_metres,
        "polygon": entry.polygon,
        "postcodes": entry.postcodes,
        "minimum_cents": entry.minimum_cents,
        "tiers": tiers,
        "extra_minutes": entry.extra_minutes.map_or(0, |minutes| minutes.0),
        "position": entry.position,
    }))
}
