//! One unit of a line: what it costs, rate by rate, and what it takes from stock.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::catalogue::{Catalogue, Context, Modifier, PortionPolicy, Product, Variant};
use crate::language::Text;
use crate::menu::{ModifierKind, Portion, PriceRule};
use crate::money::{Cents, allocate};
use crate::selection::{ChosenModifier, Selection};
use crate::stock::{Demand, Quantity, Recipe, take};
use crate::tax::{Rate, TaxCategory};

/// A selection with its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Without its modifiers and surcharges.
    pub base: Cents,
    pub modifiers: Vec<PricedModifier>,
    pub components: Vec<PricedComponent>,
    /// What one costs in all, by VAT rate, ascending.
    pub parts: BTreeMap<Rate, Cents>,
    pub demand: Demand,
    /// Whether all of it is still sold and has a recipe to be made by.
    pub on_sale: bool,
    /// Whether all of it is sold at this hour.
    pub is_served: bool,
    pub has_alcohol: bool,
}

/// A modifier as one unit has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedModifier {
    pub id: Uuid,
    pub kind: ModifierKind,
    pub name: Text,
    pub portion: Portion,
    pub quantity: u32,
    /// So many of them cost nothing.
    pub free: u32,
    /// Of one that is not free.
    pub price: Cents,
}

/// What fills a slot of a combo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedComponent {
    pub slot: Uuid,
    pub variant: Uuid,
    pub second: Option<Uuid>,
    /// Its share of the combo's price.
    pub share: Cents,
    pub surcharge: Cents,
    pub modifiers: Vec<PricedModifier>,
}

impl Unit {
    pub fn price(&self) -> Cents {
        self.parts.values().copied().sum()
    }
}

impl PricedModifier {
    pub fn total(&self) -> Cents {
        self.price.times(self.quantity.saturating_sub(self.free))
    }
}

/// There is no VAT rate for this category on this day: the chain's data lack it.
#[derive(Debug, thiserror::Error)]
#[error("there is no VAT rate for {}", .0.as_str())]
pub struct NoRate(pub TaxCategory);

/// Prices a selection. What is not sold any more is priced as far as it can be, and marked.
pub fn unit(catalogue: &Catalogue, context: &Context, selection: &Selection) -> Result<Option<Unit>, NoRate> {
    let chosen = (selection.variant_id, selection.second_variant_id, selection.modifiers.as_slice());
    let Some(own) = plate(catalogue, context, chosen) else { return Ok(None) };
    if selection.components.is_empty() && own.product.slots.is_empty() {
        let rate = own.rate(catalogue, context)?;
        let total = own.base + own.modifiers.iter().map(PricedModifier::total).sum();
        return Ok(Some(Unit {
            base: own.base,
            parts: BTreeMap::from([(rate, total)]),
            on_sale: own.on_sale && !own.recipe_is_missing,
            is_served: own.is_served,
            has_alcohol: own.has_alcohol(),
            modifiers: own.modifiers,
            demand: own.demand,
            components: Vec::new(),
        }));
    }
    combo(catalogue, context, selection, own).map(Some)
}

/// The price of a combo is split over its components in proportion to what each would cost alone, largest remainder:
/// each part of a set at one price follows its own rate.
fn combo(catalogue: &Catalogue, context: &Context, selection: &Selection, own: Plate<'_>) -> Result<Unit, NoRate> {
    let mut plates = Vec::new();
    let mut complete = true;
    for chosen in &selection.components {
        let slot = own.product.slots.iter().find(|slot| slot.id == chosen.slot_id);
        let surcharge = |id: Uuid| slot.and_then(|slot| slot.variants.get(&id)).copied();
        let plate = plate(catalogue, context, (chosen.variant_id, chosen.second_variant_id, &chosen.modifiers));
        let (Some(plate), Some(first)) = (plate, surcharge(chosen.variant_id)) else {
            complete = false;
            continue;
        };
        let second = chosen.second_variant_id.map(surcharge);
        complete &= second != Some(None);
        let surcharge = second.flatten().map_or(first, |second| second.max(first));
        let rate = plate.rate(catalogue, context)?;
        plates.push((rate, chosen, surcharge, plate));
    }
    // By rate, then by what it is: so the order of choosing does not move a cent.
    plates.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let weights: Vec<Cents> = plates.iter().map(|(.., plate)| plate.base).collect();
    let shares = allocate(own.base, &weights);
    let mut unit = Unit {
        base: own.base,
        on_sale: own.on_sale && complete && !plates.is_empty(),
        is_served: own.is_served,
        has_alcohol: own.has_alcohol(),
        modifiers: own.modifiers,
        components: Vec::new(),
        parts: BTreeMap::new(),
        demand: own.demand,
    };
    for ((rate, chosen, surcharge, plate), share) in plates.into_iter().zip(shares) {
        let extras: Cents = plate.modifiers.iter().map(PricedModifier::total).sum();
        let part = unit.parts.entry(rate).or_default();
        *part = *part + share + surcharge + extras;
        take(&mut unit.demand, &plate.demand.iter().map(|(id, quantity)| (*id, *quantity)).collect::<Recipe>(), 1);
        unit.on_sale &= plate.on_sale && !plate.recipe_is_missing;
        unit.is_served &= plate.is_served;
        unit.has_alcohol |= plate.has_alcohol();
        let (slot, variant, second) = (chosen.slot_id, chosen.variant_id, chosen.second_variant_id);
        unit.components.push(PricedComponent { slot, variant, second, share, surcharge, modifiers: plate.modifiers });
    }
    let own_extras: Cents = unit.modifiers.iter().map(PricedModifier::total).sum();
    if unit.parts.is_empty() || own_extras > Cents::ZERO {
        let rate = catalogue.rate(context, own.tax).ok_or(NoRate(own.tax))?;
        let base = if unit.parts.is_empty() { own.base } else { Cents::ZERO };
        let part = unit.parts.entry(rate).or_default();
        *part = *part + base + own_extras;
    }
    Ok(unit)
}

/// A variant or two halves, with modifiers.
struct Plate<'a> {
    product: &'a Product,
    base: Cents,
    tax: TaxCategory,
    second_tax: Option<TaxCategory>,
    modifiers: Vec<PricedModifier>,
    demand: Demand,
    on_sale: bool,
    recipe_is_missing: bool,
    is_served: bool,
}

impl Plate<'_> {
    /// Of two halves that are taxed differently, the higher rate.
    fn rate(&self, catalogue: &Catalogue, context: &Context) -> Result<Rate, NoRate> {
        let of = |category| catalogue.rate(context, category).ok_or(NoRate(category));
        let first = of(self.tax)?;
        Ok(self.second_tax.map(of).transpose()?.map_or(first, |second| second.max(first)))
    }

    fn has_alcohol(&self) -> bool {
        self.tax == TaxCategory::Alcohol || self.second_tax == Some(TaxCategory::Alcohol)
    }
}

fn plate<'a>(
    catalogue: &'a Catalogue,
    context: &Context,
    (first, second, chosen): (Uuid, Option<Uuid>, &[ChosenModifier]),
) -> Option<Plate<'a>> {
    let (variant, product) = catalogue.dish(first)?;
    let other = match second {
        Some(id) => Some(catalogue.dish(id)?),
        None => None,
    };
    let policy = catalogue.policies.get(&product.kind).copied();
    let policy = policy.unwrap_or(PortionPolicy { rule: PriceRule::Max, extras_percent: 100 });
    let (modifiers, lost) = priced_modifiers(catalogue, context, variant, policy, chosen);
    let price = catalogue.variant_price(context, variant);
    let halves: Vec<(&Variant, &Product)> = std::iter::once((variant, product)).chain(other).collect();
    Some(Plate {
        product,
        base: other.map_or(price, |(second, _)| together(policy.rule, price, catalogue.variant_price(context, second))),
        tax: product.tax,
        second_tax: other.map(|(_, product)| product.tax),
        modifiers,
        demand: demand(catalogue, variant, other.map(|(second, _)| second), chosen),
        on_sale: !lost && halves.iter().all(|(variant, product)| variant.on_sale && product.on_sale),
        recipe_is_missing: halves.iter().any(|(variant, _)| variant.recipe.is_empty()),
        is_served: halves.iter().all(|(_, product)| catalogue.is_served(product, context.at)),
    })
}

fn together(rule: PriceRule, a: Cents, b: Cents) -> Cents {
    match rule {
        PriceRule::Max => a.max(b),
        PriceRule::Average => Cents((a.0 + b.0 + 1) / 2),
    }
}

/// The chosen modifiers with their prices, and whether one of them is not to be had any more.
fn priced_modifiers(
    catalogue: &Catalogue,
    context: &Context,
    variant: &Variant,
    policy: PortionPolicy,
    chosen: &[ChosenModifier],
) -> (Vec<PricedModifier>, bool) {
    let mut priced = Vec::new();
    for choice in chosen {
        let Some(modifier) = catalogue.modifiers.get(&choice.modifier_id).filter(|modifier| modifier.on_sale) else { continue };
        let Some(price) = catalogue.modifier_price(context, modifier, variant.size) else { continue };
        let price = match choice.portion {
            Portion::Whole => price,
            // Rounded half up to the cent.
            _ => Cents((price.0 * i64::from(policy.extras_percent) + 50) / 100),
        };
        let (kind, name, portion, quantity) = (modifier.kind, modifier.name.clone(), choice.portion, choice.quantity);
        priced.push((modifier.group, PricedModifier { id: modifier.id, kind, name, portion, quantity, free: 0, price }));
    }
    let lost = priced.len() < chosen.len();
    give_free(catalogue, &mut priced);
    (priced.into_iter().map(|(_, modifier)| modifier).collect(), lost)
}

/// The dearest ones of a group are those that its free quantity pays for.
fn give_free(catalogue: &Catalogue, priced: &mut [(Uuid, PricedModifier)]) {
    let mut dearest: Vec<usize> = (0..priced.len()).collect();
    dearest.sort_by_key(|&index| priced.get(index).map(|(_, m)| (std::cmp::Reverse(m.price), m.id, m.portion)));
    let mut left: BTreeMap<Uuid, u32> = BTreeMap::new();
    for index in dearest {
        let Some((group, modifier)) = priced.get_mut(index) else { continue };
        let free = catalogue.groups.get(group).map_or(0, |group| group.free);
        let left = left.entry(*group).or_insert(free);
        modifier.free = modifier.quantity.min(*left);
        *left -= modifier.free;
    }
}

/// Half of each recipe where there are two, without what is left out, and with what is added. An extra on one half takes
/// half of what it takes on the whole.
fn demand(catalogue: &Catalogue, first: &Variant, second: Option<&Variant>, chosen: &[ChosenModifier]) -> Demand {
    let mut demand = Demand::new();
    let modifiers: Vec<(&ChosenModifier, &Modifier)> =
        chosen.iter().filter_map(|choice| Some((choice, catalogue.modifiers.get(&choice.modifier_id)?))).collect();
    let portions = [(Portion::FirstHalf, Some(first)), (Portion::SecondHalf, second)];
    for (portion, variant) in portions.into_iter().filter_map(|(portion, variant)| Some((portion, variant?))) {
        let is_left_out = |ingredient: Uuid| {
            let here = |choice: &ChosenModifier| choice.portion == portion || choice.portion == Portion::Whole;
            modifiers.iter().any(|(choice, modifier)| here(choice) && modifier.removes == Some(ingredient))
        };
        let kept = variant.recipe.iter().filter(|(ingredient, _)| !is_left_out(*ingredient));
        let share = |quantity: Quantity| if second.is_some() { quantity.half() } else { quantity };
        take(&mut demand, &kept.map(|(id, quantity)| (*id, share(*quantity))).collect::<Recipe>(), 1);
    }
    for (choice, modifier) in modifiers {
        let Some(size) = modifier.sizes.get(&first.size) else { continue };
        let share = |quantity: Quantity| if choice.portion == Portion::Whole { quantity } else { quantity.half() };
        let recipe: Recipe = size.recipe.iter().map(|(id, quantity)| (*id, share(*quantity))).collect();
        take(&mut demand, &recipe, choice.quantity);
    }
    demand
}
