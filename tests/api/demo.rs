//! What demo/README.md promises of the demo chain, asked of the service.

use serde_json::{Value, json};

use crate::support::app::SHOP;
use crate::support::{Client, TestApp};

async fn menu(app: &TestApp, store: &str, query: &str) -> Value {
    app.anybody().get(&format!("/v1/stores/{store}/menu?{query}")).await.expect(200)
}

fn product<'a>(menu: &'a Value, slug: &str) -> &'a Value {
    let products = menu["categories"].as_array().unwrap().iter().flat_map(|c| c["products"].as_array().unwrap());
    products.into_iter().find(|product| product["slug"] == slug).expect(slug)
}

fn variant<'a>(menu: &'a Value, slug: &str, size: &str) -> &'a Value {
    product(menu, slug)["variants"].as_array().unwrap().iter().find(|v| v["sizeCode"] == size).expect(size)
}

fn modifier<'a>(menu: &'a Value, slug: &str, name: &str) -> &'a Value {
    let groups = product(menu, slug)["modifierGroups"].as_array().unwrap();
    let mut modifiers = groups.iter().flat_map(|group| group["modifiers"].as_array().unwrap());
    modifiers.find(|modifier| modifier["name"] == name).expect(name)
}

async fn add(cart: &Client, line: Value) -> Value {
    cart.post(&format!("/v1/carts/{}/lines", cart.cart()), line).await.expect(201)
}

/// What fills a slot of a combo.
fn component(menu: &Value, combo: &str, slot: usize, (slug, size): (&str, &str)) -> Value {
    json!({ "slotId": product(menu, combo)["slots"][slot]["id"], "variantId": variant(menu, slug, size)["id"] })
}

#[tokio::test]
async fn a_combo_for_two_has_three_vat_rates_and_a_surcharge() {
    let app = TestApp::start().await;
    let menu = menu(&app, SHOP, "serviceType=collection").await;
    let cart = app.cart("collection", &[]).await;
    let fill = |slot, what| component(&menu, "formule-duo", slot, what);
    let components = [
        fill(0, ("reine", "large")),
        fill(0, ("truffe", "large")),
        fill(1, ("cotes-du-rhone", "regular")),
        fill(2, ("glace-vanille", "regular")),
    ];
    let line = json!({ "variantId": variant(&menu, "formule-duo", "regular")["id"], "components": components });
    let shown = add(&cart, line.clone()).await;
    // 39.90 and 3.50 for the truffle.
    assert_eq!(shown["totals"]["total"]["amount"], 4340);
    let rates = shown["totals"]["taxes"].as_array().unwrap().iter().map(|part| part["rateBasisPoints"].as_i64().unwrap());
    assert_eq!(rates.collect::<Vec<_>>(), [550, 1000, 2000]);
    cart.place("collection").await.problem(409, "age_confirmation_required");
    cart.patch(&format!("/v1/carts/{}", cart.cart()), json!({ "ageConfirmed": true })).await.expect(200);
    cart.place("collection").await.expect(201);
    assert_eq!(app.stock("red-wine-bottle-75cl").1, 1_000);

    let child = app.cart("collection", &[]).await;
    let components = [("margherita", "small"), ("jus-de-pomme", "regular")];
    let components: Vec<Value> =
        (0..).zip(components).map(|(slot, what)| component(&menu, "formule-enfant", slot, what)).collect();
    let line = json!({ "variantId": variant(&menu, "formule-enfant", "regular")["id"], "components": components });
    assert_eq!(add(&child, line).await["totals"]["total"]["amount"], 990);
    child.place("collection").await.expect(201);
}

#[tokio::test]
async fn lunch_is_sold_from_monday_to_friday_at_noon() {
    let app = TestApp::start().await;
    let menu = menu(&app, SHOP, "serviceType=collection").await;
    let lunch = menu["categories"].as_array().unwrap().last().unwrap();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    assert_eq!(
        (&lunch["slug"], &lunch["windows"]),
        (&json!("lunch"), &json!([{ "weekdays": days, "opens": "11:30", "closes": "15:00" }]))
    );
    let cart = app.cart("collection", &[]).await;
    let components = [("reine", "medium"), ("eau-plate", "regular"), ("tiramisu", "regular")];
    let components: Vec<Value> = (0..).zip(components).map(|(slot, what)| component(&menu, "formule-midi", slot, what)).collect();
    let line = json!({ "variantId": variant(&menu, "formule-midi", "regular")["id"], "components": components });
    assert_eq!(add(&cart, line).await["totals"]["total"]["amount"], 1490);
    // Monday at one and at six in Paris, and Sunday at one.
    for (at, problem) in [("2031-01-06T12:00:00Z", false), ("2031-01-06T17:00:00Z", true), ("2031-01-05T12:00:00Z", true)] {
        app.sql(&format!("update carts set requested_at = '{at}'"));
        let shown = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
        let codes: Vec<&str> = shown["problems"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap()).collect();
        assert_eq!(codes.contains(&"not_served_now"), problem, "{at}: {codes:?}");
    }
}

#[tokio::test]
async fn pizzas_have_halves_crusts_and_what_can_be_left_out() {
    let app = TestApp::start().await;
    let menu = menu(&app, SHOP, "serviceType=collection").await;
    let id = |slug: &str| variant(&menu, slug, "medium")["id"].clone();
    let cart = app.cart("collection", &[]).await;
    let plain = add(&cart, json!({ "variantId": id("reine") })).await;
    assert_eq!(plain["lines"][0]["modifiers"][0]["name"], "Bord classique");
    let chosen = ["Bord fourré à la mozzarella", "Sans champignons"];
    let chosen = chosen.map(|name| json!({ "modifierId": modifier(&menu, "reine", name)["id"] }));
    let stuffed = add(&cart, json!({ "variantId": id("reine"), "modifiers": chosen })).await;
    assert_eq!(stuffed["lines"][1]["total"]["amount"], 1440);
    let halves = add(&cart, json!({ "variantId": id("reine"), "secondVariantId": id("truffe") })).await;
    assert_eq!(halves["lines"][2]["total"]["amount"], 1750, "the dearer half");
    for whole in ["calzone", "burratina"] {
        let line = json!({ "variantId": id("reine"), "secondVariantId": id(whole) });
        let refused = cart.post(&format!("/v1/carts/{}/lines", cart.cart()), line).await.problem(422, "invalid_request");
        assert_eq!(refused["errors"][0]["pointer"], "/secondVariantId");
    }
    let leaves_out = |slug: &str| {
        let groups = product(&menu, slug)["modifierGroups"].as_array().unwrap().iter();
        let removes = groups.flat_map(|group| group["modifiers"].as_array().unwrap()).filter(|m| m["kind"] == "remove");
        removes.map(|modifier| modifier["name"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((leaves_out("reine"), leaves_out("margherita")), (vec!["Sans champignons", "Sans jambon"], vec![]));
    let dips = ["Barbecue", "Sauce au bleu"].map(|name| json!({ "modifierId": modifier(&menu, "potatoes", name)["id"] }));
    let side = variant(&menu, "potatoes", "regular");
    let with_dips = add(&cart, json!({ "variantId": side["id"], "modifiers": dips })).await;
    assert_eq!(with_dips["lines"][3]["total"]["amount"], 500, "the first dip costs nothing");
    let known = |slug: &str| product(&menu, slug)["allergens"]["known"].clone();
    assert_eq!((known("diavola"), known("reine")), (json!(false), json!(true)));
}

#[tokio::test]
async fn coupons_take_off_what_they_promise() {
    let app = TestApp::start().await;
    let totals = async |service: &str, lines: &[(&str, &str, u32)], code: &str| {
        let cart = app.cart(service, lines).await;
        app.sql(&format!("update carts set coupons = '{{{code}}}' where id = '{}'", cart.cart()));
        let shown = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
        (shown["totals"]["discount"]["amount"].as_i64().unwrap(), shown["coupons"][0]["reason"].clone())
    };
    let three = [("reine", "medium", 3)];
    for (service, lines, code, discount, reason) in [
        ("collection", &three[..], "BIENVENUE", 357, json!(null)),
        ("collection", &three, "PIZZA5", 500, json!(null)),
        ("collection", &[("reine", "medium", 1)], "PIZZA5", 0, json!("below_minimum")),
        ("collection", &three, "DUO", 1190, json!(null)),
        ("collection", &[("reine", "large", 3)], "DUO", 0, json!("nothing_eligible")),
        ("delivery", &[("reine", "medium", 2)], "LIVRAISON", 250, json!(null)),
        ("collection", &three, "LIVRAISON", 0, json!("not_for_this_service")),
    ] {
        assert_eq!(totals(service, lines, code).await, (discount, reason), "{code} {lines:?}");
    }
    let feast = app.cart("collection", &[("reine", "large", 4), ("tiramisu", "regular", 2)]).await;
    let shown = feast.get(&format!("/v1/carts/{}", feast.cart())).await.expect(200);
    assert_eq!(shown["totals"]["discount"]["amount"], 420, "desserts at half price");
}

#[tokio::test]
async fn zones_and_prices_differ_from_shop_to_shop() {
    let app = TestApp::start().await;
    let fee = async |store: &str, place: Value, pizzas: u32| {
        let cart = app.anybody().post("/v1/carts", json!({ "storeId": store, "serviceType": "delivery" })).await.expect(201);
        let (id, token) = (cart["id"].as_str().unwrap(), cart["token"].as_str().unwrap());
        let client = Client { cart_token: Some(token.to_owned()), cart_id: Some(id.to_owned()), ..app.anybody() };
        let small = app.variant("reine", "small").await["id"].clone();
        add(&client, json!({ "variantId": small, "quantity": pizzas })).await;
        let mut address = json!({ "line1": "1 place de la Mairie", "postcode": "00000", "city": "Ville" });
        address.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        let shown = client.patch(&format!("/v1/carts/{id}"), json!({ "address": address })).await.expect(200);
        let codes = shown["problems"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap().to_owned());
        (shown["totals"]["deliveryFee"]["amount"].as_i64().unwrap(), codes.collect::<Vec<_>>())
    };
    let at = |latitude: f64, longitude: f64| json!({ "latitude": latitude, "longitude": longitude });
    let postcode = |code: &str| json!({ "postcode": code });
    for (store, place, pizzas, expected, problem) in [
        (SHOP, at(48.8532, 2.3765), 1, 250, None),
        (SHOP, at(48.8532, 2.3765), 4, 0, None),
        (SHOP, at(48.8800, 2.3717), 2, 390, None),
        (SHOP, at(48.8800, 2.3717), 1, 390, Some("below_minimum")),
        (SHOP, postcode("75011"), 1, 250, None),
        ("lyon-part-dieu", at(45.765, 4.92), 3, 490, None),
        ("lyon-part-dieu", at(45.765, 4.92), 4, 290, None),
        ("lyon-part-dieu", at(45.765, 4.95), 4, 0, Some("outside_zone")),
        ("grenoble-gare", postcode("38000"), 1, 200, None),
        ("grenoble-gare", postcode("38100"), 2, 340, None),
        ("grenoble-gare", postcode("75011"), 2, 0, Some("outside_zone")),
    ] {
        let (found, codes) = fee(store, place.clone(), pizzas).await;
        assert_eq!(codes, problem.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{store} {place} {pizzas}");
        assert!(problem == Some("outside_zone") || found == expected, "{store} {place} {pizzas}: {found}");
    }
    for (store, query, slug, size, price) in [
        (SHOP, "serviceType=collection", "cola-a-partager", "regular", 390),
        (SHOP, "serviceType=delivery", "cola-a-partager", "regular", 420),
        ("lille-centre", "serviceType=delivery", "chti", "medium", 1290),
        ("lille-centre", "channel=partner", "savoyarde", "medium", 1590),
    ] {
        let menu = menu(&app, store, query).await;
        assert_eq!(variant(&menu, slug, size)["price"]["amount"], price, "{store} {query} {slug}");
    }
}
