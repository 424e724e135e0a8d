//! Whose cart it is, and how it is opened for a change.

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::order::Channel;
use domain::people::Actor;
use uuid::Uuid;

use crate::carts::queries::{self, CartRow};
use crate::error::{Code, Error, Result};
use crate::http::auth::{MaybeSignedIn, User, header, sha256};
use crate::http::edit::MaybeIfMatch;

/// Who shows the cart's secret, or is logged in.
#[derive(Clone)]
pub struct CartCaller {
    pub(super) user: Option<User>,
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

    /// The caller's cart, locked, as long as it is no order and has not been changed by somebody else.
    pub(super) fn open(&self, conn: &mut PgConnection, id: Uuid, expected: MaybeIfMatch, now: DateTime<Utc>) -> Result<CartRow> {
        let cart = self.admit(queries::lock(conn, id, now)?)?;
        if let Some(order_id) = cart.order_id {
            return Err(Error::new(Code::CartOrdered).extend("orderId", order_id.to_string().into()));
        }
        expected.check(cart.version)?;
        Ok(cart)
    }
}

/// Customers order on the site or in the app; the phone and the counter are for the staff of the store.
pub fn may_use(channel: Channel, user: Option<&User>, store_id: Uuid) -> bool {
    let staff = |actor: &Actor| matches!(actor, Actor::Counter | Actor::Cook | Actor::Manager);
    match channel {
        Channel::Web | Channel::App => true,
        Channel::Phone | Channel::Counter => user.is_some_and(|user| user.actors_at(store_id).iter().any(staff)),
        Channel::Partner => false,
    }
}
