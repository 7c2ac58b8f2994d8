//! The table: a row a claim, a column a machine.

use weft_lab::board::{Board, Column, Found, Source};
use weft_lab::claim::{self, CLAIMS, Claim, Section};
use weft_lab::html::escape;
use weft_lab::text;
use weft_lab::text::{Text, Translate};
use weft_lab::{Mode, Outcome};

use super::label;

/// Where a claim's name leads to.
pub(super) type Link<'a> = &'a dyn Fn(&Claim) -> Option<String>;

/// The whole table.
pub(super) fn table(board: &Board, link: Link<'_>, translate: Translate<'_>) -> String {
    let say = |text: &Text| escape(&text.render(translate));
    let heads: String = board
        .columns
        .iter()
        .map(|column| {
            format!(
                "<th scope=\"col\" data-column=\"{}\">{}</th>",
                escape(&column.name),
                say(&label(&column.name))
            )
        })
        .collect();
    let sections = Section::ALL.into_iter().map(|section| {
        let claims: Vec<&Claim> = CLAIMS.iter().filter(|claim| claim.section == section).collect();
        (section, claims)
    });
    let groups: String = sections
        .filter(|(_, claims)| !claims.is_empty())
        .map(|(section, claims)| {
            let rows: String = claims.iter().map(|claim| row(claim, board, link, translate)).collect();
            format!(
                "<tbody><tr class=\"weft-board-section\"><th scope=\"rowgroup\" colspan=\"{}\">{} {}</th></tr>{rows}</tbody>",
                board.columns.len() + 1,
                section.number(),
                say(&Text::new(section.title()))
            )
        })
        .collect();
    format!(
        "<table class=\"weft-board-table\"><thead><tr><th scope=\"col\">{}</th>{heads}</tr></thead>{groups}</table>",
        say(&text!("Claim"))
    )
}

fn row(claim: &Claim, board: &Board, link: Link<'_>, translate: Translate<'_>) -> String {
    let say = |text: &Text| escape(&text.render(translate));
    let statement = say(&Text::new(claim.statement));
    let name = match link(claim) {
        Some(target) => format!("<a href=\"{}\">{statement}</a>", escape(&target)),
        None => statement,
    };
    let rests_on: Vec<String> = claim
        .parts()
        .iter()
        .map(|part| match claim::find(part).and_then(link) {
            Some(target) => format!("<a href=\"{}\"><code>{part}</code></a>", escape(&target)),
            None => format!("<code>{part}</code>"),
        })
        .collect();
    let rests_on = if rests_on.is_empty() {
        String::new()
    } else {
        format!(
            "<br><span class=\"weft-claim-facts\">{} {}</span>",
            say(&text!("Rests on:")),
            rests_on.join(", ")
        )
    };
    let cells: String = board
        .columns
        .iter()
        .map(|column| cell(claim.id, column, translate))
        .collect();
    format!(
        "<tr id=\"board-{id}\"><th scope=\"row\">{name}<br><span class=\"weft-claim-facts\"><code>{id}</code></span>{rests_on}</th>{cells}</tr>",
        id = claim.id
    )
}

/// What a machine's records say of a claim, as a cell of the table.
pub(crate) fn cell(claim: &str, column: &Column, translate: Translate<'_>) -> String {
    let say = |text: &Text| escape(&text.render(translate));
    let head = format!(
        "<td data-column=\"{}\" data-claim=\"{}\" data-label=\"{}\"",
        escape(&column.name),
        escape(claim),
        say(&label(&column.name))
    );
    let Some(Found { source, verdict }) = column.find(claim) else {
        return format!(
            "{head}><span class=\"weft-board-none\">{}</span></td>",
            say(&text!("No verdict yet"))
        );
    };
    let effect = verdict.effect.as_ref().map_or_else(String::new, |effect| {
        format!("<span class=\"weft-board-effect\">{}</span>", say(&effect.text()))
    });
    let more = match verdict.doubts.len() {
        0 => text!("In words"),
        count => text!("In words; doubts: {count}", count = count),
    };
    let findings = verdict.findings.iter().map(|finding| say(&finding.text));
    let doubts = verdict
        .doubts
        .iter()
        .map(|doubt| format!("{} <em>{}</em>", say(&doubt.message), say(&doubt.remedy)));
    // What an experiment found besides stands on its card; what a drawn verdict rests on stands here alone.
    let findings = match source {
        Source::Claims(_) => list("weft-findings", findings),
        Source::Record { .. } | Source::Page { .. } => String::new(),
    };
    format!(
        "{head} data-outcome=\"{}\"><span class=\"weft-badge\">{}</span> {effect}\
         <details><summary>{}</summary><p>{}</p>{findings}{}<p class=\"weft-board-source\">{}</p></details></td>",
        verdict.outcome.id(),
        say(&verdict.outcome.label()),
        say(&more),
        say(&verdict.summary),
        list("weft-doubts", doubts),
        say(&source_text(source)),
    )
}

fn list(class: &str, items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("<li>{item}</li>")).collect();
    if items.is_empty() {
        items
    } else {
        format!("<ul class=\"{class}\">{items}</ul>")
    }
}

fn source_text(source: &Source) -> Text {
    match source {
        Source::Record {
            experiment,
            mode,
            seed,
            started,
        } => {
            let mode = match mode {
                Mode::Quick => text!("quick"),
                Mode::Full => text!("full"),
            };
            text!(
                "{experiment}: {mode} run of {date} with seed {seed}",
                experiment = experiment,
                mode: mode,
                date = started.get(..10).unwrap_or(started),
                seed = seed
            )
        }
        Source::Claims(_) => text!("Drawn from the verdicts on these claims."),
        Source::Page { when, user_agent } => text!(
            "In the page on {date}, by {browser}",
            date = when.get(..10).unwrap_or(when),
            browser = user_agent
        ),
    }
}

/// How many claims have which outcome.
pub(crate) fn count(column: &Column) -> Text {
    let of = |outcome: Outcome| {
        let found = column.found.iter();
        found.filter(|found| found.verdict.outcome == outcome).count()
    };
    text!(
        "{supported} supported, {refuted} refuted, {equal} without a difference, {open} inconclusive, {none} without a verdict",
        supported = of(Outcome::Supported),
        refuted = of(Outcome::Refuted),
        equal = of(Outcome::NoDifference),
        open = of(Outcome::Inconclusive),
        none = CLAIMS.len().saturating_sub(column.found.len())
    )
}
