//! A customer logs in with a cart in hand.

use std::collections::BTreeSet;

use actix_web::{post, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use uuid::Uuid;

use crate::carts::caller::CartCaller;
use crate::carts::carts::{CartPath, tagged};
use crate::carts::coupons::MAX_COUPONS;
use crate::carts::lines::{MAX_LINES, MAX_UNITS};
use crate::carts::queries::{self, CartChange, CartRow, WantedLine};
use crate::carts::view::{Cart, view};
use crate::catalogue::Catalogues;
use crate::clock;
use crate::db::Db;
use crate::error::{Code, Error, Result};
use crate::http::edit::{MaybeIfMatch, Tagged};
use crate::http::problem::Speaks;
use crate::http::receive::Path;

/// Make a cart the own one
///
/// After log-in: send the access token and the cart's `Cart-Token`. The cart becomes the account's; what lay in the account's
/// open cart, from another device, comes into it (same choices are added up, as far as a cart may hold), and that other cart
/// is gone. Store, service and address of the cart in hand stay. Again changes nothing.
#[utoipa::path(tag = "carts", security(("bearer" = [])), params(CartPath),
    responses((status = 200, description = "The cart", body = Cart, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "cart_already_ordered")))]
#[post("/v1/carts/{cartId}/merge")]
pub(crate) async fn merge_cart(
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<CartPath>,
    Speaks(language): Speaks,
) -> Result<Tagged<Cart>> {
    let user_id = caller.user_id().ok_or_else(|| Error::new(Code::Unauthenticated))?;
    let now = clock::now();
    let cart = db.tx(move |conn| {
        let cart = caller.open(conn, path.cart_id, MaybeIfMatch::any(), now)?;
        // A cart of another account, opened with its secret, is not taken away from it; nor is a caller's by who took the call.
        if cart.customer_id.is_some_and(|owner| owner != user_id) || !cart.channel.is_of_customers() {
            return Err(Error::not_found("cart"));
        }
        let cart = merge(conn, cart, user_id, now)?;
        view(conn, &catalogues, cart, language, now)
    });
    tagged(cart.await?)
}

fn merge(conn: &mut PgConnection, cart: CartRow, user_id: Uuid, now: DateTime<Utc>) -> Result<CartRow> {
    let other = queries::lock_other(conn, user_id, cart.id, now)?;
    if other.is_none() && cart.customer_id == Some(user_id) {
        return Ok(cart);
    }
    let mut change = CartChange { customer_id: Some(Some(user_id)), ..CartChange::default() };
    if let Some(other) = other {
        let mut lines = queries::lines(conn, cart.id)?;
        for line in queries::lines(conn, other.id)? {
            if let Some(changed) = taken_in(&mut lines, line) {
                queries::write_line(conn, cart.id, &changed)?;
            }
        }
        let seen: BTreeSet<String> = cart.coupons().into_iter().collect();
        let more = other.coupons().into_iter().filter(|code| !seen.contains(code));
        change.coupons = Some(cart.coupons().into_iter().chain(more).take(MAX_COUPONS).collect());
        queries::delete(conn, other.id)?;
    }
    queries::change(conn, cart.id, change, now)
}

/// The line to write so that another one is in the cart as well; none when the cart is full.
fn taken_in(lines: &mut Vec<WantedLine>, other: WantedLine) -> Option<WantedLine> {
    let room = MAX_UNITS.saturating_sub(lines.iter().map(|line| line.quantity).sum());
    let count = other.quantity.min(room);
    if count == 0 {
        return None;
    }
    let alike =
        |line: &&mut WantedLine| line.selection == other.selection && line.note == other.note && line.quantity + count <= 50;
    if let Some(line) = lines.iter_mut().find(alike) {
        line.quantity += count;
        return Some(line.clone());
    }
    if lines.len() >= MAX_LINES {
        return None;
    }
    let line = WantedLine { id: Uuid::now_v7(), quantity: count, ..other };
    lines.push(line.clone());
    Some(line)
}
