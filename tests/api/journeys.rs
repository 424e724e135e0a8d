//! Whole evenings: from the menu to the doorstep.

use serde_json::json;

use crate::support::app::SHOP;
use crate::support::{TestApp, ledger};

#[tokio::test]
async fn a_pizza_goes_from_the_menu_to_the_doorstep() {
    let app = TestApp::start().await;
    let before = app.stock("mozzarella");
    let (guest, order) = app.order("delivery", &[("reine", "medium", 2)]).await;
    assert_eq!(order["status"], "placed");
    assert_eq!(
        order["payment"],
        json!({ "method": "cash", "status": "due", "amount": order["totals"]["total"],
        "tendered": null, "change": null, "collectedAt": null })
    );
    // A medium Reine takes 115 g of mozzarella.
    assert_eq!(app.stock("mozzarella"), (before.0, before.1 + 230_000), "reserved at placement");

    let cook = app.staff("cook").await;
    cook.command(&order, "accept").await.expect(200);
    let ticket = app.ticket(&cook, &order).await.expect("a ticket");
    assert_eq!(ticket["items"].as_array().unwrap().len(), 2, "two units, two items");
    assert!(ticket.get("contact").is_none() && ticket.get("address").is_none(), "cooks need no names and no addresses");
    let ticket = format!("/v1/kitchen/tickets/{}", ticket["id"].as_str().unwrap());
    cook.post(&format!("{ticket}/start"), json!({})).await.expect(200);
    assert_eq!(app.stock("mozzarella"), (before.0 - 230_000, before.1), "consumed at preparation");
    cook.post(&format!("{ticket}/bump"), json!({})).await.expect(200);
    assert!(app.ticket(&cook, &order).await.is_none(), "off the screen");

    let driver = app.staff("driver").await;
    let delivery = format!("/v1/deliveries/{}", app.delivery(&driver, &order).await.expect("a delivery"));
    for (step, state) in [("claim", "assigned"), ("pickup", "picked_up"), ("depart", "en_route")] {
        let now = driver.post(&format!("{delivery}/{step}"), json!({})).await.expect(200);
        assert_eq!(now["state"], state);
        assert_eq!(now["due"], order["totals"]["total"]);
    }
    let handed = json!({ "payment": { "tendered": { "amount": 5000, "currency": "EUR" } } });
    let done = driver.post(&format!("{delivery}/complete"), handed).await.expect(200);
    assert_eq!((&done["state"], &done["due"]["amount"]), (&json!("delivered"), &json!(0)));
    assert_eq!(done["change"]["amount"], 5000 - order["totals"]["total"]["amount"].as_i64().unwrap(), "told at the door");

    let order = guest.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(order["status"], "delivered");
    let total = order["totals"]["total"]["amount"].as_i64().unwrap();
    assert_eq!(order["payment"]["status"], "collected");
    assert_eq!(order["payment"]["change"]["amount"], 5000 - total);
    let tracked = guest.get(&format!("/v1/track/{}", guest.tracking_token.as_deref().unwrap())).await.expect(200);
    assert_eq!(tracked["status"], "delivered");
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn a_customer_collects_at_the_counter() {
    let app = TestApp::start().await;
    let (_, order) = app.order("collection", &[("margherita", "small", 1)]).await;
    assert_eq!(order["totals"]["deliveryFee"]["amount"], 0);
    let counter = app.staff("counter").await;
    counter.command(&order, "collect").await.problem(409, "invalid_transition");
    app.cook(&order).await;
    let path = format!("/v1/orders/{}/collect", order["id"].as_str().unwrap());
    let little = json!({ "payment": { "tendered": { "amount": 1, "currency": "EUR" } } });
    let refused = counter.post(&path, little).await.problem(422, "invalid_request");
    assert_eq!(refused["errors"][0]["code"], "below_total");
    let card = json!({ "payment": { "method": "card_terminal" } });
    let collected = counter.post(&path, card).await.expect(200);
    assert_eq!((&collected["status"], &collected["payment"]["status"]), (&json!("collected"), &json!("collected")));
    assert_eq!(collected["payment"]["method"], "card_terminal");
    assert_eq!(counter.command(&order, "collect").await.expect(200)["version"], collected["version"], "again changes nothing");
    ledger::assert_clean(&mut app.connect());
}

/// A job of a newer version meets an older worker during a deploy.
#[tokio::test]
async fn a_job_of_an_unknown_kind_stops_nobody_else() {
    let app = TestApp::start().await;
    let (guest, order) = app.order("collection", &[("reine", "small", 1)]).await;
    app.sql(
        "insert into jobs (id, job, run_at) values ('018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50', '{\"kind\": \"fly\"}', '2026-01-01')",
    );
    app.sql("update jobs set run_at = now() - interval '1 second' where job ->> 'kind' = 'reject_unaccepted'");
    app.run_jobs().await;
    let order = guest.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(order["status"], "rejected");
    use diesel::prelude::*;
    let left: Vec<(i32, Option<String>)> =
        schema::jobs::table.select((schema::jobs::attempts, schema::jobs::last_error)).load(&mut app.connect()).unwrap();
    assert_eq!(left.len(), 1);
    assert!(left[0].0 == 1 && left[0].1.as_deref().is_some_and(|error| error.contains("fly")), "{left:?}");
}

#[tokio::test]
async fn cooks_see_what_to_make_and_nobody_s_address() {
    let app = TestApp::start().await;
    let (guest, order) = app.order("delivery", &[("reine", "small", 1)]).await;
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    for (role, sees) in [("cook", false), ("counter", true), ("driver", true), ("manager", true)] {
        let seen = app.staff(role).await.get(&path).await.expect(200);
        assert_eq!((seen["contact"].is_object(), seen["address"].is_object()), (sees, sees), "{role}");
    }
    guest.command(&order, "cancel").await.expect(200);
    let later = app.staff("driver").await.get(&path).await.expect(200);
    assert_eq!((&later["contact"], &later["address"]), (&json!(null), &json!(null)), "a driver has no need of it any more");
    assert!(guest.get(&path).await.expect(200)["contact"].is_object());
}

#[tokio::test]
async fn cancelling_before_preparation_gives_the_stock_back() {
    let app = TestApp::start().await;
    let before = app.stock("mozzarella");
    for accepted in [false, true] {
        let (guest, order) = app.order("delivery", &[("reine", "large", 3)]).await;
        if accepted {
            app.staff("counter").await.command(&order, "accept").await.expect(200);
        }
        assert_ne!(app.stock("mozzarella"), before);
        let cancelled = guest.command(&order, "cancel").await.expect(200);
        assert_eq!((&cancelled["status"], &cancelled["payment"]["status"]), (&json!("cancelled"), &json!("cancelled")));
        assert_eq!(app.stock("mozzarella"), before, "accepted: {accepted}");
        assert_eq!(guest.command(&order, "cancel").await.expect(200)["version"], cancelled["version"], "again changes nothing");
        assert_eq!(app.stock("mozzarella"), before);
    }
    let (cook, driver) = (app.staff("cook").await, app.staff("driver").await);
    cook.get(&format!("/v1/stores/{SHOP}/deliveries")).await.problem(403, "forbidden");
    for (who, list) in [(&cook, "kitchen/tickets"), (&driver, "deliveries")] {
        let open = who.get(&format!("/v1/stores/{SHOP}/{list}")).await.expect(200);
        assert_eq!(open["data"], json!([]), "nothing is left on {list}");
    }
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn once_the_kitchen_has_started_only_a_manager_cancels() {
    let app = TestApp::start().await;
    let before = app.stock("mozzarella");
    let (guest, order) = app.order("collection", &[("reine", "medium", 1)]).await;
    let cook = app.staff("cook").await;
    cook.command(&order, "accept").await.expect(200);
    let ticket = app.ticket(&cook, &order).await.unwrap();
    cook.post(&format!("/v1/kitchen/tickets/{}/start", ticket["id"].as_str().unwrap()), json!({})).await.expect(200);
    let late = guest.command(&order, "cancel").await.problem(409, "invalid_transition");
    assert_eq!(late["currentState"], "in_preparation");
    app.staff("counter").await.command(&order, "cancel").await.problem(403, "forbidden");
    let cancelled = app.staff("manager").await.command(&order, "cancel").await.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(app.stock("mozzarella"), (before.0 - 115_000, before.1), "what was used is used");
    assert!(app.ticket(&cook, &order).await.is_none());
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn a_store_that_rejects_or_does_not_answer_keeps_no_stock() {
    let app = TestApp::start().await;
    let before = app.stock("mozzarella");
    let (_, rejected) = app.order("collection", &[("reine", "small", 1)]).await;
    let path = format!("/v1/orders/{}/reject", rejected["id"].as_str().unwrap());
    let answer = app.staff("counter").await.post(&path, json!({ "reason": "oven_broken" })).await.expect(200);
    assert_eq!((&answer["status"], &answer["reason"]), (&json!("rejected"), &json!("oven_broken")));

    let (guest, forgotten) = app.order("collection", &[("reine", "small", 1)]).await;
    let (_, accepted) = app.order("collection", &[("reine", "small", 1)]).await;
    app.staff("counter").await.command(&accepted, "accept").await.expect(200);
    app.run_jobs().await;
    let path = format!("/v1/orders/{}", forgotten["id"].as_str().unwrap());
    assert_eq!(guest.get(&path).await.expect(200)["status"], "placed", "the deadline is not over");
    app.sql("update jobs set run_at = now() - interval '1 second' where job ->> 'kind' = 'reject_unaccepted'");
    app.run_jobs().await;
    let order = guest.get(&path).await.expect(200);
    assert_eq!((&order["status"], &order["reason"]), (&json!("rejected"), &json!("not_accepted_in_time")));
    let (_, reserved) = app.stock("mozzarella");
    assert!(reserved > before.1, "the accepted order holds its share");
    app.staff("manager").await.command(&accepted, "cancel").await.expect(200);
    assert_eq!(app.stock("mozzarella"), before);
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn a_driver_who_finds_nobody_comes_back_and_a_manager_decides() {
    let app = TestApp::start().await;
    let (guest, order) = app.order("delivery", &[("margherita", "medium", 1)]).await;
    let driver = app.staff("driver").await;
    app.staff("cook").await.command(&order, "accept").await.expect(200);
    let delivery = format!("/v1/deliveries/{}", app.delivery(&driver, &order).await.unwrap());
    driver.post(&format!("{delivery}/claim"), json!({})).await.expect(200);
    let early = driver.post(&format!("{delivery}/pickup"), json!({})).await.problem(409, "invalid_transition");
    assert_eq!(early["currentState"], "accepted", "the kitchen is not done");
    let cook = app.staff("cook").await;
    let ticket = app.ticket(&cook, &order).await.unwrap();
    for step in ["start", "bump"] {
        cook.post(&format!("/v1/kitchen/tickets/{}/{step}", ticket["id"].as_str().unwrap()), json!({})).await.expect(200);
    }
    for step in ["pickup", "depart"] {
        driver.post(&format!("{delivery}/{step}"), json!({})).await.expect(200);
    }
    let failed = driver.post(&format!("{delivery}/fail"), json!({ "reason": "nobody_there" })).await.expect(200);
    assert_eq!((&failed["state"], &failed["orderStatus"]), (&json!("failed"), &json!("delivery_failed")));
    driver.post(&format!("{delivery}/retry"), json!({})).await.problem(403, "forbidden");
    let manager = app.staff("manager").await;
    let again = manager.post(&format!("{delivery}/retry"), json!({})).await.expect(200);
    assert_eq!((&again["state"], &again["driverId"]), (&json!("pending"), &json!(null)));
    for step in ["claim", "pickup", "depart", "complete"] {
        driver.post(&format!("{delivery}/{step}"), json!({})).await.expect(200);
    }
    let order = guest.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&order["status"], &order["payment"]["status"]), (&json!("delivered"), &json!("collected")));
    ledger::assert_clean(&mut app.connect());
}

#[tokio::test]
async fn a_logged_in_customer_finds_the_order_among_the_own() {
    let app = TestApp::start().await;
    let customer = app.login("customer").await;
    let cart = customer.post("/v1/carts", json!({ "storeId": SHOP, "serviceType": "collection" })).await.expect(201);
    let variant = app.variant("orientale", "large").await;
    let path = format!("/v1/carts/{}", cart["id"].as_str().unwrap());
    let line = json!({ "variantId": variant["id"], "note": "très épicée 🌶️" });
    customer.post(&format!("{path}/lines"), line).await.expect(201);
    let body = crate::support::app::order_body(cart["id"].as_str().unwrap(), "collection");
    let order = customer.post_once("/v1/orders", body, "0123456789abcdef").await.expect(201);
    let mine = customer.get("/v1/me/orders?limit=1").await.expect(200);
    assert_eq!(mine["data"][0]["id"], order["id"]);
    assert_eq!(mine["data"][0]["lines"][0]["note"], "très épicée 🌶️");
    let stranger = app.login("cook.lyon-part-dieu").await;
    stranger.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.problem(404, "not_found");
    stranger.command(&order, "accept").await.problem(404, "not_found");
    customer.command(&order, "cancel").await.expect(200);
}
