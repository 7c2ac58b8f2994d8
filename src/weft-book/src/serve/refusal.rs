//! How the server says no: a status, and JSON with `message` and `hint`.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use weft_lab::runner::RequestError;
use weft_lab::text::{Text, Translate};
use weft_lab::{msg, text};

/// A request that is refused, in words that a reader understands.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    said: Box<Said>,
}

/// The words of a refusal, before they are put into the language of who asked.
#[derive(Debug, Clone)]
pub(super) struct Said {
    message: Text,
    hint: &'static str,
    more: Map<String, Value>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: Text, hint: &'static str) -> Self {
        let more = Map::new();
        let said = Box::new(Said { message, hint, more });
        Refusal { status, said }
    }

    /// Another member of the JSON.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.said.more.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn no_such_path(path: &str) -> Self {
        Refusal::new(
            StatusCode::NOT_FOUND,
            text!("there is nothing at {path}", path = path),
            msg!("Start from the book's first page."),
        )
    }

    pub(super) fn no_such_run(id: &str) -> Self {
        Refusal::new(
            StatusCode::NOT_FOUND,
            text!("there is no run {id}", id = id),
            msg!("The server keeps the last 64 runs and forgets them when it ends; run the experiment again."),
        )
    }

    pub(super) fn wrong_method() -> Self {
        Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            text!("this method is not allowed here"),
            msg!("The header Allow names the methods that are."),
        )
    }

    pub(super) fn queue_full(limit: usize) -> Self {
        Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            text!("{limit} runs are waiting already", limit = limit),
            msg!("Wait until one has ended, or cancel one."),
        )
    }

    pub(super) fn closing() -> Self {
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            text!("the server is ending"),
            msg!("Start `weft serve` again."),
        )
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        use weft_lab::params::ParamError;
        let (message, hint) = (error.text(), error.hint());
        match error {
            RequestError::Unknown { .. } | RequestError::InPage { .. } => {
                Refusal::new(StatusCode::NOT_FOUND, message, hint)
            }
            RequestError::Param(ParamError::Unknown { name, known, .. }) => {
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, message, hint)
                    .with("parameter", name)
                    .with("known", known)
            }
            RequestError::Param(ParamError::OutOfBounds { name, bounds, .. }) => {
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, message, hint)
                    .with("parameter", name)
                    .with("bounds", bounds)
            }
        }
    }
}

impl Said {
    /// The words in the language of `translate`.
    pub(super) fn response(&self, status: StatusCode, translate: Translate<'_>) -> Response {
        let mut body = Map::new();
        body.insert("message".to_owned(), self.message.render(translate).into());
        body.insert("hint".to_owned(), Text::new(self.hint).render(translate).into());
        body.extend(self.more.clone());
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (status, json, Value::Object(body).to_string()).into_response()
    }
}

impl IntoResponse for Refusal {
    /// In English, with the words beside it for [`super::language::speak`].
    fn into_response(self) -> Response {
        let mut response = self.said.response(self.status, &|_| None);
        response.extensions_mut().insert(Arc::new(*self.said));
        response
    }
}
