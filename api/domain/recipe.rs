//! What a recipe takes, and what that costs.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::money::Cents;
use crate::stock::Quantity;

/// One ingredient of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub ingredient: Uuid,
    /// What ends up in the dish.
    pub quantity: Quantity,
    /// Lost while preparing, on top of the quantity: 500 is 5 %.
    pub waste_basis_points: i32,
}

impl Line {
    /// What one portion takes from stock.
    pub fn taken(&self) -> Quantity {
        self.quantity.with_waste(self.waste_basis_points)
    }
}

/// A price of 1000 units for a quantity in thousandths of a unit: a million of their products are one cent.
const PER_CENT: i128 = 1_000_000;

/// What the ingredients of one portion cost, waste included: summed exactly, then rounded half up to the cent, once.
/// `per_thousand` is what 1000 units of each ingredient cost. When some are not in it, nobody knows what the portion costs:
/// the error names them.
pub fn cost(lines: &[Line], per_thousand: &BTreeMap<Uuid, Cents>) -> Result<Cents, Vec<Uuid>> {
    let unknown: Vec<Uuid> = lines.iter().map(|line| line.ingredient).filter(|id| !per_thousand.contains_key(id)).collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let price = |line: &Line| per_thousand.get(&line.ingredient).map_or(0, |cents| i128::from(cents.0));
    let exact: i128 = lines.iter().map(|line| i128::from(line.taken().0) * price(line)).sum();
    Ok(Cents(i64::try_from((exact + PER_CENT / 2) / PER_CENT).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOZZARELLA: Uuid = Uuid::from_u128(1);
    const EGG: Uuid = Uuid::from_u128(2);
    const BASIL: Uuid = Uuid::from_u128(3);

    fn line(ingredient: Uuid, milli: i64, waste_basis_points: i32) -> Line {
        Line { ingredient, quantity: Quantity(milli), waste_basis_points }
    }

    #[test]
    fn a_portion_costs_what_it_takes_waste_included() {
        // 8.50 € a kilogram; 250 € for a thousand eggs.
        let prices = BTreeMap::from([(MOZZARELLA, Cents(850)), (EGG, Cents(25_000))]);
        assert_eq!(cost(&[line(MOZZARELLA, 100_000, 0)], &prices), Ok(Cents(85)));
        assert_eq!(cost(&[line(MOZZARELLA, 100_000, 1_000)], &prices), Ok(Cents(94)), "110 g are 93.5 cents");
        assert_eq!(cost(&[line(MOZZARELLA, 100_000, 0), line(EGG, 2_000, 0)], &prices), Ok(Cents(135)));
        assert_eq!(cost(&[], &prices), Ok(Cents::ZERO));
    }

    #[test]
    fn the_sum_is_rounded_and_not_its_parts() {
        let prices = BTreeMap::from([(MOZZARELLA, Cents(4)), (EGG, Cents(4))]);
        // 0.4 cents each.
        assert_eq!(cost(&[line(MOZZARELLA, 100_000, 0)], &prices), Ok(Cents(0)));
        assert_eq!(cost(&[line(MOZZARELLA, 100_000, 0), line(EGG, 100_000, 0)], &prices), Ok(Cents(1)));
        assert_eq!(cost(&[line(MOZZARELLA, 125_000, 0)], &prices), Ok(Cents(1)), "half a cent is rounded up");
    }

    #[test]
    fn one_unknown_cost_makes_the_whole_unknown() {
        let prices = BTreeMap::from([(MOZZARELLA, Cents(850))]);
        let lines = [line(EGG, 1_000, 0), line(MOZZARELLA, 80_000, 0), line(BASIL, 3_000, 0)];
        assert_eq!(cost(&lines, &prices), Err(vec![EGG, BASIL]));
    }

    #[test]
    fn absurd_figures_do_not_overflow() {
        let prices = BTreeMap::from([(MOZZARELLA, Cents(i64::MAX))]);
        assert_eq!(cost(&[line(MOZZARELLA, 100_000_000_000, 10_000)], &prices), Ok(Cents(i64::MAX)));
    }
}
