//! SQL of prices, taxes, promotions and delivery zones: what depends on store, service, channel or day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::catalogue::{Override, Target, TaxRate};
use domain::geo::Point;
use domain::money::Cents;
use domain::order::{Channel, ServiceType};
use domain::promotion::{Effect, Promotion, PromotionKind};
use domain::tax::Rate;
use domain::zone::{Area, Tier, Zone};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::catalogue::columns::{text, word};
use crate::error::{Error, Result};
use schema::{delivery_zones, price_overrides, promotions, tax_rates};

#[derive(Queryable, Selectable)]
#[diesel(table_name = price_overrides, check_for_backend(diesel::pg::Pg))]
struct OverrideRow {
    id: Uuid,
    store_id: Option<Uuid>,
    service_type: Option<String>,
    channel: Option<String>,
    variant_id: Option<Uuid>,
    modifier_id: Option<Uuid>,
    size_code: Option<String>,
    price_cents: i64,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
}

pub(super) fn overrides(conn: &mut PgConnection) -> Result<BTreeMap<Target, Vec<Override>>> {
    let alive = price_overrides::table.filter(price_overrides::archived_at.is_null());
    let mut overrides: BTreeMap<Target, Vec<Override>> = BTreeMap::new();
    for row in alive.select(OverrideRow::as_select()).load(conn)? {
        let target = match (row.variant_id, row.modifier_id, row.size_code) {
            (Some(variant), ..) => Target::Variant(variant),
            (None, Some(modifier), Some(size)) => Target::Modifier(modifier, word(size)?),
            _ => return Err(Error::internal("a price of nothing")),
        };
        overrides.entry(target).or_default().push(Override {
            id: row.id,
            store: row.store_id,
            service: row.service_type.map(word::<ServiceType>).transpose()?,
            channel: row.channel.map(word::<Channel>).transpose()?,
            price: Cents(row.price_cents),
            from: row.valid_from,
            until: row.valid_until,
        });
    }
    Ok(overrides)
}

pub(super) fn tax_rates(conn: &mut PgConnection) -> Result<Vec<TaxRate>> {
    let rows = tax_rates::table
        .select((tax_rates::category, tax_rates::service_type, tax_rates::rate_basis_points, tax_rates::valid_from))
        .load::<(String, String, i32, NaiveDate)>(conn)?;
    let rate = |(category, service, rate, from): (String, String, i32, NaiveDate)| {
        let service = if service == "any" { None } else { Some(word::<ServiceType>(service)?) };
        Ok(TaxRate { category: word(category)?, service, rate: Rate(rate), from })
    };
    rows.into_iter().map(rate).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = promotions, check_for_backend(diesel::pg::Pg))]
struct PromotionRow {
    id: Uuid,
    name: Value,
    kind: String,
    percent_basis_points: Option<i32>,
    amount_cents: Option<i64>,
    buy_quantity: Option<i32>,
    get_quantity: Option<i32>,
    conditions: Value,
    valid_from: Option<DateTime<Utc>>,
    valid_until: Option<DateTime<Utc>>,
    needs_coupon: bool,
    stackable: bool,
    maximum_uses: Option<i32>,
    maximum_uses_per_customer: Option<i32>,
}

pub(super) fn promotions(conn: &mut PgConnection) -> Result<Vec<Promotion>> {
    let alive = promotions::table.filter(promotions::archived_at.is_null()).order(promotions::id);
    alive.select(PromotionRow::as_select()).load(conn)?.into_iter().map(promotion).collect()
}

fn promotion(row: PromotionRow) -> Result<Promotion> {
    let count = |number: i32| u32::try_from(number).map_err(Error::internal);
    let missing = || Error::internal("a promotion without its figure");
    let effect = match word::<PromotionKind>(row.kind)? {
        PromotionKind::Percent => Effect::Percent(count(row.percent_basis_points.ok_or_else(missing)?)?),
        PromotionKind::Amount => Effect::Amount(Cents(row.amount_cents.ok_or_else(missing)?)),
        PromotionKind::BuyXGetY => Effect::BuyXGetY {
            buy: count(row.buy_quantity.ok_or_else(missing)?)?,
            get: count(row.get_quantity.ok_or_else(missing)?)?,
        },
        PromotionKind::FreeDelivery => Effect::FreeDelivery,
    };
    Ok(Promotion {
        id: row.id,
        name: text(row.name)?,
        effect,
        conditions: serde_json::from_value(row.conditions)?,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
        needs_coupon: row.needs_coupon,
        stackable: row.stackable,
        maximum_uses: row.maximum_uses.map(count).transpose()?,
        maximum_uses_per_customer: row.maximum_uses_per_customer.map(count).transpose()?,
    })
}

/// A tier of delivery fees as it stands in the database.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredTier {
    pub from_cents: i64,
    pub fee_cents: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = delivery_zones, check_for_backend(diesel::pg::Pg))]
struct ZoneRow {
    id: Uuid,
    store_id: Uuid,
    name: String,
    radius_metres: Option<i32>,
    polygon: Option<Value>,
    postcodes: Vec<Option<String>>,
    minimum_cents: i64,
    tiers: Value,
    extra_minutes: i32,
}

pub(super) fn zones(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Vec<Zone>>> {
    let rows = delivery_zones::table
        .filter(delivery_zones::archived_at.is_null())
        .order((delivery_zones::store_id, delivery_zones::position, delivery_zones::id))
        .select(ZoneRow::as_select())
        .load(conn)?;
    let mut zones: BTreeMap<Uuid, Vec<Zone>> = BTreeMap::new();
    for row in rows {
        let tiers: Vec<StoredTier> = serde_json::from_value(row.tiers)?;
        let tier = |tier: StoredTier| Tier { from: Cents(tier.from_cents), fee: Cents(tier.fee_cents) };
        let area = match (row.radius_metres, row.polygon) {
            (Some(metres), _) => Area::Radius(metres),
            (None, Some(polygon)) => {
                let corners: Vec<[f64; 2]> = serde_json::from_value(polygon)?;
                Area::Polygon(
                    corners.iter().map(|[longitude, latitude]| Point { latitude: *latitude, longitude: *longitude }).collect(),
                )
            }
            (None, None) => return Err(Error::internal("a zone without a shape")),
        };
        zones.entry(row.store_id).or_default().push(Zone {
            id: row.id,
            name: row.name,
            area,
            postcodes: row.postcodes.into_iter().flatten().collect(),
            minimum: Cents(row.minimum_cents),
            tiers: tiers.into_iter().map(tier).collect(),
            extra_minutes: row.extra_minutes,
        });
    }
    Ok(zones)
}
