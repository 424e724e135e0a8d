//! Coupons from the cart to the order, and back.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::promotions::{coupon, path_of, promotion};
use crate::support::app::order_body;
use crate::support::client::Answer;
use crate::support::{Client, TestApp, ledger};

/// A cart of one large pizza with a coupon in it.
async fn cart_with(app: &TestApp, code: &str) -> Client {
    let cart = app.cart("collection", &[("reine", "large", 1)]).await;
    cart.post(&format!("/v1/carts/{}/coupons", cart.cart()), json!({ "code": code })).await.expect(200);
    cart
}

/// Places the cart as somebody of whom this is known.
async fn place_as(cart: &Client, phone: &str, email: Option<&str>) -> Answer {
    let mut body = order_body(cart.cart(), "collection");
    body["contact"]["phone"] = json!(phone);
    body["contact"]["email"] = json!(email);
    cart.post_once("/v1/orders", body, &Uuid::now_v7().to_string()).await
}

async fn coupon_of(cart: &Client) -> Value {
    cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200)["coupons"][0].clone()
}

async fn uses(manager: &Client, promotion: &Value) -> Value {
    manager.get(&path_of("promotions", promotion)).await.expect(200)["uses"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_carts_race_for_the_last_use_of_a_coupon() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let made = promotion(&manager, json!({})).await;
    coupon(&manager, &made, "DERNIER", json!({ "maximumUses": 1 })).await;
    let (one, two) = (cart_with(&app, "dernier").await, cart_with(&app, "Dernier").await);
    for cart in [&one, &two] {
        let entered = coupon_of(cart).await;
        assert!(entered["discount"]["amount"].as_i64().unwrap() > 0, "{entered}");
    }
    let (a, b) = tokio::join!(place_as(&one, "+33639980001", None), place_as(&two, "+33639980002", None));
    let (won, lost, loser) = if a.status == 201 { (a, b, &two) } else { (b, a, &one) };
    let order = won.expect(201);
    assert_eq!(lost.problem(409, "coupon_invalid")["reason"], "used_up");
    let discount = &order["totals"]["discount"];
    let list = manager.get(&format!("{}/redemptions", path_of("promotions", &made))).await.expect(200);
    let used = &list["data"][0];
    assert_eq!((&used["orderId"], &used["couponCode"], &used["discount"]), (&order["id"], &json!("DERNIER"), discount));
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    ledger::assert_clean(&mut app.connect());

    let entered = coupon_of(loser).await;
    assert_eq!((&entered["discount"], &entered["reason"]), (&Value::Null, &json!("used_up")));
    loser.delete(&format!("/v1/carts/{}/coupons/DERNIER", loser.cart())).await.expect(200);
    let full = place_as(loser, "+33639980002", None).await.expect(201);
    assert_eq!(full["totals"]["discount"]["amount"], 0);
    assert_eq!(uses(&manager, &made).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_with_the_same_phone_or_address_are_one_customer() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let made = promotion(&manager, json!({ "maximumUsesPerCustomer": 1 })).await;
    coupon(&manager, &made, "BIENVENUE-A", json!({})).await;
    coupon(&manager, &made, "BIENVENUE-B", json!({})).await;
    let (one, two) = (cart_with(&app, "BIENVENUE-A").await, cart_with(&app, "BIENVENUE-B").await);
    let (a, b) = tokio::join!(
        place_as(&one, "+33639981111", Some("camille@example.org")),
        place_as(&two, "+33639981111", Some("someone.else@example.org")),
    );
    let (won, lost) = if a.status == 201 { (a, b) } else { (b, a) };
    won.expect(201);
    assert_eq!(lost.problem(409, "coupon_invalid")["reason"], "already_used");

    let third = cart_with(&app, "BIENVENUE-A").await;
    assert_eq!(coupon_of(&third).await["reason"], Value::Null, "nobody knows yet who it is");
    place_as(&third, "+33639982222", Some("third@example.org")).await.expect(201);
    let fourth = cart_with(&app, "BIENVENUE-B").await;
    let again = place_as(&fourth, "+33639983333", Some("Third@Example.org")).await;
    assert_eq!(again.problem(409, "coupon_invalid")["reason"], "already_used");
    place_as(&fourth, "+33639983333", Some("fourth@example.org")).await.expect(201);
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn what_comes_to_nothing_gives_its_coupon_back() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let made = promotion(&manager, json!({ "maximumUses": 1 })).await;
    coupon(&manager, &made, "UNE-FOIS", json!({ "maximumUsesPerCustomer": 1 })).await;
    for command in ["cancel", "reject"] {
        let order = place_as(&cart_with(&app, "UNE-FOIS").await, "+33639981111", None).await.expect(201);
        assert_eq!(uses(&manager, &made).await, 1);
        let other = cart_with(&app, "UNE-FOIS").await;
        assert_eq!(coupon_of(&other).await["reason"], "used_up");
        for _ in 0..2 {
            manager.command(&order, command).await.expect(200);
        }
        assert_eq!(uses(&manager, &made).await, 0);
        assert!(coupon_of(&other).await["discount"].is_object(), "it can be had again");
        ledger::assert_clean(&mut app.connect());
    }
    // What is accepted and made keeps it.
    let order = place_as(&cart_with(&app, "UNE-FOIS").await, "+33639981111", None).await.expect(201);
    app.cook(&order).await;
    manager.command(&order, "collect").await.expect(200);
    assert_eq!(uses(&manager, &made).await, 1);
    ledger::assert_clean(&mut app.connect());
}

/// A promotion that comes by itself may be gone when the order is placed: then the price is another one.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_promotion_without_coupon_changes_the_price() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let made = promotion(&manager, json!({ "needsCoupon": false, "maximumUses": 1 })).await;
    let carts = [app.cart("collection", &[("reine", "large", 1)]).await, app.cart("collection", &[("reine", "large", 1)]).await];
    let mut bodies = Vec::new();
    for cart in &carts {
        let seen = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
        assert!(seen["totals"]["discount"]["amount"].as_i64().unwrap() > 0, "{seen:#}");
        let mut body = order_body(cart.cart(), "collection");
        body["expectedTotal"] = seen["totals"]["total"].clone();
        bodies.push(body);
    }
    let place = |at: usize| carts[at].post_once("/v1/orders", bodies[at].clone(), ["the-first", "the-second"][at]);
    let (a, b) = tokio::join!(place(0), place(1));
    let (won, lost) = if a.status == 201 { (a, b) } else { (b, a) };
    let order = won.expect(201);
    let changed = lost.problem(409, "price_changed");
    assert_eq!(changed["total"], order["totals"]["items"], "nothing is taken off");
    assert_eq!(uses(&manager, &made).await, 1);
    ledger::assert_clean(&mut app.connect());
}
