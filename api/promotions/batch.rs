//! Many coupons at once, with codes that nobody guesses: for letters, flyers and excuses.

use actix_web::{post, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::people::AuditAction;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::audit::{self, Change};
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Staff};
use crate::http::idempotency::answer_once;
use crate::http::receive::{IdempotencyHeader, Path, Post};
use crate::promotions::check;
use crate::promotions::coupons::CouponColumns;
use crate::promotions::promotions::{self, PromotionPath};
use schema::coupons;

/// Without 0, O, 1 and I, which people mix up.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Fifty bits behind the prefix: who tries codes finds none.
const LENGTH: usize = 10;

/// Coupons to be made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CouponBatchBody {
    #[schema(minimum = 1, maximum = 1000, example = 20)]
    count: u16,
    /// Every code begins with it; kept in capitals.
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9_-]*$", example = "NOEL-")]
    prefix: Option<String>,
    /// null: as soon as their promotion holds.
    #[schema(example = "2026-11-30T23:00:00Z")]
    valid_from: Option<DateTime<Utc>>,
    /// They end there; null: with their promotion.
    #[schema(example = "2026-12-31T22:59:59Z")]
    valid_until: Option<DateTime<Utc>>,
    /// Each for so many orders.
    #[serde(default = "single_use")]
    #[schema(minimum = 1, maximum = 100000000, default = 1, example = 1)]
    maximum_uses: i32,
    /// Each for so many orders of one customer; null: any number.
    #[schema(minimum = 1, maximum = 1000000, example = 1)]
    maximum_uses_per_customer: Option<i32>,
}

/// Coupons that were made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CouponBatch {
    promotion_id: Uuid,
    #[schema(max_items = 1000, example = json!(["NOEL-7KQ2M9XWHA"]))]
    codes: Vec<String>,
}

fn single_use() -> i32 {
    1
}

/// Create many coupons
///
/// With random codes, each for one order unless told otherwise. Send an `Idempotency-Key`: a retry without one makes as many again.
#[utoipa::path(tag = "promotions", security(("bearer" = ["manager", "admin"])), params(PromotionPath, IdempotencyHeader),
    request_body = CouponBatchBody,
    responses((status = 201, description = "The codes", body = CouponBatch)))]
#[post("/v1/promotions/{promotionId}/coupons/batch")]
pub(crate) async fn create_coupon_batch(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PromotionPath>,
    post: Post<CouponBatchBody>,
) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let promotion_id = path.promotion_id;
        match promotions::takes_coupons(conn, promotion_id)? {
            Some(true) => check::none(check::days(body.valid_from, body.valid_until).into_iter().collect())?,
            Some(false) => return Err(Error::invalid(vec![Fault::new("promotionId", "not_offered")])),
            None => return Err(Error::not_found("promotion")),
        }
        let codes = make(conn, promotion_id, &body)?;
        // One entry for all: the codes are in the list of coupons.
        let change = Change {
            actor_id: Some(staff.user.id),
            action: AuditAction::Create,
            entity: "coupon_batch",
            entity_id: promotion_id.to_string(),
            store_id: None,
            before: None,
            after: Some(serde_json::to_value(&body)?),
        };
        audit::record(conn, change, now)?;
        Answer::created(format!("/v1/coupons?promotionId={promotion_id}"), &CouponBatch { promotion_id, codes })
    })
    .await
}

/// Writes as many as are wanted; a code that exists already is drawn again.
fn make(conn: &mut PgConnection, promotion_id: Uuid, body: &CouponBatchBody) -> Result<Vec<String>> {
    let count = usize::from(body.count);
    let prefix = body.prefix.as_deref().unwrap_or_default().to_ascii_uppercase();
    let mut codes: Vec<String> = Vec::with_capacity(count);
    while codes.len() < count {
        let rows: Vec<_> = (codes.len()..count)
            .map(|_| {
                let columns = CouponColumns {
                    promotion_id,
                    code: random_code(&prefix),
                    valid_from: body.valid_from,
                    valid_until: body.valid_until,
                    maximum_uses: Some(body.maximum_uses),
                    maximum_uses_per_customer: body.maximum_uses_per_customer,
                };
                (coupons::id.eq(Uuid::now_v7()), columns)
            })
            .collect();
        let written = diesel::insert_into(coupons::table)
            .values(rows)
            .on_conflict(coupons::code)
            .do_nothing()
            .returning(coupons::code)
            .get_results::<String>(conn)?;
        codes.extend(written);
    }
    Ok(codes)
}

fn random_code(prefix: &str) -> String {
    let random = rand::random::<[u8; LENGTH]>();
    let letters = random.iter().filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
    prefix.chars().chain(letters.map(|letter| char::from(*letter))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_easy_to_read_and_hard_to_guess() {
        let codes: std::collections::BTreeSet<String> = (0..1000).map(|_| random_code("NOEL-")).collect();
        assert_eq!(codes.len(), 1000);
        for code in codes {
            let letters = code.strip_prefix("NOEL-").expect("the prefix");
            assert_eq!(letters.len(), LENGTH, "{code}");
            assert!(letters.bytes().all(|letter| LETTERS.contains(&letter)), "{code}");
        }
    }
}
