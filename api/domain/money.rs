//! Money as integer cents. There is no float and no currency but the euro.

use serde::{Deserialize, Serialize};

/// The most that one thing on the menu may cost, a thousand euros: no total of a cart then outgrows [`Money`].
pub const MAX_PRICE: Cents = Cents(100_000);

/// An amount in euro cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cents(pub i64);

impl Cents {
    pub const ZERO: Cents = Cents(0);

    pub fn times(self, count: u32) -> Cents {
        Cents(self.0 * i64::from(count))
    }
}

impl std::ops::Add for Cents {
    type Output = Cents;
    fn add(self, other: Cents) -> Cents {
        Cents(self.0 + other.0)
    }
}

impl std::ops::Sub for Cents {
    type Output = Cents;
    fn sub(self, other: Cents) -> Cents {
        Cents(self.0 - other.0)
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Cents>>(amounts: I) -> Cents {
        amounts.fold(Cents::ZERO, |sum, amount| sum + amount)
    }
}

words! {
    /// ISO 4217 code.
    Currency {
        Eur = "EUR",
    }
}

/// An amount of money in the minor unit of its currency: 1250 EUR is 12.50 €. Prices include VAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 1250, "currency": "EUR"}))]
pub struct Money {
    /// Minor units (cents).
    #[schema(minimum = 0, maximum = 2_000_000_000)]
    pub amount: i64,
    pub currency: Currency,
}

impl From<Cents> for Money {
    fn from(amount: Cents) -> Money {
        Money { amount: amount.0, currency: Currency::Eur }
    }
}

/// Splits `total` in proportion to `weights`; what rounding leaves over goes to the largest remainders, earlier entries
/// first. The shares add up to `total` exactly; without any weight the first entry takes it all.
pub fn allocate(total: Cents, weights: &[Cents]) -> Vec<Cents> {
    let sum: i128 = weights.iter().map(|w| i128::from(w.0)).sum();
    if sum == 0 {
        return weights.iter().enumerate().map(|(i, _)| if i == 0 { total } else { Cents::ZERO }).collect();
    }
    let exact = |w: &Cents| i128::from(total.0) * i128::from(w.0);
    let mut shares: Vec<i128> = weights.iter().map(|w| exact(w) / sum).collect();
    let left = i128::from(total.0) - shares.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|&i| (weights.get(i).map(|w| -(exact(w) % sum)), i));
    for &i in by_remainder.iter().take(usize::try_from(left).unwrap_or(0)) {
        if let Some(share) = shares.get_mut(i) {
            *share += 1;
        }
    }
    shares.into_iter().map(|s| Cents(i64::try_from(s).unwrap_or(i64::MAX))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_remainder_gets_the_cent() {
        assert_eq!(allocate(Cents(100), &[Cents(1), Cents(1), Cents(1)]), [Cents(34), Cents(33), Cents(33)]);
        assert_eq!(allocate(Cents(10), &[Cents(1), Cents(2)]), [Cents(3), Cents(7)]);
        assert_eq!(allocate(Cents(250), &[Cents(0), Cents(0)]), [Cents(250), Cents(0)]);
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_total(total in 0i64..10_000_000, weights in prop::collection::vec(0i64..1_000_000, 1..8)) {
            let weights: Vec<Cents> = weights.into_iter().map(Cents).collect();
            let shares = allocate(Cents(total), &weights);
            prop_assert_eq!(shares.iter().copied().sum::<Cents>(), Cents(total));
            prop_assert!(shares.iter().all(|s| s.0 >= 0));
        }
    }
}
