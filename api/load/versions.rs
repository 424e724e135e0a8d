//! The versions of what spans several tables: they move on when the whole is another one after loading than before.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::recipes;
use crate::error::Result;
use schema::{modifier_groups, products};

/// A group with its modifiers, their sizes and what they take.
const GROUPS: &str = "
  select g.id, jsonb_build_array(
    to_jsonb(g) - 'version',
    (select jsonb_agg(to_jsonb(m) order by m.id) from modifiers m where m.group_id = g.id),
    (select jsonb_agg(to_jsonb(s) order by s.modifier_id, s.size_code)
     from modifier_sizes s join modifiers m on m.id = s.modifier_id where m.group_id = g.id),
    (select jsonb_agg(to_jsonb(i) order by i.modifier_id, i.size_code, i.ingredient_id)
     from modifier_ingredients i join modifiers m on m.id = i.modifier_id where m.group_id = g.id)
  ) as document from modifier_groups g";

/// A product with its sizes, groups and slots. Its recipe has a version of its own.
const PRODUCTS: &str = "
  select p.id, jsonb_build_array(
    to_jsonb(p) - 'version',
    (select jsonb_agg(to_jsonb(v) order by v.id) from variants v where v.product_id = p.id),
    (select jsonb_agg(to_jsonb(g) order by g.group_id) from product_modifier_groups g where g.product_id = p.id),
    (select jsonb_agg(to_jsonb(s) order by s.id) from combo_slots s where s.product_id = p.id),
    (select jsonb_agg(to_jsonb(f) order by f.slot_id, f.variant_id)
     from combo_slot_variants f join combo_slots s on s.id = f.slot_id where s.product_id = p.id)
  ) as document from products p";

#[derive(QueryableByName)]
struct Whole {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Jsonb)]
    document: Value,
}

type Documents = BTreeMap<Uuid, Value>;

/// What there is of groups, products and recipes, by id.
pub(super) struct Standing {
    groups: Documents,
    products: Documents,
    recipes: Documents,
}

/// What there is before loading. Versions of recipes that were never kept are kept now, before they change.
pub(super) fn begin(conn: &mut PgConnection) -> Result<Standing> {
    let standing = documents(conn)?;
    recipes::keep(conn, &standing.recipes)?;
    Ok(standing)
}

fn documents(conn: &mut PgConnection) -> Result<Standing> {
    Ok(Standing { groups: wholes(conn, GROUPS)?, products: wholes(conn, PRODUCTS)?, recipes: recipes::documents(conn)? })
}

fn wholes(conn: &mut PgConnection, sql: &str) -> Result<Documents> {
    let rows: Vec<Whole> = diesel::sql_query(sql).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row.document)).collect())
}

/// Moves on what is another one now, and keeps the new versions of recipes.
pub(super) fn move_on(conn: &mut PgConnection, before: &Standing, now: DateTime<Utc>) -> Result<()> {
    let after = documents(conn)?;
    let groups = modifier_groups::table.filter(modifier_groups::id.eq_any(changed(&before.groups, &after.groups)));
    diesel::update(groups).set(modifier_groups::version.eq(modifier_groups::version + 1)).execute(conn)?;
    let products = products::table.filter(products::id.eq_any(changed(&before.products, &after.products)));
    diesel::update(products).set(products::version.eq(products::version + 1)).execute(conn)?;
    recipes::move_on(conn, &changed(&before.recipes, &after.recipes), now)?;
    recipes::keep(conn, &after.recipes)
}

/// Those that were there and are another one now.
fn changed(before: &Documents, after: &Documents) -> Vec<Uuid> {
    let differs = |(id, document): &(&Uuid, &Value)| before.get(*id).is_some_and(|earlier| earlier != *document);
    after.iter().filter(differs).map(|(id, _)| *id).collect()
}
