//! Categories and products as managers keep them, and what the menu and carts then see.

use std::time::Duration;

use diesel::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::{Client, TestApp, app::SHOP};

pub const NOBODY: &str = "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50";

pub fn text(text: &str) -> Value {
    json!({ "fr": text, "en": text })
}

pub fn euros(cents: i64) -> Value {
    json!({ "amount": cents, "currency": "EUR" })
}

fn size(code: &str, cents: i64) -> Value {
    json!({ "sizeCode": code, "name": text(code), "price": euros(cents) })
}

fn pizza(category: &Value) -> Value {
    json!({
        "slug": "essai",
        "categoryId": category["id"],
        "kind": "pizza",
        "name": text("Essai"),
        "description": text("Thon et câpres"),
        "taxCategory": "prepared_food",
        "position": 99,
        "variants": [size("small", 900), size("medium", 1200)],
    })
}

fn slot(variants: &[&Value]) -> Value {
    let variants: Vec<Value> = variants.iter().map(|id| json!({ "variantId": id, "surcharge": euros(0) })).collect();
    json!({ "name": text("Votre pizza"), "minimum": 1, "maximum": 1, "variants": variants })
}

fn combo(category: &Value, slots: &[Value]) -> Value {
    let mut body = pizza(category);
    body["slug"] = json!("formule");
    body["kind"] = json!("combo");
    body["variants"] = json!([size("regular", 1500)]);
    body["slots"] = json!(slots);
    body
}

/// The one of a list that has this slug.
pub async fn named(client: &Client, list: &str, slug: &str) -> Value {
    let all = client.get(list).await.expect(200);
    all["data"].as_array().unwrap().iter().find(|item| item["slug"] == slug).unwrap_or_else(|| panic!("no {slug}: {all}")).clone()
}

/// What a manager sends to keep a document as it is.
pub fn body_of(document: &Value) -> Value {
    let mut body = document.clone();
    for name in ["id", "archived", "version"] {
        body.as_object_mut().unwrap().remove(name);
    }
    body
}

pub fn path_of(list: &str, document: &Value) -> String {
    format!("{list}/{}", document["id"].as_str().unwrap())
}

/// Writes a document back as it was read, but for what `edit` does to it.
pub async fn change(client: &Client, list: &str, document: &Value, edit: impl FnOnce(&mut Value)) -> Answer {
    let mut body = body_of(document);
    edit(&mut body);
    let put = client.request(Method::PUT, &path_of(list, document)).header("if-match", format!("\"{}\"", document["version"]));
    client.send(put.json(&body)).await
}

pub async fn archive(client: &Client, list: &str, document: &Value) -> Answer {
    let delete = client.request(Method::DELETE, &path_of(list, document));
    client.send(delete.header("if-match", format!("\"{}\"", document["version"]))).await
}

/// Pointer and code of everything that is wrong.
#[track_caller]
pub fn faults(answer: Answer) -> Vec<(String, String)> {
    let problem = answer.problem(422, "invalid_request");
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|part| (word(&part["pointer"]), word(&part["code"]))).collect()
}

#[track_caller]
pub fn assert_faults(answer: Answer, expected: &[(&str, &str)]) {
    let found = faults(answer);
    let found: Vec<(&str, &str)> = found.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
    assert_eq!(found, expected);
}

/// A product as the menu shows it, as soon as it is like this. The menu hears of a change a moment after it was made.
pub async fn on_menu(app: &TestApp, slug: &str, is: impl Fn(Option<&Value>) -> bool) -> Option<Value> {
    for _ in 0..100 {
        let menu = app.anybody().get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
        let mut products = menu["categories"].as_array().unwrap().iter().flat_map(|c| c["products"].as_array().unwrap());
        let product = products.find(|product| product["slug"] == slug);
        if is(product) {
            return product.cloned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the menu has not heard of {slug}")
}

async fn cart_problems(cart: &Client) -> Vec<String> {
    let cart = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
    cart["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
}

fn live_id(product: &Value, size: &str) -> Option<Value> {
    let mut variants = product["variants"].as_array().unwrap().iter();
    variants.find(|variant| variant["sizeCode"] == size).map(|variant| variant["id"].clone())
}

#[tokio::test]
async fn a_new_product_is_on_the_menu_and_sold_once_it_has_a_recipe() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let category = named(&manager, "/v1/categories", "pizzas").await;
    let answer = manager.post("/v1/products", pizza(&category)).await;
    let location = answer.header("location").expect("where it is");
    let product = answer.expect(201);
    assert_eq!(location, path_of("/v1/products", &product));
    assert_eq!((&product["version"], &product["archived"], &product["halvesAllowed"]), (&json!(1), &json!(false), &json!(true)));
    let read = manager.get(&location).await;
    assert_eq!(read.header("etag").as_deref(), Some("\"1\""));
    assert_eq!(read.expect(200), product);

    let shown = on_menu(&app, "essai", |seen| seen.is_some()).await.unwrap();
    assert_eq!((&shown["available"], shown["variants"].as_array().unwrap().len()), (&json!(false), 2));
    app.sql(
        "insert into variant_ingredients (variant_id, ingredient_id, quantity_milli)
         select v.id, i.id, 1000 from variants v join products p on p.id = v.product_id, ingredients i
         where p.slug = 'essai' and i.slug = 'mozzarella'",
    );
    on_menu(&app, "essai", |seen| seen.unwrap()["available"] == true).await;

    let cart = app.cart("collection", &[("essai", "small", 2)]).await;
    let dearer = change(&manager, "/v1/products", &product, |body| body["variants"][0]["price"]["amount"] = json!(950)).await;
    assert_eq!(dearer.header("etag").as_deref(), Some("\"2\""));
    dearer.expect(200);
    on_menu(&app, "essai", |seen| seen.unwrap()["variants"][0]["price"]["amount"] == 950).await;
    let cart = cart.get(&format!("/v1/carts/{}", cart.cart())).await.expect(200);
    assert_eq!(cart["lines"][0]["total"]["amount"], 1900);
}

#[tokio::test]
async fn an_archived_product_leaves_the_menu_and_comes_back() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let reine = named(&manager, "/v1/products", "reine").await;
    let cart = app.cart("collection", &[("reine", "small", 1)]).await;
    archive(&manager, "/v1/products", &reine).await.expect(204);
    on_menu(&app, "reine", |seen| seen.is_none()).await;
    assert!(cart_problems(&cart).await.contains(&"product_unavailable".to_owned()));
    let archived = named(&manager, "/v1/products?archived=true", "reine").await;
    assert_eq!((&archived["archived"], &archived["version"]), (&json!(true), &json!(2)));
    assert_eq!(archived["variants"], reine["variants"], "nothing is lost");

    let back = change(&manager, "/v1/products", &archived, |_| {}).await.expect(200);
    assert_eq!((&back["archived"], &back["variants"]), (&json!(false), &reine["variants"]));
    on_menu(&app, "reine", |seen| seen.is_some()).await;
    assert!(!cart_problems(&cart).await.contains(&"product_unavailable".to_owned()));
}

#[tokio::test]
async fn a_size_that_goes_and_comes_back_is_the_same_variant() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let reine = named(&manager, "/v1/products", "reine").await;
    let (small, large) = (live_id(&reine, "small").unwrap(), live_id(&reine, "large").unwrap());
    let cart = app.cart("collection", &[("reine", "small", 1)]).await;
    let without = |body: &mut Value| body["variants"].as_array_mut().unwrap().retain(|variant| variant["id"] != small);
    let fewer = change(&manager, "/v1/products", &reine, without).await.expect(200);
    assert_eq!((live_id(&fewer, "small"), live_id(&fewer, "large")), (None, Some(large.clone())));
    let sizes = |seen: Option<&Value>| seen.unwrap()["variants"].as_array().unwrap().len();
    on_menu(&app, "reine", |seen| sizes(seen) == 2).await;
    assert!(cart_problems(&cart).await.contains(&"product_unavailable".to_owned()));

    let first = |body: &mut Value| body["variants"].as_array_mut().unwrap().push(size("small", 895));
    let again = change(&manager, "/v1/products", &fewer, first).await.expect(200);
    assert_eq!((live_id(&again, "small"), live_id(&again, "large")), (Some(small), Some(large)));
    let order = again["variants"].as_array().unwrap().iter().map(|variant| variant["sizeCode"].as_str().unwrap());
    assert_eq!(order.collect::<Vec<_>>(), ["medium", "large", "small"], "in the order that was sent");
    let shown = on_menu(&app, "reine", |seen| sizes(seen) == 3).await.unwrap();
    assert_eq!(shown["variants"][2]["available"], true, "with the recipe that it had");
}

#[tokio::test]
async fn the_slots_of_a_combo_keep_their_ids() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let [reine, truffe] = [named(&manager, "/v1/products", "reine").await, named(&manager, "/v1/products", "truffe").await];
    let (small, other) = (live_id(&reine, "small").unwrap(), live_id(&truffe, "small").unwrap());
    let category = named(&manager, "/v1/categories", "pizzas").await;
    let made = manager.post("/v1/products", combo(&category, &[slot(&[&small]), slot(&[&small, &other])])).await.expect(201);
    let (first, second) = (&made["slots"][0], &made["slots"][1]);
    let shown = on_menu(&app, "formule", |seen| seen.is_some()).await.unwrap();
    assert_eq!((&shown["slots"][0]["id"], &shown["available"]), (&first["id"], &json!(true)));

    let filled = |slot: &Value, variant: &Value| json!({ "slotId": slot["id"], "variantId": variant });
    let line = json!({ "variantId": live_id(&made, "regular"), "components": [filled(first, &small), filled(second, &other)] });
    let cart = app.cart("collection", &[]).await;
    let cart = cart.post(&format!("/v1/carts/{}/lines", cart.cart()), line).await.expect(201);
    assert_eq!(cart["lines"][0]["total"]["amount"], 1500);

    let edit = |body: &mut Value| {
        let mut kept = body["slots"][1].clone();
        kept["variants"][0]["surcharge"]["amount"] = json!(150);
        body["slots"] = json!([slot(&[&other]), kept]);
    };
    let now = change(&manager, "/v1/products", &made, edit).await.expect(200);
    let ids: Vec<&Value> = now["slots"].as_array().unwrap().iter().map(|slot| &slot["id"]).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids[0] != &first["id"] && ids[0] != &second["id"] && ids[1] == &second["id"]);
    let surcharges = now["slots"][1]["variants"].as_array().unwrap().iter().map(|v| v["surcharge"]["amount"].as_i64().unwrap());
    assert_eq!(surcharges.sum::<i64>(), 150);

    // The only choice of a slot leaves the menu: the combo stands there, and cannot be had.
    archive(&manager, "/v1/products", &truffe).await.expect(204);
    on_menu(&app, "formule", |seen| seen.unwrap()["available"] == false).await;
    // Who reads the combo can write it back, but nobody adds what is archived.
    let now = change(&manager, "/v1/products", &now, |_| {}).await.expect(200);
    assert_eq!(now["slots"][0]["variants"][0]["variantId"], other);
    let new = manager.post("/v1/products", combo(&category, &[slot(&[&other])])).await;
    assert_faults(new, &[("/slots/0/variants/0/variantId", "archived")]);

    let set = change(&manager, "/v1/products", &reine, |body| {
        body["kind"] = json!("combo");
        body["slots"] = json!([slot(&[&live_id(&made, "regular").unwrap()])]);
    });
    assert_faults(set.await, &[("/slots/0/variants/0/variantId", "not_offered")]);
    let margherita = named(&manager, "/v1/products", "margherita").await;
    let set = change(&manager, "/v1/products", &reine, |body| {
        body["kind"] = json!("combo");
        body["slots"] = json!([slot(&[&live_id(&margherita, "small").unwrap()])]);
    });
    assert_eq!(set.await.problem(409, "in_use")["usedBy"], json!(["formule", "formule-duo", "formule-enfant", "formule-midi"]));
    let plain = change(&manager, "/v1/products", &now, |body| {
        body["kind"] = json!("side");
        body["slots"] = json!([]);
    });
    assert_eq!(plain.await.expect(200)["slots"], json!([]));
}

#[tokio::test]
async fn a_product_that_makes_no_sense_is_refused_with_every_reason() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let category = named(&manager, "/v1/categories", "pizzas").await;
    let group = named(&manager, "/v1/modifier-groups", "extra-toppings").await["id"].clone();
    let https = |n: usize| json!(format!("https://static.ocpizza.example/{n}.jpg"));
    let images: Vec<Value> = (0..11).map(https).collect();
    let small = live_id(&named(&manager, "/v1/products", "reine").await, "small").unwrap();
    let mut renamed = size("small", 900);
    renamed["id"] = small.clone();
    for (field, value, expected) in [
        ("slug", json!("Pas un slug"), ("/slug", "invalid_format")),
        ("categoryId", json!(NOBODY), ("/categoryId", "not_found")),
        ("kind", json!("soup"), ("/kind", "unknown_value")),
        ("name", json!({ "fr": "x".repeat(10_000), "en": "x" }), ("/name/fr", "too_long")),
        ("name", json!({ "fr": "Essai" }), ("/name/en", "required")),
        ("name", json!({ "fr": "a\u{0}b", "en": "x" }), ("/name/fr", "invalid_character")),
        ("position", json!(99_999_999_999_i64), ("/position", "too_large")),
        ("diets", json!(["vegan", "vegan"]), ("/diets/1", "duplicate")),
        ("imageUrls", json!(["http://static.ocpizza.example/a.jpg"]), ("/imageUrls/0", "invalid_format")),
        ("imageUrls", json!(["https://not an address"]), ("/imageUrls/0", "invalid_format")),
        ("imageUrls", json!([https(0), https(0)]), ("/imageUrls/1", "duplicate")),
        ("imageUrls", json!(images), ("/imageUrls", "too_many")),
        ("modifierGroupIds", json!([NOBODY]), ("/modifierGroupIds/0", "not_found")),
        ("modifierGroupIds", json!([group, group]), ("/modifierGroupIds/1", "duplicate")),
        ("variants", json!([]), ("/variants", "too_few")),
        ("variants", json!([size("small", 900), size("small", 1200)]), ("/variants/1/sizeCode", "duplicate")),
        ("variants", json!([size("small", -1)]), ("/variants/0/price/amount", "too_small")),
        ("variants", json!([size("small", i64::MAX)]), ("/variants/0/price/amount", "too_large")),
        ("variants", json!([renamed]), ("/variants/0/id", "not_found")),
        ("slots", json!([slot(&[&small])]), ("/slots", "not_offered")),
    ] {
        let mut body = pizza(&category);
        body[field] = value;
        let found = faults(manager.post("/v1/products", body).await);
        assert_eq!((found[0].0.as_str(), found[0].1.as_str()), expected, "{found:?}");
    }
    let mut all = pizza(&category);
    (all["categoryId"], all["diets"]) = (json!(NOBODY), json!(["halal", "halal"]));
    assert_faults(manager.post("/v1/products", all).await, &[("/diets/1", "duplicate"), ("/categoryId", "not_found")]);
    let mut taken = pizza(&category);
    taken["slug"] = json!("reine");
    manager.post("/v1/products", taken).await.problem(409, "already_exists");
}

#[tokio::test]
async fn a_combo_that_makes_no_sense_is_refused() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let category = named(&manager, "/v1/categories", "pizzas").await;
    let small = live_id(&named(&manager, "/v1/products", "reine").await, "small").unwrap();
    let nobody = json!(NOBODY);
    let with = |field: &str, value: Value| {
        let mut slot = slot(&[&small]);
        slot[field] = value;
        slot
    };
    for (slots, expected) in [
        (vec![], ("/slots", "too_few")),
        (vec![slot(&[])], ("/slots/0/variants", "too_few")),
        (vec![slot(&[&nobody])], ("/slots/0/variants/0/variantId", "not_found")),
        (vec![slot(&[&small, &small])], ("/slots/0/variants/1/variantId", "duplicate")),
        (vec![with("id", nobody.clone())], ("/slots/0/id", "not_found")),
        (vec![with("minimum", json!(2))], ("/slots/0/maximum", "too_small")),
        (vec![with("minimum", json!(-1))], ("/slots/0/minimum", "too_small")),
        (vec![with("maximum", json!(0))], ("/slots/0/maximum", "too_small")),
        (vec![with("maximum", json!(11))], ("/slots/0/maximum", "too_large")),
    ] {
        let found = faults(manager.post("/v1/products", combo(&category, &slots)).await);
        assert_eq!((found[0].0.as_str(), found[0].1.as_str()), expected, "{found:?}");
    }
    let made = manager.post("/v1/products", combo(&category, &[slot(&[&small])])).await.expect(201);
    let twice = change(&manager, "/v1/products", &made, |body| body["slots"] = json!([body["slots"][0], body["slots"][0]]));
    assert_faults(twice.await, &[("/slots/1/id", "duplicate")]);
    let mut inside = combo(&category, &[slot(&[&live_id(&made, "regular").unwrap()])]);
    inside["slug"] = json!("formule-double");
    assert_faults(manager.post("/v1/products", inside).await, &[("/slots/0/variants/0/variantId", "not_offered")]);
}

#[tokio::test]
async fn products_are_listed_in_the_order_of_the_menu() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let all = manager.get("/v1/products").await.expect(200);
    let menu = app.anybody().get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
    let products = menu["categories"].as_array().unwrap().iter().flat_map(|c| c["products"].as_array().unwrap());
    let ids = |products: Vec<&Value>| products.iter().map(|product| product["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(all["data"].as_array().unwrap().iter().collect()), ids(products.collect()));
    let drinks = named(&manager, "/v1/categories", "drinks").await["id"].as_str().unwrap().to_owned();
    let of_category = manager.get(&format!("/v1/products?categoryId={drinks}")).await.expect(200);
    let of_kind = manager.get("/v1/products?kind=drink").await.expect(200);
    assert_eq!((of_category["data"].as_array().unwrap().len(), &of_category), (12, &of_kind));
    assert_eq!(manager.get(&format!("/v1/products?categoryId={NOBODY}")).await.expect(200)["data"], json!([]));
    assert_eq!(manager.get("/v1/products?archived=true").await.expect(200)["data"], json!([]));
    assert_faults(manager.get("/v1/products?kind=soup").await, &[("kind", "invalid_format")]);
    assert_faults(manager.get("/v1/products?soup=1").await, &[("soup", "unknown_field")]);
}

#[tokio::test]
async fn names_may_be_written_in_any_script() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let reine = named(&manager, "/v1/products", "reine").await;
    let name = json!({ "fr": "Reine 👑🍕", "en": "بيتزا الملكة" });
    change(&manager, "/v1/products", &reine, |body| body["name"] = name.clone()).await.expect(200);
    on_menu(&app, "reine", |seen| seen.unwrap()["name"] == "Reine 👑🍕").await;
    let menu = app.anybody().in_language("en").get(&format!("/v1/stores/{SHOP}/menu")).await;
    assert!(menu.text.contains("بيتزا الملكة"));
}

#[tokio::test]
async fn nobodys_change_is_lost() {
    let app = TestApp::start().await;
    let (manager, admin) = (app.staff("manager").await, app.login("admin").await);
    for (list, slug) in [("/v1/categories", "pizzas"), ("/v1/products", "reine"), ("/v1/modifier-groups", "extra-toppings")] {
        let document = named(&manager, list, slug).await;
        let path = path_of(list, &document);
        let put = || manager.request(Method::PUT, &path).json(&body_of(&document));
        manager.send(put()).await.problem(428, "precondition_required");
        manager.send(manager.request(Method::DELETE, &path)).await.problem(428, "precondition_required");
        let refused = manager.send(put().header("if-match", "\"7\"")).await.problem(412, "version_conflict");
        assert_eq!(refused["currentVersion"], document["version"]);
        let old = manager.request(Method::DELETE, &path).header("if-match", "\"7\"");
        manager.send(old).await.problem(412, "version_conflict");
        assert_faults(manager.send(put().header("if-match", "three")).await, &[("If-Match", "invalid_format")]);
        let name = |name: &'static str| move |body: &mut Value| body["name"] = text(name);
        let (a, b) = tokio::join!(change(&manager, list, &document, name("A")), change(&admin, list, &document, name("B")));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{list}");
        manager.send(put().header("if-match", "*")).await.expect(200);
        let nothing = json!({ "id": NOBODY, "version": 1, "slug": "essai" });
        archive(&manager, list, &nothing).await.problem(404, "not_found");
        manager.get(&format!("{list}/{NOBODY}")).await.problem(404, "not_found");
        app.staff("counter").await.get(list).await.problem(403, "forbidden");
    }
}

#[tokio::test]
async fn every_change_is_written_down() {
    use schema::audit_entries::dsl;
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let me = manager.get("/v1/me").await.expect(200)["id"].clone();
    let category = named(&manager, "/v1/categories", "pizzas").await;
    let made = manager.post_once("/v1/products", pizza(&category), "once").await.expect(201);
    assert_eq!(
        manager.post_once("/v1/products", pizza(&category), "once").await.expect(201),
        made,
        "a retry makes no second one"
    );
    let changed =
        change(&manager, "/v1/products", &made, |body| body["variants"] = json!([size("large", 1500)])).await.expect(200);
    archive(&manager, "/v1/products", &changed).await.expect(204);
    let rows = dsl::audit_entries
        .filter(dsl::entity.eq("product").and(dsl::entity_id.eq(made["id"].as_str().unwrap())))
        .order(dsl::id)
        .select((dsl::action, dsl::actor_id, dsl::before, dsl::after))
        .load::<(String, Option<uuid::Uuid>, Option<Value>, Option<Value>)>(&mut app.connect())
        .expect("the entries");
    let actions: Vec<&str> = rows.iter().map(|(action, ..)| action.as_str()).collect();
    assert_eq!(actions, ["create", "update", "archive"]);
    assert!(rows.iter().all(|(_, actor, ..)| json!(actor) == me));
    assert_eq!((&rows[0].2, &rows[0].3), (&None, &Some(made.clone())));
    assert_eq!((&rows[1].2, &rows[1].3), (&Some(made), &Some(changed.clone())));
    assert_eq!(rows[2].2.as_ref(), Some(&changed));
    assert_eq!(rows[2].3.as_ref().unwrap()["archived"], true);
}

#[tokio::test]
async fn categories_have_names_and_hours() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let body = json!({ "slug": "soir", "name": text("Le soir 🌙"), "position": 0, "windows": [] });
    let made = manager.post("/v1/categories", body.clone()).await.expect(201);
    manager.post("/v1/categories", body).await.problem(409, "already_exists");
    let first = manager.get("/v1/categories").await.expect(200)["data"][0].clone();
    assert_eq!(first, made, "in the order of the menu");
    for (field, value, expected) in [
        ("windows", json!([{ "weekdays": [], "opens": "18:00", "closes": "22:00" }]), ("/windows/0/weekdays", "too_few")),
        (
            "windows",
            json!([{ "weekdays": ["monday"], "opens": "25:00", "closes": "22:00" }]),
            ("/windows/0/opens", "invalid_format"),
        ),
        ("name", json!({ "fr": "x".repeat(10_000), "en": "x" }), ("/name/fr", "too_long")),
        ("name", json!({ "fr": "  ", "en": "x" }), ("/name/fr", "invalid_format")),
        ("position", json!(-1), ("/position", "too_small")),
    ] {
        let found = faults(change(&manager, "/v1/categories", &made, |body| body[field] = value).await);
        assert_eq!((found[0].0.as_str(), found[0].1.as_str()), expected, "{found:?}");
    }
    let pizzas = named(&manager, "/v1/categories", "pizzas").await;
    let taken = change(&manager, "/v1/categories", &pizzas, |body| body["slug"] = json!("soir"));
    taken.await.problem(409, "already_exists");

    // The whole day but one minute is never now: hours are of the shop's clock.
    let windows = json!([{ "weekdays": ["monday"], "opens": "03:00", "closes": "03:01" }]);
    let pizzas = change(&manager, "/v1/categories", &pizzas, |body| body["windows"] = windows.clone()).await.expect(200);
    assert_eq!(pizzas["windows"], windows);
    archive(&manager, "/v1/categories", &pizzas).await.expect(204);
    // Its products leave the menu with it.
    on_menu(&app, "reine", |seen| seen.is_none()).await;
    let archived = named(&manager, "/v1/categories?archived=true", "pizzas").await;
    change(&manager, "/v1/categories", &archived, |body| body["windows"] = json!([])).await.expect(200);
    on_menu(&app, "reine", |seen| seen.is_some()).await;
}

#[tokio::test]
async fn whatever_is_read_can_be_written_back() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    for list in ["/v1/categories", "/v1/modifier-groups", "/v1/products"] {
        let before = manager.get(list).await.expect(200);
        for document in before["data"].as_array().unwrap() {
            let mut after = change(&manager, list, document, |_| {}).await.expect(200);
            assert_eq!(after["version"].as_i64().unwrap(), document["version"].as_i64().unwrap() + 1);
            after["version"] = document["version"].clone();
            assert_eq!(&after, document);
        }
    }
}
