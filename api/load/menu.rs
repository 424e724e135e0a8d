//! Ingredients, categories, modifiers, products, their variants and recipes.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::document::{Ingredients, ModifierEntry, ProductEntry, VariantEntry};
use super::{Faults, Ids, Source};
use crate::error::{Error, Result};
use schema::{
    categories, ingredients, modifier_groups, modifier_ingredients, modifier_sizes, modifiers, product_modifier_groups, products,
    recipes, tax_rates, variant_ingredients, variants,
};

pub(super) fn ingredient_ids(conn: &mut PgConnection) -> Result<Ids> {
    Ok(ingredients::table.select((ingredients::slug, ingredients::id)).load::<(String, Uuid)>(conn)?.into_iter().collect())
}

pub(super) fn tax_rates(conn: &mut PgConnection, source: &Source) -> Result<()> {
    for (index, entry) in source.document.tax_rates.iter().enumerate() {
        let rate = tax_rates::rate_basis_points.eq(entry.rate_basis_points);
        diesel::insert_into(tax_rates::table)
            .values((
                tax_rates::category.eq(entry.category.as_str()),
                tax_rates::service_type.eq(entry.service_type.map_or("any", |service| service.as_str())),
                rate,
                tax_rates::valid_from.eq(entry.valid_from),
            ))
            .on_conflict((tax_rates::category, tax_rates::service_type, tax_rates::valid_from))
            .do_update()
            .set(rate)
            .execute(conn)
            .map_err(|error| refused(source, &format!("/taxRates/{index}"), error))?;
    }
    Ok(())
}

pub(super) fn ingredients(conn: &mut PgConnection, source: &Source) -> Result<()> {
    for (index, entry) in source.document.ingredients.iter().enumerate() {
        let allergens: Vec<&str> = entry.allergens.iter().map(|allergen| allergen.as_str()).collect();
        let row = (
            ingredients::name.eq(serde_json::to_value(&entry.name)?),
            ingredients::unit.eq(entry.unit.as_str()),
            ingredients::allergens.eq(allergens),
        );
        diesel::insert_into(ingredients::table)
            .values((ingredients::id.eq(Uuid::now_v7()), ingredients::slug.eq(&entry.slug), row.clone()))
            .on_conflict(ingredients::slug)
            .do_update()
            .set(row)
            .execute(conn)
            .map_err(|error| refused(source, &format!("/ingredients/{index}"), error))?;
    }
    Ok(())
}

pub(super) fn categories(conn: &mut PgConnection, source: &Source) -> Result<()> {
    for (index, entry) in source.document.categories.iter().enumerate() {
        let row = (categories::name.eq(serde_json::to_value(&entry.name)?), categories::position.eq(entry.position));
        diesel::insert_into(categories::table)
            .values((categories::id.eq(Uuid::now_v7()), categories::slug.eq(&entry.slug), row.clone()))
            .on_conflict(categories::slug)
            .do_update()
            .set(row)
            .execute(conn)
            .map_err(|error| refused(source, &format!("/categories/{index}"), error))?;
    }
    Ok(())
}

pub(super) fn modifier_groups(conn: &mut PgConnection, source: &Source) -> Result<()> {
    let ingredient_ids = ingredient_ids(conn)?;
    let mut faults = Faults { source: &source.name, faults: Vec::new() };
    for (index, entry) in source.document.modifier_groups.iter().enumerate() {
        let at = format!("/modifierGroups/{index}");
        let row = (
            modifier_groups::name.eq(serde_json::to_value(&entry.name)?),
            modifier_groups::minimum.eq(entry.minimum),
            modifier_groups::maximum.eq(entry.maximum),
        );
        let group_id = diesel::insert_into(modifier_groups::table)
            .values((modifier_groups::id.eq(Uuid::now_v7()), modifier_groups::slug.eq(&entry.slug), row.clone()))
            .on_conflict(modifier_groups::slug)
            .do_update()
            .set(row)
            .returning(modifier_groups::id)
            .get_result::<Uuid>(conn)
            .map_err(|error| refused(source, &at, error))?;
        for (position, entry) in (0i32..).zip(&entry.modifiers) {
            let at = format!("{at}/modifiers/{position}");
            modifier(conn, group_id, position, entry, &at, &ingredient_ids, &mut faults)?;
        }
    }
    faults.done()
}

fn modifier(
    conn: &mut PgConnection,
    group_id: Uuid,
    position: i32,
    entry: &ModifierEntry,
    at: &str,
    ingredient_ids: &Ids,
    faults: &mut Faults<'_>,
) -> Result<()> {
    let row = (
        modifiers::group_id.eq(group_id),
        modifiers::name.eq(serde_json::to_value(&entry.name)?),
        modifiers::position.eq(position),
    );
    let id = diesel::insert_into(modifiers::table)
        .values((modifiers::id.eq(Uuid::now_v7()), modifiers::slug.eq(&entry.slug), row.clone()))
        .on_conflict(modifiers::slug)
        .do_update()
        .set(row)
        .returning(modifiers::id)
        .get_result::<Uuid>(conn)?;
    diesel::delete(modifier_ingredients::table.filter(modifier_ingredients::modifier_id.eq(id))).execute(conn)?;
    diesel::delete(modifier_sizes::table.filter(modifier_sizes::modifier_id.eq(id))).execute(conn)?;
    for (size, entry) in &entry.sizes {
        let at = format!("{at}/sizes/{}", size.as_str());
        if entry.price_cents < 0 {
            faults.add(&format!("{at}/priceCents"), "a price is not below zero");
            continue;
        }
        diesel::insert_into(modifier_sizes::table)
            .values((
                modifier_sizes::modifier_id.eq(id),
                modifier_sizes::size_code.eq(size.as_str()),
                modifier_sizes::price_cents.eq(entry.price_cents),
            ))
            .execute(conn)?;
        let rows: Vec<_> = resolved(&entry.ingredients, &at, ingredient_ids, faults)
            .into_iter()
            .map(|(ingredient, milli)| {
                (
                    modifier_ingredients::modifier_id.eq(id),
                    modifier_ingredients::size_code.eq(size.as_str()),
                    modifier_ingredients::ingredient_id.eq(ingredient),
                    modifier_ingredients::quantity_milli.eq(milli),
                )
            })
            .collect();
        diesel::insert_into(modifier_ingredients::table).values(rows).execute(conn)?;
    }
    Ok(())
}

pub(super) fn products(conn: &mut PgConnection, source: &Source, now: DateTime<Utc>) -> Result<()> {
    let mut faults = Faults { source: &source.name, faults: Vec::new() };
    let ingredient_ids = ingredient_ids(conn)?;
    let category_ids: Ids =
        categories::table.select((categories::slug, categories::id)).load::<(String, Uuid)>(conn)?.into_iter().collect();
    let group_ids: Ids = modifier_groups::table
        .select((modifier_groups::slug, modifier_groups::id))
        .load::<(String, Uuid)>(conn)?
        .into_iter()
        .collect();
    for (position, entry) in (0i32..).zip(&source.document.products) {
        let at = format!("/products/{position}");
        let category = faults.resolve(&category_ids, &entry.category, "category", &format!("{at}/category"));
        let groups: Vec<Uuid> = entry
            .modifier_groups
            .iter()
            .enumerate()
            .filter_map(|(i, slug)| faults.resolve(&group_ids, slug, "modifier group", &format!("{at}/modifierGroups/{i}")))
            .collect();
        let Some(category) = category else { continue };
        let id = product(conn, entry, category, position).map_err(|error| refused(source, &at, error))?;
        offer(conn, id, &groups)?;
        variants_of(conn, id, &entry.variants, &at, &ingredient_ids, &mut faults, now)?;
    }
    faults.done()
}

fn product(conn: &mut PgConnection, entry: &ProductEntry, category_id: Uuid, position: i32) -> QueryResult<Uuid> {
    let json = |value: &domain::language::Text| serde_json::to_value(value).unwrap_or_default();
    let row = (
        products::category_id.eq(category_id),
        products::kind.eq(entry.kind.as_str()),
        products::name.eq(json(&entry.name)),
        products::description.eq(json(&entry.description)),
        products::tax_category.eq(entry.tax_category.as_str()),
        products::position.eq(position),
        products::archived_at.eq(None::<DateTime<Utc>>),
    );
    let id = diesel::insert_into(products::table)
        .values((products::id.eq(Uuid::now_v7()), products::slug.eq(&entry.slug), row.clone()))
        .on_conflict(products::slug)
        .do_update()
        .set(row)
        .returning(products::id)
        .get_result::<Uuid>(conn)?;
    let recipe = (
        recipes::preparation_seconds.eq(entry.recipe.prep_seconds),
        recipes::bake_seconds.eq(entry.recipe.bake_seconds),
        recipes::steps.eq(steps(&entry.recipe.steps)),
    );
    diesel::insert_into(recipes::table)
        .values((recipes::product_id.eq(id), recipe.clone()))
        .on_conflict(recipes::product_id)
        .do_update()
        .set(recipe)
        .execute(conn)?;
    Ok(id)
}

fn steps(entry: &super::document::StepsEntry) -> serde_json::Value {
    entry.fr.iter().zip(&entry.en).map(|(fr, en)| serde_json::json!({ "fr": fr, "en": en })).collect()
}

fn offer(conn: &mut PgConnection, product_id: Uuid, groups: &[Uuid]) -> Result<()> {
    diesel::delete(product_modifier_groups::table.filter(product_modifier_groups::product_id.eq(product_id))).execute(conn)?;
    let rows: Vec<_> = (0i32..)
        .zip(groups)
        .map(|(position, group)| {
            (
                product_modifier_groups::product_id.eq(product_id),
                product_modifier_groups::group_id.eq(*group),
                product_modifier_groups::position.eq(position),
            )
        })
        .collect();
    diesel::insert_into(product_modifier_groups::table).values(rows).execute(conn)?;
    Ok(())
}

/// The file's variants; a size that the file no longer has is archived, because orders name it.
fn variants_of(
    conn: &mut PgConnection,
    product_id: Uuid,
    entries: &[VariantEntry],
    at: &str,
    ingredient_ids: &Ids,
    faults: &mut Faults<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let of_product = variants::table.filter(variants::product_id.eq(product_id).and(variants::archived_at.is_null()));
    diesel::update(of_product).set(variants::archived_at.eq(now)).execute(conn)?;
    for (position, entry) in (0i32..).zip(entries) {
        let at = format!("{at}/variants/{position}");
        if entry.price_cents < 0 {
            faults.add(&format!("{at}/priceCents"), "a price is not below zero");
            continue;
        }
        let row = (
            variants::name.eq(serde_json::to_value(&entry.name)?),
            variants::price_cents.eq(entry.price_cents),
            variants::position.eq(position),
            variants::archived_at.eq(None::<DateTime<Utc>>),
        );
        let id = diesel::insert_into(variants::table)
            .values((
                variants::id.eq(Uuid::now_v7()),
                variants::product_id.eq(product_id),
                variants::size_code.eq(entry.size.as_str()),
                row.clone(),
            ))
            .on_conflict((variants::product_id, variants::size_code))
            .do_update()
            .set(row)
            .returning(variants::id)
            .get_result::<Uuid>(conn)?;
        diesel::delete(variant_ingredients::table.filter(variant_ingredients::variant_id.eq(id))).execute(conn)?;
        let rows: Vec<_> = resolved(&entry.ingredients, &at, ingredient_ids, faults)
            .into_iter()
            .map(|(ingredient, milli)| {
                (
                    variant_ingredients::variant_id.eq(id),
                    variant_ingredients::ingredient_id.eq(ingredient),
                    variant_ingredients::quantity_milli.eq(milli),
                )
            })
            .collect();
        diesel::insert_into(variant_ingredients::table).values(rows).execute(conn)?;
    }
    Ok(())
}

/// The ingredients of a recipe by id, those that can be resolved.
fn resolved(entries: &Ingredients, at: &str, ids: &Ids, faults: &mut Faults<'_>) -> Vec<(Uuid, i64)> {
    let mut found = Vec::new();
    for (slug, quantity) in entries {
        let pointer = format!("{at}/ingredients/{slug}");
        if quantity.0 <= 0 {
            faults.add(&pointer, "a quantity is above zero");
        } else if let Some(id) = faults.resolve(ids, slug, "ingredient", &pointer) {
            found.push((id, quantity.0));
        }
    }
    found
}

/// What the database refused, with the place in the file.
fn refused(source: &Source, pointer: &str, error: diesel::result::Error) -> Error {
    let mut faults = Faults { source: &source.name, faults: Vec::new() };
    faults.add(pointer, error);
    Error::invalid(faults.faults)
}
