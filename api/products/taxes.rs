//! VAT rates, as the admin keeps them.

use actix_web::{delete, get, put, web};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::hours::local;
use domain::order::ServiceType;
use domain::people::AuditAction;
use domain::tax::TaxCategory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::audit::{self, Change};
use crate::clock;
use crate::db::Db;
use crate::error::{Code, Error, Fault, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Admins, Managers, Staff};
use crate::http::edit::{MaybeIfMatch, MaybeIfMatchHeader, Tagged};
use crate::http::page::Page;
use crate::http::receive::{Body, Path};
use schema::{stores, tax_rates};

/// The word for every service in paths and in the table.
const ANY: &str = "any";

/// The VAT rate of a category since some day. The rate of a service comes before the general one; of several the one that has
/// begun last counts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaxRate {
    category: TaxCategory,
    /// null: every service that has no rate of its own; in paths `any`.
    service_type: Option<ServiceType>,
    /// First day, local to the store.
    #[schema(example = "2014-01-01")]
    valid_from: NaiveDate,
    #[serde(flatten)]
    body: TaxRateBody,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    version: i32,
}

/// What the admin writes of a VAT rate.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TaxRateBody {
    /// 550 is 5.5 %.
    #[schema(minimum = 0, maximum = 10000, example = 1000)]
    rate_basis_points: i32,
}

#[derive(Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct TaxRatePath {
    /// What is taxed.
    category: TaxCategory,
    /// `delivery`, `collection`, or `any` for every service that has no rate of its own.
    #[param(rename = "serviceType", pattern = "^(any|delivery|collection)$", example = "any")]
    service_type: String,
    /// First day, local to the store.
    #[param(rename = "validFrom", example = "2014-01-01")]
    valid_from: NaiveDate,
}

/// Category, service and first day.
#[derive(Clone, Copy)]
struct Key {
    category: TaxCategory,
    service: Option<ServiceType>,
    from: NaiveDate,
}

impl TaxRatePath {
    /// A key that cannot be read names nothing that exists.
    fn key(self) -> Result<Key> {
        let known = |word: String| ServiceType::try_from(word).map(Some);
        let service = if self.service_type == ANY { Ok(None) } else { known(self.service_type) };
        // Further than that PostgreSQL has no days.
        let is_day = (0..10_000).contains(&self.valid_from.year());
        match service {
            Ok(service) if is_day => Ok(Key { category: self.category, service, from: self.valid_from }),
            _ => Err(no_rate()),
        }
    }
}

impl Key {
    fn service(self) -> &'static str {
        self.service.map_or(ANY, ServiceType::as_str)
    }

    /// As it stands in paths and in the audit log.
    fn text(self) -> String {
        format!("{}/{}/{}", self.category.as_str(), self.service(), self.from)
    }

    fn columns(self) -> (&'static str, &'static str, NaiveDate) {
        (self.category.as_str(), self.service(), self.from)
    }

    fn with(self, body: TaxRateBody, version: i32) -> TaxRate {
        TaxRate { category: self.category, service_type: self.service, valid_from: self.from, body, version }
    }
}

/// List the VAT rates
///
/// Past, present and future ones, by category, service and first day.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["manager", "admin"])),
    responses((status = 200, description = "The VAT rates", body = Page<TaxRate>)))]
#[get("/v1/tax-rates")]
pub(crate) async fn list_tax_rates(_staff: Staff<Managers>, db: web::Data<Db>) -> Result<web::Json<Page<TaxRate>>> {
    let data = db
        .run(|conn| {
            let rows = tax_rates::table
                .order((tax_rates::category, tax_rates::service_type, tax_rates::valid_from))
                .select((
                    tax_rates::category,
                    tax_rates::service_type,
                    tax_rates::valid_from,
                    tax_rates::rate_basis_points,
                    tax_rates::version,
                ))
                .load::<(String, String, NaiveDate, i32, i32)>(conn)?;
            rows.into_iter().map(view).collect::<Result<Vec<_>>>()
        })
        .await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Set a VAT rate
///
/// Creates it, from today on, or changes the one that begins on this day. Orders keep the VAT that they were sold with.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["admin"])), params(TaxRatePath, MaybeIfMatchHeader),
    request_body = TaxRateBody,
    responses((status = 200, description = "The VAT rate", body = TaxRate, headers(("ETag" = String, description = "The version")))))]
#[put("/v1/tax-rates/{category}/{serviceType}/{validFrom}")]
pub(crate) async fn set_tax_rate(
    staff: Staff<Admins>,
    db: web::Data<Db>,
    Path(path): Path<TaxRatePath>,
    expected: MaybeIfMatch,
    Body(body): Body<TaxRateBody>,
) -> Result<Tagged<TaxRate>> {
    let (key, now) = (path.key()?, clock::now());
    let rate = db
        .tx(move |conn| {
            let before = find(conn, key)?;
            let version = before.as_ref().map_or(0, |rate| rate.version);
            expected.check(version)?;
            // A new rate of the past would say that orders were sold with it. A day's grace: it is yesterday somewhere.
            if before.is_none() && key.from < now.date_naive() - Days::new(1) {
                return Err(Error::invalid(vec![Fault::new("validFrom", "before_today")]));
            }
            if write(conn, key, body, version)? == 0 {
                // Somebody else has created it in this moment.
                return Err(Error::busy());
            }
            let after = key.with(body, version + 1);
            let action = if before.is_some() { AuditAction::Update } else { AuditAction::Create };
            write_down(conn, staff.user.id, action, key, (before.as_ref(), Some(&after)), now)?;
            Ok(after)
        })
        .await?;
    Ok(Tagged { version: rate.version, body: rate })
}

/// Delete a VAT rate
///
/// Only one that begins in the future: with others orders were sold.
#[utoipa::path(tag = "catalogue", security(("bearer" = ["admin"])), params(TaxRatePath, MaybeIfMatchHeader),
    responses((status = 204, description = "It is gone"), (status = 409, description = "in_use")))]
#[delete("/v1/tax-rates/{category}/{serviceType}/{validFrom}")]
pub(crate) async fn delete_tax_rate(
    staff: Staff<Admins>,
    db: web::Data<Db>,
    Path(path): Path<TaxRatePath>,
    expected: MaybeIfMatch,
) -> Result<Answer> {
    let (key, now) = (path.key()?, clock::now());
    db.tx(move |conn| {
        let before = find(conn, key)?.ok_or_else(no_rate)?;
        expected.check(before.version)?;
        if key.from <= latest_day(conn, now)? {
            return Err(Error::new(Code::InUse).with("names", key.text()));
        }
        diesel::delete(tax_rates::table.find(key.columns())).execute(conn)?;
        write_down(conn, staff.user.id, AuditAction::Delete, key, (Some(&before), None), now)
    })
    .await?;
    Ok(Answer::no_content())
}

fn no_rate() -> Error {
    Error::not_found("tax_rate")
}

fn view((category, service, from, rate_basis_points, version): (String, String, NaiveDate, i32, i32)) -> Result<TaxRate> {
    let category = TaxCategory::try_from(category).map_err(Error::internal)?;
    let service = if service == ANY { None } else { Some(ServiceType::try_from(service).map_err(Error::internal)?) };
    Ok(Key { category, service, from }.with(TaxRateBody { rate_basis_points }, version))
}

/// The rate of this key, held until the transaction ends.
fn find(conn: &mut PgConnection, key: Key) -> Result<Option<TaxRate>> {
    let row = tax_rates::table.find(key.columns()).select((tax_rates::rate_basis_points, tax_rates::version));
    let row = row.for_update().first::<(i32, i32)>(conn).optional()?;
    Ok(row.map(|(rate_basis_points, version)| key.with(TaxRateBody { rate_basis_points }, version)))
}

/// Answers how many rows were written: none when somebody else has created it meanwhile.
fn write(conn: &mut PgConnection, key: Key, body: TaxRateBody, version: i32) -> Result<usize> {
    let content = (tax_rates::rate_basis_points.eq(body.rate_basis_points), tax_rates::version.eq(version + 1));
    if version > 0 {
        return Ok(diesel::update(tax_rates::table.find(key.columns())).set(content).execute(conn)?);
    }
    let (category, service, from) = key.columns();
    let key = (tax_rates::category.eq(category), tax_rates::service_type.eq(service), tax_rates::valid_from.eq(from));
    Ok(diesel::insert_into(tax_rates::table).values((key, content)).on_conflict_do_nothing().execute(conn)?)
}

fn write_down(
    conn: &mut PgConnection,
    actor_id: Uuid,
    action: AuditAction,
    key: Key,
    (before, after): (Option<&TaxRate>, Option<&TaxRate>),
    now: DateTime<Utc>,
) -> Result<()> {
    let json = |rate: Option<&TaxRate>| rate.map(serde_json::to_value).transpose();
    let (before, after) = (json(before)?, json(after)?);
    let actor_id = Some(actor_id);
    let change = Change { actor_id, action, entity: "tax_rate", entity_id: key.text(), store_id: None, before, after };
    audit::record(conn, change, now)
}

/// The day that it is in the store where it is latest.
fn latest_day(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<NaiveDate> {
    let zones = stores::table.select(stores::time_zone).distinct().load::<String>(conn)?;
    let days = zones.iter().filter_map(|zone| zone.parse::<Tz>().ok()).map(|zone| local(now, zone).date());
    Ok(days.max().unwrap_or_else(|| now.date_naive()))
}
