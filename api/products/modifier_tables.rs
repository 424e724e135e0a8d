//! SQL of modifier groups: a few statements, however many groups are read or modifiers written.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text as SqlText, Uuid as SqlUuid};
use diesel::upsert::excluded;
use domain::menu::{ModifierKind, SizeCode};
use domain::money::Cents;
use domain::stock::Quantity;
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Code, OnConstraint, Result};
use crate::products::modifier_groups::{Modifier, ModifierGroup, ModifierGroupBody, ModifierQuantity, ModifierSize};
use crate::products::modifier_rules::Matched;
use crate::products::product_rules::in_use_by;
use crate::recipes::ledger::{self, Taken};
use schema::{modifier_groups, modifier_ingredients, modifier_sizes, modifiers, price_overrides};

#[derive(Queryable, Selectable, Identifiable)]
#[diesel(table_name = modifier_groups, check_for_backend(diesel::pg::Pg))]
struct GroupRow {
    id: Uuid,
    slug: String,
    name: Value,
    minimum: i32,
    maximum: i32,
    free_quantity: i32,
    archived_at: Option<DateTime<Utc>>,
    version: i32,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = modifiers, check_for_backend(diesel::pg::Pg))]
#[diesel(belongs_to(GroupRow, foreign_key = group_id))]
struct ModifierRow {
    id: Uuid,
    group_id: Uuid,
    slug: String,
    name: Value,
    #[diesel(deserialize_as = String)]
    kind: ModifierKind,
    maximum: i32,
    is_default: bool,
    removes_ingredient_id: Option<Uuid>,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = modifier_sizes, primary_key(modifier_id, size_code), check_for_backend(diesel::pg::Pg))]
#[diesel(belongs_to(ModifierRow, foreign_key = modifier_id))]
struct SizeRow {
    modifier_id: Uuid,
    #[diesel(deserialize_as = String)]
    size_code: SizeCode,
    price_cents: i64,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = modifier_ingredients, primary_key(modifier_id, size_code, ingredient_id), check_for_backend(diesel::pg::Pg))]
#[diesel(belongs_to(ModifierRow, foreign_key = modifier_id))]
struct TakenRow {
    modifier_id: Uuid,
    #[diesel(deserialize_as = String)]
    size_code: SizeCode,
    ingredient_id: Uuid,
    quantity_milli: i64,
    waste_basis_points: i32,
}

/// By slug.
pub(super) fn list(conn: &mut PgConnection, archived: bool) -> Result<Vec<ModifierGroup>> {
    let rows = modifier_groups::table
        .filter(modifier_groups::archived_at.is_not_null().eq(archived))
        .order(modifier_groups::slug)
        .select(GroupRow::as_select())
        .load(conn)?;
    whole(conn, rows)
}

/// Archived or not.
pub(super) fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<ModifierGroup>> {
    let row = modifier_groups::table.find(id).select(GroupRow::as_select()).load(conn)?;
    Ok(whole(conn, row)?.pop())
}

type Inside = (ModifierRow, (Vec<SizeRow>, Vec<TakenRow>));

/// Groups with their modifiers: one statement for each table.
fn whole(conn: &mut PgConnection, rows: Vec<GroupRow>) -> Result<Vec<ModifierGroup>> {
    let inside: Vec<ModifierRow> = ModifierRow::belonging_to(&rows)
        .filter(modifiers::archived_at.is_null())
        .order((modifiers::position, modifiers::id))
        .select(ModifierRow::as_select())
        .load(conn)?;
    let sizes = SizeRow::belonging_to(&inside).select(SizeRow::as_select()).load(conn)?.grouped_by(&inside);
    let taken = TakenRow::belonging_to(&inside)
        .order(modifier_ingredients::ingredient_id)
        .select(TakenRow::as_select())
        .load(conn)?
        .grouped_by(&inside);
    let inside: Vec<Inside> = inside.into_iter().zip(sizes.into_iter().zip(taken)).collect();
    let inside = inside.grouped_by(&rows);
    rows.into_iter()
        .zip(inside)
        .map(|(row, modifiers)| {
            Ok(ModifierGroup {
                id: row.id,
                slug: row.slug,
                name: serde_json::from_value(row.name)?,
                minimum: row.minimum,
                maximum: row.maximum,
                free_quantity: row.free_quantity,
                modifiers: modifiers
                    .into_iter()
                    .map(|(row, (sizes, taken))| modifier(row, sizes, &taken))
                    .collect::<Result<_>>()?,
                archived: row.archived_at.is_some(),
                version: row.version,
            })
        })
        .collect()
}

fn modifier(row: ModifierRow, mut sizes: Vec<SizeRow>, taken: &[TakenRow]) -> Result<Modifier> {
    let quantity = |row: &TakenRow| ModifierQuantity {
        ingredient_id: row.ingredient_id,
        quantity: Quantity(row.quantity_milli),
        waste_basis_points: row.waste_basis_points,
    };
    let size = |size: SizeRow| ModifierSize {
        size_code: size.size_code,
        price: Cents(size.price_cents).into(),
        ingredients: taken.iter().filter(|taken| taken.size_code == size.size_code).map(quantity).collect(),
    };
    sizes.sort_by_key(|size| size.size_code);
    Ok(Modifier {
        id: row.id,
        slug: row.slug,
        name: serde_json::from_value(row.name)?,
        kind: row.kind,
        maximum: row.maximum,
        is_default: row.is_default,
        removes_ingredient_id: row.removes_ingredient_id,
        sizes: sizes.into_iter().map(size).collect(),
    })
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = modifier_groups)]
struct Columns<'a> {
    slug: &'a str,
    name: Value,
    minimum: i32,
    maximum: i32,
    free_quantity: i32,
}

impl<'a> Columns<'a> {
    fn of(body: &'a ModifierGroupBody) -> Result<Columns<'a>> {
        let (slug, name) = (body.slug.as_str(), serde_json::to_value(&body.name)?);
        Ok(Columns { slug, name, minimum: body.minimum, maximum: body.maximum, free_quantity: body.free_quantity })
    }
}

pub(super) fn insert(
    conn: &mut PgConnection,
    id: Uuid,
    body: &ModifierGroupBody,
    modifiers: &[Matched<'_>],
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(modifier_groups::table)
        .values((modifier_groups::id.eq(id), Columns::of(body)?))
        .execute(conn)
        .on_constraint("modifier_groups_slug_key", Code::AlreadyExists)
        .map_err(|error| error.with("names", &body.slug))?;
    write_modifiers(conn, id, modifiers, now)
}

pub(super) fn replace(
    conn: &mut PgConnection,
    id: Uuid,
    version: i32,
    body: &ModifierGroupBody,
    modifiers: &[Matched<'_>],
    now: DateTime<Utc>,
) -> Result<bool> {
    let present = modifier_groups::table.find(id).filter(modifier_groups::version.eq(version));
    let written = diesel::update(present)
        .set((
            Columns::of(body)?,
            modifier_groups::archived_at.eq(None::<DateTime<Utc>>),
            modifier_groups::version.eq(version + 1),
        ))
        .execute(conn)
        .on_constraint("modifier_groups_slug_key", Code::AlreadyExists)
        .map_err(|error| error.with("names", &body.slug))?;
    if written == 1 {
        write_modifiers(conn, id, modifiers, now)?;
    }
    Ok(written == 1)
}

pub(super) fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
    let written = diesel::update(modifier_groups::table.find(id).filter(modifier_groups::version.eq(version)))
        .set((modifier_groups::archived_at.eq(now), modifier_groups::version.eq(version + 1)))
        .execute(conn)?;
    Ok(written == 1)
}

/// The row of the group is ours by now: nobody else writes its modifiers.
fn write_modifiers(conn: &mut PgConnection, group_id: Uuid, sent: &[Matched<'_>], now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<Uuid> = sent.iter().map(|modifier| modifier.id).collect();
    let live = modifiers::table.filter(modifiers::group_id.eq(group_id).and(modifiers::archived_at.is_null()));
    diesel::update(live.filter(modifiers::id.ne_all(&ids))).set(modifiers::archived_at.eq(now)).execute(conn)?;
    // Two may change their slugs with each other: first they get some that nobody can have.
    let renamed: Vec<Uuid> = sent.iter().filter(|modifier| modifier.is_renamed).map(|modifier| modifier.id).collect();
    let renamed = modifiers::table.filter(modifiers::id.eq_any(renamed));
    diesel::update(renamed).set(modifiers::slug.eq(sql::<SqlText>("'was ' || id"))).execute(conn)?;
    upsert_modifiers(conn, group_id, sent)?;
    upsert_sizes(conn, sent)?;
    ledger::replace_taken(conn, &ids, &taken(sent))?;
    drop_sizes(conn, &ids, sent)
}

fn upsert_modifiers(conn: &mut PgConnection, group_id: Uuid, sent: &[Matched<'_>]) -> Result<()> {
    let row = |(position, Matched { id, body, .. }): (i32, &Matched<'_>)| {
        Ok((
            modifiers::id.eq(*id),
            modifiers::group_id.eq(group_id),
            modifiers::slug.eq(body.slug.clone()),
            modifiers::name.eq(serde_json::to_value(&body.name)?),
            modifiers::position.eq(position),
            modifiers::kind.eq(body.kind.as_str()),
            modifiers::maximum.eq(body.maximum),
            modifiers::is_default.eq(body.is_default),
            modifiers::removes_ingredient_id.eq(body.removes_ingredient_id),
        ))
    };
    diesel::insert_into(modifiers::table)
        .values((0..).zip(sent).map(row).collect::<Result<Vec<_>>>()?)
        .on_conflict(modifiers::id)
        .do_update()
        .set((
            modifiers::slug.eq(excluded(modifiers::slug)),
            modifiers::name.eq(excluded(modifiers::name)),
            modifiers::position.eq(excluded(modifiers::position)),
            modifiers::kind.eq(excluded(modifiers::kind)),
            modifiers::maximum.eq(excluded(modifiers::maximum)),
            modifiers::is_default.eq(excluded(modifiers::is_default)),
            modifiers::removes_ingredient_id.eq(excluded(modifiers::removes_ingredient_id)),
            modifiers::archived_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .on_constraint("modifiers_slug_key", Code::AlreadyExists)
        // Somebody took one since the look: the statement does not tell which.
        .map_err(|error| error.with("names", slugs(sent)))?;
    Ok(())
}

fn slugs(sent: &[Matched<'_>]) -> String {
    sent.iter().map(|modifier| modifier.body.slug.as_str()).collect::<Vec<_>>().join(", ")
}

fn upsert_sizes(conn: &mut PgConnection, sent: &[Matched<'_>]) -> Result<()> {
    let row = |(id, size): (Uuid, &ModifierSize)| {
        (
            modifier_sizes::modifier_id.eq(id),
            modifier_sizes::size_code.eq(size.size_code.as_str()),
            modifier_sizes::price_cents.eq(size.price.amount),
        )
    };
    let rows = sent.iter().flat_map(|Matched { id, body, .. }| body.sizes.iter().map(move |size| row((*id, size))));
    diesel::insert_into(modifier_sizes::table)
        .values(rows.collect::<Vec<_>>())
        .on_conflict((modifier_sizes::modifier_id, modifier_sizes::size_code))
        .do_update()
        .set(modifier_sizes::price_cents.eq(excluded(modifier_sizes::price_cents)))
        .execute(conn)?;
    Ok(())
}

fn taken(sent: &[Matched<'_>]) -> Vec<Taken> {
    let mut taken = Vec::new();
    for Matched { id, body, .. } in sent {
        for size in &body.sizes {
            taken.extend(size.ingredients.iter().map(|quantity| Taken {
                modifier_id: *id,
                size: size.size_code,
                ingredient_id: quantity.ingredient_id,
                quantity: quantity.quantity,
                waste_basis_points: quantity.waste_basis_points,
            }));
        }
    }
    taken
}

/// Deletes the sizes that are sent no more; what they took is gone by now. An override keeps the size that it prices.
fn drop_sizes(conn: &mut PgConnection, ids: &[Uuid], sent: &[Matched<'_>]) -> Result<()> {
    let kept = sent.iter().flat_map(|Matched { id, body, .. }| body.sizes.iter().map(|size| (*id, size.size_code.as_str())));
    let kept: BTreeSet<(Uuid, &str)> = kept.collect();
    let present = modifier_sizes::table.filter(modifier_sizes::modifier_id.eq_any(ids));
    let present = present.select((modifier_sizes::modifier_id, modifier_sizes::size_code)).load::<(Uuid, String)>(conn)?;
    let dropped: Vec<(Uuid, String)> = present.into_iter().filter(|(id, size)| !kept.contains(&(*id, size.as_str()))).collect();
    if dropped.is_empty() {
        return Ok(());
    }
    let overrides = price_overrides::table
        .filter(price_overrides::modifier_id.eq_any(ids).assume_not_null())
        .select((
            price_overrides::id,
            (price_overrides::modifier_id.assume_not_null(), price_overrides::size_code.assume_not_null()),
        ))
        .load::<(Uuid, (Uuid, String))>(conn)?;
    let naming: Vec<String> =
        overrides.into_iter().filter(|(_, named)| dropped.contains(named)).map(|(id, _)| id.to_string()).collect();
    in_use_by(&naming)?;
    let (ids, sizes): (Vec<Uuid>, Vec<String>) = dropped.into_iter().unzip();
    diesel::sql_query(
        "delete from modifier_sizes using unnest($1, $2) as dropped (modifier_id, size_code)
         where modifier_sizes.modifier_id = dropped.modifier_id and modifier_sizes.size_code = dropped.size_code",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<SqlText>, _>(sizes)
    .execute(conn)
    .on_constraint("price_overrides_modifier_id_size_code_fkey", Code::InUse)
    // Somebody wrote an override since the look: the statement does not tell which.
    .map_err(|error| error.with("names", slugs(sent)))?;
    Ok(())
}
