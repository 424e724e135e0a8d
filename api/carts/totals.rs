//! What is to be paid, on the wire: the same for carts and orders.

use domain::money::{Cents, Money};
use domain::pricing::Priced;
use serde::Serialize;
use utoipa::ToSchema;

/// What is to be paid. `items + deliveryFee - discount + tip = total`; VAT is inside.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    pub items: Money,
    pub delivery_fee: Money,
    pub discount: Money,
    pub tip: Money,
    /// The VAT inside the total.
    pub tax: Money,
    /// The same by rate.
    pub taxes: Vec<TaxPart>,
    pub total: Money,
}

/// `base + tax` is what is paid at this rate.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaxPart {
    /// 1000 is 10 %.
    #[schema(example = 1000)]
    pub rate_basis_points: i32,
    pub base: Money,
    pub tax: Money,
}

/// There are no promotions and no tips yet, so both are nothing.
impl From<&Priced> for Totals {
    fn from(priced: &Priced) -> Totals {
        let taxes = priced.taxes.iter().map(|share| TaxPart {
            rate_basis_points: share.rate.0,
            base: share.base.into(),
            tax: share.tax.into(),
        });
        Totals {
            items: priced.items.into(),
            delivery_fee: priced.delivery_fee.into(),
            discount: Cents::ZERO.into(),
            tip: Cents::ZERO.into(),
            tax: priced.tax().into(),
            taxes: taxes.collect(),
            total: priced.total.into(),
        }
    }
}
