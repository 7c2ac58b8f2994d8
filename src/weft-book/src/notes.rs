//! The notes' own lines, quoted.

use weft_lab::claim::Section;
use weft_lab::html::escape;
use weft_lab::text;

use crate::edition::Edition;

/// The notes, with the line of credit above them.
pub(crate) const NOTES: &str = "notes.ko.md";

/// The lines of a section: Markdown within HTML, for mdBook to render. None where the notes have no such heading.
pub(crate) fn quote(notes: &str, section: Section, edition: &Edition) -> Option<String> {
    let language = &edition.language;
    let lost = escape(&edition.say(&text!("[The notes have an image here, whose file is lost.]")));
    let credit = escape(&edition.say(&text!(
        "From the notes of Kim Hee-su (김희수), 2026-02-08, quoted as they are."
    )));
    let lines: Vec<String> = lines(notes, section)?
        .map(|line| {
            if is_image(line) {
                format!("<p class=\"weft-lost\" lang=\"{language}\">{lost}</p>")
            } else {
                with_link(line)
            }
        })
        .collect();
    Some(format!(
        "<figure class=\"weft-notes\"><blockquote lang=\"ko\">\n\n{}\n\n</blockquote><figcaption>{credit}</figcaption></figure>",
        lines.join("\n").trim()
    ))
}

/// What stands between the section's heading and the next one.
fn lines(notes: &str, section: Section) -> Option<impl Iterator<Item = &str>> {
    let mut lines = notes.lines();
    lines.find(|line| line.strip_prefix("### ") == Some(section.heading()))?;
    Some(lines.take_while(|line| !line.starts_with("### ")))
}

fn is_image(line: &str) -> bool {
    line.trim_start().starts_with("![")
}

/// A bare address becomes a link, with the address as it is.
fn with_link(line: &str) -> String {
    match line.strip_prefix("- ") {
        Some(address) if address.starts_with("https://") => format!("- <{address}>"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use std::path::Path;

    const TEXT: &str = include_str!("../../../book/notes.ko.md");

    fn quoted(section: Section) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let catalogue = Catalogue::load(&root).expect("the catalogue");
        quote(TEXT, section, &Edition::new(&root, "en", &catalogue)).expect("the section")
    }

    #[test]
    fn every_section_is_in_the_notes() {
        for section in Section::ALL {
            assert!(quoted(section).contains("<blockquote lang=\"ko\">"), "{section:?}");
        }
    }

    #[test]
    fn a_lost_image_is_said_and_a_heading_ends_the_section() {
        let process = quoted(Section::Process);
        assert!(process.contains("<p class=\"weft-lost\" lang=\"en\">[The notes have an image here"));
        assert!(!process.contains("attachment:"));
        assert!(process.contains("**독립된 메모리 공간**"));
        assert!(!process.contains("실행 흐름"));
    }

    #[test]
    fn addresses_are_links() {
        assert!(quoted(Section::References).contains("- <https://jaehyuuk.tistory.com/213>"));
    }
}
