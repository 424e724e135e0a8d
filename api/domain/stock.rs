//! Quantities of ingredients and what can still be made from them.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

words! {
    /// The unit in which an ingredient is counted.
    Unit {
        Gram = "g",
        Millilitre = "ml",
        Piece = "piece",
    }
}

words! {
    /// What an order line takes from stock: promised, taken, or given back.
    ReservationState {
        Held = "held",
        Consumed = "consumed",
        Released = "released",
    }
}

words! {
    /// Why stock on hand changed.
    MovementKind {
        /// Opening stock or a count.
        Count = "count",
        /// The kitchen took it.
        Consumption = "consumption",
    }
}

/// A quantity in thousandths of the ingredient's unit; on the wire a number with at most three decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = f64, example = 250)]
pub struct Quantity(pub i64);

impl Quantity {
    pub const ZERO: Quantity = Quantity(0);
    /// 100 million units: more than any store holds, far below what a JSON number keeps exact.
    const LIMIT: f64 = 100_000_000.0;

    pub fn times(self, count: u32) -> Quantity {
        Quantity(self.0 * i64::from(count))
    }

    /// Rounded up to the thousandth: what is promised is there.
    pub fn half(self) -> Quantity {
        Quantity((self.0 + 1) / 2)
    }

    /// With what is lost while preparing, in basis points of it, rounded up to the thousandth.
    pub fn with_waste(self, basis_points: i32) -> Quantity {
        Quantity(self.0 + (self.0 * i64::from(basis_points) + 9_999) / 10_000)
    }
}

impl std::ops::Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        Quantity(self.0 + other.0)
    }
}

impl Serialize for Quantity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 {
            serializer.serialize_i64(self.0 / 1000)
        } else {
            // Exact to the thousandth: three decimals of a number below 2^43 survive a double.
            serializer.serialize_f64(self.0 as f64 / 1000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = f64::deserialize(deserializer)?;
        let milli = units * 1000.0;
        // Below the limit a double errs by far less than this.
        if units.is_nan() || units.abs() > Self::LIMIT || (milli - milli.round()).abs() > 1e-3 {
            return Err(serde::de::Error::custom("a quantity has at most three decimals and stays below 100 million"));
        }
        Ok(Quantity(milli.round() as i64))
    }
}

/// What one unit of something takes, by ingredient.
pub type Recipe = Vec<(Uuid, Quantity)>;

/// How many units can be made when nothing else is: the scarcest ingredient decides. Without a recipe nothing can be
/// counted, so nothing can be promised.
pub fn servings(recipe: &[(Uuid, Quantity)], available: &BTreeMap<Uuid, Quantity>) -> u32 {
    let of = |(id, each): &(Uuid, Quantity)| {
        let left = available.get(id).copied().unwrap_or_default().0.max(0);
        if each.0 <= 0 { u32::MAX } else { u32::try_from(left / each.0).unwrap_or(u32::MAX) }
    };
    recipe.iter().map(of).min().unwrap_or(0)
}

/// What is taken from stock, by ingredient.
pub type Demand = BTreeMap<Uuid, Quantity>;

/// Adds so many times a recipe.
pub fn take<'a>(demand: &mut Demand, recipe: impl IntoIterator<Item = &'a (Uuid, Quantity)>, count: u32) {
    for (ingredient, each) in recipe {
        let sum = demand.entry(*ingredient).or_default();
        *sum = *sum + each.times(count);
    }
}

/// The lines that cannot be made when all of them are wanted together: those that need an ingredient of which the whole
/// basket wants more than there is.
pub fn short_lines<Line>(lines: &[Line], available: &BTreeMap<Uuid, Quantity>) -> Vec<usize>
where
    Line: Borrow<Demand>,
{
    let mut wanted = Demand::new();
    for (ingredient, quantity) in lines.iter().flat_map(|line| line.borrow()) {
        let sum = wanted.entry(*ingredient).or_default();
        *sum = *sum + *quantity;
    }
    let is_short = |id: &Uuid| wanted.get(id) > Some(available.get(id).unwrap_or(&Quantity::ZERO));
    let short = |line: &Line| line.borrow().keys().any(is_short);
    lines.iter().enumerate().filter(|(_, line)| short(line)).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOZZARELLA: Uuid = Uuid::from_u128(1);
    const HAM: Uuid = Uuid::from_u128(2);

    #[test]
    fn the_scarcest_ingredient_decides() {
        let reine = vec![(MOZZARELLA, Quantity(80_000)), (HAM, Quantity(62_500))];
        let stock = BTreeMap::from([(MOZZARELLA, Quantity(1_000_000)), (HAM, Quantity(250_000))]);
        assert_eq!(servings(&reine, &stock), 4);
        assert_eq!(servings(&reine, &BTreeMap::new()), 0);
        assert_eq!(servings(&[], &stock), 0);
    }

    #[test]
    fn two_pizzas_share_the_last_mozzarella() {
        let one = BTreeMap::from([(MOZZARELLA, Quantity(80_000))]);
        let ham = BTreeMap::from([(HAM, Quantity(1_000))]);
        let stock = BTreeMap::from([(MOZZARELLA, Quantity(100_000)), (HAM, Quantity(1_000))]);
        assert_eq!(short_lines(std::slice::from_ref(&one), &stock), [0usize; 0]);
        assert_eq!(short_lines(&[one.clone(), ham, one], &stock), [0, 2]);
    }

    #[test]
    fn modifiers_add_to_the_recipe() {
        let (base, extra) = (vec![(MOZZARELLA, Quantity(80))], vec![(MOZZARELLA, Quantity(40))]);
        let mut demand = Demand::new();
        take(&mut demand, &base, 3);
        take(&mut demand, &extra, 6);
        assert_eq!(demand, BTreeMap::from([(MOZZARELLA, Quantity(480))]));
    }

    #[test]
    fn halves_and_waste_are_rounded_up() {
        assert_eq!((Quantity(3).half(), Quantity(80_000).half()), (Quantity(2), Quantity(40_000)));
        assert_eq!(Quantity(100_000).with_waste(500), Quantity(105_000));
        assert_eq!((Quantity(1).with_waste(1), Quantity(1).with_waste(0)), (Quantity(2), Quantity(1)));
    }

    #[test]
    fn a_quantity_has_three_decimals_at_most() {
        use serde::de::{Deserialize, IntoDeserializer, value::Error};
        let read = |number: f64| Quantity::deserialize(IntoDeserializer::<Error>::into_deserializer(number)).ok();
        assert_eq!(read(0.125), Some(Quantity(125)));
        assert_eq!(read(99_999_999.999), Some(Quantity(99_999_999_999)));
        assert_eq!([0.0004, 600_000.000_4, 100_000_000.5, f64::NAN, f64::INFINITY].map(read), [None; 5]);
    }

    proptest! {
        #[test]
        fn as_many_as_promised_can_be_made_and_no_more(each in 1i64..5_000, left in 0i64..1_000_000) {
            let recipe = vec![(HAM, Quantity(each))];
            let stock = BTreeMap::from([(HAM, Quantity(left))]);
            let count = servings(&recipe, &stock);
            let demand = |count| BTreeMap::from([(HAM, Quantity(each).times(count))]);
            prop_assert!(short_lines(&[demand(count)], &stock).is_empty());
            prop_assert_eq!(short_lines(&[demand(count + 1)], &stock), [0]);
        }
    }
}
