//! Promotions and coupons, as managers keep them.

use std::collections::BTreeSet;

use diesel::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::{Client, TestApp};

const NOTHING: &str = "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50";

pub fn percent() -> Value {
    json!({
        "name": { "fr": "10 % à emporter", "en": "10 % off collection" },
        "kind": "percent",
        "percentBasisPoints": 1000,
        "needsCoupon": true,
        "stackable": false,
    })
}

/// The body with some of its fields changed; null takes one out.
pub fn with(mut body: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("fields") {
        match value {
            Value::Null => drop(body.as_object_mut().expect("a body").remove(name)),
            _ => body[name] = value.clone(),
        }
    }
    body
}

pub async fn put(client: &Client, path: &str, body: &Value, version: i64) -> Answer {
    let request = client.request(Method::PUT, path).header("if-match", format!("\"{version}\""));
    client.send(request.json(body)).await
}

async fn archive(client: &Client, path: &str, version: i64) -> Answer {
    client.send(client.request(Method::DELETE, path).header("if-match", format!("\"{version}\""))).await
}

pub async fn promotion(manager: &Client, changes: Value) -> Value {
    manager.post("/v1/promotions", with(percent(), changes)).await.expect(201)
}

pub async fn coupon(manager: &Client, promotion: &Value, code: &str, changes: Value) -> Value {
    let body = with(json!({ "promotionId": promotion["id"], "code": code }), changes);
    manager.post("/v1/coupons", body).await.expect(201)
}

pub fn path_of(kind: &str, thing: &Value) -> String {
    format!("/v1/{kind}/{}", thing["id"].as_str().expect("an id"))
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// Every fault as «pointer code».
fn faults(problem: &Value) -> BTreeSet<String> {
    let faults = problem["errors"].as_array().unwrap().iter();
    faults.map(|fault| format!("{} {}", fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect()
}

fn stamp(app: &TestApp) -> uuid::Uuid {
    schema::catalogue_stamp::table.select(schema::catalogue_stamp::stamp).first(&mut app.connect()).expect("a stamp")
}

fn audit(app: &TestApp, entity: &str) -> Vec<String> {
    use schema::audit_entries;
    let of_entity = audit_entries::table.filter(audit_entries::entity.eq(entity)).order(audit_entries::id);
    of_entity.select(audit_entries::action).load(&mut app.connect()).expect("the audit")
}

#[tokio::test]
async fn a_promotion_is_read_replaced_archived_and_brought_back() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let before = stamp(&app);
    let answer = manager.post("/v1/promotions", percent()).await;
    let location = answer.header("location");
    let made = answer.expect(201);
    let path = path_of("promotions", &made);
    assert_eq!(location.as_deref(), Some(path.as_str()));
    assert_eq!((&made["uses"], &made["archived"], &made["version"]), (&json!(0), &json!(false), &json!(1)));
    assert_eq!((&made["conditions"]["storeIds"], &made["amount"]), (&json!([]), &Value::Null));
    let created = stamp(&app);
    assert_ne!(created, before, "what is sold and at what price has changed");
    let read = manager.get(&path).await;
    assert_eq!(read.header("etag").as_deref(), Some("\"1\""));
    assert_eq!(read.expect(200), made);

    let amount = json!({ "kind": "amount", "percentBasisPoints": null, "amount": { "amount": 500, "currency": "EUR" } });
    let amount = with(percent(), amount);
    manager.send(manager.request(Method::PUT, &path).json(&amount)).await.problem(428, "precondition_required");
    let replaced = put(&manager, &path, &amount, 1).await;
    assert_eq!(replaced.header("etag").as_deref(), Some("\"2\""));
    let replaced = replaced.expect(200);
    assert_eq!((&replaced["amount"]["amount"], &replaced["percentBasisPoints"]), (&json!(500), &Value::Null));
    assert_ne!(stamp(&app), created);
    assert_eq!(put(&manager, &path, &percent(), 1).await.problem(412, "version_conflict")["currentVersion"], 2);

    manager.delete(&path).await.problem(428, "precondition_required");
    archive(&manager, &path, 1).await.problem(412, "version_conflict");
    let replaced = stamp(&app);
    archive(&manager, &path, 2).await.expect(204);
    assert_ne!(stamp(&app), replaced);
    let id = made["id"].as_str().unwrap();
    assert!(!ids(&manager.get("/v1/promotions").await.expect(200)).contains(&id));
    assert!(ids(&manager.get("/v1/promotions?archived=true").await.expect(200)).contains(&id));
    assert_eq!(put(&manager, &path, &percent(), 3).await.expect(200)["archived"], false);
    assert!(ids(&manager.get("/v1/promotions").await.expect(200)).contains(&id));
    assert_eq!(audit(&app, "promotion"), ["create", "update", "archive", "update"]);

    let nothing = format!("/v1/promotions/{NOTHING}");
    manager.get(&nothing).await.problem(404, "not_found");
    put(&manager, &nothing, &percent(), 1).await.problem(404, "not_found");
    archive(&manager, &nothing, 1).await.problem(404, "not_found");
    manager.get("/v1/promotions/10-percent").await.problem(404, "not_found");
}

#[tokio::test]
async fn each_kind_of_promotion_has_its_figures() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let euros = json!({ "amount": 500, "currency": "EUR" });
    let none = json!({ "percentBasisPoints": null });
    for changes in [
        json!({}),
        json!({ "kind": "amount", "percentBasisPoints": null, "amount": euros }),
        json!({ "kind": "buy_x_get_y", "percentBasisPoints": null, "buyQuantity": 2, "getQuantity": 1 }),
        json!({ "kind": "free_delivery", "percentBasisPoints": null }),
    ] {
        let made = promotion(&manager, changes.clone()).await;
        let again = manager.get(&path_of("promotions", &made)).await.expect(200);
        assert_eq!(again["kind"], changes.get("kind").cloned().unwrap_or(json!("percent")));
    }
    for (changes, expected) in [
        (none.clone(), vec!["/percentBasisPoints required"]),
        (json!({ "amount": euros, "buyQuantity": 2 }), vec!["/amount not_offered", "/buyQuantity not_offered"]),
        (json!({ "kind": "amount" }), vec!["/amount required", "/percentBasisPoints not_offered"]),
        (
            with(none.clone(), json!({ "kind": "amount", "amount": { "amount": 0, "currency": "EUR" } })),
            vec!["/amount/amount too_small"],
        ),
        (json!({ "kind": "buy_x_get_y", "getQuantity": 1 }), vec!["/buyQuantity required", "/percentBasisPoints not_offered"]),
        (json!({ "kind": "free_delivery" }), vec!["/percentBasisPoints not_offered"]),
    ] {
        let refused = manager.post("/v1/promotions", with(percent(), changes.clone())).await.problem(422, "invalid_request");
        assert_eq!(faults(&refused), expected.into_iter().map(str::to_owned).collect(), "{changes}");
    }
}

#[tokio::test]
async fn a_promotion_takes_no_absurd_body() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let huge = json!(3_000_000_000_i64);
    for (changes, expected) in [
        (json!({ "name": null }), "/name required"),
        (json!({ "name": { "fr": " ", "en": "x" } }), "/name/fr invalid_format"),
        (json!({ "kind": "lottery" }), "/kind unknown_value"),
        (json!({ "percentBasisPoints": 0 }), "/percentBasisPoints too_small"),
        (json!({ "percentBasisPoints": 10_001 }), "/percentBasisPoints too_large"),
        (json!({ "percentBasisPoints": huge }), "/percentBasisPoints too_large"),
        (json!({ "percentBasisPoints": 1.5 }), "/percentBasisPoints wrong_type"),
        (json!({ "amount": { "amount": i64::MAX, "currency": "EUR" } }), "/amount/amount too_large"),
        (json!({ "amount": { "amount": 100, "currency": "USD" } }), "/amount/currency unknown_value"),
        (json!({ "buyQuantity": 0 }), "/buyQuantity too_small"),
        (json!({ "getQuantity": 51 }), "/getQuantity too_large"),
        (json!({ "maximumUses": 0 }), "/maximumUses too_small"),
        (json!({ "maximumUses": huge }), "/maximumUses too_large"),
        (json!({ "maximumUsesPerCustomer": -1 }), "/maximumUsesPerCustomer too_small"),
        (json!({ "maximumUsesPerCustomer": huge }), "/maximumUsesPerCustomer too_large"),
        (json!({ "needsCoupon": "yes" }), "/needsCoupon wrong_type"),
        (json!({ "needsCoupon": null }), "/needsCoupon required"),
        (json!({ "stackable": null }), "/stackable required"),
        (json!({ "uses": 7 }), "/uses unknown_field"),
        (json!({ "validFrom": "tomorrow" }), "/validFrom invalid_format"),
        (json!({ "validFrom": "2026-11-24T10:00:00Z", "validUntil": "2026-11-24T10:00:00Z" }), "/validUntil not_after"),
        // The same microsecond.
        (
            json!({ "validFrom": "2026-11-24T10:00:00.0000001Z", "validUntil": "2026-11-24T10:00:00.0000009Z" }),
            "/validUntil not_after",
        ),
        (json!({ "conditions": { "storeIds": [NOTHING] } }), "/conditions/storeIds/0 not_found"),
        (json!({ "conditions": { "productIds": [NOTHING] } }), "/conditions/productIds/0 not_found"),
        (json!({ "conditions": { "categoryIds": [NOTHING] } }), "/conditions/categoryIds/0 not_found"),
        (json!({ "conditions": { "storeIds": ["paris"] } }), "/conditions/storeIds/0 invalid_format"),
        (json!({ "conditions": { "serviceTypes": ["rocket"] } }), "/conditions/serviceTypes/0 unknown_value"),
        (json!({ "conditions": { "sizeCodes": ["huge"] } }), "/conditions/sizeCodes/0 unknown_value"),
        (json!({ "conditions": { "weather": "rain" } }), "/conditions/weather unknown_field"),
        (json!({ "conditions": { "minimum": { "amount": -1, "currency": "EUR" } } }), "/conditions/minimum/amount too_small"),
        (
            json!({ "conditions": { "windows": [{ "weekdays": [], "opens": "11:00", "closes": "14:00" }] } }),
            "/conditions/windows/0/weekdays too_few",
        ),
        (
            json!({ "conditions": { "windows": [{ "weekdays": ["monday"], "opens": "25:00", "closes": "14:00" }] } }),
            "/conditions/windows/0/opens invalid_format",
        ),
    ] {
        let refused = manager.post("/v1/promotions", with(percent(), changes.clone())).await.problem(422, "invalid_request");
        assert!(faults(&refused).contains(expected), "{changes}: {refused:#}");
    }
    let made = promotion(&manager, json!({})).await;
    let bad = with(percent(), json!({ "conditions": { "storeIds": [NOTHING] }, "amount": { "amount": 1, "currency": "EUR" } }));
    let refused = put(&manager, &path_of("promotions", &made), &bad, 1).await.problem(422, "invalid_request");
    let expected = ["/amount not_offered", "/conditions/storeIds/0 not_found"];
    assert_eq!(faults(&refused), expected.into_iter().map(str::to_owned).collect(), "all at once");
}

#[tokio::test]
async fn every_condition_is_kept_as_it_was_written() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let mut conn = app.connect();
    let id = |query: &str| {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Uuid)]
            id: uuid::Uuid,
        }
        let row: Row = diesel::sql_query(query).get_result(&mut conn).expect("a row");
        row.id
    };
    let mut id = id;
    let conditions = json!({
        "storeIds": [id("select id from stores limit 1")],
        "serviceTypes": ["delivery"],
        "channels": ["web", "app"],
        "windows": [{ "weekdays": ["friday", "saturday"], "opens": "18:00", "closes": "02:00" }],
        "minimum": { "amount": 2500, "currency": "EUR" },
        "productIds": [id("select id from products limit 1")],
        "categoryIds": [id("select id from categories limit 1")],
        "sizeCodes": ["large"],
    });
    let made = promotion(&manager, json!({ "conditions": conditions, "validFrom": "2026-11-24T10:00:00Z" })).await;
    assert_eq!(made["conditions"], conditions);
    assert_eq!(made["validFrom"], "2026-11-24T10:00:00Z");
    let part = promotion(&manager, json!({ "conditions": { "serviceTypes": ["collection"] } })).await;
    assert_eq!((&part["conditions"]["minimum"], &part["conditions"]["channels"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn a_coupon_is_read_replaced_archived_and_brought_back() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let (one, other) = (promotion(&manager, json!({})).await, promotion(&manager, json!({})).await);
    let made = coupon(&manager, &one, "soir_d-ete", json!({ "maximumUses": 100 })).await;
    assert_eq!((&made["code"], &made["uses"], &made["archived"]), (&json!("SOIR_D-ETE"), &json!(0), &json!(false)));
    let path = path_of("coupons", &made);
    let read = manager.get(&path).await;
    assert_eq!(read.header("etag").as_deref(), Some("\"1\""));
    assert_eq!(read.expect(200), made);
    let body = |promotion: &Value, code: &str| json!({ "promotionId": promotion["id"], "code": code });
    manager.post("/v1/coupons", body(&other, "Soir_d-Ete")).await.problem(409, "already_exists");
    let second = coupon(&manager, &other, "HIVER", json!({})).await;
    put(&manager, &path, &body(&one, "hiver"), 1).await.problem(409, "already_exists");
    manager.send(manager.request(Method::PUT, &path).json(&body(&one, "ETE"))).await.problem(428, "precondition_required");
    let replaced = put(&manager, &path, &body(&other, "ete"), 1).await.expect(200);
    assert_eq!(
        (&replaced["code"], &replaced["promotionId"], &replaced["maximumUses"]),
        (&json!("ETE"), &other["id"], &Value::Null)
    );
    put(&manager, &path, &body(&one, "ETE"), 1).await.problem(412, "version_conflict");

    let of_other = format!("/v1/coupons?promotionId={}", other["id"].as_str().unwrap());
    let list = manager.get(&of_other).await.expect(200);
    assert_eq!(ids(&list), [second["id"].as_str().unwrap(), made["id"].as_str().unwrap()], "newest first");
    let first = manager.get(&format!("{of_other}&limit=1")).await.expect(200);
    assert_eq!(ids(&first), [second["id"].as_str().unwrap()]);
    let rest = manager.get(&format!("{of_other}&limit=1&cursor={}", first["nextCursor"].as_str().unwrap())).await.expect(200);
    assert_eq!((ids(&rest), &rest["nextCursor"]), (vec![made["id"].as_str().unwrap()], &Value::Null));
    assert!(ids(&manager.get(&format!("/v1/coupons?promotionId={NOTHING}")).await.expect(200)).is_empty());
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "promotionId=x", "archived=perhaps", "color=red"] {
        manager.get(&format!("/v1/coupons?{query}")).await.problem(422, "invalid_request");
    }

    archive(&manager, &path, 1).await.problem(412, "version_conflict");
    archive(&manager, &path, 2).await.expect(204);
    assert_eq!(ids(&manager.get(&of_other).await.expect(200)), [second["id"].as_str().unwrap()]);
    assert_eq!(ids(&manager.get(&format!("{of_other}&archived=true")).await.expect(200)), [made["id"].as_str().unwrap()]);
    manager.post("/v1/coupons", body(&one, "ETE")).await.problem(409, "already_exists");
    assert_eq!(put(&manager, &path, &body(&other, "ETE"), 3).await.expect(200)["archived"], false);
    assert_eq!(audit(&app, "coupon"), ["create", "create", "update", "archive", "update"]);
    manager.get(&format!("/v1/coupons/{NOTHING}")).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_coupon_takes_no_absurd_body() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let good = promotion(&manager, json!({})).await;
    let by_itself = promotion(&manager, json!({ "needsCoupon": false })).await;
    let archived = promotion(&manager, json!({})).await;
    archive(&manager, &path_of("promotions", &archived), 1).await.expect(204);
    let body = json!({ "promotionId": good["id"], "code": "BIENVENUE" });
    for (changes, expected) in [
        (json!({ "promotionId": null }), "/promotionId required"),
        (json!({ "promotionId": "percent" }), "/promotionId invalid_format"),
        (json!({ "promotionId": NOTHING }), "/promotionId not_found"),
        (json!({ "promotionId": by_itself["id"] }), "/promotionId not_offered"),
        (json!({ "promotionId": archived["id"] }), "/promotionId not_offered"),
        (json!({ "code": null }), "/code required"),
        (json!({ "code": "AB" }), "/code too_short"),
        (json!({ "code": "A".repeat(33) }), "/code too_long"),
        (json!({ "code": "BIEN VENUE" }), "/code invalid_format"),
        (json!({ "code": "ÉTÉ" }), "/code invalid_format"),
        (json!({ "code": "ETE\n" }), "/code invalid_format"),
        (json!({ "code": "ET\u{0}E" }), "/code invalid_character"),
        (json!({ "maximumUses": 0 }), "/maximumUses too_small"),
        (json!({ "maximumUsesPerCustomer": 5_000_000_000_i64 }), "/maximumUsesPerCustomer too_large"),
        (json!({ "validFrom": "2026-11-24T10:00:00Z", "validUntil": "2026-11-23T10:00:00Z" }), "/validUntil not_after"),
        (json!({ "validUntil": "2026-02-30T10:00:00Z" }), "/validUntil invalid_format"),
        (json!({ "discount": 10 }), "/discount unknown_field"),
    ] {
        let refused = manager.post("/v1/coupons", with(body.clone(), changes.clone())).await.problem(422, "invalid_request");
        assert!(faults(&refused).contains(expected), "{changes}: {refused:#}");
    }
}

#[tokio::test]
async fn marketing_gets_a_thousand_codes() {
    let app = TestApp::start().await;
    let manager = app.staff("manager").await;
    let good = promotion(&manager, json!({})).await;
    let path = format!("{}/coupons/batch", path_of("promotions", &good));
    let body = json!({ "count": 1000, "prefix": "noel-", "validUntil": "2027-01-07T00:00:00Z", "maximumUsesPerCustomer": 1 });
    let made = manager.post_once(&path, body.clone(), "the-letter-of-december").await.expect(201);
    let again = manager.post_once(&path, body, "the-letter-of-december").await;
    assert_eq!(again.header("idempotent-replayed").as_deref(), Some("true"));
    assert_eq!(again.expect(201), made);
    let codes: BTreeSet<&str> = made["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    assert_eq!(codes.len(), 1000);
    assert!(codes.iter().all(|code| code.starts_with("NOEL-") && code[5..].find(['0', 'O', '1', 'I']).is_none()), "{codes:?}");
    let list = manager.get(&format!("/v1/coupons?promotionId={}", good["id"].as_str().unwrap())).await.expect(200);
    for coupon in list["data"].as_array().unwrap() {
        assert!(codes.contains(coupon["code"].as_str().unwrap()));
        assert_eq!((&coupon["maximumUses"], &coupon["maximumUsesPerCustomer"]), (&json!(1), &json!(1)));
        assert_eq!(coupon["validUntil"], "2027-01-07T00:00:00Z");
    }
    let few = manager.post(&path, json!({ "count": 2, "maximumUses": 3 })).await.expect(201);
    assert_eq!(few["codes"].as_array().unwrap().len(), 2);
    assert_eq!(audit(&app, "coupon_batch"), ["create", "create"]);

    for (body, expected) in [
        (json!({}), "/count required"),
        (json!({ "count": 0 }), "/count too_small"),
        (json!({ "count": 1001 }), "/count too_large"),
        (json!({ "count": 1, "prefix": "" }), "/prefix too_short"),
        (json!({ "count": 1, "prefix": "A".repeat(21) }), "/prefix too_long"),
        (json!({ "count": 1, "prefix": "A B" }), "/prefix invalid_format"),
        (json!({ "count": 1, "maximumUses": 0 }), "/maximumUses too_small"),
        (json!({ "count": 1, "code": "ONE" }), "/code unknown_field"),
        (
            json!({ "count": 1, "validFrom": "2026-11-24T10:00:00Z", "validUntil": "2026-11-24T09:00:00Z" }),
            "/validUntil not_after",
        ),
    ] {
        let refused = manager.post(&path, body.clone()).await.problem(422, "invalid_request");
        assert!(faults(&refused).contains(expected), "{body}: {refused:#}");
    }
    let by_itself = promotion(&manager, json!({ "needsCoupon": false })).await;
    let wrong = format!("{}/coupons/batch", path_of("promotions", &by_itself));
    let refused = manager.post(&wrong, json!({ "count": 1 })).await.problem(422, "invalid_request");
    assert!(faults(&refused).contains("promotionId not_offered"), "{refused}");
    let nowhere = format!("/v1/promotions/{NOTHING}/coupons/batch");
    manager.post(&nowhere, json!({ "count": 1 })).await.problem(404, "not_found");
}
