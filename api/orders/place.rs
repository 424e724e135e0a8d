//! Placing an order: one transaction from the cart to the event.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use domain::event::EventType;
use domain::hours::business_day;
use domain::language::Language;
use domain::money::Money;
use domain::order::{OrderStatus, ServiceType};
use domain::payment::PaymentMethod;
use domain::people::Actor;
use domain::promotion::CouponReason;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::address::Address;
use crate::carts::offers::Taken;
use crate::carts::problems::{self, euros};
use crate::carts::queries::{self as carts, CartRow};
use crate::carts::quote::{Quote, QuotedLine, Reach, quote};
use crate::carts::sold::{sold_components, sold_modifiers};
use crate::carts::totals::{SoldDiscount, SoldTax};
use crate::carts::wanted::Wanted;
use crate::catalogue::Catalogues;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Fact};
use crate::http::answer::Answer;
use crate::http::auth::random_token;
use crate::http::sentences;
use crate::jobs::{self, Job};
use crate::menu::announce;
use crate::orders::queries::{self, OrderLineRow, OrderRow};
use crate::orders::transition;
use crate::orders::view::{self, Contact, SoldLineTax};
use crate::payments::ledger as payments;
use crate::promotions::ledger::{self as promotions, Use};
use crate::stock::ledger::{self as stock, LineDemand};
use crate::stores::queries::{self as stores, StoreRow};

/// What turns a cart into an order.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlaceOrder {
    cart_id: Uuid,
    contact: Contact,
    /// Needed for delivery, unless the cart has it; not allowed for collection.
    address: Option<Address>,
    payment: PaymentChoice,
    /// The total that the customer saw: if it has changed, the order is refused with `price_changed`.
    expected_total: Option<Money>,
    /// For the store; the cart's when absent.
    #[schema(max_length = 500, example = "Merci de ne pas sonner, bébé dort")]
    note: Option<String>,
    /// The customer declares to be 18 or older: needed for alcohol, unless the cart says it.
    age_confirmed: Option<bool>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PaymentChoice {
    /// At hand-over; the driver or the counter may still take another one.
    method: PaymentMethod,
}

/// Who orders.
#[derive(Clone)]
pub(super) struct Buyer {
    pub(super) caller: crate::carts::CartCaller,
    pub(super) language: Language,
}

/// Places the order or changes nothing.
pub(super) fn place(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    buyer: &Buyer,
    body: &PlaceOrder,
    now: DateTime<Utc>,
) -> Result<Answer> {
    let cart = open_cart(conn, buyer, body, now)?;
    let wanted = wanted(conn, &cart, buyer, body)?;
    let quote = quote(conn, catalogues, wanted, now)?;
    check(&quote, buyer, body, now)?;
    check_offers(conn, catalogues, &quote, (&cart, body), now)?;
    let available = stock::lock_available(conn, quote.store.id, &quote.ingredients())?;
    if let Some(shortage) = problems::shortage(&quote, &available) {
        return Err(problems::refusal(&quote, shortage, &available, buyer.language));
    }
    let order = order_row(conn, &cart, &quote, buyer, body, now)?;
    let lines = quote
        .lines
        .iter()
        .zip(1..)
        .map(|(line, position)| line_row(&quote, line, order.id, position))
        .collect::<Result<Vec<_>>>()?;
    queries::insert(conn, &order, &lines)?;
    let demands = quote.lines.iter().zip(&lines);
    let demands: Vec<LineDemand> =
        demands.map(|(line, row)| LineDemand { order_line_id: row.id, ingredients: line.demand.clone() }).collect();
    stock::reserve(conn, quote.store.id, &demands)?;
    redeem(conn, &quote, order.id, buyer.language, now)?;
    let payment = payments::open(conn, order.id, body.payment.method, quote.priced.total)?;
    carts::close(conn, cart.id, order.id)?;
    let deadline = deadline(conn, &quote, now)?;
    jobs::enqueue(conn, &Job::RejectUnaccepted { order_id: order.id }, deadline, None)?;
    let placed = Fact { kind: EventType::OrderPlaced, order_id: Some(order.id), payload: transition::payload(&order, None) };
    let (store_id, customer_id) = (order.store_id, order.customer_id);
    let view = view::order(lines, order, &payment, buyer.language, &[Actor::Customer])?;
    let mut facts = vec![placed];
    facts.extend(announce::taken(conn, catalogues, &quote.catalogue, (store_id, now), &available, &quote.demand())?);
    events::record(conn, store_id, facts, customer_id, now)?;
    Answer::created(format!("/v1/orders/{}", view.id), &view)
}

/// The caller's cart, locked, if it is no order yet.
fn open_cart(conn: &mut PgConnection, buyer: &Buyer, body: &PlaceOrder, now: DateTime<Utc>) -> Result<CartRow> {
    let cart = carts::lock(conn, body.cart_id, now)?;
    let not_found = || Error::invalid(vec![Fault::new("/cartId", "not_found")]);
    let cart = buyer.caller.admit(cart).map_err(|_| not_found())?;
    if let Some(order_id) = cart.order_id {
        return Err(Error::new(Code::CartOrdered).extend("orderId", json!(order_id)));
    }
    Ok(cart)
}

/// What the cart holds, with what the placement adds to it.
fn wanted(conn: &mut PgConnection, cart: &CartRow, buyer: &Buyer, body: &PlaceOrder) -> Result<Wanted> {
    let identities = promotions::identities(customer(cart, buyer), Some(&body.contact.phone), body.contact.email.as_deref());
    let mut wanted = Wanted::of(cart, carts::lines(conn, cart.id)?, identities)?;
    let faults = body.address.as_ref().map(Address::faults).unwrap_or_default();
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    match cart.service_type {
        ServiceType::Collection if body.address.is_some() => {
            return Err(Error::invalid(vec![Fault::new("/address", "not_offered")]));
        }
        ServiceType::Collection => wanted.address = None,
        ServiceType::Delivery => wanted.address = body.address.clone().or(wanted.address),
    }
    if cart.service_type == ServiceType::Delivery && wanted.address.is_none() {
        return Err(Error::invalid(vec![Fault::new("/address", "required")]));
    }
    wanted.age_confirmed = body.age_confirmed.unwrap_or(wanted.age_confirmed);
    Ok(wanted)
}

/// Whose order it is. Staff who order for a caller are not the customer.
fn customer(cart: &CartRow, buyer: &Buyer) -> Option<Uuid> {
    cart.customer_id.or(buyer.caller.user_id().filter(|_| cart.channel.is_of_customers()))
}

/// Everything that stock does not decide.
fn check(quote: &Quote, buyer: &Buyer, body: &PlaceOrder, now: DateTime<Utc>) -> Result<()> {
    let nothing = Default::default();
    let first = problems::obstacles(quote, buyer.language, now).into_iter().next();
    if let Some(obstacle) = first {
        return Err(problems::refusal(quote, obstacle, &nothing, buyer.language));
    }
    let total = Money::from(quote.priced.total);
    match body.expected_total {
        Some(expected) if expected != total => Err(price_changed(total, expected)),
        Some(_) => Ok(()),
        // Who does not say what was seen has seen what the lines cost when they were added.
        None => match problems::changed_prices(quote).into_iter().next() {
            Some(changed) => Err(problems::refusal(quote, changed, &nothing, buyer.language)),
            None => Ok(()),
        },
    }
}

/// The cart knows neither phone nor address of a guest, so it may show an offer that this customer has used up. Who did not
/// say what total was seen is told before more is charged.
fn check_offers(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    quoted: &Quote,
    (cart, body): (&CartRow, &PlaceOrder),
    now: DateTime<Utc>,
) -> Result<()> {
    if body.expected_total.is_some() || !quoted.offers_used_up {
        return Ok(());
    }
    let identities = cart.customer_id.map_or_else(Vec::new, |id| promotions::identities(Some(id), None, None));
    let shown = quote(conn, catalogues, Wanted { identities, ..quoted.wanted.clone() }, now)?.priced.total;
    if quoted.priced.total > shown {
        return Err(price_changed(quoted.priced.total.into(), shown.into()));
    }
    Ok(())
}

fn price_changed(total: Money, expected: Money) -> Error {
    Error::new(Code::PriceChanged)
        .with("total", euros(total.amount))
        .with("expected", euros(expected.amount))
        .extend("total", json!(total))
}

/// Uses the promotions that were taken. Another order may have had the last use of one a moment ago.
fn redeem(conn: &mut PgConnection, quote: &Quote, order_id: Uuid, language: Language, now: DateTime<Utc>) -> Result<()> {
    let uses: Vec<Use> = quote
        .taken
        .iter()
        .map(|taken| Use {
            promotion_id: taken.promotion_id,
            coupon_id: taken.coupon.as_ref().map(|(id, _)| *id),
            discount: taken.discount,
        })
        .collect();
    let Err((gone, reason)) = promotions::redeem(conn, order_id, &uses, &quote.wanted.identities, now)? else { return Ok(()) };
    let of = |taken: &&Taken| taken.promotion_id == gone || taken.coupon.as_ref().is_some_and(|(id, _)| *id == gone);
    Err(match quote.taken.iter().find(of) {
        Some(Taken { coupon: Some((_, code)), .. }) => coupon_gone(code, reason, language),
        Some(taken) => price_changed(Money::from(quote.priced.total + taken.discount), Money::from(quote.priced.total)),
        None => Error::internal("a promotion is used up that was not used"),
    })
}

fn coupon_gone(code: &str, reason: CouponReason, language: Language) -> Error {
    Error::new(Code::CouponInvalid)
        .with("coupon", code)
        .with("reason", sentences::coupon_reason(reason, language))
        .extend("reason", json!(reason))
}

fn order_row(
    conn: &mut PgConnection,
    cart: &CartRow,
    quote: &Quote,
    buyer: &Buyer,
    body: &PlaceOrder,
    now: DateTime<Utc>,
) -> Result<OrderRow> {
    let (store, priced) = (&quote.store, &quote.priced);
    let business_date = business_day(store.local(now)?, store.business_day_cutoff);
    let number = queries::next_number(conn, store.id, business_date)?;
    let taxes: Vec<SoldTax> =
        priced.taxes.iter().map(|t| SoldTax { rate_basis_points: t.rate.0, base_cents: t.base.0, tax_cents: t.tax.0 }).collect();
    let discounts: Vec<SoldDiscount> = quote.taken.iter().map(SoldDiscount::from).collect();
    Ok(OrderRow {
        id: Uuid::now_v7(),
        store_id: store.id,
        number: format!("{}-{number}", store.code),
        business_date,
        channel: cart.channel,
        service_type: cart.service_type,
        status: OrderStatus::Placed,
        customer_id: customer(cart, buyer),
        contact: serde_json::to_value(&body.contact)?,
        address: quote.wanted.address.as_ref().map(serde_json::to_value).transpose()?,
        note: body.note.clone().or(cart.note.clone()),
        language: buyer.language,
        items_cents: priced.items.0,
        delivery_fee_cents: priced.delivery_fee.0,
        discount_cents: priced.discount.0,
        tip_cents: priced.tip.0,
        tax_cents: priced.tax().0,
        total_cents: priced.total.0,
        taxes: serde_json::to_value(taxes)?,
        adjustments: serde_json::to_value(discounts)?,
        requested_at: cart.requested_at,
        age_confirmed: quote.wanted.age_confirmed,
        tracking_token: random_token(),
        placed_at: now,
        promised_at: first_promise(quote, now),
        closed_at: None,
        reason: None,
        version: 1,
    })
}

/// Until when the store has to answer. Nobody is there to answer while it is closed: then the time runs from its opening,
/// but not beyond the hour at which the order is wanted.
fn deadline(conn: &mut PgConnection, quote: &Quote, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let minutes = TimeDelta::minutes(i64::from(quote.store.acceptance_deadline_minutes));
    let Some(wanted) = quote.wanted.requested_at else { return Ok(now + minutes) };
    let local = quote.store.local(now)?;
    let opens = stores::closed(conn, &quote.store, quote.wanted.service_type, local)?.flatten();
    let begins = opens.map_or(now, |opens| now + (opens - local));
    Ok((begins + minutes).min(wanted.max(now + minutes)))
}

/// When it was wanted, or as soon as the store usually can, if that is later.
fn first_promise(quote: &Quote, now: DateTime<Utc>) -> DateTime<Utc> {
    let further = match quote.reach {
        Reach::Delivered { extra_minutes, .. } => TimeDelta::minutes(i64::from(extra_minutes)),
        Reach::Counter | Reach::Outside => TimeDelta::zero(),
    };
    let usual = promise(&quote.store, quote.wanted.service_type, now) + further;
    quote.wanted.requested_at.map_or(usual, |wanted| wanted.max(usual))
}

/// When an order placed or accepted now can be expected, by the store's usual times.
pub(super) fn promise(store: &StoreRow, service: ServiceType, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::minutes(i64::from(store.preparation_minutes)) + store.road(service)
}

fn line_row(quote: &Quote, line: &QuotedLine, order_id: Uuid, position: i32) -> Result<OrderLineRow> {
    let (variant, product) = quote.dish(line)?;
    let second_variant_id = line.wanted.selection.second_variant_id;
    let second = second_variant_id.and_then(|id| quote.catalogue.dish(id)).map(|(_, product)| &product.name);
    let tax = |(rate, gross): (&domain::tax::Rate, &domain::money::Cents)| SoldLineTax {
        rate_basis_points: rate.0,
        gross_cents: gross.0,
    };
    let taxes: Vec<SoldLineTax> = line.net.iter().map(tax).collect();
    Ok(OrderLineRow {
        id: Uuid::now_v7(),
        order_id,
        position,
        product_id: product.id,
        variant_id: variant.id,
        second_variant_id,
        name: serde_json::to_value(&product.name)?,
        second_name: second.map(serde_json::to_value).transpose()?,
        variant_name: serde_json::to_value(&variant.name)?,
        quantity: i32::try_from(line.wanted.quantity).map_err(Error::internal)?,
        unit_price_cents: line.unit.base.0,
        modifiers: serde_json::to_value(sold_modifiers(&line.unit.modifiers))?,
        components: serde_json::to_value(sold_components(&quote.catalogue, product, &line.unit))?,
        total_cents: line.total.0,
        discount_cents: line.discount.0,
        taxes: serde_json::to_value(taxes)?,
        note: line.wanted.note.clone(),
    })
}
