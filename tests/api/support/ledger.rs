//! The invariants that must hold in every database after whatever happened to it.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    broken: i64,
}

/// Each statement counts rows that should not be.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "on hand is the sum of the movements",
        "select count(*) as broken from stock_levels l where on_hand_milli <> coalesce((select sum(quantity_milli)
         from stock_movements m where m.store_id = l.store_id and m.ingredient_id = l.ingredient_id), 0)",
    ),
    (
        "reserved is the sum of the held reservations",
        "select count(*) as broken from stock_levels l where reserved_milli <> coalesce((select sum(quantity_milli)
         from stock_reservations r where r.store_id = l.store_id and r.ingredient_id = l.ingredient_id and r.state = 'held'), 0)",
    ),
    (
        "nothing is promised that is not there",
        "select count(*) as broken from stock_levels where on_hand_milli - reserved_milli < 0",
    ),
    (
        "what holds stock is an order that the kitchen has not started",
        "select count(*) as broken from stock_reservations r join order_lines l on l.id = r.order_line_id
         join orders o on o.id = l.order_id where (r.state = 'held') <> (o.status in ('placed', 'accepted'))
         and r.state <> 'released'",
    ),
    (
        "an order has lines, one payment and one order.placed event",
        "select count(*) as broken from orders o where not exists (select from order_lines l where l.order_id = o.id)
         or (select count(*) from payments p where p.order_id = o.id) <> 1
         or (select count(*) from events e where e.order_id = o.id and e.type = 'order.placed') <> 1",
    ),
    (
        "a total is the sum of its lines and its fee, and without the tip of its taxes",
        "select count(*) as broken from orders o where items_cents <> (select sum(total_cents) from order_lines l
         where l.order_id = o.id) or total_cents - tip_cents <> (select sum((t ->> 'baseCents')::bigint
         + (t ->> 'taxCents')::bigint) from jsonb_array_elements(taxes) t)",
    ),
    (
        "a discount is the sum of its promotions, and lines bear no more of it than there is",
        "select count(*) as broken from orders o where discount_cents <> (select coalesce(sum((a ->> 'amountCents')::bigint), 0)
         from jsonb_array_elements(adjustments) a) or (select sum(discount_cents) from order_lines l where l.order_id = o.id)
         not between discount_cents - delivery_fee_cents and discount_cents",
    ),
    (
        "what is paid of a line is what its rates are paid on",
        "select count(*) as broken from order_lines where total_cents - discount_cents <>
         (select sum((t ->> 'grossCents')::bigint) from jsonb_array_elements(taxes) t)",
    ),
    (
        "an accepted order has one ticket",
        "select count(*) as broken from orders o where status in ('accepted', 'in_preparation', 'ready')
         and (select count(*) from kitchen_tickets t where t.order_id = o.id and t.state <> 'voided') <> 1",
    ),
    (
        "the events of a store have no gap",
        "select count(*) as broken from event_counters c
         where last_seq <> (select count(*) from events e where e.store_id = c.store_id)",
    ),
    (
        "order numbers have no gap",
        "select count(*) as broken from order_counters c where last_number <>
         (select count(*) from orders o where o.store_id = c.store_id and o.business_date = c.business_date)",
    ),
    (
        "a cart became at most one order",
        "select count(*) as broken from (select order_id from carts where order_id is not null
         group by order_id having count(*) > 1) as twice",
    ),
    (
        "an order that came to nothing has given its promotions back, and no other",
        "select count(*) as broken from redemptions r join orders o on o.id = r.order_id
         where (r.state = 'released') <> (o.status in ('cancelled', 'rejected', 'expired'))",
    ),
];

/// Of promotions and coupons: also without whole orders.
const USES: &[(&str, &str)] = &[(
    "what has a limit is counted as it is used, and not more often than it may be",
    "select count(*) as broken from (
       select uses, maximum_uses, maximum_uses_per_customer, (select count(*) from redemptions r
         where r.promotion_id = p.id and r.state = 'used') as used from promotions p
       union all
       select uses, maximum_uses, maximum_uses_per_customer, (select count(*) from redemptions r
         where r.coupon_id = c.id and r.state = 'used') from coupons c) as limited
     where num_nonnulls(maximum_uses, maximum_uses_per_customer) > 0 and (uses <> used or used > maximum_uses)",
)];

/// Panics with the invariants that do not hold.
#[track_caller]
pub fn assert_clean(conn: &mut PgConnection) {
    assert_all(conn, INVARIANTS);
    assert_uses_are_counted(conn);
}

#[track_caller]
pub fn assert_uses_are_counted(conn: &mut PgConnection) {
    assert_all(conn, USES);
}

#[track_caller]
fn assert_all(conn: &mut PgConnection, invariants: &[(&str, &str)]) {
    let broken: Vec<String> = invariants
        .iter()
        .filter_map(|(name, query)| {
            let count: Count = diesel::sql_query(*query).get_result(conn).expect("the check runs");
            (count.broken > 0).then(|| format!("{name}: {} broken", count.broken))
        })
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
