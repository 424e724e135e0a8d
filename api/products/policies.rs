//! What can be had in two halves and how they are priced, as managers keep it.

use actix_web::{delete, get, put, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::{PriceRule, ProductKind};
use domain::people::AuditAction;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::audit::{self, Change};
use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Staff};
use crate::http::edit::{MaybeIfMatch, MaybeIfMatchHeader, Tagged};
use crate::http::page::Page;
use crate::http::receive::{Body, Path};
use schema::portion_policies;

/// How two halves of one unit are priced. A kind of product without a policy has no halves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PortionPolicy {
    product_kind: ProductKind,
    #[serde(flatten)]
    body: PortionPolicyBody,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    version: i32,
}

/// What a manager writes of how halves are priced.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PortionPolicyBody {
    price_rule: PriceRule,
    /// What an extra on one half costs, in percent of its price on the whole: 50 or 100.
    #[schema(minimum = 50, maximum = 100, multiple_of = 50, example = 50)]
    extras_percent: i32,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct PortionPolicyPath {
    /// The kind of product that may come in halves.
    #[param(rename = "productKind")]
    product_kind: ProductKind,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = portion_policies, check_for_backend(diesel::pg::Pg))]
struct PolicyRow {
    product_kind: String,
    price_rule: String,
    extras_percent: i32,
    version: i32,
}

impl TryFrom<PolicyRow> for PortionPolicy {
    type Error = Error;

    fn try_from(row: PolicyRow) -> Result<PortionPolicy> {
        let product_kind = ProductKind::try_from(row.product_kind).map_err(Error::internal)?;
        let price_rule = PriceRule::try_from(row.price_rule).map_err(Error::internal)?;
        let body = PortionPolicyBody { price_rule, extras_percent: row.extras_percent };
        Ok(PortionPolicy { product_kind, body, version: row.version })
    }
}

/// List the portion policies
///
/// One for each kind of product that may come in halves.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])),
    responses((status = 200, description = "The portion policies", body = Page<PortionPolicy>)))]
#[get("/v1/portion-policies")]
pub(crate) async fn list_portion_policies(_staff: Staff<Managers>, db: web::Data<Db>) -> Result<web::Json<Page<PortionPolicy>>> {
    let data = db
        .run(|conn| {
            let rows = portion_policies::table.order(portion_policies::product_kind).select(PolicyRow::as_select());
            rows.load(conn)?.into_iter().map(PortionPolicy::try_from).collect::<Result<Vec<_>>>()
        })
        .await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Set a portion policy
///
/// From now on products of this kind may come in halves, where they allow it.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(PortionPolicyPath, MaybeIfMatchHeader),
    request_body = PortionPolicyBody,
    responses((status = 200, description = "The portion policy", body = PortionPolicy, headers(("ETag" = String, description = "The version")))))]
#[put("/v1/portion-policies/{productKind}")]
pub(crate) async fn set_portion_policy(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PortionPolicyPath>,
    expected: MaybeIfMatch,
    Body(body): Body<PortionPolicyBody>,
) -> Result<Tagged<PortionPolicy>> {
    let (kind, now) = (path.product_kind, clock::now());
    if kind == ProductKind::Combo {
        return Err(Error::invalid(vec![Fault::new("productKind", "not_offered")]));
    }
    let policy = db
        .tx(move |conn| {
            let before = find(conn, kind)?;
            let version = before.as_ref().map_or(0, |policy| policy.version);
            expected.check(version)?;
            if write(conn, kind, body, version)? == 0 {
                // Somebody else has created it in this moment.
                return Err(Error::busy());
            }
            let after = PortionPolicy { product_kind: kind, body, version: version + 1 };
            let action = if before.is_some() { AuditAction::Update } else { AuditAction::Create };
            write_down(conn, staff.user.id, action, kind, (before.as_ref(), Some(&after)), now)?;
            Ok(after)
        })
        .await?;
    Ok(Tagged { version: policy.version, body: policy })
}

/// Delete a portion policy
///
/// Products of this kind come in halves no more; what is in carts as halves has to be chosen again.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(PortionPolicyPath, MaybeIfMatchHeader),
    responses((status = 204, description = "It is gone")))]
#[delete("/v1/portion-policies/{productKind}")]
pub(crate) async fn delete_portion_policy(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PortionPolicyPath>,
    expected: MaybeIfMatch,
) -> Result<Answer> {
    let (kind, now) = (path.product_kind, clock::now());
    db.tx(move |conn| {
        let before = find(conn, kind)?.ok_or_else(|| Error::not_found("portion_policy"))?;
        expected.check(before.version)?;
        diesel::delete(portion_policies::table.find(kind.as_str())).execute(conn)?;
        write_down(conn, staff.user.id, AuditAction::Delete, kind, (Some(&before), None), now)
    })
    .await?;
    Ok(Answer::no_content())
}

/// The policy of this kind, held until the transaction ends.
fn find(conn: &mut PgConnection, kind: ProductKind) -> Result<Option<PortionPolicy>> {
    let row = portion_policies::table.find(kind.as_str()).select(PolicyRow::as_select()).for_update().first(conn).optional()?;
    row.map(PortionPolicy::try_from).transpose()
}

/// Answers how many rows were written: none when somebody else has created it meanwhile.
fn write(conn: &mut PgConnection, kind: ProductKind, body: PortionPolicyBody, version: i32) -> Result<usize> {
    let content = (
        portion_policies::price_rule.eq(body.price_rule.as_str()),
        portion_policies::extras_percent.eq(body.extras_percent),
        portion_policies::version.eq(version + 1),
    );
    if version > 0 {
        return Ok(diesel::update(portion_policies::table.find(kind.as_str())).set(content).execute(conn)?);
    }
    let values = (portion_policies::product_kind.eq(kind.as_str()), content);
    Ok(diesel::insert_into(portion_policies::table).values(values).on_conflict_do_nothing().execute(conn)?)
}

fn write_down(
    conn: &mut PgConnection,
    actor_id: Uuid,
    action: AuditAction,
    kind: ProductKind,
    (before, after): (Option<&PortionPolicy>, Option<&PortionPolicy>),
    now: DateTime<Utc>,
) -> Result<()> {
    let json = |policy: Option<&PortionPolicy>| policy.map(serde_json::to_value).transpose();
    let (before, after) = (json(before)?, json(after)?);
    let (actor_id, entity_id) = (Some(actor_id), kind.as_str().to_owned());
    let change = Change { actor_id, action, entity: "portion_policy", entity_id, store_id: None, before, after };
    audit::record(conn, change, now)
}
