//! Delivery zones: as managers keep them, as customers ask about them, and what they make of a cart.

use serde_json::{Value, json};

use crate::prices::{NOBODY, archive, euros, fault, is, put};
use crate::support::app::SHOP;
use crate::support::{Client, TestApp};

/// 350 m to the east of the shop, 1.2 km to the north, and in Lyon.
const NEAR: [f64; 2] = [48.8543, 2.3765];
const NORTH: [f64; 2] = [48.8650, 2.3717];
const LYON: [f64; 2] = [45.7606, 4.8591];

fn zones() -> String {
    format!("/v1/stores/{SHOP}/zones")
}

fn path_of(zone: &Value) -> String {
    format!("{}/{}", zones(), zone["id"].as_str().unwrap())
}

fn circle(name: &str, metres: i32, position: i32) -> Value {
    json!({
        "name": name, "radiusMetres": metres, "position": position, "minimum": euros(1500),
        "tiers": [{ "from": euros(0), "fee": euros(300) }, { "from": euros(2000), "fee": euros(100) }, { "from": euros(4000), "fee": euros(0) }],
    })
}

/// A manager of the shop, which delivers nowhere until they say so.
async fn manager_without_zones(app: &TestApp) -> Client {
    let manager = app.staff("manager").await;
    for zone in app.anybody().get(&zones()).await.expect(200)["data"].as_array().unwrap() {
        let version = manager.get(&path_of(zone)).await.expect(200)["version"].as_i64().unwrap();
        archive(&manager, &path_of(zone), version).await.expect(204);
    }
    manager
}

async fn quote(app: &TestApp, place: Option<[f64; 2]>, postcode: &str) -> Value {
    let mut body = json!({ "postcode": postcode });
    if let Some([latitude, longitude]) = place {
        body["latitude"] = json!(latitude);
        body["longitude"] = json!(longitude);
    }
    app.anybody().post(&format!("/v1/stores/{SHOP}/delivery-quote"), body).await.expect(200)
}

#[tokio::test]
async fn managers_keep_the_zones_of_their_store() {
    let app = TestApp::start().await;
    let (manager, lyon) = (manager_without_zones(&app).await, app.login("manager.lyon-part-dieu").await);
    assert_eq!(app.anybody().get(&zones()).await.expect(200)["data"], json!([]));
    let made = manager.post(&zones(), circle("Bastille", 1000, 1)).await;
    let location = made.header("location").expect("where it is");
    let zone = made.expect(201);
    assert_eq!((&zone["version"], &zone["archived"], &zone["postcodes"]), (&json!(1), &json!(false), &json!([])));
    assert_eq!(manager.get(&location).await.expect(200), zone);
    let shown = app.anybody().get(&zones()).await.expect(200)["data"][0].clone();
    assert_eq!((&shown["id"], &shown["tiers"], &shown["polygon"]), (&zone["id"], &zone["tiers"], &Value::Null));
    assert_eq!(shown.get("version"), None);

    let path = path_of(&zone);
    let mut square = circle("Carré", 1, 0);
    square.as_object_mut().unwrap().remove("radiusMetres");
    square["polygon"] = json!([[2.37, 48.85], [2.38, 48.85], [2.38, 48.86], [2, 48.86]]);
    square["postcodes"] = json!(["75011", "75012"]);
    square["extraMinutes"] = json!(10);
    let changed = put(&manager, &path, 1, &square).await.expect(200);
    assert_eq!((&changed["polygon"][0], &changed["radiusMetres"]), (&json!([2.37, 48.85]), &Value::Null));
    put(&manager, &path, 1, &square).await.problem(412, "version_conflict");
    let shown = app.anybody().get(&zones()).await.expect(200)["data"][0].clone();
    assert_eq!((&shown["polygon"], &shown["extraMinutes"]), (&changed["polygon"], &json!(10)));

    let elsewhere = path.replace(SHOP, "lyon-part-dieu");
    lyon.get(&elsewhere).await.problem(404, "not_found");
    put(&lyon, &elsewhere, 2, &square).await.problem(404, "not_found");
    archive(&lyon, &elsewhere, 2).await.problem(404, "not_found");
    lyon.get(&path).await.problem(403, "forbidden");
    lyon.post(&zones(), square.clone()).await.problem(403, "forbidden");
    put(&lyon, &path, 2, &square).await.problem(403, "forbidden");
    archive(&manager, &path, 2).await.expect(204);
    assert_eq!(app.anybody().get(&zones()).await.expect(200)["data"], json!([]));
    assert_eq!(put(&manager, &path, 3, &square).await.expect(200)["archived"], false);
    manager.get(&format!("{}/{NOBODY}", zones())).await.problem(404, "not_found");
    manager.get(&format!("{}/x", zones())).await.problem(404, "not_found");
}

#[tokio::test]
async fn zones_of_no_shape_are_refused() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let triangle = json!([[0, 0], [1, 0], [1, 1]]);
    let tier = |from: i64| json!({ "from": euros(from), "fee": euros(0) });
    for (change, pointer, code) in [
        (json!({ "radiusMetres": null }), "/radiusMetres", "required"),
        (json!({ "polygon": triangle }), "/polygon", "only_one_of"),
        (json!({ "radiusMetres": 0 }), "/radiusMetres", "too_small"),
        (json!({ "radiusMetres": 100_001 }), "/radiusMetres", "too_large"),
        (json!({ "radiusMetres": null, "polygon": [[0, 0], [1, 0]] }), "/polygon", "too_few"),
        (json!({ "radiusMetres": null, "polygon": vec![json!([0, 0]); 201] }), "/polygon", "too_many"),
        (json!({ "radiusMetres": null, "polygon": [[0, 0], [1, 0], [1, 91]] }), "/polygon/2/1", "out_of_range"),
        (json!({ "radiusMetres": null, "polygon": [[0, 0], [-180.5, 0], [1, 1]] }), "/polygon/1/0", "out_of_range"),
        (json!({ "radiusMetres": null, "polygon": [[0, 0], [1, 0, 2], [1, 1]] }), "/polygon/1", "too_many"),
        (json!({ "postcodes": ["75011", "7501"] }), "/postcodes/1", "invalid_format"),
        (json!({ "postcodes": ["75011", "75011"] }), "/postcodes/1", "duplicate"),
        (json!({ "postcodes": vec!["75011"; 501] }), "/postcodes", "too_many"),
        (json!({ "tiers": [] }), "/tiers", "too_few"),
        (json!({ "tiers": vec![tier(0); 21] }), "/tiers", "too_many"),
        (json!({ "tiers": [tier(1)] }), "/tiers/0/from/amount", "too_large"),
        (json!({ "tiers": [tier(0), tier(500), tier(500)] }), "/tiers/2/from/amount", "too_small"),
        (json!({ "extraMinutes": 241 }), "/extraMinutes", "too_large"),
        (json!({ "name": " " }), "/name", "invalid_format"),
        (json!({ "minimum": euros(-1) }), "/minimum/amount", "too_small"),
        (json!({ "city": "Paris" }), "/city", "unknown_field"),
    ] {
        let mut body = circle("Bastille", 1000, 0);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(fault(manager.post(&zones(), body).await), is(pointer, code), "{change}");
    }
}

#[tokio::test]
async fn anybody_may_ask_how_far_a_store_goes() {
    let app = TestApp::start().await;
    let manager = manager_without_zones(&app).await;
    let nowhere = quote(&app, Some(NEAR), "75011").await;
    assert_eq!((&nowhere["deliverable"], nowhere.get("zone")), (&json!(false), None));
    let mut outer = circle("Loin", 3000, 2);
    outer["extraMinutes"] = json!(20);
    let outer = manager.post(&zones(), outer).await.expect(201);
    let inner = manager.post(&zones(), circle("Près", 1000, 1)).await.expect(201);

    let near = quote(&app, Some(NEAR), "75011").await;
    assert_eq!(near["zone"], json!({ "id": inner["id"], "name": "Près" }));
    assert_eq!((&near["minimum"], &near["tiers"]), (&inner["minimum"], &inner["tiers"]));
    assert!((300..400).contains(&near["distanceMetres"].as_i64().unwrap()));
    let north = quote(&app, Some(NORTH), "75011").await;
    assert_eq!(north["zone"]["id"], outer["id"]);
    assert_eq!(north["minutes"].as_i64().unwrap() - near["minutes"].as_i64().unwrap(), 20);
    let lyon = quote(&app, Some(LYON), "75011").await;
    assert_eq!((&lyon["deliverable"], lyon.get("tiers"), lyon.get("minutes")), (&json!(false), None, None));
    assert!(lyon["distanceMetres"].as_i64().unwrap() > 380_000);
    let perhaps = quote(&app, None, "75012").await;
    assert_eq!((&perhaps["zone"]["id"], perhaps.get("distanceMetres")), (&inner["id"], None));

    let mut listed = circle("Loin", 3000, 2);
    listed["postcodes"] = json!(["75012"]);
    put(&manager, &path_of(&outer), 1, &listed).await.expect(200);
    assert_eq!(quote(&app, None, "75012").await["zone"]["id"], outer["id"]);
    assert_eq!(quote(&app, None, "75011").await["deliverable"], false, "now that postcodes are listed the others are outside");

    let path = format!("/v1/stores/{SHOP}/delivery-quote");
    for (body, pointer, code) in [
        (json!({ "latitude": 48.85, "postcode": "75011" }), "/longitude", "required"),
        (json!({ "longitude": 2.37, "postcode": "75011" }), "/latitude", "required"),
        (json!({ "latitude": 91, "longitude": 2, "postcode": "75011" }), "/latitude", "too_large"),
        (json!({ "latitude": 48.85, "longitude": 2.37 }), "/postcode", "required"),
        (json!({ "postcode": "Paris" }), "/postcode", "invalid_format"),
    ] {
        assert_eq!(fault(app.anybody().post(&path, body).await), is(pointer, code));
    }
    app.anybody().post("/v1/stores/nowhere/delivery-quote", json!({ "postcode": "75011" })).await.problem(404, "not_found");
    app.sql(&format!("update stores set service_types = '{{collection}}' where slug = '{SHOP}'"));
    assert_eq!(quote(&app, Some(NEAR), "75011").await["deliverable"], false, "a store that does not deliver at all");
}

#[tokio::test]
async fn a_cart_pays_what_its_zone_asks() {
    let app = TestApp::start().await;
    let manager = manager_without_zones(&app).await;
    manager.post(&zones(), circle("Bastille", 1000, 0)).await.expect(201);
    let client = app.cart("delivery", &[("reine", "small", 1)]).await;
    let path = format!("/v1/carts/{}", client.cart());
    let at = |[latitude, longitude]: [f64; 2]| {
        let street = json!({ "line1": "12 rue de Charonne", "postcode": "75011", "city": "Paris" });
        let mut address = street.as_object().unwrap().clone();
        address.extend([("latitude".to_owned(), json!(latitude)), ("longitude".to_owned(), json!(longitude))]);
        json!({ "address": address })
    };
    let codes = |cart: &Value| -> Vec<String> {
        cart["problems"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap().to_owned()).collect()
    };
    let near = client.patch(&path, at(NEAR)).await.expect(200);
    assert_eq!(codes(&near), ["below_minimum"]);
    let line = format!("{path}/lines/{}", near["lines"][0]["id"].as_str().unwrap());
    let one = near["lines"][0]["unitPrice"]["amount"].as_i64().unwrap();
    for (quantity, fee) in [(2, 300), (3, 100), (5, 0)] {
        let cart = client.patch(&line, json!({ "quantity": quantity })).await.expect(200);
        let items = one * quantity;
        assert!(codes(&cart).is_empty(), "{items}: {:?}", codes(&cart));
        let totals = (&cart["totals"]["items"]["amount"], &cart["totals"]["deliveryFee"]["amount"]);
        assert_eq!(totals, (&json!(items), &json!(fee)), "the tier that so much reaches");
    }
    assert_eq!(codes(&client.patch(&path, at(NORTH)).await.expect(200)), ["outside_zone"]);
    // This body names no address: that of the cart counts.
    client.place("collection").await.problem(409, "outside_zone");
    assert_eq!(codes(&client.patch(&path, at(NEAR)).await.expect(200)), Vec::<String>::new());
}
