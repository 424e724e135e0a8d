//! The menu, the cart on it, and the stock behind it.

use serde_json::json;

use crate::support::TestApp;
use crate::support::app::SHOP;

#[tokio::test]
async fn the_menu_shows_what_can_be_made_in_the_callers_language() {
    let app = TestApp::start().await;
    let french = app.anybody().get(&format!("/v1/stores/{SHOP}/menu?serviceType=delivery")).await.expect(200);
    let english = app.anybody().in_language("en").get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
    assert_eq!((&french["categories"][2]["name"], &english["categories"][2]["name"]), (&json!("Boissons"), &json!("Drinks")));
    let counts: Vec<usize> =
        french["categories"].as_array().unwrap().iter().map(|c| c["products"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [30, 8, 12, 6, 2, 1]);
    let truffe = app.variant("truffe", "medium").await;
    assert_eq!(
        (&truffe["available"], &truffe["availability"], truffe.get("servingsLeft")),
        (&json!(true), &json!("in_stock"), None)
    );
    let (_, order) = app.order("collection", &[("truffe", "medium", 6)]).await;
    assert_eq!(app.variant_once("truffe", "medium", "low").await["servingsLeft"], 4);
    app.staff("manager").await.command(&order, "cancel").await.expect(200);
    app.variant_once("truffe", "medium", "in_stock").await;
    app.anybody().get("/v1/stores/nowhere/menu").await.problem(404, "not_found");
    app.anybody().get(&format!("/v1/stores/{SHOP}/menu?serviceType=rocket")).await.problem(422, "invalid_request");
}

#[tokio::test]
async fn an_unchanged_menu_costs_no_body() {
    let app = TestApp::start().await;
    let path = format!("/v1/stores/{SHOP}/menu");
    let etag = app.anybody().get(&path).await.header("etag").expect("an ETag");
    let again = app.anybody();
    let request = again.request(reqwest::Method::GET, &path).header("if-none-match", &etag);
    let unchanged = again.send(request).await;
    assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));
    app.order("collection", &[("truffe", "medium", 10)]).await;
    app.variant_once("truffe", "medium", "out").await;
    let request = again.request(reqwest::Method::GET, &path).header("if-none-match", &etag);
    assert_eq!(again.send(request).await.status, 200, "the last truffle is gone");
}

#[tokio::test]
async fn lyon_knows_nothing_of_what_paris_sold() {
    let app = TestApp::start().await;
    let lille = app.anybody().get("/v1/stores/lille-centre/menu").await.expect(200);
    // The lunch is sold at noon only.
    let served = lille["categories"].as_array().unwrap().iter().filter(|c| c["servedNow"] == true);
    let products = served.flat_map(|c| c["products"].as_array().unwrap());
    let out: Vec<&str> = products.filter(|p| p["available"] == false).map(|p| p["slug"].as_str().unwrap()).collect();
    assert_eq!(out, ["norvegienne", "panna-cotta"], "Lille has no salmon");
    assert_eq!(app.variant("norvegienne", "small").await["available"], true);
}

#[tokio::test]
async fn the_server_enforces_the_rules_of_options() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[]).await;
    let lines = format!("/v1/carts/{}/lines", cart.cart());
    let menu = app.anybody().get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
    let reine = &menu["categories"][0]["products"].as_array().unwrap().iter().find(|p| p["slug"] == "reine").unwrap().clone();
    let toppings = &reine["modifierGroups"][0]["modifiers"];
    let medium = &reine["variants"][1]["id"];
    let line = |modifiers| json!({ "variantId": medium, "modifiers": modifiers });
    let good = cart.post(&lines, line(json!([{ "modifierId": toppings[0]["id"], "quantity": 2 }]))).await.expect(201);
    // 11.90 and twice 1.50.
    assert_eq!(good["lines"][0]["total"]["amount"], 1490);
    let many = cart.post(&lines, line(json!([{ "modifierId": toppings[0]["id"], "quantity": 6 }]))).await;
    assert_eq!(many.problem(422, "invalid_request")["errors"][0]["code"], "too_many");
    let twice = json!([{ "modifierId": toppings[0]["id"] }, { "modifierId": toppings[0]["id"] }]);
    assert_eq!(cart.post(&lines, line(twice)).await.problem(422, "invalid_request")["errors"][0]["code"], "duplicate");
    let strange = json!([{ "modifierId": "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50" }]);
    assert_eq!(cart.post(&lines, line(strange)).await.problem(422, "invalid_request")["errors"][0]["code"], "not_offered");
    let cola = app.variant("soda-orange", "regular").await;
    let cola = json!({ "variantId": cola["id"], "modifiers": [{ "modifierId": toppings[0]["id"] }] });
    assert_eq!(cart.post(&lines, cola).await.problem(422, "invalid_request")["errors"][0]["code"], "not_offered");
}

#[tokio::test]
async fn a_cart_takes_no_absurd_lines() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[("reine", "small", 1)]).await;
    let path = format!("/v1/carts/{}/lines", cart.cart());
    let variant = app.variant("reine", "small").await["id"].clone();
    for (line, pointer, code) in [
        (json!({ "variantId": variant, "quantity": 0 }), "/quantity", "too_small"),
        (json!({ "variantId": variant, "quantity": -1 }), "/quantity", "too_small"),
        (json!({ "variantId": variant, "quantity": 1_000_000_000 }), "/quantity", "too_large"),
        (json!({ "variantId": variant, "quantity": 1.5 }), "/quantity", "wrong_type"),
        (json!({ "variantId": variant, "note": "x".repeat(10_000) }), "/note", "too_long"),
        (json!({ "variantId": variant, "note": "a\u{0}b" }), "/note", "invalid_character"),
        (json!({ "variantId": variant, "price": 1 }), "/price", "unknown_field"),
        (json!({ "variantId": "reine" }), "/variantId", "invalid_format"),
        (json!({ "variantId": "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50" }), "/variantId", "not_found"),
        (json!({}), "/variantId", "required"),
    ] {
        let refused = cart.post(&path, line.clone()).await.problem(422, "invalid_request");
        let part = &refused["errors"][0];
        assert_eq!((part["pointer"].as_str().unwrap(), part["code"].as_str().unwrap()), (pointer, code), "{line:.80}");
    }
    let works = json!({ "variantId": variant, "quantity": 2.0, "note": "مرحبا 🍕 «ça»" });
    let cart_now = cart.post(&path, works).await.expect(201);
    assert_eq!(cart_now["lines"][1]["note"], "مرحبا 🍕 «ça»");
    let line = format!("{path}/{}", cart_now["lines"][1]["id"].as_str().unwrap());
    assert_eq!(cart.patch(&line, json!({ "note": null })).await.expect(200)["lines"][1]["note"], json!(null));
    assert_eq!(cart.delete(&line).await.expect(200)["lines"].as_array().unwrap().len(), 1);
    assert_eq!(cart.delete(&line).await.expect(200)["lines"].as_array().unwrap().len(), 1, "again changes nothing");
    cart.patch(&line, json!({ "quantity": 2 })).await.problem(404, "not_found");
}

#[tokio::test]
async fn three_vat_rates_in_one_cart() {
    let app = TestApp::start().await;
    let menu = app.anybody().get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
    let drinks = menu["categories"][2]["products"].as_array().unwrap();
    let beer = drinks.iter().find(|p| p["slug"].as_str().unwrap().contains("biere")).or(drinks.last()).unwrap();
    let cart = app.cart("delivery", &[("reine", "medium", 1), ("soda-orange", "regular", 2)]).await;
    let line = json!({ "variantId": beer["variants"][0]["id"] });
    let cart = cart.post(&format!("/v1/carts/{}/lines", cart.cart()), line).await.expect(201);
    let totals = &cart["totals"];
    let rates: Vec<i64> = totals["taxes"].as_array().unwrap().iter().map(|t| t["rateBasisPoints"].as_i64().unwrap()).collect();
    assert_eq!(rates, [550, 1000, 2000]);
    let sum: i64 = totals["taxes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["base"]["amount"].as_i64().unwrap() + t["tax"]["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(sum, totals["total"]["amount"].as_i64().unwrap());
}

#[tokio::test]
async fn a_cook_reads_the_recipe() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await;
    let menu = app.anybody().get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
    let reine = menu["categories"][0]["products"].as_array().unwrap().iter().find(|p| p["slug"] == "reine").unwrap();
    let path = format!("/v1/products/{}/recipe", reine["id"].as_str().unwrap());
    let recipe = cook.get(&path).await.expect(200);
    assert_eq!(recipe["sizes"].as_array().unwrap().len(), 3);
    let english = cook.in_language("en").get(&path).await.expect(200);
    assert_ne!(recipe["steps"], english["steps"]);
    cook.get("/v1/products/018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50/recipe").await.problem(404, "not_found");
}

#[tokio::test]
async fn stores_are_listed_nearest_first() {
    let app = TestApp::start().await;
    let stores = app.anybody().get("/v1/stores?latitude=45.75&longitude=4.85&serviceType=delivery").await.expect(200);
    let slugs: Vec<&str> = stores["data"].as_array().unwrap().iter().map(|s| s["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs, ["lyon-part-dieu", "grenoble-gare", "paris-bastille", "nantes-commerce", "lille-centre"]);
    assert!(stores["data"][0]["distanceMetres"].as_i64().unwrap() < 5_000);
    app.anybody().get("/v1/stores?latitude=45.75").await.problem(422, "invalid_request");
    app.anybody().get("/v1/stores?latitude=NaN&longitude=1").await.problem(422, "invalid_request");
    let store = app.anybody().get("/v1/stores/paris-bastille").await.expect(200);
    let by_id = app.anybody().get(&format!("/v1/stores/{}", store["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(store, by_id);
    assert_eq!(store["openFor"], json!(["delivery", "collection"]));
}

#[tokio::test]
async fn the_shelf_and_its_movements_agree() {
    let app = TestApp::start().await;
    let (_, order) = app.order("collection", &[("reine", "medium", 1)]).await;
    app.cook(&order).await;
    let cook = app.staff("cook").await;
    let stock = cook.get(&format!("/v1/stores/{SHOP}/stock")).await.expect(200);
    let mozzarella = stock["data"].as_array().unwrap().iter().find(|l| l["slug"] == "mozzarella").unwrap();
    assert_eq!(mozzarella["available"], mozzarella["onHand"]);
    let path = format!("/v1/stores/{SHOP}/stock/movements");
    let movements = cook.get(&format!("{path}?limit=20")).await.expect(200);
    let used = movements["data"].as_array().unwrap().iter().find(|m| m["ingredientId"] == mozzarella["ingredientId"]).unwrap();
    assert_eq!((&used["kind"], &used["quantity"], &used["orderId"]), (&json!("consumption"), &json!(-115), &order["id"]));
    let mut seen = 0;
    let mut next = String::new();
    loop {
        let page = cook.get(&format!("{path}?limit=30{next}")).await.expect(200);
        seen += page["data"].as_array().unwrap().len();
        match page["nextCursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, 78 + 6, "an opening count for each ingredient and the six of a Reine");
}
