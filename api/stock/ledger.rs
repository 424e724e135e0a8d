//! The only writer of stock. Every function is called inside the transaction of a use case and never calls back.
//!
//! Rows are locked in the order of their ingredient, so that two orders cannot wait for each other.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::stock::{Demand, MovementKind, Quantity, ReservationState};
use uuid::Uuid;

use crate::error::Result;
use schema::{stock_levels, stock_reservations};

/// What one order line takes.
pub struct LineDemand {
    pub order_line_id: Uuid,
    pub ingredients: Demand,
}

type Available = BTreeMap<Uuid, Quantity>;

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = SqlUuid)]
    ingredient_id: Uuid,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
}

/// What of a level can still be promised.
#[diesel::dsl::auto_type]
fn left() -> _ {
    stock_levels::on_hand_milli - stock_levels::reserved_milli - stock_levels::safety_milli
}

fn by_ingredient(rows: Vec<(Uuid, i64)>) -> Available {
    rows.into_iter().map(|(id, milli)| (id, Quantity(milli))).collect()
}

/// What a store could still promise of these ingredients.
pub fn available(conn: &mut PgConnection, store_id: Uuid, ingredients: &[Uuid]) -> Result<Available> {
    let rows = stock_levels::table
        .filter(stock_levels::store_id.eq(store_id).and(stock_levels::ingredient_id.eq_any(ingredients)))
        .select((stock_levels::ingredient_id, left()))
        .load::<(Uuid, i64)>(conn)?;
    Ok(by_ingredient(rows))
}

/// The same, with the rows locked until the transaction ends.
pub fn lock_available(conn: &mut PgConnection, store_id: Uuid, ingredients: &[Uuid]) -> Result<Available> {
    let rows = stock_levels::table
        .filter(stock_levels::store_id.eq(store_id).and(stock_levels::ingredient_id.eq_any(ingredients)))
        .order(stock_levels::ingredient_id)
        .for_no_key_update()
        .select((stock_levels::ingredient_id, left()))
        .load::<(Uuid, i64)>(conn)?;
    Ok(by_ingredient(rows))
}

/// Promises stock to the lines of a new order. The caller has locked the rows and seen that there is enough.
pub fn reserve(conn: &mut PgConnection, store_id: Uuid, lines: &[LineDemand]) -> Result<()> {
    let (mut line_ids, mut ingredient_ids, mut quantities) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        for (ingredient, quantity) in &line.ingredients {
            line_ids.push(line.order_line_id);
            ingredient_ids.push(*ingredient);
            quantities.push(quantity.0);
        }
    }
    diesel::sql_query(
        "with held as (
           insert into stock_reservations (order_line_id, ingredient_id, store_id, quantity_milli, state)
           select r.line, r.ingredient, $1, r.quantity, $5 from unnest($2, $3, $4) as r(line, ingredient, quantity)
           returning ingredient_id, quantity_milli
         ), sums as (
           select ingredient_id, sum(quantity_milli)::bigint as quantity from held group by ingredient_id
         )
         update stock_levels l set reserved_milli = l.reserved_milli + s.quantity, updated_at = now()
         from sums s where l.store_id = $1 and l.ingredient_id = s.ingredient_id",
    )
    .bind::<SqlUuid, _>(store_id)
    .bind::<Array<SqlUuid>, _>(line_ids)
    .bind::<Array<SqlUuid>, _>(ingredient_ids)
    .bind::<Array<BigInt>, _>(quantities)
    .bind::<Text, _>(ReservationState::Held.as_str())
    .execute(conn)?;
    Ok(())
}

/// Gives back what these lines still hold. Lines that hold nothing (consumed, released) change nothing.
/// Answers what was given back.
pub fn release(conn: &mut PgConnection, store_id: Uuid, order_id: Uuid) -> Result<Demand> {
    lock_held(conn, store_id, order_id)?;
    let sums: Vec<Sum> = diesel::sql_query(
        "with released as (
           update stock_reservations r set state = $3
           from order_lines l where l.order_id = $2 and r.order_line_id = l.id and r.state = $4
           returning r.ingredient_id, r.quantity_milli
         ), sums as (
           select ingredient_id, sum(quantity_milli)::bigint as quantity from released group by ingredient_id
         )
         update stock_levels l set reserved_milli = l.reserved_milli - s.quantity, updated_at = now()
         from sums s where l.store_id = $1 and l.ingredient_id = s.ingredient_id
         returning s.ingredient_id, s.quantity",
    )
    .bind::<SqlUuid, _>(store_id)
    .bind::<SqlUuid, _>(order_id)
    .bind::<Text, _>(ReservationState::Released.as_str())
    .bind::<Text, _>(ReservationState::Held.as_str())
    .load(conn)?;
    Ok(sums.into_iter().map(|sum| (sum.ingredient_id, Quantity(sum.quantity))).collect())
}

/// Takes what the lines of an order hold off the shelf: reserved and on hand go down together, each with its movement.
pub fn consume(
    conn: &mut PgConnection,
    store_id: Uuid,
    order_id: Uuid,
    actor_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    let held = lock_held(conn, store_id, order_id)?;
    // Made here, not by the database: movement ids are UUIDv7 and sort by time.
    let movement_ids: Vec<Uuid> = (0..held).map(|_| Uuid::now_v7()).collect();
    diesel::sql_query(
        "with consumed as (
           update stock_reservations r set state = $3
           from order_lines l where l.order_id = $2 and r.order_line_id = l.id and r.state = $4
           returning r.order_line_id, r.ingredient_id, r.quantity_milli
         ), moved as (
           insert into stock_movements
             (id, store_id, ingredient_id, kind, quantity_milli, order_line_id, actor_id, moved_at)
           select m.id, $1, c.ingredient_id, $6, -c.quantity_milli, c.order_line_id, $7, $8
           from (select *, row_number() over () as n from consumed) c
           join unnest($5) with ordinality as m(id, n) on m.n = c.n
         ), sums as (
           select ingredient_id, sum(quantity_milli)::bigint as quantity from consumed group by ingredient_id
         )
         update stock_levels l set reserved_milli = l.reserved_milli - s.quantity,
           on_hand_milli = l.on_hand_milli - s.quantity, updated_at = now()
         from sums s where l.store_id = $1 and l.ingredient_id = s.ingredient_id",
    )
    .bind::<SqlUuid, _>(store_id)
    .bind::<SqlUuid, _>(order_id)
    .bind::<Text, _>(ReservationState::Consumed.as_str())
    .bind::<Text, _>(ReservationState::Held.as_str())
    .bind::<Array<SqlUuid>, _>(movement_ids)
    .bind::<Text, _>(MovementKind::Consumption.as_str())
    .bind::<Nullable<SqlUuid>, _>(actor_id)
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    Ok(())
}

/// Locks the levels that an order holds stock of, in the order of their ingredient. Answers how many reservations it holds.
fn lock_held(conn: &mut PgConnection, store_id: Uuid, order_id: Uuid) -> Result<usize> {
    let held = stock_reservations::table
        .inner_join(schema::order_lines::table)
        .filter(schema::order_lines::order_id.eq(order_id))
        .filter(stock_reservations::state.eq(ReservationState::Held.as_str()))
        .select(stock_reservations::ingredient_id)
        .load::<Uuid>(conn)?;
    lock_available(conn, store_id, &held)?;
    Ok(held.len())
}

/// Opening stock: levels that a store does not have yet, each counted in. Existing levels stay as they are.
pub fn open(conn: &mut PgConnection, store_id: Uuid, levels: &BTreeMap<Uuid, Quantity>, now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<Uuid> = levels.keys().copied().collect();
    let quantities: Vec<i64> = levels.values().map(|quantity| quantity.0).collect();
    let movement_ids: Vec<Uuid> = levels.iter().map(|_| Uuid::now_v7()).collect();
    diesel::sql_query(
        "with opened as (
           insert into stock_levels (store_id, ingredient_id, on_hand_milli)
           select $1, o.ingredient, o.quantity from unnest($2, $3) as o(ingredient, quantity)
           on conflict do nothing
           returning ingredient_id, on_hand_milli
         )
         insert into stock_movements (id, store_id, ingredient_id, kind, quantity_milli, moved_at)
         select m.id, $1, o.ingredient_id, $5, o.on_hand_milli, $6
         from opened o join unnest($2, $4) as m(ingredient, id) on m.ingredient = o.ingredient_id
         where o.on_hand_milli <> 0",
    )
    .bind::<SqlUuid, _>(store_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<BigInt>, _>(quantities)
    .bind::<Array<SqlUuid>, _>(movement_ids)
    .bind::<Text, _>(MovementKind::Count.as_str())
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    // No event of the store tells of it: its menus are to be looked at again all the same.
    diesel::sql_query("select pg_notify($1, $2::text)")
        .bind::<Text, _>(crate::events::CHANNEL)
        .bind::<SqlUuid, _>(store_id)
        .execute(conn)?;
    Ok(())
}
