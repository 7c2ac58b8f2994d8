//! A server on a free port, whose bench says what the test wants.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use tokio::sync::oneshot;
use weft_lab::experiment::Progress;
use weft_lab::machine::{Noise, Probe};
use weft_lab::record::{SCHEMA, Stopping};
use weft_lab::text::Text;
use weft_lab::{Event, Record, Request, RunError};

use super::Ask;
use crate::serve::app::App;
use crate::serve::bench::{Bench, Workplace};
use crate::serve::fragments::Dictionary;
use crate::serve::results::Results;
use crate::serve::site::Site;

/// What the worker of a test does next.
pub(super) enum Step {
    /// It tells how far it is.
    Progress(&'static str, f64),
    /// It prints something.
    Printed(&'static str),
    /// It ends with a record.
    Finish,
    /// It ends without one.
    Fail(&'static str),
    /// It was told to end.
    Cancel,
    /// The judge of its record would panic.
    Panic,
}

/// A bench without a worker. The order to end comes by the way on which the test's steps come.
struct Script {
    steps: Receiver<Step>,
    orders: Sender<Step>,
}

impl Bench for Script {
    fn run(
        &self,
        request: &Request,
        start: &dyn Fn(Box<dyn Fn() + Send>),
        tell: &mut dyn FnMut(Event),
    ) -> Result<Record, RunError> {
        let orders = self.orders.clone();
        start(Box::new(move || {
            let _test_is_over = orders.send(Step::Cancel);
        }));
        let experiment = request.experiment.clone();
        loop {
            match self.steps.recv() {
                Ok(Step::Progress(phase, fraction)) => tell(Event::Progress(Progress {
                    fraction,
                    phase: Text::new(phase),
                })),
                Ok(Step::Printed(text)) => tell(Event::Printed(text.to_owned())),
                Ok(Step::Finish) => return Ok(record(request)),
                Ok(Step::Fail(message)) => {
                    let message = message.to_owned();
                    return Err(RunError::Failed { experiment, message });
                }
                Ok(Step::Panic) => panic!("as the test wants"),
                Ok(Step::Cancel) | Err(_) => return Err(RunError::Cancelled { experiment }),
            }
        }
    }
}

/// A record without samples: its verdict is inconclusive.
fn record(request: &Request) -> Record {
    Record {
        schema: SCHEMA,
        experiment: request.experiment.clone(),
        mode: request.mode,
        seed: request.seed.unwrap_or(1),
        params: request.resolve().unwrap().1,
        started: "2026-02-08T00:00:00.000Z".to_owned(),
        elapsed_ns: 1_000_000_000,
        machine: Probe::at("/nowhere").machine(vec![0, 1]),
        noise: Noise::default(),
        stopping: Stopping::default(),
        missing: Vec::new(),
        series: Vec::new(),
    }
}

pub(super) struct Rig {
    pub(super) port: u16,
    pub(super) app: App,
    pub(super) token: String,
    /// What the worker does next.
    pub(super) steps: Sender<Step>,
    /// The records that were handed on.
    pub(super) records: Receiver<Record>,
    stop: Option<oneshot::Sender<()>>,
    ended: Receiver<()>,
}

impl Rig {
    pub(super) fn start() -> Rig {
        let (steps, script) = mpsc::channel();
        let (keep, records) = mpsc::channel();
        let bench = Script {
            steps: script,
            orders: steps.clone(),
        };
        let korean = |language: &str, english: &str| {
            let korean = match english {
                "Warming <up>" => "예열 <중>",
                "the body is no JSON" => "본문이 JSON이 아닙니다",
                "the start-up token is missing or wrong" => "시작 토큰이 없거나 다릅니다",
                "{experiment}: {message}" => "{experiment} 실패: {message}",
                _ => return None,
            };
            (language == "ko").then(|| korean.to_owned())
        };
        let dictionary: Arc<Dictionary> = Arc::new(korean);
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let workplace = Workplace {
            dictionary,
            results: Arc::new(Results::new(&root)),
            on_record: Box::new(move |record| {
                let _test_is_over = keep.send(record.clone());
            }),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(crate::serve::listen(Some(0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = App::new(pages(), port, Box::new(bench), workplace).unwrap();
        let token = app.guard.url().split_once("token=").unwrap().1.to_owned();
        let (stop, stopped) = oneshot::channel();
        let (tell_end, ended) = mpsc::channel();
        let answering = app.clone();
        thread::spawn(move || {
            runtime.block_on(answering.answer(listener, async {
                let _rig_dropped = stopped.await;
            }));
            runtime.shutdown_background();
            let _test_is_over = tell_end.send(());
        });
        Rig {
            port,
            app,
            token,
            steps,
            records,
            stop: Some(stop),
            ended,
        }
    }

    /// A request as the page's scripts make it.
    pub(super) fn ask(&self, method: &'static str, path: &str) -> Ask {
        let cookie = format!("theme=dark; weft-{}={}", self.port, self.token);
        self.bare(method, path).header("Cookie", cookie)
    }

    /// A request without the token.
    pub(super) fn bare(&self, method: &'static str, path: &str) -> Ask {
        Ask::new(self.port, method, path)
    }

    /// Asks for a run; its id.
    #[track_caller]
    pub(super) fn run(&self) -> String {
        let answer = self.order(r#"{"experiment": "creation-cost"}"#).answer();
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(super) fn order(&self, body: &str) -> Ask {
        self.ask("POST", "/api/runs").json(body)
    }

    pub(super) fn follow(&self, id: &str) -> Ask {
        self.ask("GET", &format!("/api/runs/{id}/events"))
    }

    pub(super) fn cancel(&self, id: &str) -> u16 {
        self.ask("DELETE", &format!("/api/runs/{id}")).answer().status
    }

    pub(super) fn step(&self, step: Step) {
        self.steps.send(step).unwrap();
    }

    /// As a signal does.
    pub(super) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits for the server's end; `false` where it takes longer than a server may.
    pub(super) fn ends_in_time(&self) -> bool {
        self.ended.recv_timeout(std::time::Duration::from_secs(2)).is_ok()
    }
}

/// Two editions of one page.
pub(super) fn pages() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("ko")).unwrap();
    write("index.html", "<h1>Weft</h1>");
    write("404.html", "<h1>Nothing here</h1>");
    write("ko/index.html", "<h1>위프트</h1>");
    write("weft.js", "'use strict';");
    Site::read(folder.path()).unwrap()
}
