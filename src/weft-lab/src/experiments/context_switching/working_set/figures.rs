//! The ratio, the paper's two figures, and the number of address spaces.

use super::walk::Walkers;
use super::{
    ALONE, STRIDES, costs, main_size, ratio_of_medians, regions, spaces_condition, swept_cost, swept_sizes,
    swept_spaces,
};
use crate::claim::EQUIVALENCE;
use crate::figure::{Axis, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::format;
use crate::judge;
use crate::measure::ring::Kind;
use crate::record::Record;
use crate::stats::median;
use crate::text::Text;

pub(super) fn ratio(record: &Record) -> Figure {
    let stride = record.params.count("stride");
    let [bare, loaded] = costs(record);
    let label = if record.is_aa() {
        text!("The same, A/A")
    } else {
        text!(
            "Verdict: {kilobytes} kB",
            kilobytes = format::count(main_size(record).unwrap_or_default() as u64)
        )
    };
    let mut rows = vec![Mark {
        label,
        group: 0,
        value: ratio_of_medians(judge::bootstrap(record), &bare, &loaded),
    }];
    // The sweep's own switch with nothing stands below each of its sizes.
    let nothing = swept_cost(record, Walkers::Two, 0, stride).estimate;
    let sizes = swept_sizes(record, stride).into_iter().filter(|&size| size > 0);
    rows.extend(sizes.map(|size| Mark {
        label: text!("{kilobytes} kB", kilobytes = format::count(size as u64)),
        group: 1,
        value: swept_cost(record, Walkers::Two, size, stride).map(|cost| cost / nothing),
    }));
    rows.retain(|row| row.value.low.is_finite() && row.value.low > 0.0);
    let plot = Marks {
        axis: Axis::log(text!("Cost of a switch over that of one that touches nothing"), "1"),
        groups: vec![text!("Main comparison"), text!("Sweep")],
        rows,
        region: Some(EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("How many times dearer a switch is when the tasks touch memory"),
        text!(
            "The cost of a switch between two processes that each walk over an array, divided by the cost when they touch nothing, for each size of the array, with 95% intervals on a log axis. The walk itself is subtracted. A size whose interval reaches zero is left out here; the next figure has it. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

pub(super) fn sizes(record: &Record) -> Figure {
    let stride = record.params.count("stride");
    let all = swept_sizes(record, stride);
    let curve = |name: Text, walkers: Walkers, size_of: &dyn Fn(usize) -> usize| Curve {
        name,
        points: all
            .iter()
            .filter(|&&size| size > 0)
            .map(|&size| (size as f64, swept_cost(record, walkers, size_of(size), stride)))
            .filter(|(_, cost)| cost.low.is_finite())
            .collect(),
    };
    let curves = vec![
        curve(text!("A switch, with what follows"), Walkers::Two, &|size| size),
        curve(text!("A switch that touches nothing"), Walkers::Two, &|_| 0),
        curve(text!("Two arrays, no switch"), Walkers::OneOverBoth, &|size| size),
    ];
    let plot = Curves {
        x: Axis::log(text!("Array of each process, kB"), "1"),
        y: Axis::log(text!("Cost beyond one process's walk"), "ns"),
        curves,
        region: None,
    };
    Figure::new(
        record,
        "size",
        text!("The cost of a switch by size of the array, after Li, Ding, Shen, figure 1"),
        text!(
            "What a turn costs beyond the same walk by one process over one array, against the size of the array, with 95% intervals, on log axes: with a switch to another process that has an array of its own, with a switch when nothing is touched, and without a switch when one process walks over two arrays in turn. A cost at or below zero lies on the lower edge; the table has it."
        ),
        Plot::Curves(plot),
    )
}

pub(super) fn strides(record: &Record) -> Figure {
    let usual = record.params.count("stride");
    let mut strides = STRIDES.to_vec();
    strides.push(usual);
    strides.sort_unstable();
    strides.dedup();
    // The sizes that another stride than the usual one was tried with.
    let sizes: Vec<usize> = strides
        .iter()
        .filter(|&&stride| stride != usual)
        .flat_map(|&stride| swept_sizes(record, stride))
        .collect();
    let curve = |&stride: &usize| Curve {
        name: text!("Steps of {stride} bytes", stride = stride),
        points: swept_sizes(record, stride)
            .into_iter()
            .filter(|size| sizes.contains(size))
            .map(|size| (size as f64, swept_cost(record, Walkers::Two, size, stride)))
            .filter(|(_, cost)| cost.low.is_finite())
            .collect(),
    };
    let curves: Vec<Curve> = strides
        .iter()
        .map(curve)
        .filter(|curve| !curve.points.is_empty())
        .collect();
    let plot = Curves {
        x: Axis::log(text!("Array of each process, kB"), "1"),
        y: Axis::log(text!("Cost of a switch"), "ns"),
        curves: if sizes.is_empty() { Vec::new() } else { curves },
        region: None,
    };
    Figure::new(
        record,
        "stride",
        text!("The cost of a switch by stride of the walk, after Li, Ding, Shen, figure 2"),
        text!(
            "The cost of a switch against the size of the array, one curve for each stride of the walk, with 95% intervals, on log axes. Each walk touches every element once; a longer stride goes over the array more often, with fewer elements each time. A cost at or below zero lies on the lower edge; the table has it."
        ),
        Plot::Curves(plot),
    )
}

pub(super) fn spaces(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curve = |name: Text, kind: Kind, region: usize| {
        let time = |ring| record.blocks("time", &spaces_condition(ring, region));
        let alone = median(time(ALONE));
        let cost = |tasks: usize| bootstrap.median(time((kind, tasks))).map(|time| time - alone);
        Curve {
            name,
            points: swept_spaces(record, region)
                .into_iter()
                .map(|tasks| (tasks as f64, cost(tasks)))
                .filter(|(_, cost)| cost.low.is_finite())
                .collect(),
        }
    };
    let [small, large] = regions(record.params.count("region"));
    let number = |region: usize| format::count(region as u64);
    let curves = vec![
        curve(
            text!("Threads, {region} kB", region = number(large)),
            Kind::Thread,
            large,
        ),
        curve(
            text!("Processes, {region} kB", region = number(large)),
            Kind::Process,
            large,
        ),
        curve(
            text!("Threads, {region} kB", region = number(small)),
            Kind::Thread,
            small,
        ),
        curve(
            text!("Processes, {region} kB", region = number(small)),
            Kind::Process,
            small,
        ),
    ];
    let tasks = swept_spaces(record, large).into_iter().map(|tasks| tasks as f64);
    let plot = Curves {
        x: Axis::linear(text!("Tasks in the ring"), "1").at(tasks.collect()),
        y: Axis::linear(text!("Cost of a switch"), "ns"),
        curves,
        region: None,
    };
    Figure::new(
        record,
        "spaces",
        text!("The cost of a switch by number of address spaces, with one shared region"),
        text!(
            "The cost of a switch against the number of tasks in the ring, with 95% intervals: threads of one process and processes, with a small and with a large region. All touch the pages of the same region between switches, so the data are the same; only the number of address spaces differs. What one task alone takes is subtracted."
        ),
        Plot::Curves(plot),
    )
}
