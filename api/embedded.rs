//! Our own PostgreSQL for laptops and tests: a private folder, a Unix socket, the binaries of the system.
//!
//! The server lives as long as the process that started it: its keeper, a shell, waits on a pipe whose other end we hold,
//! and stops it when that end closes, even by `kill -9`. Who finds it running already just uses it.

use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::error::{Error, Result};

/// A running server. Dropping it stops the server, if it is ours.
pub struct Embedded {
    folder: PathBuf,
    keeper: Option<(Child, ChildStdin)>,
}

/// The superuser of the private cluster; nobody but the owner of the folder can reach its socket.
const SUPERUSER: &str = "ocpizza";
/// macOS has no C.UTF-8.
const LOCALE: &str = if cfg!(target_os = "macos") { "--locale=C" } else { "--locale=C.UTF-8" };
const KEEPER: &str = r#"trap '' INT TERM HUP; "$0" -D "$1" >>"$2" 2>&1 & server=$!; read -r _; kill -INT $server; wait $server"#;
const PATIENCE: Duration = Duration::from_secs(30);

impl Embedded {
    /// Starts (or joins) the server in `folder`, with these settings beside PostgreSQL's own defaults.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Result<Embedded> {
        let account = unprivileged_account(folder)?;
        // One at a time: two first starts would spoil each other's cluster.
        let lock = std::fs::File::create(folder.join("lock")).map_err(Error::internal)?;
        lock.lock().map_err(Error::internal)?;
        let mut server = Embedded { folder: folder.to_owned(), keeper: None };
        if server.answers_or_is_gone() {
            return Ok(server);
        }
        let binaries = find_binaries()?;
        server.prepare(&binaries, account, settings)?;
        let mut keeper = as_account(&mut Command::new("sh"), account)
            .arg("-c")
            .arg(KEEPER)
            .arg(binaries.join("postgres"))
            .args([server.data(), server.folder.join("log")])
            .stdin(Stdio::piped())
            // Its own process group: Ctrl-C in the terminal reaches us first, and we drain before the database goes.
            .process_group(0)
            .spawn()
            .map_err(Error::internal)?;
        let pipe = keeper.stdin.take();
        server.keeper = pipe.map(|pipe| (keeper, pipe));
        server.wait_until_it_answers()?;
        Ok(server)
    }

    /// Whether another process started the server: it goes when that process goes.
    pub fn is_joined(&self) -> bool {
        self.keeper.is_none()
    }

    /// The address of a database of this server.
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.display().to_string().replace('%', "%25").replace('/', "%2F").replace(' ', "%20");
        format!("postgresql://{SUPERUSER}@{folder}/{database}")
    }

    /// Creates the database unless it is there; answers whether it is new.
    pub fn create_database(&self, name: &str) -> Result<bool> {
        let mut conn = PgConnection::establish(&self.url("postgres")).map_err(Error::internal)?;
        let there = diesel::sql_query("select 1 from pg_database where datname = $1")
            .bind::<diesel::sql_types::Text, _>(name)
            .execute(&mut conn)?;
        if there == 0 {
            diesel::sql_query(format!("create database \"{name}\"")).execute(&mut conn)?;
        }
        Ok(there == 0)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn prepare(&self, binaries: &Path, account: Option<Account>, settings: &[(&str, &str)]) -> Result<()> {
        let data = self.data();
        if !data.join("PG_VERSION").exists() {
            // Made aside and then renamed: a first start that is killed leaves nothing that looks whole.
            let new = self.folder.join("data.new");
            let _ = std::fs::remove_dir_all(&new);
            let made = as_account(&mut Command::new(binaries.join("initdb")), account)
                .args(["--auth=trust", "--encoding=UTF8", LOCALE, "--username", SUPERUSER, "-D"])
                .arg(&new)
                .output()
                .map_err(Error::internal)?;
            if !made.status.success() {
                let said = String::from_utf8_lossy(&made.stderr).trim().to_owned();
                return Err(Error::internal(format!("initdb could not make {}: {said}", new.display())));
            }
            std::fs::rename(&new, &data).map_err(Error::internal)?;
        }
        let mut lines = String::from("# Written at every start.\nlisten_addresses = ''\nmax_connections = 200\n");
        lines.push_str(&format!("unix_socket_directories = '{}'\n", self.folder.display()));
        for (name, value) in settings {
            lines.push_str(&format!("{name} = {value}\n"));
        }
        let mut file = std::fs::File::create(data.join("postgresql.auto.conf")).map_err(Error::internal)?;
        file.write_all(lines.as_bytes()).map_err(Error::internal)
    }

    fn answers(&self) -> bool {
        PgConnection::establish(&self.url("postgres")).is_ok()
    }

    /// A server that is there answers, comes up, or goes down: true as soon as it answers, false once there is none.
    fn answers_or_is_gone(&self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while self.is_running() && Instant::now() < deadline {
            if self.answers() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// Whether the process that the lock file names still runs.
    pub fn is_running(&self) -> bool {
        let lock = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let Some(pid) = lock.lines().next().and_then(|line| line.trim().parse::<u32>().ok()) else { return false };
        // A number alone may be another program's by now. Linux tells without `ps`, which small images lack.
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).or_else(|_| {
            let seen = Command::new("ps").args(["-o", "comm=", "-p", &pid.to_string()]).output();
            seen.map(|seen| String::from_utf8_lossy(&seen.stdout).into_owned())
        });
        name.is_ok_and(|name| name.contains("postgres"))
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.answers() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = self.folder.join("log");
        Err(Error::internal(format!("PostgreSQL did not come up within 30 s; {} says why", log.display())))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some((mut keeper, pipe)) = self.keeper.take() {
            drop(pipe);
            let _ = keeper.wait();
        }
    }
}

/// Where the server's programs are: on the PATH, in Debian's versioned folders (newest first), or from Homebrew.
fn find_binaries() -> Result<PathBuf> {
    let path = crate::config::environment("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        let mut versions: Vec<PathBuf> =
            std::fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path().join("bin")).collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    let complete = |folder: &PathBuf| ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file());
    folders.into_iter().find(complete).ok_or_else(|| {
        Error::internal(
            "no PostgreSQL server found on this machine: install it (Debian, Ubuntu: apt-get install postgresql; \
             macOS: brew install postgresql@16), or set DATABASE_URL to one that runs",
        )
    })
}

/// A user and group id.
type Account = (u32, u32);

/// PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody`, and the folder becomes theirs.
fn unprivileged_account(folder: &Path) -> Result<Option<Account>> {
    std::fs::create_dir_all(folder).map_err(|e| Error::internal(format!("{}: {e}", folder.display())))?;
    let me = Command::new("id").arg("-u").output().map_err(Error::internal)?;
    if String::from_utf8_lossy(&me.stdout).trim() != "0" {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(Error::internal)?;
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let fields: Vec<&str> = users.lines().find(|line| line.split(':').next() == Some(name))?.split(':').collect();
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    let account: Account = find("postgres")
        .or_else(|| find("nobody"))
        .ok_or_else(|| Error::internal("root may not run PostgreSQL, and there is neither a postgres nor a nobody user"))?;
    chown(folder, Some(account.0), Some(account.1)).map_err(Error::internal)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(Error::internal)?;
    Ok(Some(account))
}

fn as_account(command: &mut Command, account: Option<Account>) -> &mut Command {
    if let Some((user, group)) = account {
        command.uid(user).gid(group).current_dir("/");
    }
    command
}
