//! The document, and a page for every problem that `type` links to.

use actix_web::{HttpResponse, get, web};
use domain::language::Language;

use crate::error::{Code, Error, Result};
use crate::http::receive::Path;
use crate::http::sentences;

/// The published document, as served.
pub struct Published(pub &'static str);

/// Read this document
#[utoipa::path(tag = "platform", security(()),
    responses((status = 200, description = "The OpenAPI 3.1 document", body = Object)))]
#[get("/v1/openapi.json")]
pub(crate) async fn find_openapi(document: web::Data<Published>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.0)
}

/// Read about a problem
///
/// The page that `type` of every problem document links to.
#[utoipa::path(tag = "platform", security(()), params(("code" = String, Path, description = "The problem's code", example = "out_of_stock")),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…")))]
#[get("/docs/problems/{code}")]
pub(crate) async fn find_problem_page(Path(word): Path<String>) -> Result<HttpResponse> {
    let code = Code::from_word(&word).ok_or_else(|| Error::not_found("problem"))?;
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{word}</title><style>body{{font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style>\
         <p><a href=\"/docs/\">OC Pizza API</a></p><h1>{}</h1><p><code>{word}</code> · HTTP {}</p><p>{}</p>\
         <h2>What to do</h2><p>{}</p></html>",
        sentences::title(code, Language::En),
        code.status(),
        sentences::fill(sentences::detail(code, Language::En), &sentences::samples()),
        sentences::advice(code),
    );
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}
