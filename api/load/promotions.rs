//! Promotions and their coupons.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::money::{Cents, Money};
use domain::promotion::{Conditions, PromotionKind};
use serde_json::{Value, json};
use uuid::Uuid;

use super::document::{ConditionsEntry, CouponEntry, PromotionEntry};
use super::{Faults, Ids, Source, products, stores};
use crate::error::Result;
use schema::{coupons, promotions};

const WRITE: &str = "
  insert into promotions as old (id, name, kind, percent_basis_points, amount_cents, buy_quantity, get_quantity, conditions,
    valid_from, valid_until, needs_coupon, stackable, maximum_uses, maximum_uses_per_customer)
  select id, name, kind, percent_basis_points, amount_cents, buy_quantity, get_quantity, conditions,
    valid_from, valid_until, needs_coupon, stackable, maximum_uses, maximum_uses_per_customer
  from jsonb_populate_recordset(null::promotions, $1)
  on conflict (id) do update set
    name = excluded.name, kind = excluded.kind, percent_basis_points = excluded.percent_basis_points,
    amount_cents = excluded.amount_cents, buy_quantity = excluded.buy_quantity, get_quantity = excluded.get_quantity,
    conditions = excluded.conditions, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
    needs_coupon = excluded.needs_coupon, stackable = excluded.stackable, maximum_uses = excluded.maximum_uses,
    maximum_uses_per_customer = excluded.maximum_uses_per_customer, version = old.version + 1
  where (old.name, old.kind, old.percent_basis_points, old.amount_cents, old.buy_quantity, old.get_quantity, old.conditions,
      old.valid_from, old.valid_until, old.needs_coupon, old.stackable, old.maximum_uses, old.maximum_uses_per_customer)
    is distinct from (excluded.name, excluded.kind, excluded.percent_basis_points, excluded.amount_cents,
      excluded.buy_quantity, excluded.get_quantity, excluded.conditions, excluded.valid_from, excluded.valid_until,
      excluded.needs_coupon, excluded.stackable, excluded.maximum_uses, excluded.maximum_uses_per_customer)";

const WRITE_COUPONS: &str = "
  insert into coupons as old (id, promotion_id, code, valid_from, valid_until, maximum_uses, maximum_uses_per_customer)
  select id, promotion_id, code, valid_from, valid_until, maximum_uses, maximum_uses_per_customer
  from jsonb_populate_recordset(null::coupons, $1)
  on conflict (code) do update set
    promotion_id = excluded.promotion_id, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
    maximum_uses = excluded.maximum_uses, maximum_uses_per_customer = excluded.maximum_uses_per_customer,
    archived_at = null, version = old.version + 1
  where old.archived_at is not null
    or (old.promotion_id, old.valid_from, old.valid_until, old.maximum_uses, old.maximum_uses_per_customer)
      is distinct from (excluded.promotion_id, excluded.valid_from, excluded.valid_until, excluded.maximum_uses,
        excluded.maximum_uses_per_customer)";

/// What conditions may name.
struct Known {
    stores: Ids,
    products: Ids,
    categories: Ids,
}

/// The file's promotions, each known by its French name among those in use, with their coupons. Others stay as they are.
pub(super) fn promotions(conn: &mut PgConnection, source: &Source) -> Result<()> {
    let mut faults = Faults::of(source);
    let entries = &source.document.promotions;
    if entries.is_empty() {
        return Ok(());
    }
    let known = Known { stores: stores::ids(conn)?, products: products::ids(conn)?, categories: products::category_ids(conn)? };
    let there = in_use(conn)?;
    faults.distinct(entries.iter().enumerate().map(|(index, entry)| (&entry.name.fr, format!("/promotions/{index}/name/fr"))));
    let mut found = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let at = format!("/promotions/{index}");
        let id = there.get(&entry.name.fr.0).copied().unwrap_or_else(Uuid::now_v7);
        sound(entry, &at, &mut faults);
        let conditions = conditions(&entry.conditions, &format!("{at}/conditions"), &known, &mut faults);
        found.push((at, id, entry, conditions));
    }
    coupons_are_free(conn, found.iter().map(|(at, id, entry, _)| (at.as_str(), *id, entry.coupons.as_slice())), &mut faults)?;
    faults.check()?;
    // One by one, so that the database's refusal has its place.
    for (at, id, entry, conditions) in found {
        faults.write(conn, &at, WRITE, vec![row(id, entry, conditions)?])?;
        let rows = entry.coupons.iter().map(|coupon| coupon_row(id, coupon)).collect();
        faults.write(conn, &format!("{at}/coupons"), WRITE_COUPONS, rows)?;
    }
    Ok(())
}

/// By French name; of two the newest.
fn in_use(conn: &mut PgConnection) -> Result<BTreeMap<String, Uuid>> {
    let rows = promotions::table
        .filter(promotions::archived_at.is_null())
        .order(promotions::id)
        .select((promotions::name, promotions::id))
        .load::<(Value, Uuid)>(conn)?;
    Ok(rows.into_iter().filter_map(|(name, id)| Some((name.get("fr")?.as_str()?.to_owned(), id))).collect())
}

/// What no type says of a promotion.
fn sound(entry: &PromotionEntry, at: &str, faults: &mut Faults<'_>) {
    moments(entry.valid_from, entry.valid_until, at, faults);
    faults.windows(&entry.conditions.windows, &format!("{at}/conditions/windows"));
    for (index, coupon) in entry.coupons.iter().enumerate() {
        moments(coupon.valid_from, coupon.valid_until, &format!("{at}/coupons/{index}"), faults);
    }
    let kind = entry.kind;
    for (figure, given, of) in [
        ("percentBasisPoints", entry.percent_basis_points.is_some(), PromotionKind::Percent),
        ("amountCents", entry.amount_cents.is_some(), PromotionKind::Amount),
        ("buyQuantity", entry.buy_quantity.is_some(), PromotionKind::BuyXGetY),
        ("getQuantity", entry.get_quantity.is_some(), PromotionKind::BuyXGetY),
    ] {
        if given != (kind == of) {
            faults.add(&format!("{at}/{figure}"), format!("exactly a promotion of kind {} has it", of.as_str()));
        }
    }
    if !entry.needs_coupon && !entry.coupons.is_empty() {
        faults.add(&format!("{at}/coupons"), "a promotion that holds by itself has no coupons");
    }
}

fn moments(from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>, at: &str, faults: &mut Faults<'_>) {
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        faults.add(&format!("{at}/validUntil"), "it ends before it begins");
    }
}

/// No code is there twice, or of another promotion in use.
fn coupons_are_free<'a>(
    conn: &mut PgConnection,
    promotions: impl Iterator<Item = (&'a str, Uuid, &'a [CouponEntry])>,
    faults: &mut Faults<'_>,
) -> Result<()> {
    let given: Vec<(String, Uuid, &str)> = promotions
        .flat_map(|(at, id, coupons)| {
            let place = move |(index, coupon): (usize, &'a CouponEntry)| {
                (format!("{at}/coupons/{index}/code"), id, coupon.code.0.as_str())
            };
            coupons.iter().enumerate().map(place)
        })
        .collect();
    faults.distinct(given.iter().map(|(at, _, code)| (*code, at.clone())));
    let owners: BTreeMap<String, Uuid> = coupons::table
        .inner_join(promotions::table)
        .filter(coupons::code.eq_any(given.iter().map(|(.., code)| *code)))
        .filter(coupons::archived_at.is_null().and(promotions::archived_at.is_null()))
        .select((coupons::code, promotions::id))
        .load(conn)?
        .into_iter()
        .collect();
    for (at, id, code) in &given {
        if owners.get(*code).is_some_and(|owner| owner != id) {
            faults.add(at, format!("the coupon «{code}» is of another promotion"));
        }
    }
    Ok(())
}

/// Slugs become ids, those that can be resolved.
fn conditions(entry: &ConditionsEntry, at: &str, known: &Known, faults: &mut Faults<'_>) -> Conditions {
    faults.length(entry.stores.len(), 0..=1000, &format!("{at}/stores"));
    faults.length(entry.products.len(), 0..=1000, &format!("{at}/products"));
    faults.length(entry.categories.len(), 0..=100, &format!("{at}/categories"));
    let mut ids = |list: &[String], ids: &Ids, what: &str, field: &str| {
        let pointer = |index: usize| format!("{at}/{field}/{index}");
        faults.distinct(list.iter().enumerate().map(|(index, slug)| (slug, pointer(index))));
        let named = list.iter().enumerate();
        named.filter_map(|(index, slug)| faults.resolve(ids, slug, what, &pointer(index))).collect::<Vec<Uuid>>()
    };
    Conditions {
        store_ids: ids(&entry.stores, &known.stores, "store", "stores"),
        service_types: entry.service_types.iter().copied().collect(),
        channels: entry.channels.iter().copied().collect(),
        windows: entry.windows.clone(),
        minimum: entry.minimum_cents.map(|price| Money::from(Cents(price.0))),
        product_ids: ids(&entry.products, &known.products, "product", "products"),
        category_ids: ids(&entry.categories, &known.categories, "category", "categories"),
        size_codes: entry.size_codes.iter().copied().collect(),
    }
}

fn row(id: Uuid, entry: &PromotionEntry, conditions: Conditions) -> Result<Value> {
    Ok(json!({
        "id": id,
        "name": entry.name,
        "kind": entry.kind,
        "percent_basis_points": entry.percent_basis_points,
        "amount_cents": entry.amount_cents,
        "buy_quantity": entry.buy_quantity,
        "get_quantity": entry.get_quantity,
        "conditions": serde_json::to_value(conditions)?,
        "valid_from": entry.valid_from,
        "valid_until": entry.valid_until,
        "needs_coupon": entry.needs_coupon,
        "stackable": entry.stackable,
        "maximum_uses": entry.maximum_uses,
        "maximum_uses_per_customer": entry.maximum_uses_per_customer,
    }))
}

fn coupon_row(promotion_id: Uuid, coupon: &CouponEntry) -> Value {
    json!({
        "id": Uuid::now_v7(),
        "promotion_id": promotion_id,
        "code": coupon.code,
        "valid_from": coupon.valid_from,
        "valid_until": coupon.valid_until,
        "maximum_uses": coupon.maximum_uses,
        "maximum_uses_per_customer": coupon.maximum_uses_per_customer,
    })
}
