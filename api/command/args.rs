//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::VARIABLES;

/// The back end of OC Pizza.
///
/// Start with `ocpizza serve`: without any configuration it brings its own PostgreSQL, loads a demo chain of five shops, and
/// serves the API and its documentation on http://localhost:8000/docs.
#[derive(Parser)]
#[command(name = "ocpizza", version, after_help = variables())]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the API. With our own database the worker runs along.
    Serve {
        /// Do the background work in the same process.
        #[arg(long)]
        with_worker: bool,
    },
    /// Do the background work: deadlines, clean-up.
    Worker,
    /// Bring the database's tables up to this version.
    Migrate {
        #[command(subcommand)]
        direction: Option<Direction>,
    },
    /// Load stores, menu, stock and people from a JSON file or a folder of them; all or nothing, and as often as you like.
    LoadData {
        /// The file or folder; demo/ shows the format.
        path: PathBuf,
    },
    /// Make somebody admin of the whole group; the password is read from the terminal or from standard input.
    CreateSuperuser {
        #[arg(long)]
        email: String,
        #[arg(long, default_value = "Admin")]
        name: String,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Check configuration and database; one line each, with what to do.
    Doctor,
}

#[derive(Clone, Copy, Subcommand)]
pub enum Direction {
    /// Run every pending migration (also the default).
    Up,
    /// Take the latest migration back.
    Down,
    /// List the migrations and whether each has run.
    Status,
}

fn variables() -> String {
    let width = VARIABLES.iter().map(|v| v.name.len()).max().unwrap_or(0);
    let lines = VARIABLES.iter().map(|v| {
        let default = if v.default.is_empty() { String::new() } else { format!(" [{}]", v.default) };
        format!("  {:width$}  {}{default}", v.name, v.meaning)
    });
    format!("Environment:\n{}", lines.collect::<Vec<_>>().join("\n"))
}
