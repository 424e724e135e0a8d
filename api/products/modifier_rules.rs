//! What a modifier group must be beyond what its schema says, and which of its modifiers are the ones that were there.

use std::collections::{BTreeMap, BTreeSet};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::ModifierKind;
use domain::money::MAX_PRICE;
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::products::faults::Faults;
use crate::products::modifier_groups::{ModifierBody, ModifierGroupBody};
use crate::products::product_rules::in_use_by;
use schema::{ingredients, modifiers, product_modifier_groups, products};

/// A modifier that was sent, with the id that it has or gets.
pub(super) struct Matched<'a> {
    pub(super) id: Uuid,
    pub(super) body: &'a ModifierBody,
    /// It was there before under another slug.
    pub(super) is_renamed: bool,
}

/// Holds what was sent for a group, new or known, against the rules, and finds its modifiers again.
pub(super) fn check<'a>(conn: &mut PgConnection, id: Uuid, body: &'a ModifierGroupBody) -> Result<Vec<Matched<'a>>> {
    let mut faults = Faults::default();
    if body.maximum < body.minimum {
        faults.limited("/maximum", "too_small", body.minimum);
    }
    if body.free_quantity > body.maximum {
        faults.limited("/freeQuantity", "too_large", body.maximum);
    }
    repetitions_and_prices(body, &mut faults);
    reachable(body, &mut faults);
    let known = modifiers::table.filter(modifiers::group_id.eq(id)).select((modifiers::id, modifiers::slug));
    let known: BTreeMap<Uuid, String> = known.load::<(Uuid, String)>(conn)?.into_iter().collect();
    for (i, _) in (0..).zip(&body.modifiers).filter(|(_, sent)| sent.id.is_some_and(|id| !known.contains_key(&id))) {
        faults.add(format!("/modifiers/{i}/id"), "not_found");
    }
    named_ingredients(conn, body, &mut faults)?;
    faults.done()?;
    let matched = matched(&known, &body.modifiers);
    slugs_are_free(conn, &matched)?;
    Ok(matched)
}

fn repetitions_and_prices(body: &ModifierGroupBody, faults: &mut Faults) {
    faults.twice((0..).zip(&body.modifiers).filter_map(|(i, modifier)| Some((format!("/modifiers/{i}/id"), modifier.id?))));
    faults.twice((0..).zip(&body.modifiers).map(|(i, modifier)| (format!("/modifiers/{i}/slug"), &modifier.slug)));
    for (i, modifier) in (0..).zip(&body.modifiers) {
        let at = format!("/modifiers/{i}/sizes");
        faults.twice((0..).zip(&modifier.sizes).map(|(j, size)| (format!("{at}/{j}/sizeCode"), size.size_code)));
        for (j, size) in (0..).zip(&modifier.sizes) {
            if size.price.amount > MAX_PRICE.0 {
                faults.limited(format!("{at}/{j}/price/amount"), "too_large", MAX_PRICE.0);
            }
            let ids = size.ingredients.iter().map(|taken| taken.ingredient_id);
            faults.twice((0..).zip(ids).map(|(k, id)| (format!("{at}/{j}/ingredients/{k}/ingredientId"), id)));
        }
    }
}

/// A choice that must be made can be made, and by the defaults alone.
fn reachable(body: &ModifierGroupBody, faults: &mut Faults) {
    let most = body.modifiers.iter().fold(0, |sum: i32, modifier| sum.saturating_add(modifier.maximum));
    if body.minimum > 0 && most < body.minimum {
        faults.limited("/minimum", "too_large", most);
    }
    let defaults = (0..).zip(&body.modifiers).filter(|(_, modifier)| modifier.is_default);
    for ((i, _), count) in defaults.zip(1..) {
        if count > body.maximum {
            faults.limited(format!("/modifiers/{i}/isDefault"), "too_many", body.maximum);
        }
    }
}

/// Every ingredient that is named, with its pointer. What the kind of a modifier wants or forbids is told on the way.
fn ingredient_pointers(body: &ModifierGroupBody, faults: &mut Faults) -> Vec<(String, Uuid)> {
    let mut named = Vec::new();
    for (i, modifier) in (0..).zip(&body.modifiers) {
        let at = format!("/modifiers/{i}/removesIngredientId");
        match (modifier.kind, modifier.removes_ingredient_id) {
            (ModifierKind::Remove, Some(id)) => named.push((at, id)),
            (ModifierKind::Remove, None) => faults.add(at, "required"),
            (_, Some(_)) => faults.add(at, "not_offered"),
            (_, None) => {}
        }
        for (j, size) in (0..).zip(&modifier.sizes) {
            let at = |k: usize| format!("/modifiers/{i}/sizes/{j}/ingredients/{k}/ingredientId");
            named.extend((0..).zip(&size.ingredients).map(|(k, taken)| (at(k), taken.ingredient_id)));
        }
    }
    named
}

/// Shares the ingredients, so that none is archived meanwhile.
fn named_ingredients(conn: &mut PgConnection, body: &ModifierGroupBody, faults: &mut Faults) -> Result<()> {
    let named = ingredient_pointers(body, faults);
    let ids: BTreeSet<Uuid> = named.iter().map(|(_, id)| *id).collect();
    let known: BTreeMap<Uuid, (String, bool)> = ingredients::table
        .filter(ingredients::id.eq_any(ids))
        .order(ingredients::id)
        .select((ingredients::id, (ingredients::slug, ingredients::archived_at.is_not_null())))
        .for_share()
        .load::<(Uuid, (String, bool))>(conn)?
        .into_iter()
        .collect();
    for (pointer, id) in named {
        match known.get(&id) {
            None => faults.add(pointer, "not_found"),
            Some((slug, true)) => faults.archived(pointer, slug),
            Some((_, false)) => {}
        }
    }
    Ok(())
}

/// By id, else by slug among those that nothing else was sent for.
fn matched<'a>(known: &BTreeMap<Uuid, String>, sent: &'a [ModifierBody]) -> Vec<Matched<'a>> {
    let named: BTreeSet<Uuid> = sent.iter().filter_map(|modifier| modifier.id).collect();
    let others = known.iter().filter(|(id, _)| !named.contains(id));
    let by_slug: BTreeMap<&str, Uuid> = others.map(|(id, slug)| (slug.as_str(), *id)).collect();
    let find = |body: &'a ModifierBody| {
        let id = body.id.or_else(|| by_slug.get(body.slug.as_str()).copied()).unwrap_or_else(Uuid::now_v7);
        Matched { id, body, is_renamed: known.get(&id).is_some_and(|slug| *slug != body.slug) }
    };
    sent.iter().map(find).collect()
}

/// Slugs are of one modifier in the whole chain.
fn slugs_are_free(conn: &mut PgConnection, sent: &[Matched<'_>]) -> Result<()> {
    let (ids, slugs): (Vec<Uuid>, Vec<&str>) = sent.iter().map(|modifier| (modifier.id, modifier.body.slug.as_str())).unzip();
    let others = modifiers::table.filter(modifiers::slug.eq_any(slugs).and(modifiers::id.ne_all(ids)));
    let taken = others.order(modifiers::slug).select(modifiers::slug).load::<String>(conn)?;
    if taken.is_empty() { Ok(()) } else { Err(Error::new(Code::AlreadyExists).with("names", taken.join(", "))) }
}

/// No product on sale offers the group.
pub(super) fn is_offered_by_none(conn: &mut PgConnection, id: Uuid) -> Result<()> {
    let live = product_modifier_groups::table
        .inner_join(products::table)
        .filter(product_modifier_groups::group_id.eq(id).and(products::archived_at.is_null()))
        .order(products::slug)
        .select(products::slug)
        .load::<String>(conn)?;
    in_use_by(&live)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::language::Text;

    const HAM: Uuid = Uuid::from_u128(1);
    const OLIVES: Uuid = Uuid::from_u128(2);

    fn sent(id: Option<Uuid>, slug: &str) -> ModifierBody {
        let name = Text { fr: slug.to_owned(), en: slug.to_owned() };
        let kind = ModifierKind::Extra;
        ModifierBody {
            id,
            slug: slug.to_owned(),
            name,
            kind,
            maximum: 1,
            is_default: false,
            removes_ingredient_id: None,
            sizes: vec![],
        }
    }

    #[test]
    fn modifiers_are_found_by_id_and_else_by_slug() {
        let known = BTreeMap::from([(HAM, "ham".to_owned()), (OLIVES, "olives".to_owned())]);
        let found = |sent: &[ModifierBody]| matched(&known, sent).iter().map(|m| (m.id, m.is_renamed)).collect::<Vec<_>>();
        assert_eq!(found(&[sent(None, "olives"), sent(Some(HAM), "ham")]), [(OLIVES, false), (HAM, false)]);
        assert_eq!(found(&[sent(Some(HAM), "olives"), sent(Some(OLIVES), "ham")]), [(HAM, true), (OLIVES, true)]);
        let renamed = found(&[sent(Some(HAM), "raw-ham"), sent(None, "ham")]);
        assert_eq!(renamed[0], (HAM, true));
        assert!(![HAM, OLIVES].contains(&renamed[1].0), "what has taken over a slug is another modifier");
    }
}
