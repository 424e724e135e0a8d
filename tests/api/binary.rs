//! The program as an operator runs it: its commands, its mistakes, its end.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use serde_json::json;

use crate::support::app::{SHOP, order_body};
use crate::support::database::Lease;
use crate::support::{Client, ledger};

const KEY: &str = "a secret of the tests, 32 characters";

/// The program with nothing of our environment in its own.
fn program(vars: &[(&str, &str)], args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ocpizza"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).args(args).envs(vars.iter().copied()).stdin(Stdio::null());
    command
}

fn run(vars: &[(&str, &str)], args: &[&str]) -> Output {
    program(vars, args).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_is_for_strangers() {
    let help = run(&[], &["--help"]);
    assert!(help.status.success());
    let help = text(&help.stdout);
    for word in ["serve", "worker", "migrate", "load-data", "create-superuser", "openapi", "doctor", "DATABASE_URL", "SECRET_KEY"]
    {
        assert!(help.contains(word), "{word} in\n{help}");
    }
    assert_eq!(run(&[], &["fly"]).status.code(), Some(2));
}

#[test]
fn wrong_configuration_is_named_and_ends_with_2() {
    let wrong = run(&[("DATABASE_URL", "postgres://localhost/x"), ("PORT", "eighty")], &["serve"]);
    assert_eq!(wrong.status.code(), Some(2));
    let said = text(&wrong.stderr);
    assert!(said.contains("PORT should be a whole number from 0 to 65535, is «eighty»"), "{said}");
    assert!(said.contains("SECRET_KEY is missing"), "{said}");
}

#[test]
fn operators_migrate_load_and_make_an_admin() {
    let lease = Lease::empty();
    let url = lease.url();
    let vars = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", KEY), ("OCPIZZA_ENV", "development")];
    let doctor = run(&vars, &["doctor"]);
    assert_eq!(doctor.status.code(), Some(1), "{}", text(&doctor.stdout));
    assert!(text(&doctor.stdout).contains("run `ocpizza migrate`"));
    assert!(text(&run(&vars, &["migrate", "status"]).stdout).contains("[ ] 2026-11-23-000010_stores_create"));
    assert!(run(&vars, &["migrate"]).status.success());
    assert!(text(&run(&vars, &["migrate", "down"]).stdout).contains("took back"));
    assert!(text(&run(&vars, &["migrate", "up"]).stdout).contains("1 migrations run"));
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/demo");
    let loaded = text(&run(&vars, &["load-data", demo]).stdout);
    assert!(loaded.contains("loaded 5 stores"), "{loaded}");
    let missing = run(&vars, &["load-data", "/no/such/file"]);
    assert_eq!((missing.status.code(), text(&missing.stderr).contains("/no/such/file")), (Some(1), true));

    let admin = |password: &str| {
        let mut child = program(&vars, &["create-superuser", "--email", "Boss@example.org"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        writeln!(child.stdin.take().expect("a pipe"), "{password}").expect("written");
        child.wait_with_output().expect("ended")
    };
    assert_eq!(admin("short").status.code(), Some(1));
    assert!(admin("a long enough phrase").status.success());
    assert!(admin("another long phrase").status.success(), "again sets the password anew");
    let roles: Vec<String> = schema::memberships::table
        .inner_join(schema::users::table)
        .filter(schema::users::email.eq("boss@example.org"))
        .select(schema::memberships::role)
        .load(&mut lease.connect())
        .unwrap();
    assert_eq!(roles, ["admin"]);
    let openapi = run(&[], &["openapi"]);
    assert_eq!(text(&openapi.stdout), ocpizza::app::published_document());
}

/// The real server, on a port of its own.
struct Served {
    child: Child,
    client: Client,
}

impl Served {
    fn start(lease: &Lease) -> Served {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port().to_string();
        let url = lease.url();
        let vars = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", KEY), ("PORT", port.as_str()), ("OCPIZZA_ENV", "development")];
        let child =
            program(&vars, &["serve", "--with-worker"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        Served { child, client: Client::new(&format!("http://127.0.0.1:{port}")) }
    }

    async fn ready(lease: &Lease) -> Served {
        let served = Served::start(lease);
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            let asked = reqwest::get(format!("{}/health/ready", served.client.base)).await;
            if asked.is_ok_and(|answer| answer.status() == 200) {
                return served;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server did not come up");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Orders a pizza over HTTP; none when the server went away in between.
async fn try_order(client: &Client, variant: &str) -> Option<String> {
    let send = |request: reqwest::RequestBuilder| async move {
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let body: serde_json::Value = answer.json().await.ok()?;
        (status < 300).then_some(body)
    };
    let cart = json!({ "storeId": SHOP, "serviceType": "delivery" });
    let cart = send(client.request(reqwest::Method::POST, "/v1/carts").json(&cart)).await?;
    let (id, token) = (cart["id"].as_str()?.to_owned(), cart["token"].as_str()?.to_owned());
    let owner = Client { cart_token: Some(token), ..client.clone() };
    let line = json!({ "variantId": variant });
    send(owner.request(reqwest::Method::POST, &format!("/v1/carts/{id}/lines")).json(&line)).await?;
    let place = owner.request(reqwest::Method::POST, "/v1/orders").header("idempotency-key", uuid::Uuid::now_v7().to_string());
    let order = send(place.json(&order_body(&id, "delivery"))).await?;
    Some(order["id"].as_str()?.to_owned())
}

async fn small_reine(client: &Client) -> String {
    let menu = client.get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
    let pizzas = menu["categories"][0]["products"].as_array().unwrap();
    let reine = pizzas.iter().find(|p| p["slug"] == "reine").unwrap();
    reine["variants"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_orders_nothing_is_half_done() {
    let lease = Lease::demo();
    let mut accepted: Vec<String> = Vec::new();
    for _ in 0..3 {
        let served = Served::ready(&lease).await;
        let variant = small_reine(&served.client).await;
        let over = Arc::new(AtomicBool::new(false));
        let customers: Vec<_> = (0..6)
            .map(|_| {
                let (client, variant, over) = (served.client.clone(), variant.clone(), Arc::clone(&over));
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        mine.extend(try_order(&client, &variant).await);
                    }
                    mine
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(700)).await;
        served.signal("-9");
        over.store(true, Ordering::Relaxed);
        for customer in customers {
            accepted.extend(customer.await.expect("no panic"));
        }
    }
    let served = Served::ready(&lease).await;
    assert!(accepted.len() > 10, "only {} orders got through", accepted.len());
    let stored: Vec<String> = schema::orders::table
        .select(schema::orders::id)
        .load::<uuid::Uuid>(&mut lease.connect())
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    for id in &accepted {
        assert!(stored.contains(id), "the order {id} was answered with 201 and is lost");
    }
    ledger::assert_clean(&mut lease.connect());
    try_order(&served.client, &small_reine(&served.client).await).await.expect("business goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_finishes_what_is_under_way_and_ends_streams() {
    let lease = Lease::demo();
    let mut served = Served::ready(&lease).await;
    let variant = small_reine(&served.client).await;
    let login = json!({ "email": format!("cook.{SHOP}@ocpizza.example"), "password": "demo-pizza-2026" });
    let session = served.client.post("/v1/auth/login", login).await.expect(200);
    let cook = Client { bearer: Some(session["accessToken"].as_str().unwrap().to_owned()), ..served.client.clone() };
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(cook.request(reqwest::Method::GET, &format!("/v1/stores/{SHOP}/stream")).send().await.expect("a stream"));
    }
    try_order(&served.client, &variant).await.expect("an order");
    served.signal("-TERM");
    served.signal("-TERM");
    let mut last = String::new();
    for stream in streams {
        last = stream.text().await.expect("a clean end");
    }
    assert!(last.ends_with("event: bye\ndata: {}\n\n"), "{last}");
    let deadline = Instant::now() + Duration::from_secs(25);
    while served.child.try_wait().expect("a child").is_none() {
        assert!(Instant::now() < deadline, "still there after 25 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(served.child.wait().expect("a status").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_it_lives_and_says_that_it_is_not_ready() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port().to_string();
    let vars = [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"), ("SECRET_KEY", KEY), ("PORT", port.as_str())];
    let child = program(&vars, &["serve"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let served = Served { child, client: Client::new(&format!("http://127.0.0.1:{port}")) };
    let deadline = Instant::now() + Duration::from_secs(10);
    while reqwest::get(format!("{}/health/live", served.client.base)).await.is_err() {
        assert!(Instant::now() < deadline, "the port was not bound");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    served.client.get("/health/live").await.expect(200);
    let ready = served.client.get("/health/ready").await;
    assert!(ready.header("retry-after").is_some());
    ready.problem(503, "busy");
    served.client.get("/v1/stores").await.problem(503, "busy");
}

/// The README's first order, line by line as it stands there.
#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_order_reaches_the_doorstep() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the page");
    let (_, rest) = readme.split_once("## A first order").expect("the chapter");
    let (_, rest) = rest.split_once("```sh\n").expect("its lines");
    let (lines, _) = rest.split_once("```").expect("their end");
    let lease = Lease::demo();
    let served = Served::ready(&lease).await;
    let mut shell = Command::new("sh");
    shell.args(["-euc", lines]).env("API", &served.client.base);
    let done = tokio::task::spawn_blocking(move || shell.output().expect("sh")).await.expect("no panic");
    let said = text(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", text(&done.stderr));
    assert!(said.contains("\"status\": \"delivered\""), "{said}");
    assert!(said.trim_end().ends_with("[13,\"order.delivered\"]"), "{said}");
    ledger::assert_clean(&mut lease.connect());
}
