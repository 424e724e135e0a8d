//! What a store does not sell for a while: an ingredient and all that needs it, a variant, or a modifier.

use actix_web::{delete, get, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::availability::Snoozed;
use domain::catalogue::Catalogue;
use domain::language::Language;
use domain::people::AuditAction;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::audit::{self, Change};
use crate::catalogue::Catalogues;
use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::events;
use crate::http::answer::Answer;
use crate::http::auth::{Everybody, Shop, Staff};
use crate::http::idempotency::answer_once;
use crate::http::page::Page;
use crate::http::problem::Speaks;
use crate::http::receive::{IdempotencyHeader, Path, Post};
use crate::http::store_path::StorePath;
use crate::jobs::{self, Job};
use crate::menu::announce;
use schema::snoozes;

/// A snooze is for a while; what is gone for good is archived.
const MAX_DAYS: i64 = 90;

/// What not to sell for a while: exactly one of the three ids.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "ingredientId": "018f4e7c-52a1-7c3e-9b1a-6f0c2d3e4f50", "until": "2026-11-27T22:30:00Z", "reason": "livraison en retard" }))]
pub(super) struct CreateSnooze {
    /// Everything that needs it goes with it.
    ingredient_id: Option<Uuid>,
    variant_id: Option<Uuid>,
    modifier_id: Option<Uuid>,
    /// When it comes back by itself, within 90 days; null: when somebody says so.
    until: Option<DateTime<Utc>>,
    #[schema(max_length = 200, example = "livraison en retard")]
    reason: Option<String>,
}

/// Something that a store does not sell for a while.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Snooze {
    id: Uuid,
    store_id: Uuid,
    ingredient_id: Option<Uuid>,
    variant_id: Option<Uuid>,
    modifier_id: Option<Uuid>,
    /// Of what it is; of a variant with its size.
    #[schema(example = "Mozzarella")]
    name: String,
    /// null: until somebody says so.
    until: Option<DateTime<Utc>>,
    #[schema(example = "livraison en retard")]
    reason: Option<String>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = snoozes, check_for_backend(diesel::pg::Pg))]
#[serde(rename_all = "camelCase")]
struct SnoozeRow {
    id: Uuid,
    store_id: Uuid,
    ingredient_id: Option<Uuid>,
    variant_id: Option<Uuid>,
    modifier_id: Option<Uuid>,
    until: Option<DateTime<Utc>>,
    reason: Option<String>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
}

#[derive(Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
pub(super) struct SnoozePath {
    /// Id or slug of the store.
    #[param(rename = "storeId", example = "paris-bastille", max_length = 64)]
    store_id: String,
    /// The snooze.
    #[param(rename = "snoozeId")]
    snooze_id: Uuid,
}

/// List what a store does not sell for a while
#[utoipa::path(tag = "menu", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])), params(StorePath),
    responses((status = 200, description = "The snoozes, newest first", body = Page<Snooze>)))]
#[get("/v1/stores/{storeId}/snoozes")]
pub(crate) async fn list_snoozes(
    staff: Staff<Everybody>,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<StorePath>,
    Speaks(language): Speaks,
) -> Result<web::Json<Page<Snooze>>> {
    let data = db.run(move |conn| {
        let store_id = path.resolve(conn)?;
        staff.at(store_id)?;
        let catalogue = catalogues.current(conn)?;
        let alive = snoozes::table.filter(snoozes::store_id.eq(store_id));
        let alive = alive.filter(snoozes::until.is_null().or(snoozes::until.gt(clock::now())));
        let rows: Vec<SnoozeRow> = alive.order(snoozes::id.desc()).select(SnoozeRow::as_select()).load(conn)?;
        Ok(rows.into_iter().map(|row| view(&catalogue, row, language)).collect())
    });
    Ok(web::Json(Page { data: data.await?, next_cursor: None }))
}

/// Stop selling something for a while
///
/// An ingredient takes everything with it that needs it, whatever the stock says. Snoozing the same again replaces end and
/// reason. The store's stream tells it.
#[utoipa::path(tag = "menu", security(("bearer" = ["counter", "cook", "manager", "admin"])), params(StorePath, IdempotencyHeader),
    request_body = CreateSnooze,
    responses((status = 201, description = "It is not sold", body = Snooze)))]
#[post("/v1/stores/{storeId}/snoozes")]
pub(crate) async fn create_snooze(
    staff: Staff<Shop>,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<StorePath>,
    Speaks(language): Speaks,
    post: Post<CreateSnooze>,
) -> Result<Answer> {
    let Post { body, once } = post;
    answer_once(&db, once, move |conn, now| {
        let store_id = path.resolve(conn)?;
        staff.at(store_id)?;
        // One snooze of a store at a time, and none while an order tells what it took.
        events::hold(conn, store_id)?;
        let (catalogue, before) = catalogues.at(conn, store_id, now)?;
        check(&catalogue, &body, now)?;
        let mut row = SnoozeRow {
            id: Uuid::now_v7(),
            store_id,
            ingredient_id: body.ingredient_id,
            variant_id: body.variant_id,
            modifier_id: body.modifier_id,
            until: body.until,
            reason: body.reason.clone(),
            created_by: Some(staff.user.id),
            created_at: now,
        };
        let replaced = take_away(conn, &row)?;
        // It is the same snooze: whoever ends it by the id that was told first means this one.
        row.id = replaced.as_ref().map_or(row.id, |replaced| replaced.id);
        diesel::insert_into(snoozes::table).values(row.clone()).execute(conn)?;
        if let Some(until) = row.until {
            jobs::enqueue(conn, &Job::EndSnooze { snooze_id: row.id }, until, None)?;
        }
        write_down(conn, Some(staff.user.id), replaced.as_ref(), Some(&row), now)?;
        tell(conn, &catalogues, store_id, &before, Some(staff.user.id), now)?;
        Answer::created(format!("/v1/stores/{store_id}/snoozes"), &view(&catalogue, row, language))
    })
    .await
}

/// Sell something again
///
/// One that is not there any more is no error.
#[utoipa::path(tag = "menu", security(("bearer" = ["counter", "cook", "manager", "admin"])), params(SnoozePath),
    responses((status = 204, description = "It is sold again, as far as the stock goes")))]
#[delete("/v1/stores/{storeId}/snoozes/{snoozeId}")]
pub(crate) async fn delete_snooze(
    staff: Staff<Shop>,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<SnoozePath>,
) -> Result<Answer> {
    let now = clock::now();
    db.tx(move |conn| {
        let store_id = StorePath { store_id: path.store_id.clone() }.resolve(conn)?;
        staff.at(store_id)?;
        end(conn, &catalogues, path.snooze_id, Some(store_id), Some(staff.user.id), now)?;
        Ok(Answer::no_content())
    })
    .await
}

/// The job behind `until`.
pub fn end_snooze(conn: &mut PgConnection, catalogues: &Catalogues, snooze_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    // It may have been given another end, or none, since the job was made.
    let until = snoozes::table.find(snooze_id).select(snoozes::until).first::<Option<DateTime<Utc>>>(conn).optional()?;
    if until.flatten().is_some_and(|until| until <= now) { end(conn, catalogues, snooze_id, None, None, now) } else { Ok(()) }
}

fn end(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    snooze_id: Uuid,
    of_store: Option<Uuid>,
    actor_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    let find = |conn: &mut PgConnection| snoozes::table.find(snooze_id).select(SnoozeRow::as_select()).first(conn).optional();
    let Some(row) = find(conn)?.filter(|row| of_store.is_none_or(|store| store == row.store_id)) else { return Ok(()) };
    events::hold(conn, row.store_id)?;
    // Somebody may have ended it while we waited.
    let Some(row) = find(conn)? else { return Ok(()) };
    // One that has come to its end is no longer seen: as it was a moment ago.
    let (_, mut before) = catalogues.at(conn, row.store_id, now)?;
    before.ingredients.extend(row.ingredient_id);
    before.variants.extend(row.variant_id);
    before.modifiers.extend(row.modifier_id);
    diesel::delete(snoozes::table.find(snooze_id)).execute(conn)?;
    write_down(conn, actor_id, Some(&row), None, now)?;
    tell(conn, catalogues, row.store_id, &before, actor_id, now)
}

/// The snooze of the same thing, which a new one replaces.
fn take_away(conn: &mut PgConnection, new: &SnoozeRow) -> Result<Option<SnoozeRow>> {
    let same = snoozes::table
        .filter(snoozes::store_id.eq(new.store_id))
        .filter(snoozes::ingredient_id.is_not_distinct_from(new.ingredient_id))
        .filter(snoozes::variant_id.is_not_distinct_from(new.variant_id))
        .filter(snoozes::modifier_id.is_not_distinct_from(new.modifier_id));
    Ok(diesel::delete(same).returning(SnoozeRow::as_returning()).get_result(conn).optional()?)
}

/// The event, if anybody who reads the menu can see a difference; then every process looks at its menus again.
fn tell(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    store_id: Uuid,
    before: &Snoozed,
    actor_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    match announce::snoozed(conn, catalogues, store_id, before, now)? {
        Some(fact) => events::record(conn, store_id, vec![fact], actor_id, now),
        None => Ok(()),
    }
}

fn write_down(
    conn: &mut PgConnection,
    actor_id: Option<Uuid>,
    before: Option<&SnoozeRow>,
    after: Option<&SnoozeRow>,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(row) = after.or(before) else { return Ok(()) };
    let action = if after.is_some() { AuditAction::Create } else { AuditAction::Delete };
    let json = |row: Option<&SnoozeRow>| row.map(serde_json::to_value).transpose();
    let (before, after) = (json(before)?, json(after)?);
    let (entity_id, store_id) = (row.id.to_string(), Some(row.store_id));
    audit::record(conn, Change { actor_id, action, entity: "snooze", entity_id, store_id, before, after }, now)
}

fn check(catalogue: &Catalogue, body: &CreateSnooze, now: DateTime<Utc>) -> Result<()> {
    let mut faults = Vec::new();
    let named = [body.ingredient_id, body.variant_id, body.modifier_id].iter().flatten().count();
    if named != 1 {
        faults.push(Fault::new("/ingredientId", if named == 0 { "required" } else { "only_one_of" }));
    }
    if body.ingredient_id.is_some_and(|id| !catalogue.ingredients.contains_key(&id)) {
        faults.push(Fault::new("/ingredientId", "not_found"));
    }
    if body.variant_id.is_some_and(|id| !catalogue.variants.contains_key(&id)) {
        faults.push(Fault::new("/variantId", "not_found"));
    }
    if body.modifier_id.is_some_and(|id| !catalogue.modifiers.contains_key(&id)) {
        faults.push(Fault::new("/modifierId", "not_found"));
    }
    if body.until.is_some_and(|until| until <= now || until > now + TimeDelta::days(MAX_DAYS)) {
        faults.push(Fault::new("/until", "not_within_days").with("limit", MAX_DAYS));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

fn view(catalogue: &Catalogue, row: SnoozeRow, language: Language) -> Snooze {
    let ingredient = row.ingredient_id.and_then(|id| catalogue.ingredients.get(&id)).map(|ingredient| &ingredient.name);
    let modifier = row.modifier_id.and_then(|id| catalogue.modifiers.get(&id)).map(|modifier| &modifier.name);
    let name = ingredient.or(modifier).map(|name| name.get(language).to_owned());
    let variant = row.variant_id.and_then(|id| catalogue.dish(id));
    let variant = variant.map(|(variant, product)| format!("{}, {}", product.name.get(language), variant.name.get(language)));
    Snooze {
        id: row.id,
        store_id: row.store_id,
        ingredient_id: row.ingredient_id,
        variant_id: row.variant_id,
        modifier_id: row.modifier_id,
        name: name.or(variant).unwrap_or_default(),
        until: row.until,
        reason: row.reason,
        created_by: row.created_by,
        created_at: row.created_at,
    }
}
