//! `weft list`: the experiments.

use serde_json::json;
use weft_lab::Mode;
use weft_lab::experiment::About;
use weft_lab::experiments::EXPERIMENTS;
use weft_lab::page_lab::PAGE_LABS;
use weft_lab::params::Param;

use crate::args::List;
use crate::failure::Status;
use crate::output::print;
use crate::terminal::{Look, table};

/// Lists them.
pub(crate) fn run(args: &List) -> anyhow::Result<Status> {
    let abouts: Vec<&About> = EXPERIMENTS.iter().map(|experiment| experiment.about()).collect();
    if args.json {
        print(&format!(
            "{:#}\n",
            json!({
                "experiments": weft_book::serve::experiments(),
                "page_labs": weft_book::serve::page_labs(),
            })
        ))?;
        return Ok(Status::Ran);
    }
    match Look::of_standard_output() {
        Some(look) => print(&as_table(&abouts, &look))?,
        None => print(&as_lines(&abouts))?,
    }
    Ok(Status::Ran)
}

fn as_table(abouts: &[&About], look: &Look) -> String {
    let mut table = table::new(
        &["Experiment", "What it asks, its claims and parameters", "Takes"],
        look,
    );
    for about in abouts {
        let mut lines = vec![
            about.question.to_owned(),
            format!("chapter {}: {}", about.section.number(), about.claims.join(", ")),
        ];
        lines.extend(about.params.iter().map(parameter));
        let takes = format!("{} s\nfull: {} s", about.seconds.0, about.seconds.1);
        table.add_row([about.id.to_owned(), lines.join("\n"), takes]);
    }
    for lab in PAGE_LABS {
        let lines = format!("{}\nchapter {}: {}", lab.question, lab.section.number(), lab.id);
        let takes = format!("{} s\nfull: {} s\n{IN_THE_PAGE}", lab.seconds.0, lab.seconds.1);
        table.add_row([lab.id.to_owned(), lines, takes]);
    }
    format!("{table}\n\nRun one with `weft run EXPERIMENT`; set a parameter with --set NAME=VALUE.\n")
}

/// Where a lab in the page runs, instead of here.
const IN_THE_PAGE: &str = "runs in the page: weft serve";

/// `batch: 1 to 1000 (10; full: 20)`
fn parameter(param: &Param) -> String {
    let (quick, full) = (param.default(Mode::Quick), param.default(Mode::Full));
    let default = if quick == full {
        quick.to_string()
    } else {
        format!("{quick}; full: {full}")
    };
    format!("{}: {} ({default})", param.name, param.bounds())
}

/// A line an experiment and a line a parameter, their parts separated by tabs.
fn as_lines(abouts: &[&About]) -> String {
    let mut lines = String::new();
    for about in abouts {
        let (quick, full) = about.seconds;
        lines += &format!(
            "{}\t{}\t{}\t{}\t{quick} s, full {full} s\n",
            about.id,
            about.section.id(),
            about.question,
            about.claims.join(" "),
        );
        for param in about.params {
            lines += &format!("{}\t--set\t{}\t{}\n", about.id, parameter(param), param.help);
        }
    }
    for lab in PAGE_LABS {
        let (quick, full) = lab.seconds;
        lines += &format!(
            "{0}\t{1}\t{2}\t{0}\t{quick} s, full {full} s; {IN_THE_PAGE}\n",
            lab.id,
            lab.section.id(),
            lab.question,
        );
    }
    lines
}
