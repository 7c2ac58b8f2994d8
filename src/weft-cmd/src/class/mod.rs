//! `weft class`: the machines of a class side by side, from the records that its students handed in.

mod columns;
mod figures;
mod gather;
mod page;
mod statistics;
#[cfg(test)]
mod tests;

use weft_lab::claim::CLAIMS;
use weft_lab::text;
use weft_lab::text::Text;
use weft_lab::verdict::Outcome;

use crate::args::Class;
use crate::book;
use crate::document::{check_file, write_file};
use crate::failure::{Failure, Status};
use crate::output::{print, tell};
use crate::terminal::{Look, table};
use gather::Gathered;
use page::Page;
use statistics::Tally;

/// Reads all records below the folders, judges them again, and writes the report.
pub(crate) fn run(args: &Class) -> anyhow::Result<Status> {
    for file in [Some(&args.out), args.csv.as_ref(), args.parquet.as_ref()]
        .into_iter()
        .flatten()
    {
        check_file(file)?;
    }
    let translate = book::translator(&args.language)?;
    let gathered = gather::below(&args.folders, &gather::Names::of(args))?;
    if gathered.readings.is_empty() {
        let what = format!(
            "no record that this weft can judge in {} ({} other JSON files)",
            args.folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
            gathered.unreadable.len()
        );
        let hint = "Name a folder of submissions, such as nbgrader's `submitted`: STUDENT/LAB/records/*.json.";
        return Err(Failure::wrong_use(what, hint).into());
    }
    print(&tallies(&gathered))?;
    let page = Page {
        gathered: &gathered,
        language: &args.language.lang,
        translate: &*translate,
    };
    write_file(&args.out, page.html().as_bytes())?;
    tell(&format!("Wrote {}", args.out.display()));
    if let Some(file) = &args.csv {
        write_file(file, &columns::csv(&gathered)?)?;
        tell(&format!("Wrote {}", file.display()));
    }
    if let Some(file) = &args.parquet {
        write_file(file, &columns::parquet(&gathered)?)?;
        tell(&format!("Wrote {}", file.display()));
    }
    Ok(Status::Ran)
}

/// How often each claim had each outcome, for the terminal.
fn tallies(gathered: &Gathered) -> String {
    let rows = CLAIMS.iter().filter_map(|claim| {
        let tally = Tally::of(gathered.chosen(claim.id));
        (tally.total() > 0).then(|| {
            let mut row = vec![claim.id.to_owned()];
            row.extend(OUTCOMES.iter().map(|&outcome| tally.count(outcome).to_string()));
            row.push(tally.doubtful.to_string());
            row
        })
    });
    let mut text = match Look::of_standard_output() {
        Some(look) => {
            let head = head().map(|name| name.english());
            let mut table = table::new(&head.each_ref().map(String::as_str), &look);
            table.add_rows(rows);
            format!("{table}\n")
        }
        None => rows.map(|row| row.join("\t") + "\n").collect(),
    };
    text += &format!("{}\n", gathered.summary().english());
    text
}

/// What a table of tallies is headed by.
fn head() -> [Text; 6] {
    let [supported, refuted, no_difference, inconclusive] = OUTCOMES.map(Outcome::label);
    [
        text!("Claim"),
        supported,
        refuted,
        no_difference,
        inconclusive,
        text!("With doubts"),
    ]
}

/// The outcomes, as in [`head`].
const OUTCOMES: [Outcome; 4] = [
    Outcome::Supported,
    Outcome::Refuted,
    Outcome::NoDifference,
    Outcome::Inconclusive,
];
