//! One shape for every failure, and what every answer carries.

use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, web};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

#[tokio::test]
async fn every_failure_is_a_problem_document() {
    let app = TestApp::start().await;
    let anybody = app.anybody().in_language("en");
    anybody.get("/nowhere").await.problem(404, "not_found");
    anybody.get("/v1/orders/not-a-uuid").await.problem(401, "unauthenticated");
    let cook = app.staff("cook").await;
    cook.get("/v1/orders/not-a-uuid").await.problem(404, "not_found");
    let wrong = anybody.send(anybody.request(Method::PUT, "/v1/carts")).await;
    assert_eq!(wrong.header("allow").as_deref(), Some("POST"));
    wrong.problem(405, "method_not_allowed");
    let wrong = anybody.send(anybody.request(Method::DELETE, "/v1/stores/paris-bastille/menu")).await;
    assert_eq!(wrong.header("allow").as_deref(), Some("GET"));
    wrong.problem(405, "method_not_allowed");
    let unauthenticated = anybody.get("/v1/me").await;
    assert_eq!(unauthenticated.header("www-authenticate").as_deref(), Some("Bearer"));
    unauthenticated.problem(401, "unauthenticated");
    let head = anybody.send(anybody.request(Method::HEAD, "/health/live")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""), "uptime probes ask so");
    for (query, pointer, code) in [
        ("", "storeId", "required"),
        ("?storeId=paris-bastille&foo=1", "foo", "unknown_field"),
        ("?storeId=paris-bastille&limit=ten", "limit", "invalid_format"),
        ("?storeId=paris-bastille&status=flying", "status", "invalid_format"),
    ] {
        let wrong = cook.get(&format!("/v1/orders{query}")).await.problem(422, "invalid_request");
        assert_eq!((&wrong["errors"][0]["pointer"], &wrong["errors"][0]["code"]), (&json!(pointer), &json!(code)), "{query}");
    }
    let basic = anybody.request(Method::GET, "/v1/me").header("authorization", "Basic abc");
    anybody.send(basic).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    let app = TestApp::start().await;
    let anybody = app.anybody().in_language("en");
    let post = |body: String, media: &str| {
        let request = anybody.request(Method::POST, "/v1/carts").header("content-type", media).body(body);
        anybody.send(request)
    };
    let broken = post("{\n  \"storeId\": nope }".to_owned(), "application/json").await.problem(400, "malformed_json");
    assert!(broken["detail"].as_str().unwrap().contains("line 2 column"), "{broken}");
    post("<cart/>".to_owned(), "application/xml").await.problem(415, "unsupported_media_type");
    post("{}".to_owned(), "text/plain").await.problem(415, "unsupported_media_type");
    let huge = format!("{{\"storeId\": \"{}\"}}", "x".repeat(70_000));
    post(huge, "application/json").await.problem(413, "payload_too_large");
    let deep = "[".repeat(40_000);
    post(deep, "application/json").await.problem(400, "malformed_json");
    let many = post("{\"storeId\": 7, \"serviceType\": \"rocket\", \"extra\": 1}".to_owned(), "application/json").await;
    let many = many.problem(422, "invalid_request");
    let mut faults: Vec<(&str, &str)> = many["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    faults.sort_unstable();
    assert_eq!(faults, [("/extra", "unknown_field"), ("/serviceType", "unknown_value"), ("/storeId", "wrong_type")]);
    let nothing = anybody.send(anybody.request(Method::POST, "/v1/carts")).await.problem(422, "invalid_request");
    assert_eq!(nothing["errors"].as_array().unwrap().len(), 2, "an empty body lacks both fields");
}

#[tokio::test]
async fn problems_speak_the_callers_language() {
    let app = TestApp::start().await;
    let french = app.anybody().get("/v1/me").await.problem(401, "unauthenticated");
    let english = app.anybody().in_language("en-GB").get("/v1/me").await.problem(401, "unauthenticated");
    assert_eq!((&french["title"], &english["title"]), (&json!("Connexion nécessaire"), &json!("Log in first")));
    let page = reqwest::get(english["type"].as_str().unwrap()).await.unwrap();
    assert_eq!(page.status(), 200, "the type of a problem is a page that explains it");
    assert!(page.text().await.unwrap().contains("Log in first"));
}

#[tokio::test]
async fn request_ids_are_kept_when_they_are_fit() {
    let app = TestApp::start().await;
    let anybody = app.anybody();
    let ask = |id: &str| anybody.send(anybody.request(Method::GET, "/v1/me").header("x-request-id", id.to_owned()));
    let kept = ask("0123456789abcdefABCDEF-+/=").await;
    assert_eq!(kept.header("x-request-id").as_deref(), Some("0123456789abcdefABCDEF-+/="));
    assert_eq!(kept.problem(401, "unauthenticated")["requestId"], "0123456789abcdefABCDEF-+/=");
    for unfit in ["short", "0123456789abcdef with spaces in it", &"x".repeat(201)] {
        let replaced = ask(unfit).await.header("x-request-id").unwrap();
        assert_ne!(replaced, unfit);
        assert_eq!(replaced.len(), 36);
    }
}

#[tokio::test]
async fn answers_carry_the_headers_of_a_careful_api() {
    let app = TestApp::start().await;
    let answer = app.anybody().get("/v1/stores").await;
    assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert!(answer.header("server").is_none());
}

#[tokio::test]
async fn only_listed_origins_may_call() {
    let app = TestApp::start().await;
    let ask = |origin: &'static str| {
        let anybody: Client = app.anybody();
        async move { anybody.send(anybody.request(Method::GET, "/v1/me").header("origin", origin)).await }
    };
    let listed = ask("http://localhost:4200").await;
    assert_eq!(listed.header("access-control-allow-origin").as_deref(), Some("http://localhost:4200"), "on problems, too");
    assert!(listed.header("access-control-expose-headers").unwrap().contains("etag"));
    assert_eq!(ask("https://evil.example").await.header("access-control-allow-origin"), None);
    assert_eq!(ask("null").await.header("access-control-allow-origin"), None);
    let anybody = app.anybody();
    let preflight = anybody
        .request(Method::OPTIONS, "/v1/orders")
        .header("origin", "http://localhost:4200")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "idempotency-key,content-type,cart-token");
    let allowed = anybody.send(preflight).await;
    assert_eq!(allowed.status, 200);
    assert!(allowed.header("access-control-allow-headers").unwrap().to_lowercase().contains("idempotency-key"));
}

#[tokio::test]
async fn health_tells_the_process_from_its_database() {
    let app = TestApp::start().await;
    app.anybody().get("/health/live").await.expect(200);
    let ready = app.anybody().get("/health/ready").await.expect(200);
    assert_eq!(ready["checks"].as_array().unwrap().len(), 2);
    app.sql("delete from __diesel_schema_migrations where version = (select max(version) from __diesel_schema_migrations)");
    let behind = app.anybody().get("/health/ready").await.problem(503, "busy");
    assert_eq!(behind["checks"][1], json!({ "name": "migrations", "ok": false, "detail": "1 missing" }));
    app.anybody().get("/health/live").await.expect(200);
}

#[tokio::test]
async fn the_docs_need_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    let page = reqwest::get(format!("{}/docs", app.base)).await.unwrap();
    assert_eq!(page.status(), 200);
    let text = page.text().await.unwrap();
    let foreign: Vec<&str> = text.split(['"', '\'']).filter(|part| part.starts_with("http") || part.starts_with("//")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    for asset in text.split('"').filter(|part| part.starts_with("./")) {
        let got = reqwest::get(format!("{}/docs/{}", app.base, asset.trim_start_matches("./"))).await.unwrap();
        assert_eq!(got.status(), 200, "{asset}");
    }
    let document: Value = reqwest::get(format!("{}/v1/openapi.json", app.base)).await.unwrap().json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}

async fn panics() -> HttpResponse {
    panic!("secret of the house")
}

/// A handler that panics, and failures of the framework itself, behind the edge.
#[actix_web::test]
async fn a_panic_is_our_mistake_and_says_nothing_of_itself() {
    let app = App::new()
        .route("/panic", web::get().to(panics))
        .route("/plain", web::get().to(|| async { HttpResponse::BadRequest().body("plain text") }))
        .wrap(from_fn(ocpizza::http::problem::edge));
    let app = actix_web::test::init_service(app).await;
    let request = actix_web::test::TestRequest::get().uri("/panic").to_request();
    let lost = actix_web::test::try_call_service(&app, request).await.expect_err("a panic leaves no answer");
    let response = lost.error_response();
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers().get("content-type").expect("a type"), "application/problem+json");
    let body = actix_web::body::to_bytes(response.into_body()).await.expect("a body");
    let problem: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(problem["code"], "internal_error");
    assert!(!String::from_utf8_lossy(&body).contains("secret"), "{problem}");
    let request = actix_web::test::TestRequest::get().uri("/plain").to_request();
    let problem: Value = actix_web::test::call_and_read_body_json(&app, request).await;
    assert_eq!(problem["code"], "malformed_request");
}
