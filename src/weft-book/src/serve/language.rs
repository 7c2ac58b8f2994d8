//! The language of an answer: that of the page which asks.
//!
//! The book's scripts name their page's language in `Accept-Language`, which for a request by hand is the browser's own. A
//! refusal is made far from the request, so it carries its words untranslated, and they are put into the language last.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use super::fragments::Dictionary;
use super::refusal::Said;
use crate::catalogue::LANGUAGES;

/// One of the book's languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Language(&'static str);

impl Language {
    pub(super) fn id(self) -> &'static str {
        self.0
    }

    /// The first of the book's languages that the request names; English where it names none.
    pub(super) fn of(headers: &HeaderMap) -> Language {
        let named = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let ranges = named.into_iter().flat_map(|value| value.split(','));
        let wanted = ranges.filter_map(|range| {
            let tag = range.split(';').next().unwrap_or_default().trim();
            let primary = tag.split('-').next().unwrap_or_default();
            LANGUAGES.into_iter().find(|known| known.eq_ignore_ascii_case(primary))
        });
        Language(wanted.into_iter().next().unwrap_or(LANGUAGES[0]))
    }
}

/// Lets the handlers know the language, and puts a refusal's words into it.
pub(super) async fn speak(State(dictionary): State<Arc<Dictionary>>, mut request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    request.extensions_mut().insert(language);
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Arc<Said>>() {
        Some(said) => {
            let status = response.status();
            let mut translated = said.response(status, &|template| dictionary(language.0, template));
            // What others have put on it, such as Allow, stays.
            for (name, value) in response.headers() {
                if name != header::CONTENT_LENGTH {
                    translated.headers_mut().insert(name.clone(), value.clone());
                }
            }
            translated
        }
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expect: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
        assert_eq!(Language::of(&headers).id(), expect, "{value:?}");
    }

    #[test]
    fn the_first_known_language_counts() {
        check("ko", "ko");
        check("ko-KR,ko;q=0.9,en;q=0.8", "ko");
        check("fr, KO;q=0.5", "ko");
        check("en-US,ko", "en");
        check("fr", "en");
        check("*", "en");
        check("", "en");
        assert_eq!(Language::of(&HeaderMap::new()).id(), "en");
    }
}
