//! The one pricing engine: carts, dry runs, placed orders, changes and receipts get their figures here and nowhere else.
//!
//! Rounding, all of it but that of one unit (see [`crate::unit`]): a percentage is rounded half up to the cent once, on the sum it applies to; whatever is split
//! (a discount, the delivery fee) is split by largest remainder, first over the VAT rates, then over the lines of a rate:
//! over those that the same offers apply to together, then line by line; tax is rounded half up once a rate. So no order
//! of lines and no splitting of a line moves a cent of the total.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::discount;
use crate::money::{Cents, allocate};
use crate::promotion::Effect;
use crate::tax::{Rate, included};
use crate::zone::{self, Tier};

/// What is priced: every amount includes VAT.
#[derive(Clone, Debug, Default)]
pub struct Basket {
    pub lines: Vec<Line>,
    /// The tariff of the zone, ascending, when the basket is delivered.
    pub delivery: Option<Vec<Tier>>,
    /// Promotions that apply, each with the lines it applies to.
    pub offers: Vec<Offer>,
    /// Given freely and handed on to the staff: outside of VAT.
    pub tip: Cents,
}

#[derive(Clone, Debug)]
pub struct Line {
    /// What one unit costs, by VAT rate; several where a combo has components of several rates.
    pub parts: BTreeMap<Rate, Cents>,
    pub quantity: u32,
}

#[derive(Clone, Debug)]
pub struct Offer {
    pub id: Uuid,
    pub effect: Effect,
    pub stackable: bool,
    /// By line, in the order of the basket.
    pub eligible: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// In the order of the basket.
    pub lines: Vec<PricedLine>,
    /// The lines together, before discounts.
    pub items: Cents,
    /// Before discounts.
    pub delivery_fee: Cents,
    /// The offers that were taken, in the order they were applied in.
    pub adjustments: Vec<Adjustment>,
    /// The adjustments together.
    pub discount: Cents,
    pub tip: Cents,
    /// One entry a rate, ascending: they add up to the total without the tip.
    pub taxes: Vec<TaxShare>,
    /// items + delivery_fee - discount + tip
    pub total: Cents,
    /// The offers that apply but were not taken, because others with which they cannot be combined are worth more.
    pub left_out: Vec<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    /// Before discounts.
    pub total: Cents,
    /// Its share of them.
    pub discount: Cents,
    /// total - discount, by VAT rate.
    pub net: BTreeMap<Rate, Cents>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    pub offer: Uuid,
    pub amount: Cents,
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

impl Line {
    pub fn unit_price(&self) -> Cents {
        self.parts.values().copied().sum()
    }

    pub fn total(&self) -> Cents {
        self.unit_price().times(self.quantity)
    }
}

/// What the lines cost together, before discounts.
pub fn items(lines: &[Line]) -> Cents {
    lines.iter().map(Line::total).sum()
}

/// Prices a basket. The delivery fee depends on the items before discounts, and follows the goods: it is spread over their
/// rates in proportion to what is paid at each (French rule for an accessory service: BOI-TVA-CHAMP-60-30).
pub fn price(basket: &Basket) -> Priced {
    let items = items(&basket.lines);
    // Nothing is not delivered.
    let tiers = basket.delivery.as_deref().filter(|_| items > Cents::ZERO).unwrap_or_default();
    let delivery_fee = zone::fee(tiers, items);
    let discounted = discount::best(&basket.lines, delivery_fee, &basket.offers);
    let lines: Vec<PricedLine> = basket
        .lines
        .iter()
        .zip(discounted.left)
        .map(|(line, net)| {
            let total = line.total();
            PricedLine { total, discount: total - net.values().copied().sum(), net }
        })
        .collect();
    let discount: Cents = discounted.adjustments.iter().map(|adjustment| adjustment.amount).sum();
    Priced {
        taxes: taxes(&basket.lines, &lines, discounted.fee),
        items,
        delivery_fee,
        adjustments: discounted.adjustments,
        discount,
        tip: basket.tip,
        total: items + delivery_fee - discount + basket.tip,
        left_out: discounted.left_out,
        lines,
    }
}

fn taxes(lines: &[Line], priced: &[PricedLine], fee: Cents) -> Vec<TaxShare> {
    let net = sum_by_rate(priced.iter().map(|line| (&line.net, 1)));
    let mut weights: Vec<Cents> = net.values().copied().collect();
    if weights.iter().all(|weight| *weight == Cents::ZERO) {
        // Everything was given away: the fee follows what it would have cost.
        weights = sum_by_rate(lines.iter().map(|line| (&line.parts, line.quantity))).into_values().collect();
    }
    net.into_iter()
        .zip(allocate(fee, &weights))
        .map(|((rate, goods), fee)| {
            let gross = goods + fee;
            let tax = included(gross, rate);
            TaxShare { rate, base: gross - tax, tax }
        })
        .collect()
}

fn sum_by_rate<'a>(parts: impl Iterator<Item = (&'a BTreeMap<Rate, Cents>, u32)>) -> BTreeMap<Rate, Cents> {
    let mut sums: BTreeMap<Rate, Cents> = BTreeMap::new();
    for (parts, count) in parts {
        for (rate, amount) in parts {
            let sum = sums.entry(*rate).or_default();
            *sum = *sum + amount.times(count);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATES: [Rate; 3] = [Rate(550), Rate(1000), Rate(2000)];

    fn line() -> impl Strategy<Value = Line> {
        let parts = prop::sample::subsequence(&RATES[..], 1..=3)
            .prop_flat_map(|rates| {
                prop::collection::vec(0i64..3_000, rates.len()).prop_map(move |amounts| (rates.clone(), amounts))
            })
            .prop_map(|(rates, amounts)| rates.into_iter().zip(amounts.into_iter().map(Cents)).collect());
        // Few prices, so that lines often cost the same: ties are where an order could show.
        let plain = (prop::sample::select(&RATES[..]), prop::sample::select(vec![Cents(100), Cents(333), Cents(1_250)]));
        let parts = prop_oneof![parts, plain.prop_map(|part| BTreeMap::from([part]))];
        (parts, 1u32..6).prop_map(|(parts, quantity)| Line { parts, quantity })
    }

    fn effect() -> impl Strategy<Value = Effect> {
        prop_oneof![
            (1u32..=10_000).prop_map(Effect::Percent),
            Just(Effect::Percent(10_000)),
            (1i64..3_000).prop_map(|amount| Effect::Amount(Cents(amount))),
            (1u32..4, 1u32..3).prop_map(|(buy, get)| Effect::BuyXGetY { buy, get }),
            Just(Effect::FreeDelivery),
        ]
    }

    fn offers(lines: usize) -> impl Strategy<Value = Vec<Offer>> {
        let eligible = prop::collection::vec(prop::bool::weighted(0.7), lines);
        prop::collection::vec((effect(), prop::bool::weighted(0.7), eligible), 0..=4).prop_map(|offers| {
            let numbered = (1u128..).zip(offers);
            numbered
                .map(|(number, (effect, stackable, eligible))| Offer { id: Uuid::from_u128(number), effect, stackable, eligible })
                .collect()
        })
    }

    /// A tariff that falls from tier to tier, or none.
    fn delivery() -> impl Strategy<Value = Option<Vec<Tier>>> {
        let tiers = (0i64..800, 500i64..4_000, 0i64..400).prop_map(|(first, from, second)| {
            vec![Tier { from: Cents::ZERO, fee: Cents(first) }, Tier { from: Cents(from), fee: Cents(second) }]
        });
        prop::option::weighted(0.8, tiers)
    }

    fn basket() -> impl Strategy<Value = Basket> {
        let lines = prop::collection::vec(line(), 1..6);
        let whole = lines.prop_flat_map(|lines| (offers(lines.len()), Just(lines), delivery(), 0i64..500));
        whole.prop_map(|(offers, lines, delivery, tip)| Basket { lines, delivery, offers, tip: Cents(tip) })
    }

    /// The basket with its lines in another order, or one of them in several: each by its old place and with a quantity.
    fn rearranged(basket: &Basket, places: &[(usize, u32)]) -> Basket {
        let line = |(place, quantity): &(usize, u32)| Line { quantity: *quantity, ..basket.lines[*place].clone() };
        let eligible = |offer: &Offer| places.iter().map(|(place, _)| offer.eligible[*place]).collect();
        let offer = |offer: &Offer| Offer { eligible: eligible(offer), ..offer.clone() };
        Basket { lines: places.iter().map(line).collect(), offers: basket.offers.iter().map(offer).collect(), ..basket.clone() }
    }

    /// All that does not speak of single lines.
    fn figures(priced: Priced) -> Priced {
        Priced { lines: Vec::new(), ..priced }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn everything_adds_up(basket in basket()) {
            let priced = price(&basket);
            prop_assert_eq!(priced.items + priced.delivery_fee - priced.discount + priced.tip, priced.total);
            prop_assert_eq!(priced.lines.iter().map(|line| line.total).sum::<Cents>(), priced.items);
            prop_assert_eq!(priced.adjustments.iter().map(|adjustment| adjustment.amount).sum::<Cents>(), priced.discount);
            let frees = |id: Uuid| basket.offers.iter().any(|offer| offer.id == id && offer.effect == Effect::FreeDelivery);
            let off_fee: Cents = priced.adjustments.iter().filter(|a| frees(a.offer)).map(|a| a.amount).sum();
            let off_lines: Cents = priced.lines.iter().map(|line| line.discount).sum();
            prop_assert_eq!(off_lines + off_fee, priced.discount);
            for line in &priced.lines {
                prop_assert_eq!(line.net.values().copied().sum::<Cents>() + line.discount, line.total);
            }
            let paid: Cents = priced.taxes.iter().map(|share| share.base + share.tax).sum();
            prop_assert_eq!(paid, priced.total - priced.tip);
        }

        #[test]
        fn nothing_falls_below_zero(basket in basket()) {
            let priced = price(&basket);
            prop_assert!(priced.lines.iter().all(|line| line.discount >= Cents::ZERO && line.net.values().all(|net| *net >= Cents::ZERO)));
            prop_assert!(priced.taxes.iter().all(|share| share.base >= Cents::ZERO && share.tax >= Cents::ZERO));
            prop_assert!(priced.discount <= priced.items + priced.delivery_fee);
            prop_assert!(priced.adjustments.iter().all(|adjustment| adjustment.amount > Cents::ZERO));
        }

        #[test]
        fn the_order_of_lines_moves_no_cent((basket, places) in basket().prop_flat_map(|basket| {
            let places: Vec<(usize, u32)> = basket.lines.iter().map(|line| line.quantity).enumerate().collect();
            (Just(basket), Just(places).prop_shuffle())
        })) {
            prop_assert_eq!(figures(price(&rearranged(&basket, &places))), figures(price(&basket)));
        }

        #[test]
        fn splitting_and_joining_lines_moves_no_cent(basket in basket(), first in 1u32..6) {
            let split = |(place, line): (usize, &Line)| {
                let first = first.min(line.quantity);
                [(place, first), (place, line.quantity - first)].into_iter().filter(|(_, quantity)| *quantity > 0)
            };
            let places: Vec<(usize, u32)> = basket.lines.iter().enumerate().flat_map(split).collect();
            prop_assert_eq!(figures(price(&rearranged(&basket, &places))), figures(price(&basket)));
        }

        #[test]
        fn units_cost_the_same_each_on_its_own_line(basket in basket()) {
            let alone = |(place, line): (usize, &Line)| (0..line.quantity).map(move |_| (place, 1));
            let places: Vec<(usize, u32)> = basket.lines.iter().enumerate().flat_map(alone).collect();
            prop_assert_eq!(figures(price(&rearranged(&basket, &places))), figures(price(&basket)));
        }

        #[test]
        fn no_single_offer_is_better_than_what_was_taken(basket in basket()) {
            let taken = price(&basket).discount;
            for offer in &basket.offers {
                let alone = price(&Basket { offers: vec![offer.clone()], ..basket.clone() });
                prop_assert!(alone.discount <= taken, "{offer:?} alone takes {:?}", alone.discount);
            }
        }
    }
}
