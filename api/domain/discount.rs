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

/// Which of the offers under the eye apply to a line, one by one: lines that have this in common are the same to them.
type Reach = Vec<bool>;

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
    if best.worth() == Cents::ZERO {
        // Nothing is worth more than these.
        return best;
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
    let reached = |line: usize| offers.iter().map(|offer| offer.eligible.get(line).copied().unwrap_or(false)).collect();
    let reach: Vec<Reach> = (0..lines.len()).map(reached).collect();
    let mut paid: Vec<u32> = lines.iter().map(|line| line.quantity).collect();
    let mut state = Discounted { left: lines.iter().map(gross).collect(), fee, adjustments: Vec::new(), left_out: Vec::new() };
    for offer in offers {
        let amount = match offer.effect {
            Effect::Percent(basis_points) => {
                let sum = sum(&state.left, &offer.eligible);
                spread(&mut state.left, &reach, &offer.eligible, percentage(sum, basis_points))
            }
            Effect::Amount(amount) => {
                let sum = sum(&state.left, &offer.eligible);
                spread(&mut state.left, &reach, &offer.eligible, amount.min(sum))
            }
            Effect::BuyXGetY { buy, get } => {
                let free = free_units(lines, &mut paid, &reach, &offer.eligible, (buy, get));
                give(lines, &mut state.left, &free)
            }
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

/// Takes an amount off the eligible lines, in proportion to what is left of them: first rate by rate, then by what other
/// offers apply to, then line by line. Were the lines of a rate not told apart by their offers first, a cent of rounding
/// could fall on either side of another offer's border, as the lines happen to lie.
fn spread(left: &mut [BTreeMap<Rate, Cents>], reach: &[Reach], eligible: &[bool], amount: Cents) -> Cents {
    let mut parts: BTreeMap<Rate, BTreeMap<&Reach, Vec<&mut Cents>>> = BTreeMap::new();
    for ((line, reach), _) in left.iter_mut().zip(reach).zip(eligible).filter(|(_, is)| **is) {
        for (rate, part) in line {
            parts.entry(*rate).or_default().entry(reach).or_default().push(part);
        }
    }
    let sum = |parts: &Vec<&mut Cents>| parts.iter().map(|part| **part).sum::<Cents>();
    let weights: Vec<Cents> = parts.values().map(|rate| rate.values().map(sum).sum()).collect();
    for (rate, share) in parts.into_values().zip(allocate(amount, &weights)) {
        let weights: Vec<Cents> = rate.values().map(sum).collect();
        for (parts, share) in rate.into_values().zip(allocate(share, &weights)) {
            let weights: Vec<Cents> = parts.iter().map(|part| **part).collect();
            for (part, off) in parts.into_iter().zip(allocate(share, &weights)) {
                *part = *part - off;
            }
        }
    }
    amount
}

/// How many units of each line become free: the cheapest that are still paid for, `get` of every `buy + get`. A unit that
/// is free already counts among those bought, but is not given twice.
fn free_units(lines: &[Line], paid: &mut [u32], reach: &[Reach], eligible: &[bool], (buy, get): (u32, u32)) -> Vec<u32> {
    let mut free = vec![0; lines.len()];
    let places = lines.iter().zip(paid).zip(&mut free).zip(reach.iter().zip(eligible));
    let mut cheapest: Vec<_> = places.filter(|(_, (_, is))| **is).collect();
    // Units of one price may differ in their rates and offers: those are told apart too, so the order of lines decides
    // nothing.
    cheapest.sort_by_key(|(((line, _), _), (reach, _))| (line.unit_price(), line.parts.clone(), *reach));
    let units = cheapest.iter().fold(0u32, |sum, (((line, _), _), _)| sum.saturating_add(line.quantity));
    let mut count = units / buy.saturating_add(get).max(1) * get;
    for (((_, paid), free), _) in cheapest {
        *free = count.min(*paid);
        *paid -= *free;
        count -= *free;
    }
    free
}

fn give(lines: &[Line], left: &mut [BTreeMap<Rate, Cents>], free: &[u32]) -> Cents {
    let mut given = Cents::ZERO;
    for ((line, left), count) in lines.iter().zip(left).zip(free) {
        for (rate, part) in &line.parts {
            let off = part.times(*count);
            given = given + off;
            left.entry(*rate).and_modify(|left| *left = *left - off);
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::euros;

    fn line(quantity: u32, rate: i32, price: &str) -> Line {
        Line { parts: BTreeMap::from([(Rate(rate), euros(price))]), quantity }
    }

    fn offer(number: u128, stackable: bool, effect: Effect, eligible: &[bool]) -> Offer {
        Offer { id: Uuid::from_u128(number), effect, stackable, eligible: eligible.to_vec() }
    }

    /// What each offer took, in the order they were applied in; what was left out.
    fn taken(discounted: &Discounted) -> (Vec<(u128, Cents)>, Vec<u128>) {
        let amounts = discounted.adjustments.iter().map(|adjustment| (adjustment.offer.as_u128(), adjustment.amount));
        (amounts.collect(), discounted.left_out.iter().map(Uuid::as_u128).collect())
    }

    #[test]
    fn units_come_first_then_shares_then_amounts_then_the_fee() {
        let lines = [line(3, 1000, "10")];
        let offers = [
            offer(1, true, Effect::FreeDelivery, &[true]),
            offer(2, true, Effect::Amount(euros("5")), &[true]),
            offer(3, true, Effect::Percent(1_000), &[true]),
            offer(4, true, Effect::BuyXGetY { buy: 2, get: 1 }, &[true]),
        ];
        let amounts = vec![(4, euros("10")), (3, euros("2")), (2, euros("5")), (1, euros("3"))];
        assert_eq!(taken(&best(&lines, euros("3"), &offers)), (amounts, vec![]));
    }

    #[test]
    fn a_unit_is_given_once_however_the_lines_lie() {
        let gift = |number| offer(number, true, Effect::BuyXGetY { buy: 2, get: 1 }, &[true; 4]);
        let whole = vec![line(4, 1000, "10")];
        let split = vec![line(1, 1000, "10"), line(1, 1000, "10"), line(2, 1000, "10")];
        for lines in [whole, split] {
            let both = best(&lines, Cents::ZERO, &[gift(1), gift(2)]);
            assert_eq!(taken(&both), (vec![(1, euros("10")), (2, euros("10"))], vec![]));
        }
        let lines = [line(1, 1000, "8"), line(2, 1000, "10")];
        let three = best(&lines, Cents::ZERO, &[gift(1), gift(2), gift(3)]);
        assert_eq!(taken(&three), (vec![(1, euros("8")), (2, euros("10")), (3, euros("10"))], vec![]), "the cheapest first");
    }

    #[test]
    fn of_units_at_one_price_those_are_free_to_which_no_other_offer_applies() {
        let gift = offer(1, true, Effect::BuyXGetY { buy: 1, get: 1 }, &[true, true]);
        let half = |eligible: &[bool]| offer(2, true, Effect::Percent(5_000), eligible);
        let lines = [line(1, 1000, "10"), line(1, 1000, "10")];
        for eligible in [[true, false], [false, true]] {
            let both = best(&lines, Cents::ZERO, &[gift.clone(), half(&eligible)]);
            assert_eq!(taken(&both).0, [(1, euros("10")), (2, euros("5"))]);
        }
    }

    #[test]
    fn of_equal_offers_the_combined_ones_win_and_then_the_oldest() {
        let lines = [line(1, 1000, "10")];
        let five = |number, stackable| offer(number, stackable, Effect::Amount(euros("5")), &[true]);
        let best = |offers: &[Offer]| taken(&best(&lines, Cents::ZERO, offers));
        assert_eq!(best(&[five(1, false), five(2, true)]), (vec![(2, euros("5"))], vec![1]));
        assert_eq!(best(&[five(2, false), five(1, false)]), (vec![(1, euros("5"))], vec![2]));
    }

    #[test]
    fn an_offer_that_is_worth_nothing_is_left_out_only_for_a_better_one() {
        let lines = [line(1, 1000, "10")];
        let free = offer(1, false, Effect::FreeDelivery, &[true]);
        assert_eq!(taken(&best(&lines, Cents::ZERO, std::slice::from_ref(&free))), (vec![], vec![]));
        let five = offer(2, true, Effect::Amount(euros("5")), &[true]);
        assert_eq!(taken(&best(&lines, Cents::ZERO, &[free, five])), (vec![(2, euros("5"))], vec![1]));
    }

    #[test]
    fn a_discount_follows_what_is_left_of_each_line() {
        let lines = [line(1, 1000, "10"), line(1, 550, "10"), line(2, 1000, "10")];
        let offers = [
            offer(1, true, Effect::Percent(5_000), &[true, false, false]),
            offer(2, true, Effect::Amount(euros("7")), &[true; 3]),
        ];
        let left = best(&lines, Cents::ZERO, &offers).left;
        // 5, 10 and 20 are left of the lines; 7.00 takes a fifth of each.
        let euros = ["4", "8", "16"].map(euros);
        assert_eq!(left.iter().flat_map(|line| line.values().copied()).collect::<Vec<_>>(), euros);
    }
}
