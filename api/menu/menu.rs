//! The menu of a store, with what can still be made.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::order::{Channel, ServiceType};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::db::Db;
use crate::error::Result;
use crate::http::auth;
use crate::http::problem::Speaks;
use crate::http::receive::{Path, Query};
use crate::http::store_path::StorePath;
use crate::menu::board::{Asked, Board, Ready};
use crate::menu::view::Menu;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct MenuQuery {
    /// How the customer will get the order; the store's first service when absent.
    service_type: Option<ServiceType>,
    /// Where the order comes from: prices may depend on it. `web` when absent.
    channel: Option<Channel>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents a header; respond() reads it")]
struct IfNoneMatch {
    /// The `ETag` of the menu that the caller has, or several: when one of them is the present one, 304 comes without a body.
    #[param(rename = "If-None-Match", required = false, max_length = 1000, example = "W/\"a467a9075f8076d06b95c15f\"")]
    if_none_match: Option<String>,
}

/// Read the menu of a store
///
/// Texts are in the language of the request. What can be made is computed from the ingredients left and is at most a second old;
/// send the `ETag` back as `If-None-Match` and an unchanged menu costs 304 and no body. `GET …/menu/stream` says when to ask.
#[utoipa::path(tag = "menu", security(()), params(StorePath, MenuQuery, IfNoneMatch),
    responses((status = 200, description = "The menu", body = Menu, headers(("ETag" = String, description = "Changes with the menu"))),
        (status = 304, description = "Not changed")))]
#[get("/v1/stores/{storeId}/menu")]
pub(crate) async fn find_menu(
    request: HttpRequest,
    db: web::Data<Db>,
    board: web::Data<Board>,
    Path(path): Path<StorePath>,
    Query(query): Query<MenuQuery>,
    Speaks(language): Speaks,
) -> Result<HttpResponse> {
    let channel = query.channel.unwrap_or(Channel::Web);
    let asked = Asked { store: path.store_id, service: query.service_type, channel, language };
    let ready = board.into_inner().ready(&db, asked).await?;
    Ok(respond(&request, &ready))
}

/// The body in the best encoding that the caller takes, or 304 when the caller has it. The tag is a weak one: it is the same
/// for every encoding.
fn respond(request: &HttpRequest, ready: &Ready) -> HttpResponse {
    let known = auth::header(request, "if-none-match").unwrap_or_default();
    let tag = |sent: &str| sent.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    let same = known.split(',').map(tag).any(|sent| sent == "*" || sent == ready.etag);
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header(header::ETag(header::EntityTag::new_weak(ready.etag.clone())))
        .insert_header((header::CACHE_CONTROL, "public, no-cache"))
        .insert_header((header::VARY, "Accept-Language, Accept-Encoding"));
    if same {
        return response.finish();
    }
    let takes = auth::header(request, "accept-encoding").unwrap_or_default().to_ascii_lowercase();
    let takes = |encoding: &str| takes.split(',').any(|part| accepts(part, encoding));
    let (encoding, body) = if takes("br") {
        (Some("br"), &ready.brotli)
    } else if takes("gzip") {
        (Some("gzip"), &ready.gzip)
    } else {
        (None, &ready.plain)
    };
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
    }
    response.content_type("application/json").body(body.clone())
}

/// Whether one part of an `Accept-Encoding` header wants this encoding: «br;q=0» does not.
fn accepts(part: &str, encoding: &str) -> bool {
    let mut words = part.split(';').map(str::trim);
    let named = words.next() == Some(encoding);
    named && !words.any(|word| word.strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0)))
}
