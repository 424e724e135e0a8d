//! Who works where: managers hire for their stores, the group admin for all.

use std::collections::BTreeMap;

use actix_web::{get, post, put, web};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::language::Language;
use domain::people::Role;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::passwords;
use crate::accounts::queries::{self, NewUser, UserRow};
use crate::config::Secret;
use crate::db::Db;
use crate::error::{Code, Error, Fault, OnConstraint, Result};
use crate::http::answer::Answer;
use crate::http::auth::{Managers, Membership, Staff, User};
use crate::http::page::Page;
use crate::http::receive::{Body, Path, Query};
use crate::http::store_path;
use schema::{memberships, users};

/// Somebody who works for the chain.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffMember {
    id: Uuid,
    #[schema(example = "sam@example.org")]
    email: String,
    #[schema(example = "Sam Bernard")]
    name: String,
    /// E.164.
    #[schema(example = "+33639981234")]
    phone: Option<String>,
    /// Of these, a manager sees those at the own stores.
    roles: Vec<StaffRole>,
}

/// What somebody may do, and where.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StaffRole {
    /// null, for admins only: in every store.
    pub(super) store_id: Option<Uuid>,
    pub(super) role: Role,
}

/// A new account for somebody who works here.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HireStaff {
    #[schema(format = "email", max_length = 254, example = "sam@example.org")]
    email: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Sam Bernard")]
    name: String,
    /// E.164.
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$", example = "+33639981234")]
    phone: Option<String>,
    /// The first password; 8 to 128 characters.
    #[schema(min_length = 8, max_length = 128, example = "four words nobody guesses")]
    password: String,
    #[schema(min_items = 1, max_items = 50)]
    roles: Vec<StaffRole>,
}

/// All roles of somebody, as far as the caller may give them.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StaffRoles {
    #[schema(max_items = 50)]
    roles: Vec<StaffRole>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct StaffQuery {
    /// Only of this store: its id or slug.
    #[param(max_length = 64, example = "paris-bastille")]
    store_id: Option<String>,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct StaffPath {
    /// The member of staff.
    #[param(rename = "userId")]
    user_id: Uuid,
}

/// Where a caller hires: a manager at some stores, the admin everywhere.
struct Reach {
    admin: bool,
    stores: Vec<Uuid>,
}

impl Reach {
    /// What the caller may do now: a token may still carry a role that was taken away, and must not give it back.
    fn now(conn: &mut PgConnection, caller: &User) -> Result<Reach> {
        let present = queries::memberships(conn, caller.id)?;
        let admin = present.iter().any(|m| m.role == Role::Admin);
        let managed = present.iter().filter(|m| m.role == Role::Manager);
        let stores: Vec<Uuid> = managed.filter_map(|m| m.store_id).collect();
        if admin || !stores.is_empty() { Ok(Reach { admin, stores }) } else { Err(Error::new(Code::Forbidden)) }
    }

    fn covers(&self, store_id: Option<Uuid>) -> bool {
        self.admin || store_id.is_some_and(|store| self.stores.contains(&store))
    }

    /// Managers are made by the admin, not by each other.
    fn may_give(&self, role: &StaffRole) -> bool {
        self.admin || (self.covers(role.store_id) && !matches!(role.role, Role::Manager | Role::Admin))
    }
}

/// List the staff
///
/// A manager sees who works at the own stores, the admin everybody; by name.
#[utoipa::path(tag = "staff", security(("bearer" = ["manager", "admin"])), params(StaffQuery),
    responses((status = 200, description = "The staff", body = Page<StaffMember>), (status = 404, description = "not_found")))]
#[get("/v1/staff")]
pub(crate) async fn list_staff(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Query(query): Query<StaffQuery>,
) -> Result<web::Json<Page<StaffMember>>> {
    let data = db
        .run(move |conn| {
            let store_id = query.store_id.map(|store| store_path::resolve(conn, &store)).transpose()?;
            if let Some(store_id) = store_id {
                staff.at(store_id)?;
            }
            let reach = Reach::now(conn, &staff.user)?;
            members(conn, &reach, store_id)
        })
        .await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Hire somebody
///
/// Opens an account with roles. Managers give `counter`, `cook` and `driver` at their own stores; managers and admins are made by
/// an admin. Whoever has an account already keeps it: set the roles of `userId`, which the problem carries.
#[utoipa::path(tag = "staff", security(("bearer" = ["manager", "admin"])), request_body = HireStaff,
    responses((status = 201, description = "The member of staff", body = StaffMember), (status = 409, description = "email_taken")))]
#[post("/v1/staff")]
pub(crate) async fn hire_staff(staff: Staff<Managers>, db: web::Data<Db>, Body(body): Body<HireStaff>) -> Result<Answer> {
    if passwords::is_too_weak(&body.password) {
        return Err(Error::invalid(vec![Fault::new("/password", "too_weak")]));
    }
    let password_hash = passwords::hash(Secret::new(body.password.as_str())).await?;
    db.tx(move |conn| {
        let reach = Reach::now(conn, &staff.user)?;
        check_roles(conn, &reach, &body.roles)?;
        let email = body.email.trim().to_lowercase();
        if let Some(known) = queries::find_by_email(conn, &email)? {
            return Err(Error::new(Code::EmailTaken).extend("userId", json!(known.id)));
        }
        let new = NewUser {
            id: Uuid::now_v7(),
            email,
            name: body.name.clone(),
            phone: body.phone.clone(),
            password_hash: password_hash.clone(),
            language: Language::Fr.as_str(),
            is_demo: false,
        };
        queries::insert_user(conn, &new).on_constraint("users_email_key", Code::EmailTaken)?;
        queries::grant(conn, new.id, &rows(&body.roles))?;
        let member = view(queries::find(conn, new.id)?, queries::memberships(conn, new.id)?, &reach);
        Answer::created(format!("/v1/staff/{}", member.id), &member)
    })
    .await
}

/// Set somebody's roles
///
/// Replaces the roles that the caller may give: for a manager those at the own stores. An empty list takes them all. What was
/// taken away ends with the access token, within 15 minutes. Nobody sets the own roles.
#[utoipa::path(tag = "staff", security(("bearer" = ["manager", "admin"])), params(StaffPath), request_body = StaffRoles,
    responses((status = 200, description = "The member of staff", body = StaffMember)))]
#[put("/v1/staff/{userId}/roles")]
pub(crate) async fn set_staff_roles(
    staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<StaffPath>,
    Body(body): Body<StaffRoles>,
) -> Result<web::Json<StaffMember>> {
    // Not the own ones: the last admin would be gone by a slip.
    if path.user_id == staff.user.id {
        return Err(Error::new(Code::Forbidden));
    }
    let member = db
        .tx(move |conn| {
            let reach = Reach::now(conn, &staff.user)?;
            let user = queries::lock(conn, path.user_id)?;
            check_roles(conn, &reach, &body.roles)?;
            let present = queries::memberships(conn, user.id)?;
            // Whoever has nothing to do with the caller's stores, and is not given anything there, is a stranger.
            if body.roles.is_empty() && !present.iter().any(|m| reach.covers(m.store_id)) {
                return Err(Error::not_found("member of staff"));
            }
            let role = |m: &Membership| StaffRole { store_id: m.store_id, role: m.role };
            let (given, kept): (Vec<_>, Vec<_>) = present.into_iter().partition(|m| reach.may_give(&role(m)));
            queries::revoke_roles(conn, user.id, &given)?;
            let wanted: Vec<Membership> = rows(&body.roles).into_iter().filter(|m| !kept.contains(m)).collect();
            queries::grant(conn, user.id, &wanted)?;
            let now = queries::memberships(conn, user.id)?;
            Ok(view(user, now, &reach))
        })
        .await?;
    Ok(web::Json(member))
}

fn rows(roles: &[StaffRole]) -> Vec<Membership> {
    roles.iter().map(|role| Membership { store_id: role.store_id, role: role.role }).collect()
}

fn check_roles(conn: &mut PgConnection, reach: &Reach, roles: &[StaffRole]) -> Result<()> {
    let stores: Vec<Uuid> = schema::stores::table.select(schema::stores::id).load(conn)?;
    let mut faults = Vec::new();
    for (index, role) in roles.iter().enumerate() {
        let at = format!("/roles/{index}");
        let unknown = role.store_id.is_some_and(|store| !stores.contains(&store));
        if unknown || (role.role == Role::Admin) != role.store_id.is_none() {
            faults.push(Fault::new(format!("{at}/storeId"), "not_found"));
        } else if !reach.may_give(role) {
            faults.push(Fault::new(at, "not_yours_to_give"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

fn members(conn: &mut PgConnection, reach: &Reach, store_id: Option<Uuid>) -> Result<Vec<StaffMember>> {
    let rows = memberships::table
        .inner_join(users::table)
        .order((users::name, users::id))
        .select((UserRow::as_select(), memberships::store_id, memberships::role))
        .load::<(UserRow, Option<Uuid>, String)>(conn)?;
    let mut order: Vec<Uuid> = Vec::new();
    let mut people: BTreeMap<Uuid, (UserRow, Vec<Membership>)> = BTreeMap::new();
    for (user, at, role) in rows {
        let shown = reach.covers(at) && store_id.is_none_or(|store| at == Some(store));
        if !shown {
            continue;
        }
        let role = Membership { store_id: at, role: Role::try_from(role).map_err(Error::internal)? };
        let id = user.id;
        people
            .entry(id)
            .or_insert_with(|| {
                order.push(id);
                (user, Vec::new())
            })
            .1
            .push(role);
    }
    let found = order.into_iter().filter_map(|id| people.remove(&id));
    Ok(found.map(|(user, roles)| view(user, roles, reach)).collect())
}

fn view(user: UserRow, memberships: Vec<Membership>, reach: &Reach) -> StaffMember {
    let shown = memberships.into_iter().filter(|m| reach.covers(m.store_id));
    let roles = shown.map(|m| StaffRole { store_id: m.store_id, role: m.role }).collect();
    StaffMember { id: user.id, email: user.email, name: user.name, phone: user.phone, roles }
}
