//! Where a store delivers and at what fee: as customers see it, and as managers keep it.

use std::collections::BTreeSet;

use actix_web::{delete, get, post, put, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::money::{Cents, Money};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::catalogue::StoredTier;
use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Staff};
use crate::http::edit::{self, IfMatch, IfMatchHeader, Kept, Tagged};
use crate::http::idempotency::answer_once;
use crate::http::receive::{Body, IdempotencyHeader, Path, Post};
use crate::http::store_path::{self, StorePath};
use schema::delivery_zones;

/// An area that a store delivers to, as managers keep it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveryZone {
    id: Uuid,
    store_id: Uuid,
    #[serde(flatten)]
    body: DeliveryZoneBody,
    /// No longer served.
    archived: bool,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    version: i32,
}

/// What a manager writes of an area that a store delivers to. It is a circle or a polygon.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeliveryZoneBody {
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Bastille")]
    name: String,
    /// Around the store.
    #[schema(minimum = 1, maximum = 100_000, example = 4000)]
    radius_metres: Option<i32>,
    /// Its corners in order; the last one may repeat the first.
    #[schema(min_items = 3, max_items = 200, example = json!(null))]
    polygon: Option<Vec<PolygonCorner>>,
    /// Also served, for addresses without coordinates.
    #[serde(default)]
    #[schema(max_items = 500)]
    postcodes: Vec<ZonePostcode>,
    /// Below this amount of items nothing is delivered.
    minimum: Money,
    /// Ascending by `from`, the first from 0.
    #[schema(min_items = 1, max_items = 20)]
    tiers: Vec<ZoneTier>,
    /// The way takes so much longer than elsewhere.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 240, example = 0)]
    extra_minutes: i32,
    /// Lower ones come first: the first zone that holds an address counts.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000, example = 0)]
    position: i32,
}

/// `[longitude, latitude]` in WGS 84 degrees, as in GeoJSON.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(value_type = Vec<f64>, min_items = 2, max_items = 2, example = json!([2.3717, 48.8543]))]
pub(super) struct PolygonCorner(pub(super) [f64; 2]);

/// A French postcode.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{5}$", example = "75011")]
pub(super) struct ZonePostcode(pub(super) String);

/// From this amount of items on, delivery costs this much.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"from": {"amount": 0, "currency": "EUR"}, "fee": {"amount": 250, "currency": "EUR"}}))]
pub(super) struct ZoneTier {
    pub(super) from: Money,
    pub(super) fee: Money,
}

#[derive(Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct ZonePath {
    /// Id or slug of the store.
    #[param(rename = "storeId", example = "paris-bastille", max_length = 64)]
    store_id: String,
    /// The delivery zone.
    #[param(rename = "zoneId")]
    zone_id: Uuid,
}

/// The columns that a manager writes.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = delivery_zones, treat_none_as_null = true, check_for_backend(diesel::pg::Pg))]
struct ZoneColumns {
    name: String,
    radius_metres: Option<i32>,
    polygon: Option<Value>,
    postcodes: Vec<Option<String>>,
    minimum_cents: i64,
    tiers: Value,
    extra_minutes: i32,
    position: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = delivery_zones, check_for_backend(diesel::pg::Pg))]
struct ZoneRow {
    id: Uuid,
    store_id: Uuid,
    #[diesel(embed)]
    columns: ZoneColumns,
    archived_at: Option<DateTime<Utc>>,
    version: i32,
}

impl TryFrom<&DeliveryZoneBody> for ZoneColumns {
    type Error = Error;

    fn try_from(body: &DeliveryZoneBody) -> Result<ZoneColumns> {
        let stored = |tier: &ZoneTier| StoredTier { from_cents: tier.from.amount, fee_cents: tier.fee.amount };
        let tiers: Vec<StoredTier> = body.tiers.iter().map(stored).collect();
        Ok(ZoneColumns {
            name: body.name.clone(),
            radius_metres: body.radius_metres,
            polygon: body.polygon.as_ref().map(serde_json::to_value).transpose()?,
            postcodes: body.postcodes.iter().map(|code| Some(code.0.clone())).collect(),
            minimum_cents: body.minimum.amount,
            tiers: serde_json::to_value(tiers)?,
            extra_minutes: body.extra_minutes,
            position: body.position,
        })
    }
}

impl TryFrom<ZoneRow> for DeliveryZone {
    type Error = Error;

    fn try_from(row: ZoneRow) -> Result<DeliveryZone> {
        let columns = row.columns;
        let tiers: Vec<StoredTier> = serde_json::from_value(columns.tiers)?;
        let tier = |tier: StoredTier| ZoneTier { from: Cents(tier.from_cents).into(), fee: Cents(tier.fee_cents).into() };
        let body = DeliveryZoneBody {
            name: columns.name,
            radius_metres: columns.radius_metres,
            polygon: columns.polygon.map(serde_json::from_value).transpose()?,
            postcodes: columns.postcodes.into_iter().flatten().map(ZonePostcode).collect(),
            minimum: Cents(columns.minimum_cents).into(),
            tiers: tiers.into_iter().map(tier).collect(),
            extra_minutes: columns.extra_minutes,
            position: columns.position,
        };
        let archived = row.archived_at.is_some();
        Ok(DeliveryZone { id: row.id, store_id: row.store_id, body, archived, version: row.version })
    }
}

impl Kept for DeliveryZone {
    const ENTITY: &'static str = "delivery_zone";
    /// With the store, which never changes.
    type Body = (Uuid, DeliveryZoneBody);

    fn version(&self) -> i32 {
        self.version
    }

    fn store_id(&self) -> Option<Uuid> {
        Some(self.store_id)
    }

    fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<DeliveryZone>> {
        let row = delivery_zones::table.find(id).select(ZoneRow::as_select()).first(conn).optional()?;
        row.map(DeliveryZone::try_from).transpose()
    }

    fn insert(conn: &mut PgConnection, id: Uuid, (store_id, body): &Self::Body, _: DateTime<Utc>) -> Result<()> {
        let keys = (delivery_zones::id.eq(id), delivery_zones::store_id.eq(store_id));
        diesel::insert_into(delivery_zones::table).values((keys, ZoneColumns::try_from(body)?)).execute(conn)?;
        Ok(())
    }

    fn replace(conn: &mut PgConnection, id: Uuid, version: i32, (_, body): &Self::Body, _: DateTime<Utc>) -> Result<bool> {
        let written = diesel::update(delivery_zones::table.find(id).filter(delivery_zones::version.eq(version)))
            .set((
                ZoneColumns::try_from(body)?,
                delivery_zones::archived_at.eq(None::<DateTime<Utc>>),
                delivery_zones::version.eq(version + 1),
            ))
            .execute(conn)?;
        Ok(written == 1)
    }

    fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
        let written = diesel::update(delivery_zones::table.find(id).filter(delivery_zones::version.eq(version)))
            .set((delivery_zones::archived_at.eq(now), delivery_zones::version.eq(version + 1)))
            .execute(conn)?;
        Ok(written == 1)
    }
}

/// Create a delivery zone
#[utoipa::path(tag = "stores", security(("bearer" = ["manager", "admin"])), params(StorePath, IdempotencyHeader),
    request_body = DeliveryZoneBody, responses((status = 201, description = "The delivery zone", body = DeliveryZone)))]
#[post("/v1/stores/{storeId}/zones")]
pub(crate) async fn create_delivery_zone(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<StorePath>,
    post: Post<DeliveryZoneBody>,
) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let store_id = path.resolve(conn)?;
        staff.at(store_id)?;
        check(&body)?;
        let (id, zone) = edit::create::<DeliveryZone>(conn, staff.user.id, &(store_id, body.clone()), now)?;
        Answer::created(format!("/v1/stores/{store_id}/zones/{id}"), &zone)
    })
    .await
}

/// Read a delivery zone
///
/// Archived ones, too.
#[utoipa::path(tag = "stores", security(("bearer" = ["manager", "admin"])), params(ZonePath),
    responses((status = 200, description = "The delivery zone", body = DeliveryZone, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/stores/{storeId}/zones/{zoneId}")]
pub(crate) async fn find_delivery_zone(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ZonePath>,
) -> Result<Tagged<DeliveryZone>> {
    Ok(edit::tagged(db.run(move |conn| own(conn, &staff, &path)).await?))
}

/// Replace a delivery zone
///
/// The body is the whole of it. An archived zone is served again.
#[utoipa::path(tag = "stores", security(("bearer" = ["manager", "admin"])), params(ZonePath, IfMatchHeader),
    request_body = DeliveryZoneBody,
    responses((status = 200, description = "The delivery zone", body = DeliveryZone, headers(("ETag" = String, description = "The version")))))]
#[put("/v1/stores/{storeId}/zones/{zoneId}")]
pub(crate) async fn replace_delivery_zone(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ZonePath>,
    expected: IfMatch,
    Body(body): Body<DeliveryZoneBody>,
) -> Result<Tagged<DeliveryZone>> {
    let now = clock::now();
    let replaced = db
        .tx(move |conn| {
            let before = own(conn, &staff, &path)?;
            check(&body)?;
            edit::replace(conn, staff.user.id, path.zone_id, expected, &(before.store_id, body.clone()), now)
        })
        .await?;
    Ok(edit::tagged(replaced))
}

/// Archive a delivery zone
///
/// The store no longer goes there; orders that were placed are delivered.
#[utoipa::path(tag = "stores", security(("bearer" = ["manager", "admin"])), params(ZonePath, IfMatchHeader),
    responses((status = 204, description = "It is archived")))]
#[delete("/v1/stores/{storeId}/zones/{zoneId}")]
pub(crate) async fn archive_delivery_zone(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ZonePath>,
    expected: IfMatch,
) -> Result<Answer> {
    let now = clock::now();
    db.tx(move |conn| {
        own(conn, &staff, &path)?;
        edit::archive::<DeliveryZone>(conn, staff.user.id, path.zone_id, expected, now)
    })
    .await?;
    Ok(Answer::no_content())
}

/// The zone, if it is of the store of the path and the caller manages that.
fn own(conn: &mut PgConnection, staff: &Staff<Managers>, path: &ZonePath) -> Result<DeliveryZone> {
    let store_id = store_path::resolve(conn, &path.store_id)?;
    staff.at(store_id)?;
    let zone: DeliveryZone = edit::find(conn, path.zone_id)?;
    if zone.store_id == store_id { Ok(zone) } else { Err(Error::not_found(DeliveryZone::ENTITY)) }
}

/// Whether the corners lie on one line, or in one place: such a zone holds nobody. By the shoelace formula, in square degrees;
/// a billionth is about ten square metres.
fn is_flat(corners: &[PolygonCorner]) -> bool {
    let edges = corners.iter().zip(corners.iter().cycle().skip(1));
    let twice: f64 = edges.map(|(PolygonCorner([x1, y1]), PolygonCorner([x2, y2]))| x1 * y2 - x2 * y1).sum();
    twice.abs() < 2e-9
}

/// Whether the body makes sense.
fn check(body: &DeliveryZoneBody) -> Result<()> {
    let mut faults = Vec::new();
    match (&body.radius_metres, &body.polygon) {
        (Some(_), Some(_)) => faults.push(Fault::new("/polygon", "only_one_of")),
        (None, None) => faults.push(Fault::new("/radiusMetres", "required")),
        _ => {}
    }
    for (index, PolygonCorner(degrees)) in body.polygon.iter().flatten().enumerate() {
        for (axis, (value, limit)) in degrees.iter().zip([180, 90]).enumerate() {
            if value.abs() > f64::from(limit) {
                let fault = Fault::new(format!("/polygon/{index}/{axis}"), "out_of_range");
                faults.push(fault.with("minimum", -limit).with("maximum", limit));
            }
        }
    }
    if body.polygon.as_ref().is_some_and(|corners| is_flat(corners)) {
        faults.push(Fault::new("/polygon", "no_area"));
    }
    let mut seen = BTreeSet::new();
    let again = body.postcodes.iter().enumerate().filter(|(_, code)| !seen.insert(*code));
    faults.extend(again.map(|(index, _)| Fault::new(format!("/postcodes/{index}"), "duplicate")));
    if body.tiers.first().is_some_and(|tier| tier.from.amount != 0) {
        faults.push(Fault::new("/tiers/0/from/amount", "too_large").with("limit", 0));
    }
    for (index, pair) in (1..).zip(body.tiers.windows(2)) {
        if let [lower, upper] = pair
            && upper.from.amount <= lower.from.amount
        {
            faults.push(Fault::new(format!("/tiers/{index}/from/amount"), "too_small").with("limit", lower.from.amount + 1));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}
