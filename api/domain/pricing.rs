//! The one pricing engine: carts, dry runs, placed orders, changes and receipts get their figures here and nowhere else.
//!
//! Rounding, all of it: a percentage is rounded half up to the cent once, on the sum it applies to; whatever is split
//! (a discount, the delivery fee) is split by largest remainder, first over the VAT rates, then over the lines of a rate;
//! tax is rounded half up once a rate. So no order of lines and no splitting of a line moves a cent of the total.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::discount;
use crate::money::{Cents, allocate};
use crate::promotion::Effect;
use crate::tax::{Rate, included};
use crate::zone::Tier;

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
    let tiers = basket.delivery.iter().flatten().filter(|tier| items > Cents::ZERO && tier.from <= items);
    let delivery_fee = tiers.last().map_or(Cents::ZERO, |tier| tier.fee);
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
