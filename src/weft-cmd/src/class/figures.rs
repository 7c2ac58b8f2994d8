//! The class's intervals of one claim, one below the other.

use weft_lab::claim::Claim;
use weft_lab::figure::{Axis, Figure, Mark, Marks, Plot};
use weft_lab::text;
use weft_lab::text::Text;
use weft_lab::verdict::EffectKind;

use super::gather::{Gathered, Reading};

/// So many rows are read at a glance; of a larger class those at even distances are drawn.
pub(super) const MOST_ROWS: usize = 40;

/// Each machine's interval, sorted by its estimate; `None` where nothing was measured. Outliers are always drawn.
pub(super) fn intervals(
    gathered: &Gathered,
    claim: &'static Claim,
    readings: &[&Reading],
    outliers: &[&Reading],
) -> Option<Figure> {
    let mut sorted: Vec<&Reading> = readings
        .iter()
        .filter(|reading| reading.verdict.effect.is_some())
        .copied()
        .collect();
    let estimate = |reading: &&Reading| reading.verdict.effect.as_ref().map_or(0.0, |effect| effect.estimate);
    sorted.sort_by(|one, other| estimate(one).total_cmp(&estimate(other)));
    let first = *sorted.first()?;
    let is_outlier = |reading: &Reading| outliers.iter().any(|outlier| std::ptr::eq(*outlier, reading));
    let step = sorted.len().div_ceil(MOST_ROWS).max(1);
    let rows: Vec<Mark> = sorted
        .iter()
        .enumerate()
        .filter(|(place, reading)| place.is_multiple_of(step) || is_outlier(reading))
        .filter_map(|(_, reading)| {
            Some(Mark {
                label: Text::new("{student}").with("student", &reading.student),
                group: usize::from(is_outlier(reading)),
                value: reading.verdict.effect.as_ref()?.interval(),
            })
        })
        .collect();
    let effect = first.verdict.effect.as_ref()?;
    let is_positive = rows.iter().all(|row| row.value.low > 0.0);
    let axis = match effect.kind {
        EffectKind::Ratio if is_positive => Axis::log(text!("Ratio"), "1"),
        EffectKind::Ratio => Axis::linear(text!("Ratio"), "1"),
        EffectKind::Proportion => Axis::linear(text!("Share of the trials"), "1"),
        EffectKind::Difference | EffectKind::Slope => Axis::linear(text!("Effect"), unit(&effect.unit)?),
    };
    let drawn = if step > 1 {
        text!(
            "Of so large a class every {step}th machine is drawn, and each that stands apart.",
            step = step
        )
    } else {
        text!("Every machine is drawn.")
    };
    let run = &gathered.runs[first.run];
    Some(Figure {
        experiment: run.experiment.clone(),
        id: claim.id,
        title: text!(
            "{claim}: {machines} machines",
            claim = claim.id,
            machines = sorted.len()
        ),
        description: text!(
            "Each machine's estimate with its 95% interval, from the smallest to the largest. {drawn}",
            drawn: drawn
        ),
        plot: Plot::Marks(Marks {
            axis,
            groups: vec![text!("A machine"), text!("Stands apart")],
            rows,
            region: claim.region(),
            takes_prediction: false,
        }),
        machine: text!("{machines} machines", machines = sorted.len()),
    })
}

/// The units that effects have, which a figure knows how to write.
fn unit(unit: &str) -> Option<&'static str> {
    ["1", "ns", "kB", "MB/s", "%", "ns/kB"]
        .into_iter()
        .find(|known| *known == unit)
}
