//! The lines of a cart; every answer is the whole cart, priced anew.

use actix_web::{delete, patch, post, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::carts::{Cart, CartCaller, CartPath, view};
use crate::carts::queries::{self, CartRow, ChosenModifier, LineChange, VariantRow};
use crate::clock;
use crate::db::Db;
use crate::error::{Code, Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::idempotency::answer_once;
use crate::http::problem::Speaks;
use crate::http::receive::{Body, IdempotencyHeader, Path, Post, present};

/// More lines than any evening needs; keeps a cart's price quick to compute.
const MAX_LINES: usize = 50;
/// More than a shop makes in an evening for one customer; keeps one cart from emptying it.
const MAX_UNITS: u32 = 100;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddCartLine {
    /// A variant of the menu.
    variant_id: Uuid,
    #[schema(minimum = 1, maximum = 50, example = 2)]
    #[serde(default = "one")]
    quantity: u32,
    /// On each unit.
    #[serde(default)]
    #[schema(max_items = 20)]
    modifiers: Vec<LineModifier>,
    /// For the kitchen.
    #[schema(max_length = 200, example = "bien cuite")]
    note: Option<String>,
}

/// What to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CartLinePatch {
    #[schema(minimum = 1, maximum = 50, example = 3)]
    quantity: Option<u32>,
    /// Replaces them all.
    #[schema(max_items = 20)]
    modifiers: Option<Vec<LineModifier>>,
    /// null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 200, example = "sans oignon")]
    note: Option<Option<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LineModifier {
    /// A modifier that the product offers in this size.
    modifier_id: Uuid,
    #[schema(minimum = 1, maximum = 10, example = 1)]
    #[serde(default = "one")]
    quantity: u32,
}

fn one() -> u32 {
    1
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinePath {
    cart_id: Uuid,
    line_id: Uuid,
}

/// Add a line to a cart
///
/// What is sold out can be added: the cart says so in `problems`, and it may come back.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), request_body = AddCartLine,
    params(("cartId" = Uuid, Path, description = "The cart"), IdempotencyHeader),
    responses((status = 201, description = "The cart with the line", body = Cart),
        (status = 409, description = "cart_already_ordered")))]
#[post("/v1/carts/{cartId}/lines")]
pub(crate) async fn add_cart_line(
    caller: CartCaller,
    db: web::Data<Db>,
    Path(path): Path<CartPath>,
    Speaks(language): Speaks,
    post: Post<AddCartLine>,
) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let cart = open_cart(conn, &caller, path.cart_id, now)?;
        let lines = queries::lines(conn, cart.id)?;
        if lines.len() >= MAX_LINES {
            return Err(Error::invalid(vec![Fault::new("/lines", "too_many").with("limit", MAX_LINES)]));
        }
        check_units(lines.iter().map(|line| line.quantity).sum::<u32>() + body.quantity)?;
        let variant = queries::variant(conn, body.variant_id)?.filter(|variant| variant.on_sale);
        let variant = variant.ok_or_else(|| Error::invalid(vec![Fault::new("/variantId", "not_found")]))?;
        let chosen = checked_modifiers(conn, &variant, &body.modifiers)?;
        let line = LineChange { quantity: body.quantity, chosen, note: body.note.clone() };
        queries::insert_line(conn, cart.id, variant.id, &line)?;
        let cart = touched(conn, cart, now)?;
        Answer::created(format!("/v1/carts/{}", cart.id), &view(conn, cart, language, now)?)
    })
    .await
}

/// Change a line of a cart
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), request_body = CartLinePatch,
    params(("cartId" = Uuid, Path, description = "The cart"), ("lineId" = Uuid, Path, description = "The line")),
    responses((status = 200, description = "The changed cart", body = Cart),
        (status = 409, description = "cart_already_ordered")))]
#[patch("/v1/carts/{cartId}/lines/{lineId}")]
pub(crate) async fn update_cart_line(
    caller: CartCaller,
    db: web::Data<Db>,
    Path(path): Path<LinePath>,
    Speaks(language): Speaks,
    Body(body): Body<CartLinePatch>,
) -> Result<web::Json<Cart>> {
    let now = clock::now();
    let cart = db
        .tx(move |conn| {
            let cart = open_cart(conn, &caller, path.cart_id, now)?;
            let (own, others): (Vec<_>, Vec<_>) =
                queries::lines(conn, cart.id)?.into_iter().partition(|line| line.id == path.line_id);
            let line = own.into_iter().next().ok_or_else(|| Error::not_found("line"))?;
            let quantity = body.quantity.unwrap_or(line.quantity);
            check_units(others.iter().map(|line| line.quantity).sum::<u32>() + quantity)?;
            let chosen = match &body.modifiers {
                Some(modifiers) => checked_modifiers(conn, &line.variant, modifiers)?,
                None => line.chosen,
            };
            let change = LineChange { quantity, chosen, note: body.note.clone().unwrap_or(line.note) };
            queries::update_line(conn, line.id, &change)?;
            let cart = touched(conn, cart, now)?;
            view(conn, cart, language, now)
        })
        .await?;
    Ok(web::Json(cart))
}

/// Remove a line from a cart
///
/// A line that is not there any more is no error.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])),
    params(("cartId" = Uuid, Path, description = "The cart"), ("lineId" = Uuid, Path, description = "The line")),
    responses((status = 200, description = "The cart without the line", body = Cart),
        (status = 409, description = "cart_already_ordered")))]
#[delete("/v1/carts/{cartId}/lines/{lineId}")]
pub(crate) async fn delete_cart_line(
    caller: CartCaller,
    db: web::Data<Db>,
    Path(path): Path<LinePath>,
    Speaks(language): Speaks,
) -> Result<web::Json<Cart>> {
    let now = clock::now();
    let cart = db
        .tx(move |conn| {
            let cart = open_cart(conn, &caller, path.cart_id, now)?;
            let there = queries::lines(conn, cart.id)?.iter().any(|line| line.id == path.line_id);
            let cart = if there {
                queries::delete_line(conn, path.line_id)?;
                touched(conn, cart, now)?
            } else {
                cart
            };
            view(conn, cart, language, now)
        })
        .await?;
    Ok(web::Json(cart))
}

fn check_units(units: u32) -> Result<()> {
    if units <= MAX_UNITS {
        return Ok(());
    }
    Err(Error::invalid(vec![Fault::new("/quantity", "too_large_in_all").with("limit", MAX_UNITS)]))
}

/// The caller's cart, locked, as long as it is no order.
fn open_cart(conn: &mut PgConnection, caller: &CartCaller, id: Uuid, now: DateTime<Utc>) -> Result<CartRow> {
    let cart = caller.admit(queries::lock(conn, id, now)?)?;
    if cart.order_id.is_some() { Err(Error::new(Code::CartOrdered)) } else { Ok(cart) }
}

fn touched(conn: &mut PgConnection, cart: CartRow, now: DateTime<Utc>) -> Result<CartRow> {
    queries::touch(conn, cart.id, now)?;
    Ok(CartRow { version: cart.version + 1, expires_at: queries::expiry(now), ..cart })
}

/// The server enforces the option rules: each modifier is one that the product offers in this size, none stands twice, and
/// each group gets as many as it asks for.
fn checked_modifiers(conn: &mut PgConnection, variant: &VariantRow, sent: &[LineModifier]) -> Result<Vec<ChosenModifier>> {
    let ids: Vec<Uuid> = sent.iter().map(|m| m.modifier_id).collect();
    let known = queries::modifiers(conn, &ids)?;
    let groups = queries::groups_of(conn, variant.product_id)?;
    let mut faults = Vec::new();
    for (index, modifier) in sent.iter().enumerate() {
        let mut fault = |code| faults.push(Fault::new(format!("/modifiers/{index}/modifierId"), code));
        let offered = |m: &&queries::ModifierRow| m.id == modifier.modifier_id && groups.iter().any(|g| g.id == m.group_id);
        let mut sizes = known.iter().filter(offered).peekable();
        if sizes.peek().is_none() {
            fault("not_offered");
        } else if !sizes.any(|m| m.size_code == variant.size_code) {
            fault("not_for_this_size");
        }
        if ids.iter().take(index).any(|id| *id == modifier.modifier_id) {
            fault("duplicate");
        }
    }
    for group in &groups {
        let of_group = |m: &&LineModifier| known.iter().any(|k| k.id == m.modifier_id && k.group_id == group.id);
        let count: u32 = sent.iter().filter(of_group).map(|m| m.quantity).sum();
        if count < group.minimum {
            faults.push(Fault::new("/modifiers", "too_few").with("limit", group.minimum));
        } else if count > group.maximum {
            faults.push(Fault::new("/modifiers", "too_many").with("limit", group.maximum));
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    Ok(sent.iter().map(|m| ChosenModifier { modifier_id: m.modifier_id, quantity: m.quantity }).collect())
}
