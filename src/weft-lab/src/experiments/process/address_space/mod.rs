//! Where in its memory does a program keep what?
//!
//! Section 1 of the notes: a process's memory holds code, data, heap and stack. A trial starts this program anew, which
//! makes an object of every kind, takes its address, and reads its own `/proc/self/maps`. Each object must lie in the
//! region of its name. The kernel gives each process other addresses, and the trials say how much they differ.

mod figures;
mod findings;
mod layout;
mod show;
#[cfg(test)]
mod tests;

use std::io;

use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::Figure;
use crate::judge;
use crate::measure::Nanos;
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::sys;
use crate::verdict::{Finding, Verdict};

use layout::{Check, Layout, Part};
use show::Object;
pub(in crate::experiments) use show::{ERRAND, show_own};

/// See the module.
#[derive(Debug)]
pub(crate) struct AddressSpace;

static ABOUT: About = About {
    id: "address-space",
    question: msg!("Where in its memory does a program keep what?"),
    section: Section::Process,
    claims: &["process-memory-layout"],
    params: &[
        Param::integer("trials", msg!("Programs that are started"), (1, 10_000), 100, 1_000),
        Param::integer("threads", msg!("Threads beside the first"), (0, 16), 2, 2),
        Param::choice(
            "addresses",
            msg!("Random addresses, or the same ones in every program"),
            &["random", "fixed"],
        ),
    ],
    seconds: (1, 3),
    uses: &["own-map", "personality", "tasks"],
    source: include_str!("mod.rs"),
};

impl Check {
    fn condition(self) -> Condition {
        Condition::of("check", self.id())
    }
}

/// The objects whose addresses are kept of every program, to see how they differ.
const FOLLOWED: [Object; 3] = [Object::Function, Object::Boxed, Object::Local];

fn object(object: Object) -> Condition {
    Condition::of("object", object.id())
}

impl Experiment for AddressSpace {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.phase(text!("Starting programs and reading where their objects lie"), 0.0, 1.0);
        if cx.params.word("addresses") == "fixed"
            && let Err(error) = sys::forbid_random_layout()
        {
            cx.miss("personality", error);
        }
        let (threads, trials) = (cx.params.count("threads"), cx.params.count("trials"));
        let mut layouts = Vec::new();
        let (mut lost, mut random) = (0_u32, None);
        let budget = Nanos::from(cx.time(0.8));
        let start = cx.clock.now();
        for trial in 0..trials {
            match show::ask(threads) {
                Ok(shown) => {
                    random = shown.random;
                    layouts.push(Layout::of(shown));
                }
                Err(error) => {
                    lost += 1;
                    let no_task = error.kind() == io::ErrorKind::WouldBlock;
                    cx.miss(if no_task { "tasks" } else { "own-map" }, error);
                }
            }
            cx.progress((trial + 1) as f64 / trials as f64);
            if cx.clock.now().since(start) > budget {
                break;
            }
        }
        let yes = |yes: bool| f64::from(u8::from(yes));
        for check in Check::ALL {
            let held = layouts.iter().map(|layout| yes(layout.holds(check)));
            cx.put(check.condition(), "held", "1", held.collect());
        }
        let all = Condition::default;
        cx.put(
            all(),
            "in-order",
            "1",
            layouts.iter().map(|layout| yes(layout.is_in_order())).collect(),
        );
        let in_heap = |kind: Object| {
            let parts = layouts.iter().map(move |layout| {
                let address = layout
                    .address(kind)
                    .or_else(|| layout.of_threads(kind).next().map(|mark| mark.address));
                yes(address.and_then(|address| layout.part_at(address)) == Some(Part::Heap))
            });
            parts.collect()
        };
        for kind in [Object::Boxed, Object::LargeBoxed, Object::ThreadBoxed] {
            cx.put(object(kind), "in-heap", "1", in_heap(kind));
        }
        for kind in FOLLOWED {
            let addresses = layouts.iter().filter_map(|layout| layout.address(kind));
            cx.put(
                object(kind),
                "address",
                "address",
                addresses.map(|address| address as f64).collect(),
            );
        }
        let of_thread = |layout: &Layout| layout.of_threads(Object::Local).next().map(|mark| mark.address as f64);
        let stacks = layouts.iter().filter_map(of_thread).collect();
        cx.put(object(Object::Local).and("thread", 1), "address", "address", stacks);
        cx.put(all(), "lost", "1", vec![f64::from(lost)]);
        cx.put(all(), "random", "1", random.map(yes).into_iter().collect());
        let setting = std::fs::read_to_string("/proc/sys/kernel/randomize_va_space").ok();
        let setting = setting.and_then(|setting| setting.trim().parse::<f64>().ok());
        cx.put(all(), "randomize-va-space", "1", setting.into_iter().collect());
        if let Some(layout) = layouts.first() {
            keep(cx, layout);
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let checks = Check::ALL.map(|check| record.blocks("held", &check.condition()));
        let made = checks.iter().map(|held| held.len()).min().unwrap_or(0);
        let held = (0..made)
            .filter(|&trial| checks.iter().all(|held| held[trial] > 0.5))
            .count();
        let summary = if made == 0 {
            text!("Nothing could be measured.")
        } else {
            text!(
                "In {held} of {trials} programs the function lay in code, static data in the data region, the allocated object in the heap, and each local variable in its thread's stack."
            )
        };
        let mut verdict = judge::always(record, ABOUT.claims[0], held, made, summary);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of trials"
        )]
        let lost = record.blocks("lost", &Condition::default()).iter().sum::<f64>() as usize;
        judge::fewer_trials(&mut verdict, made, lost, record.params.count("trials"));
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// Keeps one program for the picture: all regions, with the last part of a file's name alone, and all objects.
fn keep(cx: &mut Context<'_>, layout: &Layout) {
    for (index, (region, part, thread)) in layout.parts().into_iter().enumerate() {
        let condition = Condition::of("region", index)
            .and("part", part.id())
            .and("name", region.short_name());
        let condition = match thread {
            Some(thread) => condition.and("thread", thread),
            None => condition,
        };
        cx.put(
            condition,
            "region",
            "address",
            vec![region.start as f64, region.end as f64],
        );
    }
    for mark in &layout.marks {
        let condition = object(mark.object).and("thread", mark.thread);
        cx.put(condition, "mark", "address", vec![mark.address as f64]);
    }
}
