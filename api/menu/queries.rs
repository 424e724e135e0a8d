//! SQL of the menu: the whole catalogue of the chain and the stock of one store, in as many statements as tables.

use std::collections::BTreeMap;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::language::Text;
use domain::menu::{Allergen, ProductKind, SizeCode};
use domain::stock::{Quantity, Recipe};
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Error, Result};
use schema::{
    categories, ingredients, modifier_groups, modifier_ingredients, modifier_sizes, modifiers, product_modifier_groups, products,
    stock_levels, stores, variant_ingredients, variants,
};

pub(super) struct Catalogue {
    pub(super) categories: Vec<(Uuid, String, Text)>,
    pub(super) products: Vec<ProductRow>,
    pub(super) variants: BTreeMap<Uuid, Vec<VariantRow>>,
    pub(super) groups: BTreeMap<Uuid, GroupRow>,
    pub(super) modifiers: BTreeMap<Uuid, Vec<ModifierRow>>,
    pub(super) modifier_sizes: BTreeMap<Uuid, Vec<(SizeCode, i64)>>,
    pub(super) product_groups: BTreeMap<Uuid, Vec<Uuid>>,
    pub(super) variant_recipes: BTreeMap<Uuid, Recipe>,
    pub(super) modifier_recipes: BTreeMap<(Uuid, SizeCode), Recipe>,
    pub(super) allergens: BTreeMap<Uuid, Vec<Allergen>>,
}

#[derive(Queryable)]
pub(super) struct ProductRow {
    pub(super) id: Uuid,
    pub(super) slug: String,
    pub(super) category_id: Uuid,
    #[diesel(deserialize_as = String)]
    pub(super) kind: ProductKind,
    #[diesel(deserialize_as = JsonText)]
    pub(super) name: Text,
    #[diesel(deserialize_as = JsonText)]
    pub(super) description: Text,
}

#[derive(Queryable)]
pub(super) struct VariantRow {
    pub(super) id: Uuid,
    pub(super) product_id: Uuid,
    #[diesel(deserialize_as = String)]
    pub(super) size_code: SizeCode,
    #[diesel(deserialize_as = JsonText)]
    pub(super) name: Text,
    pub(super) price_cents: i64,
}

#[derive(Queryable)]
pub(super) struct GroupRow {
    pub(super) id: Uuid,
    #[diesel(deserialize_as = JsonText)]
    pub(super) name: Text,
    pub(super) minimum: i32,
    pub(super) maximum: i32,
}

#[derive(Queryable)]
pub(super) struct ModifierRow {
    pub(super) id: Uuid,
    pub(super) group_id: Uuid,
    #[diesel(deserialize_as = JsonText)]
    pub(super) name: Text,
}

/// A text in a jsonb column.
pub(super) struct JsonText(Value);

impl<ST> Queryable<ST, diesel::pg::Pg> for JsonText
where
    Value: Queryable<ST, diesel::pg::Pg>,
{
    type Row = <Value as Queryable<ST, diesel::pg::Pg>>::Row;

    fn build(row: Self::Row) -> diesel::deserialize::Result<Self> {
        Value::build(row).map(JsonText)
    }
}

impl TryFrom<JsonText> for Text {
    type Error = serde_json::Error;

    fn try_from(json: JsonText) -> std::result::Result<Text, serde_json::Error> {
        serde_json::from_value(json.0)
    }
}

/// Everything that is on sale.
pub(super) fn catalogue(conn: &mut PgConnection) -> Result<Catalogue> {
    let categories = categories::table
        .order((categories::position, categories::id))
        .select((categories::id, categories::slug, categories::name))
        .load::<(Uuid, String, Value)>(conn)?;
    let categories: Result<Vec<_>> =
        categories.into_iter().map(|(id, slug, name)| Ok((id, slug, serde_json::from_value(name)?))).collect();
    Ok(Catalogue {
        categories: categories?,
        products: load_products(conn)?,
        variants: load_variants(conn)?,
        groups: load_groups(conn)?,
        modifiers: load_modifiers(conn)?,
        modifier_sizes: load_modifier_sizes(conn)?,
        product_groups: load_product_groups(conn)?,
        variant_recipes: load_variant_recipes(conn)?,
        modifier_recipes: load_modifier_recipes(conn)?,
        allergens: load_allergens(conn)?,
    })
}

fn load_products(conn: &mut PgConnection) -> Result<Vec<ProductRow>> {
    Ok(products::table
        .filter(products::archived_at.is_null())
        .order((products::position, products::id))
        .select((products::id, products::slug, products::category_id, products::kind, products::name, products::description))
        .load(conn)?)
}

fn load_variants(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Vec<VariantRow>>> {
    let rows: Vec<VariantRow> = variants::table
        .filter(variants::archived_at.is_null())
        .order((variants::product_id, variants::position))
        .select((variants::id, variants::product_id, variants::size_code, variants::name, variants::price_cents))
        .load(conn)?;
    Ok(grouped(rows.into_iter().map(|row| (row.product_id, row))))
}

fn load_groups(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, GroupRow>> {
    let rows: Vec<GroupRow> = modifier_groups::table
        .select((modifier_groups::id, modifier_groups::name, modifier_groups::minimum, modifier_groups::maximum))
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

fn load_modifiers(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Vec<ModifierRow>>> {
    let rows: Vec<ModifierRow> = modifiers::table
        .filter(modifiers::archived_at.is_null())
        .order((modifiers::group_id, modifiers::position))
        .select((modifiers::id, modifiers::group_id, modifiers::name))
        .load(conn)?;
    Ok(grouped(rows.into_iter().map(|row| (row.group_id, row))))
}

fn load_modifier_sizes(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Vec<(SizeCode, i64)>>> {
    let rows = modifier_sizes::table
        .select((modifier_sizes::modifier_id, modifier_sizes::size_code, modifier_sizes::price_cents))
        .load::<(Uuid, String, i64)>(conn)?;
    let mut sizes = rows
        .into_iter()
        .map(|(id, size, cents)| Ok((id, (SizeCode::try_from(size).map_err(Error::internal)?, cents))))
        .collect::<Result<Vec<_>>>()?;
    sizes.sort();
    Ok(grouped(sizes))
}

fn load_product_groups(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Vec<Uuid>>> {
    let rows = product_modifier_groups::table
        .order((product_modifier_groups::product_id, product_modifier_groups::position))
        .select((product_modifier_groups::product_id, product_modifier_groups::group_id))
        .load::<(Uuid, Uuid)>(conn)?;
    Ok(grouped(rows))
}

fn load_variant_recipes(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Recipe>> {
    let rows = variant_ingredients::table
        .select((variant_ingredients::variant_id, variant_ingredients::ingredient_id, variant_ingredients::quantity_milli))
        .load::<(Uuid, Uuid, i64)>(conn)?;
    Ok(grouped(rows.into_iter().map(|(variant, ingredient, milli)| (variant, (ingredient, Quantity(milli))))))
}

fn load_modifier_recipes(conn: &mut PgConnection) -> Result<BTreeMap<(Uuid, SizeCode), Recipe>> {
    let rows = modifier_ingredients::table
        .select((
            modifier_ingredients::modifier_id,
            modifier_ingredients::size_code,
            modifier_ingredients::ingredient_id,
            modifier_ingredients::quantity_milli,
        ))
        .load::<(Uuid, String, Uuid, i64)>(conn)?;
    let keyed = rows
        .into_iter()
        .map(|(id, size, ingredient, milli)| {
            Ok(((id, SizeCode::try_from(size).map_err(Error::internal)?), (ingredient, Quantity(milli))))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(grouped(keyed))
}

fn load_allergens(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Vec<Allergen>>> {
    let rows = ingredients::table.select((ingredients::id, ingredients::allergens)).load::<(Uuid, Vec<Option<String>>)>(conn)?;
    rows.into_iter()
        .map(|(id, words)| {
            let allergens = words.into_iter().flatten().map(Allergen::try_from).collect::<std::result::Result<Vec<_>, _>>();
            Ok((id, allergens.map_err(Error::internal)?))
        })
        .collect()
}

/// What a store could still promise, by ingredient.
pub(super) fn available(conn: &mut PgConnection, store_id: Uuid) -> Result<BTreeMap<Uuid, Quantity>> {
    let left = stock_levels::on_hand_milli - stock_levels::reserved_milli - stock_levels::safety_milli;
    let rows = stock_levels::table
        .filter(stock_levels::store_id.eq(store_id))
        .select((stock_levels::ingredient_id, left))
        .load::<(Uuid, i64)>(conn)?;
    Ok(rows.into_iter().map(|(id, milli)| (id, Quantity(milli))).collect())
}

pub(super) fn services(conn: &mut PgConnection, store_id: Uuid) -> Result<Vec<String>> {
    let words = stores::table.find(store_id).select(stores::service_types).first::<Vec<Option<String>>>(conn)?;
    Ok(words.into_iter().flatten().collect())
}

fn grouped<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, Vec<V>> {
    let mut groups: BTreeMap<K, Vec<V>> = BTreeMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}
