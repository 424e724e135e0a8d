//! The only writer of redemptions and of the counters of promotions and coupons. Every function is called inside the
//! transaction of a use case and never calls back.
//!
//! Only what has a limit is counted: the row of a promotion that everybody gets would line up all orders of the chain.
//! What is counted is locked, promotions before coupons and each by id, so that two orders cannot wait for each other;
//! the stock comes before. While something is used without being counted, its row is held against being given a limit.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::money::Cents;
use domain::promotion::{CouponReason, Promotion, RedemptionState};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::http::auth::hash_of;
use schema::{coupons, promotions, redemptions};

/// A coupon as a cart needs it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = coupons, check_for_backend(diesel::pg::Pg))]
pub struct CouponRow {
    pub id: Uuid,
    pub promotion_id: Uuid,
    pub code: String,
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    pub maximum_uses: Option<i32>,
    pub maximum_uses_per_customer: Option<i32>,
    /// Orders that have it and were not cancelled; kept only while it has a limit.
    pub uses: i32,
}

/// A promotion that an order has; at most one use of each promotion.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub promotion_id: Uuid,
    /// The coupon that brought it.
    pub coupon_id: Option<Uuid>,
    pub discount: Cents,
}

/// How often a promotion or a coupon was used, and how often it may be.
#[derive(QueryableByName)]
struct Limits {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    uses: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    maximum_uses: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    maximum_uses_per_customer: Option<i32>,
}

#[derive(QueryableByName)]
struct Tally {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    times: i64,
}

impl Limits {
    fn is_limited(&self) -> bool {
        self.maximum_uses.is_some() || self.maximum_uses_per_customer.is_some()
    }
}

/// What makes two guests the same customer, as far as it is known: hashes, because a promotion need not know whom it knows.
pub fn identities(account: Option<Uuid>, phone: Option<&str>, email: Option<&str>) -> Vec<String> {
    let email = email.map(|email| email.trim().to_lowercase()).filter(|email| !email.is_empty());
    let known = [
        account.map(|id| format!("account:{id}")),
        phone.map(|phone| format!("phone:{phone}")),
        email.map(|email| format!("email:{email}")),
    ];
    known.into_iter().flatten().map(|name| hash_of(name.as_bytes(), 16)).collect()
}

/// The coupons with these codes that were not archived. Codes are written in capitals.
pub fn coupons(conn: &mut PgConnection, codes: &[String]) -> Result<Vec<CouponRow>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let alive = coupons::table.filter(coupons::code.eq_any(codes).and(coupons::archived_at.is_null()));
    Ok(alive.select(CouponRow::as_select()).load(conn)?)
}

/// Which of these a cart cannot have any more, by the id of the promotion or coupon: nothing is locked, so the order may
/// still be refused.
pub fn used_up(
    conn: &mut PgConnection,
    promotions: &[&Promotion],
    coupons: &[&CouponRow],
    identities: &[String],
) -> Result<BTreeMap<Uuid, CouponReason>> {
    let personal =
        promotions.iter().filter_map(|promotion| Some((promotion.id, i64::from(promotion.maximum_uses_per_customer?))));
    let more = coupons.iter().filter_map(|coupon| Some((coupon.id, i64::from(coupon.maximum_uses_per_customer?))));
    let personal: BTreeMap<Uuid, i64> = personal.chain(more).collect();
    let ids: Vec<Uuid> = personal.keys().copied().collect();
    let times = tally(conn, &ids, identities)?;
    let again = times.into_iter().filter(|(id, times)| personal.get(id).is_some_and(|maximum| times >= maximum));
    let mut reasons: BTreeMap<Uuid, CouponReason> = again.map(|(id, _)| (id, CouponReason::AlreadyUsed)).collect();
    let gone = coupons.iter().filter(|coupon| coupon.maximum_uses.is_some_and(|maximum| coupon.uses >= maximum));
    reasons.extend(gone.map(|coupon| (coupon.id, CouponReason::UsedUp)));
    let counted: Vec<Uuid> = promotions.iter().filter(|p| p.maximum_uses.is_some()).map(|p| p.id).collect();
    reasons.extend(used_up_promotions(conn, &counted)?.into_iter().map(|id| (id, CouponReason::UsedUp)));
    Ok(reasons)
}

fn used_up_promotions(conn: &mut PgConnection, counted: &[Uuid]) -> Result<Vec<Uuid>> {
    if counted.is_empty() {
        return Ok(Vec::new());
    }
    let gone = promotions::table
        .filter(promotions::id.eq_any(counted))
        .filter(promotions::uses.nullable().ge(promotions::maximum_uses))
        .select(promotions::id);
    Ok(gone.load(conn)?)
}

/// How often one of these identities has used each of these promotions and coupons.
fn tally(conn: &mut PgConnection, ids: &[Uuid], identities: &[String]) -> Result<BTreeMap<Uuid, i64>> {
    if ids.is_empty() || identities.is_empty() {
        return Ok(BTreeMap::new());
    }
    let tallies: Vec<Tally> = diesel::sql_query(
        "select u.id, count(*) as times
         from redemptions r cross join lateral (values (r.promotion_id), (r.coupon_id)) as u(id)
         where r.identities && $1 and r.state = $2 and u.id = any($3)
         group by u.id",
    )
    .bind::<Array<Text>, _>(identities)
    .bind::<Text, _>(RedemptionState::Used.as_str())
    .bind::<Array<SqlUuid>, _>(ids)
    .load(conn)?;
    Ok(tallies.into_iter().map(|tally| (tally.id, tally.times)).collect())
}

/// Uses promotions for an order that has just been written, or names the first promotion or coupon that it cannot have;
/// then nothing was written.
pub fn redeem(
    conn: &mut PgConnection,
    order_id: Uuid,
    uses: &[Use],
    identities: &[String],
    now: DateTime<Utc>,
) -> Result<std::result::Result<(), (Uuid, CouponReason)>> {
    if uses.is_empty() {
        return Ok(Ok(()));
    }
    let promotion_ids: Vec<Uuid> = uses.iter().map(|one| one.promotion_id).collect();
    let coupon_ids: Vec<Uuid> = uses.iter().filter_map(|one| one.coupon_id).collect();
    let limited = lock(conn, &promotion_ids, &coupon_ids)?;
    if let Some(gone) = limited.iter().find(|row| row.maximum_uses.is_some_and(|maximum| row.uses >= maximum)) {
        return Ok(Err((gone.id, CouponReason::UsedUp)));
    }
    let personal = limited.iter().filter(|row| row.maximum_uses_per_customer.is_some());
    let personal: Vec<Uuid> = personal.map(|row| row.id).collect();
    // After the locks: whoever used them a moment ago has been waited for, and is seen.
    let times = tally(conn, &personal, identities)?;
    let again = limited.iter().find(|row| {
        let times = times.get(&row.id).copied().unwrap_or_default();
        row.maximum_uses_per_customer.is_some_and(|maximum| times >= i64::from(maximum))
    });
    if let Some(again) = again {
        return Ok(Err((again.id, CouponReason::AlreadyUsed)));
    }
    let counted: Vec<Uuid> = limited.iter().map(|row| row.id).collect();
    write_down(conn, order_id, uses, &counted, identities, now)?;
    Ok(Ok(()))
}

fn write_down(
    conn: &mut PgConnection,
    order_id: Uuid,
    uses: &[Use],
    counted: &[Uuid],
    identities: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::sql_query(
        "with used as (
           insert into redemptions (order_id, promotion_id, coupon_id, identities, discount_cents, state, used_at)
           select $1, u.promotion, u.coupon, $5, u.discount, $6, $7 from unnest($2, $3, $4) as u(promotion, coupon, discount)
         ), counted as (
           update promotions set uses = uses + 1 where id = any($8)
         )
         update coupons set uses = uses + 1 where id = any($8)",
    )
    .bind::<SqlUuid, _>(order_id)
    .bind::<Array<SqlUuid>, _>(uses.iter().map(|one| one.promotion_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(uses.iter().map(|one| one.coupon_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(uses.iter().map(|one| one.discount.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(identities)
    .bind::<Text, _>(RedemptionState::Used.as_str())
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(counted)
    .execute(conn)?;
    Ok(())
}

/// Gives back what an order has used, when it is cancelled, rejected or expired. Again changes nothing.
pub fn release(conn: &mut PgConnection, order_id: Uuid) -> Result<()> {
    let used: Vec<(Uuid, Option<Uuid>)> = redemptions::table
        .filter(redemptions::order_id.eq(order_id).and(redemptions::state.eq(RedemptionState::Used.as_str())))
        .select((redemptions::promotion_id, redemptions::coupon_id))
        .load(conn)?;
    if used.is_empty() {
        return Ok(());
    }
    let promotion_ids: Vec<Uuid> = used.iter().map(|(promotion, _)| *promotion).collect();
    let coupon_ids: Vec<Uuid> = used.iter().filter_map(|(_, coupon)| *coupon).collect();
    let counted: Vec<Uuid> = lock(conn, &promotion_ids, &coupon_ids)?.iter().map(|row| row.id).collect();
    // Never below nothing: a limit that was given by hand began to count there.
    diesel::sql_query(
        "with released as (
           update redemptions set state = $2 where order_id = $1 and state = $3 returning promotion_id, coupon_id
         ), counted as (
           update promotions p set uses = greatest(p.uses - 1, 0) from released r where p.id = r.promotion_id and p.id = any($4)
         )
         update coupons c set uses = greatest(c.uses - 1, 0) from released r where c.id = r.coupon_id and c.id = any($4)",
    )
    .bind::<SqlUuid, _>(order_id)
    .bind::<Text, _>(RedemptionState::Released.as_str())
    .bind::<Text, _>(RedemptionState::Used.as_str())
    .bind::<Array<SqlUuid>, _>(counted)
    .execute(conn)?;
    Ok(())
}

/// Holds these promotions and coupons, and answers those that have a limit, locked: first the promotions, then the
/// coupons, each by id.
fn lock(conn: &mut PgConnection, promotion_ids: &[Uuid], coupon_ids: &[Uuid]) -> Result<Vec<Limits>> {
    // Others that use them do not wait for this; who gives them a limit does.
    let held = diesel::sql_query(
        "with p as (select id, uses, maximum_uses, maximum_uses_per_customer from promotions
           where id = any($1) order by id for key share),
         c as (select id, uses, maximum_uses, maximum_uses_per_customer from coupons
           where id = any($2) order by id for key share)
         select * from p union all select * from c",
    )
    .bind::<Array<SqlUuid>, _>(promotion_ids)
    .bind::<Array<SqlUuid>, _>(coupon_ids)
    .load::<Limits>(conn)?;
    let limited: Vec<Uuid> = held.iter().filter(|row| row.is_limited()).map(|row| row.id).collect();
    if limited.is_empty() {
        return Ok(Vec::new());
    }
    let locked = diesel::sql_query(
        "with p as (select id, uses, maximum_uses, maximum_uses_per_customer from promotions
           where id = any($1) order by id for no key update),
         c as (select id, uses, maximum_uses, maximum_uses_per_customer from coupons
           where id = any($1) order by id for no key update)
         select * from p union all select * from c",
    )
    .bind::<Array<SqlUuid>, _>(limited)
    .load(conn)?;
    Ok(locked)
}

/// Counts anew what was used, before a promotion is given another limit: until now it may have had none. Whoever places or
/// cancels an order with it is waited for, and waits until this transaction ends.
pub(super) fn recount_promotion(conn: &mut PgConnection, id: Uuid) -> Result<i32> {
    promotions::table.find(id).select(promotions::id).for_update().first::<Uuid>(conn).optional()?;
    let uses = uses_of_promotions(conn, &[id])?.remove(&id).unwrap_or_default();
    diesel::update(promotions::table.find(id)).set(promotions::uses.eq(uses)).execute(conn)?;
    Ok(uses)
}

/// The same for a coupon.
pub(super) fn recount_coupon(conn: &mut PgConnection, id: Uuid) -> Result<i32> {
    coupons::table.find(id).select(coupons::id).for_update().first::<Uuid>(conn).optional()?;
    let uses = uses_of_coupons(conn, &[id])?.remove(&id).unwrap_or_default();
    diesel::update(coupons::table.find(id)).set(coupons::uses.eq(uses)).execute(conn)?;
    Ok(uses)
}

/// How many orders have these promotions, and were not cancelled; those that none has are left out.
pub(super) fn uses_of_promotions(conn: &mut PgConnection, ids: &[Uuid]) -> Result<BTreeMap<Uuid, i32>> {
    let used = redemptions::state.eq(RedemptionState::Used.as_str());
    let counts = redemptions::table
        .filter(redemptions::promotion_id.eq_any(ids).and(used))
        .group_by(redemptions::promotion_id)
        .select((redemptions::promotion_id, count_star()))
        .load::<(Uuid, i64)>(conn)?;
    counts.into_iter().map(|(id, uses)| Ok((id, i32::try_from(uses).map_err(Error::internal)?))).collect()
}

/// The same for coupons.
pub(super) fn uses_of_coupons(conn: &mut PgConnection, ids: &[Uuid]) -> Result<BTreeMap<Uuid, i32>> {
    let used = redemptions::state.eq(RedemptionState::Used.as_str());
    let counts = redemptions::table
        .filter(redemptions::coupon_id.eq_any(ids).and(used))
        .group_by(redemptions::coupon_id)
        .select((redemptions::coupon_id.assume_not_null(), count_star()))
        .load::<(Uuid, i64)>(conn)?;
    counts.into_iter().map(|(id, uses)| Ok((id, i32::try_from(uses).map_err(Error::internal)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_phone_or_address_is_the_same_customer() {
        let account = Some(Uuid::from_u128(7));
        let all = identities(account, Some("+33639981234"), Some(" Camille@Example.org "));
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())), "{all:?}");
        let guest = identities(None, Some("+33639981234"), Some("camille@example.org"));
        assert_eq!(guest, all[1..]);
        assert_eq!(identities(None, Some("+33639981234"), Some("  ")), all[1..2]);
        assert_ne!(identities(None, Some("+33639981235"), None), all[1..2]);
        assert!(identities(None, None, None).is_empty(), "nobody is the same as somebody else who is unknown");
    }
}
