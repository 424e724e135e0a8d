//! How the shelf came to be what it is.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::stock::{MovementKind, Quantity};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Db;
use crate::error::Result;
use crate::http::auth::{Everybody, Staff};
use crate::http::page::{Page, PageQuery, page};
use crate::http::receive::{Path, Query};
use crate::http::store_path::StorePath;
use schema::{order_lines, stock_movements};

/// One change of stock on hand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StockMovement {
    id: Uuid,
    ingredient_id: Uuid,
    kind: MovementKind,
    /// Signed: what was consumed is negative.
    quantity: Quantity,
    /// The order it was made for.
    order_id: Option<Uuid>,
    /// Who did it; null when the system did.
    actor_id: Option<Uuid>,
    moved_at: DateTime<Utc>,
}

#[derive(Queryable)]
struct MovementRow {
    id: Uuid,
    ingredient_id: Uuid,
    #[diesel(deserialize_as = String)]
    kind: MovementKind,
    quantity_milli: i64,
    order_id: Option<Uuid>,
    actor_id: Option<Uuid>,
    moved_at: DateTime<Utc>,
}

/// List the movements of a store's stock
///
/// Newest first. They are never changed: a mistake is mended by another movement.
#[utoipa::path(tag = "stock", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])),
    params(StorePath, PageQuery),
    responses((status = 200, description = "A page of movements", body = Page<StockMovement>)))]
#[get("/v1/stores/{storeId}/stock/movements")]
pub(crate) async fn list_stock_movements(
    staff: Staff<Everybody>,
    db: web::Data<Db>,
    Path(path): Path<StorePath>,
    Query(query): Query<PageQuery>,
) -> Result<web::Json<Page<StockMovement>>> {
    let (limit, before) = (query.limit()?, query.before()?);
    let rows = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            staff.at(store_id)?;
            let mut movements = stock_movements::table
                .left_join(order_lines::table)
                .filter(stock_movements::store_id.eq(store_id))
                .order(stock_movements::id.desc())
                .limit(limit + 1)
                .select((
                    stock_movements::id,
                    stock_movements::ingredient_id,
                    stock_movements::kind,
                    stock_movements::quantity_milli,
                    order_lines::order_id.nullable(),
                    stock_movements::actor_id,
                    stock_movements::moved_at,
                ))
                .into_boxed();
            if let Some(before) = before {
                movements = movements.filter(stock_movements::id.lt(before));
            }
            Ok(movements.load::<MovementRow>(conn)?)
        })
        .await?;
    Ok(web::Json(page(
        rows,
        limit,
        |row| row.id,
        |row| StockMovement {
            id: row.id,
            ingredient_id: row.ingredient_id,
            kind: row.kind,
            quantity: Quantity(row.quantity_milli),
            order_id: row.order_id,
            actor_id: row.actor_id,
            moved_at: row.moved_at,
        },
    )))
}
