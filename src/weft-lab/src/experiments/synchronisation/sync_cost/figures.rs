//! The record of sync-cost, drawn.

use super::findings::{blocks, both_old, endings};
use super::litmus::Order;
use super::philosophers::Cure;
use super::work::Work;
use super::{main_conditions, main_sides};
use crate::figure::{Axis, Bar, Bars, Figure, Mark, Marks, Plot};
use crate::judge;
use crate::record::Record;
use crate::stats::proportion;
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [ratio(record), times(record), dinners(record), reordered(record)];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn groups() -> Vec<Text> {
    vec![text!("Lines of one's own"), text!("A line that another core writes")]
}

fn ratio(record: &Record) -> Figure {
    let [first, second] = main_conditions(record.is_aa());
    let main = judge::paired_ratio(record, record.blocks("time", &first), record.blocks("time", &second)).0;
    let side = main_sides(record.is_aa())[1];
    let label = if record.is_aa() {
        text!("The same, A/A")
    } else {
        text!("One mutex, against one for each")
    };
    let mut rows = vec![Mark {
        label,
        group: side.group(),
        value: main,
    }];
    let bootstrap = judge::bootstrap_of_sweep(record);
    for (label, from, to) in [
        (text!("Own mutex, against plain addition"), Work::Plain, Work::OwnMutex),
        (
            text!("False sharing, against lines apart"),
            Work::AtomicApart,
            Work::AtomicOneLine,
        ),
        (
            text!("One atomic counter, against one for each"),
            Work::AtomicApart,
            Work::AtomicShared,
        ),
    ] {
        rows.push(Mark {
            label,
            group: to.group(),
            value: bootstrap.ratio(blocks(record, from), blocks(record, to)),
        });
    }
    rows.retain(|row| row.value.low.is_finite());
    let plot = Marks {
        axis: Axis::log(text!("Times as long"), "1"),
        groups: groups(),
        rows,
        region: Some(crate::claim::EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("What sharing costs"),
        text!(
            "A dot a comparison with its 95% interval, on a log axis: how many times as long an addition takes. The verdict's comparison stands at the top. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

fn times(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let rows = Work::ALL
        .into_iter()
        .filter(|&work| !blocks(record, work).is_empty())
        .map(|work| Mark {
            label: work.label(),
            group: work.group(),
            value: bootstrap.median(blocks(record, work)),
        });
    let plot = Marks {
        axis: Axis::log(text!("Time of one addition, as a thread sees it"), "ns"),
        groups: groups(),
        rows: rows.collect(),
        region: None,
        takes_prediction: false,
    };
    Figure::new(
        record,
        "times",
        text!("Time of an addition, by what the threads share"),
        text!(
            "A dot a way to add, on a log axis, with its 95% interval: two threads add at the same time, to counters of their own or to one, plainly, atomically or under a mutex."
        ),
        Plot::Marks(plot),
    )
}

fn dinners(record: &Record) -> Figure {
    let rows = Cure::ALL.into_iter().filter_map(|cure| {
        let [finished, deadlocks, stuck] = endings(record, cure);
        let all = finished + deadlocks + stuck;
        let share = |count: usize| 100.0 * count as f64 / all as f64;
        (all > 0).then(|| Bar {
            label: cure.label(),
            parts: vec![(0, share(finished)), (1, share(deadlocks)), (2, share(stuck))],
            interval: None,
        })
    });
    let plot = Bars {
        axis: Axis::linear(text!("Dinners"), "%").at(vec![0.0, 50.0, 100.0]),
        groups: vec![
            text!("Finished"),
            text!("Deadlock, ended by the guard"),
            text!("Stuck without a circle"),
        ],
        rows: rows.collect(),
    };
    Figure::new(
        record,
        "dinners",
        text!("How the philosophers' dinners ended"),
        text!(
            "A bar a cure: the share of dinners that were finished, that ended in a deadlock, and that got stuck otherwise. No cure stands at the top."
        ),
        Plot::Bars(plot),
    )
}

fn reordered(record: &Record) -> Figure {
    let cells = Order::ALL
        .into_iter()
        .map(|order| (order, true))
        .chain([(Order::Relaxed, false)]);
    let rows = cells.filter_map(|(order, in_step)| {
        let (found, tries) = both_old(record, order, in_step);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts of rounds"
        )]
        let share = proportion(found as usize, tries as usize).map(|share| share * 100.0);
        let label = if in_step {
            order.label()
        } else {
            text!("{order}, new threads for each try", order: order.label())
        };
        (tries > 0.0).then(|| Bar {
            label,
            parts: vec![(0, share.estimate)],
            interval: Some(share),
        })
    });
    let plot = Bars {
        axis: Axis::linear(text!("Rounds in which both read the old value"), "%"),
        groups: vec![text!("Both old")],
        rows: rows.collect(),
    };
    Figure::new(
        record,
        "reordered",
        text!("Writes that the other sees too late"),
        text!(
            "A bar an order of memory, with its 95% interval: the share of rounds in which each thread wrote its variable and neither saw the other's write. The last bar starts two new threads for each try."
        ),
        Plot::Bars(plot),
    )
}
