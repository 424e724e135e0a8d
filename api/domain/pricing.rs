//! The one pricing engine: carts, placed orders and receipts get their figures here and nowhere else.

use std::collections::BTreeMap;

use crate::money::{Cents, allocate};
use crate::tax::{Rate, included};

/// What is priced: every amount includes VAT.
#[derive(Clone, Debug)]
pub struct Basket {
    pub lines: Vec<Line>,
    /// Present when the basket is delivered.
    pub delivery: Option<DeliveryTariff>,
}

#[derive(Clone, Debug)]
pub struct Line {
    /// Of one unit without its modifiers.
    pub unit_price: Cents,
    /// Price and count of each modifier, per unit.
    pub modifiers: Vec<(Cents, u32)>,
    pub quantity: u32,
    pub tax_rate: Rate,
}

#[derive(Clone, Copy, Debug)]
pub struct DeliveryTariff {
    pub fee: Cents,
    /// From this amount of items on, delivery is free.
    pub free_from: Option<Cents>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// The total of each line, in the order of the basket.
    pub lines: Vec<Cents>,
    pub items: Cents,
    pub delivery_fee: Cents,
    /// One entry a rate, ascending.
    pub taxes: Vec<TaxShare>,
    pub total: Cents,
}

/// The part of the total that falls under one rate: `base + tax` is what was paid at that rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxShare {
    pub rate: Rate,
    pub base: Cents,
    pub tax: Cents,
}

impl Priced {
    pub fn tax(&self) -> Cents {
        self.taxes.iter().map(|share| share.tax).sum()
    }
}

/// Prices a basket. The delivery fee follows the goods: it is spread over their rates in proportion to what was bought at
/// each (French rule for an accessory service: BOI-TVA-CHAMP-60-30), largest remainder. Tax is rounded once a rate.
pub fn price(basket: &Basket) -> Priced {
    let lines: Vec<Cents> = basket.lines.iter().map(line_total).collect();
    let items: Cents = lines.iter().copied().sum();
    let delivery_fee = match basket.delivery {
        Some(tariff) if items > Cents::ZERO && tariff.free_from.is_none_or(|from| items < from) => tariff.fee,
        _ => Cents::ZERO,
    };
    let mut gross_by_rate: BTreeMap<Rate, Cents> = BTreeMap::new();
    for (line, total) in basket.lines.iter().zip(&lines) {
        let gross = gross_by_rate.entry(line.tax_rate).or_default();
        *gross = *gross + *total;
    }
    let goods: Vec<Cents> = gross_by_rate.values().copied().collect();
    let taxes = gross_by_rate
        .into_iter()
        .zip(allocate(delivery_fee, &goods))
        .map(|((rate, gross), fee)| {
            let gross = gross + fee;
            let tax = included(gross, rate);
            TaxShare { rate, base: gross - tax, tax }
        })
        .collect();
    Priced { lines, items, delivery_fee, taxes, total: items + delivery_fee }
}

fn line_total(line: &Line) -> Cents {
    let modifiers: Cents = line.modifiers.iter().map(|(price, count)| price.times(*count)).sum();
    (line.unit_price + modifiers).times(line.quantity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(cents: i64, quantity: u32, rate: i32) -> Line {
        Line { unit_price: Cents(cents), modifiers: vec![], quantity, tax_rate: Rate(rate) }
    }

    #[test]
    fn a_pizza_a_cola_and_a_beer_delivered() {
        let basket = Basket {
            lines: vec![line(1090, 2, 1000), line(250, 1, 550), line(450, 1, 2000)],
            delivery: Some(DeliveryTariff { fee: Cents(250), free_from: Some(Cents(3000)) }),
        };
        let priced = price(&basket);
        // Goods 21.80 + 2.50 + 4.50 = 28.80; fee 2.50 split 18.92/2.17/3.90 in tenths of a cent: 189 + 22 + 39.
        assert_eq!(priced.items, Cents(2880));
        assert_eq!(priced.total, Cents(3130));
        let shares: Vec<_> = priced.taxes.iter().map(|t| (t.rate.0, t.base.0, t.tax.0)).collect();
        assert_eq!(shares, [(550, 258, 14), (1000, 2154, 215), (2000, 407, 82)]);
    }

    #[test]
    fn delivery_is_free_from_the_threshold_on_and_never_charged_for_nothing() {
        let tariff = Some(DeliveryTariff { fee: Cents(250), free_from: Some(Cents(3000)) });
        assert_eq!(price(&Basket { lines: vec![line(3000, 1, 1000)], delivery: tariff }).delivery_fee, Cents(0));
        assert_eq!(price(&Basket { lines: vec![line(2999, 1, 1000)], delivery: tariff }).delivery_fee, Cents(250));
        assert_eq!(price(&Basket { lines: vec![], delivery: tariff }).total, Cents(0));
    }

    fn any_line() -> impl Strategy<Value = Line> {
        let modifiers = prop::collection::vec((0i64..500).prop_map(Cents), 0..4);
        let rate = prop::sample::select(vec![550, 1000, 2000]);
        (0i64..5000, modifiers, 1u32..20, rate).prop_map(|(price, modifiers, quantity, rate)| Line {
            unit_price: Cents(price),
            modifiers: modifiers.into_iter().map(|m| (m, 1)).collect(),
            quantity,
            tax_rate: Rate(rate),
        })
    }

    proptest! {
        #[test]
        fn figures_add_up(lines in prop::collection::vec(any_line(), 0..10), fee in 0i64..1000) {
            let priced = price(&Basket { lines, delivery: Some(DeliveryTariff { fee: Cents(fee), free_from: None }) });
            prop_assert_eq!(priced.lines.iter().copied().sum::<Cents>(), priced.items);
            prop_assert_eq!(priced.items + priced.delivery_fee, priced.total);
            let taxed: Cents = priced.taxes.iter().map(|t| t.base + t.tax).sum();
            prop_assert_eq!(taxed, priced.total);
        }

        #[test]
        fn the_order_of_lines_is_irrelevant(lines in prop::collection::vec(any_line(), 1..8), fee in 0i64..1000) {
            let delivery = Some(DeliveryTariff { fee: Cents(fee), free_from: None });
            let forward = price(&Basket { lines: lines.clone(), delivery });
            let backward = price(&Basket { lines: lines.into_iter().rev().collect(), delivery });
            prop_assert_eq!(forward.total, backward.total);
            prop_assert_eq!(forward.taxes, backward.taxes);
        }

        #[test]
        fn splitting_a_line_keeps_the_total(one in any_line(), cut in 1u32..19) {
            let delivery = None;
            let whole = price(&Basket { lines: vec![one.clone()], delivery });
            let cut = cut.min(one.quantity.saturating_sub(1)).max(1);
            if one.quantity > cut {
                let parts = vec![
                    Line { quantity: cut, ..one.clone() },
                    Line { quantity: one.quantity - cut, ..one },
                ];
                let parts = price(&Basket { lines: parts, delivery });
                prop_assert_eq!(whole.total, parts.total);
                prop_assert_eq!(whole.taxes, parts.taxes);
            }
        }
    }
}
