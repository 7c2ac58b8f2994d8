//! Who may ask: the checks that stand before everything else, and the headers that stand on every answer.
//!
//! Any page in the reader's browser can send requests to loopback, and any name can be made to resolve to it. So:
//!
//! 1. `Host` must name this server. That stops a foreign name that resolves to loopback (DNS rebinding).
//! 2. `Origin`, where there is one, must be this server. A browser sends it with every POST and DELETE, so that no other
//!    page can make one. A request without it comes from a program that is no browser, such as `curl`; it passes with the
//!    cookie, which a browser sends for no other site's page (`SameSite=Strict`).
//! 3. `Sec-Fetch-Site`, where there is one, must say that the page is ours. For cookies, all ports of a host are one site;
//!    this tells another server on loopback from this one. A link that the reader follows is let through.
//! 4. The cookie must hold the start-up token. The URL that the server prints bears the token once, and the answer turns it
//!    into the cookie, so that it stays neither in the address bar nor in the history.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use weft_lab::{msg, text};

use super::refusal::Refusal;
use super::token::Token;

/// No inline script and nothing from elsewhere. Attributes named `style` are allowed, because mdBook's template and its
/// highlighter have some; they can't load or run anything under these rules.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
     base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// The headers of every answer. The two `Cross-Origin` policies before the last isolate the page, so that it may measure
/// with fine clocks and shared memory.
const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// What a request is held against.
#[derive(Debug)]
pub(super) struct Guard {
    token: Token,
    port: u16,
    cookie: String,
}

impl Guard {
    pub(super) fn new(token: Token, port: u16) -> Self {
        Guard {
            token,
            port,
            // Browsers keep the cookies of a host's ports in one place; two servers must not overwrite each other's.
            cookie: format!("weft-{port}"),
        }
    }

    /// The URL that opens the book.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/?token={}", self.port, self.token.secret())
    }

    fn is_own_host(&self, host: &str) -> bool {
        match host.rsplit_once(':') {
            Some((name, port)) => is_loopback(name) && port == self.port.to_string(),
            None => is_loopback(host) && self.port == 80,
        }
    }

    /// This server's name, as the request has it.
    fn host<'a>(&self, request: &'a Parts) -> Option<&'a str> {
        let host = only(&request.headers, &header::HOST)?.to_str().ok()?;
        // A request may name the host in its first line too.
        let agrees = request.uri.authority().is_none_or(|named| named.as_str() == host);
        (agrees && self.is_own_host(host)).then_some(host)
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .any(|(name, value)| name == self.cookie && self.token.is(value))
    }

    /// Lets a request through, or answers it.
    fn check(&self, request: &Parts) -> Result<(), Box<Response>> {
        let refused = |refusal: Refusal| Box::new(refusal.into_response());
        let Some(host) = self.host(request) else {
            return Err(refused(self.wrong_host()));
        };
        if !comes_from(request, host) {
            return Err(refused(wrong_origin()));
        }
        let is_page = matches!(request.method, Method::GET | Method::HEAD) && !is_api(request.uri.path());
        if let Some((token, rest)) = is_page.then(|| take_token(request.uri.query())).flatten() {
            return Err(Box::new(if self.token.is(token) {
                self.admit(host, request.uri.path(), &rest)
            } else if self.has_cookie(&request.headers) {
                redirect(host, request.uri.path(), &rest).into_response()
            } else {
                no_token(request)
            }));
        }
        if self.has_cookie(&request.headers) {
            Ok(())
        } else {
            Err(Box::new(no_token(request)))
        }
    }

    /// Turns the token in the URL into the cookie.
    fn admit(&self, host: &str, path: &str, query: &str) -> Response {
        let (name, secret) = (&self.cookie, self.token.secret());
        let cookie = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict");
        ([(header::SET_COOKIE, cookie)], redirect(host, path, query)).into_response()
    }

    fn wrong_host(&self) -> Refusal {
        Refusal::new(
            StatusCode::FORBIDDEN,
            text!("this server is 127.0.0.1:{port} alone", port = self.port),
            msg!("Open the URL that `weft serve` printed, on the machine where it runs."),
        )
    }
}

fn is_loopback(name: &str) -> bool {
    name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost")
}

/// Is this a path of the interface, whether there is something or not?
pub(super) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// The value of a header that stands there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Was the request made by a page of `host`, or by the reader?
fn comes_from(request: &Parts, host: &str) -> bool {
    let headers = &request.headers;
    let is_own_origin = !headers.contains_key(header::ORIGIN)
        || only(headers, &header::ORIGIN)
            .and_then(|origin| origin.to_str().ok()?.strip_prefix("http://"))
            .is_some_and(|origin| origin.eq_ignore_ascii_case(host));
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_followed_link = request.method == Method::GET
        && !is_api(request.uri.path())
        && value("sec-fetch-mode") == Some("navigate")
        && value("sec-fetch-dest") == Some("document");
    let is_own_page = matches!(value("sec-fetch-site"), None | Some("same-origin" | "none"));
    is_own_origin && (is_own_page || is_followed_link)
}

fn wrong_origin() -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        text!("another page asked for this"),
        msg!("Only the book's own pages may use this server."),
    )
}

/// The token in a query, and the query without it.
fn take_token(query: Option<&str>) -> Option<(&str, String)> {
    let (tokens, rest): (Vec<&str>, Vec<&str>) = query?.split('&').partition(|pair| pair.starts_with("token="));
    let token = tokens.first()?.strip_prefix("token=")?;
    Some((token, rest.join("&")))
}

/// To the same page without the token. The host stands there too, because a path with two slashes at its start would
/// lead to another one.
fn redirect(host: &str, path: &str, query: &str) -> impl IntoResponse {
    let mark = if query.is_empty() { "" } else { "?" };
    let location = format!("http://{host}{path}{mark}{query}");
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers)
}

fn no_token(request: &Parts) -> Response {
    let value = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let came_by_link = value("sec-fetch-mode") == Some("navigate")
        && matches!(value("sec-fetch-site"), Some("cross-site" | "same-site"));
    if came_by_link {
        // The browser kept the cookie back because the link stood on another page. A page of ours that leads to the same
        // place makes it send the cookie, if it has one.
        let again = "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0\">\
                     <title>Weft</title><p>Opening the book …</p></html>";
        let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        return (StatusCode::UNAUTHORIZED, headers, again).into_response();
    }
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        text!("the start-up token is missing or wrong"),
        msg!("Open the URL that `weft serve` printed; it bears the token of this start."),
    )
    .into_response()
}

/// Checks a request, and puts the headers on its answer.
pub(super) async fn stand(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match guard.check(&parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(answer) => *answer,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What needs a token must not be found in a cache by who has none.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
