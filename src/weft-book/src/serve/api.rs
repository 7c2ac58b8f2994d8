//! The interface that the page's scripts use.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use futures_util::stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use weft_lab::text::Text;
use weft_lab::{Mode, Request, msg, text};

use super::app::App;
use super::board;
use super::events;
use super::listing;
use super::refusal::Refusal;

/// A body may have so many bytes.
const BODY_BYTES: usize = 64 << 10;

/// A line is sent after so much silence, so that a connection that is no more is noticed.
const SILENCE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/experiments", get(async || Json(listing::experiments())))
        .route("/api/runs", post(submit))
        .route("/api/runs/{id}", delete(cancel))
        .route("/api/runs/{id}/events", get(follow))
        .route("/api/board", post(board::cells))
        .route("/api/board/html", post(board::as_html))
        .route("/api/board/json", post(board::as_json))
        .route("/api/reload", get(reload))
        .method_not_allowed_fallback(async || Refusal::wrong_method())
        .layer(DefaultBodyLimit::max(BODY_BYTES))
}

/// The body of `POST /api/runs`. Neither a program nor a path stands in it: an experiment's id, and values that are held
/// against the stated bounds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    experiment: String,
    #[serde(default)]
    mode: Mode,
    seed: Option<u64>,
    #[serde(default)]
    set: BTreeMap<String, Scalar>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Flag(bool),
    Number(serde_json::Number),
    Word(String),
}

impl From<Order> for Request {
    fn from(order: Order) -> Self {
        let written = |value| match value {
            Scalar::Flag(flag) => flag.to_string(),
            Scalar::Number(number) => number.to_string(),
            Scalar::Word(word) => word,
        };
        Request {
            experiment: order.experiment,
            mode: order.mode,
            seed: order.seed,
            set: order
                .set
                .into_iter()
                .map(|(name, value)| (name, written(value)))
                .collect(),
        }
    }
}

async fn submit(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let form = msg!("Send JSON as application/json: an experiment and, if you like, mode, seed and set.");
    let order: Order = read_body(&headers, body, form)?;
    let request = Request::from(order);
    request.resolve_listed()?;
    let id = app.runs.submit(request)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": id }))))
}

/// The body of a request as JSON; `form` says what is expected.
pub(super) fn read_body<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    form: &'static str,
) -> Result<T, Refusal> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    // A form on another page can't send this type without asking first.
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            text!("the body is no JSON"),
            form,
        ));
    }
    let body = body.map_err(|rejection| {
        let message = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            text!("the body has more than {limit} KiB", limit = BODY_BYTES >> 10)
        } else {
            Text::new(rejection.body_text())
        };
        Refusal::new(rejection.status(), message, form)
    })?;
    serde_json::from_slice(&body).map_err(|error| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            text!("cannot read the body: {why}", why = error),
            form,
        )
    })
}

/// The id in a path; one that can't even be read is no run's.
type RunId = Result<Path<String>, PathRejection>;

async fn cancel(State(app): State<App>, id: RunId) -> Result<StatusCode, Refusal> {
    let Path(id) = id.map_err(|_| Refusal::no_such_run(""))?;
    if app.runs.cancel(&id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::no_such_run(&id))
    }
}

/// The number of the event that the page saw last; 0 for none.
fn last_seen(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

async fn follow(State(app): State<App>, id: RunId, headers: HeaderMap) -> Result<Response, Refusal> {
    let Path(id) = id.map_err(|_| Refusal::no_such_run(""))?;
    let run = app.runs.find(&id).ok_or_else(|| Refusal::no_such_run(&id))?;
    let seen = last_seen(&headers).unwrap_or(0);
    if run.log.is_exhausted(seen) {
        // Tells the browser not to connect again.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let events = events::follow(run.log.clone(), seen, app.closing.subscribe());
    Ok(Sse::new(events).keep_alive(alive()).into_response())
}

fn alive() -> KeepAlive {
    KeepAlive::new().interval(SILENCE)
}

/// Says `reload` whenever the book was built anew; at once to a page that comes back and missed it.
async fn reload(State(app): State<App>, headers: HeaderMap) -> Response {
    let (built, closing) = (app.built.subscribe(), app.closing.subscribe());
    let now = *built.borrow();
    let seen = last_seen(&headers);
    let events = stream::unfold(seen, move |seen| {
        let (mut built, mut closing) = (built.clone(), closing.clone());
        async move {
            let Some(seen) = seen else {
                // Only the number, from which the browser goes on when it comes back.
                return Some((Event::default().id(now.to_string()), Some(now)));
            };
            tokio::select! {
                newer = built.wait_for(|&number| number != seen) => {
                    let number = *newer.ok()?;
                    Some((Event::default().id(number.to_string()).event("reload").data("{}"), Some(number)))
                }
                _closed = closing.wait_for(|&closing| closing) => None,
            }
        }
    });
    let events = futures_util::StreamExt::map(events, Ok::<Event, Infallible>);
    Sse::new(events).keep_alive(alive()).into_response()
}
