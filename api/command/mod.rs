//! The command line: what operators type.

pub mod args;
mod doctor;
mod manage;
mod serve;

use std::process::ExitCode;

use crate::config::{Config, Logging, environment};
use crate::db::Db;
use crate::embedded::Embedded;
use crate::error::Error;
use crate::telemetry;
use args::Command;

/// Wrong configuration or usage, as clap has it.
const USAGE: u8 = 2;

/// Carries a command out. Exit codes: 0 done, 1 failed, 2 wrong configuration or usage.
pub fn run(command: Command) -> ExitCode {
    telemetry::start(&Logging::read(&environment));
    if let Command::Openapi = command {
        print!("{}", crate::app::published_document());
        return ExitCode::SUCCESS;
    }
    let config = match Config::read(&environment) {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("{mistakes}\n\n`ocpizza --help` lists every variable.");
            return ExitCode::from(USAGE);
        }
    };
    let outcome = match command {
        Command::Doctor => return doctor::examine(config),
        Command::Serve { with_worker } => serve::serve(config, with_worker),
        Command::Worker => serve::work(config),
        Command::Migrate { direction } => manage::migrate(config, direction),
        Command::LoadData { path } => manage::load_data(config, &path),
        Command::CreateSuperuser { email, name } => manage::create_superuser(config, &email, &name),
        Command::Openapi => Ok(()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// The failure, and each fault with its place.
fn complain(error: &Error) {
    match &error.source {
        Some(source) => eprintln!("ocpizza: {source}"),
        None if error.faults.is_empty() => eprintln!("ocpizza: {error}"),
        None => {}
    }
    for fault in &error.faults {
        let reason = fault.params.iter().find(|(name, _)| *name == "reason").map_or(fault.code, |(_, reason)| reason);
        eprintln!("{}: {reason}", fault.pointer);
    }
}

/// A database that can be reached. Without `DATABASE_URL` it is our own, which lives as long as the returned guard.
fn connect(config: &mut Config) -> Result<(Db, Option<Embedded>), Error> {
    let server = match &config.database.embedded {
        None => None,
        Some(folder) => {
            let server = Embedded::start(folder, &[])?;
            server.create_database("ocpizza")?;
            config.database.url = server.url("ocpizza");
            Some(server)
        }
    };
    Ok((Db::new(&config.database), server))
}
