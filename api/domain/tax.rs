//! VAT: how much of a price is tax. The rates themselves are data (table `tax_rates`).

use crate::money::Cents;

words! {
    /// Which VAT rate a product falls under (France: 10 %, 5.5 % and 20 %).
    TaxCategory {
        /// Food made to be eaten at once.
        PreparedFood = "prepared_food",
        /// Food and soft drinks in closed containers.
        ClosedContainer = "closed_container",
        Alcohol = "alcohol",
    }
}

/// A VAT rate in basis points: 550 is 5.5 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub i32);

/// The tax inside a price that includes it, rounded half up to the cent:
/// gross − gross / (1 + rate).
pub fn included(gross: Cents, rate: Rate) -> Cents {
    let rate = i64::from(rate.0);
    let whole = 10_000 + rate;
    Cents((gross.0 * rate * 2 + whole) / (whole * 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_is_taken_out_of_the_price() {
        assert_eq!(included(Cents(1100), Rate(1000)), Cents(100));
        assert_eq!(included(Cents(890), Rate(1000)), Cents(81), "80.909…");
        assert_eq!(included(Cents(250), Rate(550)), Cents(13), "13.03…");
        assert_eq!(included(Cents(600), Rate(2000)), Cents(100));
        assert_eq!(included(Cents(0), Rate(2000)), Cents(0));
    }
}
