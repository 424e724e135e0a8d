//! Categories, and products with their sizes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::{ProductKind, SizeCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::document::ProductEntry;
use super::ingredients::Line;
use super::{Faults, Ids, Source, ingredients, modifiers, recipes};
use crate::error::{Error, Result};
use schema::{categories, product_modifier_groups, products, variant_ingredients, variants};

const WRITE_CATEGORIES: &str = "
  insert into categories as old (id, slug, name, position, windows)
  select id, slug, name, position, windows from jsonb_populate_recordset(null::categories, $1)
  on conflict (slug) do update set
    name = excluded.name, position = excluded.position, windows = excluded.windows,
    archived_at = null, version = old.version + 1
  where old.archived_at is not null
    or (old.name, old.position, old.windows) is distinct from (excluded.name, excluded.position, excluded.windows)";

const WRITE_PRODUCTS: &str = "
  insert into products
    (id, slug, category_id, kind, name, description, tax_category, position, diets, image_urls, halves_allowed)
  select id, slug, category_id, kind, name, description, tax_category, position, diets, image_urls, halves_allowed
  from jsonb_populate_recordset(null::products, $1)
  on conflict (slug) do update set
    category_id = excluded.category_id, kind = excluded.kind, name = excluded.name, description = excluded.description,
    tax_category = excluded.tax_category, position = excluded.position, diets = excluded.diets,
    image_urls = excluded.image_urls, halves_allowed = excluded.halves_allowed, archived_at = null";

const WRITE_VARIANTS: &str = "
  insert into variants (id, product_id, size_code, name, price_cents, position)
  select id, product_id, size_code, name, price_cents, position from jsonb_populate_recordset(null::variants, $1)
  on conflict (product_id, size_code) do update set
    name = excluded.name, price_cents = excluded.price_cents, position = excluded.position, archived_at = null";

const WRITE_GROUPS: &str = "
  insert into product_modifier_groups (product_id, group_id, position)
  select product_id, group_id, position from jsonb_populate_recordset(null::product_modifier_groups, $1)";

const WRITE_INGREDIENTS: &str = "
  insert into variant_ingredients (variant_id, ingredient_id, quantity_milli, waste_basis_points)
  select variant_id, ingredient_id, quantity_milli, waste_basis_points
  from jsonb_populate_recordset(null::variant_ingredients, $1)";

/// A product's slug and a size.
pub(super) type Sizes = BTreeMap<(String, SizeCode), Uuid>;

pub(super) fn ids(conn: &mut PgConnection) -> Result<Ids> {
    Ok(products::table.select((products::slug, products::id)).load::<(String, Uuid)>(conn)?.into_iter().collect())
}

pub(super) fn category_ids(conn: &mut PgConnection) -> Result<Ids> {
    Ok(categories::table.select((categories::slug, categories::id)).load::<(String, Uuid)>(conn)?.into_iter().collect())
}

/// The variants that are on sale.
pub(super) fn sizes_on_sale(conn: &mut PgConnection) -> Result<Sizes> {
    let rows = variants::table
        .inner_join(products::table)
        .filter(variants::archived_at.is_null().and(products::archived_at.is_null()))
        .select((products::slug, variants::size_code, variants::id))
        .load::<(String, String, Uuid)>(conn)?;
    let sized = |(slug, size, id)| Ok(((slug, SizeCode::try_from(size).map_err(Error::internal)?), id));
    rows.into_iter().map(sized).collect()
}

/// The variant behind a slug and a size; a fault when there is none.
pub(super) fn find(sizes: &Sizes, slug: &str, size: SizeCode, at: &str, faults: &mut Faults<'_>) -> Option<Uuid> {
    let found = sizes.get(&(slug.to_owned(), size)).copied();
    if found.is_none() {
        faults.add(at, format!("there is no product «{slug}» in the size «{}»", size.as_str()));
    }
    found
}

pub(super) fn categories(conn: &mut PgConnection, source: &Source) -> Result<()> {
    let mut faults = Faults::of(source);
    let entries = &source.document.categories;
    faults.distinct(entries.iter().enumerate().map(|(index, entry)| (&entry.slug, format!("/categories/{index}/slug"))));
    let mut rows = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        faults.windows(&entry.windows, &format!("/categories/{index}/windows"));
        let (name, position, windows) = (&entry.name, entry.position, &entry.windows);
        rows.push(json!({ "id": Uuid::now_v7(), "slug": entry.slug, "name": name, "position": position, "windows": windows }));
    }
    faults.check()?;
    faults.write(conn, "/categories", WRITE_CATEGORIES, rows)
}

/// A product of the file with what its slugs name.
struct Read<'a> {
    entry: &'a ProductEntry,
    category: Option<Uuid>,
    groups: Vec<Uuid>,
    /// What each of its variants takes.
    lines: Vec<Vec<Line>>,
}

/// The file's products. A size that the file no longer has is archived, because orders name it.
pub(super) fn products(conn: &mut PgConnection, source: &Source, now: DateTime<Utc>) -> Result<()> {
    let mut faults = Faults::of(source);
    let entries = &source.document.products;
    if entries.is_empty() {
        return Ok(());
    }
    let known = (category_ids(conn)?, modifiers::group_ids(conn)?, ingredients::ids(conn)?);
    faults.distinct(entries.iter().enumerate().map(|(index, entry)| (&entry.slug, format!("/products/{index}/slug"))));
    let products: Vec<Read<'_>> =
        (0..).zip(entries).map(|(index, entry)| read(entry, &format!("/products/{index}"), &known, &mut faults)).collect();
    faults.check()?;
    let rows = products.iter().enumerate().map(|(position, product)| row(product, position)).collect();
    faults.write(conn, "/products", WRITE_PRODUCTS, rows)?;
    let ids = ids(conn)?;
    let found: Vec<(Uuid, &Read<'_>)> =
        products.iter().filter_map(|product| Some((*ids.get(&product.entry.slug.0)?, product))).collect();
    offer(conn, &mut faults, &found)?;
    sizes(conn, &mut faults, &found, now)?;
    let recipes = found.iter().filter_map(|(id, product)| Some((*id, product.entry.recipe.as_ref()?)));
    recipes::recipes(conn, &mut faults, recipes)
}

fn read<'a>(entry: &'a ProductEntry, at: &str, known: &(Ids, Ids, Ids), faults: &mut Faults<'_>) -> Read<'a> {
    sound(entry, at, faults);
    let (category_ids, group_ids, ingredient_ids) = known;
    let category = faults.resolve(category_ids, &entry.category, "category", &format!("{at}/category"));
    let group = |(index, slug): (usize, &String)| {
        faults.resolve(group_ids, slug, "modifier group", &format!("{at}/modifierGroups/{index}"))
    };
    let groups = entry.modifier_groups.iter().enumerate().filter_map(group).collect();
    let variants = entry.variants.iter().enumerate();
    let lines = variants.map(|(index, variant)| {
        ingredients::lines(&variant.ingredients, &format!("{at}/variants/{index}"), ingredient_ids, faults)
    });
    let lines = lines.collect();
    Read { entry, category, groups, lines }
}

/// What no type says of a product.
fn sound(entry: &ProductEntry, at: &str, faults: &mut Faults<'_>) {
    let is_combo = entry.kind == ProductKind::Combo;
    let groups = entry.modifier_groups.iter().enumerate();
    faults.distinct(groups.map(|(index, slug)| (slug, format!("{at}/modifierGroups/{index}"))));
    faults.length(entry.modifier_groups.len(), 0..=50, &format!("{at}/modifierGroups"));
    faults.distinct(entry.image_urls.iter().enumerate().map(|(index, url)| (url, format!("{at}/imageUrls/{index}"))));
    faults.length(entry.image_urls.len(), 0..=10, &format!("{at}/imageUrls"));
    faults.length(entry.recipe.as_ref().map_or(0, |recipe| recipe.steps.len()), 0..=50, &format!("{at}/recipe/steps"));
    let variants = entry.variants.iter().enumerate();
    faults.length(entry.variants.len(), 1..=10, &format!("{at}/variants"));
    faults.distinct(variants.clone().map(|(index, variant)| (variant.size, format!("{at}/variants/{index}/size"))));
    for (index, _) in variants.filter(|(_, variant)| variant.ingredients.is_empty() != is_combo) {
        let reason = "a combo takes what fills its slots, everything else takes ingredients";
        faults.add(&format!("{at}/variants/{index}/ingredients"), reason);
    }
    if is_combo == entry.slots.is_empty() {
        faults.add(&format!("{at}/slots"), "a combo has slots, and nothing else has");
    }
    faults.length(entry.slots.len(), 0..=10, &format!("{at}/slots"));
    if !is_combo && entry.recipe.is_none() {
        faults.add(&format!("{at}/recipe"), "everything but a combo has a recipe");
    }
}

fn row(product: &Read<'_>, position: usize) -> Value {
    let entry = product.entry;
    json!({
        "id": Uuid::now_v7(),
        "slug": entry.slug,
        "category_id": product.category,
        "kind": entry.kind,
        "name": entry.name,
        "description": entry.description,
        "tax_category": entry.tax_category,
        "position": position,
        "diets": entry.diets,
        "image_urls": entry.image_urls,
        "halves_allowed": entry.halves_allowed,
    })
}

fn offer(conn: &mut PgConnection, faults: &mut Faults<'_>, found: &[(Uuid, &Read<'_>)]) -> Result<()> {
    let ids = found.iter().map(|(id, _)| *id);
    diesel::delete(product_modifier_groups::table.filter(product_modifier_groups::product_id.eq_any(ids))).execute(conn)?;
    let mut rows = Vec::new();
    for (id, product) in found {
        for (position, group) in product.groups.iter().enumerate() {
            rows.push(json!({ "product_id": id, "group_id": group, "position": position }));
        }
    }
    faults.write(conn, "/products", WRITE_GROUPS, rows)
}

fn sizes(conn: &mut PgConnection, faults: &mut Faults<'_>, found: &[(Uuid, &Read<'_>)], now: DateTime<Utc>) -> Result<()> {
    let mut rows = Vec::new();
    for (product_id, product) in found {
        for (position, variant) in product.entry.variants.iter().enumerate() {
            rows.push(json!({
                "id": Uuid::now_v7(),
                "product_id": product_id,
                "size_code": variant.size,
                "name": variant.name,
                "price_cents": variant.price_cents,
                "position": position,
            }));
        }
    }
    faults.write(conn, "/products", WRITE_VARIANTS, rows)?;
    let of_file = || variants::table.filter(variants::product_id.eq_any(found.iter().map(|(id, _)| *id)));
    let there = of_file().select((variants::product_id, variants::size_code, variants::id)).load::<(Uuid, String, Uuid)>(conn)?;
    let there: BTreeMap<(Uuid, String), Uuid> = there.into_iter().map(|(product, size, id)| ((product, size), id)).collect();
    let (mut kept, mut rows) = (Vec::new(), Vec::new());
    for (product_id, product) in found {
        for (variant, lines) in product.entry.variants.iter().zip(&product.lines) {
            let Some(id) = there.get(&(*product_id, String::from(variant.size))) else { continue };
            kept.push(*id);
            rows.extend(lines.iter().map(|line| line.of_variant(*id)));
        }
    }
    diesel::update(of_file().filter(variants::archived_at.is_null()).filter(variants::id.ne_all(&kept)))
        .set(variants::archived_at.eq(now))
        .execute(conn)?;
    diesel::delete(variant_ingredients::table.filter(variant_ingredients::variant_id.eq_any(&kept))).execute(conn)?;
    faults.write(conn, "/products", WRITE_INGREDIENTS, rows)
}
