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
    /// Which of the lines it applies to, or why to none. A line is a variant or two halves, of which it covers both or none.
    pub fn eligible(
        &self,
        catalogue: &Catalogue,
        context: &Context,
        now: DateTime<Utc>,
        items: Cents,
        lines: &[(Uuid, Option<Uuid>)],
    ) -> Result<Vec<bool>, CouponReason> {
        within(self.valid_from, self.valid_until, now)?;
        self.conditions.hold(context)?;
        if self.conditions.minimum.is_some_and(|minimum| items.0 < minimum.amount) {
            return Err(CouponReason::BelowMinimum);
        }
        let covers = |variant: Uuid| self.conditions.cover(catalogue, variant);
        let eligible: Vec<bool> = lines.iter().map(|(first, second)| covers(*first) && second.is_none_or(covers)).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{catalogue, euros, id, lunch, variant};
    use crate::notation::context;
    use crate::order::ServiceType;

    fn utc(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect(text).and_utc()
    }

    /// Ten percent on everything, but for what the test changes.
    fn promotion(change: impl FnOnce(&mut Promotion)) -> Promotion {
        let mut promotion = catalogue().promotions.remove(0);
        change(&mut promotion);
        promotion
    }

    /// What it says to a reine, a large chèvre and a cola for 31.75 on a Friday evening.
    fn asked(promotion: &Promotion, whom: &str) -> Result<Vec<bool>, CouponReason> {
        let variants = ["reine/M", "chevre/L", "cola"].map(|slug| (variant(slug), None));
        promotion.eligible(&catalogue(), &context(whom), utc("2026-11-27 12:00"), euros("31.75"), &variants)
    }

    #[test]
    fn without_conditions_it_applies_to_everything() {
        assert_eq!(asked(&promotion(|_| {}), ""), Ok(vec![true; 3]));
    }

    #[test]
    fn it_holds_from_its_first_moment_to_just_before_its_last() {
        let at = |from: Option<&str>, until: Option<&str>| within(from.map(utc), until.map(utc), utc("2026-11-27 12:00"));
        assert_eq!(at(None, None), Ok(()));
        assert_eq!(at(Some("2026-11-27 12:00"), Some("2026-11-27 12:01")), Ok(()));
        assert_eq!(at(Some("2026-11-27 12:01"), None), Err(CouponReason::NotYetValid));
        assert_eq!(at(None, Some("2026-11-27 12:00")), Err(CouponReason::Expired));
        let early = promotion(|p| p.valid_from = Some(utc("2026-11-28 00:00")));
        assert_eq!(asked(&early, ""), Err(CouponReason::NotYetValid));
        let late = promotion(|p| p.valid_until = Some(utc("2026-11-27 00:00")));
        assert_eq!(asked(&late, ""), Err(CouponReason::Expired));
    }

    #[test]
    fn it_holds_in_its_stores() {
        let lyon = promotion(|p| p.conditions.store_ids = vec![id("lyon"), id("lille")]);
        assert_eq!(asked(&lyon, "paris"), Err(CouponReason::NotInThisStore));
        assert_eq!(asked(&lyon, "lyon"), Ok(vec![true; 3]));
    }

    #[test]
    fn it_holds_for_its_services_and_channels() {
        let collected = promotion(|p| p.conditions.service_types = vec![ServiceType::Collection]);
        assert_eq!(asked(&collected, "delivery"), Err(CouponReason::NotForThisService));
        assert_eq!(asked(&collected, "collection"), Ok(vec![true; 3]));
        let app = promotion(|p| p.conditions.channels = vec![Channel::App, Channel::Phone]);
        assert_eq!(asked(&app, "web"), Err(CouponReason::NotForThisService));
        assert_eq!(asked(&app, "phone"), Ok(vec![true; 3]));
    }

    #[test]
    fn it_holds_when_the_order_is_wanted_not_when_it_is_sent() {
        let noon = promotion(|p| p.conditions.windows = vec![lunch()]);
        assert_eq!(asked(&noon, "13:59"), Ok(vec![true; 3]));
        assert_eq!(asked(&noon, "14:00"), Err(CouponReason::NotAtThisTime));
        assert_eq!(asked(&noon, "2026-11-28 13:00"), Err(CouponReason::NotAtThisTime), "a Saturday");
    }

    #[test]
    fn it_asks_for_a_minimum_of_items() {
        let above = |minimum: &str| asked(&promotion(|p| p.conditions.minimum = Some(euros(minimum).into())), "");
        assert_eq!(above("31.75"), Ok(vec![true; 3]));
        assert_eq!(above("31.76"), Err(CouponReason::BelowMinimum));
    }

    #[test]
    fn it_covers_products_or_categories_and_of_these_some_sizes() {
        let covers = |change: fn(&mut Conditions)| asked(&promotion(|p| change(&mut p.conditions)), "");
        assert_eq!(covers(|c| c.product_ids = vec![id("chevre")]), Ok(vec![false, true, false]));
        assert_eq!(covers(|c| c.category_ids = vec![id("pizza")]), Ok(vec![true, true, false]));
        assert_eq!(covers(|c| c.size_codes = vec![SizeCode::Large]), Ok(vec![false, true, false]));
        let either = |c: &mut Conditions| (c.product_ids, c.category_ids) = (vec![id("reine")], vec![id("drink")]);
        assert_eq!(covers(either), Ok(vec![true, false, true]));
        let medium = |c: &mut Conditions| (c.category_ids, c.size_codes) = (vec![id("pizza")], vec![SizeCode::Medium]);
        assert_eq!(covers(medium), Ok(vec![true, false, false]));
        assert_eq!(covers(|c| c.category_ids = vec![id("dessert")]), Err(CouponReason::NothingEligible));
    }

    #[test]
    fn nothing_is_eligible_in_an_empty_basket_or_of_what_nobody_knows() {
        let everything = promotion(|_| {});
        let asked = |lines: &[(Uuid, Option<Uuid>)]| {
            everything.eligible(&catalogue(), &context(""), utc("2026-11-27 12:00"), euros("0"), lines)
        };
        assert_eq!(asked(&[]), Err(CouponReason::NothingEligible));
        assert_eq!(asked(&[(variant("quattro/M"), None)]), Err(CouponReason::NothingEligible));
        assert_eq!(asked(&[(variant("quattro/M"), None), (variant("cola"), None)]), Ok(vec![false, true]));
    }

    #[test]
    fn of_two_halves_it_covers_both_or_none() {
        let promotion = promotion(|p| p.conditions.product_ids = vec![id("chevre")]);
        let halves = [("chevre/M", "chevre/M"), ("chevre/M", "reine/M"), ("reine/M", "chevre/M")];
        let lines = halves.map(|(first, second)| (variant(first), Some(variant(second))));
        let asked = promotion.eligible(&catalogue(), &context(""), utc("2026-11-27 12:00"), euros("50"), &lines);
        assert_eq!(asked, Ok(vec![true, false, false]));
    }

    #[test]
    fn the_first_obstacle_is_the_one_that_is_named() {
        let mut promotion = promotion(|p| {
            p.valid_until = Some(utc("2026-11-01 00:00"));
            p.conditions.store_ids = vec![id("lyon")];
            p.conditions.channels = vec![Channel::App];
            p.conditions.windows = vec![lunch()];
            p.conditions.minimum = Some(euros("100").into());
            p.conditions.category_ids = vec![id("dessert")];
        });
        assert_eq!(asked(&promotion, ""), Err(CouponReason::Expired));
        promotion.valid_until = None;
        assert_eq!(asked(&promotion, ""), Err(CouponReason::NotInThisStore));
        assert_eq!(asked(&promotion, "lyon"), Err(CouponReason::NotForThisService));
        assert_eq!(asked(&promotion, "lyon app"), Err(CouponReason::NotAtThisTime));
        assert_eq!(asked(&promotion, "lyon app 12:30"), Err(CouponReason::BelowMinimum));
        promotion.conditions.minimum = None;
        assert_eq!(asked(&promotion, "lyon app 12:30"), Err(CouponReason::NothingEligible));
    }
}
