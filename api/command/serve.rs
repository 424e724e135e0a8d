//! The processes that stay: the API and the worker.

use std::net::TcpListener;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::command::connect;
use crate::config::Config;
use crate::db::Db;
use crate::embedded::Embedded;
use crate::error::{Error, Result};
use crate::{app, clock, load, worker};

pub(super) fn serve(mut config: Config, with_worker: bool) -> Result<()> {
    let address = format!("{}:{}", config.host, config.port);
    let listener =
        TcpListener::bind(&address).map_err(|error| Error::internal(format!("cannot listen on {address}: {error}")))?;
    let (db, server) = connect(&mut config)?;
    let embedded = server.is_some();
    if embedded {
        prepare_demo(&config, &db)?;
    }
    // Shared with whoever started it: when they end, so do we, and say why.
    let borrowed = server.as_ref().filter(|server| server.is_joined());
    let served = actix_web::rt::System::new().block_on(async {
        let (end, shutdown) = watch::channel(false);
        let running = app::serve(&config, db.clone(), listener, shutdown.clone())?;
        let background = (with_worker || embedded).then(|| actix_web::rt::spawn(worker::run(db, shutdown)));
        tracing::info!("listening on http://{address}, documentation on {}/docs/", config.public_url);
        if embedded {
            welcome(&config);
        }
        let handle = running.handle();
        let ending = end.clone();
        let signals = actix_web::rt::spawn(async move {
            asked_to_end().await;
            tracing::info!("ending: no new requests, those under way are finished");
            let _ = end.send(true);
            handle.stop(true).await;
        });
        let outcome = tokio::select! {
            outcome = running => outcome.map_err(Error::internal),
            () = gone(borrowed) => Err(Error::internal(
                "the PostgreSQL that another ocpizza had started has ended with it; start again, and this one brings its own",
            )),
        };
        signals.abort();
        let _ = ending.send(true);
        if let Some(background) = background {
            let _ = background.await;
        }
        tracing::info!("ended");
        outcome
    });
    drop(server);
    served
}

pub(super) fn work(mut config: Config) -> Result<()> {
    let (db, server) = connect(&mut config)?;
    if server.is_some() {
        prepare_demo(&config, &db)?;
    }
    actix_web::rt::System::new().block_on(async {
        let (end, shutdown) = watch::channel(false);
        let signals = actix_web::rt::spawn(async move {
            asked_to_end().await;
            let _ = end.send(true);
        });
        worker::run(db, shutdown).await;
        signals.abort();
    });
    Ok(())
}

/// Our own database is brought up to date, and filled when it is new.
fn prepare_demo(config: &Config, db: &Db) -> Result<()> {
    db.migrate()?;
    if db.tx_here(load::is_empty)? {
        let files = load::demo()?;
        let loaded = db.tx_here(|conn| load::load(conn, &files, config.environment, clock::now()))?;
        tracing::info!("loaded the demo chain: {} stores, {} products, {} people", loaded.stores, loaded.products, loaded.people);
    }
    Ok(())
}

/// What a newcomer needs to know.
fn welcome(config: &Config) {
    let url = &config.public_url;
    println!(
        "\n  OC Pizza is open.\n\n  Documentation  {url}/docs/\n  API            {url}/v1/stores\n  Database       {}\n\n  \
         Demo log-ins, all with the password demo-pizza-2026:\n    customer@ocpizza.example   admin@ocpizza.example\n    \
         manager.<shop>@, counter.<shop>@, cook.<shop>@, driver.<shop>@ocpizza.example\n    with <shop> one of paris-bastille, \
         lyon-part-dieu, lille-centre, nantes-commerce, grenoble-gare\n\n  Ctrl-C closes the shop; its data stay.\n",
        config.database.url
    );
}

/// Ends when a server that we only joined is no more; never for one of our own.
async fn gone(borrowed: Option<&Embedded>) {
    match borrowed {
        None => std::future::pending().await,
        Some(server) => {
            while server.is_running() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// SIGTERM or SIGINT, as often as they come.
async fn asked_to_end() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        tracing::error!("cannot listen to signals");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
