//! The server under test: the production `serve()` on a free port, with a leased database.

use std::net::TcpListener;
use std::sync::mpsc;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use ocpizza::catalogue::Catalogues;
use ocpizza::config::{Config, Environment, Secret};
use ocpizza::db::Db;
use ocpizza::{app, worker};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::client::{Answer, Client};
use super::database::Lease;

pub const SHOP: &str = "paris-bastille";

pub struct TestApp {
    pub base: String,
    pub db: Db,
    pub lease: Lease,
    end: watch::Sender<bool>,
    stop: actix_web::dev::ServerHandle,
}

impl TestApp {
    pub async fn start() -> TestApp {
        TestApp::with(|_| {}).await
    }

    /// The app with another configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> TestApp {
        let lease = Lease::demo();
        let db = lease.db(8);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let base = format!("http://127.0.0.1:{port}");
        let mut config = Config {
            database: super::database::settings(lease.url(), 8),
            environment: Environment::Development,
            secret_key: Secret::new("a secret of the tests, 32 characters"),
            previous_secret_key: None,
            host: "127.0.0.1".to_owned(),
            port,
            public_url: base.clone(),
            cors_origins: vec!["http://localhost:4200".to_owned()],
            trusted_proxy_hops: 0,
            workers: Some(1),
        };
        change(&mut config);
        let (end, shutdown) = watch::channel(false);
        let (tell, told) = mpsc::channel();
        let served = db.clone();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let server = app::serve(&config, served, listener, shutdown).expect("a server");
                tell.send(server.handle()).expect("somebody waits");
                server.await
            })
        });
        let stop = told.recv().expect("a running server");
        TestApp { base, db, lease, end, stop }
    }

    /// Somebody who is not logged in.
    pub fn anybody(&self) -> Client {
        Client::new(&self.base)
    }

    /// Somebody of the demo chain: `cook.paris-bastille`, `customer`, `admin`.
    pub async fn login(&self, who: &str) -> Client {
        let body = json!({ "email": format!("{who}@ocpizza.example"), "password": "demo-pizza-2026" });
        let session = self.anybody().post("/v1/auth/login", body).await.expect(200);
        Client { bearer: Some(session["accessToken"].as_str().expect("a token").to_owned()), ..self.anybody() }
    }

    /// Somebody of the shop that most tests happen in.
    pub async fn staff(&self, role: &str) -> Client {
        self.login(&format!("{role}.{SHOP}")).await
    }

    /// A variant of the shop's menu.
    pub async fn variant(&self, product: &str, size: &str) -> Value {
        let menu = self.anybody().get(&format!("/v1/stores/{SHOP}/menu")).await.expect(200);
        let products = menu["categories"].as_array().unwrap().iter().flat_map(|c| c["products"].as_array().unwrap());
        let product = products.into_iter().find(|p| p["slug"] == product).expect("a product of the demo chain").clone();
        let mut variants = product["variants"].as_array().unwrap().iter();
        variants.find(|v| v["sizeCode"] == size).expect("a size").clone()
    }

    /// The variant once the menu says this of it, which it does within a second.
    pub async fn variant_once(&self, product: &str, size: &str, availability: &str) -> Value {
        let asked = std::time::Instant::now();
        loop {
            let variant = self.variant(product, size).await;
            if variant["availability"] == availability {
                return variant;
            }
            let late = asked.elapsed() > std::time::Duration::from_secs(1);
            assert!(!late, "{product} {size} should be {availability}: {variant}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// An anonymous customer with a cart of these lines.
    pub async fn cart(&self, service: &str, lines: &[(&str, &str, u32)]) -> Client {
        let cart = self.anybody().post("/v1/carts", json!({ "storeId": SHOP, "serviceType": service })).await.expect(201);
        let client = Client {
            cart_token: Some(cart["token"].as_str().unwrap().to_owned()),
            cart_id: Some(cart["id"].as_str().unwrap().to_owned()),
            ..self.anybody()
        };
        for (product, size, quantity) in lines {
            let variant = self.variant(product, size).await;
            let line = json!({ "variantId": variant["id"], "quantity": quantity });
            client.post(&format!("/v1/carts/{}/lines", client.cart()), line).await.expect(201);
        }
        client
    }

    /// An order by an anonymous customer, who comes back with the order and its secret.
    pub async fn order(&self, service: &str, lines: &[(&str, &str, u32)]) -> (Client, Value) {
        let client = self.cart(service, lines).await;
        let order = client.place(service).await.expect(201);
        let token = order["trackingToken"].as_str().unwrap().to_owned();
        (Client { tracking_token: Some(token), ..self.anybody() }, order)
    }

    /// What the shop has of an ingredient: on hand, reserved.
    pub fn stock(&self, slug: &str) -> (i64, i64) {
        use schema::{ingredients, stock_levels, stores};
        stock_levels::table
            .inner_join(ingredients::table)
            .inner_join(stores::table)
            .filter(ingredients::slug.eq(slug).and(stores::slug.eq(SHOP)))
            .select((stock_levels::on_hand_milli, stock_levels::reserved_milli))
            .first(&mut self.connect())
            .expect("a level")
    }

    pub fn connect(&self) -> PgConnection {
        self.lease.connect()
    }

    /// Prepares what no endpoint does yet.
    pub fn sql(&self, statement: &str) {
        diesel::sql_query(statement).execute(&mut self.connect()).expect("the seed");
    }

    /// Does what is due in the background.
    pub async fn run_jobs(&self) {
        let catalogues = Catalogues::default();
        while worker::step(&self.db, &catalogues).await.expect("the jobs") {}
    }

    /// The ticket of an order on the cooks' screen.
    pub async fn ticket(&self, cook: &Client, order: &Value) -> Option<Value> {
        let queue = cook.get(&format!("/v1/stores/{SHOP}/kitchen/tickets")).await.expect(200);
        queue["data"].as_array().unwrap().iter().find(|t| t["orderId"] == order["id"]).cloned()
    }

    /// Takes an order to `ready`.
    pub async fn cook(&self, order: &Value) {
        let cook = self.staff("cook").await;
        cook.command(order, "accept").await.expect(200);
        let ticket = self.ticket(&cook, order).await.expect("a ticket");
        for step in ["start", "bump"] {
            let path = format!("/v1/kitchen/tickets/{}/{step}", ticket["id"].as_str().unwrap());
            cook.post(&path, json!({})).await.expect(200);
        }
    }

    /// The delivery of an order on the drivers' list.
    pub async fn delivery(&self, driver: &Client, order: &Value) -> Option<String> {
        let list = driver.get(&format!("/v1/stores/{SHOP}/deliveries")).await.expect(200);
        let found = list["data"].as_array().unwrap().iter().find(|d| d["orderId"] == order["id"])?;
        Some(found["id"].as_str().unwrap().to_owned())
    }

    /// Tells streams that the process ends.
    pub fn begin_shutdown(&self) {
        let _ = self.end.send(true);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let _ = self.end.send(true);
        // Asks the server to stop without waiting for it.
        drop(self.stop.stop(false));
    }
}

impl Client {
    pub fn cart(&self) -> &str {
        self.cart_id.as_deref().expect("a cart")
    }

    /// Places the cart.
    pub async fn place(&self, service: &str) -> Answer {
        self.place_with(service, &Uuid::now_v7().to_string()).await
    }

    pub async fn place_with(&self, service: &str, key: &str) -> Answer {
        self.post_once("/v1/orders", order_body(self.cart(), service), key).await
    }

    /// A command on an order.
    pub async fn command(&self, order: &Value, command: &str) -> Answer {
        self.post(&format!("/v1/orders/{}/{command}", order["id"].as_str().unwrap()), json!({})).await
    }
}

pub fn order_body(cart_id: &str, service: &str) -> Value {
    let mut body = json!({
        "cartId": cart_id,
        "contact": { "name": "Camille Martin", "phone": "+33639981234" },
        "payment": { "method": "cash" },
    });
    if service == "delivery" {
        body["address"] = json!({ "line1": "12 rue de Charonne", "postcode": "75011", "city": "Paris" });
    }
    body
}
