//! Passwords: argon2id with OWASP's parameters (19 MiB, two passes), few at a time.

use std::sync::LazyLock;

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::config::Secret;
use crate::error::{Error, Result};

/// Each hash takes 19 MiB and a core: more at once would take a small dyno's memory.
static PLACES: Semaphore = Semaphore::const_new(4);

/// What an unknown address is compared with, so that it takes as long as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_here(&Secret::new("nobody has this password")).unwrap_or_default());

/// The password of the demo chain and others that everybody knows.
const PUBLISHED: &[&str] =
    &["demo-pizza-2026", "password", "passw0rd", "12345678", "123456789", "1234567890", "azertyuiop", "qwertyuiop", "motdepasse"];

/// Published passwords, and those made of one character, protect nothing.
pub fn is_too_weak(password: &str) -> bool {
    let lower = password.to_lowercase();
    let mut letters = lower.chars();
    let first = letters.next();
    PUBLISHED.contains(&lower.as_str()) || letters.all(|letter| Some(letter) == first)
}

/// Hashes on the caller's thread: for commands that load people.
pub fn hash_here(password: &Secret) -> Result<String> {
    let hash = Argon2::default().hash_password(password.reveal().as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
}

pub async fn hash(password: Secret) -> Result<String> {
    aside(move || hash_here(&password)).await
}

/// Whether the password is that of the account; false, after the same time, when there is no account.
pub async fn verify(password: Secret, hash: Option<String>) -> Result<bool> {
    aside(move || {
        let known = hash.is_some();
        let hash = hash.as_deref().unwrap_or(&NOBODY);
        let parsed = PasswordHash::new(hash).map_err(|error| Error::internal(error.to_string()))?;
        let matches = Argon2::default().verify_password(password.reveal().as_bytes(), &parsed).is_ok();
        Ok(known && matches)
    })
    .await
}

/// Off the async threads, and not too many at once.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _place = PLACES.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
