//! Registration, log-in, sessions.

use ocpizza::config::Environment;
use serde_json::json;

use crate::support::{Client, TestApp};

fn credentials(email: &str) -> serde_json::Value {
    json!({ "email": email, "password": "une phrase facile" })
}

async fn registered(app: &TestApp, email: &str) -> serde_json::Value {
    let mut body = credentials(email);
    body["name"] = json!("Camille Martin");
    app.anybody().post("/v1/auth/register", body).await.expect(201)
}

fn bearer(app: &TestApp, session: &serde_json::Value) -> Client {
    Client { bearer: Some(session["accessToken"].as_str().unwrap().to_owned()), ..app.anybody() }
}

#[tokio::test]
async fn a_customer_opens_an_account_and_changes_it() {
    let app = TestApp::start().await;
    let session = registered(&app, "Camille@Example.org").await;
    assert_eq!((&session["tokenType"], &session["expiresIn"]), (&json!("Bearer"), &json!(900)));
    let me = bearer(&app, &session);
    let seen = me.get("/v1/me").await.expect(200);
    assert_eq!((&seen["email"], &seen["roles"], &seen["language"]), (&json!("camille@example.org"), &json!([]), &json!("fr")));
    let changed = me.patch("/v1/me", json!({ "phone": "+33639981234", "language": "en" })).await.expect(200);
    assert_eq!(
        (&changed["phone"], &changed["language"], &changed["name"]),
        (&json!("+33639981234"), &json!("en"), &seen["name"])
    );
    assert_eq!(me.patch("/v1/me", json!({ "phone": null })).await.expect(200)["phone"], json!(null));
    me.patch("/v1/me", json!({ "phone": "0639981234" })).await.problem(422, "invalid_request");
    me.patch("/v1/me", json!({ "roles": [] })).await.problem(422, "invalid_request");
    app.anybody().post("/v1/auth/login", credentials("CAMILLE@example.org")).await.expect(200);
}

#[tokio::test]
async fn registration_refuses_what_is_taken_weak_or_wrong() {
    let app = TestApp::start().await;
    registered(&app, "a@example.org").await;
    let body = |email: &str, password: &str| json!({ "email": email, "password": password, "name": "A" });
    let anybody = app.anybody();
    anybody.post("/v1/auth/register", body("A@example.org", "another phrase")).await.problem(409, "email_taken");
    let weak = anybody.post("/v1/auth/register", body("b@example.org", "demo-pizza-2026")).await.problem(422, "invalid_request");
    assert_eq!(weak["errors"][0]["code"], "too_weak");
    let both = anybody.post("/v1/auth/register", body("not an address", "short")).await.problem(422, "invalid_request");
    let mut faults: Vec<&str> = both["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    faults.sort_unstable();
    assert_eq!(faults, ["/email", "/password"], "every fault at once");
}

#[tokio::test]
async fn staff_have_roles_at_their_stores() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await.get("/v1/me").await.expect(200);
    assert_eq!(cook["roles"][0]["role"], "cook");
    assert!(cook["roles"][0]["storeId"].is_string());
    let admin = app.login("admin").await.get("/v1/me").await.expect(200);
    assert_eq!(admin["roles"], json!([{ "storeId": null, "role": "admin" }]));
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_second_use_ends_the_session() {
    let app = TestApp::start().await;
    let first = registered(&app, "a@example.org").await;
    let refresh = |session: &serde_json::Value| json!({ "refreshToken": session["refreshToken"] });
    let anybody = app.anybody();
    let second = anybody.post("/v1/auth/refresh", refresh(&first)).await.expect(200);
    assert_ne!(first["refreshToken"], second["refreshToken"]);
    bearer(&app, &second).get("/v1/me").await.expect(200);
    let other_device = anybody.post("/v1/auth/login", credentials("a@example.org")).await.expect(200);
    anybody.post("/v1/auth/refresh", refresh(&first)).await.problem(401, "refresh_token_invalid");
    anybody.post("/v1/auth/refresh", refresh(&second)).await.problem(401, "refresh_token_invalid");
    let alive = anybody.post("/v1/auth/refresh", refresh(&other_device)).await.expect(200);
    anybody.post("/v1/auth/logout", refresh(&alive)).await.expect(204);
    anybody.post("/v1/auth/logout", refresh(&alive)).await.expect(204);
    anybody.post("/v1/auth/refresh", refresh(&alive)).await.problem(401, "refresh_token_invalid");
    anybody.post("/v1/auth/refresh", json!({ "refreshToken": "nonsense" })).await.problem(401, "refresh_token_invalid");
}

#[tokio::test]
async fn two_refreshes_at_once_do_not_both_win() {
    let app = TestApp::start().await;
    let session = registered(&app, "a@example.org").await;
    let body = json!({ "refreshToken": session["refreshToken"] });
    let anybody = app.anybody();
    let (a, b) = tokio::join!(anybody.post("/v1/auth/refresh", body.clone()), anybody.post("/v1/auth/refresh", body));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn guessing_locks_the_account_for_a_while() {
    let app = TestApp::start().await;
    registered(&app, "a@example.org").await;
    let wrong = json!({ "email": "a@example.org", "password": "wrong" });
    let anybody = app.anybody();
    for _ in 0..5 {
        anybody.post("/v1/auth/login", wrong.clone()).await.problem(401, "invalid_credentials");
    }
    let refused = anybody.post("/v1/auth/login", wrong.clone()).await;
    let wait: u32 = refused.header("retry-after").expect("when to try again").parse().expect("seconds");
    assert!((1..=900).contains(&wait), "{wait}");
    refused.problem(429, "too_many_requests");
    anybody.post("/v1/auth/login", credentials("a@example.org")).await.problem(429, "too_many_requests");
    app.sql("update login_attempts set window_started_at = window_started_at - interval '16 minutes'");
    anybody.post("/v1/auth/login", credentials("a@example.org")).await.expect(200);
    let unknown = json!({ "email": "nobody@example.org", "password": "wrong" });
    anybody.post("/v1/auth/login", unknown).await.problem(401, "invalid_credentials");
}

#[tokio::test]
async fn a_client_cannot_choose_the_address_it_is_counted_under() {
    let app = TestApp::with(|config| config.trusted_proxy_hops = 1).await;
    let anybody = app.anybody();
    let guess = |n: usize| {
        let body = json!({ "email": format!("nobody{n}@example.org"), "password": "wrong" });
        anybody
            .request(reqwest::Method::POST, "/v1/auth/login")
            .header("forwarded", format!("for=7.7.7.{n}"))
            .header("x-forwarded-for", format!("6.6.6.{n}, 203.0.113.9"))
            .json(&body)
    };
    for n in 0..50 {
        anybody.send(guess(n)).await.problem(401, "invalid_credentials");
    }
    anybody.send(guess(51)).await.problem(429, "too_many_requests");
}

#[tokio::test]
async fn demo_people_are_nobody_in_production() {
    let app = TestApp::with(|config| config.environment = Environment::Production).await;
    let body = json!({ "email": "admin@ocpizza.example", "password": "demo-pizza-2026" });
    app.anybody().post("/v1/auth/login", body).await.problem(401, "invalid_credentials");
}

#[tokio::test]
async fn blocked_people_get_in_no_more() {
    let app = TestApp::start().await;
    let session = registered(&app, "a@example.org").await;
    app.sql("update users set status = 'blocked' where email = 'a@example.org'");
    app.anybody().post("/v1/auth/login", credentials("a@example.org")).await.problem(401, "invalid_credentials");
    let refresh = json!({ "refreshToken": session["refreshToken"] });
    app.anybody().post("/v1/auth/refresh", refresh).await.problem(401, "refresh_token_invalid");
}

#[tokio::test]
async fn managers_hire_for_their_store_and_the_admin_for_all() {
    let app = TestApp::start().await;
    let (manager, admin) = (app.staff("manager").await, app.login("admin").await);
    let stores = app.anybody().get("/v1/stores").await.expect(200);
    let (paris, lyon) = (&stores["data"][0]["id"], &stores["data"][1]["id"]);
    let person = |email: &str, roles: serde_json::Value| json!({ "email": email, "name": "Sam", "password": "four words nobody guesses", "roles": roles });
    let cook = json!([{ "storeId": paris, "role": "cook" }]);
    let sam = manager.post("/v1/staff", person("Sam@example.org", cook.clone())).await.expect(201);
    let login = json!({ "email": "sam@example.org", "password": "four words nobody guesses" });
    let session = app.anybody().post("/v1/auth/login", login.clone()).await.expect(200);
    bearer(&app, &session).get("/v1/stores/paris-bastille/stock").await.expect(200);

    for roles in [json!([{ "storeId": lyon, "role": "cook" }]), json!([{ "storeId": paris, "role": "manager" }])] {
        let refused = manager.post("/v1/staff", person("kim@example.org", roles)).await.problem(422, "invalid_request");
        assert_eq!(refused["errors"][0]["code"], "not_yours_to_give");
    }
    let nowhere = json!([{ "storeId": null, "role": "cook" }]);
    admin.post("/v1/staff", person("kim@example.org", nowhere)).await.problem(422, "invalid_request");
    let taken = manager.post("/v1/staff", person("sam@example.org", cook)).await.problem(409, "email_taken");
    assert_eq!(taken["userId"], sam["id"]);

    // A customer is a stranger to a manager: not even a name is told.
    let customer = app.login("customer").await.get("/v1/me").await.expect(200);
    let put = |client: &Client, who: &serde_json::Value, roles: serde_json::Value| {
        let path = format!("/v1/staff/{}/roles", who["id"].as_str().unwrap());
        client.request(reqwest::Method::PUT, &path).json(&json!({ "roles": roles }))
    };
    manager.send(put(&manager, &customer, json!([]))).await.problem(404, "not_found");
    let one_or_other = [json!([{ "storeId": paris, "role": "cook" }]), json!([{ "storeId": paris, "role": "driver" }])];
    for _ in 0..5 {
        let [cook, driver] = one_or_other.clone();
        let (a, b) = tokio::join!(manager.send(put(&manager, &sam, cook)), manager.send(put(&manager, &sam, driver)));
        a.expect(200);
        b.expect(200);
        let now = manager.get("/v1/staff").await.expect(200);
        let sam_now = now["data"].as_array().unwrap().iter().find(|p| p["id"] == sam["id"]).unwrap();
        assert_eq!(sam_now["roles"].as_array().unwrap().len(), 1, "one of both, never both: {sam_now}");
    }

    let roles = format!("/v1/staff/{}/roles", sam["id"].as_str().unwrap());
    let both = json!({ "roles": [{ "storeId": paris, "role": "counter" }, { "storeId": lyon, "role": "driver" }] });
    assert_eq!(
        admin.send(admin.request(reqwest::Method::PUT, &roles).json(&both)).await.expect(200)["roles"].as_array().unwrap().len(),
        2
    );
    let none = manager.send(manager.request(reqwest::Method::PUT, &roles).json(&json!({ "roles": [] }))).await.expect(200);
    assert_eq!(none["roles"], json!([]));
    let session = app.anybody().post("/v1/auth/login", login).await.expect(200);
    let left = bearer(&app, &session).get("/v1/me").await.expect(200)["roles"].clone();
    assert_eq!(left, json!([{ "storeId": lyon, "role": "driver" }]), "Paris has no say in Lyon");

    let of_paris = manager.get("/v1/staff").await.expect(200);
    assert_eq!(of_paris["data"].as_array().unwrap().len(), 4);
    assert_eq!(admin.get("/v1/staff?storeId=lyon-part-dieu").await.expect(200)["data"].as_array().unwrap().len(), 5);
    manager.get("/v1/staff?storeId=lyon-part-dieu").await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_role_that_was_taken_away_does_not_give_itself_back() {
    let app = TestApp::start().await;
    let admin = app.login("admin").await;
    let all = json!([{ "storeId": null, "role": "admin" }]);
    let person =
        json!({ "email": "second@example.org", "name": "Second", "password": "four words nobody guesses", "roles": all });
    let second = admin.post("/v1/staff", person).await.expect(201);
    let login = json!({ "email": "second@example.org", "password": "four words nobody guesses" });
    let session = app.anybody().post("/v1/auth/login", login).await.expect(200);
    let token = bearer(&app, &session);
    let roles = |client: &Client, who: &str, roles: &serde_json::Value| {
        client.request(reqwest::Method::PUT, &format!("/v1/staff/{who}/roles")).json(&json!({ "roles": roles }))
    };
    let (id, me) = (second["id"].as_str().unwrap(), admin.get("/v1/me").await.expect(200));
    admin.send(roles(&admin, me["id"].as_str().unwrap(), &json!([]))).await.problem(403, "forbidden");
    admin.send(roles(&admin, id, &json!([]))).await.expect(200);
    token.send(roles(&token, me["id"].as_str().unwrap(), &json!([]))).await.problem(403, "forbidden");
    token.send(roles(&token, id, &all)).await.problem(403, "forbidden");
    token.get("/v1/staff").await.problem(403, "forbidden");
}

#[tokio::test]
async fn the_same_key_of_two_strangers_is_not_one_cart() {
    let app = TestApp::start().await;
    let body = json!({ "storeId": "paris-bastille", "serviceType": "delivery" });
    let make = || app.anybody().request(reqwest::Method::POST, "/v1/carts").header("idempotency-key", "create-cart").json(&body);
    let (one, two) = (app.anybody().send(make()).await.expect(201), app.anybody().send(make()).await.expect(201));
    assert!(one["id"] != two["id"] && one["token"] != two["token"]);
}
