//! SQL of carts.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::language::Text;
use domain::menu::SizeCode;
use domain::order::ServiceType;
use domain::stock::{Quantity, Recipe};
use domain::tax::{Rate, TaxCategory};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Error, Result};
use schema::{
    cart_lines, carts, modifier_groups, modifier_ingredients, modifier_sizes, modifiers, orders, product_modifier_groups,
    products, tax_rates, variant_ingredients, variants,
};

/// A cart that nobody touches is forgotten.
const CART_HOURS: i64 = 24;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = carts, check_for_backend(diesel::pg::Pg))]
pub struct CartRow {
    pub id: Uuid,
    pub token_hash: Vec<u8>,
    pub store_id: Uuid,
    #[diesel(deserialize_as = String)]
    pub service_type: ServiceType,
    pub customer_id: Option<Uuid>,
    pub order_id: Option<Uuid>,
    pub version: i32,
    pub expires_at: DateTime<Utc>,
}

/// So many of a modifier, on each unit of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChosenModifier {
    pub modifier_id: Uuid,
    pub quantity: u32,
}

/// A cart line with the product behind it, on sale or not.
pub struct LineRow {
    pub id: Uuid,
    pub quantity: u32,
    pub chosen: Vec<ChosenModifier>,
    pub note: Option<String>,
    pub variant: VariantRow,
}

pub struct VariantRow {
    pub id: Uuid,
    pub product_id: Uuid,
    pub product_name: Text,
    pub name: Text,
    pub size_code: SizeCode,
    pub price_cents: i64,
    pub tax_category: TaxCategory,
    pub on_sale: bool,
}

/// A modifier as a line of one size takes it.
#[derive(Clone)]
pub struct ModifierRow {
    pub id: Uuid,
    pub group_id: Uuid,
    pub name: Text,
    pub size_code: SizeCode,
    pub price_cents: i64,
}

/// The bounds of a group that a product offers.
pub struct GroupBounds {
    pub id: Uuid,
    pub minimum: u32,
    pub maximum: u32,
}

pub fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::hours(CART_HOURS)
}

pub(super) fn insert(conn: &mut PgConnection, cart: &CartRow, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(carts::table)
        .values((
            carts::id.eq(cart.id),
            carts::token_hash.eq(&cart.token_hash),
            carts::store_id.eq(cart.store_id),
            carts::service_type.eq(cart.service_type.as_str()),
            carts::customer_id.eq(cart.customer_id),
            carts::created_at.eq(now),
            carts::expires_at.eq(cart.expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<CartRow>> {
    let alive = carts::table.find(id).filter(carts::expires_at.gt(now));
    Ok(alive.select(CartRow::as_select()).first(conn).optional()?)
}

/// The same, locked: no line comes or goes while an order is made of it.
pub fn lock(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<CartRow>> {
    let alive = carts::table.find(id).filter(carts::expires_at.gt(now));
    Ok(alive.for_no_key_update().select(CartRow::as_select()).first(conn).optional()?)
}

/// A change: the version moves on, and so does the expiry.
pub(super) fn touch(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    diesel::update(carts::table.find(id))
        .set((carts::version.eq(carts::version + 1), carts::expires_at.eq(expiry(now))))
        .execute(conn)?;
    Ok(())
}

/// The cart has become this order.
pub fn close(conn: &mut PgConnection, id: Uuid, order_id: Uuid) -> Result<()> {
    diesel::update(carts::table.find(id)).set(carts::order_id.eq(order_id)).execute(conn)?;
    Ok(())
}

/// The secret of the order that a cart became.
pub(super) fn tracking_token(conn: &mut PgConnection, order_id: Uuid) -> Result<String> {
    Ok(orders::table.find(order_id).select(orders::tracking_token).first(conn)?)
}

pub fn lines(conn: &mut PgConnection, cart_id: Uuid) -> Result<Vec<LineRow>> {
    let rows = cart_lines::table
        .inner_join(variants::table.inner_join(products::table))
        .filter(cart_lines::cart_id.eq(cart_id))
        .order((cart_lines::position, cart_lines::id))
        .select(((cart_lines::id, cart_lines::quantity, cart_lines::modifiers, cart_lines::note), variant_columns()))
        .load::<((Uuid, i32, Value, Option<String>), VariantColumns)>(conn)?;
    rows.into_iter()
        .map(|((id, quantity, modifiers, note), variant)| {
            Ok(LineRow {
                id,
                quantity: u32::try_from(quantity).map_err(Error::internal)?,
                chosen: serde_json::from_value(modifiers)?,
                note,
                variant: variant_row(variant)?,
            })
        })
        .collect()
}

type VariantColumns = (Uuid, Uuid, Value, Value, String, i64, String, bool);

#[diesel::dsl::auto_type(no_type_alias)]
fn variant_columns() -> _ {
    (
        variants::id,
        products::id,
        products::name,
        variants::name,
        variants::size_code,
        variants::price_cents,
        products::tax_category,
        variants::archived_at.is_null().and(products::archived_at.is_null()).assume_not_null(),
    )
}

fn variant_row((id, product_id, product_name, name, size, price_cents, tax, on_sale): VariantColumns) -> Result<VariantRow> {
    Ok(VariantRow {
        id,
        product_id,
        product_name: serde_json::from_value(product_name)?,
        name: serde_json::from_value(name)?,
        size_code: SizeCode::try_from(size).map_err(Error::internal)?,
        price_cents,
        tax_category: TaxCategory::try_from(tax).map_err(Error::internal)?,
        on_sale,
    })
}

pub(super) fn variant(conn: &mut PgConnection, id: Uuid) -> Result<Option<VariantRow>> {
    let row = variants::table
        .inner_join(products::table)
        .filter(variants::id.eq(id))
        .select(variant_columns())
        .first::<VariantColumns>(conn)
        .optional()?;
    row.map(variant_row).transpose()
}

/// These modifiers in every size they can be had in.
pub fn modifiers(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<ModifierRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = modifier_sizes::table
        .inner_join(modifiers::table)
        .filter(modifiers::id.eq_any(ids).and(modifiers::archived_at.is_null()))
        .select((modifiers::id, modifiers::group_id, modifiers::name, modifier_sizes::size_code, modifier_sizes::price_cents))
        .load::<(Uuid, Uuid, Value, String, i64)>(conn)?;
    rows.into_iter()
        .map(|(id, group_id, name, size, price_cents)| {
            let (name, size_code) = (serde_json::from_value(name)?, SizeCode::try_from(size).map_err(Error::internal)?);
            Ok(ModifierRow { id, group_id, name, size_code, price_cents })
        })
        .collect()
}

pub(super) fn groups_of(conn: &mut PgConnection, product_id: Uuid) -> Result<Vec<GroupBounds>> {
    let rows = product_modifier_groups::table
        .inner_join(modifier_groups::table)
        .filter(product_modifier_groups::product_id.eq(product_id))
        .select((modifier_groups::id, modifier_groups::minimum, modifier_groups::maximum))
        .load::<(Uuid, i32, i32)>(conn)?;
    rows.into_iter()
        .map(|(id, minimum, maximum)| {
            let count = |n: i32| u32::try_from(n).map_err(Error::internal);
            Ok(GroupBounds { id, minimum: count(minimum)?, maximum: count(maximum)? })
        })
        .collect()
}

/// What these variants take from stock.
pub fn variant_recipes(conn: &mut PgConnection, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Recipe>> {
    let rows = variant_ingredients::table
        .filter(variant_ingredients::variant_id.eq_any(ids))
        .select((variant_ingredients::variant_id, variant_ingredients::ingredient_id, variant_ingredients::quantity_milli))
        .load::<(Uuid, Uuid, i64)>(conn)?;
    let mut recipes: BTreeMap<Uuid, Recipe> = BTreeMap::new();
    for (variant, ingredient, milli) in rows {
        recipes.entry(variant).or_default().push((ingredient, Quantity(milli)));
    }
    Ok(recipes)
}

/// What these modifiers take from stock, by size.
pub fn modifier_recipes(conn: &mut PgConnection, ids: &[Uuid]) -> Result<BTreeMap<(Uuid, SizeCode), Recipe>> {
    let mut recipes: BTreeMap<(Uuid, SizeCode), Recipe> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(recipes);
    }
    let rows = modifier_ingredients::table
        .filter(modifier_ingredients::modifier_id.eq_any(ids))
        .select((
            modifier_ingredients::modifier_id,
            modifier_ingredients::size_code,
            modifier_ingredients::ingredient_id,
            modifier_ingredients::quantity_milli,
        ))
        .load::<(Uuid, String, Uuid, i64)>(conn)?;
    for (modifier, size, ingredient, milli) in rows {
        let size = SizeCode::try_from(size).map_err(Error::internal)?;
        recipes.entry((modifier, size)).or_default().push((ingredient, Quantity(milli)));
    }
    Ok(recipes)
}

/// The VAT rates of a day: for each category the newest that has begun, that of the service before the general one.
pub fn tax_rates(conn: &mut PgConnection, service: ServiceType, day: NaiveDate) -> Result<BTreeMap<TaxCategory, Rate>> {
    let rows = tax_rates::table
        .filter(tax_rates::valid_from.le(day).and(tax_rates::service_type.eq_any(["any", service.as_str()])))
        // «any» sorts before both services, so a rate of the service overwrites it below; a newer one overwrites an older.
        .order((tax_rates::service_type, tax_rates::valid_from))
        .select((tax_rates::category, tax_rates::rate_basis_points))
        .load::<(String, i32)>(conn)?;
    rows.into_iter().map(|(category, rate)| Ok((TaxCategory::try_from(category).map_err(Error::internal)?, Rate(rate)))).collect()
}

pub(super) struct LineChange {
    pub(super) quantity: u32,
    pub(super) chosen: Vec<ChosenModifier>,
    pub(super) note: Option<String>,
}

pub(super) fn insert_line(conn: &mut PgConnection, cart_id: Uuid, variant_id: Uuid, line: &LineChange) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let last = cart_lines::table
        .filter(cart_lines::cart_id.eq(cart_id))
        .select(diesel::dsl::max(cart_lines::position))
        .first::<Option<i32>>(conn)?;
    diesel::insert_into(cart_lines::table)
        .values((
            cart_lines::id.eq(id),
            cart_lines::cart_id.eq(cart_id),
            cart_lines::position.eq(last.unwrap_or(0) + 1),
            cart_lines::variant_id.eq(variant_id),
            cart_lines::quantity.eq(i32::try_from(line.quantity).map_err(Error::internal)?),
            cart_lines::modifiers.eq(serde_json::to_value(&line.chosen)?),
            cart_lines::note.eq(&line.note),
        ))
        .execute(conn)?;
    Ok(id)
}

pub(super) fn update_line(conn: &mut PgConnection, id: Uuid, line: &LineChange) -> Result<()> {
    diesel::update(cart_lines::table.find(id))
        .set((
            cart_lines::quantity.eq(i32::try_from(line.quantity).map_err(Error::internal)?),
            cart_lines::modifiers.eq(serde_json::to_value(&line.chosen)?),
            cart_lines::note.eq(&line.note),
        ))
        .execute(conn)?;
    Ok(())
}

pub(super) fn delete_line(conn: &mut PgConnection, id: Uuid) -> Result<()> {
    diesel::delete(cart_lines::table.find(id)).execute(conn)?;
    Ok(())
}

/// Forgets carts that nobody touched for long; an order needs its cart no more.
pub fn purge(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize> {
    Ok(diesel::delete(carts::table.filter(carts::expires_at.lt(now))).execute(conn)?)
}
