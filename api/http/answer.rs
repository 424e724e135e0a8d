//! What a command answers: kept as text, so that a replay is byte for byte the first answer.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use crate::error::Result;

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub replayed: bool,
    pub location: Option<String>,
}

impl Answer {
    pub fn ok(body: &impl Serialize) -> Result<Answer> {
        Ok(Answer { status: 200, body: serde_json::to_string(body)?, replayed: false, location: None })
    }

    pub fn created(location: String, body: &impl Serialize) -> Result<Answer> {
        Ok(Answer { status: 201, location: Some(location), ..Answer::ok(body)? })
    }

    pub fn no_content() -> Answer {
        Answer { status: 204, body: String::new(), replayed: false, location: None }
    }
}

impl Responder for Answer {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if self.replayed {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if self.body.is_empty() {
            return response.finish();
        }
        response.content_type("application/json").body(self.body)
    }
}
