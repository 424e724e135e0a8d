//! The audit log, for reading: `crate::audit` writes it.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::people::AuditAction;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::auth::{Admins, Staff};
use crate::http::page::{Page, PageQuery, page};
use crate::http::receive::Query;
use schema::{audit_entries, users};

/// Somebody changed something.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditEntry {
    id: Uuid,
    /// Who did it; null: the system.
    actor_id: Option<Uuid>,
    #[schema(example = "Sam Bernard")]
    actor_name: Option<String>,
    action: AuditAction,
    /// What kind of thing it is.
    #[schema(example = "category")]
    entity: String,
    /// The id of the thing, or what its path ends with.
    #[schema(example = "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50")]
    entity_id: String,
    /// The store that the thing belongs to, if it is of one store only.
    store_id: Option<Uuid>,
    /// As it was; null: there was nothing.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// As it is since; null: there is nothing any more.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    occurred_at: DateTime<Utc>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct AuditQuery {
    /// Only this kind of thing.
    #[param(max_length = 100, example = "category")]
    entity: Option<String>,
    /// Only the thing with this id.
    #[param(max_length = 100)]
    entity_id: Option<String>,
    /// Only what this user did.
    actor_id: Option<Uuid>,
    /// Only things that belong to this store.
    store_id: Option<Uuid>,
    /// How many at the most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]{22}$")]
    cursor: Option<String>,
}

impl AuditQuery {
    /// PostgreSQL would fail on a NUL instead of finding nothing.
    fn check(&self) -> Result<()> {
        let texts = [("entity", &self.entity), ("entityId", &self.entity_id)];
        let bad = texts.into_iter().filter(|(_, text)| text.as_ref().is_some_and(|text| text.contains('\0')));
        let faults: Vec<Fault> = bad.map(|(name, _)| Fault::new(name, "invalid_character")).collect();
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_entries, check_for_backend(diesel::pg::Pg))]
struct AuditRow {
    id: Uuid,
    actor_id: Option<Uuid>,
    action: String,
    entity: String,
    entity_id: String,
    store_id: Option<Uuid>,
    before: Option<Value>,
    after: Option<Value>,
    occurred_at: DateTime<Utc>,
}

/// Read the audit log
///
/// Who changed what, from what, to what; newest first. It is never rewritten.
#[utoipa::path(tag = "audit", security(("bearer" = ["admin"])), params(AuditQuery),
    responses((status = 200, description = "A page of changes", body = Page<AuditEntry>)))]
#[get("/v1/audit-entries")]
pub(crate) async fn list_audit_entries(
    _staff: Staff<Admins>,
    db: web::Data<Db>,
    Query(query): Query<AuditQuery>,
) -> Result<web::Json<Page<AuditEntry>>> {
    query.check()?;
    let pages = PageQuery { limit: query.limit, cursor: query.cursor.clone() };
    let (limit, before) = (pages.limit()?, pages.before()?);
    let found = db.run(move |conn| entries(conn, query, before, limit + 1)).await?;
    Ok(web::Json(page(found, limit, |entry| entry.id, |entry| entry)))
}

fn entries(conn: &mut PgConnection, query: AuditQuery, before: Option<Uuid>, limit: i64) -> Result<Vec<AuditEntry>> {
    let mut rows = audit_entries::table
        .left_join(users::table)
        .order(audit_entries::id.desc())
        .limit(limit)
        .select((AuditRow::as_select(), users::name.nullable()))
        .into_boxed();
    if let Some(entity) = query.entity {
        rows = rows.filter(audit_entries::entity.eq(entity));
    }
    if let Some(entity_id) = query.entity_id {
        rows = rows.filter(audit_entries::entity_id.eq(entity_id));
    }
    if let Some(actor_id) = query.actor_id {
        rows = rows.filter(audit_entries::actor_id.eq(actor_id));
    }
    if let Some(store_id) = query.store_id {
        rows = rows.filter(audit_entries::store_id.eq(store_id));
    }
    if let Some(before) = before {
        rows = rows.filter(audit_entries::id.lt(before));
    }
    rows.load::<(AuditRow, Option<String>)>(conn)?.into_iter().map(view).collect()
}

fn view((row, actor_name): (AuditRow, Option<String>)) -> Result<AuditEntry> {
    Ok(AuditEntry {
        id: row.id,
        actor_id: row.actor_id,
        actor_name,
        action: AuditAction::try_from(row.action).map_err(Error::internal)?,
        entity: row.entity,
        entity_id: row.entity_id,
        store_id: row.store_id,
        before: row.before,
        after: row.after,
        occurred_at: row.occurred_at,
    })
}
