//! The whole catalogue in memory, shared by all requests of a process: prices and recipes cost no query.
//!
//! Owns `catalogue_stamp`, which triggers set to another value at every change of what is sold and at what price.
//! Invariant: what `Catalogues` answers inside a transaction is what that transaction would read from the tables.

pub mod columns;
mod load;
mod offer;

pub use offer::StoredTier;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Timestamptz, Uuid as SqlUuid};
use domain::availability::Snoozed;
use domain::catalogue::Catalogue;
use uuid::Uuid;

use crate::error::{Error, Result};
use schema::catalogue_stamp;

/// The channel on which PostgreSQL tells every process that the catalogue has changed.
pub const CHANNEL: &str = "ocpizza_catalogue";

/// How often loading is begun again because the catalogue changed meanwhile.
const ATTEMPTS: u32 = 5;

/// The catalogue as it was last seen, under the stamp it had. A stamp never comes again, so the copy of another
/// transaction, even one that was rolled back, is never taken for the present one.
#[derive(Clone, Default)]
pub struct Catalogues {
    latest: Arc<Mutex<Option<Stamped>>>,
}

/// A catalogue and the stamp it was read under.
type Stamped = (Uuid, Arc<Catalogue>);

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    stamp: Option<Uuid>,
    #[diesel(sql_type = Array<Nullable<SqlUuid>>)]
    ingredients: Vec<Option<Uuid>>,
    #[diesel(sql_type = Array<Nullable<SqlUuid>>)]
    variants: Vec<Option<Uuid>>,
    #[diesel(sql_type = Array<Nullable<SqlUuid>>)]
    modifiers: Vec<Option<Uuid>>,
}

impl Catalogues {
    /// The catalogue as this connection sees it.
    pub fn current(&self, conn: &mut PgConnection) -> Result<Arc<Catalogue>> {
        let stamp = stamp(conn)?;
        self.under(conn, stamp)
    }

    /// The same, with what a store does not sell for a while: one statement.
    pub fn at(&self, conn: &mut PgConnection, store_id: Uuid, now: DateTime<Utc>) -> Result<(Arc<Catalogue>, Snoozed)> {
        let standing: Standing = diesel::sql_query(
            "select (select stamp from catalogue_stamp) as stamp, coalesce(array_agg(ingredient_id), '{}') as ingredients,
               coalesce(array_agg(variant_id), '{}') as variants, coalesce(array_agg(modifier_id), '{}') as modifiers
             from snoozes where store_id = $1 and (until is null or until > $2)",
        )
        .bind::<SqlUuid, _>(store_id)
        .bind::<Timestamptz, _>(now)
        .get_result(conn)?;
        let stamp = standing.stamp.ok_or_else(no_stamp)?;
        let snoozed = Snoozed {
            ingredients: standing.ingredients.into_iter().flatten().collect(),
            variants: standing.variants.into_iter().flatten().collect(),
            modifiers: standing.modifiers.into_iter().flatten().collect(),
        };
        Ok((self.under(conn, stamp)?, snoozed))
    }

    fn under(&self, conn: &mut PgConnection, mut now: Uuid) -> Result<Arc<Catalogue>> {
        for _ in 0..ATTEMPTS {
            if let Some((known, catalogue)) = &*self.latest.lock().unwrap_or_else(PoisonError::into_inner)
                && *known == now
            {
                return Ok(Arc::clone(catalogue));
            }
            let catalogue = Arc::new(load::catalogue(conn)?);
            // Somebody may have changed it between two of the statements.
            let after = stamp(conn)?;
            if after == now {
                *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&catalogue)));
                return Ok(catalogue);
            }
            now = after;
        }
        Err(Error::busy())
    }
}

fn stamp(conn: &mut PgConnection) -> Result<Uuid> {
    let stamp = catalogue_stamp::table.select(catalogue_stamp::stamp).first(conn).optional()?;
    stamp.ok_or_else(no_stamp)
}

fn no_stamp() -> Error {
    Error::internal("catalogue_stamp has lost its row: insert one with a random uuid")
}
