//! Every operation of the document is asked by every role. Who may is what the document says: forgetting the check on
//! operation 61 is impossible.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::SHOP;
use crate::support::document::{Operation, operations};
use crate::support::{Client, TestApp};

const ROLES: &[&str] = &["counter", "cook", "driver", "manager", "admin"];

/// Their 401 is about a password or a refresh token: `accounts.rs` asks them. The list may only shrink.
const TAKES_NO_BEARER: &[&str] = &["/v1/auth/register", "/v1/auth/login", "/v1/auth/refresh", "/v1/auth/logout"];

/// What the document says of an operation.
struct Access {
    /// Nobody needs to be anybody.
    open: bool,
    /// Any bearer will do: the resource decides.
    any_bearer: bool,
    roles: Vec<String>,
}

impl Access {
    fn of(operation: &Operation) -> Access {
        let ways = operation.value["security"].as_array().expect("security");
        let bearer = ways.iter().filter_map(|way| way.get("bearer")?.as_array());
        let roles: Vec<String> = bearer.clone().flatten().map(|role| role.as_str().unwrap().to_owned()).collect();
        Access { open: ways.is_empty() || ways.contains(&json!({})), any_bearer: bearer.into_iter().any(Vec::is_empty), roles }
    }
}

/// The path with ids that name nothing, but the shop where the demo people work.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{storeId}" => SHOP,
        "{trackingToken}" => "no-such-token",
        "{code}" => "out_of_stock",
        part if part.starts_with('{') => "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50",
        part => part,
    });
    let path = parts.collect::<Vec<_>>().join("/");
    if path == "/v1/orders" { format!("{path}?storeId={SHOP}") } else { path }
}

async fn ask(client: &Client, operation: &Operation, path: &str) -> u16 {
    let method: Method = operation.method.parse().expect("a method");
    let mut request = client.request(method, path);
    if let Some(body) = operation.value.pointer("/requestBody/content/application~1json") {
        request = request.json(&body["example"]);
    }
    if operation.value["parameters"].to_string().contains("Idempotency-Key") {
        request = request.header("idempotency-key", uuid::Uuid::now_v7().to_string());
    }
    if operation.value["parameters"].to_string().contains("If-Match") {
        request = request.header("if-match", "*");
    }
    // A stream does not end by itself: its status says enough.
    let response = request.send().await.expect("an answer");
    response.status().as_u16()
}

#[tokio::test]
async fn every_role_asks_every_operation() {
    let app = TestApp::start().await;
    let mut people = vec![("anonymous".to_owned(), app.anybody()), ("customer".to_owned(), app.login("customer").await)];
    for role in ROLES {
        let client = if *role == "admin" { app.login("admin").await } else { app.staff(role).await };
        people.push(((*role).to_owned(), client));
    }
    let mut asked = Vec::new();
    for operation in operations() {
        let access = Access::of(&operation);
        let (path, name) = (filled(&operation.path), format!("{} {}", operation.method, operation.path));
        for (who, client) in &people {
            if TAKES_NO_BEARER.contains(&operation.path.as_str()) {
                assert!(access.open, "{name} is for everybody");
                continue;
            }
            let status = ask(client, &operation, &path).await;
            let expected_refusal = match (who.as_str(), &access) {
                (_, Access { open: true, .. }) => None,
                ("anonymous", _) => Some(401),
                (_, Access { any_bearer: true, .. }) => None,
                (who, access) if access.roles.iter().any(|role| role == who) => None,
                _ => Some(403),
            };
            match expected_refusal {
                Some(refusal) => assert_eq!(status, refusal, "{name} as {who}"),
                None => assert!(![401, 403, 500].contains(&status), "{name} as {who}: {status}"),
            }
        }
        if !TAKES_NO_BEARER.contains(&operation.path.as_str()) {
            asked.push(name);
        }
    }
    assert_eq!(asked.len() + TAKES_NO_BEARER.len(), operations().len(), "every operation is asked, but for those that are named");
    println!("asked as {} roles:\n{}", people.len(), asked.join("\n"));
}

/// Who works in Lyon has no say in Paris.
#[tokio::test]
async fn every_role_of_another_store_is_refused() {
    let app = TestApp::start().await;
    let of_store: Vec<Operation> = operations().into_iter().filter(|o| o.path.contains("{storeId}")).collect();
    for role in ["counter", "cook", "driver", "manager"] {
        let stranger = app.login(&format!("{role}.lyon-part-dieu")).await;
        for operation in of_store.iter().filter(|o| !Access::of(o).open) {
            let status = ask(&stranger, operation, &filled(&operation.path)).await;
            assert_eq!(status, 403, "{} {} as {role} of Lyon", operation.method, operation.path);
        }
    }
}

/// Things of other stores are not there: orders, tickets and deliveries of Paris do not exist for Lyon.
#[tokio::test]
async fn things_of_another_store_are_not_found() {
    let app = TestApp::start().await;
    let (_, order) = app.order("delivery", &[("reine", "small", 1)]).await;
    app.staff("cook").await.command(&order, "accept").await.expect(200);
    let ticket = app.ticket(&app.staff("cook").await, &order).await.unwrap();
    let delivery = app.delivery(&app.staff("driver").await, &order).await.unwrap();
    let ids = |path: &str| {
        path.replace("{orderId}", order["id"].as_str().unwrap())
            .replace("{ticketId}", ticket["id"].as_str().unwrap())
            .replace("{deliveryId}", &delivery)
    };
    let manager = app.login("manager.lyon-part-dieu").await;
    let mut asked = 0;
    for operation in operations() {
        let path = ids(&operation.path);
        if path == operation.path {
            continue;
        }
        let status = ask(&manager, &operation, &path).await;
        assert_eq!(status, 404, "{} {}", operation.method, operation.path);
        asked += 1;
    }
    assert!(asked >= 15, "only {asked} operations were asked");
}

/// A token that is not ours is nobody's.
#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let app = TestApp::start().await;
    let other = TestApp::with(|config| config.secret_key = ocpizza::config::Secret::new("x".repeat(32))).await;
    let forged = other.login("admin").await.bearer;
    let client = Client { bearer: forged, ..app.anybody() };
    for operation in operations().iter().filter(|o| !o.value["security"].as_array().unwrap().is_empty()) {
        let status = ask(&client, operation, &filled(&operation.path)).await;
        assert_eq!(status, 401, "{} {}", operation.method, operation.path);
    }
    let _: Value = app.anybody().get("/health/live").await.expect(200);
}
