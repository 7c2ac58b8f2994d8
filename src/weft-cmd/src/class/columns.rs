//! A row a verdict, for further work: as CSV and as Parquet.

use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use weft_lab::verdict::Effect;

use super::gather::{Gathered, Reading, Run};

/// One column.
struct Column {
    name: &'static str,
    cells: Cells,
}

/// How a cell of the column is made.
enum Cells {
    Text(fn(&Run, &Reading) -> String),
    Count(fn(&Run, &Reading) -> i64),
    /// Empty where the verdict has no effect.
    Number(fn(&Run, &Reading) -> Option<f64>),
}

/// The columns, in their order.
const COLUMNS: &[Column] = &[
    text("student", |run, _| run.student.clone()),
    text("file", |run, _| run.file.clone()),
    text("experiment", |run, _| run.experiment.clone()),
    text("mode", |run, _| run.mode.id().to_owned()),
    count("aa", |run, _| i64::from(run.aa)),
    // A seed is below 2^53.
    count("seed", |run, _| run.seed.cast_signed()),
    text("started", |run, _| run.started.clone()),
    text("claim", |_, reading| reading.verdict.claim.clone()),
    text("outcome", |_, reading| reading.verdict.outcome.id().to_owned()),
    text("effect", |_, reading| effect(reading).map(kind).unwrap_or_default()),
    number("estimate", |_, reading| Some(effect(reading)?.estimate)),
    number("low", |_, reading| Some(effect(reading)?.low)),
    number("high", |_, reading| Some(effect(reading)?.high)),
    text("unit", |_, reading| {
        effect(reading).map(|effect| effect.unit.clone()).unwrap_or_default()
    }),
    text("doubts", |_, reading| {
        let doubts: Vec<&str> = reading.verdict.doubts.iter().map(|doubt| doubt.kind.as_str()).collect();
        doubts.join(" ")
    }),
    text("cpu", |run, _| run.machine.cpu.clone()),
    text("architecture", |run, _| run.machine.architecture.clone()),
    count("logical_cpus", |run, _| whole(run.machine.logical_cpus)),
    count("allowed_cpus", |run, _| whole(run.machine.allowed_cpus.len())),
    text("kernel", |run, _| run.machine.kernel.clone()),
    text("virtualization", |run, _| run.machine.virtualization.clone()),
    count("memory_bytes", |run, _| {
        i64::try_from(run.machine.memory_bytes).unwrap_or(i64::MAX)
    }),
    number("load_1min", |run, _| Some(run.machine.load[0])),
];

const fn text(name: &'static str, of: fn(&Run, &Reading) -> String) -> Column {
    Column {
        name,
        cells: Cells::Text(of),
    }
}

const fn count(name: &'static str, of: fn(&Run, &Reading) -> i64) -> Column {
    Column {
        name,
        cells: Cells::Count(of),
    }
}

const fn number(name: &'static str, of: fn(&Run, &Reading) -> Option<f64>) -> Column {
    Column {
        name,
        cells: Cells::Number(of),
    }
}

fn effect(reading: &Reading) -> Option<&Effect> {
    reading.verdict.effect.as_ref()
}

/// `ratio`, as in JSON.
fn kind(effect: &Effect) -> String {
    serde_json::to_value(effect.kind)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The rows as CSV (RFC 4180), with a head.
pub(super) fn csv(gathered: &Gathered) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().map(|column| column.name))?;
    for reading in &gathered.readings {
        let run = &gathered.runs[reading.run];
        writer.write_record(COLUMNS.iter().map(|column| match column.cells {
            Cells::Text(of) => of(run, reading),
            Cells::Count(of) => of(run, reading).to_string(),
            Cells::Number(of) => of(run, reading).map(|number| number.to_string()).unwrap_or_default(),
        }))?;
    }
    Ok(writer.into_inner()?)
}

/// The rows as a Parquet file of one row group, uncompressed.
pub(super) fn parquet(gathered: &Gathered) -> anyhow::Result<Vec<u8>> {
    let fields: String = COLUMNS
        .iter()
        .map(|Column { name, cells }| match cells {
            Cells::Text(_) => format!("REQUIRED BYTE_ARRAY {name} (STRING); "),
            Cells::Count(_) => format!("REQUIRED INT64 {name}; "),
            Cells::Number(_) => format!("OPTIONAL DOUBLE {name}; "),
        })
        .collect();
    let schema = Arc::new(parse_message_type(&format!("message verdicts {{ {fields} }}"))?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default()))?;
    let rows = || {
        gathered
            .readings
            .iter()
            .map(|reading| (&gathered.runs[reading.run], reading))
    };
    let mut group = writer.next_row_group()?;
    for column in COLUMNS {
        let Some(mut cells) = group.next_column()? else { break };
        match column.cells {
            Cells::Text(of) => {
                let values: Vec<ByteArray> = rows()
                    .map(|(run, reading)| of(run, reading).into_bytes().into())
                    .collect();
                cells.typed::<ByteArrayType>().write_batch(&values, None, None)?;
            }
            Cells::Count(of) => {
                let values: Vec<i64> = rows().map(|(run, reading)| of(run, reading)).collect();
                cells.typed::<Int64Type>().write_batch(&values, None, None)?;
            }
            Cells::Number(of) => {
                let all: Vec<Option<f64>> = rows().map(|(run, reading)| of(run, reading)).collect();
                let levels: Vec<i16> = all.iter().map(|number| i16::from(number.is_some())).collect();
                let values: Vec<f64> = all.into_iter().flatten().collect();
                cells.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
            }
        }
        cells.close()?;
    }
    group.close()?;
    Ok(writer.into_inner()?)
}
