//! What all requests share, and the answering of them until the end.

use std::future::{Future, IntoFuture};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio::sync::watch as channel;
use tokio::time::timeout;

use super::bench::{Bench, Workplace};
use super::fragments::Dictionary;
use super::guard::{self, Guard};
use super::results::Results;
use super::runs::Runs;
use super::site::Site;
use super::token::Token;
use super::watch::{Builder, Watch};
use super::{Notice, ServeError, Tell, api, during, files, fragments, language};

/// At the end, so long is waited for the workers, and
const WORKERS_END: Duration = Duration::from_millis(1500);

/// so long for answers that are on their way.
const ANSWERS_END: Duration = Duration::from_millis(250);

/// What all requests share.
#[derive(Clone)]
pub(super) struct App {
    pub(super) guard: Arc<Guard>,
    pub(super) runs: Arc<Runs>,
    pub(super) results: Arc<Results>,
    pub(super) dictionary: Arc<Dictionary>,
    site: Arc<RwLock<Arc<Site>>>,
    /// The number of the build that is served.
    pub(super) built: channel::Sender<u64>,
    /// Ends the streams of events.
    pub(super) closing: channel::Sender<bool>,
}

impl App {
    pub(super) fn new(site: Site, port: u16, bench: Box<dyn Bench>, workplace: Workplace) -> Result<App, ServeError> {
        let token = Token::draw().map_err(during("draw a token"))?;
        let (results, dictionary) = (Arc::clone(&workplace.results), Arc::clone(&workplace.dictionary));
        let runs = Runs::start(bench, workplace).map_err(during("start a thread"))?;
        Ok(App {
            guard: Arc::new(Guard::new(token, port)),
            runs: Arc::new(runs),
            results,
            dictionary,
            site: Arc::new(RwLock::new(Arc::new(site))),
            built: channel::Sender::new(1),
            closing: channel::Sender::new(false),
        })
    }

    pub(super) fn site(&self) -> Arc<Site> {
        Arc::clone(&self.site.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a new build in the place of the one that is served; `false` where nothing differs.
    pub(super) fn publish(&self, site: Site) -> bool {
        let differs = *self.site() != site;
        if differs {
            *self.site.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(site);
            self.built.send_modify(|number| *number += 1);
        }
        differs
    }

    /// Builds again whenever the source changes. Without a watch the server still serves.
    pub(super) fn watch(&self, root: &Path, mut build: Builder, tell: &Tell) -> Option<Watch> {
        let (app, told) = (self.clone(), Arc::clone(tell));
        let rebuild = move || match build() {
            Ok(site) => {
                if app.publish(site) {
                    told(Notice::Rebuilt);
                }
            }
            Err(message) => told(Notice::BuildFailed { message }),
        };
        match Watch::start(root, rebuild) {
            Ok(watch) => Some(watch),
            Err(error) => {
                tell(Notice::NotWatching {
                    message: fragments::with_causes(&error),
                });
                None
            }
        }
    }

    fn router(&self) -> Router {
        api::routes()
            .fallback(files::serve)
            .layer(middleware::from_fn_with_state(Arc::clone(&self.guard), guard::stand))
            // Outermost, so that the guard's own words are put into the reader's language too.
            .layer(middleware::from_fn_with_state(
                Arc::clone(&self.dictionary),
                language::speak,
            ))
            .with_state(self.clone())
    }

    /// Answers requests until `stop`, then ends all runs, and lets pages that follow one hear of it.
    pub(super) async fn answer(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let mut closing = self.closing.subscribe();
        let closed = async move {
            // An error says that nobody is left who could close it.
            let _either = closing.wait_for(|&closing| closing).await;
        };
        let server = axum::serve(listener, self.router()).with_graceful_shutdown(closed);
        let server = tokio::spawn(server.into_future());
        stop.await;
        self.runs.close();
        // A worker that is slower dies with this process: its warden sees to that.
        let _either = timeout(WORKERS_END, self.runs.ended()).await;
        self.closing.send_replace(true);
        let abort = server.abort_handle();
        if timeout(ANSWERS_END, server).await.is_err() {
            abort.abort();
        }
    }
}
