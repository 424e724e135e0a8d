//! What a body may not say: everything that is wrong with it at once, each at its place.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::promotion::{Conditions, PromotionKind};
use uuid::Uuid;

use crate::error::{Error, Fault, Result};
use crate::promotions::promotions::PromotionBody;
use schema::{categories, products, stores};

pub(super) fn promotion(conn: &mut PgConnection, body: &PromotionBody) -> Result<()> {
    let mut faults = figures(body);
    faults.extend(days(body.valid_from, body.valid_until));
    faults.extend(unknown(conn, &body.conditions)?);
    none(faults)
}

pub(super) fn none(faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Each kind has its own figures, all of them and no others.
fn figures(body: &PromotionBody) -> Vec<Fault> {
    let figures = [
        ("/percentBasisPoints", PromotionKind::Percent, body.percent_basis_points.is_some()),
        ("/amount", PromotionKind::Amount, body.amount.is_some()),
        ("/buyQuantity", PromotionKind::BuyXGetY, body.buy_quantity.is_some()),
        ("/getQuantity", PromotionKind::BuyXGetY, body.get_quantity.is_some()),
    ];
    let of_kind = figures.into_iter().filter_map(|(at, kind, there)| match (kind == body.kind, there) {
        (true, false) => Some(Fault::new(at, "required")),
        (false, true) => Some(Fault::new(at, "not_offered")),
        _ => None,
    });
    let nothing = body.amount.filter(|amount| amount.amount == 0);
    of_kind.chain(nothing.map(|_| Fault::new("/amount/amount", "too_small").with("limit", 1))).collect()
}

/// Compared as the database keeps them, in microseconds.
pub(super) fn days(from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Option<Fault> {
    let (from, until) = (from?, until?);
    let ends_before = until.timestamp_micros() <= from.timestamp_micros();
    ends_before.then(|| Fault::new("/validUntil", "not_after").with("limit", from.to_rfc3339()))
}

/// Nobody loses what was used already.
pub(super) fn is_enough(maximum: Option<i32>, uses: i32) -> Result<()> {
    let too_small = maximum.filter(|maximum| *maximum < uses);
    none(too_small.map(|_| Fault::new("/maximumUses", "too_small").with("limit", uses)).into_iter().collect())
}

fn unknown(conn: &mut PgConnection, conditions: &Conditions) -> Result<Vec<Fault>> {
    let missing = |at: &str, ids: &[Uuid], known: Vec<Uuid>| -> Vec<Fault> {
        let unknown = ids.iter().enumerate().filter(|(_, id)| !known.contains(id));
        unknown.map(|(index, _)| Fault::new(format!("/conditions/{at}/{index}"), "not_found")).collect()
    };
    let mut faults = Vec::new();
    if !conditions.store_ids.is_empty() {
        let known = stores::table.filter(stores::id.eq_any(&conditions.store_ids)).select(stores::id).load(conn)?;
        faults.extend(missing("storeIds", &conditions.store_ids, known));
    }
    if !conditions.product_ids.is_empty() {
        let known = products::table.filter(products::id.eq_any(&conditions.product_ids)).select(products::id).load(conn)?;
        faults.extend(missing("productIds", &conditions.product_ids, known));
    }
    if !conditions.category_ids.is_empty() {
        let known =
            categories::table.filter(categories::id.eq_any(&conditions.category_ids)).select(categories::id).load(conn)?;
        faults.extend(missing("categoryIds", &conditions.category_ids, known));
    }
    Ok(faults)
}
