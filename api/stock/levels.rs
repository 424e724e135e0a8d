//! The shelf of a store.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::language::Text;
use domain::stock::{Quantity, Unit};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::auth::{Everybody, Staff};
use crate::http::page::Page;
use crate::http::problem::Speaks;
use crate::http::receive::Path;
use crate::http::store_path::StorePath;
use schema::{ingredients, stock_levels};

/// How much of an ingredient a store has.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StockLevel {
    ingredient_id: Uuid,
    #[schema(example = "mozzarella")]
    slug: String,
    #[schema(example = "Mozzarella")]
    name: String,
    unit: Unit,
    /// On the shelf.
    on_hand: Quantity,
    /// Promised to orders that the kitchen has not started.
    reserved: Quantity,
    /// Kept back.
    safety: Quantity,
    /// What can still be promised: on hand - reserved - safety.
    available: Quantity,
    updated_at: DateTime<Utc>,
}

/// Read the stock of a store
///
/// Every ingredient of the store, by name.
#[utoipa::path(tag = "stock", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])), params(StorePath),
    responses((status = 200, description = "The stock", body = Page<StockLevel>)))]
#[get("/v1/stores/{storeId}/stock")]
pub(crate) async fn list_stock(
    staff: Staff<Everybody>,
    db: web::Data<Db>,
    Path(path): Path<StorePath>,
    Speaks(language): Speaks,
) -> Result<web::Json<Page<StockLevel>>> {
    let mut data = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            staff.at(store_id)?;
            let rows = stock_levels::table
                .inner_join(ingredients::table)
                .filter(stock_levels::store_id.eq(store_id))
                .select((
                    ingredients::id,
                    ingredients::slug,
                    ingredients::name,
                    ingredients::unit,
                    stock_levels::on_hand_milli,
                    stock_levels::reserved_milli,
                    stock_levels::safety_milli,
                    stock_levels::updated_at,
                ))
                .load::<(Uuid, String, serde_json::Value, String, i64, i64, i64, DateTime<Utc>)>(conn)?;
            rows.into_iter()
                .map(|(ingredient_id, slug, name, unit, on_hand, reserved, safety, updated_at)| {
                    Ok(StockLevel {
                        ingredient_id,
                        slug,
                        name: serde_json::from_value::<Text>(name)?.get(language).to_owned(),
                        unit: Unit::try_from(unit).map_err(Error::internal)?,
                        on_hand: Quantity(on_hand),
                        reserved: Quantity(reserved),
                        safety: Quantity(safety),
                        available: Quantity(on_hand - reserved - safety),
                        updated_at,
                    })
                })
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    data.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(web::Json(Page { data, next_cursor: None }))
}
