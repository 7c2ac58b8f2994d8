//! What the record shows beside the verdict: direct and indirect cost, the slope, where it turns, the stride, the number
//! of address spaces.

use super::walk::Walkers;
use super::{Caches, SIDES, costs, main_size, regions, spaces_condition, swept_cost, swept_sizes, swept_spaces};
use crate::format;
use crate::judge;
use crate::measure::ring::Kind;
use crate::record::{Condition, Record};
use crate::stats::{Interval, median};
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding};

/// All findings that the record holds the samples for.
pub(super) fn all(record: &Record) -> Vec<Finding> {
    let findings = [
        direct(record),
        indirect(record),
        room(record),
        slope(record),
        turn(record),
        stride(record),
    ];
    let spaces = regions(record.params.count("region")).map(|region| spaces(record, region));
    findings.into_iter().chain(spaces).flatten().collect()
}

fn finding(id: &str, text: Text, interval: Interval, unit: &str, kind: Option<EffectKind>) -> Option<Finding> {
    interval.low.is_finite().then(|| Finding {
        id: id.to_owned(),
        text: text.with("effect", format::interval(&interval, unit)),
        effect: kind.map(|kind| Effect::new(kind, interval, unit)),
    })
}

/// The cost of a switch between processes that touch nothing.
fn direct(record: &Record) -> Option<Finding> {
    if record.is_aa() {
        return None;
    }
    let interval = judge::bootstrap(record).median(&costs(record)[0]);
    let text = text!("The direct cost, of a switch between two processes that touch nothing: {effect}.");
    finding("direct", text, interval, "ns", None)
}

/// What the array adds.
fn indirect(record: &Record) -> Option<Finding> {
    if record.is_aa() {
        return None;
    }
    let [bare, loaded] = costs(record);
    let interval = judge::bootstrap(record).difference(&bare, &loaded);
    let text = text!(
        "The indirect cost, which the array of {kilobytes} kB adds: {effect}.",
        kilobytes = format::count(main_size(record)? as u64)
    );
    finding("indirect", text, interval, "ns", Some(EffectKind::Difference))
}

/// How much of it two arrays cost without any switch.
fn room(record: &Record) -> Option<Finding> {
    let (size, stride) = (main_size(record)?, record.params.count("stride"));
    if !swept_sizes(record, stride).contains(&size) {
        return None;
    }
    let interval = swept_cost(record, Walkers::OneOverBoth, size, stride);
    let text = text!(
        "One process that walks over two such arrays in turn, without a switch, pays {effect} more for a walk than with one array: this part is want of room in the cache."
    );
    finding("room", text, interval, "ns", Some(EffectKind::Difference))
}

/// The slope of the cost over the size, up to the level-2 cache.
fn slope(record: &Record) -> Option<Finding> {
    let stride = record.params.count("stride");
    let level2 = Caches::of(&record.machine).level2;
    let mut differences = Vec::new();
    for size in swept_sizes(record, stride).into_iter().filter(|&size| size <= level2) {
        let blocks = |walkers| record.blocks("time", &super::size_condition(walkers, size, stride));
        let (two, one) = (blocks(Walkers::Two), blocks(Walkers::One));
        let costs: Vec<f64> = two.iter().zip(one).map(|(two, one)| two - one).collect();
        differences.push((size as f64, costs));
    }
    if differences.len() < 3 {
        return None;
    }
    let groups: Vec<(f64, &[f64])> = differences.iter().map(|(size, costs)| (*size, &costs[..])).collect();
    let interval = judge::bootstrap_of_sweep(record).slope(&groups);
    let text = text!(
        "Up to the level-2 cache, {level2} kB, each further kB adds {effect}.",
        level2 = format::count(level2 as u64)
    );
    finding("slope", text, interval, "ns", Some(EffectKind::Slope))
}

/// The size at which a switch costs most.
fn turn(record: &Record) -> Option<Finding> {
    let stride = record.params.count("stride");
    let costs: Vec<(usize, Interval)> = swept_sizes(record, stride)
        .into_iter()
        .map(|size| (size, swept_cost(record, Walkers::Two, size, stride)))
        .filter(|(_, cost)| cost.estimate.is_finite())
        .collect();
    let dearest = costs.iter().max_by(|a, b| a.1.estimate.total_cmp(&b.1.estimate))?;
    let (largest, cost) = costs.last()?;
    let dear = format::interval(&dearest.1, "ns");
    let text = if cost.high < dearest.1.low {
        text!(
            "Of the sizes tried a switch costs most at {size} kB, {dear}. At {largest} kB it costs less again, {effect}: an array that misses the cache even alone loses nothing more by a switch.",
            size = format::count(dearest.0 as u64),
            dear = dear,
            largest = format::count(*largest as u64)
        )
    } else {
        text!(
            "Of the sizes tried a switch costs most at {size} kB, {dear}; at the largest, {largest} kB, it costs {effect}.",
            size = format::count(dearest.0 as u64),
            dear = dear,
            largest = format::count(*largest as u64)
        )
    };
    finding("turn", text, *cost, "ns", None)
}

/// What the order of the walk changes at the verdict's size.
fn stride(record: &Record) -> Option<Finding> {
    let level2 = Caches::of(&record.machine).level2;
    let size = level2 * 3 / 4;
    let at = |stride: usize| {
        let cost = swept_cost(record, Walkers::Two, size, stride);
        cost.low.is_finite().then(|| format::interval(&cost, "ns"))
    };
    Some(Finding {
        id: "stride".to_owned(),
        text: text!(
            "Over {size} kB, word by word, a switch costs {near}; in steps of 64 bytes, which go over the array eight times, {line}; in steps of 256 bytes {far}.",
            size = format::count(size as u64),
            near = at(8)?,
            line = at(64)?,
            far = at(256)?
        ),
        effect: None,
    })
}

/// x86 Linux keeps six address-space ids a core; the seventh process pushes another out.
const IDS: usize = 6;

fn spaces(record: &Record, region: usize) -> Option<Finding> {
    let middle = |is_wanted: &dyn Fn(usize) -> bool| {
        let mut differences = Vec::new();
        for tasks in swept_spaces(record, region)
            .into_iter()
            .filter(|&tasks| is_wanted(tasks))
        {
            let blocks = |kind| record.blocks("time", &spaces_condition((kind, tasks), region));
            let [thread, process] = Kind::BOTH.map(blocks);
            differences.extend(process.iter().zip(thread).map(|(process, thread)| process - thread));
        }
        judge::bootstrap_of_sweep(record).median(&differences)
    };
    let (few, many) = (middle(&|tasks| tasks <= IDS), middle(&|tasks| tasks > IDS));
    (few.low.is_finite() && many.low.is_finite()).then(|| Finding {
        id: format!("spaces-{region}"),
        text: text!(
            "With a region of {region} kB that all tasks touch, a switch between processes costs {few} more than one between threads with 2 to 6 tasks, and {many} more with 7 and more.",
            region = format::count(region as u64),
            few = format::interval(&few, "ns"),
            many = format::interval(&many, "ns")
        ),
        effect: None,
    })
}

/// Fewer switches for each turn than this are said.
const LEAST_SWITCHES: f64 = 0.99;

/// Did the kernel's counters confirm the number of switches in the main comparison?
pub(super) fn uncounted(record: &Record) -> Option<Doubt> {
    let counted = |side: &str| {
        let part = Condition::of("part", "main")
            .and("side", side)
            .and("walkers", Walkers::Two.id());
        let series = record.select("switches-per-turn", part).next();
        series.map_or(f64::NAN, |series| median(&series.blocks))
    };
    let least = SIDES.into_iter().map(counted).fold(1.0, f64::min);
    (least < LEAST_SWITCHES).then(|| {
        Doubt::new(
            "count",
            text!(
                "The kernel counted {switches} switches for each yield, where there should be 1.",
                switches = format::number(least)
            ),
            text!("Set scheduler=fifo as root; the fair scheduler may let a task that yields go on."),
        )
    })
}
