//! The events of an order or a store, for those who poll.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::events;
use crate::http::auth::{Everybody, OrderCaller, Staff};
use crate::http::receive::{Path, Query};
use crate::http::store_path::StorePath;
use crate::streams::view::{Event, OrderEventsPath, Scope};

/// Events after a cursor, oldest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventList {
    data: Vec<Event>,
    /// Pass it as `after` next time; it also moves past events that are not shown.
    #[schema(example = 1042)]
    last_seq: i64,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// `lastSeq` of the answer before; 0 for all.
    #[param(minimum = 0, default = 0)]
    after: Option<i64>,
    /// How many at the most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

impl EventsQuery {
    fn bounds(&self) -> Result<(i64, i64)> {
        let (after, limit) = (self.after.unwrap_or(0), self.limit.unwrap_or(100));
        if after < 0 {
            return Err(Error::invalid(vec![Fault::new("after", "too_small").with("limit", 0)]));
        }
        if !(1..=500).contains(&limit) {
            return Err(Error::invalid(vec![Fault::new("limit", "out_of_range").with("minimum", 1).with("maximum", 500)]));
        }
        Ok((after, limit))
    }
}

/// List the events of an order
///
/// The customer sees how the order moves; staff also what kitchen and driver do.
#[utoipa::path(tag = "events", security(("bearer" = []), ("trackingToken" = [])), params(OrderEventsPath, EventsQuery),
    responses((status = 200, description = "The events", body = EventList)))]
#[get("/v1/orders/{orderId}/events")]
pub(crate) async fn list_order_events(
    caller: OrderCaller,
    db: web::Data<Db>,
    Path(path): Path<OrderEventsPath>,
    Query(query): Query<EventsQuery>,
) -> Result<web::Json<EventList>> {
    let (after, limit) = query.bounds()?;
    let list = db
        .run(move |conn| {
            let scope = Scope::order(conn, &caller, path.order_id)?;
            read(conn, scope, after, limit)
        })
        .await?;
    Ok(web::Json(list))
}

/// List the events of a store
#[utoipa::path(tag = "events", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])),
    params(StorePath, EventsQuery),
    responses((status = 200, description = "The events", body = EventList)))]
#[get("/v1/stores/{storeId}/events")]
pub(crate) async fn list_store_events(
    staff: Staff<Everybody>,
    db: web::Data<Db>,
    Path(path): Path<StorePath>,
    Query(query): Query<EventsQuery>,
) -> Result<web::Json<EventList>> {
    let (after, limit) = query.bounds()?;
    let list = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            staff.at(store_id)?;
            read(conn, Scope::store(store_id), after, limit)
        })
        .await?;
    Ok(web::Json(list))
}

fn read(conn: &mut diesel::pg::PgConnection, scope: Scope, after: i64, limit: i64) -> Result<EventList> {
    let rows = events::after(conn, scope.store_id, scope.order_id, after, limit)?;
    let last_seq = rows.last().map_or(after, |row| row.seq);
    Ok(EventList { data: rows.iter().filter(|row| scope.shows(row)).map(Event::new).collect(), last_seq })
}
