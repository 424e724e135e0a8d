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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{catalogue, euros, grams, id, lunch, text, variant};
    use crate::notation::{context, selection};

    fn priced_in(catalogue: &Catalogue, text: &str) -> Unit {
        unit(catalogue, &context(""), &selection(catalogue, text)).expect(text).expect(text)
    }

    fn priced(text: &str) -> Unit {
        priced_in(&catalogue(), text)
    }

    fn product<'a>(catalogue: &'a mut Catalogue, slug: &str) -> &'a mut Product {
        catalogue.products.iter_mut().find(|product| product.slug == slug).expect(slug)
    }

    /// `dough 250, ham 30`: in grams, in the order of the alphabet.
    fn demand_of(text: &str) -> String {
        let catalogue = catalogue();
        let unit = priced_in(&catalogue, text);
        let name = |id: &Uuid| catalogue.ingredients.get(id).map_or("?", |ingredient| ingredient.slug.as_str());
        let mut used: Vec<String> =
            unit.demand.iter().map(|(id, quantity)| format!("{} {}", name(id), quantity.0 as f64 / 1000.0)).collect();
        used.sort();
        used.join(", ")
    }

    #[test]
    fn a_dish_takes_its_recipe_and_that_of_its_extras() {
        assert_eq!(demand_of("reine/M"), "dough 250, ham 60, mozza 100, tomato 90");
        assert_eq!(demand_of("reine/S"), "dough 125, ham 30, mozza 50, tomato 45");
        assert_eq!(demand_of("reine/M +mozza*2 +cheesy"), "dough 250, ham 60, mozza 240, tomato 90");
    }

    #[test]
    fn two_halves_take_half_of_each_recipe() {
        // Mozzarella: half of 100 and half of 60.
        assert_eq!(demand_of("reine|chevre/M"), "dough 250, goat 35, ham 30, mozza 80, onion 12.5, tomato 45");
        assert_eq!(demand_of("reine|reine/M"), demand_of("reine/M"));
    }

    #[test]
    fn an_extra_on_one_half_takes_half() {
        assert_eq!(demand_of("reine|chevre/M +egg*2@2"), "dough 250, egg 2, goat 35, ham 30, mozza 80, onion 12.5, tomato 45");
        assert_eq!(demand_of("reine|chevre/M +egg"), "dough 250, egg 2, goat 35, ham 30, mozza 80, onion 12.5, tomato 45");
        assert_eq!(demand_of("reine|chevre/M +ham@1 +ham@2"), "dough 250, goat 35, ham 60, mozza 80, onion 12.5, tomato 45");
    }

    #[test]
    fn what_is_left_out_is_not_taken() {
        assert_eq!(demand_of("reine/M -ham"), "dough 250, mozza 100, tomato 90");
        assert_eq!(demand_of("reine/M -ham +ham"), "dough 250, ham 30, mozza 100, tomato 90", "the extra is still put on");
        assert_eq!(demand_of("reine|margherita/M -ham@1"), "basil 2.5, dough 250, mozza 100, tomato 90");
        assert_eq!(demand_of("reine|reine/M -ham@2"), "dough 250, ham 30, mozza 100, tomato 90", "the first half keeps it");
        assert_eq!(demand_of("reine|reine/M -ham"), "dough 250, mozza 100, tomato 90");
    }

    #[test]
    fn a_combo_takes_what_is_in_it() {
        assert_eq!(
            demand_of("duo(reine|chevre/M -ham@1 +egg@2, cola)"),
            "cola 1, dough 250, egg 1, goat 35, mozza 80, onion 12.5, tomato 45"
        );
        assert_eq!(demand_of("famille(reine/L, reine/L, eau, eau)"), "dough 750, eau 2, ham 180, mozza 300, tomato 270");
        let mut catalogue = catalogue();
        catalogue.variants.get_mut(&variant("duo")).expect("a duo").recipe = vec![(id("box"), grams(1))];
        let boxed = priced_in(&catalogue, "duo(margherita/M, cola)");
        assert_eq!(boxed.demand.get(&id("box")), Some(&grams(1)), "the box is the combo's own");
    }

    #[test]
    fn modifiers_carry_their_price_and_what_is_free() {
        let glace = priced("glace +caramel*2 +nuts +cream");
        let figures = |m: &PricedModifier| (m.name.en.clone(), m.quantity, m.free, m.price, m.total());
        assert_eq!(
            glace.modifiers.iter().map(figures).collect::<Vec<_>>(),
            [
                ("+caramel".to_owned(), 2, 1, euros("0.50"), euros("0.50")),
                ("+nuts".to_owned(), 1, 1, euros("0.75"), euros("0")),
                ("+cream".to_owned(), 1, 0, euros("0.40"), euros("0.40")),
            ]
        );
        assert_eq!((glace.base, glace.price()), (euros("3.20"), euros("4.10")));
        let half = priced("reine|chevre/M +ham*2@1").modifiers.remove(0);
        assert_eq!((half.portion, half.price, half.total()), (Portion::FirstHalf, euros("0.83"), euros("1.66")));
    }

    #[test]
    fn the_components_of_a_combo_share_its_price() {
        let duo = priced("duo(chevre/M +egg, beer)");
        let figures = |c: &PricedComponent| (c.variant, c.share, c.surcharge);
        assert_eq!(
            duo.components.iter().map(figures).collect::<Vec<_>>(),
            [(variant("chevre/M"), euros("11.00"), euros("1.50")), (variant("beer"), euros("3.50"), euros("1.80")),]
        );
        assert_eq!(duo.parts, BTreeMap::from([(Rate(1000), euros("13.55")), (Rate(2000), euros("5.30"))]));
        assert_eq!((duo.base, duo.price()), (euros("14.50"), euros("18.85")));
        assert_eq!(priced("duo(beer, chevre/M +egg)"), duo, "the order of choosing does not matter");
        let halves = priced("duo(reine|chevre/M, eau)");
        assert!(halves.components.iter().any(|c| c.second == Some(variant("chevre/M")) && c.surcharge == euros("1.50")));
    }

    #[test]
    fn a_combo_of_things_without_a_price_gives_its_price_to_the_lowest_rate() {
        let mut catalogue = catalogue();
        catalogue.variants.values_mut().filter(|v| v.id != variant("duo")).for_each(|variant| variant.price = Cents::ZERO);
        let duo = priced_in(&catalogue, "duo(reine/M, beer)");
        assert_eq!(duo.parts, BTreeMap::from([(Rate(1000), euros("14.50")), (Rate(2000), euros("1.80"))]));
    }

    #[test]
    fn extras_of_a_combo_itself_fall_under_its_own_rate() {
        let mut catalogue = catalogue();
        product(&mut catalogue, "duo").tax = TaxCategory::Alcohol;
        let mut chosen = selection(&catalogue, "duo(reine/M, cola)");
        chosen.modifiers = selection(&catalogue, "glace +cream +nuts +choco").modifiers;
        let duo = unit(&catalogue, &context(""), &chosen).expect("rates").expect("a duo");
        let parts = [(Rate(550), "2.42"), (Rate(1000), "12.08"), (Rate(2000), "0.40")];
        assert_eq!(duo.parts, BTreeMap::from(parts.map(|(rate, amount)| (rate, euros(amount)))));
    }

    #[test]
    fn whatever_is_archived_takes_the_whole_off_sale() {
        type Change = fn(&mut Catalogue);
        let gone = |text: &str, change: Change| {
            let mut catalogue = catalogue();
            assert!(priced_in(&catalogue, text).on_sale, "{text}");
            change(&mut catalogue);
            !priced_in(&catalogue, text).on_sale
        };
        let variant: Change = |c| c.variants.get_mut(&id("reine/M")).expect("a reine").on_sale = false;
        let dish: Change = |c| product(c, "reine").on_sale = false;
        let recipe: Change = |c| c.variants.get_mut(&id("reine/M")).expect("a reine").recipe.clear();
        let modifier: Change = |c| c.modifiers.get_mut(&id("+ham")).expect("ham").on_sale = false;
        let size: Change = |c| c.modifiers.get_mut(&id("+ham")).expect("ham").sizes.clear();
        for text in ["reine/M +ham", "margherita|reine/M +ham@1", "duo(reine/M +ham, cola)", "duo(margherita|reine/M +ham, cola)"]
        {
            for change in [variant, dish, recipe, modifier, size] {
                assert!(gone(text, change), "{text}");
            }
        }
        assert!(gone("duo(reine/M, cola)", |c| product(c, "duo").on_sale = false));
        assert!(gone("duo(reine/M, cola)", |c| product(c, "duo").slots.clear()));
        let offered: Change = |c| product(c, "duo").slots[0].variants.retain(|variant, _| *variant != id("reine/M"));
        assert!(gone("duo(reine/M, cola)", offered));
        assert!(gone("duo(margherita|reine/M, cola)", offered), "the second half is no longer offered there");
    }

    #[test]
    fn a_combo_with_nothing_in_it_is_priced_but_not_sold() {
        let empty = priced("duo");
        assert_eq!((empty.on_sale, empty.parts), (false, BTreeMap::from([(Rate(1000), euros("14.50"))])));
    }

    #[test]
    fn what_nobody_knows_is_nothing() {
        let catalogue = catalogue();
        let unknown = |text: &str| unit(&catalogue, &context(""), &selection(&catalogue, text)).expect(text).is_none();
        assert!(unknown("quattro/M") && unknown("reine|quattro/M"));
    }

    #[test]
    fn a_rate_that_is_missing_is_named() {
        let mut catalogue = catalogue();
        catalogue.tax_rates.retain(|rate| rate.category != TaxCategory::Alcohol);
        let lacks =
            |text: &str| unit(&catalogue, &context(""), &selection(&catalogue, text)).err().map(|NoRate(category)| category);
        assert_eq!(lacks("beer"), Some(TaxCategory::Alcohol));
        assert_eq!(lacks("duo(reine/M, beer)"), Some(TaxCategory::Alcohol));
        assert_eq!(lacks("duo(reine/M, cola)"), None);
    }

    #[test]
    fn of_two_halves_the_higher_rate_counts() {
        let mut catalogue = catalogue();
        product(&mut catalogue, "fougasse").tax = TaxCategory::Alcohol;
        for text in ["focaccia|fougasse/M", "fougasse|focaccia/M"] {
            let unit = priced_in(&catalogue, text);
            assert_eq!((unit.parts, unit.has_alcohol), (BTreeMap::from([(Rate(2000), euros("6.88"))]), true), "{text}");
        }
    }

    #[test]
    fn alcohol_is_seen_wherever_it_is() {
        assert!(priced("beer").has_alcohol && priced("duo(reine/M, beer)").has_alcohol);
        assert!(!priced("cola").has_alcohol && !priced("duo(reine/M, cola)").has_alcohol);
    }

    #[test]
    fn all_of_it_must_be_served_at_this_hour() {
        let mut catalogue = catalogue();
        assert!(priced_in(&catalogue, "duo(reine/M, cola)").is_served);
        let drinks = catalogue.categories.iter_mut().find(|category| category.name == text("drink")).expect("drinks");
        drinks.windows.push(lunch());
        assert!(priced_in(&catalogue, "reine/M").is_served);
        assert!(!priced_in(&catalogue, "cola").is_served && !priced_in(&catalogue, "duo(reine/M, cola)").is_served);
        let noon = unit(&catalogue, &context("12:00"), &selection(&catalogue, "duo(reine/M, cola)"));
        assert!(noon.expect("rates").expect("a duo").is_served);
    }
}
