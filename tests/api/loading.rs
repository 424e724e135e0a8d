//! load-data: as often as one likes, all or nothing, with a pointer to what is wrong.

use std::path::Path;

use diesel::prelude::*;
use ocpizza::clock;
use ocpizza::config::Environment;
use ocpizza::error::Error;
use ocpizza::load;

use crate::support::database::Lease;
use crate::support::ledger;

fn try_load(lease: &Lease, json: &str, environment: Environment) -> Result<(), Error> {
    let file = std::env::temp_dir().join(format!("ocpizza-load-{}-{}.json", std::process::id(), uuid::Uuid::now_v7()));
    std::fs::write(&file, json).expect("written");
    let outcome =
        load::read(&file).and_then(|files| lease.db(1).tx_here(|conn| load::load(conn, &files, environment, clock::now())));
    std::fs::remove_file(&file).expect("removed");
    outcome.map(|_| ())
}

/// Pointer and reason of each fault.
fn faults(error: Error) -> Vec<String> {
    let reason = |fault: &ocpizza::error::Fault| fault.params.first().map(|(_, text)| text.clone()).unwrap_or_default();
    error.faults.iter().map(|f| format!("{} {}", f.pointer.split_once('#').expect("file#pointer").1, reason(f))).collect()
}

fn counts(lease: &Lease) -> Vec<i64> {
    use schema::*;
    let conn = &mut lease.connect();
    vec![
        stores::table.count().get_result(conn).unwrap(),
        products::table.count().get_result(conn).unwrap(),
        variants::table.filter(variants::archived_at.is_null()).count().get_result(conn).unwrap(),
        variant_ingredients::table.count().get_result(conn).unwrap(),
        ingredients::table.count().get_result(conn).unwrap(),
        stock_levels::table.count().get_result(conn).unwrap(),
        stock_movements::table.count().get_result(conn).unwrap(),
        users::table.count().get_result(conn).unwrap(),
        memberships::table.count().get_result(conn).unwrap(),
        store_hours::table.count().get_result(conn).unwrap(),
    ]
}

#[test]
fn loading_the_demo_chain_again_changes_nothing() {
    let lease = Lease::demo();
    let before = counts(&lease);
    diesel::sql_query("update stock_levels set safety_milli = 1000").execute(&mut lease.connect()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let files = load::read(&folder).expect("the folder");
    lease.db(1).tx_here(|conn| load::load(conn, &files, Environment::Development, clock::now())).expect("again");
    assert_eq!(counts(&lease), before);
    assert_eq!(before[0], 5);
    ledger::assert_clean(&mut lease.connect());
}

#[test]
fn one_fault_and_nothing_was_loaded() {
    let lease = Lease::demo();
    let before = counts(&lease);
    let json = r#"{ "ingredients": [{ "slug": "yuzu", "name": { "fr": "Yuzu", "en": "Yuzu" }, "unit": "g", "allergens": [] }],
        "products": [{ "slug": "yuzu-pizza", "category": "pizas", "kind": "pizza", "name": { "fr": "Y", "en": "Y" },
          "description": { "fr": "", "en": "" }, "taxCategory": "prepared_food", "modifierGroups": ["nothing"],
          "variants": [], "recipe": { "prepSeconds": 1, "bakeSeconds": 1, "steps": { "fr": [], "en": [] } } }] }"#;
    let faults = faults(try_load(&lease, json, Environment::Development).expect_err("two faults"));
    assert_eq!(
        faults,
        [
            "/products/0/category there is no category «pizas»",
            "/products/0/modifierGroups/0 there is no modifier group «nothing»"
        ]
    );
    assert_eq!(counts(&lease), before, "not even the yuzu");
}

#[test]
fn each_mistake_is_found_where_it_is() {
    let lease = Lease::demo();
    for (json, expected) in [
        (r#"{ "stock": [{ "store": "nowhere", "levels": {} }] }"#, "/stock/0/store there is no store «nowhere»"),
        (r#"{ "stock": [{ "store": "lille-centre", "levels": { "gold": 1 } }] }"#, "/stock/0/levels/gold there is no ingredient"),
        (
            r#"{ "stock": [{ "store": "lille-centre", "levels": { "ham": 0.0001 } }] }"#,
            "/stock/0/levels/ham a quantity has at most",
        ),
        (
            r#"{ "taxRates": [{ "category": "gold", "serviceType": null, "rateBasisPoints": 1, "validFrom": "2026-01-01" }] }"#,
            "/taxRates/0/category unknown variant",
        ),
        (
            r#"{ "taxRates": [{ "category": "alcohol", "serviceType": null, "rateBasisPoints": -1, "validFrom": "2026-01-01" }] }"#,
            "/taxRates/0 ",
        ),
        (r#"{ "pizzas": [] }"#, "/pizzas unknown field"),
        (
            r#"{ "people": [{ "email": "a@b.c", "name": "A", "phone": null, "password": "x", "roles": [{ "store": null, "role": "cook" }] }] }"#,
            "/people/0/roles/0 an admin has no store",
        ),
        (r#"{ "stock": "#, "/stock EOF while parsing"),
    ] {
        let found = faults(try_load(&lease, json, Environment::Development).expect_err(json));
        assert!(found[0].starts_with(expected), "{json}: {found:?}");
    }
}

#[test]
fn people_with_published_passwords_are_refused_in_production() {
    let lease = Lease::demo();
    let json = r#"{ "people": [{ "email": "a@b.c", "name": "A", "phone": null, "password": "demo-pizza-2026", "roles": [] }] }"#;
    let found = faults(try_load(&lease, json, Environment::Production).expect_err("refused"));
    assert!(found[0].starts_with("/people people with published passwords"), "{found:?}");
}
