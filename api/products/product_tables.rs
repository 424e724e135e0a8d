//! SQL of products: a few statements, however many products are read.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::upsert::excluded;
use domain::menu::{Diet, ProductKind, SizeCode};
use domain::money::Cents;
use domain::tax::TaxCategory;
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Code, Error, OnConstraint, Result};
use crate::products::products::{
    ImageUrl, Product, ProductBody, ProductSlot, ProductVariant, ProductsQuery, SlotBody, SlotVariant, VariantBody,
};
use schema::{categories, combo_slot_variants, combo_slots, product_modifier_groups, products, variants};

#[derive(Queryable, Selectable, Identifiable)]
#[diesel(table_name = products, check_for_backend(diesel::pg::Pg))]
struct ProductRow {
    id: Uuid,
    slug: String,
    category_id: Uuid,
    #[diesel(deserialize_as = String)]
    kind: ProductKind,
    name: Value,
    description: Value,
    #[diesel(deserialize_as = String)]
    tax_category: TaxCategory,
    position: i32,
    diets: Vec<Option<String>>,
    image_urls: Vec<Option<String>>,
    halves_allowed: bool,
    archived_at: Option<DateTime<Utc>>,
    version: i32,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = product_modifier_groups, primary_key(product_id, group_id), check_for_backend(diesel::pg::Pg))]
#[diesel(belongs_to(ProductRow, foreign_key = product_id))]
struct OfferRow {
    product_id: Uuid,
    group_id: Uuid,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = variants, check_for_backend(diesel::pg::Pg))]
#[diesel(belongs_to(ProductRow, foreign_key = product_id))]
struct VariantRow {
    id: Uuid,
    product_id: Uuid,
    #[diesel(deserialize_as = String)]
    size_code: SizeCode,
    name: Value,
    price_cents: i64,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = combo_slots, check_for_backend(diesel::pg::Pg))]
#[diesel(belongs_to(ProductRow, foreign_key = product_id))]
struct SlotRow {
    id: Uuid,
    product_id: Uuid,
    name: Value,
    minimum: i32,
    maximum: i32,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = combo_slot_variants, primary_key(slot_id, variant_id), check_for_backend(diesel::pg::Pg))]
#[diesel(belongs_to(SlotRow, foreign_key = slot_id))]
struct SlotVariantRow {
    slot_id: Uuid,
    variant_id: Uuid,
    surcharge_cents: i64,
}

/// In the order of the menu.
pub(super) fn list(conn: &mut PgConnection, query: ProductsQuery) -> Result<Vec<Product>> {
    let mut wanted = products::table
        .inner_join(categories::table)
        .filter(products::archived_at.is_not_null().eq(query.archived))
        .order((categories::position, categories::id, products::position, products::id))
        .select(ProductRow::as_select())
        .into_boxed();
    if let Some(category) = query.category_id {
        wanted = wanted.filter(products::category_id.eq(category));
    }
    if let Some(kind) = query.kind {
        wanted = wanted.filter(products::kind.eq(kind.as_str()));
    }
    let rows = wanted.load(conn)?;
    whole(conn, rows)
}

/// Archived or not.
pub(super) fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<Product>> {
    let row = products::table.find(id).select(ProductRow::as_select()).load(conn)?;
    Ok(whole(conn, row)?.pop())
}

/// Products with their parts: one statement for each table.
fn whole(conn: &mut PgConnection, rows: Vec<ProductRow>) -> Result<Vec<Product>> {
    let offers = OfferRow::belonging_to(&rows)
        .order(product_modifier_groups::position)
        .select(OfferRow::as_select())
        .load(conn)?
        .grouped_by(&rows);
    let sizes = VariantRow::belonging_to(&rows)
        .filter(variants::archived_at.is_null())
        .order((variants::position, variants::id))
        .select(VariantRow::as_select())
        .load(conn)?
        .grouped_by(&rows);
    let slots = slots(conn, &rows)?;
    let parts = offers.into_iter().zip(sizes).zip(slots);
    rows.into_iter().zip(parts).map(|(row, ((offers, sizes), slots))| product(row, offers, sizes, slots)).collect()
}

type Slot = (SlotRow, Vec<SlotVariantRow>);

fn slots(conn: &mut PgConnection, rows: &[ProductRow]) -> Result<Vec<Vec<Slot>>> {
    let slots: Vec<SlotRow> =
        SlotRow::belonging_to(rows).order((combo_slots::position, combo_slots::id)).select(SlotRow::as_select()).load(conn)?;
    let fillings = SlotVariantRow::belonging_to(&slots)
        .inner_join(variants::table.inner_join(products::table.inner_join(categories::table)))
        .order((categories::position, categories::id, products::position, products::id, variants::position, variants::id))
        .select(SlotVariantRow::as_select())
        .load(conn)?
        .grouped_by(&slots);
    let slots: Vec<Slot> = slots.into_iter().zip(fillings).collect();
    Ok(slots.grouped_by(rows))
}

fn product(row: ProductRow, offers: Vec<OfferRow>, sizes: Vec<VariantRow>, slots: Vec<Slot>) -> Result<Product> {
    let diets = row.diets.into_iter().flatten().map(Diet::try_from).collect::<std::result::Result<_, _>>();
    Ok(Product {
        id: row.id,
        slug: row.slug,
        category_id: row.category_id,
        kind: row.kind,
        name: serde_json::from_value(row.name)?,
        description: serde_json::from_value(row.description)?,
        tax_category: row.tax_category,
        position: row.position,
        diets: diets.map_err(Error::internal)?,
        image_urls: row.image_urls.into_iter().flatten().map(ImageUrl).collect(),
        halves_allowed: row.halves_allowed,
        modifier_group_ids: offers.into_iter().map(|offer| offer.group_id).collect(),
        variants: sizes.into_iter().map(variant).collect::<Result<_>>()?,
        slots: slots.into_iter().map(slot).collect::<Result<_>>()?,
        archived: row.archived_at.is_some(),
        version: row.version,
    })
}

fn variant(row: VariantRow) -> Result<ProductVariant> {
    let (name, price) = (serde_json::from_value(row.name)?, Cents(row.price_cents).into());
    Ok(ProductVariant { id: row.id, size_code: row.size_code, name, price })
}

fn slot((row, fillings): Slot) -> Result<ProductSlot> {
    let filling = |row: SlotVariantRow| SlotVariant { variant_id: row.variant_id, surcharge: Cents(row.surcharge_cents).into() };
    Ok(ProductSlot {
        id: row.id,
        name: serde_json::from_value(row.name)?,
        minimum: row.minimum,
        maximum: row.maximum,
        variants: fillings.into_iter().map(filling).collect(),
    })
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = products)]
struct Columns<'a> {
    slug: &'a str,
    category_id: Uuid,
    kind: &'a str,
    name: Value,
    description: Value,
    tax_category: &'a str,
    position: i32,
    diets: Vec<&'a str>,
    image_urls: Vec<&'a str>,
    halves_allowed: bool,
}

impl<'a> Columns<'a> {
    fn of(body: &'a ProductBody) -> Result<Columns<'a>> {
        Ok(Columns {
            slug: &body.slug,
            category_id: body.category_id,
            kind: body.kind.as_str(),
            name: serde_json::to_value(&body.name)?,
            description: serde_json::to_value(&body.description)?,
            tax_category: body.tax_category.as_str(),
            position: body.position,
            diets: body.diets.iter().map(|diet| diet.as_str()).collect(),
            image_urls: body.image_urls.iter().map(|url| url.0.as_str()).collect(),
            halves_allowed: body.halves_allowed,
        })
    }
}

pub(super) fn insert(conn: &mut PgConnection, id: Uuid, body: &ProductBody, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(products::table)
        .values((products::id.eq(id), Columns::of(body)?))
        .execute(conn)
        .on_constraint("products_slug_key", Code::AlreadyExists)
        .map_err(|error| error.with("names", &body.slug))?;
    write_parts(conn, id, body, now)
}

pub(super) fn replace(conn: &mut PgConnection, id: Uuid, version: i32, body: &ProductBody, now: DateTime<Utc>) -> Result<bool> {
    let written = diesel::update(products::table.find(id).filter(products::version.eq(version)))
        .set((Columns::of(body)?, products::archived_at.eq(None::<DateTime<Utc>>), products::version.eq(version + 1)))
        .execute(conn)
        .on_constraint("products_slug_key", Code::AlreadyExists)
        .map_err(|error| error.with("names", &body.slug))?;
    if written == 1 {
        write_parts(conn, id, body, now)?;
    }
    Ok(written == 1)
}

pub(super) fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
    let written = diesel::update(products::table.find(id).filter(products::version.eq(version)))
        .set((products::archived_at.eq(now), products::version.eq(version + 1)))
        .execute(conn)?;
    Ok(written == 1)
}

/// The row of the product is ours by now: nobody else writes its parts.
fn write_parts(conn: &mut PgConnection, id: Uuid, body: &ProductBody, now: DateTime<Utc>) -> Result<()> {
    write_variants(conn, id, &body.variants, now)?;
    write_offers(conn, id, &body.modifier_group_ids)?;
    write_slots(conn, id, &body.slots)
}

/// Carts and orders name variants: a size that goes is archived, and is the same variant when it comes back.
fn write_variants(conn: &mut PgConnection, product_id: Uuid, sent: &[VariantBody], now: DateTime<Utc>) -> Result<()> {
    let sizes: Vec<&str> = sent.iter().map(|variant| variant.size_code.as_str()).collect();
    let live = variants::table.filter(variants::product_id.eq(product_id).and(variants::archived_at.is_null()));
    diesel::update(live.filter(variants::size_code.ne_all(sizes))).set(variants::archived_at.eq(now)).execute(conn)?;
    let row = |(position, variant): (i32, &VariantBody)| {
        Ok((
            variants::id.eq(Uuid::now_v7()),
            variants::product_id.eq(product_id),
            variants::size_code.eq(variant.size_code.as_str()),
            variants::name.eq(serde_json::to_value(&variant.name)?),
            variants::price_cents.eq(variant.price.amount),
            variants::position.eq(position),
        ))
    };
    diesel::insert_into(variants::table)
        .values((0..).zip(sent).map(row).collect::<Result<Vec<_>>>()?)
        .on_conflict((variants::product_id, variants::size_code))
        .do_update()
        .set((
            variants::name.eq(excluded(variants::name)),
            variants::price_cents.eq(excluded(variants::price_cents)),
            variants::position.eq(excluded(variants::position)),
            variants::archived_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)?;
    Ok(())
}

fn write_offers(conn: &mut PgConnection, product_id: Uuid, groups: &[Uuid]) -> Result<()> {
    diesel::delete(product_modifier_groups::table.filter(product_modifier_groups::product_id.eq(product_id))).execute(conn)?;
    let row = |(position, group): (i32, &Uuid)| {
        (
            product_modifier_groups::product_id.eq(product_id),
            product_modifier_groups::group_id.eq(*group),
            product_modifier_groups::position.eq(position),
        )
    };
    diesel::insert_into(product_modifier_groups::table).values((0..).zip(groups).map(row).collect::<Vec<_>>()).execute(conn)?;
    Ok(())
}

/// Slots that are not sent back are deleted, and what could fill them with them: no other table names them.
fn write_slots(conn: &mut PgConnection, product_id: Uuid, sent: &[SlotBody]) -> Result<()> {
    let slots: Vec<(Uuid, &SlotBody)> = sent.iter().map(|slot| (slot.id.unwrap_or_else(Uuid::now_v7), slot)).collect();
    let ids: Vec<Uuid> = slots.iter().map(|(id, _)| *id).collect();
    let of_product = combo_slots::table.filter(combo_slots::product_id.eq(product_id));
    diesel::delete(of_product.filter(combo_slots::id.ne_all(&ids))).execute(conn)?;
    let row = |(position, (id, slot)): (i32, &(Uuid, &SlotBody))| {
        Ok((
            combo_slots::id.eq(*id),
            combo_slots::product_id.eq(product_id),
            combo_slots::name.eq(serde_json::to_value(&slot.name)?),
            combo_slots::minimum.eq(slot.minimum),
            combo_slots::maximum.eq(slot.maximum),
            combo_slots::position.eq(position),
        ))
    };
    diesel::insert_into(combo_slots::table)
        .values((0..).zip(&slots).map(row).collect::<Result<Vec<_>>>()?)
        .on_conflict(combo_slots::id)
        .do_update()
        .set((
            combo_slots::name.eq(excluded(combo_slots::name)),
            combo_slots::minimum.eq(excluded(combo_slots::minimum)),
            combo_slots::maximum.eq(excluded(combo_slots::maximum)),
            combo_slots::position.eq(excluded(combo_slots::position)),
        ))
        .execute(conn)?;
    diesel::delete(combo_slot_variants::table.filter(combo_slot_variants::slot_id.eq_any(&ids))).execute(conn)?;
    let filling = |(slot_id, variant): (Uuid, &SlotVariant)| {
        (
            combo_slot_variants::slot_id.eq(slot_id),
            combo_slot_variants::variant_id.eq(variant.variant_id),
            combo_slot_variants::surcharge_cents.eq(variant.surcharge.amount),
        )
    };
    let fillings = slots.iter().flat_map(|(id, slot)| slot.variants.iter().map(|variant| filling((*id, variant))));
    diesel::insert_into(combo_slot_variants::table).values(fillings.collect::<Vec<_>>()).execute(conn)?;
    Ok(())
}
