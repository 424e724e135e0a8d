//! What carts, placements and the menu must agree on when things change in between, found by careful reading.

use diesel::prelude::*;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::app::{SHOP, order_body};
use crate::support::{Client, TestApp, ledger};

fn path_of(cart: &Client) -> String {
    format!("/v1/carts/{}", cart.cart())
}

fn codes(cart: &Value) -> Vec<&str> {
    cart["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

async fn phone_cart(app: &TestApp, counter: &Client) -> Client {
    let cart = json!({ "storeId": SHOP, "serviceType": "collection", "channel": "phone" });
    let cart = counter.post("/v1/carts", cart).await.expect(201);
    let (token, id) = (cart["token"].as_str().unwrap().to_owned(), cart["id"].as_str().unwrap().to_owned());
    let client = Client { cart_token: Some(token), cart_id: Some(id), ..counter.clone() };
    let variant = app.variant("reine", "medium").await["id"].clone();
    client.post(&format!("{}/lines", path_of(&client)), json!({ "variantId": variant })).await.expect(201);
    client
}

#[tokio::test]
async fn who_takes_calls_does_not_use_up_the_offers_of_those_who_call() {
    let app = TestApp::start().await;
    let counter = app.staff("counter").await;
    let mut answers = Vec::new();
    for phone in ["+33639980001", "+33639980002", "+33639980001"] {
        let cart = phone_cart(&app, &counter).await;
        cart.post(&format!("{}/coupons", path_of(&cart)), json!({ "code": "BIENVENUE" })).await.expect(200);
        let mut body = order_body(cart.cart(), "collection");
        body["contact"]["phone"] = json!(phone);
        answers.push(cart.post_once("/v1/orders", body, &uuid::Uuid::now_v7().to_string()).await);
    }
    let last = answers.pop().unwrap().problem(409, "coupon_invalid");
    assert_eq!(last["reason"], "already_used", "the same caller");
    answers.into_iter().for_each(|answer| drop(answer.expect(201)));
    let cart = phone_cart(&app, &counter).await;
    cart.post(&format!("{}/merge", path_of(&cart)), json!({})).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_guest_is_told_before_an_offer_that_was_used_up_is_not_given() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let offer = json!({ "name": { "fr": "Une fois", "en": "Once" }, "kind": "percent", "percentBasisPoints": 1000,
        "needsCoupon": false, "stackable": true, "maximumUsesPerCustomer": 1 });
    manager.post("/v1/promotions", offer).await.expect(201);
    app.cart("collection", &[("reine", "medium", 1)]).await.place("collection").await.expect(201);
    let cart = app.cart("collection", &[("reine", "medium", 1)]).await;
    let shown = cart.get(&path_of(&cart)).await.expect(200);
    assert_eq!((&shown["totals"]["total"]["amount"], codes(&shown)), (&json!(1071), vec![]));
    let changed = cart.place("collection").await.problem(409, "price_changed");
    assert_eq!(changed["total"]["amount"], 1190);
    let mut body = order_body(cart.cart(), "collection");
    body["expectedTotal"] = changed["total"].clone();
    let order = cart.post_once("/v1/orders", body, "0123456789abcdef").await.expect(201);
    let ordered = cart.get(&path_of(&cart)).await.expect(200);
    assert_eq!((&ordered["totals"], codes(&ordered)), (&order["totals"], vec![]), "it costs what was paid");
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn of_two_codes_of_one_promotion_the_good_one_counts() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let offer = json!({ "name": { "fr": "Deux", "en": "Two" }, "kind": "percent", "percentBasisPoints": 1000,
        "needsCoupon": true, "stackable": false });
    let promotion = manager.post("/v1/promotions", offer).await.expect(201);
    for (code, until) in [("OLD-ONE", json!("2026-01-01T00:00:00Z")), ("NEW-ONE", json!(null))] {
        let coupon = json!({ "promotionId": promotion["id"], "code": code, "validUntil": until });
        manager.post("/v1/coupons", coupon).await.expect(201);
    }
    let cart = app.cart("collection", &[("reine", "medium", 1)]).await;
    let coupons = format!("{}/coupons", path_of(&cart));
    cart.post(&coupons, json!({ "code": "OLD-ONE" })).await.expect(200);
    let shown = cart.post(&coupons, json!({ "code": "NEW-ONE" })).await.expect(200);
    assert_eq!(shown["coupons"][0]["reason"], "expired");
    assert_eq!((&shown["coupons"][1]["reason"], &shown["coupons"][1]["discount"]["amount"]), (&json!(null), &json!(119)));
}

#[tokio::test]
async fn coupons_are_not_to_be_guessed() {
    let app = TestApp::start().await;
    let variant = app.variant("reine", "small").await["id"].clone();
    let basket = json!({ "storeId": SHOP, "serviceType": "collection", "lines": [{ "variantId": variant }] });
    let mut guess = basket.clone();
    guess["coupons"] = json!(["GUESS"]);
    app.anybody().post("/v1/orders/price", guess.clone()).await.expect(200);
    app.sql("update login_attempts set attempts = 200 where key in (select key from login_attempts)");
    let refused = app.anybody().post("/v1/orders/price", guess).await;
    assert!(refused.header("retry-after").is_some());
    refused.problem(429, "too_many_requests");
    let cart = app.cart("collection", &[]).await;
    cart.post(&format!("{}/coupons", path_of(&cart)), json!({ "code": "GUESS" })).await.problem(429, "too_many_requests");
    app.anybody().post("/v1/orders/price", basket).await.expect(200);
}

#[tokio::test]
async fn an_order_for_tomorrow_waits_for_the_store_to_open() {
    let app = TestApp::start().await;
    // Open in 20 hours, for four hours.
    app.sql("delete from store_hours");
    app.sql(
        "insert into store_hours
         select s.id, 'collection', extract(isodow from opens)::int, (extract(hour from opens) * 60)::int,
           (extract(hour from opens) * 60)::int + 240
         from stores s, lateral (select date_trunc('hour', (now() at time zone s.time_zone) + interval '20 hours') as opens) o",
    );
    let cart = app.cart("collection", &[("reine", "small", 1)]).await;
    let wanted = ocpizza::clock::now() + chrono::TimeDelta::hours(22);
    cart.patch(&path_of(&cart), json!({ "requestedAt": wanted })).await.expect(200);
    cart.place("collection").await.expect(201);
    let due: chrono::DateTime<chrono::Utc> = schema::jobs::table
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("job ->> 'kind' = 'reject_unaccepted'"))
        .select(schema::jobs::run_at)
        .first(&mut app.connect())
        .expect("the deadline");
    assert!(due > ocpizza::clock::now() + chrono::TimeDelta::hours(19), "not in the middle of the night: {due}");
    assert!(due <= wanted);
}

#[tokio::test]
async fn what_a_manager_takes_away_is_sold_no_more() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let cart = app.cart("collection", &[("panna-cotta", "regular", 1)]).await;
    let categories = manager.get("/v1/categories").await.expect(200);
    let desserts = categories["data"].as_array().unwrap().iter().find(|c| c["slug"] == "desserts").unwrap().clone();
    let path = format!("/v1/categories/{}", desserts["id"].as_str().unwrap());
    let tag = format!("\"{}\"", desserts["version"]);
    manager.send(manager.request(reqwest::Method::DELETE, &path).header("if-match", tag)).await.expect(204);
    assert_eq!(codes(&cart.get(&path_of(&cart)).await.expect(200)), ["product_unavailable"]);
    cart.place("collection").await.problem(409, "product_unavailable");
}

#[tokio::test]
async fn a_choice_that_has_become_compulsory_is_made_and_told() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[]).await;
    app.sql("update modifier_groups set minimum = 0 where slug = 'crusts'");
    let variant = app.variant("reine", "medium").await["id"].clone();
    let line = json!({ "variantId": variant });
    let shown = cart.post(&format!("{}/lines", path_of(&cart)), line).await.expect(201);
    assert_eq!(shown["lines"][0]["modifiers"], json!([]));
    app.sql("update modifier_groups set minimum = 1 where slug = 'crusts'");
    app.sql("update modifier_sizes set price_cents = 50 where modifier_id in (select id from modifiers where is_default)");
    let shown = cart.get(&path_of(&cart)).await.expect(200);
    assert_eq!((shown["lines"][0]["modifiers"].as_array().unwrap().len(), codes(&shown)), (1, vec!["price_changed"]));
    let order = {
        cart.post(&format!("{}/price", path_of(&cart)), json!({})).await.expect(200);
        cart.place("collection").await.expect(201)
    };
    assert_eq!(order["totals"]["total"]["amount"], 1240);
    assert_eq!(order["lines"][0]["modifiers"][0]["kind"], "choice");
}

#[tokio::test(flavor = "multi_thread")]
async fn cooks_who_snooze_the_same_at_once_do_not_stumble() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await;
    let variant = app.variant("reine", "medium").await["id"].clone();
    let path = format!("/v1/stores/{SHOP}/snoozes");
    let body = json!({ "variantId": variant });
    for _ in 0..3 {
        let answers = join_all((0..6).map(|_| cook.post(&path, body.clone()))).await;
        answers.into_iter().for_each(|answer| drop(answer.expect(201)));
    }
    assert_eq!(cook.get(&path).await.expect(200)["data"].as_array().unwrap().len(), 1);
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn a_dry_run_takes_no_absurd_baskets() {
    let app = TestApp::start().await;
    let variant = app.variant("reine", "small").await["id"].clone();
    let line = json!({ "variantId": variant, "quantity": 50 });
    let basket = |change: fn(&mut Value)| {
        let mut basket = json!({ "storeId": SHOP, "serviceType": "collection", "lines": [line] });
        change(&mut basket);
        basket
    };
    for (body, pointer, code) in [
        (basket(|b| b["requestedAt"] = json!("1990-01-01T00:00:00Z")), "/requestedAt", "not_within_a_week"),
        (basket(|b| b["lines"] = json!([b["lines"][0], b["lines"][0], b["lines"][0]])), "/lines", "too_large_in_all"),
        (basket(|b| b["channel"] = json!("phone")), "/channel", "not_offered"),
        (basket(|b| b["storeId"] = json!("nowhere")), "/storeId", "not_found"),
        (basket(|b| b["coupons"] = json!(["abc", "ABC"])), "/coupons/1", "duplicate"),
        (basket(|b| b["coupons"] = json!(["a b"])), "/coupons/0", "invalid_format"),
        (basket(|b| b["coupons"] = json!(vec!["ABC"; 6])), "/coupons", "too_many"),
    ] {
        let refused = app.anybody().post("/v1/orders/price", body).await.problem(422, "invalid_request");
        let part = &refused["errors"][0];
        assert_eq!((part["pointer"].as_str().unwrap(), part["code"].as_str().unwrap()), (pointer, code));
    }
    // However its id is spelt, a store has one menu.
    let id = app.anybody().get(&format!("/v1/stores/{SHOP}")).await.expect(200)["id"].as_str().unwrap().to_owned();
    let etag = |path: String| {
        let client = app.anybody();
        async move { client.get(&path).await.header("etag").expect("an ETag") }
    };
    assert_eq!(etag(format!("/v1/stores/{}/menu", id.to_uppercase())).await, etag(format!("/v1/stores/{SHOP}/menu")).await);
}

#[tokio::test]
async fn a_product_does_not_come_back_with_what_was_archived() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let archive = |path: String, version: Value| {
        let manager = manager.clone();
        let request = manager.request(reqwest::Method::DELETE, &path).header("if-match", format!("\"{version}\""));
        async move { manager.send(request).await.expect(204) }
    };
    let products = manager.get("/v1/products").await.expect(200);
    let truffe = products["data"].as_array().unwrap().iter().find(|p| p["slug"] == "truffe").unwrap().clone();
    let ingredients = manager.get("/v1/ingredients?q=truffle-cream").await.expect(200);
    let cream = ingredients["data"][0].clone();
    let path = format!("/v1/products/{}", truffe["id"].as_str().unwrap());
    archive(path.clone(), truffe["version"].clone()).await;
    archive(format!("/v1/ingredients/{}", cream["id"].as_str().unwrap()), cream["version"].clone()).await;
    let mut body = truffe.clone();
    for own in ["id", "archived", "version"] {
        body.as_object_mut().unwrap().remove(own);
    }
    let request = manager.request(reqwest::Method::PUT, &path).header("if-match", "*").json(&body);
    let refused = manager.send(request).await.problem(422, "invalid_request");
    assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/variants/0"), &json!("archived")));
}

#[tokio::test]
async fn a_coupon_that_is_no_longer_needed_does_not_stop_the_order() {
    let app = TestApp::start().await;
    let cart = app.cart("delivery", &[("reine", "medium", 3)]).await;
    let coupons = format!("{}/coupons", path_of(&cart));
    // Delivery is free from 30 EUR on; and five euros off are worth less than a free pizza.
    cart.post(&coupons, json!({ "code": "LIVRAISON" })).await.expect(200);
    cart.post(&coupons, json!({ "code": "PIZZA5" })).await.expect(200);
    let shown = cart.post(&coupons, json!({ "code": "DUO" })).await.expect(200);
    assert_eq!(codes(&shown), [""; 0]);
    assert_eq!(shown["coupons"][1]["reason"], "not_combinable");
    assert_eq!((&shown["totals"]["deliveryFee"]["amount"], &shown["totals"]["discount"]["amount"]), (&json!(0), &json!(1190)));
    cart.place("delivery").await.expect(201);
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn managers_are_stopped_before_they_stop_the_shop() {
    let app = TestApp::start().await;
    let (manager, admin) = (app.staff("manager").await, app.login("admin").await);
    let option = |slug: &str, default: bool| {
        json!({ "slug": slug, "name": { "fr": "X", "en": "X" }, "kind": "choice", "maximum": 1, "isDefault": default,
            "sizes": [{ "sizeCode": "small", "price": { "amount": 0, "currency": "EUR" }, "ingredients": [] }] })
    };
    let group = |minimum: i32, modifiers: Value| json!({ "slug": "trap", "name": { "fr": "X", "en": "X" }, "minimum": minimum, "maximum": 2, "freeQuantity": 0, "modifiers": modifiers });
    let mut dear = group(0, json!([option("a", false)]));
    dear["modifiers"][0]["sizes"][0]["price"]["amount"] = json!(100_001);
    for (body, pointer, code) in [
        (group(1, json!([])), "/minimum", "too_large"),
        (group(2, json!([option("a", false)])), "/minimum", "too_large"),
        (group(1, json!([option("a", true), option("b", true), option("c", true)])), "/modifiers/2/isDefault", "too_many"),
        (dear, "/modifiers/0/sizes/0/price/amount", "too_large"),
    ] {
        let refused = manager.post("/v1/modifier-groups", body).await.problem(422, "invalid_request");
        let part = &refused["errors"][0];
        assert_eq!((part["pointer"].as_str().unwrap(), part["code"].as_str().unwrap()), (pointer, code));
    }
    let put = |client: &Client, path: &str, body: Value| {
        let client = client.clone();
        let request = client.request(reqwest::Method::PUT, path).json(&body);
        async move { client.send(request).await.problem(422, "invalid_request")["errors"][0]["code"].clone() }
    };
    let halves = json!({ "priceRule": "max", "extrasPercent": 50 });
    assert_eq!(put(&manager, "/v1/portion-policies/combo", halves).await, "not_offered");
    let rate = json!({ "rateBasisPoints": 1200 });
    assert_eq!(put(&admin, "/v1/tax-rates/prepared_food/delivery/2015-01-01", rate).await, "before_today");
    let line = json!({ "name": "Ligne", "polygon": [[2.0, 48.0], [2.1, 48.1], [2.2, 48.2]], "postcodes": [], "position": 9,
        "minimum": { "amount": 0, "currency": "EUR" }, "extraMinutes": 0,
        "tiers": [{ "from": { "amount": 0, "currency": "EUR" }, "fee": { "amount": 0, "currency": "EUR" } }] });
    let refused = manager.post(&format!("/v1/stores/{SHOP}/zones"), line).await.problem(422, "invalid_request");
    assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/polygon"), &json!("no_area")));
}
