//! What makes an order cheaper, and when it does.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::{Catalogue, Context};
use crate::hours::Window;
use crate::language::Text;
use crate::menu::SizeCode;
use crate::money::{Cents, Money};
use crate::order::{Channel, ServiceType};

words! {
    PromotionKind {
        /// So much of the price of what it applies to.
        Percent = "percent",
        /// A fixed amount off what it applies to.
        Amount = "amount",
        /// Of so many bought, the cheapest are free.
        BuyXGetY = "buy_x_get_y",
        /// The delivery costs nothing.
        FreeDelivery = "free_delivery",
    }
}

words! {
    /// Why a coupon does not apply to this basket.
    CouponReason {
        /// No coupon has this code.
        Unknown = "unknown",
        NotYetValid = "not_yet_valid",
        Expired = "expired",
        /// Other stores take it.
        NotInThisStore = "not_in_this_store",
        /// It is for another service or channel.
        NotForThisService = "not_for_this_service",
        /// It holds on other days or at other hours.
        NotAtThisTime = "not_at_this_time",
        /// The items cost less than it asks for.
        BelowMinimum = "below_minimum",
        /// Nothing in the basket is what it applies to.
        NothingEligible = "nothing_eligible",
        /// It was used as often as it may be.
        UsedUp = "used_up",
        /// This customer has used it as often as one may.
        AlreadyUsed = "already_used",
        /// Another offer, with which it cannot be combined, is worth more.
        NotCombinable = "not_combinable",
    }
}

words! {
    /// What became of a use of a promotion.
    RedemptionState {
        /// An order has it.
        Used = "used",
        /// Given back: the order was cancelled, rejected or has expired.
        Released = "released",
    }
}

#[derive(Clone, Debug)]
pub struct Promotion {
    pub id: Uuid,
    pub name: Text,
    pub effect: Effect,
    pub conditions: Conditions,
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    /// Only with a coupon; else by itself.
    pub needs_coupon: bool,
    /// May be combined with others that may.
    pub stackable: bool,
    /// So often in all.
    pub maximum_uses: Option<u32>,
    /// So often by one customer.
    pub maximum_uses_per_customer: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// In basis points: 1000 is 10 %.
    Percent(u32),
    Amount(Cents),
    /// Of `buy + get` units the `get` cheapest are free.
    BuyXGetY {
        buy: u32,
        get: u32,
    },
    FreeDelivery,
}

/// Where, when and on what a promotion holds; an empty list asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Conditions {
    #[schema(max_items = 1000)]
    pub store_ids: Vec<Uuid>,
    #[schema(max_items = 10)]
    pub service_types: Vec<ServiceType>,
    #[schema(max_items = 10)]
    pub channels: Vec<Channel>,
    /// On the store's wall clock, at the time the order is wanted.
    #[schema(max_items = 20)]
    pub windows: Vec<Window>,
    /// The items cost at least this much, before discounts.
    pub minimum: Option<Money>,
    /// It applies to these products; with `categoryIds`: or to products of those.
    #[schema(max_items = 1000)]
    pub product_ids: Vec<Uuid>,
    #[schema(max_items = 100)]
    pub category_ids: Vec<Uuid>,
    /// It applies to these sizes only.
    #[schema(max_items = 10)]
    pub size_codes: Vec<SizeCode>,
}

impl Promotion {
    /// Which of the lines it applies to (by variant), or why to none.
    pub fn eligible(
        &self,
        catalogue: &Catalogue,
        context: &Context,
        now: DateTime<Utc>,
        items: Cents,
        variants: &[Uuid],
    ) -> Result<Vec<bool>, CouponReason> {
        within(self.valid_from, self.valid_until, now)?;
        self.conditions.hold(context)?;
        if self.conditions.minimum.is_some_and(|minimum| items.0 < minimum.amount) {
            return Err(CouponReason::BelowMinimum);
        }
        let eligible: Vec<bool> = variants.iter().map(|variant| self.conditions.cover(catalogue, *variant)).collect();
        if eligible.contains(&true) { Ok(eligible) } else { Err(CouponReason::NothingEligible) }
    }
}

/// Whether something with these bounds is valid now.
pub fn within(from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), CouponReason> {
    if from.is_some_and(|from| now < from) {
        Err(CouponReason::NotYetValid)
    } else if until.is_some_and(|until| now >= until) {
        Err(CouponReason::Expired)
    } else {
        Ok(())
    }
}

impl Conditions {
    fn hold(&self, context: &Context) -> Result<(), CouponReason> {
        fn asks<T: PartialEq>(list: &[T], value: &T) -> bool {
            list.is_empty() || list.contains(value)
        }
        if !asks(&self.store_ids, &context.store) {
            Err(CouponReason::NotInThisStore)
        } else if !asks(&self.service_types, &context.service) || !asks(&self.channels, &context.channel) {
            Err(CouponReason::NotForThisService)
        } else if !self.hold_at(context.at) {
            Err(CouponReason::NotAtThisTime)
        } else {
            Ok(())
        }
    }

    fn hold_at(&self, at: NaiveDateTime) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.contains(at))
    }

    fn cover(&self, catalogue: &Catalogue, variant: Uuid) -> bool {
        let Some((variant, product)) = catalogue.dish(variant) else { return false };
        let named = self.product_ids.contains(&product.id) || self.category_ids.contains(&product.category);
        let any = self.product_ids.is_empty() && self.category_ids.is_empty();
        (any || named) && (self.size_codes.is_empty() || self.size_codes.contains(&variant.size))
    }
}
