//! Carts in full: halves, combos, options, coupons, times, and what stands in the way.

use domain::selection::ChosenModifier;
use serde_json::{Value, json};

use crate::support::app::{SHOP, order_body};
use crate::support::{Client, TestApp, ledger};

fn lines_of(cart: &Client) -> String {
    format!("/v1/carts/{}/lines", cart.cart())
}

fn path_of(cart: &Client) -> String {
    format!("/v1/carts/{}", cart.cart())
}

fn cents(money: &Value) -> i64 {
    money["amount"].as_i64().unwrap()
}

/// Code and pointer of what stands in the way.
fn problems(cart: &Value) -> Vec<(&str, &str)> {
    let problems = cart["problems"].as_array().unwrap().iter();
    problems.map(|problem| (problem["code"].as_str().unwrap(), problem["pointer"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn two_halves_cost_what_the_dearer_costs_and_take_half_of_each() {
    let app = TestApp::start().await;
    let (reine, royale) = (app.variant("reine", "medium").await, app.variant("margherita", "medium").await);
    let mozzarella = app.modifier("reine", "Mozzarella").await;
    let before = (app.stock("mozzarella").1, app.stock("ham").1);
    let cart = app.cart("collection", &[]).await;
    let line = json!({
        "variantId": royale["id"], "secondVariantId": reine["id"], "quantity": 2,
        "modifiers": [{ "modifierId": mozzarella, "portion": "second_half" }],
    });
    let shown = cart.post(&lines_of(&cart), line).await.expect(201);
    let line = &shown["lines"][0];
    assert_eq!((&line["name"], &line["secondName"]), (&json!("Margherita"), &json!("Reine")));
    // The dearer half, 11.90, and half of the 1.50 that the extra costs on the whole.
    assert_eq!((cents(&line["unitPrice"]), cents(&line["total"])), (1190, 2 * (1190 + 75)));
    let order = cart.place("collection").await.expect(201);
    // Half of 145 g, half of 115 g, half of the extra's 60 g, twice.
    assert_eq!(app.stock("mozzarella").1 - before.0, 2 * (72_500 + 57_500 + 30_000));
    let reine = recipe_of(&app, "reine", "ham").await;
    assert_eq!(app.stock("ham").1 - before.1, reine, "twice the half of what a whole one takes");
    let cook = app.staff("cook").await;
    cook.command(&order, "accept").await.expect(200);
    let ticket = app.ticket(&cook, &order).await.unwrap();
    assert_eq!((&ticket["items"][0]["name"], &ticket["items"][0]["secondName"]), (&json!("Margherita"), &json!("Reine")));
    assert!(
        ticket["items"][0]["modifiers"]
            .as_array()
            .unwrap()
            .contains(&json!({ "kind": "extra", "text": "½ Reine: 1 × Mozzarella" })),
        "{ticket}"
    );
    ledger::assert_clean(&mut app.connect());
}

/// Thousandths of an ingredient in a medium one, as the cooks read it.
async fn recipe_of(app: &TestApp, product: &str, ingredient: &str) -> i64 {
    let id = app.product(product).await["id"].as_str().unwrap().to_owned();
    let cook = app.staff("cook").await.in_language("en");
    let recipe = cook.get(&format!("/v1/products/{id}/recipe")).await.expect(200);
    let medium = recipe["sizes"].as_array().unwrap().iter().find(|size| size["sizeCode"] == "medium").unwrap().clone();
    let stock = cook.get(&format!("/v1/stores/{SHOP}/stock")).await.expect(200);
    let level = stock["data"].as_array().unwrap().iter().find(|level| level["slug"] == ingredient).unwrap().clone();
    let mut lines = medium["ingredients"].as_array().unwrap().iter();
    let line = lines.find(|line| line["ingredientId"] == level["ingredientId"]).unwrap();
    (line["quantity"].as_f64().unwrap() * 1000.0).round() as i64
}

#[tokio::test]
async fn halves_have_rules() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[]).await;
    let reine = app.variant("reine", "medium").await["id"].clone();
    let mozzarella = app.modifier("reine", "Mozzarella").await;
    let (large, cola) =
        (app.variant("royale", "large").await["id"].clone(), app.variant("soda-orange", "regular").await["id"].clone());
    for (line, pointer, code) in [
        (json!({ "variantId": reine, "secondVariantId": large }), "/secondVariantId", "not_the_same_size"),
        (json!({ "variantId": reine, "secondVariantId": cola }), "/secondVariantId", "not_offered"),
        (json!({ "variantId": cola, "secondVariantId": cola }), "/secondVariantId", "not_offered"),
        (
            json!({ "variantId": reine, "modifiers": [{ "modifierId": mozzarella, "portion": "first_half" }] }),
            "/modifiers/0/portion",
            "not_offered",
        ),
        (json!({ "variantId": reine, "components": [{ "slotId": reine, "variantId": cola }] }), "/components", "not_offered"),
    ] {
        let refused = cart.post(&lines_of(&cart), line.clone()).await.problem(422, "invalid_request");
        let part = &refused["errors"][0];
        assert_eq!((part["pointer"].as_str().unwrap(), part["code"].as_str().unwrap()), (pointer, code), "{line}");
    }
}

#[tokio::test]
async fn the_default_of_a_choice_is_taken_and_what_is_left_out_stays_on_the_shelf() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[]).await;
    let variant = app.variant("reine", "medium").await["id"].clone();
    let without = app.modifier("reine", "Sans champignons").await;
    let line = json!({ "variantId": variant, "modifiers": [{ "modifierId": without }] });
    let shown = cart.post(&lines_of(&cart), line).await.expect(201);
    let kinds: Vec<&str> =
        shown["lines"][0]["modifiers"].as_array().unwrap().iter().map(|modifier| modifier["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["remove", "choice"]);
    assert_eq!(cents(&shown["totals"]["total"]), 1190);
    let before = app.stock("mushroom").1;
    cart.place("collection").await.expect(201);
    assert_eq!(app.stock("mushroom").1, before, "nobody reserves what is left out");
    let margherita = app.variant("margherita", "medium").await["id"].clone();
    let refused = app.cart("collection", &[]).await;
    let line = json!({ "variantId": margherita, "modifiers": [{ "modifierId": without }] });
    let refused = refused.post(&lines_of(&refused), line).await.problem(422, "invalid_request");
    assert_eq!(refused["errors"][0]["code"], "not_offered", "there are no mushrooms on it");
}

/// A component for each place of the slots: the variant of that product in them.
fn components(combo: &Value, products: &[&Value]) -> Value {
    let slots = combo["slots"].as_array().unwrap();
    let of = |product: &&Value| {
        let slot = slots.iter().find_map(|slot| {
            let variant = slot["variants"].as_array().unwrap().iter().find(|v| v["productId"] == product["id"])?;
            Some(json!({ "slotId": slot["id"], "variantId": variant["variantId"] }))
        });
        slot.expect("a slot that offers it")
    };
    products.iter().map(of).collect()
}

#[tokio::test]
async fn a_combo_has_one_price_and_the_rates_of_its_parts() {
    let app = TestApp::start().await;
    let (combo, reine, soda) =
        (app.product("formule-enfant").await, app.product("reine").await, app.product("soda-orange").await);
    let cart = app.cart("collection", &[]).await;
    let chosen = components(&combo, &[&reine, &soda]);
    let line = json!({ "variantId": combo["variants"][0]["id"], "quantity": 3, "components": chosen });
    let shown = cart.post(&lines_of(&cart), line.clone()).await.expect(201);
    assert_eq!(cents(&shown["totals"]["total"]), 3 * 990);
    let small = cents(&reine["variants"][0]["price"]);
    let drink = cents(&soda["variants"][0]["price"]);
    // 9.90 in proportion to what both cost alone, largest remainder, for each of the three.
    let (food, rest) = (990 * small / (small + drink), 990 * small % (small + drink));
    let food = 3 * if rest * 2 >= small + drink { food + 1 } else { food };
    let by_rate: Vec<(i64, i64)> = shown["totals"]["taxes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tax| (tax["rateBasisPoints"].as_i64().unwrap(), cents(&tax["base"]) + cents(&tax["tax"])))
        .collect();
    assert_eq!(by_rate, [(550, 2970 - food), (1000, food)]);
    let few = json!({ "variantId": combo["variants"][0]["id"], "components": [chosen[0]] });
    let refused = cart.post(&lines_of(&cart), few).await.problem(422, "invalid_request");
    assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/components"), &json!("too_few")));
    let before = app.stock("mozzarella").1;
    let order = cart.place("collection").await.expect(201);
    assert!(app.stock("mozzarella").1 > before);
    let names: Vec<&str> =
        order["lines"][0]["components"].as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Reine", soda["name"].as_str().unwrap()]);
    assert_eq!(order["lines"][0]["taxes"].as_array().unwrap().len(), 2);
    let cook = app.staff("cook").await;
    cook.command(&order, "accept").await.expect(200);
    let ticket = app.ticket(&cook, &order).await.unwrap();
    assert_eq!((ticket["items"].as_array().unwrap().len(), &ticket["items"][0]["components"][0]["name"]), (3, &json!("Reine")));
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn a_dry_run_says_what_a_cart_would_say() {
    let app = TestApp::start().await;
    let variant = app.variant("reine", "medium").await["id"].clone();
    let address = json!({ "line1": "1 rue X", "postcode": "75011", "city": "Paris", "latitude": 48.8532, "longitude": 2.3765 });
    let tip = json!({ "amount": 200, "currency": "EUR" });
    let cart = app.cart("delivery", &[("reine", "medium", 2)]).await;
    let body = json!({ "address": address, "tip": tip });
    cart.patch(&path_of(&cart), body).await.expect(200);
    let shown = cart.post(&format!("{}/coupons", path_of(&cart)), json!({ "code": "livraison" })).await.expect(200);
    let dry = json!({ "storeId": SHOP, "serviceType": "delivery", "lines": [{ "variantId": variant, "quantity": 2 }],
        "address": address, "tip": tip, "coupons": ["LIVRAISON"] });
    let priced = app.anybody().post("/v1/orders/price", dry.clone()).await.expect(200);
    assert_eq!((&priced["totals"], &priced["problems"], &priced["coupons"]), (&shown["totals"], &json!([]), &shown["coupons"]));
    // 23.80, delivered for nothing thanks to the coupon, 2.00 for the staff, on which there is no VAT.
    assert_eq!((cents(&priced["totals"]["total"]), cents(&priced["totals"]["discount"])), (2580, 250));
    assert_eq!(cents(&priced["totals"]["taxes"][0]["base"]) + cents(&priced["totals"]["tax"]), 2380);
    let mut wrong = dry;
    wrong["lines"][0]["modifiers"] = json!([{ "modifierId": variant }]);
    let refused = app.anybody().post("/v1/orders/price", wrong).await.problem(422, "invalid_request");
    assert_eq!(refused["errors"][0]["pointer"], "/lines/0/modifiers/0/modifierId");
    let order = cart.place("delivery").await.expect(201);
    assert_eq!(order["totals"], shown["totals"]);
    let guest = Client { tracking_token: Some(order["trackingToken"].as_str().unwrap().to_owned()), ..app.anybody() };
    app.sql("update products set name = '{\"fr\": \"Autre\", \"en\": \"Other\"}'");
    let receipt = guest.get(&format!("/v1/orders/{}/receipt", order["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(
        (&receipt["totals"], &receipt["lines"], &receipt["number"]),
        (&order["totals"], &order["lines"], &order["number"])
    );
    let cook = app.staff("cook").await;
    cook.get(&format!("/v1/orders/{}/receipt", order["id"].as_str().unwrap())).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_changed_price_is_told_and_agreed_to() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[("reine", "medium", 2), ("margherita", "small", 1)]).await;
    app.sql("update variants set price_cents = 1290 where price_cents = 1190");
    let shown = cart.get(&path_of(&cart)).await.expect(200);
    assert_eq!(problems(&shown), [("price_changed", "/lines/0")]);
    let detail = shown["problems"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("12.90") && detail.contains("11.90"), "{detail}");
    let refused = cart.place("collection").await.problem(409, "price_changed");
    assert_eq!(refused["lines"][0]["pointer"], "/lines/0");
    let agreed = cart.post(&format!("{}/price", path_of(&cart)), json!({})).await.expect(200);
    assert_eq!(problems(&agreed), [("", ""); 0]);
    cart.place("collection").await.expect(201);
}

#[tokio::test]
async fn alcohol_is_for_those_of_age() {
    let app = TestApp::start().await;
    let menu = app.anybody().get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
    let drinks = menu["categories"][2]["products"].as_array().unwrap();
    let beer = drinks.iter().find(|product| product["ageRestricted"] == true).expect("a beer");
    let cart = app.cart("collection", &[("reine", "small", 1)]).await;
    cart.post(&lines_of(&cart), json!({ "variantId": beer["variants"][0]["id"] })).await.expect(201);
    let shown = cart.get(&path_of(&cart)).await.expect(200);
    assert_eq!(problems(&shown), [("age_confirmation_required", "/lines/1")]);
    cart.place("collection").await.problem(409, "age_confirmation_required");
    let confirmed = cart.patch(&path_of(&cart), json!({ "ageConfirmed": true })).await.expect(200);
    assert_eq!(problems(&confirmed), [("", ""); 0]);
    cart.place("collection").await.expect(201);
}

#[tokio::test]
async fn a_cart_follows_its_owner_from_one_device_to_another() {
    let app = TestApp::start().await;
    let phone = app.cart("delivery", &[("reine", "medium", 2), ("margherita", "small", 1)]).await;
    let customer = app.login("customer").await;
    let claimed = Client { bearer: customer.bearer.clone(), ..phone.clone() };
    let merge = |client: &Client| format!("{}/merge", path_of(client));
    phone.post(&merge(&phone), json!({})).await.problem(401, "unauthenticated");
    claimed.post(&merge(&claimed), json!({})).await.expect(200);
    let own = customer.get("/v1/me/cart").await.expect(200);
    assert_eq!(own["id"], phone.cart_id.as_deref().unwrap());
    // On the other device somebody begins before logging in.
    let laptop = app.cart("collection", &[("reine", "medium", 1), ("truffe", "small", 1)]).await;
    let laptop = Client { bearer: customer.bearer.clone(), ..laptop };
    let merged = laptop.post(&merge(&laptop), json!({})).await.expect(200);
    let lines = merged["lines"].as_array().unwrap().iter();
    let lines: Vec<(&str, i64)> = lines.map(|l| (l["name"].as_str().unwrap(), l["quantity"].as_i64().unwrap())).collect();
    assert_eq!(lines, [("Reine", 3), ("Truffe", 1), ("Margherita", 1)]);
    assert_eq!(merged["serviceType"], "collection");
    assert_eq!(laptop.post(&merge(&laptop), json!({})).await.expect(200)["version"], merged["version"], "again changes nothing");
    phone.get(&path_of(&phone)).await.problem(404, "not_found");
    assert_eq!(customer.get("/v1/me/cart").await.expect(200)["id"], merged["id"]);
    // Somebody else, who has got hold of the token, does not take it away.
    let stranger = app.login("counter.lyon-part-dieu").await;
    let thief = Client { bearer: stranger.bearer, ..laptop.clone() };
    thief.post(&merge(&thief), json!({})).await.problem(404, "not_found");
    laptop.delete(&path_of(&laptop)).await.expect(204);
    customer.get("/v1/me/cart").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_cart_changes_only_as_it_was_read() {
    let app = TestApp::start().await;
    let cart = app.cart("delivery", &[("reine", "small", 1)]).await;
    let etag = cart.get(&path_of(&cart)).await.header("etag").expect("an ETag");
    let patch = |tag: &str| {
        let request = cart.request(reqwest::Method::PATCH, &path_of(&cart)).header("if-match", tag);
        cart.send(request.json(&json!({ "note": "3e étage 🛎️" })))
    };
    let changed = patch(&etag).await;
    assert_eq!(changed.header("etag").as_deref(), Some("\"3\""));
    let conflict = patch(&etag).await.problem(412, "version_conflict");
    assert_eq!(conflict["currentVersion"], 3);
    patch("\"nonsense\"").await.problem(422, "invalid_request");
    let moved =
        cart.patch(&path_of(&cart), json!({ "storeId": "lyon-part-dieu", "serviceType": "collection" })).await.expect(200);
    assert_eq!((&moved["serviceType"], &moved["note"]), (&json!("collection"), &json!("3e étage 🛎️")));
    for (body, pointer, code) in [
        (json!({ "storeId": "nowhere" }), "/storeId", "not_found"),
        (json!({ "tip": { "amount": 100_001, "currency": "EUR" } }), "/tip/amount", "too_large"),
        (json!({ "tip": { "amount": -1, "currency": "EUR" } }), "/tip/amount", "too_small"),
        (json!({ "note": "x".repeat(10_000) }), "/note", "too_long"),
        (json!({ "requestedAt": "2020-01-01T00:00:00Z" }), "/requestedAt", "not_within_a_week"),
        (
            json!({ "address": { "line1": "a", "postcode": "75011", "city": "b", "latitude": 1 } }),
            "/address/longitude",
            "required",
        ),
    ] {
        let refused = cart.patch(&path_of(&cart), body.clone()).await.problem(422, "invalid_request");
        let part = &refused["errors"][0];
        assert_eq!((part["pointer"].as_str().unwrap(), part["code"].as_str().unwrap()), (pointer, code), "{body:.80}");
    }
}

#[tokio::test]
async fn an_order_for_later_is_promised_for_then() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[("reine", "small", 1)]).await;
    let tomorrow = ocpizza::clock::now() + chrono::TimeDelta::hours(26);
    let shown = cart.patch(&path_of(&cart), json!({ "requestedAt": tomorrow })).await.expect(200);
    assert_eq!(problems(&shown), [("", ""); 0]);
    let order = cart.place("collection").await.expect(201);
    assert_eq!((&order["requestedAt"], &order["promisedAt"]), (&json!(tomorrow), &json!(tomorrow)));
    let accepted = app.staff("counter").await.command(&order, "accept").await.expect(200);
    assert_eq!(accepted["promisedAt"], json!(tomorrow));
    let late = app.cart("collection", &[("reine", "small", 1)]).await;
    late.patch(&path_of(&late), json!({ "requestedAt": tomorrow })).await.expect(200);
    app.sql("update carts set requested_at = now() - interval '1 hour'");
    assert_eq!(problems(&late.get(&path_of(&late)).await.expect(200)), [("requested_time_passed", "/requestedAt")]);
    late.place("collection").await.problem(409, "requested_time_passed");
}

#[tokio::test]
async fn what_is_sold_at_lunch_is_not_sold_at_night() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[("reine", "small", 1)]).await;
    // Open for one minute a week, not now.
    app.sql(
        "update categories set windows = jsonb_build_array(jsonb_build_object('weekdays', jsonb_build_array(
           trim(to_char((now() at time zone 'Europe/Paris') + interval '2 days', 'day'))), 'opens', '12:00', 'closes', '12:01'))
         where slug = 'pizzas'",
    );
    let shown = cart.get(&path_of(&cart)).await.expect(200);
    assert_eq!(problems(&shown), [("not_served_now", "/lines/0")]);
    assert_eq!(shown["lines"][0]["available"], false);
    cart.place("collection").await.problem(409, "not_served_now");
}

#[tokio::test]
async fn the_staff_orders_for_those_who_call() {
    let app = TestApp::start().await;
    let new = json!({ "storeId": SHOP, "serviceType": "delivery", "channel": "phone" });
    let customer = app.login("customer").await;
    let refused = customer.post("/v1/carts", new.clone()).await.problem(422, "invalid_request");
    assert_eq!(refused["errors"][0]["pointer"], "/channel");
    let counter = app.staff("counter").await;
    let cart = counter.post("/v1/carts", new).await.expect(201);
    let counter = Client {
        cart_token: Some(cart["token"].as_str().unwrap().to_owned()),
        cart_id: Some(cart["id"].as_str().unwrap().to_owned()),
        ..counter
    };
    let variant = app.variant("reine", "small").await["id"].clone();
    counter.post(&lines_of(&counter), json!({ "variantId": variant })).await.expect(201);
    let order = counter.place("delivery").await.expect(201);
    assert_eq!(order["channel"], "phone");
    let mine = counter.get("/v1/me/orders").await.expect(200);
    assert_eq!(mine["data"], json!([]), "who takes an order is not its customer");
}

#[tokio::test]
async fn the_same_twice_is_two_lines_and_a_full_cart_says_so() {
    let app = TestApp::start().await;
    let cart = app.cart("collection", &[("reine", "small", 1), ("reine", "small", 1)]).await;
    assert_eq!(cart.get(&path_of(&cart)).await.expect(200)["lines"].as_array().unwrap().len(), 2);
    let variant = app.variant("margherita", "small").await["id"].clone();
    let many = json!({ "variantId": variant, "quantity": 50 });
    cart.post(&lines_of(&cart), many.clone()).await.expect(201);
    let refused = cart.post(&lines_of(&cart), many).await.problem(422, "invalid_request");
    assert_eq!(refused["errors"][0]["code"], "too_large_in_all");
    for _ in 0..5 {
        let code = json!({ "code": format!("NONE-{}", uuid::Uuid::now_v7().as_u128() % 100_000) });
        cart.post(&format!("{}/coupons", path_of(&cart)), code).await.expect(200);
    }
    let shown =
        cart.post(&format!("{}/coupons", path_of(&cart)), json!({ "code": "SIXTH" })).await.problem(422, "invalid_request");
    assert_eq!(shown["errors"][0]["code"], "too_many");
    cart.post_once("/v1/orders", order_body(cart.cart(), "collection"), "0123456789abcdef").await.problem(409, "coupon_invalid");
    // What is stored of a line is what was sent: the types are one.
    let stored: ChosenModifier = serde_json::from_value(json!({ "modifierId": variant })).expect("the defaults are filled in");
    assert_eq!(stored.quantity, 1);
}
