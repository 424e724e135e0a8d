//! Lists, a page at a time: newest first, continued from an opaque cursor.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::error::{Error, Fault, Result};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Pass it as `cursor` to get what follows; null on the last page.
    pub next_cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many at the most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]{22}$")]
    pub cursor: Option<String>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<i64> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=100 => Ok(limit),
            _ => Err(Error::invalid(vec![Fault::new("limit", "out_of_range").with("minimum", 1).with("maximum", 100)])),
        }
    }

    /// The id behind which the page begins.
    pub fn before(&self) -> Result<Option<Uuid>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
        let id = bytes.and_then(|bytes| Uuid::from_slice(&bytes).ok());
        id.map(Some).ok_or_else(|| Error::invalid(vec![Fault::new("cursor", "invalid_format")]))
    }
}

/// Makes a page of rows of which one more than `limit` was asked.
pub fn page<R, T>(mut rows: Vec<R>, limit: i64, id: impl Fn(&R) -> Uuid, view: impl FnMut(R) -> T) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|row| BASE64_URL_SAFE_NO_PAD.encode(id(row).as_bytes()));
    Page { data: rows.into_iter().map(view).collect(), next_cursor }
}
