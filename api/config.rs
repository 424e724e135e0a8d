//! Every setting, read once from the environment; all mistakes are reported together.

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// A setting as `--help`, the README and the error messages name it.
pub struct Variable {
    pub name: &'static str,
    pub default: &'static str,
    pub meaning: &'static str,
}

const fn variable(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable { name, default, meaning }
}

pub const VARIABLES: &[Variable] = &[
    variable("DATABASE_URL", "own PostgreSQL", "postgres://user:password@host:port/name; wins over the five below"),
    variable("DATABASE_NAME", "", "name of the database"),
    variable("DATABASE_USER", "", "its user"),
    variable("DATABASE_PASSWORD", "", "the user's password"),
    variable("DATABASE_HOST", "localhost", "its host"),
    variable("DATABASE_PORT", "5432", "its port"),
    variable("DATABASE_DIRECT_URL", "DATABASE_URL", "past the pooler, when DATABASE_URL is one: for migrations and LISTEN"),
    variable("DATABASE_POOL_SIZE", "10", "connections of this process, 1 to 100"),
    variable("DATABASE_STATEMENT_CACHE", "on", "off behind a pooler in transaction mode"),
    variable("SECRET_KEY", "random on each start, embedded database only", "at least 32 characters; signs access tokens"),
    variable("SECRET_KEY_PREVIOUS", "", "the key before the last change: its tokens stay good until they expire"),
    variable("PORT", "8000", "TCP port of the API"),
    variable("OCPIZZA_HOST", "127.0.0.1 embedded, else 0.0.0.0", "address to listen on"),
    variable("OCPIZZA_DATA_DIR", "~/.local/share/ocpizza, root: /var/lib/ocpizza", "folder of the embedded database"),
    variable("OCPIZZA_ENV", "development embedded, else production", "development or production"),
    variable("OCPIZZA_PUBLIC_URL", "http://localhost:PORT", "how the outside reaches the API; opens the URLs in answers"),
    variable("OCPIZZA_CORS_ORIGINS", "http://localhost:4200 embedded, else none", "origins that may call, comma-separated"),
    variable("OCPIZZA_TRUSTED_PROXY_HOPS", "0", "proxies in front whose X-Forwarded-For is believed (Heroku, nginx: 1)"),
    variable("OCPIZZA_WORKERS", "one a core", "threads that answer requests, 1 to 64"),
    variable("OCPIZZA_LOG", "info,actix_server=warn", "what is logged, as a tracing filter: info,ocpizza=debug"),
    variable("OCPIZZA_LOG_FORMAT", "human in a terminal, else json", "human or json"),
];

#[derive(Clone, Debug)]
pub struct Config {
    pub database: Database,
    pub environment: Environment,
    pub secret_key: Secret,
    pub previous_secret_key: Option<Secret>,
    pub host: String,
    pub port: u16,
    pub public_url: String,
    pub cors_origins: Vec<String>,
    pub trusted_proxy_hops: usize,
    pub workers: Option<usize>,
}

#[derive(Clone)]
pub struct Database {
    pub url: String,
    /// Past the pooler, for what needs a session of its own.
    pub direct_url: Option<String>,
    pub pool_size: u32,
    pub statement_cache: bool,
    /// Where our own PostgreSQL lives; none when the operator brings one.
    pub embedded: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

#[derive(Clone, Debug)]
pub struct Logging {
    pub filter: String,
    pub format: Option<LogFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Human,
    Json,
}

/// A value that never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("pool_size", &self.pool_size).field("embedded", &self.embedded).finish()
    }
}

/// Everything that is wrong with the environment, one sentence a variable.
#[derive(Debug)]
pub struct Mistakes(pub Vec<String>);

impl std::fmt::Display for Mistakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the configuration is not complete:\n  {}", self.0.join("\n  "))
    }
}

/// Reads variables and remembers what was wrong with them.
struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.get)(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())
    }

    fn number<N>(&mut self, name: &str, range: std::ops::RangeInclusive<N>) -> Option<N>
    where
        N: std::str::FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        let text = self.text(name)?;
        match text.parse::<N>() {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                self.wrong(name, &format!("should be a whole number from {} to {}, is «{text}»", range.start(), range.end()));
                None
            }
        }
    }

    fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.wrong(name, &format!("should be {}, is «{text}»", words.join(" or ")));
        }
        found
    }

    fn wrong(&mut self, name: &str, what: &str) {
        self.mistakes.push(format!("{name} {what}"));
    }
}

/// The process's environment.
pub fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    std::env::var(name).ok()
}

impl Logging {
    /// Never fails: logging comes up before anything can be complained about.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Logging {
        let format = match get("OCPIZZA_LOG_FORMAT").as_deref() {
            Some("json") => Some(LogFormat::Json),
            Some("human") => Some(LogFormat::Human),
            _ => None,
        };
        Logging { filter: get("OCPIZZA_LOG").unwrap_or_else(|| "info,actix_server=warn".to_owned()), format }
    }
}

impl Config {
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Config, Mistakes> {
        let mut reader = Reader { get, mistakes: Vec::new() };
        let database = database(&mut reader);
        let is_embedded = database.embedded.is_some();
        let environment = reader
            .choice("OCPIZZA_ENV", &[("development", Environment::Development), ("production", Environment::Production)])
            .unwrap_or(if is_embedded { Environment::Development } else { Environment::Production });
        let secret_key = secret(&mut reader, "SECRET_KEY").unwrap_or_else(|| {
            if !is_embedded && reader.text("SECRET_KEY").is_none() {
                reader.wrong("SECRET_KEY", "is missing; it should be at least 32 random characters (openssl rand -base64 48)");
            }
            Secret(random_key())
        });
        let previous_secret_key = secret(&mut reader, "SECRET_KEY_PREVIOUS");
        let port = reader.number("PORT", 0..=u16::MAX).unwrap_or(8000);
        let default_host = if is_embedded { "127.0.0.1" } else { "0.0.0.0" };
        let cors = reader.text("OCPIZZA_CORS_ORIGINS");
        let config = Config {
            environment,
            secret_key,
            previous_secret_key,
            host: reader.text("OCPIZZA_HOST").unwrap_or_else(|| default_host.to_owned()),
            port,
            public_url: public_url(&mut reader, port),
            cors_origins: match cors {
                Some(list) => origins(&mut reader, &list),
                None if is_embedded => vec!["http://localhost:4200".to_owned()],
                None => Vec::new(),
            },
            trusted_proxy_hops: reader.number("OCPIZZA_TRUSTED_PROXY_HOPS", 0..=5).unwrap_or(0),
            workers: reader.number("OCPIZZA_WORKERS", 1..=64),
            database,
        };
        reader.choice("OCPIZZA_LOG_FORMAT", &[("human", ()), ("json", ())]);
        if reader.mistakes.is_empty() { Ok(config) } else { Err(Mistakes(reader.mistakes)) }
    }
}

fn database(reader: &mut Reader<'_>) -> Database {
    let (url, embedded) = if let Some(url) = reader.text("DATABASE_URL") {
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            reader.wrong("DATABASE_URL", "should begin with postgres://");
        }
        (url, None)
    } else if let Some(name) = reader.text("DATABASE_NAME") {
        (url_of_parts(reader, &name), None)
    } else {
        for name in ["DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_HOST", "DATABASE_PORT"] {
            if reader.text(name).is_some() {
                reader.wrong("DATABASE_NAME", &format!("is missing, while {name} is set"));
                break;
            }
        }
        let folder = reader.text("OCPIZZA_DATA_DIR").map_or_else(|| default_data_dir(reader), PathBuf::from);
        // PostgreSQL runs elsewhere than we do.
        (String::new(), Some(std::path::absolute(&folder).unwrap_or(folder)))
    };
    Database {
        url,
        embedded,
        direct_url: reader.text("DATABASE_DIRECT_URL"),
        pool_size: reader.number("DATABASE_POOL_SIZE", 1..=100).unwrap_or(10),
        statement_cache: reader.choice("DATABASE_STATEMENT_CACHE", &[("on", true), ("off", false)]).unwrap_or(true),
    }
}

fn url_of_parts(reader: &mut Reader<'_>, name: &str) -> String {
    let user = reader.text("DATABASE_USER").unwrap_or_else(|| {
        reader.wrong("DATABASE_USER", "is missing, while DATABASE_NAME is set");
        String::new()
    });
    let password = reader.text("DATABASE_PASSWORD").map(|p| format!(":{}", percent_encoded(&p))).unwrap_or_default();
    let host = reader.text("DATABASE_HOST").unwrap_or_else(|| "localhost".to_owned());
    let port: u16 = reader.number("DATABASE_PORT", 1..=u16::MAX).unwrap_or(5432);
    format!("postgresql://{}{password}@{host}:{port}/{}", percent_encoded(&user), percent_encoded(name))
}

/// Encodes all but the unreserved characters of RFC 3986.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

fn default_data_dir(reader: &Reader<'_>) -> PathBuf {
    let home = reader.text("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
    if home == std::path::Path::new("/root") {
        // The server runs as an unprivileged user, who cannot enter /root.
        return PathBuf::from("/var/lib/ocpizza");
    }
    reader.text("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from).join("ocpizza")
}

fn secret(reader: &mut Reader<'_>, name: &str) -> Option<Secret> {
    let text = reader.text(name)?;
    if text.chars().count() < 32 {
        reader.wrong(name, &format!("should have at least 32 characters, has {}", text.chars().count()));
        return None;
    }
    Some(Secret(text))
}

fn random_key() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn public_url(reader: &mut Reader<'_>, port: u16) -> String {
    let url = reader.text("OCPIZZA_PUBLIC_URL").unwrap_or_else(|| format!("http://localhost:{port}"));
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        reader.wrong("OCPIZZA_PUBLIC_URL", &format!("should begin with https://, is «{url}»"));
    }
    url.trim_end_matches('/').to_owned()
}

fn origins(reader: &mut Reader<'_>, list: &str) -> Vec<String> {
    let origins: Vec<String> = list.split(',').map(|o| o.trim().trim_end_matches('/').to_owned()).collect();
    for origin in &origins {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        if host.is_none_or(|h| h.is_empty() || h.contains('/') || h.contains('*')) {
            reader.wrong("OCPIZZA_CORS_ORIGINS", &format!("should list origins such as https://shop.example, has «{origin}»"));
        }
    }
    origins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Config, Mistakes> {
        Config::read(&|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn nothing_set_means_the_embedded_database() {
        let config = read(&[("HOME", "/home/ada")]).expect("no variable is required");
        assert_eq!(config.database.embedded, Some(PathBuf::from("/home/ada/.local/share/ocpizza")));
        assert_eq!(config.environment, Environment::Development);
        assert_eq!((config.host.as_str(), config.port), ("127.0.0.1", 8000));
    }

    #[test]
    fn the_five_variables_of_the_handbook_make_a_url() {
        let key = "k".repeat(32);
        let config = read(&[
            ("DATABASE_NAME", "oc pizza"),
            ("DATABASE_USER", "oc"),
            ("DATABASE_PASSWORD", "p@ss/word"),
            ("DATABASE_PORT", "5433"),
            ("SECRET_KEY", &key),
        ])
        .expect("complete");
        assert_eq!(config.database.url, "postgresql://oc:p%40ss%2Fword@localhost:5433/oc%20pizza");
        assert_eq!(config.environment, Environment::Production);
        assert_eq!(config.host, "0.0.0.0");
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let mistakes = read(&[
            ("DATABASE_URL", "mysql://x"),
            ("PORT", "eighty"),
            ("SECRET_KEY", "short"),
            ("OCPIZZA_ENV", "staging"),
            ("OCPIZZA_CORS_ORIGINS", "*"),
        ])
        .expect_err("five mistakes");
        for name in ["DATABASE_URL", "PORT", "SECRET_KEY", "OCPIZZA_ENV", "OCPIZZA_CORS_ORIGINS"] {
            assert!(mistakes.0.iter().any(|m| m.starts_with(name)), "{name} in {mistakes}");
        }
        assert_eq!(mistakes.0.len(), 5, "{mistakes}");
    }

    #[test]
    fn secrets_do_not_show_themselves() {
        let key = "s3cr3t".repeat(8);
        let config = read(&[("DATABASE_URL", "postgres://u:hunter2@h/d"), ("SECRET_KEY", &key)]).expect("complete");
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("s3cr3t"), "{shown}");
    }
}
