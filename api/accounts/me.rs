//! The own profile.

use actix_web::{get, patch, web};
use domain::language::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::queries::{self, ProfileChange, UserRow};
use crate::accounts::staff::StaffRole;
use crate::clock;
use crate::db::Db;
use crate::error::Result;
use crate::http::auth::{Membership, SignedIn};
use crate::http::receive::{Body, present};

/// The logged-in user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    id: Uuid,
    #[schema(example = "camille@example.org")]
    email: String,
    #[schema(example = "Camille Martin")]
    name: String,
    /// E.164.
    #[schema(example = "+33639981234")]
    phone: Option<String>,
    language: Language,
    /// Empty for customers.
    roles: Vec<StaffRole>,
}

/// What to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MePatch {
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Camille Martin")]
    name: Option<String>,
    /// E.164; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = r"^\+[1-9][0-9]{6,14}$", example = "+33639981234")]
    phone: Option<Option<String>>,
    language: Option<Language>,
}

/// Who am I?
#[utoipa::path(tag = "me", security(("bearer" = [])), responses((status = 200, description = "The logged-in user", body = Me)))]
#[get("/v1/me")]
pub(crate) async fn find_me(SignedIn(user): SignedIn, db: web::Data<Db>) -> Result<web::Json<Me>> {
    let me = db.run(move |conn| Ok(view(queries::find(conn, user.id)?, queries::memberships(conn, user.id)?))).await?;
    Ok(web::Json(me))
}

/// Change the own profile
#[utoipa::path(tag = "me", security(("bearer" = [])), request_body = MePatch,
    responses((status = 200, description = "The changed profile", body = Me)))]
#[patch("/v1/me")]
pub(crate) async fn update_me(SignedIn(user): SignedIn, db: web::Data<Db>, Body(body): Body<MePatch>) -> Result<web::Json<Me>> {
    let change = ProfileChange {
        name: body.name,
        phone: body.phone,
        language: body.language.map(Language::as_str),
        updated_at: clock::now(),
    };
    let me = db
        .tx(move |conn| Ok(view(queries::update_profile(conn, user.id, &change)?, queries::memberships(conn, user.id)?)))
        .await?;
    Ok(web::Json(me))
}

fn view(user: UserRow, memberships: Vec<Membership>) -> Me {
    let roles = memberships.into_iter().map(|m| StaffRole { store_id: m.store_id, role: m.role });
    Me { id: user.id, email: user.email, name: user.name, phone: user.phone, language: user.language, roles: roles.collect() }
}
