//! Labs that run in the page itself, because what they are about is the browser: no worker process can measure it.
//!
//! They measure with the book's own scripts (`book/theme/weft-frames.js`), judge by the same rules, and keep the result in
//! the reader's browser. Here stands what the program knows of them: `weft list` and `weft verdicts` name them, the book
//! gives them a card, and a result that a browser exported can be read, judged and drawn like a record.

use serde::{Deserialize, Serialize};

use crate::claim::{self, Claim, Section};
use crate::figure::{Axis, Figure, Mark, Marks, Plot};
use crate::format;
use crate::stats::{Bootstrap, Interval, median, quantile};
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding, Outcome, Verdict};

/// A lab that runs in the page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLab {
    /// Its id, which is that of the claim it judges.
    pub id: &'static str,
    /// What it asks; a message of the catalogue.
    pub question: &'static str,
    /// The chapter that it stands in.
    pub section: Section,
    /// How long a quick and a full run take, in seconds.
    pub seconds: (u32, u32),
    /// The book's scripts that are its source, by their names in `book/theme`.
    pub scripts: &'static [&'static str],
}

/// All of them.
pub static PAGE_LABS: &[PageLab] = &[PageLab {
    id: "browser-manages",
    question: msg!("What does a page lose when its script computes on the main thread, and what does a Worker save?"),
    section: Section::BackendAndFrontend,
    seconds: (8, 24),
    scripts: &["weft-frames.js", "weft-worker.js", "weft-statistics.js"],
}];

impl PageLab {
    /// The lab with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static PageLab> {
        PAGE_LABS.iter().find(|lab| lab.id == id)
    }
}

impl Claim {
    /// The lab in the page that judges this claim, where no experiment does.
    #[must_use]
    pub fn page_lab(&self) -> Option<&'static PageLab> {
        PageLab::find(self.id)
    }
}

/// All that a browser keeps of a run, samples included, under the key `weft-page-result:CLAIM` of its local storage; weft-page-lab.js says what
/// the members are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageRecord {
    /// The version of this form.
    pub schema: u32,
    /// The claim, which is also the lab.
    pub claim: String,
    /// What the run said.
    pub outcome: Outcome,
    /// The ratio; absent where nothing could be measured.
    pub effect: Option<f64>,
    /// The lower end of its interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The region of equivalence that it was held against.
    pub region: [f64; 2],
    /// RFC 3339, UTC.
    pub when: String,
    /// What the browser says of itself.
    pub user_agent: String,
    /// Logical processors, as the browser says.
    pub cores: Option<u32>,
    /// Whether the page was isolated from other origins.
    pub isolated: bool,
    /// Whether a condition was compared with itself.
    pub aa: bool,
    /// `quick` or `full`.
    pub mode: String,
    /// What all random choices started from.
    pub seed: u64,
    /// What was measured.
    pub samples: Samples,
}

/// What a run measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// For each block the gaps between frames in ms, with the work on the main thread.
    pub main: Vec<Vec<f64>>,
    /// The same with the work in a Worker.
    pub worker: Vec<Vec<f64>>,
    /// How long the work took, in ms.
    pub work: Work,
    /// What two Workers lost; absent where the page was not isolated.
    pub shared: Option<Shared>,
    /// Why the browser started no Worker.
    pub barred: Option<String>,
}

/// How long the work took, in ms, one number a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// On the main thread.
    pub main: Vec<f64>,
    /// In a Worker.
    pub worker: Vec<f64>,
}

/// Additions to a shared number by two Workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// How many there were, of both together.
    pub additions: u64,
    /// How many were missing at the end of each round, with plain writes.
    pub plain: Vec<f64>,
    /// The same with `Atomics`.
    pub atomic: Vec<f64>,
}

impl PageRecord {
    /// Reads what a browser exported.
    ///
    /// # Errors
    ///
    /// Text that is no such result.
    pub fn from_json(json: &str) -> Result<PageRecord, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The longest gap of each block on the main thread and in a Worker, in ms.
    fn longest(&self) -> [Vec<f64>; 2] {
        [&self.samples.main, &self.samples.worker].map(|blocks| {
            blocks
                .iter()
                .map(|gaps| gaps.iter().copied().fold(0.0, f64::max))
                .collect()
        })
    }

    fn bootstrap(&self) -> Bootstrap {
        Bootstrap::new(self.seed, 0.95)
    }

    /// The ratio of the longest gaps, from the samples.
    fn ratio(&self) -> Interval {
        let [main, worker] = self.longest();
        self.bootstrap().ratio(&worker, &main)
    }

    /// Judges the samples again, by the rule of the page.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let ratio = self.ratio();
        let is_measured = ratio.low.is_finite() && ratio.high.is_finite();
        let [main, worker] = self.longest().map(|gaps| format::quantity(median(&gaps) * 1e6, "ns"));
        let summary = if !is_measured {
            text!("Nothing could be measured.")
        } else if self.aa {
            text!("A/A: the same block twice differs by a factor of {effect}.")
        } else {
            text!(
                "While the main thread computes, the longest wait between two frames is {effect} times as long as while a Worker does: {main} against {worker}.",
                main = main,
                worker = worker
            )
        };
        Verdict {
            claim: self.claim.clone(),
            outcome: if is_measured {
                Outcome::of(&ratio, self.region)
            } else {
                Outcome::Inconclusive
            },
            effect: is_measured.then(|| Effect::new(EffectKind::Ratio, ratio, "1")),
            equivalence: Some(self.region),
            summary: summary.with("effect", format::interval(&ratio, "1")),
            findings: self.findings(),
            doubts: self.doubts(),
        }
    }

    fn findings(&self) -> Vec<Finding> {
        let finding = |id: &str, text: Text| Finding {
            id: id.to_owned(),
            text,
            effect: None,
        };
        let mut found = Vec::new();
        let Work { main, worker } = &self.samples.work;
        if !main.is_empty() && !self.aa {
            let [main, worker] = [main, worker].map(|times| format::quantity(median(times) * 1e6, "ns"));
            found.push(finding(
                "same-work",
                text!(
                    "The same work took {main} on the main thread and {worker} in a Worker.",
                    main = main,
                    worker = worker
                ),
            ));
        }
        if let Some(shared) = &self.samples.shared {
            let percent = median(&shared.plain) / shared.additions.max(1) as f64 * 100.0;
            found.push(finding(
                "plain",
                text!(
                    "Two Workers that write plainly to shared memory lost {percent}% of {additions} additions.",
                    percent = format::number(percent),
                    additions = format::count(shared.additions)
                ),
            ));
            found.push(finding(
                "atomic",
                text!(
                    "With Atomics they lost {lost} of {additions}.",
                    lost = format::number(shared.atomic.iter().copied().fold(0.0, f64::max)),
                    additions = format::count(shared.additions)
                ),
            ));
        }
        found
    }

    fn doubts(&self) -> Vec<Doubt> {
        let serve = || text!("Open the book with `weft serve`, which sends the two headers, and run it there.");
        let missing = match (&self.samples.barred, &self.samples.shared) {
            (Some(_), _) => Some(text!(
                "This browser starts no Worker on a page from a folder, so there is nothing to compare with."
            )),
            (None, None) => Some(text!(
                "The page is not isolated from other origins, so it has no SharedArrayBuffer: the part with shared memory is left out."
            )),
            _ => None,
        };
        missing
            .map(|message| Doubt::new("missing-isolation", message, serve()))
            .into_iter()
            .collect()
    }

    /// The result, drawn: the ratio, and how long frames took.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        let ratio = self.ratio();
        if !ratio.low.is_finite() {
            return Vec::new();
        }
        let figure = |id, title, description, plot| Figure {
            experiment: self.claim.clone(),
            id,
            title,
            description,
            plot: Plot::Marks(plot),
            machine: self.machine(),
        };
        vec![
            figure(
                "ratio",
                text!("The longest wait for a frame, main thread against Worker"),
                text!(
                    "How many times as long the longest gap between two frames is while the main thread computes as while a Worker does, with its 95% interval, on a log axis. The band is the region in which two things count as equal."
                ),
                Marks {
                    axis: Axis::log(text!("Times as long"), "1"),
                    groups: Vec::new(),
                    rows: vec![Mark {
                        label: text!("Main thread"),
                        group: 0,
                        value: ratio,
                    }],
                    region: claim::find(&self.claim).and_then(Claim::region),
                    takes_prediction: true,
                },
            ),
            figure(
                "gaps",
                text!("Gaps between frames"),
                text!(
                    "Median, 95th percentile and longest gap between two frames, with 95% intervals over the blocks, on a log axis: while the main thread computes, and while a Worker does."
                ),
                self.gaps(),
            ),
        ]
    }

    fn gaps(&self) -> Marks {
        let bootstrap = self.bootstrap();
        let sides = [&self.samples.main, &self.samples.worker];
        let mark = |label: Text, group: usize, number: &dyn Fn(&[f64]) -> f64| Mark {
            label,
            group,
            value: bootstrap.median(&sides[group].iter().map(|gaps| number(gaps) * 1e6).collect::<Vec<_>>()),
        };
        let rows = (0..2).flat_map(|group| {
            [
                mark(text!("Median"), group, &|gaps| median(gaps)),
                mark(text!("95th percentile"), group, &|gaps| quantile(gaps, 0.95)),
                mark(text!("Longest"), group, &|gaps| quantile(gaps, 1.0)),
            ]
        });
        Marks {
            axis: Axis::log(text!("Time from one frame to the next"), "ns"),
            groups: vec![text!("Main thread"), text!("Worker")],
            rows: rows.collect(),
            region: None,
            takes_prediction: false,
        }
    }

    /// The browser and the machine, in one line.
    #[must_use]
    pub fn machine(&self) -> Text {
        text!(
            "{cores} logical processors · {agent}",
            cores = self.cores.map_or_else(|| "?".to_owned(), |cores| cores.to_string()),
            agent = &self.user_agent
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten pairs of blocks: with the work on the main thread one frame takes `longest` ms.
    fn result(longest: f64) -> PageRecord {
        let blocks = |longest: f64, scatter: f64| -> Vec<Vec<f64>> {
            (0..10)
                .map(|block| vec![16.6, 16.7, longest * (1.0 + scatter * f64::from(block)), 16.7])
                .collect()
        };
        PageRecord {
            schema: 1,
            claim: "browser-manages".to_owned(),
            outcome: Outcome::Inconclusive,
            effect: None,
            low: None,
            high: None,
            region: claim::EQUIVALENCE,
            when: "2026-02-08T00:00:00.000Z".to_owned(),
            user_agent: "Example/1.0".to_owned(),
            cores: Some(2),
            isolated: true,
            aa: false,
            mode: "quick".to_owned(),
            seed: 1,
            samples: Samples {
                main: blocks(longest, 0.002),
                worker: blocks(17.0, 0.001),
                work: Work {
                    main: vec![120.0; 10],
                    worker: vec![121.0; 10],
                },
                shared: Some(Shared {
                    additions: 2_000_000,
                    plain: vec![800_000.0; 5],
                    atomic: vec![0.0; 5],
                }),
                barred: None,
            },
        }
    }

    #[track_caller]
    fn check(longest: f64, expect: Outcome) {
        assert_eq!(result(longest).verdict().outcome, expect);
    }

    #[test]
    fn each_outcome() {
        check(135.0, Outcome::Supported);
        check(17.0, Outcome::NoDifference);
        check(18.6, Outcome::Inconclusive);
        let mut other_way = result(17.0);
        other_way.samples.worker = result(135.0).samples.main;
        assert_eq!(other_way.verdict().outcome, Outcome::Refuted);
        let mut nothing = result(135.0);
        nothing.samples.main.clear();
        nothing.samples.barred = Some("no Worker".to_owned());
        let verdict = nothing.verdict();
        assert_eq!((verdict.outcome, verdict.effect), (Outcome::Inconclusive, None));
        assert!(verdict.doubts[0].message.english().contains("starts no Worker"));
        assert_eq!(nothing.figures(), []);
    }

    #[test]
    fn losses_are_said_and_their_absence_too() {
        let words = |result: &PageRecord| -> Vec<String> {
            let verdict = result.verdict();
            let findings = verdict.findings.iter().map(|finding| finding.text.english());
            let doubts = verdict.doubts.iter().map(|doubt| doubt.message.english());
            findings.chain(doubts).collect()
        };
        let with = result(135.0);
        assert_eq!(
            words(&with)[1..],
            [
                "Two Workers that write plainly to shared memory lost 40.0% of 2,000,000 additions.",
                "With Atomics they lost 0 of 2,000,000."
            ]
        );
        let mut without = result(135.0);
        without.samples.shared = None;
        assert!(words(&without)[1].contains("no SharedArrayBuffer"));
    }

    #[test]
    fn json_and_back() {
        let result = result(135.0);
        let json = serde_json::to_string(&result).unwrap();
        assert_eq!(PageRecord::from_json(&json).unwrap(), result);
        assert!(PageRecord::from_json(&json[..json.len() / 2]).is_err());
    }

    #[test]
    fn figures_take_the_prediction_and_show_both_sides() {
        let figures = result(135.0).figures();
        assert!(figures[0].svg(&|_| None).contains("data-prediction-axis=\"x\""));
        assert_eq!(figures[1].table().rows.len(), 6);
    }

    #[test]
    fn each_lab_stands_for_a_claim_without_an_experiment() {
        for lab in PAGE_LABS {
            let claim = claim::find(lab.id).unwrap();
            assert_eq!((claim.experiment, claim.section), (None, lab.section), "{}", lab.id);
            assert!(claim.question.is_some() && claim.page_lab() == Some(lab));
        }
    }
}
