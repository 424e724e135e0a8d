//! What a product must be beyond what its schema says: its parts differ, and what it names is there.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::exists;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::{ProductKind, SizeCode};
use domain::money::MAX_PRICE;
use serde_json::json;
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::products::faults::Faults;
use crate::products::products::ProductBody;
use schema::{
    categories, combo_slot_variants, combo_slots, ingredients, modifier_groups, products, variant_ingredients, variants,
};

/// Holds what was sent for a product, new or known, against the rules.
pub(super) fn check(conn: &mut PgConnection, id: Uuid, body: &ProductBody) -> Result<()> {
    let mut faults = Faults::default();
    repetitions(body, &mut faults);
    slot_bounds(body, &mut faults);
    prices(body, &mut faults);
    if !diesel::select(exists(categories::table.find(body.category_id))).get_result::<bool>(conn)? {
        faults.add("/categoryId", "not_found");
    }
    groups(conn, body, &mut faults)?;
    own_parts(conn, id, body, &mut faults)?;
    slot_variants(conn, id, body, &mut faults)?;
    recipes(conn, id, body, &mut faults)?;
    faults.done()?;
    if body.kind == ProductKind::Combo { is_in_no_combo(conn, id) } else { Ok(()) }
}

fn repetitions(body: &ProductBody, faults: &mut Faults) {
    faults.twice((0..).zip(&body.diets).map(|(i, diet)| (format!("/diets/{i}"), diet)));
    faults.twice((0..).zip(&body.image_urls).map(|(i, url)| (format!("/imageUrls/{i}"), url)));
    faults.twice((0..).zip(&body.modifier_group_ids).map(|(i, id)| (format!("/modifierGroupIds/{i}"), id)));
    faults.twice((0..).zip(&body.variants).map(|(i, variant)| (format!("/variants/{i}/sizeCode"), variant.size_code)));
    faults.twice((0..).zip(&body.slots).filter_map(|(i, slot)| Some((format!("/slots/{i}/id"), slot.id?))));
    for (i, slot) in (0..).zip(&body.slots) {
        faults.twice(
            (0..).zip(&slot.variants).map(|(j, variant)| (format!("/slots/{i}/variants/{j}/variantId"), variant.variant_id)),
        );
    }
}

fn prices(body: &ProductBody, faults: &mut Faults) {
    for (i, _) in (0..).zip(&body.variants).filter(|(_, variant)| variant.price.amount > MAX_PRICE.0) {
        faults.limited(format!("/variants/{i}/price/amount"), "too_large", MAX_PRICE.0);
    }
    for (i, slot) in (0..).zip(&body.slots) {
        for (j, _) in (0..).zip(&slot.variants).filter(|(_, variant)| variant.surcharge.amount > MAX_PRICE.0) {
            faults.limited(format!("/slots/{i}/variants/{j}/surcharge/amount"), "too_large", MAX_PRICE.0);
        }
    }
}

fn slot_bounds(body: &ProductBody, faults: &mut Faults) {
    match body.kind {
        ProductKind::Combo if body.slots.is_empty() => faults.limited("/slots", "too_few", 1),
        ProductKind::Combo => {}
        _ if body.slots.is_empty() => {}
        _ => faults.add("/slots", "not_offered"),
    }
    for (i, slot) in (0..).zip(&body.slots).filter(|(_, slot)| slot.maximum < slot.minimum) {
        faults.limited(format!("/slots/{i}/maximum"), "too_small", slot.minimum);
    }
}

/// Shares the groups, so that none is archived meanwhile.
fn groups(conn: &mut PgConnection, body: &ProductBody, faults: &mut Faults) -> Result<()> {
    let known: BTreeMap<Uuid, (String, bool)> = modifier_groups::table
        .filter(modifier_groups::id.eq_any(&body.modifier_group_ids))
        .order(modifier_groups::id)
        .select((modifier_groups::id, (modifier_groups::slug, modifier_groups::archived_at.is_not_null())))
        .for_share()
        .load::<(Uuid, (String, bool))>(conn)?
        .into_iter()
        .collect();
    for (i, id) in (0..).zip(&body.modifier_group_ids) {
        match known.get(id) {
            None => faults.add(format!("/modifierGroupIds/{i}"), "not_found"),
            Some((slug, true)) => faults.archived(format!("/modifierGroupIds/{i}"), slug),
            Some((_, false)) => {}
        }
    }
    Ok(())
}

/// A size that comes back has the recipe that it had: what is in it may have been archived meanwhile.
fn recipes(conn: &mut PgConnection, id: Uuid, body: &ProductBody, faults: &mut Faults) -> Result<()> {
    let gone: Vec<(String, String)> = variant_ingredients::table
        .inner_join(variants::table)
        .inner_join(ingredients::table)
        .filter(variants::product_id.eq(id).and(ingredients::archived_at.is_not_null()))
        .order((variants::position, ingredients::slug))
        .select((variants::size_code, ingredients::slug))
        .load(conn)?;
    for (size, ingredient) in gone {
        let sent = body.variants.iter().position(|variant| variant.size_code.as_str() == size);
        if let Some(index) = sent {
            faults.archived(format!("/variants/{index}"), &ingredient);
        }
    }
    Ok(())
}

/// The ids that were sent back are those of this product.
fn own_parts(conn: &mut PgConnection, id: Uuid, body: &ProductBody, faults: &mut Faults) -> Result<()> {
    let sizes: BTreeMap<String, Uuid> = variants::table
        .filter(variants::product_id.eq(id))
        .select((variants::size_code, variants::id))
        .load::<(String, Uuid)>(conn)?
        .into_iter()
        .collect();
    let known = |size: SizeCode| sizes.get(size.as_str()).copied();
    for (i, _) in (0..).zip(&body.variants).filter(|(_, sent)| sent.id.is_some_and(|id| known(sent.size_code) != Some(id))) {
        faults.add(format!("/variants/{i}/id"), "not_found");
    }
    let slots = combo_slots::table.filter(combo_slots::product_id.eq(id)).select(combo_slots::id).load::<Uuid>(conn)?;
    for (i, _) in (0..).zip(&body.slots).filter(|(_, sent)| sent.id.is_some_and(|id| !slots.contains(&id))) {
        faults.add(format!("/slots/{i}/id"), "not_found");
    }
    Ok(())
}

/// What may fill a slot, or why it may not.
#[derive(Queryable, Selectable)]
#[diesel(table_name = variants, check_for_backend(diesel::pg::Pg))]
struct Filling {
    product_id: Uuid,
    #[diesel(select_expression = products::slug)]
    slug: String,
    #[diesel(select_expression = products::kind)]
    kind: String,
    #[diesel(select_expression = variants::archived_at.is_not_null().or(products::archived_at.is_not_null()))]
    is_archived: bool,
}

fn slot_variants(conn: &mut PgConnection, id: Uuid, body: &ProductBody, faults: &mut Faults) -> Result<()> {
    let named: BTreeSet<Uuid> = body.slots.iter().flat_map(|slot| &slot.variants).map(|variant| variant.variant_id).collect();
    let known: BTreeMap<Uuid, Filling> = variants::table
        .inner_join(products::table)
        .filter(variants::id.eq_any(named))
        .select((variants::id, Filling::as_select()))
        .load::<(Uuid, Filling)>(conn)?
        .into_iter()
        .collect();
    // What was archived after it had been put into a slot stays there: who reads the combo can write it back.
    let held: BTreeSet<Uuid> = combo_slot_variants::table
        .inner_join(combo_slots::table)
        .filter(combo_slots::product_id.eq(id))
        .select(combo_slot_variants::variant_id)
        .load::<Uuid>(conn)?
        .into_iter()
        .collect();
    for (i, slot) in (0..).zip(&body.slots) {
        for (j, variant) in (0..).zip(&slot.variants) {
            let at = format!("/slots/{i}/variants/{j}/variantId");
            match known.get(&variant.variant_id) {
                None => faults.add(at, "not_found"),
                Some(filling) if filling.product_id == id || filling.kind == ProductKind::Combo.as_str() => {
                    faults.add(at, "not_offered");
                }
                Some(filling) if filling.is_archived && !held.contains(&variant.variant_id) => faults.archived(at, &filling.slug),
                Some(_) => {}
            }
        }
    }
    Ok(())
}

/// A combo is not a part of another one.
fn is_in_no_combo(conn: &mut PgConnection, id: Uuid) -> Result<()> {
    let combos = combo_slot_variants::table
        .inner_join(variants::table)
        .inner_join(combo_slots::table.inner_join(products::table))
        .filter(variants::product_id.eq(id).and(products::archived_at.is_null()))
        .order(products::slug)
        .select(products::slug)
        .distinct()
        .load::<String>(conn)?;
    in_use_by(&combos)
}

/// Refuses when there is something that still needs it.
pub(super) fn in_use_by(names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::new(Code::InUse).with("names", names.join(", ")).extend("usedBy", json!(names)))
}
