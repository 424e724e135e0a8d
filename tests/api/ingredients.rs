//! Ingredients as managers keep them, and what holds on to them.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::recipes::{
    NOBODY, archive, audit, body_of, document, faults, ingredient, path_of, put, recipe_of, size, truffle_honey,
};
use crate::support::TestApp;
use crate::support::app::SHOP;

#[tokio::test]
async fn managers_keep_ingredients() {
    let app = TestApp::start().await;
    let (manager, cook) = (app.staff("manager").await, app.staff("cook").await);
    cook.post("/v1/ingredients", truffle_honey()).await.problem(403, "forbidden");
    let made = manager.post("/v1/ingredients", truffle_honey()).await;
    let path = made.header("location").expect("where it is");
    let made = made.expect(201);
    assert_eq!((body_of(&made), &made["archived"], &made["version"]), (truffle_honey(), &json!(false), &json!(1)));
    assert_eq!(path, path_of(&made));
    manager.post("/v1/ingredients", truffle_honey()).await.problem(409, "already_exists");

    let mut body = truffle_honey();
    body["costPerThousand"] = json!(null);
    body["unit"] = json!("ml");
    put(&manager, &path, &body, None).await.problem(428, "precondition_required");
    let changed = put(&manager, &path, &body, Some(1)).await;
    assert_eq!(changed.header("etag").as_deref(), Some("\"2\""));
    assert_eq!(body_of(&changed.expect(200)), body);
    assert_eq!(put(&manager, &path, &body, Some(1)).await.problem(412, "version_conflict")["currentVersion"], 2);
    let mut taken = body.clone();
    taken["slug"] = json!("mozzarella");
    put(&manager, &path, &taken, Some(2)).await.problem(409, "already_exists");

    archive(&manager, &path, 2).await.expect(204);
    assert_eq!(cook.get("/v1/ingredients?q=TRUFFE").await.expect(200)["data"][0]["slug"], "truffle-cream");
    let gone = cook.get("/v1/ingredients?archived=true").await.expect(200);
    assert_eq!((&gone["data"][0]["slug"], &gone["data"][0]["archived"]), (&json!("truffle-honey"), &json!(true)));
    assert_eq!(put(&manager, &path, &body, Some(3)).await.expect(200)["archived"], false, "written again, it is back");
    let actions: Vec<String> = audit(&app, "ingredient", &made["id"]).into_iter().map(|(action, ..)| action).collect();
    assert_eq!(actions, ["create", "update", "archive", "update"]);
    manager.get(&format!("/v1/ingredients/{NOBODY}")).await.problem(404, "not_found");
}

#[tokio::test]
async fn ingredients_are_found_by_a_part_of_their_name_and_costs_are_for_managers() {
    let app = TestApp::start().await;
    let (manager, cook) = (app.staff("manager").await, app.staff("cook").await);
    let mozzarella = ingredient(&manager, "mozzarella").await;
    let mut body = body_of(&mozzarella);
    body["costPerThousand"] = json!({ "amount": 850, "currency": "EUR" });
    put(&manager, &path_of(&mozzarella), &body, Some(1)).await.expect(200);
    assert_eq!(ingredient(&manager, "mozzarella").await["costPerThousand"]["amount"], 850);
    assert_eq!(ingredient(&cook, "mozzarella").await["costPerThousand"], json!(null));
    let slugs = |list: &Value| list["data"].as_array().unwrap().iter().map(|i| i["slug"].clone()).collect::<Vec<_>>();
    let found = cook.get("/v1/ingredients?q=MOZZA").await.expect(200);
    assert_eq!(slugs(&found), ["mozzarella", "mozzarella-stick"]);
    assert_eq!(slugs(&cook.get("/v1/ingredients?q=g%C3%A9").await.expect(200)).len(), 0);
    assert_eq!(slugs(&cook.get("/v1/ingredients?q=%C5%92UF").await.expect(200)), ["egg", "minced-beef"], "œuf, bœuf");
    assert_eq!(slugs(&cook.get("/v1/ingredients?q=%00").await.expect(200)).len(), 0);
    let long = format!("/v1/ingredients?q={}", "x".repeat(101));
    assert_eq!(faults(&cook.get(&long).await.problem(422, "invalid_request")), [("q".to_owned(), "too_long".to_owned())]);
    app.login("customer").await.get("/v1/ingredients").await.problem(403, "forbidden");
}

#[tokio::test]
async fn what_is_in_use_keeps_its_unit_and_is_not_archived() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let mozzarella = ingredient(&manager, "mozzarella").await;
    let refused = archive(&manager, &path_of(&mozzarella), 1).await.problem(409, "in_use");
    let names = refused["usedBy"].as_array().unwrap();
    assert!(names.contains(&json!("reine")) && names.contains(&json!("extra-mozzarella")), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("extra-mozzarella"));
    let mut body = body_of(&mozzarella);
    body["unit"] = json!("piece");
    let refused = put(&manager, &path_of(&mozzarella), &body, Some(1)).await.problem(409, "in_use");
    assert!(refused["usedBy"].as_array().unwrap().contains(&json!(SHOP)), "the stores count in grams: {refused}");

    // A new one counts nowhere until a recipe takes it.
    let honey = manager.post("/v1/ingredients", truffle_honey()).await.expect(201);
    let mut body = truffle_honey();
    body["unit"] = json!("ml");
    put(&manager, &path_of(&honey), &body, Some(1)).await.expect(200);
    let path = recipe_of(&manager, "chevre-miel").await;
    let (mut recipe, version) = document(&manager, &path).await;
    let lines = size(&mut recipe["sizes"], "small")["ingredients"].as_array_mut().unwrap();
    lines.push(json!({ "ingredientId": honey["id"], "quantity": 12.5 }));
    put(&manager, &path, &recipe, Some(version)).await.expect(200);
    let refused = put(&manager, &path_of(&honey), &truffle_honey(), Some(2)).await.problem(409, "in_use");
    assert_eq!(refused["usedBy"], json!(["chevre-miel"]));
    assert_eq!(archive(&manager, &path_of(&honey), 2).await.problem(409, "in_use")["usedBy"], json!(["chevre-miel"]));

    // What is not on sale holds nothing back, but its recipe still counts in the unit.
    app.sql("update products set archived_at = now() where slug = 'chevre-miel'");
    put(&manager, &path_of(&honey), &truffle_honey(), Some(2)).await.problem(409, "in_use");
    archive(&manager, &path_of(&honey), 2).await.expect(204);
}

#[tokio::test]
async fn bad_ingredients_are_refused_with_pointers() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    for (field, value, pointer, code) in [
        ("slug", json!("Pas un slug"), "/slug", "invalid_format"),
        ("slug", json!("x".repeat(65)), "/slug", "too_long"),
        ("name", json!({ "fr": "Miel" }), "/name/en", "required"),
        ("unit", json!("kg"), "/unit", "unknown_value"),
        ("allergens", json!(["milk", "milk"]), "/allergens/1", "duplicate"),
        ("allergens", json!(["nuts"]), "/mayContain/0", "duplicate"),
        ("allergens", json!(["lactose"]), "/allergens/0", "unknown_value"),
        ("allergens", json!(vec!["milk"; 15]), "/allergens", "too_many"),
        ("allergensKnown", json!(null), "/allergensKnown", "wrong_type"),
        ("costPerThousand", json!({ "amount": -1, "currency": "EUR" }), "/costPerThousand/amount", "too_small"),
        ("costPerThousand", json!({ "amount": 1.5, "currency": "EUR" }), "/costPerThousand/amount", "wrong_type"),
        ("id", json!(NOBODY), "/id", "unknown_field"),
    ] {
        let mut body = truffle_honey();
        body[field] = value;
        let refused = manager.post("/v1/ingredients", body.clone()).await.problem(422, "invalid_request");
        assert_eq!(faults(&refused), [(pointer.to_owned(), code.to_owned())], "{body:.200}");
    }
    let mut silent = truffle_honey();
    silent.as_object_mut().unwrap().remove("allergensKnown");
    let refused = manager.post("/v1/ingredients", silent).await.problem(422, "invalid_request");
    assert_eq!(faults(&refused), [("/allergensKnown".to_owned(), "required".to_owned())], "nobody is taken to have looked");
}

#[tokio::test]
async fn who_archives_and_who_writes_a_recipe_do_not_miss_each_other() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let path = recipe_of(&manager, "reine").await;
    for round in 0..5 {
        let mut honey = truffle_honey();
        honey["slug"] = json!(format!("truffle-honey-{round}"));
        let honey = manager.post("/v1/ingredients", honey).await.expect(201);
        let (mut body, version) = document(&manager, &path).await;
        let lines = size(&mut body["sizes"], "small")["ingredients"].as_array_mut().unwrap();
        lines.push(json!({ "ingredientId": honey["id"], "quantity": 1 }));
        let honey_path = path_of(&honey);
        let (archived, written) = tokio::join!(archive(&manager, &honey_path, 1), put(&manager, &path, &body, Some(version)));
        assert!([(204, 422), (409, 200)].contains(&(archived.status, written.status)), "{archived:?} {written:?}");
    }
    let lost: i64 = {
        use schema::{ingredients, variant_ingredients};
        let archived = variant_ingredients::table.inner_join(ingredients::table).filter(ingredients::archived_at.is_not_null());
        archived.count().get_result(&mut app.connect()).expect("a count")
    };
    assert_eq!(lost, 0);
}
