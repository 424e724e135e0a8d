//! A client that holds every answer against the published document.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::document;

#[derive(Clone, Default)]
pub struct Client {
    pub base: String,
    pub bearer: Option<String>,
    pub cart_token: Option<String>,
    pub cart_id: Option<String>,
    pub tracking_token: Option<String>,
    pub language: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub request: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body of an answer that has this status; anything else fails the test with the whole answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).expect("JSON") }
    }

    /// The body of a problem with this code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        let media = self.header("content-type").unwrap_or_default();
        assert_eq!(media, "application/problem+json", "{}: {}", self.request, self.text);
        let request = self.request.clone();
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{request}: {problem:#}");
        problem
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.to_str().expect("text").to_owned())
    }
}

impl Client {
    pub fn new(base: &str) -> Client {
        Client { base: base.to_owned(), ..Client::default() }
    }

    pub fn in_language(&self, language: &str) -> Client {
        Client { language: Some(language.to_owned()), ..self.clone() }
    }

    /// A request with this client's credentials.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = reqwest::Client::new().request(method, format!("{}{path}", self.base));
        let headers = [
            ("authorization", self.bearer.as_ref().map(|token| format!("Bearer {token}"))),
            ("cart-token", self.cart_token.clone()),
            ("tracking-token", self.tracking_token.clone()),
            ("accept-language", self.language.clone()),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = reqwest::Client::new().execute(request).await.expect("an answer");
        let answer = Answer {
            request: format!("{method} {path}"),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.expect("text"),
        };
        document::check(&method, &path, &answer);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn post_once(&self, path: &str, body: Value, key: &str) -> Answer {
        self.send(self.request(Method::POST, path).header("idempotency-key", key).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
}
