//! load-data: what is wrong in a file is found where it is.

use diesel::prelude::*;
use ocpizza::config::Environment;
use serde_json::{Value, json};

use crate::loading::{demo, entry, faults, set, try_load};
use crate::support::database::Lease;

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
            "/taxRates/0/rateBasisPoints should be from 0 to 10000",
        ),
        (r#"{ "pizzas": [] }"#, "/pizzas unknown field"),
        (
            r#"{ "people": [{ "email": "a@b.c", "name": "A", "phone": null, "password": "x", "roles": [{ "store": null, "role": "cook" }] }] }"#,
            "/people/0/roles/0 an admin has no store",
        ),
        (r#"{ "stock": "#, "/stock EOF while parsing"),
        (
            r#"{ "portionPolicies": [{ "productKind": "pizza", "priceRule": "max", "extrasPercent": 60 }] }"#,
            "/portionPolicies/0/extrasPercent should be 50 or 100",
        ),
    ] {
        let found = faults(try_load(&lease, json, Environment::Development).expect_err(json));
        assert!(found[0].starts_with(expected), "{json}: {found:?}");
    }
}

/// Changes an entry of the demo chain at these places, and tells what was wrong with it.
fn spoilt(lease: &Lease, list: &str, mut entry: Value, changes: &[(&str, Value)]) -> Vec<String> {
    for (place, value) in changes {
        set(&mut entry, place, value.clone());
    }
    let error = try_load(lease, &json!({ list: [entry] }).to_string(), Environment::Development);
    faults(error.expect_err(&format!("{list}: {changes:?}")))
}

/// Each change is wrong in the same way.
fn assert_found<const N: usize>(lease: &Lease, list: &str, entry: &Value, wrong: [(&str, Value, &str); N]) {
    for (place, value, expected) in wrong {
        let found = spoilt(lease, list, entry.clone(), &[(place, value)]);
        assert!(found[0].starts_with(&format!("/{list}/0{expected}")), "{list}{place}: {found:?}");
    }
}

#[test]
fn each_mistake_in_ingredients_and_modifiers_is_found_where_it_is() {
    let lease = Lease::demo();
    let (crusts, removals) = (entry("menu.json", "modifierGroups", "crusts"), entry("menu.json", "modifierGroups", "removals"));
    let (lunch, ham) = (entry("menu.json", "categories", "lunch"), entry("ingredients.json", "ingredients", "ham"));
    let wrong = [
        ("/slug", json!("Ham"), "/slug a slug has at most 64"),
        ("/name/en", json!(" "), "/name/en a text is not blank"),
        ("/mayContain", json!(["gold"]), "/mayContain/0 unknown variant"),
        ("/allergens", json!(["milk"]), "/mayContain what it contains is no trace"),
        ("/costCentsPerThousand", json!(-1), "/costCentsPerThousand an amount is not below zero"),
    ];
    assert_found(&lease, "ingredients", &ham, wrong);
    let wrong = [
        ("/windows/0/weekdays", json!([]), "/windows/0/weekdays a window has at least one weekday"),
        ("/windows/0/opens", json!("25:00"), "/windows/0/opens should be HH:MM"),
    ];
    assert_found(&lease, "categories", &lunch, wrong);
    let wrong = [
        ("/modifiers/0/sizes", json!({}), "/modifiers/0/sizes it has from 1 to 10 entries"),
        ("/minimum", json!(2), "/maximum it is not below the minimum"),
        ("/freeQuantity", json!(2), "/freeQuantity it is not above the maximum"),
        ("/modifiers/0/maximum", json!(11), "/modifiers/0/maximum should be from 1 to 10"),
        ("/modifiers/0/kind", json!("remove"), "/modifiers/0/removes a modifier of kind remove"),
        ("/modifiers/0/slug", json!("crust-stuffed"), "/modifiers/1/slug it is in the file twice"),
    ];
    assert_found(&lease, "modifierGroups", &crusts, wrong);
    let wrong = [("/modifiers/0/removes", json!("gold"), "/modifiers/0/removes there is no ingredient «gold»")];
    assert_found(&lease, "modifierGroups", &removals, wrong);
}

#[test]
fn each_mistake_in_products_is_found_where_it_is() {
    let lease = Lease::demo();
    let (reine, midi) = (entry("menu.json", "products", "reine"), entry("menu.json", "products", "formule-midi"));
    let wrong = [
        ("/kind", json!("combo"), "/variants/0/ingredients a combo takes what fills its slots"),
        ("/diets", json!(["human"]), "/diets/0 unknown variant"),
        ("/variants", json!([]), "/variants it has from 1 to 10 entries"),
        ("/imageUrls", json!(["https://a.b", "https://a.b"]), "/imageUrls/1 it is in the file twice"),
        ("/imageUrls", json!(["reine.jpg"]), "/imageUrls/0 should be an address"),
        ("/recipe", json!(null), "/recipe everything but a combo has a recipe"),
        ("/recipe/ovenCelsius", json!(601), "/recipe/ovenCelsius should be from 0 to 600"),
        ("/recipe/steps/0/en", json!(""), "/recipe/steps/0/en a text is not blank"),
        ("/variants/1/size", json!("small"), "/variants/1/size it is in the file twice"),
        ("/variants/0/priceCents", json!(-1), "/variants/0/priceCents an amount is not below zero"),
        ("/variants/0/ingredients/ham", json!(0), "/variants/0/ingredients/ham a quantity is above zero"),
        ("/variants/0/ingredients/gold", json!(1), "/variants/0/ingredients/gold there is no ingredient"),
        ("/variants/0/ingredients/ham", json!("1"), "/variants/0/ingredients/ham invalid type: string"),
        (
            "/variants/0/ingredients/ham",
            json!({ "quantity": 1, "wasteBasisPoints": 10001 }),
            "/variants/0/ingredients/ham/wasteBasisPoints should be from 0 to 10000",
        ),
        ("/slots", midi["slots"].clone(), "/slots a combo has slots, and nothing else has"),
    ];
    assert_found(&lease, "products", &reine, wrong);
    let wrong = [
        ("/slots", json!([]), "/slots a combo has slots"),
        ("/slots/0/variants", json!([]), "/slots/0/variants it has from 1 to 100 entries"),
        ("/slots/0/minimum", json!(2), "/slots/0/maximum it is not below the minimum"),
        ("/slots/0/variants/1", midi["slots"][0]["variants"][0].clone(), "/slots/0/variants/1 it is in the file twice"),
        ("/slots/0/variants/0/product", json!("formule-duo"), "/slots/0/variants/0/product a combo does not fill"),
        ("/slots/0/variants/0/size", json!("regular"), "/slots/0/variants/0 there is no product «margherita» in"),
    ];
    assert_found(&lease, "products", &midi, wrong);
}

#[test]
fn each_mistake_in_zones_and_prices_is_found_where_it_is() {
    let lease = Lease::demo();
    let lyon = entry("stores.json", "stores", "lyon-part-dieu");
    let polygon = "/zones/2/polygon";
    let wrong = [
        ("/deliveryRadiusMetres", json!(1), "/deliveryRadiusMetres unknown field"),
        ("/zones/0/radiusMetres", json!(null), "/zones/0 a zone has radiusMetres or a polygon"),
        ("/zones/0/polygon", lyon["zones"][2]["polygon"].clone(), "/zones/0 a zone has radiusMetres or a polygon"),
        ("/zones/0/radiusMetres", json!(0), "/zones/0/radiusMetres should be from 1 to 100000"),
        ("/zones/0/postcodes", json!(["7500"]), "/zones/0/postcodes/0 a postcode has five digits"),
        ("/zones/1/name", json!("Part-Dieu"), "/zones/1/name it is in the file twice"),
        ("/zones/1/tiers", json!([]), "/zones/1/tiers it has from 1 to 20 entries"),
        ("/zones/1/tiers/0/fromCents", json!(1), "/zones/1/tiers the first tier is from 0 cents"),
        ("/zones/1/tiers/1/fromCents", json!(0), "/zones/1/tiers/1/fromCents tiers ascend"),
        (polygon, json!([[4.9, 45.7], [4.8, 45.7], [4.9, 45.7]]), "/zones/2/polygon it has from 3 to 200 entries"),
        ("/zones/2/polygon/1", json!([4.9, 95.7]), "/zones/2/polygon/1 should be longitude and latitude"),
    ];
    assert_found(&lease, "stores", &lyon, wrong);
    let (drink, cheese) = (&demo("prices.json", "priceOverrides")[0], &demo("prices.json", "priceOverrides")[2]);
    let wrong = [
        ("/store", json!("nowhere"), "/store there is no store «nowhere»"),
        ("/product", json!("gold"), " there is no product «gold» in the size «regular»"),
        ("/modifier", json!("extra-ham"), " a price is of a product or of a modifier"),
        ("/product", json!(null), " a price is of a product or of a modifier"),
    ];
    assert_found(&lease, "priceOverrides", drink, wrong);
    let wrong = [
        ("/size", json!("regular"), " there is no modifier «extra-blue-cheese» in the size «regular»"),
        ("/channel", json!("smoke"), "/channel unknown variant"),
    ];
    assert_found(&lease, "priceOverrides", cheese, wrong);
    let early = [("/validFrom", json!("2027-06-21")), ("/validUntil", json!("2027-06-20"))];
    assert_eq!(
        spoilt(&lease, "priceOverrides", drink.clone(), &early),
        ["/priceOverrides/0/validUntil it ends before it begins"]
    );
    let twice = json!({ "priceOverrides": [drink, drink] }).to_string();
    let found = faults(try_load(&lease, &twice, Environment::Development).expect_err("twice the same"));
    assert_eq!(found, ["/priceOverrides/1 it is in the file twice"]);
}

#[test]
fn each_mistake_in_promotions_is_found_where_it_is() {
    let lease = Lease::demo();
    let promotions = demo("promotions.json", "promotions");
    let (first, duo, automatic) = (&promotions[0], &promotions[3], &promotions[4]);
    let wrong = [
        ("/amountCents", json!(1), "/amountCents exactly a promotion of kind amount has it"),
        ("/percentBasisPoints", json!(null), "/percentBasisPoints exactly a promotion of kind percent has it"),
    ];
    assert_found(&lease, "promotions", first, wrong);
    let wrong = [
        ("/getQuantity", json!(0), "/getQuantity should be from 1 to 50"),
        ("/conditions/categories/0", json!("gold"), "/conditions/categories/0 there is no category «gold»"),
        ("/conditions/products", json!(["gold"]), "/conditions/products/0 there is no product «gold»"),
        ("/conditions/stores", json!(["nowhere"]), "/conditions/stores/0 there is no store «nowhere»"),
        ("/conditions/cities", json!(["Paris"]), "/conditions/cities unknown field"),
        ("/coupons/0/code", json!("duo"), "/coupons/0/code a code has 3 to 32"),
        ("/coupons/0/code", json!("PIZZA5"), "/coupons/0/code the coupon «PIZZA5» is of another promotion"),
        ("/coupons", json!([{ "code": "ONE" }, { "code": "ONE" }]), "/coupons/1/code it is in the file twice"),
    ];
    assert_found(&lease, "promotions", duo, wrong);
    let wrong = [("/coupons", json!([{ "code": "ONE" }]), "/coupons a promotion that holds by itself has no coupons")];
    assert_found(&lease, "promotions", automatic, wrong);
    let never = [("/validFrom", json!("2027-06-21T10:00:00Z")), ("/validUntil", json!("2027-06-21T10:00:00Z"))];
    assert_eq!(spoilt(&lease, "promotions", first.clone(), &never), ["/promotions/0/validUntil it ends before it begins"]);
    diesel::sql_query("update promotions set uses = 2").execute(&mut lease.connect()).unwrap();
    let refused = spoilt(&lease, "promotions", duo.clone(), &[("/maximumUses", json!(1))]);
    assert!(refused[0].starts_with("/promotions/0 ") && refused[0].contains("promotions_uses_check"), "{refused:?}");
}

#[test]
fn people_with_published_passwords_are_refused_in_production() {
    let lease = Lease::demo();
    let json = r#"{ "people": [{ "email": "a@b.c", "name": "A", "phone": null, "password": "demo-pizza-2026", "roles": [] }] }"#;
    let found = faults(try_load(&lease, json, Environment::Production).expect_err("refused"));
    assert!(found[0].starts_with("/people people with published passwords"), "{found:?}");
}
