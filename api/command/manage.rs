//! Commands that change the database and end.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use crate::accounts::{self, passwords};
use crate::clock;
use crate::command::args::Direction;
use crate::command::connect;
use crate::config::{Config, Secret};
use crate::error::{Error, Fault, Result};
use crate::load;

pub(super) fn migrate(mut config: Config, direction: Option<Direction>) -> Result<()> {
    let (db, _server) = connect(&mut config)?;
    match direction.unwrap_or(Direction::Up) {
        Direction::Up => {
            let ran = db.migrate()?;
            for name in &ran {
                println!("ran {name}");
            }
            println!("{} migrations run, the database is up to date", ran.len());
        }
        Direction::Down => println!("took back {}", db.migrate_down()?),
        Direction::Status => {
            for (name, there) in db.migrations()? {
                println!("{} {name}", if there { "[x]" } else { "[ ]" });
            }
        }
    }
    Ok(())
}

pub(super) fn load_data(mut config: Config, path: &Path) -> Result<()> {
    let files = load::read(path)?;
    let environment = config.environment;
    let (db, _server) = connect(&mut config)?;
    let loaded = db.tx_here(|conn| load::load(conn, &files, environment, clock::now()))?;
    println!(
        "loaded {} stores, {} ingredients, {} products, {} people",
        loaded.stores, loaded.ingredients, loaded.products, loaded.people
    );
    Ok(())
}

pub(super) fn create_superuser(mut config: Config, email: &str, name: &str) -> Result<()> {
    if !email.contains('@') || name.trim().is_empty() {
        return Err(Error::invalid(vec![Fault::new("--email", "invalid").with("reason", "should be an e-mail address")]));
    }
    let password = read_password()?;
    let (db, _server) = connect(&mut config)?;
    db.tx_here(|conn| accounts::create_superuser(conn, email, name, &password))?;
    println!("{email} is admin of the group");
    Ok(())
}

/// From the terminal, which does not show it, or the first line of a pipe.
fn read_password() -> Result<Secret> {
    let stdin = std::io::stdin();
    let terminal = stdin.is_terminal();
    if terminal {
        print!("Password: ");
        std::io::stdout().flush().map_err(Error::internal)?;
        echo("-echo");
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if terminal {
        echo("echo");
        println!();
    }
    read.map_err(Error::internal)?;
    let password = line.trim_end_matches(['\r', '\n']);
    let wrong = |reason| Err(Error::invalid(vec![Fault::new("password", "invalid").with("reason", reason)]));
    match password.chars().count() {
        0..12 => wrong("an admin's password has at least 12 characters"),
        129.. => wrong("a password has at most 128 characters"),
        _ if passwords::is_too_weak(password) => wrong("this password is published or too easy"),
        _ => Ok(Secret::new(password)),
    }
}

/// Turns the terminal's echo off or on; where there is no stty the password is shown.
fn echo(setting: &str) {
    let _ = std::process::Command::new("stty").arg(setting).status();
}
