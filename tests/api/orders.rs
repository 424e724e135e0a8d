//! Placing orders: what is refused, and how retries are answered.

use serde_json::json;

use crate::support::app::{SHOP, order_body};
use crate::support::{Client, TestApp, ledger};

#[tokio::test]
async fn an_order_needs_a_cart_with_something_in_it() {
    let app = TestApp::start().await;
    let empty = app.cart("delivery", &[]).await;
    empty.place("delivery").await.problem(409, "cart_empty");
    let stranger = Client { cart_token: Some("not the secret".to_owned()), ..empty.clone() };
    let refused = stranger.place("delivery").await.problem(422, "invalid_request");
    assert_eq!(refused["errors"][0]["pointer"], "/cartId");
    Client { cart_token: None, ..empty }.place("delivery").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn delivery_needs_an_address_within_reach_and_collection_none() {
    let app = TestApp::start().await;
    let cart = app.cart("delivery", &[("reine", "small", 1)]).await;
    let key = "0123456789abcdef";
    let nowhere = cart.post_once("/v1/orders", order_body(cart.cart(), "collection"), key).await.problem(422, "invalid_request");
    assert_eq!((&nowhere["errors"][0]["pointer"], &nowhere["errors"][0]["code"]), (&json!("/address"), &json!("required")));
    let mut far = order_body(cart.cart(), "delivery");
    far["address"]["latitude"] = json!(45.7606);
    far["address"]["longitude"] = json!(4.8594);
    cart.post_once("/v1/orders", far.clone(), key).await.problem(409, "outside_zone");
    far["address"]["latitude"] = json!(48.8532);
    far["address"]["longitude"] = json!(2.3765);
    cart.post_once("/v1/orders", far, key).await.expect(201);
    let collect = app.cart("collection", &[("reine", "small", 1)]).await;
    collect.post_once("/v1/orders", order_body(collect.cart(), "delivery"), key).await.problem(422, "invalid_request");
}

#[tokio::test]
async fn a_closed_store_says_when_it_opens() {
    let app = TestApp::start().await;
    app.sql("delete from store_hours");
    let cart = app.cart("delivery", &[("reine", "small", 1)]).await;
    cart.place("delivery").await.problem(409, "store_closed");
    // Open for one minute a week, not now.
    app.sql(
        "insert into store_hours select id, 'delivery', 1 + (extract(isodow from now() at time zone time_zone)::int + 2) % 7,
         720, 721 from stores",
    );
    let closed = cart.in_language("en").place("delivery").await.problem(409, "store_closed");
    assert!(closed["detail"].as_str().unwrap().contains("12:00"), "{closed}");
}

#[tokio::test]
async fn what_the_customer_saw_is_what_is_charged() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[("reine", "medium", 2)]).await;
    let seen = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
    app.sql("update variants set price_cents = price_cents + 50");
    let mut body = order_body(cart.cart(), "collection");
    body["expectedTotal"] = seen["totals"]["total"].clone();
    let changed = cart.post_once("/v1/orders", body.clone(), "0123456789abcdef").await.problem(409, "price_changed");
    let total = seen["totals"]["total"]["amount"].as_i64().unwrap() + 100;
    assert_eq!(changed["total"]["amount"], total);
    body["expectedTotal"]["amount"] = json!(total);
    let order = cart.post_once("/v1/orders", body, "0123456789abcdef").await.expect(201);
    app.sql("update variants set price_cents = price_cents + 50");
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    let again = app.staff("counter").await.get(&path).await.expect(200);
    assert_eq!(again["totals"]["total"]["amount"], total, "what was sold is not rewritten");
    assert_eq!(again.get("trackingToken"), None, "the customer's secret is not for the staff");
}

#[tokio::test]
async fn sold_out_names_the_lines_and_takes_nothing() {
    let app = TestApp::start().await;
    // 200 g of truffle cream, 20 g a medium: ten are left; the eleventh is one too many.
    let before = app.stock("mozzarella");
    let cart = app.cart("collection", &[("margherita", "small", 1), ("truffe", "medium", 11)]).await;
    let shown = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
    assert_eq!((&shown["problems"][0]["code"], &shown["problems"][0]["pointer"]), (&json!("out_of_stock"), &json!("/lines/1")));
    assert_eq!((&shown["lines"][0]["available"], &shown["lines"][1]["available"]), (&json!(true), &json!(false)));
    let refused = cart.place("collection").await.problem(409, "out_of_stock");
    assert_eq!(refused["lines"].as_array().unwrap().len(), 1);
    assert_eq!(refused["lines"][0]["pointer"], "/lines/1");
    assert_eq!(app.stock("mozzarella"), before);
    let line = shown["lines"][1]["id"].as_str().unwrap();
    let path = format!("/v1/carts/{}/lines/{line}", cart.cart());
    cart.patch(&path, json!({ "quantity": 10 })).await.expect(200);
    cart.place("collection").await.expect(201);
    app.variant_once("truffe", "medium", "out").await;
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_a_second_intent_a_clear_no() {
    let app = TestApp::start().await;
    let cart = app.cart("delivery", &[("reine", "medium", 1)]).await;
    let body = order_body(cart.cart(), "delivery");
    cart.post("/v1/orders", body.clone()).await.problem(400, "idempotency_key_required");
    cart.post_once("/v1/orders", body.clone(), &"x".repeat(256)).await.problem(422, "invalid_request");
    let first = cart.post_once("/v1/orders", body.clone(), "0123456789abcdef").await;
    let again = cart.post_once("/v1/orders", body.clone(), "\"0123456789abcdef\"").await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.text, again.text, "byte for byte");
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed").as_deref()), (None, Some("true")));
    let mut other = body.clone();
    other["note"] = json!("another one");
    cart.post_once("/v1/orders", other, "0123456789abcdef").await.problem(422, "idempotency_mismatch");
    let twice = cart.post_once("/v1/orders", body, "fedcba9876543210").await.problem(409, "cart_already_ordered");
    let order: serde_json::Value = serde_json::from_str(&first.text).unwrap();
    assert_eq!(twice["orderId"], order["id"]);
    let line = json!({ "variantId": app.variant("reine", "small").await["id"] });
    cart.post(&format!("/v1/carts/{}/lines", cart.cart()), line).await.problem(409, "cart_already_ordered");
}

#[tokio::test]
async fn numbers_count_the_orders_of_a_stores_business_day() {
    let app = TestApp::start().await;
    for number in 1..=3 {
        let (_, order) = app.order("collection", &[("reine", "small", 1)]).await;
        assert_eq!(order["number"], format!("PAR-{number}"));
    }
    let counter = app.staff("counter").await;
    let page = counter.get(&format!("/v1/orders?storeId={SHOP}&limit=2")).await.expect(200);
    let numbers: Vec<&str> = page["data"].as_array().unwrap().iter().map(|o| o["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["PAR-3", "PAR-2"]);
    let next = page["nextCursor"].as_str().expect("there is more");
    let rest = counter.get(&format!("/v1/orders?storeId={SHOP}&limit=2&cursor={next}")).await.expect(200);
    assert_eq!((&rest["data"][0]["number"], &rest["nextCursor"]), (&json!("PAR-1"), &json!(null)));
    counter.get(&format!("/v1/orders?storeId={SHOP}&cursor=nonsense")).await.problem(422, "invalid_request");
    counter.get("/v1/orders?storeId=lyon-part-dieu").await.problem(403, "forbidden");
}
