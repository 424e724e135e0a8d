//! Reads the command line; all the rest is in the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    ocpizza::command::run(ocpizza::command::args::Args::parse().command)
}
