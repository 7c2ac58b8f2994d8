//! The list of a section's claims.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use weft_lab::claim::{CLAIMS, Claim, Kind, Section};
use weft_lab::html::escape;
use weft_lab::text;
use weft_lab::text::Text;

use crate::edition::{Edition, quotations, way_up};

/// Where the lab cards are: a claim's id, and the chapter that its card stands in.
pub(crate) type Cards = BTreeMap<&'static str, PathBuf>;

/// The id of a claim's card in its page.
pub(crate) fn anchor(claim: &str) -> String {
    format!("lab-{claim}")
}

/// The claims of a section: what each says, in whose words, and which card tests it.
pub(crate) fn list(section: Section, chapter: &Path, cards: &Cards, edition: &Edition) -> String {
    let say = |text: &Text| escape(&edition.say(text));
    let claims = CLAIMS.iter().filter(|claim| claim.section == section);
    let item = |claim: &Claim| {
        let test = match claim.experiment {
            None if claim.page_lab().is_some() => {
                let card = card_of(claim, cards);
                let lab = card.map_or_else(
                    || format!("<code>{}</code>", claim.id),
                    |(id, page)| format!("<a href=\"{}\"><code>{id}</code></a>", target(id, page, chapter)),
                );
                format!("{} {lab}", say(&text!("Lab in the page:")))
            }
            None if !claim.parts().is_empty() => format!(
                "{} {}",
                say(&text!("Rests on:")),
                claim
                    .parts()
                    .iter()
                    .map(|part| part_of(part, chapter, cards))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            None => say(&text!("No experiment in this edition.")),
            Some(experiment) => format!(
                "{} {}",
                say(&text!("Experiment:")),
                card_of(claim, cards).map_or_else(
                    || format!("<code>{experiment}</code>"),
                    |(id, page)| format!(
                        "<a href=\"{}\"><code>{experiment}</code></a>",
                        target(id, page, chapter)
                    )
                )
            ),
        };
        format!(
            "<li id=\"claim-{id}\"><strong>{}</strong><br><span lang=\"ko\">{}</span><br>\
             <span class=\"weft-claim-facts\"><code>{id}</code> · {} · {test}</span></li>",
            escape(&edition.word(claim.statement)),
            quotations(claim.notes),
            say(&kind(claim.kind)),
            id = claim.id,
        )
    };
    format!(
        "<ul class=\"weft-claims\">{}</ul>",
        claims.map(item).collect::<String>()
    )
}

/// A claim that another one rests on.
fn part_of(part: &str, chapter: &Path, cards: &Cards) -> String {
    let card = weft_lab::claim::find(part).and_then(|claim| card_of(claim, cards));
    card.map_or_else(
        || format!("<code>{part}</code>"),
        |(id, page)| format!("<a href=\"{}\"><code>{part}</code></a>", target(id, page, chapter)),
    )
}

/// From a chapter to the card of the claim `id` in the chapter `page`.
pub(crate) fn target(id: &str, page: &Path, chapter: &Path) -> String {
    format!("{}{}#{}", way_up(chapter), page.display(), anchor(id))
}

/// The claim's own card, or else the first one of the same experiment.
pub(crate) fn card_of<'a>(claim: &Claim, cards: &'a Cards) -> Option<(&'static str, &'a Path)> {
    let own = cards.get_key_value(claim.id).map(|(id, page)| (*id, page.as_path()));
    if own.is_some() || claim.experiment.is_none() {
        return own;
    }
    let same = |id: &str| weft_lab::claim::find(id).is_some_and(|other| other.experiment == claim.experiment);
    let card = cards.iter().find(|(id, _)| same(id));
    card.map(|(id, page)| (*id, page.as_path()))
}

fn kind(kind: Kind) -> Text {
    match kind {
        Kind::Effect([low, high]) => text!("effect, equal from {low} to {high}", low = low, high = high),
        Kind::Always => text!("always"),
        Kind::Trend => text!("trend"),
        Kind::Shown => text!("shown, not judged"),
        Kind::Drawn => text!("drawn from other claims"),
    }
}
