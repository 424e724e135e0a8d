//! Which offers are taken, and what they take off which line.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::money::{Cents, allocate};
use crate::pricing::{Adjustment, Line, Offer};
use crate::promotion::Effect;
use crate::tax::Rate;

/// What is left of a basket after discounts.
#[derive(Clone, Debug)]
pub struct Discounted {
    /// Of each line, by rate.
    pub left: Vec<BTreeMap<Rate, Cents>>,
    /// Of the delivery fee.
    pub fee: Cents,
    /// Only those that take something off.
    pub adjustments: Vec<Adjustment>,
    /// Offers that cannot be combined with those that were taken.
    pub left_out: Vec<Uuid>,
}

/// Takes what is best for the customer: all offers that may be combined, or one of those that may not. Of equals the
/// combined ones, else the oldest (ids are UUIDv7).
pub fn best(lines: &[Line], fee: Cents, offers: &[Offer]) -> Discounted {
    let (mut together, mut alone): (Vec<&Offer>, Vec<&Offer>) = offers.iter().partition(|offer| offer.stackable);
    // Whole units first, as long as they have their price; then shares, then amounts, then the fee.
    together.sort_by_key(|offer| (rank(offer.effect), offer.id));
    alone.sort_by_key(|offer| offer.id);
    let mut best = apply(lines, fee, &together);
    let mut taken: Vec<Uuid> = together.iter().map(|offer| offer.id).collect();
    for offer in alone {
        let other = apply(lines, fee, &[offer]);
        if other.worth() > best.worth() {
            best = other;
            taken = vec![offer.id];
        }
    }
    best.left_out = offers.iter().map(|offer| offer.id).filter(|id| !taken.contains(id)).collect();
    best
}

impl Discounted {
    fn worth(&self) -> Cents {
        self.adjustments.iter().map(|adjustment| adjustment.amount).sum()
    }
}

fn rank(effect: Effect) -> u8 {
    match effect {
        Effect::BuyXGetY { .. } => 0,
        Effect::Percent(_) => 1,
        Effect::Amount(_) => 2,
        Effect::FreeDelivery => 3,
    }
}

/// Takes these offers off, one after the other: each sees what the ones before have left.
fn apply(lines: &[Line], fee: Cents, offers: &[&Offer]) -> Discounted {
    let gross = |line: &Line| line.parts.iter().map(|(rate, amount)| (*rate, amount.times(line.quantity))).collect();
    let mut state =
        Discounted { left: lines.iter().map(gross).collect(), fee, adjustments: Vec::new(), left_out: Vec::new() };
    for offer in offers {
        let amount = match offer.effect {
            Effect::Percent(basis_points) => {
                let sum = sum(&state.left, &offer.eligible);
                spread(&mut state.left, &offer.eligible, percentage(sum, basis_points))
            }
            Effect::Amount(amount) => {
                let sum = sum(&state.left, &offer.eligible);
                spread(&mut state.left, &offer.eligible, amount.min(sum))
            }
            Effect::BuyXGetY { buy, get } => give_units(lines, &mut state.left, &offer.eligible, buy, get),
            Effect::FreeDelivery => std::mem::take(&mut state.fee),
        };
        if amount > Cents::ZERO {
            state.adjustments.push(Adjustment { offer: offer.id, amount });
        }
    }
    state
}

/// Rounded half up to the cent; never more than all of it.
fn percentage(sum: Cents, basis_points: u32) -> Cents {
    Cents((sum.0 * i64::from(basis_points.min(10_000)) + 5_000) / 10_000)
}

fn sum(left: &[BTreeMap<Rate, Cents>], eligible: &[bool]) -> Cents {
    left.iter().zip(eligible).filter(|(_, is)| **is).flat_map(|(line, _)| line.values().copied()).sum()
}

/// Takes an amount off the eligible lines, in proportion to what is left of them: first rate by rate, then line by line.
fn spread(left: &mut [BTreeMap<Rate, Cents>], eligible: &[bool], amount: Cents) -> Cents {
    let mut by_rate: BTreeMap<Rate, Cents> = BTreeMap::new();
    for (line, _) in left.iter().zip(eligible).filter(|(_, is)| **is) {
        for (rate, part) in line {
            let sum = by_rate.entry(*rate).or_default();
            *sum = *sum + *part;
        }
    }
    let weights: Vec<Cents> = by_rate.values().copied().collect();
    for (rate, share) in by_rate.into_keys().zip(allocate(amount, &weights)) {
        let lines = left.iter_mut().zip(eligible).filter(|(_, is)| **is);
        let mut parts: Vec<&mut Cents> = lines.filter_map(|(line, _)| line.get_mut(&rate)).collect();
        let weights: Vec<Cents> = parts.iter().map(|part| **part).collect();
        for (part, off) in parts.iter_mut().zip(allocate(share, &weights)) {
            **part = **part - off;
        }
    }
    amount
}

/// Makes the cheapest units free: `get` of every `buy + get`.
fn give_units(lines: &[Line], left: &mut [BTreeMap<Rate, Cents>], eligible: &[bool], buy: u32, get: u32) -> Cents {
    let mut cheapest: Vec<(&Line, &mut BTreeMap<Rate, Cents>)> =
        lines.iter().zip(left).zip(eligible).filter(|(_, is)| **is).map(|(pair, _)| pair).collect();
    // Units of one price may differ in their rates: those are told apart too, so the order of lines decides nothing.
    cheapest.sort_by_key(|(line, _)| (line.unit_price(), line.parts.clone()));
    let units = cheapest.iter().fold(0u32, |sum, (line, _)| sum.saturating_add(line.quantity));
    let mut free = units / buy.saturating_add(get).max(1) * get;
    let mut given = Cents::ZERO;
    for (line, left) in cheapest {
        let count = line.quantity.min(free);
        free -= count;
        for (rate, part) in &line.parts {
            let Some(left) = left.get_mut(rate) else { continue };
            let off = part.times(count).min(*left);
            *left = *left - off;
            given = given + off;
        }
    }
    given
}
