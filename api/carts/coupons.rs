//! Coupons of a cart: entered whatever they are, so that the cart can say why one does not apply.

use actix_web::{HttpRequest, delete, post, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::admit_coupon;
use crate::carts::caller::CartCaller;
use crate::carts::carts::{CartPath, tagged};
use crate::carts::queries::{self, CartChange};
use crate::carts::view::{Cart, view};
use crate::catalogue::Catalogues;
use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::edit::{MaybeIfMatch, MaybeIfMatchHeader, Tagged};
use crate::http::idempotency::answer_once;
use crate::http::problem::Speaks;
use crate::http::receive::{IdempotencyHeader, Path, Post};

/// More than anybody has; keeps a cart from trying codes out by the hundred.
pub(super) const MAX_COUPONS: usize = 5;

/// A coupon to enter.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddCoupon {
    code: CouponCode,
}

/// The code of a coupon, in capitals or not.
#[derive(Clone, Deserialize, ToSchema)]
#[schema(value_type = String, min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9_-]+$", example = "BIENVENUE")]
pub struct CouponCode(String);

impl CouponCode {
    pub fn in_capitals(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

#[derive(Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct CouponPath {
    /// The cart.
    #[param(rename = "cartId")]
    cart_id: Uuid,
    /// The code, in capitals or not.
    #[param(max_length = 32, example = "BIENVENUE")]
    code: String,
}

/// Enter a coupon
///
/// It stays entered even if it does not apply (yet): `coupons` says what it takes off, or why nothing, and `problems` that the
/// cart cannot be ordered with it. Entering one twice changes nothing.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), request_body = AddCoupon,
    params(CartPath, IdempotencyHeader, MaybeIfMatchHeader),
    responses((status = 200, description = "The cart with the coupon", body = Cart),
        (status = 409, description = "cart_already_ordered"), (status = 429, description = "too_many_requests")))]
#[post("/v1/carts/{cartId}/coupons")]
pub(crate) async fn add_coupon(
    request: HttpRequest,
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<CartPath>,
    expected: MaybeIfMatch,
    Speaks(language): Speaks,
    post: Post<AddCoupon>,
) -> Result<Answer> {
    let Post { body, once } = post;
    admit_coupon(&db, &request, clock::now()).await?;
    answer_once(&db, once, move |conn, now| {
        let mut cart = caller.open(conn, path.cart_id, expected, now)?;
        let (code, mut coupons) = (body.code.in_capitals(), cart.coupons());
        if !coupons.contains(&code) {
            if coupons.len() >= MAX_COUPONS {
                return Err(Error::invalid(vec![Fault::new("/code", "too_many").with("limit", MAX_COUPONS)]));
            }
            coupons.push(code);
            cart = queries::change(conn, cart.id, CartChange { coupons: Some(coupons), ..CartChange::default() }, now)?;
        }
        Answer::ok(&view(conn, &catalogues, cart, language, now)?)
    })
    .await
}

/// Take a coupon away
///
/// One that is not there is no error.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), params(CouponPath, MaybeIfMatchHeader),
    responses((status = 200, description = "The cart without the coupon", body = Cart, headers(("ETag" = String, description = "The version"))),
        (status = 409, description = "cart_already_ordered")))]
#[delete("/v1/carts/{cartId}/coupons/{code}")]
pub(crate) async fn remove_coupon(
    caller: CartCaller,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<CouponPath>,
    expected: MaybeIfMatch,
    Speaks(language): Speaks,
) -> Result<Tagged<Cart>> {
    let now = clock::now();
    let cart = db.tx(move |conn| {
        let mut cart = caller.open(conn, path.cart_id, expected, now)?;
        let (code, before) = (path.code.to_ascii_uppercase(), cart.coupons());
        let coupons: Vec<String> = before.iter().filter(|own| **own != code).cloned().collect();
        if coupons != before {
            cart = queries::change(conn, cart.id, CartChange { coupons: Some(coupons), ..CartChange::default() }, now)?;
        }
        view(conn, &catalogues, cart, language, now)
    });
    tagged(cart.await?)
}
