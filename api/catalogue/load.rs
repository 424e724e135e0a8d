//! SQL of the catalogue: everything, in as many statements as tables.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::catalogue::{Catalogue, Category, Group, Ingredient, Modifier, ModifierSize, PortionPolicy, Product, Slot, Variant};
use domain::menu::{Allergen, Diet, ModifierKind, PriceRule, ProductKind, SizeCode};
use domain::money::Cents;
use domain::stock::{Quantity, Recipe};
use domain::tax::TaxCategory;
use serde_json::Value;
use uuid::Uuid;

use crate::catalogue::columns::{count, grouped, text, word, words};
use crate::catalogue::offer;
use crate::error::{Error, Result};
use schema::{
    categories, combo_slot_variants, combo_slots, ingredients, modifier_groups, modifier_ingredients, modifier_sizes, modifiers,
    portion_policies, product_modifier_groups, products, variant_ingredients, variants,
};

type When = Option<DateTime<Utc>>;

pub(super) fn catalogue(conn: &mut PgConnection) -> Result<Catalogue> {
    let products = products(conn)?;
    let places: BTreeMap<Uuid, usize> = products.iter().enumerate().map(|(place, product)| (product.id, place)).collect();
    let mut catalogue = Catalogue {
        categories: categories(conn)?,
        variants: variants(conn, &places)?,
        products,
        groups: groups(conn)?,
        modifiers: modifiers(conn)?,
        ingredients: ingredients(conn)?,
        policies: policies(conn)?,
        overrides: offer::overrides(conn)?,
        tax_rates: offer::tax_rates(conn)?,
        promotions: offer::promotions(conn)?,
        zones: offer::zones(conn)?,
    };
    let ordered = variants::table.order((variants::position, variants::id)).select((variants::id, variants::product_id));
    for (id, product) in ordered.load::<(Uuid, Uuid)>(conn)? {
        if let Some(product) = places.get(&product).and_then(|place| catalogue.products.get_mut(*place)) {
            product.variants.push(id);
        }
    }
    Ok(catalogue)
}

fn categories(conn: &mut PgConnection) -> Result<Vec<Category>> {
    let rows = categories::table
        .order((categories::position, categories::id))
        .select((categories::id, categories::slug, categories::name, categories::windows, categories::archived_at))
        .load::<(Uuid, String, Value, Value, When)>(conn)?;
    let category = |(id, slug, name, windows, archived): (Uuid, String, Value, Value, When)| {
        Ok(Category { id, slug, name: text(name)?, windows: serde_json::from_value(windows)?, on_sale: archived.is_none() })
    };
    rows.into_iter().map(category).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = products, check_for_backend(diesel::pg::Pg))]
struct ProductRow {
    id: Uuid,
    slug: String,
    category_id: Uuid,
    kind: String,
    name: Value,
    description: Value,
    tax_category: String,
    diets: Vec<Option<String>>,
    image_urls: Vec<Option<String>>,
    halves_allowed: bool,
    archived_at: When,
}

fn products(conn: &mut PgConnection) -> Result<Vec<Product>> {
    let rows = products::table
        .inner_join(categories::table)
        .order((products::position, products::id))
        .select((ProductRow::as_select(), categories::archived_at))
        .load::<(ProductRow, When)>(conn)?;
    let offered = product_modifier_groups::table
        .order((product_modifier_groups::product_id, product_modifier_groups::position))
        .select((product_modifier_groups::product_id, product_modifier_groups::group_id));
    let mut groups = grouped(offered.load::<(Uuid, Uuid)>(conn)?);
    let mut slots = slots(conn)?;
    rows.into_iter()
        .map(|(row, category_archived)| {
            Ok(Product {
                id: row.id,
                slug: row.slug,
                category: row.category_id,
                kind: word::<ProductKind>(row.kind)?,
                name: text(row.name)?,
                description: text(row.description)?,
                tax: word::<TaxCategory>(row.tax_category)?,
                diets: words::<Diet>(row.diets)?,
                image_urls: row.image_urls.into_iter().flatten().collect(),
                halves_allowed: row.halves_allowed,
                on_sale: row.archived_at.is_none() && category_archived.is_none(),
                groups: groups.remove(&row.id).unwrap_or_default(),
                variants: Vec::new(),
                slots: slots.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}

fn slots(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Vec<Slot>>> {
    let offered = combo_slot_variants::table
        .select((combo_slot_variants::slot_id, combo_slot_variants::variant_id, combo_slot_variants::surcharge_cents))
        .load::<(Uuid, Uuid, i64)>(conn)?;
    let mut offered = grouped(offered.into_iter().map(|(slot, variant, cents)| (slot, (variant, Cents(cents)))));
    let rows = combo_slots::table
        .order((combo_slots::position, combo_slots::id))
        .select((combo_slots::id, combo_slots::product_id, combo_slots::name, combo_slots::minimum, combo_slots::maximum))
        .load::<(Uuid, Uuid, Value, i32, i32)>(conn)?;
    let slots = rows.into_iter().map(|(id, product, name, minimum, maximum)| {
        let variants = offered.remove(&id).unwrap_or_default().into_iter().collect();
        Ok((product, Slot { id, name: text(name)?, minimum: count(minimum)?, maximum: count(maximum)?, variants }))
    });
    Ok(grouped(slots.collect::<Result<Vec<_>>>()?))
}

fn variants(conn: &mut PgConnection, places: &BTreeMap<Uuid, usize>) -> Result<BTreeMap<Uuid, Variant>> {
    let lines = variant_ingredients::table
        .select((
            variant_ingredients::variant_id,
            variant_ingredients::ingredient_id,
            variant_ingredients::quantity_milli,
            variant_ingredients::waste_basis_points,
        ))
        .load::<(Uuid, Uuid, i64, i32)>(conn)?;
    let lines = lines.into_iter().map(|(variant, id, milli, waste)| (variant, (id, Quantity(milli).with_waste(waste))));
    let mut recipes: BTreeMap<Uuid, Recipe> = grouped(lines);
    let rows = variants::table
        .select((
            variants::id,
            variants::product_id,
            variants::size_code,
            variants::name,
            variants::price_cents,
            variants::archived_at,
        ))
        .load::<(Uuid, Uuid, String, Value, i64, When)>(conn)?;
    rows.into_iter()
        .map(|(id, product, size, name, cents, archived)| {
            let product = *places.get(&product).ok_or_else(|| Error::internal("a variant without a product"))?;
            let (size, name, price) = (word::<SizeCode>(size)?, text(name)?, Cents(cents));
            let recipe = recipes.remove(&id).unwrap_or_default();
            Ok((id, Variant { id, product, size, name, price, recipe, on_sale: archived.is_none() }))
        })
        .collect()
}

fn groups(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Group>> {
    let ordered = modifiers::table.order((modifiers::group_id, modifiers::position, modifiers::id));
    let mut inside = grouped(ordered.select((modifiers::group_id, modifiers::id)).load::<(Uuid, Uuid)>(conn)?);
    let rows = modifier_groups::table
        .filter(modifier_groups::archived_at.is_null())
        .select((
            modifier_groups::id,
            modifier_groups::slug,
            modifier_groups::name,
            modifier_groups::minimum,
            modifier_groups::maximum,
            modifier_groups::free_quantity,
        ))
        .load::<(Uuid, String, Value, i32, i32, i32)>(conn)?;
    rows.into_iter()
        .map(|(id, slug, name, minimum, maximum, free)| {
            let modifiers = inside.remove(&id).unwrap_or_default();
            let (minimum, maximum, free) = (count(minimum)?, count(maximum)?, count(free)?);
            Ok((id, Group { id, slug, name: text(name)?, minimum, maximum, free, modifiers }))
        })
        .collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = modifiers, check_for_backend(diesel::pg::Pg))]
struct ModifierRow {
    id: Uuid,
    group_id: Uuid,
    name: Value,
    kind: String,
    maximum: i32,
    is_default: bool,
    removes_ingredient_id: Option<Uuid>,
    archived_at: When,
}

/// A modifier of an archived group is not on sale either.
fn modifiers(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Modifier>> {
    let mut sizes = modifier_sizes(conn)?;
    let rows = modifiers::table
        .inner_join(modifier_groups::table)
        .select((ModifierRow::as_select(), modifier_groups::archived_at))
        .load::<(ModifierRow, When)>(conn)?;
    rows.into_iter()
        .map(|(row, group_archived)| {
            let modifier = Modifier {
                id: row.id,
                group: row.group_id,
                name: text(row.name)?,
                kind: word::<ModifierKind>(row.kind)?,
                maximum: count(row.maximum)?,
                is_default: row.is_default,
                removes: row.removes_ingredient_id,
                sizes: sizes.remove(&row.id).unwrap_or_default(),
                on_sale: row.archived_at.is_none() && group_archived.is_none(),
            };
            Ok((row.id, modifier))
        })
        .collect()
}

fn modifier_sizes(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, BTreeMap<SizeCode, ModifierSize>>> {
    let lines = modifier_ingredients::table
        .select((
            modifier_ingredients::modifier_id,
            modifier_ingredients::size_code,
            modifier_ingredients::ingredient_id,
            modifier_ingredients::quantity_milli,
            modifier_ingredients::waste_basis_points,
        ))
        .load::<(Uuid, String, Uuid, i64, i32)>(conn)?;
    let line = |(modifier, size, id, milli, waste)| ((modifier, size), (id, Quantity(milli).with_waste(waste)));
    let mut recipes: BTreeMap<(Uuid, String), Recipe> = grouped(lines.into_iter().map(line));
    let rows = modifier_sizes::table
        .select((modifier_sizes::modifier_id, modifier_sizes::size_code, modifier_sizes::price_cents))
        .load::<(Uuid, String, i64)>(conn)?;
    let mut sizes: BTreeMap<Uuid, BTreeMap<SizeCode, ModifierSize>> = BTreeMap::new();
    for (modifier, size, cents) in rows {
        let recipe = recipes.remove(&(modifier, size.clone())).unwrap_or_default();
        sizes.entry(modifier).or_default().insert(word(size)?, ModifierSize { price: Cents(cents), recipe });
    }
    Ok(sizes)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ingredients, check_for_backend(diesel::pg::Pg))]
struct IngredientRow {
    id: Uuid,
    slug: String,
    name: Value,
    allergens: Vec<Option<String>>,
    may_contain: Vec<Option<String>>,
    allergens_known: bool,
}

fn ingredients(conn: &mut PgConnection) -> Result<BTreeMap<Uuid, Ingredient>> {
    let rows = ingredients::table.select(IngredientRow::as_select()).load(conn)?;
    rows.into_iter()
        .map(|row| {
            let ingredient = Ingredient {
                id: row.id,
                slug: row.slug,
                name: text(row.name)?,
                allergens: words::<Allergen>(row.allergens)?,
                may_contain: words::<Allergen>(row.may_contain)?,
                allergens_known: row.allergens_known,
            };
            Ok((row.id, ingredient))
        })
        .collect()
}

fn policies(conn: &mut PgConnection) -> Result<BTreeMap<ProductKind, PortionPolicy>> {
    let rows = portion_policies::table
        .select((portion_policies::product_kind, portion_policies::price_rule, portion_policies::extras_percent))
        .load::<(String, String, i32)>(conn)?;
    let policy = |(kind, rule, percent): (String, String, i32)| {
        Ok((word(kind)?, PortionPolicy { rule: word::<PriceRule>(rule)?, extras_percent: count(percent)? }))
    };
    rows.into_iter().map(policy).collect()
}
