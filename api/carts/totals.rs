//! What is to be paid, on the wire: the same for carts and orders.

use diesel::prelude::*;
use domain::language::{Language, Text};
use domain::money::{Cents, Money};
use domain::pricing::Priced;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::offers::Taken;
use crate::error::Result;

/// What is to be paid. `items + deliveryFee - discount + tip = total`; VAT is inside.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// The lines together, before discounts.
    pub items: Money,
    /// Before discounts.
    pub delivery_fee: Money,
    /// The discounts together.
    pub discount: Money,
    pub discounts: Vec<AppliedDiscount>,
    /// Goes to the staff; there is no VAT in it.
    pub tip: Money,
    /// The VAT inside the total.
    pub tax: Money,
    /// The same by rate; the bases and taxes add up to the total without the tip.
    pub taxes: Vec<TaxPart>,
    pub total: Money,
}

/// A promotion that was taken.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppliedDiscount {
    pub promotion_id: Uuid,
    #[schema(example = "Bienvenue")]
    pub name: String,
    /// The coupon that brought it; null: it came by itself.
    #[schema(example = "BIENVENUE")]
    pub coupon_code: Option<String>,
    pub amount: Money,
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

/// A discount as it stands in an order.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoldDiscount {
    pub promotion_id: Uuid,
    pub name: Text,
    pub coupon_code: Option<String>,
    pub amount_cents: i64,
}

/// A rate's share as it stands in an order.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoldTax {
    pub rate_basis_points: i32,
    pub base_cents: i64,
    pub tax_cents: i64,
}

/// What was to be paid, as it stands in an order.
#[derive(Queryable, Selectable)]
#[diesel(table_name = schema::orders, check_for_backend(diesel::pg::Pg))]
pub struct SoldTotals {
    pub items_cents: i64,
    pub delivery_fee_cents: i64,
    pub discount_cents: i64,
    pub tip_cents: i64,
    pub tax_cents: i64,
    pub total_cents: i64,
    pub taxes: Value,
    pub adjustments: Value,
}

impl SoldTotals {
    pub fn shown(&self, language: Language) -> Result<Totals> {
        let taxes: Vec<SoldTax> = serde_json::from_value(self.taxes.clone())?;
        let discounts: Vec<SoldDiscount> = serde_json::from_value(self.adjustments.clone())?;
        let part = |tax: SoldTax| TaxPart {
            rate_basis_points: tax.rate_basis_points,
            base: Cents(tax.base_cents).into(),
            tax: Cents(tax.tax_cents).into(),
        };
        Ok(Totals {
            items: Cents(self.items_cents).into(),
            delivery_fee: Cents(self.delivery_fee_cents).into(),
            discount: Cents(self.discount_cents).into(),
            discounts: discounts.iter().map(|discount| discount.shown(language)).collect(),
            tip: Cents(self.tip_cents).into(),
            tax: Cents(self.tax_cents).into(),
            taxes: taxes.into_iter().map(part).collect(),
            total: Cents(self.total_cents).into(),
        })
    }
}

impl From<&Taken> for SoldDiscount {
    fn from(taken: &Taken) -> SoldDiscount {
        SoldDiscount {
            promotion_id: taken.promotion_id,
            name: taken.name.clone(),
            coupon_code: taken.coupon.as_ref().map(|(_, code)| code.clone()),
            amount_cents: taken.discount.0,
        }
    }
}

impl SoldDiscount {
    pub fn shown(&self, language: Language) -> AppliedDiscount {
        AppliedDiscount {
            promotion_id: self.promotion_id,
            name: self.name.get(language).to_owned(),
            coupon_code: self.coupon_code.clone(),
            amount: Cents(self.amount_cents).into(),
        }
    }
}

impl Totals {
    pub(super) fn of(priced: &Priced, taken: &[Taken], language: Language) -> Totals {
        let taxes = priced.taxes.iter().map(|share| TaxPart {
            rate_basis_points: share.rate.0,
            base: share.base.into(),
            tax: share.tax.into(),
        });
        Totals {
            items: priced.items.into(),
            delivery_fee: priced.delivery_fee.into(),
            discount: priced.discount.into(),
            discounts: taken.iter().map(|taken| SoldDiscount::from(taken).shown(language)).collect(),
            tip: priced.tip.into(),
            tax: priced.tax().into(),
            taxes: taxes.collect(),
            total: priced.total.into(),
        }
    }
}
