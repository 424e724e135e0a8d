//! `{storeId}` in paths: an id or a slug.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::{Error, Result};
use schema::stores;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub struct StorePath {
    /// Id or slug of the store.
    #[param(rename = "storeId", example = "paris-bastille", max_length = 64)]
    pub store_id: String,
}

impl StorePath {
    /// The store's id, or 404.
    pub fn resolve(&self, conn: &mut PgConnection) -> Result<Uuid> {
        resolve(conn, &self.store_id)
    }
}

/// The id behind an id or a slug, or 404.
pub fn resolve(conn: &mut PgConnection, id_or_slug: &str) -> Result<Uuid> {
    let found = match Uuid::try_parse(id_or_slug) {
        Ok(id) => stores::table.find(id).select(stores::id).first::<Uuid>(conn).optional()?,
        // A NUL would be an error of the database, not an unknown slug.
        Err(_) if id_or_slug.contains('\0') => None,
        Err(_) => stores::table.filter(stores::slug.eq(id_or_slug)).select(stores::id).first::<Uuid>(conn).optional()?,
    };
    found.ok_or_else(|| Error::not_found("store"))
}
