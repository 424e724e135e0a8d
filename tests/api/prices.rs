//! Prices for some stores and days, VAT rates, halves, delivery zones, and the audit log.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::SHOP;
use crate::support::client::Answer;
use crate::support::{Client, TestApp};

pub const NOBODY: &str = "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50";

pub fn euros(cents: i64) -> Value {
    json!({ "amount": cents, "currency": "EUR" })
}

/// The day that it is in the shop.
fn today() -> NaiveDate {
    domain::hours::local(ocpizza::clock::now(), chrono_tz::Europe::Paris).date()
}

pub async fn put(client: &Client, path: &str, version: i64, body: &Value) -> Answer {
    let request = client.request(Method::PUT, path).header("if-match", format!("\"{version}\""));
    client.send(request.json(body)).await
}

pub async fn set(client: &Client, path: &str, body: Value) -> Answer {
    client.send(client.request(Method::PUT, path).json(&body)).await
}

pub async fn archive(client: &Client, path: &str, version: i64) -> Answer {
    client.send(client.request(Method::DELETE, path).header("if-match", format!("\"{version}\""))).await
}

pub async fn store_id(app: &TestApp, slug: &str) -> Value {
    app.anybody().get(&format!("/v1/stores/{slug}")).await.expect(200)["id"].clone()
}

/// What a small Reine costs on the menu of a store.
async fn on_menu(app: &TestApp, store: &str, service: &str) -> i64 {
    let menu = app.anybody().get(&format!("/v1/stores/{store}/menu?serviceType={service}")).await.expect(200);
    let mut products = menu["categories"].as_array().unwrap().iter().flat_map(|c| c["products"].as_array().unwrap());
    let reine = products.find(|p| p["slug"] == "reine").expect("a Reine");
    reine["variants"].as_array().unwrap().iter().find(|v| v["sizeCode"] == "small").expect("a size")["price"]["amount"]
        .as_i64()
        .unwrap()
}

/// Waits until a small Reine costs this on the menu, which may be a second old.
async fn menu_says(app: &TestApp, store: &str, service: &str, cents: i64) {
    let mut shown = 0;
    for _ in 0..100 {
        shown = on_menu(app, store, service).await;
        if shown == cents {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{store}, {service}: the menu says {shown}, not {cents}");
}

/// A cart of one line that came over a channel.
async fn in_cart(app: &TestApp, service: &str, channel: &str, line: Value) -> Value {
    let body = json!({ "storeId": SHOP, "serviceType": service, "channel": channel });
    let cart = app.anybody().post("/v1/carts", body).await.expect(201);
    let client = Client { cart_token: Some(cart["token"].as_str().unwrap().to_owned()), ..app.anybody() };
    client.post(&format!("/v1/carts/{}/lines", cart["id"].as_str().unwrap()), line).await.expect(201)
}

/// What a small Reine costs in a cart.
async fn price(app: &TestApp, service: &str, channel: &str) -> i64 {
    let line = json!({ "variantId": app.variant("reine", "small").await["id"] });
    in_cart(app, service, channel, line).await["lines"][0]["unitPrice"]["amount"].as_i64().unwrap()
}

/// The first fault of a refused body: pointer and code.
#[track_caller]
pub fn fault(answer: Answer) -> (String, String) {
    let problem = answer.problem(422, "invalid_request");
    let text = |name: &str| problem["errors"][0][name].as_str().unwrap().to_owned();
    (text("pointer"), text("code"))
}

pub fn is(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

async fn other_price(manager: &Client, variant: &Value, cents: i64, holds: Value) -> Value {
    let mut body = holds;
    body["variantId"] = variant.clone();
    body["price"] = euros(cents);
    manager.post("/v1/price-overrides", body).await.expect(201)
}

#[tokio::test]
async fn another_price_holds_only_where_it_says() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let (paris, reine) = (store_id(&app, SHOP).await, app.variant("reine", "small").await["id"].clone());
    let usual = on_menu(&app, SHOP, "delivery").await;
    let there = other_price(&manager, &reine, 500, json!({ "storeId": paris, "serviceType": "delivery" })).await;
    menu_says(&app, SHOP, "delivery", 500).await;
    assert_eq!(on_menu(&app, SHOP, "collection").await, usual, "for another service nothing changes");
    assert_eq!(on_menu(&app, "lyon-part-dieu", "delivery").await, usual, "nor in another store");
    assert_eq!((price(&app, "delivery", "web").await, price(&app, "collection", "web").await), (500, usual));

    other_price(&manager, &reine, 450, json!({ "channel": "app" })).await;
    assert_eq!((price(&app, "collection", "app").await, price(&app, "collection", "web").await), (450, usual));
    assert_eq!(price(&app, "delivery", "app").await, 500, "a store comes before a channel");

    let path = format!("/v1/price-overrides/{}", there["id"].as_str().unwrap());
    archive(&manager, &path, 1).await.expect(204);
    assert_eq!(price(&app, "delivery", "app").await, 450);
    menu_says(&app, SHOP, "delivery", usual).await;
    let archived = manager.get("/v1/price-overrides?archived=true").await.expect(200);
    assert_eq!((&archived["data"][0]["id"], &archived["data"][0]["version"]), (&there["id"], &json!(2)));
    let mut back = there.clone();
    for name in ["id", "archived", "version"] {
        back.as_object_mut().unwrap().remove(name);
    }
    put(&manager, &path, 1, &back).await.problem(412, "version_conflict");
    assert_eq!(put(&manager, &path, 2, &back).await.expect(200)["archived"], false);
    assert_eq!(price(&app, "delivery", "web").await, 500, "written again it is in force again");
}

#[tokio::test]
async fn the_most_particular_price_counts_on_its_days() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let (paris, reine) = (store_id(&app, SHOP).await, app.variant("reine", "small").await["id"].clone());
    let (yesterday, tomorrow) = (today() - Days::new(1), today() + Days::new(1));
    let usual = price(&app, "collection", "web").await;
    for past_or_future in [json!({ "validUntil": yesterday }), json!({ "validFrom": tomorrow, "storeId": paris })] {
        other_price(&manager, &reine, 100, past_or_future).await;
        assert_eq!(price(&app, "collection", "web").await, usual);
    }
    let mut made = Vec::new();
    for (cents, holds) in [
        (610, json!({})),
        (600, json!({})),
        (590, json!({ "validFrom": today(), "validUntil": today() })),
        (580, json!({ "channel": "web" })),
        (570, json!({ "serviceType": "collection" })),
        (560, json!({ "storeId": paris })),
        (550, json!({ "storeId": paris, "channel": "web" })),
    ] {
        made.push(other_price(&manager, &reine, cents, holds).await);
        assert_eq!(price(&app, "collection", "web").await, cents, "the newest or more particular one");
    }
    for (index, counts) in [(6, 560), (5, 570), (4, 580), (3, 590), (2, 600), (1, 610), (0, usual)] {
        archive(&manager, &format!("/v1/price-overrides/{}", made[index]["id"].as_str().unwrap()), 1).await.expect(204);
        assert_eq!(price(&app, "collection", "web").await, counts);
    }
}

#[tokio::test]
async fn an_option_has_another_price_on_one_size() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let menu = app.anybody().get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
    let reine = menu["categories"][0]["products"].as_array().unwrap().iter().find(|p| p["slug"] == "reine").unwrap();
    let topping = &reine["modifierGroups"][0]["modifiers"][0]["id"];
    let body = json!({ "modifierId": topping, "sizeCode": "small", "price": euros(10) });
    manager.post("/v1/price-overrides", body).await.expect(201);
    for (size, cheap) in [("small", true), ("medium", false)] {
        let line = json!({ "variantId": app.variant("reine", size).await["id"], "modifiers": [{ "modifierId": topping }] });
        let cart = in_cart(&app, "collection", "web", line).await;
        assert_eq!(cart["lines"][0]["modifiers"][0]["unitPrice"]["amount"] == 10, cheap, "{size}");
    }
    let none = json!({ "modifierId": topping, "sizeCode": "regular", "price": euros(10) });
    assert_eq!(fault(manager.post("/v1/price-overrides", none).await), is("/sizeCode", "not_found"));
}

#[tokio::test]
async fn prices_of_nothing_are_refused() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let reine = app.variant("reine", "small").await["id"].clone();
    for (change, pointer, code) in [
        (json!({ "variantId": null }), "/variantId", "required"),
        (json!({ "variantId": null, "modifierId": NOBODY }), "/sizeCode", "required"),
        (json!({ "variantId": null, "sizeCode": "small" }), "/modifierId", "required"),
        (json!({ "modifierId": NOBODY, "sizeCode": "small" }), "/modifierId", "only_one_of"),
        (json!({ "sizeCode": "small" }), "/sizeCode", "only_one_of"),
        (json!({ "variantId": NOBODY }), "/variantId", "not_found"),
        (json!({ "variantId": null, "modifierId": NOBODY, "sizeCode": "small" }), "/modifierId", "not_found"),
        (json!({ "storeId": NOBODY }), "/storeId", "not_found"),
        (json!({ "storeId": SHOP }), "/storeId", "invalid_format"),
        (json!({ "channel": "fax" }), "/channel", "unknown_value"),
        (json!({ "price": euros(-1) }), "/price/amount", "too_small"),
        (json!({ "price": euros(i64::MAX) }), "/price/amount", "too_large"),
        (json!({ "price": null }), "/price", "wrong_type"),
        (json!({ "validFrom": "2026-11-27", "validUntil": "2026-11-26" }), "/validUntil", "too_small"),
        (json!({ "validFrom": "2026-13-01" }), "/validFrom", "invalid_format"),
        (json!({ "validFrom": "+262142-01-01" }), "/validFrom", "invalid_format"),
        (json!({ "percent": 5 }), "/percent", "unknown_field"),
    ] {
        let mut body = json!({ "variantId": reine, "price": euros(500) });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(fault(manager.post("/v1/price-overrides", body).await), is(pointer, code), "{change}");
    }
    let ancient = json!({ "variantId": reine, "price": euros(500), "validFrom": "0000-01-01", "validUntil": "9999-12-31" });
    manager.post("/v1/price-overrides", ancient).await.expect(201);
}

#[tokio::test]
async fn prices_of_another_store_are_not_there() {
    let app = TestApp::start().await;
    let (paris, lyon, admin) = (app.staff("manager").await, app.login("manager.lyon-part-dieu").await, app.login("admin").await);
    let (here, there) = (store_id(&app, SHOP).await, store_id(&app, "lyon-part-dieu").await);
    let reine = app.variant("reine", "small").await["id"].clone();
    let of = |store: &Value| json!({ "storeId": store, "variantId": reine, "price": euros(500) });
    let own = paris.post("/v1/price-overrides", of(&here)).await.expect(201);
    let everywhere = paris.post("/v1/price-overrides", of(&Value::Null)).await.expect(201);
    lyon.post("/v1/price-overrides", of(&here)).await.problem(403, "forbidden");
    let path = |made: &Value| format!("/v1/price-overrides/{}", made["id"].as_str().unwrap());
    lyon.get(&path(&own)).await.problem(404, "not_found");
    put(&lyon, &path(&own), 1, &of(&there)).await.problem(404, "not_found");
    archive(&lyon, &path(&own), 1).await.problem(404, "not_found");
    put(&paris, &path(&own), 1, &of(&there)).await.problem(403, "forbidden");
    paris.send(paris.request(Method::PUT, &path(&own)).json(&of(&here))).await.problem(428, "precondition_required");
    put(&lyon, &path(&everywhere), 1, &of(&Value::Null)).await.expect(200);

    let ids = |page: Value| page["data"].as_array().unwrap().iter().map(|o| o["id"].clone()).collect::<Vec<_>>();
    let both = vec![everywhere["id"].clone(), own["id"].clone()];
    let all = format!("/v1/price-overrides?variantId={}", reine.as_str().unwrap());
    assert_eq!(ids(paris.get(&all).await.expect(200)), both);
    assert_eq!(ids(admin.get(&all).await.expect(200)), both);
    assert_eq!(ids(lyon.get(&all).await.expect(200)), both[..1]);
    let of_paris = format!("{all}&storeId={}", here.as_str().unwrap());
    assert_eq!(ids(paris.get(&of_paris).await.expect(200)), both[1..]);
    lyon.get(&of_paris).await.problem(403, "forbidden");
    assert_eq!(ids(paris.get(&format!("/v1/price-overrides?variantId={NOBODY}")).await.expect(200)), [] as [Value; 0]);
    let first = paris.get(&format!("{all}&limit=1")).await.expect(200);
    let next = format!("{all}&limit=1&cursor={}", first["nextCursor"].as_str().unwrap());
    assert_eq!(ids(paris.get(&next).await.expect(200)), both[1..]);
    app.staff("counter").await.get("/v1/price-overrides").await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_vat_rate_holds_from_its_first_day_on() {
    let app = TestApp::start().await;
    let (admin, manager) = (app.login("admin").await, app.staff("manager").await);
    let listed = async || manager.get("/v1/tax-rates").await.expect(200)["data"].as_array().unwrap().len();
    let before = listed().await;
    let rates = async |service: &str| {
        let line = json!({ "variantId": app.variant("reine", "small").await["id"] });
        let cart = in_cart(&app, service, "web", line).await;
        cart["totals"]["taxes"][0]["rateBasisPoints"].as_i64().unwrap()
    };
    let path = |service: &str, day: NaiveDate| format!("/v1/tax-rates/prepared_food/{service}/{day}");
    let tomorrow = today() + Days::new(1);
    set(&admin, &path("any", tomorrow), json!({ "rateBasisPoints": 1100 })).await.expect(200);
    assert_eq!(rates("collection").await, 1000, "tomorrow's rate is not today's");
    let made = set(&admin, &path("any", today()), json!({ "rateBasisPoints": 1200 })).await;
    assert_eq!(made.header("etag").as_deref(), Some("\"1\""));
    assert_eq!(made.expect(200)["serviceType"], json!(null));
    assert_eq!(rates("collection").await, 1200);
    let own = path("collection", today());
    set(&admin, &own, json!({ "rateBasisPoints": 1300 })).await.expect(200);
    assert_eq!((rates("collection").await, rates("delivery").await), (1300, 1200), "that of a service comes first");

    let (at_once, day) = (json!({ "rateBasisPoints": 700 }), path("delivery", today()));
    let (a, b) = tokio::join!(set(&admin, &day, at_once.clone()), set(&admin, &day, at_once));
    assert!([a.status, b.status].iter().all(|status| [200, 503].contains(status)), "{a:?} {b:?}");
    assert_eq!(rates("delivery").await, 700);

    put(&admin, &own, 1, &json!({ "rateBasisPoints": 0 })).await.expect(200);
    put(&admin, &own, 1, &json!({ "rateBasisPoints": 5 })).await.problem(412, "version_conflict");
    put(&admin, &path("delivery", tomorrow), 1, &json!({ "rateBasisPoints": 5 })).await.problem(412, "version_conflict");
    assert_eq!(rates("collection").await, 0);

    assert_eq!(listed().await, before + 4);
    for path in [path("any", today()), own.clone(), "/v1/tax-rates/alcohol/any/2014-01-01".to_owned()] {
        admin.delete(&path).await.problem(409, "in_use");
        manager.delete(&path).await.problem(403, "forbidden");
    }
    archive(&admin, &path("any", tomorrow), 7).await.problem(412, "version_conflict");
    archive(&admin, &path("any", tomorrow), 1).await.expect(204);
    admin.delete(&path("any", tomorrow)).await.problem(404, "not_found");
    set(&manager, &own, json!({ "rateBasisPoints": 1000 })).await.problem(403, "forbidden");
}

#[tokio::test]
async fn vat_rates_of_nothing_are_refused() {
    let app = TestApp::start().await;
    let admin = app.login("admin").await;
    let path = "/v1/tax-rates/alcohol/any/2030-01-01";
    for (rate, code) in
        [(json!(-1), "too_small"), (json!(10_001), "too_large"), (json!(5.5), "wrong_type"), (json!(null), "wrong_type")]
    {
        let refused = set(&admin, path, json!({ "rateBasisPoints": rate })).await;
        assert_eq!(fault(refused), is("/rateBasisPoints", code));
    }
    for nowhere in ["tobacco/any/2030-01-01", "alcohol/rocket/2030-01-01", "alcohol/%00/2030-01-01", "alcohol/any/2030-02-30"] {
        set(&admin, &format!("/v1/tax-rates/{nowhere}"), json!({ "rateBasisPoints": 1 })).await.problem(404, "not_found");
    }
    for day in ["+262142-12-31", "-262143-01-01", "-0001-01-01"] {
        set(&admin, &format!("/v1/tax-rates/alcohol/any/{day}"), json!({ "rateBasisPoints": 1 })).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn halves_are_priced_as_the_policy_says() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let path = "/v1/portion-policies/pizza";
    let known = manager.get("/v1/portion-policies").await.expect(200);
    if !known["data"].as_array().unwrap().is_empty() {
        manager.delete(path).await.expect(204);
    }
    let (cheap, dear) = (app.variant("margherita", "small").await, app.variant("truffe", "small").await);
    let line = json!({ "variantId": cheap["id"], "secondVariantId": dear["id"] });
    let cart = app.cart("collection", &[]).await;
    let lines = format!("/v1/carts/{}/lines", cart.cart());
    cart.post(&lines, line.clone()).await.problem(422, "invalid_request");

    let max = json!({ "priceRule": "max", "extrasPercent": 100 });
    let made = set(&manager, path, max.clone()).await;
    assert_eq!(made.header("etag").as_deref(), Some("\"1\""));
    assert_eq!(made.expect(200)["productKind"], "pizza");
    let now = cart.post(&lines, line).await.expect(201);
    assert_eq!(now["lines"][0]["unitPrice"], dear["price"]);
    put(&manager, path, 2, &max).await.problem(412, "version_conflict");
    put(&manager, path, 1, &json!({ "priceRule": "average", "extrasPercent": 50 })).await.expect(200);
    let now = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
    let mean = (cheap["price"]["amount"].as_i64().unwrap() + dear["price"]["amount"].as_i64().unwrap() + 1) / 2;
    assert_eq!(now["lines"][0]["unitPrice"]["amount"], mean);

    for (body, pointer, code) in [
        (json!({ "priceRule": "min", "extrasPercent": 50 }), "/priceRule", "unknown_value"),
        (json!({ "priceRule": "max", "extrasPercent": 75 }), "/extrasPercent", "invalid_format"),
        (json!({ "priceRule": "max", "extrasPercent": 0 }), "/extrasPercent", "too_small"),
        (json!({ "priceRule": "max" }), "/extrasPercent", "required"),
    ] {
        assert_eq!(fault(set(&manager, path, body).await), is(pointer, code));
    }
    set(&manager, "/v1/portion-policies/tractor", max.clone()).await.problem(404, "not_found");
    set(&app.staff("cook").await, path, max).await.problem(403, "forbidden");
    archive(&manager, path, 1).await.problem(412, "version_conflict");
    manager.delete(path).await.expect(204);
    manager.delete(path).await.problem(404, "not_found");
    let now = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
    assert_eq!(now["problems"][0]["code"], "options_invalid");
}

#[tokio::test]
async fn the_audit_log_tells_who_changed_what() {
    let app = TestApp::start().await;
    let (admin, manager) = (app.login("admin").await, app.staff("manager").await);
    let (paris, reine) = (store_id(&app, SHOP).await, app.variant("reine", "small").await["id"].clone());
    let made = other_price(&manager, &reine, 500, json!({ "storeId": paris })).await;
    let (id, me) = (made["id"].as_str().unwrap(), manager.get("/v1/me").await.expect(200));
    let path = format!("/v1/price-overrides/{id}");
    let changed = json!({ "storeId": paris, "variantId": reine, "price": euros(550) });
    put(&manager, &path, 1, &changed).await.expect(200);
    put(&manager, &path, 1, &changed).await.problem(412, "version_conflict");
    archive(&manager, &path, 2).await.expect(204);
    let rate = "prepared_food/delivery/2999-01-01";
    set(&admin, &format!("/v1/tax-rates/{rate}"), json!({ "rateBasisPoints": 900 })).await.expect(200);
    admin.delete(&format!("/v1/tax-rates/{rate}")).await.expect(204);

    let log = admin.get(&format!("/v1/audit-entries?entity=price_override&entityId={id}")).await.expect(200);
    let entries = log["data"].as_array().unwrap();
    let prices = |part: &str| entries.iter().map(|e| e[part]["price"]["amount"].as_i64()).collect::<Vec<_>>();
    let actions: Vec<&Value> = entries.iter().map(|e| &e["action"]).collect();
    assert_eq!(actions, ["archive", "update", "create"], "newest first, and nothing of what was refused");
    assert_eq!(prices("before"), [Some(550), Some(500), None]);
    assert_eq!(prices("after"), [Some(550), Some(550), Some(500)]);
    for entry in entries {
        assert_eq!((&entry["actorId"], &entry["actorName"], &entry["storeId"]), (&me["id"], &me["name"], &paris));
    }
    let of_rate = admin.get(&format!("/v1/audit-entries?entity=tax_rate&entityId={rate}")).await.expect(200);
    let of_rate = of_rate["data"].as_array().unwrap();
    assert_eq!((&of_rate[0]["action"], &of_rate[0]["after"]), (&json!("delete"), &Value::Null));
    assert_eq!((&of_rate[1]["action"], &of_rate[1]["before"]), (&json!("create"), &Value::Null));
    assert_eq!(of_rate[0]["before"]["rateBasisPoints"], 900);

    let count = async |query: String| {
        admin.get(&format!("/v1/audit-entries?{query}")).await.expect(200)["data"].as_array().unwrap().len()
    };
    assert_eq!(count(format!("actorId={}", me["id"].as_str().unwrap())).await, 3);
    assert_eq!(count(format!("storeId={}", paris.as_str().unwrap())).await, 3);
    assert_eq!(count(format!("storeId={NOBODY}")).await, 0);
    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let page = admin.get(&format!("/v1/audit-entries?limit=2{next}")).await.expect(200);
        seen.extend(page["data"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
    manager.get("/v1/audit-entries").await.problem(403, "forbidden");
    admin.get("/v1/audit-entries?entity=%00").await.problem(422, "invalid_request");
    admin.get("/v1/audit-entries?actorId=me").await.problem(422, "invalid_request");
}
