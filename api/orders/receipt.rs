//! The receipt of an order: what was sold, as it was named, priced and taxed then.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use domain::people::Actor;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::totals::Totals;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::auth::OrderCaller;
use crate::http::problem::Speaks;
use crate::http::receive::Path;
use crate::orders::orders::OrderPath;
use crate::orders::queries;
use crate::orders::view::{self, OrderLine, OrderPayment};
use crate::stores::queries as stores;

/// What was sold and what is in it of VAT.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    order_id: Uuid,
    #[schema(example = "PAR-42")]
    number: String,
    store: ReceiptStore,
    placed_at: DateTime<Utc>,
    lines: Vec<OrderLine>,
    /// VAT is broken down by rate in `taxes`.
    totals: Totals,
    payment: OrderPayment,
}

/// Who sold it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiptStore {
    #[schema(example = "OC Pizza Paris Bastille")]
    name: String,
    #[schema(example = "14 rue de la Roquette")]
    line1: String,
    #[schema(example = "75011")]
    postcode: String,
    #[schema(example = "Paris")]
    city: String,
    /// E.164.
    #[schema(example = "+33199001201")]
    phone: String,
}

/// Read the receipt of an order
///
/// For its customer, and for the staff of its store that takes money. Figures and names are those of the sale: nothing in it
/// changes when the menu does. The names are in the language of the request.
#[utoipa::path(tag = "orders", security(("bearer" = []), ("trackingToken" = [])), params(OrderPath),
    responses((status = 200, description = "The receipt", body = Receipt)))]
#[get("/v1/orders/{orderId}/receipt")]
pub(crate) async fn find_receipt(
    caller: OrderCaller,
    db: web::Data<Db>,
    Path(path): Path<OrderPath>,
    Speaks(language): Speaks,
) -> Result<web::Json<Receipt>> {
    let receipt = db.run(move |conn| {
        let row = queries::find(conn, path.order_id)?;
        let actors = caller.actors(row.store_id, row.customer_id, &row.tracking_token)?;
        if actors.iter().all(|actor| *actor == Actor::Cook) {
            return Err(Error::not_found("receipt"));
        }
        let store = stores::find(conn, row.store_id)?;
        let order = view::one(conn, row, language, &actors)?;
        Ok(Receipt {
            order_id: order.id,
            number: order.number,
            store: ReceiptStore {
                name: store.name,
                line1: store.line1,
                postcode: store.postcode,
                city: store.city,
                phone: store.phone,
            },
            placed_at: order.placed_at,
            lines: order.lines,
            totals: order.totals,
            payment: order.payment,
        })
    });
    Ok(web::Json(receipt.await?))
}
