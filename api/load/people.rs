//! People with published passwords: never in production.

use std::collections::BTreeMap;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::language::Language;
use domain::people::Role;
use uuid::Uuid;

use super::document::PersonEntry;
use super::{Faults, Source, stores};
use crate::accounts::{self, passwords};
use crate::config::{Environment, Secret};
use crate::error::Result;
use crate::http::auth::Membership;
use schema::{memberships, users};

pub(super) fn people(conn: &mut PgConnection, source: &Source, environment: Environment) -> Result<()> {
    let people = &source.document.people;
    let mut faults = Faults::of(source);
    if !people.is_empty() && environment == Environment::Production {
        faults.add("/people", "people with published passwords are not loaded in production; use create-superuser");
        return faults.done();
    }
    let store_ids = stores::ids(conn)?;
    // Hashing is slow on purpose: once for each password of the file.
    let mut hashes: BTreeMap<&str, String> = BTreeMap::new();
    for (index, entry) in people.iter().enumerate() {
        let hash = match hashes.get(entry.password.as_str()) {
            Some(hash) => hash.clone(),
            None => {
                let hash = passwords::hash_here(&Secret::new(entry.password.as_str()))?;
                hashes.insert(&entry.password, hash.clone());
                hash
            }
        };
        let user_id = user(conn, entry, &hash)?;
        diesel::delete(memberships::table.filter(memberships::user_id.eq(user_id))).execute(conn)?;
        for (i, role) in entry.roles.iter().enumerate() {
            let at = format!("/people/{index}/roles/{i}");
            let store_id = match &role.store {
                Some(slug) => faults.resolve(&store_ids, slug, "store", &format!("{at}/store")),
                None => None,
            };
            if (role.role == Role::Admin) != role.store.is_none() {
                faults.add(&at, "an admin has no store, every other role has one");
            } else if store_id.is_some() == role.store.is_some() {
                accounts::grant(conn, user_id, &[Membership { store_id, role: role.role }])?;
            }
        }
    }
    faults.done()
}

/// An account that is there keeps its password.
fn user(conn: &mut PgConnection, entry: &PersonEntry, hash: &str) -> Result<Uuid> {
    let email = entry.email.to_lowercase();
    let row = (users::name.eq(&entry.name), users::phone.eq(&entry.phone));
    Ok(diesel::insert_into(users::table)
        .values((
            users::id.eq(Uuid::now_v7()),
            users::email.eq(&email),
            users::password_hash.eq(hash),
            users::language.eq(entry.language.unwrap_or(Language::Fr).as_str()),
            users::is_demo.eq(true),
            row,
        ))
        .on_conflict(users::email)
        .do_update()
        .set(row)
        .returning(users::id)
        .get_result(conn)?)
}
