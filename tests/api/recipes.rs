//! Recipes with all their versions, and what follows of them: stock, menu, allergens, costs.

use std::time::Duration;

use diesel::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::SHOP;
use crate::support::client::Answer;
use crate::support::{Client, TestApp};

pub const NOBODY: &str = "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50";

/// A request on the version in quotes.
async fn on(client: &Client, method: Method, path: &str, body: Option<&Value>, version: Option<i64>) -> Answer {
    let mut request = client.request(method, path);
    if let Some(body) = body {
        request = request.json(body);
    }
    if let Some(version) = version {
        request = request.header("if-match", format!("\"{version}\""));
    }
    client.send(request).await
}

pub async fn put(client: &Client, path: &str, body: &Value, version: Option<i64>) -> Answer {
    on(client, Method::PUT, path, Some(body), version).await
}

pub async fn archive(client: &Client, path: &str, version: i64) -> Answer {
    on(client, Method::DELETE, path, None, Some(version)).await
}

/// The path of a product's recipe.
pub async fn recipe_of(client: &Client, slug: &str) -> String {
    let found = client.get(&format!("/v1/recipes?q={slug}")).await.expect(200);
    format!("/v1/products/{}/recipe", found["data"][0]["productId"].as_str().expect("a product"))
}

/// The document in force, as managers edit it, and its version.
pub async fn document(manager: &Client, path: &str) -> (Value, i64) {
    let versions = manager.get(&format!("{path}/versions")).await.expect(200);
    (versions["data"][0]["document"].clone(), versions["data"][0]["version"].as_i64().unwrap())
}

pub async fn ingredient(client: &Client, slug: &str) -> Value {
    let found = client.get(&format!("/v1/ingredients?q={slug}")).await.expect(200);
    found["data"].as_array().unwrap().iter().find(|i| i["slug"] == slug).expect("an ingredient").clone()
}

pub fn path_of(ingredient: &Value) -> String {
    format!("/v1/ingredients/{}", ingredient["id"].as_str().unwrap())
}

/// What a manager sends back of an ingredient.
pub fn body_of(ingredient: &Value) -> Value {
    let mut body = ingredient.clone();
    for name in ["id", "archived", "version"] {
        body.as_object_mut().unwrap().remove(name);
    }
    body
}

pub fn truffle_honey() -> Value {
    json!({
        "slug": "truffle-honey", "name": { "fr": "Miel à la truffe", "en": "Truffle honey" }, "unit": "g",
        "allergens": ["milk"], "mayContain": ["nuts"], "allergensKnown": true,
        "costPerThousand": { "amount": 4250, "currency": "EUR" },
    })
}

/// Of a size of a document or of a recipe.
pub fn size<'a>(sizes: &'a mut Value, code: &str) -> &'a mut Value {
    sizes.as_array_mut().unwrap().iter_mut().find(|size| size["sizeCode"] == code).expect("a size")
}

fn line<'a>(size: &'a mut Value, ingredient: &Value) -> &'a mut Value {
    let mut lines = size["ingredients"].as_array_mut().unwrap().iter_mut();
    lines.find(|line| line["ingredientId"] == ingredient["id"]).expect("a line")
}

/// A product on the shop's menu, once it looks like this: menus follow a change within moments.
async fn on_menu(app: &TestApp, slug: &str, looks: impl Fn(&Value) -> bool) -> Value {
    let mut product = Value::Null;
    for _ in 0..100 {
        let menu = app.anybody().get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
        let mut products = menu["categories"].as_array().unwrap().iter().flat_map(|c| c["products"].as_array().unwrap());
        product = products.find(|product| product["slug"] == slug).expect("a product").clone();
        if looks(&product) {
            return product;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the menu still says {product:#}")
}

/// Pointers and codes of what is wrong.
pub fn faults(problem: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut faults: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect();
    faults.sort();
    faults
}

/// Actions on a thing, oldest first, with what was there before and after.
pub fn audit(app: &TestApp, entity: &str, id: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
    use schema::audit_entries as entries;
    entries::table
        .filter(entries::entity.eq(entity).and(entries::entity_id.eq(id.as_str().unwrap())).and(entries::actor_id.is_not_null()))
        .order(entries::id)
        .select((entries::action, entries::before, entries::after))
        .load(&mut app.connect())
        .expect("the entries")
}

#[tokio::test]
async fn a_cook_reads_the_recipe_in_both_languages() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await;
    app.sql(
        "insert into modifiers (id, group_id, slug, name, position, kind, removes_ingredient_id)
         select gen_random_uuid(), g.id, 'spare-the-ham', '{\"fr\": \"Jambon non\", \"en\": \"Spare the ham\"}', 99, 'remove', i.id
         from modifier_groups g, ingredients i where g.slug = 'extra-toppings' and i.slug = 'ham'",
    );
    app.sql("insert into modifier_sizes select id, 'large', 0 from modifiers where slug = 'spare-the-ham'");
    let path = recipe_of(&cook, "reine").await;
    let (manager, mozzarella) = (app.staff("manager").await, ingredient(&cook, "mozzarella").await);
    let (mut body, version) = document(&manager, &path).await;
    line(size(&mut body["sizes"], "medium"), &mozzarella)["wasteBasisPoints"] = json!(250);
    put(&manager, &path, &body, Some(version)).await.expect(200);
    let french = cook.get(&path).await;
    assert_eq!(french.header("etag").as_deref(), Some("\"2\""));
    let french = french.expect(200);
    let mut english = cook.in_language("en").get(&path).await.expect(200);
    assert_eq!(french["steps"][0]["text"], "Étaler la pâte du centre vers les bords en gardant un bourrelet d'un centimètre.");
    assert_eq!(english["steps"][0]["text"], "Stretch the dough from the centre outwards, leaving a one-centimetre rim.");
    assert_eq!(
        (&french["preparationSeconds"], &french["bakeSeconds"], &french["version"]),
        (&json!(150), &json!(300), &json!(2))
    );
    let names: Vec<&Value> = english["sizes"].as_array().unwrap().iter().map(|size| &size["name"]).collect();
    assert_eq!(names, ["Small 26 cm", "Medium 31 cm", "Large 40 cm"]);
    assert_eq!(english["allergens"]["contains"], json!(["gluten", "milk"]));
    let mozzarella = line(size(&mut english["sizes"], "medium"), &mozzarella);
    assert_eq!(
        (&mozzarella["name"], &mozzarella["quantity"], &mozzarella["wasteBasisPoints"], &mozzarella["quantityWithWaste"]),
        (&json!("Mozzarella"), &json!(115), &json!(250), &json!(117.875))
    );
    assert_eq!(mozzarella["allergens"]["contains"], json!(["milk"]));

    // What «extra mozzarella, large» weighs, and what «spare the ham, large» leaves out.
    let option = |recipe: &Value, name: &str| {
        recipe["options"].as_array().unwrap().iter().find(|option| option["name"] == name).expect("an option").clone()
    };
    let mut extra = option(&english, "Mozzarella");
    let large = size(&mut extra["sizes"], "large");
    assert_eq!((&large["ingredients"][0]["quantity"], &large["leavesOut"]), (&json!(90), &json!(null)));
    let without = option(&french, "Jambon non");
    assert_eq!((&without["kind"], &without["removes"]), (&json!("remove"), &json!("Jambon blanc")));
    assert_eq!(without["sizes"].as_array().unwrap().len(), 1);
    assert_eq!(without["sizes"][0]["leavesOut"]["quantity"], 110);
    assert_eq!(without["sizes"][0]["ingredients"], json!([]));
    app.login("customer").await.get(&path).await.problem(403, "forbidden");
    cook.get(&format!("/v1/products/{NOBODY}/recipe")).await.problem(404, "not_found");
}

#[tokio::test]
async fn the_list_names_every_product_with_or_without_a_recipe() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await;
    let cola = recipe_of(&cook, "cola").await;
    let cola = cola.split('/').nth(3).unwrap();
    app.sql(&format!("delete from recipes where product_id = '{cola}'"));
    let all = cook.in_language("en").get("/v1/recipes").await.expect(200);
    let all = all["data"].as_array().unwrap();
    assert_eq!((&all[0]["name"], &all[0]["kind"]), (&json!("Margherita"), &json!("pizza")));
    assert_eq!((&all[0]["hasRecipe"], &all[0]["bakeSeconds"]), (&json!(true), &json!(280)));
    let cola = all.iter().find(|product| product["productId"] == cola).expect("it is listed");
    assert_eq!((&cola["hasRecipe"], &cola["preparationSeconds"]), (&json!(false), &json!(null)));
    let found = cook.get("/v1/recipes?q=R%C3%89G").await.expect(200);
    assert_eq!(found["data"], json!([]));
    assert_eq!(cook.get("/v1/recipes?q=rEINe").await.expect(200)["data"].as_array().unwrap().len(), 1);
    app.anybody().get("/v1/recipes").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn every_writing_is_a_version_and_any_can_come_back() {
    let app = TestApp::start().await;
    let (manager, cook) = (app.staff("manager").await, app.staff("cook").await);
    let path = recipe_of(&cook, "reine").await;
    let (loaded, version) = document(&manager, &path).await;
    assert_eq!(version, 1);
    let mut second = loaded.clone();
    second["bakeSeconds"] = json!(320);
    second["ovenCelsius"] = json!(350);
    second["photoUrl"] = json!("https://static.ocpizza.example/reine.jpg");
    second["steps"] = json!([{ "fr": "Enfourner.", "en": "Bake.", "photoUrl": "https://static.ocpizza.example/1.jpg" }]);
    put(&cook, &path, &second, Some(1)).await.problem(403, "forbidden");
    put(&manager, &path, &second, None).await.problem(428, "precondition_required");
    put(&manager, &path, &second, Some(7)).await.problem(412, "version_conflict");
    let written = put(&manager, &path, &second, Some(1)).await;
    assert_eq!(written.header("etag").as_deref(), Some("\"2\""));
    let written = written.expect(200);
    assert_eq!(written, cook.get(&path).await.expect(200));
    assert_eq!((&written["ovenCelsius"], &written["photoUrl"]), (&json!(350), &second["photoUrl"]));
    assert_eq!(written["steps"], json!([{ "text": "Enfourner.", "photoUrl": "https://static.ocpizza.example/1.jpg" }]));
    assert_eq!(put(&manager, &path, &second, Some(1)).await.problem(412, "version_conflict")["currentVersion"], 2);

    let versions = manager.get(&format!("{path}/versions")).await.expect(200);
    let versions = versions["data"].as_array().unwrap();
    assert_eq!((&versions[0]["version"], &versions[0]["document"]), (&json!(2), &second), "as it was written");
    assert_eq!(versions[0]["actorName"].as_str(), manager.get("/v1/me").await.expect(200)["name"].as_str());
    assert_eq!((&versions[1]["document"], &versions[1]["actorId"]), (&loaded, &json!(null)), "what came with the file is kept");
    let first = manager.get(&format!("{path}/versions?limit=1")).await.expect(200);
    let next = first["nextCursor"].as_str().expect("there is more");
    let rest = manager.get(&format!("{path}/versions?limit=1&cursor={next}")).await.expect(200);
    assert_eq!((&rest["data"][0]["version"], &rest["nextCursor"]), (&json!(1), &json!(null)));

    let restored = manager.post(&format!("{path}/versions/1/restore"), json!({})).await.expect(200);
    assert_eq!((&restored["version"], &restored["bakeSeconds"]), (&json!(3), &json!(300)));
    assert_eq!(restored["ovenCelsius"], loaded["ovenCelsius"], "null where the version has none");
    assert_eq!(document(&manager, &path).await, (loaded.clone(), 3));
    for same in [1, 3] {
        let again = manager.post(&format!("{path}/versions/{same}/restore"), json!({})).await.expect(200);
        assert_eq!(again["version"], 3, "restoring what is in force changes nothing");
    }
    for missing in ["9", "0", "-1", "x"] {
        manager.post(&format!("{path}/versions/{missing}/restore"), json!({})).await.problem(404, "not_found");
    }
    cook.post(&format!("{path}/versions/1/restore"), json!({})).await.problem(403, "forbidden");
    cook.get(&format!("{path}/versions")).await.problem(403, "forbidden");
    let entries = audit(&app, "recipe", &restored["productId"]);
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0], ("update".to_owned(), Some(loaded.clone()), Some(second.clone())));
    assert_eq!(entries[1], ("update".to_owned(), Some(second), Some(loaded)));
}

#[tokio::test]
async fn a_version_whose_ingredients_are_archived_says_so() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let honey = manager.post("/v1/ingredients", truffle_honey()).await.expect(201);
    let path = recipe_of(&manager, "reine").await;
    let (loaded, _) = document(&manager, &path).await;
    let mut sweet = loaded.clone();
    let lines = size(&mut sweet["sizes"], "small")["ingredients"].as_array_mut().unwrap();
    lines.push(json!({ "ingredientId": honey["id"], "quantity": 10 }));
    let at = format!("/sizes/0/ingredients/{}/ingredientId", lines.len() - 1);
    put(&manager, &path, &sweet, Some(1)).await.expect(200);
    put(&manager, &path, &loaded, Some(2)).await.expect(200);
    archive(&manager, &path_of(&honey), 1).await.expect(204);
    let restore = format!("{path}/versions/2/restore");
    let refused = manager.post(&restore, json!({})).await.problem(422, "invalid_request");
    assert_eq!(faults(&refused), [(at.clone(), "archived".to_owned())]);
    assert!(refused["errors"][0]["detail"].as_str().unwrap().starts_with("truffle-honey"), "{refused}");
    assert_eq!(
        faults(&put(&manager, &path, &sweet, Some(3)).await.problem(422, "invalid_request")),
        [(at, "archived".to_owned())]
    );
    put(&manager, &path_of(&honey), &truffle_honey(), Some(2)).await.expect(200);
    app.sql("update variants set archived_at = now() where size_code = 'large'");
    let refused = manager.post(&restore, json!({})).await.problem(422, "invalid_request");
    assert_eq!(faults(&refused), [("/sizes/2/sizeCode".to_owned(), "not_offered".to_owned())]);
    assert_eq!(document(&manager, &path).await.1, 3, "nothing was written");
}

#[tokio::test]
async fn the_first_recipe_of_a_product_needs_no_version() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let path = recipe_of(&manager, "reine").await;
    let (body, _) = document(&manager, &path).await;
    for table in ["recipes", "recipe_versions"] {
        app.sql(&format!("delete from {table} where product_id = (select id from products where slug = 'reine')"));
    }
    for missing in [path.clone(), format!("{path}/versions"), format!("{path}/cost")] {
        manager.get(&missing).await.problem(404, "not_found");
    }
    manager.post(&format!("{path}/versions/1/restore"), json!({})).await.problem(404, "not_found");
    assert_eq!(put(&manager, &path, &body, Some(3)).await.problem(412, "version_conflict")["currentVersion"], 0);
    let (a, b) = tokio::join!(put(&manager, &path, &body, None), put(&manager, &path, &body, Some(0)));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert!(statuses[0] == 200 && [412, 428].contains(&statuses[1]), "two first ones: {statuses:?}");
    let (document, version) = document(&manager, &path).await;
    assert_eq!((document, version), (body.clone(), 1));
    put(&manager, &path, &body, None).await.problem(428, "precondition_required");
    put(&manager, &format!("/v1/products/{NOBODY}/recipe"), &body, None).await.problem(404, "not_found");
    let id = json!(path.split('/').nth(3).unwrap());
    assert_eq!(audit(&app, "recipe", &id), [("create".to_owned(), None, Some(body))]);
}

#[tokio::test]
async fn of_two_who_write_at_once_one_is_told() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let path = recipe_of(&manager, "reine").await;
    let (body, _) = document(&manager, &path).await;
    let answers = futures_util::future::join_all((0..6).map(|_| put(&manager, &path, &body, Some(1)))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412]);
    assert_eq!(document(&manager, &path).await.1, 2);
}

#[tokio::test]
async fn bad_recipes_are_refused_with_pointers() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let path = recipe_of(&manager, "reine").await;
    let mozzarella = ingredient(&manager, "mozzarella").await["id"].clone();
    let with = |change: Value| {
        let mut body = json!({ "preparationSeconds": 60, "bakeSeconds": 0, "steps": [], "sizes": [] });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let sized = |lines: Value| with(json!({ "sizes": [{ "sizeCode": "small", "ingredients": lines }] }));
    let of = |quantity: Value| json!([{ "ingredientId": mozzarella, "quantity": quantity }]);
    let step = json!({ "fr": "Cuire.", "en": "Bake." });
    let one = of(json!(1));
    for (body, pointer, code) in [
        (with(json!({ "bakeSeconds": 7201 })), "/bakeSeconds", "too_large"),
        (with(json!({ "preparationSeconds": -1 })), "/preparationSeconds", "too_small"),
        (with(json!({ "preparationSeconds": 99_999_999_999i64 })), "/preparationSeconds", "too_large"),
        (with(json!({ "ovenCelsius": 601 })), "/ovenCelsius", "too_large"),
        (with(json!({ "photoUrl": "http://insecure.example/a.jpg" })), "/photoUrl", "invalid_format"),
        (with(json!({ "photoUrl": "javascript:alert(1)" })), "/photoUrl", "invalid_format"),
        (with(json!({ "steps": vec![step; 51] })), "/steps", "too_many"),
        (with(json!({ "steps": [{ "fr": "Cuire.", "en": " " }] })), "/steps/0/en", "invalid_format"),
        (with(json!({ "steps": [{ "fr": "Cuire." }] })), "/steps/0/en", "required"),
        (with(json!({ "steps": [{ "fr": "a\u{0}", "en": "b" }] })), "/steps/0/fr", "invalid_character"),
        (with(json!({ "sizes": [{ "sizeCode": "huge", "ingredients": one }] })), "/sizes/0/sizeCode", "unknown_value"),
        (with(json!({ "sizes": [{ "sizeCode": "regular", "ingredients": one }] })), "/sizes/0/sizeCode", "not_offered"),
        (
            with(json!({ "sizes": [{ "sizeCode": "small", "ingredients": one }, { "sizeCode": "small", "ingredients": one }] })),
            "/sizes/1/sizeCode",
            "duplicate",
        ),
        (sized(json!([])), "/sizes/0/ingredients", "too_few"),
        (sized(json!([one[0], one[0]])), "/sizes/0/ingredients/1/ingredientId", "duplicate"),
        (sized(json!([{ "ingredientId": NOBODY, "quantity": 1 }])), "/sizes/0/ingredients/0/ingredientId", "not_found"),
        (sized(of(json!(0))), "/sizes/0/ingredients/0/quantity", "too_small"),
        (sized(of(json!(-5))), "/sizes/0/ingredients/0/quantity", "too_small"),
        (sized(of(json!(1e300))), "/sizes/0/ingredients/0/quantity", "too_large"),
        (sized(of(json!(1.2345))), "/sizes/0/ingredients/0/quantity", "invalid_format"),
        (
            sized(json!([{ "ingredientId": mozzarella, "quantity": 1, "wasteBasisPoints": 10_001 }])),
            "/sizes/0/ingredients/0/wasteBasisPoints",
            "too_large",
        ),
        (with(json!({ "oven": 1 })), "/oven", "unknown_field"),
    ] {
        let refused = put(&manager, &path, &body, Some(1)).await.problem(422, "invalid_request");
        assert_eq!(faults(&refused), [(pointer.to_owned(), code.to_owned())], "{body:.200}");
    }
    assert_eq!(document(&manager, &path).await.1, 1, "nothing was written");
}

#[tokio::test]
async fn waste_is_reserved_with_what_is_ordered() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let mozzarella = ingredient(&manager, "mozzarella").await;
    let path = recipe_of(&manager, "reine").await;
    let (mut body, version) = document(&manager, &path).await;
    line(size(&mut body["sizes"], "medium"), &mozzarella)["wasteBasisPoints"] = json!(0);
    put(&manager, &path, &body, Some(version)).await.expect(200);
    let (_, before) = app.stock("mozzarella");
    app.order("collection", &[("reine", "medium", 1)]).await;
    let (_, net) = app.stock("mozzarella");
    line(size(&mut body["sizes"], "medium"), &mozzarella)["wasteBasisPoints"] = json!(1000);
    let mut written = put(&manager, &path, &body, Some(version + 1)).await.expect(200);
    let seen = line(size(&mut written["sizes"], "medium"), &mozzarella);
    assert_eq!((&seen["quantity"], &seen["quantityWithWaste"]), (&json!(115), &json!(126.5)));
    app.order("collection", &[("reine", "medium", 1)]).await;
    let (_, gross) = app.stock("mozzarella");
    assert_eq!((net - before, gross - net), (115_000, 126_500), "10 % more");
}

#[tokio::test]
async fn a_changed_recipe_changes_what_can_be_made() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let ham = ingredient(&manager, "ham").await;
    let path = recipe_of(&manager, "reine").await;
    let (loaded, version) = document(&manager, &path).await;
    assert_eq!(app.variant("reine", "medium").await["availability"], "in_stock");
    let cart = app.cart("collection", &[("reine", "large", 1)]).await;
    let mut body = loaded.clone();
    // As much as a third of what there is.
    let (on_hand, reserved) = app.stock("ham");
    line(size(&mut body["sizes"], "medium"), &ham)["quantity"] = json!(((on_hand - reserved) / 3000) as f64);
    body["sizes"].as_array_mut().unwrap().retain(|size| size["sizeCode"] != "large");
    put(&manager, &path, &body, Some(version)).await.expect(200);
    let reine = on_menu(&app, "reine", |product| product["variants"][1]["availability"] == "low").await;
    assert!(reine["variants"][1]["servingsLeft"].as_u64().unwrap() <= 3);
    let large = &reine["variants"][2];
    assert_eq!((&large["available"], &large["availability"]), (&json!(false), &json!("out")), "a size without a recipe");
    let refused = cart.place("collection").await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    manager.post(&format!("{path}/versions/{version}/restore"), json!({})).await.expect(200);
    on_menu(&app, "reine", |product| product["variants"][2]["available"] == true).await;
    cart.place("collection").await.expect(201);
}

#[tokio::test]
async fn unknown_allergens_never_read_as_none() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let path = recipe_of(&manager, "reine").await;
    app.sql("update ingredients set may_contain = '{}', allergens_known = true");
    let known = json!({ "contains": ["gluten", "milk"], "mayContain": [], "known": true });
    assert_eq!(manager.get(&path).await.expect(200)["allergens"], known);
    on_menu(&app, "reine", |product| product["allergens"] == known).await;
    let ham = ingredient(&manager, "ham").await;
    let mut body = body_of(&ham);
    body["allergensKnown"] = json!(false);
    body["mayContain"] = json!(["milk", "celery"]);
    put(&manager, &path_of(&ham), &body, Some(1)).await.expect(200);
    let unknown = json!({ "contains": ["gluten", "milk"], "mayContain": ["celery"], "known": false });
    let mut recipe = manager.get(&path).await.expect(200);
    assert_eq!(recipe["allergens"], unknown);
    on_menu(&app, "reine", |product| product["allergens"] == unknown).await;
    let of_ham = &line(size(&mut recipe["sizes"], "small"), &ham)["allergens"];
    assert_eq!(of_ham, &json!({ "contains": [], "mayContain": ["milk", "celery"], "known": false }));
    // A recipe without any ingredient says nothing.
    let empty = json!({ "preparationSeconds": 1, "bakeSeconds": 1, "steps": [], "sizes": [] });
    let nothing = put(&manager, &path, &empty, Some(1)).await.expect(200);
    assert_eq!(nothing["allergens"], json!({ "contains": [], "mayContain": [], "known": false }));
    on_menu(&app, "reine", |product| product["allergens"] == nothing["allergens"]).await;
}

#[tokio::test]
async fn costs_are_those_of_what_is_taken() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    app.sql("update ingredients set cost_cents_per_thousand = null");
    app.sql("update modifier_ingredients set waste_basis_points = 0");
    let path = recipe_of(&manager, "reine").await;
    let costs = manager.get(&format!("{path}/cost")).await.expect(200);
    assert_eq!((&costs["sizes"][0]["cost"], costs["sizes"][0]["unknownCosts"].as_array().unwrap().len()), (&json!(null), 6));
    assert_eq!(costs["sizes"][0]["price"]["amount"], 890);
    for (slug, cents) in
        [("pizza-dough", 210), ("tomato-sauce", 240), ("mozzarella", 790), ("ham", 930), ("mushroom", 450), ("oregano", 1890)]
    {
        let found = ingredient(&manager, slug).await;
        let mut body = body_of(&found);
        body["costPerThousand"] = json!({ "amount": cents, "currency": "EUR" });
        put(&manager, &path_of(&found), &body, Some(1)).await.expect(200);
    }
    let (mut body, version) = document(&manager, &path).await;
    let lines = body["sizes"].as_array_mut().unwrap().iter_mut().flat_map(|size| size["ingredients"].as_array_mut().unwrap());
    lines.for_each(|line| line["wasteBasisPoints"] = json!(0));
    let mushroom = ingredient(&manager, "mushroom").await;
    line(size(&mut body["sizes"], "small"), &mushroom)["wasteBasisPoints"] = json!(2000);
    body["sizes"].as_array_mut().unwrap().retain(|size| size["sizeCode"] != "large");
    put(&manager, &path, &body, Some(version)).await.expect(200);
    let costs = manager.get(&format!("{path}/cost")).await.expect(200);
    let euros = |cents: i64| json!({ "amount": cents, "currency": "EUR" });
    // 180 g dough 37.80, 60 g sauce 14.40, 80 g mozzarella 63.20, 50 g ham 46.50, 48 g mushrooms 21.60, 1 g oregano 1.89.
    assert_eq!((&costs["sizes"][0]["cost"], &costs["sizes"][0]["unknownCosts"]), (&euros(185), &json!([])));
    // 260 g 54.60, 85 g 20.40, 115 g 90.85, 70 g 65.10, 60 g 27.00, 1.5 g 2.835.
    assert_eq!((&costs["sizes"][1]["cost"], &costs["sizes"][1]["price"]), (&euros(261), &euros(1190)));
    assert_eq!((&costs["sizes"][2]["cost"], &costs["sizes"][2]["unknownCosts"]), (&json!(null), &json!([])), "no recipe");
    let mut options = costs["options"].as_array().unwrap().iter();
    let extra = options.find(|option| option["name"] == "Mozzarella").unwrap();
    // 90 g are 71.10.
    assert_eq!((&extra["sizes"][2]["sizeCode"], &extra["sizes"][2]["cost"]), (&json!("large"), &euros(71)));
    let goat = costs["options"].as_array().unwrap().iter().find(|option| option["name"] == "Fromage de chèvre").unwrap();
    assert_eq!((&goat["sizes"][0]["cost"], &goat["sizes"][0]["unknownCosts"]), (&json!(null), &json!(["Fromage de chèvre"])));
    app.staff("cook").await.get(&format!("{path}/cost")).await.problem(403, "forbidden");
}
