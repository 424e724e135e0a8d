//! The table of contents: every slice, the order they are mounted in, and the server around them.

use std::net::TcpListener;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpServer, web};
use tokio::sync::watch;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config as DocsConfig, SwaggerUi};

use crate::catalogue::Catalogues;
use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::auth::Tokens;
use crate::http::client::TrustedHops;
use crate::http::contract::{self, Routes};
use crate::http::problem::{self, PublicUrl};
use crate::http::receive::BODY_LIMIT;
use crate::menu::board::{Board, Notice};
use crate::platform::Published;
use crate::streams::hub::{Hub, Told};
use crate::{
    accounts, carts, deliveries, kitchen, menu, openapi, orders, platform, products, promotions, recipes, stock, stores, streams,
};

/// Every slice. The hot paths come first: the router asks in this order.
fn slices(cfg: &mut ServiceConfig) {
    cfg.configure(menu::configure)
        .configure(orders::configure)
        .configure(carts::configure)
        .configure(kitchen::configure)
        .configure(deliveries::configure)
        .configure(streams::configure)
        .configure(stock::configure)
        .configure(products::configure)
        .configure(recipes::configure)
        .configure(promotions::configure)
        .configure(stores::configure)
        .configure(accounts::configure)
        .configure(platform::configure);
}

/// The document that the mounted slices make. It follows from the code alone, so a process makes it once.
pub fn document() -> &'static utoipa::openapi::OpenApi {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> =
        LazyLock::new(|| ActixApp::new().into_utoipa_app().openapi(openapi::head()).configure(slices).split_for_parts().1);
    &DOCUMENT
}

/// The document as it is published and committed.
pub fn published_document() -> &'static str {
    static PUBLISHED: LazyLock<String> = LazyLock::new(|| {
        let mut text = serde_json::to_string_pretty(&contract::complete(document())).unwrap_or_default();
        text.push('\n');
        text
    });
    &PUBLISHED
}

/// A server that listens. `shutdown` tells streams to end.
pub fn serve(config: &Config, db: Db, listener: TcpListener, shutdown: watch::Receiver<bool>) -> Result<Server> {
    let catalogues = Catalogues::default();
    let board = web::Data::new(Board::new(catalogues.clone()));
    let catalogues = web::Data::new(catalogues);
    let menus = board.clone();
    let hub = web::Data::from(Hub::start(db.clone(), shutdown, move |told| {
        menus.stale(match told {
            Told::Store(id) => Notice::Store(id),
            Told::Everything => Notice::Everything,
        });
    }));
    let db = web::Data::new(db);
    let tokens = web::Data::new(Tokens::new(&config.secret_key, config.previous_secret_key.as_ref()));
    let environment = web::Data::new(config.environment);
    let hops = web::Data::new(TrustedHops(config.trusted_proxy_hops));
    let public_url = web::Data::new(PublicUrl(config.public_url.clone()));
    let routes = web::Data::new(Routes::of(document()));
    let published = web::Data::new(Published(published_document()));
    let origins: Arc<Vec<String>> = Arc::new(config.cors_origins.clone());
    let server = HttpServer::new(move || {
        ActixApp::new()
            .into_utoipa_app()
            .openapi(openapi::head())
            .app_data(db.clone())
            .app_data(hub.clone())
            .app_data(catalogues.clone())
            .app_data(board.clone())
            .app_data(tokens.clone())
            .app_data(environment.clone())
            .app_data(hops.clone())
            .app_data(public_url.clone())
            .app_data(routes.clone())
            .app_data(published.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .configure(slices)
            .into_app()
            .service(web::redirect("/", "/docs/"))
            .service(web::redirect("/docs", "/docs/"))
            .service(docs())
            .default_service(web::to(contract::unrouted))
            .wrap(cors(&origins))
            .wrap(from_fn(problem::edge))
    });
    let server = server
        // Routers (Heroku, nginx) keep their connections longer than actix's five seconds.
        .keep_alive(Duration::from_secs(95))
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(20)
        .disable_signals();
    let server = match config.workers {
        Some(workers) => server.workers(workers),
        None => server,
    };
    Ok(server.listen(listener).map_err(Error::internal)?.run())
}

/// The docs page, from the binary: no CDN.
fn docs() -> SwaggerUi {
    let settings = DocsConfig::from("/v1/openapi.json")
        .try_it_out_enabled(true)
        .persist_authorization(true)
        .display_request_duration(true)
        .doc_expansion("list")
        .default_models_expand_depth(0);
    SwaggerUi::new("/docs/{tail:.*}").config(settings)
}

fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers(["ETag", "Location", "Retry-After", "X-Request-Id", "Idempotent-Replayed"])
        .block_on_origin_mismatch(false)
        .max_age(600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
