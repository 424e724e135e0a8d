//! What can still be made, live: in every process, on the streams, with snoozes.

use std::io::Read;

use serde_json::{Value, json};

use crate::support::app::SHOP;
use crate::support::{Client, TestApp, ledger};

const MENU: &str = "/v1/stores/paris-bastille/menu";

async fn availability(client: &Client) -> Value {
    client.get(&format!("{MENU}/availability")).await.expect(200)
}

fn of<'a>(found: &'a Value, id: &Value) -> &'a Value {
    found["variants"].as_array().unwrap().iter().find(|variant| variant["variantId"] == *id).expect("a variant")
}

#[tokio::test]
async fn the_last_mozzarella_is_sold_in_another_process() {
    let here = TestApp::start().await;
    let there = here.beside();
    // Enough mozzarella for one medium Reine (115 g), in a shop that has plenty of everything else.
    here.sql(
        "update stock_levels set on_hand_milli = 200000 from ingredients i, stores s
         where i.id = ingredient_id and s.id = store_id and i.slug = 'mozzarella' and s.slug = 'paris-bastille'",
    );
    here.sql(
        "update stock_movements set quantity_milli = 200000 from ingredients i, stores s
         where i.id = ingredient_id and s.id = store_id and i.slug = 'mozzarella' and s.slug = 'paris-bastille'",
    );
    let anybody = here.anybody();
    let etag = anybody.get(MENU).await.header("etag").expect("an ETag");
    let unchanged = anybody.send(anybody.request(reqwest::Method::GET, MENU).header("if-none-match", &etag)).await;
    assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));
    assert_eq!(here.variant("reine", "medium").await["servingsLeft"], 1);
    there.order("collection", &[("reine", "medium", 1)]).await;
    let out = here.variant_once("reine", "medium", "out").await;
    assert_eq!((&out["available"], &out["servingsLeft"]), (&json!(false), &json!(0)));
    let changed = anybody.send(anybody.request(reqwest::Method::GET, MENU).header("if-none-match", &etag)).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(etag));
    // The same mozzarella is missing everywhere: on other pizzas, and as an extra.
    let margherita = here.variant("margherita", "medium").await;
    assert_eq!(margherita["availability"], "out");
    ledger::assert_clean(&mut here.connect());
}

#[tokio::test]
async fn a_menu_comes_in_the_encoding_that_is_asked_for() {
    let app = TestApp::start().await;
    let ask = |encoding: &'static str| {
        let client = app.anybody();
        async move {
            let request = client.request(reqwest::Method::GET, MENU).header("accept-encoding", encoding);
            let response = request.send().await.expect("an answer");
            let header = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
            let (encoding, etag) = (header("content-encoding"), header("etag"));
            (encoding, etag, response.bytes().await.expect("a body").to_vec())
        }
    };
    let (none, etag, plain) = ask("identity").await;
    assert_eq!(none, None);
    let (gzip, same, small) = ask("gzip, deflate").await;
    assert_eq!((gzip.as_deref(), &same), (Some("gzip"), &etag));
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(small.as_slice()).read_to_end(&mut unpacked).expect("gzip");
    assert_eq!(unpacked, plain);
    let (brotli, _, smaller) = ask("gzip, br").await;
    assert_eq!(brotli.as_deref(), Some("br"));
    let mut unpacked = Vec::new();
    brotli::Decompressor::new(smaller.as_slice(), 4096).read_to_end(&mut unpacked).expect("brotli");
    assert_eq!(unpacked, plain);
    assert!(smaller.len() < small.len() && small.len() * 5 < plain.len(), "{} {} {}", smaller.len(), small.len(), plain.len());
    assert_eq!(ask("br;q=0").await.0, None);
}

#[tokio::test]
async fn what_becomes_scarce_is_told_to_the_store_and_to_everybody() {
    let app = TestApp::start().await;
    let truffe = app.variant("truffe", "medium").await["id"].clone();
    let (_, small) = app.order("collection", &[("truffe", "medium", 1)]).await;
    let cook = app.staff("cook").await;
    let events = |after: i64| {
        let cook = cook.clone();
        async move { cook.get(&format!("/v1/stores/{SHOP}/events?after={after}")).await.expect(200) }
    };
    let first = events(0).await;
    let types = |list: &Value| -> Vec<String> {
        list["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(types(&first), ["order.placed"], "nine are left: nobody needs to know");
    app.order("collection", &[("truffe", "medium", 5)]).await;
    let second = events(first["lastSeq"].as_i64().unwrap()).await;
    assert_eq!(types(&second), ["order.placed", "menu.availability_changed"]);
    let told = second["data"][1]["data"]["variants"].as_array().unwrap().iter().find(|v| v["variantId"] == truffe).unwrap();
    assert_eq!((&told["availability"], &told["servingsLeft"]), (&json!("low"), &json!(4)));
    app.staff("manager").await.command(&small, "cancel").await.expect(200);
    let third = events(second["lastSeq"].as_i64().unwrap()).await;
    assert_eq!(types(&third), ["order.cancelled", "menu.availability_changed"]);
    let told = third["data"][1]["data"]["variants"].as_array().unwrap().iter().find(|v| v["variantId"] == truffe).unwrap();
    assert_eq!(told["servingsLeft"], 5);
    // The public stream tells of the menu and of nothing else.
    let stream = app.anybody().request(reqwest::Method::GET, &format!("{MENU}/stream?after=0")).send().await.expect("a stream");
    assert_eq!(stream.status(), 200);
    let mut stream = stream;
    let mut text = String::new();
    while text.matches("\n\n").count() < 3 {
        text.push_str(&String::from_utf8_lossy(&stream.chunk().await.expect("a chunk").expect("more")));
    }
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, ["menu.availability_changed"; 2]);
}

#[tokio::test]
async fn the_staff_sees_how_many_are_left() {
    let app = TestApp::start().await;
    let truffe = app.variant("truffe", "medium").await["id"].clone();
    let (guest, cook, stranger) = (app.anybody(), app.staff("cook").await, app.login("cook.lyon-part-dieu").await);
    assert_eq!(of(&availability(&guest).await, &truffe)["servingsLeft"], json!(null));
    assert_eq!(of(&availability(&stranger).await, &truffe)["servingsLeft"], json!(null));
    assert_eq!(of(&availability(&cook).await, &truffe)["servingsLeft"], 10);
    app.order("collection", &[("truffe", "medium", 7)]).await;
    assert_eq!(of(&availability(&guest).await, &truffe)["servingsLeft"], 3);
}

#[tokio::test]
async fn a_snoozed_ingredient_takes_everything_with_it_and_brings_it_back() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await;
    let stock = cook.get(&format!("/v1/stores/{SHOP}/stock")).await.expect(200);
    let mozzarella =
        stock["data"].as_array().unwrap().iter().find(|l| l["slug"] == "mozzarella").unwrap()["ingredientId"].clone();
    let cart = app.cart("collection", &[("reine", "medium", 1)]).await;
    let path = format!("/v1/stores/{SHOP}/snoozes");
    let until = ocpizza::clock::now() + chrono::TimeDelta::hours(1);
    let body = json!({ "ingredientId": mozzarella, "until": until, "reason": "livraison en retard" });
    let snooze = cook.post(&path, body.clone()).await.expect(201);
    assert_eq!((&snooze["name"], &snooze["until"]), (&json!("Mozzarella"), &json!(until)));
    app.variant_once("reine", "medium", "out").await;
    let shown = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
    assert_eq!((&shown["problems"][0]["code"], &shown["problems"][0]["availableQuantity"]), (&json!("out_of_stock"), &json!(0)));
    cart.place("collection").await.problem(409, "out_of_stock");
    // The same again replaces its end: whoever ends it by the id that was told first means this one.
    let again = cook.post(&path, json!({ "ingredientId": mozzarella })).await.expect(201);
    assert_eq!(again["id"], snooze["id"]);
    let list = cook.get(&path).await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["until"], json!(null));
    app.sql("update jobs set run_at = now() - interval '1 second' where job ->> 'kind' = 'end_snooze'");
    app.run_jobs().await;
    assert_eq!(cook.get(&path).await.expect(200)["data"].as_array().unwrap().len(), 1, "the end it had is no longer its end");
    cook.delete(&format!("{path}/{}", again["id"].as_str().unwrap())).await.expect(204);
    cook.delete(&format!("{path}/{}", again["id"].as_str().unwrap())).await.expect(204);
    app.variant_once("reine", "medium", "in_stock").await;
    let events = cook.get(&format!("/v1/stores/{SHOP}/events?after=0")).await.expect(200);
    let told: Vec<&Value> =
        events["data"].as_array().unwrap().iter().filter(|e| e["type"] == "menu.availability_changed").collect();
    assert_eq!(told.len(), 2, "once when it went, once when it came back: {events:#}");
    assert!(told[0]["data"]["variants"].as_array().unwrap().len() > 60, "nearly every pizza in every size");
    assert!(told[0]["data"]["modifiers"].as_array().unwrap().iter().any(|m| m["availability"] == "out"), "the extra too");
    cart.place("collection").await.expect(201);
}

#[tokio::test]
async fn a_snooze_ends_by_itself_and_a_wrong_one_is_refused() {
    let app = TestApp::start().await;
    let counter = app.staff("counter").await;
    let path = format!("/v1/stores/{SHOP}/snoozes");
    let variant = app.variant("reine", "large").await["id"].clone();
    let until = ocpizza::clock::now() + chrono::TimeDelta::minutes(5);
    counter.post(&path, json!({ "variantId": variant, "until": until })).await.expect(201);
    app.variant_once("reine", "large", "out").await;
    assert_eq!(app.variant("reine", "medium").await["availability"], "in_stock");
    app.sql("update snoozes set until = now() - interval '1 second'");
    app.sql("update jobs set run_at = now() - interval '1 second' where job ->> 'kind' = 'end_snooze'");
    app.run_jobs().await;
    app.variant_once("reine", "large", "in_stock").await;
    assert_eq!(counter.get(&path).await.expect(200)["data"], json!([]));
    for (body, pointer, code) in [
        (json!({}), "/ingredientId", "required"),
        (json!({ "ingredientId": variant, "variantId": variant }), "/ingredientId", "only_one_of"),
        (json!({ "modifierId": variant }), "/modifierId", "not_found"),
        (json!({ "variantId": variant, "until": "2020-01-01T00:00:00Z" }), "/until", "not_within_days"),
        (json!({ "variantId": variant, "reason": "x".repeat(10_000) }), "/reason", "too_long"),
    ] {
        let refused = counter.post(&path, body.clone()).await.problem(422, "invalid_request");
        let part = &refused["errors"][0];
        assert_eq!((part["pointer"].as_str().unwrap(), part["code"].as_str().unwrap()), (pointer, code), "{body:.60}");
    }
    app.login("customer").await.post(&path, json!({ "variantId": variant })).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_pizza_without_a_crust_to_choose_is_not_to_be_had() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await;
    let path = format!("/v1/stores/{SHOP}/snoozes");
    let product = app.product("reine").await;
    let groups = product["modifierGroups"].as_array().unwrap().iter();
    let crusts = groups.into_iter().find(|group| group["minimum"] == 1).unwrap()["modifiers"].clone();
    let (default, others): (Vec<&Value>, Vec<&Value>) =
        crusts.as_array().unwrap().iter().partition(|modifier| modifier["isDefault"] == true);
    cook.post(&path, json!({ "modifierId": default[0]["id"] })).await.expect(201);
    // There are other crusts: the pizza stays, and who chooses none is told what is missing.
    let cart = app.cart("collection", &[("reine", "medium", 1)]).await;
    let shown = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
    let detail = shown["problems"][0]["detail"].as_str().unwrap();
    assert!(detail.contains(default[0]["name"].as_str().unwrap()), "{detail}");
    app.variant_once("reine", "medium", "in_stock").await;
    for other in others {
        cook.post(&path, json!({ "modifierId": other["id"] })).await.expect(201);
    }
    app.variant_once("reine", "medium", "out").await;
    assert_eq!(app.variant("calzone", "medium").await["availability"], "in_stock", "it has no crust to choose");
}
