//! `weft serve`: the book on loopback, and experiments that run from its pages.
//!
//! ```text
//! page ──► guard ──► api ──► runs (a queue, one thread) ──► bench ──► weft_lab::Runner
//!            │        └──── events (server-sent, resumable) ◄──┘
//!            └─────► files ◄── site (in memory) ◄── watch (builds again)
//! ```
//!
//! Every request passes the guard first. Nothing that a page sends names a program or a path: runs are asked for by an
//! experiment's id and by values within stated bounds, and files are looked up among those that the build made.

mod api;
mod app;
mod bench;
mod board;
mod events;
mod files;
mod fragments;
mod guard;
mod language;
mod listing;
mod refusal;
mod results;
mod runs;
mod site;
mod token;
mod watch;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use weft_lab::{Record, Runner};

pub use listing::{experiments, page_labs};

use crate::catalogue::Catalogue;
use app::App;
use bench::{Bench, Workplace};
use results::Results;
use site::Site;
use watch::Builder;

/// The port where nobody names another.
pub const PORT: u16 = 3210;

/// So many ports after [`PORT`] are tried before any free one is taken.
const NEIGHBOURS: u16 = 20;

/// The live server, before it runs.
pub struct Serve {
    root: PathBuf,
    port: Option<u16>,
    on_record: Box<dyn Fn(&Record) + Send + Sync>,
    earlier: Vec<Record>,
}

impl std::fmt::Debug for Serve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serve")
            .field("root", &self.root)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// What the server says to whoever started it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The default port is taken, and the server has this one.
    PortTaken {
        /// The default.
        wanted: u16,
        /// The port that it has.
        port: u16,
    },
    /// It answers requests. Whoever opens this URL may run experiments.
    Ready {
        /// With the token.
        url: String,
    },
    /// A change of the source was built, and pages that are open load again.
    Rebuilt,
    /// A change of the source could not be built; the old pages stay.
    BuildFailed {
        /// Why.
        message: String,
    },
    /// Changes of the source will not be noticed.
    NotWatching {
        /// Why.
        message: String,
    },
    /// It was asked to end, and ends the runs.
    Ending,
}

/// Hears what the server says.
type Tell = Arc<dyn Fn(Notice) + Send + Sync>;

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Someone else has the port.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// There are no pages to serve.
    #[error("cannot build the book: {message}")]
    Build {
        /// Why.
        message: String,
    },
    /// The Korean edition's messages can't be read.
    #[error("cannot read the catalogue")]
    Catalogue {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system refuses something that the server can't do without.
    #[error("cannot {what}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

fn during(what: &'static str) -> impl FnOnce(io::Error) -> ServeError {
    move |source| ServeError::System { what, source }
}

impl Serve {
    /// The book of the repository at `root`, on [`PORT`] or the next free port.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Serve {
            root: root.into(),
            port: None,
            on_record: Box::new(|_| {}),
            earlier: Vec::new(),
        }
    }

    /// On this port and no other; 0 for any that is free.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Serve {
            port: Some(port),
            ..self
        }
    }

    /// Told each record that a page asked for, before it is judged.
    #[must_use]
    pub fn on_record(self, on_record: impl Fn(&Record) + Send + Sync + 'static) -> Self {
        Serve {
            on_record: Box::new(on_record),
            ..self
        }
    }

    /// What was measured on this machine before, oldest first, for the verdict board.
    #[must_use]
    pub fn earlier(self, records: Vec<Record>) -> Self {
        Serve {
            earlier: records,
            ..self
        }
    }

    /// Serves until SIGINT or SIGTERM, which end all runs; it then returns within two seconds. `tell` is told when the
    /// server is ready, and what goes wrong later.
    ///
    /// # Errors
    ///
    /// The port is taken, or the book can't be built: see [`ServeError`].
    pub fn run(self, runner: Runner, tell: impl Fn(Notice) + Send + Sync + 'static) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(during("start the server's event loop"))?;
        let result = runtime.block_on(self.serve(Box::new(runner), Arc::new(tell)));
        // A build may still go on in a thread of its own.
        runtime.shutdown_background();
        result
    }

    async fn serve(self, bench: Box<dyn Bench>, tell: Tell) -> Result<(), ServeError> {
        let interrupted = interrupted().map_err(during("wait for signals"))?;
        let listener = listen(self.port).await?;
        let port = listener.local_addr().map_err(during("learn the port"))?.port();
        if self.port.is_none() && port != PORT {
            tell(Notice::PortTaken { wanted: PORT, port });
        }
        // Removed when the server ends.
        let scratch = tempfile::Builder::new()
            .prefix("weft-serve-")
            .tempdir()
            .map_err(during("make a folder for the pages"))?;
        let builder = watch::builder(self.root.clone(), scratch.path().to_owned());
        tokio::pin!(interrupted);
        let (site, builder) = tokio::select! {
            built = tokio::task::spawn_blocking(move || first_build(builder)) => {
                built.map_err(|error| ServeError::Build { message: error.to_string() })??
            }
            () = &mut interrupted => return Ok(()),
        };
        let results = Results::new(&self.root);
        for record in &self.earlier {
            results.put(record);
        }
        let workplace = Workplace {
            dictionary: dictionary(&self.root)?,
            results: Arc::new(results),
            on_record: self.on_record,
        };
        let app = App::new(site, port, bench, workplace)?;
        let _watch = app.watch(&self.root, builder, &tell);
        let url = app.guard.url();
        let ready = Arc::clone(&tell);
        let stop = async move {
            ready(Notice::Ready { url });
            interrupted.await;
            tell(Notice::Ending);
        };
        app.answer(listener, stop).await;
        Ok(())
    }
}

fn first_build(mut builder: Builder) -> Result<(Site, Builder), ServeError> {
    let site = builder().map_err(|message| ServeError::Build { message })?;
    Ok((site, builder))
}

/// Looks templates up in the catalogue as it is when the server starts.
fn dictionary(root: &Path) -> Result<Arc<fragments::Dictionary>, ServeError> {
    let catalogue = Catalogue::load(root).map_err(|error| ServeError::Catalogue { source: error.into() })?;
    Ok(Arc::new(move |language: &str, template: &str| {
        catalogue.translator(language)(template)
    }))
}

/// SIGINT or SIGTERM, from now on.
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Loopback alone: the address is no choice of anyone.
async fn listen(port: Option<u16>) -> Result<TcpListener, ServeError> {
    if let Some(port) = port {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        return bound.map_err(|source| ServeError::Listen { port, source });
    }
    for port in PORT..=PORT + NEIGHBOURS {
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            return Ok(listener);
        }
    }
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    bound.map_err(|source| ServeError::Listen { port: PORT, source })
}
