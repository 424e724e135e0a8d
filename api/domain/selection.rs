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
        let of_halves = product.kind != ProductKind::Combo && self.catalogue.policies.contains_key(&product.kind);
        let halves = of_halves && product.halves_allowed;
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

    /// Each group gets as many as it asks for, on each half where there are halves. A choice that only one of them asks for
    /// need not be made: it could not be made on the whole.
    fn bounds(&mut self, dish: Dish<'_>, chosen: &[ChosenModifier], portion: Portion) {
        let product = dish.at(portion);
        for group in product.groups.iter().filter_map(|id| self.catalogue.groups.get(id)) {
            let counts = |c: &&ChosenModifier| {
                let here = c.portion == portion || c.portion == Portion::Whole;
                here && self.catalogue.modifiers.get(&c.modifier_id).is_some_and(|m| m.group == group.id)
            };
            let count = chosen.iter().filter(counts).fold(0u32, |sum, c| sum.saturating_add(c.quantity));
            let wrong = Wrong { pointer: format!("{}/modifiers", self.at), code: "", limit: None };
            let wrong = if count < group.minimum && dish.both_offer(group.id) {
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

    fn both_offer(&self, group: Uuid) -> bool {
        let offers = |product: &Product| product.groups.contains(&group);
        offers(self.product) && self.second.is_none_or(|(_, second)| offers(second))
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
    let open = open.filter(|group| group.minimum > 0 && !made.contains(&group.id) && dish.both_offer(group.id));
    let defaults = open.flat_map(|group| group.modifiers.iter().filter_map(|id| catalogue.modifiers.get(id)));
    let fits = |modifier: &&Modifier| modifier.is_default && modifier.on_sale && modifier.sizes.contains_key(&dish.variant.size);
    let chosen = |modifier: &Modifier| ChosenModifier { modifier_id: modifier.id, quantity: 1, portion: Portion::Whole };
    defaults.filter(fits).map(chosen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{catalogue, id, variant};
    use crate::notation::selection;

    fn wrongs_in(catalogue: &Catalogue, selection: &Selection) -> Vec<String> {
        let wrong = |wrong: Wrong| {
            let limit = wrong.limit.map_or(String::new(), |limit| format!(" {limit}"));
            format!("{} {}{limit}", wrong.pointer, wrong.code)
        };
        check(catalogue, selection).err().unwrap_or_default().into_iter().map(wrong).collect()
    }

    fn wrongs(text: &str) -> Vec<String> {
        let catalogue = catalogue();
        wrongs_in(&catalogue, &selection(&catalogue, text))
    }

    fn checked(text: &str) -> Selection {
        let catalogue = catalogue();
        check(&catalogue, &selection(&catalogue, text)).expect(text)
    }

    #[test]
    fn what_nobody_knows_is_not_found() {
        assert_eq!(wrongs("quattro/M"), ["/variantId not_found"]);
        assert_eq!(wrongs("calzone/L"), ["/variantId not_found"]);
        assert_eq!(wrongs("reine|quattro/M"), ["/secondVariantId not_found"]);
    }

    #[test]
    fn what_is_no_longer_sold_is_not_found() {
        let mut catalogue = catalogue();
        let (whole, halves) = (selection(&catalogue, "reine/M"), selection(&catalogue, "margherita|reine/M"));
        catalogue.variants.get_mut(&id("reine/M")).expect("a reine").on_sale = false;
        assert_eq!(wrongs_in(&catalogue, &whole), ["/variantId not_found"]);
        assert_eq!(wrongs_in(&catalogue, &halves), ["/secondVariantId not_found"]);
        let large = selection(&catalogue, "reine/L +ham");
        assert!(check(&catalogue, &large).is_ok(), "another size still is");
        catalogue.modifiers.get_mut(&id("+ham")).expect("ham").on_sale = false;
        assert_eq!(wrongs_in(&catalogue, &large), ["/modifiers/0/modifierId not_offered"]);
        catalogue.products.iter_mut().for_each(|product| product.on_sale = false);
        assert_eq!(wrongs_in(&catalogue, &large), ["/variantId not_found"]);
    }

    #[test]
    fn a_choice_that_one_half_does_not_know_need_not_be_made() {
        let mut catalogue = catalogue();
        let crust = catalogue.modifiers[&id("+classic")].group;
        for slug in ["reine", "chevre"] {
            let other = catalogue.products.iter_mut().find(|product| product.slug == slug).expect(slug);
            other.groups.retain(|group| *group != crust);
            for halves in ["reine|chevre/M", "chevre|reine/M"] {
                let checked = check(&catalogue, &selection(&catalogue, halves)).expect(halves);
                assert_eq!(checked.modifiers, [], "{slug} {halves}");
            }
            let whole = selection(&catalogue, "margherita/M");
            assert_eq!(check(&catalogue, &whole).expect("a whole one").modifiers.len(), 1, "elsewhere the default is taken");
        }
    }

    #[test]
    fn two_halves_are_of_one_kind_and_one_size_and_both_allow_it() {
        assert!(checked("reine|chevre/M").second_variant_id.is_some());
        assert_eq!(wrongs("reine/M|chevre/L"), ["/secondVariantId not_the_same_size"]);
        assert_eq!(wrongs("reine|focaccia/M"), ["/secondVariantId not_offered"]);
        assert_eq!(wrongs("reine|calzone/M"), ["/secondVariantId not_offered"]);
        assert_eq!(wrongs("calzone|reine/M"), ["/secondVariantId not_offered"]);
        assert_eq!(wrongs("cola|eau"), ["/secondVariantId not_offered"], "drinks have no portion policy");
    }

    #[test]
    fn a_modifier_is_one_that_the_dish_offers_in_this_size() {
        assert_eq!(wrongs("reine/M +nuts"), ["/modifiers/0/modifierId not_offered"]);
        assert_eq!(wrongs("reine/M +gold"), ["/modifiers/0/modifierId not_offered"]);
        assert_eq!(wrongs("reine/S +ham +egg"), ["/modifiers/1/modifierId not_for_this_size"]);
        assert_eq!(wrongs("reine/M +cheesy +ham"), [""; 0]);
    }

    #[test]
    fn a_modifier_is_chosen_once_and_within_its_bounds() {
        assert_eq!(wrongs("reine/M +ham +ham"), ["/modifiers/1/modifierId duplicate"]);
        assert_eq!(wrongs("reine|chevre/M +ham@1 +ham"), ["/modifiers/1/modifierId duplicate"], "the whole has that half");
        assert_eq!(wrongs("reine|chevre/M +ham@1 +ham@2"), [""; 0]);
        assert_eq!(wrongs("reine/M +ham*0"), ["/modifiers/0/quantity too_small 1"]);
        assert_eq!(wrongs("reine/M +ham*3"), ["/modifiers/0/quantity too_large 2"]);
        assert_eq!(wrongs("reine/M +ham*2"), [""; 0]);
    }

    #[test]
    fn a_group_takes_so_many_and_no_more() {
        assert_eq!(wrongs("reine/M +mozza*3 +ham"), [""; 0]);
        assert_eq!(wrongs("reine/M +mozza*3 +ham*2"), ["/modifiers too_many 4"]);
        assert_eq!(wrongs("reine/M +thin +cheesy"), ["/modifiers too_many 1"]);
        let mut catalogue = catalogue();
        catalogue.groups.get_mut(&id("extras")).expect("extras").minimum = 2;
        for (text, expected) in [("focaccia/M +ham", vec!["/modifiers too_few 2"]), ("focaccia/M +ham +mozza", vec![])] {
            assert_eq!(wrongs_in(&catalogue, &selection(&catalogue, text)), expected, "{text}");
        }
    }

    #[test]
    fn bounds_are_counted_on_each_half() {
        assert_eq!(wrongs("reine|chevre/M +mozza*3@1 +ham*2@2"), [""; 0], "three and two, on two halves");
        assert_eq!(wrongs("reine|chevre/M +mozza*3@1 +ham*2"), ["/modifiers too_many 4"], "five on the first");
        assert_eq!(wrongs("reine|chevre/M +mozza*3 +ham*2"), ["/modifiers too_many 4"], "said once, not once a half");
        let mut catalogue = catalogue();
        catalogue.groups.get_mut(&id("extras")).expect("extras").minimum = 1;
        for (text, expected) in [
            ("focaccia|fougasse/M +ham@1", vec!["/modifiers too_few 1"]),
            ("focaccia|fougasse/M +ham@1 +mozza@2", vec![]),
            ("focaccia|fougasse/M +ham", vec![]),
        ] {
            assert_eq!(wrongs_in(&catalogue, &selection(&catalogue, text)), expected, "{text}");
        }
    }

    #[test]
    fn a_half_is_there_only_where_there_are_two() {
        assert_eq!(wrongs("reine/M +ham@1"), ["/modifiers/0/portion not_offered"]);
        assert_eq!(wrongs("reine|chevre/M +cheesy@1"), ["/modifiers/0/portion only_on_the_whole", "/modifiers too_few 1"]);
    }

    #[test]
    fn only_what_is_in_the_recipe_can_be_left_out() {
        assert_eq!(wrongs("reine/M -ham"), [""; 0]);
        assert_eq!(wrongs("reine/M -onion"), ["/modifiers/0/modifierId not_offered"]);
        assert_eq!(wrongs("reine|chevre/M -ham -onion@2"), [""; 0], "one half has ham, the other has onion");
        assert_eq!(wrongs("reine|chevre/M -onion@1"), ["/modifiers/0/modifierId not_offered"]);
        assert_eq!(wrongs("reine|chevre/M -ham@2"), ["/modifiers/0/modifierId not_offered"]);
        assert_eq!(wrongs("margherita|reine/M -ham@2"), [""; 0], "the margherita has no such group, the reine has");
        for text in ["margherita|reine/M -ham", "reine|margherita/M -ham"] {
            assert_eq!(wrongs(text), ["/modifiers/0/modifierId not_offered"], "{text}: not on the whole");
        }
        assert_eq!(wrongs("margherita/M -ham"), ["/modifiers/0/modifierId not_offered"]);
    }

    #[test]
    fn a_choice_that_nobody_made_is_the_default() {
        let classic = ChosenModifier { modifier_id: id("+classic"), quantity: 1, portion: Portion::Whole };
        assert_eq!(checked("margherita/M").modifiers, std::slice::from_ref(&classic));
        assert_eq!(checked("reine|chevre/M").modifiers, std::slice::from_ref(&classic));
        assert_eq!(checked("margherita/M +thin"), selection(&catalogue(), "margherita/M +thin"));
        assert_eq!(checked("reine/M +ham"), selection(&catalogue(), "reine/M +ham +classic"));
        assert_eq!(checked("focaccia/M").modifiers, [], "it has no such choice");
        assert_eq!(checked("duo(reine/M, cola)").components[0].modifiers, [classic]);
        let mut catalogue = catalogue();
        catalogue.modifiers.get_mut(&id("+classic")).expect("classic").on_sale = false;
        let plain = selection(&catalogue, "margherita/M");
        assert_eq!(wrongs_in(&catalogue, &plain), ["/modifiers too_few 1"], "a default that is gone cannot be chosen");
        catalogue.modifiers.get_mut(&id("+cream")).expect("cream").is_default = true;
        let glace = selection(&catalogue, "glace");
        assert_eq!(check(&catalogue, &glace), Ok(glace.clone()), "no choice must be made among the toppings");
    }

    #[test]
    fn the_slots_of_a_combo_are_filled_as_often_as_they_ask() {
        assert_eq!(wrongs("famille(reine/L, reine/L, cola)"), [""; 0]);
        assert_eq!(wrongs("famille(reine/L, chevre/L, cola, eau, pot)"), [""; 0]);
        assert_eq!(wrongs("famille(reine/L, cola)"), ["/components too_few 2"]);
        assert_eq!(wrongs("famille(reine/L, reine/L, reine/L, cola)"), ["/components too_many 2"]);
        assert_eq!(wrongs("famille(reine/L, reine/L, cola, pot, pot)"), ["/components too_many 1"]);
        assert_eq!(wrongs("duo"), ["/components too_few 1", "/components too_few 1"]);
    }

    #[test]
    fn a_slot_takes_what_it_offers() {
        assert_eq!(wrongs("duo(reine/L, cola)"), ["/components/0/variantId not_offered"]);
        assert_eq!(wrongs("duo(reine|calzone/M, cola)"), ["/components/0/secondVariantId not_offered"]);
        assert_eq!(
            wrongs("duo(reine/M +nuts, cola +ham)"),
            ["/components/0/modifiers/0/modifierId not_offered", "/components/1/modifiers/0/modifierId not_offered"]
        );
        assert_eq!(wrongs("duo(reine/M +mozza*3 +ham*2, cola)"), ["/components/0/modifiers too_many 4"]);
        let catalogue = catalogue();
        let mut lost = selection(&catalogue, "duo(reine/M, cola)");
        lost.components[1].slot_id = id("nowhere");
        assert_eq!(wrongs_in(&catalogue, &lost), ["/components/1/slotId not_found", "/components too_few 1"]);
    }

    #[test]
    fn there_is_no_combo_in_a_combo_and_nothing_in_what_is_none() {
        let mut catalogue = catalogue();
        let combo = catalogue.products.iter_mut().find(|product| product.slug == "duo").expect("a duo");
        combo.slots[0].variants.insert(variant("soiree"), crate::money::Cents::ZERO);
        let nested = selection(&catalogue, "duo(soiree, cola)");
        assert_eq!(wrongs_in(&catalogue, &nested), ["/components/0/variantId not_offered"]);
        let stuffed = Selection { components: nested.components, ..selection(&catalogue, "reine/M") };
        assert_eq!(wrongs_in(&catalogue, &stuffed), ["/components not_offered"]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        assert_eq!(
            wrongs("reine/S +egg*5 +ham*9@1 +nuts"),
            [
                "/modifiers/0/modifierId not_for_this_size",
                "/modifiers/1/portion not_offered",
                "/modifiers/1/quantity too_large 2",
                "/modifiers/2/modifierId not_offered",
                "/modifiers too_many 4"
            ]
        );
    }
}
