//! Events, live and by polling.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::support::app::SHOP;
use crate::support::{Client, TestApp};

/// An open stream, read event by event.
struct Stream {
    body: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<Vec<u8>>> + Send>>,
    text: String,
}

impl Stream {
    async fn open(client: &Client, path: &str, last_event_id: Option<i64>) -> Stream {
        let mut request = client.request(reqwest::Method::GET, path);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.expect("a stream");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let body = response.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec()));
        Stream { body: Box::pin(body), text: String::new() }
    }

    /// The next frame that carries something: its id, its type, its data.
    async fn next(&mut self) -> Option<(i64, String, Value)> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let frame = frame.to_owned();
                self.text = rest.to_owned();
                let field =
                    |name: &str| frame.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
                if let Some(data) = field("data") {
                    let id = field("id").map_or(0, |id| id.parse().expect("a number"));
                    return Some((id, field("event").expect("a type"), serde_json::from_str(&data).expect("JSON")));
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.body.next()).await.expect("news within ten seconds");
            self.text.push_str(std::str::from_utf8(&chunk?.expect("a chunk")).expect("UTF-8"));
        }
    }

    async fn take(&mut self, count: usize) -> Vec<(i64, String)> {
        let mut events = Vec::new();
        for _ in 0..count {
            let (id, kind, _) = self.next().await.expect("an event");
            events.push((id, kind));
        }
        events
    }
}

#[tokio::test]
async fn a_store_sees_everything_once_and_in_order() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await;
    let path = format!("/v1/stores/{SHOP}/stream");
    let mut live = Stream::open(&cook, &path, None).await;
    let (guest, order) = app.order("delivery", &[("reine", "small", 1)]).await;
    app.cook(&order).await;
    let expected = [
        "order.placed",
        "order.accepted",
        "kitchen.ticket_created",
        "delivery.created",
        "order.in_preparation",
        "kitchen.ticket_updated",
        "order.ready",
        "kitchen.ticket_updated",
    ];
    let seen = live.take(expected.len()).await;
    assert_eq!(seen.iter().map(|(_, kind)| kind.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(seen.iter().map(|(id, _)| *id).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());

    let mut resumed = Stream::open(&cook, &path, Some(3)).await;
    app.staff("manager").await.command(&order, "cancel").await.expect(200);
    assert_eq!(resumed.take(8).await.iter().map(|(id, _)| *id).collect::<Vec<_>>(), (4..=11).collect::<Vec<_>>());

    let mut own = Stream::open(&guest, &format!("/v1/orders/{}/stream", order["id"].as_str().unwrap()), None).await;
    let seen = own.take(5).await;
    let kinds: Vec<&str> = seen.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, ["order.placed", "order.accepted", "order.in_preparation", "order.ready", "order.cancelled"]);
}

#[tokio::test]
async fn polling_sees_what_streams_see() {
    let app = TestApp::start().await;
    let (guest, order) = app.order("collection", &[("reine", "small", 1)]).await;
    app.order("collection", &[("reine", "small", 1)]).await;
    app.cook(&order).await;
    let path = format!("/v1/orders/{}/events", order["id"].as_str().unwrap());
    let mut kinds = Vec::new();
    let mut after = 0;
    loop {
        let page = guest.get(&format!("{path}?after={after}&limit=2")).await.expect(200);
        if page["lastSeq"] == after {
            break;
        }
        after = page["lastSeq"].as_i64().unwrap();
        kinds.extend(page["data"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap().to_owned()));
    }
    assert_eq!(kinds, ["order.placed", "order.accepted", "order.in_preparation", "order.ready"]);
    let all = app.staff("cook").await.get(&format!("/v1/stores/{SHOP}/events")).await.expect(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 8, "two placed, and the rest of one");
    guest.get(&format!("{path}?after=-1")).await.problem(422, "invalid_request");
    guest.get(&format!("{path}?limit=501")).await.problem(422, "invalid_request");
}

#[tokio::test]
async fn streams_are_for_those_they_concern() {
    let app = TestApp::start().await;
    let (_, order) = app.order("collection", &[("reine", "small", 1)]).await;
    let (stranger, _) = app.order("collection", &[("reine", "small", 1)]).await;
    let path = format!("/v1/orders/{}/stream", order["id"].as_str().unwrap());
    stranger.get(&path).await.problem(404, "not_found");
    app.anybody().get(&path).await.problem(401, "unauthenticated");
    app.login("cook.lyon-part-dieu").await.get(&format!("/v1/stores/{SHOP}/stream")).await.problem(403, "forbidden");
    app.login("customer").await.get(&format!("/v1/stores/{SHOP}/stream")).await.problem(403, "forbidden");
    let bad = app.staff("cook").await;
    let request = bad.request(reqwest::Method::GET, &format!("/v1/stores/{SHOP}/stream")).header("last-event-id", "abc");
    bad.send(request).await.problem(422, "invalid_request");
}

/// Cut at random, a reader that resumes sees every event exactly once.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_cut_again_and_again_misses_nothing() {
    let app = TestApp::start().await;
    let cook = app.staff("cook").await;
    let path = format!("/v1/stores/{SHOP}/stream");
    let orders = async {
        for _ in 0..6 {
            let carts = (0..4).map(|_| app.order("collection", &[("reine", "small", 1)]));
            for (_, order) in futures_util::future::join_all(carts).await {
                cook.command(&order, "accept").await.expect(200);
            }
        }
    };
    let reader = async {
        let (mut seen, mut last) = (Vec::new(), 0);
        // 24 orders: placed, accepted and a ticket each.
        for cut in 1.. {
            let mut stream = Stream::open(&cook, &path, Some(last)).await;
            let some = (1 + cut % 5).min(72 - seen.len());
            for (id, _) in stream.take(some).await {
                seen.push(id);
                last = id;
            }
            if seen.len() == 72 {
                break;
            }
        }
        seen
    };
    let ((), seen) = tokio::join!(orders, reader);
    assert_eq!(seen, (1..=72).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_server_that_ends_says_bye() {
    let app = TestApp::start().await;
    let mut live = Stream::open(&app.staff("cook").await, &format!("/v1/stores/{SHOP}/stream"), None).await;
    app.begin_shutdown();
    let (_, kind, data) = live.next().await.expect("a last frame");
    assert_eq!((kind.as_str(), data), ("bye", json!({})));
    assert!(live.next().await.is_none(), "the stream has ended");
}
