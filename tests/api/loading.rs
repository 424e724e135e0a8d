//! load-data: as often as one likes, all or nothing, with a pointer to what is wrong.

use std::path::Path;

use diesel::prelude::*;
use ocpizza::clock;
use ocpizza::config::Environment;
use ocpizza::error::Error;
use ocpizza::load;
use serde_json::{Value, json};

use crate::support::database::Lease;
use crate::support::ledger;

pub fn try_load(lease: &Lease, json: &str, environment: Environment) -> Result<(), Error> {
    let file = std::env::temp_dir().join(format!("ocpizza-load-{}-{}.json", std::process::id(), uuid::Uuid::now_v7()));
    std::fs::write(&file, json).expect("written");
    let outcome =
        load::read(&file).and_then(|files| lease.db(1).tx_here(|conn| load::load(conn, &files, environment, clock::now())));
    std::fs::remove_file(&file).expect("removed");
    outcome.map(|_| ())
}

/// Pointer and reason of each fault.
pub fn faults(error: Error) -> Vec<String> {
    let reason = |fault: &ocpizza::error::Fault| fault.params.first().map(|(_, text)| text.clone()).unwrap_or_default();
    error.faults.iter().map(|f| format!("{} {}", f.pointer.split_once('#').expect("file#pointer").1, reason(f))).collect()
}

/// Tables that a load writes, with the sum of their versions where they have some.
const TABLES: [(&str, &str); 24] = [
    ("stores", "0"),
    ("store_hours", "0"),
    ("delivery_zones", "version"),
    ("tax_rates", "version"),
    ("ingredients", "version"),
    ("categories", "version"),
    ("modifier_groups", "version"),
    ("modifiers", "0"),
    ("modifier_sizes", "0"),
    ("modifier_ingredients", "0"),
    ("portion_policies", "version"),
    ("products", "version"),
    ("variants", "0"),
    ("variant_ingredients", "0"),
    ("recipes", "version"),
    ("recipe_versions", "version"),
    ("combo_slots", "0"),
    ("combo_slot_variants", "0"),
    ("price_overrides", "version"),
    ("promotions", "version"),
    ("coupons", "version"),
    ("stock_levels", "0"),
    ("stock_movements", "0"),
    ("users", "0"),
];

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// The one number that a query answers.
fn number(lease: &Lease, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Number>(&mut lease.connect()).expect(sql).number
}

/// Rows and versions of each table.
fn standing(lease: &Lease) -> Vec<(&'static str, i64, i64)> {
    let sum = |table, of| number(lease, &format!("select coalesce(sum({of}), 0)::bigint as number from {table}"));
    TABLES.iter().map(|(table, version)| (*table, sum(table, "1"), sum(table, version))).collect()
}

/// Everything that names slots, sizes and zones from outside, as one number.
fn names(lease: &Lease) -> i64 {
    let of = |table: &str| format!("select hashtextextended(string_agg(id::text, ',' order by id), 0) as hash from {table}");
    let hashes =
        ["combo_slots", "variants", "modifiers", "delivery_zones", "coupons", "price_overrides"].map(of).join(" union all ");
    number(lease, &format!("select sum(hash % 1000000007)::bigint as number from ({hashes}) as h"))
}

/// A list of the demo chain.
pub fn demo(file: &str, list: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").join(file);
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).expect(file)).expect(file);
    document[list].as_array().expect(list).clone()
}

/// One entry of it.
pub fn entry(file: &str, list: &str, slug: &str) -> Value {
    demo(file, list).into_iter().find(|entry| entry["slug"] == slug).expect(slug)
}

/// Another value at a place of an entry.
pub fn set(entry: &mut Value, place: &str, value: Value) {
    let (parent, field) = place.rsplit_once('/').expect("a pointer");
    match entry.pointer_mut(parent).expect(place) {
        Value::Array(items) => items[field.parse::<usize>().expect(place)] = value,
        parent => parent[field] = value,
    }
}

/// Loads one entry.
fn load_entry(lease: &Lease, list: &str, entry: &Value) {
    try_load(lease, &json!({ list: [entry] }).to_string(), Environment::Development).expect(list);
}

#[test]
fn loading_the_demo_chain_again_changes_nothing() {
    let lease = Lease::demo();
    let (before, named) = (standing(&lease), names(&lease));
    diesel::sql_query("update stock_levels set safety_milli = 1000").execute(&mut lease.connect()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let files = load::read(&folder).expect("the folder");
    lease.db(1).tx_here(|conn| load::load(conn, &files, Environment::Development, clock::now())).expect("again");
    assert_eq!((standing(&lease), names(&lease)), (before.clone(), named));
    for ((table, count, versions), (_, version)) in before.iter().zip(TABLES) {
        assert!(*count > 0, "the demo chain has {table}");
        assert!(version == "0" || count == versions, "everything in {table} is of version 1");
    }
    let rows = |table| before.iter().find(|row| row.0 == table).unwrap().1;
    assert_eq!((rows("stores"), rows("ingredients"), rows("recipes")), (5, 78, rows("recipe_versions")));
    ledger::assert_clean(&mut lease.connect());
}

#[test]
fn one_fault_and_nothing_was_loaded() {
    let lease = Lease::demo();
    let before = standing(&lease);
    let json = r#"{ "ingredients": [{ "slug": "yuzu", "name": { "fr": "Yuzu", "en": "Yuzu" }, "unit": "g", "allergens": [] }],
        "products": [{ "slug": "yuzu-pizza", "category": "pizas", "kind": "pizza", "name": { "fr": "Y", "en": "Y" },
          "description": { "fr": "Y", "en": "Y" }, "taxCategory": "prepared_food", "modifierGroups": ["nothing"],
          "variants": [{ "size": "small", "name": { "fr": "Y", "en": "Y" }, "priceCents": 1, "ingredients": { "yuzu": 1 } }],
          "recipe": { "prepSeconds": 1, "bakeSeconds": 1, "steps": [] } }] }"#;
    let faults = faults(try_load(&lease, json, Environment::Development).expect_err("two faults"));
    assert_eq!(
        faults,
        [
            "/products/0/category there is no category «pizas»",
            "/products/0/modifierGroups/0 there is no modifier group «nothing»"
        ]
    );
    assert_eq!(standing(&lease), before, "not even the yuzu");
}

#[test]
fn what_changed_is_taken_over_and_moves_its_version() {
    let lease = Lease::demo();
    let version = |sql: &str| number(&lease, &format!("select version::bigint as number from {sql}"));
    for (file, list, slug, place, value, of) in [
        ("ingredients.json", "ingredients", "ham", "/costCentsPerThousand", json!(800), "ingredients where slug = 'ham'"),
        ("ingredients.json", "ingredients", "ham", "/allergensKnown", json!(false), "ingredients where slug = 'ham'"),
        ("menu.json", "categories", "lunch", "/windows/0/closes", json!("14:30"), "categories where slug = 'lunch'"),
        ("menu.json", "modifierGroups", "dips", "/freeQuantity", json!(2), "modifier_groups where slug = 'dips'"),
        ("menu.json", "modifierGroups", "dips", "/modifiers/0/isDefault", json!(true), "modifier_groups where slug = 'dips'"),
        (
            "menu.json",
            "modifierGroups",
            "dips",
            "/modifiers/1/sizes/regular/priceCents",
            json!(60),
            "modifier_groups where slug = 'dips'",
        ),
        ("menu.json", "products", "reine", "/halvesAllowed", json!(false), "products where slug = 'reine'"),
        ("menu.json", "products", "reine", "/variants/1/priceCents", json!(1200), "products where slug = 'reine'"),
        (
            "menu.json",
            "products",
            "formule-duo",
            "/slots/1/variants/0/surchargeCents",
            json!(50),
            "products where slug = 'formule-duo'",
        ),
    ] {
        let before = version(of);
        let mut whole = demo(file, list);
        set(whole.iter_mut().find(|entry| entry["slug"] == slug).expect(slug), place, value);
        let json = json!({ list: whole }).to_string();
        for time in ["once", "twice"] {
            try_load(&lease, &json, Environment::Development).expect(place);
            assert_eq!(version(of), before + 1, "{list}{place} {time}");
        }
    }
    let products = number(&lease, "select count(*) as number from products where version > 1");
    assert_eq!(products, 2, "the others are what they were");
    assert_eq!(number(&lease, "select count(*) as number from recipes where version > 1"), 0, "a price is not a recipe");
}

#[test]
fn every_version_of_a_recipe_is_kept() {
    let lease = Lease::demo();
    // As after a migration.
    diesel::sql_query("delete from recipe_versions").execute(&mut lease.connect()).unwrap();
    // The first of the file, so that it keeps its place in the menu.
    let mut margherita = entry("menu.json", "products", "margherita");
    margherita["recipe"]["ovenCelsius"] = json!(310);
    load_entry(&lease, "products", &margherita);
    margherita["variants"][1]["ingredients"]["mozzarella"] = json!({ "quantity": 145, "wasteBasisPoints": 500 });
    load_entry(&lease, "products", &margherita);
    load_entry(&lease, "products", &margherita);
    use schema::{ingredients, products, recipe_versions, recipes};
    let conn = &mut lease.connect();
    let (id, version): (uuid::Uuid, i32) = recipes::table
        .inner_join(products::table)
        .filter(products::slug.eq("margherita"))
        .select((products::id, recipes::version))
        .first(conn)
        .unwrap();
    let kept: Vec<(i32, Value)> = recipe_versions::table
        .filter(recipe_versions::product_id.eq(id))
        .order(recipe_versions::version)
        .select((recipe_versions::version, recipe_versions::document))
        .load(conn)
        .unwrap();
    assert_eq!((version, kept.iter().map(|(version, _)| *version).collect::<Vec<_>>()), (3, vec![1, 2, 3]));
    let ovens: Vec<&Value> = kept.iter().map(|(_, document)| &document["ovenCelsius"]).collect();
    assert_eq!(ovens, [&json!(300), &json!(310), &json!(310)]);
    let mozzarella: uuid::Uuid =
        ingredients::table.filter(ingredients::slug.eq("mozzarella")).select(ingredients::id).first(conn).unwrap();
    let line = |document: &Value| {
        let lines = document["sizes"][1]["ingredients"].as_array().unwrap().clone();
        lines.into_iter().find(|line| line["ingredientId"] == json!(mozzarella)).unwrap()
    };
    assert_eq!(line(&kept[1].1), json!({ "ingredientId": mozzarella, "quantity": 145, "wasteBasisPoints": 0 }));
    assert_eq!(line(&kept[2].1), json!({ "ingredientId": mozzarella, "quantity": 145, "wasteBasisPoints": 500 }));
    assert_eq!(kept[0].1["steps"][0], margherita["recipe"]["steps"][0]);
    assert_eq!(number(&lease, "select sum(version)::bigint - count(*) as number from products"), 0, "the product is the same");
}

#[test]
fn zones_are_known_by_their_name() {
    let lease = Lease::demo();
    let zones = || {
        use schema::{delivery_zones, stores};
        delivery_zones::table
            .inner_join(stores::table)
            .filter(stores::slug.eq("lyon-part-dieu"))
            .order(delivery_zones::name)
            .select((delivery_zones::name, delivery_zones::version, delivery_zones::archived_at.is_not_null()))
            .load::<(String, i32, bool)>(&mut lease.connect())
            .unwrap()
    };
    let zone = |name: &str, version, archived| (name.to_owned(), version, archived);
    let whole = entry("stores.json", "stores", "lyon-part-dieu");
    let mut lyon = whole.clone();
    let list = lyon["zones"].as_array_mut().unwrap();
    list[0]["tiers"][0]["feeCents"] = json!(300);
    list[2]["name"] = json!("Bron");
    load_entry(&lease, "stores", &lyon);
    let expected = [
        zone("Bron", 1, false),
        zone("Carré de Soie", 2, true),
        zone("Lyon et Villeurbanne", 1, false),
        zone("Part-Dieu", 2, false),
    ];
    assert_eq!(zones(), expected);
    load_entry(&lease, "stores", &whole);
    let expected = [
        zone("Bron", 2, true),
        zone("Carré de Soie", 3, false),
        zone("Lyon et Villeurbanne", 1, false),
        zone("Part-Dieu", 3, false),
    ];
    assert_eq!(zones(), expected, "what comes back is the zone it was");
}

#[test]
fn what_orders_and_prices_name_stays() {
    let lease = Lease::demo();
    let slots = "select count(*) as number from combo_slots join products p on p.id = product_id where p.slug = 'formule-midi'";
    let named = names(&lease);
    let mut midi = entry("menu.json", "products", "formule-midi");
    midi["slots"][1]["minimum"] = json!(0);
    load_entry(&lease, "products", &midi);
    assert_eq!(names(&lease), named, "a slot is replaced where it is");
    midi["slots"].as_array_mut().unwrap().pop();
    load_entry(&lease, "products", &midi);
    assert_eq!(number(&lease, slots), 2);

    let mut toppings = entry("menu.json", "modifierGroups", "extra-toppings");
    let cheese = toppings["modifiers"].as_array_mut().unwrap().iter_mut().find(|m| m["slug"] == "extra-blue-cheese").unwrap();
    cheese["sizes"].as_object_mut().unwrap().remove("medium");
    let error = try_load(&lease, &json!({ "modifierGroups": [toppings] }).to_string(), Environment::Development);
    assert_eq!(
        faults(error.expect_err("a price of Grenoble names it")),
        ["/modifierGroups/0/modifiers/2/sizes a price names the size «medium»: it cannot go"]
    );
    let ham = toppings["modifiers"].as_array_mut().unwrap().remove(3);
    toppings["modifiers"][2] = entry("menu.json", "modifierGroups", "extra-toppings")["modifiers"][2].clone();
    toppings["modifiers"][0]["sizes"].as_object_mut().unwrap().remove("large");
    load_entry(&lease, "modifierGroups", &toppings);
    let archived = "select count(*) as number from modifiers where archived_at is not null and slug = 'extra-ham'";
    assert_eq!((ham["slug"].as_str(), number(&lease, archived)), (Some("extra-ham"), 1));
    let sizes =
        "select count(*) as number from modifier_sizes join modifiers m on m.id = modifier_id where slug = 'extra-mozzarella'";
    assert_eq!(number(&lease, sizes), 2);
    assert_eq!(number(&lease, "select version::bigint as number from modifier_groups where slug = 'extra-toppings'"), 2);
}

#[test]
fn prices_and_promotions_are_found_again() {
    let lease = Lease::demo();
    let mut price = demo("prices.json", "priceOverrides")[0].clone();
    price["priceCents"] = json!(380);
    load_entry(&lease, "priceOverrides", &price);
    let of = "select version::bigint as number from price_overrides where price_cents = 380";
    assert_eq!((number(&lease, of), number(&lease, "select count(*) as number from price_overrides")), (2, 5));
    price["store"] = json!("lyon-part-dieu");
    load_entry(&lease, "priceOverrides", &price);
    assert_eq!(number(&lease, "select count(*) as number from price_overrides"), 6, "another store is another price");

    let mut duo = demo("promotions.json", "promotions")[3].clone();
    duo["name"]["en"] = json!("Three for two");
    duo["coupons"][0]["maximumUses"] = json!(100);
    duo["coupons"].as_array_mut().unwrap().push(json!({ "code": "TRIO" }));
    load_entry(&lease, "promotions", &duo);
    load_entry(&lease, "promotions", &duo);
    let versions = |of: &str| number(&lease, &format!("select sum(version)::bigint as number from {of}"));
    assert_eq!(versions("promotions where name ->> 'en' = 'Three for two'"), 2);
    assert_eq!((versions("coupons where code = 'DUO'"), versions("coupons where code = 'TRIO'")), (2, 1));
    diesel::sql_query("update promotions set archived_at = now()").execute(&mut lease.connect()).unwrap();
    load_entry(&lease, "promotions", &duo);
    assert_eq!(number(&lease, "select count(*) as number from promotions"), 6, "an archived promotion stays in the past");
    assert_eq!(versions("coupons where code = 'DUO'"), 3, "its coupons come along");

    let policy = json!({ "productKind": "pizza", "priceRule": "average", "extrasPercent": 50 });
    load_entry(&lease, "portionPolicies", &policy);
    assert_eq!(versions("portion_policies"), 2);
    let rate = json!({ "category": "alcohol", "serviceType": null, "rateBasisPoints": 2100, "validFrom": "2014-01-01" });
    load_entry(&lease, "taxRates", &rate);
    assert_eq!((versions("tax_rates"), number(&lease, "select count(*) as number from tax_rates")), (4, 3));
}
