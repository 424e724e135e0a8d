//! VAT rates, the price of halves, and prices of some store, service, channel or days.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::SizeCode;
use serde_json::json;
use uuid::Uuid;

use super::document::PriceOverrideEntry;
use super::products::Sizes;
use super::{Faults, Ids, Source, products, stores};
use crate::error::{Error, Result};
use schema::{modifier_sizes, price_overrides};

const WRITE_TAX_RATES: &str = "
  insert into tax_rates as old (category, service_type, valid_from, rate_basis_points)
  select category, service_type, valid_from, rate_basis_points from jsonb_populate_recordset(null::tax_rates, $1)
  on conflict (category, service_type, valid_from) do update set
    rate_basis_points = excluded.rate_basis_points, version = old.version + 1
  where old.rate_basis_points <> excluded.rate_basis_points";

const WRITE_POLICIES: &str = "
  insert into portion_policies as old (product_kind, price_rule, extras_percent)
  select product_kind, price_rule, extras_percent from jsonb_populate_recordset(null::portion_policies, $1)
  on conflict (product_kind) do update set
    price_rule = excluded.price_rule, extras_percent = excluded.extras_percent, version = old.version + 1
  where (old.price_rule, old.extras_percent) is distinct from (excluded.price_rule, excluded.extras_percent)";

const WRITE_OVERRIDES: &str = "
  insert into price_overrides as old
    (id, store_id, service_type, channel, variant_id, modifier_id, size_code, price_cents, valid_from, valid_until)
  select id, store_id, service_type, channel, variant_id, modifier_id, size_code, price_cents, valid_from, valid_until
  from jsonb_populate_recordset(null::price_overrides, $1)
  on conflict (id) do update set price_cents = excluded.price_cents, archived_at = null, version = old.version + 1
  where old.archived_at is not null or old.price_cents <> excluded.price_cents";

pub(super) fn tax_rates(conn: &mut PgConnection, source: &Source) -> Result<()> {
    let mut faults = Faults::of(source);
    let mut rows = Vec::new();
    let entries = &source.document.tax_rates;
    let key = |entry: &super::document::TaxRateEntry| (entry.category, entry.service_type, entry.valid_from);
    faults.distinct(entries.iter().enumerate().map(|(index, entry)| (key(entry), format!("/taxRates/{index}"))));
    for entry in entries {
        rows.push(json!({
            "category": entry.category,
            "service_type": entry.service_type.map_or("any", |service| service.as_str()),
            "valid_from": entry.valid_from,
            "rate_basis_points": entry.rate_basis_points,
        }));
    }
    faults.check()?;
    faults.write(conn, "/taxRates", WRITE_TAX_RATES, rows)
}

pub(super) fn portion_policies(conn: &mut PgConnection, source: &Source) -> Result<()> {
    let mut faults = Faults::of(source);
    let mut rows = Vec::new();
    let entries = source.document.portion_policies.iter().enumerate();
    faults.distinct(entries.clone().map(|(index, entry)| (entry.product_kind, format!("/portionPolicies/{index}/productKind"))));
    for (index, entry) in entries {
        if ![50, 100].contains(&entry.extras_percent.0) {
            faults.add(&format!("/portionPolicies/{index}/extrasPercent"), "should be 50 or 100");
        }
        let (kind, rule, percent) = (entry.product_kind, entry.price_rule, entry.extras_percent);
        rows.push(json!({ "product_kind": kind, "price_rule": rule, "extras_percent": percent }));
    }
    faults.check()?;
    faults.write(conn, "/portionPolicies", WRITE_POLICIES, rows)
}

/// All columns but the price: who and when and what.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable)]
#[diesel(table_name = price_overrides, check_for_backend(diesel::pg::Pg))]
struct Key {
    store_id: Option<Uuid>,
    service_type: Option<String>,
    channel: Option<String>,
    variant_id: Option<Uuid>,
    modifier_id: Option<Uuid>,
    size_code: Option<String>,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
}

/// What an override may name.
struct Known {
    stores: Ids,
    sizes: Sizes,
    modifiers: BTreeMap<(String, SizeCode), Uuid>,
}

/// The file's overrides, each known by everything but its price. Others stay as they are.
pub(super) fn price_overrides(conn: &mut PgConnection, source: &Source) -> Result<()> {
    let mut faults = Faults::of(source);
    let entries = &source.document.price_overrides;
    if entries.is_empty() {
        return Ok(());
    }
    let known = Known { stores: stores::ids(conn)?, sizes: products::sizes_on_sale(conn)?, modifiers: modifier_sizes(conn)? };
    let at = |index: usize| format!("/priceOverrides/{index}");
    let keys: Vec<Key> = entries.iter().enumerate().map(|(index, entry)| key(entry, &at(index), &known, &mut faults)).collect();
    faults.check()?;
    faults.distinct(keys.iter().enumerate().map(|(index, key)| (key, at(index))));
    faults.check()?;
    // Of two with one key the last counts: the one in use, else the newest.
    let there: BTreeMap<Key, Uuid> = price_overrides::table
        .order((price_overrides::archived_at.asc().nulls_last(), price_overrides::id))
        .select((Key::as_select(), price_overrides::id))
        .load(conn)?
        .into_iter()
        .collect();
    let row = |(key, entry): (&Key, &PriceOverrideEntry)| {
        json!({
            "id": there.get(key).copied().unwrap_or_else(Uuid::now_v7),
            "store_id": key.store_id,
            "service_type": key.service_type,
            "channel": key.channel,
            "variant_id": key.variant_id,
            "modifier_id": key.modifier_id,
            "size_code": key.size_code,
            "price_cents": entry.price_cents,
            "valid_from": key.valid_from,
            "valid_until": key.valid_until,
        })
    };
    faults.write(conn, "/priceOverrides", WRITE_OVERRIDES, keys.iter().zip(entries).map(row).collect())
}

/// The sizes of the modifiers, by slug.
fn modifier_sizes(conn: &mut PgConnection) -> Result<BTreeMap<(String, SizeCode), Uuid>> {
    let rows = modifier_sizes::table
        .inner_join(schema::modifiers::table)
        .filter(schema::modifiers::archived_at.is_null())
        .select((schema::modifiers::slug, modifier_sizes::size_code, modifier_sizes::modifier_id))
        .load::<(String, String, Uuid)>(conn)?;
    rows.into_iter().map(|(slug, size, id)| Ok(((slug, SizeCode::try_from(size).map_err(Error::internal)?), id))).collect()
}

fn key(entry: &PriceOverrideEntry, at: &str, known: &Known, faults: &mut Faults<'_>) -> Key {
    if entry.valid_from.zip(entry.valid_until).is_some_and(|(first, last)| last < first) {
        faults.add(&format!("{at}/validUntil"), "it ends before it begins");
    }
    let store_id = entry.store.as_ref().and_then(|slug| faults.resolve(&known.stores, slug, "store", &format!("{at}/store")));
    let (variant_id, modifier_id) = match (&entry.product, &entry.modifier) {
        (Some(slug), None) => (products::find(&known.sizes, slug, entry.size, at, faults), None),
        (None, Some(slug)) => {
            let found = known.modifiers.get(&(slug.clone(), entry.size)).copied();
            if found.is_none() {
                faults.add(at, format!("there is no modifier «{slug}» in the size «{}»", entry.size.as_str()));
            }
            (None, found)
        }
        _ => {
            faults.add(at, "a price is of a product or of a modifier");
            (None, None)
        }
    };
    Key {
        store_id,
        service_type: entry.service_type.map(String::from),
        channel: entry.channel.map(String::from),
        variant_id,
        modifier_id,
        size_code: modifier_id.map(|_| String::from(entry.size)),
        valid_from: entry.valid_from,
        valid_until: entry.valid_until,
    }
}
