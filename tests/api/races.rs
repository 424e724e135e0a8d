//! Many at once: the last portions, the same key, everything mixed.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

use diesel::prelude::*;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::app::order_body;
use crate::support::{TestApp, ledger};

#[tokio::test(flavor = "multi_thread")]
async fn thirty_orders_for_the_last_ten_portions() {
    let app = TestApp::start().await;
    let carts = join_all((0..30).map(|_| app.cart("collection", &[("truffe", "medium", 1)]))).await;
    let answers = join_all(carts.iter().map(|cart| cart.place("collection"))).await;
    let (sold, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(sold.len(), 10);
    for answer in refused {
        let problem = answer.problem(409, "out_of_stock");
        assert_eq!(problem["lines"][0]["name"], "Truffe");
    }
    assert_eq!(app.stock("truffle-cream"), (200_000, 200_000));
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_times_the_same_key_is_one_order() {
    let app = TestApp::start().await;
    let cart = app.cart("delivery", &[("reine", "medium", 1)]).await;
    let body = order_body(cart.cart(), "delivery");
    let answers =
        join_all((0..50).map(|_| cart.post_once("/v1/orders", body.clone(), "one intent, one key".replace(' ', "-").leak())))
            .await;
    let mut bodies: BTreeMap<String, usize> = BTreeMap::new();
    for answer in answers {
        match answer.status {
            201 => *bodies.entry(answer.text).or_default() += 1,
            _ => drop(answer.problem(409, "idempotency_in_flight")),
        }
    }
    assert_eq!(bodies.len(), 1, "everybody got the same answer");
    ledger::assert_clean(&mut app.connect());
    assert_eq!(
        app.staff("counter").await.get("/v1/orders?storeId=paris-bastille").await.expect(200)["data"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cooks_and_customers_meet_at_the_same_order() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await;
    for _ in 0..8 {
        let (guest, order) = app.order("delivery", &[("reine", "small", 2), ("margherita", "large", 1)]).await;
        cook.command(&order, "accept").await.expect(200);
        let ticket = app.ticket(&cook, &order).await.unwrap();
        let start = format!("/v1/kitchen/tickets/{}/start", ticket["id"].as_str().unwrap());
        let (a, b, c, d) = tokio::join!(
            guest.command(&order, "cancel"),
            cook.post(&start, json!({})),
            cook.post(&start, json!({})),
            guest.command(&order, "cancel"),
        );
        let statuses = [a.status, b.status, c.status, d.status];
        assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
        let now = guest.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
        let cancelled = now["status"] == "cancelled";
        assert_eq!(cancelled, a.status == 200, "{now}");
        assert_eq!(cancelled, b.status == 409 || c.status == 409, "{statuses:?}");
    }
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_drivers_reach_for_one_delivery() {
    let app = TestApp::start().await;
    let (one, two) = (app.staff("driver").await, app.staff("manager").await);
    for _ in 0..5 {
        let (_, order) = app.order("delivery", &[("reine", "small", 1)]).await;
        app.staff("counter").await.command(&order, "accept").await.expect(200);
        let claim = format!("/v1/deliveries/{}/claim", app.delivery(&one, &order).await.unwrap());
        let (a, b) = tokio::join!(one.post(&claim, json!({})), two.post(&claim, json!({})));
        let winner = if a.status == 200 { &one } else { &two };
        let (won, lost) = if a.status == 200 { (a, b) } else { (b, a) };
        won.expect(200);
        lost.problem(409, "already_claimed");
        winner.post(&claim, json!({})).await.expect(200);
    }
}

/// Crossing baskets lock in one order, whatever order they list. Nobody may see a deadlock.
#[tokio::test(flavor = "multi_thread")]
async fn crossing_baskets_never_surface_a_deadlock() {
    let app = TestApp::start().await;
    let (forward, backward) =
        ([("reine", "small", 1), ("orientale", "large", 1)], [("orientale", "large", 1), ("reine", "small", 1)]);
    let baskets = (0..24).map(|n| app.cart("collection", if n % 2 == 0 { &forward } else { &backward }));
    let carts = join_all(baskets).await;
    let orders = join_all(carts.iter().map(|cart| cart.place("collection"))).await;
    let orders: Vec<_> = orders.into_iter().map(|answer| answer.expect(201)).collect();
    let manager = app.staff("manager").await;
    let steps = join_all(
        orders.iter().enumerate().map(|(n, order)| manager.command(order, if n % 3 == 0 { "cancel" } else { "accept" })),
    )
    .await;
    for answer in steps {
        answer.expect(200);
    }
    ledger::assert_clean(&mut app.connect());
}

/// Two transactions that lock the same rows the other way round: PostgreSQL kills one, and it is done again.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_deadlock_is_done_again() {
    let app = TestApp::start().await;
    let both_hold_one = Arc::new(Barrier::new(2));
    let lock = |first: &'static str, second: &'static str| {
        let (db, barrier) = (app.db.clone(), Arc::clone(&both_hold_one));
        let mut tries = 0;
        tokio::spawn(async move {
            db.tx(move |conn| {
                tries += 1;
                let touch = |slug| diesel::sql_query(format!("update stores set updated_at = now() where slug = '{slug}'"));
                touch(first).execute(conn)?;
                if tries == 1 {
                    barrier.wait();
                }
                touch(second).execute(conn)?;
                Ok(tries)
            })
            .await
        })
    };
    let (a, b) = tokio::join!(lock("lille-centre", "paris-bastille"), lock("paris-bastille", "lille-centre"));
    let tries = [a.expect("no panic").expect("passes"), b.expect("no panic").expect("passes")];
    // On a busy machine the victim may be back before the other has noticed, and they meet once more.
    assert!(tries.contains(&2), "nobody was the victim: {tries:?}");
}
