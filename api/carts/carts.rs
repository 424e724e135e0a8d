//! Carts as their owners see and change them, but for lines and coupons.

use actix_web::{delete, get, patch, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::money::Money;
use domain::order::{Channel, ServiceType};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::carts::address::Address;
use crate::carts::caller::{CartCaller, may_use};
use crate::carts::lines::{agreed, context};
use crate::carts::queries::{self, CartChange, CartRow, NewCart};
use crate::carts::view::{Cart, view};
use crate::catalogue::Catalogues;
use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::auth::{MaybeSignedIn, SignedIn, random_token, sha256};
use crate::http::edit::{MaybeIfMatch, MaybeIfMatchHeader, Tagged};
use crate::http::problem::Speaks;
use crate::http::receive::{Body, Path, present};
use crate::http::store_path;
use crate::stores::queries as stores;

/// So far ahead can be ordered.
pub const HORIZON_DAYS: i64 = 7;

/// A new cart.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateCart {
    /// Id or slug of the store.
    #[schema(max_length = 64, example = "paris-bastille")]
    store_id: String,
    service_type: ServiceType,
    /// `web` when absent; `phone` and `counter` are for the staff of the store.
    #[schema(example = "web")]
    channel: Option<Channel>,
}

/// What to change; what is absent stays, null takes away.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CartPatch {
    /// Id or slug of another store: the lines stay, and cost what they cost there.
    #[schema(max_length = 64, example = "lyon-part-dieu")]
    store_id: Option<String>,
    service_type: Option<ServiceType>,
    /// Where to deliver; it decides on fee and minimum.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Address>)]
    address: Option<Option<Address>>,
    /// When it is wanted, within a week; null: as soon as possible.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    requested_at: Option<Option<DateTime<Utc>>>,
    /// For the staff, at most 1000 €; nothing: an amount of 0.
    tip: Option<Money>,
    /// For the store; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 500, example = "Merci de ne pas sonner, bébé dort")]
    note: Option<Option<String>>,
    /// The customer declares to be 18 or older: needed where there is alcohol in the cart.
    age_confirmed: Option<bool>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct CartPath {
    /// The cart.
    #[param(rename = "cartId")]
    pub(super) cart_id: Uuid,
}

/// Create a cart
///
/// For anybody: keep the `token`, it is told this once. With a bearer token the cart is also yours by account. Repeating the
/// request makes another empty cart, which harms nobody; that is why no `Idempotency-Key` is taken: its stored answer would
/// hold the secret.
#[utoipa::path(tag = "carts", security((), ("bearer" = [])), request_body = CreateCart,
    responses((status = 201, description = "The cart, empty", body = Cart)))]
#[post("/v1/carts")]
pub(crate) async fn create_cart(
    MaybeSignedIn(user): MaybeSignedIn,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Speaks(language): Speaks,
    Body(body): Body<CreateCart>,
) -> Result<Answer> {
    let now = clock::now();
    db.tx(move |conn| {
        let store_id =
            store_path::resolve(conn, &body.store_id).map_err(|_| Error::invalid(vec![Fault::new("/storeId", "not_found")]))?;
        if !stores::find(conn, store_id)?.services().contains(&body.service_type) {
            return Err(Error::invalid(vec![Fault::new("/serviceType", "not_offered")]));
        }
        let channel = body.channel.unwrap_or(Channel::Web);
        if !may_use(channel, user.as_ref(), store_id) {
            return Err(Error::invalid(vec![Fault::new("/channel", "not_offered")]));
        }
        let token = random_token();
        // Who takes an order on the phone is not its customer.
        let new = NewCart {
            id: Uuid::now_v7(),
            token_hash: sha256(token.as_bytes()),
            store_id,
            service_type: body.service_type,
            channel,
            customer_id: user.as_ref().filter(|_| channel.is_of_customers()).map(|user| user.id),
        };
        let cart = queries::insert(conn, new, now)?;
        let mut view = view(conn, &catalogues, cart, language, now)?;
        view.token = Some(token);
        Answer::created(format!("/v1/carts/{}", view.id), &view)
    })
    .await
}

/// Read a cart
///
/// Prices, VAT, discounts and availability are computed anew.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), params(CartPath),
    responses((status = 200, description = "The cart", body = Cart, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/carts/{cartId}")]
pub(crate) async fn find_cart(
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<CartPath>,
    Speaks(language): Speaks,
) -> Result<Tagged<Cart>> {
    let now = clock::now();
    let cart = db.run(move |conn| {
        let cart = caller.admit(queries::find(conn, path.cart_id, now)?)?;
        view(conn, &catalogues, cart, language, now)
    });
    tagged(cart.await?)
}

/// Read the own cart
///
/// The newest open cart of the account: what was begun on one device goes on on another.
#[utoipa::path(tag = "me", security(("bearer" = [])),
    responses((status = 200, description = "The cart", body = Cart, headers(("ETag" = String, description = "The version"))),
        (status = 404, description = "not_found")))]
#[get("/v1/me/cart")]
pub(crate) async fn find_my_cart(
    SignedIn(user): SignedIn,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Speaks(language): Speaks,
) -> Result<Tagged<Cart>> {
    let now = clock::now();
    let cart = db.run(move |conn| {
        let cart = queries::latest_of(conn, user.id, now)?.ok_or_else(|| Error::not_found("cart"))?;
        view(conn, &catalogues, cart, language, now)
    });
    tagged(cart.await?)
}

/// Change a cart
///
/// Store, service, address, time, tip, note, age; lines and coupons have operations of their own.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), params(CartPath, MaybeIfMatchHeader),
    request_body = CartPatch,
    responses((status = 200, description = "The changed cart", body = Cart, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "cart_already_ordered")))]
#[patch("/v1/carts/{cartId}")]
pub(crate) async fn update_cart(
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<CartPath>,
    expected: MaybeIfMatch,
    Speaks(language): Speaks,
    Body(body): Body<CartPatch>,
) -> Result<Tagged<Cart>> {
    let now = clock::now();
    let cart = db.tx(move |conn| {
        let cart = caller.open(conn, path.cart_id, expected, now)?;
        let change = change_of(conn, &caller, &cart, &body, now)?;
        let cart = queries::change(conn, cart.id, change, now)?;
        view(conn, &catalogues, cart, language, now)
    });
    tagged(cart.await?)
}

/// Agree to the present prices
///
/// Clears the `price_changed` problems: the customer has seen what the lines cost now.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), params(CartPath, MaybeIfMatchHeader),
    responses((status = 200, description = "The cart", body = Cart, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "cart_already_ordered")))]
#[post("/v1/carts/{cartId}/price")]
pub(crate) async fn reprice_cart(
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<CartPath>,
    expected: MaybeIfMatch,
    Speaks(language): Speaks,
) -> Result<Tagged<Cart>> {
    let now = clock::now();
    let cart = db.tx(move |conn| {
        let cart = caller.open(conn, path.cart_id, expected, now)?;
        let (catalogue, context) = (catalogues.current(conn)?, context(conn, &cart, now)?);
        let mut seen = Vec::new();
        for line in queries::lines(conn, cart.id)? {
            let line = agreed(&catalogue, &context, line)?;
            seen.extend(line.seen.map(|price| (line.id, price)));
        }
        queries::see_prices(conn, &seen)?;
        let cart = queries::change(conn, cart.id, CartChange::default(), now)?;
        view(conn, &catalogues, cart, language, now)
    });
    tagged(cart.await?)
}

/// Throw a cart away
///
/// One that is not there any more is no error; one that became an order stays with it.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), params(CartPath),
    responses((status = 204, description = "It is gone"), (status = 409, description = "cart_already_ordered")))]
#[delete("/v1/carts/{cartId}")]
pub(crate) async fn delete_cart(caller: CartCaller, db: web::Data<Db>, Path(path): Path<CartPath>) -> Result<Answer> {
    let now = clock::now();
    db.tx(move |conn| {
        if queries::find(conn, path.cart_id, now)?.is_some() {
            let cart = caller.open(conn, path.cart_id, MaybeIfMatch::any(), now)?;
            queries::delete(conn, cart.id)?;
        }
        Ok(Answer::no_content())
    })
    .await
}

pub(super) fn tagged(cart: Cart) -> Result<Tagged<Cart>> {
    Ok(Tagged { version: cart.version, body: cart })
}

fn change_of(
    conn: &mut diesel::pg::PgConnection,
    caller: &CartCaller,
    cart: &CartRow,
    body: &CartPatch,
    now: DateTime<Utc>,
) -> Result<CartChange> {
    let not_found = || Error::invalid(vec![Fault::new("/storeId", "not_found")]);
    let store_id = body.store_id.as_ref().map(|id| store_path::resolve(conn, id).map_err(|_| not_found())).transpose()?;
    let (store, service) = (store_id.unwrap_or(cart.store_id), body.service_type.unwrap_or(cart.service_type));
    let mut faults: Vec<Fault> = body.address.iter().flatten().flat_map(Address::faults).collect();
    if !stores::find(conn, store)?.services().contains(&service) {
        faults.push(Fault::new("/serviceType", "not_offered"));
    }
    if !may_use(cart.channel, caller.user.as_ref(), store) && store_id.is_some() {
        faults.push(Fault::new("/storeId", "not_offered"));
    }
    let within = |at: DateTime<Utc>| at > now && at <= now + TimeDelta::days(HORIZON_DAYS);
    if body.requested_at.flatten().is_some_and(|at| !within(at)) {
        faults.push(Fault::new("/requestedAt", "not_within_a_week"));
    }
    if body.tip.is_some_and(|tip| tip.amount > MAX_TIP_CENTS) {
        faults.push(Fault::new("/tip/amount", "too_large").with("limit", MAX_TIP_CENTS));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let address = body.address.as_ref().map(|address| address.as_ref().map(serde_json::to_value).transpose()).transpose()?;
    Ok(CartChange {
        store_id,
        service_type: body.service_type.map(ServiceType::as_str),
        address,
        requested_at: body.requested_at,
        tip_cents: body.tip.map(|tip| tip.amount),
        note: body.note.clone(),
        age_confirmed: body.age_confirmed,
        ..CartChange::default()
    })
}

/// More than anybody gives; a slip of the finger is not charged.
pub const MAX_TIP_CENTS: i64 = 100_000;
