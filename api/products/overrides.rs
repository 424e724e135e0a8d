//! Prices that differ from the usual ones for some store, service, channel or days, as managers keep them.

use actix_web::{delete, get, post, put, web};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::exists;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::SizeCode;
use domain::money::{Cents, MAX_PRICE, Money};
use domain::order::{Channel, ServiceType};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Staff};
use crate::http::edit::{self, IfMatch, IfMatchHeader, Kept, Tagged};
use crate::http::idempotency::answer_once;
use crate::http::page::{Page, PageQuery, page};
use crate::http::receive::{Body, IdempotencyHeader, Path, Post, Query};
use schema::{modifier_sizes, modifiers, price_overrides, stores, variants};

/// Another price for some store, service, channel or days. Where several hold, the most particular one counts: one of a store
/// before one of a service before one of a channel before one of certain days; among equals the newest.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PriceOverride {
    id: Uuid,
    #[serde(flatten)]
    body: PriceOverrideBody,
    /// No longer in force.
    archived: bool,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    version: i32,
}

/// What a manager writes of another price. It is the price of `variantId`, or of `modifierId` on dishes of `sizeCode`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PriceOverrideBody {
    /// Where it holds; null: in every store.
    #[schema(example = json!(null))]
    store_id: Option<Uuid>,
    /// null: for every service.
    service_type: Option<ServiceType>,
    /// Where the order comes from; null: from anywhere.
    channel: Option<Channel>,
    /// A product in one size.
    #[schema(example = json!(null))]
    variant_id: Option<Uuid>,
    /// An option; with `sizeCode`.
    modifier_id: Option<Uuid>,
    /// The size of the dish that the option goes on; with `modifierId`.
    size_code: Option<SizeCode>,
    /// VAT included.
    price: Money,
    /// First day, local to the store; null: since ever.
    #[schema(example = "2026-11-27")]
    valid_from: Option<NaiveDate>,
    /// Last day, inclusive; null: for ever.
    #[schema(example = "2026-12-31")]
    valid_until: Option<NaiveDate>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct PriceOverridePath {
    /// The price override.
    #[param(rename = "overrideId")]
    override_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct PriceOverridesQuery {
    /// true: those that were archived, instead of those that are in use.
    #[serde(default)]
    #[param(default = false)]
    archived: bool,
    /// Only those of this store, without those of every store.
    store_id: Option<Uuid>,
    /// Only those of this product in one size.
    variant_id: Option<Uuid>,
    /// How many at the most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]{22}$")]
    cursor: Option<String>,
}

/// The columns that a manager writes.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = price_overrides, treat_none_as_null = true, check_for_backend(diesel::pg::Pg))]
struct OverrideColumns {
    store_id: Option<Uuid>,
    service_type: Option<String>,
    channel: Option<String>,
    variant_id: Option<Uuid>,
    modifier_id: Option<Uuid>,
    size_code: Option<String>,
    price_cents: i64,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = price_overrides, check_for_backend(diesel::pg::Pg))]
struct OverrideRow {
    id: Uuid,
    #[diesel(embed)]
    columns: OverrideColumns,
    archived_at: Option<DateTime<Utc>>,
    version: i32,
}

impl From<&PriceOverrideBody> for OverrideColumns {
    fn from(body: &PriceOverrideBody) -> OverrideColumns {
        OverrideColumns {
            store_id: body.store_id,
            service_type: body.service_type.map(String::from),
            channel: body.channel.map(String::from),
            variant_id: body.variant_id,
            modifier_id: body.modifier_id,
            size_code: body.size_code.map(String::from),
            price_cents: body.price.amount,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
        }
    }
}

impl TryFrom<OverrideRow> for PriceOverride {
    type Error = Error;

    fn try_from(row: OverrideRow) -> Result<PriceOverride> {
        let columns = row.columns;
        let body = PriceOverrideBody {
            store_id: columns.store_id,
            service_type: columns.service_type.map(ServiceType::try_from).transpose().map_err(Error::internal)?,
            channel: columns.channel.map(Channel::try_from).transpose().map_err(Error::internal)?,
            variant_id: columns.variant_id,
            modifier_id: columns.modifier_id,
            size_code: columns.size_code.map(SizeCode::try_from).transpose().map_err(Error::internal)?,
            price: Cents(columns.price_cents).into(),
            valid_from: columns.valid_from,
            valid_until: columns.valid_until,
        };
        Ok(PriceOverride { id: row.id, body, archived: row.archived_at.is_some(), version: row.version })
    }
}

impl Kept for PriceOverride {
    const ENTITY: &'static str = "price_override";
    type Body = PriceOverrideBody;

    fn version(&self) -> i32 {
        self.version
    }

    fn store_id(&self) -> Option<Uuid> {
        self.body.store_id
    }

    fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<PriceOverride>> {
        let row = price_overrides::table.find(id).select(OverrideRow::as_select()).first(conn).optional()?;
        row.map(PriceOverride::try_from).transpose()
    }

    fn insert(conn: &mut PgConnection, id: Uuid, body: &PriceOverrideBody, _: DateTime<Utc>) -> Result<()> {
        diesel::insert_into(price_overrides::table)
            .values((price_overrides::id.eq(id), OverrideColumns::from(body)))
            .execute(conn)?;
        Ok(())
    }

    fn replace(conn: &mut PgConnection, id: Uuid, version: i32, body: &PriceOverrideBody, _: DateTime<Utc>) -> Result<bool> {
        let written = diesel::update(price_overrides::table.find(id).filter(price_overrides::version.eq(version)))
            .set((
                OverrideColumns::from(body),
                price_overrides::archived_at.eq(None::<DateTime<Utc>>),
                price_overrides::version.eq(version + 1),
            ))
            .execute(conn)?;
        Ok(written == 1)
    }

    fn archive(conn: &mut PgConnection, id: Uuid, version: i32, now: DateTime<Utc>) -> Result<bool> {
        let written = diesel::update(price_overrides::table.find(id).filter(price_overrides::version.eq(version)))
            .set((price_overrides::archived_at.eq(now), price_overrides::version.eq(version + 1)))
            .execute(conn)?;
        Ok(written == 1)
    }
}

/// List the price overrides
///
/// Those of every store and those of the stores that the caller manages, newest first.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(PriceOverridesQuery),
    responses((status = 200, description = "A page of price overrides", body = Page<PriceOverride>)))]
#[get("/v1/price-overrides")]
pub(crate) async fn list_price_overrides(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Query(query): Query<PriceOverridesQuery>,
) -> Result<web::Json<Page<PriceOverride>>> {
    let pages = PageQuery { limit: query.limit, cursor: query.cursor };
    let (limit, before) = (pages.limit()?, pages.before()?);
    if let Some(store_id) = query.store_id {
        staff.at(store_id)?;
    }
    let found = db
        .run(move |conn| {
            let mut rows = price_overrides::table
                .filter(price_overrides::archived_at.is_not_null().eq(query.archived))
                .order(price_overrides::id.desc())
                .limit(limit + 1)
                .select(OverrideRow::as_select())
                .into_boxed();
            if let Some(managed) = staff.stores() {
                rows = rows.filter(price_overrides::store_id.is_null().or(price_overrides::store_id.eq_any(managed)));
            }
            if let Some(store_id) = query.store_id {
                rows = rows.filter(price_overrides::store_id.eq(store_id));
            }
            if let Some(variant_id) = query.variant_id {
                rows = rows.filter(price_overrides::variant_id.eq(variant_id));
            }
            if let Some(before) = before {
                rows = rows.filter(price_overrides::id.lt(before));
            }
            rows.load(conn)?.into_iter().map(PriceOverride::try_from).collect::<Result<Vec<_>>>()
        })
        .await?;
    Ok(web::Json(page(found, limit, |found| found.id, |found| found)))
}

/// Create a price override
///
/// A manager sets prices for the own stores and for every store at once.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(IdempotencyHeader),
    request_body = PriceOverrideBody, responses((status = 201, description = "The price override", body = PriceOverride)))]
#[post("/v1/price-overrides")]
pub(crate) async fn create_price_override(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    post: Post<PriceOverrideBody>,
) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        admit(conn, &staff, &body)?;
        let (id, created) = edit::create::<PriceOverride>(conn, staff.user.id, &body, now)?;
        Answer::created(format!("/v1/price-overrides/{id}"), &created)
    })
    .await
}

/// Read a price override
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(PriceOverridePath),
    responses((status = 200, description = "The price override", body = PriceOverride, headers(("ETag" = String, description = "The version")))))]
#[get("/v1/price-overrides/{overrideId}")]
pub(crate) async fn find_price_override(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PriceOverridePath>,
) -> Result<Tagged<PriceOverride>> {
    Ok(edit::tagged(db.run(move |conn| own(conn, &staff, path.override_id)).await?))
}

/// Replace a price override
///
/// The body is the whole of it. An archived one comes into force again.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(PriceOverridePath, IfMatchHeader),
    request_body = PriceOverrideBody,
    responses((status = 200, description = "The price override", body = PriceOverride, headers(("ETag" = String, description = "The version")))))]
#[put("/v1/price-overrides/{overrideId}")]
pub(crate) async fn replace_price_override(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PriceOverridePath>,
    expected: IfMatch,
    Body(body): Body<PriceOverrideBody>,
) -> Result<Tagged<PriceOverride>> {
    let now = clock::now();
    let replaced = db
        .tx(move |conn| {
            own(conn, &staff, path.override_id)?;
            admit(conn, &staff, &body)?;
            edit::replace(conn, staff.user.id, path.override_id, expected, &body, now)
        })
        .await?;
    Ok(edit::tagged(replaced))
}

/// Archive a price override
///
/// The next one that holds, or the usual price, counts again.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])), params(PriceOverridePath, IfMatchHeader),
    responses((status = 204, description = "It is archived")))]
#[delete("/v1/price-overrides/{overrideId}")]
pub(crate) async fn archive_price_override(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<PriceOverridePath>,
    expected: IfMatch,
) -> Result<Answer> {
    let now = clock::now();
    db.tx(move |conn| {
        own(conn, &staff, path.override_id)?;
        edit::archive::<PriceOverride>(conn, staff.user.id, path.override_id, expected, now)
    })
    .await?;
    Ok(Answer::no_content())
}

/// One of every store or of a store that the caller manages, or 404.
fn own(conn: &mut PgConnection, staff: &Staff<Managers>, id: Uuid) -> Result<PriceOverride> {
    let found: PriceOverride = edit::find(conn, id)?;
    if let Some(store_id) = found.store_id() {
        staff.owning(store_id, PriceOverride::ENTITY)?;
    }
    Ok(found)
}

/// Whether the body makes sense, and the caller may set prices where it says.
fn admit(conn: &mut PgConnection, staff: &Staff<Managers>, body: &PriceOverrideBody) -> Result<()> {
    let mut faults = contradictions(body);
    if faults.is_empty() {
        faults = unknown(conn, body)?;
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    body.store_id.map_or(Ok(()), |store_id| staff.at(store_id).map(|_| ()))
}

fn contradictions(body: &PriceOverrideBody) -> Vec<Fault> {
    let mut faults = Vec::new();
    if body.price.amount > MAX_PRICE.0 {
        faults.push(Fault::new("/price/amount", "too_large").with("limit", MAX_PRICE.0));
    }
    match (body.variant_id, body.modifier_id, body.size_code) {
        (Some(_), None, None) | (None, Some(_), Some(_)) => {}
        (None, None, None) => faults.push(Fault::new("/variantId", "required")),
        (None, Some(_), None) => faults.push(Fault::new("/sizeCode", "required")),
        (None, None, Some(_)) => faults.push(Fault::new("/modifierId", "required")),
        (Some(_), Some(_), _) => faults.push(Fault::new("/modifierId", "only_one_of")),
        (Some(_), None, Some(_)) => faults.push(Fault::new("/sizeCode", "only_one_of")),
    }
    if let (Some(from), Some(until)) = (body.valid_from, body.valid_until)
        && until < from
    {
        faults.push(Fault::new("/validUntil", "too_small").with("limit", from));
    }
    faults
}

/// What the body names and nobody knows.
fn unknown(conn: &mut PgConnection, body: &PriceOverrideBody) -> Result<Vec<Fault>> {
    let mut named = Vec::new();
    if let Some(id) = body.store_id {
        named.push(("/storeId", diesel::select(exists(stores::table.find(id))).get_result::<bool>(conn)?));
    }
    if let Some(id) = body.variant_id {
        named.push(("/variantId", diesel::select(exists(variants::table.find(id))).get_result(conn)?));
    }
    if let (Some(id), Some(size)) = (body.modifier_id, body.size_code) {
        let known = diesel::select(exists(modifiers::table.find(id))).get_result(conn)?;
        let price = modifier_sizes::table.find((id, size.as_str())).select(modifier_sizes::modifier_id);
        // Held, so that nobody takes the size away before the price is written.
        let sized = price.for_key_share().first::<Uuid>(conn).optional()?.is_some();
        named.push(if known { ("/sizeCode", sized) } else { ("/modifierId", false) });
    }
    Ok(named.into_iter().filter(|(_, known)| !known).map(|(pointer, _)| Fault::new(pointer, "not_found")).collect())
}
