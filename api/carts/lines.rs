//! The lines of a cart; every answer is the whole cart, priced anew.

use actix_web::{delete, patch, post, web};
use diesel::pg::PgConnection;
use domain::catalogue::{Catalogue, Context};
use domain::selection::{ChosenComponent, ChosenModifier, Selection, Wrong, check};
use domain::unit::unit;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::carts::caller::CartCaller;
use crate::carts::carts::{CartPath, tagged};
use crate::carts::queries::{self, CartChange, CartRow, WantedLine};
use crate::carts::view::{Cart, view};
use crate::catalogue::Catalogues;
use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::edit::{MaybeIfMatch, MaybeIfMatchHeader, Tagged};
use crate::http::idempotency::answer_once;
use crate::http::problem::Speaks;
use crate::http::receive::{Body, IdempotencyHeader, Path, Post, present};
use crate::stores::queries as stores;

/// More lines than any evening needs; keeps a cart's price quick to compute.
pub const MAX_LINES: usize = 50;
/// More than a shop makes in an evening for one customer; keeps one cart from emptying it.
pub const MAX_UNITS: u32 = 100;

/// A line to add: a variant of the menu, or two halves, or a combo, with options.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddCartLine {
    /// A variant of the menu; of two halves the first.
    variant_id: Uuid,
    /// The other half: of the same kind and size.
    second_variant_id: Option<Uuid>,
    #[schema(minimum = 1, maximum = 50, default = 1, example = 2)]
    #[serde(default = "one")]
    pub quantity: u32,
    /// On each unit.
    #[serde(default)]
    #[schema(max_items = 20, example = json!([{ "modifierId": "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50", "quantity": 1, "portion": "whole" }]))]
    modifiers: Vec<ChosenModifier>,
    /// What fills the slots of a combo.
    #[serde(default)]
    #[schema(max_items = 40, example = json!([]))]
    components: Vec<ChosenComponent>,
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
    /// Another size, or another product.
    variant_id: Option<Uuid>,
    /// null: no longer of two halves.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    second_variant_id: Option<Option<Uuid>>,
    /// Replaces them all.
    #[schema(max_items = 20, example = json!([]))]
    modifiers: Option<Vec<ChosenModifier>>,
    /// Replaces them all.
    #[schema(max_items = 40, example = json!([]))]
    components: Option<Vec<ChosenComponent>>,
    /// null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 200, example = "sans oignon")]
    note: Option<Option<String>>,
}

fn one() -> u32 {
    1
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct LinePath {
    /// The cart.
    #[param(rename = "cartId")]
    cart_id: Uuid,
    /// The line.
    #[param(rename = "lineId")]
    line_id: Uuid,
}

/// Add a line to a cart
///
/// The rules of options are checked; where a choice must be made and none was, the default is taken. What is sold out can be
/// added: the cart says so in `problems`, and it may come back.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), request_body = AddCartLine,
    params(CartPath, IdempotencyHeader, MaybeIfMatchHeader),
    responses((status = 201, description = "The cart with the line", body = Cart),
        (status = 409, description = "cart_already_ordered")))]
#[post("/v1/carts/{cartId}/lines")]
pub(crate) async fn add_cart_line(
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<CartPath>,
    expected: MaybeIfMatch,
    Speaks(language): Speaks,
    post: Post<AddCartLine>,
) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let cart = caller.open(conn, path.cart_id, expected, now)?;
        let lines = queries::lines(conn, cart.id)?;
        if lines.len() >= MAX_LINES {
            return Err(Error::invalid(vec![Fault::new("/lines", "too_many").with("limit", MAX_LINES)]));
        }
        check_units(lines.iter().map(|line| line.quantity).sum::<u32>() + body.quantity)?;
        let catalogue = catalogues.current(conn)?;
        let line = wanted_line(&catalogue, Uuid::now_v7(), &body, "")?;
        let line = agreed(&catalogue, &context(conn, &cart, now)?, line)?;
        queries::write_line(conn, cart.id, &line)?;
        let cart = queries::change(conn, cart.id, CartChange::default(), now)?;
        Answer::created(format!("/v1/carts/{}", cart.id), &view(conn, &catalogues, cart, language, now)?)
    })
    .await
}

/// Change a line of a cart
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), request_body = CartLinePatch,
    params(LinePath, MaybeIfMatchHeader),
    responses((status = 200, description = "The changed cart", body = Cart, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "cart_already_ordered")))]
#[patch("/v1/carts/{cartId}/lines/{lineId}")]
pub(crate) async fn update_cart_line(
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<LinePath>,
    expected: MaybeIfMatch,
    Speaks(language): Speaks,
    Body(body): Body<CartLinePatch>,
) -> Result<Tagged<Cart>> {
    let now = clock::now();
    let cart = db.tx(move |conn| {
        let cart = caller.open(conn, path.cart_id, expected, now)?;
        let (own, others): (Vec<_>, Vec<_>) =
            queries::lines(conn, cart.id)?.into_iter().partition(|line| line.id == path.line_id);
        let mut line = own.into_iter().next().ok_or_else(|| Error::not_found("line"))?;
        line.quantity = body.quantity.unwrap_or(line.quantity);
        line.note = body.note.clone().unwrap_or(line.note);
        check_units(others.iter().map(|line| line.quantity).sum::<u32>() + line.quantity)?;
        let (old, catalogue) = (line.selection.clone(), catalogues.current(conn)?);
        line.selection = Selection {
            variant_id: body.variant_id.unwrap_or(old.variant_id),
            second_variant_id: body.second_variant_id.unwrap_or(old.second_variant_id),
            modifiers: body.modifiers.clone().unwrap_or(old.modifiers.clone()),
            components: body.components.clone().unwrap_or(old.components.clone()),
        };
        // What is sold no more can still be made fewer.
        if line.selection != old {
            line.selection = check(&catalogue, &line.selection).map_err(|wrongs| refused(wrongs, ""))?;
            line = agreed(&catalogue, &context(conn, &cart, now)?, line)?;
        }
        queries::write_line(conn, cart.id, &line)?;
        let cart = queries::change(conn, cart.id, CartChange::default(), now)?;
        view(conn, &catalogues, cart, language, now)
    });
    tagged(cart.await?)
}

/// Remove a line from a cart
///
/// A line that is not there any more is no error.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), params(LinePath, MaybeIfMatchHeader),
    responses((status = 200, description = "The cart without the line", body = Cart, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "cart_already_ordered")))]
#[delete("/v1/carts/{cartId}/lines/{lineId}")]
pub(crate) async fn delete_cart_line(
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<LinePath>,
    expected: MaybeIfMatch,
    Speaks(language): Speaks,
) -> Result<Tagged<Cart>> {
    let now = clock::now();
    let cart = db.tx(move |conn| {
        let cart = caller.open(conn, path.cart_id, expected, now)?;
        let there = queries::lines(conn, cart.id)?.iter().any(|line| line.id == path.line_id);
        let cart = if there {
            queries::delete_line(conn, path.line_id)?;
            queries::change(conn, cart.id, CartChange::default(), now)?
        } else {
            cart
        };
        view(conn, &catalogues, cart, language, now)
    });
    tagged(cart.await?)
}

fn check_units(units: u32) -> Result<()> {
    if units <= MAX_UNITS {
        return Ok(());
    }
    Err(Error::invalid(vec![Fault::new("/quantity", "too_large_in_all").with("limit", MAX_UNITS)]))
}

/// The line that was asked for, if the rules of options allow it. `at` is where it stands in the body.
pub fn wanted_line(catalogue: &Catalogue, id: Uuid, body: &AddCartLine, at: &str) -> Result<WantedLine> {
    let selection = Selection {
        variant_id: body.variant_id,
        second_variant_id: body.second_variant_id,
        modifiers: body.modifiers.clone(),
        components: body.components.clone(),
    };
    let selection = check(catalogue, &selection).map_err(|wrongs| refused(wrongs, at))?;
    Ok(WantedLine { id, selection, quantity: body.quantity, note: body.note.clone(), seen: None })
}

fn refused(wrongs: Vec<Wrong>, at: &str) -> Error {
    let fault = |wrong: Wrong| {
        let fault = Fault::new(format!("{at}{}", wrong.pointer), wrong.code);
        match wrong.limit {
            Some(limit) => fault.with("limit", limit),
            None => fault,
        }
    };
    Error::invalid(wrongs.into_iter().map(fault).collect())
}

/// For whom and when the lines of a cart are priced.
pub(super) fn context(conn: &mut PgConnection, cart: &CartRow, now: chrono::DateTime<chrono::Utc>) -> Result<Context> {
    let at = stores::find(conn, cart.store_id)?.local(cart.requested_at.unwrap_or(now))?;
    Ok(Context { store: cart.store_id, service: cart.service_type, channel: cart.channel, at })
}

/// The line with the price that the customer is about to see: from now on a change is told.
pub(super) fn agreed(catalogue: &Catalogue, context: &Context, line: WantedLine) -> Result<WantedLine> {
    let selection = check(catalogue, &line.selection).unwrap_or_else(|_| line.selection.clone());
    let unit = unit(catalogue, context, &selection).map_err(Error::internal)?;
    Ok(WantedLine { seen: unit.map(|unit| unit.price()), ..line })
}
