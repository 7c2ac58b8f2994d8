//! Does a thread for each connection serve a web server better than a process for each?
//!
//! Section 4 of the notes, "handling the requests of a web server". Six servers speak a little HTTP over loopback: a
//! process for each connection, a thread for each, processes made before, a pool of threads written by hand, rayon's
//! pool, an event loop. Each runs in a process of its own, on one core; the client has another core. The verdict
//! compares how many short connections a second the first two serve. Then all six serve short and kept connections, at
//! their limit (closed loop) and at a fixed rate (open loop: a request's latency counts from the moment for which it was
//! planned, so that a server that stalls can't stop the clock). At the end a handler crashes in each.

mod client;
mod crash;
mod events;
mod figures;
mod findings;
mod pool;
mod protocol;
mod server;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use self::client::{Client, Latency, Style, schedule};
use self::server::{House, Model, Server, toil};
use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment};
use crate::facility::Facility;
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::measure::{Clock, Plan, batch_size, decided};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::stats::{median, quantile};
use crate::sys;
use crate::verdict::{Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct WebServer;

static ABOUT: About = About {
    id: "web-server",
    question: msg!("How does a web server share its connections out, and what does each way cost?"),
    section: Section::MultiProcessMultiThread,
    claims: &["web-server"],
    params: &[
        Param::integer(
            "connections",
            msg!("Requests that the closed loop keeps under way, and connections that are kept"),
            (1, 64),
            8,
            8,
        ),
        Param::integer(
            "workers",
            msg!("Processes or threads that are made before, where a server has such"),
            (1, 64),
            8,
            8,
        ),
        Param::integer(
            "rate",
            msg!("Requests a second of the open loop"),
            (50, 20_000),
            1_500,
            1_500,
        ),
        Param::integer(
            "work_us",
            msg!("Computing that each answer costs, in µs"),
            (0, 2_000),
            0,
            0,
        ),
        Param::aa(),
    ],
    seconds: (4, 23),
    uses: &["pinning", "second-cpu", "loopback", "tasks"],
    source: concat!(
        include_str!("mod.rs"),
        "\n",
        include_str!("server.rs"),
        "\n",
        include_str!("pool.rs"),
        "\n",
        include_str!("events.rs"),
        "\n",
        include_str!("client.rs"),
        "\n",
        include_str!("crash.rs")
    ),
};

/// A quantile this far out is given from so many requests on.
const ENOUGH_FOR_P999: usize = 1_000;

/// Where everything of this run happens.
#[derive(Clone, Copy)]
struct Site<'a> {
    clock: &'a dyn Clock,
    house: House,
    has_own_core: bool,
    connections: usize,
}

impl Experiment for WebServer {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        if let Some(Err(error)) = Facility::find("loopback").map(Facility::check) {
            cx.miss("loopback", error);
            return Ok(());
        }
        sys::become_subreaper().during("become the parent of what servers leave behind")?;
        let site = Site::open(cx)?;
        compare(cx, site)?;
        if cx.params.flag("aa") {
            return Ok(());
        }
        saturate_all(cx, site)?;
        follow_all(cx, site)?;
        crash_all(cx, site)
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let [processes, threads] = main_conditions(record.is_aa()).map(|side| record.blocks("throughput", &side));
        let (ratio, drift) = judge::paired_ratio(record, processes, threads);
        let summary = if record.is_aa() {
            text!("A/A: the same server twice differs by a factor of {effect}.")
        } else {
            text!(
                "With a thread for each short connection one core serves {effect} times as many as with a process for each: {threads} against {processes} a second."
            )
        };
        let summary = summary
            .with("threads", format::number(median(threads)))
            .with("processes", format::number(median(processes)));
        let mut verdict = judge::ratio(record, "web-server", ratio, summary);
        verdict.doubts.extend(drift);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::all(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

impl<'a> Site<'a> {
    /// The server has the quiet core, and the client, which is this worker, another one where there is one.
    fn open(cx: &mut Context<'a>) -> Result<Self, Error> {
        let cpu = cx.machine.quiet_cpu();
        cx.pin();
        let has_own_core = if let Some(other) = cx.machine.other_cpu() {
            sys::pin(other).map_err(|error| cx.miss("pinning", error)).is_ok()
        } else {
            cx.miss("second-cpu", format!("allowed: CPU {cpu}"));
            false
        };
        Ok(Site {
            clock: cx.clock,
            house: House {
                cpu,
                workers: cx.params.count("workers").max(1),
                work: turns(cx.clock, cx.params.count("work_us") as u64)?,
            },
            has_own_core,
            connections: cx.params.count("connections").max(1),
        })
    }

    fn client<'b>(&self, server: &'b Server, style: Style) -> Client<'b>
    where
        'a: 'b,
    {
        Client {
            clock: self.clock,
            address: server.address,
            style,
            has_own_core: self.has_own_core,
        }
    }

    /// Requests a second at the limit of a new server of this model.
    fn throughput(&self, (model, style): (Model, Style), length: Duration) -> Result<f64, Error> {
        let attempt = || {
            let server = Server::start(model, self.house)?;
            self.client(&server, style).saturate(self.connections, length)
        };
        attempt().during("serve connections over loopback")
    }
}

/// How many turns of a loop take this long.
fn turns(clock: &dyn Clock, micros: u64) -> Result<u64, Error> {
    let millisecond = crate::measure::Nanos(1_000_000);
    let in_a_while = batch_size(clock, millisecond, |count| {
        std::hint::black_box(toil(count));
        Ok::<(), Error>(())
    })?;
    let start = clock.now();
    std::hint::black_box(toil(in_a_while));
    let took = clock.now().since(start).0.max(1);
    Ok(in_a_while * 1_000 * micros / took)
}

/// The two conditions of the verdict. In an A/A run both have a process for each connection.
fn main_conditions(aa: bool) -> [Condition; 2] {
    let second = if aa { Model::Fork } else { Model::Thread };
    [
        Condition::of("side", "a").and("server", Model::Fork.id()),
        Condition::of("side", "b").and("server", second.id()),
    ]
}

fn compare(cx: &mut Context<'_>, site: Site<'_>) -> Result<(), Error> {
    cx.phase(
        text!("Serving short connections with processes and with threads"),
        0.0,
        0.3,
    );
    let aa = cx.params.flag("aa");
    let sides = [Model::Fork, if aa { Model::Fork } else { Model::Thread }];
    let quick = cx.mode == Mode::Quick;
    let length = Duration::from_millis(if quick { 20 } else { 60 });
    let region = crate::claim::EQUIVALENCE;
    let blocks = cx.compare(
        &[0, 1],
        Plan {
            warm_up: 1,
            ..Plan::lasting(cx.time(if quick { 0.25 } else { 0.15 }))
        },
        &|blocks, seed, confidence| decided(&blocks[0], &blocks[1], region, seed, confidence),
        |&side: &usize| site.throughput((sides[side], Style::Short), length),
    )?;
    for (condition, blocks) in main_conditions(aa).into_iter().zip(blocks) {
        cx.put(condition, "throughput", "/s", blocks);
    }
    Ok(())
}

fn cells() -> Vec<(Model, Style)> {
    Style::ALL
        .into_iter()
        .flat_map(|style| Model::ALL.map(|model| (model, style)))
        .collect()
}

fn cell_condition((model, style): (Model, Style)) -> Condition {
    Condition::of("server", model.id()).and("connection", style.id())
}

fn saturate_all(cx: &mut Context<'_>, site: Site<'_>) -> Result<(), Error> {
    cx.phase(text!("Serving at the limit, in every way"), 0.3, 0.55);
    let quick = cx.mode == Mode::Quick;
    let length = Duration::from_millis(if quick { 12 } else { 50 });
    let plan = Plan {
        warm_up: 0,
        min_rounds: 5,
        ..Plan::lasting(cx.time(if quick { 0.2 } else { 0.12 }))
    };
    let cells = cells();
    let blocks = cx.sweep(&cells, plan, |&cell| site.throughput(cell, length))?;
    for (cell, blocks) in cells.into_iter().zip(blocks) {
        cx.put(cell_condition(cell), "throughput", "/s", blocks);
    }
    Ok(())
}

fn follow_all(cx: &mut Context<'_>, site: Site<'_>) -> Result<(), Error> {
    cx.phase(text!("Serving requests that come at a fixed rate"), 0.55, 0.95);
    let rate = cx.params.count("rate") as f64;
    let (visits, length) = match cx.mode {
        Mode::Quick => (1, Duration::from_millis(100)),
        Mode::Full => (3, Duration::from_millis(350)),
    };
    let mut seen: BTreeMap<(Model, Style), Vec<client::Seen>> = BTreeMap::new();
    let mut cells = cells();
    for visit in 0..visits {
        // Each visit has a schedule of its own, which is the same for all servers.
        let moments = schedule(rate, length, &mut cx.rng.fork());
        cx.rng.shuffle(&mut cells);
        for (at, &(model, style)) in cells.iter().enumerate() {
            let attempt = || {
                let server = Server::start(model, site.house)?;
                let client = site.client(&server, style);
                // A server that has just begun is not what is asked about.
                client.saturate(site.connections, Duration::from_millis(4))?;
                client.follow(&moments, site.connections)
            };
            let result: io::Result<_> = attempt();
            seen.entry((model, style))
                .or_default()
                .push(result.during("serve connections over loopback")?);
            cx.progress((visit * cells.len() + at + 1) as f64 / (visits * cells.len()) as f64);
        }
    }
    for (cell, visits) in seen {
        put_latencies(cx, cell, &visits);
    }
    Ok(())
}

/// Quantiles of each visit, and those far out of all visits together.
fn put_latencies(cx: &mut Context<'_>, cell: (Model, Style), visits: &[client::Seen]) {
    let times = |visit: &client::Seen, time: fn(&Latency) -> f64| visit.latencies.iter().map(time).collect::<Vec<_>>();
    let from_schedule = |latency: &Latency| latency.from_schedule.as_f64();
    let from_send = |latency: &Latency| latency.from_send.as_f64();
    let answered = || visits.iter().filter(|visit| !visit.latencies.is_empty());
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let blocks = answered().map(|visit| quantile(&times(visit, from_schedule), share));
        cx.put(cell_condition(cell), name, "ns", blocks.collect());
    }
    let all = |time| -> Vec<f64> { visits.iter().flat_map(|visit| times(visit, time)).collect() };
    let scheduled = all(from_schedule);
    if !scheduled.is_empty() {
        let sent = quantile(&all(from_send), 0.99);
        cx.put(cell_condition(cell), "p99_from_send", "ns", vec![sent]);
    }
    if scheduled.len() >= ENOUGH_FOR_P999 {
        let far_out = quantile(&scheduled, 0.999);
        cx.put(cell_condition(cell), "p999", "ns", vec![far_out]);
    }
    let unanswered: usize = visits.iter().map(|visit| visit.unanswered).sum();
    cx.put(cell_condition(cell), "unanswered", "1", vec![unanswered as f64]);
    cx.put(cell_condition(cell), "answered", "1", vec![scheduled.len() as f64]);
}

fn crash_all(cx: &mut Context<'_>, site: Site<'_>) -> Result<(), Error> {
    cx.phase(text!("Letting a handler crash"), 0.95, 1.0);
    let trials = if cx.mode == Mode::Quick { 4 } else { 30 };
    let plan = Plan {
        warm_up: 0,
        ..Plan::lasting(cx.time(0.1)).at_most(trials)
    };
    let mut accepts: BTreeMap<Model, Vec<f64>> = BTreeMap::new();
    let blocks = cx.sweep(&Model::ALL, plan, |&model| {
        let shown = crash::trial(model, site.house).during("let a handler crash")?;
        accepts
            .entry(model)
            .or_default()
            .push(f64::from(u8::from(shown.accepts)));
        Ok(shown.survivors as f64)
    })?;
    for (model, blocks) in Model::ALL.into_iter().zip(blocks) {
        let condition = || Condition::of("server", model.id());
        cx.put(condition(), "survivors", "1", blocks);
        cx.put(condition(), "accepts", "1", accepts.remove(&model).unwrap_or_default());
    }
    Ok(())
}
