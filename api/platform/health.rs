//! Is it alive, and can it work?

use actix_web::{HttpResponse, get, web};
use diesel::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{self, Db};
use crate::error::Result;

/// The state of the service.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// What was looked at; empty for liveness.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<HealthCheck>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HealthCheck {
    #[schema(example = "database")]
    name: &'static str,
    ok: bool,
    #[schema(example = "answers")]
    detail: String,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Is the process alive?
///
/// Needs nothing but the process: restart it when this does not answer.
#[utoipa::path(tag = "platform", security(()), responses((status = 200, description = "It is", body = Health)))]
#[get("/health/live")]
pub(crate) async fn check_liveness() -> web::Json<Health> {
    web::Json(Health { status: "ok", version: VERSION, checks: Vec::new() })
}

/// Can it work?
///
/// Looks at the database and at its migrations. Send no traffic while this answers 503.
#[utoipa::path(tag = "platform", security(()),
    responses((status = 200, description = "It can", body = Health), (status = 503, description = "busy")))]
#[get("/health/ready")]
pub(crate) async fn check_readiness(db: web::Data<Db>) -> HttpResponse {
    let looked = db
        .run(|conn| {
            diesel::sql_query("select 1").execute(conn)?;
            let missing: Vec<String> =
                db::migrations(conn)?.into_iter().filter(|(_, there)| !there).map(|(name, _)| name).collect();
            Ok(missing)
        })
        .await;
    let checks = checks(looked);
    let ok = checks.iter().all(|check| check.ok);
    let health = Health { status: if ok { "ok" } else { "unavailable" }, version: VERSION, checks };
    if ok {
        return HttpResponse::Ok().json(health);
    }
    let missing: Vec<&str> = health.checks.iter().filter(|check| !check.ok).map(|check| check.name).collect();
    HttpResponse::from_error(
        crate::error::Error::busy()
            .with("missing", missing.join(", "))
            .extend("checks", serde_json::to_value(&health.checks).unwrap_or_default()),
    )
}

fn checks(looked: Result<Vec<String>>) -> Vec<HealthCheck> {
    let check = |name, ok, detail| HealthCheck { name, ok, detail };
    match looked {
        Err(_) => vec![check("database", false, "does not answer".to_owned())],
        Ok(missing) => {
            let detail = if missing.is_empty() { "all there".to_owned() } else { format!("{} missing", missing.len()) };
            vec![check("database", true, "answers".to_owned()), check("migrations", missing.is_empty(), detail)]
        }
    }
}
