//! Carts as their owners see them.

use actix_web::{HttpRequest, get, post, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::language::Language;
use domain::money::{Cents, Money};
use domain::order::ServiceType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::queries::{self, CartRow};
use crate::carts::quote::{Quote, QuotedLine, quote};
use crate::carts::totals::Totals;
use crate::clock;
use crate::db::Db;
use crate::error::{Code, Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::auth::{MaybeSignedIn, User, header, random_token, sha256};
use crate::http::problem::Speaks;
use crate::http::receive::{Body, Path};
use crate::http::sentences;
use crate::http::store_path;
use crate::stock::ledger;
use crate::stores::queries as stores;

/// A new cart.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateCart {
    /// Id or slug of the store.
    #[schema(max_length = 64, example = "paris-bastille")]
    store_id: String,
    service_type: ServiceType,
}

/// A cart with its prices as they are now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cart {
    id: Uuid,
    /// The secret of the cart, told once, when it is created: send it as `Cart-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    store_id: Uuid,
    service_type: ServiceType,
    lines: Vec<CartLine>,
    totals: Totals,
    /// What stands in the way of an order; empty when it can be placed.
    problems: Vec<CartProblem>,
    /// The order it became.
    order_id: Option<Uuid>,
    /// Its secret, for a customer who lost the answer to the placement: it goes into `Tracking-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_token: Option<String>,
    expires_at: DateTime<Utc>,
    /// Counts the changes.
    #[schema(example = 3)]
    version: i32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CartLine {
    id: Uuid,
    product_id: Uuid,
    variant_id: Uuid,
    #[schema(example = "Reine")]
    name: String,
    #[schema(example = "Moyenne 31 cm")]
    variant_name: String,
    #[schema(example = 2)]
    quantity: u32,
    /// Of one unit, without its modifiers.
    unit_price: Money,
    /// On each unit.
    modifiers: Vec<CartModifier>,
    total: Money,
    note: Option<String>,
    /// Whether it can be made now, together with the rest of the cart.
    available: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CartModifier {
    modifier_id: Uuid,
    #[schema(example = "Mozzarella")]
    name: String,
    #[schema(example = 1)]
    quantity: u32,
    unit_price: Money,
}

/// Why the cart cannot be ordered as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CartProblem {
    /// The code with which placing the order would fail.
    #[schema(example = "out_of_stock")]
    code: String,
    /// JSON pointer into the cart.
    #[schema(example = "/lines/0")]
    pointer: String,
    /// For people.
    detail: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CartPath {
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
    Speaks(language): Speaks,
    Body(body): Body<CreateCart>,
) -> Result<Answer> {
    let now = clock::now();
    let customer_id = user.map(|user| user.id);
    db.tx(move |conn| {
        let store_id =
            store_path::resolve(conn, &body.store_id).map_err(|_| Error::invalid(vec![Fault::new("/storeId", "not_found")]))?;
        if !stores::find(conn, store_id)?.services().contains(&body.service_type) {
            return Err(Error::invalid(vec![Fault::new("/serviceType", "not_offered")]));
        }
        let token = random_token();
        let cart = CartRow {
            id: Uuid::now_v7(),
            token_hash: sha256(token.as_bytes()),
            store_id,
            service_type: body.service_type,
            customer_id,
            order_id: None,
            version: 1,
            expires_at: queries::expiry(now),
        };
        queries::insert(conn, &cart, now)?;
        let view = Cart { token: Some(token), ..view(conn, cart, language, now)? };
        Answer::created(format!("/v1/carts/{}", view.id), &view)
    })
    .await
}

/// Read a cart
///
/// Prices, VAT and availability are computed anew.
#[utoipa::path(tag = "carts", security(("cartToken" = []), ("bearer" = [])), params(("cartId" = Uuid, Path, description = "The cart")),
    responses((status = 200, description = "The cart", body = Cart)))]
#[get("/v1/carts/{cartId}")]
pub(crate) async fn find_cart(
    caller: CartCaller,
    db: web::Data<Db>,
    Path(path): Path<CartPath>,
    Speaks(language): Speaks,
) -> Result<web::Json<Cart>> {
    let now = clock::now();
    let cart = db
        .run(move |conn| {
            let cart = caller.admit(queries::find(conn, path.cart_id, now)?)?;
            view(conn, cart, language, now)
        })
        .await?;
    Ok(web::Json(cart))
}

/// Who shows the cart's secret, or is logged in.
#[derive(Clone)]
pub struct CartCaller {
    user: Option<User>,
    token: Option<String>,
}

impl actix_web::FromRequest for CartCaller {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        let user = MaybeSignedIn::from_request(request, payload).into_inner();
        std::future::ready(user.and_then(|MaybeSignedIn(user)| {
            let token = header(request, "cart-token");
            if user.is_none() && token.is_none() {
                return Err(Error::new(Code::Unauthenticated));
            }
            Ok(CartCaller { user, token })
        }))
    }
}

impl CartCaller {
    /// The cart, if it is the caller's; otherwise it is not there.
    pub fn admit(&self, cart: Option<CartRow>) -> Result<CartRow> {
        let shows = |cart: &CartRow| self.token.as_ref().is_some_and(|token| sha256(token.as_bytes()) == cart.token_hash);
        let owns = |cart: &CartRow| self.user.as_ref().is_some_and(|user| cart.customer_id == Some(user.id));
        cart.filter(|cart| shows(cart) || owns(cart)).ok_or_else(|| Error::not_found("cart"))
    }

    pub fn user_id(&self) -> Option<Uuid> {
        self.user.as_ref().map(|user| user.id)
    }
}

/// Prices the cart and looks what of it can be made.
pub(super) fn view(conn: &mut PgConnection, cart: CartRow, language: Language, now: DateTime<Utc>) -> Result<Cart> {
    let quote = quote(conn, cart, now)?;
    let available = ledger::available(conn, quote.cart.store_id, &quote.ingredients())?;
    let short = quote.short_lines(&available);
    let problems = if quote.cart.order_id.is_some() { Vec::new() } else { problems(&quote, &short, language) };
    let tracking_token = quote.cart.order_id.map(|id| queries::tracking_token(conn, id)).transpose()?;
    let lines = quote.lines.iter().enumerate();
    Ok(Cart {
        id: quote.cart.id,
        token: None,
        store_id: quote.cart.store_id,
        service_type: quote.cart.service_type,
        lines: lines.map(|(i, line)| line_view(line, line.on_sale && !short.contains(&i), language)).collect(),
        totals: Totals::from(&quote.priced),
        problems,
        order_id: quote.cart.order_id,
        tracking_token,
        expires_at: quote.cart.expires_at,
        version: quote.cart.version,
    })
}

fn problems(quote: &Quote, short: &[usize], language: Language) -> Vec<CartProblem> {
    let problem = |code: Code, index: usize, line: &QuotedLine| CartProblem {
        code: code.word().to_owned(),
        pointer: format!("/lines/{index}"),
        detail: sentences::fill(
            sentences::detail(code, language),
            &[("names", line.row.variant.product_name.get(language).to_owned())],
        ),
    };
    let lines = quote.lines.iter().enumerate();
    lines
        .filter_map(|(index, line)| match (line.on_sale, short.contains(&index)) {
            (false, _) => Some(problem(Code::ProductUnavailable, index, line)),
            (true, true) => Some(problem(Code::OutOfStock, index, line)),
            (true, false) => None,
        })
        .collect()
}

fn line_view(line: &QuotedLine, available: bool, language: Language) -> CartLine {
    let variant = &line.row.variant;
    let modifiers = line.modifiers.iter().map(|(m, quantity)| CartModifier {
        modifier_id: m.id,
        name: m.name.get(language).to_owned(),
        quantity: *quantity,
        unit_price: Cents(m.price_cents).into(),
    });
    CartLine {
        id: line.row.id,
        product_id: variant.product_id,
        variant_id: variant.id,
        name: variant.product_name.get(language).to_owned(),
        variant_name: variant.name.get(language).to_owned(),
        quantity: line.row.quantity,
        unit_price: Cents(variant.price_cents).into(),
        modifiers: modifiers.collect(),
        total: line.total.into(),
        note: line.row.note.clone(),
        available,
    }
}
