//! Server-Sent Events: `id` is the event's number, `Last-Event-ID` resumes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use utoipa::IntoParams;

use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::events::{self, EventRow};
use crate::http::auth::{self, Everybody, OrderCaller, Staff};
use crate::http::receive::{Path, Query};
use crate::http::store_path::StorePath;
use crate::streams::hub::Hub;
use crate::streams::view::{Event, OrderEventsPath, Scope};

/// Routers cut an idle stream after 55 s, mobile carriers sooner.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What a browser waits before it connects again.
const RETRY: &str = "retry: 2000\n\n";
/// So many events of a store back a menu stream can be resumed; who was away longer reads the menu.
const MENU_BACKLOG: i64 = 1000;
/// How many missed events are read at a time.
const BATCH: i64 = 500;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct StreamQuery {
    /// Begin after this event; the header `Last-Event-ID` wins. When both are absent: an order's stream begins with its
    /// first event, a store's with the next one.
    #[param(minimum = 0)]
    after: Option<i64>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents a header; cursor() reads it")]
struct LastEventId {
    /// The `id` of the last event that was seen.
    #[param(rename = "Last-Event-ID", required = false, max_length = 20)]
    last_event_id: Option<String>,
}

/// Follow an order live
///
/// `text/event-stream`: each event has its number as `id`, its type as `event`, and an `Event` as `data`. Reconnect with
/// `Last-Event-ID` and nothing is missed or repeated. A comment comes every 15 seconds; `event: bye` says that the server
/// restarts or the token has ended: connect again.
#[utoipa::path(tag = "events", security(("bearer" = []), ("trackingToken" = [])), params(OrderEventsPath, StreamQuery, LastEventId),
    responses((status = 200, description = "The stream", body = String, content_type = "text/event-stream",
        example = "id: 1042\nevent: order.ready\ndata: {\"seq\":1042,\"type\":\"order.ready\"}\n\n")))]
#[get("/v1/orders/{orderId}/stream")]
pub(crate) async fn stream_order(
    request: HttpRequest,
    caller: OrderCaller,
    db: web::Data<Db>,
    hub: web::Data<Hub>,
    Path(path): Path<OrderEventsPath>,
    Query(query): Query<StreamQuery>,
) -> Result<HttpResponse> {
    let cursor = cursor(&request, &query)?;
    let until = caller.user.as_ref().and_then(|user| user.expires_at);
    let (scope, latest) = db
        .run(move |conn| {
            let scope = Scope::order(conn, &caller, path.order_id)?;
            Ok((scope, events::latest(conn, scope.store_id)?))
        })
        .await?;
    Ok(respond(db, &hub, scope, cursor.unwrap_or(0), latest, until))
}

/// Follow a store live
///
/// Everything that happens in a store, for its screens: orders, kitchen, deliveries. The same stream as for an order.
#[utoipa::path(tag = "events", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])),
    params(StorePath, StreamQuery, LastEventId),
    responses((status = 200, description = "The stream", body = String, content_type = "text/event-stream",
        example = "id: 1042\nevent: kitchen.ticket_created\ndata: {\"seq\":1042,\"type\":\"kitchen.ticket_created\"}\n\n")))]
#[get("/v1/stores/{storeId}/stream")]
pub(crate) async fn stream_store(
    request: HttpRequest,
    staff: Staff<Everybody>,
    db: web::Data<Db>,
    hub: web::Data<Hub>,
    Path(path): Path<StorePath>,
    Query(query): Query<StreamQuery>,
) -> Result<HttpResponse> {
    let cursor = cursor(&request, &query)?;
    let until = staff.user.expires_at;
    let (store_id, latest) = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            staff.at(store_id)?;
            Ok((store_id, events::latest(conn, store_id)?))
        })
        .await?;
    Ok(respond(db, &hub, Scope::store(store_id), cursor.unwrap_or(latest), latest, until))
}

/// Follow a menu live
///
/// `menu.availability_changed`, whenever something on the menu of a store becomes scarce, sold out, or available again: its
/// `data` names what, and how much of it is left. The same stream as for a store, for everybody; it resumes within the last
/// 1000 events of the store: who was away longer reads the menu. After a change of prices or
/// products no event comes: read the menu again from time to time, it costs a 304.
#[utoipa::path(tag = "events", security(()), params(StorePath, StreamQuery, LastEventId),
    responses((status = 200, description = "The stream", body = String, content_type = "text/event-stream",
        example = "id: 1042\nevent: menu.availability_changed\ndata: {\"seq\":1042,\"type\":\"menu.availability_changed\"}\n\n")))]
#[get("/v1/stores/{storeId}/menu/stream")]
pub(crate) async fn stream_menu(
    request: HttpRequest,
    db: web::Data<Db>,
    hub: web::Data<Hub>,
    Path(path): Path<StorePath>,
    Query(query): Query<StreamQuery>,
) -> Result<HttpResponse> {
    let cursor = cursor(&request, &query)?;
    let (store_id, latest) = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            Ok((store_id, events::latest(conn, store_id)?))
        })
        .await?;
    // Anybody may ask; nobody makes us read a store's whole past for it.
    let cursor = cursor.unwrap_or(latest).max(latest - MENU_BACKLOG);
    Ok(respond(db, &hub, Scope::menu(store_id), cursor, latest, None))
}

fn cursor(request: &HttpRequest, query: &StreamQuery) -> Result<Option<i64>> {
    let sent = auth::header(request, "last-event-id").filter(|id| !id.is_empty());
    let cursor = match sent {
        Some(id) => Some(id.parse::<i64>().map_err(|_| Error::invalid(vec![Fault::new("Last-Event-ID", "invalid_format")]))?),
        None => query.after,
    };
    if cursor.is_some_and(|seq| seq < 0) {
        return Err(Error::invalid(vec![Fault::new("after", "too_small").with("limit", 0)]));
    }
    Ok(cursor)
}

fn respond(db: web::Data<Db>, hub: &Hub, scope: Scope, cursor: i64, latest: i64, until: Option<DateTime<Utc>>) -> HttpResponse {
    let left = until.map(|until| (until - clock::now()).to_std().unwrap_or_default());
    let reader = Reader {
        live: hub.subscribe(scope.store_id, latest),
        shutdown: hub.shutdown(),
        db,
        scope,
        // A cursor of another database, or of another store, would be silent for ever.
        cursor: cursor.min(latest),
        waiting: VecDeque::new(),
        behind: true,
        over: false,
        quiet_until: Instant::now() + HEARTBEAT,
        ends: left.map(|left| Instant::now() + left),
    };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-cache, no-transform"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(frames(reader))
}

/// One open stream.
struct Reader {
    db: web::Data<Db>,
    live: broadcast::Receiver<Arc<EventRow>>,
    shutdown: watch::Receiver<bool>,
    scope: Scope,
    /// Everything up to this number was sent, or is not shown.
    cursor: i64,
    waiting: VecDeque<Arc<EventRow>>,
    /// There may be events in the database that the live line will not bring.
    behind: bool,
    over: bool,
    /// When something must have been sent, be it a comment.
    quiet_until: Instant,
    /// When the token that opened it ends: a stream lives no longer than the authority behind it.
    ends: Option<Instant>,
}

fn frames(reader: Reader) -> impl Stream<Item = std::result::Result<Bytes, Error>> {
    let first = futures_util::stream::iter([Ok(Bytes::from_static(RETRY.as_bytes()))]);
    futures_util::StreamExt::chain(
        first,
        unfold(reader, |mut reader| async move {
            let frame = reader.next().await?;
            reader.quiet_until = Instant::now() + HEARTBEAT;
            Some((frame, reader))
        }),
    )
}

impl Reader {
    /// The next frame; none when the stream is over.
    async fn next(&mut self) -> Option<std::result::Result<Bytes, Error>> {
        loop {
            if self.over {
                return None;
            }
            while let Some(row) = self.waiting.pop_front() {
                // What the catch-up brought, the live line may bring again.
                if row.seq > self.cursor {
                    self.cursor = row.seq;
                    if self.scope.shows(&row) {
                        return Some(frame(&row));
                    }
                }
            }
            if self.behind {
                if let Err(error) = self.catch_up().await {
                    // The client connects again and resumes.
                    tracing::warn!("stream ended, could not read events: {error}");
                    return self.bye();
                }
                continue;
            }
            tokio::select! {
                told = self.live.recv() => match told {
                    Ok(row) => self.waiting.push_back(row),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.behind = true,
                    Err(broadcast::error::RecvError::Closed) => self.over = true,
                },
                _ = self.shutdown.wait_for(|over| *over) => self.over = true,
                () = ended(self.ends) => self.over = true,
                () = tokio::time::sleep_until(self.quiet_until) => return Some(Ok(Bytes::from_static(b": still here\n\n"))),
            }
            if self.over {
                return self.bye();
            }
        }
    }

    /// The last frame: connect again.
    fn bye(&mut self) -> Option<std::result::Result<Bytes, Error>> {
        self.over = true;
        Some(Ok(Bytes::from_static(b"event: bye\ndata: {}\n\n")))
    }

    async fn catch_up(&mut self) -> Result<()> {
        let (scope, cursor) = (self.scope, self.cursor);
        let rows = self.db.run(move |conn| events::after(conn, scope.store_id, scope.order_id, cursor, BATCH)).await?;
        self.behind = i64::try_from(rows.len()).unwrap_or(0) == BATCH;
        self.waiting.extend(rows.into_iter().map(Arc::new));
        Ok(())
    }
}

async fn ended(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn frame(row: &EventRow) -> std::result::Result<Bytes, Error> {
    let data = serde_json::to_string(&Event::new(row))?;
    Ok(Bytes::from(format!("id: {}\nevent: {}\ndata: {data}\n\n", row.seq, row.type_.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::EventType;
    use futures_util::StreamExt;
    use uuid::Uuid;

    fn event(seq: i64, order_id: Uuid) -> Arc<EventRow> {
        let (store_id, payload, occurred_at) = (Uuid::from_u128(1), serde_json::json!({}), clock::now());
        Arc::new(EventRow { store_id, seq, order_id: Some(order_id), type_: EventType::OrderReady, payload, occurred_at })
    }

    /// On a clock of its own: news of other orders must neither silence the heartbeat nor hurry it.
    #[tokio::test(start_paused = true)]
    async fn an_order_s_stream_breathes_every_15_seconds_however_busy_the_store() {
        let (own, other) = (Uuid::from_u128(2), Uuid::from_u128(3));
        let (sender, live) = broadcast::channel(64);
        let (_end, shutdown) = watch::channel(false);
        let mut scope = Scope::store(Uuid::from_u128(1));
        scope.order_id = Some(own);
        let nowhere = "postgres://nobody@127.0.0.1:1/none".to_owned();
        let settings =
            crate::config::Database { url: nowhere, direct_url: None, pool_size: 1, statement_cache: true, embedded: None };
        let started = Instant::now();
        let reader = Reader {
            db: web::Data::new(Db::new(&settings)),
            live,
            shutdown,
            scope,
            cursor: 0,
            waiting: VecDeque::new(),
            behind: false,
            over: false,
            quiet_until: started + HEARTBEAT,
            ends: Some(started + Duration::from_secs(50)),
        };
        let busy = tokio::spawn(async move {
            for seq in 1..=12 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                let _ = sender.send(event(seq, if seq == 5 { own } else { other }));
            }
            sender
        });
        let mut frames = Box::pin(frames(reader));
        let mut seen = Vec::new();
        while let Some(frame) = frames.next().await {
            let text = String::from_utf8_lossy(&frame.expect("a frame")).into_owned();
            seen.push((started.elapsed().as_secs(), text.lines().next().unwrap_or_default().to_owned()));
        }
        let expected = [(0, "retry: 2000"), (15, ": still here"), (20, "id: 5"), (35, ": still here")];
        let seen: Vec<(u64, &str)> = seen.iter().map(|(at, line)| (*at, line.as_str())).collect();
        assert_eq!(seen[..4], expected);
        assert_eq!(seen.last(), Some(&(50, "event: bye")), "it ends with the token");
        drop(busy);
    }
}
