//! Modifier groups as managers keep them, and what products, the menu and carts then see.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::catalogue::{NOBODY, archive, assert_faults, body_of, change, euros, faults, named, on_menu, text};
use crate::support::{Client, TestApp};

const LIST: &str = "/v1/modifier-groups";

fn ingredient(app: &TestApp, slug: &str) -> Value {
    use schema::ingredients::dsl;
    let id = dsl::ingredients.filter(dsl::slug.eq(slug)).select(dsl::id).first::<uuid::Uuid>(&mut app.connect());
    json!(id.expect("an ingredient of the demo chain"))
}

fn modifier(slug: &str, size: &str, cents: i64) -> Value {
    let sizes = json!([{ "sizeCode": size, "price": euros(cents) }]);
    json!({ "slug": slug, "name": text(slug), "kind": "extra", "maximum": 2, "sizes": sizes })
}

fn group(modifiers: &[Value]) -> Value {
    json!({ "slug": "croute", "name": text("Croûte"), "minimum": 0, "maximum": 3, "modifiers": modifiers })
}

fn ids(group: &Value) -> Vec<&Value> {
    group["modifiers"].as_array().unwrap().iter().map(|modifier| &modifier["id"]).collect()
}

/// Waits until the first group that the menu offers on a Reine has these modifiers, and no others.
async fn offered(app: &TestApp, expected: &[&Value]) {
    on_menu(app, "reine", |seen| ids(&seen.unwrap()["modifierGroups"][0]) == expected).await;
}

async fn reine_offers(manager: &Client, groups: Value) {
    let reine = named(manager, "/v1/products", "reine").await;
    change(manager, "/v1/products", &reine, |body| body["modifierGroupIds"] = groups).await.expect(200);
}

#[tokio::test]
async fn a_new_group_is_offered_with_what_it_costs_and_takes() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let mozzarella = ingredient(&app, "mozzarella");
    let mut filled = modifier("stuffed", "small", 250);
    filled["sizes"][0]["ingredients"] = json!([{ "ingredientId": mozzarella, "quantity": 42.5, "wasteBasisPoints": 500 }]);
    filled["sizes"].as_array_mut().unwrap().push(json!({ "sizeCode": "medium", "price": euros(300), "ingredients": [] }));
    let mut without = modifier("no-mozzarella", "small", 0);
    (without["kind"], without["removesIngredientId"]) = (json!("remove"), mozzarella.clone());
    let made = manager.post(LIST, group(&[filled, without])).await.expect(201);
    assert_eq!((&made["freeQuantity"], &made["version"]), (&json!(0), &json!(1)));
    assert_eq!(
        made["modifiers"][0]["sizes"],
        json!([
            { "sizeCode": "small", "price": euros(250),
              "ingredients": [{ "ingredientId": mozzarella, "quantity": 42.5, "wasteBasisPoints": 500 }] },
            { "sizeCode": "medium", "price": euros(300), "ingredients": [] },
        ])
    );
    assert_eq!(made["modifiers"][1]["removesIngredientId"], mozzarella);
    reine_offers(&manager, json!([made["id"]])).await;
    offered(&app, &ids(&made)).await;
    let cart = app.cart("collection", &[]).await;
    let small = app.variant("reine", "small").await;
    let line = json!({ "variantId": small["id"], "modifiers": [{ "modifierId": made["modifiers"][0]["id"] }] });
    let cart = cart.post(&format!("/v1/carts/{}/lines", cart.cart()), line).await.expect(201);
    assert_eq!(cart["lines"][0]["total"]["amount"].as_i64().unwrap(), small["price"]["amount"].as_i64().unwrap() + 250);
}

#[tokio::test]
async fn modifiers_are_the_same_by_id_or_by_slug() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let made = manager.post(LIST, group(&[modifier("thin", "small", 0), modifier("thick", "small", 100)])).await.expect(201);
    let (thin, thick) = (ids(&made)[0].clone(), ids(&made)[1].clone());
    // Both change their slugs with each other, and their places.
    let swapped = change(&manager, LIST, &made, |body| {
        let list = body["modifiers"].as_array_mut().unwrap();
        (list[0]["slug"], list[1]["slug"]) = (json!("thick"), json!("thin"));
        list.reverse();
    });
    let swapped = swapped.await.expect(200);
    assert_eq!((ids(&swapped), &swapped["modifiers"][0]["slug"]), (vec![&thick, &thin], &json!("thin")));

    let one =
        change(&manager, LIST, &swapped, |body| body["modifiers"] = json!([modifier("thin", "large", 150)])).await.expect(200);
    assert_eq!(ids(&one), [&thick], "known by its slug");
    assert_eq!(one["modifiers"][0]["sizes"], json!([{ "sizeCode": "large", "price": euros(150), "ingredients": [] }]));
    let both = [modifier("thin", "large", 150), modifier("thick", "large", 250), modifier("raw", "large", 0)];
    let back = change(&manager, LIST, &one, |body| body["modifiers"] = json!(both)).await.expect(200);
    assert_eq!(ids(&back)[..2], [&thick, &thin], "one comes back by its slug");

    let other = |slug: &str, name: &str| {
        let mut body = group(&[modifier(name, "small", 0)]);
        body["slug"] = json!(slug);
        body
    };
    let taken = manager.post(LIST, other("autre", "thin")).await.problem(409, "already_exists");
    assert!(taken["detail"].as_str().unwrap().contains("thin"), "{taken}");
    manager.post(LIST, other("croute", "fresh")).await.problem(409, "already_exists");
    let stranger = named(&manager, LIST, "extra-toppings").await["modifiers"][0]["id"].clone();
    let stolen = change(&manager, LIST, &back, |body| body["modifiers"][0]["id"] = stranger).await;
    assert_faults(stolen, &[("/modifiers/0/id", "not_found")]);
}

#[tokio::test]
async fn a_modifier_that_goes_leaves_the_menu_and_carts() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let toppings = named(&manager, LIST, "extra-toppings").await;
    let gone = ids(&toppings)[0].clone();
    let cart = app.cart("collection", &[]).await;
    let lines = format!("/v1/carts/{}/lines", cart.cart());
    let small = app.variant("reine", "small").await["id"].clone();
    cart.post(&lines, json!({ "variantId": small, "modifiers": [{ "modifierId": gone }] })).await.expect(201);
    let fewer = change(&manager, LIST, &toppings, |body| drop(body["modifiers"].as_array_mut().unwrap().remove(0)));
    let fewer = fewer.await.expect(200);
    assert!(!ids(&fewer).contains(&&gone));
    offered(&app, &ids(&fewer)).await;
    let refused = cart.post(&lines, json!({ "variantId": small, "modifiers": [{ "modifierId": gone }] })).await;
    assert_faults(refused, &[("/modifiers/0/modifierId", "not_offered")]);
    let held = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
    assert!(!held["problems"].as_array().unwrap().is_empty(), "{held}");
}

#[tokio::test]
async fn a_group_that_a_product_offers_stays() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let made = manager.post(LIST, group(&[modifier("thin", "small", 0)])).await.expect(201);
    reine_offers(&manager, json!([made["id"]])).await;
    let refused = archive(&manager, LIST, &made).await.problem(409, "in_use");
    assert_eq!(refused["usedBy"], json!(["reine"]));
    let reine = named(&manager, "/v1/products", "reine").await;
    archive(&manager, "/v1/products", &reine).await.expect(204);
    archive(&manager, LIST, &made).await.expect(204);
    let reine = named(&manager, "/v1/products?archived=true", "reine").await;
    let back = change(&manager, "/v1/products", &reine, |_| {}).await;
    assert_faults(back, &[("/modifierGroupIds/0", "archived")]);
    let archived = named(&manager, "/v1/modifier-groups?archived=true", "croute").await;
    assert_eq!(archived["modifiers"], made["modifiers"]);
    assert_eq!(change(&manager, LIST, &archived, |_| {}).await.expect(200)["archived"], false);
    change(&manager, "/v1/products", &reine, |_| {}).await.expect(200);
    let rows = {
        use schema::audit_entries::dsl;
        let of_group = dsl::audit_entries.filter(dsl::entity.eq("modifier_group")).order(dsl::id);
        of_group.select((dsl::action, dsl::after)).load::<(String, Option<Value>)>(&mut app.connect()).expect("the entries")
    };
    let actions: Vec<&str> = rows.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["create", "archive", "update"]);
    assert_eq!(rows[0].1, Some(made));
}

#[tokio::test]
async fn a_product_and_its_group_do_not_miss_each_other() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    for round in 0..5 {
        let mut body = group(&[]);
        body["slug"] = json!(format!("tour-{round}"));
        let made = manager.post(LIST, body).await.expect(201);
        let reine = named(&manager, "/v1/products", "reine").await;
        let offer = change(&manager, "/v1/products", &reine, |body| body["modifierGroupIds"] = json!([made["id"]]));
        let (offer, gone) = tokio::join!(offer, archive(&manager, LIST, &made));
        assert!([(200, 409), (422, 204)].contains(&(offer.status, gone.status)), "{} {}", offer.text, gone.text);
    }
}

#[tokio::test]
async fn a_size_that_has_a_price_of_its_own_stays() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let mut thin = modifier("thin", "small", 0);
    thin["sizes"].as_array_mut().unwrap().push(json!({ "sizeCode": "large", "price": euros(100) }));
    let made = manager.post(LIST, group(&[thin])).await.expect(201);
    app.sql(
        "insert into price_overrides (id, modifier_id, size_code, price_cents)
         select gen_random_uuid(), id, 'large', 50 from modifiers where slug = 'thin'",
    );
    let drop_size = |at: usize| move |body: &mut Value| drop(body["modifiers"][0]["sizes"].as_array_mut().unwrap().remove(at));
    let refused = change(&manager, LIST, &made, drop_size(1)).await.problem(409, "in_use");
    assert_eq!(refused["usedBy"].as_array().unwrap().len(), 1);
    let now = change(&manager, LIST, &made, drop_size(0)).await.expect(200);
    assert_eq!((&now["modifiers"][0]["sizes"][0]["sizeCode"], &now["version"]), (&json!("large"), &json!(2)));
}

#[tokio::test]
async fn a_group_that_makes_no_sense_is_refused() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let mozzarella = ingredient(&app, "mozzarella");
    let with = |field: &str, value: Value| {
        let mut modifier = modifier("thin", "small", 0);
        modifier[field] = value;
        json!([modifier])
    };
    let sized = |size: Value| with("sizes", json!([size]));
    let takes = |quantity: Value| {
        let taken = json!({ "ingredientId": mozzarella, "quantity": quantity });
        sized(json!({ "sizeCode": "small", "price": euros(0), "ingredients": [taken] }))
    };
    let twice = json!([modifier("thin", "small", 0), modifier("thin", "large", 0)]);
    let small = json!({ "sizeCode": "small", "price": euros(0) });
    let taken = json!({ "ingredientId": mozzarella, "quantity": 1 });
    let nothing = json!({ "ingredientId": NOBODY, "quantity": 1 });
    let many: Vec<Value> = (0..101).map(|n| modifier(&format!("m-{n}"), "small", 0)).collect();
    for (field, value, expected) in [
        ("slug", json!("croûte"), ("/slug", "invalid_format")),
        ("name", json!({ "fr": "x".repeat(10_000), "en": "x" }), ("/name/fr", "too_long")),
        ("maximum", json!(0), ("/maximum", "too_small")),
        ("maximum", json!(51), ("/maximum", "too_large")),
        ("minimum", json!(4), ("/maximum", "too_small")),
        ("minimum", json!(-1), ("/minimum", "too_small")),
        ("freeQuantity", json!(4), ("/freeQuantity", "too_large")),
        ("modifiers", json!(many), ("/modifiers", "too_many")),
        ("modifiers", twice, ("/modifiers/1/slug", "duplicate")),
        ("modifiers", with("id", json!(NOBODY)), ("/modifiers/0/id", "not_found")),
        ("modifiers", with("kind", json!("remove")), ("/modifiers/0/removesIngredientId", "required")),
        ("modifiers", with("removesIngredientId", mozzarella.clone()), ("/modifiers/0/removesIngredientId", "not_offered")),
        ("modifiers", with("maximum", json!(11)), ("/modifiers/0/maximum", "too_large")),
        ("modifiers", with("maximum", json!(0)), ("/modifiers/0/maximum", "too_small")),
        ("modifiers", with("sizes", json!([])), ("/modifiers/0/sizes", "too_few")),
        ("modifiers", with("sizes", json!([small, small])), ("/modifiers/0/sizes/1/sizeCode", "duplicate")),
        ("modifiers", takes(json!(0)), ("/modifiers/0/sizes/0/ingredients/0/quantity", "too_small")),
        ("modifiers", takes(json!(1e300)), ("/modifiers/0/sizes/0/ingredients/0/quantity", "too_large")),
        ("modifiers", takes(json!(1.00001)), ("/modifiers/0/sizes/0/ingredients/0/quantity", "invalid_format")),
        (
            "modifiers",
            sized(json!({ "sizeCode": "small", "price": euros(0), "ingredients": [nothing] })),
            ("/modifiers/0/sizes/0/ingredients/0/ingredientId", "not_found"),
        ),
        (
            "modifiers",
            sized(json!({ "sizeCode": "small", "price": euros(0), "ingredients": [taken, taken] })),
            ("/modifiers/0/sizes/0/ingredients/1/ingredientId", "duplicate"),
        ),
    ] {
        let mut body = group(&[modifier("thin", "small", 0)]);
        body[field] = value;
        let found = faults(manager.post(LIST, body).await);
        assert_eq!((found[0].0.as_str(), found[0].1.as_str()), expected, "{found:?}");
    }
    app.sql("update ingredients set archived_at = now() where slug = 'mozzarella'");
    let archived = manager.post(LIST, group(&[takes(json!(1))[0].clone()])).await;
    assert_faults(archived, &[("/modifiers/0/sizes/0/ingredients/0/ingredientId", "archived")]);
}

#[tokio::test]
async fn a_hundred_modifiers_are_one_group() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let many: Vec<Value> = (0..100).map(|n| modifier(&format!("m-{n}"), "small", n)).collect();
    let made = manager.post(LIST, group(&many)).await.expect(201);
    let listed = named(&manager, LIST, "croute").await;
    assert_eq!((ids(&made).len(), &listed), (100, &made));
    let again = change(&manager, LIST, &made, |body| body["modifiers"].as_array_mut().unwrap().reverse()).await.expect(200);
    let mut reversed = body_of(&made);
    reversed["modifiers"].as_array_mut().unwrap().reverse();
    assert_eq!(body_of(&again), reversed);
}
