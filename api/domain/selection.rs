//! What a customer chose of the menu, and the rules of choosing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::{Catalogue, Modifier, Product, Slot, Variant};
use crate::menu::{ModifierKind, Portion, ProductKind};

/// So many of a modifier, on each unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChosenModifier {
    /// A modifier that the product offers in this size.
    pub modifier_id: Uuid,
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 10, default = 1, example = 1)]
    pub quantity: u32,
    /// Where it goes; a half only where there are halves.
    #[serde(default = "whole")]
    #[schema(inline, default = "whole")]
    pub portion: Portion,
}

/// What fills one place of a combo's slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChosenComponent {
    pub slot_id: Uuid,
    /// One that the slot offers.
    pub variant_id: Uuid,
    /// The other half, when it is of two halves: one that the slot offers as well.
    pub second_variant_id: Option<Uuid>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub modifiers: Vec<ChosenModifier>,
}

/// One unit of a line, as it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    pub variant_id: Uuid,
    pub second_variant_id: Option<Uuid>,
    pub modifiers: Vec<ChosenModifier>,
    pub components: Vec<ChosenComponent>,
}

fn one() -> u32 {
    1
}

fn whole() -> Portion {
    Portion::Whole
}

/// What is wrong with a selection: where, a stable name, and the bound that was passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// JSON pointer into the selection.
    pub pointer: String,
    pub code: &'static str,
    pub limit: Option<u32>,
}

/// A thing with its modifiers: a line that is no combo, or a component of one that is.
#[derive(Clone, Copy)]
struct Dish<'a> {
    variant: &'a Variant,
    product: &'a Product,
    second: Option<(&'a Variant, &'a Product)>,
}

/// Holds a selection against the rules; the answer has the defaults of choices that nobody made filled in.
pub fn check(catalogue: &Catalogue, selection: &Selection) -> Result<Selection, Vec<Wrong>> {
    let mut checker = Checker { catalogue, at: String::new(), wrongs: Vec::new() };
    let checked = checker.selection(selection);
    match checked {
        Some(checked) if checker.wrongs.is_empty() => Ok(checked),
        _ => Err(checker.wrongs),
    }
}

struct Checker<'a> {
    catalogue: &'a Catalogue,
    /// Where the dish under the eye begins.
    at: String,
    wrongs: Vec<Wrong>,
}

impl<'a> Checker<'a> {
    fn wrong(&mut self, pointer: impl std::fmt::Display, code: &'static str) {
        self.limited(pointer, code, None);
    }

    fn limited(&mut self, pointer: impl std::fmt::Display, code: &'static str, limit: Option<u32>) {
        self.wrongs.push(Wrong { pointer: format!("{}{pointer}", self.at), code, limit });
    }

    fn selection(&mut self, chosen: &Selection) -> Option<Selection> {
        let dish = self.dish(chosen.variant_id, chosen.second_variant_id)?;
        let modifiers = self.modifiers(dish, &chosen.modifiers);
        let mut components = Vec::new();
        if dish.product.kind == ProductKind::Combo {
            for (index, component) in chosen.components.iter().enumerate() {
                self.at = format!("/components/{index}");
                components.extend(self.component(dish.product, component));
            }
            self.at.clear();
            self.slots(dish.product, &chosen.components);
        } else if !chosen.components.is_empty() {
            self.wrong("/components", "not_offered");
        }
        Some(Selection { modifiers, components, ..chosen.clone() })
    }

    /// How many places of each slot are filled.
    fn slots(&mut self, combo: &Product, chosen: &[ChosenComponent]) {
        for slot in &combo.slots {
            let count = u32::try_from(chosen.iter().filter(|c| c.slot_id == slot.id).count()).unwrap_or(u32::MAX);
            if count < slot.minimum {
                self.limited("/components", "too_few", Some(slot.minimum));
            } else if count > slot.maximum {
                self.limited("/components", "too_many", Some(slot.maximum));
            }
        }
    }

    fn component(&mut self, combo: &Product, chosen: &ChosenComponent) -> Option<ChosenComponent> {
        let Some(slot) = combo.slots.iter().find(|slot| slot.id == chosen.slot_id) else {
            self.wrong("/slotId", "not_found");
            return None;
        };
        let offers = |slot: &Slot, id: Uuid| slot.variants.contains_key(&id);
        if !offers(slot, chosen.variant_id) {
            self.wrong("/variantId", "not_offered");
            return None;
        }
        if chosen.second_variant_id.is_some_and(|id| !offers(slot, id)) {
            self.wrong("/secondVariantId", "not_offered");
            return None;
        }
        let dish = self.dish(chosen.variant_id, chosen.second_variant_id)?;
        if dish.product.kind == ProductKind::Combo {
            self.wrong("/variantId", "not_offered");
            return None;
        }
        let modifiers = self.modifiers(dish, &chosen.modifiers);
        Some(ChosenComponent { modifiers, ..chosen.clone() })
    }

    fn dish(&mut self, first: Uuid, second: Option<Uuid>) -> Option<Dish<'a>> {
        let on_sale = |id: Uuid| self.catalogue.dish(id).filter(|(variant, product)| variant.on_sale && product.on_sale);
        let Some((variant, product)) = on_sale(first) else {
            self.wrong("/variantId", "not_found");
            return None;
        };
        let Some(id) = second else { return Some(Dish { variant, product, second: None }) };
        let Some(second) = on_sale(id) else {
            self.wrong("/secondVariantId", "not_found");
            return None;
        };
        let halves = self.catalogue.policies.contains_key(&product.kind) && product.halves_allowed;
        if !halves || !second.1.halves_allowed || second.1.kind != product.kind {
            self.wrong("/secondVariantId", "not_offered");
            return None;
        }
        if second.0.size != variant.size {
            self.wrong("/secondVariantId", "not_the_same_size");
            return None;
        }
        Some(Dish { variant, product, second: Some(second) })
    }

    fn modifiers(&mut self, dish: Dish<'_>, sent: &[ChosenModifier]) -> Vec<ChosenModifier> {
        let mut chosen = sent.to_vec();
        chosen.extend(defaults(self.catalogue, dish, sent));
        for (index, modifier) in chosen.iter().enumerate() {
            let before = chosen.get(..index).unwrap_or_default();
            self.modifier(dish, index, modifier, before);
        }
        for portion in dish.portions() {
            self.bounds(dish, &chosen, *portion);
        }
        chosen
    }

    fn modifier(&mut self, dish: Dish<'_>, index: usize, chosen: &ChosenModifier, before: &[ChosenModifier]) {
        let at = |field: &str| format!("/modifiers/{index}/{field}");
        let same = |other: &ChosenModifier| {
            let meets = other.portion == chosen.portion || [other.portion, chosen.portion].contains(&Portion::Whole);
            other.modifier_id == chosen.modifier_id && meets
        };
        if before.iter().any(same) {
            self.wrong(at("modifierId"), "duplicate");
        }
        let known = self.catalogue.modifiers.get(&chosen.modifier_id).filter(|modifier| modifier.on_sale);
        let Some(modifier) = known.filter(|modifier| dish.offers(modifier, chosen.portion)) else {
            return self.wrong(at("modifierId"), "not_offered");
        };
        if !modifier.sizes.contains_key(&dish.variant.size) {
            return self.wrong(at("modifierId"), "not_for_this_size");
        }
        if chosen.portion != Portion::Whole && dish.second.is_none() {
            self.wrong(at("portion"), "not_offered");
        } else if chosen.portion != Portion::Whole && modifier.kind == ModifierKind::Choice {
            self.wrong(at("portion"), "only_on_the_whole");
        }
        if chosen.quantity == 0 {
            self.limited(at("quantity"), "too_small", Some(1));
        } else if chosen.quantity > modifier.maximum {
            self.limited(at("quantity"), "too_large", Some(modifier.maximum));
        }
    }

    /// Each group gets as many as it asks for, on each half where there are halves.
    fn bounds(&mut self, dish: Dish<'_>, chosen: &[ChosenModifier], portion: Portion) {
        let product = dish.at(portion);
        for group in product.groups.iter().filter_map(|id| self.catalogue.groups.get(id)) {
            let counts = |c: &&ChosenModifier| {
                let here = c.portion == portion || c.portion == Portion::Whole;
                here && self.catalogue.modifiers.get(&c.modifier_id).is_some_and(|m| m.group == group.id)
            };
            let count = chosen.iter().filter(counts).fold(0u32, |sum, c| sum.saturating_add(c.quantity));
            let wrong = Wrong { pointer: format!("{}/modifiers", self.at), code: "", limit: None };
            let wrong = if count < group.minimum {
                Wrong { code: "too_few", limit: Some(group.minimum), ..wrong }
            } else if count > group.maximum {
                Wrong { code: "too_many", limit: Some(group.maximum), ..wrong }
            } else {
                continue;
            };
            // Both halves may break the rule of the same group: once is enough.
            if !self.wrongs.contains(&wrong) {
                self.wrongs.push(wrong);
            }
        }
    }
}

impl Dish<'_> {
    /// The places that group bounds are counted on.
    fn portions(&self) -> &'static [Portion] {
        if self.second.is_some() { &[Portion::FirstHalf, Portion::SecondHalf] } else { &[Portion::Whole] }
    }

    fn at(&self, portion: Portion) -> &Product {
        match (portion, self.second) {
            (Portion::SecondHalf, Some((_, second))) => second,
            _ => self.product,
        }
    }

    /// Whether a modifier can go there. One that leaves something out wants it in the recipe of what it is left out of.
    fn offers(&self, modifier: &Modifier, portion: Portion) -> bool {
        let group = |product: &Product| product.groups.contains(&modifier.group);
        let lists = |variant: &Variant| modifier.removes.is_none_or(|id| variant.recipe.iter().any(|(used, _)| *used == id));
        match (portion, self.second) {
            (Portion::SecondHalf, Some((variant, product))) => group(product) && lists(variant),
            (Portion::Whole, Some((variant, product))) => {
                group(self.product) && group(product) && (lists(self.variant) || lists(variant))
            }
            _ => group(self.product) && lists(self.variant),
        }
    }
}

/// The defaults of the groups in which a choice must be made and none was.
fn defaults(catalogue: &Catalogue, dish: Dish<'_>, sent: &[ChosenModifier]) -> Vec<ChosenModifier> {
    let made: BTreeSet<Uuid> =
        sent.iter().filter_map(|chosen| catalogue.modifiers.get(&chosen.modifier_id)).map(|modifier| modifier.group).collect();
    let open = dish.product.groups.iter().filter_map(|id| catalogue.groups.get(id));
    let open = open.filter(|group| group.minimum > 0 && !made.contains(&group.id));
    let defaults = open.flat_map(|group| group.modifiers.iter().filter_map(|id| catalogue.modifiers.get(id)));
    let fits = |modifier: &&Modifier| {
        modifier.is_default && modifier.on_sale && modifier.sizes.contains_key(&dish.variant.size)
    };
    let chosen = |modifier: &Modifier| ChosenModifier { modifier_id: modifier.id, quantity: 1, portion: Portion::Whole };
    defaults.filter(fits).map(chosen).collect()
}
