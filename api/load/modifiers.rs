//! Groups of modifiers, their sizes and what they take.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::ModifierKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::document::{ModifierEntry, ModifierGroupEntry};
use super::ingredients::Line;
use super::{Faults, Ids, Source, ingredients};
use crate::error::Result;
use schema::{modifier_groups, modifier_ingredients, modifier_sizes, modifiers, price_overrides};

const WRITE_GROUPS: &str = "
  insert into modifier_groups (id, slug, name, minimum, maximum, free_quantity)
  select id, slug, name, minimum, maximum, free_quantity from jsonb_populate_recordset(null::modifier_groups, $1)
  on conflict (slug) do update set
    name = excluded.name, minimum = excluded.minimum, maximum = excluded.maximum, free_quantity = excluded.free_quantity,
    archived_at = null";

const WRITE_MODIFIERS: &str = "
  insert into modifiers (id, group_id, slug, name, position, kind, maximum, is_default, removes_ingredient_id)
  select id, group_id, slug, name, position, kind, maximum, is_default, removes_ingredient_id
  from jsonb_populate_recordset(null::modifiers, $1)
  on conflict (slug) do update set
    group_id = excluded.group_id, name = excluded.name, position = excluded.position, kind = excluded.kind,
    maximum = excluded.maximum, is_default = excluded.is_default, removes_ingredient_id = excluded.removes_ingredient_id,
    archived_at = null";

const WRITE_SIZES: &str = "
  insert into modifier_sizes (modifier_id, size_code, price_cents)
  select modifier_id, size_code, price_cents from jsonb_populate_recordset(null::modifier_sizes, $1)
  on conflict (modifier_id, size_code) do update set price_cents = excluded.price_cents";

const DROP_SIZES: &str = "
  delete from modifier_sizes s using jsonb_populate_recordset(null::modifier_sizes, $1) as gone
  where s.modifier_id = gone.modifier_id and s.size_code = gone.size_code";

const WRITE_INGREDIENTS: &str = "
  insert into modifier_ingredients (modifier_id, size_code, ingredient_id, quantity_milli, waste_basis_points)
  select modifier_id, size_code, ingredient_id, quantity_milli, waste_basis_points
  from jsonb_populate_recordset(null::modifier_ingredients, $1)";

pub(super) fn group_ids(conn: &mut PgConnection) -> Result<Ids> {
    let rows = modifier_groups::table.select((modifier_groups::slug, modifier_groups::id)).load::<(String, Uuid)>(conn)?;
    Ok(rows.into_iter().collect())
}

pub(super) fn ids(conn: &mut PgConnection) -> Result<Ids> {
    Ok(modifiers::table.select((modifiers::slug, modifiers::id)).load::<(String, Uuid)>(conn)?.into_iter().collect())
}

/// A modifier of the file with what its slugs name.
struct Read<'a> {
    at: String,
    entry: &'a ModifierEntry,
    /// The slug of its group.
    group: &'a str,
    position: usize,
    removes: Option<Uuid>,
    /// What each of its sizes takes.
    lines: Vec<Vec<Line>>,
}

/// The file's groups. A modifier that its group no longer has is archived, because orders name it.
pub(super) fn modifier_groups(conn: &mut PgConnection, source: &Source, now: DateTime<Utc>) -> Result<()> {
    let mut faults = Faults::of(source);
    let entries = &source.document.modifier_groups;
    if entries.is_empty() {
        return Ok(());
    }
    let ingredient_ids = ingredients::ids(conn)?;
    faults.distinct(entries.iter().enumerate().map(|(index, entry)| (&entry.slug, format!("/modifierGroups/{index}/slug"))));
    let (mut rows, mut inside) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let at = format!("/modifierGroups/{index}");
        rows.push(group(entry, &at, &mut faults));
        for (position, modifier) in entry.modifiers.iter().enumerate() {
            inside.push(read(modifier, entry, position, format!("{at}/modifiers/{position}"), &ingredient_ids, &mut faults));
        }
    }
    faults.distinct(inside.iter().map(|modifier| (&modifier.entry.slug, format!("{}/slug", modifier.at))));
    faults.check()?;
    faults.write(conn, "/modifierGroups", WRITE_GROUPS, rows)?;
    let group_ids = group_ids(conn)?;
    let rows = inside.iter().map(|modifier| row(modifier, group_ids.get(modifier.group).copied()));
    faults.write(conn, "/modifierGroups", WRITE_MODIFIERS, rows.collect())?;
    let ids = ids(conn)?;
    let found: Vec<(Uuid, &Read<'_>)> =
        inside.iter().filter_map(|modifier| Some((*ids.get(&modifier.entry.slug.0)?, modifier))).collect();
    let of_file = entries.iter().filter_map(|entry| group_ids.get(&entry.slug.0));
    let gone = modifiers::archived_at.is_null().and(modifiers::id.ne_all(found.iter().map(|(id, _)| *id)));
    diesel::update(modifiers::table.filter(modifiers::group_id.eq_any(of_file)).filter(gone))
        .set(modifiers::archived_at.eq(now))
        .execute(conn)?;
    sizes(conn, &mut faults, &found)
}

fn group(entry: &ModifierGroupEntry, at: &str, faults: &mut Faults<'_>) -> Value {
    faults.length(entry.modifiers.len(), 0..=100, &format!("{at}/modifiers"));
    let free = entry.free_quantity.map_or(0, |free| free.0);
    if entry.maximum.0 < entry.minimum.0 {
        faults.add(&format!("{at}/maximum"), "it is not below the minimum");
    }
    if free > entry.maximum.0 {
        faults.add(&format!("{at}/freeQuantity"), "it is not above the maximum");
    }
    json!({
        "id": Uuid::now_v7(),
        "slug": entry.slug,
        "name": entry.name,
        "minimum": entry.minimum,
        "maximum": entry.maximum,
        "free_quantity": free,
    })
}

fn read<'a>(
    entry: &'a ModifierEntry,
    group: &'a ModifierGroupEntry,
    position: usize,
    at: String,
    ingredient_ids: &Ids,
    faults: &mut Faults<'_>,
) -> Read<'a> {
    if (entry.kind == Some(ModifierKind::Remove)) != entry.removes.is_some() {
        faults.add(&format!("{at}/removes"), "a modifier of kind remove removes an ingredient, and no other does");
    }
    faults.length(entry.sizes.len(), 1..=10, &format!("{at}/sizes"));
    let resolve = |slug: &String| faults.resolve(ingredient_ids, slug, "ingredient", &format!("{at}/removes"));
    let removes = entry.removes.as_ref().and_then(resolve);
    let lines = entry.sizes.iter().map(|(size, given)| {
        ingredients::lines(&given.ingredients, &format!("{at}/sizes/{}", size.as_str()), ingredient_ids, faults)
    });
    let lines = lines.collect();
    Read { at, entry, group: &group.slug.0, position, removes, lines }
}

fn row(modifier: &Read<'_>, group_id: Option<Uuid>) -> Value {
    let entry = modifier.entry;
    json!({
        "id": Uuid::now_v7(),
        "group_id": group_id,
        "slug": entry.slug,
        "name": entry.name,
        "position": modifier.position,
        "kind": entry.kind.unwrap_or(ModifierKind::Extra),
        "maximum": entry.maximum.map_or(10, |maximum| maximum.0),
        "is_default": entry.is_default,
        "removes_ingredient_id": modifier.removes,
    })
}

/// The file's sizes take the place of those in the database, but for one that a price names.
fn sizes(conn: &mut PgConnection, faults: &mut Faults<'_>, found: &[(Uuid, &Read<'_>)]) -> Result<()> {
    let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
    let there = modifier_sizes::table
        .filter(modifier_sizes::modifier_id.eq_any(&ids))
        .select((modifier_sizes::modifier_id, modifier_sizes::size_code))
        .load::<(Uuid, String)>(conn)?;
    let named: BTreeSet<(Option<Uuid>, Option<String>)> = price_overrides::table
        .filter(price_overrides::modifier_id.eq_any(&ids))
        .select((price_overrides::modifier_id, price_overrides::size_code))
        .load(conn)?
        .into_iter()
        .collect();
    let (mut rows, mut takes, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for (id, modifier) in found {
        for ((size, given), lines) in modifier.entry.sizes.iter().zip(&modifier.lines) {
            rows.push(json!({ "modifier_id": id, "size_code": size, "price_cents": given.price_cents }));
            takes.extend(lines.iter().map(|line| line.of_modifier(*id, *size)));
        }
        let in_file = |size: &str| modifier.entry.sizes.keys().any(|kept| kept.as_str() == size);
        for (_, size) in there.iter().filter(|(of, size)| of == id && !in_file(size)) {
            if named.contains(&(Some(*id), Some(size.clone()))) {
                faults.add(&format!("{}/sizes", modifier.at), format!("a price names the size «{size}»: it cannot go"));
            }
            gone.push(json!({ "modifier_id": id, "size_code": size }));
        }
    }
    faults.check()?;
    diesel::delete(modifier_ingredients::table.filter(modifier_ingredients::modifier_id.eq_any(&ids))).execute(conn)?;
    faults.write(conn, "/modifierGroups", DROP_SIZES, gone)?;
    faults.write(conn, "/modifierGroups", WRITE_SIZES, rows)?;
    faults.write(conn, "/modifierGroups", WRITE_INGREDIENTS, takes)
}
