//! The book's pages and what they load.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;

use super::app::App;
use super::guard::is_api;
use super::refusal::Refusal;
use super::site::File;

/// Answers what no other route does.
pub(super) async fn serve(State(app): State<App>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if is_api(uri.path()) {
        return Refusal::no_such_path(uri.path()).into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, HeaderValue::from_static("GET,HEAD"))];
        return (allow, Refusal::wrong_method()).into_response();
    }
    let site = app.site();
    let decoded = percent_decode_str(uri.path()).decode_utf8();
    let path = decoded.ok();
    let path = path.as_deref().and_then(|path| path.strip_prefix('/')).unwrap_or("/");
    if let Some(file) = site.file(path) {
        return answer(StatusCode::OK, file, &headers);
    }
    if site.file(&format!("{path}/")).is_some() {
        // The links of a folder's page are relative to the folder. A path that begins with two slashes is no file's.
        let location = format!("{}/", uri.path());
        return (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    }
    match site.missing_page(path) {
        Some(page) => answer(StatusCode::NOT_FOUND, page, &HeaderMap::new()),
        None => Refusal::no_such_path(uri.path()).into_response(),
    }
}

/// A file; only its tag where the browser has it already.
fn answer(status: StatusCode, file: &File, headers: &HeaderMap) -> Response {
    let fresh = if file.is_page() {
        "no-store"
    } else {
        "private, no-cache"
    };
    let head = [
        (header::CONTENT_TYPE, file.media_type.to_owned()),
        (header::CACHE_CONTROL, fresh.to_owned()),
        (header::ETAG, file.tag.clone()),
    ];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == file.tag)) {
        (StatusCode::NOT_MODIFIED, head).into_response()
    } else {
        (status, head, file.bytes.clone()).into_response()
    }
}
