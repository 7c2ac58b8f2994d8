//! The verdict board of the live page: what was found here, cell by cell, and the whole as a file.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use weft_lab::Record;
use weft_lab::board::PageResult;
use weft_lab::claim::CLAIMS;
use weft_lab::html::escape;
use weft_lab::msg;
use weft_lab::text;

use super::api::read_body;
use super::app::App;
use super::fragments::{in_each_language, with_causes};
use super::language::Language;
use super::refusal::Refusal;
use crate::board::{cell, count, page};
use crate::preprocessor::RecordedError;

/// More labs in the page there are not.
const PAGE_RESULTS: usize = 16;

/// The body of each request: what labs in the page have found, which the browser alone knows.
#[derive(Debug, Default, Deserialize)]
struct Known {
    #[serde(default)]
    page: Vec<PageResult>,
}

type Body = Result<Bytes, BytesRejection>;

fn known(headers: &HeaderMap, body: Body) -> Result<Vec<PageResult>, Refusal> {
    let form = msg!("Send JSON as application/json: the results of labs in the page, as a list named page.");
    let Known { page } = read_body(headers, body, form)?;
    let wrong = |why: String| {
        Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            text!("a result of a lab in the page can't be taken: {why}", why = why),
            form,
        )
    };
    if page.len() > PAGE_RESULTS {
        return Err(wrong(format!("there are {} of them", page.len())));
    }
    for result in &page {
        result.check().map_err(|error| wrong(error.to_string()))?;
    }
    Ok(page)
}

/// The cells of this machine's column, and what stands above it.
pub(super) async fn cells(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Json<Value>, Refusal> {
    let column = app.results.column(&known(&headers, body)?);
    let dictionary = &*app.dictionary;
    let cells: Map<String, Value> = CLAIMS
        .iter()
        .map(|claim| {
            let html = in_each_language(dictionary, |translate| cell(claim.id, &column, translate));
            (claim.id.to_owned(), html)
        })
        .collect();
    let machine = column.machine.as_ref().map(|machine| {
        let line = machine.line();
        in_each_language(dictionary, |translate| escape(&line.render(translate)))
    });
    let counts = count(&column);
    let counts = in_each_language(dictionary, |translate| escape(&counts.render(translate)));
    Ok(Json(
        json!({"cells": cells, "machine": machine, "count": counts, "found": column.found.len()}),
    ))
}

/// The board as one HTML file, in the language of the request.
pub(super) async fn as_html(
    State(app): State<App>,
    Extension(language): Extension<Language>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (board, records) = app
        .results
        .board(&known(&headers, body)?)
        .map_err(|error| unreadable(&error))?;
    let records: Vec<&Record> = records.iter().collect();
    let id = language.id();
    let html = page(&board, &records, id, &|template| (app.dictionary)(id, template));
    Ok(file("text/html; charset=utf-8", "weft-verdicts.html", html))
}

/// The board as JSON: `Board` of `weft schema`.
pub(super) async fn as_json(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let (board, _) = app
        .results
        .board(&known(&headers, body)?)
        .map_err(|error| unreadable(&error))?;
    let json = serde_json::to_string(&board).unwrap_or_default() + "\n";
    Ok(file("application/json", "weft-verdicts.json", json))
}

fn unreadable(error: &RecordedError) -> Refusal {
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        text!("the recorded results can't be read: {why}", why = with_causes(error)),
        msg!("Restore the folder labs, for example with git."),
    )
}

fn file(media_type: &'static str, name: &str, text: String) -> Response {
    let name = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (
            header::CONTENT_DISPOSITION,
            name.unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    (headers, text).into_response()
}
