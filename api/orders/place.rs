//! Placing an order: one transaction from the cart to the event.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use domain::event::EventType;
use domain::geo::{Point, distance_metres};
use domain::hours::{business_day, is_open, next_opening};
use domain::language::Language;
use domain::money::{Cents, Money};
use domain::order::{Channel, OrderStatus, ServiceType};
use domain::payment::PaymentMethod;
use domain::people::Actor;
use domain::stock::Quantity;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::queries as carts;
use crate::carts::quote::{Quote, QuotedLine, quote};
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Fact};
use crate::http::answer::Answer;
use crate::http::auth::random_token;
use crate::jobs::{self, Job};
use crate::orders::queries::{self, OrderLineRow, OrderRow};
use crate::orders::transition;
use crate::orders::view::{self, Address, Contact, SoldModifier, SoldTax};
use crate::payments::ledger as payments;
use crate::stock::ledger::{self as stock, LineDemand};
use crate::stores::queries::{self as stores, StoreRow};

/// What turns a cart into an order.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlaceOrder {
    cart_id: Uuid,
    contact: Contact,
    /// Needed for delivery; not allowed for collection.
    address: Option<Address>,
    payment: PaymentChoice,
    /// The total that the customer saw: if it has changed, the order is refused with `price_changed`.
    expected_total: Option<Money>,
    /// For the store.
    #[schema(max_length = 500, example = "Merci de ne pas sonner, bébé dort")]
    note: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PaymentChoice {
    /// At hand-over; the driver or the counter may still take another one.
    method: PaymentMethod,
}

/// What is left, by ingredient.
type Left = BTreeMap<Uuid, Quantity>;

/// Who orders.
#[derive(Clone)]
pub(super) struct Buyer {
    pub(super) caller: crate::carts::CartCaller,
    pub(super) language: Language,
}

/// Places the order or changes nothing.
pub(super) fn place(conn: &mut PgConnection, buyer: &Buyer, body: &PlaceOrder, now: DateTime<Utc>) -> Result<Answer> {
    let quote = open_quote(conn, buyer, body, now)?;
    check_service(conn, &quote, body, now)?;
    check_price(&quote, body)?;
    let available = stock::lock_available(conn, quote.store.id, &quote.ingredients())?;
    let short = quote.short_lines(&available);
    if !short.is_empty() {
        return Err(refused_lines(Code::OutOfStock, &quote, &short, &available, buyer.language));
    }
    let order = order_row(conn, &quote, buyer, body, now)?;
    let lines =
        quote.lines.iter().zip(1..).map(|(line, position)| line_row(line, order.id, position)).collect::<Result<Vec<_>>>()?;
    queries::insert(conn, &order, &lines)?;
    let demands = quote.lines.iter().zip(&lines);
    let demands: Vec<LineDemand> =
        demands.map(|(line, row)| LineDemand { order_line_id: row.id, ingredients: line.demand.clone() }).collect();
    stock::reserve(conn, quote.store.id, &demands)?;
    let payment = payments::open(conn, order.id, body.payment.method, quote.priced.total)?;
    carts::close(conn, quote.cart.id, order.id)?;
    let deadline = now + TimeDelta::minutes(i64::from(quote.store.acceptance_deadline_minutes));
    jobs::enqueue(conn, &Job::RejectUnaccepted { order_id: order.id }, deadline, None)?;
    let placed = Fact { kind: EventType::OrderPlaced, order_id: Some(order.id), payload: transition::payload(&order, None) };
    let (store_id, customer_id) = (order.store_id, order.customer_id);
    let view = view::order(lines, order, &payment, buyer.language, &[Actor::Customer])?;
    events::record(conn, store_id, vec![placed], customer_id, now)?;
    Answer::created(format!("/v1/orders/{}", view.id), &view)
}

/// The caller's cart, locked and priced, if an order can be made of it.
fn open_quote(conn: &mut PgConnection, buyer: &Buyer, body: &PlaceOrder, now: DateTime<Utc>) -> Result<Quote> {
    let cart = carts::lock(conn, body.cart_id, now)?;
    let not_found = || Error::invalid(vec![Fault::new("/cartId", "not_found")]);
    let cart = buyer.caller.admit(cart).map_err(|_| not_found())?;
    if let Some(order_id) = cart.order_id {
        return Err(Error::new(Code::CartOrdered).extend("orderId", json!(order_id)));
    }
    let quote = quote(conn, cart, now)?;
    if quote.lines.is_empty() {
        return Err(Error::new(Code::CartEmpty));
    }
    let gone: Vec<usize> = quote.lines.iter().enumerate().filter(|(_, l)| !l.on_sale).map(|(i, _)| i).collect();
    if !gone.is_empty() {
        return Err(refused_lines(Code::ProductUnavailable, &quote, &gone, &Left::new(), buyer.language));
    }
    Ok(quote)
}

/// Is the store open for this service, and does it go where the customer is?
fn check_service(conn: &mut PgConnection, quote: &Quote, body: &PlaceOrder, now: DateTime<Utc>) -> Result<()> {
    let (store, service) = (&quote.store, quote.cart.service_type);
    match (service, &body.address) {
        (ServiceType::Delivery, None) => return Err(Error::invalid(vec![Fault::new("/address", "required")])),
        (ServiceType::Collection, Some(_)) => return Err(Error::invalid(vec![Fault::new("/address", "not_offered")])),
        (ServiceType::Delivery, Some(address)) => check_distance(store, address)?,
        (ServiceType::Collection, None) => {}
    }
    let mut hours = stores::hours(conn, &[store.id])?;
    let openings = hours.remove(&store.id).and_then(|mut by_service| by_service.remove(&service)).unwrap_or_default();
    let local = store.local(now)?;
    if is_open(&openings, local) {
        return Ok(());
    }
    let opens = next_opening(&openings, local).map_or_else(|| "—".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string());
    Err(Error::new(Code::StoreClosed).with("opens", opens))
}

/// Without coordinates the store decides when it accepts: there is no geocoder yet.
fn check_distance(store: &StoreRow, address: &Address) -> Result<()> {
    let (latitude, longitude) = match (address.latitude, address.longitude) {
        (Some(latitude), Some(longitude)) => (latitude, longitude),
        (None, None) => return Ok(()),
        (Some(_), None) => return Err(Error::invalid(vec![Fault::new("/address/longitude", "required")])),
        (None, Some(_)) => return Err(Error::invalid(vec![Fault::new("/address/latitude", "required")])),
    };
    let shop = Point { latitude: store.latitude, longitude: store.longitude };
    let metres = distance_metres(shop, Point { latitude, longitude });
    if metres <= f64::from(store.delivery_radius_metres) {
        return Ok(());
    }
    Err(Error::new(Code::OutsideZone).with("distance", metres.round()).with("radius", store.delivery_radius_metres))
}

fn check_price(quote: &Quote, body: &PlaceOrder) -> Result<()> {
    let total = quote.priced.total;
    match body.expected_total {
        Some(expected) if expected != Money::from(total) => Err(Error::new(Code::PriceChanged)
            .with("total", euros(total.0))
            .with("expected", euros(expected.amount))
            .extend("total", json!(Money::from(total)))),
        _ => Ok(()),
    }
}

fn euros(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// 409 that names the lines.
fn refused_lines(code: Code, quote: &Quote, indexes: &[usize], left: &Left, language: Language) -> Error {
    let lines: Vec<(usize, &QuotedLine)> = indexes.iter().filter_map(|&i| Some((i, quote.lines.get(i)?))).collect();
    let name = |line: &QuotedLine| line.row.variant.product_name.get(language).to_owned();
    let names: BTreeSet<String> = lines.iter().map(|(_, line)| name(line)).collect();
    let names: Vec<String> = names.into_iter().collect();
    let shown = lines.iter().map(|(index, line)| {
        json!({
            "pointer": format!("/lines/{index}"),
            "lineId": line.row.id,
            "productId": line.row.variant.product_id,
            "variantId": line.row.variant.id,
            "name": name(line),
            "quantity": line.row.quantity,
            "availableQuantity": line.makeable(left),
        })
    });
    Error::new(code).with("names", names.join(", ")).extend("lines", shown.collect())
}

fn order_row(conn: &mut PgConnection, quote: &Quote, buyer: &Buyer, body: &PlaceOrder, now: DateTime<Utc>) -> Result<OrderRow> {
    let (store, priced) = (&quote.store, &quote.priced);
    let business_date = business_day(store.local(now)?, store.business_day_cutoff);
    let number = queries::next_number(conn, store.id, business_date)?;
    let taxes: Vec<SoldTax> =
        priced.taxes.iter().map(|t| SoldTax { rate_basis_points: t.rate.0, base_cents: t.base.0, tax_cents: t.tax.0 }).collect();
    Ok(OrderRow {
        id: Uuid::now_v7(),
        store_id: store.id,
        number: format!("{}-{number}", store.code),
        business_date,
        channel: Channel::Web,
        service_type: quote.cart.service_type,
        status: OrderStatus::Placed,
        customer_id: buyer.caller.user_id().or(quote.cart.customer_id),
        contact: serde_json::to_value(&body.contact)?,
        address: body.address.as_ref().map(serde_json::to_value).transpose()?,
        note: body.note.clone(),
        language: buyer.language,
        items_cents: priced.items.0,
        delivery_fee_cents: priced.delivery_fee.0,
        discount_cents: Cents::ZERO.0,
        tip_cents: Cents::ZERO.0,
        tax_cents: priced.tax().0,
        total_cents: priced.total.0,
        taxes: serde_json::to_value(taxes)?,
        tracking_token: random_token(),
        placed_at: now,
        promised_at: promise(store, quote.cart.service_type, now),
        closed_at: None,
        reason: None,
        version: 1,
    })
}

/// When an order placed or accepted now can be expected, by the store's usual times.
pub(super) fn promise(store: &StoreRow, service: ServiceType, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::minutes(i64::from(store.preparation_minutes)) + store.road(service)
}

fn line_row(line: &QuotedLine, order_id: Uuid, position: i32) -> Result<OrderLineRow> {
    let variant = &line.row.variant;
    let modifiers: Vec<SoldModifier> = line
        .modifiers
        .iter()
        .map(|(modifier, quantity)| SoldModifier {
            modifier_id: modifier.id,
            name: modifier.name.clone(),
            quantity: *quantity,
            unit_price_cents: modifier.price_cents,
        })
        .collect();
    Ok(OrderLineRow {
        id: Uuid::now_v7(),
        order_id,
        position,
        product_id: variant.product_id,
        variant_id: variant.id,
        name: serde_json::to_value(&variant.product_name)?,
        variant_name: serde_json::to_value(&variant.name)?,
        quantity: i32::try_from(line.row.quantity).map_err(Error::internal)?,
        unit_price_cents: variant.price_cents,
        modifiers: serde_json::to_value(modifiers)?,
        tax_rate_basis_points: line.tax_rate.0,
        total_cents: line.total.0,
        note: line.row.note.clone(),
    })
}
