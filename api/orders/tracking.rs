//! The page behind the link that a customer passes on.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use domain::money::{Cents, Money};
use domain::order::{OrderStatus, ServiceType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::receive::Path;
use crate::orders::queries;
use crate::stores::queries as stores;

/// How far an order is; nothing personal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tracking {
    order_id: Uuid,
    #[schema(example = "PAR-42")]
    number: String,
    store_id: Uuid,
    #[schema(example = "OC Pizza Paris Bastille")]
    store_name: String,
    /// E.164.
    #[schema(example = "+33199001201")]
    store_phone: String,
    service_type: ServiceType,
    status: OrderStatus,
    placed_at: DateTime<Utc>,
    promised_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    total: Money,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrackPath {
    tracking_token: String,
}

/// Follow an order
///
/// For whoever has the link; to follow it live, read `/v1/orders/{orderId}/stream` with the token as `Tracking-Token`.
#[utoipa::path(tag = "tracking", security(()), params(("trackingToken" = String, Path, description = "The secret of the order")),
    responses((status = 200, description = "How far it is", body = Tracking)))]
#[get("/v1/track/{trackingToken}")]
pub(crate) async fn track_order(db: web::Data<Db>, Path(path): Path<TrackPath>) -> Result<web::Json<Tracking>> {
    if !path.tracking_token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::not_found("order"));
    }
    let tracking = db
        .run(move |conn| {
            let order = queries::find_by_token(conn, &path.tracking_token)?;
            let store = stores::find(conn, order.store_id)?;
            Ok(Tracking {
                order_id: order.id,
                number: order.number,
                store_id: order.store_id,
                store_name: store.name,
                store_phone: store.phone,
                service_type: order.service_type,
                status: order.status,
                placed_at: order.placed_at,
                promised_at: order.promised_at,
                closed_at: order.closed_at,
                total: Cents(order.total_cents).into(),
            })
        })
        .await?;
    Ok(web::Json(tracking))
}
