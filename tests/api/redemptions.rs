//! Promotions that are used: how often they may be, by whom, and how they are given back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use diesel::connection::InstrumentationEvent;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::language::Text;
use domain::money::Cents;
use domain::promotion::{Conditions, CouponReason, Effect, Promotion};
use ocpizza::clock;
use ocpizza::db::Db;
use ocpizza::error::{Code, Error};
use ocpizza::promotions::ledger::{self, Use, identities, redeem};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::promotions::{coupon, path_of, percent, promotion, put, with};
use crate::support::database::Lease;
use crate::support::{TestApp, ledger as invariants};

const PHONE: &str = "+33639981234";

/// How often: in all, and by one customer.
type Limits = (Option<u32>, Option<u32>);
const UNLIMITED: Limits = (None, None);

fn text(limit: Option<u32>) -> String {
    limit.map_or("null".to_owned(), |limit| limit.to_string())
}

fn given_promotion(conn: &mut PgConnection, (all, each): Limits) -> Uuid {
    let (id, all, each) = (Uuid::now_v7(), text(all), text(each));
    let row = format!(
        "insert into promotions (id, name, kind, needs_coupon, stackable, maximum_uses, maximum_uses_per_customer)
         values ('{id}', '{{\"fr\": \"x\", \"en\": \"x\"}}', 'free_delivery', true, true, {all}, {each})"
    );
    diesel::sql_query(row).execute(conn).expect("a promotion");
    id
}

fn given_coupon(conn: &mut PgConnection, promotion: Uuid, (all, each): Limits) -> Uuid {
    let (id, all, each) = (Uuid::now_v7(), text(all), text(each));
    let row = format!(
        "insert into coupons (id, promotion_id, code, maximum_uses, maximum_uses_per_customer)
         values ('{id}', '{promotion}', upper(left('{id}', 32)), {all}, {each})"
    );
    diesel::sql_query(row).execute(conn).expect("a coupon");
    id
}

/// An order that has just been written.
fn given_order(conn: &mut PgConnection) -> Uuid {
    let id = Uuid::now_v7();
    let row = format!(
        "insert into orders (id, store_id, number, business_date, channel, service_type, status, contact, language, items_cents,
           delivery_fee_cents, discount_cents, tip_cents, tax_cents, total_cents, taxes, tracking_token, placed_at, promised_at)
         select '{id}', id, '{id}', current_date, 'web', 'collection', 'placed', '{{}}', 'fr', 0, 0, 0, 0, 0, 0, '[]', '{id}',
           now(), now() from stores limit 1"
    );
    diesel::sql_query(row).execute(conn).expect("an order");
    id
}

fn used(promotion_id: Uuid, coupon_id: Option<Uuid>) -> Use {
    Use { promotion_id, coupon_id, discount: Cents(250) }
}

/// What an order that is placed does: it has its promotions, or nothing has happened.
fn place(conn: &mut PgConnection, uses: &[Use], who: &[String]) -> ocpizza::error::Result<Uuid> {
    let order = given_order(conn);
    match redeem(conn, order, uses, who, clock::now())? {
        Ok(()) => Ok(order),
        Err((id, reason)) => Err(Error::new(Code::CouponInvalid).with("id", id).with("reason", reason.as_str())),
    }
}

fn placed(db: &Db, uses: &[Use], who: &[String]) -> Result<Uuid, String> {
    db.tx_here(|conn| place(conn, uses, who)).map_err(|error| error.to_string())
}

fn refusal(id: Uuid, reason: CouponReason) -> String {
    format!("coupon_invalid id={id} reason={}", reason.as_str())
}

fn uses(conn: &mut PgConnection, id: Uuid) -> i32 {
    use schema::{coupons, promotions};
    let promotion = promotions::table.find(id).select(promotions::uses).first(conn).optional().expect("a look");
    promotion.unwrap_or_else(|| coupons::table.find(id).select(coupons::uses).first(conn).expect("a counter"))
}

fn states(conn: &mut PgConnection, order: Uuid) -> Vec<String> {
    use schema::redemptions;
    let of_order = redemptions::table.filter(redemptions::order_id.eq(order)).order(redemptions::promotion_id);
    of_order.select(redemptions::state).load(conn).expect("redemptions")
}

/// A customer of one's own, of whom nothing is known but a phone number.
fn guest(number: usize) -> Vec<String> {
    identities(None, Some(&format!("+3363998{number:04}")), None)
}

/// The answers of so many who do something at the same moment, each in a transaction of its own.
fn at_once<T: Send>(
    threads: usize,
    db: &Db,
    work: impl Fn(&mut PgConnection, usize) -> ocpizza::error::Result<T> + Sync,
) -> Vec<Result<T, String>> {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let (barrier, work) = (&barrier, &work);
        let running: Vec<_> = (0..threads)
            .map(|number| {
                scope.spawn(move || {
                    let mut tries = 0;
                    let outcome = db.tx_here(|conn| {
                        tries += 1;
                        assert_eq!(tries, 1, "nobody is the victim of a deadlock");
                        diesel::sql_query("select 1").execute(conn)?;
                        barrier.wait();
                        work(conn, number)
                    });
                    outcome.map_err(|error| error.to_string())
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

#[test]
fn eight_reach_for_the_last_use_of_a_coupon() {
    let lease = Lease::demo();
    let (db, mut conn) = (lease.db(8), lease.connect());
    for (of_promotion, of_coupon) in [((Some(3), None), UNLIMITED), (UNLIMITED, (Some(3), None))] {
        let promotion = given_promotion(&mut conn, of_promotion);
        let coupon = given_coupon(&mut conn, promotion, of_coupon);
        let both = [used(promotion, Some(coupon))];
        for before in 0..2 {
            placed(&db, &both, &guest(before)).expect("there are uses left");
        }
        let answers = at_once(8, &db, |conn, number| place(conn, &both, &guest(100 + number)));
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 7));
        let limited = if of_coupon == UNLIMITED { promotion } else { coupon };
        assert!(lost.into_iter().all(|answer| answer == Err(refusal(limited, CouponReason::UsedUp))));
        assert_eq!(uses(&mut conn, limited), 3);
    }
    invariants::assert_uses_are_counted(&mut conn);
}

#[test]
fn the_same_phone_is_the_same_customer_whatever_the_account() {
    let lease = Lease::demo();
    let (db, mut conn) = (lease.db(8), lease.connect());
    for (of_promotion, of_coupon) in [((None, Some(1)), UNLIMITED), (UNLIMITED, (None, Some(1)))] {
        let promotion = given_promotion(&mut conn, of_promotion);
        let coupon = given_coupon(&mut conn, promotion, of_coupon);
        let both = [used(promotion, Some(coupon))];
        let someone = |email: &str| identities(Some(Uuid::now_v7()), Some(PHONE), Some(email));
        let answers = at_once(8, &db, |conn, number| place(conn, &both, &someone(&format!("guest{number}@example.org"))));
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 7));
        let limited = if of_coupon == UNLIMITED { promotion } else { coupon };
        assert!(lost.into_iter().all(|answer| answer == Err(refusal(limited, CouponReason::AlreadyUsed))));
        // By the e-mail address of one of them; somebody else has it.
        let winner = [identities(None, Some("+33639980000"), Some("Guest9@example.org")), guest(7)];
        placed(&db, &both, &winner[0]).expect("somebody else");
        let again = identities(None, Some("+33639980001"), Some("guest9@EXAMPLE.org"));
        assert_eq!(placed(&db, &both, &again), Err(refusal(limited, CouponReason::AlreadyUsed)));
        placed(&db, &both, &winner[1]).expect("somebody else");
    }
    invariants::assert_uses_are_counted(&mut conn);
}

#[test]
fn what_is_refused_leaves_no_trace_and_says_the_first_reason() {
    let lease = Lease::demo();
    let (db, mut conn) = (lease.db(2), lease.connect());
    let (free, limited) = (given_promotion(&mut conn, UNLIMITED), given_promotion(&mut conn, (Some(1), Some(1))));
    let coupon = given_coupon(&mut conn, limited, (Some(5), Some(1)));
    placed(&db, &[used(limited, Some(coupon))], &guest(1)).expect("the first one");
    let (order, refused) = db
        .tx_here(|conn| {
            let order = given_order(conn);
            Ok((order, redeem(conn, order, &[used(free, None), used(limited, Some(coupon))], &guest(1), clock::now())?))
        })
        .expect("a refusal is no failure");
    assert_eq!(refused, Err((limited, CouponReason::UsedUp)));
    assert_eq!(states(&mut conn, order), Vec::<String>::new());
    assert_eq!((uses(&mut conn, limited), uses(&mut conn, coupon)), (1, 1));
    assert_eq!(db.tx_here(|conn| redeem(conn, order, &[], &guest(1), clock::now())).expect("nothing to do"), Ok(()));
}

#[test]
fn a_cancelled_order_gives_back_what_it_used_once() {
    let lease = Lease::demo();
    let (db, mut conn) = (lease.db(8), lease.connect());
    let (limited, free) = (given_promotion(&mut conn, (Some(1), Some(1))), given_promotion(&mut conn, UNLIMITED));
    let coupon = given_coupon(&mut conn, limited, (Some(1), None));
    let both = [used(free, None), used(limited, Some(coupon))];
    let order = placed(&db, &both, &guest(1)).expect("the only use");
    assert_eq!(placed(&db, &both, &guest(2)), Err(refusal(limited, CouponReason::UsedUp)));
    assert_eq!((uses(&mut conn, limited), uses(&mut conn, coupon), uses(&mut conn, free)), (1, 1, 0));
    for answer in at_once(8, &db, |conn, _| ledger::release(conn, order)) {
        answer.expect("released");
    }
    assert_eq!((uses(&mut conn, limited), uses(&mut conn, coupon), uses(&mut conn, free)), (0, 0, 0));
    assert_eq!(states(&mut conn, order), ["released", "released"]);
    db.tx_here(|conn| ledger::release(conn, order)).expect("again changes nothing");
    placed(&db, &both, &guest(1)).expect("it was given back, and does not count for the customer");
    assert_eq!((uses(&mut conn, limited), uses(&mut conn, coupon)), (1, 1));
    db.tx_here(|conn| ledger::release(conn, Uuid::now_v7())).expect("an order without promotions");
}

/// Whatever order they list them in, orders and cancellations lock promotions in one order.
#[test]
fn crossing_promotions_never_meet_in_a_deadlock() {
    let lease = Lease::demo();
    let (db, mut conn) = (lease.db(8), lease.connect());
    let mut all: Vec<Use> = Vec::new();
    for _ in 0..3 {
        let promotion = given_promotion(&mut conn, (Some(1000), None));
        let coupon = given_coupon(&mut conn, promotion, (Some(1000), Some(1000)));
        all.push(used(promotion, Some(coupon)));
    }
    let backwards: Vec<Use> = all.iter().rev().copied().collect();
    for _ in 0..10 {
        let before: Vec<Uuid> = (0..4).map(|number| placed(&db, &all, &guest(number)).expect("placed")).collect();
        let answers = at_once(8, &db, |conn, number| match before.get(number) {
            Some(order) => ledger::release(conn, *order),
            None => place(conn, if number % 2 == 0 { &all } else { &backwards }, &guest(number)).map(drop),
        });
        for answer in answers {
            answer.expect("nobody is refused");
        }
    }
    invariants::assert_uses_are_counted(&mut conn);
    for one in &all {
        assert_eq!(uses(&mut conn, one.promotion_id), 40);
    }
}

#[test]
fn what_has_no_limit_lines_up_nobody() {
    let lease = Lease::demo();
    let (db, mut conn) = (lease.db(2), lease.connect());
    let promotion = given_promotion(&mut conn, UNLIMITED);
    let coupon = given_coupon(&mut conn, promotion, UNLIMITED);
    let both = [used(promotion, Some(coupon))];
    db.tx_here(|conn| {
        place(conn, &both, &guest(1))?;
        // The first transaction is still open.
        placed(&db, &both, &guest(2)).expect("nobody waits");
        Ok(())
    })
    .expect("the first one");
    assert_eq!((uses(&mut conn, promotion), uses(&mut conn, coupon)), (0, 0), "nobody counted");
}

#[test]
fn a_cart_learns_what_it_cannot_have_any_more() {
    let lease = Lease::demo();
    let (db, mut conn) = (lease.db(2), lease.connect());
    let limits = [UNLIMITED, (Some(1), None), (None, Some(1)), (Some(2), Some(2))];
    let promotions = limits.map(|limit| {
        let id = given_promotion(&mut conn, limit);
        given_coupon(&mut conn, id, limit);
        as_in_the_catalogue(id, limit)
    });
    let codes: Vec<String> = schema::coupons::table.select(schema::coupons::code).load(&mut conn).expect("codes");
    let ours = |conn: &mut PgConnection| {
        let mut rows = ledger::coupons(conn, &codes).expect("coupons");
        rows.retain(|row| promotions.iter().any(|promotion| promotion.id == row.promotion_id));
        rows.sort_by_key(|row| row.id);
        rows
    };
    let coupons = ours(&mut conn);
    let all: Vec<Use> = coupons.iter().map(|coupon| used(coupon.promotion_id, Some(coupon.id))).collect();
    placed(&db, &all, &guest(1)).expect("the first use of each");
    let coupons = ours(&mut conn);
    let reasons = |conn: &mut PgConnection, who: &[String]| {
        let (promotions, coupons): (Vec<_>, Vec<_>) = (promotions.iter().collect(), coupons.iter().collect());
        ledger::used_up(conn, &promotions, &coupons, who).expect("reasons")
    };
    let expected = |places: &[(usize, CouponReason)]| -> BTreeMap<Uuid, CouponReason> {
        places.iter().flat_map(|(place, reason)| [(promotions[*place].id, *reason), (coupons[*place].id, *reason)]).collect()
    };
    assert_eq!(reasons(&mut conn, &guest(1)), expected(&[(1, CouponReason::UsedUp), (2, CouponReason::AlreadyUsed)]));
    assert_eq!(reasons(&mut conn, &guest(2)), expected(&[(1, CouponReason::UsedUp)]));
    assert_eq!(reasons(&mut conn, &[]), expected(&[(1, CouponReason::UsedUp)]), "a cart may not know its customer");
}

fn as_in_the_catalogue(id: Uuid, (all, each): Limits) -> Promotion {
    Promotion {
        id,
        name: Text { fr: "x".to_owned(), en: "x".to_owned() },
        effect: Effect::FreeDelivery,
        conditions: Conditions::default(),
        valid_from: None,
        valid_until: None,
        needs_coupon: true,
        stackable: true,
        maximum_uses: all,
        maximum_uses_per_customer: each,
    }
}

#[test]
fn without_limits_a_cart_costs_no_statement() {
    let lease = Lease::demo();
    let mut conn = lease.connect();
    let limited = given_promotion(&mut conn, (Some(5), Some(1)));
    let (free, limited) = (as_in_the_catalogue(Uuid::now_v7(), UNLIMITED), as_in_the_catalogue(limited, (Some(5), Some(1))));
    let statements = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&statements);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert!(ledger::coupons(&mut conn, &[]).expect("none").is_empty());
    assert!(ledger::used_up(&mut conn, &[&free], &[], &guest(1)).expect("none").is_empty());
    assert_eq!(statements.load(Ordering::SeqCst), 0);
    assert!(ledger::used_up(&mut conn, &[&free, &limited], &[], &guest(1)).expect("none").is_empty());
    assert_eq!(statements.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_comes_later_counts_what_was_used_before() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let made = promotion(&manager, json!({})).await;
    let word = coupon(&manager, &made, "TOUJOURS", json!({})).await;
    let both = [used(id_of(&made), Some(id_of(&word)))];
    let orders: Vec<Uuid> = (0..3).map(|number| placed(&app.db, &both, &guest(number)).expect("no limit")).collect();
    let (of_promotion, of_coupon) = (path_of("promotions", &made), path_of("coupons", &word));
    assert_eq!(manager.get(&of_promotion).await.expect(200)["uses"], 3);
    assert_eq!(manager.get(&of_coupon).await.expect(200)["uses"], 3);
    let list = manager.get("/v1/promotions").await.expect(200);
    assert!(list["data"].as_array().unwrap().iter().any(|one| one["id"] == made["id"] && one["uses"] == 3));

    let body = json!({ "promotionId": made["id"], "code": "TOUJOURS" });
    for (path, body) in [(&of_promotion, percent()), (&of_coupon, body)] {
        let refused = put(&manager, path, &with(body.clone(), json!({ "maximumUses": 2 })), 1).await;
        let refused = refused.problem(422, "invalid_request");
        assert_eq!(
            (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
            (&json!("/maximumUses"), &json!("too_small"))
        );
        put(&manager, path, &with(body, json!({ "maximumUses": 4 })), 1).await.expect(200);
    }
    invariants::assert_uses_are_counted(&mut app.connect());
    placed(&app.db, &both, &guest(4)).expect("the last one");
    assert_eq!(placed(&app.db, &both, &guest(5)), Err(refusal(id_of(&made), CouponReason::UsedUp)));
    for order in orders {
        app.db.tx_here(|conn| ledger::release(conn, order)).expect("released");
    }
    invariants::assert_uses_are_counted(&mut app.connect());
    assert_eq!(manager.get(&of_promotion).await.expect(200)["uses"], 1);
}

/// What orders do with a promotion that is not counted yet is waited for by who gives it a limit: it counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_waits_for_the_orders_that_do_not_count_yet() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    for (cancelled, uses_then) in [(false, 2), (true, 0)] {
        let made = promotion(&manager, json!({})).await;
        let once = [used(id_of(&made), None)];
        let before = placed(&app.db, &once, &guest(1)).expect("no limit");
        let (tell, told) = mpsc::channel();
        let db = app.db.clone();
        let ordering = std::thread::spawn(move || {
            db.tx_here(|conn| {
                match cancelled {
                    true => ledger::release(conn, before)?,
                    false => place(conn, &once, &guest(2)).map(drop)?,
                }
                tell.send(()).expect("somebody waits");
                std::thread::sleep(Duration::from_millis(400));
                Ok(())
            })
        });
        told.recv().expect("it is about to be committed");
        let limit = with(percent(), json!({ "maximumUses": 2 }));
        let limited = put(&manager, &path_of("promotions", &made), &limit, 1).await.expect(200);
        assert_eq!(limited["uses"], uses_then);
        ordering.join().expect("no panic").expect("committed");
        invariants::assert_uses_are_counted(&mut app.connect());
    }
}

#[tokio::test]
async fn the_uses_of_a_promotion_are_listed_without_telling_who() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let made = promotion(&manager, json!({ "maximumUses": 10 })).await;
    let word = coupon(&manager, &made, "LISTE", json!({})).await;
    let (with_coupon, without) = ([used(id_of(&made), Some(id_of(&word)))], [used(id_of(&made), None)]);
    let first = placed(&app.db, &with_coupon, &guest(1)).expect("placed");
    let second = placed(&app.db, &without, &guest(2)).expect("placed");
    app.db.tx_here(|conn| ledger::release(conn, first)).expect("released");
    let path = format!("{}/redemptions", path_of("promotions", &made));
    let list = manager.get(&path).await.expect(200);
    let mut rows = list["data"].as_array().unwrap().clone();
    for row in &mut rows {
        assert!(row.as_object_mut().unwrap().remove("usedAt").is_some_and(|at| at.is_string()));
    }
    let euros = json!({ "amount": 250, "currency": "EUR" });
    assert_eq!(
        rows,
        [
            json!({ "orderId": second, "couponId": null, "couponCode": null, "discount": euros, "state": "used" }),
            json!({ "orderId": first, "couponId": word["id"], "couponCode": "LISTE", "discount": euros, "state": "released" }),
        ]
    );
    let page = manager.get(&format!("{path}?limit=1")).await.expect(200);
    assert_eq!(page["data"][0]["orderId"], json!(second));
    let rest = manager.get(&format!("{path}?limit=1&cursor={}", page["nextCursor"].as_str().unwrap())).await.expect(200);
    assert_eq!((&rest["data"][0]["orderId"], &rest["nextCursor"]), (&json!(first), &Value::Null));
    manager.get(&format!("{path}?limit=1000")).await.problem(422, "invalid_request");
    manager.get("/v1/promotions/018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50/redemptions").await.problem(404, "not_found");
}

fn id_of(thing: &Value) -> Uuid {
    thing["id"].as_str().expect("an id").parse().expect("a UUID")
}
