//! What can still be made of what a store has.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::catalogue::{Catalogue, Modifier, Product, Slot, Variant};
use crate::menu::{Availability, ProductKind, SizeCode};
use crate::stock::{Demand, Quantity, Recipe, servings};

/// Customers are told how many are left when it is no more than this.
pub const FEW: u32 = 5;

/// What a store could promise now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shelf {
    /// On hand, less what is reserved and what is kept back.
    pub available: BTreeMap<Uuid, Quantity>,
    pub snoozed: Snoozed,
}

/// What a store does not sell for a while, whatever the stock says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snoozed {
    pub ingredients: BTreeSet<Uuid>,
    pub variants: BTreeSet<Uuid>,
    pub modifiers: BTreeSet<Uuid>,
}

/// How many of a variant or of a modifier in one size can still be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Made {
    Variant(Uuid),
    Modifier(Uuid, SizeCode),
}

/// The servings of everything on sale.
pub type Servings = BTreeMap<Made, u32>;

pub fn availability(servings: u32) -> Availability {
    match servings {
        0 => Availability::Out,
        1..=FEW => Availability::Low,
        _ => Availability::InStock,
    }
}

/// How many customers are told are left.
pub fn told(servings: u32) -> Option<u32> {
    (servings <= FEW).then_some(servings)
}

impl Shelf {
    /// What is left, with nothing of what is snoozed.
    pub fn left(&self) -> BTreeMap<Uuid, Quantity> {
        let mut left = self.available.clone();
        for ingredient in &self.snoozed.ingredients {
            left.insert(*ingredient, Quantity::ZERO);
        }
        left
    }
}

impl Snoozed {
    /// Whether a choice of these variants and modifiers, which takes these ingredients, has something snoozed in it.
    pub fn touches(&self, variants: &[Uuid], modifiers: &[Uuid], demand: &Demand) -> bool {
        variants.iter().any(|id| self.variants.contains(id))
            || modifiers.iter().any(|id| self.modifiers.contains(id))
            || demand.keys().any(|id| self.ingredients.contains(id))
    }
}

/// Counts what can be made of everything on sale, each as if nothing else were.
pub fn count(catalogue: &Catalogue, shelf: &Shelf) -> Servings {
    let left = shelf.left();
    let on_sale = |variant: &Variant| variant.on_sale && catalogue.product_of(variant).is_some_and(|product| product.on_sale);
    let of_variant = |variant: &Variant| {
        if shelf.snoozed.variants.contains(&variant.id) { 0 } else { servings(&variant.recipe, &left) }
    };
    let simple = catalogue.variants.values().filter(|variant| on_sale(variant));
    let mut counted: Servings = simple.map(|variant| (Made::Variant(variant.id), of_variant(variant))).collect();
    for product in catalogue.products.iter().filter(|product| product.on_sale && product.kind == ProductKind::Combo) {
        let sets = of_combo(product, &counted);
        let variants = product.variants.iter().filter_map(|id| catalogue.variants.get(id));
        for variant in variants.filter(|variant| variant.on_sale) {
            // What the set itself takes, such as a box, bounds it as well.
            let own = if variant.recipe.is_empty() { sets } else { of_variant(variant) };
            let count = if shelf.snoozed.variants.contains(&variant.id) { 0 } else { sets.min(own) };
            counted.insert(Made::Variant(variant.id), count);
        }
    }
    for modifier in catalogue.modifiers.values().filter(|modifier| modifier.on_sale) {
        for (size, made) in &modifier.sizes {
            counted.insert(Made::Modifier(modifier.id, *size), of_modifier(modifier, &made.recipe, shelf, &left));
        }
    }
    counted
}

/// A modifier that takes nothing can always be had.
fn of_modifier(
    modifier: &Modifier,
    recipe: &[(Uuid, Quantity)],
    shelf: &Shelf,
    left: &BTreeMap<Uuid, Quantity>,
) -> u32 {
    if shelf.snoozed.modifiers.contains(&modifier.id) {
        0
    } else if recipe.is_empty() {
        u32::MAX
    } else {
        servings(recipe, left)
    }
}

/// As many sets as the scarcest slot that must be filled allows, with the most plentiful thing in it.
fn of_combo(combo: &Product, counted: &Servings) -> u32 {
    let of_slot = |slot: &Slot| {
        let counts = slot.variants.keys().filter_map(|id| counted.get(&Made::Variant(*id)));
        counts.max().copied().unwrap_or(0) / slot.minimum
    };
    combo.slots.iter().filter(|slot| slot.minimum > 0).map(of_slot).min().unwrap_or(0)
}

/// Whether customers may see a difference when these ingredients go from one level to another: something that takes one
/// of them has few servings of it, before or after. Cheap, so that most orders need not count everything.
pub fn may_show(catalogue: &Catalogue, before: &BTreeMap<Uuid, Quantity>, after: &BTreeMap<Uuid, Quantity>) -> bool {
    let slots = catalogue.products.iter().flat_map(|product| &product.slots);
    let places = slots.flat_map(|slot| slot.variants.keys().map(|id| (*id, slot.minimum)));
    // A set that takes two of something is down to a few while there are still twice as many of that.
    let mut each_set: BTreeMap<Uuid, u32> = BTreeMap::new();
    for (variant, minimum) in places {
        let most = each_set.entry(variant).or_default();
        *most = minimum.max(*most);
    }
    let scarce = |recipe: &Recipe, times: u32| {
        recipe.iter().any(|(ingredient, each)| {
            let few = |level: Quantity| level.0 / each.times(times.max(1)).0.max(1) <= i64::from(FEW);
            let (before, after) = (before.get(ingredient), after.get(ingredient));
            (before.is_some() || after.is_some()) && [before, after].iter().any(|level| few(level.copied().unwrap_or_default()))
        })
    };
    let variants = catalogue.variants.values();
    variants.into_iter().any(|variant| scarce(&variant.recipe, each_set.get(&variant.id).copied().unwrap_or(1)))
        || catalogue.modifiers.values().flat_map(|modifier| modifier.sizes.values()).any(|size| scarce(&size.recipe, 1))
}

/// What customers are told differently after a change: each thing with how many are left now.
pub fn changes(before: &Servings, after: &Servings) -> Servings {
    let shown = |count: u32| (availability(count), told(count));
    let differs = |(made, count): &(&Made, &u32)| before.get(*made).is_none_or(|earlier| shown(*earlier) != shown(**count));
    after.iter().filter(differs).map(|(made, count)| (*made, *count)).collect()
}
