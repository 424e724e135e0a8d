//! Which promotions a basket has a claim to, by itself and by the coupons that were entered.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::catalogue::{Catalogue, Context};
use domain::language::Text;
use domain::money::Cents;
use domain::pricing::{Offer, Priced};
use domain::promotion::{CouponReason, Effect, Promotion, within};
use uuid::Uuid;

use crate::carts::wanted::Wanted;
use crate::error::Result;
use crate::promotions::ledger::{self, CouponRow};

/// A coupon that was entered, and what came of it.
#[derive(Clone, Debug)]
pub struct QuotedCoupon {
    pub code: String,
    /// What it takes off, or why nothing.
    pub outcome: std::result::Result<Cents, CouponReason>,
}

/// A promotion that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub promotion_id: Uuid,
    pub name: Text,
    /// Id and code of the coupon that brought it.
    pub coupon: Option<(Uuid, String)>,
    pub discount: Cents,
}

/// A promotion that applies.
struct Candidate {
    promotion: Uuid,
    name: Text,
    coupon: Option<(Uuid, String)>,
    offer: Offer,
}

/// What applies, and for each entered coupon that does not, why.
pub(super) struct Candidates {
    codes: Vec<String>,
    applying: Vec<Candidate>,
    refused: Vec<(String, CouponReason)>,
    /// A promotion that comes by itself was used as often as it may be.
    pub(super) used_up: bool,
}

pub(super) fn candidates(
    conn: &mut PgConnection,
    catalogue: &Catalogue,
    context: &Context,
    wanted: &Wanted,
    items: Cents,
    now: DateTime<Utc>,
) -> Result<Candidates> {
    let coupons = ledger::coupons(conn, &wanted.coupons)?;
    let mut found = Candidates { codes: wanted.coupons.clone(), applying: Vec::new(), refused: Vec::new(), used_up: false };
    let mut claims: Vec<(&Promotion, Option<&CouponRow>)> =
        catalogue.promotions.iter().filter(|promotion| !promotion.needs_coupon).map(|promotion| (promotion, None)).collect();
    for code in &wanted.coupons {
        let coupon = coupons.iter().find(|coupon| coupon.code == *code);
        let promotion = coupon.and_then(|c| catalogue.promotions.iter().find(|p| p.id == c.promotion_id && p.needs_coupon));
        match (coupon, promotion) {
            (Some(coupon), Some(promotion)) => claims.push((promotion, Some(coupon))),
            _ => found.refused.push((code.clone(), CouponReason::Unknown)),
        }
    }
    let lines: Vec<(Uuid, Option<Uuid>)> =
        wanted.lines.iter().map(|line| (line.selection.variant_id, line.selection.second_variant_id)).collect();
    let mut eligible = Vec::new();
    for (promotion, coupon) in claims {
        let applies = coupon
            .map_or(Ok(()), |coupon| within(coupon.valid_from, coupon.valid_until, now))
            .and_then(|()| promotion.eligible(catalogue, context, now, items, &lines));
        match (applies, coupon) {
            (Ok(lines), coupon) => eligible.push((promotion, coupon, lines)),
            (Err(reason), Some(coupon)) => found.refused.push((coupon.code.clone(), reason)),
            (Err(_), None) => {}
        }
    }
    // Only of what applies: most baskets then ask nothing.
    let promotions: Vec<&Promotion> = eligible.iter().map(|(promotion, ..)| *promotion).collect();
    let entered: Vec<&CouponRow> = eligible.iter().filter_map(|(_, coupon, _)| *coupon).collect();
    let used_up = ledger::used_up(conn, &promotions, &entered, &wanted.identities)?;
    let mut seen = BTreeSet::new();
    for (promotion, coupon, lines) in eligible {
        let limited = used_up.get(&promotion.id).or_else(|| used_up.get(&coupon?.id)).copied();
        // Two codes of one promotion are one promotion.
        let reason = limited.or_else(|| (!seen.insert(promotion.id)).then_some(CouponReason::NotCombinable));
        match (reason, coupon) {
            (None, coupon) => found.applying.push(Candidate {
                promotion: promotion.id,
                name: promotion.name.clone(),
                coupon: coupon.map(|coupon| (coupon.id, coupon.code.clone())),
                offer: Offer { id: promotion.id, effect: promotion.effect, stackable: promotion.stackable, eligible: lines },
            }),
            (Some(reason), Some(coupon)) => found.refused.push((coupon.code.clone(), reason)),
            (Some(_), None) => found.used_up = true,
        }
    }
    Ok(found)
}

impl Candidates {
    pub(super) fn offers(&self) -> Vec<Offer> {
        self.applying.iter().map(|candidate| candidate.offer.clone()).collect()
    }

    /// What came of each entered coupon, in the order they were entered, and which promotions were taken.
    pub(super) fn outcome(self, priced: &Priced) -> (Vec<QuotedCoupon>, Vec<Taken>) {
        let amount = |promotion: Uuid| priced.adjustments.iter().find(|a| a.offer == promotion).map(|a| a.amount);
        let by_coupon = |code: &String| {
            let applying = self.applying.iter().find(|c| c.coupon.as_ref().is_some_and(|(_, own)| own == code));
            let refused = self.refused.iter().find(|(own, _)| own == code).map(|(_, reason)| *reason);
            let outcome = match applying {
                None => Err(refused.unwrap_or(CouponReason::Unknown)),
                Some(candidate) if priced.left_out.contains(&candidate.promotion) => Err(CouponReason::NotCombinable),
                // Delivery that is free anyway is no reason to take the coupon out.
                Some(candidate) if candidate.offer.effect == Effect::FreeDelivery => {
                    Ok(amount(candidate.promotion).unwrap_or_default())
                }
                Some(candidate) => amount(candidate.promotion).ok_or(CouponReason::NothingEligible),
            };
            QuotedCoupon { code: code.clone(), outcome }
        };
        let coupons = self.codes.iter().map(by_coupon).collect();
        let used = self.applying.iter().filter_map(|candidate| {
            let discount = amount(candidate.promotion)?;
            let (name, coupon) = (candidate.name.clone(), candidate.coupon.clone());
            Some(Taken { promotion_id: candidate.promotion, name, coupon, discount })
        });
        let taken = used.collect();
        (coupons, taken)
    }
}
